//! From a workflow file to its steps.

use std::{fmt, sync::Arc};

use hitchpost_registry_core::{
    Code, Diagnostics, Document, Name, Node, NodeValue, ScalarKind,
    decode::{Context, Decode, Located, Scalar, ScalarError, Text},
};
use schemars::{Schema, json_schema};

use super::{OwnValue, Step, Workflow};
use crate::requirement::{RequirementForm, into_requirements};

/// A text that could be secret; `Debug` does not show it.
#[derive(Clone)]
pub(super) struct Unshown(pub(super) Arc<str>);

impl fmt::Debug for Unshown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unshown")
    }
}

impl Scalar for Unshown {
    const SHOWN: bool = false;

    fn read(text: &str) -> Result<Self, ScalarError> {
        if text.contains('\0') {
            let message =
                "the text has the character U+0000, which no variable can hold".to_owned();
            return Err((Code::InvalidText, message, Some("remove it".to_owned())));
        }
        Ok(Self(text.into()))
    }

    fn schema() -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

pub(super) fn workflow(document: &Arc<Document>) -> Result<Workflow, Diagnostics> {
    let mut context = Context::new(document);
    let mut workflow = Workflow {
        name: None,
        steps: Vec::new(),
    };
    let Some((root, others)) = document.roots.split_first() else {
        let help = Some("write `steps:` and a list of steps".to_owned());
        context.report_source(Code::Empty, "the source holds no workflow".to_owned(), help);
        return Err(context.finish());
    };
    if let Some(other) = others.first() {
        let help = Some("give each workflow a file of its own".to_owned());
        context.report(
            Code::WrongType,
            other,
            "expected one workflow, found a second document".to_owned(),
            help,
        );
    }
    if is_mapping(root, &mut context) {
        workflow.name = context
            .field::<Option<Located<Name>>>(root, "name")
            .flatten()
            .map(|name| name.value);
        for (index, step) in list(root, "steps", true, &mut context).iter().enumerate() {
            context.path_push("steps");
            context.path_push(index.to_string());
            workflow.steps.extend(read_step(
                document,
                index,
                step,
                &workflow.steps,
                &mut context,
            ));
            context.path_pop();
            context.path_pop();
        }
    }
    if context.error_count() == 0 {
        Ok(workflow)
    } else {
        Err(context.finish())
    }
}

/// The node of a step of a workflow that was read.
pub(super) fn step_at(document: &Document, index: usize) -> Option<&Node> {
    match &document.roots.first()?.get("steps")?.value {
        NodeValue::Sequence(steps) => steps.get(index),
        _ => None,
    }
}

fn read_step(
    document: &Arc<Document>,
    index: usize,
    node: &Node,
    earlier: &[Step],
    context: &mut Context<'_>,
) -> Option<Step> {
    if !is_mapping(node, context) {
        return None;
    }
    let name = context.field::<Located<Name>>(node, "name");
    if let Some(name) = name
        .as_ref()
        .filter(|name| earlier.iter().any(|step| step.name == name.value))
    {
        let message = format!("a second step is named `{}`", name.value);
        context.report_at(
            Code::DuplicateName,
            &name.place,
            message,
            Some("a step is asked for by its name".to_owned()),
        );
    }
    let mut forms = context
        .field::<Option<Vec<RequirementForm>>>(node, "extensions")
        .flatten()
        .unwrap_or_default();
    for (input, node) in list(node, "inputs", false, context).iter().enumerate() {
        context.path_push("inputs");
        context.path_push(input.to_string());
        forms.extend(
            context
                .field::<Option<RequirementForm>>(node, "extension")
                .flatten()
                .map(of_record),
        );
        context.path_pop();
        context.path_pop();
    }
    let requirements = into_requirements(forms, context);
    let (mut variables, mut values) = (Vec::new(), Vec::new());
    for (name, text) in read_env(node, context) {
        let variable = name.value.0.to_string();
        if variables.contains(&variable) {
            let message = format!("`{variable}` is set a second time");
            context.report_at(
                Code::DuplicateName,
                &name.place,
                message,
                Some("set it once".to_owned()),
            );
        }
        variables.push(variable);
        values.push(OwnValue {
            name: name.place,
            text: text.value,
            place: text.place,
        });
    }
    Some(Step {
        name: name?.value,
        requirements,
        variables,
        values,
        document: Arc::clone(document),
        index,
    })
}

/// A requirement of an input: its handle is the record's name too, where it states none and has
/// no alternatives.
fn of_record(mut form: RequirementForm) -> RequirementForm {
    if form.any_of.is_none() {
        form.extension = form.extension.or_else(|| form.name.clone());
    }
    form
}

type Entry = (Located<Text<253>>, Located<Unshown>);

/// The step's own variables: a list of `name` and `value`, or a mapping.
fn read_env(step: &Node, context: &mut Context<'_>) -> Vec<Entry> {
    let Some(node) = step.get("env").filter(|node| !node.is_null()) else {
        return Vec::new();
    };
    context.at("env", |context| match &node.value {
        NodeValue::Sequence(items) => {
            let read = |(index, item): (usize, &Node)| {
                context.at(index.to_string(), |context| {
                    if !is_mapping(item, context) {
                        return None;
                    }
                    let name = context.field(item, "name");
                    let value = context.field(item, "value");
                    Some((name?, value?))
                })
            };
            items.iter().enumerate().filter_map(read).collect()
        }
        NodeValue::Mapping(entries) => {
            let read = |(key, value): &(hitchpost_registry_core::Key, Node)| {
                context.at(key.text.to_string(), |context| {
                    let scalar = NodeValue::Scalar {
                        text: Arc::clone(&key.text),
                        kind: ScalarKind::String,
                    };
                    let name = Located::decode(
                        &Node {
                            span: key.span,
                            value: scalar,
                        },
                        context,
                    )?;
                    Some((name, Located::decode(value, context)?))
                })
            };
            entries.iter().filter_map(read).collect()
        }
        NodeValue::Scalar { .. } => {
            context.wrong_type(node, "a list of `name` and `value`, or a mapping");
            Vec::new()
        }
    })
}

fn is_mapping(node: &Node, context: &mut Context<'_>) -> bool {
    let is_mapping = matches!(node.value, NodeValue::Mapping(_));
    if !is_mapping {
        context.wrong_type(node, "a mapping");
    }
    is_mapping
}

/// The items of a list under a key.
fn list<'n>(
    node: &'n Node,
    key: &'static str,
    required: bool,
    context: &mut Context<'_>,
) -> &'n [Node] {
    match node.get(key).filter(|value| !value.is_null()) {
        Some(Node {
            value: NodeValue::Sequence(items),
            ..
        }) => return items,
        Some(other) => context.at(key, |context| context.wrong_type(other, "a list")),
        None if required => {
            let help = Some(format!("add `{key}: …`"));
            context.report(Code::MissingKey, node, format!("`{key}` is missing"), help);
        }
        None => {}
    }
    &[]
}
