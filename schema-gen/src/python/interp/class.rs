//! Classes: the class statement, and instances.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::call::bound;
use super::mro::is_model_symbol;
use super::protocol::instance_new;
use super::scope::Origin;
use super::{Args, Frame, Interp, Raised, Scope, ScopeData, ScopeKind};
use crate::python::syntax::{ClassDef, Name};
use crate::python::value::{Annotation, Class, Dict, Key, Namespace, Place, Value};
use crate::python::{library, pydantic};

/// A class whose body runs, or that a metaclass is about to make.
pub(super) struct Pending {
    pub(super) annotations: Vec<Annotation>,
}

/// What a class is made of.
pub(super) struct Parts {
    pub(super) name: Name,
    pub(super) qualname: Name,
    pub(super) module: Name,
    pub(super) bases: Vec<Value>,
    pub(super) keywords: Namespace,
    pub(super) namespace: Namespace,
    pub(super) annotations: Vec<Annotation>,
    pub(super) given_annotations: Vec<(Name, Value)>,
    pub(super) type_params: Vec<Value>,
    pub(super) definition: Option<Rc<ClassDef>>,
    pub(super) scope: Scope,
    pub(super) place: Option<Place>,
}

/// Whether a hook is of an installed package; else the hook.
fn own_hook(hook: Option<Value>) -> (bool, Option<Value>) {
    let function = match &hook {
        Some(Value::Descriptor(descriptor)) => Some(&descriptor.function),
        hook => hook.as_ref(),
    };
    match function {
        Some(Value::Function(function)) if function.scope.unit.origin == Origin::Installed => {
            (true, None)
        }
        _ => (false, hook),
    }
}

impl Interp<'_> {
    pub(super) fn define_class(&mut self, def: &Rc<ClassDef>, scope: &Scope) -> Result<(), Raised> {
        let mut decorators = Vec::with_capacity(def.decorators.len());
        for decorator in &def.decorators {
            decorators.push((self.eval(decorator, scope)?, self.place(decorator, scope)));
        }
        let (outer, type_params) = self.type_params(&def.type_params, scope)?;
        let place = Place {
            file: scope.file,
            span: def.span,
        };
        let mut bases = Vec::with_capacity(def.bases.len());
        let mut spread = Vec::new();
        for base in &def.bases {
            self.eval_argument(base, &outer, &mut spread)?;
            bases.append(&mut spread);
        }
        let bases = self.resolve_bases(bases)?;
        let mut keywords = Namespace::default();
        for (name, value) in &def.keywords {
            let value = self.eval(value, &outer)?;
            match (name, &value) {
                (Some(name), _) => {
                    keywords.insert(Rc::clone(name), value);
                }
                (None, Value::Dict(dict)) => {
                    for (key, value) in dict.borrow().iter() {
                        if let Value::Str(name) = &key.0 {
                            keywords.insert(Rc::clone(name), value.clone());
                        }
                    }
                }
                (None, _) => {}
            }
        }
        let qualname = scope.qualify(&def.name);
        let body = ScopeData::inside(ScopeKind::Class, &outer, Some(Rc::clone(&qualname)));
        {
            let mut names = body.names.borrow_mut();
            names.insert(Rc::from("__module__"), Value::Str(Rc::clone(&scope.module)));
            names.insert(Rc::from("__qualname__"), Value::Str(Rc::clone(&qualname)));
        }
        self.class_dicts.push(Pending {
            annotations: Vec::new(),
        });
        self.frames.push(Frame {
            scope: Rc::clone(&body),
            function: None,
            receiver: None,
            pending: Vec::new(),
            yields: Vec::new(),
            uncertain: self.uncertain.clone(),
            at_yield: None,
        });
        let ran = self.exec_block(&def.body, &body);
        self.frames.pop();
        let annotations = self
            .class_dicts
            .pop()
            .map(|pending| pending.annotations)
            .unwrap_or_default();
        ran?;
        let mut namespace = body.names.borrow().clone();
        namespace.shift_remove("__module__");
        namespace.shift_remove("__qualname__");
        let parts = Parts {
            name: Rc::clone(&def.name),
            qualname,
            module: Rc::clone(&scope.module),
            bases,
            keywords,
            namespace,
            annotations,
            given_annotations: Vec::new(),
            type_params,
            definition: Some(Rc::clone(def)),
            scope: body,
            place: Some(place),
        };
        let mut value = self.make_class(parts)?;
        for (decorator, place) in decorators.into_iter().rev() {
            value = self.decorate(&decorator, value, place)?;
        }
        self.bind(&def.name, value, scope);
        Ok(())
    }

    /// `__mro_entries__` of bases that are not classes.
    fn resolve_bases(&mut self, bases: Vec<Value>) -> Result<Vec<Value>, Raised> {
        let mut resolved = Vec::with_capacity(bases.len());
        for base in bases {
            if let Value::Object(object) = &base
                && let Some(method) = self.special(object, "__mro_entries__")
            {
                let all = Value::Tuple(Rc::from(vec![base.clone()]));
                let entries = self.call(&method, Args::new(vec![all], None))?;
                if let Some(entries) = self.iterate(&entries)? {
                    resolved.extend(entries);
                    continue;
                }
            }
            resolved.push(base);
        }
        Ok(resolved)
    }

    /// Makes a class as the class statement does, by its metaclass where that is a class of the
    /// service.
    pub(super) fn make_class(&mut self, parts: Parts) -> Result<Value, Raised> {
        // The metaclasses of an installed package are its own: what they do is not followed.
        if parts.scope.unit.origin == Origin::Installed {
            let is_opaque = parts.keywords.contains_key("metaclass");
            let made = self.finish_class(parts)?;
            if is_opaque {
                self.mark_opaque(&made);
            }
            return Ok(made);
        }
        let Some(metaclass) = self.metaclass_of(&parts.keywords, &parts.bases) else {
            return self.finish_class(parts);
        };
        let (new, init) = (
            self.class_member(&metaclass, "__new__"),
            self.class_member(&metaclass, "__init__"),
        );
        if new.is_none() && init.is_none() {
            return self.finish_class(parts);
        }
        let (hidden, new) = own_hook(new);
        let (also_hidden, init) = own_hook(init);
        if new.is_none() && init.is_none() {
            let made = self.finish_class(parts)?;
            self.mark_opaque(&made);
            return Ok(made);
        }
        let is_opaque = hidden || also_hidden;
        let mut dict = Dict::default();
        dict.insert(
            Key(Value::str("__module__")),
            Value::Str(Rc::clone(&parts.module)),
        );
        dict.insert(
            Key(Value::str("__qualname__")),
            Value::Str(Rc::clone(&parts.qualname)),
        );
        if !parts.annotations.is_empty() {
            let mut annotations = Dict::default();
            for it in &parts.annotations {
                let value = it.value.clone().unwrap_or_else(|| self.lazy_annotation(it));
                annotations.insert(Key(Value::Str(Rc::clone(&it.name))), value);
            }
            dict.insert(Key(Value::str("__annotations__")), Value::dict(annotations));
        }
        dict.extend(
            parts
                .namespace
                .iter()
                .map(|(name, value)| (Key(Value::Str(Rc::clone(name))), value.clone())),
        );
        let mut args = Args::new(
            vec![
                Value::Str(Rc::clone(&parts.name)),
                Value::Tuple(Rc::from(parts.bases.clone())),
                Value::dict(dict),
            ],
            parts.place,
        );
        args.keywords = parts.keywords.clone();
        args.keywords.shift_remove("metaclass");
        let place = parts.place;
        let this = Value::Class(Rc::clone(&metaclass));
        self.making.push(Some(parts));
        let made = match new {
            Some(Value::Class(_)) | None => self.make_pending(place),
            Some(new) => {
                let mut args = args.clone();
                args.positional.insert(0, this);
                let function = match &new {
                    Value::Descriptor(descriptor) => descriptor.function.clone(),
                    other => other.clone(),
                };
                self.call(&function, args)
            }
        };
        // What the metaclass did not make is made all the same: the class exists.
        let left = self.making.pop().flatten();
        let mut made = made?;
        // What it would have made of the class is not known.
        let is_opaque = is_opaque || made.is_unknown();
        if let (false, Some(parts)) = (matches!(made, Value::Class(_)), left) {
            made = self.finish_class(parts)?;
        }
        if let (Some(init), Value::Class(_)) = (init, &made) {
            let method = bound(&init, &made);
            self.call(&method, args)?;
        }
        if is_opaque {
            self.mark_opaque(&made);
        }
        Ok(made)
    }

    /// Makes the class that a metaclass is asked for, from its parts as they are.
    fn make_pending(&mut self, place: Option<Place>) -> Result<Value, Raised> {
        match self.making.last_mut().and_then(Option::take) {
            Some(parts) => self.finish_class(parts),
            None => Ok(Value::unknown(
                "a class that is made by its metaclass",
                place,
            )),
        }
    }

    /// `type.__new__(metaclass, name, bases, namespace, **keywords)`.
    pub(super) fn type_new(&mut self, args: Args) -> Result<Value, Raised> {
        let place = args.place;
        let [_, Value::Str(name), bases, namespace, ..] = args.positional.as_slice() else {
            return Ok(Value::unknown("a class that is made by a call", place));
        };
        let bases = self.iterate(bases)?.unwrap_or_default();
        let dict: Vec<(Key, Value)> = match library::plain(namespace) {
            Value::Dict(dict) => dict
                .borrow()
                .iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            _ => Vec::new(),
        };
        let mut names = Namespace::default();
        let mut annotations = None;
        for (key, value) in dict {
            match &key.0 {
                Value::Str(key) if &**key == "__annotations__" => annotations = Some(value),
                Value::Str(key) if matches!(&**key, "__module__" | "__qualname__") => {}
                Value::Str(key) => {
                    names.insert(Rc::clone(key), value);
                }
                _ => {}
            }
        }
        let pending = match self.making.last_mut() {
            Some(slot) if slot.as_ref().is_some_and(|parts| parts.name == *name) => slot.take(),
            _ => None,
        };
        let mut parts = match pending {
            Some(parts) => parts,
            None => self.free_parts(name, bases.clone(), place),
        };
        parts.bases = bases;
        parts.namespace = names;
        parts.keywords.extend(args.keywords);
        if let Some(Value::Dict(annotations)) = annotations {
            for (key, value) in annotations.borrow().iter() {
                let Value::Str(name) = &key.0 else { continue };
                match parts.annotations.iter_mut().find(|it| it.name == *name) {
                    // It stands there as it was written.
                    Some(_) if matches!(value, Value::Forward(_)) => {}
                    Some(known) => known.value = Some(value.clone()),
                    None => parts
                        .given_annotations
                        .push((Rc::clone(name), value.clone())),
                }
            }
        }
        self.finish_class(parts)
    }

    fn free_parts(&self, name: &Name, bases: Vec<Value>, place: Option<Place>) -> Parts {
        let scope = match self.frames.last() {
            Some(frame) => super::scope::globals(&frame.scope),
            None => ScopeData::new(
                ScopeKind::Module,
                None,
                Rc::from("builtins"),
                crate::python::value::FileId(u32::MAX),
            ),
        };
        Parts {
            name: Rc::clone(name),
            qualname: Rc::clone(name),
            module: Rc::clone(&scope.module),
            bases,
            keywords: Namespace::default(),
            namespace: Namespace::default(),
            annotations: Vec::new(),
            given_annotations: Vec::new(),
            type_params: Vec::new(),
            definition: None,
            scope,
            place,
        }
    }

    /// Makes a class out of values, as `type(name, bases, namespace)` does.
    pub(crate) fn new_class(
        &mut self,
        name: &str,
        bases: Vec<Value>,
        namespace: Namespace,
        annotations: Vec<(Name, Value)>,
        keywords: Namespace,
        place: Option<Place>,
    ) -> Result<Value, Raised> {
        let mut parts = self.free_parts(&Rc::from(name), bases, place);
        if let Some(Value::Str(module)) = namespace.get("__module__") {
            parts.module = Rc::clone(module);
        }
        parts.namespace = namespace;
        parts.namespace.shift_remove("__module__");
        parts.given_annotations = annotations;
        parts.keywords = keywords;
        self.make_class(parts)
    }

    /// Makes the class and tells everybody who wants to know.
    fn finish_class(&mut self, parts: Parts) -> Result<Value, Raised> {
        let docstring = match parts.namespace.get("__doc__") {
            Some(Value::Str(text)) => Some(Rc::clone(text)),
            _ => parts
                .definition
                .as_ref()
                .and_then(|def| def.docstring.clone()),
        };
        let scope = Rc::clone(&parts.scope);
        let mut init_keywords = parts.keywords.clone();
        init_keywords.shift_remove("metaclass");
        let class = Rc::new(Class {
            name: RefCell::new(parts.name),
            qualname: parts.qualname,
            module: parts.module,
            place: parts.place,
            bases: parts.bases,
            keywords: parts.keywords,
            namespace: RefCell::new(parts.namespace),
            annotations: RefCell::new(parts.annotations),
            given_annotations: RefCell::new(parts.given_annotations),
            docstring: RefCell::new(docstring),
            type_params: parts.type_params,
            definition: parts.definition,
            scope: Rc::clone(&scope),
            marks: RefCell::default(),
            mro: RefCell::default(),
            is_enum: Cell::new(false),
        });
        if scope.kind == ScopeKind::Class {
            *scope.class.borrow_mut() = Some(Rc::clone(&class));
        }
        let value = Value::Class(Rc::clone(&class));
        for base in &class.bases {
            let origin = match base {
                Value::Generic(generic) => &generic.origin,
                other => other,
            };
            if let Value::Class(base) = origin {
                self.subclasses
                    .entry(Rc::as_ptr(base))
                    .or_default()
                    .push(Rc::clone(&class));
            }
        }
        self.set_names(&class)?;
        if scope.unit.origin == Origin::Installed
            && class.bases.iter().any(|base| self.is_unread(base))
        {
            self.unsettled.insert(Rc::as_ptr(&class), class);
            return Ok(value);
        }
        library::class_created(self, &class)?;
        pydantic::class_created(self, &class)?;
        let (is_opaque, init) = own_hook(self.member_after(&class, &class, "__init_subclass__"));
        if is_opaque {
            self.mark_opaque(&value);
        }
        if let Some(init) = init {
            let method = bound(&init, &value);
            let mut args = Args::new(Vec::new(), class.place);
            args.keywords = init_keywords;
            self.call(&method, args)?;
        }
        Ok(value)
    }

    /// Whether a base is of an installed package and not read yet.
    fn is_unread(&self, base: &Value) -> bool {
        match base {
            Value::Symbol(symbol) => {
                let top = symbol.0.split('.').next().unwrap_or_default();
                library::module(top).is_none() && !self.forced.contains_key(&symbol.0)
            }
            Value::Generic(generic) => self.is_unread(&generic.origin),
            Value::Class(class) => self.unsettled.contains_key(&Rc::as_ptr(class)),
            Value::Made(_) => true,
            _ => false,
        }
    }

    /// Makes up for what was left undone when a class was made whose bases were not read.
    pub(super) fn settle(&mut self, class: &Rc<Class>) {
        if self.unsettled.remove(&Rc::as_ptr(class)).is_none() {
            return;
        }
        // What fails here fails in the library, which is taken to work.
        let _ = self.guarded(&[], |interp| {
            library::class_created(interp, class)?;
            pydantic::class_created(interp, class)
        });
        if own_hook(self.member_after(class, class, "__init_subclass__")).0 {
            self.mark_opaque(&Value::Class(Rc::clone(class)));
        }
    }

    /// What a library does to a class when it is made is not followed: it may have set anything.
    fn mark_opaque(&mut self, class: &Value) {
        if let Value::Class(class) = class {
            self.opaque.insert(Rc::as_ptr(class));
        }
    }

    /// `__set_name__` of what stands in the body.
    fn set_names(&mut self, class: &Rc<Class>) -> Result<(), Raised> {
        let members: Vec<(Name, Value)> = class
            .namespace
            .borrow()
            .iter()
            .filter(|(_, value)| matches!(value, Value::Object(_)))
            .map(|(name, value)| (Rc::clone(name), value.clone()))
            .collect();
        for (name, member) in members {
            if let Value::Object(object) = &member
                && let Some(method) = self.special(object, "__set_name__")
            {
                let args = vec![Value::Class(Rc::clone(class)), Value::Str(name)];
                self.call(&method, Args::new(args, class.place))?;
            }
        }
        Ok(())
    }

    /// The metaclass, where it is a class of the service.
    pub(super) fn metaclass_of(
        &mut self,
        keywords: &Namespace,
        bases: &[Value],
    ) -> Option<Rc<Class>> {
        match keywords.get("metaclass") {
            Some(Value::Class(class)) => return Some(Rc::clone(class)),
            Some(_) => return None,
            None => {}
        }
        bases.iter().find_map(|base| match base {
            Value::Class(class) => self.metaclass(class),
            Value::Generic(generic) => match &generic.origin {
                Value::Class(class) => self.metaclass(class),
                _ => None,
            },
            _ => None,
        })
    }

    pub(super) fn metaclass(&mut self, class: &Rc<Class>) -> Option<Rc<Class>> {
        let mro = self.mro(class);
        mro.iter().find_map(|entry| match entry {
            Value::Class(class) => match class.keywords.get("metaclass") {
                Some(Value::Class(metaclass)) => Some(Rc::clone(metaclass)),
                _ => None,
            },
            _ => None,
        })
    }

    /// Makes an instance: `Class(...)`.
    pub(super) fn instantiate(&mut self, class: &Rc<Class>, args: Args) -> Result<Value, Raised> {
        if let Some(metaclass) = self.metaclass(class)
            && let (false, Some(call)) = own_hook(self.class_member(&metaclass, "__call__"))
        {
            let method = bound(&call, &Value::Class(Rc::clone(class)));
            return self.call(&method, args);
        }
        self.instantiate_plainly(class, args)
    }

    /// `type.__call__(class, ...)`.
    pub(super) fn instantiate_plainly(
        &mut self,
        class: &Rc<Class>,
        args: Args,
    ) -> Result<Value, Raised> {
        if class.is_enum.get() || self.is_subclass(&Value::Class(Rc::clone(class)), "enum.Enum") {
            return self.enum_lookup(class, args);
        }
        if self.is_metaclass(class) {
            // `Meta("Name", bases, namespace)`
            let mut args = args;
            args.positional.insert(0, Value::Class(Rc::clone(class)));
            return self.type_new(args);
        }
        let made = match self.class_member(class, "__new__") {
            Some(new) => {
                let function = match &new {
                    Value::Descriptor(descriptor) => descriptor.function.clone(),
                    other => other.clone(),
                };
                let mut args = args.clone();
                args.positional.insert(0, Value::Class(Rc::clone(class)));
                self.call(&function, args)?
            }
            None => instance_new(self, class, &args)?,
        };
        if let Value::Object(object) = &made
            && self.is_subclass_of(&object.class, class)
        {
            let object = Rc::clone(object);
            let own = Rc::clone(&object.class);
            self.init_after(&own, None, &object, args)?;
        }
        Ok(made)
    }

    fn is_metaclass(&mut self, class: &Rc<Class>) -> bool {
        let mro = self.mro(class);
        mro.iter()
            .any(|entry| entry.is_symbol("builtins.type") || entry.is_symbol("abc.ABCMeta"))
    }

    /// `Color("red")`: the member of that value.
    fn enum_lookup(&mut self, class: &Rc<Class>, args: Args) -> Result<Value, Raised> {
        let members = library::enum_members(class);
        if members.is_empty() && args.positional.len() >= 2 {
            let value = Value::Class(Rc::clone(class));
            return library::make_enum(self, &value, args);
        }
        let Some(wanted) = args.positional.first() else {
            return Ok(Value::unknown("a member of an enumeration", args.place));
        };
        if wanted.is_unknown() {
            return Ok(wanted.clone());
        }
        for member in &members {
            if member.same(wanted) {
                return Ok(member.clone());
            }
            if let Value::Object(object) = member {
                let payload = object.payload.borrow().clone();
                let held = object.attributes.borrow().get("_value_").cloned();
                for value in [held, payload].into_iter().flatten() {
                    if library::equal(self, &value, wanted)? == Some(true) {
                        return Ok(member.clone());
                    }
                }
            }
        }
        if let Some(missing) = self.class_member(class, "_missing_") {
            let method = bound(&missing, &Value::Class(Rc::clone(class)));
            let member = self.call(&method, Args::new(vec![wanted.clone()], args.place))?;
            if !matches!(member, Value::None) {
                return Ok(member);
            }
        }
        let text = self.text(wanted, true).unwrap_or_default();
        let message = format!("{text} is not a valid {}", class.qualname);
        Err(library::raise("builtins.ValueError", &message, args.place))
    }

    /// Calls the `__init__` that comes after `after` in the method resolution order of `class`.
    pub(super) fn init_after(
        &mut self,
        class: &Rc<Class>,
        after: Option<&Rc<Class>>,
        object: &Rc<crate::python::value::Object>,
        args: Args,
    ) -> Result<(), Raised> {
        let mro = self.mro(class);
        let start = match after {
            Some(after) => mro
                .iter()
                .position(|it| matches!(it, Value::Class(it) if Rc::ptr_eq(it, after)))
                .map_or(0, |at| at + 1),
            None => 0,
        };
        for entry in mro.iter().skip(start) {
            match entry {
                Value::Class(class) => {
                    let init = class.namespace.borrow().get("__init__").cloned();
                    if let Some(init) = init {
                        let method = bound(&init, &Value::Object(Rc::clone(object)));
                        self.call(&method, args)?;
                        return Ok(());
                    }
                }
                Value::Symbol(symbol) => {
                    if is_model_symbol(symbol) {
                        return pydantic::construct(self, class, object, args);
                    }
                    if let Some(result) = library::init(self, symbol, object, args.clone()) {
                        return result;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}
