//! Classes.

use std::rc::Rc;

use serde_json::json;

use crate::python::syntax::Name;
use crate::python::value::{Class, Value};

use super::field::finished;
use super::{Builder, NESTED};
use crate::python::pydantic::config::{self, Config};
use crate::python::pydantic::field::FieldInfo;
use crate::python::pydantic::model::{self};
use crate::python::pydantic::read::{self, class_attribute, dotted};
use crate::python::pydantic::schema::{Extra, Hook, Kind, Metadata, Node, Schema, object};
use crate::python::pydantic::{self, dataclass, generic, known, typed_dict, typing};

/// What is set aside while a class is built.
pub(super) struct Outside {
    height: usize,
    depth: usize,
    names: Vec<(usize, Rc<str>)>,
}

impl Builder<'_, '_> {
    pub(super) fn class(&mut self, class: &Rc<Class>, value: &Value) -> Schema {
        if pydantic::is_model(self.interp, value) {
            return self.model(class, &[]);
        }
        if typed_dict::is_typed_dict(self.interp, class) {
            return self.typed_dict(class, &[]);
        }
        if pydantic::is_enum(self.interp, class) {
            return self.enumeration(class);
        }
        if typed_dict::is_named_tuple(self.interp, class) {
            return self.named_tuple(class, &[]);
        }
        if dataclass::is(self.interp, class) {
            return self.dataclass(class, &[]);
        }
        if let Some(schema) = known::subclass(self, class) {
            return schema;
        }
        self.other(class)
    }

    /// A class that pydantic knows nothing of, unless one of its bases is not read.
    pub(super) fn other(&mut self, class: &Rc<Class>) -> Schema {
        let unread = self.interp.mro(class).iter().find_map(|layer| match layer {
            Value::Unknown(unknown) => Some(unknown.why.clone()),
            Value::Symbol(symbol)
                if !known::is_known(layer) && !known::is_plain_class(&symbol.0) =>
            {
                Some(format!("{} is not read", symbol.0))
            }
            _ => None,
        });
        match unread {
            Some(why) => self.unknown(format!("a base of {} is not known: {why}", class.qualname)),
            None => self.arbitrary(&class.qualname),
        }
    }

    pub(super) fn parametrised(
        &mut self,
        class: &Rc<Class>,
        value: &Value,
        args: &[Value],
    ) -> Schema {
        if pydantic::is_model(self.interp, value) {
            let Some((class, args)) = generic::parametrised(self.interp, value) else {
                return self.unknown("the parameters of the model are not known");
            };
            return self.model(&class, &args);
        }
        if dataclass::is(self.interp, class) {
            return self.dataclass(class, args);
        }
        if typed_dict::is_named_tuple(self.interp, class) {
            return self.named_tuple(class, args);
        }
        if class_attribute(self.interp, class, "__get_pydantic_core_schema__").is_some() {
            let origin = Value::Class(Rc::clone(class));
            if let Some(schema) = self.by_method(&origin, value) {
                return schema;
            }
        }
        if typed_dict::is_typed_dict(self.interp, class) {
            return self.typed_dict(class, args);
        }
        self.other(class)
    }

    pub(super) fn enumeration(&mut self, class: &Rc<Class>) -> Schema {
        let members = pydantic::enum_values(class);
        let value = Value::Class(Rc::clone(class));
        let name = Rc::clone(&class.name.borrow());
        let mut updates = object([("title", json!(&*name))]);
        if let Some(description) = pydantic::class_docstring(self.interp, &value) {
            updates.insert(
                "description".to_owned(),
                json!(crate::python::library::clean_docstring(&description)),
            );
        }
        let empty = members.is_empty();
        let schema = Schema::new(Kind::Enum {
            class: value,
            name,
            members,
        });
        if empty {
            let hook = Hook::Instead(schema.node(), updates);
            return Schema::new(Kind::IsInstance(class.qualname.to_string())).with_hook(hook);
        }
        let reference = generic::class_reference(self.interp, class, &[]);
        schema
            .with_reference(reference)
            .with_hook(Hook::UpdateDefinition(updates))
    }

    pub(super) fn enter(
        &mut self,
        value: Value,
        class: &Rc<Class>,
        config: Option<Rc<Config>>,
    ) -> Outside {
        self.context.models.push(value);
        let file = class.place.map_or(class.scope.file, |place| place.file);
        self.context.scopes.push((Rc::clone(&class.scope), file));
        let height = self.context.config.len();
        self.context.config.extend(config);
        Outside {
            height,
            depth: std::mem::take(&mut self.context.depth),
            names: std::mem::take(&mut self.context.names),
        }
    }

    pub(super) fn leave(&mut self, outside: Outside) {
        self.context.models.pop();
        self.context.scopes.pop();
        self.context.config.truncate(outside.height);
        self.context.depth = outside.depth;
        self.context.names = outside.names;
    }

    pub(super) fn model(&mut self, class: &Rc<Class>, args: &[Value]) -> Schema {
        if args.iter().any(|arg| generic::nesting(arg) > NESTED) {
            return self.unknown(format!(
                "the parameters of {} are nested too deep",
                class.qualname
            ));
        }
        let reference = generic::class_reference(self.interp, class, args);
        if let Some(schema) = self.met(&reference) {
            return schema;
        }
        self.context.seen.insert(Rc::clone(&reference));
        let value = if args.is_empty() {
            Value::Class(Rc::clone(class))
        } else {
            read::generic(Value::Class(Rc::clone(class)), args.to_vec())
        };
        let settings = config::of_model(self.interp, class);
        let outside = self.enter(value.clone(), class, Some(Rc::clone(&settings)));
        let fields = model::fields(self.interp, class, args);
        let mut decorators = model::decorators(self.interp, class);
        let map = generic::arguments(self.interp, class, args);
        let is_root = model::is_root(self.interp, class);
        let mut schema = if is_root {
            let root = fields.iter().find(|field| &*field.name == "root").cloned();
            let (inner, mut metadata) = match root {
                Some(root) => self.field(&root.name, &root.info, &decorators),
                None => (Schema::new(Kind::Any), Metadata::default()),
            };
            if args.is_empty()
                && metadata.updates.contains_key("description")
                && let Some(text) = pydantic::class_docstring(self.interp, &value)
            {
                metadata.updates.insert(
                    "description".to_owned(),
                    json!(crate::python::library::clean_docstring(&text)),
                );
            }
            let mut schema = Schema::new(Kind::Model {
                class: value,
                schema: inner.node(),
                is_root: true,
            });
            schema.metadata = metadata;
            schema
        } else {
            let extras = if settings.text("extra").as_deref() == Some("allow") {
                self.extras(class, &map)
            } else {
                None
            };
            let built = self.fields(&fields, &decorators);
            let computed = self.computed(&mut decorators, &settings, &map);
            let inner = Schema::new(Kind::ModelFields {
                fields: built,
                computed,
                extras,
            });
            Schema::new(Kind::Model {
                class: value,
                schema: inner.node(),
                is_root: false,
            })
        };
        self.serialized(&mut schema, &decorators);
        self.leave(outside);
        self.context.seen.remove(&reference);
        self.defined(schema.with_reference(reference))
    }

    /// The type of `__pydantic_extra__`.
    pub(super) fn extras(&mut self, class: &Rc<Class>, map: &generic::TypeVars) -> Option<Node> {
        for layer in self.interp.mro(class).iter() {
            let Value::Class(layer) = layer else { continue };
            let own = self.interp.annotations(layer);
            let Some(annotated) = own
                .into_iter()
                .find(|annotated| &*annotated.name == "__pydantic_extra__")
            else {
                continue;
            };
            let inner = generic::arguments_in(self.interp, class, layer, map);
            let annotation = typing::normal(self.interp, &annotated.annotation);
            let annotation = generic::substitute(self.interp, &annotation, &inner);
            if let Value::Generic(it) = &annotation {
                return match it.args.get(1) {
                    Some(value) if !value.is_symbol("typing.Any") => Some(self.node(value)),
                    _ => None,
                };
            }
            return None;
        }
        None
    }

    pub(super) fn typed_dict(&mut self, class: &Rc<Class>, args: &[Value]) -> Schema {
        let reference = generic::class_reference(self.interp, class, args);
        if let Some(schema) = self.met(&reference) {
            return schema;
        }
        self.context.seen.insert(Rc::clone(&reference));
        let value = Value::Class(Rc::clone(class));
        let own = typed_dict::config(self.interp, &value);
        let outside = self.enter(value.clone(), class, own);
        let settings = self.context.config.last().cloned().unwrap_or_default();
        let map = generic::arguments(self.interp, class, args);
        let mut decorators = model::decorators(self.interp, class);
        let docstrings: Vec<(Name, Rc<str>)> =
            match (&class.definition, settings.flag("use_attribute_docstrings")) {
                (Some(definition), true) => model::attribute_docstrings(definition),
                _ => Vec::new(),
            };
        let mut fields = Vec::new();
        for (name, annotation, total) in typed_dict::keys(self.interp, class, &map) {
            let mut info = FieldInfo::from_annotation(self.interp, &annotation);
            let required = (total || info.qualifiers.contains(&"required"))
                && !info.qualifiers.contains(&"not_required");
            if info.attribute("description").is_none()
                && let Some((_, text)) = docstrings.iter().find(|(key, _)| *key == name)
            {
                info.set("description", Value::Str(Rc::clone(text)));
            }
            model::from_config(self.interp, &settings, &name, &mut info);
            let (schema, metadata) = self.field(&name, &info, &decorators);
            let mut field = finished(&info, schema, metadata);
            field.required = Some(required && info.is_required());
            fields.push((name, field));
        }
        let mut extra = Extra::Ignore;
        let mut extras = None;
        let layers = self.interp.mro(class);
        let said = layers.iter().find_map(|layer| match layer {
            Value::Class(layer) => {
                let closed = layer.keywords.get("closed").cloned();
                let items = layer.keywords.get("extra_items").cloned();
                (closed.is_some() || items.is_some()).then_some((closed, items))
            }
            _ => None,
        });
        let (closed, items) = said.unwrap_or_default();
        if matches!(closed, Some(Value::Bool(true))) {
            extra = Extra::Forbid;
        } else if let (None, Some(items)) = (&closed, &items) {
            let items = generic::substitute(self.interp, items, &map);
            let items = typing::inspect(self.interp, &items).annotation;
            if matches!(dotted(&items), Some("typing.Never" | "typing.NoReturn")) {
                extra = Extra::Forbid;
            } else {
                extra = Extra::Allow;
                extras = Some(self.node(&items));
            }
        }
        if extra == Extra::Ignore {
            match settings.text("extra").as_deref() {
                Some("forbid") => extra = Extra::Forbid,
                Some("allow") => extra = Extra::Allow,
                _ => {}
            }
        }
        let computed = self.computed(&mut decorators, &settings, &map);
        let mut schema = Schema::new(Kind::TypedDict {
            class: value,
            fields,
            computed,
            extras,
            extra,
        });
        self.serialized(&mut schema, &decorators);
        self.leave(outside);
        self.context.seen.remove(&reference);
        self.defined(schema.with_reference(reference))
    }

    pub(super) fn dataclass(&mut self, class: &Rc<Class>, args: &[Value]) -> Schema {
        let reference = generic::class_reference(self.interp, class, args);
        if let Some(schema) = self.met(&reference) {
            return schema;
        }
        self.context.seen.insert(Rc::clone(&reference));
        let value = Value::Class(Rc::clone(class));
        let own = dataclass::config(self.interp, &value);
        let outside = self.enter(value.clone(), class, own);
        let settings = self.context.config.last().cloned().unwrap_or_default();
        let map = generic::arguments(self.interp, class, args);
        let mut decorators = model::decorators(self.interp, class);
        let mut infos = dataclass::fields(self.interp, class, args);
        for field in &mut infos {
            model::from_config(self.interp, &settings, &field.name, &mut field.info);
        }
        let mut fields = self.fields(&infos, &decorators);
        fields.sort_by_key(|(_, field)| field.keyword_only);
        let computed = self.computed(&mut decorators, &settings, &map);
        let inner = Schema::new(Kind::DataclassArgs { fields, computed });
        let extra = settings.get("extra").cloned();
        let mut schema = Schema::new(Kind::Dataclass {
            class: value,
            schema: inner.node(),
            extra,
        });
        self.serialized(&mut schema, &decorators);
        self.leave(outside);
        self.context.seen.remove(&reference);
        self.defined(schema.with_reference(reference))
    }

    pub(super) fn named_tuple(&mut self, class: &Rc<Class>, args: &[Value]) -> Schema {
        let reference = generic::class_reference(self.interp, class, args);
        if let Some(schema) = self.met(&reference) {
            return schema;
        }
        self.context.seen.insert(Rc::clone(&reference));
        let value = Value::Class(Rc::clone(class));
        let outside = self.enter(value, class, None);
        let map = generic::arguments(self.interp, class, args);
        let settings = self.context.config.last().cloned().unwrap_or_default();
        let mut fields = Vec::new();
        for (name, annotation, default) in pydantic::named_tuple_fields(self.interp, class) {
            let annotation = generic::substitute(self.interp, &annotation, &map);
            let mut info = match &default {
                Some(default) => {
                    FieldInfo::from_annotated_attribute(self.interp, &annotation, default)
                }
                None => FieldInfo::from_annotation(self.interp, &annotation),
            };
            model::from_config(self.interp, &settings, &name, &mut info);
            let schema = self.parameter(&info);
            fields.push((name, finished(&info, schema, Metadata::default())));
        }
        self.leave(outside);
        self.context.seen.remove(&reference);
        self.defined(Schema::new(Kind::NamedTuple(fields)).with_reference(reference))
    }
}
