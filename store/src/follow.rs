use std::time::Duration;

use sqlx::{postgres::PgListener, query_as};
use tokio::time::{sleep, timeout};

use crate::{
    database::Location,
    error::StoreError,
    rows::unsigned,
    store::{Store, Update},
};

/// How often the revision is looked at.
const INTERVAL: Duration = Duration::from_millis(40);

/// Follows the changes that others make to a registry.
///
/// Looks at the revision 25 times a second, which sees a change within 100 ms; PostgreSQL also
/// notifies, which is faster and need not arrive.
#[derive(Debug)]
pub struct Follower {
    store: Store,
    seen: u64,
    listener: Option<PgListener>,
}

impl Store {
    /// Follows the changes after a revision.
    pub async fn follow(&self, after: u64) -> Follower {
        // Through a proxy that shares sessions, say, there are no notifications.
        let listener = match &self.location {
            Location::Postgres(url) => listen(url.as_str()).await.ok(),
            Location::Memory | Location::Sqlite { .. } => None,
        };
        Follower {
            store: self.clone(),
            seen: after,
            listener,
        }
    }
}

impl Follower {
    /// Waits until there are changes, and returns all since the last call.
    ///
    /// The future may be dropped, nothing is lost then. After an error that passes, such as
    /// [`StoreError::Unreachable`], the next call goes on where the last one was.
    ///
    /// # Errors
    /// [`StoreError::Replaced`] when it is no more the registry that was opened, and the others
    /// for reasons of the database.
    pub async fn next(&mut self) -> Result<Update, StoreError> {
        loop {
            let registry = query_as("SELECT id, revision FROM registry");
            let (id, revision): (String, i64) = registry.fetch_one(&self.store.pool).await?;
            let revision = unsigned(revision)?;
            if id != self.store.id() || revision < self.seen {
                return Err(StoreError::Replaced);
            }
            if revision > self.seen {
                let update = self.store.changes_since(self.seen).await?;
                self.seen = update.revision;
                return Ok(update);
            }
            self.wait().await;
        }
    }

    async fn wait(&mut self) {
        match &mut self.listener {
            None => sleep(INTERVAL).await,
            Some(listener) => {
                if let Ok(Err(_)) = timeout(INTERVAL, listener.recv()).await {
                    self.listener = None;
                }
            }
        }
    }
}

async fn listen(url: &str) -> sqlx::Result<PgListener> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen("hitchpost").await?;
    Ok(listener)
}
