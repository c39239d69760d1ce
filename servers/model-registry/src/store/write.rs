//! Making and changing resources.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};
use sqlx::{AnyConnection, Row as _};

use super::{
    Store, Upserted,
    draft::{Draft, members, parse_id},
    error::StoreError,
    metric, property,
    rows::{self, Row},
    sql::{Backend, Bind, Sql},
};
use crate::{
    kind::{Form, Kind, Place},
    model::Resource,
};

/// The columns that hold fields, in the order in which they are written.
const FIELD_COLUMNS: [&str; 8] = [
    "state",
    "status",
    "start_time",
    "end_time",
    "number",
    "text",
    "step",
    "timestamp",
];

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

/// A resource that is to be made.
#[derive(Debug, Clone)]
pub(crate) struct New {
    pub(crate) kind: Kind,
    /// The resource to which it belongs.
    pub(crate) parent: Option<i64>,
    pub(crate) draft: Draft,
    /// Whether others of its name may be there already.
    pub(crate) repeats: bool,
    /// The state that its parent has to be in.
    pub(crate) parent_state: Option<String>,
}

impl New {
    /// A resource from the members of its representation; `parent` is the one that the path names.
    pub(crate) fn from_members(
        kind: Kind,
        parent: Option<i64>,
        mut members: Map<String, Value>,
    ) -> Result<Self, StoreError> {
        let mut named = None;
        if let Some(field) = kind.parent_field()
            && let Some(Value::String(id)) = members.remove(field)
        {
            named = Some((field, id));
        }
        let parent = match (parent, named) {
            (Some(parent), named) => {
                // The path counts, and what the body says must be an id nevertheless.
                if let Some((field, id)) = named {
                    parse_id(field, &id)?;
                }
                Some(parent)
            }
            (None, Some((field, id))) => Some(parse_id(field, &id)?),
            (None, None) => None,
        };
        if parent.is_none() && !kind.parents().is_empty() && !kind.is_artifact() {
            let owner = rows::words(kind.parents());
            return Err(StoreError::invalid(format!(
                "a {} belongs to a {owner}, and none is named",
                kind.words()
            )));
        }
        let mut draft = Draft::new(kind, members)?;
        for field in kind.fields() {
            let default: Value = match field.form {
                Form::Word(_, Some(word)) => word.into(),
                Form::Double if !draft.fields.contains_key(field.name) => {
                    return Err(StoreError::invalid(format!(
                        "`{}` of the {} is missing",
                        field.name,
                        kind.words()
                    )));
                }
                Form::Integer => 0.into(),
                Form::Int64 if kind == Kind::Metric => now().to_string().into(),
                _ => continue,
            };
            match draft.fields.get_mut(field.name) {
                Some(value) if value.is_null() => *value = default,
                Some(_) => {}
                None => {
                    draft.fields.insert(field.name.to_owned(), default);
                }
            }
        }
        draft.fields.retain(|_, value| !value.is_null());
        Ok(Self {
            kind,
            parent,
            draft,
            repeats: kind == Kind::ExperimentRun,
            parent_state: None,
        })
    }

    /// Writes it; its id.
    pub(crate) async fn insert(
        self,
        connection: &mut AnyConnection,
        backend: Backend,
    ) -> Result<i64, StoreError> {
        let Self {
            kind,
            parent,
            draft,
            repeats,
            parent_state,
        } = self;
        let mut experiment = None;
        if let Some(parent) = parent {
            let locked = kind.is_artifact();
            let row = rows::expect(connection, backend, parent, kind.parents(), locked).await?;
            expect_state(&row, parent_state.as_deref())?;
            experiment = match row.kind {
                Kind::ExperimentRun => row.parent,
                Kind::Experiment if kind.is_artifact() => Some(row.id),
                _ => None,
            };
        }
        check_references(connection, backend, kind, &draft).await?;
        let name = match &draft.name {
            Some(name) => name.clone(),
            None => generated_name()?,
        };
        let external_id = draft.external_id.flatten();
        let root = kind.parents().is_empty().then_some(0);
        let (columns, document) = columns(kind, draft.fields, (!repeats).then_some(()), &name)?;
        let time = now();

        let mut sql = Sql::new(
            backend,
            "INSERT INTO resource (kind, parent, experiment, name, external_id, created, \
             updated, document",
        );
        for column in FIELD_COLUMNS {
            sql.push(", ").push(column);
        }
        sql.push(") VALUES ");
        let head = [
            kind.number().into(),
            Bind::Integer(root.or(parent)),
            Bind::Integer(experiment),
            Bind::Text((!repeats).then(|| name.clone())),
            Bind::Text(external_id.clone()),
            time.into(),
            time.into(),
            document.into(),
        ];
        sql.bind_all(head.into_iter().chain(columns));
        sql.push(" RETURNING id");
        let row = sql.insert(connection).await;
        let row = row.map_err(|error| taken(error, kind, &name, external_id.as_deref()))?;
        let row = row.ok_or_else(|| StoreError::corrupt("an insert gave no id"))?;
        let id = row.try_get(0)?;
        if let Some(properties) = draft.properties {
            property::write(connection, backend, id, properties).await?;
        }
        Ok(id)
    }
}

/// Writes what a draft changes of a resource.
pub(crate) async fn change(
    connection: &mut AnyConnection,
    backend: Backend,
    row: Row,
    draft: Draft,
) -> Result<(), StoreError> {
    check_references(connection, backend, row.kind, &draft).await?;
    let mut fields = row.fields;
    for (name, value) in draft.fields {
        if value.is_null() {
            fields.remove(&name);
        } else {
            fields.insert(name, value);
        }
    }
    let name = draft.name.or(row.name);
    let external_id = draft.external_id.unwrap_or(row.external_id);
    let shown = name.clone().unwrap_or_default();
    let (columns, document) = columns(row.kind, fields, row.unique.then_some(()), &shown)?;
    let mut sql = Sql::new(backend, "UPDATE resource SET name = ");
    sql.bind(Bind::Text(name.filter(|_| row.unique)));
    sql.push(", external_id = ")
        .bind(Bind::Text(external_id.clone()));
    sql.push(", updated = ").bind(now().max(row.updated));
    sql.push(", document = ").bind(document);
    for (column, value) in FIELD_COLUMNS.into_iter().zip(columns) {
        sql.push(", ").push(column).push(" = ").bind(value);
    }
    sql.push(" WHERE id = ").bind(row.id);
    let done = sql.insert(connection).await;
    done.map_err(|error| taken(error, row.kind, &shown, external_id.as_deref()))?;
    if let Some(properties) = draft.properties {
        property::clear(connection, backend, row.id).await?;
        property::write(connection, backend, row.id, properties).await?;
    }
    Ok(())
}

/// The values of [`FIELD_COLUMNS`], and the rest as a document. A name that need not be unique is
/// in one of the columns.
fn columns(
    kind: Kind,
    mut fields: Map<String, Value>,
    unique: Option<()>,
    name: &str,
) -> Result<([Bind; 8], String), StoreError> {
    let mut columns = FIELD_COLUMNS.map(|column| match column {
        "start_time" | "end_time" | "step" | "timestamp" => Bind::Integer(None),
        "number" => Bind::Number(None),
        "text" if unique.is_none() => name.into(),
        _ => Bind::Text(None),
    });
    for field in kind.fields() {
        let Place::Column(column) = field.place else {
            continue;
        };
        let Some(value) = fields.remove(field.name) else {
            continue;
        };
        let wrong = || StoreError::invalid(format!("`{}` has a wrong form", field.name));
        let bind = match field.form {
            Form::Int64 => {
                let text = value.as_str().ok_or_else(wrong)?;
                text.parse::<i64>().map_err(|_| wrong())?.into()
            }
            Form::Integer => value.as_i64().ok_or_else(wrong)?.into(),
            Form::Double => {
                let double: crate::model::Double =
                    serde_json::from_value(value).map_err(|_| wrong())?;
                property::number(double.0)
            }
            _ => value.as_str().ok_or_else(wrong)?.into(),
        };
        for (place, name) in columns.iter_mut().zip(FIELD_COLUMNS) {
            if name == column {
                *place = bind;
                break;
            }
        }
    }
    let document =
        serde_json::to_string(&fields).map_err(|error| StoreError::invalid(error.to_string()))?;
    Ok((columns, document))
}

/// Checks that a resource is in a state.
pub(crate) fn expect_state(row: &Row, state: Option<&str>) -> Result<(), StoreError> {
    let found = row.fields.get("state").and_then(Value::as_str);
    match state {
        Some(state) if found != Some(state) => Err(StoreError::WrongState {
            message: format!(
                "{} {} is {}, and has to be {state}",
                row.kind.words(),
                row.id,
                found.unwrap_or("without a state"),
            ),
        }),
        _ => Ok(()),
    }
}

/// Checks that the resources that are named in fields exist.
async fn check_references(
    connection: &mut AnyConnection,
    backend: Backend,
    kind: Kind,
    draft: &Draft,
) -> Result<(), StoreError> {
    for field in kind.fields() {
        if let Form::Id(of) = field.form
            && let Some(id) = draft.id(field.name)
        {
            rows::expect(connection, backend, id, &[of], false).await?;
        }
    }
    Ok(())
}

/// A run is not set to end before it starts. Upstream's rule for its own interface; MLflow lets
/// clocks differ.
fn check_times(old: &Map<String, Value>, new: &Map<String, Value>) -> Result<(), StoreError> {
    let of = |fields: &Map<String, Value>, name: &str| -> Option<i64> {
        fields.get(name)?.as_str()?.parse().ok()
    };
    let start = of(new, "startTimeSinceEpoch").or_else(|| of(old, "startTimeSinceEpoch"));
    if let (Some(start), Some(end)) = (start, of(new, "endTimeSinceEpoch"))
        && end < start
    {
        return Err(StoreError::invalid(format!(
            "endTimeSinceEpoch ({end}) cannot be less than startTimeSinceEpoch ({start})"
        )));
    }
    Ok(())
}

/// What a broken rule of uniqueness means.
fn taken(error: sqlx::Error, kind: Kind, name: &str, external_id: Option<&str>) -> StoreError {
    let of = match &error {
        sqlx::Error::Database(error) if error.is_unique_violation() => error.message(),
        _ => return error.into(),
    };
    let message = match external_id {
        Some(id) if of.contains("resource_external_id") => {
            format!("a resource with the externalId {id} already exists")
        }
        _ => format!("{} with name {name} already exists", kind.words()),
    };
    StoreError::Exists { message }
}

/// A name for a resource that was given none: a random UUID (RFC 9562, version 4).
fn generated_name() -> Result<String, StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Io {
        path: "the system's random numbers".into(),
        source: std::io::Error::other(error).into(),
    })?;
    let number = u128::from_be_bytes(bytes);
    let number = number & !(0xf << 76) | 4 << 76;
    let number = number & !(0x3 << 62) | 2 << 62;
    let digits = format!("{number:032x}");
    let mut name = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if matches!(position, 8 | 12 | 16 | 20) {
            name.push('-');
        }
        name.push(digit);
    }
    Ok(name)
}

impl Store {
    /// Makes a resource. `parent` is the resource to which it belongs where the request's path
    /// names it; otherwise a field of the resource does.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when a resource that it names does not exist,
    /// [`StoreError::Exists`] when its name or external id is taken, [`StoreError::Invalid`] when
    /// it cannot be as it is, and those of the database.
    pub async fn create<R: Resource>(
        &self,
        parent: Option<i64>,
        create: &R::Create,
    ) -> Result<R, StoreError> {
        let (kind, members) = members::<R>(create)?;
        let new = New::from_members(kind, parent, members)?;
        check_times(&Map::new(), &new.draft.fields)?;
        self.insert(new).await
    }

    pub(crate) async fn insert<R: Resource>(&self, new: New) -> Result<R, StoreError> {
        let backend = self.database.backend;
        let id = self
            .database
            .write(move |connection| Box::pin(new.insert(connection, backend)))
            .await?;
        self.get(id).await
    }

    /// Changes a resource. What is absent stays, what is null loses its value.
    ///
    /// # Errors
    /// As those of [`create`](Self::create).
    pub async fn update<R: Resource>(&self, id: i64, update: &R::Update) -> Result<R, StoreError> {
        let (kind, members) = match members::<R>(update) {
            Ok(members) => members,
            Err(error) => return Err(error),
        };
        let draft = Draft::new(kind, members)?;
        let backend = self.database.backend;
        self.database
            .write(move |connection| {
                Box::pin(async move {
                    let row = rows::expect(connection, backend, id, R::KINDS, true).await?;
                    expect_kind(&row, kind)?;
                    check_times(&row.fields, &draft.fields)?;
                    change(connection, backend, row, draft).await
                })
            })
            .await?;
        self.get(id).await
    }

    /// Writes a resource under another. With an id it is changed: what is absent stays, and its
    /// name as well. Without one it is made; a metric or a parameter of which the parent has one
    /// of the same name changes that. A metric of a run gets a point in its history.
    ///
    /// # Errors
    /// As those of [`create`](Self::create).
    pub async fn upsert<R: Resource>(
        &self,
        parent: Option<i64>,
        resource: &R,
    ) -> Result<Upserted<R>, StoreError> {
        let given = serde_json::to_value(resource)
            .map_err(|error| StoreError::invalid(error.to_string()))?;
        let id = match given.get("id").and_then(Value::as_str) {
            Some(id) => Some(parse_id("id", id)?),
            None => None,
        };
        let (kind, mut members) = members::<R>(resource)?;
        let backend = self.database.backend;
        let (id, created) = if let Some(id) = id {
            if let Some(field) = kind.parent_field() {
                members.remove(field);
            }
            // These are set once.
            for fixed in ["startTimeSinceEpoch", "registeredModelId"] {
                members.remove(fixed);
            }
            let mut draft = Draft::new(kind, members)?;
            draft.name = None;
            self.database
                .write(move |connection| {
                    Box::pin(async move {
                        let row = rows::expect(connection, backend, id, R::KINDS, true).await?;
                        expect_kind(&row, kind)?;
                        check_times(&row.fields, &draft.fields)?;
                        let row = adopt(connection, backend, row, parent).await?;
                        metric::upsert(connection, backend, row, draft).await?;
                        Ok((id, false))
                    })
                })
                .await?
        } else {
            let named = matches!(kind, Kind::Metric | Kind::Parameter);
            let new = New::from_members(kind, parent, members)?;
            check_times(&Map::new(), &new.draft.fields)?;
            self.database
                .write(move |connection| {
                    Box::pin(async move {
                        if let (true, Some(parent), Some(name)) = (named, parent, &new.draft.name) {
                            rows::expect(connection, backend, parent, kind.parents(), true).await?;
                            let mut sql =
                                Sql::new(backend, "SELECT id FROM resource WHERE parent = ");
                            sql.bind(parent).push(" AND kind = ").bind(kind.number());
                            sql.push(" AND name = ").bind(name.as_str());
                            if let Some(row) = sql.optional(connection).await? {
                                let id: i64 = row.try_get(0)?;
                                let row =
                                    rows::expect(connection, backend, id, &[kind], true).await?;
                                let draft = Draft {
                                    name: None,
                                    ..new.draft
                                };
                                metric::upsert(connection, backend, row, draft).await?;
                                return Ok((id, false));
                            }
                        }
                        let draft = new.draft.clone();
                        let id = new.insert(connection, backend).await?;
                        if kind == Kind::Metric {
                            let row = rows::expect(connection, backend, id, &[kind], true).await?;
                            metric::first_point(connection, backend, &row, &draft).await?;
                        }
                        Ok((id, true))
                    })
                })
                .await?
        };
        Ok(Upserted {
            resource: self.get(id).await?,
            created,
        })
    }
}

/// An artifact's kind stays what it is.
fn expect_kind(row: &Row, kind: Kind) -> Result<(), StoreError> {
    if row.kind == kind {
        return Ok(());
    }
    Err(StoreError::invalid(format!(
        "mismatched types, artifact with id {} is a {}, and no {}",
        row.id,
        row.kind.words(),
        kind.words()
    )))
}

/// Lets an artifact that belongs to nothing belong to a resource.
async fn adopt(
    connection: &mut AnyConnection,
    backend: Backend,
    mut row: Row,
    parent: Option<i64>,
) -> Result<Row, StoreError> {
    let Some(parent) = parent.filter(|parent| row.parent != Some(*parent)) else {
        return Ok(row);
    };
    if row.parent.is_some() {
        return Err(StoreError::Elsewhere {
            message: format!(
                "{} {} belongs to another resource",
                row.kind.words(),
                row.id
            ),
        });
    }
    let owner = rows::expect(connection, backend, parent, row.kind.parents(), true).await?;
    row.parent = Some(parent);
    row.experiment = owner.parent.filter(|_| owner.kind == Kind::ExperimentRun);
    let mut sql = Sql::new(backend, "UPDATE resource SET parent = ");
    sql.bind(parent);
    sql.push(", experiment = ")
        .bind(Bind::Integer(row.experiment));
    sql.push(" WHERE id = ").bind(row.id);
    let name = row.name.clone().unwrap_or_default();
    let done = sql.insert(connection).await;
    done.map_err(|error| taken(error, row.kind, &name, None))?;
    Ok(row)
}
