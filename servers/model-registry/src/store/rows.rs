//! Resources as rows.

use serde_json::{Map, Value};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{
    draft::parse_id,
    error::StoreError,
    property,
    read::of_kinds,
    sql::{Backend, Sql},
};
use crate::{
    kind::{Form, Kind, Place},
    model::{Double, Properties, Resource},
};

/// The columns of a [`Row`], of a table that is called `r`.
pub(crate) const COLUMNS: &str = "r.id, r.kind, r.parent, r.experiment, r.name, r.external_id, \
                                  r.created, r.updated, r.state, r.status, r.start_time, \
                                  r.end_time, r.number, r.text, r.step, r.timestamp, r.document";

/// How many columns [`COLUMNS`] are.
pub(crate) const COUNT: usize = 17;

/// A resource as it is stored, without its custom properties.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) kind: Kind,
    pub(crate) parent: Option<i64>,
    pub(crate) experiment: Option<i64>,
    pub(crate) name: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    /// Its description and the fields of its kind, as they are in JSON.
    pub(crate) fields: Map<String, Value>,
    /// Whether its name is unique where it belongs.
    pub(crate) unique: bool,
}

/// The position of a column in [`COLUMNS`].
fn position(column: &str) -> usize {
    match column {
        "state" => 8,
        "status" => 9,
        "start_time" => 10,
        "end_time" => 11,
        "number" => 12,
        "text" => 13,
        "step" => 14,
        _ => 15,
    }
}

impl Row {
    /// The row of which [`COLUMNS`] are the first.
    pub(crate) fn decode(row: &AnyRow) -> Result<Self, StoreError> {
        let id: i64 = row.try_get(0)?;
        let number: i64 = row.try_get(1)?;
        let kind = Kind::from_number(number)
            .ok_or_else(|| StoreError::corrupt(format!("resource {id} has the kind {number}")))?;
        let document: String = row.try_get(16)?;
        let mut fields: Map<String, Value> = serde_json::from_str(&document)
            .map_err(|error| StoreError::corrupt(format!("resource {id}: {error}")))?;
        for field in kind.fields() {
            let Place::Column(column) = field.place else {
                continue;
            };
            let at = position(column);
            let value = match field.form {
                Form::Int64 => row
                    .try_get::<Option<i64>, _>(at)?
                    .map(|it| it.to_string().into()),
                Form::Integer => row.try_get::<Option<i64>, _>(at)?.map(Value::from),
                Form::Double => {
                    let number = row.try_get::<Option<f64>, _>(at)?.unwrap_or(f64::NAN);
                    serde_json::to_value(Double(number)).ok()
                }
                _ => row.try_get::<Option<String>, _>(at)?.map(Value::from),
            };
            if let Some(value) = value {
                fields.insert(field.name.to_owned(), value);
            }
        }
        let mut name: Option<String> = row.try_get(4)?;
        let unique = name.is_some();
        if name.is_none() && kind.names_may_repeat() {
            name = row.try_get(position("text"))?;
        }
        Ok(Self {
            id,
            kind,
            parent: row.try_get(2)?,
            experiment: row.try_get(3)?,
            name,
            external_id: row.try_get(5)?,
            created: row.try_get(6)?,
            updated: row.try_get(7)?,
            fields,
            unique,
        })
    }

    /// The resource in the form of the API.
    pub(crate) fn represent<R: Resource>(self, properties: Properties) -> Result<R, StoreError> {
        let id = self.id;
        let damaged =
            |error: serde_json::Error| StoreError::corrupt(format!("resource {id}: {error}"));
        let mut fields = self.fields;
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        };
        set("id", Some(id.to_string().into()));
        set("name", self.name.map(Value::from));
        set("externalId", self.external_id.map(Value::from));
        set(
            "createTimeSinceEpoch",
            Some(self.created.to_string().into()),
        );
        set(
            "lastUpdateTimeSinceEpoch",
            Some(self.updated.to_string().into()),
        );
        if let Some(field) = self.kind.parent_field() {
            set(field, self.parent.map(|id| id.to_string().into()));
        }
        if let Some(artifact_type) = self.kind.artifact_type() {
            set("artifactType", Some(artifact_type.as_str().into()));
            set(
                "experimentId",
                self.experiment.map(|id| id.to_string().into()),
            );
            let run = self.parent.filter(|_| self.experiment.is_some());
            // A logged model may belong to an experiment, and to no run.
            let run = run.filter(|_| self.parent != self.experiment);
            set("experimentRunId", run.map(|id| id.to_string().into()));
        }
        let properties = serde_json::to_value(properties).map_err(damaged)?;
        set("customProperties", Some(properties));
        serde_json::from_value(Value::Object(fields)).map_err(damaged)
    }
}

/// The row of a resource. `locked`: nobody else may write it until the transaction ends.
pub(crate) async fn read(
    connection: &mut AnyConnection,
    backend: Backend,
    id: i64,
    locked: bool,
) -> Result<Option<Row>, StoreError> {
    let mut sql = Sql::new(backend, "SELECT ");
    sql.push(COLUMNS).push(" FROM resource r WHERE r.id = ");
    sql.bind(id);
    if locked && backend == Backend::Postgres {
        sql.push(" FOR UPDATE");
    }
    let row = sql.optional(connection).await?;
    row.as_ref().map(Row::decode).transpose()
}

/// The row of a resource of one of some kinds.
pub(crate) async fn expect(
    connection: &mut AnyConnection,
    backend: Backend,
    id: i64,
    kinds: &[Kind],
    locked: bool,
) -> Result<Row, StoreError> {
    let row = read(connection, backend, id, locked).await?;
    row.filter(|row| kinds.contains(&row.kind))
        .ok_or_else(|| missing(kinds, id))
}

/// The id of a resource that is named by its id or by its external id, of which the latter goes
/// first.
pub(crate) async fn find_id(
    connection: &mut AnyConnection,
    backend: Backend,
    named: &str,
    kinds: &[Kind],
) -> Result<i64, StoreError> {
    let mut sql = Sql::new(backend, "SELECT r.id FROM resource r WHERE ");
    of_kinds(&mut sql, kinds);
    sql.push(" AND r.external_id = ").bind(named);
    if let Some(row) = sql.optional(connection).await? {
        return Ok(row.try_get(0)?);
    }
    let unknown = || {
        let shown: String = named.chars().take(64).collect();
        StoreError::not_found(format!("no {} found for id {shown}", words(kinds)))
    };
    let id = parse_id("id", named).map_err(|_| unknown())?;
    let row = read(connection, backend, id, false).await?;
    let row = row.filter(|row| kinds.contains(&row.kind));
    Ok(row.ok_or_else(unknown)?.id)
}

/// What is said when there is no resource of an id.
pub(crate) fn missing(kinds: &[Kind], id: i64) -> StoreError {
    StoreError::not_found(format!("no {} found for id {id}", words(kinds)))
}

/// What people call a resource of one of some kinds.
pub(crate) fn words(kinds: &[Kind]) -> &'static str {
    match kinds {
        [kind] => kind.words(),
        _ => "artifact",
    }
}

/// Resources in the form of the API, with their properties.
pub(crate) async fn represent<R: Resource>(
    connection: &mut AnyConnection,
    backend: Backend,
    rows: Vec<Row>,
) -> Result<Vec<R>, StoreError> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut properties = property::read(connection, backend, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let of = properties.remove(&row.id).unwrap_or_default();
            row.represent(of)
        })
        .collect()
}

/// One resource in the form of the API.
pub(crate) async fn represent_one<R: Resource>(
    connection: &mut AnyConnection,
    backend: Backend,
    row: Row,
) -> Result<R, StoreError> {
    let mut properties = property::read(connection, backend, &[row.id]).await?;
    let properties = properties.remove(&row.id).unwrap_or_default();
    row.represent(properties)
}
