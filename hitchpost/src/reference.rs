//! Following `ref+` references, at the moment of use.

use hitchpost_registry_core::{Reference, ReferenceError};
use secrecy::SecretString;

/// Which references may be followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReferencePolicy {
    /// Whether `ref+exec://` may run programs. Off by default.
    pub exec: bool,
}

/// Why a reference cannot be followed. The reference is named, never what it leads to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceResolveError {
    /// It is malformed.
    #[error("malformed secret reference: {0}")]
    Malformed(#[from] ReferenceError),
    /// Its backend is not supported.
    #[error("`{reference}` uses the backend `{backend}`, which is not supported; `env`, `file`, `vault` and `exec` are")]
    Backend {
        /// The reference.
        reference: String,
        /// The backend it names.
        backend: String,
    },
}

impl ReferenceResolveError {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "invalid-reference",
            Self::Backend { .. } => "unsupported-reference",
        }
    }
}

pub(crate) fn resolve_reference(text: &str, _policy: &ReferencePolicy) -> Result<SecretString, ReferenceResolveError> {
    let reference: Reference = text.parse()?;
    Err(ReferenceResolveError::Backend { reference: reference.to_string(), backend: reference.backend().to_owned() })
}
