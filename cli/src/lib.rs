#![doc = include_str!("../README.md")]

mod arguments;
mod command;
mod error;
mod exit;
mod files;
mod input;
mod open;
mod output;
mod render;

use std::{ffi::OsString, process::ExitCode};

use clap::Parser;

use crate::{arguments::Arguments, output::Output};

/// Runs the command with its arguments, the program's name first, and returns the exit code.
///
/// `hitchpost run` replaces the calling process with the program that it runs, and then does not
/// return.
///
/// ```
/// assert_eq!(hitchpost_cli::main_with(["hitchpost", "help", "exit-codes"].map(Into::into)), 0);
/// ```
pub fn main_with(arguments: impl IntoIterator<Item = OsString>) -> i32 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help that nobody reads to its end is no failure.
            let _ = error.print();
            return error.exit_code();
        }
    };
    let output = Output::new(&arguments.global);
    match command::run(arguments, &output) {
        Ok(exit) => exit.code(),
        Err(error) => {
            output.report(&error);
            error.exit().code()
        }
    }
}

/// As [`main_with`], for a program's `main`.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    ExitCode::from(u8::try_from(main_with(arguments)).unwrap_or(u8::MAX))
}
