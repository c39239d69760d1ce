//! A small, bounded evaluator of Python: what runs when a service is imported.
//!
//! It runs no code of the machine: modules come from the [`SourceTree`] as text, calls of libraries
//! that are not read are recorded, and what cannot be known is a [`Value::Unknown`] with its reason.

mod annotation;
mod assign;
mod assign_attribute;
mod attribute;
mod awaitable;
mod bounds;
mod branch;
mod call;
mod class;
mod compare;
mod comprehension;
mod exception;
mod expr;
mod force;
mod function;
mod imports;
mod iterate;
mod journal;
mod mro;
mod operator;
mod pattern;
mod protocol;
mod release;
mod scope;
mod signature;
mod stmt;
mod subscript;
mod text;
mod truth;
mod with;

#[cfg(test)]
mod tests;

use std::cell::{OnceCell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::ahead::Ahead;
use super::syntax::{Expr, Name, ParameterKind};
use super::value::{Class, Dict, FileId, Made, Module, Namespace, Object, Place, Unknown, Value};
use super::versions::Rules;
use crate::tree::SourceTree;
use crate::{Diagnostic, Options};

pub(crate) use imports::{files_of, imported_module, prelude_path};
pub(crate) use scope::{Scope, ScopeData, ScopeKind};

/// Arguments of a call, spread.
#[derive(Clone, Default)]
pub(crate) struct Args {
    pub(crate) positional: Vec<Value>,
    pub(crate) keywords: Namespace,
    /// Where the call stands.
    pub(crate) place: Option<Place>,
    /// An unknown `*args` or `**kwargs` was spread into it: not all arguments are known.
    pub(crate) incomplete: bool,
}

impl Args {
    pub(crate) fn new(positional: Vec<Value>, place: Option<Place>) -> Self {
        Self {
            positional,
            place,
            ..Self::default()
        }
    }

    /// Takes the argument at `index` or of that name.
    pub(crate) fn take(&mut self, index: usize, name: &str) -> Option<Value> {
        self.keywords
            .shift_remove(name)
            .or_else(|| self.positional.get(index).cloned())
    }
}

/// Why an evaluation did not come to a value.
#[derive(Clone, Debug)]
pub(crate) enum Raised {
    /// An exception of the service's code: its object.
    Exception(Value),
    /// A bound was reached: nothing more is evaluated.
    Stopped(Rc<Unknown>),
}

/// A parameter of a callable, with its annotation evaluated.
#[derive(Clone)]
pub(crate) struct SignatureParameter {
    pub(crate) name: Name,
    pub(crate) kind: ParameterKind,
    /// A type as a value; `Value::Forward` where a name in it is not defined.
    pub(crate) annotation: Option<Value>,
    pub(crate) default: Option<Value>,
    pub(crate) place: Option<Place>,
}

/// What `inspect.signature(callable, eval_str)` gives, after `functools.wraps`, `partial`, bound
/// methods and classes (their `__init__`, without `self`) are seen through.
#[derive(Clone, Default)]
pub(crate) struct Signature {
    pub(crate) parameters: Vec<SignatureParameter>,
    pub(crate) returns: Option<Value>,
}

/// A member of a class's body with its annotation evaluated.
#[derive(Clone)]
pub(crate) struct AnnotatedName {
    pub(crate) name: Name,
    pub(crate) annotation: Value,
}

/// A file that was read.
struct FileData {
    path: Rc<str>,
    text: Arc<str>,
    /// Where the lines start, once asked for.
    lines: OnceCell<Vec<u32>>,
}

/// A call of a function that is being evaluated, or a module or class body.
struct Frame {
    scope: Scope,
    function: Option<Rc<super::value::Function>>,
    /// The first positional argument: what `super()` is about.
    receiver: Option<Value>,
    /// Returned under conditions that are not known.
    pending: Vec<(Value, Rc<Unknown>)>,
    /// What was yielded, in a generator.
    yields: Vec<Value>,
    /// Whether the call itself is certain.
    uncertain: Option<Rc<Unknown>>,
    /// The body of a `with` statement that runs at the `yield` of a context manager.
    at_yield: Option<with::AtYield>,
}

/// What would catch an exception around the place that is being evaluated.
enum Guard {
    /// `except` clauses: their classes; nothing in a bare one.
    Handlers(Vec<Option<Value>>),
    /// A branch whose condition is not known: what raises there is taken not to happen.
    Branch,
}

pub(crate) struct Interp<'t> {
    pub(crate) tree: &'t dyn SourceTree,
    pub(crate) options: &'t Options,
    /// Reads files before they are asked for.
    pub(crate) ahead: Option<&'t Ahead<'t>>,
    /// What the service's versions write.
    pub(crate) rules: Rules,
    pub(crate) modules: FxHashMap<Name, Rc<Module>>,
    /// Expressions of `re`, compiled once.
    pub(crate) regexes: FxHashMap<(Rc<str>, i64), Option<Rc<fancy_regex::Regex>>>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) contracts: Vec<crate::Contract>,
    /// What is being written: where to look for what is not known and has no place of its own.
    pub(crate) describing: Option<Place>,
    /// What is known of the models.
    pub(crate) pydantic: super::pydantic::State,
    files: Vec<FileData>,
    frames: Vec<Frame>,
    /// The names of calls that functions made there may still need.
    kept: Vec<Weak<ScopeData>>,
    /// The classes whose order is known.
    ordered: Vec<Weak<Class>>,
    guards: Vec<Guard>,
    /// How many of the guards stand around the import of the module that is being run.
    module_guards: usize,
    /// The exceptions that are being handled, innermost last.
    handled: Vec<Value>,
    /// The exception that a `raise` statement raised last.
    explicit: Option<Value>,
    journals: Vec<journal::Journal>,
    /// Why it is not known whether what is being evaluated happens.
    uncertain: Option<Rc<Unknown>>,
    bounds: bounds::Bounds,
    reported: FxHashSet<(&'static str, Option<Place>)>,
    /// Modules that were looked for and are not in the roots.
    absent: FxHashSet<Name>,
    forced: FxHashMap<Name, Option<Value>>,
    /// How many calls of a function of a library came to nothing.
    failures: FxHashMap<Name, u32>,
    /// Classes of installed packages with bases that are not read yet.
    unsettled: FxHashMap<*const Class, Rc<Class>>,
    /// Attributes of libraries that the service replaced, by their dotted names.
    replaced: FxHashMap<Name, Value>,
    /// How many names of libraries are being read, one for the sake of another.
    reading: usize,
    globals_dicts: Vec<(Scope, Rc<RefCell<Dict>>)>,
    builtins: FxHashMap<Name, Option<Value>>,
    realized: FxHashMap<*const Made, (Rc<Made>, Option<Value>)>,
    /// Classes that a library's hooks had in hand.
    opaque: FxHashSet<*const Class>,
    subclasses: FxHashMap<*const Class, Vec<Rc<Class>>>,
    class_dicts: Vec<class::Pending>,
    /// The classes that metaclasses are about to make.
    making: Vec<Option<class::Parts>>,
    /// Where the calls that are under way stand.
    call_places: Vec<Option<Place>>,
    /// Where a string annotation stands whose expression is being evaluated.
    at: Option<Place>,
}

impl<'t> Interp<'t> {
    pub(crate) fn new(tree: &'t dyn SourceTree, options: &'t Options) -> Self {
        Self {
            tree,
            options,
            ahead: None,
            rules: Rules::default(),
            modules: FxHashMap::default(),
            regexes: FxHashMap::default(),
            diagnostics: Vec::new(),
            describing: None,
            contracts: Vec::new(),
            pydantic: Default::default(),
            files: Vec::new(),
            frames: Vec::new(),
            kept: Vec::new(),
            ordered: Vec::new(),
            guards: Vec::new(),
            module_guards: 0,
            handled: Vec::new(),
            explicit: None,
            journals: Vec::new(),
            uncertain: None,
            bounds: bounds::Bounds::here(),
            reported: FxHashSet::default(),
            absent: FxHashSet::default(),
            forced: FxHashMap::default(),
            failures: FxHashMap::default(),
            unsettled: FxHashMap::default(),
            replaced: FxHashMap::default(),
            reading: 0,
            globals_dicts: Vec::new(),
            builtins: FxHashMap::default(),
            realized: FxHashMap::default(),
            opaque: FxHashSet::default(),
            subclasses: FxHashMap::default(),
            class_dicts: Vec::new(),
            making: Vec::new(),
            call_places: Vec::new(),
            at: None,
        }
    }

    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Reports once for each place.
    pub(crate) fn diagnose(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        place: Option<Place>,
    ) {
        if !self.reported.insert((code, place)) {
            return;
        }
        let at = place.and_then(|place| self.locate(place));
        let (file, line) = match at {
            Some((file, line)) => (Some(file.to_string()), Some(line)),
            None => (None, None),
        };
        self.diagnostics.push(Diagnostic {
            code,
            message: message.into(),
            file,
            line,
        });
    }

    /// The file and the line, from 1, of a place.
    pub(crate) fn locate(&self, place: Place) -> Option<(Rc<str>, u32)> {
        let file = self.files.get(place.file.0 as usize)?;
        let lines = file.lines.get_or_init(|| {
            let bytes = file.text.as_bytes();
            let next = |at: u32| bytes.get(at as usize);
            let ends = bytes.iter().zip(1u32..);
            // A carriage return ends a line too, unless a line feed follows.
            let ends = ends.filter(|(byte, at)| {
                **byte == b'\n' || (**byte == b'\r' && next(*at) != Some(&b'\n'))
            });
            std::iter::once(0)
                .chain(ends.map(|(_, next)| next))
                .collect()
        });
        let line = lines.partition_point(|start| *start <= place.span.start);
        Some((
            Rc::clone(&file.path),
            u32::try_from(line).unwrap_or(u32::MAX),
        ))
    }

    /// The source at a place, on one line and not too long.
    pub(crate) fn source(&self, place: Place) -> String {
        let text = self
            .files
            .get(place.file.0 as usize)
            .and_then(|file| {
                file.text
                    .get(place.span.start as usize..place.span.end as usize)
            })
            .unwrap_or_default();
        let mut short: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((cut, _)) = short.char_indices().nth(60) {
            short.truncate(cut);
            short.push('…');
        }
        short
    }

    /// How many files were read, and their bytes.
    pub(crate) fn stats(&self) -> (usize, usize) {
        let read = self.files.iter().filter(|file| !file.path.starts_with('<'));
        read.fold((0, 0), |(files, bytes), file| {
            (files + 1, bytes + file.text.len())
        })
    }

    fn add_file(&mut self, path: &str, text: Arc<str>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(FileData {
            path: Rc::from(path.trim_start_matches("./")),
            text,
            lines: OnceCell::new(),
        });
        id
    }

    fn place(&self, expression: &Expr, scope: &Scope) -> Place {
        self.at.unwrap_or(Place {
            file: scope.file,
            span: expression.span,
        })
    }

    /// An unknown value that `place` is the reason of.
    pub(crate) fn unknown_at(&self, why: &str, place: Place) -> Value {
        Value::unknown(format!("{why}: `{}`", self.source(place)), Some(place))
    }

    /// An object of a user's class, with nothing set on it. It carries the reason when it is not
    /// known whether it comes to be.
    pub(crate) fn new_object(&mut self, class: &Rc<Class>, place: Option<Place>) -> Rc<Object> {
        Rc::new(Object {
            class: Rc::clone(class),
            attributes: Default::default(),
            payload: Default::default(),
            place,
            uncertain: self.uncertain.clone(),
        })
    }
}
