//! The parameters that operations take.

use utoipa::openapi::{
    KnownFormat, ObjectBuilder, Ref, RefOr, Required, Schema, SchemaFormat,
    path::{self, ParameterBuilder, ParameterIn},
    schema::Type,
};

use super::error::ApiError;
use crate::model::State;

/// Identifiers are positive 64-bit numbers; this is what of them a pattern can say.
pub(crate) const IDENTIFIER: &str = "^[1-9][0-9]{0,17}$";
const PAGE_SIZE: &str = "^[1-9][0-9]{0,8}$";
/// By what points can be ordered, the default first.
pub(crate) const POINT_ORDERS: [&str; 2] = ["timestamp", "step"];
const IDENTIFIERS: &str = "^[1-9][0-9]{0,17}(,[1-9][0-9]{0,17})*$";
const STEP: &str = "^-?[0-9]{1,18}$";
const STEP_IDS: &str = "^-?[0-9]{1,18}(,-?[0-9]{1,18})*$";

/// A parameter of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    FilterQuery,
    ArtifactType,
    PageSize,
    OrderBy,
    SortOrder,
    NextPageToken,
    Name,
    ExternalId,
    ParentResourceId,
    StepIds,
    /// The name of a metric, which must be given.
    MetricName,
    /// As [`Parameter::PageSize`], of the extension.
    Points,
    PageToken,
    StartStep,
    EndStep,
    MaxPoints,
    PointOrder,
    /// The state in which a parent has to be.
    RequireState,
    ExperimentRunId,
    ExperimentIds,
}

impl Parameter {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FilterQuery => "filterQuery",
            Self::ArtifactType => "artifactType",
            Self::PageSize | Self::Points => "pageSize",
            Self::OrderBy => "orderBy",
            Self::SortOrder => "sortOrder",
            Self::NextPageToken => "nextPageToken",
            Self::Name | Self::MetricName => "name",
            Self::ExternalId => "externalId",
            Self::ParentResourceId => "parentResourceId",
            Self::StepIds => "stepIds",
            Self::PageToken => "pageToken",
            Self::StartStep => "startStep",
            Self::EndStep => "endStep",
            Self::MaxPoints => "maxPoints",
            Self::PointOrder => "orderBy",
            Self::RequireState => "requireState",
            Self::ExperimentRunId => "experimentRunId",
            Self::ExperimentIds => "experimentIds",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::FilterQuery => {
                "A condition on the listed resources: `=`, `!=`, `<>`, `>`, `<`, `>=`, `<=`, `LIKE`, `ILIKE`, `IN`, \
                 with `AND`, `OR` and parentheses. A name is a field of the resource or a custom property, in \
                 backquotes where it has special characters; `.string_value`, `.double_value`, `.int_value` or \
                 `.bool_value` after it says of which kind."
            }
            Self::ArtifactType => "Only artifacts of this type.",
            Self::PageSize => "How many resources a page has at most.",
            Self::Points => "How many points a page has at most: up to 250000, by default 100000.",
            Self::OrderBy => "By what the resources are ordered, by default `ID`.",
            Self::SortOrder => "In which direction they are ordered, by default `ASC`.",
            Self::NextPageToken | Self::PageToken => {
                "The `nextPageToken` of the page before; of the first page, nothing."
            }
            Self::Name => "The resource's name.",
            Self::MetricName => "The metric's name.",
            Self::ExternalId => "The resource's identifier in the client's system.",
            Self::ParentResourceId => "The identifier of the resource that it belongs to.",
            Self::StartStep => "Only points from this step on.",
            Self::EndStep => "Only points up to this step.",
            Self::MaxPoints => {
                "At most so many points, evenly spaced, the last among them and the first as well; there is one page then."
            }
            Self::PointOrder => "By what the points are ordered, by default `timestamp`.",
            Self::RequireState => {
                "Refuse, with the code `wrong-state`, unless the experiment is in this state."
            }
            Self::ExperimentRunId => "The run to which it belongs.",
            Self::ExperimentIds => "The experiments: identifiers with commas between them.",
            Self::StepIds => "Only points of these steps: numbers with commas between them.",
        }
    }

    /// As an OpenAPI document has it.
    pub(crate) fn document(self) -> path::Parameter {
        let pattern = |pattern: &str| {
            let schema = ObjectBuilder::new()
                .schema_type(Type::String)
                .pattern(Some(pattern));
            RefOr::T(Schema::from(schema))
        };
        let format = |format: &str| {
            let format = SchemaFormat::Custom(format.to_owned());
            let schema = ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(format));
            RefOr::T(Schema::from(schema))
        };
        let words = |words: &[&str]| {
            let schema = ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some(words.iter().copied()));
            RefOr::T(Schema::from(schema))
        };
        let schema = match self {
            Self::ArtifactType => Ref::from_schema_name("ArtifactTypeQueryParam").into(),
            Self::OrderBy => Ref::from_schema_name("OrderByField").into(),
            Self::SortOrder => Ref::from_schema_name("SortOrder").into(),
            Self::PageSize | Self::Points | Self::MaxPoints => pattern(PAGE_SIZE),
            Self::ParentResourceId | Self::ExperimentRunId => pattern(IDENTIFIER),
            Self::StartStep | Self::EndStep => pattern(STEP),
            Self::ExperimentIds => pattern(IDENTIFIERS),
            Self::PointOrder => words(&POINT_ORDERS),
            Self::RequireState => words(State::WORDS),
            Self::StepIds => pattern(STEP_IDS),
            Self::MetricName => {
                let schema = ObjectBuilder::new()
                    .schema_type(Type::String)
                    .min_length(Some(1));
                RefOr::T(schema.into())
            }
            Self::FilterQuery => format("filter-query"),
            Self::NextPageToken | Self::PageToken => format("page-token"),
            _ => RefOr::T(ObjectBuilder::new().schema_type(Type::String).into()),
        };
        let required = if matches!(self, Self::MetricName | Self::ExperimentIds) {
            Required::True
        } else {
            Required::False
        };
        ParameterBuilder::new()
            .name(self.name())
            .parameter_in(ParameterIn::Query)
            .required(required)
            .description(Some(self.description()))
            .schema(Some(schema))
            .build()
    }
}

/// What names a logged model in a path: its identifier, or the one that its client gave it.
pub(crate) const MODEL_ID: &str = "modelId";

/// The identifier of a path, as an OpenAPI document has it.
pub(crate) fn path_identifier(name: &str) -> path::Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let schema = if name == MODEL_ID {
        text.min_length(Some(1))
    } else {
        text.format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .pattern(Some(IDENTIFIER))
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("The identifier of the resource."))
        .schema(Some(schema))
        .build()
}

/// An identifier, as the server gives them.
pub(crate) fn identifier(text: &str, entity: &str) -> Result<i64, ApiError> {
    let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let id = text.parse().ok().filter(|_| is_canonical);
    id.ok_or_else(|| {
        ApiError::bad_request(format!(
            "invalid {entity} ID: `{text}` is no positive number"
        ))
    })
}

/// A number of things: a page's resources, points.
pub(crate) fn size(parameter: Parameter, text: &str) -> Result<i32, ApiError> {
    let name = parameter.name();
    let is_canonical =
        text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let size = text.parse().ok().filter(|_| is_canonical);
    size.ok_or_else(|| {
        ApiError::bad_request(format!(
            "invalid {name}: `{text}` is no number from 1 to 999999999"
        ))
    })
}

/// The steps of a list with commas.
pub(crate) fn steps(text: &str) -> Result<Vec<i64>, ApiError> {
    text.split(',').map(step).collect()
}

pub(crate) fn step(text: &str) -> Result<i64, ApiError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = digits.len() <= 18 && digits.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number).ok_or_else(|| {
        ApiError::bad_request(format!("invalid step ID '{text}': must be a valid integer"))
    })
}
