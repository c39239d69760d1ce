use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::{
    state::{ExecutionState, ExperimentRunStatus, InferenceServiceState, State},
    value::{Int64, Properties, optional_distinct, present, present_distinct},
};
use crate::kind::Kind;

/// A kind of resource, or a union of kinds, by the type of its representation.
pub trait Resource: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What creates one.
    type Create: Serialize + Send + Sync;
    /// What changes one.
    type Update: Serialize + Send + Sync;
    /// The kinds of which it is one.
    const KINDS: &'static [Kind];
}

/// Whether a field is left out where it is written.
pub(super) trait Absent {
    fn is_absent(&self) -> bool;
}

impl<T> Absent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl Absent for String {
    fn is_absent(&self) -> bool {
        false
    }
}

/// Defines the three forms of a kind of resource. `given` fields only the server sets, `fixed`
/// ones are set when the resource is made, `open` ones can be changed.
macro_rules! resource {
    (
        $(#[$doc:meta])*
        $name:ident, $create:ident, $update:ident;
        $(#tag $tag:ident = $word:literal;)?
        $(#[$name_meta:meta])* name: $name_type:ty;
        given { $($(#[$given_doc:meta])* $given:ident: $given_type:ty,)* }
        fixed { $($(#[$fixed_doc:meta])* $fixed:ident: $fixed_type:ty,)* }
        open { $($(#[$open_doc:meta])* $open:ident: $open_type:ty,)* }
    ) => {
        $(
            #[doc = concat!("The `artifactType` of a [`", stringify!($name), "`].")]
            #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
            pub enum $tag {
                #[doc = concat!("`", $word, "`, the only one.")]
                #[default]
                #[serde(rename = $word)]
                Is,
            }

            impl utoipa::PartialSchema for $tag {
                fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                    utoipa::openapi::ObjectBuilder::new()
                        .schema_type(utoipa::openapi::Type::String)
                        .enum_values(Some([$word]))
                        .default(Some($word.into()))
                        .into()
                }
            }

            impl ToSchema for $tag {}
        )?

        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $(
                /// The kind of artifact.
                #[serde(default)]
                pub artifact_type: $tag,
            )?
            /// The number by which the server knows it, in decimal digits.
            #[serde(skip_serializing_if = "Absent::is_absent")]
            pub id: Option<String>,
            /// Its name.
            #[serde(skip_serializing_if = "Absent::is_absent")]
            $(#[$name_meta])*
            pub name: $name_type,
            /// Its id in the client's system.
            #[serde(skip_serializing_if = "Absent::is_absent")]
            #[schema(min_length = 1, max_length = 512)]
            pub external_id: Option<String>,
            /// What it is, in words.
            #[serde(skip_serializing_if = "Absent::is_absent")]
            pub description: Option<String>,
            /// When it was made, in milliseconds since 1970.
            #[serde(skip_serializing_if = "Absent::is_absent")]
            pub create_time_since_epoch: Option<Int64>,
            /// When it was changed last, in milliseconds since 1970.
            #[serde(skip_serializing_if = "Absent::is_absent")]
            pub last_update_time_since_epoch: Option<Int64>,
            /// Properties that the client has given it.
            #[serde(
                default,
                deserialize_with = "optional_distinct",
                skip_serializing_if = "Absent::is_absent"
            )]
            #[schema(schema_with = super::value::properties_schema)]
            pub custom_properties: Option<Properties>,
            $(
                $(#[$given_doc])*
                #[serde(skip_serializing_if = "Absent::is_absent")]
                pub $given: Option<$given_type>,
            )*
            $(
                $(#[$fixed_doc])*
                #[serde(skip_serializing_if = "Absent::is_absent")]
                pub $fixed: $fixed_type,
            )*
            $(
                $(#[$open_doc])*
                #[serde(skip_serializing_if = "Absent::is_absent")]
                pub $open: Option<$open_type>,
            )*
        }

        #[doc = concat!("What creates a [`", stringify!($name), "`].")]
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $create {
            $(
                /// The kind of artifact.
                #[serde(default)]
                pub artifact_type: $tag,
            )?
            /// Its name.
            #[serde(skip_serializing_if = "Absent::is_absent")]
            $(#[$name_meta])*
            pub name: $name_type,
            /// Its id in the client's system.
            #[serde(skip_serializing_if = "Absent::is_absent")]
            #[schema(min_length = 1, max_length = 512)]
            pub external_id: Option<String>,
            /// What it is, in words.
            #[serde(skip_serializing_if = "Absent::is_absent")]
            pub description: Option<String>,
            /// Properties that the client gives it.
            #[serde(
                default,
                deserialize_with = "optional_distinct",
                skip_serializing_if = "Absent::is_absent"
            )]
            #[schema(schema_with = super::value::properties_schema)]
            pub custom_properties: Option<Properties>,
            $(
                $(#[$fixed_doc])*
                #[serde(skip_serializing_if = "Absent::is_absent")]
                pub $fixed: $fixed_type,
            )*
            $(
                $(#[$open_doc])*
                #[serde(skip_serializing_if = "Absent::is_absent")]
                pub $open: Option<$open_type>,
            )*
        }

        #[doc = concat!("What changes a [`", stringify!($name), "`].")]
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $update {
            $(
                /// The kind of artifact.
                #[serde(default)]
                pub artifact_type: $tag,
            )?
            /// Its id in the client's system.
            #[serde(
                default,
                deserialize_with = "present",
                skip_serializing_if = "Absent::is_absent"
            )]
            #[schema(min_length = 1, max_length = 512)]
            pub external_id: Option<Option<String>>,
            /// What it is, in words.
            #[serde(
                default,
                deserialize_with = "present",
                skip_serializing_if = "Absent::is_absent"
            )]
            pub description: Option<Option<String>>,
            /// The properties that it has from now on, in place of those that it had.
            #[serde(
                default,
                deserialize_with = "present_distinct",
                skip_serializing_if = "Absent::is_absent"
            )]
            #[schema(schema_with = super::value::properties_schema)]
            pub custom_properties: Option<Option<Properties>>,
            $(
                $(#[$open_doc])*
                #[serde(
                    default,
                    deserialize_with = "present",
                    skip_serializing_if = "Absent::is_absent"
                )]
                pub $open: Option<Option<$open_type>>,
            )*
        }

        impl Resource for $name {
            type Create = $create;
            type Update = $update;
            const KINDS: &'static [Kind] = &[Kind::$name];
        }
    };
}
pub(super) use resource;

resource! {
    /// A model of which there are versions.
    RegisteredModel, RegisteredModelCreate, RegisteredModelUpdate;
    #[schema(required = true, min_length = 1, max_length = 512)] name: String;
    given {}
    fixed {}
    open {
        /// Who owns it.
        owner: String,
        /// Whether it is in use.
        state: State,
        /// Its documentation, in Markdown.
        readme: String,
        /// How mature it is.
        maturity: String,
        /// The languages that it understands (ISO 639).
        language: Vec<String>,
        /// What it is made for.
        tasks: Vec<String>,
        /// Who provides it.
        provider: String,
        /// The URL of its logo, or the logo as a data URL.
        logo: String,
        /// The short name of its licence.
        license: String,
        /// Where its licence can be read.
        license_link: String,
        /// The library that it was made with.
        library_name: String,
    }
}

resource! {
    /// A version of a registered model.
    ModelVersion, ModelVersionCreate, ModelVersionUpdate;
    #[schema(required = true, min_length = 1, max_length = 512)] name: String;
    given {}
    fixed {
        /// The registered model of which it is a version.
        #[schema(required = true)]
        registered_model_id: String,
    }
    open {
        /// Who made it.
        author: String,
        /// Whether it is in use.
        state: State,
    }
}

resource! {
    /// A place in which models are served.
    ServingEnvironment, ServingEnvironmentCreate, ServingEnvironmentUpdate;
    #[schema(required = true, min_length = 1, max_length = 512)] name: String;
    given {}
    fixed {}
    open {}
}

resource! {
    /// A registered model that is served in a serving environment.
    InferenceService, InferenceServiceCreate, InferenceServiceUpdate;
    #[schema(min_length = 1, max_length = 512)] name: Option<String>;
    given {}
    fixed {
        /// The registered model that is served.
        #[schema(required = true)]
        registered_model_id: String,
        /// The serving environment that serves it.
        #[schema(required = true)]
        serving_environment_id: String,
    }
    open {
        /// The version that is served: the newest when there is none here.
        model_version_id: String,
        /// What it runs on.
        runtime: String,
        /// What it should be.
        desired_state: InferenceServiceState,
    }
}

resource! {
    /// What an inference service did to serve a version.
    ServeModel, ServeModelCreate, ServeModelUpdate;
    #[schema(min_length = 1, max_length = 512)] name: Option<String>;
    given {}
    fixed {
        /// The version that was served.
        #[schema(required = true)]
        model_version_id: String,
    }
    open {
        /// How far it was when last heard of.
        last_known_state: ExecutionState,
    }
}

resource! {
    /// An experiment, which has runs.
    Experiment, ExperimentCreate, ExperimentUpdate;
    #[schema(required = true, min_length = 1, max_length = 512)] name: String;
    given {}
    fixed {}
    open {
        /// Who owns it.
        owner: String,
        /// Whether it is in use.
        state: State,
    }
}

resource! {
    /// A run of an experiment.
    ExperimentRun, ExperimentRunCreate, ExperimentRunUpdate;
    #[schema(min_length = 1, max_length = 512)] name: Option<String>;
    given {}
    fixed {
        /// The experiment to which it belongs.
        #[schema(required = true)]
        experiment_id: String,
        /// When it started, in milliseconds since 1970.
        start_time_since_epoch: Option<Int64>,
    }
    open {
        /// When it ended, in milliseconds since 1970.
        end_time_since_epoch: Int64,
        /// How far it is.
        status: ExperimentRunStatus,
        /// Whether it is in use.
        state: State,
        /// Who owns it.
        owner: String,
    }
}
