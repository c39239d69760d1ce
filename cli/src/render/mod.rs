//! From values to text for people.

pub(crate) mod diagnostic;
pub(crate) mod explanation;
pub(crate) mod record;
pub(crate) mod resolution;
pub(crate) mod style;
pub(crate) mod table;
