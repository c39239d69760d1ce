//! Contracts as OpenAPI documents.

pub mod v30;
pub mod v31;
