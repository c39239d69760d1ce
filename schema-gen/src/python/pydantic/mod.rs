//! Types and models as pydantic 2 sees them, and their JSON Schema as `GenerateJsonSchema` writes it.
//!
//! Two steps: a type becomes a [`schema`] of our own (what a "core schema" means, without its
//! validators; `build`, `annotate`, `known`), and that is written as JSON Schema with definitions and
//! their names (`emit`, `names`).

mod alias;
mod annotate;
mod build;
mod config;
mod constraint;
mod dataclass;
mod discriminator;
mod emit;
mod encode;
mod field;
mod gather;
mod generic;
mod handler;
mod hooks;
mod instance;
mod known;
mod model;
mod names;
mod older;
mod read;
mod schema;
mod signature;
#[cfg(test)]
mod tests;
mod typed_dict;
mod typing;

use std::collections::HashMap;
use std::rc::Rc;

use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;
use serde_json::{Value as Json, json};

use self::build::{Builder, Context};
use self::emit::{Emitter, Fail};
use self::read::{class_of, dotted};
use self::schema::{Node, Object, Ref};

use super::interp::{Interp, Scope};
use super::library;
use super::syntax::Name;
use super::value::{Class, FileId, Key, Namespace, Place, Unknown, Value};
use crate::Diagnostic;

pub(crate) use self::field::FieldInfo;
pub(crate) use self::hooks::{
    call_made, call_symbol, class_created, construct, descriptor, made_attribute, made_subscript,
    made_truth, model_attribute, set_made_subscript,
};
pub(crate) use self::typing::annotated_type;
pub(crate) use signature::signature;

/// Which side of a model: what it takes, or what it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    Validation,
    Serialization,
}

/// What is known of the models of one analysis.
#[derive(Default)]
pub(crate) struct State {
    configs: HashMap<usize, Rc<config::Config>>,
    fields: HashMap<usize, Rc<Vec<ModelField>>>,
    definitions: HashMap<Ref, Node>,
    /// Schemas and handlers that functions of the user hold, by number.
    schemas: Vec<Node>,
    handlers: Vec<handler::Inner>,
    /// What a function of the user interrupts.
    building: Option<Box<Context>>,
    emission: Option<Box<emit::State>>,
    failure: Option<Fail>,
    /// `RootModel[…]` as classes.
    roots: Vec<(Vec<Value>, Rc<Class>)>,
    reported: Vec<String>,
    /// Where type aliases stand.
    aliases: HashMap<usize, (Scope, FileId)>,
}

/// A field of a model, dataclass or settings class.
#[derive(Clone)]
pub(crate) struct ModelField {
    pub(crate) name: Name,
    pub(crate) info: FieldInfo,
}

/// A type whose schema is asked for:
/// `TypeAdapter(Annotated[annotation, *metadata, Field(**attributes)], config=config)`.
pub(crate) struct SchemaRequest {
    pub(crate) info: FieldInfo,
    pub(crate) mode: Mode,
    /// A dictionary, or the model whose configuration applies.
    pub(crate) config: Option<Value>,
    /// Where to look for what is not known of it and has no place of its own.
    pub(crate) place: Option<Place>,
}

/// FastAPI's `get_definitions` (`fastapi/_compat/v2.py`): the schema of each request in their order,
/// with references as `#/components/schemas/{name}`, and the definitions by name.
///
/// The title that FastAPI sets on each schema afterwards is not set here.
pub(crate) fn definitions(
    interp: &mut Interp,
    requests: &[SchemaRequest],
    separate_input_output_schemas: bool,
) -> (Vec<Json>, IndexMap<String, Json>) {
    let mut inputs: Vec<(Node, Mode)> = Vec::new();
    let mut annotations: Vec<(Value, Mode)> = Vec::new();
    for request in requests {
        interp.describing = request.place;
        let config = match &request.config {
            Some(config) => match class_of(interp, config) {
                Some(class) if is_model(interp, config) => Some(config::of_model(interp, &class)),
                _ => Some(Rc::new(config::Config::read(interp, config))),
            },
            None => None,
        };
        let context = Context {
            config: config.into_iter().collect(),
            ..Context::default()
        };
        let node = Builder::new(interp, context).node(&request.info.annotated());
        let annotation = request.info.annotation.clone().unwrap_or(Value::None);
        let own = separate_input_output_schemas || has_computed_fields(interp, &annotation);
        inputs.push((node, if own { request.mode } else { Mode::Validation }));
        annotations.push((
            typing::inspect(interp, &annotation).annotation,
            request.mode,
        ));
    }
    let asked: IndexSet<Key, FxBuildHasher> = annotations
        .iter()
        .map(|(annotation, _)| Key(annotation.clone()))
        .collect();
    // Models and enumerations that the types name are defined also where the schema leaves them out.
    for mode in [Mode::Validation, Mode::Serialization] {
        let mut flat = IndexSet::default();
        for (annotation, own) in &annotations {
            if *own == mode {
                flat_models(interp, annotation, &mut flat, &mut Vec::new());
            }
        }
        for value in flat {
            if !asked.contains(&value) {
                let node = Builder::new(interp, Context::default()).node(&value.0);
                let own = separate_input_output_schemas || has_computed_fields(interp, &value.0);
                inputs.push((node, if own { mode } else { Mode::Validation }));
            }
        }
    }
    let state = emit::State::new(None, "#/components/schemas/{model}", true);
    let mut emitter = Emitter::new(interp, state);
    for (at, (node, mode)) in inputs.iter().enumerate() {
        emitter.set_mode(*mode);
        emitter.interp.describing = requests.get(at).and_then(|request| request.place);
        let _ = emitter.write(node);
    }
    let remapping = emitter.state.names.remapping(&emitter.state.definitions);
    let mut written = Vec::new();
    for ((node, mode), request) in inputs.iter().zip(requests) {
        emitter.set_mode(*mode);
        emitter.interp.describing = request.place;
        let mut json = match emitter.write(node) {
            Ok(object) => Json::Object(object),
            Err(failure) => Json::Object(failed(emitter.interp, &failure)),
        };
        remapping.apply(&mut json);
        older::wrap_references(&emitter.interp.rules, &mut json);
        written.push(json);
    }
    emitter.interp.describing = None;
    let rules = emitter.interp.rules;
    let definitions = std::mem::take(&mut emitter.state.definitions);
    let mut definitions: Vec<(String, Json)> = remapping
        .definitions(definitions)
        .into_iter()
        .map(|(name, mut definition)| {
            older::wrap_references(&rules, &mut definition);
            if let Some(Json::String(text)) = definition.get_mut("description")
                && let Some(at) = text.find('\u{c}')
            {
                text.truncate(at);
            }
            (name, names::sorted(definition, None))
        })
        .collect();
    definitions.sort_by(|left, right| left.0.cmp(&right.0));
    (written, definitions.into_iter().collect())
}

/// `get_flat_models_from_field` of FastAPI.
fn flat_models(
    interp: &mut Interp,
    annotation: &Value,
    found: &mut IndexSet<Key, FxBuildHasher>,
    names: &mut Vec<(usize, Rc<str>)>,
) {
    // A type may name itself.
    if let Value::Forward(forward) = annotation {
        let name = (
            Rc::as_ptr(&forward.scope) as usize,
            Rc::clone(&forward.text),
        );
        if names.contains(&name) {
            return;
        }
        names.push(name);
    }
    let value = typing::normal(interp, annotation);
    let value = match &value {
        Value::Symbol(_) if !known::is_known(&value) => model::forced(interp, &value),
        _ => value,
    };
    let class = match &value {
        Value::Class(class) => Some(Rc::clone(class)),
        Value::Generic(_) if is_model(interp, &value) => None,
        Value::Generic(it) => {
            for arg in it.args.clone() {
                flat_models(interp, &arg, found, names);
            }
            return;
        }
        Value::Union(items) => {
            for item in items.iter() {
                flat_models(interp, item, found, names);
            }
            return;
        }
        _ => return,
    };
    let is_model = is_model(interp, &value);
    if !is_model && !class.is_some_and(|class| is_enum(interp, &class)) {
        return;
    }
    // The schema says that it is unknown.
    if generic::nesting(&value) > build::NESTED {
        return;
    }
    if !found.insert(Key(value.clone())) {
        return;
    }
    if is_model {
        for field in fields(interp, &value) {
            if let Some(annotation) = &field.info.annotation {
                flat_models(interp, annotation, found, names);
            }
        }
    }
}

/// `Model.model_json_schema()` and `TypeAdapter(T).json_schema()`.
pub(crate) fn model_json_schema(
    interp: &mut Interp,
    annotation: &Value,
    mode: Mode,
    by_alias: Option<bool>,
    ref_template: &str,
) -> Json {
    match try_json_schema(interp, annotation, mode, by_alias, ref_template) {
        Ok(json) => json,
        Err(failure) => Json::Object(failed(interp, &failure)),
    }
}

fn try_json_schema(
    interp: &mut Interp,
    annotation: &Value,
    mode: Mode,
    by_alias: Option<bool>,
    ref_template: &str,
) -> Result<Json, Fail> {
    let node = Builder::new(interp, Context::default()).node(annotation);
    let mut emitter = Emitter::new(interp, emit::State::new(by_alias, ref_template, false));
    emitter.set_mode(mode);
    let mut written = emitter.write(&node)?;
    // A schema that is nothing but the only reference to a definition is that definition.
    if let (Some(Json::String(reference)), 1) = (written.get("$ref").cloned(), written.len()) {
        let name = emitter.state.names.of_reference(&reference);
        if let Some(definition) =
            name.and_then(|name| emitter.state.definitions.get(&name).cloned())
        {
            let mut counts = Vec::new();
            let mut visited = Vec::new();
            count_references(
                &emitter.state,
                &Json::Object(definition.clone()),
                &mut counts,
                &mut visited,
            );
            if !counts.contains(&reference) {
                written = definition;
            }
        }
    }
    let mut json = Json::Object(written);
    let mut used: Vec<String> = Vec::new();
    let mut open = Vec::new();
    names::references(&json, &mut open);
    while let Some(reference) = open.pop() {
        let Some(name) = emitter.state.names.of_reference(&reference) else {
            continue;
        };
        if used.contains(&name) {
            continue;
        }
        if let Some(definition) = emitter.state.definitions.get(&name) {
            names::references(&Json::Object(definition.clone()), &mut open);
        }
        used.push(name);
    }
    let mut definitions = std::mem::take(&mut emitter.state.definitions);
    definitions.retain(|name, _| used.contains(name));
    let remapping = emitter.state.names.remapping(&definitions);
    remapping.apply(&mut json);
    let definitions = remapping.definitions(definitions);
    if let (Json::Object(object), false) = (&mut json, definitions.is_empty()) {
        object.insert(
            "$defs".to_owned(),
            Json::Object(definitions.into_iter().collect()),
        );
    }
    older::wrap_references(&emitter.interp.rules, &mut json);
    Ok(names::sorted(json, None))
}

/// The references that a schema leads to.
fn count_references(
    state: &emit::State,
    json: &Json,
    found: &mut Vec<String>,
    visited: &mut Vec<String>,
) {
    let mut own = Vec::new();
    names::references(json, &mut own);
    for reference in own {
        found.push(reference.clone());
        let Some(name) = state.names.of_reference(&reference) else {
            continue;
        };
        if visited.contains(&name) {
            continue;
        }
        visited.push(name.clone());
        if let Some(definition) = state.definitions.get(&name) {
            count_references(state, &Json::Object(definition.clone()), found, visited);
        }
    }
}

/// What stands where no JSON Schema can be made.
fn failed(interp: &mut Interp, failure: &Fail) -> Object {
    let why = match failure {
        Fail::Omit => "pydantic leaves the type out of JSON Schema".to_owned(),
        Fail::Invalid(why) => format!("pydantic cannot make a JSON Schema: {why}"),
        Fail::Raised(super::interp::Raised::Stopped(unknown)) => unknown.why.clone(),
        Fail::Raised(super::interp::Raised::Exception(error)) => {
            format!(
                "an exception was raised: {}",
                interp.text(error, true).unwrap_or_default()
            )
        }
    };
    unknown_json(interp, &Rc::new(Unknown { why, place: None }))
}

/// An explicit unknown, and a diagnostic that says so.
fn unknown_json(interp: &mut Interp, unknown: &Rc<Unknown>) -> Object {
    let place = unknown.place.or(interp.describing);
    let at = place.and_then(|place| interp.locate(place));
    let text = match &at {
        Some((file, line)) => format!("{} ({file}:{line})", unknown.why),
        None => unknown.why.clone(),
    };
    if !interp.pydantic.reported.contains(&text) {
        interp.pydantic.reported.push(text.clone());
        let (file, line) = at.map_or((None, None), |(file, line)| {
            (Some(file.to_string()), Some(line))
        });
        interp.report(Diagnostic {
            code: "unknown-schema",
            message: unknown.why.clone(),
            file,
            line,
        });
    }
    schema::object([("x-hitchpost-unknown", json!(text))])
}

/// The fields of a model (also `Page[Item]`), settings class or dataclass, inherited ones included.
pub(crate) fn fields(interp: &mut Interp, model: &Value) -> Vec<ModelField> {
    if let Some((class, args)) = model::of(interp, model) {
        return model::fields(interp, &class, &args).to_vec();
    }
    match generic::parametrised(interp, model) {
        Some((class, args)) if dataclass::is(interp, &class) => {
            dataclass::fields(interp, &class, &args)
        }
        _ => Vec::new(),
    }
}

/// The configuration of a model: the settings that are given.
pub(crate) fn config(interp: &mut Interp, model: &Value) -> Namespace {
    match class_of(interp, model) {
        Some(class) => config::of_model(interp, &class)
            .values
            .iter()
            .map(|(name, value)| (Rc::clone(name), value.clone()))
            .collect(),
        None => Namespace::default(),
    }
}

/// Whether a type has computed fields somewhere (`_has_computed_fields` of FastAPI).
pub(crate) fn has_computed_fields(interp: &mut Interp, annotation: &Value) -> bool {
    let mut visited = Vec::new();
    computed_in(interp, annotation, &mut visited)
}

fn computed_in(interp: &mut Interp, annotation: &Value, visited: &mut Vec<Value>) -> bool {
    if let Value::Forward(_) = annotation {
        if visited.iter().any(|other| other.same(annotation)) {
            return false;
        }
        visited.push(annotation.clone());
    }
    let value = typing::inspect(interp, annotation).annotation;
    if is_model(interp, &value) {
        if visited.iter().any(|other| other.same(&value)) {
            return false;
        }
        visited.push(value.clone());
        let Some((class, args)) = model::of(interp, &value) else {
            return false;
        };
        if !model::decorators(interp, &class).computed_fields.is_empty() {
            return true;
        }
        let fields = model::fields(interp, &class, &args);
        return fields.iter().any(|field| {
            field
                .info
                .annotation
                .as_ref()
                .is_some_and(|annotation| computed_in(interp, annotation, visited))
        });
    }
    match &value {
        Value::Generic(it) => it
            .args
            .clone()
            .iter()
            .any(|arg| computed_in(interp, arg, visited)),
        Value::Union(items) => items.iter().any(|item| computed_in(interp, item, visited)),
        Value::Class(class) if visited.is_empty() && dataclass::is(interp, class) => {
            !model::decorators(interp, class).computed_fields.is_empty()
        }
        _ => false,
    }
}

/// A subclass of `BaseModel`, or a parametrised one.
pub(crate) fn is_model(interp: &mut Interp, value: &Value) -> bool {
    typing::inherits(
        interp,
        value,
        &[
            "pydantic.BaseModel",
            "pydantic.RootModel",
            "pydantic_settings.BaseSettings",
            "sqlmodel.SQLModel",
        ],
    )
}

/// `dataclasses.is_dataclass` of a class.
pub(crate) fn is_dataclass(interp: &mut Interp, value: &Value) -> bool {
    match class_of(interp, value) {
        Some(class) => dataclass::is(interp, &class),
        None => false,
    }
}

/// `to_jsonable_python(value)`, `model_dump(mode="json")`: a value as JSON, where that is known and
/// possible.
pub(crate) fn to_json(interp: &mut Interp, value: &Value, by_alias: bool) -> Option<Json> {
    encode::jsonable_as(
        interp,
        value,
        encode::Style {
            by_alias,
            ..encode::Style::default()
        },
    )
    .ok()
}

/// [`to_json`] by alias.
pub(crate) fn value_to_json(interp: &mut Interp, value: &Value) -> Option<Json> {
    to_json(interp, value, true)
}

fn is_enum(interp: &mut Interp, class: &Rc<Class>) -> bool {
    class.is_enum.get()
        || typing::inherits(
            interp,
            &Value::Class(Rc::clone(class)),
            &[
                "enum.Enum",
                "enum.IntEnum",
                "enum.StrEnum",
                "enum.Flag",
                "enum.IntFlag",
            ],
        )
}

/// The values of `Enum.__members__`, aliases included.
fn enum_values(class: &Rc<Class>) -> Vec<Value> {
    let members = match class.namespace.borrow().get("__members__") {
        Some(Value::Dict(members)) => members.borrow().values().cloned().collect(),
        _ => library::enum_members(class),
    };
    members
        .iter()
        .filter_map(|member| match member {
            Value::Object(object) => {
                let value = object.attributes.borrow().get("_value_").cloned();
                value.or_else(|| object.payload.borrow().clone())
            }
            _ => None,
        })
        .collect()
}

/// `__doc__` of a class itself.
fn class_docstring(interp: &mut Interp, class: &Value) -> Option<Rc<str>> {
    let class = class_of(interp, class)?;
    if let Some(Value::Str(text)) = class.namespace.borrow().get("__doc__") {
        return Some(Rc::clone(text)).filter(|text| !text.is_empty());
    }
    let text = class.docstring.borrow().clone();
    text.filter(|text| !text.is_empty())
}

/// `__name__` of a model class.
fn model_name(interp: &mut Interp, class: &Rc<Class>, args: &[Value]) -> String {
    if !args.is_empty() && read::class_attribute(interp, class, "model_parametrized_name").is_some()
    {
        let given = Value::Class(Rc::clone(class));
        if let Ok(method) = interp.attribute(&given, "model_parametrized_name") {
            let params = Value::Tuple(Rc::from(args.to_vec()));
            if let Value::Str(name) = model::call(interp, &method, vec![params]) {
                return name.to_string();
            }
        }
    }
    generic::class_name(interp, class, args)
}

/// `@deprecated` on the class.
fn is_deprecated_class(class: &Rc<Class>) -> bool {
    class.marks.borrow().iter().any(|mark| match mark {
        Value::Made(made) => read::callee(made).is_some_and(field::is_deprecated),
        _ => false,
    })
}

/// Fields of a named tuple with their types and defaults.
fn named_tuple_fields(interp: &mut Interp, class: &Rc<Class>) -> Vec<(Name, Value, Option<Value>)> {
    for layer in interp.mro(class).iter() {
        let Value::Class(layer) = layer else { continue };
        let direct = layer.bases.iter().any(|base| {
            matches!(
                dotted(base),
                Some("typing.NamedTuple" | "collections.namedtuple")
            )
        });
        if !direct {
            continue;
        }
        let names: Option<Vec<Value>> = match layer.namespace.borrow().get("_fields") {
            Some(Value::Tuple(names)) => Some(names.to_vec()),
            _ => None,
        };
        let annotations = interp.annotations(layer);
        let default = |name: &str| layer.namespace.borrow().get(name).cloned();
        if let (Some(names), true) = (names, annotations.is_empty()) {
            return names
                .into_iter()
                .filter_map(|name| match name {
                    Value::Str(name) => Some((name, Value::symbol("typing.Any"), None)),
                    _ => None,
                })
                .collect();
        }
        return annotations
            .into_iter()
            .map(|annotated| {
                let default = default(&annotated.name);
                (annotated.name, annotated.annotation, default)
            })
            .collect();
    }
    Vec::new()
}

/// `RootModel[T]` as the class that it is.
fn root_class(interp: &mut Interp, args: &[Value]) -> Option<Rc<Class>> {
    let same = |other: &[Value]| {
        other.len() == args.len() && other.iter().zip(args).all(|(left, right)| left.same(right))
    };
    if let Some((_, class)) = interp.pydantic.roots.iter().find(|(other, _)| same(other)) {
        return Some(Rc::clone(class));
    }
    let shown: Vec<String> = args
        .iter()
        .map(|arg| generic::display(interp, arg))
        .collect();
    let name = format!("RootModel[{}]", shown.join(", "));
    let bases = vec![read::generic(
        Value::symbol("pydantic.RootModel"),
        args.to_vec(),
    )];
    let mut namespace = Namespace::default();
    namespace.insert(Name::from("__module__"), Value::str("pydantic.root_model"));
    let made = interp.new_class(
        &name,
        bases,
        namespace,
        Vec::new(),
        Namespace::default(),
        None,
    );
    let Ok(Value::Class(class)) = made else {
        return None;
    };
    interp
        .pydantic
        .roots
        .push((args.to_vec(), Rc::clone(&class)));
    Some(class)
}
