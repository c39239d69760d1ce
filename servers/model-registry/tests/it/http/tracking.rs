//! The extension for experiment tracking over HTTP: its statuses and codes, and that it shows the
//! same as upstream's API. What it does with data, the store's tests say.

use serde_json::{Value, json};

use super::Running;

const ALPHA: &str = "/api/model_registry/v1alpha3";
const OURS: &str = "/api/hitchpost/v1";

/// The ids of an experiment and of a run of it.
fn begun(server: &Running) -> (String, String) {
    let experiment = server.post(&format!("{ALPHA}/experiments"), &json!({"name": "e"}));
    let experiment = experiment.expect(201)["id"].as_str().unwrap().to_owned();
    let runs = format!("{OURS}/experiments/{experiment}/experiment_runs?requireState=LIVE");
    let run = server.post(&runs, &json!({"experimentId": experiment}));
    let run = run.expect(201)["id"].as_str().unwrap().to_owned();
    (experiment, run)
}

#[test]
fn features_are_told() {
    let features = Running::memory()
        .get(&format!("{OURS}/features"))
        .expect(200);
    assert_eq!(features["product"], "hitchpost");
    let features = features["features"].as_array().unwrap();
    assert!(features.contains(&json!("log-batch")), "{features:?}");
}

#[test]
fn a_batch_is_what_upstreams_api_shows() {
    for server in Running::each() {
        let (_, run) = begun(&server);
        let at = |path: &str| format!("{OURS}/experiment_runs/{run}/{path}");
        let batch = json!({
            "metrics": [
                {"key": "loss", "value": 0.1, "timestamp": 10, "step": 1},
                {"key": "loss", "value": "NaN", "timestamp": 20, "step": 2},
                {"key": "val_loss", "value": "-Infinity", "timestamp": 10, "step": -1},
            ],
            "params": [{"key": "rate", "value": "0.1"}],
            "tags": [{"key": "who", "value": "ada"}],
        });
        for _ in 0..2 {
            assert_eq!(server.post(&at("log_batch"), &batch).expect(200), json!({}));
        }
        let columns = server.get(&at("metric_history?name=loss")).expect(200);
        assert_eq!(columns["values"], json!([0.1, "NaN"]));
        assert_eq!(
            (&columns["steps"], &columns["timestamps"]),
            (&json!([1, 2]), &json!([10, 20]))
        );
        let history = format!("{ALPHA}/experiment_runs/{run}/metric_history?name=loss&orderBy=ID");
        let history = server.get(&history).expect(200);
        let values: Vec<_> = history["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["value"])
            .collect();
        assert_eq!(values, [&json!(0.1), &json!("NaN")]);
        let parameters = format!("{ALPHA}/experiment_runs/{run}/artifacts?artifactType=parameter");
        assert_eq!(
            server.get(&parameters).expect(200)["items"][0]["value"],
            "0.1"
        );
        let data = server.get(&at("data")).expect(200);
        assert_eq!(
            data["run"]["customProperties"]["who"]["string_value"],
            "ada"
        );
        assert_eq!(data["metrics"].as_array().unwrap().len(), 2);
        let search = json!({"where": [{"type": "metric", "key": "val_loss", "comparator": "<", "value": 0}]});
        let found = server
            .post(&format!("{OURS}/experiment_runs/search"), &search)
            .expect(200);
        assert_eq!(found["items"], json!([data]));
    }
}

/// JSON has one kind of numbers.
#[test]
fn whole_numbers_may_have_a_fraction_of_zero() {
    let server = Running::memory();
    let (_, run) = begun(&server);
    let batch = format!("{OURS}/experiment_runs/{run}/log_batch");
    let metric = |step: Value, timestamp: Value| {
        let point = json!({"key": "loss", "value": 1, "step": step, "timestamp": timestamp});
        server.post(&batch, &json!({"metrics": [point]}))
    };
    metric(json!(-2.0), json!(10.0)).expect(200);
    metric(json!(9_007_199_254_740_993_i64), json!(i64::MIN)).expect(200);
    for no_integer in [
        json!(0.5),
        json!(9_223_372_036_854_775_808_u64),
        json!(9_223_372_036_854_775_808.0),
        // Less than fits, which JSON's readers round to what does.
        serde_json::from_str("-9223372036854775809").unwrap(),
        json!("1"),
        json!(null),
    ] {
        metric(no_integer.clone(), json!(1)).expect(400);
        metric(json!(1), no_integer).expect(400);
    }
    let history = format!("{OURS}/experiment_runs/{run}/metric_history?name=loss");
    let columns = server.get(&history).expect(200);
    assert_eq!(columns["steps"], json!([9_007_199_254_740_993_i64, -2]));
    assert_eq!(columns["timestamps"], json!([i64::MIN, 10]));

    let artifacts = format!("{ALPHA}/experiment_runs/{run}/artifacts");
    let other = json!({"artifactType": "metric", "name": "other", "value": 1, "step": 3.0});
    assert_eq!(server.post(&artifacts, &other).expect(201)["step"], 3);
    let search = format!("{OURS}/experiment_runs/search");
    server.post(&search, &json!({"pageSize": 1.0})).expect(200);
    server.post(&search, &json!({"pageSize": 1.5})).expect(400);
    server.post(&search, &json!({"pageSize": 3e9})).expect(400);
}

#[test]
fn refusals_have_codes_of_their_own() {
    for server in Running::each() {
        let (experiment, run) = begun(&server);
        let at = |path: &str| format!("{OURS}/experiment_runs/{run}/{path}");
        let rate = |value: &str| json!({"params": [{"key": "rate", "value": value}], "tags": [{"key": "t", "value": value}]});
        server.post(&at("log_batch"), &rate("0.1")).expect(200);
        let refused = server.post(&at("log_batch"), &rate("0.2"));
        let message = refused.error(409, "param-conflict");
        assert!(
            ["rate", "0.1", "0.2"]
                .iter()
                .all(|part| message.contains(part)),
            "{message}"
        );
        let conflict = json!([{"key": "rate", "oldValue": "0.1", "newValue": "0.2"}]);
        assert_eq!(refused.json()["conflicts"], conflict);
        server
            .post(
                &at("update"),
                &json!({"set": {"u": "1"}, "remove": ["nothing"]}),
            )
            .error(404, "no-property");
        let data = server.get(&at("data")).expect(200);
        let properties = data["run"]["customProperties"].as_object().unwrap().clone();
        assert_eq!(properties.keys().collect::<Vec<_>>(), ["t"]);
        assert_eq!(properties["t"]["string_value"], "0.1");
        let other = server.post(&format!("{ALPHA}/experiments"), &json!({"name": "other"}));
        let other = other.expect(201)["id"].as_str().unwrap().to_owned();
        let models = format!("{OURS}/experiments/{other}/logged_models?experimentRunId={run}");
        server
            .post(&models, &json!({"name": "m"}))
            .error(409, "belongs-elsewhere");
        let archive =
            json!({"fields": {"state": "ARCHIVED"}, "cascade": true, "requireState": "LIVE"});
        let update = format!("{OURS}/experiments/{experiment}/update");
        server.post(&update, &archive).expect(200);
        server.post(&update, &archive).error(409, "wrong-state");
        server
            .post(&at("log_batch"), &rate("0.1"))
            .error(409, "wrong-state");
        server
            .post(&at("log_inputs"), &json!({"datasets": []}))
            .error(409, "wrong-state");
        let runs = format!("{OURS}/experiments/{experiment}/experiment_runs?requireState=LIVE");
        server
            .post(&runs, &json!({"experimentId": experiment}))
            .error(409, "wrong-state");
        server
            .post(&format!("{OURS}/experiment_runs/999/log_batch"), &json!({}))
            .error(404, "Not Found");
        server.get(&at("metric_history")).error(400, "Bad Request");
        for body in [
            json!({"metrics": [["loss", 1, 1, 1]]}),
            json!({"unknown": []}),
            json!({"metrics": null}),
        ] {
            server
                .post(&at("log_batch"), &body)
                .error(400, "Bad Request");
        }
    }
}

#[test]
fn logged_models_go_by_both_ids() {
    for server in Running::each() {
        let (experiment, run) = begun(&server);
        let models = format!("{OURS}/experiments/{experiment}/logged_models?experimentRunId={run}");
        let made = |external: &str| {
            let body =
                json!({"artifactType": "model-artifact", "name": "m", "externalId": external});
            server.post(&models, &body).expect(201)
        };
        let (first, second) = (made("m-1"), made("m-2"));
        assert_eq!(
            (&first["experimentRunId"], &second["name"]),
            (&json!(run), &json!("m"))
        );
        let metric =
            json!({"metrics": [{"key": "loss", "value": 0.5, "timestamp": 1, "modelId": "m-1"}]});
        server
            .post(&format!("{OURS}/experiment_runs/{run}/log_batch"), &metric)
            .expect(200);
        for id in ["m-1", first["id"].as_str().unwrap()] {
            let data = server
                .get(&format!("{OURS}/logged_models/{id}/data"))
                .expect(200);
            assert_eq!(data["metrics"][0]["value"], 0.5, "{id}");
        }
        let edit = json!({"set": {"k": "v"}, "fields": {"state": "DELETED"}});
        let edited = server
            .post(&format!("{OURS}/logged_models/m-2/update"), &edit)
            .expect(200);
        assert_eq!(edited["state"], "DELETED");
        let live = json!({"where": [{"type": "attribute", "key": "state", "comparator": "!=", "value": "DELETED"}]});
        let found = server
            .post(&format!("{OURS}/logged_models/search"), &live)
            .expect(200);
        let names: Vec<&Value> = found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["model"]["externalId"])
            .collect();
        assert_eq!(names, [&json!("m-1")]);
        server
            .get(&format!("{OURS}/logged_models/m-3/data"))
            .error(404, "Not Found");
    }
}

#[test]
fn inputs_are_kept_once() {
    for server in Running::each() {
        let (experiment, run) = begun(&server);
        let input = |digest: &str| json!({"name": "d", "digest": digest, "sourceType": "s", "source": "u", "tags": {"mlflow.data.context": "train"}});
        let path = format!("{OURS}/experiment_runs/{run}/log_inputs");
        for _ in 0..2 {
            let inputs = json!({"datasets": [input("1"), input("2"), input("1")]});
            server.post(&path, &inputs).expect(200);
        }
        let data = server
            .get(&format!("{OURS}/experiment_runs/{run}/data"))
            .expect(200);
        assert_eq!(data["artifacts"].as_array().unwrap().len(), 2);
        let known = server
            .get(&format!(
                "{OURS}/experiment_runs/datasets?experimentIds={experiment}"
            ))
            .expect(200);
        let of = |digest: &str| json!({"experimentId": experiment, "name": "d", "digest": digest, "context": "train"});
        assert_eq!(known["items"], json!([of("1"), of("2")]));
        server
            .get(&format!("{OURS}/experiment_runs/datasets"))
            .error(400, "Bad Request");
    }
}
