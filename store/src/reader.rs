use std::sync::{Arc, PoisonError, RwLock};

use hitchpost::{Catalogue, Registry, Snapshot};

use crate::{
    error::StoreError,
    image::Image,
    store::{Store, Update},
};

/// Registries of fewer records are indexed from them each time; their images would save nothing.
const WORTH_AN_IMAGE: usize = 500;

/// A stored registry as a program reads it: a snapshot in memory, brought up to date by what
/// changed since, never read anew as a whole.
#[derive(Debug)]
pub struct Reader {
    store: Store,
    catalogue: Arc<Catalogue>,
    snapshot: RwLock<Arc<Snapshot>>,
}

impl Store {
    /// Opens the registry for reading, at its newest revision.
    ///
    /// A large one is opened from its image, which is kept in the database and written here when
    /// it is missing or far behind.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn reader(&self, catalogue: Arc<Catalogue>) -> Result<Reader, StoreError> {
        let snapshot = Arc::new(self.load(&catalogue).await?);
        Ok(Reader {
            store: self.clone(),
            catalogue,
            snapshot: RwLock::new(snapshot),
        })
    }

    async fn load(&self, catalogue: &Arc<Catalogue>) -> Result<Snapshot, StoreError> {
        if let Some(image) = self.read_image().await?
            && let Ok(snapshot) = Snapshot::from_image(&image.bytes, Arc::clone(catalogue))
        {
            let update = self.changes_since(snapshot.revision()).await?;
            if !is_far_behind(&snapshot, &update) {
                return Ok(add(&snapshot, update));
            }
        }
        let listing = self.list().await?;
        let records = listing
            .records
            .iter()
            .map(|record| (&record.extension, record.revision));
        let snapshot = Snapshot::build(listing.revision, records, Arc::clone(catalogue));
        if listing.records.len() >= WORTH_AN_IMAGE
            && let Some(bytes) = snapshot.to_image()
        {
            // Best effort: a database that is only read, or that another writes to, has none.
            let _ = self
                .write_image(&Image {
                    revision: snapshot.revision(),
                    bytes,
                })
                .await;
        }
        Ok(snapshot)
    }
}

impl Reader {
    /// The registry as it was when it was last brought up to date. Reads nothing.
    #[must_use]
    pub fn current(&self) -> Registry {
        let snapshot = self.snapshot.read().unwrap_or_else(PoisonError::into_inner);
        Registry::new(Arc::clone(&snapshot), Arc::clone(self.store.keyring()))
    }

    /// The registry at its newest revision: one small query, and the records that changed.
    ///
    /// # Errors
    /// [`StoreError`] of the database; [`Reader::current`] stays as it was then.
    pub async fn refresh(&self) -> Result<Registry, StoreError> {
        let held = Arc::clone(self.current().snapshot());
        if self.store.revision().await? != held.revision() {
            let update = self.store.changes_since(held.revision()).await?;
            self.take(&held, update).await?;
        }
        Ok(self.current())
    }

    /// Keeps the registry up to date until an error comes that does not pass: an edit elsewhere
    /// is in [`Reader::current`] within 100 ms.
    ///
    /// # Errors
    /// [`StoreError::Replaced`] and what else ends a [`crate::Follower`].
    pub async fn follow(&self) -> Result<(), StoreError> {
        let mut follower = self
            .store
            .follow(self.current().snapshot().revision())
            .await;
        loop {
            match follower.next().await {
                Ok(update) => {
                    let held = Arc::clone(self.current().snapshot());
                    self.take(&held, update).await?;
                }
                Err(StoreError::Unreachable { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn take(&self, held: &Snapshot, update: Update) -> Result<(), StoreError> {
        let next = if is_far_behind(held, &update) {
            self.store.load(&self.catalogue).await?
        } else {
            add(held, update)
        };
        let mut snapshot = self
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        // Two may bring it up to date at once; the later revision stays.
        if next.revision() >= snapshot.revision() {
            *snapshot = Arc::new(next);
        }
        Ok(())
    }
}

/// Whether indexing all records anew is cheaper, in the long run, than going on with an overlay:
/// when more than a sixteenth of them changed since the base.
fn is_far_behind(snapshot: &Snapshot, update: &Update) -> bool {
    let changed = snapshot.changed() + update.changes.len();
    changed > WORTH_AN_IMAGE && changed > snapshot.services() / 16
}

fn add(snapshot: &Snapshot, update: Update) -> Snapshot {
    if update.revision <= snapshot.revision() {
        return snapshot.clone();
    }
    let changes = update.changes.into_iter().map(|(name, record)| {
        (
            name,
            record.map(|record| (Arc::new(record.extension), record.revision)),
        )
    });
    snapshot.with_changes(update.revision, changes)
}
