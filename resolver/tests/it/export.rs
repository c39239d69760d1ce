//! Exports, each read back by the program that it is for.

#![expect(
    clippy::disallowed_methods,
    reason = "the library is pure; what reads its exports is not"
)]

use std::{collections::BTreeMap, process::Command};

use hitchpost_registry_core::{Catalogue, Diagnostic, import};
use hitchpost_resolver::{
    EnvValue, Resolution,
    export::{
        Account, ExportError, KubernetesOptions, Variables, airflow, docker, dotenv, json,
        kubernetes, score_input, score_output, servicebinding, shell,
    },
    parse_requirements,
};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::{
    bound::{open, resolve},
    consumer,
    generate::Rng,
};

/// A database and a store, each with an account, a tracker without one.
const TOOLS: &str = "
name: grades
product: postgresql
instances:
  - name: main
    location: local
    services:
      - name: db
        service: postgresql
        profiles: [ada]
        configuration: [{ name: PGSSLMODE, value: require }]
        endpoints: [{ name: near, type: internal, url: 'postgresql://db/gr%C3%A4des' }]
    profiles:
      - name: ada
        configuration:
          - { name: user, value: ada }
          - { name: PGPASSWORD, value: \"s3cr3t 'quoted' $HOME \\\\\" }
---
name: store
product: minio
instances:
  - name: main
    location: local
    configuration: [{ name: region, value: eu-1 }]
    services:
      - name: s3
        service: s3
        profiles: [writer]
        endpoints: [{ name: near, type: internal, url: 'http://store:9000' }]
    profiles:
      - name: writer
        configuration:
          - { name: AWS_ACCESS_KEY_ID, value: AKIA-THE-KEY }
          - { name: secretKey, value: the-secret }
          - { name: AWS_SESSION_TOKEN, value: the-session }
---
name: mlflow
product: mlflow
instances:
  - name: main
    location: local
    services:
      - name: tracking
        service: mlflow-tracking
        profiles: [reader]
        endpoints: [{ name: near, type: internal, url: 'https://ml.example/team/a' }]
    profiles:
      - name: reader
        configuration: [{ name: token, value: the-token }]
";

fn tools() -> Resolution {
    let needs = "[{name: db, service: postgresql}, {name: store, service: s3}, {name: tracker, service: mlflow-tracking}]";
    let resolution = resolve(
        TOOLS,
        &parse_requirements("needs", needs.as_bytes()).unwrap(),
        &[],
    );
    assert!(resolution.is_complete(), "{:?}", resolution.failures);
    resolution
}

fn account(resolution: &Resolution, handle: &str) -> Account {
    Account::reveal(
        resolution.binding(handle).unwrap(),
        Catalogue::builtin(),
        &mut open,
    )
    .unwrap()
}

fn variables<'v>(pairs: impl IntoIterator<Item = (&'v str, &'v str)>) -> Variables {
    let values: Vec<(&str, EnvValue)> = pairs
        .into_iter()
        .map(|(name, value)| (name, EnvValue::public(value.to_owned(), String::new())))
        .collect();
    Variables::reveal(values.iter().map(|(name, value)| (name, value)), &mut open).unwrap()
}

/// Values that quoting gets wrong, and many made of what makes them so.
fn hostile() -> BTreeMap<String, String> {
    let chosen = [
        "",
        " ",
        "plain",
        " both ends ",
        "two\nlines",
        "ends with a line\n",
        "\n",
        "\r\n",
        "a\rb",
        "tab\t",
        "'",
        "\"",
        "''",
        "it's",
        "\\",
        "\\\\",
        "a\\'b",
        "\\'",
        "\\n",
        "\\$",
        "a\\",
        "$",
        "$$",
        "$HOME",
        "${HOME}",
        "${HOME:-x}",
        "$(id)",
        "`id`",
        "!history",
        "#",
        " # no comment",
        "a #b",
        "=",
        "a=b",
        "export A=b",
        "%41",
        "ä€𝄞",
        "\u{feff}",
        "\u{a0}",
        "\u{85}",
        "\u{2028}",
        "\u{1b}[0m",
        "\u{7f}",
        "yes",
        "no",
        "on",
        "y",
        "null",
        "~",
        "1e3",
        "0x1F",
        "012",
        "1_000",
        "12:30:00",
        "2026-01-02",
        ".inf",
        "-",
        "- a",
        "? a",
        ": a",
        "a: b",
        "{a}",
        "[a]",
        "*a",
        "&a",
        "!a",
        "|",
        ">",
        "%",
        "@",
        "---",
        "...",
        "a\n---\nb",
        "<<",
        "\"quoted\"",
        "'quoted'",
        "{\"json\": [1, \"a\"]}",
        "-----BEGIN KEY-----\nabc=\n-----END KEY-----\n",
    ];
    let alphabet = [
        "'", "\"", "\\", "$", "{", "}", "\n", "\r", " ", "#", "a", "=", "`", "ä", "n", "0", "!",
    ];
    let mut rng = Rng::new(7);
    let random = (0..400)
        .map(|_| {
            (0..1 + rng.below(8))
                .map(|_| rng.pick(&alphabet))
                .collect::<String>()
        })
        .collect::<Vec<_>>();
    let values = chosen.into_iter().map(str::to_owned).chain(random);
    values
        .enumerate()
        .map(|(index, value)| (format!("V{index}"), value))
        .collect()
}

fn pairs(values: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    values
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
}

fn parsed(output: Result<Vec<u8>, String>) -> BTreeMap<String, String> {
    serde_json::from_slice(&output.unwrap()).unwrap()
}

#[test]
fn json_is_one_flat_object() {
    let text = json(&variables([("B", "x\n\"y\""), ("A", "")]));
    assert_eq!(
        text.expose_secret(),
        "{\n  \"B\": \"x\\n\\\"y\\\"\",\n  \"A\": \"\"\n}\n"
    );
}

#[test]
fn shells_read_every_value() {
    let values = hostile();
    let script = shell(&variables(pairs(&values))).unwrap();
    // What a child of the shell sees.
    let script = format!("{}exec env -0\n", script.expose_secret());
    for program in ["sh", "dash", "bash"] {
        let mut command = Command::new(program);
        let path = std::env::var_os("PATH").unwrap();
        let seen = match consumer::run(command.env_clear().env("PATH", path), &script) {
            Ok(seen) => seen,
            Err(reason) if program != "sh" => {
                eprintln!("not tested with {program}: {reason}");
                continue;
            }
            Err(reason) => panic!("{reason}"),
        };
        let seen = String::from_utf8(seen).unwrap();
        let seen: BTreeMap<&str, &str> = seen
            .split_terminator('\0')
            .filter_map(|pair| pair.split_once('='))
            .collect();
        for (name, value) in pairs(&values) {
            assert_eq!(seen.get(name), Some(&value), "{program}: {name}");
        }
    }
}

#[test]
fn compose_reads_every_value() {
    let values = hostile();
    let text = dotenv(&variables(pairs(&values))).unwrap();
    if let Some(mut compose) = consumer::env_file("compose") {
        assert_eq!(
            parsed(consumer::run(&mut compose, text.expose_secret())),
            values
        );
    }
}

#[test]
fn python_dotenv_reads_what_it_has_a_syntax_for() {
    let mut values = hostile();
    // It knows no escape for `$` in double quotes.
    let text = |values: &BTreeMap<String, String>| dotenv(&variables(pairs(values))).unwrap();
    values.retain(|name, value| {
        let line = text(&BTreeMap::from([(name.clone(), value.clone())]));
        !(value.contains('$') && line.expose_secret().contains("=\""))
    });
    assert!(values.len() > 300);
    if let Some(mut python) = consumer::python() {
        let read = consumer::run(
            python.arg(consumer::script("read_dotenv.py")),
            text(&values).expose_secret(),
        );
        assert_eq!(parsed(read), values);
    }
}

#[test]
fn docker_reads_every_value_of_one_line() {
    let mut values = hostile();
    values.retain(|_, value| !value.contains('\n') && !value.ends_with('\r'));
    values.insert(
        "LONG".to_owned(),
        "x".repeat(64 * 1024 - 1 - "LONG=".len() - 1),
    );
    let text = docker(&variables(pairs(&values))).unwrap();
    if let Some(mut docker) = consumer::env_file("docker") {
        assert_eq!(
            parsed(consumer::run(&mut docker, text.expose_secret())),
            values
        );
    }
}

#[test]
fn what_a_format_cannot_express_is_an_error() {
    let long = "x".repeat(64 * 1024);
    let cases: [(&str, &str, &str); 4] = [
        (
            "A",
            "a\nb",
            "the value of `A` has a line break, which an env file of `docker run` cannot express",
        ),
        (
            "A",
            "a\r",
            "the value of `A` has a carriage return at its end, which an env file of `docker run` cannot express",
        ),
        (
            "A",
            &long,
            "the value of `A` has 64 KiB or more, which an env file of `docker run` cannot express",
        ),
        (
            "A",
            "a\0b",
            "the value of `A` has the character U+0000, which an env file of `docker run` cannot express",
        ),
    ];
    for (name, value, message) in cases {
        let error = docker(&variables([("FINE", "x"), (name, value)])).unwrap_err();
        assert_eq!(
            (error.code(), error.to_string().as_str()),
            ("not-expressible", message)
        );
    }
    let errors = [("A", "\0"), ("PATH", "/bin"), ("A B", ""), ("A=$(id)", "")].map(|pair| {
        let variables = variables([pair]);
        let each: [Result<_, ExportError>; 4] = [
            shell(&variables).map(|_| ()),
            dotenv(&variables).map(|_| ()),
            docker(&variables).map(|_| ()),
            kubernetes(
                &variables,
                &KubernetesOptions {
                    name: "step".to_owned(),
                    ..KubernetesOptions::default()
                },
            )
            .map(|_| ()),
        ];
        each.map(|result| result.unwrap_err().code())
    });
    assert_eq!(
        errors,
        [
            ["not-expressible"; 4],
            ["invalid-variable"; 4],
            ["invalid-variable"; 4],
            ["invalid-variable"; 4]
        ]
    );
}

#[test]
fn kubernetes_keeps_secrets_out_of_the_step() {
    let resolution = tools();
    let variables = Variables::reveal(resolution.environment(), &mut open).unwrap();
    let options = KubernetesOptions {
        name: "trainer-env".to_owned(),
        namespace: Some("team-a".to_owned()),
        labels: BTreeMap::from([("hitchpost.dev/step".to_owned(), "on".to_owned())]),
    };
    let objects = kubernetes(&variables, &options).unwrap();
    insta::assert_snapshot!(objects.manifest().expose_secret());
    insta::assert_snapshot!(objects.env);
    let modes: Vec<(String, u32)> = objects
        .files()
        .into_iter()
        .map(|file| (file.path, file.mode))
        .collect();
    let expected = [
        ("secret.yaml", 0o600),
        ("configmap.yaml", 0o644),
        ("env.yaml", 0o644),
    ];
    assert_eq!(modes, expected.map(|(path, mode)| (path.to_owned(), mode)));
    let public = objects.config_map.clone().unwrap();
    for secret in [
        "s3cr3t",
        "AKIA-THE-KEY",
        "the-secret",
        "the-session",
        "the-token",
    ] {
        assert!(!public.expose_secret().contains(secret) && !objects.env.contains(secret));
        assert!(!format!("{objects:?} {variables:?}").contains(secret));
    }
}

#[test]
fn kubernetes_reads_every_value() {
    let values = hostile();
    let tools = tools();
    let environment = tools.environment();
    let hostile: Vec<(&str, EnvValue)> = pairs(&values)
        .map(|(name, value)| (name, EnvValue::public(value.to_owned(), String::new())))
        .collect();
    let both = environment
        .into_iter()
        .chain(hostile.iter().map(|(name, value)| (*name, value)));
    let variables = Variables::reveal(both, &mut open).unwrap();
    let options = KubernetesOptions {
        name: "a.b-1".to_owned(),
        ..KubernetesOptions::default()
    };
    let objects = kubernetes(&variables, &options).unwrap();
    let Some(mut python) = consumer::python() else {
        return;
    };
    let manifest = [&objects.secret, &objects.config_map]
        .map(|object| object.as_ref().unwrap().expose_secret().to_owned());
    let input = serde_json::to_string(&(manifest, &objects.env)).unwrap();
    let read = parsed(consumer::run(
        python.arg(consumer::script("read_kubernetes.py")),
        &input,
    ));
    let given: BTreeMap<String, String> = variables
        .iter()
        .map(|variable| {
            (
                variable.name.clone(),
                variable.value.expose_secret().to_owned(),
            )
        })
        .collect();
    assert_eq!(read, given);
}

#[test]
fn objects_are_called_as_kubernetes_allows() {
    let good = ["a", "a-b.c1", &"x".repeat(253)];
    let bad = [
        "",
        "A",
        "a_b",
        "-a",
        "a-",
        "a..b",
        ".a",
        "a/b",
        "ä",
        &"x".repeat(254),
    ];
    let check = |name: &str| {
        kubernetes(
            &variables([]),
            &KubernetesOptions {
                name: name.to_owned(),
                ..KubernetesOptions::default()
            },
        )
    };
    assert!(good.iter().all(|name| check(name).is_ok()));
    assert!(
        bad.iter()
            .all(|name| check(name).unwrap_err().code() == "invalid-name")
    );
    let with = |namespace: &str, key: &str, value: &str| {
        let namespace = Some(namespace.to_owned());
        let labels = BTreeMap::from([(key.to_owned(), value.to_owned())]);
        kubernetes(
            &variables([]),
            &KubernetesOptions {
                name: "a".to_owned(),
                namespace,
                labels,
            },
        )
        .map_err(|error| error.code())
    };
    assert!(with("ns", "example.com/app", "A_b.c").is_ok() && with("ns", "app", "").is_ok());
    assert_eq!(with("n.s", "app", "x").unwrap_err(), "invalid-name");
    for (key, value) in [
        ("", "x"),
        ("a b", "x"),
        ("a/b/c", "x"),
        ("a", "x y"),
        ("a", "-x"),
        ("a", &"x".repeat(64)),
    ] {
        assert_eq!(
            with("ns", key, value).unwrap_err(),
            "invalid-label",
            "{key}={value}"
        );
    }
}

#[test]
fn service_bindings_are_read_back() {
    let resolution = tools();
    let accounts = ["db", "store", "tracker"].map(|handle| account(&resolution, handle));
    let files = servicebinding(&accounts);
    assert!(files.iter().all(|file| file.mode == 0o400));
    let listed: Vec<String> = files
        .iter()
        .map(|file| format!("{}: {:?}", file.path, file.content.expose_secret()))
        .collect();
    insta::assert_snapshot!(listed.join("\n"));
    assert!(!format!("{accounts:?} {files:?}").contains("s3cr3t"));

    // Our own importer makes the same service of it.
    let of_db: Vec<(&str, &[u8])> = files
        .iter()
        .filter_map(|file| {
            Some((
                file.path.strip_prefix("db/")?,
                file.content.expose_secret().as_bytes(),
            ))
        })
        .collect();
    let imported = import::servicebinding("db", &of_db, Catalogue::builtin());
    let records: Vec<_> = imported.records;
    let instance = &records[0].instances[0];
    assert_eq!(instance.services[0].service_type, "postgresql");
    assert_eq!(
        instance.services[0].endpoints[0].url.as_deref(),
        Some("postgresql://db/gr%C3%A4des")
    );

    let root = tempfile::tempdir().unwrap();
    for file in &files {
        let path = root.path().join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file.content.expose_secret()).unwrap();
    }
    for (handle, service_type) in [
        ("db", "postgresql"),
        ("store", "s3"),
        ("tracker", "mlflow-tracking"),
    ] {
        let Some(mut python) = consumer::python() else {
            return;
        };
        python
            .arg(consumer::script("read_servicebinding.py"))
            .arg(service_type)
            .env("SERVICE_BINDING_ROOT", root.path());
        let read: Vec<BTreeMap<String, String>> =
            serde_json::from_slice(&consumer::run(&mut python, "").unwrap()).unwrap();
        let given = files.iter().filter_map(|file| {
            Some((
                file.path.strip_prefix(handle)?.strip_prefix('/')?,
                &file.content,
            ))
        });
        let given: BTreeMap<String, String> = given
            .map(|(name, content)| (name.to_owned(), content.expose_secret().to_owned()))
            .collect();
        assert_eq!(read, [given]);
    }
}

#[test]
fn airflow_reads_connections_back() {
    let resolution = tools();
    let connections =
        ["db", "store", "tracker"].map(|handle| airflow(&account(&resolution, handle)));
    insta::assert_snapshot!(
        connections
            .each_ref()
            .map(|connection| connection.expose_secret())
            .concat()
    );

    let file = format!(
        "{{\"db\": {}, \"store\": {}}}",
        connections[0].expose_secret(),
        connections[1].expose_secret()
    );
    let imported = import::airflow("connections.json", file.as_bytes(), Catalogue::builtin());
    assert_eq!(
        imported
            .findings
            .iter()
            .map(Diagnostic::to_string)
            .collect::<Vec<_>>(),
        [""; 0]
    );
    let needs = "[{name: db, service: postgresql}, {name: store, service: s3}]";
    let catalogue = std::sync::Arc::new(Catalogue::builtin().clone());
    let records = imported.records.iter().map(|record| (record, 1));
    let again = hitchpost_resolver::Snapshot::build(1, records, catalogue).resolve(
        &parse_requirements("needs", needs.as_bytes()).unwrap(),
        &hitchpost_resolver::RunContext::new(hitchpost_resolver::Zone::Unknown),
        hitchpost_resolver::ResolveOptions::default(),
    );
    for handle in ["db", "store"] {
        let (before, after) = (account(&resolution, handle), account(&again, handle));
        assert_eq!(
            airflow(&after).expose_secret(),
            airflow(&before).expose_secret()
        );
    }

    for connection in connections {
        let Some(mut python) = consumer::python_with("airflow.sdk") else {
            return;
        };
        let read = consumer::run(
            python.arg(consumer::script("read_airflow.py")),
            connection.expose_secret(),
        )
        .unwrap();
        let read: Value =
            serde_json::from_str(String::from_utf8(read).unwrap().lines().last().unwrap()).unwrap();
        let given: Value = serde_json::from_str(connection.expose_secret()).unwrap();
        for (key, value) in given.as_object().unwrap() {
            assert_eq!(&read[key], value, "{key}");
        }
    }
}

/// Connection types that have their values elsewhere than a database has.
#[test]
fn airflow_connections_are_as_their_providers_read_them() {
    let kinds = [
        (
            "kafka",
            "kafka://[::1]:9092",
            "{ sasl_mechanism: PLAIN, username: u, sasl_password: p }",
        ),
        (
            "azure-blob",
            "https://acc.blob.core.windows.net",
            "{ account: acc, account_key: k, sas_token: t, container: c }",
        ),
        ("redis", "redis://cache:6380/2", "{ password: p }"),
        (
            "elasticsearch",
            "https://search:9200",
            "{ username: u, password: p }",
        ),
        (
            "gcs",
            "https://storage.googleapis.com",
            "{ credentials_file: /key.json, project: x }",
        ),
        (
            "mongodb",
            "mongodb://docs/app",
            "{ username: u, password: p, authSource: admin }",
        ),
        ("vault", "https://vault:8200", "{ token: t }"),
        (
            "gitea-api",
            "https://git.example",
            "{ username: u, token: t }",
        ),
        (
            "weird",
            "weird://host",
            "{ user: u, password: p, token: t, other: x }",
        ),
    ];
    let connections = kinds.map(|(service_type, url, secrets)| {
        let secrets = secrets.trim_matches(['{', '}']).trim().split(", ").map(|pair| {
            let (key, value) = pair.split_once(": ").unwrap();
            format!("{{ name: {key}, value: {value} }}")
        });
        let secrets = secrets.collect::<Vec<_>>().join(", ");
        let record = format!(
            "{{ name: r, product: p, instances: [{{ name: i, location: local, services: [{{ name: s, service: {service_type},
            endpoints: [{{ name: e, type: internal, url: '{url}' }}] }}],
            profiles: [{{ name: a, configuration: [{secrets}] }}] }}] }}"
        );
        let needs = format!("{{ name: it, service: {service_type} }}");
        let resolution = resolve(&record, &parse_requirements("needs", needs.as_bytes()).unwrap(), &[]);
        airflow(&account(&resolution, "it")).expose_secret().to_owned()
    });
    insta::assert_snapshot!(connections.concat());
}

#[test]
fn score_resources_are_requirements() {
    let input = |params: &str, resource_type: &str| {
        format!(
            r#"{{"resource_uid": "{resource_type}.default#shop.db", "resource_type": "{resource_type}", "resource_class": "default",
            "resource_id": "shop.db", "resource_params": {params}, "resource_metadata": {{}}, "source_workload": "shop",
            "workload_services": {{}}, "resource_state": {{}}, "shared_state": {{}}, "compose_project_name": "shop",
            "mount_directory_path": "/tmp"}}"#
        )
    };
    let read = |text: &str| score_input(text.as_bytes(), Catalogue::builtin());
    let same = |params: &str, resource_type: &str, requirement: &str| {
        let wanted = parse_requirements("needs", requirement.as_bytes()).unwrap();
        assert_eq!(read(&input(params, resource_type)).unwrap(), wanted[0]);
    };
    same("null", "s3", "{name: shop.db, service_type: s3}");
    same(
        "{}",
        "postgres",
        "{name: shop.db, service_type: postgresql}",
    );
    same("{}", "in-house", "{name: shop.db, service_type: in-house}");
    same(
        r#"{"version": ">=2", "profile": "ada", "name": "x"}"#,
        "s3",
        "{name: x, service_type: s3, version: '>=2', profile: ada}",
    );
    same(
        r#"{"service": "db", "extension": "grades"}"#,
        "postgres",
        "{name: shop.db, service: db, extension: grades}",
    );

    let told = [
        input(r#"{"versoin": "1"}"#, "s3"),
        input("{}", "a b"),
        "{}".to_owned(),
        String::new(),
        "[".to_owned(),
    ];
    let told = told.map(|text| {
        let findings = read(&text).unwrap_err();
        findings
            .iter()
            .map(|finding| format!("{}: {finding}", finding.path))
            .collect::<Vec<_>>()
            .join("\n")
    });
    insta::assert_snapshot!(told.join("\n"));
}

/// The keys that score-compose and score-k8s both know; the former refuses others.
#[test]
fn score_outputs_have_their_usual_names() {
    let resolution = tools();
    let outputs = ["db", "store"].map(|handle| {
        let binding = resolution.binding(handle).unwrap();
        let environment = binding.environment.iter();
        let variables = Variables::reveal(environment, &mut open).unwrap();
        let output = score_output(&account(&resolution, handle), &variables, &binding.pin);
        let output: Value = serde_json::from_str(output.expose_secret()).unwrap();
        let keys: Vec<&String> = output.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["resource_state", "resource_outputs"]);
        output
    });
    insta::assert_json_snapshot!(outputs);
}
