use secrecy::SecretString;

use super::{ExportError, Variables};

/// The longest line that `docker run --env-file` reads, in bytes: Go's `bufio.MaxScanTokenSize`
/// with its line break.
const DOCKER_LINE: usize = 64 * 1024 - 1;

/// Lines of `NAME='value'` as Docker Compose reads them in an `.env` file or `env_file`.
///
/// Values are in single quotes, in which only `\'` has a meaning, so that `$` is never expanded.
/// A value that cannot be written so (it ends with a backslash, has one before another or before
/// a quote, or has a carriage return, which some readers change) is in double quotes with
/// escapes. The rules: <https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/>.
///
/// python-dotenv reads the same values with `interpolate=False`, but for a value with both such a
/// backslash and a `$`, as it does not know how to escape a `$`.
///
/// # Errors
/// When a variable may not be set, or its value has the character U+0000.
pub fn dotenv(variables: &Variables) -> Result<SecretString, ExportError> {
    let lines = variables
        .checked("an env file of Docker Compose")?
        .into_iter();
    Ok(lines
        .map(|(name, value)| format!("{name}={}\n", quoted(value)))
        .collect::<String>()
        .into())
}

fn quoted(value: &str) -> String {
    let single = !value.contains('\r')
        && !value.contains(r"\\")
        && !value.contains(r"\'")
        && !value.ends_with('\\');
    if single {
        return format!("'{}'", value.replace('\'', r"\'"));
    }
    let mut quoted = "\"".to_owned();
    for character in value.chars() {
        match character {
            '\r' => quoted.push_str(r"\r"),
            '\\' | '"' | '$' => quoted.extend(['\\', character]),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// Lines of `NAME=value` as `docker run --env-file` reads them: nothing is quoted or escaped, and
/// a value ends with its line.
///
/// The rules are those of the `kvfile` package of Docker's command line,
/// <https://github.com/docker/cli/tree/master/pkg/kvfile>.
///
/// # Errors
/// When a variable may not be set, or its value has a line break, a carriage return at its end or
/// the character U+0000, or makes a line of 64 KiB or more.
pub fn docker(variables: &Variables) -> Result<SecretString, ExportError> {
    const FORMAT: &str = "an env file of `docker run`";
    let mut text = String::new();
    for (name, value) in variables.checked(FORMAT)? {
        let found = if value.contains('\n') {
            "a line break"
        } else if value.ends_with('\r') {
            "a carriage return at its end"
        } else if name.len() + 1 + value.len() >= DOCKER_LINE {
            "64 KiB or more"
        } else {
            text.extend([name, "=", value, "\n"]);
            continue;
        };
        return Err(ExportError::Value {
            name: name.to_owned(),
            found,
            format: FORMAT,
        });
    }
    Ok(text.into())
}
