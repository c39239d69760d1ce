//! What a route says of itself: `_populate_api_route_state` of `fastapi/routing.py`.

use std::cell::RefCell;
use std::rc::Rc;

use crate::python::fastapi::class::is_instance;
use crate::python::interp::{Args, Interp, Raised};
use crate::python::library;
use crate::python::value::{Dict, Key, Place, Value};

use super::{either, explained, path_format};

/// What an argument is where it is not given.
#[derive(Clone, Copy)]
enum Default {
    None,
    Bool(bool),
    /// The constant of `fastapi.routing`.
    Constant(&'static str),
}

/// The arguments that are kept as they are, with what they are where they are not given.
const KEPT: &[(&str, Default)] = &[
    ("stream_item_type", Default::None),
    ("summary", Default::None),
    ("deprecated", Default::None),
    ("operation_id", Default::None),
    ("response_model", Default::Constant("DEFAULT_MODEL")),
    ("response_model_include", Default::None),
    ("response_model_exclude", Default::None),
    ("response_model_by_alias", Default::Bool(true)),
    ("response_model_exclude_unset", Default::Bool(false)),
    ("response_model_exclude_defaults", Default::Bool(false)),
    ("response_model_exclude_none", Default::Bool(false)),
    ("include_in_schema", Default::Bool(true)),
    (
        "response_class",
        Default::Constant("DEFAULT_RESPONSE_CLASS"),
    ),
    ("dependency_overrides_provider", Default::None),
    ("callbacks", Default::None),
    ("openapi_extra", Default::None),
    (
        "generate_unique_id_function",
        Default::Constant("DEFAULT_UNIQUE_ID"),
    ),
    ("strict_content_type", Default::Constant("DEFAULT_STRICT")),
    ("max_body_size", Default::None),
    ("status_code", Default::None),
];

/// `populate(route, path, endpoint, **given)`
pub(super) fn populate(interp: &mut Interp, mut args: Args) -> Result<Value, Raised> {
    let place = args.place;
    let mut own = |index, name| args.take(index, name).unwrap_or(Value::None);
    let route = own(0, "route");
    let path = own(1, "path");
    let endpoint = own(2, "endpoint");
    let mut given = args.keywords;
    let mut take = |name: &str| given.shift_remove(name);
    interp.set_attribute(&route, "path", path.clone())?;
    interp.set_attribute(&route, "endpoint", endpoint.clone())?;
    for (name, default) in KEPT {
        let value = match (take(name), default) {
            (Some(value), _) => value,
            (None, Default::None) => Value::None,
            (None, Default::Bool(flag)) => Value::Bool(*flag),
            (None, Default::Constant(name)) => {
                let module = interp.import("fastapi.routing", place)?;
                interp.attribute(&module, name)?
            }
        };
        interp.set_attribute(&route, name, value)?;
    }
    let description = take("response_description");
    let description = description.unwrap_or_else(|| Value::str("Successful Response"));
    interp.set_attribute(&route, "response_description", description)?;
    for (name, nothing) in [
        ("tags", Value::list(Vec::new())),
        ("responses", Value::dict(Dict::default())),
    ] {
        let value = take(name).unwrap_or(Value::None);
        let value = either(interp, Args::new(vec![value, nothing], place))?;
        interp.set_attribute(&route, name, value)?;
    }
    let dependencies = take("dependencies").unwrap_or(Value::None);
    let dependencies = match interp.truth(&dependencies)? {
        Some(false) => Value::list(Vec::new()),
        _ => match interp.iterate(&dependencies)? {
            Some(items) => Value::list(items),
            None => explained(dependencies, place),
        },
    };
    interp.set_attribute(&route, "dependencies", dependencies)?;
    let name = match take("name").unwrap_or(Value::None) {
        Value::None => name_of(interp, &endpoint)?,
        name => name,
    };
    interp.set_attribute(&route, "name", name)?;
    let format = path_format(interp, Args::new(vec![path], place))?;
    interp.set_attribute(&route, "path_format", format)?;
    let methods = methods(interp, take("methods").unwrap_or(Value::None), place)?;
    interp.set_attribute(&route, "methods", methods)?;
    let description = take("description").unwrap_or(Value::None);
    let description = description_of(interp, description, &endpoint, place)?;
    interp.set_attribute(&route, "description", description)?;
    if let Some(name) = given.keys().next() {
        let message = format!("populate() got an unexpected keyword argument '{name}'");
        return Err(library::raise("builtins.TypeError", &message, place));
    }
    let id = unique_id(interp, &route, place)?;
    interp.set_attribute(&route, "unique_id", id)?;
    Ok(Value::None)
}

/// `get_name` of `starlette/routing.py`.
fn name_of(interp: &mut Interp, endpoint: &Value) -> Result<Value, Raised> {
    match interp.find_attribute(endpoint, "__name__")? {
        Some(name) => Ok(name),
        None => {
            let class = interp.attribute(endpoint, "__class__")?;
            interp.attribute(&class, "__name__")
        }
    }
}

fn methods(interp: &mut Interp, methods: Value, place: Option<Place>) -> Result<Value, Raised> {
    if matches!(methods, Value::None) {
        let mut get = Dict::default();
        get.insert(Key(Value::str("GET")), Value::None);
        return Ok(Value::Set(Rc::new(RefCell::new(get))));
    }
    let Some(items) = interp.iterate(&methods)? else {
        return Ok(explained(methods, place));
    };
    let mut upper = Dict::default();
    for item in items {
        let method = match library::plain(&item) {
            Value::Str(method) => Value::str(&method.to_uppercase()),
            _ => explained(item, place),
        };
        upper.insert(Key(method), Value::None);
    }
    Ok(Value::Set(Rc::new(RefCell::new(upper))))
}

/// Up to a form feed it is documentation of the operation (Path Operation Advanced Configuration).
fn description_of(
    interp: &mut Interp,
    given: Value,
    endpoint: &Value,
    place: Option<Place>,
) -> Result<Value, Raised> {
    let whole = match interp.truth(&given)? {
        Some(true) => library::plain(&given),
        None => return Ok(explained(given, place)),
        Some(false) => match interp.find_attribute(endpoint, "__doc__")? {
            Some(Value::Str(documentation)) => {
                Value::str(&library::clean_docstring(&documentation))
            }
            Some(unknown @ Value::Unknown(_)) => return Ok(unknown),
            _ => Value::str(""),
        },
    };
    Ok(match &whole {
        Value::Str(text) => {
            let text = text.split('\u{c}').next().unwrap_or_default();
            Value::str(text.trim())
        }
        _ => explained(whole, place),
    })
}

fn unique_id(interp: &mut Interp, route: &Value, place: Option<Place>) -> Result<Value, Raised> {
    let given = interp.attribute(route, "operation_id")?;
    match interp.truth(&given)? {
        Some(true) => Ok(given),
        None => Ok(explained(given, place)),
        Some(false) => {
            let mut function = interp.attribute(route, "generate_unique_id_function")?;
            if is_instance(
                interp,
                &function,
                "fastapi.datastructures.DefaultPlaceholder",
            ) {
                function = interp.attribute(&function, "value")?;
            }
            interp.call(&function, Args::new(vec![route.clone()], place))
        }
    }
}
