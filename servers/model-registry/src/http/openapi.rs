//! The OpenAPI document of all that the server answers, made of its operations.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use utoipa::{
    ToSchema,
    openapi::{
        ComponentsBuilder, Content, HttpMethod, InfoBuilder, LicenseBuilder, OpenApiBuilder,
        PathItem, PathsBuilder, Ref, Required, ResponseBuilder,
        path::{OperationBuilder, PathItemBuilder},
        request_body::RequestBodyBuilder,
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
        tag::TagBuilder,
    },
};

use super::{
    Api,
    error::ErrorBody,
    health,
    operation::{Operation, Shape},
    parameter, v1,
};
use crate::model::{ArtifactType, MetadataValue, OrderByField, ServeModelUpdate, SortOrder};

/// Where the document is.
pub(crate) const PATH: &str = "/openapi.json";
/// The schemas of artifacts, in the order of their types.
const KINDS: [&str; 5] = [
    "ModelArtifact",
    "DocArtifact",
    "DataSet",
    "Metric",
    "Parameter",
];
/// The fields that identify a resource of this server.
const IDENTIFIERS: [&str; 6] = [
    "id",
    "experimentId",
    "experimentRunId",
    "modelVersionId",
    "registeredModelId",
    "servingEnvironmentId",
];
const BEARER: &str = "Bearer";
const JSON: &str = "application/json";

/// What any operation may fail with.
const FAILURES: [StatusCode; 3] = [
    StatusCode::BAD_REQUEST,
    StatusCode::INTERNAL_SERVER_ERROR,
    StatusCode::SERVICE_UNAVAILABLE,
];
/// What an operation with a body may fail with as well.
const BODY_FAILURES: [StatusCode; 2] = [
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
];

/// The document, as JSON. Where tokens are wanted, it says so.
pub(crate) fn document(apis: &[Api], has_tokens: bool) -> Vec<u8> {
    let mut schemas = Vec::new();
    for shape in [
        Shape::of::<ErrorBody>(),
        Shape::of::<ArtifactType>().named("ArtifactTypeQueryParam"),
        Shape::of::<MetadataValue>(),
        // No operation takes it, but upstream's document has it.
        Shape::of::<ServeModelUpdate>(),
        Shape::of::<OrderByField>(),
        Shape::of::<SortOrder>(),
    ] {
        shape.collect(&mut schemas);
    }
    let mut paths: BTreeMap<String, PathItem> = BTreeMap::new();
    for api in apis {
        for operation in &api.operations {
            let shapes = operation.success.iter().map(|(_, shape)| shape);
            for shape in shapes.chain(&operation.body) {
                shape.collect(&mut schemas);
            }
            let item = PathItemBuilder::new()
                .operation(
                    method(&operation.method),
                    describe(api, operation, has_tokens),
                )
                .build();
            paths
                .entry(format!("{}/{}", api.base, operation.path))
                .or_default()
                .merge_operations(item);
        }
    }
    paths.insert(health::HEALTH.to_owned(), probe("getHealth"));
    paths.insert(health::IS_DIRTY.to_owned(), probe("getIsDirty"));
    let paths = paths
        .into_iter()
        .fold(PathsBuilder::new(), |paths, (path, item)| {
            paths.path(path, item)
        });
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme(
            BEARER,
            SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
        );
    let info = InfoBuilder::new()
        .title("Hitchpost model registry")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The Kubeflow Model Registry REST API, `v1alpha3` and `v1`, and an extension for experiment tracking.",
        ))
        .license(Some(LicenseBuilder::new().name(env!("CARGO_PKG_LICENSE")).build()));
    let document = OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components.build()))
        .tags(Some([
            TagBuilder::new().name("ModelRegistryService").build(),
            TagBuilder::new().name("Tracking").build(),
        ]))
        .build();
    let mut document = serde_json::to_value(document).unwrap_or_default();
    name_kinds(&mut document);
    require(&mut document);
    v1::document(&mut document);
    document.to_string().into_bytes()
}

/// Says what the types behind the schemas do not: which artifact is meant tells its type, and a
/// metric has a value.
fn require(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas") else {
        return;
    };
    for form in ["", "Create", "Update"] {
        if let Some(schema) = schemas.get_mut(format!("Artifact{form}")) {
            let kinds = ArtifactType::WORDS.iter().zip(KINDS);
            let schema_of = |kind| format!("#/components/schemas/{kind}{form}");
            let mapping: BTreeMap<_, _> =
                kinds.map(|(word, kind)| (*word, schema_of(kind))).collect();
            schema["required"] = json!(["artifactType"]);
            schema["discriminator"] = json!({"propertyName": "artifactType", "mapping": mapping});
        }
    }
    if let Some(schema) = schemas.get_mut("MetricCreate") {
        schema["required"] = json!(["value"]);
        if let Some(value) = schema.pointer_mut("/properties/value") {
            *value = json!({"$ref": "#/components/schemas/Double"});
        }
    }
    // A whole number is a number as well.
    if let Some(Value::Object(operand)) = schemas.get_mut("Operand")
        && let Some(kinds) = operand.remove("oneOf")
    {
        operand.insert("anyOf".to_owned(), kinds);
    }
    if let Some(id) = schemas.pointer_mut("/Search/properties/experimentIds/items") {
        id["pattern"] = parameter::IDENTIFIER.into();
    }
    for schema in schemas
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
    {
        for name in IDENTIFIERS {
            let property = schema.pointer_mut(&format!("/properties/{name}"));
            if let Some(property) = property.filter(|property| property.get("type").is_some()) {
                property["pattern"] = parameter::IDENTIFIER.into();
            }
        }
    }
    bound(schemas);
}

/// Gives the kinds of metadata values names, as upstream has them.
fn name_kinds(document: &mut Value) {
    let schemas = document.pointer_mut("/components/schemas");
    let Some(schemas) = schemas.and_then(Value::as_object_mut) else {
        return;
    };
    let union = schemas.get_mut("MetadataValue").map(Value::take);
    let kinds = union
        .as_ref()
        .and_then(|union| union.get("oneOf")?.as_array());
    let mut references = Vec::new();
    for kind in kinds.into_iter().flatten() {
        let name = kind
            .pointer("/properties/metadataType/enum/0")
            .and_then(Value::as_str);
        let Some(name) = name else { continue };
        let mut kind = kind.clone();
        if let Some(members) = kind.as_object_mut() {
            members.insert("additionalProperties".to_owned(), false.into());
        }
        references.push(json!({"$ref": format!("#/components/schemas/{name}")}));
        schemas.insert(name.to_owned(), kind);
    }
    let union = json!({
        "description": "The value of a custom property.",
        "oneOf": references,
        "discriminator": {"propertyName": "metadataType"},
    });
    schemas.insert("MetadataValue".to_owned(), union);
}

/// Says how great integers can be, which the format alone does not.
fn bound(schema: &mut Value) {
    let bounds = match schema.get("format").and_then(Value::as_str) {
        Some("int64") => Some((i64::MIN, i64::MAX)),
        Some("int32") => Some((i32::MIN.into(), i32::MAX.into())),
        _ => None,
    };
    let is_integer = match schema.get("type") {
        Some(Value::Array(types)) => types.contains(&"integer".into()),
        Some(name) => name == "integer",
        None => false,
    };
    match schema {
        Value::Object(members) => {
            if let (Some((least, greatest)), true) = (bounds, is_integer) {
                members.entry("minimum").or_insert(least.into());
                members.entry("maximum").or_insert(greatest.into());
            }
            members.values_mut().for_each(bound);
        }
        Value::Array(items) => items.iter_mut().for_each(bound),
        _ => {}
    }
}

fn describe(api: &Api, operation: &Operation, has_tokens: bool) -> OperationBuilder {
    let name = format!("{}{}", operation.id, api.suffix);
    let mut described = OperationBuilder::new()
        .operation_id(Some(name))
        .tag(api.tag)
        .summary(Some(&operation.summary));
    if let Some((_, rest)) = operation.path.split_once('{') {
        let name = rest.split('}').next().unwrap_or_default();
        described = described.parameter(parameter::path_identifier(name));
    }
    for parameter in &operation.parameters {
        described = described.parameter(parameter.document());
    }
    if let Some(body) = &operation.body {
        let body = RequestBodyBuilder::new()
            .content(JSON, Content::new(Some(body.reference())))
            .required(Some(Required::True));
        described = described.request_body(Some(body.build()));
    }
    for (status, shape) in &operation.success {
        let response = ResponseBuilder::new()
            .description(status.canonical_reason().unwrap_or_default())
            .content(JSON, Content::new(Some(shape.reference())));
        described = described.response(status.as_str(), response.build());
    }
    let mut failures = [&FAILURES[..], &operation.failures].concat();
    if operation.body.is_some() {
        failures.extend(BODY_FAILURES);
    }
    if has_tokens {
        failures.push(StatusCode::UNAUTHORIZED);
        described = described.security(SecurityRequirement::new(BEARER, [""; 0]));
    }
    for status in failures {
        described = described.response(status.as_str(), failure(status));
    }
    described
}

fn failure(status: StatusCode) -> utoipa::openapi::Response {
    ResponseBuilder::new()
        .description(status.canonical_reason().unwrap_or_default())
        .content(
            JSON,
            Content::new(Some(Ref::from_schema_name(ErrorBody::name()))),
        )
        .build()
}

fn probe(id: &str) -> PathItem {
    let answer = |description: &str| {
        let text = Content::new(Some(utoipa::schema!(String)));
        ResponseBuilder::new()
            .description(description)
            .content("text/plain", text)
            .build()
    };
    let operation = OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some("Whether the server can do its work, for probes"))
        .response("200", answer("It can"))
        .response("503", answer("It cannot"));
    PathItemBuilder::new()
        .operation(HttpMethod::Get, operation)
        .build()
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PATCH => HttpMethod::Patch,
        _ => HttpMethod::Get,
    }
}
