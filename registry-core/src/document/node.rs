use std::{fmt, sync::Arc};

use crate::diagnostic::{Diagnostics, Location, Span};

/// A parsed source: its documents (YAML `---`), each a tree of [`Node`]s.
///
/// `Debug` shows no value, as any could be secret.
#[derive(Clone)]
pub struct Document {
    /// The source's name, usually a file path.
    pub source: Arc<str>,
    /// The lines of the source, for excerpts.
    pub(crate) lines: Vec<String>,
    /// The root of each document that is not empty.
    pub roots: Vec<Node>,
    /// What is wrong with the text though a tree could be made, in source order.
    pub(crate) findings: Diagnostics,
    /// How many more there are than are listed.
    pub(crate) unlisted: usize,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("source", &self.source)
            .field("roots", &self.roots)
            .finish_non_exhaustive()
    }
}

/// A value and where it stands.
///
/// `Debug` shows no value, as any could be secret.
#[derive(Clone)]
pub struct Node {
    /// Where the value stands.
    pub span: Span,
    /// The value.
    pub value: NodeValue,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Location { line, column } = self.span.start;
        write!(f, "Node({} at {line}:{column})", self.kind_name())
    }
}

/// What a [`Node`] holds.
#[derive(Clone)]
pub enum NodeValue {
    /// A scalar, as written (quotes and escapes undone).
    Scalar {
        /// The text: digits as written for a number.
        text: Arc<str>,
        /// What the YAML 1.2 core schema says it is.
        kind: ScalarKind,
    },
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in source order; keys are unique.
    Mapping(Vec<(Key, Node)>),
}

/// A key of a mapping and where it stands.
#[derive(Clone)]
pub struct Key {
    /// Where the key stands.
    pub span: Span,
    /// The key.
    pub text: Arc<str>,
}

/// The type of a scalar by the YAML 1.2 core schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarKind {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`, also capitalised.
    Boolean,
    /// An integer or a floating-point number.
    Number,
    /// Everything else, and everything quoted.
    String,
}

impl Node {
    /// The value of a key, when this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            NodeValue::Mapping(entries) => entries
                .iter()
                .find(|(k, _)| &*k.text == key)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// The text, when this is a scalar that is not null.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Scalar { text, kind } if *kind != ScalarKind::Null => Some(text),
            _ => None,
        }
    }

    /// Whether this is null or an empty value.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(
            self.value,
            NodeValue::Scalar {
                kind: ScalarKind::Null,
                ..
            }
        )
    }

    /// What kind of value this is, in the words of a message.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match &self.value {
            NodeValue::Scalar {
                kind: ScalarKind::Null,
                ..
            } => "nothing",
            NodeValue::Scalar {
                kind: ScalarKind::Boolean,
                ..
            } => "a boolean",
            NodeValue::Scalar {
                kind: ScalarKind::Number,
                ..
            } => "a number",
            NodeValue::Scalar {
                kind: ScalarKind::String,
                ..
            } => "a text",
            NodeValue::Sequence(_) => "a list",
            NodeValue::Mapping(_) => "a mapping",
        }
    }
}
