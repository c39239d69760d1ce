use std::cmp::Ordering;

use super::key::{Key, Reading};
use super::{Scheme, Version};

/// The right side of a comparator.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    /// As written, without a trailing `.*`.
    pub(super) text: Box<str>,
    /// One for each scheme that can read the text and whose versions the operator can hold for.
    pub(super) readings: Vec<OperandReading>,
}

impl Operand {
    pub(super) fn reading(&self, scheme: Scheme) -> Option<&OperandReading> {
        self.readings
            .iter()
            .find(|reading| reading.key.scheme() == scheme)
    }
}

/// An operand in one scheme: a whole version, or the leading parts that versions may share.
#[derive(Clone, Debug)]
pub(super) struct OperandReading {
    key: Key,
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
            key,
            parts,
            partial,
        })
    }

    /// How `version`, of the same scheme, compares with this operand, whose own text is `text`.
    pub(super) fn compare(&self, text: &str, version: &Version) -> Option<Ordering> {
        if self.partial {
            return Some(version.key().compare_parts(&self.key, self.parts));
        }
        match (version.key(), &self.key) {
            (Key::Opaque, Key::Opaque) => (version.as_str() == text).then_some(Ordering::Equal),
            (Key::Pep440(version), Key::Pep440(operand))
                if version.is_local() && !operand.is_local() =>
            {
                Some(version.clone().without_local().cmp(operand))
            }
            (version, operand) => version.compare(operand),
        }
    }

    /// Whether `version` is at least this operand and shares its first `count` parts.
    pub(super) fn reaches(&self, version: &Version, count: usize) -> bool {
        self.compare("", version).is_some_and(Ordering::is_ge)
            && version.key().compare_parts(&self.key, count).is_eq()
    }

    /// How many parts are written.
    pub(super) fn parts(&self) -> usize {
        self.parts
    }

    /// How many parts `^` keeps: up to the first that is not zero, or all that are written.
    pub(super) fn caret_parts(&self) -> usize {
        (0..self.parts)
            .find(|&index| self.key.part(index) != 0)
            .map_or(self.parts, |index| index + 1)
    }

    /// Whether `version` is a pre-release, and this operand one of the same release.
    pub(super) fn admits_prerelease(&self, version: &Version) -> bool {
        self.key.is_prerelease() && version.is_prerelease() && self.key.same_release(version.key())
    }

    /// Whether `version` is a post-release of the release that this operand, no post-release,
    /// names: PEP 440 keeps it out of `>`.
    pub(super) fn is_before_own_post_release(&self, version: &Version) -> bool {
        match (version.key(), &self.key) {
            (Key::Pep440(version), Key::Pep440(operand)) => {
                version.is_post()
                    && !operand.is_post()
                    && self.key.same_release(&Key::Pep440(version.clone()))
            }
            _ => false,
        }
    }
}
