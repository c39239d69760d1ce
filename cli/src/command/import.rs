use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use hitchpost::{
    Catalogue,
    core::import::{self, Imported},
};
use hitchpost_store::ApplyOptions;

use hitchpost::{Source, SourceError, has_error, user_catalogue, who};

use crate::{
    arguments::GlobalArgs,
    command::apply::{note, write_records},
    error::CommandError,
    exit::Exit,
    input,
    output::{Format, Output},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost import kubeconfig ~/.kube/config --dry-run
  hitchpost import airflow connections.json
  hitchpost import servicebinding /bindings/my-cache
  hitchpost import aws ~/.aws/config ~/.aws/credentials

What is imported replaces records of the same names; see it first with
--dry-run.")]
pub(crate) struct ImportArgs {
    /// What the files are
    #[arg(value_enum)]
    kind: Kind,
    /// The files; for `servicebinding` the folders of bindings; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Change nothing; print the records
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Records of FuseML's extension registry
    Fuseml,
    /// Airflow connections, as URIs or JSON
    Airflow,
    /// A folder of servicebinding.io
    Servicebinding,
    /// A kubeconfig
    Kubeconfig,
    /// `~/.aws/config` and `~/.aws/credentials`
    Aws,
}

pub(crate) fn import(
    arguments: &ImportArgs,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    let catalogue = user_catalogue(&[])?;
    let mut all = Imported::default();
    let mut add = |imported: Imported| {
        all.records.extend(imported.records);
        all.findings.extend(imported.findings);
    };
    match arguments.kind {
        Kind::Servicebinding => {
            for path in &arguments.paths {
                add(binding(path, &catalogue)?);
            }
        }
        Kind::Aws => add(aws(&arguments.paths, &catalogue)?),
        kind => {
            let read = match kind {
                Kind::Fuseml => import::fuseml,
                Kind::Airflow => import::airflow,
                _ => import::kubeconfig,
            };
            for path in &arguments.paths {
                let Source { name, bytes } = input::read(path)?;
                add(read(&name, &bytes, &catalogue));
            }
        }
    }
    if has_error(&all.findings) {
        return Err(CommandError::Findings(all.findings));
    }
    if all.records.is_empty() {
        note(&all.findings, output);
        return Err(CommandError::NothingToImport);
    }
    if arguments.dry_run {
        note(&all.findings, output);
        let format = if output.format == Format::Json {
            Format::Json
        } else {
            Format::Yaml
        };
        output.show_as(format, &all.records)?;
        return Ok(Exit::Ok);
    }
    let options = ApplyOptions {
        who: who(),
        ..ApplyOptions::default()
    };
    write_records(&all.records, &all.findings, &options, global, output)
}

/// The folder of one binding: a file for each of its values.
fn binding(folder: &Path, catalogue: &Catalogue) -> Result<Imported, CommandError> {
    let unreadable = |source| {
        CommandError::Source(SourceError::Unreadable {
            path: folder.to_owned(),
            source,
        })
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        // Kubernetes keeps what it mounts behind links into a folder that begins with two dots.
        if path.is_file() && !name.starts_with('.') {
            files.push((name, input::read(&path)?.bytes));
        }
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    let name = fs::canonicalize(folder).map_err(unreadable)?;
    let name = name
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    Ok(import::servicebinding(&name, &files, catalogue))
}

/// One or both of the files: which it is says the name, `credentials` or anything else.
fn aws(paths: &[PathBuf], catalogue: &Catalogue) -> Result<Imported, CommandError> {
    let mut config = None;
    let mut credentials = None;
    for path in paths {
        let is_credentials = path
            .file_stem()
            .is_some_and(|stem| stem.to_string_lossy().contains("credentials"));
        let place = if is_credentials {
            &mut credentials
        } else {
            &mut config
        };
        if place.is_some() {
            return Err(CommandError::Malformed {
                flag: "import aws",
                wanted: "at most one `config` and one `credentials` file",
            });
        }
        *place = Some(input::read(path)?);
    }
    Ok(import::aws(
        named(config.as_ref()),
        named(credentials.as_ref()),
        catalogue,
    ))
}

fn named(source: Option<&Source>) -> Option<(&str, &[u8])> {
    source.map(|source| (source.name.as_str(), source.bytes.as_slice()))
}
