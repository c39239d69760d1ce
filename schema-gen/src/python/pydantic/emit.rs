//! From schemas to JSON Schema, as `GenerateJsonSchema` (`pydantic/json_schema.py`) writes it.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

use crate::python::interp::{Args, Interp, Raised};
use crate::python::value::{DescriptorKind, Unknown, Value};

use super::config::Config;
use super::encode::{self, NotJson, Style, json_to_value, jsonable};
use super::handler;
use super::names::Names;
use super::schema::{
    Alias, Argument, ComputedField, Constraints, Discriminator, Extra, Field, Hook, Kind, Metadata, Node, Object, Ref,
    Scalar, Schema, Sequence, Serialization, object,
};
use super::{Mode, generic, model, text};

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
        Self { by_alias, fastapi, names: Names::new(ref_template), ..Self::default() }
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
        let is_root = self.state.roots.is_empty() || matches!(schema.kind, Kind::Model { .. } | Kind::Dataclass { .. });
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
        let layers = Layers { of_field: true, ..Layers::of(metadata) };
        self.layer(&layers, layers.len(), field)
    }

    fn reference(&self, name: &str) -> Object {
        object([("$ref", Json::String(self.state.names.reference(name)))])
    }

    /// Makes what has an identity a definition, and gives the reference to it.
    fn populate(&mut self, schema: &Schema, written: Object) -> Object {
        let Some(reference) = &schema.reference else { return written };
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
        let Some(depth) = depth.checked_sub(1) else { return self.innermost(layers, schema) };
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
                    Value::Dict(_) | Value::Made(_) | Value::Unknown(_) => self.update_from(&mut written, extra),
                    Value::None => {}
                    callable => written = self.changed_by(callable, written, None)?,
                }
                Ok(written)
            }
            Some(Layer::Function(hook)) => {
                let written = self.hook(hook, layers, depth, schema)?;
                let mut written = self.populate(schema, written);
                let Some(Json::String(reference)) = written.get("$ref").cloned() else { return Ok(written) };
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
                let inner = schema.inner_of_function().map_or_else(|| Rc::clone(schema), Rc::clone);
                self.layer(layers, depth, &inner)
            }
            Hook::Omit => Err(Fail::Omit),
            Hook::WithJsonSchema { schema: given, mode } => {
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
                    (Some(Json::Array(old)), Json::Array(new)) => Json::Array(old.iter().cloned().chain(new).collect()),
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
        if self.mode() == Mode::Serialization {
            if let Some(serialization) = &schema.serialization {
                let written = match &**serialization {
                    Serialization::Function { returns: Some(returns), unless_none, .. } => {
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
        }
        self.kind(schema)
    }

    fn kind(&mut self, schema: &Node) -> Emitted {
        match &schema.kind {
            Kind::Any | Kind::IsSubclass => Ok(Object::new()),
            Kind::None => Ok(object([("type", json!("null"))])),
            Kind::Scalar(scalar, constraints) => Ok(self.scalar(*scalar, constraints)),
            Kind::Literal(values) => self.literal(values),
            Kind::Enum { name, class, members } => self.enumeration(name, class, members),
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
            Kind::Tuple { items, variadic, constraints } => self.tuple(items, *variadic, constraints),
            Kind::Dict { keys, values, constraints } => self.dict(keys, values, constraints),
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
                Ok(if written.len() == 1 { written.pop().unwrap_or_default() } else { self.union(written) })
            }
            Kind::TaggedUnion { choices, discriminator } => self.tagged_union(choices, discriminator),
            Kind::Deferred { schema: inner, discriminator } => {
                match super::discriminator::apply(self.interp, (**inner).clone(), discriminator) {
                    Ok(schema) => self.write(&schema.node()),
                    Err(why) => {
                        let unknown = Rc::new(Unknown { why, place: None });
                        Ok(super::unknown_json(self.interp, &unknown))
                    }
                }
            }
            Kind::Default { schema: inner, default } => self.default(inner, default.as_ref()),
            Kind::Function { schema: inner, input, .. } => match input {
                Some(input) if self.mode() == Mode::Validation => self.write(input),
                _ => self.write(inner),
            },
            Kind::Plain { input } => match input {
                Some(input) if self.mode() == Mode::Validation => self.write(input),
                _ => Err(Fail::Invalid("core_schema.PlainValidatorFunctionSchema".to_owned())),
            },
            Kind::Chain(steps) => {
                let step = if self.mode() == Mode::Validation { steps.first() } else { steps.last() };
                step.map_or_else(|| Ok(Object::new()), |step| self.write(step))
            }
            Kind::LaxOrStrict { lax, .. } => self.write(lax),
            Kind::JsonOrPython { json, .. } => self.write(json),
            Kind::CustomError(inner) => self.write(inner),
            Kind::Model { class, schema: inner, is_root } => self.model(class, inner, *is_root),
            Kind::ModelFields { fields, computed, extras } => {
                let mut written = self.fields(fields, computed)?;
                if let Some(extras) = extras {
                    let extras = self.write(extras)?;
                    written.insert("additionalProperties".to_owned(), Json::Object(extras));
                }
                Ok(written)
            }
            Kind::TypedDict { class, fields, computed, extras, extra } => {
                self.typed_dict(class, fields, computed, extras.as_ref(), *extra)
            }
            Kind::Dataclass { class, schema: inner, extra } => {
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
            Kind::Arguments { parameters, var_args, var_kwargs } => {
                self.arguments(parameters, var_args.as_ref(), var_kwargs.as_ref())
            }
            Kind::IsInstance(what) => Err(Fail::Invalid(format!("core_schema.IsInstanceSchema ({what})"))),
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
            Kind::Invalid(why) => Err(Fail::Invalid(why.clone())),
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
            let Kind::Ref(target) = &current.kind else { break };
            let plain = current.serialization.is_none()
                && current.metadata.updates.is_empty()
                && current.metadata.extra.is_none()
                && current.metadata.functions.is_empty()
                && current.metadata.annotation_functions.is_empty();
            let (true, Some(root), Some(next)) = (plain, self.state.roots.last(), definitions.get(target)) else { break };
            let counts = counts.get_or_insert_with(|| super::gather::Counter::new(definitions).references(root));
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

    // ----- Scalars

    fn scalar(&mut self, scalar: Scalar, constraints: &Constraints) -> Object {
        let text = |format: &str| object([("type", json!("string")), ("format", json!(format))]);
        match scalar {
            Scalar::Bool => object([("type", json!("boolean"))]),
            Scalar::Int => self.number("integer", constraints),
            Scalar::Float => self.number("number", constraints),
            Scalar::Decimal | Scalar::Fraction => {
                let written = if scalar == Scalar::Decimal {
                    self.scalar(Scalar::Str, &Constraints::default())
                } else {
                    text("fraction")
                };
                if self.mode() == Mode::Serialization {
                    return written;
                }
                let mut floats = Constraints::default();
                for (name, value) in &constraints.0 {
                    if matches!(*name, "multiple_of" | "le" | "ge" | "lt" | "gt")
                        && !(*name == "multiple_of" && scalar == Scalar::Fraction)
                    {
                        floats.set(name, as_float(self.interp, value));
                    }
                }
                let number = self.number("number", &floats);
                object([("anyOf", Json::Array(vec![Json::Object(number), Json::Object(written)]))])
            }
            Scalar::Str => {
                let mut written = object([("type", json!("string"))]);
                self.constrain(&mut written, constraints, STRING);
                if !written.contains_key("minLength") {
                    if let Some(length @ Value::Int(1..)) = self.config("str_min_length") {
                        let length = json_number(length);
                        written.insert("minLength".to_owned(), length);
                    }
                }
                if !written.contains_key("maxLength") {
                    if let Some(length @ Value::Int(_)) = self.config("str_max_length") {
                        let length = json_number(length);
                        written.insert("maxLength".to_owned(), length);
                    }
                }
                written
            }
            Scalar::Bytes => {
                let mut written = if self.state.fastapi {
                    let setting =
                        if self.mode() == Mode::Serialization { "ser_json_bytes" } else { "val_json_bytes" };
                    let mut written =
                        object([("type", json!("string")), ("contentMediaType", json!("application/octet-stream"))]);
                    if self.config_text(setting) == Some("base64") {
                        written.insert("contentEncoding".to_owned(), json!("base64"));
                    }
                    written
                } else {
                    let base64 = self.config_text("ser_json_bytes") == Some("base64");
                    text(if base64 { "base64url" } else { "binary" })
                };
                self.constrain(&mut written, constraints, LENGTH);
                written
            }
            Scalar::Date | Scalar::DateTime | Scalar::Time | Scalar::TimeDelta => {
                let temporal = match self.config_text("ser_json_temporal") {
                    Some(format) => format.to_owned(),
                    None if scalar == Scalar::TimeDelta && self.config_text("ser_json_timedelta") == Some("float") => {
                        "seconds".to_owned()
                    }
                    None => "iso8601".to_owned(),
                };
                if self.mode() == Mode::Serialization && temporal != "iso8601" {
                    return object([("type", json!("number"))]);
                }
                text(match scalar {
                    Scalar::Date => "date",
                    Scalar::DateTime => "date-time",
                    Scalar::Time => "time",
                    _ => "duration",
                })
            }
            Scalar::Uuid => text("uuid"),
            Scalar::Url | Scalar::MultiHostUrl => {
                let mut written = text(if scalar == Scalar::Url { "uri" } else { "multi-host-uri" });
                written.insert("minLength".to_owned(), json!(1));
                self.constrain(&mut written, constraints, STRING);
                written
            }
            Scalar::Complex => object([("type", json!("string"))]),
        }
    }

    fn number(&mut self, name: &str, constraints: &Constraints) -> Object {
        let mut written = object([("type", json!(name))]);
        let mut finite = constraints.clone();
        finite.0.retain(|(_, value)| !matches!(value, Value::Float(number) if number.is_infinite()));
        self.constrain(&mut written, &finite, NUMERIC);
        written
    }

    /// `update_with_validations`
    fn constrain(&mut self, written: &mut Object, constraints: &Constraints, keys: &[(&str, &str)]) {
        for (name, key) in keys {
            if let Some(value) = constraints.get(name).cloned() {
                let json = self.json_of(&value);
                written.insert((*key).to_owned(), json);
            }
        }
    }

    fn literal(&mut self, values: &[Value]) -> Emitted {
        let expected: Vec<Json> = values.iter().map(|value| self.json_of(value)).collect();
        let mut written = Object::new();
        let kind = common_type(&expected);
        match expected.as_slice() {
            [only] => written.insert("const".to_owned(), only.clone()),
            _ => written.insert("enum".to_owned(), Json::Array(expected)),
        };
        if let Some(kind) = kind {
            written.insert("type".to_owned(), json!(kind));
        }
        Ok(written)
    }

    fn enumeration(&mut self, name: &str, class: &Value, members: &[Value]) -> Emitted {
        let mut written = object([("title", json!(name))]);
        if let Some(description) = super::class_docstring(self.interp, class) {
            written.insert("description".to_owned(), json!(text::clean_docstring(&description)));
        }
        let expected: Vec<Json> = members.iter().map(|value| self.json_of(value)).collect();
        let kind = common_type(&expected).filter(|kind| *kind != "null");
        written.insert("enum".to_owned(), Json::Array(expected));
        if let Some(kind) = kind {
            written.insert("type".to_owned(), json!(kind));
        }
        Ok(written)
    }

    // ----- Containers

    fn tuple(&mut self, items: &[Node], variadic: Option<usize>, constraints: &Constraints) -> Emitted {
        let mut written = object([("type", json!("array"))]);
        match variadic {
            Some(index) => {
                if index > 0 {
                    let prefix: Vec<Json> =
                        items.iter().take(index).map(|item| self.write(item).map(Json::Object)).collect::<Result<_, _>>()?;
                    written.insert("minItems".to_owned(), json!(index));
                    written.insert("prefixItems".to_owned(), Json::Array(prefix));
                }
                let rest = match items.get(index) {
                    Some(item) if index + 1 == items.len() => Json::Object(self.write(item)?),
                    _ => json!(true),
                };
                written.insert("items".to_owned(), rest);
            }
            None => {
                let prefix: Vec<Json> =
                    items.iter().map(|item| self.write(item).map(Json::Object)).collect::<Result<_, _>>()?;
                let length = prefix.len();
                if length > 0 {
                    written.insert("prefixItems".to_owned(), Json::Array(prefix));
                }
                written.insert("minItems".to_owned(), json!(length));
                written.insert("maxItems".to_owned(), json!(length));
            }
        }
        self.constrain(&mut written, constraints, ARRAY);
        Ok(written)
    }

    fn dict(&mut self, keys: &Node, values: &Node, constraints: &Constraints) -> Emitted {
        let mut written = object([("type", json!("object"))]);
        let mut keys = self.write(keys)?;
        let mut pattern = None;
        if !keys.contains_key("$ref") {
            pattern = keys.shift_remove("pattern");
            keys.shift_remove("title");
        }
        let mut values = self.write(values)?;
        values.shift_remove("title");
        if !values.is_empty() || pattern.is_some() {
            match pattern {
                None => written.insert("additionalProperties".to_owned(), Json::Object(values)),
                Some(pattern) => {
                    let pattern = pattern.as_str().unwrap_or_default().to_owned();
                    let mut patterns = Map::new();
                    patterns.insert(pattern, Json::Object(values));
                    written.insert("patternProperties".to_owned(), Json::Object(patterns))
                }
            };
        } else {
            written.insert("additionalProperties".to_owned(), json!(true));
        }
        let is_text = keys.get("type") == Some(&json!("string")) && keys.len() > 1;
        if is_text || keys.contains_key("$ref") {
            keys.shift_remove("type");
            written.insert("propertyNames".to_owned(), Json::Object(keys));
        }
        self.constrain(&mut written, constraints, OBJECT);
        Ok(written)
    }

    /// `get_flattened_anyof`
    fn union(&mut self, schemas: Vec<Object>) -> Object {
        let mut members = Vec::new();
        for schema in schemas {
            match schema.get("anyOf") {
                Some(Json::Array(inner)) if schema.len() == 1 => members.extend(inner.iter().cloned()),
                _ => members.push(Json::Object(schema)),
            }
        }
        let members = deduplicated(members);
        match <[Json; 1]>::try_from(members) {
            Ok([Json::Object(only)]) => only,
            Ok([other]) => object([("anyOf", Json::Array(vec![other]))]),
            Err(members) => object([("anyOf", Json::Array(members))]),
        }
    }

    fn tagged_union(&mut self, choices: &[(Value, Node)], discriminator: &Discriminator) -> Emitted {
        let mut generated: IndexMap<String, Object> = IndexMap::new();
        for (tag, choice) in choices {
            let tag = self.tag_text(tag);
            match self.write(choice) {
                Ok(written) => {
                    generated.insert(tag, written);
                }
                Err(Fail::Raised(raised)) => return Err(Fail::Raised(raised)),
                Err(_) => {}
            }
        }
        let choices = deduplicated(generated.values().cloned().map(Json::Object).collect());
        let property = match discriminator {
            Discriminator::Name(name) => Some(Rc::clone(name)),
            Discriminator::Aliased(name, alias) => {
                [name, alias].into_iter().find(|name| self.on_all_choices(&choices, name)).cloned()
            }
            Discriminator::Callable => None,
        };
        let mut written = object([("oneOf", Json::Array(choices))]);
        if let Some(property) = property {
            let mapping: Map<String, Json> = generated
                .into_iter()
                .map(|(tag, schema)| match schema.get("$ref") {
                    Some(reference) => (tag, reference.clone()),
                    None => (tag, Json::Object(schema)),
                })
                .collect();
            written.insert(
                "discriminator".to_owned(),
                json!({"propertyName": &*property, "mapping": Json::Object(mapping)}),
            );
        }
        Ok(written)
    }

    fn tag_text(&mut self, tag: &Value) -> String {
        let tag = match tag {
            Value::Object(object) if object.class.is_enum.get() => {
                object.payload.borrow().clone().unwrap_or(Value::None)
            }
            other => other.clone(),
        };
        match &tag {
            Value::Bool(flag) => flag.to_string(),
            Value::None => "null".to_owned(),
            Value::Str(text) => text.to_string(),
            other => self.interp.text(other, false).unwrap_or_default(),
        }
    }

    fn on_all_choices(&mut self, choices: &[Json], name: &str) -> bool {
        choices.iter().all(|choice| {
            let Json::Object(choice) = choice else { return false };
            let resolved = match choice.get("$ref") {
                Some(Json::String(reference)) => self.resolve(&reference.clone()).unwrap_or_default(),
                _ => choice.clone(),
            };
            resolved.get("properties").and_then(Json::as_object).is_some_and(|properties| properties.contains_key(name))
        })
    }

    fn default(&mut self, inner: &Node, default: Option<&Value>) -> Emitted {
        let mut written = self.write(inner)?;
        let Some(default) = default else { return Ok(written) };
        let mut default = default.clone();
        if super::read::dotted(&default) == Some("pydantic_core.MISSING") {
            return Ok(written);
        }
        if self.mode() == Mode::Serialization {
            if let Some(Serialization::Function { plain: true, takes_info: false, function, unless_none, .. }) =
                default_serializer(inner)
            {
                if !(matches!(default, Value::None) && unless_none) {
                    match self.interp.call(&function, Args::new(vec![default.clone()], None)) {
                        Ok(value) => default = value,
                        Err(Raised::Exception(_)) => return Ok(written),
                        Err(stopped) => return Err(Fail::Raised(stopped)),
                    }
                }
            }
        }
        let style = Style {
            by_alias: self.state.by_alias != Some(false),
            exclude_none: false,
            per_second: match self.state.config.last() {
                Some(config) if self.mode() == Mode::Serialization => encode::per_second(config),
                _ => None,
            },
            base64: self.config_text("ser_json_bytes") == Some("base64"),
        };
        if let Value::Set(_) | Value::FrozenSet(_) = &default {
            default = sorted(self.interp, &default);
        }
        match encode::jsonable_as(self.interp, &default, style) {
            Ok(json) => {
                written.insert("default".to_owned(), json);
            }
            Err(NotJson::Impossible) => {}
            Err(NotJson::Unknown(unknown)) => {
                let json = super::unknown_json(self.interp, &unknown);
                written.insert("default".to_owned(), Json::Object(json));
            }
        }
        Ok(written)
    }

    // ----- Classes

    fn fields(&mut self, fields: &[(Rc<str>, Field)], computed: &[ComputedField]) -> Emitted {
        self.fields_with(fields, computed, |_| true)
    }

    fn fields_with(
        &mut self,
        fields: &[(Rc<str>, Field)],
        computed: &[ComputedField],
        required_by_class: impl Fn(&Field) -> bool,
    ) -> Emitted {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mode = self.mode();
        let defaults_required = matches!(
            self.config("json_schema_serialization_defaults_required"),
            Some(Value::Bool(true))
        );
        for (name, field) in fields {
            if mode == Mode::Serialization && field.excluded {
                continue;
            }
            let is_required = match field.required {
                Some(required) => required && required_by_class(field),
                None => !matches!(field.schema.kind, Kind::Default { .. }),
            };
            let is_required = match mode {
                Mode::Validation => is_required,
                Mode::Serialization => !field.excluded_if && (is_required || defaults_required),
            };
            let alias = self.alias(name, field);
            let written = match self.write_field(&field.schema, &field.metadata) {
                Ok(written) => written,
                Err(Fail::Omit) => continue,
                Err(other) => return Err(other),
            };
            let mut written = self.titled(written, &alias, takes_title(&field.schema));
            if let Some(unknown) = &field.unknown_alias {
                let why = format!("the name of this property is not known: {}", unknown.why);
                let unknown = Rc::new(Unknown { why, place: unknown.place });
                written.extend(super::unknown_json(self.interp, &unknown));
            }
            properties.insert(alias.to_string(), Json::Object(written));
            if is_required {
                required.push(json!(&*alias));
            }
        }
        if mode == Mode::Serialization {
            for field in computed {
                let name = match &field.alias {
                    Some(alias) if self.state.by_alias != Some(false) => Rc::clone(alias),
                    _ => Rc::clone(&field.name),
                };
                let written = match self.write_field(&field.returns, &field.metadata) {
                    Ok(written) => written,
                    Err(Fail::Omit) => continue,
                    Err(other) => return Err(other),
                };
                let written = self.titled(written, &name, takes_title(&field.returns));
                properties.insert(name.to_string(), Json::Object(written));
                if !field.excluded_if {
                    required.push(json!(&*name));
                }
            }
        }
        let mut written = object([("type", json!("object")), ("properties", Json::Object(properties))]);
        if !required.is_empty() {
            written.insert("required".to_owned(), Json::Array(required));
        }
        Ok(written)
    }

    /// The schema of a field with a title of its name where it has none, without what its
    /// definition says itself.
    fn titled(&mut self, mut written: Object, name: &str, takes_title: bool) -> Object {
        if takes_title && !written.contains_key("title") {
            written.insert("title".to_owned(), json!(title_of(name)));
        }
        if let (Some(Json::String(reference)), true) = (written.get("$ref").cloned(), written.len() > 1) {
            let definition =
                self.state.names.of_reference(&reference).and_then(|name| self.state.definitions.get(&name));
            if let Some(definition) = definition {
                written.retain(|key, value| key == "$ref" || definition.get(key) != Some(value));
            }
        }
        written
    }

    fn alias(&self, name: &Rc<str>, field: &Field) -> Rc<str> {
        if self.state.by_alias == Some(false) {
            return Rc::clone(name);
        }
        if self.mode() == Mode::Serialization {
            return field.serialization_alias.clone().unwrap_or_else(|| Rc::clone(name));
        }
        let by_alias = self.state.by_alias.unwrap_or_else(|| {
            !matches!(self.config("validate_by_alias"), Some(Value::Bool(false)))
        });
        match &field.validation_alias {
            _ if !by_alias => Rc::clone(name),
            None => Rc::clone(name),
            Some(Alias::Name(alias)) => Rc::clone(alias),
            Some(Alias::Choices(choices)) => {
                choices.iter().flatten().next().cloned().unwrap_or_else(|| Rc::clone(name))
            }
        }
    }

    fn model(&mut self, class: &Value, inner: &Node, is_root: bool) -> Emitted {
        let Some((cls, _)) = generic::parametrised(self.interp, class) else { return Ok(Object::new()) };
        let config = super::config::of_model(self.interp, &cls);
        self.state.config.push(Rc::clone(&config));
        let written = self.write(inner);
        self.state.config.pop();
        let mut written = written?;
        let mut config = (*config).clone();
        if is_root {
            let root = model::fields(self.interp, &cls, &[]);
            let extra = root.iter().find(|field| &*field.name == "root").and_then(|field| {
                field.info.attribute("json_schema_extra").cloned()
            });
            if let Some(extra) = extra {
                config.values.insert(Rc::from("json_schema_extra"), extra);
            }
        }
        self.class_keys(&mut written, class, &config, false)?;
        Ok(written)
    }

    fn typed_dict(
        &mut self,
        class: &Value,
        fields: &[(Rc<str>, Field)],
        computed: &[ComputedField],
        extras: Option<&Node>,
        extra: Extra,
    ) -> Emitted {
        let config = super::typed_dict::config(self.interp, class);
        if let Some(config) = &config {
            self.state.config.push(Rc::clone(config));
        }
        let written = self.fields(fields, computed);
        if config.is_some() {
            self.state.config.pop();
        }
        let mut written = written?;
        match extra {
            Extra::Ignore => {}
            Extra::Forbid => {
                written.insert("additionalProperties".to_owned(), json!(false));
            }
            Extra::Allow => {
                let allowed = match extras {
                    Some(extras) if !matches!(extras.kind, Kind::Any) => Json::Object(self.write(extras)?),
                    _ => json!(true),
                };
                written.insert("additionalProperties".to_owned(), allowed);
            }
        }
        let config = config.map(|config| (*config).clone()).unwrap_or_default();
        self.class_keys(&mut written, class, &config, false)?;
        Ok(written)
    }

    /// Title, description and extras of a class (`_update_class_schema`).
    fn class_keys(&mut self, written: &mut Object, class: &Value, config: &Config, is_dataclass: bool) -> Result<(), Fail> {
        let Some((cls, args)) = generic::parametrised(self.interp, class) else { return Ok(()) };
        let is_model = super::is_model(self.interp, class);
        let name = super::model_name(self.interp, &cls, if is_model { &args } else { &[] });
        if let Some(title) = config.get("title") {
            let title = self.json_of(title);
            written.entry("title".to_owned()).or_insert(title);
        } else if let Some(generator) = config.get("model_title_generator") {
            let title = model::call(self.interp, generator, vec![class.clone()]);
            let title = self.json_of(&title);
            written.entry("title".to_owned()).or_insert(title);
        }
        if !written.contains_key("title") {
            written.insert("title".to_owned(), json!(name));
        }
        // A parametrised model is a subclass without a docstring.
        let undocumented = is_model && !args.is_empty() || is_dataclass && super::dataclass::is_converted(&cls);
        let documented = if undocumented { None } else { super::class_docstring(self.interp, class) };
        let documented = documented.filter(|text| !(is_dataclass && text.starts_with(&format!("{name}("))));
        if let Some(documented) = documented.filter(|text| !text.is_empty()) {
            let cleaned = text::clean_docstring(&documented);
            written.entry("description".to_owned()).or_insert_with(|| json!(cleaned));
        }
        if !written.contains_key("additionalProperties") {
            match config.text("extra").as_deref() {
                Some("allow") => {
                    written.insert("additionalProperties".to_owned(), json!(true));
                }
                Some("forbid") => {
                    written.insert("additionalProperties".to_owned(), json!(false));
                }
                _ => {}
            }
        }
        match config.get("json_schema_extra") {
            None => {}
            Some(extra @ (Value::Dict(_) | Value::Made(_) | Value::Unknown(_))) => self.update_from(written, extra),
            Some(callable) => {
                let callable = match callable {
                    Value::Descriptor(descriptor) => match descriptor.kind {
                        DescriptorKind::ClassMethod => {
                            Value::Method(Rc::new((Value::Class(Rc::clone(&cls)), descriptor.function.clone())))
                        }
                        _ => descriptor.function.clone(),
                    },
                    other => other.clone(),
                };
                let takes_class =
                    self.interp.signature(&callable).is_some_and(|signature| signature.parameters.len() > 1);
                let changed =
                    self.changed_by(&callable, std::mem::take(written), takes_class.then(|| class.clone()))?;
                *written = changed;
            }
        }
        if super::is_deprecated_class(&cls) {
            written.insert("deprecated".to_owned(), json!(true));
        }
        Ok(())
    }

    fn named_tuple(&mut self, fields: &[(Rc<str>, Field)]) -> Emitted {
        let mut prefix = Vec::new();
        let mut least = 0;
        for (name, field) in fields {
            let name = match &field.validation_alias {
                Some(Alias::Name(alias)) if self.state.by_alias != Some(false) => Rc::clone(alias),
                _ => Rc::clone(name),
            };
            let mut written = self.write(&field.schema)?;
            if takes_title(&field.schema) && !written.contains_key("title") {
                written.insert("title".to_owned(), json!(title_of(&name)));
            }
            prefix.push(Json::Object(written));
            if !matches!(field.schema.kind, Kind::Default { .. }) {
                least += 1;
            }
        }
        let mut written = object([("type", json!("array"))]);
        let length = prefix.len();
        if length > 0 {
            written.insert("prefixItems".to_owned(), Json::Array(prefix));
        }
        if least > 0 {
            written.insert("minItems".to_owned(), json!(least));
        }
        written.insert("maxItems".to_owned(), json!(length));
        Ok(written)
    }

    fn arguments(&mut self, parameters: &[Argument], var_args: Option<&Node>, var_kwargs: Option<&Node>) -> Emitted {
        let by_keyword = parameters.iter().all(|parameter| parameter.keyword) && var_args.is_none();
        let by_position = parameters.iter().all(|parameter| parameter.positional) && var_kwargs.is_none();
        if !by_keyword && !by_position {
            return Err(Fail::Invalid(
                "arguments validator with positional-only and keyword-only arguments".to_owned(),
            ));
        }
        let mut written_parameters = Vec::new();
        let mut required = Vec::new();
        for parameter in parameters {
            let name = match &parameter.alias {
                Some(alias) if self.state.by_alias != Some(false) => Rc::clone(alias),
                _ => Rc::clone(&parameter.name),
            };
            let mut written = self.write(&parameter.schema)?;
            if takes_title(&parameter.schema) && !written.contains_key("title") {
                written.insert("title".to_owned(), json!(title_of(&name)));
            }
            if !matches!(parameter.schema.kind, Kind::Default { .. }) {
                required.push(json!(&*name));
            }
            written_parameters.push((name, written));
        }
        if by_keyword {
            let properties: Map<String, Json> =
                written_parameters.into_iter().map(|(name, written)| (name.to_string(), Json::Object(written))).collect();
            let mut written = object([("type", json!("object")), ("properties", Json::Object(properties))]);
            if !required.is_empty() {
                written.insert("required".to_owned(), Json::Array(required));
            }
            match var_kwargs {
                Some(extra) => {
                    let extra = self.write(extra)?;
                    if !extra.is_empty() {
                        written.insert("additionalProperties".to_owned(), Json::Object(extra));
                    }
                }
                None => {
                    written.insert("additionalProperties".to_owned(), json!(false));
                }
            }
            return Ok(written);
        }
        let length = written_parameters.len();
        let mut written = object([("type", json!("array"))]);
        if length > 0 {
            let prefix = written_parameters.into_iter().map(|(_, written)| Json::Object(written)).collect();
            written.insert("prefixItems".to_owned(), Json::Array(prefix));
        }
        if !required.is_empty() {
            written.insert("minItems".to_owned(), json!(required.len()));
        }
        match var_args {
            Some(items) => {
                let items = self.write(items)?;
                if !items.is_empty() {
                    written.insert("items".to_owned(), Json::Object(items));
                }
            }
            None => {
                written.insert("maxItems".to_owned(), json!(length));
            }
        }
        Ok(written)
    }

    // ----- Values of the user

    /// A value as JSON; what is not known as an explicit unknown.
    pub(super) fn json_of(&mut self, value: &Value) -> Json {
        match jsonable(self.interp, value) {
            Ok(json) => json,
            Err(NotJson::Impossible) => {
                let unknown = Rc::new(Unknown { why: format!("{value:?} is not JSON"), place: None });
                Json::Object(super::unknown_json(self.interp, &unknown))
            }
            Err(NotJson::Unknown(unknown)) => Json::Object(super::unknown_json(self.interp, &unknown)),
        }
    }

    pub(super) fn object_of(&mut self, value: &Value) -> Object {
        let value = match value {
            Value::Made(_) => Value::dict(
                super::read::entries(value).into_iter().map(|(name, value)| (super::read::key(&name), value)).collect(),
            ),
            other => other.clone(),
        };
        match (&value, self.json_of(&value)) {
            (_, Json::Object(object)) => object,
            (_, other) => object([("x-hitchpost-unknown", other)]),
        }
    }

    /// Updates a schema with a dictionary of the user, entry by entry.
    fn update_from(&mut self, written: &mut Object, value: &Value) {
        let items: Vec<(Value, Value)> = match value {
            Value::Dict(items) => items.borrow().iter().map(|(key, value)| (key.0.clone(), value.clone())).collect(),
            Value::Made(_) => super::read::entries(value).into_iter().map(|(key, value)| (Value::Str(key), value)).collect(),
            other => {
                let json = self.json_of(other);
                if let Json::Object(json) = json {
                    written.extend(json);
                }
                return;
            }
        };
        for (key, value) in items {
            let key = match key {
                Value::Str(key) => key.to_string(),
                other => self.interp.text(&other, false).unwrap_or_default(),
            };
            let json = self.json_of(&value);
            written.insert(key, json);
        }
    }

    /// Calls a function that changes the schema it is given.
    fn changed_by(&mut self, callable: &Value, written: Object, class: Option<Value>) -> Emitted {
        let value = json_to_value(&Json::Object(written));
        let mut args = vec![value.clone()];
        args.extend(class);
        self.lend(|interp| interp.call(callable, Args::new(args, None))).map_err(Fail::Raised)?;
        Ok(self.object_of(&value))
    }

    /// Runs something of the user's, during which the evaluator has the state.
    pub(super) fn lend<R>(&mut self, run: impl FnOnce(&mut Interp<'t>) -> R) -> R {
        let outer = self.interp.pydantic.emission.take();
        self.interp.pydantic.emission = Some(Box::new(std::mem::take(&mut self.state)));
        let result = run(self.interp);
        if let Some(state) = self.interp.pydantic.emission.take() {
            self.state = *state;
        }
        self.interp.pydantic.emission = outer;
        result
    }
}

const NUMERIC: &[(&str, &str)] = &[
    ("multiple_of", "multipleOf"),
    ("le", "maximum"),
    ("ge", "minimum"),
    ("lt", "exclusiveMaximum"),
    ("gt", "exclusiveMinimum"),
];
const LENGTH: &[(&str, &str)] = &[("min_length", "minLength"), ("max_length", "maxLength")];
const STRING: &[(&str, &str)] = &[("min_length", "minLength"), ("max_length", "maxLength"), ("pattern", "pattern")];
const ARRAY: &[(&str, &str)] = &[("min_length", "minItems"), ("max_length", "maxItems")];
const OBJECT: &[(&str, &str)] = &[("min_length", "minProperties"), ("max_length", "maxProperties")];

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
        layers.extend(metadata.unknown.iter().map(|unknown| Layer::Unknown(Rc::clone(unknown))));
        layers.extend(metadata.extra.iter().map(|extra| Layer::Extra(extra.clone())));
        layers.extend(metadata.functions.iter().map(|hook| Layer::Function(hook.clone())));
        layers.extend(metadata.annotation_functions.iter().map(|hook| Layer::Annotation(hook.clone())));
        Self { layers: Rc::from(layers), of_field: false }
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
    text::title_case(name).replace('_', " ").trim().to_owned()
}

/// `field_title_should_be_set`: what is defined elsewhere has a title of its own.
fn takes_title(schema: &Schema) -> bool {
    if schema.reference.is_some() {
        return false;
    }
    match &schema.kind {
        Kind::Default { schema: inner, .. } | Kind::Nullable(inner) | Kind::Missing(Some(inner)) => takes_title(inner),
        Kind::Function { schema: inner, .. } => takes_title(inner),
        Kind::Ref(_) => false,
        _ => true,
    }
}

/// `_is_nullable_schema`
fn is_nullable(schema: &Schema) -> bool {
    match &schema.kind {
        Kind::Nullable(_) => true,
        Kind::Default { schema: inner, .. } | Kind::Function { schema: inner, .. } => is_nullable(inner),
        Kind::Chain(steps) => steps.last().is_some_and(|step| is_nullable(step)),
        Kind::LaxOrStrict { lax, .. } => is_nullable(lax),
        Kind::JsonOrPython { json, .. } => is_nullable(json),
        _ => false,
    }
}

/// `_get_ser_schema_for_default_value`
fn default_serializer(schema: &Schema) -> Option<Serialization> {
    if let Some(serialization) = &schema.serialization {
        if matches!(**serialization, Serialization::Function { plain: true, takes_info: false, .. }) {
            return Some((**serialization).clone());
        }
    }
    schema.inner_of_function().and_then(|inner| default_serializer(inner))
}

/// The one type that all values have.
fn common_type(values: &[Json]) -> Option<&'static str> {
    let kind = |value: &Json| match value {
        Json::String(_) => "string",
        Json::Bool(_) => "boolean",
        Json::Number(number) if number.is_f64() => "number",
        Json::Number(_) => "integer",
        Json::Array(_) => "array",
        Json::Null => "null",
        Json::Object(_) => "object",
    };
    let first = kind(values.first()?);
    (first != "object" && values.iter().all(|value| kind(value) == first)).then_some(first)
}

/// Equal schemas once, at the place of the first.
pub(super) fn deduplicated(schemas: Vec<Json>) -> Vec<Json> {
    let mut unique: Vec<Json> = Vec::new();
    for schema in schemas {
        match unique.iter_mut().find(|other| **other == schema) {
            Some(other) => *other = schema,
            None => unique.push(schema),
        }
    }
    unique
}

fn as_float(interp: &mut Interp, value: &Value) -> Value {
    match value {
        Value::Int(number) => Value::Float(*number as f64),
        Value::Float(_) => value.clone(),
        other => match jsonable(interp, other) {
            Ok(Json::String(text)) => text.parse().map_or_else(|_| other.clone(), Value::Float),
            Err(_) => match interp.call(&Value::symbol("builtins.float"), Args::new(vec![other.clone()], None)) {
                Ok(number @ Value::Float(_)) => number,
                _ => other.clone(),
            },
            _ => other.clone(),
        },
    }
}

fn json_number(value: &Value) -> Json {
    match value {
        Value::Int(number) => json!(number),
        _ => Json::Null,
    }
}

/// A set as a list in order, where its members have one.
fn sorted(interp: &mut Interp, value: &Value) -> Value {
    let mut items: Vec<Value> = match value {
        Value::Set(items) => items.borrow().keys().map(|key| key.0.clone()).collect(),
        Value::FrozenSet(items) => items.keys().map(|key| key.0.clone()).collect(),
        _ => return value.clone(),
    };
    let texts = items.iter().all(|item| matches!(item, Value::Str(_)));
    let numbers = items.iter().all(|item| matches!(item, Value::Int(_) | Value::Float(_)));
    if texts {
        items.sort_by(|left, right| match (left, right) {
            (Value::Str(left), Value::Str(right)) => left.cmp(right),
            _ => std::cmp::Ordering::Equal,
        });
    } else if numbers {
        let number = |value: &Value| match value {
            Value::Int(number) => *number as f64,
            Value::Float(number) => *number,
            _ => 0.0,
        };
        items.sort_by(|left, right| number(left).total_cmp(&number(right)));
    } else if items.len() > 1 {
        let _ = interp;
    }
    Value::list(items)
}
