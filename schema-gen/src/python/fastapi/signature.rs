//! What a callable takes and gives, and what sort of function it is.

use std::rc::Rc;

use crate::python::interp::{Interp, Signature};
use crate::python::pydantic;
use crate::python::value::{DescriptorKind, Function, Value};

/// The signature of a callable; a name of a library is looked up in its source.
pub(crate) fn signature(interp: &mut Interp, callable: &Value) -> Option<Signature> {
    if matches!(callable, Value::Generic(_)) && pydantic::is_model(interp, callable) {
        return Some(pydantic::signature(interp, callable));
    }
    if let Some(signature) = interp.signature(callable) {
        return Some(signature);
    }
    let forced = interp.force(callable);
    if forced.same(callable) {
        None
    } else {
        interp.signature(&forced)
    }
}

/// The function that runs when a callable is called: through `functools.partial`, bound methods,
/// `functools.wraps` and `__call__`.
fn function(interp: &mut Interp, callable: &Value, depth: u8) -> Option<Rc<Function>> {
    if depth == 0 {
        return None;
    }
    match callable {
        Value::Function(function) => {
            let wrapped = function.attributes.borrow().get("__wrapped__").cloned();
            match wrapped {
                // `_is_gen_callable` looks at the function itself, then at what it wraps.
                Some(wrapped) if !function.is_generator() => {
                    self::function(interp, &wrapped, depth - 1)
                }
                _ => Some(Rc::clone(function)),
            }
        }
        Value::Method(pair) => self::function(interp, &pair.1, depth - 1),
        Value::Descriptor(descriptor) if descriptor.kind != DescriptorKind::Property => {
            self::function(interp, &descriptor.function, depth - 1)
        }
        Value::Object(_) => {
            for name in ["func", "__call__"] {
                if let Ok(Some(found)) = interp.find_attribute(callable, name)
                    && !found.is_unknown()
                {
                    return self::function(interp, &found, depth - 1);
                }
            }
            None
        }
        Value::Made(made) if made.callee.is_symbol("functools.partial") => {
            let inner = made.args.first()?.clone();
            self::function(interp, &inner, depth - 1)
        }
        _ => None,
    }
}

/// `_is_gen_callable` and `_is_async_gen_callable`: whether it yields.
pub(crate) fn is_generator(interp: &mut Interp, callable: &Value) -> bool {
    !matches!(callable, Value::Class(_))
        && function(interp, callable, 16).is_some_and(|function| function.is_generator())
}
