//! One frozen, indexed set of records.

use hitchpost_registry_core::{Auth, EndpointType, Name, Scope, Version};

use super::{
    column::{Column, Id, Raw, Runs, ids},
    entries::Entries,
    postings::Postings,
    strings::{Strings, Symbol},
};
use crate::stage::rank::Prefix;

ids! {
    /// An extension; numbered in order of names.
    pub(crate) struct ExtensionId;
    /// An instance; those of an extension follow each other.
    pub(crate) struct InstanceId;
    /// A service; those of an instance follow each other.
    pub(crate) struct ServiceId;
    /// An endpoint; those of a service follow each other.
    pub(crate) struct EndpointId;
    /// A profile; those of an instance follow each other.
    pub(crate) struct ProfileId;
    /// A distinct version, plus one; 0 is none.
    pub(crate) struct VersionId;
    /// A service's place when all are sorted, best first as far as that does not depend on the
    /// caller: by group, then the higher version, then by name.
    pub(crate) struct Rank;
    /// A group of instances within which versions compare, and nothing else tells them apart but
    /// the caller's zone; less is better.
    pub(crate) struct GroupId;
    /// A run of ranks: services of one group and version.
    pub(crate) struct RunId;
    /// An admitted principal, a referenced profile or a label: a row of a list.
    pub(crate) struct ItemId;
}

/// Symbol 0 is the empty text: the absence of an optional name.
pub(crate) const NONE: Symbol = Symbol(0);

macro_rules! columns {
    ($($(#[$doc:meta])* $field:ident : $type:ty,)+) => {
        /// The columns of a layer.
        #[derive(Debug, Default)]
        pub(crate) struct Layer {
            pub(crate) strings: Strings,
            pub(crate) postings: Postings,
            /// The distinct versions, parsed; [`VersionId`] counts from 1.
            pub(crate) versions: Vec<Version>,
            $($(#[$doc])* pub(crate) $field: $type,)+
        }

        impl Layer {
            /// What the layer takes, in bytes: the texts, and everything else.
            pub(crate) fn memory(&self) -> (usize, usize) {
                let columns = 0 $(+ self.$field.size())+;
                let versions = self.versions.len() * size_of::<Version>();
                (self.strings.text_bytes(), columns + versions + self.strings.overhead() + self.postings.size())
            }

            pub(super) fn write_columns(&self, image: &mut Vec<u8>) {
                $(self.$field.write(image);)+
            }

            pub(super) fn read_columns(strings: Strings, postings: Postings, versions: Vec<Version>, image: &mut &[u8]) -> Option<Self> {
                Some(Self { strings, postings, versions, $($field: <$type>::read(image)?,)+ })
            }
        }
    };
}

columns! {
    extension_product: Column<ExtensionId, Symbol>,
    extension_revision: Column<ExtensionId, u64>,
    extension_instances: Runs<ExtensionId, InstanceId>,
    extension_labels: Runs<ExtensionId, ItemId>,
    extension_entries: Entries<ExtensionId>,
    /// Labels as `name=value`.
    label: Column<ItemId, Symbol>,

    instance_extension: Column<InstanceId, ExtensionId>,
    instance_name: Column<InstanceId, Symbol>,
    instance_location: Column<InstanceId, Symbol>,
    instance_version: Column<InstanceId, VersionId>,
    instance_group: Column<InstanceId, GroupId>,
    /// The first rank behind each group.
    group_end: Column<GroupId, u32>,
    /// Services in order of their ranks.
    ranked: Column<Rank, Ranked>,
    runs: Column<RunId, Run>,
    /// In order of the symbols of their names.
    instance_by_name: Column<ItemId, InstanceId>,
    /// Within a scheme, the higher version has the higher number.
    version_level: Column<VersionId, u32>,
    /// See [`flags`].
    instance_flags: Column<InstanceId, u8>,
    instance_data_key: Column<InstanceId, Symbol>,
    instance_admitted: Runs<InstanceId, ItemId>,
    instance_services: Runs<InstanceId, ServiceId>,
    instance_profiles: Runs<InstanceId, ProfileId>,
    instance_entries: Entries<InstanceId>,
    /// Principals of instances; see [`Principal`].
    instance_principal: Column<ItemId, u32>,

    service_instance: Column<ServiceId, InstanceId>,
    service_name: Column<ServiceId, Symbol>,
    service_type: Column<ServiceId, Symbol>,
    service_category: Column<ServiceId, Symbol>,
    /// The position in [`Auth::ALL`].
    service_auth: Column<ServiceId, u8>,
    service_endpoints: Runs<ServiceId, EndpointId>,
    service_references: Runs<ServiceId, ItemId>,
    service_entries: Entries<ServiceId>,
    service_reference: Column<ItemId, ProfileId>,

    endpoint_name: Column<EndpointId, Symbol>,
    endpoint_url: Column<EndpointId, Symbol>,
    /// The position in [`EndpointType::ALL`], plus 128 when it is a default.
    endpoint_kind: Column<EndpointId, u8>,
    endpoint_references: Runs<EndpointId, ItemId>,
    endpoint_entries: Entries<EndpointId>,
    endpoint_reference: Column<ItemId, ProfileId>,

    profile_name: Column<ProfileId, Symbol>,
    /// See [`flags`].
    profile_flags: Column<ProfileId, u8>,
    /// Microseconds since 1970; `i64::MAX` for never.
    profile_expires: Column<ProfileId, i64>,
    profile_admitted: Runs<ProfileId, ItemId>,
    profile_entries: Entries<ProfileId>,
    profile_principal: Column<ItemId, u32>,
}

/// The service of a rank.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ranked {
    pub(crate) service: ServiceId,
    pub(crate) run: RunId,
}

impl Raw for Ranked {
    const SIZE: usize = 8;

    fn put(self, image: &mut Vec<u8>) {
        self.service.put(image);
        self.run.put(image);
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let (service, run) = bytes.split_at_checked(4).unwrap_or_default();
        Self {
            service: ServiceId::from_bytes(service),
            run: RunId::from_bytes(run),
        }
    }
}

/// What a search reads of a run, in one place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Run {
    /// The first rank behind it.
    pub(crate) end: u32,
    pub(crate) group: GroupId,
    pub(crate) version: VersionId,
    /// What ranks before the version but for the zone.
    pub(crate) prefix: Prefix,
}

impl Raw for Run {
    const SIZE: usize = 16;

    fn put(self, image: &mut Vec<u8>) {
        [self.end, self.group.0, self.version.0, self.prefix.bits()].put(image);
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let [end, group, version, prefix] = <[u32; 4]>::from_bytes(bytes);
        Self {
            end,
            group: GroupId(group),
            version: VersionId(version),
            prefix: Prefix::from_bits(prefix),
        }
    }
}

/// Bits of the flag columns.
pub(crate) mod flags {
    /// The lowest bits: the position in [`Scope::ALL`](hitchpost_registry_core::Scope::ALL).
    pub(crate) const SCOPE: u8 = 0b111;
    /// Marked `default: true`.
    pub(crate) const DEFAULT: u8 = 0b1000;
    /// An instance's version is a pre-release.
    pub(crate) const PRERELEASE: u8 = 0b1_0000;
    /// A profile is referenced by a service or endpoint, and applies only there.
    pub(crate) const REFERENCED: u8 = 0b10_0000;
}

impl Layer {
    pub(crate) fn extension(&self, name: &str) -> Option<ExtensionId> {
        self.extension_named(self.strings.find(name)?)
    }

    /// Names of extensions have the first symbols, in their order.
    pub(crate) fn extension_name(&self, extension: ExtensionId) -> Symbol {
        Symbol(extension.0.saturating_add(1))
    }

    pub(crate) fn extension_named(&self, name: Symbol) -> Option<ExtensionId> {
        let extension = ExtensionId(name.0.checked_sub(1)?);
        (extension.index() < self.extension_product.len()).then_some(extension)
    }

    pub(crate) fn instances(&self) -> impl Iterator<Item = InstanceId> + use<> {
        (0..u32::try_from(self.instance_name.len()).unwrap_or(u32::MAX)).map(InstanceId)
    }

    /// The instances of a name.
    pub(crate) fn instances_named(&self, name: Symbol) -> &[InstanceId] {
        self.instance_by_name
            .equal(|instance| self.instance_name.at(*instance).cmp(&name))
    }

    pub(crate) fn text(&self, symbol: Symbol) -> &str {
        self.strings.get(symbol)
    }

    pub(crate) fn version(&self, instance: InstanceId) -> Option<&Version> {
        self.version_of(self.instance_version.at(instance))
    }

    pub(crate) fn version_of(&self, id: VersionId) -> Option<&Version> {
        self.versions.get(id.index().checked_sub(1)?)
    }

    pub(crate) fn instance_scope(&self, instance: InstanceId) -> Scope {
        scope(self.instance_flags.at(instance))
    }

    pub(crate) fn profile_scope(&self, profile: ProfileId) -> Scope {
        scope(self.profile_flags.at(profile))
    }

    /// Whether a service wants an account: as it says, or else by its profiles.
    pub(crate) fn auth(&self, service: ServiceId) -> Auth {
        Auth::ALL
            .get(usize::from(self.service_auth.at(service)))
            .copied()
            .unwrap_or(Auth::Required)
    }

    pub(crate) fn endpoint_type(&self, endpoint: EndpointId) -> EndpointType {
        let position = usize::from(self.endpoint_kind.at(endpoint) & 0x7f);
        EndpointType::ALL
            .get(position)
            .copied()
            .unwrap_or(EndpointType::Internal)
    }

    pub(crate) fn endpoint_is_default(&self, endpoint: EndpointId) -> bool {
        self.endpoint_kind.at(endpoint) & 0x80 != 0
    }

    /// The profiles that apply to a service reached through an endpoint: those referenced there,
    /// and those referenced nowhere.
    pub(crate) fn applicable_profiles(
        &self,
        service: ServiceId,
        endpoint: Option<EndpointId>,
    ) -> impl Iterator<Item = ProfileId> + '_ {
        let instance = self.service_instance.at(service);
        let here = self
            .service_reference
            .slice(self.service_references.range(service));
        let there = endpoint.map_or(&[][..], |endpoint| {
            self.endpoint_reference
                .slice(self.endpoint_references.range(endpoint))
        });
        self.instance_profiles.of(instance).filter(move |profile| {
            self.profile_flags.at(*profile) & flags::REFERENCED == 0
                || here.contains(profile)
                || there.contains(profile)
        })
    }
}

/// A label as one text: a name has no `=`.
pub(crate) fn label_text(name: &Name, value: &str) -> String {
    [name.as_str(), "=", value].concat()
}

fn scope(flags: u8) -> Scope {
    Scope::ALL
        .get(usize::from(flags & flags::SCOPE))
        .copied()
        .unwrap_or(Scope::Workflow)
}

/// A principal: a project, user, group or workflow by name, as one number.
///
/// The lowest two bits are the kind, the others the name's symbol; 0 would be a project without
/// a name and stands for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Principal(pub(crate) u32);

impl Principal {
    pub(crate) const EVERYBODY: Self = Self(0);
    /// Admits no caller; what it may do is looked up only to be explained.
    pub(crate) const NOBODY: Self = Self(u32::MAX);

    pub(crate) fn new(scope: Scope, name: Symbol) -> Self {
        let kind = match scope {
            Scope::Global | Scope::Project => 0,
            Scope::User => 1,
            Scope::Group => 2,
            Scope::Workflow => 3,
        };
        Self(name.0 << 2 | kind)
    }

    pub(crate) fn scope(self) -> Scope {
        match self.0 & 3 {
            0 => Scope::Project,
            1 => Scope::User,
            2 => Scope::Group,
            _ => Scope::Workflow,
        }
    }

    pub(crate) fn name(self) -> Symbol {
        Symbol(self.0 >> 2)
    }
}
