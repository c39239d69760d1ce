//! What a requirement got.

use std::hash::{DefaultHasher, Hash, Hasher};

use hitchpost::{
    Resolution,
    resolver::{self, EnvValue, Value},
};
use indexmap::IndexMap;
use pyo3::{
    prelude::*,
    types::{PyDict, PyMappingProxy, PyString, PyTuple},
};
use secrecy::ExposeSecret;

use crate::{
    errors::{self, Problem},
    secret::{Held, Secret, detached},
    values,
};

/// What a requirement got: a service, how it is reached, with which account and configuration.
///
/// Indexed by the keys of its configuration; a value is a text, or a `Secret`.
///
/// >>> registry = Registry.from_yaml("""
/// ... name: tracker
/// ... product: mlflow
/// ... instances:
/// ...   - name: main
/// ...     version: 2.10
/// ...     services:
/// ...       - name: mlflow-tracking
/// ...         endpoints: [{name: public, url: "http://mlflow:5000", type: external}]
/// ...         configuration: {EXPERIMENT: wine}
/// ... """)
/// >>> tracker = registry.resolve(service="mlflow-tracking")
/// >>> tracker
/// <hitchpost.Binding tracker/main/mlflow-tracking at http://mlflow:5000>
/// >>> tracker["EXPERIMENT"]
/// 'wine'
/// >>> tracker.get("ARTIFACTS", "none")
/// 'none'
/// >>> dict(tracker.env)
/// {'MLFLOW_TRACKING_URI': 'http://mlflow:5000', 'EXPERIMENT': 'wine'}
#[pyclass(frozen, eq, module = "hitchpost")]
pub struct Binding {
    registry: hitchpost::Registry,
    revision: u64,
    binding: resolver::Binding,
}

/// The same service by the same way, with the same configuration.
impl PartialEq for Binding {
    fn eq(&self, other: &Self) -> bool {
        self.binding == other.binding
    }
}

impl Binding {
    pub(crate) const fn new(
        registry: hitchpost::Registry,
        revision: u64,
        binding: resolver::Binding,
    ) -> Self {
        Self {
            registry,
            revision,
            binding,
        }
    }

    fn value<'py>(&self, py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
        match value {
            Value::Public(text) => Ok(PyString::new(py, text).into_any()),
            Value::Secret(secret) => {
                let held = Held::Value(secret.clone());
                Ok(Bound::new(py, Secret::new(self.registry.clone(), held))?.into_any())
            }
        }
    }
}

#[pymethods]
impl Binding {
    /// The requirement's handle; `default` for one that was given none.
    #[getter]
    fn name(&self) -> &str {
        self.binding.name.as_str()
    }

    /// The record.
    #[getter]
    fn extension(&self) -> &str {
        self.binding.extension.as_str()
    }

    /// What is installed, such as `mlflow`.
    #[getter]
    fn product(&self) -> &str {
        self.binding.product.as_str()
    }

    /// The installation.
    #[getter]
    fn instance(&self) -> &str {
        self.binding.instance.as_str()
    }

    /// Its version as it was written, when known.
    #[getter]
    fn version(&self) -> Option<&str> {
        self.binding
            .version
            .as_ref()
            .map(|version| version.as_str())
    }

    /// The service's name.
    #[getter]
    fn service(&self) -> &str {
        self.binding.service.as_str()
    }

    /// The service's type, such as `s3`.
    #[getter]
    fn service_type(&self) -> &str {
        self.binding.service_type.as_str()
    }

    /// The service's category, such as `object-storage`, when known.
    #[getter]
    fn category(&self) -> Option<&str> {
        self.binding
            .category
            .as_ref()
            .map(|category| category.as_str())
    }

    /// The endpoint; `None` for a service that has none.
    #[getter]
    fn endpoint<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.binding
            .endpoint
            .as_ref()
            .map(|endpoint| values::endpoint(py, endpoint))
            .transpose()
    }

    /// The endpoint's URL, when it has one.
    #[getter]
    fn url(&self) -> Option<&str> {
        self.binding.endpoint.as_ref()?.url.as_deref()
    }

    /// The account's name, where one is used.
    #[getter]
    fn profile(&self) -> Option<&str> {
        self.binding
            .profile
            .as_ref()
            .map(|profile| profile.as_str())
    }

    /// The zone in which the installation runs.
    #[getter]
    fn zone(&self) -> &str {
        self.binding.zone.as_str()
    }

    /// When the account expires; an aware `datetime` in UTC.
    #[getter]
    fn expires_at<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let expires = self.binding.expires_at;
        expires
            .map(|expires| values::datetime(py, expires.as_microsecond()))
            .transpose()
    }

    /// The configuration: of the extension, instance, service, endpoint and profile, of which a
    /// later one replaces an earlier one of the same name.
    #[getter]
    fn configuration<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let entries = self.binding.configuration.iter().map(|entry| {
            let value = self.value(py, &entry.value)?;
            values::configuration_value(py, &entry.name, value, &entry.origin.to_string())
        });
        PyTuple::new(py, entries.collect::<PyResult<Vec<_>>>()?)
    }

    /// The variables that a step gets, with secrets unopened; cannot be changed.
    #[getter]
    fn env<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMappingProxy>> {
        variables(py, &self.registry, &self.binding.environment)
    }

    /// What was chosen, to compare with another time.
    #[getter]
    fn pin<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        values::pin(py, &self.binding.pin)
    }

    /// The value of a configuration key, or `default` when there is none.
    #[pyo3(signature = (key, default=None, /))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        key: &str,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.binding.get(key) {
            Some(value) => self.value(py, value),
            None => Ok(default.unwrap_or_else(|| py.None().into_bound(py))),
        }
    }

    /// The variables with their secrets opened, for `subprocess` and the like.
    ///
    /// Raises `SecretError` when one does not open.
    ///
    /// >>> registry = Registry.from_yaml("{name: mlflow, configuration: {MLFLOW_TRACKING_TOKEN: geheim}}")
    /// >>> registry.resolve(extension="mlflow").reveal_env()
    /// {'MLFLOW_TRACKING_TOKEN': 'geheim'}
    fn reveal_env<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        revealed(py, &self.registry, &self.binding.environment)
    }

    /// The binding as JSON in the form of `hitchpost resolve -o json`; secrets are marks unless
    /// `reveal` is true.
    #[pyo3(signature = (*, reveal=false))]
    fn to_dict<'py>(&self, py: Python<'py>, reveal: bool) -> PyResult<Bound<'py, PyAny>> {
        if !reveal {
            return values::serialised(py, &self.binding);
        }
        let alone = Resolution {
            revision: self.revision,
            bindings: vec![self.binding.clone()],
            failures: Vec::new(),
        };
        let document = detached(py, || {
            alone.revealed(&mut |secret| self.registry.reveal(secret))
        })?;
        values::json(py, document.pointer("/bindings/0").unwrap_or_default())
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Bound<'py, PyAny>> {
        let value = self.binding.get(key);
        let missing = || Problem::NotFound("configuration value", key.to_owned());
        self.value(py, value.ok_or_else(missing)?)
    }

    fn __contains__(&self, key: &str) -> bool {
        self.binding.get(key).is_some()
    }

    fn __hash__(&self) -> u64 {
        let pin = &self.binding.pin;
        let mut hasher = DefaultHasher::new();
        (
            &self.binding.name,
            &pin.extension,
            &pin.instance,
            &pin.service,
        )
            .hash(&mut hasher);
        (&pin.endpoint, &pin.profile, pin.revision).hash(&mut hasher);
        hasher.finish()
    }

    /// It stays in its process.
    fn __reduce__(&self) -> PyResult<()> {
        Err(errors::unpicklable("Binding"))
    }

    fn __repr__(&self) -> String {
        let resolver::Binding {
            extension,
            instance,
            service,
            ..
        } = &self.binding;
        let at = self
            .url()
            .map(|url| format!(" at {url}"))
            .unwrap_or_default();
        format!("<hitchpost.Binding {extension}/{instance}/{service}{at}>")
    }
}

/// Variables as a mapping that cannot be changed.
pub(crate) fn variables<'py>(
    py: Python<'py>,
    registry: &hitchpost::Registry,
    environment: &IndexMap<String, EnvValue>,
) -> PyResult<Bound<'py, PyMappingProxy>> {
    let variables = PyDict::new(py);
    for (name, value) in environment {
        if value.is_secret() {
            let held = Held::Variable(value.clone());
            variables.set_item(name, Bound::new(py, Secret::new(registry.clone(), held))?)?;
        } else {
            variables.set_item(name, value.shown())?;
        }
    }
    Ok(PyMappingProxy::new(py, variables.as_mapping()))
}

/// Variables with their secrets opened.
pub(crate) fn revealed<'py>(
    py: Python<'py>,
    registry: &hitchpost::Registry,
    environment: &IndexMap<String, EnvValue>,
) -> PyResult<Bound<'py, PyDict>> {
    let opened = detached(py, || {
        let each = environment.iter();
        each.map(|(name, value)| Ok((name, value.reveal(&mut |secret| registry.reveal(secret))?)))
            .collect::<Result<Vec<_>, _>>()
    })?;
    let variables = PyDict::new(py);
    for (name, value) in opened {
        variables.set_item(name, value.expose_secret())?;
    }
    Ok(variables)
}
