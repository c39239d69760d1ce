//! The HTTP side: routes, errors, who is let in, and the document that describes it all.

mod auth;
mod body;
mod error;
mod extension;
mod health;
pub(crate) mod log;
mod openapi;
mod operation;
mod parameter;
mod query;
mod registry;
mod v1;

use std::{
    error::Error,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::{RawPathParams, Request, State},
    http::{HeaderValue, Method, StatusCode, Uri},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, get, on},
};

use self::{
    auth::Tokens,
    error::{ApiError, Cause},
    operation::{Call, Form, Operation},
    query::Query,
};
use crate::{
    server::{ServerError, ServerOptions},
    store::Store,
};

/// The longest body that is read: a batch of a hundred thousand metrics is a tenth of it.
const BODY: usize = 64 << 20;
/// How long a request may take, its body's arrival with it.
const TIME: Duration = Duration::from_secs(120);
const REQUEST_ID: &str = "x-request-id";

/// What the handlers share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) store: Store,
    tokens: Option<Tokens>,
    document: OnceLock<Bytes>,
    log_requests: bool,
    /// Tells the requests of this process from those of others.
    start: u64,
    requests: AtomicU64,
}

/// A part of the API: operations below a common path.
pub(crate) struct Api {
    pub(crate) base: &'static str,
    pub(crate) tag: &'static str,
    /// What ends the names of its operations in the document.
    pub(crate) suffix: &'static str,
    pub(crate) form: Form,
    pub(crate) operations: Vec<Operation>,
}

fn apis() -> [Api; 3] {
    [registry::api(), v1::api(), extension::api()]
}

/// All routes of a server.
///
/// # Errors
/// [`ServerError::Tokens`]: the token file cannot be used.
pub(crate) fn router(store: Store, options: &ServerOptions) -> Result<Router, ServerError> {
    let tokens = match &options.token_file {
        Some(path) => Some(
            Tokens::read(path.clone()).map_err(|source| ServerError::Tokens {
                path: path.clone(),
                source,
            })?,
        ),
        None => None,
    };
    let start = SystemTime::now().duration_since(UNIX_EPOCH);
    let app = Arc::new(App {
        store,
        tokens,
        document: OnceLock::new(),
        log_requests: options.log_requests,
        start: start.map_or(0, |since| since.as_micros() as u64),
        requests: AtomicU64::new(0),
    });
    let mut router = Router::new()
        .route(openapi::PATH, get(document))
        .route(health::HEALTH, get(health::health))
        .route(health::IS_DIRTY, get(health::is_dirty));
    for api in apis() {
        for operation in api.operations {
            let path = format!("{}/{}", api.base, operation.path);
            router = router.route(&path, route(operation, api.form));
        }
    }
    Ok(router
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard))
        .with_state(app))
}

fn route(operation: Operation, form: Form) -> MethodRouter<Arc<App>> {
    let filter = match operation.method {
        Method::POST => MethodFilter::POST,
        Method::PATCH => MethodFilter::PATCH,
        _ => MethodFilter::GET,
    };
    on(
        filter,
        move |State(app): State<Arc<App>>, request: Request| async move {
            match read(request, form).await {
                Ok(call) => (operation.run)(app, call).await.into_response(),
                Err(error) => error.into_response(),
            }
        },
    )
}

async fn read(request: Request, form: Form) -> Result<Call, ApiError> {
    let (mut parts, body) = request.into_parts();
    let id = match <RawPathParams as axum::extract::FromRequestParts<()>>::from_request_parts(
        &mut parts,
        &(),
    )
    .await
    {
        Ok(parameters) => parameters.iter().next().map(|(_, id)| id.to_owned()),
        Err(rejection) => return Err(ApiError::bad_request(rejection.body_text())),
    };
    let query = Query::parse(parts.uri.query())?;
    let body = read_body(body).await?;
    Ok(Call {
        id,
        query,
        headers: parts.headers,
        body,
        form,
    })
}

async fn read_body(body: Body) -> Result<Bytes, ApiError> {
    let too_long = || {
        let message = format!("the body is longer than {BODY} bytes");
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    };
    // What says itself that it is too long need not be waited for.
    if body.size_hint().lower() > BODY as u64 {
        return Err(too_long());
    }
    to_bytes(body, BODY).await.map_err(|error| {
        let is_long = error
            .source()
            .is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
        if is_long {
            too_long()
        } else {
            ApiError::bad_request("the body did not arrive")
        }
    })
}

/// Goes around every request: who may come in, how long it may take, and what is told of it.
async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = app.request_id(&request);
    let told = (request.method().clone(), request.uri().clone());
    let mut response = if app.admits(&request) {
        let late = || {
            let message = format!("the request took longer than {} seconds", TIME.as_secs());
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message).into_response()
        };
        tokio::time::timeout(TIME, next.run(request))
            .await
            .unwrap_or_else(|_| late())
    } else {
        ApiError::new(
            StatusCode::UNAUTHORIZED,
            "a bearer token is wanted that this server accepts",
        )
        .into_response()
    };
    app.tell(&told, &id, &response, began);
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

impl App {
    /// Probes ask without a token, and what the API is, is no secret.
    fn admits(&self, request: &Request) -> bool {
        let is_open =
            [health::HEALTH, health::IS_DIRTY, openapi::PATH].contains(&request.uri().path());
        self.tokens
            .as_ref()
            .is_none_or(|tokens| is_open || tokens.accept(request.headers()))
    }

    /// The client's own name for the request, or one of ours.
    fn request_id(&self, request: &Request) -> HeaderValue {
        let given = request.headers().get(REQUEST_ID).filter(|id| {
            let id = id.as_bytes();
            id.len() <= 64
                && id
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        });
        given.cloned().unwrap_or_else(|| {
            let number = self.requests.fetch_add(1, Ordering::Relaxed);
            HeaderValue::from_str(&format!("{:x}-{number:x}", self.start))
                .unwrap_or(HeaderValue::from_static("-"))
        })
    }

    /// Headers and queries may have secrets in them and are not told.
    fn tell(
        &self,
        (method, uri): &(Method, Uri),
        id: &HeaderValue,
        response: &Response,
        began: Instant,
    ) {
        let cause = response.extensions().get::<Cause>();
        if !self.log_requests && cause.is_none() {
            return;
        }
        log::line(format_args!(
            "{id} {method} {path} {status} {milliseconds:.1} ms{cause}",
            id = id.to_str().unwrap_or("-"),
            path = uri.path(),
            status = response.status().as_u16(),
            milliseconds = began.elapsed().as_secs_f64() * 1e3,
            cause = cause
                .map(|cause| format!(": {}", cause.0))
                .unwrap_or_default(),
        ));
    }
}

async fn document(State(app): State<Arc<App>>) -> Response {
    let document = app
        .document
        .get_or_init(|| openapi::document(&apis(), app.tokens.is_some()).into());
    let kind = [(axum::http::header::CONTENT_TYPE, "application/json")];
    (kind, Body::from(document.clone())).into_response()
}

async fn unknown(uri: Uri) -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        format!("there is nothing at `{}`", uri.path()),
    )
}

async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("`{method}` is not for `{}`", uri.path()),
    )
}
