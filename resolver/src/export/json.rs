use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::Variables;

/// One flat JSON object: `{"NAME": "value", …}`, in the order of the variables, with a line break
/// at its end.
#[must_use]
pub fn json(variables: &Variables) -> SecretString {
    let pairs = variables.iter().map(|variable| {
        (
            variable.name.clone(),
            Value::from(variable.value.expose_secret()),
        )
    });
    SecretString::from(format!(
        "{:#}\n",
        Value::Object(pairs.collect::<Map<_, _>>())
    ))
}
