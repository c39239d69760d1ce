//! What is found in the source of a service: a line for each, as compilers write them.

use anstyle::AnsiColor;
use hitchpost::openapi::{Diagnostic, Loss};

use super::style::{Style, printable};

/// `file:line: severity[code]: message`
pub(crate) fn diagnostics(found: &[Diagnostic], style: Style) -> String {
    let lines = found.iter().map(|diagnostic| {
        let Diagnostic {
            code,
            message,
            file,
            line,
            ..
        } = diagnostic;
        let place = match (file, line) {
            (Some(file), Some(line)) => format!("{file}:{line}: "),
            (Some(file), None) => format!("{file}: "),
            (None, _) => String::new(),
        };
        let (colour, severity) = if diagnostic.is_error {
            (AnsiColor::Red, "error")
        } else {
            (AnsiColor::Yellow, "warning")
        };
        let head = style.strong(colour, &format!("{severity}[{code}]"));
        format!("{}{head}: {}\n", printable(&place), printable(message))
    });
    lines.collect()
}

/// `pointer: warning[lost]: what became of it`
pub(crate) fn losses(lost: &[Loss], style: Style) -> String {
    let head = style.strong(AnsiColor::Yellow, "warning[lost]");
    lost.iter()
        .map(|loss| format!("{}: {head}: {}\n", printable(&loss.place), loss.became))
        .collect()
}
