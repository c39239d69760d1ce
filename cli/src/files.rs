//! Files that are written whole or not at all.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink},
    path::{Path, PathBuf},
};

use hitchpost::resolver::export::ExportFile;
use secrecy::ExposeSecret;

use crate::error::CommandError;

/// The link to the folder that holds the values, as Kubernetes calls it where it mounts a Secret.
const DATA: &str = "..data";

/// Writes a file in place of what is there, readers seeing the old or the new content.
pub(crate) fn write(path: &Path, content: &str, mode: u32) -> Result<(), CommandError> {
    let unwritable = |source| CommandError::Unwritable {
        path: path.to_owned(),
        source,
    };
    let name = path
        .file_name()
        .ok_or_else(|| unwritable(io::ErrorKind::InvalidInput.into()))?;
    let draft = path.with_file_name(format!(
        ".{}.{}.draft",
        name.to_string_lossy(),
        std::process::id()
    ));
    let written = create(&draft, content, mode).and_then(|()| fs::rename(&draft, path));
    written.map_err(|error| {
        // Nothing of what was not finished stays.
        let _ = fs::remove_file(&draft);
        unwritable(error)
    })
}

/// Writes files below a folder, which is made with mode 0700 where there is none.
pub(crate) fn write_all(folder: &Path, files: &[ExportFile]) -> Result<(), CommandError> {
    make_folder(folder).map_err(|source| CommandError::Unwritable {
        path: folder.to_owned(),
        source,
    })?;
    for file in files {
        write(
            &folder.join(&file.path),
            file.content.expose_secret(),
            file.mode,
        )?;
    }
    Ok(())
}

/// Writes a folder for each service binding, all values of one changing at once: as Kubernetes
/// does where it mounts a Secret, they are links through `..data`, which is replaced as a whole.
///
/// A folder in which there is anything else is not touched.
pub(crate) fn write_bindings(root: &Path, files: &[ExportFile]) -> Result<(), CommandError> {
    let folder_of = |file: &ExportFile| {
        file.path
            .split_once('/')
            .map(|(folder, _)| folder.to_owned())
    };
    for group in files.chunk_by(|a, b| folder_of(a) == folder_of(b)) {
        let Some(name) = group.first().and_then(folder_of) else {
            continue;
        };
        let folder = root.join(name);
        let entries = group
            .iter()
            .filter_map(|file| Some((file.path.split_once('/')?.1, file)));
        let entries: Vec<(&str, &ExportFile)> = entries.collect();
        write_binding(&folder, &entries).map_err(|source| CommandError::Unwritable {
            path: folder.clone(),
            source,
        })?;
    }
    Ok(())
}

fn write_binding(folder: &Path, entries: &[(&str, &ExportFile)]) -> io::Result<()> {
    make_folder(folder)?;
    let old = fs::read_link(folder.join(DATA)).ok();
    let stale = stale_links(folder, entries)?;
    let number = std::process::id();
    let free = (0_u32..)
        .map(|count| format!("..{number}.{count}"))
        .find(|name| !folder.join(name).exists());
    let data = free.unwrap_or_default();
    DirBuilder::new().mode(0o700).create(folder.join(&data))?;
    for (name, file) in entries {
        create(
            &folder.join(&data).join(name),
            file.content.expose_secret(),
            file.mode,
        )?;
    }
    let draft = folder.join(format!("{DATA}.{number}"));
    symlink(&data, &draft)?;
    fs::rename(&draft, folder.join(DATA))?;
    for (name, _) in entries {
        match symlink(Path::new(DATA).join(name), folder.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => result?,
        }
    }
    for path in stale {
        fs::remove_file(path)?;
    }
    match old {
        Some(old) => fs::remove_dir_all(folder.join(old)),
        None => Ok(()),
    }
}

/// The links that a former export made and this one has no entry for.
fn stale_links(folder: &Path, entries: &[(&str, &ExportFile)]) -> io::Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    for found in fs::read_dir(folder)? {
        let path = found?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.starts_with("..") {
            continue;
        }
        let is_ours = fs::read_link(&path).is_ok_and(|target| target.starts_with(DATA));
        if !is_ours {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                format!("`{name}` in it is not of a service binding"),
            ));
        }
        if entries.iter().all(|(entry, _)| *entry != name) {
            stale.push(path);
        }
    }
    Ok(stale)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn create(path: &Path, content: &str, mode: u32) -> io::Result<()> {
    let mut file: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}
