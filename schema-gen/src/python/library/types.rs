//! Types of values: `type`, `isinstance`, `issubclass`, and the constructors of the builtin types.

use std::cell::RefCell;
use std::rc::Rc;

use super::super::interp::{Args, Interp, Raised};
use super::super::syntax::Name;
use super::super::value::{Class, Descriptor, DescriptorKind, Dict, Key, Place, Symbol, Value};
use super::exceptions::{derives, raise};
use super::text::{Pure, integer, string_of};
use super::{containers, plain};

/// `type(value)`.
pub(crate) fn type_of(interp: &mut Interp<'_>, value: &Value) -> Value {
    let name = match value {
        Value::Unknown(_) => return value.clone(),
        Value::None => "types.NoneType",
        Value::Bool(_) => "builtins.bool",
        Value::Int(_) => "builtins.int",
        Value::Float(_) => "builtins.float",
        Value::Str(_) => "builtins.str",
        Value::Bytes(_) => "builtins.bytes",
        Value::Ellipsis => "types.EllipsisType",
        Value::NotImplemented => "types.NotImplementedType",
        Value::List(_) => "builtins.list",
        Value::Tuple(_) => "builtins.tuple",
        Value::Dict(_) => "builtins.dict",
        Value::Set(_) => "builtins.set",
        Value::FrozenSet(_) => "builtins.frozenset",
        Value::Slice(_) => "builtins.slice",
        Value::Function(_) => "types.FunctionType",
        Value::Method(_) => "types.MethodType",
        Value::Native(_) => "types.BuiltinFunctionType",
        Value::Descriptor(it) => match it.kind {
            DescriptorKind::Property => "builtins.property",
            DescriptorKind::CachedProperty => "functools.cached_property",
            DescriptorKind::ClassMethod => "builtins.classmethod",
            DescriptorKind::StaticMethod => "builtins.staticmethod",
        },
        Value::Class(class) => return metaclass(interp, class),
        Value::Object(object) => {
            return match public_name(&object.class) {
                Some(symbol) => Value::Symbol(symbol),
                None => Value::Class(Rc::clone(&object.class)),
            };
        }
        Value::Module(_) => "types.ModuleType",
        Value::Made(made) => {
            return match &made.callee {
                Value::Symbol(symbol) if is_class(&symbol.0) => made.callee.clone(),
                _ => Value::unknown("the type of what a library gives", made.place),
            };
        }
        Value::Generic(_) => "types.GenericAlias",
        Value::Union(_) => "types.UnionType",
        Value::TypeVar(_) => "typing.TypeVar",
        Value::Forward(_) => "typing.ForwardRef",
        Value::Symbol(symbol) if is_class(&symbol.0) => "builtins.type",
        Value::Symbol(_) | Value::Super(_) | Value::Alias(_) => {
            return Value::unknown(format!("the type of {value:?} is not known"), None);
        }
    };
    Value::symbol(name)
}

fn metaclass(interp: &mut Interp<'_>, class: &Rc<Class>) -> Value {
    if class.is_enum.get() {
        return Value::symbol("enum.EnumType");
    }
    for base in interp.mro(class).iter() {
        match base {
            Value::Class(base) => {
                if let Some(given) = base.keywords.get("metaclass") {
                    return given.clone();
                }
            }
            Value::Symbol(symbol)
                if symbol.is("builtins.object") || symbol.is("typing.Generic") => {}
            Value::Symbol(symbol) if symbol.is("abc.ABC") => return Value::symbol("abc.ABCMeta"),
            Value::Symbol(symbol) if symbol.is("pydantic.BaseModel") => {
                return Value::symbol("pydantic._internal._model_construction.ModelMetaclass");
            }
            Value::Symbol(symbol) if symbol.0.starts_with("builtins.") => {}
            other => {
                return Value::unknown(
                    format!("the metaclass of {other:?} is not known"),
                    class.place,
                );
            }
        }
    }
    Value::symbol("builtins.type")
}

/// Whether a name of the builtins or of the standard library is that of a class, as far as it
/// matters to `type` and `isinstance`.
pub(super) fn is_class(symbol: &str) -> bool {
    super::exceptions::is_exception(symbol)
        || super::implementation(symbol).is_some()
        || matches!(
            symbol,
            "builtins.object"
                | "builtins.type"
                | "builtins.int"
                | "builtins.float"
                | "builtins.complex"
                | "builtins.bool"
                | "builtins.str"
                | "builtins.bytes"
                | "builtins.bytearray"
                | "builtins.memoryview"
                | "builtins.list"
                | "builtins.tuple"
                | "builtins.dict"
                | "builtins.set"
                | "builtins.frozenset"
                | "builtins.property"
                | "builtins.classmethod"
                | "builtins.staticmethod"
                | "types.NoneType"
                | "types.FunctionType"
                | "types.MethodType"
                | "types.ModuleType"
                | "types.BuiltinFunctionType"
                | "types.GenericAlias"
                | "types.UnionType"
                | "enum.Enum"
                | "enum.IntEnum"
                | "enum.StrEnum"
                | "enum.Flag"
                | "enum.IntFlag"
                | "enum.EnumType"
                | "abc.ABC"
                | "abc.ABCMeta"
                | "pydantic.BaseModel"
                | "pydantic.RootModel"
                | "pydantic_settings.BaseSettings"
        )
}

/// The public name of a class of ours that implements a class of the standard library.
pub(super) fn public_name(class: &Class) -> Option<Symbol> {
    let module = class.module.strip_prefix("_impl.")?;
    Some(Symbol(Rc::from(format!("{module}.{}", class.qualname))))
}

/// A method that the class or one of its bases defines: users' classes and the implementations of
/// ours, not `object`.
pub(super) fn own_method(interp: &mut Interp<'_>, class: &Rc<Class>, name: &str) -> Option<Value> {
    for base in interp.mro(class).iter() {
        match base {
            Value::Class(base) => {
                if let Some(value) = base.namespace.borrow().get(name) {
                    return Some(value.clone()).filter(|it| !matches!(it, Value::None));
                }
            }
            Value::Symbol(symbol) => {
                if let Some(Value::Class(base)) = super::implementing_class(interp, symbol)
                    && let Some(found) = own_method(interp, &base, name)
                {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

/// `isinstance(value, class)`; `None` where it is not known.
pub(crate) fn is_instance(interp: &mut Interp<'_>, value: &Value, class: &Value) -> Option<bool> {
    let known = instance_of(interp, value, class);
    if let (None, Value::Made(made)) = (known, value)
        && let Some(found) = interp.realize(made)
    {
        return instance_of(interp, &found, class);
    }
    known
}

fn instance_of(interp: &mut Interp<'_>, value: &Value, class: &Value) -> Option<bool> {
    if value.is_unknown() {
        return None;
    }
    match class {
        Value::Tuple(classes) | Value::Union(classes) => {
            let mut sure = true;
            for class in classes.iter() {
                match is_instance(interp, value, class) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => sure = false,
                }
            }
            sure.then_some(false)
        }
        Value::None => Some(matches!(value, Value::None)),
        Value::Symbol(symbol) if symbol.is("builtins.object") => Some(true),
        Value::Symbol(symbol) => is_instance_of_symbol(interp, value, symbol),
        Value::Class(class) => match value {
            Value::Object(object) => {
                class_derives(interp, &object.class, &Value::Class(Rc::clone(class)))
            }
            // What pydantic's functions record is no instance of a class of the service.
            Value::Made(made)
                if matches!(&made.callee, Value::Symbol(it)
                    if is_class(&it.0) || it.0.starts_with("pydantic.") || it.0.starts_with("annotated_types.")) =>
            {
                Some(false)
            }
            Value::Made(_) | Value::Symbol(_) => None,
            Value::Class(inner) => match metaclass(interp, inner) {
                Value::Class(meta) => class_derives(interp, &meta, &Value::Class(Rc::clone(class))),
                Value::Symbol(_) => Some(false),
                _ => None,
            },
            _ => Some(false),
        },
        Value::Generic(generic) => is_instance(interp, value, &generic.origin.clone()),
        _ => None,
    }
}

fn is_instance_of_symbol(interp: &mut Interp<'_>, value: &Value, symbol: &Symbol) -> Option<bool> {
    if let Some(known) = abstract_instance(interp, value, &symbol.0) {
        return known;
    }
    match value {
        Value::Object(object) => {
            if let Some(name) = public_name(&object.class) {
                return Some(derives(&name.0, &symbol.0));
            }
            class_derives(interp, &object.class, &Value::Symbol(symbol.clone()))
        }
        Value::Made(made) => match &made.callee {
            Value::Symbol(made) if derives(&made.0, &symbol.0) => Some(true),
            Value::Symbol(made) if is_class(&made.0) && is_class(&symbol.0) => Some(false),
            // What pydantic's functions give is none of the builtin types.
            Value::Symbol(made)
                if (made.0.starts_with("pydantic.") || made.0.starts_with("typing."))
                    && is_class(&symbol.0) =>
            {
                Some(false)
            }
            _ => None,
        },
        Value::Symbol(name) => match (&*symbol.0, is_class(&name.0)) {
            ("builtins.type", true) => Some(true),
            (other, true) if is_class(other) => Some(false),
            (other, false) if super::is_modelled(&name.0) && is_class(other) => Some(false),
            _ => None,
        },
        Value::Class(class) => {
            if symbol.is("builtins.type") {
                return Some(true);
            }
            match metaclass(interp, class) {
                Value::Symbol(meta) => Some(meta == *symbol || derives(&meta.0, &symbol.0)),
                Value::Class(meta) => class_derives(interp, &meta, &Value::Symbol(symbol.clone())),
                _ => None,
            }
        }
        Value::Function(_) | Value::Method(_) | Value::Native(_)
            if matches!(
                &*symbol.0,
                "types.FunctionType"
                    | "types.LambdaType"
                    | "types.MethodType"
                    | "types.BuiltinFunctionType"
            ) =>
        {
            Some(matches!(
                (value, &*symbol.0),
                (
                    Value::Function(_),
                    "types.FunctionType" | "types.LambdaType"
                ) | (Value::Method(_), "types.MethodType")
                    | (Value::Native(_), "types.BuiltinFunctionType")
            ))
        }
        Value::Union(_) => Some(matches!(&*symbol.0, "types.UnionType" | "typing.Union")),
        Value::Generic(_) => Some(matches!(
            &*symbol.0,
            "types.GenericAlias" | "typing._GenericAlias"
        )),
        _ => match type_of(interp, value) {
            Value::Symbol(of) => Some(derives(&of.0, &symbol.0)),
            _ => None,
        },
    }
}

/// Instances of the abstract classes of `collections.abc`, `typing` and `numbers`; `None`: the name
/// is none of these.
fn abstract_instance(interp: &mut Interp<'_>, value: &Value, symbol: &str) -> Option<Option<bool>> {
    let name = symbol
        .strip_prefix("collections.abc.")
        .or_else(|| symbol.strip_prefix("typing."))
        .or_else(|| symbol.strip_prefix("numbers."))?;
    let inner = plain(value);
    if let Value::Symbol(_) | Value::Made(_) = inner {
        return Some(None);
    }
    let list = matches!(inner, Value::List(_));
    let sequence = list || matches!(inner, Value::Tuple(_) | Value::Str(_) | Value::Bytes(_));
    let dict = matches!(inner, Value::Dict(_));
    let set = matches!(inner, Value::Set(_) | Value::FrozenSet(_));
    let has = |interp: &mut Interp<'_>, method: &str| match value {
        Value::Object(object) => own_method(interp, &object.class, method).is_some(),
        _ => false,
    };
    Some(Some(match name {
        "Sequence" => sequence,
        "MutableSequence" => list,
        "Mapping" | "MutableMapping" => dict || declared(interp, value, symbol)?,
        "Set" | "AbstractSet" => set,
        "MutableSet" => matches!(inner, Value::Set(_)),
        "Iterable" => sequence || dict || set || has(interp, "__iter__"),
        "Collection" | "Container" | "Sized" => sequence || dict || set || has(interp, "__len__"),
        "Callable" => return Some(super::builtins::callable(interp, value).ok().flatten()),
        "Hashable" => !(list || dict || matches!(inner, Value::Set(_))),
        "Number" | "Real" | "Rational" | "Complex" if symbol.starts_with("numbers.") => {
            matches!(inner, Value::Int(_) | Value::Bool(_))
                || matches!(inner, Value::Float(_)) && name != "Rational"
        }
        "Integral" => matches!(inner, Value::Int(_) | Value::Bool(_)),
        "List" => list,
        "Dict" => dict,
        "Tuple" => matches!(inner, Value::Tuple(_)),
        "Iterator" | "Generator" | "Awaitable" | "Coroutine" | "AsyncIterator"
        | "AsyncGenerator" | "AsyncIterable" => match value {
            Value::Object(_) => return Some(None),
            _ => false,
        },
        _ => return None,
    }))
}

fn declared(interp: &mut Interp<'_>, value: &Value, symbol: &str) -> Option<bool> {
    match value {
        Value::Object(object) => class_derives(interp, &object.class, &Value::symbol(symbol)),
        _ => Some(false),
    }
}

/// Whether a class derives from another class or symbol; `None` where a base is not known.
pub(super) fn class_derives(
    interp: &mut Interp<'_>,
    class: &Rc<Class>,
    from: &Value,
) -> Option<bool> {
    let mut sure = true;
    for base in interp.mro(class).iter() {
        match (base, from) {
            (Value::Class(base), Value::Class(from)) if Rc::ptr_eq(base, from) => {
                return Some(true);
            }
            (Value::Symbol(base), Value::Symbol(from)) if derives(&base.0, &from.0) => {
                return Some(true);
            }
            (Value::Class(base), Value::Symbol(from))
                if public_name(base).is_some_and(|it| it == *from) =>
            {
                return Some(true);
            }
            (Value::Unknown(_), _) => sure = false,
            (Value::Symbol(base), _) if !super::is_modelled(&base.0) => sure = false,
            _ => {}
        }
    }
    sure.then_some(false)
}

/// `issubclass(class, of)`; `None` where it is not known.
pub(super) fn is_subclass(
    interp: &mut Interp<'_>,
    class: &Value,
    of: &Value,
    place: Option<Place>,
) -> Result<Option<bool>, Raised> {
    if let Value::Tuple(several) | Value::Union(several) = of {
        let mut sure = true;
        for of in several.iter() {
            match is_subclass(interp, class, of, place)? {
                Some(true) => return Ok(Some(true)),
                Some(false) => {}
                None => sure = false,
            }
        }
        return Ok(sure.then_some(false));
    }
    let forced = interp.force(class);
    Ok(match (&forced, of) {
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => None,
        (_, Value::Symbol(symbol)) if symbol.is("builtins.object") => Some(true),
        (Value::Class(class), Value::Class(_) | Value::Symbol(_)) => {
            class_derives(interp, class, of)
        }
        (Value::Symbol(class), Value::Symbol(of)) if derives(&class.0, &of.0) => Some(true),
        (Value::Symbol(class), Value::Symbol(_) | Value::Class(_)) if is_class(&class.0) => {
            Some(false)
        }
        // `typing.Any`, `Optional[…]` and the like are no classes.
        (Value::Generic(_) | Value::Union(_), _) => {
            return Err(raise(
                "builtins.TypeError",
                "issubclass() arg 1 must be a class",
                place,
            ));
        }
        (Value::Symbol(class), _) if class.0.starts_with("typing.") => {
            return Err(raise(
                "builtins.TypeError",
                "issubclass() arg 1 must be a class",
                place,
            ));
        }
        (Value::Symbol(_) | Value::Made(_), _) | (_, Value::Symbol(_) | Value::Made(_)) => None,
        _ => {
            return Err(raise(
                "builtins.TypeError",
                "issubclass() arg 1 must be a class",
                place,
            ));
        }
    })
}

/// `dir(value)`, of what has a known namespace; sorted.
pub(super) fn dir(interp: &mut Interp<'_>, value: &Value) -> Option<Vec<Name>> {
    let mut names: Vec<Name> = Vec::new();
    let of_class = |interp: &mut Interp<'_>, class: &Rc<Class>, names: &mut Vec<Name>| {
        for base in interp.mro(class).iter() {
            match base {
                Value::Class(base) => names.extend(base.namespace.borrow().keys().cloned()),
                Value::Symbol(symbol) if symbol.is("builtins.object") || symbol.is("abc.ABC") => {}
                _ => return None,
            }
        }
        Some(())
    };
    match value {
        Value::Module(module) => names.extend(module.scope.names.borrow().keys().cloned()),
        Value::Class(class) => of_class(interp, class, &mut names)?,
        Value::Object(object) => {
            names.extend(object.attributes.borrow().keys().cloned());
            of_class(interp, &object.class, &mut names)?;
        }
        _ => return None,
    }
    names.sort();
    names.dedup();
    Some(names)
}

/// A call of a builtin type; `None`: no such type, or its arguments are not evaluated.
pub(super) fn construct(
    interp: &mut Interp<'_>,
    name: &str,
    mut args: Args,
) -> Option<Result<Value, Raised>> {
    if args.incomplete && !matches!(name, "object") {
        return Some(Ok(Value::unknown(
            format!("{name} of arguments that are not known"),
            args.place,
        )));
    }
    let place = args.place;
    let result: Pure = match name {
        "object" => return None,
        "str" => text(interp, args),
        "bytes" | "bytearray" => bytes(interp, args),
        "bool" => match args.take(0, "object") {
            None => Ok(Some(Value::Bool(false))),
            Some(value) => interp.truth(&value).map(|it| it.map(Value::Bool)),
        },
        "int" => int(interp, args),
        "float" => float(interp, args),
        "list" | "tuple" | "set" | "frozenset" => collection(interp, name, args),
        "dict" => dict(interp, args),
        "property" => Ok(Some(descriptor(DescriptorKind::Property, args))),
        "classmethod" => Ok(Some(descriptor(DescriptorKind::ClassMethod, args))),
        "staticmethod" => Ok(Some(descriptor(DescriptorKind::StaticMethod, args))),
        "type" => {
            let keywords = std::mem::take(&mut args.keywords);
            match args.positional.as_slice() {
                [value] => Ok(Some(type_of(interp, value))),
                [name, bases, namespace] => {
                    let (Some(name), Value::Dict(entries)) = (string_of(name), plain(namespace))
                    else {
                        return Some(Ok(Value::unknown("type() of what is not known", place)));
                    };
                    let bases = match interp.iterate(bases) {
                        Ok(Some(bases)) => bases,
                        Ok(None) => {
                            return Some(Ok(Value::unknown("bases that are not known", place)));
                        }
                        Err(raised) => return Some(Err(raised)),
                    };
                    let mut names = super::super::value::Namespace::default();
                    let mut annotations = Vec::new();
                    for (key, value) in entries.borrow().iter() {
                        match (&key.0, value) {
                            (Value::Str(key), Value::Dict(given))
                                if &**key == "__annotations__" =>
                            {
                                annotations.extend(given.borrow().iter().filter_map(
                                    |(name, value)| match &name.0 {
                                        Value::Str(name) => Some((Rc::clone(name), value.clone())),
                                        _ => None,
                                    },
                                ));
                            }
                            (Value::Str(key), _) => {
                                names.insert(Rc::clone(key), value.clone());
                            }
                            _ => {}
                        }
                    }
                    return Some(interp.new_class(
                        &name,
                        bases,
                        names,
                        annotations,
                        keywords,
                        place,
                    ));
                }
                _ => Ok(None),
            }
        }
        _ => return None,
    };
    Some(result.map(|it| {
        it.unwrap_or_else(|| Value::unknown(format!("{name}() of what is not known"), place))
    }))
}

fn text(interp: &mut Interp<'_>, mut args: Args) -> Pure {
    match args.take(0, "object") {
        None => Ok(Some(Value::str(""))),
        Some(value @ Value::Unknown(_)) => Ok(Some(value)),
        Some(Value::Bytes(bytes))
            if args.positional.len() > 1 || args.keywords.contains_key("encoding") =>
        {
            Ok(std::str::from_utf8(&bytes).ok().map(Value::str))
        }
        Some(value) => Ok(interp.text(&value, false).map(|it| Value::str(&it))),
    }
}

fn bytes(interp: &mut Interp<'_>, mut args: Args) -> Pure {
    Ok(match args.take(0, "source").map(|it| plain(&it)) {
        None => Some(Value::Bytes(Rc::from([]))),
        Some(Value::Str(text)) => Some(Value::Bytes(Rc::from(text.as_bytes()))),
        Some(Value::Bytes(bytes)) => Some(Value::Bytes(bytes)),
        Some(Value::Int(count @ 0..=100_000)) => {
            Some(Value::Bytes(Rc::from(vec![0u8; count as usize])))
        }
        Some(value @ (Value::List(_) | Value::Tuple(_))) => {
            interp.iterate(&value)?.and_then(|items| {
                let bytes: Option<Vec<u8>> = items
                    .iter()
                    .map(|it| u8::try_from(integer(&Some(it.clone()))?).ok())
                    .collect();
                bytes.map(|it| Value::Bytes(Rc::from(it)))
            })
        }
        Some(_) => None,
    })
}

fn int(interp: &mut Interp<'_>, mut args: Args) -> Pure {
    let place = args.place;
    let base = integer(&args.take(1, "base")).unwrap_or(10);
    let Some(value) = args.take(0, "x") else {
        return Ok(Some(Value::Int(0)));
    };
    match plain(&value) {
        value @ Value::Unknown(_) => Ok(Some(value)),
        Value::Int(number) => Ok(Some(Value::Int(number))),
        Value::Bool(flag) => Ok(Some(Value::Int(i64::from(flag)))),
        Value::Float(number) if number.abs() < 9e18 => Ok(Some(Value::Int(number.trunc() as i64))),
        Value::Str(text) => {
            let digits = text.trim().replace('_', "").to_ascii_lowercase();
            let (digits, base) = match (base, digits.get(..2)) {
                (16 | 0, Some("0x")) => (digits.get(2..).unwrap_or_default().to_owned(), 16),
                (8 | 0, Some("0o")) => (digits.get(2..).unwrap_or_default().to_owned(), 8),
                (2 | 0, Some("0b")) => (digits.get(2..).unwrap_or_default().to_owned(), 2),
                (0, _) => (digits.clone(), 10),
                _ => (digits.clone(), base),
            };
            let Some(radix) = u32::try_from(base).ok().filter(|it| (2..=36).contains(it)) else {
                return Ok(None);
            };
            match i64::from_str_radix(&digits, radix) {
                Ok(number) => Ok(Some(Value::Int(number))),
                Err(error)
                    if matches!(
                        error.kind(),
                        std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow
                    ) =>
                {
                    Ok(None)
                }
                Err(_) => {
                    let text = format!(
                        "invalid literal for int() with base {radix}: {}",
                        super::format::quote(&text)
                    );
                    Err(raise("builtins.ValueError", &text, place))
                }
            }
        }
        Value::Object(object) => match own_method(interp, &object.class, "__int__") {
            Some(method) => interp.call(&method, Args::new(vec![value], None)).map(Some),
            None => Ok(None),
        },
        Value::None | Value::List(_) | Value::Dict(_) => Err(raise(
            "builtins.TypeError",
            "int() argument must be a string or a number",
            place,
        )),
        _ => Ok(None),
    }
}

fn float(interp: &mut Interp<'_>, mut args: Args) -> Pure {
    let place = args.place;
    let Some(value) = args.take(0, "x") else {
        return Ok(Some(Value::Float(0.0)));
    };
    match plain(&value) {
        value @ Value::Unknown(_) => Ok(Some(value)),
        Value::Int(number) => Ok(Some(Value::Float(number as f64))),
        Value::Bool(flag) => Ok(Some(Value::Float(f64::from(u8::from(flag))))),
        Value::Float(number) => Ok(Some(Value::Float(number))),
        Value::Str(text) => {
            let digits = text.trim().replace('_', "").to_ascii_lowercase();
            match digits.parse::<f64>() {
                Ok(number) => Ok(Some(Value::Float(number))),
                Err(_) => {
                    let text = format!(
                        "could not convert string to float: {}",
                        super::format::quote(&text)
                    );
                    Err(raise("builtins.ValueError", &text, place))
                }
            }
        }
        Value::Object(object) => match own_method(interp, &object.class, "__float__") {
            Some(method) => interp.call(&method, Args::new(vec![value], None)).map(Some),
            None => Ok(None),
        },
        Value::None | Value::List(_) | Value::Dict(_) => Err(raise(
            "builtins.TypeError",
            "float() argument must be a string or a real number",
            place,
        )),
        _ => Ok(None),
    }
}

fn collection(interp: &mut Interp<'_>, name: &str, mut args: Args) -> Pure {
    let items = match args.take(0, "iterable") {
        None => Vec::new(),
        Some(value @ Value::Unknown(_)) => return Ok(Some(value)),
        Some(value) => match interp.iterate(&value)? {
            Some(items) => items,
            None => return Ok(None),
        },
    };
    let keys = |items: Vec<Value>| {
        items
            .into_iter()
            .map(|it| (Key(it), Value::None))
            .collect::<Dict>()
    };
    Ok(Some(match name {
        "list" => Value::list(items),
        "tuple" => Value::Tuple(Rc::from(items)),
        "set" => Value::Set(Rc::new(RefCell::new(keys(items)))),
        _ => Value::FrozenSet(Rc::new(keys(items))),
    }))
}

fn dict(interp: &mut Interp<'_>, mut args: Args) -> Pure {
    let keywords = std::mem::take(&mut args.keywords);
    let mut all = match args.positional.first() {
        None => Dict::default(),
        Some(value @ Value::Unknown(_)) => return Ok(Some(value.clone())),
        Some(value) => match containers::mapping(interp, value)? {
            Some(items) => items,
            None => return Ok(None),
        },
    };
    all.extend(
        keywords
            .into_iter()
            .map(|(name, value)| (Key(Value::Str(name)), value)),
    );
    Ok(Some(Value::dict(all)))
}

pub(super) fn descriptor(kind: DescriptorKind, mut args: Args) -> Value {
    let setter = args.take(1, "fset").filter(|it| !matches!(it, Value::None));
    let function = args.take(0, "fget").unwrap_or(Value::None);
    Value::Descriptor(Rc::new(Descriptor {
        kind,
        function,
        setter,
        marks: Vec::new(),
    }))
}
