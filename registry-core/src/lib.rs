#![doc = include_str!("../README.md")]

mod catalogue;
mod diagnostic;
mod document;
pub mod import;
mod name;
mod record;
mod reference;
mod secret;
mod template;
mod version;

pub use catalogue::{
    Catalogue, CatalogueProduct, CatalogueService, ConfigurationKey, HealthCheck, Projection,
    catalogue_schema,
};
pub use diagnostic::{
    Code, Diagnostic, Diagnostics, Excerpt, Location, MAX_FINDINGS, ParseCodeError, Severity, Span,
};
pub use document::{
    Document, Key, MAX_DEPTH, MAX_NODES, MAX_SOURCE_BYTES, Node, NodeValue, ScalarKind, decode,
};
pub use name::{Name, NameError};
pub use record::{
    Admission, Auth, ConfigurationEntry, Endpoint, EndpointType, Extension, Instance, Profile,
    RecordForm, Scope, SecretEntry, Service, parse_records, record_schema,
};
pub use reference::{Reference, ReferenceError, is_reference};
pub use secret::{REDACTED, Sealed, SealedSecret, SecretValue, WrappedKey};
pub use template::{Part, Placeholder, Template, TemplateError, UrlPart};
pub use version::*;
