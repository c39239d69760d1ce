//! What the tests of several crates share, and the tests that need several crates.
//!
//! [`postgres`] starts a real PostgreSQL server for the life of a test binary:
//!
//! ```
//! let server = hitchpost_tests::postgres::shared()?;
//! let url = server.create_database("notes")?;
//! assert!(url.starts_with("postgres://"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The program `postgres-for-tests` does the same around a command, for tests that are not
//! written in Rust.

pub mod postgres;
