//! The signature of a model's constructor.

use std::rc::Rc;

use crate::python::interp::{Interp, Signature, SignatureParameter};
use crate::python::syntax::ParameterKind;
use crate::python::value::{Generic, Value};

/// The signature that pydantic gives a model (`pydantic/_internal/_signature.py`): its fields, by
/// their aliases where these are names.
pub(crate) fn signature(interp: &mut Interp, model: &Value) -> Signature {
    let mut parameters = Vec::new();
    for field in super::fields(interp, model) {
        let info = &field.info;
        let alias = info
            .text("alias")
            .or_else(|| info.text("validation_alias"))
            .filter(|alias| is_identifier(alias));
        let annotation = info
            .annotation
            .clone()
            .unwrap_or_else(|| Value::symbol("typing.Any"));
        let default = match (&info.default, &info.default_factory) {
            _ if info.is_required() => None,
            (Some(default), _) => Some(default.clone()),
            (None, factory) => factory.clone(),
        };
        parameters.push(SignatureParameter {
            name: alias.unwrap_or(field.name),
            kind: ParameterKind::KeywordOnly,
            annotation: Some(annotated(annotation, &info.metadata)),
            default,
            place: None,
        });
    }
    Signature {
        parameters,
        returns: None,
    }
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && text.chars().all(|one| one.is_alphanumeric() || one == '_')
}

fn annotated(annotation: Value, metadata: &[Value]) -> Value {
    if metadata.is_empty() {
        return annotation;
    }
    let args = std::iter::once(annotation)
        .chain(metadata.iter().cloned())
        .collect();
    Value::Generic(Rc::new(Generic {
        origin: Value::symbol("typing.Annotated"),
        args,
    }))
}
