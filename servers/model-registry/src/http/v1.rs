//! The Kubeflow Model Registry REST API, `v1`: `v1alpha3` without experiments, and with a metric's
//! step as a string.

use axum::http::HeaderMap;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Api, body, error::ApiError, operation::Form, registry};

/// What upstream's clients of `v1` call the identifiers in paths, by what `v1alpha3` calls them.
const IDENTIFIERS: [(&str, &str); 5] = [
    ("inferenceserviceId", "inferenceServiceId"),
    ("modelartifactId", "modelArtifactId"),
    ("modelversionId", "modelVersionId"),
    ("registeredmodelId", "registeredModelId"),
    ("servingenvironmentId", "servingEnvironmentId"),
];
/// What ends the names of its operations and schemas where `v1alpha3` has others of that name.
const SUFFIX: &str = "V1";
const BASE: &str = "/api/model_registry/v1";
/// The schemas that have a step in them.
const STEPPED: [&str; 7] = [
    "Metric",
    "MetricCreate",
    "MetricUpdate",
    "Artifact",
    "ArtifactCreate",
    "ArtifactUpdate",
    "ArtifactList",
];
const STEP: &str = "^-?[0-9]{1,18}$";

pub(crate) fn api() -> Api {
    let mut operations = registry::operations();
    operations.retain(|operation| !operation.path.starts_with("experiment"));
    for operation in &mut operations {
        for (old, new) in IDENTIFIERS {
            operation.path = operation.path.replace(old, new);
        }
    }
    Api {
        base: BASE,
        tag: registry::TAG,
        suffix: SUFFIX,
        form: Form::Text,
        operations,
    }
}

/// Reads a body in which steps are strings.
pub(crate) fn read<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, ApiError> {
    let mut value: Value = body::read(headers, bytes)?;
    if is_metric(&value)
        && let Some(step) = value.get_mut("step").filter(|step| !step.is_null())
    {
        let number = step.as_str().and_then(|step| step.parse::<i64>().ok());
        let wrong = || ApiError::bad_request("`step` is to be a string of digits");
        *step = number.ok_or_else(wrong)?.into();
    }
    serde_json::from_value(value).map_err(|error| ApiError::bad_request(error.to_string()))
}

/// Writes an answer with steps as strings.
pub(crate) fn write(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut value = serde_json::to_value(value)?;
    restep(&mut value);
    for item in value
        .get_mut("items")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        restep(item);
    }
    serde_json::to_vec(&value)
}

fn restep(artifact: &mut Value) {
    if is_metric(artifact)
        && let Some(step) = artifact.get_mut("step")
    {
        *step = step.to_string().into();
    }
}

fn is_metric(artifact: &Value) -> bool {
    artifact
        .get("artifactType")
        .is_some_and(|kind| kind == "metric")
}

/// Gives `v1` the schemas that are its own.
pub(crate) fn document(document: &mut Value) {
    let Some(schemas) = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    for name in STEPPED {
        let Some(mut schema) = schemas.get(name).cloned() else {
            continue;
        };
        rename(&mut schema);
        if let Some(step) = schema.pointer_mut("/properties/step") {
            *step = json!({"type": ["string", "null"], "format": "int64", "pattern": STEP});
        }
        schemas.insert(format!("{name}{SUFFIX}"), schema);
    }
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        if path.starts_with(BASE) && path.as_bytes().get(BASE.len()) == Some(&b'/') {
            rename(item);
        }
    }
}

/// Lets references to schemas with a step refer to those of `v1`.
fn rename(value: &mut Value) {
    match value {
        Value::String(text) => {
            let name = text.strip_prefix("#/components/schemas/");
            if name.is_some_and(|name| STEPPED.contains(&name)) {
                text.push_str(SUFFIX);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(rename),
        Value::Object(members) => members.values_mut().for_each(rename),
        _ => {}
    }
}
