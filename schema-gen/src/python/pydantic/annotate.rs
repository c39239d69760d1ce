//! `Annotated[T, …]`: each metadata wraps the schema of what stands before it.

use std::rc::Rc;

use serde_json::json;

use crate::python::interp::{Args, Interp};
use crate::python::value::Value;

use super::build::{Builder, is_impossible, json_or_unknown};
use super::field::FieldInfo;
use super::read::{annotated, argument, class_attribute, dotted, is_undefined, made, made_of};
use super::schema::{Hook, Kind, Metadata, Ref, Scalar, Schema, Serialization, Validator, object};
use super::{Mode, constraint, discriminator, handler, known};

/// `_apply_annotations`. With a discriminator the union itself, before its metadata, is told apart.
pub(super) fn apply(
    builder: &mut Builder,
    source: &Value,
    annotations: &[Value],
    discriminator: Option<&Value>,
) -> Schema {
    let annotations: Vec<Value> = constraint::expand(builder.interp, annotations)
        .into_iter()
        .filter(|annotation| !matches!(annotation, Value::None))
        .collect();
    let chain = Chain {
        annotations: Rc::from(annotations),
        discriminator: discriminator.cloned(),
    };
    let mut hooks = Vec::new();
    let mut schema = wrapped(builder, &chain, chain.annotations.len(), source, &mut hooks);
    schema.metadata.annotation_functions.extend(hooks);
    schema
}

/// The annotations of one type.
#[derive(Clone)]
pub(super) struct Chain {
    annotations: Rc<[Value]>,
    discriminator: Option<Value>,
}

/// The schema of a type with the first `depth` annotations.
pub(super) fn wrapped(
    builder: &mut Builder,
    chain: &Chain,
    depth: usize,
    source: &Value,
    hooks: &mut Vec<Hook>,
) -> Schema {
    let Some(below) = depth.checked_sub(1) else {
        return innermost(builder, chain, source);
    };
    let Some(annotation) = chain.annotations.get(below).cloned() else {
        return innermost(builder, chain, source);
    };
    let mut schema = match known_annotation(builder, &annotation, chain, below, source, hooks) {
        Some(schema) => schema,
        None => match core_method(builder, &annotation) {
            Some(method) => {
                let inner = handler::Inner::Annotations {
                    chain: chain.clone(),
                    depth: below,
                };
                handler::core_schema(builder, &method, source, inner)
            }
            None => {
                let schema = wrapped(builder, chain, below, source, hooks);
                let schema = single(builder, schema, &annotation);
                json_keys(builder.interp, schema, &annotation)
            }
        },
    };
    if let Some(hook) = json_hook(builder, &annotation) {
        hooks.push(hook);
    }
    if schema.reference.is_some() {
        schema = builder.defined(schema);
    }
    schema
}

fn innermost(builder: &mut Builder, chain: &Chain, source: &Value) -> Schema {
    let schema = builder.unless_open(source, |builder| {
        let value = builder.resolved(source);
        let schema = match builder.by_method(&value, &value) {
            Some(schema) => schema,
            None => builder.inner(&value),
        };
        builder.with_json_method(&value, schema)
    });
    let schema = match &chain.discriminator {
        Some(by) => builder.discriminated(schema, by),
        None => schema,
    };
    builder.defined(schema)
}

/// `__get_pydantic_core_schema__` of an annotation of the user.
fn core_method(builder: &mut Builder, annotation: &Value) -> Option<Value> {
    user_method(
        builder,
        annotation,
        "__get_pydantic_core_schema__",
        "get_pydantic_core_schema",
        0,
    )
}

fn user_method(
    builder: &mut Builder,
    annotation: &Value,
    name: &str,
    keyword: &str,
    index: usize,
) -> Option<Value> {
    if let Some(("pydantic.GetPydanticSchema", made)) = made_of(annotation) {
        return argument(made, index, keyword)
            .filter(|value| !matches!(value, Value::None))
            .cloned();
    }
    let class = match annotation {
        Value::Class(class) => Rc::clone(class),
        Value::Object(object) => Rc::clone(&object.class),
        Value::Symbol(_) if !known::is_known(annotation) => {
            match builder.interp.force(annotation) {
                Value::Class(class) => class,
                _ => return None,
            }
        }
        Value::Made(record) if !known::is_known(&record.callee) => {
            match builder.interp.force(&record.callee) {
                Value::Class(class) => class,
                _ => return None,
            }
        }
        _ => return None,
    };
    class_attribute(builder.interp, &class, name)?;
    let receiver = match annotation {
        Value::Object(_) | Value::Class(_) => annotation.clone(),
        _ => Value::Class(class),
    };
    builder.interp.attribute(&receiver, name).ok()
}

/// What an annotation does to the JSON Schema.
fn json_hook(builder: &mut Builder, annotation: &Value) -> Option<Hook> {
    let mode = |value: Option<&Value>| match value {
        Some(Value::Str(mode)) if &**mode == "validation" => Some(Mode::Validation),
        Some(Value::Str(mode)) if &**mode == "serialization" => Some(Mode::Serialization),
        _ => None,
    };
    let name = made_of(annotation)
        .map(|(name, _)| name)
        .or_else(|| dotted(annotation));
    let record = made_of(annotation).map(|(_, made)| made);
    let first = |name: &str| record.and_then(|record| argument(record, 0, name)).cloned();
    match name {
        Some("pydantic.SkipJsonSchema") => return Some(Hook::Omit),
        Some("pydantic.WithJsonSchema") => {
            let record = record?;
            let schema = argument(record, 0, "json_schema")
                .filter(|value| !matches!(value, Value::None))
                .cloned();
            return Some(Hook::WithJsonSchema {
                schema,
                mode: mode(argument(record, 1, "mode")),
            });
        }
        Some("pydantic.Examples") => {
            let record = record?;
            let examples = argument(record, 0, "examples").cloned()?;
            return Some(Hook::Examples {
                examples,
                mode: mode(argument(record, 1, "mode")),
            });
        }
        Some("pydantic.UuidVersion") => {
            let Some(Value::Int(version)) = first("uuid_version") else {
                return None;
            };
            return Some(Hook::Update(object([
                ("type", json!("string")),
                ("format", json!(format!("uuid{version}"))),
            ])));
        }
        Some("pydantic.PathType") => {
            let format = match first("path_type")? {
                Value::Str(kind) => match &*kind {
                    "file" | "file-path" => "file-path",
                    "dir" | "directory-path" => "directory-path",
                    _ => "path",
                },
                _ => "path",
            };
            return Some(Hook::Update(object([
                ("format", json!(format)),
                ("type", json!("string")),
            ])));
        }
        Some("pydantic.EncodedBytes" | "pydantic.EncodedStr") => {
            let format = match first("encoder")? {
                Value::Str(format) => format,
                encoder => {
                    let method = builder.interp.attribute(&encoder, "get_json_format").ok()?;
                    match builder.lend(|interp| interp.call(&method, Args::default())) {
                        Ok(Value::Str(format)) => format,
                        _ => return None,
                    }
                }
            };
            return Some(Hook::Update(object([
                ("type", json!("string")),
                ("format", json!(&*format)),
            ])));
        }
        Some("pydantic.ImportString") => {
            return Some(Hook::Instead(
                Schema::scalar(Scalar::Str).node(),
                object([]),
            ));
        }
        Some("pydantic.InstanceOf") => return None,
        _ => {}
    }
    user_method(
        builder,
        annotation,
        "__get_pydantic_json_schema__",
        "get_pydantic_json_schema",
        1,
    )
    .map(Hook::User)
}

/// What pydantic's own annotations do.
fn known_annotation(
    builder: &mut Builder,
    annotation: &Value,
    chain: &Chain,
    below: usize,
    source: &Value,
    hooks: &mut Vec<Hook>,
) -> Option<Schema> {
    let record = made_of(annotation).map(|(_, made)| Rc::clone(made));
    let name = made_of(annotation)
        .map(|(name, _)| name)
        .or_else(|| dotted(annotation))?;
    let short = name.strip_prefix("pydantic.")?.to_owned();
    let given = |index: usize, name: &str| {
        record
            .as_ref()
            .and_then(|record| argument(record, index, name))
            .filter(|value| !is_undefined(value))
            .cloned()
    };
    Some(match &*short {
        "AfterValidator" | "BeforeValidator" | "WrapValidator" => {
            let schema = wrapped(builder, chain, below, source, hooks);
            let input = match &*short {
                "AfterValidator" => None,
                _ => given(1, "json_schema_input_type").map(|input| builder.node(&input)),
            };
            let validator = match &*short {
                "AfterValidator" => Validator::After,
                "BeforeValidator" => Validator::Before,
                _ => Validator::Wrap,
            };
            Schema::new(Kind::Function {
                validator,
                schema: schema.node(),
                input,
            })
        }
        "PlainValidator" => {
            let inner = wrapped(builder, chain, below, source, hooks);
            let input =
                given(1, "json_schema_input_type").unwrap_or_else(|| Value::symbol("typing.Any"));
            let input = builder.node(&input);
            let mut schema = Schema::new(Kind::Plain { input: Some(input) });
            if !is_impossible(&inner) {
                schema.serialization = Some(match &inner.serialization {
                    Some(serialization) => Rc::clone(serialization),
                    None => Rc::new(Serialization::Function {
                        plain: false,
                        function: Value::None,
                        takes_info: false,
                        returns: Some(builder.node(source)),
                        unless_none: false,
                    }),
                });
            }
            schema
        }
        "PlainSerializer" | "WrapSerializer" => {
            let mut schema = wrapped(builder, chain, below, source, hooks);
            let function = given(0, "func").unwrap_or(Value::None);
            let returns = match given(1, "return_type") {
                Some(returns) => Some(returns),
                None => super::build::returned(builder.interp, &function),
            };
            let returns = returns.map(|returns| builder.node(&returns));
            let unless_none = matches!(
                given(2, "when_used"),
                Some(Value::Str(when)) if matches!(&*when, "unless-none" | "json-unless-none")
            );
            let plain = short == "PlainSerializer";
            schema.serialization = Some(Rc::new(Serialization::Function {
                plain,
                function,
                takes_info: false,
                returns,
                unless_none,
            }));
            schema
        }
        "SkipValidation" => {
            let inner = wrapped(builder, chain, below, source, hooks);
            let mut schema = Schema::new(Kind::Any);
            schema
                .metadata
                .annotation_functions
                .push(Hook::Instead(inner.node(), object([])));
            schema
        }
        "InstanceOf" => {
            let instance = Schema::new(Kind::IsInstance("InstanceOf".to_owned()));
            let original = wrapped(builder, chain, below, source, hooks);
            if is_impossible(&original) {
                instance
            } else {
                let original = original.node();
                Schema::new(Kind::JsonOrPython {
                    json: original,
                    python: instance.node(),
                })
            }
        }
        "ValidateAs" => {
            let from = given(0, "from_type").unwrap_or_else(|| Value::symbol("typing.Any"));
            let inner = wrapped(builder, chain, below, &from, hooks);
            Schema::new(Kind::Function {
                validator: Validator::After,
                schema: inner.node(),
                input: None,
            })
        }
        "Json" => {
            let inner = wrapped(builder, chain, below, source, hooks);
            Schema::new(Kind::Json(Some(inner.node())))
        }
        "ImportString" => {
            let inner = wrapped(builder, chain, below, source, hooks);
            Schema::new(Kind::Function {
                validator: Validator::Before,
                schema: inner.node(),
                input: None,
            })
            .with_serialization(known::opaque())
        }
        "SerializeAsAny" => {
            let mut inner = wrapped(builder, chain, below, source, hooks);
            inner.serialization = Some(Rc::new(Serialization::Any));
            inner
        }
        "OnErrorOmit" => {
            let inner = wrapped(builder, chain, below, source, hooks);
            Schema::new(Kind::Default {
                schema: inner.node(),
                default: None,
            })
        }
        "Tag" => {
            let mut schema = wrapped(builder, chain, below, source, hooks);
            schema.metadata.tag = given(0, "tag");
            schema
        }
        "Discriminator" => match given(0, "discriminator") {
            Some(by @ Value::Str(_)) => {
                let field = made("pydantic.Field", Vec::new(), vec![("discriminator", by)]);
                let source = annotated(source.clone(), vec![field]);
                wrapped(builder, chain, below, &source, hooks)
            }
            _ => {
                let schema = wrapped(builder, chain, below, source, hooks);
                match discriminator::by_callable(builder.interp, schema.clone()) {
                    Ok(schema) => schema,
                    Err(_) => Schema::new(Kind::Deferred {
                        schema: schema.node(),
                        discriminator: annotation.clone(),
                    }),
                }
            }
        },
        "EncodedBytes" | "EncodedStr" => {
            let inner = wrapped(builder, chain, below, source, hooks);
            Schema::new(Kind::Function {
                validator: Validator::After,
                schema: inner.node(),
                input: None,
            })
            .with_serialization(known::opaque())
        }
        "PathType" => {
            let inner = wrapped(builder, chain, below, source, hooks);
            Schema::new(Kind::Function {
                validator: Validator::After,
                schema: inner.node(),
                input: None,
            })
        }
        "UrlConstraints" => {
            let mut schema = wrapped(builder, chain, below, source, hooks);
            if let Some(length) =
                given(0, "max_length").filter(|value| !matches!(value, Value::None))
            {
                set_url_length(&mut schema, length);
            }
            schema
        }
        // Classes that check more than the type they stand on says.
        "UuidVersion" | "AwareDatetime" | "NaiveDatetime" | "PastDate" | "FutureDate"
        | "PastDatetime" | "FutureDatetime" | "WithJsonSchema" | "Examples" | "SkipJsonSchema" => {
            wrapped(builder, chain, below, source, hooks)
        }
        "EmailStr" | "SecretStr" | "NameEmail" => {
            builder.inner(&Value::symbol(&format!("pydantic.{short}")))
        }
        _ => return None,
    })
}

fn set_url_length(schema: &mut Schema, length: Value) {
    match &mut schema.kind {
        Kind::Scalar(Scalar::Url | Scalar::MultiHostUrl, constraints) => {
            constraints.set("max_length", length)
        }
        Kind::Function { schema: inner, .. } => set_url_length(Rc::make_mut(inner), length),
        _ => {}
    }
}

/// `_apply_single_annotation`: a constraint on a schema.
fn single(builder: &mut Builder, mut schema: Schema, annotation: &Value) -> Schema {
    if let Some(info) = FieldInfo::of(builder.interp, annotation) {
        for metadata in &info.metadata {
            schema = single(builder, schema, metadata);
        }
        if let Some(by) = info.attribute("discriminator") {
            schema = builder.discriminated(schema, by);
        }
        return schema;
    }
    match &schema.kind {
        Kind::Nullable(inner) => {
            let inner = single(builder, (**inner).clone(), annotation);
            schema.kind = Kind::Nullable(inner.node());
            return schema;
        }
        Kind::Missing(Some(inner)) => {
            let inner = single(builder, (**inner).clone(), annotation);
            schema.kind = Kind::Missing(Some(inner.node()));
            return schema;
        }
        _ => {}
    }
    let original = schema.clone();
    let reference = match &schema.kind {
        Kind::Ref(reference) => Some(Rc::clone(reference)),
        _ => schema.reference.clone(),
    };
    if let Some(reference) = reference {
        if let Kind::Ref(_) = &schema.kind {
            match builder.interp.pydantic.definitions.get(&reference) {
                Some(definition) => schema = (**definition).clone(),
                None => {
                    return constraint::apply(builder.interp, annotation, schema)
                        .unwrap_or(original);
                }
            }
        }
        let text = builder
            .interp
            .text(annotation, true)
            .unwrap_or_else(|| format!("{annotation:?}"));
        let changed = Ref::from(format!(
            "{reference}_{}",
            text.replace(['[', ']', ',', ':'], "_")
        ));
        schema.reference = Some(changed);
    }
    constraint::apply(builder.interp, annotation, schema).unwrap_or(original)
}

/// `_apply_single_annotation_json_schema`: title, description and the like of a `Field`.
fn json_keys(interp: &mut Interp, mut schema: Schema, annotation: &Value) -> Schema {
    if let Some(info) = FieldInfo::of(interp, annotation) {
        let metadata = field_metadata(interp, &info);
        update_metadata(&mut schema.metadata, metadata);
    }
    schema
}

/// What a `Field` says for the JSON Schema (`_extract_json_schema_info_from_field_info`).
pub(super) fn field_metadata(interp: &mut Interp, info: &FieldInfo) -> Metadata {
    let mut metadata = Metadata::default();
    for name in ["title", "description"] {
        if let Some(value) = info.attribute(name).cloned() {
            let json = json_or_unknown(interp, &value);
            metadata.updates.insert(name.to_owned(), json);
        }
    }
    let deprecated = match info.attribute("deprecated") {
        None | Some(Value::Bool(false)) => false,
        Some(_) => true,
    };
    if deprecated {
        metadata
            .updates
            .insert("deprecated".to_owned(), json!(true));
    }
    if let Some(examples) = info.attribute("examples").cloned() {
        let json = json_or_unknown(interp, &examples);
        metadata.updates.insert("examples".to_owned(), json);
    }
    metadata.extra = info.attribute("json_schema_extra").cloned();
    metadata
}

/// `update_core_metadata`
pub(super) fn update_metadata(metadata: &mut Metadata, new: Metadata) {
    metadata.updates.extend(new.updates);
    let Some(extra) = new.extra else { return };
    metadata.extra = match (metadata.extra.take(), extra) {
        (Some(Value::Dict(old)), Value::Dict(new)) => {
            let mut both = old.borrow().clone();
            both.extend(
                new.borrow()
                    .iter()
                    .map(|(key, value)| (key.clone(), value.clone())),
            );
            Some(Value::dict(both))
        }
        (Some(old @ Value::Dict(_)), _) => Some(old),
        (_, new) => Some(new),
    };
}
