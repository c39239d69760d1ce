//! Files and standard input, as texts to parse.

use std::{
    io,
    path::{Path, PathBuf},
};

use hitchpost::Source;

use crate::error::CommandError;

/// Reads a file, or standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<Source, CommandError> {
    Ok(if path == Path::new("-") {
        Source::stream("standard input", io::stdin().lock())?
    } else {
        Source::file(path)?
    })
}

/// Reads files, the record files of folders in the order of their names, and standard input.
pub(crate) fn read_all(paths: &[PathBuf]) -> Result<Vec<Source>, CommandError> {
    let mut sources = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            sources.push(read(path)?);
        } else {
            sources.extend(Source::all(path)?);
        }
    }
    Ok(sources)
}
