//! The objects of OpenAPI 3.0.3, as tables: which fields each has, of what kind.
//!
//! Source: *OpenAPI Specification 3.0.3*, section 4.7, an object for each shape; fields that the
//! types of `openapiv3` cannot hold are left out.

use self::Kind::{
    Any, Boolean, Flag, List, Map, Number, Object, Paths, Responses, Schema, Text, Texts,
};
use self::Missing::{Allowed, Empty, Fatal, Placeholder};

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// A boolean whose absence says `false`.
    Flag,
    /// A boolean whose absence says something else.
    Boolean,
    Number,
    Any,
    Texts,
    Schema,
    Object(Shape),
    List(&'static Kind),
    Map(&'static Kind),
    /// Path items by paths, which begin with `/`.
    Paths,
    /// Responses by status code, class of them (`2XX`) or `default`.
    Responses,
}

/// What is done where a field that must be there is not, or cannot be stated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// The field is optional.
    Allowed,
    /// An empty object or text stands for it.
    Empty,
    /// The text `x-hitchpost-unknown` stands for it.
    Placeholder,
    /// The object cannot be stated without it.
    Fatal,
}

pub(super) type Field = (&'static str, Kind, Missing);

/// The objects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Document,
    Info,
    Contact,
    License,
    Server,
    ServerVariable,
    Components,
    PathItem,
    Operation,
    ExternalDocs,
    Parameter,
    RequestBody,
    MediaType,
    Encoding,
    Response,
    Callback,
    Example,
    Link,
    Header,
    Tag,
    SecurityScheme,
    OAuthFlows,
    ImplicitFlow,
    TokenFlow,
    CodeFlow,
    SecurityRequirement,
    Discriminator,
}

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

impl Shape {
    /// Whether a Reference Object may stand for it.
    pub(super) const fn may_be_reference(self) -> bool {
        matches!(
            self,
            Self::Parameter
                | Self::RequestBody
                | Self::Response
                | Self::Example
                | Self::Link
                | Self::Header
                | Self::SecurityScheme
        )
    }

    /// Whether what a reference points at must stand in its place: `openapiv3` has no reference
    /// there, or 3.0 has no components of the kind.
    pub(super) const fn is_inlined(self) -> bool {
        matches!(self, Self::PathItem | Self::Callback)
    }

    /// The fields, in the order of the specification.
    pub(super) const fn fields(self) -> &'static [Field] {
        const EXTERNAL_DOCS: Field = ("externalDocs", Object(Shape::ExternalDocs), Allowed);
        const DESCRIPTION: Field = ("description", Text, Allowed);
        const EXAMPLE: Field = ("example", Any, Allowed);
        const EXAMPLES: Field = ("examples", Map(&Object(Shape::Example)), Allowed);
        const SERVERS: Field = ("servers", List(&Object(Shape::Server)), Allowed);
        const SECURITY: Field = (
            "security",
            List(&Object(Shape::SecurityRequirement)),
            Allowed,
        );
        const CONTENT: Kind = Map(&Object(Shape::MediaType));
        const OPERATION: Kind = Object(Shape::Operation);
        const HEADERS: Field = ("headers", Map(&Object(Shape::Header)), Allowed);
        const REFRESH_URL: Field = ("refreshUrl", Text, Allowed);
        const SCOPES: Field = ("scopes", Map(&Text), Empty);
        match self {
            Self::Document => &[
                ("openapi", Text, Placeholder),
                ("info", Object(Shape::Info), Empty),
                SERVERS,
                ("paths", Paths, Empty),
                ("components", Object(Shape::Components), Allowed),
                SECURITY,
                ("tags", List(&Object(Shape::Tag)), Allowed),
                EXTERNAL_DOCS,
            ],
            Self::Info => &[
                ("title", Text, Placeholder),
                DESCRIPTION,
                ("termsOfService", Text, Allowed),
                ("contact", Object(Shape::Contact), Allowed),
                ("license", Object(Shape::License), Allowed),
                ("version", Text, Placeholder),
            ],
            Self::Contact => &[
                ("name", Text, Allowed),
                ("url", Text, Allowed),
                ("email", Text, Allowed),
            ],
            Self::License => &[("name", Text, Placeholder), ("url", Text, Allowed)],
            Self::Server => &[
                ("url", Text, Fatal),
                DESCRIPTION,
                ("variables", Map(&Object(Shape::ServerVariable)), Allowed),
            ],
            Self::ServerVariable => &[
                ("enum", Texts, Allowed),
                ("default", Text, Placeholder),
                DESCRIPTION,
            ],
            Self::Components => &[
                ("schemas", Map(&Schema), Allowed),
                ("responses", Map(&Object(Shape::Response)), Allowed),
                ("parameters", Map(&Object(Shape::Parameter)), Allowed),
                EXAMPLES,
                ("requestBodies", Map(&Object(Shape::RequestBody)), Allowed),
                HEADERS,
                (
                    "securitySchemes",
                    Map(&Object(Shape::SecurityScheme)),
                    Allowed,
                ),
                ("links", Map(&Object(Shape::Link)), Allowed),
                ("callbacks", Map(&Object(Shape::Callback)), Allowed),
            ],
            Self::PathItem => &[
                ("summary", Text, Allowed),
                DESCRIPTION,
                (METHODS[0], OPERATION, Allowed),
                (METHODS[1], OPERATION, Allowed),
                (METHODS[2], OPERATION, Allowed),
                (METHODS[3], OPERATION, Allowed),
                (METHODS[4], OPERATION, Allowed),
                (METHODS[5], OPERATION, Allowed),
                (METHODS[6], OPERATION, Allowed),
                (METHODS[7], OPERATION, Allowed),
                SERVERS,
                ("parameters", List(&Object(Shape::Parameter)), Allowed),
            ],
            Self::Operation => &[
                ("tags", Texts, Allowed),
                ("summary", Text, Allowed),
                DESCRIPTION,
                EXTERNAL_DOCS,
                ("operationId", Text, Allowed),
                ("parameters", List(&Object(Shape::Parameter)), Allowed),
                ("requestBody", Object(Shape::RequestBody), Allowed),
                ("responses", Responses, Empty),
                ("callbacks", Map(&Object(Shape::Callback)), Allowed),
                ("deprecated", Flag, Allowed),
                SECURITY,
                SERVERS,
            ],
            Self::ExternalDocs => &[DESCRIPTION, ("url", Text, Fatal)],
            Self::Parameter => &[
                ("name", Text, Fatal),
                ("in", Text, Fatal),
                DESCRIPTION,
                ("required", Flag, Allowed),
                ("deprecated", Boolean, Allowed),
                ("allowEmptyValue", Boolean, Allowed),
                ("style", Text, Allowed),
                ("explode", Boolean, Allowed),
                ("allowReserved", Flag, Allowed),
                ("schema", Schema, Allowed),
                EXAMPLE,
                EXAMPLES,
                ("content", CONTENT, Allowed),
            ],
            Self::RequestBody => &[
                DESCRIPTION,
                ("content", CONTENT, Empty),
                ("required", Flag, Allowed),
            ],
            Self::MediaType => &[
                ("schema", Schema, Allowed),
                EXAMPLE,
                EXAMPLES,
                ("encoding", Map(&Object(Shape::Encoding)), Allowed),
            ],
            Self::Encoding => &[
                ("contentType", Text, Allowed),
                HEADERS,
                ("style", Text, Allowed),
                ("explode", Flag, Allowed),
                ("allowReserved", Flag, Allowed),
            ],
            Self::Response => &[
                ("description", Text, Empty),
                HEADERS,
                ("content", CONTENT, Allowed),
                ("links", Map(&Object(Shape::Link)), Allowed),
            ],
            Self::Callback | Self::SecurityRequirement => &[],
            Self::Example => &[
                ("summary", Text, Allowed),
                DESCRIPTION,
                ("value", Any, Allowed),
                ("externalValue", Text, Allowed),
            ],
            Self::Link => &[
                ("operationRef", Text, Allowed),
                ("operationId", Text, Allowed),
                ("parameters", Map(&Any), Allowed),
                ("requestBody", Any, Allowed),
                DESCRIPTION,
                ("server", Object(Shape::Server), Allowed),
            ],
            Self::Header => &[
                DESCRIPTION,
                ("required", Flag, Allowed),
                ("deprecated", Boolean, Allowed),
                ("style", Text, Allowed),
                ("schema", Schema, Allowed),
                EXAMPLE,
                EXAMPLES,
                ("content", CONTENT, Allowed),
            ],
            Self::Tag => &[("name", Text, Fatal), DESCRIPTION, EXTERNAL_DOCS],
            Self::SecurityScheme => &[
                ("type", Text, Fatal),
                DESCRIPTION,
                ("name", Text, Allowed),
                ("in", Text, Allowed),
                ("scheme", Text, Allowed),
                ("bearerFormat", Text, Allowed),
                ("flows", Object(Shape::OAuthFlows), Allowed),
                ("openIdConnectUrl", Text, Allowed),
            ],
            Self::OAuthFlows => &[
                ("implicit", Object(Shape::ImplicitFlow), Allowed),
                ("password", Object(Shape::TokenFlow), Allowed),
                ("clientCredentials", Object(Shape::TokenFlow), Allowed),
                ("authorizationCode", Object(Shape::CodeFlow), Allowed),
            ],
            Self::ImplicitFlow => &[("authorizationUrl", Text, Placeholder), REFRESH_URL, SCOPES],
            Self::TokenFlow => &[("tokenUrl", Text, Placeholder), REFRESH_URL, SCOPES],
            Self::CodeFlow => &[
                ("authorizationUrl", Text, Placeholder),
                ("tokenUrl", Text, Placeholder),
                REFRESH_URL,
                SCOPES,
            ],
            Self::Discriminator => &[
                ("propertyName", Text, Fatal),
                ("mapping", Map(&Text), Allowed),
            ],
        }
    }
}

/// The keywords of the Schema Object whose values are taken over as they are. The others are
/// rewritten.
pub(super) const SCHEMA_FIELDS: &[(&str, Kind)] = &[
    ("title", Text),
    ("description", Text),
    ("multipleOf", Number),
    ("pattern", Text),
    ("format", Text),
    ("uniqueItems", Flag),
    ("nullable", Flag),
    ("readOnly", Flag),
    ("writeOnly", Flag),
    ("deprecated", Flag),
    ("default", Any),
    ("externalDocs", Object(Shape::ExternalDocs)),
    ("discriminator", Object(Shape::Discriminator)),
];
