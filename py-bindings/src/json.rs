//! JSON read into Python's objects, and written from them, without a value in between.

use std::{collections::HashMap, fmt};

use pyo3::{
    IntoPyObjectExt,
    prelude::*,
    types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple},
};
use serde::{
    Serialize, Serializer,
    de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor},
    ser::Error as _,
};

/// The longest name of a field that is kept for further objects.
const SHARED: usize = 64;

/// JSON as `json.loads` would read it; the names of fields are shared between objects.
pub(crate) fn read<'py>(py: Python<'py>, text: &[u8]) -> Result<Bound<'py, PyAny>, String> {
    let mut names = Names {
        py,
        known: HashMap::new(),
    };
    let mut input = serde_json::Deserializer::from_slice(text);
    let value = Read(&mut names).deserialize(&mut input);
    let value = value.map_err(|error| error.to_string())?;
    input.end().map_err(|error| error.to_string())?;
    Ok(value)
}

struct Names<'py> {
    py: Python<'py>,
    known: HashMap<Box<str>, Bound<'py, PyString>>,
}

impl<'py> Names<'py> {
    fn name(&mut self, text: &str) -> Bound<'py, PyString> {
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        let name = PyString::new(self.py, text);
        if text.len() <= SHARED {
            self.known.insert(text.into(), name.clone());
        }
        name
    }
}

struct Read<'a, 'py>(&'a mut Names<'py>);

impl<'py> Read<'_, 'py> {
    fn of<T: IntoPyObjectExt<'py>, E: serde::de::Error>(
        self,
        value: T,
    ) -> Result<Bound<'py, PyAny>, E> {
        value.into_bound_py_any(self.0.py).map_err(E::custom)
    }
}

impl<'de, 'py> DeserializeSeed<'de> for Read<'_, 'py> {
    type Value = Bound<'py, PyAny>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de, 'py> Visitor<'de> for Read<'_, 'py> {
    type Value = Bound<'py, PyAny>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.0.py.None().into_bound(self.0.py))
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Self::Value, E> {
        self.of(value)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Self::Value, E> {
        self.of(value)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Self::Value, E> {
        self.of(value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Self::Value, E> {
        self.of(value)
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(PyString::new(self.0.py, value).into_any())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let list = PyList::empty(self.0.py);
        while let Some(item) = items.next_element_seed(Read(self.0))? {
            list.append(item).map_err(A::Error::custom)?;
        }
        Ok(list.into_any())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let dictionary = PyDict::new(self.0.py);
        while let Some(name) = entries.next_key_seed(ReadName(self.0))? {
            let value = entries.next_value_seed(Read(self.0))?;
            dictionary.set_item(name, value).map_err(A::Error::custom)?;
        }
        Ok(dictionary.into_any())
    }
}

struct ReadName<'a, 'py>(&'a mut Names<'py>);

impl<'de, 'py> DeserializeSeed<'de> for ReadName<'_, 'py> {
    type Value = Bound<'py, PyString>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_str(self)
    }
}

impl<'de, 'py> Visitor<'de> for ReadName<'_, 'py> {
    type Value = Bound<'py, PyString>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(self.0.name(value))
    }
}

/// Dictionaries, lists, tuples, texts, numbers, booleans and `None` as JSON. A number that is not
/// finite, which JSON does not have, becomes the text `NaN`, `Infinity` or `-Infinity`.
pub(crate) fn write(value: &Bound<'_, PyAny>) -> Result<Vec<u8>, String> {
    serde_json::to_vec(&Write(value)).map_err(|error| error.to_string())
}

struct Write<'a, 'py>(&'a Bound<'py, PyAny>);

impl Serialize for Write<'_, '_> {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        let value = self.0;
        if let Ok(text) = value.cast::<PyString>() {
            output.serialize_str(&text.to_cow().map_err(S::Error::custom)?)
        } else if let Ok(entries) = value.cast::<PyDict>() {
            output.collect_map(
                entries
                    .iter()
                    .map(|(name, value)| (Name(name), Owned(value))),
            )
        } else if let Ok(items) = value.cast::<PyList>() {
            output.collect_seq(items.iter().map(Owned))
        } else if let Ok(number) = value.cast::<PyFloat>() {
            match number.value() {
                number if number.is_nan() => output.serialize_str("NaN"),
                f64::INFINITY => output.serialize_str("Infinity"),
                f64::NEG_INFINITY => output.serialize_str("-Infinity"),
                number => output.serialize_f64(number),
            }
        } else if let Ok(flag) = value.cast::<PyBool>() {
            output.serialize_bool(flag.is_true())
        } else if value.is_none() {
            output.serialize_unit()
        } else if value.is_instance_of::<PyInt>() {
            match value.extract::<i64>() {
                Ok(number) => output.serialize_i64(number),
                Err(_) => {
                    let number = value.extract::<u64>();
                    let number = number.map_err(|_| S::Error::custom("a number has over 64 bits"));
                    output.serialize_u64(number?)
                }
            }
        } else if let Ok(items) = value.cast::<PyTuple>() {
            output.collect_seq(items.iter().map(Owned))
        } else {
            let class = value.get_type().name().map_err(S::Error::custom)?;
            Err(S::Error::custom(format!("a `{class}` is no JSON")))
        }
    }
}

struct Owned<'py>(Bound<'py, PyAny>);

impl Serialize for Owned<'_> {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        Write(&self.0).serialize(output)
    }
}

struct Name<'py>(Bound<'py, PyAny>);

impl Serialize for Name<'_> {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        let text = self.0.cast::<PyString>();
        let text = text.map_err(|_| S::Error::custom("a field's name is no text"))?;
        output.serialize_str(&text.to_cow().map_err(S::Error::custom)?)
    }
}
