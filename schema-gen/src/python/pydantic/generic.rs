//! Type variables, parametrised models, and the names that they get.

use std::rc::Rc;

use crate::python::interp::Interp;
use crate::python::value::{Class, TypeVar, Value};

use super::read::{self, dotted, generic};
use super::schema::Ref;
use super::{is_model, typing};

/// The type parameters of a class, in order: those of its own list, of `Generic[…]`, or the type
/// variables in its bases.
pub(super) fn parameters(class: &Rc<Class>) -> Vec<Rc<TypeVar>> {
    let mut found: Vec<Rc<TypeVar>> = Vec::new();
    for param in &class.type_params {
        if let Value::TypeVar(var) = param {
            push(&mut found, var);
        }
    }
    if !found.is_empty() {
        return found;
    }
    for base in &class.bases {
        if let Value::Generic(it) = base
            && matches!(
                dotted(&it.origin),
                Some("typing.Generic" | "typing.Protocol")
            )
        {
            for arg in &it.args {
                variables(arg, &mut found);
            }
            return found;
        }
    }
    for base in class.bases.clone() {
        if let Value::Generic(it) = &base {
            for arg in &it.args {
                variables(arg, &mut found);
            }
        } else if dotted(&base) == Some("pydantic.RootModel") {
            push(&mut found, &root_variable());
        }
    }
    found
}

/// The type variable of `RootModel` itself, where it is not parametrised.
pub(super) fn root_variable() -> Rc<TypeVar> {
    Rc::new(TypeVar {
        name: Rc::from("RootModelRootType"),
        bound: None,
        constraints: Vec::new(),
        default: None,
    })
}

fn push(found: &mut Vec<Rc<TypeVar>>, var: &Rc<TypeVar>) {
    if !found.iter().any(|other| Rc::ptr_eq(other, var)) {
        found.push(Rc::clone(var));
    }
}

/// The type variables in a type, in order.
pub(super) fn variables(value: &Value, found: &mut Vec<Rc<TypeVar>>) {
    match value {
        Value::TypeVar(var) => push(found, var),
        Value::Generic(it) => {
            let args: &[Value] = if it.origin.is_symbol("typing.Annotated") {
                it.args.get(..1).unwrap_or(&[])
            } else {
                &it.args
            };
            for arg in args {
                variables(arg, found);
            }
        }
        Value::Union(items) => items.iter().for_each(|item| variables(item, found)),
        Value::List(items) => items
            .borrow()
            .iter()
            .for_each(|item| variables(item, found)),
        _ => {}
    }
}

/// How deep generics are nested in a type.
pub(super) fn nesting(value: &Value) -> usize {
    match value {
        Value::Generic(it) => 1 + it.args.iter().map(nesting).max().unwrap_or(0),
        Value::Union(items) => items.iter().map(nesting).max().unwrap_or(0),
        _ => 0,
    }
}

pub(super) type TypeVars = Vec<(Rc<TypeVar>, Value)>;

/// What each parameter of the class stands for with these arguments; missing ones by their default
/// (`map_generic_model_arguments`).
pub(super) fn arguments(interp: &mut Interp, class: &Rc<Class>, args: &[Value]) -> TypeVars {
    let mut map: TypeVars = Vec::new();
    for (index, parameter) in parameters(class).into_iter().enumerate() {
        let argument = match args.get(index) {
            Some(argument) => argument.clone(),
            None => match &parameter.default {
                Some(default) => substitute(interp, default, &map),
                None => Value::TypeVar(Rc::clone(&parameter)),
            },
        };
        map.push((parameter, argument));
    }
    map
}

/// The type with its variables replaced (`pydantic/_internal/_generics.py`, `replace_types`).
pub(super) fn substitute(interp: &mut Interp, value: &Value, map: &TypeVars) -> Value {
    if map.is_empty() {
        return value.clone();
    }
    match value {
        Value::TypeVar(var) => map
            .iter()
            .find(|(parameter, _)| Rc::ptr_eq(parameter, var))
            .map_or_else(|| value.clone(), |(_, argument)| argument.clone()),
        Value::Generic(it) => {
            let is_annotated = it.origin.is_symbol("typing.Annotated");
            if it.origin.is_symbol("typing.Literal") {
                return value.clone();
            }
            let mut changed = false;
            let mut args = Vec::with_capacity(it.args.len());
            for (index, arg) in it.args.iter().enumerate() {
                if is_annotated && index > 0 {
                    args.push(arg.clone());
                    continue;
                }
                let replaced = substitute(interp, arg, map);
                changed |= !identical(&replaced, arg);
                args.push(replaced);
            }
            if changed {
                generic(it.origin.clone(), args)
            } else {
                value.clone()
            }
        }
        Value::Union(items) => {
            let mut flat: Vec<Value> = Vec::new();
            for item in items.iter() {
                let replaced = substitute(interp, item, map);
                match typing::normal(interp, &replaced) {
                    Value::Union(inner) => flat.extend(inner.iter().cloned()),
                    _ => flat.push(replaced),
                }
            }
            if flat.iter().any(|item| item.is_symbol("typing.Any")) {
                return Value::symbol("typing.Any");
            }
            flat.retain(|item| !matches!(dotted(item), Some("typing.Never" | "typing.NoReturn")));
            let mut unique: Vec<Value> = Vec::new();
            for item in flat {
                if !unique.iter().any(|other| other.same(&item)) {
                    unique.push(item);
                }
            }
            match (unique.len(), unique.first()) {
                (1, Some(only)) => only.clone(),
                _ => Value::Union(Rc::from(unique)),
            }
        }
        Value::List(items) => {
            let items: Vec<Value> = items.borrow().clone();
            Value::list(
                items
                    .iter()
                    .map(|item| substitute(interp, item, map))
                    .collect(),
            )
        }
        Value::Class(class) if is_model(interp, value) => {
            let parameters = parameters(class);
            let args: Vec<Value> = parameters
                .iter()
                .map(|parameter| substitute(interp, &Value::TypeVar(Rc::clone(parameter)), map))
                .collect();
            let changed = parameters
                .iter()
                .zip(&args)
                .any(|(parameter, arg)| !matches!(arg, Value::TypeVar(var) if Rc::ptr_eq(var, parameter)));
            if changed {
                generic(value.clone(), args)
            } else {
                value.clone()
            }
        }
        Value::Forward(_) => {
            let resolved = typing::normal(interp, value);
            let mut open = Vec::new();
            variables(&resolved, &mut open);
            if open.is_empty() {
                value.clone()
            } else {
                substitute(interp, &resolved, map)
            }
        }
        _ => value.clone(),
    }
}

fn identical(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Generic(left), Value::Generic(right)) => Rc::ptr_eq(left, right),
        (Value::Union(left), Value::Union(right)) => Rc::ptr_eq(left, right),
        _ => left.same(right),
    }
}

/// A class with the arguments it is parametrised with, completed with defaults; no arguments where
/// it is not parametrised, or with its own parameters.
pub(super) fn parametrised(interp: &mut Interp, value: &Value) -> Option<(Rc<Class>, Vec<Value>)> {
    match value {
        Value::Class(class) => Some((Rc::clone(class), Vec::new())),
        Value::Symbol(_) => {
            let forced = interp.force(value);
            match forced {
                Value::Class(_) | Value::Generic(_) => parametrised(interp, &forced),
                _ => None,
            }
        }
        Value::Generic(it) => {
            let (class, outer) = parametrised(interp, &it.origin)?;
            if !outer.is_empty() {
                // `Page[T, int][str]`: the arguments are those of what is still open.
                let mut open: Vec<Rc<TypeVar>> = Vec::new();
                outer.iter().for_each(|arg| variables(arg, &mut open));
                let map: TypeVars = open.into_iter().zip(it.args.iter().cloned()).collect();
                let args = outer
                    .iter()
                    .map(|arg| substitute(interp, arg, &map))
                    .collect();
                return Some((class, args));
            }
            let map = arguments(interp, &class, &it.args);
            if map.is_empty() {
                return Some((class, it.args.clone()));
            }
            let own = map
                .iter()
                .all(|(parameter, argument)| matches!(argument, Value::TypeVar(var) if Rc::ptr_eq(var, parameter)));
            Some((
                class,
                if own {
                    Vec::new()
                } else {
                    map.into_iter().map(|(_, argument)| argument).collect()
                },
            ))
        }
        _ => None,
    }
}

/// The name of a type as in `Page[Item]` (`pydantic/_internal/_repr.py`, `display_as_type`).
pub(super) fn display(interp: &mut Interp, value: &Value) -> String {
    match value {
        Value::None => "NoneType".to_owned(),
        Value::Ellipsis => "...".to_owned(),
        Value::Str(text) => text.to_string(),
        Value::Forward(forward) => format!("ForwardRef('{}')", forward.text),
        Value::Union(items) => {
            let items: Vec<String> = items.iter().map(|item| display(interp, item)).collect();
            format!("Union[{}]", items.join(", "))
        }
        Value::Generic(it) => {
            let args = match parametrised(interp, value) {
                Some((_, args)) if !args.is_empty() => args,
                _ => it.args.clone(),
            };
            let literal = it.origin.is_symbol("typing.Literal");
            let args: Vec<String> = args
                .iter()
                .map(|arg| {
                    if literal {
                        interp.text(arg, true).unwrap_or_default()
                    } else {
                        argument_text(interp, arg, value)
                    }
                })
                .collect();
            format!("{}[{}]", display(interp, &it.origin), args.join(", "))
        }
        Value::Class(class) => class.qualname.to_string(),
        Value::Symbol(symbol) => {
            let normal = typing::normal(interp, value);
            match &normal {
                Value::Symbol(_) => symbol.0.rsplit('.').next().unwrap_or_default().to_owned(),
                _ => display(interp, &normal),
            }
        }
        Value::TypeVar(var) => format!("~{}", var.name),
        Value::Alias(alias) if alias.is_new_type => "NewType".to_owned(),
        Value::Alias(alias) => alias.name.to_string(),
        Value::Made(_) => {
            let normal = typing::normal(interp, value);
            match &normal {
                Value::Made(made) => match super::FieldInfo::of(interp, &normal) {
                    Some(info) => field_text(interp, &info),
                    None => class_text(read::callee(made).unwrap_or_default()),
                },
                _ => display(interp, &normal),
            }
        }
        // Of what is no type the class is shown.
        Value::Object(object) => object.class.qualname.to_string(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Int(_) => "int".to_owned(),
        Value::Float(_) => "float".to_owned(),
        Value::List(_) => "list".to_owned(),
        Value::Dict(_) => "dict".to_owned(),
        Value::Tuple(_) => "tuple".to_owned(),
        _ => interp.text(value, true).unwrap_or_default(),
    }
}

/// The name of an argument: of a model's, a name in a string stands as it is.
fn argument_text(interp: &mut Interp, arg: &Value, generic: &Value) -> String {
    match arg {
        Value::Forward(forward) if is_model(interp, generic) => forward.text.to_string(),
        _ => display(interp, arg),
    }
}

fn class_text(dotted: &str) -> String {
    dotted.rsplit('.').next().unwrap_or_default().to_owned()
}

/// `repr` of a `FieldInfo` that is metadata (`FieldInfo.__repr_args__`).
fn field_text(interp: &mut Interp, info: &super::FieldInfo) -> String {
    let mut parts = vec![
        "annotation=NoneType".to_owned(),
        format!(
            "required={}",
            if info.is_required() { "True" } else { "False" }
        ),
    ];
    if let Some(default) = &info.default {
        parts.push(format!(
            "default={}",
            interp.text(default, true).unwrap_or_default()
        ));
    }
    for name in [
        "alias",
        "alias_priority",
        "title",
        "description",
        "examples",
        "exclude",
        "discriminator",
        "deprecated",
        "json_schema_extra",
        "frozen",
        "validate_default",
    ] {
        if let Some(value) = info.attribute(name) {
            parts.push(format!(
                "{name}={}",
                interp.text(value, true).unwrap_or_default()
            ));
        }
    }
    if !info.metadata.is_empty() {
        let shown: Vec<String> = info
            .metadata
            .iter()
            .map(|item| metadata_text(interp, item))
            .collect();
        parts.push(format!("metadata=[{}]", shown.join(", ")));
    }
    format!("FieldInfo({})", parts.join(", "))
}

fn metadata_text(interp: &mut Interp, value: &Value) -> String {
    let Some((name, made)) = read::made_of(value) else {
        return interp.text(value, true).unwrap_or_default();
    };
    let class = class_text(name);
    let field = match &*class {
        "Gt" => "gt",
        "Ge" => "ge",
        "Lt" => "lt",
        "Le" => "le",
        "MultipleOf" => "multiple_of",
        "MinLen" => "min_length",
        "MaxLen" => "max_length",
        "Strict" => "strict",
        _ => "",
    };
    let shown = made
        .args
        .first()
        .map(|arg| interp.text(arg, true).unwrap_or_default())
        .unwrap_or_default();
    if class == "GeneralMetadata" {
        let entries: Vec<String> = made
            .kwargs
            .iter()
            .map(|(name, value)| format!("{name}={}", interp.text(value, true).unwrap_or_default()))
            .collect();
        return format!("_PydanticGeneralMetadata({})", entries.join(", "));
    }
    format!("{class}({field}={shown})")
}

/// The name of a model class: `Page[Item]` where it is parametrised.
pub(super) fn class_name(interp: &mut Interp, class: &Rc<Class>, args: &[Value]) -> String {
    let name = class.name.borrow().to_string();
    if args.is_empty() {
        return name;
    }
    let class = Value::Class(Rc::clone(class));
    let args: Vec<String> = args
        .iter()
        .map(|arg| argument_text(interp, arg, &class))
        .collect();
    format!("{name}[{}]", args.join(", "))
}

/// The identity of a class with its arguments.
pub(super) fn class_reference(interp: &mut Interp, class: &Rc<Class>, args: &[Value]) -> Ref {
    let mut text = format!(
        "{}.{}:{}",
        class.module,
        class.qualname,
        Rc::as_ptr(class) as usize
    );
    text.push_str(&argument_reference(interp, args));
    Rc::from(text)
}

pub(super) fn argument_reference(interp: &mut Interp, args: &[Value]) -> String {
    if args.is_empty() {
        return String::new();
    }
    let args: Vec<String> = args
        .iter()
        .map(|arg| {
            let shown = match arg {
                Value::Forward(forward) => forward.text.to_string(),
                _ => display(interp, arg),
            };
            format!("{shown}:{}", identity(interp, arg))
        })
        .collect();
    format!("[{}]", args.join(","))
}

/// A text that is the same for equal types only; it has nothing in it that parts a reference.
fn identity(interp: &mut Interp, value: &Value) -> String {
    match value {
        Value::Class(class) => format!("{}", Rc::as_ptr(class) as usize),
        Value::Alias(alias) => format!("{}", Rc::as_ptr(alias) as usize),
        Value::TypeVar(var) => format!("{}", Rc::as_ptr(var) as usize),
        Value::Generic(it) => {
            let args: Vec<String> = it.args.iter().map(|arg| identity(interp, arg)).collect();
            format!("({} {})", identity(interp, &it.origin), args.join(" "))
        }
        Value::Union(items) => {
            let items: Vec<String> = items.iter().map(|item| identity(interp, item)).collect();
            format!("(| {})", items.join(" "))
        }
        Value::Symbol(symbol) => symbol.0.to_string(),
        Value::Forward(forward) => {
            format!(
                "{} {}",
                forward.scope.module,
                forward.text.replace(['[', ']', ',', ':'], "_")
            )
        }
        Value::Made(made) => format!("{}", Rc::as_ptr(made) as usize),
        _ => {
            let text = interp.text(value, true).unwrap_or_default();
            text.chars()
                .map(|character| {
                    if "[],:".contains(character) {
                        '_'
                    } else {
                        character
                    }
                })
                .collect()
        }
    }
}

/// What the parameters of a base stand for in a class.
pub(super) fn arguments_in(
    interp: &mut Interp,
    class: &Rc<Class>,
    base: &Rc<Class>,
    map: &TypeVars,
) -> TypeVars {
    if Rc::ptr_eq(class, base) {
        return map.clone();
    }
    for written in class.bases.clone() {
        let Some((direct, args)) = parametrised(interp, &written) else {
            continue;
        };
        let args: Vec<Value> = args
            .iter()
            .map(|arg| substitute(interp, arg, map))
            .collect();
        let inner = arguments(interp, &direct, &args);
        let found = arguments_in(interp, &direct, base, &inner);
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}
