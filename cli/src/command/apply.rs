use std::{collections::BTreeMap, fmt::Write, path::PathBuf};

use anstyle::AnsiColor;
use clap::Args;
use hitchpost::{Diagnostic, Extension, read_records, user_catalogue, who};
use hitchpost_store::{Action, Applied, ApplyOptions, Change};
use serde::Serialize;

use crate::{
    arguments::GlobalArgs,
    error::CommandError,
    exit::Exit,
    input,
    open::OpenStore,
    output::{Format, Output},
    render::{
        diagnostic::diagnostics,
        style::{Style, padded, printable},
    },
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost apply -f tools.yaml
  hitchpost apply -f tools/ --prune
  hitchpost get mlflow -o yaml | hitchpost apply -f - --dry-run")]
pub(crate) struct ApplyArgs {
    /// A file of records, a folder of such files (.yaml, .yml, .json; not the folders in it), or
    /// `-` for standard input
    #[arg(short, long = "file", required = true, value_name = "PATH")]
    files: Vec<PathBuf>,
    /// Delete every record that the files do not have, except immutable ones
    #[arg(long)]
    prune: bool,
    /// Change nothing; say what would be changed
    #[arg(long)]
    dry_run: bool,
    /// Change immutable records too; with `--prune`, delete them
    #[arg(long)]
    force: bool,
    /// Only if the record is at this revision; 0: only if there is none. For a single record
    #[arg(long, value_name = "REVISION")]
    if_revision: Option<u64>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost diff -f tools.yaml
  hitchpost diff -f tools/ --prune -o json")]
pub(crate) struct DiffArgs {
    /// A file of records, a folder of such files, or `-` for standard input
    #[arg(short, long = "file", required = true, value_name = "PATH")]
    files: Vec<PathBuf>,
    /// As `apply --prune` would do
    #[arg(long)]
    prune: bool,
    /// As `apply --force` would do
    #[arg(long)]
    force: bool,
}

/// What was done, and what was found on the way.
#[derive(Debug, Serialize)]
struct Report<'r> {
    #[serde(flatten)]
    applied: &'r Applied,
    diagnostics: &'r [Diagnostic],
}

pub(crate) fn apply(
    arguments: &ApplyArgs,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    let (records, findings) =
        read_records(&input::read_all(&arguments.files)?, &user_catalogue(&[])?)?;
    let expect = match (arguments.if_revision, records.as_slice()) {
        (None, _) => BTreeMap::new(),
        (Some(revision), [record]) => BTreeMap::from([(record.name.clone(), revision)]),
        (Some(_), several) => {
            return Err(CommandError::OneRecord {
                flag: "--if-revision",
                count: several.len(),
            });
        }
    };
    let options = ApplyOptions {
        who: who(),
        expect,
        prune: arguments.prune,
        dry_run: arguments.dry_run,
        force: arguments.force,
    };
    write_records(&records, &findings, &options, global, output)
}

/// Applies records and says what was done.
pub(crate) fn write_records(
    records: &[Extension],
    findings: &[Diagnostic],
    options: &ApplyOptions,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    let open = match options.dry_run {
        true => OpenStore::rehearse(global)?,
        false => OpenStore::make(global)?,
    };
    let applied = open.wait(open.store.apply(records, options))?;
    if output.format == Format::Table {
        note(findings, output);
    }
    let report = Report {
        applied: &applied,
        diagnostics: findings,
    };
    output.done(&report, |style| {
        changes(&applied, options.dry_run, false, style)
    })?;
    Ok(Exit::Ok)
}

pub(crate) fn diff(
    arguments: &DiffArgs,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    let (records, findings) =
        read_records(&input::read_all(&arguments.files)?, &user_catalogue(&[])?)?;
    let options = ApplyOptions {
        who: who(),
        prune: arguments.prune,
        dry_run: true,
        force: arguments.force,
        ..ApplyOptions::default()
    };
    let open = OpenStore::rehearse(global)?;
    let applied = open.wait(open.store.apply(&records, &options))?;
    if output.format == Format::Table {
        note(&findings, output);
    }
    let report = Report {
        applied: &applied,
        diagnostics: &findings,
    };
    output.show(&report, |style| changes(&applied, true, true, style))?;
    Ok(Exit::Ok)
}

/// Shows findings that refuse nothing.
pub(crate) fn note(findings: &[Diagnostic], output: &Output) {
    if !findings.is_empty() {
        output.say(|style| diagnostics(findings, style) + "\n");
    }
}

/// The changes, a line for each, and their sum.
pub(crate) fn changes(
    applied: &Applied,
    is_dry: bool,
    with_differences: bool,
    style: Style,
) -> String {
    let mut text = String::new();
    for change in &applied.changes {
        if with_differences && change.action == Action::Unchanged {
            continue;
        }
        let word = padded(change.action.as_str(), 9);
        let _ = writeln!(
            text,
            "{}  {}",
            style.colour(colour(change.action), &word),
            change.name
        );
        if with_differences {
            text.push_str(&differences(change, style));
        }
    }
    let counts = [
        Action::Created,
        Action::Updated,
        Action::Unchanged,
        Action::Deleted,
    ]
    .map(|action| {
        let count = applied
            .changes
            .iter()
            .filter(|change| change.action == action)
            .count();
        (count > 0).then(|| format!("{count} {}", action.as_str()))
    });
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let counts = if counts.is_empty() {
        "nothing to do".to_owned()
    } else {
        counts.join(", ")
    };
    let changes = applied
        .changes
        .iter()
        .any(|change| change.action != Action::Unchanged);
    let when = if is_dry && changes {
        "would become "
    } else {
        ""
    };
    let _ = writeln!(text, "{when}revision {}: {counts}", applied.revision);
    text
}

/// What an update changes, a line for each field.
pub(crate) fn differences(change: &Change, style: Style) -> String {
    fields(&change.differences, style)
}

pub(crate) fn fields(differences: &[hitchpost_store::Difference], style: Style) -> String {
    let mut text = String::new();
    for difference in differences {
        let _ = writeln!(text, "    {}", printable(&difference.path));
        if let Some(before) = &difference.before {
            let _ = writeln!(
                text,
                "      {}",
                style.colour(AnsiColor::Red, &format!("- {}", printable(before)))
            );
        }
        if let Some(after) = &difference.after {
            let _ = writeln!(
                text,
                "      {}",
                style.colour(AnsiColor::Green, &format!("+ {}", printable(after)))
            );
        }
    }
    text
}

pub(crate) const fn colour(action: Action) -> AnsiColor {
    match action {
        Action::Created => AnsiColor::Green,
        Action::Updated => AnsiColor::Yellow,
        Action::Deleted => AnsiColor::Red,
        _ => AnsiColor::Cyan,
    }
}
