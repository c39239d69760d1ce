//! The conditions of searches.

use super::Scope;
use crate::{
    filter::{Compared, Field, Operator, Property, Value, compare, compare_property},
    kind::Kind,
    model::{Comparator, Condition, Operand, Subject},
    store::{
        draft::check_text,
        error::StoreError,
        fields::field,
        rows,
        sql::{Backend, Sql},
    },
};

/// The custom property of a dataset that says what it was used for, as MLflow names it.
pub(crate) const CONTEXT: &str = "mlflow.data.context";

pub(super) fn attribute(
    backend: Backend,
    scope: Scope,
    key: &str,
    value: &Value,
) -> Result<Field, StoreError> {
    field(backend, scope.kinds(), key, value).ok_or_else(|| {
        let shown: String = key.chars().take(64).collect();
        StoreError::invalid(format!(
            "a {} has no attribute `{shown}`",
            rows::words(scope.kinds())
        ))
    })
}

/// A value of the language of filters.
fn value(operand: &Operand) -> Value {
    match operand {
        Operand::Integer(integer) => Value::Integer(*integer),
        Operand::Number(number) => Value::Number(*number),
        Operand::Text(text) => Value::Text(text.clone()),
        Operand::Texts(texts) => Value::List(texts.iter().cloned().map(Value::Text).collect()),
    }
}

/// Appends a condition.
pub(super) fn holds(sql: &mut Sql, scope: Scope, condition: &Condition) -> Result<(), StoreError> {
    use Comparator as C;
    let Condition {
        subject,
        key,
        comparator,
        ..
    } = condition;
    check_text("key", key)?;
    let operand = match (&condition.value, comparator) {
        (_, C::IsNull | C::IsNotNull) => Value::Bool(true),
        (Some(operand), _) => value(operand),
        (None, _) => {
            return Err(StoreError::invalid(format!(
                "the condition on `{key}` has no value"
            )));
        }
    };
    match &operand {
        Value::Text(text) => check_text(key, text)?,
        Value::List(values) => {
            for value in values {
                if let Value::Text(text) = value {
                    check_text(key, text)?;
                }
            }
        }
        _ => {}
    }
    let operator = match comparator {
        C::Equal | C::IsNull | C::IsNotNull => Operator::Equal,
        C::NotEqual => Operator::NotEqual,
        C::Less => Operator::Less,
        C::LessOrEqual => Operator::LessOrEqual,
        C::Greater => Operator::Greater,
        C::GreaterOrEqual => Operator::GreaterOrEqual,
        C::Like => Operator::Like,
        C::ILike => Operator::ILike,
        C::In | C::NotIn => Operator::In,
    };
    if *subject == Subject::Attribute {
        let mut field = attribute(sql.backend, scope, key, &operand)?;
        if key == "id" && matches!(operator, Operator::Like | Operator::ILike) {
            // MLflow's ids are texts.
            field = Field::new("CAST(r.id AS TEXT)", Compared::Text);
        }
        match comparator {
            C::IsNull => {
                sql.push(&field.expression).push(" IS NULL");
                return Ok(());
            }
            C::IsNotNull => {
                sql.push(&field.expression).push(" IS NOT NULL");
                return Ok(());
            }
            C::NotIn => sql.push("NOT ("),
            _ => sql.push("("),
        };
        compare(sql, key, &field, operator, &operand)?;
        sql.push(")");
        return Ok(());
    }
    // What is not there matches nothing but `IS NULL`.
    sql.push(match comparator {
        C::IsNull => "NOT EXISTS (SELECT 1 FROM ",
        _ => "EXISTS (SELECT 1 FROM ",
    });
    let field = belonging(sql, scope, condition)?;
    if !matches!(comparator, C::IsNull | C::IsNotNull) {
        sql.push(match comparator {
            C::NotIn => " AND NOT (",
            _ => " AND (",
        });
        match field {
            Some(field) => compare(sql, key, &field, operator, &operand)?,
            None => {
                let property = Property {
                    name: key.clone(),
                    kind: None,
                };
                compare_property(sql, &property, operator, &operand)?;
            }
        }
        sql.push(")");
    }
    sql.push(")");
    Ok(())
}

/// Appends the table and the condition that something belongs to the resource; the field of it
/// that is compared, or `None` for a custom property.
fn belonging(
    sql: &mut Sql,
    scope: Scope,
    condition: &Condition,
) -> Result<Option<Field>, StoreError> {
    let key = condition.key.as_str();
    let artifact = |sql: &mut Sql, kind: Kind| {
        sql.push("resource c WHERE c.parent = r.id AND c.kind = ");
        sql.push(&kind.number().to_string());
    };
    Ok(match (condition.subject, scope) {
        (Subject::Metric, Scope::Runs) => {
            artifact(sql, Kind::Metric);
            sql.push(" AND c.name = ").bind(key);
            Some(Field::number("c.number", "c.number IS NULL"))
        }
        (Subject::Metric, Scope::Models) => {
            sql.push("model_point m WHERE m.model = r.id AND m.name = ");
            sql.bind(key);
            let datasets = [
                ("dataset_name", &condition.dataset_name),
                ("dataset_digest", &condition.dataset_digest),
            ];
            for (column, value) in datasets {
                if let Some(value) = value {
                    check_text(column, value)?;
                    sql.push(" AND m.").push(column).push(" = ");
                    sql.bind(value.as_str());
                }
            }
            Some(Field::number(
                "CASE m.nan WHEN 0 THEN m.value END",
                "m.nan = 1",
            ))
        }
        (Subject::Param, Scope::Runs) => {
            artifact(sql, Kind::Parameter);
            sql.push(" AND c.name = ").bind(key);
            Some(Field::new("c.text", Compared::Text))
        }
        (Subject::Tag, _) => {
            sql.push("property p WHERE p.resource = r.id AND p.name = ");
            sql.bind(key);
            None
        }
        (Subject::Dataset, Scope::Runs) if key == "context" => {
            sql.push("resource c JOIN property p ON p.resource = c.id ");
            sql.push("WHERE c.parent = r.id AND c.kind = 13 AND p.type = 3 AND p.name = ");
            sql.bind(CONTEXT);
            Some(Field::new("p.text", Compared::Text))
        }
        (Subject::Dataset, Scope::Runs) => {
            artifact(sql, Kind::DataSet);
            let name = match key {
                "name" => "COALESCE(c.name, c.text)".to_owned(),
                "digest" => sql.backend.text_of("c.document", "digest"),
                _ => {
                    let shown: String = key.chars().take(64).collect();
                    return Err(StoreError::invalid(format!(
                        "a dataset has `name`, `digest` and `context`, and no `{shown}`"
                    )));
                }
            };
            Some(Field::new(name, Compared::Text))
        }
        (subject, _) => return Err(impossible(subject)),
    })
}

pub(super) fn impossible(subject: Subject) -> StoreError {
    let word = serde_json::to_value(subject).unwrap_or_default();
    let word = word.as_str().unwrap_or_default().to_owned();
    StoreError::invalid(format!(
        "this search has no conditions or orders of type `{word}`"
    ))
}
