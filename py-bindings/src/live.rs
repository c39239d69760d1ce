//! The registry as it is now.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use hitchpost::Catalogue;
use hitchpost_store::{Store, StoreError};
use pyo3::prelude::*;

use crate::{connection::Connection, errors::Problem};

/// How old an answer may be: a change by another process is seen after this.
const INTERVAL: Duration = Duration::from_millis(40);

/// How many changes this process has made, through whatever connection.
static WRITES: AtomicU64 = AtomicU64::new(0);

/// A store, and what was last seen of it.
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
    /// Opens the store. Python must be detached.
    pub(crate) fn open(connection: Connection) -> Result<Self, Problem> {
        let (at, writes) = (Instant::now(), WRITES.load(Ordering::Relaxed));
        let registry = connection.run(async |open| Ok(open.reader.current()))?;
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
        {
            let seen = self.seen();
            if seen.writes == writes && now.duration_since(seen.at) < INTERVAL {
                return Ok(seen.registry.clone());
            }
        }
        let newest = py.detach(|| {
            self.connection
                .run(async |open| open.reader.refresh().await)
        })?;
        let mut seen = self.seen();
        // An unchanged registry stays, with what it remembers of references. Of two threads, the
        // one that has seen more may come first.
        if newest.snapshot().revision() > seen.registry.snapshot().revision() {
            seen.registry = newest;
        }
        seen.at = seen.at.max(now);
        seen.writes = seen.writes.max(writes);
        Ok(seen.registry.clone())
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        self.connection.catalogue()
    }

    /// Asks the store itself.
    pub(crate) fn read<T: Send>(
        &self,
        py: Python<'_>,
        work: impl AsyncFnOnce(&Store) -> Result<T, StoreError> + Send,
    ) -> Result<T, Problem> {
        py.detach(|| self.connection.run(async |open| work(&open.store).await))
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
