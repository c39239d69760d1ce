//! What is written under a condition that is not known, so that it can be taken back and joined
//! with what the other branches write.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::{Interp, Scope};
use crate::python::syntax::Name;
use crate::python::value::{Class, Dict, Function, Made, Namespace, Object, Unknown, Value};

/// Where a value is written.
#[derive(Clone)]
pub(super) enum Slot {
    Name(Scope, Name),
    ObjectAttribute(Rc<Object>, Name),
    ClassAttribute(Rc<Class>, Name),
    FunctionAttribute(Rc<Function>, Name),
    MadeAttribute(Rc<Made>, Name),
    /// All of a list, dictionary or set.
    Contents(Value),
}

/// What a slot holds: a value or nothing; for contents, a copy of the collection.
type Held = Option<Value>;

#[derive(Default)]
pub(super) struct Journal {
    entries: Vec<(Slot, Held)>,
    seen: FxHashSet<(usize, Option<Name>)>,
}

/// What a branch wrote: where, what was there before, and what is there after.
pub(super) struct Write {
    pub(super) slot: Slot,
    pub(super) before: Held,
    pub(super) after: Held,
}

impl Slot {
    pub(super) fn key(&self) -> (usize, Option<Name>) {
        match self {
            Self::Name(scope, name) => (Rc::as_ptr(scope).addr(), Some(Rc::clone(name))),
            Self::ObjectAttribute(it, name) => (Rc::as_ptr(it).addr(), Some(Rc::clone(name))),
            Self::ClassAttribute(it, name) => (Rc::as_ptr(it).addr(), Some(Rc::clone(name))),
            Self::FunctionAttribute(it, name) => (Rc::as_ptr(it).addr(), Some(Rc::clone(name))),
            Self::MadeAttribute(it, name) => (Rc::as_ptr(it).addr(), Some(Rc::clone(name))),
            Self::Contents(Value::List(it)) => (Rc::as_ptr(it).addr(), None),
            Self::Contents(Value::Dict(it) | Value::Set(it)) => (Rc::as_ptr(it).addr(), None),
            Self::Contents(_) => (0, None),
        }
    }

    pub(super) fn is_in(&self, scope: &Scope) -> bool {
        matches!(self, Self::Name(it, _) if Rc::ptr_eq(it, scope))
    }

    fn get(&self) -> Held {
        match self {
            Self::Name(scope, name) => scope.names.borrow().get(name).cloned(),
            Self::ObjectAttribute(it, name) => it.attributes.borrow().get(name).cloned(),
            Self::ClassAttribute(it, name) => it.namespace.borrow().get(name).cloned(),
            Self::FunctionAttribute(it, name) => it.attributes.borrow().get(name).cloned(),
            Self::MadeAttribute(it, name) => it.attributes.borrow().get(name).cloned(),
            Self::Contents(Value::List(it)) => Some(Value::list(it.borrow().clone())),
            Self::Contents(Value::Dict(it)) => Some(Value::dict(it.borrow().clone())),
            Self::Contents(Value::Set(it)) => Some(Value::dict(it.borrow().clone())),
            Self::Contents(_) => None,
        }
    }

    fn set(&self, held: Held) {
        fn put(namespace: &mut Namespace, name: &Name, held: Held) {
            match held {
                Some(value) => {
                    namespace.insert(Rc::clone(name), value);
                }
                None => {
                    namespace.shift_remove(name);
                }
            }
        }
        match self {
            Self::Name(scope, name) => put(&mut scope.names.borrow_mut(), name, held),
            Self::ObjectAttribute(it, name) => put(&mut it.attributes.borrow_mut(), name, held),
            Self::ClassAttribute(it, name) => put(&mut it.namespace.borrow_mut(), name, held),
            Self::FunctionAttribute(it, name) => put(&mut it.attributes.borrow_mut(), name, held),
            Self::MadeAttribute(it, name) => put(&mut it.attributes.borrow_mut(), name, held),
            Self::Contents(collection) => match (collection, held) {
                (Value::List(to), Some(Value::List(from))) => {
                    *to.borrow_mut() = from.borrow().clone()
                }
                (Value::Dict(to) | Value::Set(to), Some(Value::Dict(from))) => {
                    *to.borrow_mut() = from.borrow().clone()
                }
                _ => {}
            },
        }
    }
}

impl Interp<'_> {
    /// Notes what a slot holds before it is written.
    pub(super) fn note(&mut self, slot: Slot) {
        let Some(journal) = self.journals.last_mut() else {
            return;
        };
        if journal.seen.insert(slot.key()) {
            let held = slot.get();
            journal.entries.push((slot, held));
        }
    }

    /// To be called before a list, dictionary or set is changed in place.
    pub(crate) fn touch(&mut self, collection: &Value) {
        if !self.journals.is_empty() {
            self.note(Slot::Contents(collection.clone()));
        }
    }

    /// Begins to record what is written.
    pub(super) fn record(&mut self) {
        self.journals.push(Journal::default());
    }

    /// Ends the recording and takes everything back.
    pub(super) fn take_back(&mut self) -> Vec<Write> {
        let Some(journal) = self.journals.pop() else {
            return Vec::new();
        };
        let mut writes = Vec::with_capacity(journal.entries.len());
        for (slot, before) in journal.entries {
            let after = slot.get();
            slot.set(before.clone());
            writes.push(Write {
                slot,
                before,
                after,
            });
        }
        writes
    }

    /// Writes the value that a slot has after branches of which it is not known which one ran.
    pub(super) fn write_joined(
        &mut self,
        slot: &Slot,
        before: &Held,
        afters: &[Held],
        why: &Rc<Unknown>,
    ) {
        let joined = match slot {
            Slot::Contents(_) => join_contents(before, afters, why),
            _ => join_held(before, afters, why),
        };
        self.note(slot.clone());
        slot.set(joined);
    }
}

fn join_held(before: &Held, afters: &[Held], why: &Rc<Unknown>) -> Held {
    let mut present = afters.iter().flatten();
    let first = present.next()?;
    let is_equal = present.all(|other| deep_same(first, other, 8));
    let is_complete = afters.iter().all(Option::is_some);
    // Assigned in some branches only: where it is used, it must have been assigned.
    if is_equal && (is_complete || before.is_none()) {
        return Some(first.clone());
    }
    Some(Value::Unknown(Rc::clone(why)))
}

fn join_contents(before: &Held, afters: &[Held], why: &Rc<Unknown>) -> Held {
    let first = afters.first()?.as_ref()?;
    if afters.iter().all(|other| {
        other
            .as_ref()
            .is_some_and(|other| deep_same(first, other, 8))
    }) {
        return Some(first.clone());
    }
    match before.as_ref()? {
        Value::List(before) => {
            let before = before.borrow();
            let mut joined = before.clone();
            for after in afters {
                let Some(Value::List(after)) = after else {
                    continue;
                };
                let after = after.borrow();
                let kept = after.len() >= before.len()
                    && before.iter().zip(after.iter()).all(|(b, a)| b.same(a));
                if !kept {
                    return Some(Value::list(vec![Value::Unknown(Rc::clone(why))]));
                }
                joined.extend(
                    after
                        .iter()
                        .skip(before.len())
                        .map(|item| perhaps(item, why)),
                );
            }
            Some(Value::list(joined))
        }
        Value::Dict(before) => {
            let before = before.borrow();
            let mut joined = Dict::default();
            let dicts: Vec<_> = afters
                .iter()
                .filter_map(|after| match after {
                    Some(Value::Dict(after)) => Some(after.borrow()),
                    _ => None,
                })
                .collect();
            let keys = before
                .keys()
                .chain(dicts.iter().flat_map(|dict| dict.keys()));
            for key in keys {
                if joined.contains_key(key) {
                    continue;
                }
                let mut values = dicts.iter().map(|dict| dict.get(key));
                let Some(first) = dicts.iter().find_map(|dict| dict.get(key)) else {
                    continue;
                };
                let is_sure =
                    values.all(|value| value.is_some_and(|value| deep_same(first, value, 8)));
                joined.insert(
                    key.clone(),
                    if is_sure {
                        first.clone()
                    } else {
                        perhaps(first, why)
                    },
                );
            }
            Some(Value::dict(joined))
        }
        _ => None,
    }
}

/// An item that may or may not be there. An object carries that itself.
fn perhaps(item: &Value, why: &Rc<Unknown>) -> Value {
    match item {
        Value::Object(object) if object.uncertain.is_some() => item.clone(),
        _ => Value::Unknown(Rc::clone(why)),
    }
}

/// Whether two values are the same to whoever reads them, down to a depth.
pub(super) fn deep_same(left: &Value, right: &Value, depth: u32) -> bool {
    if depth == 0 {
        return left.same(right);
    }
    let all = |left: &[Value], right: &[Value]| {
        left.len() == right.len()
            && left
                .iter()
                .zip(right)
                .all(|(left, right)| deep_same(left, right, depth - 1))
    };
    match (left, right) {
        (Value::Bool(_), Value::Int(_)) | (Value::Int(_), Value::Bool(_)) => false,
        (Value::Float(_), Value::Int(_)) | (Value::Int(_), Value::Float(_)) => false,
        (Value::List(left), Value::List(right)) => {
            Rc::ptr_eq(left, right) || {
                let (left, right) = (left.borrow(), right.borrow());
                all(&left, &right)
            }
        }
        (Value::Tuple(left), Value::Tuple(right)) => all(left, right),
        (Value::Dict(left), Value::Dict(right)) => {
            Rc::ptr_eq(left, right) || {
                let (left, right) = (left.borrow(), right.borrow());
                left.len() == right.len()
                    && left
                        .iter()
                        .zip(right.iter())
                        .all(|((k, v), (l, w))| k == l && deep_same(v, w, depth - 1))
            }
        }
        (Value::Set(left), Value::Set(right)) => {
            Rc::ptr_eq(left, right) || {
                let (left, right) = (left.borrow(), right.borrow());
                left.len() == right.len() && left.keys().all(|key| right.contains_key(key))
            }
        }
        (Value::Made(left), Value::Made(right)) => {
            Rc::ptr_eq(left, right)
                || deep_same(&left.callee, &right.callee, depth - 1)
                    && all(&left.args, &right.args)
                    && same_names(&left.kwargs, &right.kwargs, depth - 1)
                    && same_names(
                        &left.attributes.borrow(),
                        &right.attributes.borrow(),
                        depth - 1,
                    )
        }
        (Value::Generic(left), Value::Generic(right)) => {
            deep_same(&left.origin, &right.origin, depth - 1) && all(&left.args, &right.args)
        }
        _ => left.same(right),
    }
}

fn same_names(left: &Namespace, right: &Namespace, depth: u32) -> bool {
    left.len() == right.len()
        && left.iter().all(|(name, value)| {
            right
                .get(name)
                .is_some_and(|other| deep_same(value, other, depth))
        })
}
