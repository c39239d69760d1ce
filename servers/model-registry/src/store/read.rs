//! Reading resources.

use sqlx::Row as _;

use super::{
    MAX_PAGE_SIZE, Store,
    error::StoreError,
    fields::field,
    rows::{self, COLUMNS, Row, represent, represent_one},
    sql::Sql,
    token::{self, Key, KeyValue},
};
use crate::{
    filter::{Compared, Filter, Target, holds},
    kind::Kind,
    model::{
        Find, List, ListOptions, ModelVersion, OrderByField, RegisteredModel, Resource, SortOrder,
    },
};

/// The number of rows of a page: what was asked for, up to a bound.
pub(crate) fn page_size(asked: Option<i32>, bound: i32) -> Result<i32, StoreError> {
    match asked {
        None | Some(0) => Ok(bound),
        Some(size) if size < 0 => Err(StoreError::invalid("pageSize is negative")),
        Some(size) => Ok(size.min(bound)),
    }
}

/// Appends `r.kind IN (…)` for some kinds.
pub(crate) fn of_kinds(sql: &mut Sql, kinds: &[Kind]) {
    let numbers: Vec<String> = kinds.iter().map(|kind| kind.number().to_string()).collect();
    match numbers.as_slice() {
        [number] => sql.push("r.kind = ").push(number),
        _ => sql.push("r.kind IN (").push(&numbers.join(", ")).push(")"),
    };
}

/// Appends a filter, if there is one.
pub(crate) fn filtered(
    sql: &mut Sql,
    kinds: &[Kind],
    filter_query: Option<&str>,
) -> Result<(), StoreError> {
    if let Some(filter) = Filter::parse(filter_query.unwrap_or_default())? {
        let backend = sql.backend;
        let target = Target {
            id: "r.id",
            field: &|name, value| field(backend, kinds, name, value),
        };
        sql.push(" AND ");
        holds(sql, &target, &filter)?;
    }
    Ok(())
}

impl Store {
    /// Reads a resource.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none of the id and kind, and those of the database.
    pub async fn get<R: Resource>(&self, id: i64) -> Result<R, StoreError> {
        let backend = self.database.backend;
        let mut connection = self.database.read().await?;
        let row = rows::expect(&mut connection, backend, id, R::KINDS, false).await?;
        represent_one(&mut connection, backend, row).await
    }

    /// Finds the one resource of a name or external id.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when neither an external id nor a name is given, or a name without
    /// the resource to which it belongs; [`StoreError::NotFound`] when there is none, or several.
    pub async fn find<R: Resource>(&self, find: &Find) -> Result<R, StoreError> {
        let kinds = R::KINDS;
        let owned = kinds.iter().any(|kind| !kind.parents().is_empty());
        let named = find.name.is_some() && (find.parent.is_some() || !owned);
        if !named && find.external_id.is_none() {
            return Err(StoreError::invalid(if owned {
                "invalid parameters call, supply either (name and parentResourceId), or externalId"
            } else {
                "invalid parameters call, supply either name or externalId"
            }));
        }
        let options = ListOptions {
            name: find.name.clone(),
            external_id: find.external_id.clone(),
            parent: find.parent,
            page_size: Some(2),
            ..ListOptions::default()
        };
        let found = self.rows::<R>(&options, false).await?;
        let shown = |text: &Option<String>| text.clone().unwrap_or_default();
        let parent = find.parent.map(|id| id.to_string());
        let said = format!(
            "{} found for name={}, parentResourceId={}, externalId={}",
            rows::words(kinds),
            shown(&find.name),
            shown(&parent),
            shown(&find.external_id)
        );
        let mut rows = found.rows;
        match (rows.pop(), rows.is_empty()) {
            (Some(row), true) => {
                let mut connection = self.database.read().await?;
                represent_one(&mut connection, self.database.backend, row).await
            }
            (Some(_), false) => Err(StoreError::not_found(format!("multiple {said}"))),
            (None, _) => Err(StoreError::not_found(format!("no {said}"))),
        }
    }

    /// Lists resources, a page at a time.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no resource to which they could belong,
    /// [`StoreError::Filter`] and [`StoreError::Invalid`] when filter or page token are not what
    /// they should be, and those of the database.
    pub async fn list<R: Resource>(&self, options: &ListOptions) -> Result<List<R>, StoreError> {
        let Page {
            rows,
            page_size,
            next_page_token,
        } = self.rows::<R>(options, true).await?;
        let mut connection = self.database.read().await?;
        let items = represent(&mut connection, self.database.backend, rows).await?;
        Ok(List {
            size: i32::try_from(items.len()).unwrap_or(i32::MAX),
            items,
            next_page_token,
            page_size,
        })
    }

    /// The rows of a page. `checked`: the resource to which they belong has to be there.
    async fn rows<R: Resource>(
        &self,
        options: &ListOptions,
        checked: bool,
    ) -> Result<Page, StoreError> {
        let backend = self.database.backend;
        let asked = options.artifact_type.map(Kind::of_artifact);
        let one = asked.map(|kind| [kind]);
        let kinds = match &one {
            Some(one) if R::KINDS.contains(&one[0]) => one.as_slice(),
            _ => R::KINDS,
        };
        let page_size = page_size(options.page_size, MAX_PAGE_SIZE)?;
        let ascending = options.sort_order == SortOrder::Asc;
        let mut keys = vec![Key::new("r.id", ascending)];
        match options.order_by {
            OrderByField::Id => {}
            OrderByField::CreateTime => keys.insert(0, Key::new("r.created", ascending)),
            OrderByField::LastUpdateTime => keys.insert(0, Key::new("r.updated", ascending)),
        }
        let order = format!(
            "{} {}",
            options.order_by.as_str(),
            options.sort_order.as_str()
        );
        let token = options.next_page_token.as_deref().unwrap_or_default();
        let place = token::decode(&order, &vec![Compared::Integer; keys.len()], token)?;

        let mut sql = Sql::new(backend, "SELECT ");
        sql.push(COLUMNS).push(" FROM resource r WHERE ");
        of_kinds(&mut sql, kinds);
        if let Some(parent) = options.parent {
            sql.push(" AND r.parent = ").bind(parent);
        } else if kinds.iter().all(|kind| kind.parents().is_empty()) {
            // Said for the index of names.
            sql.push(" AND r.parent = 0");
        }
        if let Some(name) = &options.name {
            let name = crate::filter::Value::Text(name.clone());
            let of = field(backend, kinds, "name", &name);
            if let (Some(of), crate::filter::Value::Text(name)) = (of, name) {
                sql.push(" AND ").push(&of.expression).push(" = ");
                sql.bind(name);
            }
        }
        if let Some(id) = &options.external_id {
            sql.push(" AND r.external_id = ").bind(id.as_str());
        }
        filtered(&mut sql, kinds, options.filter_query.as_deref())?;
        if let Some(place) = place {
            sql.push(" AND ");
            token::after(&mut sql, &keys, &place);
        }
        token::order_by(&mut sql, &keys);
        sql.push(" LIMIT ").push(&(page_size + 1).to_string());

        let mut connection = self.database.read().await?;
        let found = sql.all(&mut connection).await?;
        let mut rows: Vec<Row> = found.iter().map(Row::decode).collect::<Result<_, _>>()?;
        if let Some(parent) = options.parent
            && rows.is_empty()
            && checked
        {
            let parents: Vec<Kind> = kinds
                .iter()
                .flat_map(|kind| kind.parents())
                .copied()
                .collect();
            rows::expect(&mut connection, backend, parent, &parents, false).await?;
        }
        let limit = usize::try_from(page_size).unwrap_or_default();
        let mut next_page_token = String::new();
        if rows.len() > limit {
            rows.truncate(limit);
            if let Some(last) = rows.last() {
                let mut place = vec![KeyValue::Integer(last.id)];
                match options.order_by {
                    OrderByField::Id => {}
                    OrderByField::CreateTime => place.insert(0, KeyValue::Integer(last.created)),
                    OrderByField::LastUpdateTime => {
                        place.insert(0, KeyValue::Integer(last.updated));
                    }
                }
                next_page_token = token::encode(&order, &place);
            }
        }
        Ok(Page {
            rows,
            page_size,
            next_page_token,
        })
    }

    /// The version that an inference service serves: the one that it names, or the newest of its
    /// registered model.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such service, or no version.
    pub async fn served_version(&self, inference_service: i64) -> Result<ModelVersion, StoreError> {
        let service = self.served(inference_service).await?;
        if let Some(version) = service.version {
            return self.get(version).await;
        }
        let newest = ListOptions {
            parent: Some(service.model),
            page_size: Some(1),
            sort_order: SortOrder::Desc,
            order_by: OrderByField::CreateTime,
            ..ListOptions::default()
        };
        let mut versions = self.list::<ModelVersion>(&newest).await?;
        versions.items.pop().ok_or_else(|| {
            StoreError::not_found(format!(
                "no model versions found for inference service {inference_service}"
            ))
        })
    }

    /// The registered model that an inference service serves.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such service.
    pub async fn served_model(
        &self,
        inference_service: i64,
    ) -> Result<RegisteredModel, StoreError> {
        let service = self.served(inference_service).await?;
        self.get(service.model).await
    }

    async fn served(&self, inference_service: i64) -> Result<Served, StoreError> {
        let kinds = &[Kind::InferenceService];
        let mut connection = self.database.read().await?;
        let backend = self.database.backend;
        let row = rows::expect(&mut connection, backend, inference_service, kinds, false).await?;
        let id = |name: &str| row.fields.get(name)?.as_str()?.parse::<i64>().ok();
        let model = id("registeredModelId").ok_or_else(|| {
            StoreError::corrupt(format!(
                "inference service {inference_service} has no registered model"
            ))
        })?;
        Ok(Served {
            model,
            version: id("modelVersionId"),
        })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut connection = self.database.read().await?;
        let sql = Sql::new(self.database.backend, "SELECT 1");
        let row = sql.optional(&mut connection).await?;
        row.map(|row| row.try_get::<i64, _>(0)).transpose()?;
        Ok(())
    }
}

struct Page {
    rows: Vec<Row>,
    page_size: i32,
    next_page_token: String,
}

/// What an inference service serves.
struct Served {
    model: i64,
    version: Option<i64>,
}
