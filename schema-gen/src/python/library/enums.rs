//! Enumerations (docs.python.org, `enum`): what the metaclass makes of a class body.

use std::rc::Rc;

use super::super::interp::{Args, Interp, Raised};
use super::super::syntax::Name;
use super::super::value::{Class, DescriptorKind, Dict, Key, Namespace, Object, Place, Value};
use super::compare::equal;
use super::exceptions::{derives, raise};
use super::plain;
use super::text::string_of;
use super::types::own_method;

/// The data type that an enumeration is mixed with: `str` of `(str, Enum)`, `int` of `IntEnum`.
fn data_type(class: &Class) -> Option<&'static str> {
    class.bases.iter().find_map(|base| match base {
        Value::Class(base) => data_type(base),
        Value::Symbol(symbol) => [
            "builtins.str",
            "builtins.int",
            "builtins.float",
            "builtins.bytes",
            "builtins.tuple",
        ]
        .into_iter()
        .find(|it| derives(&symbol.0, it)),
        _ => None,
    })
}

/// Whether members of the enumeration are texts, numbers …, too.
pub(crate) fn is_mixed(class: &Class) -> bool {
    data_type(class).is_some()
}

fn derives_from(class: &Class, symbol: &str) -> bool {
    class.bases.iter().any(|base| match base {
        Value::Class(base) => derives_from(base, symbol),
        Value::Symbol(base) => derives(&base.0, symbol),
        Value::Generic(generic) => {
            matches!(&generic.origin, Value::Class(base) if derives_from(base, symbol))
        }
        _ => false,
    })
}

/// The members of an enumeration, in order, without aliases.
pub(crate) fn enum_members(class: &Rc<Class>) -> Vec<Value> {
    let namespace = class.namespace.borrow();
    let Some(Value::List(names)) = namespace.get("_member_names_") else {
        return Vec::new();
    };
    let names = names.borrow();
    names
        .iter()
        .filter_map(|name| namespace.get(&*string_of(name)?).cloned())
        .collect()
}

/// `str(member)` or `repr(member)`, where the class does not define its own.
pub(super) fn enum_text(member: &Object, as_repr: bool, value: Option<String>) -> Option<String> {
    let attributes = member.attributes.borrow();
    let name = string_of(attributes.get("_name_")?)?;
    let class = member.class.name.borrow().clone();
    // `ReprEnum`: the text is that of the data type.
    let as_value = ["enum.IntEnum", "enum.StrEnum", "enum.IntFlag"]
        .iter()
        .any(|it| derives_from(&member.class, it));
    if as_repr {
        Some(format!("<{class}.{name}: {}>", value?))
    } else if as_value {
        value
    } else {
        Some(format!("{class}.{name}"))
    }
}

/// Makes members of what the body of a class defines, where it is an enumeration.
pub(super) fn class_created(interp: &mut Interp<'_>, class: &Rc<Class>) -> Result<(), Raised> {
    if !derives_from(class, "enum.Enum") {
        return Ok(());
    }
    class.is_enum.set(true);
    let body: Vec<(Name, Value)> = class
        .namespace
        .borrow()
        .iter()
        .map(|(name, value)| (Rc::clone(name), value.clone()))
        .collect();
    let ignored: Vec<Rc<str>> = match class.namespace.borrow().get("_ignore_") {
        Some(Value::Str(text)) => text
            .replace(',', " ")
            .split_whitespace()
            .map(Rc::from)
            .collect(),
        Some(Value::List(items)) => items.borrow().iter().filter_map(string_of).collect(),
        _ => Vec::new(),
    };
    let private = format!("_{}__", class.name.borrow());
    let mut made = Members {
        class,
        names: Vec::new(),
        map: Dict::default(),
        values: Vec::new(),
    };
    for (name, value) in body {
        let is_reserved =
            name.starts_with('_') && name.ends_with('_') || name.starts_with(&private);
        if is_reserved || ignored.contains(&name) {
            continue;
        }
        let value = match &value {
            Value::Function(_)
            | Value::Descriptor(_)
            | Value::Native(_)
            | Value::Method(_)
            | Value::Class(_) => {
                continue;
            }
            Value::Object(object) if own_method(interp, &object.class, "__get__").is_some() => {
                continue;
            }
            Value::Made(call) if call.callee.is_symbol("enum.nonmember") => {
                let inner = call.args.first().cloned().unwrap_or(Value::None);
                class.namespace.borrow_mut().insert(name, inner);
                continue;
            }
            // `enum.property`, `types.DynamicClassAttribute`.
            Value::Made(call) if call.callee.is_symbol("enum.property") => continue,
            Value::Made(call) if call.callee.is_symbol("enum.member") => {
                call.args.first().cloned().unwrap_or(Value::None)
            }
            _ => value,
        };
        made.add(interp, name, value)?;
    }
    let Members {
        names, map, values, ..
    } = made;
    let by_value: Dict = values
        .iter()
        .filter(|(value, _)| !matches!(value, Value::List(_) | Value::Dict(_) | Value::Unknown(_)))
        .map(|(value, member)| (Key(value.clone()), member.clone()))
        .collect();
    let mut namespace = class.namespace.borrow_mut();
    namespace.insert(
        Rc::from("_member_names_"),
        Value::list(names.into_iter().map(Value::Str).collect()),
    );
    namespace.insert(Rc::from("_member_map_"), Value::dict(map.clone()));
    namespace.insert(Rc::from("__members__"), Value::dict(map));
    namespace.insert(Rc::from("_value2member_map_"), Value::dict(by_value));
    Ok(())
}

struct Members<'a> {
    class: &'a Rc<Class>,
    names: Vec<Name>,
    map: Dict,
    values: Vec<(Value, Value)>,
}

impl Members<'_> {
    fn add(&mut self, interp: &mut Interp<'_>, name: Name, value: Value) -> Result<(), Raised> {
        let class = Rc::clone(self.class);
        let value = self.without_auto(interp, &name, value)?;
        let args = match &value {
            Value::Tuple(items) => items.to_vec(),
            other => vec![other.clone()],
        };
        let data = data_type(&class);
        let user = |interp: &mut Interp<'_>, name: &str| {
            own_method(interp, &class, name)
                .filter(|it| matches!(it, Value::Function(_) | Value::Descriptor(_)))
        };
        let object = match user(interp, "__new__") {
            Some(new) => {
                let function = match &new {
                    Value::Descriptor(it) => it.function.clone(),
                    other => other.clone(),
                };
                let mut given = vec![Value::Class(Rc::clone(&class))];
                given.extend(args.iter().cloned());
                match interp.call(&function, Args::new(given, class.place))? {
                    Value::Object(object) => object,
                    other => {
                        let why = format!("`__new__` of an enumeration gives {other:?}");
                        let object = interp.new_object(&class, class.place);
                        *object.payload.borrow_mut() = Some(Value::unknown(why, class.place));
                        object
                    }
                }
            }
            None => {
                let object = interp.new_object(&class, class.place);
                let held = match data {
                    Some("builtins.tuple") => value.clone(),
                    Some(data) => {
                        interp.call(&Value::symbol(data), Args::new(args.clone(), class.place))?
                    }
                    None => value.clone(),
                };
                *object.payload.borrow_mut() = Some(held);
                object
            }
        };
        let given = object.attributes.borrow().get("_value_").cloned();
        let value = match (given, data) {
            (Some(value), _) => value,
            (None, Some(_)) => object.payload.borrow().clone().unwrap_or(value),
            (None, None) => value,
        };
        if object.payload.borrow().is_none() {
            *object.payload.borrow_mut() = Some(value.clone());
        }
        {
            let mut attributes = object.attributes.borrow_mut();
            attributes.insert(Rc::from("_value_"), value.clone());
            attributes.insert(Rc::from("_name_"), Value::Str(Rc::clone(&name)));
        }
        for (attribute, of) in [("name", Value::Str(Rc::clone(&name))), ("value", value)] {
            // A user's property of that name wins.
            if own_method(interp, &class, attribute).is_none() {
                object
                    .attributes
                    .borrow_mut()
                    .insert(Rc::from(attribute), of);
            }
        }
        let member = Value::Object(Rc::clone(&object));
        if let Some(init) = user(interp, "__init__") {
            let mut given = vec![member.clone()];
            given.extend(args);
            interp.call(&init, Args::new(given, class.place))?;
        }
        let value = object
            .attributes
            .borrow()
            .get("_value_")
            .cloned()
            .unwrap_or(Value::None);
        if data.is_none() {
            *object.payload.borrow_mut() = Some(value.clone());
        }
        let mut member = member;
        let mut is_alias = false;
        for (known, first) in &self.values {
            if equal(interp, known, &value)? == Some(true) {
                member = first.clone();
                is_alias = true;
                break;
            }
        }
        class
            .namespace
            .borrow_mut()
            .insert(Rc::clone(&name), member.clone());
        self.map
            .insert(Key(Value::Str(Rc::clone(&name))), member.clone());
        if !is_alias {
            // A composite of a Flag is no member of its own.
            let composite = derives_from(&class, "enum.Flag")
                && matches!(plain(&value), Value::Int(bits) if bits.count_ones() != 1);
            if !composite {
                self.names.push(name);
            }
            self.values.push((value, member));
        }
        Ok(())
    }

    /// `auto()` is replaced by what `_generate_next_value_` gives, within a tuple, too.
    fn without_auto(
        &self,
        interp: &mut Interp<'_>,
        name: &Name,
        value: Value,
    ) -> Result<Value, Raised> {
        let is_auto = |value: &Value| {
            value.is_symbol("enum.auto")
                || matches!(value, Value::Made(made) if made.callee.is_symbol("enum.auto"))
        };
        if let Value::Tuple(items) = &value {
            if !items.iter().any(is_auto) {
                return Ok(value);
            }
            let mut out = Vec::new();
            for item in items.iter() {
                out.push(if is_auto(item) {
                    self.next_value(interp, name)?
                } else {
                    item.clone()
                });
            }
            return Ok(Value::Tuple(Rc::from(out)));
        }
        if is_auto(&value) {
            self.next_value(interp, name)
        } else {
            Ok(value)
        }
    }

    fn next_value(&self, interp: &mut Interp<'_>, name: &Name) -> Result<Value, Raised> {
        let last: Vec<Value> = self.values.iter().map(|(value, _)| value.clone()).collect();
        if let Some(generate) = own_method(interp, self.class, "_generate_next_value_") {
            let function = match &generate {
                Value::Descriptor(it) if it.kind == DescriptorKind::StaticMethod => {
                    it.function.clone()
                }
                other => other.clone(),
            };
            let given = vec![
                Value::Str(Rc::clone(name)),
                Value::Int(1),
                Value::Int(last.len() as i64),
                Value::list(last),
            ];
            return interp.call(&function, Args::new(given, self.class.place));
        }
        if derives_from(self.class, "enum.StrEnum") {
            return Ok(Value::str(&name.to_lowercase()));
        }
        let numbers = last.iter().filter_map(|it| match plain(it) {
            Value::Int(number) => Some(number),
            _ => None,
        });
        let top = numbers.max();
        Ok(Value::Int(
            match (top, derives_from(self.class, "enum.Flag")) {
                (None, _) => 1,
                (Some(top), true) => 1i64
                    .checked_shl(64 - top.max(0).leading_zeros())
                    .unwrap_or(0),
                (Some(top), false) => top.saturating_add(1),
            },
        ))
    }
}

/// `Enum("Name", …)`.
pub(super) fn functional(
    interp: &mut Interp<'_>,
    base: Value,
    mut args: Args,
) -> Result<Value, Raised> {
    let place: Option<Place> = args.place;
    let unknown = || Ok(Value::unknown("an enumeration of what is not known", place));
    let name = args.take(0, "value").as_ref().and_then(string_of);
    let (Some(name), Some(names)) = (name, args.take(1, "names")) else {
        return unknown();
    };
    let mut namespace = Namespace::default();
    let auto = Value::symbol("enum.auto");
    match plain(&names) {
        Value::Str(text) => {
            for name in text.replace(',', " ").split_whitespace() {
                namespace.insert(Rc::from(name), auto.clone());
            }
        }
        Value::Dict(items) => {
            for (name, value) in items.borrow().iter() {
                let Some(name) = string_of(&name.0) else {
                    return unknown();
                };
                namespace.insert(name, value.clone());
            }
        }
        other => {
            let Some(items) = interp.iterate(&other)? else {
                return unknown();
            };
            for item in items {
                if let Some(name) = string_of(&item) {
                    namespace.insert(name, auto.clone());
                    continue;
                }
                match interp.iterate(&item)?.as_deref() {
                    Some([name, value]) => {
                        let Some(name) = string_of(name) else {
                            return unknown();
                        };
                        namespace.insert(name, value.clone());
                    }
                    _ => return unknown(),
                }
            }
        }
    }
    let mut bases = Vec::new();
    bases.extend(
        args.keywords
            .shift_remove("type")
            .filter(|it| !matches!(it, Value::None)),
    );
    bases.push(base);
    if let Some(module) = args.keywords.shift_remove("module") {
        namespace.insert(Rc::from("__module__"), module);
    }
    interp.new_class(
        &name,
        bases,
        namespace,
        Vec::new(),
        Namespace::default(),
        place,
    )
}

/// `Color["RED"]`.
pub(super) fn by_name(class: &Rc<Class>, index: &Value) -> Result<Value, Raised> {
    let Some(name) = string_of(index) else {
        return Ok(Value::unknown(
            "a member by a name that is not known",
            class.place,
        ));
    };
    let found = match class.namespace.borrow().get("_member_map_") {
        Some(Value::Dict(map)) => map
            .borrow()
            .get(&Key(Value::Str(Rc::clone(&name))))
            .cloned(),
        _ => None,
    };
    found.ok_or_else(|| raise("builtins.KeyError", &name, class.place))
}
