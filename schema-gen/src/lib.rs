//! Derives a service's contract from its source, without running it.
//!
//! Sources come in as text through a [`SourceTree`]; what goes out is a [`Contract`], the OpenAPI
//! document that says the same, and [`Diagnostic`]s for everything that could not be known.
//!
//! ```
//! use hitchpost_schema_gen::{Entry, MemoryTree, Options, analyse};
//!
//! let tree: MemoryTree = [(
//!     "app/main.py",
//!     "from fastapi import FastAPI\napp = FastAPI(title=\"Shop\")\n",
//! )]
//! .into_iter()
//! .collect();
//! let analysis = analyse(&tree, &Entry::parse("app/main.py:app"), &Options::default());
//! let document = analysis.document.ok_or("no application")?;
//! assert_eq!(document["info"]["title"], "Shop");
//! # Ok::<(), &str>(())
//! ```

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
