use super::{Constraint, Scheme, Version};

/// Why a text is no [`Version`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VersionError {
    /// `version-empty`: nothing but white space.
    #[error("version is empty")]
    Empty,
    /// `version-too-long`: more than [`Version::MAX_CHARS`].
    #[error("version has {length} characters, more than {}", Version::MAX_CHARS)]
    TooLong {
        /// The length in characters.
        length: usize,
    },
    /// `version-control-character`: such as a tab or a line break inside the text.
    #[error("version has a control character at byte {offset}")]
    ControlCharacter {
        /// The byte offset in the text that was given.
        offset: usize,
    },
    /// `version-scheme`: the text is no version of the required scheme.
    #[error("`{text}` is no version of scheme `{scheme}`")]
    Scheme {
        /// The version.
        text: Box<str>,
        /// The required scheme.
        scheme: Scheme,
    },
}

impl VersionError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "version-empty",
            Self::TooLong { .. } => "version-too-long",
            Self::ControlCharacter { .. } => "version-control-character",
            Self::Scheme { .. } => "version-scheme",
        }
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Empty => "write the version, for example `1.19.0`, or leave the field out",
            Self::TooLong { .. } => "write the version only, and the rest in the description",
            Self::ControlCharacter { .. } => "write the version on one line, without tabs",
            Self::Scheme { scheme, .. } => match scheme {
                Scheme::Semver => {
                    "write one to three numbers, for example `1.19.0`, or change the scheme"
                }
                Scheme::Pep440 => {
                    "write it as in PEP 440, for example `1.19.0rc1`, or change the scheme"
                }
                Scheme::Date => {
                    "write a day or an instant, for example `2024-05-10` or \
                     `RELEASE.2024-05-10T01-41-38Z`, or change the scheme"
                }
                Scheme::Opaque => "write any text",
            },
        }
    }
}

/// Why a text is no [`Constraint`]. Offsets are bytes in the text that was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConstraintError {
    /// `constraint-empty`: nothing but white space.
    #[error("version constraint is empty")]
    Empty,
    /// `constraint-too-long`: more than [`Constraint::MAX_BYTES`].
    #[error(
        "version constraint has {length} bytes, more than {}",
        Constraint::MAX_BYTES
    )]
    TooLong {
        /// The length in bytes.
        length: usize,
    },
    /// `constraint-too-many`: more comparators than [`Constraint::MAX_COMPARATORS`].
    #[error(
        "version constraint has more than {} comparators, the next one at byte {offset}",
        Constraint::MAX_COMPARATORS
    )]
    TooManyComparators {
        /// Where the first comparator too many stands.
        offset: usize,
    },
    /// `constraint-control-character`: such as a tab or a line break inside the text.
    #[error("version constraint has a control character at byte {offset}")]
    ControlCharacter {
        /// Where the character stands.
        offset: usize,
    },
    /// `constraint-missing-comparator`: nothing before or after a `,` or `||`.
    #[error("version constraint lacks a comparator at byte {offset}")]
    MissingComparator {
        /// Where the comparator is expected.
        offset: usize,
    },
    /// `constraint-unexpected`: a character that cannot be part of an operand, often for want of a
    /// `,` or `||` before it.
    #[error("unexpected `{found}` at byte {offset} of the version constraint")]
    UnexpectedCharacter {
        /// The character.
        found: char,
        /// Where it stands.
        offset: usize,
    },
    /// `constraint-operator`: not one of the operators.
    #[error("unknown operator `{operator}` at byte {offset} of the version constraint")]
    UnknownOperator {
        /// The operator.
        operator: Box<str>,
        /// Where it stands.
        offset: usize,
    },
    /// `constraint-missing-operand`: an operator without a version.
    #[error("operator `{operator}` at byte {offset} of the version constraint lacks a version")]
    MissingOperand {
        /// The operator.
        operator: Box<str>,
        /// Where the operator stands.
        offset: usize,
    },
    /// `constraint-wildcard`: a `*` or `x` other than `*` alone or a `.*` at the end of plain parts.
    #[error("misplaced wildcard in `{operand}` at byte {offset} of the version constraint")]
    MisplacedWildcard {
        /// The operand.
        operand: Box<str>,
        /// Where the operand stands.
        offset: usize,
    },
    /// `constraint-unordered`: an ordering operator before a text that has an order in no scheme.
    #[error(
        "operator `{operator}` needs an ordered version, and `{operand}` at byte {offset} of the \
         version constraint has no order in any scheme"
    )]
    UnorderedOperand {
        /// The operator.
        operator: Box<str>,
        /// The operand.
        operand: Box<str>,
        /// Where the operand stands.
        offset: usize,
    },
    /// `constraint-short-operand`: `~=` before a version of one part.
    #[error(
        "operator `~=` needs a version of two parts or more, and `{operand}` at byte {offset} of \
         the version constraint has one"
    )]
    ShortOperand {
        /// The operand.
        operand: Box<str>,
        /// Where the operand stands.
        offset: usize,
    },
    /// `constraint-operand`: not a version of any scheme.
    #[error("`{operand}` at byte {offset} of the version constraint is no version")]
    InvalidOperand {
        /// The operand.
        operand: Box<str>,
        /// Where the operand stands.
        offset: usize,
    },
}

impl ConstraintError {
    /// The stable code of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "constraint-empty",
            Self::TooLong { .. } => "constraint-too-long",
            Self::TooManyComparators { .. } => "constraint-too-many",
            Self::ControlCharacter { .. } => "constraint-control-character",
            Self::MissingComparator { .. } => "constraint-missing-comparator",
            Self::UnexpectedCharacter { .. } => "constraint-unexpected",
            Self::UnknownOperator { .. } => "constraint-operator",
            Self::MissingOperand { .. } => "constraint-missing-operand",
            Self::MisplacedWildcard { .. } => "constraint-wildcard",
            Self::UnorderedOperand { .. } => "constraint-unordered",
            Self::ShortOperand { .. } => "constraint-short-operand",
            Self::InvalidOperand { .. } => "constraint-operand",
        }
    }

    /// Where the offending piece starts: a byte offset in the text that was given.
    pub const fn offset(&self) -> usize {
        match self {
            Self::Empty | Self::TooLong { .. } => 0,
            Self::TooManyComparators { offset }
            | Self::ControlCharacter { offset }
            | Self::MissingComparator { offset }
            | Self::UnexpectedCharacter { offset, .. }
            | Self::UnknownOperator { offset, .. }
            | Self::MissingOperand { offset, .. }
            | Self::MisplacedWildcard { offset, .. }
            | Self::UnorderedOperand { offset, .. }
            | Self::ShortOperand { offset, .. }
            | Self::InvalidOperand { offset, .. } => *offset,
        }
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Empty => "write `*` for every release, or leave the constraint out",
            Self::TooLong { .. } | Self::TooManyComparators { .. } => {
                "write a range, for example `>=1.19, <2`, instead of many single versions"
            }
            Self::ControlCharacter { .. } => "write the constraint on one line, without tabs",
            Self::MissingComparator { .. } => {
                "write a comparator on both sides of every `,` and `||`, for example `>=1.19, <2`"
            }
            Self::UnexpectedCharacter { .. } => {
                "separate comparators by `,` when both must hold and by `||` when one is enough, \
                 and write a version without spaces or quotes"
            }
            Self::UnknownOperator { .. } => "use one of `=`, `!=`, `>`, `>=`, `<`, `<=`, `~`, `^`",
            Self::MissingOperand { .. } => {
                "write a version after the operator, for example `>=1.19`"
            }
            Self::MisplacedWildcard { .. } => {
                "write `*` alone, or `.*` after the last number, for example `1.19.*`"
            }
            Self::UnorderedOperand { .. } => {
                "name a version, for example `>=1.19`, or compare with `=` or `!=`"
            }
            Self::ShortOperand { .. } => "write two parts, for example `~=1.19`, or use `^`",
            Self::InvalidOperand { .. } => {
                "write a version, for example `1.19`: it begins and ends with a letter or digit, \
                 and has no empty part"
            }
        }
    }
}

/// The byte offset in `text` of the first control character of `trimmed`, a slice of it.
pub(super) fn control_character(text: &str, trimmed: &str) -> Option<usize> {
    let start = text.len() - text.trim_start().len();
    trimmed.find(char::is_control).map(|offset| start + offset)
}
