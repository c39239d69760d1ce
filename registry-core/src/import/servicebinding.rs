use super::{Import, Imported, Tool, profile, public_url};
use crate::{catalogue::Catalogue, diagnostic::Code, name::Name, record::ConfigurationEntry};

/// Reads one binding of a service binding root: the folder's name, and its files with their
/// content.
///
/// `type` is the service type and has to be there; `provider`, where the catalogue knows it, is
/// the product. The endpoint's URL is `uri`, without the account in it, or is made of `host` and
/// `port`. Everything that the catalogue does not know as public becomes a profile. Files whose
/// name starts with a dot, as Kubernetes makes them, are left out.
///
/// The format: <https://servicebinding.io/spec/core/1.1.0/>.
///
/// ```
/// use hitchpost_registry_core::{Catalogue, import};
///
/// let files: &[(&str, &[u8])] = &[("type", b"redis"), ("host", b"cache"), ("password", b"s3cret")];
/// let imported = import::servicebinding("my-cache", files, Catalogue::builtin());
/// let instance = &imported.records[0].instances[0];
/// assert_eq!(instance.services[0].endpoints[0].url.as_deref(), Some("redis://cache"));
/// assert_eq!(instance.profiles[0].configuration[0].name, "REDISCLI_AUTH");
/// ```
#[must_use]
pub fn servicebinding(binding: &str, files: &[(&str, &[u8])], catalogue: &Catalogue) -> Imported {
    let mut import = Import::new(binding, catalogue);
    let mut entries: Vec<(&str, &str)> = Vec::new();
    for (file, bytes) in files.iter().filter(|(file, _)| !file.starts_with('.')) {
        match std::str::from_utf8(bytes) {
            Ok(text) => entries.push((file, text)),
            Err(_) => {
                let message = format!("the file `{file}` is not text and was left out");
                import.report(
                    Code::NotImported,
                    &format!("/{file}"),
                    None,
                    message,
                    "register a `ref+file://` reference to it",
                );
            }
        }
    }
    entries.sort_unstable();
    let entry = |name: &str| {
        entries
            .iter()
            .find(|(file, _)| *file == name)
            .map(|(_, text)| text.trim())
            .filter(|text| !text.is_empty())
    };
    let Some(service_type) = entry("type") else {
        import.report(
            Code::MissingKey,
            "",
            None,
            "the binding has no `type`".to_owned(),
            "the specification requires it",
        );
        return import.finish();
    };
    let url = match (entry("uri"), entry("host")) {
        (Some(uri), _) => public_url(uri),
        (None, Some(host)) => {
            let port = entry("port")
                .map(|port| format!(":{port}"))
                .unwrap_or_default();
            public_url(&format!("{service_type}://{host}{port}"))
        }
        (None, None) => None,
    };
    let service_type = import.name(service_type, "/type", None);
    let product = entry("provider")
        .and_then(|provider| catalogue.product(provider))
        .map(|product| product.product.clone());
    let (mut configuration, mut secrets) = (Vec::new(), Vec::new());
    for (file, text) in &entries {
        let is_read = matches!(*file, "type" | "provider")
            || matches!(*file, "host" | "port") && url.is_some();
        let (key, is_public) = import.key(&service_type, file);
        if is_read || !import.fits(&key, text, &format!("/{file}"), None) {
            continue;
        }
        if is_public && !crate::record::has_password(text) {
            configuration.push(ConfigurationEntry {
                name: key,
                value: (*text).to_owned(),
            });
        } else if *file != "uri" || url.as_deref() != Some(text.trim()) {
            secrets.push((key, (*text).to_owned()));
        }
    }
    let name = import.record_name(binding, "", None);
    import.push(Tool {
        name,
        product: product.unwrap_or_else(|| service_type.clone()),
        description: String::new(),
        service_type,
        url,
        configuration,
        profiles: if secrets.is_empty() {
            Vec::new()
        } else {
            vec![profile(Name::fixed("default"), false, secrets)]
        },
    });
    import.finish()
}
