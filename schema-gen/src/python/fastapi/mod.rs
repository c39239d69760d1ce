//! FastAPI: its classes as Python of ours that the evaluator runs, and the reading of what a
//! service registered with them.
//!
//! Behaviour is that of FastAPI 0.165; each rule names the module of FastAPI that has it.

mod body;
mod class;
mod dependant;
mod describe;
mod document;
mod encode;
mod field;
mod native;
mod operation;
mod parameter;
mod prelude;
mod route;
mod security;
mod signature;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use document::{is_application, of_application};
pub(crate) use native::native;
pub(crate) use prelude::prelude;
