//! Branches of which it is not known which one runs: all of them do, each from the same state, and
//! what they come to is joined.

use std::rc::Rc;

use super::journal::{Write, deep_same};
use super::{Guard, Interp, Raised, Scope};
use crate::python::syntax::Expr;
use crate::python::value::{Place, Unknown, Value};

/// How a statement ends.
#[derive(Clone, Debug)]
pub(super) enum Flow {
    Normal,
    Break,
    Continue,
    Return(Value),
}

/// One of the branches.
pub(super) type Branch<'b, 't> = Box<dyn FnOnce(&mut Interp<'t>) -> Result<Flow, Raised> + 'b>;

impl<'t> Interp<'t> {
    /// The reason of what depends on an expression whose value is not known.
    pub(super) fn depends_on(&self, expression: &Expr, scope: &Scope) -> Rc<Unknown> {
        let place = self.place(expression, scope);
        self.depends_on_place(place)
    }

    pub(super) fn depends_on_place(&self, place: Place) -> Rc<Unknown> {
        Rc::new(Unknown {
            why: format!("depends on `{}`", self.source(place)),
            place: Some(place),
        })
    }

    /// Runs all branches, of which exactly one runs in truth, and joins their outcomes.
    pub(super) fn run_branches(
        &mut self,
        why: &Rc<Unknown>,
        branches: Vec<Branch<'_, 't>>,
        scope: &Scope,
    ) -> Result<Flow, Raised> {
        let before = self.uncertain.clone();
        let mut outcomes: Vec<(Flow, Vec<Write>)> = Vec::with_capacity(branches.len());
        let mut raised = None;
        let mut is_cut = false;
        for branch in branches {
            self.uncertain = Some(Rc::clone(why));
            self.record();
            self.guards.push(Guard::Branch);
            let outcome = branch(self);
            self.guards.pop();
            let writes = self.take_back();
            match outcome {
                Ok(flow) => outcomes.push((flow, writes)),
                // What raises is taken not to happen.
                Err(Raised::Exception(exception)) => {
                    raised = raised.or(Some(Raised::Exception(exception)))
                }
                Err(stopped) => {
                    raised = Some(stopped);
                    is_cut = true;
                    break;
                }
            }
        }
        self.uncertain = before;
        if let Some(raised) = raised
            && (is_cut || outcomes.is_empty())
        {
            return Err(raised);
        }
        self.join_writes(why, &outcomes, scope);
        Ok(self.join_flows(why, outcomes))
    }

    fn join_writes(&mut self, why: &Rc<Unknown>, outcomes: &[(Flow, Vec<Write>)], scope: &Scope) {
        let goes_on = outcomes
            .iter()
            .any(|(flow, _)| matches!(flow, Flow::Normal));
        let mut done = rustc_hash::FxHashSet::default();
        for (flow, writes) in outcomes {
            for write in writes {
                // The local names of a branch that left the function are seen by nobody.
                let is_local = write.slot.is_in(scope) && scope.parent.is_some();
                if is_local && goes_on && !matches!(flow, Flow::Normal)
                    || !done.insert(write.slot.key())
                {
                    continue;
                }
                let afters: Vec<_> = outcomes
                    .iter()
                    .filter(|(flow, _)| !is_local || !goes_on || matches!(flow, Flow::Normal))
                    .map(|(_, writes)| {
                        let same = writes
                            .iter()
                            .find(|other| other.slot.key() == write.slot.key());
                        same.map_or_else(|| held_before(write), |other| other.after.clone())
                    })
                    .collect();
                self.write_joined(&write.slot, &write.before, &afters, why);
            }
        }
    }

    fn join_flows(&mut self, why: &Rc<Unknown>, outcomes: Vec<(Flow, Vec<Write>)>) -> Flow {
        let mut returned: Option<Value> = None;
        let (mut goes_on, mut breaks, mut continues) = (false, false, false);
        for (flow, _) in outcomes {
            match flow {
                Flow::Normal => goes_on = true,
                Flow::Break => breaks = true,
                Flow::Continue => continues = true,
                Flow::Return(value) => {
                    returned = Some(match returned {
                        Some(other) if deep_same(&other, &value, 8) => other,
                        Some(_) => Value::Unknown(Rc::clone(why)),
                        None => value,
                    });
                }
            }
        }
        match (returned, goes_on, breaks, continues) {
            (Some(value), false, false, false) => Flow::Return(value),
            (None, true, false, false) => Flow::Normal,
            (None, false, true, false) => Flow::Break,
            (None, false, false, true) => Flow::Continue,
            (returned, _, _, _) => {
                if let (Some(value), Some(frame)) = (returned, self.frames.last_mut()) {
                    frame.pending.push((value, Rc::clone(why)));
                }
                // What follows runs only if it was another branch.
                self.uncertain = Some(Rc::clone(why));
                Flow::Normal
            }
        }
    }

    /// Evaluates expressions of which exactly one is evaluated in truth.
    pub(super) fn eval_either(
        &mut self,
        why: &Rc<Unknown>,
        expressions: &[&Expr],
        scope: &Scope,
    ) -> Result<Value, Raised> {
        let branches: Vec<Branch<'_, 't>> = expressions
            .iter()
            .map(|expression| {
                let branch: Branch<'_, 't> = Box::new(move |interp: &mut Interp<'t>| {
                    interp.eval(expression, scope).map(Flow::Return)
                });
                branch
            })
            .collect();
        match self.run_branches(why, branches, scope)? {
            Flow::Return(value) => Ok(value),
            _ => Ok(Value::Unknown(Rc::clone(why))),
        }
    }
}

fn held_before(write: &Write) -> Option<Value> {
    write.before.clone()
}
