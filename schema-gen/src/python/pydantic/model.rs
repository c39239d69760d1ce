//! Fields and decorators of models, as pydantic's metaclass collects them.

use std::rc::Rc;

use indexmap::IndexMap;

use crate::python::interp::Interp;
use crate::python::syntax::{ClassDef, ExprKind, Name, StmtKind};
use crate::python::value::{Class, Made, Value};

use super::config::{self, Config};
use super::field::FieldInfo;
use super::generic::{self, TypeVars};
use super::read::{callee, class_of, dotted, made_of};
use super::{ModelField, is_model, typing};

/// A method with one of pydantic's decorators.
#[derive(Clone)]
pub(super) struct Decorated {
    /// The method's name.
    pub(super) name: Name,
    /// The record of the decorator: its arguments.
    pub(super) mark: Option<Rc<Made>>,
    pub(super) function: Value,
}

impl Decorated {
    pub(super) fn keyword(&self, name: &str) -> Option<&Value> {
        self.mark.as_ref().and_then(|mark| mark.kwargs.get(name))
    }

    pub(super) fn mode<'a>(&'a self, default: &'a str) -> &'a str {
        match self.keyword("mode") {
            Some(Value::Str(mode)) => mode,
            _ => default,
        }
    }

    /// Whether it is for this field.
    pub(super) fn is_for(&self, field: &str) -> bool {
        self.mark.as_ref().is_some_and(|mark| {
            mark.args
                .iter()
                .any(|arg| matches!(arg, Value::Str(name) if &**name == field || &**name == "*"))
        })
    }
}

/// The decorated methods of a class, inherited ones first (`DecoratorInfos.build`).
#[derive(Clone, Default)]
pub(super) struct Decorators {
    pub(super) field_validators: IndexMap<Name, Decorated>,
    /// `@validator` of version 1.
    pub(super) validators: IndexMap<Name, Decorated>,
    pub(super) root_validators: IndexMap<Name, Decorated>,
    pub(super) field_serializers: IndexMap<Name, Decorated>,
    pub(super) model_validators: IndexMap<Name, Decorated>,
    pub(super) model_serializers: IndexMap<Name, Decorated>,
    pub(super) computed_fields: IndexMap<Name, Decorated>,
}

/// The decorator and the method in a record of its application.
pub(super) fn peel(value: &Value) -> Option<(&str, Option<&Rc<Made>>, &Value)> {
    let Value::Made(applied) = value else {
        return None;
    };
    let function = applied.args.first()?;
    match &applied.callee {
        // `@computed_field`
        Value::Symbol(symbol) if is_decorator(&symbol.0) && !matches!(function, Value::Str(_)) => {
            Some((&symbol.0, None, function))
        }
        // `@computed_field(alias="x")`
        Value::Made(mark) => {
            let name = callee(mark)?;
            is_decorator(name).then_some((name, Some(mark), function))
        }
        _ => None,
    }
}

fn is_decorator(name: &str) -> bool {
    matches!(
        name,
        "pydantic.field_validator"
            | "pydantic.validator"
            | "pydantic.root_validator"
            | "pydantic.field_serializer"
            | "pydantic.model_validator"
            | "pydantic.model_serializer"
            | "pydantic.computed_field"
    )
}

pub(super) fn decorators(interp: &mut Interp, class: &Rc<Class>) -> Decorators {
    let mut all = Decorators::default();
    for layer in interp.mro(class).iter().rev() {
        let Value::Class(layer) = layer else { continue };
        for (name, value) in layer.namespace.borrow().iter() {
            let (mark_name, mark, function) = match value {
                Value::Descriptor(descriptor) => {
                    let Some(mark) = descriptor.marks.iter().rev().find_map(|mark| match mark {
                        Value::Symbol(symbol) if is_decorator(&symbol.0) => {
                            Some((symbol.0.to_string(), None))
                        }
                        Value::Made(made) => callee(made)
                            .filter(|name| is_decorator(name))
                            .map(|name| (name.to_owned(), Some(Rc::clone(made)))),
                        _ => None,
                    }) else {
                        // A plain property in place of a computed field.
                        continue;
                    };
                    (mark.0, mark.1, value.clone())
                }
                _ => match peel(value) {
                    Some((name, mark, function)) => {
                        (name.to_owned(), mark.cloned(), function.clone())
                    }
                    None => continue,
                },
            };
            let kind = match &*mark_name {
                "pydantic.field_validator" => &mut all.field_validators,
                "pydantic.validator" => &mut all.validators,
                "pydantic.root_validator" => &mut all.root_validators,
                "pydantic.field_serializer" => &mut all.field_serializers,
                "pydantic.model_validator" => &mut all.model_validators,
                "pydantic.model_serializer" => &mut all.model_serializers,
                _ => &mut all.computed_fields,
            };
            kind.insert(
                Rc::clone(name),
                Decorated {
                    name: Rc::clone(name),
                    mark,
                    function,
                },
            );
        }
    }
    all
}

/// The fields of a model, its parents' first, those of a parametrised one with their variables
/// replaced (`collect_model_fields`).
pub(super) fn fields(
    interp: &mut Interp,
    class: &Rc<Class>,
    args: &[Value],
) -> Rc<Vec<ModelField>> {
    if !args.is_empty() {
        let plain = fields(interp, class, &[]);
        let map = generic::arguments(interp, class, args);
        let settings = config::of_model(interp, class);
        return Rc::new(
            plain
                .iter()
                .map(|field| replaced(interp, field, &map, &settings))
                .collect(),
        );
    }
    let key = Rc::as_ptr(class) as usize;
    if let Some(fields) = interp.pydantic.fields.get(&key) {
        return Rc::clone(fields);
    }
    let settings = config::of_model(interp, class);
    let mut inherited: IndexMap<Name, ModelField> = IndexMap::new();
    for base in class.bases.iter().rev() {
        if dotted(base) == Some("pydantic.RootModel")
            || matches!(base, Value::Generic(it) if it.origin.is_symbol("pydantic.RootModel"))
        {
            let annotation = match base {
                Value::Generic(it) => it.args.first().cloned().unwrap_or(Value::None),
                _ => Value::TypeVar(generic::root_variable()),
            };
            let info = FieldInfo::from_annotation(interp, &annotation);
            let name = Name::from("root");
            inherited.insert(Rc::clone(&name), ModelField { name, info });
            continue;
        }
        if !is_model(interp, base) {
            continue;
        }
        if let Some((base, args)) = generic::parametrised(interp, base) {
            for field in fields(interp, &base, &args).iter() {
                inherited.insert(Rc::clone(&field.name), field.clone());
            }
        }
    }
    let layers = interp.mro(class);
    let mut names: IndexMap<Name, (Value, bool)> = IndexMap::new();
    for layer in layers.iter().rev() {
        match layer {
            Value::Class(layer) => {
                let own = Rc::ptr_eq(layer, class);
                for annotated in interp.annotations(layer) {
                    names.insert(annotated.name, (annotated.annotation, own));
                }
            }
            Value::Symbol(symbol) if symbol.is("pydantic.RootModel") => {
                names.insert(Name::from("root"), (Value::None, false));
            }
            _ => {}
        }
    }
    let mut complete = true;
    let mut result: Vec<ModelField> = Vec::new();
    for (name, (annotation, own)) in names {
        if &*name == "model_config" || name.starts_with('_') {
            continue;
        }
        let assigned = assigned(interp, class, &layers, &name);
        if matches!(
            assigned.as_ref().and_then(made_of),
            Some(("sqlmodel.Relationship" | "pydantic.PrivateAttr", _))
        ) {
            continue;
        }
        complete &= !matches!(annotation, Value::Forward(_));
        let mut info = match (&assigned, inherited.get(&name)) {
            (None, Some(parent)) if !own => parent.info.clone(),
            (None, _) => FieldInfo::from_annotation(interp, &annotation),
            (Some(assigned), _) => {
                let annotation = match inherited.get(&name) {
                    Some(parent) if !own => parent
                        .info
                        .original_annotation
                        .clone()
                        .unwrap_or(annotation),
                    _ => annotation,
                };
                FieldInfo::from_annotated_attribute(interp, &annotation, assigned)
            }
        };
        if info.qualifiers.contains(&"class_var")
            || info.qualifiers.contains(&"final") && !info.is_required()
        {
            continue;
        }
        from_config(interp, &settings, &name, &mut info);
        result.push(ModelField { name, info });
    }
    if settings.flag("use_attribute_docstrings") {
        let own = class.definition.as_deref().map(attribute_docstrings);
        for (name, text) in own.unwrap_or_default() {
            if let Some(field) = result.iter_mut().find(|field| field.name == name)
                && field.info.attribute("description").is_none()
            {
                field.info.set("description", Value::Str(text));
            }
        }
    }
    let result = Rc::new(result);
    if complete {
        interp.pydantic.fields.insert(key, Rc::clone(&result));
    }
    result
}

/// What the class has under the name of a field: its own value, or that of a base that is not a
/// model (models take the values of their fields away).
fn assigned(interp: &mut Interp, class: &Rc<Class>, layers: &[Value], name: &str) -> Option<Value> {
    for layer in layers {
        let Value::Class(layer) = layer else { continue };
        let Some(value) = layer.namespace.borrow().get(name).cloned() else {
            continue;
        };
        if Rc::ptr_eq(layer, class) {
            return Some(value);
        }
        if is_model(interp, &Value::Class(Rc::clone(layer))) {
            let is_field = fields(interp, layer, &[])
                .iter()
                .any(|field| &*field.name == name);
            if is_field {
                continue;
            }
        }
        if let Some(("dataclasses.field", made)) = made_of(&value) {
            // The decorator leaves the default alone.
            return made.kwargs.get("default").cloned();
        }
        return Some(value);
    }
    None
}

/// A field of a parametrised model: made anew of its annotation and what was assigned.
fn replaced(
    interp: &mut Interp,
    field: &ModelField,
    map: &TypeVars,
    settings: &Config,
) -> ModelField {
    let Some(original) = field.info.original_annotation.clone() else {
        return field.clone();
    };
    let annotation = generic::substitute(interp, &original, map);
    let mut info = match &field.info.original_assignment {
        Some(assigned) => FieldInfo::from_annotated_attribute(interp, &annotation, assigned),
        None => FieldInfo::from_annotation(interp, &annotation),
    };
    if info.attribute("description").is_none()
        && let Some(description) = field.info.attribute("description")
    {
        info.set("description", description.clone());
    }
    from_config(interp, settings, &field.name, &mut info);
    ModelField {
        name: Rc::clone(&field.name),
        info,
    }
}

/// Titles and aliases that the configuration generates (`update_field_from_config`).
pub(super) fn from_config(
    interp: &mut Interp,
    settings: &Config,
    name: &Name,
    info: &mut FieldInfo,
) {
    let title_generator = info
        .attribute("field_title_generator")
        .or_else(|| settings.get("field_title_generator"))
        .cloned();
    if let (Some(generator), None) = (title_generator, info.attribute("title")) {
        let title = call(
            interp,
            &generator,
            vec![Value::Str(Rc::clone(name)), field_info_value(info)],
        );
        info.set("title", title);
    }
    let Some(generator) = settings.get("alias_generator").cloned() else {
        return;
    };
    let priority = match info.attribute("alias_priority") {
        Some(Value::Int(priority)) => Some(*priority),
        _ => None,
    };
    let all_given = ["alias", "validation_alias", "serialization_alias"]
        .iter()
        .all(|name| info.attribute(name).is_some());
    if priority.is_some_and(|priority| priority > 1) && all_given {
        return;
    }
    let [alias, validation, serialization] = generated_aliases(interp, &generator, name);
    let first = |one: &Option<Value>, other: &Option<Value>| {
        one.clone().or_else(|| other.clone()).unwrap_or(Value::None)
    };
    if priority.is_none_or(|priority| priority <= 1) {
        info.set("alias_priority", Value::Int(1));
        info.set("serialization_alias", first(&serialization, &alias));
        info.set("validation_alias", first(&validation, &alias));
        info.set("alias", alias.clone().unwrap_or(Value::None));
    }
    if info.attribute("alias").is_none() {
        info.set("alias", alias.clone().unwrap_or(Value::None));
    }
    if info.attribute("serialization_alias").is_none() {
        info.set("serialization_alias", first(&serialization, &alias));
    }
    if info.attribute("validation_alias").is_none() {
        info.set("validation_alias", first(&validation, &alias));
    }
}

/// Alias, validation alias and serialization alias of a generator.
pub(super) fn generated_aliases(
    interp: &mut Interp,
    generator: &Value,
    name: &Name,
) -> [Option<Value>; 3] {
    if let Some(("pydantic.AliasGenerator", made)) = made_of(generator) {
        return ["alias", "validation_alias", "serialization_alias"].map(|kind| {
            let index = ["alias", "validation_alias", "serialization_alias"]
                .iter()
                .position(|it| *it == kind)?;
            let function = made.kwargs.get(kind).or_else(|| made.args.get(index))?;
            if matches!(function, Value::None) {
                return None;
            }
            Some(call(interp, function, vec![Value::Str(Rc::clone(name))]))
        });
    }
    [
        Some(call(interp, generator, vec![Value::Str(Rc::clone(name))])),
        None,
        None,
    ]
}

/// Calls a function of the user, or one of `pydantic.alias_generators`.
pub(super) fn call(interp: &mut Interp, function: &Value, args: Vec<Value>) -> Value {
    if let (Some(name), Some(Value::Str(text))) = (dotted(function), args.first()) {
        let converted = match name.rsplit('.').next() {
            Some("to_camel") => Some(super::alias::to_camel(text)),
            Some("to_pascal") => Some(super::alias::to_pascal(text)),
            Some("to_snake") => Some(super::alias::to_snake(text)),
            _ => None,
        };
        if let Some(converted) = converted {
            return Value::str(&converted);
        }
    }
    match interp.call(function, crate::python::interp::Args::new(args, None)) {
        // A function of an installed package is run when its result is needed.
        Ok(value) => interp.force(&value),
        Err(_) => Value::unknown("the function raised an exception", None),
    }
}

/// A `FieldInfo` for functions of the user.
fn field_info_value(info: &FieldInfo) -> Value {
    let mut kwargs: Vec<(&str, Value)> = info
        .attributes
        .iter()
        .map(|(name, value)| (&**name, value.clone()))
        .collect();
    if let Some(annotation) = &info.annotation {
        kwargs.push(("annotation", annotation.clone()));
    }
    super::read::made("pydantic.FieldInfo", Vec::new(), kwargs)
}

/// Strings that stand after an annotated name in a class body.
pub(super) fn attribute_docstrings(definition: &ClassDef) -> Vec<(Name, Rc<str>)> {
    let mut found = Vec::new();
    let mut last: Option<Name> = None;
    for statement in &definition.body {
        match &statement.kind {
            StmtKind::AnnAssign { target, .. } => {
                last = match &target.kind {
                    ExprKind::Name(name) => Some(Rc::clone(name)),
                    _ => None,
                };
                continue;
            }
            StmtKind::Expr(expression) => {
                if let (Some(name), ExprKind::Str(text)) = (last.take(), &expression.kind) {
                    found.push((
                        name,
                        Rc::from(crate::python::library::clean_docstring(text)),
                    ));
                }
            }
            _ => {}
        }
        last = None;
    }
    found
}

/// Whether the class is a `RootModel`.
pub(super) fn is_root(interp: &mut Interp, class: &Rc<Class>) -> bool {
    typing::inherits(
        interp,
        &Value::Class(Rc::clone(class)),
        &["pydantic.RootModel"],
    )
}

/// The class and arguments of a model.
pub(super) fn of(interp: &mut Interp, value: &Value) -> Option<(Rc<Class>, Vec<Value>)> {
    if !is_model(interp, value) {
        return None;
    }
    generic::parametrised(interp, value)
}

/// What an annotation in a class of ours needs: the class that a symbol stands for.
pub(super) fn forced(interp: &mut Interp, value: &Value) -> Value {
    match value {
        Value::Symbol(_) => {
            class_of(interp, value).map_or_else(|| interp.force(value), Value::Class)
        }
        _ => value.clone(),
    }
}
