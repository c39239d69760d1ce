use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::{ParamConflict, StoreError};

/// Error code and message.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ErrorBody {
    /// What kind of error it is: the phrase of the status, or a code of its own.
    code: &'static str,
    /// What is wrong.
    message: String,
    /// With the code `param-conflict`: the parameters that have other values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    conflicts: Vec<ParamConflict>,
}

/// An answer that is an error.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    conflicts: Vec<ParamConflict>,
    cause: Option<Cause>,
}

/// Why a request failed, for the log. It travels with the answer, inside the process.
#[derive(Debug, Clone)]
pub(crate) struct Cause(pub(crate) String);

impl ApiError {
    /// An error whose code is the phrase of its status, as upstream's are.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code: status.canonical_reason().unwrap_or("Error"),
            message: message.into(),
            conflicts: Vec::new(),
            cause: None,
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// What went wrong inside: it is told to the operator, and not to the client.
    pub(crate) fn internal(cause: impl Into<String>) -> Self {
        Self {
            cause: Some(Cause(cause.into())),
            ..Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the server failed; its log says more",
            )
        }
    }

    /// An error with a code of its own.
    fn coded(status: StatusCode, code: &'static str, message: String) -> Self {
        Self {
            code,
            ..Self::new(status, message)
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (
            self.status,
            Json(ErrorBody {
                code: self.code,
                message: self.message,
                conflicts: self.conflicts,
            }),
        )
            .into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let (code, message) = (error.code(), error.to_string());
        match error {
            StoreError::Invalid { .. } | StoreError::Filter(_) => Self::bad_request(message),
            StoreError::NotFound { .. } => Self::new(StatusCode::NOT_FOUND, message),
            StoreError::NoProperty { .. } => Self::coded(StatusCode::NOT_FOUND, code, message),
            StoreError::Exists { .. } => Self::new(StatusCode::CONFLICT, message),
            StoreError::WrongState { .. } | StoreError::Elsewhere { .. } => {
                Self::coded(StatusCode::CONFLICT, code, message)
            }
            StoreError::ParamConflict { conflicts } => Self {
                conflicts,
                ..Self::coded(StatusCode::CONFLICT, code, message)
            },
            StoreError::Locked { .. }
            | StoreError::ReadOnly { .. }
            | StoreError::DiskFull { .. }
            | StoreError::Denied { .. }
            | StoreError::Unreachable { .. }
            | StoreError::Closed => Self {
                cause: Some(Cause(message)),
                ..Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "the database is not available; try again later",
                )
            },
            _ => Self::internal(message),
        }
    }
}
