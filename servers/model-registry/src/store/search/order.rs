//! The orders of searches.

use sqlx::{Row as _, any::AnyRow};

use super::{
    Scope,
    condition::{attribute, impossible},
};
use crate::{
    filter::{Compared, Field, Value},
    kind::Kind,
    model::{Order, Search, Subject},
    store::{
        draft::check_text,
        error::StoreError,
        sql::Sql,
        token::{Key, KeyValue},
    },
};

/// A key of an order, and what it gives.
pub(super) struct OrderKey {
    pub(super) key: Key,
    pub(super) compared: Compared,
}

/// Keys that put what is missing last, in either direction.
fn missing_last(field: &Field, ascending: bool) -> [OrderKey; 2] {
    let missing = format!("CASE WHEN {} IS NULL THEN 1 ELSE 0 END", field.expression);
    [
        OrderKey {
            key: Key::new(missing, true),
            compared: Compared::Integer,
        },
        OrderKey {
            key: Key::new(field.expression.clone(), ascending),
            compared: field.compared,
        },
    ]
}

/// What puts the newest first, then the smallest id.
pub(super) fn last_keys(scope: Scope) -> Vec<OrderKey> {
    let mut keys = Vec::new();
    match scope {
        Scope::Runs => {
            let start = Field::new("r.start_time", Compared::Integer);
            keys.extend(missing_last(&start, false));
        }
        Scope::Models | Scope::Experiments => keys.push(OrderKey {
            key: Key::new("r.created", false),
            compared: Compared::Integer,
        }),
    }
    keys.push(OrderKey {
        key: Key::new("r.id", true),
        compared: Compared::Integer,
    });
    keys
}

/// The keys of an order; what they look at is joined.
pub(super) fn order_keys(
    sql: &mut Sql,
    joins: &mut String,
    scope: Scope,
    position: usize,
    order: &Order,
) -> Result<Vec<OrderKey>, StoreError> {
    check_text("key", &order.key)?;
    let Order { key, ascending, .. } = order;
    let table = format!("o{position}");
    let mut artifact = |kind: Kind| {
        let name = sql.parameter(key.as_str());
        joins.push_str(&format!(
            " LEFT JOIN resource {table} ON {table}.parent = r.id AND {table}.kind = {} \
             AND {table}.name = {name}",
            kind.number()
        ));
    };
    Ok(match (order.subject, scope) {
        (Subject::Metric, Scope::Runs) => {
            artifact(Kind::Metric);
            // Values, then NaN, then what has no such metric.
            let class = format!(
                "CASE WHEN {table}.id IS NULL THEN 2 WHEN {table}.number IS NULL THEN 1 ELSE 0 END"
            );
            vec![
                OrderKey {
                    key: Key::new(class, true),
                    compared: Compared::Integer,
                },
                OrderKey {
                    key: Key::new(format!("{table}.number"), *ascending),
                    compared: Compared::Number,
                },
            ]
        }
        (Subject::Metric, Scope::Models) => {
            let name = sql.parameter(key.as_str());
            let mut of = format!("m.model = r.id AND m.name = {name}");
            let datasets = [
                ("dataset_name", &order.dataset_name),
                ("dataset_digest", &order.dataset_digest),
            ];
            for (column, value) in datasets {
                if let Some(value) = value {
                    check_text(column, value)?;
                    let value = sql.parameter(value.as_str());
                    of.push_str(&format!(" AND m.{column} = {value}"));
                }
            }
            let latest = |what: &str| {
                format!(
                    "(SELECT {what} FROM model_point m WHERE {of} \
                     ORDER BY m.timestamp DESC, m.step DESC, m.nan DESC, m.value DESC LIMIT 1)"
                )
            };
            vec![
                OrderKey {
                    key: Key::new(format!("COALESCE({}, 2)", latest("m.nan")), true),
                    compared: Compared::Integer,
                },
                OrderKey {
                    key: Key::new(latest("m.value"), *ascending),
                    compared: Compared::Number,
                },
            ]
        }
        (Subject::Param, Scope::Runs) => {
            artifact(Kind::Parameter);
            let text = Field::new(format!("{table}.text"), Compared::Text);
            missing_last(&text, *ascending).into()
        }
        (Subject::Tag, _) => {
            let name = sql.parameter(key.as_str());
            joins.push_str(&format!(
                " LEFT JOIN property {table} ON {table}.resource = r.id AND {table}.name = {name}"
            ));
            let text = Field::new(format!("{table}.text"), Compared::Text);
            missing_last(&text, *ascending).into()
        }
        (Subject::Attribute, _) => {
            let field = attribute(sql.backend, scope, key, &Value::Text(String::new()))?;
            missing_last(&field, *ascending).into()
        }
        (subject, _) => return Err(impossible(subject)),
    })
}

/// What a row has for a key of the order.
pub(super) fn key_value(
    row: &AnyRow,
    at: usize,
    compared: Compared,
) -> Result<KeyValue, StoreError> {
    Ok(match compared {
        Compared::Text => row.try_get::<Option<String>, _>(at)?.into(),
        Compared::Integer => row.try_get::<Option<i64>, _>(at)?.into(),
        Compared::Number => row.try_get::<Option<f64>, _>(at)?.into(),
    })
}

/// What tells the order of a search from another.
pub(super) fn fingerprint(search: &Search) -> String {
    serde_json::to_string(&search.order_by).unwrap_or_default()
}
