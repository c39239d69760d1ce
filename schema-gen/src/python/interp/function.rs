//! Definitions of functions, and decorators.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Args, Interp, Raised, Scope, ScopeData, ScopeKind};
use crate::python::syntax::{Expr, FunctionDef, Lambda, Name, Parameters, TypeParam};
use crate::python::value::{Code, Dict, Function, Key, Made, Namespace, Place, TypeVar, Value};

impl Interp<'_> {
    pub(super) fn define_function(
        &mut self,
        def: &Rc<FunctionDef>,
        scope: &Scope,
    ) -> Result<(), Raised> {
        let mut decorators = Vec::with_capacity(def.decorators.len());
        for decorator in &def.decorators {
            decorators.push((self.eval(decorator, scope)?, self.place(decorator, scope)));
        }
        let (inner, type_params) = self.type_params(&def.type_params, scope)?;
        let defaults = self.defaults(&def.parameters, scope)?;
        let annotations = self.function_annotations(def, &inner);
        let mut attributes = Namespace::default();
        if !type_params.is_empty() {
            attributes.insert(
                Rc::from("__type_params__"),
                Value::Tuple(Rc::from(type_params)),
            );
        }
        let function = Value::Function(Rc::new(Function {
            name: RefCell::new(Rc::clone(&def.name)),
            qualname: scope.qualify(&def.name),
            module: Rc::clone(&scope.module),
            file: scope.file,
            place: Place {
                file: scope.file,
                span: def.span,
            },
            code: Code::Def(Rc::clone(def)),
            defaults,
            scope: inner,
            class: RefCell::default(),
            docstring: RefCell::new(def.docstring.clone()),
            annotations: RefCell::new(annotations),
            attributes: RefCell::new(attributes),
        }));
        let mut value = function;
        for (decorator, place) in decorators.into_iter().rev() {
            value = self.decorate(&decorator, value, place)?;
        }
        self.bind(&def.name, value, scope);
        Ok(())
    }

    pub(super) fn lambda(
        &mut self,
        lambda: &Rc<Lambda>,
        place: Place,
        scope: &Scope,
    ) -> Result<Value, Raised> {
        let defaults = self.defaults(&lambda.parameters, scope)?;
        Ok(Value::Function(Rc::new(Function {
            name: RefCell::new(Rc::from("<lambda>")),
            qualname: scope.qualify("<lambda>"),
            module: Rc::clone(&scope.module),
            file: scope.file,
            place,
            code: Code::Lambda(Rc::clone(lambda)),
            defaults,
            scope: Rc::clone(scope),
            class: RefCell::default(),
            docstring: RefCell::default(),
            annotations: RefCell::default(),
            attributes: RefCell::default(),
        })))
    }

    fn defaults(
        &mut self,
        parameters: &Parameters,
        scope: &Scope,
    ) -> Result<Vec<Option<Value>>, Raised> {
        parameters
            .list
            .iter()
            .map(|parameter| {
                parameter
                    .default
                    .as_ref()
                    .map(|default| self.eval(default, scope))
                    .transpose()
            })
            .collect()
    }

    /// The annotations where they are evaluated at the definition.
    fn function_annotations(
        &mut self,
        def: &FunctionDef,
        scope: &Scope,
    ) -> Option<Rc<RefCell<Dict>>> {
        if is_lazy(scope) {
            return None;
        }
        let mut dict = Dict::default();
        for parameter in &def.parameters.list {
            if let Some(annotation) = &parameter.annotation {
                let value = self.annotation_now(annotation, scope)?;
                dict.insert(Key(Value::Str(Rc::clone(&parameter.name))), value);
            }
        }
        if let Some(returns) = &def.returns {
            let value = self.annotation_now(returns, scope)?;
            dict.insert(Key(Value::str("return")), value);
        }
        Some(Rc::new(RefCell::new(dict)))
    }

    /// An annotation's value where it stands; nothing where annotations are evaluated later, or
    /// where it cannot be evaluated yet.
    pub(super) fn annotation_now(&mut self, annotation: &Expr, scope: &Scope) -> Option<Value> {
        if is_lazy(scope) {
            return None;
        }
        let result = self.guarded(&[], |interp| interp.eval(annotation, scope));
        let value = result.ok()?;
        let place = self.place(annotation, scope);
        Some(self.as_forward(value, scope, place))
    }

    /// Calls a decorator. One that is not known leaves a record that `__wrapped__` sees through.
    pub(super) fn decorate(
        &mut self,
        decorator: &Value,
        value: Value,
        place: Place,
    ) -> Result<Value, Raised> {
        let recorded = || {
            Rc::new(Made {
                callee: decorator.clone(),
                args: vec![value.clone()],
                kwargs: Namespace::default(),
                place: Some(place),
                attributes: RefCell::default(),
            })
        };
        let is_class = matches!(value, Value::Class(_));
        let record = if matches!(decorator, Value::Function(_)) && !is_class && self.is_loading() {
            recorded()
        } else {
            let result = self.call(decorator, Args::new(vec![value.clone()], Some(place)))?;
            match &result {
                Value::Made(made) if made.args.first().is_some_and(|first| first.same(&value)) => {
                    Rc::clone(made)
                }
                Value::Unknown(_) => recorded(),
                _ => return Ok(result),
            }
        };
        if is_class {
            // Decorators of classes nearly always give the class itself.
            if !self.is_loading()
                && let Some(known) = self.realize(&record)
            {
                return Ok(known);
            }
            if let Value::Class(class) = &value {
                class.marks.borrow_mut().push(Value::Made(record));
            }
            return Ok(value);
        }
        record
            .attributes
            .borrow_mut()
            .entry(Rc::from("__wrapped__"))
            .or_insert(value);
        Ok(Value::Made(record))
    }

    /// The scope of type parameters (the scope itself where there are none), and their TypeVars.
    pub(super) fn type_params(
        &mut self,
        parameters: &[TypeParam],
        scope: &Scope,
    ) -> Result<(Scope, Vec<Value>), Raised> {
        if parameters.is_empty() {
            return Ok((Rc::clone(scope), Vec::new()));
        }
        let inner = ScopeData::inside(ScopeKind::Inner, scope, None);
        let mut vars = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            let lazily = |interp: &mut Self, expression: &Option<Rc<Expr>>| {
                expression
                    .as_ref()
                    .and_then(|it| interp.guarded(&[], |interp| interp.eval(it, &inner)).ok())
            };
            let bound = lazily(self, &parameter.bound);
            let default = lazily(self, &parameter.default);
            let (bound, constraints) = match bound {
                Some(Value::Tuple(constraints)) => (None, constraints.to_vec()),
                bound => (bound, Vec::new()),
            };
            let var = Value::TypeVar(Rc::new(TypeVar {
                name: Rc::clone(&parameter.name),
                bound,
                constraints,
                default,
            }));
            inner
                .names
                .borrow_mut()
                .insert(Rc::clone(&parameter.name), var.clone());
            vars.push(var);
        }
        Ok((inner, vars))
    }
}

/// Whether annotations in a scope are evaluated only when asked for: by the future import, and in
/// installed packages because most never are.
pub(super) fn is_lazy(scope: &Scope) -> bool {
    scope.unit.lazy_annotations.get() || scope.unit.origin == super::scope::Origin::Installed
}

impl Function {
    /// Whether a call gives an iterator over what it yields.
    pub(crate) fn is_generator(&self) -> bool {
        matches!(&self.code, Code::Def(def) if def.body.yields())
    }

    /// The first argument's name, where there is one.
    pub(super) fn first_parameter(&self) -> Option<Name> {
        self.parameters()
            .list
            .first()
            .map(|parameter| Rc::clone(&parameter.name))
    }
}
