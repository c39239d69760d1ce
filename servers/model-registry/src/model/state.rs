//! The enumerations of the API.

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every word of it, as the API writes them.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word that the API writes.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some(Self::WORDS.iter().copied()))
                    .into()
            }
        }

        impl ToSchema for $name {}
    };
}

words! {
    /// Whether a registered model, a version, an experiment or a run is in use.
    State {
        /// It exists.
        Live = "LIVE",
        /// It has been archived, which is as far as deleting goes.
        Archived = "ARCHIVED",
    }
}

words! {
    /// What became of the thing that an artifact describes.
    ArtifactState {
        /// Not known.
        Unknown = "UNKNOWN",
        /// It may exist.
        Pending = "PENDING",
        /// It should exist.
        Live = "LIVE",
        /// It should be deleted.
        MarkedForDeletion = "MARKED_FOR_DELETION",
        /// It has been deleted.
        Deleted = "DELETED",
        /// It was given up.
        Abandoned = "ABANDONED",
        /// It refers to another artifact.
        Reference = "REFERENCE",
    }
}

words! {
    /// How far a run is.
    ExperimentRunStatus {
        /// It was started.
        Running = "RUNNING",
        /// It is to start later.
        Scheduled = "SCHEDULED",
        /// It has completed.
        Finished = "FINISHED",
        /// It has failed.
        Failed = "FAILED",
        /// A user ended it.
        Killed = "KILLED",
    }
}

words! {
    /// What an inference service should be.
    InferenceServiceState {
        /// Deployed.
        Deployed = "DEPLOYED",
        /// Not deployed.
        Undeployed = "UNDEPLOYED",
    }
}

words! {
    /// How far a serving action is.
    ExecutionState {
        /// Not known.
        Unknown = "UNKNOWN",
        /// It was made.
        New = "NEW",
        /// It is under way.
        Running = "RUNNING",
        /// It has completed.
        Complete = "COMPLETE",
        /// It has failed.
        Failed = "FAILED",
        /// It was left out, because there is a result already.
        Cached = "CACHED",
        /// It was left out, because a precondition was not met.
        Canceled = "CANCELED",
    }
}

words! {
    /// What a parameter's text stands for.
    ParameterType {
        /// A text.
        String = "string",
        /// A number.
        Number = "number",
        /// A truth value.
        Boolean = "boolean",
        /// An object, as JSON.
        Object = "object",
    }
}

words! {
    /// The kinds of artifacts, as a query names them.
    ArtifactType {
        /// A model.
        ModelArtifact = "model-artifact",
        /// A document.
        DocArtifact = "doc-artifact",
        /// A dataset.
        DataSet = "dataset-artifact",
        /// A metric.
        Metric = "metric",
        /// A parameter.
        Parameter = "parameter",
    }
}

words! {
    /// What a list is ordered by.
    #[derive(Default)]
    OrderByField {
        /// When the resource was made.
        CreateTime = "CREATE_TIME",
        /// When the resource was changed last.
        LastUpdateTime = "LAST_UPDATE_TIME",
        /// The number of the resource, which is the default.
        #[default]
        Id = "ID",
    }
}

words! {
    /// The direction of an order.
    #[derive(Default)]
    SortOrder {
        /// The smallest first, which is the default.
        #[default]
        Asc = "ASC",
        /// The greatest first.
        Desc = "DESC",
    }
}
