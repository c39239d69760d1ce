//! The `hitchpost` command.

use std::ffi::OsString;

use pyo3::prelude::*;

/// The `hitchpost` command, with the arguments of `sys.argv`; returns its exit code.
#[pyfunction]
pub(crate) fn main(py: Python<'_>) -> PyResult<i32> {
    // Python's handler would only note the signal, for when Python runs again.
    let signal = py.import("signal")?;
    let number = signal.getattr("SIGINT")?;
    signal.call_method1("signal", (number, signal.getattr("SIG_DFL")?))?;
    let arguments: Vec<OsString> = py.import("sys")?.getattr("argv")?.extract()?;
    Ok(py.detach(|| hitchpost_cli::main_with(arguments)))
}
