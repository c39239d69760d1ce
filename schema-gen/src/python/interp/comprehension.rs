//! Comprehensions.

use std::rc::Rc;

use super::bounds::MAX_ITEMS;
use super::{Interp, Raised, Scope, ScopeData, ScopeKind};
use crate::python::syntax::{Clause, Comprehension, ComprehensionKind};
use crate::python::value::{Dict, Key, Place, Unknown, Value};

/// What a comprehension gathers.
struct Gathered {
    items: Vec<(Value, Value)>,
    /// Items of which it is not known how many there are, and which.
    unknown: Option<Rc<Unknown>>,
}

impl Interp<'_> {
    pub(super) fn eval_comprehension(
        &mut self,
        comprehension: &Comprehension,
        scope: &Scope,
        place: Place,
    ) -> Result<Value, Raised> {
        let inner = ScopeData::inside(ScopeKind::Inner, scope, None);
        let mut gathered = Gathered {
            items: Vec::new(),
            unknown: None,
        };
        self.gather(
            comprehension,
            &comprehension.clauses,
            scope,
            &inner,
            &mut gathered,
        )?;
        if gathered.items.len() >= MAX_ITEMS {
            return Ok(self.too_large("a comprehension", Some(place)));
        }
        if let Some(why) = gathered.unknown {
            // A loop over it is one whose rounds are not known.
            return Ok(Value::Unknown(why));
        }
        Ok(match comprehension.kind {
            ComprehensionKind::List | ComprehensionKind::Generator => {
                Value::list(gathered.items.into_iter().map(|(item, _)| item).collect())
            }
            ComprehensionKind::Set => {
                let mut set = Dict::default();
                for (item, _) in gathered.items {
                    set.insert(self.key(item)?, Value::None);
                }
                Value::Set(Rc::new(std::cell::RefCell::new(set)))
            }
            ComprehensionKind::Dict => {
                let mut dict = Dict::default();
                for (key, value) in gathered.items {
                    dict.insert(self.key(key)?, value);
                }
                Value::dict(dict)
            }
        })
    }

    fn gather(
        &mut self,
        comprehension: &Comprehension,
        clauses: &[Clause],
        outer: &Scope,
        inner: &Scope,
        gathered: &mut Gathered,
    ) -> Result<(), Raised> {
        let Some((clause, rest)) = clauses.split_first() else {
            let item = self.eval(&comprehension.element, inner)?;
            let value = match &comprehension.value {
                Some(value) => self.eval(value, inner)?,
                None => Value::None,
            };
            gathered.items.push((item, value));
            return Ok(());
        };
        // The first iterable is evaluated outside.
        let iterable = self.eval(&clause.iterable, outer)?;
        let Some(items) = self.iterate(&iterable)? else {
            gathered.unknown = Some(match &iterable {
                Value::Unknown(why) => Rc::clone(why),
                _ => self.depends_on(&clause.iterable, outer),
            });
            return Ok(());
        };
        'items: for item in items {
            self.step(None)?;
            if gathered.items.len() >= MAX_ITEMS || gathered.unknown.is_some() {
                return Ok(());
            }
            self.assign_in(&clause.target, item, inner)?;
            for condition in &clause.conditions {
                match self.condition(condition, inner)? {
                    Some(true) => {}
                    Some(false) => continue 'items,
                    None => {
                        gathered.unknown = Some(self.depends_on(condition, inner));
                        return Ok(());
                    }
                }
            }
            self.gather(comprehension, rest, inner, inner, gathered)?;
        }
        Ok(())
    }

    /// A value as a key of a map.
    pub(super) fn key(&mut self, value: Value) -> Result<Key, Raised> {
        match &value {
            Value::List(_) | Value::Dict(_) | Value::Set(_) => {
                let name = self.type_name(&value);
                Err(self.raise_type_error(&format!("unhashable type: '{name}'"), None))
            }
            _ => Ok(Key(value)),
        }
    }
}
