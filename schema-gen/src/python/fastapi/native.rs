//! What the Python that stands for FastAPI calls of ours: the module `_hitchpost`.

mod populate;

use crate::python::interp::{Args, Interp, Raised};
use crate::python::library;
use crate::python::value::{Native, Place, Value};

use super::class::is_instance;
use super::document::get_openapi;
use super::encode;
use super::route;
use super::text;

/// The function of that name.
pub(crate) fn native(name: &str) -> Option<Native> {
    Some(match name {
        "get_openapi" => Native {
            name: "get_openapi",
            run: get_openapi,
        },
        "either" => Native {
            name: "either",
            run: either,
        },
        "first_given" => Native {
            name: "first_given",
            run: first_given,
        },
        "has_body" => Native {
            name: "has_body",
            run: has_body,
        },
        "is_router" => Native {
            name: "is_router",
            run: is_router,
        },
        "jsonable_encoder" => Native {
            name: "jsonable_encoder",
            run: jsonable_encoder,
        },
        "join" => Native {
            name: "join",
            run: join,
        },
        "path_format" => Native {
            name: "path_format",
            run: path_format,
        },
        "populate" => Native {
            name: "populate",
            run: populate::populate,
        },
        "unique_id" => Native {
            name: "unique_id",
            run: unique_id,
        },
        "writes" => Native {
            name: "writes",
            run: writes,
        },
        _ => return None,
    })
}

/// Whether the service's versions write that.
fn writes(interp: &mut Interp, mut args: Args) -> Result<Value, Raised> {
    let name = args.take(0, "change").unwrap_or(Value::None);
    Ok(Value::Bool(
        matches!(&name, Value::Str(name) if interp.rules.has_named(name)),
    ))
}

/// `value or otherwise`; the value where it is not known.
fn either(interp: &mut Interp, mut args: Args) -> Result<Value, Raised> {
    let value = args.take(0, "value").unwrap_or(Value::None);
    let otherwise = args.take(1, "otherwise").unwrap_or(Value::None);
    Ok(match interp.truth(&value)? {
        Some(false) => otherwise,
        Some(true) => value,
        None => explained(value, args.place),
    })
}

/// The first that is no placeholder of a default; the first of all where each is one
/// (`get_value_or_default` of `fastapi/utils.py`).
fn first_given(interp: &mut Interp, args: Args) -> Result<Value, Raised> {
    let is_default =
        |value: &&Value| !is_instance(interp, value, "fastapi.datastructures.DefaultPlaceholder");
    let given = args.positional.iter().find(is_default);
    Ok(given
        .or(args.positional.first())
        .map_or(Value::None, Value::clone))
}

/// A value that is not known, with the reason.
fn explained(value: Value, place: Option<Place>) -> Value {
    match value {
        Value::Unknown(_) | Value::Object(_) | Value::Dict(_) | Value::List(_) => value,
        Value::Symbol(symbol) => Value::unknown(format!("`{}` is not read", symbol.0), place),
        Value::Made(made) => Value::unknown(
            format!("what `{:?}` gives is not read", made.callee),
            made.place.or(place),
        ),
        other => Value::unknown(format!("`{other:?}` is not known"), place),
    }
}

/// A path after a prefix.
fn join(interp: &mut Interp, mut args: Args) -> Result<Value, Raised> {
    let mut whole = String::new();
    for (index, name) in ["prefix", "path"].into_iter().enumerate() {
        let part = args.take(index, name).unwrap_or(Value::None);
        let part = interp.force(&part);
        match library::plain(&part) {
            Value::Str(part) => whole.push_str(&part),
            _ => return Ok(explained(part, args.place)),
        }
    }
    Ok(Value::str(&whole))
}

/// Whether a route's endpoint takes a body.
fn has_body(interp: &mut Interp, mut args: Args) -> Result<Value, Raised> {
    let route = args.take(0, "route").unwrap_or(Value::None);
    Ok(Value::Bool(route::takes_body(interp, &route)))
}

/// Whether it is a router whose routes are known.
fn is_router(interp: &mut Interp, mut args: Args) -> Result<Value, Raised> {
    let router = args.take(0, "router").unwrap_or(Value::None);
    let router = interp.force(&router);
    let is_known = is_instance(interp, &router, "starlette.routing.Router");
    Ok(Value::Bool(is_known))
}

fn jsonable_encoder(interp: &mut Interp, mut args: Args) -> Result<Value, Raised> {
    let value = args.take(0, "obj").unwrap_or(Value::None);
    if let Value::Unknown(_) = value {
        return Ok(value);
    }
    let json = encode::jsonable(interp, &value);
    Ok(crate::python::library::json_to_value(&json))
}

fn path_format(_: &mut Interp, mut args: Args) -> Result<Value, Raised> {
    let path = args.take(0, "path").unwrap_or(Value::None);
    Ok(match library::plain(&path) {
        Value::Str(path) => Value::str(&text::path_format(&path)),
        Value::Unknown(_) => path,
        _ => Value::unknown("the path is no text", args.place),
    })
}

fn unique_id(_: &mut Interp, mut args: Args) -> Result<Value, Raised> {
    let mut parts = Vec::new();
    for (index, name) in ["name", "path_format", "method"].into_iter().enumerate() {
        match library::plain(&args.take(index, name).unwrap_or(Value::None)) {
            Value::Str(part) => parts.push(part),
            unknown @ Value::Unknown(_) => return Ok(unknown),
            _ => {
                return Ok(Value::unknown(
                    "the operation id is made of something that is no text",
                    args.place,
                ));
            }
        }
    }
    Ok(match parts.as_slice() {
        [name, path, method] => Value::str(&text::unique_id(name, path, method)),
        _ => Value::None,
    })
}
