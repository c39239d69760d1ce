//! The registry, as Python sees it.

use std::{collections::BTreeMap, env, path::PathBuf, sync::Arc};

use hitchpost::{
    Explanation, Keyring, Requirement, RunContext, Source, read_records, resolver::Workflow,
    user_catalogue,
};
use hitchpost_store::{Applied, ApplyOptions, DeleteOptions, HistoryOptions, default_url};
use indexmap::IndexMap;
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyList, PyString, PyTuple, PyType},
};

use crate::{
    arguments::{self, Caller, Wanted, on_ambiguity},
    binding::Binding,
    connection::{Absent, Connection},
    errors::{self, Argument, Problem},
    live::Live,
    resolution::Resolution,
    values,
};

/// The registry of an ML team's tools: where they are, and who may use which account.
///
/// Opened with `Registry.open`, or made of a text with `Registry.from_yaml`. Answers are those of
/// the newest revision: a change by this process is seen at once, one by another within 50 ms.
/// Threads may share it, and a forked child may go on with it. `close` it, or use it in `with`, to
/// close the database before the program ends.
///
/// >>> with Registry.open("memory:") as registry:
/// ...     applied = registry.apply({"name": "mlflow", "configuration": {"EXPERIMENT": "wine"}})
/// ...     registry.revision, [(change.name, change.action) for change in applied.changes]
/// (1, [('mlflow', 'created')])
#[pyclass(frozen, module = "hitchpost")]
pub struct Registry {
    live: Live,
    /// The place, without user, password and parameters.
    place: String,
}

#[pymethods]
impl Registry {
    /// Opens the registry at a URL. When there is none, the first `apply` makes it; reading raises
    /// `StoreError` with the code `no-registry` until then.
    ///
    /// - `sqlite:///absolute/path`, or a `pathlib.Path`: a file;
    /// - `postgres://user:password@host:port/database`: a server;
    /// - `memory:`: gone with the object;
    /// - nothing: what `HITCHPOST_STORE` names, else a file of the user.
    ///
    /// Secrets are encrypted with the key in `HITCHPOST_KEY`, else in the file that
    /// `HITCHPOST_KEY_FILE` names, else in the OS keyring if `HITCHPOST_KEYRING` is `os`, else in a
    /// file of the user. A key that is not there is made at first use. `HITCHPOST_CATALOG` names files and folders of tools that are not known yet.
    ///
    /// Raises `StoreError`, `SecretError` for a malformed key, `RecordError` for a malformed
    /// catalogue.
    #[staticmethod]
    #[pyo3(signature = (url=None, /))]
    fn open(py: Python<'_>, url: Option<Bound<'_, PyAny>>) -> PyResult<Self> {
        let url = match url {
            None => match env::var("HITCHPOST_STORE") {
                Ok(url) if !url.is_empty() => url,
                _ => default_url().map_err(Problem::Store)?,
            },
            Some(url) if url.is_instance_of::<PyString>() => url.extract()?,
            Some(path) => sqlite_url(&path)?,
        };
        Ok(Self::open_url(py, url)?)
    }

    /// A registry in memory, of records in any accepted form.
    ///
    /// Raises `RecordError` with all findings.
    #[staticmethod]
    #[pyo3(signature = (text, /))]
    fn from_yaml(py: Python<'_>, text: &str) -> PyResult<Self> {
        let registry = Self::open_url(py, "memory:".to_owned())?;
        let who = hitchpost::who();
        let options = ApplyOptions {
            who,
            ..ApplyOptions::default()
        };
        registry.apply_sources(py, &[of_text(text)], options)?;
        Ok(registry)
    }

    /// The newest revision: 0 for a new registry, one more with every set of changes.
    #[getter]
    fn revision(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.live.read(py, async |store| store.revision().await)?)
    }

    /// Writes records, all or none, as one set of changes with one revision.
    ///
    /// `source` is the path of a file or of a folder of `.yaml`, `.yml` and `.json` files, or the
    /// records themselves: a dictionary or a list of them. A record that is stored already is
    /// unchanged, and a secret that is written as `[REDACTED]` stays what it is.
    ///
    /// - `prune` deletes the records that are not given, except immutable ones;
    /// - `dry_run` changes nothing, and says what would be changed;
    /// - `force` changes immutable records too;
    /// - `expect` names revisions at which records must be, 0 for one that must not exist;
    /// - `who` is noted in the history; the user who is logged in by default.
    ///
    /// Raises `RecordError` with all findings, `StoreError` for a conflict or an immutable record,
    /// `SecretError`, or `OSError` for a file that cannot be read.
    ///
    /// >>> registry = Registry.open("memory:")
    /// >>> records = [{"name": "minio", "configuration": {"AWS_REGION": "eu"}}]
    /// >>> registry.apply(records, dry_run=True).changes[0].action, registry.revision
    /// ('created', 0)
    /// >>> registry.apply(records).changes[0].action, registry.revision
    /// ('created', 1)
    /// >>> registry.apply(records).changes[0].action, registry.revision
    /// ('unchanged', 1)
    #[pyo3(signature = (source, /, *, prune=false, dry_run=false, force=false, expect=None, who=None))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn apply<'py>(
        &self,
        py: Python<'py>,
        source: Bound<'py, PyAny>,
        prune: bool,
        dry_run: bool,
        force: bool,
        expect: Option<BTreeMap<String, u64>>,
        who: Option<String>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let is_records = source.is_instance_of::<PyDict>()
            || source.is_instance_of::<PyList>()
            || source.is_instance_of::<PyTuple>();
        let sources = if is_records {
            vec![of_text(&values::json_text(&source)?)]
        } else {
            let path: PathBuf = source.extract()?;
            py.detach(|| Source::all(&path)).map_err(Problem::from)?
        };
        let expect = expect.unwrap_or_default().into_iter();
        let expect =
            expect.map(|(name, revision)| Ok((arguments::name("expect", &name)?, revision)));
        let expect = expect
            .collect::<Result<_, Argument>>()
            .map_err(Problem::from)?;
        let who = who.unwrap_or_else(hitchpost::who);
        let options = ApplyOptions {
            who,
            expect,
            prune,
            dry_run,
            force,
        };
        let (applied, findings) = if is_records {
            self.apply_sources(py, &sources, options).map_err(placeless)
        } else {
            self.apply_sources(py, &sources, options)
        }?;
        values::applied(py, &applied, &findings)
    }

    /// A record in the extended form, with secrets as marks: it can be applied again as it is.
    ///
    /// Raises `NotFoundError`.
    ///
    /// >>> registry = Registry.from_yaml("{name: mlflow, configuration: {MLFLOW_TRACKING_TOKEN: geheim}}")
    /// >>> registry.get("mlflow")["instances"][0]["profiles"][0]["configuration"]
    /// [{'name': 'MLFLOW_TRACKING_TOKEN', 'value': '[REDACTED]'}]
    #[pyo3(signature = (name, /))]
    fn get<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let wanted = arguments::name("name", name).map_err(Problem::from)?;
        let record = self.live.read(py, async |store| store.get(&wanted).await)?;
        let missing = || Problem::NotFound("record", name.to_owned());
        values::serialised(py, &record.ok_or_else(missing)?.extension)
    }

    /// All records, by name, in the form of `get`.
    fn list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let listing = self.live.read(py, async |store| store.list().await)?;
        let records: Vec<_> = listing
            .records
            .iter()
            .map(|record| &record.extension)
            .collect();
        values::serialised(py, &records)
    }

    /// Deletes a record.
    ///
    /// `force` deletes an immutable one too; `expect` is the revision at which it must be; `who` is
    /// noted in the history.
    ///
    /// Raises `NotFoundError`, or `StoreError` for a conflict or an immutable record.
    #[pyo3(signature = (name, /, *, force=false, expect=None, who=None))]
    fn delete<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        force: bool,
        expect: Option<u64>,
        who: Option<String>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let name = arguments::name("name", name).map_err(Problem::from)?;
        let options = DeleteOptions {
            who: who.unwrap_or_else(hitchpost::who),
            expect,
            force,
        };
        let applied = self.live.write(py, Absent::Refused, async |store| {
            store.delete(&[name], &options).await
        })?;
        values::applied(py, &applied, &[])
    }

    /// What was changed, the newest first: of one record or of all, at most `limit` changes.
    ///
    /// >>> registry = Registry.open("memory:")
    /// >>> _ = registry.apply({"name": "minio", "configuration": {"AWS_REGION": "eu"}}, who="ada")
    /// >>> _ = registry.apply({"name": "minio", "configuration": {"AWS_REGION": "us"}}, who="bob")
    /// >>> for entry in registry.history("minio"):
    /// ...     print(entry.revision, entry.who, entry.action)
    /// 2 bob updated
    /// 1 ada created
    #[pyo3(signature = (name=None, /, *, limit=None))]
    fn history<'py>(
        &self,
        py: Python<'py>,
        name: Option<&str>,
        limit: Option<u32>,
    ) -> PyResult<Bound<'py, PyList>> {
        let name = name.map(|name| arguments::name("name", name)).transpose();
        let options = HistoryOptions {
            extension: name.map_err(Problem::from)?,
            limit,
        };
        let entries = self
            .live
            .read(py, async |store| store.history(&options).await)?;
        let entries = entries.iter().map(|entry| values::log_entry(py, entry));
        PyList::new(py, entries.collect::<PyResult<Vec<_>>>()?)
    }

    /// Resolves one requirement, and raises `ResolutionError` when it is not met.
    ///
    /// What is wanted, of which at least one must be given:
    ///
    /// - `extension`, `product`, `instance`: the record, what is installed, the installation;
    /// - `service`: a service of that record by name or type; a service type without `extension`
    ///   and `instance`;
    /// - `service_type`, `service_name`, `category`;
    /// - `version`: a constraint, such as `>=4` or `~1.19 || 2`;
    /// - `labels`: labels of the record.
    ///
    /// How: `endpoint` (name or type), `profile`, `env` (variables to set, from `url`, `version`,
    /// `product`, `instance` or a configuration key), `prefix` (of all variables).
    ///
    /// Who asks, and from where: `project`, `user`, `groups`, `workflow`, and `zone`, without which
    /// nothing internal can be reached.
    ///
    /// `on_ambiguity="first"` takes the first by name of what is equally good.
    ///
    /// Raises `UsageError` for a malformed name too.
    ///
    /// >>> registry = Registry.from_yaml("""
    /// ... name: minio
    /// ... instances:
    /// ...   - name: main
    /// ...     version: 3.2.0
    /// ...     services:
    /// ...       - name: s3
    /// ...         endpoints: [{name: public, url: "http://minio:9000", type: external}]
    /// ... """)
    /// >>> registry.resolve(service="s3", env={"STORE": "url"}).env["STORE"]
    /// 'http://minio:9000'
    /// >>> registry.resolve(service="s3", version=">=4")
    /// Traceback (most recent call last):
    /// hitchpost.ResolutionError: default: version-mismatch: nearest is `minio/main/s3`: version 3.2.0 does not satisfy >=4...
    #[pyo3(signature = (
        *, extension=None, product=None, instance=None, service=None, service_type=None,
        service_name=None, category=None, version=None, labels=None, endpoint=None, profile=None,
        env=None, prefix=None, project=None, user=None, groups=None, workflow=None, zone=None,
        on_ambiguity="fail",
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn resolve(
        &self,
        py: Python<'_>,
        extension: Option<&str>,
        product: Option<&str>,
        instance: Option<&str>,
        service: Option<&str>,
        service_type: Option<&str>,
        service_name: Option<&str>,
        category: Option<&str>,
        version: Option<&str>,
        labels: Option<BTreeMap<String, String>>,
        endpoint: Option<&str>,
        profile: Option<&str>,
        env: Option<IndexMap<String, String>>,
        prefix: Option<&str>,
        project: Option<&str>,
        user: Option<&str>,
        groups: Option<Vec<String>>,
        workflow: Option<&str>,
        zone: Option<&str>,
        on_ambiguity: &str,
    ) -> PyResult<Binding> {
        let wanted = Wanted {
            extension,
            product,
            instance,
            service,
            service_type,
            service_name,
            category,
            version,
            labels,
            endpoint,
            profile,
            prefix,
            env,
        };
        let caller = Caller {
            project,
            user,
            groups,
            workflow,
            zone,
        };
        let (registry, mut resolution) = self.resolve_one(py, wanted, caller, on_ambiguity)?;
        match resolution.bindings.pop() {
            Some(binding) if resolution.failures.is_empty() => {
                Ok(Binding::new(registry, resolution.revision, binding))
            }
            _ => Err(Problem::Failures(resolution.failures).into()),
        }
    }

    /// Resolves the requirements of a step, all of them together.
    ///
    /// Each is a dictionary with a `name` and the fields of `resolve`; further ones are `zone` (that
    /// of the instance), `optional`, `any_of` (a list of alternatives) and `same_instance_as` (the
    /// name of another). What is not met is in `failures`, and raises nothing.
    ///
    /// Raises `RecordError` for malformed requirements.
    #[pyo3(signature = (
        requirements, /, *, project=None, user=None, groups=None, workflow=None, zone=None,
        on_ambiguity="fail",
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn resolve_all(
        &self,
        py: Python<'_>,
        requirements: Bound<'_, PyAny>,
        project: Option<&str>,
        user: Option<&str>,
        groups: Option<Vec<String>>,
        workflow: Option<&str>,
        zone: Option<&str>,
        on_ambiguity: &str,
    ) -> PyResult<Resolution> {
        let caller = Caller {
            project,
            user,
            groups,
            workflow,
            zone,
        };
        let requirements = arguments::requirements(&requirements)?;
        self.resolve_requirements(py, &requirements, caller, on_ambiguity)
    }

    /// Resolves the requirements of a step of a workflow file, whose own variables are in `env` too.
    ///
    /// The workflow of the caller is that of the file, unless `workflow` says otherwise.
    ///
    /// Raises `RecordError` for a malformed workflow and for an expression that has no value,
    /// `NotFoundError` for a step that is not there, and `OSError` for a file that cannot be read.
    #[pyo3(signature = (
        path, /, *, step, project=None, user=None, groups=None, workflow=None, zone=None,
        on_ambiguity="fail",
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn resolve_step(
        &self,
        py: Python<'_>,
        path: PathBuf,
        step: &str,
        project: Option<&str>,
        user: Option<&str>,
        groups: Option<Vec<String>>,
        workflow: Option<&str>,
        zone: Option<&str>,
        on_ambiguity: &str,
    ) -> PyResult<Resolution> {
        let caller = Caller {
            project,
            user,
            groups,
            workflow,
            zone,
        };
        self.resolve_file(py, path, step, caller, on_ambiguity)
    }

    /// Explains how one requirement comes out; the arguments are those of `resolve`.
    ///
    /// >>> registry = Registry.from_yaml("{name: mlflow, version: 0.3.1, configuration: {EXPERIMENT: wine}}")
    /// >>> explanation = registry.explain(product="mlflow", version=">=0.4")
    /// >>> explanation.code
    /// 'version-mismatch'
    /// >>> [(candidate.verdict, candidate.reason) for candidate in explanation.candidates]
    /// [('rejected', 'version-mismatch')]
    #[pyo3(signature = (
        *, extension=None, product=None, instance=None, service=None, service_type=None,
        service_name=None, category=None, version=None, labels=None, endpoint=None, profile=None,
        env=None, prefix=None, project=None, user=None, groups=None, workflow=None, zone=None,
        on_ambiguity="fail",
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn explain<'py>(
        &self,
        py: Python<'py>,
        extension: Option<&str>,
        product: Option<&str>,
        instance: Option<&str>,
        service: Option<&str>,
        service_type: Option<&str>,
        service_name: Option<&str>,
        category: Option<&str>,
        version: Option<&str>,
        labels: Option<BTreeMap<String, String>>,
        endpoint: Option<&str>,
        profile: Option<&str>,
        env: Option<IndexMap<String, String>>,
        prefix: Option<&str>,
        project: Option<&str>,
        user: Option<&str>,
        groups: Option<Vec<String>>,
        workflow: Option<&str>,
        zone: Option<&str>,
        on_ambiguity: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let wanted = Wanted {
            extension,
            product,
            instance,
            service,
            service_type,
            service_name,
            category,
            version,
            labels,
            endpoint,
            profile,
            prefix,
            env,
        };
        let caller = Caller {
            project,
            user,
            groups,
            workflow,
            zone,
        };
        let requirement = wanted.requirement().map_err(Problem::from)?;
        let explanations = self.explained(py, &[requirement], caller, on_ambiguity)?;
        PyTuple::new(py, explanations)?.get_item(0)
    }

    /// Explains how the requirements of a step come out; the arguments are those of `resolve_all`.
    #[pyo3(signature = (
        requirements, /, *, project=None, user=None, groups=None, workflow=None, zone=None,
        on_ambiguity="fail",
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn explain_all<'py>(
        &self,
        py: Python<'py>,
        requirements: Bound<'py, PyAny>,
        project: Option<&str>,
        user: Option<&str>,
        groups: Option<Vec<String>>,
        workflow: Option<&str>,
        zone: Option<&str>,
        on_ambiguity: &str,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let caller = Caller {
            project,
            user,
            groups,
            workflow,
            zone,
        };
        let requirements = arguments::requirements(&requirements)?;
        PyTuple::new(py, self.explained(py, &requirements, caller, on_ambiguity)?)
    }

    /// Sets the variables of a step for a `with` block.
    ///
    /// `needs` is the path of a workflow file, of which `step` is a step, or a list of requirements
    /// as for `resolve_all`; without it, the arguments are those of `resolve`. What is resolved now
    /// is set on entry. See `Environment`.
    ///
    /// Raises `ResolutionError` when a requirement is not met.
    ///
    /// >>> import os
    /// >>> registry = Registry.from_yaml("{name: mlflow, configuration: {EXPERIMENT: wine}}")
    /// >>> with registry.environment(extension="mlflow"):
    /// ...     os.environ["EXPERIMENT"]
    /// 'wine'
    /// >>> "EXPERIMENT" in os.environ
    /// False
    #[pyo3(signature = (
        needs=None, /, *, step=None, extension=None, product=None, instance=None, service=None,
        service_type=None, service_name=None, category=None, version=None, labels=None,
        endpoint=None, profile=None, env=None, prefix=None, project=None, user=None, groups=None,
        workflow=None, zone=None, on_ambiguity="fail",
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn environment<'py>(
        &self,
        py: Python<'py>,
        needs: Option<Bound<'py, PyAny>>,
        step: Option<&str>,
        extension: Option<&str>,
        product: Option<&str>,
        instance: Option<&str>,
        service: Option<&str>,
        service_type: Option<&str>,
        service_name: Option<&str>,
        category: Option<&str>,
        version: Option<&str>,
        labels: Option<BTreeMap<String, String>>,
        endpoint: Option<&str>,
        profile: Option<&str>,
        env: Option<IndexMap<String, String>>,
        prefix: Option<&str>,
        project: Option<&str>,
        user: Option<&str>,
        groups: Option<Vec<String>>,
        workflow: Option<&str>,
        zone: Option<&str>,
        on_ambiguity: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        static ENVIRONMENT: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        let wanted = Wanted {
            extension,
            product,
            instance,
            service,
            service_type,
            service_name,
            category,
            version,
            labels,
            endpoint,
            profile,
            prefix,
            env,
        };
        let caller = Caller {
            project,
            user,
            groups,
            workflow,
            zone,
        };
        if needs.is_some() && !wanted.is_empty() {
            return Err(PyTypeError::new_err(
                "needs and the fields of a requirement exclude each other",
            ));
        }
        let is_list = |needs: &Bound<'_, PyAny>| {
            needs.is_instance_of::<PyList>() || needs.is_instance_of::<PyTuple>()
        };
        let resolution = match (needs, step) {
            (Some(requirements), None) if is_list(&requirements) => {
                let requirements = arguments::requirements(&requirements)?;
                self.resolve_requirements(py, &requirements, caller, on_ambiguity)?
            }
            (Some(path), Some(step)) => {
                self.resolve_file(py, path.extract()?, step, caller, on_ambiguity)?
            }
            (None, None) => {
                let (registry, resolution) = self.resolve_one(py, wanted, caller, on_ambiguity)?;
                Resolution::new(registry, resolution)
            }
            _ => {
                return Err(PyTypeError::new_err(
                    "a workflow file and step belong together",
                ));
            }
        };
        resolution.raise_for_failures()?;
        ENVIRONMENT
            .import(py, "hitchpost._environment", "Environment")?
            .call1((resolution,))
    }

    /// Closes the database. What was resolved can still be used, the registry cannot.
    fn close(&self, py: Python<'_>) {
        self.live.close(py);
    }

    fn __enter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    #[pyo3(signature = (exception_type, exception, traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        exception_type: Bound<'_, PyAny>,
        exception: Bound<'_, PyAny>,
        traceback: Bound<'_, PyAny>,
    ) {
        let _ = (exception_type, exception, traceback);
        self.close(py);
    }

    /// It stays in its process.
    fn __reduce__(&self) -> PyResult<()> {
        Err(errors::unpicklable("Registry"))
    }

    fn __repr__(&self) -> String {
        format!("<hitchpost.Registry {}>", self.place)
    }
}

impl Registry {
    fn open_url(py: Python<'_>, url: String) -> Result<Self, Problem> {
        let in_memory = matches!(url.as_str(), "memory:" | "sqlite::memory:");
        let place = place(&url);
        let live = py.detach(|| {
            let keyring = match in_memory {
                true => Keyring::ephemeral()?,
                false => Keyring::from_environment()?,
            };
            let (keyring, catalogue) = (Arc::new(keyring), Arc::new(user_catalogue(&[])?));
            Live::open(Connection::new(url, in_memory, keyring, catalogue))
        })?;
        Ok(Self { live, place })
    }

    fn apply_sources(
        &self,
        py: Python<'_>,
        sources: &[Source],
        options: ApplyOptions,
    ) -> Result<(Applied, hitchpost::Diagnostics), Problem> {
        let (records, findings) = py.detach(|| read_records(sources, self.live.catalogue()))?;
        let absent = match options.dry_run {
            true => Absent::Imagined,
            false => Absent::Made,
        };
        let applied = self.live.write(py, absent, async |store| {
            store.apply(&records, &options).await
        })?;
        Ok((applied, findings))
    }

    /// The registry that was read, and what it answers.
    fn resolve_one(
        &self,
        py: Python<'_>,
        wanted: Wanted<'_>,
        caller: Caller<'_>,
        ambiguity: &str,
    ) -> Result<(hitchpost::Registry, hitchpost::Resolution), Problem> {
        let requirement = wanted.requirement()?;
        let (caller, ambiguity) = (caller.context()?, on_ambiguity(ambiguity)?);
        let registry = self.live.registry(py)?;
        // A microsecond, which giving others a turn would take too.
        let resolution = registry.resolve_with(&[requirement], &caller, ambiguity, &[]);
        Ok((registry, resolution))
    }

    fn resolve_requirements(
        &self,
        py: Python<'_>,
        requirements: &[Requirement],
        caller: Caller<'_>,
        ambiguity: &str,
    ) -> PyResult<Resolution> {
        let caller = caller.context().map_err(Problem::from)?;
        let ambiguity = on_ambiguity(ambiguity).map_err(Problem::from)?;
        let registry = self.live.registry(py)?;
        let resolution = registry.resolve_with(requirements, &caller, ambiguity, &[]);
        Ok(Resolution::new(registry, resolution))
    }

    fn resolve_file(
        &self,
        py: Python<'_>,
        path: PathBuf,
        step: &str,
        caller: Caller<'_>,
        ambiguity: &str,
    ) -> PyResult<Resolution> {
        let caller = caller.context().map_err(Problem::from)?;
        let ambiguity = on_ambiguity(ambiguity).map_err(Problem::from)?;
        let file = py.detach(|| {
            let source = Source::file(&path)?;
            Workflow::parse(&source.name, &source.bytes).map_err(Problem::Findings)
        })?;
        let caller = RunContext {
            workflow: caller.workflow.or_else(|| file.name().cloned()),
            ..caller
        };
        let step = file.step(step).map_err(Problem::Step)?;
        let registry = self.live.registry(py)?;
        let resolution =
            registry.resolve_with(step.requirements(), &caller, ambiguity, step.variables());
        if !resolution.failures.is_empty() {
            return Ok(Resolution::new(registry, resolution));
        }
        let environment = step.environment(&resolution).map_err(Problem::Findings)?;
        let resolution = Resolution::new(registry, resolution);
        Ok(resolution.of_step(step.name().clone(), environment))
    }

    fn explained<'py>(
        &self,
        py: Python<'py>,
        requirements: &[Requirement],
        caller: Caller<'_>,
        ambiguity: &str,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let caller = caller.context().map_err(Problem::from)?;
        let ambiguity = on_ambiguity(ambiguity).map_err(Problem::from)?;
        let registry = self.live.registry(py)?;
        let explanations: Vec<Explanation> =
            py.detach(|| registry.explain(requirements, &caller, ambiguity));
        explanations
            .iter()
            .map(|explanation| values::explanation(py, explanation))
            .collect()
    }
}

fn of_text(text: &str) -> Source {
    Source {
        name: "records".to_owned(),
        bytes: text.as_bytes().to_vec().into(),
    }
}

/// Findings about a text that nobody has seen, without places in it.
fn placeless(problem: Problem) -> Problem {
    match problem {
        Problem::Findings(mut findings) => {
            findings.iter_mut().for_each(|finding| finding.span = None);
            Problem::Findings(findings)
        }
        problem => problem,
    }
}

/// The URL of a SQLite file.
fn sqlite_url(path: &Bound<'_, PyAny>) -> PyResult<String> {
    let os = path.py().import("os")?;
    let path = os.call_method1("fspath", (path,))?;
    let path: String = os
        .getattr("path")?
        .call_method1("abspath", (path,))?
        .extract()?;
    let path = path
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23");
    Ok(format!("sqlite://{path}"))
}

/// A store's URL without user name, password and parameters.
fn place(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match url.split_once("://") {
        Some((scheme, rest)) if scheme != "sqlite" => {
            format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or_default())
        }
        _ => url.to_owned(),
    }
}
