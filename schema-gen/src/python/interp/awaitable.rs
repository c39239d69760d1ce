//! Coroutines: the call of an asynchronous function runs when it is awaited.

use std::rc::Rc;

use super::{Args, Interp, Raised};
use crate::python::value::Value;

impl Interp<'_> {
    /// `await value`
    pub(crate) fn await_value(&mut self, value: &Value) -> Result<Value, Raised> {
        match value {
            Value::Made(made) if made.callee.is_symbol("types.CoroutineType") => {
                if let Some(result) = made.attributes.borrow().get("__result__") {
                    return Ok(result.clone());
                }
                let Some((function, args)) = Self::resumed(made) else {
                    return Ok(Value::unknown("a coroutine", made.place));
                };
                let result = self.run_function(&function, args, None)?;
                made.attributes
                    .borrow_mut()
                    .insert(Rc::from("__result__"), result.clone());
                Ok(result)
            }
            Value::Made(made) => match self.realize(made) {
                Some(known) if !matches!(known, Value::Made(_)) => self.await_value(&known),
                _ => Ok(Value::unknown(
                    format!("the result of awaiting {value:?}"),
                    made.place,
                )),
            },
            Value::Object(object) => match self.special(object, "__await__") {
                Some(method) => match self.call(&method, Args::default())? {
                    // What it yields goes to the event loop; what it returns is not kept.
                    Value::List(_) => Ok(Value::unknown(
                        "the result of awaiting an object",
                        object.place,
                    )),
                    other => Ok(other),
                },
                None => Ok(Value::unknown(
                    "the result of awaiting an object",
                    object.place,
                )),
            },
            Value::Unknown(_) => Ok(value.clone()),
            _ => Ok(Value::unknown(
                format!("the result of awaiting {value:?}"),
                None,
            )),
        }
    }
}
