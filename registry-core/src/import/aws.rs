use std::{collections::HashSet, sync::Arc};

use indexmap::IndexMap;

use super::{Import, Imported, Tool, profile, public_url};
use crate::{
    catalogue::Catalogue,
    decode::shortened,
    diagnostic::{Code, Location, Span},
    name::Name,
};

/// Where S3 is when no profile says otherwise; the region follows from `AWS_REGION`.
const S3: &str = "https://s3.amazonaws.com";

/// The settings that a profile keeps, and the keys of the catalogue for them.
const SETTINGS: &[(&str, &str)] = &[
    ("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
    ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
    ("aws_session_token", "AWS_SESSION_TOKEN"),
    ("region", "AWS_REGION"),
    ("ca_bundle", "AWS_CA_BUNDLE"),
    (
        "request_checksum_calculation",
        "AWS_REQUEST_CHECKSUM_CALCULATION",
    ),
    (
        "response_checksum_validation",
        "AWS_RESPONSE_CHECKSUM_VALIDATION",
    ),
];

/// Ways to get credentials that would have to be run.
const RUN: &[&str] = &[
    "credential_process",
    "credential_source",
    "login_session",
    "role_arn",
    "source_profile",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
];

/// A setting: its value, and the file and line where it stands.
struct Setting {
    value: String,
    source: Arc<str>,
    line: u32,
}

/// Sections by kind and name, in source order; each setting by name, those of a nested block as
/// `BLOCK.NAME`.
type Sections = IndexMap<(String, String), IndexMap<String, Setting>>;

/// Reads the texts of `~/.aws/config` and `~/.aws/credentials`, either of which may be left out:
/// one record, `aws-s3`, with one profile for each AWS profile that has keys.
///
/// The credentials file outweighs the config file. A profile's endpoint is that of `s3` in the
/// `services` section it names, else its `endpoint_url`; it becomes the key `AWS_ENDPOINT_URL_S3`,
/// beside the region. Profiles that get their credentials by single sign-on, by a role or from a
/// command are reported; nothing is run.
///
/// The format: <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html>.
///
/// ```
/// use hitchpost_registry_core::{Catalogue, import};
///
/// let credentials = b"[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = s3cret\n";
/// let imported = import::aws(None, Some(("credentials", credentials)), Catalogue::builtin());
/// let profile = &imported.records[0].instances[0].profiles[0];
/// assert!(profile.default);
/// assert_eq!(profile.configuration[0].name, "AWS_ACCESS_KEY_ID");
/// ```
#[must_use]
pub fn aws(
    config: Option<(&str, &[u8])>,
    credentials: Option<(&str, &[u8])>,
    catalogue: &Catalogue,
) -> Imported {
    let mut import = Import::new("", catalogue);
    let mut sections = Sections::new();
    for (file, is_config) in [(config, true), (credentials, false)] {
        let Some((source, bytes)) = file else {
            continue;
        };
        import.source = source.into();
        match std::str::from_utf8(bytes) {
            Ok(text) => read(&mut import, text, is_config, &mut sections),
            Err(_) => import.report(
                Code::NotUtf8,
                "",
                None,
                "the file is not UTF-8".to_owned(),
                "save it as UTF-8",
            ),
        }
    }
    let (mut profiles, mut names) = (Vec::new(), HashSet::new());
    for ((_, name), settings) in sections.iter().filter(|((kind, _), _)| kind == "profile") {
        let Some(first) = settings.values().next() else {
            continue;
        };
        import.source = Arc::clone(&first.source);
        let (path, span) = (
            format!("/{}", name.replace('~', "~0").replace('/', "~1")),
            Some(at(first.line)),
        );
        for run in RUN.iter().filter(|run| settings.contains_key(**run)) {
            let message = format!(
                "`{run}` of the profile `{}` would have to be run; it was left out",
                shortened(name)
            );
            import.report(
                Code::NotImported,
                &path,
                span,
                message,
                "register keys, or `ref+` references to them",
            );
        }
        let mut secrets = Vec::new();
        for (setting, key) in SETTINGS {
            if let Some(setting) = settings.get(*setting)
                && import.fits(key, &setting.value, &path, span)
            {
                secrets.push(((*key).to_owned(), setting.value.clone()));
            }
        }
        if !secrets.iter().any(|(key, _)| key == "AWS_ACCESS_KEY_ID") {
            let message = format!(
                "the profile `{}` has no access key and was left out",
                shortened(name)
            );
            import.report(
                Code::NotImported,
                &path,
                span,
                message,
                "add `aws_access_key_id` and `aws_secret_access_key`",
            );
            continue;
        }
        let services = settings
            .get("services")
            .and_then(|name| sections.get(&("services".to_owned(), name.value.clone())));
        let endpoint = services
            .and_then(|services| services.get("s3.endpoint_url"))
            .or_else(|| settings.get("endpoint_url"));
        if let Some(endpoint) = endpoint {
            match public_url(&endpoint.value) {
                Some(url) => secrets.push(("AWS_ENDPOINT_URL_S3".to_owned(), url)),
                None => {
                    let message =
                        "an `endpoint_url` is no URL with a host and was left out".to_owned();
                    import.report(
                        Code::InvalidUrl,
                        &path,
                        Some(at(endpoint.line)),
                        message,
                        "write it as `https://host`",
                    );
                }
            }
        }
        let own = import.name(name, &path, span);
        if !names.insert(own.clone()) {
            let message = format!("a second profile would be named `{own}` and was left out");
            import.report(Code::NotImported, &path, span, message, "rename one");
            continue;
        }
        profiles.push(profile(own, name == "default", secrets));
    }
    if profiles.is_empty() {
        let help = "give the texts of `~/.aws/config` and `~/.aws/credentials`";
        import.report(
            Code::Empty,
            "",
            None,
            "no profile with an access key was found".to_owned(),
            help,
        );
        return import.finish_as_found();
    }
    import.push(Tool {
        name: Name::fixed("aws-s3"),
        product: Name::fixed("aws-s3"),
        description: String::new(),
        service_type: Name::fixed("s3"),
        url: Some(S3.to_owned()),
        configuration: Vec::new(),
        profiles,
    });
    import.finish_as_found()
}

fn read(import: &mut Import<'_>, text: &str, is_config: bool, sections: &mut Sections) {
    let mut section: Option<(String, String)> = None;
    let mut block: Option<String> = None;
    for (line, number) in text.trim_start_matches('\u{feff}').lines().zip(1_u32..) {
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if let Some(header) = content.strip_prefix('[') {
            block = None;
            section = header
                .split(']')
                .next()
                .and_then(|header| kind_and_name(header, is_config));
            if let Some(section) = &section {
                sections.entry(section.clone()).or_default();
            }
            continue;
        }
        let Some((key, value)) = content
            .split_once('=')
            .map(|(key, value)| (key.trim(), value.trim()))
        else {
            let message = "a line is neither a section nor a setting".to_owned();
            import.report(
                Code::Syntax,
                "",
                Some(at(number)),
                message,
                "write it as `name = value`",
            );
            continue;
        };
        let Some(settings) = section
            .as_ref()
            .and_then(|section| sections.get_mut(section))
        else {
            continue;
        };
        let is_nested = line.starts_with([' ', '\t']);
        let key = match &block {
            Some(block) if is_nested => format!("{block}.{key}"),
            _ => {
                block = value.is_empty().then(|| key.to_owned());
                key.to_owned()
            }
        };
        if !value.is_empty() {
            let value = value.to_owned();
            settings.insert(
                key,
                Setting {
                    value,
                    source: Arc::clone(&import.source),
                    line: number,
                },
            );
        }
    }
}

/// What a section header names. In the config file a profile says so, but for the default one.
fn kind_and_name(header: &str, is_config: bool) -> Option<(String, String)> {
    let header = header.trim();
    match header.split_once(char::is_whitespace) {
        _ if !is_config => Some(("profile".to_owned(), header.to_owned())),
        Some((kind @ ("profile" | "services"), name)) => Some((
            kind.to_owned(),
            name.trim().trim_matches(['"', '\'']).to_owned(),
        )),
        None if header == "default" => Some(("profile".to_owned(), header.to_owned())),
        _ => None,
    }
}

const fn at(line: u32) -> Span {
    let at = Location { line, column: 1 };
    Span { start: at, end: at }
}
