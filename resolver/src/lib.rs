#![doc = include_str!("../README.md")]

mod binding;
mod context;
mod environment;
mod explain;
pub mod export;
mod failure;
mod lock;
mod requirement;
mod resolution;
mod snapshot;
mod stage;
mod workflow;

pub use binding::{Binding, BoundEndpoint, ConfigurationValue, Origin, OriginKind, Pin, Value};
pub use context::{RunContext, Zone};
pub use environment::{EnvValue, Secret, Unsettable, is_settable};
pub use explain::{ExplainedCandidate, Explanation, Verdict};
pub use failure::{Failure, FailureCode};
pub use lock::{Drift, DriftKind, Lock, LockError, NO_STEP};
pub use requirement::{
    Alternative, EnvSource, Requirement, Selector, parse_requirements, requirement_schema,
};
pub use resolution::{Choice, OnAmbiguity, Opener, Resolution, ResolveOptions};
pub use snapshot::{ImageError, Snapshot};
pub use stage::rank::RankRule;
pub use workflow::{ExpandedStep, Step, UnknownStep, Workflow};
