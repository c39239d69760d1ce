//! The change log: every set of changes, which also is the audit.

use hitchpost_registry_core::Name;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, Row, any::AnyRow, query, query_scalar};

use crate::{
    connection::Backend,
    difference::Difference,
    error::StoreError,
    rows::{self, Value, number},
    store::{Store, Update},
};

/// What was done to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Action {
    /// It was not there before.
    Created,
    /// It differs from before.
    Updated,
    /// It is as it was.
    Unchanged,
    /// It is gone.
    Deleted,
    /// All data keys of the registry were encrypted anew.
    Rotated,
}

/// A change to a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The record.
    pub name: Name,
    /// What was done.
    pub action: Action,
    /// The record's revision before; `None` when it was not there.
    pub from: Option<u64>,
    /// The record's revision after; `None` when it is gone.
    pub to: Option<u64>,
    /// For an update, what differs. Free of secrets.
    pub differences: Vec<Difference>,
}

/// A change as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogEntry {
    /// The registry's revision that the change made, together with others of the same set.
    pub revision: u64,
    /// When, by the clock of the program that made it.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What was done.
    pub action: Action,
    /// The record; `None` when the whole registry is meant.
    pub extension: Option<Name>,
    /// The record's revision before; `None` when it was not there.
    pub from: Option<u64>,
    /// The record's revision after; `None` when it is gone.
    pub to: Option<u64>,
    /// For an update, what differed. Free of secrets.
    pub differences: Vec<Difference>,
}

/// Which entries of the log are wanted.
#[derive(Debug, Clone, Default)]
pub struct HistoryOptions {
    /// Those of one record; all without it.
    pub extension: Option<Name>,
    /// At most so many; all without it.
    pub limit: Option<u32>,
}

impl Store {
    /// The change log, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn history(&self, options: &HistoryOptions) -> Result<Vec<LogEntry>, StoreError> {
        let select = match &options.extension {
            Some(name) => {
                query("SELECT * FROM change WHERE extension = $2 ORDER BY revision DESC LIMIT $1")
                    .bind(options.limit.map_or(i64::MAX, i64::from))
                    .bind(name.to_string())
            }
            None => query("SELECT * FROM change ORDER BY revision DESC, extension LIMIT $1")
                .bind(options.limit.map_or(i64::MAX, i64::from)),
        };
        let rows = select.fetch_all(&self.pool).await?;
        rows.iter().map(entry).collect()
    }

    /// The records that were changed after a revision, as they are now.
    ///
    /// After a rotation of keys these are all that have secrets: their data keys differ.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn changes_since(&self, revision: u64) -> Result<Update, StoreError> {
        let mut transaction = self.read().await?;
        let now = rows::registry_revision(&mut transaction).await?;
        let changed = "SELECT DISTINCT extension FROM change WHERE revision > $1";
        let changed = query_scalar(changed).bind(number(revision));
        let mut changed: Vec<String> = changed.fetch_all(&mut *transaction).await?;
        if changed.iter().any(String::is_empty) {
            changed.retain(|name| !name.is_empty());
            let sealed = query_scalar("SELECT DISTINCT extension FROM data_key");
            changed.append(&mut sealed.fetch_all(&mut *transaction).await?);
        }
        let names = changed.iter().map(|text| name(text));
        let mut names: Vec<Name> = names.collect::<Result<_, _>>()?;
        names.sort();
        names.dedup();
        let mut records = match names.is_empty() {
            true => Default::default(),
            false => rows::records(&mut transaction, Some(&names)).await?,
        };
        let changes = names.into_iter().map(|name| {
            let record = records.remove(&name);
            (name, record)
        });
        Ok(Update {
            revision: now,
            changes: changes.collect(),
        })
    }
}

/// Ends a set of changes: writes the log, raises the revision, tells followers.
pub(crate) async fn record(
    connection: &mut AnyConnection,
    backend: Backend,
    revision: u64,
    who: &str,
    changes: &[(Option<&Name>, &Change)],
) -> Result<(), StoreError> {
    todo_remove();
    Ok(())
}
