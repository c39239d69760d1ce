//! Tests of the crate as its users see it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a failure of a test is the report"
)]

mod bound;
mod consumer;
mod export;
mod founding;
mod generate;
mod laws;
mod lock;
mod oracle;
mod rules;
mod scenario;
mod workflow;

use std::sync::Arc;

use hitchpost_registry_core::{Catalogue, Extension, Name};
use hitchpost_resolver::Snapshot;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn snapshot(records: &[Extension]) -> Snapshot {
    let catalogue = Arc::new(Catalogue::default());
    Snapshot::build(1, records.iter().map(|record| (record, 1)), catalogue)
}
