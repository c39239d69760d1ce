//! Records → a layer.

use std::{cmp::Ordering, collections::HashMap};

use hitchpost_registry_core::{
    Admission, Auth, ConfigurationEntry, EndpointType, Extension, Instance, Name, Profile, Scope, SecretEntry,
    SecretValue, Service, Version, is_reference,
};
use secrecy::ExposeSecret;

use super::{
    column::{Column, Id},
    layer::{ItemId, Layer, NONE, Principal, ProfileId, ServiceId, VersionId, flags},
    postings::{ANYWHERE, Key, Postings, Segment},
    strings::{Strings, Symbol},
};
use crate::stage::rank;

/// Builds a layer; the order of the records is irrelevant.
pub(super) fn build<'r>(records: impl IntoIterator<Item = (&'r Extension, u64)>) -> Layer {
    let mut records: Vec<(&Extension, u64)> = records.into_iter().collect();
    records.sort_unstable_by(|a, b| a.0.name.cmp(&b.0.name));
    let mut builder = Builder::default();
    builder.layer.strings.intern("");
    for (record, revision) in records {
        builder.extension(record, revision);
    }
    builder.finish()
}

#[derive(Default)]
struct Builder<'r> {
    layer: Layer,
    versions: HashMap<&'r Version, VersionId>,
}

impl<'r> Builder<'r> {
    fn intern(&mut self, name: &Name) -> Symbol {
        self.layer.strings.intern(name.as_str())
    }

    fn extension(&mut self, record: &'r Extension, revision: u64) {
        let name = self.intern(&record.name);
        let product = self.intern(&record.product);
        let id = self.layer.extension_name.push(name);
        self.layer.extension_product.push(product);
        self.layer.extension_revision.push(revision);
        for (label, value) in &record.labels {
            let label = self.intern(label);
            let value = self.layer.strings.intern(value);
            self.layer.label_name.push(label);
            self.layer.label_value.push(value);
        }
        self.layer.extension_labels.close(self.layer.label_name.len());
        self.entries(&record.configuration);
        self.layer.extension_entries.close(self.layer.entry_name.len());
        // Instances, services and endpoints in order of names, so that ids order as names do.
        for instance in by_name(&record.instances, |instance| &instance.name) {
            let row = self.layer.instance_extension.push(id);
            debug_assert_eq!(row.index() + 1, self.layer.instance_extension.len());
            self.instance(instance);
        }
        self.layer.extension_instances.close(self.layer.instance_extension.len());
    }

    fn instance(&mut self, instance: &'r Instance) {
        let name = self.intern(&instance.name);
        let location = self.intern(&instance.location);
        let version = instance.version.as_ref().map_or(VersionId(0), |version| self.version(version));
        self.layer.instance_name.push(name);
        self.layer.instance_location.push(location);
        self.layer.instance_version.push(version);
        let mut bits = scope_bits(instance.admission.scope);
        if instance.default {
            bits |= flags::DEFAULT;
        }
        if instance.version.as_ref().is_some_and(Version::is_prerelease) {
            bits |= flags::PRERELEASE;
        }
        self.layer.instance_flags.push(bits);
        let data_key = instance.data_key.as_ref().map_or(NONE, |key| self.layer.strings.push(key.as_bytes()));
        self.layer.instance_data_key.push(data_key);
        admitted(&instance.admission, &mut self.layer.strings, &mut self.layer.instance_principal);
        self.layer.instance_admitted.close(self.layer.instance_principal.len());
        self.entries(&instance.configuration);
        self.layer.instance_entries.close(self.layer.entry_name.len());

        let mut profiles: HashMap<&Name, ProfileId> = HashMap::new();
        for profile in by_name(&instance.profiles, |profile| &profile.name) {
            let id = self.profile(profile);
            profiles.insert(&profile.name, id);
        }
        self.layer.instance_profiles.close(self.layer.profile_name.len());
        for service in by_name(&instance.services, |service| &service.name) {
            self.service(service, &profiles);
        }
        self.layer.instance_services.close(self.layer.service_name.len());
    }

    fn version(&mut self, version: &'r Version) -> VersionId {
        let layer = &mut self.layer;
        *self.versions.entry(version).or_insert_with(|| {
            layer.versions.push(version.clone());
            VersionId::new(u32::try_from(layer.versions.len()).unwrap_or(u32::MAX))
        })
    }

    fn profile(&mut self, profile: &Profile) -> ProfileId {
        let name = self.intern(&profile.name);
        let id = self.layer.profile_name.push(name);
        let mut bits = scope_bits(profile.admission.scope);
        if profile.default {
            bits |= flags::DEFAULT;
        }
        self.layer.profile_flags.push(bits);
        let expires = profile.expires_at.map_or(i64::MAX, |time| time.as_microsecond());
        self.layer.profile_expires.push(expires);
        admitted(&profile.admission, &mut self.layer.strings, &mut self.layer.profile_principal);
        self.layer.profile_admitted.close(self.layer.profile_principal.len());
        for SecretEntry { name, value } in &profile.configuration {
            let (held, value) = match value {
                SecretValue::Sealed(sealed) => (2, self.layer.strings.push(sealed.as_bytes())),
                SecretValue::Plain(plain) => (1, self.layer.strings.push(plain.expose_secret().as_bytes())),
                _ => (1, NONE),
            };
            self.entry(name, value, held);
        }
        self.layer.profile_entries.close(self.layer.entry_name.len());
        id
    }

    fn service(&mut self, service: &Service, profiles: &HashMap<&Name, ProfileId>) {
        let instance = u32::try_from(self.layer.instance_name.len()).unwrap_or(u32::MAX) - 1;
        let name = self.intern(&service.name);
        let service_type = self.intern(&service.service_type);
        let category = service.category.as_ref().map_or(NONE, |category| self.intern(category));
        self.layer.service_instance.push(Id::new(instance));
        self.layer.service_name.push(name);
        self.layer.service_type.push(service_type);
        self.layer.service_category.push(category);
        let auth = service.auth.and_then(|auth| Auth::ALL.iter().position(|known| *known == auth));
        self.layer.service_auth.push(auth.and_then(|position| u8::try_from(position + 1).ok()).unwrap_or(0));
        for endpoint in by_name(&service.endpoints, |endpoint| &endpoint.name) {
            let name = self.intern(&endpoint.name);
            let url = endpoint.url.as_ref().map_or(NONE, |url| self.layer.strings.push(url.as_bytes()));
            let kind = EndpointType::ALL.iter().position(|kind| *kind == endpoint.endpoint_type);
            let kind = kind.and_then(|kind| u8::try_from(kind).ok()).unwrap_or(0);
            self.layer.endpoint_name.push(name);
            self.layer.endpoint_url.push(url);
            self.layer.endpoint_kind.push(kind | u8::from(endpoint.default) << 7);
            for profile in endpoint.profiles.iter().filter_map(|name| profiles.get(name)) {
                self.layer.endpoint_reference.push(*profile);
                self.referenced(*profile);
            }
            self.layer.endpoint_references.close(self.layer.endpoint_reference.len());
            self.entries(&endpoint.configuration);
            self.layer.endpoint_entries.close(self.layer.entry_name.len());
        }
        self.layer.service_endpoints.close(self.layer.endpoint_name.len());
        for profile in service.profiles.iter().filter_map(|name| profiles.get(name)) {
            self.layer.service_reference.push(*profile);
            self.referenced(*profile);
        }
        self.layer.service_references.close(self.layer.service_reference.len());
        self.entries(&service.configuration);
        self.layer.service_entries.close(self.layer.entry_name.len());
    }

    fn referenced(&mut self, profile: ProfileId) {
        let bits = self.layer.profile_flags.at(profile);
        self.layer.profile_flags.set(profile, bits | flags::REFERENCED);
    }

    fn entries(&mut self, entries: &[ConfigurationEntry]) {
        for ConfigurationEntry { name, value } in entries {
            let held = u8::from(is_reference(value));
            let value = self.layer.strings.push(value.as_bytes());
            self.entry(name, value, held);
        }
    }

    fn entry(&mut self, name: &str, value: Symbol, held: u8) {
        let name = self.layer.strings.intern(name);
        self.layer.entry_name.push(name);
        self.layer.entry_value.push(value);
        self.layer.entry_held.push(held);
    }

    fn finish(mut self) -> Layer {
        let layer = &mut self.layer;
        layer.extension_by_symbol.resize(layer.strings.len());
        for extension in layer.extensions() {
            layer.extension_by_symbol.set(layer.extension_name.at(extension), extension.0 + 1);
        }
        layer.postings = postings(layer);
        self.layer
    }
}

/// The principals of an admission; those of its scope first.
fn admitted(admission: &Admission, strings: &mut Strings, column: &mut Column<ItemId, u32>) {
    let lists = [
        (Scope::Project, &admission.projects),
        (Scope::User, &admission.users),
        (Scope::Group, &admission.groups),
        (Scope::Workflow, &admission.workflows),
    ];
    for (scope, names) in lists {
        for name in names {
            column.push(Principal::new(scope, strings.intern(name.as_str())).0);
        }
    }
}

fn scope_bits(scope: Scope) -> u8 {
    let position = Scope::ALL.iter().position(|known| *known == scope);
    position.and_then(|position| u8::try_from(position).ok()).unwrap_or(flags::SCOPE)
}

fn by_name<T>(parts: &[T], name: impl Fn(&T) -> &Name) -> Vec<&T> {
    let mut parts: Vec<&T> = parts.iter().collect();
    parts.sort_by(|a, b| name(a).cmp(name(b)));
    parts
}

/// Who may be admitted to a service at all: a superset, which time and endpoint may narrow.
fn principals(layer: &Layer, service: ServiceId) -> Vec<Principal> {
    let instance = layer.service_instance.at(service);
    if layer.instance_scope(instance) != Scope::Global {
        let listed = layer.instance_principal.slice(layer.instance_admitted.range(instance));
        return of_scope(layer.instance_scope(instance), listed);
    }
    let open = matches!(layer.auth(service), Some(Auth::None | Auth::Optional));
    let everybody = vec![Principal::EVERYBODY];
    if open {
        return everybody;
    }
    let mut principals = Vec::new();
    let mut any = false;
    let endpoints = layer.service_endpoints.of(service).map(Some).chain([None]);
    for profile in endpoints.flat_map(|endpoint| layer.applicable_profiles(service, endpoint).collect::<Vec<_>>()) {
        any = true;
        let scope = layer.profile_scope(profile);
        if scope == Scope::Global {
            return everybody;
        }
        principals.extend(of_scope(scope, layer.profile_principal.slice(layer.profile_admitted.range(profile))));
    }
    if !any {
        return everybody;
    }
    principals.sort_unstable();
    principals.dedup();
    principals
}

fn of_scope(scope: Scope, listed: &[u32]) -> Vec<Principal> {
    listed.iter().map(|number| Principal(*number)).filter(|principal| principal.scope() == scope).collect()
}

fn postings(layer: &Layer) -> Postings {
    let mut lists: HashMap<Segment, Vec<ServiceId>> = HashMap::new();
    let count = u32::try_from(layer.service_name.len()).unwrap_or(u32::MAX);
    for service in (0..count).map(ServiceId) {
        let instance = layer.service_instance.at(service);
        let extension = layer.instance_extension.at(instance);
        let location = layer.instance_location.at(instance);
        let mut endpoints = layer.service_endpoints.of(service);
        let anywhere = endpoints.len() == 0
            || endpoints.any(|endpoint| {
                matches!(layer.endpoint_type(endpoint), EndpointType::External | EndpointType::Remote)
            });
        let keys = [
            (Key::Type, layer.service_type.at(service)),
            (Key::Category, layer.service_category.at(service)),
            (Key::Product, layer.extension_product.at(extension)),
        ];
        for principal in principals(layer, service) {
            for (kind, symbol) in keys.into_iter().filter(|(_, symbol)| *symbol != NONE) {
                lists.entry(Segment::new(kind, symbol, principal, location.0 + 1)).or_default().push(service);
                if anywhere {
                    lists.entry(Segment::new(kind, symbol, principal, ANYWHERE)).or_default().push(service);
                }
            }
        }
    }
    let mut lists: Vec<(Segment, Vec<ServiceId>)> = lists.into_iter().collect();
    lists.sort_unstable_by_key(|(segment, _)| *segment);
    for (_, services) in &mut lists {
        services.sort_by(|a, b| order(layer, *a, *b));
    }
    Postings::new(lists)
}

/// Best first as far as that does not depend on the caller's zone; then by product and scheme of
/// the version, so that comparable versions stand together; then by number, which is by name.
fn order(layer: &Layer, a: ServiceId, b: ServiceId) -> Ordering {
    let (left, right) = (layer.service_instance.at(a), layer.service_instance.at(b));
    rank::static_group(layer, left)
        .cmp(&rank::static_group(layer, right))
        .then_with(|| match (layer.version(left), layer.version(right)) {
            (Some(left), Some(right)) => right
                .compare(left)
                .unwrap_or(Ordering::Equal)
                .then_with(|| left.as_str().cmp(right.as_str())),
            _ => Ordering::Equal,
        })
        .then(a.cmp(&b))
}
