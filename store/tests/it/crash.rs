//! Nothing that was acknowledged is lost when a program or a server is killed.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use hitchpost::Keyring;
use hitchpost_store::{HistoryOptions, Store};
use hitchpost_tests::postgres::{Postgres, Stop};

use crate::database::{Database, by, name, token, tool};

const URL: &str = "HITCHPOST_CRASH_TEST_URL";
const KEY_FILE: &str = "HITCHPOST_CRASH_TEST_KEY_FILE";
const ACKNOWLEDGED: &str = "acknowledged ";

/// The program that is killed: applies sets of two records for ever, and prints each revision
/// after it is acknowledged.
#[tokio::test]
#[ignore = "run by the other tests of this file"]
async fn writer() {
    let keyring = Arc::new(Keyring::from_file(env::var(KEY_FILE).unwrap()).unwrap());
    let store = Store::open(&env::var(URL).unwrap(), keyring).await.unwrap();
    let mut revision = store.revision().await.unwrap();
    loop {
        let text = (revision + 1).to_string();
        let set = [tool("same", &text), tool(&format!("tool-{text}"), &text)];
        revision = store.apply(&set, &by("writer")).await.unwrap().revision;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{ACKNOWLEDGED}{revision}").unwrap();
        out.flush().unwrap();
    }
}

/// A running `writer`, and the revisions that it prints.
struct Writer {
    process: Child,
    lines: Box<dyn Iterator<Item = u64>>,
}

impl Writer {
    fn start(database: &Database) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "crash::writer", "--ignored", "--nocapture"])
            .env(URL, &database.url)
            .env(KEY_FILE, database.keys.path().join("key"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let revision =
            |line: std::io::Result<String>| line.unwrap().strip_prefix(ACKNOWLEDGED)?.parse().ok();
        let lines = Box::new(lines.filter_map(revision));
        Self { process, lines }
    }

    /// The last revision that was acknowledged, when the writer is dead.
    fn last(mut self, before: u64) -> u64 {
        let last = self.lines.last().unwrap_or(before);
        self.process.wait().unwrap();
        last
    }
}

/// Checks that the database has every set up to a revision, and nothing by halves.
async fn check(database: &Database, acknowledged: u64) -> u64 {
    let store = Store::open(&database.url, database.keyring())
        .await
        .unwrap();
    let revision = store.revision().await.unwrap();
    // The last set may have been written and not been acknowledged any more.
    assert!(
        (acknowledged..=acknowledged + 1).contains(&revision),
        "{acknowledged} {revision}"
    );
    let log = store.history(&HistoryOptions::default()).await.unwrap();
    let mut logged: Vec<u64> = log.iter().map(|entry| entry.revision).collect();
    logged.reverse();
    let twice: Vec<u64> = (1..=revision)
        .flat_map(|revision| [revision, revision])
        .collect();
    assert_eq!(logged, twice);
    let listing = store.list().await.unwrap();
    assert_eq!(listing.records.len() as u64, revision + 1);
    for revision in 1..=revision {
        let text = revision.to_string();
        let tool = format!("tool-{text}");
        let record = store.get(&name(&tool)).await.unwrap().unwrap();
        assert_eq!(
            (record.revision, token(&store, &tool).await),
            (revision, text)
        );
    }
    assert_eq!(token(&store, "same").await, revision.to_string());
    if database.folder.is_some() {
        use sqlx::Connection;
        let mut connection = sqlx::AnyConnection::connect(&database.url).await.unwrap();
        let check = sqlx::query_scalar("PRAGMA integrity_check");
        let check: String = check.fetch_one(&mut connection).await.unwrap();
        assert_eq!(check, "ok");
    }
    store.close().await;
    revision
}

async fn writers_are_killed(database: Database) {
    let mut revision = 0;
    // At times that differ in parts of the few milliseconds a change takes.
    for pause in [1_u64, 17, 33, 59, 71, 113] {
        let mut writer = Writer::start(&database);
        let first = writer.lines.next().unwrap();
        assert_eq!(first, revision + 1);
        std::thread::sleep(Duration::from_micros(pause * 1_370));
        writer.process.kill().unwrap();
        revision = check(&database, writer.last(first)).await;
    }
}

#[tokio::test]
async fn sqlite_keeps_what_a_killed_program_wrote() {
    writers_are_killed(Database::sqlite().await).await;
}

#[tokio::test]
async fn postgres_keeps_what_a_killed_program_wrote() {
    writers_are_killed(Database::postgres().await).await;
}

#[tokio::test]
async fn postgres_keeps_what_was_written_when_the_server_is_killed() {
    let server = Postgres::start_durable().unwrap();
    let database = Database::at(server.create_database("crash").unwrap(), None);
    let mut revision = 0;
    for pause in [23_u64, 97] {
        let mut writer = Writer::start(&database);
        let first = writer.lines.next().unwrap();
        std::thread::sleep(Duration::from_micros(pause * 1_370));
        server.stop(Stop::Kill).unwrap();
        // The writer meets the dead server and ends.
        let last = writer.last(first);
        server.resume().unwrap();
        assert!(last > revision);
        revision = check(&database, last).await;
    }
}
