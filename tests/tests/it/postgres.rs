use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hitchpost_tests::postgres::{self, Postgres, Stop};

const POSTGRES_FOR_TESTS: &str = env!("CARGO_BIN_EXE_postgres-for-tests");

fn is_listening(url: &str) -> bool {
    let url: url::Url = url.parse().unwrap();
    std::net::TcpStream::connect(("127.0.0.1", url.port().unwrap())).is_ok()
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "{what}: not within 20 seconds");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_shared_server_answers_and_its_databases_are_apart() {
    let server = postgres::shared().unwrap();
    let [first, second] =
        ["Same-Name", "Same-Name"].map(|name| server.create_database(name).unwrap());
    assert_ne!(first, second);
    server
        .query(&first, "create table here (id integer)")
        .unwrap();
    assert_eq!(
        server.query(&first, "select count(*) from here").unwrap(),
        "0"
    );
    let error = server.query(&second, "select * from here").unwrap_err();
    assert!(
        error
            .to_string()
            .contains(r#"relation "here" does not exist"#),
        "{error}"
    );
}

#[test]
fn what_is_committed_survives_every_stop() {
    let postgres = Postgres::start_durable().unwrap();
    let url = postgres.create_database("stops").unwrap();
    let query = |sql: &str| postgres.server().query(&url, sql).unwrap();
    query("create table stops (name text)");
    for stop in [Stop::Fast, Stop::Immediate, Stop::Kill] {
        query(&format!("insert into stops values ('{stop:?}')"));
        postgres.stop(stop).unwrap();
        assert!(!postgres.server().is_listening(), "{stop:?}");
        postgres.resume().unwrap();
    }
    assert_eq!(query("select * from stops"), "Fast\nImmediate\nKill");
}

#[test]
fn a_dropped_server_is_gone() {
    let postgres = Postgres::start().unwrap();
    let url = postgres.url().to_owned();
    let folder = postgres
        .server()
        .query(&url, "show data_directory")
        .unwrap();
    assert!(is_listening(&url));
    drop(postgres);
    assert!(!is_listening(&url));
    assert!(!std::path::Path::new(&folder).parent().unwrap().exists());
}

#[test]
fn a_server_ends_with_the_process_that_started_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let script = r#"printf %s "$HITCHPOST_TEST_POSTGRES_URL" > "$0"; cat"#;
    // Its command waits for the end of the standard input that `process` holds.
    let mut process = Command::new(POSTGRES_FOR_TESTS)
        .args(["sh", "-c", script])
        .arg(file.path())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let url = || std::fs::read_to_string(file.path()).unwrap();
    wait_until("the server's URL", || !url().is_empty());
    assert!(is_listening(&url()));
    process.kill().unwrap();
    process.wait().unwrap();
    wait_until("the end of the server", || !is_listening(&url()));
}

#[test]
fn the_program_passes_the_exit_code_through() {
    for (command, code) in [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143)] {
        let status = Command::new(POSTGRES_FOR_TESTS)
            .args(["sh", "-c", command])
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(code), "{command}");
    }
}
