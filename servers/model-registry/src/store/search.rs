//! Searches for runs, logged models and experiments, by what belongs to them.

use std::collections::HashMap;

use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{
    Found, Store,
    draft::{check_name, check_text, parse_id},
    error::StoreError,
    fields::field,
    read::{of_kinds, page_size},
    rows::{self, COLUMNS, COUNT, Row, represent},
    sql::{Backend, Sql},
    token::{self, Key, KeyValue},
};
use crate::{
    filter::{Compared, Field, Operator, Property, Value, compare, compare_property},
    kind::Kind,
    model::{
        Artifact, Comparator, Condition, Double, Experiment, ExperimentRun, LoggedModel,
        MetricData, ModelArtifact, Operand, Order, ParamData, RunData, Search, Subject,
    },
};

/// How many resources a page of a search has at most.
pub const MAX_FOUND: i32 = 50_000;

/// How many it has when nothing else is asked for.
const FOUND: i32 = 1_000;

/// How many conditions and keys a search may have.
const MAX_CONDITIONS: usize = 100;
const MAX_ORDERS: usize = 16;
const MAX_EXPERIMENTS: usize = 10_000;

/// How many runs one statement asks about.
const RUNS: usize = 500;

/// What a search is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Runs,
    Models,
    Experiments,
}

impl Scope {
    fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Runs => &[Kind::ExperimentRun],
            Self::Models => &[Kind::ModelArtifact],
            Self::Experiments => &[Kind::Experiment],
        }
    }

    /// What puts the newest first, then the smallest id.
    fn last_keys(self) -> Vec<OrderKey> {
        let mut keys = Vec::new();
        match self {
            Self::Runs => {
                let start = Field::new("r.start_time", Compared::Integer);
                keys.extend(missing_last(&start, false));
            }
            Self::Models | Self::Experiments => keys.push(OrderKey {
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
}

/// A key of an order, and what it gives.
struct OrderKey {
    key: Key,
    compared: Compared,
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

impl Store {
    /// Searches for runs.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] and [`StoreError::Filter`] when the search is not one, and those of
    /// the database.
    pub async fn search_runs(&self, search: &Search) -> Result<Found<RunData>, StoreError> {
        let backend = self.database.backend;
        let mut connection = self.database.read().await?;
        let (rows, next_page_token) = find(&mut connection, backend, Scope::Runs, search).await?;
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let runs: Vec<ExperimentRun> = represent(&mut connection, backend, rows).await?;
        let mut items: Vec<RunData> = runs
            .into_iter()
            .map(|run| RunData {
                run,
                metrics: None,
                params: None,
                artifacts: None,
            })
            .collect();
        if search.include_data {
            fill(&mut connection, backend, &ids, &mut items).await?;
        }
        Ok(Found {
            items,
            next_page_token,
        })
    }

    /// A run with what belongs to it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run, and those of the database.
    pub async fn run_data(&self, run: i64) -> Result<RunData, StoreError> {
        let backend = self.database.backend;
        let mut item = [RunData {
            run: self.get(run).await?,
            metrics: None,
            params: None,
            artifacts: None,
        }];
        let mut connection = self.database.read().await?;
        fill(&mut connection, backend, &[run], &mut item).await?;
        let [item] = item;
        Ok(item)
    }

    /// Searches for logged models: model artifacts of experiments.
    ///
    /// # Errors
    /// As those of [`search_runs`](Self::search_runs).
    pub async fn search_logged_models(
        &self,
        search: &Search,
    ) -> Result<Found<LoggedModel>, StoreError> {
        let backend = self.database.backend;
        let mut connection = self.database.read().await?;
        let (rows, next_page_token) = find(&mut connection, backend, Scope::Models, search).await?;
        let items = logged_models(&mut connection, backend, rows).await?;
        Ok(Found {
            items,
            next_page_token,
        })
    }

    /// A logged model with its metrics.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such model, and those of the database.
    pub async fn logged_model(&self, id: i64) -> Result<LoggedModel, StoreError> {
        let backend = self.database.backend;
        let kinds = &[Kind::ModelArtifact];
        let mut connection = self.database.read().await?;
        let row = rows::expect(&mut connection, backend, id, kinds, false).await?;
        let mut models = logged_models(&mut connection, backend, vec![row]).await?;
        models.pop().ok_or_else(|| rows::missing(kinds, id))
    }

    /// Searches for experiments.
    ///
    /// # Errors
    /// As those of [`search_runs`](Self::search_runs).
    pub async fn search_experiments(
        &self,
        search: &Search,
    ) -> Result<Found<Experiment>, StoreError> {
        let backend = self.database.backend;
        let mut connection = self.database.read().await?;
        let scope = Scope::Experiments;
        let (rows, next_page_token) = find(&mut connection, backend, scope, search).await?;
        let items = represent(&mut connection, backend, rows).await?;
        Ok(Found {
            items,
            next_page_token,
        })
    }
}

async fn find(
    connection: &mut AnyConnection,
    backend: Backend,
    scope: Scope,
    search: &Search,
) -> Result<(Vec<Row>, String), StoreError> {
    if search.conditions.len() > MAX_CONDITIONS || search.order_by.len() > MAX_ORDERS {
        return Err(StoreError::invalid(format!(
            "a search has more than {MAX_CONDITIONS} conditions or {MAX_ORDERS} orders"
        )));
    }
    let keys = search.conditions.iter().map(|condition| &condition.key);
    for key in keys.chain(search.order_by.iter().map(|order| &order.key)) {
        check_name("key", key)?;
    }
    if search.experiment_ids.len() > MAX_EXPERIMENTS {
        return Err(StoreError::invalid(format!(
            "a search has more than {MAX_EXPERIMENTS} experiments"
        )));
    }
    let page_size = match search.page_size {
        None | Some(0) => FOUND,
        asked => page_size(asked, MAX_FOUND)?,
    };
    let mut sql = Sql::new(backend, "");
    let mut joins = String::new();
    let mut keys = Vec::new();
    for (position, order) in search.order_by.iter().enumerate() {
        keys.extend(order_keys(&mut sql, &mut joins, scope, position, order)?);
    }
    keys.extend(scope.last_keys());
    let order = format!("{scope:?} {}", fingerprint(search));
    let compared: Vec<Compared> = keys.iter().map(|key| key.compared).collect();
    let place = token::decode(&order, &compared, &search.page_token)?;

    sql.push("SELECT ").push(COLUMNS);
    for key in &keys {
        sql.push(", ").push(&key.key.expression);
    }
    sql.push(" FROM resource r").push(&joins).push(" WHERE ");
    of_kinds(&mut sql, scope.kinds());
    let of = match scope {
        Scope::Runs => "r.parent",
        Scope::Models => {
            sql.push(" AND r.experiment IS NOT NULL");
            "r.experiment"
        }
        Scope::Experiments => "r.id",
    };
    if !search.experiment_ids.is_empty() {
        let ids = search.experiment_ids.iter();
        let ids: Result<Vec<i64>, _> = ids.map(|id| parse_id("experimentIds", id)).collect();
        sql.push(" AND ").push(of).push(" IN ");
        sql.bind_all(ids?);
    }
    if !search.states.is_empty() {
        for state in &search.states {
            check_text("states", state)?;
        }
        sql.push(" AND r.state IN ");
        sql.bind_all(search.states.iter().map(String::as_str));
    }
    for condition in &search.conditions {
        sql.push(" AND ");
        holds(&mut sql, scope, condition)?;
    }
    let plain: Vec<Key> = keys.iter().map(|key| key.key.clone()).collect();
    if let Some(place) = place {
        sql.push(" AND ");
        token::after(&mut sql, &plain, &place);
    }
    token::order_by(&mut sql, &plain);
    sql.push(" LIMIT ").push(&(page_size + 1).to_string());

    let mut found = sql.all(connection).await?;
    let limit = usize::try_from(page_size).unwrap_or_default();
    let mut next_page_token = String::new();
    if found.len() > limit {
        found.truncate(limit);
        if let Some(last) = found.last() {
            let place = keys.iter().enumerate();
            let place: Result<Vec<KeyValue>, StoreError> = place
                .map(|(position, key)| key_value(last, COUNT + position, key.compared))
                .collect();
            next_page_token = token::encode(&order, &place?);
        }
    }
    let rows: Result<Vec<Row>, _> = found.iter().map(Row::decode).collect();
    Ok((rows?, next_page_token))
}

fn key_value(row: &AnyRow, at: usize, compared: Compared) -> Result<KeyValue, StoreError> {
    Ok(match compared {
        Compared::Text => row.try_get::<Option<String>, _>(at)?.into(),
        Compared::Integer => row.try_get::<Option<i64>, _>(at)?.into(),
        Compared::Number => row.try_get::<Option<f64>, _>(at)?.into(),
    })
}

/// What tells the order of a search from another.
fn fingerprint(search: &Search) -> String {
    serde_json::to_string(&search.order_by).unwrap_or_default()
}

/// The keys of an order; what they look at is joined.
fn order_keys(
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

fn impossible(subject: Subject) -> StoreError {
    let word = serde_json::to_value(subject).unwrap_or_default();
    let word = word.as_str().unwrap_or_default().to_owned();
    StoreError::invalid(format!(
        "this search has no conditions or orders of type `{word}`"
    ))
}

fn attribute(
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
fn holds(sql: &mut Sql, scope: Scope, condition: &Condition) -> Result<(), StoreError> {
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

/// The custom property of a dataset that says what it was used for, as MLflow names it.
pub(crate) const CONTEXT: &str = "mlflow.data.context";

/// Adds to runs what belongs to them.
async fn fill(
    connection: &mut AnyConnection,
    backend: Backend,
    ids: &[i64],
    items: &mut [RunData],
) -> Result<(), StoreError> {
    let places: HashMap<i64, usize> = ids.iter().copied().zip(0..).collect();
    for item in items.iter_mut() {
        item.metrics = Some(Vec::new());
        item.params = Some(Vec::new());
        item.artifacts = Some(Vec::new());
    }
    for ids in ids.chunks(RUNS) {
        let mut sql = Sql::new(
            backend,
            "SELECT parent, kind, name, number, text, step, timestamp FROM resource \
             WHERE kind IN (14, 15) AND parent IN ",
        );
        sql.bind_all(ids.iter().copied());
        sql.push(" ORDER BY parent, kind, name");
        for row in sql.all(connection).await? {
            let run: i64 = row.try_get(0)?;
            let Some(item) = places.get(&run).and_then(|place| items.get_mut(*place)) else {
                continue;
            };
            let key: String = row.try_get::<Option<String>, _>(2)?.unwrap_or_default();
            if row.try_get::<i64, _>(1)? == Kind::Metric.number() {
                let number = row.try_get::<Option<f64>, _>(3)?.unwrap_or(f64::NAN);
                item.metrics.get_or_insert_default().push(MetricData {
                    key,
                    value: Double(number),
                    step: row.try_get::<Option<i64>, _>(5)?.unwrap_or_default(),
                    timestamp: row.try_get::<Option<i64>, _>(6)?.unwrap_or_default(),
                    model_id: None,
                    dataset_name: None,
                    dataset_digest: None,
                    run_id: None,
                });
            } else {
                let value = row.try_get::<Option<String>, _>(4)?.unwrap_or_default();
                let param = ParamData { key, value };
                item.params.get_or_insert_default().push(param);
            }
        }
        let mut sql = Sql::new(backend, "SELECT ");
        sql.push(COLUMNS).push(" FROM resource r WHERE ");
        let others = [Kind::ModelArtifact, Kind::DocArtifact, Kind::DataSet];
        of_kinds(&mut sql, &others);
        sql.push(" AND r.parent IN ");
        sql.bind_all(ids.iter().copied());
        sql.push(" ORDER BY r.id");
        let found = sql.all(connection).await?;
        let rows: Vec<Row> = found.iter().map(Row::decode).collect::<Result<_, _>>()?;
        let runs: Vec<Option<i64>> = rows.iter().map(|row| row.parent).collect();
        let artifacts: Vec<Artifact> = represent(connection, backend, rows).await?;
        for (run, artifact) in runs.into_iter().zip(artifacts) {
            let place = run.and_then(|run| places.get(&run));
            if let Some(item) = place.and_then(|place| items.get_mut(*place)) {
                item.artifacts.get_or_insert_default().push(artifact);
            }
        }
    }
    Ok(())
}

/// Logged models with their metrics.
async fn logged_models(
    connection: &mut AnyConnection,
    backend: Backend,
    rows: Vec<Row>,
) -> Result<Vec<LoggedModel>, StoreError> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut metrics: HashMap<i64, Vec<MetricData>> = HashMap::new();
    for ids in ids.chunks(RUNS) {
        let mut sql = Sql::new(
            backend,
            "SELECT model, name, step, timestamp, value, nan, run, dataset_name, dataset_digest \
             FROM model_point WHERE model IN ",
        );
        sql.bind_all(ids.iter().copied());
        sql.push(
            " ORDER BY model, name, step, timestamp, nan, value, run, dataset_name, dataset_digest",
        );
        for row in sql.all(connection).await? {
            let model: i64 = row.try_get(0)?;
            let nan: i64 = row.try_get(5)?;
            let run: i64 = row.try_get(6)?;
            let some = |text: String| Some(text).filter(|text| !text.is_empty());
            metrics.entry(model).or_default().push(MetricData {
                key: row.try_get(1)?,
                value: Double(if nan == 0 { row.try_get(4)? } else { f64::NAN }),
                timestamp: row.try_get(3)?,
                step: row.try_get(2)?,
                model_id: Some(model.to_string()),
                dataset_name: some(row.try_get(7)?),
                dataset_digest: some(row.try_get(8)?),
                run_id: Some(run.to_string()),
            });
        }
    }
    let models: Vec<ModelArtifact> = represent(connection, backend, rows).await?;
    Ok(models
        .into_iter()
        .zip(ids)
        .map(|(model, id)| LoggedModel {
            model,
            metrics: metrics.remove(&id).unwrap_or_default(),
        })
        .collect())
}
