use std::fmt;

/// A condition on resources.
///
/// Printed, it is a text that parses to an equal condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of them hold; two at least.
    And(Vec<Filter>),
    /// One of them holds; two at least.
    Or(Vec<Filter>),
    /// A property compares with a value.
    Comparison {
        /// The property.
        property: Property,
        /// How it compares.
        operator: Operator,
        /// What it compares with.
        value: Value,
    },
}

/// What a comparison looks at: a field of the resource, or a custom property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Its name.
    pub name: String,
    /// The kind of value that it has to have, when that is said.
    pub kind: Option<PropertyKind>,
}

/// The kinds of values that a filter tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the word of its name")]
pub enum PropertyKind {
    String,
    Double,
    Int,
    Bool,
}

impl PropertyKind {
    pub(super) const ALL: [Self; 4] = [Self::String, Self::Double, Self::Int, Self::Bool];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::String => "string_value",
            Self::Double => "double_value",
            Self::Int => "int_value",
            Self::Bool => "bool_value",
        }
    }
}

/// How a comparison compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the operator of its name")]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    ILike,
    In,
}

impl Operator {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Like => "LIKE",
            Self::ILike => "ILIKE",
            Self::In => "IN",
        }
    }
}

/// What a comparison compares with.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// An integer.
    Integer(i64),
    /// A number with a point or an exponent.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// Values of which one is to be equal.
    List(Vec<Value>),
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, word) = match self {
            Self::And(parts) => (parts, " AND "),
            Self::Or(parts) => (parts, " OR "),
            Self::Comparison {
                property,
                operator,
                value,
            } => return write!(f, "{property} {} {value}", operator.as_str()),
        };
        for (position, part) in parts.iter().enumerate() {
            if position > 0 {
                f.write_str(word)?;
            }
            match part {
                Self::Comparison { .. } => write!(f, "{part}")?,
                _ => write!(f, "({part})")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = self.name.replace('\\', "\\\\").replace('`', "\\`");
        write!(f, "`{escaped}`")?;
        match self.kind {
            Some(kind) => write!(f, ".{}", kind.word()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => {
                let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
                write!(f, "\"{escaped}\"")
            }
            Self::Integer(integer) => write!(f, "{integer}"),
            // Always with an exponent, so that it does not look like an integer.
            Self::Number(number) => write!(f, "{number:e}"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::List(values) => {
                f.write_str("(")?;
                for (position, value) in values.iter().enumerate() {
                    if position > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{value}")?;
                }
                f.write_str(")")
            }
        }
    }
}
