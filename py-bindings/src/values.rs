//! Rust's values as those of `hitchpost._values`, and JSON as Python's dictionaries and lists.

use hitchpost::{
    Diagnostic, Explanation, Failure, Pin,
    resolver::{BoundEndpoint, ExplainedCandidate, Verdict},
};
use hitchpost_store::{Applied, Change, Difference, LogEntry};
use pyo3::{
    IntoPyObjectExt,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyList, PyString, PyTuple, PyType},
};
use serde::Serialize;
use serde_json::Value as Json;

/// A class of `hitchpost._values`, called with its fields in their order.
macro_rules! make {
    ($py:expr, $class:literal, $fields:expr) => {{
        static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        CLASS
            .import($py, "hitchpost._values", $class)?
            .call1($fields)
    }};
}

type Any<'py> = Bound<'py, PyAny>;

fn tuple<'py, T>(
    py: Python<'py>,
    items: &[T],
    make: impl Fn(Python<'py>, &T) -> PyResult<Any<'py>>,
) -> PyResult<Bound<'py, PyTuple>> {
    let items: Vec<Any<'py>> = items
        .iter()
        .map(|item| make(py, item))
        .collect::<PyResult<_>>()?;
    PyTuple::new(py, items)
}

pub(crate) fn diagnostics<'py>(
    py: Python<'py>,
    findings: &[Diagnostic],
) -> PyResult<Bound<'py, PyTuple>> {
    tuple(py, findings, |py, finding| {
        let start = finding.span.map(|span| span.start);
        let fields = (
            finding.code.as_str(),
            finding.severity.to_string(),
            &finding.message,
            &finding.path,
            &*finding.source,
            start.map(|start| start.line),
            start.map(|start| start.column),
            &finding.help,
        );
        make!(py, "Diagnostic", fields)
    })
}

/// What was found in the source of a service.
pub(crate) fn found<'py>(
    py: Python<'py>,
    found: &[hitchpost::openapi::Diagnostic],
) -> PyResult<Bound<'py, PyTuple>> {
    tuple(py, found, |py, found| {
        let severity = if found.is_error { "error" } else { "warning" };
        let source = found.file.as_deref().unwrap_or_default();
        let nothing = None::<&str>;
        let fields = (
            &found.code,
            severity,
            &found.message,
            "",
            source,
            found.line,
            nothing,
            nothing,
        );
        make!(py, "Diagnostic", fields)
    })
}

pub(crate) fn failures<'py>(
    py: Python<'py>,
    failures: &[Failure],
) -> PyResult<Bound<'py, PyTuple>> {
    tuple(py, failures, |py, failure| {
        let candidates = tuple(py, &failure.candidates, candidate)?;
        make!(
            py,
            "Failure",
            (
                failure.name.as_str(),
                failure.code.as_str(),
                &failure.message,
                candidates
            )
        )
    })
}

pub(crate) fn explanation<'py>(py: Python<'py>, explanation: &Explanation) -> PyResult<Any<'py>> {
    let Explanation {
        name,
        code,
        message,
        candidates,
        hidden,
    } = explanation;
    let candidates = tuple(py, candidates, candidate)?;
    make!(
        py,
        "Explanation",
        (
            name.as_str(),
            code.map(|code| code.as_str()),
            message,
            candidates,
            hidden
        )
    )
}

fn candidate<'py>(py: Python<'py>, candidate: &ExplainedCandidate) -> PyResult<Any<'py>> {
    let (verdict, reason) = match candidate.verdict {
        Verdict::Chosen => ("chosen", None),
        Verdict::Outranked { rule } => ("outranked", Some(serialised(py, &rule)?)),
        Verdict::Tied => ("tied", None),
        Verdict::Rejected { code } => ("rejected", Some(code.as_str().into_bound_py_any(py)?)),
        Verdict::NotTaken => ("not-taken", None),
    };
    let fields = (
        candidate.extension.as_str(),
        candidate.instance.as_str(),
        candidate.service.as_str(),
        &candidate.version,
        verdict,
        reason,
        &candidate.message,
        candidate.alternative,
    );
    make!(py, "Candidate", fields)
}

pub(crate) fn applied<'py>(
    py: Python<'py>,
    applied: &Applied,
    findings: &[Diagnostic],
) -> PyResult<Any<'py>> {
    let changes = tuple(py, &applied.changes, change)?;
    make!(
        py,
        "Applied",
        (applied.revision, changes, diagnostics(py, findings)?)
    )
}

fn change<'py>(py: Python<'py>, change: &Change) -> PyResult<Any<'py>> {
    let differences = tuple(py, &change.differences, difference)?;
    let fields = (
        change.name.as_str(),
        change.action.as_str(),
        change.from,
        change.to,
        differences,
    );
    make!(py, "Change", fields)
}

fn difference<'py>(py: Python<'py>, difference: &Difference) -> PyResult<Any<'py>> {
    make!(
        py,
        "Difference",
        (&difference.path, &difference.before, &difference.after)
    )
}

pub(crate) fn log_entry<'py>(py: Python<'py>, entry: &LogEntry) -> PyResult<Any<'py>> {
    let fields = (
        entry.revision,
        datetime(py, entry.at.as_microsecond())?,
        &entry.who,
        entry.action.as_str(),
        entry.extension.as_ref().map(|name| name.as_str()),
        entry.from,
        entry.to,
        tuple(py, &entry.differences, difference)?,
    );
    make!(py, "LogEntry", fields)
}

pub(crate) fn endpoint<'py>(py: Python<'py>, endpoint: &BoundEndpoint) -> PyResult<Any<'py>> {
    let kind = serialised(py, &endpoint.endpoint_type)?;
    make!(
        py,
        "Endpoint",
        (endpoint.name.as_str(), kind, &endpoint.url)
    )
}

pub(crate) fn configuration_value<'py>(
    py: Python<'py>,
    name: &str,
    value: Any<'py>,
    origin: &str,
) -> PyResult<Any<'py>> {
    make!(py, "ConfigurationValue", (name, value, origin))
}

pub(crate) fn pin<'py>(py: Python<'py>, pin: &Pin) -> PyResult<Any<'py>> {
    let fields = (
        pin.extension.as_str(),
        pin.instance.as_str(),
        pin.service.as_str(),
        pin.endpoint.as_ref().map(|name| name.as_str()),
        pin.profile.as_ref().map(|name| name.as_str()),
        pin.revision,
    );
    make!(py, "Pin", fields)
}

/// An aware `datetime` in UTC.
pub(crate) fn datetime(py: Python<'_>, microseconds: i64) -> PyResult<Any<'_>> {
    let datetime = py.import("datetime")?;
    let zone = datetime.getattr("timezone")?.getattr("utc")?;
    let epoch = datetime
        .getattr("datetime")?
        .call1((1970, 1, 1, 0, 0, 0, 0, zone))?;
    // Not by `fromtimestamp`, whose floating point is off by a microsecond.
    epoch.add(datetime.getattr("timedelta")?.call1((0, 0, microseconds))?)
}

/// What a value serialises to, as dictionaries, lists, texts and numbers.
pub(crate) fn serialised<'py>(py: Python<'py>, value: &impl Serialize) -> PyResult<Any<'py>> {
    let value = serde_json::to_value(value);
    json(
        py,
        &value.map_err(|error| pyo3::exceptions::PyValueError::new_err(error.to_string()))?,
    )
}

/// JSON as Python's own module would read it.
pub(crate) fn json<'py>(py: Python<'py>, value: &Json) -> PyResult<Any<'py>> {
    match value {
        Json::Null => Ok(py.None().into_bound(py)),
        Json::Bool(value) => value.into_bound_py_any(py),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => number.into_bound_py_any(py),
            (None, Some(number)) => number.into_bound_py_any(py),
            (None, None) => number.as_f64().into_bound_py_any(py),
        },
        Json::String(text) => Ok(PyString::new(py, text).into_any()),
        Json::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(json(py, item)?)?;
            }
            Ok(list.into_any())
        }
        Json::Object(entries) => {
            let dictionary = PyDict::new(py);
            for (name, value) in entries {
                dictionary.set_item(name, json(py, value)?)?;
            }
            Ok(dictionary.into_any())
        }
    }
}

/// Dictionaries and lists as JSON text.
pub(crate) fn json_text(value: &Any<'_>) -> PyResult<String> {
    let py = value.py();
    let options = PyDict::new(py);
    options.set_item("allow_nan", false)?;
    py.import("json")?
        .call_method("dumps", (value,), Some(&options))?
        .extract()
}
