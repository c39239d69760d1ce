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
    /// The store, which must be there: for who reads.
    pub(crate) fn open(arguments: &GlobalArgs) -> Result<Self, CommandError> {
        Self::with(arguments, async |url, keyring| {
            Store::open_existing(&url, keyring).await
        })
    }

    /// The store, which is made when there is none: for who writes records.
    pub(crate) fn make(arguments: &GlobalArgs) -> Result<Self, CommandError> {
        Self::with(arguments, async |url, keyring| {
            Store::open(&url, keyring).await
        })
    }

    /// The store, or an empty one in memory when there is none: for who asks what writing would do.
    pub(crate) fn rehearse(arguments: &GlobalArgs) -> Result<Self, CommandError> {
        Self::with(arguments, async |url, keyring| match Store::open_existing(
            &url,
            Arc::clone(&keyring),
        )
        .await
        {
            Err(error) if error.code() == "no-registry" => Store::open("memory:", keyring).await,
            opened => opened,
        })
    }

    fn with(
        arguments: &GlobalArgs,
        open: impl AsyncFnOnce(String, Arc<Keyring>) -> Result<Store, StoreError>,
    ) -> Result<Self, CommandError> {
        let keyring = Arc::new(Keyring::from_environment()?);
        let url = match arguments.store.as_ref().filter(|url| !url.is_empty()) {
            Some(url) => url.clone(),
            None => hitchpost_store::default_url()?,
        };
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(CommandError::Runtime)?;
        let store = runtime.block_on(open(url, keyring))?;
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
