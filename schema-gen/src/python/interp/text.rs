//! `repr` and `str`, and docstrings.

use std::fmt::Write as _;
use std::rc::Rc;

use super::{Args, Interp};
use crate::python::library;
use crate::python::value::{Class, Object, Value};

/// Nested values deeper than this are not written.
const MAX_DEPTH: u32 = 30;

impl Interp<'_> {
    /// `repr(value)` and `str(value)`, where they are known.
    pub(crate) fn text(&mut self, value: &Value, as_repr: bool) -> Option<String> {
        self.text_within(value, as_repr, 0)
    }

    fn text_within(&mut self, value: &Value, as_repr: bool, depth: u32) -> Option<String> {
        if depth > MAX_DEPTH {
            return None;
        }
        Some(match value {
            Value::Str(text) if as_repr => library::quote(text),
            Value::Str(text) => text.to_string(),
            Value::None => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => library::float_text(*number),
            Value::Bytes(bytes) => repr_bytes(bytes),
            Value::Ellipsis => "Ellipsis".to_owned(),
            Value::NotImplemented => "NotImplemented".to_owned(),
            Value::List(items) => {
                let items = items.borrow().clone();
                format!("[{}]", self.texts(&items, depth)?)
            }
            Value::Tuple(items) => match &**items {
                [only] => format!("({},)", self.text_within(only, true, depth + 1)?),
                items => format!("({})", self.texts(items, depth)?),
            },
            Value::Dict(items) => {
                let items = items.borrow().clone();
                let mut text = String::from("{");
                for (index, (key, value)) in items.iter().enumerate() {
                    let (key, value) = (
                        self.text_within(&key.0, true, depth + 1)?,
                        self.text_within(value, true, depth + 1)?,
                    );
                    let _ = write!(text, "{}{key}: {value}", if index > 0 { ", " } else { "" });
                }
                text + "}"
            }
            Value::Set(items) => {
                let items: Vec<Value> = items.borrow().keys().map(|key| key.0.clone()).collect();
                match items.len() {
                    0 => "set()".to_owned(),
                    // The order of a set is not known.
                    1 => format!("{{{}}}", self.texts(&items, depth)?),
                    _ => return None,
                }
            }
            Value::FrozenSet(items) => match items.len() {
                0 => "frozenset()".to_owned(),
                1 => {
                    let items: Vec<Value> = items.keys().map(|key| key.0.clone()).collect();
                    format!("frozenset({{{}}})", self.texts(&items, depth)?)
                }
                _ => return None,
            },
            Value::Object(object) => return self.object_text(object, as_repr, depth),
            Value::Class(class) => {
                if let Some(metaclass) = self.metaclass(class)
                    && let Some(method) =
                        self.class_member(&metaclass, if as_repr { "__repr__" } else { "__str__" })
                {
                    let method = super::call::bound(&method, value);
                    return match self.call(&method, Args::default()) {
                        Ok(Value::Str(text)) => Some(text.to_string()),
                        _ => None,
                    };
                }
                match class.is_enum.get() {
                    true => format!("<enum '{}'>", class.name.borrow()),
                    false => format!("<class '{}.{}'>", class.module, class.qualname),
                }
            }
            Value::Symbol(symbol) => {
                let name = symbol.0.strip_prefix("builtins.");
                match name {
                    Some(name) => format!("<class '{name}'>"),
                    None if symbol.0.starts_with("typing.") => symbol.0.to_string(),
                    None => return None,
                }
            }
            Value::Made(made) => {
                if let Some(text) = library::made_text(self, made, as_repr) {
                    return Some(text);
                }
                match self.realize(made) {
                    Some(known) if !matches!(known, Value::Made(_)) => {
                        return self.text_within(&known, as_repr, depth);
                    }
                    _ => return None,
                }
            }
            Value::Alias(alias) => alias.name.to_string(),
            Value::TypeVar(var) => format!("~{}", var.name),
            Value::Generic(_) | Value::Union(_) => return self.type_text(value, depth),
            _ => return None,
        })
    }

    fn texts(&mut self, items: &[Value], depth: u32) -> Option<String> {
        let mut texts = Vec::with_capacity(items.len());
        let mut length = 0;
        for item in items {
            let text = self.text_within(item, true, depth + 1)?;
            length += text.len();
            if length > super::bounds::MAX_TEXT {
                return None;
            }
            texts.push(text);
        }
        Some(texts.join(", "))
    }

    fn object_text(&mut self, object: &Rc<Object>, as_repr: bool, depth: u32) -> Option<String> {
        let names: &[&str] = if as_repr {
            &["__repr__"]
        } else {
            &["__str__", "__repr__"]
        };
        let plain = library::plain(&Value::Object(Rc::clone(object)));
        let is_exception =
            self.is_exception(&Value::Object(Rc::clone(object)), "builtins.BaseException");
        for name in names {
            // `str` of a text is the text, whatever its `__repr__` gives.
            if *name == "__repr__" && !as_repr && (matches!(plain, Value::Str(_)) || is_exception) {
                break;
            }
            if let Some(method) = self.special(object, name) {
                return match self.call(&method, Args::default()) {
                    Ok(Value::Str(text)) => Some(text.to_string()),
                    _ => None,
                };
            }
        }
        if let Some(text) = library::object_text(self, object, as_repr) {
            return Some(text);
        }
        if is_exception {
            let args = object.attributes.borrow().get("args").cloned();
            let args = match &args {
                Some(args) => self.iterate(args).ok().flatten().unwrap_or_default(),
                None => Vec::new(),
            };
            return match (as_repr, args.as_slice()) {
                (true, _) => Some(format!(
                    "{}({})",
                    object.class.name.borrow(),
                    self.texts(&args, depth)?
                )),
                (false, []) => Some(String::new()),
                (false, [only]) => self.text_within(only, false, depth + 1),
                (false, _) => self.text_within(&Value::Tuple(Rc::from(args)), true, depth + 1),
            };
        }
        match plain {
            Value::Object(_) => None,
            plain => self.text_within(&plain, as_repr, depth + 1),
        }
    }

    /// `list[int]`, `int | None`, as they are written.
    fn type_text(&mut self, value: &Value, depth: u32) -> Option<String> {
        match value {
            Value::Generic(generic) => {
                let origin = self.type_name_text(&generic.origin, depth)?;
                let args: Option<Vec<String>> = generic
                    .args
                    .iter()
                    .map(|arg| self.type_name_text(arg, depth + 1))
                    .collect();
                Some(format!("{origin}[{}]", args?.join(", ")))
            }
            Value::Union(items) => {
                let items: Option<Vec<String>> = items
                    .iter()
                    .map(|item| self.type_name_text(item, depth + 1))
                    .collect();
                Some(items?.join(" | "))
            }
            _ => self.type_name_text(value, depth),
        }
    }

    fn type_name_text(&mut self, value: &Value, depth: u32) -> Option<String> {
        if depth > MAX_DEPTH {
            return None;
        }
        match value {
            Value::Class(class) => Some(format!("{}.{}", class.module, class.qualname)),
            Value::Symbol(symbol) => Some(
                symbol
                    .0
                    .strip_prefix("builtins.")
                    .unwrap_or(&symbol.0)
                    .to_owned(),
            ),
            Value::Generic(_) | Value::Union(_) => self.type_text(value, depth),
            _ => self.text_within(value, true, depth),
        }
    }

    /// The name of a value's type, for messages.
    pub(super) fn type_name(&mut self, value: &Value) -> String {
        match value {
            Value::Object(object) => object.class.name.borrow().to_string(),
            Value::Made(made) => format!("{:?}", made.callee),
            _ => match library::type_of(self, value) {
                Value::Symbol(symbol) => symbol.0.rsplit('.').next().unwrap_or_default().to_owned(),
                Value::Class(class) => class.name.borrow().to_string(),
                other => format!("{other:?}"),
            },
        }
    }

    /// `inspect.getdoc(value)`: the cleaned docstring, inherited as there.
    pub(crate) fn docstring(&mut self, value: &Value) -> Option<Rc<str>> {
        let raw = match value {
            Value::Function(function) => function.docstring.borrow().clone(),
            Value::Class(class) => self.class_docstring(class),
            Value::Method(pair) => {
                let (receiver, function) = (&pair.0, &pair.1);
                let own = match function {
                    Value::Function(function) => function.docstring.borrow().clone(),
                    other => return self.docstring(&other.clone()),
                };
                match (own, function, receiver) {
                    (None, Value::Function(function), Value::Object(object)) => {
                        let name = function.name.borrow().clone();
                        let class = Rc::clone(&object.class);
                        self.inherited_docstring(&class, &name)
                    }
                    (own, ..) => own,
                }
            }
            Value::Object(object) => match object.attributes.borrow().get("__doc__") {
                Some(Value::Str(text)) => Some(Rc::clone(text)),
                _ => object.class.docstring.borrow().clone(),
            },
            Value::Descriptor(descriptor) => return self.docstring(&descriptor.function.clone()),
            Value::Generic(generic) => return self.docstring(&generic.origin.clone()),
            Value::Module(module) => match module.scope.names.borrow().get("__doc__") {
                Some(Value::Str(text)) => Some(Rc::clone(text)),
                _ => None,
            },
            Value::Made(made) => {
                let own = made.attributes.borrow().get("__doc__").cloned();
                let wrapped = made.attributes.borrow().get("__wrapped__").cloned();
                match (own, self.realize(made), wrapped) {
                    (Some(Value::Str(text)), ..) => Some(text),
                    (_, Some(known), _) if !matches!(known, Value::Made(_)) => {
                        return self.docstring(&known);
                    }
                    (_, _, Some(wrapped)) => return self.docstring(&wrapped),
                    _ => None,
                }
            }
            _ => None,
        }?;
        Some(Rc::from(library::clean_docstring(&raw)))
    }

    /// A class's docstring, or that of the first of its bases that has one.
    fn class_docstring(&mut self, class: &Rc<Class>) -> Option<Rc<str>> {
        self.mro(class).iter().find_map(|entry| match entry {
            Value::Class(class) => class.docstring.borrow().clone(),
            _ => None,
        })
    }

    fn inherited_docstring(&mut self, class: &Rc<Class>, name: &str) -> Option<Rc<str>> {
        self.mro(class).iter().find_map(|entry| match entry {
            Value::Class(class) => match class.namespace.borrow().get(name) {
                Some(Value::Function(function)) => function.docstring.borrow().clone(),
                _ => None,
            },
            _ => None,
        })
    }
}

fn repr_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    let mut repr = format!("b{quote}");
    for byte in bytes {
        match byte {
            b'\n' => repr.push_str("\\n"),
            b'\r' => repr.push_str("\\r"),
            b'\t' => repr.push_str("\\t"),
            b'\\' => repr.push_str("\\\\"),
            _ if char::from(*byte) == quote => {
                repr.push('\\');
                repr.push(quote);
            }
            0x20..=0x7e => repr.push(char::from(*byte)),
            _ => {
                let _ = write!(repr, "\\x{byte:02x}");
            }
        }
    }
    repr.push(quote);
    repr
}
