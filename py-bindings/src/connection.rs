//! Connections to stores: what of the process may not be carried over a fork.
//!
//! A forked child has no threads but one, and SQLite's locks are those of its parent: a database
//! that is open on both sides loses data. So before a fork all databases are closed and the thread
//! that looks after them ends; each side opens its own when it needs it. The lock that guards all of it is held over the fork, so
//! that no thread is halfway through anything.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use hitchpost::{Catalogue, Keyring};
use hitchpost_store::{Reader, Store, StoreError};
use pyo3::{prelude::*, types::PyDict};
use tokio::runtime::{Builder, Runtime};

use crate::errors::Problem;

static PROCESS: RwLock<Process> = RwLock::new(Process {
    runtime: OnceLock::new(),
    stores: Mutex::new(BTreeMap::new()),
});

static NEXT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The lock while this thread forks.
    static FORKING: RefCell<Option<RwLockWriteGuard<'static, Process>>> = const { RefCell::new(None) };
}

/// What is shared by all registries of the process.
pub(crate) struct Process {
    runtime: OnceLock<Runtime>,
    /// The open stores, by the number of their connection.
    stores: Mutex<BTreeMap<u64, Open>>,
}

/// A store that is open, and what reads it.
#[derive(Clone)]
pub(crate) struct Open {
    pub(crate) store: Store,
    pub(crate) reader: Arc<Reader>,
    /// Closing it would lose it.
    in_memory: bool,
}

/// What becomes of a registry that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    Refused,
    Made,
    /// An empty one in memory stands in for it: to say what writing would do.
    Imagined,
}

/// A way to a store, which is opened when it is used.
pub(crate) struct Connection {
    number: u64,
    url: String,
    in_memory: bool,
    keyring: Arc<Keyring>,
    catalogue: Arc<Catalogue>,
    /// The random name of the registry that was opened first.
    id: OnceLock<String>,
    closed: AtomicBool,
}

impl Connection {
    pub(crate) fn new(
        url: String,
        in_memory: bool,
        keyring: Arc<Keyring>,
        catalogue: Arc<Catalogue>,
    ) -> Self {
        Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            url,
            in_memory,
            keyring,
            catalogue,
            id: OnceLock::new(),
            closed: AtomicBool::new(false),
        }
    }

    pub(crate) const fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// Does something with the store, and waits for it. Python must be detached.
    pub(crate) fn run<T>(
        &self,
        absent: Absent,
        work: impl AsyncFnOnce(&Open) -> Result<T, StoreError>,
    ) -> Result<T, Problem> {
        let process = gate();
        if self.is_closed() {
            return Err(Problem::Closed);
        }
        let runtime = process.runtime()?;
        let open = lock(&process.stores).get(&self.number).cloned();
        let open = match open {
            Some(open) => open,
            None => runtime.block_on(self.open(&process, absent))?,
        };
        Ok(runtime.block_on(work(&open))?)
    }

    async fn open(&self, process: &Process, absent: Absent) -> Result<Open, Problem> {
        if self.in_memory && self.id.get().is_some() {
            return Err(Problem::Forked);
        }
        let keyring = || Arc::clone(&self.keyring);
        // One that was there and is gone is not made anew: it would be another one.
        let opened = match absent {
            Absent::Made if self.id.get().is_none() => Store::open(&self.url, keyring()).await,
            _ => Store::open_existing(&self.url, keyring()).await,
        };
        let store = match opened {
            Err(error) if absent == Absent::Imagined && is_missing(&error) => {
                let store = Store::open("memory:", keyring()).await?;
                let reader = Arc::new(store.reader(Arc::clone(&self.catalogue)).await?);
                return Ok(Open {
                    store,
                    reader,
                    in_memory: true,
                });
            }
            opened => opened?,
        };
        if self.id.get_or_init(|| store.id().to_owned()) != store.id() {
            return Err(StoreError::Replaced.into());
        }
        let reader = Arc::new(store.reader(Arc::clone(&self.catalogue)).await?);
        let open = Open {
            store,
            reader,
            in_memory: self.in_memory,
        };
        let first = lock(&process.stores)
            .entry(self.number)
            .or_insert_with(|| open.clone())
            .clone();
        // Two threads may be here at once.
        if !Arc::ptr_eq(&first.reader, &open.reader) {
            open.store.close().await;
        }
        Ok(first)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Closes the store for good. Python must be detached.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.close_in(&gate());
    }

    fn close_in(&self, process: &Process) {
        let open = lock(&process.stores).remove(&self.number);
        if let (Some(open), Some(runtime)) = (open, process.runtime.get()) {
            runtime.block_on(open.store.close());
        }
    }
}

/// Whether there is no such registry yet.
pub(crate) fn is_missing(error: &StoreError) -> bool {
    match error {
        StoreError::Open { source, .. } => is_missing(source),
        error => matches!(error, StoreError::NoRegistry),
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        Python::attach(|py| {
            py.detach(|| {
                // This thread may be the one that forks, and be collecting garbage before it does.
                if let Ok(process) = PROCESS.try_read() {
                    self.close_in(&process);
                }
            });
        });
    }
}

impl Process {
    fn runtime(&self) -> Result<&Runtime, Problem> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        // One thread, so that connections are looked after between the calls too.
        let mut builder = Builder::new_multi_thread();
        builder
            .worker_threads(1)
            .thread_name("hitchpost")
            .enable_all();
        let runtime = builder.build().map_err(Problem::NoThread)?;
        Ok(self.runtime.get_or_init(|| runtime))
    }
}

/// Holds off forks. Python must be detached, as a fork waits for it.
pub(crate) fn gate() -> RwLockReadGuard<'static, Process> {
    PROCESS.read().unwrap_or_else(PoisonError::into_inner)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has Python call the functions below when it forks.
pub(crate) fn register_at_fork(py: Python<'_>) -> PyResult<()> {
    let hooks = PyDict::new(py);
    hooks.set_item("before", wrap_pyfunction!(before_fork, py)?)?;
    hooks.set_item(
        "after_in_parent",
        wrap_pyfunction!(after_fork_in_parent, py)?,
    )?;
    hooks.set_item("after_in_child", wrap_pyfunction!(after_fork_in_child, py)?)?;
    py.import("os")?
        .call_method("register_at_fork", (), Some(&hooks))?;
    Ok(())
}

#[pyfunction]
fn before_fork(py: Python<'_>) {
    py.detach(|| {
        let mut process = PROCESS.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = process.runtime.take() {
            let mut stores = lock(&process.stores);
            for open in stores.values().filter(|open| !open.in_memory) {
                runtime.block_on(open.store.close());
            }
            stores.retain(|_, open| open.in_memory);
            // Its thread ends with it, when nothing needs it any more.
            let is_needed = !stores.is_empty();
            drop(stores);
            if is_needed {
                process.runtime = OnceLock::from(runtime);
            }
        }
        FORKING.set(Some(process));
    });
}

#[pyfunction]
fn after_fork_in_parent() {
    FORKING.set(None);
}

#[pyfunction]
fn after_fork_in_child() {
    if let Some(mut process) = FORKING.take() {
        // Their threads are the parent's: there is nobody to stop, and nothing to close.
        mem::forget(process.runtime.take());
        mem::forget(mem::take(&mut *lock(&process.stores)));
    }
}
