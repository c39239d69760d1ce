//! `{{ extensions.… }}` expressions and their values.

use hitchpost_registry_core::{
    Code, Node, NodeValue, ScalarKind,
    decode::{Context, Place, closest, listed, shortened},
};
use indexmap::IndexMap;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use super::Step;
use crate::{
    binding::Binding,
    environment::{EnvValue, Secret},
    resolution::Resolution,
};

/// The namespace of the expressions that are expanded.
const NAMESPACE: &str = "extensions";

/// What follows a handle in an expression.
const FIELDS: &[&str] = &["url", "version", "product", "instance", "cfg.KEY"];

/// A step of a workflow with its expressions expanded. A text that a secret was expanded into is
/// shown as [`REDACTED`](hitchpost_registry_core::REDACTED) by `Debug` and `Serialize`.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpandedStep(Tree);

#[derive(Debug, Clone, PartialEq)]
enum Tree {
    Other(Json),
    Text(EnvValue),
    List(Vec<Tree>),
    Mapping(IndexMap<String, Tree>),
}

impl Default for ExpandedStep {
    fn default() -> Self {
        Self(Tree::Other(Json::Null))
    }
}

impl ExpandedStep {
    /// The step as JSON, every secret opened.
    ///
    /// # Errors
    /// The error of `open`.
    pub fn revealed<E>(
        &self,
        open: &mut dyn FnMut(&Secret) -> Result<SecretString, E>,
    ) -> Result<Json, E> {
        self.0.json(&mut |text| {
            text.reveal(open)
                .map(|text| text.expose_secret().to_owned())
        })
    }
}

/// The step; every text with a secret in it as [`REDACTED`](hitchpost_registry_core::REDACTED).
impl Serialize for ExpandedStep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Ok(json) = self
            .0
            .json(&mut |text| Ok::<_, std::convert::Infallible>(text.shown()));
        json.serialize(serializer)
    }
}

impl Tree {
    fn json<E>(&self, show: &mut dyn FnMut(&EnvValue) -> Result<String, E>) -> Result<Json, E> {
        Ok(match self {
            Self::Other(value) => value.clone(),
            Self::Text(text) => Json::String(show(text)?),
            Self::List(items) => Json::Array(
                items
                    .iter()
                    .map(|item| item.json(show))
                    .collect::<Result<_, _>>()?,
            ),
            Self::Mapping(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), value.json(show)?)));
                Json::Object(entries.collect::<Result<_, E>>()?)
            }
        })
    }
}

/// What the expressions of a step can name.
pub(super) struct Scope<'s> {
    pub(super) step: &'s Step,
    pub(super) resolution: &'s Resolution,
}

/// An expression without a value: what is the matter, and what to do.
struct Unknown {
    message: String,
    help: String,
}

impl Scope<'_> {
    /// A part of the step, expanded.
    pub(super) fn expand(&self, node: &Node, context: &mut Context<'_>) -> ExpandedStep {
        ExpandedStep(self.tree(node, context))
    }

    fn tree(&self, node: &Node, context: &mut Context<'_>) -> Tree {
        match &node.value {
            NodeValue::Scalar {
                text,
                kind: ScalarKind::String,
            } => {
                let place = context.place(node);
                self.fill(text, &place, context)
                    .map_or(Tree::Other(Json::Null), Tree::Text)
            }
            NodeValue::Scalar { text, kind } => Tree::Other(match kind {
                ScalarKind::Null => Json::Null,
                ScalarKind::Boolean => Json::Bool(text.eq_ignore_ascii_case("true")),
                // Numbers that JSON does not have, as hexadecimal ones, stay as they are written.
                _ => serde_json::from_str(text).unwrap_or_else(|_| Json::from(&**text)),
            }),
            NodeValue::Sequence(items) => {
                let items = items.iter().enumerate();
                Tree::List(
                    items
                        .map(|(index, item)| {
                            context.at(index.to_string(), |context| self.tree(item, context))
                        })
                        .collect(),
                )
            }
            NodeValue::Mapping(entries) => {
                let expand = |(key, value): &(hitchpost_registry_core::Key, Node)| {
                    if context.repeatable(key, value) {
                        context.show(key.span);
                    }
                    (
                        key.text.to_string(),
                        context.at(key.text.to_string(), |context| self.tree(value, context)),
                    )
                };
                Tree::Mapping(entries.iter().map(expand).collect())
            }
        }
    }

    /// A text with its expressions expanded; `None`, and reported, when any has no value.
    pub(super) fn fill(
        &self,
        text: &str,
        place: &Place,
        context: &mut Context<'_>,
    ) -> Option<EnvValue> {
        let origin = || format!("step/{}", self.step.name);
        let mut values = Vec::new();
        let mut failed = false;
        for piece in pieces(text) {
            let value = match piece {
                Piece::Text(text) => Ok(EnvValue::public(text.to_owned(), origin())),
                Piece::Expression(expression) => self.value(expression),
                Piece::Unclosed => Err(Unknown {
                    message: format!("an expression of `{NAMESPACE}.` is not closed"),
                    help: "add `}}`".to_owned(),
                }),
            };
            match value {
                Ok(value) => values.push(value),
                Err(Unknown { message, help }) => {
                    failed = true;
                    context.report_at(Code::UnknownExpression, place, message, Some(help));
                }
            }
        }
        (!failed).then(|| EnvValue::joined(values, origin()))
    }

    /// The value of an expression, given without braces and blanks.
    fn value(&self, expression: &str) -> Result<EnvValue, Unknown> {
        let shown = shortened(expression);
        let unknown = |message: String, help: String| Unknown {
            message: format!("`{shown}` has no value: {message}"),
            help,
        };
        let handles = || {
            self.step
                .requirements
                .iter()
                .map(|requirement| requirement.name.as_str())
        };
        let rest = expression
            .strip_prefix(NAMESPACE)
            .and_then(|rest| rest.strip_prefix('.'))
            .unwrap_or_default();
        // Handles and keys may have dots in them: the longest handle that fits is meant.
        let fits = |handle: &&str| {
            rest.strip_prefix(handle)
                .is_some_and(|rest| rest.starts_with('.') || rest.is_empty())
        };
        let Some(handle) = handles().filter(fits).max_by_key(|handle| handle.len()) else {
            let handle = rest.split('.').next().unwrap_or_default();
            if handle.is_empty() {
                return Err(unknown(
                    "it names no requirement".to_owned(),
                    form("the step's requirements are", &listed(handles())),
                ));
            }
            let step = &self.step.name;
            let help = if self.step.requirements.is_empty() {
                format!("add it to the `extensions` of step `{step}`")
            } else {
                did_you_mean(handle, handles(), "the step's requirements are")
            };
            return Err(unknown(
                format!("step `{step}` requires no `{}`", shortened(handle)),
                help,
            ));
        };
        let field = rest.get(handle.len() + 1..).unwrap_or_default();
        let Some(binding) = self.resolution.binding(handle) else {
            let message = format!("`{handle}` is not bound");
            return Err(unknown(
                message,
                "an optional requirement that is not met has no values".to_owned(),
            ));
        };
        let missing = |what: &str| {
            let Binding {
                extension,
                instance,
                service,
                ..
            } = binding;
            format!("`{extension}/{instance}/{service}` has no {what}")
        };
        let public =
            |text: String| EnvValue::public(text, format!("instance/{}", binding.instance));
        match field {
            "url" => {
                let url = binding
                    .endpoint
                    .as_ref()
                    .and_then(|endpoint| endpoint.url.clone());
                let help =
                    || "require an endpoint that has one, or leave the expression out".to_owned();
                Ok(public(url.ok_or_else(|| unknown(missing("URL"), help()))?))
            }
            "version" => {
                let version = binding.version.as_ref().map(ToString::to_string);
                let help =
                    || "register the instance's version, or leave the expression out".to_owned();
                Ok(public(
                    version.ok_or_else(|| unknown(missing("version"), help()))?,
                ))
            }
            "product" => Ok(public(binding.product.to_string())),
            "instance" => Ok(public(binding.instance.to_string())),
            _ => {
                if matches!(field, "" | "cfg" | "cfg.") {
                    let what = if field.is_empty() {
                        "field"
                    } else {
                        "configuration key"
                    };
                    return Err(unknown(
                        format!("it names no {what}"),
                        form("the fields are", &listed(FIELDS)),
                    ));
                }
                let Some(key) = field.strip_prefix("cfg.") else {
                    let message = format!("`{}` is no field of a binding", shortened(field));
                    return Err(unknown(
                        message,
                        did_you_mean(field, FIELDS.iter().copied(), "the fields are"),
                    ));
                };
                let entry = binding.configuration.iter().find(|entry| entry.name == key);
                let entry = entry.ok_or_else(|| {
                    let keys = binding
                        .configuration
                        .iter()
                        .map(|entry| entry.name.as_str());
                    unknown(
                        missing(&format!("key `{}`", shortened(key))),
                        did_you_mean(key, keys, "its keys are"),
                    )
                })?;
                Ok(EnvValue::of(&entry.value, entry.origin.to_string()))
            }
        }
    }
}

/// How an expression is written, and the words that one lacks.
fn form(these_are: &str, words: &str) -> String {
    format!("write `{NAMESPACE}.HANDLE.FIELD`; {these_are} {words}")
}

/// The likely word, or all of them.
pub(super) fn did_you_mean<'w>(
    word: &str,
    words: impl Iterator<Item = &'w str> + Clone,
    these_are: &str,
) -> String {
    match closest(word, words.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if words.clone().next().is_none() => "there is none".to_owned(),
        None => format!("{these_are} {}", listed(words)),
    }
}

/// A stretch of a text.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'t> {
    /// Text that stays as it is, expressions of other namespaces included.
    Text(&'t str),
    /// An expression of ours, without braces and the blanks beside them.
    Expression(&'t str),
    /// The start of an expression of ours that does not end.
    Unclosed,
}

/// Cuts a text at the expressions of [`NAMESPACE`].
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    // `text` is known to have no expression of ours before `from`.
    let (mut start, mut from) = (0, 0);
    while let Some(open) = text
        .get(from..)
        .and_then(|rest| rest.find("{{"))
        .map(|at| from + at)
    {
        let inside = text.get(open + 2..).unwrap_or_default();
        let body = inside.trim_start();
        // Of three braces, the inner two open the expression.
        let is_ours = body.strip_prefix(NAMESPACE).is_some_and(|rest| {
            !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        });
        if !is_ours {
            from = open + 1;
            continue;
        }
        if start < open {
            pieces.push(Piece::Text(text.get(start..open).unwrap_or_default()));
        }
        let end = inside
            .find("}}")
            .filter(|end| inside.find("{{").is_none_or(|next| *end < next));
        let Some(end) = end else {
            pieces.push(Piece::Unclosed);
            start = open + 2;
            from = start;
            continue;
        };
        pieces.push(Piece::Expression(
            inside.get(..end).unwrap_or_default().trim(),
        ));
        start = open + 2 + end + 2;
        from = start;
    }
    if let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
        pieces.push(Piece::Text(rest));
    }
    pieces
}
