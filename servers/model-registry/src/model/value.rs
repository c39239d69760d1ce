//! Values whose form on the wire is not the one that serde would choose.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Unexpected, Visitor, value::MapAccessDeserializer},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, SchemaFormat, Type,
        schema::SchemaType,
    },
};

/// A 64-bit integer that travels as a string of decimal digits, as upstream's `format: int64`
/// strings do.
///
/// ```
/// use hitchpost_model_registry::model::Int64;
/// let big: Int64 = serde_json::from_str("\"9007199254740993\"")?;
/// assert_eq!(big, Int64(9_007_199_254_740_993));
/// assert_eq!(serde_json::to_string(&big)?, "\"9007199254740993\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Int64(pub i64);

impl Serialize for Int64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Int64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl Visitor<'_> for Form {
            type Value = Int64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a 64-bit integer, as a string of digits")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Int64, E> {
                let wrong = |_| E::invalid_value(Unexpected::Str(text), &self);
                text.parse().map(Int64).map_err(wrong)
            }
        }
        deserializer.deserialize_str(Form)
    }
}

impl PartialSchema for Int64 {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .pattern(Some("^-?[0-9]{1,18}$"))
            .into()
    }
}

impl ToSchema for Int64 {}

/// A 64-bit integer that travels as a number. It may be written with a fraction of zero, as some
/// clients write every number; JSON Schema takes that for an integer too.
///
/// ```
/// use hitchpost_model_registry::model::Whole;
/// assert_eq!(serde_json::from_str::<Whole>("-3.0")?, Whole(-3));
/// assert!(serde_json::from_str::<Whole>("-3.5").is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Whole(pub i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl Visitor<'_> for Form {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a 64-bit integer")
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Whole, E> {
                Ok(Whole(value))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Whole, E> {
                let wrong = |_| E::invalid_value(Unexpected::Unsigned(value), &self);
                value.try_into().map(Whole).map_err(wrong)
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Whole, E> {
                // From 2^63 on it may be an integer that does not fit, rounded.
                if value.abs() >= -(i64::MIN as f64) || value.fract() != 0.0 {
                    return Err(E::invalid_value(Unexpected::Float(value), &self));
                }
                Ok(Whole(value as i64))
            }
        }
        deserializer.deserialize_i64(Form)
    }
}

impl PartialSchema for Whole {
    fn schema() -> RefOr<Schema> {
        i64::schema()
    }
}

impl ToSchema for Whole {}

/// Reads a [`Whole`] as the integer that it is.
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Whole::deserialize(deserializer).map(|whole| whole.0)
}

/// [`whole`] of 32 bits, or `null`.
pub(crate) fn optional_whole<'de, D>(deserializer: D) -> Result<Option<i32>, D::Error>
where
    D: Deserializer<'de>,
{
    let whole = Option::<Whole>::deserialize(deserializer)?;
    let wrong = |_| D::Error::custom("an integer of 32 bits is wanted");
    whole.map(|it| it.0.try_into().map_err(wrong)).transpose()
}

/// A double. One that is not finite travels as `"NaN"`, `"Infinity"` or `"-Infinity"`, which JSON
/// has no numbers for.
///
/// ```
/// use hitchpost_model_registry::model::Double;
/// assert_eq!(serde_json::to_string(&Double(f64::NEG_INFINITY))?, "\"-Infinity\"");
/// assert!(serde_json::from_str::<Double>("\"NaN\"")?.0.is_nan());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Double(pub f64);

impl Serialize for Double {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            finite if finite.is_finite() => serializer.serialize_f64(finite),
            nan if nan.is_nan() => serializer.serialize_str("NaN"),
            infinite if infinite > 0.0 => serializer.serialize_str("Infinity"),
            _ => serializer.serialize_str("-Infinity"),
        }
    }
}

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl Visitor<'_> for Form {
            type Value = Double;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, \"NaN\", \"Infinity\" or \"-Infinity\"")
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Double, E> {
                Ok(Double(value))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Double, E> {
                Ok(Double(value as f64))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Double, E> {
                Ok(Double(value as f64))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Double, E> {
                match text {
                    "NaN" => Ok(Double(f64::NAN)),
                    "Infinity" => Ok(Double(f64::INFINITY)),
                    "-Infinity" => Ok(Double(f64::NEG_INFINITY)),
                    _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl PartialSchema for Double {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new()
            .schema_type(Type::Number)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)));
        let other = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(["NaN", "Infinity", "-Infinity"]));
        OneOfBuilder::new().item(number).item(other).into()
    }
}

impl ToSchema for Double {}

/// Custom properties by name.
pub type Properties = BTreeMap<String, MetadataValue>;

fn property_name() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(512))
}

/// Texts by the names of custom properties.
pub(crate) fn tags_schema() -> RefOr<Schema> {
    ObjectBuilder::new()
        .property_names(Some(property_name()))
        .additional_properties(Some(ObjectBuilder::new().schema_type(Type::String)))
        .into()
}

/// Custom properties, or null.
pub(crate) fn properties_schema() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
        .property_names(Some(property_name()))
        .additional_properties(Some(Ref::from_schema_name("MetadataValue")))
        .into()
}

/// The value of a custom property.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "metadataType", deny_unknown_fields)]
pub enum MetadataValue {
    /// A 64-bit integer; upstream keeps 32 bits.
    MetadataIntValue {
        /// The integer, as a string of digits.
        int_value: Int64,
    },
    /// A double.
    MetadataDoubleValue {
        /// The number.
        double_value: Double,
    },
    /// A text.
    MetadataStringValue {
        /// The text.
        string_value: String,
    },
    /// A structure.
    MetadataStructValue {
        /// The structure's bytes, in Base64.
        struct_value: String,
    },
    /// A protocol buffer's message.
    MetadataProtoValue {
        /// The URL that names the message's type.
        #[serde(rename = "type")]
        kind: String,
        /// The message's bytes, in Base64.
        proto_value: String,
    },
    /// A truth value.
    MetadataBoolValue {
        /// The value.
        bool_value: bool,
    },
}

impl From<&str> for MetadataValue {
    fn from(text: &str) -> Self {
        Self::MetadataStringValue {
            string_value: text.to_owned(),
        }
    }
}

/// Reads what is an object: a struct could be read from a list of its fields as well.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Form<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_map(Form(PhantomData)).map(Self)
    }
}

/// Reads a list of objects.
pub(crate) fn objects<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let objects = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(objects.into_iter().map(|object| object.0).collect())
}

/// Reads an object, or `null`.
pub(crate) fn optional_object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let object = Option::<Object<T>>::deserialize(deserializer)?;
    Ok(object.map(|object| object.0))
}

/// Reads custom properties of which every name stands once.
fn properties<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Properties, D::Error> {
    let properties = distinct::<D, Object<MetadataValue>>(deserializer)?;
    let properties = properties.into_iter();
    Ok(properties.map(|(name, value)| (name, value.0)).collect())
}

/// Reads a map of which every key stands once.
pub(crate) fn distinct<'de, D, T>(deserializer: D) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Distinct<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Distinct<T> {
        type Value = BTreeMap<String, T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = BTreeMap::new();
            while let Some((key, value)) = map.next_entry::<String, T>()? {
                if entries.contains_key(&key) {
                    return Err(A::Error::custom(format_args!("duplicate key `{key}`")));
                }
                entries.insert(key, value);
            }
            Ok(entries)
        }
    }
    deserializer.deserialize_map(Distinct(PhantomData))
}

/// Reads a field that is there: `null` is a value of it.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// [`present`] for [`distinct`] maps.
pub(crate) fn present_distinct<'de, D>(
    deserializer: D,
) -> Result<Option<Option<Properties>>, D::Error>
where
    D: Deserializer<'de>,
{
    optional_distinct(deserializer).map(Some)
}

/// [`distinct`], or `null`.
pub(crate) fn optional_distinct<'de, D>(deserializer: D) -> Result<Option<Properties>, D::Error>
where
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    struct Map(#[serde(deserialize_with = "properties")] Properties);
    Ok(Option::<Map>::deserialize(deserializer)?.map(|map| map.0))
}
