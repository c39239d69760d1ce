//! Custom properties as rows.

use std::collections::HashMap;

use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{
    error::StoreError,
    sql::{Backend, Bind, Sql, insert_rows},
};
use crate::model::{Double, Int64, MetadataValue, Properties};

/// What is in the column `type`.
pub(crate) const INTEGER: i64 = 1;
pub(crate) const DOUBLE: i64 = 2;
pub(crate) const STRING: i64 = 3;
pub(crate) const STRUCT: i64 = 4;
pub(crate) const PROTO: i64 = 5;
pub(crate) const BOOL: i64 = 6;

/// How many resources one statement asks about.
const RESOURCES: usize = 500;

const COLUMNS: &str = "property (resource, name, type, text, integer, number, url)";

/// A NaN is stored as NULL.
pub(crate) fn number(value: f64) -> Bind {
    Bind::Number(Some(value).filter(|value| !value.is_nan()))
}

fn row(resource: i64, name: String, value: MetadataValue) -> [Bind; 7] {
    use MetadataValue as M;
    let mut text = None;
    let mut integer = None;
    let mut double = Bind::Number(None);
    let mut url = None;
    let kind = match value {
        M::MetadataIntValue { int_value } => {
            integer = Some(int_value.0);
            INTEGER
        }
        M::MetadataDoubleValue { double_value } => {
            double = number(double_value.0);
            DOUBLE
        }
        M::MetadataStringValue { string_value } => {
            text = Some(string_value);
            STRING
        }
        M::MetadataStructValue { struct_value } => {
            text = Some(struct_value);
            STRUCT
        }
        M::MetadataProtoValue { kind, proto_value } => {
            text = Some(proto_value);
            url = Some(kind);
            PROTO
        }
        M::MetadataBoolValue { bool_value } => {
            integer = Some(bool_value.into());
            BOOL
        }
    };
    [
        resource.into(),
        name.into(),
        kind.into(),
        Bind::Text(text),
        Bind::Integer(integer),
        double,
        Bind::Text(url),
    ]
}

/// The value in the columns type, text, integer, number and url, from a position on.
fn value(row: &AnyRow, at: usize) -> Result<MetadataValue, StoreError> {
    use MetadataValue as M;
    let text = |at| -> Result<String, StoreError> {
        Ok(row.try_get::<Option<String>, _>(at)?.unwrap_or_default())
    };
    let integer = || -> Result<i64, StoreError> {
        Ok(row.try_get::<Option<i64>, _>(at + 2)?.unwrap_or_default())
    };
    Ok(match row.try_get(at)? {
        INTEGER => M::MetadataIntValue {
            int_value: Int64(integer()?),
        },
        DOUBLE => M::MetadataDoubleValue {
            double_value: Double(row.try_get::<Option<f64>, _>(at + 3)?.unwrap_or(f64::NAN)),
        },
        STRING => M::MetadataStringValue {
            string_value: text(at + 1)?,
        },
        STRUCT => M::MetadataStructValue {
            struct_value: text(at + 1)?,
        },
        PROTO => M::MetadataProtoValue {
            kind: text(at + 4)?,
            proto_value: text(at + 1)?,
        },
        BOOL => M::MetadataBoolValue {
            bool_value: integer()? != 0,
        },
        other => {
            return Err(StoreError::corrupt(format!(
                "a property has the type {other}"
            )));
        }
    })
}

/// Writes properties, in place of those of the same names.
pub(crate) async fn write(
    connection: &mut AnyConnection,
    backend: Backend,
    resource: i64,
    properties: Properties,
) -> Result<(), StoreError> {
    let rows = properties
        .into_iter()
        .map(|(name, value)| row(resource, name, value));
    let replace = " ON CONFLICT (resource, name) DO UPDATE SET type = excluded.type, \
                   text = excluded.text, integer = excluded.integer, number = excluded.number, \
                   url = excluded.url";
    insert_rows(connection, backend, COLUMNS, rows, replace).await
}

/// Deletes all properties of a resource.
pub(crate) async fn clear(
    connection: &mut AnyConnection,
    backend: Backend,
    resource: i64,
) -> Result<(), StoreError> {
    let mut sql = Sql::new(backend, "DELETE FROM property WHERE resource = ");
    sql.bind(resource).execute(connection).await?;
    Ok(())
}

/// Deletes one property; whether there was one.
pub(crate) async fn remove(
    connection: &mut AnyConnection,
    backend: Backend,
    resource: i64,
    name: &str,
) -> Result<bool, StoreError> {
    let mut sql = Sql::new(backend, "DELETE FROM property WHERE resource = ");
    sql.bind(resource).push(" AND name = ").bind(name);
    Ok(sql.execute(connection).await? > 0)
}

/// The properties of each of some resources.
pub(crate) async fn read(
    connection: &mut AnyConnection,
    backend: Backend,
    resources: &[i64],
) -> Result<HashMap<i64, Properties>, StoreError> {
    let mut properties: HashMap<i64, Properties> = HashMap::new();
    for resources in resources.chunks(RESOURCES) {
        let mut sql = Sql::new(
            backend,
            "SELECT resource, name, type, text, integer, number, url FROM property \
             WHERE resource IN ",
        );
        sql.bind_all(resources.iter().copied());
        for row in sql.all(connection).await? {
            let of = properties.entry(row.try_get(0)?).or_default();
            of.insert(row.try_get(1)?, value(&row, 2)?);
        }
    }
    Ok(properties)
}
