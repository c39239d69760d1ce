//! Whether the server can do its work, for probes.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{App, query::Query};

/// Whether the database answers.
pub(crate) const HEALTH: &str = "/readyz/health";
/// The same: the schema is never left half made, so it is never dirty.
pub(crate) const IS_DIRTY: &str = "/readyz/isDirty";

pub(crate) async fn health(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    answer(&app, query, "model-registry").await
}

pub(crate) async fn is_dirty(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    answer(&app, query, "database").await
}

/// `OK`, or what is wrong with 503; with `?format=json`, an object of checks as upstream's.
async fn answer(app: &App, query: Option<String>, check: &str) -> Response {
    let began = Instant::now();
    let is_well = app.store.ping().await.is_ok();
    let (status, word, message) = if is_well {
        (StatusCode::OK, "pass", "database is healthy")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "fail",
            "database connection error",
        )
    };
    let is_json =
        Query::parse(query.as_deref()).is_ok_and(|query| query.get("format") == Some("json"));
    if !is_json {
        return (status, if is_well { "OK" } else { message }).into_response();
    }
    let checks = json!({
        "status": word,
        "checks": {
            check: {"Name": check, "Status": word, "Message": message, "Details": {}},
            "meta": {
                "Name": "meta",
                "Status": "pass",
                "Message": "",
                "Details": {"check_duration_ms": began.elapsed().as_millis() as u64},
            },
        },
    });
    (status, axum::Json(checks)).into_response()
}
