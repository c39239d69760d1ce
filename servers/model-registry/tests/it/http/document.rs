//! The served OpenAPI document beside the facts of upstream's.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::Running;

/// Facts of upstream's document: what it has, in names, types and enumerations.
#[derive(Deserialize)]
struct Reference {
    paths: BTreeMap<String, BTreeMap<String, Operation>>,
    schemas: BTreeMap<String, Schema>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    operation_id: String,
    parameters: Vec<(String, String)>,
    body: Option<String>,
    answers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Schema {
    Enum {
        #[serde(rename = "enum")]
        words: Vec<String>,
    },
    OneOf {
        #[serde(rename = "oneOf")]
        names: Vec<String>,
    },
    Object {
        required: Vec<String>,
        properties: BTreeMap<String, Value>,
    },
}

/// Enumerations that are one and the same here.
const SAME: [(&str, &str); 4] = [
    ("RegisteredModelState", "State"),
    ("ExperimentRunState", "State"),
    ("ExperimentState", "State"),
    ("ModelVersionState", "State"),
];

fn reference() -> Reference {
    serde_json::from_str(include_str!("../reference/v1alpha3.json")).unwrap()
}

fn document() -> Value {
    Running::memory().get("/openapi.json").expect(200)
}

fn named<'d>(document: &'d Value, name: &str) -> &'d Value {
    let same = SAME.iter().find(|(upstream, _)| *upstream == name);
    let name = same.map_or(name, |(_, ours)| *ours);
    let schema = &document["components"]["schemas"][name];
    assert!(schema.is_object(), "there is no schema `{name}`");
    schema
}

fn resolve<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    // `null` beside a schema says that a field may be taken away.
    let alternatives = schema["oneOf"].as_array().map_or(&[][..], Vec::as_slice);
    let is_null = |one: &Value| one["type"] == "null";
    let schema = match alternatives {
        [one, null] | [null, one] if is_null(null) => one,
        _ => schema,
    };
    match schema["$ref"].as_str() {
        Some(name) => named(document, name.rsplit('/').next().unwrap()),
        None => schema,
    }
}

fn reference_name(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

#[test]
fn every_operation_of_upstream_is_there() {
    let document = document();
    let reference = reference();
    let operations: usize = reference.paths.values().map(BTreeMap::len).sum();
    assert_eq!((reference.paths.len(), operations), (34, 56));
    for (path, methods) in &reference.paths {
        for (method, upstream) in methods {
            let place = format!("{method} {path}");
            let ours = &document["paths"][path.as_str()][method.as_str()];
            assert_eq!(ours["operationId"], upstream.operation_id, "{place}");
            for (name, location) in &upstream.parameters {
                let parameters = ours["parameters"].as_array().unwrap();
                let found = parameters.iter().find(|parameter| {
                    parameter["name"] == name.as_str() && parameter["in"] == location.as_str()
                });
                assert!(found.is_some(), "{place}: {name}");
            }
            let body = &ours["requestBody"]["content"]["application/json"]["schema"];
            assert_eq!(reference_name(body), upstream.body.as_deref(), "{place}");
            for (status, schema) in &upstream.answers {
                // A token is wanted only by a server that has tokens; what is missing is a bad request.
                if matches!(status.as_str(), "401" | "422") {
                    continue;
                }
                let answer =
                    &ours["responses"][status.as_str()]["content"]["application/json"]["schema"];
                // A list of all is always found.
                if status == "404" && answer.is_null() && upstream.operation_id.ends_with('s') {
                    continue;
                }
                assert_eq!(
                    reference_name(answer),
                    Some(schema.as_str()),
                    "{place}: {status}"
                );
            }
        }
    }
}

#[test]
fn every_schema_of_upstream_is_there() {
    let document = document();
    for (name, upstream) in reference().schemas {
        let ours = named(&document, &name);
        match upstream {
            Schema::Enum { words } => assert_eq!(ours["enum"], Value::from(words), "{name}"),
            Schema::OneOf { names } => {
                let ours = ours["oneOf"].as_array().unwrap();
                let ours: Vec<_> = ours.iter().filter_map(reference_name).collect();
                assert_eq!(ours, names, "{name}");
            }
            Schema::Object {
                required,
                properties,
            } => {
                for (field, kind) in properties {
                    let place = format!("{name}.{field}");
                    let ours = &ours["properties"][&field];
                    assert!(ours.is_object(), "{place}");
                    check(&document, ours, &kind, &place);
                }
                let ours = ours["required"].as_array().cloned().unwrap_or_default();
                for field in required {
                    assert!(
                        ours.contains(&field.clone().into()),
                        "{name}: `{field}` is not required"
                    );
                }
            }
        }
    }
}

/// A field's type is upstream's, or wider.
#[track_caller]
fn check(document: &Value, ours: &Value, kind: &Value, place: &str) {
    let schema = resolve(document, ours);
    if let Some(words) = kind.get("enum") {
        assert_eq!(&schema["enum"], words, "{place}");
    } else if let Some(items) = kind.get("array") {
        check(document, &schema["items"], items, place);
    } else if let Some(values) = kind.get("map") {
        check(document, &schema["additionalProperties"], values, place);
    } else if let Some(name) = kind.get("ref") {
        assert_eq!(schema, named(document, name.as_str().unwrap()), "{place}");
    } else if !kind["type"].is_null() {
        let of = |schema: &Value| {
            let kind = &schema["type"];
            kind.as_array()
                .map_or_else(|| vec![kind.clone()], Clone::clone)
        };
        let alternatives = schema["oneOf"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(of);
        let types: Vec<_> = of(schema).into_iter().chain(alternatives).collect();
        assert!(types.contains(&kind["type"]), "{place}: {schema}");
    }
}

/// What is no longer in `v1`, and how a step travels there.
#[test]
fn v1_has_no_experiments_and_steps_are_strings() {
    let document = document();
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
    let v1: Vec<_> = paths
        .iter()
        .filter_map(|path| path.strip_prefix("/api/model_registry/v1/"))
        .collect();
    assert_eq!(v1.len(), 24);
    assert!(v1.iter().all(|path| !path.starts_with("experiment")));
    let step = &document["components"]["schemas"]["MetricV1"]["properties"]["step"];
    assert_eq!(step["type"], serde_json::json!(["string", "null"]));
    let item = &document["components"]["schemas"]["ArtifactListV1"]["properties"]["items"]["items"];
    assert_eq!(reference_name(item), Some("ArtifactV1"));
}
