//! Arithmetic and the other binary and unary operators.

use std::rc::Rc;

use super::bounds::{MAX_ITEMS, MAX_TEXT};
use super::{Args, Interp, Raised};
use crate::python::library;
use crate::python::syntax::{BinOp, UnaryOp};
use crate::python::value::{Dict, Place, Value};

/// The methods of an operator: of the left operand, of the right one, and in place.
fn methods(op: BinOp) -> (&'static str, &'static str, &'static str) {
    match op {
        BinOp::Add => ("__add__", "__radd__", "__iadd__"),
        BinOp::Sub => ("__sub__", "__rsub__", "__isub__"),
        BinOp::Mul => ("__mul__", "__rmul__", "__imul__"),
        BinOp::MatMul => ("__matmul__", "__rmatmul__", "__imatmul__"),
        BinOp::Div => ("__truediv__", "__rtruediv__", "__itruediv__"),
        BinOp::Mod => ("__mod__", "__rmod__", "__imod__"),
        BinOp::Pow => ("__pow__", "__rpow__", "__ipow__"),
        BinOp::LShift => ("__lshift__", "__rlshift__", "__ilshift__"),
        BinOp::RShift => ("__rshift__", "__rrshift__", "__irshift__"),
        BinOp::BitOr => ("__or__", "__ror__", "__ior__"),
        BinOp::BitXor => ("__xor__", "__rxor__", "__ixor__"),
        BinOp::BitAnd => ("__and__", "__rand__", "__iand__"),
        BinOp::FloorDiv => ("__floordiv__", "__rfloordiv__", "__ifloordiv__"),
    }
}

fn sign(op: BinOp) -> &'static str {
    match op {
        BinOp::Add => "+",
        BinOp::Sub => "-",
        BinOp::Mul => "*",
        BinOp::MatMul => "@",
        BinOp::Div => "/",
        BinOp::Mod => "%",
        BinOp::Pow => "** or pow()",
        BinOp::LShift => "<<",
        BinOp::RShift => ">>",
        BinOp::BitOr => "|",
        BinOp::BitXor => "^",
        BinOp::BitAnd => "&",
        BinOp::FloorDiv => "//",
    }
}

impl Interp<'_> {
    /// `left op right`
    pub(crate) fn binary(
        &mut self,
        op: BinOp,
        left: &Value,
        right: &Value,
        place: Option<Place>,
    ) -> Result<Value, Raised> {
        if let Some(result) = self.builtin_binary(op, left, right, place) {
            return result;
        }
        if op == BinOp::BitOr
            && (is_type(left) || is_type(right))
            && may_be_type(left)
            && may_be_type(right)
        {
            return Ok(self.union(left, right, place));
        }
        let (own, reflected, _) = methods(op);
        for (receiver, method, other) in [(left, own, right), (right, reflected, left)] {
            let method = match receiver {
                Value::Object(object) => self.special(object, method),
                Value::Class(class) => match self.metaclass(class) {
                    Some(metaclass) => self
                        .class_member(&metaclass, method)
                        .map(|method| super::call::bound(&method, receiver)),
                    None => None,
                },
                _ => None,
            };
            if let Some(method) = method {
                let result = self.call(&method, Args::new(vec![other.clone()], place))?;
                if !matches!(result, Value::NotImplemented) {
                    return Ok(result);
                }
            }
        }
        // The text of a `str` subclass, the number of an `IntEnum`.
        let (plain_left, plain_right) = (library::plain(left), library::plain(right));
        if (!plain_left.same(left) || !plain_right.same(right))
            && let Some(result) = self.builtin_binary(op, &plain_left, &plain_right, place)
        {
            return result;
        }
        for value in [left, right] {
            if let Value::Unknown(_) = value {
                return Ok(value.clone());
            }
        }
        let (known_left, known_right) = (self.force_call(left), self.force_call(right));
        if known_left.is_some() || known_right.is_some() {
            let left = known_left.unwrap_or_else(|| left.clone());
            let right = known_right.unwrap_or_else(|| right.clone());
            return self.binary(op, &left, &right, place);
        }
        if is_opaque(left)
            || is_opaque(right)
            || self.opaque_object(left)
            || self.opaque_object(right)
        {
            return Ok(match place {
                Some(place) => {
                    self.unknown_at("an operation with something that is not read", place)
                }
                None => Value::unknown("an operation with something that is not read", None),
            });
        }
        let (left, right) = (self.type_name(left), self.type_name(right));
        let message = format!(
            "unsupported operand type(s) for {}: '{left}' and '{right}'",
            sign(op)
        );
        Err(self.raise_type_error(&message, place))
    }

    /// What a recorded call comes to, where that is something else.
    fn force_call(&mut self, value: &Value) -> Option<Value> {
        match value {
            Value::Made(made) => self
                .realize(made)
                .filter(|known| !matches!(known, Value::Made(_))),
            _ => None,
        }
    }

    fn opaque_object(&mut self, value: &Value) -> bool {
        match value {
            Value::Object(object) => self.is_opaque(&object.class),
            Value::Class(class) => self.is_opaque(class),
            _ => false,
        }
    }

    /// `left | right` of types: flat and without repetition.
    fn union(&mut self, left: &Value, right: &Value, place: Option<Place>) -> Value {
        let mut items: Vec<Value> = Vec::new();
        for side in [left, right] {
            let all: Vec<Value> = match side {
                Value::Union(items) => items.to_vec(),
                Value::Str(text) => vec![self.forward(text, place)],
                other => vec![other.clone()],
            };
            for item in all {
                if !items.iter().any(|known| known.same(&item)) {
                    items.push(item);
                }
            }
        }
        match (items.len(), items.first()) {
            (1, Some(only)) => only.clone(),
            _ => Value::Union(Rc::from(items)),
        }
    }

    fn builtin_binary(
        &mut self,
        op: BinOp,
        left: &Value,
        right: &Value,
        place: Option<Place>,
    ) -> Option<Result<Value, Raised>> {
        if let (Some(left), Some(right)) = (number(left), number(right)) {
            return Some(self.arithmetic(op, left, right, place));
        }
        Some(Ok(match (op, left, right) {
            (BinOp::Add, Value::Str(left), Value::Str(right)) => {
                if left.len() + right.len() > MAX_TEXT {
                    return Some(Ok(self.too_large("a text", place)));
                }
                Value::str(&format!("{left}{right}"))
            }
            (BinOp::Add, Value::Bytes(left), Value::Bytes(right)) => {
                if left.len() + right.len() > MAX_TEXT {
                    return Some(Ok(self.too_large("a text", place)));
                }
                Value::Bytes(left.iter().chain(right.iter()).copied().collect())
            }
            (BinOp::Add, Value::List(left), Value::List(right)) => {
                if left.borrow().len() + right.borrow().len() > MAX_ITEMS {
                    return Some(Ok(self.too_large("a list", place)));
                }
                let mut items = left.borrow().clone();
                items.extend(right.borrow().iter().cloned());
                Value::list(items)
            }
            (BinOp::Add, Value::Tuple(left), Value::Tuple(right)) => {
                Value::Tuple(left.iter().chain(right.iter()).cloned().collect())
            }
            (BinOp::Mul, sequence, Value::Int(times))
            | (BinOp::Mul, Value::Int(times), sequence) => {
                let times = usize::try_from(*times).unwrap_or(0);
                return self.repeat(sequence, times, place);
            }
            (BinOp::Mod, Value::Str(template), values) => {
                return Some(
                    library::format_percent(self, template, values).unwrap_or_else(|| {
                        Ok(Value::unknown(
                            "a text of something that is not known",
                            place,
                        ))
                    }),
                );
            }
            (BinOp::BitOr, Value::Dict(left), Value::Dict(right)) => {
                let mut items = left.borrow().clone();
                items.extend(
                    right
                        .borrow()
                        .iter()
                        .map(|(key, value)| (key.clone(), value.clone())),
                );
                Value::dict(items)
            }
            (
                BinOp::BitOr | BinOp::BitAnd | BinOp::Sub | BinOp::BitXor,
                Value::Set(_) | Value::FrozenSet(_),
                Value::Set(_) | Value::FrozenSet(_),
            ) => {
                let (first, second) = (set_items(left)?, set_items(right)?);
                let mut items = Dict::default();
                let keep =
                    |items: &mut Dict,
                     from: &Dict,
                     wanted: &dyn Fn(&crate::python::value::Key) -> bool| {
                        items.extend(
                            from.keys()
                                .filter(|key| wanted(key))
                                .map(|key| (key.clone(), Value::None)),
                        );
                    };
                match op {
                    BinOp::BitOr => {
                        keep(&mut items, &first, &|_| true);
                        keep(&mut items, &second, &|_| true);
                    }
                    BinOp::BitAnd => keep(&mut items, &first, &|key| second.contains_key(key)),
                    BinOp::Sub => keep(&mut items, &first, &|key| !second.contains_key(key)),
                    _ => {
                        keep(&mut items, &first, &|key| !second.contains_key(key));
                        keep(&mut items, &second, &|key| !first.contains_key(key));
                    }
                }
                match left {
                    Value::Set(_) => Value::Set(Rc::new(std::cell::RefCell::new(items))),
                    _ => Value::FrozenSet(Rc::new(items)),
                }
            }
            _ => return None,
        }))
    }

    fn repeat(
        &mut self,
        sequence: &Value,
        times: usize,
        place: Option<Place>,
    ) -> Option<Result<Value, Raised>> {
        let length = match sequence {
            Value::Str(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::List(items) => items.borrow().len().saturating_mul(16),
            Value::Tuple(items) => items.len().saturating_mul(16),
            _ => return None,
        };
        if length.saturating_mul(times) > MAX_TEXT {
            return Some(Ok(self.too_large("a repetition", place)));
        }
        Some(Ok(match sequence {
            Value::Str(text) => Value::str(&text.repeat(times)),
            Value::Bytes(bytes) => Value::Bytes(Rc::from(bytes.repeat(times))),
            Value::List(items) => Value::list(repeated(&items.borrow(), times)),
            Value::Tuple(items) => Value::Tuple(Rc::from(repeated(items, times))),
            _ => return None,
        }))
    }

    fn arithmetic(
        &mut self,
        op: BinOp,
        left: Number,
        right: Number,
        place: Option<Place>,
    ) -> Result<Value, Raised> {
        let by_zero = || library::raise("builtins.ZeroDivisionError", "division by zero", place);
        if let (Number::Int(left, left_flag), Number::Int(right, right_flag)) = (left, right) {
            let flags = left_flag && right_flag;
            let result = match op {
                BinOp::Add => left.checked_add(right),
                BinOp::Sub => left.checked_sub(right),
                BinOp::Mul => left.checked_mul(right),
                BinOp::Div if right == 0 => return Err(by_zero()),
                BinOp::Div => return Ok(Value::Float(left as f64 / right as f64)),
                BinOp::FloorDiv | BinOp::Mod if right == 0 => return Err(by_zero()),
                BinOp::FloorDiv => floor_div(left, right),
                BinOp::Mod => left.checked_rem(right).map(|rest| {
                    if rest != 0 && (rest < 0) != (right < 0) {
                        rest + right
                    } else {
                        rest
                    }
                }),
                BinOp::Pow if right < 0 => {
                    return Ok(Value::Float((left as f64).powf(right as f64)));
                }
                BinOp::Pow => u32::try_from(right)
                    .ok()
                    .and_then(|right| left.checked_pow(right)),
                BinOp::LShift => u32::try_from(right)
                    .ok()
                    .filter(|right| *right < 63)
                    .and_then(|right| left.checked_mul(1i64 << right)),
                BinOp::RShift => Some(left >> right.clamp(0, 63)),
                BinOp::BitOr if flags => return Ok(Value::Bool(left | right != 0)),
                BinOp::BitAnd if flags => return Ok(Value::Bool(left & right != 0)),
                BinOp::BitXor if flags => return Ok(Value::Bool(left ^ right != 0)),
                BinOp::BitOr => Some(left | right),
                BinOp::BitAnd => Some(left & right),
                BinOp::BitXor => Some(left ^ right),
                BinOp::MatMul => None,
            };
            return Ok(match result {
                Some(result) => Value::Int(result),
                None => Value::unknown("an integer beyond 64 bits", place),
            });
        }
        let (left, right) = (left.float(), right.float());
        Ok(Value::Float(match op {
            BinOp::Add => left + right,
            BinOp::Sub => left - right,
            BinOp::Mul => left * right,
            BinOp::Div | BinOp::FloorDiv | BinOp::Mod if right == 0.0 => return Err(by_zero()),
            BinOp::Div => left / right,
            BinOp::FloorDiv => (left / right).floor(),
            BinOp::Mod => left - right * (left / right).floor(),
            BinOp::Pow => left.powf(right),
            _ => return Err(self.raise_type_error("unsupported operand types", place)),
        }))
    }

    /// `left op= right`: in place where the left operand can.
    pub(super) fn in_place(
        &mut self,
        op: BinOp,
        left: &Value,
        right: &Value,
        place: Place,
    ) -> Result<Value, Raised> {
        match (op, left) {
            (BinOp::Add, Value::List(items)) => {
                let Some(more) = self.iterate(right)? else {
                    self.touch(left);
                    let unknown = match right {
                        Value::Unknown(_) => right.clone(),
                        _ => self.unknown_at("items that are not known", place),
                    };
                    items.borrow_mut().push(unknown);
                    return Ok(left.clone());
                };
                if items.borrow().len() + more.len() > MAX_ITEMS {
                    return Ok(self.too_large("a list", Some(place)));
                }
                self.touch(left);
                items.borrow_mut().extend(more);
                return Ok(left.clone());
            }
            (BinOp::BitOr, Value::Dict(items)) => {
                if let Value::Dict(more) = library::plain(right) {
                    self.touch(left);
                    let more: Vec<_> = more
                        .borrow()
                        .iter()
                        .map(|(key, value)| (key.clone(), value.clone()))
                        .collect();
                    items.borrow_mut().extend(more);
                    return Ok(left.clone());
                }
            }
            (BinOp::BitOr, Value::Set(items)) => {
                if let Some(more) = set_items(right) {
                    self.touch(left);
                    items.borrow_mut().extend(more);
                    return Ok(left.clone());
                }
            }
            (_, Value::Object(object)) => {
                if let Some(method) = self.special(object, methods(op).2) {
                    let result = self.call(&method, Args::new(vec![right.clone()], Some(place)))?;
                    if !matches!(result, Value::NotImplemented) {
                        return Ok(result);
                    }
                }
            }
            _ => {}
        }
        self.binary(op, left, right, Some(place))
    }

    pub(super) fn unary(
        &mut self,
        op: UnaryOp,
        value: &Value,
        place: Place,
    ) -> Result<Value, Raised> {
        let plain = library::plain(value);
        match (op, &plain) {
            (_, Value::Unknown(_)) => return Ok(value.clone()),
            (UnaryOp::Minus, Value::Int(number)) => {
                return Ok(number.checked_neg().map_or_else(
                    || Value::unknown("an integer beyond 64 bits", Some(place)),
                    Value::Int,
                ));
            }
            (UnaryOp::Minus, Value::Float(number)) => return Ok(Value::Float(-number)),
            (UnaryOp::Minus, Value::Bool(flag)) => return Ok(Value::Int(-i64::from(*flag))),
            (UnaryOp::Plus, Value::Int(_) | Value::Float(_)) => return Ok(plain),
            (UnaryOp::Plus, Value::Bool(flag)) => return Ok(Value::Int(i64::from(*flag))),
            (UnaryOp::Invert, Value::Int(number)) => return Ok(Value::Int(!number)),
            (UnaryOp::Invert, Value::Bool(flag)) => return Ok(Value::Int(!i64::from(*flag))),
            _ => {}
        }
        let name = match op {
            UnaryOp::Minus => "__neg__",
            UnaryOp::Plus => "__pos__",
            UnaryOp::Invert => "__invert__",
            UnaryOp::Not => return Ok(value.clone()),
        };
        if let Value::Object(object) = value
            && let Some(method) = self.special(object, name)
        {
            return self.call(&method, Args::new(Vec::new(), Some(place)));
        }
        if let Some(known) = self.force_call(value) {
            return self.unary(op, &known, place);
        }
        Ok(self.unknown_at("an operation with something that is not read", place))
    }
}

#[derive(Clone, Copy)]
enum Number {
    /// With whether it is a `bool`.
    Int(i64, bool),
    Float(f64),
}

impl Number {
    fn float(self) -> f64 {
        match self {
            Self::Int(number, _) => number as f64,
            Self::Float(number) => number,
        }
    }
}

fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Bool(flag) => Some(Number::Int(i64::from(*flag), true)),
        Value::Int(number) => Some(Number::Int(*number, false)),
        Value::Float(number) => Some(Number::Float(*number)),
        _ => None,
    }
}

fn repeated(items: &[Value], times: usize) -> Vec<Value> {
    std::iter::repeat_n(items, times)
        .flatten()
        .cloned()
        .collect()
}

fn floor_div(left: i64, right: i64) -> Option<i64> {
    let quotient = left.checked_div(right)?;
    let rest = left.checked_rem(right)?;
    Some(if rest != 0 && (rest < 0) != (right < 0) {
        quotient - 1
    } else {
        quotient
    })
}

fn set_items(value: &Value) -> Option<Dict> {
    match value {
        Value::Set(items) => Some(items.borrow().clone()),
        Value::FrozenSet(items) => Some((**items).clone()),
        _ => None,
    }
}

/// Whether a value is surely a type.
fn is_type(value: &Value) -> bool {
    matches!(
        value,
        Value::Class(_)
            | Value::Symbol(_)
            | Value::Generic(_)
            | Value::Union(_)
            | Value::TypeVar(_)
            | Value::Alias(_)
            | Value::Forward(_)
    )
}

fn may_be_type(value: &Value) -> bool {
    is_type(value)
        || matches!(
            value,
            Value::None | Value::Str(_) | Value::Made(_) | Value::Unknown(_)
        )
}

fn is_opaque(value: &Value) -> bool {
    matches!(
        value,
        Value::Made(_) | Value::Symbol(_) | Value::Forward(_) | Value::TypeVar(_) | Value::Alias(_)
    )
}
