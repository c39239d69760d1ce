//! Calls.

use std::rc::Rc;

use super::branch::Flow;
use super::journal::deep_same;
use super::{Args, Frame, Interp, Raised, ScopeData, ScopeKind};
use crate::python::library;
use crate::python::syntax::ParameterKind;
use crate::python::value::{
    Code, Descriptor, DescriptorKind, Dict, Function, Generic, Key, Made, Namespace, Value,
};

/// How often a function may call itself where it is not known whether it does.
const MAX_UNCERTAIN_RECURSION: usize = 3;

impl Interp<'_> {
    pub(crate) fn call(&mut self, callee: &Value, args: Args) -> Result<Value, Raised> {
        self.step(args.place)?;
        if let Some(unknown) = self.too_deep(args.place) {
            return Ok(unknown);
        }
        match callee {
            Value::Function(function) => self.call_function(function, args),
            Value::Method(pair) => {
                let mut args = args;
                args.positional.insert(0, pair.0.clone());
                self.call(&pair.1, args)
            }
            Value::Native(native) => (native.run)(self, args),
            Value::Class(class) => self.instantiate(class, args),
            Value::Generic(generic) => self.call_generic(generic, args),
            Value::Symbol(symbol) => {
                if let Some(value) = self.call_own(symbol, &args) {
                    return value;
                }
                library::call_symbol(self, symbol, args)
            }
            Value::Made(made) => {
                if let Some(result) = library::call_made(self, made, args.clone()) {
                    return result;
                }
                if self.is_loading() {
                    return Ok(record(callee.clone(), args));
                }
                match self.realize(made) {
                    Some(known) => self.call(&known, args),
                    None => Ok(record(callee.clone(), args)),
                }
            }
            Value::Object(object) => match self.special(object, "__call__") {
                Some(method) => self.call(&method, args),
                None if self.is_opaque(&object.class) => Ok(record(callee.clone(), args)),
                None => Err(self.raise_type_error(
                    &format!("'{}' object is not callable", object.class.name.borrow()),
                    args.place,
                )),
            },
            Value::Descriptor(descriptor) if descriptor.kind == DescriptorKind::StaticMethod => {
                let function = descriptor.function.clone();
                self.call(&function, args)
            }
            Value::Alias(alias) if alias.is_new_type => {
                Ok(args.positional.first().cloned().unwrap_or(Value::None))
            }
            Value::Unknown(_) => Ok(callee.clone()),
            Value::Forward(_)
            | Value::TypeVar(_)
            | Value::Union(_)
            | Value::Alias(_)
            | Value::Super(_) => Ok(record(callee.clone(), args)),
            _ => {
                let what = self.type_name(callee);
                Err(self.raise_type_error(&format!("'{what}' object is not callable"), args.place))
            }
        }
    }

    fn call_generic(&mut self, generic: &Rc<Generic>, args: Args) -> Result<Value, Raised> {
        match &generic.origin {
            Value::Class(class) => {
                let made = self.instantiate(class, args)?;
                if let Value::Object(object) = &made {
                    let alias = Value::Generic(Rc::clone(generic));
                    object
                        .attributes
                        .borrow_mut()
                        .insert(Rc::from("__orig_class__"), alias);
                }
                Ok(made)
            }
            origin => {
                let origin = origin.clone();
                self.call(&origin, args)
            }
        }
    }

    pub(super) fn call_function(
        &mut self,
        function: &Rc<Function>,
        args: Args,
    ) -> Result<Value, Raised> {
        if function
            .attributes
            .borrow()
            .contains_key("__contextmanager__")
        {
            return Ok(self.suspended("contextlib._GeneratorContextManager", function, args));
        }
        // An asynchronous generator is read like any other; `await` is what runs a coroutine.
        if function.is_async() && !function.is_generator() {
            return Ok(self.suspended("types.CoroutineType", function, args));
        }
        self.run_function(function, args, None)
    }

    /// A call that runs later.
    fn suspended(&self, symbol: &str, function: &Rc<Function>, args: Args) -> Value {
        let mut keywords = Dict::default();
        keywords.extend(
            args.keywords
                .into_iter()
                .map(|(name, value)| (Key(Value::Str(name)), value)),
        );
        let place = args.place;
        let args = vec![
            Value::Function(Rc::clone(function)),
            Value::Tuple(Rc::from(args.positional)),
            Value::dict(keywords),
            Value::Bool(args.incomplete),
        ];
        Value::Made(Rc::new(Made {
            callee: Value::symbol(symbol),
            args,
            kwargs: Namespace::default(),
            place,
            attributes: Default::default(),
        }))
    }

    /// The function and the arguments of a call that was put off.
    pub(super) fn resumed(made: &Made) -> Option<(Rc<Function>, Args)> {
        let [
            Value::Function(function),
            Value::Tuple(positional),
            Value::Dict(keywords),
            Value::Bool(incomplete),
        ] = made.args.as_slice()
        else {
            return None;
        };
        let mut args = Args::new(positional.to_vec(), made.place);
        args.incomplete = *incomplete;
        for (key, value) in keywords.borrow().iter() {
            if let Value::Str(name) = &key.0 {
                args.keywords.insert(Rc::clone(name), value.clone());
            }
        }
        Some((Rc::clone(function), args))
    }

    /// Runs a function's body.
    pub(super) fn run_function(
        &mut self,
        function: &Rc<Function>,
        args: Args,
        at_yield: Option<super::with::AtYield>,
    ) -> Result<Value, Raised> {
        if let Some(why) = &self.uncertain {
            let is_same = |frame: &&Frame| {
                frame
                    .function
                    .as_ref()
                    .is_some_and(|it| Rc::ptr_eq(it, function))
            };
            // Each condition that is not known on the way from one call to the next counts.
            let mut reasons: Vec<_> = self
                .frames
                .iter()
                .filter(is_same)
                .map(|frame| frame.uncertain.as_ref().map(Rc::as_ptr))
                .chain([Some(Rc::as_ptr(why))])
                .collect();
            reasons.dedup();
            if reasons.len() > MAX_UNCERTAIN_RECURSION {
                return Ok(Value::Unknown(Rc::clone(why)));
            }
        }
        let receiver = args.positional.first().cloned();
        let names = self.bind_arguments(function, args)?;
        let qualname = Rc::clone(&function.qualname);
        let scope = ScopeData::inside(ScopeKind::Function, &function.scope, Some(qualname));
        *scope.names.borrow_mut() = names;
        let uncertain = self.uncertain.clone();
        self.frames.push(Frame {
            scope: Rc::clone(&scope),
            function: Some(Rc::clone(function)),
            receiver,
            pending: Vec::new(),
            yields: Vec::new(),
            uncertain: uncertain.clone(),
            at_yield,
        });
        let result = match &function.code {
            Code::Lambda(lambda) => self.eval(&lambda.body, &scope).map(Flow::Return),
            Code::Def(def) => match def.body.statements() {
                Ok(statements) => self.exec_block(&statements, &scope),
                Err(failure) => Err(self.unreadable(failure, function.file)),
            },
        };
        let frame = self.frames.pop();
        self.uncertain = uncertain;
        // The frame had the other one.
        if Rc::strong_count(&scope) > 1 + usize::from(frame.is_some()) {
            self.kept.push(Rc::downgrade(&scope));
        }
        let (pending, yields) = frame
            .map(|frame| (frame.pending, frame.yields))
            .unwrap_or_default();
        let mut value = match result {
            Ok(Flow::Return(value)) => Some(value),
            Ok(_) => Some(Value::None),
            // It has returned before, or it raises: what raises is taken not to happen.
            Err(Raised::Exception(_)) if !pending.is_empty() => None,
            Err(raised) => return Err(raised),
        };
        if function.is_generator() {
            return Ok(Value::list(yields));
        }
        for (other, why) in pending {
            value = Some(match value {
                None => other,
                Some(value) if deep_same(&other, &value, 8) => value,
                Some(_) => Value::Unknown(why),
            });
        }
        Ok(value.unwrap_or(Value::None))
    }

    fn bind_arguments(&mut self, function: &Rc<Function>, args: Args) -> Result<Namespace, Raised> {
        let Args {
            positional,
            mut keywords,
            place,
            incomplete,
        } = args;
        let given = positional.len();
        let mut positional = positional.into_iter();
        let mut names = Namespace::with_capacity_and_hasher(
            function.parameters().list.len() + 4,
            Default::default(),
        );
        let mut rest = false;
        for (index, parameter) in function.parameters().list.iter().enumerate() {
            let value = match parameter.kind {
                ParameterKind::PositionalOnly => positional.next(),
                ParameterKind::PositionalOrKeyword => match positional.next() {
                    Some(value) => {
                        if keywords.contains_key(&parameter.name) && !incomplete {
                            let message = format!(
                                "{}() got multiple values for argument '{}'",
                                function.qualname, parameter.name
                            );
                            return Err(self.raise_type_error(&message, place));
                        }
                        Some(value)
                    }
                    None => keywords.shift_remove(&parameter.name),
                },
                ParameterKind::VarPositional => {
                    let mut all: Vec<Value> = positional.by_ref().collect();
                    if incomplete {
                        all.push(Value::unknown("not all arguments are known", place));
                    }
                    Some(Value::Tuple(Rc::from(all)))
                }
                ParameterKind::KeywordOnly => keywords.shift_remove(&parameter.name),
                ParameterKind::VarKeyword => {
                    rest = true;
                    None
                }
            };
            if parameter.kind == ParameterKind::VarKeyword {
                continue;
            }
            let default = || function.defaults.get(index).cloned().flatten();
            let value = match value {
                Some(value) => value,
                // It may have been among what is not known.
                None if incomplete => Value::unknown("not all arguments are known", place),
                None => match default() {
                    Some(value) => value,
                    None => {
                        let message = format!(
                            "{}() missing 1 required argument: '{}'",
                            function.qualname, parameter.name
                        );
                        return Err(self.raise_type_error(&message, place));
                    }
                },
            };
            names.insert(Rc::clone(&parameter.name), value);
        }
        if let Some(parameter) = function
            .parameters()
            .list
            .iter()
            .find(|it| it.kind == ParameterKind::VarKeyword)
            .filter(|_| rest)
        {
            let mut dict = Dict::default();
            dict.extend(
                keywords
                    .drain(..)
                    .map(|(name, value)| (Key(Value::Str(name)), value)),
            );
            names.insert(Rc::clone(&parameter.name), Value::dict(dict));
        }
        if !incomplete {
            let extra = positional.count();
            if extra > 0 {
                let message = format!(
                    "{}() takes {} positional arguments but {given} were given",
                    function.qualname,
                    given - extra
                );
                return Err(self.raise_type_error(&message, place));
            }
            if let Some(name) = keywords.keys().next() {
                let message = format!(
                    "{}() got an unexpected keyword argument '{name}'",
                    function.qualname
                );
                return Err(self.raise_type_error(&message, place));
            }
        }
        Ok(names)
    }
}

/// The record of a call of something that is not read.
pub(super) fn record(callee: Value, args: Args) -> Value {
    Value::Made(Rc::new(Made {
        callee,
        args: args.positional,
        kwargs: args.keywords,
        place: args.place,
        attributes: Default::default(),
    }))
}

/// What a function or descriptor of a class is when it is read from an instance or the class.
pub(super) fn bound(function: &Value, receiver: &Value) -> Value {
    match function {
        Value::Descriptor(descriptor) => {
            let Descriptor { function, .. } = &**descriptor;
            bound(function, receiver)
        }
        _ => Value::Method(Rc::new((receiver.clone(), function.clone()))),
    }
}
