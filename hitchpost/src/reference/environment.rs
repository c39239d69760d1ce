use std::env;

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::ReferenceFailure;

/// The variable that a path names.
pub(super) fn variable(name: &str) -> Result<SecretString, ReferenceFailure> {
    Ok(value(name)?.as_str().into())
}

/// A text in which `$NAME` and `${NAME}` stand for variables, `${NAME:-TEXT}` for a text where
/// the variable is not set or empty, and `$$` for the sign itself.
///
/// In vals a variable that is not set means nothing; here it is an error, as an empty secret is
/// never what was meant.
pub(super) fn substitute(text: &str) -> Result<SecretString, ReferenceFailure> {
    let mut result = Zeroizing::new(String::new());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        result.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            result.push('$');
            rest = after;
            continue;
        }
        let (expression, after) = match after.strip_prefix('{') {
            Some(braced) => braced
                .split_once('}')
                .ok_or(ReferenceFailure::Substitution)?,
            None => after.split_at(
                after
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(after.len()),
            ),
        };
        let (name, fallback) = match expression.split_once(":-") {
            Some((name, fallback)) => (name, Some(fallback)),
            None => (expression, None),
        };
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(ReferenceFailure::Substitution);
        }
        match (value(name), fallback) {
            (Ok(value), Some(fallback)) if value.is_empty() => result.push_str(fallback),
            (Ok(value), _) => result.push_str(&value),
            (Err(ReferenceFailure::Unset { .. }), Some(fallback)) => result.push_str(fallback),
            (Err(failure), _) => return Err(failure),
        }
        rest = after;
    }
    result.push_str(rest);
    Ok(result.as_str().into())
}

fn value(name: &str) -> Result<Zeroizing<String>, ReferenceFailure> {
    // `var_os` is never found for a name that has `=` or NUL.
    let value = env::var_os(name).ok_or_else(|| ReferenceFailure::Unset {
        variable: name.to_owned(),
    })?;
    let value = value.into_string().map_err(|_| ReferenceFailure::NotText)?;
    Ok(Zeroizing::new(value))
}
