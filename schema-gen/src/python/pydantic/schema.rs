//! What a type means for its schema: the "core schema" of pydantic-core without what only
//! validation needs.

use std::rc::Rc;

use serde_json::{Map, Value as Json};

use super::Mode;
use crate::python::syntax::Name;
use crate::python::value::{Unknown, Value};

/// A schema, shared.
pub(super) type Node = Rc<Schema>;

/// A JSON Schema in the making.
pub(super) type Object = Map<String, Json>;

/// The identity of what becomes a definition, `module.Qualname:id[argument:id]`
/// (`pydantic/_internal/_type_refs.py`): the name of the definition is made of it.
pub(super) type Ref = Rc<str>;

#[derive(Clone)]
pub(super) struct Schema {
    pub(super) kind: Kind,
    pub(super) reference: Option<Ref>,
    pub(super) serialization: Option<Rc<Serialization>>,
    pub(super) metadata: Metadata,
}

/// What changes the JSON Schema of a schema after it was written.
#[derive(Clone, Default)]
pub(super) struct Metadata {
    /// `title`, `description`, `examples`, `deprecated` of a `Field`.
    pub(super) updates: Object,
    /// An update that is not known.
    pub(super) unknown: Option<Rc<Unknown>>,
    /// `json_schema_extra`: a dictionary or a callable.
    pub(super) extra: Option<Value>,
    pub(super) functions: Vec<Hook>,
    pub(super) annotation_functions: Vec<Hook>,
    /// `Tag("…")` of a member of a union.
    pub(super) tag: Option<Value>,
}

/// A function `(core_schema, handler) -> JSON Schema`.
#[derive(Clone)]
pub(super) enum Hook {
    /// Of the user, bound.
    User(Value),
    /// Whatever the schema: this.
    Replace(Object),
    /// The schema with these keys set.
    Update(Object),
    /// The schema with these keys set on the definition that it refers to.
    UpdateDefinition(Object),
    /// The schema of another core schema, with these keys set.
    Instead(Node, Object),
    /// The schema inside a wrap validator (urls).
    Unwrap,
    WithJsonSchema {
        schema: Option<Value>,
        mode: Option<Mode>,
    },
    Examples {
        examples: Value,
        mode: Option<Mode>,
    },
    /// `SkipJsonSchema`.
    Omit,
}

/// How a value is written where that is not as its type says.
#[derive(Clone)]
pub(super) enum Serialization {
    Function {
        /// `plain`, not `wrap`.
        plain: bool,
        function: Value,
        takes_info: bool,
        returns: Option<Node>,
        /// `unless-none` or `json-unless-none`.
        unless_none: bool,
    },
    /// By `str()` or a format.
    Text,
    /// As any value: nothing is said.
    Any,
}

/// A constraint by its name in pydantic (`gt`, `min_length` …), in the order of application.
#[derive(Clone, Default)]
pub(super) struct Constraints(pub(super) Vec<(&'static str, Value)>);

impl Constraints {
    pub(super) fn set(&mut self, name: &'static str, value: Value) {
        match self.0.iter_mut().find(|(key, _)| *key == name) {
            Some(entry) => entry.1 = value,
            None => self.0.push((name, value)),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }
}

/// A simple type that takes constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Bool,
    Int,
    Float,
    Decimal,
    Fraction,
    Str,
    Bytes,
    Date,
    DateTime,
    Time,
    TimeDelta,
    Uuid,
    Url,
    MultiHostUrl,
    Complex,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sequence {
    List,
    Deque,
    Set,
    FrozenSet,
    Generator,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Validator {
    Before,
    After,
    Wrap,
}

#[derive(Clone)]
pub(super) enum Kind {
    Any,
    None,
    Scalar(Scalar, Constraints),
    Literal(Vec<Value>),
    Enum {
        class: Value,
        name: Name,
        /// The values of the members.
        members: Vec<Value>,
    },
    Sequence(Sequence, Node, Constraints),
    Tuple {
        items: Vec<Node>,
        /// The index of the one that repeats.
        variadic: Option<usize>,
        constraints: Constraints,
    },
    Dict {
        keys: Node,
        values: Node,
        constraints: Constraints,
    },
    Nullable(Node),
    Union(Vec<Node>),
    TaggedUnion {
        choices: Vec<(Value, Node)>,
        discriminator: Discriminator,
    },
    /// A union whose discriminator is looked for when all definitions are known.
    Deferred {
        schema: Node,
        discriminator: Value,
    },
    Default {
        schema: Node,
        /// `None` for a default factory.
        default: Option<Value>,
    },
    Function {
        validator: Validator,
        schema: Node,
        /// `json_schema_input_type`
        input: Option<Node>,
    },
    Plain {
        input: Option<Node>,
    },
    Chain(Vec<Node>),
    LaxOrStrict {
        lax: Node,
        strict: Node,
    },
    JsonOrPython {
        json: Node,
        python: Node,
    },
    Model {
        /// The class, or the generic of it.
        class: Value,
        schema: Node,
        is_root: bool,
    },
    ModelFields {
        fields: Vec<(Name, Field)>,
        computed: Vec<ComputedField>,
        extras: Option<Node>,
    },
    TypedDict {
        class: Value,
        fields: Vec<(Name, Field)>,
        computed: Vec<ComputedField>,
        extras: Option<Node>,
        extra: Extra,
    },
    Dataclass {
        class: Value,
        schema: Node,
        extra: Option<Value>,
    },
    DataclassArgs {
        fields: Vec<(Name, Field)>,
        computed: Vec<ComputedField>,
    },
    NamedTuple(Vec<(Name, Field)>),
    Arguments {
        parameters: Vec<Argument>,
        var_args: Option<Node>,
        var_kwargs: Option<Node>,
    },
    IsInstance(String),
    IsSubclass,
    Callable,
    CustomError(Node),
    Json(Option<Node>),
    Missing(Option<Node>),
    Ellipsis,
    Ref(Ref),
    /// A type that is not known.
    Unknown(Rc<Unknown>),
    /// No schema can be made: why, as pydantic says it.
    Invalid(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extra {
    Ignore,
    Allow,
    Forbid,
}

#[derive(Clone)]
pub(super) enum Discriminator {
    /// By a field.
    Name(Rc<str>),
    /// By a field with an alias: name and alias.
    Aliased(Rc<str>, Rc<str>),
    Callable,
}

#[derive(Clone)]
pub(super) struct Field {
    pub(super) schema: Node,
    /// Where a name is looked up in the input, best first; as `convert_to_aliases` gives it.
    pub(super) validation_alias: Option<Alias>,
    pub(super) serialization_alias: Option<Rc<str>>,
    /// Why the name of the property is not known.
    pub(super) unknown_alias: Option<Rc<Unknown>>,
    pub(super) excluded: bool,
    pub(super) excluded_if: bool,
    /// Of a typed dictionary.
    pub(super) required: Option<bool>,
    /// Of a dataclass.
    pub(super) keyword_only: bool,
    pub(super) metadata: Metadata,
}

#[derive(Clone, Debug)]
pub(super) enum Alias {
    Name(Rc<str>),
    /// Paths; those of one name alone count for the schema.
    Choices(Vec<Option<Rc<str>>>),
}

#[derive(Clone)]
pub(super) struct ComputedField {
    pub(super) name: Name,
    pub(super) returns: Node,
    pub(super) alias: Option<Rc<str>>,
    pub(super) excluded_if: bool,
    pub(super) metadata: Metadata,
}

#[derive(Clone)]
pub(super) struct Argument {
    pub(super) name: Name,
    pub(super) schema: Node,
    pub(super) positional: bool,
    pub(super) keyword: bool,
    pub(super) alias: Option<Rc<str>>,
}

impl Schema {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            reference: None,
            serialization: None,
            metadata: Metadata::default(),
        }
    }

    pub(super) fn scalar(scalar: Scalar) -> Self {
        Self::new(Kind::Scalar(scalar, Constraints::default()))
    }

    pub(super) fn node(self) -> Node {
        Rc::new(self)
    }

    pub(super) fn with_serialization(mut self, serialization: Serialization) -> Self {
        self.serialization = Some(Rc::new(serialization));
        self
    }

    pub(super) fn with_hook(mut self, hook: Hook) -> Self {
        self.metadata.functions.push(hook);
        self
    }

    pub(super) fn with_reference(mut self, reference: Ref) -> Self {
        self.reference = Some(reference);
        self
    }

    /// The schema that a validator of the user wraps.
    pub(super) fn inner_of_function(&self) -> Option<&Node> {
        match &self.kind {
            Kind::Function { schema, .. } => Some(schema),
            _ => None,
        }
    }

    /// The name that pydantic-core gives this kind of schema.
    pub(super) fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Any | Kind::Unknown(_) => "any",
            Kind::None => "none",
            Kind::Scalar(scalar, _) => match scalar {
                Scalar::Bool => "bool",
                Scalar::Int => "int",
                Scalar::Float => "float",
                Scalar::Decimal => "decimal",
                Scalar::Fraction => "fraction",
                Scalar::Str => "str",
                Scalar::Bytes => "bytes",
                Scalar::Date => "date",
                Scalar::DateTime => "datetime",
                Scalar::Time => "time",
                Scalar::TimeDelta => "timedelta",
                Scalar::Uuid => "uuid",
                Scalar::Url => "url",
                Scalar::MultiHostUrl => "multi-host-url",
                Scalar::Complex => "complex",
            },
            Kind::Literal(_) => "literal",
            Kind::Enum { .. } => "enum",
            Kind::Sequence(sequence, ..) => match sequence {
                Sequence::List => "list",
                Sequence::Deque => "deque",
                Sequence::Set => "set",
                Sequence::FrozenSet => "frozenset",
                Sequence::Generator => "generator",
            },
            Kind::Tuple { .. } => "tuple",
            Kind::Dict { .. } => "dict",
            Kind::Nullable(_) => "nullable",
            Kind::Union(_) | Kind::Deferred { .. } => "union",
            Kind::TaggedUnion { .. } => "tagged-union",
            Kind::Default { .. } => "default",
            Kind::Function {
                validator: Validator::Before,
                ..
            } => "function-before",
            Kind::Function {
                validator: Validator::After,
                ..
            } => "function-after",
            Kind::Function {
                validator: Validator::Wrap,
                ..
            } => "function-wrap",
            Kind::Plain { .. } => "function-plain",
            Kind::Chain(_) => "chain",
            Kind::LaxOrStrict { .. } => "lax-or-strict",
            Kind::JsonOrPython { .. } => "json-or-python",
            Kind::Model { .. } => "model",
            Kind::ModelFields { .. } => "model-fields",
            Kind::TypedDict { .. } => "typed-dict",
            Kind::Dataclass { .. } => "dataclass",
            Kind::DataclassArgs { .. } => "dataclass-args",
            Kind::NamedTuple(_) => "named-tuple",
            Kind::Arguments { .. } => "arguments",
            Kind::IsInstance(_) => "is-instance",
            Kind::IsSubclass => "is-subclass",
            Kind::Callable => "callable",
            Kind::CustomError(_) => "custom-error",
            Kind::Json(_) => "json",
            Kind::Missing(_) => "missing-sentinel",
            Kind::Ellipsis => "ellipsis",
            Kind::Ref(_) => "definition-ref",
            Kind::Invalid(_) => "invalid",
        }
    }
}

pub(super) fn any() -> Node {
    Schema::new(Kind::Any).node()
}

pub(super) fn object<const N: usize>(entries: [(&str, Json); N]) -> Object {
    entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}
