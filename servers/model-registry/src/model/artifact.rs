use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{
    resource::{Absent, Resource, resource},
    state::{ArtifactState, ArtifactType, ParameterType},
    value::{Double, Int64, Properties, Whole, optional_distinct, present, present_distinct},
};
use crate::kind::Kind;

resource! {
    /// A model, as the files that it consists of.
    ModelArtifact, ModelArtifactCreate, ModelArtifactUpdate;
    #tag ModelArtifactTag = "model-artifact";
    #[schema(min_length = 1, max_length = 512)] name: Option<String>;
    given {
        /// The experiment to which it belongs.
        experiment_id: String,
        /// The run to which it belongs.
        experiment_run_id: String,
    }
    fixed {}
    open {
        /// Where it is.
        uri: String,
        /// What became of it.
        state: ArtifactState,
        /// The name of its format.
        model_format_name: String,
        /// The version of its format.
        model_format_version: String,
        /// The name of the secret for its storage.
        storage_key: String,
        /// Its path in that storage.
        storage_path: String,
        /// The service account that has the secret.
        service_account_name: String,
        /// What kind of source it has, for instance `pipelines`.
        model_source_kind: String,
        /// What the source is within the kind, for instance `pipelinerun`.
        model_source_class: String,
        /// The group of its source, for instance a namespace.
        model_source_group: String,
        /// The id of its source within kind, class and group.
        model_source_id: String,
        /// The name of its source, for people.
        model_source_name: String,
    }
}

resource! {
    /// A document.
    DocArtifact, DocArtifactCreate, DocArtifactUpdate;
    #tag DocArtifactTag = "doc-artifact";
    #[schema(min_length = 1, max_length = 512)] name: Option<String>;
    given {
        /// The experiment to which it belongs.
        experiment_id: String,
        /// The run to which it belongs.
        experiment_run_id: String,
    }
    fixed {}
    open {
        /// Where it is.
        uri: String,
        /// What became of it.
        state: ArtifactState,
    }
}

resource! {
    /// Data with which a model was trained or tested.
    DataSet, DataSetCreate, DataSetUpdate;
    #tag DataSetTag = "dataset-artifact";
    #[schema(min_length = 1, max_length = 512)] name: Option<String>;
    given {
        /// The experiment to which it belongs.
        experiment_id: String,
        /// The run to which it belongs.
        experiment_run_id: String,
    }
    fixed {}
    open {
        /// Where it is.
        uri: String,
        /// What became of it.
        state: ArtifactState,
        /// A hash or name of its content.
        digest: String,
        /// What kind of source it has, for instance `s3`.
        source_type: String,
        /// Where it comes from.
        source: String,
        /// How it is built, for instance a JSON Schema.
        schema: String,
        /// Statistics about it.
        profile: String,
    }
}

resource! {
    /// A number that was measured. Under a run it is the latest of a history: the one with the
    /// greatest step, then time, then value.
    Metric, MetricCreate, MetricUpdate;
    #tag MetricTag = "metric";
    #[schema(min_length = 1, max_length = 512)] name: Option<String>;
    given {
        /// The experiment to which it belongs.
        experiment_id: String,
        /// The run to which it belongs.
        experiment_run_id: String,
    }
    fixed {}
    open {
        /// What was measured.
        value: Double,
        /// When, in milliseconds since 1970.
        timestamp: Int64,
        /// At which step.
        #[schema(value_type = Option<i64>)]
        step: Whole,
        /// What became of it.
        state: ArtifactState,
    }
}

resource! {
    /// A setting of a run.
    Parameter, ParameterCreate, ParameterUpdate;
    #tag ParameterTag = "parameter";
    #[schema(min_length = 1, max_length = 512)] name: Option<String>;
    given {
        /// The experiment to which it belongs.
        experiment_id: String,
        /// The run to which it belongs.
        experiment_run_id: String,
    }
    fixed {}
    open {
        /// Its value, as text.
        value: String,
        /// What the text stands for.
        parameter_type: ParameterType,
        /// What became of it.
        state: ArtifactState,
    }
}

/// Defines a union that is told apart by `artifactType`.
macro_rules! union {
    ($(#[$doc:meta])* $name:ident { $($variant:ident($type:ty),)* }) => {
        $(#[$doc])*
        // What is given and taken is tagged by the members themselves.
        #[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
        #[serde(untagged)]
        pub enum $name {
            $(
                #[doc = concat!("A [`", stringify!($type), "`].")]
                $variant($type),
            )*
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Box::<RawValue>::deserialize(deserializer)?;
                let Tag { artifact_type } = from_raw(&text)?;
                Ok(match artifact_type {
                    $(ArtifactType::$variant => Self::$variant(from_raw(&text)?),)*
                })
            }
        }

        $(
            impl From<$type> for $name {
                fn from(artifact: $type) -> Self {
                    Self::$variant(artifact)
                }
            }
        )*
    };
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tag {
    artifact_type: ArtifactType,
}

fn from_raw<'a, T: Deserialize<'a>, E: Error>(text: &'a RawValue) -> Result<T, E> {
    serde_json::from_str(text.get()).map_err(|error| {
        // The place is one within the artifact, not within the document.
        let text = error.to_string();
        E::custom(text.split(" at line ").next().unwrap_or_default())
    })
}

union! {
    /// An artifact of any kind.
    Artifact {
        ModelArtifact(ModelArtifact),
        DocArtifact(DocArtifact),
        DataSet(DataSet),
        Metric(Metric),
        Parameter(Parameter),
    }
}

union! {
    /// What creates an artifact of any kind.
    ArtifactCreate {
        ModelArtifact(ModelArtifactCreate),
        DocArtifact(DocArtifactCreate),
        DataSet(DataSetCreate),
        Metric(MetricCreate),
        Parameter(ParameterCreate),
    }
}

union! {
    /// What changes an artifact of any kind.
    ArtifactUpdate {
        ModelArtifact(ModelArtifactUpdate),
        DocArtifact(DocArtifactUpdate),
        DataSet(DataSetUpdate),
        Metric(MetricUpdate),
        Parameter(ParameterUpdate),
    }
}

impl Resource for Artifact {
    type Create = ArtifactCreate;
    type Update = ArtifactUpdate;
    const KINDS: &'static [Kind] = Kind::ARTIFACTS;
}

impl Artifact {
    /// Its id, when it has one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::ModelArtifact(artifact) => artifact.id.as_deref(),
            Self::DocArtifact(artifact) => artifact.id.as_deref(),
            Self::DataSet(artifact) => artifact.id.as_deref(),
            Self::Metric(artifact) => artifact.id.as_deref(),
            Self::Parameter(artifact) => artifact.id.as_deref(),
        }
    }
}
