//! `FieldInfo`: what `Field(…)`, `Annotated` and a default say of a field.

use std::rc::Rc;

use indexmap::IndexMap;

use crate::python::interp::Interp;
use crate::python::syntax::Name;
use crate::python::value::{Made, Namespace, Value};

use super::read::{self, dotted, entries, is_none, is_undefined, made_of};
use super::typing;

/// What `Field(…)` (or a subclass of `FieldInfo`, as FastAPI's `Query`) says of a field.
///
/// An attribute that was not given is not there; one given as Python's `None` is [`Value::None`].
#[derive(Clone, Default)]
pub(crate) struct FieldInfo {
    /// Without its `Annotated` metadata.
    pub(crate) annotation: Option<Value>,
    /// Constraints and other metadata, in order.
    pub(crate) metadata: Vec<Value>,
    /// `...` is the same as none given.
    pub(crate) default: Option<Value>,
    pub(crate) default_factory: Option<Value>,
    /// `alias`, `title`, `description`, `json_schema_extra` … by the name of the keyword.
    pub(crate) attributes: IndexMap<Name, Value>,
    /// As written, with its metadata and with type variables.
    pub(crate) original_annotation: Option<Value>,
    /// What was assigned to the name.
    pub(crate) original_assignment: Option<Value>,
    /// `final`, `class_var`, `required`, `not_required`, `read_only`, `init_var`
    pub(crate) qualifiers: Vec<&'static str>,
}

/// Keywords that become metadata, in the order in which `FieldInfo` collects them, with the class
/// of the metadata; the rest goes together into one general metadata at the end.
const METADATA: &[(&str, Option<&str>)] = &[
    ("pattern", None),
    ("coerce_numbers_to_str", None),
    ("strict", Some("pydantic.Strict")),
    ("gt", Some("annotated_types.Gt")),
    ("ge", Some("annotated_types.Ge")),
    ("lt", Some("annotated_types.Lt")),
    ("le", Some("annotated_types.Le")),
    ("multiple_of", Some("annotated_types.MultipleOf")),
    ("min_length", Some("annotated_types.MinLen")),
    ("max_length", Some("annotated_types.MaxLen")),
    ("allow_inf_nan", Some("pydantic.AllowInfNan")),
    ("max_digits", None),
    ("decimal_places", None),
    ("union_mode", None),
    ("fail_fast", Some("pydantic.FailFast")),
];

/// The attributes of a `FieldInfo` besides its default and its metadata.
const ATTRIBUTES: &[&str] = &[
    "alias",
    "alias_priority",
    "validation_alias",
    "serialization_alias",
    "title",
    "field_title_generator",
    "description",
    "examples",
    "exclude",
    "exclude_if",
    "discriminator",
    "deprecated",
    "json_schema_extra",
    "frozen",
    "validate_default",
    "repr",
    "init",
    "init_var",
    "kw_only",
];

/// Constraints given together (`_PydanticGeneralMetadata`).
pub(super) const GENERAL: &str = "pydantic._internal.GeneralMetadata";

impl FieldInfo {
    /// Reads a recorded call of `Field`, `Query`, `Body` … as `FieldInfo(**kwargs)` does:
    /// constraints go to the metadata, what is not pydantic's (`embed`, `media_type`) is left out.
    pub(crate) fn from_made(interp: &mut Interp, made: &Made) -> Self {
        let _ = interp;
        let mut keywords = made.kwargs.clone();
        if let Some(default) = made.args.first() {
            keywords
                .entry(Name::from("default"))
                .or_insert_with(|| default.clone());
        }
        for (name, value) in made.attributes.borrow().iter() {
            keywords.insert(Rc::clone(name), value.clone());
        }
        match read::callee(made) {
            Some("pydantic.Field") => {
                old_keywords(&mut keywords);
                extra_keywords(&mut keywords);
                spread_alias(&mut keywords);
            }
            Some("pydantic.FieldInfo") => {
                let mut info = Self::from_keywords(&keywords);
                if let Some(Value::List(metadata)) = keywords.get("__metadata__") {
                    info.metadata.extend(metadata.borrow().iter().cloned());
                }
                return info;
            }
            Some("sqlmodel.Field") => {
                old_keywords(&mut keywords);
                for (name, value) in keywords
                    .shift_remove("schema_extra")
                    .iter()
                    .flat_map(entries)
                {
                    keywords.insert(name, value);
                }
                if let Some(pattern) = keywords.shift_remove("regex") {
                    keywords.entry(Name::from("pattern")).or_insert(pattern);
                }
                // `exclude` and `include` are given as `None` where they are not said.
                spread_alias(&mut keywords);
            }
            _ => {
                // `Param.__init__` and `Body.__init__` of FastAPI (`fastapi/params.py`).
                old_keywords(&mut keywords);
                if let Some(pattern) = keywords.shift_remove("regex") {
                    keywords.entry(Name::from("pattern")).or_insert(pattern);
                }
                for own in [
                    "example",
                    "openapi_examples",
                    "include_in_schema",
                    "convert_underscores",
                    "embed",
                    "media_type",
                    "annotation",
                    "in_",
                ] {
                    keywords.shift_remove(own);
                }
                extra_keywords(&mut keywords);
                if is_none(keywords.get("examples")) {
                    keywords.shift_remove("examples");
                }
            }
        }
        Self::from_keywords(&keywords)
    }

    /// `FieldInfo(**keywords)`.
    pub(crate) fn from_keywords(keywords: &Namespace) -> Self {
        // They are few, and what they may be is much.
        let all: Vec<(&str, &Value)> = keywords
            .iter()
            .filter(|(_, value)| !is_undefined(value))
            .map(|(name, value)| (&**name, value))
            .collect();
        let given = |name: &str| {
            let found = all.iter().find(|(given, _)| *given == name);
            found.map(|(_, value)| *value)
        };
        let mut info = Self {
            default: given("default").cloned(),
            ..Self::default()
        };
        info.default_factory = given("default_factory")
            .filter(|value| !matches!(value, Value::None))
            .cloned();
        for name in ATTRIBUTES {
            if let Some(value) = given(name) {
                info.attributes.insert(Name::from(*name), value.clone());
            }
        }
        info.settle_alias_priority();
        let mut general = Vec::new();
        for (name, class) in METADATA {
            match (given(name), class) {
                (None | Some(Value::None), _) => {}
                (Some(value), Some(class)) => {
                    info.metadata
                        .push(read::made(class, vec![value.clone()], Vec::new()))
                }
                (Some(value), None) => general.push((*name, value.clone())),
            }
        }
        if !general.is_empty() {
            info.metadata.push(read::made(GENERAL, Vec::new(), general));
        }
        info
    }

    fn settle_alias_priority(&mut self) {
        let aliased = ["alias", "validation_alias", "serialization_alias"]
            .iter()
            .any(|name| self.attribute(name).is_some());
        if !aliased {
            self.attributes.shift_remove("alias_priority");
        } else if self.attribute("alias_priority").is_none() {
            self.attributes
                .insert(Name::from("alias_priority"), Value::Int(2));
        }
    }

    /// The `FieldInfo` that a value in `Annotated` or an assigned value is.
    pub(crate) fn of(interp: &mut Interp, value: &Value) -> Option<Self> {
        if let Value::Object(object) = value {
            // FastAPI's parameters, which hold their record.
            let record = object.attributes.borrow().get("__field__").cloned()?;
            let Value::Made(made) = &record else {
                return None;
            };
            return Some(Self::from_made(interp, made));
        }
        let (name, made) = made_of(value)?;
        is_field_function(name).then(|| Self::from_made(interp, made))
    }

    /// `FieldInfo.from_annotation`: unpacks `Annotated` and qualifiers, and merges the `Field`s.
    pub(crate) fn from_annotation(interp: &mut Interp, annotation: &Value) -> Self {
        let inspected = typing::inspect(interp, annotation);
        let mut info = Self::merged(interp, inspected.metadata);
        info.annotation = Some(inspected.annotation);
        info.qualifiers = inspected.qualifiers;
        info.original_annotation = Some(annotation.clone());
        info
    }

    /// `FieldInfo.from_annotated_attribute`: the annotation and what was assigned to the name.
    pub(crate) fn from_annotated_attribute(
        interp: &mut Interp,
        annotation: &Value,
        assigned: &Value,
    ) -> Self {
        let inspected = typing::inspect(interp, annotation);
        let mut metadata = inspected.metadata;
        let assigned_info = match made_of(assigned) {
            Some(("dataclasses.field", made)) => Some(from_dataclass_field(made)),
            _ => Self::of(interp, assigned),
        };
        // Metadata of the assignment comes before that of the annotation (pydantic issue 10507).
        let mut info = match assigned_info {
            Some(mut assigned_info) => {
                let mut all = std::mem::take(&mut assigned_info.metadata);
                let merged = Self::merged(interp, std::mem::take(&mut metadata));
                let mut info = merged.overridden_by(assigned_info);
                all.append(&mut info.metadata);
                info.metadata = all;
                info
            }
            None => {
                let mut info = Self::merged(interp, metadata);
                info.default = Some(assigned.clone()).filter(|value| !is_undefined(value));
                info
            }
        };
        if inspected.qualifiers.contains(&"init_var") {
            info.attributes
                .insert(Name::from("init_var"), Value::Bool(true));
        }
        info.annotation = Some(inspected.annotation);
        info.qualifiers = inspected.qualifiers;
        info.original_annotation = Some(annotation.clone());
        info.original_assignment = Some(assigned.clone());
        info
    }

    /// `FieldInfo._construct`: the metadata of all, attributes of later ones before those of earlier.
    fn merged(interp: &mut Interp, metadata: Vec<Value>) -> Self {
        let mut info = Self::default();
        for item in metadata {
            if let Some(mut other) = Self::of(interp, &item) {
                let mut own = std::mem::take(&mut other.metadata);
                let mut metadata = std::mem::take(&mut info.metadata);
                metadata.append(&mut own);
                info = info.overridden_by(other);
                info.metadata = metadata;
            } else if made_of(&item).is_some_and(|(name, _)| is_deprecated(name)) {
                info.attributes.insert(Name::from("deprecated"), item);
            } else {
                info.metadata.push(item);
            }
        }
        info
    }

    /// The attributes with those of another set over them; dictionaries of `json_schema_extra` are
    /// put together.
    fn overridden_by(mut self, other: Self) -> Self {
        let extra = match (
            self.attribute("json_schema_extra"),
            other.attribute("json_schema_extra"),
        ) {
            (Some(Value::Dict(left)), Some(Value::Dict(right))) => {
                let mut both = left.borrow().clone();
                both.extend(
                    right
                        .borrow()
                        .iter()
                        .map(|(key, value)| (key.clone(), value.clone())),
                );
                Some(Value::dict(both))
            }
            // A callable is left out beside a dictionary.
            (Some(left @ Value::Dict(_)), Some(_)) => Some(left.clone()),
            _ => None,
        };
        for (name, value) in other.attributes {
            self.attributes.insert(name, value);
        }
        if let Some(extra) = extra {
            self.attributes
                .insert(Name::from("json_schema_extra"), extra);
        }
        if other.default.is_some() {
            self.default = other.default;
            self.default_factory = None;
        }
        if other.default_factory.is_some() {
            self.default_factory = other.default_factory;
            self.default = None;
        }
        self.metadata.extend(other.metadata);
        self.settle_alias_priority();
        self
    }

    /// No default and no default factory.
    pub(crate) fn is_required(&self) -> bool {
        self.default.as_ref().is_none_or(is_undefined) && self.default_factory.is_none()
    }

    /// The attribute, where it was given and is not `None`.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Value> {
        self.attributes
            .get(name)
            .filter(|value| !matches!(value, Value::None))
    }

    /// The attribute, where it is a string.
    pub(crate) fn text(&self, name: &str) -> Option<Rc<str>> {
        match self.attribute(name) {
            Some(Value::Str(text)) => Some(Rc::clone(text)),
            _ => None,
        }
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        matches!(self.attributes.get(name), Some(Value::Bool(true)))
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.attributes.insert(Name::from(name), value);
    }
}

/// `Field(**extra)`: unknown keywords are `json_schema_extra`, where that is not given.
fn extra_keywords(keywords: &mut Namespace) {
    let known = |name: &str| {
        matches!(
            name,
            "default" | "default_factory" | "annotation" | "include"
        ) || ATTRIBUTES.contains(&name)
            || METADATA.iter().any(|(key, _)| *key == name)
    };
    let unknown: Vec<Name> = keywords
        .keys()
        .filter(|name| !known(name))
        .map(Rc::clone)
        .collect();
    let mut extra = crate::python::value::Dict::default();
    for name in unknown {
        if let Some(value) = keywords.shift_remove(&name) {
            extra.insert(read::key(&name), value);
        }
    }
    if !extra.is_empty() && is_none(keywords.get("json_schema_extra")) {
        keywords.insert(Name::from("json_schema_extra"), Value::dict(extra));
    }
}

/// Names that version 1 had.
fn old_keywords(keywords: &mut Namespace) {
    for (old, new) in [("min_items", "min_length"), ("max_items", "max_length")] {
        if let Some(value) = keywords.shift_remove(old)
            && is_none(keywords.get(new))
            && !matches!(value, Value::None)
        {
            keywords.insert(Name::from(new), value);
        }
    }
    for gone in ["allow_mutation", "const", "unique_items"] {
        keywords.shift_remove(gone);
    }
}

/// `Field(alias="x")` is the alias of both sides.
fn spread_alias(keywords: &mut Namespace) {
    let Some(alias) = keywords
        .get("alias")
        .filter(|value| !is_undefined(value))
        .cloned()
    else {
        return;
    };
    let missing = |keywords: &Namespace, name: &str| {
        is_none(keywords.get(name)) || keywords.get(name).is_some_and(is_undefined)
    };
    if missing(keywords, "serialization_alias") && matches!(alias, Value::Str(_)) {
        keywords.insert(Name::from("serialization_alias"), alias.clone());
    }
    if missing(keywords, "validation_alias") {
        keywords.insert(Name::from("validation_alias"), alias);
    }
}

/// `FieldInfo._from_dataclass_field`.
fn from_dataclass_field(made: &Made) -> FieldInfo {
    let mut keywords = Namespace::default();
    for (name, value) in made
        .kwargs
        .get("metadata")
        .iter()
        .flat_map(|value| entries(value))
    {
        if ATTRIBUTES.contains(&&*name) || METADATA.iter().any(|(key, _)| *key == &*name) {
            keywords.insert(name, value);
        }
    }
    spread_alias(&mut keywords);
    for name in ["default", "default_factory", "repr", "init", "kw_only"] {
        if let Some(value) = made.kwargs.get(name)
            && dotted(value) != Some("dataclasses.MISSING")
        {
            keywords.insert(Name::from(name), value.clone());
        }
    }
    FieldInfo::from_keywords(&keywords)
}

/// Functions and classes whose call is a `FieldInfo`.
pub(super) fn is_field_function(dotted: &str) -> bool {
    matches!(
        dotted,
        "pydantic.Field" | "pydantic.FieldInfo" | "sqlmodel.Field"
    ) || matches!(
        dotted
            .strip_prefix("fastapi.params.")
            .or_else(|| dotted.strip_prefix("fastapi.")),
        Some("Query" | "Path" | "Header" | "Cookie" | "Body" | "Form" | "File" | "Param")
    )
}

pub(super) fn is_deprecated(dotted: &str) -> bool {
    matches!(
        dotted,
        "typing.deprecated" | "typing_extensions.deprecated" | "warnings.deprecated"
    )
}
