use std::{fmt::Write, path::PathBuf};

use anstyle::AnsiColor;
use clap::Args;
use hitchpost::resolver::{Drift, Lock, Workflow};
use serde_json::json;

use hitchpost::user_catalogue;

use crate::{
    arguments::GlobalArgs,
    command::needs::{FileArgs, HowArgs, Needs, read_lock},
    error::CommandError,
    exit::Exit,
    files, input,
    open::OpenStore,
    output::Output,
    render::style::Style,
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost lock -f workflow.yaml
  hitchpost lock -f workflow.yaml --update
  hitchpost run -f workflow.yaml --step trainer --locked -- python train.py

The lock has the chosen instances, services, endpoints and accounts, and the
revisions of their records; no secrets. A lock that is there and says otherwise
is left as it is, and refused, unless --update is given.")]
pub(crate) struct LockArgs {
    /// The workflow, all steps of which are locked
    #[arg(
        short = 'f',
        long = "file",
        value_name = "WORKFLOW",
        required_unless_present = "requirements"
    )]
    workflow_file: Option<PathBuf>,
    /// A list of requirements instead
    #[arg(short, long, value_name = "FILE", conflicts_with = "workflow_file")]
    requirements: Option<PathBuf>,
    /// Write what is chosen now, and show what differs
    #[arg(long)]
    update: bool,
    #[command(flatten)]
    how: HowArgs,
}

pub(crate) fn lock(
    arguments: &LockArgs,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    let needs = needs(arguments)?;
    let path = &arguments.how.lock;
    let before = read_lock(path)?;
    let registry = OpenStore::open(global)?.registry(user_catalogue(&[])?)?;
    let mut lock = before.clone().unwrap_or_default();
    let mut drift = Vec::new();
    for needs in &needs {
        let answer = needs.resolve_in(registry.clone(), &arguments.how)?;
        if let Some(exit) = answer.refusal(output) {
            return Ok(exit);
        }
        drift.extend(lock.update(needs.step_name(), &answer.resolution));
    }
    if arguments.workflow_file.is_some() {
        lock.retain(|step| needs.iter().any(|needs| needs.step_name() == step));
    }
    match &before {
        Some(before) if *before != lock && !arguments.update => {
            return Err(CommandError::Drift {
                path: path.clone(),
                drift,
            });
        }
        Some(before) if *before == lock => {}
        _ => files::write(path, &lock.to_string(), 0o644)?,
    }
    let document = json!({ "lock": path.display().to_string(), "changes": drift });
    output.done(&document, |style| {
        summary(path, before.as_ref(), &lock, &drift, style)
    })?;
    Ok(Exit::Ok)
}

/// The needs of every step.
fn needs(arguments: &LockArgs) -> Result<Vec<Needs>, CommandError> {
    let Some(path) = &arguments.workflow_file else {
        let files = FileArgs {
            requirements: arguments.requirements.clone(),
            workflow_file: None,
            step: None,
        };
        return Ok(files.read()?.into_iter().collect());
    };
    let source = input::read(path)?;
    let workflow = Workflow::parse(&source.name, &source.bytes).map_err(CommandError::Findings)?;
    Ok(workflow
        .steps()
        .iter()
        .map(|step| Needs::of_step(&workflow, step.clone()))
        .collect())
}

fn summary(
    path: &std::path::Path,
    before: Option<&Lock>,
    lock: &Lock,
    drift: &[Drift],
    style: Style,
) -> String {
    let path = path.display();
    if before.is_none() {
        let pins: usize = lock.steps().map(|step| lock.pins(step).count()).sum();
        return format!("{path}: {pins} bindings locked\n");
    }
    let mut text = String::new();
    for change in drift {
        let _ = writeln!(
            text,
            "{}  {change}",
            style.colour(AnsiColor::Yellow, change.kind.code())
        );
    }
    let _ = writeln!(
        text,
        "{path}: {}",
        if before == Some(lock) {
            "nothing differs"
        } else {
            "updated"
        }
    );
    text
}
