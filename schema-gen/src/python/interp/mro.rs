//! The method resolution order, and what follows from it.

use std::rc::Rc;

use super::Interp;
use crate::python::library;
use crate::python::value::{Class, Symbol, Value};

impl Interp<'_> {
    /// The method resolution order: [`Value::Class`], [`Value::Symbol`] and [`Value::Unknown`].
    pub(crate) fn mro(&mut self, class: &Rc<Class>) -> Rc<[Value]> {
        if let Some(mro) = &*class.mro.borrow() {
            return Rc::clone(mro);
        }
        let mut lists: Vec<Vec<Value>> = Vec::with_capacity(class.bases.len() + 1);
        let mut bases = Vec::with_capacity(class.bases.len());
        for base in &class.bases {
            let list = self.linear(base);
            if let Some(first) = list.first() {
                bases.push(first.clone());
            }
            lists.push(list);
        }
        lists.push(bases);
        let mut order = vec![Value::Class(Rc::clone(class))];
        order.extend(merge(lists));
        let order: Rc<[Value]> = Rc::from(order);
        // A base that was forced meanwhile may have asked for this one.
        let order = Rc::clone(class.mro.borrow_mut().get_or_insert(order));
        self.ordered.push(Rc::downgrade(class));
        if !self.unsettled.is_empty() {
            self.settle(class);
        }
        order
    }

    /// The order of a base.
    fn linear(&mut self, base: &Value) -> Vec<Value> {
        match base {
            Value::Class(class) => self.mro(class).to_vec(),
            Value::Generic(generic) => {
                let origin = generic.origin.clone();
                self.linear(&origin)
            }
            Value::Symbol(symbol) => match self.force(base) {
                Value::Symbol(_) => self.linear_symbol(&symbol.clone()),
                forced => self.linear(&forced),
            },
            Value::Made(made) => match self.realize(made) {
                Some(known) if !matches!(known, Value::Made(_)) => self.linear(&known),
                _ => vec![Value::unknown(
                    format!("a base that is not known: {base:?}"),
                    made.place,
                )],
            },
            Value::Unknown(_) => vec![base.clone()],
            Value::Alias(alias) if alias.is_new_type => match self.alias_target(alias) {
                Some(target) => self.linear(&target),
                None => Vec::new(),
            },
            _ => vec![Value::unknown(
                format!("a base that is not a class: {base:?}"),
                None,
            )],
        }
    }

    fn linear_symbol(&mut self, symbol: &Symbol) -> Vec<Value> {
        let mut order = vec![Value::Symbol(symbol.clone())];
        let mut index = 0;
        // The bases of a symbol form a chain in nearly every case.
        while let Some(Value::Symbol(current)) = order.get(index).cloned() {
            for base in library::exception_bases(&current.0) {
                if !order.iter().any(|it| it.is_symbol(base)) {
                    order.push(Value::symbol(base));
                }
            }
            index += 1;
        }
        order
    }

    /// Whether a class (or symbol, or generic of one) has a symbol or class among its bases or is it.
    pub(crate) fn is_subclass(&mut self, class: &Value, symbol: &str) -> bool {
        match class {
            Value::Class(class) => self.mro(class).iter().any(|entry| entry.is_symbol(symbol)),
            Value::Symbol(it) => {
                if it.is(symbol)
                    || self
                        .linear_symbol(&it.clone())
                        .iter()
                        .any(|entry| entry.is_symbol(symbol))
                {
                    return true;
                }
                match self.force(class) {
                    Value::Symbol(_) => false,
                    forced => self.is_subclass(&forced, symbol),
                }
            }
            Value::Generic(generic) => {
                let origin = generic.origin.clone();
                self.is_subclass(&origin, symbol)
            }
            _ => false,
        }
    }

    /// Whether a class is another or has it among its bases.
    pub(crate) fn is_subclass_of(&mut self, class: &Rc<Class>, other: &Rc<Class>) -> bool {
        Rc::ptr_eq(class, other)
            || self
                .mro(class)
                .iter()
                .any(|entry| matches!(entry, Value::Class(it) if Rc::ptr_eq(it, other)))
    }

    /// The classes that name this one among their bases, in the order of their definition.
    pub(crate) fn subclasses(&self, class: &Rc<Class>) -> Vec<Rc<Class>> {
        self.subclasses
            .get(&Rc::as_ptr(class))
            .cloned()
            .unwrap_or_default()
    }

    /// Whether a class has bases of which nothing is known.
    pub(super) fn is_opaque(&mut self, class: &Rc<Class>) -> bool {
        let mro = self.mro(class);
        let opaque = &self.opaque;
        mro.iter().any(|entry| match entry {
            Value::Symbol(symbol) => !is_transparent(symbol),
            Value::Class(class) => opaque.contains(&Rc::as_ptr(class)),
            _ => true,
        })
    }

    /// A member as it stands in the bodies of a class and its bases, classes of the service only.
    pub(super) fn class_member(&mut self, class: &Rc<Class>, name: &str) -> Option<Value> {
        if !self.unsettled.is_empty() && self.unsettled.contains_key(&Rc::as_ptr(class)) {
            self.mro(class);
        }
        if let Some(member) = class.namespace.borrow().get(name) {
            return Some(member.clone());
        }
        self.member_after(class, class, name)
    }

    /// The member that comes after a class in the order of another.
    pub(super) fn member_after(
        &mut self,
        class: &Rc<Class>,
        after: &Rc<Class>,
        name: &str,
    ) -> Option<Value> {
        let mro = self.mro(class);
        let start = mro
            .iter()
            .position(|it| matches!(it, Value::Class(it) if Rc::ptr_eq(it, after)))?;
        mro.iter().skip(start + 1).find_map(|entry| match entry {
            Value::Class(class) => class.namespace.borrow().get(name).cloned(),
            _ => None,
        })
    }
}

/// The classes whose attributes pydantic's model gives.
pub(super) fn is_model_symbol(symbol: &Symbol) -> bool {
    matches!(
        &*symbol.0,
        "pydantic.BaseModel"
            | "pydantic.RootModel"
            | "pydantic_settings.BaseSettings"
            | "sqlmodel.SQLModel"
    )
}

/// Bases whose attributes are all modelled: what they do not have is surely not there.
fn is_transparent(symbol: &Symbol) -> bool {
    let (module, _) = symbol.0.rsplit_once('.').unwrap_or(("", ""));
    matches!(
        module,
        "builtins" | "abc" | "typing" | "enum" | "dataclasses" | "collections.abc" | "types"
    )
}

/// The C3 merge; where there is no consistent order, the remaining classes in the order of the bases.
fn merge(mut lists: Vec<Vec<Value>>) -> Vec<Value> {
    let mut order: Vec<Value> = Vec::new();
    loop {
        lists.retain(|list| !list.is_empty());
        let Some(any) = lists.first().and_then(|list| list.first()).cloned() else {
            return order;
        };
        let candidate = lists
            .iter()
            .filter_map(|list| list.first())
            .find(|head| {
                !lists
                    .iter()
                    .any(|list| list.iter().skip(1).any(|other| other.same(head)))
            })
            .cloned()
            .unwrap_or(any);
        for list in &mut lists {
            list.retain(|other| !other.same(&candidate));
        }
        order.push(candidate);
    }
}
