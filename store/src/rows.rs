//! Records as rows, in any number at once.

use std::collections::{BTreeMap, HashMap};

use hitchpost::KeyId;
use hitchpost_registry_core::{Extension, Name, Sealed, SecretValue, WrappedKey};
use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow, query, query_scalar};

use crate::{error::StoreError, store::Record};

/// How many rows one statement reads or writes. SQLite looks each `$1` up among all of the
/// statement, which takes longer than more statements do when there are thousands.
const ROWS: usize = 100;

/// A value of a column.
pub(crate) enum Value {
    Text(String),
    Number(Option<i64>),
    Bytes(Vec<u8>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A revision or a part's number as the database has it.
pub(crate) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A column that holds a revision.
pub(crate) fn revision(row: &AnyRow, column: &str) -> Result<u64, StoreError> {
    unsigned(row.try_get(column)?)
}

pub(crate) fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::corrupt("a revision is negative"))
}

/// A name that is stored.
pub(crate) fn name(text: &str) -> Result<Name, StoreError> {
    text.parse()
        .map_err(|error| StoreError::corrupt(format!("`{text}` is stored as a name: {error}")))
}

/// The registry's revision.
pub(crate) async fn registry_revision(connection: &mut AnyConnection) -> Result<u64, StoreError> {
    let revision = query_scalar("SELECT revision FROM registry");
    unsigned(revision.fetch_one(connection).await?)
}

/// The keys with which data keys are encrypted.
pub(crate) async fn keys_in_use(connection: &mut AnyConnection) -> Result<Vec<KeyId>, StoreError> {
    // The form and the key's id are the first 9 bytes.
    let heads = query_scalar("SELECT DISTINCT substr(wrapped, 1, 9) FROM data_key");
    let heads: Vec<Vec<u8>> = heads.fetch_all(connection).await?;
    heads
        .iter()
        .map(|head| {
            KeyId::of(&WrappedKey::from_bytes(head))
                .ok_or_else(|| StoreError::corrupt("a data key has an unknown form"))
        })
        .collect()
}

/// The named records that are stored; all records without names.
pub(crate) async fn records(
    connection: &mut AnyConnection,
    names: Option<&[Name]>,
) -> Result<BTreeMap<Name, Record>, StoreError> {
    let mut reader = Reader {
        connection,
        records: BTreeMap::new(),
    };
    match names {
        None => reader.read(&[]).await?,
        Some(names) => {
            for names in names.chunks(ROWS) {
                reader.read(names).await?;
            }
        }
    }
    Ok(reader.records)
}

struct Reader<'a> {
    connection: &'a mut AnyConnection,
    records: BTreeMap<Name, Record>,
}

/// Extension, instance, profile and key, of which the last two are empty for a data key.
type Place = [String; 4];

impl Reader<'_> {
    async fn read(&mut self, names: &[Name]) -> Result<(), StoreError> {
        let keys =
            "SELECT extension, instance, '' AS profile, '' AS key, wrapped AS bytes FROM data_key";
        let mut data_keys = self.sealed(keys, names).await?;
        let secrets = "SELECT extension, instance, profile, key, sealed AS bytes FROM secret";
        let mut secrets = self.sealed(secrets, names).await?;
        let rows = self
            .select(
                "SELECT name, revision, document FROM extension",
                "name",
                names,
            )
            .await?;
        for row in rows {
            let name: String = row.try_get("name")?;
            let damaged = |what: String| StoreError::corrupt(format!("record `{name}`: {what}"));
            let document: String = row.try_get("document")?;
            let mut extension: Extension =
                serde_json::from_str(&document).map_err(|error| damaged(error.to_string()))?;
            for instance in &mut extension.instances {
                let mut place = [
                    name.clone(),
                    instance.name.to_string(),
                    String::new(),
                    String::new(),
                ];
                instance.data_key = data_keys
                    .remove(&place)
                    .map(|bytes| WrappedKey::from_bytes(&bytes));
                for profile in &mut instance.profiles {
                    for entry in &mut profile.configuration {
                        place[2] = profile.name.to_string();
                        place[3].clone_from(&entry.name);
                        let bytes = secrets.remove(&place).ok_or_else(|| {
                            damaged(format!("the secret `{}` is missing", place.join("/")))
                        })?;
                        entry.value = SecretValue::Sealed(Sealed::from_bytes(&bytes));
                    }
                }
            }
            let revision = revision(&row, "revision")?;
            let record = Record {
                revision,
                extension,
            };
            self.records.insert(record.extension.name.clone(), record);
        }
        Ok(())
    }

    async fn sealed(
        &mut self,
        sql: &str,
        names: &[Name],
    ) -> Result<HashMap<Place, Vec<u8>>, StoreError> {
        let rows = self.select(sql, "extension", names).await?;
        rows.iter()
            .map(|row| {
                let place = [
                    row.try_get("extension")?,
                    row.try_get("instance")?,
                    row.try_get("profile")?,
                    row.try_get("key")?,
                ];
                Ok((place, row.try_get("bytes")?))
            })
            .collect()
    }

    async fn select(
        &mut self,
        sql: &str,
        column: &str,
        names: &[Name],
    ) -> Result<Vec<AnyRow>, StoreError> {
        let sql = match names.len() {
            0 => sql.to_owned(),
            count => format!("{sql} WHERE {column} IN {}", placeholders(0, count)),
        };
        let mut select = query(AssertSqlSafe(sql)).persistent(false);
        for name in names {
            select = select.bind(name.to_string());
        }
        Ok(select.fetch_all(&mut *self.connection).await?)
    }
}

/// Writes records as they are from now on, in place of what is stored of them.
pub(crate) async fn write(
    connection: &mut AnyConnection,
    revision: u64,
    records: &[&Extension],
) -> Result<(), StoreError> {
    let mut documents = Vec::new();
    let mut data_keys = Vec::new();
    let mut secrets = Vec::new();
    for extension in records {
        let name = extension.name.as_str();
        let document = serde_json::to_string(extension)
            .map_err(|error| StoreError::corrupt(error.to_string()))?;
        documents.push(vec![
            name.into(),
            Value::Number(Some(number(revision))),
            Value::Text(document),
        ]);
        for instance in &extension.instances {
            if let Some(wrapped) = &instance.data_key {
                data_keys.push(vec![
                    name.into(),
                    instance.name.as_str().into(),
                    Value::Bytes(wrapped.as_bytes().to_vec()),
                ]);
            }
            for profile in &instance.profiles {
                for entry in &profile.configuration {
                    if let SecretValue::Sealed(sealed) = &entry.value {
                        secrets.push(vec![
                            name.into(),
                            instance.name.as_str().into(),
                            profile.name.as_str().into(),
                            entry.name.as_str().into(),
                            Value::Bytes(sealed.as_bytes().to_vec()),
                        ]);
                    }
                }
            }
        }
    }
    let names: Vec<&Name> = records.iter().map(|extension| &extension.name).collect();
    delete(connection, "data_key", "extension", &names).await?;
    let into = "extension (name, revision, document)";
    let replace = "ON CONFLICT (name) DO UPDATE \
                   SET revision = excluded.revision, document = excluded.document";
    insert(connection, into, documents, replace).await?;
    let into = "data_key (extension, instance, wrapped)";
    insert(connection, into, data_keys, "").await?;
    let into = "secret (extension, instance, profile, key, sealed)";
    insert(connection, into, secrets, "").await
}

/// Deletes the rows of which the column has one of the names.
pub(crate) async fn delete(
    connection: &mut AnyConnection,
    table: &str,
    column: &str,
    names: &[&Name],
) -> Result<(), StoreError> {
    for names in names.chunks(ROWS) {
        let these = placeholders(0, names.len());
        let sql = format!("DELETE FROM {table} WHERE {column} IN {these}");
        let mut delete = query(AssertSqlSafe(sql)).persistent(false);
        for name in names {
            delete = delete.bind(name.to_string());
        }
        delete.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Inserts rows, all of the same columns. `tail` says what to do about those that exist.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    into: &str,
    rows: Vec<Vec<Value>>,
    tail: &str,
) -> Result<(), StoreError> {
    let columns = rows.first().map_or(0, Vec::len);
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let rows: Vec<Vec<Value>> = rows.by_ref().take(ROWS).collect();
        let tuples: Vec<String> = (0..rows.len())
            .map(|row| placeholders(row * columns, columns))
            .collect();
        let sql = format!("INSERT INTO {into} VALUES {} {tail}", tuples.join(","));
        let mut insert = query(AssertSqlSafe(sql)).persistent(false);
        for value in rows.into_iter().flatten() {
            insert = match value {
                Value::Text(text) => insert.bind(text),
                Value::Number(number) => insert.bind(number),
                Value::Bytes(bytes) => insert.bind(bytes),
            };
        }
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

/// `($3,$4)` for two parameters after the first two.
fn placeholders(before: usize, count: usize) -> String {
    let numbers: Vec<String> = (before + 1..=before + count)
        .map(|number| format!("${number}"))
        .collect();
    format!("({})", numbers.join(","))
}
