//! The real program, in a home folder of its own.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure of a test's own functions is the report as well"
)]

mod changing;
mod choosing;
mod handing_over;
mod hostile;
mod model_registry;
mod openapi;
mod readme;
mod support;
mod telling;
