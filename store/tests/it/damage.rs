//! Stored data that were changed behind the store's back, and a database that fails.

use std::{fs, time::Duration};

use hitchpost_store::{Image, StoreError};
use hitchpost_tests::postgres::{Postgres, Stop};
use sqlx::{AnyConnection, Connection};

use crate::database::{
    Database, by, name, on_backends, on_every_database, sealed_token, token, tool,
};

on_every_database! {
    swapped_secrets_do_not_open
    what_is_missing_is_named
    a_document_that_cannot_be_read_is_named
}

async fn swapped_secrets_do_not_open(database: Database) {
    let store = database.open().await;
    store
        .apply(&[tool("a", "token a"), tool("b", "token b")], &by("ada"))
        .await
        .unwrap();
    for (sql, place) in [
        (
            "UPDATE secret SET sealed = (SELECT sealed FROM secret \
             WHERE extension = 'b' AND key = 'MLFLOW_TRACKING_TOKEN') \
             WHERE extension = 'a' AND key = 'MLFLOW_TRACKING_TOKEN'",
            "`a/main/team/MLFLOW_TRACKING_TOKEN`",
        ),
        (
            "UPDATE data_key SET wrapped = (SELECT wrapped FROM data_key WHERE extension = 'b') \
             WHERE extension = 'a'",
            "`a/main`",
        ),
    ] {
        database.execute(sql).await;
        // For a program that has opened them before, and for one that has not.
        for store in [store.clone(), database.open().await] {
            assert_eq!(token(&store, "b").await, "token b");
            let record = store.get(&name("a")).await.unwrap().unwrap();
            let error = store.keyring().open(&sealed_token(&record)).unwrap_err();
            assert_eq!(error.code(), "tampered-secret");
            assert!(error.to_string().contains(place), "{error}");
        }
    }
}

async fn what_is_missing_is_named(database: Database) {
    let store = database.open().await;
    store
        .apply(&[tool("a", "token"), tool("b", "token")], &by("ada"))
        .await
        .unwrap();
    database
        .execute("DELETE FROM secret WHERE extension = 'a' AND key LIKE '%TOKEN'")
        .await;
    let error = store.get(&name("a")).await.unwrap_err();
    assert_eq!(error.code(), "damaged-database");
    assert_eq!(
        error.to_string(),
        "the database is damaged: record `a`: the secret `a/main/team/MLFLOW_TRACKING_TOKEN` is \
         missing"
    );
    assert_eq!(token(&store, "b").await, "token");
}

async fn a_document_that_cannot_be_read_is_named(database: Database) {
    let store = database.open().await;
    store
        .apply(&[tool("a", "token")], &by("ada"))
        .await
        .unwrap();
    database
        .execute("UPDATE extension SET document = '{\"name\": \"a\"}'")
        .await;
    let error = store.list().await.unwrap_err();
    assert_eq!(error.code(), "damaged-database");
    assert!(
        error.to_string().contains("record `a`: missing field"),
        "{error}"
    );
}

#[tokio::test]
async fn a_damaged_file_is_told() {
    let database = Database::sqlite().await;
    let store = database.open().await;
    store
        .apply(&[tool("a", "token")], &by("ada"))
        .await
        .unwrap();
    store.close().await;
    let path = database.path().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    // All pages but the first, which has the schema.
    bytes[4096..].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let error = hitchpost_store::Store::open(&database.url, database.keyring())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "damaged-database", "{error}");
}

#[tokio::test]
async fn a_full_disk_is_told() {
    let database = Database::sqlite().await;
    database.open().await.close().await;
    // SQLite gives the same answer when it may not have more pages.
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    sqlx::raw_sql("PRAGMA max_page_count = 1")
        .execute(&mut connection)
        .await
        .unwrap();
    let fill = sqlx::query("INSERT INTO image VALUES (1, 0, $1)").bind(vec![0_u8; 1 << 20]);
    let error = StoreError::from(fill.execute(&mut connection).await.unwrap_err());
    assert_eq!(error.code(), "disk-full");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_goes_on_after_a_server_was_away() {
    let server = Postgres::start_durable().unwrap();
    let database = Database::at(server.create_database("away").unwrap(), None);
    let store = database.open().await;
    store.apply(&[tool("a", "one")], &by("ada")).await.unwrap();
    let mut follower = store.follow(1).await;
    let waits = tokio::time::timeout(Duration::from_millis(100), follower.next()).await;
    assert!(waits.is_err(), "{waits:?}");
    server.stop(Stop::Fast).unwrap();
    let error = follower.next().await.unwrap_err();
    assert_eq!(error.code(), "unreachable", "{error}");
    let image = Image {
        revision: 1,
        bytes: Vec::new(),
    };
    let error = store.write_image(&image).await.unwrap_err();
    assert_eq!(error.code(), "unreachable", "{error}");
    server.resume().unwrap();
    store.apply(&[tool("a", "two")], &by("ada")).await.unwrap();
    let update = follower.next().await.unwrap();
    assert_eq!(update.revision, 2);
}
