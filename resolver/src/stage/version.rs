//! Stage 3: the version constraint holds.

use std::{cell::Cell, cmp::Ordering};

use hitchpost_registry_core::Scheme;

use super::Query;
use crate::snapshot::layer::VersionId;

/// What is known of a constraint, as far as it was asked.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The version that was checked last, and whether it satisfies the constraint.
    last: Cell<Option<(VersionId, bool)>>,
    outside: Cell<Outside>,
}

/// The versions of one scheme that are known to fail: those of the levels up to the one and from
/// the other on.
#[derive(Debug, Clone, Copy)]
struct Outside {
    scheme: Option<Scheme>,
    low: u32,
    high: u32,
}

impl Default for Outside {
    fn default() -> Self {
        Self {
            scheme: None,
            low: 0,
            high: u32::MAX,
        }
    }
}

/// Whether a version satisfies the constraint. Without a constraint every version is eligible;
/// with one, an instance without a version is not.
pub(crate) fn holds(query: &Query<'_, '_>, id: VersionId) -> bool {
    let Some(constraint) = query.constraint else {
        return true;
    };
    if let Some((last, holds)) = query.known.last.get()
        && last == id
    {
        return holds;
    }
    let holds = query.layer().version_of(id).is_some_and(|version| {
        let outside = query.known.outside.get();
        let level = query.layer().version_level.at(id);
        let is_outside = outside.scheme == Some(version.scheme())
            && (level <= outside.low || level >= outside.high);
        !is_outside && constraint.matches(version)
    });
    query.known.last.set(Some((id, holds)));
    holds
}

/// On which side of the constraint a version lies: with `Less` all lower versions fail it too,
/// with `Greater` all higher ones.
pub(crate) fn side(query: &Query<'_, '_>, id: VersionId) -> Option<Ordering> {
    let version = query.layer().version_of(id)?;
    let level = query.layer().version_level.at(id);
    let scheme = Some(version.scheme());
    let mut outside = query.known.outside.get();
    if outside.scheme != scheme {
        outside = Outside {
            scheme,
            ..Outside::default()
        };
    } else if level <= outside.low {
        return Some(Ordering::Less);
    } else if level >= outside.high {
        return Some(Ordering::Greater);
    }
    let side = query.constraint?.side(version);
    match side {
        Some(Ordering::Less) => outside.low = level,
        Some(Ordering::Greater) => outside.high = level,
        _ => {}
    }
    query.known.outside.set(outside);
    side
}
