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

use crate::{
    connection::{Absent, Connection, is_missing},
    errors::Problem,
};

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
    /// `None` while there is no registry: the first write makes it.
    registry: Option<hitchpost::Registry>,
    at: Instant,
    writes: u64,
}

impl Live {
    /// Opens the store, if it is there. Python must be detached.
    pub(crate) fn open(connection: Connection) -> Result<Self, Problem> {
        let (at, writes) = (Instant::now(), WRITES.load(Ordering::Relaxed));
        let registry = match connection.run(Absent::Refused, async |open| Ok(open.reader.current()))
        {
            Ok(registry) => Some(registry),
            Err(Problem::Store(error)) if is_missing(&error) => None,
            Err(problem) => return Err(problem),
        };
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
            if let Some(registry) = &seen.registry
                && seen.writes == writes
                && now.duration_since(seen.at) < INTERVAL
            {
                return Ok(registry.clone());
            }
        }
        let newest = py.detach(|| {
            self.connection
                .run(Absent::Refused, async |open| open.reader.refresh().await)
        })?;
        let mut seen = self.seen();
        // An unchanged registry stays, with what it remembers of references. Of two threads, the
        // one that has seen more may come first.
        seen.at = seen.at.max(now);
        seen.writes = seen.writes.max(writes);
        let held = seen.registry.get_or_insert_with(|| newest.clone());
        if newest.snapshot().revision() > held.snapshot().revision() {
            *held = newest;
        }
        Ok(held.clone())
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
        self.with(py, Absent::Refused, work)
    }

    /// Changes the store.
    pub(crate) fn write<T: Send>(
        &self,
        py: Python<'_>,
        absent: Absent,
        work: impl AsyncFnOnce(&Store) -> Result<T, StoreError> + Send,
    ) -> Result<T, Problem> {
        let result = self.with(py, absent, work);
        WRITES.fetch_add(1, Ordering::Relaxed);
        result
    }

    fn with<T: Send>(
        &self,
        py: Python<'_>,
        absent: Absent,
        work: impl AsyncFnOnce(&Store) -> Result<T, StoreError> + Send,
    ) -> Result<T, Problem> {
        py.detach(|| {
            self.connection
                .run(absent, async |open| work(&open.store).await)
        })
    }

    pub(crate) fn close(&self, py: Python<'_>) {
        py.detach(|| self.connection.close());
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
