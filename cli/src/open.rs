//! The store, the keys and the catalogue that a command works with.

use std::{env, path::PathBuf, sync::Arc};

use hitchpost::{
    Catalogue, Diagnostic, Keyring, Registry,
    core::{Document, Severity},
};
use hitchpost_store::{Listing, Store, StoreError};
use tokio::runtime::{Builder, Runtime};

use crate::{arguments::GlobalArgs, error::CommandError, input};

/// An open store, and what runs its calls.
#[derive(Debug)]
pub(crate) struct OpenStore {
    runtime: Runtime,
    pub(crate) store: Store,
}

impl OpenStore {
    pub(crate) fn open(arguments: &GlobalArgs) -> Result<Self, CommandError> {
        let keyring = Arc::new(Keyring::from_environment()?);
        let url = match arguments.store.as_ref().filter(|url| !url.is_empty()) {
            Some(url) => url.clone(),
            None => hitchpost_store::default_url()?,
        };
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(CommandError::Runtime)?;
        let store = runtime.block_on(Store::open(&url, keyring))?;
        Ok(Self { runtime, store })
    }

    /// Runs a call of the store to its end.
    pub(crate) fn wait<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, CommandError> {
        Ok(self.runtime.block_on(call)?)
    }

    pub(crate) fn list(&self) -> Result<Listing, CommandError> {
        self.wait(self.store.list())
    }

    /// The stored records as a registry to resolve with.
    pub(crate) fn registry(&self, catalogue: Arc<Catalogue>) -> Result<Registry, CommandError> {
        Ok(self.wait(self.store.reader(catalogue))?.current())
    }
}

impl Drop for OpenStore {
    fn drop(&mut self) {
        self.runtime.block_on(self.store.close());
    }
}

/// The shipped catalogue, with the files that `HITCHPOST_CATALOG` and `more` name.
pub(crate) fn catalogue(more: &[PathBuf]) -> Result<Arc<Catalogue>, CommandError> {
    let own = env::var_os("HITCHPOST_CATALOG").unwrap_or_default();
    let paths: Vec<PathBuf> = env::split_paths(&own)
        .filter(|path| !path.as_os_str().is_empty())
        .chain(more.iter().cloned())
        .collect();
    let mut catalogue = Catalogue::builtin().clone();
    if !paths.is_empty() {
        let sources = input::read_all(&paths)?;
        let mut files = Vec::new();
        for source in &sources {
            match str::from_utf8(&source.bytes) {
                Ok(text) => files.push((source.name.as_str(), text)),
                // Says where the text is not UTF-8.
                Err(_) => match Document::parse(&source.name, &source.bytes) {
                    Err(findings) => return Err(CommandError::Findings(findings)),
                    Ok(_) => continue,
                },
            }
        }
        match catalogue.add(&files) {
            Err(findings) if has_error(&findings) => return Err(CommandError::Findings(findings)),
            _ => {}
        }
    }
    Ok(Arc::new(catalogue))
}

/// Whether findings refuse what they are about.
pub(crate) fn has_error(findings: &[Diagnostic]) -> bool {
    findings
        .iter()
        .any(|finding| finding.severity == Severity::Error)
}

/// Who makes a change, for the log: the user that is given, else the one who is logged in.
pub(crate) fn who() -> String {
    let named = |name| {
        env::var(name)
            .ok()
            .filter(|value: &String| !value.is_empty())
    };
    ["HITCHPOST_USER", "USER", "LOGNAME"]
        .into_iter()
        .find_map(named)
        .unwrap_or_else(|| "unknown".to_owned())
}
