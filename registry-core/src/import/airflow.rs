use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{Import, Imported, Tool, profile, public_url};
use crate::{
    catalogue::Catalogue,
    decode::shortened,
    diagnostic::{Code, Span},
    document::{Document, Node, NodeValue, ScalarKind},
    name::Name,
    record::ConfigurationEntry,
};

/// How connection types are called in the catalogue: type, product, service type. Any other type
/// is its own product and service type.
///
/// The types are those of Airflow's providers,
/// <https://airflow.apache.org/docs/apache-airflow-providers/core-extensions/connections.html>.
const TYPES: &[(&str, &str, &str)] = &[
    ("aws", "aws-s3", "s3"),
    ("docker", "oci-registry", "oci-registry"),
    ("elasticsearch", "elasticsearch", "elasticsearch"),
    ("github", "github", "github-api"),
    ("google_cloud_platform", "gcs", "gcs"),
    ("kafka", "kafka", "kafka"),
    ("kubernetes", "kubernetes", "kubernetes-api"),
    ("mongo", "mongodb", "mongodb"),
    ("mysql", "mysql", "mysql"),
    ("openai", "openai", "openai"),
    ("postgres", "postgresql", "postgresql"),
    ("qdrant", "qdrant", "qdrant"),
    ("redis", "redis", "redis"),
    ("s3", "aws-s3", "s3"),
    ("vault", "vault", "vault"),
    ("wasb", "azure-blob", "azure-blob"),
    ("weaviate", "weaviate", "weaviate"),
];

/// The connection type of Airflow's providers for a service type of the catalogue.
///
/// ```
/// use hitchpost_registry_core::import::airflow_connection_type;
///
/// assert_eq!(airflow_connection_type("s3"), Some("aws"));
/// assert_eq!(airflow_connection_type("mlflow-tracking"), None);
/// ```
#[must_use]
pub fn airflow_connection_type(service_type: &str) -> Option<&'static str> {
    let mut types = TYPES.iter();
    types
        .find(|(.., service)| *service == service_type)
        .map(|(name, ..)| *name)
}

/// Extras that the catalogue knows by another name than Airflow.
const EXTRAS: &[(&str, &str)] = &[("region_name", "region"), ("key_path", "credentials_file")];

/// A connection, its parts decoded.
#[derive(Default)]
struct Connection {
    conn_type: String,
    description: String,
    host: String,
    login: String,
    password: String,
    schema: String,
    port: Option<u16>,
    extra: Map<String, Value>,
}

/// Reads Airflow connections, one record for each:
///
/// - the file of `airflow connections export`: JSON or YAML that maps ids to connections or URIs,
///   or lines of `ID=URI` or `ID=JSON`, with or without `AIRFLOW_CONN_` before the id;
/// - a list of connections, or a single one, as JSON with its `conn_id`;
/// - a single URI.
///
/// The rules of URIs are Airflow's: parts are percent-encoded, `-` in the type stands for `_`,
/// `postgresql` is `postgres`, the host may have a scheme of its own, the path is the schema, and
/// the query holds the extras, or all of them as JSON in `__extra__`. Login, password and extras
/// become a profile, but for keys that the catalogue knows as public.
///
/// The format: <https://airflow.apache.org/docs/apache-airflow/stable/howto/connection.html>.
///
/// ```
/// use hitchpost_registry_core::{Catalogue, import};
///
/// let text = br#"{"my_db": "postgres://ada:s%40cret@db:5432/grades?sslmode=require"}"#;
/// let imported = import::airflow("connections.json", text, Catalogue::builtin());
/// let service = &imported.records[0].instances[0].services[0];
/// assert_eq!(service.endpoints[0].url.as_deref(), Some("postgresql://db:5432/grades"));
/// ```
#[must_use]
pub fn airflow(source: &str, bytes: &[u8], catalogue: &Catalogue) -> Imported {
    let mut import = Import::new(source, catalogue);
    if let Some(lines) = std::str::from_utf8(bytes).ok().and_then(variables) {
        for (line, id, value) in lines {
            let at = crate::Location { line, column: 1 };
            let span = Some(Span { start: at, end: at });
            let value = value.trim_matches(['\'', '"']);
            if value.starts_with('{') {
                json(&mut import, Some(id), value.as_bytes(), span);
            } else {
                uri(&mut import, id, value, "", span);
            }
        }
    } else {
        json(&mut import, None, bytes, None);
    }
    import.finish()
}

/// The lines `ID=VALUE` of a file that has no others but comments.
fn variables(text: &str) -> Option<Vec<(u32, &str, &str)>> {
    let lines = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim().is_empty() && !line.starts_with('#'));
    let lines: Option<Vec<_>> = lines
        .map(|(line, number)| {
            let (id, value) = line.trim().trim_start_matches("export ").split_once('=')?;
            let is_id = id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
            let id = id.strip_prefix("AIRFLOW_CONN_").map_or(id, |id| id);
            is_id.then_some((number, id, value))
        })
        .collect();
    lines.filter(|lines| !lines.is_empty())
}

fn json(import: &mut Import<'_>, id: Option<&str>, bytes: &[u8], span: Option<Span>) {
    let document = match Document::parse(&import.source, bytes) {
        Ok(document) => document,
        Err(findings) => return import.imported.findings.extend(findings),
    };
    let Some(root) = document.roots.first() else {
        return import.report(
            Code::Empty,
            "",
            span,
            "the source holds no connection".to_owned(),
            "export one first",
        );
    };
    match &root.value {
        NodeValue::Scalar { text, .. } => uri(
            import,
            id.unwrap_or_default(),
            text,
            "",
            span.or(Some(root.span)),
        ),
        NodeValue::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                connection(
                    import,
                    id.unwrap_or_default(),
                    item,
                    &format!("/{index}"),
                    span.unwrap_or(item.span),
                );
            }
        }
        NodeValue::Mapping(_)
            if id.is_some()
                || root
                    .get("conn_type")
                    .is_some_and(|kind| kind.as_str().is_some()) =>
        {
            connection(
                import,
                id.unwrap_or_default(),
                root,
                "",
                span.unwrap_or(root.span),
            );
        }
        NodeValue::Mapping(entries) => {
            for (key, node) in entries {
                let path = format!("/{}", key.text.replace('~', "~0").replace('/', "~1"));
                match &node.value {
                    NodeValue::Scalar { text, .. } => {
                        uri(import, &key.text, text, &path, Some(key.span))
                    }
                    _ => connection(import, &key.text, node, &path, key.span),
                }
            }
        }
    }
}

fn connection(import: &mut Import<'_>, id: &str, node: &Node, path: &str, span: Span) {
    let NodeValue::Mapping(_) = node.value else {
        let help = "a connection is a URI or a mapping with `conn_type`";
        return import.report(
            Code::WrongType,
            path,
            Some(span),
            "this is no connection".to_owned(),
            help,
        );
    };
    let text = |key| {
        node.get(key)
            .and_then(Node::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let port = node.get("port").and_then(Node::as_str);
    let port = match port.map(str::parse) {
        None => None,
        Some(Ok(port)) => Some(port),
        Some(Err(_)) => {
            let message = "the connection's `port` is no port".to_owned();
            return import.report(Code::WrongType, path, Some(span), message, "1 to 65535");
        }
    };
    let extra = match node.get("extra").map(|extra| (extra, &extra.value)) {
        Some((_, NodeValue::Scalar { text, kind }))
            if *kind != ScalarKind::Null && !text.is_empty() =>
        {
            extras(import, text, path, span)
        }
        Some((extra, NodeValue::Mapping(_))) => match as_json(extra) {
            Value::Object(extra) => extra,
            _ => Map::new(),
        },
        _ => Map::new(),
    };
    let connection = Connection {
        conn_type: text("conn_type").to_lowercase().replace('-', "_"),
        description: text("description"),
        host: text("host"),
        login: text("login"),
        password: text("password"),
        schema: text("schema"),
        port,
        extra,
    };
    if connection.conn_type.is_empty() {
        let message = "the connection has no `conn_type`".to_owned();
        return import.report(Code::MissingKey, path, Some(span), message, "add it");
    }
    let id = if id.is_empty() {
        text("conn_id")
    } else {
        id.to_owned()
    };
    record(import, &id, connection, path, Some(span));
}

/// Extras given as text: JSON.
fn extras(import: &mut Import<'_>, text: &str, path: &str, span: Span) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_else(|_| {
        let message = "the extras are no JSON object and were left out".to_owned();
        import.report(
            Code::NotImported,
            path,
            Some(span),
            message,
            "write them as `{\"key\": \"value\"}`",
        );
        Map::new()
    })
}

fn as_json(node: &Node) -> Value {
    match &node.value {
        NodeValue::Scalar { text, kind } => match kind {
            ScalarKind::Null => Value::Null,
            ScalarKind::Boolean => Value::Bool(text.eq_ignore_ascii_case("true")),
            ScalarKind::Number => {
                serde_json::from_str(text).unwrap_or_else(|_| Value::from(&**text))
            }
            ScalarKind::String => Value::from(&**text),
        },
        NodeValue::Sequence(items) => items.iter().map(as_json).collect(),
        NodeValue::Mapping(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, node)| (key.text.to_string(), as_json(node)))
                .collect(),
        ),
    }
}

fn uri(import: &mut Import<'_>, id: &str, uri: &str, path: &str, span: Option<Span>) {
    let Some((conn_type, rest)) = uri.trim().split_once("://") else {
        let help = "write it as `TYPE://LOGIN:PASSWORD@HOST:PORT/SCHEMA?EXTRAS`";
        return import.report(
            Code::InvalidUrl,
            path,
            span,
            "this is no connection URI".to_owned(),
            help,
        );
    };
    let mut conn_type = conn_type.to_lowercase().replace('-', "_");
    if conn_type == "postgresql" {
        "postgres".clone_into(&mut conn_type);
    }
    let (rest, _fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    // A host may bring a scheme of its own: `http://https://host`.
    let (scheme, rest) = match rest.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            (Some(scheme), rest)
        }
        _ => (None, rest),
    };
    let (authority, schema) = rest.split_once('/').unwrap_or((rest, ""));
    let (account, address) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (login, password) = account.split_once(':').unwrap_or((account, ""));
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (address, ""),
    };
    let Ok(port) = (if port.is_empty() {
        Ok(None)
    } else {
        port.parse().map(Some)
    }) else {
        let message = "the port of the connection URI is no number".to_owned();
        return import.report(
            Code::InvalidUrl,
            path,
            span,
            message,
            "percent-encode `:`, `/` and `@` in the parts",
        );
    };
    let host = decoded(host).to_lowercase();
    let mut extra = Map::new();
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if key == "__extra__" {
            let at = span.unwrap_or(Span {
                start: START,
                end: START,
            });
            extra = extras(import, &value, path, at);
            break;
        }
        extra.insert(key.into_owned(), Value::from(value.into_owned()));
    }
    let connection = Connection {
        conn_type,
        description: String::new(),
        host: scheme.map_or_else(|| host.clone(), |scheme| format!("{scheme}://{host}")),
        login: decoded(login),
        password: decoded(password),
        schema: decoded(schema),
        port,
        extra,
    };
    record(import, id, connection, path, span);
}

const START: crate::Location = crate::Location { line: 1, column: 1 };

/// Undoes percent-encoding. A query would read `+` as a blank and end a value at `&`; here they
/// stand for themselves.
fn decoded(text: &str) -> String {
    let query = text
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    url::form_urlencoded::parse(query.as_bytes())
        .map(|(text, _)| text)
        .collect()
}

fn record(
    import: &mut Import<'_>,
    id: &str,
    connection: Connection,
    path: &str,
    span: Option<Span>,
) {
    let kind = connection.conn_type.clone();
    let (product, service_type) = match TYPES.iter().find(|(name, ..)| *name == kind) {
        Some((_, product, service_type)) => (super::adapted(product), super::adapted(service_type)),
        None => (super::adapted(&kind), super::adapted(&kind)),
    };
    let name = import.record_name(if id.is_empty() { &kind } else { id }, path, span);
    let (url, host) = address(&connection, &service_type);
    let database = if matches!(kind.as_str(), "http" | "https") {
        ""
    } else {
        connection.schema.as_str()
    };
    let (login, password) = if kind == "wasb" {
        ("account_name", "account_key")
    } else {
        ("username", "password")
    };
    let mut entries = vec![
        (login.to_owned(), connection.login.clone()),
        (password.to_owned(), connection.password.clone()),
        ("database".to_owned(), database.to_owned()),
    ];
    if let Some(host) = host {
        entries.push(("host".to_owned(), host));
    }
    let prefix = format!("extra__{kind}__");
    for (key, value) in connection.extra {
        let key = key.strip_prefix(&prefix).unwrap_or(&key);
        let key = EXTRAS
            .iter()
            .find(|(name, _)| *name == key)
            .map_or(key, |(_, known)| known);
        let value = match value {
            Value::String(text) => text,
            Value::Null => continue,
            other => other.to_string(),
        };
        entries.push((key.to_owned(), value));
    }
    let (mut configuration, mut secrets) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    let is_url = |value: &String| url.as_ref() == Some(value);
    for (key, value) in entries
        .into_iter()
        .filter(|(_, value)| !value.is_empty() && !is_url(value))
    {
        let (key, is_public) = import.key(&service_type, &key);
        if !seen.insert(key.clone()) || !import.fits(&key, &value, path, span) {
            continue;
        }
        if is_public && !crate::record::has_password(&value) {
            configuration.push(ConfigurationEntry { name: key, value });
        } else {
            secrets.push((key, value));
        }
    }
    let account = if secrets.is_empty() {
        Vec::new()
    } else {
        vec![profile(Name::fixed("default"), false, secrets)]
    };
    let description: String = shortened(&connection.description)
        .chars()
        .filter(|c| !c.is_control())
        .collect();
    import.push(Tool {
        name,
        product,
        description,
        service_type,
        url,
        configuration,
        profiles: account,
    });
}

/// The URL of a connection; where the host makes none, the host is kept as it is.
fn address(connection: &Connection, service_type: &Name) -> (Option<String>, Option<String>) {
    let extra = |key: &str| {
        connection
            .extra
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let host = connection.host.as_str();
    let url = match connection.conn_type.as_str() {
        "aws" | "s3" => extra("endpoint_url").or_else(|| extra("host")).map_or_else(
            || match extra("region_name") {
                Some(region) => format!("https://s3.{region}.amazonaws.com"),
                None => "https://s3.amazonaws.com".to_owned(),
            },
            str::to_owned,
        ),
        "google_cloud_platform" => "https://storage.googleapis.com".to_owned(),
        "wasb" if host.is_empty() => format!("https://{}.blob.core.windows.net", connection.login),
        "wasb" if !host.contains("://") => format!("https://{host}"),
        _ if host.is_empty() => return (None, None),
        kind => {
            // The `schema` of an HTTP connection is its scheme, else it is a database.
            let is_http = matches!(kind, "http" | "https");
            let http = if connection.schema.is_empty() {
                kind
            } else {
                connection.schema.as_str()
            };
            let scheme = if is_http {
                http.to_owned()
            } else {
                service_type.as_str().replace('_', "-")
            };
            let base = if host.contains("://") {
                host.to_owned()
            } else {
                format!("{scheme}://{host}")
            };
            let port = connection
                .port
                .map(|port| format!(":{port}"))
                .unwrap_or_default();
            let path = if is_http || connection.schema.is_empty() {
                String::new()
            } else {
                format!("/{}", encoded(&connection.schema))
            };
            format!("{}{port}{path}", base.trim_end_matches('/'))
        }
    };
    match public_url(&url) {
        Some(url) => (Some(url), None),
        None => (None, Some(host.to_owned()).filter(|host| !host.is_empty())),
    }
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}
