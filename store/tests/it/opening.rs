//! What opening a store can meet.

use std::{env, fs, os::unix::fs::PermissionsExt, process::Command, sync::Arc, time::Instant};

use hitchpost::Keyring;
use hitchpost_store::{Store, StoreError};
use sqlx::{AnyConnection, Connection, Executor};

use crate::database::{Database, by, on_backends, on_every_database, token, tool};

on_every_database! {
    many_programs_open_an_empty_database_at_once
    a_newer_database_is_refused
    a_read_only_database_is_read
    a_locked_database_is_told
    another_programs_database_is_left_alone
    who_reads_makes_no_registry
}

async fn refused(url: &str) -> StoreError {
    let keyring = Arc::new(Keyring::ephemeral().unwrap());
    match Store::open(url, keyring).await {
        Ok(_) => panic!("`{url}` opens"),
        Err(error) => error,
    }
}

async fn many_programs_open_an_empty_database_at_once(database: Database) {
    let mut programs = Vec::new();
    for number in 0..8 {
        let (url, keyring) = (database.url.clone(), database.keyring());
        programs.push(tokio::spawn(async move {
            let store = Store::open(&url, keyring).await.unwrap();
            let record = tool(&format!("tool-{number}"), "token");
            store.apply(&[record], &by("ada")).await.unwrap();
            store.id().to_owned()
        }));
    }
    let store = database.open().await;
    for program in programs {
        assert_eq!(program.await.unwrap(), store.id());
    }
    assert_eq!(store.revision().await.unwrap(), 8);
    assert_eq!(store.list().await.unwrap().records.len(), 8);
}

async fn a_newer_database_is_refused(database: Database) {
    database.open().await.close().await;
    database
        .execute("UPDATE hitchpost_migration SET version = 99")
        .await;
    let error = refused(&database.url).await;
    assert_eq!(error.code(), "newer-database");
    assert!(
        error
            .to_string()
            .ends_with("the database has format 99, and this version knows formats up to 1"),
        "{error}"
    );
}

async fn a_read_only_database_is_read(database: Database) {
    let store = database.open().await;
    store
        .apply(&[tool("a", "token")], &by("ada"))
        .await
        .unwrap();
    store.close().await;
    let mut url = database.url.clone();
    if url.starts_with("sqlite") {
        url.push_str("?mode=ro");
    } else {
        url.push_str("?options=-cdefault_transaction_read_only%3Don");
    }
    let store = Store::open(&url, database.keyring()).await.unwrap();
    assert_eq!(token(&store, "a").await, "token");
    let dry = hitchpost_store::ApplyOptions {
        dry_run: true,
        ..by("ada")
    };
    store.apply(&[tool("a", "new")], &dry).await.unwrap();
    let error = store
        .apply(&[tool("a", "new")], &by("ada"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "read-only");
    assert_eq!(error.to_string(), "the database is read-only");
}

async fn a_locked_database_is_told(database: Database) {
    let store = database.open().await;
    store
        .apply(&[tool("a", "token")], &by("ada"))
        .await
        .unwrap();
    let mut other = AnyConnection::connect(&database.url).await.unwrap();
    if database.folder.is_some() {
        other.execute("BEGIN IMMEDIATE").await.unwrap();
    } else {
        other.execute("BEGIN").await.unwrap();
        other
            .execute("SELECT revision FROM registry FOR UPDATE")
            .await
            .unwrap();
    }
    let begun = Instant::now();
    let error = store
        .apply(&[tool("a", "new")], &by("ada"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "database-locked");
    assert!(
        (4..20).contains(&begun.elapsed().as_secs()),
        "{:?}",
        begun.elapsed()
    );
    // Who reads does not wait.
    assert_eq!(token(&store, "a").await, "token");
    other.execute("ROLLBACK").await.unwrap();
    store.apply(&[tool("a", "new")], &by("ada")).await.unwrap();
}

async fn another_programs_database_is_left_alone(database: Database) {
    if let Some(path) = database.path() {
        fs::write(path, "").unwrap();
    }
    sqlx::any::install_default_drivers();
    database
        .execute("CREATE TABLE change (money INTEGER)")
        .await;
    let error = refused(&database.url).await;
    assert_eq!(error.code(), "not-a-registry");
    database.execute("INSERT INTO change VALUES (1)").await;
}

async fn who_reads_makes_no_registry(database: Database) {
    for _ in 0..2 {
        let error = Store::open_existing(&database.url, database.keyring())
            .await
            .unwrap_err();
        assert_eq!(error.code(), "no-registry");
        let shown = error.to_string();
        assert!(shown.ends_with("there is no registry"), "{shown}");
        assert!(error.help().unwrap().contains("first applied"));
        assert!(database.path().is_none_or(|path| !path.exists()));
    }
    let made = Store::open(&database.url, database.keyring())
        .await
        .unwrap();
    let read = Store::open_existing(&database.url, database.keyring())
        .await
        .unwrap();
    assert_eq!(read.id(), made.id());
    made.close().await;
    read.close().await;
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    let text = "This is not a database. ".repeat(1_000);
    fs::write(&path, &text).unwrap();
    let error = refused(&format!("sqlite://{}", path.display())).await;
    assert_eq!(error.code(), "not-a-database");
    assert_eq!(
        error.to_string(),
        format!(
            "cannot open `sqlite://{}`: the file is not a SQLite database",
            path.display()
        )
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn files_and_folders_are_the_owners() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/hitchpost/registry.db");
    let keyring = Arc::new(Keyring::ephemeral().unwrap());
    let store = Store::open(&format!("sqlite://{}", path.display()), keyring)
        .await
        .unwrap();
    store
        .apply(&[tool("a", "token")], &by("ada"))
        .await
        .unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let parent = path.parent().unwrap();
    assert_eq!(mode(parent), 0o700);
    let files: Vec<_> = fs::read_dir(parent)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(files.len() >= 2, "the database and its log: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "").unwrap();
    let error = refused(&format!("sqlite://{}/registry.db", path.display())).await;
    assert_eq!(error.code(), "database-file");
    let missing = folder.path().join("missing.db");
    let error = refused(&format!("sqlite://{}?mode=ro", missing.display())).await;
    assert_eq!(error.code(), "no-registry");
    assert!(!missing.exists());
}

#[tokio::test]
async fn urls() {
    for (url, reason) in [
        ("registry.db", "has no scheme"),
        ("/var/lib/registry.db", "has no scheme"),
        ("sqlite:registry.db", "has no absolute path of a file"),
        ("sqlite://host", "has no absolute path of a file"),
        ("sqlite:///", "has no absolute path of a file"),
        ("sqlite:///a%zz.db", "has a broken `%` escape"),
        (
            "sqlite:///a.db?mode=rwc",
            "has other parameters than `mode=ro`",
        ),
        (
            "mysql://host/db",
            "has another scheme than `sqlite`, `postgres` and `memory`",
        ),
        ("postgres://user:hunter2@[::1/db", "is malformed"),
    ] {
        let error = refused(url).await;
        assert_eq!(error.code(), "invalid-url", "{url}");
        assert_eq!(
            error.to_string(),
            format!("the store's URL {reason}"),
            "{url}"
        );
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_told_without_the_password() {
    // Nothing listens on a port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = refused(&format!("postgres://robot:hunter2@127.0.0.1:{port}/tools")).await;
    assert_eq!(error.code(), "unreachable");
    let shown = error.to_string();
    let begin =
        format!("cannot open `postgres://127.0.0.1:{port}/tools`: the database does not answer");
    assert!(shown.starts_with(&begin), "{shown}");
    assert!(!format!("{error:?} {error:#?} {shown} {:?}", error.help()).contains("hunter2"));
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_shown() {
    let database = Database::postgres().await;
    let mut url: url::Url = database.url.parse().unwrap();
    url.set_username("nobody-of-this-name").unwrap();
    url.set_password(Some("hunter2")).unwrap();
    let error = refused(url.as_str()).await;
    assert_eq!(error.code(), "access-denied", "{error}");
    assert!(!format!("{error:?} {error} {:?}", error.help()).contains("hunter2"));
}

/// Tells the default store of another process's environment.
#[test]
#[ignore = "run by `the_default_store_is_in_the_data_folder`"]
fn default_store() {
    let url = hitchpost_store::default_url();
    println!(
        "<{}>",
        url.unwrap_or_else(|error| format!("{}: {error}", error.code()))
    );
}

#[test]
fn the_default_store_is_in_the_data_folder() {
    let found = |variables: &[(&str, &str)]| {
        let output = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "opening::default_store",
                "--ignored",
                "--nocapture",
            ])
            .env_clear()
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_once('<')
            .unwrap()
            .1
            .split_once(">\n")
            .unwrap()
            .0
            .to_owned()
    };
    let home = ("HOME", "/home/a da");
    let in_home = "sqlite:///home/a%20da/.local/share/hitchpost/registry.db";
    assert_eq!(found(&[home]), in_home);
    assert_eq!(found(&[home, ("XDG_DATA_HOME", "relative")]), in_home);
    assert_eq!(
        found(&[home, ("XDG_DATA_HOME", "/data")]),
        "sqlite:///data/hitchpost/registry.db"
    );
    assert_eq!(
        found(&[]),
        "no-folder: there is no folder for the store: neither `XDG_DATA_HOME` nor `HOME` is set"
    );
}
