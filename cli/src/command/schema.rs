use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;
use hitchpost::{
    core::{RecordForm, catalogue_schema, record_schema},
    resolver::requirement_schema,
};

use crate::{
    arguments::Arguments,
    error::CommandError,
    exit::Exit,
    output::{Format, Output},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost schema > hitchpost.schema.json
  hitchpost schema requirements

An editor with the YAML language server completes and checks a file that begins
with:
  # yaml-language-server: $schema=hitchpost.schema.json")]
pub(crate) struct SchemaArgs {
    /// What the file holds
    #[arg(value_enum, default_value_t)]
    kind: Kind,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Kind {
    /// Records in any form
    #[default]
    Record,
    /// A record in the extended form
    Extended,
    /// A record in the minimal form
    Minimal,
    /// The requirements of a step
    Requirements,
    /// A tool of the catalogue
    Catalogue,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost completions bash > /etc/bash_completion.d/hitchpost
  hitchpost completions zsh > ~/.zfunc/_hitchpost
  hitchpost completions fish > ~/.config/fish/completions/hitchpost.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn schema(arguments: &SchemaArgs, output: &Output) -> Result<Exit, CommandError> {
    let schema = match arguments.kind {
        Kind::Record => record_schema(None),
        Kind::Extended => record_schema(Some(RecordForm::Extended)),
        Kind::Minimal => record_schema(Some(RecordForm::Minimal)),
        Kind::Requirements => requirement_schema(),
        Kind::Catalogue => catalogue_schema(),
    };
    // A schema has no form for people.
    let format = if output.format == Format::Yaml {
        Format::Yaml
    } else {
        Format::Json
    };
    output.show_as(format, &schema)?;
    Ok(Exit::Ok)
}

pub(crate) fn completions(
    arguments: &CompletionsArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "hitchpost",
        &mut script,
    );
    output.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}
