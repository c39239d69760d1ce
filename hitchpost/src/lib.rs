#![doc = include_str!("../README.md")]

#[doc(hidden)]
pub mod http;
pub mod openapi;
mod reference;
mod registry;
mod secrets;
mod source;
mod verify;

pub use hitchpost_registry_core as core;
pub use hitchpost_registry_core::{
    Catalogue, Diagnostic, Diagnostics, Extension, Name, SecretValue, parse_records,
};
pub use hitchpost_resolver as resolver;
pub use hitchpost_resolver::{
    Binding, Explanation, Failure, FailureCode, OnAmbiguity, Pin, Requirement, Resolution,
    RunContext, Secret, Selector, Snapshot, Zone, parse_requirements,
};
pub use openapi::openapi;
pub use reference::{ReferenceFailure, ReferencePolicy, ReferenceResolveError};
pub use registry::{Registry, RegistryError, RevealError};
pub use secrets::{KeyError, KeyId, KeyOrigin, Keyring, OpenError, SealError, SecretPlace};
pub use source::{Source, SourceError, has_error, read_records, user_catalogue, who};
pub use verify::{Credentials, EndpointReport, Outcome};
