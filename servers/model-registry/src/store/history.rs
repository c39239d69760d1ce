//! The histories of metrics.

use sqlx::Row as _;

use super::{
    MAX_PAGE_SIZE, Store,
    error::StoreError,
    fields,
    read::page_size,
    rows::{self, COLUMNS, COUNT, Row, represent},
    sql::Sql,
    token::{self, Key, KeyValue},
};
use crate::{
    filter::{Compared, Field, Filter, Target, holds},
    kind::Kind,
    model::{
        Double, Int64, List, ListOptions, Metric, MetricColumns, MetricColumnsOptions,
        OrderByField, Properties, SortOrder, Whole,
    },
};

/// How many points a page of columns has at most.
pub const MAX_POINTS: i32 = 250_000;

/// How many it has when nothing else is asked for.
const POINTS: i32 = 100_000;

const STEPS: usize = 10_000;

/// What the keys of metrics' points give, and of one metric's points.
const PLACE: [Compared; 6] = [
    Compared::Integer,
    Compared::Integer,
    Compared::Integer,
    Compared::Integer,
    Compared::Number,
    Compared::Integer,
];
const POINT: &[Compared] = PLACE.split_at(1).1;

/// A point of a history, as it is stored.
struct Point {
    step: i64,
    timestamp: i64,
    value: f64,
    nan: i64,
    hash: i64,
    properties: Properties,
}

impl Store {
    /// Lists the points of metrics, as metrics: of one run or of all, of one name or of all, of
    /// some steps or of all. By the metric, then time, step and value; by time first when ordered
    /// by a time.
    ///
    /// # Errors
    /// As those of [`list`](Self::list).
    pub async fn metric_history(&self, options: &ListOptions) -> Result<List<Metric>, StoreError> {
        let backend = self.database.backend;
        let kinds = &[Kind::Metric];
        let page_size = page_size(options.page_size, MAX_PAGE_SIZE)?;
        let ascending = options.sort_order == SortOrder::Asc;
        let mut keys = [
            "p.metric",
            "p.timestamp",
            "p.step",
            "p.nan",
            "p.value",
            "p.hash",
        ]
        .map(|key| Key::new(key, ascending));
        let by_time = options.order_by != OrderByField::Id;
        if by_time {
            keys.swap(0, 1);
        }
        let order = format!("history {by_time} {ascending}");
        let token = options.next_page_token.as_deref().unwrap_or_default();
        let place = token::decode(&order, &PLACE, token)?;

        let mut sql = Sql::new(backend, "SELECT ");
        sql.push(COLUMNS);
        sql.push(", p.step, p.timestamp, p.value, p.nan, p.hash, p.properties FROM resource r");
        sql.push(" JOIN metric_point p ON p.metric = r.id WHERE r.kind = 14");
        if let Some(run) = options.parent {
            sql.push(" AND r.parent = ").bind(run);
        }
        if let Some(name) = &options.name {
            sql.push(" AND r.name = ").bind(name.as_str());
        }
        steps(&mut sql, options.step_ids.as_deref())?;
        if let Some(filter) = Filter::parse(options.filter_query.as_deref().unwrap_or_default())? {
            let target = Target {
                id: "r.id",
                field: &|name, value| match name {
                    "step" => Some(Field::new("p.step", Compared::Integer)),
                    "timestamp" => Some(Field::new("p.timestamp", Compared::Integer)),
                    "value" => Some(Field::number(
                        "CASE p.nan WHEN 0 THEN p.value END",
                        "p.nan = 1",
                    )),
                    _ => fields::field(backend, kinds, name, value),
                },
            };
            sql.push(" AND ");
            holds(&mut sql, &target, &filter)?;
        }
        if let Some(place) = place {
            sql.push(" AND ");
            token::after(&mut sql, &keys, &place);
        }
        token::order_by(&mut sql, &keys);
        sql.push(" LIMIT ").push(&(page_size + 1).to_string());

        let mut connection = self.database.read().await?;
        if let Some(run) = options.parent {
            let run_kind = &[Kind::ExperimentRun];
            rows::expect(&mut connection, backend, run, run_kind, false).await?;
        }
        let found = sql.all(&mut connection).await?;
        let limit = usize::try_from(page_size).unwrap_or_default();
        let mut rows = Vec::new();
        let mut points = Vec::new();
        for row in found.iter().take(limit) {
            rows.push(Row::decode(row)?);
            let at = COUNT;
            let properties: Option<String> = row.try_get(at + 5)?;
            points.push(Point {
                step: row.try_get(at)?,
                timestamp: row.try_get(at + 1)?,
                value: row.try_get(at + 2)?,
                nan: row.try_get(at + 3)?,
                hash: row.try_get(at + 4)?,
                properties: serde_json::from_str(properties.as_deref().unwrap_or("{}"))
                    .map_err(|error| StoreError::corrupt(error.to_string()))?,
            });
        }
        let mut next_page_token = String::new();
        if found.len() > limit
            && let (Some(row), Some(point)) = (rows.last(), points.last())
        {
            let mut place = [
                KeyValue::Integer(row.id),
                KeyValue::Integer(point.timestamp),
                KeyValue::Integer(point.step),
                KeyValue::Integer(point.nan),
                Some(point.value).into(),
                KeyValue::Integer(point.hash),
            ];
            if by_time {
                place.swap(0, 1);
            }
            next_page_token = token::encode(&order, &place);
        }
        let mut items: Vec<Metric> = represent(&mut connection, backend, rows).await?;
        for (metric, point) in items.iter_mut().zip(points) {
            metric.step = Some(Whole(point.step));
            metric.timestamp = Some(Int64(point.timestamp));
            metric.value = Some(Double(if point.nan == 0 {
                point.value
            } else {
                f64::NAN
            }));
            metric.custom_properties = Some(point.properties);
        }
        Ok(List {
            size: i32::try_from(items.len()).unwrap_or(i32::MAX),
            items,
            next_page_token,
            page_size,
        })
    }

    /// The history of one metric of a run, as columns.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run, [`StoreError::Invalid`] when the page
    /// token is not one, and those of the database. A name without points has empty columns.
    pub async fn metric_columns(
        &self,
        run: i64,
        options: &MetricColumnsOptions,
    ) -> Result<MetricColumns, StoreError> {
        let backend = self.database.backend;
        let page_size = match options.page_size {
            None | Some(0) => POINTS,
            asked => page_size(asked, MAX_POINTS)?,
        };
        let mut keys = vec![
            Key::new("p.timestamp", true),
            Key::new("p.step", true),
            Key::new("p.nan", true),
            Key::new("p.value", true),
            Key::new("p.hash", true),
        ];
        if options.by_step {
            keys.swap(0, 1);
        }
        let order = format!("columns {}", options.by_step);
        let token = options.page_token.as_deref().unwrap_or_default();
        let place = token::decode(&order, POINT, token)?;

        let mut connection = self.database.read().await?;
        let kinds = &[Kind::ExperimentRun];
        rows::expect(&mut connection, backend, run, kinds, false).await?;
        let mut sql = Sql::new(
            backend,
            "SELECT id FROM resource WHERE kind = 14 AND parent = ",
        );
        sql.bind(run)
            .push(" AND name = ")
            .bind(options.name.as_str());
        let Some(metric) = sql.optional(&mut connection).await? else {
            return Ok(MetricColumns::default());
        };
        let metric: i64 = metric.try_get(0)?;

        let mut sql = Sql::new(backend, " FROM metric_point p WHERE p.metric = ");
        sql.bind(metric);
        steps(&mut sql, options.steps.as_deref())?;
        for (step, sign) in [(options.start_step, ">="), (options.end_step, "<=")] {
            if let Some(step) = step {
                sql.push(" AND p.step ").push(sign).push(" ").bind(step);
            }
        }
        if let Some(place) = place {
            sql.push(" AND ");
            token::after(&mut sql, &keys, &place);
        }
        let mut limit = usize::try_from(page_size).unwrap_or_default();
        if let Some(points) = options.max_points {
            sql = sampled(&sql, &keys, points);
            limit = usize::MAX;
        } else {
            sql.prepend("SELECT p.step, p.timestamp, p.value, p.nan, p.hash");
            token::order_by(&mut sql, &keys);
            sql.push(" LIMIT ").push(&(page_size + 1).to_string());
        }
        let found = sql.all(&mut connection).await?;
        let mut columns = MetricColumns::default();
        for row in found.iter().take(limit) {
            columns.steps.push(row.try_get(0)?);
            columns.timestamps.push(row.try_get(1)?);
            let nan: i64 = row.try_get(3)?;
            let value = if nan == 0 { row.try_get(2)? } else { f64::NAN };
            columns.values.push(Double(value));
        }
        if found.len() > limit
            && let Some(last) = limit.checked_sub(1).and_then(|last| found.get(last))
        {
            let mut place = [
                KeyValue::Integer(last.try_get(1)?),
                KeyValue::Integer(last.try_get(0)?),
                KeyValue::Integer(last.try_get(3)?),
                last.try_get::<Option<f64>, _>(2)?.into(),
                KeyValue::Integer(last.try_get(4)?),
            ];
            if options.by_step {
                place.swap(0, 1);
            }
            columns.next_page_token = token::encode(&order, &place);
        }
        Ok(columns)
    }
}

fn steps(sql: &mut Sql, steps: Option<&[i64]>) -> Result<(), StoreError> {
    let Some(steps) = steps else { return Ok(()) };
    if steps.len() > STEPS {
        return Err(StoreError::invalid(format!(
            "there are more than {STEPS} steps"
        )));
    }
    if steps.is_empty() {
        sql.push(" AND 1 = 0");
        return Ok(());
    }
    sql.push(" AND p.step IN ").bind_all(steps.iter().copied());
    Ok(())
}

/// The statement for at most a number of points, evenly spaced, the first and the last among
/// them; the last alone when it is one.
fn sampled(points: &Sql, keys: &[Key], wanted: i32) -> Sql {
    let mut sql = points.clone();
    let mut order = Sql::new(points.backend, "");
    token::order_by(&mut order, keys);
    sql.prepend(&format!(
        "SELECT step, timestamp, value, nan FROM (SELECT p.step, p.timestamp, p.value, p.nan, \
         row_number() OVER ({order}) - 1 AS place, count(*) OVER () AS total",
        order = order.text().trim_start()
    ));
    sql.push(") AS points WHERE place = total - 1");
    if wanted > 1 {
        // The places where the quotient of floor(place * (wanted - 1) / (total - 1)) changes.
        let spaces = i64::from(wanted) - 1;
        sql.push(&format!(
            " OR total <= {wanted} OR place = 0 \
             OR place * {spaces} / (total - 1) <> (place - 1) * {spaces} / (total - 1)"
        ));
    }
    sql.push(" ORDER BY place");
    sql
}
