//! `inspect.signature`.

use std::rc::Rc;

use super::{Interp, Signature, SignatureParameter};
use crate::python::syntax::ParameterKind;
use crate::python::value::{Class, Function, Key, Object, Place, Value};
use crate::python::{library, pydantic};

/// Callables that wrap callables.
const MAX_WRAPPED: u32 = 50;

impl Interp<'_> {
    /// The signature of a callable; `None` where it is not known.
    pub(crate) fn signature(&mut self, callable: &Value) -> Option<Signature> {
        self.signature_within(callable, 0)
    }

    fn signature_within(&mut self, callable: &Value, depth: u32) -> Option<Signature> {
        if depth > MAX_WRAPPED {
            return None;
        }
        match callable {
            // `(self, /, *args, **kwargs)`
            Value::Native(native) if native.name == "object.__init__" => {
                let parameter = |name: &str, kind| SignatureParameter {
                    name: Rc::from(name),
                    kind,
                    annotation: None,
                    default: None,
                    place: None,
                };
                Some(Signature {
                    parameters: vec![
                        parameter("self", ParameterKind::PositionalOnly),
                        parameter("args", ParameterKind::VarPositional),
                        parameter("kwargs", ParameterKind::VarKeyword),
                    ],
                    returns: None,
                })
            }
            Value::Function(function) => {
                if let Some(given) = function.attributes.borrow().get("__signature__").cloned() {
                    return self.given_signature(&given);
                }
                let wrapped = function.attributes.borrow().get("__wrapped__").cloned();
                match wrapped {
                    Some(wrapped) => self.signature_within(&wrapped, depth + 1),
                    None => Some(self.function_signature(function)),
                }
            }
            Value::Method(pair) => {
                let (receiver, function) = (pair.0.clone(), pair.1.clone());
                if let Value::Native(_) = function {
                    return None;
                }
                let mut signature = self.signature_within(&function, depth + 1)?;
                let _ = receiver;
                drop_first(&mut signature);
                Some(signature)
            }
            Value::Descriptor(descriptor) => {
                self.signature_within(&descriptor.function.clone(), depth + 1)
            }
            Value::Class(class) => self.class_signature(class, depth),
            Value::Generic(generic) => self.signature_within(&generic.origin.clone(), depth + 1),
            Value::Object(object) => self.object_signature(object, depth),
            Value::Made(made) => {
                if let Some(given) = made.attributes.borrow().get("__signature__").cloned() {
                    return self.given_signature(&given);
                }
                if made.callee.is_symbol("functools.partial") {
                    let (function, rest) = made.args.split_first()?;
                    let signature = self.signature_within(function, depth + 1)?;
                    let keywords = made
                        .kwargs
                        .iter()
                        .map(|(name, value)| (name.to_string(), value.clone()))
                        .collect();
                    return Some(partial(signature, rest.len(), keywords));
                }
                match self.realize(made) {
                    Some(known) if !matches!(known, Value::Made(_)) => {
                        return self.signature_within(&known, depth + 1);
                    }
                    _ => {}
                }
                let wrapped = made.attributes.borrow().get("__wrapped__").cloned();
                wrapped.and_then(|wrapped| self.signature_within(&wrapped, depth + 1))
            }
            // A class without an `__init__` has that of `object`: `(self, /, *args, **kwargs)`.
            Value::Native(native) if native.name == "object.__init__" => {
                let parameter = |name: &str, kind| SignatureParameter {
                    name: Rc::from(name),
                    kind,
                    annotation: None,
                    default: None,
                    place: None,
                };
                let parameters = vec![
                    parameter("self", ParameterKind::PositionalOnly),
                    parameter("args", ParameterKind::VarPositional),
                    parameter("kwargs", ParameterKind::VarKeyword),
                ];
                Some(Signature {
                    parameters,
                    returns: None,
                })
            }
            Value::Symbol(_) => match self.force(callable) {
                Value::Symbol(_) => None,
                known => self.signature_within(&known, depth + 1),
            },
            _ => None,
        }
    }

    fn function_signature(&mut self, function: &Rc<Function>) -> Signature {
        let annotations = self.annotations_dict(function);
        let read = |interp: &mut Self, name: &str| {
            let value = annotations.borrow().get(&Key(Value::str(name))).cloned()?;
            let place = Some(function.place);
            let value = match value {
                Value::Str(text) => Value::Forward(Rc::new(crate::python::value::Forward {
                    text,
                    scope: Rc::clone(&function.scope),
                    file: function.file,
                    place,
                })),
                value => value,
            };
            Some(interp.resolve_forward(&value))
        };
        let parameters = Rc::clone(function.parameters());
        let mut signature = Signature::default();
        for (index, parameter) in parameters.list.iter().enumerate() {
            signature.parameters.push(SignatureParameter {
                name: Rc::clone(&parameter.name),
                kind: parameter.kind,
                annotation: read(self, &parameter.name),
                default: function.defaults.get(index).cloned().flatten(),
                place: Some(Place {
                    file: function.file,
                    span: parameter.span,
                }),
            });
        }
        signature.returns = read(self, "return");
        signature
    }

    /// A class is called by its metaclass's `__call__`, its `__new__` or its `__init__`, whichever
    /// the class that is most derived has.
    fn class_signature(&mut self, class: &Rc<Class>, depth: u32) -> Option<Signature> {
        if let Some(given) = self.class_member(class, "__signature__") {
            return self.given_signature(&given);
        }
        if let Some(metaclass) = self.metaclass(class)
            && let Some(call) = self.class_member(&metaclass, "__call__")
        {
            let mut signature = self.signature_within(&call, depth + 1)?;
            drop_first(&mut signature);
            return Some(signature);
        }
        let mro = self.mro(class);
        for entry in mro.iter() {
            match entry {
                Value::Class(class) => {
                    let found = {
                        let namespace = class.namespace.borrow();
                        namespace
                            .get("__new__")
                            .or_else(|| namespace.get("__init__"))
                            .cloned()
                    };
                    if let Some(function) = found {
                        let mut signature = self.signature_within(&function, depth + 1)?;
                        drop_first(&mut signature);
                        signature.returns = None;
                        return Some(signature);
                    }
                }
                Value::Symbol(symbol) if super::mro::is_model_symbol(symbol) => {
                    return Some(pydantic::signature(self, &Value::Class(Rc::clone(class))));
                }
                Value::Symbol(symbol) if is_plain_base(&symbol.0) => {}
                // A base whose `__init__` is not read.
                _ => return None,
            }
        }
        Some(Signature::default())
    }

    fn object_signature(&mut self, object: &Rc<Object>, depth: u32) -> Option<Signature> {
        let given = object.attributes.borrow().get("__signature__").cloned();
        if let Some(given) = given {
            return self.given_signature(&given);
        }
        if &**object.class.name.borrow() == "partial" {
            let read = |name: &str| object.attributes.borrow().get(name).cloned();
            if let (Some(function), Some(args), Some(keywords)) =
                (read("func"), read("args"), read("keywords"))
            {
                let signature = self.signature_within(&function, depth + 1)?;
                let count = self.iterate(&args).ok().flatten()?.len();
                let keywords = match &keywords {
                    Value::Dict(dict) => dict
                        .borrow()
                        .iter()
                        .filter_map(|(key, value)| match &key.0 {
                            Value::Str(name) => Some((name.to_string(), value.clone())),
                            _ => None,
                        })
                        .collect(),
                    _ => return None,
                };
                return Some(partial(signature, count, keywords));
            }
        }
        let wrapped = object.attributes.borrow().get("__wrapped__").cloned();
        if let Some(wrapped) = wrapped {
            return self.signature_within(&wrapped, depth + 1);
        }
        let call = self.special(object, "__call__")?;
        self.signature_within(&call, depth + 1)
    }

    /// An `inspect.Signature` that the service made.
    fn given_signature(&mut self, given: &Value) -> Option<Signature> {
        if let Some(mut signature) = library::given_signature(given) {
            for parameter in &mut signature.parameters {
                parameter.annotation = parameter
                    .annotation
                    .take()
                    .map(|value| self.resolve_forward(&value));
            }
            signature.returns = signature
                .returns
                .take()
                .map(|value| self.resolve_forward(&value));
            return Some(signature);
        }
        let parameters = self.find_attribute(given, "parameters").ok().flatten()?;
        let items: Vec<Value> = match &parameters {
            Value::Dict(dict) => dict.borrow().values().cloned().collect(),
            Value::Unknown(_) | Value::Made(_) => return None,
            other => {
                let values = self.call_method(other, "values", Vec::new()).ok()?;
                self.iterate(&values).ok().flatten()?
            }
        };
        let mut signature = Signature::default();
        for item in items {
            let Ok(Some(Value::Str(name))) = self.find_attribute(&item, "name") else {
                return None;
            };
            let kind = self.find_attribute(&item, "kind").ok().flatten()?;
            let kind = self.parameter_kind(&kind)?;
            let known = |value: Option<Value>| value.filter(|value| !is_empty(value));
            let annotation = known(self.find_attribute(&item, "annotation").ok().flatten());
            let default = known(self.find_attribute(&item, "default").ok().flatten());
            signature.parameters.push(SignatureParameter {
                name,
                kind,
                annotation: annotation.map(|value| self.resolve_forward(&value)),
                default,
                place: None,
            });
        }
        let returns = self
            .find_attribute(given, "return_annotation")
            .ok()
            .flatten();
        signature.returns = returns.filter(|value| !is_empty(value));
        Some(signature)
    }

    fn parameter_kind(&mut self, kind: &Value) -> Option<ParameterKind> {
        let name = match kind {
            Value::Symbol(symbol) => symbol.0.rsplit('.').next().map(str::to_owned)?,
            Value::Object(object) => match object.attributes.borrow().get("_name_") {
                Some(Value::Str(name)) => name.to_string(),
                _ => return None,
            },
            Value::Int(number) => {
                let names = [
                    "POSITIONAL_ONLY",
                    "POSITIONAL_OR_KEYWORD",
                    "VAR_POSITIONAL",
                    "KEYWORD_ONLY",
                    "VAR_KEYWORD",
                ];
                (*names.get(usize::try_from(*number).ok()?)?).to_owned()
            }
            _ => return None,
        };
        Some(match name.as_str() {
            "POSITIONAL_ONLY" => ParameterKind::PositionalOnly,
            "POSITIONAL_OR_KEYWORD" => ParameterKind::PositionalOrKeyword,
            "VAR_POSITIONAL" => ParameterKind::VarPositional,
            "KEYWORD_ONLY" => ParameterKind::KeywordOnly,
            "VAR_KEYWORD" => ParameterKind::VarKeyword,
            _ => return None,
        })
    }
}

/// Bases without an `__init__` of their own.
fn is_plain_base(symbol: &str) -> bool {
    matches!(
        symbol,
        "builtins.object" | "typing.Generic" | "typing.Protocol" | "abc.ABC" | "abc.ABCMeta"
    )
}

/// `inspect.Parameter.empty` and its like.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Symbol(symbol) => {
            matches!(
                &*symbol.0,
                "inspect._empty"
                    | "inspect.Parameter.empty"
                    | "inspect.Signature.empty"
                    | "inspect.empty"
            )
        }
        Value::Class(class) => matches!(&**class.name.borrow(), "_empty"),
        _ => false,
    }
}

/// Takes the first parameter away, as a bound method has it.
fn drop_first(signature: &mut Signature) {
    let first = signature.parameters.first().map(|parameter| parameter.kind);
    if matches!(
        first,
        Some(ParameterKind::PositionalOnly | ParameterKind::PositionalOrKeyword)
    ) {
        signature.parameters.remove(0);
    }
}

/// What `functools.partial` leaves: given by position, a parameter is gone; given by name, it and
/// what follows is keyword-only, with the given value as its default.
fn partial(
    mut signature: Signature,
    positional: usize,
    keywords: Vec<(String, Value)>,
) -> Signature {
    let mut left = positional;
    signature.parameters.retain(|parameter| {
        let by_position = matches!(
            parameter.kind,
            ParameterKind::PositionalOnly | ParameterKind::PositionalOrKeyword
        );
        let is_given = by_position && left > 0;
        left -= usize::from(is_given);
        !is_given
    });
    let mut after = false;
    for parameter in &mut signature.parameters {
        let given = keywords.iter().find(|(name, _)| **name == *parameter.name);
        if let Some((_, value)) = given {
            parameter.default = Some(value.clone());
            after = true;
        }
        if after && parameter.kind == ParameterKind::PositionalOrKeyword {
            parameter.kind = ParameterKind::KeywordOnly;
        }
    }
    if after {
        signature
            .parameters
            .retain(|parameter| parameter.kind != ParameterKind::VarPositional);
    }
    signature
}
