//! Databases to test with, and records to put into them.

use std::{path::PathBuf, sync::Arc};

use hitchpost::Keyring;
use hitchpost_registry_core::{
    Catalogue, Extension, Name, SealedSecret, SecretValue, parse_records,
};
use hitchpost_store::{ApplyOptions, Record, Store};
use secrecy::ExposeSecret;
use sqlx::{AnyConnection, Connection};
use tempfile::TempDir;

/// A name with what is special in a URL.
const FILE: &str = "a registry, 100%?#.db";

/// A new, empty database.
pub(crate) struct Database {
    pub(crate) url: String,
    /// A key file, apart from the database.
    pub(crate) keys: TempDir,
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
        Self::at(server.create_database("store").unwrap(), None)
    }

    pub(crate) fn at(url: String, folder: Option<TempDir>) -> Self {
        let keys = tempfile::tempdir().unwrap();
        Self {
            url,
            keys,
            folder,
            only: None,
        }
    }

    pub(crate) fn keyring(&self) -> Arc<Keyring> {
        Arc::new(Keyring::from_file(self.keys.path().join("key")).unwrap())
    }

    /// The file of a SQLite database.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.path().join(FILE))
    }

    /// Opens the database as another program would; in memory there is only one.
    pub(crate) async fn open(&self) -> Store {
        match &self.only {
            Some(store) => store.clone(),
            None => Store::open(&self.url, self.keyring()).await.unwrap(),
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

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn by(who: &str) -> ApplyOptions {
    ApplyOptions {
        who: who.to_owned(),
        ..ApplyOptions::default()
    }
}

pub(crate) fn parse(text: &str) -> Vec<Extension> {
    let (records, findings) = parse_records("test.yaml", text.as_bytes(), Catalogue::builtin());
    assert!(!records.is_empty(), "{findings:?}");
    records
}

/// A record with one secret, of every kind of field that is stored.
pub(crate) fn tool(name: &str, token: &str) -> Extension {
    let text = format!(
        "name: {name}
product: mlflow
description: A tool named {name}
labels: {{team: ml, tier: gold}}
configuration: {{REGION: eu}}
instances:
  - name: main
    version: v2.10
    location: eu
    default: true
    projects: [alpha, beta]
    configuration: {{TIMEOUT: 30}}
    services:
      - name: tracking
        service: mlflow-tracking
        auth: required
        profiles: [team]
        endpoints:
          - {{name: public, url: 'https://{name}.example.org', type: external, default: true}}
          - {{name: inner, url: 'http://{name}.svc:5000', type: internal}}
    profiles:
      - name: team
        projects: [alpha]
        expires_at: 2031-05-01T00:00:00Z
        configuration: {{MLFLOW_TRACKING_USERNAME: robot, MLFLOW_TRACKING_TOKEN: {token:?}}}
  - name: old
    version: RELEASE.2024-01-16T16-07-38Z
    version_scheme: date
    services: [{{name: s3, endpoints: [{{name: api, url: 'http://old'}}]}}]
"
    );
    parse(&text).remove(0)
}

/// A record without secrets.
pub(crate) fn plain_tool(name: &str, url: &str) -> Extension {
    let text = format!(
        "{{name: {name}, instances: [{{name: main, services: \
         [{{name: s3, endpoints: [{{name: api, url: '{url}'}}]}}]}}]}}"
    );
    parse(&text).remove(0)
}

/// The token of a `tool` that is stored.
pub(crate) fn sealed_token(record: &Record) -> SealedSecret {
    let instance = &record.extension.instances[0];
    let profile = &instance.profiles[0];
    let entry = profile
        .configuration
        .iter()
        .find(|entry| entry.name == "MLFLOW_TRACKING_TOKEN");
    let entry = entry.unwrap();
    let SecretValue::Sealed(sealed) = &entry.value else {
        panic!("the token is not sealed");
    };
    SealedSecret {
        extension: record.extension.name.clone(),
        instance: instance.name.clone(),
        profile: profile.name.clone(),
        key: entry.name.as_str().into(),
        data_key: instance.data_key.clone().unwrap(),
        sealed: sealed.clone(),
    }
}

/// The token of the stored `tool` of a name, in the clear.
pub(crate) async fn token(store: &Store, tool: &str) -> String {
    let record = store.get(&name(tool)).await.unwrap().unwrap();
    let token = store.keyring().open(&sealed_token(&record)).unwrap();
    token.expose_secret().to_owned()
}
