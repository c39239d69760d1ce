//! The language of `filterQuery`: `= != <> < <= > >= LIKE ILIKE IN`, `AND`, `OR`, parentheses.
//!
//! A name is a field of the resource or a custom property. One with other characters than
//! letters, digits, `_` and points stands between backticks. `.string_value`, `.double_value`,
//! `.int_value` and `.bool_value` say which kind of value a custom property has to have; without
//! them the value that is compared with says it, and a number is compared with integers and
//! doubles. Values are texts between `'` or `"`, integers, numbers, `true` and `false`.
//!
//! In a pattern `%` stands for any text, `_` for any character, and a backslash takes the meaning
//! from the character that follows. `ILIKE` makes no difference between `a` and `A`, up to `z`.

mod lexer;
mod parser;
mod sql;
mod tree;

pub use parser::{MAX_COMPARISONS, MAX_DEPTH, MAX_LENGTH, MAX_VALUES};
pub(crate) use sql::{Compared, Field, Target, compare, compare_property, holds};
pub use tree::{Filter, Operator, Property, PropertyKind, Value};

/// Why a text is no filter, or a filter not one of the resources.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// The text does not follow the grammar.
    #[error("error parsing filter query: {message} at character {at}")]
    Syntax {
        /// What was met, and what could stand there.
        message: String,
        /// Where, counted from 1.
        at: usize,
    },
    /// It is beyond a bound.
    #[error("invalid filter query: it has more than {bound}")]
    TooLarge {
        /// The bound.
        bound: &'static str,
    },
    /// A property cannot be compared so.
    #[error("invalid filter query: `{property}` {reason}")]
    Mismatch {
        /// The property.
        property: String,
        /// What is wrong.
        reason: String,
    },
}
