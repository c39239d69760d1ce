//! Iteration.

use std::rc::Rc;

use super::bounds::MAX_ITEMS;
use super::{Args, Interp, Raised};
use crate::python::library;
use crate::python::value::Value;

impl Interp<'_> {
    /// The items that iteration gives, where they are known.
    pub(crate) fn iterate(&mut self, value: &Value) -> Result<Option<Vec<Value>>, Raised> {
        Ok(match value {
            Value::Unknown(_) => None,
            Value::List(items) => Some(items.borrow().clone()),
            Value::Tuple(items) => Some(items.to_vec()),
            Value::Dict(items) | Value::Set(items) => {
                Some(items.borrow().keys().map(|key| key.0.clone()).collect())
            }
            Value::FrozenSet(items) => Some(items.keys().map(|key| key.0.clone()).collect()),
            Value::Str(text) => Some(
                text.chars()
                    .map(|letter| Value::str(letter.encode_utf8(&mut [0; 4])))
                    .collect(),
            ),
            Value::Bytes(bytes) => Some(
                bytes
                    .iter()
                    .map(|byte| Value::Int(i64::from(*byte)))
                    .collect(),
            ),
            Value::Class(class) => {
                self.mro(class);
                if class.is_enum.get() {
                    return Ok(Some(library::enum_members(class)));
                }
                if let Some(metaclass) = self.metaclass(class)
                    && let Some(method) = self.class_member(&metaclass, "__iter__")
                {
                    let items = self.call(&super::call::bound(&method, value), Args::default())?;
                    return self.iterate(&items);
                }
                if self.is_opaque(class) {
                    return Ok(None);
                }
                return Err(self.not_iterable(value));
            }
            Value::Object(object) => {
                if let Some(method) = self.special(object, "__iter__") {
                    let items = self.call(&method, Args::default())?;
                    return match &items {
                        Value::Object(it) if Rc::ptr_eq(it, object) => self.drain(value),
                        _ => self.iterate(&items),
                    };
                }
                if self.special(object, "__next__").is_some() {
                    return self.drain(value);
                }
                if let Some(method) = self.special(object, "__aiter__") {
                    let items = self.call(&method, Args::default())?;
                    return match &items {
                        Value::Object(_) => Ok(None),
                        _ => self.iterate(&items),
                    };
                }
                let payload = object.payload.borrow().clone();
                if let Some(payload) = payload
                    && !object.class.is_enum.get()
                {
                    return self.iterate(&payload);
                }
                if self.special(object, "__getitem__").is_some() {
                    return self.drain_by_index(value);
                }
                if self.is_opaque(&object.class) {
                    return Ok(None);
                }
                return Err(self.not_iterable(value));
            }
            Value::Made(made) if made.callee.is_symbol("builtins.iterator") => {
                match made.args.first() {
                    // An iterator gives its items once.
                    Some(Value::List(items)) => Some(std::mem::take(&mut *items.borrow_mut())),
                    _ => None,
                }
            }
            Value::Made(made) => match self.realize(made) {
                Some(Value::Made(_)) | None => None,
                Some(known) => return self.iterate(&known),
            },
            Value::Symbol(_) => match self.force(value) {
                Value::Symbol(_) => None,
                known => return self.iterate(&known),
            },
            Value::None
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Function(_)
            | Value::Module(_) => {
                return Err(self.not_iterable(value));
            }
            _ => None,
        })
    }

    fn not_iterable(&mut self, value: &Value) -> Raised {
        let name = self.type_name(value);
        self.raise_type_error(&format!("'{name}' object is not iterable"), None)
    }

    /// Calls `__next__` until it raises `StopIteration`.
    fn drain(&mut self, value: &Value) -> Result<Option<Vec<Value>>, Raised> {
        let Value::Object(object) = value else {
            return Ok(None);
        };
        let Some(next) = self.special(object, "__next__") else {
            return Ok(None);
        };
        self.drain_calls("builtins.StopIteration", |interp, _| {
            interp.call(&next, Args::default())
        })
    }

    fn drain_by_index(&mut self, value: &Value) -> Result<Option<Vec<Value>>, Raised> {
        self.drain_calls("builtins.IndexError", |interp, index| {
            let index = i64::try_from(index).unwrap_or(i64::MAX);
            interp.subscript(value, &Value::Int(index))
        })
    }

    fn drain_calls(
        &mut self,
        end: &str,
        mut next: impl FnMut(&mut Self, usize) -> Result<Value, Raised>,
    ) -> Result<Option<Vec<Value>>, Raised> {
        let mut items = Vec::new();
        loop {
            match self.guarded(&[end], |interp| next(interp, items.len())) {
                Ok(item)
                    if !item.is_unknown()
                        && items.len() < MAX_ITEMS.min(super::bounds::MAX_ROUNDS) =>
                {
                    items.push(item);
                }
                Ok(_) => return Ok(None),
                Err(Raised::Exception(exception)) if self.is_exception(&exception, end) => {
                    return Ok(Some(items));
                }
                Err(raised) => return Err(raised),
            }
        }
    }
}
