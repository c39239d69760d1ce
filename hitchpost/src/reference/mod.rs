//! Following `ref+` references, at the moment of use.
//!
//! The grammar, and what a backend's path and parameters mean, are those of vals,
//! <https://github.com/helmfile/vals>; `env` is Hitchpost's own. Paths and fragments are
//! percent-decoded, as vals does.

mod cache;
mod environment;
mod error;
mod exec;
mod file;
mod select;
mod vault;

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use hitchpost_registry_core::{Reference, is_reference};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};

pub use error::{ReferenceFailure, ReferenceResolveError};

pub(crate) use file::content;

use cache::Cache;
use select::select;

/// The largest file, answer or output that a reference may lead to, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// Which references may be followed.
///
/// | reference | value |
/// |---|---|
/// | `ref+env://NAME` | the variable; an error when it is not set |
/// | `ref+envsubst://TEXT` | the text with `$NAME`, `${NAME}`, `${NAME:-TEXT}` and `$$` replaced |
/// | `ref+file://PATH` | the file's content, nothing cut off; `?encode=base64` for the base64 of it; seen from the working folder, unless it begins with a third slash |
/// | `ref+vault://PATH#/KEY` | a key of a secret of Vault's key-value engine, version 1 or 2; parameters `address` (or `proto` and `host`), `namespace`, `token_env`, `token_file`, `version`, and without them the variables of Vault's own client |
/// | `ref+exec://PROGRAM/ARG/ARG` | the program's output without white space at the end; parameters `args`, `timeout` (in seconds), `trim`, `env_NAME` |
///
/// A fragment `#/a/b` is a JSON Pointer into a value that is YAML or JSON. Nothing may be larger
/// than 1 MiB. What Vault and programs give is kept for 60 seconds, or the lease that Vault tells
/// if that is shorter. A value that is itself a reference is an error.
///
/// The grammar is that of vals, <https://github.com/helmfile/vals>; `env` is not in vals, and
/// unlike there a parameter that is not known, and a variable that is not set, are errors.
///
/// Whoever writes a record decides what its references read where they are used: variables and
/// files of the user's machine, and what the user's Vault token opens. Take records only from
/// people who may know that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReferencePolicy {
    /// Whether `ref+exec://` may run programs. Off by default.
    pub exec: bool,
}

/// Follows references, and keeps for a short time what a server or a program answered.
#[derive(Default)]
pub(crate) struct References {
    policy: ReferencePolicy,
    cache: Mutex<Cache>,
}

impl References {
    pub(crate) fn new(policy: ReferencePolicy) -> Self {
        Self {
            policy,
            cache: Mutex::default(),
        }
    }

    /// The value that a reference leads to. A value that is a reference itself is refused.
    pub(crate) fn follow(&self, text: &str) -> Result<SecretString, ReferenceResolveError> {
        let reference: Reference = text.parse()?;
        self.value(&reference)
            .map_err(|failure| ReferenceResolveError::Unresolved {
                reference: named(&reference),
                failure,
            })
    }

    fn value(&self, reference: &Reference) -> Result<SecretString, ReferenceFailure> {
        let address = Address::of(reference)?;
        let fetched = self.fetch(reference, &address)?;
        let value = match &*address.pointer {
            "" if fetched.root.is_empty() => fetched.text.clone(),
            pointer => select(fetched.text.expose_secret(), fetched.root, pointer)?,
        };
        if is_reference(value.expose_secret()) {
            return Err(ReferenceFailure::Chained);
        }
        Ok(value)
    }

    fn fetch(
        &self,
        reference: &Reference,
        address: &Address<'_>,
    ) -> Result<Arc<Fetched>, ReferenceFailure> {
        let path = &*address.path;
        match reference.backend() {
            "env" => only(reference, &[])
                .and_then(|()| environment::variable(path))
                .map(Fetched::now),
            "envsubst" => only(reference, &[])
                .and_then(|()| environment::substitute(path))
                .map(Fetched::now),
            "file" => file::read(reference, path).map(Fetched::now),
            "exec" if !self.policy.exec => Err(ReferenceFailure::ExecDenied),
            "exec" => self.kept(reference, address, || {
                exec::run(reference, path).map(Fetched::text)
            }),
            "vault" => self.kept(reference, address, || vault::read(reference, path)),
            backend => Err(ReferenceFailure::Backend {
                backend: backend.to_owned(),
            }),
        }
    }

    /// What was fetched a short while ago, or is now.
    fn kept(
        &self,
        reference: &Reference,
        address: &Address<'_>,
        fetch: impl FnOnce() -> Result<Fetched, ReferenceFailure>,
    ) -> Result<Arc<Fetched>, ReferenceFailure> {
        // Several keys of one place are fetched once.
        let parameters: Vec<_> = reference.parameters().collect();
        let key = format!("{}://{}?{parameters:?}", reference.backend(), address.path);
        let cache = || self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fetched) = cache().get(&key, Instant::now()) {
            return Ok(fetched);
        }
        // Not under the lock: a slow server must not hold up the others.
        let fetched = Arc::new(fetch()?);
        cache().insert(key, Arc::clone(&fetched), Instant::now());
        Ok(fetched)
    }
}

/// Shows nothing of what is kept.
impl fmt::Debug for References {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("References")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// What a backend gave for a path: the value, or a document with the value in it.
struct Fetched {
    text: SecretString,
    /// The JSON Pointer to the part of the document that counts.
    root: &'static str,
    /// For how long the backend says that it holds.
    lease: Option<Duration>,
}

impl Fetched {
    fn text(text: SecretString) -> Self {
        Self {
            text,
            root: "",
            lease: None,
        }
    }

    fn now(text: SecretString) -> Arc<Self> {
        Arc::new(Self::text(text))
    }
}

/// Path and fragment of a reference, decoded.
struct Address<'r> {
    path: Cow<'r, str>,
    /// Empty, or begins with `/`.
    pointer: Cow<'r, str>,
}

impl<'r> Address<'r> {
    fn of(reference: &'r Reference) -> Result<Self, ReferenceFailure> {
        let decode = |text: &'r str| {
            percent_decode_str(text)
                .decode_utf8()
                .map_err(|_| ReferenceFailure::NotText)
        };
        let mut path = decode(reference.path())?;
        // As vals: one slash at the end, and a missing one before the fragment, mean nothing.
        if path.len() > 1 && path.ends_with('/') {
            path.to_mut().pop();
        }
        let fragment = decode(reference.fragment().unwrap_or_default())?;
        let mut pointer: Cow<'_, str> = match &*fragment {
            "" | "/" => "".into(),
            rooted if rooted.starts_with('/') => fragment,
            bare => format!("/{bare}").into(),
        };
        if reference.backend() == "vault" && pointer.is_empty() {
            // As vals: without a fragment the last segment is the key.
            let (secret, key) = path.rsplit_once('/').ok_or(ReferenceFailure::NoKey)?;
            let key = key.replace('~', "~0");
            (pointer, path) = (format!("/{key}").into(), secret.to_owned().into());
        }
        Ok(Self { path, pointer })
    }
}

/// Refuses parameters that the backend does not know: a typing error must not go unseen.
fn only(reference: &Reference, known: &[&str]) -> Result<(), ReferenceFailure> {
    match reference
        .parameters()
        .find(|(name, _)| !known.contains(&name.as_str()))
    {
        Some((parameter, _)) => Err(ReferenceFailure::Parameter {
            parameter,
            backend: reference.backend().to_owned(),
        }),
        None => Ok(()),
    }
}

/// A reference as a message names it: without what may itself be secret, which are parameters, a
/// program's arguments, and the texts of backends that take one.
fn named(reference: &Reference) -> String {
    let backend = reference.backend();
    let path = match backend {
        "env" | "file" | "vault" => reference.path(),
        "exec" => exec::program(reference.path()),
        _ => "…",
    };
    let fragment = reference
        .fragment()
        .map(|fragment| format!("#{fragment}"))
        .unwrap_or_default();
    format!("ref+{backend}://{path}{fragment}")
}
