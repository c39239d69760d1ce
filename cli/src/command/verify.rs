use std::time::Duration;

use anstyle::AnsiColor;
use clap::Args;
use hitchpost::{Credentials, EndpointReport, Outcome, core::Name};

use hitchpost::user_catalogue;

use crate::{
    arguments::{CallerArgs, GlobalArgs},
    command::records::known,
    error::CommandError,
    exit::Exit,
    open::OpenStore,
    output::Output,
    render::style::{Style, padded, printable, width},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost verify
  hitchpost verify mlflow --project alpha --zone prod

Checks are made from here, with the stored credentials that admit the caller.
The exit code is 6 when something that was checked is not healthy.")]
pub(crate) struct VerifyArgs {
    /// The records; all without a name
    names: Vec<Name>,
    /// How long one check may take, in seconds
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    timeout: u64,
    #[command(flatten)]
    caller: CallerArgs,
}

pub(crate) fn verify(
    arguments: &VerifyArgs,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    let open = OpenStore::open(global)?;
    let records = open.list()?.records;
    known(&arguments.names, &records)?;
    let registry = open.registry(user_catalogue(&[])?)?;
    let caller = arguments.caller.context()?;
    let wanted = records.iter().filter(|record| {
        arguments.names.is_empty() || arguments.names.contains(&record.extension.name)
    });
    let timeout = Duration::from_secs(arguments.timeout);
    let reports: Vec<EndpointReport> = wanted
        .flat_map(|record| registry.verify_extension(&record.extension, &caller, timeout))
        .collect();
    output.show(&reports, |style| page(&reports, style))?;
    let is_sick = |report: &EndpointReport| {
        matches!(
            report.outcome,
            Outcome::Unhealthy { .. } | Outcome::Unreachable { .. }
        )
    };
    Ok(if reports.iter().any(is_sick) {
        Exit::Unreachable
    } else {
        Exit::Ok
    })
}

fn page(reports: &[EndpointReport], style: Style) -> String {
    let place = |report: &EndpointReport| {
        format!(
            "{}/{}/{}/{}",
            report.extension, report.instance, report.service, report.endpoint
        )
    };
    let column = reports
        .iter()
        .map(|report| width(&place(report)))
        .max()
        .unwrap_or(0);
    let lines = reports.iter().map(|report| {
        let (word, colour, detail) = match &report.outcome {
            Outcome::Healthy { status, elapsed } => {
                let status = status.map_or_else(String::new, |status| format!("{status} "));
                (
                    "healthy",
                    AnsiColor::Green,
                    format!("{status}in {} ms", elapsed.as_millis()),
                )
            }
            Outcome::Unhealthy { status } => {
                ("unhealthy", AnsiColor::Red, format!("answers {status}"))
            }
            Outcome::Unreachable { reason } => ("unreachable", AnsiColor::Red, reason.clone()),
            Outcome::Skipped { reason } => ("skipped", AnsiColor::Cyan, reason.clone()),
            _ => ("unknown", AnsiColor::Yellow, String::new()),
        };
        let credentials = match report.credentials {
            Credentials::Sent => ", with credentials",
            Credentials::Withheld => {
                ", without credentials: they would cross the network in the clear"
            }
            _ => "",
        };
        let word = style.colour(colour, &padded(word, 11));
        let url = report
            .url
            .as_deref()
            .map_or_else(String::new, |url| format!("  {}\n", printable(url)));
        format!(
            "{}  {word}  {}{credentials}\n{url}",
            padded(&place(report), column),
            printable(&detail)
        )
    });
    lines.collect()
}
