use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::state::{ArtifactType, OrderByField, SortOrder};

/// A page of resources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct List<T> {
    /// The resources, in the order that was asked for.
    pub items: Vec<T>,
    /// What asks for the next page; empty on the last one.
    pub next_page_token: String,
    /// How many resources the page may have.
    pub page_size: i32,
    /// How many it has.
    pub size: i32,
}

/// Which resources are listed, in which order, and how many at once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListOptions {
    /// The resource to which they belong: an id.
    pub parent: Option<i64>,
    /// Their name.
    pub name: Option<String>,
    /// Their id in the client's system.
    pub external_id: Option<String>,
    /// The kind of artifacts.
    pub artifact_type: Option<ArtifactType>,
    /// A condition in the language of [`filter`](crate::filter).
    pub filter_query: Option<String>,
    /// How many to a page, at most [`MAX_PAGE_SIZE`](crate::store::MAX_PAGE_SIZE); as many when
    /// absent.
    pub page_size: Option<i32>,
    /// What they are ordered by.
    pub order_by: OrderByField,
    /// The direction.
    pub sort_order: SortOrder,
    /// The `nextPageToken` of the page before, of a list with the same order.
    pub next_page_token: Option<String>,
    /// Steps, of which a metric's history is listed.
    pub step_ids: Option<Vec<i64>>,
}

/// What one resource is looked up by: its name, with the resource to which it belongs where
/// names are unique only there; or its id in the client's system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Find {
    /// Its name.
    pub name: Option<String>,
    /// Its id in the client's system.
    pub external_id: Option<String>,
    /// The resource to which it belongs.
    pub parent: Option<i64>,
}
