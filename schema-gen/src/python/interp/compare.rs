//! Comparisons and membership.

use std::cmp::Ordering;
use std::rc::Rc;

use super::{Args, Interp, Raised};
use crate::python::library;
use crate::python::syntax::CmpOp;
use crate::python::value::{Key, Made, Place, Value};

impl Interp<'_> {
    /// `left op right`
    pub(crate) fn compare(
        &mut self,
        op: CmpOp,
        left: &Value,
        right: &Value,
    ) -> Result<Value, Raised> {
        self.compare_or(op, left, right, None)
    }

    pub(super) fn compare_at(
        &mut self,
        op: CmpOp,
        left: &Value,
        right: &Value,
        place: Place,
    ) -> Result<Value, Raised> {
        self.compare_or(op, left, right, Some(place))
    }

    fn compare_or(
        &mut self,
        op: CmpOp,
        left: &Value,
        right: &Value,
        place: Option<Place>,
    ) -> Result<Value, Raised> {
        let known = match op {
            CmpOp::Is => self.is_same(left, right),
            CmpOp::IsNot => self.is_same(left, right).map(|same| !same),
            CmpOp::Eq | CmpOp::NotEq => {
                let method = if op == CmpOp::Eq { "__eq__" } else { "__ne__" };
                // What a user's method gives need not be a truth value.
                if let Some(result) = self.own_comparison(method, left, right, place)? {
                    return Ok(result);
                }
                let known = match (left, right) {
                    (Value::Symbol(left), Value::Symbol(right)) => {
                        different_classes(&left.0, &right.0).then_some(false)
                    }
                    _ => None,
                };
                let known = match known {
                    Some(known) => Some(known),
                    None => library::equal(self, left, right)?,
                };
                known.map(|equal| equal == (op == CmpOp::Eq))
            }
            CmpOp::In => self.contains(right, left)?,
            CmpOp::NotIn => self.contains(right, left)?.map(|contains| !contains),
            CmpOp::Lt | CmpOp::LtE | CmpOp::Gt | CmpOp::GtE => {
                let (own, reflected) = match op {
                    CmpOp::Lt => ("__lt__", "__gt__"),
                    CmpOp::LtE => ("__le__", "__ge__"),
                    CmpOp::Gt => ("__gt__", "__lt__"),
                    _ => ("__ge__", "__le__"),
                };
                if let Some(result) = self.own_comparison(own, left, right, place)? {
                    return Ok(result);
                }
                if let Some(result) = self.own_comparison(reflected, right, left, place)? {
                    return Ok(result);
                }
                library::order(self, left, right)?.map(|order| match op {
                    CmpOp::Lt => order == Ordering::Less,
                    CmpOp::LtE => order != Ordering::Greater,
                    CmpOp::Gt => order == Ordering::Greater,
                    _ => order != Ordering::Less,
                })
            }
        };
        Ok(match known {
            Some(known) => Value::Bool(known),
            None => match [left, right].into_iter().find(|value| value.is_unknown()) {
                Some(unknown) => unknown.clone(),
                None => match place {
                    Some(place) => Value::Unknown(self.depends_on_place(place)),
                    None => Value::unknown("a comparison of what is not known", None),
                },
            },
        })
    }

    fn own_comparison(
        &mut self,
        method: &str,
        left: &Value,
        right: &Value,
        place: Option<Place>,
    ) -> Result<Option<Value>, Raised> {
        let Value::Object(object) = left else {
            return Ok(None);
        };
        let Some(method) = self.special(object, method) else {
            return Ok(None);
        };
        let result = self.call(&method, Args::new(vec![right.clone()], place))?;
        Ok(Some(result).filter(|result| !matches!(result, Value::NotImplemented)))
    }

    /// `left is right`
    fn is_same(&mut self, left: &Value, right: &Value) -> Option<bool> {
        match (left, right) {
            (Value::Unknown(_), _) | (_, Value::Unknown(_)) => None,
            (Value::Bool(left), Value::Bool(right)) => Some(left == right),
            (Value::Bool(_), Value::Int(_)) | (Value::Int(_), Value::Bool(_)) => Some(false),
            (Value::Made(one), other) | (other, Value::Made(one)) => match other {
                Value::Made(other) if Rc::ptr_eq(one, other) => Some(true),
                // Each is an object of its own: a sentinel is nothing but itself.
                Value::Made(other) => {
                    (is_plain_object(one) && is_plain_object(other)).then_some(false)
                }
                _ if is_plain_object(one) => Some(false),
                // What a call of a class gives is never one of these.
                Value::None | Value::Bool(_) | Value::Ellipsis => match self.realize(one) {
                    Some(known) if !matches!(known, Value::Made(_)) => self.is_same(&known, other),
                    _ if is_class_name(&one.callee) => Some(false),
                    _ => None,
                },
                Value::Class(_) | Value::Function(_) | Value::Module(_) => Some(false),
                Value::Symbol(_) => Some(false),
                _ => None,
            },
            (Value::Symbol(one), other) | (other, Value::Symbol(one)) => {
                if left.same(right) {
                    return Some(true);
                }
                match other {
                    Value::None | Value::Bool(_) => match self.force(&Value::Symbol(one.clone())) {
                        Value::Symbol(symbol) => {
                            let last = symbol.0.rsplit('.').next().unwrap_or_default();
                            let is_known =
                                library::module(symbol.0.split('.').next().unwrap_or_default())
                                    .is_some();
                            (is_known || last.starts_with(char::is_uppercase)).then_some(false)
                        }
                        known => self.is_same(&known, other),
                    },
                    Value::Class(_) => match self.force(&Value::Symbol(one.clone())) {
                        Value::Symbol(_) => Some(false),
                        known => Some(known.same(other)),
                    },
                    _ => Some(false),
                }
            }
            _ => Some(left.same(right)),
        }
    }

    /// `item in container`
    pub(crate) fn contains(
        &mut self,
        container: &Value,
        item: &Value,
    ) -> Result<Option<bool>, Raised> {
        if let Value::Object(object) = container
            && let Some(method) = self.special(object, "__contains__")
        {
            let result = self.call(&method, Args::new(vec![item.clone()], None))?;
            return self.truth(&result);
        }
        match library::plain(container) {
            Value::Dict(items) | Value::Set(items) => {
                let items = items.borrow();
                Ok(key_in(
                    item,
                    items.contains_key(&Key(item.clone())),
                    items.keys(),
                ))
            }
            Value::FrozenSet(items) => Ok(key_in(
                item,
                items.contains_key(&Key(item.clone())),
                items.keys(),
            )),
            Value::Str(text) => Ok(match library::plain(item) {
                Value::Str(part) => Some(text.contains(&*part)),
                Value::Unknown(_) | Value::Made(_) => None,
                _ => {
                    return Err(self
                        .raise_type_error("'in <string>' requires string as left operand", None));
                }
            }),
            Value::Bytes(_) | Value::Unknown(_) => Ok(None),
            Value::Class(class) if class.is_enum.get() => {
                for member in library::enum_members(&class) {
                    if member.same(item)
                        || library::equal(self, &library::plain(&member), item)? == Some(true)
                    {
                        return Ok(Some(true));
                    }
                }
                Ok(Some(false))
            }
            other => {
                let Some(items) = self.iterate(&other)? else {
                    return Ok(None);
                };
                let mut is_known = true;
                for candidate in items {
                    if candidate.same(item) && !candidate.is_unknown() {
                        return Ok(Some(true));
                    }
                    match library::equal(self, &candidate, item)? {
                        Some(true) => return Ok(Some(true)),
                        Some(false) => {}
                        None => is_known = false,
                    }
                }
                Ok(is_known.then_some(false))
            }
        }
    }
}

/// Whether a key is among others, of which some may not be known.
fn key_in<'k>(item: &Value, found: bool, mut keys: impl Iterator<Item = &'k Key>) -> Option<bool> {
    if item.is_unknown() {
        return None;
    }
    if found || !keys.any(|key| key.0.is_unknown()) {
        Some(found)
    } else {
        None
    }
}

/// Whether two names are surely of different classes: of what is modelled, by one name each.
fn different_classes(left: &str, right: &str) -> bool {
    let is_class = |name: &str| {
        library::module(name.split('.').next().unwrap_or_default()).is_some()
            && (name.starts_with("builtins.")
                || name.rsplit('.').next().is_some_and(|last| {
                    last.trim_start_matches('_').starts_with(char::is_uppercase)
                }))
    };
    left != right && is_class(left) && is_class(right)
}

/// Whether it is what `object()` gave.
fn is_plain_object(made: &Made) -> bool {
    made.callee.is_symbol("builtins.object")
}

/// Whether a name is written as those of classes are.
fn is_class_name(callee: &Value) -> bool {
    match callee {
        Value::Symbol(symbol) => symbol
            .0
            .rsplit('.')
            .next()
            .is_some_and(|last| last.starts_with(char::is_uppercase)),
        _ => false,
    }
}
