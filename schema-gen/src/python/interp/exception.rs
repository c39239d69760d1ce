//! Exceptions: `raise`, `try`, and what catches what.

use super::branch::{Branch, Flow};
use super::{Args, Guard, Interp, Raised, Scope};
use crate::python::library;
use crate::python::syntax::{Expr, Handler, Stmt, StmtKind};
use crate::python::value::{Place, Value};

impl<'t> Interp<'t> {
    /// Evaluates something whose caller handles exceptions of these builtin classes (of any where
    /// there is none).
    pub(crate) fn guarded<T>(
        &mut self,
        classes: &[&str],
        run: impl FnOnce(&mut Self) -> Result<T, Raised>,
    ) -> Result<T, Raised> {
        let handlers = match classes {
            [] => vec![None],
            classes => classes
                .iter()
                .map(|class| Some(Value::symbol(class)))
                .collect(),
        };
        self.guards.push(Guard::Handlers(handlers));
        let result = run(self);
        self.guards.pop();
        result
    }

    pub(super) fn raise_type_error(&self, message: &str, place: Option<Place>) -> Raised {
        library::raise("builtins.TypeError", message, place)
    }

    /// Whether something around the place that is being evaluated catches an exception.
    pub(super) fn is_caught(&mut self, exception: &Value) -> bool {
        self.is_caught_within(exception, 0)
    }

    /// Whether something in the module that is being run catches an exception.
    pub(super) fn is_caught_here(&mut self, exception: &Value) -> bool {
        self.is_caught_within(exception, self.module_guards)
    }

    fn is_caught_within(&mut self, exception: &Value, start: usize) -> bool {
        let all: Vec<Option<Value>> = self
            .guards
            .iter()
            .skip(start)
            .flat_map(|guard| match guard {
                Guard::Handlers(handlers) => handlers.as_slice(),
                Guard::Branch => &[],
            })
            .cloned()
            .collect();
        all.iter()
            .any(|handler| self.handles(handler.as_ref(), exception))
    }

    /// Whether `except handler` catches an exception.
    pub(super) fn handles(&mut self, handler: Option<&Value>, exception: &Value) -> bool {
        match handler {
            None => true,
            Some(Value::Tuple(all)) => all.iter().any(|one| self.handles(Some(one), exception)),
            Some(Value::Unknown(_)) => true,
            Some(_) if exception.is_unknown() => true,
            Some(Value::Symbol(symbol)) => {
                if self.is_exception(exception, &symbol.0) {
                    return true;
                }
                match self.force(&Value::Symbol(symbol.clone())) {
                    Value::Symbol(_) => false,
                    forced => self.handles(Some(&forced), exception),
                }
            }
            Some(Value::Class(class)) => match exception {
                Value::Object(object) => {
                    let own = std::rc::Rc::clone(&object.class);
                    self.is_subclass_of(&own, class)
                }
                _ => false,
            },
            Some(_) => false,
        }
    }

    /// Whether an exception is of a builtin class.
    pub(crate) fn is_exception(&mut self, exception: &Value, symbol: &str) -> bool {
        match exception {
            Value::Made(made) => {
                let callee = made.callee.clone();
                self.is_subclass(&callee, symbol)
            }
            Value::Object(object) => {
                let class = Value::Class(std::rc::Rc::clone(&object.class));
                self.is_subclass(&class, symbol)
            }
            _ => false,
        }
    }

    pub(super) fn exec_raise(
        &mut self,
        exception: Option<&Expr>,
        scope: &Scope,
        place: Place,
    ) -> Result<Flow, Raised> {
        let value = match exception {
            None => match self.handled.last() {
                Some(handled) => handled.clone(),
                None => Value::unknown("an exception that is raised again", Some(place)),
            },
            Some(expression) => match self.eval(expression, scope)? {
                class @ (Value::Class(_) | Value::Symbol(_)) => {
                    self.call(&class, Args::new(Vec::new(), Some(place)))?
                }
                value => value,
            },
        };
        self.explicit = Some(value.clone());
        Err(Raised::Exception(value))
    }

    pub(super) fn exec_try(
        &mut self,
        body: &[Stmt],
        handlers: &[Handler],
        otherwise: &[Stmt],
        finally: &[Stmt],
        scope: &Scope,
    ) -> Result<Flow, Raised> {
        let mut caught = Vec::with_capacity(handlers.len());
        for handler in handlers {
            caught.push(match &handler.exception {
                Some(expression) => Some(self.eval(expression, scope)?),
                None => None,
            });
        }
        let result = match self.uncertain_import(body, handlers, &caught) {
            Some((module, handler)) => {
                let place = self.import_place(body, scope);
                let why = std::rc::Rc::new(crate::python::value::Unknown {
                    why: format!("depends on whether `{module}` is installed"),
                    place,
                });
                let all: Vec<Branch<'_, 't>> = vec![
                    Box::new(|interp: &mut Interp<'t>| {
                        interp.try_body(body, handlers, &caught, otherwise, scope)
                    }),
                    Box::new(move |interp: &mut Interp<'t>| {
                        interp.exec_block(&handler.body, scope)
                    }),
                ];
                self.run_branches(&why, all, scope)
            }
            None => self.try_body(body, handlers, &caught, otherwise, scope),
        };
        if finally.is_empty() || matches!(result, Err(Raised::Stopped(_))) {
            return result;
        }
        match self.exec_block(finally, scope)? {
            Flow::Normal => result,
            flow => Ok(flow),
        }
    }

    fn try_body(
        &mut self,
        body: &[Stmt],
        handlers: &[Handler],
        caught: &[Option<Value>],
        otherwise: &[Stmt],
        scope: &Scope,
    ) -> Result<Flow, Raised> {
        self.guards.push(Guard::Handlers(caught.to_vec()));
        let result = self.exec_block(body, scope);
        self.guards.pop();
        let exception = match result {
            Ok(Flow::Normal) => return self.exec_block(otherwise, scope),
            Err(Raised::Exception(exception)) => exception,
            result => return result,
        };
        for (handler, class) in handlers.iter().zip(caught) {
            if !self.handles(class.as_ref(), &exception) {
                continue;
            }
            if let Some(name) = &handler.name {
                self.bind(name, exception.clone(), scope);
            }
            self.handled.push(exception);
            let result = self.exec_block(&handler.body, scope);
            self.handled.pop();
            if let Some(name) = &handler.name {
                self.unbind(name, scope);
            }
            return result;
        }
        Err(Raised::Exception(exception))
    }

    /// `try: import x` / `except ImportError:` where it is not known whether `x` is installed: the
    /// module, and the handler.
    fn uncertain_import<'s>(
        &mut self,
        body: &[Stmt],
        handlers: &'s [Handler],
        caught: &[Option<Value>],
    ) -> Option<(String, &'s Handler)> {
        let module = body.iter().find_map(|statement| match &statement.kind {
            StmtKind::Import(names) => names
                .iter()
                .map(|(name, _)| name)
                .find(|name| self.may_be_absent(name))
                .map(|name| name.to_string()),
            StmtKind::ImportFrom {
                module: Some(module),
                level: 0,
                ..
            } => self.may_be_absent(module).then(|| module.to_string()),
            _ => None,
        })?;
        let Raised::Exception(absent) = library::raise("builtins.ModuleNotFoundError", "", None)
        else {
            return None;
        };
        let (handler, _) = handlers
            .iter()
            .zip(caught)
            .find(|(_, class)| self.handles(class.as_ref(), &absent))?;
        Some((module, handler))
    }

    fn import_place(&self, body: &[Stmt], scope: &Scope) -> Option<Place> {
        body.first().map(|statement| Place {
            file: scope.file,
            span: statement.span,
        })
    }
}
