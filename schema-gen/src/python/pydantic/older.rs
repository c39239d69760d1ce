//! What only older versions of pydantic write (`pydantic/json_schema.py` of those versions).

use serde_json::{Value as Json, json};

use crate::python::value::Value;
use crate::python::versions::{Change, Rules};

use super::schema::Constraints;

/// Before references had siblings, `{"$ref": …, "default": …}` was
/// `{"allOf": [{"$ref": …}], "default": …}`: `convert_to_all_of`.
pub(super) fn wrap_references(rules: &Rules, json: &mut Json) {
    if !rules.has(Change::SiblingsOfReferences) {
        wrap(json);
    }
}

fn wrap(json: &mut Json) {
    match json {
        Json::Object(members) => {
            if members.len() > 1 && members.get("$ref").is_some_and(Json::is_string) {
                let reference = members.shift_remove("$ref");
                members.shift_insert(0, "allOf".to_owned(), json!([{ "$ref": reference }]));
            }
            for (key, member) in members {
                // Data, not schemas.
                if !matches!(
                    key.as_str(),
                    "default" | "examples" | "example" | "const" | "enum"
                ) {
                    wrap(member);
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(wrap),
        _ => {}
    }
}

/// `get_decimal_pattern`
pub(super) fn decimal_pattern(constraints: &Constraints) -> String {
    let number = |name| match constraints.get(name) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    };
    let pattern = match (number("max_digits"), number("decimal_places")) {
        (Some(digits), Some(places)) => {
            let whole = (digits - places).max(0);
            let digits = digits + 1;
            format!(
                r"(?:\d{{0,{whole}}}|(?=[\d.]{{1,{digits}}}0*$)\d{{0,{whole}}}\.\d{{0,{places}}}0*$)"
            )
        }
        (Some(digits), None) => {
            let or_point = digits + 1;
            format!(r"(?:\d{{0,{digits}}}|(?=[\d.]{{1,{or_point}}}0*$)\d*\.\d*0*$)")
        }
        (None, Some(places)) => format!(r"\d*\.?\d{{0,{places}}}0*$"),
        (None, None) => r"\d*\.?\d*$".to_owned(),
    };
    format!("^(?!^[-+.]*$)[+-]?0*{pattern}")
}
