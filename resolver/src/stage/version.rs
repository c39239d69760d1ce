//! Stage 3: the version constraint holds.

use std::cmp::Ordering;

use super::Query;
use crate::snapshot::{column::Id, layer::InstanceId};

/// Whether an instance's version satisfies the constraint. Without a constraint every version is
/// eligible; with one, an instance without a version is not.
pub(crate) fn holds(query: &Query<'_, '_>, instance: InstanceId) -> bool {
    let Some(constraint) = query.constraint else {
        return true;
    };
    let layer = query.layer();
    let mut checked = query.checked.borrow_mut();
    if checked.is_empty() {
        checked.resize(layer.versions.len() + 1, None);
    }
    let check = || {
        layer
            .version(instance)
            .is_some_and(|version| constraint.matches(version))
    };
    match checked.get_mut(layer.instance_version.at(instance).index()) {
        Some(known) => *known.get_or_insert_with(check),
        None => check(),
    }
}

/// On which side of the constraint an instance's version lies: with `Less` all lower versions
/// fail it too, with `Greater` all higher ones.
pub(crate) fn side(query: &Query<'_, '_>, instance: InstanceId) -> Option<Ordering> {
    query.constraint?.side(query.layer().version(instance)?)
}
