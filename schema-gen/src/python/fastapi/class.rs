//! What kind of thing an annotation is: the questions of `fastapi/_compat/shared.py`.

use crate::python::interp::Interp;
use crate::python::pydantic;
use crate::python::value::{Generic, Value};

/// Whether a class is that one or derives from it, by its dotted name. As `issubclass` has it, a
/// subscripted class is a class only where it is a model.
pub(crate) fn derives(interp: &mut Interp, value: &Value, dotted: &str) -> bool {
    match value {
        Value::Symbol(symbol) => symbol.is(dotted) || symbol_derives(&symbol.0, dotted),
        Value::Class(class) => interp.mro(class).iter().any(|base| match base {
            Value::Class(base) => {
                dotted
                    .strip_suffix(&*base.qualname)
                    .and_then(|module| module.strip_suffix('.'))
                    == Some(base.module.trim_start_matches("_impl."))
            }
            Value::Symbol(base) => base.is(dotted) || symbol_derives(&base.0, dotted),
            _ => false,
        }),
        Value::Generic(generic) if matches!(generic.origin, Value::Class(_)) => {
            pydantic::is_model(interp, value) && derives(interp, &generic.origin.clone(), dotted)
        }
        _ => false,
    }
}

fn symbol_derives(symbol: &str, dotted: &str) -> bool {
    matches!(
        (symbol, dotted),
        (
            "pydantic.RootModel" | "pydantic_settings.BaseSettings" | "sqlmodel.SQLModel",
            "pydantic.BaseModel"
        )
    )
}

/// Whether an object is an instance of a class of that dotted name.
pub(crate) fn is_instance(interp: &mut Interp, value: &Value, dotted: &str) -> bool {
    matches!(value, Value::Object(object) if derives(interp, &Value::Class(object.class.clone()), dotted))
}

/// The type and the metadata of `Annotated[…]`, nested ones flattened.
pub(crate) fn annotated(value: &Value) -> Option<(Value, Vec<Value>)> {
    // `UUID4`, `conint(gt=3)` and their like are annotated types as well.
    if let Some(expanded) = pydantic::annotated_type(value) {
        return annotated(&expanded);
    }
    let Value::Generic(generic) = value else {
        return None;
    };
    if !generic.origin.is_symbol("typing.Annotated") {
        return None;
    }
    let (first, rest) = generic.args.split_first()?;
    match annotated(first) {
        Some((inner, mut metadata)) => {
            metadata.extend(rest.iter().cloned());
            Some((inner, metadata))
        }
        None => Some((first.clone(), rest.to_vec())),
    }
}

/// `Annotated[type, …]`.
pub(crate) fn annotate(value: Value, metadata: Vec<Value>) -> Value {
    if metadata.is_empty() {
        return value;
    }
    let mut args = vec![value];
    args.extend(metadata);
    Value::Generic(
        Generic {
            origin: Value::symbol("typing.Annotated"),
            args,
        }
        .into(),
    )
}

/// `typing.get_origin` of what is subscripted, except of unions and of `Annotated`.
fn origin(value: &Value) -> Option<&Value> {
    match value {
        Value::Generic(generic) => Some(&generic.origin),
        // A bare `typing.List` has the origin that it stands for.
        Value::Symbol(symbol) if symbol.0.starts_with("typing.") => Some(value),
        _ => None,
    }
}

const SEQUENCES: [&str; 20] = [
    "builtins.list",
    "builtins.tuple",
    "builtins.set",
    "builtins.frozenset",
    "builtins.range",
    "builtins.bytearray",
    "builtins.memoryview",
    "collections.deque",
    "collections.UserList",
    "collections.abc.Sequence",
    "collections.abc.MutableSequence",
    "typing.List",
    "typing.Tuple",
    "typing.Set",
    "typing.FrozenSet",
    "typing.Deque",
    "typing.Sequence",
    "typing.MutableSequence",
    "typing.NamedTuple",
    "collections.namedtuple",
];

const MAPPINGS: [&str; 15] = [
    "builtins.dict",
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.Counter",
    "collections.ChainMap",
    "collections.abc.Mapping",
    "collections.abc.MutableMapping",
    "typing.Dict",
    "typing.Mapping",
    "typing.MutableMapping",
    "typing.OrderedDict",
    "typing.DefaultDict",
    "typing.Counter",
    "typing.ChainMap",
    "typing.TypedDict",
];

fn class_among(interp: &mut Interp, value: &Value, names: &[&str]) -> bool {
    match value {
        Value::Symbol(symbol) => names.contains(&&*symbol.0),
        Value::Class(class) => interp
            .mro(class)
            .iter()
            .any(|base| matches!(base, Value::Symbol(symbol) if names.contains(&&*symbol.0))),
        _ => false,
    }
}

fn is_sequence_class(interp: &mut Interp, value: &Value) -> bool {
    class_among(interp, value, &SEQUENCES)
}

/// `_annotation_is_complex`.
fn is_complex_class(interp: &mut Interp, value: &Value) -> bool {
    class_among(interp, value, &MAPPINGS)
        || is_sequence_class(interp, value)
        || pydantic::is_model(interp, value)
        || derives(interp, value, "starlette.datastructures.UploadFile")
        || matches!(value, Value::Class(_)) && pydantic::is_dataclass(interp, value)
}

/// `field_annotation_is_complex`.
pub(crate) fn is_complex(interp: &mut Interp, value: &Value) -> bool {
    if let Value::Union(items) = value {
        return items.iter().any(|item| is_complex(interp, item));
    }
    if let Some((inner, _)) = annotated(value) {
        return is_complex(interp, &inner);
    }
    if is_complex_class(interp, value) {
        return true;
    }
    match origin(value).cloned() {
        Some(origin) => is_complex_class(interp, &origin) || has_core_schema(interp, &origin),
        None => false,
    }
}

fn has_core_schema(interp: &mut Interp, origin: &Value) -> bool {
    let Value::Class(class) = origin else {
        return false;
    };
    interp.mro(class).iter().any(|base| {
        matches!(base, Value::Class(base) if {
            let names = base.namespace.borrow();
            names.contains_key("__get_pydantic_core_schema__") || names.contains_key("__pydantic_core_schema__")
        })
    })
}

/// `field_annotation_is_scalar`.
pub(crate) fn is_scalar(interp: &mut Interp, value: &Value) -> bool {
    matches!(value, Value::Ellipsis) || !is_complex(interp, value)
}

/// `field_annotation_is_sequence`.
pub(crate) fn is_sequence(interp: &mut Interp, value: &Value) -> bool {
    if let Some((inner, _)) = annotated(value) {
        return is_sequence(interp, &inner);
    }
    if let Value::Union(items) = value {
        return items.iter().any(|item| is_sequence(interp, item));
    }
    is_sequence_class(interp, value)
        || origin(value)
            .cloned()
            .is_some_and(|origin| is_sequence_class(interp, &origin))
}

/// Whether the annotation, or one of a union, is an upload (`is_uploadfile_or_nonable_…`), or a
/// sequence of uploads (`is_uploadfile_sequence_annotation`).
pub(crate) fn is_upload(interp: &mut Interp, value: &Value) -> bool {
    is_one_upload(interp, value) || is_upload_sequence(interp, value)
}

fn is_one_upload(interp: &mut Interp, value: &Value) -> bool {
    match value {
        Value::Union(items) => items
            .iter()
            .any(|item| derives(interp, item, "starlette.datastructures.UploadFile")),
        _ => derives(interp, value, "starlette.datastructures.UploadFile"),
    }
}

fn is_upload_sequence(interp: &mut Interp, value: &Value) -> bool {
    if let Value::Union(items) = value {
        return items.iter().any(|item| is_upload_sequence(interp, item));
    }
    let arguments = match value {
        Value::Generic(generic) => generic.args.clone(),
        _ => Vec::new(),
    };
    is_sequence(interp, value)
        && arguments
            .iter()
            .all(|argument| is_one_upload(interp, argument))
}

/// The members of a union; the value itself otherwise.
pub(crate) fn union_members(value: &Value) -> Vec<Value> {
    match value {
        Value::Union(items) => items.to_vec(),
        _ => vec![value.clone()],
    }
}

pub(crate) fn is_none_type(value: &Value) -> bool {
    matches!(value, Value::None)
        || value.is_symbol("types.NoneType")
        || value.is_symbol("builtins.NoneType")
}

/// `_get_model_type`: the model, also of `Model | None`.
pub(crate) fn model_type(interp: &mut Interp, value: &Value) -> Option<Value> {
    let mut candidate = value.clone();
    if let Value::Union(items) = value
        && items.len() == 2
        && items.iter().any(is_none_type)
    {
        candidate = items.iter().find(|item| !is_none_type(item))?.clone();
    }
    pydantic::is_model(interp, &candidate).then_some(candidate)
}

/// A name of a library whose meaning is not known: what it is decides where a parameter stands.
pub(crate) fn unknown_class(interp: &mut Interp, value: &Value) -> Option<String> {
    match value {
        Value::Unknown(unknown) => Some(unknown.why.clone()),
        Value::Union(items) => items.iter().find_map(|item| unknown_class(interp, item)),
        Value::Generic(_) => match annotated(value) {
            Some((inner, _)) => unknown_class(interp, &inner),
            None => origin(value)
                .cloned()
                .and_then(|origin| unknown_class(interp, &origin)),
        },
        Value::Symbol(symbol) => {
            let package = symbol.0.split('.').next().unwrap_or_default();
            (!MODELLED.contains(&package)).then(|| format!("`{}` is not read", symbol.0))
        }
        Value::Made(made) => match &made.callee {
            Value::Symbol(symbol) => {
                let package = symbol.0.split('.').next().unwrap_or_default();
                (!MODELLED.contains(&package))
                    .then(|| format!("what `{}` gives is not known", symbol.0))
            }
            _ => Some("what the call gives is not known".to_owned()),
        },
        Value::Class(class) if !is_complex_class(interp, value) && !injected(interp, value) => {
            interp.mro(class).iter().find_map(|base| match base {
                Value::Class(_) => None,
                base => unknown_class(interp, base),
            })
        }
        Value::Forward(forward) => Some(format!("`{}` is not defined", forward.text)),
        _ => None,
    }
}

/// Whether a class is one that FastAPI passes in by itself.
pub(crate) fn injected(interp: &mut Interp, class: &Value) -> bool {
    INJECTED.iter().any(|dotted| derives(interp, class, dotted))
}

/// Classes that FastAPI passes in by itself.
const INJECTED: [&str; 6] = [
    "starlette.requests.Request",
    "starlette.websockets.WebSocket",
    "starlette.requests.HTTPConnection",
    "starlette.responses.Response",
    "starlette.background.BackgroundTasks",
    "fastapi.security.SecurityScopes",
];

/// Packages whose types are modelled.
const MODELLED: [&str; 24] = [
    "builtins",
    "typing",
    "types",
    "datetime",
    "decimal",
    "uuid",
    "pathlib",
    "ipaddress",
    "enum",
    "re",
    "collections",
    "pydantic",
    "pydantic_core",
    "pydantic_settings",
    "pydantic_extra_types",
    "annotated_types",
    "numbers",
    "fractions",
    "zoneinfo",
    "starlette",
    "fastapi",
    "abc",
    "io",
    "sqlmodel",
];
