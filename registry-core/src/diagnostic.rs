use std::{fmt, str::FromStr, sync::Arc};

use serde::Serialize;

/// A place in a source text. Lines and columns count from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Location {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// A stretch of a source text, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// Where it starts.
    pub start: Location,
    /// Where it ends: the first character behind it.
    pub end: Location,
}

/// How bad a [`Diagnostic`] is. An error refuses the record, a warning or note does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The record is refused.
    Error,
    /// The record is accepted and will likely not do what its author means.
    Warning,
    /// The record is accepted; something is worth knowing.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// The source line of a diagnostic, fit to be shown: every value that could be a secret is
/// replaced by [`REDACTED`](crate::REDACTED), and the columns are those of the shown text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// The line's text without its line break.
    pub text: String,
    /// The characters to underline, from 0, end exclusive. Empty where the place is not shown.
    pub underline: std::ops::Range<usize>,
}

/// One finding about a source text: what, where, and what to do.
///
/// Data only; rendering is the caller's. [`fmt::Display`] gives the short form
/// `file:line:column: severity[code]: message`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Which rule it comes from; stable.
    pub code: Code,
    /// Whether it refuses the record.
    pub severity: Severity,
    /// What is the matter: lower case, no full stop, input in backticks, never a secret.
    pub message: String,
    /// JSON Pointer (RFC 6901) of the value within the source; `/N` first where the source
    /// holds several documents. Empty for the source as a whole.
    pub path: String,
    /// The source's name, usually a file path.
    pub source: Arc<str>,
    /// Where in the source, when it is text.
    pub span: Option<Span>,
    /// What to do about it.
    pub help: Option<String>,
    /// The line to show, when there is one.
    pub excerpt: Option<Excerpt>,
}

impl Diagnostic {
    /// The last finding of a source that has more than are listed.
    pub(crate) fn unlisted(source: &Arc<str>, count: usize) -> Self {
        Self {
            code: Code::TooManyFindings,
            severity: Code::TooManyFindings.severity(),
            message: format!("{count} more findings are not listed"),
            path: String::new(),
            source: Arc::clone(source),
            span: None,
            help: Some("correct these first".to_owned()),
            excerpt: None,
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        if let Some(span) = self.span {
            write!(f, ":{}:{}", span.start.line, span.start.column)?;
        }
        write!(f, ": {}[{}]: {}", self.severity, self.code, self.message)?;
        if let Some(help) = &self.help {
            write!(f, " ({help})")?;
        }
        Ok(())
    }
}

/// The most findings that are listed of one source; a last one says how many there are beyond.
pub const MAX_FINDINGS: usize = 1_000;

/// All findings about one or more sources, in source order.
pub type Diagnostics = Vec<Diagnostic>;

/// A text that is no [`Code`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no diagnostic code")]
#[non_exhaustive]
pub struct ParseCodeError {
    /// What was given.
    pub text: String,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal, $severity:ident;)+) => {
        /// The stable codes of all diagnostics.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        impl Code {
            /// Every code, in the order of the documentation's table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as it is printed, e.g. `unknown-key`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// How bad a finding of this code is.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }

            /// What the code means, in a sentence or two.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+),)+ }
            }
        }

        impl FromStr for Code {
            type Err = ParseCodeError;

            fn from_str(text: &str) -> Result<Self, ParseCodeError> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(ParseCodeError { text: text.to_owned() }),
                }
            }
        }
    };
}

codes! {
    /// The source is larger than the bound.
    SourceTooLarge = "source-too-large", Error;
    /// The source is not UTF-8 text.
    NotUtf8 = "not-utf8", Error;
    /// The source is not well-formed YAML or JSON.
    Syntax = "syntax", Error;
    /// The source nests deeper than the bound.
    TooDeep = "too-deep", Error;
    /// The source holds more values than the bound, counting what its aliases repeat.
    TooManyNodes = "too-many-values", Error;
    /// The source holds no record.
    Empty = "empty", Error;
    /// A mapping has the same key twice.
    DuplicateKey = "duplicate-key", Error;
    /// A mapping has a key that its form does not know.
    UnknownKey = "unknown-key", Error;
    /// A required key is not there.
    MissingKey = "missing-key", Error;
    /// A value has another type than its key wants.
    WrongType = "wrong-type", Error;
    /// A name has a character it cannot have, or too many of them.
    InvalidName = "invalid-name", Error;
    /// A text is longer than allowed or has a control character.
    InvalidText = "invalid-text", Error;
    /// A value is not one of those that its key takes.
    InvalidChoice = "invalid-choice", Error;
    /// A URL cannot be parsed or has no host.
    InvalidUrl = "invalid-url", Error;
    /// A URL carries a user name or password, which would not be kept secret there.
    CredentialsInUrl = "credentials-in-url", Error;
    /// An endpoint that needs a URL has none.
    MissingUrl = "missing-url", Error;
    /// A version is not one of its scheme.
    InvalidVersion = "invalid-version", Error;
    /// A time is not an RFC 3339 timestamp or a date.
    InvalidTime = "invalid-time", Error;
    /// Two records, or two parts of one record, have the same name.
    DuplicateName = "duplicate-name", Error;
    /// A service or endpoint names a profile that its instance does not define.
    UnknownProfile = "unknown-profile", Error;
    /// A `ref+` value does not follow the grammar of secret references.
    InvalidReference = "invalid-reference", Error;
    /// Two keys are given that exclude each other.
    ConflictingKeys = "conflicting-keys", Error;
    /// An `extensions.` expression in a workflow cannot be resolved.
    UnknownExpression = "unknown-expression", Error;
    /// An environment variable's name is not a POSIX name, or is one that may not be set.
    InvalidVariable = "invalid-variable", Error;
    /// A part of another format has no place in a record, or would have to be run, and is left out.
    NotImported = "not-imported", Warning;
    /// A scope has an empty allow-list, so that nobody is admitted.
    NobodyAdmitted = "nobody-admitted", Warning;
    /// A version is not one of the scheme that the catalogue names for its product, nor of any other with an order.
    OpaqueVersion = "opaque-version", Warning;
    /// A name of another format is no name here and was changed.
    AdaptedName = "adapted-name", Note;
    /// There are more findings than are listed.
    TooManyFindings = "too-many-findings", Note;
    /// The catalogue does not know the product.
    UnknownProduct = "unknown-product", Note;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
