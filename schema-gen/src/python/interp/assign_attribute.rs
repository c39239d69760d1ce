//! `setattr` and `delattr`.

use std::rc::Rc;

use super::call::bound;
use super::journal::Slot;
use super::{Args, Interp, Raised};
use crate::python::library;
use crate::python::syntax::Name;
use crate::python::value::{DescriptorKind, Value};

impl Interp<'_> {
    /// `setattr(value, name, to)`.
    pub(crate) fn set_attribute(
        &mut self,
        value: &Value,
        name: &str,
        to: Value,
    ) -> Result<(), Raised> {
        let name: Name = Rc::from(name);
        match value {
            Value::Object(object) => {
                match self.class_lookup(&object.class, &name) {
                    Some(Value::Descriptor(descriptor))
                        if descriptor.kind == DescriptorKind::Property =>
                    {
                        return match &descriptor.setter {
                            Some(setter) => self
                                .call(setter, Args::new(vec![value.clone(), to], None))
                                .map(|_| ()),
                            None => {
                                let message = format!("property '{name}' has no setter");
                                Err(library::raise("builtins.AttributeError", &message, None))
                            }
                        };
                    }
                    Some(Value::Object(descriptor)) => {
                        if let Some(setter) = self.special(&descriptor, "__set__") {
                            return self
                                .call(&setter, Args::new(vec![value.clone(), to], None))
                                .map(|_| ());
                        }
                    }
                    _ => {}
                }
                if let Some(setter) = self.class_member(&object.class, "__setattr__") {
                    let method = bound(&setter, value);
                    return self
                        .call(&method, Args::new(vec![Value::Str(name), to], None))
                        .map(|_| ());
                }
                self.set_plainly(value, &name, to);
            }
            Value::Class(class) => match (&*name, &to) {
                ("__name__", Value::Str(text)) => *class.name.borrow_mut() = Rc::clone(text),
                ("__doc__", Value::Str(text)) => {
                    *class.docstring.borrow_mut() = Some(Rc::clone(text))
                }
                ("__doc__", Value::None) => *class.docstring.borrow_mut() = None,
                ("__annotations__", Value::Dict(dict)) => {
                    let given = dict
                        .borrow()
                        .iter()
                        .filter_map(|(key, value)| match &key.0 {
                            Value::Str(name) => Some((Rc::clone(name), value.clone())),
                            _ => None,
                        })
                        .collect();
                    class.annotations.borrow_mut().clear();
                    *class.given_annotations.borrow_mut() = given;
                }
                _ => self.set_plainly(value, &name, to),
            },
            Value::Method(pair) => {
                // CPython refuses this; what is meant is the function.
                let function = pair.1.clone();
                return self.set_attribute(&function, &name, to);
            }
            // Something of a library is replaced, as tests and patches do.
            Value::Symbol(symbol) => {
                let dotted: Name = Rc::from(library::canonical(&format!("{}.{name}", symbol.0)));
                self.replaced.insert(dotted, to);
            }
            Value::Descriptor(_) | Value::Generic(_) => {}
            _ => self.set_plainly(value, &name, to),
        }
        Ok(())
    }

    /// Sets an attribute without asking the class.
    pub(super) fn set_plainly(&mut self, value: &Value, name: &Name, to: Value) {
        let slot = match value {
            Value::Object(object) => Slot::ObjectAttribute(Rc::clone(object), Rc::clone(name)),
            Value::Class(class) => Slot::ClassAttribute(Rc::clone(class), Rc::clone(name)),
            Value::Function(function) => match (&**name, &to) {
                ("__name__", Value::Str(text)) => {
                    *function.name.borrow_mut() = Rc::clone(text);
                    return;
                }
                ("__doc__", Value::Str(text)) => {
                    *function.docstring.borrow_mut() = Some(Rc::clone(text));
                    return;
                }
                ("__doc__", Value::None) => {
                    *function.docstring.borrow_mut() = None;
                    return;
                }
                ("__annotations__", Value::Dict(dict)) => {
                    *function.annotations.borrow_mut() = Some(Rc::clone(dict));
                    return;
                }
                _ => Slot::FunctionAttribute(Rc::clone(function), Rc::clone(name)),
            },
            Value::Made(made) => Slot::MadeAttribute(Rc::clone(made), Rc::clone(name)),
            Value::Module(module) => {
                self.bind_in(&module.scope, name, to);
                return;
            }
            _ => return,
        };
        if !self.journals.is_empty() {
            self.note(slot.clone());
        }
        let name = Rc::clone(name);
        match &slot {
            Slot::ObjectAttribute(it, _) => it.attributes.borrow_mut().insert(name, to),
            Slot::ClassAttribute(it, _) => it.namespace.borrow_mut().insert(name, to),
            Slot::FunctionAttribute(it, _) => it.attributes.borrow_mut().insert(name, to),
            Slot::MadeAttribute(it, _) => it.attributes.borrow_mut().insert(name, to),
            Slot::Name(..) | Slot::Contents(_) => None,
        };
    }

    /// `delattr(value, name)`
    pub(crate) fn delete_attribute(&mut self, value: &Value, name: &str) -> Result<(), Raised> {
        let slot_name: Name = Rc::from(name);
        let removed = match value {
            Value::Object(object) => {
                if let Some(method) = self.special(object, "__delattr__") {
                    return self
                        .call(&method, Args::new(vec![Value::str(name)], None))
                        .map(|_| ());
                }
                self.note(Slot::ObjectAttribute(Rc::clone(object), slot_name));
                object.attributes.borrow_mut().shift_remove(name)
            }
            Value::Class(class) => {
                self.note(Slot::ClassAttribute(Rc::clone(class), slot_name));
                class.namespace.borrow_mut().shift_remove(name)
            }
            Value::Function(function) => function.attributes.borrow_mut().shift_remove(name),
            Value::Module(module) => {
                self.note(Slot::Name(Rc::clone(&module.scope), slot_name));
                module.scope.names.borrow_mut().shift_remove(name)
            }
            _ => return Ok(()),
        };
        match removed {
            Some(_) => Ok(()),
            None => Err(library::raise("builtins.AttributeError", name, None)),
        }
    }
}
