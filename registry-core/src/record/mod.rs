//! Records of tools: the model, the forms they are written in, and the way from one to the other.

mod form;
mod model;
mod normalise;

pub(crate) use form::{
    EndpointForm, ExtensionForm, InstanceForm, KeyName, Pairs, ProfileForm, RawText, ServiceForm,
};
pub use form::{RecordForm, record_schema};
pub use model::{
    Admission, Auth, ConfigurationEntry, Endpoint, EndpointType, Extension, Instance, Profile,
    Scope, SecretEntry, Service,
};
pub use normalise::parse_records;
pub(crate) use normalise::{Reader, has_password};
