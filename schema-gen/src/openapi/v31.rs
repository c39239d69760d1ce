//! OpenAPI 3.1.

mod objects;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::contract::{
    Callback, Certainty, Contract, Fact, MediaType, Operation, Parameter, RequestBody, Response,
};

/// The key that stands where something is not known: in its place in the document, with the reason.
pub const UNKNOWN: &str = "x-hitchpost-unknown";

/// The key, among the paths, of a list of operations whose paths are not known.
pub const UNKNOWN_PATHS: &str = "x-hitchpost-unknown-paths";

/// The OpenAPI 3.1 document of a contract: as FastAPI 0.165 writes it, in the order of its keys
/// (`fastapi/openapi/utils.py`, `fastapi/openapi/models.py`).
///
/// What is not known is an object with the key [`UNKNOWN`].
#[must_use]
pub fn document(contract: &Contract) -> Value {
    if let Some(document) = &contract.document {
        return document.clone();
    }
    generated(contract)
}

/// The document that the contract's facts make, whatever the service serves in its place.
#[must_use]
pub fn generated(contract: &Contract) -> Value {
    let mut raw = Map::new();
    raw.insert(
        "openapi".to_owned(),
        fact(&contract.openapi_version, |version| {
            Value::from(version.as_str())
        }),
    );
    raw.insert("info".to_owned(), Value::Object(contract.info.clone()));
    if !contract.servers.is_empty() {
        raw.insert("servers".to_owned(), Value::Array(contract.servers.clone()));
    }
    let mut components = Map::new();
    if !contract.types.is_empty() {
        components.insert(
            "schemas".to_owned(),
            contract.types.clone().into_iter().collect(),
        );
    }
    if !contract.security_schemes.is_empty() {
        components.insert(
            "securitySchemes".to_owned(),
            contract.security_schemes.clone().into_iter().collect(),
        );
    }
    if !components.is_empty() {
        raw.insert("components".to_owned(), Value::Object(components));
    }
    let mut paths = self::paths(&contract.operations);
    if !contract.missing.is_empty() {
        let why: Vec<String> = contract
            .missing
            .iter()
            .map(|one| format!("{}: {}", one.what, one.why))
            .collect();
        paths.insert(UNKNOWN.to_owned(), Value::from(why.join("; ")));
    }
    raw.insert("paths".to_owned(), Value::Object(paths));
    if !contract.webhooks.is_empty() {
        raw.insert(
            "webhooks".to_owned(),
            Value::Object(self::paths(&contract.webhooks)),
        );
    }
    if !contract.tags.is_empty() {
        raw.insert("tags".to_owned(), Value::Array(contract.tags.clone()));
    }
    if let Some(external) = &contract.external_docs {
        raw.insert("externalDocs".to_owned(), external.clone());
    }
    objects::arrange(Value::Object(raw))
}

fn unknown(why: &str) -> Value {
    let mut marker = Map::new();
    marker.insert(UNKNOWN.to_owned(), Value::from(why));
    Value::Object(marker)
}

fn fact<T>(fact: &Fact<T>, known: impl FnOnce(&T) -> Value) -> Value {
    match fact.why_unknown() {
        Some(why) => unknown(why),
        None => known(&fact.value),
    }
}

/// Path Items by path. An operation whose path is not known has no place among them that could not
/// be taken for another's: these stand in a list of their own, an extension of the Paths Object.
fn paths(operations: &[Operation]) -> Map<String, Value> {
    let mut paths: IndexMap<&str, (Map<String, Value>, bool)> = IndexMap::new();
    let mut elsewhere = Vec::new();
    for operation in operations {
        if operation.path.why_unknown().is_some() {
            let method = operation.method.to_lowercase();
            elsewhere.push(Value::Object(Map::from_iter([(
                method,
                Value::Object(self::operation(operation)),
            )])));
            continue;
        }
        let (item, is_verbatim) = paths.entry(&operation.path.value).or_default();
        *is_verbatim |= operation.verbatim;
        item.insert(
            operation.method.to_lowercase(),
            Value::Object(self::operation(operation)),
        );
    }
    let mut paths: Map<String, Value> = paths
        .into_iter()
        .map(|(path, (item, is_verbatim))| {
            (
                path.to_owned(),
                objects::path_item(Value::Object(item), is_verbatim),
            )
        })
        .collect();
    if !elsewhere.is_empty() {
        paths.insert(UNKNOWN_PATHS.to_owned(), Value::Array(elsewhere));
    }
    paths
}

/// `get_openapi_path` of `fastapi/openapi/utils.py`.
fn operation(operation: &Operation) -> Map<String, Value> {
    let mut raw = Map::new();
    if operation.tags.why_unknown().is_some() || !operation.tags.value.is_empty() {
        raw.insert(
            "tags".to_owned(),
            fact(&operation.tags, |tags| Value::Array(tags.clone())),
        );
    }
    raw.insert(
        "summary".to_owned(),
        fact(&operation.summary, |summary| Value::from(summary.as_str())),
    );
    if operation.description.why_unknown().is_some() || operation.description.value.is_some() {
        raw.insert(
            "description".to_owned(),
            fact(&operation.description, |text| Value::from(text.as_deref())),
        );
    }
    raw.insert(
        "operationId".to_owned(),
        fact(&operation.operation_id, |id| Value::from(id.as_str())),
    );
    if operation.deprecated.why_unknown().is_some() || operation.deprecated.value == Some(true) {
        raw.insert(
            "deprecated".to_owned(),
            fact(&operation.deprecated, |_| Value::Bool(true)),
        );
    }
    if !operation.security.is_empty() {
        let alternatives = operation.security.iter().map(|schemes| {
            Value::Object(
                schemes
                    .iter()
                    .map(|(name, scopes)| (name.clone(), Value::Array(scopes.clone())))
                    .collect(),
            )
        });
        raw.insert("security".to_owned(), Value::Array(alternatives.collect()));
    }
    if !operation.parameters.is_empty() {
        raw.insert(
            "parameters".to_owned(),
            Value::Array(operation.parameters.iter().map(parameter).collect()),
        );
    }
    if let Some(body) = &operation.request_body {
        raw.insert("requestBody".to_owned(), request_body(body));
    }
    if !operation.callbacks.is_empty() {
        raw.insert(
            "callbacks".to_owned(),
            Value::Object(operation.callbacks.iter().map(callback).collect()),
        );
    }
    let responses = operation
        .responses
        .iter()
        .map(|(status, response)| (status.clone(), self::response(response)));
    raw.insert("responses".to_owned(), Value::Object(responses.collect()));
    update(&mut raw, operation.extra.clone());
    let mut unknowns = operation.unknowns.clone();
    if let Some(why) = operation.path.why_unknown() {
        unknowns.push(format!("the path: {why}"));
    }
    if let Certainty::Uncertain(why) = &operation.certainty {
        unknowns.push(format!("whether there is this operation: {why}"));
    }
    if !unknowns.is_empty() {
        raw.insert(UNKNOWN.to_owned(), Value::from(unknowns.join("; ")));
    }
    raw
}

fn callback(callback: &Callback) -> (String, Value) {
    let item: Map<String, Value> = callback
        .operations
        .iter()
        .map(|one| (one.method.to_lowercase(), Value::Object(operation(one))))
        .collect();
    let mut by_expression = Map::new();
    by_expression.insert(callback.expression.clone(), Value::Object(item));
    (callback.name.clone(), Value::Object(by_expression))
}

fn parameter(parameter: &Parameter) -> Value {
    let mut raw = Map::new();
    raw.insert("name".to_owned(), Value::from(parameter.name.as_str()));
    raw.insert("in".to_owned(), Value::from(parameter.location.as_str()));
    raw.insert("required".to_owned(), Value::Bool(parameter.required));
    raw.insert("schema".to_owned(), fact(&parameter.schema, Value::clone));
    if let Some(description) = &parameter.description {
        raw.insert("description".to_owned(), description.clone());
    }
    if parameter.deprecated {
        raw.insert("deprecated".to_owned(), Value::Bool(true));
    }
    raw.extend(parameter.rest.clone());
    Value::Object(raw)
}

fn request_body(body: &RequestBody) -> Value {
    let mut raw = Map::new();
    if body.required {
        raw.insert("required".to_owned(), Value::Bool(true));
    }
    let content = body
        .content
        .iter()
        .map(|(media_type, body)| (media_type.clone(), self::media_type(body)));
    raw.insert("content".to_owned(), Value::Object(content.collect()));
    Value::Object(raw)
}

fn media_type(body: &MediaType) -> Value {
    let mut raw = Map::new();
    if let Some(one) = &body.schema {
        raw.insert("schema".to_owned(), fact(one, Value::clone));
    }
    if let Some(one) = &body.item_schema {
        raw.insert("itemSchema".to_owned(), fact(one, Value::clone));
    }
    raw.extend(body.rest.clone());
    Value::Object(ordered(raw, &body.order))
}

/// The members in that order, then the rest.
fn ordered(mut members: Map<String, Value>, order: &[String]) -> Map<String, Value> {
    let mut result = Map::new();
    for name in order {
        if let Some(value) = members.shift_remove(name) {
            result.insert(name.clone(), value);
        }
    }
    result.extend(members);
    result
}

fn response(response: &Response) -> Value {
    let mut raw = Map::new();
    if let Some(description) = &response.description {
        raw.insert("description".to_owned(), description.clone());
    }
    if let Some(content) = &response.content {
        let content = content
            .iter()
            .map(|(media_type, body)| (media_type.clone(), self::media_type(body)));
        raw.insert("content".to_owned(), Value::Object(content.collect()));
    }
    raw.extend(response.rest.clone());
    Value::Object(ordered(raw, &response.order))
}

/// `deep_dict_update` of `fastapi/utils.py`: objects are merged, lists joined, the rest replaced.
pub(crate) fn update(main: &mut Map<String, Value>, with: Map<String, Value>) {
    for (key, value) in with {
        match (main.get_mut(&key), value) {
            (Some(Value::Object(main)), Value::Object(value)) => update(main, value),
            (Some(Value::Array(main)), Value::Array(value)) => main.extend(value),
            (_, value) => {
                main.insert(key, value);
            }
        }
    }
}
