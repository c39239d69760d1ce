//! Secrets: shown as a mark until they are asked for.

use hitchpost::{
    RevealError,
    core::REDACTED,
    resolver::{self, EnvValue},
};
use pyo3::{prelude::*, types::PyString};
use secrecy::ExposeSecret;

use crate::{
    connection::gate,
    errors::{self, Problem},
};

/// A value that is shown to nobody who does not ask for it.
///
/// It prints, formats and logs as `[REDACTED]`, is equal to itself alone, and can be neither
/// pickled nor copied deeply nor written as JSON. It is decrypted when `reveal` is called, each time anew.
///
/// >>> registry = Registry.from_yaml("{name: mlflow, configuration: {MLFLOW_TRACKING_TOKEN: geheim}}")
/// >>> token = registry.resolve(extension="mlflow")["MLFLOW_TRACKING_TOKEN"]
/// >>> print(token, repr(token), f"{token:>12}", sep="|")
/// [REDACTED]|Secret([REDACTED])|  [REDACTED]
/// >>> token.reveal()
/// 'geheim'
#[pyclass(frozen, module = "hitchpost")]
pub struct Secret {
    registry: hitchpost::Registry,
    held: Held,
}

/// What is not opened yet.
pub(crate) enum Held {
    /// The value of a configuration key.
    Value(resolver::Secret),
    /// The value of a variable, of which a part is secret.
    Variable(EnvValue),
}

impl Secret {
    pub(crate) const fn new(registry: hitchpost::Registry, held: Held) -> Self {
        Self { registry, held }
    }
}

#[pymethods]
impl Secret {
    /// The secret itself. A `ref+…` reference is followed now.
    ///
    /// Raises `SecretError` when it does not open, or the reference leads nowhere.
    fn reveal<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        let registry = &self.registry;
        let opened = detached(py, || match &self.held {
            Held::Value(secret) => registry.reveal(secret),
            Held::Variable(value) => value.reveal(&mut |secret| registry.reveal(secret)),
        })?;
        Ok(PyString::new(py, opened.expose_secret()))
    }

    const fn __str__(&self) -> &'static str {
        REDACTED
    }

    /// It stays in its process.
    fn __reduce__(&self) -> PyResult<()> {
        Err(errors::unpicklable("Secret"))
    }

    fn __repr__(&self) -> String {
        format!("Secret({REDACTED})")
    }

    fn __format__<'py>(&self, py: Python<'py>, format_spec: &str) -> PyResult<Bound<'py, PyAny>> {
        PyString::new(py, REDACTED).call_method1("__format__", (format_spec,))
    }
}

/// Opens secrets while others run, as a reference may lead far.
pub(crate) fn detached<T: Send>(
    py: Python<'_>,
    open: impl FnOnce() -> Result<T, RevealError> + Send,
) -> Result<T, Problem> {
    py.detach(|| {
        let _gate = gate();
        Ok(open()?)
    })
}
