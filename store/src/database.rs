//! What the stores of the workspace have in common: where a database is, and what its errors mean.

use std::{
    env, fmt,
    fs::{DirBuilder, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use url::Url;

/// A database's place, as its URL names it.
#[derive(Clone)]
pub enum Location {
    /// In memory: `memory:`.
    Memory,
    /// A file: `sqlite:///absolute/path`, with `?mode=ro` to read it only.
    Sqlite {
        /// Absolute.
        path: PathBuf,
        /// Whether nothing is to be written.
        read_only: bool,
    },
    /// A server: `postgres://user@host/database`.
    Postgres(Url),
}

/// What becomes of a database that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// It is made.
    Made,
    /// That is an error.
    Refused,
}

/// Why there is no database at a place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocationError {
    /// The URL is none of a store. It may hold a password, and is not repeated.
    #[error("the store's URL {reason}")]
    Url {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The user has no folder for data.
    #[error("there is no folder for the store: neither `XDG_DATA_HOME` nor `HOME` is set")]
    NoFolder,
    /// There is no file, and none is to be made.
    #[error("there is no such file")]
    Absent,
    /// A file or folder cannot be made.
    #[error("cannot make `{}`", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
}

impl Location {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`LocationError::Url`].
    pub fn parse(text: &str) -> Result<Self, LocationError> {
        let wrong = |reason| LocationError::Url { reason };
        let (scheme, rest) = text.split_once(':').ok_or_else(|| wrong("has no scheme"))?;
        match scheme {
            "memory" if rest.is_empty() => Ok(Self::Memory),
            "sqlite" if rest == ":memory:" => Ok(Self::Memory),
            "sqlite" => {
                // Not every path is a URL's path as it stands, so only `?` and `%` are special.
                let (path, mode) = rest.split_once('?').unwrap_or((rest, "mode=rw"));
                let read_only = match mode {
                    "mode=ro" => true,
                    "mode=rw" => false,
                    _ => return Err(wrong("has other parameters than `mode=ro`")),
                };
                let path = path.strip_prefix("//").unwrap_or(path);
                let path = decode(path).ok_or_else(|| wrong("has a broken `%` escape"))?;
                let path = PathBuf::from(path);
                if !path.is_absolute() || path.file_name().is_none() {
                    return Err(wrong("has no absolute path of a file"));
                }
                Ok(Self::Sqlite { path, read_only })
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
    ///
    /// # Errors
    /// [`LocationError::Url`] for a path that cannot stand in one.
    pub fn driver_url(&self) -> Result<Url, LocationError> {
        let malformed = |_| LocationError::Url {
            reason: "is malformed",
        };
        match self {
            Self::Memory => "sqlite::memory:".parse().map_err(malformed),
            Self::Sqlite { path, read_only } => {
                let mode = if *read_only { "ro" } else { "rw" };
                let path = encode(path);
                format!("sqlite://{path}?mode={mode}")
                    .parse()
                    .map_err(malformed)
            }
            Self::Postgres(url) => Ok(url.clone()),
        }
    }

    /// Makes the file of a SQLite database, and its folder, where there is none: both open to
    /// their owner alone.
    ///
    /// # Errors
    /// [`LocationError::Absent`] and [`LocationError::Io`].
    pub fn prepare(&self, absent: Absent) -> Result<(), LocationError> {
        let Self::Sqlite { path, read_only } = self else {
            return Ok(());
        };
        if *read_only || absent == Absent::Refused {
            // What is there and cannot be looked at, the database complains about.
            return match path.try_exists() {
                Ok(false) => Err(LocationError::Absent),
                _ => Ok(()),
            };
        }
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source| LocationError::Io { path, source }
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

/// The URL of a SQLite file of that name in the folder `hitchpost` of the user's data.
///
/// Source: XDG Base Directory Specification 0.8; a relative `XDG_DATA_HOME` is ignored.
///
/// # Errors
/// [`LocationError::NoFolder`] when neither `XDG_DATA_HOME` nor `HOME` is set.
pub fn default_url(file: &str) -> Result<String, LocationError> {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let folder = absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .ok_or(LocationError::NoFolder)?;
    Ok(format!(
        "sqlite://{}",
        encode(&folder.join("hitchpost").join(file))
    ))
}

/// Shows neither user, password nor parameters: each may hold a secret.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Sqlite { path, .. } => write!(f, "sqlite://{}", path.display()),
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

/// What the error of a database means, whichever database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The user may not do that.
    Denied,
    /// Another program has held a lock for too long.
    Locked,
    /// It cannot be written.
    ReadOnly,
    /// Its file cannot be read or opened.
    File,
    /// It does not answer.
    Unreachable,
    /// Its data contradict themselves.
    Corrupt,
    /// There is no space left.
    DiskFull,
    /// The file is no database.
    NotADatabase,
    /// Something else.
    Other,
}

impl Fault {
    /// Reads an error. The codes are those of SQLite (<https://sqlite.org/rescode.html>, the low
    /// byte is the primary one) and PostgreSQL (documentation, appendix A).
    #[must_use]
    pub fn of(error: &sqlx::Error) -> Self {
        use sqlx::Error as E;
        let code = match error {
            E::Database(error) => error.code().unwrap_or_default(),
            E::Io(_)
            | E::Tls(_)
            | E::Protocol(_)
            | E::PoolTimedOut
            | E::PoolClosed
            | E::WorkerCrashed => return Self::Unreachable,
            _ => return Self::Other,
        };
        if code.len() < 5 {
            return match code.parse::<u32>().map(|code| code & 0xff) {
                Ok(3) => Self::Denied,
                Ok(5 | 6) => Self::Locked,
                Ok(8) => Self::ReadOnly,
                Ok(10 | 14) => Self::File,
                Ok(11) => Self::Corrupt,
                Ok(13) => Self::DiskFull,
                Ok(26) => Self::NotADatabase,
                _ => Self::Other,
            };
        }
        match &*code {
            "25006" => Self::ReadOnly,
            "53100" => Self::DiskFull,
            "55P03" | "40P01" | "40001" => Self::Locked,
            "42501" => Self::Denied,
            "53300" | "57P01" | "57P02" | "57P03" => Self::Unreachable,
            "XX001" | "XX002" => Self::Corrupt,
            code if code.starts_with("28") => Self::Denied,
            code if code.starts_with("08") => Self::Unreachable,
            _ => Self::Other,
        }
    }
}
