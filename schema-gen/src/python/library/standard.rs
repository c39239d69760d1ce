//! Functions and constants of modules of the standard library.

use std::rc::Rc;

use super::super::interp::{Args, Interp, Raised, ScopeData, ScopeKind};
use super::super::value::{Dict, FileId, Key, Module, Native, Object, Value};
use super::builtins::{dict_of, functions};
use super::exceptions::raise;
use super::text::{integer, string};
use super::{plain, regex, text};

/// Modules whose functions give another value each time.
pub(super) fn changes(module: &str) -> bool {
    matches!(
        module,
        "random" | "secrets" | "time" | "random.Random" | "random.SystemRandom"
    )
}

/// The version of Python.
pub(super) fn version(interp: &Interp<'_>) -> (i64, i64) {
    let version = interp.rules.python();
    (i64::from(version.0), i64::from(version.1))
}

fn number(value: &Option<Value>) -> Option<f64> {
    match plain(value.as_ref()?) {
        Value::Int(number) => Some(number as f64),
        Value::Bool(flag) => Some(f64::from(u8::from(flag))),
        Value::Float(number) => Some(number),
        _ => None,
    }
}

/// Functions of numbers to numbers.
fn of_number(mut args: Args, run: fn(f64) -> f64) -> super::text::Pure {
    Ok(number(&args.take(0, "x"))
        .map(run)
        .filter(|it| it.is_finite())
        .map(Value::Float))
}

fn whole(mut args: Args, run: fn(f64) -> f64) -> super::text::Pure {
    Ok(number(&args.take(0, "x"))
        .map(run)
        .filter(|it| it.abs() < 9e18)
        .map(|it| Value::Int(it as i64)))
}

/// The function of that dotted name.
pub(super) fn function(dotted: &str) -> Option<Native> {
    functions!(dotted,
        "os.getenv" => |interp, mut args| {
            let Some(name) = args.take(0, "key") else { return Ok(None) };
            if name.is_unknown() {
                return Ok(Some(name));
            }
            let environ = interp.attribute(&Value::symbol("os"), "environ")?;
            let found = match plain(&environ) {
                Value::Dict(items) => items.borrow().get(&Key(name)).cloned(),
                _ => return Ok(None),
            };
            Ok(found.or_else(|| args.take(1, "default")).or(Some(Value::None)))
        },
        "os.fspath" => |interp, mut args| Ok(match args.take(0, "path") {
            Some(value @ Value::Object(_)) => interp.text(&value, false).map(|it| Value::str(&it)),
            Some(value @ Value::Str(_)) => Some(value),
            _ => None,
        }),
        "copy.copy" => |interp, mut args| Ok(args.take(0, "x").map(|it| copy(interp, &it, false, 0))),
        "copy.deepcopy" => |interp, mut args| Ok(args.take(0, "x").map(|it| copy(interp, &it, true, 0))),
        "textwrap.dedent" => |_, mut args| Ok(string(&args.take(0, "text")).map(|it| Value::str(&text::dedent(&it)))),
        "inspect.cleandoc" => |_, mut args| Ok(string(&args.take(0, "doc")).map(|it| Value::str(&text::clean_docstring(&it)))),
        "inspect.getdoc" => |interp, mut args| Ok(args.take(0, "object").filter(|it| !matches!(it, Value::Unknown(_) | Value::Made(_) | Value::Symbol(_))).map(|it| interp.docstring(&it).map_or(Value::None, Value::Str))),
        "abc.abstractmethod" => |_, mut args| Ok(args.take(0, "funcobj")),
        "atexit.register" => |_, mut args| Ok(args.take(0, "func")),
        "warnings.warn" => |_, _| Ok(Some(Value::None)),
        "warnings.filterwarnings" => |_, _| Ok(Some(Value::None)),
        "warnings.simplefilter" => |_, _| Ok(Some(Value::None)),
        "sys.exit" => |_, args| Err(raise("builtins.SystemExit", "", args.place)),
        "sys.intern" => |_, mut args| Ok(args.take(0, "string")),
        "sys.getdefaultencoding" => |_, _| Ok(Some(Value::str("utf-8"))),
        "platform.system" => |_, _| Ok(Some(Value::str("Linux"))),
        "platform.python_implementation" => |_, _| Ok(Some(Value::str("CPython"))),
        "logging.getLevelName" => |_, mut args| Ok(match args.take(0, "level").map(|it| plain(&it)) {
            Some(Value::Int(level)) => level_name(level).map(Value::str),
            Some(Value::Str(name)) => level(&name).map(Value::Int),
            _ => None,
        }),
        "math.floor" => |_, args| whole(args, f64::floor),
        "math.ceil" => |_, args| whole(args, f64::ceil),
        "math.trunc" => |_, args| whole(args, f64::trunc),
        "math.sqrt" => |_, args| of_number(args, f64::sqrt),
        "math.exp" => |_, args| of_number(args, f64::exp),
        "math.log2" => |_, args| of_number(args, f64::log2),
        "math.log10" => |_, args| of_number(args, f64::log10),
        "math.fabs" => |_, args| of_number(args, f64::abs),
        "math.isnan" => |_, mut args| Ok(number(&args.take(0, "x")).map(|it| Value::Bool(it.is_nan()))),
        "math.isinf" => |_, mut args| Ok(number(&args.take(0, "x")).map(|it| Value::Bool(it.is_infinite()))),
        "math.isfinite" => |_, mut args| Ok(number(&args.take(0, "x")).map(|it| Value::Bool(it.is_finite()))),
        "math.pow" => |_, mut args| Ok(number(&args.take(0, "x")).zip(number(&args.take(1, "y"))).map(|(x, y)| Value::Float(x.powf(y)))),
        "re.escape" => regex::escape,
        "base64.b64encode" => |_, mut args| Ok(match args.take(0, "s").map(|it| plain(&it)) {
            Some(Value::Bytes(bytes)) => Some(Value::Bytes(Rc::from(base64(&bytes).as_bytes()))),
            _ => None,
        }),
        "inspect.iscoroutinefunction" => |interp, mut args| Ok(kind(interp, args.take(0, "obj"), Kind::Coroutine)),
        "asyncio.iscoroutinefunction" => |interp, mut args| Ok(kind(interp, args.take(0, "func"), Kind::Coroutine)),
        "inspect.isgeneratorfunction" => |interp, mut args| Ok(kind(interp, args.take(0, "obj"), Kind::Generator)),
        "inspect.isasyncgenfunction" => |interp, mut args| Ok(kind(interp, args.take(0, "obj"), Kind::AsyncGenerator)),
        "inspect.isclass" => |interp, mut args| Ok(match args.take(0, "object") {
            Some(Value::Class(_)) => Some(Value::Bool(true)),
            // Pydantic makes a class of each parametrised model.
            Some(Value::Generic(generic)) if super::super::pydantic::is_model(interp, &generic.origin) => {
                Some(Value::Bool(true))
            }
            Some(Value::Symbol(symbol)) if super::types::is_class(&symbol.0) => Some(Value::Bool(true)),
            Some(Value::Symbol(symbol)) if symbol.0.starts_with("typing.") => Some(Value::Bool(false)),
            Some(Value::Unknown(_) | Value::Symbol(_) | Value::Made(_)) | None => None,
            Some(_) => Some(Value::Bool(false)),
        }),
        "inspect.isfunction" => |_, mut args| Ok(known(args.take(0, "object")).map(|it| Value::Bool(matches!(it, Value::Function(_))))),
        "inspect.ismethod" => |_, mut args| Ok(known(args.take(0, "object")).map(|it| Value::Bool(matches!(it, Value::Method(_))))),
        "inspect.isbuiltin" => |_, mut args| Ok(known(args.take(0, "object")).map(|it| Value::Bool(matches!(it, Value::Native(_))))),
        "inspect.isroutine" => |_, mut args| Ok(known(args.take(0, "object")).map(|it| Value::Bool(matches!(it, Value::Function(_) | Value::Method(_) | Value::Native(_))))),
        "inspect.ismodule" => |_, mut args| Ok(known(args.take(0, "object")).map(|it| Value::Bool(matches!(it, Value::Module(_))))),
        "inspect.isabstract" => |_, _| Ok(Some(Value::Bool(false))),
        "inspect.getmodule" => |interp, mut args| {
            let Some(value) = args.take(0, "object") else { return Ok(None) };
            match interp.find_attribute(&value, "__module__")? {
                Some(Value::Str(name)) => interp.import(&name, args.place).map(Some),
                _ => Ok(None),
            }
        },
        "importlib.reload" => |_, mut args| Ok(args.take(0, "module")),
    )
}

/// A name of a module that stands for a value.
pub(super) fn constant(interp: &mut Interp<'_>, dotted: &str) -> Option<Result<Value, Raised>> {
    let integer = |value: i64| Some(Ok(Value::Int(value)));
    let text = |value: &str| Some(Ok(Value::str(value)));
    if let Some(name) = dotted.strip_prefix("logging.") {
        return level(name).map(|it| Ok(Value::Int(it)));
    }
    if let Some(name) = dotted.strip_prefix("string.") {
        return match name {
            "ascii_lowercase" => text("abcdefghijklmnopqrstuvwxyz"),
            "ascii_uppercase" => text("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            "ascii_letters" => text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            "digits" => text("0123456789"),
            "hexdigits" => text("0123456789abcdefABCDEF"),
            "octdigits" => text("01234567"),
            "punctuation" => text("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
            "whitespace" => text(" \t\n\r\u{b}\u{c}"),
            _ => None,
        };
    }
    match dotted {
        "typing.TYPE_CHECKING" => Some(Ok(Value::Bool(false))),
        "typing.AnyStr" => None,
        "os.environ" => {
            let module = match interp.import("_impl.os", None) {
                Ok(module) => module,
                Err(raised) => return Some(Err(raised)),
            };
            Some(interp.attribute(&module, "environ"))
        }
        "os.path" => Some(interp.import("os.path", None)),
        "os.sep" => text("/"),
        "os.linesep" => text("\n"),
        "os.pathsep" => text(":"),
        "os.curdir" => text("."),
        "os.pardir" => text(".."),
        "os.name" => text("posix"),
        "os.devnull" => text("/dev/null"),
        "math.pi" => Some(Ok(Value::Float(std::f64::consts::PI))),
        "math.e" => Some(Ok(Value::Float(std::f64::consts::E))),
        "math.tau" => Some(Ok(Value::Float(std::f64::consts::TAU))),
        "math.inf" => Some(Ok(Value::Float(f64::INFINITY))),
        "math.nan" => Some(Ok(Value::Float(f64::NAN))),
        "sys.platform" => text("linux"),
        "sys.byteorder" => text("little"),
        "sys.maxsize" => integer(i64::MAX),
        "sys.hexversion" => integer((version(interp).0 << 24) | (version(interp).1 << 16) | 0xf0),
        "sys.argv" => Some(Ok(Value::list(vec![Value::str("")]))),
        "sys.path" => {
            let roots = interp
                .options
                .roots
                .iter()
                .map(|it| Value::str(it))
                .collect();
            Some(Ok(Value::list(roots)))
        }
        "sys.modules" => {
            let mut names: Vec<_> = interp.modules.iter().collect();
            names.sort_by_key(|(name, _)| Rc::clone(name));
            Some(Ok(dict_of(names.into_iter().map(|(name, module)| {
                (Rc::clone(name), Value::Module(Rc::clone(module)))
            }))))
        }
        "sys.version" => {
            let (major, minor) = version(interp);
            text(&format!("{major}.{minor}.0"))
        }
        "sys.version_info" => match interp.import("_impl.sys", None) {
            Ok(module) => Some(interp.attribute(&module, "version_info")),
            Err(raised) => Some(Err(raised)),
        },
        "re.IGNORECASE" | "re.I" => integer(2),
        "re.MULTILINE" | "re.M" => integer(8),
        "re.DOTALL" | "re.S" => integer(16),
        "re.UNICODE" | "re.U" => integer(32),
        "re.VERBOSE" | "re.X" => integer(64),
        "re.ASCII" | "re.A" => integer(256),
        "re.compile" | "re.match" | "re.fullmatch" | "re.search" | "re.sub" | "re.subn"
        | "re.split" | "re.findall" | "re.finditer" => match interp.import("_impl.re", None) {
            Ok(module) => {
                Some(interp.attribute(&module, dotted.strip_prefix("re.").unwrap_or_default()))
            }
            Err(raised) => Some(Err(raised)),
        },
        "datetime.UTC" => Some(interp.attribute(&Value::symbol("datetime.timezone"), "utc")),
        "datetime.MINYEAR" => integer(1),
        "datetime.MAXYEAR" => integer(9999),
        "uuid.NAMESPACE_DNS"
        | "uuid.NAMESPACE_URL"
        | "uuid.NAMESPACE_OID"
        | "uuid.NAMESPACE_X500" => {
            let last = match dotted {
                "uuid.NAMESPACE_DNS" => '0',
                "uuid.NAMESPACE_URL" => '1',
                "uuid.NAMESPACE_OID" => '2',
                _ => '4',
            };
            let given = vec![Value::str(&format!(
                "6ba7b81{last}-9dad-11d1-80b4-00c04fd430c8"
            ))];
            Some(interp.call(&Value::symbol("uuid.UUID"), Args::new(given, None)))
        }
        "uuid.uuid1" | "uuid.uuid3" | "uuid.uuid4" | "uuid.uuid5" | "uuid.uuid7" => {
            Some(Ok(Value::Native(Native {
                name: "uuid.uuid4",
                run: |_, args| {
                    Ok(Value::unknown(
                        "a UUID that is made anew each time",
                        args.place,
                    ))
                },
            })))
        }
        _ => None,
    }
}

/// Natives of ours that preludes use.
pub(super) fn own(name: &str) -> Option<Native> {
    let dotted = format!("_hitchpost.{name}");
    functions!(&*dotted,
        "_hitchpost.same" => |_, mut args| Ok(args.take(0, "value")),
        "_hitchpost.unknown" => |_, mut args| {
            let why = string(&args.take(0, "why")).unwrap_or_else(|| Rc::from("not known"));
            Ok(Some(Value::unknown(&*why, args.place)))
        },
        "_hitchpost.update_wrapper" => |interp, mut args| {
            let (Some(wrapper), Some(wrapped)) = (args.take(0, "wrapper"), args.take(1, "wrapped")) else { return Ok(None) };
            update_wrapper(interp, &wrapper, &wrapped)?;
            Ok(Some(wrapper))
        },
        "_hitchpost.environment" => |interp, _| {
            let given = interp.options.environment.iter();
            Ok(Some(dict_of(given.map(|(name, value)| (Rc::from(name.as_str()), Value::str(value))))))
        },
        "_hitchpost.python_version" => |interp, _| {
            let (major, minor) = version(interp);
            Ok(Some(Value::Tuple(Rc::from([Value::Int(major), Value::Int(minor)]))))
        },
        // A float has a finite number of decimal digits, all of which a Decimal takes.
        "_hitchpost.exact" => |_, mut args| Ok(number(&args.take(0, "x")).filter(|it| it.is_finite()).map(|it| {
            let text = format!("{it:.1074}");
            Value::str(text.trim_end_matches('0').trim_end_matches('.'))
        })),
        "_hitchpost.regex_find" => regex::find,
        "_hitchpost.regex_groups" => regex::groups,
        "_hitchpost.signature" => super::signature::of,
        "_hitchpost.is_known" => |_, mut args| Ok(args.take(0, "value").map(|it| Value::Bool(!matches!(it, Value::Unknown(_) | Value::Made(_))))),
        "_hitchpost.module" => |_, mut args| {
            let Some(name) = string(&args.take(0, "name")) else { return Ok(None) };
            let scope = ScopeData::new(ScopeKind::Module, None, Rc::clone(&name), FileId(u32::MAX));
            scope.names.borrow_mut().insert(Rc::from("__name__"), Value::Str(Rc::clone(&name)));
            Ok(Some(Value::Module(Rc::new(Module { name, is_package: false, scope }))))
        },
    )
}

fn known(value: Option<Value>) -> Option<Value> {
    value.filter(|it| !matches!(it, Value::Unknown(_) | Value::Made(_) | Value::Symbol(_)))
}

/// A method of numbers.
pub(super) fn number_method(name: &str) -> Option<Native> {
    let dotted = format!("number.{name}");
    functions!(&*dotted,
        "number.bit_length" => |_, mut args| Ok(integer(&args.take(0, "self")).map(|it| Value::Int(i64::from(64 - it.unsigned_abs().leading_zeros())))),
        "number.is_integer" => |_, mut args| Ok(number(&args.take(0, "self")).map(|it| Value::Bool(it.fract() == 0.0))),
        "number.__str__" => |interp, mut args| Ok(args.take(0, "self").and_then(|it| interp.text(&it, false)).map(|it| Value::str(&it))),
        "number.__repr__" => |interp, mut args| Ok(args.take(0, "self").and_then(|it| interp.text(&it, true)).map(|it| Value::str(&it))),
        "number.__hash__" => |_, mut args| Ok(integer(&args.take(0, "self")).map(Value::Int)),
        "number.__bool__" => |_, mut args| Ok(number(&args.take(0, "self")).map(|it| Value::Bool(it != 0.0))),
    )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Coroutine,
    Generator,
    AsyncGenerator,
}

fn kind(interp: &mut Interp<'_>, value: Option<Value>, wanted: Kind) -> Option<Value> {
    let _ = &interp;
    let mut value = value?;
    for _ in 0..20 {
        value = match &value {
            Value::Method(pair) => pair.1.clone(),
            // `functools.partial` is seen through.
            Value::Object(object)
                if &*object.class.qualname == "partial" && &*object.class.module == "functools" =>
            {
                object.attributes.borrow().get("func").cloned()?
            }
            _ => break,
        };
    }
    match &value {
        Value::Function(function) => {
            let found = match (function.is_async(), function.is_generator()) {
                (true, true) => Some(Kind::AsyncGenerator),
                (true, false) => Some(Kind::Coroutine),
                (false, true) => Some(Kind::Generator),
                (false, false) => None,
            };
            Some(Value::Bool(found == Some(wanted)))
        }
        Value::Unknown(_) | Value::Made(_) | Value::Symbol(_) => None,
        _ => Some(Value::Bool(false)),
    }
}

/// `functools.update_wrapper` (`WRAPPER_ASSIGNMENTS` and `WRAPPER_UPDATES` of `functools`).
pub(super) fn update_wrapper(
    interp: &mut Interp<'_>,
    wrapper: &Value,
    wrapped: &Value,
) -> Result<(), Raised> {
    for name in [
        "__module__",
        "__name__",
        "__qualname__",
        "__doc__",
        "__type_params__",
        "__annotations__",
    ] {
        if let Some(found) = interp.find_attribute(wrapped, name)? {
            interp.set_attribute(wrapper, name, found)?;
        }
    }
    let more = match wrapped {
        Value::Function(function) => function.attributes.borrow().clone(),
        Value::Object(object) => object.attributes.borrow().clone(),
        _ => Default::default(),
    };
    for (name, value) in more {
        if &*name != "__wrapped__" {
            interp.set_attribute(wrapper, &name, value)?;
        }
    }
    interp.set_attribute(wrapper, "__wrapped__", wrapped.clone())
}

fn level(name: &str) -> Option<i64> {
    Some(match name {
        "CRITICAL" | "FATAL" => 50,
        "ERROR" => 40,
        "WARNING" | "WARN" => 30,
        "INFO" => 20,
        "DEBUG" => 10,
        "NOTSET" => 0,
        _ => return None,
    })
}

fn level_name(level: i64) -> Option<&'static str> {
    Some(match level {
        50 => "CRITICAL",
        40 => "ERROR",
        30 => "WARNING",
        20 => "INFO",
        10 => "DEBUG",
        0 => "NOTSET",
        _ => return None,
    })
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            let six = (bits >> (18 - 6 * index)) & 63;
            let letter = LETTERS.get(six as usize).copied().unwrap_or(b'=');
            out.push(if index > chunk.len() {
                '='
            } else {
                char::from(letter)
            });
        }
    }
    out
}

/// `copy.copy` and `copy.deepcopy`: what is known by its identity stays itself.
fn copy(interp: &mut Interp<'_>, value: &Value, deep: bool, depth: u32) -> Value {
    if depth > 50 {
        return Value::unknown("a copy of what is nested too deep", None);
    }
    let again = |interp: &mut Interp<'_>, value: &Value| {
        if deep {
            copy(interp, value, true, depth + 1)
        } else {
            value.clone()
        }
    };
    match value {
        Value::List(items) => {
            let items = items.borrow().clone();
            Value::list(items.iter().map(|it| again(interp, it)).collect())
        }
        Value::Tuple(items) if deep => Value::Tuple(Rc::from(
            items.iter().map(|it| again(interp, it)).collect::<Vec<_>>(),
        )),
        Value::Dict(items) => {
            let items = items.borrow().clone();
            Value::dict(
                items
                    .into_iter()
                    .map(|(key, it)| (key, again(interp, &it)))
                    .collect::<Dict>(),
            )
        }
        Value::Set(items) => Value::Set(Rc::new(std::cell::RefCell::new(items.borrow().clone()))),
        Value::Object(object) if !object.class.is_enum.get() => {
            for name in if deep {
                ["__deepcopy__", "__copy__"]
            } else {
                ["__copy__", "__copy__"]
            } {
                if let Some(method) = super::types::own_method(interp, &object.class, name) {
                    let mut given = vec![value.clone()];
                    if name == "__deepcopy__" {
                        given.push(Value::dict(Dict::default()));
                    }
                    return interp
                        .call(&method, Args::new(given, None))
                        .unwrap_or_else(|_| Value::unknown("a copy that fails", None));
                }
            }
            let attributes = object.attributes.borrow().clone();
            let payload = object.payload.borrow().clone();
            let mut copied = super::super::value::Namespace::default();
            for (name, held) in attributes {
                copied.insert(name, again(interp, &held));
            }
            let payload = payload.map(|it| copy(interp, &it, deep, depth + 1));
            Value::Object(Rc::new(Object {
                class: Rc::clone(&object.class),
                attributes: copied.into(),
                payload: payload.into(),
                place: object.place,
                uncertain: object.uncertain.clone(),
            }))
        }
        Value::Made(made) if deep => {
            let again: Vec<Value> = made
                .args
                .iter()
                .map(|it| copy(interp, it, true, depth + 1))
                .collect();
            let mut kwargs = super::super::value::Namespace::default();
            for (name, it) in &made.kwargs {
                kwargs.insert(Rc::clone(name), copy(interp, it, true, depth + 1));
            }
            let attributes = made.attributes.borrow().clone();
            Value::Made(Rc::new(super::super::value::Made {
                callee: made.callee.clone(),
                args: again,
                kwargs,
                place: made.place,
                attributes: attributes.into(),
            }))
        }
        Value::Made(made) => Value::Made(Rc::new(super::super::value::Made {
            callee: made.callee.clone(),
            args: made.args.clone(),
            kwargs: made.kwargs.clone(),
            place: made.place,
            attributes: made.attributes.borrow().clone().into(),
        })),
        other => other.clone(),
    }
}
