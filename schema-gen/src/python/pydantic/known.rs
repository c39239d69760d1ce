//! Types of the language, of its library and of pydantic
//! (`pydantic/_internal/_generate_schema.py`, `types.py`, `networks.py`).

use std::rc::Rc;

use serde_json::json;

use crate::python::value::{Class, Value};

use super::build::{Builder, sequence_of};
use super::read::{argument, class_attribute, dotted, made_of};
use super::schema::{
    Constraints, Hook, Kind, Node, Ref, Scalar, Schema, Sequence, Serialization, Validator, any,
    object,
};
use super::typing::{inherits, plain_origin};

/// Whether a name needs no reading of its library.
pub(super) fn is_known(value: &Value) -> bool {
    dotted(value).is_some_and(|name| {
        let module = name.split('.').next().unwrap_or_default();
        matches!(
            module,
            "builtins"
                | "typing"
                | "typing_extensions"
                | "types"
                | "collections"
                | "datetime"
                | "decimal"
                | "fractions"
                | "uuid"
                | "pathlib"
                | "os"
                | "re"
                | "ipaddress"
                | "zoneinfo"
                | "enum"
                | "dataclasses"
                | "pydantic"
                | "pydantic_core"
                | "pydantic_settings"
                | "annotated_types"
                | "sqlmodel"
        ) || name
            .strip_prefix("pydantic_extra_types.")
            .is_some_and(|name| of_extra_types(name).is_some())
    })
}

/// Classes of the standard library that have no schema.
pub(super) fn is_plain_class(name: &str) -> bool {
    let module = name.split('.').next().unwrap_or_default();
    matches!(
        module,
        "builtins"
            | "typing"
            | "types"
            | "collections"
            | "datetime"
            | "os"
            | "asyncio"
            | "threading"
            | "logging"
            | "io"
            | "numbers"
            | "contextlib"
            | "functools"
            | "array"
            | "queue"
            | "string"
            | "concurrent"
    )
}

/// A serializer of pydantic's own that says nothing of what it gives.
pub(super) fn opaque() -> Serialization {
    Serialization::Function {
        plain: true,
        function: Value::None,
        takes_info: true,
        returns: None,
        unless_none: false,
    }
}

fn text(format: &str) -> super::schema::Object {
    object([("type", json!("string")), ("format", json!(format))])
}

fn plain(schema: super::schema::Object) -> Schema {
    Schema::new(Kind::Plain { input: None }).with_hook(Hook::Replace(schema))
}

fn after(inner: Node) -> Schema {
    Schema::new(Kind::Function {
        validator: Validator::After,
        schema: inner,
        input: None,
    })
}

fn constrained(scalar: Scalar, entries: &[(&'static str, Value)]) -> Schema {
    Schema::new(Kind::Scalar(scalar, Constraints(entries.to_vec())))
}

pub(super) fn pattern() -> Schema {
    plain(text("regex")).with_serialization(Serialization::Function {
        plain: true,
        function: Value::None,
        takes_info: true,
        returns: Some(Schema::scalar(Scalar::Str).node()),
        unless_none: false,
    })
}

pub(super) fn path() -> Schema {
    let inner = Schema::scalar(Scalar::Str).node();
    Schema::new(Kind::LaxOrStrict {
        lax: Rc::clone(&inner),
        strict: inner,
    })
    .with_serialization(opaque())
    .with_hook(Hook::Update(object([("format", json!("path"))])))
}

/// A class of sequences or sets by its name.
pub(super) fn sequence(name: &str) -> Option<Sequence> {
    Some(match name {
        "builtins.list" | "collections.abc.MutableSequence" | "collections.abc.Sequence" => {
            Sequence::List
        }
        "builtins.set" | "collections.abc.MutableSet" => Sequence::Set,
        "builtins.frozenset" | "collections.abc.Set" => Sequence::FrozenSet,
        "collections.deque" => Sequence::Deque,
        "collections.abc.Iterable" | "collections.abc.Generator" => Sequence::Generator,
        _ => return None,
    })
}

/// `Sequence[T]` is a list in JSON and anything like one in Python.
pub(super) fn sequence_schema(name: &str, sequence: Sequence, items: Node) -> Schema {
    let schema = sequence_of(sequence, items);
    if name != "collections.abc.Sequence" {
        return schema;
    }
    let json = schema.node();
    Schema::new(Kind::JsonOrPython {
        python: Rc::clone(&json),
        json,
    })
    .with_serialization(opaque())
}

/// The schema of a bare name.
pub(super) fn schema(builder: &mut Builder, name: &str) -> Option<Schema> {
    let name = plain_origin(name);
    if let Some(scalar) = scalar(name) {
        return Some(Schema::scalar(scalar));
    }
    if let Some(kind) = sequence(name) {
        return Some(sequence_schema(name, kind, any()));
    }
    Some(match name {
        "builtins.object" | "typing.Any" | "typing.Final" => Schema::new(Kind::Any),
        "types.NoneType" => Schema::new(Kind::None),
        "types.EllipsisType" => Schema::new(Kind::Ellipsis),
        "pydantic_core.MISSING" => Schema::new(Kind::Missing(None)),
        "builtins.dict"
        | "collections.abc.Mapping"
        | "collections.abc.MutableMapping"
        | "collections.OrderedDict" => Schema::new(Kind::Dict {
            keys: any(),
            values: any(),
            constraints: Constraints::default(),
        }),
        "collections.defaultdict" => {
            let lax = Schema::new(Kind::Dict {
                keys: any(),
                values: any(),
                constraints: Constraints::default(),
            })
            .node();
            Schema::new(Kind::LaxOrStrict {
                strict: Rc::clone(&lax),
                lax,
            })
        }
        "collections.Counter" => Schema::new(Kind::Dict {
            keys: any(),
            values: Schema::scalar(Scalar::Int).node(),
            constraints: Constraints::default(),
        }),
        "builtins.tuple" => Schema::new(Kind::Tuple {
            items: vec![any()],
            variadic: Some(0),
            constraints: Constraints::default(),
        }),
        "builtins.type" => {
            let class = Schema::new(Kind::IsInstance("<class 'type'>".to_owned()));
            Schema::new(Kind::CustomError(class.node()))
        }
        "collections.abc.Callable" => Schema::new(Kind::Callable),
        "collections.abc.Hashable" => {
            let instance =
                Schema::new(Kind::IsInstance("collections.abc.Hashable".to_owned())).node();
            let json = Schema::new(Kind::Chain(vec![any(), Rc::clone(&instance)])).node();
            let either = Schema::new(Kind::JsonOrPython {
                json,
                python: instance,
            });
            Schema::new(Kind::CustomError(either.node()))
        }
        "re.Pattern" => pattern(),
        "os.PathLike"
        | "pathlib.Path"
        | "pathlib.PurePath"
        | "pathlib.PosixPath"
        | "pathlib.WindowsPath"
        | "pathlib.PurePosixPath"
        | "pathlib.PureWindowsPath" => path(),
        "zoneinfo.ZoneInfo" => plain(text("zoneinfo")).with_serialization(Serialization::Text),
        _ => {
            if let Some(class) = name.strip_prefix("ipaddress.") {
                let format = match class {
                    "IPv4Address" => "ipv4",
                    "IPv4Network" => "ipv4network",
                    "IPv4Interface" => "ipv4interface",
                    "IPv6Address" => "ipv6",
                    "IPv6Network" => "ipv6network",
                    "IPv6Interface" => "ipv6interface",
                    _ => return None,
                };
                let lax = Schema::new(Kind::Plain { input: None }).node();
                return Some(
                    Schema::new(Kind::LaxOrStrict {
                        strict: Rc::clone(&lax),
                        lax,
                    })
                    .with_serialization(opaque())
                    .with_hook(Hook::Replace(text(format))),
                );
            }
            if let Some(extra) = name.strip_prefix("pydantic_extra_types.") {
                return of_extra_types(extra);
            }
            return of_pydantic(builder, name.strip_prefix("pydantic.")?);
        }
    })
}

fn scalar(name: &str) -> Option<Scalar> {
    Some(match name {
        "builtins.str" => Scalar::Str,
        "builtins.bytes" => Scalar::Bytes,
        "builtins.int" => Scalar::Int,
        "builtins.float" => Scalar::Float,
        "builtins.bool" => Scalar::Bool,
        "builtins.complex" => Scalar::Complex,
        "datetime.date" => Scalar::Date,
        "datetime.datetime" => Scalar::DateTime,
        "datetime.time" => Scalar::Time,
        "datetime.timedelta" => Scalar::TimeDelta,
        "decimal.Decimal" => Scalar::Decimal,
        "fractions.Fraction" => Scalar::Fraction,
        "uuid.UUID" => Scalar::Uuid,
        "pydantic_core.Url" => Scalar::Url,
        "pydantic_core.MultiHostUrl" => Scalar::MultiHostUrl,
        _ => return None,
    })
}

fn url(scalar: Scalar, longest: Option<i64>) -> Schema {
    let mut constraints = Constraints::default();
    if let Some(longest) = longest {
        constraints.set("max_length", Value::Int(longest));
    }
    let inner = Schema::new(Kind::Scalar(scalar, constraints)).node();
    Schema::new(Kind::Function {
        validator: Validator::Wrap,
        schema: inner,
        input: None,
    })
    .with_serialization(opaque())
    .with_hook(Hook::Unwrap)
}

fn secret(inner: Scalar) -> Schema {
    let shown = Schema::scalar(inner).node();
    let json = after(Rc::clone(&shown)).node();
    let either = Schema::new(Kind::JsonOrPython {
        json: Rc::clone(&json),
        python: json,
    })
    .with_serialization(Serialization::Function {
        plain: true,
        function: Value::None,
        takes_info: true,
        returns: None,
        unless_none: true,
    })
    .node();
    let keys = object([
        ("type", json!("string")),
        ("writeOnly", json!(true)),
        ("format", json!("password")),
    ]);
    Schema::new(Kind::LaxOrStrict {
        lax: Rc::clone(&either),
        strict: either,
    })
    .with_hook(Hook::Instead(shown, keys))
}

fn of_pydantic(builder: &mut Builder, name: &str) -> Option<Schema> {
    Some(match name {
        "AnyUrl" | "AnyHttpUrl" | "AnyWebsocketUrl" | "FileUrl" | "FtpUrl" | "CockroachDsn"
        | "AmqpDsn" | "RedisDsn" | "KafkaDsn" | "MySQLDsn" | "MariaDBDsn" | "ClickHouseDsn"
        | "SnowflakeDsn" => url(Scalar::Url, None),
        "HttpUrl" | "WebsocketUrl" => url(Scalar::Url, Some(2083)),
        "PostgresDsn" | "MongoDsn" | "NatsDsn" => url(Scalar::MultiHostUrl, None),
        "EmailStr" => after(Schema::scalar(Scalar::Str).node()).with_hook(Hook::Update(object([
            ("type", json!("string")),
            ("format", json!("email")),
        ]))),
        "NameEmail" => {
            let shown = Schema::scalar(Scalar::Str).node();
            let either = Schema::new(Kind::JsonOrPython {
                json: Rc::clone(&shown),
                python: shown,
            })
            .with_serialization(Serialization::Text);
            after(either.node()).with_hook(Hook::Update(object([
                ("type", json!("string")),
                ("format", json!("name-email")),
            ])))
        }
        "IPvAnyAddress" => plain(text("ipvanyaddress")).with_serialization(Serialization::Text),
        "IPvAnyInterface" => plain(text("ipvanyinterface")).with_serialization(Serialization::Text),
        "IPvAnyNetwork" => plain(text("ipvanynetwork")).with_serialization(Serialization::Text),
        "SecretStr" => secret(Scalar::Str),
        "SecretBytes" => secret(Scalar::Bytes),
        "Json" => Schema::new(Kind::Json(None)),
        "PastDate" | "FutureDate" => Schema::scalar(Scalar::Date),
        "PastDatetime" | "FutureDatetime" | "AwareDatetime" | "NaiveDatetime" => {
            Schema::scalar(Scalar::DateTime)
        }
        "ByteSize" => {
            let pattern = ("pattern", Value::str(r"^\s*(\d*\.?\d+)\s*(\w+)?"));
            let number = constrained(Scalar::Int, &[("ge", Value::Int(0))]);
            let either = Schema::new(Kind::Union(vec![
                constrained(Scalar::Str, &[pattern]).node(),
                number.clone().node(),
            ]));
            after(either.node()).with_serialization(Serialization::Function {
                plain: true,
                function: Value::symbol("builtins.int"),
                takes_info: false,
                returns: Some(number.node()),
                unless_none: false,
            })
        }
        "PaymentCardNumber" => {
            let lengths = [
                ("min_length", Value::Int(12)),
                ("max_length", Value::Int(19)),
            ];
            after(constrained(Scalar::Str, &lengths).node())
        }
        "Color" | "color.Color" => plain(object([
            ("type", json!("string")),
            ("format", json!("color")),
        ]))
        .with_serialization(Serialization::Text),
        "ImportString" => Schema::new(Kind::Plain { input: None })
            .with_serialization(opaque())
            .with_hook(Hook::Instead(
                Schema::scalar(Scalar::Str).node(),
                object([]),
            )),
        "JsonValue" => {
            let schema =
                Schema::new(Kind::Any).with_reference(Ref::from("pydantic.types.JsonValue:1"));
            builder.defined(schema)
        }
        "BaseModel" => {
            let keys = object([
                ("type", json!("object")),
                ("properties", json!({})),
                ("title", json!("BaseModel")),
            ]);
            let schema = Schema::new(Kind::Any)
                .with_reference(Ref::from("pydantic.main.BaseModel:1"))
                .with_hook(Hook::Replace(keys));
            builder.defined(schema)
        }
        "InstanceOf" | "SkipValidation" => return None,
        _ => return None,
    })
}

/// Types of the `pydantic-extra-types` package.
fn of_extra_types(name: &str) -> Option<Schema> {
    let pattern = |pattern: &str| {
        after(Schema::scalar(Scalar::Str).node())
            .with_hook(Hook::Update(object([("pattern", json!(pattern))])))
    };
    let text = |least: i64, most: i64| {
        let lengths = [
            ("min_length", Value::Int(least)),
            ("max_length", Value::Int(most)),
        ];
        after(constrained(Scalar::Str, &lengths).node())
    };
    Some(match name {
        "color.Color" => plain(object([
            ("type", json!("string")),
            ("format", json!("color")),
        ]))
        .with_serialization(Serialization::Text),
        "country.CountryAlpha2" | "language_code.LanguageAlpha2" => pattern(r"^\w{2}$"),
        "country.CountryAlpha3" => pattern(r"^\w{3}$"),
        "country.CountryNumericCode" => pattern("^[0-9]{3}$"),
        "country.CountryShortName"
        | "iban.IBAN"
        | "isbn.ISBN"
        | "mac_address.MacAddress"
        | "domain.DomainStr" => after(Schema::scalar(Scalar::Str).node()),
        "phone_numbers.PhoneNumber" => after(Schema::scalar(Scalar::Str).node())
            .with_hook(Hook::Update(object([("format", json!("phone"))]))),
        "payment.PaymentCardNumber" => text(12, 19),
        "routing_number.ABARoutingNumber" => text(9, 9),
        "pendulum_dt.DateTime" => after(Schema::scalar(Scalar::DateTime).node()),
        "pendulum_dt.Date" => after(Schema::scalar(Scalar::Date).node()),
        "pendulum_dt.Time" => after(Schema::scalar(Scalar::Time).node()),
        "pendulum_dt.Duration" => after(Schema::scalar(Scalar::TimeDelta).node()),
        "semantic_version.SemanticVersion" | "semver._VersionPydanticAnnotation" => {
            let text = Schema::scalar(Scalar::Str).node();
            let steps = Schema::new(Kind::Chain(vec![
                text,
                Schema::new(Kind::Plain { input: None }).node(),
            ]))
            .node();
            Schema::new(Kind::JsonOrPython {
                json: Rc::clone(&steps),
                python: steps,
            })
            .with_serialization(Serialization::Text)
        }
        "uuid_types.UUID6" | "uuid_types.UUID7" | "uuid_types.UUID8" => {
            Schema::scalar(Scalar::Uuid)
        }
        _ => return None,
    })
}

/// A class of the user on one of these.
pub(super) fn subclass(builder: &mut Builder, class: &Rc<Class>) -> Option<Schema> {
    let value = Value::Class(Rc::clone(class));
    let single = [
        "AnyUrl",
        "AnyHttpUrl",
        "HttpUrl",
        "WebsocketUrl",
        "AnyWebsocketUrl",
        "FileUrl",
        "FtpUrl",
    ]
    .map(|name| format!("pydantic.{name}"));
    let layers = builder.interp.mro(class);
    for layer in layers.iter() {
        let Some(name) = dotted(layer) else { continue };
        let Some(short) = name.strip_prefix("pydantic.") else {
            continue;
        };
        if short.ends_with("Url") || short.ends_with("Dsn") {
            let mut schema = of_pydantic(builder, short)?;
            if let Some(constraints) = class_attribute(builder.interp, class, "_constraints") {
                let scalar = if single.iter().any(|url| url == name)
                    || !matches!(short, "PostgresDsn" | "MongoDsn" | "NatsDsn")
                {
                    Scalar::Url
                } else {
                    Scalar::MultiHostUrl
                };
                let longest = match made_of(&constraints) {
                    Some((_, made)) => match argument(made, 0, "max_length") {
                        Some(Value::Int(longest)) => Some(*longest),
                        _ => None,
                    },
                    None => None,
                };
                schema = url(scalar, longest);
            }
            return Some(schema);
        }
        if matches!(
            short,
            "SecretStr"
                | "SecretBytes"
                | "ByteSize"
                | "EmailStr"
                | "NameEmail"
                | "PaymentCardNumber"
        ) {
            return of_pydantic(builder, short);
        }
        if short == "Secret" {
            let inner = class.bases.iter().find_map(|base| match base {
                Value::Generic(it) if it.origin.is_symbol("pydantic.Secret") => {
                    it.args.first().cloned()
                }
                _ => None,
            })?;
            let inner = builder.node(&inner);
            return Some(
                Schema::new(Kind::JsonOrPython {
                    python: Rc::clone(&inner),
                    json: inner,
                })
                .with_serialization(opaque()),
            );
        }
    }
    // Only these have a schema for their subclasses as well; `dict` and `list` do not.
    if inherits(builder.interp, &value, &["pathlib.Path", "uuid.UUID"]) {
        return None;
    }
    None
}
