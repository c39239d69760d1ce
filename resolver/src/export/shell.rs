use secrecy::SecretString;

use super::{ExportError, Variables};

/// Lines of `export NAME='value'` for any POSIX shell, as in `eval "$(…)"`.
///
/// Nothing has a meaning inside single quotes (POSIX.1-2024, Shell Command Language, 2.2.2); a
/// single quote itself is written as `'\''`.
///
/// # Errors
/// When a variable may not be set, or its value has the character U+0000.
pub fn shell(variables: &Variables) -> Result<SecretString, ExportError> {
    let lines = variables.checked("a shell")?.into_iter();
    Ok(lines
        .map(|(name, value)| format!("export {name}='{}'\n", value.replace('\'', r"'\''")))
        .collect::<String>()
        .into())
}
