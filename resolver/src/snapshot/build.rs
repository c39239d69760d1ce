//! Records → a layer.

use std::{cmp::Ordering, collections::HashMap};

use hitchpost_registry_core::{
    Admission, Auth, ConfigurationEntry, EndpointType, Extension, Instance, Name, Profile, Scope,
    SecretEntry, SecretValue, Service, Version, is_reference,
};
use secrecy::ExposeSecret;

use super::{
    column::Column,
    entries::{Entry, Held},
    layer::{
        GroupId, InstanceId, ItemId, Layer, NONE, Principal, ProfileId, Rank, Ranked, Run,
        ServiceId, VersionId, flags, label_text,
    },
    postings::{ANYWHERE, Key, Postings, PostingsBuilder, Segment},
    strings::{Strings, Symbol},
};
use crate::stage::rank::{self, Prefix};

/// Builds a layer; the order of the records is irrelevant, and no two have one name.
pub(super) fn build<'r>(records: impl IntoIterator<Item = (&'r Extension, u64)>) -> Layer {
    let mut records: Vec<(&Extension, u64)> = records.into_iter().collect();
    records.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    records.dedup_by(|a, b| a.0.name == b.0.name);
    let mut builder = Builder::default();
    builder.layer.strings.intern("");
    // The symbol of an extension's name follows from its number.
    for (record, _) in &records {
        builder.intern(&record.name);
    }
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
        let product = self.intern(&record.product);
        let id = self.layer.extension_product.push(product);
        self.layer.extension_revision.push(revision);
        for (label, value) in &record.labels {
            let label = self.layer.strings.intern(&label_text(label, value));
            self.layer.label.push(label);
        }
        self.layer.extension_labels.close(self.layer.label.len());
        let entries = self.entries(&record.configuration);
        self.layer.extension_entries.push(entries);
        // Instances, services and endpoints in order of names, so that ids order as names do.
        for instance in by_name(&record.instances, |instance| &instance.name) {
            let row = self.layer.instance_extension.push(id);
            self.instance(row, instance);
        }
        self.layer
            .extension_instances
            .close(self.layer.instance_extension.len());
    }

    fn instance(&mut self, row: InstanceId, instance: &'r Instance) {
        let name = self.intern(&instance.name);
        let location = self.intern(&instance.location);
        let version = instance
            .version
            .as_ref()
            .map_or(VersionId(0), |version| self.version(version));
        self.layer.instance_name.push(name);
        self.layer.instance_location.push(location);
        self.layer.instance_version.push(version);
        let mut bits = scope_bits(instance.admission.scope);
        if instance.default {
            bits |= flags::DEFAULT;
        }
        if instance
            .version
            .as_ref()
            .is_some_and(Version::is_prerelease)
        {
            bits |= flags::PRERELEASE;
        }
        self.layer.instance_flags.push(bits);
        let data_key = instance
            .data_key
            .as_ref()
            .map_or(NONE, |key| self.layer.strings.push(key.as_bytes()));
        self.layer.instance_data_key.push(data_key);
        admitted(
            &instance.admission,
            &mut self.layer.strings,
            &mut self.layer.instance_principal,
        );
        self.layer
            .instance_admitted
            .close(self.layer.instance_principal.len());
        let entries = self.entries(&instance.configuration);
        self.layer.instance_entries.push(entries);

        let mut profiles: HashMap<&Name, ProfileId> = HashMap::new();
        for profile in by_name(&instance.profiles, |profile| &profile.name) {
            let id = self.profile(profile);
            profiles.insert(&profile.name, id);
        }
        self.layer
            .instance_profiles
            .close(self.layer.profile_name.len());
        for service in by_name(&instance.services, |service| &service.name) {
            self.service(row, service, &profiles);
        }
        self.layer
            .instance_services
            .close(self.layer.service_name.len());
        // Only now is it known which profiles are referenced somewhere.
        for (service, id) in by_name(&instance.services, |service| &service.name)
            .into_iter()
            .zip(self.layer.instance_services.of(row))
        {
            let auth = service
                .auth
                .unwrap_or_else(|| default_auth(&self.layer, id));
            let position = Auth::ALL.iter().position(|known| *known == auth);
            self.layer.service_auth.push(
                position
                    .and_then(|position| u8::try_from(position).ok())
                    .unwrap_or(0),
            );
        }
    }

    fn version(&mut self, version: &'r Version) -> VersionId {
        let layer = &mut self.layer;
        *self.versions.entry(version).or_insert_with(|| {
            layer.versions.push(version.clone());
            VersionId(u32::try_from(layer.versions.len()).unwrap_or(u32::MAX))
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
        let expires = profile
            .expires_at
            .map_or(i64::MAX, |time| time.as_microsecond());
        self.layer.profile_expires.push(expires);
        admitted(
            &profile.admission,
            &mut self.layer.strings,
            &mut self.layer.profile_principal,
        );
        self.layer
            .profile_admitted
            .close(self.layer.profile_principal.len());
        let mut entries = Vec::with_capacity(profile.configuration.len());
        for SecretEntry { name, value } in &profile.configuration {
            let (held, value) = match value {
                SecretValue::Sealed(sealed) => {
                    (Held::Sealed, self.layer.strings.push(sealed.as_bytes()))
                }
                SecretValue::Plain(plain) => (
                    Held::Secret,
                    self.layer.strings.push(plain.expose_secret().as_bytes()),
                ),
                _ => (Held::Secret, NONE),
            };
            entries.push(Entry {
                name: self.layer.strings.intern(name),
                value,
                held,
            });
        }
        self.layer.profile_entries.push(entries);
        id
    }

    fn service(
        &mut self,
        instance: InstanceId,
        service: &Service,
        profiles: &HashMap<&Name, ProfileId>,
    ) {
        let name = self.intern(&service.name);
        let service_type = self.intern(&service.service_type);
        let category = service
            .category
            .as_ref()
            .map_or(NONE, |category| self.intern(category));
        self.layer.service_instance.push(instance);
        self.layer.service_name.push(name);
        self.layer.service_type.push(service_type);
        self.layer.service_category.push(category);
        for endpoint in by_name(&service.endpoints, |endpoint| &endpoint.name) {
            let name = self.intern(&endpoint.name);
            let url = endpoint
                .url
                .as_ref()
                .map_or(NONE, |url| self.layer.strings.push(url.as_bytes()));
            let kind = EndpointType::ALL
                .iter()
                .position(|kind| *kind == endpoint.endpoint_type);
            let kind = kind.and_then(|kind| u8::try_from(kind).ok()).unwrap_or(0);
            self.layer.endpoint_name.push(name);
            self.layer.endpoint_url.push(url);
            self.layer
                .endpoint_kind
                .push(kind | u8::from(endpoint.default) << 7);
            for profile in endpoint
                .profiles
                .iter()
                .filter_map(|name| profiles.get(name))
            {
                self.layer.endpoint_reference.push(*profile);
                self.referenced(*profile);
            }
            self.layer
                .endpoint_references
                .close(self.layer.endpoint_reference.len());
            let entries = self.entries(&endpoint.configuration);
            self.layer.endpoint_entries.push(entries);
        }
        self.layer
            .service_endpoints
            .close(self.layer.endpoint_name.len());
        for profile in service
            .profiles
            .iter()
            .filter_map(|name| profiles.get(name))
        {
            self.layer.service_reference.push(*profile);
            self.referenced(*profile);
        }
        self.layer
            .service_references
            .close(self.layer.service_reference.len());
        let entries = self.entries(&service.configuration);
        self.layer.service_entries.push(entries);
    }

    fn referenced(&mut self, profile: ProfileId) {
        let bits = self.layer.profile_flags.at(profile);
        self.layer
            .profile_flags
            .set(profile, bits | flags::REFERENCED);
    }

    fn entries(&mut self, entries: &[ConfigurationEntry]) -> Vec<Entry> {
        let strings = &mut self.layer.strings;
        let one = |ConfigurationEntry { name, value }: &ConfigurationEntry| Entry {
            name: strings.intern(name),
            value: strings.push(value.as_bytes()),
            held: if is_reference(value) {
                Held::Secret
            } else {
                Held::Public
            },
        };
        entries.iter().map(one).collect()
    }

    fn finish(mut self) -> Layer {
        let layer = &mut self.layer;
        rank_versions(layer);
        group_instances(layer);
        index_names(layer);
        rank_services(layer);
        layer.postings = postings(layer);
        self.layer
    }
}

/// Numbers the versions of each scheme in their order; those that are equal or do not compare
/// share a number.
fn rank_versions(layer: &mut Layer) {
    let mut sorted: Vec<(&Version, usize)> = layer.versions.iter().zip(1..).collect();
    sorted.sort_by(|(a, _), (b, _)| {
        a.scheme()
            .cmp(&b.scheme())
            .then(a.compare(b).unwrap_or(Ordering::Equal))
    });
    let mut levels = vec![0; layer.versions.len() + 1];
    let mut level = 0;
    let mut before: Option<&Version> = None;
    for (version, id) in sorted {
        let is_same = before.is_some_and(|before| {
            before.scheme() == version.scheme()
                && before.compare(version).is_none_or(Ordering::is_eq)
        });
        if !is_same {
            level += 1;
        }
        if let Some(place) = levels.get_mut(id) {
            *place = level;
        }
        before = Some(version);
    }
    for level in levels {
        layer.version_level.push(level);
    }
}

/// Numbers the instances of one prefix, product and scheme alike, in the order of the prefixes.
fn group_instances(layer: &mut Layer) {
    let mut keys: Vec<_> = layer
        .instances()
        .map(|instance| (rank::group_key(layer, instance), instance))
        .collect();
    keys.sort_unstable();
    layer.instance_group.resize(keys.len());
    let mut group = 0;
    let mut before = None;
    for (key, instance) in keys {
        group += u32::from(before.is_some_and(|before| before != key));
        before = Some(key);
        layer.group_end.resize(group as usize + 1);
        layer.instance_group.set(instance, GroupId(group));
    }
}

/// Lists the instances by name.
fn index_names(layer: &mut Layer) {
    let mut instances: Vec<InstanceId> = layer.instances().collect();
    instances.sort_unstable_by_key(|instance| (layer.instance_name.at(*instance), *instance));
    for instance in instances {
        layer.instance_by_name.push(instance);
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
    position
        .and_then(|position| u8::try_from(position).ok())
        .unwrap_or(flags::SCOPE)
}

fn by_name<T>(parts: &[T], name: impl Fn(&T) -> &Name) -> Vec<&T> {
    let mut parts: Vec<&T> = parts.iter().collect();
    parts.sort_by(|a, b| name(a).cmp(name(b)));
    parts
}

/// Whether a service that does not say wants an account: when any profile applies to it or to one
/// of its endpoints.
fn default_auth(layer: &Layer, service: ServiceId) -> Auth {
    let mut ways = std::iter::once(None).chain(layer.service_endpoints.of(service).map(Some));
    if ways.any(|endpoint| {
        layer
            .applicable_profiles(service, endpoint)
            .next()
            .is_some()
    }) {
        Auth::Required
    } else {
        Auth::None
    }
}

/// Who may be admitted to a service at all: a superset, which time and endpoint may narrow.
fn principals(layer: &Layer, service: ServiceId) -> Vec<Principal> {
    let instance = layer.service_instance.at(service);
    let mut principals = Vec::new();
    if layer.instance_scope(instance) != Scope::Global {
        let listed = layer
            .instance_principal
            .slice(layer.instance_admitted.range(instance));
        principals.extend(of_scope(layer.instance_scope(instance), listed));
    } else if layer.auth(service) != Auth::Required {
        return vec![Principal::EVERYBODY];
    } else {
        let endpoints = layer.service_endpoints.of(service).map(Some).chain([None]);
        for profile in endpoints.flat_map(|endpoint| layer.applicable_profiles(service, endpoint)) {
            let scope = layer.profile_scope(profile);
            if scope == Scope::Global {
                return vec![Principal::EVERYBODY];
            }
            principals.extend(of_scope(
                scope,
                layer
                    .profile_principal
                    .slice(layer.profile_admitted.range(profile)),
            ));
        }
    }
    if principals.is_empty() {
        return vec![Principal::NOBODY];
    }
    principals.sort_unstable();
    principals.dedup();
    principals
}

fn of_scope(scope: Scope, listed: &[u32]) -> impl Iterator<Item = Principal> {
    listed
        .iter()
        .map(|number| Principal(*number))
        .filter(move |principal| principal.scope() == scope)
}

/// Sorts the services by rank.
fn rank_services(layer: &mut Layer) {
    let count = u32::try_from(layer.service_name.len()).unwrap_or(u32::MAX);
    let mut ranked: Vec<_> = (0..count)
        .map(|service| {
            let instance = layer.service_instance.at(ServiceId(service));
            let version = layer.instance_version.at(instance);
            // Of equal versions by their text, so that those of one text follow each other; the
            // number of a service is its place by name.
            (
                layer.instance_group.at(instance),
                !layer.version_level.at(version),
                version,
                service,
            )
        })
        .collect();
    ranked.sort_unstable();
    for run in ranked.chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2)) {
        let Some((group, _, version, first)) = run.first().copied() else {
            continue;
        };
        let end = layer.ranked.len() + run.len();
        let end = u32::try_from(end).unwrap_or(u32::MAX);
        layer.group_end.set(group, end);
        let id = layer.runs.push(Run {
            end,
            group,
            version,
            prefix: Prefix::without_zone(layer, layer.service_instance.at(ServiceId(first))),
        });
        for (_, _, _, service) in run {
            layer.ranked.push(Ranked {
                service: ServiceId(*service),
                run: id,
            });
        }
    }
}

fn postings(layer: &Layer) -> Postings {
    let mut builder = PostingsBuilder::default();
    for rank in (0..u32::try_from(layer.ranked.len()).unwrap_or(u32::MAX)).map(Rank) {
        let service = layer.ranked.at(rank).service;
        let instance = layer.service_instance.at(service);
        let extension = layer.instance_extension.at(instance);
        let mut endpoints = layer.service_endpoints.of(service);
        let anywhere = endpoints.len() == 0
            || endpoints.any(|endpoint| {
                matches!(
                    layer.endpoint_type(endpoint),
                    EndpointType::External | EndpointType::Remote
                )
            });
        let keys = [
            (Key::Any, NONE),
            (Key::Type, layer.service_type.at(service)),
            (Key::Name, layer.service_name.at(service)),
            (Key::Category, layer.service_category.at(service)),
            (Key::Product, layer.extension_product.at(extension)),
        ];
        let zones = [
            Some(layer.instance_location.at(instance).0 + 1),
            anywhere.then_some(ANYWHERE),
        ];
        let labels = layer
            .extension_labels
            .of(extension)
            .map(|label| (Key::Label, layer.label.at(label)));
        let named_as_type = layer.service_name.at(service) == layer.service_type.at(service);
        let keys: Vec<(Key, Symbol)> = keys
            .into_iter()
            .filter(|(kind, symbol)| match kind {
                Key::Any => true,
                Key::Name => !named_as_type,
                _ => *symbol != NONE,
            })
            .chain(labels)
            .collect();
        for principal in principals(layer, service) {
            for (kind, symbol) in keys.iter().copied() {
                for zone in zones.into_iter().flatten() {
                    builder.push(Segment::new(kind, symbol, principal, zone), rank);
                }
            }
        }
    }
    builder.finish()
}
