use std::fmt;

use serde::{Deserialize, Serialize};

use crate::stage::Rejected;

/// Why a requirement is not met; stable, and each with an exit code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FailureCode {
    /// Nothing of that identity is registered.
    Absent,
    /// It is registered, but not for this caller.
    Forbidden,
    /// No version satisfies the constraint.
    VersionMismatch,
    /// No endpoint can be reached from the caller's zone.
    Unreachable,
    /// No account admits the caller.
    ProfileMismatch,
    /// Several candidates are equally good.
    Ambiguous,
    /// Two bindings give one variable different values.
    EnvCollision,
    /// The requirement states nothing to select by.
    EmptySelector,
    /// The version constraint is malformed.
    BadConstraint,
    /// The requirements that share an instance cannot be met together.
    UnsatisfiableGroup,
}

impl FailureCode {
    /// Every code.
    pub const ALL: &'static [Self] = &[
        Self::Absent,
        Self::Forbidden,
        Self::VersionMismatch,
        Self::Unreachable,
        Self::ProfileMismatch,
        Self::Ambiguous,
        Self::EnvCollision,
        Self::EmptySelector,
        Self::BadConstraint,
        Self::UnsatisfiableGroup,
    ];

    /// The code as it is printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Forbidden => "forbidden",
            Self::VersionMismatch => "version-mismatch",
            Self::Unreachable => "unreachable",
            Self::ProfileMismatch => "profile-mismatch",
            Self::Ambiguous => "ambiguous",
            Self::EnvCollision => "env-collision",
            Self::EmptySelector => "empty-selector",
            Self::BadConstraint => "bad-constraint",
            Self::UnsatisfiableGroup => "unsatisfiable-group",
        }
    }

    /// The code of the candidate that got further.
    pub(crate) fn nearer(self, other: Self) -> Self {
        self.max(other)
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<Rejected> for FailureCode {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::Visibility => Self::Forbidden,
            Rejected::Version => Self::VersionMismatch,
            Rejected::Endpoint => Self::Unreachable,
            Rejected::Profile => Self::ProfileMismatch,
        }
    }
}

/// A requirement that is not met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The requirement's handle.
    pub name: hitchpost_registry_core::Name,
    /// Why.
    pub code: FailureCode,
    /// Why, for people: the nearest miss, and what would fix it.
    pub message: String,
    /// The visible candidates and why each was not chosen.
    pub candidates: Vec<crate::explain::ExplainedCandidate>,
}
