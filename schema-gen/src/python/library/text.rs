//! Methods of `str` and `bytes` (docs.python.org, "Text Sequence Type").

use std::rc::Rc;

use super::super::interp::{Args, Interp, Raised};
use super::super::value::{Native, Value};
use super::exceptions::raise;
use super::format;
use super::plain;

/// What a pure function comes to; `None`: these arguments are not evaluated.
pub(super) type Pure = Result<Option<Value>, Raised>;

/// Runs a method on the text it is bound to; unknown where an argument is.
fn with_text(
    interp: &mut Interp<'_>,
    mut args: Args,
    name: &'static str,
    run: fn(&mut Interp<'_>, &str, Args) -> Pure,
) -> Result<Value, Raised> {
    let place = args.place;
    if let Some(unknown) = super::unknown_argument(&args) {
        return Ok(unknown);
    }
    if args.positional.is_empty() {
        return Err(raise(
            "builtins.TypeError",
            &format!("{name} needs an argument"),
            place,
        ));
    }
    super::realize_all(interp, &mut args);
    let receiver = plain(&args.positional.remove(0));
    let Value::Str(text) = &receiver else {
        return Ok(Value::unknown(format!("{name} of what is no text"), place));
    };
    Ok(run(interp, text, args)?
        .unwrap_or_else(|| Value::unknown(format!("{name} is not evaluated here"), place)))
}

macro_rules! methods {
    ($prefix:literal, $asked:expr, $($name:literal => $run:expr),+ $(,)?) => {
        match $asked {
            $($name => Some(Native {
                name: concat!($prefix, ".", $name),
                run: |interp, args| with_text(interp, args, concat!($prefix, ".", $name), $run),
            }),)+
            _ => None,
        }
    };
}

/// The method of `str` of that name, as a function of the text.
pub(super) fn str_method(name: &str) -> Option<Native> {
    methods!("str", name,
        "upper" => |_, text, _| done(text.to_uppercase()),
        "lower" => |_, text, _| done(text.to_lowercase()),
        "casefold" => |_, text, _| done(text.to_lowercase()),
        "title" => |_, text, _| done(title_case(text)),
        "capitalize" => |_, text, _| done(capitalize(text)),
        "swapcase" => |_, text, _| done(text.chars().flat_map(swap).collect()),
        "strip" => |_, text, args| strip(text, args, true, true),
        "lstrip" => |_, text, args| strip(text, args, true, false),
        "rstrip" => |_, text, args| strip(text, args, false, true),
        "split" => |_, text, args| split(text, args, false),
        "rsplit" => |_, text, args| split(text, args, true),
        "splitlines" => |_, text, args| split_lines(text, args),
        "join" => join,
        "replace" => |_, text, args| replace(text, args),
        "startswith" => |_, text, args| affix(text, args, true),
        "endswith" => |_, text, args| affix(text, args, false),
        "removeprefix" => |_, text, mut args| Ok(string(&args.take(0, "prefix")).map(|it| Value::str(text.strip_prefix(&*it).unwrap_or(text)))),
        "removesuffix" => |_, text, mut args| Ok(string(&args.take(0, "suffix")).map(|it| Value::str(if it.is_empty() { text } else { text.strip_suffix(&*it).unwrap_or(text) }))),
        "find" => |_, text, args| find(text, args, false, false),
        "rfind" => |_, text, args| find(text, args, true, false),
        "index" => |_, text, args| find(text, args, false, true),
        "rindex" => |_, text, args| find(text, args, true, true),
        "count" => |_, text, mut args| Ok(string(&args.take(0, "sub")).map(|it| Value::Int(if it.is_empty() { text.chars().count() as i64 + 1 } else { text.matches(&*it).count() as i64 }))),
        "partition" => |_, text, mut args| Ok(string(&args.take(0, "sep")).map(|it| match text.split_once(&*it) {
            Some((left, right)) => Value::Tuple(Rc::from([Value::str(left), Value::Str(it), Value::str(right)])),
            None => Value::Tuple(Rc::from([Value::str(text), Value::str(""), Value::str("")])),
        })),
        "rpartition" => |_, text, mut args| Ok(string(&args.take(0, "sep")).map(|it| match text.rsplit_once(&*it) {
            Some((left, right)) => Value::Tuple(Rc::from([Value::str(left), Value::Str(it), Value::str(right)])),
            None => Value::Tuple(Rc::from([Value::str(""), Value::str(""), Value::str(text)])),
        })),
        "zfill" => |_, text, mut args| Ok(integer(&args.take(0, "width")).and_then(|width| {
            let fill = fill(text, width)?;
            let (sign, digits) = match text.strip_prefix(['-', '+']) {
                Some(rest) => (text.get(..1).unwrap_or_default(), rest),
                None => ("", text),
            };
            Some(Value::str(&format!("{sign}{}{digits}", "0".repeat(fill))))
        })),
        "center" => |_, text, args| pad(text, args, |text, fill, with| { let left = fill / 2; format!("{}{text}{}", with.repeat(left), with.repeat(fill - left)) }),
        "ljust" => |_, text, args| pad(text, args, |text, fill, with| format!("{text}{}", with.repeat(fill))),
        "rjust" => |_, text, args| pad(text, args, |text, fill, with| format!("{}{text}", with.repeat(fill))),
        "isdigit" => |_, text, _| all(text, |it| it.is_ascii_digit()),
        "isdecimal" => |_, text, _| all(text, |it| it.is_ascii_digit()),
        "isnumeric" => |_, text, _| all(text, char::is_numeric),
        "isalpha" => |_, text, _| all(text, char::is_alphabetic),
        "isalnum" => |_, text, _| all(text, char::is_alphanumeric),
        "isspace" => |_, text, _| all(text, char::is_whitespace),
        "isascii" => |_, text, _| Ok(Some(Value::Bool(text.is_ascii()))),
        "isupper" => |_, text, _| Ok(Some(Value::Bool(text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)))),
        "islower" => |_, text, _| Ok(Some(Value::Bool(text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase)))),
        "istitle" => |_, text, _| Ok(Some(Value::Bool(text.chars().any(char::is_alphabetic) && title_case(text) == text))),
        "isidentifier" => |_, text, _| Ok(Some(Value::Bool(is_identifier(text)))),
        "isprintable" => |_, text, _| Ok(Some(Value::Bool(!text.chars().any(char::is_control)))),
        "encode" => |_, text, mut args| Ok(match args.take(0, "encoding").as_ref().and_then(string_of) {
            None if args.positional.is_empty() => Some(Value::Bytes(Rc::from(text.as_bytes()))),
            Some(encoding) if is_utf8(&encoding) || text.is_ascii() => Some(Value::Bytes(Rc::from(text.as_bytes()))),
            _ => None,
        }),
        "format" => format::template,
        "format_map" => |interp, text, mut args| {
            let Some(map) = args.take(0, "mapping") else { return Ok(None) };
            format::template_map(interp, text, &map)
        },
        "expandtabs" => |_, text, _| Ok((!text.contains('\t')).then(|| Value::str(text))),
        "translate" => |_, text, mut args| {
            let Some(Value::Dict(table)) = args.take(0, "table") else { return Ok(None) };
            let mut out = String::new();
            for letter in text.chars() {
                match table.borrow().get(&super::super::value::Key(Value::Int(i64::from(u32::from(letter))))) {
                    Some(Value::None) => {}
                    Some(Value::Str(to)) => out.push_str(to),
                    Some(Value::Int(code)) => match u32::try_from(*code).ok().and_then(char::from_u32) {
                        Some(to) => out.push(to),
                        None => return Ok(None),
                    },
                    Some(_) => return Ok(None),
                    None => out.push(letter),
                }
            }
            done(out)
        },
        "__str__" => |_, text, _| Ok(Some(Value::str(text))),
        "__len__" => |_, text, _| Ok(Some(Value::Int(text.chars().count() as i64))),
        "__contains__" => |_, text, mut args| Ok(string(&args.take(0, "key")).map(|it| Value::Bool(text.contains(&*it)))),
        "__eq__" => |_, text, mut args| Ok(args.take(0, "other").map(|it| match plain(&it) {
            Value::Str(other) => Value::Bool(text == &*other),
            _ => Value::NotImplemented,
        })),
        "__add__" => |_, text, mut args| Ok(string(&args.take(0, "other")).map(|it| Value::str(&format!("{text}{it}")))),
        "__hash__" => |_, text, _| Ok(Some(Value::Int(text.bytes().fold(7, |sum: i64, byte| sum.wrapping_mul(31).wrapping_add(i64::from(byte)))))),
        "__format__" => |interp, text, mut args| Ok(string(&args.take(0, "spec")).and_then(|spec| format::format_spec(interp, &Value::str(text), &spec)).map(|it| Value::str(&it))),
        "__repr__" => |_, text, _| done(format::quote(text)),
    )
}

/// `str.maketrans`.
pub(super) fn make_translation(_: &mut Interp<'_>, mut args: Args) -> Result<Value, Raised> {
    use super::super::value::{Dict, Key};
    let code = |letter: char| Key(Value::Int(i64::from(u32::from(letter))));
    let mut table = Dict::default();
    match (
        args.take(0, "x"),
        string(&args.take(1, "y")),
        string(&args.take(2, "z")),
    ) {
        (Some(Value::Dict(map)), None, None) => {
            for (key, value) in map.borrow().iter() {
                match &key.0 {
                    Value::Str(text) if text.chars().count() == 1 => {
                        table.extend(text.chars().map(|letter| (code(letter), value.clone())));
                    }
                    _ => {
                        table.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Some(Value::Str(from)), Some(to), without) => {
            let pairs = from.chars().zip(to.chars());
            table
                .extend(pairs.map(|(from, to)| (code(from), Value::Int(i64::from(u32::from(to))))));
            table.extend(
                without
                    .iter()
                    .flat_map(|it| it.chars())
                    .map(|letter| (code(letter), Value::None)),
            );
        }
        _ => {
            return Ok(Value::unknown(
                "str.maketrans is not evaluated here",
                args.place,
            ));
        }
    }
    Ok(Value::dict(table))
}

/// The method of `bytes` of that name.
pub(super) fn bytes_method(name: &str) -> Option<Native> {
    Some(match name {
        "decode" => Native {
            name: "bytes.decode",
            run: |_, mut args| {
                let place = args.place;
                let utf8 = args
                    .take(1, "encoding")
                    .is_none_or(|it| string_of(&it).is_some_and(|it| is_utf8(&it)));
                Ok(match args.take(0, "self").map(|it| plain(&it)) {
                    Some(Value::Unknown(it)) => Value::Unknown(it),
                    Some(Value::Bytes(bytes)) if utf8 => match std::str::from_utf8(&bytes) {
                        Ok(text) => Value::str(text),
                        Err(_) => Value::unknown("bytes that are no text", place),
                    },
                    _ => Value::unknown("bytes.decode is not evaluated here", place),
                })
            },
        },
        "hex" => Native {
            name: "bytes.hex",
            run: |_, mut args| {
                Ok(match args.take(0, "self").map(|it| plain(&it)) {
                    Some(Value::Bytes(bytes)) => Value::str(
                        &bytes
                            .iter()
                            .map(|byte| format!("{byte:02x}"))
                            .collect::<String>(),
                    ),
                    _ => Value::unknown("bytes.hex is not evaluated here", args.place),
                })
            },
        },
        _ => return None,
    })
}

fn is_utf8(encoding: &str) -> bool {
    matches!(
        encoding.to_ascii_lowercase().as_str(),
        "utf-8" | "utf8" | "ascii" | "us-ascii"
    )
}

fn done(text: String) -> Pure {
    Ok(Some(Value::str(&text)))
}

/// The text of a `str`, or of an object that is one.
pub(super) fn string_of(value: &Value) -> Option<Rc<str>> {
    match plain(value) {
        Value::Str(text) => Some(text),
        _ => None,
    }
}

pub(super) fn string(value: &Option<Value>) -> Option<Rc<str>> {
    value.as_ref().and_then(string_of)
}

pub(super) fn integer(value: &Option<Value>) -> Option<i64> {
    match plain(value.as_ref()?) {
        Value::Int(number) => Some(number),
        Value::Bool(flag) => Some(i64::from(flag)),
        _ => None,
    }
}

/// How much is missing to a width; `None` where the text would be unreasonably long.
fn fill(text: &str, width: i64) -> Option<usize> {
    let missing = width.saturating_sub(text.chars().count() as i64).max(0);
    usize::try_from(missing).ok().filter(|it| *it <= 100_000)
}

fn pad(text: &str, mut args: Args, run: fn(&str, usize, &str) -> String) -> Pure {
    let with = string(&args.take(1, "fillchar")).unwrap_or_else(|| Rc::from(" "));
    let width = integer(&args.take(0, "width")).and_then(|width| fill(text, width));
    Ok(width.map(|fill| Value::str(&run(text, fill, &with))))
}

fn swap(letter: char) -> Vec<char> {
    if letter.is_uppercase() {
        letter.to_lowercase().collect()
    } else {
        letter.to_uppercase().collect()
    }
}

/// `str.title`: a letter after what is no letter is upper case, others lower.
pub(crate) fn title_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for letter in text.chars() {
        if inside {
            out.extend(letter.to_lowercase());
        } else {
            out.extend(letter.to_uppercase());
        }
        inside = letter.is_alphabetic();
    }
    out
}

fn capitalize(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    first + &letters.as_str().to_lowercase()
}

fn is_identifier(text: &str) -> bool {
    text.chars()
        .next()
        .is_some_and(|it| it == '_' || it.is_alphabetic())
        && text.chars().all(|it| it == '_' || it.is_alphanumeric())
}

fn all(text: &str, is: fn(char) -> bool) -> Pure {
    Ok(Some(Value::Bool(!text.is_empty() && text.chars().all(is))))
}

fn strip(text: &str, mut args: Args, left: bool, right: bool) -> Pure {
    let mut out = text;
    let letters = match args.take(0, "chars") {
        None | Some(Value::None) => None,
        Some(value) => match string_of(&value) {
            Some(letters) => Some(letters),
            None => return Ok(None),
        },
    };
    let is = |it: char| {
        letters
            .as_ref()
            .map_or(it.is_whitespace(), |letters| letters.contains(it))
    };
    if left {
        out = out.trim_start_matches(is);
    }
    if right {
        out = out.trim_end_matches(is);
    }
    Ok(Some(Value::str(out)))
}

fn split(text: &str, mut args: Args, from_right: bool) -> Pure {
    let limit = integer(&args.take(1, "maxsplit"))
        .filter(|it| *it >= 0)
        .map(|it| it as usize + 1);
    let parts: Vec<&str> = match args.take(0, "sep") {
        None | Some(Value::None) => match (limit, from_right) {
            (None, _) => text.split_whitespace().collect(),
            (Some(limit), false) => split_words(text, limit),
            (Some(_), true) => return Ok(None),
        },
        Some(value) => {
            let Some(separator) = string_of(&value) else {
                return Ok(None);
            };
            if separator.is_empty() {
                return Err(raise("builtins.ValueError", "empty separator", args.place));
            }
            match (limit, from_right) {
                (None, _) => text.split(&*separator).collect(),
                (Some(limit), false) => text.splitn(limit, &*separator).collect(),
                (Some(limit), true) => {
                    let mut parts: Vec<_> = text.rsplitn(limit, &*separator).collect();
                    parts.reverse();
                    parts
                }
            }
        }
    };
    Ok(Some(Value::list(
        parts.into_iter().map(Value::str).collect(),
    )))
}

fn split_words(text: &str, limit: usize) -> Vec<&str> {
    let mut rest = text.trim_start();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        if parts.len() + 1 == limit {
            parts.push(rest);
            break;
        }
        match rest.split_once(char::is_whitespace) {
            Some((word, tail)) => {
                parts.push(word);
                rest = tail.trim_start();
            }
            None => {
                parts.push(rest);
                break;
            }
        }
    }
    parts
}

fn split_lines(text: &str, mut args: Args) -> Pure {
    let keep = matches!(args.take(0, "keepends"), Some(Value::Bool(true)));
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(['\n', '\r']);
        let (line, length) = match end {
            None => (rest, rest.len()),
            Some(at) => {
                let tail = rest.get(at..).unwrap_or_default();
                let length = if tail.starts_with("\r\n") { 2 } else { 1 };
                (
                    rest.get(..if keep { at + length } else { at })
                        .unwrap_or_default(),
                    at + length,
                )
            }
        };
        lines.push(Value::str(line));
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(Some(Value::list(lines)))
}

fn join(interp: &mut Interp<'_>, text: &str, mut args: Args) -> Pure {
    let Some(items) = args.take(0, "iterable") else {
        return Ok(None);
    };
    let Some(items) = interp.iterate(&items)? else {
        return Ok(None);
    };
    let mut out = String::new();
    for (index, item) in items.iter().enumerate() {
        if item.is_unknown() {
            return Ok(Some(item.clone()));
        }
        let Some(part) = string_of(item) else {
            return Ok(None);
        };
        if index > 0 {
            out.push_str(text);
        }
        out.push_str(&part);
        if out.len() > super::MAX_TEXT {
            return Ok(None);
        }
    }
    done(out)
}

fn replace(text: &str, mut args: Args) -> Pure {
    let (old, new) = (string(&args.take(0, "old")), string(&args.take(1, "new")));
    let (Some(old), Some(new)) = (old, new) else {
        return Ok(None);
    };
    if text.len().saturating_mul(new.len().max(1)) > super::MAX_TEXT {
        return Ok(None);
    }
    match integer(&args.take(2, "count")) {
        Some(count) if count >= 0 => {
            done(text.replacen(&*old, &new, usize::try_from(count).unwrap_or(usize::MAX)))
        }
        _ => done(text.replace(&*old, &new)),
    }
}

fn affix(text: &str, mut args: Args, start: bool) -> Pure {
    if args.positional.len() > 1 {
        return Ok(None);
    }
    let is = |part: &str| {
        if start {
            text.starts_with(part)
        } else {
            text.ends_with(part)
        }
    };
    Ok(match args.take(0, "prefix").map(|it| plain(&it)) {
        Some(Value::Str(part)) => Some(Value::Bool(is(&part))),
        Some(Value::Tuple(parts)) => {
            let parts: Option<Vec<_>> = parts.iter().map(string_of).collect();
            parts.map(|parts| Value::Bool(parts.iter().any(|part| is(part))))
        }
        _ => None,
    })
}

fn find(text: &str, mut args: Args, from_right: bool, must: bool) -> Pure {
    let Some(part) = string(&args.take(0, "sub")) else {
        return Ok(None);
    };
    let start = match integer(&args.take(1, "start")) {
        None => 0,
        Some(start) if start >= 0 => text
            .char_indices()
            .nth(usize::try_from(start).unwrap_or(usize::MAX))
            .map_or(text.len(), |(at, _)| at),
        Some(_) => return Ok(None),
    };
    if args.positional.len() > 2 {
        return Ok(None);
    }
    let tail = text.get(start..).unwrap_or_default();
    let found = if from_right {
        tail.rfind(&*part)
    } else {
        tail.find(&*part)
    };
    match found {
        Some(at) => Ok(Some(Value::Int(
            text.get(..start + at).unwrap_or_default().chars().count() as i64,
        ))),
        None if must => Err(raise(
            "builtins.ValueError",
            "substring not found",
            args.place,
        )),
        None => Ok(Some(Value::Int(-1))),
    }
}

/// `inspect.cleandoc`: the indentation that all lines but the first share is taken off, and blank
/// lines at both ends.
pub(crate) fn clean_docstring(text: &str) -> String {
    let text = expand_tabs(text);
    let mut lines: Vec<&str> = text.split('\n').collect();
    let indent = |line: &&str| line.len() - line.trim_start_matches(' ').len();
    let margin = lines
        .iter()
        .skip(1)
        .filter(|line| !line.trim().is_empty())
        .map(indent)
        .min()
        .unwrap_or(0);
    for (index, line) in lines.iter_mut().enumerate() {
        *line = match index {
            0 => line.trim_start_matches(' '),
            _ => line.get(margin..).unwrap_or_default(),
        };
    }
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    let first = lines
        .iter()
        .position(|line| !line.is_empty())
        .unwrap_or(lines.len());
    lines.split_off(first).join("\n")
}

fn expand_tabs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for letter in text.chars() {
        match letter {
            '\t' => {
                let spaces = 8 - column % 8;
                out.extend(std::iter::repeat_n(' ', spaces));
                column += spaces;
            }
            '\n' | '\r' => {
                out.push(letter);
                column = 0;
            }
            _ => {
                out.push(letter);
                column += 1;
            }
        }
    }
    out
}

/// `textwrap.dedent`.
pub(super) fn dedent(text: &str) -> String {
    let blank = |line: &&str| line.trim_matches([' ', '\t']).is_empty();
    let mut margin: Option<String> = None;
    for line in text.split('\n').filter(|line| !blank(line)) {
        let indent: String = line
            .chars()
            .take_while(|it| matches!(it, ' ' | '\t'))
            .collect();
        margin = Some(match margin {
            None => indent,
            Some(known) => known
                .chars()
                .zip(indent.chars())
                .take_while(|(one, other)| one == other)
                .map(|(it, _)| it)
                .collect(),
        });
    }
    let margin = margin.unwrap_or_default();
    let lines = text.split('\n').map(|line| {
        if blank(&line) {
            ""
        } else {
            line.strip_prefix(&*margin).unwrap_or(line)
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
