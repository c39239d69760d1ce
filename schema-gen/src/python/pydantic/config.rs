//! `model_config` and its inheritance.

use std::rc::Rc;

use indexmap::IndexMap;

use crate::python::interp::Interp;
use crate::python::syntax::Name;
use crate::python::value::{Class, Value};

use super::read::entries;

/// The settings of a model that are given; `pydantic/config.py` names the defaults.
#[derive(Clone, Default)]
pub(super) struct Config {
    pub(super) values: IndexMap<Name, Value>,
}

impl Config {
    /// Of a dictionary, `ConfigDict(…)` or a `class Config`.
    pub(super) fn read(interp: &mut Interp, value: &Value) -> Self {
        let mut config = Self::default();
        config.update(interp, value);
        config
    }

    pub(super) fn update(&mut self, interp: &mut Interp, value: &Value) {
        match value {
            Value::Class(class) => {
                for layer in interp.mro(class).iter().rev() {
                    let Value::Class(layer) = layer else { continue };
                    let names: Vec<_> = layer
                        .namespace
                        .borrow()
                        .iter()
                        .map(|(name, value)| (Rc::clone(name), value.clone()))
                        .collect();
                    for (name, value) in names {
                        if !name.starts_with("__") {
                            self.set(name, value);
                        }
                    }
                }
            }
            Value::Made(made) => {
                for value in &made.args {
                    self.update(interp, value);
                }
                for (name, value) in &made.kwargs {
                    self.set(Rc::clone(name), value.clone());
                }
            }
            _ => {
                for (name, value) in entries(value) {
                    self.set(name, value);
                }
            }
        }
    }

    fn set(&mut self, name: Name, value: Value) {
        self.values.shift_remove(&name);
        self.values.insert(name, value);
    }

    /// The setting, where it is given and not `None`.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.values
            .get(name)
            .filter(|value| !matches!(value, Value::None))
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Value::Bool(true)))
    }

    pub(super) fn text(&self, name: &str) -> Option<Rc<str>> {
        match self.get(name) {
            Some(Value::Str(text)) => Some(Rc::clone(text)),
            _ => None,
        }
    }
}

/// Keywords of a class statement that are settings (`pydantic/config.py`, `ConfigDict`).
const KEYS: &[&str] = &[
    "title",
    "model_title_generator",
    "field_title_generator",
    "str_to_lower",
    "str_to_upper",
    "str_strip_whitespace",
    "str_min_length",
    "str_max_length",
    "extra",
    "frozen",
    "populate_by_name",
    "use_enum_values",
    "validate_assignment",
    "arbitrary_types_allowed",
    "from_attributes",
    "loc_by_alias",
    "alias_generator",
    "ignored_types",
    "allow_inf_nan",
    "json_schema_extra",
    "json_encoders",
    "strict",
    "revalidate_instances",
    "ser_json_timedelta",
    "ser_json_temporal",
    "val_temporal_unit",
    "ser_json_bytes",
    "val_json_bytes",
    "ser_json_inf_nan",
    "validate_default",
    "validate_return",
    "protected_namespaces",
    "hide_input_in_errors",
    "defer_build",
    "json_schema_serialization_defaults_required",
    "json_schema_mode_override",
    "coerce_numbers_to_str",
    "regex_engine",
    "validation_error_cause",
    "use_attribute_docstrings",
    "cache_strings",
    "validate_by_alias",
    "validate_by_name",
    "serialize_by_alias",
    "url_preserve_empty_path",
    "polymorphic_serialization",
];

/// Whether a keyword of a class statement is a setting.
pub(super) fn is_key(name: &str) -> bool {
    KEYS.contains(&name)
        || matches!(
            name,
            "env_prefix" | "env_file" | "case_sensitive" | "env_nested_delimiter"
        )
}

/// The settings of a model: those of its bases in their order, its own, and its keywords
/// (`ConfigWrapper.for_model`).
pub(super) fn of_model(interp: &mut Interp, class: &Rc<Class>) -> Rc<Config> {
    let key = Rc::as_ptr(class) as usize;
    if let Some(config) = interp.pydantic.configs.get(&key) {
        return Rc::clone(config);
    }
    let mut config = Config::default();
    for base in &class.bases {
        if base.is_symbol("pydantic_settings.BaseSettings") {
            // `pydantic_settings/main.py`, `BaseSettings.model_config`.
            config.set(Name::from("extra"), Value::str("forbid"));
            config.set(Name::from("arbitrary_types_allowed"), Value::Bool(true));
            config.set(Name::from("validate_default"), Value::Bool(true));
        }
        if let Some(base) = super::read::class_of(interp, base) {
            let inherited = of_model(interp, &base);
            for (name, value) in &inherited.values {
                config.set(Rc::clone(name), value.clone());
            }
        }
    }
    let own = {
        let namespace = class.namespace.borrow();
        namespace
            .get("model_config")
            .or_else(|| namespace.get("Config"))
            .cloned()
    };
    if let Some(own) = own {
        config.update(interp, &own);
    }
    for (name, value) in &class.keywords {
        if is_key(name) {
            config.set(Rc::clone(name), value.clone());
        }
    }
    // `populate_by_name` is validation by alias and by name (`_build_effective_config`).
    if config.get("validate_by_name").is_none() && config.get("populate_by_name").is_some() {
        config.values.shift_remove("validate_by_alias");
    }
    let config = Rc::new(config);
    interp.pydantic.configs.insert(key, Rc::clone(&config));
    config
}
