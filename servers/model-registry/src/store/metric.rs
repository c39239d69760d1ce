//! Metrics with their histories, and what else a run logs.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, Row as _};

use super::{
    Store,
    draft::{Draft, check_name, check_text},
    error::{ParamConflict, StoreError},
    property,
    rows::{self, Row},
    sql::{Backend, Bind, Sql, insert_rows},
    write::{change, expect_state, now},
};
use crate::{
    kind::Kind,
    model::{Double, LogBatch, MetadataValue, Properties},
};

/// How many metrics, parameters and tags are written at once.
pub const MAX_BATCH: usize = 100_000;

/// How many names one statement asks for.
const NAMES: usize = 500;

/// What a metric was at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub(crate) step: i64,
    pub(crate) timestamp: i64,
    pub(crate) value: f64,
}

impl Point {
    /// Whether it is later than another: by step, then time, then value, of which NaN is the
    /// least.
    fn is_later(&self, than: &Self) -> bool {
        let key = |point: &Self| (point.step, point.timestamp, !point.value.is_nan());
        let (own, other) = (key(self), key(than));
        own > other || own == other && self.value > than.value
    }

    /// Its columns step, timestamp, value and nan.
    fn binds(self) -> [Bind; 4] {
        let nan = self.value.is_nan();
        let value = if nan { 0.0 } else { self.value };
        [
            self.step.into(),
            self.timestamp.into(),
            value.into(),
            i64::from(nan).into(),
        ]
    }
}

const POINT: &str = "metric_point (metric, step, timestamp, value, nan, hash)";
const AGAIN: &str = " ON CONFLICT DO NOTHING";

/// Shows a point with a metric if it is later than the one that is shown, as
/// [`Point::is_later`] says.
const LATER: &str = " \
    ON CONFLICT (id) DO UPDATE SET updated = excluded.updated, number = excluded.number, \
    step = excluded.step, timestamp = excluded.timestamp \
    WHERE (excluded.step, excluded.timestamp, excluded.number IS NOT NULL, \
        COALESCE(excluded.number, 0)) \
    > (COALESCE(resource.step, -9223372036854775807), \
        COALESCE(resource.timestamp, -9223372036854775807), \
        resource.number IS NOT NULL, COALESCE(resource.number, 0))";

/// The point that fields of a metric make.
fn point(fields: &serde_json::Map<String, Value>) -> Option<Point> {
    let value: Double = serde_json::from_value(fields.get("value")?.clone()).ok()?;
    Some(Point {
        step: fields.get("step").and_then(Value::as_i64).unwrap_or(0),
        timestamp: match fields.get("timestamp").and_then(Value::as_str) {
            Some(text) => text.parse().ok()?,
            None => now(),
        },
        value: value.0,
    })
}

/// Whether a row is a metric of a run, which has a history.
fn has_history(row: &Row) -> bool {
    row.kind == Kind::Metric && row.experiment.is_some()
}

/// Writes the first point of a metric that was made under a run.
pub(crate) async fn first_point(
    connection: &mut AnyConnection,
    backend: Backend,
    row: &Row,
    draft: &Draft,
) -> Result<(), StoreError> {
    if let Some(point) = point(&draft.fields).filter(|_| has_history(row)) {
        insert_point(
            connection,
            backend,
            row.id,
            point,
            draft.properties.as_ref(),
        )
        .await?;
    }
    Ok(())
}

/// Writes a point, which may have properties of its own.
async fn insert_point(
    connection: &mut AnyConnection,
    backend: Backend,
    metric: i64,
    point: Point,
    properties: Option<&Properties>,
) -> Result<(), StoreError> {
    let [step, timestamp, value, nan] = point.binds();
    let mut row = [
        metric.into(),
        step,
        timestamp,
        value,
        nan,
        0.into(),
        Bind::Text(None),
    ];
    if let Some(properties) = properties.filter(|properties| !properties.is_empty()) {
        let properties = serde_json::to_string(properties)
            .map_err(|error| StoreError::invalid(error.to_string()))?;
        let digest = Sha256::digest(&properties);
        let hash = digest
            .iter()
            .take(8)
            .fold(0, |hash, byte| hash << 8 | i64::from(*byte));
        row[5] = hash.into();
        row[6] = properties.into();
    }
    let into = "metric_point (metric, step, timestamp, value, nan, hash, properties)";
    insert_rows(connection, backend, into, [row], AGAIN).await
}

/// Changes a resource; a metric of a run gets a point, and shows it if it is the latest.
pub(crate) async fn upsert(
    connection: &mut AnyConnection,
    backend: Backend,
    row: Row,
    mut draft: Draft,
) -> Result<(), StoreError> {
    let given = draft.fields.contains_key("value");
    if has_history(&row)
        && given
        && let Some(new) = point(&draft.fields)
    {
        insert_point(connection, backend, row.id, new, draft.properties.as_ref()).await?;
        let earlier = point(&row.fields).is_some_and(|old| old.is_later(&new));
        if earlier {
            draft.properties = None;
            for field in ["value", "step", "timestamp"] {
                draft.fields.remove(field);
            }
        } else {
            draft.fields.insert("step".to_owned(), new.step.into());
            draft
                .fields
                .insert("timestamp".to_owned(), new.timestamp.to_string().into());
        }
    }
    change(connection, backend, row, draft).await
}

/// A point that was measured of a logged model.
#[derive(Debug)]
struct ModelPoint {
    /// The model's id, or its external one.
    model: String,
    key: String,
    point: Point,
    dataset_name: String,
    dataset_digest: String,
}

/// A checked batch.
#[derive(Debug, Default)]
struct Batch {
    points: BTreeMap<String, Vec<Point>>,
    model_points: Vec<ModelPoint>,
    params: BTreeMap<String, String>,
    tags: Properties,
}

impl Batch {
    fn new(batch: &LogBatch) -> Result<Self, StoreError> {
        if batch
            .metrics
            .len()
            .max(batch.params.len())
            .max(batch.tags.len())
            > MAX_BATCH
        {
            return Err(StoreError::invalid(format!(
                "a batch has more than {MAX_BATCH} metrics, parameters or tags"
            )));
        }
        let mut checked = Self::default();
        for metric in &batch.metrics {
            check_name("key", &metric.key)?;
            let point = Point {
                step: metric.step,
                timestamp: metric.timestamp,
                value: metric.value.0,
            };
            if let Some(model) = &metric.model_id {
                let name = metric.dataset_name.clone().unwrap_or_default();
                let digest = metric.dataset_digest.clone().unwrap_or_default();
                for (field, text) in [("datasetName", &name), ("datasetDigest", &digest)] {
                    if !text.is_empty() {
                        check_name(field, text)?;
                    }
                }
                check_name("modelId", model)?;
                checked.model_points.push(ModelPoint {
                    model: model.clone(),
                    key: metric.key.clone(),
                    point,
                    dataset_name: name,
                    dataset_digest: digest,
                });
            }
            match checked.points.get_mut(&metric.key) {
                Some(points) => points.push(point),
                None => {
                    checked.points.insert(metric.key.clone(), vec![point]);
                }
            }
        }
        let mut conflicts = Vec::new();
        for param in &batch.params {
            check_name("key", &param.key)?;
            check_text(&param.key, &param.value)?;
            let old = checked
                .params
                .insert(param.key.clone(), param.value.clone());
            if let Some(old) = old.filter(|old| *old != param.value) {
                conflicts.push(ParamConflict {
                    key: param.key.clone(),
                    old_value: old,
                    new_value: param.value.clone(),
                });
            }
        }
        if !conflicts.is_empty() {
            return Err(StoreError::ParamConflict { conflicts });
        }
        for tag in &batch.tags {
            check_name("key", &tag.key)?;
            check_text(&tag.key, &tag.value)?;
            let value = MetadataValue::from(tag.value.as_str());
            checked.tags.insert(tag.key.clone(), value);
        }
        Ok(checked)
    }

    async fn write(
        self,
        connection: &mut AnyConnection,
        backend: Backend,
        run: i64,
    ) -> Result<(), StoreError> {
        let row = rows::expect(connection, backend, run, &[Kind::ExperimentRun], true).await?;
        expect_state(&row, Some("LIVE"))?;
        let time = now();
        let owned = Owned {
            backend,
            run,
            experiment: row.parent,
            time,
        };
        owned.params(connection, self.params).await?;
        owned.points(connection, self.points).await?;
        owned.model_points(connection, self.model_points).await?;
        if !self.tags.is_empty() {
            property::write(connection, backend, run, self.tags).await?;
            let mut sql = Sql::new(backend, "UPDATE resource SET updated = ");
            sql.bind(time.max(row.updated));
            sql.push(" WHERE id = ").bind(run);
            sql.execute(connection).await?;
        }
        Ok(())
    }
}

/// A run whose artifacts are written.
struct Owned {
    backend: Backend,
    run: i64,
    experiment: Option<i64>,
    time: i64,
}

impl Owned {
    /// The statement for something of the run's artifacts of a kind that have one of the names.
    fn named(&self, kind: Kind, what: &str, names: &[&str]) -> Sql {
        let mut sql = Sql::new(self.backend, "SELECT ");
        sql.push(what).push(" FROM resource WHERE parent = ");
        sql.bind(self.run).push(" AND kind = ").bind(kind.number());
        sql.push(" AND name IN ").bind_all(names.iter().copied());
        sql
    }

    /// The ids of the run's metrics that have one of the names. They come as one value: to hand
    /// on a row costs more than to find it.
    async fn metrics(
        &self,
        connection: &mut AnyConnection,
        names: &[&str],
    ) -> Result<BTreeMap<String, i64>, StoreError> {
        let object = match self.backend {
            Backend::Sqlite => "json_group_object(name, id)",
            Backend::Postgres => "CAST(json_object_agg(name, id) AS TEXT)",
        };
        let mut found = BTreeMap::new();
        for names in names.chunks(NAMES) {
            let sql = self.named(Kind::Metric, object, names);
            let Some(row) = sql.optional(connection).await? else {
                continue;
            };
            if let Some(ids) = row.try_get::<Option<String>, _>(0)? {
                let ids: BTreeMap<String, i64> = serde_json::from_str(&ids)
                    .map_err(|error| StoreError::corrupt(error.to_string()))?;
                found.extend(ids);
            }
        }
        Ok(found)
    }

    async fn params(
        &self,
        connection: &mut AnyConnection,
        mut params: BTreeMap<String, String>,
    ) -> Result<(), StoreError> {
        let names: Vec<&str> = params.keys().map(String::as_str).collect();
        let mut rows = Vec::new();
        for names in names.chunks(NAMES) {
            let sql = self.named(Kind::Parameter, "name, text", names);
            rows.extend(sql.all(connection).await?);
        }
        let mut conflicts = Vec::new();
        for row in rows {
            let key: String = row.try_get(0)?;
            let old_value = row.try_get::<Option<String>, _>(1)?.unwrap_or_default();
            if let Some(new_value) = params.remove(&key).filter(|new| *new != old_value) {
                conflicts.push(ParamConflict {
                    key,
                    old_value,
                    new_value,
                });
            }
        }
        if !conflicts.is_empty() {
            conflicts.sort_by(|a, b| a.key.cmp(&b.key));
            return Err(StoreError::ParamConflict { conflicts });
        }
        let rows: Vec<_> = params
            .into_iter()
            .map(|(key, value)| {
                [
                    Kind::Parameter.number().into(),
                    self.run.into(),
                    Bind::Integer(self.experiment),
                    key.into(),
                    self.time.into(),
                    self.time.into(),
                    "UNKNOWN".into(),
                    value.into(),
                    r#"{"parameterType":"string"}"#.into(),
                ]
            })
            .collect();
        let into =
            "resource (kind, parent, experiment, name, created, updated, state, text, document)";
        insert_rows(connection, self.backend, into, rows, "").await
    }

    async fn points(
        &self,
        connection: &mut AnyConnection,
        points: BTreeMap<String, Vec<Point>>,
    ) -> Result<(), StoreError> {
        let latest: HashMap<&str, Point> =
            points
                .iter()
                .filter_map(|(name, points)| {
                    let latest = points.iter().copied().reduce(|best, point| {
                        if point.is_later(&best) { point } else { best }
                    });
                    Some((name.as_str(), latest?))
                })
                .collect();
        let names: Vec<&str> = points.keys().map(String::as_str).collect();
        let mut ids = self.metrics(connection, &names).await?;
        let known = ids.iter().filter_map(|(name, id)| {
            let point = latest.get(name.as_str())?;
            Some([
                (*id).into(),
                Kind::Metric.number().into(),
                self.time.into(),
                self.time.into(),
                property::number(point.value),
                point.step.into(),
                point.timestamp.into(),
                "{}".into(),
            ])
        });
        // An insert that always meets its row: many rows are changed by one statement.
        let known: Vec<_> = known.collect();
        let into = "resource (id, kind, created, updated, number, step, timestamp, document)";
        insert_rows(connection, self.backend, into, known, LATER).await?;
        let missing: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| !ids.contains_key(*name))
            .collect();
        let rows = missing.iter().filter_map(|name| {
            let point = latest.get(name)?;
            Some([
                Kind::Metric.number().into(),
                self.run.into(),
                Bind::Integer(self.experiment),
                (*name).into(),
                self.time.into(),
                self.time.into(),
                "UNKNOWN".into(),
                property::number(point.value),
                point.step.into(),
                point.timestamp.into(),
                "{}".into(),
            ])
        });
        let rows: Vec<_> = rows.collect();
        let into = "resource (kind, parent, experiment, name, created, updated, state, number, \
                    step, timestamp, document)";
        insert_rows(connection, self.backend, into, rows, "").await?;
        ids.extend(self.metrics(connection, &missing).await?);

        let mut rows = Vec::new();
        for (name, points) in &points {
            let Some(id) = ids.get(name) else { continue };
            for point in points {
                let [step, timestamp, value, nan] = point.binds();
                rows.push([(*id).into(), step, timestamp, value, nan, 0.into()]);
            }
        }
        insert_rows(connection, self.backend, POINT, rows, AGAIN).await
    }

    async fn model_points(
        &self,
        connection: &mut AnyConnection,
        points: Vec<ModelPoint>,
    ) -> Result<(), StoreError> {
        let mut models: HashMap<String, i64> = HashMap::new();
        let mut rows = Vec::with_capacity(points.len());
        for point in points {
            let model = match models.get(&point.model) {
                Some(model) => *model,
                None => {
                    let kinds = &[Kind::ModelArtifact];
                    let model =
                        rows::find_id(connection, self.backend, &point.model, kinds).await?;
                    models.insert(point.model, model);
                    model
                }
            };
            let [step, timestamp, value, nan] = point.point.binds();
            rows.push([
                model.into(),
                point.key.into(),
                step,
                timestamp,
                value,
                nan,
                self.run.into(),
                point.dataset_name.into(),
                point.dataset_digest.into(),
            ]);
        }
        let into = "model_point (model, name, step, timestamp, value, nan, run, dataset_name, \
                    dataset_digest)";
        insert_rows(connection, self.backend, into, rows, AGAIN).await
    }
}

impl Store {
    /// Writes metrics, parameters and tags of a run, all or none. It has been written when this
    /// returns, and may be sent again: points and parameters that are there already stay.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run or model, [`StoreError::WrongState`]
    /// when the run is archived, [`StoreError::ParamConflict`] when a parameter has another value
    /// already, [`StoreError::Invalid`] when a key or value is out of bounds, and those of the
    /// database.
    pub async fn log_batch(&self, run: i64, batch: &LogBatch) -> Result<(), StoreError> {
        let batch = Batch::new(batch)?;
        let backend = self.database.backend;
        self.database
            .write(move |connection| Box::pin(batch.write(connection, backend, run)))
            .await
    }
}
