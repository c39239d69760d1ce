//! How the requirements of a step were met.

use hitchpost::{
    Name, RevealError,
    resolver::{
        self, EnvValue,
        export::{self, Account, KubernetesOptions, Variables},
    },
};
use indexmap::IndexMap;
use pyo3::{
    prelude::*,
    types::{PyDict, PyMappingProxy, PyTuple},
};
use secrecy::ExposeSecret;

use crate::{
    binding::{Binding, revealed, variables},
    errors::{self, Argument, Problem},
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
    /// The workflow's step of which it is.
    step: Option<Name>,
}

impl PartialEq for Resolution {
    fn eq(&self, other: &Self) -> bool {
        self.resolution == other.resolution && self.environment == other.environment
    }
}

impl Resolution {
    /// Of requirements, whose bindings give all the variables.
    pub(crate) fn new(registry: hitchpost::Registry, resolution: resolver::Resolution) -> Self {
        let environment = resolution.environment().into_iter();
        let environment = environment
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        Self {
            registry,
            resolution,
            environment,
            step: None,
        }
    }

    /// Of a workflow's step, which sets variables itself.
    pub(crate) fn of_step(self, step: Name, environment: IndexMap<String, EnvValue>) -> Self {
        Self {
            step: Some(step),
            environment,
            ..self
        }
    }

    fn binding(&self, binding: &resolver::Binding) -> Binding {
        Binding::new(
            self.registry.clone(),
            self.resolution.revision,
            binding.clone(),
        )
    }

    /// Each binding as an Airflow connection, in an object by their handles.
    fn connections(&self) -> Result<String, RevealError> {
        let catalogue = self.registry.snapshot().catalogue();
        let connections = self.resolution.bindings.iter().map(|binding| {
            let mut open = |secret: &resolver::Secret| self.registry.reveal(secret);
            let account = Account::reveal(binding, catalogue, &mut open)?;
            let connection = export::airflow(&account);
            let connection = connection.expose_secret().trim_end();
            Ok(format!("  \"{}\": {connection}", account.name))
        });
        let connections: Vec<String> = connections.collect::<Result<_, RevealError>>()?;
        Ok(format!("{{\n{}\n}}\n", connections.join(",\n")))
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

    /// The variables, with their secrets, as a text in a format of others, as `hitchpost export`
    /// writes it:
    ///
    /// - `json`: an object of names and values;
    /// - `shell`: lines of `export NAME='value'` for any POSIX shell;
    /// - `dotenv`: an `.env` file as Compose reads it, or `docker run` when `docker` is true;
    /// - `k8s`: a Secret and a ConfigMap called `name`, in `namespace`; the name is the step's by
    ///   default;
    /// - `airflow`: the bindings as connections, as `airflow connections import` reads them.
    ///
    /// Raises `ResolutionError` when there are failures, `SecretError` when a secret does not open,
    /// and `UsageError` when the format cannot express a value.
    ///
    /// >>> registry = Registry.from_yaml("{name: mlflow, configuration: {EXPERIMENT: wine}}")
    /// >>> step = registry.resolve_all([{"name": "tracking", "extension": "mlflow"}])
    /// >>> print(step.export("shell"), end="")
    /// export EXPERIMENT='wine'
    #[pyo3(signature = (format, /, *, docker=false, name=None, namespace=None))]
    fn export(
        &self,
        py: Python<'_>,
        format: &str,
        docker: bool,
        name: Option<String>,
        namespace: Option<String>,
    ) -> PyResult<String> {
        self.raise_for_failures()?;
        if format == "airflow" {
            return Ok(detached(py, || self.connections())?);
        }
        let mut open = |secret: &resolver::Secret| self.registry.reveal(secret);
        let variables = detached(py, || Variables::reveal(&self.environment, &mut open))?;
        let text = match format {
            "json" => Ok(export::json(&variables)),
            "shell" => export::shell(&variables),
            "dotenv" if docker => export::docker(&variables),
            "dotenv" => export::dotenv(&variables),
            "k8s" => {
                let step = self.step.as_ref().map(Name::to_string);
                let options = KubernetesOptions {
                    name: name.or(step).unwrap_or_else(|| "hitchpost".to_owned()),
                    namespace,
                    ..KubernetesOptions::default()
                };
                export::kubernetes(&variables, &options).map(|objects| objects.manifest())
            }
            _ => {
                return Err(Problem::from(Argument {
                    name: "format",
                    code: "invalid-choice",
                    message: format!("`{}` is no format", Name::nearest(format)),
                    help: Some("it is `json`, `shell`, `dotenv`, `k8s` or `airflow`".to_owned()),
                })
                .into());
            }
        };
        Ok(text.map_err(Problem::Export)?.expose_secret().to_owned())
    }

    fn __getitem__(&self, handle: &str) -> PyResult<Binding> {
        let binding = self.resolution.binding(handle);
        let missing = || Problem::NotFound("binding", handle.to_owned());
        Ok(self.binding(binding.ok_or_else(missing)?))
    }

    fn __contains__(&self, handle: &str) -> bool {
        self.resolution.binding(handle).is_some()
    }

    /// It stays in its process.
    fn __reduce__(&self) -> PyResult<()> {
        Err(errors::unpicklable("Resolution"))
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
