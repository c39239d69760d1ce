use clap::{Args, Parser, Subcommand};
use hitchpost::{RunContext, Zone, core::Name};

use crate::{
    command::{
        add::AddArgs,
        apply::{ApplyArgs, DiffArgs},
        catalog::CatalogArgs,
        export::ExportArgs,
        import::ImportArgs,
        key::KeyArgs,
        lock::LockArgs,
        model_registry::ModelRegistryArgs,
        openapi::OpenapiArgs,
        records::{DeleteArgs, DescribeArgs, GetArgs, HistoryArgs},
        resolve::ResolveArgs,
        run::RunArgs,
        schema::{CompletionsArgs, SchemaArgs},
        verify::VerifyArgs,
    },
    error::CommandError,
    exit::Exit,
    output::{Colour, Format},
};

/// Register ML tools once, hitch any workflow to them.
#[derive(Debug, Parser)]
#[command(
    name = "hitchpost",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  hitchpost add mlflow --url http://mlflow:5000 --version 2.10
  hitchpost run --needs mlflow-tracking --needs 's3>=4' -- python train.py
  hitchpost resolve --service s3 --explain

See `hitchpost help exit-codes` for the exit codes."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// The store: `sqlite:///absolute/path` or `postgres://user@host/database`; a per-user SQLite
    /// file without it
    #[arg(
        long,
        global = true,
        env = "HITCHPOST_STORE",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) store: Option<String>,
    /// How results are printed: `table` for people, `json`, `yaml`
    #[arg(
        id = "result_format",
        short = 'o',
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        hide_possible_values = true
    )]
    pub(crate) format: Format,
    /// Say nothing beyond results and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// When to colour: `always`, `never`, or `auto`: on a terminal, unless `NO_COLOR` is set
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        hide_possible_values = true
    )]
    pub(crate) color: Colour,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Register records from files, all or none
    Apply(ApplyArgs),
    /// Show what `apply` would change
    Diff(DiffArgs),
    /// List records, or print them in a form that can be applied again
    Get(GetArgs),
    /// Show a record with all its parts
    Describe(DescribeArgs),
    /// Delete records
    Delete(DeleteArgs),
    /// Show who changed what, and when
    History(HistoryArgs),
    /// Show the tools that Hitchpost knows
    Catalog(CatalogArgs),
    /// Register a tool of the catalogue
    Add(AddArgs),
    /// Register tools from the files of other programs
    Import(ImportArgs),
    /// Resolve requirements: what is where, with which account
    Resolve(ResolveArgs),
    /// Run a program with what it needs in its environment
    Run(RunArgs),
    /// Write what is needed in the format of another program
    Export(ExportArgs),
    /// Write down what is chosen, so that a run can be held to it
    Lock(LockArgs),
    /// See whether registered services live
    Verify(VerifyArgs),
    /// Serve a model registry, for experiment tracking as well
    ModelRegistry(ModelRegistryArgs),
    /// Write the OpenAPI document of a service, from its source
    Openapi(OpenapiArgs),
    /// Show and change the key that encrypts the secrets
    #[command(subcommand)]
    Key(KeyArgs),
    /// Print the JSON Schema of a file, for editors
    Schema(SchemaArgs),
    /// Print the completions for a shell
    Completions(CompletionsArgs),
    /// The exit codes
    #[command(hide = true, before_help = Exit::documentation(), help_template = "{before-help}")]
    ExitCodes,
}

/// Who asks, and from where. A variable that is set to nothing counts as not set.
#[derive(Debug, Args)]
#[command(next_help_heading = "Caller")]
pub(crate) struct CallerArgs {
    /// The project on whose behalf
    #[arg(
        long,
        env = "HITCHPOST_PROJECT",
        hide_env_values = true,
        value_name = "NAME"
    )]
    project: Option<String>,
    /// The user on whose behalf
    #[arg(
        long,
        env = "HITCHPOST_USER",
        hide_env_values = true,
        value_name = "NAME"
    )]
    user: Option<String>,
    /// A group of that user; may be repeated, and lists have commas
    #[arg(
        long = "group",
        env = "HITCHPOST_GROUPS",
        hide_env_values = true,
        value_delimiter = ',',
        value_name = "NAME"
    )]
    groups: Vec<String>,
    /// The workflow that asks
    #[arg(
        long,
        env = "HITCHPOST_WORKFLOW",
        hide_env_values = true,
        value_name = "NAME"
    )]
    workflow: Option<String>,
    /// The zone it runs in: only there are internal endpoints reached
    #[arg(
        long,
        env = "HITCHPOST_ZONE",
        hide_env_values = true,
        value_name = "NAME"
    )]
    zone: Option<String>,
}

impl CallerArgs {
    pub(crate) fn context(&self) -> Result<RunContext, CommandError> {
        let groups = self
            .groups
            .iter()
            .filter_map(|group| name("--group", Some(group)).transpose());
        Ok(RunContext {
            project: name("--project", self.project.as_ref())?,
            user: name("--user", self.user.as_ref())?,
            groups: groups.collect::<Result<_, _>>()?,
            workflow: name("--workflow", self.workflow.as_ref())?,
            zone: name("--zone", self.zone.as_ref())?.map_or(Zone::Unknown, Zone::Known),
            now: None,
        })
    }
}

fn name(flag: &'static str, text: Option<&String>) -> Result<Option<Name>, CommandError> {
    let text = text.filter(|text| !text.is_empty());
    let malformed = |text: &String, source| CommandError::MalformedName {
        flag,
        text: text.clone(),
        source,
    };
    text.map(|text| Name::new(text).map_err(|source| malformed(text, source)))
        .transpose()
}
