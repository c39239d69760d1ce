#![doc = include_str!("../README.md")]

mod analysis;
mod contract;
pub mod openapi;
mod python;
mod tree;

pub use analysis::{
    Analysis, Diagnostic, Entry, Options, SchemaMode, Stats, Target, analyse, schema,
};
pub use contract::{
    Callback, Certainty, Contract, Fact, Location, MediaType, Operation, Parameter, RequestBody,
    Response, Source, Streaming, UnknownFact,
};
pub use python::versions::{Assumed, LOCK_FILES, Version, Versions};
pub use tree::{MemoryTree, SourceTree};

#[doc(hidden)]
pub use python::parse_alone;

/// Differs between analysers whose sources differ: what one made must not be taken for what
/// another would make.
pub const FINGERPRINT: &str = env!("HITCHPOST_SCHEMA_GEN_FINGERPRINT");
