//! Truth, and conditions.

use super::{Args, Interp, Raised, Scope};
use crate::python::library;
use crate::python::syntax::{BoolOp, Expr, ExprKind, UnaryOp};
use crate::python::value::Value;

impl Interp<'_> {
    /// `bool(value)`, where it is known.
    pub(crate) fn truth(&mut self, value: &Value) -> Result<Option<bool>, Raised> {
        Ok(match value {
            Value::Unknown(_) => None,
            Value::None => Some(false),
            Value::Bool(flag) => Some(*flag),
            Value::Int(number) => Some(*number != 0),
            Value::Float(number) => Some(*number != 0.0),
            Value::Str(text) => Some(!text.is_empty()),
            Value::Bytes(bytes) => Some(!bytes.is_empty()),
            Value::List(items) => known_length(items.borrow().iter()),
            Value::Tuple(items) => known_length(items.iter()),
            Value::Dict(items) | Value::Set(items) => {
                known_length(items.borrow().keys().map(|key| &key.0))
            }
            Value::FrozenSet(items) => Some(!items.is_empty()),
            Value::Object(object) => {
                for name in ["__bool__", "__len__"] {
                    if let Some(method) = self.special(object, name) {
                        let result = self.call(&method, Args::default())?;
                        return self.truth(&result);
                    }
                }
                let payload = object.payload.borrow().clone();
                match payload {
                    // Members of an enumeration are true unless it is one of `int` or `str`.
                    Some(payload) if !object.class.is_enum.get() || self.has_plain_base(object) => {
                        self.truth(&payload)?
                    }
                    _ if self.is_opaque(&object.class) && !self.is_plain_model(object) => None,
                    _ => Some(true),
                }
            }
            Value::Made(made) => match self.realize(made) {
                Some(Value::Made(_)) => crate::python::pydantic::made_truth(made),
                Some(known) => self.truth(&known)?,
                // A function behind a decorator that is not read.
                None if made.attributes.borrow().contains_key("__wrapped__") => Some(true),
                None => crate::python::pydantic::made_truth(made),
            },
            Value::Symbol(symbol) => match self.force(value) {
                Value::Symbol(_) => library::module(symbol.0.split('.').next().unwrap_or_default())
                    .and(
                        // A modelled class or function.
                        symbol
                            .0
                            .rsplit('.')
                            .next()
                            .filter(|last| last.starts_with(char::is_uppercase))
                            .map(|_| true),
                    ),
                known => self.truth(&known)?,
            },
            Value::Function(_)
            | Value::Method(_)
            | Value::Native(_)
            | Value::Class(_)
            | Value::Module(_)
            | Value::Generic(_)
            | Value::Union(_)
            | Value::TypeVar(_)
            | Value::Alias(_)
            | Value::Descriptor(_)
            | Value::Ellipsis
            | Value::Slice(_)
            | Value::Super(_) => Some(true),
            Value::Forward(_) | Value::NotImplemented => None,
        })
    }

    fn has_plain_base(&mut self, object: &std::rc::Rc<crate::python::value::Object>) -> bool {
        self.mro(&object.class).iter().any(|entry| {
            ["builtins.int", "builtins.str", "builtins.float"]
                .iter()
                .any(|name| entry.is_symbol(name))
                || entry.is_symbol("enum.StrEnum")
                || entry.is_symbol("enum.IntEnum")
        })
    }

    fn is_plain_model(&mut self, object: &std::rc::Rc<crate::python::value::Object>) -> bool {
        let class = Value::Class(std::rc::Rc::clone(&object.class));
        crate::python::pydantic::is_model(self, &class)
    }

    /// The truth of a condition, by three-valued logic.
    pub(super) fn condition(&mut self, test: &Expr, scope: &Scope) -> Result<Option<bool>, Raised> {
        match &test.kind {
            ExprKind::BoolOp(op, parts) => {
                let decisive = *op == BoolOp::Or;
                let mut result = Some(!decisive);
                for part in parts {
                    let known = match result {
                        Some(_) => self.condition(part, scope)?,
                        // If it raises, what stands before it decides: what raises is taken not to happen.
                        None => match self.guarded(&[], |interp| interp.condition(part, scope)) {
                            Err(Raised::Exception(_)) => Some(decisive),
                            known => known?,
                        },
                    };
                    match known {
                        Some(known) if known == decisive => return Ok(Some(decisive)),
                        Some(_) => {}
                        None => result = None,
                    }
                }
                Ok(result)
            }
            ExprKind::Unary(UnaryOp::Not, inner) => {
                Ok(self.condition(inner, scope)?.map(|known| !known))
            }
            _ => {
                let value = self.eval(test, scope)?;
                self.truth(&value)
            }
        }
    }
}

/// Whether a collection is not empty. One of unknowns alone may be.
fn known_length<'v>(mut items: impl Iterator<Item = &'v Value>) -> Option<bool> {
    let Some(first) = items.next() else {
        return Some(false);
    };
    if !first.is_unknown() || items.any(|item| !item.is_unknown()) {
        Some(true)
    } else {
        None
    }
}
