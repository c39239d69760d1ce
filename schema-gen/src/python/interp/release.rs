//! What an evaluation leaves behind refers to itself: a module to its functions, these to the
//! module. Counting references never frees that, so that an evaluation takes it apart at its end.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::{Interp, Scope};
use crate::python::value::{Class, Lazy, Namespace, Value};

impl Drop for Interp<'_> {
    fn drop(&mut self) {
        let mut release = Release::default();
        for (_, module) in self.modules.drain() {
            release.scope(&module.scope);
        }
        for scope in self.kept.drain(..).filter_map(|it| it.upgrade()) {
            release.scope(&scope);
        }
        release
            .open
            .extend(self.forced.drain().filter_map(|it| it.1));
        release.open.extend(self.replaced.drain().map(|it| it.1));
        release
            .open
            .extend(self.realized.drain().filter_map(|it| it.1.1));
        // Each holds itself in its order.
        let classes = self.ordered.drain(..).filter_map(|it| it.upgrade());
        release.open.extend(classes.map(Value::Class));
        release.run();
    }
}

/// Empties whatever can be reached.
#[derive(Default)]
struct Release {
    open: Vec<Value>,
    seen: FxHashSet<usize>,
}

impl Release {
    fn run(&mut self) {
        while let Some(value) = self.open.pop() {
            if identity(&value).is_none_or(|at| self.seen.insert(at)) {
                self.empty(&value);
            }
        }
    }

    fn scope(&mut self, scope: &Scope) {
        let mut next = Some(scope);
        while let Some(scope) = next {
            if !self.seen.insert(Rc::as_ptr(scope).addr()) {
                return;
            }
            self.names(&scope.names);
            self.open.extend(scope.class.take().map(Value::Class));
            next = scope.parent.as_ref();
        }
    }

    fn names(&mut self, names: &RefCell<Namespace>) {
        self.open.extend(names.take().into_values());
    }

    fn all(&mut self, values: &[Value]) {
        self.open.extend_from_slice(values);
    }

    fn empty(&mut self, value: &Value) {
        match value {
            Value::List(items) => self.open.extend(items.take()),
            Value::Tuple(items) => self.all(items),
            Value::Union(items) => self.all(items),
            Value::Slice(parts) => self.all(parts.as_slice()),
            Value::Dict(items) | Value::Set(items) => {
                for (key, value) in items.take() {
                    self.open.extend([key.0, value]);
                }
            }
            Value::FrozenSet(items) => self.open.extend(items.keys().map(|key| key.0.clone())),
            Value::Function(function) => {
                self.names(&function.attributes);
                self.open
                    .extend(function.annotations.take().map(Value::Dict));
                self.open.extend(function.class.take().map(Value::Class));
                self.open
                    .extend(function.defaults.iter().flatten().cloned());
                self.scope(&function.scope);
            }
            Value::Method(pair) => self.open.extend([pair.0.clone(), pair.1.clone()]),
            Value::Descriptor(descriptor) => {
                self.open.push(descriptor.function.clone());
                self.open.extend(descriptor.setter.clone());
                self.all(&descriptor.marks);
            }
            Value::Class(class) => self.class(class),
            Value::Object(object) => {
                self.names(&object.attributes);
                self.open.extend(object.payload.take());
                self.open.push(Value::Class(Rc::clone(&object.class)));
            }
            Value::Module(module) => self.scope(&module.scope),
            Value::Made(made) => {
                self.names(&made.attributes);
                self.open.push(made.callee.clone());
                self.all(&made.args);
                self.open.extend(made.kwargs.values().cloned());
            }
            Value::Generic(generic) => {
                self.open.push(generic.origin.clone());
                self.all(&generic.args);
            }
            Value::Super(pair) => {
                self.open
                    .extend([Value::Class(Rc::clone(&pair.0)), pair.1.clone()]);
            }
            Value::TypeVar(variable) => {
                self.open.extend(variable.bound.clone());
                self.open.extend(variable.default.clone());
                self.all(&variable.constraints);
            }
            Value::Alias(alias) => {
                let target = alias.target.replace(Lazy::Done(Value::None));
                match target {
                    Lazy::Done(value) => self.open.push(value),
                    Lazy::Pending(_, scope, _) => self.scope(&scope),
                }
            }
            Value::Forward(forward) => self.scope(&forward.scope),
            Value::Unknown(_)
            | Value::None
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Str(_)
            | Value::Bytes(_)
            | Value::Ellipsis
            | Value::NotImplemented
            | Value::Native(_)
            | Value::Symbol(_) => {}
        }
    }

    fn class(&mut self, class: &Class) {
        self.names(&class.namespace);
        for annotation in class.annotations.take() {
            self.scope(&annotation.scope);
            self.open.extend(annotation.value);
        }
        let given = class.given_annotations.take();
        self.open.extend(given.into_iter().map(|(_, value)| value));
        self.open.extend(class.marks.take());
        self.open.extend(class.keywords.values().cloned());
        self.all(&class.bases);
        self.all(&class.type_params);
        class.mro.take();
        self.scope(&class.scope);
    }
}

/// The address of what can be reached more than once.
fn identity(value: &Value) -> Option<usize> {
    Some(match value {
        Value::List(it) => Rc::as_ptr(it).addr(),
        Value::Tuple(it) => Rc::as_ptr(it).addr(),
        Value::Union(it) => Rc::as_ptr(it).addr(),
        Value::Slice(it) => Rc::as_ptr(it).addr(),
        Value::Dict(it) | Value::Set(it) => Rc::as_ptr(it).addr(),
        Value::FrozenSet(it) => Rc::as_ptr(it).addr(),
        Value::Function(it) => Rc::as_ptr(it).addr(),
        Value::Method(it) => Rc::as_ptr(it).addr(),
        Value::Descriptor(it) => Rc::as_ptr(it).addr(),
        Value::Class(it) => Rc::as_ptr(it).addr(),
        Value::Object(it) => Rc::as_ptr(it).addr(),
        Value::Module(it) => Rc::as_ptr(it).addr(),
        Value::Made(it) => Rc::as_ptr(it).addr(),
        Value::Generic(it) => Rc::as_ptr(it).addr(),
        Value::Super(it) => Rc::as_ptr(it).addr(),
        Value::TypeVar(it) => Rc::as_ptr(it).addr(),
        Value::Alias(it) => Rc::as_ptr(it).addr(),
        Value::Forward(it) => Rc::as_ptr(it).addr(),
        _ => return None,
    })
}
