//! Stage 3: the version constraint holds.

use std::cmp::Ordering;

use super::Query;
use crate::snapshot::layer::InstanceId;

/// Whether an instance's version satisfies the constraint. Without a constraint every version is
/// eligible; with one, an instance without a version is not.
pub(crate) fn holds(query: &Query<'_, '_>, instance: InstanceId) -> bool {
    let Some(constraint) = query.constraint else { return true };
    let id = query.layer().instance_version.at(instance);
    if let Some((checked, holds)) = query.checked.get()
        && checked == id
    {
        return holds;
    }
    let holds = query.layer().version(instance).is_some_and(|version| constraint.matches(version));
    query.checked.set(Some((id, holds)));
    holds
}

/// On which side of the constraint an instance's version lies: with `Less` all lower versions
/// fail it too, with `Greater` all higher ones.
pub(crate) fn side(query: &Query<'_, '_>, instance: InstanceId) -> Option<Ordering> {
    query.constraint?.side(query.layer().version(instance)?)
}
