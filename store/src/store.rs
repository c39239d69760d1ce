use std::{collections::BTreeMap, fmt, sync::Arc};

use hitchpost::{KeyId, Keyring};
use hitchpost_registry_core::{Extension, Name};
use sqlx::{Any, AnyPool, Transaction};

use crate::{
    connection::{self, Backend},
    database::{self, Absent, Location},
    error::StoreError,
    rows,
};

/// A registry that is kept in a database. Cloning it is cheap, the clones share connections.
///
/// Every change is one transaction; when the call returns, it is on the disk. A call whose future
/// is dropped has changed everything or nothing.
#[derive(Clone)]
pub struct Store {
    pub(crate) pool: AnyPool,
    pub(crate) backend: Backend,
    pub(crate) location: Location,
    pub(crate) id: Arc<str>,
    pub(crate) keyring: Arc<Keyring>,
}

/// A stored record, with its secrets sealed.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The registry's revision that changed the record last.
    pub revision: u64,
    /// The record.
    pub extension: Extension,
}

/// All records at one revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// The registry's revision.
    pub revision: u64,
    /// The records, by name.
    pub records: Vec<Record>,
}

/// What has changed after a revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The registry's revision with all of it.
    pub revision: u64,
    /// The records that were written or deleted, as they are now, by name; `None` is deleted.
    pub changes: BTreeMap<Name, Option<Record>>,
}

impl Store {
    /// Opens the store at a URL, and makes it when there is none: for who is about to write.
    ///
    /// - `sqlite:///absolute/path`: a file, made with mode 0600. With `?mode=ro` it is only read.
    ///   `?`, `#` and `%` in the path are written as `%3F`, `%23` and `%25`.
    /// - `postgres://user:password@host:port/database`: a server; the parameters are
    ///   [sqlx's](https://docs.rs/sqlx/0.9/sqlx/postgres/struct.PgConnectOptions.html).
    /// - `memory:` or `sqlite::memory:`: gone with the store and its clones.
    ///
    /// The keyring seals the secrets of the records that are applied.
    ///
    /// # Errors
    /// [`StoreError::Open`] with the reason.
    pub async fn open(url: &str, keyring: Arc<Keyring>) -> Result<Self, StoreError> {
        Self::open_as(url, keyring, Absent::Made).await
    }

    /// Opens the store at a URL, and makes none: for who is about to read. With a mistyped URL,
    /// there would be an empty registry otherwise.
    ///
    /// # Errors
    /// [`StoreError::Open`] with the reason, [`StoreError::NoRegistry`] when there is none.
    pub async fn open_existing(url: &str, keyring: Arc<Keyring>) -> Result<Self, StoreError> {
        Self::open_as(url, keyring, Absent::Refused).await
    }

    async fn open_as(url: &str, keyring: Arc<Keyring>, absent: Absent) -> Result<Self, StoreError> {
        let location = Location::parse(url)?;
        let opened = async {
            location.prepare(absent)?;
            connection::open(&location, absent).await
        };
        match opened.await {
            Ok((pool, backend, id)) => Ok(Self {
                pool,
                backend,
                location,
                id,
                keyring,
            }),
            Err(error) => Err(StoreError::Open {
                place: location.to_string(),
                source: Box::new(error),
            }),
        }
    }

    /// Closes all connections, those of clones too.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// The random name of the registry: another one at the same place has another.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The keyring that seals and opens the registry's secrets.
    #[must_use]
    pub const fn keyring(&self) -> &Arc<Keyring> {
        &self.keyring
    }

    /// The revision: 0 for a new registry, one more with every set of changes.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn revision(&self) -> Result<u64, StoreError> {
        rows::registry_revision(&mut *self.pool.acquire().await?).await
    }

    /// The record of a name.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn get(&self, name: &Name) -> Result<Option<Record>, StoreError> {
        let mut transaction = self.read().await?;
        let names = [name.clone()];
        Ok(rows::records(&mut transaction, Some(&names))
            .await?
            .remove(name))
    }

    /// All records.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn list(&self) -> Result<Listing, StoreError> {
        let mut transaction = self.read().await?;
        let revision = rows::registry_revision(&mut transaction).await?;
        let records = rows::records(&mut transaction, None).await?;
        Ok(Listing {
            revision,
            records: records.into_values().collect(),
        })
    }

    /// The key-encryption keys that the registry's data keys need, in no order. A key that is not
    /// among them may be forgotten.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn keys_in_use(&self) -> Result<Vec<KeyId>, StoreError> {
        rows::keys_in_use(&mut *self.pool.acquire().await?).await
    }

    pub(crate) async fn read(&self) -> Result<Transaction<'static, Any>, StoreError> {
        connection::read(&self.pool, self.backend).await
    }

    pub(crate) async fn write(&self) -> Result<Transaction<'static, Any>, StoreError> {
        connection::write(&self.pool, self.backend).await
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.location).finish()
    }
}

/// The URL of the default store: `hitchpost/registry.db` in the user's data folder.
///
/// Source: XDG Base Directory Specification 0.8; a relative `XDG_DATA_HOME` is ignored.
///
/// # Errors
/// [`StoreError::NoFolder`] when neither `XDG_DATA_HOME` nor `HOME` is set.
pub fn default_url() -> Result<String, StoreError> {
    Ok(database::default_url("registry.db")?)
}
