//! Requests that no client sends.

use serde_json::json;

use super::Running;

const MODELS: &str = "/api/model_registry/v1alpha3/registered_models";

#[test]
fn unknown_places_and_methods_are_errors_in_json() {
    let server = Running::memory();
    for path in [
        "/",
        "/nope",
        "/api/model_registry/v1alpha3",
        "/api/model_registry/v2/artifacts",
        "/openapi.json/",
    ] {
        let message = server.get(path).error(404, "Not Found");
        assert!(message.contains(path), "{message}");
    }
    for (method, path) in [
        ("DELETE", MODELS),
        ("PUT", MODELS),
        ("POST", "/openapi.json"),
        ("POST", "/readyz/health"),
    ] {
        let answer = server.request(method, path, None);
        answer.error(405, "Method Not Allowed");
        assert!(answer.headers.contains_key("allow"), "{method} {path}");
    }
}

#[test]
fn bodies_that_are_not_what_they_should_be_are_refused() {
    let server = Running::memory();
    let deep = format!(
        r#"{{"name":"a","customProperties":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let bodies = [
        "",
        "null",
        "[]",
        r#"["a"]"#,
        r#"{"name":"a","customProperties":{"k":["MetadataBoolValue",true]}}"#,
        "{",
        "{}",
        r#"{"name":null}"#,
        r#"{"name":7}"#,
        r#"{"name":""}"#,
        r#"{"name":"a","name":"b"}"#,
        r#"{"name":"a","unknown":1}"#,
        r#"{"name":"a\u0000"}"#,
        r#"{"name":"\ud800"}"#,
        r#"{"name":"a"} trailing"#,
        r#"{"name":"a","state":"GONE"}"#,
        r#"{"name":"a","customProperties":{"k":"v"}}"#,
        r#"{"name":"a","customProperties":{"k":{"metadataType":"MetadataIntValue","int_value":"1e3"}}}"#,
        r#"{"name":"a","customProperties":{"k":{"metadataType":"MetadataIntValue","int_value":"9223372036854775808"}}}"#,
        r#"{"name":"a","customProperties":{"k":{"metadataType":"MetadataDoubleValue","double_value":1e999}}}"#,
        r#"{"name":"a","customProperties":{"k":{"metadataType":"MetadataBoolValue","bool_value":true},"k":{"metadataType":"MetadataBoolValue","bool_value":true}}}"#,
        deep.as_str(),
    ];
    for body in bodies {
        let answer = server.request("POST", MODELS, Some(body.to_owned()));
        let start = body.get(..80).unwrap_or(body);
        assert_eq!(answer.status, 400, "{start}: {}", answer.text);
        assert_eq!(answer.json()["code"], "Bad Request", "{start}");
    }
    assert_eq!(server.get(MODELS).expect(200)["size"], 0);
}

/// What a client library would not send goes out as bytes.
#[test]
fn broken_requests_are_answered_or_cut_off() {
    let server = Running::memory();
    let post = |headers: &str, body: &[u8]| {
        let mut bytes = format!(
            "POST {MODELS} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        bytes
    };
    let json = "content-type: application/json\r\n";
    let header = format!("x: {}\r\n", "a".repeat(1 << 20));
    let cases: [(&str, Vec<u8>); 12] = [
        ("400", post(json, b"{\"name\":\"\xff\"}")),
        ("415", post("", b"{\"name\":\"a\"}")),
        ("415", post("content-type: text/plain\r\n", b"{\"name\":\"a\"}")),
        ("415", post("content-type: application/x-www-form-urlencoded\r\n", b"name=a")),
        ("400", b"\x16\x03\x01\x00\x05hello".to_vec()),
        ("400", b"GET / HTTP/9.9\r\n\r\n".to_vec()),
        ("431", format!("GET / HTTP/1.1\r\nhost: x\r\n{header}\r\n").into_bytes()),
        ("400", format!("GET {MODELS}?name=%00 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").into_bytes()),
        ("400", format!("GET {MODELS}?name=%ff HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").into_bytes()),
        ("400", format!("GET {MODELS}/%ff HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").into_bytes()),
        ("400", format!("GET {MODELS}/%00 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").into_bytes()),
        ("413", format!(
            "POST {MODELS} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{json}content-length: 99999999999\r\n\r\n{{"
        ).into_bytes()),
    ];
    for (status, bytes) in cases {
        let answer = server.raw(&bytes);
        let start = String::from_utf8_lossy(bytes.get(..120).unwrap_or(&bytes)).into_owned();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{start}: {answer}"
        );
    }
    server.get(MODELS).expect(200);
}

#[test]
fn parameters_that_are_not_what_they_should_be_are_refused() {
    let server = Running::memory();
    for query in [
        "pageSize=0",
        "pageSize=-1",
        "pageSize=1e3",
        "pageSize=01",
        "pageSize=99999999999",
        "orderBy=NAME",
        "orderBy=id",
        "sortOrder=UP",
        "nextPageToken=zzz",
        "nextPageToken=!",
        "filterQuery=name=",
        "filterQuery=name%20%3D%20'a'%3B%20DROP%20TABLE%20resource",
        "filterQuery=((((((name%20=%20'a'",
    ] {
        server
            .get(&format!("{MODELS}?{query}"))
            .error(400, "Bad Request");
    }
    let deep = format!("{}name%20=%20'a'{}", "(".repeat(10_000), ")".repeat(10_000));
    server
        .get(&format!("{MODELS}?filterQuery={deep}"))
        .error(400, "Bad Request");
    for id in [
        "abc",
        "0",
        "-1",
        "01",
        "1.0",
        "99999999999999999999",
        "1%20",
        "%31%00",
    ] {
        server
            .get(&format!("{MODELS}/{id}"))
            .error(400, "Bad Request");
    }
    server.get(&format!("{MODELS}/7")).error(404, "Not Found");
    server
        .get("/api/model_registry/v1alpha3/artifacts?artifactType=foo")
        .error(400, "Bad Request");
    let history = "/api/model_registry/v1alpha3/experiment_runs/metric_history";
    for steps in ["a", "1,", ",", "1;2", "--1"] {
        server
            .get(&format!("{history}?stepIds={steps}"))
            .error(400, "Bad Request");
    }
    // Empty is absent, as upstream has it.
    server
        .get(&format!(
            "{MODELS}?pageSize=&orderBy=&filterQuery=&nextPageToken=&unknown=1"
        ))
        .expect(200);
}

#[test]
fn a_request_has_a_name() {
    let server = Running::memory();
    let names: Vec<_> = (0..2)
        .map(|_| {
            server.get(MODELS).headers["x-request-id"]
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_ne!(names[0], names[1]);
    for (given, kept) in [("abc-1", true), ("a b", false), ("<script>", false)] {
        let request = format!(
            "GET {MODELS} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-request-id: {given}\r\n\r\n"
        );
        let answer = server.raw(request.as_bytes());
        assert_eq!(
            answer.contains(&format!("x-request-id: {given}\r\n")),
            kept,
            "{answer}"
        );
    }
}

/// The database fails under a server that runs.
#[test]
fn a_database_that_is_gone_is_told_as_503() {
    let postgres = hitchpost_tests::postgres::Postgres::start().unwrap();
    let url = postgres.server().create_database("registry").unwrap();
    let server = Running::start(&url, &hitchpost_model_registry::ServerOptions::default());
    server.post(MODELS, &json!({"name": "kept"})).expect(201);
    assert_eq!(server.get("/readyz/health").text, "OK");
    drop(postgres);
    assert_eq!(server.get("/readyz/health").status, 503);
    let health = server.get("/readyz/isDirty?format=json").expect(503);
    assert_eq!(
        (&health["status"], &health["checks"]["database"]["Status"]),
        (&json!("fail"), &json!("fail"))
    );
    for answer in [
        server.get(MODELS),
        server.get(&format!("{MODELS}/1")),
        server.post(MODELS, &json!({"name": "lost"})),
    ] {
        let message = answer.error(503, "Service Unavailable");
        assert!(!message.contains("postgres"), "{message}");
    }
}
