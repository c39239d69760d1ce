//! Keys: rotated, lost, or another's; and no secret in the clear on any disk.

use std::{fs, path::Path, sync::Arc};

use hitchpost::Keyring;
use hitchpost_registry_core::REDACTED;
use hitchpost_store::{DeleteOptions, HistoryOptions, Store};

use crate::database::{
    Database, by, name, on_backends, on_every_database, plain_tool, sealed_token, token, tool,
};

on_every_database! {
    rotation_goes_on_while_others_read
    without_the_key_only_secrets_are_closed
    a_lost_key_is_survived_by_writing_anew
    nothing_secret_is_stored_in_the_clear
}

async fn rotation_goes_on_while_others_read(database: Database) {
    let running = database.open().await;
    running
        .apply(&[tool("a", "token a"), tool("b", "token b")], &by("ada"))
        .await
        .unwrap();
    running
        .apply(&[plain_tool("c", "http://c")], &by("ada"))
        .await
        .unwrap();
    let old_key = running.keyring().key_ids();
    let mut follower = running.follow(2).await;

    let rotating = database.open().await;
    rotating.keyring().add_key().unwrap();
    let rotated = rotating.rotate_keys("eve").await.unwrap();
    assert_eq!((rotated.revision, rotated.data_keys), (3, 2));
    let new_key = rotating.keyring().key_ids()[0];
    assert_eq!(rotating.keys_in_use().await.unwrap(), [new_key]);
    let again = rotating.rotate_keys("eve").await.unwrap();
    assert_eq!((again.revision, again.data_keys), (3, 0));
    let log = rotating.history(&HistoryOptions::default()).await.unwrap();
    assert_eq!(log[0].action.as_str(), "rotated");
    assert_eq!((log[0].who.as_str(), &log[0].extension), ("eve", &None));

    // Who has followed gets the records with the new data keys, and finds the new key by itself.
    let update = follower.next().await.unwrap();
    let changed: Vec<&str> = update.changes.keys().map(|name| name.as_str()).collect();
    assert_eq!((update.revision, changed), (3, vec!["a", "b"]));
    assert_eq!(running.keyring().key_ids(), old_key);
    for record in update.changes.values().flatten() {
        running.keyring().open(&sealed_token(record)).unwrap();
    }
    assert_eq!(running.keyring().key_ids(), rotating.keyring().key_ids());
    // The records are what they were.
    let same = [tool("a", "token a"), tool("b", "token b")];
    assert_eq!(running.apply(&same, &by("ada")).await.unwrap().revision, 3);

    rotating.keyring().remove_old_keys().unwrap();
    let later = database.open().await;
    assert_eq!(later.keyring().key_ids(), [new_key]);
    assert_eq!(token(&later, "b").await, "token b");
}

async fn without_the_key_only_secrets_are_closed(database: Database) {
    let owner = database.open().await;
    owner
        .apply(&[tool("a", "token")], &by("ada"))
        .await
        .unwrap();
    let owned = owner.keyring().key_ids()[0];
    let missing = database.keys.path().join("missing");
    let cases = [
        ("missing-key", Keyring::from_file(&missing).unwrap()),
        ("wrong-key", Keyring::ephemeral().unwrap()),
    ];
    for (code, keyring) in cases {
        let store = Store::open(&database.url, Arc::new(keyring)).await.unwrap();
        let record = store.get(&name("a")).await.unwrap().unwrap();
        let error = store.keyring().open(&sealed_token(&record)).unwrap_err();
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains(&format!("`{owned}`")), "{error}");
        // Neither a new value nor a new record is mixed in, and no useless key is made.
        for record in [tool("a", "new"), tool("other", "token")] {
            let error = store.apply(&[record], &by("bob")).await.unwrap_err();
            assert_eq!(error.code(), code);
            assert!(error.help().unwrap().contains("HITCHPOST_KEY"));
        }
        let error = store.rotate_keys("bob").await.unwrap_err();
        assert_eq!(error.code(), code);
        store
            .apply(&[plain_tool(code, "http://c")], &by("bob"))
            .await
            .unwrap();
    }
    assert!(!missing.exists());
    assert_eq!(token(&owner, "a").await, "token");
}

async fn a_lost_key_is_survived_by_writing_anew(database: Database) {
    let store = database.open().await;
    store
        .apply(&[tool("a", "token")], &by("ada"))
        .await
        .unwrap();
    fs::remove_file(database.keys.path().join("key")).unwrap();
    let store = database.open().await;
    let error = store
        .apply(&[tool("a", "again")], &by("ada"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "missing-key");
    store
        .delete(&[name("a")], &DeleteOptions::default())
        .await
        .unwrap();
    store
        .apply(&[tool("a", "again")], &by("ada"))
        .await
        .unwrap();
    assert_eq!(token(&database.open().await, "a").await, "again");
}

async fn nothing_secret_is_stored_in_the_clear(database: Database) {
    const SECRETS: [&str; 3] = ["hunter2-first", "hunter2-second", "hunter2-third"];
    let store = database.open().await;
    for secret in SECRETS {
        store
            .apply(
                &[tool("a", secret), tool(secret_free(secret), secret)],
                &by("ada"),
            )
            .await
            .unwrap();
    }
    store.rotate_keys("ada").await.unwrap();
    store
        .delete(&[name("a")], &DeleteOptions::default())
        .await
        .unwrap();
    let stored = match &database.folder {
        Some(folder) => files(folder.path()),
        None => rows(&database.url),
    };
    let has = |needle: &str| {
        stored
            .windows(needle.len())
            .any(|bytes| bytes == needle.as_bytes())
    };
    // What is searched is what is stored.
    assert!(has(REDACTED) && has("mlflow-tracking") && has("ada"));
    for secret in SECRETS {
        let hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(
            !has(secret) && !has(&hexadecimal),
            "{secret} is stored in the clear"
        );
    }
    assert!(!has("hunter2"));
    let key = fs::read(database.keys.path().join("key")).unwrap();
    assert!(!has(str::from_utf8(&key).unwrap().trim()));
    let shown = format!(
        "{:?} {:?} {store:?}",
        store.list().await.unwrap(),
        store.history(&HistoryOptions::default()).await.unwrap()
    );
    assert!(!shown.contains("hunter2"));
}

fn secret_free(secret: &str) -> &str {
    secret.trim_start_matches("hunter2-")
}

/// All bytes of the database, its log included.
fn files(folder: &Path) -> Vec<u8> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries.flat_map(|path| fs::read(path).unwrap()).collect()
}

/// All rows of all tables.
fn rows(url: &str) -> Vec<u8> {
    let server = hitchpost_tests::postgres::shared().unwrap();
    let tables = "select tablename from pg_tables where schemaname = 'public'";
    let tables = server.query(url, tables).unwrap();
    assert!(tables.lines().any(|table| table == "secret"), "{tables}");
    let rows = |table| {
        server
            .query(url, &format!("select t::text from {table} t"))
            .unwrap()
    };
    tables
        .lines()
        .flat_map(|table| rows(table).into_bytes())
        .collect()
}
