//! Constraints in metadata, and what they do to a schema
//! (`pydantic/_internal/_known_annotated_metadata.py`).

use std::rc::Rc;

use crate::python::interp::Interp;
use crate::python::value::Value;

use super::encode;
use super::field::{FieldInfo, GENERAL};
use super::read::{argument, dotted, made, made_of};
use super::schema::{Constraints, Kind, Scalar, Schema, Sequence, Validator};

/// Metadata that stands for several (`Interval`, `Len`, `StringConstraints`, a `Field`) spread.
pub(super) fn expand(interp: &mut Interp, metadata: &[Value]) -> Vec<Value> {
    let mut all = Vec::new();
    for item in metadata {
        if let Some(mut info) = FieldInfo::of(interp, item) {
            all.append(&mut info.metadata);
            all.push(item.clone());
            continue;
        }
        let Some((name, record)) = made_of(item) else {
            all.push(item.clone());
            continue;
        };
        let given = |index: usize, name: &str| {
            argument(record, index, name)
                .filter(|value| !matches!(value, Value::None))
                .cloned()
        };
        match name {
            "annotated_types.Interval" => {
                for (short, class) in [("gt", "Gt"), ("ge", "Ge"), ("lt", "Lt"), ("le", "Le")] {
                    if let Some(value) = given(usize::MAX, short) {
                        all.push(made(
                            &format!("annotated_types.{class}"),
                            vec![value],
                            Vec::new(),
                        ));
                    }
                }
            }
            "annotated_types.Len" => {
                if let Some(value) =
                    given(0, "min_length").filter(|value| !matches!(value, Value::Int(0)))
                {
                    all.push(made("annotated_types.MinLen", vec![value], Vec::new()));
                }
                if let Some(value) = given(1, "max_length") {
                    all.push(made("annotated_types.MaxLen", vec![value], Vec::new()));
                }
            }
            "pydantic.StringConstraints" => {
                for (short, class) in [
                    ("min_length", "annotated_types.MinLen"),
                    ("max_length", "annotated_types.MaxLen"),
                ] {
                    if let Some(value) = given(usize::MAX, short) {
                        all.push(made(class, vec![value], Vec::new()));
                    }
                }
                let general: Vec<_> = [
                    "strip_whitespace",
                    "to_upper",
                    "to_lower",
                    "pattern",
                    "ascii_only",
                ]
                .into_iter()
                .filter_map(|name| given(usize::MAX, name).map(|value| (name, value)))
                .collect();
                if !general.is_empty() {
                    all.push(made(GENERAL, Vec::new(), general));
                }
            }
            _ => all.push(item.clone()),
        }
    }
    all
}

/// The constraints that one metadata says; `None` where it is not known metadata.
fn constraints_of(metadata: &Value) -> Option<Vec<(&'static str, Value)>> {
    let (name, record) = match (made_of(metadata), dotted(metadata)) {
        (Some((name, record)), _) => (name, Some(record)),
        // The class itself: `Annotated[int, Strict]`.
        (None, Some(name)) => (name, None),
        (None, None) => return None,
    };
    let first = |name: &str, default: Value| {
        record
            .and_then(|record| argument(record, 0, name))
            .cloned()
            .unwrap_or(default)
    };
    let one = |name: &'static str, default: Value| {
        let value = first(name, default);
        Some(if matches!(value, Value::None) {
            Vec::new()
        } else {
            vec![(name, value)]
        })
    };
    match name {
        "annotated_types.Gt" => one("gt", Value::None),
        "annotated_types.Ge" => one("ge", Value::None),
        "annotated_types.Lt" => one("lt", Value::None),
        "annotated_types.Le" => one("le", Value::None),
        "annotated_types.MultipleOf" => one("multiple_of", Value::None),
        "annotated_types.MinLen" => one("min_length", Value::None),
        "annotated_types.MaxLen" => one("max_length", Value::None),
        "pydantic.Strict" => one("strict", Value::Bool(true)),
        "pydantic.AllowInfNan" => one("allow_inf_nan", Value::Bool(true)),
        "pydantic.FailFast" => one("fail_fast", Value::Bool(true)),
        GENERAL => {
            let record = record?;
            let known = [
                "strip_whitespace",
                "to_upper",
                "to_lower",
                "pattern",
                "ascii_only",
                "coerce_numbers_to_str",
                "max_digits",
                "decimal_places",
                "union_mode",
            ];
            Some(
                record
                    .kwargs
                    .iter()
                    .filter_map(|(name, value)| {
                        let name = known.iter().find(|known| ***known == **name)?;
                        (!matches!(value, Value::None)).then(|| (*name, value.clone()))
                    })
                    .collect(),
            )
        }
        _ => None,
    }
}

/// Whether pydantic-core has the constraint on this kind of schema itself.
fn takes(kind: &Kind, constraint: &str) -> bool {
    let length = matches!(constraint, "min_length" | "max_length");
    let order = matches!(constraint, "gt" | "ge" | "lt" | "le");
    let strict = constraint == "strict";
    match kind {
        Kind::Scalar(scalar, _) => match scalar {
            Scalar::Str => {
                length
                    || strict
                    || matches!(
                        constraint,
                        "strip_whitespace"
                            | "to_lower"
                            | "to_upper"
                            | "pattern"
                            | "coerce_numbers_to_str"
                            | "ascii_only"
                    )
            }
            Scalar::Bytes => length || strict,
            Scalar::Int => order || strict || constraint == "multiple_of",
            Scalar::Float => {
                order || strict || matches!(constraint, "multiple_of" | "allow_inf_nan")
            }
            Scalar::Decimal => {
                order
                    || strict
                    || matches!(
                        constraint,
                        "multiple_of" | "allow_inf_nan" | "max_digits" | "decimal_places"
                    )
            }
            Scalar::Fraction | Scalar::TimeDelta => order || strict || constraint == "multiple_of",
            Scalar::Date | Scalar::DateTime | Scalar::Time => order || strict,
            Scalar::Url | Scalar::MultiHostUrl => strict || constraint == "max_length",
            Scalar::Bool | Scalar::Uuid | Scalar::Complex => strict,
        },
        Kind::Sequence(Sequence::Generator, ..) => length,
        Kind::Sequence(..) | Kind::Tuple { .. } | Kind::Dict { .. } => {
            length || strict || constraint == "fail_fast"
        }
        Kind::Union(_) => constraint == "union_mode",
        Kind::TypedDict { .. }
        | Kind::Model { .. }
        | Kind::LaxOrStrict { .. }
        | Kind::Enum { .. } => strict,
        _ => false,
    }
}

fn constraints_mut(kind: &mut Kind) -> Option<&mut Constraints> {
    match kind {
        Kind::Scalar(_, constraints)
        | Kind::Sequence(_, _, constraints)
        | Kind::Tuple { constraints, .. }
        | Kind::Dict { constraints, .. } => Some(constraints),
        _ => None,
    }
}

/// `apply_known_metadata`: the schema with the constraint, wrapped where the type does not have it
/// itself. `None` where the metadata says nothing about schemas.
pub(super) fn apply(interp: &mut Interp, metadata: &Value, mut schema: Schema) -> Option<Schema> {
    let Some(constraints) = constraints_of(metadata) else {
        return match made_of(metadata) {
            Some(("annotated_types.Predicate" | "annotated_types.Not", _)) => Some(after(schema)),
            _ => None,
        };
    };
    let mut steps = Vec::new();
    for (name, value) in constraints {
        if name == "strict" && schema.inner_of_function().is_some() {
            return Some(schema);
        }
        if takes(&schema.kind, name) {
            if let Some(constraints) = constraints_mut(&mut schema.kind) {
                constraints.set(name, value);
            }
            continue;
        }
        match name {
            "pattern"
            | "strip_whitespace"
            | "to_lower"
            | "to_upper"
            | "coerce_numbers_to_str"
            | "ascii_only" => {
                let mut text = Constraints::default();
                text.set(name, value);
                steps.push(after(Schema::new(Kind::Scalar(Scalar::Str, text))).node());
            }
            "gt" | "ge" | "lt" | "le" | "multiple_of" | "min_length" | "max_length"
            | "max_digits" | "decimal_places" => {
                let mut inner = &schema;
                while let Some(next) = inner.inner_of_function() {
                    inner = next;
                }
                let is_list = match &inner.kind {
                    Kind::Sequence(Sequence::List, ..) => true,
                    Kind::JsonOrPython { json, .. } => {
                        matches!(json.kind, Kind::Sequence(Sequence::List, ..))
                    }
                    _ => false,
                };
                let key = match (name, is_list) {
                    ("min_length", true) => "minItems",
                    ("max_length", true) => "maxItems",
                    ("min_length", false) => "minLength",
                    ("max_length", false) => "maxLength",
                    (other, _) => other,
                };
                schema = after(schema);
                if let Ok(json) = encode::jsonable(interp, &value) {
                    schema.metadata.updates.insert(key.to_owned(), json);
                }
            }
            "allow_inf_nan" => {
                if matches!(value, Value::Bool(false)) {
                    schema = after(schema);
                }
            }
            _ => {}
        }
    }
    if steps.is_empty() {
        return Some(schema);
    }
    steps.insert(0, schema.node());
    Some(Schema::new(Kind::Chain(steps)))
}

/// An after validator of pydantic's own around a schema.
fn after(schema: Schema) -> Schema {
    Schema::new(Kind::Function {
        validator: Validator::After,
        schema: Rc::new(schema),
        input: None,
    })
}
