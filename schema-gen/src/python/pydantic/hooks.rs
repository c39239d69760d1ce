//! Where the evaluator meets pydantic: calls, attributes, classes.

use std::rc::Rc;

use crate::python::interp::{Args, Interp, Raised};
use crate::python::value::{Class, Dict, Key, Made, Native, Object, Value};

use super::read::{argument, callee, class_of, dotted, entries, key, made};
use super::{
    Mode, config, encode, fields, generic, handler, instance, model, model_json_schema, read,
};

/// Fills a new instance of a model: what its arguments, its environment (`BaseSettings`) and its
/// defaults give.
pub(crate) fn construct(
    interp: &mut Interp,
    class: &Rc<Class>,
    object: &Rc<Object>,
    args: Args,
) -> Result<(), Raised> {
    instance::fill(interp, class, object, args)
}

/// What a class statement means for a model that was just made.
pub(crate) fn class_created(interp: &mut Interp, class: &Rc<Class>) -> Result<(), Raised> {
    if !inherits_hook(class) {
        return Ok(());
    }
    let method = interp.attribute(&Value::Class(Rc::clone(class)), SUBCLASS_HOOK)?;
    let keywords = class
        .keywords
        .iter()
        .filter(|(name, _)| !config::is_key(name))
        .map(|(name, value)| (Rc::clone(name), value.clone()))
        .collect();
    let args = Args {
        keywords,
        ..Args::default()
    };
    interp.call(&method, args)?;
    Ok(())
}

const SUBCLASS_HOOK: &str = "__pydantic_init_subclass__";

/// Whether a base of the service's own has the hook. Bases from installed packages are not looked
/// into, as with `__init_subclass__`: that would read every package that a class derives from.
fn inherits_hook(class: &Class) -> bool {
    class.bases.iter().any(|base| {
        let base = match base {
            Value::Class(base) => base,
            Value::Generic(generic) => match &generic.origin {
                Value::Class(base) => base,
                _ => return false,
            },
            _ => return false,
        };
        base.namespace.borrow().contains_key(SUBCLASS_HOOK) || inherits_hook(base)
    })
}

/// The function or descriptor that pydantic's decorator wraps, to be used as if it stood there.
pub(crate) fn descriptor(made: &Rc<Made>) -> Option<Value> {
    let value = Value::Made(Rc::clone(made));
    let (name, _, function) = model::peel(&value)?;
    let function = function.clone();
    if name == "pydantic.computed_field" && matches!(function, Value::Function(_)) {
        return Some(Value::Descriptor(Rc::new(
            crate::python::value::Descriptor {
                kind: crate::python::value::DescriptorKind::Property,
                function,
                setter: None,
                marks: Vec::new(),
            },
        )));
    }
    Some(function)
}

fn bound(
    receiver: &Value,
    name: &'static str,
    run: fn(&mut Interp, Args) -> Result<Value, Raised>,
) -> Value {
    Value::Method(Rc::new((
        receiver.clone(),
        Value::Native(Native { name, run }),
    )))
}

/// An attribute that pydantic's metaclass or `BaseModel` gives a model class or an instance
/// (`model_fields`, `model_json_schema`, `model_dump` …), bound; `None` where there is none.
pub(crate) fn model_attribute(interp: &mut Interp, receiver: &Value, name: &str) -> Option<Value> {
    let class = match receiver {
        Value::Object(object) => Value::Class(Rc::clone(&object.class)),
        other => other.clone(),
    };
    if let Value::Generic(_) = receiver {
        let (origin, args) = generic::parametrised(interp, receiver)?;
        match name {
            "__name__" | "__qualname__" => {
                return Some(Value::str(&super::model_name(interp, &origin, &args)));
            }
            "__pydantic_generic_metadata__" => {
                let mut metadata = Dict::default();
                metadata.insert(key("origin"), Value::Class(origin));
                metadata.insert(key("args"), Value::Tuple(Rc::from(args)));
                metadata.insert(key("parameters"), Value::Tuple(Rc::from([])));
                return Some(Value::dict(metadata));
            }
            _ => {}
        }
        // What the class says itself comes first.
        if read::class_attribute(interp, &origin, name).is_some() {
            return None;
        }
    }
    Some(match name {
        "model_fields" | "__pydantic_fields__" | "__fields__" => {
            let mut all = Dict::default();
            for field in fields(interp, &class) {
                all.insert(Key(Value::Str(field.name.clone())), field.info.value());
            }
            Value::dict(all)
        }
        "model_computed_fields" => {
            let class = class_of(interp, &class)?;
            let decorators = model::decorators(interp, &class);
            let mut all = Dict::default();
            for (name, computed) in decorators.computed_fields {
                all.insert(Key(Value::Str(name)), computed.function);
            }
            Value::dict(all)
        }
        "model_config" => {
            let all = super::config(interp, &class);
            Value::dict(
                all.into_iter()
                    .map(|(name, value)| (Key(Value::Str(name)), value))
                    .collect(),
            )
        }
        "model_fields_set" | "__pydantic_fields_set__" => match receiver {
            Value::Object(object) => {
                let names = object
                    .attributes
                    .borrow()
                    .keys()
                    .map(|name| (Key(Value::Str(name.clone())), Value::None))
                    .collect();
                Value::Set(Rc::new(std::cell::RefCell::new(names)))
            }
            _ => return None,
        },
        "model_json_schema" | "schema" => bound(&class, "model_json_schema", json_schema),
        "model_dump" | "dict" => bound(receiver, "model_dump", dump),
        "model_dump_json" | "json" => bound(receiver, "model_dump_json", dump_json),
        "model_copy" | "copy" => bound(receiver, "model_copy", copy),
        "model_validate" | "parse_obj" | "from_orm" | "validate" => {
            bound(&class, "model_validate", validate)
        }
        "model_construct" | "construct" => bound(&class, "model_construct", make),
        "__class_getitem__" => bound(&class, "__class_getitem__", parametrised),
        "model_rebuild" | "update_forward_refs" => bound(&class, "model_rebuild", nothing),
        "model_post_init" | "__pydantic_init_subclass__" | "__init_subclass__" => {
            bound(receiver, "nothing", nothing)
        }
        "model_parametrized_name" => bound(&class, "model_parametrized_name", parametrized_name),
        "__get_pydantic_core_schema__" => {
            bound(&class, "__get_pydantic_core_schema__", default_core_schema)
        }
        "__get_pydantic_json_schema__" => {
            bound(&class, "__get_pydantic_json_schema__", default_json_schema)
        }
        _ => return None,
    })
}

fn receiver(args: &Args) -> Value {
    args.positional.first().cloned().unwrap_or(Value::None)
}

/// `handler(source)`
fn default_core_schema(interp: &mut Interp, args: Args) -> Result<Value, Raised> {
    let source = args.positional.get(1).cloned().unwrap_or(Value::None);
    let handler = args.positional.get(2).cloned().unwrap_or(Value::None);
    interp.call(&handler, Args::new(vec![source], args.place))
}

fn default_json_schema(interp: &mut Interp, args: Args) -> Result<Value, Raised> {
    default_core_schema(interp, args)
}

fn nothing(_: &mut Interp, _: Args) -> Result<Value, Raised> {
    Ok(Value::None)
}

/// `Model[T]` where the model has a method of its own around it.
fn parametrised(_: &mut Interp, args: Args) -> Result<Value, Raised> {
    let items = match args.positional.get(1) {
        Some(Value::Tuple(items)) => items.to_vec(),
        Some(item) => vec![item.clone()],
        None => Vec::new(),
    };
    Ok(read::generic(receiver(&args), items))
}

fn parametrized_name(interp: &mut Interp, args: Args) -> Result<Value, Raised> {
    let Some(class) = class_of(interp, &receiver(&args)) else {
        return Ok(Value::None);
    };
    let params = match args
        .positional
        .get(1)
        .or_else(|| args.keywords.get("params"))
    {
        Some(params) => interp.iterate(&params.clone())?.unwrap_or_default(),
        None => Vec::new(),
    };
    Ok(Value::str(&generic::class_name(interp, &class, &params)))
}

/// Mode, `by_alias` and template of a call of `json_schema`.
fn json_schema_of(
    interp: &mut Interp,
    annotation: &Value,
    mut args: Args,
    mode_index: usize,
) -> Value {
    let by_alias = match args.take(1, "by_alias") {
        Some(Value::Bool(flag)) => Some(flag),
        _ => None,
    };
    let template = match args.take(2, "ref_template") {
        Some(Value::Str(text)) => text,
        _ => Rc::from("#/$defs/{model}"),
    };
    let mode = match args.take(mode_index, "mode") {
        Some(Value::Str(mode)) if &*mode == "serialization" => Mode::Serialization,
        _ => Mode::Validation,
    };
    if let Some(generator) = args.take(3, "schema_generator")
        && dotted(&generator) != Some("pydantic.GenerateJsonSchema")
    {
        return Value::unknown(
            "a schema generator of the user's own is not evaluated",
            args.place,
        );
    }
    let json = model_json_schema(interp, annotation, mode, by_alias, &template);
    crate::python::library::json_to_value(&json)
}

fn json_schema(interp: &mut Interp, args: Args) -> Result<Value, Raised> {
    let model = receiver(&args);
    Ok(json_schema_of(interp, &model, args, 4))
}

fn dump(interp: &mut Interp, args: Args) -> Result<Value, Raised> {
    let model = receiver(&args);
    let flag = |name: &str| matches!(args.keywords.get(name), Some(Value::Bool(true)));
    let is_json = matches!(args.keywords.get("mode"), Some(Value::Str(mode)) if &**mode == "json");
    let (by_alias, exclude_none) = (flag("by_alias"), flag("exclude_none"));
    if is_json {
        let style = encode::Style {
            by_alias,
            exclude_none,
            ..encode::Style::default()
        };
        return Ok(match encode::jsonable_as(interp, &model, style) {
            Ok(json) => crate::python::library::json_to_value(&json),
            Err(_) => Value::unknown("the dump of the model is not known", args.place),
        });
    }
    let mut dumped = python_dump(interp, &model, by_alias, exclude_none, 0);
    for (name, keep) in [("include", true), ("exclude", false)] {
        if let (Some(names), Value::Dict(items)) = (args.keywords.get(name), &dumped) {
            let names = match names {
                Value::Set(names) => Some(names.borrow().clone()),
                Value::Dict(names) => Some(names.borrow().clone()),
                _ => None,
            };
            if let Some(names) = names {
                let mut items = items.borrow().clone();
                items.retain(|key, _| names.contains_key(key) == keep);
                dumped = Value::dict(items);
            }
        }
    }
    Ok(dumped)
}

/// Models as dictionaries, the rest as it is.
fn python_dump(
    interp: &mut Interp,
    value: &Value,
    by_alias: bool,
    exclude_none: bool,
    depth: u16,
) -> Value {
    if depth > encode::DEPTH {
        return Value::unknown("the value is nested too deep", None);
    }
    match value {
        Value::Object(object)
            if super::is_model(interp, &Value::Class(Rc::clone(&object.class))) =>
        {
            let all = model::fields(interp, &object.class, &[]);
            if model::is_root(interp, &object.class) {
                let root = object
                    .attributes
                    .borrow()
                    .get("root")
                    .cloned()
                    .unwrap_or(Value::None);
                return python_dump(interp, &root, by_alias, exclude_none, depth + 1);
            }
            let mut dumped = Dict::default();
            for field in all.iter() {
                let stored = object.attributes.borrow().get(&field.name).cloned();
                let Some(stored) = stored else { continue };
                if field.info.is_true("exclude") || exclude_none && matches!(stored, Value::None) {
                    continue;
                }
                let name = match field.info.text("serialization_alias") {
                    Some(alias) if by_alias => alias,
                    _ => Rc::clone(&field.name),
                };
                let inner = python_dump(interp, &stored, by_alias, exclude_none, depth + 1);
                dumped.insert(Key(Value::Str(name)), inner);
            }
            Value::dict(dumped)
        }
        Value::List(items) => {
            let items: Vec<Value> = items.borrow().clone();
            Value::list(
                items
                    .iter()
                    .map(|item| python_dump(interp, item, by_alias, exclude_none, depth + 1))
                    .collect(),
            )
        }
        Value::Dict(items) => {
            let items = items.borrow().clone();
            Value::dict(
                items
                    .into_iter()
                    .map(|(key, item)| {
                        (
                            key,
                            python_dump(interp, &item, by_alias, exclude_none, depth + 1),
                        )
                    })
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

fn dump_json(interp: &mut Interp, args: Args) -> Result<Value, Raised> {
    let model = receiver(&args);
    let by_alias = matches!(args.keywords.get("by_alias"), Some(Value::Bool(true)));
    let indented = args.keywords.contains_key("indent");
    let style = encode::Style {
        by_alias,
        ..encode::Style::default()
    };
    Ok(match encode::jsonable_as(interp, &model, style) {
        Ok(json) if !indented => Value::str(&json.to_string()),
        _ => Value::unknown("the dump of the model is not known", args.place),
    })
}

fn copy(_: &mut Interp, args: Args) -> Result<Value, Raised> {
    let Value::Object(object) = receiver(&args) else {
        return Ok(Value::None);
    };
    let mut attributes = object.attributes.borrow().clone();
    for (name, value) in args
        .keywords
        .get("update")
        .iter()
        .flat_map(|update| entries(update))
    {
        attributes.insert(name, value);
    }
    Ok(Value::Object(Rc::new(Object {
        class: Rc::clone(&object.class),
        attributes: std::cell::RefCell::new(attributes),
        payload: std::cell::RefCell::new(object.payload.borrow().clone()),
        place: object.place,
        uncertain: object.uncertain.clone(),
    })))
}

fn validate(interp: &mut Interp, args: Args) -> Result<Value, Raised> {
    let class = receiver(&args);
    let given = args
        .positional
        .get(1)
        .or_else(|| args.keywords.get("obj"))
        .cloned()
        .unwrap_or(Value::None);
    match &given {
        Value::Dict(_) => interp.call(
            &class,
            Args {
                keywords: entries(&given).into_iter().collect(),
                ..Args::default()
            },
        ),
        Value::Object(object)
            if class_of(interp, &class).is_some_and(|class| Rc::ptr_eq(&class, &object.class)) =>
        {
            Ok(given.clone())
        }
        _ => Ok(Value::unknown(
            "what the model validates is not known",
            args.place,
        )),
    }
}

fn make(interp: &mut Interp, args: Args) -> Result<Value, Raised> {
    let class = receiver(&args);
    let mut keywords = args.keywords;
    keywords.shift_remove("_fields_set");
    interp.call(
        &class,
        Args {
            keywords,
            place: args.place,
            ..Args::default()
        },
    )
}

/// An attribute of a record of one of pydantic's own calls (`TypeAdapter(X).json_schema`,
/// `Field(…).description`); `None` where there is none of that name.
pub(crate) fn made_attribute(interp: &mut Interp, record: &Rc<Made>, name: &str) -> Option<Value> {
    if let Some(value) = record.attributes.borrow().get(name) {
        return Some(value.clone());
    }
    if let Some(value) = handler::attribute(interp, record, name) {
        return Some(value);
    }
    let value = Value::Made(Rc::clone(record));
    if let ("setter" | "deleter" | "getter", Some(("pydantic.computed_field", ..))) =
        (name, model::peel(&value))
    {
        // `@area.setter`: the computed field stays what it is.
        let native = Native {
            name: "setter",
            run: |_, args| Ok(receiver(&args)),
        };
        return Some(Value::Method(Rc::new((value, Value::Native(native)))));
    }
    match callee(record)? {
        "pydantic.TypeAdapter" => match name {
            "json_schema" => Some(bound(&value, "json_schema", adapter_json_schema)),
            "rebuild" => Some(bound(&value, "rebuild", nothing)),
            _ => None,
        },
        "pydantic.AliasChoices" if name == "choices" => Some(Value::list(record.args.clone())),
        "pydantic.AliasPath" if name == "path" => Some(Value::list(record.args.clone())),
        "pydantic.SecretStr" | "pydantic.SecretBytes" | "pydantic.Secret" => match name {
            "get_secret_value" => Some(bound(&value, "get_secret_value", secret_value)),
            "_secret_value" => record.args.first().cloned(),
            _ => None,
        },
        function if super::field::is_field_function(function) => {
            let info = super::FieldInfo::from_made(interp, record);
            Some(match name {
                "default" => info
                    .default
                    .clone()
                    .unwrap_or_else(|| Value::symbol("pydantic_core.PydanticUndefined")),
                "default_factory" => info.default_factory.clone().unwrap_or(Value::None),
                "annotation" => record
                    .kwargs
                    .get("annotation")
                    .cloned()
                    .unwrap_or(Value::None),
                "metadata" => Value::list(info.metadata.clone()),
                "is_required" => bound(&value, "is_required", is_required),
                "get_default" => bound(&value, "get_default", get_default),
                "alias"
                | "alias_priority"
                | "validation_alias"
                | "serialization_alias"
                | "title"
                | "description"
                | "examples"
                | "exclude"
                | "discriminator"
                | "deprecated"
                | "json_schema_extra"
                | "frozen"
                | "validate_default"
                | "repr"
                | "init"
                | "init_var"
                | "kw_only" => info.attribute(name).cloned().unwrap_or(Value::None),
                _ => return None,
            })
        }
        _ => None,
    }
}

fn secret_value(_: &mut Interp, args: Args) -> Result<Value, Raised> {
    Ok(match receiver(&args) {
        Value::Made(record) => record.args.first().cloned().unwrap_or(Value::None),
        _ => Value::None,
    })
}

fn is_required(interp: &mut Interp, args: Args) -> Result<Value, Raised> {
    Ok(match receiver(&args) {
        Value::Made(record) => {
            Value::Bool(super::FieldInfo::from_made(interp, &record).is_required())
        }
        _ => Value::Bool(false),
    })
}

fn get_default(interp: &mut Interp, args: Args) -> Result<Value, Raised> {
    let Value::Made(record) = receiver(&args) else {
        return Ok(Value::None);
    };
    let info = super::FieldInfo::from_made(interp, &record);
    match (
        &info.default_factory,
        args.keywords.get("call_default_factory"),
    ) {
        (Some(factory), Some(Value::Bool(true))) => interp.call(&factory.clone(), Args::default()),
        (Some(_), _) => Ok(Value::None),
        _ => Ok(info
            .default
            .unwrap_or_else(|| Value::symbol("pydantic_core.PydanticUndefined"))),
    }
}

fn adapter_json_schema(interp: &mut Interp, args: Args) -> Result<Value, Raised> {
    let Value::Made(record) = receiver(&args) else {
        return Ok(Value::None);
    };
    let annotation = argument(&record, 0, "type").cloned().unwrap_or(Value::None);
    Ok(json_schema_of(interp, &annotation, args, usize::MAX))
}

/// `schema["type"]` of a core schema, `…` of other records.
pub(crate) fn made_subscript(
    interp: &mut Interp,
    record: &Rc<Made>,
    index: &Value,
) -> Option<Value> {
    match index {
        Value::Str(key) => handler::entry(interp, record, key),
        _ => None,
    }
}

/// `bool()` of a record of one of pydantic's calls, where it is known.
pub(crate) fn made_truth(record: &Made) -> Option<bool> {
    match callee(record)? {
        "pydantic.SecretStr" | "pydantic.SecretBytes" => match record.args.first()? {
            Value::Str(text) => Some(!text.is_empty()),
            Value::Bytes(bytes) => Some(!bytes.is_empty()),
            _ => None,
        },
        "pydantic.AliasChoices"
        | "pydantic.AliasPath"
        | "pydantic.AliasGenerator"
        | "pydantic.TypeAdapter"
        | "pydantic.Discriminator"
        | "pydantic.Tag" => Some(true),
        function if super::field::is_field_function(function) => Some(true),
        _ => None,
    }
}

/// `schema["ref"] = "Name"` of a core schema.
pub(crate) fn set_made_subscript(
    interp: &mut Interp,
    record: &Rc<Made>,
    index: &Value,
    value: &Value,
) {
    if let Value::Str(key) = index {
        handler::set_entry(interp, record, key, value);
    }
}

/// Calls of records of pydantic's own calls: handlers.
pub(crate) fn call_made(
    interp: &mut Interp,
    record: &Rc<Made>,
    args: &Args,
) -> Option<Result<Value, Raised>> {
    if let Some(done) = handler::call(interp, record, args) {
        return Some(done);
    }
    let first = args.positional.first()?;
    match (callee(record)?, first) {
        ("pydantic.with_config", Value::Class(class)) => {
            let mut settings = Dict::default();
            let given = record.args.iter().chain(record.kwargs.get("config"));
            settings.extend(
                given
                    .flat_map(entries)
                    .map(|(name, value)| (key(&name), value)),
            );
            let rest = record
                .kwargs
                .iter()
                .filter(|(name, _)| &***name != "config");
            settings.extend(rest.map(|(name, value)| (key(name), value.clone())));
            class
                .namespace
                .borrow_mut()
                .insert(Rc::from("__pydantic_config__"), Value::dict(settings));
            Some(Ok(first.clone()))
        }
        (name, Value::Class(class)) if super::field::is_deprecated(name) => {
            class
                .marks
                .borrow_mut()
                .push(Value::Made(Rc::clone(record)));
            Some(Ok(first.clone()))
        }
        (name, Value::Function(function)) if super::field::is_deprecated(name) => {
            let message = record.args.first().cloned().unwrap_or(Value::None);
            function
                .attributes
                .borrow_mut()
                .insert(Rc::from("__deprecated__"), message);
            Some(Ok(first.clone()))
        }
        (name, _) if super::field::is_deprecated(name) => Some(Ok(first.clone())),
        _ => None,
    }
}

/// Calls of pydantic's functions that give something else than a record of the call
/// (`create_model`, `to_camel` …); `None` for the rest.
pub(crate) fn call_symbol(
    interp: &mut Interp,
    dotted: &str,
    args: &Args,
) -> Option<Result<Value, Raised>> {
    let first = args.positional.first().cloned();
    Some(match dotted {
        "pydantic.alias_generators.to_camel" | "pydantic.to_camel" => {
            Ok(Value::str(&super::alias::to_camel(text(&first)?)))
        }
        "pydantic.alias_generators.to_pascal" | "pydantic.to_pascal" => {
            Ok(Value::str(&super::alias::to_pascal(text(&first)?)))
        }
        "pydantic.alias_generators.to_snake" | "pydantic.to_snake" => {
            Ok(Value::str(&super::alias::to_snake(text(&first)?)))
        }
        "pydantic.create_model" => create_model(interp, args.clone()),
        "pydantic.ConfigDict"
        | "pydantic_settings.SettingsConfigDict"
        | "sqlmodel.SQLModelConfig" => {
            let mut settings = Dict::default();
            for value in &args.positional {
                settings.extend(
                    entries(value)
                        .into_iter()
                        .map(|(name, value)| (key(&name), value)),
                );
            }
            settings.extend(
                args.keywords
                    .iter()
                    .map(|(name, value)| (Key(Value::Str(Rc::clone(name))), value.clone())),
            );
            Ok(Value::dict(settings))
        }
        "pydantic_core.to_jsonable_python" => match encode::jsonable(interp, &first?) {
            Ok(json) => Ok(crate::python::library::json_to_value(&json)),
            Err(_) => Ok(Value::unknown("the value is not JSON", args.place)),
        },
        "pydantic._internal._repr.display_as_type" => {
            Ok(Value::str(&generic::display(interp, &first?)))
        }
        "pydantic.parse_obj_as" => validate(interp, args.clone()),
        "pydantic.models_json_schema" => Ok(Value::unknown(
            "models_json_schema is not evaluated",
            args.place,
        )),
        "pydantic.schema_of" => {
            let json =
                model_json_schema(interp, &first?, Mode::Validation, None, "#/$defs/{model}");
            Ok(crate::python::library::json_to_value(&json))
        }
        // Decorators that change nothing that counts here.
        "pydantic.validate_call" if matches!(first, Some(Value::Function(_))) => Ok(first?),
        _ => return None,
    })
}

fn text(value: &Option<Value>) -> Option<&str> {
    match value {
        Some(Value::Str(text)) => Some(text),
        _ => None,
    }
}

/// `create_model(name, __base__=…, field=(type, default))`
fn create_model(interp: &mut Interp, mut args: Args) -> Result<Value, Raised> {
    let name = args.take(0, "model_name").unwrap_or(Value::None);
    let Value::Str(name) = name else {
        return Ok(Value::unknown(
            "the name of the model is not known",
            args.place,
        ));
    };
    if args.incomplete {
        return Ok(Value::unknown(
            format!("the fields of the model {name} are not known"),
            args.place,
        ));
    }
    let special = |args: &mut Args, name: &str| {
        args.keywords
            .shift_remove(name)
            .filter(|value| !matches!(value, Value::None))
    };
    let bases = match special(&mut args, "__base__") {
        Some(Value::Tuple(bases)) => bases.to_vec(),
        Some(base) => vec![base],
        None => vec![Value::symbol("pydantic.BaseModel")],
    };
    let mut namespace = crate::python::value::Namespace::default();
    if let Some(settings) = special(&mut args, "__config__") {
        namespace.insert(Rc::from("model_config"), settings);
    }
    if let Some(doc @ Value::Str(_)) = special(&mut args, "__doc__") {
        namespace.insert(Rc::from("__doc__"), doc);
    }
    if let Some(module @ Value::Str(_)) = special(&mut args, "__module__") {
        namespace.insert(Rc::from("__module__"), module);
    }
    for (name, validator) in special(&mut args, "__validators__")
        .iter()
        .flat_map(entries)
    {
        namespace.insert(name, validator);
    }
    let keywords = match special(&mut args, "__cls_kwargs__") {
        Some(keywords) => entries(&keywords).into_iter().collect(),
        None => crate::python::value::Namespace::default(),
    };
    let mut annotations = Vec::new();
    for (name, definition) in std::mem::take(&mut args.keywords) {
        let annotation = match definition {
            Value::Tuple(pair) => match &*pair {
                [annotation, default] => {
                    if !matches!(default, Value::Ellipsis) {
                        namespace.insert(Rc::clone(&name), default.clone());
                    }
                    annotation.clone()
                }
                [annotation] => annotation.clone(),
                _ => Value::unknown("the definition of the field is not known", args.place),
            },
            other => other,
        };
        annotations.push((name, annotation));
    }
    interp.new_class(&name, bases, namespace, annotations, keywords, args.place)
}

impl super::FieldInfo {
    /// What `Field(…)` was given.
    fn given(&self) -> Vec<(&str, Value)> {
        let mut given: Vec<(&str, Value)> = self
            .attributes
            .iter()
            .map(|(name, value)| (&**name, value.clone()))
            .collect();
        given.extend(self.default.clone().map(|default| ("default", default)));
        given.extend(
            self.default_factory
                .clone()
                .map(|factory| ("default_factory", factory)),
        );
        given
    }

    /// The `FieldInfo` as functions of the user see it: a record of `Field(…)`.
    pub(crate) fn value(&self) -> Value {
        let mut kwargs = self.given();
        if let Some(annotation) = &self.annotation {
            kwargs.push(("annotation", annotation.clone()));
        }
        if !self.metadata.is_empty() {
            kwargs.push(("__metadata__", Value::list(self.metadata.clone())));
        }
        made("pydantic.FieldInfo", Vec::new(), kwargs)
    }

    /// `Annotated[T, …metadata…, Field(…)]`
    pub(crate) fn annotated(&self) -> Value {
        let mut metadata = self.metadata.clone();
        metadata.push(made("pydantic.FieldInfo", Vec::new(), self.given()));
        let annotation = self
            .annotation
            .clone()
            .unwrap_or_else(|| Value::symbol("typing.Any"));
        read::annotated(annotation, metadata)
    }
}
