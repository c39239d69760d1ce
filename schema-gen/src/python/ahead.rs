//! Files that will soon be asked for, read and parsed on a thread of their own.
//!
//! What a file imports is known once it is parsed, and most of that is asked for while the file
//! runs. Nothing depends on it: what is not ready is read and parsed where it is needed, and what
//! was ready in vain is dropped. A small service is read before a thread would be of use.

use std::cell::Cell;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use super::interp::{files_of, imported_module, prelude_path};
use super::library::{self, Source};
use super::syntax::{Import, ParseFailure, Tree};
use crate::analysis::STACK_BYTES;
use crate::tree::SourceTree;

/// Bytes of text that are ready and were not asked for yet, at most.
const MAX_READY: usize = 4 << 20;
/// Modules that are looked for, at most; and that wait for it.
const MAX_MODULES: usize = 20_000;
/// Packages in packages.
const MAX_DEPTH: usize = 50;
/// Names that one statement imports from a package, as far as they are taken for modules.
const MAX_NAMES: usize = 200;

/// Files that are parsed before there is a thread, those of ours for libraries among them.
const ALONE: usize = 48;

/// What an evaluation asks.
pub(crate) struct Ahead<'a> {
    reader: &'a Reader<'a>,
    /// Starts the thread.
    start: &'a dyn Fn(),
    parsed: Cell<usize>,
}

/// What the thread works on.
struct Reader<'t> {
    tree: &'t dyn SourceTree,
    roots: &'t [String],
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The next last.
    wanted: Vec<Wanted>,
    /// Modules that were looked for, with the text of a package.
    known: FxHashMap<String, Option<Arc<str>>>,
    /// The file that is being read and parsed.
    busy: Option<String>,
    /// By path.
    ready: FxHashMap<String, Ready>,
    ready_bytes: usize,
    /// Files that were asked for before they were ready.
    taken: FxHashSet<String>,
    ended: bool,
}

struct Ready {
    text: Arc<str>,
    tree: Result<Tree, ParseFailure>,
}

struct Wanted {
    module: String,
    /// What is imported from it: each may be a module.
    names: Vec<String>,
}

/// Runs `work` with a reader ahead of it.
pub(crate) fn ahead<T>(
    tree: &dyn SourceTree,
    roots: &[String],
    work: impl FnOnce(&Ahead<'_>) -> T,
) -> T {
    /// Whatever becomes of the work, the thread must end.
    struct End<'a>(&'a Reader<'a>);
    impl Drop for End<'_> {
        fn drop(&mut self) {
            self.0.state().ended = true;
            self.0.changed.notify_all();
        }
    }
    let reader = Reader {
        tree,
        roots,
        state: Mutex::default(),
        changed: Condvar::new(),
    };
    std::thread::scope(|scope| {
        let _end = End(&reader);
        // Where there can be no thread, nothing is ready, and all is read where it is needed.
        let start = || {
            let _ = std::thread::Builder::new()
                .name("hitchpost-read-ahead".to_owned())
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, || reader.run());
        };
        work(&Ahead {
            reader: &reader,
            start: &start,
            parsed: Cell::new(0),
        })
    })
}

impl Ahead<'_> {
    /// To be called before a file is read: it is either ready afterwards, or left alone.
    pub(crate) fn settle(&self, path: &str) {
        self.reader.settle(path);
    }

    /// The parsed file of a module; parsed here where it was not ready.
    pub(crate) fn parsed(
        &self,
        path: &str,
        text: &Arc<str>,
        module: &str,
        is_package: bool,
    ) -> Result<Tree, ParseFailure> {
        self.parsed.set(self.parsed.get() + 1);
        if self.parsed.get() == ALONE {
            (self.start)();
        }
        match self.reader.take(path) {
            Some(ready) if Arc::ptr_eq(&ready.text, text) || ready.text == *text => ready.tree,
            _ => {
                let tree = Tree::of(text)?;
                let mut state = self.reader.state();
                want(&mut state, &tree.imports(), module, is_package);
                self.reader.changed.notify_all();
                Ok(tree)
            }
        }
    }
}

impl Reader<'_> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a file that is in hand, and leaves to the caller what is not ready then.
    fn settle(&self, path: &str) {
        let mut state = self.state();
        while state.busy.as_deref() == Some(path) {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if !state.ready.contains_key(path) {
            state.taken.insert(path.to_owned());
        }
    }

    fn take(&self, path: &str) -> Option<Ready> {
        self.settle(path);
        let mut state = self.state();
        let ready = state.ready.remove(path)?;
        state.ready_bytes -= ready.text.len();
        self.changed.notify_all();
        Some(ready)
    }

    fn run(&self) {
        while let Some(wanted) = self.next() {
            self.look_for(wanted);
        }
    }

    /// Waits for something to do; `None` at the end.
    fn next(&self) -> Option<Wanted> {
        let mut state = self.state();
        loop {
            if state.ended || state.known.len() > MAX_MODULES {
                return None;
            }
            if state.ready_bytes < MAX_READY
                && let Some(wanted) = state.wanted.pop()
            {
                return Some(wanted);
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn look_for(&self, wanted: Wanted) {
        let known = self.state().known.get(&wanted.module).cloned();
        if let Some(known) = known {
            if let Some(text) = known {
                want_names(&mut self.state(), &wanted, &text);
            }
            return;
        }
        self.state().known.insert(wanted.module.clone(), None);
        match library::module(&wanted.module) {
            Some(Source::Prelude(text)) => {
                let path = prelude_path(&wanted.module);
                if self.begin(&path) {
                    self.parse(path, Arc::from(text), &wanted, true);
                }
                return;
            }
            Some(Source::Symbols) => return,
            None => {}
        }
        for root in self.roots {
            for (path, is_package) in files_of(root, &wanted.module) {
                if !self.begin(&path) {
                    return;
                }
                if let Some(text) = self.tree.peek(&path) {
                    self.parse(path, text, &wanted, is_package);
                    return;
                }
                self.state().busy = None;
                self.changed.notify_all();
            }
        }
    }

    /// Takes a file in hand, unless it was asked for.
    fn begin(&self, path: &str) -> bool {
        let mut state = self.state();
        if state.ended || state.taken.contains(path) {
            return false;
        }
        state.busy = Some(path.to_owned());
        true
    }

    fn parse(&self, path: String, text: Arc<str>, wanted: &Wanted, is_package: bool) {
        let tree = Tree::of(&text);
        let imports = tree.as_ref().map(Tree::imports).unwrap_or_default();
        let mut state = self.state();
        state.busy = None;
        if is_package {
            // The package's own imports come first.
            want_names(&mut state, wanted, &text);
            state
                .known
                .insert(wanted.module.clone(), Some(Arc::clone(&text)));
        }
        want(&mut state, &imports, &wanted.module, is_package);
        state.ready_bytes += text.len();
        state.ready.insert(path, Ready { text, tree });
        self.changed.notify_all();
    }
}

/// What is imported from a package and is no name in it is a module of it.
fn want_names(state: &mut State, wanted: &Wanted, package: &str) {
    for name in wanted.names.iter().take(MAX_NAMES).rev() {
        if !package.contains(name.as_str()) {
            state.wanted.push(Wanted {
                module: format!("{}.{name}", wanted.module),
                names: Vec::new(),
            });
        }
    }
}

fn want(state: &mut State, imports: &[Import], module: &str, is_package: bool) {
    for import in imports.iter().rev() {
        let relative = Some(import.module.as_str()).filter(|it| !it.is_empty());
        let Some(dotted) = imported_module(relative, import.level, module, is_package) else {
            continue;
        };
        if dotted.matches('.').count() > MAX_DEPTH || state.wanted.len() > MAX_MODULES {
            continue;
        }
        state.wanted.push(Wanted {
            module: dotted.clone(),
            names: import.names.clone(),
        });
        // Packages run before what is in them.
        let mut rest = dotted.as_str();
        while let Some((parent, _)) = rest.rsplit_once('.') {
            state.wanted.push(Wanted {
                module: parent.to_owned(),
                names: Vec::new(),
            });
            rest = parent;
        }
    }
}
