//! How the requirements of a step were met.

use hitchpost::resolver::{self, EnvValue};
use indexmap::IndexMap;
use pyo3::{
    prelude::*,
    types::{PyDict, PyMappingProxy, PyTuple},
};

use crate::{
    binding::{Binding, revealed, variables},
    errors::Problem,
    secret::detached,
    values,
};

/// How the requirements of a step were met: a binding for each, or the reason why not.
///
/// Indexed by the handles of the requirements.
///
/// >>> registry = Registry.from_yaml("{name: tracker, product: mlflow, instances: [{name: main, services: [{name: ui}]}]}")
/// >>> step = registry.resolve_all([{"name": "tracking", "service": "ui"}, {"name": "storage", "service": "s3"}])
/// >>> step["tracking"]
/// <hitchpost.Binding tracker/main/ui>
/// >>> [(failure.name, failure.code) for failure in step.failures]
/// [('storage', 'absent')]
#[pyclass(frozen, eq, module = "hitchpost")]
pub struct Resolution {
    registry: hitchpost::Registry,
    resolution: resolver::Resolution,
    /// The variables of the bindings and, of a workflow's step, its own.
    environment: IndexMap<String, EnvValue>,
}

impl PartialEq for Resolution {
    fn eq(&self, other: &Self) -> bool {
        self.resolution == other.resolution && self.environment == other.environment
    }
}

impl Resolution {
    pub(crate) fn new(
        registry: hitchpost::Registry,
        resolution: resolver::Resolution,
        environment: IndexMap<String, EnvValue>,
    ) -> Self {
        Self {
            registry,
            resolution,
            environment,
        }
    }

    /// Of requirements, whose bindings give all the variables.
    pub(crate) fn of_bindings(
        registry: hitchpost::Registry,
        resolution: resolver::Resolution,
    ) -> Self {
        let environment = resolution.environment().into_iter();
        let environment = environment
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        Self::new(registry, resolution, environment)
    }

    fn binding(&self, binding: &resolver::Binding) -> Binding {
        Binding::new(
            self.registry.clone(),
            self.resolution.revision,
            binding.clone(),
        )
    }
}

#[pymethods]
impl Resolution {
    /// The registry's revision that was read.
    #[getter]
    const fn revision(&self) -> u64 {
        self.resolution.revision
    }

    /// What was bound, in the order of the requirements. An optional requirement that is not met
    /// has neither a binding nor a failure.
    #[getter]
    fn bindings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let bindings = self.resolution.bindings.iter();
        PyTuple::new(
            py,
            bindings
                .map(|binding| self.binding(binding))
                .collect::<Vec<_>>(),
        )
    }

    /// What was not.
    #[getter]
    fn failures<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        values::failures(py, &self.resolution.failures)
    }

    /// The variables that the step gets, with secrets unopened; cannot be changed.
    #[getter]
    fn env<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMappingProxy>> {
        variables(py, &self.registry, &self.environment)
    }

    /// Raises `ResolutionError` when there are failures.
    pub(crate) fn raise_for_failures(&self) -> PyResult<()> {
        match self.resolution.failures.as_slice() {
            [] => Ok(()),
            failures => Err(Problem::Failures(failures.to_vec()).into()),
        }
    }

    /// The variables with their secrets opened, for `subprocess` and the like.
    ///
    /// Raises `SecretError` when one does not open.
    fn reveal_env<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        revealed(py, &self.registry, &self.environment)
    }

    /// The resolution as JSON in the form of `hitchpost resolve -o json`; secrets are marks
    /// unless `reveal` is true.
    #[pyo3(signature = (*, reveal=false))]
    fn to_dict<'py>(&self, py: Python<'py>, reveal: bool) -> PyResult<Bound<'py, PyAny>> {
        if !reveal {
            return values::serialised(py, &self.resolution);
        }
        let open = || {
            self.resolution
                .revealed(&mut |secret| self.registry.reveal(secret))
        };
        values::json(py, &detached(py, open)?)
    }

    fn __getitem__(&self, handle: &str) -> PyResult<Binding> {
        let binding = self.resolution.binding(handle);
        let missing = || Problem::NotFound("binding", handle.to_owned());
        Ok(self.binding(binding.ok_or_else(missing)?))
    }

    fn __contains__(&self, handle: &str) -> bool {
        self.resolution.binding(handle).is_some()
    }

    fn __repr__(&self) -> String {
        let resolver::Resolution {
            bindings, failures, ..
        } = &self.resolution;
        let names = |names: Vec<&str>| {
            if names.is_empty() {
                "nothing".to_owned()
            } else {
                names.join(", ")
            }
        };
        let bound = names(
            bindings
                .iter()
                .map(|binding| binding.name.as_str())
                .collect(),
        );
        let failed = names(
            failures
                .iter()
                .map(|failure| failure.name.as_str())
                .collect(),
        );
        format!("<hitchpost.Resolution bound {bound}; failed {failed}>")
    }
}
