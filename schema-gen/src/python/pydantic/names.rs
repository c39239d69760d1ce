//! Names of definitions: first unambiguous and long, in the end as short as they can be
//! (`GenerateJsonSchema.get_defs_ref`, `_DefinitionsRemapping`).

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::Mode;
use super::schema::{Object, Ref};

/// The names given so far.
#[derive(Default)]
pub(super) struct Names {
    template: String,
    given: HashMap<(Ref, Mode), String>,
    by_reference: HashMap<String, String>,
    /// For each name the names that it may have instead, the best first.
    choices: IndexMap<String, [String; 6]>,
    occurrences: HashMap<String, usize>,
    indices: HashMap<String, usize>,
}

/// What becomes of names, and of references.
pub(super) struct Remapping {
    names: HashMap<String, String>,
    references: HashMap<String, String>,
}

impl Names {
    pub(super) fn new(template: &str) -> Self {
        Self {
            template: template.to_owned(),
            ..Self::default()
        }
    }

    /// The `$ref` to a definition.
    pub(super) fn reference(&self, name: &str) -> String {
        self.template.replace("{model}", name)
    }

    /// The definition that a `$ref` means.
    pub(super) fn of_reference(&self, reference: &str) -> Option<String> {
        self.by_reference.get(reference).cloned()
    }

    /// The unambiguous name of what has this identity.
    pub(super) fn definition(&mut self, identity: &Ref, mode: Mode) -> String {
        if let Some(name) = self.given.get(&(identity.clone(), mode)) {
            return name.clone();
        }
        let title = match mode {
            Mode::Validation => "Input",
            Mode::Serialization => "Output",
        };
        let parts = components(identity);
        let without_ids: Vec<&str> = parts
            .iter()
            .map(|part| part.rsplit_once(':').map_or(*part, |(name, _)| name))
            .collect();
        let short: String = without_ids.iter().map(|part| last_name(part)).collect();
        let name = normalised(&short);
        let qualified = normalised(&without_ids.concat());
        let identified = normalised(identity);
        let index = match self.indices.get(&identified) {
            Some(index) => *index,
            None => {
                let count = self.occurrences.entry(qualified.clone()).or_insert(0);
                *count += 1;
                self.indices.insert(identified, *count);
                *count
            }
        };
        let last = format!("{qualified}-{title}__{index}");
        self.choices.insert(
            last.clone(),
            [
                name.clone(),
                format!("{name}-{title}"),
                qualified.clone(),
                format!("{qualified}-{title}"),
                format!("{qualified}__{index}"),
                last.clone(),
            ],
        );
        self.given.insert((identity.clone(), mode), last.clone());
        self.by_reference
            .insert(self.reference(&last), last.clone());
        last
    }

    /// The shortest names that are not ambiguous: a name is taken where all that could have it are
    /// the same schema.
    pub(super) fn remapping(&self, definitions: &IndexMap<String, Object>) -> Remapping {
        let mut current: IndexMap<String, Json> = definitions
            .iter()
            .map(|(name, schema)| (name.clone(), Json::Object(schema.clone())))
            .collect();
        let none = Remapping {
            names: HashMap::new(),
            references: HashMap::new(),
        };
        let mut previous = none;
        for _ in 0..100 {
            let mut candidates: HashMap<&str, Vec<&Json>> = HashMap::new();
            for (name, schema) in &current {
                for alternative in self.choices.get(name).into_iter().flatten() {
                    candidates.entry(alternative).or_default().push(schema);
                }
            }
            let mut remapping = Remapping {
                names: HashMap::new(),
                references: HashMap::new(),
            };
            for name in definitions.keys() {
                let Some(alternatives) = self.choices.get(name) else {
                    continue;
                };
                let chosen = alternatives.iter().position(|alternative| {
                    candidates
                        .get(&**alternative)
                        .is_some_and(|schemas| all_equal(schemas))
                });
                let chosen = chosen.unwrap_or(alternatives.len() - 1);
                let Some(best) = alternatives.get(chosen) else {
                    continue;
                };
                remapping.names.insert(name.clone(), best.clone());
                for alternative in alternatives.iter().skip(chosen) {
                    remapping
                        .references
                        .insert(self.reference(alternative), self.reference(best));
                }
            }
            for schema in current.values_mut() {
                remapping.apply(schema);
            }
            let same = remapping.keyed(&current) == previous.keyed(&current);
            if same {
                return remapping;
            }
            previous = remapping;
        }
        previous
    }
}

fn all_equal(schemas: &[&Json]) -> bool {
    schemas
        .windows(2)
        .all(|pair| matches!(pair, [left, right] if left == right))
}

impl Remapping {
    fn keyed<'s>(&self, definitions: &'s IndexMap<String, Json>) -> IndexMap<String, &'s Json> {
        definitions
            .iter()
            .map(|(name, schema)| (self.name(name), schema))
            .collect()
    }

    fn name(&self, name: &str) -> String {
        self.names
            .get(name)
            .cloned()
            .unwrap_or_else(|| name.to_owned())
    }

    /// Replaces references everywhere; any string that is one counts, as in the mapping of a
    /// discriminator.
    pub(super) fn apply(&self, schema: &mut Json) {
        match schema {
            Json::String(text) => {
                if let Some(reference) = self.references.get(text) {
                    *text = reference.clone();
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.apply(item)),
            Json::Object(items) => items.values_mut().for_each(|item| self.apply(item)),
            _ => {}
        }
    }

    /// The definitions under their final names.
    pub(super) fn definitions(
        &self,
        definitions: IndexMap<String, Object>,
    ) -> IndexMap<String, Json> {
        let mut renamed = IndexMap::new();
        for (name, schema) in definitions {
            let mut schema = Json::Object(schema);
            self.apply(&mut schema);
            renamed.insert(self.name(&name), schema);
        }
        renamed
    }
}

/// An identity at its brackets and commas, these as parts of their own.
fn components(identity: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = identity;
    while let Some(at) = rest.find([']', '[', ',']) {
        let (before, after) = rest.split_at(at);
        parts.push(before);
        let (mark, after) = after.split_at(1);
        parts.push(mark);
        rest = after;
    }
    parts.push(rest);
    parts
}

/// A dotted name's last part.
fn last_name(part: &str) -> &str {
    match part.rsplit_once('.') {
        Some((before, last))
            if !last.is_empty() && before.split('.').all(|name| !name.is_empty()) =>
        {
            last
        }
        _ => part,
    }
}

fn normalised(name: &str) -> String {
    name.chars()
        .map(|character| {
            if character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_') {
                character
            } else {
                '_'
            }
        })
        .collect::<String>()
        .replace('.', "__")
}

/// Keys in alphabetical order, but for those of `properties` and `default`
/// (`GenerateJsonSchema.sort`).
pub(super) fn sorted(json: Json, parent: Option<&str>) -> Json {
    match json {
        Json::Object(items) => {
            let mut items: Vec<(String, Json)> = items.into_iter().collect();
            if !matches!(parent, Some("properties" | "default")) {
                items.sort_by(|left, right| left.0.cmp(&right.0));
            }
            Json::Object(
                items
                    .into_iter()
                    .map(|(key, value)| {
                        let value = sorted(value, Some(&key));
                        (key, value)
                    })
                    .collect(),
            )
        }
        Json::Array(items) => {
            Json::Array(items.into_iter().map(|item| sorted(item, parent)).collect())
        }
        other => other,
    }
}

/// The references in a schema, those in lists of examples left out.
pub(super) fn references(json: &Json, found: &mut Vec<String>) {
    match json {
        Json::Object(items) => {
            for (key, value) in items {
                match (key.as_str(), value) {
                    ("examples", Json::Array(_)) => {}
                    ("$ref", Json::String(reference)) => found.push(reference.clone()),
                    _ => references(value, found),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}
