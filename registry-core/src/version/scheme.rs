use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How the text of a [`Version`](crate::Version) is read and ordered.
///
/// The forms and the order of each are listed at [`Version`](crate::Version#schemes).
///
/// ```
/// use hitchpost_registry_core::Scheme;
///
/// assert_eq!("pep440".parse(), Ok(Scheme::Pep440));
/// assert_eq!(Scheme::Date.to_string(), "date");
/// assert!("calver".parse::<Scheme>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Semantic Versioning 2.0.0, with a leading `v` and one to three parts allowed.
    Semver,
    /// Python's version scheme, PEP 440.
    Pep440,
    /// A calendar day or an instant, as in MinIO's releases.
    Date,
    /// Any text; versions are equal or not, and have no order.
    Opaque,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 4] = [Self::Semver, Self::Pep440, Self::Date, Self::Opaque];

    /// The name used in records: `semver`, `pep440`, `date` or `opaque`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Semver => "semver",
            Self::Pep440 => "pep440",
            Self::Date => "date",
            Self::Opaque => "opaque",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text names no [`Scheme`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no version scheme, expected `semver`, `pep440`, `date` or `opaque`")]
pub struct SchemeError {
    text: String,
}

impl SchemeError {
    /// The stable code of this error: `version-scheme-name`.
    pub const fn code(&self) -> &'static str {
        "version-scheme-name"
    }
}

impl FromStr for Scheme {
    type Err = SchemeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|scheme| scheme.as_str() == text)
            .ok_or_else(|| SchemeError {
                text: text.to_owned(),
            })
    }
}
