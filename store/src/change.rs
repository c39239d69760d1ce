//! The change log: every set of changes, which also is the audit.

use hitchpost_registry_core::Name;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, Executor, Row, any::AnyRow, query, query_scalar};

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
        let names = changed.iter().map(|text| rows::name(text));
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

/// A change before it is in the log.
pub(crate) struct Line<'a> {
    /// The record; empty for the whole registry.
    pub(crate) extension: &'a str,
    pub(crate) action: Action,
    pub(crate) from: Option<u64>,
    pub(crate) to: Option<u64>,
    pub(crate) differences: &'a [Difference],
}

impl<'a> From<&'a Change> for Line<'a> {
    fn from(change: &'a Change) -> Self {
        Self {
            extension: change.name.as_str(),
            action: change.action,
            from: change.from,
            to: change.to,
            differences: &change.differences,
        }
    }
}

/// Ends a set of changes: writes the log, raises the revision, hints to followers.
pub(crate) async fn record(
    connection: &mut AnyConnection,
    backend: Backend,
    revision: u64,
    who: &str,
    lines: Vec<Line<'_>>,
) -> Result<(), StoreError> {
    let now = Timestamp::now().to_string();
    let mut rows = Vec::new();
    for line in lines {
        let differences = serde_json::to_string(line.differences)
            .map_err(|error| StoreError::corrupt(error.to_string()))?;
        rows.push(vec![
            Value::Number(Some(number(revision))),
            line.extension.into(),
            now.as_str().into(),
            who.into(),
            line.action.as_str().into(),
            Value::Number(line.from.map(number)),
            Value::Number(line.to.map(number)),
            Value::Text(differences),
        ]);
    }
    let into =
        "change (revision, extension, at, who, action, from_revision, to_revision, differences)";
    rows::insert(connection, into, rows, "").await?;
    query("UPDATE registry SET revision = $1")
        .bind(number(revision))
        .execute(&mut *connection)
        .await?;
    if backend == Backend::Postgres {
        connection.execute("NOTIFY hitchpost").await?;
    }
    Ok(())
}

impl Action {
    const ALL: [Self; 5] = [
        Self::Created,
        Self::Updated,
        Self::Unchanged,
        Self::Deleted,
        Self::Rotated,
    ];

    /// The word for it, as it is stored and serialised.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Deleted => "deleted",
            Self::Rotated => "rotated",
        }
    }
}

fn entry(row: &AnyRow) -> Result<LogEntry, StoreError> {
    let extension: String = row.try_get("extension")?;
    let action: String = row.try_get("action")?;
    let action = Action::ALL
        .into_iter()
        .find(|known| known.as_str() == action)
        .ok_or_else(|| StoreError::corrupt(format!("the change log has an action `{action}`")))?;
    let at: String = row.try_get("at")?;
    let differences: String = row.try_get("differences")?;
    let damaged = |_| StoreError::corrupt("the change log has an entry that cannot be read");
    let revision = |column| -> Result<Option<u64>, StoreError> {
        let revision: Option<i64> = row.try_get(column)?;
        revision.map(rows::unsigned).transpose()
    };
    Ok(LogEntry {
        revision: rows::revision(row, "revision")?,
        at: at
            .parse()
            .map_err(|_| StoreError::corrupt(format!("`{at}` is no time")))?,
        who: row.try_get("who")?,
        action,
        extension: match extension.as_str() {
            "" => None,
            text => Some(rows::name(text)?),
        },
        from: revision("from_revision")?,
        to: revision("to_revision")?,
        differences: serde_json::from_str(&differences).map_err(damaged)?,
    })
}
