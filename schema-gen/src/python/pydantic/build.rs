//! From types to schemas, as `GenerateSchema` (`pydantic/_internal/_generate_schema.py`) does.

use std::collections::HashSet;
use std::rc::Rc;

use serde_json::{Value as Json, json};

use crate::python::interp::{Interp, Scope};
use crate::python::syntax::{Name, ParameterKind};
use crate::python::value::{Class, FileId, Forward, Unknown, Value};

use super::config::{self, Config};
use super::field::FieldInfo;
use super::model::{self, Decorated, Decorators};
use super::read::{argument, class_attribute, class_of, dotted, is_undefined, made, made_of};
use super::schema::{
    Alias, Argument, ComputedField, Constraints, Extra, Field, Hook, Kind, Metadata, Node, Ref, Scalar, Schema,
    Sequence, Serialization, any, object,
};
use super::{annotate, dataclass, discriminator, encode, generic, handler, known, typed_dict, typing};

/// Types may be nested this deep.
const DEPTH: usize = 200;

/// Where a build stands.
#[derive(Default)]
pub(super) struct Context {
    pub(super) config: Vec<Rc<Config>>,
    pub(super) fields: Vec<Name>,
    /// What `Self` means.
    pub(super) models: Vec<Value>,
    /// Where names in strings are looked up.
    pub(super) scopes: Vec<(Scope, FileId)>,
    pub(super) seen: HashSet<Ref>,
    pub(super) depth: usize,
}

/// Builds schemas; the context is lent to the evaluator while functions of the user run.
pub(super) struct Builder<'a, 't> {
    pub(super) interp: &'a mut Interp<'t>,
    pub(super) context: Context,
}

impl<'a, 't> Builder<'a, 't> {
    pub(super) fn new(interp: &'a mut Interp<'t>, context: Context) -> Self {
        Self { interp, context }
    }

    /// Runs something of the user's, during which the evaluator has the context.
    pub(super) fn lend<R>(&mut self, run: impl FnOnce(&mut Interp<'t>) -> R) -> R {
        let outer = self.interp.pydantic.building.take();
        self.interp.pydantic.building = Some(Box::new(std::mem::take(&mut self.context)));
        let result = run(self.interp);
        if let Some(context) = self.interp.pydantic.building.take() {
            self.context = *context;
        }
        self.interp.pydantic.building = outer;
        result
    }

    fn flag(&self, name: &str) -> bool {
        self.context.config.last().is_some_and(|config| config.flag(name))
    }

    pub(super) fn unknown(&self, why: impl Into<String>) -> Schema {
        Schema::new(Kind::Unknown(Rc::new(Unknown { why: why.into(), place: None })))
    }

    /// `generate_schema`
    pub(super) fn schema(&mut self, value: &Value) -> Schema {
        if self.context.depth > DEPTH {
            return self.unknown("the type is nested too deep");
        }
        self.context.depth += 1;
        let schema = self.schema_at_depth(value);
        self.context.depth -= 1;
        schema
    }

    fn schema_at_depth(&mut self, value: &Value) -> Schema {
        let value = self.resolved(value);
        let schema = match self.by_method(&value, &value) {
            Some(schema) => schema,
            None => self.inner(&value),
        };
        self.with_json_method(&value, schema)
    }

    pub(super) fn node(&mut self, value: &Value) -> Node {
        self.schema(value).node()
    }

    /// The type with its names resolved, a string as a name in the place where it stands.
    pub(super) fn resolved(&mut self, value: &Value) -> Value {
        let value = match (value, self.context.scopes.last()) {
            (Value::Str(text), Some((scope, file))) => Value::Forward(Rc::new(Forward {
                text: Rc::clone(text),
                scope: Rc::clone(scope),
                file: *file,
                place: None,
            })),
            _ => value.clone(),
        };
        let value = typing::normal(self.interp, &value);
        match &value {
            Value::Symbol(_) if !known::is_known(&value) => model::forced(self.interp, &value),
            _ => value,
        }
    }

    /// `__get_pydantic_core_schema__` of a class of the user.
    pub(super) fn by_method(&mut self, value: &Value, source: &Value) -> Option<Schema> {
        let class = match value {
            Value::Class(class) => Rc::clone(class),
            // A parametrised model is a class of its own.
            Value::Generic(it) if super::is_model(self.interp, value) => class_of(self.interp, &it.origin)?,
            _ => return None,
        };
        if let Some(fixed) = class_attribute(self.interp, &class, "__hitchpost_schema__") {
            let hook = Hook::WithJsonSchema { schema: Some(fixed), mode: None };
            return Some(Schema::new(Kind::Any).with_hook(hook));
        }
        class_attribute(self.interp, &class, "__get_pydantic_core_schema__")?;
        let method = self.interp.attribute(value, "__get_pydantic_core_schema__").ok()?;
        let schema = handler::core_schema(self, &method, source, handler::Inner::Type);
        Some(self.defined(schema))
    }

    /// `__get_pydantic_json_schema__` of a class of the user.
    pub(super) fn with_json_method(&mut self, value: &Value, mut schema: Schema) -> Schema {
        let Some(class) = (match value {
            Value::Class(class) => Some(Rc::clone(class)),
            Value::Generic(it) => match &it.origin {
                Value::Class(class) => Some(Rc::clone(class)),
                _ => None,
            },
            _ => None,
        }) else {
            return schema;
        };
        if class_attribute(self.interp, &class, "__hitchpost_schema__").is_some() {
            return schema;
        }
        if class_attribute(self.interp, &class, "__get_pydantic_json_schema__").is_none() {
            // `BaseModel` has one, which changes nothing but that a reference is written out.
            if !matches!(schema.kind, Kind::Ref(_)) && super::is_model(self.interp, value) {
                schema.metadata.functions.push(Hook::Update(object([])));
            }
            return schema;
        }
        let Ok(method) = self.interp.attribute(&Value::Class(class), "__get_pydantic_json_schema__") else {
            return schema;
        };
        let hook = Hook::User(method);
        match &schema.kind {
            Kind::Ref(reference) => {
                if let Some(definition) = self.interp.pydantic.definitions.get(reference).cloned() {
                    let known = definition.metadata.functions.iter().any(|hook| matches!(hook, Hook::User(_)));
                    if !known {
                        let mut changed = (*definition).clone();
                        changed.metadata.functions.push(hook);
                        self.interp.pydantic.definitions.insert(Rc::clone(reference), changed.node());
                    }
                }
            }
            _ => schema.metadata.functions.push(hook),
        }
        schema
    }

    /// A schema with an identity as a reference to its definition.
    pub(super) fn defined(&mut self, schema: Schema) -> Schema {
        match schema.reference.clone() {
            Some(reference) => {
                self.interp.pydantic.definitions.insert(Rc::clone(&reference), schema.node());
                Schema::new(Kind::Ref(reference))
            }
            None => schema,
        }
    }

    /// A reference, where the type is known or just being built.
    fn met(&self, reference: &Ref) -> Option<Schema> {
        let met = self.context.seen.contains(reference) || self.interp.pydantic.definitions.contains_key(reference);
        met.then(|| Schema::new(Kind::Ref(Rc::clone(reference))))
    }

    /// `_generate_schema_inner`
    pub(super) fn inner(&mut self, value: &Value) -> Schema {
        let value = self.resolved(value);
        match &value {
            Value::Unknown(unknown) => Schema::new(Kind::Unknown(Rc::clone(unknown))),
            Value::None => Schema::new(Kind::None),
            Value::Ellipsis => Schema::new(Kind::Ellipsis),
            Value::Union(items) => self.union(items),
            Value::Class(class) => self.class(class, &value),
            Value::Generic(it) => {
                let it = Rc::clone(it);
                self.generic(&value, &it.origin, &it.args)
            }
            Value::Symbol(symbol) => {
                let symbol = symbol.clone();
                if symbol.is("typing.Self") {
                    return match self.context.models.last().cloned() {
                        Some(model) => self.inner(&model),
                        None => Schema::new(Kind::Invalid("`typing.Self` is invalid in this context".to_owned())),
                    };
                }
                match known::schema(self, dotted(&value).unwrap_or(&symbol.0)) {
                    Some(schema) => schema,
                    None => self.unreadable(&value, &symbol.0),
                }
            }
            Value::Alias(alias) => {
                let scope = alias_scope(self.interp, alias);
                let target = typing::alias_target(self.interp, alias);
                if alias.is_new_type {
                    return self.schema(&target);
                }
                let name = qualified_alias(alias, scope.as_ref());
                self.alias(Ref::from(format!("{name}:{}", Rc::as_ptr(alias) as usize)), &target, scope)
            }
            Value::TypeVar(var) => {
                if let Some(default) = &var.default {
                    return self.schema(default);
                }
                if !var.constraints.is_empty() {
                    return self.union(&var.constraints);
                }
                match &var.bound {
                    Some(bound) => self.schema(bound).with_serialization(Serialization::Any),
                    None => Schema::new(Kind::Any),
                }
            }
            Value::Function(_) | Value::Method(_) => self.call(&value),
            Value::Forward(forward) => self.unknown(format!("the name {} is not defined", forward.text)),
            Value::Str(text) => self.unknown(format!("the name {text} is not defined")),
            Value::Made(_) => match handler::schema_of(self.interp, &value) {
                Some(schema) => (*schema).clone(),
                None => match made_of(&value) {
                    Some((name, _)) => self.unknown(format!("the type {name}(…) is not known")),
                    None => self.unknown("the type is a call that is not known"),
                },
            },
            other => Schema::new(Kind::Invalid(format!("{other:?} is not a type"))),
        }
    }

    /// A name of a library that is neither modelled nor read.
    fn unreadable(&mut self, value: &Value, name: &str) -> Schema {
        let _ = value;
        if known::is_plain_class(name) {
            return self.arbitrary(name);
        }
        self.unknown(format!("the type {name} is not read"))
    }

    fn arbitrary(&mut self, name: &str) -> Schema {
        if self.flag("arbitrary_types_allowed") {
            return Schema::new(Kind::IsInstance(name.to_owned()));
        }
        Schema::new(Kind::Invalid(format!("Unable to generate pydantic-core schema for {name}")))
    }

    // ----- Unions

    pub(super) fn union(&mut self, items: &[Value]) -> Schema {
        let mut choices: Vec<Node> = Vec::new();
        let mut nullable = false;
        let mut missing = false;
        for item in items {
            match self.resolved(item) {
                Value::None => nullable = true,
                item if dotted(&item) == Some("pydantic_core.MISSING") => missing = true,
                item if item.is_symbol("types.NoneType") => nullable = true,
                item => choices.push(self.node(&item)),
            }
        }
        let mut schema = match choices.len() {
            0 => {
                nullable = false;
                Schema::new(Kind::None)
            }
            1 => choices.pop().map(Rc::unwrap_or_clone).unwrap_or_else(|| Schema::new(Kind::Any)),
            _ => Schema::new(Kind::Union(choices)),
        };
        if nullable {
            schema = Schema::new(Kind::Nullable(schema.node()));
        }
        if missing {
            schema = Schema::new(Kind::Missing(Some(schema.node())));
        }
        schema
    }

    pub(super) fn discriminated(&mut self, schema: Schema, by: &Value) -> Schema {
        match discriminator::apply(self.interp, schema.clone(), by) {
            Ok(schema) => schema,
            Err(_) => Schema::new(Kind::Deferred { schema: schema.node(), discriminator: by.clone() }),
        }
    }

    // ----- Aliases

    fn alias(&mut self, reference: Ref, target: &Value, scope: Option<(Scope, FileId)>) -> Schema {
        if let Some(schema) = self.met(&reference) {
            return schema;
        }
        self.context.seen.insert(Rc::clone(&reference));
        let scoped = scope.is_some();
        self.context.scopes.extend(scope);
        let mut schema = self.schema(target);
        if scoped {
            self.context.scopes.pop();
        }
        self.context.seen.remove(&reference);
        schema.reference = Some(reference);
        self.defined(schema)
    }

    // ----- Generic types

    fn generic(&mut self, value: &Value, origin: &Value, args: &[Value]) -> Schema {
        match origin {
            Value::Alias(alias) => {
                let map = alias
                    .type_params
                    .iter()
                    .filter_map(|param| match param {
                        Value::TypeVar(var) => Some(Rc::clone(var)),
                        _ => None,
                    })
                    .zip(args.iter().cloned())
                    .collect();
                let scope = alias_scope(self.interp, alias);
                let target = typing::alias_target(self.interp, alias);
                let target = generic::substitute(self.interp, &target, &map);
                if alias.is_new_type {
                    return self.schema(&target);
                }
                let reference = Ref::from(format!(
                    "{}:{}{}",
                    qualified_alias(alias, scope.as_ref()),
                    Rc::as_ptr(alias) as usize,
                    generic::argument_reference(self.interp, args)
                ));
                return self.alias(reference, &target, scope);
            }
            Value::Class(class) => {
                let class = Rc::clone(class);
                return self.parametrised(&class, value, args);
            }
            Value::Symbol(_) if !known::is_known_generic(origin) => {
                let forced = self.interp.force(origin);
                if matches!(&forced, Value::Symbol(_) | Value::Alias(_)) && !forced.same(origin) {
                    return self.schema(&super::read::generic(forced, args.to_vec()));
                }
                if let Some(class) = class_of(self.interp, origin) {
                    let value = super::read::generic(Value::Class(Rc::clone(&class)), args.to_vec());
                    return self.parametrised(&class, &value, args);
                }
            }
            Value::Unknown(unknown) => return Schema::new(Kind::Unknown(Rc::clone(unknown))),
            _ => {}
        }
        let Some(name) = dotted(origin) else {
            return self.unknown("a generic type of something that is not known");
        };
        let name = typing::plain_origin(name).to_owned();
        let first = args.first().cloned().unwrap_or_else(|| Value::symbol("typing.Any"));
        let second = args.get(1).cloned().unwrap_or_else(|| Value::symbol("typing.Any"));
        match &*name {
            "typing.Annotated" => {
                let metadata = args.get(1..).unwrap_or(&[]);
                let mut schema = annotate::apply(self, &first, metadata, None);
                for item in metadata {
                    if let Some(info) = FieldInfo::of(self.interp, item) {
                        schema = with_default(&info, schema);
                    }
                }
                schema
            }
            "typing.Literal" => Schema::new(Kind::Literal(typing::literal_values(self.interp, args))),
            "typing.ClassVar" | "typing.Final" | "typing.Required" | "typing.NotRequired" | "typing.ReadOnly"
            | "dataclasses.InitVar" | "typing.Unpack" => self.schema(&first),
            "builtins.tuple" => self.tuple(args),
            "builtins.type" => self.subclass(&first),
            "collections.Counter" => {
                let keys = self.node(&first);
                Schema::new(Kind::Dict {
                    keys,
                    values: Schema::scalar(Scalar::Int).node(),
                    constraints: Constraints::default(),
                })
            }
            "builtins.dict" | "collections.abc.Mapping" | "collections.abc.MutableMapping" | "collections.OrderedDict" => {
                self.dict(&first, &second)
            }
            "collections.defaultdict" => {
                let lax = self.dict(&first, &second).node();
                Schema::new(Kind::LaxOrStrict { strict: Rc::clone(&lax), lax })
            }
            "collections.abc.Callable" => Schema::new(Kind::Callable),
            "re.Pattern" => known::pattern(),
            "os.PathLike" | "pathlib.Path" | "pathlib.PurePath" => known::path(),
            "pydantic.Secret" => {
                let inner = self.node(&first);
                Schema::new(Kind::JsonOrPython { python: Rc::clone(&inner), json: inner })
                    .with_serialization(known::opaque())
            }
            other => match known::sequence(other) {
                Some(sequence) => {
                    let items = self.node(&first);
                    known::sequence_schema(other, sequence, items)
                }
                None if known::is_plain_class(other) => self.arbitrary(other),
                None => self.unknown(format!("the type {other}[…] is not known")),
            },
        }
    }

    fn dict(&mut self, keys: &Value, values: &Value) -> Schema {
        let keys = self.node(keys);
        let values = self.node(values);
        Schema::new(Kind::Dict { keys, values, constraints: Constraints::default() })
    }

    fn tuple(&mut self, args: &[Value]) -> Schema {
        let empty = matches!(args, [Value::Tuple(items)] if items.is_empty()) || args.is_empty();
        let (items, variadic) = match args {
            _ if empty => (Vec::new(), None),
            [item, Value::Ellipsis] => (vec![self.node(item)], Some(0)),
            items => (items.iter().map(|item| self.node(item)).collect(), None),
        };
        Schema::new(Kind::Tuple { items, variadic, constraints: Constraints::default() })
    }

    fn subclass(&mut self, parameter: &Value) -> Schema {
        match self.resolved(parameter) {
            Value::Symbol(symbol) if symbol.is("typing.Any") => known::schema(self, "builtins.type")
                .unwrap_or_else(|| Schema::new(Kind::IsSubclass)),
            Value::Union(items) => {
                let choices = items.iter().map(|item| self.subclass(item).node()).collect();
                Schema::new(Kind::Union(choices))
            }
            Value::TypeVar(var) => match (&var.bound, var.constraints.is_empty()) {
                (Some(_), _) => Schema::new(Kind::IsSubclass),
                (None, false) => {
                    let choices = var.constraints.iter().map(|item| self.subclass(item).node()).collect();
                    Schema::new(Kind::Union(choices))
                }
                (None, true) => known::schema(self, "builtins.type").unwrap_or_else(|| Schema::new(Kind::IsSubclass)),
            },
            Value::Unknown(unknown) => Schema::new(Kind::Unknown(unknown)),
            _ => Schema::new(Kind::IsSubclass),
        }
    }

    // ----- Classes

    fn class(&mut self, class: &Rc<Class>, value: &Value) -> Schema {
        if super::is_model(self.interp, value) {
            return self.model(class, &[]);
        }
        if typed_dict::is_typed_dict(self.interp, class) {
            return self.typed_dict(class, &[]);
        }
        if super::is_enum(self.interp, class) {
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
        self.arbitrary(&class.qualname)
    }

    fn parametrised(&mut self, class: &Rc<Class>, value: &Value, args: &[Value]) -> Schema {
        if super::is_model(self.interp, value) {
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
        self.arbitrary(&class.qualname)
    }

    fn enumeration(&mut self, class: &Rc<Class>) -> Schema {
        let members = super::enum_values(self.interp, class);
        let value = Value::Class(Rc::clone(class));
        let name = Rc::clone(&class.name.borrow());
        let mut updates = object([("title", json!(&*name))]);
        if let Some(description) = super::class_docstring(self.interp, &value) {
            updates.insert("description".to_owned(), json!(super::text::clean_docstring(&description)));
        }
        let empty = members.is_empty();
        let schema = Schema::new(Kind::Enum { class: value, name, members });
        if empty {
            let hook = Hook::Instead(schema.node(), updates);
            return Schema::new(Kind::IsInstance(class.qualname.to_string())).with_hook(hook);
        }
        let reference = generic::class_reference(self.interp, class, &[]);
        schema.with_reference(reference).with_hook(Hook::UpdateDefinition(updates))
    }

    fn enter(&mut self, value: Value, class: &Rc<Class>, config: Option<Rc<Config>>) -> usize {
        self.context.models.push(value);
        let file = class.place.map_or(class.scope.file, |place| place.file);
        self.context.scopes.push((Rc::clone(&class.scope), file));
        let height = self.context.config.len();
        self.context.config.extend(config);
        height
    }

    fn leave(&mut self, height: usize) {
        self.context.models.pop();
        self.context.scopes.pop();
        self.context.config.truncate(height);
    }

    fn model(&mut self, class: &Rc<Class>, args: &[Value]) -> Schema {
        let reference = generic::class_reference(self.interp, class, args);
        if let Some(schema) = self.met(&reference) {
            return schema;
        }
        self.context.seen.insert(Rc::clone(&reference));
        let value = if args.is_empty() {
            Value::Class(Rc::clone(class))
        } else {
            super::read::generic(Value::Class(Rc::clone(class)), args.to_vec())
        };
        let settings = config::of_model(self.interp, class);
        let height = self.enter(value.clone(), class, Some(Rc::clone(&settings)));
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
            if args.is_empty() && metadata.updates.contains_key("description") {
                if let Some(text) = super::class_docstring(self.interp, &value) {
                    metadata.updates.insert("description".to_owned(), json!(super::text::clean_docstring(&text)));
                }
            }
            let mut schema = Schema::new(Kind::Model { class: value, schema: inner.node(), is_root: true });
            schema.metadata = metadata;
            schema
        } else {
            let extras = if settings.text("extra").as_deref() == Some("allow") { self.extras(class, &map) } else { None };
            let built = self.fields(&fields, &decorators);
            let computed = self.computed(&mut decorators, &settings, &map);
            let inner = Schema::new(Kind::ModelFields { fields: built, computed, extras });
            Schema::new(Kind::Model { class: value, schema: inner.node(), is_root: false })
        };
        self.serialized(&mut schema, &decorators);
        self.leave(height);
        self.context.seen.remove(&reference);
        self.defined(schema.with_reference(reference))
    }

    /// The type of `__pydantic_extra__`.
    fn extras(&mut self, class: &Rc<Class>, map: &generic::TypeVars) -> Option<Node> {
        for layer in self.interp.mro(class).iter() {
            let Value::Class(layer) = layer else { continue };
            let own = self.interp.annotations(layer);
            let Some(annotated) = own.into_iter().find(|annotated| &*annotated.name == "__pydantic_extra__") else {
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

    fn fields(&mut self, fields: &[super::ModelField], decorators: &Decorators) -> Vec<(Name, Field)> {
        fields
            .iter()
            .map(|field| {
                let (schema, metadata) = self.field(&field.name, &field.info, decorators);
                (Rc::clone(&field.name), finished(&field.info, schema, metadata))
            })
            .collect()
    }

    /// `_common_field_schema`
    pub(super) fn field(&mut self, name: &Name, info: &FieldInfo, decorators: &Decorators) -> (Schema, Metadata) {
        let mut annotations = info.metadata.clone();
        for validator in decorators.field_validators.values().filter(|validator| validator.is_for(name)) {
            annotations.push(validator_annotation(validator));
        }
        self.context.fields.push(Rc::clone(name));
        let annotation = info.annotation.clone().unwrap_or_else(|| Value::symbol("typing.Any"));
        let mut schema = annotate::apply(self, &annotation, &annotations, info.attribute("discriminator"));
        self.context.fields.pop();
        schema = with_default(info, schema);
        let serializers: Vec<&Decorated> =
            decorators.field_serializers.values().filter(|serializer| serializer.is_for(name)).collect();
        if let Some(serializer) = serializers.last() {
            schema = self.field_serialized(schema, serializer);
        }
        (schema, annotate::field_metadata(self.interp, info))
    }

    fn field_serialized(&mut self, schema: Schema, serializer: &Decorated) -> Schema {
        let mut schema = self.defined(schema);
        schema.serialization = Some(Rc::new(self.serialization(serializer)));
        schema
    }

    fn serialization(&mut self, serializer: &Decorated) -> Serialization {
        let plain = serializer.mode("plain") == "plain";
        let returns = self.return_type(serializer);
        let returns = returns.map(|returns| self.node(&returns));
        let when = match serializer.keyword("when_used") {
            Some(Value::Str(when)) => Rc::clone(when),
            _ => Rc::from("always"),
        };
        Serialization::Function {
            plain,
            takes_info: false,
            function: inner_function(&serializer.function),
            returns,
            unless_none: matches!(&*when, "unless-none" | "json-unless-none"),
        }
    }

    /// `return_type=` or the annotation of what a function returns.
    fn return_type(&mut self, decorated: &Decorated) -> Option<Value> {
        match decorated.keyword("return_type") {
            Some(given) if !is_undefined(given) => Some(given.clone()),
            _ => {
                let function = inner_function(&decorated.function);
                returned(self.interp, &function)
            }
        }
    }

    fn computed(
        &mut self,
        decorators: &mut Decorators,
        settings: &Config,
        map: &generic::TypeVars,
    ) -> Vec<ComputedField> {
        let all: Vec<Decorated> = decorators.computed_fields.values().cloned().collect();
        let mut built = Vec::new();
        for computed in all {
            let name = Rc::clone(&computed.name);
            let returns = match self.return_type(&computed) {
                Some(returns) => {
                    let returns = generic::substitute(self.interp, &returns, map);
                    self.schema(&returns)
                }
                None => self.unknown(format!("the computed field {name} has no return type")),
            };
            let serializers: Vec<&Decorated> =
                decorators.field_serializers.values().filter(|serializer| serializer.is_for(&name)).collect();
            let returns = match serializers.last() {
                Some(serializer) => self.field_serialized(returns, serializer),
                None => returns,
            };
            let mut info = FieldInfo::default();
            for (key, value) in computed.mark.iter().flat_map(|mark| mark.kwargs.iter()) {
                info.attributes.insert(Rc::clone(key), value.clone());
            }
            let function = inner_function(&computed.function);
            if info.attribute("description").is_none() {
                let text = match &function {
                    Value::Function(function) => function.docstring.borrow().clone(),
                    _ => None,
                };
                if let Some(text) = text.filter(|text| !text.is_empty()) {
                    info.set("description", Value::str(&super::text::clean_docstring(&text)));
                }
            }
            if info.attribute("deprecated").is_none() {
                let deprecated = match &function {
                    Value::Function(function) => function.attributes.borrow().get("__deprecated__").cloned(),
                    _ => None,
                };
                if let Some(deprecated) = deprecated {
                    info.set("deprecated", deprecated);
                }
            }
            self.computed_alias(&mut info, settings, &name);
            let mut metadata = annotate::field_metadata(self.interp, &info);
            let updates = std::mem::take(&mut metadata.updates);
            metadata.updates = object([("readOnly", json!(true))]);
            metadata.updates.extend(updates);
            built.push(ComputedField {
                alias: info.text("alias"),
                excluded_if: info.attribute("exclude_if").is_some(),
                name,
                returns: returns.node(),
                metadata,
            });
        }
        built
    }

    fn computed_alias(&mut self, info: &mut FieldInfo, settings: &Config, name: &Name) {
        let generator =
            info.attribute("field_title_generator").or_else(|| settings.get("field_title_generator")).cloned();
        if let (Some(generator), None) = (generator, info.attribute("title")) {
            let given = made("pydantic.ComputedFieldInfo", Vec::new(), Vec::new());
            let title = model::call(self.interp, &generator, vec![Value::Str(Rc::clone(name)), given]);
            info.set("title", title);
        }
        let Some(generator) = settings.get("alias_generator").cloned() else { return };
        let priority = match (info.attribute("alias_priority"), info.attribute("alias")) {
            (Some(Value::Int(priority)), Some(_)) => Some(*priority),
            (_, Some(_)) => Some(2),
            _ => None,
        };
        if priority.is_none_or(|priority| priority <= 1) {
            let [alias, _, serialization] = model::generated_aliases(self.interp, &generator, name);
            if let Some(alias) = serialization.or(alias) {
                info.set("alias", alias);
            }
        }
    }

    fn serialized(&mut self, schema: &mut Schema, decorators: &Decorators) {
        if let Some(serializer) = decorators.model_serializers.values().last() {
            schema.serialization = Some(Rc::new(self.serialization(serializer)));
        }
    }

    fn typed_dict(&mut self, class: &Rc<Class>, args: &[Value]) -> Schema {
        let reference = generic::class_reference(self.interp, class, args);
        if let Some(schema) = self.met(&reference) {
            return schema;
        }
        self.context.seen.insert(Rc::clone(&reference));
        let value = Value::Class(Rc::clone(class));
        let own = typed_dict::config(self.interp, &value);
        let height = self.enter(value.clone(), class, own);
        let settings = self.context.config.last().cloned().unwrap_or_default();
        let map = generic::arguments(self.interp, class, args);
        let mut decorators = model::decorators(self.interp, class);
        let docstrings: Vec<(Name, Rc<str>)> = match (&class.definition, settings.flag("use_attribute_docstrings")) {
            (Some(definition), true) => model::attribute_docstrings(definition),
            _ => Vec::new(),
        };
        let mut fields = Vec::new();
        for (name, annotation, total) in typed_dict::keys(self.interp, class, &map) {
            let mut info = FieldInfo::from_annotation(self.interp, &annotation);
            let required = (total || info.qualifiers.contains(&"required"))
                && !info.qualifiers.contains(&"not_required");
            if info.attribute("description").is_none() {
                if let Some((_, text)) = docstrings.iter().find(|(key, _)| *key == name) {
                    info.set("description", Value::Str(Rc::clone(text)));
                }
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
        let mut schema = Schema::new(Kind::TypedDict { class: value, fields, computed, extras, extra });
        self.serialized(&mut schema, &decorators);
        self.leave(height);
        self.context.seen.remove(&reference);
        self.defined(schema.with_reference(reference))
    }

    fn dataclass(&mut self, class: &Rc<Class>, args: &[Value]) -> Schema {
        let reference = generic::class_reference(self.interp, class, args);
        if let Some(schema) = self.met(&reference) {
            return schema;
        }
        self.context.seen.insert(Rc::clone(&reference));
        let value = Value::Class(Rc::clone(class));
        let own = dataclass::config(self.interp, &value);
        let height = self.enter(value.clone(), class, own);
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
        let mut schema = Schema::new(Kind::Dataclass { class: value, schema: inner.node(), extra });
        self.serialized(&mut schema, &decorators);
        self.leave(height);
        self.context.seen.remove(&reference);
        self.defined(schema.with_reference(reference))
    }

    fn named_tuple(&mut self, class: &Rc<Class>, args: &[Value]) -> Schema {
        let reference = generic::class_reference(self.interp, class, args);
        if let Some(schema) = self.met(&reference) {
            return schema;
        }
        self.context.seen.insert(Rc::clone(&reference));
        let value = Value::Class(Rc::clone(class));
        let height = self.enter(value, class, None);
        let map = generic::arguments(self.interp, class, args);
        let settings = self.context.config.last().cloned().unwrap_or_default();
        let mut fields = Vec::new();
        for (name, annotation, default) in super::named_tuple_fields(self.interp, class) {
            let annotation = generic::substitute(self.interp, &annotation, &map);
            let mut info = match &default {
                Some(default) => FieldInfo::from_annotated_attribute(self.interp, &annotation, default),
                None => FieldInfo::from_annotation(self.interp, &annotation),
            };
            model::from_config(self.interp, &settings, &name, &mut info);
            let schema = self.parameter(&info);
            fields.push((name, finished(&info, schema, Metadata::default())));
        }
        self.leave(height);
        self.context.seen.remove(&reference);
        self.defined(Schema::new(Kind::NamedTuple(fields)).with_reference(reference))
    }

    /// A field whose own `FieldInfo` is metadata of its type.
    fn parameter(&mut self, info: &FieldInfo) -> Schema {
        let annotation = info.annotation.clone().unwrap_or_else(|| Value::symbol("typing.Any"));
        let mut schema = annotate::apply(self, &annotation, &info.metadata, info.attribute("discriminator"));
        let metadata = annotate::field_metadata(self.interp, info);
        annotate::update_metadata(&mut schema.metadata, metadata);
        with_default(info, schema)
    }

    fn call(&mut self, function: &Value) -> Schema {
        let Some(signature) = self.interp.signature(function) else {
            return self.unknown("the signature of the function is not known");
        };
        let mut parameters = Vec::new();
        let (mut var_args, mut var_kwargs) = (None, None);
        for parameter in signature.parameters {
            let annotation = parameter.annotation.unwrap_or_else(|| Value::symbol("typing.Any"));
            match parameter.kind {
                ParameterKind::VarPositional => var_args = Some(self.node(&annotation)),
                ParameterKind::VarKeyword => var_kwargs = Some(self.node(&annotation)),
                kind => {
                    let info = match &parameter.default {
                        Some(default) => FieldInfo::from_annotated_attribute(self.interp, &annotation, default),
                        None => FieldInfo::from_annotation(self.interp, &annotation),
                    };
                    let schema = self.parameter(&info).node();
                    parameters.push(Argument {
                        name: parameter.name,
                        schema,
                        positional: kind != ParameterKind::KeywordOnly,
                        keyword: kind != ParameterKind::PositionalOnly,
                        alias: info.text("validation_alias"),
                    });
                }
            }
        }
        Schema::new(Kind::Arguments { parameters, var_args, var_kwargs })
    }
}

/// `module.name` of an alias.
fn qualified_alias(alias: &crate::python::value::Alias, scope: Option<&(Scope, FileId)>) -> String {
    match scope {
        Some((scope, _)) => format!("{}.{}", scope.module, alias.name),
        None => alias.name.to_string(),
    }
}

/// Where an alias stands; it is known until the alias is evaluated.
fn alias_scope(interp: &mut Interp, alias: &Rc<crate::python::value::Alias>) -> Option<(Scope, FileId)> {
    let key = Rc::as_ptr(alias) as usize;
    if let Some(known) = interp.pydantic.aliases.get(&key) {
        return Some(known.clone());
    }
    let found = match &*alias.target.borrow() {
        crate::python::value::Lazy::Pending(_, scope, file) => (Rc::clone(scope), *file),
        crate::python::value::Lazy::Done(_) => return None,
    };
    interp.pydantic.aliases.insert(key, found.clone());
    Some(found)
}

/// The function that decorators and descriptors wrap.
pub(super) fn inner_function(value: &Value) -> Value {
    match value {
        Value::Descriptor(descriptor) => inner_function(&descriptor.function),
        Value::Made(_) => match model::peel(value) {
            Some((_, _, function)) => inner_function(function),
            None => match made_of(value) {
                Some(("functools.lru_cache" | "functools.cache" | "functools.cached_property", made)) => {
                    argument(made, 0, "func").map_or_else(|| value.clone(), inner_function)
                }
                _ => value.clone(),
            },
        },
        _ => value.clone(),
    }
}

/// `get_callable_return_type`: a class returns instances of it.
pub(super) fn returned(interp: &mut Interp, function: &Value) -> Option<Value> {
    match function {
        Value::Class(_) | Value::Generic(_) => Some(function.clone()),
        Value::Symbol(symbol) if symbol.0.chars().next_back().is_some_and(char::is_alphabetic) => {
            let is_type = matches!(
                &*symbol.0,
                "builtins.str" | "builtins.int" | "builtins.float" | "builtins.bool" | "builtins.list" | "builtins.dict"
                    | "builtins.set" | "builtins.tuple" | "builtins.bytes" | "builtins.frozenset"
            );
            is_type.then(|| function.clone())
        }
        _ => interp.signature(function)?.returns,
    }
}

/// A decorated validator as the annotation that it acts as.
fn validator_annotation(validator: &Decorated) -> Value {
    let class = match validator.mode("after") {
        "before" => "pydantic.BeforeValidator",
        "wrap" => "pydantic.WrapValidator",
        "plain" => "pydantic.PlainValidator",
        _ => "pydantic.AfterValidator",
    };
    let mut kwargs = vec![("func", validator.function.clone())];
    if let Some(input) = validator.keyword("json_schema_input_type") {
        kwargs.push(("json_schema_input_type", input.clone()));
    }
    made(class, Vec::new(), kwargs)
}

/// `wrap_default`
pub(super) fn with_default(info: &FieldInfo, schema: Schema) -> Schema {
    if info.default_factory.is_some() {
        return Schema::new(Kind::Default { schema: schema.node(), default: None });
    }
    match info.default.clone().filter(|default| !is_undefined(default)) {
        Some(default) => Schema::new(Kind::Default { schema: schema.node(), default: Some(default) }),
        None => schema,
    }
}

/// A field of what its `FieldInfo` says.
fn finished(info: &FieldInfo, schema: Schema, metadata: Metadata) -> Field {
    let unknown_alias = ["validation_alias", "serialization_alias"]
        .iter()
        .filter_map(|name| info.attribute(name))
        .find(|alias| alias_of(alias).is_none())
        .map(|alias| match alias {
            Value::Unknown(unknown) => Rc::clone(unknown),
            other => Rc::new(Unknown { why: format!("the alias {other:?} is not known"), place: None }),
        });
    Field {
        unknown_alias,
        schema: schema.node(),
        validation_alias: info.attribute("validation_alias").and_then(alias_of),
        serialization_alias: info.text("serialization_alias"),
        excluded: info.is_true("exclude"),
        excluded_if: info.attribute("exclude_if").is_some(),
        required: None,
        keyword_only: info.is_true("kw_only"),
        metadata,
    }
}

/// `_convert_to_aliases`
fn alias_of(value: &Value) -> Option<Alias> {
    match value {
        Value::Str(name) => Some(Alias::Name(Rc::clone(name))),
        _ => match made_of(value)? {
            ("pydantic.AliasPath", made) => Some(Alias::Choices(vec![path_name(&made.args)])),
            ("pydantic.AliasChoices", made) => Some(Alias::Choices(
                made.args
                    .iter()
                    .map(|choice| match choice {
                        Value::Str(name) => Some(Rc::clone(name)),
                        _ => match made_of(choice) {
                            Some(("pydantic.AliasPath", path)) => path_name(&path.args),
                            _ => None,
                        },
                    })
                    .collect(),
            )),
            _ => None,
        },
    }
}

/// A path of one name.
fn path_name(args: &[Value]) -> Option<Rc<str>> {
    match args {
        [Value::Str(name)] => Some(Rc::clone(name)),
        _ => None,
    }
}

/// Whether a schema cannot be made: what `PlainValidator` looks past.
pub(super) fn is_impossible(schema: &Schema) -> bool {
    match &schema.kind {
        Kind::Invalid(_) => true,
        Kind::Nullable(inner) | Kind::Sequence(_, inner, _) | Kind::Default { schema: inner, .. } => is_impossible(inner),
        Kind::Function { schema: inner, .. } => is_impossible(inner),
        Kind::Dict { keys, values, .. } => is_impossible(keys) || is_impossible(values),
        Kind::Union(items) | Kind::Tuple { items, .. } => items.iter().any(|item| is_impossible(item)),
        _ => false,
    }
}

/// A value as JSON for the keys that a `Field` sets.
pub(super) fn json_or_unknown(interp: &mut Interp, value: &Value) -> Json {
    match encode::jsonable(interp, value) {
        Ok(json) => json,
        Err(encode::NotJson::Unknown(unknown)) => Json::Object(super::unknown_json(interp, &unknown)),
        Err(encode::NotJson::Impossible) => {
            let unknown = Rc::new(Unknown { why: format!("{value:?} is not JSON"), place: None });
            Json::Object(super::unknown_json(interp, &unknown))
        }
    }
}

pub(super) fn sequence_of(sequence: Sequence, items: Node) -> Schema {
    Schema::new(Kind::Sequence(sequence, items, Constraints::default()))
}

pub(super) fn any_items(sequence: Sequence) -> Schema {
    sequence_of(sequence, any())
}
