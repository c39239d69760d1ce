//! Where a store is: its URL.

use std::{
    env, fmt,
    fs::{DirBuilder, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use url::Url;

use super::error::StoreError;

/// A store's place, as its URL names it.
#[derive(Clone)]
pub(crate) enum Location {
    Memory,
    Sqlite(PathBuf),
    Postgres(Url),
}

impl Location {
    pub(crate) fn parse(text: &str) -> Result<Self, StoreError> {
        let wrong = |reason| StoreError::Url { reason };
        let (scheme, rest) = text.split_once(':').ok_or_else(|| wrong("has no scheme"))?;
        match scheme {
            "memory" if rest.is_empty() => Ok(Self::Memory),
            "sqlite" if rest == ":memory:" => Ok(Self::Memory),
            "sqlite" => {
                // Not every path is a URL's path as it stands, so only `?` and `%` are special.
                if rest.contains('?') {
                    return Err(wrong("has parameters"));
                }
                let path = rest.strip_prefix("//").unwrap_or(rest);
                let path = decode(path).ok_or_else(|| wrong("has a broken `%` escape"))?;
                let path = PathBuf::from(path);
                if !path.is_absolute() || path.file_name().is_none() {
                    return Err(wrong("has no absolute path of a file"));
                }
                Ok(Self::Sqlite(path))
            }
            "postgres" | "postgresql" => text
                .parse()
                .map(Self::Postgres)
                .map_err(|_| wrong("is malformed")),
            _ => Err(wrong(
                "has another scheme than `sqlite`, `postgres` and `memory`",
            )),
        }
    }

    /// The URL that the driver understands.
    pub(crate) fn driver_url(&self) -> Result<Url, StoreError> {
        let malformed = |_| StoreError::Url {
            reason: "is malformed",
        };
        match self {
            Self::Memory => "sqlite::memory:".parse().map_err(malformed),
            Self::Sqlite(path) => format!("sqlite://{}?mode=rw", encode(path))
                .parse()
                .map_err(malformed),
            Self::Postgres(url) => Ok(url.clone()),
        }
    }

    /// Makes the file of a SQLite database, and its folder, where there is none: both open to
    /// their owner alone.
    pub(crate) fn prepare(&self) -> Result<(), StoreError> {
        let Self::Sqlite(path) = self else {
            return Ok(());
        };
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source: io::Error| StoreError::Io {
                path,
                source: source.into(),
            }
        };
        if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(failed(folder))?;
        }
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        match made {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed(path)(error)),
            _ => Ok(()),
        }
    }
}

/// The URL of the default store: `hitchpost/model-registry.db` in the user's data folder.
///
/// Source: XDG Base Directory Specification 0.8; a relative `XDG_DATA_HOME` is ignored.
///
/// # Errors
/// [`StoreError::NoFolder`] when neither `XDG_DATA_HOME` nor `HOME` is set.
pub fn default_url() -> Result<String, StoreError> {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let folder = absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .ok_or(StoreError::NoFolder)?;
    Ok(format!(
        "sqlite://{}",
        encode(&folder.join("hitchpost/model-registry.db"))
    ))
}

/// Shows neither user, password nor parameters: each may hold a secret.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => {
                write!(f, "postgres://{}", url.host_str().unwrap_or_default())?;
                if let Some(port) = url.port() {
                    write!(f, ":{port}")?;
                }
                f.write_str(url.path())
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn encode(path: &Path) -> String {
    let mut text = String::new();
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => text.push(byte.into()),
            _ if byte.is_ascii_alphanumeric() => text.push(byte.into()),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push(u8::try_from(digit()? << 4 | digit()?).ok()?);
    }
    String::from_utf8(bytes).ok()
}
