use std::fmt::Write;

use serde_json::Value;

use super::style::{Style, padded, printable, width};

/// Bindings out of the documented JSON: what is shown there is shown here.
///
/// ```text
/// storage  minio/main/s3 4.1.3
///   url       http://minio:9000 (endpoint `public`, external)
///   account   profile `team`
///   zone      eu
///   env       AWS_ACCESS_KEY_ID      [REDACTED]
///             AWS_ENDPOINT_URL_S3    http://minio:9000
/// ```
pub(crate) fn bindings(document: &Value, style: Style) -> String {
    let bindings = document.get("bindings").and_then(Value::as_array);
    let blocks: Vec<String> = bindings
        .into_iter()
        .flatten()
        .map(|binding| block(binding, style))
        .collect();
    blocks.join("\n")
}

fn block(binding: &Value, style: Style) -> String {
    let text_of = |key: &str| binding.get(key).and_then(Value::as_str).map(printable);
    let field = |key: &str| text_of(key).unwrap_or_default();
    let place = format!(
        "{}/{}/{}",
        field("extension"),
        field("instance"),
        field("service")
    );
    let mut text = format!("{}  {place}", style.bold(&field("name")));
    if let Some(version) = text_of("version") {
        let _ = write!(text, " {version}");
    }
    text.push('\n');
    let mut lines = Vec::new();
    let endpoint = binding.get("endpoint");
    let endpoint_text = |key: &str| {
        endpoint
            .and_then(|endpoint| endpoint.get(key))
            .and_then(Value::as_str)
            .map(printable)
    };
    if let (Some(name), Some(kind)) = (endpoint_text("name"), endpoint_text("type")) {
        lines.push(match endpoint_text("url") {
            Some(url) => ("url", format!("{url} (endpoint `{name}`, {kind})")),
            None => ("endpoint", format!("`{name}`, {kind}")),
        });
    }
    if let Some(profile) = text_of("profile") {
        let expires = text_of("expires_at").map_or_else(String::new, |at| format!(", until {at}"));
        lines.push(("account", format!("profile `{profile}`{expires}")));
    }
    lines.push(("zone", field("zone")));
    let empty = serde_json::Map::new();
    let env = binding
        .get("env")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let column = env.keys().map(|name| width(name)).max().unwrap_or(0);
    for (number, (name, value)) in env.iter().enumerate() {
        let value = printable(value.as_str().unwrap_or_default());
        lines.push((
            if number == 0 { "env" } else { "" },
            format!("{}  {value}", padded(name, column)),
        ));
    }
    for (label, value) in lines {
        let _ = writeln!(text, "  {}  {value}", style.dim(&padded(label, 8)));
    }
    text
}

/// Variables under a heading; nothing when there are none.
pub(crate) fn variables(heading: &str, variables: &[(String, String)], style: Style) -> String {
    let mut text = String::new();
    let column = variables
        .iter()
        .map(|(name, _)| width(name))
        .max()
        .unwrap_or(0);
    if !variables.is_empty() {
        let _ = writeln!(text, "{}", style.bold(heading));
    }
    for (name, value) in variables {
        let _ = writeln!(text, "  {}  {}", padded(name, column), printable(value));
    }
    text
}
