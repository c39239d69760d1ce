//! Versions of tools and constraints on them.
//!
//! [`Version`] documents how a version is written and ordered, [`Constraint`] the grammar and
//! the matching rules. A version is read once into a [`Key`](key::Key) of its scheme; an operand
//! of a constraint, whose author does not know the scheme, is read once for every scheme that
//! accepts it, and the reading of the version's scheme decides.

mod constraint;
mod date;
mod error;
mod grammar;
mod key;
mod operand;
mod scheme;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Serialize, Serializer};

pub use constraint::{Constraint, VersionMismatch};
pub use error::{ConstraintError, VersionError};
pub use scheme::{Scheme, SchemeError};

use key::{Key, Reading};

/// The version of a tool: its source text and the [`Scheme`] in which it is read.
///
/// # Schemes
///
/// | scheme | texts | order |
/// |---|---|---|
/// | `semver` | `1.19.0`, `v1.2.3-rc.1+build`, and short: `1.19`, `v2` (missing parts are zero) | precedence of Semantic Versioning 2.0.0, §11; build metadata does not count (§10) |
/// | `pep440` | `1.19.0rc1`, `1.2.3.4`, `1!2.0`, `1.2.post1`, `1.0.dev3`, `2.1.0+cu118` | PEP 440 |
/// | `date` | `2024-05-10`, `20240510`, `2024.05.10`, MinIO's `RELEASE.2024-05-10T01-41-38Z` with or without a suffix such as `.hotfix.abc` | by instant; a day without a time comes before every time of that day, an instant with a suffix after the same without, suffixes by their text |
/// | `opaque` | anything | none: equal or not |
///
/// In `semver` a pre-release or build needs all three parts, and no part has a leading zero. In
/// `date` the year is 1970 to 2099, month and day have two digits, `RELEASE.` and the time are
/// optional, the time is `T01-41-38Z` or `T01:41:38Z`, and a suffix stands after the `Z` only.
///
/// # The scheme of a text
///
/// [`Version::infer`] takes the first that fits:
///
/// 1. `date`, when the text has one of the forms above. So `20240510` and `2024.10.12` are
///    dates, although SemVer would accept them: their siblings `2024.05.10` would not be SemVer,
///    and versions of one product should fall in one scheme. Calendar versions without padding
///    (`2024.5.1`, `24.10.0`) are not dates;
/// 2. `semver`;
/// 3. `pep440`: a leading zero, four parts, `1.19.0rc1`, `1.19rc1`, `1.19+cu118`;
/// 4. `opaque`: everything else, as `noble`, `1.19-alpine`, `sha256:9f86d081`.
///
/// Versions of different schemes do not compare. State the scheme where the texts of one product
/// would fall in several (`2.10.0` is SemVer, `2.10.0rc1` is PEP 440), or where a suffix is a
/// variant and no pre-release (`7.0.5-debian-12` and `v1.27.3-gke.100` are pre-releases in
/// SemVer).
///
/// # Pre-releases
///
/// In `semver` a version with a pre-release part, in `pep440` one with `a`, `b`, `rc` or `dev`
/// (a post-release is a release). Dates and opaque versions are always releases.
///
/// # Equality
///
/// `==` and the hash take the version as it is written: text and scheme. [`Version::compare`]
/// takes what it means, and there is no `Ord`, as not every two versions compare.
///
/// ```
/// use std::cmp::Ordering;
/// use hitchpost_registry_core::{Scheme, Version};
///
/// let short = Version::infer("v1.19")?;
/// let full = Version::infer("1.19.0")?;
/// assert_eq!(short.scheme(), Scheme::Semver);
/// assert_ne!(short, full);
/// assert_eq!(short.compare(&full), Some(Ordering::Equal));
///
/// let minio = Version::infer("RELEASE.2024-05-10T01-41-38Z")?;
/// assert_eq!(minio.scheme(), Scheme::Date);
/// assert_eq!(minio.compare(&full), None);
/// # Ok::<(), hitchpost_registry_core::VersionError>(())
/// ```
#[derive(Clone)]
pub struct Version {
    text: Box<str>,
    key: Key,
}

impl Version {
    /// The longest version, in characters.
    pub const MAX_CHARS: usize = 100;

    /// Reads a version in the given scheme, or in the inferred one for `None`.
    ///
    /// White space around the text is dropped.
    ///
    /// # Errors
    ///
    /// The text is empty, longer than [`Version::MAX_CHARS`], holds a control character, or is no
    /// version of the scheme. Without a scheme the last cannot happen.
    ///
    /// ```
    /// use hitchpost_registry_core::{Scheme, Version};
    ///
    /// assert!(Version::parse("1.19.0rc1", Some(Scheme::Pep440))?.is_prerelease());
    /// assert_eq!(
    ///     Version::parse("noble", Some(Scheme::Semver)).unwrap_err().code(),
    ///     "version-scheme",
    /// );
    /// # Ok::<(), hitchpost_registry_core::VersionError>(())
    /// ```
    pub fn parse(text: &str, scheme: Option<Scheme>) -> Result<Self, VersionError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(VersionError::Empty);
        }
        let length = trimmed.chars().count();
        if length > Self::MAX_CHARS {
            return Err(VersionError::TooLong { length });
        }
        if let Some(offset) = error::control_character(text, trimmed) {
            return Err(VersionError::ControlCharacter { offset });
        }
        let key = match scheme {
            Some(scheme) => complete(trimmed, scheme).ok_or_else(|| VersionError::Scheme {
                text: trimmed.into(),
                scheme,
            })?,
            None => [Scheme::Date, Scheme::Semver, Scheme::Pep440]
                .into_iter()
                .find_map(|scheme| complete(trimmed, scheme))
                .unwrap_or(Key::Opaque),
        };
        Ok(Self {
            text: trimmed.into(),
            key,
        })
    }

    /// Reads a version in the scheme that its text suggests: `parse(text, None)`.
    ///
    /// # Errors
    ///
    /// The text is empty, longer than [`Version::MAX_CHARS`] or holds a control character.
    ///
    /// ```
    /// use hitchpost_registry_core::{Scheme, Version};
    ///
    /// for (text, scheme) in [
    ///     ("v1.19", Scheme::Semver),
    ///     ("1.19.0rc1", Scheme::Pep440),
    ///     ("2024.05.10", Scheme::Date),
    ///     ("noble", Scheme::Opaque),
    /// ] {
    ///     assert_eq!(Version::infer(text)?.scheme(), scheme);
    /// }
    /// # Ok::<(), hitchpost_registry_core::VersionError>(())
    /// ```
    pub fn infer(text: &str) -> Result<Self, VersionError> {
        Self::parse(text, None)
    }

    /// The source text, without white space around it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme in which the text is read.
    pub fn scheme(&self) -> Scheme {
        self.key.scheme()
    }

    /// Which of the two comes first; `None` when they do not compare.
    ///
    /// Versions of different schemes do not compare, nor do different opaque ones. Within every
    /// other scheme the order is total. `Equal` does not mean the same text: `v1.19` equals
    /// `1.19.0`.
    ///
    /// ```
    /// use std::cmp::Ordering;
    /// use hitchpost_registry_core::Version;
    ///
    /// let candidate = Version::infer("1.19.0-rc.1")?;
    /// let release = Version::infer("1.19.0+build.7")?;
    /// assert_eq!(candidate.compare(&release), Some(Ordering::Less));
    /// assert_eq!(Version::infer("noble")?.compare(&Version::infer("jammy")?), None);
    /// # Ok::<(), hitchpost_registry_core::VersionError>(())
    /// ```
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (&self.key, &other.key) {
            (Key::Opaque, Key::Opaque) => (self.text == other.text).then_some(Ordering::Equal),
            (key, other) => key.compare(other),
        }
    }

    /// Whether this is a pre-release of its scheme.
    pub fn is_prerelease(&self) -> bool {
        self.key.is_prerelease()
    }
}

/// Reads `text` as a whole version: as an operand a month is fine, as a version a date has a day.
fn complete(text: &str, scheme: Scheme) -> Option<Key> {
    let Reading { key, parts, .. } = Key::read(text, scheme)?;
    (scheme != Scheme::Date || parts >= date::DAY_PARTS).then_some(key)
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.scheme() == other.scheme() && self.text == other.text
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.scheme().hash(state);
        self.text.hash(state);
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({:?}, {})", self.text, self.scheme())
    }
}

/// Serializes as the source text.
impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
