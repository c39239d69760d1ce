//! The objects of OpenAPI 3.1 as FastAPI's models have them (`fastapi/openapi/models.py`).
//!
//! FastAPI passes the document that it made through these models: what they declare comes first,
//! in the order of the declarations, then the rest; `null` goes; numbers of constraints become
//! floats. Where they allow a model or anything (`PathItem | Any`, `Response | Any`), what does not
//! fit the model without a conversion stays as it is.

use serde_json::{Map, Number, Value};

use super::UNKNOWN;

/// What a member may be.
#[derive(Clone, Copy)]
enum Shape {
    Any,
    Text,
    /// A member of an enumeration.
    Word,
    /// A URL, in the form that a browser writes it.
    Url,
    Flag,
    Float,
    Integer,
    Object(&'static Object),
    Map(&'static Shape),
    List(&'static Shape),
    Set(&'static Shape),
    /// The first that fits.
    Either(&'static Shape, &'static Shape),
    /// One that holds itself.
    Later(fn() -> Shape),
}

struct Object {
    members: &'static [(&'static str, Shape)],
    required: &'static [&'static str],
    /// Whether members that are not declared stay.
    open: bool,
    /// A member that is an empty object where it is not given.
    default: Option<&'static str>,
}

const fn open(
    members: &'static [(&'static str, Shape)],
    required: &'static [&'static str],
) -> Object {
    Object {
        members,
        required,
        open: true,
        default: None,
    }
}

use Shape::{Any, Flag, Float, Integer, Text, Url, Word};

static TEXTS: Shape = Shape::List(&Text);
static TEXT_SET: Shape = Shape::Set(&Text);

static CONTACT: Object = open(&[("name", Text), ("url", Url), ("email", Text)], &[]);
static LICENSE: Object = open(
    &[("name", Text), ("identifier", Text), ("url", Url)],
    &["name"],
);
static INFO: Object = open(
    &[
        ("title", Text),
        ("summary", Text),
        ("description", Text),
        ("termsOfService", Text),
        ("contact", Shape::Object(&CONTACT)),
        ("license", Shape::Object(&LICENSE)),
        ("version", Text),
    ],
    &["title", "version"],
);
static SERVER_VARIABLE: Object = open(
    &[
        ("enum", TEXTS_SHAPE),
        ("default", Text),
        ("description", Text),
    ],
    &["default"],
);
const TEXTS_SHAPE: Shape = Shape::List(&Text);
static SERVER: Object = open(
    &[
        ("url", Text),
        ("description", Text),
        ("variables", Shape::Map(&Shape::Object(&SERVER_VARIABLE))),
    ],
    &["url"],
);
static REFERENCE: Object = Object {
    members: &[("$ref", Text)],
    required: &["$ref"],
    open: false,
    default: None,
};
static DISCRIMINATOR: Object = Object {
    members: &[("propertyName", Text), ("mapping", Shape::Map(&Text))],
    required: &["propertyName"],
    open: false,
    default: None,
};
static XML: Object = open(
    &[
        ("name", Text),
        ("namespace", Text),
        ("prefix", Text),
        ("attribute", Flag),
        ("wrapped", Flag),
    ],
    &[],
);
static EXTERNAL_DOCUMENTATION: Object = open(&[("description", Text), ("url", Url)], &["url"]);

static SCHEMA_SHAPE: Shape = Shape::Object(&SCHEMA);
const SCHEMA_OR_BOOL: Shape = Shape::Later(|| Shape::Either(&SCHEMA_SHAPE, &Flag));
static ONE_SCHEMA: Shape = SCHEMA_OR_BOOL;
const SCHEMAS: Shape = Shape::List(&ONE_SCHEMA);
const SCHEMA_MAP: Shape = Shape::Map(&ONE_SCHEMA);

static SCHEMA: Object = open(
    &[
        ("$schema", Text),
        ("$vocabulary", Text),
        ("$id", Text),
        ("$anchor", Text),
        ("$dynamicAnchor", Text),
        ("$ref", Text),
        ("$dynamicRef", Text),
        ("$defs", SCHEMA_MAP),
        ("$comment", Text),
        ("allOf", SCHEMAS),
        ("anyOf", SCHEMAS),
        ("oneOf", SCHEMAS),
        ("not", SCHEMA_OR_BOOL),
        ("if", SCHEMA_OR_BOOL),
        ("then", SCHEMA_OR_BOOL),
        ("else", SCHEMA_OR_BOOL),
        ("dependentSchemas", SCHEMA_MAP),
        ("prefixItems", SCHEMAS),
        ("items", SCHEMA_OR_BOOL),
        ("contains", SCHEMA_OR_BOOL),
        ("properties", SCHEMA_MAP),
        ("patternProperties", SCHEMA_MAP),
        ("additionalProperties", SCHEMA_OR_BOOL),
        ("propertyNames", SCHEMA_OR_BOOL),
        ("unevaluatedItems", SCHEMA_OR_BOOL),
        ("unevaluatedProperties", SCHEMA_OR_BOOL),
        ("type", Shape::Either(&Text, &TEXTS)),
        ("enum", Shape::List(&Any)),
        ("const", Any),
        ("multipleOf", Float),
        ("maximum", Float),
        ("exclusiveMaximum", Float),
        ("minimum", Float),
        ("exclusiveMinimum", Float),
        ("maxLength", Integer),
        ("minLength", Integer),
        ("pattern", Text),
        ("maxItems", Integer),
        ("minItems", Integer),
        ("uniqueItems", Flag),
        ("maxContains", Integer),
        ("minContains", Integer),
        ("maxProperties", Integer),
        ("minProperties", Integer),
        ("required", TEXTS_SHAPE),
        ("dependentRequired", Shape::Map(&TEXT_SET)),
        ("format", Text),
        ("contentEncoding", Text),
        ("contentMediaType", Text),
        ("contentSchema", SCHEMA_OR_BOOL),
        ("title", Text),
        ("description", Text),
        ("default", Any),
        ("deprecated", Flag),
        ("readOnly", Flag),
        ("writeOnly", Flag),
        ("examples", Shape::List(&Any)),
        ("discriminator", Shape::Object(&DISCRIMINATOR)),
        ("xml", Shape::Object(&XML)),
        ("externalDocs", Shape::Object(&EXTERNAL_DOCUMENTATION)),
        ("example", Any),
    ],
    &[],
);

static EXAMPLE: Object = open(
    &[
        ("summary", Text),
        ("description", Text),
        ("value", Any),
        ("externalValue", Url),
    ],
    &[],
);
const EXAMPLES: Shape = Shape::Map(&Shape::Object(&EXAMPLE));
static ENCODING: Object = open(
    &[
        ("contentType", Text),
        ("headers", Shape::Later(|| HEADERS)),
        ("style", Text),
        ("explode", Flag),
        ("allowReserved", Flag),
    ],
    &[],
);
static MEDIA_TYPE: Object = open(
    &[
        ("schema", Shape::Object(&SCHEMA)),
        ("example", Any),
        ("examples", EXAMPLES),
        ("encoding", Shape::Map(&Shape::Object(&ENCODING))),
    ],
    &[],
);
const CONTENT: Shape = Shape::Map(&Shape::Object(&MEDIA_TYPE));
static HEADER: Object = open(
    &[
        ("description", Text),
        ("required", Flag),
        ("deprecated", Flag),
        ("style", Text),
        ("explode", Flag),
        ("allowReserved", Flag),
        ("schema", Shape::Object(&SCHEMA)),
        ("example", Any),
        ("examples", EXAMPLES),
        ("content", CONTENT),
    ],
    &[],
);
const HEADERS: Shape = Shape::Map(&Shape::Object(&HEADER));
static PARAMETER: Object = open(
    &[
        ("description", Text),
        ("required", Flag),
        ("deprecated", Flag),
        ("style", Text),
        ("explode", Flag),
        ("allowReserved", Flag),
        ("schema", Shape::Object(&SCHEMA)),
        ("example", Any),
        ("examples", EXAMPLES),
        ("content", CONTENT),
        ("name", Text),
        ("in", Word),
    ],
    &["name", "in"],
);
static REFERENCE_SHAPE: Shape = Shape::Object(&REFERENCE);
static PARAMETER_SHAPE: Shape = Shape::Either(&Shape::Object(&PARAMETER), &REFERENCE_SHAPE);
const PARAMETERS: Shape = Shape::List(&PARAMETER_SHAPE);
static REQUEST_BODY: Object = open(
    &[
        ("description", Text),
        ("content", CONTENT),
        ("required", Flag),
    ],
    &["content"],
);
static LINK: Object = open(
    &[
        ("operationRef", Text),
        ("operationId", Text),
        ("parameters", Shape::Map(&Any)),
        ("requestBody", Any),
        ("description", Text),
        ("server", Shape::Object(&SERVER)),
    ],
    &[],
);
const LINKS: Shape = Shape::Map(&Shape::Object(&LINK));
static RESPONSE: Object = open(
    &[
        ("description", Text),
        ("headers", HEADERS),
        ("content", CONTENT),
        ("links", LINKS),
    ],
    &["description"],
);
static RESPONSE_OR_ANY: Shape = Shape::Either(&Shape::Object(&RESPONSE), &Any);
static SERVER_SHAPE: Shape = Shape::Object(&SERVER);
static SCOPES: Shape = Shape::Map(&TEXTS);
static OPERATION: Object = open(
    &[
        ("tags", TEXTS_SHAPE),
        ("summary", Text),
        ("description", Text),
        ("externalDocs", Shape::Object(&EXTERNAL_DOCUMENTATION)),
        ("operationId", Text),
        ("parameters", PARAMETERS),
        (
            "requestBody",
            Shape::Either(&Shape::Object(&REQUEST_BODY), &REFERENCE_SHAPE),
        ),
        ("responses", Shape::Map(&RESPONSE_OR_ANY)),
        ("callbacks", Shape::Map(&CALLBACK)),
        ("deprecated", Flag),
        ("security", Shape::List(&SCOPES)),
        ("servers", Shape::List(&SERVER_SHAPE)),
    ],
    &[],
);
static PATH_ITEM: Object = open(
    &[
        ("$ref", Text),
        ("summary", Text),
        ("description", Text),
        ("get", Shape::Object(&OPERATION)),
        ("put", Shape::Object(&OPERATION)),
        ("post", Shape::Object(&OPERATION)),
        ("delete", Shape::Object(&OPERATION)),
        ("options", Shape::Object(&OPERATION)),
        ("head", Shape::Object(&OPERATION)),
        ("patch", Shape::Object(&OPERATION)),
        ("trace", Shape::Object(&OPERATION)),
        ("servers", Shape::List(&SERVER_SHAPE)),
        ("parameters", PARAMETERS),
    ],
    &[],
);
static PATH_ITEM_SHAPE: Shape = Shape::Object(&PATH_ITEM);
static CALLBACK: Shape = Shape::Either(&Shape::Map(&PATH_ITEM_SHAPE), &REFERENCE_SHAPE);

const fn flow(
    members: &'static [(&'static str, Shape)],
    required: &'static [&'static str],
) -> Object {
    Object {
        members,
        required,
        open: true,
        default: Some("scopes"),
    }
}

const FLOW_SCOPES: Shape = Shape::Map(&Text);
static IMPLICIT: Object = flow(
    &[
        ("refreshUrl", Text),
        ("scopes", FLOW_SCOPES),
        ("authorizationUrl", Text),
    ],
    &["authorizationUrl"],
);
static TOKEN: Object = flow(
    &[
        ("refreshUrl", Text),
        ("scopes", FLOW_SCOPES),
        ("tokenUrl", Text),
    ],
    &["tokenUrl"],
);
static CODE: Object = flow(
    &[
        ("refreshUrl", Text),
        ("scopes", FLOW_SCOPES),
        ("authorizationUrl", Text),
        ("tokenUrl", Text),
    ],
    &["authorizationUrl", "tokenUrl"],
);
static FLOWS: Object = open(
    &[
        ("implicit", Shape::Object(&IMPLICIT)),
        ("password", Shape::Object(&TOKEN)),
        ("clientCredentials", Shape::Object(&TOKEN)),
        ("authorizationCode", Shape::Object(&CODE)),
    ],
    &[],
);
static API_KEY: Object = open(
    &[
        ("type", Text),
        ("description", Text),
        ("in", Text),
        ("name", Text),
    ],
    &["in", "name"],
);
static HTTP: Object = open(
    &[
        ("type", Text),
        ("description", Text),
        ("scheme", Text),
        ("bearerFormat", Text),
    ],
    &["scheme"],
);
static OAUTH2: Object = open(
    &[
        ("type", Text),
        ("description", Text),
        ("flows", Shape::Object(&FLOWS)),
    ],
    &["flows"],
);
static OPEN_ID: Object = open(
    &[
        ("type", Text),
        ("description", Text),
        ("openIdConnectUrl", Text),
    ],
    &["openIdConnectUrl"],
);
static KEY_OR_HTTP: Shape = Shape::Either(&Shape::Object(&API_KEY), &Shape::Object(&HTTP));
static OAUTH2_OR_OPEN_ID: Shape = Shape::Either(&Shape::Object(&OAUTH2), &Shape::Object(&OPEN_ID));
static SCHEME: Shape = Shape::Either(&KEY_OR_HTTP, &OAUTH2_OR_OPEN_ID);
static SCHEME_OR_REFERENCE: Shape = Shape::Either(&SCHEME, &REFERENCE_SHAPE);
static COMPONENTS: Object = open(
    &[
        ("schemas", Shape::Map(&Shape::Object(&SCHEMA))),
        ("responses", Shape::Map(&Shape::Object(&RESPONSE))),
        ("parameters", Shape::Map(&PARAMETER_SHAPE)),
        ("examples", EXAMPLES),
        ("requestBodies", Shape::Map(&Shape::Object(&REQUEST_BODY))),
        ("headers", HEADERS),
        ("securitySchemes", Shape::Map(&SCHEME_OR_REFERENCE)),
        ("links", LINKS),
        ("callbacks", Shape::Map(&Any)),
        ("pathItems", Shape::Map(&PATH_ITEM_SHAPE)),
    ],
    &[],
);
static TAG: Object = open(
    &[
        ("name", Text),
        ("description", Text),
        ("externalDocs", Shape::Object(&EXTERNAL_DOCUMENTATION)),
    ],
    &["name"],
);
static TAG_SHAPE: Shape = Shape::Object(&TAG);
static OPENAPI: Object = open(
    &[
        ("openapi", Text),
        ("info", Shape::Object(&INFO)),
        ("jsonSchemaDialect", Text),
        ("servers", Shape::List(&SERVER_SHAPE)),
        ("paths", Shape::Map(&Any)),
        ("webhooks", Shape::Map(&PATH_ITEM_SHAPE)),
        ("components", Shape::Object(&COMPONENTS)),
        ("security", Shape::List(&SCOPES)),
        ("tags", Shape::List(&TAG_SHAPE)),
        ("externalDocs", Shape::Object(&EXTERNAL_DOCUMENTATION)),
    ],
    &["openapi", "info"],
);

/// A document in the order and form of FastAPI's models; its paths are so already.
pub(super) fn arrange(document: Value) -> Value {
    let shape = Shape::Object(&OPENAPI);
    match fit(&document, shape) {
        Fit::No => without_null(document),
        _ => arranged(document, shape),
    }
}

/// A member of `paths`: `PathItem | Any`. pydantic prefers anything to a model that something has
/// to be converted for, as the place of a parameter to an enumeration; so may the caller have it.
pub(super) fn path_item(item: Value, is_converted: bool) -> Value {
    match fit(&item, PATH_ITEM_SHAPE) {
        Fit::Exact if !is_converted => arranged(item, PATH_ITEM_SHAPE),
        _ => without_null(item),
    }
}

/// Whether a value fits a shape.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Exact,
    /// Something in it has to be converted: what pydantic calls lax.
    Converted,
    No,
}

fn all(fits: impl Iterator<Item = Fit>) -> Fit {
    let mut worst = Fit::Exact;
    for fit in fits {
        worst = worst.max(fit);
        if worst == Fit::No {
            break;
        }
    }
    worst
}

fn fit(value: &Value, shape: Shape) -> Fit {
    if is_unknown(value) {
        return Fit::Exact;
    }
    match (shape, value) {
        (Any, _)
        | (Text, Value::String(_))
        | (Flag, Value::Bool(_))
        | (Float, Value::Number(_)) => Fit::Exact,
        (Word | Url, Value::String(_)) => Fit::Converted,
        (Integer, Value::Number(number)) if !number.is_f64() => Fit::Exact,
        (Integer, Value::Number(number))
            if number.as_f64().is_some_and(|float| float.fract() == 0.0) =>
        {
            Fit::Converted
        }
        (Shape::List(item), Value::Array(items)) => all(items.iter().map(|one| fit(one, *item))),
        (Shape::Set(item), Value::Array(items)) => {
            all(items.iter().map(|one| fit(one, *item))).max(Fit::Converted)
        }
        (Shape::Map(item), Value::Object(members)) => all(members
            .values()
            .filter(|one| !one.is_null())
            .map(|one| fit(one, *item))),
        (Shape::Object(object), Value::Object(members)) => {
            if object
                .required
                .iter()
                .any(|name| members.get(*name).is_none_or(Value::is_null))
            {
                return Fit::No;
            }
            all(members
                .iter()
                .filter(|(_, one)| !one.is_null())
                .filter_map(|(name, one)| {
                    let (_, shape) = object
                        .members
                        .iter()
                        .find(|(declared, _)| declared == name)?;
                    Some(fit(one, *shape))
                }))
        }
        (Shape::Later(shape), _) => fit(value, shape()),
        (Shape::Either(first, second), _) => fit(value, *first).min(fit(value, *second)),
        _ => Fit::No,
    }
}

/// What stands for something that is not known fits everywhere.
fn is_unknown(value: &Value) -> bool {
    matches!(value, Value::Object(members) if members.contains_key(UNKNOWN))
}

/// The value in the form of a shape that it fits.
fn arranged(value: Value, shape: Shape) -> Value {
    match (shape, value) {
        (Shape::Later(shape), value) => arranged(value, shape()),
        (Shape::Either(first, second), value) => {
            // Mostly the second is told by its kind alone.
            let shape = match fit(&value, *second) {
                Fit::No => *first,
                second_fit if fit(&value, *first) <= second_fit => *first,
                _ => *second,
            };
            arranged(value, shape)
        }
        (Shape::Object(object), Value::Object(members)) => {
            Value::Object(arranged_object(members, object))
        }
        (_, value) if is_unknown(&value) => value,
        (Url, Value::String(text)) => Value::String(url(&text)),
        (Float, Value::Number(number)) => number
            .as_f64()
            .and_then(Number::from_f64)
            .map_or(Value::Number(number), Value::Number),
        (Integer, Value::Number(number)) if number.is_f64() => number
            .as_f64()
            .map_or(Value::Number(number), |float| Value::from(float as i64)),
        (Shape::List(item) | Shape::Set(item), Value::Array(items)) => {
            Value::Array(items.into_iter().map(|one| arranged(one, *item)).collect())
        }
        (Shape::Map(item), Value::Object(members)) => Value::Object(
            members
                .into_iter()
                .filter(|(_, one)| !one.is_null())
                .map(|(key, one)| (key, arranged(one, *item)))
                .collect(),
        ),
        (_, value) => without_null(value),
    }
}

fn arranged_object(members: Map<String, Value>, object: &Object) -> Map<String, Value> {
    let mut declared: Vec<(usize, String, Value)> = Vec::with_capacity(members.len());
    let mut rest = Vec::new();
    let is_given = object
        .default
        .is_none_or(|name| members.get(name).is_some_and(|value| !value.is_null()));
    for (name, value) in members {
        if value.is_null() {
            continue;
        }
        match object.members.iter().position(|(known, _)| *known == name) {
            Some(index) => declared.push((index, name, value)),
            None if object.open || name == UNKNOWN => rest.push((name, value)),
            None => {}
        }
    }
    if !is_given && let Some(name) = object.default {
        let index = object
            .members
            .iter()
            .position(|(known, _)| *known == name)
            .unwrap_or_default();
        declared.push((index, name.to_owned(), Value::Object(Map::new())));
    }
    declared.sort_by_key(|(index, ..)| *index);
    let mut arranged = Map::with_capacity(declared.len() + rest.len());
    for (index, name, value) in declared {
        let shape = object.members.get(index).map_or(Any, |(_, shape)| *shape);
        arranged.insert(name, self::arranged(value, shape));
    }
    arranged.extend(
        rest.into_iter()
            .map(|(name, value)| (name, without_null(value))),
    );
    arranged
}

/// `jsonable_encoder(…, exclude_none=True)`: members that are `null` go, at every depth.
fn without_null(value: Value) -> Value {
    match value {
        Value::Object(mut members) => {
            members.retain(|_, value| !value.is_null());
            for value in members.values_mut() {
                *value = without_null(value.take());
            }
            Value::Object(members)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_null).collect()),
        other => other,
    }
}

/// pydantic's `AnyUrl` writes a URL as the WHATWG's standard has it: scheme and host in small
/// letters, `/` where there is no path, no default port.
fn url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let scheme = scheme.to_lowercase();
    let port = match scheme.as_str() {
        "http" | "ws" => ":80",
        "https" | "wss" => ":443",
        "ftp" => ":21",
        _ => return text.to_owned(),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (format!("{user}@"), host),
        None => (String::new(), authority),
    };
    let host = host.to_lowercase();
    let host = host.strip_suffix(port).unwrap_or(&host);
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("{scheme}://{user}{host}{slash}{path}")
}
