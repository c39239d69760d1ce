//! Errors as Python's exceptions.

use std::{io, path::Path};

use hitchpost::{
    Diagnostic, Diagnostics, Failure, KeyError, RevealError, SourceError,
    core::Severity,
    openapi,
    resolver::{UnknownStep, export::ExportError},
};
use hitchpost_store::StoreError;
use pyo3::{
    IntoPyObjectExt,
    exceptions::{PyFileNotFoundError, PyOSError, PyTypeError},
    prelude::*,
    sync::PyOnceLock,
    types::PyType,
};

use crate::{tracking::ApiError, values};

/// Why a call fails.
#[derive(Debug)]
pub(crate) enum Problem {
    Store(StoreError),
    Key(KeyError),
    Reveal(RevealError),
    /// The findings, with an error among them.
    Findings(Diagnostics),
    Failures(Vec<Failure>),
    /// There is no such thing: what, and its name.
    NotFound(&'static str, String),
    Argument(Argument),
    Step(UnknownStep),
    Export(ExportError),
    /// A file cannot be read.
    Source(SourceError),
    /// The document of a service cannot be read from its source.
    Analysis(hitchpost::openapi::Error),
    /// Something about a service is not known, and must be.
    NotKnown(Vec<hitchpost::openapi::Diagnostic>),
    Downgrade(hitchpost::openapi::DowngradeError),
    /// The registry was closed.
    Closed,
    /// The registry is in the memory of the parent process.
    Forked,
    NoThread(io::Error),
    /// A server refuses a call, or does not answer.
    Api(ApiError),
}

/// An argument that cannot be what it is.
#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) name: &'static str,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// What an exception says.
struct Said {
    message: String,
    code: String,
    path: Option<String>,
    help: Option<String>,
}

impl From<Problem> for PyErr {
    fn from(problem: Problem) -> Self {
        Python::attach(|py| exception(py, problem).unwrap_or_else(|error| error))
    }
}

fn exception(py: Python<'_>, problem: Problem) -> PyResult<PyErr> {
    static RECORD: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static RESOLUTION: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static NOT_FOUND: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static STORE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static SECRET: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static USAGE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static ANALYSIS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static API: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class =
        |cell: &'static PyOnceLock<Py<PyType>>, name| cell.import(py, "hitchpost._errors", name);

    let said = |message: String, code: &str| Said {
        message,
        code: code.to_owned(),
        path: None,
        help: None,
    };
    let (class, said, more) = match problem {
        Problem::Store(error) => {
            let class = match inner(&error) {
                StoreError::Seal { .. } | StoreError::Key(_) => class(&SECRET, "SecretError"),
                StoreError::NotFound { .. } => class(&NOT_FOUND, "NotFoundError"),
                _ => class(&STORE, "StoreError"),
            };
            let path = match &error {
                StoreError::Conflict { name, .. }
                | StoreError::Immutable { name }
                | StoreError::NotFound { name }
                | StoreError::Duplicate { name }
                | StoreError::Seal { name, .. } => Some(name.to_string()),
                StoreError::Open { place, .. } => Some(place.clone()),
                _ => None,
            };
            let said = Said {
                path,
                help: error.help(),
                ..said(error.to_string(), error.code())
            };
            (class?, said, None)
        }
        Problem::Key(error) => {
            let said = Said {
                help: error.help(),
                ..said(error.to_string(), error.code())
            };
            (class(&SECRET, "SecretError")?, said, None)
        }
        Problem::Reveal(error) => {
            let said = Said {
                help: error.help(),
                ..said(error.to_string(), error.code())
            };
            (class(&SECRET, "SecretError")?, said, None)
        }
        Problem::Findings(findings) => {
            let first = findings
                .iter()
                .find(|finding| finding.severity == Severity::Error);
            let said = first.or(findings.first()).map_or_else(
                || said("it is malformed".to_owned(), "syntax"),
                |first: &Diagnostic| Said {
                    message: first.message.clone(),
                    code: first.code.to_string(),
                    path: Some(first.path.clone()),
                    help: first.help.clone(),
                },
            );
            let findings = values::diagnostics(py, &findings)?.into_py_any(py)?;
            (class(&RECORD, "RecordError")?, said, Some(findings))
        }
        Problem::Failures(failures) => {
            let said = failures.first().map_or_else(
                || said("the requirement is not met".to_owned(), "absent"),
                |first| Said {
                    path: Some(first.name.to_string()),
                    ..said(first.message.clone(), first.code.as_str())
                },
            );
            let failures = values::failures(py, &failures)?.into_py_any(py)?;
            (class(&RESOLUTION, "ResolutionError")?, said, Some(failures))
        }
        Problem::NotFound(what, name) => {
            let message = format!("there is no {what} `{name}`");
            let said = Said {
                path: Some(name),
                ..said(message, "not-found")
            };
            (class(&NOT_FOUND, "NotFoundError")?, said, None)
        }
        Problem::Argument(argument) => {
            let Argument {
                name,
                code,
                message,
                help,
            } = argument;
            let said = Said {
                path: Some(name.to_owned()),
                help,
                ..said(message, code)
            };
            (class(&USAGE, "UsageError")?, said, None)
        }
        Problem::Step(error) => {
            let said = said(error.to_string(), error.code());
            (
                class(&NOT_FOUND, "NotFoundError")?,
                Said {
                    path: Some(error.name),
                    ..said
                },
                None,
            )
        }
        Problem::Export(error) => {
            let help = Some(error.help().to_owned());
            let said = said(error.to_string(), error.code());
            (class(&USAGE, "UsageError")?, Said { help, ..said }, None)
        }
        Problem::Analysis(openapi::Error::NoFolder { path, source }) => {
            return Ok(os_error(&path, source));
        }
        Problem::Analysis(openapi::Error::NoFile { path }) => {
            let missing = io::Error::from_raw_os_error(ENOENT);
            return Ok(os_error(Path::new(&path), missing));
        }
        Problem::Analysis(error) => {
            let said = Said {
                path: error.path(),
                ..said(error.to_string(), error.code())
            };
            let found = values::found(py, error.diagnostics())?.into_py_any(py)?;
            (class(&ANALYSIS, "AnalysisError")?, said, Some(found))
        }
        Problem::NotKnown(found) => {
            let said = said(
                "something about the service is not known".to_owned(),
                "not-known",
            );
            let found = values::found(py, &found)?.into_py_any(py)?;
            (class(&ANALYSIS, "AnalysisError")?, said, Some(found))
        }
        Problem::Downgrade(error) => {
            let said = said(error.to_string(), "not-openapi");
            (class(&ANALYSIS, "AnalysisError")?, said, None)
        }
        Problem::Source(SourceError::Unreadable { path, source }) => {
            return Ok(os_error(&path, source));
        }
        Problem::Source(error) => return Ok(PyFileNotFoundError::new_err(error.to_string())),
        Problem::Closed => {
            let said = said("the registry is closed".to_owned(), "closed");
            (class(&STORE, "StoreError")?, said, None)
        }
        Problem::Forked => {
            let message = "the registry is in the memory of the parent process".to_owned();
            let help = Some("open it in each process, or keep it in a database".to_owned());
            let said = Said {
                help,
                ..said(message, "forked")
            };
            (class(&STORE, "StoreError")?, said, None)
        }
        Problem::NoThread(error) => {
            let said = said(format!("no thread can be started: {error}"), "no-thread");
            (class(&STORE, "StoreError")?, said, None)
        }
        Problem::Api(error) => {
            let said = Said {
                path: Some(error.path),
                help: error.help,
                ..said(error.message, &error.code)
            };
            let status = error.status.into_py_any(py)?;
            (class(&API, "ApiError")?, said, Some(status))
        }
    };
    let Said {
        message,
        code,
        path,
        help,
    } = said;
    let exception = match more {
        Some(more) => class.call1((message, code, path, help, more)),
        None => class.call1((message, code, path, help)),
    };
    Ok(PyErr::from_value(exception?))
}

/// POSIX: no such file or directory.
const ENOENT: i32 = 2;

/// Python has exceptions for each reason.
fn os_error(path: &Path, source: io::Error) -> PyErr {
    let message = source.to_string();
    let Some(number) = source.raw_os_error() else {
        return source.into();
    };
    let message = message
        .split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned();
    PyOSError::new_err((number, message, path.display().to_string()))
}

/// Why a store could not be opened, rather than that it could not.
fn inner(error: &StoreError) -> &StoreError {
    match error {
        StoreError::Open { source, .. } => inner(source),
        error => error,
    }
}

/// Pickles and deep copies would have secrets in them, or lack them.
pub(crate) fn unpicklable(class: &str) -> PyErr {
    PyTypeError::new_err(format!("cannot pickle 'hitchpost.{class}' object"))
}

impl From<SourceError> for Problem {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Findings(findings) => Self::Findings(findings),
            other => Self::Source(other),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl From<RevealError> for Problem {
    fn from(error: RevealError) -> Self {
        Self::Reveal(error)
    }
}

impl From<Argument> for Problem {
    fn from(argument: Argument) -> Self {
        Self::Argument(argument)
    }
}
