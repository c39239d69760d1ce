//! Expressions.

use std::rc::Rc;

use super::scope::Origin;
use super::{Args, Interp, Raised, Scope};
use crate::python::library;
use crate::python::syntax::{BoolOp, Call, Expr, ExprKind, FPart, UnaryOp};
use crate::python::value::{Dict, Key, Namespace, Place, Value};

impl Interp<'_> {
    /// Evaluates an expression in a scope.
    pub(crate) fn eval(&mut self, expression: &Expr, scope: &Scope) -> Result<Value, Raised> {
        match &expression.kind {
            ExprKind::None => return Ok(Value::None),
            ExprKind::Bool(flag) => return Ok(Value::Bool(*flag)),
            ExprKind::Int(number) => return Ok(Value::Int(*number)),
            ExprKind::Float(number) => return Ok(Value::Float(*number)),
            ExprKind::Str(text) => return Ok(Value::Str(Rc::clone(text))),
            ExprKind::Bytes(bytes) => return Ok(Value::Bytes(Rc::clone(bytes))),
            ExprKind::Ellipsis => return Ok(Value::Ellipsis),
            _ => {}
        }
        let place = self.place(expression, scope);
        self.step(Some(place))?;
        if let Some(unknown) = self.too_deep(Some(place)) {
            return Ok(unknown);
        }
        match self.eval_at(expression, scope, place)? {
            // It became unknown here.
            Value::Unknown(unknown)
                if unknown.place.is_none() && scope.unit.origin == Origin::Project =>
            {
                Ok(Value::unknown(unknown.why.clone(), Some(place)))
            }
            value => Ok(value),
        }
    }

    fn eval_at(&mut self, expression: &Expr, scope: &Scope, place: Place) -> Result<Value, Raised> {
        match &expression.kind {
            ExprKind::Name(name) => self.eval_name(name, scope, place),
            ExprKind::Attribute(value, name) => {
                let value = self.eval(value, scope)?;
                self.attribute(&value, name)
            }
            ExprKind::Subscript(value, index) => self.eval_subscript(value, index, scope, place),
            ExprKind::Slice(lower, upper, step) => {
                let mut part = |part: &Option<Box<Expr>>| match part {
                    Some(part) => self.eval(part, scope),
                    None => Ok(Value::None),
                };
                Ok(Value::Slice(Rc::new([
                    part(lower)?,
                    part(upper)?,
                    part(step)?,
                ])))
            }
            ExprKind::Call(call) => self.eval_call(call, scope, place),
            ExprKind::FString(parts) => self.eval_fstring(parts, scope, place),
            ExprKind::List(items) => Ok(Value::list(self.eval_items(items, scope)?)),
            ExprKind::Tuple(items) => Ok(Value::Tuple(Rc::from(self.eval_items(items, scope)?))),
            ExprKind::Set(items) => {
                let items = self.eval_items(items, scope)?;
                let mut set = Dict::default();
                set.extend(items.into_iter().map(|item| (Key(item), Value::None)));
                Ok(Value::Set(Rc::new(std::cell::RefCell::new(set))))
            }
            ExprKind::Dict(items) => self.eval_dict(items, scope),
            ExprKind::Comprehension(comprehension) => {
                self.eval_comprehension(comprehension, scope, place)
            }
            ExprKind::Lambda(lambda) => self.lambda(lambda, place, scope),
            ExprKind::IfElse {
                test,
                then,
                otherwise,
            } => match self.condition(test, scope)? {
                Some(true) => self.eval(then, scope),
                Some(false) => self.eval(otherwise, scope),
                None => {
                    let why = self.depends_on(test, scope);
                    self.eval_either(&why, &[then, otherwise], scope)
                }
            },
            ExprKind::BoolOp(op, parts) => self.eval_bool(*op, parts, scope),
            ExprKind::BinOp(left, op, right) => {
                let left = self.eval(left, scope)?;
                let right = self.eval(right, scope)?;
                self.binary(*op, &left, &right, Some(place))
            }
            ExprKind::Unary(op, inner) => {
                if *op == UnaryOp::Not {
                    let known = self.condition(inner, scope)?;
                    return Ok(match known {
                        Some(known) => Value::Bool(!known),
                        None => Value::Unknown(self.depends_on(inner, scope)),
                    });
                }
                let value = self.eval(inner, scope)?;
                self.unary(*op, &value, place)
            }
            ExprKind::Compare(left, rest) => {
                let mut left = self.eval(left, scope)?;
                let mut result = Value::Bool(true);
                for (op, right) in rest {
                    let right = self.eval(right, scope)?;
                    result = self.compare_at(*op, &left, &right, place)?;
                    match self.truth(&result)? {
                        Some(true) => {}
                        _ => return Ok(result),
                    }
                    left = right;
                }
                Ok(result)
            }
            ExprKind::Starred(inner) => self.eval(inner, scope),
            ExprKind::Walrus(target, value) => {
                let value = self.eval(value, scope)?;
                self.assign(target, value.clone(), scope)?;
                Ok(value)
            }
            ExprKind::Await(inner) => {
                let value = self.eval(inner, scope)?;
                self.await_value(&value)
            }
            ExprKind::Yield(inner) => {
                let value = match inner {
                    Some(inner) => self.eval(inner, scope)?,
                    None => Value::None,
                };
                self.yield_value(value, place)
            }
            ExprKind::YieldFrom(inner) => {
                let value = self.eval(inner, scope)?;
                match self.iterate(&value)? {
                    Some(items) => {
                        for item in items {
                            self.yield_value(item, place)?;
                        }
                    }
                    None => {
                        let unknown = self.unknown_at("yields from", place);
                        self.yield_value(unknown, place)?;
                    }
                }
                Ok(Value::None)
            }
            ExprKind::BigInt => Ok(Value::unknown("an integer beyond 64 bits", Some(place))),
            ExprKind::Complex => Ok(Value::unknown("a complex number", Some(place))),
            ExprKind::Unsupported(what) => Ok(Value::unknown(*what, Some(place))),
            ExprKind::None
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Str(_)
            | ExprKind::Bytes(_)
            | ExprKind::Ellipsis => Ok(Value::None),
        }
    }

    fn eval_name(
        &mut self,
        name: &str,
        scope: &Scope,
        place: crate::python::value::Place,
    ) -> Result<Value, Raised> {
        if let Some(value) = self.lookup(name, scope) {
            return Ok(value);
        }
        if let Some(value) = self.lookup_star(name, scope) {
            return Ok(value);
        }
        match name {
            "__class__" => {
                let class = self.frames.iter().rev().find_map(|frame| {
                    frame
                        .function
                        .as_ref()
                        .and_then(|function| function.defining_class())
                });
                if let Some(class) = class {
                    return Ok(Value::Class(class));
                }
            }
            "__debug__" => return Ok(Value::Bool(true)),
            _ => {}
        }
        let message = format!("name '{name}' is not defined");
        Err(library::raise("builtins.NameError", &message, Some(place)))
    }

    /// The items of a display or the arguments of a call, stars spread.
    pub(super) fn eval_items(
        &mut self,
        items: &[Expr],
        scope: &Scope,
    ) -> Result<Vec<Value>, Raised> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            if !self.eval_argument(item, scope, &mut values)? {
                // Whatever else there is: at least it is not said to be nothing.
                let place = self.place(item, scope);
                let unknown = self.unknown_at("not all items are known", place);
                values.push(unknown);
            }
        }
        Ok(values)
    }

    /// Evaluates an argument onto the end of a list; whether all of it is known.
    pub(super) fn eval_argument(
        &mut self,
        expression: &Expr,
        scope: &Scope,
        values: &mut Vec<Value>,
    ) -> Result<bool, Raised> {
        let ExprKind::Starred(inner) = &expression.kind else {
            values.push(self.eval(expression, scope)?);
            return Ok(true);
        };
        let value = self.eval(inner, scope)?;
        // `*Ts` of a TypeVarTuple stands for itself in a subscript.
        if matches!(value, Value::TypeVar(_) | Value::Generic(_)) {
            values.push(value);
            return Ok(true);
        }
        match self.iterate(&value)? {
            Some(items) => {
                values.extend(items);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn eval_call(
        &mut self,
        call: &Call,
        scope: &Scope,
        place: crate::python::value::Place,
    ) -> Result<Value, Raised> {
        let callee = self.eval(&call.callee, scope)?;
        let mut args = Args {
            place: Some(place),
            ..Args::default()
        };
        for argument in &call.args {
            if !self.eval_argument(argument, scope, &mut args.positional)? {
                args.incomplete = true;
            }
        }
        for (name, value) in &call.keywords {
            match (name, &value.kind) {
                (Some(name), _) => {
                    let value = self.eval(value, scope)?;
                    args.keywords.insert(Rc::clone(name), value);
                }
                // As below, without the dictionary.
                (None, ExprKind::Dict(items)) => {
                    args.incomplete |= !self.keyword_items(items, scope, &mut args.keywords)?;
                }
                (None, _) => {
                    let value = self.eval(value, scope)?;
                    args.incomplete |= !self.spread_keywords(&value, &mut args.keywords)?;
                }
            }
        }
        // The place of what is called is the place in the service, not in the Python of ours.
        if scope.unit.origin == super::scope::Origin::Prelude
            && let Some(outer) = self.service_place()
        {
            args.place = Some(outer);
        }
        self.call_places.push(args.place);
        let result = self.call(&callee, args);
        self.call_places.pop();
        result
    }

    /// The innermost call that stands in the service's own code.
    fn service_place(&self) -> Option<crate::python::value::Place> {
        self.call_places.last().copied().flatten()
    }

    /// `**{…}`; whether all of it is known.
    fn keyword_items(
        &mut self,
        items: &[(Option<Expr>, Expr)],
        scope: &Scope,
        keywords: &mut Namespace,
    ) -> Result<bool, Raised> {
        let mut is_known = true;
        for (key, value) in items {
            let key = match key {
                Some(key) => Some(self.eval(key, scope)?),
                None => None,
            };
            let value = self.eval(value, scope)?;
            match key {
                Some(Value::Str(name)) => {
                    keywords.insert(name, value);
                }
                Some(_) => is_known = false,
                None => is_known &= self.spread_keywords(&value, keywords)?,
            }
        }
        Ok(is_known)
    }

    fn spread_keywords(&mut self, value: &Value, keywords: &mut Namespace) -> Result<bool, Raised> {
        let plain = library::plain(value);
        match &plain {
            Value::Dict(dict) => {
                let mut is_known = true;
                keywords.reserve(dict.borrow().len());
                for (key, value) in dict.borrow().iter() {
                    match &key.0 {
                        Value::Str(name) => {
                            keywords.insert(Rc::clone(name), value.clone());
                        }
                        _ => is_known = false,
                    }
                }
                Ok(is_known)
            }
            Value::Object(object) => {
                let Some(method) = self.special(object, "keys") else {
                    return Ok(false);
                };
                let keys = self.call(&method, Args::default())?;
                let Some(keys) = self.iterate(&keys)? else {
                    return Ok(false);
                };
                for key in keys {
                    let item = self.subscript(&plain, &key)?;
                    match key {
                        Value::Str(name) => {
                            keywords.insert(name, item);
                        }
                        _ => return Ok(false),
                    }
                }
                Ok(true)
            }
            Value::Made(_) => match self.force(&plain) {
                Value::Made(_) => Ok(false),
                known => self.spread_keywords(&known, keywords),
            },
            _ => Ok(false),
        }
    }

    fn eval_dict(
        &mut self,
        items: &[(Option<Expr>, Expr)],
        scope: &Scope,
    ) -> Result<Value, Raised> {
        let mut dict = Dict::default();
        for (key, value) in items {
            match key {
                Some(key) => {
                    let key = self.eval(key, scope)?;
                    let value = self.eval(value, scope)?;
                    dict.insert(self.key(key)?, value);
                }
                None => {
                    let spread = self.eval(value, scope)?;
                    let plain = library::plain(&spread);
                    match &plain {
                        Value::Dict(other) => {
                            let other = other.borrow();
                            dict.extend(
                                other
                                    .iter()
                                    .map(|(key, value)| (key.clone(), value.clone())),
                            );
                        }
                        other => {
                            let mut keywords = Namespace::default();
                            if self.spread_keywords(other, &mut keywords)? {
                                dict.extend(
                                    keywords
                                        .into_iter()
                                        .map(|(name, value)| (Key(Value::Str(name)), value)),
                                );
                            } else {
                                let place = self.place(value, scope);
                                let unknown = self.unknown_at("not all keys are known", place);
                                dict.insert(Key(unknown.clone()), unknown);
                            }
                        }
                    }
                }
            }
        }
        Ok(Value::dict(dict))
    }

    fn eval_bool(&mut self, op: BoolOp, parts: &[Expr], scope: &Scope) -> Result<Value, Raised> {
        let decisive = op == BoolOp::Or;
        let mut unknown = None;
        let mut last = Value::None;
        for part in parts {
            let evaluated = match &unknown {
                None => self
                    .eval(part, scope)
                    .and_then(|value| Ok((self.truth(&value)?, value))),
                Some(_) => self.guarded(&[], |interp| {
                    interp
                        .eval(part, scope)
                        .and_then(|value| Ok((interp.truth(&value)?, value)))
                }),
            };
            let (truth, value) = match evaluated {
                Ok(evaluated) => evaluated,
                // It raises if it is evaluated, so that what stands before it decides.
                Err(Raised::Exception(_)) if unknown.is_some() => {
                    (Some(decisive), Value::Bool(decisive))
                }
                Err(raised) => return Err(raised),
            };
            match truth {
                Some(known) if known == decisive => {
                    // Whatever the unknown ones are, the result is as true as this one.
                    return Ok(match unknown {
                        None => value,
                        Some(_) if !decisive => Value::Bool(false),
                        Some(why) => Value::Unknown(why),
                    });
                }
                Some(_) => last = value,
                None => {
                    if unknown.is_none() {
                        unknown = Some(match &value {
                            Value::Unknown(why) => Rc::clone(why),
                            _ => self.depends_on(part, scope),
                        });
                    }
                }
            }
        }
        Ok(match unknown {
            Some(why) => Value::Unknown(why),
            None => last,
        })
    }

    fn eval_fstring(
        &mut self,
        parts: &[FPart],
        scope: &Scope,
        place: crate::python::value::Place,
    ) -> Result<Value, Raised> {
        let mut text = String::new();
        for part in parts {
            match part {
                FPart::Literal(literal) => text.push_str(literal),
                FPart::Value {
                    value,
                    conversion,
                    spec,
                    debug,
                } => {
                    let evaluated = self.eval(value, scope)?;
                    if let Some(before) = debug {
                        // `{x=}`: what stands around the expression is one text here.
                        let source = self.source_of(value, scope);
                        text.push_str(&source);
                        text.push_str(before);
                    }
                    let converted = match conversion {
                        Some('r' | 'a') => {
                            self.text(&evaluated, true).map(|text| Value::str(&text))
                        }
                        Some(_) => self.text(&evaluated, false).map(|text| Value::str(&text)),
                        None if debug.is_some() && spec.is_empty() => {
                            self.text(&evaluated, true).map(|text| Value::str(&text))
                        }
                        None => Some(evaluated.clone()),
                    };
                    let Some(converted) = converted else {
                        return Ok(self.unknown_text(&evaluated, place));
                    };
                    let spec = match self.eval_fstring(spec, scope, place)? {
                        Value::Str(spec) => spec,
                        unknown => return Ok(unknown),
                    };
                    let formatted = if spec.is_empty() && !matches!(converted, Value::Object(_)) {
                        self.text(&converted, false)
                    } else {
                        library::format_spec(self, &converted, &spec)
                    };
                    match formatted {
                        Some(formatted) => text.push_str(&formatted),
                        None => return Ok(self.unknown_text(&evaluated, place)),
                    }
                }
            }
            if text.len() > super::bounds::MAX_TEXT {
                return Ok(self.too_large("a text", Some(place)));
            }
        }
        Ok(Value::str(&text))
    }

    fn unknown_text(&self, value: &Value, place: crate::python::value::Place) -> Value {
        match value {
            Value::Unknown(_) => value.clone(),
            _ => self.unknown_at("a text of something that is not known", place),
        }
    }

    fn source_of(&self, expression: &Expr, scope: &Scope) -> String {
        let place = self.place(expression, scope);
        self.source(place)
    }

    fn yield_value(
        &mut self,
        value: Value,
        place: crate::python::value::Place,
    ) -> Result<Value, Raised> {
        let uncertain = self.uncertain.clone();
        let Some(frame) = self.frames.last_mut() else {
            return Ok(Value::None);
        };
        if let Some(at_yield) = frame.at_yield.take() {
            return self.yield_to_with(at_yield, value);
        }
        if frame.yields.len() >= super::bounds::MAX_ITEMS {
            let why = "a generator yields too many items";
            let unknown = Value::unknown(why, Some(place));
            self.diagnose("limit-size", why, Some(place));
            return Ok(unknown);
        }
        let is_certain = match (&uncertain, &frame.uncertain) {
            (None, _) => true,
            (Some(now), Some(before)) => Rc::ptr_eq(now, before),
            (Some(_), None) => false,
        };
        let item = match (&value, uncertain) {
            (Value::Object(object), _) if object.uncertain.is_some() => value,
            (_, Some(why)) if !is_certain => Value::Unknown(why),
            _ => value,
        };
        frame.yields.push(item);
        // What `send` would give: nobody sends anything.
        Ok(Value::None)
    }
}
