//! Dataclasses and named tuples (docs.python.org, `dataclasses` and `collections.namedtuple`).

use std::cell::RefCell;
use std::rc::Rc;

use super::super::interp::{Args, Interp, Raised, ScopeData, ScopeKind};
use super::super::syntax::{
    self, Expr, ExprKind, Name, Parameter, ParameterKind, Parameters, StmtKind,
};
use super::super::value::{
    Annotation, Class, Code, Dict, Function, Key, Made, Namespace, Native, Object, Place, Value,
};
use super::builtins::functions;
use super::compare::{equal, order};
use super::exceptions::raise;
use super::text::string_of;
use super::types::own_method;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Field,
    InitVar,
}

/// A field as `__init__` needs it.
struct Field {
    name: Name,
    kind: Kind,
    annotation: Option<Annotation>,
    given: Option<Value>,
    default: Option<Value>,
    factory: Option<Value>,
    init: bool,
    kw_only: bool,
    metadata: Value,
}

/// `@dataclass` and `@dataclass(…)` of `dataclasses` and of pydantic: marks the class and gives it
/// the methods that the module generates.
pub(super) fn apply(
    interp: &mut Interp<'_>,
    class: &Rc<Class>,
    mark: Value,
    options: &Namespace,
) -> Result<(), Raised> {
    class.marks.borrow_mut().push(mark);
    let flag = |name: &str, default: bool| match options.get(name) {
        Some(Value::Bool(flag)) => *flag,
        _ => default,
    };
    let own = own_fields(class, flag("kw_only", false));
    let mut table = Dict::default();
    for base in interp
        .mro(class)
        .iter()
        .skip(1)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
    {
        if let Value::Class(base) = base
            && let Some(Value::Dict(fields)) = base.namespace.borrow().get("__dataclass_fields__")
        {
            table.extend(
                fields
                    .borrow()
                    .iter()
                    .map(|(key, value)| (key.clone(), value.clone())),
            );
        }
    }
    for field in &own {
        table.insert(
            Key(Value::Str(Rc::clone(&field.name))),
            record(field, class),
        );
    }
    let has_own = |name: &str| class.namespace.borrow().contains_key(name);
    let define = |name: &str, value: Value| {
        class.namespace.borrow_mut().insert(Rc::from(name), value);
    };
    define("__dataclass_fields__", Value::dict(table.clone()));
    if flag("init", true)
        && !has_own("__init__")
        && let Some(function) = init_function(interp, class, &table)
    {
        define("__init__", function);
    }
    if flag("repr", true) && !has_own("__repr__") {
        define(
            "__repr__",
            Value::Native(Native {
                name: "dataclasses.__repr__",
                run: repr,
            }),
        );
    }
    if flag("eq", true) && !has_own("__eq__") {
        define(
            "__eq__",
            Value::Native(Native {
                name: "dataclasses.__eq__",
                run: same_fields,
            }),
        );
    }
    if flag("order", false) && !has_own("__lt__") {
        define(
            "__lt__",
            Value::Native(Native {
                name: "dataclasses.__lt__",
                run: less,
            }),
        );
    }
    Ok(())
}

/// The last part of an annotation's name: `ClassVar` of `typing.ClassVar[int]` or of its text.
fn outer_name(annotation: &Expr) -> Option<String> {
    match &annotation.kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Attribute(_, name) => Some(name.to_string()),
        ExprKind::Subscript(origin, _) => outer_name(origin),
        ExprKind::Str(text) => {
            let head = text.split('[').next().unwrap_or_default();
            head.rsplit('.').next().map(|it| it.trim().to_owned())
        }
        _ => None,
    }
}

fn own_fields(class: &Class, all_keyword: bool) -> Vec<Field> {
    let mut out = Vec::new();
    let mut kw_only = all_keyword;
    let mut push = |name: Name,
                    annotation: Option<Annotation>,
                    given: Option<Value>,
                    kind: Kind,
                    kw_only: bool| {
        let value = class.namespace.borrow().get(&name).cloned();
        let mut field = Field {
            name,
            kind,
            annotation,
            given,
            default: None,
            factory: None,
            init: true,
            kw_only,
            metadata: Value::None,
        };
        match &value {
            Some(Value::Made(made))
                if made.callee.is_symbol("dataclasses.field")
                    || made.callee.is_symbol("pydantic.Field") =>
            {
                let present = |it: &&Value| {
                    !matches!(it, Value::Ellipsis)
                        && !it.is_symbol("dataclasses.MISSING")
                        && !it.is_symbol("pydantic_core.PydanticUndefined")
                };
                field.default = made
                    .kwargs
                    .get("default")
                    .or(made.args.first())
                    .filter(present)
                    .cloned();
                field.factory = made
                    .kwargs
                    .get("default_factory")
                    .filter(present)
                    .filter(|it| !matches!(it, Value::None))
                    .cloned();
                field.init = !matches!(made.kwargs.get("init"), Some(Value::Bool(false)));
                if let Some(Value::Bool(flag)) = made.kwargs.get("kw_only") {
                    field.kw_only = *flag;
                }
                field.metadata = made.kwargs.get("metadata").cloned().unwrap_or(Value::None);
            }
            other => field.default = other.clone(),
        }
        out.push(field);
    };
    for entry in class.annotations.borrow().iter() {
        let kind = match outer_name(&entry.annotation).as_deref() {
            Some("ClassVar") => continue,
            Some("KW_ONLY") => {
                kw_only = true;
                continue;
            }
            Some("InitVar") => Kind::InitVar,
            _ => Kind::Field,
        };
        push(
            Rc::clone(&entry.name),
            Some(entry.clone()),
            None,
            kind,
            kw_only,
        );
    }
    for (name, value) in class.given_annotations.borrow().iter() {
        push(
            Rc::clone(name),
            None,
            Some(value.clone()),
            Kind::Field,
            kw_only,
        );
    }
    out
}

/// What `dataclasses.fields` gives of a field. The class in which it stands is kept for its
/// annotation.
fn record(field: &Field, class: &Rc<Class>) -> Value {
    let missing = || Value::symbol("dataclasses.MISSING");
    let mut kwargs = Namespace::default();
    let mut put = |name: &str, value: Value| {
        kwargs.insert(Rc::from(name), value);
    };
    put("name", Value::Str(Rc::clone(&field.name)));
    put("default", field.default.clone().unwrap_or_else(missing));
    put(
        "default_factory",
        field.factory.clone().unwrap_or_else(missing),
    );
    put("init", Value::Bool(field.init));
    put("repr", Value::Bool(true));
    put("compare", Value::Bool(true));
    put("kw_only", Value::Bool(field.kw_only));
    put(
        "metadata",
        match &field.metadata {
            Value::None => Value::dict(Dict::default()),
            other => other.clone(),
        },
    );
    put("_init_var", Value::Bool(field.kind == Kind::InitVar));
    put("_class", Value::Class(Rc::clone(class)));
    if let Some(given) = &field.given {
        put("type", given.clone());
    }
    Value::Made(Rc::new(Made {
        callee: Value::symbol("dataclasses.Field"),
        args: Vec::new(),
        kwargs,
        place: field.annotation.as_ref().map(|it| it.place),
        attributes: RefCell::default(),
    }))
}

fn flag(made: &Made, name: &str) -> bool {
    matches!(made.kwargs.get(name), Some(Value::Bool(true)))
}

/// An attribute of what [`record`] gives.
pub(super) fn field_attribute(interp: &mut Interp<'_>, made: &Made, name: &str) -> Option<Value> {
    if name == "type" && !made.kwargs.contains_key("type") {
        let (Some(Value::Class(class)), Some(Value::Str(field))) =
            (made.kwargs.get("_class"), made.kwargs.get("name"))
        else {
            return None;
        };
        return interp
            .annotations(class)
            .into_iter()
            .find(|it| it.name == *field)
            .map(|it| it.annotation);
    }
    made.kwargs.get(name).cloned()
}

fn records(fields: &Dict) -> impl Iterator<Item = (Name, Rc<Made>)> + '_ {
    fields
        .iter()
        .filter_map(|(key, value)| match (&key.0, value) {
            (Value::Str(name), Value::Made(made)) => Some((Rc::clone(name), Rc::clone(made))),
            _ => None,
        })
}

/// `__init__` as a function: its parameters carry the annotations of the class's body, so that a
/// signature is read from it as from any other.
fn init_function(interp: &mut Interp<'_>, class: &Rc<Class>, fields: &Dict) -> Option<Value> {
    let scope = ScopeData::new(
        ScopeKind::Function,
        Some(Rc::clone(&class.scope)),
        Rc::clone(&class.module),
        class.scope.file,
    );
    let put = |name: &str, value: Value| {
        scope.names.borrow_mut().insert(Rc::from(name), value);
    };
    put("__hitchpost_class", Value::Class(Rc::clone(class)));
    put(
        "__hitchpost_init",
        Value::Native(Native {
            name: "dataclasses.__init__",
            run: assign,
        }),
    );
    let span = class.place.map(|it| it.span).unwrap_or_default();
    let self_name: Name = Rc::from(if fields.contains_key(&Key(Value::str("self"))) {
        "__dataclass_self__"
    } else {
        "self"
    });
    let mut list = vec![Parameter {
        name: Rc::clone(&self_name),
        kind: ParameterKind::PositionalOrKeyword,
        span,
        annotation: None,
        default: None,
    }];
    let mut defaults = vec![None];
    let mut text = format!("def __init__():\n    __hitchpost_init(__hitchpost_class, {self_name}");
    for keywords in [false, true] {
        for (name, made) in records(fields) {
            if !flag(&made, "init") || flag(&made, "kw_only") != keywords {
                continue;
            }
            let present = |name: &str| {
                made.kwargs
                    .get(name)
                    .filter(|it| !it.is_symbol("dataclasses.MISSING"))
                    .cloned()
            };
            let default = present("default").or_else(|| {
                present("default_factory")
                    .map(|_| Value::symbol("dataclasses._HAS_DEFAULT_FACTORY"))
            });
            let of = match made.kwargs.get("_class") {
                Some(Value::Class(of)) => Rc::clone(of),
                _ => Rc::clone(class),
            };
            let written = of
                .annotations
                .borrow()
                .iter()
                .find(|it| it.name == name)
                .cloned();
            let annotation = match written {
                Some(written) if of.scope.file == class.scope.file => Some(written.annotation),
                // Of another module: its names mean nothing here.
                _ => {
                    let value = field_attribute(interp, &made, "type")?;
                    let key = format!("__hitchpost_type_{name}");
                    put(&key, value);
                    Some(Rc::new(Expr {
                        span,
                        kind: ExprKind::Name(Rc::from(key)),
                    }))
                }
            };
            list.push(Parameter {
                name: Rc::clone(&name),
                kind: if keywords {
                    ParameterKind::KeywordOnly
                } else {
                    ParameterKind::PositionalOrKeyword
                },
                span: made.place.map_or(span, |it| it.span),
                annotation,
                default: default.as_ref().map(|_| Expr {
                    span,
                    kind: ExprKind::Ellipsis,
                }),
            });
            defaults.push(default);
            text.push_str(&format!(", {name}={name}"));
        }
    }
    text.push_str(")\n");
    let parsed = syntax::parse(&text.into()).ok()?;
    let Some(StmtKind::Function(def)) = parsed.body.into_iter().next().map(|it| it.kind) else {
        return None;
    };
    let mut def = Rc::try_unwrap(def).ok()?;
    def.parameters = Rc::new(Parameters { list });
    def.span = span;
    let place = class.place.unwrap_or(Place {
        file: class.scope.file,
        span,
    });
    Some(Value::Function(Rc::new(Function {
        name: RefCell::new(Rc::from("__init__")),
        qualname: Rc::from(format!("{}.__init__", class.qualname)),
        module: Rc::clone(&class.module),
        file: class.scope.file,
        place,
        code: Code::Def(Rc::new(def)),
        defaults,
        scope,
        class: RefCell::new(Some(Rc::clone(class))),
        docstring: RefCell::new(None),
        attributes: RefCell::default(),
        annotations: RefCell::default(),
    })))
}

/// What the generated `__init__` does: called with the class, the object and the arguments by name.
fn assign(interp: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    let [Value::Class(class), Value::Object(object)] = args.positional.as_slice() else {
        return Ok(Value::None);
    };
    let Some(Value::Dict(fields)) = class
        .namespace
        .borrow()
        .get("__dataclass_fields__")
        .cloned()
    else {
        return Ok(Value::None);
    };
    let fields = fields.borrow().clone();
    let mut init_vars = Vec::new();
    for (name, made) in records(&fields) {
        let present = |key: &str| {
            made.kwargs
                .get(key)
                .filter(|it| !it.is_symbol("dataclasses.MISSING"))
                .cloned()
        };
        let given = args
            .keywords
            .get(&name)
            .filter(|it| !it.is_symbol("dataclasses._HAS_DEFAULT_FACTORY"))
            .cloned();
        let value = match (given, present("default"), present("default_factory")) {
            (Some(value), ..) | (None, Some(value), _) => value,
            (None, None, Some(factory)) => {
                interp.call(&factory, Args::new(Vec::new(), args.place))?
            }
            (None, None, None) => continue,
        };
        if flag(&made, "_init_var") {
            init_vars.push(value);
        } else {
            object.attributes.borrow_mut().insert(name, value);
        }
    }
    if own_method(interp, &object.class, "__post_init__").is_some() {
        let method = interp.attribute(&Value::Object(Rc::clone(object)), "__post_init__")?;
        interp.call(&method, Args::new(init_vars, args.place))?;
    }
    Ok(Value::None)
}

/// The names of an object's fields, where its class is a dataclass.
fn field_names(interp: &mut Interp<'_>, class: &Rc<Class>) -> Option<Vec<Name>> {
    let fields = match own_method(interp, class, "__dataclass_fields__")? {
        Value::Dict(fields) => fields.borrow().clone(),
        _ => return None,
    };
    Some(
        records(&fields)
            .filter(|(_, made)| !flag(made, "_init_var"))
            .map(|(name, _)| name)
            .collect(),
    )
}

fn field_values(interp: &mut Interp<'_>, value: &Value) -> Option<Vec<(Name, Value)>> {
    let Value::Object(object) = value else {
        return None;
    };
    let names = field_names(interp, &object.class)?;
    let attributes = object.attributes.borrow();
    let get = |name: Name| {
        let value = attributes
            .get(&name)
            .cloned()
            .unwrap_or_else(|| Value::unknown("a field that is not set", None));
        (name, value)
    };
    Some(names.into_iter().map(get).collect())
}

fn repr(interp: &mut Interp<'_>, mut args: Args) -> Result<Value, Raised> {
    let unknown = || Ok(Value::unknown("repr of a dataclass", args.place));
    let Some(value) = args.clone().take(0, "self") else {
        return unknown();
    };
    let (Some(fields), Value::Object(object)) = (field_values(interp, &value), &value) else {
        return unknown();
    };
    let mut parts = Vec::new();
    for (name, value) in fields {
        let Some(text) = interp.text(&value, true) else {
            return unknown();
        };
        parts.push(format!("{name}={text}"));
    }
    args.positional.clear();
    Ok(Value::str(&format!(
        "{}({})",
        object.class.qualname,
        parts.join(", ")
    )))
}

fn both(args: &Args) -> Option<(Rc<Object>, Rc<Object>)> {
    match args.positional.as_slice() {
        [Value::Object(left), Value::Object(right)] if Rc::ptr_eq(&left.class, &right.class) => {
            Some((Rc::clone(left), Rc::clone(right)))
        }
        _ => None,
    }
}

fn field_tuples(interp: &mut Interp<'_>, args: &Args) -> Option<(Value, Value)> {
    let (left, right) = both(args)?;
    let mut tuple = |object: Rc<Object>| {
        let values = field_values(interp, &Value::Object(object))?;
        Some(Value::Tuple(Rc::from(
            values
                .into_iter()
                .map(|(_, value)| value)
                .collect::<Vec<_>>(),
        )))
    };
    Some((tuple(left)?, tuple(right)?))
}

fn same_fields(interp: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    let Some((left, right)) = field_tuples(interp, &args) else {
        return Ok(Value::NotImplemented);
    };
    Ok(match equal(interp, &left, &right)? {
        Some(flag) => Value::Bool(flag),
        None => Value::unknown("dataclasses with fields that are not known", args.place),
    })
}

fn less(interp: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    let Some((left, right)) = field_tuples(interp, &args) else {
        return Ok(Value::NotImplemented);
    };
    Ok(match order(interp, &left, &right)? {
        Some(found) => Value::Bool(found == std::cmp::Ordering::Less),
        None => Value::unknown("dataclasses with fields that are not known", args.place),
    })
}

fn deep(interp: &mut Interp<'_>, value: &Value, as_dict: bool, depth: u32) -> Value {
    if depth > 50 {
        return value.clone();
    }
    match value {
        Value::Object(_) => match field_values(interp, value) {
            Some(fields) => {
                let fields: Vec<_> = fields
                    .into_iter()
                    .map(|(name, value)| (name, deep(interp, &value, as_dict, depth + 1)))
                    .collect();
                if as_dict {
                    super::builtins::dict_of(fields)
                } else {
                    Value::Tuple(Rc::from(
                        fields
                            .into_iter()
                            .map(|(_, value)| value)
                            .collect::<Vec<_>>(),
                    ))
                }
            }
            None => value.clone(),
        },
        Value::List(items) => {
            let items = items.borrow().clone();
            Value::list(
                items
                    .iter()
                    .map(|it| deep(interp, it, as_dict, depth + 1))
                    .collect(),
            )
        }
        Value::Tuple(items) => Value::Tuple(Rc::from(
            items
                .iter()
                .map(|it| deep(interp, it, as_dict, depth + 1))
                .collect::<Vec<_>>(),
        )),
        Value::Dict(items) => {
            let items = items.borrow().clone();
            Value::dict(
                items
                    .into_iter()
                    .map(|(key, it)| (key, deep(interp, &it, as_dict, depth + 1)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

/// The function of that dotted name.
pub(super) fn function(dotted: &str) -> Option<Native> {
    functions!(dotted,
        "dataclasses.fields" => |interp, mut args| {
            let fields = match args.take(0, "class_or_instance") {
                Some(Value::Class(class)) => own_method(interp, &class, "__dataclass_fields__"),
                Some(Value::Object(object)) => own_method(interp, &object.class, "__dataclass_fields__"),
                _ => None,
            };
            let Some(Value::Dict(fields)) = fields else { return Ok(None) };
            let fields = fields.borrow().clone();
            let made: Vec<Value> = records(&fields).filter(|(_, made)| !flag(made, "_init_var")).map(|(_, made)| Value::Made(made)).collect();
            Ok(Some(Value::Tuple(Rc::from(made))))
        },
        "dataclasses.asdict" => |interp, mut args| Ok(args.take(0, "obj").filter(|it| matches!(it, Value::Object(_))).map(|it| deep(interp, &it, true, 0))),
        "dataclasses.astuple" => |interp, mut args| Ok(args.take(0, "obj").filter(|it| matches!(it, Value::Object(_))).map(|it| deep(interp, &it, false, 0))),
        "dataclasses.is_dataclass" => |interp, mut args| Ok(match args.take(0, "obj") {
            Some(Value::Class(class)) => Some(Value::Bool(own_method(interp, &class, "__dataclass_fields__").is_some())),
            Some(Value::Object(object)) => Some(Value::Bool(own_method(interp, &object.class, "__dataclass_fields__").is_some())),
            Some(Value::Unknown(_) | Value::Made(_) | Value::Symbol(_)) | None => None,
            Some(_) => Some(Value::Bool(false)),
        }),
        "dataclasses.replace" => |interp, mut args| {
            let Some(Value::Object(object)) = args.positional.first().cloned() else { return Ok(None) };
            let Some(fields) = field_values(interp, &Value::Object(Rc::clone(&object))) else { return Ok(None) };
            let mut all: Namespace = fields.into_iter().collect();
            all.extend(std::mem::take(&mut args.keywords));
            interp.call(&Value::Class(Rc::clone(&object.class)), Args { keywords: all, place: args.place, ..Args::default() }).map(Some)
        },
        "dataclasses.make_dataclass" => |interp, mut args| {
            let (Some(name), Some(fields)) = (args.take(0, "cls_name").as_ref().and_then(string_of), args.take(1, "fields")) else { return Ok(None) };
            let Some(items) = interp.iterate(&fields)? else { return Ok(None) };
            let (mut namespace, mut annotations) = (Namespace::default(), Vec::new());
            for item in items {
                if let Some(name) = string_of(&item) {
                    annotations.push((name, Value::symbol("typing.Any")));
                    continue;
                }
                let Some(parts) = interp.iterate(&item)? else { return Ok(None) };
                let (Some(name), Some(annotation)) = (parts.first().and_then(string_of), parts.get(1)) else { return Ok(None) };
                if let Some(default) = parts.get(2) {
                    namespace.insert(Rc::clone(&name), default.clone());
                }
                annotations.push((name, annotation.clone()));
            }
            let bases = match args.keywords.shift_remove("bases") {
                Some(bases) => match interp.iterate(&bases)? {
                    Some(bases) => bases,
                    None => return Ok(None),
                },
                None => Vec::new(),
            };
            if let Some(Value::Dict(more)) = args.keywords.shift_remove("namespace") {
                namespace.extend(more.borrow().iter().filter_map(|(key, value)| Some((string_of(&key.0)?, value.clone()))));
            }
            let class = interp.new_class(&name, bases, namespace, annotations, Namespace::default(), args.place)?;
            if let Value::Class(made) = &class {
                apply(interp, made, Value::symbol("dataclasses.dataclass"), &args.keywords)?;
            }
            Ok(Some(class))
        },
    )
}

/// The fields of a named tuple, in order, and their defaults.
fn tuple_fields(interp: &mut Interp<'_>, class: &Rc<Class>) -> Option<(Vec<Name>, Rc<Class>)> {
    for base in interp.mro(class).iter() {
        let Value::Class(base) = base else { continue };
        if let Some(Value::Tuple(names)) = base.namespace.borrow().get("_fields") {
            return Some((
                names.iter().filter_map(string_of).collect(),
                Rc::clone(base),
            ));
        }
    }
    None
}

/// Gives a class that derives directly from `NamedTuple` its fields.
pub(super) fn named_tuple_created(class: &Rc<Class>) {
    if !class
        .bases
        .iter()
        .any(|it| it.is_symbol("typing.NamedTuple"))
    {
        return;
    }
    let mut names: Vec<Value> = class
        .annotations
        .borrow()
        .iter()
        .map(|it| Value::Str(Rc::clone(&it.name)))
        .collect();
    names.extend(
        class
            .given_annotations
            .borrow()
            .iter()
            .map(|(name, _)| Value::Str(Rc::clone(name))),
    );
    let mut namespace = class.namespace.borrow_mut();
    let defaults: Dict = names
        .iter()
        .filter_map(|name| {
            Some((
                Key(name.clone()),
                namespace.get(&*string_of(name)?)?.clone(),
            ))
        })
        .collect();
    namespace.insert(Rc::from("_fields"), Value::Tuple(Rc::from(names)));
    namespace.insert(Rc::from("_field_defaults"), Value::dict(defaults));
    for (name, native) in [
        (
            "_asdict",
            Native {
                name: "namedtuple._asdict",
                run: as_dict,
            },
        ),
        (
            "_replace",
            Native {
                name: "namedtuple._replace",
                run: replace,
            },
        ),
        (
            "__repr__",
            Native {
                name: "namedtuple.__repr__",
                run: tuple_repr,
            },
        ),
    ] {
        if !namespace.contains_key(name) {
            namespace.insert(Rc::from(name), Value::Native(native));
        }
    }
}

/// The arguments of a named tuple, in its attributes and as a tuple.
pub(super) fn named_tuple_init(
    interp: &mut Interp<'_>,
    object: &Rc<Object>,
    args: &Args,
) -> Result<(), Raised> {
    let Some((names, of)) = tuple_fields(interp, &object.class) else {
        return Ok(());
    };
    let defaults = match of.namespace.borrow().get("_field_defaults") {
        Some(Value::Dict(defaults)) => defaults.borrow().clone(),
        _ => Dict::default(),
    };
    let mut values = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let given = args
            .keywords
            .get(name)
            .or_else(|| args.positional.get(index))
            .cloned();
        let value = match given.or_else(|| defaults.get(&Key(Value::Str(Rc::clone(name)))).cloned())
        {
            Some(value) => value,
            None if args.incomplete => Value::unknown("not all arguments are known", args.place),
            None => {
                let message = format!("missing a required argument: '{name}'");
                return Err(raise("builtins.TypeError", &message, args.place));
            }
        };
        object
            .attributes
            .borrow_mut()
            .insert(Rc::clone(name), value.clone());
        values.push(value);
    }
    *object.payload.borrow_mut() = Some(Value::Tuple(Rc::from(values)));
    Ok(())
}

type Pairs = Vec<(Name, Value)>;

fn pairs(interp: &mut Interp<'_>, value: &Value) -> Option<(Rc<Object>, Pairs)> {
    let Value::Object(object) = value else {
        return None;
    };
    let (names, _) = tuple_fields(interp, &object.class)?;
    let payload = object.payload.borrow().clone();
    let Some(Value::Tuple(values)) = payload else {
        return None;
    };
    Some((
        Rc::clone(object),
        names.into_iter().zip(values.iter().cloned()).collect(),
    ))
}

fn as_dict(interp: &mut Interp<'_>, mut args: Args) -> Result<Value, Raised> {
    let found = args.take(0, "self").and_then(|it| pairs(interp, &it));
    Ok(found.map_or_else(
        || Value::unknown("_asdict of what is no named tuple", args.place),
        |(_, pairs)| super::builtins::dict_of(pairs),
    ))
}

fn replace(interp: &mut Interp<'_>, mut args: Args) -> Result<Value, Raised> {
    let Some((object, pairs)) = args
        .positional
        .first()
        .cloned()
        .and_then(|it| pairs(interp, &it))
    else {
        return Ok(Value::unknown(
            "_replace of what is no named tuple",
            args.place,
        ));
    };
    let mut all: Namespace = pairs.into_iter().collect();
    all.extend(std::mem::take(&mut args.keywords));
    interp.call(
        &Value::Class(Rc::clone(&object.class)),
        Args {
            keywords: all,
            place: args.place,
            ..Args::default()
        },
    )
}

fn tuple_repr(interp: &mut Interp<'_>, mut args: Args) -> Result<Value, Raised> {
    let unknown = || Ok(Value::unknown("repr of a named tuple", None));
    let Some((object, pairs)) = args.take(0, "self").and_then(|it| pairs(interp, &it)) else {
        return unknown();
    };
    let mut parts = Vec::new();
    for (name, value) in pairs {
        let Some(text) = interp.text(&value, true) else {
            return unknown();
        };
        parts.push(format!("{name}={text}"));
    }
    Ok(Value::str(&format!(
        "{}({})",
        object.class.qualname,
        parts.join(", ")
    )))
}

/// `collections.namedtuple(…)`.
pub(super) fn named_tuple(interp: &mut Interp<'_>, mut args: Args) -> Result<Value, Raised> {
    let unknown = || {
        Ok(Value::unknown(
            "a named tuple of what is not known",
            args.place,
        ))
    };
    let name = args
        .clone()
        .take(0, "typename")
        .as_ref()
        .and_then(string_of);
    let fields = args.clone().take(1, "field_names");
    let (Some(name), Some(fields)) = (name, fields) else {
        return unknown();
    };
    let fields: Vec<Name> = match string_of(&fields) {
        Some(text) => text
            .replace(',', " ")
            .split_whitespace()
            .map(Rc::from)
            .collect(),
        None => match super::compare::texts(interp, &fields)? {
            Some(names) => names,
            None => return unknown(),
        },
    };
    let mut namespace = Namespace::default();
    if let Some(defaults) = args.keywords.shift_remove("defaults")
        && let Some(values) = interp.iterate(&defaults)?
    {
        for (name, value) in fields.iter().rev().zip(values.into_iter().rev()) {
            namespace.insert(Rc::clone(name), value);
        }
    }
    let annotations = fields
        .into_iter()
        .map(|it| (it, Value::symbol("typing.Any")))
        .collect();
    let bases = vec![Value::symbol("typing.NamedTuple")];
    interp.new_class(
        &name,
        bases,
        namespace,
        annotations,
        Namespace::default(),
        args.place,
    )
}
