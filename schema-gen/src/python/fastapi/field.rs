//! A field as FastAPI has it: a type with what is said of it, to be described by a schema.

use std::rc::Rc;

use crate::python::interp::Interp;
use crate::python::pydantic::{FieldInfo, Mode};
use crate::python::syntax::Name;
use crate::python::value::{Place, Value};

use super::class::derives;

/// Which of `fastapi.params` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Path,
    Query,
    Header,
    Cookie,
    Body,
    Form,
    File,
    /// None of them: a response, or a field of a model.
    Plain,
}

impl Kind {
    /// The kind of an object of `fastapi.params`.
    pub(crate) fn of(interp: &mut Interp, value: &Value) -> Option<Self> {
        let Value::Object(object) = value else {
            return None;
        };
        let class = Value::Class(Rc::clone(&object.class));
        // The more special first: `File` is a `Form`, `Form` is a `Body`.
        [
            (Self::Query, "fastapi.params.Query"),
            (Self::Path, "fastapi.params.Path"),
            (Self::Header, "fastapi.params.Header"),
            (Self::Cookie, "fastapi.params.Cookie"),
            (Self::File, "fastapi.params.File"),
            (Self::Form, "fastapi.params.Form"),
            (Self::Body, "fastapi.params.Body"),
        ]
        .into_iter()
        .find(|(_, dotted)| derives(interp, &class, dotted))
        .map(|(kind, _)| kind)
    }

    pub(crate) fn is_body(self) -> bool {
        matches!(self, Self::Body | Self::Form | Self::File)
    }

    pub(crate) fn is_form(self) -> bool {
        matches!(self, Self::Form | Self::File)
    }

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Form => "application/x-www-form-urlencoded",
            Self::File => "multipart/form-data",
            _ => "application/json",
        }
    }
}

/// What `fastapi.params` knows of a field beyond what pydantic does.
#[derive(Clone)]
pub(crate) struct Extras {
    pub(crate) include_in_schema: Value,
    pub(crate) openapi_examples: Option<Value>,
    pub(crate) example: Option<Value>,
    /// Whether `_` of a header's name stands for `-`; `None` where it is not said.
    pub(crate) convert_underscores: Option<bool>,
    pub(crate) embed: bool,
    pub(crate) media_type: Value,
}

impl Extras {
    pub(crate) fn of_kind(kind: Kind) -> Self {
        Self {
            include_in_schema: Value::Bool(true),
            openapi_examples: None,
            example: None,
            convert_underscores: (kind == Kind::Header).then_some(true),
            embed: false,
            media_type: Value::str(kind.media_type()),
        }
    }
}

/// FastAPI's `ModelField`.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) name: Name,
    pub(crate) kind: Kind,
    pub(crate) info: FieldInfo,
    pub(crate) mode: Mode,
    /// The `config` of the model that it is a field of.
    pub(crate) config: Option<Value>,
    pub(crate) extras: Extras,
    pub(crate) place: Option<Place>,
}

impl Field {
    /// A field that is no parameter: `create_model_field`.
    pub(crate) fn plain(name: &str, annotation: Value, mode: Mode, place: Option<Place>) -> Self {
        Self {
            name: Rc::from(name),
            kind: Kind::Plain,
            info: FieldInfo {
                annotation: Some(annotation),
                ..FieldInfo::default()
            },
            mode,
            config: None,
            extras: Extras::of_kind(Kind::Plain),
            place,
        }
    }

    /// The same of the other side of its type.
    pub(crate) fn in_mode(&self, mode: Mode) -> Self {
        Self {
            mode,
            ..self.clone()
        }
    }

    pub(crate) fn annotation(&self) -> Value {
        self.info
            .annotation
            .clone()
            .unwrap_or_else(|| Value::symbol("typing.Any"))
    }

    /// `ModelField.alias`.
    pub(crate) fn alias(&self) -> Rc<str> {
        self.info
            .text("alias")
            .unwrap_or_else(|| Rc::clone(&self.name))
    }

    /// `get_validation_alias`.
    pub(crate) fn validation_alias(&self) -> Rc<str> {
        self.info
            .text("validation_alias")
            .filter(|alias| !alias.is_empty())
            .unwrap_or_else(|| self.alias())
    }

    /// What the title of its schema is made of (`get_schema_from_model_field`).
    pub(crate) fn title_alias(&self) -> Rc<str> {
        match self.mode {
            Mode::Validation => self.validation_alias(),
            Mode::Serialization => self
                .info
                .text("serialization_alias")
                .unwrap_or_else(|| self.alias()),
        }
    }
}
