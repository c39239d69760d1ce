//! Searches for runs, logged models and experiments, by what belongs to them.

use sqlx::AnyConnection;

use super::{
    Found, Store,
    draft::{check_name, check_text, parse_id},
    error::StoreError,
    read::{of_kinds, page_size},
    rows::{self, COLUMNS, COUNT, Row, represent},
    sql::{Backend, Sql},
    token::{self, Key, KeyValue},
};
use crate::{
    filter::Compared,
    kind::Kind,
    model::{Experiment, ExperimentRun, LoggedModel, RunData, Search},
};

use attached::{fill, logged_models};
use condition::holds;
use order::{fingerprint, key_value, last_keys, order_keys};

pub(crate) use condition::CONTEXT;

mod attached;
mod condition;
mod order;

/// How many resources a page of a search has at most.
pub const MAX_FOUND: i32 = 50_000;

/// How many it has when nothing else is asked for.
const FOUND: i32 = 1_000;

/// How many conditions and keys a search may have.
const MAX_CONDITIONS: usize = 100;
const MAX_ORDERS: usize = 16;
const MAX_EXPERIMENTS: usize = 10_000;

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
    keys.extend(last_keys(scope));
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
