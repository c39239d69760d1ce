//! Making, reading, changing, finding and listing resources of every kind.

use hitchpost_model_registry::{
    Store, StoreError,
    model::{
        Artifact, ArtifactType, DataSet, Double, Experiment, ExperimentRun, Find, InferenceService,
        Int64, ListOptions, Metric, ModelArtifact, ModelVersion, OrderByField, Parameter,
        RegisteredModel, Resource, ServeModel, ServingEnvironment, SortOrder, Whole,
    },
};
use serde_json::{Value, json};

use crate::database::{Database, on_backends, on_every_backend};

on_every_backend! {
    every_kind_is_read_as_it_was_made
    defaults_are_those_of_the_interface
    properties_of_every_kind_survive
    a_change_leaves_alone_what_it_does_not_name
    names_and_external_ids_are_unique
    what_a_resource_names_has_to_exist
    resources_are_found_by_name_or_external_id
    pages_hold_when_resources_are_added
    lists_are_ordered
    artifacts_belong_to_versions_and_runs
    an_inference_service_serves_the_newest_version
    bounds_hold
    concurrent_writers_lose_nothing
}

/// Makes a resource from JSON.
pub(crate) async fn create<R: Resource>(store: &Store, body: Value) -> Result<R, StoreError>
where
    R::Create: serde::de::DeserializeOwned,
{
    store.create::<R>(None, &from(body)).await
}

pub(crate) fn from<T: serde::de::DeserializeOwned>(body: Value) -> T {
    serde_json::from_value(body).unwrap()
}

pub(crate) fn id_of<R: Resource>(resource: &R) -> i64 {
    let id = serde_json::to_value(resource).unwrap()["id"].clone();
    id.as_str().unwrap().parse().unwrap()
}

pub(crate) async fn a_run(store: &Store) -> i64 {
    let experiment: Experiment = match create(store, json!({"name": "an experiment"})).await {
        Ok(experiment) => experiment,
        Err(_) => {
            let find = Find {
                name: Some("an experiment".to_owned()),
                ..Find::default()
            };
            store.find(&find).await.unwrap()
        }
    };
    let body = json!({"experimentId": experiment.id, "name": "a run"});
    id_of(&create::<ExperimentRun>(store, body).await.unwrap())
}

/// Checks that what is read is what was given and what the server sets.
async fn round_trip<R: Resource>(store: &Store, parent: Option<i64>, body: Value) -> i64
where
    R::Create: serde::de::DeserializeOwned,
{
    let made: R = store
        .create::<R>(parent, &from(body.clone()))
        .await
        .unwrap();
    let id = id_of(&made);
    let read: R = store.get(id).await.unwrap();
    let read = serde_json::to_value(&read).unwrap();
    assert_eq!(read, serde_json::to_value(&made).unwrap());
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(read[name], *value, "{name}");
    }
    let created: i64 = read["createTimeSinceEpoch"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(created > 1_700_000_000_000);
    assert_eq!(
        read["createTimeSinceEpoch"],
        read["lastUpdateTimeSinceEpoch"]
    );
    id
}

async fn every_kind_is_read_as_it_was_made(database: Database) {
    let store = database.open().await;
    let common = |mut body: Value| {
        body["description"] = "what it is".into();
        body["externalId"] = format!("its id {body}").into();
        body["customProperties"] =
            json!({"a": {"metadataType": "MetadataStringValue", "string_value": "b"}});
        body
    };
    let model = common(json!({
        "name": "a model", "owner": "ada", "state": "ARCHIVED", "readme": "# A model",
        "maturity": "old", "language": ["en", "de"], "tasks": ["t"], "provider": "p",
        "logo": "data:,", "license": "MIT", "licenseLink": "https://example.org", "libraryName": "l",
    }));
    let model = round_trip::<RegisteredModel>(&store, None, model)
        .await
        .to_string();
    let version = common(json!({
        "name": "a version", "registeredModelId": model, "author": "ada", "state": "LIVE",
    }));
    let version = round_trip::<ModelVersion>(&store, None, version)
        .await
        .to_string();
    let environment = common(json!({"name": "an environment"}));
    let environment = round_trip::<ServingEnvironment>(&store, None, environment).await;
    let service = common(json!({
        "name": "a service", "registeredModelId": model, "modelVersionId": version,
        "servingEnvironmentId": environment.to_string(), "runtime": "r",
        "desiredState": "UNDEPLOYED",
    }));
    let service = round_trip::<InferenceService>(&store, None, service).await;
    let serve = common(json!({
        "name": "a serve", "modelVersionId": version, "lastKnownState": "CANCELED",
    }));
    round_trip::<ServeModel>(&store, Some(service), serve).await;
    let experiment = common(json!({"name": "an experiment", "owner": "ada", "state": "LIVE"}));
    let experiment = round_trip::<Experiment>(&store, None, experiment)
        .await
        .to_string();
    let run = common(json!({
        "name": "a run", "experimentId": experiment, "startTimeSinceEpoch": "-5",
        "endTimeSinceEpoch": "9223372036854775807", "status": "KILLED", "state": "LIVE",
        "owner": "ada",
    }));
    round_trip::<ExperimentRun>(&store, None, run).await;
    for artifact in [
        json!({
            "artifactType": "model-artifact", "name": "ma", "uri": "s3://a", "state": "REFERENCE",
            "modelFormatName": "onnx", "modelFormatVersion": "1", "storageKey": "k",
            "storagePath": "p", "serviceAccountName": "s", "modelSourceKind": "k",
            "modelSourceClass": "c", "modelSourceGroup": "g", "modelSourceId": "i",
            "modelSourceName": "n",
        }),
        json!({"artifactType": "doc-artifact", "name": "d", "uri": "s3://d", "state": "PENDING"}),
        json!({
            "artifactType": "dataset-artifact", "name": "ds", "uri": "u", "digest": "d",
            "sourceType": "s3", "source": "s", "schema": "{}", "profile": "[]",
            "state": "MARKED_FOR_DELETION",
        }),
        json!({
            "artifactType": "metric", "name": "m", "value": 0.1, "timestamp": "123", "step": -7,
            "state": "DELETED",
        }),
        json!({
            "artifactType": "parameter", "name": "p", "value": "", "parameterType": "object",
            "state": "ABANDONED",
        }),
    ] {
        round_trip::<Artifact>(&store, None, common(artifact)).await;
    }
}

async fn defaults_are_those_of_the_interface(database: Database) {
    let store = database.open().await;
    let model: RegisteredModel = create(&store, json!({"name": "m"})).await.unwrap();
    let read = serde_json::to_value(&model).unwrap();
    assert_eq!(read["state"], "LIVE");
    assert_eq!(read["customProperties"], json!({}));
    assert!(read.get("owner").is_none());
    let run: ExperimentRun = store.get(a_run(&store).await).await.unwrap();
    let read = serde_json::to_value(&run).unwrap();
    assert_eq!(read["status"], "RUNNING");
    assert_eq!(read["state"], "LIVE");
    assert!(read.get("endTimeSinceEpoch").is_none());
    let artifact: ModelArtifact = create(&store, json!({})).await.unwrap();
    let read = serde_json::to_value(&artifact).unwrap();
    assert_eq!(read["state"], "UNKNOWN");
    assert_eq!(read["artifactType"], "model-artifact");
    // A name of its own, so that it can be told from others.
    assert_eq!(read["name"].as_str().unwrap().len(), 36);
    let parameter: Parameter = create(&store, json!({"name": "p", "value": "1"}))
        .await
        .unwrap();
    let read = serde_json::to_value(&parameter).unwrap();
    assert_eq!(read["parameterType"], "string");
    let metric: Metric = create(&store, json!({"name": "m", "value": 1}))
        .await
        .unwrap();
    assert_eq!(metric.step, Some(Whole(0)));
    assert!(metric.timestamp.unwrap().0 > 1_700_000_000_000);
}

async fn properties_of_every_kind_survive(database: Database) {
    let store = database.open().await;
    let properties = json!({
        "int": {"metadataType": "MetadataIntValue", "int_value": "-9223372036854775808"},
        "double": {"metadataType": "MetadataDoubleValue", "double_value": 0.1},
        "tiny": {"metadataType": "MetadataDoubleValue", "double_value": 5e-324},
        "third": {"metadataType": "MetadataDoubleValue", "double_value": 1.0 / 3.0},
        "nan": {"metadataType": "MetadataDoubleValue", "double_value": "NaN"},
        "inf": {"metadataType": "MetadataDoubleValue", "double_value": "-Infinity"},
        "string": {"metadataType": "MetadataStringValue", "string_value": "ü\u{1F600}'\"\\"},
        "empty": {"metadataType": "MetadataStringValue", "string_value": ""},
        "struct": {"metadataType": "MetadataStructValue", "struct_value": "e30="},
        "proto": {"metadataType": "MetadataProtoValue", "type": "t", "proto_value": "AA=="},
        "yes": {"metadataType": "MetadataBoolValue", "bool_value": true},
        "no": {"metadataType": "MetadataBoolValue", "bool_value": false},
    });
    let body = json!({"name": "e", "customProperties": properties});
    let experiment: Experiment = create(&store, body).await.unwrap();
    let read: Experiment = store.get(id_of(&experiment)).await.unwrap();
    let read = serde_json::to_value(&read).unwrap();
    assert_eq!(read["customProperties"], properties);
}

async fn a_change_leaves_alone_what_it_does_not_name(database: Database) {
    let store = database.open().await;
    let run = a_run(&store).await;
    let change = |body: Value| {
        let store = store.clone();
        async move { store.update::<ExperimentRun>(run, &from(body)).await }
    };
    let all = json!({
        "status": "FINISHED", "state": "ARCHIVED", "owner": "ada", "description": "d",
        "externalId": "x", "endTimeSinceEpoch": "77",
        "customProperties": {"a": {"metadataType": "MetadataIntValue", "int_value": "1"}},
    });
    let before = change(all).await.unwrap();
    let after = change(json!({})).await.unwrap();
    let plain = |run: &ExperimentRun| {
        let mut value = serde_json::to_value(run).unwrap();
        value["lastUpdateTimeSinceEpoch"] = Value::Null;
        value
    };
    assert_eq!(plain(&after), plain(&before));
    assert!(after.last_update_time_since_epoch >= before.last_update_time_since_epoch);
    // Null takes a value away; a status always has one.
    let nulls = json!({"owner": null, "description": null, "externalId": null, "status": null});
    let after = change(nulls).await.unwrap();
    let read = serde_json::to_value(&after).unwrap();
    assert!(read.get("owner").is_none() && read.get("description").is_none());
    assert!(read.get("externalId").is_none());
    assert_eq!(
        (&read["status"], &read["state"]),
        (&"FINISHED".into(), &"ARCHIVED".into())
    );
    assert_eq!(read["name"], "a run");
    assert_eq!(read["customProperties"]["a"]["int_value"], "1");
    let other = json!({
        "customProperties": {"b": {"metadataType": "MetadataBoolValue", "bool_value": true}},
    });
    let read = serde_json::to_value(change(other).await.unwrap()).unwrap();
    assert_eq!(read["customProperties"].as_object().unwrap().len(), 1);
    assert!(
        read["customProperties"]["b"]["bool_value"]
            .as_bool()
            .unwrap()
    );

    let body = json!({"endTimeSinceEpoch": "5", "status": "RUNNING"});
    let mut started: ExperimentRun = store.get(run).await.unwrap();
    started.start_time_since_epoch = Some(Int64(100));
    // The start is set once.
    store.upsert(None, &started).await.unwrap();
    assert!(change(body).await.is_ok());
    let error = store
        .update::<ExperimentRun>(run + 1000, &from(json!({})))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("no experiment run found for id {}", run + 1000)
    );
    // Another kind's id is none.
    assert!(matches!(
        store.get::<Experiment>(run).await,
        Err(StoreError::NotFound { .. })
    ));
}

async fn names_and_external_ids_are_unique(database: Database) {
    let store = database.open().await;
    let exists = |result: Result<(), StoreError>| {
        let error = result.unwrap_err();
        assert!(matches!(error, StoreError::Exists { .. }), "{error}");
        error.to_string()
    };
    let model = json!({"name": "m", "externalId": "x"});
    let made: RegisteredModel = create(&store, model.clone()).await.unwrap();
    let again = create::<RegisteredModel>(&store, json!({"name": "m"})).await;
    assert_eq!(
        exists(again.map(drop)),
        "registered model with name m already exists"
    );
    // Ids of clients' systems are unique among models, versions and what else is no artifact.
    let taken = create::<Experiment>(&store, json!({"name": "m", "externalId": "x"})).await;
    assert_eq!(
        exists(taken.map(drop)),
        "a resource with the externalId x already exists"
    );
    create::<Experiment>(&store, json!({"name": "m"}))
        .await
        .unwrap();
    create::<ModelArtifact>(&store, json!({"name": "m", "externalId": "x"}))
        .await
        .unwrap();
    // Artifacts that belong to nothing may share a name.
    create::<ModelArtifact>(&store, json!({"name": "m"}))
        .await
        .unwrap();
    let version = |model: &RegisteredModel| json!({"name": "v", "registeredModelId": model.id});
    create::<ModelVersion>(&store, version(&made))
        .await
        .unwrap();
    exists(
        create::<ModelVersion>(&store, version(&made))
            .await
            .map(drop),
    );
    let other: RegisteredModel = create(&store, json!({"name": "other"})).await.unwrap();
    create::<ModelVersion>(&store, version(&other))
        .await
        .unwrap();
    let change = from(json!({"externalId": "x"}));
    let changed = store
        .update::<RegisteredModel>(id_of(&other), &change)
        .await;
    exists(changed.map(drop));
    // Runs may share a name.
    assert_ne!(a_run(&store).await, a_run(&store).await);
}

async fn what_a_resource_names_has_to_exist(database: Database) {
    let store = database.open().await;
    let run = a_run(&store).await.to_string();
    let missing = |result: Result<(), StoreError>, message: &str| {
        let error = result.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
        assert_eq!(error.to_string(), message);
    };
    let version = json!({"name": "v", "registeredModelId": "4711"});
    let made = create::<ModelVersion>(&store, version).await;
    missing(made.map(drop), "no registered model found for id 4711");
    // A run is no experiment.
    let made = create::<ExperimentRun>(&store, json!({"experimentId": run})).await;
    missing(made.map(drop), &format!("no experiment found for id {run}"));
    let environment: ServingEnvironment = create(&store, json!({"name": "e"})).await.unwrap();
    let service = json!({
        "registeredModelId": "4711", "servingEnvironmentId": environment.id,
    });
    let made = create::<InferenceService>(&store, service).await;
    missing(made.map(drop), "no registered model found for id 4711");
    for id in ["", "0", "-1", "x", "1 OR 1=1", "99999999999999999999"] {
        let body = json!({"experimentId": id});
        let error = create::<ExperimentRun>(&store, body).await.unwrap_err();
        assert!(matches!(error, StoreError::Invalid { .. }), "{id}: {error}");
    }
    let body = json!({"modelVersionId": "1"});
    let error = create::<ServeModel>(&store, body).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "a serve model belongs to a inference service, and none is named"
    );
}

async fn resources_are_found_by_name_or_external_id(database: Database) {
    let store = database.open().await;
    let find = |name: Option<&str>, external_id: Option<&str>, parent: Option<i64>| Find {
        name: name.map(str::to_owned),
        external_id: external_id.map(str::to_owned),
        parent,
    };
    let body = json!({"name": "50%_off", "externalId": "x"});
    let model: RegisteredModel = create(&store, body).await.unwrap();
    create::<RegisteredModel>(&store, json!({"name": "50 off"}))
        .await
        .unwrap();
    for by in [
        find(Some("50%_off"), None, None),
        find(None, Some("x"), None),
        find(Some("50%_off"), Some("x"), None),
    ] {
        let found: RegisteredModel = store.find(&by).await.unwrap();
        assert_eq!(found, model);
    }
    for by in [
        find(Some("%"), None, None),
        find(None, Some("y"), None),
        find(Some("50 off"), Some("x"), None),
    ] {
        let error = store.find::<RegisteredModel>(&by).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
    }
    let error = store.find::<RegisteredModel>(&find(None, None, None)).await;
    assert!(matches!(error, Err(StoreError::Invalid { .. })));
    let error = store
        .find::<ModelVersion>(&find(Some("v"), None, None))
        .await;
    assert!(matches!(error, Err(StoreError::Invalid { .. })));

    let run = a_run(&store).await;
    let of: ExperimentRun = store.get(run).await.unwrap();
    let experiment: i64 = of.experiment_id.parse().unwrap();
    let by = find(Some("a run"), None, Some(experiment));
    assert_eq!(store.find::<ExperimentRun>(&by).await.unwrap(), of);
    a_run(&store).await;
    let error = store.find::<ExperimentRun>(&by).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("multiple experiment run found"),
        "{error}"
    );
}

/// The names of all pages of a list, with a page's length.
async fn names(store: &Store, mut options: ListOptions) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        let page = store.list::<Experiment>(&options).await.unwrap();
        assert_eq!(page.size as usize, page.items.len());
        names.extend(page.items.into_iter().map(|experiment| experiment.name));
        if page.next_page_token.is_empty() {
            return names;
        }
        assert_eq!(page.size, page.page_size);
        options.next_page_token = Some(page.next_page_token);
    }
}

async fn pages_hold_when_resources_are_added(database: Database) {
    let store = database.open().await;
    for number in 0..10 {
        create::<Experiment>(&store, json!({"name": format!("{number}")}))
            .await
            .unwrap();
    }
    let numbers = |range: std::ops::Range<i32>| range.map(|it| it.to_string()).collect::<Vec<_>>();
    for order_by in [
        OrderByField::Id,
        OrderByField::CreateTime,
        OrderByField::LastUpdateTime,
    ] {
        for size in [1, 3, 9, 10, 11] {
            let options = ListOptions {
                page_size: Some(size),
                order_by,
                ..ListOptions::default()
            };
            assert_eq!(names(&store, options.clone()).await, numbers(0..10));
            let descending = ListOptions {
                sort_order: SortOrder::Desc,
                ..options
            };
            let mut expected = numbers(0..10);
            expected.reverse();
            assert_eq!(names(&store, descending).await, expected);
        }
    }
    // What is added between two pages appears at the end, and nothing twice.
    let first = ListOptions {
        page_size: Some(4),
        ..ListOptions::default()
    };
    let page = store.list::<Experiment>(&first).await.unwrap();
    for number in 10..13 {
        create::<Experiment>(&store, json!({"name": format!("{number}")}))
            .await
            .unwrap();
    }
    let rest = ListOptions {
        next_page_token: Some(page.next_page_token.clone()),
        ..first.clone()
    };
    assert_eq!(names(&store, rest.clone()).await, numbers(4..13));
    // A token is for its order, and nothing else is a token.
    for token in [
        page.next_page_token.as_str(),
        "x",
        "1' OR '1'='1",
        "W10",
        "eyJhIjoxfQ",
    ] {
        let wrong = ListOptions {
            next_page_token: Some(token.to_owned()),
            sort_order: SortOrder::Desc,
            ..first.clone()
        };
        let error = store.list::<Experiment>(&wrong).await.unwrap_err();
        assert!(
            matches!(error, StoreError::Invalid { .. }),
            "{token}: {error}"
        );
    }
    let negative = ListOptions {
        page_size: Some(-1),
        ..ListOptions::default()
    };
    assert!(store.list::<Experiment>(&negative).await.is_err());
    let all = store
        .list::<Experiment>(&ListOptions::default())
        .await
        .unwrap();
    assert_eq!((all.size, all.page_size), (13, 10_000));
}

async fn lists_are_ordered(database: Database) {
    let store = database.open().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(id_of(
            &create::<Experiment>(&store, json!({"name": name}))
                .await
                .unwrap(),
        ));
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    store
        .update::<Experiment>(ids[0], &from(json!({"owner": "ada"})))
        .await
        .unwrap();
    let by = |order_by, sort_order| {
        names(
            &store,
            ListOptions {
                order_by,
                sort_order,
                page_size: Some(2),
                ..ListOptions::default()
            },
        )
    };
    assert_eq!(by(OrderByField::Id, SortOrder::Asc).await, ["a", "b", "c"]);
    assert_eq!(
        by(OrderByField::CreateTime, SortOrder::Desc).await,
        ["c", "b", "a"]
    );
    assert_eq!(
        by(OrderByField::LastUpdateTime, SortOrder::Asc).await,
        ["b", "c", "a"]
    );
    assert_eq!(
        by(OrderByField::LastUpdateTime, SortOrder::Desc).await,
        ["a", "c", "b"]
    );
}

async fn artifacts_belong_to_versions_and_runs(database: Database) {
    let store = database.open().await;
    let model: RegisteredModel = create(&store, json!({"name": "m"})).await.unwrap();
    let version = json!({"name": "v", "registeredModelId": model.id});
    let version = id_of(&create::<ModelVersion>(&store, version).await.unwrap());
    let run = a_run(&store).await;
    let put = |parent: i64, body: Value| {
        let store = store.clone();
        async move { store.upsert::<Artifact>(Some(parent), &from(body)).await }
    };
    for parent in [version, run] {
        for body in [
            json!({"artifactType": "model-artifact", "name": "same", "uri": "a"}),
            json!({"artifactType": "dataset-artifact", "name": "same", "digest": "a"}),
            json!({"artifactType": "metric", "name": "same", "value": 1.5}),
            json!({"artifactType": "parameter", "name": "same", "value": "a"}),
        ] {
            assert!(put(parent, body).await.unwrap().created);
        }
    }
    // A metric or a parameter of the name is changed; a model of the name is refused.
    let changed = json!({"artifactType": "parameter", "name": "same", "value": "b"});
    assert!(!put(run, changed).await.unwrap().created);
    let taken = json!({"artifactType": "model-artifact", "name": "same"});
    assert!(matches!(
        put(run, taken).await,
        Err(StoreError::Exists { .. })
    ));

    let all = |parent| ListOptions {
        parent: Some(parent),
        ..ListOptions::default()
    };
    let of_run = store.list::<Artifact>(&all(run)).await.unwrap();
    assert_eq!(of_run.items.len(), 4);
    let experiment = store.get::<ExperimentRun>(run).await.unwrap().experiment_id;
    for artifact in &of_run.items {
        let read = serde_json::to_value(artifact).unwrap();
        assert_eq!(read["experimentRunId"], run.to_string());
        assert_eq!(read["experimentId"], experiment);
        assert_eq!(read["customProperties"], json!({}));
    }
    let of_version = store.list::<Artifact>(&all(version)).await.unwrap();
    let read = serde_json::to_value(&of_version.items[0]).unwrap();
    assert!(read.get("experimentId").is_none() && read.get("experimentRunId").is_none());
    let parameters = ListOptions {
        artifact_type: Some(ArtifactType::Parameter),
        ..all(run)
    };
    let parameters = store.list::<Artifact>(&parameters).await.unwrap();
    let [Artifact::Parameter(parameter)] = parameters.items.as_slice() else {
        panic!("{parameters:?}");
    };
    assert_eq!(parameter.value.as_deref(), Some("b"));
    assert_eq!(store.list::<DataSet>(&all(run)).await.unwrap().size, 1);
    assert!(matches!(
        store.list::<Artifact>(&all(4711)).await,
        Err(StoreError::NotFound { .. })
    ));

    // With an id it is changed, and one that belongs to nothing is taken in.
    let free: DataSet = create(&store, json!({"name": "free", "digest": "a"}))
        .await
        .unwrap();
    let body = json!({"artifactType": "dataset-artifact", "id": free.id, "source": "s"});
    let put_in = put(run, body.clone()).await.unwrap();
    assert!(!put_in.created);
    let Artifact::DataSet(data) = put_in.resource else {
        panic!("another kind");
    };
    assert_eq!(data.experiment_run_id, Some(run.to_string()));
    assert_eq!(
        (data.name.as_deref(), data.digest.as_deref()),
        (Some("free"), Some("a"))
    );
    assert_eq!(data.source.as_deref(), Some("s"));
    assert!(matches!(
        put(version, body).await,
        Err(StoreError::Elsewhere { .. })
    ));
    let body = json!({"artifactType": "doc-artifact", "id": free.id});
    let error = put(run, body).await.unwrap_err();
    assert!(error.to_string().starts_with("mismatched types"), "{error}");
}

async fn an_inference_service_serves_the_newest_version(database: Database) {
    let store = database.open().await;
    let model: RegisteredModel = create(&store, json!({"name": "m"})).await.unwrap();
    let environment: ServingEnvironment = create(&store, json!({"name": "e"})).await.unwrap();
    let body = json!({"registeredModelId": model.id, "servingEnvironmentId": environment.id});
    let service = id_of(&create::<InferenceService>(&store, body).await.unwrap());
    assert_eq!(store.served_model(service).await.unwrap(), model);
    let none = store.served_version(service).await;
    assert!(matches!(none, Err(StoreError::NotFound { .. })));
    let mut versions = Vec::new();
    for name in ["1", "2"] {
        let body = json!({"name": name, "registeredModelId": model.id});
        versions.push(create::<ModelVersion>(&store, body).await.unwrap());
    }
    assert_eq!(store.served_version(service).await.unwrap(), versions[1]);
    let change = json!({"modelVersionId": versions[0].id});
    store
        .update::<InferenceService>(service, &from(change))
        .await
        .unwrap();
    assert_eq!(store.served_version(service).await.unwrap(), versions[0]);
    assert!(store.served_version(4711).await.is_err());
}

async fn bounds_hold(database: Database) {
    let store = database.open().await;
    let long = "ü".repeat(513);
    let fits = "ü".repeat(512);
    let text = |value: &str| json!({"metadataType": "MetadataStringValue", "string_value": value});
    for body in [
        json!({"name": ""}),
        json!({"name": long}),
        json!({"name": "a", "externalId": long}),
        json!({"name": "a", "externalId": ""}),
        json!({"name": "a\0"}),
        json!({"name": "a", "description": "\0"}),
        json!({"name": "a", "owner": "\0"}),
        json!({"name": "a", "customProperties": {"": text("")}}),
        json!({"name": "a", "customProperties": {long.clone(): text("")}}),
        json!({"name": "a", "customProperties": {"a": text("\0")}}),
        json!({"name": "a", "description": "x".repeat((16 << 20) + 1)}),
    ] {
        let error = create::<Experiment>(&store, body).await.unwrap_err();
        assert!(matches!(error, StoreError::Invalid { .. }), "{error}");
    }
    let body = json!({
        "name": fits, "externalId": fits, "customProperties": {fits.clone(): text(&fits)},
        "description": "x".repeat(1 << 20),
    });
    create::<Experiment>(&store, body).await.unwrap();
    let error = create::<Metric>(&store, json!({"name": "m"}))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "`value` of the metric is missing");
    for value in [json!("NaN"), json!("Infinity"), json!(1e308), json!(-0.0)] {
        let metric: Metric = create(&store, json!({"value": value})).await.unwrap();
        let given: Double = from(value);
        let read = metric.value.unwrap().0;
        assert!(read == given.0 || read.is_nan() && given.0.is_nan());
    }
}

async fn concurrent_writers_lose_nothing(database: Database) {
    let store = database.open().await;
    let experiment: Experiment = create(&store, json!({"name": "e"})).await.unwrap();
    let experiment = experiment.id.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..16 {
        let store = store.clone();
        let experiment = experiment.clone();
        writers.spawn(async move {
            let mut refused = 0;
            for number in 0..25 {
                let run = json!({"experimentId": experiment, "name": "same"});
                create::<ExperimentRun>(&store, run).await.unwrap();
                // Each name can be taken once, by whoever comes first.
                let model = json!({"name": format!("model {number}")});
                match create::<RegisteredModel>(&store, model).await {
                    Ok(_) => {}
                    Err(StoreError::Exists { .. }) => refused += 1,
                    Err(error) => panic!("{writer}: {error}"),
                }
            }
            refused
        });
    }
    let refused: i32 = writers.join_all().await.into_iter().sum();
    assert_eq!(refused, 16 * 25 - 25);
    let runs = store
        .list::<ExperimentRun>(&ListOptions::default())
        .await
        .unwrap();
    assert_eq!(runs.items.len(), 16 * 25);
    let models = store
        .list::<RegisteredModel>(&ListOptions::default())
        .await
        .unwrap();
    assert_eq!(models.items.len(), 25);
}
