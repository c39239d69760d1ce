use std::{sync::Arc, time::SystemTime};

use hitchpost_registry_core::{Catalogue, Diagnostics, Severity, is_reference, parse_records};
use hitchpost_resolver::{
    Explanation, OnAmbiguity, Requirement, Resolution, ResolveOptions, RunContext, Secret, Snapshot,
};
use indexmap::IndexMap;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    reference::{ReferencePolicy, ReferenceResolveError, References},
    secrets::{KeyError, Keyring, OpenError, SealError},
};

/// A registry at one revision, with the key to its secrets.
///
/// What a store opens, and what a text is read into. It is immutable and cheap to clone and to
/// share between threads.
#[derive(Debug, Clone)]
pub struct Registry {
    snapshot: Arc<Snapshot>,
    keyring: Arc<Keyring>,
    references: Arc<References>,
}

/// Why a text is no registry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The records have errors; all findings are here.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Records(Diagnostics),
    /// The secrets could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No key could be made.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Why a secret cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevealError {
    /// It does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It stands elsewhere and cannot be had.
    #[error(transparent)]
    Reference(#[from] ReferenceResolveError),
}

impl RevealError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Open(error) => error.code(),
            Self::Reference(error) => error.code(),
        }
    }

    /// What can be done about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Open(error) => error.help(),
            Self::Reference(error) => Some(error.help().to_owned()),
        }
    }
}

impl Registry {
    /// Reads records in any accepted form into a registry that lives in memory; its secrets are
    /// sealed with a key of its own.
    ///
    /// # Errors
    /// All findings, when there is an error among them.
    pub fn from_yaml(text: &str) -> Result<Self, RegistryError> {
        let (mut records, findings) =
            parse_records("records", text.as_bytes(), Catalogue::builtin());
        if findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
        {
            return Err(RegistryError::Records(findings));
        }
        let keyring = Keyring::ephemeral()?;
        for record in &mut records {
            keyring.seal(record, None)?;
        }
        let catalogue = Arc::new(Catalogue::builtin().clone());
        let snapshot = Snapshot::build(1, records.iter().map(|record| (record, 1)), catalogue);
        Ok(Self::new(Arc::new(snapshot), Arc::new(keyring)))
    }

    /// A registry of a snapshot and the key to its secrets.
    #[must_use]
    pub fn new(snapshot: Arc<Snapshot>, keyring: Arc<Keyring>) -> Self {
        Self {
            snapshot,
            keyring,
            references: Arc::default(),
        }
    }

    /// Sets which references may be followed.
    #[must_use]
    pub fn with_references(mut self, references: ReferencePolicy) -> Self {
        self.references = Arc::new(References::new(references));
        self
    }

    /// The frozen records, for what does not need secrets or the clock.
    #[must_use]
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// Resolves the requirements of a step, all of them together. A caller without a moment gets
    /// the present one.
    #[must_use]
    pub fn resolve(&self, requirements: &[Requirement], caller: &RunContext) -> Resolution {
        self.resolve_with(requirements, caller, OnAmbiguity::Fail, &[])
    }

    /// Resolves with a say on ambiguity, and on the variables that the step sets itself.
    #[must_use]
    pub fn resolve_with(
        &self,
        requirements: &[Requirement],
        caller: &RunContext,
        on_ambiguity: OnAmbiguity,
        overridden: &[String],
    ) -> Resolution {
        let open = |secret: &Secret| self.open(secret).ok();
        let options = ResolveOptions {
            on_ambiguity,
            open: Some(&open),
            overridden,
        };
        self.snapshot.resolve(requirements, &timed(caller), options)
    }

    /// Explains, for each requirement, every visible candidate.
    #[must_use]
    pub fn explain(
        &self,
        requirements: &[Requirement],
        caller: &RunContext,
        on_ambiguity: OnAmbiguity,
    ) -> Vec<Explanation> {
        self.snapshot
            .explain(requirements, &timed(caller), on_ambiguity)
    }

    /// Opens a secret and follows it where it is a `ref+` reference: to be called at the moment
    /// of use.
    ///
    /// # Errors
    /// When the key does not open it, or the reference leads nowhere.
    pub fn reveal(&self, secret: &Secret) -> Result<SecretString, RevealError> {
        let opened = self.open(secret)?;
        if is_reference(opened.expose_secret()) {
            return Ok(self.references.follow(opened.expose_secret())?);
        }
        Ok(opened)
    }

    /// The variables that a step gets, with their secrets opened.
    ///
    /// # Errors
    /// As [`Registry::reveal`].
    pub fn environment(
        &self,
        resolution: &Resolution,
    ) -> Result<IndexMap<String, SecretString>, RevealError> {
        let variables = resolution.environment();
        let mut opened = IndexMap::with_capacity(variables.len());
        for (name, value) in variables {
            let value = value.reveal(&mut |secret| self.reveal(secret))?;
            opened.insert(name.to_owned(), value);
        }
        Ok(opened)
    }

    /// Opens a secret without following references.
    fn open(&self, secret: &Secret) -> Result<SecretString, OpenError> {
        match secret {
            Secret::Sealed(sealed) => self.keyring.open(sealed),
            Secret::Plain(plain) => Ok(plain.clone()),
        }
    }
}

/// The caller with the present moment, where it has none.
pub(crate) fn timed(caller: &RunContext) -> RunContext {
    let now = || jiff::Timestamp::try_from(SystemTime::now()).ok();
    RunContext {
        now: caller.now.or_else(now),
        ..caller.clone()
    }
}
