//! Tests of the harness, and tests that need several crates.

#![expect(clippy::unwrap_used, reason = "a failure in a test is the report")]

mod postgres;
