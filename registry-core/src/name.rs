use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// A name of a record or of one of its parts: `[A-Za-z0-9][A-Za-z0-9._+-]{0,99}`.
///
/// Also used for zones, projects, users, groups and workflows, so that a name can stand in a
/// path, an environment variable's origin or a file name without escaping. Ordered by bytes;
/// cloning is cheap.
///
/// ```
/// use hitchpost_registry_core::Name;
///
/// let name: Name = "git+https".parse()?;
/// assert_eq!(name.as_str(), "git+https");
/// assert!("-leading".parse::<Name>().is_err());
/// # Ok::<(), hitchpost_registry_core::NameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Name(Arc<str>);

impl Name {
    /// The longest name, in characters.
    pub const MAX_LENGTH: usize = 100;

    /// Checks and makes a name.
    ///
    /// # Errors
    /// When the text is empty, longer than [`Name::MAX_LENGTH`], or has a character that a name
    /// cannot have.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let mut characters = text.chars();
        match characters.next() {
            None => return Err(NameError::Empty),
            Some(first) if !first.is_ascii_alphanumeric() => {
                return Err(NameError::Start { found: first });
            }
            Some(_) => {}
        }
        if let Some(found) =
            characters.find(|c| !(c.is_ascii_alphanumeric() || "._+-".contains(*c)))
        {
            return Err(NameError::Character { found });
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(NameError::Long { length: text.len() });
        }
        Ok(Self(text.into()))
    }

    /// The nearest name to a text: what cannot stand in a name becomes `-`, what is too long is
    /// cut, and a text that would begin wrongly gets an `x` in front. A name stays as it is.
    ///
    /// ```
    /// use hitchpost_registry_core::Name;
    ///
    /// assert_eq!(Name::nearest("my conn/1").as_str(), "my-conn-1");
    /// ```
    #[must_use]
    pub fn nearest(text: &str) -> Self {
        Self::new(text).unwrap_or_else(|_| {
            let starts = text.starts_with(|c: char| c.is_ascii_alphanumeric());
            let kept = text.chars().map(|c| {
                if c.is_ascii_alphanumeric() || "._+-".contains(c) {
                    c
                } else {
                    '-'
                }
            });
            let whole: String = if starts { None } else { Some('x') }
                .into_iter()
                .chain(kept)
                .collect();
            Self(whole.get(..Self::MAX_LENGTH).unwrap_or(&whole).into())
        })
    }

    /// A name that the library gives itself.
    pub(crate) fn fixed(name: &'static str) -> Self {
        debug_assert!(Self::new(name).is_ok(), "`{name}`");
        Self(name.into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a [`Name`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing was given.
    #[error("a name cannot be empty")]
    Empty,
    /// The first character is not a letter or a digit.
    #[error("a name starts with a letter or a digit, not with {found:?}")]
    Start {
        /// The character that stands there.
        found: char,
    },
    /// A later character is not allowed.
    #[error("{found:?} cannot stand in a name; letters, digits and `._+-` can")]
    Character {
        /// The first such character.
        found: char,
    },
    /// More than [`Name::MAX_LENGTH`] characters.
    #[error(
        "a name has at most {} characters, this one has {length}",
        Name::MAX_LENGTH
    )]
    Long {
        /// How many it has.
        length: usize,
    },
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text)
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::new(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.as_str().to_owned()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}
