//! Files of records and catalogues, as the command and the Python package read them.

use std::{
    collections::HashMap,
    env,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use hitchpost_registry_core::{
    Catalogue, Code, Diagnostic, Diagnostics, Document, Extension, MAX_SOURCE_BYTES, Name,
    NodeValue, Severity, decode::Context, parse_records,
};
use zeroize::Zeroizing;

/// A text to parse.
#[derive(Clone)]
pub struct Source {
    /// The name by which findings call it, usually its path.
    pub name: String,
    /// What was read. It may hold secrets, and is zeroed when dropped.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Source").field(&self.name).finish()
    }
}

/// Why files cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The system refuses.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
    /// A folder without any file to read.
    #[error("there is no .yaml, .yml or .json file in `{}`", path.display())]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// What was read has errors; all findings are here.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Findings(Diagnostics),
}

impl SourceError {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable-file",
            Self::EmptyFolder { .. } => "empty-folder",
            Self::Findings(_) => "refused",
        }
    }

    /// What to do.
    #[must_use]
    pub const fn help(&self) -> Option<&'static str> {
        match self {
            Self::EmptyFolder { .. } => {
                Some("name a folder with records; folders in it are not looked into")
            }
            _ => None,
        }
    }
}

impl Source {
    /// Reads a file.
    ///
    /// # Errors
    /// [`SourceError::Unreadable`], and a finding for one of more than [`MAX_SOURCE_BYTES`], which
    /// is refused before it is read.
    pub fn file(path: &Path) -> Result<Self, SourceError> {
        let unreadable = |source| unreadable(path, source);
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.is_dir() {
            return Err(unreadable(io::ErrorKind::IsADirectory.into()));
        }
        let name = path.display().to_string();
        if metadata.is_file() && metadata.len() > MAX_SOURCE_BYTES as u64 {
            return Err(too_large(&name, Some(metadata.len())));
        }
        Self::stream(&name, file)
    }

    /// Reads to the end of a stream, such as standard input.
    ///
    /// # Errors
    /// As [`Source::file`]; one that is too large is left when that is known.
    pub fn stream(name: &str, stream: impl Read) -> Result<Self, SourceError> {
        let mut bytes = Zeroizing::new(Vec::new());
        stream
            .take(MAX_SOURCE_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| unreadable(Path::new(name), source))?;
        if bytes.len() > MAX_SOURCE_BYTES {
            return Err(too_large(name, None));
        }
        Ok(Self {
            name: name.to_owned(),
            bytes,
        })
    }

    /// Reads a file, or the YAML and JSON files of a folder in the order of their names.
    ///
    /// # Errors
    /// As [`Source::file`], and [`SourceError::EmptyFolder`].
    pub fn all(path: &Path) -> Result<Vec<Self>, SourceError> {
        if !path.is_dir() {
            return Ok(vec![Self::file(path)?]);
        }
        let unreadable = |source| unreadable(path, source);
        let mut files = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            let kind = file.extension().and_then(|extension| extension.to_str());
            if matches!(kind, Some("yaml" | "yml" | "json")) && file.is_file() {
                files.push(file);
            }
        }
        files.sort();
        if files.is_empty() {
            return Err(SourceError::EmptyFolder {
                path: path.to_owned(),
            });
        }
        files.iter().map(|file| Self::file(file)).collect()
    }
}

/// The records of several sources together, and what was found. A name may stand only once in all
/// of them.
///
/// # Errors
/// All findings, when there is an error among them.
pub fn read_records(
    sources: &[Source],
    catalogue: &Catalogue,
) -> Result<(Vec<Extension>, Diagnostics), SourceError> {
    let mut records = Vec::new();
    let mut findings = Vec::new();
    let mut places: HashMap<Name, &str> = HashMap::new();
    for source in sources {
        let (mut read, found) = parse_records(&source.name, &source.bytes, catalogue);
        findings.extend(found);
        let earlier = |record: &Extension| Some((record.name.clone(), *places.get(&record.name)?));
        let twice: Vec<(Name, &str)> = read.iter().filter_map(earlier).collect();
        if !twice.is_empty() {
            findings.extend(registered_twice(source, &twice));
        }
        let names = read.iter().map(|record| record.name.clone());
        places.extend(names.map(|name| (name, source.name.as_str())));
        records.append(&mut read);
    }
    accepted(findings).map(|findings| (records, findings))
}

/// The shipped catalogue, with the files and folders that `HITCHPOST_CATALOG` and `more` name.
///
/// # Errors
/// [`SourceError`] of those files.
pub fn user_catalogue(more: &[PathBuf]) -> Result<Catalogue, SourceError> {
    let own = env::var_os("HITCHPOST_CATALOG").unwrap_or_default();
    let own = env::split_paths(&own).filter(|path| !path.as_os_str().is_empty());
    let mut sources = Vec::new();
    for path in own.chain(more.iter().cloned()) {
        sources.extend(Source::all(&path)?);
    }
    let mut catalogue = Catalogue::builtin().clone();
    let mut files = Vec::new();
    for source in &sources {
        match str::from_utf8(&source.bytes) {
            Ok(text) => files.push((source.name.as_str(), text)),
            // Says where the text is not UTF-8.
            Err(_) => {
                drop(Document::parse(&source.name, &source.bytes).map_err(SourceError::Findings)?)
            }
        }
    }
    if let Err(findings) = catalogue.add(&files) {
        accepted(findings)?;
    }
    Ok(catalogue)
}

/// Who makes a change, for the log: the user that `HITCHPOST_USER` names, else the one who is
/// logged in.
#[must_use]
pub fn who() -> String {
    let named = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let found = ["HITCHPOST_USER", "USER", "LOGNAME"]
        .into_iter()
        .find_map(named);
    found.unwrap_or_else(|| "unknown".to_owned())
}

/// The findings, unless they refuse what they are about.
fn accepted(findings: Diagnostics) -> Result<Diagnostics, SourceError> {
    if has_error(&findings) {
        Err(SourceError::Findings(findings))
    } else {
        Ok(findings)
    }
}

/// Whether findings refuse what they are about.
#[must_use]
pub fn has_error(findings: &[Diagnostic]) -> bool {
    let mut severities = findings.iter().map(|finding| finding.severity);
    severities.any(|severity| severity == Severity::Error)
}

/// Findings about records of a source that an earlier source has, too.
fn registered_twice(source: &Source, twice: &[(Name, &str)]) -> Diagnostics {
    let Ok(document) = Document::parse(&source.name, &source.bytes) else {
        return Vec::new();
    };
    let mut context = Context::new(&document);
    let records = document.roots.iter().flat_map(|root| match &root.value {
        NodeValue::Sequence(items) => items.as_slice(),
        _ => std::slice::from_ref(root),
    });
    let entries = records.filter_map(|record| match &record.value {
        NodeValue::Mapping(entries) => entries.iter().find(|(key, _)| *key.text == *"name"),
        _ => None,
    });
    for (key, node) in entries {
        let name = node.as_str().unwrap_or_default();
        if let Some((_, earlier)) = twice.iter().find(|(twice, _)| *twice == *name) {
            context.show(key.span);
            context.show(node.span);
            let message = format!("`{earlier}` has a record `{name}`, too");
            let help = "remove one, or give it another name".to_owned();
            context.report(Code::DuplicateName, node, message, Some(help));
        }
    }
    context.finish()
}

fn unreadable(path: &Path, source: io::Error) -> SourceError {
    SourceError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

fn too_large(name: &str, size: Option<u64>) -> SourceError {
    let message = match size {
        Some(size) => format!("the source has {size} bytes, more than {MAX_SOURCE_BYTES}"),
        None => format!("the source has more bytes than {MAX_SOURCE_BYTES}"),
    };
    SourceError::Findings(vec![Diagnostic {
        code: Code::SourceTooLarge,
        severity: Code::SourceTooLarge.severity(),
        message,
        path: String::new(),
        source: name.into(),
        span: None,
        help: Some("split it into several files".to_owned()),
        excerpt: None,
    }])
}
