//! Annotations: evaluated where they stand, or when they are asked for.

use std::cell::RefCell;
use std::rc::Rc;

use super::scope::lookup_bound;
use super::{AnnotatedName, Interp, Raised, Scope, ScopeKind};
use crate::python::library;
use crate::python::syntax::{BinOp, Expr, ExprKind, parse_expression};
use crate::python::value::{
    Alias, Annotation, Class, Dict, Forward, Function, Generic, Key, Lazy, Place, Value,
};

/// References that refer to references.
const MAX_FORWARDS: u32 = 8;

impl Interp<'_> {
    /// The class's own annotations in order, evaluated; forward references resolved in the scope of
    /// the class, then of its module, at the time of asking.
    pub(crate) fn annotations(&mut self, class: &Rc<Class>) -> Vec<AnnotatedName> {
        let own = class.annotations.borrow().clone();
        let mut all: Vec<AnnotatedName> = own
            .into_iter()
            .map(|it| {
                let value = match &it.value {
                    Some(value) => value.clone(),
                    None => self.late_annotation(&it.annotation, &it.scope),
                };
                let annotation = self.resolve_forward(&value);
                AnnotatedName {
                    name: it.name,
                    annotation,
                }
            })
            .collect();
        let given = class.given_annotations.borrow().clone();
        for (name, value) in given {
            let annotation = self.resolve_forward(&value);
            match all.iter_mut().find(|it| it.name == name) {
                Some(known) => known.annotation = annotation,
                None => all.push(AnnotatedName { name, annotation }),
            }
        }
        all
    }

    /// An annotation as a reference that is resolved when it is asked for.
    pub(super) fn lazy_annotation(&mut self, annotation: &Annotation) -> Value {
        let place = Place {
            file: annotation.scope.file,
            span: annotation.annotation.span,
        };
        Value::Forward(Rc::new(Forward {
            text: Rc::from(self.full_source(place)),
            scope: Rc::clone(&annotation.scope),
            file: annotation.scope.file,
            place: Some(place),
        }))
    }

    fn full_source(&self, place: Place) -> String {
        self.files
            .get(place.file.0 as usize)
            .and_then(|file| {
                file.text
                    .get(place.span.start as usize..place.span.end as usize)
            })
            .unwrap_or_default()
            .to_owned()
    }

    /// Evaluates an annotation at the time of asking; a reference where that fails.
    fn late_annotation(&mut self, annotation: &Expr, scope: &Scope) -> Value {
        let place = self.place(annotation, scope);
        match self.quietly(|interp| interp.eval_annotation(annotation, scope)) {
            Some(value) => self.as_forward(value, scope, place),
            None => Value::Forward(Rc::new(Forward {
                text: Rc::from(self.full_source(place)),
                scope: Rc::clone(scope),
                file: scope.file,
                place: Some(place),
            })),
        }
    }

    /// Evaluates something that has no effects; nothing where it raises.
    fn quietly<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, Raised>) -> Option<T> {
        let journals = std::mem::take(&mut self.journals);
        let result = self.guarded(&[], run);
        self.journals = journals;
        result.ok()
    }

    /// As [`Interp::eval`], and names may be of an enclosing class or known to type checkers only.
    fn eval_annotation(&mut self, expression: &Expr, scope: &Scope) -> Result<Value, Raised> {
        match &expression.kind {
            ExprKind::Name(name) => match self.annotation_name(name, scope) {
                Some(value) => Ok(value),
                None => self.eval(expression, scope),
            },
            ExprKind::Attribute(value, name) => {
                let value = self.eval_annotation(value, scope)?;
                self.attribute(&value, name)
            }
            ExprKind::BinOp(left, BinOp::BitOr, right) => {
                let place = self.place(expression, scope);
                let left = self.eval_annotation(left, scope)?;
                let right = self.eval_annotation(right, scope)?;
                let left = self.as_forward(left, scope, place);
                let right = self.as_forward(right, scope, place);
                self.binary(BinOp::BitOr, &left, &right, Some(place))
            }
            ExprKind::Subscript(origin, index) => {
                let origin = self.eval_annotation(origin, scope)?;
                let place = self.place(index, scope);
                let index = match (&origin, &index.kind) {
                    (Value::Symbol(symbol), _) if symbol.is("typing.Literal") => {
                        self.eval(index, scope)?
                    }
                    (Value::Symbol(symbol), ExprKind::Tuple(items))
                        if symbol.is("typing.Annotated") =>
                    {
                        let mut values = Vec::with_capacity(items.len());
                        for (position, item) in items.iter().enumerate() {
                            values.push(match position {
                                0 => self.eval_annotation(item, scope)?,
                                _ => self.eval(item, scope)?,
                            });
                        }
                        Value::Tuple(Rc::from(values))
                    }
                    (_, ExprKind::Tuple(items))
                        if !items
                            .iter()
                            .any(|it| matches!(it.kind, ExprKind::Starred(_))) =>
                    {
                        let values: Result<Vec<Value>, Raised> = items
                            .iter()
                            .map(|item| self.eval_annotation(item, scope))
                            .collect();
                        Value::Tuple(Rc::from(values?))
                    }
                    (_, ExprKind::List(items)) => {
                        let values: Result<Vec<Value>, Raised> = items
                            .iter()
                            .map(|item| self.eval_annotation(item, scope))
                            .collect();
                        Value::list(values?)
                    }
                    _ => self.eval_annotation(index, scope)?,
                };
                let index = self.type_arguments(&origin, index, scope, place);
                self.subscript(&origin, &index)
            }
            _ => self.eval(expression, scope),
        }
    }

    /// A name in an annotation that is evaluated late: in the scope, then in enclosing classes, then
    /// what only a type checker sees.
    fn annotation_name(&mut self, name: &str, scope: &Scope) -> Option<Value> {
        if let Some(value) = lookup_bound(name, scope) {
            return Some(value);
        }
        let mut current = Some(scope);
        while let Some(it) = current {
            if it.kind == ScopeKind::Class {
                if let Some(value) = it.names.borrow().get(name) {
                    return Some(value.clone());
                }
                let class = it.class.borrow().clone();
                if let Some(class) = class
                    && &**class.name.borrow() == name
                {
                    return Some(Value::Class(class));
                }
            }
            current = it.parent.as_ref();
        }
        self.builtin(name)
            .or_else(|| self.lookup_type_only(name, scope))
    }

    /// A string annotation or another forward reference, evaluated; itself where that fails.
    /// References inside of a generic or union are resolved too.
    pub(crate) fn resolve_forward(&mut self, value: &Value) -> Value {
        self.resolve_within(value, 0)
    }

    fn resolve_within(&mut self, value: &Value, depth: u32) -> Value {
        if depth > MAX_FORWARDS * 4 {
            return value.clone();
        }
        match value {
            Value::Forward(forward) => {
                let forward = Rc::clone(forward);
                match self.resolve_once(&forward) {
                    Some(found) if depth < MAX_FORWARDS => self.resolve_within(&found, depth + 1),
                    _ => value.clone(),
                }
            }
            Value::Generic(generic) if has_forward(value, 0) => {
                let is_annotated = generic.origin.is_symbol("typing.Annotated");
                let args: Vec<Value> = generic
                    .args
                    .iter()
                    .enumerate()
                    .map(|(index, arg)| match is_annotated && index > 0 {
                        true => arg.clone(),
                        false => self.resolve_within(arg, depth + 1),
                    })
                    .collect();
                // `Annotated[Annotated[T, a], b]` is flat, and so is `Optional[Union[…]]`.
                let origin = generic.origin.clone();
                if is_annotated {
                    let index = Value::Tuple(Rc::from(args.clone()));
                    if let Some(Ok(flat)) = library::subscript(self, &origin, &index) {
                        return flat;
                    }
                }
                Value::Generic(Rc::new(Generic { origin, args }))
            }
            Value::Union(items) if has_forward(value, 0) => {
                let mut flat: Vec<Value> = Vec::new();
                for item in items.iter() {
                    let resolved = self.resolve_within(item, depth + 1);
                    let parts = match &resolved {
                        Value::Union(parts) => parts.to_vec(),
                        _ => vec![resolved],
                    };
                    for part in parts {
                        if !flat.iter().any(|known| known.same(&part)) {
                            flat.push(part);
                        }
                    }
                }
                match (flat.len(), flat.first()) {
                    (1, Some(only)) => only.clone(),
                    _ => Value::Union(Rc::from(flat)),
                }
            }
            Value::List(items) if items.borrow().iter().any(|item| has_forward(item, 0)) => {
                let items = items.borrow().clone();
                Value::list(
                    items
                        .iter()
                        .map(|item| self.resolve_within(item, depth + 1))
                        .collect(),
                )
            }
            _ => value.clone(),
        }
    }

    fn resolve_once(&mut self, forward: &Rc<Forward>) -> Option<Value> {
        let expression = parse_expression(forward.text.trim()).ok()?;
        let at = self.at;
        self.at = forward.place.or(at);
        let found = self.quietly(|interp| interp.eval_annotation(&expression, &forward.scope));
        self.at = at;
        match found? {
            Value::Unknown(_) => None,
            Value::Str(text) => Some(Value::Forward(Rc::new(Forward {
                text,
                scope: Rc::clone(&forward.scope),
                file: forward.file,
                place: forward.place,
            }))),
            found => Some(found),
        }
    }

    /// What `type X = …` or `NewType` stands for.
    pub(crate) fn alias_target(&mut self, alias: &Rc<Alias>) -> Option<Value> {
        let pending = match &*alias.target.borrow() {
            Lazy::Done(value) => return Some(value.clone()),
            Lazy::Pending(expression, scope, _) => (Rc::clone(expression), Rc::clone(scope)),
        };
        let (expression, scope) = pending;
        let value = self.quietly(|interp| interp.eval_annotation(&expression, &scope))?;
        let place = self.place(&expression, &scope);
        let value = self.as_forward(value, &scope, place);
        *alias.target.borrow_mut() = Lazy::Done(value.clone());
        Some(value)
    }

    /// `__annotations__` of a function; made when first asked for.
    pub(super) fn annotations_dict(&mut self, function: &Rc<Function>) -> Rc<RefCell<Dict>> {
        if let Some(known) = &*function.annotations.borrow() {
            return Rc::clone(known);
        }
        let mut dict = Dict::default();
        let parameters = Rc::clone(function.parameters());
        for parameter in &parameters.list {
            if let Some(annotation) = &parameter.annotation {
                let value = self.late_annotation(annotation, &function.scope);
                dict.insert(Key(Value::Str(Rc::clone(&parameter.name))), value);
            }
        }
        if let Some(returns) = function.def().and_then(|def| def.returns.clone()) {
            let value = self.late_annotation(&returns, &function.scope);
            dict.insert(Key(Value::str("return")), value);
        }
        let dict = Rc::new(RefCell::new(dict));
        // A name that is not defined yet may be when it is asked for again.
        if !dict.borrow().values().any(|value| has_forward(value, 0)) {
            *function.annotations.borrow_mut() = Some(Rc::clone(&dict));
        }
        dict
    }
}

fn has_forward(value: &Value, depth: u32) -> bool {
    if depth > MAX_FORWARDS * 4 {
        return false;
    }
    match value {
        Value::Forward(_) => true,
        Value::Generic(generic) => generic.args.iter().any(|arg| has_forward(arg, depth + 1)),
        Value::Union(items) => items.iter().any(|item| has_forward(item, depth + 1)),
        Value::List(items) => items
            .borrow()
            .iter()
            .any(|item| has_forward(item, depth + 1)),
        _ => false,
    }
}
