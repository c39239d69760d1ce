use hitchpost_registry_core::{
    Code, Constraint, Diagnostics, Document, Name, Node, NodeValue, ScalarKind,
    decode::{Context, Decode, Flag, Located, Scalar, Text},
    form,
};
use schemars::{Schema, generate::SchemaSettings};

use super::{Alternative, EnvSource, Requirement, Selector};
use crate::environment::is_settable;

form! {
    /// A requirement of a step.
    pub(crate) struct RequirementForm {
        /// The handle, unique in the step. Only an alternative may go without.
        name: Option<Located<Name>>,
        /// The record's name.
        extension: Option<Located<Name>>,
        /// The product.
        product: Option<Located<Name>>,
        /// The instance's name.
        instance: Option<Located<Name>>,
        /// A service of the record; a service type when no record or instance is given.
        service: Option<Located<Name>>,
        /// The service type.
        service_type: Option<Located<Name>>,
        /// The service's name.
        service_name: Option<Located<Name>>,
        /// The service's category.
        category: Option<Located<Name>>,
        /// A version constraint.
        version: Option<Located<Text<500>>>,
        /// Labels of the record.
        labels: Option<TextMap>,
        /// The endpoint's name or type.
        endpoint: Option<Located<Name>>,
        /// The profile's name.
        profile: Option<Located<Name>>,
        /// The zone in which the instance runs.
        zone: Option<Located<Name>>,
        /// Whether the step can do without it.
        optional: Option<Located<Flag>>,
        /// Alternatives in order; what one does not state is taken from here.
        any_of: Option<Vec<RequirementForm>>,
        /// The handle of a requirement whose instance must provide this one too.
        same_instance_as: Option<Located<Name>>,
        /// Variables to set: `url`, `version`, `product`, `instance` or a configuration key.
        env: Option<TextMap>,
        /// A prefix under which every variable is set too.
        prefix: Option<Located<Text<100>>>,
    }
}

/// A mapping of names to short texts.
#[derive(Debug, Clone, Default)]
pub(crate) struct TextMap(pub(crate) Vec<(Located<Text<253>>, Located<Text<1_000>>)>);

impl Decode for TextMap {
    fn decode(node: &Node, context: &mut Context<'_>) -> Option<Self> {
        let NodeValue::Mapping(entries) = &node.value else {
            context.wrong_type(node, "a mapping");
            return None;
        };
        let mut pairs = Vec::new();
        for (key, value) in entries {
            let pair = context.at(key.text.to_string(), |context| {
                let key_node = Node {
                    span: key.span,
                    value: NodeValue::Scalar {
                        text: key.text.clone(),
                        kind: ScalarKind::String,
                    },
                };
                let name = Located::decode(&key_node, context)?;
                Some((name, Located::decode(value, context)?))
            });
            pairs.push(pair?);
        }
        Some(Self(pairs))
    }
}

impl schemars::JsonSchema for TextMap {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TextMap".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] } })
    }
}

/// The JSON Schema (2020-12) of a list of requirements.
#[must_use]
pub fn requirement_schema() -> Schema {
    SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<Vec<RequirementForm>>()
}

/// Reads requirements from YAML or JSON: a list of them, or one.
///
/// A malformed version constraint and an empty selector are not findings here: they fail the
/// requirement when it is resolved, so that all failures of a step come in one answer.
///
/// # Errors
/// All findings, when there is an error among them.
///
/// ```
/// let text = b"[{name: storage, service: s3, version: '>=4'}]";
/// let requirements = hitchpost_resolver::parse_requirements("needs.yaml", text)?;
/// assert_eq!(requirements[0].name, "storage");
/// # Ok::<(), Vec<hitchpost_registry_core::Diagnostic>>(())
/// ```
pub fn parse_requirements(source: &str, bytes: &[u8]) -> Result<Vec<Requirement>, Diagnostics> {
    let document = Document::parse(source, bytes)?;
    let mut context = Context::new(&document);
    let mut requirements = Vec::new();
    for root in &document.roots {
        let forms = if matches!(root.value, NodeValue::Sequence(_)) {
            Vec::<RequirementForm>::decode(root, &mut context)
        } else {
            RequirementForm::decode(root, &mut context).map(|form| vec![form])
        };
        requirements.extend(into_requirements(forms.unwrap_or_default(), &mut context));
    }
    if document.roots.is_empty() {
        let help = "write a list such as `[{name: storage, service: s3}]`".to_owned();
        context.report_source(
            Code::Empty,
            "the source holds no requirement".to_owned(),
            Some(help),
        );
    }
    let errors = context.error_count();
    let findings = context.finish();
    if errors == 0 {
        Ok(requirements)
    } else {
        Err(findings)
    }
}

/// Requirements from their forms; handles given twice and variables that cannot be set are
/// reported.
pub(crate) fn into_requirements(
    forms: Vec<RequirementForm>,
    context: &mut Context<'_>,
) -> Vec<Requirement> {
    let mut requirements: Vec<Requirement> = Vec::with_capacity(forms.len());
    for mut form in forms {
        let Some(name) = form.name.take() else {
            let help = Some("add `name: …`, the handle by which the step calls it".to_owned());
            context.report_at(
                Code::MissingKey,
                &form.place,
                "`name` is missing".to_owned(),
                help,
            );
            continue;
        };
        if requirements
            .iter()
            .any(|earlier| earlier.name == name.value)
        {
            let message = format!("a second requirement is named `{}`", name.value);
            let help = Some("a handle is unique in its step".to_owned());
            context.report_at(Code::DuplicateName, &name.place, message, help);
        }
        requirements.push(Requirement {
            name: name.value,
            optional: form.optional.take().is_some_and(|flag| flag.value.0),
            same_instance_as: value(form.same_instance_as.take()),
            alternatives: alternatives(form, &Alternative::default(), context),
        });
    }
    requirements
}

/// The alternatives of a form, each over what the forms around it state.
fn alternatives(
    form: RequirementForm,
    outer: &Alternative,
    context: &mut Context<'_>,
) -> Vec<Alternative> {
    let misplaced = [
        ("optional", form.optional.as_ref().map(|flag| &flag.place)),
        (
            "same_instance_as",
            form.same_instance_as.as_ref().map(|name| &name.place),
        ),
    ];
    for (key, place) in misplaced {
        if let Some(place) = place {
            let message =
                format!("`{key}` belongs to the requirement, not to an alternative of it");
            context.report_at(
                Code::UnknownKey,
                place,
                message,
                Some("move it up".to_owned()),
            );
        }
    }
    let stated = Alternative {
        selector: Selector {
            extension: value(form.extension),
            product: value(form.product),
            instance: value(form.instance),
            service: value(form.service),
            service_type: value(form.service_type),
            service_name: value(form.service_name),
            category: value(form.category),
            version: form.version.map(|text| Constraint::parse(&text.value.0)),
            labels: labels(form.labels, context),
            zone: value(form.zone),
            endpoint: value(form.endpoint),
            profile: value(form.profile),
        },
        env: variables(form.env, context),
        prefix: prefix(form.prefix, context),
    }
    .over(outer);
    match form.any_of {
        Some(forms) if !forms.is_empty() => forms
            .into_iter()
            .flat_map(|form| alternatives(form, &stated, context))
            .collect(),
        _ => vec![stated],
    }
}

fn value(name: Option<Located<Name>>) -> Option<Name> {
    name.map(|name| name.value)
}

fn labels(
    labels: Option<TextMap>,
    context: &mut Context<'_>,
) -> std::collections::BTreeMap<Name, String> {
    let mut read = std::collections::BTreeMap::new();
    for (name, value) in labels.unwrap_or_default().0 {
        match Name::read(&name.value.0) {
            Ok(label) => {
                read.insert(label, value.value.0.to_string());
            }
            Err((code, message, help)) => context.report_at(code, &name.place, message, help),
        }
    }
    read
}

fn variables(env: Option<TextMap>, context: &mut Context<'_>) -> Vec<(String, EnvSource)> {
    let mut variables = Vec::new();
    for (name, source) in env.unwrap_or_default().0 {
        match is_settable(&name.value.0) {
            Ok(()) => variables.push((
                name.value.0.to_string(),
                EnvSource::from_word(&source.value.0),
            )),
            Err(reason) => {
                context.report_at(
                    Code::InvalidVariable,
                    &name.place,
                    reason.to_string(),
                    Some(reason.help().to_owned()),
                );
            }
        }
    }
    variables
}

fn prefix(prefix: Option<Located<Text<100>>>, context: &mut Context<'_>) -> Option<String> {
    let prefix = prefix?;
    // What is a name of a variable itself can begin one.
    match is_settable(&prefix.value.0) {
        Ok(()) => Some(prefix.value.0.to_string()),
        Err(reason) => {
            context.report_at(
                Code::InvalidVariable,
                &prefix.place,
                reason.to_string(),
                Some(reason.help().to_owned()),
            );
            None
        }
    }
}
