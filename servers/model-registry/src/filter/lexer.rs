use super::FilterError;

/// A word, sign or value of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A bare word: a name, an operator, `true`.
    Word(String),
    /// A name between backticks.
    Name(String),
    Text(String),
    Integer(i64),
    Number(f64),
    /// One of `= != <> < <= > >= ( ) , .`
    Sign(&'static str),
}

const SIGNS: [&str; 11] = ["!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ",", "."];

/// The tokens of a text, each with its place: the number of its first character, from 1.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, FilterError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut at = 1;
    loop {
        let skipped = rest.trim_start();
        let skipped = match skipped.strip_prefix("--") {
            Some(comment) => comment.trim_start_matches(|it| it != '\r' && it != '\n'),
            None if skipped.len() == rest.len() => {
                if rest.is_empty() {
                    return Ok(tokens);
                }
                let (token, after) = token(rest, at)?;
                tokens.push((at, token));
                after
            }
            None => skipped,
        };
        at += between(rest, skipped).chars().count();
        rest = skipped;
    }
}

/// The start of a text, up to where its end starts.
fn between<'a>(text: &'a str, end: &str) -> &'a str {
    text.get(..text.len() - end.len()).unwrap_or_default()
}

fn token(text: &str, at: usize) -> Result<(Token, &str), FilterError> {
    let wrong = |message: &str| FilterError::Syntax {
        message: message.to_owned(),
        at,
    };
    let first = text.chars().next().unwrap_or_default();
    if first.is_ascii_alphabetic() || first == '_' {
        let rest = text.trim_start_matches(|it: char| it.is_ascii_alphanumeric() || it == '_');
        return Ok((Token::Word(between(text, rest).to_owned()), rest));
    }
    if matches!(first, '\'' | '"' | '`') {
        let (content, rest) = quoted(text, first).ok_or_else(|| wrong("a quote is not closed"))?;
        if content.contains('\0') {
            return Err(wrong("a NUL character"));
        }
        let token = if first == '`' {
            Token::Name(content)
        } else {
            Token::Text(content)
        };
        return Ok((token, rest));
    }
    if let Some((token, rest)) = number(text) {
        return Ok((token.map_err(wrong)?, rest));
    }
    for sign in SIGNS {
        if let Some(rest) = text.strip_prefix(sign) {
            return Ok((Token::Sign(sign), rest));
        }
    }
    Err(wrong(&format!("unexpected `{first}`")))
}

/// What is between quotes, and what follows. A backslash stands before a quote or a backslash; it
/// stays before anything else, where it may mean something in a pattern.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut content = String::new();
    let mut characters = text.chars();
    characters.next();
    loop {
        match characters.next()? {
            '\\' => match characters.next()? {
                escaped @ ('\\' | '"' | '\'' | '`') => content.push(escaped),
                other => content.extend(['\\', other]),
            },
            end if end == quote => return Some((content, characters.as_str())),
            other => content.push(other),
        }
    }
}

/// A number at the start of a text, and what follows.
fn number(text: &str) -> Option<(Result<Token, &'static str>, &str)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let after = |length: usize| text.get(length..).unwrap_or_default();
    let mut length = usize::from(text.starts_with(['+', '-']));
    let whole = digits(after(length));
    length += whole;
    let mut fraction = 0;
    if after(length).starts_with('.') {
        fraction = digits(after(length + 1));
        if fraction > 0 {
            length += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return None;
    }
    let mut exponent = 0;
    if after(length).starts_with(['e', 'E']) {
        let sign = usize::from(after(length + 1).starts_with(['+', '-']));
        exponent = digits(after(length + 1 + sign));
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    let written = text.get(..length)?;
    let token = if fraction + exponent == 0 {
        let integer = written.parse().map(Token::Integer);
        integer.map_err(|_| "an integer has more than 64 bits")
    } else {
        match written.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Token::Number(number)),
            _ => Err("a number is too great"),
        }
    };
    Some((token, after(length)))
}
