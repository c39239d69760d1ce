use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    name::Name,
    secret::{SecretValue, WrappedKey},
    version::Version,
};

/// A tool as the registry knows it: a product and the installations of it, under one name.
///
/// Serialises in the extended form, with every secret as [`REDACTED`](crate::REDACTED): what is
/// printed can be applied again and changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extension {
    /// The record's name, unique in a registry.
    pub name: Name,
    /// What is installed, e.g. `mlflow`; versions compare only within one product.
    pub product: Name,
    /// One line for people; at most 1,000 characters.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub description: String,
    /// Free labels to select by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<Name, String>,
    /// Built in: changed or deleted only with an explicit override.
    #[serde(default, skip_serializing_if = "is_false")]
    pub immutable: bool,
    /// Configuration of every service of every instance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub configuration: Vec<ConfigurationEntry>,
    /// The installations.
    pub instances: Vec<Instance>,
}

/// One installation of a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Unique in the extension.
    pub name: Name,
    /// The installed version, when known. Written with its scheme, as the text alone is read in
    /// the scheme that the reader's catalogue names.
    #[serde(flatten, with = "version_fields")]
    pub version: Option<Version>,
    /// The zone it runs in: a cluster, a site. `local` is what a set-up with a single zone calls
    /// itself; `remote` is no caller's zone.
    pub location: Name,
    /// Preferred among equals.
    #[serde(default, skip_serializing_if = "is_false")]
    pub default: bool,
    /// Who may use the instance. Everybody when global.
    #[serde(flatten)]
    pub admission: Admission,
    /// Configuration of every service of the instance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub configuration: Vec<ConfigurationEntry>,
    /// What it offers.
    pub services: Vec<Service>,
    /// The accounts by which its services are reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<Profile>,
    /// The encrypted data key of the instance's sealed values; set by whoever seals them.
    #[serde(skip)]
    pub data_key: Option<WrappedKey>,
}

/// An API or UI that an instance offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Unique in the instance.
    pub name: Name,
    /// The service type, e.g. `s3` or `mlflow-tracking`: what a requirement asks for.
    #[serde(rename = "service")]
    pub service_type: Name,
    /// The class of tools that can stand in for each other, e.g. `object-storage`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Name>,
    /// One line for people.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub description: String,
    /// Whether an account is needed. Without it: required when a profile applies, else none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// Profiles of the instance that apply to this service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<Name>,
    /// Configuration of the service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub configuration: Vec<ConfigurationEntry>,
    /// The ways to reach it; all lead to the same API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<Endpoint>,
}

/// One way to reach a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Unique in the service.
    pub name: Name,
    /// The URL as written; none only for [`EndpointType::ClusterApi`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// From where it can be reached.
    #[serde(rename = "type")]
    pub endpoint_type: EndpointType,
    /// Preferred among equals.
    #[serde(default, skip_serializing_if = "is_false")]
    pub default: bool,
    /// Profiles of the instance that apply to this endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<Name>,
    /// Configuration of the endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub configuration: Vec<ConfigurationEntry>,
}

/// An account, and who may use it. Every value in it is secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Unique in the instance.
    pub name: Name,
    /// Who may use it.
    #[serde(flatten)]
    pub admission: Admission,
    /// Preferred among equals.
    #[serde(default, skip_serializing_if = "is_false")]
    pub default: bool,
    /// From this moment on it is not used any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The account's values, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub configuration: Vec<SecretEntry>,
}

/// Who is admitted: the scope says which list must name the caller; any other list that is given
/// must name the caller too (a `user` scope with `projects` is that user in those projects).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// The kind of caller that is admitted.
    #[serde(default, skip_serializing_if = "Scope::is_global")]
    pub scope: Scope,
    /// The projects that are admitted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<Name>,
    /// The users that are admitted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<Name>,
    /// The groups of which one must be the caller's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Name>,
    /// The workflows that are admitted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workflows: Vec<Name>,
}

impl Admission {
    /// The list that belongs to the scope; `None` for global, which has none.
    #[must_use]
    pub fn scope_list(&self) -> Option<&[Name]> {
        match self.scope {
            Scope::Global => None,
            Scope::Project => Some(&self.projects),
            Scope::User => Some(&self.users),
            Scope::Group => Some(&self.groups),
            Scope::Workflow => Some(&self.workflows),
        }
    }
}

/// One configuration value that everybody may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationEntry {
    /// The key.
    pub name: String,
    /// The value, or a `ref+` reference to it.
    pub value: String,
}

/// One configuration value of a profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecretEntry {
    /// The key.
    pub name: String,
    /// The value; never shown.
    pub value: SecretValue,
}

crate::choices! {
    /// From where an endpoint can be reached.
    pub enum EndpointType {
        /// From the zone of its instance only.
        Internal = "internal",
        /// From everywhere.
        External = "external",
        /// The Kubernetes API of the cluster the caller runs in; needs no URL.
        ClusterApi = "cluster-api",
        /// From everywhere: it stands in another place than every caller.
        Remote = "remote",
    }
}

crate::choices! {
    /// The kind of caller to whom a profile or an instance is open.
    #[derive(Default)]
    pub enum Scope {
        /// Everybody.
        #[default]
        Global = "global",
        /// The listed projects.
        Project = "project",
        /// The listed users.
        User = "user",
        /// The listed groups.
        Group = "group",
        /// The listed workflows.
        Workflow = "workflow",
    }
}

crate::choices! {
    /// Whether a service wants an account.
    pub enum Auth {
        /// No account, no access.
        Required = "required",
        /// An account is used when one is admitted.
        Optional = "optional",
        /// No account is used.
        None = "none",
    }
}

impl Scope {
    const fn is_global(&self) -> bool {
        matches!(self, Self::Global)
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// A version as the keys `version` and `version_scheme`.
mod version_fields {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use crate::version::{Scheme, Version};

    #[derive(Serialize, Deserialize)]
    struct Fields {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version_scheme: Option<Scheme>,
    }

    pub(super) fn serialize<S: Serializer>(
        version: &Option<Version>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text = version.as_ref().map(|version| version.as_str().to_owned());
        Fields {
            version: text,
            version_scheme: version.as_ref().map(Version::scheme),
        }
        .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Version>, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        fields
            .version
            .map(|text| match fields.version_scheme {
                Some(scheme) => Version::parse(&text, Some(scheme)),
                None => Version::infer(&text),
            })
            .transpose()
            .map_err(D::Error::custom)
    }
}
