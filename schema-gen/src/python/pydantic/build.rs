//! From types to schemas, as `GenerateSchema` (`pydantic/_internal/_generate_schema.py`) does.

mod class;
mod field;

use std::collections::HashSet;
use std::rc::Rc;

use serde_json::Value as Json;

use crate::python::interp::{Interp, Scope};
use crate::python::syntax::Name;
use crate::python::value::{FileId, Forward, Unknown, Value};

use super::config::Config;
use super::field::FieldInfo;
use super::model::{self};
use super::read::{class_attribute, class_of, dotted, made_of};
use super::schema::{
    Constraints, Hook, Kind, Node, Ref, Scalar, Schema, Sequence, Serialization, object,
};
use super::{annotate, discriminator, encode, generic, handler, known, typing};

pub(super) use self::field::{inner_function, returned, with_default};

/// Types may be nested this deep within a class.
const DEPTH: usize = 100;

/// A generic model that names itself with ever more parameters has no end.
pub(super) const NESTED: usize = 32;

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
    /// Names in strings that are being built, of the innermost class.
    pub(super) names: Vec<(usize, Rc<str>)>,
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
        self.context
            .config
            .last()
            .is_some_and(|config| config.flag(name))
    }

    pub(super) fn unknown(&self, why: impl Into<String>) -> Schema {
        // The class in which it is met is where to look.
        let place = self.context.models.last().and_then(|model| match model {
            Value::Class(class) => class.place,
            Value::Generic(it) => match &it.origin {
                Value::Class(class) => class.place,
                _ => None,
            },
            _ => None,
        });
        Schema::new(Kind::Unknown(Rc::new(Unknown {
            why: why.into(),
            place,
        })))
    }

    /// `generate_schema`
    pub(super) fn schema(&mut self, value: &Value) -> Schema {
        if self.context.depth > DEPTH {
            return self.unknown("the type is nested too deep");
        }
        self.context.depth += 1;
        let schema = self.unless_open(value, |builder| builder.schema_at_depth(value));
        self.context.depth -= 1;
        schema
    }

    /// Builds what a name in a string means, unless it is being built already: a type that names
    /// itself without a class between has no end.
    pub(super) fn unless_open(
        &mut self,
        value: &Value,
        build: impl FnOnce(&mut Self) -> Schema,
    ) -> Schema {
        let name = match (value, self.context.scopes.last()) {
            (Value::Forward(forward), _) => Some((
                Rc::as_ptr(&forward.scope) as usize,
                Rc::clone(&forward.text),
            )),
            (Value::Str(text), Some((scope, _))) => {
                Some((Rc::as_ptr(scope) as usize, Rc::clone(text)))
            }
            _ => None,
        };
        let Some(name) = name else { return build(self) };
        if self.context.names.contains(&name) {
            return self.unknown(format!("the type {} names itself", name.1));
        }
        self.context.names.push(name);
        let schema = build(self);
        self.context.names.pop();
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
            Value::Generic(it) if super::is_model(self.interp, value) => {
                class_of(self.interp, &it.origin)?
            }
            _ => return None,
        };
        if let Some(fixed) = class_attribute(self.interp, &class, "__hitchpost_schema__") {
            let hook = Hook::WithJsonSchema {
                schema: Some(fixed),
                mode: None,
            };
            return Some(Schema::new(Kind::Any).with_hook(hook));
        }
        class_attribute(self.interp, &class, "__get_pydantic_core_schema__")?;
        let method = self
            .interp
            .attribute(value, "__get_pydantic_core_schema__")
            .ok()?;
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
        let Ok(method) = self
            .interp
            .attribute(&Value::Class(class), "__get_pydantic_json_schema__")
        else {
            return schema;
        };
        let hook = Hook::User(method);
        match &schema.kind {
            Kind::Ref(reference) => {
                if let Some(definition) = self.interp.pydantic.definitions.get(reference).cloned() {
                    let known = definition
                        .metadata
                        .functions
                        .iter()
                        .any(|hook| matches!(hook, Hook::User(_)));
                    if !known {
                        let mut changed = (*definition).clone();
                        changed.metadata.functions.push(hook);
                        self.interp
                            .pydantic
                            .definitions
                            .insert(Rc::clone(reference), changed.node());
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
                self.interp
                    .pydantic
                    .definitions
                    .insert(Rc::clone(&reference), schema.node());
                Schema::new(Kind::Ref(reference))
            }
            None => schema,
        }
    }

    /// A reference, where the type is known or just being built.
    fn met(&self, reference: &Ref) -> Option<Schema> {
        let met = self.context.seen.contains(reference)
            || self.interp.pydantic.definitions.contains_key(reference);
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
                        None => Schema::new(Kind::Invalid(
                            "`typing.Self` is invalid in this context".to_owned(),
                        )),
                    };
                }
                match known::schema(self, dotted(&value).unwrap_or(&symbol.0)) {
                    Some(schema) => schema,
                    None => self.unreadable(&symbol.0),
                }
            }
            Value::Alias(alias) => {
                let scope = alias_scope(self.interp, alias);
                let target = typing::alias_target(self.interp, alias);
                if alias.is_new_type {
                    return self.schema(&target);
                }
                let name = qualified_alias(alias, scope.as_ref());
                self.alias(
                    Ref::from(format!("{name}:{}", Rc::as_ptr(alias) as usize)),
                    &target,
                    scope,
                )
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
            Value::Forward(forward) => {
                self.unknown(format!("the name {} is not defined", forward.text))
            }
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
    fn unreadable(&mut self, name: &str) -> Schema {
        if known::is_plain_class(name) {
            return self.arbitrary(name);
        }
        self.unknown(format!("the type {name} is not read"))
    }

    fn arbitrary(&mut self, name: &str) -> Schema {
        if self.flag("arbitrary_types_allowed") {
            return Schema::new(Kind::IsInstance(name.to_owned()));
        }
        Schema::new(Kind::Invalid(format!(
            "Unable to generate pydantic-core schema for {name}"
        )))
    }

    // ----- Unions

    pub(super) fn union(&mut self, items: &[Value]) -> Schema {
        let mut choices: Vec<Node> = Vec::new();
        let mut nullable = false;
        let mut missing = false;
        for item in items {
            let resolved = self.resolved(item);
            match dotted(&resolved) {
                _ if matches!(resolved, Value::None) => nullable = true,
                Some("pydantic_core.MISSING") => missing = true,
                Some("types.NoneType") => nullable = true,
                _ => choices.push(self.node(item)),
            }
        }
        let mut schema = match choices.len() {
            0 => {
                nullable = false;
                Schema::new(Kind::None)
            }
            1 => choices
                .pop()
                .map(Rc::unwrap_or_clone)
                .unwrap_or_else(|| Schema::new(Kind::Any)),
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
            Err(_) => Schema::new(Kind::Deferred {
                schema: schema.node(),
                discriminator: by.clone(),
            }),
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
            Value::Symbol(_) if !known::is_known(origin) => {
                let forced = self.interp.force(origin);
                if matches!(&forced, Value::Symbol(_) | Value::Alias(_)) && !forced.same(origin) {
                    return self.schema(&super::read::generic(forced, args.to_vec()));
                }
                if let Some(class) = class_of(self.interp, origin) {
                    let value =
                        super::read::generic(Value::Class(Rc::clone(&class)), args.to_vec());
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
        let first = args
            .first()
            .cloned()
            .unwrap_or_else(|| Value::symbol("typing.Any"));
        let second = args
            .get(1)
            .cloned()
            .unwrap_or_else(|| Value::symbol("typing.Any"));
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
            "typing.Literal" => {
                Schema::new(Kind::Literal(typing::literal_values(self.interp, args)))
            }
            "typing.ClassVar"
            | "typing.Final"
            | "typing.Required"
            | "typing.NotRequired"
            | "typing.ReadOnly"
            | "dataclasses.InitVar"
            | "typing.Unpack" => self.schema(&first),
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
            "builtins.dict"
            | "collections.abc.Mapping"
            | "collections.abc.MutableMapping"
            | "collections.OrderedDict" => self.dict(&first, &second),
            "collections.defaultdict" => {
                let lax = self.dict(&first, &second).node();
                Schema::new(Kind::LaxOrStrict {
                    strict: Rc::clone(&lax),
                    lax,
                })
            }
            "collections.abc.Callable" => Schema::new(Kind::Callable),
            "re.Pattern" => known::pattern(),
            "os.PathLike" | "pathlib.Path" | "pathlib.PurePath" => known::path(),
            "pydantic.Secret" => {
                let inner = self.node(&first);
                Schema::new(Kind::JsonOrPython {
                    python: Rc::clone(&inner),
                    json: inner,
                })
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
        Schema::new(Kind::Dict {
            keys,
            values,
            constraints: Constraints::default(),
        })
    }

    fn tuple(&mut self, args: &[Value]) -> Schema {
        let empty = matches!(args, [Value::Tuple(items)] if items.is_empty()) || args.is_empty();
        let (items, variadic) = match args {
            _ if empty => (Vec::new(), None),
            [item, Value::Ellipsis] => (vec![self.node(item)], Some(0)),
            items => (items.iter().map(|item| self.node(item)).collect(), None),
        };
        Schema::new(Kind::Tuple {
            items,
            variadic,
            constraints: Constraints::default(),
        })
    }

    fn subclass(&mut self, parameter: &Value) -> Schema {
        match self.resolved(parameter) {
            Value::Symbol(symbol) if symbol.is("typing.Any") => {
                known::schema(self, "builtins.type")
                    .unwrap_or_else(|| Schema::new(Kind::IsSubclass))
            }
            Value::Union(items) => {
                let choices = items
                    .iter()
                    .map(|item| self.subclass(item).node())
                    .collect();
                Schema::new(Kind::Union(choices))
            }
            Value::TypeVar(var) => match (&var.bound, var.constraints.is_empty()) {
                (Some(_), _) => Schema::new(Kind::IsSubclass),
                (None, false) => {
                    let choices = var
                        .constraints
                        .iter()
                        .map(|item| self.subclass(item).node())
                        .collect();
                    Schema::new(Kind::Union(choices))
                }
                (None, true) => known::schema(self, "builtins.type")
                    .unwrap_or_else(|| Schema::new(Kind::IsSubclass)),
            },
            Value::Unknown(unknown) => Schema::new(Kind::Unknown(unknown)),
            _ => Schema::new(Kind::IsSubclass),
        }
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
fn alias_scope(
    interp: &mut Interp,
    alias: &Rc<crate::python::value::Alias>,
) -> Option<(Scope, FileId)> {
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

/// Whether a schema cannot be made: what `PlainValidator` looks past.
pub(super) fn is_impossible(schema: &Schema) -> bool {
    match &schema.kind {
        Kind::Invalid(_) => true,
        Kind::Nullable(inner)
        | Kind::Sequence(_, inner, _)
        | Kind::Default { schema: inner, .. } => is_impossible(inner),
        Kind::Function { schema: inner, .. } => is_impossible(inner),
        Kind::Dict { keys, values, .. } => is_impossible(keys) || is_impossible(values),
        Kind::Union(items) | Kind::Tuple { items, .. } => {
            items.iter().any(|item| is_impossible(item))
        }
        _ => false,
    }
}

/// A value as JSON for the keys that a `Field` sets.
pub(super) fn json_or_unknown(interp: &mut Interp, value: &Value) -> Json {
    match encode::jsonable(interp, value) {
        Ok(json) => json,
        Err(encode::NotJson::Unknown(unknown)) => {
            Json::Object(super::unknown_json(interp, &unknown))
        }
        Err(encode::NotJson::Impossible) => {
            let unknown = Rc::new(Unknown {
                why: format!("{value:?} is not JSON"),
                place: None,
            });
            Json::Object(super::unknown_json(interp, &unknown))
        }
    }
}

pub(super) fn sequence_of(sequence: Sequence, items: Node) -> Schema {
    Schema::new(Kind::Sequence(sequence, items, Constraints::default()))
}
