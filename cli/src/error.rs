use std::{error::Error as _, io, path::PathBuf};

use hitchpost::{
    Diagnostics, KeyError, OpenError, RevealError, SealError, SourceError,
    core::{NameError, decode::listed},
    resolver::{Drift, LockError, UnknownStep, Unsettable, export::ExportError},
};
use hitchpost_store::StoreError;
use serde::Serialize;

use crate::exit::Exit;

/// Why a command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CommandError {
    /// What was read has errors.
    #[error("{}", refused(.0))]
    Findings(Diagnostics),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Reveal(#[from] RevealError),
    #[error("cannot write `{}`", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    /// Not of what was read: see [`CommandError::Findings`].
    #[error(transparent)]
    Source(SourceError),
    #[error("there is no record {}", listed(names))]
    NoRecord {
        names: Vec<String>,
        near: Option<String>,
    },
    #[error("the catalogue has no product `{name}`")]
    NoProduct { name: String, near: Option<String> },
    #[error("the catalogue has no service type `{name}` for `{product}`")]
    NoServiceType {
        name: String,
        product: String,
        known: Vec<String>,
    },
    #[error("a record `{name}` is registered already")]
    Exists { name: String },
    #[error("`{flag}` is for one record, and {count} are given")]
    OneRecord { flag: &'static str, count: usize },
    #[error(
        "`{key}` is secret; its value does not belong on the command line, where others can see it"
    )]
    SecretOnCommandLine { key: String },
    #[error("`{flag}` wants {wanted}")]
    Malformed {
        flag: &'static str,
        wanted: &'static str,
    },
    #[error("only one of several values can be read from standard input")]
    StandardInputTwice,
    #[error("the value of `{key}` is empty")]
    EmptySecret { key: String },
    #[error("the value of `{key}` is not UTF-8 text")]
    SecretNotText { key: String },
    #[error("no requirement is given")]
    NoRequirement,
    #[error("`{flag}` describes a requirement, and a file of requirements is given")]
    TwoSources { flag: &'static str },
    #[error("`{text}` of `{flag}` is no name: {source}")]
    MalformedName {
        flag: &'static str,
        text: String,
        source: NameError,
    },
    #[error(transparent)]
    Variable(#[from] Unsettable),
    #[error(transparent)]
    Step(#[from] UnknownStep),
    #[error("`{}`: {source}", path.display())]
    Lock { path: PathBuf, source: LockError },
    #[error("there is no lock file `{}`", path.display())]
    NoLock { path: PathBuf },
    #[error("what is chosen now is not what `{}` has", path.display())]
    Drift { path: PathBuf, drift: Vec<Drift> },
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error("there is nothing to import")]
    NothingToImport,
    #[error("cannot run `{program}`")]
    Program { program: String, source: io::Error },
    #[error("cannot make random bytes")]
    NoRandomness,
    #[error(transparent)]
    OpenApi(#[from] hitchpost::openapi::Error),
    #[error(transparent)]
    Downgrade(#[from] hitchpost::openapi::DowngradeError),
    #[error("{count} {} not known", if *count == 1 { "fact is" } else { "facts are" })]
    NotKnown { count: usize },
    /// The reader of the output has gone: nobody is left to tell.
    #[error("standard output cannot be written")]
    Output(io::Error),
    #[error("the command cannot be set up")]
    Runtime(io::Error),
    #[error(transparent)]
    ModelRegistry(#[from] hitchpost_model_registry::StoreError),
    #[error(transparent)]
    Server(#[from] hitchpost_model_registry::ServerError),
}

/// The JSON that an error is on standard error, where the output is to be JSON or YAML.
#[derive(Debug, Serialize)]
pub(crate) struct ErrorDocument<'e> {
    error: ErrorBody<'e>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    diagnostics: &'e [hitchpost::Diagnostic],
    #[serde(rename = "diagnostics", skip_serializing_if = "<[_]>::is_empty")]
    found: &'e [hitchpost::openapi::Diagnostic],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    drift: &'e [Drift],
}

#[derive(Debug, Serialize)]
struct ErrorBody<'e> {
    code: &'e str,
    message: String,
    help: Option<String>,
    exit: i32,
}

impl From<SourceError> for CommandError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Findings(findings) => Self::Findings(findings),
            other => Self::Source(other),
        }
    }
}

impl CommandError {
    /// A stable code.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Findings(_) => "refused",
            Self::Store(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Reveal(error) => error.code(),
            Self::Unwritable { .. } => "unwritable-file",
            Self::Source(error) => error.code(),
            Self::NoRecord { .. } => "not-found",
            Self::NoProduct { .. } => "unknown-product",
            Self::NoServiceType { .. } => "unknown-service-type",
            Self::Exists { .. } => "already-registered",
            Self::OneRecord { .. } => "one-record",
            Self::SecretOnCommandLine { .. } => "secret-on-command-line",
            Self::Malformed { .. } => "malformed-argument",
            Self::StandardInputTwice => "standard-input-twice",
            Self::EmptySecret { .. } | Self::SecretNotText { .. } => "unusable-secret",
            Self::NoRequirement => "no-requirement",
            Self::TwoSources { .. } => "two-sources",
            Self::MalformedName { .. } => "invalid-name",
            Self::Variable(_) => "invalid-variable",
            Self::Step(error) => error.code(),
            Self::Lock { source, .. } => source.code(),
            Self::NoLock { .. } => "no-lock",
            Self::Drift { .. } => "drift",
            Self::Export(error) => error.code(),
            Self::NothingToImport => "nothing-to-import",
            Self::OpenApi(error) => error.code(),
            Self::Downgrade(_) => "not-openapi",
            Self::NotKnown { .. } => "not-known",
            Self::Program { .. } => "cannot-run",
            Self::NoRandomness => "no-randomness",
            Self::Output(_) => "output",
            Self::Runtime(_) => "set-up",
            Self::ModelRegistry(error) => error.code(),
            Self::Server(error) => error.code(),
        }
    }

    /// What can be done about it.
    pub(crate) fn help(&self) -> Option<String> {
        let near = |near: &Option<String>, list: &str| match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("`{list}` lists those that there are"),
        };
        match self {
            Self::Store(error) => error.help(),
            Self::ModelRegistry(error) => error.help().map(str::to_owned),
            Self::Key(error) => error.help(),
            Self::Reveal(RevealError::Open(error)) => error.help(),
            Self::Source(error) => error.help().map(str::to_owned),
            Self::NoRecord { near: name, .. } => Some(near(name, "hitchpost get")),
            Self::NoProduct { near: name, .. } => Some(near(name, "hitchpost catalog list")),
            Self::NoServiceType { known, .. } => Some(format!("it has {}", listed(known))),
            Self::Exists { .. } => {
                Some("give another `--name`, or change the record with `hitchpost get NAME -o yaml` and `hitchpost apply`".to_owned())
            }
            Self::OneRecord { .. } => Some("apply the records one by one".to_owned()),
            Self::SecretOnCommandLine { key } => Some(format!(
                "write `--secret {key}` and give the value on standard input or when asked, or `--secret {key}=@FILE`"
            )),
            Self::NoRequirement => {
                Some("describe one by flags such as `--service s3`, or name a file with `-r` or `-f`".to_owned())
            }
            Self::TwoSources { .. } => Some("write it into the file, or leave the file away".to_owned()),
            Self::Variable(error) => Some(error.help().to_owned()),
            Self::Export(error) => Some(error.help().to_owned()),
            Self::Lock { source, .. } => Some(source.help().to_owned()),
            Self::NothingToImport => Some("check that the files are what the command says they are".to_owned()),
            Self::NoLock { .. } => Some("`hitchpost lock` writes it".to_owned()),
            Self::Drift { .. } => Some("`hitchpost lock --update` locks what is chosen now".to_owned()),
            Self::NotKnown { .. } => {
                Some("give what it needs with `--root`, `--site-packages` or `--env`, or leave `--strict` away".to_owned())
            }
            Self::StandardInputTwice => Some("name files for the others: `KEY=@FILE`".to_owned()),
            _ => None,
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Store(error) => store_exit(error),
            Self::ModelRegistry(error) => model_registry_exit(error),
            Self::Key(_) | Self::Reveal(RevealError::Open(_)) | Self::NoRandomness => Exit::Key,
            Self::NotKnown { .. } => Exit::NotKnown,
            Self::NoRecord { .. }
            | Self::NoProduct { .. }
            | Self::NoServiceType { .. }
            | Self::Step(_) => Exit::NotFound,
            Self::OneRecord { .. }
            | Self::SecretOnCommandLine { .. }
            | Self::Malformed { .. }
            | Self::StandardInputTwice
            | Self::NoRequirement
            | Self::TwoSources { .. }
            | Self::MalformedName { .. }
            | Self::OpenApi(hitchpost::openapi::Error::NotText { .. })
            | Self::Variable(_) => Exit::Usage,
            Self::Program { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Exit::NoProgram
            }
            Self::Program { .. } => Exit::NotExecutable,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Ok,
            _ => Exit::Refused,
        }
    }

    /// The message, with what the system answered where the message does not say it.
    pub(crate) fn message(&self) -> String {
        let mut message = self.to_string();
        let mut source = self.source();
        while let Some(error) = source {
            let text = error.to_string();
            // What a database answers is in the message already, where it says more than that.
            let says_more = !matches!(self, Self::Store(_)) || error.is::<io::Error>();
            if says_more && !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            source = error.source();
        }
        message
    }

    /// The findings, where there are any.
    pub(crate) fn findings(&self) -> &[hitchpost::Diagnostic] {
        match self {
            Self::Findings(findings) => findings,
            _ => &[],
        }
    }

    /// Where it is, where the message does not say so.
    pub(crate) fn place(&self) -> Option<String> {
        match self {
            Self::OpenApi(error) if !error.diagnostics().is_empty() => error.path(),
            _ => None,
        }
    }

    /// What differs from a lock, where that is the reason.
    pub(crate) fn drift(&self) -> &[Drift] {
        match self {
            Self::Drift { drift, .. } => drift,
            _ => &[],
        }
    }

    pub(crate) fn document(&self) -> ErrorDocument<'_> {
        ErrorDocument {
            error: ErrorBody {
                code: self.code(),
                message: self.message(),
                help: self.help(),
                exit: self.exit().code(),
            },
            diagnostics: self.findings(),
            found: match self {
                Self::OpenApi(error) => error.diagnostics(),
                _ => &[],
            },
            drift: self.drift(),
        }
    }
}

fn store_exit(error: &StoreError) -> Exit {
    match error {
        StoreError::Open { source, .. } => store_exit(source),
        StoreError::Url { .. } | StoreError::NoFolder => Exit::Usage,
        StoreError::Conflict { .. }
        | StoreError::Immutable { .. }
        | StoreError::Duplicate { .. }
        | StoreError::Seal {
            source: SealError::NothingToKeep { .. },
            ..
        } => Exit::Refused,
        StoreError::NotFound { .. } => Exit::NotFound,
        StoreError::Seal { .. } | StoreError::Key(_) => Exit::Key,
        _ => Exit::Store,
    }
}

fn model_registry_exit(error: &hitchpost_model_registry::StoreError) -> Exit {
    use hitchpost_model_registry::StoreError as Error;
    match error {
        Error::Url { .. } | Error::NoFolder => Exit::Usage,
        _ => Exit::Store,
    }
}

impl From<OpenError> for CommandError {
    fn from(error: OpenError) -> Self {
        Self::Reveal(RevealError::Open(error))
    }
}

/// "refused: 2 errors and 1 warning in `tools.yaml`".
fn refused(findings: &[hitchpost::Diagnostic]) -> String {
    let mut sources: Vec<String> = findings
        .iter()
        .map(|finding| format!("`{}`", finding.source))
        .collect();
    sources.dedup();
    let place = match sources.as_slice() {
        [one] => one.clone(),
        several => format!("{} files", several.len()),
    };
    format!("{} in {place}", crate::render::diagnostic::counts(findings))
}
