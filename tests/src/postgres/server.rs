//! A server that answers, whoever started it.

use std::net::TcpStream;

use url::Url;

use super::{PostgresError, Programs, random_hex, run};

/// A running server: where it is, and the databases made in it.
#[derive(Debug)]
pub struct Server {
    url: Url,
    programs: Programs,
}

impl Server {
    pub(super) fn new(url: Url, programs: Programs) -> Self {
        Self { url, programs }
    }

    pub(super) fn set_port(&mut self, port: u16) {
        // INVARIANT: a `postgres://` URL with a host takes a port.
        let _ = self.url.set_port(Some(port));
    }

    /// `postgres://user:password@host:port/database`; the role may create databases.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Whether something accepts connections at [`Server::url`].
    #[must_use]
    pub fn is_listening(&self) -> bool {
        self.url
            .socket_addrs(|| Some(5432))
            .is_ok_and(|addresses| TcpStream::connect(&*addresses).is_ok())
    }

    /// Makes an empty database and returns its URL. The database's name begins with the letters,
    /// digits and underscores of `name`, and is new: one `name` may be used any number of times.
    /// The database goes when its server goes; a server named by
    /// [`URL_VARIABLE`](super::URL_VARIABLE) keeps it.
    ///
    /// # Errors
    /// [`PostgresError::Program`] when the server does not answer or refuses.
    pub fn create_database(&self, name: &str) -> Result<String, PostgresError> {
        // PostgreSQL cuts names after 63 bytes: 40, an underscore and 16 digits fit.
        let name: String = name
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
            .take(40)
            .collect();
        let name = format!("{name}_{}", random_hex(8)?);
        self.query(self.url(), &format!(r#"create database "{name}""#))?;
        let mut url = self.url.clone();
        url.set_path(&name);
        Ok(url.into())
    }

    /// Runs one statement in the database at `url` with `psql`, and returns what it prints: a line
    /// for each row, values parted by `|`.
    ///
    /// # Errors
    /// [`PostgresError::Program`] with the server's message.
    pub fn query(&self, url: &str, sql: &str) -> Result<String, PostgresError> {
        let mut psql = self.programs.command("psql");
        psql.args([
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
        ]);
        run(psql.args(["--command", sql, "--dbname", url]))
    }
}
