use super::constraint::{Comparator, Operator};
use super::error::control_character;
use super::operand::{Operand, OperandReading};
use super::{Constraint, ConstraintError, Scheme};

/// The characters of operators.
const OPERATOR_CHARACTERS: [char; 6] = ['=', '!', '<', '>', '~', '^'];

/// Parses a constraint into its alternatives, each a list of comparators that must all hold.
pub(super) fn parse(text: &str) -> Result<Vec<Vec<Comparator>>, ConstraintError> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(ConstraintError::Empty);
    }
    if trimmed.len() > Constraint::MAX_BYTES {
        return Err(ConstraintError::TooLong {
            length: trimmed.len(),
        });
    }
    if let Some(offset) = control_character(text, trimmed) {
        return Err(ConstraintError::ControlCharacter { offset });
    }
    let mut seen = 0;
    let mut alternatives = Vec::new();
    let mut offset = text.len() - text.trim_start().len();
    for alternative in trimmed.split("||") {
        let mut comparators = Vec::new();
        for piece in alternative.split(',') {
            if seen == Constraint::MAX_COMPARATORS {
                return Err(ConstraintError::TooManyComparators { offset });
            }
            seen += 1;
            comparators.push(parse_comparator(
                Piece {
                    text: piece,
                    offset,
                }
                .trim(),
            )?);
            offset += piece.len() + ",".len();
        }
        // The last piece of an alternative ends in `||`, not in `,`.
        offset += "||".len() - ",".len();
        alternatives.push(comparators);
    }
    Ok(alternatives)
}

/// A slice of the constraint and where it stands.
#[derive(Clone, Copy)]
struct Piece<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Piece<'a> {
    fn trim(self) -> Self {
        let text = self.text.trim_start();
        let offset = self.offset + (self.text.len() - text.len());
        Self {
            text: text.trim_end(),
            offset,
        }
    }

    /// The piece before and the piece from the first character that is not `wanted`.
    fn split_while(self, wanted: impl Fn(char) -> bool) -> (Self, Self) {
        let end = self.text.find(|c| !wanted(c)).unwrap_or(self.text.len());
        let (head, tail): (&'a str, &'a str) = self.text.split_at(end);
        (
            Self { text: head, ..self },
            Self {
                text: tail,
                offset: self.offset + end,
            },
        )
    }
}

fn parse_comparator(piece: Piece<'_>) -> Result<Comparator, ConstraintError> {
    let (sign, rest) = piece.split_while(|c| OPERATOR_CHARACTERS.contains(&c));
    let operand = rest.trim();
    let operator = match sign.text {
        "" | "=" | "==" => Operator::Equal,
        "!=" => Operator::NotEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterOrEqual,
        "<" => Operator::Less,
        "<=" => Operator::LessOrEqual,
        "~" => Operator::Tilde,
        "~=" => Operator::Compatible,
        "^" => Operator::Caret,
        operator => {
            let (operator, offset) = (operator.into(), sign.offset);
            return Err(ConstraintError::UnknownOperator { operator, offset });
        }
    };
    if operand.text.is_empty() {
        return Err(if sign.text.is_empty() {
            ConstraintError::MissingComparator {
                offset: sign.offset,
            }
        } else {
            ConstraintError::MissingOperand {
                operator: sign.text.into(),
                offset: sign.offset,
            }
        });
    }
    if operand.text == "*" && sign.text.is_empty() {
        return Ok(Comparator::Any);
    }
    let (operand, rest) = operand.split_while(is_operand_character);
    let rest = rest.trim();
    if let Some(found) = rest.text.chars().next() {
        return Err(ConstraintError::UnexpectedCharacter {
            found,
            offset: rest.offset,
        });
    }
    let operand = parse_operand(sign.text, operator, operand)?;
    Ok(Comparator::Compare { operator, operand })
}

/// Letters and digits of any script, and what versions, tags and digests contain besides. The
/// `!` of a PEP 440 epoch is one of them, as it cannot begin an operand.
fn is_operand_character(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '+' | '-' | '!' | ':' | '/' | '@' | '*')
}

fn parse_operand(
    sign: &str,
    operator: Operator,
    piece: Piece<'_>,
) -> Result<Operand, ConstraintError> {
    let Piece {
        text: written,
        offset,
    } = piece;
    let (text, wildcard) = match written.strip_suffix(".*") {
        Some(text) => (text, true),
        None => (written, false),
    };
    let misplaced = || ConstraintError::MisplacedWildcard {
        operand: written.into(),
        offset,
    };
    if text.contains('*') || is_x_range(text) {
        return Err(misplaced());
    }
    let mut readings: Vec<_> = [Scheme::Semver, Scheme::Pep440, Scheme::Date]
        .into_iter()
        .filter_map(|scheme| OperandReading::read(text, scheme, wildcard))
        .collect();
    let ordered = !readings.is_empty();
    if operator == Operator::Compatible {
        readings.retain(|reading| reading.parts() >= 2);
    }
    if !operator.needs_order() && !wildcard && (ordered || is_word(text)) {
        readings.extend(OperandReading::read(text, Scheme::Opaque, false));
    }
    if !readings.is_empty() {
        return Ok(Operand { readings });
    }
    let operand = written.into();
    Err(if ordered {
        ConstraintError::ShortOperand { operand, offset }
    } else if !is_word(text) {
        ConstraintError::InvalidOperand { operand, offset }
    } else if wildcard {
        misplaced()
    } else {
        ConstraintError::UnorderedOperand {
            operator: sign.into(),
            operand,
            offset,
        }
    })
}

/// `1.x` and `1.2.X`: other tools' way to write `1.*`. Taken for an opaque text it would match
/// nothing.
fn is_x_range(text: &str) -> bool {
    let mut parts = text.strip_prefix(['v', 'V']).unwrap_or(text).split('.');
    let first_is_number = parts
        .next()
        .is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    first_is_number && parts.any(|part| part.eq_ignore_ascii_case("x"))
}

/// Whether a text that only the opaque scheme reads is a plausible one, and not a slip like
/// `1..19`, `1.19.` or `.5`.
fn is_word(text: &str) -> bool {
    text.starts_with(char::is_alphanumeric)
        && text.ends_with(char::is_alphanumeric)
        && !text.contains("..")
}
