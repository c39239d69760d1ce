//! Files and standard input, as texts to parse.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use hitchpost::{
    Diagnostic,
    core::{Code, MAX_SOURCE_BYTES},
};

use zeroize::Zeroizing;

use crate::error::CommandError;

/// What was read, and the name by which findings call it.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    /// It may hold secrets.
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

/// Reads a file, or standard input for `-`. What is larger than [`MAX_SOURCE_BYTES`] is refused
/// before it is read, or as soon as that is known.
pub(crate) fn read(path: &Path) -> Result<Source, CommandError> {
    if path == Path::new("-") {
        return bounded("standard input", path, io::stdin().lock(), None);
    }
    let unreadable = |source| CommandError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(unreadable(io::ErrorKind::IsADirectory.into()));
    }
    let size = metadata.is_file().then_some(metadata.len());
    bounded(&path.display().to_string(), path, file, size)
}

/// Reads files, the record files of folders in the order of their names, and standard input.
pub(crate) fn read_all(paths: &[PathBuf]) -> Result<Vec<Source>, CommandError> {
    let mut sources = Vec::new();
    for path in paths {
        if path.is_dir() {
            for file in files_in(path)? {
                sources.push(read(&file)?);
            }
        } else {
            sources.push(read(path)?);
        }
    }
    Ok(sources)
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let unreadable = |source| CommandError::Unreadable {
        path: folder.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let has_extension =
            |known: &str| path.extension().is_some_and(|extension| extension == known);
        if ["yaml", "yml", "json"].into_iter().any(has_extension) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        Err(CommandError::EmptyFolder {
            path: folder.to_owned(),
        })
    } else {
        Ok(files)
    }
}

fn bounded(
    name: &str,
    path: &Path,
    reader: impl Read,
    size: Option<u64>,
) -> Result<Source, CommandError> {
    let limit = MAX_SOURCE_BYTES as u64;
    let mut bytes = Zeroizing::new(Vec::new());
    if size.is_none_or(|size| size <= limit) {
        reader
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| CommandError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
        if bytes.len() as u64 <= limit {
            return Ok(Source {
                name: name.to_owned(),
                bytes,
            });
        }
    }
    let has = size.map_or_else(String::new, |size| format!(" has {size} bytes,"));
    Err(CommandError::Findings(vec![Diagnostic {
        code: Code::SourceTooLarge,
        severity: Code::SourceTooLarge.severity(),
        message: format!(
            "the source{has} {} {limit}",
            if has.is_empty() {
                "has more bytes than"
            } else {
                "more than"
            }
        ),
        path: String::new(),
        source: name.into(),
        span: None,
        help: Some("split it into several files".to_owned()),
        excerpt: None,
    }]))
}
