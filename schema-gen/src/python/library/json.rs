//! `json.dumps` and `json.loads` (docs.python.org, `json`).

use std::fmt::Write as _;
use std::rc::Rc;

use super::super::interp::{Args, Interp};
use super::super::value::{Dict, Key, Value};
use super::builtins::functions;
use super::exceptions::raise;
use super::text::string;
use super::{format, plain};

pub(super) fn function(dotted: &str) -> Option<super::super::value::Native> {
    functions!(dotted,
        "json.dumps" => |interp, mut args| {
            let Some(value) = args.take(0, "obj") else { return Ok(None) };
            let indent = match args.keywords.shift_remove("indent") {
                None | Some(Value::None) => None,
                Some(Value::Int(count)) => Some(" ".repeat(usize::try_from(count).unwrap_or(0).min(20))),
                Some(Value::Str(text)) => Some(text.to_string()),
                Some(_) => return Ok(None),
            };
            let flag = |args: &mut Args, name: &str, default: bool| match args.keywords.shift_remove(name) {
                Some(Value::Bool(flag)) => flag,
                _ => default,
            };
            let sort = flag(&mut args, "sort_keys", false);
            let ascii = flag(&mut args, "ensure_ascii", true);
            let (item, colon) = match args.keywords.shift_remove("separators") {
                Some(Value::Tuple(pair)) => match (string(&pair.first().cloned()), string(&pair.get(1).cloned())) {
                    (Some(item), Some(colon)) => (item, colon),
                    _ => return Ok(None),
                },
                None | Some(Value::None) => (Rc::from(if indent.is_some() { "," } else { ", " }), Rc::from(": ")),
                Some(_) => return Ok(None),
            };
            let default = args.keywords.shift_remove("default").filter(|it| !matches!(it, Value::None));
            let mut writer = Writer { indent, sort, ascii, item, colon, default, out: String::new() };
            Ok(writer.write(interp, &value, 0).map(|()| Value::str(&writer.out)))
        },
        "json.loads" => |_, mut args| {
            let text = match args.take(0, "s").map(|it| plain(&it)) {
                Some(Value::Str(text)) => text,
                Some(Value::Bytes(bytes)) => match std::str::from_utf8(&bytes) {
                    Ok(text) => Rc::from(text),
                    Err(_) => return Ok(None),
                },
                _ => return Ok(None),
            };
            match serde_json::from_str::<serde_json::Value>(&text) {
                Ok(json) => Ok(Some(json_to_value(&json))),
                Err(error) => Err(raise("json.JSONDecodeError", &error.to_string(), args.place)),
            }
        },
    )
}

/// JSON as `json.loads` gives it.
pub(crate) fn json_to_value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::None,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::str(text),
        serde_json::Value::Array(items) => Value::list(items.iter().map(json_to_value).collect()),
        serde_json::Value::Object(items) => Value::dict(
            items
                .iter()
                .map(|(key, value)| (Key(Value::str(key)), json_to_value(value)))
                .collect::<Dict>(),
        ),
    }
}

struct Writer {
    indent: Option<String>,
    sort: bool,
    ascii: bool,
    item: Rc<str>,
    colon: Rc<str>,
    default: Option<Value>,
    out: String,
}

impl Writer {
    fn newline(&mut self, depth: usize) {
        if let Some(indent) = &self.indent {
            self.out.push('\n');
            self.out.push_str(&indent.repeat(depth));
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        for letter in text.chars() {
            match letter {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                it if (it as u32) < 0x20 || self.ascii && !it.is_ascii() => {
                    for unit in it.encode_utf16(&mut [0; 2]) {
                        let _ = write!(self.out, "\\u{unit:04x}");
                    }
                }
                it => self.out.push(it),
            }
        }
        self.out.push('"');
    }

    fn write(&mut self, interp: &mut Interp<'_>, value: &Value, depth: usize) -> Option<()> {
        if depth > 100 || self.out.len() > super::MAX_TEXT {
            return None;
        }
        match plain(value) {
            Value::None => self.out.push_str("null"),
            Value::Bool(flag) => self.out.push_str(if flag { "true" } else { "false" }),
            Value::Int(number) => self.out.push_str(&number.to_string()),
            Value::Float(number) => {
                let text = match number {
                    it if it.is_nan() => "NaN".to_owned(),
                    it if it.is_infinite() => {
                        if it > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
                    }
                    it => format::float(it),
                };
                self.out.push_str(&text);
            }
            Value::Str(text) => self.text(&text),
            Value::List(items) => self.array(interp, &items.borrow().clone(), depth)?,
            Value::Tuple(items) => self.array(interp, &items, depth)?,
            Value::Dict(items) => {
                let mut entries = Vec::new();
                for (key, value) in items.borrow().iter() {
                    let key = match plain(&key.0) {
                        Value::Str(text) => text.to_string(),
                        Value::Int(number) => number.to_string(),
                        Value::Float(number) => format::float(number),
                        Value::Bool(flag) => if flag { "true" } else { "false" }.to_owned(),
                        Value::None => "null".to_owned(),
                        _ => return None,
                    };
                    entries.push((key, value.clone()));
                }
                if self.sort {
                    entries.sort_by(|(left, _), (right, _)| left.cmp(right));
                }
                self.out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        self.out.push_str(&Rc::clone(&self.item));
                    }
                    self.newline(depth + 1);
                    self.text(key);
                    self.out.push_str(&Rc::clone(&self.colon));
                    self.write(interp, value, depth + 1)?;
                }
                if !entries.is_empty() {
                    self.newline(depth);
                }
                self.out.push('}');
            }
            Value::Unknown(_) => return None,
            other => {
                let default = self.default.clone()?;
                let turned = interp.call(&default, Args::new(vec![other], None)).ok()?;
                self.write(interp, &turned, depth + 1)?;
            }
        }
        Some(())
    }

    fn array(&mut self, interp: &mut Interp<'_>, items: &[Value], depth: usize) -> Option<()> {
        self.out.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push_str(&Rc::clone(&self.item));
            }
            self.newline(depth + 1);
            self.write(interp, item, depth + 1)?;
        }
        if !items.is_empty() {
            self.newline(depth);
        }
        self.out.push(']');
        Some(())
    }
}
