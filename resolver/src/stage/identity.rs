//! Stage 1: product, extension, instance, service, category and labels match exactly.

use hitchpost_registry_core::{EndpointType, Name};

use super::Query;
use crate::{
    requirement::Selector,
    snapshot::{
        layer::{InstanceId, Layer, ServiceId, label_text},
        strings::Symbol,
    },
};

/// The names of a selector in the numbers of one layer; `None` where it does not ask.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) extension: Option<Symbol>,
    pub(crate) product: Option<Symbol>,
    pub(crate) instance: Option<Symbol>,
    /// A service of the record, by its name or else by its type.
    pub(crate) service: Option<Symbol>,
    pub(crate) service_type: Option<Symbol>,
    pub(crate) service_name: Option<Symbol>,
    pub(crate) category: Option<Symbol>,
    pub(crate) zone: Option<Symbol>,
    pub(crate) labels: Vec<Symbol>,
    /// `service` and `service_type` ask for two types: nothing can match.
    contradiction: bool,
    /// The endpoint: of this name, which the layer may not have, or of this type.
    pub(crate) endpoint: Option<(Option<Symbol>, Option<EndpointType>)>,
    /// The profile, of a name that the layer may not have.
    pub(crate) profile: Option<Option<Symbol>>,
}

impl Names {
    /// `None` when the layer lacks a name, so that nothing in it can match.
    #[inline]
    pub(crate) fn new(layer: &Layer, selector: &Selector) -> Option<Self> {
        let find = |name: &Option<Name>| match name {
            None => Some(None),
            Some(name) => layer.strings.find(name.as_str()).map(Some),
        };
        let mut labels = Vec::new();
        for (name, value) in &selector.labels {
            labels.push(layer.strings.find(&label_text(name, value))?);
        }
        let mut names = Self {
            extension: find(&selector.extension)?,
            product: find(&selector.product)?,
            instance: find(&selector.instance)?,
            service: find(&selector.service)?,
            service_type: find(&selector.service_type)?,
            service_name: find(&selector.service_name)?,
            category: find(&selector.category)?,
            zone: find(&selector.zone)?,
            labels,
            contradiction: false,
            endpoint: selector.endpoint.as_ref().map(|name| {
                let kind = EndpointType::ALL
                    .iter()
                    .find(|kind| kind.as_str() == name.as_str());
                (layer.strings.find(name.as_str()), kind.copied())
            }),
            profile: selector
                .profile
                .as_ref()
                .map(|name| layer.strings.find(name.as_str())),
        };
        if names.extension.is_none() && names.instance.is_none() {
            // Without a record, `service` is a service type.
            if let Some(wanted) = names.service.take() {
                names.contradiction = names.service_type.is_some_and(|given| given != wanted);
                names.service_type = Some(wanted);
            }
        }
        Some(names)
    }
}

/// Whether a service is one that the selector names.
pub(crate) fn matches(query: &Query<'_, '_>, service: ServiceId) -> bool {
    let (layer, names) = (query.layer(), &query.names);
    // What is known of the service itself comes first: most are told apart by it. Of what is not
    // asked for nothing is read.
    if names.contradiction
        || !is(names.service_type, || layer.service_type.at(service))
        || !is(names.service_name, || layer.service_name.at(service))
        || !is(names.category, || layer.service_category.at(service))
    {
        return false;
    }
    let instance = layer.service_instance.at(service);
    let extension = layer.instance_extension.at(instance);
    is(names.instance, || layer.instance_name.at(instance))
        && is(names.zone, || layer.instance_location.at(instance))
        && is(names.extension, || layer.extension_name(extension))
        && is(names.product, || layer.extension_product.at(extension))
        && names
            .service
            .is_none_or(|wanted| is_called(layer, instance, service, wanted))
        && names.labels.iter().all(|wanted| {
            layer
                .extension_labels
                .of(extension)
                .any(|label| layer.label.at(label) == *wanted)
        })
        && !query.view.is_hidden(extension)
}

fn is(wanted: Option<Symbol>, found: impl FnOnce() -> Symbol) -> bool {
    wanted.is_none_or(|wanted| wanted == found())
}

/// By name first; by type where the instance has no service of that name.
fn is_called(layer: &Layer, instance: InstanceId, service: ServiceId, wanted: Symbol) -> bool {
    layer.service_name.at(service) == wanted
        || layer.service_type.at(service) == wanted
            && !layer
                .instance_services
                .of(instance)
                .any(|other| layer.service_name.at(other) == wanted)
}
