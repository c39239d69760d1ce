//! The registry as it is now.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use hitchpost::{Catalogue, Snapshot};
use hitchpost_store::{Image, Store, StoreError};
use pyo3::prelude::*;

use crate::{connection::Connection, errors::Problem};

/// How old an answer may be: a change by another process is seen after this.
const INTERVAL: Duration = Duration::from_millis(40);

/// From how many records on that changed the snapshot is built anew, and kept for the next process.
const MANY: usize = 1_000;

/// How many changes this process has made, through whatever connection.
static WRITES: AtomicU64 = AtomicU64::new(0);

/// A store and the snapshot of it.
pub(crate) struct Live {
    connection: Connection,
    // Locked with Python attached only, so that no thread holds it while another one forks.
    seen: Mutex<Seen>,
}

struct Seen {
    registry: hitchpost::Registry,
    at: Instant,
    writes: u64,
}

impl Live {
    /// Reads what the store has. Python must be detached.
    pub(crate) fn new(connection: Connection) -> Result<Self, Problem> {
        let (at, writes) = (Instant::now(), WRITES.load(Ordering::Relaxed));
        let snapshot = connection.run(async |store| open(store).await)?;
        let registry =
            hitchpost::Registry::new(Arc::new(snapshot), Arc::clone(connection.keyring()));
        let seen = Mutex::new(Seen {
            registry,
            at,
            writes,
        });
        Ok(Self { connection, seen })
    }

    /// The registry with all that this process has changed, and what others changed until a
    /// moment ago.
    pub(crate) fn registry(&self, py: Python<'_>) -> Result<hitchpost::Registry, Problem> {
        if self.connection.is_closed() {
            return Err(Problem::Closed);
        }
        let (now, writes) = (Instant::now(), WRITES.load(Ordering::Relaxed));
        let before = {
            let seen = self.seen();
            if seen.writes == writes && now.duration_since(seen.at) < INTERVAL {
                return Ok(seen.registry.clone());
            }
            Arc::clone(seen.registry.snapshot())
        };
        let newer = py.detach(|| {
            self.connection
                .run(async |store| newer(store, &before).await)
        })?;
        let mut seen = self.seen();
        if let Some(snapshot) = newer
            && snapshot.revision() > seen.registry.snapshot().revision()
        {
            let keyring = Arc::clone(self.connection.keyring());
            seen.registry = hitchpost::Registry::new(Arc::new(snapshot), keyring);
        }
        seen.at = seen.at.max(now);
        seen.writes = seen.writes.max(writes);
        Ok(seen.registry.clone())
    }

    /// Asks the store itself.
    pub(crate) fn read<T: Send>(
        &self,
        py: Python<'_>,
        work: impl AsyncFnOnce(&Store) -> Result<T, StoreError> + Send,
    ) -> Result<T, Problem> {
        py.detach(|| self.connection.run(work))
    }

    /// Changes the store.
    pub(crate) fn write<T: Send>(
        &self,
        py: Python<'_>,
        work: impl AsyncFnOnce(&Store) -> Result<T, StoreError> + Send,
    ) -> Result<T, Problem> {
        let result = self.read(py, work);
        WRITES.fetch_add(1, Ordering::Relaxed);
        result
    }

    pub(crate) fn close(&self, py: Python<'_>) {
        py.detach(|| self.connection.close());
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The snapshot of a store that was just opened.
async fn open(store: &Store) -> Result<Snapshot, StoreError> {
    let catalogue = Arc::new(Catalogue::builtin().clone());
    let image = store.read_image().await?;
    // An image of another format is as good as none.
    let image =
        image.and_then(|image| Snapshot::from_image(&image.bytes, Arc::clone(&catalogue)).ok());
    match image {
        Some(snapshot) => Ok(newer(store, &snapshot).await?.unwrap_or(snapshot)),
        None => build(store, catalogue).await,
    }
}

/// A later snapshot, when there is one.
async fn newer(store: &Store, snapshot: &Snapshot) -> Result<Option<Snapshot>, StoreError> {
    let revision = store.revision().await?;
    if revision < snapshot.revision() {
        return Err(StoreError::Replaced);
    }
    if revision == snapshot.revision() {
        return Ok(None);
    }
    let update = store.changes_since(snapshot.revision()).await?;
    if snapshot.changed() + update.changes.len() > MANY {
        return build(store, Arc::new(snapshot.catalogue().clone()))
            .await
            .map(Some);
    }
    let changes = update.changes.into_iter().map(|(name, record)| {
        (
            name,
            record.map(|record| (Arc::new(record.extension), record.revision)),
        )
    });
    Ok(Some(snapshot.with_changes(update.revision, changes)))
}

/// Indexes all records.
async fn build(store: &Store, catalogue: Arc<Catalogue>) -> Result<Snapshot, StoreError> {
    let listing = store.list().await?;
    let records = listing
        .records
        .iter()
        .map(|record| (&record.extension, record.revision));
    let snapshot = Snapshot::build(listing.revision, records, catalogue);
    if listing.records.len() > MANY
        && let Some(bytes) = snapshot.to_image()
    {
        // Only for speed: a store that is read-only goes without.
        let _ = store
            .write_image(&Image {
                revision: listing.revision,
                bytes,
            })
            .await;
    }
    Ok(snapshot)
}
