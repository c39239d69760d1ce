//! Values as JSON: `fastapi.encoders.jsonable_encoder`.

use serde_json::{Map, Number, Value as Json};

use crate::Diagnostic;
use crate::contract::Source;
use crate::openapi::v31::UNKNOWN;
use crate::python::interp::Interp;
use crate::python::value::{Place, Value};
use crate::python::{library, pydantic};

/// Nested deeper than this, a value is taken to hold itself.
const MAX_DEPTH: u32 = 100;

/// Where a place is, for the contract; without one, what is being described.
pub(crate) fn source(interp: &mut Interp, place: Option<Place>) -> Option<Source> {
    [place, interp.describing]
        .into_iter()
        .flatten()
        .filter_map(|place| interp.locate(place))
        // A place in the Python of ours says nothing to the user.
        .find(|(file, _)| !file.starts_with('<'))
        .map(|(file, line)| Source::new(&*file, line))
}

/// A reason with its place.
pub(crate) fn reason(interp: &mut Interp, why: &str, place: Option<Place>) -> String {
    match source(interp, place) {
        Some(source) => format!("{why} ({}:{})", source.file, source.line),
        None => why.to_owned(),
    }
}

/// Tells the user of something that is not known.
pub(crate) fn report(
    interp: &mut Interp,
    code: &'static str,
    message: String,
    place: Option<Place>,
) {
    let source = source(interp, place);
    interp.report(Diagnostic {
        code,
        message,
        file: source.as_ref().map(|source| source.file.clone()),
        line: source.map(|source| source.line),
    });
}

/// What stands in a document for something that is not known.
pub(crate) fn unknown(interp: &mut Interp, why: &str, place: Option<Place>) -> Json {
    let mut marker = Map::new();
    marker.insert(UNKNOWN.to_owned(), Json::from(reason(interp, why, place)));
    Json::Object(marker)
}

/// The value as JSON; what is not known is marked in its place and told.
pub(crate) fn encode(interp: &mut Interp, value: &Value) -> Json {
    nested(interp, value, 0)
}

fn nested(interp: &mut Interp, value: &Value, depth: u32) -> Json {
    if depth > MAX_DEPTH {
        return unknown(interp, "it is nested too deeply", None);
    }
    match value {
        Value::None => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Value::Str(text) => Json::from(&**text),
        Value::List(items) => {
            let items = items.borrow().clone();
            Json::Array(
                items
                    .iter()
                    .map(|item| nested(interp, item, depth + 1))
                    .collect(),
            )
        }
        Value::Tuple(items) => Json::Array(
            items
                .iter()
                .map(|item| nested(interp, item, depth + 1))
                .collect(),
        ),
        Value::Set(items) => {
            let items: Vec<Value> = items.borrow().keys().map(|key| key.0.clone()).collect();
            Json::Array(
                items
                    .iter()
                    .map(|item| nested(interp, item, depth + 1))
                    .collect(),
            )
        }
        Value::FrozenSet(items) => Json::Array(
            items
                .keys()
                .map(|item| nested(interp, &item.0, depth + 1))
                .collect(),
        ),
        Value::Dict(members) => {
            let members = members.borrow().clone();
            let mut object = Map::new();
            for (key, value) in &members {
                if let Value::Unknown(why) = &key.0 {
                    report(interp, "unknown-value", why.why.clone(), why.place);
                    object.insert(
                        UNKNOWN.to_owned(),
                        Json::from(reason(interp, &why.why, why.place)),
                    );
                } else if let Some(key) = key_text(interp, &key.0) {
                    object.insert(key, nested(interp, value, depth + 1));
                }
            }
            Json::Object(object)
        }
        Value::Unknown(why) => {
            report(interp, "unknown-value", why.why.clone(), why.place);
            unknown(interp, &why.why, why.place)
        }
        other => {
            if let Some(json) = pydantic::value_to_json(interp, other) {
                return json;
            }
            match library::plain(other) {
                Value::Object(_) => {}
                Value::Made(_) | Value::Symbol(_) => {}
                plain if !plain.same(other) => return nested(interp, &plain, depth + 1),
                _ => {}
            }
            if let Value::Object(object) = other {
                let payload = object.payload.borrow().clone();
                if let Some(payload) = payload {
                    return nested(interp, &payload, depth + 1);
                }
                return attributes(interp, object, depth);
            }
            let place = match other {
                Value::Made(made) => made.place,
                _ => None,
            };
            let why = format!("`{other:?}` has no known form in JSON");
            report(interp, "unknown-value", why.clone(), place);
            unknown(interp, &why, place)
        }
    }
}

/// What an object without a form of its own is: `vars(obj)`.
fn attributes(interp: &mut Interp, object: &crate::python::value::Object, depth: u32) -> Json {
    let attributes = object.attributes.borrow().clone();
    let mut members = Map::new();
    for (name, value) in &attributes {
        members.insert(name.to_string(), nested(interp, value, depth + 1));
    }
    Json::Object(members)
}

/// The key of a JSON object: as `json.dumps` writes keys that are no strings.
pub(crate) fn key_text(interp: &mut Interp, key: &Value) -> Option<String> {
    match library::plain(key) {
        Value::Str(text) => Some(text.to_string()),
        Value::None => Some("null".to_owned()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Int(number) => Some(number.to_string()),
        plain => interp.text(&plain, false),
    }
}

/// A text, where it is one; `None` for Python's `None`.
pub(crate) fn text(value: &Value) -> Option<std::rc::Rc<str>> {
    match library::plain(value) {
        Value::Str(text) => Some(text),
        _ => None,
    }
}
