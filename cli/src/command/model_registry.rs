use std::{io, path::PathBuf};

use clap::{Args, ValueHint};
use hitchpost_model_registry::{Server, ServerOptions, Store, store};
use tokio::{
    runtime::Builder,
    signal::unix::{SignalKind, signal},
};

use crate::{arguments::GlobalArgs, error::CommandError, exit::Exit, output::Output};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost model-registry
  hitchpost model-registry --port 0 --store sqlite:///var/lib/model-registry.db
  hitchpost model-registry --host 0.0.0.0 --store postgres://user@host/models \\
    --token-file tokens.txt --tls-cert cert.pem --tls-key key.pem

It speaks the Kubeflow Model Registry REST API, and MLflow tracks to it with the
URI `modelregistry://127.0.0.1:8080`. What the API is, is at `/openapi.json`.
Its store is one of its own: without `--store`, a per-user SQLite file. SIGTERM
and Ctrl-C stop it, after the requests that it has.")]
pub(crate) struct ModelRegistryArgs {
    /// The host or address to listen on
    #[arg(long, default_value = "127.0.0.1", value_name = "HOST")]
    host: String,
    /// The port to listen on; 0 is any free one
    #[arg(long, short, default_value_t = 8080, value_name = "PORT")]
    port: u16,
    /// A file of bearer tokens, one on each line: only who has one is let in. It is read anew when
    /// it changes
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    token_file: Option<PathBuf>,
    /// Speak TLS with the certificate of this PEM file, its chain after it
    #[arg(long, requires = "tls_key", value_name = "FILE", value_hint = ValueHint::FilePath)]
    tls_cert: Option<PathBuf>,
    /// The PEM file of the certificate's key
    #[arg(long, requires = "tls_cert", value_name = "FILE", value_hint = ValueHint::FilePath)]
    tls_key: Option<PathBuf>,
    /// Write a line on standard error for each request
    #[arg(long)]
    log_requests: bool,
}

pub(crate) fn model_registry(
    arguments: &ModelRegistryArgs,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    let url = match global.store.as_ref().filter(|url| !url.is_empty()) {
        Some(url) => url.clone(),
        None => store::default_url()?,
    };
    let mut options = ServerOptions::default();
    options.token_file.clone_from(&arguments.token_file);
    options.tls = arguments.tls_cert.clone().zip(arguments.tls_key.clone());
    options.log_requests = arguments.log_requests;
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CommandError::Runtime)?;
    runtime.block_on(async {
        // Before anybody can know that it listens.
        let stop = stopped().map_err(CommandError::Runtime)?;
        let store = Store::open(&url).await?;
        let server = Server::bind(store, &arguments.host, arguments.port, &options).await?;
        output.print(&format!("listening on {}\n", server.url()))?;
        server.serve(stop).await?;
        Ok(Exit::Ok)
    })
}

/// What is done when the process is asked to stop.
fn stopped() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
