//! The kinds of resources: one table that says how each is named, to what it belongs, and which
//! fields it has.

use crate::model::{
    ArtifactState, ArtifactType, ExecutionState, ExperimentRunStatus, InferenceServiceState,
    ParameterType, State,
};

/// A kind of resource. Its number is the one in the database; tens are families, within which ids
/// of clients' systems are unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is the resource of its name")]
pub enum Kind {
    RegisteredModel = 1,
    ModelVersion = 2,
    ServingEnvironment = 3,
    InferenceService = 4,
    Experiment = 5,
    ExperimentRun = 6,
    ModelArtifact = 11,
    DocArtifact = 12,
    DataSet = 13,
    Metric = 14,
    Parameter = 15,
    ServeModel = 21,
}

/// A field of a resource besides those that all have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// Its name in JSON.
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) form: Form,
    /// Whether a filter can name it.
    pub(crate) filter: bool,
}

/// Where a field is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A column of its own: fields that are searched and ordered by.
    Column(&'static str),
    /// The JSON document of the resource.
    Document,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Texts,
    /// One of these words; the first is the default where there is one.
    Word(&'static [&'static str], Option<&'static str>),
    /// A 64-bit integer; a string in JSON.
    Int64,
    /// A 64-bit integer; a number in JSON.
    Integer,
    Double,
    /// The id of a resource of a kind.
    Id(Kind),
}

const fn document(name: &'static str, form: Form) -> Field {
    Field {
        name,
        place: Place::Document,
        form,
        filter: true,
    }
}

const fn column(name: &'static str, column: &'static str, form: Form) -> Field {
    Field {
        name,
        place: Place::Column(column),
        form,
        filter: true,
    }
}

const fn text(name: &'static str) -> Field {
    document(name, Form::Text)
}

const fn unfiltered(name: &'static str, form: Form) -> Field {
    Field {
        name,
        place: Place::Document,
        form,
        filter: false,
    }
}

const STATE: Field = column("state", "state", Form::Word(State::WORDS, Some("LIVE")));
const ARTIFACT_STATE: Field = column(
    "state",
    "state",
    Form::Word(ArtifactState::WORDS, Some("UNKNOWN")),
);
const URI: Field = text("uri");
const OWNER: Field = text("owner");

const REGISTERED_MODEL: &[Field] = &[
    STATE,
    OWNER,
    unfiltered("readme", Form::Text),
    unfiltered("maturity", Form::Text),
    unfiltered("language", Form::Texts),
    unfiltered("tasks", Form::Texts),
    unfiltered("provider", Form::Text),
    unfiltered("logo", Form::Text),
    unfiltered("license", Form::Text),
    unfiltered("licenseLink", Form::Text),
    unfiltered("libraryName", Form::Text),
];
const MODEL_VERSION: &[Field] = &[STATE, text("author")];
const INFERENCE_SERVICE: &[Field] = &[
    document("registeredModelId", Form::Id(Kind::RegisteredModel)),
    document("modelVersionId", Form::Id(Kind::ModelVersion)),
    text("runtime"),
    document(
        "desiredState",
        Form::Word(InferenceServiceState::WORDS, Some("DEPLOYED")),
    ),
];
const SERVE_MODEL: &[Field] = &[
    document("modelVersionId", Form::Id(Kind::ModelVersion)),
    document(
        "lastKnownState",
        Form::Word(ExecutionState::WORDS, Some("UNKNOWN")),
    ),
];
const EXPERIMENT: &[Field] = &[STATE, OWNER];
const EXPERIMENT_RUN: &[Field] = &[
    STATE,
    OWNER,
    column(
        "status",
        "status",
        Form::Word(ExperimentRunStatus::WORDS, Some("RUNNING")),
    ),
    column("startTimeSinceEpoch", "start_time", Form::Int64),
    column("endTimeSinceEpoch", "end_time", Form::Int64),
];
const MODEL_ARTIFACT: &[Field] = &[
    ARTIFACT_STATE,
    URI,
    text("modelFormatName"),
    text("modelFormatVersion"),
    text("storageKey"),
    text("storagePath"),
    text("serviceAccountName"),
    text("modelSourceKind"),
    text("modelSourceClass"),
    text("modelSourceGroup"),
    text("modelSourceId"),
    text("modelSourceName"),
];
const DOC_ARTIFACT: &[Field] = &[ARTIFACT_STATE, URI];
const DATA_SET: &[Field] = &[
    ARTIFACT_STATE,
    URI,
    text("digest"),
    text("sourceType"),
    text("source"),
    text("schema"),
    text("profile"),
];
const METRIC: &[Field] = &[
    ARTIFACT_STATE,
    column("value", "number", Form::Double),
    column("timestamp", "timestamp", Form::Int64),
    column("step", "step", Form::Integer),
];
const PARAMETER: &[Field] = &[
    ARTIFACT_STATE,
    column("value", "text", Form::Text),
    document(
        "parameterType",
        Form::Word(ParameterType::WORDS, Some("string")),
    ),
];

impl Kind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::RegisteredModel,
        Self::ModelVersion,
        Self::ServingEnvironment,
        Self::InferenceService,
        Self::Experiment,
        Self::ExperimentRun,
        Self::ModelArtifact,
        Self::DocArtifact,
        Self::DataSet,
        Self::Metric,
        Self::Parameter,
        Self::ServeModel,
    ];

    /// The kinds of artifacts.
    pub const ARTIFACTS: &'static [Self] = &[
        Self::ModelArtifact,
        Self::DocArtifact,
        Self::DataSet,
        Self::Metric,
        Self::Parameter,
    ];

    pub(crate) fn number(self) -> i64 {
        self as i64
    }

    pub(crate) fn from_number(number: i64) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.number() == number)
    }

    /// What people call it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::RegisteredModel => "registered model",
            Self::ModelVersion => "model version",
            Self::ServingEnvironment => "serving environment",
            Self::InferenceService => "inference service",
            Self::Experiment => "experiment",
            Self::ExperimentRun => "experiment run",
            Self::ModelArtifact => "model artifact",
            Self::DocArtifact => "doc artifact",
            Self::DataSet => "dataset",
            Self::Metric => "metric",
            Self::Parameter => "parameter",
            Self::ServeModel => "serve model",
        }
    }

    /// The `artifactType` of an artifact.
    pub(crate) fn artifact_type(self) -> Option<ArtifactType> {
        Some(match self {
            Self::ModelArtifact => ArtifactType::ModelArtifact,
            Self::DocArtifact => ArtifactType::DocArtifact,
            Self::DataSet => ArtifactType::DataSet,
            Self::Metric => ArtifactType::Metric,
            Self::Parameter => ArtifactType::Parameter,
            _ => return None,
        })
    }

    pub(crate) fn of_artifact(artifact_type: ArtifactType) -> Self {
        match artifact_type {
            ArtifactType::ModelArtifact => Self::ModelArtifact,
            ArtifactType::DocArtifact => Self::DocArtifact,
            ArtifactType::DataSet => Self::DataSet,
            ArtifactType::Metric => Self::Metric,
            ArtifactType::Parameter => Self::Parameter,
        }
    }

    pub(crate) fn is_artifact(self) -> bool {
        self.artifact_type().is_some()
    }

    /// To what kinds of resources it belongs; none when it stands by itself.
    pub(crate) fn parents(self) -> &'static [Self] {
        match self {
            Self::RegisteredModel | Self::ServingEnvironment | Self::Experiment => &[],
            Self::ModelVersion => &[Self::RegisteredModel],
            Self::InferenceService => &[Self::ServingEnvironment],
            Self::ExperimentRun => &[Self::Experiment],
            Self::ServeModel => &[Self::InferenceService],
            Self::ModelArtifact => &[Self::ModelVersion, Self::ExperimentRun, Self::Experiment],
            _ => &[Self::ModelVersion, Self::ExperimentRun],
        }
    }

    /// The field that names the resource to which it belongs, where one does.
    pub(crate) fn parent_field(self) -> Option<&'static str> {
        match self {
            Self::ModelVersion => Some("registeredModelId"),
            Self::InferenceService => Some("servingEnvironmentId"),
            Self::ExperimentRun => Some("experimentId"),
            _ => None,
        }
    }

    /// Whether names may repeat among the resources of a parent: always among runs, among models
    /// and datasets when they were logged by the extension.
    pub(crate) fn names_may_repeat(self) -> bool {
        matches!(
            self,
            Self::ExperimentRun | Self::ModelArtifact | Self::DataSet
        )
    }

    pub(crate) fn fields(self) -> &'static [Field] {
        match self {
            Self::RegisteredModel => REGISTERED_MODEL,
            Self::ModelVersion => MODEL_VERSION,
            Self::ServingEnvironment => &[],
            Self::InferenceService => INFERENCE_SERVICE,
            Self::ServeModel => SERVE_MODEL,
            Self::Experiment => EXPERIMENT,
            Self::ExperimentRun => EXPERIMENT_RUN,
            Self::ModelArtifact => MODEL_ARTIFACT,
            Self::DocArtifact => DOC_ARTIFACT,
            Self::DataSet => DATA_SET,
            Self::Metric => METRIC,
            Self::Parameter => PARAMETER,
        }
    }

    pub(crate) fn field(self, name: &str) -> Option<&'static Field> {
        self.fields().iter().find(|field| field.name == name)
    }
}
