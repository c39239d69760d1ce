//! `postgres-for-tests COMMAND…` runs the command with a PostgreSQL server of its own, whose URL
//! is in `HITCHPOST_TEST_POSTGRES_URL`, and ends with the command's exit code. Without a command
//! it prints the folder of the PostgreSQL it would use.

use std::error::Error;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};

use hitchpost_tests::postgres::{Postgres, Programs, URL_VARIABLE};

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("postgres-for-tests: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        println!("{}", Programs::find()?.folder().display());
        return Ok(ExitCode::SUCCESS);
    };
    let postgres = Postgres::start()?;
    let status = Command::new(&program)
        .args(arguments)
        .env(URL_VARIABLE, postgres.url())
        .status()
        .map_err(|error| format!("could not run `{}`: {error}", program.display()))?;
    // A shell's convention: 128 and the signal that ended the command.
    let code = status
        .code()
        .or(status.signal().map(|signal| 128 + signal))
        .unwrap_or(1);
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}
