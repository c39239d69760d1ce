//! What an expression of the analysed service comes to.
//!
//! A value is known, or it is [`Value::Unknown`] and says why: nothing is guessed. What a library
//! that is not read gives is a [`Value::Symbol`], known by its dotted name alone, and a call of one
//! is a [`Value::Made`]: the record of the call.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::interp::{Args, Interp, Raised, Scope};
use super::syntax::{ClassDef, Expr, FunctionDef, Lambda, Name, Parameters, Span};

/// A file of the source tree, by its number in the analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileId(pub(crate) u32);

/// A range of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) file: FileId,
    pub(crate) span: Span,
}

/// A map in the order of insertion, as Python's `dict` is.
pub(crate) type Dict = IndexMap<Key, Value, FxBuildHasher>;
/// Names in the order of definition.
pub(crate) type Namespace = IndexMap<Name, Value, FxBuildHasher>;

#[derive(Clone)]
pub(crate) enum Value {
    Unknown(Rc<Unknown>),
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Rc<str>),
    Bytes(Rc<[u8]>),
    Ellipsis,
    NotImplemented,
    List(Rc<RefCell<Vec<Value>>>),
    Tuple(Rc<[Value]>),
    Dict(Rc<RefCell<Dict>>),
    /// `set`; the values of the map are [`Value::None`].
    Set(Rc<RefCell<Dict>>),
    FrozenSet(Rc<Dict>),
    Slice(Rc<[Value; 3]>),
    Function(Rc<Function>),
    /// A function with its first argument.
    Method(Rc<(Value, Value)>),
    Native(Native),
    /// `property`, `classmethod`, `staticmethod`, `functools.cached_property`.
    Descriptor(Rc<Descriptor>),
    Class(Rc<Class>),
    Object(Rc<Object>),
    Module(Rc<Module>),
    Symbol(Symbol),
    Made(Rc<Made>),
    /// A subscript of a class or symbol: `list[int]`, `Annotated[str, …]`, `Page[Item]`.
    Generic(Rc<Generic>),
    /// `A | B`, `Optional[A]`, `Union[A, B]`: flat, without repetition, in order.
    Union(Rc<[Value]>),
    /// `super()`: the class after which to look, and the receiver.
    Super(Rc<(Rc<Class>, Value)>),
    /// A TypeVar, ParamSpec or TypeVarTuple.
    TypeVar(Rc<TypeVar>),
    /// `type X = …`, `TypeAliasType`, `NewType` of a name.
    Alias(Rc<Alias>),
    /// A string (or an expression that cannot be evaluated yet) in place of a type.
    Forward(Rc<Forward>),
}

/// Why something is not known, and where.
#[derive(Debug, Clone)]
pub(crate) struct Unknown {
    pub(crate) why: String,
    pub(crate) place: Option<Place>,
}

/// A name of a library that is not read, as `typing.Optional`; always the canonical one
/// (`typing_extensions.Optional` is `typing.Optional`, `int` is `builtins.int`).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Symbol(pub(crate) Name);

impl Symbol {
    pub(crate) fn is(&self, dotted: &str) -> bool {
        &*self.0 == dotted
    }
}

/// A call of a symbol, recorded: `Query(None, max_length=5)`, `Field(gt=0)`, `HTTPBearer()`.
pub(crate) struct Made {
    pub(crate) callee: Value,
    pub(crate) args: Vec<Value>,
    pub(crate) kwargs: Namespace,
    pub(crate) place: Option<Place>,
    /// What was set on it afterwards.
    pub(crate) attributes: RefCell<Namespace>,
}

pub(crate) struct Generic {
    pub(crate) origin: Value,
    pub(crate) args: Vec<Value>,
}

pub(crate) struct TypeVar {
    pub(crate) name: Name,
    pub(crate) bound: Option<Value>,
    pub(crate) constraints: Vec<Value>,
    pub(crate) default: Option<Value>,
}

pub(crate) struct Alias {
    pub(crate) name: Name,
    pub(crate) type_params: Vec<Value>,
    /// The target; evaluated when asked for, as it may name itself.
    pub(crate) target: RefCell<Lazy>,
    /// `NewType`: transparent in schemas; `type X = …` is a definition of its own.
    pub(crate) is_new_type: bool,
}

pub(crate) enum Lazy {
    Done(Value),
    Pending(Rc<Expr>, Scope, FileId),
}

pub(crate) struct Forward {
    pub(crate) text: Rc<str>,
    pub(crate) scope: Scope,
    pub(crate) file: FileId,
    pub(crate) place: Option<Place>,
}

/// Code of ours that a service can call.
#[derive(Clone, Copy)]
pub(crate) struct Native {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&mut Interp, Args) -> Result<Value, Raised>,
}

pub(crate) enum Code {
    Def(Rc<FunctionDef>),
    Lambda(Rc<Lambda>),
}

pub(crate) struct Function {
    pub(crate) name: RefCell<Name>,
    pub(crate) qualname: Name,
    pub(crate) module: Name,
    pub(crate) file: FileId,
    pub(crate) place: Place,
    pub(crate) code: Code,
    /// Evaluated at the definition, in the order of the parameters; `None` where there is none.
    pub(crate) defaults: Vec<Option<Value>>,
    /// The scope in which it was defined.
    pub(crate) scope: Scope,
    /// The class in whose body it was defined: what `super()` and `__class__` mean.
    pub(crate) class: RefCell<Option<Rc<Class>>>,
    pub(crate) docstring: RefCell<Option<Rc<str>>>,
    /// `__annotations__`, once evaluated; by the names of the parameters and `return`.
    pub(crate) annotations: RefCell<Option<Rc<RefCell<Dict>>>>,
    /// `__wrapped__`, `__signature__` and whatever else was set on it.
    pub(crate) attributes: RefCell<Namespace>,
}

impl Function {
    pub(crate) fn parameters(&self) -> &Rc<Parameters> {
        match &self.code {
            Code::Def(def) => &def.parameters,
            Code::Lambda(lambda) => &lambda.parameters,
        }
    }

    pub(crate) fn is_async(&self) -> bool {
        matches!(&self.code, Code::Def(def) if def.is_async)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DescriptorKind {
    Property,
    CachedProperty,
    ClassMethod,
    StaticMethod,
}

pub(crate) struct Descriptor {
    pub(crate) kind: DescriptorKind,
    pub(crate) function: Value,
    /// What marks it: the decorators that were applied outside it (`pydantic.computed_field` …),
    /// outermost last, as values.
    pub(crate) marks: Vec<Value>,
    /// Of a property.
    pub(crate) setter: Option<Value>,
}

/// An annotation of a class's or module's body.
#[derive(Clone)]
pub(crate) struct Annotation {
    pub(crate) name: Name,
    pub(crate) annotation: Rc<Expr>,
    pub(crate) place: Place,
    /// Where the annotation's names are looked up.
    pub(crate) scope: Scope,
    /// What it came to where it stands; `None` where it is evaluated when asked for.
    pub(crate) value: Option<Value>,
}

pub(crate) struct Class {
    pub(crate) name: RefCell<Name>,
    pub(crate) qualname: Name,
    pub(crate) module: Name,
    pub(crate) place: Option<Place>,
    /// As written: classes, symbols, generics of these, unknowns.
    pub(crate) bases: Vec<Value>,
    /// `class X(Base, table=True)`.
    pub(crate) keywords: Namespace,
    pub(crate) namespace: RefCell<Namespace>,
    pub(crate) annotations: RefCell<Vec<Annotation>>,
    /// Annotations given as values: `create_model`, `make_dataclass`, functional `TypedDict`.
    pub(crate) given_annotations: RefCell<Vec<(Name, Value)>>,
    pub(crate) docstring: RefCell<Option<Rc<str>>>,
    /// PEP 695 parameters, as TypeVars.
    pub(crate) type_params: Vec<Value>,
    pub(crate) definition: Option<Rc<ClassDef>>,
    /// The scope of its body, of its module where there is none.
    pub(crate) scope: Scope,
    /// Decorators that mark it: `dataclasses.dataclass`, `pydantic.dataclasses.dataclass` …, as the
    /// symbol or the record of the call.
    pub(crate) marks: RefCell<Vec<Value>>,
    /// Method resolution order: [`Value::Class`] and [`Value::Symbol`], itself first.
    pub(crate) mro: RefCell<Option<Rc<[Value]>>>,
    /// Members of an enumeration, in order, once it is known to be one.
    pub(crate) is_enum: Cell<bool>,
}

pub(crate) struct Object {
    pub(crate) class: Rc<Class>,
    pub(crate) attributes: RefCell<Namespace>,
    /// What a built-in base holds: the text of a `str` subclass, the map of a `dict` subclass,
    /// the value of an enumeration's member.
    pub(crate) payload: RefCell<Option<Value>>,
    pub(crate) place: Option<Place>,
    /// Made in a branch whose condition is not known: why.
    pub(crate) uncertain: Option<Rc<Unknown>>,
}

pub(crate) struct Module {
    pub(crate) name: Name,
    pub(crate) is_package: bool,
    pub(crate) scope: Scope,
}

/// A value as the key of a map: equal as Python's `==` and `hash` have it for what is immutable,
/// by identity for the rest.
#[derive(Clone)]
pub(crate) struct Key(pub(crate) Value);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        match (scalar_of(&self.0), scalar_of(&other.0)) {
            (None, None) => self.0.same(&other.0),
            (Some(left), None) => left.same(&other.0),
            (None, Some(right)) => self.0.same(&right),
            (Some(left), Some(right)) => left.same(&right),
        }
    }
}

impl Eq for Key {}

/// What an instance of a subclass of `int` or `str` is equal to, as `HTTPStatus.OK` is to `200`.
fn scalar_of(value: &Value) -> Option<Value> {
    let Value::Object(object) = value else {
        return None;
    };
    if object.payload.borrow().is_none() {
        return None;
    }
    Some(super::library::plain(value))
        .filter(|plain| matches!(plain, Value::Int(_) | Value::Str(_)))
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match scalar_of(&self.0) {
            Some(plain) => plain.hash_into(state),
            None => self.0.hash_into(state),
        }
    }
}

impl Value {
    pub(crate) fn str(text: &str) -> Self {
        Self::Str(Rc::from(text))
    }

    pub(crate) fn symbol(dotted: &str) -> Self {
        Self::Symbol(Symbol(Rc::from(dotted)))
    }

    pub(crate) fn unknown(why: impl Into<String>, place: Option<Place>) -> Self {
        Self::Unknown(Rc::new(Unknown {
            why: why.into(),
            place,
        }))
    }

    pub(crate) fn list(values: Vec<Value>) -> Self {
        Self::List(Rc::new(RefCell::new(values)))
    }

    pub(crate) fn dict(values: Dict) -> Self {
        Self::Dict(Rc::new(RefCell::new(values)))
    }

    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    pub(crate) fn is_symbol(&self, dotted: &str) -> bool {
        matches!(self, Self::Symbol(symbol) if symbol.is(dotted))
    }

    /// `is` of Python for what has an identity, `==` for what is immutable and small.
    pub(crate) fn same(&self, other: &Self) -> bool {
        use Value::{
            Alias, Bool, Bytes, Class, Descriptor, Dict, Ellipsis, Float, Forward, FrozenSet,
            Function, Generic, Int, List, Made, Method, Module, Native, NotImplemented, Object,
            Set, Str, Symbol, Tuple, TypeVar, Union, Unknown,
        };
        let all = |left: &[Value], right: &[Value]| {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| left.same(right))
        };
        match (self, other) {
            (Value::None, Value::None)
            | (Ellipsis, Ellipsis)
            | (NotImplemented, NotImplemented) => true,
            (Bool(left), Bool(right)) => left == right,
            (Int(left), Int(right)) => left == right,
            (Bool(flag), Int(number)) | (Int(number), Bool(flag)) => i64::from(*flag) == *number,
            (Float(left), Float(right)) => left == right,
            (Float(float), Int(int)) | (Int(int), Float(float)) => *int as f64 == *float,
            (Str(left), Str(right)) => left == right,
            (Bytes(left), Bytes(right)) => left == right,
            (Tuple(left), Tuple(right)) => all(left, right),
            (Union(left), Union(right)) => {
                left.len() == right.len()
                    && left
                        .iter()
                        .all(|one| right.iter().any(|other| one.same(other)))
            }
            (Generic(left), Generic(right)) => {
                Rc::ptr_eq(left, right)
                    || left.origin.same(&right.origin) && all(&left.args, &right.args)
            }
            (Symbol(left), Symbol(right)) => left == right,
            (Native(left), Native(right)) => left.name == right.name,
            (List(left), List(right)) => Rc::ptr_eq(left, right),
            (Dict(left), Dict(right)) | (Set(left), Set(right)) => Rc::ptr_eq(left, right),
            (FrozenSet(left), FrozenSet(right)) => {
                left.len() == right.len() && left.keys().all(|key| right.contains_key(key))
            }
            (Function(left), Function(right)) => Rc::ptr_eq(left, right),
            (Method(left), Method(right)) => left.0.same(&right.0) && left.1.same(&right.1),
            (Descriptor(left), Descriptor(right)) => Rc::ptr_eq(left, right),
            (Class(left), Class(right)) => Rc::ptr_eq(left, right),
            (Object(left), Object(right)) => Rc::ptr_eq(left, right),
            (Module(left), Module(right)) => Rc::ptr_eq(left, right),
            (Made(left), Made(right)) => Rc::ptr_eq(left, right),
            (TypeVar(left), TypeVar(right)) => Rc::ptr_eq(left, right),
            (Alias(left), Alias(right)) => Rc::ptr_eq(left, right),
            (Forward(left), Forward(right)) => Rc::ptr_eq(left, right),
            (Unknown(left), Unknown(right)) => Rc::ptr_eq(left, right),
            _ => false,
        }
    }

    fn hash_into<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Bool(flag) => i64::from(*flag).hash(state),
            Self::Int(number) => number.hash(state),
            Self::Float(float) if float.fract() == 0.0 && float.abs() < 9e15 => {
                (*float as i64).hash(state)
            }
            Self::Float(float) => float.to_bits().hash(state),
            Self::Str(text) => text.hash(state),
            Self::Bytes(bytes) => bytes.hash(state),
            Self::Tuple(items) => items.iter().for_each(|item| item.hash_into(state)),
            Self::Symbol(symbol) => symbol.hash(state),
            Self::Native(native) => native.name.hash(state),
            Self::Generic(generic) => generic.origin.hash_into(state),
            Self::Function(it) => Rc::as_ptr(it).hash(state),
            Self::Class(it) => Rc::as_ptr(it).hash(state),
            Self::Object(it) => Rc::as_ptr(it).hash(state),
            Self::Module(it) => Rc::as_ptr(it).hash(state),
            Self::Made(it) => Rc::as_ptr(it).hash(state),
            Self::TypeVar(it) => Rc::as_ptr(it).hash(state),
            Self::Alias(it) => Rc::as_ptr(it).hash(state),
            // Few are ever keys of one map: equality tells them apart.
            _ => std::mem::discriminant(self).hash(state),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(unknown) => write!(formatter, "Unknown({})", unknown.why),
            Self::None => formatter.write_str("None"),
            Self::Bool(flag) => write!(formatter, "{flag}"),
            Self::Int(number) => write!(formatter, "{number}"),
            Self::Float(number) => write!(formatter, "{number:?}"),
            Self::Str(text) => write!(formatter, "{text:?}"),
            Self::Bytes(_) => formatter.write_str("bytes"),
            Self::Ellipsis => formatter.write_str("..."),
            Self::NotImplemented => formatter.write_str("NotImplemented"),
            Self::List(items) => write!(formatter, "list of {}", items.borrow().len()),
            Self::Tuple(items) => formatter.debug_list().entries(items.iter()).finish(),
            Self::Dict(items) => write!(formatter, "dict of {}", items.borrow().len()),
            Self::Set(items) => write!(formatter, "set of {}", items.borrow().len()),
            Self::FrozenSet(items) => write!(formatter, "frozenset of {}", items.len()),
            Self::Slice(_) => formatter.write_str("slice"),
            Self::Function(function) => write!(formatter, "function {}", function.qualname),
            Self::Method(pair) => write!(formatter, "method {:?}", pair.1),
            Self::Native(native) => write!(formatter, "native {}", native.name),
            Self::Descriptor(descriptor) => write!(formatter, "{:?}", descriptor.kind),
            Self::Class(class) => write!(formatter, "class {}.{}", class.module, class.qualname),
            Self::Object(object) => write!(formatter, "object of {}", object.class.qualname),
            Self::Module(module) => write!(formatter, "module {}", module.name),
            Self::Symbol(symbol) => formatter.write_str(&symbol.0),
            Self::Made(made) => write!(formatter, "{:?}(…)", made.callee),
            Self::Generic(generic) => write!(formatter, "{:?}{:?}", generic.origin, generic.args),
            Self::Union(items) => write!(formatter, "Union{:?}", items),
            Self::Super(_) => formatter.write_str("super()"),
            Self::TypeVar(var) => write!(formatter, "~{}", var.name),
            Self::Alias(alias) => write!(formatter, "type {}", alias.name),
            Self::Forward(forward) => write!(formatter, "'{}'", forward.text),
        }
    }
}
