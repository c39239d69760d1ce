//! What an analysis may cost.

use std::rc::Rc;

use super::{Interp, Raised};
use crate::analysis::{STACK_BYTES, STACK_THREAD};
use crate::python::value::{Place, Unknown, Value};

/// What a thread that was not made for an analysis surely has.
const SMALL_STACK: usize = 1 << 20;
/// Left for what does not ask before it calls.
const RESERVE: usize = 256 << 10;
/// Expressions and statements that are evaluated at most.
const MAX_STEPS: u64 = 20_000_000;
/// The same for a name of an installed package that is read on demand.
pub(super) const MAX_STEPS_READING: u64 = 1_000_000;
/// The same for a call into an installed package whose value is asked for.
pub(super) const MAX_STEPS_CALLING: u64 = 20_000;
/// CPython's own recursion limit is 1,000.
const MAX_CALLS: usize = 500;
/// Rounds of one loop.
pub(super) const MAX_ROUNDS: usize = 20_000;
/// Items of a collection that is made at once.
pub(crate) const MAX_ITEMS: usize = 1_000_000;
/// Bytes of a text.
pub(crate) const MAX_TEXT: usize = 16 << 20;
/// Modules that are run.
pub(super) const MAX_MODULES: usize = 20_000;

pub(super) struct Bounds {
    steps: u64,
    /// Where to stop.
    limit: u64,
    stack_start: usize,
    stack_size: usize,
    stopped: Option<Rc<Unknown>>,
}

#[inline(never)]
fn stack_pointer() -> usize {
    let marker = 0u8;
    std::ptr::from_ref(&marker).addr()
}

impl Bounds {
    pub(super) fn here() -> Self {
        let size = if std::thread::current().name() == Some(STACK_THREAD) {
            STACK_BYTES
        } else {
            SMALL_STACK
        };
        Self {
            steps: 0,
            limit: MAX_STEPS,
            stack_start: stack_pointer(),
            stack_size: size.saturating_sub(RESERVE),
            stopped: None,
        }
    }

    fn is_deep(&self) -> bool {
        self.stack_start.abs_diff(stack_pointer()) > self.stack_size
    }
}

impl Interp<'_> {
    /// Counts a step; fails when there were too many.
    pub(super) fn step(&mut self, place: Option<Place>) -> Result<(), Raised> {
        self.bounds.steps += 1;
        if self.bounds.steps <= self.bounds.limit {
            return Ok(());
        }
        if self.bounds.steps <= MAX_STEPS {
            let why = "something of a library takes too long to be followed".to_owned();
            return Err(Raised::Stopped(Rc::new(Unknown { why, place })));
        }
        let stopped = match &self.bounds.stopped {
            Some(stopped) => Rc::clone(stopped),
            None => {
                let why = format!("the analysis stopped after {MAX_STEPS} steps");
                self.diagnose("limit-steps", why.clone(), place);
                let stopped = Rc::new(Unknown { why, place });
                self.bounds.stopped = Some(Rc::clone(&stopped));
                stopped
            }
        };
        Err(Raised::Stopped(stopped))
    }

    /// Evaluates something of a library within its own bound. Reading is done once, whoever asks:
    /// its steps are not counted as those of the one who asked first.
    pub(super) fn bounded<T>(&mut self, steps: u64, run: impl FnOnce(&mut Self) -> T) -> T {
        let (outer, start) = (self.bounds.limit, self.bounds.steps);
        let is_reading = steps == MAX_STEPS_READING;
        let limit = start.saturating_add(steps).min(MAX_STEPS);
        self.bounds.limit = if is_reading { limit } else { limit.min(outer) };
        let result = run(self);
        let used = if is_reading {
            self.bounds.steps - start
        } else {
            0
        };
        self.bounds.limit = outer.saturating_add(used).min(MAX_STEPS);
        result
    }

    /// Whether the bound that holds here was reached.
    pub(super) fn is_spent(&self) -> bool {
        self.bounds.steps > self.bounds.limit
    }

    /// The unknown value of what lies too deep to be evaluated.
    pub(super) fn too_deep(&mut self, place: Option<Place>) -> Option<Value> {
        if !self.bounds.is_deep() && self.frames.len() < MAX_CALLS {
            return None;
        }
        let why = "nested too deeply to be evaluated";
        self.diagnose("limit-depth", why, place);
        Some(Value::unknown(why, place))
    }

    /// The unknown value of what is too large.
    pub(crate) fn too_large(&mut self, what: &str, place: Option<Place>) -> Value {
        let why = format!("{what} is too large to be evaluated");
        self.diagnose("limit-size", why.clone(), place);
        Value::unknown(why, place)
    }
}
