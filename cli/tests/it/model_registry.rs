//! `hitchpost model-registry`: it listens where it says, and stops when it is told to.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sqlx::{ConnectOptions, Executor, sqlite::SqliteConnectOptions};

use crate::support::Home;

/// A running server, killed when dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut child = home
            .command(&[&["model-registry", "--port", "0"], arguments].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.as_mut().unwrap());
        out.read_line(&mut line).unwrap();
        let address = line
            .strip_prefix("listening on http://")
            .unwrap_or_else(|| panic!("`{line}`"));
        let address = address.trim_end().to_owned();
        Self { child, address }
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn get(&self, path: &str, headers: &str) -> String {
        let head = "host: x\r\nconnection: close";
        self.ask(&format!("GET {path} HTTP/1.1\r\n{head}\r\n{headers}\r\n"))
    }

    fn post(&self, path: &str, body: &str) -> String {
        let head = "host: x\r\nconnection: close\r\ncontent-type: application/json";
        let length = body.len();
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
    }

    /// Sends a signal; the exit code, and what was said on standard error.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.unwrap().success());
        let code = self.child.wait().unwrap().code();
        let mut said = String::new();
        let error = self.child.stderr.as_mut().unwrap();
        error.read_to_string(&mut said).unwrap();
        (code, said)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const MODELS: &str = "/api/model_registry/v1alpha3/registered_models";

#[test]
fn it_keeps_what_it_was_given_where_nothing_is_configured() {
    let home = Home::new();
    for (round, signal) in ["TERM", "INT"].into_iter().enumerate() {
        let server = Server::start(&home, &[]);
        let body = format!(r#"{{"name":"model-{round}"}}"#);
        assert!(server.post(MODELS, &body).starts_with("HTTP/1.1 201"));
        assert_eq!(server.end(signal), (Some(0), String::new()));
    }
    let server = Server::start(&home, &[]);
    let models = server.get(MODELS, "");
    assert!(
        models.contains("model-0") && models.contains("model-1"),
        "{models}"
    );
    drop(server);
    let folder = home.path().join(".local/share/hitchpost");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "{file:?}");
    assert!(!home.database().exists());
}

/// A request that is under way is answered before the server goes.
#[test]
fn a_stop_waits_for_requests() {
    let home = Home::new();
    let server = Server::start(&home, &["--store", "memory:"]);
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = "host: x\r\nconnection: close\r\ncontent-type: application/json";
    write!(
        stream,
        "POST {MODELS} HTTP/1.1\r\n{head}\r\ncontent-length: 12\r\n\r\n{{\"name\""
    )
    .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let address = server.address.clone();
    let ended = std::thread::spawn(move || server.end("TERM"));
    let end = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(&address).is_ok() {
        assert!(Instant::now() < end, "it still listens");
        std::thread::sleep(Duration::from_millis(10));
    }
    stream.write_all(b":\"a\"").unwrap();
    stream.write_all(b"}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(ended.join().unwrap().0, Some(0));
}

#[test]
fn tokens_are_never_told() {
    let home = Home::new();
    home.write("tokens", "geheim-token\n");
    let options = [
        "--store",
        "memory:",
        "--token-file",
        "tokens",
        "--log-requests",
    ];
    let server = Server::start(&home, &options);
    for (token, status) in [("geheim-token", 200), ("geheim-other", 401)] {
        let path = format!("{MODELS}?filterQuery=name%20%3D%20'geheim'");
        let answer = server.get(&path, &format!("authorization: Bearer {token}\r\n"));
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
        assert!(!answer.contains("geheim"), "{answer}");
    }
    let (code, said) = server.end("TERM");
    assert_eq!(code, Some(0));
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(
        said.contains(&format!("GET {MODELS} 200 ")) && said.contains(" 401 "),
        "{said}"
    );
    assert!(!said.contains("geheim"), "{said}");
}

#[test]
fn what_cannot_be_used_is_refused() {
    let home = Home::new();
    home.write("file", "no database");
    let path = home.path().join("file");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let file = format!("sqlite://{}", path.display());
    let run = |arguments: &[&str]| home.run(&[&["model-registry"], arguments].concat());
    run(&["--store", "mysql://x"]).refused(2, "invalid-url");
    run(&["--port", "70000"]).refused(2, "--port");
    run(&["--tls-cert", "file"]).refused(2, "--tls-key");
    run(&["--store", &file]).refused(12, "not-a-registry");
    run(&["--store", "memory:", "--port", &port]).refused(1, "cannot-listen");
    run(&["--store", "memory:", "--token-file", "nowhere"]).refused(1, "token-file");
    run(&[
        "--store",
        "memory:",
        "--tls-cert",
        "file",
        "--tls-key",
        "file",
    ])
    .refused(1, "tls");
    let secret = "postgres://user:geheim@127.0.0.1:1/x";
    let refused = run(&["--store", secret]);
    assert_eq!(refused.code, 12, "{}", refused.err);
    assert!(!refused.err.contains("geheim"), "{}", refused.err);
}

/// As when `HITCHPOST_STORE` is set for both.
#[test]
fn it_shares_a_database_with_the_registry_of_tools() {
    for tools_first in [true, false] {
        let home = Home::new();
        let url = format!("sqlite://{}/shared.db", home.path().display());
        let add = || {
            let arguments = [
                "add",
                "mlflow",
                "--url",
                "http://mlflow:5000",
                "--store",
                &url,
            ];
            let added = home.command(&arguments).output().unwrap();
            assert!(added.status.success(), "{added:?}");
        };
        let serve = || {
            let server = Server::start(&home, &["--store", &url]);
            let made = server.post(MODELS, r#"{"name":"model"}"#);
            assert!(made.starts_with("HTTP/1.1 201"), "{made}");
        };
        if tools_first {
            add();
            serve();
        } else {
            serve();
            add();
        }
    }
}

#[test]
fn it_does_not_touch_the_database_of_another_program() {
    let home = Home::new();
    let path = home.path().join("other.db");
    let url = format!("sqlite://{}", path.display());
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            let options = SqliteConnectOptions::new()
                .filename(&path)
                .create_if_missing(true);
            let mut theirs = options.connect().await.unwrap();
            theirs
                .execute("CREATE TABLE theirs (id INTEGER)")
                .await
                .unwrap();
        });
    let refused = home
        .command(&["model-registry", "--store", &url])
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && said.contains("not-a-registry"),
        "{said}"
    );
}
