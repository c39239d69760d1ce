//! Simple types.

use serde_json::{Value as Json, json};

use crate::python::interp::{Args, Interp};
use crate::python::value::Value;
use crate::python::versions::Change;

use super::{Emitted, Emitter};
use crate::python::pydantic::encode::jsonable;
use crate::python::pydantic::older;
use crate::python::pydantic::schema::{Constraints, Object, Scalar, object};
use crate::python::pydantic::{self, Mode};

impl Emitter<'_, '_> {
    pub(super) fn scalar(&mut self, scalar: Scalar, constraints: &Constraints) -> Object {
        let text = |format: &str| object([("type", json!("string")), ("format", json!(format))]);
        match scalar {
            Scalar::Bool => object([("type", json!("boolean"))]),
            Scalar::Int => self.number("integer", constraints),
            Scalar::Float => self.number("number", constraints),
            Scalar::Decimal | Scalar::Fraction => {
                let written = if scalar == Scalar::Decimal {
                    let mut written = self.scalar(Scalar::Str, &Constraints::default());
                    if self.interp.rules.has(Change::DecimalPattern) {
                        written.insert(
                            "pattern".to_owned(),
                            json!(older::decimal_pattern(constraints)),
                        );
                    }
                    written
                } else {
                    text("fraction")
                };
                if self.mode() == Mode::Serialization {
                    return written;
                }
                let mut floats = Constraints::default();
                for (name, value) in &constraints.0 {
                    if matches!(*name, "multiple_of" | "le" | "ge" | "lt" | "gt")
                        && !(*name == "multiple_of" && scalar == Scalar::Fraction)
                    {
                        floats.set(name, as_float(self.interp, value));
                    }
                }
                let number = self.number("number", &floats);
                object([(
                    "anyOf",
                    Json::Array(vec![Json::Object(number), Json::Object(written)]),
                )])
            }
            Scalar::Str => {
                let mut written = object([("type", json!("string"))]);
                self.constrain(&mut written, constraints, STRING);
                if !written.contains_key("minLength")
                    && let Some(length @ Value::Int(1..)) = self.config("str_min_length")
                {
                    let length = json_number(length);
                    written.insert("minLength".to_owned(), length);
                }
                if !written.contains_key("maxLength")
                    && let Some(length @ Value::Int(_)) = self.config("str_max_length")
                {
                    let length = json_number(length);
                    written.insert("maxLength".to_owned(), length);
                }
                written
            }
            Scalar::Bytes => {
                let mut written = if self.state.fastapi
                    && self.interp.rules.has(Change::BytesAsContentMediaType)
                {
                    let setting = if self.mode() == Mode::Serialization {
                        "ser_json_bytes"
                    } else {
                        "val_json_bytes"
                    };
                    let mut written = object([
                        ("type", json!("string")),
                        ("contentMediaType", json!("application/octet-stream")),
                    ]);
                    if self.config_text(setting) == Some("base64") {
                        written.insert("contentEncoding".to_owned(), json!("base64"));
                    }
                    written
                } else {
                    let base64 = self.config_text("ser_json_bytes") == Some("base64");
                    text(if base64 { "base64url" } else { "binary" })
                };
                self.constrain(&mut written, constraints, LENGTH);
                written
            }
            Scalar::Date | Scalar::DateTime | Scalar::Time | Scalar::TimeDelta => {
                let temporal = match self.config_text("ser_json_temporal") {
                    Some(format) => format.to_owned(),
                    None if scalar == Scalar::TimeDelta
                        && self.config_text("ser_json_timedelta") == Some("float") =>
                    {
                        "seconds".to_owned()
                    }
                    None => "iso8601".to_owned(),
                };
                if self.mode() == Mode::Serialization && temporal != "iso8601" {
                    return object([("type", json!("number"))]);
                }
                text(match scalar {
                    Scalar::Date => "date",
                    Scalar::DateTime => "date-time",
                    Scalar::Time => "time",
                    _ => "duration",
                })
            }
            Scalar::Uuid => text("uuid"),
            Scalar::Url | Scalar::MultiHostUrl => {
                let mut written = text(if scalar == Scalar::Url {
                    "uri"
                } else {
                    "multi-host-uri"
                });
                written.insert("minLength".to_owned(), json!(1));
                self.constrain(&mut written, constraints, STRING);
                written
            }
            Scalar::Complex => object([("type", json!("string"))]),
        }
    }

    pub(super) fn number(&mut self, name: &str, constraints: &Constraints) -> Object {
        let mut written = object([("type", json!(name))]);
        let mut finite = constraints.clone();
        finite
            .0
            .retain(|(_, value)| !matches!(value, Value::Float(number) if number.is_infinite()));
        self.constrain(&mut written, &finite, NUMERIC);
        written
    }

    /// `update_with_validations`
    pub(super) fn constrain(
        &mut self,
        written: &mut Object,
        constraints: &Constraints,
        keys: &[(&str, &str)],
    ) {
        for (name, key) in keys {
            if let Some(value) = constraints.get(name).cloned() {
                let json = self.json_of(&value);
                written.insert((*key).to_owned(), json);
            }
        }
    }

    pub(super) fn literal(&mut self, values: &[Value]) -> Emitted {
        let expected: Vec<Json> = values.iter().map(|value| self.json_of(value)).collect();
        let mut written = Object::new();
        let kind = common_type(&expected);
        match expected.as_slice() {
            [only] => {
                if self.interp.rules.has(Change::ConstWithEnum) {
                    written.insert("enum".to_owned(), json!([only]));
                }
                written.insert("const".to_owned(), only.clone())
            }
            _ => written.insert("enum".to_owned(), Json::Array(expected)),
        };
        if let Some(kind) = kind {
            written.insert("type".to_owned(), json!(kind));
        }
        Ok(written)
    }

    pub(super) fn enumeration(&mut self, name: &str, class: &Value, members: &[Value]) -> Emitted {
        let mut written = object([("title", json!(name))]);
        if let Some(description) = pydantic::class_docstring(self.interp, class) {
            written.insert(
                "description".to_owned(),
                json!(crate::python::library::clean_docstring(&description)),
            );
        }
        let expected: Vec<Json> = members.iter().map(|value| self.json_of(value)).collect();
        let kind = common_type(&expected).filter(|kind| *kind != "null");
        if let ([only], true) = (
            expected.as_slice(),
            self.interp.rules.has(Change::ConstWithEnum),
        ) {
            written.insert("const".to_owned(), only.clone());
        }
        written.insert("enum".to_owned(), Json::Array(expected));
        if let Some(kind) = kind {
            written.insert("type".to_owned(), json!(kind));
        }
        Ok(written)
    }
}

pub(super) const NUMERIC: &[(&str, &str)] = &[
    ("multiple_of", "multipleOf"),
    ("le", "maximum"),
    ("ge", "minimum"),
    ("lt", "exclusiveMaximum"),
    ("gt", "exclusiveMinimum"),
];

pub(super) const LENGTH: &[(&str, &str)] =
    &[("min_length", "minLength"), ("max_length", "maxLength")];

pub(super) const STRING: &[(&str, &str)] = &[
    ("min_length", "minLength"),
    ("max_length", "maxLength"),
    ("pattern", "pattern"),
];

pub(super) const ARRAY: &[(&str, &str)] = &[("min_length", "minItems"), ("max_length", "maxItems")];

pub(super) const OBJECT: &[(&str, &str)] = &[
    ("min_length", "minProperties"),
    ("max_length", "maxProperties"),
];

/// The one type that all values have.
fn common_type(values: &[Json]) -> Option<&'static str> {
    let kind = |value: &Json| match value {
        Json::String(_) => "string",
        Json::Bool(_) => "boolean",
        Json::Number(number) if number.is_f64() => "number",
        Json::Number(_) => "integer",
        Json::Array(_) => "array",
        Json::Null => "null",
        Json::Object(_) => "object",
    };
    let first = kind(values.first()?);
    (first != "object" && values.iter().all(|value| kind(value) == first)).then_some(first)
}

fn as_float(interp: &mut Interp, value: &Value) -> Value {
    match value {
        Value::Int(number) => Value::Float(*number as f64),
        Value::Float(_) => value.clone(),
        other => match jsonable(interp, other) {
            Ok(Json::String(text)) => text.parse().map_or_else(|_| other.clone(), Value::Float),
            Err(_) => match interp.call(
                &Value::symbol("builtins.float"),
                Args::new(vec![other.clone()], None),
            ) {
                Ok(number @ Value::Float(_)) => number,
                _ => other.clone(),
            },
            _ => other.clone(),
        },
    }
}

fn json_number(value: &Value) -> Json {
    match value {
        Value::Int(number) => json!(number),
        _ => Json::Null,
    }
}
