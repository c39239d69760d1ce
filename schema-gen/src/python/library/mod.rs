//! Models of the language's own library: builtins, the standard library, typing.
//!
//! A module is modelled in one of two ways: as Python of ours that the evaluator runs (a *prelude*),
//! or as names alone ([`Value::Symbol`]), some of which have a meaning of ours when they are called,
//! read or subscribed. A class of the standard library whose objects matter (`pathlib.Path`) is a
//! symbol, too, and a class of the prelude `_impl.pathlib` makes its objects.

mod builtins;
mod compare;
mod containers;
mod dataclasses;
mod enums;
mod exceptions;
mod format;
mod json;
mod names;
mod regex;
mod signature;
mod standard;
mod stars;
#[cfg(test)]
mod tests;
mod text;
mod types;
mod typing;

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use super::interp::{Args, Interp, Raised};
use super::value::{
    Class, Descriptor, DescriptorKind, Dict, Key, Made, Namespace, Native, Object, Symbol, Value,
};

pub(crate) use compare::{equal, order};
pub(crate) use enums::{enum_members, is_mixed};
pub(crate) use exceptions::{exception_bases, raise};
pub(crate) use format::{float as float_text, format_percent, format_spec, quote};
pub(crate) use json::json_to_value;
pub(crate) use names::{implementation, is_modelled};
pub(crate) use signature::given as given_signature;
pub(crate) use stars::public_names;
pub(crate) use text::{clean_docstring, title_case};
pub(crate) use types::{is_instance, type_of};

/// The longest text that is made.
const MAX_TEXT: usize = 4_000_000;
/// The largest collection that is made.
const MAX_ITEMS: usize = 200_000;

/// How a module is modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Python of ours. A name that the text does not define is a [`Value::Symbol`].
    Prelude(&'static str),
    /// Every name is a [`Value::Symbol`] or what [`symbol_attribute`] says.
    Symbols,
}

/// How the module of that name is modelled; `None` where it is not.
pub(crate) fn module(dotted: &str) -> Option<Source> {
    names::module(dotted)
}

/// The one name of what has several.
pub(crate) fn canonical(dotted: &str) -> Cow<'_, str> {
    names::canonical(dotted)
}

/// What a built-in base of an object's class holds; every other value is itself. A member of an
/// enumeration without a data type is no text, whatever its value is.
pub(crate) fn plain(value: &Value) -> Value {
    match value {
        Value::Object(object) if object.class.is_enum.get() && !is_mixed(&object.class) => {
            value.clone()
        }
        Value::Object(object) => object
            .payload
            .borrow()
            .clone()
            .unwrap_or_else(|| value.clone()),
        other => other.clone(),
    }
}

/// The first argument that is not known.
fn unknown_argument(args: &Args) -> Option<Value> {
    if args.incomplete {
        return Some(Value::unknown("not all arguments are known", args.place));
    }
    args.positional
        .iter()
        .chain(args.keywords.values())
        .find(|it| it.is_unknown())
        .cloned()
}

/// Calls of libraries among the arguments, for what they give, where their source is at hand.
fn realize_all(interp: &mut Interp<'_>, args: &mut Args) {
    for value in args.positional.iter_mut().chain(args.keywords.values_mut()) {
        if let Value::Made(made) = &*value
            && let Some(known) = interp.realize(&Rc::clone(made))
        {
            *value = known;
        }
    }
}

/// The function of that dotted name that has a meaning of ours.
fn function(dotted: &str) -> Option<Native> {
    builtins::function(dotted)
        .or_else(|| typing::function(dotted))
        .or_else(|| dataclasses::function(dotted))
        .or_else(|| standard::function(dotted))
        .or_else(|| json::function(dotted))
}

/// Builtins that see the frame of their caller: the evaluator has their meaning.
fn sees_caller(name: &str) -> bool {
    matches!(
        name,
        "super" | "globals" | "locals" | "vars" | "dir" | "__import__"
    )
}

/// A builtin.
pub(crate) fn builtin(name: &str) -> Option<Value> {
    let dotted = format!("builtins.{name}");
    if let Some(native) = function(&dotted).filter(|_| !sees_caller(name)) {
        return Some(Value::Native(native));
    }
    match name {
        "NotImplemented" => return Some(Value::NotImplemented),
        "Ellipsis" => return Some(Value::Ellipsis),
        "__debug__" => return Some(Value::Bool(true)),
        _ => {}
    }
    let dotted = canonical(&dotted);
    let known = types::is_class(&dotted)
        || sees_caller(name)
        || matches!(
            name,
            "open" | "input" | "eval" | "exec" | "compile" | "aiter" | "anext" | "exit" | "quit"
        );
    known.then(|| Value::symbol(&dotted))
}

/// The class of ours that makes the objects of a class of the standard library.
fn implementing_class(interp: &mut Interp<'_>, symbol: &Symbol) -> Option<Value> {
    let (module, name) = implementation(&symbol.0)?;
    match interp.import(module, None) {
        Ok(Value::Module(module)) => module.scope.names.borrow().get(name).cloned(),
        _ => None,
    }
}

fn static_method(native: Native) -> Value {
    Value::Descriptor(Rc::new(Descriptor {
        kind: DescriptorKind::StaticMethod,
        function: Value::Native(native),
        setter: None,
        marks: Vec::new(),
    }))
}

/// An attribute of a symbol: of a modelled module or class. `None`: nothing is known of it, it is
/// the symbol of the longer name.
pub(crate) fn symbol_attribute(
    interp: &mut Interp<'_>,
    symbol: &Symbol,
    name: &str,
) -> Option<Result<Value, Raised>> {
    if symbol.is("_hitchpost") {
        let native = standard::own(name).or_else(|| super::fastapi::native(name))?;
        return Some(Ok(Value::Native(native)));
    }
    if name == "__class__" {
        let class = match &*symbol.0 {
            it if types::is_class(it) => "builtins.type",
            it if it.starts_with("typing.") => "typing._SpecialForm",
            _ => return None,
        };
        return Some(Ok(Value::symbol(class)));
    }
    let written = format!("{}.{name}", symbol.0);
    let dotted = canonical(&written);
    if symbol.is("builtins") {
        return builtin(name).map(Ok);
    }
    if let Some(native) = function(&dotted) {
        return Some(Ok(Value::Native(native)));
    }
    if let Some(value) = standard::constant(interp, &dotted) {
        return Some(value);
    }
    if let Some(Value::Class(class)) = implementing_class(interp, symbol) {
        let found = match types::own_method(interp, &class, name) {
            Some(found) => found,
            None if name == "__name__" || name == "__qualname__" => {
                Value::str(symbol.0.rsplit('.').next()?)
            }
            None => return None,
        };
        return Some(Ok(found));
    }
    let method = match &*symbol.0 {
        "builtins.str" if name == "maketrans" => {
            return Some(Ok(static_method(Native {
                name: "str.maketrans",
                run: text::make_translation,
            })));
        }
        "builtins.dict" if name == "fromkeys" => {
            return Some(Ok(static_method(Native {
                name: "dict.fromkeys",
                run: from_keys,
            })));
        }
        "builtins.str" | "builtins.int" | "builtins.float" | "builtins.bytes"
        | "builtins.tuple" | "builtins.dict" | "builtins.list" | "builtins.set"
        | "builtins.frozenset"
            if name == "__new__" =>
        {
            return Some(Ok(static_method(Native {
                name: "builtins.__new__",
                run: make_instance,
            })));
        }
        "builtins.str" => text::str_method(name),
        "builtins.bytes" => text::bytes_method(name),
        "builtins.list" => containers::list_method(name),
        "builtins.tuple" => containers::tuple_method(name),
        "builtins.dict" => containers::dict_method(name),
        "builtins.set" | "builtins.frozenset" => containers::set_method(name),
        _ => None,
    };
    method.map(|native| Ok(Value::Native(native)))
}

/// `str.__new__(cls, …)`.
fn make_instance(interp: &mut Interp<'_>, mut args: Args) -> Result<Value, Raised> {
    let place = args.place;
    if !args.positional.is_empty()
        && let Value::Class(class) = args.positional.remove(0)
        && let Some(made) = new_instance(interp, &class, &args)
    {
        return made;
    }
    Ok(Value::unknown("an object that is made by `__new__`", place))
}

fn from_keys(interp: &mut Interp<'_>, mut args: Args) -> Result<Value, Raised> {
    let value = args.take(1, "value").unwrap_or(Value::None);
    let items = match args.take(0, "iterable") {
        Some(keys) => interp.iterate(&keys)?,
        None => None,
    };
    Ok(match items {
        Some(keys) => Value::dict(
            keys.into_iter()
                .map(|key| (Key(key), value.clone()))
                .collect::<Dict>(),
        ),
        None => Value::unknown("dict.fromkeys of what is not known", args.place),
    })
}

/// An attribute of a value of a builtin type.
pub(crate) fn value_attribute(
    interp: &mut Interp<'_>,
    value: &Value,
    name: &str,
) -> Option<Result<Value, Raised>> {
    let inner = plain(value);
    let method = match &inner {
        Value::Str(_) => text::str_method(name),
        Value::Bytes(_) => text::bytes_method(name),
        Value::List(_) => containers::list_method(name),
        Value::Tuple(_) => containers::tuple_method(name),
        Value::Dict(_) => containers::dict_method(name),
        Value::Set(_) | Value::FrozenSet(_) => containers::set_method(name),
        Value::Int(_) | Value::Float(_) | Value::Bool(_) => {
            return number_attribute(&inner, name).map(Ok);
        }
        Value::Slice(parts) => {
            let [start, stop, step] = &**parts;
            return match name {
                "start" => Some(Ok(start.clone())),
                "stop" => Some(Ok(stop.clone())),
                "step" => Some(Ok(step.clone())),
                _ => None,
            };
        }
        Value::Made(made) => return made_attribute(interp, made, name).map(Ok),
        Value::Union(_) if name == "__name__" => return Some(Ok(Value::str("Union"))),
        Value::Union(_) if name == "__class__" => return Some(Ok(types::type_of(interp, &inner))),
        _ => None,
    }?;
    Some(Ok(Value::Method(Rc::new((
        value.clone(),
        Value::Native(method),
    )))))
}

fn number_attribute(value: &Value, name: &str) -> Option<Value> {
    let method = |native: Native| Value::Method(Rc::new((value.clone(), Value::Native(native))));
    Some(match (value, name) {
        (Value::Int(_) | Value::Float(_), "real") => value.clone(),
        (Value::Int(_), "numerator") => value.clone(),
        (_, "bit_length" | "is_integer" | "__str__" | "__repr__" | "__hash__" | "__bool__") => {
            method(standard::number_method(name)?)
        }
        _ => return None,
    })
}

fn made_attribute(interp: &mut Interp<'_>, made: &Rc<Made>, name: &str) -> Option<Value> {
    let Value::Symbol(symbol) = &made.callee else {
        return None;
    };
    if symbol.is("dataclasses.Field") {
        return dataclasses::field_attribute(interp, made, name);
    }
    if symbol.is("pydantic.AliasChoices") && name == "choices"
        || symbol.is("pydantic.AliasPath") && name == "path"
    {
        return Some(Value::list(made.args.clone()));
    }
    if exceptions::is_exception(&symbol.0) {
        return Some(match name {
            "args" => Value::Tuple(Rc::from(made.args.clone())),
            "__class__" => made.callee.clone(),
            "__cause__" | "__context__" | "__traceback__" => Value::None,
            "with_traceback" | "add_note" => Value::Method(Rc::new((
                Value::Made(Rc::clone(made)),
                Value::Native(standard::own("same")?),
            ))),
            "code" if symbol.is("builtins.SystemExit") => {
                made.args.first().cloned().unwrap_or(Value::None)
            }
            "name" => match made.kwargs.get("name") {
                Some(given) => given.clone(),
                // `No module named 'x'`
                None if exceptions::derives(&symbol.0, "builtins.ImportError") => {
                    let text = text::string_of(made.args.first()?)?;
                    Value::str(text.split('\'').nth(1)?)
                }
                None => return None,
            },
            "value" if symbol.is("builtins.StopIteration") => {
                made.args.first().cloned().unwrap_or(Value::None)
            }
            _ => return None,
        });
    }
    None
}

/// `str` or `repr` of the record of a call, where that is known: of an exception.
pub(crate) fn made_text(interp: &mut Interp<'_>, made: &Rc<Made>, as_repr: bool) -> Option<String> {
    let Value::Symbol(symbol) = &made.callee else {
        return None;
    };
    if !exceptions::is_exception(&symbol.0) {
        return None;
    }
    let mut args = Vec::new();
    for arg in &made.args {
        let inside = as_repr || made.args.len() > 1 || symbol.is("builtins.KeyError");
        args.push(interp.text(arg, inside)?);
    }
    let name = symbol.0.rsplit('.').next().unwrap_or_default();
    Some(match (as_repr, args.as_slice()) {
        (true, _) => format!("{name}({})", args.join(", ")),
        (false, []) => String::new(),
        (false, [one]) => one.clone(),
        (false, _) => format!("({})", args.join(", ")),
    })
}

/// `str` or `repr` of a member of an enumeration whose class does not define it.
pub(crate) fn object_text(
    interp: &mut Interp<'_>,
    object: &Rc<Object>,
    as_repr: bool,
) -> Option<String> {
    if !object.class.is_enum.get() {
        return None;
    }
    let value = object.attributes.borrow().get("_value_").cloned()?;
    let text = interp.text(&value, as_repr);
    enums::enum_text(object, as_repr, text)
}

fn record(callee: Value, args: Args) -> Value {
    Value::Made(Rc::new(Made {
        callee,
        args: args.positional,
        kwargs: args.keywords,
        place: args.place,
        attributes: RefCell::default(),
    }))
}

/// Calls a symbol; what has no meaning of ours is recorded as [`Value::Made`].
pub(crate) fn call_symbol(
    interp: &mut Interp<'_>,
    symbol: &Symbol,
    args: Args,
) -> Result<Value, Raised> {
    if let Some(native) = function(&symbol.0) {
        return (native.run)(interp, args);
    }
    if let Some(class) = implementing_class(interp, symbol) {
        return interp.call(&class, args);
    }
    let place = args.place;
    let (module, name) = symbol.0.rsplit_once('.').unwrap_or(("", &symbol.0));
    let done = match module {
        "builtins" => types::construct(interp, name, args.clone()),
        "typing" => typing::construct(interp, name, args.clone()),
        "enum" => match name {
            "Enum" | "IntEnum" | "StrEnum" | "Flag" | "IntFlag" if !args.positional.is_empty() => {
                Some(enums::functional(
                    interp,
                    Value::Symbol(symbol.clone()),
                    args.clone(),
                ))
            }
            "unique" => args.positional.first().cloned().map(Ok),
            "property" => Some(Ok(types::descriptor(
                DescriptorKind::Property,
                args.clone(),
            ))),
            _ => None,
        },
        "abc" | "functools" | "types" => match name {
            "abstractproperty" => Some(Ok(types::descriptor(
                DescriptorKind::Property,
                args.clone(),
            ))),
            "cached_property" => Some(Ok(types::descriptor(
                DescriptorKind::CachedProperty,
                args.clone(),
            ))),
            "abstractclassmethod" => Some(Ok(types::descriptor(
                DescriptorKind::ClassMethod,
                args.clone(),
            ))),
            "abstractstaticmethod" => Some(Ok(types::descriptor(
                DescriptorKind::StaticMethod,
                args.clone(),
            ))),
            "DynamicClassAttribute" => Some(Ok(types::descriptor(
                DescriptorKind::Property,
                args.clone(),
            ))),
            _ => None,
        },
        "dataclasses" | "pydantic.dataclasses" if name == "dataclass" => {
            match args.positional.first() {
                Some(Value::Class(class)) => {
                    let class = Rc::clone(class);
                    let mark = Value::Symbol(symbol.clone());
                    Some(
                        dataclasses::apply(interp, &class, mark, &args.keywords)
                            .map(|()| Value::Class(class)),
                    )
                }
                _ => None,
            }
        }
        "collections" if name == "namedtuple" => {
            Some(dataclasses::named_tuple(interp, args.clone()))
        }
        _ if standard::changes(module) => Some(Ok(Value::unknown(
            format!("{} gives another value each time", symbol.0),
            place,
        ))),
        _ => None,
    };
    match done.or_else(|| super::pydantic::call_symbol(interp, &symbol.0, &args)) {
        Some(done) => done,
        None => Ok(record(Value::Symbol(symbol.clone()), args)),
    }
}

/// Calls the record of a call: `dataclass(kw_only=True)(Class)`.
pub(crate) fn call_made(
    interp: &mut Interp<'_>,
    made: &Rc<Made>,
    args: Args,
) -> Option<Result<Value, Raised>> {
    if let Some(done) = super::pydantic::call_made(interp, made, &args) {
        return Some(done);
    }
    let Value::Symbol(symbol) = &made.callee else {
        return None;
    };
    match (&*symbol.0, args.positional.first()) {
        ("dataclasses.dataclass" | "pydantic.dataclasses.dataclass", Some(Value::Class(class))) => {
            let mark = Value::Made(Rc::clone(made));
            Some(
                dataclasses::apply(interp, class, mark, &made.kwargs)
                    .map(|()| Value::Class(Rc::clone(class))),
            )
        }
        // Decorators that leave what they decorate as it is.
        (
            "enum.verify"
            | "pydantic.with_config"
            | "typing.dataclass_transform"
            | "warnings.deprecated"
            | "typing.deprecated"
            | "atexit.register",
            Some(value),
        ) => Some(Ok(value.clone())),
        _ => None,
    }
}

/// An object of a user's class as its built-in base makes it, before `__init__`; `None` where no
/// base says more than `object` does.
pub(crate) fn new_instance(
    interp: &mut Interp<'_>,
    class: &Rc<Class>,
    args: &Args,
) -> Option<Result<Value, Raised>> {
    let mro = interp.mro(class);
    let base = mro.iter().find_map(|it| match it {
        Value::Symbol(symbol) => match &*symbol.0 {
            "builtins.str" | "builtins.int" | "builtins.float" | "builtins.bytes"
            | "builtins.tuple" | "builtins.frozenset" | "builtins.dict" | "builtins.list"
            | "builtins.set" | "typing.NamedTuple" | "typing.TypedDict" => {
                Some(Rc::clone(&symbol.0))
            }
            "pydantic.ConfigDict" | "pydantic_settings.SettingsConfigDict" => {
                Some(Rc::from("typing.TypedDict"))
            }
            other if exceptions::is_exception(other) => Some(Rc::from("builtins.BaseException")),
            _ => None,
        },
        _ => None,
    })?;
    if &*base == "typing.TypedDict" {
        return types::construct(interp, "dict", args.clone());
    }
    let object = interp.new_object(class, args.place);
    let payload = match &*base {
        "typing.NamedTuple" => {
            return Some(
                dataclasses::named_tuple_init(interp, &object, args)
                    .map(|()| Value::Object(object)),
            );
        }
        "builtins.BaseException" => {
            let given = Value::Tuple(Rc::from(args.positional.clone()));
            object
                .attributes
                .borrow_mut()
                .insert(Rc::from("args"), given);
            return Some(Ok(Value::Object(object)));
        }
        "builtins.dict" => Value::dict(Dict::default()),
        "builtins.list" => Value::list(Vec::new()),
        "builtins.set" => Value::Set(Rc::new(RefCell::new(Dict::default()))),
        immutable => {
            let name = immutable.strip_prefix("builtins.").unwrap_or(immutable);
            let given = Args {
                keywords: Namespace::default(),
                ..args.clone()
            };
            match types::construct(interp, name, given) {
                Some(Ok(value)) => plain(&value),
                Some(Err(raised)) => return Some(Err(raised)),
                None => Value::unknown(format!("{name}() of what is not known"), args.place),
            }
        }
    };
    *object.payload.borrow_mut() = Some(payload);
    Some(Ok(Value::Object(object)))
}

/// `__init__` of an object of a user's class as far as it comes from a library's base.
pub(crate) fn init(
    interp: &mut Interp<'_>,
    base: &Symbol,
    object: &Rc<Object>,
    args: Args,
) -> Option<Result<(), Raised>> {
    match &*base.0 {
        "builtins.object" | "builtins.str" | "builtins.int" | "builtins.float"
        | "builtins.bytes" | "builtins.tuple" | "builtins.frozenset" | "typing.NamedTuple"
        | "enum.Enum" => return Some(Ok(())),
        "builtins.dict" | "builtins.list" | "builtins.set" => {
            let name = base.0.strip_prefix("builtins.").unwrap_or_default();
            let filled = match types::construct(interp, name, args)? {
                Ok(filled) => filled,
                Err(raised) => return Some(Err(raised)),
            };
            // In place: others may hold it already.
            let held = object.payload.borrow().clone();
            match (held, filled) {
                (Some(Value::Dict(held)), Value::Dict(filled))
                | (Some(Value::Set(held)), Value::Set(filled)) => {
                    held.borrow_mut().extend(filled.take());
                }
                (Some(Value::List(held)), Value::List(filled)) => {
                    *held.borrow_mut() = filled.take()
                }
                (_, filled) => *object.payload.borrow_mut() = Some(filled),
            }
            return Some(Ok(()));
        }
        name if exceptions::is_exception(name) => {
            let given = Value::Tuple(Rc::from(args.positional));
            object
                .attributes
                .borrow_mut()
                .insert(Rc::from("args"), given);
            return Some(Ok(()));
        }
        _ => {}
    }
    let Some(Value::Class(class)) = implementing_class(interp, base) else {
        return None;
    };
    let function = types::own_method(interp, &class, "__init__")?;
    let mut args = args;
    args.positional.insert(0, Value::Object(Rc::clone(object)));
    Some(interp.call(&function, args).map(|_| ()))
}

/// What a base makes of a class whose body has run: members of an enumeration and the like.
pub(crate) fn class_created(interp: &mut Interp<'_>, class: &Rc<Class>) -> Result<(), Raised> {
    dataclasses::named_tuple_created(class);
    enums::class_created(interp, class)
}

/// `Enum("Name", …)` on a class of the service that has no members.
pub(crate) fn make_enum(
    interp: &mut Interp<'_>,
    base: &Value,
    args: Args,
) -> Result<Value, Raised> {
    enums::functional(interp, base.clone(), args)
}

/// `origin[index]` of types; `None` where the origin is none.
pub(crate) fn subscript(
    interp: &mut Interp<'_>,
    origin: &Value,
    index: &Value,
) -> Option<Result<Value, Raised>> {
    typing::subscript(interp, origin, index)
}
