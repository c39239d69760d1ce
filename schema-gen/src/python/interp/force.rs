//! Names of installed packages, and calls of them, read when more than the name is needed.

use std::rc::Rc;

use super::bounds::{MAX_STEPS_CALLING, MAX_STEPS_READING};
use super::scope::Origin;
use super::{Args, Interp, Raised};
use crate::python::library;
use crate::python::syntax::Name;
use crate::python::value::{Made, Symbol, Value};

/// Calls of one function of a library that came to nothing, before it is not called any more.
const MAX_FAILURES: u32 = 4;

/// Names of libraries that are read one for the sake of another.
const MAX_READING: usize = 40;

/// The name of what is called.
fn callee_name(callee: &Value) -> Option<Name> {
    match callee {
        Value::Symbol(symbol) => Some(Rc::clone(&symbol.0)),
        _ => None,
    }
}

impl Interp<'_> {
    /// What a name of an installed library stands for, where its source is given; the value itself
    /// for everything else. Modelled libraries (typing, pydantic, …) stay symbols.
    pub(crate) fn force(&mut self, value: &Value) -> Value {
        match value {
            Value::Symbol(symbol) => self.force_symbol(symbol).unwrap_or_else(|| value.clone()),
            Value::Made(made) => self.realize(made).unwrap_or_else(|| value.clone()),
            _ => value.clone(),
        }
    }

    fn force_symbol(&mut self, symbol: &Symbol) -> Option<Value> {
        if let Some(known) = self.forced.get(&symbol.0) {
            return known.clone();
        }
        let top = symbol.0.split('.').next().unwrap_or_default();
        if library::is_modelled(top) || self.options.site_packages.is_empty() {
            return None;
        }
        if self.reading >= MAX_READING {
            return None;
        }
        // Whoever asks for it meanwhile gets the name.
        self.forced.insert(Rc::clone(&symbol.0), None);
        let found = self.apart(MAX_STEPS_READING, |interp| interp.read_symbol(&symbol.0));
        self.forced.insert(Rc::clone(&symbol.0), found.clone());
        found
    }

    fn read_symbol(&mut self, dotted: &str) -> Option<Value> {
        let mut parts = dotted.split('.').peekable();
        let mut path = parts.next()?.to_owned();
        let mut current = Value::Module(self.installed_module(&path)?);
        while let Some(part) = parts.next() {
            path.push('.');
            path.push_str(part);
            let next = match &current {
                Value::Module(module) => {
                    let bound = module.scope.names.borrow().get(part).cloned();
                    // In the middle of a path a module comes before a name of its package.
                    let bound = match bound {
                        Some(Value::Symbol(_)) if parts.peek().is_some() => {
                            self.installed_module(&path).map(Value::Module).or(bound)
                        }
                        bound => bound,
                    };
                    match bound {
                        Some(value) => Some(value),
                        None => match self.installed_module(&path) {
                            Some(module) => Some(Value::Module(module)),
                            None => self.find_attribute(&current, part).ok().flatten(),
                        },
                    }
                }
                other => {
                    let other = other.clone();
                    self.find_attribute(&other, part).ok().flatten()
                }
            };
            current = match next? {
                Value::Symbol(symbol) if *symbol.0 != *dotted => self.force(&Value::Symbol(symbol)),
                next => next,
            };
        }
        match current {
            Value::Unknown(_) => None,
            Value::Symbol(symbol) if *symbol.0 == *dotted => None,
            known => Some(known),
        }
    }

    /// Whether the body of a module or class of an installed package is being run: what it calls
    /// there is left until somebody asks for it.
    pub(super) fn is_loading(&self) -> bool {
        self.frames.last().is_some_and(|frame| {
            frame.function.is_none() && frame.scope.unit.origin == Origin::Installed
        })
    }

    /// What a recorded call comes to, where what is called can be read.
    pub(crate) fn realize(&mut self, made: &Rc<Made>) -> Option<Value> {
        if let Some((_, known)) = self.realized.get(&Rc::as_ptr(made)) {
            return known.clone();
        }
        if self.options.site_packages.is_empty() {
            return None;
        }
        if self.reading >= MAX_READING {
            return None;
        }
        self.realized
            .insert(Rc::as_ptr(made), (Rc::clone(made), None));
        let name = callee_name(&made.callee);
        if name
            .as_ref()
            .and_then(|name| self.failures.get(name))
            .is_some_and(|count| *count >= MAX_FAILURES)
        {
            return None;
        }
        let mut is_spent = false;
        let found = self.apart(MAX_STEPS_CALLING, |interp| {
            let found = interp.call_again(made).ok().flatten();
            is_spent = interp.is_spent();
            found
        });
        if let (None, Some(name)) = (&found, name) {
            *self.failures.entry(name).or_default() += if is_spent { MAX_FAILURES } else { 1 };
        }
        self.realized
            .insert(Rc::as_ptr(made), (Rc::clone(made), found.clone()));
        found
    }

    fn call_again(&mut self, made: &Rc<Made>) -> Result<Option<Value>, Raised> {
        let found = match &made.callee {
            Value::Symbol(symbol) if symbol.is("builtins.getattr") => match made.args.as_slice() {
                [value, Value::Str(name)] => match self.force(value) {
                    Value::Made(_) | Value::Symbol(_) => None,
                    known => self.find_attribute(&known, name)?,
                },
                _ => None,
            },
            Value::Symbol(symbol) if symbol.is("operator.getitem") => match made.args.as_slice() {
                [value, index] => match self.force(value) {
                    Value::Made(_) | Value::Symbol(_) => None,
                    known => Some(self.subscript(&known, index)?),
                },
                _ => None,
            },
            callee => match self.force(callee) {
                Value::Made(_) | Value::Symbol(_) | Value::Unknown(_) => None,
                known => {
                    let mut args = Args::new(made.args.clone(), made.place);
                    args.keywords = made.kwargs.clone();
                    Some(self.call(&known, args)?)
                }
            },
        };
        Ok(found.filter(|found| match found {
            Value::Unknown(_) => false,
            Value::Made(other) => !Rc::ptr_eq(other, made),
            _ => true,
        }))
    }

    /// Evaluates what does not depend on where it is asked for.
    fn apart<T>(&mut self, steps: u64, run: impl FnOnce(&mut Self) -> T) -> T {
        let journals = std::mem::take(&mut self.journals);
        let guards = std::mem::take(&mut self.guards);
        let module_guards = std::mem::take(&mut self.module_guards);
        self.reading += 1;
        let uncertain = self.uncertain.take();
        let at = self.at.take();
        let result = self.bounded(steps, run);
        self.at = at;
        self.uncertain = uncertain;
        self.reading -= 1;
        self.module_guards = module_guards;
        self.guards = guards;
        self.journals = journals;
        result
    }
}
