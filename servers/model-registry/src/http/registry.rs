//! The Kubeflow Model Registry REST API, `v1alpha3`.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::{
    Api, App,
    error::ApiError,
    operation::{Answer, Call, Form, Operation, Run, Shape},
    parameter::{self, Parameter},
};
use crate::model::{
    Artifact, Experiment, ExperimentRun, Find, InferenceService, InferenceServiceCreate, List,
    ListOptions, Metric, ModelArtifact, ModelVersion, RegisteredModel, Resource, ServeModel,
    ServeModelCreate, ServingEnvironment,
};

const PAGE: [Parameter; 5] = [
    Parameter::FilterQuery,
    Parameter::PageSize,
    Parameter::OrderBy,
    Parameter::SortOrder,
    Parameter::NextPageToken,
];
pub(crate) const TAG: &str = "ModelRegistryService";
const NAMED: [Parameter; 2] = [Parameter::Name, Parameter::ExternalId];

/// A kind of resource: its type, how its paths begin, its identifier in them, and whether its
/// names are unique only below another resource.
struct Words {
    name: &'static str,
    path: &'static str,
    id: &'static str,
    has_parent: bool,
}

pub(crate) fn api() -> Api {
    let mut operations = operations();
    // Upstream's document has 200 here, and its clients read nothing else.
    for operation in &mut operations {
        if operation.id == "createInferenceService" {
            operation.run = create_ok::<InferenceService>;
            operation.success = vec![(StatusCode::OK, Shape::of::<InferenceService>())];
        }
    }
    Api {
        base: "/api/model_registry/v1alpha3",
        tag: TAG,
        suffix: "",
        form: Form::Number,
        operations,
    }
}

/// All operations, as both versions have them.
pub(crate) fn operations() -> Vec<Operation> {
    let top = |name, path, id| Words {
        name,
        path,
        id,
        has_parent: false,
    };
    let below = |name, path, id| Words {
        name,
        path,
        id,
        has_parent: true,
    };
    let standard = [
        standard::<Artifact>(&below("Artifact", "artifact", "id")),
        standard::<Experiment>(&top("Experiment", "experiment", "experimentId")),
        standard::<ExperimentRun>(&below("ExperimentRun", "experiment_run", "experimentrunId")),
        standard::<InferenceService>(&below(
            "InferenceService",
            "inference_service",
            "inferenceserviceId",
        )),
        standard::<ModelArtifact>(&below("ModelArtifact", "model_artifact", "modelartifactId")),
        standard::<ModelVersion>(&below("ModelVersion", "model_version", "modelversionId")),
        standard::<RegisteredModel>(&top(
            "RegisteredModel",
            "registered_model",
            "registeredmodelId",
        )),
        standard::<ServingEnvironment>(&top(
            "ServingEnvironment",
            "serving_environment",
            "servingenvironmentId",
        )),
    ];
    let mut operations: Vec<_> = standard.into_iter().flatten().collect();
    operations.extend(metric_history());
    operations.extend(children());
    operations.extend(served());
    operations
}

/// Find, list, create, get and change.
fn standard<R>(words: &Words) -> [Operation; 5]
where
    R: Resource + ToSchema,
    R::Create: DeserializeOwned + ToSchema,
    R::Update: DeserializeOwned + ToSchema,
{
    let Words {
        name,
        path,
        id,
        has_parent,
    } = words;
    let is_artifact = *name == "Artifact";
    let find = Operation::new(Method::GET, *path, format!("find{name}"), find::<R>)
        .summary(format!("Get the `{name}` of a name or an external id"))
        .parameters(&NAMED)
        .parameters(if *has_parent {
            &[Parameter::ParentResourceId]
        } else {
            &[]
        })
        .gives(StatusCode::OK, Shape::of::<R>())
        .fails(&[StatusCode::NOT_FOUND]);
    let list = Operation::new(
        Method::GET,
        format!("{path}s"),
        format!("get{name}s"),
        list::<R>,
    )
    .summary(format!("List all `{name}` resources"))
    .parameters(&PAGE)
    .parameters(if is_artifact {
        &[Parameter::ArtifactType]
    } else {
        &[]
    })
    .gives(StatusCode::OK, page::<R>(name));
    let create = Operation::new(
        Method::POST,
        format!("{path}s"),
        format!("create{name}"),
        create::<R>,
    )
    .summary(format!("Create a `{name}`"))
    .takes(Shape::of::<R::Create>())
    .gives(StatusCode::CREATED, Shape::of::<R>())
    .fails(&[StatusCode::NOT_FOUND, StatusCode::CONFLICT]);
    let get = Operation::new(
        Method::GET,
        format!("{path}s/{{{id}}}"),
        format!("get{name}"),
        get::<R>,
    )
    .summary(format!("Get a `{name}`"))
    .gives(StatusCode::OK, Shape::of::<R>())
    .fails(&[StatusCode::NOT_FOUND]);
    let update = Operation::new(
        Method::PATCH,
        format!("{path}s/{{{id}}}"),
        format!("update{name}"),
        update::<R>,
    )
    .summary(format!("Change a `{name}`: what is absent stays as it is"))
    .takes(Shape::of::<R::Update>())
    .gives(StatusCode::OK, Shape::of::<R>())
    .fails(&[StatusCode::NOT_FOUND, StatusCode::CONFLICT]);
    [find, list, create, get, update]
}

/// The history of metrics, of one run and of all.
fn metric_history() -> [Operation; 2] {
    let history = |path, id, run| {
        Operation::new(Method::GET, path, id, run)
            .summary("List the history of metrics")
            .parameters(&[Parameter::Name, Parameter::StepIds])
            .parameters(&PAGE)
            .gives(StatusCode::OK, page::<Metric>("Metric"))
            .fails(&[StatusCode::NOT_FOUND])
    };
    [
        history(
            "experiment_runs/metric_history",
            "getExperimentRunsMetricHistory",
            all_metrics,
        ),
        history(
            "experiment_runs/{experimentrunId}/metric_history",
            "getExperimentRunMetricHistory",
            metrics_of,
        ),
    ]
}

/// What belongs to a resource.
fn children() -> Vec<Operation> {
    let artifacts_of_run = "experiment_runs/{experimentrunId}/artifacts";
    let runs = "experiments/{experimentId}/experiment_runs";
    let serves = "inference_services/{inferenceserviceId}/serves";
    let artifacts_of_version = "model_versions/{modelversionId}/artifacts";
    let versions = "registered_models/{registeredmodelId}/versions";
    let services = "serving_environments/{servingenvironmentId}/inference_services";
    let artifact = Shape::of::<Artifact>;
    let by_type = &[Parameter::ArtifactType];
    vec![
        list_of::<ExperimentRun, Artifact>(
            artifacts_of_run,
            "getExperimentRunArtifacts",
            "Artifact",
        )
        .parameters(by_type),
        make_in(
            artifacts_of_run,
            "upsertExperimentRunArtifact",
            upsert_artifact::<ExperimentRun>,
        )
        .takes(artifact())
        .gives(StatusCode::OK, artifact())
        .gives(StatusCode::CREATED, artifact()),
        list_of::<Experiment, ExperimentRun>(runs, "getExperimentExperimentRuns", "ExperimentRun"),
        make_in(
            runs,
            "createExperimentExperimentRun",
            upsert_in::<Experiment, ExperimentRun>,
        )
        .takes(Shape::of::<ExperimentRun>())
        .gives(StatusCode::CREATED, Shape::of::<ExperimentRun>()),
        list_of::<InferenceService, ServeModel>(serves, "getInferenceServiceServes", "ServeModel"),
        make_in(
            serves,
            "createInferenceServiceServe",
            create_in::<InferenceService, ServeModel>,
        )
        .takes(Shape::of::<ServeModelCreate>())
        .gives(StatusCode::CREATED, Shape::of::<ServeModel>()),
        list_of::<ModelVersion, Artifact>(
            artifacts_of_version,
            "getModelVersionArtifacts",
            "Artifact",
        )
        .parameters(by_type),
        make_in(
            artifacts_of_version,
            "upsertModelVersionArtifact",
            upsert_artifact::<ModelVersion>,
        )
        .takes(artifact())
        .gives(StatusCode::OK, artifact())
        .gives(StatusCode::CREATED, artifact()),
        list_of::<RegisteredModel, ModelVersion>(
            versions,
            "getRegisteredModelVersions",
            "ModelVersion",
        ),
        make_in(
            versions,
            "createRegisteredModelVersion",
            upsert_in::<RegisteredModel, ModelVersion>,
        )
        .takes(Shape::of::<ModelVersion>())
        .gives(StatusCode::CREATED, Shape::of::<ModelVersion>()),
        list_of::<ServingEnvironment, InferenceService>(
            services,
            "getEnvironmentInferenceServices",
            "InferenceService",
        ),
        make_in(
            services,
            "createEnvironmentInferenceService",
            create_in::<ServingEnvironment, InferenceService>,
        )
        .takes(Shape::of::<InferenceServiceCreate>())
        .gives(StatusCode::CREATED, Shape::of::<InferenceService>()),
    ]
}

fn list_of<P: Resource, R: Resource + ToSchema>(
    path: &str,
    id: &str,
    name: &'static str,
) -> Operation {
    Operation::new(Method::GET, path, id, list_in::<P, R>)
        .summary(format!(
            "List the `{name}` resources that belong to a resource"
        ))
        .parameters(&NAMED)
        .parameters(&PAGE)
        .gives(StatusCode::OK, page::<R>(name))
        .fails(&[StatusCode::NOT_FOUND])
}

fn make_in(path: &str, id: &str, run: Run) -> Operation {
    Operation::new(Method::POST, path, id, run)
        .summary("Create a resource that belongs to a resource")
        .fails(&[StatusCode::NOT_FOUND, StatusCode::CONFLICT])
}

/// What an inference service serves.
fn served() -> [Operation; 2] {
    let path = |what| format!("inference_services/{{inferenceserviceId}}/{what}");
    [
        Operation::new(
            Method::GET,
            path("model"),
            "getInferenceServiceModel",
            served_model,
        )
        .summary("Get the registered model that is served")
        .gives(StatusCode::OK, Shape::of::<RegisteredModel>())
        .fails(&[StatusCode::NOT_FOUND]),
        Operation::new(
            Method::GET,
            path("version"),
            "getInferenceServiceVersion",
            served_version,
        )
        .summary("Get the model version that is served")
        .gives(StatusCode::OK, Shape::of::<ModelVersion>())
        .fails(&[StatusCode::NOT_FOUND]),
    ]
}

fn page<R: ToSchema>(name: &str) -> Shape {
    Shape::of::<List<R>>().named(format!("{name}List"))
}

fn words<R: Resource>() -> &'static str {
    match R::KINDS {
        [kind] => kind.words(),
        _ => "artifact",
    }
}

fn find<R: Resource>(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let parent = call.query.get(Parameter::ParentResourceId.name());
        let find = Find {
            name: call.query.text(Parameter::Name.name()),
            external_id: call.query.text(Parameter::ExternalId.name()),
            parent: parent
                .map(|id| parameter::identifier(id, "parent resource"))
                .transpose()?,
        };
        call.reply(StatusCode::OK, &app.store.find::<R>(&find).await?)
    })
}

fn list<R: Resource>(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let options = ListOptions {
            // Only lists of what belongs to something take these.
            name: None,
            external_id: None,
            ..call.query.list_options()?
        };
        call.reply(StatusCode::OK, &app.store.list::<R>(&options).await?)
    })
}

fn list_in<P: Resource, R: Resource>(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let options = ListOptions {
            parent: Some(existing::<P>(&app, &call).await?),
            ..call.query.list_options()?
        };
        call.reply(StatusCode::OK, &app.store.list::<R>(&options).await?)
    })
}

fn create<R: Resource<Create: DeserializeOwned>>(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let create = call.body()?;
        call.reply(
            StatusCode::CREATED,
            &app.store.create::<R>(None, &create).await?,
        )
    })
}

/// As [`create`], where clients expect another status.
fn create_ok<R: Resource<Create: DeserializeOwned>>(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let create = call.body()?;
        call.reply(StatusCode::OK, &app.store.create::<R>(None, &create).await?)
    })
}

fn create_in<P, R>(app: Arc<App>, call: Call) -> Answer
where
    P: Resource,
    R: Resource<Create: DeserializeOwned>,
{
    Box::pin(async move {
        let create = call.body()?;
        let parent = existing::<P>(&app, &call).await?;
        call.reply(
            StatusCode::CREATED,
            &app.store.create::<R>(Some(parent), &create).await?,
        )
    })
}

/// Creates what has no identifier yet, and changes what has one: upstream answers both alike.
fn upsert_in<P: Resource, R: Resource>(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let resource = call.body()?;
        let parent = existing::<P>(&app, &call).await?;
        let written = app.store.upsert::<R>(Some(parent), &resource).await?;
        call.reply(StatusCode::CREATED, &written.resource)
    })
}

fn upsert_artifact<P: Resource>(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let artifact = call.body()?;
        let parent = existing::<P>(&app, &call).await?;
        let written = app
            .store
            .upsert::<Artifact>(Some(parent), &artifact)
            .await?;
        let status = if written.created {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        call.reply(status, &written.resource)
    })
}

fn get<R: Resource>(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let id = call.id(words::<R>())?;
        call.reply(StatusCode::OK, &app.store.get::<R>(id).await?)
    })
}

fn update<R: Resource<Update: DeserializeOwned>>(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let id = call.id(words::<R>())?;
        let update = call.body()?;
        call.reply(StatusCode::OK, &app.store.update::<R>(id, &update).await?)
    })
}

fn all_metrics(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let options = call.query.list_options()?;
        call.reply(StatusCode::OK, &app.store.metric_history(&options).await?)
    })
}

fn metrics_of(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let options = ListOptions {
            parent: Some(existing::<ExperimentRun>(&app, &call).await?),
            ..call.query.list_options()?
        };
        call.reply(StatusCode::OK, &app.store.metric_history(&options).await?)
    })
}

fn served_model(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let id = call.id(words::<InferenceService>())?;
        call.reply(StatusCode::OK, &app.store.served_model(id).await?)
    })
}

fn served_version(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let id = call.id(words::<InferenceService>())?;
        call.reply(StatusCode::OK, &app.store.served_version(id).await?)
    })
}

/// The identifier in a path, of a resource that there is.
async fn existing<P: Resource>(app: &App, call: &Call) -> Result<i64, ApiError> {
    let id = call.id(words::<P>())?;
    app.store.get::<P>(id).await?;
    Ok(id)
}
