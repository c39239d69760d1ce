//! The stages of a resolution, one module each, in their order.
//!
//! A candidate is a service of an instance of an extension. Stages 1 to 5 say whether it can be
//! chosen, stage 6 which of those that can is best, stage 7 how the requirements of one step are
//! met together.

pub(crate) mod endpoint;
pub(crate) mod identity;
pub(crate) mod joint;
pub(crate) mod profile;
pub(crate) mod rank;
pub(crate) mod search;
pub(crate) mod version;
pub(crate) mod visibility;

use hitchpost_registry_core::{Constraint, Scope};
use jiff::Timestamp;
use smallvec::SmallVec;

use crate::{
    context::{RunContext, Zone},
    requirement::Selector,
    snapshot::{
        View,
        layer::{EndpointId, InstanceId, Layer, Principal, ServiceId},
        strings::Symbol,
    },
};

/// The stage at which a candidate was rejected, in order: a later one is a nearer miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rejected {
    Visibility,
    Version,
    Endpoint,
    Profile,
}

/// A service that can be chosen, and how it would be reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Eligible<'s> {
    pub(crate) layer: &'s Layer,
    pub(crate) service: ServiceId,
    pub(crate) endpoint: Option<EndpointId>,
    pub(crate) profile: profile::Chosen,
    /// Where it ranks, its version aside.
    pub(crate) prefix: rank::Prefix,
}

impl<'s> Eligible<'s> {
    pub(crate) fn instance(&self) -> InstanceId {
        self.layer.service_instance.at(self.service)
    }

    /// The names of extension, instance and service: the order of last resort.
    pub(crate) fn names(&self) -> (&'s str, &'s str, &'s str) {
        names(self.layer, self.service)
    }

    pub(crate) fn same_service(&self, other: &Self) -> bool {
        std::ptr::eq(self.layer, other.layer) && self.service == other.service
    }
}

/// The names of extension, instance and service.
pub(crate) fn names(layer: &Layer, service: ServiceId) -> (&str, &str, &str) {
    let instance = layer.service_instance.at(service);
    let extension = layer.instance_extension.at(instance);
    (
        layer.text(layer.extension_name(extension)),
        layer.text(layer.instance_name.at(instance)),
        layer.text(layer.service_name.at(service)),
    )
}

/// The location of instances that are in no caller's zone.
pub(crate) const NOWHERE: &str = "remote";

/// The caller in the numbers of one layer.
#[derive(Debug)]
pub(crate) struct Caller<'c> {
    pub(crate) context: &'c RunContext,
    project: Option<Principal>,
    user: Option<Principal>,
    groups: SmallVec<[Principal; 4]>,
    workflow: Option<Principal>,
    /// The symbol of the zone: `None` when it is unknown, or no record of the layer is there.
    pub(crate) zone: Option<Symbol>,
}

impl<'c> Caller<'c> {
    pub(crate) fn new(context: &'c RunContext, layer: &Layer) -> Self {
        let find = |scope, name: &hitchpost_registry_core::Name| {
            layer
                .strings
                .find(name.as_str())
                .map(|symbol| Principal::new(scope, symbol))
        };
        Self {
            context,
            project: context
                .project
                .as_ref()
                .and_then(|name| find(Scope::Project, name)),
            user: context
                .user
                .as_ref()
                .and_then(|name| find(Scope::User, name)),
            groups: context
                .groups
                .iter()
                .filter_map(|name| find(Scope::Group, name))
                .collect(),
            workflow: context
                .workflow
                .as_ref()
                .and_then(|name| find(Scope::Workflow, name)),
            zone: match &context.zone {
                Zone::Unknown => None,
                Zone::Known(name) if name.as_str() == NOWHERE => None,
                Zone::Known(name) => layer.strings.find(name.as_str()),
            },
        }
    }

    /// Everything the caller is.
    pub(crate) fn principals(&self) -> impl Iterator<Item = Principal> + '_ {
        [self.project, self.user, self.workflow]
            .into_iter()
            .flatten()
            .chain(self.groups.iter().copied())
    }

    pub(crate) fn is(&self, principal: Principal) -> bool {
        self.principals().any(|own| own == principal)
    }

    pub(crate) const fn now(&self) -> Option<Timestamp> {
        self.context.now
    }
}

/// A selector in the numbers of one layer.
#[derive(Debug)]
pub(crate) struct Query<'s, 'q> {
    pub(crate) view: View<'s>,
    pub(crate) caller: &'q Caller<'q>,
    pub(crate) selector: &'q Selector,
    pub(crate) names: identity::Names,
    pub(crate) constraint: Option<&'q Constraint>,
    pub(crate) known: version::Known,
}

impl<'s, 'q> Query<'s, 'q> {
    /// `None` when the layer does not have a name that the selector asks for.
    #[inline]
    pub(crate) fn new(
        view: View<'s>,
        caller: &'q Caller<'q>,
        selector: &'q Selector,
    ) -> Option<Self> {
        Some(Self {
            view,
            caller,
            selector,
            names: identity::Names::new(view.layer, selector)?,
            constraint: selector
                .version
                .as_ref()
                .and_then(|version| version.as_ref().ok()),
            known: version::Known::default(),
        })
    }

    pub(crate) const fn layer(&self) -> &'s Layer {
        self.view.layer
    }

    /// Stages 2 to 5 for a service that has the right identity.
    pub(crate) fn check(&self, service: ServiceId) -> Result<Eligible<'s>, Rejected> {
        let instance = self.layer().service_instance.at(service);
        if !visibility::admits(self, instance) {
            return Err(Rejected::Visibility);
        }
        if !version::holds(self, self.layer().instance_version.at(instance)) {
            return Err(Rejected::Version);
        }
        let mut rejected = Rejected::Endpoint;
        for endpoint in endpoint::reachable(self, service) {
            match profile::choose(self, service, endpoint) {
                Ok(profile) => {
                    let prefix = rank::Prefix::new(self.layer(), instance, self.caller.zone);
                    return Ok(Eligible {
                        layer: self.layer(),
                        service,
                        endpoint,
                        profile,
                        prefix,
                    });
                }
                Err(_) => rejected = Rejected::Profile,
            }
        }
        Err(rejected)
    }
}
