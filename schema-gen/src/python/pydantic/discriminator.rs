//! Unions told apart by a field (`pydantic/_internal/_discriminated_union.py`).

use std::rc::Rc;

use crate::python::interp::Interp;
use crate::python::value::Value;

use super::read::{argument, made_of};
use super::schema::{Alias, Discriminator, Field, Kind, Node, Schema};

/// A tag of a choice cannot be told.
pub(super) type Failure = String;

/// Turns a union (or what wraps one) into a tagged union. The discriminator is the name of a field,
/// or a `Discriminator(…)`.
pub(super) fn apply(
    interp: &mut Interp,
    schema: Schema,
    discriminator: &Value,
) -> Result<Schema, Failure> {
    let name = match (discriminator, made_of(discriminator)) {
        (Value::Str(name), _) => Rc::clone(name),
        (_, Some(("pydantic.Discriminator", made))) => match argument(made, 0, "discriminator") {
            Some(Value::Str(name)) => Rc::clone(name),
            _ => return by_callable(interp, schema),
        },
        _ => return Err("the discriminator is not known".to_owned()),
    };
    let mut apply = Apply {
        interp,
        name,
        alias: None,
        nullable: false,
        is_nullable: false,
        choices: Vec::new(),
        depth: 0,
    };
    let schema = apply.root(schema)?;
    if apply.nullable && !apply.is_nullable {
        return Ok(Schema::new(Kind::Nullable(schema.node())));
    }
    Ok(schema)
}

/// `Discriminator(function)`: the tags are those of the choices.
pub(super) fn by_callable(interp: &mut Interp, schema: Schema) -> Result<Schema, Failure> {
    let schema = referenced_union(interp, schema);
    let (members, outer) = match schema.kind {
        Kind::Union(members) => (
            members,
            Some((schema.metadata, schema.serialization, schema.reference)),
        ),
        _ => (vec![schema.node()], None),
    };
    let mut choices: Vec<(Value, Node)> = Vec::new();
    for member in members {
        let mut tag = member.metadata.tag.clone();
        let mut choice = Rc::clone(&member);
        if let (None, Kind::Ref(reference)) = (&tag, &member.kind)
            && let Some(definition) = interp.pydantic.definitions.get(reference)
        {
            tag = definition.metadata.tag.clone();
            choice = Rc::clone(definition);
        }
        let Some(tag) = tag else {
            return Err("a choice of the union has no Tag".to_owned());
        };
        match choices.iter_mut().find(|(other, _)| other.same(&tag)) {
            Some(entry) => entry.1 = choice,
            None => choices.push((tag, choice)),
        }
    }
    let mut tagged = Schema::new(Kind::TaggedUnion {
        choices,
        discriminator: Discriminator::Callable,
    });
    if let Some((metadata, serialization, reference)) = outer {
        tagged.metadata = metadata;
        tagged.serialization = serialization;
        tagged.reference = reference;
    }
    Ok(tagged)
}

/// The union that a `type X = A | B` names.
fn referenced_union(interp: &mut Interp, schema: Schema) -> Schema {
    if let Kind::Ref(reference) = &schema.kind
        && let Some(definition) = interp.pydantic.definitions.get(reference)
        && matches!(definition.kind, Kind::Union(_))
    {
        let mut union = (**definition).clone();
        union.reference = None;
        return union;
    }
    schema
}

struct Apply<'a, 't> {
    interp: &'a mut Interp<'t>,
    name: Rc<str>,
    alias: Option<Rc<str>>,
    nullable: bool,
    is_nullable: bool,
    choices: Vec<(Value, Node)>,
    depth: usize,
}

impl Apply<'_, '_> {
    fn root(&mut self, schema: Schema) -> Result<Schema, Failure> {
        let mut schema = referenced_union(self.interp, schema);
        match schema.kind {
            Kind::Nullable(inner) => {
                self.is_nullable = true;
                let inner = self.root((*inner).clone())?;
                schema.kind = Kind::Nullable(inner.node());
                Ok(schema)
            }
            Kind::Missing(Some(inner)) => {
                let inner = self.root((*inner).clone())?;
                schema.kind = Kind::Missing(Some(inner.node()));
                Ok(schema)
            }
            kind => {
                let mut outer = Schema::new(Kind::Any);
                let members = match kind {
                    Kind::Union(members) => {
                        outer.metadata = schema.metadata;
                        outer.serialization = schema.serialization;
                        outer.reference = schema.reference;
                        members
                    }
                    kind => {
                        schema.kind = kind;
                        vec![schema.node()]
                    }
                };
                for member in &members {
                    self.choice(member)?;
                }
                let discriminator = match &self.alias {
                    Some(alias) if **alias != *self.name => {
                        Discriminator::Aliased(Rc::clone(&self.name), Rc::clone(alias))
                    }
                    _ => Discriminator::Name(Rc::clone(&self.name)),
                };
                outer.kind = Kind::TaggedUnion {
                    choices: std::mem::take(&mut self.choices),
                    discriminator,
                };
                Ok(outer)
            }
        }
    }

    fn choice(&mut self, choice: &Node) -> Result<(), Failure> {
        self.depth += 1;
        if self.depth > 1000 {
            return Err("the union is too deep".to_owned());
        }
        match &choice.kind {
            Kind::None => self.nullable = true,
            Kind::Nullable(inner) => {
                self.nullable = true;
                self.choice(inner)?;
            }
            Kind::Missing(inner) => {
                if let Some(inner) = inner {
                    self.choice(inner)?;
                }
            }
            Kind::Union(members) => {
                for member in members {
                    self.choice(member)?;
                }
            }
            Kind::TaggedUnion {
                choices,
                discriminator,
            } if self.shares(discriminator) => {
                for (_, inner) in choices {
                    self.choice(inner)?;
                }
            }
            _ => {
                for value in self.values(choice, 0)? {
                    if !self.choices.iter().any(|(other, _)| other.same(&value)) {
                        self.choices.push((value, Rc::clone(choice)));
                    }
                }
            }
        }
        Ok(())
    }

    fn shares(&self, discriminator: &Discriminator) -> bool {
        match discriminator {
            Discriminator::Name(name) => *name == self.name,
            Discriminator::Aliased(name, alias) => *name == self.name || *alias == self.name,
            Discriminator::Callable => false,
        }
    }

    /// The values of the discriminating field in a choice.
    fn values(&mut self, choice: &Node, depth: usize) -> Result<Vec<Value>, Failure> {
        if depth > 100 {
            return Err("the union is too deep".to_owned());
        }
        let depth = depth + 1;
        match &choice.kind {
            Kind::Function { schema, .. } | Kind::Default { schema, .. } => {
                self.values(schema, depth)
            }
            Kind::LaxOrStrict { lax, .. } => self.values(lax, depth),
            Kind::TaggedUnion { choices, .. } => {
                let mut all = Vec::new();
                for (_, inner) in choices {
                    all.extend(self.values(inner, depth)?);
                }
                Ok(all)
            }
            Kind::Union(members) => {
                let mut all = Vec::new();
                for member in members {
                    all.extend(self.values(member, depth)?);
                }
                Ok(all)
            }
            Kind::Nullable(inner) => {
                self.nullable = true;
                self.values(inner, depth)
            }
            Kind::Missing(Some(inner)) => self.values(inner, depth),
            Kind::Model { schema, .. } | Kind::Dataclass { schema, .. } => {
                self.values(schema, depth)
            }
            Kind::ModelFields { fields, .. }
            | Kind::DataclassArgs { fields, .. }
            | Kind::TypedDict { fields, .. } => {
                match fields.iter().find(|(name, _)| **name == *self.name) {
                    Some((_, field)) => self.field_values(field),
                    None => Err(format!("a choice of the union has no field {}", self.name)),
                }
            }
            Kind::Ref(reference) => {
                let Some(definition) = self.interp.pydantic.definitions.get(reference).cloned()
                else {
                    return Err(format!("{reference} is not defined yet"));
                };
                self.values(&definition, depth)
            }
            Kind::Unknown(unknown) => Err(unknown.why.clone()),
            _ => Err(format!(
                "{} is no choice of a discriminated union",
                choice.type_name()
            )),
        }
    }

    fn field_values(&mut self, field: &Field) -> Result<Vec<Value>, Failure> {
        let alias = match &field.validation_alias {
            None => Rc::clone(&self.name),
            Some(Alias::Name(alias)) => Rc::clone(alias),
            Some(Alias::Choices(_)) => {
                return Err("the alias of a discriminator is not a name".to_owned());
            }
        };
        match &self.alias {
            Some(known) if *known != alias => {
                return Err("aliases of a discriminator differ".to_owned());
            }
            _ => self.alias = Some(alias),
        }
        self.inner_values(&field.schema)
    }

    fn inner_values(&mut self, schema: &Node) -> Result<Vec<Value>, Failure> {
        match &schema.kind {
            Kind::Literal(values) => Ok(values.clone()),
            Kind::None => Ok(vec![Value::None]),
            Kind::Union(members) => {
                let mut all = Vec::new();
                for member in members {
                    all.extend(self.inner_values(member)?);
                }
                Ok(all)
            }
            Kind::Default { schema, .. } => self.inner_values(schema),
            Kind::Function {
                validator: super::schema::Validator::After,
                schema,
                ..
            } => self.inner_values(schema),
            Kind::Model {
                is_root: true,
                schema,
                ..
            } => self.inner_values(schema),
            Kind::Ref(reference) => {
                let Some(definition) = self.interp.pydantic.definitions.get(reference).cloned()
                else {
                    return Err(format!("{reference} is not defined yet"));
                };
                self.inner_values(&definition)
            }
            Kind::Unknown(unknown) => Err(unknown.why.clone()),
            _ => Err(format!("the field {} is not a Literal", self.name)),
        }
    }
}
