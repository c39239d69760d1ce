//! The store: one behaviour on every backend, and what only a database on disk can show.

mod behaviour;
mod crash;
mod database;
mod keys;
mod opening;
