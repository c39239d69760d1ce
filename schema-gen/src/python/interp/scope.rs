//! Names: where they are bound and looked up.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::Interp;
use super::journal::Slot;
use crate::python::library;
use crate::python::syntax::Name;
use crate::python::value::{Class, Dict, FileId, Key, Namespace, Value};

/// The names of a block, and where to look further.
pub(crate) type Scope = Rc<ScopeData>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    Module,
    Class,
    Function,
    /// A comprehension, or the type parameters of a definition.
    Inner,
}

/// Whose code a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Project,
    /// Of an installed package: read on demand, its own imports too.
    Installed,
    /// Python of ours.
    Prelude,
}

/// What the scopes of a module have in common.
pub(crate) struct Unit {
    pub(crate) origin: Origin,
    pub(crate) is_package: bool,
    /// `from __future__ import annotations`
    pub(super) lazy_annotations: Cell<bool>,
    /// Names bound only under `TYPE_CHECKING`.
    pub(super) type_only: RefCell<Vec<(Name, TypeOnly)>>,
    /// Modules that are not read, or not wholly, of which everything was imported.
    pub(super) stars: RefCell<Vec<Name>>,
}

/// An import that only a type checker sees.
#[derive(Clone)]
pub(crate) struct TypeOnly {
    pub(super) module: Option<Name>,
    pub(super) level: u32,
    /// The imported name; none in `import module`.
    pub(super) name: Option<Name>,
}

pub(crate) struct ScopeData {
    pub(crate) kind: ScopeKind,
    pub(crate) names: RefCell<Namespace>,
    /// The enclosing scope; a class's is skipped when looked up from within a function.
    pub(crate) parent: Option<Scope>,
    /// The dotted name of the module.
    pub(crate) module: Name,
    pub(crate) file: FileId,
    pub(super) unit: Rc<Unit>,
    /// Of a class's body: the class, once it is made.
    pub(super) class: RefCell<Option<Rc<Class>>>,
    /// Names declared `global` (true) or `nonlocal`.
    pub(super) declared: RefCell<Vec<(Name, bool)>>,
    /// Of a function's or class's scope: its qualified name, for definitions inside.
    pub(super) qualname: Option<Name>,
}

impl ScopeData {
    pub(crate) fn new(kind: ScopeKind, parent: Option<Scope>, module: Name, file: FileId) -> Scope {
        let unit = match &parent {
            Some(parent) => Rc::clone(&parent.unit),
            None => Unit::new(Origin::Prelude, false),
        };
        Self::with_unit(kind, parent, module, file, unit, None)
    }

    pub(super) fn with_unit(
        kind: ScopeKind,
        parent: Option<Scope>,
        module: Name,
        file: FileId,
        unit: Rc<Unit>,
        qualname: Option<Name>,
    ) -> Scope {
        Rc::new(Self {
            kind,
            names: RefCell::default(),
            parent,
            module,
            file,
            unit,
            class: RefCell::default(),
            declared: RefCell::default(),
            qualname,
        })
    }

    pub(super) fn inside(kind: ScopeKind, parent: &Scope, qualname: Option<Name>) -> Scope {
        Self::with_unit(
            kind,
            Some(Rc::clone(parent)),
            Rc::clone(&parent.module),
            parent.file,
            Rc::clone(&parent.unit),
            qualname,
        )
    }

    /// The name of something that is defined here, as `__qualname__` has it.
    pub(super) fn qualify(&self, name: &str) -> Name {
        let mut scope = Some(self);
        while let Some(it) = scope {
            match (&it.kind, &it.qualname) {
                (ScopeKind::Class, Some(outer)) => return Rc::from(format!("{outer}.{name}")),
                (ScopeKind::Function, Some(outer)) => {
                    return Rc::from(format!("{outer}.<locals>.{name}"));
                }
                _ => scope = it.parent.as_deref(),
            }
        }
        Rc::from(name)
    }
}

impl Unit {
    pub(super) fn new(origin: Origin, is_package: bool) -> Rc<Self> {
        Rc::new(Self {
            origin,
            is_package,
            lazy_annotations: Cell::new(false),
            type_only: RefCell::default(),
            stars: RefCell::default(),
        })
    }
}

/// The scope of the module.
pub(super) fn globals(scope: &Scope) -> Scope {
    let mut current = scope;
    while let Some(parent) = &current.parent {
        current = parent;
    }
    Rc::clone(current)
}

/// The scope in which a name is bound by an assignment here.
fn target(scope: &Scope, name: &str) -> Scope {
    let mut current = scope;
    // A comprehension's own names are bound directly: what reaches this is a walrus or a statement.
    while current.kind == ScopeKind::Inner {
        match &current.parent {
            Some(parent) => current = parent,
            None => break,
        }
    }
    let declared = current
        .declared
        .borrow()
        .iter()
        .find(|(it, _)| &**it == name)
        .map(|(_, global)| *global);
    match declared {
        None => Rc::clone(current),
        Some(true) => globals(current),
        Some(false) => {
            let mut outer = current.parent.as_ref();
            while let Some(it) = outer {
                if it.kind != ScopeKind::Class && it.names.borrow().contains_key(name) {
                    return Rc::clone(it);
                }
                outer = it.parent.as_ref();
            }
            Rc::clone(current)
        }
    }
}

impl Interp<'_> {
    /// What a name stands for in a scope, builtins included.
    pub(crate) fn lookup(&mut self, name: &str, scope: &Scope) -> Option<Value> {
        lookup_bound(name, scope)
            .or_else(|| self.set_by_globals(name, scope))
            .or_else(|| self.builtin(name))
    }

    pub(super) fn builtin(&mut self, name: &str) -> Option<Value> {
        if let Some(known) = self.builtins.get(name) {
            return known.clone();
        }
        let known = library::builtin(name);
        self.builtins.insert(Rc::from(name), known.clone());
        known
    }

    /// `globals()`: a dictionary of the module's names. What is set in it becomes a name.
    pub(super) fn globals_dict(&mut self, scope: &Scope) -> Value {
        let module = globals(scope);
        let known = self
            .globals_dicts
            .iter()
            .find(|(it, _)| Rc::ptr_eq(it, &module))
            .map(|(_, dict)| Rc::clone(dict));
        let dict = match known {
            Some(dict) => dict,
            None => {
                let dict = Rc::new(RefCell::new(Dict::default()));
                self.globals_dicts
                    .push((Rc::clone(&module), Rc::clone(&dict)));
                dict
            }
        };
        {
            let names = module.names.borrow();
            let mut dict = dict.borrow_mut();
            dict.extend(
                names
                    .iter()
                    .map(|(name, value)| (Key(Value::Str(Rc::clone(name))), value.clone())),
            );
        }
        Value::Dict(dict)
    }

    /// Whether a dictionary is that of a module's names.
    pub(super) fn is_globals_dict(&self, dict: &Rc<RefCell<Dict>>) -> bool {
        self.globals_dicts
            .iter()
            .any(|(_, it)| Rc::ptr_eq(it, dict))
    }

    pub(super) fn has_globals_dict(&self, module: &Scope) -> bool {
        self.globals_dicts
            .iter()
            .any(|(it, _)| Rc::ptr_eq(it, module))
    }

    /// A name that was set by way of `globals()`.
    pub(super) fn set_by_globals(&self, name: &str, scope: &Scope) -> Option<Value> {
        if self.globals_dicts.is_empty() {
            return None;
        }
        let module = globals(scope);
        let (_, dict) = self
            .globals_dicts
            .iter()
            .find(|(it, _)| Rc::ptr_eq(it, &module))?;
        dict.borrow().get(&Key(Value::str(name))).cloned()
    }

    /// Binds a name as an assignment in that scope does.
    pub(super) fn bind(&mut self, name: &Name, value: Value, scope: &Scope) {
        let target = target(scope, name);
        self.bind_in(&target, name, value);
    }

    /// Binds a name in exactly this scope.
    pub(super) fn bind_in(&mut self, scope: &Scope, name: &Name, value: Value) {
        if !self.journals.is_empty() {
            self.note(Slot::Name(Rc::clone(scope), Rc::clone(name)));
        }
        scope.names.borrow_mut().insert(Rc::clone(name), value);
    }

    /// `del name`; whether there was one.
    pub(super) fn unbind(&mut self, name: &Name, scope: &Scope) -> bool {
        let target = target(scope, name);
        if !self.journals.is_empty() {
            self.note(Slot::Name(Rc::clone(&target), Rc::clone(name)));
        }
        let removed = target.names.borrow_mut().shift_remove(name);
        removed.is_some()
    }
}

/// What a name is bound to, builtins left out.
pub(super) fn lookup_bound(name: &str, scope: &Scope) -> Option<Value> {
    let mut current = Some(scope);
    let mut within_function = false;
    while let Some(it) = current {
        if (it.kind != ScopeKind::Class || !within_function)
            && let Some(value) = it.names.borrow().get(name)
        {
            return Some(value.clone());
        }
        if it.kind == ScopeKind::Function {
            within_function = true;
            if it
                .declared
                .borrow()
                .iter()
                .any(|(declared, global)| *global && &**declared == name)
            {
                return globals(it).names.borrow().get(name).cloned();
            }
        }
        // The body of a class does not see the names of an enclosing class.
        within_function |= it.kind == ScopeKind::Class;
        current = it.parent.as_ref();
    }
    None
}
