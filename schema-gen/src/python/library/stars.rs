//! What `from module import *` gives of modules that are known by their names alone: their
//! `__all__`, or their public names where they have none (Python 3.11).

/// The names; `None` where they are not listed.
pub(crate) fn public_names(module: &str) -> Option<&'static [&'static str]> {
    Some(match module {
        "pydantic" => super::names::PYDANTIC,
        "abc" => &[
            "ABC", "ABCMeta", "abstractclassmethod", "abstractmethod", "abstractproperty",
            "abstractstaticmethod", "get_cache_token", "update_abstractmethods",
        ],
        "collections" => &[
            "ChainMap", "Counter", "OrderedDict", "UserDict", "UserList", "UserString", "defaultdict",
            "deque", "namedtuple",
        ],
        "collections.abc" => &[
            "AsyncGenerator", "AsyncIterable", "AsyncIterator", "Awaitable", "ByteString", "Callable",
            "Collection", "Container", "Coroutine", "Generator", "Hashable", "ItemsView", "Iterable",
            "Iterator", "KeysView", "Mapping", "MappingView", "MutableMapping", "MutableSequence",
            "MutableSet", "Reversible", "Sequence", "Set", "Sized", "ValuesView",
        ],
        "dataclasses" => &[
            "Field", "FrozenInstanceError", "InitVar", "KW_ONLY", "MISSING", "asdict", "astuple",
            "dataclass", "field", "fields", "is_dataclass", "make_dataclass", "replace",
        ],
        "datetime" => &[
            "MAXYEAR", "MINYEAR", "UTC", "date", "datetime", "time", "timedelta", "timezone", "tzinfo",
        ],
        "decimal" => &[
            "BasicContext", "Clamped", "Context", "ConversionSyntax", "Decimal", "DecimalException",
            "DecimalTuple", "DefaultContext", "DivisionByZero", "DivisionImpossible", "DivisionUndefined",
            "ExtendedContext", "FloatOperation", "HAVE_CONTEXTVAR", "HAVE_THREADS", "Inexact",
            "InvalidContext", "InvalidOperation", "MAX_EMAX", "MAX_PREC", "MIN_EMIN", "MIN_ETINY",
            "Overflow", "ROUND_05UP", "ROUND_CEILING", "ROUND_DOWN", "ROUND_FLOOR", "ROUND_HALF_DOWN",
            "ROUND_HALF_EVEN", "ROUND_HALF_UP", "ROUND_UP", "Rounded", "Subnormal", "Underflow",
            "getcontext", "localcontext", "setcontext",
        ],
        "enum" => &[
            "CONFORM", "CONTINUOUS", "EJECT", "Enum", "EnumCheck", "EnumMeta", "EnumType", "Flag",
            "FlagBoundary", "IntEnum", "IntFlag", "KEEP", "NAMED_FLAGS", "ReprEnum", "STRICT", "StrEnum",
            "UNIQUE", "auto", "global_enum", "global_enum_repr", "global_flag_repr", "global_str", "member",
            "nonmember", "pickle_by_enum_name", "pickle_by_global_name", "property", "unique", "verify",
        ],
        "functools" => &[
            "WRAPPER_ASSIGNMENTS", "WRAPPER_UPDATES", "cache", "cached_property", "cmp_to_key", "lru_cache",
            "partial", "partialmethod", "reduce", "singledispatch", "singledispatchmethod",
            "total_ordering", "update_wrapper", "wraps",
        ],
        "itertools" => &[
            "accumulate", "chain", "combinations", "combinations_with_replacement", "compress", "count",
            "cycle", "dropwhile", "filterfalse", "groupby", "islice", "pairwise", "permutations", "product",
            "repeat", "starmap", "takewhile", "tee", "zip_longest",
        ],
        "json" => &[
            "JSONDecodeError", "JSONDecoder", "JSONEncoder", "dump", "dumps", "load", "loads",
        ],
        "math" => &[
            "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "comb", "copysign",
            "cos", "cosh", "degrees", "dist", "e", "erf", "erfc", "exp", "exp2", "expm1", "fabs",
            "factorial", "floor", "fmod", "frexp", "fsum", "gamma", "gcd", "hypot", "inf", "isclose",
            "isfinite", "isinf", "isnan", "isqrt", "lcm", "ldexp", "lgamma", "log", "log10", "log1p",
            "log2", "modf", "nan", "nextafter", "perm", "pi", "pow", "prod", "radians", "remainder", "sin",
            "sinh", "sqrt", "tan", "tanh", "tau", "trunc", "ulp",
        ],
        "pathlib" => &[
            "Path", "PosixPath", "PurePath", "PurePosixPath", "PureWindowsPath", "WindowsPath",
        ],
        "re" => &[
            "A", "ASCII", "DOTALL", "I", "IGNORECASE", "L", "LOCALE", "M", "MULTILINE", "Match", "NOFLAG",
            "Pattern", "RegexFlag", "S", "U", "UNICODE", "VERBOSE", "X", "compile", "error", "escape",
            "findall", "finditer", "fullmatch", "match", "purge", "search", "split", "sub", "subn",
            "template",
        ],
        "types" => &[
            "AsyncGeneratorType", "BuiltinFunctionType", "BuiltinMethodType", "CellType",
            "ClassMethodDescriptorType", "CodeType", "CoroutineType", "DynamicClassAttribute",
            "EllipsisType", "FrameType", "FunctionType", "GeneratorType", "GenericAlias",
            "GetSetDescriptorType", "LambdaType", "MappingProxyType", "MemberDescriptorType",
            "MethodDescriptorType", "MethodType", "MethodWrapperType", "ModuleType", "NoneType",
            "NotImplementedType", "SimpleNamespace", "TracebackType", "UnionType", "WrapperDescriptorType",
            "coroutine", "new_class", "prepare_class", "resolve_bases",
        ],
        "typing" => &[
            "AbstractSet", "Annotated", "Any", "AnyStr", "AsyncContextManager", "AsyncGenerator",
            "AsyncIterable", "AsyncIterator", "Awaitable", "BinaryIO", "ByteString", "Callable", "ChainMap",
            "ClassVar", "Collection", "Concatenate", "Container", "ContextManager", "Coroutine", "Counter",
            "DefaultDict", "Deque", "Dict", "Final", "ForwardRef", "FrozenSet", "Generator", "Generic",
            "Hashable", "IO", "ItemsView", "Iterable", "Iterator", "KeysView", "List", "Literal",
            "LiteralString", "Mapping", "MappingView", "Match", "MutableMapping", "MutableSequence",
            "MutableSet", "NamedTuple", "Never", "NewType", "NoReturn", "NotRequired", "Optional",
            "OrderedDict", "ParamSpec", "ParamSpecArgs", "ParamSpecKwargs", "Pattern", "Protocol",
            "Required", "Reversible", "Self", "Sequence", "Set", "Sized", "SupportsAbs", "SupportsBytes",
            "SupportsComplex", "SupportsFloat", "SupportsIndex", "SupportsInt", "SupportsRound",
            "TYPE_CHECKING", "Text", "TextIO", "Tuple", "Type", "TypeAlias", "TypeGuard", "TypeVar",
            "TypeVarTuple", "TypedDict", "Union", "Unpack", "ValuesView", "assert_never", "assert_type",
            "cast", "clear_overloads", "dataclass_transform", "final", "get_args", "get_origin",
            "get_overloads", "get_type_hints", "is_typeddict", "no_type_check", "no_type_check_decorator",
            "overload", "reveal_type", "runtime_checkable",
        ],
        "uuid" => &[
            "Enum", "NAMESPACE_DNS", "NAMESPACE_OID", "NAMESPACE_URL", "NAMESPACE_X500", "RESERVED_FUTURE",
            "RESERVED_MICROSOFT", "RESERVED_NCS", "RFC_4122", "SafeUUID", "UUID", "bytes_", "getnode",
            "int_", "uuid1", "uuid3", "uuid4", "uuid5",
        ],
        _ => return None,
    })
}
