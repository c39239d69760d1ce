//! Small readings of values.

use std::rc::Rc;

use crate::python::interp::Interp;
use crate::python::syntax::Name;
use crate::python::value::{Class, Generic, Key, Made, Namespace, Value};

/// The entries of a dictionary (or of `dict(a=1)`, `ConfigDict(a=1)` recorded) with names as keys.
pub(super) fn entries(value: &Value) -> Vec<(Name, Value)> {
    match value {
        Value::Dict(items) => items
            .borrow()
            .iter()
            .filter_map(|(key, value)| match &key.0 {
                Value::Str(name) => Some((Rc::clone(name), value.clone())),
                _ => None,
            })
            .collect(),
        Value::Made(made) => {
            let mut all: Vec<_> = made.args.iter().flat_map(entries).collect();
            all.extend(
                made.kwargs
                    .iter()
                    .map(|(name, value)| (Rc::clone(name), value.clone())),
            );
            all
        }
        Value::Object(object) => match &*object.payload.borrow() {
            Some(payload @ Value::Dict(_)) => entries(payload),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// One name for what pydantic keeps in its inner modules only.
fn short(name: &str) -> &str {
    match name {
        "pydantic.json_schema.SkipJsonSchema" => "pydantic.SkipJsonSchema",
        "pydantic.json_schema.Examples" => "pydantic.Examples",
        "pydantic.json_schema.GenerateJsonSchema" => "pydantic.GenerateJsonSchema",
        "pydantic.json_schema.models_json_schema" => "pydantic.models_json_schema",
        "pydantic.json_schema.model_json_schema" => "pydantic.model_json_schema",
        "pydantic.fields.FieldInfo" => "pydantic.FieldInfo",
        "pydantic.fields.ComputedFieldInfo" => "pydantic.ComputedFieldInfo",
        "pydantic.types.UuidVersion" => "pydantic.UuidVersion",
        "pydantic.types.PathType" => "pydantic.PathType",
        "pydantic.types.Base64UrlEncoder" => "pydantic.Base64UrlEncoder",
        "pydantic.networks.AnyUrl" => "pydantic.AnyUrl",
        "pydantic.dataclasses.Field" => "pydantic.Field",
        "pydantic.MISSING" | "pydantic.experimental.missing_sentinel.MISSING" => {
            "pydantic_core.MISSING"
        }
        "pydantic.color.Color" => "pydantic.Color",
        other => other,
    }
}

/// The dotted name of a symbol.
pub(super) fn dotted(value: &Value) -> Option<&str> {
    match value {
        Value::Symbol(symbol) => Some(short(&symbol.0)),
        _ => None,
    }
}

/// The dotted name of what was called.
pub(super) fn callee(made: &Made) -> Option<&str> {
    match &made.callee {
        Value::Symbol(symbol) => Some(short(&symbol.0)),
        _ => None,
    }
}

/// The symbol that was called, where the value is a record of a call.
pub(super) fn made_of(value: &Value) -> Option<(&str, &Rc<Made>)> {
    match value {
        Value::Made(made) => callee(made).map(|name| (name, made)),
        _ => None,
    }
}

/// The argument at `index` or of that name.
pub(super) fn argument<'m>(made: &'m Made, index: usize, name: &str) -> Option<&'m Value> {
    made.kwargs.get(name).or_else(|| made.args.get(index))
}

/// A record of a call of ours.
pub(super) fn made(dotted: &str, args: Vec<Value>, kwargs: Vec<(&str, Value)>) -> Value {
    let kwargs: Namespace = kwargs
        .into_iter()
        .map(|(name, value)| (Name::from(name), value))
        .collect();
    Value::Made(Rc::new(Made {
        callee: Value::symbol(dotted),
        args,
        kwargs,
        place: None,
        attributes: Default::default(),
    }))
}

pub(super) fn generic(origin: Value, args: Vec<Value>) -> Value {
    Value::Generic(Rc::new(Generic { origin, args }))
}

/// `Annotated[annotation, …]`
pub(super) fn annotated(annotation: Value, mut metadata: Vec<Value>) -> Value {
    if metadata.is_empty() {
        return annotation;
    }
    metadata.insert(0, annotation);
    generic(Value::symbol("typing.Annotated"), metadata)
}

/// The class that a value is, or is a parametrisation of; read from its library where it is one's.
pub(super) fn class_of(interp: &mut Interp, value: &Value) -> Option<Rc<Class>> {
    match value {
        Value::Class(class) => Some(Rc::clone(class)),
        Value::Generic(generic) => class_of(interp, &generic.origin.clone()),
        Value::Symbol(_) => match interp.force(value) {
            Value::Class(class) => Some(class),
            Value::Generic(generic) => class_of(interp, &generic.origin.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// What is set on the class or on one of its bases that is a class.
pub(super) fn class_attribute(interp: &mut Interp, class: &Rc<Class>, name: &str) -> Option<Value> {
    for layer in interp.mro(class).iter() {
        if let Value::Class(layer) = layer
            && let Some(value) = layer.namespace.borrow().get(name)
        {
            return Some(value.clone());
        }
    }
    None
}

pub(super) fn key(name: &str) -> Key {
    Key(Value::str(name))
}

pub(super) fn is_none(value: Option<&Value>) -> bool {
    matches!(value, None | Some(Value::None))
}

/// What stands for "not given" in signatures of pydantic.
pub(super) fn is_undefined(value: &Value) -> bool {
    matches!(value, Value::Ellipsis)
        || dotted(value).is_some_and(|name| {
            matches!(
                name.rsplit('.').next(),
                Some("PydanticUndefined" | "Undefined" | "_Unset")
            )
        })
}
