//! Filters: the grammar by its laws, and what they select against an evaluation in memory.

use std::cmp::Ordering;

use hitchpost_model_registry::{
    Store, StoreError,
    filter::{
        Filter, FilterError, MAX_COMPARISONS, MAX_DEPTH, Operator, Property, PropertyKind, Value,
    },
    model::{Artifact, Experiment, ExperimentRun, ListOptions, MetadataValue, Metric, Properties},
};
use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use serde_json::json;

use crate::{
    database::{Database, on_backends, on_every_database},
    resources::{create, from},
};

on_every_database! {
    filters_select_what_they_say
    filters_of_metrics_select_what_they_say
    hostile_filters_are_values
    every_operator_and_kind
    filters_of_mixed_artifacts
}

#[test]
fn what_is_no_filter_is_told_so() {
    for (text, message) in [
        (
            "name",
            "unexpected the end, expected an operator at character 5",
        ),
        (
            "name =",
            "unexpected the end, expected a value at character 7",
        ),
        (
            "= 'a'",
            "unexpected `=`, expected the name of a property at character 1",
        ),
        ("name = 'a", "a quote is not closed at character 8"),
        (
            "name = 'a' OR",
            "unexpected the end, expected the name of a property at character 14",
        ),
        (
            "(name = 'a'",
            "unexpected the end, expected AND, OR or `)` at character 12",
        ),
        (
            "name = 'a')",
            "unexpected `)`, expected AND, OR or the end at character 11",
        ),
        (
            "name IN ('a' 'b')",
            "unexpected `b`, expected `,` or `)` at character 14",
        ),
        (
            "name = 'a'; DROP TABLE resource",
            "unexpected `;` at character 11",
        ),
        (
            "name = 99999999999999999999",
            "an integer has more than 64 bits at character 8",
        ),
        ("name = 1e999", "a number is too great at character 8"),
        (
            "``=1",
            "unexpected ``, expected the name of a property at character 1",
        ),
        (
            "`a`.b = 1",
            "unexpected `b`, expected the kind of a value, such as `string_value` at character 5",
        ),
        (
            "name NOT IN ('a')",
            "unexpected `NOT`, expected an operator at character 6",
        ),
        ("ü = 1", "unexpected `ü` at character 1"),
        (
            "a='ü' and b",
            "unexpected the end, expected an operator at character 12",
        ),
    ] {
        let error = Filter::parse(text).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("error parsing filter query: {message}"),
            "{text}"
        );
    }
}

#[test]
fn forms_of_the_grammar() {
    for (text, printed) in [
        ("", ""),
        ("  -- nothing\n ", ""),
        ("a=1", "`a` = 1"),
        ("a<>-1", "`a` != -1"),
        ("a >= +.5", "`a` >= 5e-1"),
        ("a = 1e3", "`a` = 1e3"),
        ("a.b.c = 'x'", "`a.b.c` = \"x\""),
        ("a.b.int_value = 1", "`a.b`.int_value = 1"),
        ("int_value = 1", "`int_value` = 1"),
        ("a.int_value.b = 1", "`a.int_value.b` = 1"),
        ("`a b`.bool_value = TRUE", "`a b`.bool_value = true"),
        (
            "a like 'x%' or b ilike \"y\"",
            "`a` LIKE \"x%\" OR `b` ILIKE \"y\"",
        ),
        ("a in (1, 2.0, 'x', false)", "`a` IN (1, 2e0, \"x\", false)"),
        ("a IN ()", "`a` IN ()"),
        ("a IN 5", "`a` IN (5)"),
        ("a=1 OR b=2 AND c=3", "`a` = 1 OR (`b` = 2 AND `c` = 3)"),
        ("(a=1 OR b=2) AND c=3", "(`a` = 1 OR `b` = 2) AND `c` = 3"),
        ("((a=1))", "`a` = 1"),
        (r"a = 'it\'s \\ \% \n'", r#"`a` = "it's \\ \\% \\n""#),
        ("`a\\`b` = 1", "`a\\`b` = 1"),
        (
            "a=1 -- the rest is said in words\n AND b=2",
            "`a` = 1 AND `b` = 2",
        ),
    ] {
        let filter = Filter::parse(text).unwrap();
        let found = filter.map(|filter| filter.to_string()).unwrap_or_default();
        assert_eq!(found, printed, "{text}");
    }
}

#[test]
fn filters_have_bounds() {
    let deep = |depth: usize| format!("{}a=1{}", "(".repeat(depth), ")".repeat(depth));
    let long = |count: usize| vec!["a=1"; count].join(" OR ");
    assert!(Filter::parse(&deep(MAX_DEPTH)).is_ok());
    assert!(Filter::parse(&long(MAX_COMPARISONS)).is_ok());
    for text in [
        deep(MAX_DEPTH + 1),
        deep(30_000),
        long(MAX_COMPARISONS + 1),
        format!("a IN ({})", vec!["1"; 10_001].join(",")),
        format!("a = '{}'", "x".repeat(70_000)),
    ] {
        let error = Filter::parse(&text).unwrap_err();
        assert!(matches!(error, FilterError::TooLarge { .. }), "{error}");
    }
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        ".*".prop_filter("no NUL", |text| !text.contains('\0'))
            .prop_map(Value::Text),
        any::<i64>().prop_map(Value::Integer),
        any::<f64>()
            .prop_filter("finite", |it| it.is_finite())
            .prop_map(Value::Number),
        any::<bool>().prop_map(Value::Bool),
    ]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let kinds = prop::option::of(prop::sample::select(vec![
        PropertyKind::String,
        PropertyKind::Double,
        PropertyKind::Int,
        PropertyKind::Bool,
    ]));
    let name = ".+".prop_filter("no NUL", |text| !text.contains('\0'));
    let property = (name, kinds).prop_map(|(name, kind)| Property { name, kind });
    let operators = prop::sample::select(vec![
        Operator::Equal,
        Operator::NotEqual,
        Operator::Less,
        Operator::LessOrEqual,
        Operator::Greater,
        Operator::GreaterOrEqual,
        Operator::Like,
        Operator::ILike,
    ]);
    let leaf = prop_oneof![
        (property.clone(), operators, scalar()).prop_map(|(property, operator, value)| {
            Filter::Comparison {
                property,
                operator,
                value,
            }
        }),
        (property, vec(scalar(), 0..4)).prop_map(|(property, values)| Filter::Comparison {
            property,
            operator: Operator::In,
            value: Value::List(values),
        }),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Filter::And),
            vec(inner, 2..4).prop_map(Filter::Or),
        ]
    })
}

proptest! {
    #![proptest_config(Config { cases: 2_000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn parsing_never_panics(text in ".*") {
        let _ = Filter::parse(&text);
    }

    #[test]
    fn parsing_tokens_never_panics(words in vec(prop::sample::select(vec![
        "a", "AND", "OR", "IN", "LIKE", "(", ")", ",", ".", "=", "'x'", "\"y", "`z`", "1", "-.5e3",
        "int_value", "true", "--", "\n", "\\", " ",
    ]), 0..24)) {
        if let Ok(Some(filter)) = Filter::parse(&words.concat()) {
            prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(Some(filter)));
        }
    }

    #[test]
    fn what_is_printed_is_read_back(filter in any_filter()) {
        prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(Some(filter)));
    }
}

// The evaluation in memory.

#[derive(Debug, Clone)]
enum Held {
    Text(String),
    Integer(i64),
    Number(f64),
    Bool(bool),
}

/// Matches a pattern by trying everything.
fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|skip| like(&text[skip..], rest)),
        ['_', rest @ ..] => !text.is_empty() && like(&text[1..], rest),
        ['\\', literal, rest @ ..] | [literal, rest @ ..] => {
            text.first() == Some(literal) && like(&text[1..], rest)
        }
    }
}

fn test(held: &Held, operator: Operator, value: &Value) -> bool {
    let chars = |text: &str| text.chars().collect::<Vec<_>>();
    let ordering = match (held, value) {
        (_, Value::List(values)) => {
            return values
                .iter()
                .any(|value| test(held, Operator::Equal, value));
        }
        (Held::Text(text), Value::Text(value)) => match operator {
            Operator::Like => return like(&chars(text), &chars(value)),
            Operator::ILike => {
                let (text, value) = (text.to_ascii_lowercase(), value.to_ascii_lowercase());
                return like(&chars(&text), &chars(&value));
            }
            _ => Some(text.as_bytes().cmp(value.as_bytes())),
        },
        (Held::Integer(held), Value::Integer(value)) => Some(held.cmp(value)),
        (Held::Integer(held), Value::Number(value)) => (*held as f64).partial_cmp(value),
        (Held::Number(held), Value::Integer(value)) => held.partial_cmp(&(*value as f64)),
        (Held::Number(held), Value::Number(value)) => held.partial_cmp(value),
        (Held::Bool(held), Value::Bool(value)) => Some(held.cmp(value)),
        (held, value) => panic!("{held:?} {value:?}"),
    };
    match operator {
        Operator::Equal => ordering == Some(Ordering::Equal),
        Operator::NotEqual => ordering != Some(Ordering::Equal),
        Operator::Less => ordering == Some(Ordering::Less),
        Operator::LessOrEqual => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
        Operator::Greater => ordering == Some(Ordering::Greater),
        Operator::GreaterOrEqual => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        _ => false,
    }
}

fn property(properties: &Properties, property: &Property, value: &Value) -> Option<Held> {
    use MetadataValue as M;
    let held = match properties.get(&property.name)? {
        M::MetadataIntValue { int_value } => Held::Integer(int_value.0),
        M::MetadataDoubleValue { double_value } => Held::Number(double_value.0),
        M::MetadataStringValue { string_value } => Held::Text(string_value.clone()),
        M::MetadataBoolValue { bool_value } => Held::Bool(*bool_value),
        _ => return None,
    };
    let value = match value {
        Value::List(values) => values.first()?,
        value => value,
    };
    let fits = match (&held, property.kind) {
        (Held::Text(_), None) => matches!(value, Value::Text(_)),
        (Held::Integer(_) | Held::Number(_), None) => {
            matches!(value, Value::Integer(_) | Value::Number(_))
        }
        (Held::Bool(_), None) => matches!(value, Value::Bool(_)),
        (Held::Text(_), kind) => kind == Some(PropertyKind::String),
        (Held::Integer(_), kind) => kind == Some(PropertyKind::Int),
        (Held::Number(_), kind) => kind == Some(PropertyKind::Double),
        (Held::Bool(_), kind) => kind == Some(PropertyKind::Bool),
    };
    fits.then_some(held)
}

/// A resource as the evaluation sees it.
struct Seen {
    name: String,
    fields: serde_json::Value,
    properties: Properties,
}

const NUMBERS: [&str; 6] = [
    "id",
    "experimentId",
    "startTimeSinceEpoch",
    "endTimeSinceEpoch",
    "timestamp",
    "step",
];

fn evaluate(seen: &Seen, filter: &Filter) -> bool {
    match filter {
        Filter::And(parts) => parts.iter().all(|part| evaluate(seen, part)),
        Filter::Or(parts) => parts.iter().any(|part| evaluate(seen, part)),
        Filter::Comparison {
            property: of,
            operator,
            value,
        } => {
            let field = &seen.fields[&of.name];
            let held = match of.name.as_str() {
                name if NUMBERS.contains(&name) => match field {
                    serde_json::Value::String(text) => text.parse().ok().map(Held::Integer),
                    number => number.as_i64().map(Held::Integer),
                },
                "value" => Some(Held::Number(field.as_f64().unwrap_or(
                    match field.as_str() {
                        Some("Infinity") => f64::INFINITY,
                        Some("-Infinity") => f64::NEG_INFINITY,
                        _ => f64::NAN,
                    },
                ))),
                "name" | "owner" | "state" | "status" | "externalId" => {
                    field.as_str().map(|text| Held::Text(text.to_owned()))
                }
                _ => property(&seen.properties, of, value),
            };
            held.is_some_and(|held| test(&held, *operator, value))
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[abAB_%*?\\[ü']{0,3}",
        Just("LIVE".to_owned()),
        Just("RUNNING".to_owned())
    ]
}

fn pattern() -> impl Strategy<Value = String> {
    "([abAB%_*?\\[ü]|\\\\[%_a\\\\]){0,4}"
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-3_i64..8).prop_map(Value::Integer),
        (-6_i32..16).prop_map(|halves| Value::Number(f64::from(halves) / 2.0)),
    ]
}

fn comparing() -> impl Strategy<Value = Operator> {
    prop::sample::select(vec![
        Operator::Equal,
        Operator::NotEqual,
        Operator::Less,
        Operator::LessOrEqual,
        Operator::Greater,
        Operator::GreaterOrEqual,
    ])
}

fn on(
    names: &[&'static str],
    kinds: &[Option<PropertyKind>],
) -> impl Strategy<Value = Property> + Clone + use<> {
    let names = prop::sample::select(names.to_vec());
    let kinds = prop::sample::select(kinds.to_vec());
    (names, kinds).prop_map(|(name, kind)| Property {
        name: name.to_owned(),
        kind,
    })
}

/// Conditions that make sense on a kind of resource.
fn sensible(texts: &[&'static str], numbers: &[&'static str]) -> BoxedStrategy<Filter> {
    let custom = ["a", "b", "c.d"];
    let of_text = prop_oneof![
        on(texts, &[None]),
        on(&custom, &[None, Some(PropertyKind::String)]),
    ];
    let of_number = prop_oneof![
        on(numbers, &[None]),
        on(
            &custom,
            &[None, Some(PropertyKind::Int), Some(PropertyKind::Double)]
        ),
    ];
    let of_bool = on(&custom, &[None, Some(PropertyKind::Bool)]);
    let leaf = |property, operator, value| Filter::Comparison {
        property,
        operator,
        value,
    };
    let like = prop::sample::select(vec![Operator::Like, Operator::ILike]);
    let equal = prop::sample::select(vec![Operator::Equal, Operator::NotEqual]);
    let leaf = prop_oneof![
        (of_text.clone(), comparing(), text().prop_map(Value::Text))
            .prop_map(move |(property, operator, value)| leaf(property, operator, value)),
        (of_text.clone(), like, pattern().prop_map(Value::Text))
            .prop_map(move |(property, operator, value)| leaf(property, operator, value)),
        (of_number.clone(), comparing(), number())
            .prop_map(move |(property, operator, value)| leaf(property, operator, value)),
        (of_bool, equal, any::<bool>().prop_map(Value::Bool))
            .prop_map(move |(property, operator, value)| leaf(property, operator, value)),
        (of_text, vec(text().prop_map(Value::Text), 0..3))
            .prop_map(move |(property, values)| leaf(property, Operator::In, Value::List(values))),
        (of_number, vec(number(), 0..3)).prop_map(move |(property, values)| leaf(
            property,
            Operator::In,
            Value::List(values)
        )),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Filter::And),
            vec(inner, 2..4).prop_map(Filter::Or),
        ]
    })
    .boxed()
}

fn properties() -> impl Strategy<Value = Properties> {
    let value = prop_oneof![
        text().prop_map(|it| json!({"metadataType": "MetadataStringValue", "string_value": it})),
        (-3_i64..8).prop_map(
            |it| json!({"metadataType": "MetadataIntValue", "int_value": it.to_string()})
        ),
        (-6_i32..16).prop_map(
            |it| json!({"metadataType": "MetadataDoubleValue", "double_value": f64::from(it) / 2.0})
        ),
        Just(json!({"metadataType": "MetadataDoubleValue", "double_value": "NaN"})),
        any::<bool>().prop_map(|it| json!({"metadataType": "MetadataBoolValue", "bool_value": it})),
        Just(json!({"metadataType": "MetadataStructValue", "struct_value": "a"})),
    ];
    prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c.d"]), value, 0..4)
        .prop_map(|map| from(json!(map)))
}

fn sample<T: std::fmt::Debug>(runner: &mut TestRunner, strategy: &impl Strategy<Value = T>) -> T {
    strategy.new_tree(runner).unwrap().current()
}

async fn filters_select_what_they_say(database: Database) {
    let store = database.open().await;
    let mut runner = TestRunner::deterministic();
    let mut all = Vec::new();
    let mut experiments = Vec::new();
    for name in ["e", "f"] {
        let experiment: Experiment = create(&store, json!({"name": name})).await.unwrap();
        experiments.push(experiment.id.unwrap());
    }
    for number in 0..80 {
        let maybe = prop::option::of(text());
        let time = prop::option::of(-3_i64..4);
        let (name, owner, start, end, properties) = sample(
            &mut runner,
            &(
                text(),
                maybe,
                time,
                prop::option::of(4_i64..8),
                properties(),
            ),
        );
        let name = if name.is_empty() {
            "a".to_owned()
        } else {
            name
        };
        let run = json!({
            "experimentId": experiments[number % 2], "name": name, "owner": owner,
            "startTimeSinceEpoch": start.map(|it| it.to_string()),
            "endTimeSinceEpoch": end.map(|it| it.to_string()), "customProperties": properties,
            "status": if number % 3 == 0 { "RUNNING" } else { "FINISHED" },
        });
        let run: ExperimentRun = create(&store, run).await.unwrap();
        all.push(Seen {
            name: run.id.clone().unwrap(),
            properties: run.custom_properties.clone().unwrap(),
            fields: serde_json::to_value(&run).unwrap(),
        });
    }
    let filters = sensible(
        &["name", "owner", "state", "status", "externalId"],
        &[
            "id",
            "experimentId",
            "startTimeSinceEpoch",
            "endTimeSinceEpoch",
        ],
    );
    let mut selected = 0;
    for _ in 0..600 {
        let filter = sample(&mut runner, &filters);
        let expected: Vec<&str> = all
            .iter()
            .filter(|seen| evaluate(seen, &filter))
            .map(|seen| seen.name.as_str())
            .collect();
        selected += expected.len();
        let options = ListOptions {
            filter_query: Some(filter.to_string()),
            ..ListOptions::default()
        };
        let found = store.list::<ExperimentRun>(&options).await;
        let found = found.unwrap_or_else(|error| panic!("{filter}: {error:?}"));
        let found: Vec<String> = found.items.into_iter().filter_map(|run| run.id).collect();
        assert_eq!(found, expected, "{filter}");
    }
    // Neither nothing nor everything.
    assert!((1_000..40_000).contains(&selected), "{selected}");
}

async fn filters_of_metrics_select_what_they_say(database: Database) {
    let store = database.open().await;
    let mut runner = TestRunner::deterministic();
    let mut all = Vec::new();
    for number in 0..40 {
        let value = prop_oneof![
            (-6_i32..16).prop_map(|it| json!(f64::from(it) / 2.0)),
            prop::sample::select(vec![json!("NaN"), json!("Infinity"), json!("-Infinity")]),
        ];
        let (name, value, step, properties) =
            sample(&mut runner, &(text(), value, -3_i64..8, properties()));
        let metric = json!({
            "name": format!("{name}{number}"), "value": value, "step": step, "timestamp": "3",
            "customProperties": properties,
        });
        let metric: Metric = create(&store, metric).await.unwrap();
        all.push(Seen {
            name: metric.id.clone().unwrap(),
            properties: metric.custom_properties.clone().unwrap(),
            fields: serde_json::to_value(&metric).unwrap(),
        });
    }
    let filters = sensible(&["name", "state"], &["id", "step", "timestamp", "value"]);
    for _ in 0..400 {
        let filter = sample(&mut runner, &filters);
        let expected: Vec<&str> = all
            .iter()
            .filter(|seen| evaluate(seen, &filter))
            .map(|seen| seen.name.as_str())
            .collect();
        let options = ListOptions {
            filter_query: Some(filter.to_string()),
            ..ListOptions::default()
        };
        let found = store.list::<Artifact>(&options).await;
        let found = found.unwrap_or_else(|error| panic!("{filter}: {error:?}"));
        let found: Vec<String> = found
            .items
            .iter()
            .filter_map(|it| it.id().map(str::to_owned))
            .collect();
        assert_eq!(found, expected, "{filter}");
    }
}

async fn selected(store: &Store, filter: &str) -> Result<Vec<String>, StoreError> {
    let options = ListOptions {
        filter_query: Some(filter.to_owned()),
        ..ListOptions::default()
    };
    let found = store.list::<Experiment>(&options).await?;
    Ok(found
        .items
        .into_iter()
        .map(|experiment| experiment.name)
        .collect())
}

async fn hostile_filters_are_values(database: Database) {
    let store = database.open().await;
    for text in [
        "'; DROP TABLE resource; --",
        "' OR '1'='1",
        "\" OR \"\"=\"",
        "$1 ?1 :a @b",
        "\\",
        "%",
        "*",
        "ü\u{202e}\u{1F600}",
    ] {
        let properties =
            json!({text: {"metadataType": "MetadataStringValue", "string_value": text}});
        let body = json!({"name": text, "customProperties": properties});
        create::<Experiment>(&store, body).await.unwrap();
        let value = Value::Text(text.to_owned());
        let of = |name: &str| Filter::Comparison {
            property: Property {
                name: name.to_owned(),
                kind: None,
            },
            operator: Operator::Equal,
            value: value.clone(),
        };
        for filter in [of("name"), of(text)] {
            assert_eq!(
                selected(&store, &filter.to_string()).await.unwrap(),
                [text],
                "{filter}"
            );
        }
    }
    let all = store
        .list::<Experiment>(&ListOptions::default())
        .await
        .unwrap();
    assert_eq!(all.size, 8);
}

async fn every_operator_and_kind(database: Database) {
    let store = database.open().await;
    for (name, owner, properties) in [
        (
            "Alpha",
            Some("ada"),
            json!({"n": {"metadataType": "MetadataIntValue", "int_value": "5"}}),
        ),
        (
            "alpha",
            None,
            json!({"n": {"metadataType": "MetadataDoubleValue", "double_value": 5.5}}),
        ),
        (
            "beta_1",
            Some("bob"),
            json!({"n": {"metadataType": "MetadataStringValue", "string_value": "5"}}),
        ),
        (
            "beta-1",
            Some("bob"),
            json!({"n": {"metadataType": "MetadataBoolValue", "bool_value": true}}),
        ),
    ] {
        let body = json!({"name": name, "owner": owner, "customProperties": properties});
        create::<Experiment>(&store, body).await.unwrap();
    }
    for (filter, expected) in [
        ("name LIKE 'alpha'", vec!["alpha"]),
        ("name ILIKE 'ALPHA'", vec!["Alpha", "alpha"]),
        (r"name LIKE 'beta\_1'", vec!["beta_1"]),
        ("name LIKE 'beta_1'", vec!["beta_1", "beta-1"]),
        ("owner != 'ada'", vec!["beta_1", "beta-1"]),
        (
            "owner IN ('ada', 'bob') AND name > 'b'",
            vec!["beta_1", "beta-1"],
        ),
        (
            "state = 'LIVE' AND id > 0 AND id < '999999'",
            vec!["Alpha", "alpha", "beta_1", "beta-1"],
        ),
        (
            "createTimeSinceEpoch > 1700000000000",
            vec!["Alpha", "alpha", "beta_1", "beta-1"],
        ),
        ("n = 5", vec!["Alpha"]),
        ("n > 4.5", vec!["Alpha", "alpha"]),
        ("n.double_value > 4", vec!["alpha"]),
        ("n.int_value <= 5.5", vec!["Alpha"]),
        ("n = '5'", vec!["beta_1"]),
        ("n.string_value LIKE '%'", vec!["beta_1"]),
        ("n = true", vec!["beta-1"]),
        ("n != false", vec!["beta-1"]),
        ("n IN (5, 5.5)", vec!["Alpha", "alpha"]),
        ("missing != 'x'", vec![]),
        ("name IN ()", vec![]),
    ] {
        assert_eq!(
            selected(&store, filter).await.unwrap(),
            expected,
            "{filter}"
        );
    }
    for filter in [
        "id = 'x'",
        "name = 5",
        "name LIKE 5",
        "id LIKE '5'",
        "name = true",
        r"name LIKE 'a\\'",
        "n > true",
        "n.bool_value = 5",
        "n.int_value = 'x'",
        "n.string_value = 1",
        "n.string_value IN (1)",
        "n IN (1, 'a')",
        "name IN (1)",
    ] {
        let error = selected(&store, filter).await.unwrap_err();
        let refused = matches!(error, StoreError::Filter(FilterError::Mismatch { .. }));
        assert!(refused, "{filter}: {error}");
    }
}

async fn filters_of_mixed_artifacts(database: Database) {
    let store = database.open().await;
    for body in [
        json!({"artifactType": "metric", "name": "m", "value": 2}),
        json!({"artifactType": "metric", "name": "n", "value": "NaN"}),
        json!({"artifactType": "parameter", "name": "p", "value": "2"}),
        json!({"artifactType": "dataset-artifact", "name": "2", "digest": "2", "uri": "u"}),
        json!({"artifactType": "model-artifact", "name": "o", "modelFormatName": "2"}),
    ] {
        create::<Artifact>(&store, body).await.unwrap();
    }
    for (filter, expected) in [
        ("value = 2", vec!["m"]),
        ("value != 3", vec!["m", "n"]),
        ("value < 3 OR value = '2'", vec!["m", "p"]),
        ("value = '2'", vec!["p"]),
        ("value LIKE '%'", vec!["p"]),
        ("digest = '2' OR modelFormatName = '2'", vec!["2", "o"]),
        ("uri = 'u'", vec!["2"]),
        ("name = '2'", vec!["2"]),
        ("experimentId = 1 OR experimentRunId > 0", vec![]),
    ] {
        let options = ListOptions {
            filter_query: Some(filter.to_owned()),
            ..ListOptions::default()
        };
        let found = store.list::<Artifact>(&options).await;
        let found = found.unwrap_or_else(|error| panic!("{filter}: {error}"));
        let names: Vec<String> = found
            .items
            .iter()
            .map(|it| {
                serde_json::to_value(it).unwrap()["name"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(
            names,
            expected
                .iter()
                .map(|it| (*it).to_owned())
                .collect::<Vec<_>>(),
            "{filter}"
        );
    }
}
