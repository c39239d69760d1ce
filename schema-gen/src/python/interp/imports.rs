//! The module graph: `import`, `from … import …`, and running modules.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::bounds::MAX_MODULES;
use super::scope::{Origin, TypeOnly, Unit, globals};
use super::{Args, Frame, Interp, Raised, Scope, ScopeData, ScopeKind};
use crate::python::library::{self, Source};
use crate::python::syntax::{self, Name, Stmt, StmtKind, Tree};
use crate::python::value::{FileId, Made, Module, Namespace, Place, Symbol, Unknown, Value};

/// Where a module's text is.
enum Located {
    File {
        path: String,
        text: Arc<str>,
        is_package: bool,
    },
    /// A folder without `__init__.py`.
    Namespace(String),
}

impl Interp<'_> {
    /// Imports a module by its dotted name: runs it when it is first asked for.
    pub(crate) fn import(&mut self, dotted: &str, place: Option<Place>) -> Result<Value, Raised> {
        if let Some(module) = self.modules.get(dotted) {
            return Ok(Value::Module(Rc::clone(module)));
        }
        match library::module(dotted) {
            Some(Source::Prelude(text)) => {
                self.import_parent(dotted, place)?;
                if let Some(module) = self.modules.get(dotted) {
                    return Ok(Value::Module(Rc::clone(module)));
                }
                let module = self.run_text(
                    Arc::from(text),
                    &prelude_path(dotted),
                    dotted,
                    Origin::Prelude,
                    true,
                )?;
                return Ok(self.attach(dotted, module));
            }
            Some(Source::Symbols) => return Ok(Value::symbol(&library::canonical(dotted))),
            None => {}
        }
        if self.absent.contains(dotted) {
            return self.missing(dotted, place);
        }
        let parent = self.import_parent(dotted, place)?;
        if let Some(Value::Symbol(_)) = parent {
            return Ok(Value::symbol(&library::canonical(dotted)));
        }
        // The parent may have imported it.
        if let Some(module) = self.modules.get(dotted) {
            return Ok(Value::Module(Rc::clone(module)));
        }
        let located = match self.find(&self.options.roots, dotted, place)? {
            // A package beside the roots comes before a mere folder in them.
            Some(Located::Namespace(_))
                if parent.is_none() && self.is_installed_package(dotted) =>
            {
                None
            }
            located => located,
        };
        let Some(located) = located else {
            self.absent.insert(Rc::from(dotted));
            return self.missing(dotted, place);
        };
        let module = self.run_located(located, dotted, Origin::Project)?;
        Ok(self.attach(dotted, module))
    }

    fn import_parent(
        &mut self,
        dotted: &str,
        place: Option<Place>,
    ) -> Result<Option<Value>, Raised> {
        match dotted.rsplit_once('.') {
            Some((parent, _)) if !parent.is_empty() => self.import(parent, place).map(Some),
            _ => Ok(None),
        }
    }

    /// Makes a module an attribute of its package.
    fn attach(&mut self, dotted: &str, module: Rc<Module>) -> Value {
        let value = Value::Module(module);
        if let Some((parent, name)) = dotted.rsplit_once('.')
            && let Some(parent) = self.modules.get(parent)
        {
            parent
                .scope
                .names
                .borrow_mut()
                .insert(Rc::from(name), value.clone());
        }
        value
    }

    /// What the import of a module that is not in the roots comes to: the name of a library, unless
    /// it is known not to be there.
    fn missing(&mut self, dotted: &str, place: Option<Place>) -> Result<Value, Raised> {
        let in_project = dotted.rsplit_once('.').is_some_and(|(parent, _)| {
            self.modules.get(parent).is_some_and(|module| {
                module.scope.unit.origin == Origin::Project && !is_folder_alone(module)
            })
        });
        let absent = not_found(dotted, place);
        if in_project {
            return Err(absent);
        }
        // Where nothing would catch it, the service could not run without it.
        if let Raised::Exception(exception) = &absent
            && !self.options.site_packages.is_empty()
            && self.is_caught_here(&exception.clone())
            && !self.is_installed(dotted)
        {
            return Err(absent);
        }
        Ok(Value::symbol(&library::canonical(dotted)))
    }

    /// Whether the package of a module is there beside the roots.
    pub(super) fn is_installed(&self, dotted: &str) -> bool {
        let top = dotted.split('.').next().unwrap_or_default();
        library::is_modelled(top)
            || self.options.site_packages.iter().any(|folder| {
                let path = join(folder, top);
                self.tree.is_folder(&path)
                    || !matches!(self.tree.read(&format!("{path}.py")), Ok(None))
            })
    }

    fn is_installed_package(&self, top: &str) -> bool {
        self.options.site_packages.iter().any(|folder| {
            files_of(folder, top)
                .iter()
                .any(|(file, _)| !matches!(self.tree.read(file), Ok(None)))
        })
    }

    /// Whether it is not known that a module is there.
    pub(super) fn may_be_absent(&self, dotted: &str) -> bool {
        let top = dotted.split('.').next().unwrap_or_default();
        let in_roots = self.options.roots.iter().any(|folder| {
            let path = join(folder, top);
            self.tree.is_folder(&path) || !matches!(self.tree.read(&format!("{path}.py")), Ok(None))
        });
        !in_roots && self.options.site_packages.is_empty() && !library::is_modelled(top)
    }

    fn find(
        &self,
        folders: &[String],
        dotted: &str,
        place: Option<Place>,
    ) -> Result<Option<Located>, Raised> {
        let mut namespace = None;
        for folder in folders {
            for (file, is_package) in files_of(folder, dotted) {
                match self.read(&file) {
                    Ok(Some(text)) => {
                        return Ok(Some(Located::File {
                            path: file,
                            text,
                            is_package,
                        }));
                    }
                    Ok(None) => {}
                    Err(why) => {
                        let why = format!("`{file}` cannot be read: {why}");
                        return Err(library::raise("builtins.ImportError", &why, place));
                    }
                }
            }
            let path = join(folder, &dotted.replace('.', "/"));
            if namespace.is_none() && self.tree.is_folder(&path) {
                namespace = Some(Located::Namespace(path));
            }
        }
        Ok(namespace)
    }

    /// The text of a file, which may have been read before it was asked for.
    fn read(&self, path: &str) -> Result<Option<Arc<str>>, String> {
        if let Some(ahead) = self.ahead {
            ahead.settle(path);
        }
        self.tree.read(path)
    }

    fn run_located(
        &mut self,
        located: Located,
        dotted: &str,
        origin: Origin,
    ) -> Result<Rc<Module>, Raised> {
        match located {
            Located::File {
                path,
                text,
                is_package,
            } => self.run_text(text, &path, dotted, origin, is_package),
            Located::Namespace(path) => {
                let file = self.add_file(&path, Arc::from(""));
                let module = self.new_module(dotted, file, None, origin, true);
                self.modules
                    .insert(Rc::clone(&module.name), Rc::clone(&module));
                Ok(module)
            }
        }
    }

    fn new_module(
        &mut self,
        dotted: &str,
        file: FileId,
        path: Option<&str>,
        origin: Origin,
        is_package: bool,
    ) -> Rc<Module> {
        let name: Name = Rc::from(dotted);
        let unit = Unit::new(origin, is_package);
        let scope =
            ScopeData::with_unit(ScopeKind::Module, None, Rc::clone(&name), file, unit, None);
        let package = if is_package {
            dotted
        } else {
            dotted.rsplit_once('.').map_or("", |(parent, _)| parent)
        };
        {
            let mut names = scope.names.borrow_mut();
            names.insert(Rc::from("__name__"), Value::Str(Rc::clone(&name)));
            names.insert(Rc::from("__package__"), Value::str(package));
            names.insert(Rc::from("__spec__"), module_spec(dotted, package, path));
            if let Some(path) = path {
                names.insert(Rc::from("__file__"), Value::str(path));
                if is_package && let Some((folder, _)) = path.rsplit_once('/') {
                    names.insert(Rc::from("__path__"), Value::list(vec![Value::str(folder)]));
                }
            }
        }
        Rc::new(Module {
            name,
            is_package,
            scope,
        })
    }

    fn run_text(
        &mut self,
        text: Arc<str>,
        path: &str,
        dotted: &str,
        origin: Origin,
        is_package: bool,
    ) -> Result<Rc<Module>, Raised> {
        if self.modules.len() >= MAX_MODULES || self.too_deep(None).is_some() {
            let why = format!("`{dotted}` is not read: too many modules, or nested too deeply");
            self.diagnose("limit-modules", why.clone(), None);
            return Err(library::raise("builtins.ImportError", &why, None));
        }
        let file = self.add_file(path, Arc::clone(&text));
        let module = self.new_module(dotted, file, Some(path), origin, is_package);
        // What an installed package imports is read when it is needed.
        let tree = match self.ahead.filter(|_| origin != Origin::Installed) {
            Some(ahead) => ahead.parsed(path, &text, dotted, is_package),
            None => Tree::of(&text),
        };
        let parsed = tree
            .and_then(|tree| tree.turn(&text))
            .map_err(|failure| self.unreadable(failure, file))?;
        let docstring = parsed.docstring.clone().map_or(Value::None, Value::Str);
        module
            .scope
            .names
            .borrow_mut()
            .insert(Rc::from("__doc__"), docstring);
        self.modules
            .insert(Rc::clone(&module.name), Rc::clone(&module));
        let journals = std::mem::take(&mut self.journals);
        let at = self.at.take();
        let class_dicts = std::mem::take(&mut self.class_dicts);
        let uncertain = self.uncertain.clone();
        // An installed package and a prelude are what they are, whoever imports them.
        let guards = match origin {
            Origin::Project => None,
            Origin::Installed | Origin::Prelude => {
                self.uncertain = None;
                Some(std::mem::take(&mut self.guards))
            }
        };
        let module_guards = std::mem::replace(&mut self.module_guards, self.guards.len());
        self.frames.push(Frame {
            scope: Rc::clone(&module.scope),
            function: None,
            receiver: None,
            pending: Vec::new(),
            yields: Vec::new(),
            uncertain: self.uncertain.clone(),
            at_yield: None,
        });
        let ran = self.exec_block(&parsed.body, &module.scope);
        self.frames.pop();
        self.module_guards = module_guards;
        if let Some(guards) = guards {
            self.guards = guards;
        }
        self.uncertain = uncertain;
        self.class_dicts = class_dicts;
        self.at = at;
        self.journals = journals;
        if let Err(raised) = ran {
            if let Raised::Exception(_) = raised {
                self.modules.remove(dotted);
            }
            return Err(raised);
        }
        Ok(module)
    }

    /// The exception that a text which is not Python raises. It is told.
    pub(super) fn unreadable(&mut self, failure: syntax::ParseFailure, file: FileId) -> Raised {
        let span = syntax::Span {
            start: failure.offset,
            end: failure.offset,
        };
        let place = Some(Place { file, span });
        let path = self
            .files
            .get(file.0 as usize)
            .map(|it| Rc::clone(&it.path));
        let path = path.unwrap_or_default();
        let message = format!("`{path}` cannot be read: {}", failure.message);
        self.diagnose("syntax", message.clone(), place);
        library::raise("builtins.SyntaxError", &message, place)
    }

    /// Runs a file as a module of that name.
    pub(crate) fn run_file(&mut self, path: &str, dotted: &str) -> Result<Rc<Module>, Raised> {
        if let Some(module) = self.modules.get(dotted) {
            return Ok(Rc::clone(module));
        }
        let stopped = |why: String| Raised::Stopped(Rc::new(Unknown { why, place: None }));
        let text = match self.read(path) {
            Ok(Some(text)) => text,
            Ok(None) => return Err(stopped(format!("there is no file `{path}`"))),
            Err(why) => return Err(stopped(format!("`{path}` cannot be read: {why}"))),
        };
        self.import_parent(dotted, None)?;
        if let Some(module) = self.modules.get(dotted) {
            return Ok(Rc::clone(module));
        }
        let is_package = path.ends_with("/__init__.py");
        let module = self.run_text(text, path, dotted, Origin::Project, is_package)?;
        self.attach(dotted, Rc::clone(&module));
        Ok(module)
    }

    /// The module of an installed package, run when it is first asked for.
    pub(super) fn installed_module(&mut self, dotted: &str) -> Option<Rc<Module>> {
        if let Some(module) = self.modules.get(dotted) {
            return Some(Rc::clone(module));
        }
        let located = self
            .find(&self.options.site_packages, dotted, None)
            .ok()
            .flatten()?;
        let module = self.run_located(located, dotted, Origin::Installed).ok()?;
        self.attach(dotted, Rc::clone(&module));
        Some(module)
    }

    pub(super) fn loaded_submodule(&self, module: &Module, name: &str) -> Option<Value> {
        self.modules
            .get(format!("{}.{name}", module.name).as_str())
            .map(|it| Value::Module(Rc::clone(it)))
    }

    pub(super) fn exec_import(
        &mut self,
        names: &[(Name, Option<Name>)],
        scope: &Scope,
        place: Place,
    ) -> Result<(), Raised> {
        for (dotted, alias) in names {
            let leaf = self.import_here(dotted, scope, place)?;
            match alias {
                Some(alias) => self.bind(alias, leaf, scope),
                None => {
                    let top = dotted.split('.').next().unwrap_or_default();
                    let value = if top.len() == dotted.len() {
                        leaf
                    } else {
                        self.import_here(top, scope, place)?
                    };
                    self.bind(&Rc::from(top), value, scope);
                }
            }
        }
        Ok(())
    }

    /// Imports for a module: what an installed package imports is read when it is needed.
    fn import_here(&mut self, dotted: &str, scope: &Scope, place: Place) -> Result<Value, Raised> {
        if scope.unit.origin == Origin::Installed && library::module(dotted).is_none() {
            if self.modules.contains_key(dotted) {
                return self.import(dotted, Some(place));
            }
            return self.missing_here(dotted, place);
        }
        self.import(dotted, Some(place))
    }

    fn missing_here(&mut self, dotted: &str, place: Place) -> Result<Value, Raised> {
        let absent = not_found(dotted, Some(place));
        if let Raised::Exception(exception) = &absent
            && self.is_caught_here(&exception.clone())
            && !self.is_installed(dotted)
        {
            return Err(absent);
        }
        Ok(Value::symbol(&library::canonical(dotted)))
    }

    pub(super) fn exec_import_from(
        &mut self,
        module: Option<&Name>,
        level: u32,
        names: &[(Name, Option<Name>)],
        scope: &Scope,
        place: Place,
    ) -> Result<(), Raised> {
        let Some(dotted) = self.base_of(module, level, scope) else {
            let message = "attempted relative import with no known parent package";
            return Err(library::raise("builtins.ImportError", message, Some(place)));
        };
        if dotted == "__future__" {
            if names.iter().any(|(name, _)| &**name == "annotations") {
                scope.unit.lazy_annotations.set(true);
            }
            return Ok(());
        }
        let source = self.import_here(&dotted, scope, place)?;
        for (name, alias) in names {
            if &**name == "*" {
                self.import_star(&source, scope, place)?;
                continue;
            }
            let value = self.import_name(&source, name, place)?;
            self.bind(alias.as_ref().unwrap_or(name), value, scope);
        }
        Ok(())
    }

    /// The dotted name of what `from … import` reads from.
    fn base_of(&self, module: Option<&Name>, level: u32, scope: &Scope) -> Option<String> {
        let module = module.map(|module| &**module);
        imported_module(module, level, &scope.module, scope.unit.is_package)
    }

    /// The absolute name of a relative one, as `importlib.import_module(name, package)` has it.
    pub(super) fn absolute(&self, name: &str, package: &str) -> Option<String> {
        let stripped = name.trim_start_matches('.');
        let level = name.len() - stripped.len();
        if level == 0 {
            return Some(name.to_owned());
        }
        let mut package = package;
        for _ in 1..level {
            package = package.rsplit_once('.')?.0;
        }
        Some(if stripped.is_empty() {
            package.to_owned()
        } else {
            format!("{package}.{stripped}")
        })
    }

    fn import_name(&mut self, source: &Value, name: &str, place: Place) -> Result<Value, Raised> {
        match source {
            Value::Module(module) => {
                if let Some(value) = module.scope.names.borrow().get(name) {
                    return Ok(value.clone());
                }
                let dotted = format!("{}.{name}", module.name);
                if module.scope.unit.origin == Origin::Installed
                    && self.is_loading()
                    && !self.modules.contains_key(dotted.as_str())
                {
                    return Ok(Value::symbol(&library::canonical(&dotted)));
                }
                if let Some(value) = self.submodule(module, &dotted, place)? {
                    return Ok(value);
                }
                if let Some(value) = self.find_attribute(source, name)? {
                    return Ok(value);
                }
                // A folder without a file may be shadowed by what is installed under its name.
                if is_folder_alone(module) {
                    return Ok(Value::symbol(&library::canonical(&dotted)));
                }
                // What a library's module does while it is imported is not all followed.
                if module.scope.unit.origin == Origin::Installed {
                    return Ok(Value::symbol(&library::canonical(&dotted)));
                }
                let message = format!("cannot import name '{name}' from '{}'", module.name);
                Err(library::raise(
                    "builtins.ImportError",
                    &message,
                    Some(place),
                ))
            }
            Value::Symbol(symbol) => self.symbol_member(symbol, name),
            other => self.attribute(other, name),
        }
    }

    fn submodule(
        &mut self,
        module: &Rc<Module>,
        dotted: &str,
        place: Place,
    ) -> Result<Option<Value>, Raised> {
        if !module.is_package {
            return Ok(None);
        }
        match module.scope.unit.origin {
            Origin::Project => {
                if self.absent.contains(dotted)
                    || self
                        .find(&self.options.roots, dotted, Some(place))?
                        .is_none()
                {
                    return Ok(None);
                }
                self.import(dotted, Some(place)).map(Some)
            }
            Origin::Installed => Ok(self.installed_module(dotted).map(Value::Module)),
            Origin::Prelude => match library::module(dotted) {
                Some(_) => self.import(dotted, Some(place)).map(Some),
                None => Ok(None),
            },
        }
    }

    fn import_star(&mut self, source: &Value, scope: &Scope, place: Place) -> Result<(), Raised> {
        let module = match source {
            Value::Module(module) => Rc::clone(module),
            Value::Symbol(symbol) => match self.installed_if_free(symbol) {
                Some(module) => module,
                None => {
                    if let Some(names) = library::public_names(&symbol.0) {
                        return self.bind_all(names, source, scope, place);
                    }
                    scope.unit.stars.borrow_mut().push(Rc::clone(&symbol.0));
                    return Ok(());
                }
            },
            _ => return Ok(()),
        };
        if module.scope.unit.origin == Origin::Prelude {
            if let Some(names) = library::public_names(&module.name) {
                return self.bind_all(names, source, scope, place);
            }
            scope.unit.stars.borrow_mut().push(Rc::clone(&module.name));
        }
        let listed = module.scope.names.borrow().get("__all__").cloned();
        let listed = match &listed {
            Some(all) => self.iterate(all)?,
            None => None,
        };
        let names: Vec<Name> = match listed {
            Some(all) => all
                .into_iter()
                .filter_map(|name| match name {
                    Value::Str(name) => Some(name),
                    _ => None,
                })
                .collect(),
            None => module
                .scope
                .names
                .borrow()
                .keys()
                .filter(|name| !name.starts_with('_'))
                .cloned()
                .collect(),
        };
        for name in names {
            // `__all__` may name submodules that nothing has imported.
            let source = Value::Module(Rc::clone(&module));
            let value = self.import_name(&source, &name, place)?;
            self.bind(&name, value, scope);
        }
        Ok(())
    }

    fn bind_all(
        &mut self,
        names: &[&str],
        source: &Value,
        scope: &Scope,
        place: Place,
    ) -> Result<(), Raised> {
        for name in names {
            let value = self.import_name(source, name, place)?;
            self.bind(&Rc::from(*name), value, scope);
        }
        Ok(())
    }

    fn installed_if_free(&mut self, symbol: &Symbol) -> Option<Rc<Module>> {
        if library::is_modelled(&symbol.0) {
            return None;
        }
        self.installed_module(&symbol.0.clone())
    }

    /// Keeps the imports of a branch that only a type checker sees.
    pub(super) fn keep_type_only(&mut self, body: &[Stmt], scope: &Scope) {
        let mut kept = scope.unit.type_only.borrow_mut();
        for statement in body {
            match &statement.kind {
                StmtKind::Import(names) => kept.extend(names.iter().map(|(module, alias)| {
                    let top: Name = Rc::from(module.split('.').next().unwrap_or_default());
                    let bound = alias.clone().unwrap_or_else(|| Rc::clone(&top));
                    let module = if alias.is_some() {
                        Rc::clone(module)
                    } else {
                        top
                    };
                    (
                        bound,
                        TypeOnly {
                            module: Some(module),
                            level: 0,
                            name: None,
                        },
                    )
                })),
                StmtKind::ImportFrom {
                    module,
                    level,
                    names,
                } => kept.extend(names.iter().map(|(name, alias)| {
                    let bound = alias.clone().unwrap_or_else(|| Rc::clone(name));
                    (
                        bound,
                        TypeOnly {
                            module: module.clone(),
                            level: *level,
                            name: Some(Rc::clone(name)),
                        },
                    )
                })),
                _ => {}
            }
        }
    }

    /// What a name means to a type checker only.
    pub(super) fn lookup_type_only(&mut self, name: &str, scope: &Scope) -> Option<Value> {
        let found = scope
            .unit
            .type_only
            .borrow()
            .iter()
            .rev()
            .find(|(it, _)| &**it == name)
            .map(|(_, it)| it.clone());
        let TypeOnly {
            module,
            level,
            name,
        } = found?;
        let global = globals(scope);
        let dotted = self.base_of(module.as_ref(), level, &global)?;
        let place = Place {
            file: scope.file,
            span: syntax::Span::default(),
        };
        let source = self
            .guarded(&["builtins.ImportError"], |interp| {
                interp.import_here(&dotted, &global, place)
            })
            .ok()?;
        match name {
            None => Some(source),
            Some(name) => self
                .guarded(&[], |interp| interp.import_name(&source, &name, place))
                .ok(),
        }
    }

    /// A name that a star import of something unread may have bound.
    pub(super) fn lookup_star(&mut self, name: &str, scope: &Scope) -> Option<Value> {
        let stars = scope.unit.stars.borrow().clone();
        let named = |interp: &Self, module: &str| {
            interp.options.site_packages.iter().any(|folder| {
                files_of(folder, module).iter().any(|(file, _)| {
                    matches!(interp.tree.read(file), Ok(Some(text)) if mentions(&text, name))
                })
            })
        };
        let star = match stars.as_slice() {
            [] => return None,
            [only] => only,
            // The one whose source has the name; where none has, one whose source is not at hand.
            all => match all.iter().rev().find(|module| named(self, module)) {
                Some(module) => module,
                None => all
                    .iter()
                    .rev()
                    .find(|module| !self.is_installed_package(module))?,
            },
        };
        self.symbol_member(&Symbol(Rc::clone(star)), name).ok()
    }
}

/// The module that `from {level dots}{module} import …` means in a module of that name.
pub(crate) fn imported_module(
    module: Option<&str>,
    level: u32,
    importer: &str,
    is_package: bool,
) -> Option<String> {
    if level == 0 {
        return module.map(str::to_owned);
    }
    let mut package = importer;
    let up = if is_package { level - 1 } else { level };
    for _ in 0..up {
        package = match package.rsplit_once('.') {
            Some((parent, _)) => parent,
            None if package.is_empty() => return None,
            None => "",
        };
    }
    match (package.is_empty(), module) {
        // A file that was started by its path has no package: its folder stands for it.
        (true, Some(module)) => Some(module.to_owned()),
        (true, None) => None,
        (false, Some(module)) => Some(format!("{package}.{module}")),
        (false, None) => Some(package.to_owned()),
    }
}

/// Where a module may be below a folder, and whether it is a package there.
pub(crate) fn files_of(folder: &str, dotted: &str) -> [(String, bool); 2] {
    let path = join(folder, &dotted.replace('.', "/"));
    [
        (format!("{path}/__init__.py"), true),
        (format!("{path}.py"), false),
    ]
}

/// The path of a text of ours.
pub(crate) fn prelude_path(dotted: &str) -> String {
    format!("<{dotted}>")
}

/// Whether a text has a name in it.
fn mentions(text: &str, name: &str) -> bool {
    let is_part = |letter: Option<char>| {
        letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    };
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text
            .get(at + name.len()..)
            .and_then(|after| after.chars().next());
        !is_part(before) && !is_part(after)
    })
}

/// Whether a module is a folder without `__init__.py`.
fn is_folder_alone(module: &Module) -> bool {
    module.is_package && !module.scope.names.borrow().contains_key("__file__")
}

fn not_found(dotted: &str, place: Option<Place>) -> Raised {
    let mut args = Args::new(
        vec![Value::str(&format!("No module named '{dotted}'"))],
        place,
    );
    args.keywords.insert(Rc::from("name"), Value::str(dotted));
    Raised::Exception(super::call::record(
        Value::symbol("builtins.ModuleNotFoundError"),
        args,
    ))
}

/// `__spec__`, as far as it is read.
fn module_spec(dotted: &str, package: &str, path: Option<&str>) -> Value {
    let mut attributes = Namespace::default();
    attributes.insert(Rc::from("name"), Value::str(dotted));
    attributes.insert(Rc::from("parent"), Value::str(package));
    attributes.insert(Rc::from("origin"), path.map_or(Value::None, Value::str));
    Value::Made(Rc::new(Made {
        callee: Value::symbol("importlib.machinery.ModuleSpec"),
        args: vec![Value::str(dotted)],
        kwargs: Namespace::default(),
        place: None,
        attributes: RefCell::new(attributes),
    }))
}

fn join(folder: &str, relative: &str) -> String {
    match folder {
        "" | "." => relative.to_owned(),
        _ => format!("{}/{relative}", folder.trim_end_matches('/')),
    }
}
