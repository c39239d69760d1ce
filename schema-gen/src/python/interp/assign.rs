//! Assignment.

use std::rc::Rc;

use super::{Args, Interp, Raised, Scope};
use crate::python::library;
use crate::python::syntax::{BinOp, Expr, ExprKind};
use crate::python::value::Value;

impl Interp<'_> {
    pub(super) fn assign(
        &mut self,
        target: &Expr,
        value: Value,
        scope: &Scope,
    ) -> Result<(), Raised> {
        match &target.kind {
            ExprKind::Name(name) => {
                self.bind(name, value, scope);
                Ok(())
            }
            _ => self.assign_to(target, value, scope, false),
        }
    }

    /// Assigns the target of a comprehension, whose names are its own.
    pub(super) fn assign_in(
        &mut self,
        target: &Expr,
        value: Value,
        scope: &Scope,
    ) -> Result<(), Raised> {
        self.assign_to(target, value, scope, true)
    }

    fn assign_to(
        &mut self,
        target: &Expr,
        value: Value,
        scope: &Scope,
        here: bool,
    ) -> Result<(), Raised> {
        match &target.kind {
            ExprKind::Name(name) => {
                if here {
                    scope.names.borrow_mut().insert(Rc::clone(name), value);
                } else {
                    self.bind(name, value, scope);
                }
                Ok(())
            }
            ExprKind::Attribute(object, name) => {
                let object = self.eval(object, scope)?;
                self.set_attribute(&object, name, value)
            }
            ExprKind::Subscript(container, index) => {
                let container = self.eval(container, scope)?;
                let index = self.eval(index, scope)?;
                self.set_subscript(&container, &index, value)
            }
            ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                self.unpack(targets, &value, scope, here, target)
            }
            ExprKind::Starred(inner) => self.assign_to(inner, value, scope, here),
            _ => Ok(()),
        }
    }

    fn unpack(
        &mut self,
        targets: &[Expr],
        value: &Value,
        scope: &Scope,
        here: bool,
        whole: &Expr,
    ) -> Result<(), Raised> {
        let place = self.place(whole, scope);
        let Some(items) = self.iterate(value)? else {
            for target in targets {
                let unknown = match value {
                    Value::Unknown(_) => value.clone(),
                    _ => self.unknown_at("an item of something that is not known", place),
                };
                self.assign_to(target, unknown, scope, here)?;
            }
            return Ok(());
        };
        let star = targets
            .iter()
            .position(|target| matches!(target.kind, ExprKind::Starred(_)));
        let wrong = |interp: &Self, what: &str| {
            let message = format!("{what} values to unpack (expected {})", targets.len());
            let _ = interp;
            library::raise("builtins.ValueError", &message, Some(place))
        };
        let mut items = items.into_iter();
        match star {
            None => {
                if items.len() != targets.len() {
                    let what = if items.len() < targets.len() {
                        "not enough"
                    } else {
                        "too many"
                    };
                    return Err(wrong(self, what));
                }
                for (target, item) in targets.iter().zip(items) {
                    self.assign_to(target, item, scope, here)?;
                }
            }
            Some(star) => {
                let after = targets.len() - star - 1;
                if items.len() < star + after {
                    return Err(wrong(self, "not enough"));
                }
                let middle = items.len() - star - after;
                for (index, target) in targets.iter().enumerate() {
                    let item = if index == star {
                        Some(Value::list(items.by_ref().take(middle).collect()))
                    } else {
                        items.next()
                    };
                    if let Some(item) = item {
                        self.assign_to(target, item, scope, here)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// `target op= value`
    pub(super) fn augmented(
        &mut self,
        target: &Expr,
        op: BinOp,
        value: &Expr,
        scope: &Scope,
    ) -> Result<(), Raised> {
        let place = self.place(target, scope);
        match &target.kind {
            ExprKind::Attribute(object, name) => {
                let object = self.eval(object, scope)?;
                let before = self.attribute(&object, name)?;
                let value = self.eval(value, scope)?;
                let after = self.in_place(op, &before, &value, place)?;
                self.set_attribute(&object, name, after)
            }
            ExprKind::Subscript(container, index) => {
                let container = self.eval(container, scope)?;
                let index = self.eval(index, scope)?;
                let before = self.subscript(&container, &index)?;
                let value = self.eval(value, scope)?;
                let after = self.in_place(op, &before, &value, place)?;
                self.set_subscript(&container, &index, after)
            }
            _ => {
                let before = self.eval(target, scope)?;
                let value = self.eval(value, scope)?;
                let after = self.in_place(op, &before, &value, place)?;
                self.assign(target, after, scope)
            }
        }
    }

    /// `del target`
    pub(super) fn delete(&mut self, target: &Expr, scope: &Scope) -> Result<(), Raised> {
        match &target.kind {
            ExprKind::Name(name) => {
                self.unbind(name, scope);
                Ok(())
            }
            ExprKind::Attribute(object, name) => {
                let object = self.eval(object, scope)?;
                self.delete_attribute(&object, name)
            }
            ExprKind::Subscript(container, index) => {
                let container = self.eval(container, scope)?;
                let index = self.eval(index, scope)?;
                self.delete_subscript(&container, &index)
            }
            ExprKind::Tuple(targets) | ExprKind::List(targets) => targets
                .iter()
                .try_for_each(|target| self.delete(target, scope)),
            _ => Ok(()),
        }
    }

    /// The call of a method by its name.
    pub(crate) fn call_method(
        &mut self,
        value: &Value,
        name: &str,
        args: Vec<Value>,
    ) -> Result<Value, Raised> {
        let method = self.attribute(value, name)?;
        self.call(&method, Args::new(args, None))
    }
}
