use std::{borrow::Cow, io, path::PathBuf};

use hitchpost::{OpenError, SealError};
use hitchpost_registry_core::Name;
use sqlx::migrate::MigrateError;

use crate::database::{Fault, LocationError};

/// Why a store did not do what it was asked to. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot be opened.
    #[error("cannot open `{place}`: {source}")]
    Open {
        /// Its URL, without user name, password and parameters.
        place: String,
        /// Why.
        source: Box<StoreError>,
    },
    /// The URL names no store.
    #[error("the store's URL {reason}")]
    Url {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The environment names no folder for the default store.
    #[error("there is no folder for the store: neither `XDG_DATA_HOME` nor `HOME` is set")]
    NoFolder,
    /// There is no registry, and none was to be made.
    #[error("there is no registry")]
    NoRegistry,
    /// The database's file or folder cannot be made.
    #[error("cannot make `{}`", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The record is not at the expected revision: somebody else changed it.
    #[error("`{name}` {}, and revision {expected} was expected", standing(*found))]
    Conflict {
        /// The record.
        name: Name,
        /// The revision that was expected; 0 for a record that should not exist.
        expected: u64,
        /// The revision at which it is; `None` when it does not exist.
        found: Option<u64>,
    },
    /// The record is built in.
    #[error("`{name}` is immutable")]
    Immutable {
        /// The record.
        name: Name,
    },
    /// There is no such record.
    #[error("there is no record `{name}`")]
    NotFound {
        /// The record.
        name: Name,
    },
    /// A set of records has two of the same name.
    #[error("two of the given records have the name `{name}`")]
    Duplicate {
        /// The name.
        name: Name,
    },
    /// The secrets of a record cannot be sealed.
    #[error("cannot seal the secrets of `{name}`: {source}")]
    Seal {
        /// The record.
        name: Name,
        /// Why.
        source: SealError,
    },
    /// The registry's secrets are encrypted with a key that is not at hand.
    #[error(transparent)]
    Key(#[from] OpenError),
    /// Another program has held the database's lock for too long.
    #[error("the database is locked by another program")]
    Locked {
        /// What the database answered.
        source: sqlx::Error,
    },
    /// The database cannot be written.
    #[error("the database is read-only")]
    ReadOnly {
        /// What the database answered.
        source: sqlx::Error,
    },
    /// The file is not a SQLite database.
    #[error("the file is not a SQLite database")]
    NotADatabase {
        /// What the database answered.
        source: sqlx::Error,
    },
    /// The database holds something else than a registry.
    #[error("the database belongs to another program")]
    NotARegistry,
    /// The database was made by a newer version.
    #[error("the database has format {found}, and this version knows formats up to {known}")]
    Newer {
        /// The database's format.
        found: i64,
        /// The newest format that is known.
        known: i64,
    },
    /// The stored data contradict themselves.
    #[error("the database is damaged: {what}")]
    Corrupt {
        /// What was found.
        what: Cow<'static, str>,
    },
    /// There is no space left.
    #[error("the disk of the database is full")]
    DiskFull {
        /// What the database answered.
        source: sqlx::Error,
    },
    /// The database refuses the user.
    #[error("the database denies access: {source}")]
    Denied {
        /// What the database answered.
        source: sqlx::Error,
    },
    /// The database does not answer.
    #[error("the database does not answer: {source}")]
    Unreachable {
        /// What was met instead.
        source: sqlx::Error,
    },
    /// While it was followed, the registry was replaced by another one or by an older copy.
    #[error("the registry was replaced by another one, or by an older copy of itself")]
    Replaced,
    /// The database refuses for another reason.
    #[error("the database refuses: {source}")]
    Database {
        /// What the database answered.
        source: sqlx::Error,
    },
}

impl StoreError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Open { source, .. } => source.code(),
            Self::Url { .. } => "invalid-url",
            Self::NoFolder => "no-folder",
            Self::NoRegistry => "no-registry",
            Self::Io { .. } => "database-file",
            Self::Conflict { .. } => "conflict",
            Self::Immutable { .. } => "immutable",
            Self::NotFound { .. } => "not-found",
            Self::Duplicate { .. } => "duplicate-name",
            Self::Seal { source, .. } => source.code(),
            Self::Key(error) => error.code(),
            Self::Locked { .. } => "database-locked",
            Self::ReadOnly { .. } => "read-only",
            Self::NotADatabase { .. } => "not-a-database",
            Self::NotARegistry => "not-a-registry",
            Self::Newer { .. } => "newer-database",
            Self::Corrupt { .. } => "damaged-database",
            Self::DiskFull { .. } => "disk-full",
            Self::Denied { .. } => "access-denied",
            Self::Unreachable { .. } => "unreachable",
            Self::Replaced => "replaced",
            Self::Database { .. } => "database",
        }
    }

    /// What can be done about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Open { source, .. } => return source.help(),
            Self::Seal { source, .. } => return source.help(),
            Self::Key(error) => return error.help(),
            Self::Url { .. } => {
                "write `sqlite:///absolute/path`, `postgres://user@host/database` or `memory:`"
            }
            Self::NoFolder => "name a store, for instance `sqlite:///var/lib/tools.db`",
            Self::NoRegistry => {
                "check the store's URL; a registry is made when records are first applied"
            }
            Self::Conflict { .. } => "read the record again and repeat the change",
            Self::Immutable { .. } => "force the change if it is meant",
            Self::Duplicate { .. } => "remove one of them, or give it another name",
            Self::Locked { .. } => {
                "try again; if it stays locked, find the program that has the database open"
            }
            Self::ReadOnly { .. } => "open it with a user who may write, and without `mode=ro`",
            Self::NotADatabase { .. } | Self::NotARegistry => {
                "give the registry a database of its own"
            }
            Self::Newer { .. } => "use the version that made it, or a newer one",
            Self::Corrupt { .. } => "restore the database from a copy",
            Self::DiskFull { .. } => "make space and try again",
            Self::Denied { .. } => "check user, password and permissions",
            Self::Unreachable { .. } => "check host and port, and whether the server runs",
            Self::Replaced => "open the store again",
            Self::Io { .. } | Self::NotFound { .. } | Self::Database { .. } => return None,
        };
        Some(help.to_owned())
    }

    pub(crate) fn corrupt(what: impl Into<Cow<'static, str>>) -> Self {
        Self::Corrupt { what: what.into() }
    }
}

fn standing(revision: Option<u64>) -> String {
    match revision {
        Some(revision) => format!("is at revision {revision}"),
        None => "does not exist".to_owned(),
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(source: sqlx::Error) -> Self {
        match Fault::of(&source) {
            Fault::Denied => Self::Denied { source },
            Fault::Locked => Self::Locked { source },
            Fault::ReadOnly => Self::ReadOnly { source },
            Fault::Unreachable => Self::Unreachable { source },
            Fault::Corrupt => Self::corrupt(source.to_string()),
            Fault::DiskFull => Self::DiskFull { source },
            Fault::NotADatabase => Self::NotADatabase { source },
            Fault::File | Fault::Other => Self::Database { source },
        }
    }
}

impl From<LocationError> for StoreError {
    fn from(error: LocationError) -> Self {
        match error {
            LocationError::Url { reason } => Self::Url { reason },
            LocationError::NoFolder => Self::NoFolder,
            LocationError::Absent => Self::NoRegistry,
            LocationError::Io { path, source } => Self::Io { path, source },
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) => error.into(),
            // 42P07: a table of that name exists.
            MigrateError::ExecuteMigration(sqlx::Error::Database(error), _)
                if error.code().as_deref() == Some("42P07") =>
            {
                Self::NotARegistry
            }
            MigrateError::ExecuteMigration(error, _) => error.into(),
            error => Self::corrupt(error.to_string()),
        }
    }
}
