//! Nothing that was acknowledged is lost when a program or a server is killed, and a database
//! that fails is told of. A full disk is among the unit tests of the connection.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    time::Duration,
};

use hitchpost_model_registry::{
    Store, StoreError,
    model::{Experiment, MetricColumnsOptions},
};
use hitchpost_tests::postgres::{Postgres, Stop};
use serde_json::json;

use crate::{
    database::Database,
    metrics::log,
    resources::{a_run, create},
};

const URL: &str = "HITCHPOST_CRASH_TEST_URL";
const RUN: &str = "HITCHPOST_CRASH_TEST_RUN";
const ACKNOWLEDGED: &str = "acknowledged ";

/// The program that is killed: four tasks log batches of two points for ever, and print the step
/// of each after it is acknowledged.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the other tests of this file"]
async fn writer() {
    let store = Store::open(&env::var(URL).unwrap()).await.unwrap();
    let run: i64 = env::var(RUN).unwrap().parse().unwrap();
    let from = steps(&store, run, "a").await.into_iter().max().unwrap_or(0) + 1;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let store = store.clone();
        writers.spawn(async move {
            for number in 0.. {
                let step = from + number * 4 + writer;
                let point =
                    |key: &str| json!({"key": key, "value": 1, "timestamp": 1, "step": step});
                let batch = json!({
                    "metrics": [point("a"), point("b")],
                    "params": [{"key": format!("p{step}"), "value": "x"}],
                });
                log(&store, run, batch).await.unwrap();
                let mut out = std::io::stdout().lock();
                writeln!(out, "{ACKNOWLEDGED}{step}").unwrap();
                out.flush().unwrap();
            }
        });
    }
    writers.join_all().await;
}

/// A running `writer`, and the steps that it prints.
struct Writer {
    process: Child,
    lines: Box<dyn Iterator<Item = i64>>,
}

impl Writer {
    fn start(database: &Database, run: i64) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "crash::writer", "--ignored", "--nocapture"])
            .env(URL, &database.url)
            .env(RUN, run.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let step =
            |line: std::io::Result<String>| line.ok()?.strip_prefix(ACKNOWLEDGED)?.parse().ok();
        let lines = Box::new(lines.filter_map(step));
        Self { process, lines }
    }

    /// What was acknowledged after the first line, when the writer is dead.
    fn rest(mut self) -> Vec<i64> {
        let rest = self.lines.collect();
        self.process.wait().unwrap();
        rest
    }
}

async fn steps(store: &Store, run: i64, name: &str) -> Vec<i64> {
    let options = MetricColumnsOptions {
        name: name.to_owned(),
        by_step: true,
        ..MetricColumnsOptions::default()
    };
    store.metric_columns(run, &options).await.unwrap().steps
}

/// Checks that everything that was acknowledged is there, and nothing by halves.
async fn check(database: &Database, run: i64, acknowledged: &[i64]) {
    let store = Store::open(&database.url).await.unwrap();
    let (a, b) = (steps(&store, run, "a").await, steps(&store, run, "b").await);
    assert_eq!(a, b);
    for step in acknowledged {
        assert!(a.binary_search(step).is_ok(), "{step} is lost");
    }
    let data = store.run_data(run).await.unwrap();
    assert_eq!(data.params.unwrap().len(), a.len());
    if database.folder.is_some() {
        use sqlx::Connection;
        let mut connection = sqlx::AnyConnection::connect(&database.url).await.unwrap();
        let check = sqlx::query_scalar("PRAGMA integrity_check");
        let check: String = check.fetch_one(&mut connection).await.unwrap();
        assert_eq!(check, "ok");
    }
    store.close().await;
}

async fn writers_are_killed(database: Database) {
    let store = database.open().await;
    let run = a_run(&store).await;
    store.close().await;
    let mut acknowledged = Vec::new();
    // At times that differ in parts of the few milliseconds a change takes.
    for pause in [1_u64, 17, 59, 113] {
        let mut writer = Writer::start(&database, run);
        acknowledged.extend(writer.lines.next());
        std::thread::sleep(Duration::from_micros(pause * 1_370));
        writer.process.kill().unwrap();
        acknowledged.extend(writer.rest());
        check(&database, run, &acknowledged).await;
    }
    assert!(acknowledged.len() > 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_what_a_killed_program_wrote() {
    writers_are_killed(Database::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_what_a_killed_program_wrote() {
    writers_are_killed(Database::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_what_was_written_when_the_server_is_killed() {
    let server = Postgres::start_durable().unwrap();
    let database = Database::at(server.create_database("crash").unwrap(), None);
    let store = database.open().await;
    let run = a_run(&store).await;
    let mut writer = Writer::start(&database, run);
    let mut acknowledged: Vec<i64> = writer.lines.next().into_iter().collect();
    std::thread::sleep(Duration::from_millis(90));
    server.stop(Stop::Kill).unwrap();
    // The writer meets the dead server and ends.
    acknowledged.extend(writer.rest());
    let error = store.ping().await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    let error = create::<Experiment>(&store, json!({"name": "late"}))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    server.resume().unwrap();
    check(&database, run, &acknowledged).await;
    // The store that met the dead server goes on.
    create::<Experiment>(&store, json!({"name": "late"}))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_that_are_none_are_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(
        &path,
        "not a database, but a file with more than a hundred bytes of text. ".repeat(9),
    )
    .unwrap();
    let at = |path: &std::path::Path| format!("sqlite://{}", path.display());
    let error = Store::open(&at(&path)).await.unwrap_err();
    assert!(matches!(error, StoreError::NotARegistry), "{error}");
    let error = Store::open(&at(&path.join("below"))).await.unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
    for url in [
        "",
        "x",
        "mysql://a/b",
        "sqlite:relative",
        "sqlite:///a?mode=ro",
        "sqlite:///%zz",
    ] {
        let error = Store::open(url).await.unwrap_err();
        assert!(matches!(error, StoreError::Url { .. }), "{url}: {error}");
    }
    let error = Store::open("postgres://nobody:secret@127.0.0.1:9/none")
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    assert!(!error.to_string().contains("secret"));

    let database = Database::sqlite().await;
    database.open().await.close().await;
    database.execute("INSERT INTO hitchpost_model_registry_migration SELECT 99, description, installed_on, success, checksum, execution_time FROM hitchpost_model_registry_migration").await;
    let error = Store::open(&database.url).await.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Newer {
                found: 99,
                known: 1
            }
        ),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_is_waited_for_and_told_of() {
    use sqlx::{Connection, Executor};
    let database = Database::sqlite().await;
    let store = database.open().await;
    let run = a_run(&store).await;
    let mut other = sqlx::AnyConnection::connect(&database.url).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    // Reading goes on.
    store.run_data(run).await.unwrap();
    let error = log(&store, run, json!({})).await.unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    other.execute("ROLLBACK").await.unwrap();
    log(&store, run, json!({"tags": [{"key": "a", "value": "b"}]}))
        .await
        .unwrap();
}
