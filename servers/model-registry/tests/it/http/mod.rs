//! The server over a real socket.

mod document;
mod hostile;
mod routes;
mod server;
mod tokens;
mod tracking;

pub(crate) use server::Running;
