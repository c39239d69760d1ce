//! The JSON Schemas say the same as the parser.

use std::sync::LazyLock;

use hitchpost_registry_core::{
    Catalogue, Code, Extension, RecordForm, SecretValue, catalogue_schema, parse_records,
    record_schema,
};
use jsonschema::Validator;
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

use crate::{fixtures, rendered};

static ANY: LazyLock<Validator> = LazyLock::new(|| validator(None));

fn validator(form: Option<RecordForm>) -> Validator {
    jsonschema::validator_for(record_schema(form).as_value()).unwrap()
}

/// The codes that a schema can know of.
const STRUCTURAL: &[Code] = &[
    Code::Empty,
    Code::UnknownKey,
    Code::MissingKey,
    Code::WrongType,
    Code::InvalidChoice,
    Code::InvalidName,
    Code::InvalidText,
];

#[test]
fn the_schemas_are_schemas() {
    for schema in [
        record_schema(None),
        record_schema(Some(RecordForm::Extended)),
        record_schema(Some(RecordForm::Minimal)),
        catalogue_schema(),
    ] {
        jsonschema::meta::validate(schema.as_value()).unwrap();
        assert_eq!(
            schema.as_value()["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        let described = schema.as_value().to_string();
        assert!(
            !described.contains("\"place\""),
            "where a value stands is no key"
        );
    }
    insta::assert_json_snapshot!("record-schema", record_schema(None).as_value());
}

/// A record as JSON, its scalars typed as YAML types them.
fn as_json(text: &str) -> Value {
    fn value(node: &hitchpost_registry_core::Node) -> Value {
        use hitchpost_registry_core::{NodeValue, ScalarKind};
        match &node.value {
            NodeValue::Scalar {
                kind: ScalarKind::Boolean,
                text,
            } => json!(text.eq_ignore_ascii_case("true")),
            NodeValue::Scalar { text, .. } => json!(&**text),
            NodeValue::Sequence(items) => items.iter().map(value).collect(),
            NodeValue::Mapping(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, node)| (key.text.to_string(), value(node)))
                    .collect(),
            ),
        }
    }
    value(
        &hitchpost_registry_core::Document::parse("founding", text.as_bytes())
            .unwrap()
            .roots[0],
    )
}

#[test]
fn the_founding_examples_are_valid() {
    let (extended, minimal) = (
        validator(Some(RecordForm::Extended)),
        validator(Some(RecordForm::Minimal)),
    );
    for (name, bytes) in fixtures("founding") {
        let record = as_json(std::str::from_utf8(&bytes).unwrap());
        let is_minimal = name.starts_with("minimal");
        assert!(ANY.is_valid(&record), "{name}");
        assert!(ANY.is_valid(&json!([record])), "{name} in a list");
        assert_eq!(minimal.is_valid(&record), is_minimal, "{name}");
        assert_eq!(extended.is_valid(&record), !is_minimal, "{name}");
    }
}

#[test]
fn the_catalogue_is_valid() {
    let validator = jsonschema::validator_for(catalogue_schema().as_value()).unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/catalogue");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            let file = typed(&std::fs::read_to_string(&path).unwrap());
            let errors: Vec<_> = validator
                .iter_errors(&file)
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        }
    }
}

/// As [`as_json`], with numbers as numbers.
fn typed(text: &str) -> Value {
    fn numbers(value: &mut Value) {
        match value {
            Value::Object(entries) => entries.iter_mut().for_each(|(key, value)| match value {
                Value::String(text) if key == "port" => {
                    *value = text.parse::<u16>().unwrap().into()
                }
                _ => numbers(value),
            }),
            Value::Array(items) => items.iter_mut().for_each(numbers),
            _ => {}
        }
    }
    let mut value = as_json(text);
    numbers(&mut value);
    value
}

fn name() -> impl Strategy<Value = Value> {
    prop_oneof!["[a-z][a-z0-9._+-]{0,8}", Just("Ab.c".to_owned())].prop_map(Value::from)
}

fn pairs() -> impl Strategy<Value = Value> {
    let scalar = || {
        prop_oneof![
            "[ -~é]{0,6}".prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from)
        ]
    };
    prop_oneof![
        prop::collection::vec(("[A-Z_]{1,5}", scalar()), 0..3).prop_map(|pairs| pairs
            .into_iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect()),
        prop::collection::btree_map("[A-Z_]{1,5}", scalar(), 0..3)
            .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
    ]
}

/// Keeps some of the keys.
fn some(keys: Vec<(&'static str, BoxedStrategy<Value>)>) -> impl Strategy<Value = Value> {
    let entries: Vec<_> = keys
        .into_iter()
        .map(|(key, value)| {
            prop::option::weighted(0.4, value)
                .prop_map(move |value| value.map(|value| (key, value)))
        })
        .collect();
    entries.prop_map(|entries| {
        Value::Object(
            entries
                .into_iter()
                .flatten()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    })
}

fn named(keys: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    (name(), some(keys))
        .prop_map(|(name, mut value)| {
            value["name"] = name;
            value
        })
        .boxed()
}

fn list(item: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop::collection::vec(item, 0..3)
        .prop_map(Value::from)
        .boxed()
}

fn choice(words: &'static [&'static str]) -> BoxedStrategy<Value> {
    prop::sample::select(words).prop_map(Value::from).boxed()
}

fn record() -> BoxedStrategy<Value> {
    let flag = || any::<bool>().prop_map(Value::from).boxed();
    let names = || prop_oneof![name(), list(name().boxed())].boxed();
    let text = || "[ -~]{0,9}".prop_map(Value::from).boxed();
    let url = || {
        choice(&[
            "http://tool:80/x",
            "s3://bucket",
            "https://u:p@h",
            "nowhere",
        ])
    };
    let version = || {
        choice(&[
            "1.10",
            "1.19.0rc1",
            "2024.05.10",
            "RELEASE.2024-05-10T01-41-38Z",
            "noble",
            "",
        ])
    };
    let endpoint = named(vec![
        ("url", url()),
        (
            "type",
            choice(&["internal", "external", "cluster-api", "remote"]),
        ),
        ("default", flag()),
        ("profiles", list(name().boxed())),
        ("configuration", pairs().boxed()),
    ]);
    let service = named(vec![
        ("service", name().boxed()),
        ("type", name().boxed()),
        ("category", name().boxed()),
        ("auth", choice(&["required", "optional", "none"])),
        ("description", text()),
        ("profiles", list(name().boxed())),
        ("configuration", pairs().boxed()),
        ("endpoints", list(endpoint)),
    ]);
    let admission = || {
        vec![
            (
                "scope",
                choice(&["global", "project", "user", "group", "workflow"]),
            ),
            ("projects", names()),
            ("user", names()),
            ("default", flag()),
            ("configuration", pairs().boxed()),
        ]
    };
    let mut profile = admission();
    profile.push((
        "expires_at",
        choice(&["2030-01-31", "2030-01-31T12:00:00Z", "soon"]),
    ));
    let mut instance = admission();
    instance.extend([
        ("version", version()),
        (
            "version_scheme",
            choice(&["semver", "pep440", "date", "opaque"]),
        ),
        ("location", name().boxed()),
        ("services", list(service)),
        ("profiles", list(named(profile))),
    ]);
    let shared = || {
        vec![
            ("product", choice(&["mlflow", "minio", "s3", "tool"])),
            ("description", text()),
        ]
    };
    let mut extended = shared();
    extended.extend([
        ("labels", pairs().boxed()),
        ("immutable", flag()),
        ("configuration", pairs().boxed()),
    ]);
    let extended = (named(extended), list(named(instance))).prop_map(|(mut record, instances)| {
        record["instances"] = instances;
        record
    });
    let mut minimal = shared();
    minimal.extend([("version", version()), ("configuration", pairs().boxed())]);
    prop_oneof![3 => extended, 1 => named(minimal)].boxed()
}

/// What a mutation puts in the place of a value.
fn intruder() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-5),
        json!(1.5),
        json!(""),
        json!("a b"),
        json!("global"),
        json!("true"),
        json!("-x"),
        json!("x".repeat(101)),
        json!("x".repeat(1_001)),
        json!([]),
        json!({}),
        json!(["a"]),
        json!([null]),
        json!({"name": "a"}),
        json!({"a=b": 1}),
        json!({"name": "A", "value": "b"}),
        json!([{"name": "A", "value": null}]),
        json!([{"name": "A", "value": 1, "more": 2}]),
    ])
}

fn size(value: &Value) -> usize {
    1 + match value {
        Value::Object(entries) => entries.values().map(size).sum(),
        Value::Array(items) => items.iter().map(size).sum(),
        _ => 0,
    }
}

/// Replaces the value at `at`, counted in depth-first order, or gives its mapping another key.
fn mutate(value: &mut Value, at: &mut usize, with: &Value, how: u8) {
    if *at == 0 {
        *at = usize::MAX;
        match (value, how) {
            (Value::Object(entries), 0) => _ = entries.insert("nmae".to_owned(), with.clone()),
            (Value::Object(entries), 1) => _ = entries.insert("profiles".to_owned(), with.clone()),
            (Value::Object(entries), 2) => _ = entries.shift_remove("name"),
            (Value::Array(items), 0) => items.push(with.clone()),
            (value, _) => *value = with.clone(),
        }
        return;
    }
    *at -= 1;
    let children: Vec<&mut Value> = match value {
        Value::Object(entries) => entries.values_mut().collect(),
        Value::Array(items) => items.iter_mut().collect(),
        _ => return,
    };
    for child in children {
        mutate(child, at, with, how);
        if *at == usize::MAX {
            return;
        }
    }
}

/// Strips what JSON cannot give back: the values of secrets.
fn redacted(mut records: Vec<Extension>) -> Vec<Extension> {
    for profile in records
        .iter_mut()
        .flat_map(|record| &mut record.instances)
        .flat_map(|instance| &mut instance.profiles)
    {
        for entry in &mut profile.configuration {
            entry.value = SecretValue::Redacted;
        }
    }
    records
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn schema_and_parser_agree(
        mut record in record(),
        mutations in prop::collection::vec((any::<Index>(), intruder(), 0_u8..6), 0..3),
    ) {
        for (at, with, how) in mutations {
            let mut at = at.index(size(&record));
            mutate(&mut record, &mut at, &with, how);
        }
        let text = serde_json::to_vec(&record).unwrap();
        let (_, findings) = parse_records("record.json", &text, Catalogue::builtin());
        let refused = findings.iter().any(|finding| STRUCTURAL.contains(&finding.code));
        let errors: Vec<_> = ANY.iter_errors(&record).map(|error| format!("{error} at {}", error.instance_path())).collect();
        prop_assert_eq!(errors.is_empty(), !refused, "{:#}\n{:?}\n{}", record, errors, rendered(&findings));
    }

    /// What is printed reads back as what was printed.
    #[test]
    fn serialise_then_parse_is_identity(record in record()) {
        let text = serde_json::to_vec(&record).unwrap();
        let (records, _) = parse_records("record.json", &text, Catalogue::builtin());
        let printed = serde_json::to_string_pretty(&records).unwrap();
        let (again, findings) = parse_records("again.json", printed.as_bytes(), Catalogue::builtin());
        let records = redacted(records);
        prop_assert_eq!(&again, &records, "{}\n{}", printed, rendered(&findings));
        let stored: Vec<Extension> = serde_json::from_str(&printed).unwrap();
        prop_assert_eq!(stored, records);
    }
}
