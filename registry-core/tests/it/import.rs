//! Records from the formats of others.

use hitchpost_registry_core::{
    Catalogue, Code, Extension, SecretValue, Severity,
    import::{self, Imported},
    parse_records,
};
use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{fixtures, rendered};

/// The profiles of records with their values, which nothing but a test prints.
fn secrets(records: &[Extension]) -> Value {
    let profiles = records
        .iter()
        .flat_map(|record| &record.instances)
        .flat_map(|instance| &instance.profiles);
    profiles
        .map(|profile| {
            let values = profile
                .configuration
                .iter()
                .map(|entry| match &entry.value {
                    SecretValue::Plain(text) => (entry.name.clone(), json!(text.expose_secret())),
                    other => panic!("{other:?}"),
                });
            json!({ profile.name.as_str(): Value::Object(values.collect()) })
        })
        .collect()
}

/// Holds what came in. No secret of the fixtures may show, and all that came in is sound.
#[track_caller]
fn check(name: &str, imported: &Imported) {
    let Imported { records, findings } = imported;
    insta::with_settings!({ snapshot_suffix => name, omit_expression => true }, {
        insta::assert_json_snapshot!("records", records);
        insta::assert_json_snapshot!("secrets", secrets(records));
        insta::assert_snapshot!("findings", rendered(findings));
    });
    let shown = [
        format!("{imported:?}"),
        serde_json::to_string(records).unwrap(),
        serde_json::to_string(findings).unwrap(),
        rendered(findings),
    ];
    for shown in shown {
        assert!(!shown.contains("Hunter2"), "{name}: {shown}");
    }
    is_sound(imported).unwrap();
}

/// What is imported can be applied: printed, it has no error, and its names are unique.
fn is_sound(imported: &Imported) -> Result<(), TestCaseError> {
    let printed = serde_json::to_string_pretty(&imported.records).unwrap();
    let (again, findings) = parse_records("again.json", printed.as_bytes(), Catalogue::builtin());
    let errors: Vec<_> = findings
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    prop_assert!(errors.is_empty(), "{printed}\n{}", rendered(&errors));
    prop_assert_eq!(serde_json::to_string_pretty(&again).unwrap(), printed);
    Ok(())
}

fn each(folder: &str, import: impl Fn(&str, &[u8], &Catalogue) -> Imported) {
    for (file, bytes) in fixtures(&format!("import/{folder}")) {
        check(
            &format!("{folder}-{}", file.replace('.', "-")),
            &import(&file, &bytes, Catalogue::builtin()),
        );
    }
}

#[test]
fn fuseml() {
    each("fuseml", import::fuseml);
}

#[test]
fn airflow() {
    each("airflow", import::airflow);
}

/// One row for each rule of Airflow's connection URIs.
#[test]
fn airflow_uris() {
    for (uri, name, url, account) in [
        (
            "postgres://u:p@host:5432/db",
            "postgres",
            Some("postgresql://host:5432/db"),
            json!({"PGUSER": "u", "PGPASSWORD": "p"}),
        ),
        (
            "postgresql://host",
            "postgres",
            Some("postgresql://host"),
            json!(null),
        ),
        (
            "mysql://a%40b:p%2Fw%3Ax@h/s%2F1",
            "mysql",
            Some("mysql://h/s%2F1"),
            json!({"username": "a@b", "MYSQL_PWD": "p/w:x"}),
        ),
        (
            "mysql://u:a+b%2Bc@h",
            "mysql",
            Some("mysql://h"),
            json!({"username": "u", "MYSQL_PWD": "a+b+c"}),
        ),
        (
            "my-conn-type://h?a=1&b=x+y&c=",
            "my_conn_type",
            Some("my-conn-type://h"),
            json!({"a": "1", "b": "x y"}),
        ),
        (
            "my-type://h?__extra__=%7B%22a%22%3A+%7B%22b%22%3A+1%7D%7D",
            "my_type",
            Some("my-type://h"),
            json!({"a": "{\"b\":1}"}),
        ),
        (
            "http://https://h:8443/path",
            "http",
            Some("https://h:8443"),
            json!(null),
        ),
        (
            "http://h:80/https",
            "http",
            Some("https://h:80"),
            json!(null),
        ),
        (
            "redis://:p@[::1]:6379/0",
            "redis",
            Some("redis://[::1]:6379/0"),
            json!({"REDISCLI_AUTH": "p", "database": "0"}),
        ),
        (
            "aws://AK:SK@/",
            "aws",
            Some("https://s3.amazonaws.com"),
            json!({"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"}),
        ),
        (
            "aws://?region_name=eu-west-1",
            "aws",
            Some("https://s3.eu-west-1.amazonaws.com"),
            json!(null),
        ),
        (
            "generic://u:p@",
            "generic",
            None,
            json!({"username": "u", "password": "p"}),
        ),
    ] {
        let imported = import::airflow("uri", uri.as_bytes(), Catalogue::builtin());
        let [record] = imported.records.as_slice() else {
            panic!("{uri}: {imported:?}")
        };
        let service = &record.instances[0].services[0];
        assert_eq!(record.name.as_str(), name, "{uri}");
        assert_eq!(
            service
                .endpoints
                .first()
                .and_then(|endpoint| endpoint.url.as_deref()),
            url,
            "{uri}"
        );
        let values = secrets(&imported.records)
            .get(0)
            .map_or(json!(null), |profile| profile["default"].clone());
        assert_eq!(values, account, "{uri}");
        is_sound(&imported).unwrap();
    }
}

#[test]
fn kubeconfig() {
    each("kubeconfig", import::kubeconfig);
}

#[test]
fn aws() {
    let files = fixtures("import/aws");
    let file = |name: &str| {
        files
            .iter()
            .find(|(file, _)| file == name)
            .map(|(file, bytes)| (file.as_str(), bytes.as_slice()))
    };
    let both = import::aws(file("config"), file("credentials"), Catalogue::builtin());
    check("aws", &both);
    let alone = import::aws(None, file("credentials"), Catalogue::builtin());
    assert_eq!(alone.records[0].instances[0].profiles.len(), 2);
    let nothing = import::aws(
        Some(("config", b"[profile x]\nregion = eu\n")),
        None,
        Catalogue::builtin(),
    );
    assert!(nothing.records.is_empty());
    assert_eq!(
        nothing
            .findings
            .iter()
            .map(|finding| finding.code)
            .collect::<Vec<_>>(),
        [Code::NotImported, Code::Empty]
    );
}

#[test]
fn servicebinding() {
    for (name, files) in [
        (
            "account-database",
            vec![
                ("type", "postgresql\n"),
                ("provider", "postgres"),
                ("host", "db.example.com"),
                ("port", "5432"),
                ("username", "ada"),
                ("password", "Hunter2\n"),
                ("database", "grades"),
                ("certificates", "-----BEGIN"),
                ("private-key", "Hunter2"),
                ("..data", "Hunter2"),
            ],
        ),
        (
            "with-uri",
            vec![
                ("type", "redis"),
                ("uri", "rediss://:Hunter2@cache:6380/0"),
                ("provider", "Bitnami Redis"),
            ],
        ),
        (
            "public-uri",
            vec![
                ("type", "my own type"),
                ("uri", "https://tool.example.com/api"),
                ("token", "Hunter2"),
            ],
        ),
        ("no-type", vec![("host", "db"), ("password", "Hunter2")]),
        (
            "_odd name",
            vec![
                ("type", "mysql"),
                ("host", "a b"),
                ("a key", "Hunter2"),
                ("empty", ""),
            ],
        ),
    ] {
        let mut files: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(file, text)| (*file, text.as_bytes()))
            .collect();
        files.push(("keystore", b"\xff\x00Hunter2"));
        check(
            &format!("servicebinding-{}", name.replace(' ', "-")),
            &import::servicebinding(name, &files, Catalogue::builtin()),
        );
    }
}

#[test]
fn names_stay_apart() {
    let text = br#"{"a b": "http://h", "a/b": "http://h", "a-b": "http://h", "-": "http://h", "a-b-2": "http://h"}"#;
    let imported = import::airflow("names.json", text, Catalogue::builtin());
    let names: Vec<_> = imported
        .records
        .iter()
        .map(|record| record.name.as_str())
        .collect();
    assert_eq!(names, ["a-b", "a-b-2", "a-b-3", "imported", "a-b-2-2"]);
    is_sound(&imported).unwrap();
}

/// Text that is near to what importers read.
fn foreign() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "id",
        "product",
        "services",
        "conn_type",
        "host",
        "extra",
        "login",
        "clusters",
        "contexts",
        "users",
        "cluster",
        "name",
        "server",
        "user",
        "token",
        "[default]",
        "[profile x]",
        "[services x]",
        "aws_access_key_id",
        "=",
        "s3 =",
        "  endpoint_url = ",
        "://",
        "http://",
        "postgres://u:p@h",
        "@",
        ":",
        ": ",
        "/",
        "?",
        "#",
        "%",
        "%2F",
        "&",
        "+",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\"",
        "'",
        "a",
        "é",
        "\0",
        " ",
        "1",
        "99999",
        "AIRFLOW_CONN_X=",
    ]);
    prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_in_is_sound(text in prop_oneof![foreign(), any::<String>()], other in foreign()) {
        let (catalogue, bytes) = (Catalogue::builtin(), text.as_bytes());
        is_sound(&import::fuseml("f", bytes, catalogue))?;
        is_sound(&import::airflow("a", bytes, catalogue))?;
        is_sound(&import::kubeconfig("k", bytes, catalogue))?;
        is_sound(&import::aws(Some(("c", bytes)), Some(("d", other.as_bytes())), catalogue))?;
        is_sound(&import::servicebinding(&text, &[("type", other.as_bytes()), ("uri", bytes), (&other, bytes)], catalogue))?;
    }

    /// Parts of a URI arrive as they were before they were percent-encoded.
    #[test]
    fn airflow_uris_decode(login in "[ -~é]{1,12}", password in "[ -~é]{1,12}", database in "[!-~é]{1,12}") {
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let uri = format!("mysql://{}:{}@h/{}", encode(&login), encode(&password), encode(&database));
        let imported = import::airflow("uri", uri.as_bytes(), Catalogue::builtin());
        let account = &secrets(&imported.records)[0]["default"];
        prop_assert_eq!(&account["username"], &json!(login));
        prop_assert_eq!(&account["MYSQL_PWD"], &json!(password));
        let service = &imported.records[0].instances[0].services[0];
        prop_assert_eq!(&service.endpoints[0].configuration[0].value, &database);
    }
}
