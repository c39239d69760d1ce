//! `TypedDict` and `NamedTuple`.

use std::rc::Rc;

use crate::python::interp::Interp;
use crate::python::syntax::Name;
use crate::python::value::{Class, Value};

use super::config::Config;
use super::generic::TypeVars;
use super::read::{class_attribute, class_of, dotted};
use super::{generic, typing};

pub(super) fn is_typed_dict(interp: &mut Interp, class: &Rc<Class>) -> bool {
    // Libraries give the name again (`sqlalchemy.util.typing.TypedDict`); it stands for nothing else.
    interp
        .mro(class)
        .iter()
        .any(|layer| dotted(layer).is_some_and(|name| name.rsplit('.').next() == Some("TypedDict")))
}

pub(super) fn is_named_tuple(interp: &mut Interp, class: &Rc<Class>) -> bool {
    typing::inherits(
        interp,
        &Value::Class(Rc::clone(class)),
        &["typing.NamedTuple", "collections.namedtuple"],
    )
}

/// `__pydantic_config__` of a typed dictionary.
pub(super) fn config(interp: &mut Interp, class: &Value) -> Option<Rc<Config>> {
    let class = class_of(interp, class)?;
    let given = class_attribute(interp, &class, "__pydantic_config__")?;
    Some(Rc::new(Config::read(interp, &given)))
}

/// Keys in order with their types, and whether each is required by its class (`total`).
pub(super) fn keys(
    interp: &mut Interp,
    class: &Rc<Class>,
    map: &TypeVars,
) -> Vec<(Name, Value, bool)> {
    let mut found: Vec<(Name, Value, bool)> = Vec::new();
    add_keys(interp, class, map, &mut found);
    found
}

fn add_keys(
    interp: &mut Interp,
    class: &Rc<Class>,
    map: &TypeVars,
    found: &mut Vec<(Name, Value, bool)>,
) {
    for base in class.bases.clone() {
        if let Some((base, args)) = generic::parametrised(interp, &base) {
            let args: Vec<Value> = args
                .iter()
                .map(|arg| generic::substitute(interp, arg, map))
                .collect();
            let inner = generic::arguments(interp, &base, &args);
            add_keys(interp, &base, &inner, found);
        }
    }
    let total = !matches!(class.keywords.get("total"), Some(Value::Bool(false)));
    for annotated in interp.annotations(class) {
        let annotation = generic::substitute(interp, &annotated.annotation, map);
        match found.iter_mut().find(|(name, ..)| *name == annotated.name) {
            Some(entry) => *entry = (annotated.name, annotation, total),
            None => found.push((annotated.name, annotation, total)),
        }
    }
}
