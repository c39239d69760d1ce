//! Values as JSON: `fastapi.encoders.jsonable_encoder`.

use serde_json::{Map, Number, Value as Json};

use crate::Diagnostic;
use crate::contract::Source;
use crate::openapi::v31::UNKNOWN;
use crate::python::interp::Interp;
use crate::python::value::{Place, Value};
use crate::python::{library, pydantic};

use super::class::is_instance;

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

/// Whose forms dates, durations and decimals have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// pydantic's, as in a document.
    Pydantic,
    /// Those of `ENCODERS_BY_TYPE` (`fastapi/encoders.py`).
    FastApi,
}

/// The value as JSON; what is not known is marked in its place and told.
pub(crate) fn encode(interp: &mut Interp, value: &Value) -> Json {
    nested(interp, value, Form::Pydantic, 0)
}

/// What `jsonable_encoder` gives a service that calls it, and FastAPI for examples.
pub(crate) fn jsonable(interp: &mut Interp, value: &Value) -> Json {
    nested(interp, value, Form::FastApi, 0)
}

/// A value of a type that FastAPI has a form of its own for.
fn by_type(interp: &mut Interp, value: &Value) -> Option<Json> {
    let method = if is_instance(interp, value, "datetime.timedelta") {
        "total_seconds"
    } else if is_instance(interp, value, "datetime.date")
        || is_instance(interp, value, "datetime.time")
    {
        "isoformat"
    } else if is_instance(interp, value, "decimal.Decimal") {
        return decimal(&interp.text(value, false)?);
    } else {
        return None;
    };
    match interp.call_method(value, method, Vec::new()).ok()? {
        Value::Str(text) => Some(Json::from(&*text)),
        Value::Int(number) => Some(Json::from(number as f64)),
        Value::Float(number) => Number::from_f64(number).map(Json::Number),
        _ => None,
    }
}

/// `decimal_encoder`: an integer where there are no decimals.
fn decimal(text: &str) -> Option<Json> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(Json::from(whole));
    }
    let number: f64 = text.parse().ok()?;
    let is_whole = !text.contains('.') && !text.contains("E-") && number.abs() < 9e15;
    if is_whole {
        return Some(Json::from(number as i64));
    }
    Number::from_f64(number).map(Json::Number)
}

fn nested(interp: &mut Interp, value: &Value, form: Form, depth: u32) -> Json {
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
                    .map(|item| nested(interp, item, form, depth + 1))
                    .collect(),
            )
        }
        Value::Tuple(items) => Json::Array(
            items
                .iter()
                .map(|item| nested(interp, item, form, depth + 1))
                .collect(),
        ),
        Value::Set(items) => {
            let items: Vec<Value> = items.borrow().keys().map(|key| key.0.clone()).collect();
            Json::Array(
                items
                    .iter()
                    .map(|item| nested(interp, item, form, depth + 1))
                    .collect(),
            )
        }
        Value::FrozenSet(items) => Json::Array(
            items
                .keys()
                .map(|item| nested(interp, &item.0, form, depth + 1))
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
                    object.insert(key, nested(interp, value, form, depth + 1));
                }
            }
            Json::Object(object)
        }
        Value::Unknown(why) => {
            report(interp, "unknown-value", why.why.clone(), why.place);
            unknown(interp, &why.why, why.place)
        }
        other => {
            if form == Form::FastApi
                && let Some(json) = by_type(interp, other)
            {
                return json;
            }
            if let Some(json) = pydantic::value_to_json(interp, other) {
                return json;
            }
            match library::plain(other) {
                Value::Object(_) => {}
                Value::Made(_) | Value::Symbol(_) => {}
                plain if !plain.same(other) => return nested(interp, &plain, form, depth + 1),
                _ => {}
            }
            if let Value::Object(object) = other {
                let payload = object.payload.borrow().clone();
                if let Some(payload) = payload {
                    return nested(interp, &payload, form, depth + 1);
                }
                return attributes(interp, object, form, depth);
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
fn attributes(
    interp: &mut Interp,
    object: &crate::python::value::Object,
    form: Form,
    depth: u32,
) -> Json {
    let attributes = object.attributes.borrow().clone();
    let mut members = Map::new();
    for (name, value) in &attributes {
        members.insert(name.to_string(), nested(interp, value, form, depth + 1));
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
