//! What a request wants to write, checked as far as that goes without the database.

use serde_json::{Map, Value};

use super::error::StoreError;
use crate::{
    kind::{Form, Kind},
    model::{ArtifactType, MetadataValue, Properties, Resource},
};

/// The greatest length of a name, in characters. With it a name fits into an index of PostgreSQL.
pub const MAX_NAME: usize = 512;

/// The greatest length of another text, in bytes.
pub const MAX_TEXT: usize = 16 << 20;

/// How many custom properties a resource may have.
pub const MAX_PROPERTIES: usize = 10_000;

/// What a resource gets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    /// `Some(None)`: no name any more, or a generated one.
    pub(crate) name: Option<String>,
    /// Outer `None`: stays as it is.
    pub(crate) external_id: Option<Option<String>>,
    pub(crate) properties: Option<Properties>,
    /// Description and fields of the kind; null where one is taken away.
    pub(crate) fields: Map<String, Value>,
}

/// The members of a representation, its kind among those of the type, and nothing that only the
/// server sets.
pub(crate) fn members<R: Resource>(
    representation: &impl serde::Serialize,
) -> Result<(Kind, Map<String, Value>), StoreError> {
    let value = serde_json::to_value(representation);
    let Ok(Value::Object(mut members)) = value else {
        return Err(StoreError::invalid("the resource is no object"));
    };
    for given in ["id", "createTimeSinceEpoch", "lastUpdateTimeSinceEpoch"] {
        members.remove(given);
    }
    let artifact_type = members.remove("artifactType");
    let kind = match (R::KINDS, artifact_type) {
        ([kind], _) => *kind,
        (_, Some(name)) => {
            let artifact_type: ArtifactType = serde_json::from_value(name)
                .map_err(|error| StoreError::invalid(error.to_string()))?;
            Kind::of_artifact(artifact_type)
        }
        _ => return Err(StoreError::invalid("`artifactType` is missing")),
    };
    if kind.is_artifact() {
        members.remove("experimentId");
        members.remove("experimentRunId");
    }
    Ok((kind, members))
}

impl Draft {
    /// Checks members, which may be those of a whole resource or of a change.
    pub(crate) fn new(kind: Kind, mut members: Map<String, Value>) -> Result<Self, StoreError> {
        let mut draft = Self::default();
        match members.remove("name") {
            Some(Value::String(name)) => {
                check_name("name", &name)?;
                draft.name = Some(name);
            }
            Some(Value::Null) | None => {}
            Some(_) => return Err(StoreError::invalid("`name` is no text")),
        }
        match members.remove("externalId") {
            Some(Value::String(id)) => {
                check_name("externalId", &id)?;
                draft.external_id = Some(Some(id));
            }
            Some(_) => draft.external_id = Some(None),
            None => {}
        }
        if let Some(properties) = members.remove("customProperties") {
            let properties: Option<Properties> = serde_json::from_value(properties)
                .map_err(|error| StoreError::invalid(error.to_string()))?;
            let properties = properties.unwrap_or_default();
            check_properties(&properties)?;
            draft.properties = Some(properties);
        }
        for (name, value) in members {
            let form = match kind.field(&name) {
                Some(field) => field.form,
                None if name == "description" => Form::Text,
                None => {
                    return Err(StoreError::invalid(format!(
                        "a {} has no field `{name}`",
                        kind.words()
                    )));
                }
            };
            let value = match (form, value) {
                // These always have a value.
                (Form::Word(_, Some(_)) | Form::Double, Value::Null) => continue,
                (Form::Id(_), Value::String(id)) => parse_id(&name, &id)?.to_string().into(),
                (_, value) => value,
            };
            check_value(&name, &value)?;
            draft.fields.insert(name, value);
        }
        Ok(draft)
    }

    /// The id in a field of it.
    pub(crate) fn id(&self, name: &str) -> Option<i64> {
        self.fields.get(name)?.as_str()?.parse().ok()
    }
}

/// The number of a resource, from its decimal digits.
pub(crate) fn parse_id(field: &str, id: &str) -> Result<i64, StoreError> {
    let digits = (1..=18).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_digit())
        && !id.starts_with('0');
    let number = id.parse().ok().filter(|number| digits && *number > 0);
    number.ok_or_else(|| {
        let shown: String = id.chars().take(32).collect();
        StoreError::invalid(format!("invalid {field}: `{shown}` is no id"))
    })
}

pub(crate) fn check_name(field: &str, name: &str) -> Result<(), StoreError> {
    if name.is_empty() {
        return Err(StoreError::invalid(format!("`{field}` is empty")));
    }
    if name.chars().nth(MAX_NAME).is_some() {
        return Err(StoreError::invalid(format!(
            "`{field}` is longer than {MAX_NAME} characters"
        )));
    }
    check_text(field, name)
}

/// PostgreSQL has no NUL characters in texts.
pub(crate) fn check_text(field: &str, text: &str) -> Result<(), StoreError> {
    let shown = || field.chars().take(64).collect::<String>();
    if text.len() > MAX_TEXT {
        return Err(StoreError::invalid(format!(
            "`{}` is longer than {MAX_TEXT} bytes",
            shown()
        )));
    }
    if text.contains('\0') {
        return Err(StoreError::invalid(format!(
            "`{}` has a NUL character",
            shown()
        )));
    }
    Ok(())
}

fn check_value(name: &str, value: &Value) -> Result<(), StoreError> {
    match value {
        Value::String(text) => check_text(name, text),
        Value::Array(items) => items.iter().try_for_each(|item| check_value(name, item)),
        _ => Ok(()),
    }
}

pub(crate) fn check_properties(properties: &Properties) -> Result<(), StoreError> {
    use MetadataValue as M;
    if properties.len() > MAX_PROPERTIES {
        return Err(StoreError::invalid(format!(
            "there are more than {MAX_PROPERTIES} custom properties"
        )));
    }
    for (name, value) in properties {
        check_name("customProperties", name)?;
        match value {
            M::MetadataStringValue { string_value: text }
            | M::MetadataStructValue { struct_value: text } => check_text(name, text)?,
            M::MetadataProtoValue { kind, proto_value } => {
                check_text(name, kind)?;
                check_text(name, proto_value)?;
            }
            _ => {}
        }
    }
    Ok(())
}
