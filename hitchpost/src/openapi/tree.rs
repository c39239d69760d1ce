//! Sources in folders.

use std::{
    collections::HashMap,
    fs::{self, File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hitchpost_schema_gen::{LOCK_FILES, SourceTree};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::encoding::decode;

/// The largest file that is read.
const MAX_BYTES: u64 = 16 << 20;

/// What was asked of the tree, and its answers: as long as they hold, so does what was made of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Questions {
    pub(super) files: IndexMap<String, Answer>,
    pub(super) folders: IndexMap<String, bool>,
}

impl Questions {
    /// The files that were read.
    pub(super) fn sources(&self) -> impl Iterator<Item = &str> {
        let read = self
            .files
            .iter()
            .filter(|(_, answer)| matches!(answer, Answer::File(..)));
        read.map(|(path, _)| path.as_str())
    }
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    Absent,
    /// The SHA-256 of the file's bytes in base64, and its stamp where that tells of a change.
    File(String, Option<Stamp>),
    Refused(String),
}

/// What changes with the content of a file: size, time of change in seconds and nanoseconds, inode.
type Stamp = (u64, i64, i64, u64);

/// The files below some folders.
///
/// Files are bounded in size. Links that lead out of the folders are not followed. Of the folders
/// above them, lock files alone are read.
#[derive(Debug)]
pub(super) struct FolderTree {
    /// Canonical.
    roots: Vec<PathBuf>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    questions: Questions,
    /// Files that were read before they were asked for.
    peeked: HashMap<String, (Answer, Arc<str>)>,
    /// Folders in which files were looked for.
    folders: HashMap<String, Folder>,
    reading: Duration,
}

/// What a folder's path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folder {
    Inside,
    Outside,
    Absent,
}

const OUTSIDE: &str =
    "a link leads out of the folders that are read; name the folder to which it leads as well";

impl FolderTree {
    /// A tree of what is below these folders.
    pub(super) fn new(roots: impl IntoIterator<Item = PathBuf>) -> Self {
        let roots = roots
            .into_iter()
            .filter_map(|root| fs::canonicalize(root).ok());
        Self {
            roots: roots.collect(),
            state: Mutex::default(),
        }
    }

    /// What was asked so far, and how long reading took.
    pub(super) fn asked(&self) -> (Questions, Duration) {
        let state = self.state();
        (state.questions.clone(), state.reading)
    }

    /// Whether the answers are what they were.
    pub(super) fn still_answers(&self, questions: &Questions) -> bool {
        let same_file = |(path, answer): (&String, &Answer)| {
            let now = self.look(path);
            match (answer, now) {
                (Answer::File(_, Some(before)), Ok(Some(metadata)))
                    if stamp(&metadata).as_ref() == Some(before) =>
                {
                    true
                }
                (Answer::File(before, _), Ok(Some(_))) => self
                    .bytes(path)
                    .is_ok_and(|bytes| bytes.is_some_and(|bytes| digest(&bytes) == *before)),
                (Answer::Absent, Ok(None)) => true,
                // The file may be read, and not be text.
                (Answer::Refused(before), Err(now)) => *before == now,
                (Answer::Refused(before), Ok(Some(_))) => {
                    self.text(path).is_err_and(|now| now == *before)
                }
                _ => false,
            }
        };
        questions.files.iter().all(same_file)
            && questions
                .folders
                .iter()
                .all(|(path, is_folder)| Path::new(path).is_dir() == *is_folder)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_inside(&self, canonical: &Path) -> bool {
        self.roots.iter().any(|root| canonical.starts_with(root))
    }

    /// Whether it is a lock file in a folder above a root.
    fn is_lock_above(&self, path: &str) -> bool {
        let Some((folder, name)) = path.rsplit_once('/') else {
            return false;
        };
        LOCK_FILES.contains(&name)
            && fs::canonicalize(folder)
                .is_ok_and(|folder| self.roots.iter().any(|root| root.starts_with(&folder)))
    }

    /// Where the folder of a file is.
    fn folder(&self, path: &str) -> Folder {
        let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        let folder = if folder.is_empty() { "/" } else { folder };
        if let Some(known) = self.state().folders.get(folder) {
            return *known;
        }
        let found = match fs::canonicalize(folder) {
            Ok(canonical) if self.is_inside(&canonical) => Folder::Inside,
            Ok(_) => Folder::Outside,
            Err(_) => Folder::Absent,
        };
        self.state().folders.insert(folder.to_owned(), found);
        found
    }

    /// The metadata of a file that may be read; nothing where there is none.
    fn look(&self, path: &str) -> Result<Option<Metadata>, String> {
        let folder = self.folder(path);
        if folder == Folder::Absent {
            return Ok(None);
        }
        let found = fs::symlink_metadata(path).and_then(|metadata| {
            if metadata.is_symlink() {
                Ok((fs::metadata(path)?, true))
            } else {
                Ok((metadata, false))
            }
        });
        let (metadata, is_link) = match found {
            Ok(found) => found,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        if metadata.is_dir() {
            return Ok(None);
        }
        let leaves = || fs::canonicalize(path).is_ok_and(|canonical| !self.is_inside(&canonical));
        let is_lock = || !is_link && self.is_lock_above(path);
        if (folder == Folder::Outside && !is_lock()) || (is_link && leaves()) {
            return Err(OUTSIDE.to_owned());
        }
        if !metadata.is_file() {
            return Err("it is not a regular file".to_owned());
        }
        if metadata.len() > MAX_BYTES {
            return Err(format!(
                "it has {} bytes, and at most {MAX_BYTES} are read",
                metadata.len()
            ));
        }
        Ok(Some(metadata))
    }

    fn bytes(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        match self.look(path)? {
            Some(metadata) => content(path, &metadata).map(Some),
            None => Ok(None),
        }
    }

    fn text(&self, path: &str) -> Result<Option<(Answer, Arc<str>)>, String> {
        // Before the bytes, so that a change in between is seen.
        let Some(metadata) = self.look(path)? else {
            return Ok(None);
        };
        let bytes = content(path, &metadata)?;
        let answer = Answer::File(digest(&bytes), stamp(&metadata));
        decode(bytes).map(|text| Some((answer, Arc::from(text))))
    }

    /// Reads, and counts how long that took.
    fn timed(&self, path: &str) -> Result<Option<(Answer, Arc<str>)>, String> {
        let start = Instant::now();
        let read = self.text(path);
        self.state().reading += start.elapsed();
        read
    }
}

/// The bytes of a file that may be read.
fn content(path: &str, metadata: &Metadata) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    match read {
        // It may have grown since.
        Ok(length) if length as u64 > MAX_BYTES => {
            Err(format!("at most {MAX_BYTES} bytes are read"))
        }
        Ok(_) => Ok(bytes),
        Err(error) => Err(error.to_string()),
    }
}

impl SourceTree for FolderTree {
    fn read(&self, path: &str) -> Result<Option<Arc<str>>, String> {
        let peeked = self.state().peeked.remove(path);
        let read = match peeked {
            Some(peeked) => Ok(Some(peeked)),
            None => self.timed(path),
        };
        let answer = match &read {
            Ok(Some((answer, _))) => answer.clone(),
            Ok(None) => Answer::Absent,
            Err(error) => Answer::Refused(error.clone()),
        };
        self.state().questions.files.insert(path.to_owned(), answer);
        Ok(read?.map(|(_, text)| text))
    }

    fn peek(&self, path: &str) -> Option<Arc<str>> {
        let (answer, text) = self.timed(path).ok().flatten()?;
        let peeked = (answer, Arc::clone(&text));
        self.state().peeked.insert(path.to_owned(), peeked);
        Some(text)
    }

    fn is_folder(&self, path: &str) -> bool {
        let is_folder = Path::new(path).is_dir();
        self.state()
            .questions
            .folders
            .insert(path.to_owned(), is_folder);
        is_folder
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

pub(super) fn digest(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}

/// A file that was changed a moment ago may change again without its time telling: it has no stamp.
fn stamp(metadata: &Metadata) -> Option<Stamp> {
    const GRANULARITY: Duration = Duration::from_secs(2);
    let modified = metadata.modified().ok()?;
    let age = SystemTime::now().duration_since(modified).ok()?;
    let stamp = (
        metadata.len(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ino(),
    );
    (age > GRANULARITY).then_some(stamp)
}
