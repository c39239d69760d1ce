use std::{fmt, sync::Arc};

use hitchpost_registry_core::{EndpointType, Name, Sealed, SealedSecret, Version, WrappedKey};
use indexmap::IndexMap;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{
    environment::{EnvValue, Secret},
    snapshot::{
        column::Id,
        entries::{Entries, Entry, Held},
        layer::Layer,
    },
    stage::Eligible,
};

/// What a requirement got: the service, how it is reached, with which account and configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The requirement's handle.
    pub name: Name,
    /// The record.
    pub extension: Name,
    /// What is installed.
    pub product: Name,
    /// The installation.
    pub instance: Name,
    /// Its version, when known.
    pub version: Option<Version>,
    /// The service's name.
    pub service: Name,
    /// The service's type.
    pub service_type: Name,
    /// The service's category, when known.
    pub category: Option<Name>,
    /// The endpoint; none for a service that has none.
    pub endpoint: Option<BoundEndpoint>,
    /// The account, where one is used.
    pub profile: Option<Name>,
    /// The zone in which the instance runs.
    pub zone: Name,
    /// When the account expires.
    pub expires_at: Option<Timestamp>,
    /// The configuration, merged: extension, instance, service, endpoint, profile; a later one
    /// replaces an earlier one of the same name.
    pub configuration: Vec<ConfigurationValue>,
    /// The variables that a step gets.
    pub environment: IndexMap<String, EnvValue>,
    /// What was chosen, to compare with another time.
    pub pin: Pin,
}

/// The endpoint of a binding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoundEndpoint {
    /// Its name.
    pub name: Name,
    /// From where it can be reached.
    #[serde(rename = "type")]
    pub endpoint_type: EndpointType,
    /// Its URL.
    pub url: Option<String>,
}

/// A configuration value of a binding.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigurationValue {
    /// The key.
    pub name: String,
    /// The value.
    pub value: Value,
    /// Which part of the record it comes from.
    pub origin: Origin,
}

/// A configuration value: text, or an unopened secret.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// For everybody to see.
    Public(String),
    /// Only for use.
    Secret(Secret),
}

/// The part of a record from which a value comes; shown as `profile/default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Which kind of part.
    pub kind: OriginKind,
    /// Its name.
    pub name: Name,
}

/// The parts of a record that carry configuration, in rising precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OriginKind {
    /// The record.
    Extension,
    /// The installation.
    Instance,
    /// The service.
    Service,
    /// The endpoint.
    Endpoint,
    /// The account.
    Profile,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            OriginKind::Extension => "extension",
            OriginKind::Instance => "instance",
            OriginKind::Service => "service",
            OriginKind::Endpoint => "endpoint",
            OriginKind::Profile => "profile",
        };
        f.write_str(kind)?;
        f.write_str("/")?;
        f.write_str(self.name.as_str())
    }
}

/// What was chosen, and of which revision of the record: all that a lock file keeps. No secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The record.
    pub extension: Name,
    /// The installation.
    pub instance: Name,
    /// The service.
    pub service: Name,
    /// The endpoint.
    pub endpoint: Option<Name>,
    /// The account.
    pub profile: Option<Name>,
    /// The registry's revision in which the record was last changed.
    pub revision: u64,
}

/// Writes a choice out: the names, the merged configuration, the pin. The environment is added
/// by whoever knows the requirement.
pub(crate) fn bind(name: &Name, eligible: &Eligible<'_>) -> Binding {
    let layer = eligible.layer;
    let service = eligible.service;
    let instance = eligible.instance();
    let extension = layer.instance_extension.at(instance);
    let profile = eligible.profile.profile();
    let text = |symbol| named(layer.text(symbol));
    let extension_name = text(layer.extension_name(extension));
    let instance_name = text(layer.instance_name.at(instance));
    let service_name = text(layer.service_name.at(service));
    let profile_name = profile.map(|profile| text(layer.profile_name.at(profile)));
    let endpoint = eligible.endpoint.map(|endpoint| BoundEndpoint {
        name: text(layer.endpoint_name.at(endpoint)),
        endpoint_type: layer.endpoint_type(endpoint),
        url: some(layer.text(layer.endpoint_url.at(endpoint))).map(str::to_owned),
    });
    let mut merged = Merged {
        layer,
        // Room for what most have.
        entries: IndexMap::with_capacity(8),
        sealed_in: None,
    };
    merged.add(
        &layer.extension_entries,
        extension,
        OriginKind::Extension,
        &extension_name,
    );
    merged.add(
        &layer.instance_entries,
        instance,
        OriginKind::Instance,
        &instance_name,
    );
    merged.add(
        &layer.service_entries,
        service,
        OriginKind::Service,
        &service_name,
    );
    if let (Some(id), Some(bound)) = (eligible.endpoint, &endpoint) {
        merged.add(
            &layer.endpoint_entries,
            id,
            OriginKind::Endpoint,
            &bound.name,
        );
    }
    if let (Some(id), Some(name)) = (profile, &profile_name) {
        let data_key =
            WrappedKey::from_bytes(layer.strings.bytes_of(layer.instance_data_key.at(instance)));
        merged.sealed_in = Some((extension_name.clone(), instance_name.clone(), data_key));
        merged.add(&layer.profile_entries, id, OriginKind::Profile, name);
    }
    let expires = profile
        .map(|profile| layer.profile_expires.at(profile))
        .filter(|expires| *expires != i64::MAX);
    Binding {
        name: name.clone(),
        product: text(layer.extension_product.at(extension)),
        version: layer.version(instance).cloned(),
        service_type: text(layer.service_type.at(service)),
        category: some(layer.text(layer.service_category.at(service))).map(named),
        zone: text(layer.instance_location.at(instance)),
        expires_at: expires.and_then(|expires| Timestamp::from_microsecond(expires).ok()),
        configuration: merged.entries.into_values().collect(),
        environment: IndexMap::new(),
        pin: Pin {
            extension: extension_name.clone(),
            instance: instance_name.clone(),
            service: service_name.clone(),
            endpoint: endpoint.as_ref().map(|endpoint| endpoint.name.clone()),
            profile: profile_name.clone(),
            revision: layer.extension_revision.at(extension),
        },
        extension: extension_name,
        instance: instance_name,
        service: service_name,
        endpoint,
        profile: profile_name,
    }
}

/// Configuration entries as they are laid over each other.
struct Merged<'l> {
    layer: &'l Layer,
    entries: IndexMap<&'l str, ConfigurationValue>,
    sealed_in: Option<(Name, Name, WrappedKey)>,
}

impl<'l> Merged<'l> {
    fn add<K: Id>(&mut self, entries: &Entries<K>, id: K, kind: OriginKind, part: &Name) {
        for entry in entries.of(id) {
            let name = self.layer.text(entry.name);
            let value = self.value(entry, name, part);
            let origin = Origin {
                kind,
                name: part.clone(),
            };
            self.entries.insert(
                name,
                ConfigurationValue {
                    name: name.to_owned(),
                    value,
                    origin,
                },
            );
        }
    }

    fn value(&self, entry: Entry, key: &'l str, profile: &Name) -> Value {
        let text = || self.layer.text(entry.value);
        match (entry.held, &self.sealed_in) {
            (Held::Sealed, Some((extension, instance, data_key))) => {
                Value::Secret(Secret::Sealed(Arc::new(SealedSecret {
                    extension: extension.clone(),
                    instance: instance.clone(),
                    profile: profile.clone(),
                    key: key.into(),
                    data_key: data_key.clone(),
                    sealed: Sealed::from_bytes(self.layer.strings.bytes_of(entry.value)),
                })))
            }
            (Held::Public, _) => Value::Public(text().to_owned()),
            _ => Value::Secret(Secret::Plain(SecretString::from(text()))),
        }
    }
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// A name out of a snapshot, where only names were put in.
pub(crate) fn named(text: &str) -> Name {
    Name::nearest(text)
}
