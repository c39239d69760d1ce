//! Stage 4: the service can be reached from the caller's zone.

use hitchpost_registry_core::EndpointType;

use super::Query;
use crate::snapshot::layer::{EndpointId, ServiceId};

/// The endpoints that the caller can reach and the requirement allows, best first: nearer, then
/// `default: true`, then by name. A service without any endpoint gives `None` once, unless the
/// requirement asks for one.
pub(crate) fn reachable<'q>(
    query: &'q Query<'q, 'q>,
    service: ServiceId,
) -> impl Iterator<Item = Option<EndpointId>> + use<'q> {
    let layer = query.layer();
    let bare = layer.service_endpoints.of(service).len() == 0 && query.names.endpoint.is_none();
    let mut last = None;
    let ordered = std::iter::from_fn(move || {
        let next = layer
            .service_endpoints
            .of(service)
            .filter(|endpoint| {
                is_allowed(query, *endpoint) && is_reachable(query, service, *endpoint)
            })
            .map(|endpoint| {
                (
                    distance(layer.endpoint_type(endpoint)),
                    !layer.endpoint_is_default(endpoint),
                    endpoint,
                )
            })
            .filter(|key| last.is_none_or(|last| *key > last))
            .min()?;
        last = Some(next);
        Some(Some(next.2))
    });
    ordered.chain(bare.then_some(None))
}

/// Whether the requirement's `endpoint`, a name or a type, allows this one.
pub(crate) fn is_allowed(query: &Query<'_, '_>, endpoint: EndpointId) -> bool {
    query.names.endpoint.is_none_or(|(name, kind)| {
        let layer = query.layer();
        name == Some(layer.endpoint_name.at(endpoint))
            || kind == Some(layer.endpoint_type(endpoint))
    })
}

/// External and remote endpoints always are; internal ones and the cluster's API only from the
/// zone of the instance, which must be known.
pub(crate) fn is_reachable(
    query: &Query<'_, '_>,
    service: ServiceId,
    endpoint: EndpointId,
) -> bool {
    match query.layer().endpoint_type(endpoint) {
        EndpointType::External | EndpointType::Remote => true,
        EndpointType::Internal | EndpointType::ClusterApi => {
            let instance = query.layer().service_instance.at(service);
            query.caller.zone == Some(query.layer().instance_location.at(instance))
        }
    }
}

/// How far an endpoint is, of those that can be reached.
fn distance(kind: EndpointType) -> u8 {
    match kind {
        EndpointType::Internal | EndpointType::ClusterApi => 0,
        EndpointType::External => 1,
        EndpointType::Remote => 2,
    }
}
