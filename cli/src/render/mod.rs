//! From values to text for people.

pub(crate) mod diagnostic;
pub(crate) mod explanation;
pub(crate) mod found;
pub(crate) mod record;
pub(crate) mod resolution;
pub(crate) mod style;
pub(crate) mod table;

use crate::error::CommandError;
use anstyle::AnsiColor;
use style::{Style, width, wrapped};

/// An error with its findings and what can be done about it.
pub(crate) fn error(error: &CommandError, style: Style) -> String {
    let mut text = String::new();
    if !error.findings().is_empty() {
        text.push_str(&diagnostic::diagnostics(error.findings(), style));
        text.push('\n');
    }
    let place = error.place().map_or_else(String::new, |place| {
        format!("{}: ", style::printable(&place))
    });
    let head = format!("error[{}]", error.code());
    let message = style::printable(&error.message());
    text.push_str(&diagnostic::headline(
        &format!("{place}{}", style.strong(AnsiColor::Red, &head)),
        width(&place) + width(&head),
        &message,
        style,
    ));
    for drift in error.drift() {
        let mut lines = wrapped(&drift.to_string(), style.beside(4)).into_iter();
        text.push_str(&format!("  - {}\n", lines.next().unwrap_or_default()));
        text.extend(lines.map(|line| format!("    {line}\n")));
    }
    if let Some(help) = error.help() {
        text.push_str(&labelled("help", &help, style));
    }
    text
}

/// "help: what to do", broken to fit.
pub(crate) fn labelled(label: &str, message: &str, style: Style) -> String {
    let mut lines = wrapped(&style::printable(message), style.beside(label.len() + 2)).into_iter();
    let mut text = format!(
        "{}: {}\n",
        style.bold(label),
        lines.next().unwrap_or_default()
    );
    for line in lines {
        text.push_str(&format!("  {line}\n"));
    }
    text
}
