//! Context managers.

use std::cell::RefCell;
use std::rc::Rc;

use super::branch::Flow;
use super::{Args, Guard, Interp, Raised, Scope};
use crate::python::library;
use crate::python::syntax::With;
use crate::python::value::{Made, Unknown, Value};

/// How the body went on, and what stopped it, once it has run.
type Outcome = Rc<RefCell<Option<(Flow, Option<Rc<Unknown>>)>>>;

/// The body of a `with` statement, to run where its context manager yields.
pub(super) struct AtYield {
    with: Rc<With>,
    index: usize,
    scope: Scope,
    /// The number of calls that were under way at the statement.
    depth: usize,
    outcome: Outcome,
}

impl Interp<'_> {
    /// Runs a `with` statement from its item of that index on.
    pub(super) fn exec_with(
        &mut self,
        with: &Rc<With>,
        index: usize,
        scope: &Scope,
    ) -> Result<Flow, Raised> {
        let Some((expression, target)) = with.items.get(index) else {
            return self.exec_block(&with.body, scope);
        };
        let manager = self.eval(expression, scope)?;
        match &manager {
            Value::Made(made) if made.callee.is_symbol("contextlib._GeneratorContextManager") => {
                return self.with_generator(made, with, index, scope);
            }
            Value::Made(made) if made.callee.is_symbol("contextlib.suppress") => {
                self.guards.push(Guard::Handlers(
                    made.args.iter().cloned().map(Some).collect(),
                ));
                let result = self.exec_with(with, index + 1, scope);
                self.guards.pop();
                return match result {
                    Err(Raised::Exception(exception))
                        if made
                            .args
                            .iter()
                            .any(|class| self.handles(Some(class), &exception)) =>
                    {
                        Ok(Flow::Normal)
                    }
                    result => result,
                };
            }
            _ => {}
        }
        let manager = match &manager {
            Value::Made(_) => self.force(&manager),
            _ => manager,
        };
        let (entered, exit) = match &manager {
            Value::Object(object) => {
                let enter = match self.special(object, "__enter__") {
                    Some(enter) => Some(enter),
                    None => self.special(object, "__aenter__"),
                };
                let exit = match self.special(object, "__exit__") {
                    Some(exit) => Some(exit),
                    None => self.special(object, "__aexit__"),
                };
                match enter {
                    Some(enter) => (self.call_awaited(&enter, Vec::new())?, exit),
                    None => (self.entered(&manager)?, None),
                }
            }
            // A generator that was run.
            Value::List(items) => {
                let first = items.borrow().first().cloned();
                (
                    first.unwrap_or_else(|| Value::unknown("what a context manager gives", None)),
                    None,
                )
            }
            _ => (self.entered(&manager)?, None),
        };
        if let Some(target) = target {
            self.assign(target, entered, scope)?;
        }
        let result = self.exec_with(with, index + 1, scope);
        let Some(exit) = exit else { return result };
        match result {
            Ok(flow) => {
                self.call_awaited(&exit, vec![Value::None, Value::None, Value::None])?;
                Ok(flow)
            }
            Err(Raised::Exception(exception)) => {
                let class = library::type_of(self, &exception);
                let swallowed =
                    self.call_awaited(&exit, vec![class, exception.clone(), Value::None])?;
                match self.truth(&swallowed)? {
                    Some(true) => Ok(Flow::Normal),
                    _ => Err(Raised::Exception(exception)),
                }
            }
            stopped => stopped,
        }
    }

    fn call_awaited(&mut self, method: &Value, args: Vec<Value>) -> Result<Value, Raised> {
        let result = self.call(method, Args::new(args, None))?;
        match &result {
            Value::Made(made) if made.callee.is_symbol("types.CoroutineType") => {
                self.await_value(&result)
            }
            _ => Ok(result),
        }
    }

    /// What `__enter__` of something that is no object of the service gives.
    fn entered(&mut self, manager: &Value) -> Result<Value, Raised> {
        match self.find_attribute(manager, "__enter__")? {
            Some(Value::Made(_)) | Some(Value::Symbol(_)) | None => Ok(Value::unknown(
                format!("what the context manager {manager:?} gives"),
                None,
            )),
            Some(Value::Unknown(why)) => Ok(Value::Unknown(why)),
            Some(enter) => self.call(&enter, Args::default()),
        }
    }

    fn with_generator(
        &mut self,
        made: &Rc<Made>,
        with: &Rc<With>,
        index: usize,
        scope: &Scope,
    ) -> Result<Flow, Raised> {
        let Some((function, args)) = Self::resumed(made) else {
            return Ok(Flow::Normal);
        };
        let outcome = Rc::new(RefCell::new(None));
        let at_yield = AtYield {
            with: Rc::clone(with),
            index,
            scope: Rc::clone(scope),
            depth: self.frames.len(),
            outcome: Rc::clone(&outcome),
        };
        let result = self.run_function(&function, args, Some(at_yield));
        let reached = outcome.borrow_mut().take();
        match (reached, result) {
            (Some((flow, uncertain)), Ok(_)) => {
                self.uncertain = uncertain;
                Ok(flow)
            }
            (None, Ok(_)) => self.exec_with(with, index + 1, scope),
            (_, Err(raised)) => Err(raised),
        }
    }

    /// `yield` in a context manager whose `with` statement waits: runs the statement's body.
    pub(super) fn yield_to_with(
        &mut self,
        at_yield: AtYield,
        value: Value,
    ) -> Result<Value, Raised> {
        let AtYield {
            with,
            index,
            scope,
            depth,
            outcome,
        } = at_yield;
        let above = self.frames.split_off(depth.min(self.frames.len()));
        let result = match with
            .items
            .get(index)
            .and_then(|(_, target)| target.as_ref())
        {
            Some(target) => self.assign(target, value, &scope),
            None => Ok(()),
        };
        let result = result.and_then(|()| self.exec_with(&with, index + 1, &scope));
        self.frames.extend(above);
        match result {
            Ok(flow) => {
                *outcome.borrow_mut() = Some((flow, self.uncertain.clone()));
                Ok(Value::None)
            }
            Err(raised) => {
                *outcome.borrow_mut() = Some((Flow::Normal, self.uncertain.clone()));
                Err(raised)
            }
        }
    }
}
