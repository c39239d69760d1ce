//! The resources of the API, as they travel.
//!
//! Each kind of resource has three forms: the resource as the server gives it, what creates one
//! (`…Create`), and what changes one (`…Update`). In a change a field that is absent stays as it
//! is, and one that is `null` loses its value.

mod artifact;
mod edit;
mod list;
mod resource;
mod state;
mod tracking;
mod value;

pub use artifact::{
    Artifact, ArtifactCreate, ArtifactUpdate, DataSet, DataSetCreate, DataSetTag, DataSetUpdate,
    DocArtifact, DocArtifactCreate, DocArtifactTag, DocArtifactUpdate, Metric, MetricCreate,
    MetricTag, MetricUpdate, ModelArtifact, ModelArtifactCreate, ModelArtifactTag,
    ModelArtifactUpdate, Parameter, ParameterCreate, ParameterTag, ParameterUpdate,
};
pub use edit::{DatasetSummaries, DatasetSummary, Edit, InputData, LogInputs};
pub use list::{Find, List, ListOptions};
pub use resource::{
    Experiment, ExperimentCreate, ExperimentRun, ExperimentRunCreate, ExperimentRunUpdate,
    ExperimentUpdate, InferenceService, InferenceServiceCreate, InferenceServiceUpdate,
    ModelVersion, ModelVersionCreate, ModelVersionUpdate, RegisteredModel, RegisteredModelCreate,
    RegisteredModelUpdate, Resource, ServeModel, ServeModelCreate, ServeModelUpdate,
    ServingEnvironment, ServingEnvironmentCreate, ServingEnvironmentUpdate,
};
pub use state::{
    ArtifactState, ArtifactType, ExecutionState, ExperimentRunStatus, InferenceServiceState,
    OrderByField, ParameterType, SortOrder, State,
};
pub use tracking::{
    Comparator, Condition, LogBatch, LoggedModel, MetricColumns, MetricColumnsOptions, MetricData,
    Operand, Order, ParamData, RunData, Search, Subject, TagData,
};
pub use value::{Double, Int64, MetadataValue, Properties, Whole};
