//! The extension module of the Python package `hitchpost`: the library, and the command.
//!
//! The docstrings of what Python sees are the package's documentation; their examples run as
//! tests. The types stand in `_hitchpost.pyi`.

mod arguments;
mod binding;
mod command;
mod connection;
mod errors;
mod json;
mod live;
mod openapi;
mod registry;
mod resolution;
mod secret;
mod tracking;
mod values;

/// The part of the package that is written in Rust.
#[pyo3::pymodule]
mod _hitchpost {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::binding::Binding;
    #[pymodule_export]
    use crate::command::main;
    #[pymodule_export]
    use crate::openapi::openapi;
    #[pymodule_export]
    use crate::registry::Registry;
    #[pymodule_export]
    use crate::resolution::Resolution;
    #[pymodule_export]
    use crate::secret::Secret;
    #[pymodule_export]
    use crate::tracking::TrackingClient;

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "the name is Python's")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::connection::register_at_fork(module.py())
    }
}
