//! Changes of several things at once, for experiment tracking.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sqlx::{AnyConnection, Row as _};

use super::{
    Store,
    draft::{Draft, check_name, check_properties, members},
    error::StoreError,
    property,
    rows::{self, Row},
    search::CONTEXT,
    sql::{Backend, Sql},
    write::{New, change, expect_state, now},
};
use crate::{
    kind::Kind,
    model::{
        DatasetSummaries, DatasetSummary, Edit, ExperimentRun, ExperimentRunCreate, InputData,
        LogInputs, MetadataValue, ModelArtifact, ModelArtifactCreate, Properties, Resource,
    },
};

/// How many datasets are summed up.
const SUMMARIES: i64 = 1_000;

/// How many datasets a run gets at once.
const MAX_INPUTS: usize = 1_000;

fn tags(tags: BTreeMap<String, String>) -> Properties {
    let value = |text: String| MetadataValue::from(text.as_str());
    tags.into_iter()
        .map(|(name, text)| (name, value(text)))
        .collect()
}

impl Store {
    /// Changes a resource, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such resource, [`StoreError::WrongState`] when it
    /// is in another state than the required one, [`StoreError::NoProperty`] when a property is to
    /// be taken away that is not there, [`StoreError::Exists`] when a name is taken,
    /// [`StoreError::Invalid`] when it cannot be as it would be, and those of the database.
    pub async fn edit<R: Resource>(&self, id: i64, edit: Edit<R::Update>) -> Result<R, StoreError> {
        let [kind] = R::KINDS else {
            return Err(StoreError::invalid("only one kind can be edited"));
        };
        let kind = *kind;
        let fields = match &edit.fields {
            Some(fields) => members::<R>(fields)?.1,
            None => Map::new(),
        };
        let mut draft = Draft::new(kind, fields)?;
        if let Some(name) = &edit.name {
            check_name("name", name)?;
        }
        draft.name = edit.name;
        let set = tags(edit.set);
        check_properties(&set)?;
        let (remove, state) = (edit.remove, edit.require_state);
        let cascade = edit.cascade && kind == Kind::Experiment;
        let backend = self.database.backend;
        self.database
            .write(move |connection| {
                Box::pin(async move {
                    let row = rows::expect(connection, backend, id, &[kind], true).await?;
                    expect_state(&row, state.as_deref())?;
                    let to = draft.fields.get("state").cloned();
                    change(connection, backend, row, draft).await?;
                    for name in remove {
                        if !property::remove(connection, backend, id, &name).await? {
                            let message = format!("{} {id} has no `{name}`", kind.words());
                            return Err(StoreError::NoProperty { message });
                        }
                    }
                    property::write(connection, backend, id, set).await?;
                    if let (true, Some(Value::String(to))) = (cascade, to) {
                        let mut sql = Sql::new(backend, "UPDATE resource SET state = ");
                        sql.bind(to).push(", updated = ").bind(now());
                        sql.push(" WHERE parent = ").bind(id);
                        sql.push(" AND kind = ").bind(Kind::ExperimentRun.number());
                        sql.execute(connection).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        self.get(id).await
    }

    /// Makes a run of an experiment, which has to be in a state.
    ///
    /// # Errors
    /// [`StoreError::WrongState`], and as those of [`create`](Self::create).
    pub async fn create_run(
        &self,
        experiment: i64,
        create: &ExperimentRunCreate,
        require_state: Option<&str>,
    ) -> Result<ExperimentRun, StoreError> {
        let (kind, members) = members::<ExperimentRun>(create)?;
        let mut new = New::from_members(kind, Some(experiment), members)?;
        new.parent_state = require_state.map(str::to_owned);
        self.insert(new).await
    }

    /// Makes a logged model: a model artifact of an experiment, or of one of its runs. Names may
    /// repeat.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] when the experiment is in another state than the required one,
    /// [`StoreError::Elsewhere`] when the run belongs to another experiment, and as those of
    /// [`create`](Self::create).
    pub async fn create_logged_model(
        &self,
        experiment: i64,
        run: Option<i64>,
        create: &ModelArtifactCreate,
        require_state: Option<&str>,
    ) -> Result<ModelArtifact, StoreError> {
        let (kind, members) = members::<ModelArtifact>(create)?;
        let mut new = New::from_members(kind, run.or(Some(experiment)), members)?;
        new.repeats = true;
        let state = require_state.map(str::to_owned);
        let backend = self.database.backend;
        let id = self
            .database
            .write(move |connection| {
                Box::pin(async move {
                    let kinds = &[Kind::Experiment];
                    let row = rows::expect(connection, backend, experiment, kinds, true).await?;
                    expect_state(&row, state.as_deref())?;
                    if let Some(run) = run {
                        let kinds = &[Kind::ExperimentRun];
                        let row = rows::expect(connection, backend, run, kinds, false).await?;
                        if row.parent != Some(experiment) {
                            return Err(StoreError::Elsewhere {
                                message: format!(
                                    "experiment run {run} belongs to another experiment than \
                                     {experiment}"
                                ),
                            });
                        }
                    }
                    new.insert(connection, backend).await
                })
            })
            .await?;
        self.get(id).await
    }

    /// The id of a logged model that is named by its id or by its external id, of which the latter
    /// goes first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none, and those of the database.
    pub async fn logged_model_id(&self, named: &str) -> Result<i64, StoreError> {
        let mut connection = self.database.read().await?;
        let kinds = &[Kind::ModelArtifact];
        rows::find_id(&mut connection, self.database.backend, named, kinds).await
    }

    /// Writes the datasets that a run has used.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such run, [`StoreError::WrongState`] when it is
    /// archived, [`StoreError::Invalid`] when a dataset cannot be as it is, and those of the
    /// database.
    pub async fn log_inputs(&self, run: i64, inputs: LogInputs) -> Result<(), StoreError> {
        if inputs.datasets.len() > MAX_INPUTS {
            return Err(StoreError::invalid(format!(
                "there are more than {MAX_INPUTS} datasets"
            )));
        }
        let datasets = inputs.datasets.into_iter().map(|input| {
            let key = (input.name.clone(), input.digest.clone());
            Ok((key, dataset(run, input)?))
        });
        // The same dataset twice is one.
        let mut datasets: BTreeMap<_, _> = datasets.collect::<Result<_, StoreError>>()?;
        let backend = self.database.backend;
        self.database
            .write(move |connection| {
                Box::pin(async move {
                    let kinds = &[Kind::ExperimentRun];
                    let row = rows::expect(connection, backend, run, kinds, true).await?;
                    expect_state(&row, Some("LIVE"))?;
                    for row in inputs_of(connection, backend, run).await? {
                        let digest = row.fields.get("digest").and_then(Value::as_str);
                        let digest = digest.unwrap_or_default().to_owned();
                        datasets.remove(&(row.name.unwrap_or_default(), digest));
                    }
                    for new in datasets.into_values() {
                        new.insert(connection, backend).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// The datasets that the runs of experiments have used, at most a thousand.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn dataset_summaries(
        &self,
        experiments: &[i64],
    ) -> Result<DatasetSummaries, StoreError> {
        let mut items = Vec::new();
        if experiments.is_empty() {
            return Ok(DatasetSummaries { items });
        }
        let backend = self.database.backend;
        let mut sql = Sql::new(
            backend,
            "SELECT DISTINCT r.experiment, COALESCE(r.name, r.text), ",
        );
        sql.push(&backend.text_of("r.document", "digest"));
        sql.push(
            ", p.text FROM resource r LEFT JOIN property p ON p.resource = r.id AND p.name = ",
        );
        sql.bind(CONTEXT);
        sql.push(" WHERE r.kind = ").bind(Kind::DataSet.number());
        sql.push(" AND r.experiment IN ")
            .bind_all(experiments.iter().copied());
        sql.push(" ORDER BY 1, 2, 3, 4 LIMIT ").bind(SUMMARIES);
        let mut connection = self.database.read().await?;
        for row in sql.all(&mut connection).await? {
            let text = |at: usize| row.try_get::<Option<String>, _>(at);
            items.push(DatasetSummary {
                experiment_id: row.try_get::<i64, _>(0)?.to_string(),
                name: text(1)?.unwrap_or_default(),
                digest: text(2)?.unwrap_or_default(),
                context: text(3)?,
            });
        }
        Ok(DatasetSummaries { items })
    }
}

/// A dataset that is to be made; others of its name may be there.
fn dataset(run: i64, input: InputData) -> Result<New, StoreError> {
    let mut fields = Map::new();
    let mut field = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value.into());
        }
    };
    field("name", Some(input.name));
    field("digest", Some(input.digest));
    field("sourceType", Some(input.source_type));
    field("source", Some(input.source));
    field("schema", input.schema);
    field("profile", input.profile);
    let mut new = New::from_members(Kind::DataSet, Some(run), fields)?;
    let tags = tags(input.tags);
    check_properties(&tags)?;
    new.draft.properties = Some(tags);
    new.repeats = true;
    Ok(new)
}

/// The datasets that a run has.
async fn inputs_of(
    connection: &mut AnyConnection,
    backend: Backend,
    run: i64,
) -> Result<Vec<Row>, StoreError> {
    let mut sql = Sql::new(backend, "SELECT ");
    sql.push(rows::COLUMNS)
        .push(" FROM resource r WHERE r.parent = ");
    sql.bind(run)
        .push(" AND r.kind = ")
        .bind(Kind::DataSet.number());
    let rows = sql.all(connection).await?;
    rows.iter().map(Row::decode).collect()
}
