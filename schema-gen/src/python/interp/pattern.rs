//! `match`.

use std::rc::Rc;

use super::branch::{Branch, Flow};
use super::{Interp, Raised, Scope};
use crate::python::library;
use crate::python::syntax::{Case, CmpOp, Expr, ExprKind, Name, Pattern};
use crate::python::value::{Dict, Key, Value};

/// Names that a pattern captured.
type Captured = Vec<(Name, Value)>;

impl<'t> Interp<'t> {
    pub(super) fn exec_match(
        &mut self,
        subject: &Expr,
        cases: &[Case],
        scope: &Scope,
    ) -> Result<Flow, Raised> {
        let value = self.eval(subject, scope)?;
        self.exec_cases(subject, &value, cases, scope)
    }

    fn exec_cases(
        &mut self,
        subject: &Expr,
        value: &Value,
        cases: &[Case],
        scope: &Scope,
    ) -> Result<Flow, Raised> {
        let Some((case, rest)) = cases.split_first() else {
            return Ok(Flow::Normal);
        };
        let mut captured = Captured::new();
        let mut matches = self.matches(&case.pattern, value, scope, &mut captured)?;
        if matches == Some(false) {
            return self.exec_cases(subject, value, rest, scope);
        }
        for (name, value) in captured {
            self.bind(&name, value, scope);
        }
        if let Some(guard) = &case.guard {
            matches = match (matches, self.condition(guard, scope)?) {
                (_, Some(false)) => Some(false),
                (Some(true), known) => known,
                _ => None,
            };
        }
        match matches {
            Some(true) => self.exec_block(&case.body, scope),
            Some(false) => self.exec_cases(subject, value, rest, scope),
            None => {
                let why = self.depends_on(subject, scope);
                let all: Vec<Branch<'_, 't>> = vec![
                    Box::new(|interp: &mut Interp<'t>| interp.exec_block(&case.body, scope)),
                    Box::new(|interp: &mut Interp<'t>| {
                        interp.exec_cases(subject, value, rest, scope)
                    }),
                ];
                self.run_branches(&why, all, scope)
            }
        }
    }

    fn matches(
        &mut self,
        pattern: &Pattern,
        value: &Value,
        scope: &Scope,
        captured: &mut Captured,
    ) -> Result<Option<bool>, Raised> {
        match pattern {
            Pattern::Value(expression) => {
                let expected = self.eval(expression, scope)?;
                let op = match expression.kind {
                    ExprKind::None | ExprKind::Bool(_) => CmpOp::Is,
                    _ => CmpOp::Eq,
                };
                let same = self.compare(op, value, &expected)?;
                self.truth(&same)
            }
            Pattern::As(None, name) => {
                captured.extend(name.iter().map(|name| (Rc::clone(name), value.clone())));
                Ok(Some(true))
            }
            Pattern::As(Some(inner), name) => {
                let matches = self.matches(inner, value, scope, captured)?;
                captured.extend(name.iter().map(|name| (Rc::clone(name), value.clone())));
                Ok(matches)
            }
            Pattern::Star(name) => {
                captured.extend(name.iter().map(|name| (Rc::clone(name), value.clone())));
                Ok(Some(true))
            }
            Pattern::Or(all) => {
                let mut result = Some(false);
                for one in all {
                    match self.matches(one, value, scope, captured)? {
                        Some(true) => return Ok(Some(true)),
                        Some(false) => {}
                        None => result = None,
                    }
                }
                Ok(result)
            }
            Pattern::Sequence(patterns) => self.matches_sequence(patterns, value, scope, captured),
            Pattern::Mapping { entries, rest } => {
                let plain = library::plain(value);
                let items = match &plain {
                    Value::Dict(items) => items.borrow().clone(),
                    Value::Unknown(_) | Value::Made(_) => {
                        for (_, pattern) in entries {
                            self.matches(pattern, &plain, scope, captured)?;
                        }
                        return Ok(None);
                    }
                    _ => return Ok(Some(false)),
                };
                let mut left: Dict = items.clone();
                let mut result = Some(true);
                for (key, pattern) in entries {
                    let key = Key(self.eval(key, scope)?);
                    let Some(item) = items.get(&key) else {
                        return Ok(Some(false));
                    };
                    left.shift_remove(&key);
                    match self.matches(pattern, item, scope, captured)? {
                        Some(true) => {}
                        Some(false) => return Ok(Some(false)),
                        None => result = None,
                    }
                }
                captured.extend(
                    rest.iter()
                        .map(|name| (Rc::clone(name), Value::dict(left.clone()))),
                );
                Ok(result)
            }
            Pattern::Class {
                class,
                positional,
                keywords,
            } => {
                let class = self.eval(class, scope)?;
                let mut result = library::is_instance(self, value, &class);
                if result == Some(false) {
                    return Ok(Some(false));
                }
                for (index, pattern) in positional.iter().enumerate() {
                    let item = self.positional_part(&class, value, index)?;
                    match self.matches(pattern, &item, scope, captured)? {
                        Some(true) => {}
                        Some(false) => return Ok(Some(false)),
                        None => result = None,
                    }
                }
                for (name, pattern) in keywords {
                    let Some(item) = self.find_attribute(value, name)? else {
                        return Ok(Some(false));
                    };
                    match self.matches(pattern, &item, scope, captured)? {
                        Some(true) => {}
                        Some(false) => return Ok(Some(false)),
                        None => result = None,
                    }
                }
                Ok(result)
            }
        }
    }

    /// What a positional pattern of a class is matched with.
    fn positional_part(
        &mut self,
        class: &Value,
        value: &Value,
        index: usize,
    ) -> Result<Value, Raised> {
        if let Value::Class(_) = class
            && let Some(names) = self.find_attribute(class, "__match_args__")?
            && let Some(names) = self.iterate(&names)?
            && let Some(Value::Str(name)) = names.get(index)
        {
            return self.attribute(value, name);
        }
        // `str(x)`, `int(x)`: the value itself.
        Ok(value.clone())
    }

    fn matches_sequence(
        &mut self,
        patterns: &[Pattern],
        value: &Value,
        scope: &Scope,
        captured: &mut Captured,
    ) -> Result<Option<bool>, Raised> {
        let items = match library::plain(value) {
            Value::List(items) => items.borrow().clone(),
            Value::Tuple(items) => items.to_vec(),
            unknown @ (Value::Unknown(_) | Value::Made(_)) => {
                for pattern in patterns {
                    self.matches(pattern, &unknown, scope, captured)?;
                }
                return Ok(None);
            }
            _ => return Ok(Some(false)),
        };
        let star = patterns
            .iter()
            .position(|pattern| matches!(pattern, Pattern::Star(_)));
        let fits = match star {
            Some(_) => items.len() + 1 >= patterns.len(),
            None => items.len() == patterns.len(),
        };
        if !fits {
            return Ok(Some(false));
        }
        let middle = (items.len() + 1).saturating_sub(patterns.len());
        let mut items = items.into_iter();
        let mut result = Some(true);
        for pattern in patterns {
            let item = match pattern {
                Pattern::Star(_) => Value::list(items.by_ref().take(middle).collect()),
                _ => items.next().unwrap_or(Value::None),
            };
            match self.matches(pattern, &item, scope, captured)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => result = None,
            }
        }
        Ok(result)
    }
}
