//! From schemas to JSON Schema, as `GenerateJsonSchema` (`pydantic/json_schema.py`) writes it.

mod class;
mod container;
mod scalar;
mod user;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use indexmap::IndexMap;
use serde_json::{Value as Json, json};

use crate::python::interp::{Interp, Raised};
use crate::python::value::{Unknown, Value};

use super::Mode;
use super::config::Config;
use super::handler;
use super::names::Names;
use super::schema::{
    Constraints, Hook, Kind, Metadata, Node, Object, Ref, Scalar, Schema, Sequence, Serialization,
    object,
};

use scalar::ARRAY;

/// Why there is no JSON Schema.
#[derive(Clone, Debug)]
pub(super) enum Fail {
    /// It is to be left out (`PydanticOmit`).
    Omit,
    /// JSON Schema cannot say it (`PydanticInvalidForJsonSchema`).
    Invalid(String),
    /// A function of the user raised an exception.
    Raised(Raised),
}

pub(super) type Emitted = Result<Object, Fail>;

/// What one generation of JSON Schemas has made so far.
#[derive(Default)]
pub(super) struct State {
    pub(super) by_alias: Option<bool>,
    /// FastAPI's own form of `bytes` (`fastapi/_compat/v2.py`).
    pub(super) fastapi: bool,
    pub(super) names: Names,
    pub(super) definitions: IndexMap<String, Object>,
    /// Definitions that JSON Schema cannot say.
    pub(super) invalid: HashMap<String, String>,
    writing: HashSet<(Ref, Mode)>,
    /// The classes that are being written, and the type that was asked for.
    roots: Vec<Node>,
    config: Vec<Rc<Config>>,
    mode: Option<Mode>,
    /// Definitions that the user's functions hold as dictionaries.
    pub(super) lent: Vec<(String, Value)>,
}

impl State {
    pub(super) fn new(by_alias: Option<bool>, ref_template: &str, fastapi: bool) -> Self {
        Self {
            by_alias,
            fastapi,
            names: Names::new(ref_template),
            ..Self::default()
        }
    }
}

/// Writes JSON Schemas; the state is lent to the evaluator while functions of the user run.
pub(super) struct Emitter<'a, 't> {
    pub(super) interp: &'a mut Interp<'t>,
    pub(super) state: State,
}

impl<'a, 't> Emitter<'a, 't> {
    pub(super) fn new(interp: &'a mut Interp<'t>, state: State) -> Self {
        Self { interp, state }
    }

    pub(super) fn set_mode(&mut self, mode: Mode) {
        self.state.mode = Some(mode);
    }

    pub(super) fn mode(&self) -> Mode {
        match self.config("json_schema_mode_override") {
            Some(Value::Str(mode)) if &**mode == "validation" => Mode::Validation,
            Some(Value::Str(mode)) if &**mode == "serialization" => Mode::Serialization,
            _ => self.state.mode.unwrap_or(Mode::Validation),
        }
    }

    fn config(&self, name: &str) -> Option<&Value> {
        self.state.config.last().and_then(|config| config.get(name))
    }

    fn config_text(&self, name: &str) -> Option<&str> {
        match self.config(name) {
            Some(Value::Str(text)) => Some(text),
            _ => None,
        }
    }

    /// `generate_inner`
    pub(super) fn write(&mut self, schema: &Node) -> Emitted {
        let mode = self.mode();
        if let Some(reference) = &schema.reference {
            let name = self.state.names.definition(reference, mode);
            if self.state.definitions.contains_key(&name) {
                return Ok(self.reference(&name));
            }
            self.state.writing.insert((Rc::clone(reference), mode));
        }
        let is_root = self.state.roots.is_empty()
            || matches!(schema.kind, Kind::Model { .. } | Kind::Dataclass { .. });
        if is_root {
            self.state.roots.push(Rc::clone(schema));
        }
        let layers = Layers::of(&schema.metadata);
        let written = self.layer(&layers, layers.len(), schema);
        if is_root {
            self.state.roots.pop();
        }
        if let Some(reference) = &schema.reference {
            self.state.writing.remove(&(Rc::clone(reference), mode));
        }
        let written = written?;
        Ok(self.populate(schema, written))
    }

    fn write_field(&mut self, field: &Node, metadata: &Metadata) -> Emitted {
        let layers = Layers {
            of_field: true,
            ..Layers::of(metadata)
        };
        self.layer(&layers, layers.len(), field)
    }

    fn reference(&self, name: &str) -> Object {
        object([("$ref", Json::String(self.state.names.reference(name)))])
    }

    /// Makes what has an identity a definition, and gives the reference to it.
    fn populate(&mut self, schema: &Schema, written: Object) -> Object {
        let Some(reference) = &schema.reference else {
            return written;
        };
        let name = self.state.names.definition(reference, self.mode());
        let own = self.reference(&name);
        if written.get("$ref") != own.get("$ref") {
            self.state.definitions.insert(name.clone(), written);
            self.state.invalid.remove(&name);
        }
        own
    }

    /// The schema through its layers from the outermost (`depth`) to the innermost.
    pub(super) fn layer(&mut self, layers: &Layers, depth: usize, schema: &Node) -> Emitted {
        let Some(depth) = depth.checked_sub(1) else {
            return self.innermost(layers, schema);
        };
        match layers.at(depth) {
            None => self.innermost(layers, schema),
            Some(Layer::Updates(updates)) => {
                let mut written = self.layer(layers, depth, schema)?;
                for (key, value) in updates {
                    written.insert(key.clone(), value.clone());
                }
                Ok(written)
            }
            Some(Layer::Unknown(unknown)) => {
                let mut written = self.layer(layers, depth, schema)?;
                let json = super::unknown_json(self.interp, unknown);
                written.extend(json);
                Ok(written)
            }
            Some(Layer::Extra(extra)) => {
                let mut written = self.layer(layers, depth, schema)?;
                match extra {
                    Value::Dict(_) | Value::Made(_) | Value::Unknown(_) => {
                        self.update_from(&mut written, extra)
                    }
                    Value::None => {}
                    callable => written = self.changed_by(callable, written, None)?,
                }
                Ok(written)
            }
            Some(Layer::Function(hook)) => {
                let written = self.hook(hook, layers, depth, schema)?;
                let mut written = self.populate(schema, written);
                let Some(Json::String(reference)) = written.get("$ref").cloned() else {
                    return Ok(written);
                };
                let mut original = self.resolve(&reference)?;
                written.shift_remove("$ref");
                if !written.is_empty() {
                    original.extend(written);
                    if let Some(name) = self.state.names.of_reference(&reference) {
                        self.state.definitions.insert(name, original.clone());
                    }
                }
                Ok(original)
            }
            Some(Layer::Annotation(hook)) => self.hook(hook, layers, depth, schema),
        }
    }

    /// A definition, through references to references.
    fn resolve(&mut self, reference: &str) -> Emitted {
        let mut reference = reference.to_owned();
        for _ in 0..100 {
            let definition = self
                .state
                .names
                .of_reference(&reference)
                .and_then(|name| self.state.definitions.get(&name).cloned());
            match definition {
                None => return Err(Fail::Invalid(format!("{reference} is not defined yet"))),
                Some(definition) => match definition.get("$ref") {
                    Some(Json::String(next)) => reference = next.clone(),
                    _ => return Ok(definition),
                },
            }
        }
        Err(Fail::Invalid("references in a circle".to_owned()))
    }

    fn hook(&mut self, hook: &Hook, layers: &Layers, depth: usize, schema: &Node) -> Emitted {
        let applies = |mode: &Option<Mode>, own: Mode| mode.is_none_or(|mode| mode == own);
        match hook {
            Hook::Replace(object) => Ok(object.clone()),
            Hook::Update(updates) => {
                let mut written = self.layer(layers, depth, schema)?;
                for (key, value) in updates {
                    written.insert(key.clone(), value.clone());
                }
                Ok(written)
            }
            Hook::UpdateDefinition(updates) => {
                let mut written = self.layer(layers, depth, schema)?;
                let target = match written.get("$ref") {
                    Some(Json::String(reference)) => self
                        .state
                        .names
                        .of_reference(reference)
                        .and_then(|name| self.state.definitions.get_mut(&name)),
                    _ => None,
                };
                let target = target.unwrap_or(&mut written);
                for (key, value) in updates {
                    target.insert(key.clone(), value.clone());
                }
                Ok(written)
            }
            Hook::Instead(other, updates) => {
                let mut written = self.layer(layers, depth, other)?;
                for (key, value) in updates {
                    written.insert(key.clone(), value.clone());
                }
                Ok(written)
            }
            Hook::Unwrap => {
                let inner = schema
                    .inner_of_function()
                    .map_or_else(|| Rc::clone(schema), Rc::clone);
                self.layer(layers, depth, &inner)
            }
            Hook::Omit => Err(Fail::Omit),
            Hook::WithJsonSchema {
                schema: given,
                mode,
            } => {
                if !applies(mode, self.mode()) {
                    return self.layer(layers, depth, schema);
                }
                match given {
                    None => Err(Fail::Omit),
                    Some(given) => Ok(self.object_of(given)),
                }
            }
            Hook::Examples { examples, mode } => {
                let mut written = self.layer(layers, depth, schema)?;
                if !applies(mode, self.mode()) {
                    return Ok(written);
                }
                let new = self.json_of(examples);
                let examples = match (written.get("examples"), new) {
                    (Some(Json::Array(old)), Json::Array(new)) => {
                        Json::Array(old.iter().cloned().chain(new).collect())
                    }
                    (_, new) => new,
                };
                written.insert("examples".to_owned(), examples);
                Ok(written)
            }
            Hook::User(function) => handler::json_schema(self, function, layers, depth, schema),
        }
    }

    fn innermost(&mut self, layers: &Layers, schema: &Node) -> Emitted {
        if layers.of_field {
            return self.write(schema);
        }
        if self.mode() == Mode::Serialization
            && let Some(serialization) = &schema.serialization
        {
            let written = match &**serialization {
                Serialization::Function {
                    returns: Some(returns),
                    unless_none,
                    ..
                } => {
                    let written = self.write(returns)?;
                    if *unless_none && is_nullable(schema) {
                        let null = object([("type", json!("null"))]);
                        Some(self.union(vec![null, written]))
                    } else {
                        Some(written)
                    }
                }
                Serialization::Text => Some(self.scalar(Scalar::Str, &Constraints::default())),
                _ => None,
            };
            if let Some(written) = written {
                return Ok(written);
            }
        }
        self.kind(schema)
    }

    fn kind(&mut self, schema: &Node) -> Emitted {
        match &schema.kind {
            Kind::Any | Kind::IsSubclass => Ok(Object::new()),
            Kind::None => Ok(object([("type", json!("null"))])),
            Kind::Scalar(scalar, constraints) => Ok(self.scalar(*scalar, constraints)),
            Kind::Literal(values) => self.literal(values),
            Kind::Enum {
                name,
                class,
                members,
            } => self.enumeration(name, class, members),
            Kind::Sequence(sequence, items, constraints) => {
                let items = self.write(items)?;
                let mut written = object([("type", json!("array"))]);
                if matches!(sequence, Sequence::Set | Sequence::FrozenSet) {
                    written.insert("uniqueItems".to_owned(), json!(true));
                }
                written.insert("items".to_owned(), Json::Object(items));
                self.constrain(&mut written, constraints, ARRAY);
                Ok(written)
            }
            Kind::Tuple {
                items,
                variadic,
                constraints,
            } => self.tuple(items, *variadic, constraints),
            Kind::Dict {
                keys,
                values,
                constraints,
            } => self.dict(keys, values, constraints),
            Kind::Nullable(inner) => {
                let null = object([("type", json!("null"))]);
                let inner = self.write(inner)?;
                if inner == null {
                    return Ok(null);
                }
                Ok(self.union(vec![inner, null]))
            }
            Kind::Union(choices) => {
                let mut written = Vec::new();
                for choice in choices {
                    match self.write(choice) {
                        Ok(choice) => written.push(choice),
                        Err(Fail::Raised(raised)) => return Err(Fail::Raised(raised)),
                        Err(_) => {}
                    }
                }
                Ok(if written.len() == 1 {
                    written.pop().unwrap_or_default()
                } else {
                    self.union(written)
                })
            }
            Kind::TaggedUnion {
                choices,
                discriminator,
            } => self.tagged_union(choices, discriminator),
            Kind::Deferred {
                schema: inner,
                discriminator,
            } => match super::discriminator::apply(self.interp, (**inner).clone(), discriminator) {
                Ok(schema) => self.write(&schema.node()),
                Err(why) => {
                    let unknown = Rc::new(Unknown { why, place: None });
                    Ok(super::unknown_json(self.interp, &unknown))
                }
            },
            Kind::Default {
                schema: inner,
                default,
            } => self.default(inner, default.as_ref()),
            Kind::Function {
                schema: inner,
                input,
                ..
            } => match input {
                Some(input) if self.mode() == Mode::Validation => self.write(input),
                _ => self.write(inner),
            },
            Kind::Plain { input } => match input {
                Some(input) if self.mode() == Mode::Validation => self.write(input),
                _ => Err(Fail::Invalid(
                    "core_schema.PlainValidatorFunctionSchema".to_owned(),
                )),
            },
            Kind::Chain(steps) => {
                let step = if self.mode() == Mode::Validation {
                    steps.first()
                } else {
                    steps.last()
                };
                step.map_or_else(|| Ok(Object::new()), |step| self.write(step))
            }
            Kind::LaxOrStrict { lax, .. } => self.write(lax),
            Kind::JsonOrPython { json, .. } => self.write(json),
            Kind::CustomError(inner) => self.write(inner),
            Kind::Model {
                class,
                schema: inner,
                is_root,
            } => self.model(class, inner, *is_root),
            Kind::ModelFields {
                fields,
                computed,
                extras,
            } => {
                let mut written = self.fields(fields, computed)?;
                if let Some(extras) = extras {
                    let extras = self.write(extras)?;
                    written.insert("additionalProperties".to_owned(), Json::Object(extras));
                }
                Ok(written)
            }
            Kind::TypedDict {
                class,
                fields,
                computed,
                extras,
                extra,
            } => self.typed_dict(class, fields, computed, extras.as_ref(), *extra),
            Kind::Dataclass {
                class,
                schema: inner,
                extra,
            } => {
                let config = super::dataclass::config(self.interp, class);
                let pushed = config.is_some();
                if let Some(config) = &config {
                    self.state.config.push(Rc::clone(config));
                }
                let written = self.write(inner);
                if pushed {
                    self.state.config.pop();
                }
                let mut written = written?;
                let mut config = config.map(|config| (*config).clone()).unwrap_or_default();
                if let (Some(extra), None) = (extra, config.values.get("extra")) {
                    config.values.insert(Rc::from("extra"), extra.clone());
                }
                self.class_keys(&mut written, class, &config, true)?;
                Ok(written)
            }
            Kind::DataclassArgs { fields, computed } => self.fields(fields, computed),
            Kind::NamedTuple(fields) => self.named_tuple(fields),
            Kind::Arguments {
                parameters,
                var_args,
                var_kwargs,
            } => self.arguments(parameters, var_args.as_ref(), var_kwargs.as_ref()),
            Kind::IsInstance(what) => Err(Fail::Invalid(format!(
                "core_schema.IsInstanceSchema ({what})"
            ))),
            Kind::Callable => Err(Fail::Invalid("core_schema.CallableSchema".to_owned())),
            Kind::Ellipsis => Err(Fail::Invalid("core_schema.EllipsisSchema".to_owned())),
            Kind::Json(inner) => {
                let content = match inner {
                    Some(inner) => self.write(inner)?,
                    None => Object::new(),
                };
                if self.mode() == Mode::Serialization {
                    return Ok(content);
                }
                Ok(object([
                    ("type", json!("string")),
                    ("contentMediaType", json!("application/json")),
                    ("contentSchema", Json::Object(content)),
                ]))
            }
            Kind::Missing(None) => Err(Fail::Omit),
            Kind::Missing(Some(inner)) => self.write(inner),
            Kind::Ref(reference) => self.definition(reference),
            Kind::Unknown(unknown) => Ok(super::unknown_json(self.interp, unknown)),
            // The service would not start: what is read here is not what it runs.
            Kind::Invalid(why) => {
                let unknown = Rc::new(Unknown {
                    why: why.clone(),
                    place: None,
                });
                Ok(super::unknown_json(self.interp, &unknown))
            }
        }
    }

    /// A reference; its definition is written when it is first met.
    fn definition(&mut self, reference: &Ref) -> Emitted {
        let mode = self.mode();
        let name = self.state.names.definition(reference, mode);
        if let Some(why) = self.state.invalid.get(&name) {
            return Err(Fail::Invalid(why.clone()));
        }
        let known = self.state.definitions.contains_key(&name)
            || self.state.writing.contains(&(Rc::clone(reference), mode));
        if !known {
            let Some(schema) = self.interp.pydantic.definitions.get(reference).cloned() else {
                return Err(Fail::Invalid(format!("{reference} is not defined")));
            };
            let schema = self.unchained(schema);
            match self.write(&schema) {
                Ok(_) => {}
                Err(Fail::Invalid(why)) => {
                    self.state.invalid.insert(name, why.clone());
                    return Err(Fail::Invalid(why));
                }
                Err(other) => return Err(other),
            }
        }
        Ok(self.reference(&name))
    }

    /// A definition that is nothing but the only reference to another one is that one
    /// (`_Definitions._resolve_definition`).
    fn unchained(&self, definition: Node) -> Node {
        let definitions = &self.interp.pydantic.definitions;
        let mut current = Rc::clone(&definition);
        let mut counts = None;
        for _ in 0..100 {
            let Kind::Ref(target) = &current.kind else {
                break;
            };
            let plain = current.serialization.is_none()
                && current.metadata.updates.is_empty()
                && current.metadata.extra.is_none()
                && current.metadata.functions.is_empty()
                && current.metadata.annotation_functions.is_empty();
            let (true, Some(root), Some(next)) =
                (plain, self.state.roots.last(), definitions.get(target))
            else {
                break;
            };
            let counts = counts
                .get_or_insert_with(|| super::gather::Counter::new(definitions).references(root));
            if counts.get(target).is_some_and(|count| *count > 1) {
                break;
            }
            current = Rc::clone(next);
        }
        if Rc::ptr_eq(&current, &definition) {
            return definition;
        }
        let mut resolved = (*current).clone();
        resolved.reference.clone_from(&definition.reference);
        resolved.node()
    }
}

/// What changes a schema after it was written, innermost first.
#[derive(Clone)]
pub(super) struct Layers {
    layers: Rc<[Layer]>,
    /// They are those of a field, around the schema with its own.
    of_field: bool,
}

#[derive(Clone)]
enum Layer {
    Updates(Object),
    Unknown(Rc<Unknown>),
    Extra(Value),
    Function(Hook),
    Annotation(Hook),
}

impl Layers {
    fn of(metadata: &Metadata) -> Self {
        let mut layers = Vec::new();
        if !metadata.updates.is_empty() {
            layers.push(Layer::Updates(metadata.updates.clone()));
        }
        layers.extend(
            metadata
                .unknown
                .iter()
                .map(|unknown| Layer::Unknown(Rc::clone(unknown))),
        );
        layers.extend(
            metadata
                .extra
                .iter()
                .map(|extra| Layer::Extra(extra.clone())),
        );
        layers.extend(
            metadata
                .functions
                .iter()
                .map(|hook| Layer::Function(hook.clone())),
        );
        layers.extend(
            metadata
                .annotation_functions
                .iter()
                .map(|hook| Layer::Annotation(hook.clone())),
        );
        Self {
            layers: Rc::from(layers),
            of_field: false,
        }
    }

    fn len(&self) -> usize {
        self.layers.len()
    }

    fn at(&self, index: usize) -> Option<&Layer> {
        self.layers.get(index)
    }
}

/// `get_title_from_name`
pub(super) fn title_of(name: &str) -> String {
    crate::python::library::title_case(name)
        .replace('_', " ")
        .trim()
        .to_owned()
}

/// `field_title_should_be_set`: what is defined elsewhere has a title of its own.
fn takes_title(schema: &Schema) -> bool {
    if schema.reference.is_some() {
        return false;
    }
    match &schema.kind {
        Kind::Default { schema: inner, .. }
        | Kind::Nullable(inner)
        | Kind::Missing(Some(inner)) => takes_title(inner),
        Kind::Function { schema: inner, .. } => takes_title(inner),
        Kind::Ref(_) => false,
        _ => true,
    }
}

/// `_is_nullable_schema`
fn is_nullable(schema: &Schema) -> bool {
    match &schema.kind {
        Kind::Nullable(_) => true,
        Kind::Default { schema: inner, .. } | Kind::Function { schema: inner, .. } => {
            is_nullable(inner)
        }
        Kind::Chain(steps) => steps.last().is_some_and(|step| is_nullable(step)),
        Kind::LaxOrStrict { lax, .. } => is_nullable(lax),
        Kind::JsonOrPython { json, .. } => is_nullable(json),
        _ => false,
    }
}
