//! Typed forms from nodes: declared once by [`form!`](crate::form) and
//! [`choices!`](crate::choices), with all findings and a JSON Schema.

use std::{borrow::Cow, collections::HashSet, fmt, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    excerpt,
    node::{Document, Key, Node, NodeValue, ScalarKind},
};
use crate::{
    diagnostic::{Code, Diagnostic, Diagnostics, Location, MAX_FINDINGS, Severity, Span},
    name::{Name, NameError},
};

/// Where a value stands: its span and its JSON Pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where in the text.
    pub span: Span,
    /// JSON Pointer (RFC 6901) within the source.
    pub path: Arc<str>,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

/// The state of one decoding: the path to here, and all findings so far.
pub struct Context<'d> {
    document: &'d Document,
    path: Vec<Cow<'static, str>>,
    findings: Diagnostics,
    errors: usize,
    unlisted: usize,
    shown: HashSet<Location>,
    hidden: HashSet<Location>,
}

impl<'d> Context<'d> {
    /// Starts at the top of a document.
    #[must_use]
    pub fn new(document: &'d Document) -> Self {
        Self {
            document,
            path: Vec::new(),
            findings: Vec::new(),
            errors: 0,
            unlisted: document.unlisted,
            shown: HashSet::new(),
            hidden: HashSet::new(),
        }
    }

    /// Decodes a part under one more segment of the path.
    pub fn at<T>(
        &mut self,
        segment: impl Into<Cow<'static, str>>,
        decode: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.path_push(segment);
        let result = decode(self);
        self.path_pop();
        result
    }

    /// Adds a segment to the path.
    pub fn path_push(&mut self, segment: impl Into<Cow<'static, str>>) {
        self.path.push(segment.into());
    }

    /// Takes the last segment off the path.
    pub fn path_pop(&mut self) {
        self.path.pop();
    }

    /// The place of a node at the present path.
    #[must_use]
    pub fn place(&self, node: &Node) -> Place {
        let path = self.path.iter().fold(String::new(), |mut path, segment| {
            path.push('/');
            path.push_str(&segment.replace('~', "~0").replace('/', "~1"));
            path
        });
        Place {
            span: node.span,
            path: path.into(),
        }
    }

    /// Reports a finding at a node of the present path.
    pub fn report(&mut self, code: Code, node: &Node, message: String, help: Option<String>) {
        let place = self.place(node);
        self.report_at(code, &place, message, help);
    }

    /// Reports a finding at a place that was kept.
    pub fn report_at(&mut self, code: Code, place: &Place, message: String, help: Option<String>) {
        self.push(Diagnostic {
            code,
            severity: code.severity(),
            message,
            path: place.path.to_string(),
            source: Arc::clone(&self.document.source),
            span: Some(place.span),
            help,
            excerpt: None,
        });
    }

    /// Reports a finding about the source as a whole.
    pub fn report_source(&mut self, code: Code, message: String, help: Option<String>) {
        self.push(Diagnostic {
            code,
            severity: code.severity(),
            message,
            path: String::new(),
            source: Arc::clone(&self.document.source),
            span: None,
            help,
            excerpt: None,
        });
    }

    fn push(&mut self, finding: Diagnostic) {
        self.errors += usize::from(finding.severity == Severity::Error);
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.unlisted += 1;
        }
    }

    /// Marks a scalar or key that starts here as fit to be shown in excerpts.
    pub fn show(&mut self, span: Span) {
        self.shown.insert(span.start);
    }

    /// Marks a scalar or key that starts here as one that could be secret. This outweighs
    /// [`Context::show`], also where an alias repeats the value in a place that is shown.
    pub fn hide(&mut self, span: Span) {
        self.hidden.insert(span.start);
    }

    /// How many errors were reported so far.
    #[must_use]
    pub const fn error_count(&self) -> usize {
        self.errors
    }

    /// Whether something was reported about a part of what stands here.
    #[must_use]
    pub fn is_reported(&self, place: &Place) -> bool {
        let below = |path: &str| {
            path.strip_prefix(&*place.path)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        self.findings.iter().any(|finding| below(&finding.path))
    }

    /// Whether the text of a node was at fault already before it was decoded.
    pub(crate) fn is_faulty(&self, node: &Node) -> bool {
        let start = |finding: &Diagnostic| finding.span.map(|span| span.start);
        let first = self
            .document
            .findings
            .partition_point(|finding| start(finding) < Some(node.span.start));
        self.document
            .findings
            .get(first)
            .is_some_and(|finding| start(finding) < Some(node.span.end))
    }

    /// Ends the decoding: the findings in source order, each with its excerpt.
    #[must_use]
    pub fn finish(mut self) -> Diagnostics {
        let document = self.document;
        if !self.findings.is_empty() {
            let shown =
                excerpt::Shown::new(&document.lines, &document.roots, &self.shown, &self.hidden);
            for finding in &mut self.findings {
                finding.excerpt = finding.span.and_then(|span| shown.excerpt(span));
            }
        }
        self.findings.extend(document.findings.iter().cloned());
        self.findings
            .sort_by_key(|finding| finding.span.map(|span| span.start));
        self.unlisted += self.findings.len().saturating_sub(MAX_FINDINGS);
        if self.unlisted > 0 {
            self.findings.truncate(MAX_FINDINGS);
            self.findings
                .push(Diagnostic::unlisted(&document.source, self.unlisted));
        }
        self.findings
    }

    /// Checks that a node is a mapping, and that it has no other keys than these; `None`, and
    /// reported, when it is none.
    pub fn mapping(&mut self, node: &Node, keys: &[&str]) -> Option<()> {
        let NodeValue::Mapping(entries) = &node.value else {
            self.wrong_type(node, "a mapping");
            return None;
        };
        for (key, value) in entries {
            if keys.contains(&&*key.text) {
                self.show(key.span);
                continue;
            }
            if self.findings.len() >= MAX_FINDINGS {
                self.errors += 1;
                self.unlisted += 1;
                continue;
            }
            let place = Place {
                span: key.span,
                ..self.place(node)
            };
            let all = || format!("the keys here are {}", listed(keys.iter().copied()));
            if self.repeatable(key, value) {
                self.show(key.span);
                let help = closest(&key.text, keys.iter().copied())
                    .map_or_else(all, |near| format!("did you mean `{near}`?"));
                self.report_at(
                    Code::UnknownKey,
                    &place,
                    format!("unknown key `{}`", key.text),
                    Some(help),
                );
            } else {
                self.report_at(
                    Code::UnknownKey,
                    &place,
                    "unknown key".to_owned(),
                    Some(all()),
                );
            }
        }
        Some(())
    }

    /// Whether a key that no form knows may be repeated: it looks like a key and a colon follows.
    /// A part of a password, cut off by a comma in a flow mapping, arrives here as a key, too.
    #[must_use]
    pub fn repeatable(&self, key: &Key, value: &Node) -> bool {
        let colon_follows = || {
            let line = self
                .document
                .lines
                .get((key.span.end.line as usize).saturating_sub(1));
            line.filter(|line| line.len() < 1_000).is_some_and(|line| {
                let mut after = line
                    .chars()
                    .skip((key.span.end.column as usize).saturating_sub(1));
                after.find(|c| !c.is_whitespace()) == Some(':')
            })
        };
        excerpt::is_word(&key.text) && (!value.is_null() || colon_follows())
    }

    /// Decodes the value of a key, or reports that it is missing.
    pub fn field<T: Decode>(&mut self, node: &Node, key: &'static str) -> Option<T> {
        match node.get(key).filter(|value| !value.is_null()) {
            Some(value) => self.at(key, |context| T::decode(value, context)),
            None => T::absent().or_else(|| {
                let help = Some(format!("add `{key}: …`"));
                self.report(Code::MissingKey, node, format!("`{key}` is missing"), help);
                None
            }),
        }
    }

    /// Reports a value of the wrong type. The value itself is not repeated.
    pub fn wrong_type(&mut self, node: &Node, wanted: &str) {
        let message = format!("expected {wanted}, found {}", node.kind_name());
        self.report(Code::WrongType, node, message, None);
    }
}

/// A form that can be read from a [`Node`], reporting everything that is wrong with it.
///
/// What can be read is given also when something was reported, so that later checks find the rest
/// of what is wrong: an unknown key, a bad optional value and a bad item of a list are left out.
/// A value is sound only when [`Context::error_count`] did not rise.
pub trait Decode: Sized {
    /// Reads the value; `None` when something was reported that leaves none.
    fn decode(node: &Node, context: &mut Context<'_>) -> Option<Self>;

    /// The value of a key that is not there; `None` when it must be.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(node: &Node, context: &mut Context<'_>) -> Option<Self> {
        Some(T::decode(node, context))
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(node: &Node, context: &mut Context<'_>) -> Option<Self> {
        T::decode(node, context).map(Self::new)
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(node: &Node, context: &mut Context<'_>) -> Option<Self> {
        let NodeValue::Sequence(items) = &node.value else {
            context.wrong_type(node, "a list");
            return None;
        };
        let items = items.iter().enumerate();
        Some(
            items
                .filter_map(|(index, item)| {
                    context.at(index.to_string(), |context| T::decode(item, context))
                })
                .collect(),
        )
    }
}

/// One value or a list of them.
#[derive(Debug, Clone)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T: Decode> Decode for OneOrMany<T> {
    fn decode(node: &Node, context: &mut Context<'_>) -> Option<Self> {
        match node.value {
            NodeValue::Sequence(_) => Vec::decode(node, context).map(Self),
            _ => T::decode(node, context).map(|one| Self(vec![one])),
        }
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

/// What is wrong with a scalar: the code, the message, and what to do.
pub type ScalarError = (Code, String, Option<String>);

/// A value that is written as a scalar.
pub trait Scalar: Sized {
    /// Whether the text may stand in an excerpt. False for what could be secret.
    const SHOWN: bool = true;

    /// Whether this text may stand in an excerpt.
    #[must_use]
    fn is_shown(_text: &str) -> bool {
        Self::SHOWN
    }

    /// Reads the text; booleans arrive as `true` or `false`, numbers with their digits as written.
    ///
    /// # Errors
    /// When the text is none; the message never repeats a text that is not shown.
    fn read(text: &str) -> Result<Self, ScalarError>;

    /// The JSON Schema of the value.
    fn schema() -> Schema;
}

impl<T: Scalar> Decode for Located<T> {
    fn decode(node: &Node, context: &mut Context<'_>) -> Option<Self> {
        let Some(text) = scalar_text(node) else {
            context.wrong_type(node, "a text, a number or a boolean");
            return None;
        };
        if T::is_shown(&text) {
            context.show(node.span);
        } else {
            context.hide(node.span);
        }
        match T::read(&text) {
            Ok(value) => Some(Self {
                value,
                place: context.place(node),
            }),
            Err((code, message, help)) => {
                context.report(code, node, message, help);
                None
            }
        }
    }
}

impl<T: Scalar> JsonSchema for Located<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        T::schema()
    }
}

/// The one string form of a scalar: a boolean is `true` or `false`, a number keeps its digits.
fn scalar_text(node: &Node) -> Option<Arc<str>> {
    match &node.value {
        NodeValue::Scalar { text, kind } => Some(match kind {
            ScalarKind::Null => return None,
            ScalarKind::Boolean => text.to_ascii_lowercase().into(),
            ScalarKind::Number | ScalarKind::String => Arc::clone(text),
        }),
        _ => None,
    }
}

/// A text without control characters (but tabs and line breaks), at most `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<const MAX: usize>(pub Arc<str>);

impl<const MAX: usize> Scalar for Text<MAX> {
    fn read(text: &str) -> Result<Self, ScalarError> {
        let length = text.chars().count();
        if length > MAX {
            let message = format!("the text has {length} characters, more than {MAX}");
            return Err((Code::InvalidText, message, Some("shorten it".to_owned())));
        }
        if let Some(found) = text
            .chars()
            .find(|c| c.is_control() && !"\n\r\t".contains(*c))
        {
            let message = format!("the text has the control character {found:?}");
            return Err((Code::InvalidText, message, Some("remove it".to_owned())));
        }
        Ok(Self(text.into()))
    }

    fn schema() -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"], "maxLength": MAX })
    }
}

impl Scalar for Name {
    fn read(text: &str) -> Result<Self, ScalarError> {
        Self::new(text).map_err(|error: NameError| {
            let message = format!("`{}` is no name: {error}", shortened(text));
            (Code::InvalidName, message, None)
        })
    }

    fn schema() -> Schema {
        json_schema!({
            "type": ["string", "number", "boolean"],
            "pattern": "^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$",
            "minimum": 0,
        })
    }
}

/// A boolean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag(pub bool);

impl Scalar for Flag {
    fn read(text: &str) -> Result<Self, ScalarError> {
        match text {
            "true" => Ok(Self(true)),
            "false" => Ok(Self(false)),
            _ => Err((
                Code::WrongType,
                format!("expected `true` or `false`, found `{}`", shortened(text)),
                None,
            )),
        }
    }

    fn schema() -> Schema {
        json_schema!({ "enum": [true, false, "true", "false"] })
    }
}

/// Declares an enum whose values are written as fixed words.
#[macro_export]
macro_rules! choices {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        $vis enum $name { $($(#[$doc])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word as it is written in records.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $crate::decode::Scalar for $name {
            fn read(text: &str) -> Result<Self, $crate::decode::ScalarError> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::decode::not_a_choice(text, &[$($text,)+])),
                }
            }

            fn schema() -> ::schemars::Schema {
                ::schemars::json_schema!({ "enum": [$($text,)+] })
            }
        }
    };
}

/// The error of a word that is not among the choices.
#[must_use]
pub fn not_a_choice(text: &str, words: &[&str]) -> ScalarError {
    let help = match closest(text, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of {}", listed(words.iter().copied())),
    };
    (
        Code::InvalidChoice,
        format!("`{}` is not a choice here", shortened(text)),
        Some(help),
    )
}

/// Declares a mapping with fixed keys: a struct that knows its place, its decoder and its schema.
///
/// `Option` fields may be absent; a key that is no Rust name is given with `as`.
#[macro_export]
macro_rules! form {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field:ident $(as $key:literal)? : $type:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, ::schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        $vis struct $name {
            /// Where the mapping stands.
            #[allow(dead_code, reason = "not every form has a rule of its own to report on")]
            #[schemars(skip)]
            pub place: $crate::decode::Place,
            $($(#[$field_meta])* $(#[schemars(rename = $key)])? pub $field: $type,)*
        }

        impl $crate::decode::Decode for $name {
            fn decode(node: &$crate::Node, context: &mut $crate::decode::Context<'_>) -> Option<Self> {
                const KEYS: &[&str] = &[$($crate::form!(@key $field $($key)?),)*];
                context.mapping(node, KEYS)?;
                $(let $field = context.field::<$type>(node, $crate::form!(@key $field $($key)?));)*
                Some(Self { place: context.place(node), $($field: $field?,)* })
            }
        }
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
}

/// The candidate nearest to a word, when one is near enough to be meant.
pub fn closest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = shortened(word).to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::jaro_winkler(&word, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Words in backticks, with commas.
pub fn listed<T: fmt::Display>(words: impl IntoIterator<Item = T>) -> String {
    words
        .into_iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// At most 80 characters of user input, for messages.
#[must_use]
pub fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()).into(),
        None => text.into(),
    }
}
