//! Attributes: `getattr`.

use std::rc::Rc;

use super::call::{bound, record};
use super::mro::is_model_symbol;
use super::{Args, Interp, Raised};
use crate::python::value::{
    Class, Code, Descriptor, DescriptorKind, Dict, Function, Key, Made, Module, Namespace, Native,
    Object, Symbol, Value,
};
use crate::python::{library, pydantic};

type Found = Result<Option<Value>, Raised>;

impl Interp<'_> {
    /// `getattr(value, name)`; raises `AttributeError` only where it is sure that there is none.
    pub(crate) fn attribute(&mut self, value: &Value, name: &str) -> Result<Value, Raised> {
        match self.member(value, name)? {
            Some(found) => Ok(found),
            None => {
                let message = match value {
                    Value::Module(module) => {
                        format!("module '{}' has no attribute '{name}'", module.name)
                    }
                    Value::Class(class) => format!(
                        "type object '{}' has no attribute '{name}'",
                        class.name.borrow()
                    ),
                    _ => format!(
                        "'{}' object has no attribute '{name}'",
                        self.type_name(value)
                    ),
                };
                Err(library::raise("builtins.AttributeError", &message, None))
            }
        }
    }

    /// The attribute; `None` where there is surely none.
    pub(crate) fn find_attribute(
        &mut self,
        value: &Value,
        name: &str,
    ) -> Result<Option<Value>, Raised> {
        let found = self.guarded(&["builtins.AttributeError"], |interp| {
            interp.member(value, name)
        });
        match found {
            Err(Raised::Exception(exception))
                if self.is_exception(&exception, "builtins.AttributeError") =>
            {
                Ok(None)
            }
            found => found,
        }
    }

    fn member(&mut self, value: &Value, name: &str) -> Found {
        match self.own_member(value, name)? {
            None if name == "__class__" => Ok(Some(library::type_of(self, value))),
            found => Ok(found),
        }
    }

    fn own_member(&mut self, value: &Value, name: &str) -> Found {
        self.step(None)?;
        if let Some(unknown) = self.too_deep(None) {
            return Ok(Some(unknown));
        }
        match value {
            Value::Object(object) => self.object_member(object, name),
            Value::Class(class) => self.class_attribute(class, name, value),
            Value::Module(module) => self.module_member(&Rc::clone(module), name),
            Value::Function(function) => self.function_member(function, name, value),
            Value::Method(pair) => match name {
                "__self__" => Ok(Some(pair.0.clone())),
                "__func__" => Ok(Some(pair.1.clone())),
                _ => {
                    let function = pair.1.clone();
                    self.member(&function, name)
                }
            },
            Value::Native(native) => Ok(match name {
                "__name__" | "__qualname__" => Some(Value::str(native.name)),
                "__call__" => Some(value.clone()),
                "__doc__" => Some(Value::None),
                _ => None,
            }),
            Value::Super(pair) => self.super_member(&Rc::clone(&pair.0), &pair.1.clone(), name),
            Value::Symbol(symbol) => self.symbol_member(symbol, name).map(Some),
            Value::Made(made) => self.made_member(&Rc::clone(made), name).map(Some),
            Value::Generic(generic) => {
                if pydantic::is_model(self, &generic.origin)
                    && let Some(found) = pydantic::model_attribute(self, value, name)
                {
                    return Ok(Some(found));
                }
                match name {
                    "__origin__" => Ok(Some(generic.origin.clone())),
                    "__args__" => Ok(Some(Value::Tuple(Rc::from(generic.args.clone())))),
                    "__metadata__" if generic.origin.is_symbol("typing.Annotated") => Ok(Some(
                        Value::Tuple(generic.args.iter().skip(1).cloned().collect()),
                    )),
                    "__parameters__" => Ok(Some(Value::Tuple(
                        generic
                            .args
                            .iter()
                            .filter(|it| matches!(it, Value::TypeVar(_)))
                            .cloned()
                            .collect(),
                    ))),
                    _ => match generic.origin.clone() {
                        Value::Class(class) => self.class_attribute(&class, name, value),
                        origin => self.member(&origin, name),
                    },
                }
            }
            Value::Union(items) => match name {
                "__args__" => Ok(Some(Value::Tuple(Rc::clone(items)))),
                "__origin__" => Ok(Some(Value::symbol("typing.Union"))),
                _ => library::value_attribute(self, value, name).transpose(),
            },
            Value::Descriptor(descriptor) => self.descriptor_member(&Rc::clone(descriptor), name),
            Value::TypeVar(var) => Ok(match name {
                "__name__" => Some(Value::Str(Rc::clone(&var.name))),
                "__bound__" => Some(var.bound.clone().unwrap_or(Value::None)),
                "__constraints__" => Some(Value::Tuple(Rc::from(var.constraints.clone()))),
                "__default__" => Some(
                    var.default
                        .clone()
                        .unwrap_or(Value::symbol("typing.NoDefault")),
                ),
                // Of a ParamSpec.
                "args" | "kwargs" => Some(Value::symbol("typing.Any")),
                _ => None,
            }),
            Value::Alias(alias) => match name {
                "__name__" => Ok(Some(Value::Str(Rc::clone(&alias.name)))),
                "__value__" | "__supertype__" => Ok(self.alias_target(&Rc::clone(alias))),
                "__type_params__" => Ok(Some(Value::Tuple(Rc::from(alias.type_params.clone())))),
                _ => Ok(None),
            },
            Value::Forward(forward) => match name {
                "__forward_arg__" => Ok(Some(Value::Str(Rc::clone(&forward.text)))),
                _ => Ok(Some(Value::unknown(
                    "an attribute of a forward reference",
                    forward.place,
                ))),
            },
            Value::Unknown(_) => Ok(Some(value.clone())),
            _ => match library::value_attribute(self, value, name) {
                Some(found) => found.map(Some),
                None => Ok(None),
            },
        }
    }

    fn object_member(&mut self, object: &Rc<Object>, name: &str) -> Found {
        let value = Value::Object(Rc::clone(object));
        if name == "__dict__" {
            return Ok(Some(namespace_dict(&object.attributes.borrow())));
        }
        let held = object.attributes.borrow().get(name).cloned();
        let of_class = self.class_lookup(&object.class, name);
        if let Some(Value::Descriptor(descriptor)) = &of_class
            && descriptor.kind == DescriptorKind::Property
        {
            return self
                .bind_member(
                    &Value::Descriptor(Rc::clone(descriptor)),
                    &value,
                    &object.class,
                )
                .map(Some);
        }
        if let Some(held) = held {
            return Ok(Some(held));
        }
        if let Some(member) = of_class {
            if let Value::Descriptor(descriptor) = &member
                && descriptor.kind == DescriptorKind::CachedProperty
            {
                let found = self.call(&descriptor.function, Args::new(vec![value], None))?;
                object
                    .attributes
                    .borrow_mut()
                    .insert(Rc::from(name), found.clone());
                return Ok(Some(found));
            }
            return self.bind_member(&member, &value, &object.class).map(Some);
        }
        match name {
            "__class__" => return Ok(Some(Value::Class(Rc::clone(&object.class)))),
            "__module__" => return Ok(Some(Value::Str(Rc::clone(&object.class.module)))),
            "__doc__" => {
                let text = object.class.docstring.borrow().clone();
                return Ok(Some(text.map_or(Value::None, Value::Str)));
            }
            _ => {}
        }
        if let Some(found) = self.symbol_base_member(&object.class, None, name, &value)? {
            return Ok(Some(found));
        }
        if let Some(found) = library::value_attribute(self, &value, name) {
            return found.map(Some);
        }
        if let Some(found) = self.object_protocol(&value, name) {
            return Ok(Some(found));
        }
        if name != "__getattr__"
            && let Some(getter) = self.class_member(&object.class, "__getattr__")
        {
            let method = bound(&getter, &value);
            return self
                .call(&method, Args::new(vec![Value::str(name)], None))
                .map(Some);
        }
        Ok(self.opaque_member(&object.class, name, object.place))
    }

    /// A member of a class of which not all bases are known.
    fn opaque_member(
        &mut self,
        class: &Rc<Class>,
        name: &str,
        place: Option<crate::python::value::Place>,
    ) -> Option<Value> {
        // What BaseModel has beside these is known (its documentation, "BaseModel").
        let is_model = pydantic::is_model(self, &Value::Class(Rc::clone(class)));
        if name.starts_with("__") && name != "__call__" || is_model && !name.starts_with("model_") {
            let known = !self.has_unknown_base(class, is_model);
            if known {
                return None;
            }
        }
        self.is_opaque(class).then(|| {
            Value::unknown(
                format!(
                    "`{name}` of `{}`, whose bases are not all known",
                    class.qualname
                ),
                place,
            )
        })
    }

    fn has_unknown_base(&mut self, class: &Rc<Class>, is_model: bool) -> bool {
        self.mro(class).iter().any(|entry| match entry {
            Value::Class(_) => false,
            Value::Symbol(symbol) => {
                library::module(symbol.0.split('.').next().unwrap_or_default()).is_none()
                    && !(is_model && symbol.0.starts_with("pydantic"))
            }
            _ => true,
        })
    }

    /// A member of a class's namespace or its bases', as it stands there.
    pub(super) fn class_lookup(&mut self, class: &Rc<Class>, name: &str) -> Option<Value> {
        let member = self.class_member(class, name)?;
        Some(match &member {
            Value::Made(made) => pydantic::descriptor(made).unwrap_or(member),
            _ => member,
        })
    }

    /// What a member of a class is when it is read from an instance.
    fn bind_member(
        &mut self,
        member: &Value,
        receiver: &Value,
        class: &Rc<Class>,
    ) -> Result<Value, Raised> {
        match member {
            Value::Function(_) | Value::Native(_) => Ok(bound(member, receiver)),
            Value::Descriptor(descriptor) => match descriptor.kind {
                DescriptorKind::Property | DescriptorKind::CachedProperty => self.call(
                    &descriptor.function,
                    Args::new(vec![receiver.clone()], None),
                ),
                DescriptorKind::ClassMethod => {
                    Ok(bound(&descriptor.function, &Value::Class(Rc::clone(class))))
                }
                DescriptorKind::StaticMethod => Ok(descriptor.function.clone()),
            },
            // A decorated method whose decorator is not known.
            Value::Made(made) if made.attributes.borrow().contains_key("__wrapped__") => {
                Ok(bound(member, receiver))
            }
            Value::Object(object) => match self.special(object, "__get__") {
                Some(getter) => {
                    let args = vec![receiver.clone(), Value::Class(Rc::clone(class))];
                    self.call(&getter, Args::new(args, None))
                }
                None => Ok(member.clone()),
            },
            _ => Ok(member.clone()),
        }
    }

    /// A member that a base of a library gives; looked for after `after` in the order of the class.
    fn symbol_base_member(
        &mut self,
        class: &Rc<Class>,
        after: Option<&Rc<Class>>,
        name: &str,
        receiver: &Value,
    ) -> Found {
        let mro = self.mro(class);
        let start = after
            .and_then(|after| {
                mro.iter()
                    .position(|it| matches!(it, Value::Class(it) if Rc::ptr_eq(it, after)))
            })
            .map_or(0, |at| at + 1);
        for entry in mro.iter().skip(start) {
            let Value::Symbol(symbol) = entry else {
                continue;
            };
            if is_model_symbol(symbol)
                && let Some(found) = pydantic::model_attribute(self, receiver, name)
            {
                return Ok(Some(found));
            }
            if let Some(found) = library::symbol_attribute(self, symbol, name) {
                let found = found?;
                return match receiver {
                    Value::Object(_) => self.bind_member(&found, receiver, class).map(Some),
                    _ => Ok(Some(class_view(&found, receiver))),
                };
            }
        }
        Ok(None)
    }

    fn class_attribute(&mut self, class: &Rc<Class>, name: &str, receiver: &Value) -> Found {
        match name {
            "__name__" => return Ok(Some(Value::Str(class.name.borrow().clone()))),
            "__qualname__" => return Ok(Some(Value::Str(Rc::clone(&class.qualname)))),
            "__dict__" => return Ok(Some(namespace_dict(&class.namespace.borrow()))),
            "__bases__" | "__orig_bases__" => {
                let bases = class.bases.iter().map(|base| match base {
                    Value::Generic(generic) if name == "__bases__" => generic.origin.clone(),
                    other => other.clone(),
                });
                let mut bases: Vec<Value> = bases.collect();
                if bases.is_empty() {
                    bases.push(Value::symbol("builtins.object"));
                }
                return Ok(Some(Value::Tuple(Rc::from(bases))));
            }
            "__mro__" => return Ok(Some(Value::Tuple(self.full_mro(class)))),
            "__class__" => {
                return Ok(Some(match self.metaclass(class) {
                    Some(metaclass) => Value::Class(metaclass),
                    None => Value::symbol("builtins.type"),
                }));
            }
            "__doc__" => {
                let text = class.docstring.borrow().clone();
                return Ok(Some(text.map_or(Value::None, Value::Str)));
            }
            "__annotations__" => {
                let mut dict = Dict::default();
                for it in self.annotations(class) {
                    dict.insert(Key(Value::Str(it.name)), it.annotation);
                }
                return Ok(Some(Value::dict(dict)));
            }
            "__type_params__" => {
                return Ok(Some(Value::Tuple(Rc::from(class.type_params.clone()))));
            }
            _ => {}
        }
        if let Some(member) = self.class_lookup(class, name) {
            return match &member {
                Value::Object(object) => match self.special(object, "__get__") {
                    Some(getter) => {
                        let args = vec![Value::None, receiver.clone()];
                        self.call(&getter, Args::new(args, None)).map(Some)
                    }
                    None => Ok(Some(member)),
                },
                _ => Ok(Some(class_view(&member, receiver))),
            };
        }
        if name == "__module__" {
            return Ok(Some(Value::Str(Rc::clone(&class.module))));
        }
        if let Some(found) = self.symbol_base_member(class, None, name, receiver)? {
            return Ok(Some(found));
        }
        if let Some(metaclass) = self.metaclass(class) {
            if let Some(member) = self.class_member(&metaclass, name) {
                return self.bind_member(&member, receiver, &metaclass).map(Some);
            }
            if let Some(getter) = self.class_member(&metaclass, "__getattr__") {
                let method = bound(&getter, receiver);
                return self
                    .call(&method, Args::new(vec![Value::str(name)], None))
                    .map(Some);
            }
        }
        if let Some(found) = library::value_attribute(self, &Value::Class(Rc::clone(class)), name) {
            return found.map(Some);
        }
        if let Some(found) = self.type_protocol(class, name) {
            return Ok(Some(found));
        }
        Ok(self.opaque_member(class, name, class.place))
    }

    /// The order as `__mro__` has it, with `object` at its end.
    fn full_mro(&mut self, class: &Rc<Class>) -> Rc<[Value]> {
        let mro = self.mro(class);
        if mro.iter().any(|it| it.is_symbol("builtins.object")) {
            return mro;
        }
        mro.iter()
            .cloned()
            .chain([Value::symbol("builtins.object")])
            .collect()
    }

    fn super_member(&mut self, after: &Rc<Class>, receiver: &Value, name: &str) -> Found {
        let class = match receiver {
            Value::Object(object) => Rc::clone(&object.class),
            Value::Class(class) if self.is_subclass_of(class, after) => Rc::clone(class),
            Value::Generic(generic) => match &generic.origin {
                Value::Class(class) => Rc::clone(class),
                _ => Rc::clone(after),
            },
            _ => Rc::clone(after),
        };
        if let Some(member) = self.member_after(&class, after, name) {
            let is_static = name == "__new__";
            return match receiver {
                Value::Object(_) => self.bind_member(&member, receiver, &class).map(Some),
                _ if is_static => Ok(Some(member)),
                // In a metaclass the receiver is the class, as an instance is elsewhere.
                Value::Class(it) if !self.is_subclass_of(it, after) => {
                    self.bind_member(&member, receiver, &class).map(Some)
                }
                _ => Ok(Some(class_view(&member, receiver))),
            };
        }
        if name == "__init__" {
            return Ok(Some(self.super_init(after, receiver)));
        }
        if let Some(found) = self.super_protocol(name, receiver, &class, after) {
            return Ok(Some(found));
        }
        if let Some(found) = self.symbol_base_member(&class, Some(after), name, receiver)? {
            return Ok(Some(found));
        }
        if let Some(found) = self.object_protocol(receiver, name) {
            return Ok(Some(found));
        }
        if let Value::Object(object) = receiver
            && object.payload.borrow().is_some()
            && let Some(found) = library::value_attribute(self, receiver, name)
        {
            return found.map(Some);
        }
        Ok(self.opaque_member(&class, name, class.place))
    }

    fn module_member(&mut self, module: &Rc<Module>, name: &str) -> Found {
        if let Some(value) = module.scope.names.borrow().get(name) {
            return Ok(Some(value.clone()));
        }
        match name {
            "__dict__" => return Ok(Some(namespace_dict(&module.scope.names.borrow()))),
            "__class__" => return Ok(Some(Value::symbol("types.ModuleType"))),
            _ => {}
        }
        if let Some(value) = self.set_by_globals(name, &module.scope) {
            return Ok(Some(value));
        }
        if module.scope.unit.origin == super::scope::Origin::Prelude {
            let symbol = Symbol(Rc::clone(&module.name));
            return self.symbol_member(&symbol, name).map(Some);
        }
        if let Some(submodule) = self.loaded_submodule(module, name) {
            return Ok(Some(submodule));
        }
        let getter = module.scope.names.borrow().get("__getattr__").cloned();
        if let Some(getter @ Value::Function(_)) = getter
            && !name.starts_with("__")
        {
            return self
                .call(&getter, Args::new(vec![Value::str(name)], None))
                .map(Some);
        }
        // What is not read may have set it, as generated code has it.
        if self.has_globals_dict(&module.scope) && !name.starts_with("__") {
            let why = format!(
                "`{name}` of `{}`, whose names are set by way of `globals()`",
                module.name
            );
            return Ok(Some(Value::unknown(why, None)));
        }
        Ok(None)
    }

    fn function_member(&mut self, function: &Rc<Function>, name: &str, value: &Value) -> Found {
        if let Some(found) = function.attributes.borrow().get(name) {
            return Ok(Some(found.clone()));
        }
        Ok(match name {
            "__name__" => Some(Value::Str(function.name.borrow().clone())),
            "__qualname__" => Some(Value::Str(Rc::clone(&function.qualname))),
            "__module__" => Some(Value::Str(Rc::clone(&function.module))),
            "__doc__" => Some(
                function
                    .docstring
                    .borrow()
                    .clone()
                    .map_or(Value::None, Value::Str),
            ),
            "__annotations__" => Some(Value::Dict(self.annotations_dict(function))),
            "__dict__" => Some(namespace_dict(&function.attributes.borrow())),
            "__call__" | "__func__" => Some(value.clone()),
            "__class__" => Some(Value::symbol("types.FunctionType")),
            "__globals__" => Some(self.globals_dict(&function.scope)),
            "__defaults__" | "__kwdefaults__" => {
                let wants_keywords = name == "__kwdefaults__";
                let mut tuple = Vec::new();
                let mut dict = Dict::default();
                for (parameter, default) in
                    function.parameters().list.iter().zip(&function.defaults)
                {
                    let is_keyword =
                        parameter.kind == crate::python::syntax::ParameterKind::KeywordOnly;
                    match default {
                        Some(default) if is_keyword => {
                            dict.insert(
                                Key(Value::Str(Rc::clone(&parameter.name))),
                                default.clone(),
                            );
                        }
                        Some(default) => tuple.push(default.clone()),
                        None => {}
                    }
                }
                Some(match wants_keywords {
                    true if dict.is_empty() => Value::None,
                    true => Value::dict(dict),
                    false if tuple.is_empty() => Value::None,
                    false => Value::Tuple(Rc::from(tuple)),
                })
            }
            "__get__" => Some(Value::Method(Rc::new((
                value.clone(),
                Value::Native(Native {
                    name: "__get__",
                    run: function_get,
                }),
            )))),
            "__closure__" | "__code__" | "__kwdefault__" => Some(Value::unknown(
                format!("`{name}` of a function"),
                Some(function.place),
            )),
            "__hash__" | "__eq__" | "__repr__" | "__str__" => self.object_protocol(value, name),
            _ => None,
        })
    }

    fn descriptor_member(&mut self, descriptor: &Rc<Descriptor>, name: &str) -> Found {
        let this = Value::Descriptor(Rc::clone(descriptor));
        let native = |run| {
            let native = Value::Native(Native {
                name: "property",
                run,
            });
            Some(Value::Method(Rc::new((this.clone(), native))))
        };
        match name {
            "fget" | "__func__" | "__wrapped__" | "func" => Ok(Some(descriptor.function.clone())),
            "fset" => Ok(Some(descriptor.setter.clone().unwrap_or(Value::None))),
            "setter" => Ok(native(property_setter)),
            "getter" => Ok(native(property_getter)),
            "deleter" => Ok(native(property_deleter)),
            "__isabstractmethod__" => Ok(Some(Value::Bool(false))),
            _ => {
                let function = descriptor.function.clone();
                self.member(&function, name)
            }
        }
    }

    /// An attribute of a name of a library.
    pub(super) fn symbol_member(&mut self, symbol: &Symbol, name: &str) -> Result<Value, Raised> {
        if !self.replaced.is_empty()
            && let Some(value) = self
                .replaced
                .get(&*library::canonical(&format!("{}.{name}", symbol.0)))
        {
            return Ok(value.clone());
        }
        if let Some(found) = library::symbol_attribute(self, symbol, name) {
            return found;
        }
        if matches!(
            library::module(&symbol.0),
            Some(library::Source::Prelude(_))
        ) {
            let module = self.import(&symbol.0, None)?;
            if let Value::Module(module) = module
                && let Some(found) = module.scope.names.borrow().get(name)
            {
                return Ok(found.clone());
            }
        }
        let dotted = format!("{}.{name}", symbol.0);
        if let Some(library::Source::Prelude(_)) = library::module(&dotted) {
            return self.import(&dotted, None);
        }
        match name {
            "__name__" | "__qualname__" => {
                if let Some((_, last)) = symbol.0.rsplit_once('.') {
                    return Ok(Value::str(last));
                }
            }
            "__module__" => {
                if let Some((module, _)) = symbol.0.rsplit_once('.') {
                    return Ok(Value::str(module));
                }
            }
            _ => {}
        }
        let value = Value::Symbol(symbol.clone());
        // A class or an object that was read already is asked itself.
        if let Some(Some(known)) = self.forced.get(&symbol.0).cloned()
            && !matches!(known, Value::Symbol(_))
            && let Some(found) = self.member(&known, name)?
        {
            return Ok(found);
        }
        if name.starts_with("__") {
            let known = self.force(&value);
            if !matches!(known, Value::Symbol(_)) {
                return self.attribute(&known, name);
            }
        }
        Ok(Value::symbol(&library::canonical(&dotted)))
    }

    fn made_member(&mut self, made: &Rc<Made>, name: &str) -> Result<Value, Raised> {
        let value = Value::Made(Rc::clone(made));
        if let Some(found) = made.attributes.borrow().get(name) {
            return Ok(found.clone());
        }
        if let Some(found) = pydantic::made_attribute(self, made, name) {
            return Ok(found);
        }
        if let Some(found) = library::value_attribute(self, &value, name) {
            return found;
        }
        if let Some(known) = self.realize(made) {
            return self.attribute(&known, name);
        }
        let wrapped = made.attributes.borrow().get("__wrapped__").cloned();
        if let Some(wrapped) = wrapped
            && matches!(
                name,
                "__name__"
                    | "__qualname__"
                    | "__doc__"
                    | "__module__"
                    | "__annotations__"
                    | "__dict__"
            )
        {
            return self.attribute(&wrapped, name);
        }
        Ok(record(
            Value::symbol("builtins.getattr"),
            Args::new(vec![value, Value::str(name)], made.place),
        ))
    }

    /// A special method of an object, looked up on its class as Python does, and bound.
    pub(crate) fn special(&mut self, object: &Rc<Object>, name: &str) -> Option<Value> {
        let member = self.class_lookup(&object.class, name)?;
        let receiver = Value::Object(Rc::clone(object));
        match &member {
            Value::None => None,
            _ => self.bind_member(&member, &receiver, &object.class).ok(),
        }
    }
}

/// What a member of a class is when it is read from the class.
fn class_view(member: &Value, receiver: &Value) -> Value {
    match member {
        Value::Descriptor(descriptor) => match descriptor.kind {
            DescriptorKind::ClassMethod => bound(&descriptor.function, receiver),
            DescriptorKind::StaticMethod => descriptor.function.clone(),
            DescriptorKind::Property | DescriptorKind::CachedProperty => member.clone(),
        },
        _ => member.clone(),
    }
}

pub(super) fn namespace_dict(namespace: &Namespace) -> Value {
    let mut dict = Dict::default();
    dict.extend(
        namespace
            .iter()
            .map(|(name, value)| (Key(Value::Str(Rc::clone(name))), value.clone())),
    );
    Value::dict(dict)
}

fn function_get(interp: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    let _ = interp;
    Ok(match args.positional.as_slice() {
        [function, Value::None, ..] | [function] => function.clone(),
        [function, receiver, ..] => bound(function, receiver),
        [] => Value::None,
    })
}

fn with_functions(
    args: &Args,
    change: impl Fn(&Descriptor, Value) -> (Value, Option<Value>),
) -> Value {
    match args.positional.as_slice() {
        [Value::Descriptor(descriptor), function, ..] => {
            let (function, setter) = change(descriptor, function.clone());
            Value::Descriptor(Rc::new(Descriptor {
                kind: descriptor.kind,
                function,
                marks: descriptor.marks.clone(),
                setter,
            }))
        }
        _ => Value::None,
    }
}

fn property_setter(_: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    Ok(with_functions(&args, |descriptor, function| {
        (descriptor.function.clone(), Some(function))
    }))
}

fn property_getter(_: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    Ok(with_functions(&args, |descriptor, function| {
        (function, descriptor.setter.clone())
    }))
}

fn property_deleter(_: &mut Interp<'_>, args: Args) -> Result<Value, Raised> {
    Ok(with_functions(&args, |descriptor, _| {
        (descriptor.function.clone(), descriptor.setter.clone())
    }))
}

impl Function {
    /// The class in whose body it was defined, however deep.
    pub(super) fn defining_class(&self) -> Option<Rc<Class>> {
        if let Some(class) = &*self.class.borrow() {
            return Some(Rc::clone(class));
        }
        let mut scope = Some(&self.scope);
        while let Some(it) = scope {
            if it.kind == super::ScopeKind::Class {
                return it.class.borrow().clone();
            }
            scope = it.parent.as_ref();
        }
        None
    }

    /// The definition, of what is not a lambda.
    pub(super) fn def(&self) -> Option<&Rc<crate::python::syntax::FunctionDef>> {
        match &self.code {
            Code::Def(def) => Some(def),
            Code::Lambda(_) => None,
        }
    }
}
