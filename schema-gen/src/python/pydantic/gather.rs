//! How often a schema refers to each definition (`_Definitions.finalize_schema`): what is referred to
//! once stands in its place.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::schema::{Field, Kind, Node, Ref, Schema, Serialization};

/// Counts references. A class has a schema of its own, in which what it refers to once was put in
/// place before anything else refers to the class.
pub(super) struct Counter<'d> {
    definitions: &'d HashMap<Ref, Node>,
    /// What stands in its place in each class; `None` while that is being found out.
    placed: HashMap<Ref, Option<Rc<HashSet<Ref>>>>,
}

impl<'d> Counter<'d> {
    pub(super) fn new(definitions: &'d HashMap<Ref, Node>) -> Self {
        Self {
            definitions,
            placed: HashMap::new(),
        }
    }

    /// The number of references to each definition that a schema leads to, itself included.
    pub(super) fn references(&mut self, root: &Node) -> HashMap<Ref, usize> {
        let mut found: HashMap<Ref, usize> = HashMap::new();
        found.extend(
            root.reference
                .iter()
                .map(|reference| (Rc::clone(reference), 1)),
        );
        let mut open: Vec<(Node, Option<Rc<HashSet<Ref>>>)> = vec![(Rc::clone(root), None)];
        while let Some((schema, placed)) = open.pop() {
            if let Kind::Ref(reference) = &schema.kind {
                let definition = self.definitions.get(reference);
                if placed
                    .as_ref()
                    .is_some_and(|placed| placed.contains(reference))
                {
                    open.extend(
                        definition.map(|definition| (Rc::clone(definition), placed.clone())),
                    );
                } else {
                    let count = found.entry(Rc::clone(reference)).or_insert(0);
                    *count += 1;
                    if let (1, Some(definition)) = (*count, definition) {
                        let placed = self.placed_in(reference, definition);
                        open.push((Rc::clone(definition), placed));
                    }
                }
            }
            open.extend(
                children(&schema)
                    .into_iter()
                    .map(|child| (child, placed.clone())),
            );
        }
        found
    }

    fn placed_in(&mut self, reference: &Ref, definition: &Node) -> Option<Rc<HashSet<Ref>>> {
        if !matches!(definition.kind, Kind::Model { .. } | Kind::Dataclass { .. }) {
            return None;
        }
        if let Some(known) = self.placed.get(reference) {
            return known.clone();
        }
        self.placed.insert(Rc::clone(reference), None);
        let once = self
            .references(definition)
            .into_iter()
            .filter(|(_, count)| *count == 1)
            .map(|(reference, _)| reference);
        let once: HashSet<Ref> = once.filter(|other| other != reference).collect();
        let once = Some(Rc::new(once));
        self.placed.insert(Rc::clone(reference), once.clone());
        once
    }
}

fn children(schema: &Schema) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    let fields = |fields: &[(Rc<str>, Field)]| {
        fields
            .iter()
            .map(|(_, field)| Rc::clone(&field.schema))
            .collect::<Vec<_>>()
    };
    match &schema.kind {
        Kind::Sequence(_, inner, _) | Kind::Nullable(inner) | Kind::CustomError(inner) => {
            nodes.push(Rc::clone(inner))
        }
        Kind::Deferred { schema: inner, .. } | Kind::Default { schema: inner, .. } => {
            nodes.push(Rc::clone(inner))
        }
        Kind::Model { schema: inner, .. } | Kind::Dataclass { schema: inner, .. } => {
            nodes.push(Rc::clone(inner))
        }
        Kind::Tuple { items, .. } | Kind::Union(items) | Kind::Chain(items) => {
            nodes.extend(items.iter().map(Rc::clone))
        }
        Kind::Dict { keys, values, .. } => nodes.extend([Rc::clone(keys), Rc::clone(values)]),
        Kind::TaggedUnion { choices, .. } => {
            nodes.extend(choices.iter().map(|(_, choice)| Rc::clone(choice)))
        }
        Kind::Function {
            schema: inner,
            input,
            ..
        } => {
            nodes.push(Rc::clone(inner));
            nodes.extend(input.iter().map(Rc::clone));
        }
        Kind::Plain { input } => nodes.extend(input.iter().map(Rc::clone)),
        Kind::LaxOrStrict { lax, strict } => nodes.extend([Rc::clone(lax), Rc::clone(strict)]),
        Kind::JsonOrPython { json, python } => nodes.extend([Rc::clone(json), Rc::clone(python)]),
        Kind::ModelFields {
            fields: all,
            computed,
            extras,
        } => {
            nodes.extend(fields(all));
            nodes.extend(computed.iter().map(|field| Rc::clone(&field.returns)));
            nodes.extend(extras.iter().map(Rc::clone));
        }
        Kind::TypedDict {
            fields: all,
            computed,
            extras,
            ..
        } => {
            nodes.extend(fields(all));
            nodes.extend(computed.iter().map(|field| Rc::clone(&field.returns)));
            nodes.extend(extras.iter().map(Rc::clone));
        }
        Kind::DataclassArgs {
            fields: all,
            computed,
        } => {
            nodes.extend(fields(all));
            nodes.extend(computed.iter().map(|field| Rc::clone(&field.returns)));
        }
        Kind::NamedTuple(all) => nodes.extend(fields(all)),
        Kind::Arguments {
            parameters,
            var_args,
            var_kwargs,
        } => {
            nodes.extend(
                parameters
                    .iter()
                    .map(|parameter| Rc::clone(&parameter.schema)),
            );
            nodes.extend(var_args.iter().chain(var_kwargs).map(Rc::clone));
        }
        Kind::Json(inner) | Kind::Missing(inner) => nodes.extend(inner.iter().map(Rc::clone)),
        Kind::Any
        | Kind::None
        | Kind::Scalar(..)
        | Kind::Literal(_)
        | Kind::Enum { .. }
        | Kind::IsInstance(_)
        | Kind::IsSubclass
        | Kind::Callable
        | Kind::Ellipsis
        | Kind::Ref(_)
        | Kind::Unknown(_)
        | Kind::Invalid(_) => {}
    }
    if let Some(Serialization::Function {
        returns: Some(returns),
        ..
    }) = schema.serialization.as_deref()
    {
        nodes.push(Rc::clone(returns));
    }
    nodes
}
