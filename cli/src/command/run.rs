use std::{ffi::OsString, os::unix::process::CommandExt, process::Command};

use clap::Args;
use secrecy::ExposeSecret;

use crate::{
    arguments::GlobalArgs,
    command::needs::{LockedArgs, NeedsArgs},
    error::CommandError,
    exit::Exit,
    output::{Format, Output},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost run --needs mlflow-tracking --needs 's3>=4' -- python train.py
  hitchpost run -f workflow.yaml --step trainer -- python train.py
  hitchpost run -r needs.yaml --locked -- env

The program takes the place of this command: signals and its exit code pass
through. It gets the variables of this command and, over them, the resolved
ones. When anything is not met it is not run, and the exit code says why.")]
pub(crate) struct RunArgs {
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    program: Vec<OsString>,
    #[command(flatten)]
    needs: NeedsArgs,
    #[command(flatten)]
    how: LockedArgs,
}

pub(crate) fn run(
    arguments: RunArgs,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    let needs = arguments.needs.read()?;
    let answer = needs.resolve(&arguments.how, global)?;
    if let Some(exit) = answer.refusal(output) {
        if output.format == Format::Table {
            output.say(|style| crate::render::labelled("note", "nothing was run", style));
        }
        return Ok(exit);
    }
    let variables = answer.variables(&needs)?;
    let mut parts = arguments.program.into_iter();
    let name = parts.next().unwrap_or_default();
    let mut command = Command::new(&name);
    command.args(parts).envs(
        variables
            .iter()
            .map(|one| (&one.name, one.value.expose_secret())),
    );
    // Returns only when the program could not be started.
    let source = command.exec();
    Err(CommandError::Program {
        program: name.to_string_lossy().into_owned(),
        source,
    })
}
