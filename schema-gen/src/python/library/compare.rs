//! Equality and order of values, as `==`, `<` and `sorted` have them.

use std::cmp::Ordering;
use std::rc::Rc;

use super::super::interp::{Args, Interp, Raised};
use super::super::value::Value;
use super::plain;

/// `left == right`; `None` where it is not known.
pub(crate) fn equal(
    interp: &mut Interp<'_>,
    left: &Value,
    right: &Value,
) -> Result<Option<bool>, Raised> {
    equal_within(interp, left, right, 0)
}

fn equal_within(
    interp: &mut Interp<'_>,
    left: &Value,
    right: &Value,
    depth: u32,
) -> Result<Option<bool>, Raised> {
    if left.is_unknown() || right.is_unknown() || depth > 50 {
        return Ok(None);
    }
    if left.same(right) {
        return Ok(Some(true));
    }
    for (one, other) in [(left, right), (right, left)] {
        let Value::Object(object) = one else { continue };
        if let Some(method) = super::types::own_method(interp, &object.class, "__eq__") {
            match interp.call(&method, Args::new(vec![one.clone(), other.clone()], None))? {
                Value::NotImplemented => {}
                unknown @ Value::Unknown(_) => {
                    let _ = unknown;
                    return Ok(None);
                }
                value => return interp.truth(&value),
            }
        }
    }
    // A plain member of an enumeration equals itself alone, whatever its value is.
    let opaque = |value: &Value| matches!(value, Value::Object(object) if object.class.is_enum.get() && !super::enums::is_mixed(&object.class));
    if opaque(left) || opaque(right) {
        return Ok(Some(false));
    }
    let (left, right) = (plain(left), plain(right));
    let pairs: Vec<(Value, Value)> = match (&left, &right) {
        (Value::List(left), Value::List(right)) => {
            let (left, right) = (left.borrow(), right.borrow());
            // What is not known may stand for any number of items.
            if left.iter().chain(right.iter()).any(Value::is_unknown) {
                return Ok(None);
            }
            if left.len() != right.len() {
                return Ok(Some(false));
            }
            left.iter().cloned().zip(right.iter().cloned()).collect()
        }
        (Value::Tuple(left), Value::Tuple(right)) => {
            if left.len() != right.len() {
                return Ok(Some(false));
            }
            left.iter().cloned().zip(right.iter().cloned()).collect()
        }
        (Value::Dict(left), Value::Dict(right)) => {
            let (left, right) = (left.borrow(), right.borrow());
            if left
                .keys()
                .chain(right.keys())
                .any(|key| key.0.is_unknown())
            {
                return Ok(None);
            }
            if left.len() != right.len() {
                return Ok(Some(false));
            }
            let mut pairs = Vec::new();
            for (key, value) in left.iter() {
                match right.get(key) {
                    Some(other) => pairs.push((value.clone(), other.clone())),
                    None => return Ok(Some(false)),
                }
            }
            pairs
        }
        (Value::Set(_) | Value::FrozenSet(_), Value::Set(_) | Value::FrozenSet(_)) => {
            let (Some(left), Some(right)) = (interp.iterate(&left)?, interp.iterate(&right)?)
            else {
                return Ok(None);
            };
            if left.iter().chain(&right).any(Value::is_unknown) {
                return Ok(None);
            }
            let found = left.len() == right.len()
                && left
                    .iter()
                    .all(|one| right.iter().any(|other| one.same(other)));
            return Ok(Some(found));
        }
        // What a library made may equal anything.
        (Value::Made(_), _) | (_, Value::Made(_)) => {
            let certain =
                |value: &Value| matches!(value, Value::None | Value::Bool(_) | Value::Class(_));
            return Ok((certain(&left) || certain(&right)).then_some(false));
        }
        (Value::Symbol(one), other) | (other, Value::Symbol(one)) => {
            // A name of a module that is not read may be a constant, or another name of the same.
            let is_type = |name: &str| {
                super::types::is_class(name)
                    || [
                        "builtins.",
                        "typing.",
                        "types.",
                        "collections.abc.",
                        "pydantic.",
                    ]
                    .iter()
                    .any(|module| name.starts_with(module))
            };
            let differs = match other {
                Value::Symbol(other) => is_type(&one.0) && is_type(&other.0),
                Value::Class(_) | Value::None => true,
                _ => is_type(&one.0),
            };
            return Ok(differs.then_some(false));
        }
        _ => return Ok(Some(left.same(&right))),
    };
    let mut sure = true;
    for (one, other) in pairs {
        match equal_within(interp, &one, &other, depth + 1)? {
            Some(true) => {}
            Some(false) => return Ok(Some(false)),
            None => sure = false,
        }
    }
    Ok(sure.then_some(true))
}

/// The order of two values; `None` where it is not known or they have none.
pub(crate) fn order(
    interp: &mut Interp<'_>,
    left: &Value,
    right: &Value,
) -> Result<Option<Ordering>, Raised> {
    if let Value::Object(object) = left
        && let Some(method) = super::types::own_method(interp, &object.class, "__lt__")
    {
        let below = interp.call(&method, Args::new(vec![left.clone(), right.clone()], None))?;
        if interp.truth(&below)? == Some(true) {
            return Ok(Some(Ordering::Less));
        }
        let above = interp.call(&method, Args::new(vec![right.clone(), left.clone()], None))?;
        return Ok(match (interp.truth(&below)?, interp.truth(&above)?) {
            (Some(false), Some(true)) => Some(Ordering::Greater),
            (Some(false), Some(false)) => Some(Ordering::Equal),
            _ => None,
        });
    }
    let number = |value: &Value| match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    };
    let (left, right) = (plain(left), plain(right));
    Ok(match (&left, &right) {
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Value::Str(left), Value::Str(right)) => Some(left.chars().cmp(right.chars())),
        (Value::Bytes(left), Value::Bytes(right)) => Some(left.cmp(right)),
        (Value::Tuple(left), Value::Tuple(right)) => return lexical(interp, left, right),
        (Value::List(left), Value::List(right)) => {
            let (left, right) = (left.borrow().clone(), right.borrow().clone());
            return lexical(interp, &left, &right);
        }
        _ => match (number(&left), number(&right)) {
            (Some(left), Some(right)) => left.partial_cmp(&right),
            _ => None,
        },
    })
}

fn lexical(
    interp: &mut Interp<'_>,
    left: &[Value],
    right: &[Value],
) -> Result<Option<Ordering>, Raised> {
    for (one, other) in left.iter().zip(right) {
        match equal(interp, one, other)? {
            Some(true) => {}
            Some(false) => return order(interp, one, other),
            None => return Ok(None),
        }
    }
    Ok(Some(left.len().cmp(&right.len())))
}

/// `sorted(items, key=key, reverse=reverse)`: stable; `None` where an order is not known.
pub(super) fn sort(
    interp: &mut Interp<'_>,
    items: Vec<Value>,
    key: Option<Value>,
    reverse: Option<Value>,
) -> Result<Option<Vec<Value>>, Raised> {
    let reverse = match reverse {
        None => false,
        Some(value) => match interp.truth(&value)? {
            Some(flag) => flag,
            None => return Ok(None),
        },
    };
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        let key = match &key {
            None | Some(Value::None) => item.clone(),
            Some(key) => interp.call(key, Args::new(vec![item.clone()], None))?,
        };
        keyed.push((key, item));
    }
    merge_sort(interp, keyed, reverse)
        .map(|sorted| sorted.map(|it| it.into_iter().map(|(_, item)| item).collect()))
}

type Keyed = Vec<(Value, Value)>;

/// The comparison may fail or be unknown, which no sort of the library allows for.
fn merge_sort(
    interp: &mut Interp<'_>,
    mut items: Keyed,
    reverse: bool,
) -> Result<Option<Keyed>, Raised> {
    if items.len() <= 1 {
        return Ok(Some(items));
    }
    let right = items.split_off(items.len() / 2);
    let (Some(left), Some(right)) = (
        merge_sort(interp, items, reverse)?,
        merge_sort(interp, right, reverse)?,
    ) else {
        return Ok(None);
    };
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
        let Some(found) = order(interp, &one.0, &other.0)? else {
            return Ok(None);
        };
        let take_right = if reverse {
            found == Ordering::Less
        } else {
            found == Ordering::Greater
        };
        out.extend(if take_right {
            right.next()
        } else {
            left.next()
        });
    }
    out.extend(left);
    out.extend(right);
    Ok(Some(out))
}

/// The texts of a list or tuple of texts.
pub(super) fn texts(
    interp: &mut Interp<'_>,
    value: &Value,
) -> Result<Option<Vec<Rc<str>>>, Raised> {
    let Some(items) = interp.iterate(value)? else {
        return Ok(None);
    };
    Ok(items.iter().map(super::text::string_of).collect())
}
