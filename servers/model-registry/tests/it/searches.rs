//! Searches for runs, experiments and logged models, against an evaluation in memory.

use std::{cmp::Ordering, collections::BTreeMap};

use hitchpost_model_registry::{
    Store, StoreError,
    model::{Artifact, Experiment, ExperimentRun, LoggedModel, RunData, Search},
};
use serde_json::{Value, json};

use crate::{
    database::{Database, on_backends, on_every_database},
    metrics::log,
    resources::{a_run, create, from, id_of},
};

on_every_database! {
    runs_are_found_by_what_belongs_to_them
    runs_are_ordered_by_what_belongs_to_them
    searches_are_paged
    what_is_no_search_is_told_so
    datasets_of_runs
    experiments_are_searched
    logged_models_are_searched
}

/// Five runs of two experiments, with what can be told apart.
async fn runs(store: &Store) -> BTreeMap<&'static str, String> {
    let mut runs = BTreeMap::new();
    let mut experiments = Vec::new();
    for name in ["x", "y"] {
        let experiment: Experiment = create(store, json!({"name": name})).await.unwrap();
        experiments.push(experiment.id.unwrap());
    }
    for (name, experiment, start, batch) in [
        (
            "a",
            0,
            Some("1"),
            json!({
                "metrics": [{"key": "acc", "value": 0.5, "timestamp": 1}, {"key": "loss", "value": 2, "timestamp": 1}],
                "params": [{"key": "lr", "value": "0.1"}], "tags": [{"key": "team", "value": "Red"}],
            }),
        ),
        (
            "b",
            0,
            Some("2"),
            json!({
                "metrics": [{"key": "acc", "value": 0.9, "timestamp": 1}],
                "params": [{"key": "lr", "value": "0.01"}], "tags": [{"key": "team", "value": "red"}],
            }),
        ),
        (
            "c",
            0,
            None,
            json!({
                "metrics": [{"key": "acc", "value": "NaN", "timestamp": 1}],
                "params": [{"key": "depth", "value": "3"}],
            }),
        ),
        (
            "d",
            1,
            Some("4"),
            json!({
                "metrics": [{"key": "acc", "value": "-Infinity", "timestamp": 1}],
                "params": [{"key": "lr", "value": "10"}], "tags": [{"key": "team", "value": "blue"}],
            }),
        ),
        (
            "e",
            1,
            Some("4"),
            json!({"tags": [{"key": "other", "value": "x"}]}),
        ),
    ] {
        let run = json!({
            "experimentId": experiments[experiment], "name": name, "startTimeSinceEpoch": start,
            "owner": if experiment == 0 { json!("ada") } else { json!(null) },
        });
        let run: ExperimentRun = create(store, run).await.unwrap();
        log(store, id_of(&run), batch).await.unwrap();
        runs.insert(name, run.id.unwrap());
    }
    let archived = json!({"state": "ARCHIVED", "status": "FAILED"});
    let e: i64 = runs["e"].parse().unwrap();
    store
        .update::<ExperimentRun>(e, &from(archived))
        .await
        .unwrap();
    runs
}

async fn find(store: &Store, search: Value) -> Result<Vec<RunData>, StoreError> {
    Ok(store.search_runs(&from::<Search>(search)).await?.items)
}

async fn names(store: &Store, search: Value) -> Vec<String> {
    let found = find(store, search.clone()).await;
    let found = found.unwrap_or_else(|error| panic!("{search}: {error:?}"));
    found.into_iter().filter_map(|item| item.run.name).collect()
}

async fn runs_are_found_by_what_belongs_to_them(database: Database) {
    let store = database.open().await;
    let runs = runs(&store).await;
    let is = |kind: &str, key: &str, comparator: &str, value: Value| {
        let mut condition = json!({"type": kind, "key": key, "comparator": comparator});
        if !value.is_null() {
            condition["value"] = value;
        }
        condition
    };
    for (condition, expected) in [
        (is("metric", "acc", ">", json!(0.5)), "b"),
        (is("metric", "acc", ">=", json!(0.5)), "ab"),
        (is("metric", "acc", "<", json!(1)), "abd"),
        (is("metric", "acc", "=", json!("-Infinity")), "d"),
        (is("metric", "acc", "=", json!("NaN")), "c"),
        (is("metric", "acc", "!=", json!(0.5)), "bcd"),
        (is("metric", "acc", "IS NULL", json!(null)), "e"),
        (is("metric", "acc", "IS NOT NULL", json!(null)), "abcd"),
        (is("metric", "ac", ">", json!(-1)), ""),
        (is("metric", "acc%", ">", json!(-1)), ""),
        (is("param", "lr", "=", json!("0.1")), "a"),
        (is("param", "lr", "!=", json!("0.1")), "bd"),
        (is("param", "lr", "LIKE", json!("0.%")), "ab"),
        (is("param", "lr", "IN", json!(["10", "0.1"])), "ad"),
        (is("param", "lr", "NOT IN", json!(["10"])), "ab"),
        (is("param", "lr", "IS NULL", json!(null)), "ce"),
        (is("tag", "team", "=", json!("red")), "b"),
        (is("tag", "team", "ILIKE", json!("RE%")), "ab"),
        (is("tag", "team", "!=", json!("red")), "ad"),
        (is("tag", "team", "IS NULL", json!(null)), "ce"),
        (is("tag", "x' OR '1'='1", "=", json!("' OR '1'='1")), ""),
        (is("attribute", "name", "=", json!("c")), "c"),
        (is("attribute", "name", "IN", json!(["c", "e"])), "ce"),
        (is("attribute", "id", "=", json!(runs["b"])), "b"),
        (
            is("attribute", "id", "IN", json!([runs["b"], runs["c"]])),
            "bc",
        ),
        (is("attribute", "id", "NOT IN", json!([runs["b"]])), "acde"),
        (
            is("attribute", "id", "LIKE", json!(format!("%{}", runs["b"]))),
            "b",
        ),
        (is("attribute", "id", "ILIKE", json!("%x%")), ""),
        (is("attribute", "owner", "IS NULL", json!(null)), "de"),
        (is("attribute", "owner", "IS NOT NULL", json!(null)), "abc"),
        (is("attribute", "owner", "!=", json!("ada")), ""),
        (is("attribute", "startTimeSinceEpoch", ">", json!(1)), "bde"),
        (
            is("attribute", "startTimeSinceEpoch", "IS NULL", json!(null)),
            "c",
        ),
        (is("attribute", "status", "=", json!("FAILED")), "e"),
        (
            is("attribute", "createTimeSinceEpoch", ">", json!(0)),
            "abcde",
        ),
    ] {
        let order = json!([{"type": "attribute", "key": "name"}]);
        let search = json!({"where": [condition], "orderBy": order});
        assert_eq!(
            names(&store, search.clone()).await.concat(),
            expected,
            "{search}"
        );
    }
    // Conditions are a conjunction.
    let both = json!({"where": [
        is("metric", "acc", ">", json!(0)), is("param", "lr", "LIKE", json!("0.0%")),
    ]});
    assert_eq!(names(&store, both).await, ["b"]);
    let of: ExperimentRun = store.get(runs["d"].parse().unwrap()).await.unwrap();
    let experiment = json!([of.experiment_id]);
    assert_eq!(
        names(&store, json!({"experimentIds": experiment})).await,
        ["d", "e"]
    );
    let live = json!({"experimentIds": experiment, "states": ["LIVE"]});
    assert_eq!(names(&store, live).await, ["d"]);
    assert_eq!(
        names(&store, json!({"experimentIds": ["4711"]}))
            .await
            .len(),
        0
    );

    let found = find(
        &store,
        json!({"where": [is("attribute", "name", "=", json!("a"))]}),
    );
    let found = serde_json::to_value(found.await.unwrap()).unwrap();
    assert_eq!(found[0]["metrics"][0]["key"], "acc");
    assert_eq!(found[0]["params"], json!([{"key": "lr", "value": "0.1"}]));
    assert_eq!(
        found[0]["run"]["customProperties"]["team"]["string_value"],
        "Red"
    );
    assert_eq!(found[0]["artifacts"], json!([]));
    let bare = find(&store, json!({"includeData": false})).await.unwrap();
    assert!(
        bare.iter()
            .all(|item| item.metrics.is_none() && item.params.is_none())
    );
}

async fn runs_are_ordered_by_what_belongs_to_them(database: Database) {
    let store = database.open().await;
    runs(&store).await;
    let by = |kind: &str, key: &str, ascending: bool| json!({"type": kind, "key": key, "ascending": ascending});
    // Values, then NaN, then what is missing, in either direction; then the newest start, and the
    // smallest id.
    for (order, expected) in [
        (json!([]), "debac"),
        (json!([by("metric", "acc", true)]), "dabce"),
        (json!([by("metric", "acc", false)]), "badce"),
        (json!([by("metric", "none", false)]), "debac"),
        (json!([by("param", "lr", true)]), "badec"),
        (json!([by("param", "lr", false)]), "dabec"),
        (json!([by("tag", "team", true)]), "adbec"),
        (json!([by("tag", "team", false)]), "bdaec"),
        (json!([by("attribute", "name", false)]), "edcba"),
        (json!([by("attribute", "owner", true)]), "bacde"),
        (
            json!([by("attribute", "startTimeSinceEpoch", true)]),
            "abdec",
        ),
        (
            json!([
                by("attribute", "status", true),
                by("attribute", "name", true)
            ]),
            "eabcd",
        ),
        (
            json!([by("tag", "none", true), by("attribute", "id", false)]),
            "edcba",
        ),
    ] {
        let found = names(&store, json!({"orderBy": order})).await.concat();
        assert_eq!(found, expected, "{order}");
    }
}

async fn searches_are_paged(database: Database) {
    let store = database.open().await;
    runs(&store).await;
    let of = a_run(&store).await;
    let experiment = store.get::<ExperimentRun>(of).await.unwrap().experiment_id;
    for number in 0..40 {
        let body = json!({"experimentId": experiment, "name": format!("run {number}"),
            "startTimeSinceEpoch": (number % 3).to_string()});
        let run: ExperimentRun = create(&store, body).await.unwrap();
        let value = match number % 6 {
            0 => json!("NaN"),
            1 => json!("Infinity"),
            2 => json!("-Infinity"),
            value => json!(f64::from(value) / 7.0),
        };
        let metrics = json!([{"key": "m", "value": value, "timestamp": 1}]);
        let params = json!([{"key": "p", "value": format!("{}", number % 4)}]);
        let batch = if number % 5 == 0 {
            json!({})
        } else {
            json!({"metrics": metrics, "params": params})
        };
        log(&store, id_of(&run), batch).await.unwrap();
    }
    for order in [
        json!([]),
        json!([{"type": "metric", "key": "m"}]),
        json!([{"type": "metric", "key": "m", "ascending": false}, {"type": "param", "key": "p"}]),
        json!([{"type": "tag", "key": "team", "ascending": false}]),
        json!([{"type": "attribute", "key": "owner"}, {"type": "attribute", "key": "endTimeSinceEpoch"}]),
    ] {
        let whole = names(&store, json!({"orderBy": order})).await;
        assert_eq!(whole.len(), 46);
        for size in [1, 7, 45, 46] {
            let mut search = json!({"orderBy": order, "pageSize": size, "includeData": false});
            let mut paged = Vec::new();
            loop {
                let found = store.search_runs(&from(search.clone())).await.unwrap();
                assert!(found.items.len() <= size);
                paged.extend(found.items.into_iter().filter_map(|item| item.run.name));
                if found.next_page_token.is_empty() {
                    break;
                }
                search["pageToken"] = found.next_page_token.into();
            }
            assert_eq!(paged, whole, "{order} {size}");
        }
    }
    // The order is the one of `total`: compared again in memory.
    let found = find(&store, json!({"orderBy": [{"type": "metric", "key": "m"}]}))
        .await
        .unwrap();
    let key = |item: &RunData| {
        let metrics = item.metrics.as_ref().unwrap();
        let value = metrics
            .iter()
            .find(|metric| metric.key == "m")
            .map(|metric| metric.value.0);
        match value {
            Some(value) if !value.is_nan() => (0, value),
            Some(_) => (1, 0.0),
            None => (2, 0.0),
        }
    };
    let ordered = found
        .is_sorted_by(|one, other| key(one).partial_cmp(&key(other)) != Some(Ordering::Greater));
    assert!(ordered);
}

async fn what_is_no_search_is_told_so(database: Database) {
    let store = database.open().await;
    runs(&store).await;
    for search in [
        json!({"where": [{"type": "attribute", "key": "nothing", "comparator": "=", "value": "1"}]}),
        json!({"where": [{"type": "attribute", "key": "uri", "comparator": "=", "value": "1"}]}),
        json!({"where": [{"type": "attribute", "key": "name", "comparator": "=", "value": 5}]}),
        json!({"where": [{"type": "attribute", "key": "name", "comparator": "="}]}),
        json!({"where": [{"type": "metric", "key": "m", "comparator": "=", "value": "x"}]}),
        json!({"where": [{"type": "metric", "key": "m", "comparator": "LIKE", "value": "x"}]}),
        json!({"where": [{"type": "param", "key": "m", "comparator": "=", "value": 5}]}),
        json!({"where": [{"type": "dataset", "key": "m", "comparator": "=", "value": "x"}]}),
        json!({"where": [{"type": "tag", "key": "a\0", "comparator": "=", "value": "x"}]}),
        json!({"where": [{"type": "tag", "key": "a", "comparator": "=", "value": "\0"}]}),
        json!({"orderBy": [{"type": "dataset", "key": "name"}]}),
        json!({"orderBy": [{"type": "attribute", "key": "1; DROP TABLE resource"}]}),
        json!({"experimentIds": ["x"]}),
        json!({"pageSize": -1}),
        json!({"pageToken": "x"}),
        json!({"orderBy": vec![json!({"type": "metric", "key": "m"}); 17]}),
    ] {
        let error = find(&store, search.clone()).await.unwrap_err();
        let refused = matches!(error, StoreError::Invalid { .. } | StoreError::Filter(_));
        assert!(refused, "{search}: {error}");
    }
    assert_eq!(names(&store, json!({})).await.len(), 5);
    // A token is for its order.
    let page = store
        .search_runs(&from(json!({"pageSize": 1})))
        .await
        .unwrap();
    let other = json!({
        "orderBy": [{"type": "metric", "key": "acc"}], "pageToken": page.next_page_token,
    });
    assert!(find(&store, other).await.is_err());
}

async fn datasets_of_runs(database: Database) {
    let store = database.open().await;
    let run = a_run(&store).await;
    a_run(&store).await;
    let context = json!({"mlflow.data.context": {
        "metadataType": "MetadataStringValue", "string_value": "training",
    }});
    let data = json!({
        "artifactType": "dataset-artifact", "name": "iris", "digest": "d1",
        "customProperties": context,
    });
    store
        .upsert::<Artifact>(Some(run), &from(data))
        .await
        .unwrap();
    for (key, comparator, value, expected) in [
        ("name", "=", json!("iris"), 1),
        ("name", "LIKE", json!("i%"), 1),
        ("name", "!=", json!("iris"), 0),
        ("digest", "IN", json!(["d1", "d2"]), 1),
        ("context", "=", json!("training"), 1),
        ("context", "=", json!("eval"), 0),
    ] {
        let condition = json!({
            "type": "dataset", "key": key, "comparator": comparator, "value": value,
        });
        let found = names(&store, json!({"where": [condition]})).await;
        assert_eq!(found.len(), expected, "{condition}");
    }
}

async fn experiments_are_searched(database: Database) {
    let store = database.open().await;
    for (name, team) in [("a", Some("red")), ("b", Some("blue")), ("c", None)] {
        let properties = team.map(
            |team| json!({"team": {"metadataType": "MetadataStringValue", "string_value": team}}),
        );
        let body = json!({"name": name, "customProperties": properties});
        create::<Experiment>(&store, body).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    for (search, expected) in [
        (json!({}), "cba"),
        (
            json!({"orderBy": [{"type": "attribute", "key": "name"}]}),
            "abc",
        ),
        (json!({"orderBy": [{"type": "tag", "key": "team"}]}), "bac"),
        (
            json!({"where": [{"type": "tag", "key": "team", "comparator": "LIKE", "value": "%e%"}]}),
            "ba",
        ),
        (
            json!({"where": [{"type": "attribute", "key": "name", "comparator": ">", "value": "a"}]}),
            "cb",
        ),
        (json!({"states": ["ARCHIVED"]}), ""),
    ] {
        let found = store
            .search_experiments(&from(search.clone()))
            .await
            .unwrap();
        let found: Vec<String> = found.items.into_iter().map(|it| it.name).collect();
        assert_eq!(found.concat(), expected, "{search}");
    }
    let metric = json!({"where": [{"type": "metric", "key": "m", "comparator": "=", "value": 1}]});
    assert!(store.search_experiments(&from(metric)).await.is_err());
}

async fn logged_models_are_searched(database: Database) {
    let store = database.open().await;
    let run = a_run(&store).await;
    let mut points = Vec::new();
    for (name, values) in [
        ("a", vec![("d1", 1, json!(0.5)), ("d2", 2, json!(0.1))]),
        ("b", vec![("d1", 1, json!(0.9)), ("d1", 2, json!(0.3))]),
        ("c", vec![("d1", 1, json!("NaN"))]),
        ("d", vec![]),
    ] {
        let model =
            json!({"artifactType": "model-artifact", "name": name, "uri": format!("s3://{name}")});
        let model = store
            .upsert::<Artifact>(Some(run), &from(model))
            .await
            .unwrap()
            .resource;
        for (digest, timestamp, value) in values {
            points.push(json!({
                "key": "acc", "value": value, "timestamp": timestamp, "modelId": model.id(),
                "datasetName": "data", "datasetDigest": digest,
            }));
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    log(&store, run, json!({"metrics": points})).await.unwrap();
    // One that belongs to no experiment is no logged model.
    let free = json!({"name": "free"});
    create::<hitchpost_model_registry::model::ModelArtifact>(&store, free)
        .await
        .unwrap();
    let acc = |comparator: &str, value: Value, digest: Option<&str>| {
        json!({"where": [{
            "type": "metric", "key": "acc", "comparator": comparator, "value": value,
            "datasetDigest": digest,
        }]})
    };
    let order = |ascending: bool, digest: Option<&str>| {
        json!({"orderBy": [{
            "type": "metric", "key": "acc", "ascending": ascending, "datasetDigest": digest,
        }]})
    };
    for (search, expected) in [
        (json!({}), "dcba"),
        (acc(">", json!(0.4), None), "ba"),
        (acc("<", json!(0.2), None), "a"),
        (acc("<", json!(0.2), Some("d1")), ""),
        (acc(">", json!(0), Some("d2")), "a"),
        // By the latest.
        (order(true, None), "abcd"),
        (order(false, None), "bacd"),
        (order(true, Some("d2")), "adcb"),
        (
            json!({"where": [{"type": "attribute", "key": "uri", "comparator": "LIKE", "value": "%b"}]}),
            "b",
        ),
        (
            json!({"where": [{"type": "attribute", "key": "experimentRunId", "comparator": "=", "value": run}]}),
            "dcba",
        ),
        (json!({"states": ["LIVE"]}), ""),
    ] {
        let found = store.search_logged_models(&from(search.clone())).await;
        let found = found.unwrap_or_else(|error| panic!("{search}: {error:?}"));
        let name = |item: &LoggedModel| item.model.name.clone().unwrap();
        assert_eq!(
            found.items.iter().map(name).collect::<String>(),
            expected,
            "{search}"
        );
        let mut page = search.clone();
        page["pageSize"] = 1.into();
        let mut paged = String::new();
        loop {
            let found = store
                .search_logged_models(&from(page.clone()))
                .await
                .unwrap();
            paged.extend(found.items.iter().map(name));
            if found.next_page_token.is_empty() {
                break;
            }
            page["pageToken"] = found.next_page_token.into();
        }
        assert_eq!(paged, expected, "{search}");
    }
}
