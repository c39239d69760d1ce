//! The key file: one key a line, the current one first; only its owner may read it.

use std::{
    env,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{
    error::{KeyError, KeyOrigin},
    key::{self, KeyEncryptionKey},
};

/// `key` in the folder of Hitchpost's configuration.
pub(super) fn default_path() -> Result<PathBuf, KeyError> {
    Ok(folder()?.join("key"))
}

/// `hitchpost` in the user's configuration folder.
///
/// Source: XDG Base Directory Specification 0.8; a relative `XDG_CONFIG_HOME` is ignored.
pub(super) fn folder() -> Result<PathBuf, KeyError> {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_CONFIG_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".config")))
        .map(|folder| folder.join("hitchpost"))
        .ok_or(KeyError::NoFolder)
}

/// Reads the keys; none when there is no file.
pub(super) fn read(path: &Path) -> Result<Vec<KeyEncryptionKey>, KeyError> {
    match read_text(path)? {
        Some(text) => key::parse(&text, &KeyOrigin::File(path.to_owned())),
        None => Ok(Vec::new()),
    }
}

/// Makes the file with a new key, unless somebody else just did.
pub(super) fn create(path: &Path) -> Result<(), KeyError> {
    let folder = folder_of(path);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(KeyError::io("make the folder of", path))?;
    let line = key::encode(&key::generate()?);
    // A name cannot be linked twice, and the linked file is complete: no reader sees it empty.
    with_draft(path, &line, |draft| match fs::hard_link(draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    })
}

/// Puts a new key before the others.
pub(super) fn add(path: &Path) -> Result<(), KeyError> {
    let Some(text) = read_text(path)? else {
        return create(path);
    };
    let line = key::encode(&key::generate()?);
    let text = Zeroizing::new(format!("{}\n{}", *line, text.trim_end()));
    with_draft(path, &text, |draft| fs::rename(draft, path))
}

/// Removes every key but the current one.
pub(super) fn keep_first(path: &Path) -> Result<(), KeyError> {
    let text = read_text(path)?.unwrap_or_default();
    let (_, first) = key::words(&text).next().ok_or_else(|| KeyError::Empty {
        origin: KeyOrigin::File(path.to_owned()),
    })?;
    with_draft(path, first, |draft| fs::rename(draft, path))
}

fn read_text(path: &Path) -> Result<Option<Zeroizing<String>>, KeyError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(KeyError::io("read", path)(error)),
    };
    let metadata = file.metadata().map_err(KeyError::io("read", path))?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    io::read_to_string(file)
        .map(|text| Some(Zeroizing::new(text)))
        .map_err(KeyError::io("read", path))
}

/// Writes the text to a new file beside `path`, lets `publish` give it its name, and waits until
/// all of it is on the disk: who loses a key loses every secret.
fn with_draft(
    path: &Path,
    text: &str,
    publish: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), KeyError> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|_| KeyError::NoRandomness)?;
    let draft = path.with_extension(format!("{:016x}.draft", u64::from_ne_bytes(random)));
    let result = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| {
            writeln!(file, "{text}")?;
            file.sync_all()?;
            publish(&draft)?;
            File::open(folder_of(path))?.sync_all()
        });
    // Gone already when it was renamed.
    let _ = fs::remove_file(&draft);
    result.map_err(KeyError::io("write", path))
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}
