//! The OpenAPI document of a service, read from its source.

mod cache;
mod encoding;
mod tree;

use std::{
    fs,
    path::{Component, Path, PathBuf},
    time::{Duration, Instant},
};

use hitchpost_schema_gen::{self as schema_gen, Entry, Target};
pub use hitchpost_schema_gen::{SchemaMode, Version, Versions};
use indexmap::IndexSet;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use cache::cache_folder;
pub use hitchpost_schema_gen::openapi::v30::{
    Became, Downgrade, DowngradeError, Loss, openapi_v30,
};
#[doc(hidden)]
pub use hitchpost_schema_gen::parse_alone;

use tree::FolderTree;

/// What a service is read with.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Folders in which the service's own modules are looked up, in this order. Without one: for a
    /// file the nearest folder above it that is no package, for a module the current folder.
    pub roots: Vec<PathBuf>,
    /// Folders of installed packages, in this order: types that the service takes from libraries
    /// are read there.
    pub site_packages: Vec<PathBuf>,
    /// The environment that the service sees when it is imported. That of this process is not
    /// looked at.
    pub environment: Vec<(String, String)>,
    /// The versions of FastAPI, pydantic and Python that the service runs with. Those not given are
    /// those of the installed packages, else those of a lock file in a root or above it, else the
    /// newest.
    pub versions: Versions,
    /// Where finished documents are kept, such as [`cache_folder`]; nowhere without it.
    pub cache: Option<PathBuf>,
}

/// A service as its source describes it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Description {
    /// The OpenAPI 3.1 document, as the service itself would give it. What cannot be known without
    /// running it is an object with the key `x-hitchpost-unknown`, which says why.
    pub document: Value,
    /// What is not known, and what could not be read: each place where the document may differ from
    /// the service's own.
    pub diagnostics: Vec<Diagnostic>,
    /// The files that were read, in order: those on which the document depends.
    pub sources: Vec<String>,
    /// The versions whose rules were followed.
    pub versions: Vec<Assumed>,
    /// How much there was to do, and how long it took.
    pub stats: Stats,
}

/// A version whose rules were followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Assumed {
    /// `fastapi`, `pydantic` or `python`.
    pub name: String,
    /// The version.
    pub version: String,
    /// From where: the file or folder that says so, `given`, or `newest known`.
    pub from: String,
}

/// Something about a place of a service's source.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Whether it is the reason for which there is no document.
    pub is_error: bool,
    /// A stable code.
    pub code: String,
    /// What is the matter.
    pub message: String,
    /// The file, as it was asked for.
    pub file: Option<String>,
    /// From 1.
    pub line: Option<u32>,
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
            if let Some(line) = self.line {
                write!(f, "{line}:")?;
            }
            f.write_str(" ")?;
        }
        let severity = if self.is_error { "error" } else { "warning" };
        write!(f, "{severity}[{}]: {}", self.code, self.message)
    }
}

/// How much there was to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stats {
    /// Files that were read.
    pub files: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Operations found.
    pub operations: usize,
    /// Types found.
    pub types: usize,
    /// Whether a finished document was found in the cache. The times are those of this call.
    #[serde(skip)]
    pub is_cached: bool,
    /// Reading files.
    #[serde(skip)]
    pub reading: Duration,
    /// Everything.
    #[serde(skip)]
    pub total: Duration,
}

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path is not text.
    #[error("`{}` is not UTF-8 text", path.display())]
    NotText {
        /// The path.
        path: PathBuf,
    },
    /// There is no such file.
    #[error("there is no file `{path}`")]
    NoFile {
        /// The path.
        path: String,
    },
    /// A root or a folder of packages is not there, or may not be read.
    #[error("cannot read the folder `{}`", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// No application, or no type, is found there. The last diagnostic says why.
    #[error("{}", .diagnostics.last().map_or("there is no application", |last| last.message.as_str()))]
    NoDocument {
        /// In the order found.
        diagnostics: Vec<Diagnostic>,
    },
}

impl Error {
    fn no_document(mut diagnostics: Vec<Diagnostic>) -> Self {
        if let Some(last) = diagnostics.last_mut() {
            last.is_error = true;
        }
        Self::NoDocument { diagnostics }
    }

    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::NotText { .. } => "not-utf8",
            Self::NoFile { .. } => "no-file",
            Self::NoFolder { .. } => "no-folder",
            Self::NoDocument { diagnostics } => diagnostics
                .last()
                .map_or("no-application", |last| last.code.as_str()),
        }
    }

    /// Where: a file or folder, with a line where there is one.
    #[must_use]
    pub fn path(&self) -> Option<String> {
        match self {
            Self::NotText { path } | Self::NoFolder { path, .. } => {
                Some(path.display().to_string())
            }
            Self::NoFile { path } => Some(path.clone()),
            Self::NoDocument { diagnostics } => {
                let last = diagnostics.last()?;
                let file = last.file.clone()?;
                Some(
                    last.line
                        .map_or(file.clone(), |line| format!("{file}:{line}")),
                )
            }
        }
    }

    /// What there is to tell of the source.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::NoDocument { diagnostics } => diagnostics,
            _ => &[],
        }
    }
}

/// What the cache holds of a [`Description`].
#[derive(Serialize, Deserialize)]
struct Kept {
    document: Value,
    diagnostics: Vec<Diagnostic>,
    sources: Vec<String>,
    versions: Vec<Assumed>,
    stats: Stats,
}

/// Everything on which a document depends but the files.
#[derive(Serialize)]
struct Request<'r> {
    analyser: &'static str,
    current: Option<PathBuf>,
    target: (&'static str, &'r str),
    attribute: Option<&'r str>,
    roots: &'r [String],
    site_packages: &'r [String],
    environment: &'r [(String, String)],
    versions: [Option<String>; 3],
}

/// Reads the OpenAPI document of a service from its source. Nothing of it runs.
///
/// `entry` is `path/to/file.py`, `path/to/file.py:attribute`, `package.module` or
/// `package.module:attribute`; the attribute is the application, or a function that makes it. Without
/// one it is looked for as the `fastapi` command does.
///
/// ```
/// use hitchpost::openapi::Options;
///
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("shop.py");
/// std::fs::write(&file, "
/// from fastapi import FastAPI
///
/// app = FastAPI(title='Shop')
///
/// @app.get('/items/{item_id}')
/// def read_item(item_id: int) -> str: ...
/// ")?;
/// let entry = format!("{}:app", file.display());
/// let service = hitchpost::openapi(&entry, &Options::default())?;
/// assert_eq!(service.document["info"]["title"], "Shop");
/// let operation = &service.document["paths"]["/items/{item_id}"]["get"];
/// assert_eq!(operation["parameters"][0]["schema"]["type"], "integer");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Where there is no application.
pub fn openapi(entry: &str, options: &Options) -> Result<Description, Error> {
    let start = Instant::now();
    let places = Places::new(Entry::parse(entry), options)?;
    let tree = FolderTree::new(places.folders());
    let kept = options
        .cache
        .as_deref()
        .and_then(|folder| cache::Entry::new(folder, &places.request()));
    if let Some(found) = kept.as_ref().and_then(|kept| kept.read::<Kept>(&tree)) {
        let stats = Stats {
            is_cached: true,
            total: start.elapsed(),
            ..found.stats
        };
        return Ok(found.description(stats));
    }
    let analysis = schema_gen::analyse(&tree, &places.entry, &places.options);
    let diagnostics = Diagnostic::each_once(analysis.diagnostics);
    let Some(document) = analysis.document else {
        return Err(Error::no_document(diagnostics));
    };
    let (questions, reading) = tree.asked();
    let schema_gen::Stats {
        files,
        bytes,
        operations,
        types,
    } = analysis.stats;
    let stats = Stats {
        files,
        bytes,
        operations,
        types,
        is_cached: false,
        reading,
        total: start.elapsed(),
    };
    let sources = questions.sources().map(displayed).collect();
    let versions = analysis.versions.into_iter().map(Assumed::of).collect();
    let made = Kept {
        document,
        diagnostics,
        sources,
        versions,
        stats,
    };
    if let Some(kept) = kept {
        kept.write(&questions, &made);
    }
    Ok(made.description(stats))
}

/// Reads the JSON Schema of one type of a service: of the pydantic model, dataclass or alias that the
/// entry names. Nothing of it runs, and nothing is kept. With it comes what is not known.
///
/// ```
/// use hitchpost::openapi::{Options, SchemaMode, schema};
///
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("shop.py");
/// std::fs::write(&file, "
/// from pydantic import BaseModel, Field
///
/// class Item(BaseModel):
///     price: float = Field(gt=0)
/// ")?;
/// let entry = format!("{}:Item", file.display());
/// let (item, unknown) = schema(&entry, SchemaMode::Validation, &Options::default())?;
/// assert_eq!(item["properties"]["price"]["exclusiveMinimum"], 0.0);
/// assert!(unknown.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Where there is no such type.
pub fn schema(
    entry: &str,
    mode: SchemaMode,
    options: &Options,
) -> Result<(Value, Vec<Diagnostic>), Error> {
    let places = Places::new(Entry::parse(entry), options)?;
    let tree = FolderTree::new(places.folders());
    let (schema, diagnostics) = schema_gen::schema(&tree, &places.entry, mode, &places.options);
    let diagnostics = Diagnostic::each_once(diagnostics);
    match schema {
        Some(schema) => Ok((schema, diagnostics)),
        None => Err(Error::no_document(diagnostics)),
    }
}

impl Kept {
    fn description(self, stats: Stats) -> Description {
        let Self {
            document,
            diagnostics,
            sources,
            versions,
            ..
        } = self;
        Description {
            document,
            diagnostics,
            sources,
            versions,
            stats,
        }
    }
}

/// A path as the user wrote it.
fn displayed(path: &str) -> String {
    path.strip_prefix("./").unwrap_or(path).to_owned()
}

impl Assumed {
    fn of(assumed: schema_gen::Assumed) -> Self {
        Self {
            name: assumed.name.to_owned(),
            version: assumed.version.to_string(),
            from: displayed(&assumed.from),
        }
    }
}

impl Diagnostic {
    /// Each once, where it was last found: the last is the reason where there is no document.
    fn each_once(found: Vec<schema_gen::Diagnostic>) -> Vec<Self> {
        let found: IndexSet<Self> = found.into_iter().rev().map(Self::of).collect();
        found.into_iter().rev().collect()
    }

    fn of(found: schema_gen::Diagnostic) -> Self {
        let schema_gen::Diagnostic {
            code,
            message,
            file,
            line,
        } = found;
        Self {
            is_error: false,
            code: code.to_owned(),
            message,
            file: file.as_deref().map(displayed),
            line,
        }
    }
}

/// An entry and options whose paths go together: all absolute, or all relative with `./` in front,
/// so that a file's path begins with the root that it is below.
struct Places {
    entry: Entry,
    options: schema_gen::Options,
}

impl Places {
    fn new(entry: Entry, options: &Options) -> Result<Self, Error> {
        let roots: Vec<&Path> = options.roots.iter().map(PathBuf::as_path).collect();
        for folder in options.roots.iter().chain(&options.site_packages) {
            let failed = |source| Error::NoFolder {
                path: folder.clone(),
                source,
            };
            fs::read_dir(folder).map_err(failed)?;
        }
        let file = match &entry.target {
            Target::File(file) => Some(Path::new(file)),
            Target::Module(_) => None,
        };
        if let Some(file) = file.filter(|file| !file.is_file()) {
            return Err(Error::NoFile {
                path: file.display().to_string(),
            });
        }
        let mut all = roots.iter().copied().chain(file);
        let climbs = |path: &Path| path.components().any(|part| part == Component::ParentDir);
        let is_absolute = all.clone().any(|path| path.is_absolute() || climbs(path))
            && all.any(|path| !path.is_absolute() || climbs(path));
        let tidy = |path: &Path| tidy(path, is_absolute);
        let mut roots: Vec<String> = roots.into_iter().map(tidy).collect::<Result<_, _>>()?;
        if file.is_none() && roots.is_empty() {
            roots.push(".".to_owned());
        }
        let target = match file {
            Some(file) => {
                let file = tidy(file)?;
                let is_below = |root: &String| {
                    file.strip_prefix(root.as_str())
                        .is_some_and(|rest| rest.starts_with('/'))
                };
                if !roots.iter().any(is_below) {
                    roots.push(root_of(&file));
                }
                Target::File(file)
            }
            None => entry.target.clone(),
        };
        let site_packages = options
            .site_packages
            .iter()
            .map(|path| tidy(path))
            .collect::<Result<_, _>>()?;
        let environment = options.environment.clone();
        Ok(Self {
            entry: Entry {
                target,
                attribute: entry.attribute,
            },
            options: schema_gen::Options {
                roots,
                site_packages,
                environment,
                versions: options.versions,
            },
        })
    }

    fn folders(&self) -> impl Iterator<Item = PathBuf> {
        self.options
            .roots
            .iter()
            .chain(&self.options.site_packages)
            .map(PathBuf::from)
    }

    fn request(&self) -> Request<'_> {
        let schema_gen::Options {
            roots,
            site_packages,
            environment,
            versions,
        } = &self.options;
        Request {
            analyser: schema_gen::FINGERPRINT,
            current: std::env::current_dir().ok(),
            target: match &self.entry.target {
                Target::File(file) => ("file", file),
                Target::Module(module) => ("module", module),
            },
            attribute: self.entry.attribute.as_deref(),
            roots,
            site_packages,
            environment,
            versions: [versions.fastapi, versions.pydantic, versions.python]
                .map(|version| version.map(|version| version.to_string())),
        }
    }
}

/// A path without `.` and double slashes, absolute or with `./` in front.
fn tidy(path: &Path, is_absolute: bool) -> Result<String, Error> {
    let not_text = || Error::NotText {
        path: path.to_owned(),
    };
    let canonical = if is_absolute {
        // The name of a link is kept: it is by that that a file is imported.
        let (folder, name) = match (path.parent(), path.file_name()) {
            (Some(folder), Some(name)) if !path.is_dir() => (folder, Some(name)),
            _ => (path, None),
        };
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let folder = fs::canonicalize(folder);
        let folder = folder.map_err(|source| Error::NoFolder {
            path: path.to_owned(),
            source,
        })?;
        name.map_or(folder.clone(), |name| folder.join(name))
    } else {
        path.components()
            .filter(|part| *part != Component::CurDir)
            .collect()
    };
    let text = canonical.to_str().ok_or_else(not_text)?;
    Ok(match text {
        "" => ".".to_owned(),
        _ if text.starts_with('/') => text.to_owned(),
        _ => format!("./{text}"),
    })
}

/// The nearest folder above a file that is no package.
fn root_of(file: &str) -> String {
    let above = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let mut folder = above(file).unwrap_or_else(|| ".".to_owned());
    while Path::new(&folder).join("__init__.py").is_file() {
        let Some(parent) = above(&folder).filter(|parent| !parent.is_empty()) else {
            break;
        };
        folder = parent;
    }
    if folder.is_empty() {
        "/".to_owned()
    } else {
        folder
    }
}
