//! t
use pyo3::prelude::*;

/// A
#[pyclass(frozen, module = "hitchpost")]
pub struct A {
    /// x
    #[pyo3(get)]
    pub x: u32,
}

/// m
#[pymethods]
impl A {
    #[new]
    fn new() -> Self { A { x: 1 } }
    #[pyo3(signature = (*, a=None, b=None))]
    fn f(&self, a: Option<&str>, b: Option<Vec<String>>) -> usize { a.map_or(0, str::len) + b.map_or(0, |b| b.len()) }
}

#[pyfunction]
fn g() -> PyResult<()> { Ok(()) }

#[pymodule]
mod _hitchpost {
    #[pymodule_export]
    use super::A;
    #[pymodule_export]
    use super::g;
}
