//! What the extension for experiment tracking takes and gives.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    artifact::{Artifact, ModelArtifact},
    resource::ExperimentRun,
    value::{Double, objects, optional_whole, whole},
};

/// A metric's point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricData {
    /// The metric's name.
    #[schema(min_length = 1, max_length = 512)]
    pub key: String,
    /// What was measured.
    pub value: Double,
    /// When, in milliseconds since 1970.
    #[serde(deserialize_with = "whole")]
    pub timestamp: i64,
    /// At which step; may be negative.
    #[serde(default, deserialize_with = "whole")]
    pub step: i64,
    /// The logged model that was measured: the id of a model artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 512)]
    pub model_id: Option<String>,
    /// The name of the dataset that it was measured with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset_name: Option<String>,
    /// The digest of that dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset_digest: Option<String>,
    /// The run by which it was logged. Only given, with the metrics of a logged model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParamData {
    /// Its name.
    #[schema(min_length = 1, max_length = 512)]
    pub key: String,
    /// Its value.
    pub value: String,
}

/// A tag: a custom property that is a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagData {
    /// Its name.
    #[schema(min_length = 1, max_length = 512)]
    pub key: String,
    /// Its value.
    pub value: String,
}

/// What is written to a run at once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogBatch {
    /// Points of metrics. One that was written before is kept once.
    #[serde(deserialize_with = "objects")]
    pub metrics: Vec<MetricData>,
    /// Parameters. One that has another value already is refused.
    #[serde(deserialize_with = "objects")]
    pub params: Vec<ParamData>,
    /// Tags, which replace those of the same names.
    #[serde(deserialize_with = "objects")]
    pub tags: Vec<TagData>,
}

/// A run with what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunData {
    /// The run.
    pub run: ExperimentRun,
    /// The latest point of each metric, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Vec<MetricData>>,
    /// The parameters, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Vec<ParamData>>,
    /// The other artifacts, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifacts: Option<Vec<Artifact>>,
}

/// A logged model with its metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedModel {
    /// The model.
    pub model: ModelArtifact,
    /// The latest point of each of its metrics, for each run and dataset.
    pub metrics: Vec<MetricData>,
}

/// What a condition or an order looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A field of the resource, as the API names it.
    Attribute,
    /// The latest value of a metric.
    Metric,
    /// A parameter.
    Param,
    /// A custom property.
    Tag,
    /// A dataset of the run: `name`, `digest` or `context`.
    Dataset,
}

/// How a condition compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Comparator {
    /// Equal.
    #[serde(rename = "=")]
    Equal,
    /// Not equal.
    #[serde(rename = "!=")]
    NotEqual,
    /// Less.
    #[serde(rename = "<")]
    Less,
    /// Less or equal.
    #[serde(rename = "<=")]
    LessOrEqual,
    /// Greater.
    #[serde(rename = ">")]
    Greater,
    /// Greater or equal.
    #[serde(rename = ">=")]
    GreaterOrEqual,
    /// Like a pattern: `%` stands for any text, `_` for any character.
    #[serde(rename = "LIKE")]
    Like,
    /// Like a pattern, the case of letters apart.
    #[serde(rename = "ILIKE")]
    ILike,
    /// One of a list.
    #[serde(rename = "IN")]
    In,
    /// None of a list.
    #[serde(rename = "NOT IN")]
    NotIn,
    /// Not there.
    #[serde(rename = "IS NULL")]
    IsNull,
    /// There.
    #[serde(rename = "IS NOT NULL")]
    IsNotNull,
}

/// What a condition compares with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Operand {
    /// An integer.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A text; also `NaN`, `Infinity` and `-Infinity` where numbers are compared.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
}

/// One condition of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Condition {
    /// What it looks at.
    #[serde(rename = "type")]
    pub subject: Subject,
    /// The name of that.
    #[schema(min_length = 1, max_length = 512)]
    pub key: String,
    /// How it compares.
    pub comparator: Comparator,
    /// What it compares with; absent for `IS NULL` and `IS NOT NULL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Operand>,
    /// Only metrics that were measured with a dataset of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset_name: Option<String>,
    /// Only metrics that were measured with a dataset of this digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset_digest: Option<String>,
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Order {
    /// What it looks at.
    #[serde(rename = "type")]
    pub subject: Subject,
    /// The name of that.
    #[schema(min_length = 1, max_length = 512)]
    pub key: String,
    /// The smallest first, which is the default.
    #[serde(default = "ascending")]
    pub ascending: bool,
    /// Only metrics that were measured with a dataset of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset_name: Option<String>,
    /// Only metrics that were measured with a dataset of this digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset_digest: Option<String>,
}

fn ascending() -> bool {
    true
}

/// A search for runs or logged models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Search {
    /// The experiments in which to search; all when empty.
    pub experiment_ids: Vec<String>,
    /// The states that are asked for; all when empty.
    pub states: Vec<String>,
    /// The conditions, all of which hold.
    #[serde(rename = "where", deserialize_with = "objects")]
    pub conditions: Vec<Condition>,
    /// The order. What comes last is the newest first, then the id.
    #[serde(deserialize_with = "objects")]
    pub order_by: Vec<Order>,
    /// How many to a page.
    #[serde(deserialize_with = "optional_whole")]
    #[schema(minimum = 0)]
    pub page_size: Option<i32>,
    /// The `nextPageToken` of the page before, of the same search.
    #[schema(format = "page-token")]
    pub page_token: String,
    /// Whether runs come with what belongs to them.
    pub include_data: bool,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            experiment_ids: Vec::new(),
            states: Vec::new(),
            conditions: Vec::new(),
            order_by: Vec::new(),
            page_size: None,
            page_token: String::new(),
            include_data: true,
        }
    }
}

/// Which part of a metric's history is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricColumnsOptions {
    /// The metric's name.
    pub name: String,
    /// Only these steps.
    pub steps: Option<Vec<i64>>,
    /// Only steps from this one on.
    pub start_step: Option<i64>,
    /// Only steps up to this one.
    pub end_step: Option<i64>,
    /// At most so many points, evenly spaced, the first and the last among them; the last alone
    /// when it is 1. There is one page then.
    pub max_points: Option<i32>,
    /// By step, then time, then value; otherwise by time, then step, then value. NaN is the
    /// greatest value.
    pub by_step: bool,
    /// How many points to a page.
    pub page_size: Option<i32>,
    /// The `nextPageToken` of the page before.
    pub page_token: Option<String>,
}

/// A metric's history: one entry of each column to a point.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricColumns {
    /// The steps.
    pub steps: Vec<i64>,
    /// The times, in milliseconds since 1970.
    pub timestamps: Vec<i64>,
    /// What was measured.
    pub values: Vec<Double>,
    /// What asks for the next page; empty on the last one.
    pub next_page_token: String,
}
