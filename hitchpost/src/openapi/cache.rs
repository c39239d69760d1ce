//! Finished documents on disk.
//!
//! An entry is found by what was asked for, and holds as long as the files that were looked for are
//! what they were. Three lines: the SHA-256 of the others, what was asked of the folders, and what
//! was made of it. An entry that is not so is as good as none; nothing is ever said of a cache that
//! cannot be used.

use std::{
    env,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde::{Serialize, de::DeserializeOwned};

use super::tree::{FolderTree, Questions, digest};

/// Of all entries together. The oldest go first.
const MAX_BYTES: u64 = 64 << 20;

/// The folder for the user's cached documents: `$XDG_CACHE_HOME/hitchpost`, or
/// `~/.cache/hitchpost` (XDG Base Directory Specification 0.8). `None` without a home.
#[must_use]
pub fn cache_folder() -> Option<PathBuf> {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let cache =
        absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    cache.map(|cache| cache.join("hitchpost"))
}

/// Where the document for a request is kept.
#[derive(Debug)]
pub(super) struct Entry {
    path: PathBuf,
}

impl Entry {
    /// The entry for a request: everything on which the document depends but the files.
    pub(super) fn new(folder: &Path, request: &impl Serialize) -> Option<Self> {
        let request = serde_json::to_vec(request).ok()?;
        Some(Self {
            path: folder.join("openapi").join(digest(&request)),
        })
    }

    /// What was made, if it would be made of the files again.
    pub(super) fn read<T: DeserializeOwned>(&self, tree: &FolderTree) -> Option<T> {
        let mut file = File::open(&self.path).ok()?;
        let mut bytes = Vec::new();
        (&mut file).take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (sum, rest) = text.split_once('\n')?;
        let (questions, made) = rest.split_once('\n')?;
        if digest(rest.as_bytes()) != sum {
            return None;
        }
        let questions: Questions = serde_json::from_str(questions).ok()?;
        if !tree.still_answers(&questions) {
            return None;
        }
        let made = serde_json::from_str(made).ok()?;
        // The least recently used go first.
        let _ = file.set_modified(SystemTime::now());
        Some(made)
    }

    /// Keeps what was made. Failing to do so has no consequence.
    pub(super) fn write(&self, questions: &Questions, made: &impl Serialize) {
        let write = || -> io::Result<()> {
            let rest = format!(
                "{}\n{}",
                serde_json::to_string(questions)?,
                serde_json::to_string(made)?
            );
            let folder = self.path.parent().unwrap_or(Path::new("."));
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
            let draft = self.path.with_extension(std::process::id().to_string());
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&draft)?;
            let written = file.write_all(format!("{}\n{rest}", digest(rest.as_bytes())).as_bytes());
            written
                .and_then(|()| fs::rename(&draft, &self.path))
                .inspect_err(|_| {
                    let _ = fs::remove_file(&draft);
                })?;
            shrink(folder)
        };
        let _ = write();
    }
}

/// Removes the entries that were not used for longest, until the others are few enough.
fn shrink(folder: &Path) -> io::Result<()> {
    let mut entries: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        entries.push((metadata.modified()?, metadata.len(), entry.path()));
    }
    entries.sort_unstable();
    let mut size: u64 = entries.iter().map(|(_, size, _)| size).sum();
    for (_, bytes, path) in entries {
        if size <= MAX_BYTES {
            break;
        }
        fs::remove_file(path)?;
        size -= bytes;
    }
    Ok(())
}
