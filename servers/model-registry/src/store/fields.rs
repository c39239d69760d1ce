//! The fields of resources as expressions in SQL.

use super::sql::Backend;
use crate::{
    filter::{Compared, Field, Value},
    kind::{Form, Kind, Place},
};

/// The field that a name means for resources of some kinds, in a table that is called `r`.
pub(crate) fn field(backend: Backend, kinds: &[Kind], name: &str, value: &Value) -> Option<Field> {
    common(kinds, name).or_else(|| own(backend, kinds, name, value))
}

fn column(expression: &str, compared: Compared) -> Option<Field> {
    Some(Field::new(expression, compared))
}

/// Fields that all kinds have, and those that say to what a resource belongs.
fn common(kinds: &[Kind], name: &str) -> Option<Field> {
    let any = |test: fn(Kind) -> bool| kinds.iter().any(|kind| test(*kind));
    match name {
        "id" => column("r.id", Compared::Integer),
        "name" if any(Kind::names_may_repeat) => column(
            "COALESCE(r.name, CASE WHEN r.kind IN (6, 11, 13) THEN r.text END)",
            Compared::Text,
        ),
        "name" => column("r.name", Compared::Text),
        "externalId" => column("r.external_id", Compared::Text),
        "createTimeSinceEpoch" => column("r.created", Compared::Integer),
        "lastUpdateTimeSinceEpoch" => column("r.updated", Compared::Integer),
        "experimentId" if any(Kind::is_artifact) => column("r.experiment", Compared::Integer),
        "experimentRunId" if any(Kind::is_artifact) => column(
            "CASE WHEN r.experiment <> r.parent THEN r.parent END",
            Compared::Integer,
        ),
        "inferenceServiceId" if kinds == [Kind::ServeModel] => {
            column("r.parent", Compared::Integer)
        }
        _ if kinds.iter().any(|kind| kind.parent_field() == Some(name)) => {
            column("r.parent", Compared::Integer)
        }
        _ => None,
    }
}

/// A field of the kinds. Where kinds have different fields of a name, it is the one that the value
/// can be compared with.
fn own(backend: Backend, kinds: &[Kind], name: &str, value: &Value) -> Option<Field> {
    let is_text = |value: &Value| matches!(value, Value::Text(_));
    let text = match value {
        Value::List(values) => values.first().is_some_and(is_text),
        value => is_text(value),
    };
    let mut found = None;
    for kind in kinds {
        let Some(field) = kind.field(name).filter(|field| field.filter) else {
            continue;
        };
        let compared = match field.form {
            Form::Text | Form::Texts | Form::Word(..) => Compared::Text,
            Form::Int64 | Form::Integer | Form::Id(_) => Compared::Integer,
            Form::Double => Compared::Number,
        };
        let expression = match field.place {
            // Other kinds have their names there.
            Place::Column("text") if kinds.len() > 1 => {
                "CASE WHEN r.kind = 15 THEN r.text END".to_owned()
            }
            Place::Column(column) => format!("r.{column}"),
            Place::Document => backend.text_of("r.document", name),
        };
        let expression = match (field.place, compared) {
            (Place::Document, Compared::Integer) => format!("CAST({expression} AS BIGINT)"),
            _ => expression,
        };
        let this = match compared {
            Compared::Number => Field::number(expression, "r.kind = 14 AND r.number IS NULL"),
            _ => Field::new(expression, compared),
        };
        if (compared == Compared::Text) == text {
            return Some(this);
        }
        found.get_or_insert(this);
    }
    found
}
