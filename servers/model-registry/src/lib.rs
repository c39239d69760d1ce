#![doc = include_str!("../README.md")]

pub mod filter;
mod http;
mod kind;
pub mod model;
mod server;
pub mod store;

pub use kind::Kind;
pub use server::{Server, ServerError, ServerOptions};
pub use store::{Store, StoreError};
