//! Exceptions of the builtins, and which class of a library derives from which.

use std::cell::RefCell;
use std::rc::Rc;

use super::super::interp::Raised;
use super::super::value::{Made, Namespace, Place, Value};

/// An exception of that class with that message.
pub(crate) fn raise(symbol: &str, message: &str, place: Option<Place>) -> Raised {
    Raised::Exception(Value::Made(Rc::new(Made {
        callee: Value::symbol(symbol),
        args: vec![Value::str(message)],
        kwargs: Namespace::default(),
        place,
        attributes: RefCell::default(),
    })))
}

/// The direct bases of a class of the builtins or of the standard library
/// (docs.python.org, "Exception hierarchy", and the pages of the modules). Nothing for what derives
/// from `object` alone or is no class.
pub(crate) fn exception_bases(symbol: &str) -> &'static [&'static str] {
    let Some((module, name)) = symbol.rsplit_once('.') else {
        return &[];
    };
    match module {
        "builtins" => match name {
            "bool" => &["builtins.int"],
            "BaseException" => &["builtins.object"],
            "Exception" | "KeyboardInterrupt" | "SystemExit" | "GeneratorExit"
            | "BaseExceptionGroup" => &["builtins.BaseException"],
            "ExceptionGroup" => &["builtins.BaseExceptionGroup", "builtins.Exception"],
            "ArithmeticError" | "AssertionError" | "AttributeError" | "BufferError"
            | "EOFError" | "ImportError" | "LookupError" | "MemoryError" | "NameError"
            | "OSError" | "ReferenceError" | "RuntimeError" | "StopAsyncIteration"
            | "StopIteration" | "SyntaxError" | "SystemError" | "TypeError" | "ValueError"
            | "Warning" => &["builtins.Exception"],
            "FloatingPointError" | "OverflowError" | "ZeroDivisionError" => {
                &["builtins.ArithmeticError"]
            }
            "ModuleNotFoundError" => &["builtins.ImportError"],
            "IndexError" | "KeyError" => &["builtins.LookupError"],
            "UnboundLocalError" => &["builtins.NameError"],
            "BlockingIOError" | "ChildProcessError" | "ConnectionError" | "FileExistsError"
            | "FileNotFoundError" | "InterruptedError" | "IsADirectoryError"
            | "NotADirectoryError" | "PermissionError" | "ProcessLookupError" | "TimeoutError" => {
                &["builtins.OSError"]
            }
            "BrokenPipeError"
            | "ConnectionAbortedError"
            | "ConnectionRefusedError"
            | "ConnectionResetError" => &["builtins.ConnectionError"],
            "NotImplementedError" | "RecursionError" => &["builtins.RuntimeError"],
            "IndentationError" => &["builtins.SyntaxError"],
            "TabError" => &["builtins.IndentationError"],
            "UnicodeError" => &["builtins.ValueError"],
            "UnicodeDecodeError" | "UnicodeEncodeError" | "UnicodeTranslateError" => {
                &["builtins.UnicodeError"]
            }
            "BytesWarning"
            | "DeprecationWarning"
            | "EncodingWarning"
            | "FutureWarning"
            | "ImportWarning"
            | "PendingDeprecationWarning"
            | "ResourceWarning"
            | "RuntimeWarning"
            | "SyntaxWarning"
            | "UnicodeWarning"
            | "UserWarning" => &["builtins.Warning"],
            _ => &[],
        },
        "enum" => match name {
            "IntEnum" => &["builtins.int", "enum.Enum"],
            "StrEnum" => &["builtins.str", "enum.Enum"],
            "Flag" => &["enum.Enum"],
            "IntFlag" => &["builtins.int", "enum.Flag"],
            "EnumType" => &["builtins.type"],
            _ => &[],
        },
        "collections" => match name {
            "OrderedDict" | "defaultdict" | "Counter" => &["builtins.dict"],
            _ => &[],
        },
        "pathlib" => match name {
            "Path" | "PurePosixPath" | "PureWindowsPath" => &["pathlib.PurePath"],
            "PosixPath" => &["pathlib.Path", "pathlib.PurePosixPath"],
            "WindowsPath" => &["pathlib.Path", "pathlib.PureWindowsPath"],
            _ => &[],
        },
        "abc" if name == "ABCMeta" => &["builtins.type"],
        "datetime" => match name {
            "datetime" => &["datetime.date"],
            "timezone" => &["datetime.tzinfo"],
            _ => &[],
        },
        "zoneinfo" => match name {
            "ZoneInfo" => &["datetime.tzinfo"],
            "ZoneInfoNotFoundError" => &["builtins.KeyError"],
            _ => &[],
        },
        "http" if matches!(name, "HTTPStatus") => &["enum.IntEnum"],
        "http" if matches!(name, "HTTPMethod") => &["enum.StrEnum"],
        "json" if name == "JSONDecodeError" => &["builtins.ValueError"],
        "importlib.metadata" if name == "PackageNotFoundError" => &["builtins.ModuleNotFoundError"],
        "packaging.version" if name == "InvalidVersion" => &["builtins.ValueError"],
        "decimal" if name == "InvalidOperation" => &["builtins.ArithmeticError"],
        "asyncio" => match name {
            "CancelledError" => &["builtins.BaseException"],
            "InvalidStateError" | "QueueEmpty" | "QueueFull" => &["builtins.Exception"],
            _ => &[],
        },
        "subprocess" if matches!(name, "CalledProcessError" | "TimeoutExpired") => {
            &["builtins.Exception"]
        }
        "binascii" if name == "Error" => &["builtins.ValueError"],
        "queue" if matches!(name, "Empty" | "Full") => &["builtins.Exception"],
        "configparser" | "shutil" | "struct" | "pickle" if name.ends_with("Error") => {
            &["builtins.Exception"]
        }
        "pydantic" if name == "ValidationError" => &["builtins.ValueError"],
        _ => &[],
    }
}

/// Whether a class of a library derives from another, by the table above.
pub(super) fn derives(symbol: &str, from: &str) -> bool {
    symbol == from
        || exception_bases(symbol)
            .iter()
            .any(|base| derives(base, from))
}

/// Whether the symbol is a class of exceptions.
pub(super) fn is_exception(symbol: &str) -> bool {
    derives(symbol, "builtins.BaseException")
}
