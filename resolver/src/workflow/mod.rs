//! Workflow files in the manner of FuseML: which step needs what, and what it gets.

mod expand;
mod read;

pub use expand::ExpandedStep;

use std::sync::Arc;

use hitchpost_registry_core::{
    Code, Diagnostics, Document, Name, Node,
    decode::{Context, Place},
};
use indexmap::IndexMap;

use crate::{
    environment::{EnvValue, is_settable},
    requirement::Requirement,
    resolution::Resolution,
};

/// A workflow file: its steps, and what each of them needs.
///
/// Read are `name`, and of each of the `steps`
///
/// - `name`;
/// - `extensions`, a list of requirements;
/// - `extension` of its `inputs`, a requirement of the record of that name;
/// - `env`, as a list of `name` and `value` or as a mapping.
///
/// Everything else belongs to whoever runs the workflow and is left alone, but for the
/// `{{ extensions.… }}` expressions in it; see [`Step::expanded`].
///
/// ```
/// use hitchpost_resolver::Workflow;
///
/// let text = b"
/// name: training
/// steps:
///   - name: trainer
///     image: trainer:1
///     extensions:
///       - { name: tracker, service: mlflow-tracking, version: '>=2' }
///     env:
///       - { name: TRACKER, value: 'at {{ extensions.tracker.url }}' }
/// ";
/// let workflow = Workflow::parse("workflow.yaml", text)?;
/// let step = workflow.step("trainer").expect("it is there");
/// assert_eq!(step.requirements()[0].name, "tracker");
/// assert_eq!(step.variables(), ["TRACKER"]);
/// # Ok::<(), Vec<hitchpost_registry_core::Diagnostic>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Workflow {
    name: Option<Name>,
    steps: Vec<Step>,
}

/// A step of a [`Workflow`].
#[derive(Debug, Clone)]
pub struct Step {
    name: Name,
    requirements: Vec<Requirement>,
    /// The names of the variables that it sets itself, and the rest of each.
    variables: Vec<String>,
    values: Vec<OwnValue>,
    /// The file, and which of its steps this is.
    document: Arc<Document>,
    index: usize,
}

/// What a step sets a variable to, before its expressions are expanded.
#[derive(Debug, Clone)]
struct OwnValue {
    /// Where the variable's name stands.
    name: Place,
    text: read::Unshown,
    place: Place,
}

/// A workflow has no step of a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the workflow has no step `{name}`; {help}")]
#[non_exhaustive]
pub struct UnknownStep {
    /// The name that was asked for.
    pub name: String,
    /// What to ask for instead.
    pub help: String,
}

impl UnknownStep {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "unknown-step"
    }
}

impl Workflow {
    /// Reads a workflow from YAML or JSON.
    ///
    /// # Errors
    /// All findings, when there is an error among them.
    pub fn parse(source: &str, bytes: &[u8]) -> Result<Self, Diagnostics> {
        read::workflow(&Arc::new(Document::parse(source, bytes)?))
    }

    /// Its name, where it has one.
    #[must_use]
    pub const fn name(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    /// Its steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// A step by its name.
    ///
    /// # Errors
    /// When there is none; the help names those that there are, or the one that is likely meant.
    pub fn step(&self, name: &str) -> Result<&Step, UnknownStep> {
        self.steps
            .iter()
            .find(|step| step.name == *name)
            .ok_or_else(|| {
                let names = self.steps.iter().map(|step| step.name.as_str());
                UnknownStep {
                    name: name.to_owned(),
                    help: expand::did_you_mean(name, names, "its steps are"),
                }
            })
    }
}

impl Step {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// What it needs, in the order of the file.
    #[must_use]
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// The variables that it sets itself, on which its bindings may disagree: they are to be
    /// given to the resolution as [`overridden`](crate::ResolveOptions::overridden).
    #[must_use]
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// The variables that the step gets: those of its bindings, then its own `env`, which
    /// replaces them, with its expressions expanded.
    ///
    /// # Errors
    /// Findings about an expression that has no value (`unknown-expression`), and about a
    /// variable that may not be set (`invalid-variable`; see [`is_settable`]).
    pub fn environment(
        &self,
        resolution: &Resolution,
    ) -> Result<IndexMap<String, EnvValue>, Diagnostics> {
        let mut context = Context::new(&self.document);
        let mut environment: IndexMap<String, EnvValue> = resolution
            .environment()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        let scope = expand::Scope {
            step: self,
            resolution,
        };
        for (name, own) in self.variables.iter().zip(&self.values) {
            if let Err(reason) = is_settable(name) {
                context.report_at(
                    Code::InvalidVariable,
                    &own.name,
                    reason.to_string(),
                    Some(reason.help().to_owned()),
                );
            } else if let Some(value) = scope.fill(&own.text.0, &own.place, &mut context) {
                environment.insert(name.clone(), value);
            }
        }
        if context.error_count() == 0 {
            Ok(environment)
        } else {
            Err(context.finish())
        }
    }

    /// The whole step with its `{{ extensions.… }}` expressions expanded, for whoever runs it.
    ///
    /// They stand in any text of the step, also several in one, with or without blanks inside
    /// the braces; `<handle>` is that of a requirement of the step:
    ///
    /// | expression | value |
    /// |---|---|
    /// | `extensions.<handle>.url` | the endpoint's URL |
    /// | `extensions.<handle>.version` | the instance's version |
    /// | `extensions.<handle>.product` | the product |
    /// | `extensions.<handle>.instance` | the instance's name |
    /// | `extensions.<handle>.cfg.<KEY>` | a configuration value |
    ///
    /// Expressions of other namespaces, as `{{ inputs.model }}`, stay as they are.
    ///
    /// # Errors
    /// A finding about each expression that has no value (`unknown-expression`).
    pub fn expanded(&self, resolution: &Resolution) -> Result<ExpandedStep, Diagnostics> {
        let mut context = Context::new(&self.document);
        context.path_push("steps");
        context.path_push(self.index.to_string());
        let scope = expand::Scope {
            step: self,
            resolution,
        };
        let expanded = self
            .node()
            .map(|node| scope.expand(node, &mut context))
            .unwrap_or_default();
        if context.error_count() == 0 {
            Ok(expanded)
        } else {
            Err(context.finish())
        }
    }

    fn node(&self) -> Option<&Node> {
        read::step_at(&self.document, self.index)
    }
}
