//! Source text → a tree that knows where everything stands → typed forms, with *all* findings.

pub mod decode;
mod excerpt;
mod node;
mod parse;

pub use node::{Document, Key, Node, NodeValue, ScalarKind};
pub use parse::{MAX_DEPTH, MAX_NODES, MAX_SOURCE_BYTES};
