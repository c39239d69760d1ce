//! What a parameter of an endpoint or a dependency stands for: `analyze_param` of
//! `fastapi/dependencies/utils.py`.

use std::rc::Rc;

use crate::python::interp::{Interp, SignatureParameter};
use crate::python::pydantic::{FieldInfo, Mode};
use crate::python::value::Value;

use super::class::{
    annotated, derives, injected, is_instance, is_scalar, is_upload, unknown_class,
};
use super::encode;
use super::field::{Extras, Field, Kind};

pub(crate) enum Parameter {
    /// The `Depends` or `Security`, and what is depended on.
    Depends {
        depends: Value,
        dependency: Value,
    },
    /// The request, the response, background tasks …: nothing that a caller sends.
    Injected,
    /// The scopes that are asked for.
    SecurityScopes,
    Field(Box<Field>),
    /// It cannot be known which of these it is.
    Unknown(String),
}

pub(crate) fn analyse(
    interp: &mut Interp,
    parameter: &SignatureParameter,
    path_names: &[&str],
) -> Parameter {
    let is_path = path_names.contains(&&*parameter.name);
    let annotation = match &parameter.annotation {
        None => Value::symbol("typing.Any"),
        Some(annotation) => resolved(interp, annotation),
    };
    let default = parameter
        .default
        .as_ref()
        .map(|default| interp.force(default));
    let (bare, metadata) =
        annotated(&annotation).unwrap_or_else(|| (annotation.clone(), Vec::new()));
    let is_annotated = !metadata.is_empty();

    let mut depends = None;
    let mut said = None;
    for item in metadata.iter().rev() {
        let item = &interp.force(item);
        if is_instance(interp, item, "fastapi.params.Depends") {
            depends = Some(item.clone());
            break;
        }
        if let Some(kind) = Kind::of(interp, item) {
            said = Some((kind, item.clone()));
            break;
        }
        if let Value::Unknown(unknown) = item {
            return Parameter::Unknown(unknown.why.clone());
        }
    }
    let mut said_by_default = false;
    if let Some(value) = &default {
        if is_instance(interp, value, "fastapi.params.Depends") {
            depends = Some(value.clone());
        } else if let Some(kind) = Kind::of(interp, value) {
            said = Some((kind, value.clone()));
            said_by_default = true;
        } else if let (Value::Unknown(unknown), None, None) = (value, &depends, &said)
            && !is_path
        {
            return Parameter::Unknown(format!("its default is not known: {}", unknown.why));
        }
    }

    if let Some(depends) = depends {
        let dependency = match interp.attribute(&depends, "dependency") {
            Ok(Value::None) | Err(_) => bare,
            Ok(dependency) => dependency,
        };
        return Parameter::Depends {
            depends,
            dependency,
        };
    }
    let class = interp.force(&bare);
    if said.is_none() {
        if !is_path && let Some(why) = unknown_class(interp, &class) {
            return Parameter::Unknown(why);
        }
        if derives(interp, &class, "fastapi.security.SecurityScopes") {
            return Parameter::SecurityScopes;
        }
        if injected(interp, &class) {
            return Parameter::Injected;
        }
    }

    let mut field = match said {
        Some((kind, object)) if said_by_default => {
            let mut info = given_info(interp, &object);
            info.annotation = Some(bare);
            finish(interp, parameter, kind, info, Some(&object))
        }
        Some((kind, object)) => {
            let mut info = FieldInfo::from_annotation(interp, &annotation);
            info.default = default;
            finish(interp, parameter, kind, info, Some(&object))
        }
        None => {
            let kind = if is_path {
                Kind::Path
            } else if is_upload(interp, &class) {
                Kind::File
            } else if is_scalar(interp, &class) {
                Kind::Query
            } else {
                Kind::Body
            };
            let mut info = if is_annotated {
                FieldInfo::from_annotation(interp, &annotation)
            } else {
                FieldInfo {
                    annotation: Some(bare),
                    ..FieldInfo::default()
                }
            };
            if kind == Kind::Path {
                info.default = None;
                info.default_factory = None;
            } else {
                info.default = default;
            }
            finish(interp, parameter, kind, info, None)
        }
    };
    if field.kind == Kind::Path
        && let Some(choice) = path_choice(&field.info, path_names)
    {
        field
            .info
            .attributes
            .insert(Rc::from("validation_alias"), Value::Str(choice));
    }
    Parameter::Field(Box::new(field))
}

/// Of several aliases, the one that the path has.
fn path_choice(info: &FieldInfo, path_names: &[&str]) -> Option<Rc<str>> {
    let Some(Value::Made(choices)) = info.attribute("validation_alias") else {
        return None;
    };
    if !choices.callee.is_symbol("pydantic.AliasChoices") {
        return None;
    }
    let texts: Option<Vec<Rc<str>>> = choices.args.iter().map(encode::text).collect();
    texts?
        .into_iter()
        .find(|choice| path_names.contains(&&**choice))
}

/// An annotation with its strings evaluated and `type X = …` at the top replaced by its target.
fn resolved(interp: &mut Interp, annotation: &Value) -> Value {
    let annotation = match annotation {
        Value::Forward(_) => interp.resolve_forward(annotation),
        other => other.clone(),
    };
    match &annotation {
        Value::Alias(alias) if !alias.is_new_type => interp
            .attribute(&annotation, "__value__")
            .unwrap_or_else(|_| annotation.clone()),
        _ => annotation,
    }
}

/// What an object of `fastapi.params` says, as pydantic sees it.
fn given_info(interp: &mut Interp, object: &Value) -> FieldInfo {
    match interp.attribute(object, "__field__") {
        Ok(Value::Made(made)) => FieldInfo::from_made(interp, &made),
        _ => FieldInfo::default(),
    }
}

fn finish(
    interp: &mut Interp,
    parameter: &SignatureParameter,
    kind: Kind,
    mut info: FieldInfo,
    object: Option<&Value>,
) -> Field {
    let extras = match object {
        Some(object) => given_extras(interp, object, kind),
        None => Extras::of_kind(kind),
    };
    let alias = match info.text("alias").filter(|alias| !alias.is_empty()) {
        Some(alias) => alias,
        None if extras.convert_underscores == Some(true) => {
            Rc::from(parameter.name.replace('_', "-"))
        }
        None => Rc::clone(&parameter.name),
    };
    info.attributes.insert(Rc::from("alias"), Value::Str(alias));
    Field {
        name: Rc::clone(&parameter.name),
        kind,
        info,
        mode: Mode::Validation,
        config: None,
        extras,
        place: parameter.place,
    }
}

fn given_extras(interp: &mut Interp, object: &Value, kind: Kind) -> Extras {
    let mut extras = Extras::of_kind(kind);
    let mut get = |name: &str| match interp.find_attribute(object, name) {
        Ok(Some(value)) if !value.is_symbol("pydantic_core.PydanticUndefined") => Some(value),
        _ => None,
    };
    if let Some(value) = get("include_in_schema") {
        extras.include_in_schema = value;
    }
    extras.openapi_examples = get("openapi_examples").filter(|value| !matches!(value, Value::None));
    extras.example = get("example");
    if kind == Kind::Header {
        extras.convert_underscores = Some(!matches!(
            get("convert_underscores"),
            Some(Value::Bool(false))
        ));
    }
    if kind.is_body() {
        extras.embed = matches!(get("embed"), Some(Value::Bool(true)));
        if let Some(value) = get("media_type") {
            extras.media_type = value;
        }
    }
    extras
}
