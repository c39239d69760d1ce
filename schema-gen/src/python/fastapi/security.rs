//! Security schemes: `_get_openapi_security_definitions` of `fastapi/openapi/utils.py`.

use serde_json::{Map, Value as Json};

use crate::python::interp::Interp;
use crate::python::value::{Object, Value};

use super::class::derives;
use super::encode;

/// The name of a scheme and its OpenAPI Security Scheme Object.
pub(crate) fn scheme(interp: &mut Interp, scheme: &Value) -> (String, Json) {
    let name = match interp.attribute(scheme, "scheme_name") {
        Ok(value) => encode::text(&value),
        Err(_) => None,
    };
    let class_name = match scheme {
        Value::Object(object) => object.class.name.borrow().to_string(),
        _ => "unknown".to_owned(),
    };
    let name = name.map_or(class_name, |name| name.to_string());
    let model = match interp.attribute(scheme, "model") {
        Ok(Value::Object(object)) => model(interp, &object),
        Ok(other) => encode::encode(interp, &other),
        Err(_) => encode::unknown(interp, "the scheme is not known", None),
    };
    (name, model)
}

/// An instance of one of `fastapi.openapi.models`, by the names of OpenAPI.
fn model(interp: &mut Interp, object: &std::rc::Rc<Object>) -> Json {
    let class = Value::Class(object.class.clone());
    let kind = ["APIKey", "HTTPBase", "OAuth2", "OpenIdConnect"]
        .into_iter()
        .zip(["apiKey", "http", "oauth2", "openIdConnect"])
        .find(|(name, _)| derives(interp, &class, &format!("fastapi.openapi.models.{name}")))
        .map(|(_, kind)| kind);
    let mut members = Map::new();
    if let Some(kind) = kind {
        members.insert("type".to_owned(), Json::from(kind));
    }
    if kind == Some("http") && derives(interp, &class, "fastapi.openapi.models.HTTPBearer") {
        members.insert("scheme".to_owned(), Json::from("bearer"));
    }
    let attributes = object.attributes.borrow().clone();
    for (name, value) in &attributes {
        if name.starts_with("__") {
            continue;
        }
        let value = match value {
            Value::Object(inner)
                if derives(
                    interp,
                    &Value::Class(inner.class.clone()),
                    "pydantic.BaseModel",
                ) =>
            {
                model(interp, inner)
            }
            other => encode::encode(interp, other),
        };
        let name = match &**name {
            "type_" => "type",
            "in_" => "in",
            other => other,
        };
        if !value.is_null() {
            members.insert(name.to_owned(), value);
        }
    }
    Json::Object(members)
}
