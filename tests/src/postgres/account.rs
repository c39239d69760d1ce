//! The user a server runs as.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::{PostgresError, Programs, io_error, run};

/// Who runs the server: whoever runs the tests, unless that is root.
#[derive(Clone, Copy, Debug)]
pub(super) enum Account {
    Own,
    Other { user: u32, group: u32 },
}

impl Account {
    /// Chooses the account for the owner of `folder`, a folder just made, and gives it the folder.
    pub(super) fn take(folder: &Path) -> Result<Self, PostgresError> {
        if fs::metadata(folder)
            .map_err(io_error("read the server's folder"))?
            .uid()
            != 0
        {
            return Ok(Self::Own);
        }
        let accounts = fs::read_to_string("/etc/passwd").map_err(io_error("read /etc/passwd"))?;
        let (user, group) = ["postgres", "nobody"]
            .iter()
            .find_map(|name| ids(&accounts, name))
            .ok_or(PostgresError::NoAccount)?;
        chown(folder, Some(user), Some(group))
            .map_err(io_error("give the server's folder to its user"))?;
        Ok(Self::Other { user, group })
    }

    /// Lets the command run as this account, without root's supplementary groups.
    pub(super) fn run(self, mut command: Command) -> Command {
        if let Self::Other { user, group } = self {
            command.uid(user).gid(group);
        }
        command
    }

    /// The programs, copied into `folder` where this account cannot reach them as they are: a
    /// project below /root, say.
    pub(super) fn reach(
        self,
        programs: Programs,
        folder: &Path,
    ) -> Result<Programs, PostgresError> {
        let Self::Other { user, group } = self else {
            return Ok(programs);
        };
        let bin = programs
            .folder()
            .canonicalize()
            .map_err(io_error("find PostgreSQL's programs"))?;
        let open = |folder: &Path| {
            fs::metadata(folder).is_ok_and(|it| it.permissions().mode() & 0o001 != 0)
        };
        if bin.ancestors().all(open) {
            return Ok(programs);
        }
        // The programs look for their libraries from where they are: beside `bin`, or, in the
        // Python package, in a folder beside the package.
        let copy = folder.join("programs");
        let script = r#"
            mkdir -p "$2/package" && cp -R "$1/.." "$2/package/install" || exit
            for libraries in "$1"/../../../*.libs; do
                [ ! -d "$libraries" ] || cp -R "$libraries" "$2/" || exit
            done
            chown -R "$3" "$2""#;
        let mut command = Command::new("sh");
        command
            .args(["-euc", script, "sh"])
            .arg(bin)
            .arg(&copy)
            .arg(format!("{user}:{group}"));
        run(&mut command)?;
        Ok(Programs::at(copy.join("package/install/bin")))
    }
}

/// User and group of `name` in the text of /etc/passwd.
fn ids(accounts: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields = accounts
        .lines()
        .map(|line| line.split(':'))
        .find_map(|mut fields| {
            let found = fields.next() == Some(name);
            found.then_some(fields)
        })?;
    let user = fields.nth(1)?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    Some((user, group))
}
