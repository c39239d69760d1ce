//! Forms of `typing` and what subscripts of types come to (docs.python.org, `typing`; PEP 484, 585,
//! 586, 593, 604, 695).

use std::cell::RefCell;
use std::rc::Rc;

use super::super::interp::{Args, Interp, Raised};
use super::super::value::{
    Alias, Class, Dict, Generic, Key, Lazy, Namespace, Native, TypeVar, Value,
};
use super::builtins::functions;
use super::text::string_of;

/// `A | B`, flat and without repetition; a single one is itself.
pub(super) fn union(parts: Vec<Value>) -> Value {
    let mut flat: Vec<Value> = Vec::new();
    let mut pending: Vec<Value> = parts.into_iter().rev().collect();
    while let Some(part) = pending.pop() {
        match part {
            Value::Union(inner) => pending.extend(inner.iter().rev().cloned()),
            part => {
                let part = if part.is_symbol("types.NoneType") {
                    Value::None
                } else {
                    part
                };
                if !flat.iter().any(|it| it.same(&part)) {
                    flat.push(part);
                }
            }
        }
    }
    match flat.as_slice() {
        [one] => one.clone(),
        _ => Value::Union(Rc::from(flat)),
    }
}

fn generic(origin: Value, args: Vec<Value>) -> Value {
    Value::Generic(Rc::new(Generic { origin, args }))
}

/// `origin[index]` where the origin is a type; `None` where it is none.
pub(super) fn subscript(
    interp: &mut Interp<'_>,
    origin: &Value,
    index: &Value,
) -> Option<Result<Value, Raised>> {
    if let Value::Class(class) = origin
        && class.is_enum.get()
    {
        return Some(super::enums::by_name(class, index));
    }
    let args: Vec<Value> = match index {
        Value::Tuple(items) => items.to_vec(),
        other => vec![other.clone()],
    };
    Some(Ok(match origin {
        Value::Symbol(symbol) => match &*symbol.0 {
            "typing.Optional" => union(args.into_iter().take(1).chain([Value::None]).collect()),
            "typing.Union" | "types.UnionType" => union(args),
            "typing.Annotated" => match args.split_first() {
                Some((Value::Generic(inner), more))
                    if inner.origin.is_symbol("typing.Annotated") =>
                {
                    generic(
                        origin.clone(),
                        inner.args.iter().chain(more).cloned().collect(),
                    )
                }
                _ => generic(origin.clone(), args),
            },
            "typing.Literal" => {
                let mut flat: Vec<Value> = Vec::new();
                for value in args {
                    match &value {
                        Value::Generic(inner) if inner.origin.is_symbol("typing.Literal") => {
                            flat.extend(inner.args.iter().cloned());
                        }
                        _ => flat.push(value),
                    }
                }
                let mut unique: Vec<Value> = Vec::new();
                for value in flat {
                    // `Literal[0, False]` has two values.
                    let alike = |it: &Value| {
                        std::mem::discriminant(it) == std::mem::discriminant(&value)
                            && it.same(&value)
                    };
                    if !unique.iter().any(alike) {
                        unique.push(value);
                    }
                }
                generic(origin.clone(), unique)
            }
            // The sole thing of these that can be subscribed and is no type.
            "os.environ" => return None,
            _ => generic(origin.clone(), args),
        },
        Value::Class(class) => {
            // `Generic[T]` of a prelude class is written as its bases say.
            if !is_generic(interp, class) {
                return None;
            }
            generic(origin.clone(), args)
        }
        Value::Alias(alias) if !alias.is_new_type => generic(origin.clone(), args),
        Value::Generic(_) | Value::Union(_) => {
            let parameters = type_parameters(origin);
            if parameters.is_empty() {
                return None;
            }
            substitute(origin, &parameters, &args)
        }
        _ => return None,
    }))
}

/// Whether a class can be subscribed as a type: it has type parameters, or a base that has.
fn is_generic(interp: &mut Interp<'_>, class: &Rc<Class>) -> bool {
    interp.mro(class).iter().any(|base| match base {
        Value::Class(base) => {
            !base.type_params.is_empty()
                || base.bases.iter().any(|it| matches!(it, Value::Generic(_)))
        }
        Value::Symbol(symbol) => {
            !matches!(
                &*symbol.0,
                "builtins.object"
                    | "builtins.str"
                    | "builtins.int"
                    | "builtins.float"
                    | "builtins.bytes"
                    | "builtins.bool"
                    | "abc.ABC"
            ) && !super::exceptions::is_exception(&symbol.0)
        }
        _ => true,
    })
}

/// The type variables of a type, in the order in which they first stand in it.
fn type_parameters(of: &Value) -> Vec<Value> {
    fn collect(of: &Value, out: &mut Vec<Value>, depth: u32) {
        if depth > 50 {
            return;
        }
        match of {
            Value::TypeVar(_) if !out.iter().any(|it| it.same(of)) => out.push(of.clone()),
            Value::Generic(inner) => inner.args.iter().for_each(|it| collect(it, out, depth + 1)),
            Value::Union(items) | Value::Tuple(items) => {
                items.iter().for_each(|it| collect(it, out, depth + 1))
            }
            Value::List(items) => items
                .borrow()
                .iter()
                .for_each(|it| collect(it, out, depth + 1)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    collect(of, &mut out, 0);
    out
}

/// The type with its variables replaced; what has no replacement stays.
fn substitute(of: &Value, parameters: &[Value], args: &[Value]) -> Value {
    fn replace(of: &Value, parameters: &[Value], args: &[Value], depth: u32) -> Value {
        if depth > 50 {
            return of.clone();
        }
        let all = |items: &[Value]| {
            items
                .iter()
                .map(|it| replace(it, parameters, args, depth + 1))
                .collect::<Vec<_>>()
        };
        match of {
            Value::TypeVar(_) => {
                let at = parameters.iter().position(|it| it.same(of));
                at.and_then(|at| args.get(at)).unwrap_or(of).clone()
            }
            Value::Generic(inner) => {
                let args = all(&inner.args);
                // Annotated and Literal of what was replaced are flat again.
                match (
                    inner.origin.is_symbol("typing.Annotated"),
                    args.split_first(),
                ) {
                    (true, Some((Value::Generic(nested), more)))
                        if nested.origin.is_symbol("typing.Annotated") =>
                    {
                        generic(
                            inner.origin.clone(),
                            nested.args.iter().chain(more).cloned().collect(),
                        )
                    }
                    _ => generic(inner.origin.clone(), args),
                }
            }
            Value::Union(items) => union(all(items)),
            Value::Tuple(items) => Value::Tuple(Rc::from(all(items))),
            Value::List(items) => Value::list(all(&items.borrow())),
            _ => of.clone(),
        }
    }
    replace(of, parameters, args, 0)
}

/// The function of that dotted name.
pub(super) fn function(dotted: &str) -> Option<Native> {
    functions!(dotted,
        "typing.cast" => |_, mut args| Ok(args.take(1, "val")),
        "typing.overload" => |_, mut args| Ok(args.take(0, "func")),
        "typing.final" => |_, mut args| Ok(args.take(0, "f")),
        "typing.override" => |_, mut args| Ok(args.take(0, "method")),
        "typing.no_type_check" => |_, mut args| Ok(args.take(0, "arg")),
        "typing.runtime_checkable" => |_, mut args| Ok(args.take(0, "cls")),
        "typing.assert_type" => |_, mut args| Ok(args.take(0, "val")),
        "typing.reveal_type" => |_, mut args| Ok(args.take(0, "obj")),
        "typing.assert_never" => |_, _| Ok(Some(Value::None)),
        "typing.get_overloads" => |_, _| Ok(Some(Value::list(Vec::new()))),
        "typing.clear_overloads" => |_, _| Ok(Some(Value::None)),
        "typing.get_origin" => |interp, mut args| {
            let Some(value) = args.take(0, "tp") else { return Ok(None) };
            Ok(origin(interp, &value))
        },
        "typing.get_args" => |_, mut args| Ok(match args.take(0, "tp") {
            Some(Value::Generic(generic)) => Some(Value::Tuple(Rc::from(generic.args.clone()))),
            Some(Value::Union(items)) => Some(Value::Tuple(Rc::from(
                items.iter().map(|it| if matches!(it, Value::None) { Value::symbol("types.NoneType") } else { it.clone() }).collect::<Vec<_>>(),
            ))),
            Some(Value::Unknown(_)) | Some(Value::Made(_)) | None => None,
            Some(_) => Some(Value::Tuple(Rc::from([]))),
        }),
        "typing.get_type_hints" => |interp, mut args| {
            let extras = match args.take(3, "include_extras") {
                None => Some(false),
                Some(value) => interp.truth(&value)?,
            };
            let (Some(value), Some(extras)) = (args.take(0, "obj"), extras) else { return Ok(None) };
            Ok(type_hints(interp, &value, extras))
        },
        "typing.is_typeddict" => |interp, mut args| Ok(match args.take(0, "tp") {
            Some(class @ Value::Class(_)) => Some(Value::Bool(interp.is_subclass(&class, "typing.TypedDict"))),
            _ => Some(Value::Bool(false)),
        }),
        "typing.NewType" => |_, mut args| {
            let (Some(name), Some(target)) = (args.take(0, "name").as_ref().and_then(string_of), args.take(1, "tp")) else { return Ok(None) };
            Ok(Some(Value::Alias(Rc::new(Alias { name, type_params: Vec::new(), target: RefCell::new(Lazy::Done(target)), is_new_type: true }))))
        },
        "typing.TypeAliasType" => |_, mut args| {
            let (Some(name), Some(target)) = (args.take(0, "name").as_ref().and_then(string_of), args.take(1, "value")) else { return Ok(None) };
            let type_params = match args.keywords.shift_remove("type_params") {
                Some(Value::Tuple(items)) => items.to_vec(),
                _ => Vec::new(),
            };
            Ok(Some(Value::Alias(Rc::new(Alias { name, type_params, target: RefCell::new(Lazy::Done(target)), is_new_type: false }))))
        },
    )
}

fn origin(interp: &mut Interp<'_>, value: &Value) -> Option<Value> {
    let _ = interp;
    Some(match value {
        Value::Union(_) => Value::symbol("typing.Union"),
        Value::Generic(generic) => match &generic.origin {
            Value::Symbol(symbol) => Value::symbol(&runtime_origin(&symbol.0)),
            other => other.clone(),
        },
        Value::Symbol(symbol)
            if symbol.0.starts_with("typing.") && *runtime_origin(&symbol.0) != *symbol.0 =>
        {
            Value::symbol(&runtime_origin(&symbol.0))
        }
        Value::Unknown(_) | Value::Made(_) => return None,
        _ => Value::None,
    })
}

/// `typing.List[int]` is a subscript of `list` at run time.
fn runtime_origin(symbol: &str) -> String {
    let Some(name) = symbol.strip_prefix("typing.") else {
        return symbol.to_owned();
    };
    match name {
        "List" | "Dict" | "Set" | "FrozenSet" | "Tuple" | "Type" => {
            format!("builtins.{}", name.to_lowercase())
        }
        "Deque" => "collections.deque".to_owned(),
        "DefaultDict" => "collections.defaultdict".to_owned(),
        "OrderedDict" | "Counter" | "ChainMap" => format!("collections.{name}"),
        "AbstractSet" => "collections.abc.Set".to_owned(),
        "ContextManager" => "contextlib.AbstractContextManager".to_owned(),
        "AsyncContextManager" => "contextlib.AbstractAsyncContextManager".to_owned(),
        "Awaitable" | "Coroutine" | "AsyncIterable" | "AsyncIterator" | "AsyncGenerator"
        | "Generator" | "Iterator" | "Iterable" | "Sequence" | "MutableSequence" | "Mapping"
        | "MutableMapping" | "Callable" | "Hashable" | "Collection" | "Container" | "Sized"
        | "Reversible" | "KeysView" | "ValuesView" | "ItemsView" | "MutableSet" => {
            format!("collections.abc.{name}")
        }
        _ => symbol.to_owned(),
    }
}

fn bare(annotation: Value) -> Value {
    match &annotation {
        Value::Generic(inner) if inner.origin.is_symbol("typing.Annotated") => {
            inner.args.first().cloned().map_or(Value::None, bare)
        }
        Value::Generic(inner) if inner.args.iter().any(|it| matches!(it, Value::Generic(_))) => {
            generic(
                inner.origin.clone(),
                inner.args.iter().cloned().map(bare).collect(),
            )
        }
        _ => annotation,
    }
}

fn type_hints(interp: &mut Interp<'_>, value: &Value, extras: bool) -> Option<Value> {
    let mut out = Dict::default();
    let put = |out: &mut Dict, name: &Rc<str>, annotation: Value| {
        let annotation = if matches!(annotation, Value::None) {
            Value::symbol("types.NoneType")
        } else {
            annotation
        };
        let annotation = if extras { annotation } else { bare(annotation) };
        out.insert(Key(Value::Str(Rc::clone(name))), annotation);
    };
    match value {
        Value::Class(class) => {
            for base in interp.mro(class).iter().rev() {
                if let Value::Class(base) = base {
                    for entry in interp.annotations(base) {
                        put(&mut out, &entry.name, entry.annotation);
                    }
                }
            }
        }
        Value::Function(_) | Value::Method(_) => {
            let signature = interp.signature(value)?;
            for parameter in signature.parameters {
                if let Some(annotation) = parameter.annotation {
                    put(&mut out, &parameter.name, annotation);
                }
            }
            if let Some(returns) = signature.returns {
                put(&mut out, &Rc::from("return"), returns);
            }
        }
        Value::Unknown(_) | Value::Made(_) | Value::Symbol(_) | Value::Module(_) => return None,
        _ => {}
    }
    Some(Value::dict(out))
}

/// A call of a class of `typing`; `None` where it has no meaning of ours.
pub(super) fn construct(
    interp: &mut Interp<'_>,
    name: &str,
    mut args: Args,
) -> Option<Result<Value, Raised>> {
    let place = args.place;
    Some(Ok(match name {
        "TypeVar" | "ParamSpec" | "TypeVarTuple" => {
            let name = args
                .take(0, "name")
                .as_ref()
                .and_then(string_of)
                .unwrap_or_else(|| Rc::from("T"));
            Value::TypeVar(Rc::new(TypeVar {
                name,
                bound: args
                    .keywords
                    .shift_remove("bound")
                    .filter(|it| !matches!(it, Value::None)),
                default: args
                    .keywords
                    .shift_remove("default")
                    .filter(|it| !it.is_symbol("typing.NoDefault")),
                constraints: args.positional.into_iter().skip(1).collect(),
            }))
        }
        "NamedTuple" | "TypedDict" => {
            let class = args.take(0, "typename").as_ref().and_then(string_of);
            let fields = args.take(1, "fields");
            let (Some(class), Some(fields)) = (class, fields) else {
                return None;
            };
            let pairs = match super::containers::mapping(interp, &fields) {
                Ok(Some(pairs)) => pairs,
                Ok(None) => {
                    return Some(Ok(Value::unknown(
                        format!("fields of {class} are not known"),
                        place,
                    )));
                }
                Err(raised) => return Some(Err(raised)),
            };
            let annotations = pairs
                .into_iter()
                .filter_map(|(key, value)| Some((string_of(&key.0)?, value)))
                .collect();
            let mut keywords = Namespace::default();
            keywords.extend(args.keywords.shift_remove_entry("total"));
            let bases = vec![Value::symbol(&format!("typing.{name}"))];
            return Some(interp.new_class(
                &class,
                bases,
                Namespace::default(),
                annotations,
                keywords,
                place,
            ));
        }
        // Decorators with arguments, which change nothing that matters here.
        "dataclass_transform" => {
            return Some(Ok(Value::Native(Native {
                name: "typing.same",
                run: |_, mut args| Ok(args.take(0, "arg").unwrap_or(Value::None)),
            })));
        }
        _ => return None,
    }))
}
