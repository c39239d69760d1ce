//! Records from the formats of others. Text in, records and findings out; reading files, and
//! running what a file would have run, is not done here.
//!
//! Accounts arrive as [`SecretValue::Plain`] in a profile. A name that is no
//! [`Name`] is changed to one, the same way each time, and noted. What has no place
//! in a record is reported as [`Code::NotImported`].

mod airflow;
mod aws;
mod fuseml;
mod kubeconfig;
mod servicebinding;

pub use airflow::{airflow, airflow_connection_type};
pub use aws::aws;
pub use fuseml::fuseml;
pub use kubeconfig::kubeconfig;
pub use servicebinding::servicebinding;

use std::{collections::HashMap, sync::Arc};

use crate::{
    catalogue::Catalogue,
    decode::{Scalar, shortened},
    diagnostic::{Code, Diagnostic, Diagnostics, MAX_FINDINGS, Span},
    name::Name,
    record::{
        Admission, ConfigurationEntry, Endpoint, EndpointType, Extension, Instance, KeyName,
        Profile, RawText, SecretEntry, Service,
    },
    secret::SecretValue,
};

/// The outcome of an import.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Imported {
    /// The records, in source order; with names that are unique among them.
    pub records: Vec<Extension>,
    /// What was changed, left out or refused.
    pub findings: Diagnostics,
}

/// What the importers of this module collect.
struct Import<'c> {
    catalogue: &'c Catalogue,
    source: Arc<str>,
    /// How often a name was wanted for a record.
    names: HashMap<Name, u32>,
    unlisted: usize,
    imported: Imported,
}

/// A tool with one service.
struct Tool {
    name: Name,
    product: Name,
    description: String,
    service_type: Name,
    url: Option<String>,
    /// Configuration of the endpoint; of the service where there is no endpoint.
    configuration: Vec<ConfigurationEntry>,
    profiles: Vec<Profile>,
}

impl<'c> Import<'c> {
    fn new(source: &str, catalogue: &'c Catalogue) -> Self {
        Self {
            catalogue,
            source: source.into(),
            names: HashMap::new(),
            unlisted: 0,
            imported: Imported::default(),
        }
    }

    /// Reports a finding at a JSON Pointer of the source. No excerpt: every line could be secret.
    fn report(&mut self, code: Code, path: &str, span: Option<Span>, message: String, help: &str) {
        if self.imported.findings.len() >= MAX_FINDINGS {
            self.unlisted += 1;
            return;
        }
        self.imported.findings.push(Diagnostic {
            code,
            severity: code.severity(),
            message,
            path: path.to_owned(),
            source: Arc::clone(&self.source),
            span,
            help: Some(help.to_owned()),
            excerpt: None,
        });
    }

    /// The name nearest to a text, noted where it differs.
    fn name(&mut self, text: &str, path: &str, span: Option<Span>) -> Name {
        let name = adapted(text);
        if name != *text {
            let message = format!("`{}` is no name; it became `{name}`", shortened(text));
            self.report(
                Code::AdaptedName,
                path,
                span,
                message,
                "rename it after the import if it should read otherwise",
            );
        }
        name
    }

    /// The name of a record: as [`Import::name`], and unlike those before.
    fn record_name(&mut self, text: &str, path: &str, span: Option<Span>) -> Name {
        let wanted = self.name(text, path, span);
        let mut name = wanted.clone();
        while self.names.contains_key(&name) {
            let uses = self.names.entry(wanted.clone()).or_insert(1);
            *uses += 1;
            let suffix = format!("-{uses}");
            let start: String = wanted
                .as_str()
                .chars()
                .take(Name::MAX_LENGTH - suffix.len())
                .collect();
            name = adapted(&(start + &suffix));
        }
        self.names.insert(name.clone(), 1);
        if name != wanted {
            let message = format!("a second record would be named `{wanted}`; it became `{name}`");
            self.report(
                Code::AdaptedName,
                path,
                span,
                message,
                "rename it after the import if it should read otherwise",
            );
        }
        name
    }

    /// The key under which the catalogue knows a value of a service type, and whether the value
    /// may be shown; a key that it does not know stays as it is, and is secret.
    fn key(&self, service_type: &Name, key: &str) -> (String, bool) {
        let known = self.catalogue.service_type(service_type.as_str());
        let called = |entry: &&crate::ConfigurationKey| {
            entry.is_called(key) || entry.name.eq_ignore_ascii_case(key)
        };
        match known.and_then(|known| known.configuration.iter().find(called)) {
            Some(entry) => (entry.name.clone(), !entry.secret),
            None => (key.to_owned(), false),
        }
    }

    /// Whether a key and value can stand in a record; what cannot is reported.
    fn fits(&mut self, key: &str, value: &str, path: &str, span: Option<Span>) -> bool {
        match KeyName::read(key)
            .err()
            .or_else(|| RawText::read(value).err())
        {
            None => true,
            Some((_, message, help)) => {
                self.report(
                    Code::NotImported,
                    path,
                    span,
                    message,
                    &help.unwrap_or_default(),
                );
                false
            }
        }
    }

    fn push(&mut self, tool: Tool) {
        let known = self.catalogue.service_type(tool.service_type.as_str());
        let (endpoints, configuration) = match tool.url {
            Some(url) => (
                vec![Endpoint {
                    name: adapted("default"),
                    url: Some(url),
                    endpoint_type: EndpointType::External,
                    default: false,
                    profiles: Vec::new(),
                    configuration: tool.configuration,
                }],
                Vec::new(),
            ),
            None => (Vec::new(), tool.configuration),
        };
        let service = Service {
            name: tool.service_type.clone(),
            category: known.map(|known| known.category.clone()),
            service_type: tool.service_type,
            description: String::new(),
            auth: None,
            profiles: Vec::new(),
            configuration,
            endpoints,
        };
        self.imported.records.push(Extension {
            name: tool.name,
            product: tool.product,
            description: tool.description,
            labels: std::collections::BTreeMap::new(),
            immutable: false,
            configuration: Vec::new(),
            instances: vec![Instance {
                name: adapted("default"),
                version: None,
                location: adapted("remote"),
                default: false,
                admission: Admission::default(),
                configuration: Vec::new(),
                services: vec![service],
                profiles: tool.profiles,
                data_key: None,
            }],
        });
    }

    /// Ends the import of one source: findings in its order.
    fn finish(mut self) -> Imported {
        self.imported
            .findings
            .sort_by_key(|finding| finding.span.map(|span| span.start));
        self.finish_as_found()
    }

    fn finish_as_found(mut self) -> Imported {
        if self.unlisted > 0 {
            self.imported
                .findings
                .push(Diagnostic::unlisted(&self.source, self.unlisted));
        }
        self.imported
    }
}

/// A profile that is open to everybody.
fn profile(name: Name, default: bool, secrets: Vec<(String, String)>) -> Profile {
    Profile {
        name,
        admission: Admission::default(),
        default,
        expires_at: None,
        configuration: secrets
            .into_iter()
            .map(|(name, value)| SecretEntry {
                name,
                value: SecretValue::from_text(&value),
            })
            .collect(),
    }
}

/// The name nearest to a text: what cannot stand in a name becomes `-`.
fn adapted(text: &str) -> Name {
    let replace = |c: char| {
        if c.is_ascii_alphanumeric() || "._+-".contains(c) {
            c
        } else {
            '-'
        }
    };
    let replaced: String = text.chars().map(replace).collect();
    let start = replaced.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let start: String = start.chars().take(Name::MAX_LENGTH).collect();
    let end = if replaced == text {
        start.as_str()
    } else {
        start.trim_end_matches('-')
    };
    Name::new(end).unwrap_or_else(|_| Name::fixed("imported"))
}

/// A URL that a record may have: parsed, with a host, and without user name and password.
fn public_url(text: &str) -> Option<String> {
    let is_text = text.chars().count() <= 2_000 && !text.chars().any(char::is_control);
    let mut url = url::Url::parse(text)
        .ok()
        .filter(|url| is_text && url.has_host())?;
    if url.username().is_empty() && url.password().is_none() {
        return Some(text.to_owned());
    }
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some(url.into())
}
