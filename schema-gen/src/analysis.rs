//! What to analyse, and what comes of it.

use serde_json::Value;

use crate::contract::Contract;
use crate::python;
use crate::python::versions::{Assumed, Versions};
use crate::tree::SourceTree;

/// With what at hand to analyse.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Folders in which the service's own modules are looked up, in this order. Without one, the
    /// root of a file is the nearest folder above it that is no package.
    pub roots: Vec<String>,
    /// Folders of installed packages, in this order.
    pub site_packages: Vec<String>,
    /// The environment that the service sees when it is imported.
    pub environment: Vec<(String, String)>,
    /// The versions that the service runs with. Those not given are looked for among the installed
    /// packages, then in the lock files ([`LOCK_FILES`](crate::LOCK_FILES)) of the roots and of the
    /// folders above them; else the newest are taken.
    pub versions: Versions,
}

/// Where the service stands: a file or a module, and the name in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The file or the module.
    pub target: Target,
    /// The application in it, or the function that makes it; dots reach into objects. Without one
    /// it is looked for: `app`, `api`, then the only application of the module, then
    /// `create_app`, `create_api`.
    pub attribute: Option<String>,
}

/// A file or a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A path, as the [`SourceTree`] knows it.
    File(String),
    /// A dotted name.
    Module(String),
}

impl Entry {
    /// Reads `app/main.py:app`, `app/main.py`, `package.module:attribute` or `package.module`.
    ///
    /// ```
    /// use hitchpost_schema_gen::{Entry, Target};
    ///
    /// let entry = Entry::parse("shop.main:create_app");
    /// assert_eq!(entry.target, Target::Module("shop.main".to_owned()));
    /// assert_eq!(entry.attribute.as_deref(), Some("create_app"));
    /// assert_eq!(Entry::parse("shop/main.py").target, Target::File("shop/main.py".to_owned()));
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Self {
        // A drive letter is no separator: the name after the last `:` has no slash in it.
        let (target, attribute) = match text.rsplit_once(':') {
            Some((target, attribute)) if !attribute.contains(['/', '\\']) => {
                (target, Some(attribute))
            }
            _ => (text, None),
        };
        let attribute = attribute
            .map(|attribute| attribute.trim_end_matches("()"))
            .filter(|attribute| !attribute.is_empty());
        let target = if target.ends_with(".py") || target.contains('/') {
            Target::File(target.to_owned())
        } else {
            Target::Module(target.to_owned())
        };
        Self {
            target,
            attribute: attribute.map(ToOwned::to_owned),
        }
    }
}

/// Something to tell the user about a place in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable code.
    pub code: &'static str,
    /// What is so, in words.
    pub message: String,
    /// The file, as it was asked for.
    pub file: Option<String>,
    /// From 1.
    pub line: Option<u32>,
}

/// How much there was to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Files that were read and parsed.
    pub files: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Operations found.
    pub operations: usize,
    /// Types found.
    pub types: usize,
}

/// What came of an analysis: always a contract, if an empty one, and what there is to tell.
#[derive(Debug, Clone, Default)]
pub struct Analysis {
    /// The contract.
    pub contract: Contract,
    /// The OpenAPI document of the contract, as the framework would give it; `None` where there is
    /// no application at that entry.
    pub document: Option<Value>,
    /// In the order found.
    pub diagnostics: Vec<Diagnostic>,
    /// How much there was to do.
    pub stats: Stats,
    /// The versions whose rules were followed.
    pub versions: Vec<Assumed>,
}

/// Which side of a type a schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaMode {
    /// What is accepted.
    Validation,
    /// What is given back.
    Serialization,
}

/// Reads the contract of the service at an entry.
///
/// Nothing of the service runs: its sources are read as text, and what they do at import is
/// followed within bounds. Never panics, whatever the sources are.
#[must_use]
pub fn analyse(tree: &dyn SourceTree, entry: &Entry, options: &Options) -> Analysis {
    on_large_stack(|| python::analyse(tree, entry, options)).unwrap_or_else(|message| Analysis {
        diagnostics: vec![Diagnostic {
            code: "internal",
            message,
            file: None,
            line: None,
        }],
        ..Analysis::default()
    })
}

/// The JSON Schema of a type: of the class or alias that the entry names.
#[must_use]
pub fn schema(
    tree: &dyn SourceTree,
    entry: &Entry,
    mode: SchemaMode,
    options: &Options,
) -> (Option<Value>, Vec<Diagnostic>) {
    on_large_stack(|| python::schema(tree, entry, mode, options)).unwrap_or_else(|message| {
        (
            None,
            vec![Diagnostic {
                code: "internal",
                message,
                file: None,
                line: None,
            }],
        )
    })
}

/// Sources may be nested deeper than the caller's stack allows for. The size is of addresses: only
/// what is used becomes memory.
pub(crate) const STACK_BYTES: usize = 1 << 29;
/// The name of the thread, by which an analysis knows what stack it has.
pub(crate) const STACK_THREAD: &str = "hitchpost-schema-gen";

pub(crate) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name(STACK_THREAD.to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|error| format!("no thread to analyse on: {error}"))?
            .join()
            .map_err(|_| "the analysis ended early: this is a defect of the analyser".to_owned())
    })
}
