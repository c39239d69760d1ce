//! The contract of an application: `get_openapi` of `fastapi/openapi/utils.py`.

use std::rc::Rc;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

use crate::contract::{Certainty, Contract, Fact, Operation, UnknownFact};
use crate::openapi::v31;
use crate::python::interp::{Args, Interp, Raised};
use crate::python::value::Value;
use crate::python::versions::Change;

use super::body;
use super::class::is_instance;
use super::describe::Describer;
use super::encode::{encode, reason, report, source};
use super::operation::{self, Writer};
use super::route;

/// `get_openapi(…)`: keeps the contract and gives the document.
pub(crate) fn get_openapi(interp: &mut Interp, args: Args) -> Result<Value, Raised> {
    let contract = contract(interp, args)?;
    let document = v31::document(&contract);
    interp.contracts.push(contract);
    Ok(crate::python::library::json_to_value(&document))
}

fn contract(interp: &mut Interp, mut args: Args) -> Result<Contract, Raised> {
    let mut take = |name: &str| args.take(usize::MAX, name).unwrap_or(Value::None);
    let title = take("title");
    let version = take("version");
    let openapi_version = args
        .take(usize::MAX, "openapi_version")
        .unwrap_or_else(|| Value::str("3.1.0"));
    let mut take = |name: &str| args.take(usize::MAX, name).unwrap_or(Value::None);
    let info = [
        ("title", title),
        ("version", version),
        ("summary", take("summary")),
        ("description", take("description")),
        ("termsOfService", take("terms_of_service")),
        ("contact", take("contact")),
        ("license", take("license_info")),
    ];
    let (routes, webhooks) = (take("routes"), take("webhooks"));
    let (tags, servers, external_docs) = (take("tags"), take("servers"), take("external_docs"));
    let separate = args
        .take(usize::MAX, "separate_input_output_schemas")
        .unwrap_or(Value::Bool(true));

    let mut contract = Contract {
        openapi_version: match &openapi_version {
            Value::Str(text) => Fact::certain(text.to_string(), None),
            other => {
                let why = format!("the version of OpenAPI is `{other:?}`");
                Fact::unknown("3.1.0".to_owned(), why, None)
            }
        },
        ..Contract::default()
    };
    for (name, value) in info {
        if matches!(name, "title" | "version") || interp.truth(&value)? != Some(false) {
            contract
                .info
                .insert(name.to_owned(), encode(interp, &value));
        }
    }
    if let Json::Array(servers) = encode(interp, &servers) {
        contract.servers = servers;
    }
    if let Json::Array(tags) = encode(interp, &tags) {
        contract.tags = tags;
    }
    if interp.truth(&external_docs)? != Some(false) {
        contract.external_docs = Some(encode(interp, &external_docs));
    }

    let mut gaps = Vec::new();
    let routes = route::of_list(interp, &routes, &mut gaps);
    let webhooks = if matches!(webhooks, Value::None) {
        Vec::new()
    } else {
        route::of_list(interp, &webhooks, &mut gaps)
    };
    let mut describer = Describer::default();
    operation::ask(interp, &mut describer, &routes);
    operation::ask(interp, &mut describer, &webhooks);
    let separate = interp.truth(&separate)?.unwrap_or(true);
    describer.run(interp, separate);
    for one in routes
        .iter()
        .chain(&webhooks)
        .filter_map(|route| route.body.as_ref())
    {
        if let Some((name, params)) = &one.form
            && let Some(Json::Object(mut schema)) = describer.definitions.get(name).cloned()
        {
            body::form_schema(interp, &mut describer, params, &mut schema);
            describer
                .definitions
                .insert(name.clone(), Json::Object(schema));
        }
    }

    let mut writer = Writer {
        describer: &mut describer,
        schemes: IndexMap::new(),
        has_validation_error: false,
    };
    for one in &routes {
        let operations = writer.operations(interp, one);
        contract.operations.extend(operations);
    }
    for one in &webhooks {
        let operations = writer.operations(interp, one);
        contract.webhooks.extend(operations);
    }
    let (schemes, has_validation_error) = (writer.schemes, writer.has_validation_error);
    contract.security_schemes = schemes;
    contract.types = std::mem::take(&mut describer.definitions);
    if has_validation_error {
        contract
            .types
            .extend(validation_error(interp.rules.has(Change::ErrorsWithInput)));
    }
    contract.types.sort_keys();
    for gap in gaps {
        report(
            interp,
            "unknown-routes",
            format!("{}: {}", gap.what, gap.why),
            gap.place,
        );
        let source = source(interp, gap.place);
        contract.missing.push(UnknownFact {
            what: gap.what,
            why: reason(interp, &gap.why, gap.place),
            source,
        });
    }
    collect_unknowns(&mut contract);
    Ok(contract)
}

/// The unknown facts of operations, gathered.
fn collect_unknowns(contract: &mut Contract) {
    let mut found = Vec::new();
    let mut tell = |operation: &Operation, why: &str| {
        found.push(UnknownFact {
            what: format!("{} {}", operation.method, operation.path.value),
            why: why.to_owned(),
            source: operation.handler.clone(),
        });
    };
    for operation in contract.operations.iter().chain(&contract.webhooks) {
        for why in &operation.unknowns {
            tell(operation, why);
        }
        if let Certainty::Uncertain(why) = &operation.certainty {
            tell(operation, why);
        }
    }
    contract.unknowns.extend(found);
}

/// The schemas of the answer to a request that is not valid (`fastapi/openapi/utils.py`).
fn validation_error(has_input: bool) -> [(String, Json); 2] {
    let mut error = json!({
        "title": "ValidationError",
        "type": "object",
        "properties": {
            "loc": {
                "title": "Location",
                "type": "array",
                "items": { "anyOf": [{ "type": "string" }, { "type": "integer" }] }
            },
            "msg": { "title": "Message", "type": "string" },
            "type": { "title": "Error Type", "type": "string" }
        },
        "required": ["loc", "msg", "type"]
    });
    if has_input && let Some(properties) = error.get_mut("properties").and_then(Json::as_object_mut)
    {
        properties.insert("input".to_owned(), json!({ "title": "Input" }));
        properties.insert(
            "ctx".to_owned(),
            json!({ "title": "Context", "type": "object" }),
        );
    }
    let response = json!({
        "title": "HTTPValidationError",
        "type": "object",
        "properties": {
            "detail": {
                "title": "Detail",
                "type": "array",
                "items": { "$ref": "#/components/schemas/ValidationError" }
            }
        }
    });
    [
        ("ValidationError".to_owned(), error),
        ("HTTPValidationError".to_owned(), response),
    ]
}

/// What an application serves as its document, and the contract that it is of.
pub(crate) fn of_application(
    interp: &mut Interp,
    application: &Value,
) -> Result<(Contract, Json), Raised> {
    let function = interp.attribute(application, "openapi")?;
    // A document that was made before is kept, and may have been changed since.
    let kept = interp.attribute(application, "openapi_schema")?;
    if is_own(&function) && matches!(kept, Value::None) {
        let contract = of_attributes(interp, application)?;
        let document = v31::document(&contract);
        return Ok((contract, document));
    }
    let known = interp.contracts.len();
    let served = interp.call(&function, Args::default())?;
    let contract = if interp.contracts.len() > known {
        interp.contracts.pop()
    } else {
        None
    };
    let mut contract = match contract {
        Some(contract) => contract,
        None if matches!(served, Value::Dict(_)) => Contract::default(),
        None => of_attributes(interp, application)?,
    };
    let generated = v31::document(&contract);
    let served = match &served {
        Value::Dict(_) => encode(interp, &served),
        Value::Unknown(unknown) => {
            let message = format!(
                "the document that the service serves is not known: {}",
                unknown.why
            );
            let mut marked = generated.clone();
            if let Some(members) = marked.as_object_mut() {
                members.insert(
                    "x-hitchpost-unknown".to_owned(),
                    Json::from(message.clone()),
                );
            }
            report(interp, "unknown-document", message, unknown.place);
            marked
        }
        _ => generated.clone(),
    };
    if served != generated || order(&served) != order(&generated) {
        contract.document = Some(served.clone());
    }
    Ok((contract, served))
}

/// Whether it is `FastAPI.openapi`, which no class of the service overrides and nothing replaces.
fn is_own(function: &Value) -> bool {
    matches!(function, Value::Method(pair)
        if matches!(&pair.1, Value::Function(function) if &*function.module == "fastapi.applications"))
}

/// What `FastAPI.openapi` asks for.
fn of_attributes(interp: &mut Interp, application: &Value) -> Result<Contract, Raised> {
    let mut args = Args::default();
    for (name, attribute) in [
        ("title", "title"),
        ("version", "version"),
        ("openapi_version", "openapi_version"),
        ("summary", "summary"),
        ("description", "description"),
        ("terms_of_service", "terms_of_service"),
        ("contact", "contact"),
        ("license_info", "license_info"),
        ("routes", "routes"),
        ("tags", "openapi_tags"),
        ("servers", "servers"),
        (
            "separate_input_output_schemas",
            "separate_input_output_schemas",
        ),
        ("external_docs", "openapi_external_docs"),
    ] {
        let value = interp.attribute(application, attribute)?;
        args.keywords.insert(Rc::from(name), value);
    }
    let webhooks = interp.attribute(application, "webhooks")?;
    let webhooks = interp.attribute(&webhooks, "routes")?;
    args.keywords.insert(Rc::from("webhooks"), webhooks);
    contract(interp, args)
}

/// The keys in their order: objects are equal whatever the order is.
fn order(value: &Json) -> String {
    value
        .as_object()
        .map(|members: &Map<String, Json>| members.keys().cloned().collect::<Vec<_>>().join(" "))
        .unwrap_or_default()
}

/// Whether a value is an application of FastAPI.
pub(crate) fn is_application(interp: &mut Interp, value: &Value) -> bool {
    is_instance(interp, value, "fastapi.applications.FastAPI")
}
