//! What `object` and `type` give to every object and class, and calls that need to see who calls.

use std::rc::Rc;

use super::attribute::namespace_dict;
use super::mro::is_model_symbol;
use super::{Args, Interp, Raised};
use crate::python::value::{Class, Native, Object, Symbol, Value};
use crate::python::{library, pydantic};

/// A native as a method of a value.
fn method(
    receiver: Value,
    name: &'static str,
    run: fn(&mut Interp<'_>, Args) -> Result<Value, Raised>,
) -> Value {
    Value::Method(Rc::new((receiver, Value::Native(Native { name, run }))))
}

fn nothing(_: &mut Interp<'_>, _: Args) -> Result<Value, Raised> {
    Ok(Value::None)
}

/// `object.__new__(class)`, and the `__new__` of the built-in base of a class.
pub(super) fn instance_new(
    interp: &mut Interp<'_>,
    class: &Rc<Class>,
    args: &Args,
) -> Result<Value, Raised> {
    if let Some(made) = library::new_instance(interp, class, args) {
        return made;
    }
    let object = interp.new_object(class, args.place);
    Ok(Value::Object(object))
}

fn object_new(interp: &mut Interp<'_>, mut args: Args) -> Result<Value, Raised> {
    if args.positional.is_empty() {
        return Ok(Value::None);
    }
    match args.positional.remove(0) {
        Value::Class(class) => instance_new(interp, &class, &args),
        other => interp.call(&other, args),
    }
}

fn object_setattr(interp: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    if let [value, Value::Str(name), to, ..] = args.positional.as_slice() {
        interp.set_plainly(value, name, to.clone());
    }
    Ok(Value::None)
}

fn object_getattribute(interp: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    match args.positional.as_slice() {
        [value, Value::Str(name), ..] => interp.attribute(value, name),
        _ => Ok(Value::None),
    }
}

fn object_repr(interp: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    let text = args.positional.first().and_then(|value| match value {
        Value::Object(object) => Some(format!(
            "<{}.{} object>",
            object.class.module, object.class.qualname
        )),
        other => interp.text(other, true),
    });
    Ok(text.map_or_else(
        || Value::unknown("repr of an object", args.place),
        |text| Value::str(&text),
    ))
}

fn object_eq(_: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    Ok(match args.positional.as_slice() {
        [left, right, ..] if left.same(right) => Value::Bool(true),
        _ => Value::NotImplemented,
    })
}

fn object_ne(_: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    Ok(match args.positional.as_slice() {
        [left, right, ..] => Value::Bool(!left.same(right)),
        _ => Value::NotImplemented,
    })
}

fn object_hash(_: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    Ok(Value::unknown("hash of an object", args.place))
}

fn type_new(interp: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    interp.type_new(args)
}

fn type_call(interp: &mut Interp<'_>, mut args: Args) -> Result<Value, Raised> {
    if args.positional.is_empty() {
        return Ok(Value::None);
    }
    match args.positional.remove(0) {
        Value::Class(class) => interp.instantiate_plainly(&class, args),
        other => interp.call(&other, args),
    }
}

fn type_mro(interp: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    match args.positional.first() {
        Some(class @ Value::Class(_)) => match interp.attribute(class, "__mro__")? {
            Value::Tuple(mro) => Ok(Value::list(mro.to_vec())),
            other => Ok(other),
        },
        _ => Ok(Value::unknown("mro", args.place)),
    }
}

fn type_subclasses(interp: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    Ok(match args.positional.first() {
        Some(Value::Class(class)) => Value::list(
            interp
                .subclasses(class)
                .into_iter()
                .map(Value::Class)
                .collect(),
        ),
        _ => Value::unknown("subclasses", args.place),
    })
}

/// `super().__init__(…)`: the receiver is the pair of the class after which to look and the object.
fn super_init(interp: &mut Interp<'_>, mut args: Args) -> Result<Value, Raised> {
    if args.positional.is_empty() {
        return Ok(Value::None);
    }
    if let Value::Tuple(pair) = args.positional.remove(0)
        && let [Value::Class(after), Value::Object(object)] = &*pair
    {
        let class = Rc::clone(&object.class);
        interp.init_after(&class, Some(after), object, args)?;
    }
    Ok(Value::None)
}

impl Interp<'_> {
    pub(super) fn super_init(&self, after: &Rc<Class>, receiver: &Value) -> Value {
        let pair = Value::Tuple(Rc::from(vec![
            Value::Class(Rc::clone(after)),
            receiver.clone(),
        ]));
        method(pair, "__init__", super_init)
    }

    /// What `super()` finds where no class of the service has it.
    pub(super) fn super_protocol(
        &mut self,
        name: &str,
        receiver: &Value,
        class: &Rc<Class>,
        after: &Rc<Class>,
    ) -> Option<Value> {
        // In a metaclass: the receiver is no instance of what follows.
        let of_type = match receiver {
            Value::Class(it) => {
                !self.is_subclass_of(it, after)
                    || self
                        .mro(class)
                        .iter()
                        .any(|it| it.is_symbol("builtins.type"))
            }
            _ => false,
        };
        match name {
            "__new__" if of_type => Some(Value::Native(Native {
                name: "type.__new__",
                run: type_new,
            })),
            "__new__" => Some(Value::Native(Native {
                name: "object.__new__",
                run: object_new,
            })),
            "__call__" if of_type => Some(method(receiver.clone(), "type.__call__", type_call)),
            "__prepare__" => Some(Value::Native(Native {
                name: "__prepare__",
                run: empty_dict,
            })),
            "__init_subclass__" | "__set_name__" | "__post_init__" => Some(Value::Native(Native {
                name: "object.__init_subclass__",
                run: nothing,
            })),
            _ => None,
        }
    }

    /// What every object has.
    pub(super) fn object_protocol(&mut self, receiver: &Value, name: &str) -> Option<Value> {
        let receiver = receiver.clone();
        Some(match name {
            "__setattr__" => method(receiver, "__setattr__", object_setattr),
            "__getattribute__" => method(receiver, "__getattribute__", object_getattribute),
            "__delattr__" => method(receiver, "__delattr__", object_delattr),
            "__repr__" | "__str__" => method(receiver, "__repr__", object_repr),
            "__eq__" => method(receiver, "__eq__", object_eq),
            "__ne__" => method(receiver, "__ne__", object_ne),
            "__hash__" => method(receiver, "__hash__", object_hash),
            "__init__" => match &receiver {
                Value::Object(object) => {
                    let pair = Value::Tuple(Rc::from(vec![
                        Value::Class(Rc::clone(&object.class)),
                        receiver.clone(),
                    ]));
                    method(pair, "__init__", nothing)
                }
                _ => return None,
            },
            "__init_subclass__" => Value::Native(Native {
                name: "object.__init_subclass__",
                run: nothing,
            }),
            "__subclasshook__" => Value::Native(Native {
                name: "object.__subclasshook__",
                run: nothing,
            }),
            _ => return None,
        })
    }

    /// What every class has.
    pub(super) fn type_protocol(&mut self, class: &Rc<Class>, name: &str) -> Option<Value> {
        let receiver = Value::Class(Rc::clone(class));
        Some(match name {
            "mro" => method(receiver, "mro", type_mro),
            "__subclasses__" => method(receiver, "__subclasses__", type_subclasses),
            "__new__" => Value::Native(Native {
                name: "object.__new__",
                run: object_new,
            }),
            "__init__" => Value::Native(Native {
                name: "object.__init__",
                run: unbound_init,
            }),
            "__setattr__" => Value::Native(Native {
                name: "object.__setattr__",
                run: object_setattr,
            }),
            "__getattribute__" => Value::Native(Native {
                name: "object.__getattribute__",
                run: object_getattribute,
            }),
            "__repr__" | "__str__" => Value::Native(Native {
                name: "object.__repr__",
                run: object_repr,
            }),
            "__eq__" => Value::Native(Native {
                name: "object.__eq__",
                run: object_eq,
            }),
            "__hash__" => Value::Native(Native {
                name: "object.__hash__",
                run: object_hash,
            }),
            "__init_subclass__" => Value::Native(Native {
                name: "object.__init_subclass__",
                run: nothing,
            }),
            "__call__" => method(receiver, "type.__call__", type_call),
            _ => return None,
        })
    }

    /// Symbols whose meaning the evaluator itself has.
    pub(super) fn call_own(
        &mut self,
        symbol: &Symbol,
        args: &Args,
    ) -> Option<Result<Value, Raised>> {
        Some(match &*symbol.0 {
            "builtins.type.__new__" => self.type_new(args.clone()),
            "builtins.super" => Ok(self.make_super(args)),
            "builtins.globals" => Ok(
                match self.frames.last().map(|frame| Rc::clone(&frame.scope)) {
                    Some(scope) => self.globals_dict(&scope),
                    None => Value::None,
                },
            ),
            "builtins.locals" => Ok(self.frames.last().map_or(Value::None, |frame| {
                namespace_dict(&frame.scope.names.borrow())
            })),
            "builtins.vars" | "builtins.dir" if args.positional.is_empty() => {
                Ok(self.frames.last().map_or(Value::None, |frame| {
                    namespace_dict(&frame.scope.names.borrow())
                }))
            }
            "builtins.__import__" | "importlib.import_module" => match args.positional.as_slice() {
                [Value::Str(name)] => self.import(name, args.place),
                [Value::Str(name), Value::Str(package)] => match self.absolute(name, package) {
                    Some(dotted) => self.import(&dotted, args.place),
                    None => Ok(Value::unknown(
                        "a module that is imported by a relative name",
                        args.place,
                    )),
                },
                [Value::Str(name), ..] if !name.starts_with('.') => self.import(name, args.place),
                _ => match (args.positional.first(), args.keywords.get("package")) {
                    (Some(Value::Str(name)), Some(Value::Str(package))) => {
                        match self.absolute(name, package) {
                            Some(dotted) => self.import(&dotted, args.place),
                            None => Ok(Value::unknown(
                                "a module that is imported by a relative name",
                                args.place,
                            )),
                        }
                    }
                    _ => Ok(Value::unknown(
                        "a module whose name is not known",
                        args.place,
                    )),
                },
            },
            "contextlib.contextmanager" | "contextlib.asynccontextmanager" => {
                match args.positional.first() {
                    Some(value @ Value::Function(function)) if function.is_generator() => {
                        function
                            .attributes
                            .borrow_mut()
                            .insert(Rc::from("__contextmanager__"), Value::Bool(true));
                        Ok(value.clone())
                    }
                    Some(value) => Ok(value.clone()),
                    None => return None,
                }
            }
            "asyncio.run" | "asyncio.get_event_loop.run_until_complete" | "anyio.run" => {
                match args.positional.first() {
                    Some(value @ Value::Made(_)) => self.await_value(&value.clone()),
                    Some(value @ (Value::Function(_) | Value::Method(_))) => {
                        let rest = args.positional.iter().skip(1).cloned().collect();
                        match self.call(&value.clone(), Args::new(rest, args.place)) {
                            Ok(made) => self.await_value(&made),
                            Err(raised) => Err(raised),
                        }
                    }
                    _ => return None,
                }
            }
            "builtins.type" if args.positional.len() == 3 => {
                let mut args = args.clone();
                args.positional.insert(0, Value::Symbol(symbol.clone()));
                self.type_new(args)
            }
            dotted
                if dotted.ends_with(".__new__")
                    && matches!(args.positional.first(), Some(Value::Class(_))) =>
            {
                object_new(self, args.clone())
            }
            dotted if dotted.ends_with(".__init__") => {
                let Some(Value::Object(object)) = args.positional.first() else {
                    return None;
                };
                let base = Symbol(Rc::from(
                    dotted.strip_suffix(".__init__").unwrap_or_default(),
                ));
                let mut args = args.clone();
                let object = Rc::clone(object);
                args.positional.remove(0);
                let class = Rc::clone(&object.class);
                let done = match is_model_symbol(&base) {
                    true => pydantic::construct(self, &class, &object, args),
                    false => library::init(self, &base, &object, args).unwrap_or(Ok(())),
                };
                done.map(|()| Value::None)
            }
            "builtins.object.__setattr__" => object_setattr(self, args.clone()),
            "builtins.object.__getattribute__" => object_getattribute(self, args.clone()),
            _ => return None,
        })
    }

    fn make_super(&mut self, args: &Args) -> Value {
        let unknown = || Value::unknown("`super()` outside a method", args.place);
        match args.positional.as_slice() {
            [Value::Class(class), receiver, ..] => {
                Value::Super(Rc::new((Rc::clone(class), receiver.clone())))
            }
            [] => {
                let Some(frame) = self
                    .frames
                    .iter()
                    .rev()
                    .find(|frame| frame.function.is_some())
                else {
                    return unknown();
                };
                let class = frame
                    .function
                    .as_ref()
                    .and_then(|function| function.defining_class());
                // The first parameter may have another name, and another value by now.
                let name = frame
                    .function
                    .as_ref()
                    .and_then(|function| function.first_parameter());
                let current = name.and_then(|name| frame.scope.names.borrow().get(&name).cloned());
                match (class, current.or_else(|| frame.receiver.clone())) {
                    (Some(class), Some(receiver)) => Value::Super(Rc::new((class, receiver))),
                    _ => unknown(),
                }
            }
            _ => unknown(),
        }
    }
}

fn empty_dict(_: &mut Interp<'_>, _: Args) -> Result<Value, Raised> {
    Ok(Value::dict(crate::python::value::Dict::default()))
}

fn object_delattr(interp: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    if let [Value::Object(object), Value::Str(name), ..] = args.positional.as_slice() {
        object.attributes.borrow_mut().shift_remove(name);
    }
    let _ = interp;
    Ok(Value::None)
}

/// `Base.__init__(self, …)` where no class of the service has one.
fn unbound_init(interp: &mut Interp<'_>, mut args: Args) -> Result<Value, Raised> {
    if args.positional.is_empty() {
        return Ok(Value::None);
    }
    if let Value::Object(object) = args.positional.remove(0) {
        let object: Rc<Object> = object;
        let class = Rc::clone(&object.class);
        interp.init_symbols(&class, &object, args)?;
    }
    Ok(Value::None)
}

impl Interp<'_> {
    /// The `__init__` of the bases that are a library's.
    fn init_symbols(
        &mut self,
        class: &Rc<Class>,
        object: &Rc<Object>,
        args: Args,
    ) -> Result<(), Raised> {
        for entry in self.mro(class).iter() {
            if let Value::Symbol(symbol) = entry
                && let Some(result) = library::init(self, symbol, object, args.clone())
            {
                return result;
            }
        }
        Ok(())
    }
}
