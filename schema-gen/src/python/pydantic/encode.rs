//! Values as JSON, as pydantic's serialiser writes them (`to_jsonable_python`).

use std::rc::Rc;

use serde_json::{Map, Number, Value as Json};

use crate::python::interp::{Args, Interp};
use crate::python::value::{Class, Dict, Key, Object, Unknown, Value};

use super::read::{callee, dotted, made_of};
use super::{config, is_model, model};

/// Values may be nested this deep: one may hold itself.
pub(super) const DEPTH: u16 = 100;

/// Why a value is not written.
#[derive(Clone, Debug)]
pub(super) enum NotJson {
    /// JSON has no such value (a function, a class …).
    Impossible,
    Unknown(Rc<Unknown>),
}

/// How models are written.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) by_alias: bool,
    pub(super) exclude_none: bool,
    /// The unit of durations as numbers.
    pub(super) per_second: Option<f64>,
    pub(super) base64: bool,
    /// How deep the value is nested in others.
    pub(super) depth: u16,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            by_alias: true,
            exclude_none: false,
            per_second: None,
            base64: false,
            depth: 0,
        }
    }
}

pub(super) fn jsonable(interp: &mut Interp, value: &Value) -> Result<Json, NotJson> {
    jsonable_as(interp, value, Style::default())
}

pub(super) fn jsonable_as(
    interp: &mut Interp,
    value: &Value,
    style: Style,
) -> Result<Json, NotJson> {
    if style.depth > DEPTH {
        return Err(unknown("the value is nested too deep".to_owned()));
    }
    let style = Style {
        depth: style.depth + 1,
        ..style
    };
    match value {
        Value::Unknown(unknown) => Err(NotJson::Unknown(Rc::clone(unknown))),
        Value::None => Ok(Json::Null),
        Value::Bool(flag) => Ok(Json::Bool(*flag)),
        Value::Int(number) => Ok(Json::Number((*number).into())),
        Value::Float(number) if !number.is_finite() => {
            Err(unknown(format!("{number} has no form in JSON")))
        }
        Value::Float(number) => Ok(float(*number)),
        Value::Str(text) => Ok(Json::String(text.to_string())),
        Value::Bytes(bytes) if style.base64 => Ok(Json::String(base64_url(bytes))),
        Value::Bytes(bytes) => String::from_utf8(bytes.to_vec())
            .map(Json::String)
            .map_err(|_| NotJson::Impossible),
        Value::List(items) => {
            let items: Vec<Value> = items.borrow().clone();
            list(interp, &items, style)
        }
        Value::Tuple(items) => list(interp, items, style),
        Value::Set(items) => {
            let items: Vec<Value> = items.borrow().keys().map(|key| key.0.clone()).collect();
            list(interp, &items, style)
        }
        Value::FrozenSet(items) => {
            let items: Vec<Value> = items.keys().map(|key| key.0.clone()).collect();
            list(interp, &items, style)
        }
        Value::Dict(items) => {
            let items = items.borrow().clone();
            map(interp, &items, style)
        }
        Value::Object(object) => instance(interp, object, value, style),
        Value::Made(_) => recorded(interp, value, style),
        Value::Symbol(symbol) => match &*symbol.0 {
            // A constant of a library that is not read.
            name if name.starts_with("builtins.") || name.starts_with("typing.") => {
                Err(NotJson::Impossible)
            }
            // What stands in the signature of a dataclass for a default that is made anew.
            "dataclasses._HAS_DEFAULT_FACTORY" => Err(NotJson::Impossible),
            name => Err(unknown(format!("{name} is not known"))),
        },
        _ => Err(NotJson::Impossible),
    }
}

fn unknown(why: String) -> NotJson {
    NotJson::Unknown(Rc::new(Unknown { why, place: None }))
}

pub(super) fn float(number: f64) -> Json {
    Number::from_f64(number).map_or(Json::Null, Json::Number)
}

fn list(interp: &mut Interp, items: &[Value], style: Style) -> Result<Json, NotJson> {
    items
        .iter()
        .map(|item| jsonable_as(interp, item, style))
        .collect::<Result<Vec<_>, _>>()
        .map(Json::Array)
}

fn map(interp: &mut Interp, items: &Dict, style: Style) -> Result<Json, NotJson> {
    let mut result = Map::new();
    for (Key(key), value) in items {
        let key = key_text(interp, key, style)?;
        result.insert(key, jsonable_as(interp, value, style)?);
    }
    Ok(Json::Object(result))
}

fn key_text(interp: &mut Interp, key: &Value, style: Style) -> Result<String, NotJson> {
    Ok(match key {
        Value::Bool(flag) => flag.to_string(),
        Value::None => "None".to_owned(),
        Value::Tuple(items) => {
            let parts = items
                .iter()
                .map(|item| key_text(interp, item, style))
                .collect::<Result<Vec<_>, _>>()?;
            parts.join(",")
        }
        _ => match jsonable_as(interp, key, style)? {
            Json::String(text) => text,
            Json::Null => return Err(NotJson::Impossible),
            other => other.to_string(),
        },
    })
}

/// How many units of a duration written as a number make a second (`ser_json_temporal`,
/// `ser_json_timedelta`); `None` where durations are texts.
pub(super) fn per_second(settings: &config::Config) -> Option<f64> {
    match settings.text("ser_json_temporal").as_deref() {
        Some("seconds") => Some(1.0),
        Some("milliseconds") => Some(1000.0),
        Some(_) => None,
        None => (settings.text("ser_json_timedelta").as_deref() == Some("float")).then_some(1.0),
    }
}

/// The name of the library class that an object is an instance of, best first.
fn library_class(interp: &mut Interp, class: &Rc<Class>) -> Vec<String> {
    interp
        .mro(class)
        .iter()
        .map(|layer| match layer {
            Value::Class(class) => format!(
                "{}.{}",
                class.module.trim_start_matches("_impl."),
                class.qualname
            ),
            other => dotted(other).unwrap_or_default().to_owned(),
        })
        .collect()
}

fn instance(
    interp: &mut Interp,
    object: &Rc<Object>,
    value: &Value,
    style: Style,
) -> Result<Json, NotJson> {
    let class_value = Value::Class(Rc::clone(&object.class));
    if object.class.is_enum.get() {
        let inner = object
            .payload
            .borrow()
            .clone()
            .or_else(|| object.attributes.borrow().get("_value_").cloned());
        return match inner {
            Some(inner) => jsonable_as(interp, &inner, style),
            None => Err(NotJson::Impossible),
        };
    }
    if is_model(interp, &class_value) {
        return model_instance(interp, object, style);
    }
    let names = library_class(interp, &object.class);
    for name in &names {
        let short = name.rsplit('.').next().unwrap_or_default();
        match (name.split('.').next().unwrap_or_default(), short) {
            ("datetime", "timedelta") => return timedelta(interp, value, style),
            ("datetime", "datetime" | "date" | "time") => return iso(interp, value),
            ("uuid", "UUID") | ("decimal", "Decimal") | ("ipaddress", _) | ("zoneinfo", _) => {
                return text(interp, value);
            }
            ("pathlib", _) => return text(interp, value),
            ("pydantic", "SecretStr" | "SecretBytes") => return secret(interp, value),
            ("re", "Pattern") => {
                let pattern = interp.attribute(value, "pattern").unwrap_or(Value::None);
                return jsonable_as(interp, &pattern, style);
            }
            _ => {}
        }
    }
    let payload = object.payload.borrow().clone();
    if let (Some(Value::Tuple(items)), true) = (
        &payload,
        names.iter().any(|name| name == "typing.NamedTuple"),
    ) {
        let fields = super::named_tuple_fields(interp, &object.class);
        let typed: Vec<Value> = items
            .iter()
            .zip(
                fields
                    .iter()
                    .map(|(_, annotation, _)| Some(annotation))
                    .chain(std::iter::repeat(None)),
            )
            .map(|(item, annotation)| match (item, annotation) {
                (Value::Int(number), Some(Value::Symbol(symbol)))
                    if symbol.is("builtins.float") =>
                {
                    Value::Float(*number as f64)
                }
                _ => item.clone(),
            })
            .collect();
        return list(interp, &typed, style);
    }
    if let Some(payload) = payload {
        return jsonable_as(interp, &payload, style);
    }
    if super::is_dataclass(interp, &class_value) {
        let mut result = Map::new();
        for field in super::dataclass::fields(interp, &object.class, &[]) {
            let stored = object.attributes.borrow().get(&field.name).cloned();
            if let Some(mut stored) = stored {
                if let (Value::Int(number), Some(Value::Symbol(symbol))) =
                    (&stored, &field.info.annotation)
                    && symbol.is("builtins.float")
                {
                    stored = Value::Float(*number as f64);
                }
                result.insert(field.name.to_string(), jsonable_as(interp, &stored, style)?);
            }
        }
        return Ok(Json::Object(result));
    }
    if names
        .iter()
        .any(|name| matches!(name.as_str(), "builtins.list" | "collections.deque"))
        && let Ok(Some(items)) = interp.iterate(value)
    {
        return list(interp, &items, style);
    }
    Err(NotJson::Impossible)
}

fn model_instance(interp: &mut Interp, object: &Rc<Object>, style: Style) -> Result<Json, NotJson> {
    let decorators = model::decorators(interp, &object.class);
    let receiver = Value::Object(Rc::clone(object));
    if let Some(serializer) = decorators.model_serializers.values().last().cloned() {
        if serializer.mode("plain") == "plain" {
            let written = interp
                .call(&serializer.function, Args::new(vec![receiver], None))
                .map_err(|_| unknown("the serializer raised an exception".to_owned()))?;
            return jsonable_as(interp, &written, style);
        }
        return Err(unknown(format!(
            "the serializer {} is not evaluated",
            serializer.name
        )));
    }
    let fields = model::fields(interp, &object.class, &[]);
    if model::is_root(interp, &object.class) {
        let root = object
            .attributes
            .borrow()
            .get("root")
            .cloned()
            .unwrap_or(Value::None);
        return jsonable_as(interp, &root, style);
    }
    let mut result = Map::new();
    for field in fields.iter() {
        if field.info.is_true("exclude") {
            continue;
        }
        let stored = object.attributes.borrow().get(&field.name).cloned();
        let Some(mut stored) = stored else { continue };
        if style.exclude_none && matches!(stored, Value::None) {
            continue;
        }
        let serializer = decorators
            .field_serializers
            .values()
            .rfind(|serializer| serializer.is_for(&field.name));
        if let Some(serializer) = serializer.cloned() {
            stored = interp
                .call(
                    &serializer.function,
                    Args::new(vec![receiver.clone(), stored], None),
                )
                .map_err(|_| unknown("the serializer raised an exception".to_owned()))?;
        }
        let name = match field.info.text("serialization_alias") {
            Some(alias) if style.by_alias => alias,
            _ => Rc::clone(&field.name),
        };
        let settings = config::of_model(interp, &object.class);
        let inner = Style {
            per_second: per_second(&settings),
            ..style
        };
        result.insert(name.to_string(), jsonable_as(interp, &stored, inner)?);
    }
    for computed in decorators.computed_fields.values() {
        let value = interp
            .attribute(&receiver, &computed.name)
            .map_err(|_| unknown("the computed field raised an exception".to_owned()))?;
        result.insert(
            computed.name.to_string(),
            jsonable_as(interp, &value, style)?,
        );
    }
    Ok(Json::Object(result))
}

/// A value of a library class of which only the making is known.
fn recorded(interp: &mut Interp, value: &Value, style: Style) -> Result<Json, NotJson> {
    let Some((name, made)) = made_of(value) else {
        let Value::Made(made) = value else {
            return Err(NotJson::Impossible);
        };
        return Err(unknown(format!(
            "the value of {:?}(…) is not known",
            made.callee
        )));
    };
    let first = made.args.first().cloned();
    match (name, first) {
        ("pydantic.SecretStr" | "pydantic.SecretBytes" | "pydantic.Secret", Some(inner)) => {
            let empty = matches!(&inner, Value::Str(text) if text.is_empty());
            Ok(Json::String(
                if empty { "" } else { "**********" }.to_owned(),
            ))
        }
        ("uuid.UUID", Some(Value::Str(text))) => Ok(Json::String(text.to_lowercase())),
        ("decimal.Decimal" | "fractions.Fraction", Some(inner)) => match inner {
            Value::Str(text) => Ok(Json::String(text.to_string())),
            Value::Int(number) => Ok(Json::String(number.to_string())),
            other => Ok(Json::String(
                interp.text(&other, false).ok_or(NotJson::Impossible)?,
            )),
        },
        ("re.compile", Some(pattern)) => jsonable_as(interp, &pattern, style),
        (name, Some(Value::Str(text)))
            if name.starts_with("pydantic.")
                && (name.ends_with("Url") || name.ends_with("Dsn")) =>
        {
            Ok(Json::String(url(&text)))
        }
        (name, Some(Value::Str(text)))
            if name.starts_with("ipaddress.")
                || name.starts_with("pathlib.")
                || name == "zoneinfo.ZoneInfo" =>
        {
            Ok(Json::String(text.to_string()))
        }
        ("datetime.timedelta", _) => timedelta(interp, value, style),
        ("functools.partial" | "pydantic.TypeAdapter" | "logging.getLogger", _) => {
            Err(NotJson::Impossible)
        }
        ("builtins.object", _) => Err(NotJson::Impossible),
        _ => Err(unknown(format!(
            "the value of {}(…) is not known",
            callee(made).unwrap_or_default()
        ))),
    }
}

/// A url as its parser writes it: with a path.
fn url(text: &str) -> String {
    match text.split_once("://") {
        Some((scheme, rest))
            if !rest.contains(['/', '?', '#'])
                && matches!(scheme, "http" | "https" | "ws" | "wss" | "ftp") =>
        {
            format!("{text}/")
        }
        _ => text.to_owned(),
    }
}

fn text(interp: &mut Interp, value: &Value) -> Result<Json, NotJson> {
    interp
        .text(value, false)
        .map(Json::String)
        .ok_or_else(|| unknown("the text of the value is not known".to_owned()))
}

fn secret(interp: &mut Interp, value: &Value) -> Result<Json, NotJson> {
    let inner = interp
        .attribute(value, "_secret_value")
        .unwrap_or(Value::None);
    let empty = matches!(&inner, Value::Str(text) if text.is_empty());
    Ok(Json::String(
        if empty { "" } else { "**********" }.to_owned(),
    ))
}

fn iso(interp: &mut Interp, value: &Value) -> Result<Json, NotJson> {
    let method = interp
        .attribute(value, "isoformat")
        .map_err(|_| NotJson::Impossible)?;
    match interp.call(&method, Args::default()) {
        Ok(Value::Str(text)) => {
            // UTC is written as `Z`.
            let text = text
                .strip_suffix("+00:00")
                .map_or_else(|| text.to_string(), |text| format!("{text}Z"));
            Ok(Json::String(text))
        }
        _ => Err(unknown("the date is not known".to_owned())),
    }
}

/// ISO 8601 as pydantic-core writes durations: `P1DT2H3M4.5S`.
fn timedelta(interp: &mut Interp, value: &Value, style: Style) -> Result<Json, NotJson> {
    let mut part = |name: &str| match interp.attribute(value, name) {
        Ok(Value::Int(number)) => Some(number),
        _ => None,
    };
    let (Some(days), Some(seconds), Some(microseconds)) =
        (part("days"), part("seconds"), part("microseconds"))
    else {
        return Err(unknown("the duration is not known".to_owned()));
    };
    if let Some(unit) = style.per_second {
        return Ok(float(
            ((days * 86_400 + seconds) as f64 + microseconds as f64 / 1e6) * unit,
        ));
    }
    Ok(Json::String(duration(days, seconds, microseconds)))
}

fn duration(days: i64, seconds: i64, microseconds: i64) -> String {
    let total = i128::from(days) * 86_400_000_000
        + i128::from(seconds) * 1_000_000
        + i128::from(microseconds);
    let mut text = String::new();
    if total < 0 {
        text.push('-');
    }
    let total = total.unsigned_abs();
    let (micros, seconds) = (total % 1_000_000, total / 1_000_000);
    let (days, seconds) = (seconds / 86_400, seconds % 86_400);
    text.push('P');
    if days >= 365 {
        text.push_str(&format!("{}Y", days / 365));
    }
    if days % 365 > 0 {
        text.push_str(&format!("{}D", days % 365));
    }
    if seconds > 0 || micros > 0 || days == 0 {
        text.push('T');
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if hours > 0 {
            text.push_str(&format!("{hours}H"));
        }
        if minutes > 0 {
            text.push_str(&format!("{minutes}M"));
        }
        if micros > 0 {
            let fraction = format!("{micros:06}");
            text.push_str(&format!("{seconds}.{}S", fraction.trim_end_matches('0')));
        } else if seconds > 0 || (hours == 0 && minutes == 0) {
            text.push_str(&format!("{seconds}S"));
        }
    }
    text
}

fn base64_url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut word: u32 = 0;
        for index in 0..3 {
            word = word << 8 | u32::from(chunk.get(index).copied().unwrap_or(0));
        }
        for index in 0..4_u32 {
            if index as usize <= chunk.len() {
                let sextet = (word >> (18 - 6 * index)) & 63;
                text.push(char::from(
                    ALPHABET.get(sextet as usize).copied().unwrap_or(b'A'),
                ));
            } else {
                text.push('=');
            }
        }
    }
    text
}
