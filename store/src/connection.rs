//! Connections: the drivers, the settings of each connection, the format of the database.

use std::{sync::Arc, time::Duration};

use sqlx::{
    Any, AnyConnection, AnyPool, Connection, Executor, SqlSafeStr, Transaction,
    any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers},
    migrate::{Migration, MigrationType, Migrator},
    query_scalar,
};

use crate::{
    database::{Absent, Location},
    error::StoreError,
};

/// How long to wait for a connection, and for a lock that another program holds: the time that
/// sqlx sets for SQLite.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the applied migrations are noted.
const MIGRATIONS: &str = "hitchpost_migration";

/// What differs between the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// A pool of connections to a database of the current format, and the registry's id.
pub(crate) async fn open(
    location: &Location,
    absent: Absent,
) -> Result<(AnyPool, Backend, Arc<str>), StoreError> {
    // Panics when the program has installed drivers by another function; then these are among
    // them, or the first connection says so.
    let _ = std::panic::catch_unwind(install_default_drivers);
    let backend = match location {
        Location::Memory | Location::Sqlite { .. } => Backend::Sqlite,
        Location::Postgres(_) => Backend::Postgres,
    };
    let options: AnyConnectOptions = location.driver_url()?.as_str().parse()?;
    if backend == Backend::Postgres {
        // The pool tries again until its patience is gone when nothing listens; a first attempt
        // tells at once.
        let attempt = AnyConnection::connect_with(&options);
        match tokio::time::timeout(PATIENCE, attempt).await {
            Ok(connection) => connection?.close().await?,
            Err(_) => return Err(sqlx::Error::PoolTimedOut.into()),
        }
    }
    let pool = AnyPoolOptions::new().acquire_timeout(PATIENCE);
    let pool = match location {
        // The one connection is the database.
        Location::Memory => pool
            .min_connections(1)
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None),
        Location::Sqlite { .. } => pool.max_connections(4),
        Location::Postgres(_) => pool.max_connections(8),
    };
    let pool = pool.connect_lazy_with(options);
    // One in memory is always made: nothing else could be meant.
    let absent = match location {
        Location::Memory => Absent::Made,
        _ => absent,
    };
    migrate(&pool, backend, absent).await?;
    let id = registry_id(&pool, backend).await?;
    Ok((pool, backend, id))
}

/// Begins a transaction of which all statements see one state.
pub(crate) async fn read(
    pool: &AnyPool,
    backend: Backend,
) -> Result<Transaction<'static, Any>, StoreError> {
    Ok(pool
        .begin_with(match backend {
            Backend::Sqlite => "BEGIN",
            Backend::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        })
        .await?)
}

/// Begins a transaction that is the only one to write.
pub(crate) async fn write(
    pool: &AnyPool,
    backend: Backend,
) -> Result<Transaction<'static, Any>, StoreError> {
    match backend {
        Backend::Sqlite => Ok(pool.begin_with("BEGIN IMMEDIATE").await?),
        Backend::Postgres => {
            let mut transaction = pool.begin().await?;
            let patience = query_scalar::<_, String>("SELECT set_config('lock_timeout', $1, true)");
            let patience = patience.bind(format!("{}ms", PATIENCE.as_millis()));
            patience.fetch_one(&mut *transaction).await?;
            transaction
                .execute("SELECT revision FROM registry FOR UPDATE")
                .await?;
            Ok(transaction)
        }
    }
}

/// Brings the database to the current format.
async fn migrate(pool: &AnyPool, backend: Backend, absent: Absent) -> Result<(), StoreError> {
    let mut migrator = Migrator::with_migrations(vec![Migration::new(
        1,
        "registry".into(),
        MigrationType::Simple,
        include_str!("../migrations/1_registry.sql").into_sql_str(),
        false,
    )]);
    migrator.dangerous_set_table_name(MIGRATIONS);
    let known = migrator.iter().map(|migration| migration.version).max();
    let known = known.unwrap_or_default();

    let mut connection = pool.acquire().await?;
    match format(&mut connection, backend).await? {
        Some(found) if found == known => return Ok(()),
        Some(found) if found > known => return Err(StoreError::Newer { found, known }),
        None if absent == Absent::Refused => return Err(StoreError::NoRegistry),
        _ => {}
    }
    // `run_direct` is `run` of which the compiler finds out that it is `Send`.
    if backend == Backend::Postgres {
        // Takes an advisory lock: several programs may open an empty database at once.
        return Ok(migrator.run_direct(None, &mut *connection, false).await?);
    }
    connection.execute("PRAGMA journal_mode = WAL").await?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    if format(&mut transaction, backend).await?.is_none() {
        // The model registry may have come first.
        let foreign = query_scalar(
            "SELECT count(*) > 0 AND count(*) FILTER (WHERE name LIKE 'hitchpost%') = 0 \
             FROM sqlite_master",
        );
        let foreign: i64 = foreign.fetch_one(&mut *transaction).await?;
        if foreign != 0 {
            return Err(StoreError::NotARegistry);
        }
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
    let newest = query_scalar("SELECT max(version) FROM hitchpost_migration");
    Ok(newest.fetch_one(connection).await?)
}

/// The random name by which a registry is told from another at the same place.
async fn registry_id(pool: &AnyPool, backend: Backend) -> Result<Arc<str>, StoreError> {
    if let Some(id) = stored_id(pool).await? {
        return Ok(id.into());
    }
    pool.execute(match backend {
        Backend::Sqlite => {
            "INSERT INTO registry VALUES (1, lower(hex(randomblob(16))), 0) ON CONFLICT DO NOTHING"
        }
        Backend::Postgres => {
            "INSERT INTO registry VALUES (1, gen_random_uuid()::text, 0) ON CONFLICT DO NOTHING"
        }
    })
    .await?;
    let id = stored_id(pool).await?;
    id.map(Into::into)
        .ok_or_else(|| StoreError::corrupt("the registry has no id"))
}

async fn stored_id(pool: &AnyPool) -> Result<Option<String>, StoreError> {
    let id = query_scalar("SELECT id FROM registry");
    Ok(id.fetch_optional(pool).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What sqlx and SQLite set by themselves is what durability and references rest on.
    #[tokio::test]
    async fn sqlite_waits_is_durable_and_checks_references() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/registry.db", folder.path().display());
        let location = Location::parse(&url).unwrap();
        location.prepare(Absent::Made).unwrap();
        let (pool, ..) = open(&location, Absent::Made).await.unwrap();
        let patience = PATIENCE.as_millis() as i64;
        for (pragma, expected) in [
            ("PRAGMA busy_timeout", patience),
            ("PRAGMA synchronous", 2),
            ("PRAGMA foreign_keys", 1),
        ] {
            let value: i64 = query_scalar(pragma).fetch_one(&pool).await.unwrap();
            assert_eq!(value, expected, "{pragma}");
        }
        let mode: String = query_scalar("PRAGMA journal_mode")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(mode, "wal");
    }
}
