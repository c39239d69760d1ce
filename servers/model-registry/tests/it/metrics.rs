//! Metrics with their histories, and batches.

use std::time::{Duration, Instant};

use hitchpost_model_registry::{
    Store, StoreError,
    model::{
        Artifact, ExperimentRun, Int64, ListOptions, LogBatch, MetricColumns, MetricColumnsOptions,
        ModelArtifact, OrderByField, SortOrder, Whole,
    },
};
use serde_json::{Value, json};

use crate::{
    database::{Database, on_backends, on_every_backend},
    resources::{a_run, create, from},
};

on_every_backend! {
    the_latest_is_by_step_time_and_value
    batches_and_the_interface_write_the_same
    a_batch_is_written_whole_or_not_at_all
    a_batch_can_be_sent_again
    numbers_survive
    histories_are_paged
    histories_are_sampled
    histories_of_several_runs
    a_large_batch_is_fast
    concurrent_batches_lose_nothing
    metrics_of_models
    points_keep_their_own_properties
    a_metric_of_a_version_has_no_history
}

pub(crate) async fn log(store: &Store, run: i64, batch: Value) -> Result<(), StoreError> {
    store.log_batch(run, &from::<LogBatch>(batch)).await
}

fn point(key: &str, value: impl Into<Value>, timestamp: i64, step: i64) -> Value {
    json!({"key": key, "value": value.into(), "timestamp": timestamp, "step": step})
}

async fn columns(store: &Store, run: i64, name: &str) -> MetricColumns {
    let options = MetricColumnsOptions {
        name: name.to_owned(),
        ..MetricColumnsOptions::default()
    };
    store.metric_columns(run, &options).await.unwrap()
}

async fn latest(store: &Store, run: i64, name: &str) -> (Value, i64, i64) {
    let data = store.run_data(run).await.unwrap();
    let metrics = data.metrics.unwrap();
    let metric = metrics.iter().find(|metric| metric.key == name).unwrap();
    let value = serde_json::to_value(metric.value).unwrap();
    (value, metric.timestamp, metric.step)
}

async fn the_latest_is_by_step_time_and_value(database: Database) {
    let store = database.open().await;
    // Each list of points, in one batch, in one batch each, and backwards, ends alike.
    for (number, (points, expected)) in [
        (
            vec![("m", 5.0, 1, 0), ("m", 3.0, 1, 1), ("m", 9.0, 9, 0)],
            (json!(3.0), 1, 1),
        ),
        (vec![("m", 1.0, 5, 0), ("m", 2.0, 4, 0)], (json!(1.0), 5, 0)),
        (vec![("m", 1.0, 5, 0), ("m", 2.0, 5, 0)], (json!(2.0), 5, 0)),
        (
            vec![("m", f64::NAN, 5, 0), ("m", -2.0, 5, 0)],
            (json!(-2.0), 5, 0),
        ),
        (
            vec![("m", f64::NAN, 6, 0), ("m", 2.0, 5, 0)],
            (json!("NaN"), 6, 0),
        ),
        (
            vec![("m", 1.0, 5, -3), ("m", 2.0, 5, -4)],
            (json!(1.0), 5, -3),
        ),
        (
            vec![
                ("m", 1.0, i64::MIN, i64::MIN),
                ("m", 2.0, i64::MAX, i64::MAX),
            ],
            (json!(2.0), i64::MAX, i64::MAX),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let json = |(key, value, timestamp, step): (&str, f64, i64, i64)| {
            let value = if value.is_nan() {
                json!("NaN")
            } else {
                json!(value)
            };
            point(key, value, timestamp, step)
        };
        let forth: Vec<Value> = points.iter().copied().map(json).collect();
        let back: Vec<Value> = forth.iter().rev().cloned().collect();
        for points in [forth, back] {
            let run = a_run(&store).await;
            log(&store, run, json!({"metrics": points})).await.unwrap();
            assert_eq!(latest(&store, run, "m").await, expected, "{number}");
            let run = a_run(&store).await;
            for point in &points {
                log(&store, run, json!({"metrics": [point]})).await.unwrap();
            }
            assert_eq!(latest(&store, run, "m").await, expected, "{number}");
            let run = a_run(&store).await;
            for point in &points {
                let mut artifact = point.clone();
                artifact["artifactType"] = "metric".into();
                artifact["name"] = "m".into();
                artifact["timestamp"] = artifact["timestamp"].to_string().into();
                artifact.as_object_mut().unwrap().remove("key");
                store
                    .upsert::<Artifact>(Some(run), &from(artifact))
                    .await
                    .unwrap();
            }
            assert_eq!(latest(&store, run, "m").await, expected, "{number}");
            assert_eq!(columns(&store, run, "m").await.steps.len(), points.len());
        }
    }
}

async fn batches_and_the_interface_write_the_same(database: Database) {
    let store = database.open().await;
    let run = a_run(&store).await;
    let batch = json!({
        "metrics": [point("loss", 0.5, 7, 1), point("val_loss", 0.25, 8, 1)],
        "params": [{"key": "lr", "value": "0.1"}],
        "tags": [{"key": "mlflow.user", "value": "ada"}],
    });
    log(&store, run, batch).await.unwrap();
    let artifacts = ListOptions {
        parent: Some(run),
        ..ListOptions::default()
    };
    let listed = store.list::<Artifact>(&artifacts).await.unwrap();
    let mut listed = serde_json::to_value(&listed.items).unwrap();
    for artifact in listed.as_array_mut().unwrap() {
        let artifact = artifact.as_object_mut().unwrap();
        for name in [
            "id",
            "createTimeSinceEpoch",
            "lastUpdateTimeSinceEpoch",
            "experimentId",
        ] {
            assert!(artifact.remove(name).is_some());
        }
    }
    let run_id = run.to_string();
    assert_eq!(
        listed,
        json!([
            {"artifactType": "parameter", "name": "lr", "value": "0.1", "parameterType": "string",
             "state": "UNKNOWN", "customProperties": {}, "experimentRunId": run_id},
            {"artifactType": "metric", "name": "loss", "value": 0.5, "timestamp": "7", "step": 1,
             "state": "UNKNOWN", "customProperties": {}, "experimentRunId": run_id},
            {"artifactType": "metric", "name": "val_loss", "value": 0.25, "timestamp": "8", "step": 1,
             "state": "UNKNOWN", "customProperties": {}, "experimentRunId": run_id},
        ])
    );
    let of: ExperimentRun = store.get(run).await.unwrap();
    let tags = serde_json::to_value(of.custom_properties).unwrap();
    assert_eq!(tags["mlflow.user"]["string_value"], "ada");

    // What is written through the interface is there for the extension.
    for artifact in [
        json!({"artifactType": "metric", "name": "loss", "value": 0.75, "timestamp": "9", "step": 2}),
        json!({"artifactType": "parameter", "name": "depth", "value": "3"}),
        json!({"artifactType": "dataset-artifact", "name": "train", "digest": "d"}),
    ] {
        store
            .upsert::<Artifact>(Some(run), &from(artifact))
            .await
            .unwrap();
    }
    let data = serde_json::to_value(store.run_data(run).await.unwrap()).unwrap();
    assert_eq!(
        data["metrics"],
        json!([point("loss", 0.75, 9, 2), point("val_loss", 0.25, 8, 1)])
    );
    assert_eq!(
        data["params"],
        json!([{"key": "depth", "value": "3"}, {"key": "lr", "value": "0.1"}])
    );
    assert_eq!(data["artifacts"].as_array().unwrap().len(), 1);
    assert_eq!(data["artifacts"][0]["digest"], "d");
    assert_eq!(columns(&store, run, "loss").await.steps, [1, 2]);
    // The name is exact.
    assert_eq!(columns(&store, run, "los").await, MetricColumns::default());
    let error = log(
        &store,
        run,
        json!({"params": [{"key": "depth", "value": "4"}]}),
    )
    .await;
    assert!(matches!(error, Err(StoreError::ParamConflict { .. })));
}

async fn a_batch_is_written_whole_or_not_at_all(database: Database) {
    let store = database.open().await;
    let run = a_run(&store).await;
    log(
        &store,
        run,
        json!({"params": [{"key": "lr", "value": "0.1"}]}),
    )
    .await
    .unwrap();
    let with = |params: Value| {
        json!({
            "metrics": [point("m", 1, 1, 1)], "params": params,
            "tags": [{"key": "t", "value": "v"}],
        })
    };
    let conflicts = with(json!([
        {"key": "z", "value": "new"}, {"key": "lr", "value": "0.2"}, {"key": "lr", "value": "0.2"},
    ]));
    let error = log(&store, run, conflicts).await.unwrap_err();
    assert_eq!(error.code(), "param-conflict");
    assert_eq!(
        error.to_string(),
        "parameter `lr` has the value `0.1`, and cannot be changed to `0.2`"
    );
    let twice = with(json!([{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]));
    let error = log(&store, run, twice).await.unwrap_err();
    assert_eq!(error.code(), "param-conflict");
    for bad in [
        with(json!([{"key": "", "value": "1"}])),
        with(json!([{"key": "x".repeat(513), "value": "1"}])),
        with(json!([{"key": "a\0", "value": "1"}])),
        with(json!([{"key": "a", "value": "\0"}])),
        json!({"metrics": [point("m", 1, 1, 1), point("", 1, 1, 1)]}),
    ] {
        let error = log(&store, run, bad).await.unwrap_err();
        assert!(matches!(error, StoreError::Invalid { .. }), "{error}");
    }
    let mut unknown = point("m", 1, 1, 1);
    unknown["modelId"] = "m-unknown".into();
    let error = log(&store, run, json!({"metrics": [unknown]}))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "no model artifact found for id m-unknown"
    );
    let data = store.run_data(run).await.unwrap();
    assert_eq!(data.metrics.unwrap().len(), 0);
    assert_eq!(data.params.unwrap().len(), 1);
    assert_eq!(data.run.custom_properties.unwrap().len(), 0);

    let error = log(&store, 4711, json!({})).await.unwrap_err();
    assert_eq!(error.to_string(), "no experiment run found for id 4711");
    store
        .update::<ExperimentRun>(run, &from(json!({"state": "ARCHIVED"})))
        .await
        .unwrap();
    let error = log(&store, run, with(json!([]))).await.unwrap_err();
    assert_eq!(error.code(), "wrong-state");
}

async fn a_batch_can_be_sent_again(database: Database) {
    let store = database.open().await;
    let run = a_run(&store).await;
    let batch = json!({
        "metrics": [point("m", 1, 1, 1), point("m", "NaN", 1, 1), point("m", 1, 1, 1)],
        "params": [{"key": "p", "value": "1"}, {"key": "p", "value": "1"}],
        "tags": [{"key": "t", "value": "1"}, {"key": "t", "value": "2"}],
    });
    log(&store, run, batch.clone()).await.unwrap();
    let before = serde_json::to_value(store.run_data(run).await.unwrap()).unwrap();
    log(&store, run, batch).await.unwrap();
    let mut after = serde_json::to_value(store.run_data(run).await.unwrap()).unwrap();
    let time = "lastUpdateTimeSinceEpoch";
    after["run"][time] = before["run"][time].clone();
    assert_eq!(after, before);
    assert_eq!(after["run"]["customProperties"]["t"]["string_value"], "2");
    assert_eq!(columns(&store, run, "m").await.values.len(), 2);
}

async fn numbers_survive(database: Database) {
    let store = database.open().await;
    let run = a_run(&store).await;
    let values = [
        json!("NaN"),
        json!("Infinity"),
        json!("-Infinity"),
        json!(0.1),
        json!(90.28571428571429),
        json!(1.0 / 3.0),
        json!(f64::MAX),
        json!(f64::MIN_POSITIVE),
        json!(5e-324),
        json!(9007199254740993_i64),
        json!(-1),
    ];
    let points = values.iter().enumerate().map(|(number, value)| {
        let step = i64::try_from(number).unwrap();
        point(
            &format!("m{number}"),
            value.clone(),
            i64::MAX - step,
            step - 3,
        )
    });
    let points: Vec<Value> = points.collect();
    log(&store, run, json!({"metrics": points})).await.unwrap();
    for (number, given) in values.iter().enumerate() {
        let name = format!("m{number}");
        let history = columns(&store, run, &name).await;
        let (given, read): (f64, f64) = match given.as_f64() {
            Some(number) => (number, history.values[0].0),
            None => {
                assert_eq!(serde_json::to_value(history.values[0]).unwrap(), *given);
                continue;
            }
        };
        assert_eq!(read.to_bits(), given.to_bits(), "{name}");
        let (value, timestamp, step) = latest(&store, run, &name).await;
        assert_eq!(value.as_f64().unwrap().to_bits(), given.to_bits());
        let number = i64::try_from(number).unwrap();
        assert_eq!((timestamp, step), (i64::MAX - number, number - 3));
    }
}

async fn histories_are_paged(database: Database) {
    let store = database.open().await;
    let run = a_run(&store).await;
    let mut points = Vec::new();
    for number in 0..25_i64 {
        // Times that repeat, with equal steps and NaN among them.
        let value = if number % 5 == 0 {
            json!("NaN")
        } else {
            json!(number)
        };
        points.push(point("m", value, number / 4, number % 3));
        points.push(point("other", 1, number, 0));
    }
    log(&store, run, json!({"metrics": points})).await.unwrap();
    for by_step in [false, true] {
        let options = MetricColumnsOptions {
            name: "m".to_owned(),
            by_step,
            ..MetricColumnsOptions::default()
        };
        let whole = store.metric_columns(run, &options).await.unwrap();
        assert_eq!(
            (whole.steps.len(), whole.next_page_token.as_str()),
            (25, "")
        );
        let keys = whole.timestamps.iter().zip(&whole.steps);
        let keys: Vec<(i64, i64)> = keys
            .map(|(time, step)| {
                if by_step {
                    (*step, *time)
                } else {
                    (*time, *step)
                }
            })
            .collect();
        assert!(keys.is_sorted());
        for size in [1, 7, 24, 25, 26] {
            let mut paged = MetricColumns::default();
            let mut page = MetricColumnsOptions {
                page_size: Some(size),
                ..options.clone()
            };
            loop {
                let found = store.metric_columns(run, &page).await.unwrap();
                paged.steps.extend(found.steps);
                paged.timestamps.extend(found.timestamps);
                paged.values.extend(found.values);
                if found.next_page_token.is_empty() {
                    break;
                }
                page.page_token = Some(found.next_page_token);
            }
            let text = |columns: &MetricColumns| serde_json::to_value(columns).unwrap();
            assert_eq!(text(&paged), text(&whole), "{size}");
        }
    }
    for (steps, start, end, expected) in [
        (Some(vec![1]), None, None, 8),
        (Some(vec![0, 2]), None, None, 17),
        (Some(vec![]), None, None, 0),
        (Some(vec![-1]), None, None, 0),
        (None, Some(1), None, 16),
        (None, None, Some(1), 17),
        (None, Some(1), Some(1), 8),
    ] {
        let options = MetricColumnsOptions {
            name: "m".to_owned(),
            steps,
            start_step: start,
            end_step: end,
            ..MetricColumnsOptions::default()
        };
        let found = store.metric_columns(run, &options).await.unwrap();
        assert_eq!(found.steps.len(), expected);
    }
    let wrong = MetricColumnsOptions {
        name: "m".to_owned(),
        page_token: Some("x".to_owned()),
        ..MetricColumnsOptions::default()
    };
    assert!(store.metric_columns(run, &wrong).await.is_err());
}

async fn histories_are_sampled(database: Database) {
    let store = database.open().await;
    let run = a_run(&store).await;
    let points: Vec<Value> = (0..101)
        .map(|number| point("m", number, number, number))
        .collect();
    log(&store, run, json!({"metrics": points})).await.unwrap();
    for (wanted, expected) in [
        (1, vec![100]),
        (2, vec![0, 100]),
        (3, vec![0, 50, 100]),
        (5, vec![0, 25, 50, 75, 100]),
        (11, (0..=100).step_by(10).collect()),
        (101, (0..=100).collect()),
        (1000, (0..=100).collect()),
    ] {
        let options = MetricColumnsOptions {
            name: "m".to_owned(),
            max_points: Some(wanted),
            ..MetricColumnsOptions::default()
        };
        let found = store.metric_columns(run, &options).await.unwrap();
        assert_eq!(found.steps, expected);
        assert_eq!(found.next_page_token, "");
    }
}

async fn histories_of_several_runs(database: Database) {
    let store = database.open().await;
    let (first, second) = (a_run(&store).await, a_run(&store).await);
    for run in [first, second] {
        let points: Vec<Value> = (0..5)
            .map(|number| point("m", number, 10 - number, number))
            .collect();
        log(&store, run, json!({"metrics": points})).await.unwrap();
        log(&store, run, json!({"metrics": [point("n", "NaN", 3, 1)]}))
            .await
            .unwrap();
    }
    let count = |options: ListOptions| {
        let store = store.clone();
        async move { store.metric_history(&options).await.unwrap().items.len() }
    };
    let all = ListOptions::default();
    assert_eq!(count(all.clone()).await, 12);
    let of = ListOptions {
        parent: Some(first),
        ..all.clone()
    };
    assert_eq!(count(of.clone()).await, 6);
    assert_eq!(
        count(ListOptions {
            name: Some("m".to_owned()),
            ..of.clone()
        })
        .await,
        5
    );
    assert_eq!(
        count(ListOptions {
            step_ids: Some(vec![1, 4]),
            ..of.clone()
        })
        .await,
        3
    );
    for (filter, expected) in [
        ("step > 2", 2),
        ("value >= 3", 2),
        ("value = 'NaN'", 1),
        ("name = 'n'", 1),
        ("timestamp = 8 OR step = 1", 3),
        ("experimentRunId = 4711", 0),
    ] {
        let filter_query = Some(filter.to_owned());
        assert_eq!(
            count(ListOptions {
                filter_query,
                ..of.clone()
            })
            .await,
            expected,
            "{filter}"
        );
    }
    for order_by in [
        OrderByField::Id,
        OrderByField::CreateTime,
        OrderByField::LastUpdateTime,
    ] {
        for sort_order in [SortOrder::Asc, SortOrder::Desc] {
            let options = ListOptions {
                order_by,
                sort_order,
                ..all.clone()
            };
            let whole = store.metric_history(&options).await.unwrap().items;
            let mut page = ListOptions {
                page_size: Some(5),
                ..options
            };
            let mut paged = Vec::new();
            loop {
                let found = store.metric_history(&page).await.unwrap();
                paged.extend(found.items);
                if found.next_page_token.is_empty() {
                    break;
                }
                page.next_page_token = Some(found.next_page_token);
            }
            let text = |metrics: &[_]| serde_json::to_value(metrics).unwrap();
            assert_eq!(text(&paged), text(&whole));
            if order_by == OrderByField::CreateTime && sort_order == SortOrder::Asc {
                let times: Vec<Option<Int64>> = whole.iter().map(|it| it.timestamp).collect();
                assert!(times.is_sorted());
            }
        }
    }
    let missing = store
        .metric_history(&ListOptions {
            parent: Some(4711),
            ..all
        })
        .await;
    assert!(matches!(missing, Err(StoreError::NotFound { .. })));
}

async fn a_large_batch_is_fast(database: Database) {
    let store = database.open().await;
    let run = a_run(&store).await;
    let metrics: Vec<Value> = (0..20_000)
        .map(|number| point(&format!("m{}", number % 500), number, number, number))
        .collect();
    let params: Vec<Value> = (0..2_000)
        .map(|number| json!({"key": format!("p{number}"), "value": "x"}))
        .collect();
    let started = Instant::now();
    log(&store, run, json!({"metrics": metrics, "params": params}))
        .await
        .unwrap();
    // Without optimisation, on a busy machine.
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "{:?}",
        started.elapsed()
    );
    let data = store.run_data(run).await.unwrap();
    assert_eq!(
        (data.metrics.unwrap().len(), data.params.unwrap().len()),
        (500, 2_000)
    );
    assert_eq!(columns(&store, run, "m499").await.values.len(), 40);
}

async fn concurrent_batches_lose_nothing(database: Database) {
    let store = database.open().await;
    let run = a_run(&store).await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8_i64 {
        let store = store.clone();
        writers.spawn(async move {
            for number in 0..50 {
                // All write the same metrics, in another order each, and each its own parameter.
                let names = ["a", "b", "c", "d", "e"];
                let points = (0..5_i64).map(|it| {
                    let name = names[usize::try_from((it + writer) % 5).unwrap()];
                    point(name, 1, writer, number * 5 + it)
                });
                let batch = json!({
                    "metrics": points.collect::<Vec<_>>(),
                    "params": [{"key": format!("p{writer}"), "value": "x"}],
                    "tags": [{"key": "writer", "value": writer.to_string()}],
                });
                log(&store, run, batch).await.unwrap();
            }
        });
    }
    writers.join_all().await;
    let mut points = 0;
    for name in ["a", "b", "c", "d", "e"] {
        let found = columns(&store, run, name).await;
        points += found.steps.len();
        let last = found.steps.iter().zip(&found.timestamps).max().unwrap();
        let (_, timestamp, step) = latest(&store, run, name).await;
        assert_eq!((step, timestamp), (*last.0, *last.1));
    }
    assert_eq!(points, 8 * 50 * 5);
    assert_eq!(store.run_data(run).await.unwrap().params.unwrap().len(), 8);
}

async fn metrics_of_models(database: Database) {
    let store = database.open().await;
    let run = a_run(&store).await;
    let model = |name: &str| {
        let body = json!({
            "artifactType": "model-artifact", "name": name, "externalId": format!("m-{name}"),
        });
        let store = store.clone();
        async move {
            let made = store
                .upsert::<Artifact>(Some(run), &from(body))
                .await
                .unwrap();
            made.resource.id().unwrap().parse::<i64>().unwrap()
        }
    };
    let (a, b) = (model("a").await, model("b").await);
    let of = |model: &str, digest: Option<&str>| {
        let mut point = point("f1", 0.9, 1, 1);
        point["modelId"] = model.into();
        point["datasetDigest"] = digest.into();
        point
    };
    let points = json!([
        of(&a.to_string(), None),
        of("m-b", Some("d")),
        of("m-b", Some("e")),
        of("m-b", None)
    ]);
    log(&store, run, json!({"metrics": points})).await.unwrap();
    // To the run it is one point; to the models, each has its own.
    assert_eq!(columns(&store, run, "f1").await.steps.len(), 1);
    assert_eq!(store.logged_model(a).await.unwrap().metrics.len(), 1);
    let metrics = store.logged_model(b).await.unwrap().metrics;
    let digests: Vec<Option<&str>> = metrics
        .iter()
        .map(|it| it.dataset_digest.as_deref())
        .collect();
    assert_eq!(digests, [None, Some("d"), Some("e")]);
    assert_eq!(metrics[0].run_id, Some(run.to_string()));
    assert!(store.logged_model(run).await.is_err());
}

async fn a_metric_of_a_version_has_no_history(database: Database) {
    let store = database.open().await;
    let model: hitchpost_model_registry::model::RegisteredModel =
        create(&store, json!({"name": "m"})).await.unwrap();
    let version = json!({"name": "v", "registeredModelId": model.id});
    let version: hitchpost_model_registry::model::ModelVersion =
        create(&store, version).await.unwrap();
    let version: i64 = version.id.unwrap().parse().unwrap();
    for value in [3, 2] {
        let metric = json!({"artifactType": "metric", "name": "m", "value": value, "step": value});
        let put = store
            .upsert::<Artifact>(Some(version), &from(metric))
            .await
            .unwrap();
        let Artifact::Metric(metric) = put.resource else {
            panic!("another kind");
        };
        assert_eq!(metric.step, Some(Whole(value)));
    }
    let history = store.metric_history(&ListOptions::default()).await.unwrap();
    assert_eq!(history.items.len(), 0);
    // Nor does one that belongs to nothing.
    create::<ModelArtifact>(&store, json!({"name": "m"}))
        .await
        .unwrap();
}

async fn points_keep_their_own_properties(database: Database) {
    let store = database.open().await;
    let run = a_run(&store).await;
    let property = |text: &str| json!({"model": {"metadataType": "MetadataStringValue", "string_value": text}});
    for (step, properties) in [
        (2, Some(property("a"))),
        (2, Some(property("b"))),
        (2, Some(property("b"))),
        (2, None),
        (1, Some(property("c"))),
    ] {
        let mut metric = json!({
            "artifactType": "metric", "name": "f1", "value": 0.9, "timestamp": "1", "step": step,
        });
        if let Some(properties) = properties {
            metric["customProperties"] = properties;
        }
        store
            .upsert::<Artifact>(Some(run), &from(metric))
            .await
            .unwrap();
    }
    let history = store
        .metric_history(&ListOptions::default())
        .await
        .unwrap()
        .items;
    let mut found: Vec<Value> = history
        .into_iter()
        .map(|metric| serde_json::to_value(metric.custom_properties).unwrap())
        .collect();
    found.sort_by_key(Value::to_string);
    assert_eq!(
        found,
        [property("a"), property("b"), property("c"), json!({})]
    );
    // The metric shows those of the latest that has any.
    let artifacts = ListOptions {
        parent: Some(run),
        ..ListOptions::default()
    };
    let artifacts = store.list::<Artifact>(&artifacts).await.unwrap();
    let shown = serde_json::to_value(&artifacts.items[0]).unwrap();
    assert_eq!(
        (&shown["customProperties"], &shown["step"]),
        (&property("b"), &json!(2))
    );
}
