//! Which modules are modelled and how, and the one name of what has several.

use std::borrow::Cow;

use super::Source;

/// Text of ours for a module; its other names are symbols.
pub(super) fn prelude(dotted: &str) -> Option<&'static str> {
    Some(match dotted {
        "_impl.collections" => include_str!("prelude/collections.py"),
        "_impl.datetime" => include_str!("prelude/datetime.py"),
        "_impl.decimal" => include_str!("prelude/decimal.py"),
        "_impl.ipaddress" => include_str!("prelude/ipaddress.py"),
        "_impl.pathlib" => include_str!("prelude/pathlib.py"),
        "_impl.uuid" => include_str!("prelude/uuid.py"),
        "_impl.zoneinfo" => include_str!("prelude/zoneinfo.py"),
        "_impl.os" => include_str!("prelude/os.py"),
        "_impl.re" => include_str!("prelude/re.py"),
        "_impl.sys" => include_str!("prelude/sys.py"),
        "argparse" => include_str!("prelude/argparse.py"),
        "contextlib" => include_str!("prelude/contextlib.py"),
        "contextvars" => include_str!("prelude/contextvars.py"),
        "functools" => include_str!("prelude/functools.py"),
        "http" => include_str!("prelude/http.py"),
        "inspect" => include_str!("prelude/inspect.py"),
        "itertools" => include_str!("prelude/itertools.py"),
        "makefun" => include_str!("prelude/makefun.py"),
        "operator" => include_str!("prelude/operator.py"),
        "os.path" => include_str!("prelude/os_path.py"),
        "packaging.version" => include_str!("prelude/packaging_version.py"),
        "types" => include_str!("prelude/types.py"),
        "urllib.parse" => include_str!("prelude/urllib_parse.py"),
        _ => return super::super::fastapi::prelude(dotted),
    })
}

/// How the module of that name is modelled.
pub(super) fn module(dotted: &str) -> Option<Source> {
    if let Some(text) = prelude(dotted) {
        return Some(Source::Prelude(text));
    }
    is_modelled(dotted).then_some(Source::Symbols)
}

/// Whether a module, or the module of a name, is one of those that are known by their names alone:
/// the standard library and the packages whose meaning is built in.
pub(crate) fn is_modelled(dotted: &str) -> bool {
    let top = dotted.split('.').next().unwrap_or_default();
    STANDARD.binary_search(&top).is_ok()
        || matches!(
            top,
            "_hitchpost"
                | "_impl"
                | "_typeshed"
                | "annotated_types"
                | "annotated_doc"
                | "fastapi"
                | "importlib_metadata"
                | "makefun"
                | "pydantic"
                | "pydantic_core"
                | "pydantic_settings"
                // What it makes of a class is for the database: a contract has nothing of it, and
                // reading it takes longer than most services.
                | "sqlalchemy"
                | "starlette"
                | "typing_extensions"
                | "typing_inspection"
        )
}

/// Classes of the standard library that a class of ours implements: the module of ours.
pub(crate) fn implementation(symbol: &str) -> Option<(&'static str, &str)> {
    let (module, name) = symbol.rsplit_once('.')?;
    let found = match module {
        "collections" => matches!(
            name,
            "OrderedDict" | "defaultdict" | "Counter" | "deque" | "ChainMap"
        ),
        "datetime" => matches!(
            name,
            "date" | "time" | "datetime" | "timedelta" | "timezone" | "tzinfo"
        ),
        "decimal" => name == "Decimal",
        "ipaddress" => matches!(
            name,
            "IPv4Address"
                | "IPv6Address"
                | "IPv4Network"
                | "IPv6Network"
                | "IPv4Interface"
                | "IPv6Interface"
        ),
        "pathlib" => {
            matches!(
                name,
                "Path"
                    | "PurePath"
                    | "PosixPath"
                    | "PurePosixPath"
                    | "WindowsPath"
                    | "PureWindowsPath"
            )
        }
        "re" => matches!(name, "Pattern" | "Match"),
        "uuid" => name == "UUID",
        "zoneinfo" => name == "ZoneInfo",
        _ => false,
    };
    let module = match module {
        "collections" => "_impl.collections",
        "datetime" => "_impl.datetime",
        "decimal" => "_impl.decimal",
        "ipaddress" => "_impl.ipaddress",
        "pathlib" => "_impl.pathlib",
        "re" => "_impl.re",
        "zoneinfo" => "_impl.zoneinfo",
        _ => "_impl.uuid",
    };
    found.then_some((module, name))
}

/// The one name of what has several.
pub(super) fn canonical(dotted: &str) -> Cow<'_, str> {
    let Some((module, name)) = dotted.rsplit_once('.') else {
        return Cow::Borrowed(dotted);
    };
    let to = |module: &str| Cow::Owned(format!("{module}.{name}"));
    match module {
        "typing_extensions" | "_typeshed" => typing(dotted, name, true),
        "typing" => typing(dotted, name, false),
        "types" if name == "LambdaType" => Cow::Borrowed("types.FunctionType"),
        "_collections_abc" => to("collections.abc"),
        "posixpath" => to("os.path"),
        "builtins" => match name {
            "IOError" | "EnvironmentError" => Cow::Borrowed("builtins.OSError"),
            _ => Cow::Borrowed(dotted),
        },
        "os" | "select" | "socket" if name == "error" => Cow::Borrowed("builtins.OSError"),
        "socket" if name == "timeout" => Cow::Borrowed("builtins.TimeoutError"),
        "asyncio" | "asyncio.exceptions" | "concurrent.futures" if name == "TimeoutError" => {
            Cow::Borrowed("builtins.TimeoutError")
        }
        "asyncio.exceptions" | "asyncio.locks" | "asyncio.queues" | "asyncio.events"
        | "asyncio.tasks" => to("asyncio"),
        "json.decoder" | "json.encoder" => to("json"),
        "enum" if name == "EnumMeta" => Cow::Borrowed("enum.EnumType"),
        "importlib_metadata" => to("importlib.metadata"),
        "pydantic_core._pydantic_core" | "pydantic_core.core_schema"
            if matches!(
                name,
                "PydanticUndefined"
                    | "PydanticUndefinedType"
                    | "ValidationError"
                    | "PydanticCustomError"
                    | "Url"
                    | "MultiHostUrl"
            ) =>
        {
            pydantic_core(dotted, name)
        }
        "pydantic_core" => pydantic_core(dotted, name),
        "pydantic_settings.main"
        | "pydantic_settings.sources"
        | "pydantic_settings.sources.base" => to("pydantic_settings"),
        "sqlmodel.main" => to("sqlmodel"),
        "pydantic.fields" if matches!(name, "PydanticUndefined" | "Undefined") => {
            Cow::Borrowed("pydantic_core.PydanticUndefined")
        }
        _ => match module.strip_prefix("pydantic.") {
            Some(inner) if is_public_part(inner) && PYDANTIC.binary_search(&name).is_ok() => {
                to("pydantic")
            }
            _ => Cow::Borrowed(dotted),
        },
    }
}

/// Parts of pydantic whose names `pydantic/__init__.py` gives again (its `_dynamic_imports`).
fn is_public_part(inner: &str) -> bool {
    matches!(
        inner,
        "main"
            | "fields"
            | "config"
            | "networks"
            | "types"
            | "functional_validators"
            | "functional_serializers"
            | "json_schema"
            | "root_model"
            | "errors"
            | "type_adapter"
            | "aliases"
            | "annotated_handlers"
            | "validate_call_decorator"
            | "warnings"
            | "version"
            | "class_validators"
            | "deprecated.class_validators"
            | "deprecated.config"
            | "deprecated.tools"
    )
}

fn pydantic_core<'a>(dotted: &'a str, name: &str) -> Cow<'a, str> {
    match name {
        "ValidationError" => Cow::Borrowed("pydantic.ValidationError"),
        "PydanticUndefined" => Cow::Borrowed("pydantic_core.PydanticUndefined"),
        "PydanticCustomError" => Cow::Borrowed("pydantic_core.PydanticCustomError"),
        "Url" => Cow::Borrowed("pydantic_core.Url"),
        "MultiHostUrl" => Cow::Borrowed("pydantic_core.MultiHostUrl"),
        _ => Cow::Borrowed(dotted),
    }
}

/// Names of `typing` that are another thing's (docs.python.org, `typing`); `List`, `Dict` and the
/// like stay, as titles of generic models show which one was written.
fn typing<'a>(dotted: &'a str, name: &str, extensions: bool) -> Cow<'a, str> {
    match name {
        "Text" => Cow::Borrowed("builtins.str"),
        "Pattern" | "Match" => Cow::Owned(format!("re.{name}")),
        _ if extensions => Cow::Owned(format!("typing.{name}")),
        _ => Cow::Borrowed(dotted),
    }
}

/// Python 3.13's `sys.stdlib_module_names` (and those that 3.11 had besides), sorted.
const STANDARD: &[&str] = &[
    "__future__",
    "_collections_abc",
    "_thread",
    "abc",
    "aifc",
    "annotationlib",
    "antigravity",
    "argparse",
    "array",
    "ast",
    "asynchat",
    "asyncio",
    "asyncore",
    "atexit",
    "audioop",
    "base64",
    "bdb",
    "binascii",
    "bisect",
    "builtins",
    "bz2",
    "cProfile",
    "calendar",
    "cgi",
    "cgitb",
    "chunk",
    "cmath",
    "cmd",
    "code",
    "codecs",
    "codeop",
    "collections",
    "colorsys",
    "compileall",
    "concurrent",
    "configparser",
    "contextlib",
    "contextvars",
    "copy",
    "copyreg",
    "crypt",
    "csv",
    "ctypes",
    "curses",
    "dataclasses",
    "datetime",
    "dbm",
    "decimal",
    "difflib",
    "dis",
    "distutils",
    "doctest",
    "email",
    "encodings",
    "ensurepip",
    "enum",
    "errno",
    "faulthandler",
    "fcntl",
    "filecmp",
    "fileinput",
    "fnmatch",
    "fractions",
    "ftplib",
    "functools",
    "gc",
    "genericpath",
    "getopt",
    "getpass",
    "gettext",
    "glob",
    "graphlib",
    "grp",
    "gzip",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "http",
    "idlelib",
    "imaplib",
    "imghdr",
    "imp",
    "importlib",
    "inspect",
    "io",
    "ipaddress",
    "itertools",
    "json",
    "keyword",
    "lib2to3",
    "linecache",
    "locale",
    "logging",
    "lzma",
    "mailbox",
    "mailcap",
    "marshal",
    "math",
    "mimetypes",
    "mmap",
    "modulefinder",
    "msilib",
    "msvcrt",
    "multiprocessing",
    "netrc",
    "nis",
    "nntplib",
    "ntpath",
    "nturl2path",
    "numbers",
    "opcode",
    "operator",
    "optparse",
    "os",
    "ossaudiodev",
    "pathlib",
    "pdb",
    "pickle",
    "pickletools",
    "pipes",
    "pkgutil",
    "platform",
    "plistlib",
    "poplib",
    "posix",
    "posixpath",
    "pprint",
    "profile",
    "pstats",
    "pty",
    "pwd",
    "py_compile",
    "pyclbr",
    "pydoc",
    "pydoc_data",
    "pyexpat",
    "queue",
    "quopri",
    "random",
    "re",
    "readline",
    "reprlib",
    "resource",
    "rlcompleter",
    "runpy",
    "sched",
    "secrets",
    "select",
    "selectors",
    "shelve",
    "shlex",
    "shutil",
    "signal",
    "site",
    "smtpd",
    "smtplib",
    "sndhdr",
    "socket",
    "socketserver",
    "spwd",
    "sqlite3",
    "sre_compile",
    "sre_constants",
    "sre_parse",
    "ssl",
    "stat",
    "statistics",
    "string",
    "stringprep",
    "struct",
    "subprocess",
    "sunau",
    "symtable",
    "sys",
    "sysconfig",
    "syslog",
    "tabnanny",
    "tarfile",
    "telnetlib",
    "tempfile",
    "termios",
    "textwrap",
    "this",
    "threading",
    "time",
    "timeit",
    "tkinter",
    "token",
    "tokenize",
    "tomllib",
    "trace",
    "traceback",
    "tracemalloc",
    "tty",
    "turtle",
    "turtledemo",
    "types",
    "typing",
    "unicodedata",
    "unittest",
    "urllib",
    "uu",
    "uuid",
    "venv",
    "warnings",
    "wave",
    "weakref",
    "webbrowser",
    "winreg",
    "winsound",
    "wsgiref",
    "xdrlib",
    "xml",
    "xmlrpc",
    "zipapp",
    "zipfile",
    "zipimport",
    "zlib",
    "zoneinfo",
];

/// `pydantic.__all__` of 2.14, sorted.
pub(super) const PYDANTIC: &[&str] = &[
    "AfterValidator",
    "AliasChoices",
    "AliasGenerator",
    "AliasPath",
    "AllowInfNan",
    "AmqpDsn",
    "AnyHttpUrl",
    "AnyUrl",
    "AnyWebsocketUrl",
    "AwareDatetime",
    "Base64Bytes",
    "Base64Encoder",
    "Base64Str",
    "Base64UrlBytes",
    "Base64UrlStr",
    "BaseConfig",
    "BaseModel",
    "BeforeValidator",
    "ByteSize",
    "ClickHouseDsn",
    "CockroachDsn",
    "ConfigDict",
    "DirectoryPath",
    "Discriminator",
    "EmailStr",
    "EncodedBytes",
    "EncodedStr",
    "EncoderProtocol",
    "Extra",
    "FailFast",
    "Field",
    "FieldSerializationInfo",
    "FieldValidationInfo",
    "FilePath",
    "FileUrl",
    "FiniteFloat",
    "FtpUrl",
    "FutureDate",
    "FutureDatetime",
    "GetCoreSchemaHandler",
    "GetJsonSchemaHandler",
    "GetPydanticSchema",
    "HttpUrl",
    "IPvAnyAddress",
    "IPvAnyInterface",
    "IPvAnyNetwork",
    "ImportString",
    "InstanceOf",
    "Json",
    "JsonValue",
    "KafkaDsn",
    "MISSING",
    "MariaDBDsn",
    "ModelWrapValidatorHandler",
    "MongoDsn",
    "MySQLDsn",
    "NaiveDatetime",
    "NameEmail",
    "NatsDsn",
    "NegativeFloat",
    "NegativeInt",
    "NewPath",
    "NonNegativeFloat",
    "NonNegativeInt",
    "NonPositiveFloat",
    "NonPositiveInt",
    "OnErrorOmit",
    "PastDate",
    "PastDatetime",
    "PaymentCardNumber",
    "PlainSerializer",
    "PlainValidator",
    "PositiveFloat",
    "PositiveInt",
    "PostgresDsn",
    "PrivateAttr",
    "PydanticDeprecatedSince20",
    "PydanticDeprecatedSince210",
    "PydanticDeprecatedSince211",
    "PydanticDeprecatedSince212",
    "PydanticDeprecatedSince214",
    "PydanticDeprecatedSince26",
    "PydanticDeprecatedSince29",
    "PydanticDeprecationWarning",
    "PydanticErrorCodes",
    "PydanticExperimentalWarning",
    "PydanticForbiddenQualifier",
    "PydanticImportError",
    "PydanticInvalidForJsonSchema",
    "PydanticSchemaGenerationError",
    "PydanticUndefinedAnnotation",
    "PydanticUserError",
    "RedisDsn",
    "RootModel",
    "Secret",
    "SecretBytes",
    "SecretStr",
    "SerializationInfo",
    "SerializeAsAny",
    "SerializerFunctionWrapHandler",
    "SkipValidation",
    "SnowflakeDsn",
    "SocketPath",
    "Strict",
    "StrictBool",
    "StrictBytes",
    "StrictFloat",
    "StrictInt",
    "StrictStr",
    "StringConstraints",
    "Tag",
    "TypeAdapter",
    "UUID1",
    "UUID3",
    "UUID4",
    "UUID5",
    "UUID6",
    "UUID7",
    "UUID8",
    "UrlConstraints",
    "VERSION",
    "ValidateAs",
    "ValidationError",
    "ValidationInfo",
    "ValidatorFunctionWrapHandler",
    "WebsocketUrl",
    "WithJsonSchema",
    "WrapSerializer",
    "WrapValidator",
    "__version__",
    "computed_field",
    "conbytes",
    "condate",
    "condecimal",
    "confloat",
    "confrozenset",
    "conint",
    "conlist",
    "conset",
    "constr",
    "create_model",
    "field_serializer",
    "field_validator",
    "model_serializer",
    "model_validator",
    "parse_obj_as",
    "root_validator",
    "schema_json_of",
    "schema_of",
    "validate_call",
    "validate_email",
    "validator",
    "with_config",
];
