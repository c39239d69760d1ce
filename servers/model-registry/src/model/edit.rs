//! What changes a resource, or is written beside it, in one step.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::value::{distinct, objects, optional_object, tags_schema};

/// A change of a resource, all or nothing: of its fields and of some of its tags.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Edit<U> {
    /// Its new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 512)]
    pub name: Option<String>,
    /// Fields: those that are absent stay as they are.
    #[serde(
        default = "Option::default",
        deserialize_with = "optional_object",
        skip_serializing_if = "Option::is_none",
        bound(deserialize = "U: Deserialize<'de>")
    )]
    pub fields: Option<U>,
    /// Tags, which replace those of the same names.
    #[serde(
        default,
        deserialize_with = "distinct",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    #[schema(schema_with = tags_schema)]
    pub set: BTreeMap<String, String>,
    /// Custom properties that are taken away. There is an error when one is not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// The state in which the resource has to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_state: Option<String>,
    /// Whether the runs of an experiment get the state that it gets.
    #[serde(default)]
    pub cascade: bool,
}

impl<U> Default for Edit<U> {
    fn default() -> Self {
        Self {
            name: None,
            fields: None,
            set: BTreeMap::new(),
            remove: Vec::new(),
            require_state: None,
            cascade: false,
        }
    }
}

/// The datasets that a run has used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogInputs {
    /// The datasets. One whose name and digest the run has already stays as it is.
    #[serde(deserialize_with = "objects")]
    pub datasets: Vec<InputData>,
}

/// A dataset that a run has used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InputData {
    /// Its name.
    #[schema(min_length = 1, max_length = 512)]
    pub name: String,
    /// A hash or name of its content.
    pub digest: String,
    /// What kind of source it has.
    pub source_type: String,
    /// Where it comes from.
    pub source: String,
    /// How it is built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Statistics about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Tags.
    #[serde(
        default,
        deserialize_with = "distinct",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    #[schema(schema_with = tags_schema)]
    pub tags: BTreeMap<String, String>,
}

/// A dataset that runs of an experiment have used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatasetSummary {
    /// The experiment.
    pub experiment_id: String,
    /// Its name.
    pub name: String,
    /// A hash or name of its content.
    pub digest: String,
    /// What it was used for: the tag `mlflow.data.context`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// Datasets that runs of experiments have used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DatasetSummaries {
    /// The datasets, each once.
    pub items: Vec<DatasetSummary>,
}
