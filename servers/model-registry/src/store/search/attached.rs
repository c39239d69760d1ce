//! What is found with runs and logged models.

use std::collections::HashMap;

use sqlx::{AnyConnection, Row as _};

use crate::{
    kind::Kind,
    model::{Artifact, Double, LoggedModel, MetricData, ModelArtifact, ParamData, RunData},
    store::{
        error::StoreError,
        read::of_kinds,
        rows::{COLUMNS, Row, represent},
        sql::{Backend, Sql},
    },
};

/// How many runs or models one statement asks about.
const IDS: usize = 500;

/// Adds to runs what belongs to them.
pub(super) async fn fill(
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
    for ids in ids.chunks(IDS) {
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
pub(super) async fn logged_models(
    connection: &mut AnyConnection,
    backend: Backend,
    rows: Vec<Row>,
) -> Result<Vec<LoggedModel>, StoreError> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut metrics: HashMap<i64, Vec<MetricData>> = HashMap::new();
    for ids in ids.chunks(IDS) {
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
