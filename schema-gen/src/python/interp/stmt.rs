//! Statements.

use std::rc::Rc;

use super::bounds::MAX_ROUNDS;
use super::branch::{Branch, Flow};
use super::{Guard, Interp, Raised, Scope};
use crate::python::syntax::{Case, Expr, ExprKind, Handler, Pattern, Stmt, StmtKind};
use crate::python::value::{Alias, Annotation, Lazy, Place, Unknown, Value};

impl<'t> Interp<'t> {
    pub(super) fn exec_block(
        &mut self,
        statements: &[Stmt],
        scope: &Scope,
    ) -> Result<Flow, Raised> {
        for statement in statements {
            let flow = match self.exec(statement, scope) {
                Ok(flow) => flow,
                Err(raised) => self.recover(statement, scope, raised)?,
            };
            if !matches!(flow, Flow::Normal) {
                return Ok(flow);
            }
        }
        Ok(Flow::Normal)
    }

    fn exec(&mut self, statement: &Stmt, scope: &Scope) -> Result<Flow, Raised> {
        let place = Place {
            file: scope.file,
            span: statement.span,
        };
        self.step(Some(place))?;
        match &statement.kind {
            StmtKind::Expr(expression) => {
                self.eval(expression, scope)?;
            }
            StmtKind::Assign { targets, value } => {
                let value = self.eval(value, scope)?;
                for target in targets {
                    self.assign(target, value.clone(), scope)?;
                }
            }
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
            } => {
                self.annotated(target, annotation, value.as_ref(), scope)?;
            }
            StmtKind::AugAssign { target, op, value } => {
                self.augmented(target, *op, value, scope)?
            }
            StmtKind::Function(def) => self.define_function(def, scope)?,
            StmtKind::Class(def) => self.define_class(def, scope)?,
            StmtKind::Return(value) => {
                let value = match value {
                    Some(value) => self.eval(value, scope)?,
                    None => Value::None,
                };
                return Ok(Flow::Return(value));
            }
            StmtKind::If(branches) => return self.exec_if(branches, scope),
            StmtKind::For {
                target,
                iterable,
                body,
                otherwise,
            } => {
                return self.exec_for(target, iterable, body, otherwise, scope, place);
            }
            StmtKind::While {
                test,
                body,
                otherwise,
            } => return self.exec_while(test, body, otherwise, scope, place),
            StmtKind::With(with) => return self.exec_with(with, 0, scope),
            StmtKind::Match { subject, cases } => return self.exec_match(subject, cases, scope),
            StmtKind::Try {
                body,
                handlers,
                otherwise,
                finally,
            } => {
                return self.exec_try(body, handlers, otherwise, finally, scope);
            }
            StmtKind::Raise(exception) => return self.exec_raise(exception.as_ref(), scope, place),
            // What a service asserts of itself is taken to hold; what a library asserts of it is not.
            // A call that breaks it does nothing.
            StmtKind::Assert(test) if scope.unit.origin == super::scope::Origin::Prelude => {
                if self.condition(test, scope)? == Some(false) {
                    let places: Vec<Place> =
                        self.call_places.iter().rev().flatten().copied().collect();
                    let of_service = |place: &Place| {
                        self.locate(*place)
                            .is_some_and(|(file, _)| !file.starts_with('<'))
                    };
                    let caller = places.into_iter().find(of_service);
                    let why = format!(
                        "raises AssertionError: `{}`; taken not to happen",
                        self.source(place)
                    );
                    self.diagnose("raises", why, caller);
                    return Ok(Flow::Return(Value::None));
                }
            }
            StmtKind::Assert(_) | StmtKind::Pass => {}
            StmtKind::Delete(targets) => {
                for target in targets {
                    self.delete(target, scope)?;
                }
            }
            StmtKind::TypeAlias {
                name,
                type_params,
                value,
            } => {
                let (inner, type_params) = self.type_params(type_params, scope)?;
                let alias = Value::Alias(Rc::new(Alias {
                    name: Rc::clone(name),
                    type_params,
                    target: std::cell::RefCell::new(Lazy::Pending(
                        Rc::clone(value),
                        inner,
                        scope.file,
                    )),
                    is_new_type: false,
                }));
                self.bind(name, alias, scope);
            }
            StmtKind::Import(names) => self.exec_import(names, scope, place)?,
            StmtKind::ImportFrom {
                module,
                level,
                names,
            } => {
                self.exec_import_from(module.as_ref(), *level, names, scope, place)?;
            }
            StmtKind::Global(names) => {
                scope
                    .declared
                    .borrow_mut()
                    .extend(names.iter().map(|name| (Rc::clone(name), true)));
            }
            StmtKind::Nonlocal(names) => {
                scope
                    .declared
                    .borrow_mut()
                    .extend(names.iter().map(|name| (Rc::clone(name), false)));
            }
            StmtKind::Break => return Ok(Flow::Break),
            StmtKind::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Normal)
    }

    /// `target: annotation = value`. CPython assigns before it evaluates the annotation.
    fn annotated(
        &mut self,
        target: &Expr,
        annotation: &Rc<Expr>,
        value: Option<&Expr>,
        scope: &Scope,
    ) -> Result<(), Raised> {
        if let Some(value) = value {
            let value = self.eval(value, scope)?;
            self.assign(target, value, scope)?;
        }
        let ExprKind::Name(name) = &target.kind else {
            return Ok(());
        };
        let class = scope.kind == super::ScopeKind::Class;
        if !class {
            return Ok(());
        }
        let value = self.annotation_now(annotation, scope);
        let recorded = Annotation {
            name: Rc::clone(name),
            annotation: Rc::clone(annotation),
            place: Place {
                file: scope.file,
                span: target.span,
            },
            scope: Rc::clone(scope),
            value,
        };
        if let Some(pending) = self.class_dicts.last_mut() {
            match pending
                .annotations
                .iter_mut()
                .find(|it| it.name == recorded.name)
            {
                Some(earlier) => *earlier = recorded,
                None => pending.annotations.push(recorded),
            }
        }
        Ok(())
    }

    fn exec_if(
        &mut self,
        branches: &[(Option<Expr>, Vec<Stmt>)],
        scope: &Scope,
    ) -> Result<Flow, Raised> {
        let Some(((test, body), rest)) = branches.split_first() else {
            return Ok(Flow::Normal);
        };
        let Some(test) = test else {
            return self.exec_block(body, scope);
        };
        match self.condition(test, scope)? {
            Some(true) => {
                if names_type_checking(test) {
                    rest.iter()
                        .for_each(|(_, body)| self.keep_type_only(body, scope));
                }
                self.exec_block(body, scope)
            }
            Some(false) => {
                if names_type_checking(test) {
                    self.keep_type_only(body, scope);
                }
                self.exec_if(rest, scope)
            }
            None => {
                let why = self.depends_on(test, scope);
                let all: Vec<Branch<'_, 't>> = vec![
                    Box::new(|interp: &mut Interp<'t>| interp.exec_block(body, scope)),
                    Box::new(|interp: &mut Interp<'t>| interp.exec_if(rest, scope)),
                ];
                self.run_branches(&why, all, scope)
            }
        }
    }

    fn exec_for(
        &mut self,
        target: &Expr,
        iterable: &Expr,
        body: &[Stmt],
        otherwise: &[Stmt],
        scope: &Scope,
        place: Place,
    ) -> Result<Flow, Raised> {
        let value = self.eval(iterable, scope)?;
        let Some(items) = self.iterate(&value)? else {
            let why = self.depends_on(iterable, scope);
            self.skip_loop(&why, Some(target), body, scope, place);
            return self.exec_block(otherwise, scope);
        };
        let certain = self.uncertain.clone();
        let mut flow = Flow::Normal;
        let mut is_left = false;
        for (round, item) in items.into_iter().enumerate() {
            if round >= MAX_ROUNDS {
                self.too_many_rounds(Some(target), body, scope, place);
                break;
            }
            if let Value::Unknown(why) = &item
                && self.uncertain.is_none()
            {
                // How many there are of it is not known either.
                self.uncertain = Some(Rc::clone(why));
            }
            self.assign(target, item, scope)?;
            match self.exec_block(body, scope)? {
                Flow::Normal | Flow::Continue => {}
                Flow::Break => {
                    is_left = true;
                    break;
                }
                Flow::Return(value) => {
                    flow = Flow::Return(value);
                    break;
                }
            }
        }
        self.after_loop(certain);
        match flow {
            Flow::Normal if !is_left => self.exec_block(otherwise, scope),
            flow => Ok(flow),
        }
    }

    fn exec_while(
        &mut self,
        test: &Expr,
        body: &[Stmt],
        otherwise: &[Stmt],
        scope: &Scope,
        place: Place,
    ) -> Result<Flow, Raised> {
        let certain = self.uncertain.clone();
        let mut rounds = 0;
        loop {
            match self.condition(test, scope)? {
                Some(true) => {}
                Some(false) => {
                    self.after_loop(certain);
                    return self.exec_block(otherwise, scope);
                }
                None => {
                    let why = self.depends_on(test, scope);
                    self.skip_loop(&why, None, body, scope, place);
                    break;
                }
            }
            rounds += 1;
            if rounds > MAX_ROUNDS {
                self.too_many_rounds(None, body, scope, place);
                break;
            }
            match self.exec_block(body, scope)? {
                Flow::Normal | Flow::Continue => {}
                Flow::Break => break,
                Flow::Return(value) => {
                    self.after_loop(certain);
                    return Ok(Flow::Return(value));
                }
            }
        }
        self.after_loop(certain);
        Ok(Flow::Normal)
    }

    /// What follows a loop is as certain as what was before it, unless the function may have
    /// returned meanwhile.
    fn after_loop(&mut self, certain: Option<Rc<Unknown>>) {
        if self
            .frames
            .last()
            .is_none_or(|frame| frame.pending.is_empty())
        {
            self.uncertain = certain;
        }
    }

    fn too_many_rounds(
        &mut self,
        target: Option<&Expr>,
        body: &[Stmt],
        scope: &Scope,
        place: Place,
    ) {
        let why = format!("the loop runs more than {MAX_ROUNDS} times");
        self.diagnose("limit-rounds", why.clone(), Some(place));
        self.forget_written(
            target,
            body,
            scope,
            &Rc::new(Unknown {
                why,
                place: Some(place),
            }),
        );
    }

    /// A loop whose rounds are not known is not run: what it writes becomes unknown.
    fn skip_loop(
        &mut self,
        why: &Rc<Unknown>,
        target: Option<&Expr>,
        body: &[Stmt],
        scope: &Scope,
        place: Place,
    ) {
        if scope.unit.origin == super::scope::Origin::Project && may_register(body) {
            let message = format!("a loop is not run, operations may be missing: {}", why.why);
            self.diagnose("unknown-loop", message, Some(place));
        }
        self.forget_written(target, body, scope, why);
    }

    fn forget_written(
        &mut self,
        target: Option<&Expr>,
        body: &[Stmt],
        scope: &Scope,
        why: &Rc<Unknown>,
    ) {
        let mut written = Written::default();
        if let Some(target) = target {
            written.target(target);
        }
        written.block(body);
        self.forget(&written, scope, why);
    }

    pub(super) fn forget(&mut self, written: &Written<'_>, scope: &Scope, why: &Rc<Unknown>) {
        for name in &written.names {
            let before = super::scope::lookup_bound(name, scope);
            // A function that is defined in a loop is the same whenever it is used.
            if before.is_none() || !written.defined.contains(name) {
                self.bind(name, Value::Unknown(Rc::clone(why)), scope);
            }
        }
        for changed in &written.changed {
            let Ok(value) = self.eval_quietly(changed, scope) else {
                continue;
            };
            match &value {
                Value::List(items) => {
                    self.touch(&value);
                    items.borrow_mut().push(Value::Unknown(Rc::clone(why)));
                }
                Value::Dict(items) | Value::Set(items) => {
                    self.touch(&value);
                    let key = crate::python::value::Key(Value::Unknown(Rc::clone(why)));
                    items
                        .borrow_mut()
                        .insert(key, Value::Unknown(Rc::clone(why)));
                }
                _ => {}
            }
        }
    }

    /// Goes on after a statement that raised an exception which nothing catches: in truth the
    /// service would not start, so that it is most likely that something is not known here.
    fn recover(&mut self, statement: &Stmt, scope: &Scope, raised: Raised) -> Result<Flow, Raised> {
        let exception = match raised {
            Raised::Exception(exception) if !self.is_caught(&exception) => exception,
            raised => return Err(raised),
        };
        let is_explicit = self
            .explicit
            .as_ref()
            .is_some_and(|explicit| explicit.same(&exception));
        if is_explicit && self.is_in_branch() {
            return Err(Raised::Exception(exception));
        }
        let place = Place {
            file: scope.file,
            span: statement.span,
        };
        let what = self
            .text(&exception, true)
            .unwrap_or_else(|| format!("{exception:?}"));
        let why = format!("raises {what}");
        if scope.unit.origin == super::scope::Origin::Project {
            self.diagnose("raises", format!("{why}; taken not to happen"), Some(place));
        }
        let why = Rc::new(Unknown {
            why,
            place: Some(place),
        });
        let mut written = Written::default();
        written.statement(statement);
        self.forget(&written, scope, &why);
        Ok(match &statement.kind {
            StmtKind::Return(_) => Flow::Return(Value::Unknown(why)),
            _ if is_explicit && scope.kind != super::ScopeKind::Module => {
                self.explicit = None;
                if scope.kind == super::ScopeKind::Class {
                    Flow::Normal
                } else {
                    Flow::Return(Value::Unknown(why))
                }
            }
            _ => Flow::Normal,
        })
    }

    fn is_in_branch(&self) -> bool {
        self.guards
            .iter()
            .any(|guard| matches!(guard, Guard::Branch))
    }

    /// Evaluates a name or an attribute of one, without effects.
    fn eval_quietly(&mut self, expression: &Expr, scope: &Scope) -> Result<Value, ()> {
        match &expression.kind {
            ExprKind::Name(name) => super::scope::lookup_bound(name, scope).ok_or(()),
            ExprKind::Attribute(value, name) => match self.eval_quietly(value, scope)? {
                Value::Object(object) => object.attributes.borrow().get(name).cloned().ok_or(()),
                Value::Module(module) => module.scope.names.borrow().get(name).cloned().ok_or(()),
                _ => Err(()),
            },
            _ => Err(()),
        }
    }
}

/// Whether a test is about type checkers.
fn names_type_checking(test: &Expr) -> bool {
    match &test.kind {
        ExprKind::Name(name) | ExprKind::Attribute(_, name) => &**name == "TYPE_CHECKING",
        ExprKind::Unary(_, inner) => names_type_checking(inner),
        ExprKind::BoolOp(_, parts) => parts.iter().any(names_type_checking),
        _ => false,
    }
}

/// Whether statements call something: what could register an operation.
fn may_register(body: &[Stmt]) -> bool {
    body.iter().any(|statement| match &statement.kind {
        StmtKind::Expr(expression) => {
            matches!(expression.kind, ExprKind::Call(_) | ExprKind::Await(_))
        }
        StmtKind::Function(def) => !def.decorators.is_empty(),
        StmtKind::If(branches) => branches.iter().any(|(_, body)| may_register(body)),
        StmtKind::For { body, .. } | StmtKind::While { body, .. } => may_register(body),
        StmtKind::With(with) => may_register(&with.body),
        StmtKind::Try { body, .. } => may_register(body),
        _ => false,
    })
}

/// What statements write.
#[derive(Default)]
pub(super) struct Written<'s> {
    pub(super) names: Vec<&'s crate::python::syntax::Name>,
    /// Those of them that are functions and classes.
    defined: Vec<&'s crate::python::syntax::Name>,
    /// Expressions whose values are changed in place.
    changed: Vec<&'s Expr>,
}

impl<'s> Written<'s> {
    pub(super) fn block(&mut self, body: &'s [Stmt]) {
        body.iter().for_each(|statement| self.statement(statement));
    }

    pub(super) fn target(&mut self, target: &'s Expr) {
        match &target.kind {
            ExprKind::Name(name) => self.names.push(name),
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|item| self.target(item))
            }
            ExprKind::Starred(inner) => self.target(inner),
            ExprKind::Subscript(value, _) => self.changed.push(value),
            _ => {}
        }
    }

    pub(super) fn statement(&mut self, statement: &'s Stmt) {
        match &statement.kind {
            StmtKind::Function(def) => {
                self.names.push(&def.name);
                self.defined.push(&def.name);
            }
            StmtKind::Class(def) => {
                self.names.push(&def.name);
                self.defined.push(&def.name);
            }
            StmtKind::Assign { targets, .. } => {
                targets.iter().for_each(|target| self.target(target))
            }
            StmtKind::AugAssign { target, .. } => {
                self.target(target);
            }
            StmtKind::AnnAssign {
                target,
                value: Some(_),
                ..
            } => self.target(target),
            StmtKind::For {
                target,
                body,
                otherwise,
                ..
            } => {
                self.target(target);
                self.block(body);
                self.block(otherwise);
            }
            StmtKind::While {
                body, otherwise, ..
            } => {
                self.block(body);
                self.block(otherwise);
            }
            StmtKind::If(branches) => branches.iter().for_each(|(_, body)| self.block(body)),
            StmtKind::With(with) => {
                let crate::python::syntax::With { items, body } = &**with;
                items
                    .iter()
                    .filter_map(|(_, target)| target.as_ref())
                    .for_each(|target| self.target(target));
                self.block(body);
            }
            StmtKind::Match { cases, .. } => {
                for Case { pattern, body, .. } in cases {
                    self.pattern(pattern);
                    self.block(body);
                }
            }
            StmtKind::Try {
                body,
                handlers,
                otherwise,
                finally,
            } => {
                self.block(body);
                handlers
                    .iter()
                    .for_each(|Handler { body, .. }| self.block(body));
                self.block(otherwise);
                self.block(finally);
            }
            StmtKind::TypeAlias { name, .. } => self.names.push(name),
            StmtKind::Import(names) => {
                // `import a.b` binds a module that stays as it is.
                self.names
                    .extend(names.iter().filter_map(|(_, alias)| alias.as_ref()));
                self.names.extend(
                    names
                        .iter()
                        .filter(|(name, _)| !name.contains('.'))
                        .map(|(name, _)| name),
                );
            }
            StmtKind::ImportFrom { names, .. } => {
                self.names.extend(
                    names
                        .iter()
                        .filter(|(name, _)| &**name != "*")
                        .map(|(name, alias)| alias.as_ref().unwrap_or(name)),
                );
            }
            StmtKind::Expr(Expr {
                kind: ExprKind::Call(call),
                ..
            }) => {
                if let ExprKind::Attribute(value, _) = &call.callee.kind {
                    self.changed.push(value);
                }
            }
            _ => {}
        }
    }

    fn pattern(&mut self, pattern: &'s Pattern) {
        match pattern {
            Pattern::Value(_) => {}
            Pattern::Sequence(all) | Pattern::Or(all) => {
                all.iter().for_each(|one| self.pattern(one))
            }
            Pattern::Mapping { entries, rest } => {
                entries.iter().for_each(|(_, one)| self.pattern(one));
                self.names.extend(rest);
            }
            Pattern::Class {
                positional,
                keywords,
                ..
            } => {
                positional.iter().for_each(|one| self.pattern(one));
                keywords.iter().for_each(|(_, one)| self.pattern(one));
            }
            Pattern::Star(name) => self.names.extend(name),
            Pattern::As(inner, name) => {
                if let Some(inner) = inner {
                    self.pattern(inner);
                }
                self.names.extend(name);
            }
        }
    }
}
