//! Schemas: JSON Schema 2020-12 as the Schema Object of 3.0.3.

use serde_json::{Map, Number, Value, json};

use super::objects::{Kind, SCHEMA_FIELDS};
use super::{Became, Downgrader, MAX_DEPTH, UNKNOWN};

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

/// Keywords that the functions below write.
const REWRITTEN: &[&str] = &[
    "$comment",
    "$defs",
    "$ref",
    "$schema",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contentEncoding",
    "contentMediaType",
    "enum",
    "example",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "not",
    "oneOf",
    "patternProperties",
    "prefixItems",
    "properties",
    "required",
    "type",
];

/// Keywords of JSON Schema 2020-12 that restrict values and have no like in 3.0.3.
const RESTRICTIONS: &[&str] = &[
    "$dynamicRef",
    "contains",
    "contentSchema",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "maxContains",
    "minContains",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// What says something about a value without restricting it: it may stand around a schema.
const ANNOTATIONS: &[&str] = &[
    "title",
    "description",
    "default",
    "example",
    "deprecated",
    "readOnly",
    "writeOnly",
    "externalDocs",
];

impl<'d> Downgrader<'d> {
    pub(super) fn schema(&mut self, from: &'d Value) -> Value {
        match from {
            _ if self.place.len() > MAX_DEPTH => self.lose(Became::TooDeep),
            Value::Bool(true) => {}
            Value::Bool(false) => return json!({"not": {}}),
            Value::Object(from) => return Value::Object(self.schema_object(from)),
            _ => self.lose(Became::Unfit),
        }
        json!({})
    }

    fn schema_at(&mut self, part: &str, from: &'d Value) -> Value {
        self.at(part, |this| this.schema(from))
    }

    fn schema_object(&mut self, from: &'d Map<String, Value>) -> Map<String, Value> {
        let definitions = from.get("$defs").and_then(Value::as_object);
        if let Some(definitions) = definitions {
            self.scopes.push((self.pointer(), definitions));
            self.at("$defs", |this| this.definitions(definitions));
        }
        let mut to = Map::new();
        for (key, value) in from {
            if key.starts_with("x-") {
                to.insert(key.clone(), value.clone());
            } else if let Some((_, kind)) = SCHEMA_FIELDS.iter().find(|(name, _)| name == key) {
                self.field(key, kind, value, &mut to);
            } else if RESTRICTIONS.contains(&key.as_str()) {
                self.lose_at(key, Became::Wider);
            } else if !REWRITTEN.contains(&key.as_str()) {
                self.lose_at(key, Became::NoSuchField);
            }
        }
        self.types(from, &mut to);
        self.bounds(from, &mut to);
        self.choice(from, &mut to);
        self.example(from, &mut to);
        self.content(from, &mut to);
        self.array(from, &mut to);
        self.members(from, &mut to);
        self.combinations(from, &mut to);
        if definitions.is_some() {
            self.scopes.pop();
        }
        self.discriminator(&mut to);
        to
    }

    /// A list of types is one type, or a choice of them; the type `null` is `nullable`.
    fn types(&mut self, from: &'d Map<String, Value>, to: &mut Map<String, Value>) {
        let types: Vec<&'d str> = match from.get("type") {
            None => return,
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            Some(other) => {
                match other.get(UNKNOWN) {
                    Some(unknown) => drop(to.insert(format!("{UNKNOWN}-type"), unknown.clone())),
                    None => self.lose_at("type", Became::Unfit),
                }
                return;
            }
        };
        let nullable = types.contains(&"null");
        let known: Vec<&str> = types
            .iter()
            .copied()
            .filter(|name| TYPES.contains(name))
            .collect();
        if known.len() + usize::from(nullable) < types.len() {
            self.lose_at("type", Became::Unfit);
            return;
        }
        match known.as_slice() {
            [] if nullable => drop(to.insert("enum".to_owned(), json!([null]))),
            [] => {}
            [one] => drop(to.insert("type".to_owned(), json!(one))),
            // Everything: no restriction.
            all if nullable
                && TYPES
                    .iter()
                    .all(|name| all.contains(name) || *name == "integer") =>
            {
                return;
            }
            several => {
                let mut choice: Vec<Value> = several
                    .iter()
                    .map(|name| {
                        if *name == "array" {
                            json!({"type": name, "items": {}})
                        } else {
                            json!({"type": name})
                        }
                    })
                    .collect();
                if nullable {
                    admit_null(&mut choice);
                }
                to.insert("anyOf".to_owned(), Value::Array(choice));
            }
        }
        if nullable {
            to.insert("nullable".to_owned(), json!(true));
        }
    }

    /// Numbers that bound others. An exclusive bound is a number in 2020-12, a flag of the other
    /// bound in 3.0.3.
    fn bounds(&mut self, from: &'d Map<String, Value>, to: &mut Map<String, Value>) {
        for (bound, exclusive, is_lower) in [
            ("minimum", "exclusiveMinimum", true),
            ("maximum", "exclusiveMaximum", false),
        ] {
            if let Some(value) = from.get(bound) {
                self.field(bound, &Kind::Number, value, to);
            }
            match from.get(exclusive) {
                None => continue,
                // As in 3.0.3 already.
                Some(Value::Bool(flag)) => drop(to.insert(exclusive.to_owned(), json!(flag))),
                Some(value) => {
                    let other = to.get(bound).and_then(Value::as_f64);
                    self.field(exclusive, &Kind::Number, value, to);
                    let Some(number) = to.remove(exclusive) else {
                        continue;
                    };
                    let is_tighter = match (number.as_f64(), other) {
                        (Some(number), Some(other)) => {
                            if is_lower {
                                number >= other
                            } else {
                                number <= other
                            }
                        }
                        _ => true,
                    };
                    if is_tighter {
                        to.insert(bound.to_owned(), number);
                        to.insert(exclusive.to_owned(), json!(true));
                    }
                }
            }
        }
        for count in [
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
            "minProperties",
            "maxProperties",
        ] {
            let Some(value) = from.get(count) else {
                continue;
            };
            match value
                .as_number()
                .and_then(whole)
                .and_then(|whole| u64::try_from(whole).ok())
            {
                Some(whole) => drop(to.insert(count.to_owned(), json!(whole))),
                None => match value.get(UNKNOWN) {
                    Some(unknown) => drop(to.insert(format!("{UNKNOWN}-{count}"), unknown.clone())),
                    None => self.lose_at(count, Became::Unfit),
                },
            }
        }
        if to.get("type") == Some(&json!("integer")) {
            for key in ["minimum", "maximum", "multipleOf"] {
                if let Some(number) = to.get_mut(key)
                    && let Some(whole) = number.as_number().and_then(whole)
                {
                    *number = json!(whole);
                }
            }
        }
        if to
            .get("multipleOf")
            .and_then(Value::as_f64)
            .is_some_and(|step| step <= 0.0)
        {
            to.remove("multipleOf");
            self.lose_at("multipleOf", Became::Unfit);
        }
    }

    /// `const` is an `enum` of one.
    fn choice(&mut self, from: &'d Map<String, Value>, to: &mut Map<String, Value>) {
        let is_unknown = |value: &Value| value.get(UNKNOWN).is_some();
        let values = match (from.get("const"), from.get("enum")) {
            (None, None) => return,
            (Some(one), _) => vec![one.clone()],
            (None, Some(Value::Array(values))) => values.clone(),
            (None, Some(other)) => vec![other.clone()],
        };
        let key = if from.contains_key("const") {
            "const"
        } else {
            "enum"
        };
        if let Some(unknown) = values.iter().find_map(|value| value.get(UNKNOWN)).cloned() {
            // Without the values that are not known it would admit less.
            to.insert(format!("{UNKNOWN}-{key}"), unknown);
        } else if values.is_empty() {
            to.insert("not".to_owned(), json!({}));
        } else if from
            .get(key)
            .is_some_and(|value| key == "const" || value.is_array() || is_unknown(value))
        {
            to.insert("enum".to_owned(), Value::Array(values));
        } else {
            self.lose_at(key, Became::Unfit);
        }
    }

    fn example(&mut self, from: &'d Map<String, Value>, to: &mut Map<String, Value>) {
        match (from.get("example"), from.get("examples")) {
            (None, None) => {}
            (Some(value), examples) => {
                self.field("example", &Kind::Any, value, to);
                if examples.is_some_and(|examples| *examples != json!([value])) {
                    self.lose_at("examples", Became::NoSuchField);
                }
            }
            (None, Some(Value::Array(values))) => {
                // The types of `openapiv3` take null for no example.
                if let Some(first) = values.iter().find(|value| !value.is_null()) {
                    to.insert("example".to_owned(), first.clone());
                }
                if values.len() > 1 || to.get("example") != values.first() {
                    self.lose_at("examples", Became::FirstExample);
                }
            }
            (None, Some(other)) => match other.get(UNKNOWN) {
                Some(_) => drop(to.insert("example".to_owned(), other.clone())),
                None => self.lose_at("examples", Became::Unfit),
            },
        }
    }

    /// Encodings of a text are formats in 3.0.3 (4.7.24.1 there, *Considerations for File Uploads*
    /// of 4.8.14.2 in 3.1.0).
    fn content(&mut self, from: &'d Map<String, Value>, to: &mut Map<String, Value>) {
        let says = |key: &str| from.get(key).and_then(Value::as_str);
        let (encoding, media_type) = (says("contentEncoding"), says("contentMediaType"));
        let is_text = |name: &str| {
            name.starts_with("text/") || name.ends_with("json") || name.ends_with("xml")
        };
        let format = match (encoding, media_type) {
            (Some("base64"), _) => Some("byte"),
            (None, Some(name)) if !is_text(name) => Some("binary"),
            _ => None,
        };
        let format = format.filter(|_| !to.contains_key("format"));
        if let Some(format) = format {
            to.insert("format".to_owned(), json!(format));
        }
        if from.contains_key("contentEncoding") && format.is_none() {
            self.lose_at("contentEncoding", Became::NoSuchField);
        }
        let is_said = format == Some("binary") && media_type == Some("application/octet-stream");
        if from.contains_key("contentMediaType") && !is_said {
            self.lose_at("contentMediaType", Became::NoSuchField);
        }
    }

    /// 3.0.3 has one schema for all items.
    fn array(&mut self, from: &'d Map<String, Value>, to: &mut Map<String, Value>) {
        let first: &[Value] = match from.get("prefixItems") {
            Some(Value::Array(first)) => first,
            Some(_) => {
                self.lose_at("prefixItems", Became::Unfit);
                &[]
            }
            None => &[],
        };
        let mut items: Vec<Value> = Vec::new();
        for (index, item) in first.iter().enumerate() {
            let item = self.at("prefixItems", |this| {
                this.schema_at(&index.to_string(), item)
            });
            if !items.contains(&item) {
                items.push(item);
            }
        }
        let most = to.get("maxItems").and_then(Value::as_u64);
        let is_full = most.is_some_and(|most| most <= first.len() as u64);
        match from.get("items") {
            Some(Value::Bool(false)) if !is_full => {
                drop(to.insert("maxItems".to_owned(), json!(first.len())))
            }
            Some(Value::Bool(false)) => {}
            Some(rest) => {
                let rest = self.schema_at("items", rest);
                if !is_full && !items.contains(&rest) {
                    items.push(rest);
                }
            }
            // What follows may be anything.
            None if !is_full && !first.is_empty() => items.push(json!({})),
            None => {}
        }
        let is_anything = |item: &Value| item.as_object().is_some_and(Map::is_empty);
        let items = match items.as_slice() {
            [] if to.get("type") == Some(&json!("array")) => json!({}),
            [] => return,
            [one] => one.clone(),
            several if several.iter().any(is_anything) => json!({}),
            several => json!({ "anyOf": several }),
        };
        let is_lost = first.len() > 1 && items.get("anyOf").is_some()
            || !first.is_empty() && is_anything(&items);
        if is_lost {
            self.lose_at("prefixItems", Became::AnyPosition);
        }
        to.insert("items".to_owned(), items);
    }

    fn members(&mut self, from: &'d Map<String, Value>, to: &mut Map<String, Value>) {
        for key in ["properties", "required"] {
            let kind = if key == "required" {
                Kind::Texts
            } else {
                Kind::Map(&Kind::Schema)
            };
            if let Some(value) = from.get(key) {
                self.field(key, &kind, value, to);
            }
        }
        if let Some(Value::Array(required)) = to.get_mut("required") {
            let mut seen: Vec<Value> = Vec::new();
            required.retain(|name| {
                let is_new = !seen.contains(name);
                seen.push(name.clone());
                is_new
            });
        }
        let additional = match from.get("additionalProperties") {
            Some(Value::Bool(flag)) => Some(json!(flag)),
            Some(other) => Some(self.schema_at("additionalProperties", other)),
            None => None,
        };
        let Some(patterns) = from.get("patternProperties") else {
            to.extend(additional.map(|additional| ("additionalProperties".to_owned(), additional)));
            return;
        };
        // Which name has which schema cannot be said, but what a member can be at most.
        self.lose_at("patternProperties", Became::Wider);
        let mut choice: Vec<Value> = Vec::new();
        for (pattern, schema) in patterns.as_object().into_iter().flatten() {
            choice.push(self.at("patternProperties", |this| this.schema_at(pattern, schema)));
        }
        match additional {
            Some(Value::Bool(false)) => {}
            Some(other @ Value::Object(_)) => choice.push(other),
            _ => return,
        }
        let choice = match choice.as_slice() {
            [one] => one.clone(),
            several => json!({ "anyOf": several }),
        };
        to.insert("additionalProperties".to_owned(), choice);
    }

    fn combinations(&mut self, from: &'d Map<String, Value>, to: &mut Map<String, Value>) {
        let mut all: Vec<Value> = Vec::new();
        if let Some(reference) = from.get("$ref").and_then(Value::as_str) {
            all.push(json!({ "$ref": self.reference(reference) }));
        }
        all.extend(self.schemas("allOf", from).into_iter().flatten());
        // Other keywords that rule null out do so still.
        let admits_null = !from.contains_key("type") || to.contains_key("nullable");
        for key in ["anyOf", "oneOf"] {
            let Some(members) = from.get(key).and_then(Value::as_array) else {
                if from.contains_key(key) {
                    self.lose_at(key, Became::Unfit);
                }
                continue;
            };
            let nullable = admits_null && members.iter().any(is_null);
            let mut rest = Vec::new();
            for (index, member) in members
                .iter()
                .enumerate()
                .filter(|(_, member)| !is_null(member))
            {
                rest.push(self.at(key, |this| this.schema_at(&index.to_string(), member)));
            }
            if !nullable {
                match rest.len() {
                    0 => drop(to.insert("not".to_owned(), json!({}))),
                    _ if to.contains_key(key) => all.push(json!({ key: rest })),
                    _ => drop(to.insert(key.to_owned(), Value::Array(rest))),
                }
                continue;
            }
            to.insert("nullable".to_owned(), json!(true));
            if rest.len() > 1 {
                admit_null(&mut rest);
                to.insert(key.to_owned(), Value::Array(rest));
            } else if let Some(one) = rest.pop() {
                all.extend(join(to, one));
            } else {
                to.insert("enum".to_owned(), json!([null]));
            }
        }
        if let Some(not) = from.get("not") {
            let not = self.schema_at("not", not);
            to.insert("not".to_owned(), not);
        }
        match all.as_slice() {
            [] => {}
            // A reference has nothing beside it (4.7.23).
            [one] if to.is_empty() && one.get("$ref").is_some() => {
                to.extend(one.as_object().cloned().unwrap_or_default())
            }
            _ => drop(to.insert("allOf".to_owned(), Value::Array(all))),
        }
    }

    fn schemas(&mut self, key: &str, from: &'d Map<String, Value>) -> Option<Vec<Value>> {
        match from.get(key)? {
            Value::Array(members) => {
                let each = members.iter().enumerate();
                Some(self.at(key, |this| {
                    each.map(|(index, member)| this.schema_at(&index.to_string(), member))
                        .collect()
                }))
            }
            _ => {
                self.lose_at(key, Became::Unfit);
                None
            }
        }
    }

    fn discriminator(&mut self, to: &mut Map<String, Value>) {
        let mapping = to
            .get_mut("discriminator")
            .and_then(|discriminator| discriminator.get_mut("mapping"));
        for target in mapping
            .and_then(Value::as_object_mut)
            .into_iter()
            .flat_map(Map::values_mut)
        {
            if let Some(reference) = target.as_str() {
                *target = json!(self.reference(reference));
            }
        }
    }

    /// Writes definitions inside a schema as components.
    fn definitions(&mut self, definitions: &'d Map<String, Value>) {
        for (name, schema) in definitions {
            let written = self.schema_at(name, schema);
            let place = self.at(name, |this| this.pointer());
            let component = self.component(place);
            self.definitions.insert(component, written);
        }
    }

    /// A reference, to a component where it points into `$defs`: those around it are meant by
    /// `#/$defs/NAME`, as tools write it that put a schema of its own into a document.
    fn reference(&mut self, reference: &str) -> String {
        let Some((before, after)) = reference
            .strip_prefix('#')
            .and_then(|pointer| pointer.split_once("/$defs/"))
        else {
            return reference.to_owned();
        };
        let (name, rest) = after.find('/').map_or((after, ""), |at| after.split_at(at));
        let holder = if before.is_empty() {
            let holds =
                |(_, definitions): &&(String, &Map<String, Value>)| definitions.contains_key(name);
            match self.scopes.iter().rev().find(holds) {
                Some((place, _)) => place.clone(),
                None => return reference.to_owned(),
            }
        } else {
            before.to_owned()
        };
        let component = self.component(format!("{holder}/$defs/{name}"));
        format!("#/components/schemas/{component}{rest}")
    }

    /// The name of the component that a definition becomes: its own unless there is such a one.
    fn component(&mut self, place: String) -> String {
        if let Some(name) = self.names.get(&place) {
            return name.clone();
        }
        let last = place.rsplit('/').next().unwrap_or_default();
        let is_plain =
            |character: char| character.is_ascii_alphanumeric() || ".-_".contains(character);
        let name: String = last
            .chars()
            .map(|character| if is_plain(character) { character } else { '_' })
            .collect();
        let schemas = self.document.pointer("/components/schemas");
        let is_free = |name: &String| {
            schemas.and_then(|schemas| schemas.get(name)).is_none()
                && !self.names.values().any(|taken| taken == name)
        };
        let numbered = (2..).map(|number: u32| format!("{name}_{number}"));
        let free = std::iter::once(name.clone())
            .chain(numbered)
            .find(is_free)
            .unwrap_or(name);
        self.names.insert(place, free.clone());
        free
    }
}

/// Whether null alone fits.
fn is_null(schema: &Value) -> bool {
    schema.get("type") == Some(&json!("null")) || schema.get("const") == Some(&Value::Null)
}

/// Makes a choice of schemas admit null. By the text, `nullable` has a meaning only beside `type`
/// (4.7.24.1), so one of them must say it; the caller says it around them, for tools.
fn admit_null(choice: &mut [Value]) {
    let typed = choice
        .iter_mut()
        .filter_map(Value::as_object_mut)
        .find(|schema| schema.contains_key("type"));
    if let Some(schema) = typed {
        schema.insert("nullable".to_owned(), json!(true));
        if let Some(Value::Array(values)) = schema.get_mut("enum") {
            values.push(Value::Null);
        }
    }
}

/// Writes the keywords of a schema, null admitted, beside others; what cannot stand there is
/// given back, for `allOf`.
fn join(to: &mut Map<String, Value>, one: Value) -> Option<Value> {
    let Value::Object(mut one) = one else {
        return None;
    };
    let collides = |key: &String| {
        to.contains_key(key) && key != "nullable" && !ANNOTATIONS.contains(&key.as_str())
    };
    if one.contains_key("$ref") || one.keys().any(collides) {
        return Some(Value::Object(one));
    }
    if let Some(Value::Array(values)) = one.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    for (key, value) in one {
        to.entry(key).or_insert(value);
    }
    None
}

/// An integer, also one that is written as `10.0`.
fn whole(number: &Number) -> Option<i64> {
    // Beyond 2^53 a floating point number does not say which integer is meant.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    number.as_i64().or_else(|| {
        let float = number
            .as_f64()
            .filter(|float| float.fract() == 0.0 && float.abs() < EXACT)?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is whole and small enough"
        )]
        Some(float as i64)
    })
}
