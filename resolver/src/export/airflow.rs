use hitchpost_registry_core::import::airflow_connection_type;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::Account;

/// Extras that Airflow knows by another name than the catalogue: connection type, the catalogue's
/// key, extra. From the pages of the providers that
/// <https://airflow.apache.org/docs/apache-airflow-providers/core-extensions/connections.html> lists.
const EXTRAS: &[(&str, &str, &str)] = &[
    ("aws", "AWS_REGION", "region_name"),
    ("aws", "AWS_SESSION_TOKEN", "aws_session_token"),
    (
        "google_cloud_platform",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "key_path",
    ),
    ("google_cloud_platform", "GOOGLE_CLOUD_PROJECT", "project"),
    ("kafka", "sasl_mechanism", "sasl.mechanism"),
    ("kafka", "security_protocol", "security.protocol"),
    ("postgres", "PGSSLCERT", "sslcert"),
    ("postgres", "PGSSLKEY", "sslkey"),
    ("postgres", "PGSSLMODE", "sslmode"),
    ("postgres", "PGSSLROOTCERT", "sslrootcert"),
    ("wasb", AZURE_CONNECTION, "connection_string"),
    ("wasb", "AZURE_STORAGE_SAS_TOKEN", "sas_token"),
    ("wasb", "AZURE_TENANT_ID", "tenant_id"),
];

const AZURE_ACCOUNT: &str = "AZURE_STORAGE_ACCOUNT";
const AZURE_KEY: &str = "AZURE_STORAGE_KEY";
const AZURE_CONNECTION: &str = "AZURE_STORAGE_CONNECTION_STRING";

/// An Airflow connection as JSON on one line, as `AIRFLOW_CONN_<ID>`, `airflow connections add
/// --conn-json` and secret backends take it.
///
/// It has `conn_type` (that of the service type; any other service is `http` where its URL is, else
/// `generic`), and what is known of `host`, `port`, `login`, `password`, `schema` and
/// `extra`:
///
/// - the schema is the database; of HTTP and Elasticsearch, the URL's scheme;
/// - a token is the password where there is none;
/// - a URL with a path is the host of an HTTP connection as a whole;
/// - `aws` has the URL as the extra `endpoint_url`, `wasb` as its host and the storage account as
///   its login, `redis` its database as the extra `db`, `vault` the extra `use_tls`, and `kafka` has nothing but extras, by the
///   names of librdkafka;
/// - the rest of the configuration are extras.
///
/// The format: <https://airflow.apache.org/docs/apache-airflow/stable/howto/connection.html>.
#[must_use]
pub fn airflow(account: &Account) -> SecretString {
    let is_http = matches!(account.scheme.as_deref(), Some("http" | "https"));
    let listed = airflow_connection_type(account.service_type.as_str());
    let conn_type = listed.unwrap_or(if is_http { "http" } else { "generic" });
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    let opened = |secret: &Option<SecretString>| {
        secret
            .as_ref()
            .map(|secret| Value::from(secret.expose_secret()))
    };
    let setting = |key: &str| {
        account
            .setting(key)
            .map(|setting| Value::from(setting.value.expose_secret()))
    };
    let has_password = account.password.is_some();
    let mut parts = vec![
        ("host", text(&account.host)),
        ("port", account.port.map(Value::from)),
        ("login", opened(&account.username)),
        (
            "password",
            opened(if has_password {
                &account.password
            } else {
                &account.token
            }),
        ),
        ("schema", text(&account.database)),
    ];
    let mut set = |name: &str, value: Option<Value>| {
        for part in parts.iter_mut().filter(|(part, _)| *part == name) {
            part.1.clone_from(&value);
        }
    };
    let mut more = vec![("token", opened(&account.token).filter(|_| has_password))];
    let mut consumed: &[&str] = &[];
    match conn_type {
        "aws" => {
            more.push(("endpoint_url", text(&account.url)));
            set("host", None);
            set("port", None);
        }
        "google_cloud_platform" => {
            set("host", None);
            set("port", None);
        }
        "wasb" => {
            consumed = &[AZURE_ACCOUNT, AZURE_KEY];
            set("host", text(&account.url));
            set("port", None);
            set("login", setting(AZURE_ACCOUNT));
            set("password", setting(AZURE_KEY));
        }
        "kafka" => {
            let server = account.host.as_ref().zip(account.port).map(|(host, port)| {
                // An IPv6 address needs its brackets again.
                if host.contains(':') {
                    format!("[{host}]:{port}")
                } else {
                    format!("{host}:{port}")
                }
            });
            more.push(("bootstrap.servers", server.map(Value::from)));
            more.push(("sasl.username", opened(&account.username)));
            more.push(("sasl.password", opened(&account.password)));
            ["host", "port", "login", "password"]
                .into_iter()
                .for_each(|part| set(part, None));
        }
        "redis" => {
            more.push((
                "db",
                account
                    .database
                    .as_deref()
                    .and_then(|db| db.parse::<u32>().ok())
                    .map(Value::from),
            ));
            set("schema", None);
        }
        "vault" => more.push((
            "use_tls",
            account
                .scheme
                .as_ref()
                .map(|scheme| (scheme == "https").into()),
        )),
        "elasticsearch" => set("schema", text(&account.scheme)),
        "http" if has_path(account.url.as_deref()) => {
            set("host", text(&account.url));
            set("port", None);
            set("schema", None);
        }
        "http" => set("schema", text(&account.scheme)),
        _ => {}
    }
    let mut extra = Map::new();
    let known = more
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let rest = account
        .settings
        .iter()
        .filter(|setting| !consumed.contains(&setting.key.as_str()))
        .map(|setting| {
            let renamed = EXTRAS
                .iter()
                .find(|(kind, key, _)| *kind == conn_type && *key == setting.key);
            (
                renamed.map_or(setting.name.as_str(), |(.., extra)| extra),
                Value::from(setting.value.expose_secret()),
            )
        });
    for (name, value) in known.chain(rest) {
        extra.entry(name).or_insert(value);
    }
    parts.push(("extra", (!extra.is_empty()).then_some(Value::Object(extra))));
    let parts = parts
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let connection: Map<String, Value> = std::iter::once(("conn_type", conn_type.into()))
        .chain(parts)
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    SecretString::from(format!("{}\n", Value::Object(connection)))
}

/// Whether a URL has more than a scheme, a host and a port.
fn has_path(url: Option<&str>) -> bool {
    let rest = url
        .and_then(|url| url.split_once("://"))
        .map(|(_, rest)| rest.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.contains(['/', '?']))
}
