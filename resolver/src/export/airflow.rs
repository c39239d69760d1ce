use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::Account;

/// The connection types of Airflow's providers, by service type. Any other service is `http`
/// where its URL is, else `generic`.
///
/// Source: <https://airflow.apache.org/docs/apache-airflow-providers/core-extensions/connections.html>.
const TYPES: &[(&str, &str)] = &[
    ("azure-blob", "wasb"),
    ("elasticsearch", "elasticsearch"),
    ("gcs", "google_cloud_platform"),
    ("github-api", "github"),
    ("kafka", "kafka"),
    ("kubernetes-api", "kubernetes"),
    ("mongodb", "mongo"),
    ("mysql", "mysql"),
    ("oci-registry", "docker"),
    ("openai", "openai"),
    ("postgresql", "postgres"),
    ("qdrant", "qdrant"),
    ("redis", "redis"),
    ("s3", "aws"),
    ("vault", "vault"),
    ("weaviate", "weaviate"),
];

/// Extras that Airflow knows by another name than the catalogue: service type, key, extra.
const EXTRAS: &[(&str, &str, &str)] = &[
    ("gcs", "GOOGLE_APPLICATION_CREDENTIALS", "key_path"),
    ("postgresql", "PGSSLMODE", "sslmode"),
    ("postgresql", "PGSSLROOTCERT", "sslrootcert"),
    ("postgresql", "PGSSLCERT", "sslcert"),
    ("postgresql", "PGSSLKEY", "sslkey"),
    ("s3", "AWS_REGION", "region_name"),
    ("s3", "AWS_DEFAULT_REGION", "region_name"),
    ("s3", "AWS_SESSION_TOKEN", "aws_session_token"),
];

/// An Airflow connection as JSON on one line, as `AIRFLOW_CONN_<ID>`, `airflow connections add
/// --conn-json` and secret backends take it.
///
/// It has `conn_type`, and what is known of `host`, `port`, `login`, `password`, `schema` and
/// `extra`. The schema is the database; of an HTTP connection, it is the URL's scheme. A URL with
/// a path is the host of an HTTP connection as a whole. For `aws` the URL is the extra
/// `endpoint_url`. A token is the password where there is none.
///
/// The format: <https://airflow.apache.org/docs/apache-airflow/stable/howto/connection.html>.
#[must_use]
pub fn airflow(account: &Account) -> SecretString {
    let is_http = matches!(account.scheme.as_deref(), Some("http" | "https"));
    let listed = TYPES.iter().find(|(service, _)| account.service_type == *service).map(|(_, conn_type)| *conn_type);
    let conn_type = listed.unwrap_or(if is_http { "http" } else { "generic" });
    let mut extra = Map::new();
    for setting in &account.settings {
        let known = |(service, key, _): &&(&str, &str, &str)| account.service_type == *service && setting.name == *key;
        let name = EXTRAS.iter().find(known).map_or(setting.name.as_str(), |(.., extra)| extra);
        extra.entry(name).or_insert_with(|| setting.value.expose_secret().into());
    }
    let mut connection = Map::new();
    connection.insert("conn_type".to_owned(), conn_type.into());
    let mut add = |name: &str, value: Option<Value>| connection.extend(value.map(|value| (name.to_owned(), value)));
    let has_path = account.url.as_deref().is_some_and(|url| {
        url.split_once("://").is_some_and(|(_, rest)| rest.trim_end_matches('/').contains(['/', '?']))
    });
    match conn_type {
        "aws" | "google_cloud_platform" => {
            extra.extend(account.url.as_deref().map(|url| ("endpoint_url".to_owned(), url.into())));
        }
        "http" if has_path => add("host", account.url.clone().map(Value::from)),
        _ => {
            add("host", account.host.clone().map(Value::from));
            add("port", account.port.map(Value::from));
            let schema = if conn_type == "http" { &account.scheme } else { &account.database };
            add("schema", schema.clone().map(Value::from));
        }
    }
    let opened = |secret: &Option<SecretString>| secret.as_ref().map(|secret| Value::from(secret.expose_secret()));
    add("login", opened(&account.username));
    if account.password.is_some() {
        add("password", opened(&account.password));
        extra.extend(opened(&account.token).map(|token| ("token".to_owned(), token)));
    } else {
        add("password", opened(&account.token));
    }
    if !extra.is_empty() {
        add("extra", Some(Value::Object(extra)));
    }
    SecretString::from(format!("{}\n", json!(connection)))
}
