use std::{fmt, str::FromStr};

/// A value that stands elsewhere: `ref+BACKEND://PATH[?PARAMETERS][#FRAGMENT]`.
///
/// The grammar is that of vals, <https://github.com/helmfile/vals#expression-syntax>. Nothing is
/// looked up here; that happens at the moment of use, by whoever uses the value.
///
/// ```
/// use hitchpost_registry_core::Reference;
///
/// let reference: Reference = "ref+vault://secret/data/mlflow?version=2#/token".parse()?;
/// assert_eq!(reference.backend(), "vault");
/// assert_eq!(reference.path(), "secret/data/mlflow");
/// assert_eq!(reference.parameter("version"), Some("2".into()));
/// assert_eq!(reference.fragment(), Some("/token"));
/// # Ok::<(), hitchpost_registry_core::ReferenceError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    backend: String,
    path: String,
    parameters: String,
    fragment: Option<String>,
}

/// Why a text is no [`Reference`]. The text itself is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// It does not start with `ref+BACKEND://`.
    #[error("a reference starts with `ref+BACKEND://`")]
    Start,
    /// Nothing stands behind `://`.
    #[error("the reference names no path")]
    Path,
}

/// Whether a value means to be a [`Reference`].
#[must_use]
pub fn is_reference(value: &str) -> bool {
    value.starts_with("ref+")
}

impl Reference {
    /// Where the value stands: `env`, `file`, `vault`, …
    #[must_use]
    pub fn backend(&self) -> &str {
        &self.backend
    }

    /// What of the backend is meant.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A parameter by name, decoded.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.parameters.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// All parameters in their order, decoded.
    pub fn parameters(&self) -> impl Iterator<Item = (String, String)> {
        url::form_urlencoded::parse(self.parameters.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
    }

    /// The part behind `#`: a JSON Pointer into what the path names.
    #[must_use]
    pub fn fragment(&self) -> Option<&str> {
        self.fragment.as_deref()
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let (backend, rest) = text
            .strip_prefix("ref+")
            .and_then(|rest| rest.split_once("://"))
            .ok_or(ReferenceError::Start)?;
        if backend.is_empty()
            || !backend
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        {
            return Err(ReferenceError::Start);
        }
        let (rest, fragment) = match rest.split_once('#') {
            Some((rest, fragment)) => (
                rest,
                Some(fragment.strip_suffix('+').unwrap_or(fragment).to_owned()),
            ),
            None => (rest.strip_suffix('+').unwrap_or(rest), None),
        };
        let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        if path.is_empty() {
            return Err(ReferenceError::Path);
        }
        Ok(Self {
            backend: backend.to_owned(),
            path: path.to_owned(),
            parameters: parameters.to_owned(),
            fragment,
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ref+{}://{}", self.backend, self.path)?;
        if !self.parameters.is_empty() {
            write!(f, "?{}", self.parameters)?;
        }
        if let Some(fragment) = &self.fragment {
            write!(f, "#{fragment}")?;
        }
        Ok(())
    }
}
