//! The extension for experiment tracking: what a tracking client asks for, in one request each.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::{
    Api, App,
    error::ApiError,
    operation::{Answer, Call, Form, Operation, Shape},
    parameter::{self, Parameter},
};
use crate::{
    model::{
        DatasetSummaries, Edit, Experiment, ExperimentRun, ExperimentRunCreate, LogBatch,
        LogInputs, LoggedModel, MetricColumns, MetricColumnsOptions, ModelArtifact,
        ModelArtifactCreate, ModelArtifactUpdate, ModelVersion, RegisteredModel, Resource, RunData,
        Search, State,
    },
    store::Found,
};

const COLUMNS: [Parameter; 8] = [
    Parameter::MetricName,
    Parameter::StepIds,
    Parameter::StartStep,
    Parameter::EndStep,
    Parameter::MaxPoints,
    Parameter::PointOrder,
    Parameter::Points,
    Parameter::PageToken,
];
const FEATURES: [&str; 9] = [
    "edit",
    "log-inputs",
    "create-logged-models",
    "search-experiments",
    "log-batch",
    "search-runs",
    "runs-with-data",
    "metric-history",
    "search-logged-models",
];

/// What the server can do beyond upstream's API.
#[derive(Debug, Serialize, ToSchema)]
struct Features {
    /// `hitchpost`.
    product: &'static str,
    /// The server's version.
    version: &'static str,
    /// What it can do.
    features: [&'static str; FEATURES.len()],
}

/// Nothing to tell.
#[derive(Debug, Serialize, ToSchema)]
struct Done {}

pub(crate) fn api() -> Api {
    let missing = &[StatusCode::NOT_FOUND];
    let refused = &[StatusCode::NOT_FOUND, StatusCode::CONFLICT];
    let mut operations = vec![
        Operation::new(Method::GET, "features", "getFeatures", features)
            .summary("Get what the server can do beyond upstream's API")
            .gives(StatusCode::OK, Shape::of::<Features>()),
        Operation::new(
            Method::POST,
            "experiment_runs/{id}/log_batch",
            "logBatch",
            log_batch,
        )
        .summary("Write metrics, parameters and tags of a run, all or none")
        .takes(Shape::of::<LogBatch>())
        .gives(StatusCode::OK, Shape::of::<Done>())
        .fails(refused),
        Operation::new(
            Method::GET,
            "experiment_runs/{id}/data",
            "getRunData",
            run_data,
        )
        .summary("Get a run with all that belongs to it")
        .gives(StatusCode::OK, Shape::of::<RunData>())
        .fails(missing),
        Operation::new(
            Method::POST,
            "experiment_runs/search",
            "searchRuns",
            search_runs,
        )
        .summary("Search runs, with all that belongs to them")
        .takes(Shape::of::<Search>())
        .gives(
            StatusCode::OK,
            Shape::of::<Found<RunData>>().named("RunDataPage"),
        ),
        Operation::new(
            Method::POST,
            "experiments/search",
            "searchExperiments",
            search_experiments,
        )
        .summary("Search experiments")
        .takes(Shape::of::<Search>())
        .gives(
            StatusCode::OK,
            Shape::of::<Found<Experiment>>().named("ExperimentPage"),
        ),
        Operation::new(
            Method::GET,
            "experiment_runs/{id}/metric_history",
            "getMetricColumns",
            metric_columns,
        )
        .summary("Get the history of a metric of a run, in columns")
        .parameters(&COLUMNS)
        .gives(StatusCode::OK, Shape::of::<MetricColumns>())
        .fails(missing),
        Operation::new(
            Method::POST,
            "logged_models/search",
            "searchLoggedModels",
            search_logged_models,
        )
        .summary("Search logged models, with their metrics")
        .takes(Shape::of::<Search>())
        .gives(
            StatusCode::OK,
            Shape::of::<Found<LoggedModel>>().named("LoggedModelPage"),
        ),
        Operation::new(
            Method::GET,
            "logged_models/{modelId}/data",
            "getLoggedModelData",
            logged_model,
        )
        .summary("Get a logged model with its metrics")
        .gives(StatusCode::OK, Shape::of::<LoggedModel>())
        .fails(missing),
        Operation::new(
            Method::POST,
            "experiment_runs/{id}/log_inputs",
            "logInputs",
            log_inputs,
        )
        .summary("Write the datasets that a run has used")
        .takes(Shape::of::<LogInputs>())
        .gives(StatusCode::OK, Shape::of::<Done>())
        .fails(refused),
        Operation::new(
            Method::GET,
            "experiment_runs/datasets",
            "getDatasets",
            datasets,
        )
        .summary("Get the datasets that the runs of experiments have used")
        .parameters(&[Parameter::ExperimentIds])
        .gives(StatusCode::OK, Shape::of::<DatasetSummaries>()),
        Operation::new(
            Method::POST,
            "experiments/{id}/experiment_runs",
            "createRun",
            create_run,
        )
        .summary("Create a run of an experiment that is in a state")
        .parameters(&[Parameter::RequireState])
        .takes(Shape::of::<ExperimentRunCreate>())
        .gives(StatusCode::CREATED, Shape::of::<ExperimentRun>())
        .fails(refused),
        Operation::new(
            Method::POST,
            "experiments/{id}/logged_models",
            "createLoggedModel",
            create_logged_model,
        )
        .summary("Create a logged model of an experiment")
        .parameters(&[Parameter::RequireState, Parameter::ExperimentRunId])
        .takes(Shape::of::<ModelArtifactCreate>())
        .gives(StatusCode::CREATED, Shape::of::<ModelArtifact>())
        .fails(refused),
    ];
    operations.extend([
        editing::<Experiment>("experiments", "Experiment"),
        editing::<ExperimentRun>("experiment_runs", "ExperimentRun"),
        editing::<RegisteredModel>("registered_models", "RegisteredModel"),
        editing::<ModelVersion>("model_versions", "ModelVersion"),
        Operation {
            run: edit_logged_model,
            ..editing::<ModelArtifact>("logged_models", "LoggedModel")
        },
    ]);
    Api {
        base: "/api/hitchpost/v1",
        tag: "Tracking",
        suffix: "",
        form: Form::Number,
        operations,
    }
}

fn editing<R>(path: &str, name: &str) -> Operation
where
    R: Resource<Update: DeserializeOwned + ToSchema> + ToSchema,
{
    let id = if name == "LoggedModel" {
        parameter::MODEL_ID
    } else {
        "id"
    };
    let path = format!("{path}/{{{id}}}/update");
    Operation::new(Method::POST, path, format!("edit{name}"), edit::<R>)
        .summary("Change fields and tags of a resource, all or none")
        .takes(Shape::of::<Edit<R::Update>>().named(format!("{name}Edit")))
        .gives(StatusCode::OK, Shape::of::<R>())
        .fails(&[StatusCode::NOT_FOUND, StatusCode::CONFLICT])
}

fn features(_: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let features = Features {
            product: "hitchpost",
            version: env!("CARGO_PKG_VERSION"),
            features: FEATURES,
        };
        call.reply(StatusCode::OK, &features)
    })
}

fn log_batch(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let batch: LogBatch = call.body()?;
        app.store
            .log_batch(call.id("experiment run")?, &batch)
            .await?;
        call.reply(StatusCode::OK, &Done {})
    })
}

fn run_data(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let data = app.store.run_data(call.id("experiment run")?).await?;
        call.reply(StatusCode::OK, &data)
    })
}

fn search_runs(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let search: Search = call.body()?;
        call.reply(StatusCode::OK, &app.store.search_runs(&search).await?)
    })
}

fn search_experiments(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let search: Search = call.body()?;
        call.reply(
            StatusCode::OK,
            &app.store.search_experiments(&search).await?,
        )
    })
}

fn metric_columns(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let query = &call.query;
        let text = |parameter: Parameter| query.get(parameter.name());
        let step = |parameter| text(parameter).map(parameter::step).transpose();
        let missing = || ApiError::bad_request("the parameter `name` is missing");
        let by_step = match text(Parameter::PointOrder) {
            None | Some("timestamp") => false,
            Some("step") => true,
            Some(_) => {
                return Err(ApiError::bad_request(
                    "`orderBy` is to be `timestamp` or `step`",
                ));
            }
        };
        let options = MetricColumnsOptions {
            name: query
                .text(Parameter::MetricName.name())
                .ok_or_else(missing)?,
            steps: text(Parameter::StepIds).map(parameter::steps).transpose()?,
            start_step: step(Parameter::StartStep)?,
            end_step: step(Parameter::EndStep)?,
            max_points: query.size(Parameter::MaxPoints)?,
            by_step,
            page_size: query.size(Parameter::Points)?,
            page_token: query.text(Parameter::PageToken.name()),
        };
        let run = call.id("experiment run")?;
        call.reply(
            StatusCode::OK,
            &app.store.metric_columns(run, &options).await?,
        )
    })
}

fn search_logged_models(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let search: Search = call.body()?;
        call.reply(
            StatusCode::OK,
            &app.store.search_logged_models(&search).await?,
        )
    })
}

fn logged_model(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let id = logged_model_id(&app, &call).await?;
        call.reply(StatusCode::OK, &app.store.logged_model(id).await?)
    })
}

/// A logged model is named by its identifier or by its external one.
async fn logged_model_id(app: &App, call: &Call) -> Result<i64, ApiError> {
    let named = call.id.as_deref().unwrap_or_default();
    Ok(app.store.logged_model_id(named).await?)
}

fn log_inputs(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let inputs = call.body()?;
        app.store
            .log_inputs(call.id("experiment run")?, inputs)
            .await?;
        call.reply(StatusCode::OK, &Done {})
    })
}

fn datasets(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let ids = call.query.get(Parameter::ExperimentIds.name());
        let ids =
            ids.ok_or_else(|| ApiError::bad_request("the parameter `experimentIds` is missing"))?;
        let ids: Vec<_> = ids
            .split(',')
            .map(|id| parameter::identifier(id, "experiment"))
            .collect::<Result<_, _>>()?;
        call.reply(StatusCode::OK, &app.store.dataset_summaries(&ids).await?)
    })
}

fn required_state(call: &Call) -> Result<Option<&'static str>, ApiError> {
    let state = call
        .query
        .word::<State>(Parameter::RequireState, State::WORDS)?;
    Ok(state.map(State::as_str))
}

fn create_run(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let create: ExperimentRunCreate = call.body()?;
        let (experiment, state) = (call.id("experiment")?, required_state(&call)?);
        let run = app.store.create_run(experiment, &create, state).await?;
        call.reply(StatusCode::CREATED, &run)
    })
}

fn create_logged_model(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let create: ModelArtifactCreate = call.body()?;
        let (experiment, state) = (call.id("experiment")?, required_state(&call)?);
        let run = call.query.get(Parameter::ExperimentRunId.name());
        let run = run
            .map(|id| parameter::identifier(id, "experiment run"))
            .transpose()?;
        let model = app
            .store
            .create_logged_model(experiment, run, &create, state)
            .await?;
        call.reply(StatusCode::CREATED, &model)
    })
}

fn edit<R: Resource<Update: DeserializeOwned>>(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let edit: Edit<R::Update> = call.body()?;
        let id = call.id("resource")?;
        call.reply(StatusCode::OK, &app.store.edit::<R>(id, edit).await?)
    })
}

fn edit_logged_model(app: Arc<App>, call: Call) -> Answer {
    Box::pin(async move {
        let edit: Edit<ModelArtifactUpdate> = call.body()?;
        let id = logged_model_id(&app, &call).await?;
        call.reply(
            StatusCode::OK,
            &app.store.edit::<ModelArtifact>(id, edit).await?,
        )
    })
}
