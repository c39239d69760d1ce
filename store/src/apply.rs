//! Writing and deleting records.

use std::collections::{BTreeMap, BTreeSet};

use hitchpost::{Keyring, OpenError};
use hitchpost_registry_core::{Extension, Name};
use serde::Serialize;
use sqlx::AnyConnection;

use crate::{
    change::{self, Action, Change},
    difference::differences,
    error::StoreError,
    rows,
    store::{Record, Store},
};

/// How records are applied.
#[derive(Debug, Clone, Default)]
pub struct ApplyOptions {
    /// Who makes the change, for the log.
    pub who: String,
    /// The revisions at which records are expected to be, 0 for one that should not exist. A
    /// record that is not named may be at any.
    pub expect: BTreeMap<Name, u64>,
    /// Deletes the records that are not among the given, except immutable ones.
    pub prune: bool,
    /// Changes nothing, and says what would be changed.
    pub dry_run: bool,
    /// Changes immutable records too; with `prune`, deletes them.
    pub force: bool,
}

/// How records are deleted.
#[derive(Debug, Clone, Default)]
pub struct DeleteOptions {
    /// Who makes the change, for the log.
    pub who: String,
    /// The revision at which each record is expected to be; any without it.
    pub expect: Option<u64>,
    /// Deletes immutable records too.
    pub force: bool,
}

/// What became of a set of changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// The registry's revision after it; for a dry run, what it would be.
    pub revision: u64,
    /// What was done: the given records in their order, then the deleted ones by name.
    pub changes: Vec<Change>,
}

impl Store {
    /// Writes records, all or none, as one set of changes with one revision.
    ///
    /// A record that is stored already, secrets included, is unchanged; when all are, the revision
    /// stays. A secret that a record does not show
    /// ([`SecretValue::Redacted`](hitchpost_registry_core::SecretValue::Redacted)) stays what it
    /// is.
    ///
    /// # Errors
    /// - [`StoreError::Conflict`]: a record is not at its expected revision;
    /// - [`StoreError::Immutable`]: an immutable record would change;
    /// - [`StoreError::Duplicate`]: two records have the same name;
    /// - [`StoreError::Seal`], [`StoreError::Key`]: the secrets cannot be sealed, or the
    ///   registry's other secrets have keys that are not at hand. What is stored with one key is
    ///   not mixed with what only another key opens;
    /// - the others for reasons of the database.
    pub async fn apply(
        &self,
        records: &[Extension],
        options: &ApplyOptions,
    ) -> Result<Applied, StoreError> {
        let mut names = BTreeSet::new();
        if let Some(twice) = records.iter().find(|record| !names.insert(&record.name)) {
            let name = twice.name.clone();
            return Err(StoreError::Duplicate { name });
        }
        if records.iter().any(has_secrets) {
            // While nobody waits for the lock.
            self.keyring.load().map_err(OpenError::from)?;
        }
        let mut transaction = match options.dry_run {
            true => self.read().await?,
            false => self.write().await?,
        };
        let before = rows::registry_revision(&mut transaction).await?;
        let wanted: BTreeSet<Name> = names
            .iter()
            .copied()
            .chain(options.expect.keys())
            .cloned()
            .collect();
        let wanted: Vec<Name> = wanted.into_iter().collect();
        let stored = match options.prune {
            true => rows::records(&mut transaction, None).await?,
            false if wanted.is_empty() => BTreeMap::new(),
            false => rows::records(&mut transaction, Some(&wanted)).await?,
        };
        for (name, expected) in &options.expect {
            check_revision(name, Some(*expected), stored.get(name))?;
        }

        let mut sealed = records.to_vec();
        self.seal(&mut transaction, &mut sealed, &stored, options.dry_run)
            .await?;
        let next = before + 1;
        let mut changes = Vec::new();
        let mut written = Vec::new();
        for record in &sealed {
            let change = change(record, stored.get(&record.name), next, options.force)?;
            if change.action != Action::Unchanged {
                written.push(record);
            }
            changes.push(change);
        }
        let mut deleted = Vec::new();
        if options.prune {
            let gone = stored.values().filter(|record| {
                let Extension {
                    name, immutable, ..
                } = &record.extension;
                !names.contains(name) && (!immutable || options.force)
            });
            for record in gone {
                deleted.push(&record.extension.name);
                changes.push(deletion(record));
            }
        }
        if written.is_empty() && deleted.is_empty() {
            return Ok(Applied {
                revision: before,
                changes,
            });
        }
        if !options.dry_run {
            rows::delete(&mut transaction, "extension", "name", &deleted).await?;
            rows::write(&mut transaction, next, &written).await?;
            let effective = changes
                .iter()
                .filter(|change| change.action != Action::Unchanged);
            let lines = effective.map(Into::into).collect();
            change::record(&mut transaction, self.backend, next, &options.who, lines).await?;
            transaction.commit().await?;
        }
        Ok(Applied {
            revision: next,
            changes,
        })
    }

    /// Deletes records, all or none, as one set of changes with one revision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Conflict`], [`StoreError::Immutable`], and the
    /// others for reasons of the database.
    pub async fn delete(
        &self,
        names: &[Name],
        options: &DeleteOptions,
    ) -> Result<Applied, StoreError> {
        let names: BTreeSet<&Name> = names.iter().collect();
        let wanted: Vec<Name> = names.iter().copied().cloned().collect();
        let mut transaction = self.write().await?;
        let before = rows::registry_revision(&mut transaction).await?;
        let stored = rows::records(&mut transaction, Some(&wanted)).await?;
        let mut changes = Vec::with_capacity(names.len());
        for &name in &names {
            let record = stored.get(name);
            check_revision(name, options.expect, record)?;
            let record = record.ok_or_else(|| StoreError::NotFound { name: name.clone() })?;
            if record.extension.immutable && !options.force {
                return Err(StoreError::Immutable { name: name.clone() });
            }
            changes.push(deletion(record));
        }
        if changes.is_empty() {
            return Ok(Applied {
                revision: before,
                changes,
            });
        }
        let names: Vec<&Name> = names.into_iter().collect();
        rows::delete(&mut transaction, "extension", "name", &names).await?;
        let lines = changes.iter().map(Into::into).collect();
        let (revision, who) = (before + 1, &options.who);
        change::record(&mut transaction, self.backend, revision, who, lines).await?;
        transaction.commit().await?;
        Ok(Applied { revision, changes })
    }

    async fn seal(
        &self,
        connection: &mut AnyConnection,
        records: &mut [Extension],
        stored: &BTreeMap<Name, Record>,
        dry_run: bool,
    ) -> Result<(), StoreError> {
        if !records.iter().any(has_secrets) {
            return Ok(());
        }
        let in_use = rows::keys_in_use(connection).await?;
        for key in &in_use {
            self.keyring.require(*key)?;
        }
        // A dry run makes no key file.
        let scratch;
        let keyring = if dry_run && in_use.is_empty() {
            scratch = Keyring::ephemeral().map_err(OpenError::from)?;
            &scratch
        } else {
            &*self.keyring
        };
        for record in records {
            let previous = stored.get(&record.name).map(|stored| &stored.extension);
            keyring
                .seal(record, previous)
                .map_err(|source| StoreError::Seal {
                    name: record.name.clone(),
                    source,
                })?;
        }
        Ok(())
    }
}

fn has_secrets(record: &Extension) -> bool {
    let mut profiles = record.instances.iter().flat_map(|it| &it.profiles);
    profiles.any(|profile| !profile.configuration.is_empty())
}

fn check_revision(
    name: &Name,
    expected: Option<u64>,
    stored: Option<&Record>,
) -> Result<(), StoreError> {
    let found = stored.map(|record| record.revision);
    match expected {
        Some(expected) if expected != found.unwrap_or(0) => Err(StoreError::Conflict {
            name: name.clone(),
            expected,
            found,
        }),
        _ => Ok(()),
    }
}

/// What becomes of a record; the new one is sealed.
fn change(
    new: &Extension,
    stored: Option<&Record>,
    next: u64,
    force: bool,
) -> Result<Change, StoreError> {
    let name = new.name.clone();
    let Some(stored) = stored else {
        return Ok(Change {
            name,
            action: Action::Created,
            from: None,
            to: Some(next),
            differences: Vec::new(),
        });
    };
    let unchanged = *new == stored.extension;
    if !unchanged && stored.extension.immutable && !force {
        return Err(StoreError::Immutable { name });
    }
    Ok(Change {
        name,
        action: if unchanged {
            Action::Unchanged
        } else {
            Action::Updated
        },
        from: Some(stored.revision),
        to: Some(if unchanged { stored.revision } else { next }),
        differences: differences(&stored.extension, new)?,
    })
}

fn deletion(record: &Record) -> Change {
    Change {
        name: record.extension.name.clone(),
        action: Action::Deleted,
        from: Some(record.revision),
        to: None,
        differences: Vec::new(),
    }
}
