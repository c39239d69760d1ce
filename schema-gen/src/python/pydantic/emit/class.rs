//! Models, dataclasses, typed dictionaries, named tuples and arguments of functions.

use std::rc::Rc;

use serde_json::{Map, Value as Json, json};

use crate::python::value::{DescriptorKind, Unknown, Value};

use super::{Emitted, Emitter, Fail, takes_title, title_of};
use crate::python::pydantic::config::Config;
use crate::python::pydantic::schema::{
    Alias, Argument, ComputedField, Extra, Field, Kind, Node, Object, object,
};
use crate::python::pydantic::{self, Mode, dataclass, generic, model, typed_dict};

impl Emitter<'_, '_> {
    pub(super) fn fields(
        &mut self,
        fields: &[(Rc<str>, Field)],
        computed: &[ComputedField],
    ) -> Emitted {
        self.fields_with(fields, computed, |_| true)
    }

    pub(super) fn fields_with(
        &mut self,
        fields: &[(Rc<str>, Field)],
        computed: &[ComputedField],
        required_by_class: impl Fn(&Field) -> bool,
    ) -> Emitted {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mode = self.mode();
        let defaults_required = matches!(
            self.config("json_schema_serialization_defaults_required"),
            Some(Value::Bool(true))
        );
        for (name, field) in fields {
            if mode == Mode::Serialization && field.excluded {
                continue;
            }
            let is_required = match field.required {
                Some(required) => required && required_by_class(field),
                None => !matches!(field.schema.kind, Kind::Default { .. }),
            };
            let is_required = match mode {
                Mode::Validation => is_required,
                Mode::Serialization => !field.excluded_if && (is_required || defaults_required),
            };
            let alias = self.alias(name, field);
            let written = match self.write_field(&field.schema, &field.metadata) {
                Ok(written) => written,
                Err(Fail::Omit) => continue,
                Err(other) => return Err(other),
            };
            let mut written = self.titled(written, &alias, takes_title(&field.schema));
            if let Some(unknown) = &field.unknown_alias {
                let why = format!("the name of this property is not known: {}", unknown.why);
                let unknown = Rc::new(Unknown {
                    why,
                    place: unknown.place,
                });
                written.extend(pydantic::unknown_json(self.interp, &unknown));
            }
            properties.insert(alias.to_string(), Json::Object(written));
            if is_required {
                required.push(json!(&*alias));
            }
        }
        if mode == Mode::Serialization {
            for field in computed {
                let name = match &field.alias {
                    Some(alias) if self.state.by_alias != Some(false) => Rc::clone(alias),
                    _ => Rc::clone(&field.name),
                };
                let written = match self.write_field(&field.returns, &field.metadata) {
                    Ok(written) => written,
                    Err(Fail::Omit) => continue,
                    Err(other) => return Err(other),
                };
                let written = self.titled(written, &name, takes_title(&field.returns));
                properties.insert(name.to_string(), Json::Object(written));
                if !field.excluded_if {
                    required.push(json!(&*name));
                }
            }
        }
        let mut written = object([
            ("type", json!("object")),
            ("properties", Json::Object(properties)),
        ]);
        if !required.is_empty() {
            written.insert("required".to_owned(), Json::Array(required));
        }
        Ok(written)
    }

    /// The schema of a field with a title of its name where it has none, without what its
    /// definition says itself.
    pub(super) fn titled(&mut self, mut written: Object, name: &str, takes_title: bool) -> Object {
        if takes_title && !written.contains_key("title") {
            written.insert("title".to_owned(), json!(title_of(name)));
        }
        if let (Some(Json::String(reference)), true) =
            (written.get("$ref").cloned(), written.len() > 1)
        {
            let definition = self
                .state
                .names
                .of_reference(&reference)
                .and_then(|name| self.state.definitions.get(&name));
            if let Some(definition) = definition {
                written.retain(|key, value| key == "$ref" || definition.get(key) != Some(value));
            }
        }
        written
    }

    pub(super) fn alias(&self, name: &Rc<str>, field: &Field) -> Rc<str> {
        if self.state.by_alias == Some(false) {
            return Rc::clone(name);
        }
        if self.mode() == Mode::Serialization {
            return field
                .serialization_alias
                .clone()
                .unwrap_or_else(|| Rc::clone(name));
        }
        let by_alias = self.state.by_alias.unwrap_or_else(|| {
            !matches!(self.config("validate_by_alias"), Some(Value::Bool(false)))
        });
        match &field.validation_alias {
            _ if !by_alias => Rc::clone(name),
            None => Rc::clone(name),
            Some(Alias::Name(alias)) => Rc::clone(alias),
            Some(Alias::Choices(choices)) => choices
                .iter()
                .flatten()
                .next()
                .cloned()
                .unwrap_or_else(|| Rc::clone(name)),
        }
    }

    pub(super) fn model(&mut self, class: &Value, inner: &Node, is_root: bool) -> Emitted {
        let Some((cls, _)) = generic::parametrised(self.interp, class) else {
            return Ok(Object::new());
        };
        let config = pydantic::config::of_model(self.interp, &cls);
        self.state.config.push(Rc::clone(&config));
        let around = std::mem::replace(&mut self.interp.describing, cls.place);
        let written = self.write(inner);
        self.interp.describing = around;
        self.state.config.pop();
        let mut written = written?;
        let mut config = (*config).clone();
        if is_root {
            let root = model::fields(self.interp, &cls, &[]);
            let extra = root
                .iter()
                .find(|field| &*field.name == "root")
                .and_then(|field| field.info.attribute("json_schema_extra").cloned());
            if let Some(extra) = extra {
                config.values.insert(Rc::from("json_schema_extra"), extra);
            }
        }
        self.class_keys(&mut written, class, &config, false)?;
        Ok(written)
    }

    pub(super) fn typed_dict(
        &mut self,
        class: &Value,
        fields: &[(Rc<str>, Field)],
        computed: &[ComputedField],
        extras: Option<&Node>,
        extra: Extra,
    ) -> Emitted {
        let config = typed_dict::config(self.interp, class);
        if let Some(config) = &config {
            self.state.config.push(Rc::clone(config));
        }
        let written = self.fields(fields, computed);
        if config.is_some() {
            self.state.config.pop();
        }
        let mut written = written?;
        match extra {
            Extra::Ignore => {}
            Extra::Forbid => {
                written.insert("additionalProperties".to_owned(), json!(false));
            }
            Extra::Allow => {
                let allowed = match extras {
                    Some(extras) if !matches!(extras.kind, Kind::Any) => {
                        Json::Object(self.write(extras)?)
                    }
                    _ => json!(true),
                };
                written.insert("additionalProperties".to_owned(), allowed);
            }
        }
        let config = config.map(|config| (*config).clone()).unwrap_or_default();
        self.class_keys(&mut written, class, &config, false)?;
        Ok(written)
    }

    /// Title, description and extras of a class (`_update_class_schema`).
    pub(super) fn class_keys(
        &mut self,
        written: &mut Object,
        class: &Value,
        config: &Config,
        is_dataclass: bool,
    ) -> Result<(), Fail> {
        let Some((cls, args)) = generic::parametrised(self.interp, class) else {
            return Ok(());
        };
        let is_model = pydantic::is_model(self.interp, class);
        let name = pydantic::model_name(self.interp, &cls, if is_model { &args } else { &[] });
        if let Some(title) = config.get("title") {
            let title = self.json_of(title);
            written.entry("title".to_owned()).or_insert(title);
        } else if let Some(generator) = config.get("model_title_generator") {
            let title = model::call(self.interp, generator, vec![class.clone()]);
            let title = self.json_of(&title);
            written.entry("title".to_owned()).or_insert(title);
        }
        if !written.contains_key("title") {
            written.insert("title".to_owned(), json!(name));
        }
        // A parametrised model is a subclass without a docstring.
        let undocumented =
            is_model && !args.is_empty() || is_dataclass && dataclass::is_converted(&cls);
        let documented = if undocumented {
            None
        } else {
            pydantic::class_docstring(self.interp, class)
        };
        let documented =
            documented.filter(|text| !(is_dataclass && text.starts_with(&format!("{name}("))));
        if let Some(documented) = documented.filter(|text| !text.is_empty()) {
            let cleaned = crate::python::library::clean_docstring(&documented);
            written
                .entry("description".to_owned())
                .or_insert_with(|| json!(cleaned));
        }
        if !written.contains_key("additionalProperties") {
            match config.text("extra").as_deref() {
                Some("allow") => {
                    written.insert("additionalProperties".to_owned(), json!(true));
                }
                Some("forbid") => {
                    written.insert("additionalProperties".to_owned(), json!(false));
                }
                _ => {}
            }
        }
        match config.get("json_schema_extra") {
            None => {}
            Some(extra @ (Value::Dict(_) | Value::Made(_) | Value::Unknown(_))) => {
                self.update_from(written, extra)
            }
            Some(callable) => {
                let callable = match callable {
                    Value::Descriptor(descriptor) => match descriptor.kind {
                        DescriptorKind::ClassMethod => Value::Method(Rc::new((
                            Value::Class(Rc::clone(&cls)),
                            descriptor.function.clone(),
                        ))),
                        _ => descriptor.function.clone(),
                    },
                    other => other.clone(),
                };
                let takes_class = self
                    .interp
                    .signature(&callable)
                    .is_some_and(|signature| signature.parameters.len() > 1);
                let changed = self.changed_by(
                    &callable,
                    std::mem::take(written),
                    takes_class.then(|| class.clone()),
                )?;
                *written = changed;
            }
        }
        if pydantic::is_deprecated_class(&cls) {
            written.insert("deprecated".to_owned(), json!(true));
        }
        Ok(())
    }

    pub(super) fn named_tuple(&mut self, fields: &[(Rc<str>, Field)]) -> Emitted {
        let mut prefix = Vec::new();
        let mut least = 0;
        for (name, field) in fields {
            let name = match &field.validation_alias {
                Some(Alias::Name(alias)) if self.state.by_alias != Some(false) => Rc::clone(alias),
                _ => Rc::clone(name),
            };
            let mut written = self.write(&field.schema)?;
            if takes_title(&field.schema) && !written.contains_key("title") {
                written.insert("title".to_owned(), json!(title_of(&name)));
            }
            prefix.push(Json::Object(written));
            if !matches!(field.schema.kind, Kind::Default { .. }) {
                least += 1;
            }
        }
        let mut written = object([("type", json!("array"))]);
        let length = prefix.len();
        if length > 0 {
            written.insert("prefixItems".to_owned(), Json::Array(prefix));
        }
        if least > 0 {
            written.insert("minItems".to_owned(), json!(least));
        }
        written.insert("maxItems".to_owned(), json!(length));
        Ok(written)
    }

    pub(super) fn arguments(
        &mut self,
        parameters: &[Argument],
        var_args: Option<&Node>,
        var_kwargs: Option<&Node>,
    ) -> Emitted {
        let by_keyword = parameters.iter().all(|parameter| parameter.keyword) && var_args.is_none();
        let by_position =
            parameters.iter().all(|parameter| parameter.positional) && var_kwargs.is_none();
        if !by_keyword && !by_position {
            return Err(Fail::Invalid(
                "arguments validator with positional-only and keyword-only arguments".to_owned(),
            ));
        }
        let mut written_parameters = Vec::new();
        let mut required = Vec::new();
        for parameter in parameters {
            let name = match &parameter.alias {
                Some(alias) if self.state.by_alias != Some(false) => Rc::clone(alias),
                _ => Rc::clone(&parameter.name),
            };
            let mut written = self.write(&parameter.schema)?;
            if takes_title(&parameter.schema) && !written.contains_key("title") {
                written.insert("title".to_owned(), json!(title_of(&name)));
            }
            if !matches!(parameter.schema.kind, Kind::Default { .. }) {
                required.push(json!(&*name));
            }
            written_parameters.push((name, written));
        }
        if by_keyword {
            let properties: Map<String, Json> = written_parameters
                .into_iter()
                .map(|(name, written)| (name.to_string(), Json::Object(written)))
                .collect();
            let mut written = object([
                ("type", json!("object")),
                ("properties", Json::Object(properties)),
            ]);
            if !required.is_empty() {
                written.insert("required".to_owned(), Json::Array(required));
            }
            match var_kwargs {
                Some(extra) => {
                    let extra = self.write(extra)?;
                    if !extra.is_empty() {
                        written.insert("additionalProperties".to_owned(), Json::Object(extra));
                    }
                }
                None => {
                    written.insert("additionalProperties".to_owned(), json!(false));
                }
            }
            return Ok(written);
        }
        let length = written_parameters.len();
        let mut written = object([("type", json!("array"))]);
        if length > 0 {
            let prefix = written_parameters
                .into_iter()
                .map(|(_, written)| Json::Object(written))
                .collect();
            written.insert("prefixItems".to_owned(), Json::Array(prefix));
        }
        if !required.is_empty() {
            written.insert("minItems".to_owned(), json!(required.len()));
        }
        match var_args {
            Some(items) => {
                let items = self.write(items)?;
                if !items.is_empty() {
                    written.insert("items".to_owned(), Json::Object(items));
                }
            }
            None => {
                written.insert("maxItems".to_owned(), json!(length));
            }
        }
        Ok(written)
    }
}
