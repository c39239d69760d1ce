use std::{
    fs,
    net::TcpListener,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use hitchpost::{
    Catalogue, Credentials, EndpointReport, Keyring, Outcome, Registry, Requirement, RunContext,
    Selector, Snapshot, Zone, parse_records,
};
use serde_json::json;

use crate::{
    child,
    server::{Answer, Authority, Request, Server},
    succeed,
};

const TIMEOUT: Duration = Duration::from_secs(5);

/// Verifies every endpoint of a record, whose secrets are sealed as a store would, for a caller in
/// zone `eu` and project `alpha`.
#[track_caller]
fn verify_within(text: &str, timeout: Duration) -> Vec<EndpointReport> {
    let (mut records, findings) = parse_records("test", text.as_bytes(), Catalogue::builtin());
    let keyring = Keyring::ephemeral().unwrap();
    let [record] = &mut *records else {
        panic!("{findings:?}")
    };
    keyring.seal(record, None).unwrap();
    let snapshot = Snapshot::build(1, [], Catalogue::builtin().clone().into());
    let registry = Registry::new(snapshot.into(), keyring.into());
    registry.verify_extension(record, &caller(), timeout)
}

#[track_caller]
fn verify(text: &str) -> Vec<EndpointReport> {
    verify_within(text, TIMEOUT)
}

fn caller() -> RunContext {
    RunContext::new(Zone::known("eu").unwrap()).project("alpha".parse().unwrap())
}

/// A record with one endpoint of one service type, and a profile.
fn record(service: &str, url: &str, endpoint_type: &str, profile: &str) -> String {
    let profiles = match profile {
        "" => String::new(),
        values => {
            format!("    profiles: [{{name: main, scope: global, configuration: {{{values}}}}}]\n")
        }
    };
    format!(
        "name: tool\nproduct: tool\ninstances:\n  - name: main\n    location: eu\n    services:\n\
         \x20     - name: api\n        service: {service}\n        auth: optional\n        endpoints:\n\
         \x20         - {{name: one, type: {endpoint_type}, url: '{url}'}}\n{profiles}"
    )
}

fn ok(_: &Request) -> Answer {
    (200, "", "geheim-body".to_owned())
}

#[test]
fn http_services_are_judged_by_their_status() {
    for (status, is_healthy) in [
        (200, true),
        (204, true),
        (302, false),
        (401, false),
        (500, false),
    ] {
        let server = Server::http(move |_| (status, "Location: /login\r\n", String::new()));
        let url = format!("http://{}/base/", server.address);
        let reports = verify(&record("mlflow-tracking", &url, "external", ""));
        match &reports[0].outcome {
            Outcome::Healthy {
                status: Some(found),
                elapsed,
            } => {
                assert!(is_healthy && *found == status && *elapsed < TIMEOUT);
            }
            outcome => assert_eq!(outcome, &Outcome::Unhealthy { status }),
        }
        assert_eq!(reports[0].credentials, Credentials::None);
        assert_eq!(
            server.targets(),
            ["/base/health"],
            "the check is below the URL, and no redirect"
        );
    }
}

#[test]
fn stored_credentials_arrive_and_are_not_shown() {
    let basic = |pair: &str| Some(format!("Basic {}", BASE64_STANDARD.encode(pair)));
    let bearer = |token: &str| Some(format!("Bearer {token}"));
    for (service, profile, header) in [
        (
            "mlflow-tracking",
            "MLFLOW_TRACKING_TOKEN: geheim",
            bearer("geheim"),
        ),
        ("mlflow-tracking", "token: geheim", bearer("geheim")),
        (
            "mlflow-tracking",
            "username: ada, password: 'geheim:x'",
            basic("ada:geheim:x"),
        ),
        // MLflow's client has the same order.
        (
            "mlflow-tracking",
            "token: t, user: ada, password: geheim",
            basic("ada:geheim"),
        ),
        (
            "prometheus",
            "password: geheim, token: geheim",
            bearer("geheim"),
        ),
        ("prometheus", "password: geheim", None),
        (
            "oci-registry",
            "username: ada, token: geheim",
            basic("ada:geheim"),
        ),
        // Not in the catalogue for this type, but usual.
        ("mlflow-registry", "token: geheim", bearer("geheim")),
        // Keys that sign requests are not for sending, whatever they are called.
        (
            "s3",
            "AWS_ACCESS_KEY_ID: geheim, AWS_SECRET_ACCESS_KEY: geheim",
            None,
        ),
        ("s3", "username: geheim, password: geheim", None),
    ] {
        let server = Server::http(ok);
        let url = format!("http://{}", server.address);
        let product = if service == "s3" { "minio" } else { "tool" };
        let text = record(service, &url, "external", profile);
        let reports = verify(&text.replace("product: tool", &format!("product: {product}")));
        let [request] = &*server.requests() else {
            panic!("{service}: {reports:?}")
        };
        assert_eq!(
            request.headers.get("authorization"),
            header.as_ref(),
            "{service} {profile}"
        );
        let expected = if header.is_some() {
            Credentials::Sent
        } else {
            Credentials::None
        };
        assert_eq!(reports[0].credentials, expected, "{service} {profile}");
        assert!(matches!(
            reports[0].outcome,
            Outcome::Healthy {
                status: Some(200),
                ..
            }
        ));
        for shown in [
            format!("{reports:?}"),
            serde_json::to_string(&reports).unwrap(),
        ] {
            let encoded = BASE64_STANDARD.encode("ada:geheim");
            assert!(
                !shown.contains("geheim") && !shown.contains(&encoded[..8]),
                "{shown}"
            );
        }
    }
}

#[test]
fn a_credential_may_be_a_reference() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "geheim").unwrap();
    let server = Server::http(ok);
    let url = format!("http://{}", server.address);
    let at = |name: &str| format!("token: 'ref+file://{name}'");
    let found = at(file.path().to_str().unwrap());
    verify(&record("prometheus", &url, "external", &found));
    assert_eq!(
        server.requests()[0].headers["authorization"],
        "Bearer geheim"
    );

    let reports = verify(&record("prometheus", &url, "external", &at("/none")));
    let Outcome::Skipped { reason } = &reports[0].outcome else {
        panic!("{reports:?}")
    };
    assert!(
        reason.starts_with("`token`: cannot follow `ref+file:///none`: "),
        "{reason}"
    );
    assert_eq!(server.requests().len(), 1);
}

/// On Linux 0.0.0.0 is this machine, but it is not a loopback address.
#[test]
fn plain_http_carries_credentials_only_within_the_zone() {
    let wants = |request: &Request| {
        let known = request.headers.contains_key("authorization");
        (if known { 200 } else { 401 }, "", String::new())
    };
    for (endpoint_type, credentials) in [
        ("internal", Credentials::Sent),
        ("external", Credentials::Withheld),
        ("remote", Credentials::Withheld),
    ] {
        let server = Server::http(wants);
        let url = format!("http://0.0.0.0:{}", server.address.port());
        let reports = verify(&record("prometheus", &url, endpoint_type, "token: geheim"));
        assert_eq!(reports[0].credentials, credentials, "{endpoint_type}");
        match &reports[0].outcome {
            Outcome::Healthy { .. } => assert_eq!(credentials, Credentials::Sent),
            Outcome::Skipped { reason } => {
                assert!(reason.starts_with("it answers 401, as the credentials were not sent"));
            }
            outcome => panic!("{endpoint_type}: {outcome:?}"),
        }
    }
    // Where the check is open to everybody, it counts without them.
    let server = Server::http(ok);
    let url = format!("http://0.0.0.0:{}", server.address.port());
    let reports = verify(&record("prometheus", &url, "external", "token: geheim"));
    assert!(
        matches!(reports[0].outcome, Outcome::Healthy { .. }),
        "{reports:?}"
    );
    assert!(!server.requests()[0].headers.contains_key("authorization"));
}

#[test]
fn tcp_services_take_a_connection() {
    let open = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = open.local_addr().unwrap();
    let reports = verify(&record(
        "postgresql",
        &format!("postgresql://{address}/db"),
        "external",
        "",
    ));
    assert!(
        matches!(reports[0].outcome, Outcome::Healthy { status: None, .. }),
        "{reports:?}"
    );

    // Nothing listens on port 1 (tcpmux), and only the system could.
    let url = "postgresql://127.0.0.1:1/db";
    let reports = verify(&record("postgresql", url, "external", "token: geheim"));
    let reason = "the connection is refused".to_owned();
    assert_eq!(reports[0].outcome, Outcome::Unreachable { reason });
}

#[test]
fn a_server_that_hangs_ends_in_time() {
    let open = TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = Authority::new();
    let pem = BASE64_STANDARD.encode(&authority.pem);
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://{}", open.local_addr().unwrap());
        let start = Instant::now();
        let text = record("prometheus", &url, "external", &format!("CERT_AUTH: {pem}"));
        let reports = verify_within(&text, Duration::from_millis(500));
        let reason = "no answer in time".to_owned();
        assert_eq!(
            reports[0].outcome,
            Outcome::Unreachable { reason },
            "{scheme}"
        );
        assert!(
            start.elapsed() < Duration::from_secs(3),
            "{:?}",
            start.elapsed()
        );
    }
}

#[test]
fn the_configured_authority_is_trusted_and_no_other() {
    let authority = Authority::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &authority.pem).unwrap();
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let encoded = BASE64_STANDARD.encode(&authority.pem);
    let other = BASE64_STANDARD.encode(Authority::new().pem);
    let path = file.path().display();
    let mlflow = format!("MLFLOW_TRACKING_SERVER_CERT_PATH: {path}");
    for (service, configuration, is_trusted) in [
        (
            "prometheus",
            format!("ca_cert: {}", quoted(&authority.pem)),
            true,
        ),
        ("kubernetes-api", format!("CERT_AUTH: {encoded}"), true),
        ("mlflow-tracking", mlflow, true),
        ("kubernetes-api", format!("CERT_AUTH: {other}"), false),
        ("prometheus", "unrelated: x".to_owned(), false),
    ] {
        let server = Server::https(&authority, ok);
        let url = format!("https://{}", server.address);
        let profile = format!("token: geheim, {configuration}");
        let reports = verify(&record(service, &url, "external", &profile));
        match &reports[0].outcome {
            Outcome::Healthy {
                status: Some(200), ..
            } if is_trusted => {
                assert_eq!(
                    server.requests()[0].headers["authorization"],
                    "Bearer geheim"
                );
            }
            Outcome::Unreachable { reason } if !is_trusted => {
                assert!(reason.contains("certificate"), "{reason}");
                assert!(server.requests().is_empty());
            }
            outcome => panic!("{configuration}: {outcome:?}"),
        }
    }
    let server = Server::https(&authority, ok);
    let url = format!("https://{}", server.address);
    let reports = verify(&record("prometheus", &url, "external", "ca_cert: /none"));
    let Outcome::Skipped { reason } = &reports[0].outcome else {
        panic!("{reports:?}")
    };
    assert!(
        reason.starts_with("the configured certificate authority is neither"),
        "{reason}"
    );
}

#[test]
fn the_environment_names_the_systems_authorities() {
    const NAME: &str = "verify::the_environment_names_the_systems_authorities";
    let Some(mut child) = child(NAME) else {
        let url = std::env::var("HP_URL").unwrap();
        let reports = verify(&record("prometheus", &url, "external", "token: geheim"));
        assert!(
            matches!(reports[0].outcome, Outcome::Healthy { .. }),
            "{reports:?}"
        );
        return;
    };
    let authority = Authority::new();
    let server = Server::https(&authority, ok);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &authority.pem).unwrap();
    child
        .env("SSL_CERT_FILE", file.path())
        .env_remove("SSL_CERT_DIR");
    child.env(
        "HP_URL",
        format!("https://localhost:{}", server.address.port()),
    );
    succeed(child);
    assert_eq!(server.targets(), ["/-/healthy"]);
}

#[test]
fn a_proxy_gets_nothing_that_is_sent_in_the_clear() {
    const NAME: &str = "verify::a_proxy_gets_nothing_that_is_sent_in_the_clear";
    let Some(mut child) = child(NAME) else {
        let url = std::env::var("HP_URL").unwrap();
        let reports = verify(&record("prometheus", &url, "external", "token: geheim"));
        assert!(
            matches!(reports[0].outcome, Outcome::Healthy { .. }),
            "{reports:?}"
        );
        return;
    };
    let server = Server::http(ok);
    let proxy = Server::http(ok);
    child.env("HP_URL", format!("http://{}", server.address));
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, format!("http://{}", proxy.address));
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    succeed(child);
    assert_eq!((server.targets().len(), proxy.targets().len()), (1, 0));
}

/// One record with every kind of endpoint that is not checked, between some that are.
#[test]
fn every_endpoint_is_reported_in_order() {
    let server = Server::http(ok);
    let address = server.address;
    let reports = verify(&format!(
        "
name: tool
product: tool
instances:
  - name: here
    location: eu
    services:
      - name: web
        service: prometheus
        endpoints:
          - {{name: in, type: internal, url: 'http://{address}'}}
          - {{name: out, type: external, url: 'http://{address}/sub?x=1'}}
      - name: files
        service: mlflow-tracking
        endpoints: [{{name: one, type: external, url: 'postgresql://{address}/db'}}]
      - name: cluster
        service: kubernetes-api
        endpoints: [{{name: one, type: cluster-api}}]
      - name: own
        service: home-made
        endpoints: [{{name: one, type: external, url: 'http://{address}'}}]
      - name: private
        service: prometheus
        auth: required
        profiles: [beta]
        endpoints: [{{name: one, type: external, url: 'http://{address}'}}]
    profiles:
      - {{name: beta, scope: project, projects: [beta], configuration: {{token: geheim}}}}
  - name: there
    location: us
    services:
      - name: web
        service: prometheus
        endpoints: [{{name: in, type: internal, url: 'http://{address}'}}]
"
    ));
    let shown: Vec<String> = reports
        .iter()
        .map(|report| {
            let outcome = match &report.outcome {
                Outcome::Healthy { status, .. } => format!("healthy {}", status.unwrap()),
                Outcome::Skipped { reason } => format!("skipped: {reason}"),
                outcome => format!("{outcome:?}"),
            };
            format!(
                "{}/{}/{} {outcome}",
                report.instance, report.service, report.endpoint
            )
        })
        .collect();
    let expected = [
        "here/web/in healthy 200",
        "here/web/out healthy 200",
        "here/files/one skipped: the health check speaks HTTP, and the endpoint `postgresql`",
        "here/cluster/one skipped: the endpoint has no URL",
        "here/own/one skipped: the catalogue does not know `home-made`",
    ];
    assert_eq!(shown[..5], expected);
    assert!(
        shown[5].starts_with("here/private/one skipped: "),
        "{}",
        shown[5]
    );
    assert!(
        shown[6].starts_with("there/web/in skipped: "),
        "{}",
        shown[6]
    );
    assert_eq!(reports.len(), 7);
    let mut targets = server.targets();
    targets.sort();
    assert_eq!(
        targets,
        ["/-/healthy", "/sub/-/healthy"],
        "what is skipped is not asked"
    );

    let document = serde_json::to_value(&reports).unwrap();
    assert_eq!(
        document[1]["url"],
        json!(format!("http://{address}/sub?x=1"))
    );
    assert!(document[1]["elapsed_ms"].is_u64(), "{document}");
    assert_eq!(
        document[3],
        json!({
            "extension": "tool", "instance": "here", "service": "cluster", "endpoint": "one",
            "url": null, "credentials": "none", "outcome": "skipped",
            "reason": "the endpoint has no URL",
        })
    );
}

#[test]
fn endpoints_are_checked_at_the_same_time() {
    let open = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = open.local_addr().unwrap();
    let endpoints: Vec<String> = (0..20)
        .map(|n| format!("{{name: e{n}, type: external, url: 'http://{address}/{n}'}}"))
        .collect();
    let text = record("prometheus", "http://x", "external", "");
    let one = text
        .lines()
        .find(|line| line.contains("name: one"))
        .unwrap();
    let text = text.replace(one, &format!("          [{}]", endpoints.join(", ")));
    let start = Instant::now();
    let reports = verify_within(&text, Duration::from_secs(1));
    // Sixteen, then four.
    let seconds = start.elapsed().as_secs_f64();
    assert!((1.9..10.0).contains(&seconds), "{seconds}");
    let names: Vec<String> = reports
        .iter()
        .map(|report| report.endpoint.to_string())
        .collect();
    assert_eq!(names, (0..20).map(|n| format!("e{n}")).collect::<Vec<_>>());
}

#[test]
fn a_resolution_is_verified_as_it_stands() {
    let server = Server::http(ok);
    let url = format!("http://{}", server.address);
    let registry =
        Registry::from_yaml(&record("prometheus", &url, "internal", "token: geheim")).unwrap();
    let selector = Selector {
        extension: Some("tool".parse().unwrap()),
        ..Selector::default()
    };
    let resolution = registry.resolve(&[Requirement::new(selector)], &caller());
    let reports = registry.verify(&resolution, TIMEOUT);
    assert_eq!(reports.len(), 1, "{resolution:?}");
    assert!(matches!(reports[0].outcome, Outcome::Healthy { .. }));
    assert_eq!(
        server.requests()[0].headers["authorization"],
        "Bearer geheim"
    );
}
