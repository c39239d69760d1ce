//! Filters as conditions in SQL. Everything that a filter says is a parameter; only expressions of
//! our own become text.

use super::{
    FilterError,
    tree::{Filter, Operator, Property, PropertyKind, Value},
};
use crate::store::{
    property,
    sql::{Backend, Bind, Sql},
};

/// The greatest length of a pattern, in bytes: SQLite takes 50,000 of a translated one.
const MAX_PATTERN: usize = 10_000;

/// What an expression of a field gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compared {
    Text,
    Integer,
    /// The expression is NULL where the number is NaN.
    Number,
}

/// A field as an expression.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) expression: String,
    pub(crate) compared: Compared,
    /// For a number: the condition that it is NaN.
    pub(crate) nan: &'static str,
}

impl Field {
    pub(crate) fn new(expression: impl Into<String>, compared: Compared) -> Self {
        Self {
            expression: expression.into(),
            compared,
            nan: "1 = 0",
        }
    }

    pub(crate) fn number(expression: impl Into<String>, nan: &'static str) -> Self {
        Self {
            nan,
            ..Self::new(expression, Compared::Number)
        }
    }
}

/// The resources that a filter is about.
pub(crate) struct Target<'a> {
    /// The expression of their id.
    pub(crate) id: &'a str,
    /// The field of a name; where kinds of resources differ, the one that such a value can be
    /// compared with. `None`: the name is one of a custom property.
    pub(crate) field: &'a dyn Fn(&str, &Value) -> Option<Field>,
}

/// Appends a condition that is true where a filter holds, and false or NULL where it does not.
pub(crate) fn holds(
    sql: &mut Sql,
    target: &Target<'_>,
    filter: &Filter,
) -> Result<(), FilterError> {
    let (parts, word) = match filter {
        Filter::And(parts) => (parts, " AND "),
        Filter::Or(parts) => (parts, " OR "),
        Filter::Comparison {
            property,
            operator,
            value,
        } => {
            return match (target.field)(&property.name, value) {
                Some(field) => compare(sql, &property.name, &field, *operator, value),
                // A resource that does not have it never matches.
                None => {
                    sql.push("EXISTS (SELECT 1 FROM property p WHERE p.resource = ");
                    sql.push(target.id).push(" AND p.name = ");
                    sql.bind(property.name.as_str()).push(" AND ");
                    compare_property(sql, property, *operator, value)?;
                    sql.push(")");
                    Ok(())
                }
            };
        }
    };
    sql.push("(");
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            sql.push(word);
        }
        holds(sql, target, part)?;
    }
    sql.push(")");
    Ok(())
}

fn mismatch(property: &str, reason: impl Into<String>) -> FilterError {
    FilterError::Mismatch {
        property: property.chars().take(64).collect(),
        reason: reason.into(),
    }
}

/// Appends the comparison of a field.
pub(crate) fn compare(
    sql: &mut Sql,
    name: &str,
    field: &Field,
    operator: Operator,
    value: &Value,
) -> Result<(), FilterError> {
    let Field {
        expression,
        compared,
        nan,
    } = field;
    let bind = |value: &Value| bind(name, *compared, value);
    match (operator, value) {
        (Operator::Like | Operator::ILike, Value::Text(pattern)) if *compared == Compared::Text => {
            like(sql, name, expression, operator, pattern)?;
        }
        (Operator::Like | Operator::ILike, _) => {
            return Err(mismatch(name, "cannot be compared with a pattern"));
        }
        (Operator::In, Value::List(values)) if values.is_empty() => {
            sql.push("1 = 0");
        }
        (Operator::In, Value::List(values)) => {
            let binds: Result<Vec<Bind>, _> = values.iter().map(bind).collect();
            sql.push(expression).push(" IN ");
            sql.bind_all(binds?);
        }
        (_, Value::List(_)) | (Operator::In, _) => {
            return Err(mismatch(name, "is compared with a list by `IN` alone"));
        }
        (_, value) => match (operator, bind(value)?) {
            (Operator::Equal, Bind::Number(Some(value))) if value.is_nan() => {
                sql.push(nan);
            }
            (Operator::NotEqual, Bind::Number(Some(value))) if value.is_nan() => {
                sql.push(expression).push(" IS NOT NULL");
            }
            (_, Bind::Number(Some(value))) if value.is_nan() => {
                sql.push("1 = 0");
            }
            (Operator::NotEqual, bind) if *compared == Compared::Number => {
                sql.push("(").push(expression).push(" <> ").bind(bind);
                sql.push(" OR ").push(nan).push(")");
            }
            (_, bind) => {
                sql.push(expression).push(" ").push(operator.as_str());
                sql.push(" ").bind(bind);
            }
        },
    }
    Ok(())
}

/// The parameter that stands for a value.
fn bind(name: &str, compared: Compared, value: &Value) -> Result<Bind, FilterError> {
    Ok(match (compared, value) {
        (Compared::Text, Value::Text(text)) => text.as_str().into(),
        (Compared::Text, _) => return Err(mismatch(name, "is a text")),
        (Compared::Integer, Value::Integer(integer)) => (*integer).into(),
        (Compared::Number, Value::Integer(integer)) => (*integer as f64).into(),
        (Compared::Integer | Compared::Number, Value::Number(number)) => (*number).into(),
        // Ids and times are texts in JSON.
        (Compared::Integer, Value::Text(text)) => {
            let integer = text.parse::<i64>();
            integer.map_err(|_| mismatch(name, "is an integer"))?.into()
        }
        (Compared::Number, Value::Text(text)) => match text.as_str() {
            "NaN" => f64::NAN.into(),
            "Infinity" => f64::INFINITY.into(),
            "-Infinity" => f64::NEG_INFINITY.into(),
            _ => return Err(mismatch(name, "is a number")),
        },
        _ => return Err(mismatch(name, "is a number")),
    })
}

fn like(
    sql: &mut Sql,
    name: &str,
    expression: &str,
    operator: Operator,
    pattern: &str,
) -> Result<(), FilterError> {
    if pattern.len() > MAX_PATTERN {
        return Err(mismatch(name, "has a pattern of more than 10,000 bytes"));
    }
    let glob = glob(pattern)
        .ok_or_else(|| mismatch(name, "has a pattern that ends in a single backslash"))?;
    sql.push(expression);
    match (sql.backend, operator) {
        // SQLite's LIKE makes no difference between `a` and `A`, and has no escape by itself.
        (Backend::Sqlite, Operator::Like) => sql.push(" GLOB ").bind(glob),
        (Backend::Sqlite, _) => sql.push(" LIKE ").bind(pattern).push(" ESCAPE '\\'"),
        (Backend::Postgres, Operator::Like) => sql.push(" LIKE ").bind(pattern),
        (Backend::Postgres, _) => sql.push(" ILIKE ").bind(pattern),
    };
    Ok(())
}

/// A pattern of LIKE as one of GLOB; `None` when it ends within an escape.
fn glob(pattern: &str) -> Option<String> {
    let mut glob = String::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        let literal = match character {
            '%' => {
                glob.push('*');
                continue;
            }
            '_' => {
                glob.push('?');
                continue;
            }
            '\\' => characters.next()?,
            other => other,
        };
        match literal {
            '*' | '?' | '[' => glob.extend(['[', literal, ']']),
            other => glob.push(other),
        }
    }
    Some(glob)
}

/// Appends the comparison of the custom property `p`.
pub(crate) fn compare_property(
    sql: &mut Sql,
    property: &Property,
    operator: Operator,
    value: &Value,
) -> Result<(), FilterError> {
    let name = &property.name;
    let example = match value {
        Value::List(values) => match values.first() {
            Some(first) => first,
            None => {
                sql.push("1 = 0");
                return Ok(());
            }
        },
        value => value,
    };
    let text = Field::new("p.text", Compared::Text);
    let integer = Field::new("p.integer", Compared::Integer);
    let number = Field::number("p.number", "p.number IS NULL");
    let mut typed = |kind: i64, field: &Field, value: &Value| -> Result<(), FilterError> {
        sql.push("(p.type = ").push(&kind.to_string()).push(" AND ");
        compare(sql, name, field, operator, value)?;
        sql.push(")");
        Ok(())
    };
    match (property.kind, example) {
        (Some(PropertyKind::String), _) | (None, Value::Text(_)) => {
            typed(property::STRING, &text, value)
        }
        (Some(PropertyKind::Int), _) => typed(property::INTEGER, &integer, value),
        (Some(PropertyKind::Double), _) => typed(property::DOUBLE, &number, value),
        (Some(PropertyKind::Bool), _) | (None, Value::Bool(_)) => {
            if !matches!(
                operator,
                Operator::Equal | Operator::NotEqual | Operator::In
            ) {
                return Err(mismatch(name, "is `true` or `false`"));
            }
            let value = truth(name, value)?;
            typed(property::BOOL, &integer, &value)
        }
        (None, _) => typed_either(sql, name, operator, value, &integer, &number),
    }
}

/// Appends the comparison of a property that is an integer or a double.
fn typed_either(
    sql: &mut Sql,
    name: &str,
    operator: Operator,
    value: &Value,
    integer: &Field,
    number: &Field,
) -> Result<(), FilterError> {
    sql.push(&format!("(p.type = {} AND ", property::INTEGER));
    compare(sql, name, integer, operator, value)?;
    sql.push(&format!(" OR p.type = {} AND ", property::DOUBLE));
    compare(sql, name, number, operator, value)?;
    sql.push(")");
    Ok(())
}

/// Truth values as the integers that are stored.
fn truth(name: &str, value: &Value) -> Result<Value, FilterError> {
    Ok(match value {
        Value::Bool(truth) => Value::Integer((*truth).into()),
        Value::List(values) => {
            let values: Result<_, _> = values.iter().map(|value| truth(name, value)).collect();
            Value::List(values?)
        }
        _ => return Err(mismatch(name, "is `true` or `false`")),
    })
}
