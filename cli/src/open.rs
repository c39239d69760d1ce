//! The store, the keys and the catalogue that a command works with.

use std::sync::Arc;

use hitchpost::{Catalogue, Keyring, Registry};
use hitchpost_store::{Listing, Store, StoreError};
use tokio::runtime::{Builder, Runtime};

use crate::{arguments::GlobalArgs, error::CommandError};

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
    pub(crate) fn registry(&self, catalogue: Catalogue) -> Result<Registry, CommandError> {
        Ok(self.wait(self.store.reader(Arc::new(catalogue)))?.current())
    }
}

impl Drop for OpenStore {
    fn drop(&mut self) {
        self.runtime.block_on(self.store.close());
    }
}
