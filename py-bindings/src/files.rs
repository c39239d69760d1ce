//! Files that are given by their path.

use std::{
    env,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use hitchpost::{
    Catalogue, Diagnostic,
    core::{Code, Document, MAX_SOURCE_BYTES, Severity},
};

use crate::errors::Problem;

/// A text to parse, and the name by which findings call it.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Reads a file. What is larger than [`MAX_SOURCE_BYTES`] is refused before all of it is read.
pub(crate) fn read(path: &Path) -> Result<Source, Problem> {
    let name = path.display().to_string();
    let failed = |error| Problem::File(error, name.clone());
    let mut bytes = Vec::new();
    let bound = MAX_SOURCE_BYTES as u64 + 1;
    File::open(path)
        .map_err(failed)?
        .take(bound)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() > MAX_SOURCE_BYTES {
        return Err(Problem::Findings(vec![Diagnostic {
            code: Code::SourceTooLarge,
            severity: Code::SourceTooLarge.severity(),
            message: format!("the source has more bytes than {MAX_SOURCE_BYTES}"),
            path: String::new(),
            source: name.into(),
            span: None,
            help: Some("split it into several files".to_owned()),
            excerpt: None,
        }]));
    }
    Ok(Source { name, bytes })
}

/// Reads a file, or the YAML and JSON files of a folder in the order of their names.
pub(crate) fn read_all(path: &Path) -> Result<Vec<Source>, Problem> {
    if !path.is_dir() {
        return Ok(vec![read(path)?]);
    }
    let failed = |error| Problem::File(error, path.display().to_string());
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let kind = file.extension().and_then(|extension| extension.to_str());
        if matches!(kind, Some("yaml" | "yml" | "json")) && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        let message = format!(
            "`{}` holds no `.yaml`, `.yml` or `.json` file",
            path.display()
        );
        return Err(failed(io::Error::new(io::ErrorKind::NotFound, message)));
    }
    files.iter().map(|file| read(file)).collect()
}

/// The shipped catalogue, with the files that `HITCHPOST_CATALOG` names.
pub(crate) fn catalogue() -> Result<Catalogue, Problem> {
    let mut catalogue = Catalogue::builtin().clone();
    let mut sources = Vec::new();
    for path in env::split_paths(&env::var_os("HITCHPOST_CATALOG").unwrap_or_default()) {
        if !path.as_os_str().is_empty() {
            sources.extend(read_all(&path)?);
        }
    }
    let mut files = Vec::new();
    for Source { name, bytes } in &sources {
        match str::from_utf8(bytes) {
            Ok(text) => files.push((name.as_str(), text)),
            // Says where the text is not UTF-8.
            Err(_) => drop(Document::parse(name, bytes).map_err(Problem::Findings)?),
        }
    }
    match catalogue.add(&files) {
        Err(findings) if has_error(&findings) => Err(Problem::Findings(findings)),
        _ => Ok(catalogue),
    }
}

/// Whether findings refuse what they are about.
pub(crate) fn has_error(findings: &[Diagnostic]) -> bool {
    findings
        .iter()
        .any(|finding| finding.severity == Severity::Error)
}
