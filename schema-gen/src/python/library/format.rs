//! `str.format`, `%` and the format specifications of f-strings (docs.python.org, "Format String
//! Syntax" and "printf-style String Formatting").

use std::fmt::Write as _;

use super::super::interp::{Args, Interp, Raised};
use super::super::value::{Key, Value};
use super::exceptions::raise;
use super::plain;
use super::text::Pure;

/// A text as Python's `repr` writes it.
pub(crate) fn quote(text: &str) -> String {
    let with = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(with);
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            it if it == with => {
                out.push('\\');
                out.push(it);
            }
            it if it.is_control() => {
                let _ = match u32::from(it) {
                    code @ 0..=0xff => write!(out, "\\x{code:02x}"),
                    code => write!(out, "\\u{code:04x}"),
                };
            }
            it => out.push(it),
        }
    }
    out.push(with);
    out
}

/// A float as Python's `repr` writes it: the shortest digits that read back, with an exponent from
/// 1e16 up and below 1e-4.
pub(crate) fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = format!("{number}");
    if plain.contains('.') {
        plain
    } else {
        plain + ".0"
    }
}

struct Spec {
    fill: char,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

fn parse_spec(spec: &str) -> Option<Spec> {
    let letters: Vec<char> = spec.chars().collect();
    let mut at = 0;
    let is_align = |it: Option<&char>| it.is_some_and(|it| matches!(it, '<' | '>' | '^' | '='));
    let mut out = Spec {
        fill: ' ',
        align: None,
        sign: None,
        alternate: false,
        width: 0,
        grouping: None,
        precision: None,
        kind: None,
    };
    if is_align(letters.get(1)) {
        out.fill = *letters.first()?;
        out.align = letters.get(1).copied();
        at = 2;
    } else if is_align(letters.first()) {
        out.align = letters.first().copied();
        at = 1;
    }
    if let Some(sign @ ('+' | '-' | ' ')) = letters.get(at) {
        out.sign = Some(*sign);
        at += 1;
    }
    if letters.get(at) == Some(&'#') {
        out.alternate = true;
        at += 1;
    }
    if letters.get(at) == Some(&'0') {
        at += 1;
        if out.align.is_none() {
            out.fill = '0';
            out.align = Some('=');
        }
    }
    let number = |at: &mut usize| {
        let mut value: Option<usize> = None;
        while let Some(digit) = letters.get(*at).and_then(|it| it.to_digit(10)) {
            value = Some(
                value
                    .unwrap_or(0)
                    .saturating_mul(10)
                    .saturating_add(digit as usize),
            );
            *at += 1;
        }
        value
    };
    out.width = number(&mut at).unwrap_or(0);
    if let Some(grouping @ (',' | '_')) = letters.get(at) {
        out.grouping = Some(*grouping);
        at += 1;
    }
    if letters.get(at) == Some(&'.') {
        at += 1;
        out.precision = Some(number(&mut at)?);
    }
    out.kind = letters.get(at).copied();
    (letters.len() <= at + 1 && out.width <= 10_000 && out.precision.unwrap_or(0) <= 300)
        .then_some(out)
}

fn group(digits: &str, with: char) -> String {
    let (whole, rest) = digits
        .split_once('.')
        .map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(with);
        }
        out.push(digit);
    }
    if let Some(rest) = rest {
        out.push('.');
        out.push_str(rest);
    }
    out
}

/// `format(value, spec)`; `None` where it is not known.
pub(crate) fn format_spec(interp: &mut Interp<'_>, value: &Value, spec: &str) -> Option<String> {
    if spec.is_empty() {
        return interp.text(value, false);
    }
    let unwrapped = plain(value);
    if let Value::Object(_) | Value::Made(_) = &unwrapped {
        let method = interp.attribute(&unwrapped, "__format__").ok()?;
        let given = Args::new(vec![Value::str(spec)], None);
        return match interp.call(&method, given).ok()? {
            Value::Str(text) => Some(text.to_string()),
            _ => None,
        };
    }
    let parsed = parse_spec(spec)?;
    let (body, is_number) = match (&unwrapped, parsed.kind) {
        (Value::Bool(flag), None) => (if *flag { "True" } else { "False" }.to_owned(), false),
        (Value::Bool(_) | Value::Int(_), None | Some('d' | 'n' | 'x' | 'X' | 'o' | 'b' | 'c')) => {
            let number = match unwrapped {
                Value::Int(number) => number,
                Value::Bool(flag) => i64::from(flag),
                _ => return None,
            };
            let digits = number.unsigned_abs();
            let prefix = |it| if parsed.alternate { it } else { "" };
            let body = match parsed.kind {
                Some('x') => format!("{}{digits:x}", prefix("0x")),
                Some('X') => format!("{}{digits:X}", prefix("0X")),
                Some('o') => format!("{}{digits:o}", prefix("0o")),
                Some('b') => format!("{}{digits:b}", prefix("0b")),
                Some('c') => char::from_u32(u32::try_from(number).ok()?)?.to_string(),
                _ => digits.to_string(),
            };
            let body = parsed
                .grouping
                .map_or(body.clone(), |with| group(&body, with));
            (signed(number < 0, &body, parsed.sign), true)
        }
        (Value::Int(_) | Value::Float(_), kind) => {
            let number = match unwrapped {
                Value::Int(number) => number as f64,
                Value::Float(number) => number,
                _ => return None,
            };
            let size = number.abs();
            let precision = parsed.precision.unwrap_or(6);
            let body = match kind {
                Some('f' | 'F') => format!("{size:.precision$}"),
                Some('%') => format!("{:.precision$}%", size * 100.0),
                Some('e') => exponent(size, precision),
                Some('g') => general(size, precision),
                None => match parsed.precision {
                    None => float(size),
                    Some(precision) => general(size, precision),
                },
                _ => return None,
            };
            let body = parsed
                .grouping
                .map_or(body.clone(), |with| group(&body, with));
            (signed(number.is_sign_negative(), &body, parsed.sign), true)
        }
        (Value::Str(text), None | Some('s')) => {
            let text = match parsed.precision {
                Some(precision) => text.chars().take(precision).collect(),
                None => text.to_string(),
            };
            (text, false)
        }
        _ => return None,
    };
    let missing = parsed.width.saturating_sub(body.chars().count());
    let pad = |count| parsed.fill.to_string().repeat(count);
    Some(
        match parsed.align.unwrap_or(if is_number { '>' } else { '<' }) {
            '<' => body + &pad(missing),
            '^' => format!("{}{body}{}", pad(missing / 2), pad(missing - missing / 2)),
            '=' => match body.strip_prefix(['-', '+', ' ']) {
                Some(rest) => format!("{}{}{rest}", body.get(..1)?, pad(missing)),
                None => pad(missing) + &body,
            },
            _ => pad(missing) + &body,
        },
    )
}

fn signed(negative: bool, body: &str, sign: Option<char>) -> String {
    match (negative, sign) {
        (true, _) => format!("-{body}"),
        (false, Some(sign @ ('+' | ' '))) => format!("{sign}{body}"),
        _ => body.to_owned(),
    }
}

fn exponent(size: f64, precision: usize) -> String {
    let text = format!("{size:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    format!(
        "{digits}e{}{:02}",
        if exponent < 0 { '-' } else { '+' },
        exponent.abs()
    )
}

fn general(size: f64, precision: usize) -> String {
    let precision = precision.max(1);
    let text = format!("{size:.*e}", precision - 1);
    let power: i32 = text
        .split_once('e')
        .and_then(|(_, it)| it.parse().ok())
        .unwrap_or(0);
    let trim = |text: String| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    };
    if power < -4 || power >= precision as i32 {
        let text = exponent(size, precision - 1);
        let (digits, tail) = text.split_once('e').unwrap_or((&text, "+00"));
        format!("{}e{tail}", trim(digits.to_owned()))
    } else {
        let decimals = (precision as i32 - 1 - power).max(0) as usize;
        trim(format!("{size:.decimals$}"))
    }
}

/// `template.format(*args, **kwargs)`.
pub(super) fn template(interp: &mut Interp<'_>, text: &str, args: Args) -> Pure {
    let mut next = 0;
    fill(interp, text, &mut |_, name| {
        let found = if name.is_empty() {
            next += 1;
            args.positional.get(next - 1)
        } else if let Ok(index) = name.parse::<usize>() {
            args.positional.get(index)
        } else {
            args.keywords.get(name)
        };
        match found {
            Some(value) => Ok(value.clone()),
            None if args.incomplete => {
                Ok(Value::unknown("not all arguments are known", args.place))
            }
            None if name.is_empty() || name.parse::<usize>().is_ok() => Err(raise(
                "builtins.IndexError",
                "replacement index out of range",
                args.place,
            )),
            None => Err(raise("builtins.KeyError", name, args.place)),
        }
    })
}

/// `template.format_map(mapping)`.
pub(super) fn template_map(interp: &mut Interp<'_>, text: &str, map: &Value) -> Pure {
    fill(interp, text, &mut |interp, name| match plain(map) {
        Value::Dict(items) => {
            let found = items.borrow().get(&Key(Value::str(name))).cloned();
            match found {
                Some(value) => Ok(value),
                None => match interp.attribute(map, "__missing__") {
                    Ok(method @ Value::Method(_)) => {
                        interp.call(&method, Args::new(vec![Value::str(name)], None))
                    }
                    _ => Err(raise("builtins.KeyError", name, None)),
                },
            }
        }
        _ => Ok(Value::unknown("format_map of what is no map", None)),
    })
}

type Lookup<'a, 't> = &'a mut dyn FnMut(&mut Interp<'t>, &str) -> Result<Value, Raised>;

fn fill<'t>(interp: &mut Interp<'t>, text: &str, lookup: Lookup<'_, 't>) -> Pure {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(rest.get(..at).unwrap_or_default());
        let tail = rest.get(at..).unwrap_or_default();
        if let Some(after) = tail.strip_prefix("{{") {
            out.push('{');
            rest = after;
            continue;
        }
        if let Some(after) = tail.strip_prefix("}}") {
            out.push('}');
            rest = after;
            continue;
        }
        let Some(body) = tail.strip_prefix('{') else {
            return Err(raise(
                "builtins.ValueError",
                "Single '}' encountered in format string",
                None,
            ));
        };
        let Some(end) = closing(body) else {
            return Err(raise(
                "builtins.ValueError",
                "expected '}' before end of string",
                None,
            ));
        };
        let field = body.get(..end).unwrap_or_default();
        rest = body.get(end + 1..).unwrap_or_default();
        let (field, spec) = field.split_once(':').unwrap_or((field, ""));
        let (field, conversion) = field.split_once('!').unwrap_or((field, ""));
        let stop = field.find(['.', '[']).unwrap_or(field.len());
        let (name, path) = field.split_at(stop);
        let mut value = lookup(interp, name)?;
        let mut path = path;
        while !path.is_empty() {
            if let Some(after) = path.strip_prefix('.') {
                let stop = after.find(['.', '[']).unwrap_or(after.len());
                let (attribute, tail) = after.split_at(stop);
                value = interp.attribute(&value, attribute)?;
                path = tail;
            } else if let Some((index, tail)) =
                path.strip_prefix('[').and_then(|it| it.split_once(']'))
            {
                let key = index
                    .parse::<i64>()
                    .map_or_else(|_| Value::str(index), Value::Int);
                value = match super::containers::get_item(&value, &key) {
                    Some(value) => value,
                    None => return Ok(None),
                };
                path = tail;
            } else {
                return Ok(None);
            }
        }
        if value.is_unknown() {
            return Ok(Some(value));
        }
        let spec = match spec.contains('{') {
            true => match fill(interp, spec, lookup)? {
                Some(Value::Str(spec)) => spec.to_string(),
                other => return Ok(other),
            },
            false => spec.to_owned(),
        };
        let written = match conversion {
            "" => format_spec(interp, &value, &spec),
            "r" | "a" => interp
                .text(&value, true)
                .and_then(|it| format_spec(interp, &Value::str(&it), &spec)),
            _ => interp
                .text(&value, false)
                .and_then(|it| format_spec(interp, &Value::str(&it), &spec)),
        };
        let Some(written) = written else {
            return Ok(None);
        };
        out.push_str(&written);
        if out.len() > super::MAX_TEXT {
            return Ok(None);
        }
    }
    out.push_str(rest);
    Ok(Some(Value::str(&out)))
}

fn closing(body: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, letter) in body.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `template % values`; `None` where it is not known.
pub(crate) fn format_percent(
    interp: &mut Interp<'_>,
    template: &str,
    values: &Value,
) -> Option<Result<Value, Raised>> {
    if values.is_unknown() {
        return Some(Ok(values.clone()));
    }
    let listed: Vec<Value> = match values {
        Value::Tuple(items) => items.to_vec(),
        other => vec![other.clone()],
    };
    let mut listed = listed.into_iter();
    let mut out = String::new();
    let mut letters = template.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        let mut name = None;
        if letters.next_if_eq(&'(').is_some() {
            let mut text = String::new();
            while let Some(letter) = letters.next_if(|it| *it != ')') {
                text.push(letter);
            }
            letters.next();
            name = Some(text);
        }
        let mut flags = String::new();
        while let Some(flag) = letters.next_if(|it| matches!(it, '#' | '0' | '-' | ' ' | '+')) {
            flags.push(flag);
        }
        let mut width = String::new();
        while let Some(digit) = letters.next_if(char::is_ascii_digit) {
            width.push(digit);
        }
        let mut precision = None;
        if letters.next_if_eq(&'.').is_some() {
            let mut text = String::new();
            while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                text.push(digit);
            }
            precision = Some(text);
        }
        let kind = letters.next()?;
        if kind == '%' {
            out.push('%');
            continue;
        }
        let value = match &name {
            Some(name) => match super::containers::get_item(values, &Value::str(name)) {
                Some(value) => value,
                None => return Some(Err(raise("builtins.KeyError", name, None))),
            },
            None => match listed.next() {
                Some(value) => value,
                None => {
                    return Some(Err(raise(
                        "builtins.TypeError",
                        "not enough arguments for format string",
                        None,
                    )));
                }
            },
        };
        if value.is_unknown() {
            return Some(Ok(value));
        }
        let align = if flags.contains('-') {
            "<"
        } else if matches!(kind, 's' | 'r' | 'a') {
            ">"
        } else {
            ""
        };
        let zero = if flags.contains('0') && !flags.contains('-') {
            "0"
        } else {
            ""
        };
        let sign = if flags.contains('+') { "+" } else { "" };
        let precision = precision.map(|it| format!(".{it}")).unwrap_or_default();
        let (value, spec) = match kind {
            's' => (
                Value::str(&interp.text(&value, false)?),
                format!("{align}{width}{precision}"),
            ),
            'r' | 'a' => (
                Value::str(&interp.text(&value, true)?),
                format!("{align}{width}{precision}"),
            ),
            'd' | 'i' | 'u' => {
                let whole = match plain(&value) {
                    Value::Float(number) => Value::Int(number as i64),
                    other => other,
                };
                (whole, format!("{align}{sign}{zero}{width}d"))
            }
            'f' | 'F' | 'e' | 'g' | 'x' | 'X' | 'o' | 'c' => (
                value,
                format!("{align}{sign}{zero}{width}{precision}{kind}"),
            ),
            _ => return None,
        };
        out.push_str(&format_spec(interp, &value, &spec)?);
    }
    Some(Ok(Value::str(&out)))
}
