use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::operand::Operand;
use super::{ConstraintError, Scheme, Version, grammar};

/// A condition on versions, such as `>=1.19, <2 || 3.*`.
///
/// It is written without knowing the scheme of the versions it will meet, checked when it is
/// parsed, and read in the scheme of each version it is matched with.
///
/// # Grammar
///
/// ```text
/// constraint  = alternative *( "||" alternative )     one alternative is enough
/// alternative = comparator *( "," comparator )        all comparators must hold
/// comparator  = "*" / [ operator ] operand [ ".*" ]
/// operator    = "=" / "!=" / ">" / ">=" / "<" / "<=" / "~" / "^" / "==" / "~="
/// operand     = a version, or the leading parts of one
/// ```
///
/// Spaces may stand around comparators and operators, not within an operand. An operand is made
/// of letters, digits and `. _ + - ! : / @`. At most [`Constraint::MAX_BYTES`] and
/// [`Constraint::MAX_COMPARATORS`].
///
/// # Operands
///
/// An operand is *partial* when it gives leading parts only, and then stands for all versions
/// that share them:
///
/// - in `semver` and `pep440`, one or two parts (`1`, `v1.19`) or any with `.*` (`1.*`,
///   `1.19.*`, `1.19.0.*`). Three parts, or a pre-release, post-release or local part, are a whole
///   version;
/// - in `date`, a year (`2024`), a month (`2024-05`, `2024.05`), a day in any form of a day, or
///   an instant, which stands for itself with any suffix. Only an instant with a suffix is a
///   whole version;
/// - in `opaque`, never: the text is equal or not.
///
/// # Operators
///
/// | written | holds for |
/// |---|---|
/// | `*` | every release of every scheme |
/// | `=V`, `==V`, bare `V` | `V`; for a partial `V` all that share its parts: `1.19` is 1.19.0, 1.19.7, …, `1.19.0` only that |
/// | `!=V` | all that `=V` does not |
/// | `>V` | after `V`; for a partial `V` after all that share its parts: `>1.19` is `>=1.20.0` |
/// | `>=V` | `V` or after |
/// | `<V` | before `V`; for a partial `V` before all that share its parts: `<1.19` is `<1.19.0` |
/// | `<=V` | `<V` or `=V`: `<=1.19` is `<1.20.0` |
/// | `~V` | `V` or after, with the same first two parts, or the same first if `V` has one: `~1.2.3` is `>=1.2.3, 1.2.*`, `~1` is `1.*` |
/// | `^V` | `V` or after, with the same parts up to the first that is not zero: `^1.2.3` is `>=1.2.3, 1.*`, `^0.3` is `0.3.*`, `^0.0.3` is `0.0.3`, `^0.0` is `0.0.*` |
/// | `~=V` | `V` or after, with the same parts but the last (PEP 440's compatible release): `~=1.4.5` is `>=1.4.5, 1.4.*`, `~=1.4` is `>=1.4, 1.*`; `V` has two parts or more |
///
/// The parts of a date are year, month, day and time: `~2024-05-10` is the rest of May 2024,
/// `^2024-05-10` the rest of 2024. Apart from the meaning of a bare version these are the rules
/// of Cargo. Unlike in Python, `==1.19` is `1.19.*` too; `==1.19.0` is not.
///
/// # Schemes
///
/// Each operand is read in the scheme of the version. Where it is no version of that scheme, the
/// comparator does not hold, except `!=`, which does: `>=1.19` does not hold for the date
/// `2024-05-10`, `!=1.19` does.
///
/// - `semver`: build metadata does not count, in versions and in operands.
/// - `pep440`: a local part (`+cu118`) counts only where the operand has one. As PEP 440 says,
///   `>V` does not admit a post-release of `V`, unless `V` is one; `>=V` does.
/// - `date`: a suffix counts only where the operand has one.
/// - `opaque`: `*`, `=`, `!=` and bare; any other operator does not hold, even with an equal text.
///
/// # Pre-releases
///
/// A pre-release satisfies an alternative only if one of its comparators, other than `!=`, names
/// a pre-release of the same release, and every comparator of the alternative holds by order:
/// `>=1.19.0-rc.1, <2` admits `1.19.0-rc.2`, but neither `1.20.0-rc.1` nor does `>=1.18` admit
/// it. Nothing else admits one, `*` neither. The rule is that of Cargo and node-semver.
///
/// # Errors instead of "no match"
///
/// What cannot be meant is refused, so that a slip never looks like an absent version: an empty
/// part (`1..19`), `1.x` for `1.*`, comparators with only a space between them, and an ordering
/// operator before a text without order in any scheme (`>=latest`). Any other word is an opaque
/// operand (`=noble`, `latest`).
///
/// # Equality
///
/// `==` and the hash take the text as it is written, without white space around it.
///
/// ```
/// use hitchpost_registry_core::{Constraint, Version};
///
/// let constraint = Constraint::parse(">=1.19, <2 || 3.*")?;
/// assert!(constraint.matches(&Version::infer("1.20")?));
/// assert!(constraint.matches(&Version::infer("v3.0.1")?));
/// assert!(!constraint.matches(&Version::infer("2.0.0-rc.1")?));
///
/// let error = Constraint::parse(">=1.19 <2").unwrap_err();
/// assert_eq!((error.code(), error.offset()), ("constraint-unexpected", 7));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Constraint {
    text: Box<str>,
    // INVARIANT: neither the alternatives nor the comparators of one are empty.
    alternatives: Vec<Vec<Comparator>>,
}

#[derive(Clone, Debug)]
pub(super) enum Comparator {
    Any,
    // INVARIANT: the operand has a reading in at least one scheme.
    Compare {
        operator: Operator,
        operand: Operand,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Tilde,
    Compatible,
    Caret,
}

impl Operator {
    pub(super) fn needs_order(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}

/// Why a version does not satisfy a [`Constraint`]. Where several alternatives fail, the reason
/// of the one that came nearest; the variants stand in that order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum VersionMismatch {
    /// An operand is no version of the version's scheme.
    Scheme,
    /// An ordering operator met an opaque version.
    Unordered,
    /// The version lies outside.
    Range,
    /// The version lies inside, but is a pre-release and no comparator names one of its release.
    PreRelease,
}

impl fmt::Display for VersionMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "the constraint is written for versions of another scheme",
            Self::Unordered => "an opaque version has no order, only `=` and `!=` can hold for it",
            Self::Range => "the version is outside the constraint",
            Self::PreRelease => {
                "a pre-release satisfies only a constraint that names a pre-release of the same release"
            }
        })
    }
}

impl Constraint {
    /// The longest constraint, in bytes.
    pub const MAX_BYTES: usize = 500;

    /// The most comparators of a constraint, over all alternatives.
    pub const MAX_COMPARATORS: usize = 32;

    /// Parses a constraint. White space around the text is dropped.
    ///
    /// # Errors
    ///
    /// The text does not follow the [grammar](Constraint#grammar); the error says where, and what
    /// to write.
    ///
    /// ```
    /// use hitchpost_registry_core::Constraint;
    ///
    /// assert_eq!(Constraint::parse(" ^1.19 ")?.to_string(), "^1.19");
    /// assert_eq!(Constraint::parse(">=latest").unwrap_err().code(), "constraint-unordered");
    /// # Ok::<(), hitchpost_registry_core::ConstraintError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, ConstraintError> {
        let alternatives = grammar::parse(text)?;
        Ok(Self {
            text: text.trim().into(),
            alternatives,
        })
    }

    /// Whether `version` satisfies this constraint.
    ///
    /// ```
    /// use hitchpost_registry_core::{Constraint, Version};
    ///
    /// let may = Constraint::parse("2024-05")?;
    /// assert!(may.matches(&Version::infer("RELEASE.2024-05-10T01-41-38Z")?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn matches(&self, version: &Version) -> bool {
        self.check(version).is_ok()
    }

    /// Like [`Constraint::matches`], with the reason.
    ///
    /// # Errors
    ///
    /// The version does not satisfy this constraint.
    ///
    /// ```
    /// use hitchpost_registry_core::{Constraint, Version, VersionMismatch};
    ///
    /// let constraint = Constraint::parse(">=1.19")?;
    /// let check = |text| Ok::<_, hitchpost_registry_core::VersionError>(
    ///     constraint.check(&Version::infer(text)?),
    /// );
    /// assert_eq!(check("1.20.0")?, Ok(()));
    /// assert_eq!(check("1.18.0")?, Err(VersionMismatch::Range));
    /// assert_eq!(check("1.20.0-rc.1")?, Err(VersionMismatch::PreRelease));
    /// assert_eq!(check("noble")?, Err(VersionMismatch::Unordered));
    /// assert_eq!(check("2024-05-10")?, Err(VersionMismatch::Scheme));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check(&self, version: &Version) -> Result<(), VersionMismatch> {
        let mut nearest = VersionMismatch::Scheme;
        for alternative in &self.alternatives {
            match check_alternative(alternative, version) {
                Ok(()) => return Ok(()),
                Err(mismatch) => nearest = nearest.max(mismatch),
            }
        }
        Err(nearest)
    }

    /// For a version that lies outside, on which side: `Less` when no earlier version of its
    /// scheme satisfies this constraint either, `Greater` when no later one does. `None` when
    /// neither is known.
    ///
    /// ```
    /// use std::cmp::Ordering;
    /// use hitchpost_registry_core::{Constraint, Version};
    ///
    /// let constraint = Constraint::parse(">=1.19, <2")?;
    /// assert_eq!(constraint.side(&Version::infer("1.18.0")?), Some(Ordering::Less));
    /// assert_eq!(constraint.side(&Version::infer("2.1.0")?), Some(Ordering::Greater));
    /// assert_eq!(constraint.side(&Version::infer("1.20.0")?), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn side(&self, version: &Version) -> Option<Ordering> {
        let side =
            |alternative: &Vec<Comparator>| alternative.iter().find_map(|one| one.side(version));
        let mut sides = self.alternatives.iter().map(side);
        let first = sides.next()??;
        sides.all(|other| other == Some(first)).then_some(first)
    }

    /// The source text, without white space around it.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn check_alternative(alternative: &[Comparator], version: &Version) -> Result<(), VersionMismatch> {
    for comparator in alternative {
        comparator.check(version)?;
    }
    if version.is_prerelease() && !alternative.iter().any(|c| c.admits_prerelease(version)) {
        return Err(VersionMismatch::PreRelease);
    }
    Ok(())
}

impl Comparator {
    /// Whether the comparator holds by order, the rule for pre-releases aside.
    fn check(&self, version: &Version) -> Result<(), VersionMismatch> {
        let Self::Compare { operator, operand } = self else {
            return Ok(());
        };
        if version.scheme() == Scheme::Opaque && operator.needs_order() {
            return Err(VersionMismatch::Unordered);
        }
        let Some(reading) = operand.reading(version.scheme()) else {
            return match operator {
                Operator::NotEqual => Ok(()),
                _ => Err(VersionMismatch::Scheme),
            };
        };
        let order = reading.compare(version);
        let holds = match operator {
            Operator::Equal => order == Some(Ordering::Equal),
            Operator::NotEqual => order != Some(Ordering::Equal),
            Operator::Greater => {
                order == Some(Ordering::Greater) && !reading.excludes_post_release(version)
            }
            Operator::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
            Operator::Less => order == Some(Ordering::Less),
            Operator::LessOrEqual => order.is_some_and(Ordering::is_le),
            Operator::Tilde => reading.reaches(version, reading.parts().min(2)),
            Operator::Compatible => reading.reaches(version, reading.parts() - 1),
            Operator::Caret => reading.reaches(version, reading.caret_parts()),
        };
        if holds {
            Ok(())
        } else {
            Err(VersionMismatch::Range)
        }
    }

    /// See [`Constraint::side`].
    fn side(&self, version: &Version) -> Option<Ordering> {
        let Self::Compare { operator, operand } = self else {
            return None;
        };
        let reading = operand.reading(version.scheme())?;
        let order = reading.compare(version)?;
        let outside = match operator {
            Operator::Equal => order.is_ne(),
            Operator::NotEqual => false,
            Operator::Greater => return order.is_le().then_some(Ordering::Less),
            Operator::GreaterOrEqual => order.is_lt(),
            Operator::Less => return order.is_ge().then_some(Ordering::Greater),
            Operator::LessOrEqual => order.is_gt(),
            Operator::Tilde => !reading.reaches(version, reading.parts().min(2)),
            Operator::Compatible => !reading.reaches(version, reading.parts() - 1),
            Operator::Caret => !reading.reaches(version, reading.caret_parts()),
        };
        // What is after the operand and does not share its parts is after all that share them.
        let side = if order.is_lt() {
            Ordering::Less
        } else {
            Ordering::Greater
        };
        outside.then_some(side)
    }

    /// Whether this comparator names a pre-release of the release that `version` precedes.
    fn admits_prerelease(&self, version: &Version) -> bool {
        match self {
            Self::Any
            | Self::Compare {
                operator: Operator::NotEqual,
                ..
            } => false,
            Self::Compare { operand, .. } => operand
                .reading(version.scheme())
                .is_some_and(|reading| reading.admits_prerelease(version)),
        }
    }
}

impl PartialEq for Constraint {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Constraint {}

impl Hash for Constraint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Constraint({:?})", self.text)
    }
}

impl FromStr for Constraint {
    type Err = ConstraintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Serializes as the source text.
impl Serialize for Constraint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
