//! Values and functions of the service's own.

use std::rc::Rc;

use serde_json::Value as Json;

use crate::python::interp::{Args, Interp};
use crate::python::value::{Unknown, Value};

use super::{Emitted, Emitter, Fail};
use crate::python::pydantic::encode::{NotJson, jsonable};
use crate::python::pydantic::read::{entries, key};
use crate::python::pydantic::schema::{Object, object};
use crate::python::pydantic::{self};

impl<'t> Emitter<'_, 't> {
    /// A value as JSON; what is not known as an explicit unknown.
    pub(in crate::python::pydantic) fn json_of(&mut self, value: &Value) -> Json {
        match jsonable(self.interp, value) {
            Ok(json) => json,
            Err(NotJson::Impossible) => {
                let unknown = Rc::new(Unknown {
                    why: format!("{value:?} is not JSON"),
                    place: None,
                });
                Json::Object(pydantic::unknown_json(self.interp, &unknown))
            }
            Err(NotJson::Unknown(unknown)) => {
                Json::Object(pydantic::unknown_json(self.interp, &unknown))
            }
        }
    }

    pub(in crate::python::pydantic) fn object_of(&mut self, value: &Value) -> Object {
        let value = match value {
            Value::Made(_) => Value::dict(
                entries(value)
                    .into_iter()
                    .map(|(name, value)| (key(&name), value))
                    .collect(),
            ),
            other => other.clone(),
        };
        match (&value, self.json_of(&value)) {
            (_, Json::Object(object)) => object,
            (_, other) => object([("x-hitchpost-unknown", other)]),
        }
    }

    /// Updates a schema with a dictionary of the user, entry by entry.
    pub(super) fn update_from(&mut self, written: &mut Object, value: &Value) {
        let items: Vec<(Value, Value)> = match value {
            Value::Dict(items) => items
                .borrow()
                .iter()
                .map(|(key, value)| (key.0.clone(), value.clone()))
                .collect(),
            Value::Made(_) => entries(value)
                .into_iter()
                .map(|(key, value)| (Value::Str(key), value))
                .collect(),
            other => {
                let json = self.json_of(other);
                if let Json::Object(json) = json {
                    written.extend(json);
                }
                return;
            }
        };
        for (key, value) in items {
            let key = match key {
                Value::Str(key) => key.to_string(),
                other => self.interp.text(&other, false).unwrap_or_default(),
            };
            let json = self.json_of(&value);
            written.insert(key, json);
        }
    }

    /// Calls a function that changes the schema it is given.
    pub(super) fn changed_by(
        &mut self,
        callable: &Value,
        written: Object,
        class: Option<Value>,
    ) -> Emitted {
        let value = crate::python::library::json_to_value(&Json::Object(written));
        let mut args = vec![value.clone()];
        args.extend(class);
        self.lend(|interp| interp.call(callable, Args::new(args, None)))
            .map_err(Fail::Raised)?;
        Ok(self.object_of(&value))
    }

    /// Runs something of the user's, during which the evaluator has the state.
    pub(in crate::python::pydantic) fn lend<R>(
        &mut self,
        run: impl FnOnce(&mut Interp<'t>) -> R,
    ) -> R {
        let outer = self.interp.pydantic.emission.take();
        self.interp.pydantic.emission = Some(Box::new(std::mem::take(&mut self.state)));
        let result = run(self.interp);
        if let Some(state) = self.interp.pydantic.emission.take() {
            self.state = *state;
        }
        self.interp.pydantic.emission = outer;
        result
    }
}
