//! Dataclasses, those of the standard library and pydantic's.

use std::rc::Rc;

use indexmap::IndexMap;

use crate::python::interp::Interp;
use crate::python::syntax::Name;
use crate::python::value::{Class, Value};

use super::config::Config;
use super::field::FieldInfo;
use super::read::{callee, class_attribute, class_of, dotted, made_of};
use super::{ModelField, generic, model, typing};

/// What marks a class as a dataclass.
#[derive(Clone)]
pub(super) struct Mark {
    pub(super) is_pydantic: bool,
    keywords: IndexMap<Name, Value>,
}

impl Mark {
    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.keywords.get(name), Some(Value::Bool(true)))
    }
}

/// The decorator of this very class.
pub(super) fn mark(class: &Rc<Class>) -> Option<Mark> {
    class.marks.borrow().iter().rev().find_map(|mark| {
        let (name, keywords) = match mark {
            Value::Symbol(symbol) => (symbol.0.to_string(), IndexMap::new()),
            Value::Made(made) => (
                callee(made)?.to_owned(),
                made.kwargs
                    .iter()
                    .map(|(name, value)| (Rc::clone(name), value.clone()))
                    .collect(),
            ),
            _ => return None,
        };
        match &*name {
            "dataclasses.dataclass" => Some(Mark {
                is_pydantic: false,
                keywords,
            }),
            "pydantic.dataclasses.dataclass" => Some(Mark {
                is_pydantic: true,
                keywords,
            }),
            _ => None,
        }
    })
}

/// Whether the class or one of its bases is a dataclass.
pub(super) fn is(interp: &mut Interp, class: &Rc<Class>) -> bool {
    interp
        .mro(class)
        .iter()
        .any(|layer| matches!(layer, Value::Class(layer) if mark(layer).is_some()))
}

/// Whether pydantic's decorator stands on a plain dataclass: the class that it makes has no
/// docstring.
pub(super) fn is_converted(class: &Rc<Class>) -> bool {
    let marks = class.marks.borrow();
    let named = |dotted: &str| {
        marks.iter().any(|mark| match mark {
            Value::Symbol(symbol) => symbol.is(dotted),
            Value::Made(made) => callee(made) == Some(dotted),
            _ => false,
        })
    };
    named("dataclasses.dataclass") && named("pydantic.dataclasses.dataclass")
}

/// `__pydantic_config__`: of the decorator or of the class; a plain dataclass without one has the
/// configuration of what it stands in.
pub(super) fn config(interp: &mut Interp, class: &Value) -> Option<Rc<Config>> {
    let class = class_of(interp, class)?;
    for layer in interp.mro(&class).iter() {
        let Value::Class(layer) = layer else { continue };
        if let Some(mark) = mark(layer) {
            if let Some(given) = mark.keywords.get("config") {
                return Some(Rc::new(Config::read(interp, given)));
            }
            if mark.is_pydantic {
                let given = layer.namespace.borrow().get("__pydantic_config__").cloned();
                let config = given
                    .map(|given| Config::read(interp, &given))
                    .unwrap_or_default();
                return Some(Rc::new(config));
            }
        }
    }
    let given = class_attribute(interp, &class, "__pydantic_config__")?;
    Some(Rc::new(Config::read(interp, &given)))
}

/// The fields, bases' first; keyword-only ones stay in place.
pub(super) fn fields(interp: &mut Interp, class: &Rc<Class>, args: &[Value]) -> Vec<ModelField> {
    let mut found: IndexMap<Name, ModelField> = IndexMap::new();
    let own = generic::arguments(interp, class, args);
    for layer in interp.mro(class).iter().rev() {
        let Value::Class(layer) = layer else { continue };
        let Some(mark) = mark(layer) else { continue };
        let map = generic::arguments_in(interp, class, layer, &own);
        let mut keyword_only = mark.flag("kw_only");
        for annotated in interp.annotations(layer) {
            if dotted(&annotated.annotation) == Some("dataclasses.KW_ONLY") {
                keyword_only = true;
                continue;
            }
            let annotation = generic::substitute(interp, &annotated.annotation, &map);
            if typing::inspect(interp, &annotation)
                .qualifiers
                .contains(&"class_var")
            {
                continue;
            }
            let assigned = layer.namespace.borrow().get(&annotated.name).cloned();
            let assigned = assigned.filter(|value| !is_slot_left_over(value));
            if let Some(("dataclasses.field", made)) = assigned.as_ref().and_then(made_of) {
                let without_default = !made.kwargs.contains_key("default")
                    && !made.kwargs.contains_key("default_factory");
                if matches!(made.kwargs.get("init"), Some(Value::Bool(false))) && without_default {
                    found.shift_remove(&annotated.name);
                    continue;
                }
            }
            if let Some(info) = assigned
                .as_ref()
                .and_then(|assigned| FieldInfo::of(interp, assigned))
                && info.is_true("init_var")
            {
                continue;
            }
            let mut info = match &assigned {
                Some(assigned) => {
                    FieldInfo::from_annotated_attribute(interp, &annotation, assigned)
                }
                None => FieldInfo::from_annotation(interp, &annotation),
            };
            if info.attribute("kw_only").is_none() {
                info.set("kw_only", Value::Bool(keyword_only));
            }
            found.insert(
                Rc::clone(&annotated.name),
                ModelField {
                    name: annotated.name,
                    info,
                },
            );
        }
    }
    let settings = config(interp, &Value::Class(Rc::clone(class)));
    if let (Some(definition), true) = (
        &class.definition,
        settings.is_some_and(|config| config.flag("use_attribute_docstrings")),
    ) {
        for (name, text) in model::attribute_docstrings(definition) {
            if let Some(field) = found.get_mut(&name)
                && field.info.attribute("description").is_none()
            {
                field.info.set("description", Value::Str(text));
            }
        }
    }
    found.into_values().collect()
}

fn is_slot_left_over(value: &Value) -> bool {
    matches!(value, Value::Descriptor(_))
}
