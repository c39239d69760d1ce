//! The variables that a binding gives to a step.

use std::sync::Arc;

use hitchpost_registry_core::{
    Catalogue, CatalogueService, Part, Placeholder, REDACTED, SealedSecret, Template, UrlPart,
};
use indexmap::IndexMap;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{
    binding::{Binding, Value},
    requirement::{Alternative, EnvSource},
};

/// Why a variable may not be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsettable {
    /// It is not a name of a variable.
    #[error("`{name}` is no name of an environment variable")]
    Name {
        /// What was given.
        name: String,
    },
    /// It decides which code a program loads or runs.
    #[error("`{name}` cannot be set: it decides which code a program runs")]
    Protected {
        /// What was given.
        name: String,
    },
}

impl Unsettable {
    /// What to do.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Name { .. } => "use letters, digits and `_`, and do not begin with a digit",
            Self::Protected { .. } => "choose another name",
        }
    }
}

/// Whether a variable decides which code runs: loaders, shells and interpreters read it before any
/// program gets a say. From the manuals of ld.so, bash, CPython, Node.js, Perl, Ruby, the JVM and
/// git.
fn is_protected(name: &str) -> bool {
    let loader = ["LD_", "DYLD_", "BASH_FUNC_"]
        .iter()
        .any(|prefix| name.starts_with(prefix));
    loader
        || matches!(
            name,
            "BASH_ENV"
                | "BASHOPTS"
                | "CDPATH"
                | "CLASSPATH"
                | "ENV"
                | "GCONV_PATH"
                | "GIT_EXEC_PATH"
                | "GIT_SSH"
                | "GIT_SSH_COMMAND"
                | "GLIBC_TUNABLES"
                | "HOME"
                | "IFS"
                | "JAVA_TOOL_OPTIONS"
                | "JDK_JAVA_OPTIONS"
                | "NODE_OPTIONS"
                | "NODE_PATH"
                | "PATH"
                | "PERL5LIB"
                | "PERL5OPT"
                | "PERLLIB"
                | "PROMPT_COMMAND"
                | "PS4"
                | "PYTHONBREAKPOINT"
                | "PYTHONHOME"
                | "PYTHONINSPECT"
                | "PYTHONPATH"
                | "PYTHONSTARTUP"
                | "PYTHONUSERBASE"
                | "RUBYLIB"
                | "RUBYOPT"
                | "SHELL"
                | "SHELLOPTS"
                | "_JAVA_OPTIONS"
        )
}

/// Whether a variable of this name may be set: it is a POSIX name, and does not decide which
/// code runs (`PATH`, `LD_*`, `DYLD_*`, `PYTHONPATH` and the like).
///
/// # Errors
/// Why not.
pub fn is_settable(name: &str) -> Result<(), Unsettable> {
    let mut bytes = name.bytes();
    let starts = bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if !starts || !bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(Unsettable::Name {
            name: hitchpost_registry_core::decode::shortened(name).into_owned(),
        });
    }
    if is_protected(name) {
        return Err(Unsettable::Protected {
            name: name.to_owned(),
        });
    }
    Ok(())
}

/// A secret as a binding holds it: mostly unopened.
#[derive(Debug, Clone)]
pub enum Secret {
    /// Encrypted, with what is needed to open it but the key.
    Sealed(Arc<SealedSecret>),
    /// Not encrypted: of a registry that was never sealed, or a `ref+` reference.
    Plain(SecretString),
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sealed(a), Self::Sealed(b)) => a == b,
            (Self::Plain(a), Self::Plain(b)) => a.expose_secret() == b.expose_secret(),
            _ => false,
        }
    }
}

/// The value of a variable: text, in which secrets are still unopened.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvValue {
    parts: Vec<EnvPart>,
    /// Which part of the record it comes from, for messages.
    pub(crate) origin: String,
}

#[derive(Debug, Clone, PartialEq)]
enum EnvPart {
    Text(String),
    Secret { secret: Secret, encoded: bool },
}

impl EnvValue {
    /// A value that everybody may see.
    #[must_use]
    pub fn public(text: String, origin: String) -> Self {
        Self {
            parts: vec![EnvPart::Text(text)],
            origin,
        }
    }

    /// A value made of others, one after the other. It is secret when any of them is.
    #[must_use]
    pub fn joined(values: impl IntoIterator<Item = Self>, origin: String) -> Self {
        Self {
            parts: values.into_iter().flat_map(|value| value.parts).collect(),
            origin,
        }
    }

    pub(crate) fn of(value: &Value, origin: String) -> Self {
        let part = match value {
            Value::Public(text) => EnvPart::Text(text.clone()),
            Value::Secret(secret) => EnvPart::Secret {
                secret: secret.clone(),
                encoded: false,
            },
        };
        Self {
            parts: vec![part],
            origin,
        }
    }

    /// Whether any of it is secret.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.parts
            .iter()
            .any(|part| matches!(part, EnvPart::Secret { .. }))
    }

    /// The value as it may be shown: the text, or [`REDACTED`].
    #[must_use]
    pub fn shown(&self) -> String {
        if self.is_secret() {
            return REDACTED.to_owned();
        }
        self.parts
            .iter()
            .map(|part| {
                if let EnvPart::Text(text) = part {
                    text
                } else {
                    ""
                }
            })
            .collect()
    }

    /// Which part of the record it comes from.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The value with its secrets opened.
    ///
    /// # Errors
    /// The error of `open`.
    pub fn reveal<E>(
        &self,
        open: &mut dyn FnMut(&Secret) -> Result<SecretString, E>,
    ) -> Result<SecretString, E> {
        // Mostly the secret as it is: no copy of it is made.
        if let [
            EnvPart::Secret {
                secret,
                encoded: false,
            },
        ] = self.parts.as_slice()
        {
            return open(secret);
        }
        let mut text = String::new();
        for part in &self.parts {
            match part {
                EnvPart::Text(plain) => text.push_str(plain),
                EnvPart::Secret { secret, encoded } => {
                    let opened = open(secret)?;
                    if *encoded {
                        text.push_str(&percent_encoded(opened.expose_secret()));
                    } else {
                        text.push_str(opened.expose_secret());
                    }
                }
            }
        }
        Ok(SecretString::from(text))
    }

    /// Whether both are known to be the same without opening anything.
    pub(crate) fn same_parts(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986, section 2.3).
fn percent_encoded(text: &str) -> String {
    use std::fmt::Write;
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut encoded, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                encoded.push(char::from(byte));
            } else {
                let _ = write!(encoded, "%{byte:02X}");
            }
            encoded
        })
}

/// A configuration key that `env` asks for and the binding does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MissingKey {
    pub(crate) variable: String,
    pub(crate) key: String,
}

/// The environment of a binding, in rising precedence: the catalogue's projection of the service
/// type; configuration keys that are names of variables; both under `prefix` where one is given;
/// then the explicit `env` of the requirement.
pub(crate) fn environment(
    binding: &Binding,
    way: &Alternative,
    catalogue: &Catalogue,
) -> Result<IndexMap<String, EnvValue>, MissingKey> {
    let prefix = way.prefix.as_deref().unwrap_or_default();
    let known = catalogue.service_type(binding.service_type.as_str());
    let projected = known.map_or(0, |service| service.environment.len());
    let mut environment =
        IndexMap::with_capacity(projected + binding.configuration.len() + way.env.len());
    let mut set = |name: String, value: EnvValue| {
        if is_settable(&name).is_ok() {
            environment.insert(name, value);
        }
    };
    if let Some(service) = known {
        let url = binding
            .endpoint
            .as_ref()
            .and_then(|endpoint| endpoint.url.as_deref());
        let source = Source {
            binding,
            service,
            url,
        };
        let mut done: Vec<&str> = Vec::new();
        for projection in &service.environment {
            // A variable that is listed again is a fallback for when the first has no value.
            if done.contains(&projection.name.as_str()) {
                continue;
            }
            if let Some(value) = source.fill(&projection.value) {
                done.push(&projection.name);
                set([prefix, &projection.name].concat(), value);
            }
        }
    }
    for entry in &binding.configuration {
        set(
            [prefix, &entry.name].concat(),
            EnvValue::of(&entry.value, entry.origin.to_string()),
        );
    }
    for (name, wanted) in &way.env {
        let origin = format!("requirement/{}", binding.name);
        let text = match wanted {
            EnvSource::Url => binding
                .endpoint
                .as_ref()
                .and_then(|endpoint| endpoint.url.clone()),
            EnvSource::Version => binding.version.as_ref().map(ToString::to_string),
            EnvSource::Product => Some(binding.product.to_string()),
            EnvSource::Instance => Some(binding.instance.to_string()),
            EnvSource::Key(key) => {
                let found = binding
                    .configuration
                    .iter()
                    .find(|entry| entry.name == *key);
                let found = found.ok_or_else(|| MissingKey {
                    variable: name.clone(),
                    key: key.clone(),
                })?;
                set(
                    name.clone(),
                    EnvValue::of(&found.value, found.origin.to_string()),
                );
                continue;
            }
        };
        let missing = || MissingKey {
            variable: name.clone(),
            key: format!("{wanted:?}").to_lowercase(),
        };
        set(
            name.clone(),
            EnvValue::public(text.ok_or_else(missing)?, origin),
        );
    }
    Ok(environment)
}

/// What a template is filled from.
struct Source<'b> {
    binding: &'b Binding,
    service: &'b CatalogueService,
    url: Option<&'b str>,
}

impl Source<'_> {
    /// The value of a template; `None` when any placeholder has none.
    fn fill(&self, template: &Template) -> Option<EnvValue> {
        let mut parts = Vec::new();
        let mut origin = "catalogue".to_owned();
        for part in template.parts() {
            parts.push(match part {
                Part::Text(text) => EnvPart::Text(text.clone()),
                Part::Placeholder(Placeholder::Url) => EnvPart::Text(self.url?.to_owned()),
                Part::Placeholder(Placeholder::UrlPart(part)) => {
                    EnvPart::Text(self.url_part(*part)?)
                }
                Part::Placeholder(Placeholder::Version) => {
                    EnvPart::Text(self.binding.version.as_ref()?.to_string())
                }
                Part::Placeholder(Placeholder::Configuration { key, encoded }) => {
                    let entry = self.entry(key)?;
                    origin = entry.origin.to_string();
                    match &entry.value {
                        Value::Public(text) if *encoded => EnvPart::Text(percent_encoded(text)),
                        Value::Public(text) => EnvPart::Text(text.clone()),
                        Value::Secret(secret) => EnvPart::Secret {
                            secret: secret.clone(),
                            encoded: *encoded,
                        },
                    }
                }
            });
        }
        Some(EnvValue { parts, origin })
    }

    /// A configuration value by its name, or else by one of its aliases in their order.
    fn entry(&self, key: &str) -> Option<&crate::binding::ConfigurationValue> {
        let find = |name: &str| {
            self.binding
                .configuration
                .iter()
                .find(|entry| entry.name == name)
        };
        let known = self
            .service
            .configuration
            .iter()
            .find(|known| known.name == key);
        find(key).or_else(|| known?.aliases.iter().find_map(|alias| find(alias)))
    }

    fn url_part(&self, part: UrlPart) -> Option<String> {
        let url = Url::parse(self.url?).ok()?;
        let port = || url.port_or_known_default().or(self.service.port);
        match part {
            UrlPart::Scheme => Some(url.scheme().to_owned()),
            UrlPart::Host => url.host_str().map(str::to_owned),
            UrlPart::Port => port().map(|port| port.to_string()),
            UrlPart::HostPort => Some(format!("{}:{}", url.host_str()?, port()?)),
            UrlPart::Path => {
                let path = url.path().trim_start_matches('/');
                (!path.is_empty()).then(|| path.to_owned())
            }
        }
    }
}
