use std::{io, path::PathBuf};

use hitchpost_registry_core::ReferenceError;

/// Why a reference cannot be followed.
///
/// The reference is named, without its parameters and arguments; what it leads to never is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceResolveError {
    /// It is malformed.
    #[error("malformed secret reference: {0}")]
    Malformed(#[from] ReferenceError),
    /// It leads to no value.
    #[error("cannot follow `{reference}`: {failure}")]
    Unresolved {
        /// The reference.
        reference: String,
        /// What went wrong.
        failure: ReferenceFailure,
    },
}

/// What went wrong on the way of a reference.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceFailure {
    /// Its backend is not supported.
    #[error("the backend `{backend}` is not supported")]
    Backend {
        /// The backend.
        backend: String,
    },
    /// The backend does not know a parameter.
    #[error("`{backend}` has no parameter `{parameter}`")]
    Parameter {
        /// The parameter.
        parameter: String,
        /// The backend.
        backend: String,
    },
    /// A parameter has a value that it cannot have.
    #[error("the parameter `{parameter}` is not {expected}")]
    Value {
        /// The parameter.
        parameter: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// Programs may not be run.
    #[error("running programs is switched off")]
    ExecDenied,
    /// A variable is not set.
    #[error("the environment variable `{variable}` is not set")]
    Unset {
        /// The variable.
        variable: String,
    },
    /// A text for `envsubst` is not well formed.
    #[error("the text has a `$` without the name of a variable")]
    Substitution,
    /// A file cannot be read.
    #[error("cannot read `{}`: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        error: io::Error,
    },
    /// A path leads to a folder, a pipe or a device.
    #[error("`{}` is not a regular file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// There is too much of it.
    #[error("it leads to more than 1 MiB")]
    TooLarge,
    /// The value is not UTF-8.
    #[error("it is not UTF-8")]
    NotText,
    /// The fragment needs a document, and there is none.
    #[error("it leads to no YAML or JSON, which the fragment needs{}", at_line(*line))]
    NotADocument {
        /// The line that is wrong, from 1, when known.
        line: Option<u32>,
    },
    /// The document has no value there.
    #[error("there is no value at `{pointer}`")]
    Missing {
        /// The JSON Pointer up to what is missing.
        pointer: String,
    },
    /// The document has several values there.
    #[error("`{pointer}` is {kind}")]
    NotAValue {
        /// The JSON Pointer.
        pointer: String,
        /// What is there.
        kind: &'static str,
    },
    /// The value is a reference.
    #[error("it leads to another reference")]
    Chained,
    /// A program cannot be started.
    #[error("cannot start the program: {error}")]
    Start {
        /// What the system answered.
        error: io::Error,
    },
    /// A program took too long.
    #[error("the program did not end within {seconds} s")]
    Slow {
        /// The time it had.
        seconds: u64,
    },
    /// A program failed.
    #[error("the program ended with {status}")]
    Program {
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// A Vault path names no key.
    #[error("it names no key of the secret")]
    NoKey,
    /// No Vault server is named.
    #[error("no Vault server is named")]
    NoAddress,
    /// No Vault token is at hand.
    #[error("there is no Vault token")]
    NoToken,
    /// The Vault token has characters that no token has.
    #[error("the Vault token has line breaks or other characters that cannot be sent")]
    MalformedToken,
    /// The Vault token would cross the network in the clear.
    #[error("`{server}` would get the Vault token unencrypted")]
    Plaintext {
        /// The server.
        server: String,
    },
    /// The Vault server cannot be reached.
    #[error("cannot reach `{server}`: {reason}")]
    Unreachable {
        /// The server.
        server: String,
        /// Why.
        reason: String,
    },
    /// The Vault server has no such secret.
    #[error("`{server}` has no such secret")]
    NoSecret {
        /// The server.
        server: String,
    },
    /// The Vault server refuses.
    #[error("`{server}` answered with status {status}")]
    Status {
        /// The server.
        server: String,
        /// The HTTP status.
        status: u16,
    },
}

fn at_line(line: Option<u32>) -> String {
    line.map(|line| format!(" (line {line})"))
        .unwrap_or_default()
}

impl ReferenceResolveError {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "invalid-reference",
            Self::Unresolved { failure, .. } => failure.code(),
        }
    }

    /// What can be done about it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "write it as `ref+BACKEND://PATH[?PARAMETERS][#/KEY]`",
            Self::Unresolved { failure, .. } => failure.help(),
        }
    }
}

impl ReferenceFailure {
    const fn code(&self) -> &'static str {
        match self {
            Self::Backend { .. } => "unsupported-reference",
            Self::Parameter { .. } | Self::Value { .. } | Self::Substitution | Self::NoKey => {
                "invalid-reference"
            }
            Self::ExecDenied => "exec-denied",
            Self::Unset { .. } => "unset-variable",
            Self::File { .. } | Self::NotAFile { .. } => "unreadable-file",
            Self::TooLarge => "reference-too-large",
            Self::NotText | Self::NotADocument { .. } => "malformed-referent",
            Self::Missing { .. } | Self::NotAValue { .. } | Self::NoSecret { .. } => {
                "no-such-value"
            }
            Self::Chained => "chained-reference",
            Self::Start { .. } | Self::Slow { .. } | Self::Program { .. } => "exec-failed",
            Self::NoAddress | Self::NoToken | Self::MalformedToken | Self::Plaintext { .. } => {
                "vault-not-set-up"
            }
            Self::Unreachable { .. } => "vault-unreachable",
            Self::Status { .. } => "vault-refused",
        }
    }

    const fn help(&self) -> &'static str {
        match self {
            Self::Backend { .. } => "use `env`, `envsubst`, `file`, `vault` or `exec`",
            Self::Parameter { .. } | Self::Value { .. } => "correct the parameter, or remove it",
            Self::Substitution => "write `$NAME` or `${NAME}`, and `$$` for the sign itself",
            Self::NoKey => "write the key behind the path, as `#/KEY`",
            Self::ExecDenied => "allow it where the registry is opened, if you trust its records",
            Self::Unset { .. } => "set the variable where the value is used",
            Self::File { .. } | Self::NotAFile { .. } => {
                "check the path (a relative one is seen from the working folder) and who may read it"
            }
            Self::TooLarge => "a secret of this size is not a value; refer to a smaller file",
            Self::NotText => "`?encode=base64` makes text of a binary file",
            Self::NotADocument { .. } => "correct the document, or leave the fragment out",
            Self::Missing { .. } | Self::NotAValue { .. } => {
                "correct the fragment: it is a JSON Pointer to one value"
            }
            Self::NoSecret { .. } => "check the path, the namespace and the version",
            Self::Chained => "write the reference at the end of the chain",
            Self::Start { .. } => "check that the program is installed and may be run",
            Self::Slow { .. } => "give it more time with `?timeout=SECONDS`",
            Self::Program { .. } => "run the program by hand to see what it says",
            Self::NoAddress => "set `VAULT_ADDR`, or write `?address=https://…`",
            Self::NoToken => "run `vault login`, or set `VAULT_TOKEN`",
            Self::MalformedToken => "set the token anew",
            Self::Plaintext { .. } => {
                "use https; plain http is for this machine and the server that `VAULT_ADDR` names"
            }
            Self::Unreachable { .. } => {
                "check the address; a certificate of your own goes into `VAULT_CACERT`"
            }
            Self::Status { .. } => {
                "check that the token is valid and its policies let it read the path, and that the \
                 server is unsealed"
            }
        }
    }
}
