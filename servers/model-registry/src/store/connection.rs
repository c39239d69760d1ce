//! Connections: the drivers, the settings of each connection, the format of the database, and the
//! one task that writes to SQLite.

use std::{
    future::{Future, pending},
    io::ErrorKind,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use sqlx::{
    Any, AnyConnection, AnyPool, AssertSqlSafe, Connection, Executor, SqlSafeStr, Transaction,
    any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers},
    migrate::{Migration, MigrationType, Migrator},
    pool::PoolConnection,
    query_scalar,
};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    time::sleep,
};

use hitchpost_store::database::Location;

use super::{error::StoreError, sql::Backend};

/// How long to wait for a connection, and for a lock that another program holds.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a connection may be in coming before it is asked whether PostgreSQL is there.
const SOON: Duration = Duration::from_millis(250);

/// How long a reader waits for its turn at a file, which is always there to be read.
const QUEUE: Duration = Duration::from_secs(60);

/// Where the applied migrations are noted.
const MIGRATIONS: &str = "hitchpost_model_registry_migration";

/// How many changes the writer puts into one transaction.
const GROUP: usize = 256;

/// What comes of a change, when it has been carried out within a transaction.
pub(crate) type Outcome<'c, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'c>>;

type Change = Box<dyn for<'c> FnOnce(&'c mut AnyConnection) -> Outcome<'c, ()> + Send>;

struct Job {
    change: Change,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// A database of the current format.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pub(crate) backend: Backend,
    readers: AnyPool,
    /// The writer of SQLite, which lets one write at a time. PostgreSQL groups commits itself.
    queue: Option<mpsc::Sender<Job>>,
    writers: AnyPool,
    /// How PostgreSQL is reached.
    server: Option<Arc<Mutex<AnyConnectOptions>>>,
}

impl Database {
    pub(crate) async fn open(location: &Location) -> Result<Self, StoreError> {
        // Panics when the program has installed drivers by another function; then these are among
        // them, or the first connection says so.
        let _ = std::panic::catch_unwind(install_default_drivers);
        let backend = match location {
            Location::Memory | Location::Sqlite { .. } => Backend::Sqlite,
            Location::Postgres(_) => Backend::Postgres,
        };
        let options: AnyConnectOptions = location.driver_url()?.as_str().parse()?;
        if backend == Backend::Postgres {
            // The pool tries again until its patience is gone when nothing listens; a first
            // attempt tells at once.
            let attempt = AnyConnection::connect_with(&options);
            match tokio::time::timeout(PATIENCE, attempt).await {
                Ok(connection) => connection?.close().await?,
                Err(_) => return Err(sqlx::Error::PoolTimedOut.into()),
            }
        }
        let server = (backend == Backend::Postgres).then(|| Arc::new(Mutex::new(options.clone())));
        let pool = || AnyPoolOptions::new().acquire_timeout(PATIENCE);
        let (readers, writers) = match location {
            // The one connection is the database.
            Location::Memory => {
                let only = pool()
                    .min_connections(1)
                    .max_connections(1)
                    .idle_timeout(None)
                    .max_lifetime(None)
                    .connect_lazy_with(options);
                (only.clone(), only)
            }
            Location::Sqlite { .. } => (
                tuned(pool().max_connections(4).acquire_timeout(QUEUE))
                    .connect_lazy_with(options.clone()),
                tuned(pool().max_connections(1)).connect_lazy_with(options),
            ),
            Location::Postgres(_) => {
                let both = pool().max_connections(16).connect_lazy_with(options);
                (both.clone(), both)
            }
        };
        migrate(&writers, backend).await?;
        let queue = (backend == Backend::Sqlite).then(|| {
            let (sender, jobs) = mpsc::channel(4 * GROUP);
            tokio::spawn(write_all(writers.clone(), jobs));
            sender
        });
        Ok(Self {
            backend,
            readers,
            queue,
            writers,
            server,
        })
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }

    pub(crate) async fn read(&self) -> Result<PoolConnection<Any>, StoreError> {
        self.acquire(&self.readers).await
    }

    /// A connection, as soon as one is free. Where nothing listens the pool would try again until
    /// its patience is gone: that is an error at once.
    async fn acquire(&self, pool: &AnyPool) -> Result<PoolConnection<Any>, StoreError> {
        tokio::select! {
            biased;
            connection = pool.acquire() => Ok(connection?),
            error = self.refused() => Err(error),
        }
    }

    /// Why PostgreSQL cannot be connected to; comes to no end when it can, or may soon. One at a
    /// time asks: a server that is busy is not to be asked by all who wait for it.
    async fn refused(&self) -> StoreError {
        let Some(server) = &self.server else {
            return pending().await;
        };
        sleep(SOON).await;
        let options = server.lock().await;
        match AnyConnection::connect_with(&options).await {
            Err(sqlx::Error::Io(error)) if error.kind() == ErrorKind::ConnectionRefused => {
                return sqlx::Error::Io(error).into();
            }
            Ok(connection) => drop(connection.close().await),
            Err(_) => {}
        }
        drop(options);
        pending().await
    }

    /// Carries a change out, whole or not at all. It has been written when this returns.
    pub(crate) async fn write<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection) -> Outcome<'c, T> + Send + 'static,
    {
        let Some(queue) = &self.queue else {
            let mut connection = self.acquire(&self.writers).await?;
            let mut transaction = connection.begin().await?;
            let value = change(&mut transaction).await?;
            transaction.commit().await?;
            return Ok(value);
        };
        let (sender, value) = oneshot::channel();
        let (done, outcome) = oneshot::channel();
        let change: Change = Box::new(move |connection| {
            Box::pin(async move {
                // Nobody waits any more when the request was given up.
                let _ = sender.send(change(connection).await?);
                Ok(())
            })
        });
        let job = Job { change, done };
        queue.send(job).await.map_err(|_| StoreError::Closed)?;
        outcome.await.map_err(|_| StoreError::Closed)??;
        value.await.map_err(|_| StoreError::Closed)
    }
}

/// Carries changes out as they come, those that came together in one transaction: it is the
/// flushing to disk that takes the time.
async fn write_all(pool: AnyPool, mut jobs: mpsc::Receiver<Job>) {
    let mut group = Vec::new();
    while jobs.recv_many(&mut group, GROUP).await > 0 {
        let mut finished = Vec::new();
        let mut rest = group.drain(..);
        let written = write_group(&pool, &mut rest, &mut finished).await;
        for (done, outcome) in finished {
            let _ = done.send(outcome.and(written.clone()));
        }
        if let Err(error) = written {
            for job in rest {
                let _ = job.done.send(Err(error.clone()));
            }
        }
    }
}

type Answer = (
    oneshot::Sender<Result<(), StoreError>>,
    Result<(), StoreError>,
);

async fn write_group(
    pool: &AnyPool,
    jobs: &mut (dyn ExactSizeIterator<Item = Job> + Send),
    finished: &mut Vec<Answer>,
) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await?;
    let written = write_with(&mut connection, jobs, finished).await;
    if written.is_err() {
        // SQLite ends a transaction by itself when the disk is full; sqlx does not know of it.
        let _ = connection.detach().close().await;
    }
    written
}

async fn write_with(
    connection: &mut AnyConnection,
    jobs: &mut (dyn ExactSizeIterator<Item = Job> + Send),
    finished: &mut Vec<Answer>,
) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    // One alone needs no part of its own.
    let alone = jobs.len() == 1;
    for job in jobs {
        let outcome = if alone {
            (job.change)(&mut transaction).await
        } else {
            let mut part = transaction.begin().await?;
            let outcome = (job.change)(&mut part).await;
            let ended = match &outcome {
                Ok(()) => part.commit().await,
                Err(_) => part.rollback().await,
            };
            match (ended, &outcome) {
                (Err(_), Err(cause)) => {
                    let cause = cause.clone();
                    finished.push((job.done, outcome));
                    return Err(cause);
                }
                (ended, _) => ended?,
            }
            outcome
        };
        let failed = alone && outcome.is_err();
        finished.push((job.done, outcome));
        if failed {
            return Ok(transaction.rollback().await?);
        }
    }
    Ok(transaction.commit().await?)
}

/// Sets what makes reading from a file fast.
fn tuned(pool: AnyPoolOptions) -> AnyPoolOptions {
    pool.after_connect(|connection, _| {
        Box::pin(async move {
            // The pool would try again for long; the first statement fails at once.
            let _ = connection.execute("PRAGMA cache_size = -16384").await;
            let _ = connection.execute("PRAGMA mmap_size = 268435456").await;
            Ok(())
        })
    })
}

/// Brings the database to the current format.
async fn migrate(pool: &AnyPool, backend: Backend) -> Result<(), StoreError> {
    let (identity, text, clustered) = match backend {
        // Text is compared by its bytes, as SQLite does.
        Backend::Postgres => (
            "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
            "TEXT COLLATE \"C\"",
            "",
        ),
        Backend::Sqlite => ("INTEGER PRIMARY KEY", "TEXT", "WITHOUT ROWID"),
    };
    let tables = include_str!("../../migrations/1_model_registry.sql")
        .replace("{identity}", identity)
        .replace("{text}", text)
        .replace("{clustered}", clustered);
    let mut migrator = Migrator::with_migrations(vec![Migration::new(
        1,
        "model registry".into(),
        MigrationType::Simple,
        AssertSqlSafe(tables).into_sql_str(),
        false,
    )]);
    migrator.dangerous_set_table_name(MIGRATIONS);
    let known = migrator.iter().map(|migration| migration.version).max();
    let known = known.unwrap_or_default();

    let mut connection = pool.acquire().await?;
    match format(&mut connection, backend).await? {
        Some(found) if found == known => return Ok(()),
        Some(found) if found > known => return Err(StoreError::Newer { found, known }),
        _ => {}
    }
    // `run_direct` is `run` of which the compiler finds out that it is `Send`.
    if backend == Backend::Postgres {
        // Takes an advisory lock: several programs may open an empty database at once.
        return Ok(migrator.run_direct(None, &mut *connection, false).await?);
    }
    connection.execute("PRAGMA journal_mode = WAL").await?;
    let mut transaction: Transaction<'_, Any> = connection.begin_with("BEGIN IMMEDIATE").await?;
    // The registry of tools may have come first.
    let foreign = query_scalar(
        "SELECT count(*) > 0 AND count(*) FILTER (WHERE name LIKE 'hitchpost%') = 0 \
         FROM sqlite_master",
    );
    let foreign: i64 = foreign.fetch_one(&mut *transaction).await?;
    if foreign != 0 {
        return Err(StoreError::NotARegistry);
    }
    migrator.run_direct(None, &mut *transaction, false).await?;
    Ok(transaction.commit().await?)
}

/// The number of the last applied migration; `None` in a database without any.
async fn format(
    connection: &mut AnyConnection,
    backend: Backend,
) -> Result<Option<i64>, StoreError> {
    let tables = query_scalar(match backend {
        Backend::Sqlite => "SELECT count(*) FROM sqlite_master WHERE name = $1",
        Backend::Postgres => "SELECT count(*) FROM pg_class WHERE oid = to_regclass($1)",
    });
    let tables: i64 = tables.bind(MIGRATIONS).fetch_one(&mut *connection).await?;
    if tables == 0 {
        return Ok(None);
    }
    let newest = query_scalar("SELECT max(version) FROM hitchpost_model_registry_migration");
    Ok(newest.fetch_one(connection).await?)
}

#[cfg(test)]
mod tests {
    use hitchpost_store::database::Absent;
    use sqlx::query;

    use super::*;

    async fn on_disk() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/registry.db", folder.path().display());
        let location = Location::parse(&url).unwrap();
        location.prepare(Absent::Made).unwrap();
        (folder, Database::open(&location).await.unwrap())
    }

    /// What sqlx and SQLite set by themselves is what durability rests on.
    #[tokio::test]
    async fn sqlite_is_durable() {
        let (_folder, database) = on_disk().await;
        let mut connection = database.writers.acquire().await.unwrap();
        let synchronous = query_scalar("PRAGMA synchronous");
        let synchronous: i64 = synchronous.fetch_one(&mut *connection).await.unwrap();
        assert_eq!(synchronous, 2);
        let mode = query_scalar("PRAGMA journal_mode");
        let mode: String = mode.fetch_one(&mut *connection).await.unwrap();
        assert_eq!(mode, "wal");
    }

    async fn note(database: &Database, name: &'static str, length: i64) -> Result<(), StoreError> {
        let insert = "INSERT INTO property (resource, name, type, text) \
                      VALUES (1, $1, 3, hex(zeroblob($2)))";
        database
            .write(move |connection| {
                Box::pin(async move {
                    query(insert)
                        .bind(name)
                        .bind(length)
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    async fn notes(database: &Database) -> i64 {
        let mut connection = database.read().await.unwrap();
        let count = query_scalar("SELECT count(*) FROM property");
        count.fetch_one(&mut *connection).await.unwrap()
    }

    /// No page may be added, as on a full disk.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_full_database_is_told_of_and_goes_on() {
        let (_folder, database) = on_disk().await;
        let fill = || async {
            let mut connection = database.writers.acquire().await.unwrap();
            connection
                .execute("PRAGMA max_page_count = 1")
                .await
                .unwrap();
        };
        fill().await;
        let error = note(&database, "alone", 1 << 20).await.unwrap_err();
        assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
        fill().await;
        // Whoever is written with one that does not fit is told as well.
        let together = ["a", "b", "c", "d"].map(|name| {
            let database = database.clone();
            tokio::spawn(async move { note(&database, name, 1 << 20).await })
        });
        let mut full = 0;
        for written in together {
            match written.await.unwrap() {
                Ok(()) => {}
                Err(StoreError::DiskFull { .. }) => full += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(full > 0);
        assert_eq!(notes(&database).await, 4 - full);
        note(&database, "small", 1).await.unwrap();
        assert_eq!(notes(&database).await, 5 - full);
    }

    /// A change that fails takes none of its group with it.
    #[tokio::test(flavor = "multi_thread")]
    async fn changes_of_a_group_fail_alone() {
        let (_folder, database) = on_disk().await;
        let names = ["a", "b", "a", "c", "b", "a"];
        let together = names.map(|name| {
            let database = database.clone();
            tokio::spawn(async move { note(&database, name, 1).await })
        });
        let mut written = 0;
        for outcome in together {
            written += i64::from(outcome.await.unwrap().is_ok());
        }
        assert_eq!((written, notes(&database).await), (3, 3));
        database.close().await;
        assert!(note(&database, "late", 1).await.is_err());
    }
}
