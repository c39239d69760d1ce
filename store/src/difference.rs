//! What differs between two states of a record, without any secret.

use std::collections::HashSet;

use hitchpost_registry_core::{Extension, REDACTED};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::StoreError;

/// One field that differs. Never a secret: of a secret it is said only that it differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Where, as a JSON pointer (RFC 6901) in which the parts of a list stand under their names:
    /// `/instances/aws/services/s3/endpoints/public/url`.
    pub path: String,
    /// The text of the field before; `None` when it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The text of the field after; `None` when it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The differences between two states of a record, both with their secrets sealed.
pub(crate) fn differences(
    before: &Extension,
    after: &Extension,
) -> Result<Vec<Difference>, StoreError> {
    let document = |extension| {
        serde_json::to_value(extension).map_err(|error| StoreError::corrupt(error.to_string()))
    };
    let mut found = Vec::new();
    compare(
        "",
        Some(&document(before)?),
        Some(&document(after)?),
        &mut found,
    );
    secrets(before, after, &mut found);
    Ok(found)
}

/// The secrets that are in both states and differ: in the documents they look the same.
fn secrets(before: &Extension, after: &Extension, found: &mut Vec<Difference>) {
    for new in &after.instances {
        let Some(old) = before.instances.iter().find(|old| old.name == new.name) else {
            continue;
        };
        for profile in &new.profiles {
            let Some(old) = old.profiles.iter().find(|old| old.name == profile.name) else {
                continue;
            };
            for entry in &profile.configuration {
                let old = old.configuration.iter().find(|old| old.name == entry.name);
                if old.is_some_and(|old| old.value != entry.value) {
                    found.push(Difference {
                        path: format!(
                            "/instances/{}/profiles/{}/configuration/{}",
                            new.name,
                            profile.name,
                            escaped(&entry.name)
                        ),
                        before: Some(REDACTED.to_owned()),
                        after: Some(REDACTED.to_owned()),
                    });
                }
            }
        }
    }
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    let already = found.len();
    let none = Vec::new;
    if let (Some(old), Some(new)) = (
        before.map_or_else(|| Some(none()), members),
        after.map_or_else(|| Some(none()), members),
    ) {
        let common = |these: &[(&str, &Value)], those: &[(&str, &Value)]| -> Vec<String> {
            let names: HashSet<&str> = those.iter().map(|(name, _)| *name).collect();
            let these = these.iter().filter(|(name, _)| names.contains(name));
            these.map(|(name, _)| (*name).to_owned()).collect()
        };
        let (old_order, new_order) = (common(&old, &new), common(&new, &old));
        if old_order != new_order && before.is_some_and(Value::is_array) {
            found.push(Difference {
                path: path.to_owned(),
                before: Some(old_order.join(", ")),
                after: Some(new_order.join(", ")),
            });
        }
        for (name, value) in &old {
            compare(
                &format!("{path}/{}", escaped(name)),
                Some(value),
                member(&new, name),
                found,
            );
        }
        for (name, value) in &new {
            if member(&old, name).is_none() {
                compare(
                    &format!("{path}/{}", escaped(name)),
                    None,
                    Some(value),
                    found,
                );
            }
        }
    }
    if found.len() == already {
        found.push(Difference {
            path: path.to_owned(),
            before: before.map(text),
            after: after.map(text),
        });
    }
}

/// The parts of an object, or of a list of things with different names; `None` for what has no
/// parts of its own, such as a configuration entry.
fn members(value: &Value) -> Option<Vec<(&str, &Value)>> {
    match value {
        Value::Object(object) if entry_value(value).is_none() => Some(
            object
                .iter()
                .map(|(key, value)| (key.as_str(), value))
                .collect(),
        ),
        Value::Array(items) => {
            let named: Option<Vec<_>> = items
                .iter()
                .map(|item| Some((item.get("name")?.as_str()?, item)))
                .collect();
            let names: HashSet<&str> = named.iter().flatten().map(|(name, _)| *name).collect();
            named.filter(|named| named.len() == names.len())
        }
        _ => None,
    }
}

fn member<'a>(members: &[(&str, &'a Value)], name: &str) -> Option<&'a Value> {
    let member = members.iter().find(|(member, _)| *member == name);
    member.map(|(_, value)| *value)
}

/// The value of an object that has a name and a value, nothing else.
fn entry_value(value: &Value) -> Option<&Value> {
    let object = value.as_object().filter(|object| object.len() == 2)?;
    object.get("name").and(object.get("value"))
}

fn text(value: &Value) -> String {
    match entry_value(value).unwrap_or(value) {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn escaped(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn found(before: &Value, after: &Value) -> Vec<Difference> {
        let mut found = Vec::new();
        compare("", Some(before), Some(after), &mut found);
        found
    }

    /// Small values of few keys, so that two of them often share parts.
    fn value() -> impl Strategy<Value = Value> {
        let key = || prop::sample::select(vec!["name", "value", "a", "b"]);
        let leaf = prop_oneof![
            key().prop_map(|text| json!(text)),
            Just(json!(1)),
            Just(json!([])),
            Just(json!({})),
            Just(Value::Null),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((key(), inner), 0..4).prop_map(|entries| {
                    entries
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect()
                }),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Objects compare without regard to the order of their keys, as `serde_json` does.
        #[test]
        fn there_are_differences_when_values_differ(before in value(), after in value()) {
            prop_assert_eq!(found(&before, &after).is_empty(), before == after);
            prop_assert!(found(&before, &before).is_empty());
        }

        #[test]
        fn the_way_back_is_the_way_reversed(before in value(), after in value()) {
            let key = |it: &Difference| (it.path.clone(), it.before.clone(), it.after.clone());
            let mut there: Vec<_> = found(&before, &after).iter().map(key).collect();
            let back = found(&after, &before);
            let mut back: Vec<_> = back.iter().map(key).map(|(path, a, b)| (path, b, a)).collect();
            there.sort();
            back.sort();
            prop_assert_eq!(there, back);
        }
    }
}
