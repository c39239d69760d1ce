use std::{collections::BTreeMap, io, path::PathBuf};

use clap::{Args, ValueEnum};
use hitchpost::{
    RevealError,
    resolver::{
        Resolution,
        export::{self, Account, KubernetesOptions, Variables},
    },
};
use secrecy::{ExposeSecret, SecretString};

use hitchpost::{SourceError, user_catalogue};

use crate::{
    arguments::GlobalArgs,
    command::needs::{Answer, LockedArgs, Needs, NeedsArgs},
    error::CommandError,
    exit::Exit,
    files, input,
    output::Output,
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  eval \"$(hitchpost export --format shell --needs mlflow-tracking)\"
  hitchpost export --format dotenv --output .env -f flow.yaml --step trainer
  hitchpost export --format dotenv --docker --output run.env --needs s3
  hitchpost export --format k8s --name trainer --needs s3 | kubectl apply -f -
  hitchpost export --format k8s --output k8s/ --needs s3
  hitchpost export --format servicebinding --output /bindings --needs redis
  hitchpost export --format airflow --needs postgresql > connections.json

What is exported has the secrets in it: files are made for their owner alone.
`score` is for a `cmd://` provisioner: it reads the resource from standard
input.")]
pub(crate) struct ExportArgs {
    /// The format
    #[arg(long, value_enum)]
    format: ExportFormat,
    /// For `dotenv`: as `docker run --env-file` reads it, without quotes
    #[arg(long)]
    docker: bool,
    /// The file to write; for `k8s` and `servicebinding` the folder
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// For `k8s`: the name of the Secret and the ConfigMap; the step's when not given
    #[arg(long)]
    name: Option<String>,
    /// For `k8s`: their namespace
    #[arg(long)]
    namespace: Option<String>,
    #[command(flatten)]
    needs: NeedsArgs,
    #[command(flatten)]
    how: LockedArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// One object of names and values
    Json,
    /// `export NAME='value'` for any POSIX shell
    Shell,
    /// A `.env` file as Compose reads it
    Dotenv,
    /// A Secret and a ConfigMap; in a folder also the `env:` of the container
    K8s,
    /// A folder for each binding, as servicebinding.io has it
    Servicebinding,
    /// Connections, as `airflow connections import` reads them
    Airflow,
    /// The answer of a `cmd://` provisioner of Score
    Score,
}

pub(crate) fn export(
    arguments: &ExportArgs,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    if arguments.docker && arguments.format != ExportFormat::Dotenv {
        return Err(CommandError::Malformed {
            flag: "--docker",
            wanted: "`--format dotenv`",
        });
    }
    let needs = match arguments.format {
        ExportFormat::Score => resource()?,
        _ => arguments.needs.read()?,
    };
    let answer = needs.resolve(&arguments.how, global)?;
    if let Some(exit) = answer.refusal(output) {
        return Ok(exit);
    }
    let variables = answer.variables(&needs)?;
    let text = match arguments.format {
        ExportFormat::Json => export::json(&variables),
        ExportFormat::Shell => export::shell(&variables)?,
        ExportFormat::Dotenv if arguments.docker => export::docker(&variables)?,
        ExportFormat::Dotenv => export::dotenv(&variables)?,
        ExportFormat::Airflow => connections(&answer)?,
        ExportFormat::Score => provisioned(&answer, &variables)?,
        ExportFormat::Servicebinding => {
            let wanted = CommandError::Malformed {
                flag: "--output",
                wanted: "the folder for the bindings",
            };
            let folder = arguments.output.as_ref().ok_or(wanted)?;
            files::write_bindings(folder, &export::servicebinding(&accounts(&answer)?))?;
            return Ok(Exit::Ok);
        }
        ExportFormat::K8s => {
            let step = needs.step.as_ref().map(|step| step.name().to_string());
            let options = KubernetesOptions {
                name: arguments
                    .name
                    .clone()
                    .or(step)
                    .unwrap_or_else(|| "hitchpost".to_owned()),
                namespace: arguments.namespace.clone(),
                labels: BTreeMap::new(),
            };
            let objects = export::kubernetes(&variables, &options)?;
            if let Some(folder) = &arguments.output {
                files::write_all(folder, &objects.files())?;
                return Ok(Exit::Ok);
            }
            objects.manifest()
        }
    };
    match &arguments.output {
        Some(path) => files::write(path, text.expose_secret(), 0o600)?,
        None => output.print(text.expose_secret())?,
    }
    Ok(Exit::Ok)
}

/// The requirement that Score writes to standard input.
fn resource() -> Result<Needs, CommandError> {
    let source = input::read("-".as_ref())?;
    let requirement = export::score_input(&source.bytes, &user_catalogue(&[])?)
        .map_err(CommandError::Findings)?;
    Ok(Needs {
        requirements: vec![requirement],
        ..Needs::default()
    })
}

fn accounts(answer: &Answer) -> Result<Vec<Account>, RevealError> {
    let Answer {
        registry,
        resolution: Resolution { bindings, .. },
        ..
    } = answer;
    let catalogue = registry.snapshot().catalogue();
    bindings
        .iter()
        .map(|binding| Account::reveal(binding, catalogue, &mut |secret| registry.reveal(secret)))
        .collect()
}

/// An object of connections by their handles.
fn connections(answer: &Answer) -> Result<SecretString, CommandError> {
    let connections = accounts(answer)?.into_iter().map(|account| {
        format!(
            "  \"{}\": {}",
            account.name,
            export::airflow(&account).expose_secret().trim_end()
        )
    });
    Ok(SecretString::from(format!(
        "{{\n{}\n}}\n",
        connections.collect::<Vec<_>>().join(",\n")
    )))
}

fn provisioned(answer: &Answer, variables: &Variables) -> Result<SecretString, CommandError> {
    let accounts = accounts(answer)?;
    match (accounts.first(), answer.resolution.bindings.first()) {
        (Some(account), Some(binding)) => {
            Ok(export::score_output(account, variables, &binding.pin))
        }
        _ => Err(CommandError::Source(SourceError::Unreadable {
            path: "standard input".into(),
            source: io::ErrorKind::InvalidData.into(),
        })),
    }
}
