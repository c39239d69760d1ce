//! Databases to test with.

use hitchpost_model_registry::Store;
use sqlx::{AnyConnection, Connection};
use tempfile::TempDir;

/// A name with what is special in a URL.
const FILE: &str = "a registry, 100%?#.db";

/// A new, empty database.
pub(crate) struct Database {
    pub(crate) url: String,
    pub(crate) folder: Option<TempDir>,
    /// What a database in memory consists of.
    only: Option<Store>,
}

impl Database {
    pub(crate) async fn memory() -> Self {
        let mut database = Self::at("memory:".to_owned(), None);
        database.only = Some(database.open().await);
        database
    }

    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let path = path.to_str().unwrap().replace('%', "%25");
        let url = format!("sqlite://{}", path.replace('?', "%3F"));
        Self::at(url, Some(folder))
    }

    pub(crate) async fn postgres() -> Self {
        let server = hitchpost_tests::postgres::shared().unwrap();
        Self::at(server.create_database("registry").unwrap(), None)
    }

    pub(crate) fn at(url: String, folder: Option<TempDir>) -> Self {
        Self {
            url,
            folder,
            only: None,
        }
    }

    /// Opens the database as another program would; in memory there is only one.
    pub(crate) async fn open(&self) -> Store {
        match &self.only {
            Some(store) => store.clone(),
            None => Store::open(&self.url).await.unwrap(),
        }
    }

    /// Runs a statement behind the store's back.
    pub(crate) async fn execute(&self, sql: &'static str) {
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// Runs each test on each backend.
macro_rules! on_every_backend {
    ($($test:ident)*) => { on_backends!(memory sqlite postgres: [$($test)*]); };
}

/// Runs each test on SQLite and PostgreSQL.
macro_rules! on_every_database {
    ($($test:ident)*) => { on_backends!(sqlite postgres: [$($test)*]); };
}

macro_rules! on_backends {
    ($($backend:ident)*: $tests:tt) => { $(on_backends!(@ $backend $tests);)* };
    (@ $backend:ident [$($test:ident)*]) => {
        mod $backend {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::database::Database::$backend().await).await;
            })*
        }
    };
}

pub(crate) use {on_backends, on_every_backend, on_every_database};
