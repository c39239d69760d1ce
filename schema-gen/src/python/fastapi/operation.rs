//! A route as operations of the contract: `get_openapi_path` of `fastapi/openapi/utils.py`.

use std::rc::Rc;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

use crate::contract::{
    Callback, Certainty, Fact, Location, MediaType, Operation, Parameter, RequestBody, Response,
    Source, Streaming,
};
use crate::openapi::v31::update;
use crate::python::interp::Interp;
use crate::python::library;
use crate::python::value::Value;
use crate::python::versions::Change;

use super::class::derives;
use super::describe::{self, Describer};
use super::encode::{encode, jsonable, key_text, reason, report, text};
use super::field::Field;
use super::route::{self, Route, attribute};
use super::security;
use super::text::status_phrase;

/// What comes of all routes together.
pub(crate) struct Writer<'d> {
    pub(crate) describer: &'d mut Describer,
    pub(crate) schemes: IndexMap<String, Json>,
    /// Whether an operation answers that a request is not valid.
    pub(crate) has_validation_error: bool,
}

/// Asks for the schemas of everything that a route takes and gives: `get_fields_from_routes`.
pub(crate) fn ask(interp: &mut Interp, describer: &mut Describer, routes: &[Route]) {
    let mut callbacks: Vec<&Route> = Vec::new();
    for one in routes {
        callbacks.extend(&one.callbacks);
    }
    for one in &callbacks {
        ask(interp, describer, std::slice::from_ref(one));
    }
    for one in routes {
        for field in one
            .body
            .iter()
            .map(|body| &body.field)
            .chain(&one.response)
            .chain(&one.stream_item)
        {
            describer.ask(field, one.place);
        }
        for (_, _, field) in &one.responses {
            if let Some(field) = field {
                describer.ask(field, one.place);
            }
        }
        let flat = &one.flat;
        for field in flat
            .path
            .iter()
            .chain(&flat.query)
            .chain(&flat.header)
            .chain(&flat.cookie)
        {
            for field in describer.flat(interp, field) {
                describer.ask(&field, one.place);
            }
        }
    }
}

impl Writer<'_> {
    /// One for each method.
    pub(crate) fn operations(&mut self, interp: &mut Interp, route: &Route) -> Vec<Operation> {
        interp.describing = route.place;
        let methods = route.methods.iter();
        let operations = methods
            .map(|method| self.operation(interp, route, method))
            .collect();
        interp.describing = None;
        operations
    }

    fn operation(&mut self, interp: &mut Interp, route: &Route, method: &str) -> Operation {
        let context = &route.context;
        let handler = route.handler.clone();
        let mut operation = Operation {
            path: self.text_fact(interp, &route.path, "/", &handler),
            method: method.to_owned(),
            handler: handler.clone(),
            certainty: route.certainty.clone(),
            ..Operation::default()
        };
        let tags = attribute(interp, context, "tags");
        operation.tags = match &tags {
            Value::Unknown(unknown) => Fact::unknown(
                Vec::new(),
                reason(interp, &unknown.why, unknown.place),
                handler.clone(),
            ),
            other => match encode(interp, other) {
                Json::Array(tags) => Fact::certain(tags, handler.clone()),
                _ => Fact::certain(Vec::new(), handler.clone()),
            },
        };
        if let Ok(Some(tags)) = interp.iterate(&tags) {
            operation.verbatim = tags
                .iter()
                .any(|tag| !matches!(library::plain(tag), Value::Str(_)));
        }
        let summary = attribute(interp, context, "summary");
        let summary = match interp.truth(&summary) {
            Ok(Some(false)) => match text(&route.name) {
                Some(name) => {
                    Value::str(&crate::python::library::title_case(&name.replace('_', " ")))
                }
                None => route.name.clone(),
            },
            _ => summary,
        };
        operation.summary = self.text_fact(interp, &summary, "", &handler);
        let description = attribute(interp, context, "description");
        let description = self.text_fact(interp, &description, "", &handler);
        operation.description = Fact {
            value: Some(description.value).filter(|text| !text.is_empty()),
            certainty: description.certainty,
            source: description.source,
        };
        let operation_id = attribute(interp, context, "operation_id");
        let is_given = interp.truth(&operation_id).ok().flatten() != Some(false);
        let operation_id = if is_given {
            operation_id
        } else {
            route.unique_id.clone()
        };
        let is_made = !is_given && route.methods.len() > 1;
        operation.operation_id = self.text_fact(interp, &operation_id, "", &handler);
        if is_made && operation.operation_id.certainty == Certainty::Certain {
            // `generate_unique_id` takes the first of a set.
            let why = "which of the route's methods stands in it differs from run to run";
            operation.operation_id.certainty = Certainty::Uncertain(why.to_owned());
            let message = format!("{method} {}: the operation id: {why}", operation.path.value);
            report(interp, "unstable-operation-id", message, route.place);
        }
        let deprecated = attribute(interp, context, "deprecated");
        operation.deprecated = match interp.truth(&deprecated) {
            Ok(Some(flag)) => Fact::certain(flag.then_some(true), handler.clone()),
            _ => Fact::unknown(
                None,
                "it is not known whether it is deprecated",
                handler.clone(),
            ),
        };
        self.security(interp, route, &mut operation);
        operation.parameters = self.parameters(interp, route);
        // `METHODS_WITH_BODY` of `fastapi/openapi/constants.py`.
        if matches!(method, "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "PATCH") {
            operation.request_body = self.request_body(interp, route);
        }
        for callback in &route.callbacks {
            let expression = attribute(interp, &callback.context, "path");
            let operations = self.operations(interp, callback);
            operation.callbacks.push(Callback {
                name: text(&callback.name)
                    .map(|name| name.to_string())
                    .unwrap_or_default(),
                expression: text(&expression)
                    .map(|path| path.to_string())
                    .unwrap_or_default(),
                operations,
            });
        }
        self.responses(interp, route, &mut operation);
        let extra = attribute(interp, context, "openapi_extra");
        if let Json::Object(extra) = encode(interp, &extra) {
            operation.extra = extra;
        }
        for gap in route.gaps.iter().chain(&route.flat.gaps) {
            let line = format!("{}: {}", gap.what, reason(interp, &gap.why, gap.place));
            if !operation.unknowns.contains(&line) {
                let path = operation.path.value.clone();
                report(
                    interp,
                    "unknown-fact",
                    format!("{method} {path}: {}: {}", gap.what, gap.why),
                    gap.place,
                );
                operation.unknowns.push(line);
            }
        }
        if let Certainty::Uncertain(why) = &operation.certainty {
            let message = format!(
                "{method} {}: it is not sure that it is registered: {why}",
                operation.path.value
            );
            report(interp, "uncertain-operation", message, route.place);
        }
        operation
    }

    fn gap(&self, interp: &mut Interp, route: &Route, operation: &mut Operation, why: String) {
        let message = format!("{} {}: {why}", operation.method, operation.path.value);
        report(interp, "unknown-fact", message, route.place);
        operation.unknowns.push(why);
    }

    fn text_fact(
        &self,
        interp: &mut Interp,
        value: &Value,
        otherwise: &str,
        source: &Option<Source>,
    ) -> Fact<String> {
        match library::plain(value) {
            Value::Str(text) => Fact::certain(text.to_string(), source.clone()),
            Value::Unknown(unknown) => {
                report(interp, "unknown-value", unknown.why.clone(), unknown.place);
                Fact::unknown(
                    otherwise.to_owned(),
                    reason(interp, &unknown.why, unknown.place),
                    source.clone(),
                )
            }
            plain => match interp.text(&plain, false) {
                Some(text) => Fact::certain(text, source.clone()),
                None => Fact::unknown(
                    otherwise.to_owned(),
                    format!("`{plain:?}` is not read"),
                    source.clone(),
                ),
            },
        }
    }

    fn security(&mut self, interp: &mut Interp, route: &Route, operation: &mut Operation) {
        let is_merged = interp.rules.has(Change::MergedScopes);
        let mut asked: IndexMap<String, Vec<Json>> = IndexMap::new();
        for (call, scopes) in &route.flat.security {
            let (name, scheme) = security::scheme(interp, call);
            self.schemes.insert(name.clone(), scheme);
            if !is_merged {
                let scopes = scopes.iter().map(|scope| encode(interp, scope)).collect();
                operation
                    .security
                    .push(IndexMap::from_iter([(name, scopes)]));
                continue;
            }
            let known = asked.entry(name).or_default();
            for scope in scopes {
                let scope = encode(interp, scope);
                if !known.contains(&scope) {
                    known.push(scope);
                }
            }
        }
        operation.security.extend(
            asked
                .into_iter()
                .map(|(name, scopes)| IndexMap::from_iter([(name, scopes)])),
        );
    }

    /// `_get_openapi_operation_parameters`; a required one stands for one of its name that is not.
    fn parameters(&mut self, interp: &mut Interp, route: &Route) -> Vec<Parameter> {
        let flat = &route.flat;
        let groups = [
            (Location::Path, &flat.path),
            (Location::Query, &flat.query),
            (Location::Header, &flat.header),
            (Location::Cookie, &flat.cookie),
        ];
        let mut all: Vec<Parameter> = Vec::new();
        for (location, fields) in groups {
            for parent in fields {
                let in_schema = interp
                    .truth(&parent.extras.include_in_schema)
                    .ok()
                    .flatten();
                if in_schema == Some(false) {
                    continue;
                }
                let model = describe::param_model(interp, parent);
                let is_optional_model = model.is_some_and(|model| {
                    !parent.annotation().same(&model) && !parent.info.is_required()
                });
                for field in self.describer.flat(interp, parent) {
                    let converts = location == Location::Header
                        && field
                            .extras
                            .convert_underscores
                            .or(parent.extras.convert_underscores)
                            .unwrap_or(true);
                    let parameter =
                        self.parameter(interp, &field, location, converts, is_optional_model);
                    all.push(parameter);
                }
            }
        }
        let mut merged: IndexMap<(Location, String), Parameter> = IndexMap::new();
        for parameter in &all {
            merged.insert(
                (parameter.location, parameter.name.clone()),
                parameter.clone(),
            );
        }
        for parameter in all.into_iter().filter(|parameter| parameter.required) {
            merged.insert((parameter.location, parameter.name.clone()), parameter);
        }
        merged.into_values().collect()
    }

    fn parameter(
        &mut self,
        interp: &mut Interp,
        field: &Rc<Field>,
        location: Location,
        converts: bool,
        is_optional_model: bool,
    ) -> Parameter {
        let (alias, name) = describe::aliases(interp, field, converts)
            .into_iter()
            .next()
            .unwrap_or_else(|| (field.alias(), field.alias()));
        let schema = self.describer.schema(field, Some(&alias));
        let rest = examples(interp, field);
        let deprecated = match field.info.attribute("deprecated") {
            Some(value) => {
                let value = value.clone();
                interp.truth(&value).ok().flatten().unwrap_or(true)
            }
            None => false,
        };
        let description = match field.info.attribute("description") {
            Some(Value::Str(text)) if text.is_empty() => None,
            Some(value) => Some(encode(interp, &value.clone())),
            None => None,
        };
        let source = super::encode::source(interp, field.place);
        Parameter {
            name: name.to_string(),
            location,
            required: field.info.is_required() && !is_optional_model,
            schema: Fact::certain(schema, source),
            description,
            deprecated,
            rest,
        }
    }

    /// `get_openapi_operation_request_body`.
    fn request_body(&mut self, interp: &mut Interp, route: &Route) -> Option<RequestBody> {
        let field = &route.body.as_ref()?.field;
        let schema = self.describer.schema(field, None);
        let rest = examples(interp, field);
        let media_type = text(&field.extras.media_type)
            .map_or_else(|| "application/json".to_owned(), |text| text.to_string());
        let source = super::encode::source(interp, field.place);
        let body = MediaType {
            schema: Some(Fact::certain(schema, source)),
            rest,
            ..MediaType::default()
        };
        Some(RequestBody {
            required: field.info.is_required(),
            content: IndexMap::from_iter([(media_type, body)]),
        })
    }

    fn responses(&mut self, interp: &mut Interp, route: &Route, operation: &mut Operation) {
        let class = interp.force(&route.response_class);
        let media_type = match route::media_type(interp, &class) {
            Ok(media_type) => media_type,
            Err(why) => {
                self.gap(interp, route, operation, why);
                None
            }
        };
        let status = match &route.status_code {
            Value::None => {
                route::default_status(interp, &class).unwrap_or_else(|| "200".to_owned())
            }
            Value::Int(status) => status.to_string(),
            Value::Str(status) => status.to_string(),
            other => {
                let why = match other {
                    Value::Unknown(unknown) => unknown.why.clone(),
                    other => format!("`{other:?}` is not read"),
                };
                self.gap(interp, route, operation, format!("the status: {why}"));
                "default".to_owned()
            }
        };
        let mut responses: Map<String, Json> = Map::new();
        let description = attribute(interp, &route.context, "response_description");
        let mut main = Map::new();
        main.insert("description".to_owned(), encode(interp, &description));
        if route::may_have_body(&route.status_code) {
            if route.is_json_stream {
                let item = route
                    .stream_item
                    .as_ref()
                    .map_or_else(|| json!({}), |item| self.describer.schema(item, None));
                main.insert(
                    "content".to_owned(),
                    json!({ "application/jsonl": { "itemSchema": item } }),
                );
                operation.streaming = Some(Streaming::JsonLines);
            } else if route.is_sse {
                let item = route
                    .stream_item
                    .as_ref()
                    .map(|item| self.describer.schema(item, None));
                main.insert(
                    "content".to_owned(),
                    json!({ "text/event-stream": { "itemSchema": event(item) } }),
                );
                operation.streaming = Some(Streaming::ServerSentEvents);
            } else if let Some(media_type) = &media_type {
                let schema = if derives(interp, &class, "starlette.responses.JSONResponse") {
                    route
                        .response
                        .as_ref()
                        .map_or_else(|| json!({}), |field| self.describer.schema(field, None))
                } else {
                    json!({ "type": "string" })
                };
                main.insert(
                    "content".to_owned(),
                    json!({ media_type.as_str(): { "schema": schema } }),
                );
            }
        }
        responses.insert(status, Json::Object(main));
        for (status, response, field) in &route.responses {
            self.additional(
                interp,
                &mut responses,
                status,
                response,
                field.as_ref(),
                media_type.as_deref(),
            );
        }
        let flat = &route.flat;
        let has_params = [&flat.path, &flat.query, &flat.header, &flat.cookie]
            .into_iter()
            .flatten()
            .any(|field| !self.describer.flat(interp, field).is_empty());
        if (has_params || route.body.is_some())
            && !["422", "4XX", "default"]
                .iter()
                .any(|status| responses.contains_key(*status))
        {
            self.has_validation_error = true;
            responses.insert(
                "422".to_owned(),
                json!({
                    "description": "Validation Error",
                    "content": {
                        "application/json": { "schema": { "$ref": "#/components/schemas/HTTPValidationError" } }
                    }
                }),
            );
        }
        let source = &route.handler;
        operation.responses = responses
            .into_iter()
            .map(|(status, response)| (status, self::response(response, source)))
            .collect();
    }

    fn additional(
        &mut self,
        interp: &mut Interp,
        responses: &mut Map<String, Json>,
        status: &Value,
        given: &Value,
        field: Option<&Rc<Field>>,
        media_type: Option<&str>,
    ) {
        let given = match given {
            Value::Dict(members) => {
                let mut members = members.borrow().clone();
                members.shift_remove(&crate::python::value::Key(Value::str("model")));
                Value::dict(members)
            }
            other => other.clone(),
        };
        let Json::Object(mut given) = encode(interp, &given) else {
            return;
        };
        let key = key_text(interp, status).unwrap_or_default().to_uppercase();
        let phrase = match key.as_str() {
            "1XX" => Some("Information"),
            "2XX" => Some("Success"),
            "3XX" => Some("Redirection"),
            "4XX" => Some("Client Error"),
            "5XX" => Some("Server Error"),
            "DEFAULT" => Some("Default Response"),
            number => number
                .parse()
                .ok()
                .and_then(|number| status_phrase(number, !interp.rules.has(Change::NewPhrases))),
        };
        let key = if key == "DEFAULT" {
            "default".to_owned()
        } else {
            key
        };
        if let Some(field) = field {
            let schema = self.describer.schema(field, None);
            let content = given.entry("content").or_insert_with(|| json!({}));
            if let Json::Object(content) = content
                && let Json::Object(body) = content
                    .entry(media_type.unwrap_or("application/json"))
                    .or_insert_with(|| json!({}))
                && let Json::Object(existing) = body.entry("schema").or_insert_with(|| json!({}))
                && let Json::Object(schema) = schema
            {
                update(existing, schema);
            }
        }
        let response = responses.entry(key).or_insert_with(|| json!({}));
        let Json::Object(response) = response else {
            return;
        };
        let is_said =
            |description: &&Json| !matches!(description, Json::Null) && **description != json!("");
        let description = given
            .get("description")
            .filter(is_said)
            .or_else(|| response.get("description").filter(is_said))
            .cloned()
            .unwrap_or_else(|| Json::from(phrase.unwrap_or("Additional Response")));
        update(response, given);
        response.insert("description".to_owned(), description);
    }
}

/// The schema of a server-sent event (`fastapi/sse.py`), with that of its data where it is known.
fn event(data: Option<Json>) -> Json {
    let mut schema = json!({
        "type": "object",
        "properties": {
            "data": { "type": "string" },
            "event": { "type": "string" },
            "id": { "type": "string" },
            "retry": { "type": "integer", "minimum": 0 }
        }
    });
    if let (Some(data), Json::Object(members)) = (data, &mut schema) {
        members.insert("required".to_owned(), json!(["data"]));
        if let Some(Json::Object(properties)) = members.get_mut("properties") {
            properties.insert(
                "data".to_owned(),
                json!({ "type": "string", "contentMediaType": "application/json", "contentSchema": data }),
            );
        }
    }
    schema
}

/// An OpenAPI Response Object as the contract has it.
fn response(raw: Json, source: &Option<Source>) -> Response {
    let Json::Object(mut raw) = raw else {
        return Response::default();
    };
    let order = raw.keys().cloned().collect();
    let description = raw.shift_remove("description");
    let content = match raw.shift_remove("content") {
        Some(Json::Object(content)) => Some(
            content
                .into_iter()
                .map(|(media_type, body)| (media_type, self::media_type(body, source)))
                .collect(),
        ),
        Some(other) => {
            raw.insert("content".to_owned(), other);
            None
        }
        None => None,
    };
    Response {
        description,
        content,
        rest: raw,
        order,
    }
}

fn media_type(raw: Json, source: &Option<Source>) -> MediaType {
    let Json::Object(mut raw) = raw else {
        return MediaType::default();
    };
    let order = raw.keys().cloned().collect();
    let fact = |schema| Fact::certain(schema, source.clone());
    let schema = raw.shift_remove("schema").map(fact);
    let item_schema = raw.shift_remove("itemSchema").map(fact);
    MediaType {
        schema,
        item_schema,
        rest: raw,
        order,
    }
}

/// The examples of a parameter or body, which FastAPI passes through `jsonable_encoder`.
fn examples(interp: &mut Interp, field: &Field) -> Map<String, Json> {
    let (name, value) = match (&field.extras.openapi_examples, &field.extras.example) {
        (Some(examples), _) if interp.truth(examples).ok().flatten() != Some(false) => {
            ("examples", examples)
        }
        (_, Some(example)) => ("example", example),
        _ => return Map::new(),
    };
    Map::from_iter([(name.to_owned(), jsonable(interp, value))])
}
