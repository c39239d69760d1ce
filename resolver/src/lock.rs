//! What was chosen once, to be compared with what is chosen now.

use std::{collections::BTreeMap, fmt};

use hitchpost_registry_core::Name;
use serde::{Deserialize, Serialize};

use crate::{binding::Pin, resolution::Resolution};

/// The step under which the pins of requirements stand that belong to no workflow.
pub const NO_STEP: &str = "-";

/// The version of the format that is written, and the only one that is read.
const VERSION: u32 = 1;

/// The content of `hitchpost.lock`: the pins of the steps of a workflow, by step and handle. No
/// secrets.
///
/// It is written as JSON, ordered by name, so that the same choices always give the same bytes.
///
/// ```
/// use hitchpost_resolver::{Lock, NO_STEP};
///
/// let lock = Lock::parse(r#"{"version": 1, "steps": {}}"#)?;
/// assert_eq!(lock, Lock::default());
/// assert_eq!(lock.pins(NO_STEP).count(), 0);
/// # Ok::<(), hitchpost_resolver::LockError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    version: u32,
    steps: BTreeMap<String, BTreeMap<Name, Pin>>,
}

/// Why a text is no [`Lock`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// It does not follow the format.
    #[error("line {line}, column {column} of the lock: {message}")]
    Format {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// It is of a format that this version does not know.
    #[error("the lock has version {found}, and only {VERSION} is known")]
    Version {
        /// Its version.
        found: u32,
    },
}

impl LockError {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Format { .. } => "lock-format",
            Self::Version { .. } => "lock-version",
        }
    }

    /// What to do.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Format { .. } => "write the lock anew with `hitchpost lock`",
            Self::Version { .. } => {
                "use a newer hitchpost, or write the lock anew with `hitchpost lock`"
            }
        }
    }
}

/// A difference between what is locked and what is chosen now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The step; [`NO_STEP`] for requirements of no workflow.
    pub step: String,
    /// The requirement's handle.
    pub name: Name,
    /// What differs.
    #[serde(flatten)]
    pub kind: DriftKind,
}

/// What differs between a lock and a resolution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DriftKind {
    /// It is chosen now, and not in the lock.
    Unlocked {
        /// What is chosen.
        found: Pin,
    },
    /// It is in the lock, and nothing is chosen for it now.
    Gone {
        /// What was chosen.
        locked: Pin,
    },
    /// Something else is chosen now.
    Moved {
        /// What was chosen.
        locked: Pin,
        /// What is chosen now.
        found: Pin,
    },
    /// The same is chosen, of a record that was changed since.
    Revised {
        /// The record.
        extension: Name,
        /// The revision that was chosen.
        locked: u64,
        /// The record's revision now.
        found: u64,
    },
}

impl DriftKind {
    /// A stable code, as in JSON.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unlocked { .. } => "unlocked",
            Self::Gone { .. } => "gone",
            Self::Moved { .. } => "moved",
            Self::Revised { .. } => "revised",
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.step == NO_STEP {
            write!(f, "`{}` ", self.name)?;
        } else {
            write!(f, "`{}` of step `{}` ", self.name, self.step)?;
        }
        match &self.kind {
            DriftKind::Unlocked { found } => write!(f, "is not locked; it is now {}", Shown(found)),
            DriftKind::Gone { locked } => write!(f, "is no longer bound; it was {}", Shown(locked)),
            DriftKind::Moved { locked, found } => {
                let mut between = "has another ";
                for (part, before, now) in differences(locked, found) {
                    write!(f, "{between}{part}: ")?;
                    match (before, now) {
                        (Some(before), Some(now)) => write!(f, "`{before}` became `{now}`")?,
                        (Some(before), None) => write!(f, "`{before}` became none")?,
                        (None, now) => write!(f, "none became `{}`", now.map_or("", Name::as_str))?,
                    }
                    between = ", ";
                }
                Ok(())
            }
            DriftKind::Revised {
                extension,
                locked,
                found,
            } => {
                write!(
                    f,
                    "is bound to `{extension}`, which was changed: revision {locked} became {found}"
                )
            }
        }
    }
}

/// A pin as messages show it.
struct Shown<'p>(&'p Pin);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pin {
            extension,
            instance,
            service,
            endpoint,
            profile,
            revision,
        } = self.0;
        write!(f, "`{extension}/{instance}/{service}`")?;
        if let Some(endpoint) = endpoint {
            write!(f, " through `{endpoint}`")?;
        }
        if let Some(profile) = profile {
            write!(f, " as `{profile}`")?;
        }
        write!(f, " at revision {revision}")
    }
}

/// The parts in which two pins name different things.
fn differences<'p>(
    a: &'p Pin,
    b: &'p Pin,
) -> Vec<(&'static str, Option<&'p Name>, Option<&'p Name>)> {
    let parts = [
        ("extension", Some(&a.extension), Some(&b.extension)),
        ("instance", Some(&a.instance), Some(&b.instance)),
        ("service", Some(&a.service), Some(&b.service)),
        ("endpoint", a.endpoint.as_ref(), b.endpoint.as_ref()),
        ("profile", a.profile.as_ref(), b.profile.as_ref()),
    ];
    parts
        .into_iter()
        .filter(|(_, before, now)| before != now)
        .collect()
}

impl Default for Lock {
    fn default() -> Self {
        Self {
            version: VERSION,
            steps: BTreeMap::new(),
        }
    }
}

impl Lock {
    /// The lock of one step.
    #[must_use]
    pub fn of(step: &str, resolution: &Resolution) -> Self {
        let mut lock = Self::default();
        lock.update(step, resolution);
        lock
    }

    /// Reads a lock.
    ///
    /// # Errors
    /// When the text is none, or one of another version.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let read = |error: serde_json::Error| LockError::Format {
            line: error.line(),
            column: error.column(),
            message: cause(&error),
        };
        let Head { version } = serde_json::from_str(text).map_err(read)?;
        if version != VERSION {
            return Err(LockError::Version { found: version });
        }
        serde_json::from_str(text).map_err(read)
    }

    /// The pins of a step, by handle.
    pub fn pins(&self, step: &str) -> impl Iterator<Item = (&Name, &Pin)> {
        self.steps.get(step).into_iter().flatten()
    }

    /// The steps that are locked, by name.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.steps.keys().map(String::as_str)
    }

    /// Checks that the bindings of a step are those that are locked, and of the same revisions.
    ///
    /// # Errors
    /// Each difference, ordered by handle.
    pub fn check(&self, step: &str, resolution: &Resolution) -> Result<(), Vec<Drift>> {
        let drift = self.drift(step, &pins(resolution));
        if drift.is_empty() { Ok(()) } else { Err(drift) }
    }

    /// Locks the bindings of a step in place of those that were, and returns the differences,
    /// ordered by handle.
    pub fn update(&mut self, step: &str, resolution: &Resolution) -> Vec<Drift> {
        let pins = pins(resolution);
        let drift = self.drift(step, &pins);
        self.steps.insert(step.to_owned(), pins);
        drift
    }

    /// Removes the steps for which `keep` says so, as when a workflow no longer has them.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.steps.retain(|step, _| keep(step));
    }

    fn drift(&self, step: &str, now: &BTreeMap<Name, Pin>) -> Vec<Drift> {
        let empty = BTreeMap::new();
        let locked = self.steps.get(step).unwrap_or(&empty);
        let names: std::collections::BTreeSet<&Name> = locked.keys().chain(now.keys()).collect();
        let compare = |name: &Name| match (locked.get(name), now.get(name)) {
            (None, None) => None,
            (None, Some(found)) => Some(DriftKind::Unlocked {
                found: found.clone(),
            }),
            (Some(locked), None) => Some(DriftKind::Gone {
                locked: locked.clone(),
            }),
            (Some(locked), Some(found)) if locked == found => None,
            (Some(locked), Some(found)) if differences(locked, found).is_empty() => {
                Some(DriftKind::Revised {
                    extension: found.extension.clone(),
                    locked: locked.revision,
                    found: found.revision,
                })
            }
            (Some(locked), Some(found)) => Some(DriftKind::Moved {
                locked: locked.clone(),
                found: found.clone(),
            }),
        };
        let drift = |name: &Name| {
            Some(Drift {
                step: step.to_owned(),
                name: name.clone(),
                kind: compare(name)?,
            })
        };
        names.into_iter().filter_map(drift).collect()
    }
}

/// The text of the file, with a line break at its end.
impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string_pretty(self).map_err(|_| fmt::Error)?;
        writeln!(f, "{text}")
    }
}

fn pins(resolution: &Resolution) -> BTreeMap<Name, Pin> {
    resolution
        .bindings
        .iter()
        .map(|binding| (binding.name.clone(), binding.pin.clone()))
        .collect()
}

/// The message of an error without its place, which stands beside it.
fn cause(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let end = message.rfind(" at line ").unwrap_or(message.len());
    message.get(..end).unwrap_or_default().to_owned()
}
