//! The model registry: one behaviour on both databases.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure of a test's own functions is the report as well"
)]

mod http;

mod crash;
mod database;
mod filters;
mod metrics;
mod resources;
mod searches;
