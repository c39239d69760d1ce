//! Annotations: qualifiers, `Annotated`, and the names that stand for annotated types.

use std::rc::Rc;

use crate::python::interp::Interp;
use crate::python::value::{Forward, Lazy, Value};

use super::field::GENERAL;
use super::read::{annotated, argument, class_of, dotted, generic, made, made_of};

/// An annotation without its qualifiers and its metadata (`typing_inspection.introspection`).
pub(super) struct Inspected {
    pub(super) annotation: Value,
    pub(super) metadata: Vec<Value>,
    pub(super) qualifiers: Vec<&'static str>,
}

pub(super) fn inspect(interp: &mut Interp, annotation: &Value) -> Inspected {
    let mut current = normal(interp, annotation);
    let mut metadata: Vec<Value> = Vec::new();
    let mut qualifiers = Vec::new();
    while let Value::Generic(it) = &current {
        let Some(first) = it.args.first().cloned() else {
            break;
        };
        match dotted(&it.origin) {
            Some("typing.Annotated") => {
                let mut outer: Vec<Value> = it.args.iter().skip(1).cloned().collect();
                outer.append(&mut metadata);
                metadata = outer;
            }
            Some("typing.ClassVar") => qualifiers.push("class_var"),
            Some("typing.Final") => qualifiers.push("final"),
            Some("typing.Required") => qualifiers.push("required"),
            Some("typing.NotRequired") => qualifiers.push("not_required"),
            Some("typing.ReadOnly") => qualifiers.push("read_only"),
            Some("dataclasses.InitVar") => qualifiers.push("init_var"),
            _ => break,
        }
        current = normal(interp, &first);
    }
    match dotted(&current) {
        Some("typing.Final") => {
            qualifiers.push("final");
            current = Value::symbol("typing.Any");
        }
        Some("typing.ClassVar") => {
            qualifiers.push("class_var");
            current = Value::symbol("typing.Any");
        }
        Some("dataclasses.InitVar") => {
            qualifiers.push("init_var");
            current = Value::symbol("typing.Any");
        }
        _ => {}
    }
    Inspected {
        annotation: current,
        metadata,
        qualifiers,
    }
}

/// A type as it is written out: forward references resolved as far as they can be, and names and
/// calls that stand for an annotated type (`PositiveInt`, `conint(gt=3)`, `Json[int]`) as that.
pub(super) fn normal(interp: &mut Interp, value: &Value) -> Value {
    match value {
        Value::Forward(_) => {
            let resolved = interp.resolve_forward(value);
            match resolved {
                Value::Forward(_) => resolved,
                Value::Str(text) => {
                    let Value::Forward(outer) = value else {
                        return Value::Str(text);
                    };
                    let inner = Value::Forward(Rc::new(Forward {
                        text,
                        scope: Rc::clone(&outer.scope),
                        file: outer.file,
                        place: outer.place,
                    }));
                    interp.resolve_forward(&inner)
                }
                other => normal(interp, &other),
            }
        }
        Value::Symbol(_) | Value::Made(_) => annotated_type(value).unwrap_or_else(|| value.clone()),
        Value::Generic(it) => {
            let Some(first) = it.args.first() else {
                return value.clone();
            };
            match dotted(&it.origin) {
                Some("pydantic.RootModel") => {
                    let args = it.args.clone();
                    super::root_class(interp, &args).map_or_else(|| value.clone(), Value::Class)
                }
                Some("typing.Optional") => Value::Union(Rc::from([first.clone(), Value::None])),
                Some("typing.Union") => Value::Union(Rc::from(it.args.clone())),
                Some("typing.Annotated") => {
                    let inner = normal(interp, first);
                    match &inner {
                        // `Annotated[Annotated[T, a], b]` is `Annotated[T, a, b]`.
                        Value::Generic(nested) if nested.origin.is_symbol("typing.Annotated") => {
                            let mut args = nested.args.clone();
                            args.extend(it.args.iter().skip(1).cloned());
                            generic(it.origin.clone(), args)
                        }
                        _ if inner.same(first) => value.clone(),
                        _ => {
                            let mut args = it.args.clone();
                            if let Some(slot) = args.first_mut() {
                                *slot = inner;
                            }
                            generic(it.origin.clone(), args)
                        }
                    }
                }
                _ => annotated_type(value).unwrap_or_else(|| value.clone()),
            }
        }
        _ => value.clone(),
    }
}

/// The `Annotated[…]` that a name or call of pydantic's stands for (`UUID4`, `conint(gt=3)`,
/// `Json[int]`).
pub(crate) fn annotated_type(value: &Value) -> Option<Value> {
    match value {
        Value::Symbol(symbol) => named(&symbol.0),
        Value::Made(record) => constrained(made_of(value)?.0, record),
        Value::Generic(it) => {
            let name = dotted(&it.origin)?;
            let stands_for = matches!(
                name,
                "pydantic.Json"
                    | "pydantic.SkipJsonSchema"
                    | "pydantic.ImportString"
                    | "pydantic.InstanceOf"
                    | "pydantic.SkipValidation"
                    | "pydantic.OnErrorOmit"
                    | "pydantic.SerializeAsAny"
            );
            let first = it.args.first().filter(|_| stands_for)?;
            Some(annotated(
                first.clone(),
                vec![made(name, Vec::new(), Vec::new())],
            ))
        }
        _ => None,
    }
}

/// Types of `pydantic/types.py` that are annotated types.
fn named(name: &str) -> Option<Value> {
    let builtin = |name: &str| Value::symbol(&format!("builtins.{name}"));
    let with = |base: Value, class: &str, argument: Value| {
        annotated(base, vec![made(class, vec![argument], Vec::new())])
    };
    let short = name.strip_prefix("pydantic.")?;
    let strict = |base: &str| with(builtin(base), "pydantic.Strict", Value::Bool(true));
    let uuid = |version: i64| {
        with(
            Value::symbol("uuid.UUID"),
            "pydantic.UuidVersion",
            Value::Int(version),
        )
    };
    let path = |kind: &str| {
        with(
            Value::symbol("pathlib.Path"),
            "pydantic.PathType",
            Value::str(kind),
        )
    };
    let encoded =
        |base: &str, class: &str, format: &str| with(builtin(base), class, Value::str(format));
    Some(match short {
        "PositiveInt" => with(builtin("int"), "annotated_types.Gt", Value::Int(0)),
        "NegativeInt" => with(builtin("int"), "annotated_types.Lt", Value::Int(0)),
        "NonPositiveInt" => with(builtin("int"), "annotated_types.Le", Value::Int(0)),
        "NonNegativeInt" => with(builtin("int"), "annotated_types.Ge", Value::Int(0)),
        "PositiveFloat" => with(builtin("float"), "annotated_types.Gt", Value::Int(0)),
        "NegativeFloat" => with(builtin("float"), "annotated_types.Lt", Value::Int(0)),
        "NonPositiveFloat" => with(builtin("float"), "annotated_types.Le", Value::Int(0)),
        "NonNegativeFloat" => with(builtin("float"), "annotated_types.Ge", Value::Int(0)),
        "FiniteFloat" => with(builtin("float"), "pydantic.AllowInfNan", Value::Bool(false)),
        "StrictBool" => strict("bool"),
        "StrictInt" => strict("int"),
        "StrictFloat" => strict("float"),
        "StrictStr" => strict("str"),
        "StrictBytes" => strict("bytes"),
        "UUID1" => uuid(1),
        "UUID3" => uuid(3),
        "UUID4" => uuid(4),
        "UUID5" => uuid(5),
        "UUID6" => uuid(6),
        "UUID7" => uuid(7),
        "UUID8" => uuid(8),
        "FilePath" => path("file-path"),
        "DirectoryPath" => path("directory-path"),
        "NewPath" | "SocketPath" => path("path"),
        "Base64Bytes" => encoded("bytes", "pydantic.EncodedBytes", "base64"),
        "Base64Str" => encoded("str", "pydantic.EncodedStr", "base64"),
        "Base64UrlBytes" => encoded("bytes", "pydantic.EncodedBytes", "base64url"),
        "Base64UrlStr" => encoded("str", "pydantic.EncodedStr", "base64url"),
        _ => return None,
    })
}

/// `conint(gt=3)` and its like.
fn constrained(name: &str, record: &crate::python::value::Made) -> Option<Value> {
    let given = |name: &str| {
        record
            .kwargs
            .get(name)
            .filter(|value| !matches!(value, Value::None))
            .cloned()
    };
    let mut metadata = Vec::new();
    let one = |metadata: &mut Vec<Value>, name: &str, class: &str| {
        if let Some(value) = given(name) {
            metadata.push(made(class, vec![value], Vec::new()));
        }
    };
    let lengths = |metadata: &mut Vec<Value>| {
        if let Some(value) = given("min_length").filter(|value| !matches!(value, Value::Int(0))) {
            metadata.push(made("annotated_types.MinLen", vec![value], Vec::new()));
        }
        one(metadata, "max_length", "annotated_types.MaxLen");
    };
    let item = |origin: &str| -> Option<Value> {
        let item = argument(record, 0, "item_type").cloned()?;
        Some(generic(Value::symbol(origin), vec![item]))
    };
    let base = match name.strip_prefix("pydantic.")? {
        short @ ("conint" | "confloat" | "condecimal" | "condate") => {
            one(&mut metadata, "strict", "pydantic.Strict");
            one(&mut metadata, "gt", "annotated_types.Gt");
            one(&mut metadata, "ge", "annotated_types.Ge");
            one(&mut metadata, "lt", "annotated_types.Lt");
            one(&mut metadata, "le", "annotated_types.Le");
            one(&mut metadata, "multiple_of", "annotated_types.MultipleOf");
            let digits: Vec<_> = ["max_digits", "decimal_places"]
                .into_iter()
                .filter_map(|name| given(name).map(|value| (name, value)))
                .collect();
            if !digits.is_empty() {
                metadata.push(made(GENERAL, Vec::new(), digits));
            }
            one(&mut metadata, "allow_inf_nan", "pydantic.AllowInfNan");
            Value::symbol(match short {
                "conint" => "builtins.int",
                "confloat" => "builtins.float",
                "condecimal" => "decimal.Decimal",
                _ => "datetime.date",
            })
        }
        "constr" => {
            lengths(&mut metadata);
            one(&mut metadata, "strict", "pydantic.Strict");
            let general: Vec<_> = ["strip_whitespace", "to_upper", "to_lower", "pattern"]
                .into_iter()
                .filter_map(|name| given(name).map(|value| (name, value)))
                .collect();
            if !general.is_empty() {
                metadata.push(made(GENERAL, Vec::new(), general));
            }
            Value::symbol("builtins.str")
        }
        "conbytes" => {
            one(&mut metadata, "strict", "pydantic.Strict");
            lengths(&mut metadata);
            Value::symbol("builtins.bytes")
        }
        "conlist" => {
            lengths(&mut metadata);
            item("builtins.list")?
        }
        "conset" => {
            lengths(&mut metadata);
            item("builtins.set")?
        }
        "confrozenset" => {
            lengths(&mut metadata);
            item("builtins.frozenset")?
        }
        _ => return None,
    };
    Some(annotated(base, metadata))
}

/// The builtin or abstract class that a deprecated alias of `typing` means.
pub(super) fn plain_origin(name: &str) -> &str {
    match name {
        "typing.List" => "builtins.list",
        "typing.Dict" => "builtins.dict",
        "typing.Set" => "builtins.set",
        "typing.FrozenSet" => "builtins.frozenset",
        "typing.Tuple" => "builtins.tuple",
        "typing.Type" => "builtins.type",
        "typing.Deque" => "collections.deque",
        "typing.DefaultDict" => "collections.defaultdict",
        "typing.OrderedDict" => "collections.OrderedDict",
        "typing.Counter" => "collections.Counter",
        "typing.Sequence" => "collections.abc.Sequence",
        "typing.MutableSequence" => "collections.abc.MutableSequence",
        "typing.AbstractSet" => "collections.abc.Set",
        "typing.MutableSet" => "collections.abc.MutableSet",
        "typing.Mapping" => "collections.abc.Mapping",
        "typing.MutableMapping" => "collections.abc.MutableMapping",
        "typing.Iterable" => "collections.abc.Iterable",
        "typing.Iterator" => "collections.abc.Iterator",
        "typing.Generator" => "collections.abc.Generator",
        "typing.Collection" => "collections.abc.Collection",
        "typing.Callable" => "collections.abc.Callable",
        "typing.Hashable" => "collections.abc.Hashable",
        "typing.Awaitable" => "collections.abc.Awaitable",
        "typing.Coroutine" => "collections.abc.Coroutine",
        "typing.AsyncIterator" => "collections.abc.AsyncIterator",
        "typing.AsyncIterable" => "collections.abc.AsyncIterable",
        "typing.AsyncGenerator" => "collections.abc.AsyncGenerator",
        "typing.Pattern" => "re.Pattern",
        "typing.Text" => "builtins.str",
        other => other,
    }
}

/// What `type X = …` or `NewType` names.
pub(super) fn alias_target(interp: &mut Interp, alias: &Rc<crate::python::value::Alias>) -> Value {
    let pending = match &*alias.target.borrow() {
        Lazy::Done(value) => return value.clone(),
        Lazy::Pending(expression, scope, _) => (Rc::clone(expression), Rc::clone(scope)),
    };
    match interp.eval(&pending.0, &pending.1) {
        Ok(value) => {
            *alias.target.borrow_mut() = Lazy::Done(value.clone());
            value
        }
        Err(_) => Value::unknown(format!("the type {} cannot be evaluated", alias.name), None),
    }
}

/// The values of `Literal[…]`, with those of literals in it.
pub(super) fn literal_values(interp: &mut Interp, args: &[Value]) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for arg in args {
        let arg = match arg {
            Value::Alias(alias) => alias_target(interp, alias),
            other => other.clone(),
        };
        match &arg {
            Value::Generic(inner) if inner.origin.is_symbol("typing.Literal") => {
                values.extend(literal_values(interp, &inner.args));
            }
            _ => values.push(arg),
        }
    }
    let mut unique: Vec<Value> = Vec::new();
    for value in values {
        let same_type =
            |other: &Value| std::mem::discriminant(other) == std::mem::discriminant(&value);
        if !unique
            .iter()
            .any(|other| same_type(other) && other.same(&value))
        {
            unique.push(value);
        }
    }
    unique
}

/// Whether the class has this symbol in its method resolution order.
pub(super) fn inherits(interp: &mut Interp, value: &Value, names: &[&str]) -> bool {
    let Some(class) = class_of(interp, value) else {
        return false;
    };
    interp
        .mro(&class)
        .iter()
        .any(|layer| dotted(layer).is_some_and(|name| names.contains(&name)))
}
