use std::{io, path::PathBuf, sync::Arc};

use hitchpost_store::database::{Fault, LocationError};
use serde::{Deserialize, Serialize};
use sqlx::migrate::MigrateError;
use utoipa::ToSchema;

use crate::filter::FilterError;

/// Why a store did not do what it was asked to. Nothing was changed then.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The URL names no store.
    #[error("the store's URL {reason}")]
    Url {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The environment names no folder for the default store.
    #[error("there is no folder for the store: neither `XDG_DATA_HOME` nor `HOME` is set")]
    NoFolder,
    /// The database's file or folder cannot be made.
    #[error("cannot make `{}`: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system answered.
        source: Arc<io::Error>,
    },
    /// What was asked for is not possible as it stands.
    #[error("{message}")]
    Invalid {
        /// What is wrong.
        message: String,
    },
    /// The filter is not one.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// There is no such resource.
    #[error("{message}")]
    NotFound {
        /// What was looked for.
        message: String,
    },
    /// A resource of that name or external id exists already.
    #[error("{message}")]
    Exists {
        /// Which.
        message: String,
    },
    /// Parameters have other values already.
    #[error("{}", conflict(conflicts))]
    ParamConflict {
        /// Which.
        conflicts: Vec<ParamConflict>,
    },
    /// A resource is not in the state that was required.
    #[error("{message}")]
    WrongState {
        /// Which, and in what state it is.
        message: String,
    },
    /// A resource belongs to another one than it was said to.
    #[error("{message}")]
    Elsewhere {
        /// Which.
        message: String,
    },
    /// A custom property that was to be removed is not there.
    #[error("{message}")]
    NoProperty {
        /// Which.
        message: String,
    },
    /// Another program has held the database's lock for too long.
    #[error("the database is locked by another program")]
    Locked {
        /// What the database answered.
        source: Arc<sqlx::Error>,
    },
    /// The database cannot be written.
    #[error("the database is read-only")]
    ReadOnly {
        /// What the database answered.
        source: Arc<sqlx::Error>,
    },
    /// The database holds something else than a model registry.
    #[error("the database belongs to another program, or is none")]
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
        what: String,
    },
    /// There is no space left.
    #[error("the disk of the database is full")]
    DiskFull {
        /// What the database answered.
        source: Arc<sqlx::Error>,
    },
    /// The database refuses the user.
    #[error("the database denies access: {source}")]
    Denied {
        /// What the database answered.
        source: Arc<sqlx::Error>,
    },
    /// The database does not answer.
    #[error("the database does not answer: {source}")]
    Unreachable {
        /// What was met instead.
        source: Arc<sqlx::Error>,
    },
    /// The store was closed before it answered.
    #[error("the store was closed")]
    Closed,
    /// The database refuses for another reason.
    #[error("the database refuses: {source}")]
    Database {
        /// What the database answered.
        source: Arc<sqlx::Error>,
    },
}

impl StoreError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Url { .. } => "invalid-url",
            Self::NoFolder => "no-folder",
            Self::Io { .. } => "database-file",
            Self::Invalid { .. } => "invalid",
            Self::Filter(_) => "invalid-filter",
            Self::NotFound { .. } => "not-found",
            Self::Exists { .. } => "exists",
            Self::ParamConflict { .. } => "param-conflict",
            Self::WrongState { .. } => "wrong-state",
            Self::Elsewhere { .. } => "belongs-elsewhere",
            Self::NoProperty { .. } => "no-property",
            Self::Locked { .. } => "database-locked",
            Self::ReadOnly { .. } => "read-only",
            Self::NotARegistry => "not-a-registry",
            Self::Newer { .. } => "newer-database",
            Self::Corrupt { .. } => "damaged-database",
            Self::DiskFull { .. } => "disk-full",
            Self::Denied { .. } => "access-denied",
            Self::Unreachable { .. } => "unreachable",
            Self::Closed => "closed",
            Self::Database { .. } => "database",
        }
    }

    /// What can be done about it.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::Url { .. } => {
                "write `sqlite:///absolute/path`, `postgres://user@host/database` or `memory:`"
            }
            Self::NoFolder => "name a store, for instance `sqlite:///var/lib/model-registry.db`",
            Self::Locked { .. } => {
                "try again; if it stays locked, find the program that has the database open"
            }
            Self::ReadOnly { .. } => "open it with a user who may write, and without `mode=ro`",
            Self::NotARegistry => "give the model registry a database of its own",
            Self::Newer { .. } => "use the version that made it, or a newer one",
            Self::Corrupt { .. } => "restore the database from a copy",
            Self::DiskFull { .. } => "make space and try again",
            Self::Denied { .. } => "check user, password and permissions",
            Self::Unreachable { .. } => "check host and port, and whether the server runs",
            _ => return None,
        })
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid {
            message: message.into(),
        }
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::NotFound {
            message: message.into(),
        }
    }
}

/// A parameter that cannot get another value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParamConflict {
    /// Its name.
    pub key: String,
    /// Its value.
    pub old_value: String,
    /// The value that was to be written.
    pub new_value: String,
}

fn conflict(conflicts: &[ParamConflict]) -> String {
    let shown = |text: &str| text.chars().take(100).collect::<String>();
    match conflicts {
        [first, ..] => format!(
            "parameter `{}` has the value `{}`, and cannot be changed to `{}`",
            first.key,
            shown(&first.old_value),
            shown(&first.new_value)
        ),
        [] => String::new(),
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(source: sqlx::Error) -> Self {
        // PostgreSQL's own codes (documentation, appendix A) for what a client sent.
        let code = source.as_database_error().and_then(|error| error.code());
        match code.as_deref() {
            Some("22021") => return Self::invalid("a text has a NUL character"),
            Some("54000") => {
                return Self::invalid("the names are too long together to be indexed");
            }
            _ => {}
        }
        let fault = Fault::of(&source);
        let source = Arc::new(source);
        match fault {
            Fault::Denied => Self::Denied { source },
            Fault::Locked => Self::Locked { source },
            Fault::ReadOnly => Self::ReadOnly { source },
            Fault::File | Fault::Unreachable => Self::Unreachable { source },
            Fault::Corrupt => Self::corrupt(source.to_string()),
            Fault::DiskFull => Self::DiskFull { source },
            Fault::NotADatabase => Self::NotARegistry,
            _ => Self::Database { source },
        }
    }
}

impl From<LocationError> for StoreError {
    fn from(error: LocationError) -> Self {
        match error {
            LocationError::Url { reason } => Self::Url { reason },
            LocationError::Io { path, source } => Self::Io {
                path,
                source: Arc::new(source),
            },
            // Where there is none it is made.
            _ => Self::NoFolder,
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
