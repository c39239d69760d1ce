//! Where resources are kept.

use hitchpost_store::database::{self, Absent, Location};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use connection::Database;

pub use draft::{MAX_NAME, MAX_PROPERTIES, MAX_TEXT};
pub use error::{ParamConflict, StoreError};
pub use history::MAX_POINTS;
pub use metric::MAX_BATCH;
pub use search::MAX_FOUND;

mod connection;
mod draft;
mod edit;
mod error;
mod fields;
mod history;
mod metric;
pub(crate) mod property;
mod read;
mod rows;
mod search;
pub(crate) mod sql;
mod token;
mod write;

/// How many resources a page has at most, and has when nothing else is asked for.
pub const MAX_PAGE_SIZE: i32 = 10_000;

/// Resources in a database.
#[derive(Debug, Clone)]
pub struct Store {
    database: Database,
}

/// A page of what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Found<T> {
    /// What was found, in the order that was asked for.
    pub items: Vec<T>,
    /// What asks for the next page; empty on the last one.
    pub next_page_token: String,
}

/// A resource that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Upserted<R> {
    /// The resource as it is now.
    pub resource: R,
    /// Whether it was made; otherwise it was changed.
    pub created: bool,
}

impl Store {
    /// Opens the database that a URL names: `sqlite:///absolute/path`, `memory:` or
    /// `postgres://user@host/database`. A SQLite database is made where there is none.
    ///
    /// # Errors
    /// [`StoreError::Url`], [`StoreError::Io`] when the file cannot be made,
    /// [`StoreError::NotARegistry`] and [`StoreError::Newer`] when the database has another
    /// format, and those of the database.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let location = Location::parse(url)?;
        if matches!(
            location,
            Location::Sqlite {
                read_only: true,
                ..
            }
        ) {
            return Err(StoreError::Url {
                reason: "has parameters",
            });
        }
        location.prepare(Absent::Made)?;
        let database = Database::open(&location).await?;
        Ok(Self { database })
    }

    /// Waits for what is under way, and closes all connections.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

/// The URL of the default store: `hitchpost/model-registry.db` in the user's data folder.
///
/// # Errors
/// [`StoreError::NoFolder`] when neither `XDG_DATA_HOME` nor `HOME` is set.
pub fn default_url() -> Result<String, StoreError> {
    Ok(database::default_url("model-registry.db")?)
}
