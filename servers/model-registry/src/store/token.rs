//! Page tokens: the place in an order after which the next page starts.
//!
//! A token holds the values of the order's keys for the last resource of a page, so that what is
//! added or changed meanwhile neither repeats nor hides the rest.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{
    error::StoreError,
    sql::{Bind, Sql},
};
use crate::filter::Compared;

/// The value of a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum KeyValue {
    Integer(i64),
    Number(f64),
    /// Infinite numbers, which JSON does not have.
    Infinite {
        positive: bool,
    },
    Text(String),
    Null,
}

impl KeyValue {
    /// The value of a key that gives this, or nothing when it cannot be one.
    fn typed(self, compared: Compared) -> Option<Self> {
        match (compared, self) {
            (_, Self::Null) => Some(Self::Null),
            (Compared::Integer, value @ Self::Integer(_))
            | (Compared::Number, value @ (Self::Number(_) | Self::Infinite { .. })) => Some(value),
            // JSON writes whole doubles with a point, and reads them so; others may not.
            (Compared::Number, Self::Integer(integer)) => Some(Self::Number(integer as f64)),
            (Compared::Text, Self::Text(text)) if !text.contains('\0') => Some(Self::Text(text)),
            _ => None,
        }
    }
}

/// A key of an order.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) expression: String,
    pub(crate) ascending: bool,
}

impl Key {
    pub(crate) fn new(expression: impl Into<String>, ascending: bool) -> Self {
        Self {
            expression: expression.into(),
            ascending,
        }
    }
}

/// The longest token that is read.
const MAX_LENGTH: usize = 64 << 10;

/// The token of a place in an order, which is named so that it is not taken for another.
pub(crate) fn encode(order: &str, place: &[KeyValue]) -> String {
    let json = serde_json::to_vec(&(order, place)).unwrap_or_default();
    BASE64_URL_SAFE_NO_PAD.encode(json)
}

/// The place that a token stands for in an order of keys that give this.
pub(crate) fn decode(
    order: &str,
    keys: &[Compared],
    token: &str,
) -> Result<Option<Vec<KeyValue>>, StoreError> {
    if token.is_empty() {
        return Ok(None);
    }
    let read = || -> Option<Vec<KeyValue>> {
        if token.len() > MAX_LENGTH {
            return None;
        }
        let json = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (of, place): (String, Vec<KeyValue>) = serde_json::from_slice(&json).ok()?;
        let fits = of == order && place.len() == keys.len();
        let place = fits.then_some(place)?;
        let typed = keys.iter().zip(place).map(|(key, value)| value.typed(*key));
        typed.collect()
    };
    read().map(Some).ok_or_else(|| {
        StoreError::invalid("invalid nextPageToken: it was not given by a list in this order")
    })
}

/// Appends the condition that a row comes after a place. A key that is NULL has nothing after it
/// but what later keys tell apart.
pub(crate) fn after(sql: &mut Sql, keys: &[Key], place: &[KeyValue]) {
    sql.push("(");
    // Not needed, but a range for an index, which the alternatives are not.
    if let (Some(key), Some(bind)) = (keys.first(), place.first().and_then(bind)) {
        sql.push(&key.expression);
        sql.push(if key.ascending { " >= " } else { " <= " });
        sql.bind(bind).push(" AND (");
    } else {
        sql.push("(");
    }
    let mut first = true;
    for (position, (key, value)) in keys.iter().zip(place).enumerate() {
        let Some(bind) = bind(value) else { continue };
        if !first {
            sql.push(" OR ");
        }
        first = false;
        sql.push("(");
        for (key, value) in keys.iter().zip(place).take(position) {
            sql.push(&key.expression);
            match self::bind(value) {
                Some(bind) => sql.push(" = ").bind(bind),
                None => sql.push(" IS NULL"),
            };
            sql.push(" AND ");
        }
        sql.push(&key.expression);
        sql.push(if key.ascending { " > " } else { " < " });
        sql.bind(bind).push(")");
    }
    if first {
        sql.push("1 = 0");
    }
    sql.push("))");
}

/// Appends `ORDER BY`.
pub(crate) fn order_by(sql: &mut Sql, keys: &[Key]) {
    for (position, key) in keys.iter().enumerate() {
        sql.push(if position == 0 { " ORDER BY " } else { ", " });
        sql.push(&key.expression);
        sql.push(if key.ascending { "" } else { " DESC" });
    }
}

fn bind(value: &KeyValue) -> Option<Bind> {
    Some(match value {
        KeyValue::Integer(integer) => (*integer).into(),
        KeyValue::Number(number) => (*number).into(),
        KeyValue::Infinite { positive: true } => f64::INFINITY.into(),
        KeyValue::Infinite { positive: false } => f64::NEG_INFINITY.into(),
        KeyValue::Text(text) => text.as_str().into(),
        KeyValue::Null => return None,
    })
}

impl From<Option<f64>> for KeyValue {
    fn from(number: Option<f64>) -> Self {
        match number {
            Some(number) if number.is_finite() => Self::Number(number),
            Some(number) if !number.is_nan() => Self::Infinite {
                positive: number > 0.0,
            },
            _ => Self::Null,
        }
    }
}

impl From<Option<i64>> for KeyValue {
    fn from(integer: Option<i64>) -> Self {
        integer.map_or(Self::Null, Self::Integer)
    }
}

impl From<Option<String>> for KeyValue {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}
