use std::{collections::HashSet, fmt, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::json;

use super::model::{Auth, EndpointType, Scope};
use crate::{
    decode::{Context, Decode, Flag, Located, OneOrMany, Scalar, ScalarError, Text, not_a_choice},
    diagnostic::Code,
    document::{Key, Node, NodeValue},
    form,
    name::Name,
    secret::REDACTED,
    version::Scheme,
};

/// A description, at most 1,000 characters.
type Description = Located<Text<1_000>>;
/// One name or a list of names.
type Names = OneOrMany<Located<Name>>;

/// The forms in which a record may be written; a JSON Schema of each is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordForm {
    /// Instances, services, endpoints and profiles.
    Extended,
    /// A name, a version and a flat list of configuration values.
    Minimal,
}

/// The JSON Schema (2020-12) of one form, for editors and validators.
///
/// ```
/// use hitchpost_registry_core::{RecordForm, record_schema};
///
/// let schema = record_schema(Some(RecordForm::Extended));
/// assert!(schema.as_value()["properties"]["instances"].is_object());
/// ```
#[must_use]
pub fn record_schema(form: Option<RecordForm>) -> Schema {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    match form {
        Some(RecordForm::Extended) => generator.into_root_schema_for::<ExtensionForm>(),
        Some(RecordForm::Minimal) => generator.into_root_schema_for::<MinimalForm>(),
        None => {
            let minimal = generator.subschema_for::<MinimalForm>();
            let extended = generator.subschema_for::<ExtensionForm>();
            let mut definitions = generator.take_definitions(true);
            let record = json!({
                "if": {
                    "type": "object",
                    "not": { "required": ["instances"] },
                    "anyOf": [{ "required": ["version"] }, { "required": ["configuration"] }],
                },
                "then": minimal,
                "else": extended,
            });
            definitions.insert("Record".to_owned(), record);
            json_schema!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "title": "Hitchpost records",
                "description": "A tool, or a list of tools, as registered with Hitchpost",
                "if": { "type": "array" },
                "then": { "items": { "$ref": "#/$defs/Record" } },
                "else": { "$ref": "#/$defs/Record" },
                "$defs": definitions,
            })
        }
    }
}

form! {
    /// A record in the extended form.
    pub(crate) struct ExtensionForm {
        /// The record's name, unique in the registry.
        name: Located<Name>,
        /// What is installed; the name when not given.
        product: Option<Located<Name>>,
        /// One line for people.
        description: Option<Description>,
        /// Labels to select by.
        labels: Option<Labels>,
        /// Built in: changed only with an explicit override.
        immutable: Option<Located<Flag>>,
        /// Configuration of every service.
        configuration: Option<Pairs>,
        /// The installations.
        instances: Vec<InstanceForm>,
    }
}

form! {
    /// One installation.
    pub(crate) struct InstanceForm {
        /// Unique in the record.
        name: Located<Name>,
        /// The installed version.
        version: Option<Located<Text<100>>>,
        /// How the version is to be read; the catalogue's way for the product when not given.
        version_scheme: Option<Located<Scheme>>,
        /// The zone it runs in; `local` when not given.
        location: Option<Located<Name>>,
        /// Preferred among equals.
        default: Option<Located<Flag>>,
        /// Who may use it; everybody when neither this nor a list is given.
        scope: Option<Located<Scope>>,
        /// The project that may use it.
        project: Option<Names>,
        /// The projects that may use it.
        projects: Option<Names>,
        /// The user that may use it.
        user: Option<Names>,
        /// The users that may use it.
        users: Option<Names>,
        /// The group that may use it.
        group: Option<Names>,
        /// The groups that may use it.
        groups: Option<Names>,
        /// The workflow that may use it.
        workflow: Option<Names>,
        /// The workflows that may use it.
        workflows: Option<Names>,
        /// Configuration of every service of the instance.
        configuration: Option<Pairs>,
        /// What it offers.
        services: Option<Vec<ServiceForm>>,
        /// The accounts by which it is reached.
        profiles: Option<Vec<ProfileForm>>,
    }
}

form! {
    /// A service of an instance.
    pub(crate) struct ServiceForm {
        /// Unique in the instance.
        name: Located<Name>,
        /// The service type, e.g. `s3`; the name when not given.
        service: Option<Located<Name>>,
        /// Another word for `service`.
        service_type as "type": Option<Located<Name>>,
        /// The class of interchangeable tools; the catalogue's when not given.
        category: Option<Located<Name>>,
        /// One line for people.
        description: Option<Description>,
        /// Whether an account is needed.
        auth: Option<Located<Auth>>,
        /// Names of the instance's profiles that apply here.
        profiles: Option<Vec<Located<Name>>>,
        /// Configuration of the service.
        configuration: Option<Pairs>,
        /// The ways to reach it.
        endpoints: Option<Vec<EndpointForm>>,
    }
}

form! {
    /// A way to reach a service.
    pub(crate) struct EndpointForm {
        /// Unique in the service.
        name: Located<Name>,
        /// Its URL, without user name and password; `cluster-api` needs none.
        url: Option<Located<Text<2_000>>>,
        /// From where it can be reached; `external` when not given.
        endpoint_type as "type": Option<Located<EndpointType>>,
        /// Preferred among equals.
        default: Option<Located<Flag>>,
        /// Names of the instance's profiles that apply here.
        profiles: Option<Vec<Located<Name>>>,
        /// Configuration of the endpoint.
        configuration: Option<Pairs>,
    }
}

form! {
    /// An account and who may use it; every value in its configuration is secret.
    pub(crate) struct ProfileForm {
        /// Unique in the instance.
        name: Located<Name>,
        /// Who may use it; the kind of the given list, else `global`.
        scope: Option<Located<Scope>>,
        /// The project that may use it.
        project: Option<Names>,
        /// The projects that may use it.
        projects: Option<Names>,
        /// The user that may use it.
        user: Option<Names>,
        /// The users that may use it.
        users: Option<Names>,
        /// The group that may use it.
        group: Option<Names>,
        /// The groups that may use it.
        groups: Option<Names>,
        /// The workflow that may use it.
        workflow: Option<Names>,
        /// The workflows that may use it.
        workflows: Option<Names>,
        /// Preferred among equals.
        default: Option<Located<Flag>>,
        /// An RFC 3339 time, or a date, from which on it is not used.
        expires_at: Option<Located<Text<64>>>,
        /// The account's values.
        configuration: Option<Pairs>,
    }
}

form! {
    /// A record in the minimal form: one instance with one service. Values are secret unless the
    /// catalogue knows the key as public.
    pub(crate) struct MinimalForm {
        /// The record's name, unique in the registry.
        name: Located<Name>,
        /// What is installed; the name when not given.
        product: Option<Located<Name>>,
        /// One line for people.
        description: Option<Description>,
        /// The installed version.
        version: Option<Located<Text<100>>>,
        /// The values a client needs.
        configuration: Option<Pairs>,
    }
}

impl Scalar for Scheme {
    fn read(text: &str) -> Result<Self, ScalarError> {
        text.parse().map_err(|_| not_a_choice(text, SCHEMES))
    }

    fn schema() -> Schema {
        json_schema!({ "enum": SCHEMES })
    }
}

const SCHEMES: &[&str] = &["semver", "pep440", "date", "opaque"];

/// Ordered names and values: a list of `{name, value}` or a mapping.
#[derive(Debug, Clone)]
pub(crate) struct Pairs(pub Vec<Pair>);

form! {
    /// A name and its value.
    pub(crate) struct Pair {
        /// The key: no white space, at most 253 characters.
        name: Located<KeyName>,
        /// The value.
        value: Located<RawText>,
    }
}

impl Decode for Pairs {
    fn decode(node: &Node, context: &mut Context<'_>) -> Option<Self> {
        let pairs = match &node.value {
            NodeValue::Sequence(_) => Vec::<Pair>::decode(node, context)?,
            NodeValue::Mapping(entries) => entries
                .iter()
                .filter_map(|(key, value)| entry(node, key, value, context))
                .collect(),
            NodeValue::Scalar { .. } => {
                context.wrong_type(node, "a mapping, or a list of `{name, value}`");
                return None;
            }
        };
        let mut seen = HashSet::new();
        for pair in &pairs {
            if !seen.insert(&*pair.name.value.0) {
                let message = format!("`{}` is given twice", pair.name.value.0);
                context.report_at(
                    Code::DuplicateName,
                    &pair.name.place,
                    message,
                    Some("remove one".to_owned()),
                );
            }
        }
        Some(Self(pairs))
    }
}

/// A pair of the mapping form. A key that is none is not repeated: it could be a part of a value.
fn entry(node: &Node, key: &Key, value: &Node, context: &mut Context<'_>) -> Option<Pair> {
    let mut place = context.place(node);
    place.span = key.span;
    let name = match KeyName::read(&key.text) {
        Ok(name) if context.repeatable(key, value) => name,
        Ok(_) => {
            let help = "write `KEY: value`".to_owned();
            context.report_at(
                Code::MissingKey,
                &place,
                "a key has no value".to_owned(),
                Some(help),
            );
            return None;
        }
        Err((code, message, help)) => {
            context.report_at(code, &place, message, help);
            return None;
        }
    };
    context.show(key.span);
    context.at(key.text.to_string(), |context| {
        place.path = context.place(node).path;
        if value.is_null() {
            let help = "write `\"\"` for an empty text".to_owned();
            context.report_at(
                Code::MissingKey,
                &place,
                format!("`{}` has no value", key.text),
                Some(help),
            );
            return None;
        }
        let value = Located::decode(value, context)?;
        Some(Pair {
            name: Located {
                value: name,
                place: place.clone(),
            },
            place,
            value,
        })
    })
}

impl JsonSchema for Pairs {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Configuration".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let pair = generator.subschema_for::<Pair>();
        let value = RawText::schema();
        json_schema!({
            "description": "Names and values, in order",
            "anyOf": [
                { "type": "array", "items": pair },
                { "type": "object", "additionalProperties": value, "propertyNames": { "pattern": KeyName::PATTERN } },
            ],
        })
    }
}

/// Labels: as [`Pairs`], with names for keys.
#[derive(Debug, Clone)]
pub(crate) struct Labels(pub Pairs);

impl Decode for Labels {
    fn decode(node: &Node, context: &mut Context<'_>) -> Option<Self> {
        Pairs::decode(node, context).map(Self)
    }
}

impl JsonSchema for Labels {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Labels".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let value = RawText::schema();
        let name = <Name as Scalar>::schema();
        json_schema!({
            "description": "Names and values to select by",
            "anyOf": [
                {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": { "name": name, "value": value },
                        "required": ["name", "value"],
                        "additionalProperties": false,
                    },
                },
                { "type": "object", "additionalProperties": value, "propertyNames": name },
            ],
        })
    }
}

/// A configuration key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyName(pub Arc<str>);

impl KeyName {
    const PATTERN: &'static str = "^[^\\s=\\u0000-\\u001f\\u007f-\\u009f]{1,253}$";

    fn fits(text: &str) -> bool {
        !text.is_empty()
            && text.chars().count() <= 253
            && !text
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || c == '=')
    }
}

impl Scalar for KeyName {
    fn is_shown(text: &str) -> bool {
        Self::fits(text)
    }

    fn read(text: &str) -> Result<Self, ScalarError> {
        if Self::fits(text) {
            return Ok(Self(text.into()));
        }
        let help = if text.contains('=') {
            "write `KEY: value`, not `KEY=value`"
        } else {
            "shorten it, or put it in one word"
        };
        let message = "a configuration key has 1 to 253 characters without white space, control characters and `=`";
        Err((Code::InvalidName, message.to_owned(), Some(help.to_owned())))
    }

    fn schema() -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"], "pattern": Self::PATTERN })
    }
}

/// A configuration value: any text without NUL, at most 256 KiB. It may be a secret.
#[derive(Clone)]
pub(crate) struct RawText(pub Arc<str>);

impl fmt::Debug for RawText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl RawText {
    const MAX: usize = 256 << 10;
}

impl Scalar for RawText {
    const SHOWN: bool = false;

    fn read(text: &str) -> Result<Self, ScalarError> {
        if text.len() > Self::MAX {
            let help =
                "store it in a file and give its path or a `ref+file://` reference".to_owned();
            return Err((
                Code::InvalidText,
                format!("the value has more than {} bytes", Self::MAX),
                Some(help),
            ));
        }
        if text.contains('\0') {
            let help = "encode it, for instance as base64".to_owned();
            return Err((
                Code::InvalidText,
                "the value has a NUL character".to_owned(),
                Some(help),
            ));
        }
        Ok(Self(text.into()))
    }

    fn schema() -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}
