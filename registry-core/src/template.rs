use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

/// A text with placeholders, as an environment projection writes it.
///
/// Placeholders stand in braces; `{{` and `}}` are literal braces:
///
/// | placeholder | value |
/// |---|---|
/// | `{url}` | the endpoint's URL as registered |
/// | `{url.scheme}` `{url.host}` `{url.port}` `{url.host_port}` `{url.path}` | parts of it; the port is the scheme's or the tool's usual one when the URL has none; the path has no leading slash |
/// | `{version}` | the instance's version |
/// | `{config.KEY}` | the value of a configuration key, by its name or one of its aliases |
/// | `{config.KEY:url}` | the same, percent-encoded |
///
/// A template of which any placeholder has no value has none itself.
///
/// ```
/// use hitchpost_registry_core::{Part, Template};
///
/// let template: Template = "{url.host}:{url.port}".parse()?;
/// assert_eq!(template.parts().len(), 3);
/// assert!("{uri}".parse::<Template>().is_err());
/// # Ok::<(), hitchpost_registry_core::TemplateError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

/// A piece of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Literal text.
    Text(String),
    /// Something to fill in.
    Placeholder(Placeholder),
}

/// What a [`Template`] asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placeholder {
    /// The endpoint's URL.
    Url,
    /// A part of the endpoint's URL.
    UrlPart(UrlPart),
    /// The instance's version.
    Version,
    /// A configuration value.
    Configuration {
        /// The key.
        key: String,
        /// Whether the value is percent-encoded.
        encoded: bool,
    },
}

/// A part of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlPart {
    /// The scheme, without a colon.
    Scheme,
    /// The host name or address.
    Host,
    /// The port, given or usual.
    Port,
    /// `host:port`.
    HostPort,
    /// The path without its leading slash.
    Path,
}

/// Why a text is no [`Template`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A brace is not closed, or closes nothing.
    #[error("a brace at byte {at} has no partner; write `{{{{` or `}}}}` for a literal one")]
    Brace {
        /// Where it stands, in bytes.
        at: usize,
    },
    /// The placeholder is not known.
    #[error("`{{{found}}}` is no placeholder; `url`, `url.host`, `version`, `config.KEY` … are")]
    Placeholder {
        /// What stands between the braces.
        found: String,
    },
}

impl Template {
    /// The pieces in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The configuration keys it asks for.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Placeholder(Placeholder::Configuration { key, .. }) => Some(key.as_str()),
            _ => None,
        })
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let doubled = |next: Option<&(usize, char)>| next.is_some_and(|(_, c)| *c == character);
            match character {
                '{' | '}' if doubled(characters.peek()) => {
                    characters.next();
                    literal.push(character);
                }
                '{' => {
                    let rest = text.get(at + 1..).unwrap_or_default();
                    let Some(end) = rest.find('}') else {
                        return Err(TemplateError::Brace { at });
                    };
                    let inner = rest.get(..end).unwrap_or_default();
                    while characters
                        .next_if(|(index, _)| *index <= at + 1 + end)
                        .is_some()
                    {}
                    if !literal.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut literal)));
                    }
                    parts.push(Part::Placeholder(placeholder(inner)?));
                }
                '}' => return Err(TemplateError::Brace { at }),
                _ => literal.push(character),
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }
}

fn placeholder(inner: &str) -> Result<Placeholder, TemplateError> {
    Ok(match inner {
        "url" => Placeholder::Url,
        "url.scheme" => Placeholder::UrlPart(UrlPart::Scheme),
        "url.host" => Placeholder::UrlPart(UrlPart::Host),
        "url.port" => Placeholder::UrlPart(UrlPart::Port),
        "url.host_port" => Placeholder::UrlPart(UrlPart::HostPort),
        "url.path" => Placeholder::UrlPart(UrlPart::Path),
        "version" => Placeholder::Version,
        _ => {
            let unknown = || TemplateError::Placeholder {
                found: inner.to_owned(),
            };
            let key = inner.strip_prefix("config.").ok_or_else(unknown)?;
            let (key, encoded) = match key.strip_suffix(":url") {
                Some(key) => (key, true),
                None => (key, false),
            };
            if key.is_empty() {
                return Err(unknown());
            }
            Placeholder::Configuration {
                key: key.to_owned(),
                encoded,
            }
        }
    })
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
