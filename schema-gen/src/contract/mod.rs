//! The contract of a service: what it offers, what it takes, what it gives back.

mod fact;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use fact::{Certainty, Fact, Source, UnknownFact};

/// What a service offers. Types are JSON Schema 2020-12; order is that of the source, which is the
/// framework's own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Contract {
    /// The version of OpenAPI that the service says it speaks, as `3.1.0`.
    pub openapi_version: Fact<String>,
    /// `title`, `version`, and what else OpenAPI's Info Object has, by its names.
    pub info: Map<String, Value>,
    /// OpenAPI Server Objects.
    pub servers: Vec<Value>,
    /// In the order of registration.
    pub operations: Vec<Operation>,
    /// What the service calls; their path is a name.
    pub webhooks: Vec<Operation>,
    /// Schemas by name: what `#/components/schemas/NAME` means.
    pub types: IndexMap<String, Value>,
    /// OpenAPI Security Scheme Objects by name.
    pub security_schemes: IndexMap<String, Value>,
    /// OpenAPI Tag Objects.
    pub tags: Vec<Value>,
    /// An OpenAPI External Documentation Object.
    pub external_docs: Option<Value>,
    /// What the service serves instead of the document that its framework would make of the rest:
    /// it replaces or edits it in code of its own, which was followed.
    pub document: Option<Value>,
    /// Why there may be operations that are not here.
    pub missing: Vec<UnknownFact>,
    /// Everything about the operations that could not be known.
    pub unknowns: Vec<UnknownFact>,
}

/// One method on one path.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Operation {
    /// As OpenAPI writes it: `/items/{item_id}`.
    pub path: Fact<String>,
    /// In capitals.
    pub method: String,
    /// Unique in the service, if it keeps to the rules.
    pub operation_id: Fact<String>,
    /// A line.
    pub summary: Fact<String>,
    /// Markdown; `None` where there is none.
    pub description: Fact<Option<String>>,
    /// In order.
    pub tags: Fact<Vec<Value>>,
    /// Whether it should no longer be used.
    pub deprecated: Fact<Option<bool>>,
    /// Path, query, header and cookie parameters.
    pub parameters: Vec<Parameter>,
    /// What the body must be.
    pub request_body: Option<RequestBody>,
    /// By status (`200`, `4XX`, `default`).
    pub responses: IndexMap<String, Response>,
    /// Alternatives; each asks for all its schemes, with their scopes.
    pub security: Vec<IndexMap<String, Vec<Value>>>,
    /// What the service calls back.
    pub callbacks: Vec<Callback>,
    /// Set where items are sent one after another.
    pub streaming: Option<Streaming>,
    /// Merged into the OpenAPI Operation Object after all the rest.
    pub extra: Map<String, Value>,
    /// The function that answers, and where it stands.
    pub handler: Option<Source>,
    /// Whether the framework writes it member by member as it was made, instead of in the order of
    /// OpenAPI's objects, as FastAPI does where a tag is a member of an enumeration.
    pub verbatim: bool,
    /// Whether it is sure that the operation exists.
    pub certainty: Certainty,
    /// Facts of the operation that could not be known, beyond those marked in their place.
    pub unknowns: Vec<String>,
}

/// A call that an operation announces to make.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Callback {
    /// Its name.
    pub name: String,
    /// The expression of its address.
    pub expression: String,
    /// What it must answer to; one for each method.
    pub operations: Vec<Operation>,
}

/// Where a parameter stands in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Location {
    /// In the path.
    Path,
    /// After `?`.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
}

impl Location {
    /// OpenAPI's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

/// A parameter of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Parameter {
    /// As callers write it.
    pub name: String,
    /// Where it stands.
    pub location: Location,
    /// Whether a request without it is refused.
    pub required: bool,
    /// Its type.
    pub schema: Fact<Value>,
    /// Markdown.
    pub description: Option<Value>,
    /// Whether it should no longer be used.
    pub deprecated: bool,
    /// `example` and `examples` of the OpenAPI Parameter Object.
    pub rest: Map<String, Value>,
}

/// What the body of a request must be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RequestBody {
    /// Whether a request without it is refused.
    pub required: bool,
    /// By media type.
    pub content: IndexMap<String, MediaType>,
}

/// A body of one media type.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MediaType {
    /// The type of the whole.
    pub schema: Option<Fact<Value>>,
    /// The type of one of the items that are sent one after another.
    pub item_schema: Option<Fact<Value>>,
    /// What else the OpenAPI Media Type Object has, by its names.
    pub rest: Map<String, Value>,
    /// The names of its members in the order in which the framework writes them.
    pub order: Vec<String>,
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Response {
    /// Markdown.
    pub description: Option<Value>,
    /// By media type; `None` where it is not said whether there is a body.
    pub content: Option<IndexMap<String, MediaType>>,
    /// What else the OpenAPI Response Object has (`headers`, `links` …), by its names.
    pub rest: Map<String, Value>,
    /// The names of its members in the order in which the framework writes them.
    pub order: Vec<String>,
}

/// How items are sent one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Streaming {
    /// A line of JSON for each item.
    JsonLines,
    /// Server-sent events.
    ServerSentEvents,
}
