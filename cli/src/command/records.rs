use std::fmt::Write;

use clap::Args;
use hitchpost::core::{Name, decode::closest};
use hitchpost_store::{DeleteOptions, HistoryOptions, Record};
use serde_json::json;

use hitchpost::who;

use crate::{
    arguments::GlobalArgs,
    command::apply::{changes, colour, fields},
    error::CommandError,
    exit::Exit,
    open::OpenStore,
    output::Output,
    render::{
        record::{description, summary},
        style::{padded, printable},
        table::table,
    },
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost get
  hitchpost get mlflow minio -o yaml > tools.yaml

As JSON and YAML it is always a list, in which secrets are [REDACTED]; applied
again, it changes nothing.")]
pub(crate) struct GetArgs {
    /// The records; all without a name
    names: Vec<Name>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost describe mlflow
  hitchpost describe mlflow -o json | jq .revision

As JSON and YAML it is {\"revision\": …, \"record\": {…}}.")]
pub(crate) struct DescribeArgs {
    /// The record
    name: Name,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost delete mlflow
  hitchpost delete mlflow --if-revision 7
  hitchpost delete built-in --force")]
pub(crate) struct DeleteArgs {
    /// The records
    #[arg(required = true)]
    names: Vec<Name>,
    /// Delete immutable records too
    #[arg(long)]
    force: bool,
    /// Only if the record is at this revision. For a single record
    #[arg(long, value_name = "REVISION")]
    if_revision: Option<u64>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost history
  hitchpost history mlflow --limit 5 -o json")]
pub(crate) struct HistoryArgs {
    /// The record, also one that is deleted; all without a name
    name: Option<Name>,
    /// At most so many changes, the newest first
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: u32,
}

pub(crate) fn get(
    arguments: &GetArgs,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    let open = OpenStore::open(global)?;
    let mut records = open.list()?.records;
    if !arguments.names.is_empty() {
        known(&arguments.names, &records)?;
        records.retain(|record| arguments.names.contains(&record.extension.name));
    }
    let extensions: Vec<_> = records.iter().map(|record| &record.extension).collect();
    output.show(&extensions, |style| {
        let rows: Vec<_> = records.iter().map(summary).collect();
        table(
            ["NAME", "PRODUCT", "VERSION", "ZONE", "SERVICES", "REVISION"],
            &rows,
            style,
        )
    })?;
    if records.is_empty() {
        output.say(|_| {
            "nothing is registered; `hitchpost add` and `hitchpost apply` register tools\n"
                .to_owned()
        });
    }
    Ok(Exit::Ok)
}

pub(crate) fn describe(
    arguments: &DescribeArgs,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    let open = OpenStore::open(global)?;
    let Some(record) = open.wait(open.store.get(&arguments.name))? else {
        known(std::slice::from_ref(&arguments.name), &open.list()?.records)?;
        return Ok(Exit::NotFound);
    };
    let document = json!({ "revision": record.revision, "record": record.extension });
    output.show(&document, |style| description(&record, style))?;
    Ok(Exit::Ok)
}

pub(crate) fn delete(
    arguments: &DeleteArgs,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    if arguments.if_revision.is_some() && arguments.names.len() > 1 {
        return Err(CommandError::OneRecord {
            flag: "--if-revision",
            count: arguments.names.len(),
        });
    }
    let open = OpenStore::open(global)?;
    known(&arguments.names, &open.list()?.records)?;
    let options = DeleteOptions {
        who: who(),
        expect: arguments.if_revision,
        force: arguments.force,
    };
    let all = open.wait(open.store.delete(&arguments.names, &options))?;
    output.done(&all, |style| changes(&all, false, false, style))?;
    Ok(Exit::Ok)
}

pub(crate) fn history(
    arguments: &HistoryArgs,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    let open = OpenStore::open(global)?;
    let options = HistoryOptions {
        extension: arguments.name.clone(),
        limit: Some(arguments.limit),
    };
    let entries = open.wait(open.store.history(&options))?;
    if let Some(name) = arguments.name.as_ref().filter(|_| entries.is_empty()) {
        known(std::slice::from_ref(name), &open.list()?.records)?;
    }
    output.show(&entries, |style| {
        let mut text = String::new();
        for entry in &entries {
            let action = style.colour(colour(entry.action), &padded(entry.action.as_str(), 9));
            let name = entry
                .extension
                .as_ref()
                .map_or("the keys of all records", Name::as_str);
            let at = entry.at.strftime("%Y-%m-%d %H:%M:%SZ");
            let _ = writeln!(
                text,
                "{:>5}  {at}  {action}  {name}  by {}",
                entry.revision,
                printable(&entry.who)
            );
            text.push_str(&fields(&entry.differences, style));
        }
        text
    })?;
    Ok(Exit::Ok)
}

/// Checks that there are records of all names.
pub(crate) fn known(names: &[Name], records: &[Record]) -> Result<(), CommandError> {
    let is_there = |name: &Name| records.iter().any(|record| record.extension.name == *name);
    let missing: Vec<&Name> = names.iter().filter(|name| !is_there(name)).collect();
    let Some(first) = missing.first() else {
        return Ok(());
    };
    let near = closest(
        first.as_str(),
        records.iter().map(|record| record.extension.name.as_str()),
    );
    Err(CommandError::NoRecord {
        names: missing.iter().map(ToString::to_string).collect(),
        near: near.map(str::to_owned),
    })
}
