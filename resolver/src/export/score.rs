use hitchpost_registry_core::{
    Catalogue, Code, Diagnostics, Document, Name, Node, NodeValue,
    decode::{Context, Decode, Located, Text},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::{Account, Variables};
use crate::{
    binding::Pin,
    requirement::{Requirement, RequirementForm, into_requirements},
};

/// Reads what score-compose and score-k8s write to a `cmd://` provisioner: the requirement of a
/// resource.
///
/// The resource's type is the service type, or the name of a product that has but one; its id is
/// the handle. Its `params` are the other fields of a requirement, of which `service` and
/// `service_type` stand in for the resource's type.
///
/// The protocol: JSON on standard input, as `Input` in
/// <https://github.com/score-spec/score-compose/blob/main/internal/provisioners/core.go>.
///
/// # Errors
/// All findings; their paths begin with those of the input, as `/resource_params`.
pub fn score_input(bytes: &[u8], catalogue: &Catalogue) -> Result<Requirement, Diagnostics> {
    let document = Document::parse("resource", bytes)?;
    let mut context = Context::new(&document);
    let requirement = document
        .roots
        .first()
        .and_then(|root| read(root, catalogue, &mut context));
    if requirement.is_none() && context.error_count() == 0 {
        let help = Some("it is to be run by score-compose or score-k8s".to_owned());
        context.report_source(
            Code::Empty,
            "standard input holds no resource".to_owned(),
            help,
        );
    }
    match requirement {
        Some(requirement) if context.error_count() == 0 => Ok(requirement),
        _ => Err(context.finish()),
    }
}

fn read(root: &Node, catalogue: &Catalogue, context: &mut Context<'_>) -> Option<Requirement> {
    let resource_type = context.field::<Located<Name>>(root, "resource_type")?;
    let id = context
        .field::<Option<Located<Text<1_000>>>>(root, "resource_id")
        .flatten();
    let none = Node {
        span: root.span,
        value: NodeValue::Mapping(Vec::new()),
    };
    let params = root
        .get("resource_params")
        .filter(|params| !params.is_null())
        .unwrap_or(&none);
    let mut form = context.at("resource_params", |context| {
        RequirementForm::decode(params, context)
    })?;
    if form.name.is_none() {
        let id = id.map_or_else(
            || resource_type.value.to_string(),
            |id| id.value.0.to_string(),
        );
        form.name = Some(Located {
            value: Name::nearest(&id),
            place: resource_type.place.clone(),
        });
    }
    if form.service.is_none() && form.service_type.is_none() {
        let value = service_type(resource_type.value, catalogue);
        form.service_type = Some(Located {
            value,
            place: resource_type.place,
        });
    }
    into_requirements(vec![form], context).pop()
}

/// The service type that a resource type means: Score calls some by their product.
fn service_type(resource_type: Name, catalogue: &Catalogue) -> Name {
    if catalogue.service_type(resource_type.as_str()).is_some() {
        return resource_type;
    }
    match catalogue
        .product(resource_type.as_str())
        .map(|product| product.services.as_slice())
    {
        Some([service]) => service.service_type.clone(),
        _ => resource_type,
    }
}

/// What a `cmd://` provisioner answers: JSON with the resource's outputs and its state.
///
/// The outputs are what is known of `host`, `port`, `url`, `username`, `password`, `token`,
/// `database`, and every variable under `env`: `${resources.db.env.PGHOST}`. Beside them stand
/// the names that the provisioners of score-compose give to the same values: `name` for the
/// database; for `s3` `endpoint`, `access_key_id`, `secret_key`, `region` and `bucket`. The state
/// is the pin.
///
/// The protocol: JSON on standard output, as `ProvisionOutput` in
/// <https://github.com/score-spec/score-compose/blob/main/internal/provisioners/core.go>.
#[must_use]
pub fn score_output(account: &Account, variables: &Variables, pin: &Pin) -> SecretString {
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    let opened = |secret: &Option<SecretString>| {
        secret
            .as_ref()
            .map(|secret| Value::from(secret.expose_secret()))
    };
    let setting = |key: &str| {
        account
            .setting(key)
            .map(|setting| Value::from(setting.value.expose_secret()))
    };
    let mut outputs = vec![
        ("host", text(&account.host)),
        ("port", account.port.map(Value::from)),
        ("url", text(&account.url)),
        ("username", opened(&account.username)),
        ("password", opened(&account.password)),
        ("token", opened(&account.token)),
        ("database", text(&account.database)),
        ("name", text(&account.database)),
    ];
    if account.service_type == "s3" {
        outputs.extend([
            ("endpoint", text(&account.url)),
            ("access_key_id", opened(&account.username)),
            ("secret_key", opened(&account.password)),
            ("region", setting("AWS_REGION")),
            ("bucket", setting("bucket")),
        ]);
    }
    let known = outputs
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let mut outputs: Map<String, Value> = known.collect();
    let env = variables
        .iter()
        .map(|variable| (variable.name.clone(), variable.value.expose_secret().into()));
    outputs.insert("env".to_owned(), Value::Object(env.collect()));
    SecretString::from(format!(
        "{}\n",
        json!({ "resource_state": { "pin": pin }, "resource_outputs": outputs })
    ))
}
