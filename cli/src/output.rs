use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use serde::Serialize;

use crate::{arguments::GlobalArgs, error::CommandError, render::style::Style};

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Where a command's results and messages go.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) format: Format,
    quiet: bool,
    /// For standard output.
    pub(crate) style: Style,
    /// For standard error.
    pub(crate) error_style: Style,
}

impl Output {
    pub(crate) fn new(arguments: &GlobalArgs) -> Self {
        let style = |is_terminal: bool| Style {
            coloured: match arguments.color {
                Colour::Always => true,
                Colour::Never => false,
                // <https://no-color.org>: any value but the empty one.
                Colour::Auto => {
                    is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                }
            },
            width: columns(is_terminal),
        };
        Self {
            format: arguments.format,
            quiet: arguments.quiet,
            style: style(io::stdout().is_terminal()),
            error_style: style(io::stderr().is_terminal()),
        }
    }

    /// Prints a result: the value as JSON or YAML, or the text for people.
    pub(crate) fn show(
        &self,
        value: &impl Serialize,
        text: impl FnOnce(Style) -> String,
    ) -> Result<(), CommandError> {
        match document(self.format, value) {
            Some(document) => self.print(&document?),
            None => self.print(&text(self.style)),
        }
    }

    /// Prints what was done, unless people want quiet.
    pub(crate) fn done(
        &self,
        value: &impl Serialize,
        text: impl FnOnce(Style) -> String,
    ) -> Result<(), CommandError> {
        if self.quiet && self.format == Format::Table {
            Ok(())
        } else {
            self.show(value, text)
        }
    }

    /// Prints a value that has no form for people.
    pub(crate) fn show_as(
        &self,
        format: Format,
        value: &impl Serialize,
    ) -> Result<(), CommandError> {
        document(format, value).map_or(Ok(()), |document| self.print(&document?))
    }

    /// Prints to standard output.
    #[expect(clippy::unused_self, reason = "all printing goes through the output")]
    pub(crate) fn print(&self, text: &str) -> Result<(), CommandError> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(CommandError::Output)
    }

    /// Says something to people on standard error, unless they want quiet.
    pub(crate) fn say(&self, text: impl FnOnce(Style) -> String) {
        if !self.quiet {
            self.complain(&text(self.error_style));
        }
    }

    /// Says something on standard error, quiet or not.
    #[expect(clippy::unused_self, reason = "all printing goes through the output")]
    pub(crate) fn complain(&self, text: &str) {
        // When standard error is gone there is nobody to tell.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Says a value on standard error.
    pub(crate) fn complain_as(&self, format: Format, value: &impl Serialize) {
        if let Some(Ok(document)) = document(format, value) {
            self.complain(&document);
        }
    }

    /// Reports why the command ends.
    pub(crate) fn report(&self, error: &CommandError) {
        if matches!(error, CommandError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
        {
            return;
        }
        match document(self.format, &error.document()) {
            Some(Ok(document)) => self.complain(&document),
            _ => self.complain(&crate::render::error(error, self.error_style)),
        }
    }
}

/// The value in a format for programs.
fn document(format: Format, value: &impl Serialize) -> Option<Result<String, CommandError>> {
    match format {
        Format::Table => None,
        Format::Json => {
            let text = serde_json::to_string_pretty(value).map(|text| text + "\n");
            Some(text.map_err(|error| CommandError::Output(io::Error::other(error))))
        }
        Format::Yaml => {
            let text = serde_saphyr::to_string(value);
            Some(text.map_err(|error| CommandError::Output(io::Error::other(error))))
        }
    }
}

/// The terminal's width, else `COLUMNS`; what goes elsewhere is not broken into lines.
fn columns(is_terminal: bool) -> Option<usize> {
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let given = || std::env::var("COLUMNS").ok()?.parse().ok();
    if is_terminal {
        terminal().or_else(given)
    } else {
        given()
    }
}
