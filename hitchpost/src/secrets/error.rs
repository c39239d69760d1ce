use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use hitchpost_registry_core::Name;

use super::key::KeyId;

/// Where keys were read from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyOrigin {
    /// An environment variable.
    Variable(&'static str),
    /// A key file.
    File(PathBuf),
    /// The operating system's keyring: its item of service `hitchpost` and account `registry-key`.
    OsKeyring,
    /// The program itself: a text, or a random key.
    Given,
}

impl KeyOrigin {
    /// Whether keys can be made, added and removed there.
    #[must_use]
    pub const fn is_writable(&self) -> bool {
        matches!(self, Self::File(_) | Self::OsKeyring)
    }
}

impl fmt::Display for KeyOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "`{name}`"),
            Self::File(path) => write!(f, "key file `{}`", path.display()),
            Self::OsKeyring => f.write_str("item `hitchpost` of the OS keyring"),
            Self::Given => f.write_str("the given key"),
        }
    }
}

/// Why there is no usable key-encryption key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A key is not 32 bytes in base64 or hexadecimal.
    #[error("line {line} of {origin} is not a key")]
    Malformed {
        /// Where it stands.
        origin: KeyOrigin,
        /// Its line, from 1.
        line: usize,
    },
    /// There is a place for keys, and none in it.
    #[error("{origin} holds no key")]
    Empty {
        /// The place.
        origin: KeyOrigin,
    },
    /// Other users can read the key file.
    #[error("key file `{}` is open to other users (mode {mode:04o})", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file cannot be read or written.
    #[error("cannot {action} key file `{}`", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system answered.
        #[source]
        source: io::Error,
    },
    /// The environment names no folder for the key file.
    #[error("there is no folder for the key file: neither `XDG_CONFIG_HOME` nor `HOME` is set")]
    NoFolder,
    /// The keys come from where this program cannot change them.
    #[error("the keys are neither in a key file nor in the OS keyring")]
    NotInFile,
    /// `HITCHPOST_KEYRING` names no keyring.
    #[error("`HITCHPOST_KEYRING` is `{value}`, which is no keyring")]
    UnknownKeyring {
        /// What it names.
        value: String,
    },
    /// The program that reaches the OS keyring is not installed.
    #[error("there is no program `{program}` to reach the OS keyring")]
    NoKeyringProgram {
        /// Its name.
        program: &'static str,
    },
    /// There is no keyring to talk to, or it does not do what it is asked.
    #[error("`{program}` cannot use the OS keyring: {answer}")]
    KeyringUnreachable {
        /// The program that was asked.
        program: &'static str,
        /// What it answered.
        answer: String,
    },
    /// The OS keyring has the item and does not open it.
    #[error("the OS keyring is locked")]
    KeyringLocked,
    /// The program was ended: it did not come to an end by itself.
    #[error("`{program}` did not answer within {seconds} s")]
    KeyringSilent {
        /// The program that was asked.
        program: &'static str,
        /// How long it had, in seconds.
        seconds: u64,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
    /// The cipher takes no more (RFC 8452, section 6).
    #[error("a secret of more than 64 GiB cannot be encrypted")]
    TooLong,
}

impl KeyError {
    /// The stable code of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed-key",
            Self::Empty { .. } | Self::NoFolder => "missing-key",
            Self::Exposed { .. } => "exposed-key-file",
            Self::Io { .. } => "key-file",
            Self::NotInFile => "keys-not-in-file",
            Self::UnknownKeyring { .. } => "unknown-keyring",
            Self::NoKeyringProgram { .. } => "no-keyring-program",
            Self::KeyringUnreachable { .. } => "keyring-unreachable",
            Self::KeyringLocked => "keyring-locked",
            Self::KeyringSilent { .. } => "keyring-silent",
            Self::NoRandomness => "no-randomness",
            Self::TooLong => "secret-too-long",
        }
    }

    /// What can be done about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Malformed { .. } | Self::Empty { .. } => {
                "a key is 32 random bytes, as base64 or as 64 hexadecimal digits: \
                 `openssl rand -base64 32` prints one"
                    .to_owned()
            }
            Self::Exposed { path, .. } => format!("run `chmod 600 {}`", path.display()),
            Self::NoFolder => {
                "set `HITCHPOST_KEY`, or name a key file in `HITCHPOST_KEY_FILE`".to_owned()
            }
            Self::NotInFile => {
                "put the new key before the old one in `HITCHPOST_KEY`, parted by a comma"
                    .to_owned()
            }
            Self::UnknownKeyring { .. } => "write `os`, or nothing for a key file".to_owned(),
            Self::NoKeyringProgram { .. } => "install it: the package is `libsecret-tools` on \
                 Debian and Ubuntu, `libsecret` on Fedora and Arch; or leave \
                 `HITCHPOST_KEYRING` away to use a key file"
                .to_owned(),
            Self::KeyringUnreachable { .. } => "it is there within a session of the desktop; \
                 elsewhere, name a key file in `HITCHPOST_KEY_FILE` or set `HITCHPOST_KEY`"
                .to_owned(),
            Self::KeyringLocked | Self::KeyringSilent { .. } => {
                "unlock the keyring, in its own program or when asked, and try again".to_owned()
            }
            Self::Io { .. } | Self::NoRandomness | Self::TooLong => return None,
        })
    }

    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

/// The place of a secret: `extension/instance/profile/key`, or `extension/instance` for a data key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretPlace {
    /// The record.
    pub extension: Name,
    /// The record's instance.
    pub instance: Name,
    /// The profile and its configuration key; `None` when the instance's data key is meant.
    pub entry: Option<(Name, Arc<str>)>,
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.extension, self.instance)?;
        match &self.entry {
            Some((profile, key)) => write!(f, "/{profile}/{key}"),
            None => Ok(()),
        }
    }
}

/// Why a sealed value does not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// No key is at hand.
    #[error("the secrets are encrypted with key `{wanted}`, and {origin} holds no key")]
    MissingKey {
        /// The key that is needed.
        wanted: KeyId,
        /// Where keys were looked for.
        origin: KeyOrigin,
    },
    /// Other keys are at hand than the one that is needed.
    #[error(
        "the secrets are encrypted with key `{wanted}`, and at hand {}",
        listed(present)
    )]
    WrongKey {
        /// The key that is needed.
        wanted: KeyId,
        /// The keys that are there.
        present: Vec<KeyId>,
    },
    /// The stored bytes were changed, cut, or moved from another place.
    #[error("the stored secret of `{place}` was changed or belongs to another place")]
    Tampered {
        /// Where it was found.
        place: SecretPlace,
    },
    /// The stored bytes are in a form that this version does not know.
    #[error(
        "the stored secret of `{place}` is in form {version}, which this version does not know"
    )]
    UnknownForm {
        /// Where it was found.
        place: SecretPlace,
        /// The number of the form.
        version: u8,
    },
    /// The keys cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl OpenError {
    /// The stable code of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MissingKey { .. } => "missing-key",
            Self::WrongKey { .. } => "wrong-key",
            Self::Tampered { .. } => "tampered-secret",
            Self::UnknownForm { .. } => "newer-secret",
            Self::Key(error) => error.code(),
        }
    }

    /// What can be done about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::MissingKey { .. } | Self::WrongKey { .. } => {
                "add that key as a further line of the key file, or after the current one in \
                 `HITCHPOST_KEY` or in the OS keyring, parted by a comma; if it is lost, the \
                 secrets are too: delete the records that have secrets, and apply them again"
                    .to_owned()
            }
            Self::Tampered { .. } => {
                "restore the database from a copy, or delete the record and apply it again"
                    .to_owned()
            }
            Self::UnknownForm { .. } => "use a newer version".to_owned(),
            Self::Key(error) => return error.help(),
        })
    }
}

fn listed(keys: &[KeyId]) -> String {
    let names: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{verb} {}", names.join(", "))
}

/// Why a record's secrets were not sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The record says to keep a value that is not stored.
    #[error("`{place}` has no stored value to keep, and the record shows none")]
    NothingToKeep {
        /// Where the value should be.
        place: SecretPlace,
    },
    /// There is no key to seal with.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A stored value, which had to be compared or kept, does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl SealError {
    /// The stable code of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NothingToKeep { .. } => "no-stored-secret",
            Self::Key(error) => error.code(),
            Self::Open(error) => error.code(),
        }
    }

    /// What can be done about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NothingToKeep { .. } => Some(format!(
                "write the value in place of `{}`",
                hitchpost_registry_core::REDACTED
            )),
            Self::Key(error) => error.help(),
            Self::Open(error) => error.help(),
        }
    }
}
