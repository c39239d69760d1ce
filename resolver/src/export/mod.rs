//! What a step gets, in the formats of others. Pure: values in, texts out, and secrets in both.
//!
//! Variables and bindings are opened first ([`Variables::reveal`], [`Account::reveal`]), so that
//! the functions for the formats need no key.
//!
//! ```
//! use hitchpost_resolver::{EnvValue, export::{Variables, shell}};
//! use secrecy::{ExposeSecret, SecretString};
//!
//! let url = EnvValue::public("http://mlflow".to_owned(), "catalogue".to_owned());
//! let variables = Variables::reveal([("MLFLOW_TRACKING_URI", &url)], &mut |_| Err("sealed"))?;
//! assert_eq!(shell(&variables)?.expose_secret(), "export MLFLOW_TRACKING_URI='http://mlflow'\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod airflow;
mod dotenv;
mod json;
mod kubernetes;
mod score;
mod servicebinding;
mod shell;

pub use account::{Account, Setting};
pub use airflow::airflow;
pub use dotenv::{docker, dotenv};
pub use json::json;
pub use kubernetes::{Kubernetes, KubernetesOptions, kubernetes};
pub use score::{score_input, score_output};
pub use servicebinding::servicebinding;
pub use shell::shell;

use secrecy::{ExposeSecret, SecretString};

use crate::environment::{EnvValue, Secret, Unsettable, is_settable};

/// Variables with their secrets opened.
#[derive(Debug, Clone, Default)]
pub struct Variables(Vec<Variable>);

/// A variable with its value.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value. `Debug` shows none, secret or not.
    pub value: SecretString,
    /// Whether any of the value is secret.
    pub is_secret: bool,
}

/// A file to be written.
#[derive(Debug, Clone)]
pub struct ExportFile {
    /// Its path below the folder that is written to, with `/` between the parts.
    pub path: String,
    /// Its content.
    pub content: SecretString,
    /// Its permissions, as `chmod` takes them.
    pub mode: u32,
}

/// Why variables cannot be written in a format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The format has no way to write a value.
    #[error("the value of `{name}` has {found}, which {format} cannot express")]
    Value {
        /// The variable.
        name: String,
        /// What of it cannot be written.
        found: &'static str,
        /// The format.
        format: &'static str,
    },
    /// The variable may not be set.
    #[error(transparent)]
    Variable(#[from] Unsettable),
    /// A Kubernetes object cannot be called so.
    #[error(
        "`{name}` is no name of a Kubernetes {what}: lower-case letters, digits and `-`{dots}, at most {longest} characters"
    )]
    ObjectName {
        /// What was given.
        name: String,
        /// What it was to name.
        what: &'static str,
        /// Whether dots are allowed too, in words.
        dots: &'static str,
        /// How many characters it may have.
        longest: usize,
    },
    /// The YAML cannot be written.
    #[error("the YAML cannot be written: {message}")]
    Yaml {
        /// Why.
        message: String,
    },
    /// A Kubernetes label cannot have this key or value.
    #[error("`{label}` is no label of a Kubernetes object")]
    Label {
        /// What was given.
        label: String,
    },
}

impl ExportError {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Value { .. } => "not-expressible",
            Self::Variable(_) => "invalid-variable",
            Self::ObjectName { .. } => "invalid-name",
            Self::Yaml { .. } => "yaml",
            Self::Label { .. } => "invalid-label",
        }
    }

    /// What to do.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Value { .. } | Self::Yaml { .. } => {
                "use another format, or hand the value over in a file"
            }
            Self::Variable(reason) => reason.help(),
            Self::ObjectName { .. } => "choose a name as RFC 1123 defines them",
            Self::Label { .. } => "use letters, digits, `-`, `_` and `.`, at most 63 characters",
        }
    }
}

impl Variables {
    /// Opens the secrets of an environment, as [`Step::environment`](crate::Step::environment) or
    /// [`Resolution::environment`](crate::Resolution::environment) gives it. The order is kept.
    ///
    /// # Errors
    /// The error of `open`.
    pub fn reveal<'e, N: AsRef<str>, E>(
        environment: impl IntoIterator<Item = (N, &'e EnvValue)>,
        open: &mut dyn FnMut(&Secret) -> Result<SecretString, E>,
    ) -> Result<Self, E> {
        let variables = environment.into_iter().map(|(name, value)| {
            Ok(Variable {
                name: name.as_ref().to_owned(),
                value: value.reveal(open)?,
                is_secret: value.is_secret(),
            })
        });
        variables.collect::<Result<_, E>>().map(Self)
    }

    /// The variables, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Variable> {
        self.0.iter()
    }

    /// Each name and value, once none has what no environment can hold.
    fn checked(&self, format: &'static str) -> Result<Vec<(&str, &str)>, ExportError> {
        let check = |Variable { name, value, .. }: &'_ Variable| -> Result<(), ExportError> {
            is_settable(name)?;
            if value.expose_secret().contains('\0') {
                return Err(ExportError::Value {
                    name: name.clone(),
                    found: "the character U+0000",
                    format,
                });
            }
            Ok(())
        };
        self.0.iter().try_for_each(check)?;
        Ok(self
            .0
            .iter()
            .map(|variable| (variable.name.as_str(), variable.value.expose_secret()))
            .collect())
    }
}
