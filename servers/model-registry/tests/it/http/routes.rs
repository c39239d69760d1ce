//! The API over HTTP: statuses, bodies and versions. What resources do, the store's tests say.

use serde_json::{Value, json};

use super::Running;

const ALPHA: &str = "/api/model_registry/v1alpha3";
const V1: &str = "/api/model_registry/v1";

fn made(server: &Running, path: &str, body: Value) -> String {
    let answer = server.post(path, &body);
    assert_eq!(answer.status, 201, "{path}: {}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// Every kind is created, read, found, listed and changed by its paths, in both versions.
#[test]
fn every_resource_has_its_paths() {
    let servers = [Running::each(), Running::each()].into_iter().flatten();
    for (server, base) in servers.zip([ALPHA, ALPHA, V1, V1]) {
        let at = |path: &str| format!("{base}/{path}");
        let model = made(&server, &at("registered_models"), json!({"name": "model"}));
        let version = json!({"name": "one", "registeredModelId": model});
        let version = made(&server, &at("model_versions"), version);
        let place = made(
            &server,
            &at("serving_environments"),
            json!({"name": "place"}),
        );
        let service =
            json!({"name": "service", "registeredModelId": model, "servingEnvironmentId": place});
        let created = server.post(&at("inference_services"), &service);
        assert_eq!(
            created.status,
            if base == ALPHA { 200 } else { 201 },
            "{}",
            created.text
        );
        let service = created.json()["id"].as_str().unwrap().to_owned();
        let artifact = json!({"artifactType": "doc-artifact", "name": "doc", "uri": "u"});
        let artifact = made(
            &server,
            &at(&format!("model_versions/{version}/artifacts")),
            artifact,
        );
        let files = json!({"artifactType": "model-artifact", "name": "files", "uri": "u"});
        let files = made(
            &server,
            &at(&format!("model_versions/{version}/artifacts")),
            files,
        );
        let kinds = [
            ("registered_model", &model, "model", None),
            ("model_version", &version, "one", Some(&model)),
            ("serving_environment", &place, "place", None),
            ("inference_service", &service, "service", Some(&place)),
            ("artifact", &artifact, "doc", Some(&version)),
            ("model_artifact", &files, "files", Some(&version)),
        ];
        for (path, id, name, parent) in kinds {
            let one = at(&format!("{path}s/{id}"));
            let got = server.get(&one).expect(200);
            assert_eq!(
                (got["id"].as_str(), got["name"].as_str()),
                (Some(id.as_str()), Some(name))
            );
            let below = parent
                .map(|id| format!("&parentResourceId={id}"))
                .unwrap_or_default();
            let found = server
                .get(&at(&format!("{path}?name={name}{below}")))
                .expect(200);
            assert_eq!(found, got, "{path}");
            server.get(&at(path)).error(400, "Bad Request");
            server
                .get(&at(&format!("{path}?externalId=nobody")))
                .error(404, "Not Found");
            let list = server.get(&at(&format!("{path}s"))).expect(200);
            assert!(
                list["items"].as_array().unwrap().contains(&got),
                "{path}: {list}"
            );
            assert_eq!(list["nextPageToken"], "", "{path}");
            let mut change = json!({"description": "new"});
            if let Some(kind) = got.get("artifactType") {
                change["artifactType"] = kind.clone();
            }
            let changed = server.patch(&one, &change).expect(200);
            assert_eq!(
                (&changed["description"], &changed["name"]),
                (&json!("new"), &got["name"]),
                "{path}"
            );
            server
                .patch(&one, &json!({"name": "other"}))
                .error(400, "Bad Request");
            server
                .patch(&at(&format!("{path}s/999")), &change)
                .error(404, "Not Found");
        }
        assert_eq!(
            server
                .get(&at(&format!("inference_services/{service}/model")))
                .expect(200)["id"],
            model.as_str()
        );
        assert_eq!(
            server
                .get(&at(&format!("inference_services/{service}/version")))
                .expect(200)["id"],
            version.as_str()
        );
        let serves = at(&format!("inference_services/{service}/serves"));
        let serve = made(&server, &serves, json!({"modelVersionId": version}));
        assert_eq!(
            server.get(&serves).expect(200)["items"][0]["id"],
            serve.as_str()
        );
        let again = server.post(&at("registered_models"), &json!({"name": "model"}));
        assert_eq!(
            again.error(409, "Conflict"),
            "registered model with name model already exists"
        );
    }
}

#[test]
fn lists_of_what_belongs_to_nothing_are_not_found() {
    for server in Running::each() {
        let model = made(
            &server,
            &format!("{ALPHA}/registered_models"),
            json!({"name": "model"}),
        );
        for path in [
            "experiments/9/experiment_runs",
            "experiment_runs/9/artifacts",
            "experiment_runs/9/metric_history",
            "model_versions/9/artifacts",
            "registered_models/9/versions",
            "serving_environments/9/inference_services",
            "inference_services/9/serves",
            "inference_services/9/model",
            "inference_services/9/version",
        ] {
            server
                .get(&format!("{ALPHA}/{path}"))
                .error(404, "Not Found");
        }
        // An identifier of another kind is none.
        server
            .get(&format!("{ALPHA}/experiments/{model}"))
            .error(404, "Not Found");
        server
            .get(&format!("{ALPHA}/experiments/{model}/experiment_runs"))
            .error(404, "Not Found");
    }
}

#[test]
fn an_artifact_is_made_with_201_and_changed_with_200() {
    for server in Running::each() {
        let experiment = made(
            &server,
            &format!("{ALPHA}/experiments"),
            json!({"name": "e"}),
        );
        let runs = format!("{ALPHA}/experiments/{experiment}/experiment_runs");
        let run = made(
            &server,
            &runs,
            json!({"experimentId": experiment, "name": "r"}),
        );
        let artifacts = format!("{ALPHA}/experiment_runs/{run}/artifacts");
        let bodies = [
            json!({"artifactType": "model-artifact", "name": "m", "uri": "u"}),
            json!({"artifactType": "doc-artifact", "name": "d", "uri": "u"}),
            json!({"artifactType": "dataset-artifact", "name": "s", "digest": "1"}),
            json!({"artifactType": "metric", "name": "loss", "value": 0.5, "step": 1, "timestamp": "1"}),
            json!({"artifactType": "parameter", "name": "rate", "value": "0.1"}),
        ];
        for mut body in bodies {
            let created = server.post(&artifacts, &body).expect(201);
            assert_eq!(created["experimentRunId"], run.as_str(), "{created}");
            body["id"] = created["id"].clone();
            body["description"] = json!("again");
            assert_eq!(
                server.post(&artifacts, &body).expect(200)["description"],
                "again"
            );
        }
        let metrics = server
            .get(&format!("{artifacts}?artifactType=metric"))
            .expect(200);
        assert_eq!(
            (&metrics["size"], &metrics["items"][0]["step"]),
            (&json!(1), &json!(1))
        );
        // The same artifact, as `v1` gives and takes it.
        let metric = format!(
            "{V1}/artifacts/{}",
            metrics["items"][0]["id"].as_str().unwrap()
        );
        assert_eq!(server.get(&metric).expect(200)["step"], "1");
        let change = json!({"artifactType": "metric", "step": "-2"});
        assert_eq!(server.patch(&metric, &change).expect(200)["step"], "-2");
        server
            .patch(&metric, &json!({"artifactType": "metric", "step": 3}))
            .error(400, "Bad Request");
        let metrics = server
            .get(&format!("{V1}/artifacts?artifactType=metric"))
            .expect(200);
        assert_eq!(metrics["items"][0]["step"], "-2");
        server
            .get(&format!("{V1}/experiments"))
            .error(404, "Not Found");
    }
}

#[test]
fn pages_follow_each_other() {
    for server in Running::each() {
        for number in 0..5 {
            made(
                &server,
                &format!("{ALPHA}/registered_models"),
                json!({"name": format!("m{number}")}),
            );
        }
        let mut names = Vec::new();
        let mut token = String::new();
        loop {
            let path = format!(
                "{ALPHA}/registered_models?pageSize=2&orderBy=ID&sortOrder=DESC&nextPageToken={token}"
            );
            let page = server.get(&path).expect(200);
            assert_eq!(page["pageSize"], 2);
            names.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|one| one["name"].as_str().unwrap().to_owned()),
            );
            token = page["nextPageToken"].as_str().unwrap().to_owned();
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(names, ["m4", "m3", "m2", "m1", "m0"]);
    }
}
