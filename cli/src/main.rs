//! The `hitchpost` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    hitchpost_cli::run(std::env::args_os())
}
