//! Stage 2: the instance's scope admits the caller.

use hitchpost_registry_core::Scope;

use super::{Caller, Query};
use crate::snapshot::layer::{InstanceId, Principal};

/// Whether the caller may use an instance.
pub(crate) fn admits(query: &Query<'_, '_>, instance: InstanceId) -> bool {
    let layer = query.layer();
    if layer.instance_scope(instance) == Scope::Global {
        return true;
    }
    let listed = layer
        .instance_principal
        .slice(layer.instance_admitted.range(instance));
    is_admitted(query.caller, layer.instance_scope(instance), listed)
}

/// Whether a scope with its lists admits the caller: the scope's own list must name it, and so
/// must every other list that is given. An empty list of the scope admits nobody.
pub(crate) fn is_admitted(caller: &Caller<'_>, scope: Scope, listed: &[u32]) -> bool {
    if scope == Scope::Global {
        return true;
    }
    let of = |kind| {
        listed
            .iter()
            .map(|number| Principal(*number))
            .filter(move |one| one.scope() == kind)
    };
    [Scope::Project, Scope::User, Scope::Group, Scope::Workflow]
        .into_iter()
        .all(|kind| {
            let mut named = of(kind).peekable();
            if named.peek().is_none() {
                return kind != scope;
            }
            named.any(|principal| caller.is(principal))
        })
}
