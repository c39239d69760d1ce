//! What each command takes and does, a file for each.

pub(crate) mod add;
pub(crate) mod apply;
pub(crate) mod catalog;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod lock;
pub(crate) mod model_registry;
pub(crate) mod needs;
pub(crate) mod openapi;
pub(crate) mod records;
pub(crate) mod resolve;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod verify;

use crate::{
    arguments::{Arguments, Command},
    error::CommandError,
    exit::Exit,
    output::Output,
};

pub(crate) fn run(arguments: Arguments, output: &Output) -> Result<Exit, CommandError> {
    let Arguments { global, command } = arguments;
    let global = &global;
    match command {
        Command::Apply(arguments) => apply::apply(&arguments, global, output),
        Command::Diff(arguments) => apply::diff(&arguments, global, output),
        Command::Get(arguments) => records::get(&arguments, global, output),
        Command::Describe(arguments) => records::describe(&arguments, global, output),
        Command::Delete(arguments) => records::delete(&arguments, global, output),
        Command::History(arguments) => records::history(&arguments, global, output),
        Command::Catalog(arguments) => catalog::catalog(&arguments, output),
        Command::Add(arguments) => add::add(&arguments, global, output),
        Command::Import(arguments) => import::import(&arguments, global, output),
        Command::Resolve(arguments) => resolve::resolve(&arguments, global, output),
        Command::Run(arguments) => run::run(arguments, global, output),
        Command::Export(arguments) => export::export(&arguments, global, output),
        Command::Lock(arguments) => lock::lock(&arguments, global, output),
        Command::Verify(arguments) => verify::verify(&arguments, global, output),
        Command::ModelRegistry(arguments) => {
            model_registry::model_registry(&arguments, global, output)
        }
        Command::Openapi(arguments) => openapi::openapi(&arguments, output),
        Command::Key(arguments) => key::key(&arguments, global, output),
        Command::Schema(arguments) => schema::schema(&arguments, output),
        Command::Completions(arguments) => schema::completions(&arguments, output),
        Command::ExitCodes => output.print(&Exit::documentation()).map(|()| Exit::Ok),
    }
}
