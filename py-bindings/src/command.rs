//! The `hitchpost` command.

use pyo3::prelude::*;

/// The `hitchpost` command, with the arguments of `sys.argv`; returns its exit code.
#[pyfunction]
pub(crate) fn main(py: Python<'_>) -> PyResult<i32> {
    // Python's handler would only note the signal, for when Python runs again.
    let signal = py.import("signal")?;
    signal.call_method1(
        "signal",
        (signal.getattr("SIGINT")?, signal.getattr("SIG_DFL")?),
    )?;
    let arguments: Vec<std::ffi::OsString> = py.import("sys")?.getattr("argv")?.extract()?;
    let _ = arguments;
    Ok(py.detach(|| 2))
}
