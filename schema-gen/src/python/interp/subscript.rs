//! Subscripts: items, slices, and types with arguments.

use std::rc::Rc;

use super::{Args, Interp, Raised, Scope};
use crate::python::syntax::Expr;
use crate::python::value::{Class, Forward, Generic, Key, Place, Value};
use crate::python::{library, pydantic};

impl Interp<'_> {
    pub(super) fn eval_subscript(
        &mut self,
        value: &Expr,
        index: &Expr,
        scope: &Scope,
        place: Place,
    ) -> Result<Value, Raised> {
        let value = self.eval(value, scope)?;
        let index_place = self.place(index, scope);
        let index = self.eval(index, scope)?;
        if is_type(&value) {
            let index = self.type_arguments(&value, index, scope, index_place);
            return self.subscript_or(&value, &index, Some(place));
        }
        self.subscript_or(&value, &index, Some(place))
    }

    /// Strings among the arguments of a type are names that are looked up later.
    pub(super) fn type_arguments(
        &mut self,
        origin: &Value,
        index: Value,
        scope: &Scope,
        place: Place,
    ) -> Value {
        match origin {
            Value::Symbol(symbol) if symbol.is("typing.Literal") => return index,
            Value::Class(class) if class.is_enum.get() => return index,
            Value::Symbol(symbol) if symbol.is("typing.Annotated") => {
                if let Value::Tuple(items) = &index {
                    let mut items = items.to_vec();
                    if let Some(first) = items.first_mut() {
                        *first = self.as_forward(first.clone(), scope, place);
                    }
                    return Value::Tuple(Rc::from(items));
                }
            }
            Value::Class(class) if self.class_member(class, "__class_getitem__").is_some() => {
                return index;
            }
            _ => {}
        }
        match index {
            Value::Tuple(items) => Value::Tuple(
                items
                    .iter()
                    .map(|item| self.as_forward(item.clone(), scope, place))
                    .collect(),
            ),
            Value::List(items) => {
                let items = items.borrow().clone();
                Value::list(
                    items
                        .into_iter()
                        .map(|item| self.as_forward(item, scope, place))
                        .collect(),
                )
            }
            other => self.as_forward(other, scope, place),
        }
    }

    /// A string in place of a type as a reference to what it names.
    pub(super) fn as_forward(&mut self, value: Value, scope: &Scope, place: Place) -> Value {
        match value {
            Value::Str(text) => Value::Forward(Rc::new(Forward {
                text,
                scope: Rc::clone(scope),
                file: scope.file,
                place: Some(place),
            })),
            other => other,
        }
    }

    /// The same where the scope is that of the code that runs.
    pub(super) fn forward(&mut self, text: &Rc<str>, place: Option<Place>) -> Value {
        match self.frames.last().map(|frame| Rc::clone(&frame.scope)) {
            Some(scope) => Value::Forward(Rc::new(Forward {
                text: Rc::clone(text),
                file: scope.file,
                scope,
                place,
            })),
            None => Value::Str(Rc::clone(text)),
        }
    }

    /// `value[index]`
    pub(crate) fn subscript(&mut self, value: &Value, index: &Value) -> Result<Value, Raised> {
        self.subscript_or(value, index, None)
    }

    fn subscript_or(
        &mut self,
        value: &Value,
        index: &Value,
        place: Option<Place>,
    ) -> Result<Value, Raised> {
        match value {
            Value::Unknown(_) => Ok(value.clone()),
            Value::Object(object) => {
                if let Some(method) = self.special(object, "__getitem__") {
                    return self.call(&method, Args::new(vec![index.clone()], place));
                }
                let payload = library::plain(value);
                if !matches!(payload, Value::Object(_)) {
                    let found = self.guarded(&["builtins.KeyError"], |interp| {
                        interp.item(&payload, index, place)
                    });
                    return match found {
                        Err(Raised::Exception(exception)) => {
                            match self.special(object, "__missing__") {
                                Some(method) => {
                                    self.call(&method, Args::new(vec![index.clone()], place))
                                }
                                None => Err(Raised::Exception(exception)),
                            }
                        }
                        found => found,
                    };
                }
                if self.is_opaque(&object.class) {
                    return Ok(Value::unknown(
                        "an item of an object whose class is not read",
                        place,
                    ));
                }
                let name = self.type_name(value);
                Err(self.raise_type_error(&format!("'{name}' object is not subscriptable"), place))
            }
            Value::Class(class) => self.subscript_class(class, value, index, place),
            Value::Symbol(_)
            | Value::Generic(_)
            | Value::Union(_)
            | Value::Alias(_)
            | Value::TypeVar(_) => {
                if let Some(result) = library::subscript(self, value, index) {
                    return result;
                }
                if let Value::Symbol(_) = value {
                    match self.force(value) {
                        Value::Symbol(_) => {}
                        known @ (Value::List(_)
                        | Value::Tuple(_)
                        | Value::Dict(_)
                        | Value::Str(_)
                        | Value::Object(_)) => {
                            return self.subscript_or(&known, index, place);
                        }
                        _ => {}
                    }
                }
                Ok(generic(value, index))
            }
            Value::Made(made) if made.callee.is_symbol("pydantic_core.CoreSchema") => {
                let found = pydantic::made_subscript(self, made, index);
                Ok(found.unwrap_or_else(|| Value::unknown("an entry of a core schema", place)))
            }
            Value::Made(made) => match self.realize(made) {
                Some(known) if !matches!(known, Value::Made(_)) => {
                    self.subscript_or(&known, index, place)
                }
                _ => match library::subscript(self, value, index) {
                    Some(result) => result,
                    None => Ok(super::call::record(
                        Value::symbol("operator.getitem"),
                        Args::new(vec![value.clone(), index.clone()], place),
                    )),
                },
            },
            Value::Forward(_) => Ok(generic(value, index)),
            _ => self.item(value, index, place),
        }
    }

    fn subscript_class(
        &mut self,
        class: &Rc<Class>,
        value: &Value,
        index: &Value,
        place: Option<Place>,
    ) -> Result<Value, Raised> {
        self.mro(class);
        if class.is_enum.get() {
            if let Value::Str(name) = index
                && let Some(member) = class.namespace.borrow().get(name)
            {
                return Ok(member.clone());
            }
            if index.is_unknown() {
                return Ok(index.clone());
            }
            return Err(key_error(index, place));
        }
        if let Some(metaclass) = self.metaclass(class)
            && let Some(method) = self.class_member(&metaclass, "__getitem__")
        {
            return self.call(
                &super::call::bound(&method, value),
                Args::new(vec![index.clone()], place),
            );
        }
        if let Some(method) = self.class_member(class, "__class_getitem__")
            && (!pydantic::is_model(self, value)
                || !matches!(method, Value::Native(_) | Value::Method(_)))
        {
            // It is a class method whether it says so or not.
            return self.call(
                &super::call::bound(&method, value),
                Args::new(vec![index.clone()], place),
            );
        }
        match library::subscript(self, value, index) {
            Some(result) => result,
            None => Ok(generic(value, index)),
        }
    }

    fn item(
        &mut self,
        value: &Value,
        index: &Value,
        place: Option<Place>,
    ) -> Result<Value, Raised> {
        let unknown = || match index {
            Value::Unknown(_) => index.clone(),
            _ => Value::unknown("an item at an index that is not known", place),
        };
        let index = &library::plain(index);
        if let Value::Slice(parts) = index {
            return self.slice(value, parts, place);
        }
        match value {
            Value::Dict(items) => {
                let items = items.borrow();
                if let Some(found) = items.get(&Key(index.clone())) {
                    return Ok(found.clone());
                }
                if index.is_unknown() || items.keys().any(|key| key.0.is_unknown()) {
                    return Ok(unknown());
                }
                drop(items);
                // What is not read may have set it, as generated code has it.
                if let Value::Dict(items) = value
                    && self.is_globals_dict(items)
                {
                    return Ok(unknown());
                }
                Err(key_error(index, place))
            }
            Value::List(_) | Value::Tuple(_) | Value::Str(_) | Value::Bytes(_) => {
                let at = match index {
                    Value::Int(at) => *at,
                    Value::Bool(flag) => i64::from(*flag),
                    Value::Unknown(_) | Value::Made(_) => return Ok(unknown()),
                    _ => {
                        let name = self.type_name(index);
                        let message = format!("indices must be integers or slices, not {name}");
                        return Err(self.raise_type_error(&message, place));
                    }
                };
                let pick = |length: usize| {
                    let length = i64::try_from(length).unwrap_or(i64::MAX);
                    usize::try_from(if at < 0 { at + length } else { at }).ok()
                };
                let (found, has_unknown) = match value {
                    Value::List(items) => {
                        let items = items.borrow();
                        let found = pick(items.len()).and_then(|at| items.get(at).cloned());
                        (found, items.iter().any(Value::is_unknown))
                    }
                    Value::Tuple(items) => (
                        pick(items.len()).and_then(|at| items.get(at).cloned()),
                        false,
                    ),
                    Value::Str(text) => {
                        let found = pick(text.chars().count()).and_then(|at| text.chars().nth(at));
                        (
                            found.map(|letter| Value::str(letter.encode_utf8(&mut [0; 4]))),
                            false,
                        )
                    }
                    Value::Bytes(bytes) => (
                        pick(bytes.len())
                            .and_then(|at| bytes.get(at))
                            .map(|byte| Value::Int(i64::from(*byte))),
                        false,
                    ),
                    _ => (None, false),
                };
                match found {
                    Some(found) => Ok(found),
                    None if has_unknown => Ok(unknown()),
                    None => Err(library::raise(
                        "builtins.IndexError",
                        "index out of range",
                        place,
                    )),
                }
            }
            _ => {
                let name = self.type_name(value);
                Err(self.raise_type_error(&format!("'{name}' object is not subscriptable"), place))
            }
        }
    }

    fn slice(
        &mut self,
        value: &Value,
        parts: &[Value; 3],
        place: Option<Place>,
    ) -> Result<Value, Raised> {
        let mut numbers = [None; 3];
        for (number, part) in numbers.iter_mut().zip(parts) {
            *number = match library::plain(part) {
                Value::None => None,
                Value::Int(at) => Some(at),
                Value::Bool(flag) => Some(i64::from(flag)),
                _ => return Ok(Value::unknown("a slice whose ends are not known", place)),
            };
        }
        let [start, stop, step] = numbers;
        let pick = |length: usize| slice_indices(start, stop, step.unwrap_or(1), length);
        if step == Some(0) {
            return Err(library::raise(
                "builtins.ValueError",
                "slice step cannot be zero",
                place,
            ));
        }
        Ok(match value {
            Value::List(items) => {
                let items = items.borrow();
                Value::list(
                    pick(items.len())
                        .into_iter()
                        .filter_map(|at| items.get(at).cloned())
                        .collect(),
                )
            }
            Value::Tuple(items) => Value::Tuple(
                pick(items.len())
                    .into_iter()
                    .filter_map(|at| items.get(at).cloned())
                    .collect(),
            ),
            Value::Str(text) => {
                let letters: Vec<char> = text.chars().collect();
                let part: String = pick(letters.len())
                    .into_iter()
                    .filter_map(|at| letters.get(at))
                    .collect();
                Value::str(&part)
            }
            Value::Bytes(bytes) => Value::Bytes(
                pick(bytes.len())
                    .into_iter()
                    .filter_map(|at| bytes.get(at).copied())
                    .collect(),
            ),
            _ => {
                let name = self.type_name(value);
                return Err(
                    self.raise_type_error(&format!("'{name}' object is not subscriptable"), place)
                );
            }
        })
    }

    /// `container[index] = value`
    pub(crate) fn set_subscript(
        &mut self,
        container: &Value,
        index: &Value,
        value: Value,
    ) -> Result<(), Raised> {
        if let Value::Object(object) = container
            && let Some(method) = self.special(object, "__setitem__")
        {
            return self
                .call(&method, Args::new(vec![index.clone(), value], None))
                .map(|_| ());
        }
        if let Value::Made(made) = container
            && made.callee.is_symbol("pydantic_core.CoreSchema")
        {
            pydantic::set_made_subscript(self, made, index, &value);
            return Ok(());
        }
        match library::plain(container) {
            plain @ Value::Dict(_) => {
                self.touch(&plain);
                let key = self.key(index.clone())?;
                if let Value::Dict(items) = &plain {
                    items.borrow_mut().insert(key, value);
                }
                Ok(())
            }
            plain @ Value::List(_) => {
                self.touch(&plain);
                let Value::List(items) = &plain else {
                    return Ok(());
                };
                match library::plain(index) {
                    Value::Int(at) => {
                        let mut items = items.borrow_mut();
                        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                        let at = usize::try_from(if at < 0 { at + length } else { at }).ok();
                        match at.and_then(|at| items.get_mut(at)) {
                            Some(item) => *item = value,
                            None => {
                                let message = "list assignment index out of range";
                                return Err(library::raise("builtins.IndexError", message, None));
                            }
                        }
                        Ok(())
                    }
                    Value::Slice(parts) => {
                        let more = self.iterate(&value)?;
                        self.set_slice(items, &parts, more);
                        Ok(())
                    }
                    _ => {
                        items.borrow_mut().push(Value::unknown(
                            "an item at an index that is not known",
                            None,
                        ));
                        Ok(())
                    }
                }
            }
            Value::Tuple(_) | Value::Str(_) | Value::Int(_) | Value::None => {
                let name = self.type_name(container);
                Err(self.raise_type_error(
                    &format!("'{name}' object does not support item assignment"),
                    None,
                ))
            }
            _ => Ok(()),
        }
    }

    fn set_slice(
        &mut self,
        items: &std::cell::RefCell<Vec<Value>>,
        parts: &[Value; 3],
        more: Option<Vec<Value>>,
    ) {
        let mut items = items.borrow_mut();
        let length = items.len();
        let end = |part: &Value, default: usize| match part {
            Value::Int(at) => {
                let signed = i64::try_from(length).unwrap_or(i64::MAX);
                let at = if *at < 0 { at + signed } else { *at };
                usize::try_from(at.clamp(0, signed)).unwrap_or(0)
            }
            _ => default,
        };
        let [start, stop, _] = parts;
        let start = end(start, 0);
        let stop = end(stop, length).max(start);
        let more = more.unwrap_or_else(|| vec![Value::unknown("items that are not known", None)]);
        items.splice(start..stop, more);
    }

    /// `del container[index]`
    pub(super) fn delete_subscript(
        &mut self,
        container: &Value,
        index: &Value,
    ) -> Result<(), Raised> {
        if let Value::Object(object) = container
            && let Some(method) = self.special(object, "__delitem__")
        {
            return self
                .call(&method, Args::new(vec![index.clone()], None))
                .map(|_| ());
        }
        let plain = library::plain(container);
        self.touch(&plain);
        match (&plain, index) {
            (Value::Dict(items), _) => {
                let removed = items.borrow_mut().shift_remove(&Key(index.clone()));
                if removed.is_none() && !index.is_unknown() {
                    return Err(key_error(index, None));
                }
            }
            (Value::List(items), Value::Int(at)) => {
                let mut items = items.borrow_mut();
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                match usize::try_from(if *at < 0 { at + length } else { *at }) {
                    Ok(at) if at < items.len() => {
                        items.remove(at);
                    }
                    _ => {
                        return Err(library::raise(
                            "builtins.IndexError",
                            "list index out of range",
                            None,
                        ));
                    }
                }
            }
            (Value::List(items), Value::Slice(parts)) => {
                self.set_slice(items, parts, Some(Vec::new()))
            }
            _ => {}
        }
        Ok(())
    }
}

fn key_error(key: &Value, place: Option<Place>) -> Raised {
    let args = Args::new(vec![key.clone()], place);
    Raised::Exception(super::call::record(
        Value::symbol("builtins.KeyError"),
        args,
    ))
}

/// A subscript that is kept as it is written.
fn generic(origin: &Value, index: &Value) -> Value {
    let args = match index {
        Value::Tuple(items) => items.to_vec(),
        other => vec![other.clone()],
    };
    Value::Generic(Rc::new(Generic {
        origin: origin.clone(),
        args,
    }))
}

fn is_type(value: &Value) -> bool {
    matches!(
        value,
        Value::Class(_)
            | Value::Symbol(_)
            | Value::Generic(_)
            | Value::Alias(_)
            | Value::Union(_)
            | Value::Forward(_)
    )
}

/// The indices that a slice picks.
fn slice_indices(start: Option<i64>, stop: Option<i64>, step: i64, length: usize) -> Vec<usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let (low, high) = if step < 0 {
        (-1, length - 1)
    } else {
        (0, length)
    };
    let clamp = |at: Option<i64>, default: i64| match at {
        None => default,
        Some(at) if at < 0 => (at.saturating_add(length)).clamp(low, high),
        Some(at) => at.clamp(low, high),
    };
    let (mut at, stop) = if step < 0 {
        (clamp(start, high), clamp(stop, low))
    } else {
        (clamp(start, low), clamp(stop, high))
    };
    let mut indices = Vec::new();
    while if step < 0 { at > stop } else { at < stop } {
        indices.extend(usize::try_from(at).ok());
        at = at.saturating_add(step);
        if step == 0 {
            break;
        }
    }
    indices
}
