//! A route as it was registered, with what its endpoint takes and gives:
//! `_populate_api_route_state` of `fastapi/routing.py`.

use std::rc::Rc;

use crate::contract::{Certainty, Source};
use crate::python::interp::{Args, Interp};
use crate::python::library;
use crate::python::pydantic::Mode;
use crate::python::value::{Place, Unknown, Value};

use super::body::{self, Body};
use super::class::{derives, is_instance};
use super::dependant::{self, Dependant, Flat, Gap};
use super::encode;
use super::field::Field;
use super::signature;

pub(crate) struct Route {
    /// The object that has the attributes: the route, or what it is under an inclusion.
    pub(crate) context: Value,
    pub(crate) path: Value,
    pub(crate) methods: Vec<String>,
    pub(crate) name: Value,
    pub(crate) unique_id: Value,
    pub(crate) response_class: Value,
    pub(crate) status_code: Value,
    pub(crate) flat: Flat,
    pub(crate) body: Option<Body>,
    pub(crate) response: Option<Rc<Field>>,
    pub(crate) stream_item: Option<Rc<Field>>,
    /// By status as it was given.
    pub(crate) responses: Vec<(Value, Value, Option<Rc<Field>>)>,
    pub(crate) callbacks: Vec<Route>,
    pub(crate) is_sse: bool,
    pub(crate) is_json_stream: bool,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) certainty: Certainty,
    pub(crate) handler: Option<Source>,
    pub(crate) place: Option<Place>,
}

/// The attribute of a route; unknown where there is none.
pub(crate) fn attribute(interp: &mut Interp, of: &Value, name: &str) -> Value {
    match interp.attribute(of, name) {
        Ok(value) => value,
        Err(_) => Value::unknown(format!("`{name}` of the route is not known"), None),
    }
}

fn items(interp: &mut Interp, value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::None => Some(Vec::new()),
        other => interp.iterate(other).ok().flatten(),
    }
}

/// The routes of a list, those of included routers among them, which are in the document.
pub(crate) fn of_list(interp: &mut Interp, routes: &Value, gaps: &mut Vec<Gap>) -> Vec<Route> {
    let contexts = interp
        .import("fastapi.routing", None)
        .and_then(|module| interp.attribute(&module, "iter_route_contexts"))
        .and_then(|function| interp.call(&function, Args::new(vec![routes.clone()], None)))
        .ok()
        .and_then(|contexts| items(interp, &contexts));
    let Some(contexts) = contexts else {
        gaps.push(Gap {
            what: "the routes".to_owned(),
            why: why(routes),
            place: None,
        });
        return Vec::new();
    };
    contexts
        .into_iter()
        .filter_map(|context| of_context(interp, &context, gaps))
        .collect()
}

fn why(value: &Value) -> String {
    match value {
        Value::Unknown(unknown) => unknown.why.clone(),
        other => format!("`{other:?}` cannot be followed"),
    }
}

fn of_context(interp: &mut Interp, context: &Value, gaps: &mut Vec<Gap>) -> Option<Route> {
    let original = attribute(interp, context, "original_route");
    if let Value::Unknown(unknown) = &original {
        gaps.push(Gap {
            what: "a route".to_owned(),
            why: unknown.why.clone(),
            place: unknown.place,
        });
        return None;
    }
    if is_instance(interp, &original, "fastapi.routing._Missing") {
        let router = attribute(interp, &original, "router");
        let (why, place) = match &router {
            Value::Unknown(unknown) => (unknown.why.clone(), unknown.place),
            Value::Made(made) => (
                format!("what `{:?}` gives is not read", made.callee),
                made.place,
            ),
            other => (format!("`{other:?}` is not read"), None),
        };
        let place = place.or_else(|| {
            inclusions(interp, &original)
                .iter()
                .rev()
                .find_map(|inclusion| match inclusion {
                    Value::Object(object) => object.place,
                    _ => None,
                })
        });
        gaps.push(Gap {
            what: "the routes of an included router".to_owned(),
            why,
            place,
        });
        return None;
    }
    if !is_instance(interp, &original, "fastapi.routing.APIRoute") {
        return None;
    }
    let inner = attribute(interp, context, "_route_context");
    let context = if matches!(inner, Value::None) {
        original.clone()
    } else {
        inner
    };
    let in_schema = attribute(interp, &context, "include_in_schema");
    let in_schema = match interp.truth(&in_schema) {
        Ok(Some(true)) => None,
        Ok(Some(false)) => return None,
        _ => Some(why(&in_schema)),
    };
    let endpoint = attribute(interp, &context, "endpoint");
    let path = attribute(interp, &context, "path_format");
    let path_text = encode::text(&path).unwrap_or_else(|| Rc::from(""));
    let place = match &endpoint {
        Value::Function(function) => Some(function.place),
        Value::Method(pair) => match &pair.1 {
            Value::Function(function) => Some(function.place),
            _ => None,
        },
        _ => None,
    };
    let dependant = dependant_of(interp, &context, &path_text, &endpoint);
    let unique_id = attribute(interp, &context, "unique_id");
    let id_text = encode::text(&unique_id).unwrap_or_else(|| Rc::from("unknown"));
    let flat = dependant.flatten();
    let mut body = body::of(interp, &dependant.flat_body(), &id_text);
    if let Some(body) = &mut body
        && let Ok(field) = interp.attribute(&context, "_body_field")
        && let Ok(Some(Value::Str(mode))) = interp.find_attribute(&field, "mode")
        && &*mode == "serialization"
    {
        body.field = Rc::new(body.field.in_mode(Mode::Serialization));
    }
    let model = response_model(interp, &original, &endpoint);
    let response_class = attribute(interp, &context, "response_class");
    let is_default_class = is_instance(
        interp,
        &response_class,
        "fastapi.datastructures.DefaultPlaceholder",
    );
    let response_class = if is_default_class {
        attribute(interp, &response_class, "value")
    } else {
        response_class
    };
    let status_code = library::plain(&attribute(interp, &context, "status_code"));
    let mut route_gaps = Vec::new();
    let response = match model.model {
        Value::None => None,
        Value::Bool(false) => None,
        model => Some(Rc::new(Field::plain(
            &format!("Response_{id_text}"),
            model,
            Mode::Serialization,
            place,
        ))),
    };
    let stream_item = model.stream_item.map(|item| {
        Rc::new(Field::plain(
            &format!("StreamItem_{id_text}"),
            item,
            Mode::Serialization,
            place,
        ))
    });
    let responses = additional(interp, &context, &id_text, place, &mut route_gaps);
    let callbacks = attribute(interp, &context, "callbacks");
    let callbacks = match items(interp, &callbacks) {
        Some(callbacks) => callbacks
            .iter()
            .filter(|callback| is_instance(interp, callback, "fastapi.routing.APIRoute"))
            .cloned()
            .collect(),
        None => {
            route_gaps.push(Gap {
                what: "the callbacks".to_owned(),
                why: why(&callbacks),
                place,
            });
            Vec::new()
        }
    };
    let callbacks = if callbacks.is_empty() {
        Vec::new()
    } else {
        of_list(interp, &Value::list(callbacks), &mut route_gaps)
    };
    let methods = attribute(interp, &context, "methods");
    let methods = match items(interp, &methods) {
        Some(methods) => methods
            .iter()
            .filter_map(encode::text)
            .map(|method| method.to_uppercase())
            .collect::<Vec<_>>(),
        None => {
            gaps.push(Gap {
                what: format!("the methods of `{path_text}`"),
                why: why(&methods),
                place,
            });
            return None;
        }
    };
    let is_generator = model.is_generator;
    let handler = encode::source(interp, place);
    let certainty = certainty(interp, &original, &context, in_schema);
    Some(Route {
        path,
        methods,
        name: attribute(interp, &context, "name"),
        unique_id,
        is_sse: is_generator
            && !is_default_class
            && derives(interp, &response_class, "fastapi.sse.EventSourceResponse"),
        is_json_stream: is_generator && is_default_class,
        response_class,
        status_code,
        flat,
        body,
        response,
        stream_item,
        responses,
        callbacks,
        gaps: route_gaps,
        certainty,
        handler,
        place,
        context,
    })
}

fn dependant_of(interp: &mut Interp, context: &Value, path: &str, endpoint: &Value) -> Dependant {
    let dependencies = attribute(interp, context, "dependencies");
    let dependencies = items(interp, &dependencies).unwrap_or_else(|| vec![dependencies]);
    dependant::of_endpoint(interp, path, endpoint, &dependencies)
}

/// Whether an endpoint takes a body.
pub(crate) fn takes_body(interp: &mut Interp, route: &Value) -> bool {
    let endpoint = attribute(interp, route, "endpoint");
    let path = attribute(interp, route, "path_format");
    let path = encode::text(&path).unwrap_or_else(|| Rc::from(""));
    !dependant_of(interp, route, &path, &endpoint)
        .flat_body()
        .is_empty()
}

/// A route that was made, or a router that was included, under a condition that is not known.
fn certainty(
    interp: &mut Interp,
    original: &Value,
    context: &Value,
    in_schema: Option<String>,
) -> Certainty {
    let mut objects = vec![original.clone()];
    objects.extend(inclusions(interp, context));
    let uncertain: Option<Rc<Unknown>> = objects.iter().find_map(|object| match object {
        Value::Object(object) => object.uncertain.clone(),
        _ => None,
    });
    match (uncertain, in_schema) {
        (Some(unknown), _) => {
            Certainty::Uncertain(encode::reason(interp, &unknown.why, unknown.place))
        }
        (None, Some(why)) => Certainty::Uncertain(why),
        (None, None) => Certainty::Certain,
    }
}

/// The inclusions of routers that a route came through, the outermost first.
fn inclusions(interp: &mut Interp, context: &Value) -> Vec<Value> {
    let Ok(Some(inclusion)) = interp.find_attribute(context, "inclusion") else {
        return Vec::new();
    };
    let Ok(chain) = interp.attribute(&inclusion, "chain") else {
        return Vec::new();
    };
    items(interp, &chain).unwrap_or_default()
}

struct Model {
    model: Value,
    stream_item: Option<Value>,
    is_generator: bool,
}

/// What the endpoint gives: what was said, else what its return annotation says.
fn response_model(interp: &mut Interp, original: &Value, endpoint: &Value) -> Model {
    let is_generator = signature::is_generator(interp, endpoint);
    let said = attribute(interp, original, "response_model");
    if !is_instance(interp, &said, "fastapi.datastructures.DefaultPlaceholder") {
        return Model {
            model: said,
            stream_item: None,
            is_generator,
        };
    }
    let mut annotation =
        match signature::signature(interp, endpoint).and_then(|signature| signature.returns) {
            Some(annotation) => annotation,
            None => {
                return Model {
                    model: Value::None,
                    stream_item: None,
                    is_generator,
                };
            }
        };
    if matches!(annotation, Value::Forward(_)) {
        annotation = interp.resolve_forward(&annotation);
    }
    if let Value::Symbol(_) = &annotation {
        let forced = interp.force(&annotation);
        if derives(interp, &forced, "starlette.responses.Response") {
            return Model {
                model: Value::None,
                stream_item: None,
                is_generator,
            };
        }
    }
    if derives(interp, &annotation, "starlette.responses.Response") {
        return Model {
            model: Value::None,
            stream_item: None,
            is_generator,
        };
    }
    if is_generator && let Some(item) = stream_item(&annotation) {
        let class = attribute(interp, original, "response_class");
        let streams = is_instance(interp, &class, "fastapi.datastructures.DefaultPlaceholder")
            || derives(interp, &class, "fastapi.sse.EventSourceResponse");
        let is_event = derives(interp, &item, "fastapi.sse.ServerSentEvent");
        return Model {
            model: Value::None,
            stream_item: (streams && !is_event).then_some(item),
            is_generator,
        };
    }
    if annotation.is_symbol("types.NoneType") {
        annotation = Value::None;
    }
    Model {
        model: annotation,
        stream_item: None,
        is_generator,
    }
}

/// `get_stream_item_type` of `fastapi/dependencies/utils.py`.
fn stream_item(annotation: &Value) -> Option<Value> {
    const ORIGINS: [&str; 6] = [
        "AsyncIterable",
        "AsyncIterator",
        "AsyncGenerator",
        "Iterable",
        "Iterator",
        "Generator",
    ];
    let is_stream = |origin: &Value| {
        let Value::Symbol(symbol) = origin else {
            return None;
        };
        let name = symbol
            .0
            .strip_prefix("collections.abc.")
            .or_else(|| symbol.0.strip_prefix("typing."))?;
        ORIGINS
            .contains(&name)
            .then(|| symbol.0.starts_with("typing."))
    };
    match annotation {
        Value::Generic(generic) => {
            is_stream(&generic.origin)?;
            generic.args.first().cloned()
        }
        // Only `typing`'s have an origin when they stand alone.
        other => is_stream(other)?.then(|| Value::symbol("typing.Any")),
    }
}

/// The `responses` of the route with the fields of their models.
fn additional(
    interp: &mut Interp,
    context: &Value,
    unique_id: &str,
    place: Option<Place>,
    gaps: &mut Vec<Gap>,
) -> Vec<(Value, Value, Option<Rc<Field>>)> {
    let responses = attribute(interp, context, "responses");
    let Value::Dict(responses) = &responses else {
        if !matches!(responses, Value::None) {
            gaps.push(Gap {
                what: "the additional responses".to_owned(),
                why: why(&responses),
                place,
            });
        }
        return Vec::new();
    };
    let responses = responses.borrow().clone();
    let mut result = Vec::new();
    for (status, response) in &responses {
        if let Value::Unknown(unknown) = &status.0 {
            let what = "the additional responses".to_owned();
            gaps.push(Gap {
                what,
                why: unknown.why.clone(),
                place: unknown.place.or(place),
            });
            continue;
        }
        let model = match response {
            Value::Dict(members) => members
                .borrow()
                .get(&crate::python::value::Key(Value::str("model")))
                .cloned()
                .unwrap_or(Value::None),
            _ => Value::None,
        };
        let status_text = encode::key_text(interp, &status.0).unwrap_or_default();
        let field = (!matches!(model, Value::None)).then(|| {
            let name = format!("Response_{status_text}_{unique_id}");
            Rc::new(Field::plain(&name, model, Mode::Serialization, place))
        });
        result.push((status.0.clone(), response.clone(), field));
    }
    result
}

/// The status that the class of a response has where none is said: the default of `status_code` in
/// its `__init__`.
pub(crate) fn default_status(interp: &mut Interp, class: &Value) -> Option<String> {
    let signature = signature::signature(interp, class)?;
    let parameter = signature
        .parameters
        .iter()
        .find(|parameter| &*parameter.name == "status_code")?;
    match library::plain(parameter.default.as_ref()?) {
        Value::Int(status) => Some(status.to_string()),
        _ => None,
    }
}

/// `fastapi.utils.is_body_allowed_for_status_code`.
pub(crate) fn may_have_body(status: &Value) -> bool {
    match status {
        Value::Int(status) => *status >= 200 && !matches!(status, 204 | 205 | 304),
        Value::Str(text) => {
            text.parse::<i64>()
                .is_ok_and(|status| may_have_body(&Value::Int(status)))
                || text.contains('X')
        }
        _ => true,
    }
}

/// The media type of a class of responses; `None` where it has none.
pub(crate) fn media_type(interp: &mut Interp, class: &Value) -> Result<Option<String>, String> {
    let forced = interp.force(class);
    match interp.attribute(&forced, "media_type") {
        Ok(Value::None) => Ok(None),
        Ok(Value::Str(text)) => Ok(Some(text.to_string()).filter(|text| !text.is_empty())),
        _ => Err(format!("the media type of `{forced:?}` is not known")),
    }
}
