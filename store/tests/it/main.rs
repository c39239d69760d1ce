//! The store: one behaviour on every backend, and what only a database on disk can show.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure of a test's own functions is the report as well"
)]

mod behaviour;
mod crash;
mod damage;
mod database;
mod keys;
mod opening;
