//! Functions of `builtins` (docs.python.org, "Built-in Functions").

use std::cell::RefCell;
use std::cmp::Ordering;
use std::rc::Rc;

use super::super::interp::{Args, Interp, Raised};
use super::super::value::{Dict, Key, Made, Namespace, Native, Value};
use super::compare::{order, sort};
use super::exceptions::raise;
use super::text::{Pure, integer, string};
use super::types::{is_instance, is_subclass};
use super::{format, plain};

/// Runs a function; unknown where it is not evaluated for such arguments.
pub(super) fn run(
    interp: &mut Interp<'_>,
    args: Args,
    name: &'static str,
    run: fn(&mut Interp<'_>, Args) -> Pure,
) -> Result<Value, Raised> {
    let place = args.place;
    if args.incomplete {
        return Ok(Value::unknown(
            format!("{name} with arguments that are not known"),
            place,
        ));
    }
    let first = args
        .positional
        .first()
        .filter(|it| it.is_unknown())
        .cloned();
    Ok(run(interp, args)?
        .or(first)
        .unwrap_or_else(|| Value::unknown(format!("{name} is not evaluated here"), place)))
}

/// A table of functions by their dotted names, from functions that give [`Pure`].
macro_rules! functions {
    ($asked:expr, $($name:literal => $run:expr),+ $(,)?) => {
        match $asked {
            $($name => Some($crate::python::value::Native {
                name: $name,
                run: |interp, args| $crate::python::library::builtins::run(interp, args, $name, $run),
            }),)+
            _ => None,
        }
    };
}
pub(super) use functions;

/// The function of that dotted name.
pub(super) fn function(dotted: &str) -> Option<Native> {
    functions!(dotted,
        "builtins.abs" => |interp, mut args| Ok(match args.take(0, "x").map(|it| plain(&it)) {
            Some(Value::Int(number)) => Some(Value::Int(number.saturating_abs())),
            Some(Value::Float(number)) => Some(Value::Float(number.abs())),
            Some(value @ Value::Object(_)) => {
                let method = interp.attribute(&value, "__abs__")?;
                Some(interp.call(&method, Args::default())?)
            }
            _ => None,
        }),
        "builtins.all" => |interp, args| quantify(interp, args, false),
        "builtins.any" => |interp, args| quantify(interp, args, true),
        "builtins.ascii" => |interp, mut args| Ok(args.take(0, "o").and_then(|it| interp.text(&it, true)).filter(|it| it.is_ascii()).map(|it| Value::str(&it))),
        "builtins.bin" => |_, mut args| Ok(integer(&args.take(0, "n")).map(|it| radix(it, "0b", format!("{:b}", it.unsigned_abs())))),
        "builtins.hex" => |_, mut args| Ok(integer(&args.take(0, "n")).map(|it| radix(it, "0x", format!("{:x}", it.unsigned_abs())))),
        "builtins.oct" => |_, mut args| Ok(integer(&args.take(0, "n")).map(|it| radix(it, "0o", format!("{:o}", it.unsigned_abs())))),
        "builtins.callable" => |interp, mut args| {
            let Some(value) = args.take(0, "object") else { return Ok(None) };
            callable(interp, &value).map(|it| it.map(Value::Bool))
        },
        "builtins.chr" => |_, mut args| Ok(integer(&args.take(0, "i")).and_then(|it| char::from_u32(u32::try_from(it).ok()?)).map(|it| Value::str(&it.to_string()))),
        "builtins.ord" => |_, mut args| Ok(string(&args.take(0, "c")).and_then(|it| it.chars().next()).map(|it| Value::Int(i64::from(u32::from(it))))),
        "builtins.delattr" => |interp, mut args| {
            let (Some(value), Some(name)) = (args.take(0, "obj"), string(&args.take(1, "name"))) else { return Ok(None) };
            let _ = interp.delete_attribute(&value, &name);
            Ok(Some(Value::None))
        },
        "builtins.dir" => |interp, mut args| {
            let Some(value) = args.take(0, "object") else { return Ok(None) };
            Ok(super::types::dir(interp, &value).map(|names| Value::list(names.iter().map(|it| Value::Str(Rc::clone(it))).collect())))
        },
        "builtins.divmod" => |interp, mut args| {
            use super::super::syntax::BinOp;
            let (Some(left), Some(right)) = (args.take(0, "x"), args.take(1, "y")) else { return Ok(None) };
            let whole = interp.binary(BinOp::FloorDiv, &left, &right, args.place)?;
            let rest = interp.binary(BinOp::Mod, &left, &right, args.place)?;
            Ok(Some(Value::Tuple(Rc::from([whole, rest]))))
        },
        "builtins.enumerate" => |interp, mut args| {
            let Some(value) = args.take(0, "iterable") else { return Ok(None) };
            let start = integer(&args.take(1, "start")).unwrap_or(0);
            let Some(items) = interp.iterate(&value)? else { return Ok(None) };
            let pairs = (start..).zip(items).map(|(index, item)| Value::Tuple(Rc::from([Value::Int(index), item])));
            Ok(Some(Value::list(pairs.collect())))
        },
        "builtins.zip" => |interp, args| {
            let mut columns = Vec::new();
            for value in &args.positional {
                let Some(items) = interp.iterate(value)? else { return Ok(None) };
                columns.push(items.into_iter());
            }
            let mut rows = Vec::new();
            while let Some(row) = columns.iter_mut().map(Iterator::next).collect::<Option<Vec<_>>>().filter(|it| !it.is_empty()) {
                rows.push(Value::Tuple(Rc::from(row)));
            }
            Ok(Some(Value::list(rows)))
        },
        "builtins.map" => |interp, args| {
            let Some((function, rest)) = args.positional.split_first() else { return Ok(None) };
            let mut columns = Vec::new();
            for value in rest {
                let Some(items) = interp.iterate(value)? else { return Ok(None) };
                columns.push(items.into_iter());
            }
            let mut out = Vec::new();
            while let Some(row) = columns.iter_mut().map(Iterator::next).collect::<Option<Vec<_>>>().filter(|it| !it.is_empty()) {
                out.push(interp.call(function, Args::new(row, args.place))?);
            }
            Ok(Some(Value::list(out)))
        },
        "builtins.filter" => |interp, mut args| {
            let (Some(function), Some(value)) = (args.take(0, "function"), args.take(1, "iterable")) else { return Ok(None) };
            let Some(items) = interp.iterate(&value)? else { return Ok(None) };
            let mut out = Vec::new();
            for item in items {
                let test = match &function {
                    Value::None => item.clone(),
                    function => interp.call(function, Args::new(vec![item.clone()], args.place))?,
                };
                match interp.truth(&test)? {
                    Some(true) => out.push(item),
                    Some(false) => {}
                    None => return Ok(None),
                }
            }
            Ok(Some(Value::list(out)))
        },
        "builtins.format" => |interp, mut args| {
            let Some(value) = args.take(0, "value") else { return Ok(None) };
            let spec = string(&args.take(1, "format_spec")).unwrap_or_else(|| Rc::from(""));
            Ok(format::format_spec(interp, &value, &spec).map(|it| Value::str(&it)))
        },
        "builtins.getattr" => |interp, mut args| {
            let (Some(value), Some(name)) = (args.take(0, "object"), string(&args.take(1, "name"))) else { return Ok(None) };
            match args.take(2, "default") {
                None => interp.attribute(&value, &name).map(Some),
                Some(default) => Ok(Some(interp.find_attribute(&value, &name)?.unwrap_or(default))),
            }
        },
        "builtins.hasattr" => |interp, mut args| {
            let (Some(value), Some(name)) = (args.take(0, "obj"), string(&args.take(1, "name"))) else { return Ok(None) };
            Ok(match interp.find_attribute(&value, &name)? {
                None => Some(Value::Bool(false)),
                // An attribute of what is not read may be there or not.
                Some(Value::Unknown(_)) => None,
                Some(Value::Made(made)) if made.callee.is_symbol("builtins.getattr") => None,
                Some(Value::Symbol(_)) if matches!(value, Value::Symbol(_)) => None,
                Some(_) => Some(Value::Bool(true)),
            })
        },
        "builtins.setattr" => |interp, mut args| {
            let (Some(object), Some(name), Some(value)) = (args.take(0, "obj"), string(&args.take(1, "name")), args.take(2, "value")) else { return Ok(None) };
            interp.set_attribute(&object, &name, value)?;
            Ok(Some(Value::None))
        },
        "builtins.hash" => |_, mut args| Ok(match args.take(0, "obj").map(|it| plain(&it)) {
            Some(Value::Int(number)) => Some(Value::Int(number)),
            Some(value) if !value.is_unknown() => Some(Value::Int(identity(&value))),
            _ => None,
        }),
        "builtins.id" => |_, mut args| Ok(args.take(0, "obj").filter(|it| !it.is_unknown()).map(|it| Value::Int(identity(&it)))),
        "builtins.isinstance" => |interp, mut args| {
            let (Some(value), Some(class)) = (args.take(0, "obj"), args.take(1, "class_or_tuple")) else { return Ok(None) };
            Ok(is_instance(interp, &value, &class).map(Value::Bool))
        },
        "builtins.issubclass" => |interp, mut args| {
            let (Some(class), Some(of)) = (args.take(0, "cls"), args.take(1, "class_or_tuple")) else { return Ok(None) };
            is_subclass(interp, &class, &of, args.place).map(|it| it.map(Value::Bool))
        },
        "builtins.iter" => |interp, mut args| {
            let Some(value) = args.take(0, "object") else { return Ok(None) };
            if is_iterator(&value) {
                return Ok(Some(value));
            }
            Ok(interp.iterate(&value)?.map(iterator))
        },
        "builtins.next" => |interp, mut args| {
            let Some(value) = args.take(0, "iterator") else { return Ok(None) };
            next(interp, &value, args)
        },
        "builtins.len" => |interp, mut args| {
            let Some(value) = args.take(0, "obj") else { return Ok(None) };
            length(interp, &value)
        },
        "builtins.max" => |interp, args| extreme(interp, args, Ordering::Greater),
        "builtins.min" => |interp, args| extreme(interp, args, Ordering::Less),
        "builtins.pow" => |interp, mut args| {
            let (Some(left), Some(right)) = (args.take(0, "base"), args.take(1, "exp")) else { return Ok(None) };
            interp.binary(super::super::syntax::BinOp::Pow, &left, &right, args.place).map(Some)
        },
        "builtins.print" => |_, _| Ok(Some(Value::None)),
        "builtins.breakpoint" => |_, _| Ok(Some(Value::None)),
        "builtins.range" => |_, args| {
            let given: Option<Vec<i64>> = args.positional.iter().map(|it| integer(&Some(it.clone()))).collect();
            let (start, stop, step) = match given.as_deref() {
                Some([stop]) => (0, *stop, 1),
                Some([start, stop]) => (*start, *stop, 1),
                Some([start, stop, step]) if *step != 0 => (*start, *stop, *step),
                _ => return Ok(None),
            };
            let count = if step > 0 { stop.saturating_sub(start) } else { start.saturating_sub(stop) } / step.saturating_abs();
            if count > super::MAX_ITEMS as i64 {
                return Ok(None);
            }
            let mut out = Vec::new();
            let mut at = start;
            while (step > 0 && at < stop) || (step < 0 && at > stop) {
                out.push(Value::Int(at));
                at = at.saturating_add(step);
            }
            Ok(Some(Value::list(out)))
        },
        "builtins.repr" => |interp, mut args| Ok(args.take(0, "obj").and_then(|it| interp.text(&it, true)).map(|it| Value::str(&it))),
        "builtins.reversed" => |interp, mut args| {
            let Some(value) = args.take(0, "sequence") else { return Ok(None) };
            Ok(interp.iterate(&value)?.map(|mut items| {
                items.reverse();
                Value::list(items)
            }))
        },
        "builtins.round" => |_, mut args| {
            let digits = integer(&args.take(1, "ndigits"));
            Ok(match (args.take(0, "number").map(|it| plain(&it)), digits) {
                (Some(Value::Int(number)), None | Some(0..)) => Some(Value::Int(number)),
                (Some(Value::Float(number)), None) => Some(Value::Int(number.round_ties_even() as i64)),
                (Some(Value::Float(number)), Some(digits @ 0..=15)) => format!("{number:.*}", digits as usize).parse().ok().map(Value::Float),
                _ => None,
            })
        },
        "builtins.slice" => |_, args| Ok(match args.positional.as_slice() {
            [stop] => Some([Value::None, stop.clone(), Value::None]),
            [start, stop] => Some([start.clone(), stop.clone(), Value::None]),
            [start, stop, step] => Some([start.clone(), stop.clone(), step.clone()]),
            _ => None,
        }.map(|it| Value::Slice(Rc::new(it)))),
        "builtins.sorted" => |interp, mut args| {
            let (key, reverse) = (args.keywords.shift_remove("key"), args.keywords.shift_remove("reverse"));
            let Some(value) = args.take(0, "iterable") else { return Ok(None) };
            let Some(items) = interp.iterate(&value)? else { return Ok(None) };
            Ok(sort(interp, items, key, reverse)?.map(Value::list))
        },
        "builtins.sum" => |interp, mut args| {
            let Some(value) = args.take(0, "iterable") else { return Ok(None) };
            let Some(items) = interp.iterate(&value)? else { return Ok(None) };
            let mut sum = args.take(1, "start").unwrap_or(Value::Int(0));
            for item in items {
                sum = interp.binary(super::super::syntax::BinOp::Add, &sum, &item, args.place)?;
            }
            Ok(Some(sum))
        },
        "builtins.vars" => |interp, mut args| {
            let Some(value) = args.take(0, "object") else { return Ok(None) };
            interp.attribute(&value, "__dict__").map(Some)
        },
        "builtins.__import__" => |interp, mut args| {
            let Some(name) = string(&args.take(0, "name")) else { return Ok(None) };
            let first = name.split('.').next().unwrap_or_default();
            interp.import(&name, args.place)?;
            interp.import(first, args.place).map(Some)
        },
    )
}

fn radix(number: i64, prefix: &str, digits: String) -> Value {
    Value::str(&format!(
        "{}{prefix}{digits}",
        if number < 0 { "-" } else { "" }
    ))
}

/// A number that tells values apart.
fn identity(value: &Value) -> i64 {
    use std::hash::{Hash, Hasher};
    let mut hasher = rustc_hash::FxHasher::default();
    Key(value.clone()).hash(&mut hasher);
    (hasher.finish() >> 2) as i64
}

fn quantify(interp: &mut Interp<'_>, mut args: Args, any: bool) -> Pure {
    let Some(value) = args.take(0, "iterable") else {
        return Ok(None);
    };
    let Some(items) = interp.iterate(&value)? else {
        return Ok(None);
    };
    let mut sure = true;
    for item in items {
        match interp.truth(&item)? {
            Some(flag) if flag == any => return Ok(Some(Value::Bool(any))),
            Some(_) => {}
            None => sure = false,
        }
    }
    Ok(sure.then_some(Value::Bool(!any)))
}

fn extreme(interp: &mut Interp<'_>, mut args: Args, wanted: Ordering) -> Pure {
    let key = args
        .keywords
        .shift_remove("key")
        .filter(|it| !matches!(it, Value::None));
    let default = args.keywords.shift_remove("default");
    let items = match args.positional.as_slice() {
        [one] => match interp.iterate(one)? {
            Some(items) => items,
            None => return Ok(None),
        },
        several => several.to_vec(),
    };
    let mut best: Option<(Value, Value)> = None;
    for item in items {
        let rank = match &key {
            Some(key) => interp.call(key, Args::new(vec![item.clone()], args.place))?,
            None => item.clone(),
        };
        let better = match &best {
            None => true,
            Some((top, _)) => match order(interp, &rank, top)? {
                Some(found) => found == wanted,
                None => return Ok(None),
            },
        };
        if better {
            best = Some((rank, item));
        }
    }
    match best.map(|(_, item)| item).or(default) {
        Some(value) => Ok(Some(value)),
        None => Err(raise(
            "builtins.ValueError",
            "iterable argument is empty",
            args.place,
        )),
    }
}

/// An iterator over known items: the record of a call whose argument is the list of those to come.
pub(super) fn iterator(items: Vec<Value>) -> Value {
    Value::Made(Rc::new(Made {
        callee: Value::symbol("builtins.iterator"),
        args: vec![Value::list(items)],
        kwargs: Namespace::default(),
        place: None,
        attributes: RefCell::default(),
    }))
}

fn is_iterator(value: &Value) -> bool {
    matches!(value, Value::Made(made) if made.callee.is_symbol("builtins.iterator"))
}

fn next(interp: &mut Interp<'_>, value: &Value, mut args: Args) -> Pure {
    let found = match value {
        Value::Made(made) if is_iterator(value) => match made.args.first() {
            Some(rest @ Value::List(items)) => {
                interp.touch(rest);
                let mut items = items.borrow_mut();
                if items.is_empty() {
                    None
                } else {
                    Some(items.remove(0))
                }
            }
            _ => return Ok(None),
        },
        Value::Object(_) => match interp.find_attribute(value, "__next__")? {
            Some(method) if !method.is_unknown() => {
                return interp.call(&method, Args::default()).map(Some);
            }
            _ => return Ok(None),
        },
        _ => match interp.iterate(value)? {
            Some(items) => items.into_iter().next(),
            None => return Ok(None),
        },
    };
    match found.or_else(|| args.take(1, "default")) {
        Some(value) => Ok(Some(value)),
        None => Err(raise("builtins.StopIteration", "", args.place)),
    }
}

/// `len(value)`.
pub(super) fn length(interp: &mut Interp<'_>, value: &Value) -> Pure {
    if let Value::Object(object) = value
        && let Some(method) = super::types::own_method(interp, &object.class, "__len__")
    {
        return interp
            .call(&method, Args::new(vec![value.clone()], None))
            .map(Some);
    }
    let count = match plain(value) {
        Value::Str(text) => text.chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        // What is not known in a list may stand for any number of items.
        Value::List(items) if items.borrow().iter().any(Value::is_unknown) => return Ok(None),
        Value::Dict(items) | Value::Set(items)
            if items.borrow().keys().any(|key| key.0.is_unknown()) =>
        {
            return Ok(None);
        }
        Value::List(items) => items.borrow().len(),
        Value::Tuple(items) => items.len(),
        Value::Dict(items) | Value::Set(items) => items.borrow().len(),
        Value::FrozenSet(items) => items.len(),
        Value::Class(class) if class.is_enum.get() => super::enums::enum_members(&class).len(),
        _ => return Ok(None),
    };
    Ok(Some(Value::Int(count as i64)))
}

/// `callable(value)`.
pub(super) fn callable(interp: &mut Interp<'_>, value: &Value) -> Result<Option<bool>, Raised> {
    Ok(match value {
        Value::Function(_)
        | Value::Method(_)
        | Value::Native(_)
        | Value::Class(_)
        | Value::Generic(_) => Some(true),
        Value::Object(object) => {
            let mro = interp.mro(&object.class);
            if super::types::own_method(interp, &object.class, "__call__").is_some() {
                Some(true)
            } else {
                let modelled = |it: &Value| match it {
                    Value::Symbol(symbol) => super::is_modelled(&symbol.0),
                    Value::Class(_) => true,
                    _ => false,
                };
                mro.iter().all(modelled).then_some(false)
            }
        }
        Value::Symbol(symbol) if symbol.0.starts_with("builtins.") => Some(true),
        Value::Unknown(_)
        | Value::Made(_)
        | Value::Symbol(_)
        | Value::Alias(_)
        | Value::Forward(_) => None,
        _ => Some(false),
    })
}

/// A dictionary of texts.
pub(super) fn dict_of(items: impl IntoIterator<Item = (Rc<str>, Value)>) -> Value {
    Value::dict(
        items
            .into_iter()
            .map(|(name, value)| (Key(Value::Str(name)), value))
            .collect::<Dict>(),
    )
}
