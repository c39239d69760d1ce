//! Between [`Signature`] and the objects of `inspect` that services read and write.

use std::rc::Rc;

use super::super::interp::{Args, Interp, Signature, SignatureParameter};
use super::super::syntax::ParameterKind;
use super::super::value::Value;
use super::plain;
use super::text::{Pure, string_of};

const KINDS: [ParameterKind; 5] = [
    ParameterKind::PositionalOnly,
    ParameterKind::PositionalOrKeyword,
    ParameterKind::VarPositional,
    ParameterKind::KeywordOnly,
    ParameterKind::VarKeyword,
];

/// `_hitchpost.signature(callable)`: `([(name, kind, [annotation], [default])], [return annotation])`;
/// an empty list for what is not there.
pub(super) fn of(interp: &mut Interp<'_>, mut args: Args) -> Pure {
    let Some(value) = args.take(0, "callable") else {
        return Ok(None);
    };
    if matches!(value, Value::Unknown(_) | Value::Made(_)) {
        return Ok(None);
    }
    let optional = |value: Option<Value>| Value::list(value.into_iter().collect());
    if matches!(&value, Value::Native(native) if native.name == "object.__init__") {
        let row = |name: &str, kind: i64| {
            Value::Tuple(Rc::from([
                Value::str(name),
                Value::Int(kind),
                optional(None),
                optional(None),
            ]))
        };
        let rows = vec![row("self", 0), row("args", 2), row("kwargs", 4)];
        return Ok(Some(Value::Tuple(Rc::from([
            Value::list(rows),
            optional(None),
        ]))));
    }
    let Some(signature) = interp.signature(&value) else {
        return Ok(None);
    };
    let parameters = signature.parameters.into_iter().map(|parameter| {
        let kind = KINDS
            .iter()
            .position(|it| *it == parameter.kind)
            .unwrap_or(1);
        Value::Tuple(Rc::from([
            Value::Str(parameter.name),
            Value::Int(kind as i64),
            optional(parameter.annotation),
            optional(parameter.default),
        ]))
    });
    Ok(Some(Value::Tuple(Rc::from([
        Value::list(parameters.collect()),
        optional(signature.returns),
    ]))))
}

/// The signature that an object of `inspect.Signature` stands for: what was set as `__signature__`.
pub(crate) fn given(value: &Value) -> Option<Signature> {
    let Value::Object(object) = value else {
        return None;
    };
    let attributes = object.attributes.borrow().clone();
    let Value::Dict(parameters) = attributes.get("parameters")? else {
        return None;
    };
    let parameters = parameters.borrow().clone();
    let present = |value: Option<&Value>| value.filter(|it| !is_empty(it)).cloned();
    let mut out = Signature {
        parameters: Vec::new(),
        returns: present(attributes.get("return_annotation")),
    };
    for parameter in parameters.values() {
        let Value::Object(parameter) = parameter else {
            return None;
        };
        let attributes = parameter.attributes.borrow();
        let Value::Int(kind) = plain(attributes.get("kind")?) else {
            return None;
        };
        out.parameters.push(SignatureParameter {
            name: string_of(attributes.get("name")?)?,
            kind: *KINDS.get(usize::try_from(kind).ok()?)?,
            annotation: present(attributes.get("annotation")),
            default: present(attributes.get("default")),
            place: parameter.place,
        });
    }
    Some(out)
}

/// `inspect.Parameter.empty`, `inspect.Signature.empty`.
fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Class(class) if &*class.module == "inspect" && &*class.qualname == "_empty")
}
