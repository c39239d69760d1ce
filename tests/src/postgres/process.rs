//! A server of our own.

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use url::Url;

use super::account::Account;
use super::{PostgresError, Programs, Server, io_error, random_hex, run};

/// What a test server needs not survive: the machine. Makes it several times faster.
const FORGETFUL: &str = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n";

const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
shared_buffers = 16MB
";

/// A PostgreSQL server in a folder of its own. Dropping it stops it and removes the folder.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    programs: Programs,
    account: Account,
    folder: PathBuf,
    keeper: Child,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Connections are cut, everything is written out.
    Fast,
    /// Connections are cut, nothing is written out: the next start recovers from the log.
    Immediate,
    /// SIGKILL to the server's first process, as when memory runs out.
    Kill,
}

impl Postgres {
    /// Starts a server that keeps its data through [`Stop`] of every kind, but not through the
    /// loss of the machine's memory. Takes one to two seconds.
    ///
    /// # Errors
    /// [`PostgresError`] when there is no PostgreSQL, or it does not start.
    pub fn start() -> Result<Self, PostgresError> {
        Self::start_with(FORGETFUL)
    }

    /// Starts a server with PostgreSQL's own settings of durability: a commit is on the disk when
    /// it returns.
    ///
    /// # Errors
    /// [`PostgresError`] when there is no PostgreSQL, or it does not start.
    pub fn start_durable() -> Result<Self, PostgresError> {
        Self::start_with("")
    }

    fn start_with(durability: &str) -> Result<Self, PostgresError> {
        let programs = Programs::find()?;
        let folder = tempfile::Builder::new()
            .prefix("hitchpost-postgres-")
            .tempdir()
            .map_err(io_error("make the server's folder"))?;
        let account = Account::take(folder.path())?;
        let programs = account.reach(programs, folder.path())?;
        let password = random_hex(16)?;
        let url = Url::parse(&format!(
            "postgres://hitchpost:{password}@127.0.0.1/postgres"
        ))?;
        // From here on the keeper removes the folder.
        let keeper = keep(&programs, account, folder.path())?;
        let folder = folder.keep();
        let server = Server::new(url, programs.clone());
        let mut postgres = Self {
            server,
            programs,
            account,
            folder,
            keeper,
        };
        postgres.initialise(&password, durability)?;
        postgres.first_start()?;
        Ok(postgres)
    }

    /// Where it is, and the databases made in it.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// See [`Server::url`].
    #[must_use]
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// See [`Server::create_database`].
    ///
    /// # Errors
    /// [`PostgresError::Program`] when the server does not answer or refuses.
    pub fn create_database(&self, name: &str) -> Result<String, PostgresError> {
        self.server.create_database(name)
    }

    /// Stops the server, and returns when it is down. [`Postgres::resume`] starts it again.
    ///
    /// # Errors
    /// [`PostgresError::Program`] when it does not run.
    pub fn stop(&self, how: Stop) -> Result<(), PostgresError> {
        let data = self.folder.join("data");
        let mut pg_ctl = self.account.run(self.programs.command("pg_ctl"));
        match how {
            Stop::Fast => run(pg_ctl
                .args(["stop", "--silent", "--mode=fast", "--pgdata"])
                .arg(data))
            .map(drop),
            Stop::Immediate => run(pg_ctl
                .args(["stop", "--silent", "--mode=immediate", "--pgdata"])
                .arg(data))
            .map(drop),
            Stop::Kill => {
                let pid_file = data.join("postmaster.pid");
                let lines =
                    fs::read_to_string(&pid_file).map_err(io_error("read postmaster.pid"))?;
                run(pg_ctl.args(["kill", "KILL"]).args(lines.lines().next()))?;
                while self.server.is_listening() {
                    thread::sleep(Duration::from_millis(10));
                }
                // Where process 1 reaps no orphans, as in some containers, the next server would
                // find the number of the killed one in use.
                fs::remove_file(&pid_file).map_err(io_error("remove postmaster.pid"))
            }
        }
    }

    /// Starts a stopped or killed server again, on the same port and with the same data. Takes
    /// recovery with it, and the end of the processes that a killed server left behind.
    ///
    /// # Errors
    /// [`PostgresError::Program`] with the server's log when it does not start.
    pub fn resume(&self) -> Result<(), PostgresError> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match self.launch() {
                // What a killed server leaves behind: its other processes, for a moment.
                Err(PostgresError::Program { output, .. })
                    if output.contains("shared memory block") && Instant::now() < deadline =>
                {
                    thread::sleep(Duration::from_millis(50));
                }
                result => return result,
            }
        }
    }

    fn initialise(&self, password: &str, durability: &str) -> Result<(), PostgresError> {
        let password_file = self.folder.join("password");
        let data = self.folder.join("data");
        fs::write(&password_file, password).map_err(io_error("write the server's password"))?;
        let mut initdb = self.account.run(self.programs.command("initdb"));
        initdb.args([
            "--no-sync",
            "--username=hitchpost",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
        ]);
        run(initdb
            .arg("--pwfile")
            .arg(&password_file)
            .arg("--pgdata")
            .arg(&data))?;
        self.configure(&format!("{SETTINGS}{durability}"))
    }

    fn configure(&self, settings: &str) -> Result<(), PostgresError> {
        File::options()
            .append(true)
            .open(self.folder.join("data/postgresql.conf"))
            .and_then(|mut file| file.write_all(settings.as_bytes()))
            .map_err(io_error("write postgresql.conf"))
    }

    /// Starts on a free port. Somebody else may take it before the server does: then on another.
    fn first_start(&mut self) -> Result<(), PostgresError> {
        let mut attempts_left = 5;
        loop {
            let port = TcpListener::bind("127.0.0.1:0")
                .and_then(|listener| listener.local_addr())
                .map_err(io_error("find a free port"))?
                .port();
            self.configure(&format!("port = {port}\n"))?;
            self.server.set_port(port);
            match self.launch() {
                Err(PostgresError::Program { output, .. })
                    if output.contains("could not bind") && attempts_left > 0 =>
                {
                    attempts_left -= 1;
                }
                result => return result,
            }
        }
    }

    fn launch(&self) -> Result<(), PostgresError> {
        let log = self.folder.join("log");
        let mut pg_ctl = self.account.run(self.programs.command("pg_ctl"));
        pg_ctl
            .args(["start", "--silent", "--pgdata"])
            .arg(self.folder.join("data"))
            .arg("--log")
            .arg(&log);
        run(&mut pg_ctl).map(drop).map_err(|error| match error {
            PostgresError::Program { program, output } => {
                let log = fs::read_to_string(&log).unwrap_or_default();
                let _ = fs::remove_file(self.folder.join("log"));
                PostgresError::Program {
                    program,
                    output: format!("{output}\n{log}"),
                }
            }
            other => other,
        })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Starts the process that ends the server in `folder` and removes the folder as soon as its
/// standard input closes. In a process group of its own, so that Ctrl-C does not reach it first.
fn keep(programs: &Programs, account: Account, folder: &Path) -> Result<Child, PostgresError> {
    let script =
        r#"read -r _; "$1" stop --silent --mode=immediate --pgdata "$2/data"; rm -rf "$2""#;
    let mut keeper = Command::new("sh");
    keeper
        .args(["-c", script, "sh"])
        .arg(programs.folder().join("pg_ctl"))
        .arg(folder);
    keeper.current_dir("/").process_group(0);
    keeper
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    account
        .run(keeper)
        .spawn()
        .map_err(io_error("start the server's keeper"))
}
