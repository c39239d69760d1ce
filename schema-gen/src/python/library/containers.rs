//! Methods of `list`, `tuple`, `dict`, `set` and `frozenset` (docs.python.org, "Built-in Types").

use std::cell::RefCell;
use std::rc::Rc;

use super::super::interp::{Args, Interp, Raised};
use super::super::value::{Dict, Key, Native, Place, Value};
use super::compare::{equal, sort};
use super::exceptions::raise;
use super::plain;
use super::text::{Pure, integer};

/// A method of `list`.
pub(super) fn list_method(name: &str) -> Option<Native> {
    macro_rules! methods {
        ($($name:literal => $run:expr),+ $(,)?) => {
            match name {
                $($name => Some(Native {
                    name: concat!("list.", $name),
                    run: |interp, args| on_list(interp, args, concat!("list.", $name), $run),
                }),)+
                _ => None,
            }
        };
    }
    methods!(
        "append" => |_, items, mut args| {
            let Some(value) = args.take(0, "object") else { return Ok(None) };
            bounded(items, args)?;
            items.borrow_mut().push(value);
            Ok(Some(Value::None))
        },
        "extend" => |interp, items, mut args| {
            let Some(value) = args.take(0, "iterable") else { return Ok(None) };
            extend(interp, items, &value, args.place)
        },
        "__iadd__" => |interp, items, mut args| {
            let Some(value) = args.take(0, "iterable") else { return Ok(None) };
            extend(interp, items, &value, args.place)?;
            Ok(Some(Value::List(Rc::clone(items))))
        },
        "insert" => |_, items, mut args| {
            let (Some(index), Some(value)) = (integer(&args.take(0, "index")), args.take(1, "object")) else { return Ok(None) };
            bounded(items, args)?;
            let mut items = items.borrow_mut();
            let length = items.len() as i64;
            let at = if index < 0 { (length + index).max(0) } else { index.min(length) };
            items.insert(at as usize, value);
            Ok(Some(Value::None))
        },
        "pop" => |_, items, mut args| {
            let given = args.take(0, "index");
            let Some(index) = given.as_ref().map_or(Some(-1), |it| integer(&Some(it.clone()))) else { return Ok(None) };
            let at = position(items.borrow().len(), index);
            match at {
                Some(at) => Ok(Some(items.borrow_mut().remove(at))),
                None => Err(raise("builtins.IndexError", "pop index out of range", args.place)),
            }
        },
        "remove" => |interp, items, mut args| {
            let Some(value) = args.take(0, "value") else { return Ok(None) };
            let copy = items.borrow().clone();
            for (at, item) in copy.iter().enumerate() {
                match equal(interp, item, &value)? {
                    Some(true) => {
                        items.borrow_mut().remove(at);
                        return Ok(Some(Value::None));
                    }
                    Some(false) => {}
                    None => return Ok(None),
                }
            }
            Err(raise("builtins.ValueError", "list.remove(x): x not in list", args.place))
        },
        "clear" => |_, items, _| {
            items.borrow_mut().clear();
            Ok(Some(Value::None))
        },
        "copy" => |_, items, _| Ok(Some(Value::list(items.borrow().clone()))),
        "reverse" => |_, items, _| {
            items.borrow_mut().reverse();
            Ok(Some(Value::None))
        },
        "sort" => |interp, items, mut args| {
            let key = args.keywords.shift_remove("key");
            let reverse = args.keywords.shift_remove("reverse");
            let copy = items.borrow().clone();
            let Some(sorted) = sort(interp, copy, key, reverse)? else { return Ok(None) };
            *items.borrow_mut() = sorted;
            Ok(Some(Value::None))
        },
        "index" => |interp, items, args| index_of(interp, &items.borrow().clone(), args),
        "count" => |interp, items, args| count(interp, &items.borrow().clone(), args),
        "__len__" => |_, items, _| Ok(Some(Value::Int(items.borrow().len() as i64))),
        "__iter__" => |_, items, _| Ok(Some(Value::list(items.borrow().clone()))),
        "__getitem__" => |_, items, mut args| {
            let Some(index) = args.take(0, "index") else { return Ok(None) };
            get(&Value::List(Rc::clone(items)), &index, &args)
        },
        "__setitem__" => |_, items, mut args| {
            let (Some(index), Some(value)) = (integer(&args.take(0, "index")), args.take(1, "value")) else { return Ok(None) };
            let at = position(items.borrow().len(), index);
            match at.and_then(|at| items.borrow_mut().get_mut(at).map(|slot| *slot = value)) {
                Some(()) => Ok(Some(Value::None)),
                None => Err(raise("builtins.IndexError", "list assignment index out of range", args.place)),
            }
        },
        "__contains__" => |interp, items, mut args| {
            let Some(value) = args.take(0, "key") else { return Ok(None) };
            contains(interp, &items.borrow().clone(), &value)
        },
    )
}

/// A method of `tuple`.
pub(super) fn tuple_method(name: &str) -> Option<Native> {
    macro_rules! methods {
        ($($name:literal => $run:expr),+ $(,)?) => {
            match name {
                $($name => Some(Native {
                    name: concat!("tuple.", $name),
                    run: |interp, args| on(interp, args, concat!("tuple.", $name), |interp, receiver, args| {
                        let Value::Tuple(items) = receiver else { return Ok(None) };
                        let run: fn(&mut Interp<'_>, &Rc<[Value]>, Args) -> Pure = $run;
                        run(interp, items, args)
                    }),
                }),)+
                _ => None,
            }
        };
    }
    methods!(
        "index" => |interp, items, args| index_of(interp, items, args),
        "count" => |interp, items, args| count(interp, items, args),
        "__len__" => |_, items, _| Ok(Some(Value::Int(items.len() as i64))),
        "__iter__" => |_, items, _| Ok(Some(Value::list(items.to_vec()))),
        "__getitem__" => |_, items, mut args| {
            let Some(index) = args.take(0, "index") else { return Ok(None) };
            get(&Value::Tuple(Rc::clone(items)), &index, &args)
        },
        "__contains__" => |interp, items, mut args| {
            let Some(value) = args.take(0, "key") else { return Ok(None) };
            contains(interp, items, &value)
        },
    )
}

/// A method of `dict`.
pub(super) fn dict_method(name: &str) -> Option<Native> {
    macro_rules! methods {
        ($($name:literal => $run:expr),+ $(,)?) => {
            match name {
                $($name => Some(Native {
                    name: concat!("dict.", $name),
                    run: |interp, args| on(interp, args, concat!("dict.", $name), |interp, receiver, args| {
                        let Value::Dict(items) = receiver else { return Ok(None) };
                        let run: fn(&mut Interp<'_>, &Rc<RefCell<Dict>>, Args) -> Pure = $run;
                        run(interp, items, args)
                    }),
                }),)+
                _ => None,
            }
        };
    }
    methods!(
        "get" => |interp, items, mut args| {
            let Some(key) = args.take(0, "key") else { return Ok(None) };
            let key = match known_key(interp, items, key) {
                Ok(key) => key,
                Err(unknown) => return Ok(Some(unknown)),
            };
            let found = items.borrow().get(&Key(key)).cloned();
            Ok(found.or_else(|| unknown_key(items)).or_else(|| args.take(1, "default")).or(Some(Value::None)))
        },
        "setdefault" => |interp, items, mut args| {
            let Some(key) = args.take(0, "key") else { return Ok(None) };
            let key = match known_key(interp, items, key) {
                Ok(key) => key,
                Err(unknown) => return Ok(Some(unknown)),
            };
            let default = unknown_key(items).or_else(|| args.take(1, "default")).unwrap_or(Value::None);
            Ok(Some(items.borrow_mut().entry(Key(key)).or_insert(default).clone()))
        },
        "pop" => |interp, items, mut args| {
            let Some(key) = args.take(0, "key") else { return Ok(None) };
            let key = match known_key(interp, items, key) {
                Ok(key) => key,
                Err(_) => return Ok(None),
            };
            let found = items.borrow_mut().shift_remove(&Key(key.clone()));
            match found.or_else(|| unknown_key(items)).or_else(|| args.take(1, "default")) {
                Some(value) => Ok(Some(value)),
                None => Err(key_error(&key, &args)),
            }
        },
        "popitem" => |_, items, args| {
            let last = items.borrow_mut().pop();
            match last {
                Some((key, value)) => Ok(Some(Value::Tuple(Rc::from([key.0, value])))),
                None => Err(raise("builtins.KeyError", "popitem(): dictionary is empty", args.place)),
            }
        },
        "update" => |interp, items, mut args| {
            let keywords = std::mem::take(&mut args.keywords);
            if let Some(value) = args.take(0, "m") {
                let Some(more) = mapping(interp, &value)? else { return Ok(None) };
                items.borrow_mut().extend(more);
            }
            items.borrow_mut().extend(keywords.into_iter().map(|(name, value)| (Key(Value::Str(name)), value)));
            Ok(Some(Value::None))
        },
        "keys" => |_, items, _| Ok(Some(Value::list(items.borrow().keys().map(|key| key.0.clone()).collect()))),
        "values" => |_, items, _| Ok(Some(Value::list(items.borrow().values().cloned().collect()))),
        "items" => |_, items, _| Ok(Some(Value::list(
            items.borrow().iter().map(|(key, value)| Value::Tuple(Rc::from([key.0.clone(), value.clone()]))).collect(),
        ))),
        "copy" => |_, items, _| Ok(Some(Value::dict(items.borrow().clone()))),
        "clear" => |_, items, _| {
            items.borrow_mut().clear();
            Ok(Some(Value::None))
        },
        "move_to_end" => |_, items, mut args| {
            let Some(key) = args.take(0, "key") else { return Ok(None) };
            let last = !matches!(args.take(1, "last"), Some(Value::Bool(false)));
            let mut items = items.borrow_mut();
            let Some(value) = items.shift_remove(&Key(key.clone())) else { return Err(key_error(&key, &args)) };
            if last {
                items.insert(Key(key), value);
            } else {
                items.shift_insert(0, Key(key), value);
            }
            Ok(Some(Value::None))
        },
        "__len__" => |_, items, _| Ok(Some(Value::Int(items.borrow().len() as i64))),
        "__iter__" => |_, items, _| Ok(Some(Value::list(items.borrow().keys().map(|key| key.0.clone()).collect()))),
        "__contains__" => |interp, items, mut args| {
            let Some(key) = args.take(0, "key") else { return Ok(None) };
            let key = match known_key(interp, items, key) {
                Ok(key) => key,
                Err(unknown) => return Ok(Some(unknown)),
            };
            let found = items.borrow().contains_key(&Key(key));
            Ok(unknown_key(items).filter(|_| !found).or(Some(Value::Bool(found))))
        },
        "__getitem__" => |_, items, mut args| {
            let Some(key) = args.take(0, "key") else { return Ok(None) };
            get(&Value::Dict(Rc::clone(items)), &key, &args)
        },
        "__setitem__" => |_, items, mut args| {
            let (Some(key), Some(value)) = (args.take(0, "key"), args.take(1, "value")) else { return Ok(None) };
            if key.is_unknown() {
                return Ok(None);
            }
            items.borrow_mut().insert(Key(key), value);
            Ok(Some(Value::None))
        },
        "__delitem__" => |_, items, mut args| {
            let Some(key) = args.take(0, "key") else { return Ok(None) };
            let removed = items.borrow_mut().shift_remove(&Key(key.clone()));
            removed.map(|_| Some(Value::None)).ok_or_else(|| key_error(&key, &args))
        },
        "__or__" => |interp, items, mut args| {
            let Some(value) = args.take(0, "other") else { return Ok(None) };
            let Some(more) = mapping(interp, &value)? else { return Ok(None) };
            let mut all = items.borrow().clone();
            all.extend(more);
            Ok(Some(Value::dict(all)))
        },
    )
}

/// A method of `set` or `frozenset`.
pub(super) fn set_method(name: &str) -> Option<Native> {
    macro_rules! methods {
        ($($name:literal => $run:expr),+ $(,)?) => {
            match name {
                $($name => Some(Native {
                    name: concat!("set.", $name),
                    run: |interp, args| on(interp, args, concat!("set.", $name), $run),
                }),)+
                _ => None,
            }
        };
    }
    methods!(
        "add" => |_, receiver, mut args| {
            let (Value::Set(items), Some(value)) = (receiver, args.take(0, "element")) else { return Ok(None) };
            items.borrow_mut().insert(Key(value), Value::None);
            Ok(Some(Value::None))
        },
        "discard" => |_, receiver, mut args| {
            let (Value::Set(items), Some(value)) = (receiver, args.take(0, "element")) else { return Ok(None) };
            if value.is_unknown() {
                return Ok(None);
            }
            items.borrow_mut().shift_remove(&Key(value));
            Ok(Some(Value::None))
        },
        "remove" => |_, receiver, mut args| {
            let (Value::Set(items), Some(value)) = (receiver, args.take(0, "element")) else { return Ok(None) };
            if value.is_unknown() {
                return Ok(None);
            }
            let removed = items.borrow_mut().shift_remove(&Key(value.clone()));
            removed.map(|_| Some(Value::None)).ok_or_else(|| key_error(&value, &args))
        },
        "pop" => |_, receiver, args| {
            let Value::Set(items) = receiver else { return Ok(None) };
            // Which one it is depends on the hashes where there are several.
            let mut items = items.borrow_mut();
            match items.len() {
                0 => Err(raise("builtins.KeyError", "pop from an empty set", args.place)),
                1 => Ok(items.pop().map(|(key, _)| key.0)),
                _ => Ok(None),
            }
        },
        "clear" => |_, receiver, _| {
            let Value::Set(items) = receiver else { return Ok(None) };
            items.borrow_mut().clear();
            Ok(Some(Value::None))
        },
        "update" => |interp, receiver, args| {
            let Value::Set(items) = receiver else { return Ok(None) };
            for value in &args.positional {
                let Some(more) = interp.iterate(value)? else { return Ok(None) };
                items.borrow_mut().extend(more.into_iter().map(|it| (Key(it), Value::None)));
            }
            Ok(Some(Value::None))
        },
        "difference_update" => |interp, receiver, args| {
            let Value::Set(items) = receiver else { return Ok(None) };
            for value in &args.positional {
                let Some(more) = interp.iterate(value)? else { return Ok(None) };
                for key in more {
                    items.borrow_mut().shift_remove(&Key(key));
                }
            }
            Ok(Some(Value::None))
        },
        "copy" => |_, receiver, _| Ok(elements(receiver).map(|it| set_like(receiver, it))),
        "union" => |interp, receiver, args| combine(interp, receiver, args, |mut left, right| { left.extend(right.iter().map(|(key, value)| (key.clone(), value.clone()))); left }),
        "difference" => |interp, receiver, args| combine(interp, receiver, args, |left, right| left.into_iter().filter(|(key, _)| !right.contains_key(key)).collect()),
        "intersection" => |interp, receiver, args| combine(interp, receiver, args, |left, right| left.into_iter().filter(|(key, _)| right.contains_key(key)).collect()),
        "symmetric_difference" => |interp, receiver, args| combine(interp, receiver, args, |left, right| {
            let more: Vec<_> = right.iter().filter(|(key, _)| !left.contains_key(*key)).map(|(key, value)| (key.clone(), value.clone())).collect();
            left.into_iter().filter(|(key, _)| !right.contains_key(key)).chain(more).collect()
        }),
        "issubset" => |interp, receiver, args| relate(interp, receiver, args, |left, right| left.keys().all(|key| right.contains_key(key))),
        "issuperset" => |interp, receiver, args| relate(interp, receiver, args, |left, right| right.keys().all(|key| left.contains_key(key))),
        "isdisjoint" => |interp, receiver, args| relate(interp, receiver, args, |left, right| !left.keys().any(|key| right.contains_key(key))),
        "__len__" => |_, receiver, _| Ok(elements(receiver).map(|it| Value::Int(it.len() as i64))),
        "__contains__" => |_, receiver, mut args| {
            let Some(value) = args.take(0, "key") else { return Ok(None) };
            Ok(elements(receiver).map(|it| Value::Bool(it.contains_key(&Key(value)))))
        },
        "__iter__" => |_, receiver, _| Ok(elements(receiver).map(|it| Value::list(it.into_keys().map(|key| key.0).collect()))),
    )
}

/// Runs a method on the receiver, taken out of the object that holds it.
fn on(
    interp: &mut Interp<'_>,
    mut args: Args,
    name: &'static str,
    run: fn(&mut Interp<'_>, &Value, Args) -> Pure,
) -> Result<Value, Raised> {
    let place = args.place;
    if args.positional.is_empty() {
        return Err(raise(
            "builtins.TypeError",
            &format!("{name} needs an argument"),
            place,
        ));
    }
    let receiver = plain(&args.positional.remove(0));
    if receiver.is_unknown() {
        return Ok(receiver);
    }
    if changes(name) {
        interp.touch(&receiver);
    }
    let done = if args.incomplete {
        None
    } else {
        run(interp, &receiver, args)?
    };
    Ok(done.unwrap_or_else(|| unclear(&receiver, name, place)))
}

/// Whether a method changes what it is called on.
fn changes(name: &str) -> bool {
    let method = name.rsplit('.').next().unwrap_or_default();
    matches!(
        method,
        "append"
            | "extend"
            | "__iadd__"
            | "insert"
            | "pop"
            | "remove"
            | "clear"
            | "reverse"
            | "sort"
            | "__setitem__"
            | "__delitem__"
            | "setdefault"
            | "popitem"
            | "update"
            | "move_to_end"
            | "add"
            | "discard"
            | "difference_update"
    )
}

/// What a method comes to that is not evaluated for its arguments: after one that changes the
/// collection, what is in it is not known either.
fn unclear(receiver: &Value, name: &str, place: Option<Place>) -> Value {
    let unknown = Value::unknown(format!("{name} is not evaluated here"), place);
    if changes(name) {
        match receiver {
            Value::List(items) => *items.borrow_mut() = vec![unknown.clone()],
            Value::Dict(items) | Value::Set(items) => {
                let mut items = items.borrow_mut();
                items.clear();
                items.insert(Key(unknown.clone()), unknown.clone());
            }
            _ => {}
        }
    }
    unknown
}

/// The key that stands for those that are not known.
fn unknown_key(items: &RefCell<Dict>) -> Option<Value> {
    items
        .borrow()
        .keys()
        .find(|key| key.0.is_unknown())
        .map(|key| key.0.clone())
}

type ListMethod = fn(&mut Interp<'_>, &Rc<RefCell<Vec<Value>>>, Args) -> Pure;

fn on_list(
    interp: &mut Interp<'_>,
    mut args: Args,
    name: &'static str,
    run: ListMethod,
) -> Result<Value, Raised> {
    let place = args.place;
    if args.positional.is_empty() {
        return Err(raise(
            "builtins.TypeError",
            &format!("{name} needs an argument"),
            place,
        ));
    }
    let receiver = plain(&args.positional.remove(0));
    if changes(name) {
        interp.touch(&receiver);
    }
    let done = match &receiver {
        Value::List(items) if !args.incomplete => run(interp, items, args)?,
        Value::Unknown(_) => Some(receiver.clone()),
        _ => None,
    };
    Ok(done.unwrap_or_else(|| unclear(&receiver, name, place)))
}

fn bounded(items: &RefCell<Vec<Value>>, args: Args) -> Result<(), Raised> {
    if items.borrow().len() >= super::MAX_ITEMS {
        return Err(raise(
            "builtins.MemoryError",
            "a list grows beyond what is followed",
            args.place,
        ));
    }
    Ok(())
}

fn extend(
    interp: &mut Interp<'_>,
    items: &Rc<RefCell<Vec<Value>>>,
    value: &Value,
    place: Option<Place>,
) -> Pure {
    match interp.iterate(value)? {
        Some(more) if items.borrow().len() + more.len() <= super::MAX_ITEMS => {
            items.borrow_mut().extend(more);
            Ok(Some(Value::None))
        }
        // What is added is not known: the list says so to whoever reads it.
        _ => {
            let unknown = match value {
                Value::Unknown(it) => Value::unknown(it.why.clone(), it.place.or(place)),
                _ => Value::unknown("a list is extended by what is not known", place),
            };
            items.borrow_mut().push(unknown);
            Ok(Some(Value::None))
        }
    }
}

fn position(length: usize, index: i64) -> Option<usize> {
    let at = if index < 0 {
        index + length as i64
    } else {
        index
    };
    usize::try_from(at).ok().filter(|at| *at < length)
}

/// The key to look up; what it is unknown for, where it is: also what a library gives, which may
/// equal any key.
fn known_key(interp: &mut Interp<'_>, items: &RefCell<Dict>, key: Value) -> Result<Value, Value> {
    let Value::Made(made) = &key else {
        return if key.is_unknown() { Err(key) } else { Ok(key) };
    };
    if items.borrow().is_empty() || items.borrow().contains_key(&Key(key.clone())) {
        return Ok(key);
    }
    match interp.realize(made) {
        Some(known) if !matches!(known, Value::Made(_) | Value::Unknown(_)) => Ok(known),
        _ => Err(Value::unknown(
            format!("a key that is not known: {key:?}"),
            made.place,
        )),
    }
}

fn key_error(key: &Value, args: &Args) -> Raised {
    let text = match key {
        Value::Str(text) => text.to_string(),
        other => format!("{other:?}"),
    };
    raise("builtins.KeyError", &text, args.place)
}

/// `container[key]` of a list, tuple, dictionary or text; `None` where there is none or it is not known.
pub(super) fn get_item(container: &Value, key: &Value) -> Option<Value> {
    match (plain(container), key) {
        (Value::List(items), _) => items
            .borrow()
            .get(position(
                items.borrow().len(),
                integer(&Some(key.clone()))?,
            )?)
            .cloned(),
        (Value::Tuple(items), _) => items
            .get(position(items.len(), integer(&Some(key.clone()))?)?)
            .cloned(),
        (Value::Dict(items), _) => items.borrow().get(&Key(key.clone())).cloned(),
        (Value::Str(text), _) => {
            let index = position(text.chars().count(), integer(&Some(key.clone()))?)?;
            text.chars()
                .nth(index)
                .map(|it| Value::str(it.encode_utf8(&mut [0; 4])))
        }
        (Value::Bytes(bytes), _) => bytes
            .get(position(bytes.len(), integer(&Some(key.clone()))?)?)
            .map(|it| Value::Int(i64::from(*it))),
        _ => None,
    }
}

fn get(container: &Value, key: &Value, args: &Args) -> Pure {
    if key.is_unknown() {
        return Ok(Some(key.clone()));
    }
    if let Value::Slice(_) = key {
        return Ok(None);
    }
    if let Value::Dict(items) = container
        && let Some(unknown) = unknown_key(items)
        && !items.borrow().contains_key(&Key(key.clone()))
    {
        return Ok(Some(unknown));
    }
    match (get_item(container, key), container) {
        (Some(value), _) => Ok(Some(value)),
        (None, Value::Dict(_)) => Err(key_error(key, args)),
        (None, _) => Err(raise(
            "builtins.IndexError",
            "index out of range",
            args.place,
        )),
    }
}

fn contains(interp: &mut Interp<'_>, items: &[Value], value: &Value) -> Pure {
    let mut sure = true;
    for item in items {
        match equal(interp, item, value)? {
            Some(true) => return Ok(Some(Value::Bool(true))),
            Some(false) => {}
            None => sure = false,
        }
    }
    Ok(sure.then_some(Value::Bool(false)))
}

fn index_of(interp: &mut Interp<'_>, items: &[Value], mut args: Args) -> Pure {
    let Some(value) = args.take(0, "value") else {
        return Ok(None);
    };
    for (at, item) in items.iter().enumerate() {
        match equal(interp, item, &value)? {
            Some(true) => return Ok(Some(Value::Int(at as i64))),
            Some(false) => {}
            None => return Ok(None),
        }
    }
    Err(raise(
        "builtins.ValueError",
        "value is not in list",
        args.place,
    ))
}

fn count(interp: &mut Interp<'_>, items: &[Value], mut args: Args) -> Pure {
    let Some(value) = args.take(0, "value") else {
        return Ok(None);
    };
    let mut found = 0;
    for item in items {
        match equal(interp, item, &value)? {
            Some(true) => found += 1,
            Some(false) => {}
            None => return Ok(None),
        }
    }
    Ok(Some(Value::Int(found)))
}

/// The entries of a mapping or of pairs; `None` where they are not known.
pub(super) fn mapping(interp: &mut Interp<'_>, value: &Value) -> Result<Option<Dict>, Raised> {
    if let Value::Dict(items) = plain(value) {
        return Ok(Some(items.borrow().clone()));
    }
    if let Value::Object(_) = value
        && let Ok(keys) = interp.attribute(value, "keys")
        && !keys.is_unknown()
    {
        let keys = interp.call(&keys, Args::default())?;
        let getter = interp.attribute(value, "__getitem__")?;
        let Some(keys) = interp.iterate(&keys)? else {
            return Ok(None);
        };
        let mut out = Dict::default();
        for key in keys {
            let found = interp.call(&getter, Args::new(vec![key.clone()], None))?;
            out.insert(Key(key), found);
        }
        return Ok(Some(out));
    }
    let Some(pairs) = interp.iterate(value)? else {
        return Ok(None);
    };
    let mut out = Dict::default();
    for pair in pairs {
        match interp.iterate(&pair)?.as_deref() {
            Some([key, value]) if !key.is_unknown() => {
                out.insert(Key(key.clone()), value.clone());
            }
            _ => return Ok(None),
        }
    }
    Ok(Some(out))
}

fn elements(value: &Value) -> Option<Dict> {
    match value {
        Value::Set(items) => Some(items.borrow().clone()),
        Value::FrozenSet(items) => Some((**items).clone()),
        _ => None,
    }
}

fn set_like(like: &Value, items: Dict) -> Value {
    match like {
        Value::FrozenSet(_) => Value::FrozenSet(Rc::new(items)),
        _ => Value::Set(Rc::new(RefCell::new(items))),
    }
}

fn combine(
    interp: &mut Interp<'_>,
    receiver: &Value,
    args: Args,
    run: fn(Dict, &Dict) -> Dict,
) -> Pure {
    let Some(mut all) = elements(receiver) else {
        return Ok(None);
    };
    for value in &args.positional {
        let Some(more) = interp.iterate(value)? else {
            return Ok(None);
        };
        let more: Dict = more.into_iter().map(|it| (Key(it), Value::None)).collect();
        all = run(all, &more);
    }
    Ok(Some(set_like(receiver, all)))
}

fn relate(
    interp: &mut Interp<'_>,
    receiver: &Value,
    mut args: Args,
    run: fn(&Dict, &Dict) -> bool,
) -> Pure {
    let (Some(left), Some(value)) = (elements(receiver), args.take(0, "other")) else {
        return Ok(None);
    };
    let Some(right) = interp.iterate(&value)? else {
        return Ok(None);
    };
    let right: Dict = right.into_iter().map(|it| (Key(it), Value::None)).collect();
    Ok(Some(Value::Bool(run(&left, &right))))
}
