//! The OpenAPI document of a service.

use std::path::PathBuf;

use hitchpost::openapi::{Loss, Options, Version, Versions, cache_folder, openapi_v30};
use indexmap::IndexMap;
use pyo3::prelude::*;

use crate::{
    errors::{Argument, Problem},
    values,
};

/// One folder or several.
#[derive(FromPyObject)]
pub(crate) enum Folders {
    One(PathBuf),
    Several(Vec<PathBuf>),
}

impl Folders {
    fn list(folders: Option<Self>) -> Vec<PathBuf> {
        match folders {
            None => Vec::new(),
            Some(Self::One(folder)) => vec![folder],
            Some(Self::Several(folders)) => folders,
        }
    }
}

/// Reads the OpenAPI document of a service from its source: nothing of it is imported or run.
///
/// `entry` is `"path/to/file.py"`, `"path/to/file.py:attribute"`, `"package.module"` or
/// `"package.module:attribute"`; the attribute is the FastAPI application, or a function that makes
/// it. Without one it is looked for, as the `fastapi` command does.
///
/// - `root`: the folder or folders in which the service's own modules are looked up; for a file by
///   default the nearest folder above it that is no package, for a module the current folder;
/// - `site_packages`: the folder or folders of installed packages, from which types of libraries
///   are read;
/// - `env`: the environment that the service sees; that of this process is not looked at;
/// - `versions`: those of `"fastapi"`, `"pydantic"` and `"python"` that the service runs with; those
///   not given are those of the installed packages, else of a lock file, else the newest;
/// - `version`: of OpenAPI, `"3.1"` or `"3.0"`;
/// - `strict`: refuse a service of which something is not known;
/// - `cache`: keep the document, for as long as the files that it was read from do not change.
///
/// What cannot be known without running the service is a dictionary with the key
/// `x-hitchpost-unknown`, and a warning of the logger `hitchpost`; so is what OpenAPI 3.0 cannot say.
///
/// Raises `AnalysisError` where there is no application, or something is not known and `strict`;
/// `OSError` for files and folders that cannot be read.
///
/// >>> import pathlib, tempfile
/// >>> file = pathlib.Path(tempfile.mkdtemp(), "shop.py")
/// >>> written = file.write_text('''
/// ... from fastapi import FastAPI
/// ... app = FastAPI(title="Shop")
/// ... @app.get("/items/{item_id}")
/// ... def read_item(item_id: int) -> str: ...
/// ... ''')
/// >>> document = openapi(f"{file}:app")
/// >>> document["info"]["title"], list(document["paths"])
/// ('Shop', ['/items/{item_id}'])
#[pyfunction]
#[pyo3(signature = (entry, /, *, root=None, site_packages=None, env=None, versions=None, version="3.1", strict=false, cache=true))]
#[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
pub(crate) fn openapi<'py>(
    py: Python<'py>,
    entry: PathBuf,
    root: Option<Folders>,
    site_packages: Option<Folders>,
    env: Option<IndexMap<String, String>>,
    versions: Option<IndexMap<String, String>>,
    version: &str,
    strict: bool,
    cache: bool,
) -> PyResult<Bound<'py, PyAny>> {
    if !matches!(version, "3.0" | "3.1") {
        return Err(Problem::from(Argument {
            name: "version",
            code: "unknown-version",
            message: format!("there is no version `{version}`"),
            help: Some("it is `3.1` or `3.0`".to_owned()),
        })
        .into());
    }
    let options = Options {
        roots: Folders::list(root),
        site_packages: Folders::list(site_packages),
        environment: env.unwrap_or_default().into_iter().collect(),
        versions: given(&versions.unwrap_or_default())?,
        cache: cache_folder().filter(|_| cache),
    };
    let service = py.detach(|| {
        let not_text = || hitchpost::openapi::Error::NotText {
            path: entry.clone(),
        };
        let entry = entry.to_str().ok_or_else(not_text)?;
        hitchpost::openapi(entry, &options)
    });
    let service = service.map_err(Problem::Analysis)?;
    if strict && !service.diagnostics.is_empty() {
        return Err(Problem::NotKnown(service.diagnostics).into());
    }
    warn(py, &service.diagnostics)?;
    if version == "3.1" {
        return values::json(py, &service.document);
    }
    let down = py
        .detach(|| openapi_v30(&service.document))
        .map_err(Problem::Downgrade)?;
    let lost = |loss: &Loss| format!("{}: warning[lost]: {}", loss.place, loss.became);
    warn(py, &down.lost.iter().map(lost).collect::<Vec<_>>())?;
    values::serialised(py, &down.document)
}

/// Reads `{"fastapi": "0.115.0"}`.
fn given(versions: &IndexMap<String, String>) -> Result<Versions, Problem> {
    let mut read = Versions::default();
    for (name, text) in versions {
        let place = match name.as_str() {
            "fastapi" => Some(&mut read.fastapi),
            "pydantic" => Some(&mut read.pydantic),
            "python" => Some(&mut read.python),
            _ => None,
        };
        let (Some(place), Some(version)) = (place, Version::parse(text)) else {
            return Err(Problem::from(Argument {
                name: "versions",
                code: "unknown-version",
                message: format!("there is no version `{text}` of `{name}`"),
                help: Some(
                    "they are of `fastapi`, `pydantic` and `python`, as `0.115.0`".to_owned(),
                ),
            }));
        };
        *place = Some(version);
    }
    Ok(read)
}

/// Says each thing as a warning of the package's logger.
fn warn(py: Python<'_>, said: &[impl ToString]) -> PyResult<()> {
    if said.is_empty() {
        return Ok(());
    }
    let logger = py
        .import("logging")?
        .call_method1("getLogger", ("hitchpost",))?;
    for one in said {
        logger.call_method1("warning", ("%s", one.to_string()))?;
    }
    Ok(())
}
