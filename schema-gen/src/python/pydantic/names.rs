//! Names of definitions: first unambiguous and long, in the end as short as they can be
//! (`GenerateJsonSchema.get_defs_ref`, `_DefinitionsRemapping`).

use std::borrow::{Borrow, Cow};
use std::hash::Hash;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use serde_json::Value as Json;

use super::Mode;
use super::schema::{Object, Ref};

/// How references to definitions are written.
#[derive(Clone, Default)]
struct Template {
    /// What stands around the name.
    parts: Vec<String>,
}

impl Template {
    fn of(&self, name: &str) -> String {
        self.parts.join(name)
    }

    /// The name of which a text is the reference.
    fn name<'t>(&self, text: &'t str) -> Option<&'t str> {
        let [first, second, rest @ ..] = self.parts.as_slice() else {
            return None;
        };
        let after = text.strip_prefix(first.as_str())?;
        if rest.is_empty() {
            return after.strip_suffix(second.as_str());
        }
        let (name, _) = after.split_once(second.as_str())?;
        (self.of(name) == text).then_some(name)
    }
}

/// The names given so far.
#[derive(Default)]
pub(super) struct Names {
    template: Template,
    given: FxHashMap<(Ref, Mode), String>,
    by_reference: FxHashMap<String, String>,
    /// For each name the names that it may have instead, the best first.
    choices: IndexMap<String, [String; 6], FxBuildHasher>,
    occurrences: FxHashMap<String, usize>,
    indices: FxHashMap<String, usize>,
}

/// What becomes of names, and of the names in references.
pub(super) struct Remapping<S = String> {
    template: Template,
    names: FxHashMap<S, S>,
    references: FxHashMap<S, S>,
}

impl Names {
    pub(super) fn new(template: &str) -> Self {
        Self {
            template: Template {
                parts: template.split("{model}").map(str::to_owned).collect(),
            },
            ..Self::default()
        }
    }

    /// The `$ref` to a definition.
    pub(super) fn reference(&self, name: &str) -> String {
        self.template.of(name)
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
        let mut current: Vec<(&str, Cow<'_, Object>)> = definitions
            .iter()
            .map(|(name, schema)| (name.as_str(), Cow::Borrowed(schema)))
            .collect();
        let mut previous = self.nothing();
        for _ in 0..100 {
            let mut candidates: FxHashMap<&str, Vec<&Object>> = FxHashMap::default();
            for (name, schema) in &current {
                for alternative in self.choices.get(*name).into_iter().flatten() {
                    candidates.entry(alternative).or_default().push(schema);
                }
            }
            let mut remapping = self.nothing();
            let mut all_are_short = true;
            for name in definitions.keys() {
                let Some((name, alternatives)) = self.choices.get_key_value(name) else {
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
                all_are_short &= chosen == 0;
                remapping.names.insert(name, best);
                for alternative in alternatives.iter().skip(chosen) {
                    remapping.references.insert(alternative, best);
                }
            }
            // Equal schemas stay equal under new names: there is nothing better to come.
            if all_are_short || remapping.names == previous.names {
                return remapping.owned();
            }
            for (_, schema) in &mut current {
                remapping.apply_to(schema.to_mut());
            }
            previous = remapping;
        }
        previous.owned()
    }

    fn nothing(&self) -> Remapping<&str> {
        Remapping {
            template: self.template.clone(),
            names: FxHashMap::default(),
            references: FxHashMap::default(),
        }
    }
}

fn all_equal(schemas: &[&Object]) -> bool {
    schemas
        .windows(2)
        .all(|pair| matches!(pair, [left, right] if left == right))
}

impl Remapping<&str> {
    fn owned(self) -> Remapping {
        let owned = |names: FxHashMap<&str, &str>| {
            let names = names.into_iter();
            names
                .map(|(name, better)| (name.to_owned(), better.to_owned()))
                .collect()
        };
        Remapping {
            template: self.template,
            names: owned(self.names),
            references: owned(self.references),
        }
    }
}

impl<S: Borrow<str> + Eq + Hash> Remapping<S> {
    /// Replaces references everywhere; any string that is one counts, as in the mapping of a
    /// discriminator.
    pub(super) fn apply(&self, schema: &mut Json) {
        match schema {
            Json::String(text) => {
                let name = self.template.name(text);
                if let Some(better) = name.and_then(|name| self.references.get(name)) {
                    *text = self.template.of(better.borrow());
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.apply(item)),
            Json::Object(items) => self.apply_to(items),
            _ => {}
        }
    }

    fn apply_to(&self, object: &mut Object) {
        object.values_mut().for_each(|item| self.apply(item));
    }

    /// The definitions under their final names.
    pub(super) fn definitions(
        &self,
        definitions: IndexMap<String, Object>,
    ) -> IndexMap<String, Json> {
        let mut renamed = IndexMap::with_capacity(definitions.len());
        for (name, mut schema) in definitions {
            self.apply_to(&mut schema);
            let name = match self.names.get(name.as_str()) {
                Some(better) => better.borrow().to_owned(),
                None => name,
            };
            renamed.insert(name, Json::Object(schema));
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
    let mut normal = String::with_capacity(name.len() + 16);
    for character in name.chars() {
        match character {
            '.' => normal.push_str("__"),
            '-' | '_' => normal.push(character),
            _ if character.is_ascii_alphanumeric() => normal.push(character),
            _ => normal.push('_'),
        }
    }
    normal
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
