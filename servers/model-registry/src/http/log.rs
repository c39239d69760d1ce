//! What the server says on standard error: a line for what an operator must know.

use std::{
    fmt,
    io::{self, Write},
};

/// Writes a line. When standard error is gone there is nobody to tell.
pub(crate) fn line(message: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "model-registry: {message}");
}
