//! Instances of models: their values from arguments, environment and defaults.

use std::rc::Rc;

use indexmap::IndexMap;

use crate::python::interp::{Args, Interp, Raised};
use crate::python::syntax::{Name, ParameterKind};
use crate::python::value::{Class, Key, Object, Value};

use super::config::{self, Config};
use super::field::FieldInfo;
use super::model::{Decorated, Decorators};
use super::read::{class_of, dotted, entries, is_undefined, made_of};
use super::{ModelField, is_model, model, typing};

/// Fills a new instance of a model: what its arguments, its environment (`BaseSettings`) and its
/// defaults give.
pub(super) fn fill(
    interp: &mut Interp,
    class: &Rc<Class>,
    object: &Rc<Object>,
    args: Args,
) -> Result<(), Raised> {
    let settings = config::of_model(interp, class);
    let fields = model::fields(interp, class, &[]);
    let mut given = args.keywords.clone();
    if model::is_root(interp, class) {
        let root = match args.positional.first() {
            Some(root) => root.clone(),
            None if given.is_empty() => default(interp, fields.first()).unwrap_or(Value::None),
            None => Value::dict(
                given
                    .into_iter()
                    .map(|(name, value)| (Key(Value::Str(name)), value))
                    .collect(),
            ),
        };
        object
            .attributes
            .borrow_mut()
            .insert(Rc::from("root"), root);
        return Ok(());
    }
    let decorators = model::decorators(interp, class);
    for validator in decorators.model_validators.values() {
        if validator.mode("") == "before" {
            let data = given
                .drain(..)
                .map(|(name, value)| (Key(Value::Str(name)), value))
                .collect();
            let data = bound_call(interp, class, validator, vec![Value::dict(data)]);
            if !matches!(data, Value::Dict(_)) {
                let why = format!(
                    "what {} makes of the arguments is not known",
                    validator.name
                );
                for field in fields.iter() {
                    let unknown = Value::unknown(why.clone(), args.place);
                    object
                        .attributes
                        .borrow_mut()
                        .insert(Rc::clone(&field.name), unknown);
                }
                return Ok(());
            }
            given.extend(entries(&data));
        }
    }
    let value = Value::Class(Rc::clone(class));
    let is_settings = typing::inherits(interp, &value, &["pydantic_settings.BaseSettings"]);
    for field in fields.iter() {
        let mut names: Vec<Rc<str>> = Vec::new();
        match field
            .info
            .attribute("validation_alias")
            .or_else(|| field.info.attribute("alias"))
        {
            Some(Value::Str(alias)) => names.push(Rc::clone(alias)),
            Some(choices) => names.extend(choice_names(choices)),
            None => {}
        }
        names.push(Rc::clone(&field.name));
        let argument = names.iter().find_map(|name| given.shift_remove(name));
        let found = match argument {
            Some(value) => Some(value),
            None if is_settings => from_environment(interp, &settings, field),
            None => None,
        };
        let found = match found {
            Some(found) => Some(validated(interp, class, &decorators, field, found)),
            // What is not known to be given may be.
            None if args.incomplete => None,
            None => {
                let value = default(interp, Some(field));
                let checked =
                    settings.flag("validate_default") || field.info.is_true("validate_default");
                match value {
                    Some(value) if checked => {
                        Some(validated(interp, class, &decorators, field, value))
                    }
                    value => value,
                }
            }
        };
        let value = found.unwrap_or_else(|| {
            let why = if args.incomplete {
                "not all arguments are known"
            } else {
                "the field is not given"
            };
            Value::unknown(format!("{why}: {}", field.name), args.place)
        });
        object
            .attributes
            .borrow_mut()
            .insert(Rc::clone(&field.name), value);
    }
    if settings.text("extra").as_deref() == Some("allow") {
        for (name, value) in given {
            object.attributes.borrow_mut().insert(name, value);
        }
    }
    private_attributes(interp, class, object);
    if super::read::class_attribute(interp, class, "model_post_init").is_some() {
        let method = interp.attribute(&Value::Object(Rc::clone(object)), "model_post_init")?;
        interp.call(&method, Args::new(vec![Value::None], args.place))?;
    }
    after_validators(interp, class, object)
}

/// A value through the validators of its field.
fn validated(
    interp: &mut Interp,
    class: &Rc<Class>,
    decorators: &Decorators,
    field: &ModelField,
    value: Value,
) -> Value {
    let own = |all: &IndexMap<Name, Decorated>| -> Vec<Decorated> {
        all.values()
            .filter(|validator| validator.is_for(&field.name))
            .cloned()
            .collect()
    };
    let mut validators = own(&decorators.field_validators);
    validators.extend(own(&decorators.validators));
    let is_before = |validator: &Decorated| {
        validator.mode("after") == "before"
            || matches!(validator.keyword("pre"), Some(Value::Bool(true)))
    };
    let mut value = value;
    if let Some(other) = validators
        .iter()
        .find(|it| matches!(it.mode("after"), "wrap" | "plain"))
    {
        return Value::unknown(
            format!("what {} makes of the value is not known", other.name),
            None,
        );
    }
    // The one that is written last stands outermost.
    for validator in validators
        .iter()
        .rev()
        .filter(|validator| is_before(validator))
    {
        value = bound_call(interp, class, validator, vec![value]);
    }
    value = converted(interp, &field.info, value);
    for validator in validators.iter().filter(|validator| !is_before(validator)) {
        value = bound_call(interp, class, validator, vec![value]);
    }
    value
}

/// Calls a validator; what it takes besides the value is not known.
fn bound_call(
    interp: &mut Interp,
    class: &Rc<Class>,
    validator: &Decorated,
    mut args: Vec<Value>,
) -> Value {
    let receiver = Value::Class(Rc::clone(class));
    let Ok(method) = interp.attribute(&receiver, &validator.name) else {
        return Value::unknown(format!("{} is not known", validator.name), None);
    };
    // A plain function gets the class as a class method does.
    if matches!(method, Value::Function(_)) {
        args.insert(0, receiver);
    }
    let wanted = interp.signature(&method).map_or(args.len(), |signature| {
        let positional = |kind| {
            matches!(
                kind,
                ParameterKind::PositionalOnly | ParameterKind::PositionalOrKeyword
            )
        };
        signature
            .parameters
            .iter()
            .filter(|parameter| positional(parameter.kind))
            .count()
    });
    while args.len() < wanted {
        args.push(Value::unknown(
            "what a validator is told besides the value",
            None,
        ));
    }
    match interp.call(&method, Args::new(args, None)) {
        Ok(value) => value,
        Err(_) => Value::unknown(format!("{} raised an exception", validator.name), None),
    }
}

/// `@model_validator(mode="after")` and after validators of fields that change a value.
fn after_validators(
    interp: &mut Interp,
    class: &Rc<Class>,
    object: &Rc<Object>,
) -> Result<(), Raised> {
    let decorators = model::decorators(interp, class);
    for validator in decorators.model_validators.values() {
        if validator.mode("") == "after" {
            let function = super::build::inner_function(&validator.function);
            interp.call(
                &function,
                Args::new(vec![Value::Object(Rc::clone(object))], None),
            )?;
        }
    }
    Ok(())
}

fn private_attributes(interp: &mut Interp, class: &Rc<Class>, object: &Rc<Object>) {
    for layer in interp.mro(class).iter() {
        let Value::Class(layer) = layer else { continue };
        let names: Vec<(Rc<str>, Value)> = layer
            .namespace
            .borrow()
            .iter()
            .filter(|(name, _)| name.starts_with('_') && !name.starts_with("__"))
            .map(|(name, value)| (Rc::clone(name), value.clone()))
            .collect();
        for (name, value) in names {
            let Some(("pydantic.PrivateAttr", made)) = made_of(&value) else {
                continue;
            };
            let initial = match (
                made.kwargs.get("default").or_else(|| made.args.first()),
                made.kwargs.get("default_factory"),
            ) {
                (Some(default), _) => default.clone(),
                (None, Some(factory)) => interp
                    .call(&factory.clone(), Args::default())
                    .unwrap_or(Value::None),
                (None, None) => continue,
            };
            object
                .attributes
                .borrow_mut()
                .entry(name)
                .or_insert(initial);
        }
    }
}

/// The default of a field, made anew.
fn default(interp: &mut Interp, field: Option<&ModelField>) -> Option<Value> {
    let info = &field?.info;
    if let Some(factory) = info.default_factory.clone() {
        return Some(match interp.call(&factory, Args::default()) {
            Ok(value) => value,
            Err(_) => Value::unknown("the default factory raised an exception", None),
        });
    }
    let default = info
        .default
        .clone()
        .filter(|default| !is_undefined(default))?;
    Some(match &default {
        Value::List(items) => Value::list(items.borrow().clone()),
        Value::Dict(items) => Value::dict(items.borrow().clone()),
        _ => default,
    })
}

fn choice_names(value: &Value) -> Vec<Rc<str>> {
    match made_of(value) {
        Some(("pydantic.AliasChoices", made)) => made
            .args
            .iter()
            .filter_map(|choice| match choice {
                Value::Str(name) => Some(Rc::clone(name)),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// A value as its field's type has it: nested models of dictionaries, simple types of texts.
fn converted(interp: &mut Interp, info: &FieldInfo, value: Value) -> Value {
    let Some(annotation) = info.annotation.clone() else {
        return value;
    };
    convert(interp, &annotation, value)
}

fn convert(interp: &mut Interp, annotation: &Value, value: Value) -> Value {
    let annotation = typing::inspect(interp, annotation).annotation;
    match (&annotation, &value) {
        (Value::Union(items), _) => {
            for item in items.iter() {
                if matches!((item, &value), (Value::None, Value::None)) {
                    return value;
                }
            }
            match items.iter().find(|item| !matches!(item, Value::None)) {
                Some(first) if items.len() == 2 => convert(interp, first, value),
                _ => value,
            }
        }
        (Value::Class(class), Value::Dict(_)) if is_model(interp, &annotation) => {
            let keywords = entries(&value).into_iter().collect();
            let call = Args {
                keywords,
                ..Args::default()
            };
            interp
                .call(&Value::Class(Rc::clone(class)), call)
                .unwrap_or(value)
        }
        (Value::Class(class), _) if super::is_enum(interp, class) => {
            let member = crate::python::library::enum_members(class)
                .into_iter()
                .find(|member| match member {
                    Value::Object(object) => object
                        .attributes
                        .borrow()
                        .get("_value_")
                        .cloned()
                        .or_else(|| object.payload.borrow().clone())
                        .is_some_and(|inner| inner.same(&value)),
                    _ => false,
                });
            member.unwrap_or(value)
        }
        (Value::Symbol(symbol), Value::Str(text)) => match &*symbol.0 {
            "builtins.int" => text.trim().parse().map_or(value.clone(), Value::Int),
            "builtins.float" => text.trim().parse().map_or(value.clone(), Value::Float),
            "builtins.bool" => match text.trim().to_lowercase().as_str() {
                "1" | "true" | "t" | "yes" | "y" | "on" => Value::Bool(true),
                "0" | "false" | "f" | "no" | "n" | "off" => Value::Bool(false),
                _ => value,
            },
            "pathlib.Path" | "pydantic.SecretStr" | "datetime.timedelta" => interp
                .call(&annotation, Args::new(vec![value.clone()], None))
                .unwrap_or(value),
            _ => value,
        },
        (Value::Symbol(symbol), Value::Int(number)) if symbol.is("builtins.float") => {
            Value::Float(*number as f64)
        }
        (Value::Generic(it), Value::List(items)) => {
            let Some(item) = it.args.first().cloned() else {
                return value;
            };
            let origin = dotted(&it.origin).map(|name| typing::plain_origin(name).to_owned());
            let items: Vec<Value> = items.borrow().clone();
            match origin.as_deref() {
                Some("builtins.list" | "collections.abc.Sequence") => Value::list(
                    items
                        .into_iter()
                        .map(|value| convert(interp, &item, value))
                        .collect(),
                ),
                _ => value,
            }
        }
        _ => value,
    }
}

/// The value of a setting in the environment (`pydantic_settings`, `EnvSettingsSource`).
fn from_environment(interp: &mut Interp, settings: &Config, field: &ModelField) -> Option<Value> {
    let prefix = settings.text("env_prefix").unwrap_or_else(|| Rc::from(""));
    let exact = settings.flag("case_sensitive");
    let mut names: Vec<String> = Vec::new();
    match field
        .info
        .attribute("validation_alias")
        .or_else(|| field.info.attribute("alias"))
    {
        Some(Value::Str(alias)) => names.push(alias.to_string()),
        Some(choices) => names.extend(choice_names(choices).iter().map(ToString::to_string)),
        None => names.push(format!("{prefix}{}", field.name)),
    }
    let text = names.iter().find_map(|name| {
        interp
            .options
            .environment
            .iter()
            .find(|(key, _)| {
                if exact {
                    key == name
                } else {
                    key.eq_ignore_ascii_case(name)
                }
            })
            .map(|(_, value)| value.clone())
    });
    let annotation = field.info.annotation.clone()?;
    let text = match text {
        Some(text) => text,
        None => return nested(interp, settings, &annotation, &names),
    };
    if is_complex(interp, &annotation) {
        let json: serde_json::Value = serde_json::from_str(&text).ok()?;
        return Some(convert(
            interp,
            &annotation,
            crate::python::library::json_to_value(&json),
        ));
    }
    Some(convert(interp, &annotation, Value::str(&text)))
}

/// `PREFIX__FIELD=…` for a field that is a model.
fn nested(
    interp: &mut Interp,
    settings: &Config,
    annotation: &Value,
    names: &[String],
) -> Option<Value> {
    let delimiter = settings.text("env_nested_delimiter")?;
    let annotation = typing::inspect(interp, annotation).annotation;
    let class = class_of(interp, &annotation).filter(|_| is_model(interp, &annotation))?;
    let mut keywords = crate::python::value::Namespace::default();
    for inner in model::fields(interp, &class, &[]).iter() {
        for name in names {
            let full = format!("{name}{delimiter}{}", inner.name);
            let found = interp
                .options
                .environment
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(&full));
            if let Some((_, value)) = found {
                keywords.insert(Rc::clone(&inner.name), Value::str(value));
            }
        }
    }
    if keywords.is_empty() {
        return None;
    }
    interp
        .call(
            &Value::Class(class),
            Args {
                keywords,
                ..Args::default()
            },
        )
        .ok()
}

fn is_complex(interp: &mut Interp, annotation: &Value) -> bool {
    let annotation = typing::inspect(interp, annotation).annotation;
    match &annotation {
        Value::Generic(it) => !matches!(dotted(&it.origin), Some("typing.Literal")),
        Value::Union(items) => items.iter().any(|item| is_complex(interp, item)),
        Value::Symbol(symbol) => {
            matches!(
                &*symbol.0,
                "builtins.list"
                    | "builtins.dict"
                    | "builtins.set"
                    | "builtins.tuple"
                    | "typing.List"
                    | "typing.Dict"
            )
        }
        _ => is_model(interp, &annotation),
    }
}
