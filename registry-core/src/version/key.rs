use std::cmp::Ordering;
use std::str::FromStr;

use super::Scheme;
use super::date::{self, Date};

/// What a text means in a scheme. An opaque one means nothing beyond its text.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Semver(semver::Version),
    Pep440(pep440_rs::Version),
    Date(Date),
    Opaque,
}

/// A text read in one scheme, and how it was written.
pub(super) struct Reading {
    pub(super) key: Key,
    /// How many leading parts are written, as two in `1.19` or in `2024-05`.
    pub(super) parts: usize,
    /// Whether the text is nothing but its parts: no pre-release, build, post, local or suffix.
    pub(super) plain: bool,
}

impl Key {
    /// Reads a version, or the operand of a comparator, in `scheme`.
    pub(super) fn read(text: &str, scheme: Scheme) -> Option<Reading> {
        match scheme {
            Scheme::Semver => read_semver(text),
            Scheme::Pep440 => read_pep440(text),
            Scheme::Date => date::read(text),
            Scheme::Opaque => Some(Reading {
                key: Self::Opaque,
                parts: 0,
                plain: false,
            }),
        }
    }

    pub(super) fn scheme(&self) -> Scheme {
        match self {
            Self::Semver(_) => Scheme::Semver,
            Self::Pep440(_) => Scheme::Pep440,
            Self::Date(_) => Scheme::Date,
            Self::Opaque => Scheme::Opaque,
        }
    }

    /// The order within a scheme; `None` across schemes and for opaque keys.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Semver(a), Self::Semver(b)) => Some(a.cmp_precedence(b)),
            (Self::Pep440(a), Self::Pep440(b)) => Some(a.cmp(b)),
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    pub(super) fn is_prerelease(&self) -> bool {
        match self {
            Self::Semver(version) => !version.pre.is_empty(),
            Self::Pep440(version) => version.any_prerelease(),
            Self::Date(_) | Self::Opaque => false,
        }
    }

    /// The numeric part at `index`; parts that are not written are zero.
    pub(super) fn part(&self, index: usize) -> u64 {
        match self {
            Self::Semver(version) => match index {
                0 => version.major,
                1 => version.minor,
                2 => version.patch,
                _ => 0,
            },
            Self::Pep440(version) => version.release().get(index).copied().unwrap_or(0),
            Self::Date(date) => date.part(index),
            Self::Opaque => 0,
        }
    }

    /// Compares the epoch and the first `count` parts of two keys of one scheme.
    pub(super) fn compare_parts(&self, other: &Self, count: usize) -> Ordering {
        let parts = (0..count).map(|index| self.part(index));
        let others = (0..count).map(|index| other.part(index));
        self.epoch()
            .cmp(&other.epoch())
            .then_with(|| parts.cmp(others))
    }

    /// Whether two keys of one scheme have the same epoch and the same parts.
    pub(super) fn same_release(&self, other: &Self) -> bool {
        let count = match (self, other) {
            (Self::Pep440(a), Self::Pep440(b)) => a.release().len().max(b.release().len()),
            _ => 3,
        };
        self.compare_parts(other, count).is_eq()
    }

    fn epoch(&self) -> u64 {
        match self {
            Self::Pep440(version) => version.epoch(),
            _ => 0,
        }
    }
}

/// One to three parts, completed with zeros. The `semver` crate itself refuses a pre-release or
/// build after fewer than three, as the appended zeros then land behind it.
fn read_semver(text: &str) -> Option<Reading> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let (version, parts) = match semver::Version::parse(text) {
        Ok(version) => (version, 3),
        Err(_) => match semver::Version::parse(&format!("{text}.0")) {
            Ok(version) => (version, 2),
            Err(_) => (semver::Version::parse(&format!("{text}.0.0")).ok()?, 1),
        },
    };
    let plain = version.pre.is_empty() && version.build.is_empty();
    Some(Reading {
        key: Key::Semver(version),
        parts,
        plain,
    })
}

fn read_pep440(text: &str) -> Option<Reading> {
    let version = pep440_rs::Version::from_str(text).ok()?;
    let parts = version.release().len();
    let plain = !version.any_prerelease() && !version.is_post() && !version.is_local();
    Some(Reading {
        key: Key::Pep440(version),
        parts,
        plain,
    })
}
