use std::cmp::Ordering;

use super::key::{Key, Reading};
use super::{Scheme, Version};

/// The right side of a comparator: one reading for each scheme that can read the text and for
/// whose versions the operator can hold.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) readings: Vec<OperandReading>,
}

impl Operand {
    pub(super) fn reading(&self, scheme: Scheme) -> Option<&OperandReading> {
        self.readings
            .iter()
            .find(|reading| reading.version.scheme() == scheme)
    }
}

/// An operand in one scheme: a whole version, or the leading parts that versions may share.
#[derive(Clone, Debug)]
pub(super) struct OperandReading {
    /// The operand; for a partial one, the first version that has its parts.
    version: Version,
    parts: usize,
    partial: bool,
}

impl OperandReading {
    /// Reads `text` in `scheme`; with `wildcard`, it was followed by `.*`.
    pub(super) fn read(text: &str, scheme: Scheme, wildcard: bool) -> Option<Self> {
        let Reading { key, parts, plain } = Key::read(text, scheme)?;
        if wildcard && !plain {
            return None;
        }
        let partial = plain && (wildcard || scheme == Scheme::Date || parts < 3);
        Some(Self {
            version: Version {
                text: text.into(),
                key,
            },
            parts,
            partial,
        })
    }

    /// How `version`, of the same scheme, compares with this operand.
    pub(super) fn compare(&self, version: &Version) -> Option<Ordering> {
        if self.partial {
            return Some(self.compare_parts(version, self.parts));
        }
        match (&version.key, &self.version.key) {
            (Key::Pep440(version), Key::Pep440(operand))
                if version.is_local() && !operand.is_local() =>
            {
                Some(version.clone().without_local().cmp(operand))
            }
            _ => version.compare(&self.version),
        }
    }

    /// Whether `version` is at least this operand and shares its first `count` parts.
    pub(super) fn reaches(&self, version: &Version, count: usize) -> bool {
        self.compare(version).is_some_and(Ordering::is_ge)
            && self.compare_parts(version, count).is_eq()
    }

    /// How many parts are written.
    pub(super) fn parts(&self) -> usize {
        self.parts
    }

    /// How many parts `^` keeps: up to the first that is not zero, or all that are written.
    pub(super) fn caret_parts(&self) -> usize {
        let nonzero = |&index: &usize| self.version.key.part(index) != 0;
        (0..self.parts)
            .find(nonzero)
            .map_or(self.parts, |index| index + 1)
    }

    /// Whether `version` is a pre-release, and this operand one of the same release.
    pub(super) fn admits_prerelease(&self, version: &Version) -> bool {
        self.version.is_prerelease() && version.is_prerelease() && self.same_release(version)
    }

    /// Whether `version` is a post-release of the release that this operand, itself no
    /// post-release, names: PEP 440 keeps it out of `>`.
    pub(super) fn excludes_post_release(&self, version: &Version) -> bool {
        match (&version.key, &self.version.key) {
            (Key::Pep440(post), Key::Pep440(operand)) => {
                post.is_post() && !operand.is_post() && self.same_release(version)
            }
            _ => false,
        }
    }

    fn compare_parts(&self, version: &Version, count: usize) -> Ordering {
        version.key.compare_parts(&self.version.key, count)
    }

    fn same_release(&self, version: &Version) -> bool {
        version.key.same_release(&self.version.key)
    }
}
