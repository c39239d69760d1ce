#![doc = include_str!("../README.md")]

mod apply;
mod change;
mod connection;
pub mod database;
mod difference;
mod error;
mod follow;
mod image;
mod reader;
mod rotate;
mod rows;
mod store;

pub use apply::{Applied, ApplyOptions, DeleteOptions};
pub use change::{Action, Change, HistoryOptions, LogEntry};
pub use difference::Difference;
pub use error::StoreError;
pub use follow::Follower;
pub use image::Image;
pub use reader::Reader;
pub use rotate::Rotated;
pub use store::{Listing, Record, Store, Update, default_url};
