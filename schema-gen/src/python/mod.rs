//! The Python front end.

mod ahead;
mod entry;
mod fastapi;
mod interp;
mod library;
mod pydantic;
mod syntax;
mod value;
pub(crate) mod versions;

pub(crate) use entry::{analyse, schema};
pub use syntax::parse_alone;
