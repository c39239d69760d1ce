//! OpenAPI 3.1 as OpenAPI 3.0.3, with a list of what 3.0.3 cannot say.
//!
//! Sources of the rules: *OpenAPI Specification 3.0.3*, section 4.7 (its objects) and the Schema
//! Object of 4.7.24; *OpenAPI Specification 3.1.0*, sections 4.8 and 4.8.24 (schemas are JSON
//! Schema 2020-12). What both can say is rewritten and not reported; what 3.0.3 cannot say is
//! left out or weakened, never sharpened, and reported with its place.

mod objects;
mod schema;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value, json};

use self::objects::{Kind, Missing, Shape};
/// Also how the keys of fields begin that hold an unknown where 3.0.3 admits no object.
use super::v31::UNKNOWN;

/// The deepest place that is written: `openapiv3` reads by recursion, and must not need more stack
/// than a thread has at least.
const MAX_DEPTH: usize = 48;

/// A document in OpenAPI 3.0.3, and what it lost.
#[derive(Debug, Clone)]
pub struct Downgrade {
    /// The document.
    pub document: openapiv3::OpenAPI,
    /// What 3.0.3 cannot say, in the order of the source document.
    pub lost: Vec<Loss>,
}

/// Something that a document in OpenAPI 3.0.3 does not say, or not fully.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// Where it stands in the 3.1 document: a JSON pointer (RFC 6901).
    pub place: String,
    /// What became of it.
    pub became: Became,
}

/// What became of a part of a document that OpenAPI 3.0.3 cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Became {
    /// Dropped: 3.0.3 has no such field, and it restricts nothing.
    NoSuchField,
    /// Dropped: a restriction, without which a schema admits more values.
    Wider,
    /// Dropped: not a value that the field can have.
    Unfit,
    /// Dropped: it lacks a field that it must have, or is of a kind that 3.0.3 does not have.
    Incomplete,
    /// Dropped: nested too deeply.
    TooDeep,
    /// One example alone is kept: the first that is not null.
    FirstExample,
    /// Schemas for the positions of an array became one that admits any of them everywhere.
    AnyPosition,
    /// A way to be admitted that 3.0.3 has no word for: other ways are kept, so that an operation
    /// that has only this one says nothing of security.
    NoSecurity,
}

impl fmt::Display for Became {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchField => "dropped: OpenAPI 3.0.3 has no such field",
            Self::Wider => "dropped: OpenAPI 3.0.3 cannot restrict values so",
            Self::Unfit => "dropped: not a value that the field can have",
            Self::Incomplete => "dropped: OpenAPI 3.0.3 has nothing of the kind",
            Self::TooDeep => "dropped: nested too deeply",
            Self::FirstExample => "only the first example is kept",
            Self::AnyPosition => "became one schema for all positions",
            Self::NoSecurity => "dropped: OpenAPI 3.0.3 has no such security",
        })
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.became)
    }
}

/// Why there is no document in OpenAPI 3.0.3.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DowngradeError {
    /// It does not say that it is OpenAPI 3.
    #[error("not an OpenAPI 3 document: `openapi` is {found}")]
    NotOpenApi {
        /// What stands in its place.
        found: String,
    },
    /// The types of OpenAPI 3.0.3 do not take it.
    #[error("the document cannot be written as OpenAPI 3.0.3")]
    Unwritable(#[from] serde_json::Error),
}

/// Writes an OpenAPI 3.1 document as OpenAPI 3.0.3.
///
/// `null` becomes `nullable`: beside `allOf` where the rest is a reference, as the tools of 3.0
/// read it. An unknown of the analyser that stands where 3.0.3 admits no object moves to the
/// field `x-hitchpost-unknown-FIELD` beside it.
///
/// ```
/// use serde_json::json;
///
/// let done = hitchpost_schema_gen::openapi::v30::openapi_v30(&json!({
///     "openapi": "3.1.0",
///     "info": {"title": "Shop", "version": "1", "summary": "Sells"},
///     "paths": {},
///     "components": {"schemas": {"Name": {"anyOf": [{"type": "string"}, {"type": "null"}]}}},
/// }))?;
/// let document = serde_json::to_value(&done.document)?;
/// assert_eq!(document["components"]["schemas"]["Name"], json!({"type": "string", "nullable": true}));
/// assert_eq!(done.lost[0].place, "/info/summary");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When it is not an OpenAPI 3 document.
pub fn openapi_v30(document: &Value) -> Result<Downgrade, DowngradeError> {
    let version = document.get("openapi");
    if !version
        .and_then(Value::as_str)
        .is_some_and(|version| version.starts_with("3."))
    {
        let found = version.map_or_else(|| "missing".to_owned(), |version| format!("`{version}`"));
        return Err(DowngradeError::NotOpenApi { found });
    }
    let mut downgrader = Downgrader {
        document,
        place: Vec::new(),
        lost: Vec::new(),
        scopes: Vec::new(),
        names: HashMap::new(),
        definitions: Map::new(),
    };
    let mut written = match downgrader.object(Shape::Document, document) {
        Some(Value::Object(written)) => written,
        _ => Map::new(),
    };
    written.insert("openapi".to_owned(), json!("3.0.3"));
    if !downgrader.definitions.is_empty() {
        let components = written
            .entry("components")
            .or_insert_with(|| json!({}))
            .as_object_mut();
        let schemas =
            components.map(|components| components.entry("schemas").or_insert_with(|| json!({})));
        if let Some(Value::Object(schemas)) = schemas {
            schemas.append(&mut downgrader.definitions);
        }
    }
    Ok(Downgrade {
        document: serde_json::from_value(Value::Object(written))?,
        lost: downgrader.lost,
    })
}

struct Downgrader<'d> {
    document: &'d Value,
    /// The parts of the pointer to what is being written.
    place: Vec<String>,
    lost: Vec<Loss>,
    /// The schemas around this place that have `$defs`, each with its place.
    scopes: Vec<(String, &'d Map<String, Value>)>,
    /// The component that a definition becomes, by the definition's place.
    names: HashMap<String, String>,
    /// Definitions that became components.
    definitions: Map<String, Value>,
}

impl<'d> Downgrader<'d> {
    fn pointer(&self) -> String {
        self.place.iter().flat_map(|part| ["/", part]).collect()
    }

    fn at<T>(&mut self, part: &str, write: impl FnOnce(&mut Self) -> T) -> T {
        self.place.push(part.replace('~', "~0").replace('/', "~1"));
        let written = write(self);
        self.place.pop();
        written
    }

    fn lose(&mut self, became: Became) {
        let place = self.pointer();
        self.lost.push(Loss { place, became });
    }

    fn lose_at(&mut self, part: &str, became: Became) {
        self.at(part, |this| this.lose(became));
    }

    /// An object of 3.0.3; nothing where it cannot be stated.
    fn object(&mut self, shape: Shape, from: &'d Value) -> Option<Value> {
        if self.place.len() > MAX_DEPTH {
            self.lose(Became::TooDeep);
            return None;
        }
        let Some(from) = from.as_object() else {
            self.lose(Became::Unfit);
            return None;
        };
        if let Some(reference) = from.get("$ref").and_then(Value::as_str) {
            if shape.is_inlined() {
                let target = reference
                    .strip_prefix('#')
                    .and_then(|pointer| self.document.pointer(pointer));
                let Some(target) = target else {
                    self.lose(Became::Incomplete);
                    return None;
                };
                return self.at("$ref", |this| this.object(shape, target));
            }
            if shape.may_be_reference() {
                for sibling in from.keys().filter(|key| *key != "$ref") {
                    self.lose_at(sibling, Became::NoSuchField);
                }
                return Some(json!({ "$ref": reference }));
            }
        }
        match shape {
            Shape::Callback => {
                let (items, _) = self.map(&Kind::Object(Shape::PathItem), from);
                Some(Value::Object(items))
            }
            Shape::SecurityRequirement => self.requirement(from),
            _ => self.fields(shape, from),
        }
    }

    fn fields(&mut self, shape: Shape, from: &'d Map<String, Value>) -> Option<Value> {
        let mut to = Map::new();
        for (key, value) in from {
            if key.starts_with("x-") {
                to.insert(key.clone(), value.clone());
            } else if let Some((_, kind, _)) = shape.fields().iter().find(|(name, ..)| name == key)
            {
                self.field(key, kind, value, &mut to);
            } else {
                self.lose_at(key, Became::NoSuchField);
            }
        }
        for (name, kind, missing) in shape.fields() {
            if to.contains_key(*name) {
                continue;
            }
            let stand_in = match (missing, kind) {
                (Missing::Allowed, _) => continue,
                (Missing::Fatal, _) => {
                    self.lose(Became::Incomplete);
                    return None;
                }
                (Missing::Placeholder, _) => json!(UNKNOWN),
                (Missing::Empty, Kind::Text) => json!(""),
                // Its own title and version.
                (Missing::Empty, Kind::Object(Shape::Info)) => {
                    json!({"title": UNKNOWN, "version": UNKNOWN})
                }
                // At least one is required (4.7.16).
                (Missing::Empty, Kind::Responses) => json!({"default": {"description": ""}}),
                // Written only with something in it.
                (Missing::Empty, Kind::Map(Kind::Object(Shape::MediaType))) => json!({"*/*": {}}),
                (Missing::Empty, _) => json!({}),
            };
            to.insert((*name).to_owned(), stand_in);
        }
        self.agree(shape, &mut to).then_some(Value::Object(to))
    }

    /// Writes a field, or the unknown that stands in its place.
    fn field(&mut self, key: &str, kind: &Kind, value: &'d Value, to: &mut Map<String, Value>) {
        let (written, unknown) = self.at(key, |this| this.value(kind, value));
        if let Some(written) = written {
            to.insert(key.to_owned(), written);
        }
        if let Some(unknown) = unknown {
            to.insert(format!("{UNKNOWN}-{key}"), unknown);
        }
    }

    /// The value of a field, and the unknown that it cannot hold.
    fn value(&mut self, kind: &Kind, value: &'d Value) -> (Option<Value>, Option<Value>) {
        let unknown = || value.get(UNKNOWN).cloned();
        let fits = match kind {
            Kind::Text => value.is_string(),
            Kind::Flag | Kind::Boolean => value.is_boolean(),
            Kind::Number => value.is_number(),
            // The types of `openapiv3` take null for nothing at all.
            Kind::Any => !value.is_null(),
            Kind::Schema => return (Some(self.schema(value)), None),
            Kind::Object(shape) => {
                let lost = self.lost.len();
                let written = self.object(*shape, value);
                let unknown = if written.is_none() { unknown() } else { None };
                if unknown.is_some() {
                    self.lost.truncate(lost);
                }
                return (written, unknown);
            }
            Kind::Texts => return self.list(&Kind::Text, value),
            Kind::List(item) => return self.list(item, value),
            Kind::Map(_) | Kind::Paths | Kind::Responses => {
                if unknown().is_some() {
                    return (None, unknown());
                }
                let Some(entries) = value.as_object() else {
                    self.lose(Became::Unfit);
                    return (None, None);
                };
                let (entries, unknown) = match kind {
                    Kind::Map(item) => self.map(item, entries),
                    Kind::Paths => self.map(&Kind::Object(Shape::PathItem), entries),
                    _ => self.map(&Kind::Object(Shape::Response), entries),
                };
                let entries = self.keyed(kind, entries);
                return (
                    (!entries.is_empty()).then_some(Value::Object(entries)),
                    unknown,
                );
            }
        };
        if fits {
            (Some(value.clone()), None)
        } else {
            if unknown().is_none() {
                self.lose(Became::Unfit);
            }
            (None, unknown())
        }
    }

    /// A list without what cannot be stated; nothing for an empty one.
    fn list(&mut self, kind: &Kind, value: &'d Value) -> (Option<Value>, Option<Value>) {
        let Some(items) = value.as_array() else {
            let unknown = value.get(UNKNOWN).cloned();
            if unknown.is_none() {
                self.lose(Became::Unfit);
            }
            return (None, unknown);
        };
        let mut unknown = None;
        let mut written = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let (item, reason) = self.at(&index.to_string(), |this| this.value(kind, item));
            written.extend(item);
            unknown = unknown.or(reason);
        }
        // No security at all is not the same as nothing said of it.
        let says_something = !written.is_empty() || (items.is_empty() && self.is_security());
        (says_something.then_some(Value::Array(written)), unknown)
    }

    fn is_security(&self) -> bool {
        self.place.last().is_some_and(|part| part == "security")
    }

    fn map(
        &mut self,
        kind: &Kind,
        entries: &'d Map<String, Value>,
    ) -> (Map<String, Value>, Option<Value>) {
        let mut unknown = None;
        let mut written = Map::new();
        for (key, value) in entries {
            let (value, reason) = self.at(key, |this| this.value(kind, value));
            if let Some(value) = value {
                written.insert(key.clone(), value);
            }
            unknown = unknown.or(reason);
        }
        (written, unknown)
    }

    /// The entries whose keys are what they must be.
    fn keyed(&mut self, kind: &Kind, mut entries: Map<String, Value>) -> Map<String, Value> {
        entries.retain(|key, _| {
            let fits = match kind {
                Kind::Paths => key.starts_with('/'),
                Kind::Responses => key == "default" || is_status(key),
                _ => true,
            };
            if !fits {
                self.lose_at(key, Became::Unfit);
            }
            fits
        });
        entries
    }

    /// A security requirement (4.7.30): only OAuth 2 and OpenID Connect have scopes.
    fn requirement(&mut self, from: &'d Map<String, Value>) -> Option<Value> {
        let mut to = Map::new();
        for (name, scopes) in from {
            let scheme = self
                .document
                .pointer("/components/securitySchemes")
                .and_then(|schemes| schemes.get(name));
            let kind = scheme
                .and_then(|scheme| scheme.get("type"))
                .and_then(Value::as_str);
            if kind == Some("mutualTLS") {
                self.lose(Became::NoSecurity);
                return None;
            }
            let scopes = match self.at(name, |this| this.list(&Kind::Text, scopes)) {
                (Some(scopes), _) if matches!(kind, Some("apiKey" | "http")) => {
                    self.lose_at(name, Became::NoSuchField);
                    drop(scopes);
                    json!([])
                }
                (scopes, _) => scopes.unwrap_or_else(|| json!([])),
            };
            to.insert(name.clone(), scopes);
        }
        Some(Value::Object(to))
    }

    /// Sees that the fields of an object agree with each other; whether it can be stated.
    fn agree(&mut self, shape: Shape, to: &mut Map<String, Value>) -> bool {
        match shape {
            Shape::Parameter | Shape::Header => return self.agree_parameter(shape, to),
            Shape::MediaType => {
                self.agree_examples(to);
                content_types(to);
            }
            Shape::Encoding => {
                let style = to.get("style").and_then(Value::as_str);
                // `openapiv3` writes no `explode` that is false, which then is true (4.7.15.1).
                if to.get("explode") == Some(&json!(false))
                    && style.is_none_or(|style| style == "form")
                {
                    self.lose_at("explode", Became::Unfit);
                }
                self.allow(
                    to,
                    "style",
                    &["form", "spaceDelimited", "pipeDelimited", "deepObject"],
                );
            }
            Shape::Link if to.contains_key("operationId") == to.contains_key("operationRef") => {
                self.lose(Became::Incomplete);
                return false;
            }
            Shape::SecurityScheme => return self.agree_scheme(to),
            _ => {}
        }
        true
    }

    fn agree_parameter(&mut self, shape: Shape, to: &mut Map<String, Value>) -> bool {
        self.agree_examples(to);
        let location = to
            .get("in")
            .and_then(Value::as_str)
            .unwrap_or("header")
            .to_owned();
        let styles: &[&str] = match location.as_str() {
            "query" => &["form", "spaceDelimited", "pipeDelimited", "deepObject"],
            "path" => &["matrix", "label", "simple"],
            "header" => &["simple"],
            "cookie" => &["form"],
            _ => {
                self.lose(Became::Incomplete);
                return false;
            }
        };
        self.allow(to, "style", styles);
        if location != "query" {
            self.allow(to, "allowReserved", &[]);
            self.allow(to, "allowEmptyValue", &[]);
        }
        if shape == Shape::Parameter && location == "path" {
            // "Its value MUST be true" (4.7.12.2).
            to.insert("required".to_owned(), json!(true));
        }
        if to.contains_key("schema") {
            self.allow(to, "content", &[]);
        } else if !to.contains_key("content") {
            to.insert("schema".to_owned(), json!({}));
        }
        true
    }

    /// `example` and `examples` exclude each other (4.7.12.2).
    fn agree_examples(&mut self, to: &mut Map<String, Value>) {
        if to.contains_key("examples") {
            self.allow(to, "example", &[]);
        }
    }

    /// Drops a field unless it has one of these values.
    fn allow(&mut self, to: &mut Map<String, Value>, key: &str, values: &[&str]) {
        let fits = |value: &Value| value.as_str().is_some_and(|value| values.contains(&value));
        if to.get(key).is_some_and(|value| !fits(value)) {
            to.remove(key);
            self.lose_at(key, Became::Unfit);
        }
    }

    /// What a security scheme must have by its type (4.7.27).
    fn agree_scheme(&mut self, to: &mut Map<String, Value>) -> bool {
        let kind = to.get("type").and_then(Value::as_str);
        let location = to.get("in").and_then(Value::as_str);
        let needed = match kind {
            Some("apiKey") if matches!(location, Some("query" | "header" | "cookie")) => "name",
            Some("http") => "scheme",
            Some("oauth2") => "flows",
            Some("openIdConnect") => "openIdConnectUrl",
            _ => {
                self.lose(Became::Incomplete);
                return false;
            }
        };
        let stand_in = if needed == "flows" {
            json!({})
        } else {
            json!(UNKNOWN)
        };
        to.entry(needed).or_insert(stand_in);
        let fits = |key: &str| match key {
            "name" | "in" => needed == "name",
            "bearerFormat" => needed == "scheme",
            "scheme" | "flows" | "openIdConnectUrl" => key == needed,
            _ => true,
        };
        let misplaced: Vec<String> = to.keys().filter(|key| !fits(key)).cloned().collect();
        for key in misplaced {
            self.allow(to, &key, &[]);
        }
        true
    }
}

/// A status code, or a class of them: `^[1-5](\d\d|XX)$`, as the schema of 3.0.3 has it.
fn is_status(key: &str) -> bool {
    match key.as_bytes() {
        [b'1'..=b'5', rest @ ..] => rest == b"XX" || matches!(rest, [b'0'..=b'9', b'0'..=b'9']),
        _ => false,
    }
}

/// Writes out the content type that an encoding without one has (4.7.15.1): `openapiv3` has no
/// other way to say so.
fn content_types(media_type: &mut Map<String, Value>) {
    let properties = media_type
        .get("schema")
        .and_then(|schema| schema.get("properties"))
        .cloned();
    let Some(Value::Object(encodings)) = media_type.get_mut("encoding") else {
        return;
    };
    for (name, encoding) in encodings {
        let Some(encoding) = encoding.as_object_mut() else {
            continue;
        };
        let mut schema = properties
            .as_ref()
            .and_then(|properties| properties.get(name));
        while let Some(items) = schema.and_then(|schema| schema.get("items")) {
            schema = Some(items);
        }
        let says = |key: &str| {
            schema
                .and_then(|schema| schema.get(key))
                .and_then(Value::as_str)
        };
        let default = match (says("type"), says("format")) {
            (Some("object"), _) => "application/json",
            (_, Some("binary")) => "application/octet-stream",
            _ => "text/plain",
        };
        encoding
            .entry("contentType")
            .or_insert_with(|| json!(default));
    }
}
