//! From an entry to what stands there.

use super::ahead::ahead;
use super::fastapi;
use super::interp::{Args, Interp, Raised};
use super::pydantic;
use super::value::{Module, Value};
use super::versions::{Assumed, Rules};
use crate::analysis::{Analysis, Diagnostic, Entry, Options, SchemaMode, Stats, Target};
use crate::tree::SourceTree;

/// Reads the contract of the application at an entry.
pub(crate) fn analyse(tree: &dyn SourceTree, entry: &Entry, options: &Options) -> Analysis {
    evaluated(tree, entry, options, |interp, located, versions| {
        contract(interp, located, versions, entry)
    })
}

/// What `work` makes with an evaluator of a service.
fn evaluated<T>(
    tree: &dyn SourceTree,
    entry: &Entry,
    options: &Options,
    work: impl FnOnce(&mut Interp, &Located, Vec<Assumed>) -> T,
) -> T {
    let located = Located::new(tree, entry, options);
    let options = located.options(options);
    ahead(tree, &options.roots, |ahead| {
        let mut interp = Interp::new(tree, &options);
        interp.ahead = Some(ahead);
        let (rules, versions, diagnostics) = Rules::of(tree, &options);
        interp.rules = rules;
        interp.diagnostics = diagnostics;
        work(&mut interp, &located, versions)
    })
}

fn contract(
    interp: &mut Interp,
    located: &Located,
    versions: Vec<Assumed>,
    entry: &Entry,
) -> Analysis {
    let found = located
        .run(interp)
        .and_then(|module| application(interp, &module, entry));
    let read = found.and_then(|application| {
        fastapi::of_application(interp, &application).map_err(|raised| failure(interp, raised))
    });
    let (files, bytes) = interp.stats();
    let mut analysis = Analysis {
        stats: Stats {
            files,
            bytes,
            ..Stats::default()
        },
        versions,
        ..Analysis::default()
    };
    match read {
        Ok((contract, document)) => {
            analysis.stats.operations = contract.operations.len();
            analysis.stats.types = contract.types.len();
            analysis.contract = contract;
            analysis.document = Some(document);
        }
        Err(diagnostic) => {
            // What raised the exception was told already, and better.
            let told = interp
                .diagnostics
                .last()
                .is_some_and(|last| last.code == "syntax");
            if !(told && diagnostic.code == "raised") {
                interp.diagnostics.push(diagnostic);
            }
        }
    }
    analysis.diagnostics = std::mem::take(&mut interp.diagnostics);
    analysis
}

/// The JSON Schema of the type at an entry.
pub(crate) fn schema(
    tree: &dyn SourceTree,
    entry: &Entry,
    mode: SchemaMode,
    options: &Options,
) -> (Option<serde_json::Value>, Vec<Diagnostic>) {
    let mode = match mode {
        SchemaMode::Validation => pydantic::Mode::Validation,
        SchemaMode::Serialization => pydantic::Mode::Serialization,
    };
    evaluated(tree, entry, options, |interp, located, _| {
        schema_of(interp, located, entry, mode)
    })
}

fn schema_of(
    interp: &mut Interp,
    located: &Located,
    entry: &Entry,
    mode: pydantic::Mode,
) -> (Option<serde_json::Value>, Vec<Diagnostic>) {
    let found = located
        .run(interp)
        .and_then(|module| attribute(interp, &module, entry));
    let schema = match found {
        Ok(value) => Some(pydantic::model_json_schema(
            interp,
            &value,
            mode,
            None,
            "#/$defs/{model}",
        )),
        Err(diagnostic) => {
            interp.diagnostics.push(diagnostic);
            None
        }
    };
    (schema, std::mem::take(&mut interp.diagnostics))
}

/// The file, the root and the module's name of an entry.
struct Located {
    file: Option<String>,
    module: String,
    root: Option<String>,
}

impl Located {
    /// Without a root that holds the file, its root is the nearest folder above it that has no
    /// `__init__.py`, as the `fastapi` command finds it.
    fn new(tree: &dyn SourceTree, entry: &Entry, options: &Options) -> Self {
        let file = match &entry.target {
            Target::Module(module) => {
                return Self {
                    file: None,
                    module: module.clone(),
                    root: None,
                };
            }
            Target::File(file) => file.clone(),
        };
        let stem = file.strip_suffix(".py").unwrap_or(&file);
        let dotted = |relative: &str| {
            let relative = relative.trim_start_matches('/');
            relative
                .strip_suffix("/__init__")
                .unwrap_or(relative)
                .replace('/', ".")
        };
        for root in &options.roots {
            let root = root.trim_end_matches('/');
            if let Some(relative) = stem.strip_prefix(root).filter(|rest| rest.starts_with('/')) {
                return Self {
                    module: dotted(relative),
                    root: None,
                    file: Some(file),
                };
            }
        }
        let mut folder = stem.rsplit_once('/').map_or("", |(folder, _)| folder);
        while !folder.is_empty()
            && matches!(tree.read(&format!("{folder}/__init__.py")), Ok(Some(_)))
        {
            folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
        let module = dotted(stem.strip_prefix(folder).unwrap_or(stem));
        let root = if folder.is_empty() { "." } else { folder };
        Self {
            module,
            root: Some(root.to_owned()),
            file: Some(file),
        }
    }

    fn options(&self, options: &Options) -> Options {
        let mut options = options.clone();
        options.roots.extend(self.root.clone());
        options
    }

    fn run(&self, interp: &mut Interp) -> Result<Value, Diagnostic> {
        let module = match &self.file {
            Some(file) => {
                if matches!(interp.tree.read(file), Ok(None)) {
                    return Err(diagnostic("no-file", format!("there is no file `{file}`")));
                }
                interp.run_file(file, &self.module).map(Value::Module)
            }
            None => interp.import(&self.module, None),
        };
        match module {
            Ok(module @ Value::Module(_)) => Ok(module),
            Ok(_) => Err(diagnostic(
                "no-module",
                format!(
                    "there is no module `{}` in the given roots; give its folder as a root",
                    self.module
                ),
            )),
            Err(raised) => Err(failure(interp, raised)),
        }
    }
}

fn diagnostic(code: &'static str, message: String) -> Diagnostic {
    Diagnostic {
        code,
        message,
        file: None,
        line: None,
    }
}

/// What ended the analysis.
fn failure(interp: &mut Interp, raised: Raised) -> Diagnostic {
    let (code, message, place) = match raised {
        Raised::Stopped(unknown) => ("stopped", unknown.why.clone(), unknown.place),
        Raised::Exception(exception) => {
            let text = interp
                .text(&exception, true)
                .unwrap_or_else(|| format!("{exception:?}"));
            let place = match &exception {
                Value::Made(made) => made.place,
                Value::Object(object) => object.place,
                _ => None,
            };
            (
                "raised",
                format!("the service raises {text} when it is imported"),
                place,
            )
        }
    };
    let at = place.and_then(|place| interp.locate(place));
    let (file, line) = at.map_or((None, None), |(file, line)| {
        (Some(file.to_string()), Some(line))
    });
    Diagnostic {
        code,
        message,
        file,
        line,
    }
}

/// What the attribute of the entry is.
fn attribute(interp: &mut Interp, module: &Value, entry: &Entry) -> Result<Value, Diagnostic> {
    let mut value = module.clone();
    for name in entry
        .attribute
        .as_deref()
        .unwrap_or_default()
        .split('.')
        .filter(|name| !name.is_empty())
    {
        value = match interp.find_attribute(&value, name) {
            Ok(Some(value)) => value,
            Ok(None) => {
                return Err(diagnostic(
                    "no-attribute",
                    format!("there is no `{name}` in `{value:?}`"),
                ));
            }
            Err(raised) => return Err(failure(interp, raised)),
        };
    }
    Ok(value)
}

/// The application of the entry; where none is named, the one that is found by its usual names.
fn application(interp: &mut Interp, module: &Value, entry: &Entry) -> Result<Value, Diagnostic> {
    if entry.attribute.is_some() {
        let value = attribute(interp, module, entry)?;
        return made(interp, &value).ok_or_else(|| {
            diagnostic(
                "not-an-application",
                format!("`{value:?}` is no FastAPI application and makes none"),
            )
        });
    }
    if let Value::Module(inner) = module
        && let Some(value) = find(interp, inner)
    {
        return Ok(value);
    }
    Err(diagnostic(
        "no-application",
        "there is no FastAPI application in the module; name it after a `:`".to_owned(),
    ))
}

fn find(interp: &mut Interp, module: &Module) -> Option<Value> {
    let names = module.scope.names.borrow().clone();
    for name in ["app", "api"] {
        if let Some(value) = names.get(name)
            && fastapi::is_application(interp, value)
        {
            return Some(value.clone());
        }
    }
    let applications: Vec<Value> = names
        .values()
        .filter(|value| fastapi::is_application(interp, value))
        .cloned()
        .collect();
    if let Some(first) = applications.first() {
        return Some(first.clone());
    }
    [
        "create_app",
        "create_api",
        "make_app",
        "get_app",
        "build_app",
    ]
    .iter()
    .find_map(|name| names.get(*name).cloned())
    .and_then(|factory| made(interp, &factory))
}

/// The application, or what a function that takes nothing makes.
fn made(interp: &mut Interp, value: &Value) -> Option<Value> {
    if fastapi::is_application(interp, value) {
        return Some(value.clone());
    }
    if !matches!(value, Value::Function(_) | Value::Method(_)) {
        return None;
    }
    let application = interp.call(value, Args::default()).ok()?;
    fastapi::is_application(interp, &application).then_some(application)
}
