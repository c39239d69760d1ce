//! An operation of the API: what it is called with, what it answers, and what does it.
//!
//! The routes and the OpenAPI document are both made of these, so neither can have what the other
//! lacks.

use std::{borrow::Cow, pin::Pin, sync::Arc};

use axum::{
    http::{HeaderMap, Method, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{Ref, RefOr, Schema},
};

use super::{
    App, body,
    error::ApiError,
    parameter::{self, Parameter},
    query::Query,
    v1,
};

/// What an operation is called with.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) id: Option<String>,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: axum::body::Bytes,
    pub(crate) form: Form,
}

/// In which form artifacts travel: `v1` writes a metric's step as a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Number,
    Text,
}

impl Call {
    /// The body, read as JSON.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let read = match self.form {
            Form::Number => body::read,
            Form::Text => v1::read,
        };
        read(&self.headers, &self.body)
    }

    /// A successful answer.
    pub(crate) fn reply<T: Serialize>(
        &self,
        status: StatusCode,
        value: &T,
    ) -> Result<Response, ApiError> {
        let written = match self.form {
            Form::Number => serde_json::to_vec(value),
            Form::Text => v1::write(value),
        };
        let kind = [(CONTENT_TYPE, "application/json")];
        let bytes = written.map_err(|error| ApiError::internal(error.to_string()))?;
        Ok((status, kind, bytes).into_response())
    }

    /// The path's identifier, of what `entity` names.
    pub(crate) fn id(&self, entity: &str) -> Result<i64, ApiError> {
        let id = self.id.as_deref().unwrap_or_default();
        parameter::identifier(id, entity)
    }
}

pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<Response, ApiError>> + Send>>;

pub(crate) type Run = fn(Arc<App>, Call) -> Answer;

/// One operation.
#[derive(Clone)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: Method,
    /// Below the API's base.
    pub(crate) path: String,
    pub(crate) summary: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Shape>,
    pub(crate) success: Vec<(StatusCode, Shape)>,
    /// Beside those that any operation may fail with.
    pub(crate) failures: Vec<StatusCode>,
    pub(crate) run: Run,
}

impl Operation {
    pub(crate) fn new(
        method: Method,
        path: impl Into<String>,
        id: impl Into<String>,
        run: Run,
    ) -> Self {
        Self {
            id: id.into(),
            method,
            path: path.into(),
            summary: String::new(),
            parameters: Vec::new(),
            body: None,
            success: Vec::new(),
            failures: Vec::new(),
            run,
        }
    }

    pub(crate) fn summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = summary.into();
        self
    }

    pub(crate) fn parameters(mut self, parameters: &[Parameter]) -> Self {
        self.parameters.extend(parameters);
        self
    }

    pub(crate) fn takes(mut self, body: Shape) -> Self {
        self.body = Some(body);
        self
    }

    pub(crate) fn gives(mut self, status: StatusCode, shape: Shape) -> Self {
        self.success.push((status, shape));
        self
    }

    pub(crate) fn fails(mut self, failures: &[StatusCode]) -> Self {
        self.failures.extend(failures);
        self
    }
}

/// The schema of a body.
#[derive(Clone)]
pub(crate) struct Shape {
    name: Cow<'static, str>,
    schema: fn() -> RefOr<Schema>,
    parts: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl Shape {
    pub(crate) fn of<T: ToSchema>() -> Self {
        Self {
            name: T::name(),
            schema: <T as PartialSchema>::schema,
            parts: T::schemas,
        }
    }

    /// The same under another name.
    pub(crate) fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// A reference to it, which [`Shape::collect`] defines.
    pub(crate) fn reference(&self) -> Ref {
        Ref::from_schema_name(self.name.as_ref())
    }

    /// It, and all that it refers to.
    pub(crate) fn collect(&self, schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((self.name.clone().into_owned(), (self.schema)()));
        (self.parts)(schemas);
    }
}
