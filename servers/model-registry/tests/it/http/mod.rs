//! The server over a real socket.

mod document;
mod hostile;
mod routes;
mod server;
mod tokens;

pub(crate) use server::Running;
