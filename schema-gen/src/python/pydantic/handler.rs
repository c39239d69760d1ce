//! What the user's `__get_pydantic_core_schema__` and `__get_pydantic_json_schema__` are given, and
//! what they give: schemas as opaque values, `core_schema.…()`, the handlers.

use std::rc::Rc;

use serde_json::Value as Json;

use crate::python::interp::{Args, Interp, Raised};
use crate::python::value::{Made, Unknown, Value};

use super::annotate::{self, Chain};
use super::build::Builder;
use super::emit::{Emitted, Emitter, Fail, Layers, State};
use super::read::{callee, made, made_of};
use super::schema::{
    Constraints, Discriminator, Field, Kind, Metadata, Node, Object, Scalar, Schema, Sequence,
    Serialization, Validator, any,
};
use crate::python::library::json_to_value;

/// What a handler does when it is called.
#[derive(Clone)]
pub(super) enum Inner {
    /// The schema of a type as it is without its own method.
    Type,
    /// The schema with the annotations before this one.
    Annotations { chain: Chain, depth: usize },
    /// The JSON Schema below this layer.
    Json { layers: Layers, depth: usize },
}

const HANDLER: &str = "pydantic.Handler";
const SCHEMA: &str = "pydantic_core.CoreSchema";

/// A handler or schema that the evaluator holds, by its number.
fn held(name: &str, index: usize) -> Value {
    made(
        name,
        vec![Value::Int(i64::try_from(index).unwrap_or(i64::MAX))],
        Vec::new(),
    )
}

fn index_of(value: &Made) -> Option<usize> {
    match value.args.first() {
        Some(Value::Int(index)) => usize::try_from(*index).ok(),
        _ => None,
    }
}

pub(super) fn value_of(interp: &mut Interp, schema: Node) -> Value {
    interp.pydantic.schemas.push(schema);
    held(SCHEMA, interp.pydantic.schemas.len() - 1)
}

/// The schema that a value holds: one of ours, or a call of `core_schema`.
pub(super) fn schema_of(interp: &mut Interp, value: &Value) -> Option<Node> {
    let (name, made) = made_of(value)?;
    if name == SCHEMA {
        return interp.pydantic.schemas.get(index_of(made)?).cloned();
    }
    let function = name.strip_prefix("pydantic_core.core_schema.")?.to_owned();
    let made = Rc::clone(made);
    let schema = called(interp, &function, &made)?;
    Some(schema.node())
}

/// Calls the user's `__get_pydantic_core_schema__(source, handler)`.
pub(super) fn core_schema(
    builder: &mut Builder,
    method: &Value,
    source: &Value,
    inner: Inner,
) -> Schema {
    builder.interp.pydantic.handlers.push(inner);
    let handler = held(HANDLER, builder.interp.pydantic.handlers.len() - 1);
    let source = source.clone();
    let result = builder.lend(|interp| interp.call(method, Args::new(vec![source, handler], None)));
    match result {
        Ok(value) => match schema_of(builder.interp, &value) {
            Some(schema) => (*schema).clone(),
            None => match &value {
                Value::Unknown(unknown) => Schema::new(Kind::Unknown(Rc::clone(unknown))),
                other => builder.unknown(format!("the core schema {other:?} is not known")),
            },
        },
        Err(Raised::Stopped(unknown)) => Schema::new(Kind::Unknown(unknown)),
        Err(Raised::Exception(error)) => {
            let text = builder.interp.text(&error, false).unwrap_or_default();
            builder.unknown(format!(
                "__get_pydantic_core_schema__ raised an exception: {text}"
            ))
        }
    }
}

/// Calls the user's `__get_pydantic_json_schema__(core_schema, handler)`.
pub(super) fn json_schema(
    emitter: &mut Emitter,
    method: &Value,
    layers: &Layers,
    depth: usize,
    schema: &Node,
) -> Emitted {
    let value = value_of(emitter.interp, Rc::clone(schema));
    emitter.interp.pydantic.handlers.push(Inner::Json {
        layers: layers.clone(),
        depth,
    });
    let handler = held(HANDLER, emitter.interp.pydantic.handlers.len() - 1);
    emitter.interp.pydantic.failure = None;
    let result = emitter.lend(|interp| interp.call(method, Args::new(vec![value, handler], None)));
    for (name, value) in std::mem::take(&mut emitter.state.lent) {
        let definition = emitter.object_of(&value);
        emitter.state.definitions.insert(name, definition);
    }
    if let Some(failure) = emitter.interp.pydantic.failure.take() {
        return Err(failure);
    }
    match result {
        Ok(value) => Ok(emitter.object_of(&value)),
        Err(Raised::Exception(error)) => {
            let text = format!("{error:?}");
            if text.contains("PydanticOmit") {
                return Err(Fail::Omit);
            }
            Err(Fail::Invalid(text))
        }
        Err(stopped) => Err(Fail::Raised(stopped)),
    }
}

/// A call of a handler by the user's code.
pub(super) fn call(
    interp: &mut Interp,
    made: &Rc<Made>,
    args: &Args,
) -> Option<Result<Value, Raised>> {
    if callee(made)? != HANDLER {
        return None;
    }
    let inner = interp.pydantic.handlers.get(index_of(made)?)?.clone();
    let given = args.positional.first().cloned().unwrap_or(Value::None);
    Some(Ok(match inner {
        Inner::Type => building(interp, |builder| {
            let source = builder.resolved(&given);
            let schema = builder.inner(&source);
            // The schema itself, not the reference to it: it may be changed.
            match &schema.kind {
                Kind::Ref(reference) if schema.serialization.is_none() => builder
                    .interp
                    .pydantic
                    .definitions
                    .get(reference)
                    .map_or(schema.clone(), |definition| (**definition).clone()),
                _ => schema,
            }
        }),
        Inner::Annotations { chain, depth } => building(interp, |builder| {
            let mut hooks = Vec::new();
            let mut schema = annotate::wrapped(builder, &chain, depth, &given, &mut hooks);
            schema.metadata.annotation_functions.extend(hooks);
            schema
        }),
        Inner::Json { layers, depth } => {
            let Some(schema) = schema_of(interp, &given) else {
                return Some(Ok(Value::unknown(
                    "the core schema is not known",
                    made.place,
                )));
            };
            let Some(state) = interp.pydantic.emission.take() else {
                return Some(Ok(Value::unknown(
                    "no JSON Schema is being written",
                    made.place,
                )));
            };
            let mut emitter = Emitter::new(interp, *state);
            let written = emitter.layer(&layers, depth, &schema);
            let state = std::mem::take(&mut emitter.state);
            interp.pydantic.emission = Some(Box::new(state));
            match written {
                Ok(written) => json_to_value(&Json::Object(written)),
                Err(failure) => {
                    interp.pydantic.failure = Some(failure);
                    return Some(Err(Raised::Exception(super::read::made(
                        "pydantic.errors.PydanticInvalidForJsonSchema",
                        Vec::new(),
                        Vec::new(),
                    ))));
                }
            }
        }
    }))
}

/// Runs a builder within the user's code that one has called.
fn building(interp: &mut Interp, run: impl FnOnce(&mut Builder) -> Schema) -> Value {
    let context = interp
        .pydantic
        .building
        .take()
        .map(|context| *context)
        .unwrap_or_default();
    let mut builder = Builder::new(interp, context);
    let schema = run(&mut builder);
    let context = std::mem::take(&mut builder.context);
    interp.pydantic.building = Some(Box::new(context));
    value_of(interp, schema.node())
}

/// `handler.generate_schema(type)`
pub(super) fn generate(interp: &mut Interp, args: Args) -> Result<Value, Raised> {
    let source = args.positional.get(1).cloned().unwrap_or(Value::None);
    Ok(building(interp, |builder| builder.schema(&source)))
}

/// `handler.resolve_ref_schema(schema)`, of core schemas and of JSON Schemas.
pub(super) fn resolve(interp: &mut Interp, args: Args) -> Result<Value, Raised> {
    let given = args.positional.get(1).cloned().unwrap_or(Value::None);
    if let Some(schema) = schema_of(interp, &given) {
        if let Kind::Ref(reference) = &schema.kind
            && let Some(definition) = interp.pydantic.definitions.get(reference).cloned()
        {
            return Ok(value_of(interp, definition));
        }
        return Ok(given);
    }
    let reference = super::read::entries(&given)
        .into_iter()
        .find(|(key, _)| &**key == "$ref");
    let Some((_, Value::Str(reference))) = reference else {
        return Ok(given);
    };
    let Some(state) = interp.pydantic.emission.as_mut() else {
        return Ok(given);
    };
    Ok(lend_definition(state, &reference).unwrap_or(given))
}

fn lend_definition(state: &mut State, reference: &str) -> Option<Value> {
    let name = state.names.of_reference(reference)?;
    let definition: &Object = state.definitions.get(&name)?;
    let value = json_to_value(&Json::Object(definition.clone()));
    state.lent.push((name, value.clone()));
    Some(value)
}

/// Attributes of handlers.
pub(super) fn attribute(interp: &mut Interp, made: &Rc<Made>, name: &str) -> Option<Value> {
    let native = |name, run| {
        Value::Method(Rc::new((
            Value::Made(Rc::clone(made)),
            Value::Native(crate::python::value::Native { name, run }),
        )))
    };
    match (callee(made)?, name) {
        (HANDLER, "generate_schema") => Some(native("generate_schema", generate)),
        (HANDLER, "resolve_ref_schema") => Some(native("resolve_ref_schema", resolve)),
        (HANDLER, "mode") => {
            let state = interp.pydantic.emission.take()?;
            let mut emitter = Emitter::new(interp, *state);
            let mode = emitter.mode();
            let state = std::mem::take(&mut emitter.state);
            interp.pydantic.emission = Some(Box::new(state));
            Some(Value::str(match mode {
                super::Mode::Validation => "validation",
                super::Mode::Serialization => "serialization",
            }))
        }
        (HANDLER, "field_name") => Some(
            interp
                .pydantic
                .building
                .as_ref()
                .and_then(|context| context.fields.last().cloned())
                .map_or(Value::None, Value::Str),
        ),
        (SCHEMA, "get" | "copy" | "items" | "keys") => None,
        _ => None,
    }
}

/// An entry of a core schema: `schema["type"]`, `schema["schema"]`.
pub(super) fn entry(interp: &mut Interp, made: &Rc<Made>, key: &str) -> Option<Value> {
    let schema = schema_of(interp, &Value::Made(Rc::clone(made)))?;
    match (key, &schema.kind) {
        ("type", _) => Some(Value::str(schema.type_name())),
        (
            "schema",
            Kind::Function { schema, .. } | Kind::Default { schema, .. } | Kind::Nullable(schema),
        )
        | ("schema", Kind::Model { schema, .. } | Kind::Dataclass { schema, .. })
        | ("items_schema", Kind::Sequence(_, schema, _)) => {
            Some(value_of(interp, Rc::clone(schema)))
        }
        (
            "cls",
            Kind::Model { class, .. } | Kind::Dataclass { class, .. } | Kind::Enum { class, .. },
        ) => Some(class.clone()),
        (_, Kind::Scalar(_, constraints)) => constraints.get(key).cloned(),
        _ => None,
    }
}

/// Sets an entry of a core schema.
pub(super) fn set_entry(interp: &mut Interp, made: &Rc<Made>, key: &str, value: &Value) {
    let Some(index) = index_of(made) else { return };
    let Some(mut schema) = interp
        .pydantic
        .schemas
        .get(index)
        .map(|schema| (**schema).clone())
    else {
        return;
    };
    match (key, value) {
        ("ref", Value::Str(reference)) => schema.reference = Some(Rc::clone(reference)),
        ("serialization", serialization) => {
            schema.serialization = serialization_of(interp, serialization).map(Rc::new)
        }
        ("schema", inner) => {
            let inner = known(interp, inner);
            match &mut schema.kind {
                Kind::Function { schema, .. }
                | Kind::Default { schema, .. }
                | Kind::Nullable(schema)
                | Kind::Model { schema, .. }
                | Kind::Dataclass { schema, .. } => *schema = inner,
                _ => {}
            }
        }
        ("metadata", metadata) => set_metadata(interp, &mut schema, metadata),
        (key, value) => {
            let name = [
                "gt",
                "ge",
                "lt",
                "le",
                "multiple_of",
                "min_length",
                "max_length",
                "pattern",
            ]
            .into_iter()
            .find(|name| *name == key);
            if let (Some(name), Kind::Scalar(_, constraints) | Kind::Sequence(_, _, constraints)) =
                (name, &mut schema.kind)
            {
                constraints.set(name, value.clone());
            }
        }
    }
    if let Some(slot) = interp.pydantic.schemas.get_mut(index) {
        *slot = schema.node();
    }
}

fn set_metadata(interp: &mut Interp, schema: &mut Schema, metadata: &Value) {
    for (key, value) in super::read::entries(metadata) {
        match &*key {
            "pydantic_js_updates" => {
                for (key, value) in super::read::entries(&value) {
                    let json = super::build::json_or_unknown(interp, &value);
                    schema.metadata.updates.insert(key.to_string(), json);
                }
            }
            "pydantic_js_extra" => schema.metadata.extra = Some(value),
            "pydantic_js_functions" | "pydantic_js_annotation_functions" => {
                let hooks = interp.iterate(&value).ok().flatten().unwrap_or_default();
                schema
                    .metadata
                    .functions
                    .extend(hooks.into_iter().map(super::schema::Hook::User));
            }
            _ => {}
        }
    }
}

/// The schema that a value holds; an unknown one where it holds none.
fn known(interp: &mut Interp, value: &Value) -> Node {
    schema_of(interp, value).unwrap_or_else(|| {
        let unknown = match value {
            Value::Unknown(unknown) => Rc::clone(unknown),
            other => Rc::new(Unknown {
                why: format!("the core schema {other:?} is not known"),
                place: None,
            }),
        };
        Schema::new(Kind::Unknown(unknown)).node()
    })
}

/// A call of `core_schema.…_schema()`.
fn called(interp: &mut Interp, function: &str, made: &Made) -> Option<Schema> {
    let argument = |index: usize, name: &str| super::read::argument(made, index, name).cloned();
    let mut node =
        |value: Option<Value>| -> Node { value.map_or_else(any, |value| known(interp, &value)) };
    let constraints = |names: &[&'static str]| {
        let mut constraints = Constraints::default();
        for name in names {
            if let Some(value) = made.kwargs.get(*name)
                && !matches!(value, Value::None)
            {
                constraints.set(name, value.clone());
            }
        }
        constraints
    };
    let numeric: &[&'static str] = &["multiple_of", "le", "ge", "lt", "gt"];
    let length: &[&'static str] = &["min_length", "max_length"];
    let scalar = |scalar: Scalar, names: &[&'static str]| {
        Schema::new(Kind::Scalar(scalar, constraints(names)))
    };
    let mut schema = match function {
        "any_schema" => Schema::new(Kind::Any),
        "none_schema" => Schema::new(Kind::None),
        "bool_schema" => scalar(Scalar::Bool, &[]),
        "int_schema" => scalar(Scalar::Int, numeric),
        "float_schema" => scalar(Scalar::Float, numeric),
        "decimal_schema" => scalar(Scalar::Decimal, numeric),
        "str_schema" => scalar(Scalar::Str, &["min_length", "max_length", "pattern"]),
        "bytes_schema" => scalar(Scalar::Bytes, length),
        "date_schema" => scalar(Scalar::Date, &[]),
        "datetime_schema" => scalar(Scalar::DateTime, &[]),
        "time_schema" => scalar(Scalar::Time, &[]),
        "timedelta_schema" => scalar(Scalar::TimeDelta, &[]),
        "uuid_schema" => scalar(Scalar::Uuid, &[]),
        "url_schema" => scalar(Scalar::Url, &["max_length"]),
        "multi_host_url_schema" => scalar(Scalar::MultiHostUrl, &["max_length"]),
        "complex_schema" => scalar(Scalar::Complex, &[]),
        "literal_schema" => {
            let values = interp.iterate(&argument(0, "expected")?).ok()??;
            Schema::new(Kind::Literal(values))
        }
        "is_instance_schema" => Schema::new(Kind::IsInstance(format!("{:?}", argument(0, "cls")?))),
        "is_subclass_schema" => Schema::new(Kind::IsSubclass),
        "callable_schema" => Schema::new(Kind::Callable),
        "list_schema" | "set_schema" | "frozenset_schema" | "generator_schema" => {
            let sequence = match function {
                "list_schema" => Sequence::List,
                "set_schema" => Sequence::Set,
                "frozenset_schema" => Sequence::FrozenSet,
                _ => Sequence::Generator,
            };
            let items = node(argument(0, "items_schema"));
            Schema::new(Kind::Sequence(sequence, items, constraints(length)))
        }
        "tuple_schema" => {
            let items = interp.iterate(&argument(0, "items_schema")?).ok()??;
            let items = items.iter().map(|item| known(interp, item)).collect();
            let variadic = match made.kwargs.get("variadic_item_index") {
                Some(Value::Int(index)) => usize::try_from(*index).ok(),
                _ => None,
            };
            Schema::new(Kind::Tuple {
                items,
                variadic,
                constraints: constraints(length),
            })
        }
        "dict_schema" => {
            let keys = node(argument(0, "keys_schema"));
            let values = node(argument(1, "values_schema"));
            Schema::new(Kind::Dict {
                keys,
                values,
                constraints: constraints(length),
            })
        }
        "nullable_schema" => Schema::new(Kind::Nullable(node(argument(0, "schema")))),
        "union_schema" => {
            let choices = interp.iterate(&argument(0, "choices")?).ok()??;
            let choices = choices
                .iter()
                .map(|choice| match choice {
                    Value::Tuple(pair) => pair
                        .first()
                        .map_or_else(any, |choice| known(interp, choice)),
                    other => known(interp, other),
                })
                .collect();
            Schema::new(Kind::Union(choices))
        }
        "tagged_union_schema" => {
            let Value::Dict(choices) = argument(0, "choices")? else {
                return None;
            };
            let choices: Vec<(Value, Value)> = choices
                .borrow()
                .iter()
                .map(|(key, value)| (key.0.clone(), value.clone()))
                .collect();
            let choices = choices
                .into_iter()
                .map(|(tag, choice)| (tag, known(interp, &choice)))
                .collect();
            let discriminator = match argument(1, "discriminator") {
                Some(Value::Str(name)) => Discriminator::Name(name),
                _ => Discriminator::Callable,
            };
            Schema::new(Kind::TaggedUnion {
                choices,
                discriminator,
            })
        }
        "with_default_schema" => {
            let inner = node(argument(0, "schema"));
            let default = made.kwargs.get("default").cloned();
            Schema::new(Kind::Default {
                schema: inner,
                default,
            })
        }
        "no_info_plain_validator_function" | "with_info_plain_validator_function" => {
            let input = made.kwargs.get("json_schema_input_schema").cloned();
            let input = input.and_then(|input| schema_of(interp, &input));
            Schema::new(Kind::Plain { input })
        }
        "no_info_before_validator_function"
        | "with_info_before_validator_function"
        | "no_info_after_validator_function"
        | "with_info_after_validator_function"
        | "no_info_wrap_validator_function"
        | "with_info_wrap_validator_function" => {
            let validator = if function.contains("before") {
                Validator::Before
            } else if function.contains("after") {
                Validator::After
            } else {
                Validator::Wrap
            };
            let schema = node(argument(1, "schema"));
            let input = made.kwargs.get("json_schema_input_schema").cloned();
            let input = input.and_then(|input| schema_of(interp, &input));
            Schema::new(Kind::Function {
                validator,
                schema,
                input,
            })
        }
        "chain_schema" => {
            let steps = interp.iterate(&argument(0, "steps")?).ok()??;
            Schema::new(Kind::Chain(
                steps.iter().map(|step| known(interp, step)).collect(),
            ))
        }
        "lax_or_strict_schema" => {
            let (lax, strict) = (
                node(argument(0, "lax_schema")),
                node(argument(1, "strict_schema")),
            );
            Schema::new(Kind::LaxOrStrict { lax, strict })
        }
        "json_or_python_schema" => {
            let (json, python) = (
                node(argument(0, "json_schema")),
                node(argument(1, "python_schema")),
            );
            Schema::new(Kind::JsonOrPython { json, python })
        }
        "json_schema" => {
            let inner = argument(0, "schema").and_then(|value| schema_of(interp, &value));
            Schema::new(Kind::Json(inner))
        }
        "custom_error_schema" => Schema::new(Kind::CustomError(node(argument(0, "schema")))),
        "definition_reference_schema" | "definitions_schema" => return None,
        "typed_dict_field" | "model_field" => {
            let mut schema = (*node(argument(0, "schema"))).clone();
            if let Some(Value::Bool(false)) = made.kwargs.get("required") {
                schema.metadata.tag = Some(Value::Bool(false));
            }
            return Some(schema);
        }
        "typed_dict_schema" | "model_fields_schema" => {
            let Value::Dict(fields) = argument(0, "fields")? else {
                return None;
            };
            let fields: Vec<(Value, Value)> = fields
                .borrow()
                .iter()
                .map(|(key, value)| (key.0.clone(), value.clone()))
                .collect();
            let mut built = Vec::new();
            for (name, field) in fields {
                let Value::Str(name) = name else { return None };
                let schema = known(interp, &field);
                let required = !matches!(schema.metadata.tag, Some(Value::Bool(false)));
                built.push((
                    name,
                    Field {
                        required: (function == "typed_dict_schema").then_some(required),
                        schema,
                        unknown_alias: None,
                        validation_alias: None,
                        serialization_alias: None,
                        excluded: false,
                        excluded_if: false,
                        keyword_only: false,
                        metadata: Metadata::default(),
                    },
                ));
            }
            if function == "typed_dict_schema" {
                Schema::new(Kind::TypedDict {
                    class: Value::None,
                    fields: built,
                    computed: Vec::new(),
                    extras: None,
                    extra: super::schema::Extra::Ignore,
                })
            } else {
                Schema::new(Kind::ModelFields {
                    fields: built,
                    computed: Vec::new(),
                    extras: None,
                })
            }
        }
        _ => {
            let why = format!("core_schema.{function} is not known");
            return Some(Schema::new(Kind::Unknown(Rc::new(Unknown {
                why,
                place: made.place,
            }))));
        }
    };
    if let Some(serialization) = made.kwargs.get("serialization").cloned() {
        schema.serialization = serialization_of(interp, &serialization).map(Rc::new);
    }
    if let Some(metadata) = made.kwargs.get("metadata").cloned() {
        set_metadata(interp, &mut schema, &metadata);
    }
    if let Some(Value::Str(reference)) = made.kwargs.get("ref") {
        schema.reference = Some(Rc::clone(reference));
    }
    Some(schema)
}

/// A call of `core_schema.…_ser_schema()`.
fn serialization_of(interp: &mut Interp, value: &Value) -> Option<Serialization> {
    let (name, made) = made_of(value)?;
    let made = Rc::clone(made);
    match name.strip_prefix("pydantic_core.core_schema.")? {
        function @ ("plain_serializer_function_ser_schema"
        | "wrap_serializer_function_ser_schema") => {
            let returns = made.kwargs.get("return_schema").cloned();
            let returns = returns.and_then(|returns| schema_of(interp, &returns));
            Some(Serialization::Function {
                plain: function.starts_with("plain"),
                function: super::read::argument(&made, 0, "function")
                    .cloned()
                    .unwrap_or(Value::None),
                takes_info: matches!(made.kwargs.get("info_arg"), Some(Value::Bool(true))),
                returns,
                unless_none: matches!(
                    made.kwargs.get("when_used"),
                    Some(Value::Str(when)) if matches!(&**when, "unless-none" | "json-unless-none")
                ),
            })
        }
        "to_string_ser_schema" | "format_ser_schema" => Some(Serialization::Text),
        _ => Some(Serialization::Any),
    }
}
