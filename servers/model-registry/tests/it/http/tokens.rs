//! Who is let in, and TLS.

use std::{
    fs,
    time::{Duration, Instant},
};

use hitchpost_model_registry::{Server, ServerOptions, Store};
use serde_json::Value;

use super::Running;

const MODELS: &str = "/api/model_registry/v1alpha3/registered_models";

fn with_tokens(path: &std::path::Path) -> ServerOptions {
    let mut options = ServerOptions::default();
    options.token_file = Some(path.to_owned());
    options
}

#[test]
fn only_who_has_a_token_is_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    fs::write(&path, "first-token\n\n  second-token \n").unwrap();
    let mut server = Running::start("memory:", &with_tokens(&path));
    for path in [MODELS, "/api/hitchpost/v1/features", "/nope"] {
        let answer = server.get(path);
        let message = answer.error(401, "Unauthorized");
        assert!(!message.contains("token-"), "{message}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer", "{path}");
    }
    for token in [
        "",
        "first",
        "first-token2",
        "FIRST-TOKEN",
        "first-token second-token",
    ] {
        server = server.token(token);
        assert_eq!(server.get(MODELS).status, 401, "{token}");
    }
    for token in ["first-token", "second-token"] {
        server = server.token(token);
        server.get(MODELS).expect(200);
    }
    for scheme in ["bearer first-token", "BEARER  first-token"] {
        let request = format!(
            "GET {MODELS} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: {scheme}\r\n\r\n"
        );
        assert!(
            server.raw(request.as_bytes()).starts_with("HTTP/1.1 200"),
            "{scheme}"
        );
    }
    for scheme in ["Basic first-token", "first-token", "Bearer"] {
        let request = format!(
            "GET {MODELS} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: {scheme}\r\n\r\n"
        );
        assert!(
            server.raw(request.as_bytes()).starts_with("HTTP/1.1 401"),
            "{scheme}"
        );
    }
}

#[test]
fn probes_and_the_document_want_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    fs::write(&path, "secret").unwrap();
    let server = Running::start("memory:", &with_tokens(&path));
    for path in ["/readyz/health", "/readyz/isDirty"] {
        assert_eq!(server.get(path).text, "OK", "{path}");
    }
    let wants = |document: &Value| document["paths"][MODELS]["get"]["security"].clone();
    assert_eq!(
        wants(&server.get("/openapi.json").expect(200)),
        serde_json::json!([{"Bearer": []}])
    );
    assert_eq!(
        wants(&Running::memory().get("/openapi.json").expect(200)),
        Value::Null
    );
}

/// Kubernetes replaces a mounted file; the old token must end with it.
#[test]
fn a_changed_token_file_counts_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    fs::write(&path, "old").unwrap();
    let mut server = Running::start("memory:", &with_tokens(&path)).token("old");
    server.get(MODELS).expect(200);
    let waits_for = |server: &Running, status: u16| {
        let end = Instant::now() + Duration::from_secs(10);
        while server.get(MODELS).status != status {
            assert!(Instant::now() < end, "still not {status}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let next = folder.path().join("next");
    fs::write(&next, "new").unwrap();
    fs::rename(&next, &path).unwrap();
    waits_for(&server, 401);
    server = server.token("new");
    server.get(MODELS).expect(200);
    fs::remove_file(&path).unwrap();
    waits_for(&server, 401);
    fs::write(&path, "new").unwrap();
    waits_for(&server, 200);
}

#[test]
fn files_that_cannot_be_used_stop_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let empty = file("empty", "\n \n");
    let text = file("text", "no pem");
    let missing = folder.path().join("missing");
    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let pem = file("cert.pem", &certificate.cert.pem());
    let key = file("key.pem", &certificate.signing_key.serialize_pem());
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = file("other.pem", &other.signing_key.serialize_pem());
    let mut cases = vec![
        (with_tokens(&empty), "token-file"),
        (with_tokens(&missing), "token-file"),
    ];
    for (certificate, key) in [
        (&missing, &key),
        (&text, &key),
        (&pem, &text),
        (&pem, &other),
    ] {
        let mut options = ServerOptions::default();
        options.tls = Some((certificate.clone(), key.clone()));
        cases.push((options, "tls"));
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (options, code) in cases {
        let started = runtime.block_on(async {
            let store = Store::open("memory:").await.unwrap();
            Server::bind(store, "127.0.0.1", 0, &options).await
        });
        assert_eq!(started.unwrap_err().code(), code, "{options:?}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let started = runtime.block_on(async {
        let store = Store::open("memory:").await.unwrap();
        Server::bind(store, "127.0.0.1", port, &ServerOptions::default()).await
    });
    assert_eq!(started.unwrap_err().code(), "cannot-listen");
}

#[test]
fn tls_is_spoken_with_the_given_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (pem, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    fs::write(&pem, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let mut options = ServerOptions::default();
    options.tls = Some((pem.clone(), key));
    let server = Running::start("memory:", &options).trust(&pem);
    assert!(server.url.starts_with("https://"), "{}", server.url);
    server.get(MODELS).expect(200);
    // Plain text is no handshake, and hurts nobody else.
    assert!(
        !server
            .raw(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .contains("200")
    );
    server.get(MODELS).expect(200);
}
