//! Containers, unions and defaults.

use std::rc::Rc;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

use crate::python::interp::{Args, Raised};
use crate::python::value::Value;
use crate::python::versions::Change;

use super::{Emitted, Emitter, Fail};
use crate::python::pydantic::encode::{self, NotJson, Style};
use crate::python::pydantic::read::dotted;
use crate::python::pydantic::schema::{
    Constraints, Discriminator, Node, Object, Schema, Serialization, object,
};
use crate::python::pydantic::{self, Mode};

use super::scalar::{ARRAY, OBJECT};

impl Emitter<'_, '_> {
    pub(super) fn tuple(
        &mut self,
        items: &[Node],
        variadic: Option<usize>,
        constraints: &Constraints,
    ) -> Emitted {
        let mut written = object([("type", json!("array"))]);
        match variadic {
            Some(index) => {
                if index > 0 {
                    let prefix: Vec<Json> = items
                        .iter()
                        .take(index)
                        .map(|item| self.write(item).map(Json::Object))
                        .collect::<Result<_, _>>()?;
                    written.insert("minItems".to_owned(), json!(index));
                    written.insert("prefixItems".to_owned(), Json::Array(prefix));
                }
                let rest = match items.get(index) {
                    Some(item) if index + 1 == items.len() => Json::Object(self.write(item)?),
                    _ => json!(true),
                };
                written.insert("items".to_owned(), rest);
            }
            None => {
                let prefix: Vec<Json> = items
                    .iter()
                    .map(|item| self.write(item).map(Json::Object))
                    .collect::<Result<_, _>>()?;
                let length = prefix.len();
                if length > 0 {
                    written.insert("prefixItems".to_owned(), Json::Array(prefix));
                }
                written.insert("minItems".to_owned(), json!(length));
                written.insert("maxItems".to_owned(), json!(length));
            }
        }
        self.constrain(&mut written, constraints, ARRAY);
        Ok(written)
    }

    pub(super) fn dict(
        &mut self,
        keys: &Node,
        values: &Node,
        constraints: &Constraints,
    ) -> Emitted {
        let mut written = object([("type", json!("object"))]);
        let mut keys = self.write(keys)?;
        let mut pattern = None;
        if !keys.contains_key("$ref") {
            pattern = keys.shift_remove("pattern");
            keys.shift_remove("title");
        }
        let mut values = self.write(values)?;
        values.shift_remove("title");
        if !values.is_empty() || pattern.is_some() {
            match pattern {
                None => written.insert("additionalProperties".to_owned(), Json::Object(values)),
                Some(pattern) => {
                    let pattern = pattern.as_str().unwrap_or_default().to_owned();
                    let mut patterns = Map::new();
                    patterns.insert(pattern, Json::Object(values));
                    written.insert("patternProperties".to_owned(), Json::Object(patterns))
                }
            };
        } else if self.interp.rules.has(Change::AnyAdditionalProperties) {
            written.insert("additionalProperties".to_owned(), json!(true));
        }
        let is_text = keys.get("type") == Some(&json!("string")) && keys.len() > 1;
        if (is_text || keys.contains_key("$ref")) && self.interp.rules.has(Change::PropertyNames) {
            keys.shift_remove("type");
            written.insert("propertyNames".to_owned(), Json::Object(keys));
        }
        self.constrain(&mut written, constraints, OBJECT);
        Ok(written)
    }

    /// `get_flattened_anyof`
    pub(super) fn union(&mut self, schemas: Vec<Object>) -> Object {
        let mut members = Vec::new();
        for schema in schemas {
            match schema.get("anyOf") {
                Some(Json::Array(inner)) if schema.len() == 1 => {
                    members.extend(inner.iter().cloned())
                }
                _ => members.push(Json::Object(schema)),
            }
        }
        let members = deduplicated(members);
        match <[Json; 1]>::try_from(members) {
            Ok([Json::Object(only)]) => only,
            Ok([other]) => object([("anyOf", Json::Array(vec![other]))]),
            Err(members) => object([("anyOf", Json::Array(members))]),
        }
    }

    pub(super) fn tagged_union(
        &mut self,
        choices: &[(Value, Node)],
        discriminator: &Discriminator,
    ) -> Emitted {
        let mut generated: IndexMap<String, Object> = IndexMap::new();
        for (tag, choice) in choices {
            let tag = self.tag_text(tag);
            match self.write(choice) {
                Ok(written) => {
                    generated.insert(tag, written);
                }
                Err(Fail::Raised(raised)) => return Err(Fail::Raised(raised)),
                Err(_) => {}
            }
        }
        let choices = deduplicated(generated.values().cloned().map(Json::Object).collect());
        let property = match discriminator {
            Discriminator::Name(name) => Some(Rc::clone(name)),
            Discriminator::Aliased(name, alias) => [name, alias]
                .into_iter()
                .find(|name| self.on_all_choices(&choices, name))
                .cloned(),
            Discriminator::Callable => None,
        };
        let mut written = object([("oneOf", Json::Array(choices))]);
        if let Some(property) = property {
            let mapping: Map<String, Json> = generated
                .into_iter()
                .map(|(tag, schema)| match schema.get("$ref") {
                    Some(reference) => (tag, reference.clone()),
                    None => (tag, Json::Object(schema)),
                })
                .collect();
            written.insert(
                "discriminator".to_owned(),
                json!({"propertyName": &*property, "mapping": Json::Object(mapping)}),
            );
        }
        Ok(written)
    }

    pub(super) fn tag_text(&mut self, tag: &Value) -> String {
        let tag = match tag {
            Value::Object(object) if object.class.is_enum.get() => {
                object.payload.borrow().clone().unwrap_or(Value::None)
            }
            other => other.clone(),
        };
        match &tag {
            Value::Bool(flag) => flag.to_string(),
            Value::None => "null".to_owned(),
            Value::Str(text) => text.to_string(),
            other => self.interp.text(other, false).unwrap_or_default(),
        }
    }

    pub(super) fn on_all_choices(&mut self, choices: &[Json], name: &str) -> bool {
        choices.iter().all(|choice| {
            let Json::Object(choice) = choice else {
                return false;
            };
            let resolved = match choice.get("$ref") {
                Some(Json::String(reference)) => {
                    self.resolve(&reference.clone()).unwrap_or_default()
                }
                _ => choice.clone(),
            };
            resolved
                .get("properties")
                .and_then(Json::as_object)
                .is_some_and(|properties| properties.contains_key(name))
        })
    }

    pub(super) fn default(&mut self, inner: &Node, default: Option<&Value>) -> Emitted {
        let mut written = self.write(inner)?;
        let Some(default) = default else {
            return Ok(written);
        };
        let mut default = default.clone();
        if dotted(&default) == Some("pydantic_core.MISSING") {
            return Ok(written);
        }
        if self.mode() == Mode::Serialization
            && let Some(Serialization::Function {
                plain: true,
                takes_info: false,
                function,
                unless_none,
                ..
            }) = default_serializer(inner)
            && !(matches!(default, Value::None) && unless_none)
        {
            match self
                .interp
                .call(&function, Args::new(vec![default.clone()], None))
            {
                Ok(value) => default = value,
                Err(Raised::Exception(_)) => return Ok(written),
                Err(stopped) => return Err(Fail::Raised(stopped)),
            }
        }
        let style = Style {
            by_alias: self.state.by_alias != Some(false),
            exclude_none: false,
            per_second: match self.state.config.last() {
                Some(config) if self.mode() == Mode::Serialization => encode::per_second(config),
                _ => None,
            },
            base64: self.config_text("ser_json_bytes") == Some("base64"),
            depth: 0,
        };
        if let Value::Set(_) | Value::FrozenSet(_) = &default {
            default = sorted(&default);
        }
        match encode::jsonable_as(self.interp, &default, style) {
            Ok(json) => {
                written.insert("default".to_owned(), json);
            }
            Err(NotJson::Impossible) => {}
            Err(NotJson::Unknown(unknown)) => {
                let json = pydantic::unknown_json(self.interp, &unknown);
                written.insert("default".to_owned(), Json::Object(json));
            }
        }
        Ok(written)
    }
}

/// `_get_ser_schema_for_default_value`
fn default_serializer(schema: &Schema) -> Option<Serialization> {
    if let Some(serialization) = &schema.serialization
        && matches!(
            **serialization,
            Serialization::Function {
                plain: true,
                takes_info: false,
                ..
            }
        )
    {
        return Some((**serialization).clone());
    }
    schema
        .inner_of_function()
        .and_then(|inner| default_serializer(inner))
}

/// Equal schemas once, at the place of the first.
pub(in crate::python::pydantic) fn deduplicated(schemas: Vec<Json>) -> Vec<Json> {
    let mut unique: Vec<Json> = Vec::new();
    for schema in schemas {
        match unique.iter_mut().find(|other| **other == schema) {
            Some(other) => *other = schema,
            None => unique.push(schema),
        }
    }
    unique
}

/// A set as a list in order, where its members have one.
fn sorted(value: &Value) -> Value {
    let mut items: Vec<Value> = match value {
        Value::Set(items) => items.borrow().keys().map(|key| key.0.clone()).collect(),
        Value::FrozenSet(items) => items.keys().map(|key| key.0.clone()).collect(),
        _ => return value.clone(),
    };
    let text = |value: &Value| match value {
        Value::Str(text) => Some(Rc::clone(text)),
        // A member of an enumeration of texts.
        Value::Object(object) => match &*object.payload.borrow() {
            Some(Value::Str(text)) => Some(Rc::clone(text)),
            _ => None,
        },
        _ => None,
    };
    let number = |value: &Value| match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    };
    if items.iter().all(|item| text(item).is_some()) {
        items.sort_by_key(text);
    } else if items.iter().all(|item| number(item).is_some()) {
        items.sort_by(|left, right| {
            number(left)
                .unwrap_or_default()
                .total_cmp(&number(right).unwrap_or_default())
        });
    }
    Value::list(items)
}
