//! How much is known of something, and from where.

use serde::{Deserialize, Serialize};

/// A place in the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Source {
    /// As the [`SourceTree`](crate::SourceTree) knows it.
    pub file: String,
    /// From 1.
    pub line: u32,
}

impl Source {
    /// A place.
    #[must_use]
    pub fn new(file: impl Into<String>, line: u32) -> Self {
        Self {
            file: file.into(),
            line,
        }
    }
}

/// How sure something is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "why")]
#[non_exhaustive]
pub enum Certainty {
    /// It follows from the source.
    #[default]
    Certain,
    /// It holds under a condition that is not known: which.
    Uncertain(String),
    /// It is not known: why. The value that stands beside it says nothing.
    Unknown(String),
}

/// Something that the source says, and where.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fact<T> {
    /// What is so; of no meaning where it is unknown.
    pub value: T,
    /// How sure that is.
    pub certainty: Certainty,
    /// Where it stands.
    pub source: Option<Source>,
}

impl<T> Fact<T> {
    /// A certain fact.
    #[must_use]
    pub fn certain(value: T, source: Option<Source>) -> Self {
        Self {
            value,
            certainty: Certainty::Certain,
            source,
        }
    }

    /// An unknown one: a value to stand in, and why.
    #[must_use]
    pub fn unknown(value: T, why: impl Into<String>, source: Option<Source>) -> Self {
        Self {
            value,
            certainty: Certainty::Unknown(why.into()),
            source,
        }
    }

    /// Why it is not known, where it is not.
    #[must_use]
    pub fn why_unknown(&self) -> Option<&str> {
        match &self.certainty {
            Certainty::Unknown(why) => Some(why),
            _ => None,
        }
    }
}

/// Something that could not be known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UnknownFact {
    /// What: `GET /items: parameter limit`.
    pub what: String,
    /// Why.
    pub why: String,
    /// Where.
    pub source: Option<Source>,
}
