use std::sync::Arc;

use crate::name::Name;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What stands wherever a secret would: in `Debug`, JSON, listings, logs and explanations.
///
/// It tells neither the value's length nor any part of it.
pub const REDACTED: &str = "[REDACTED]";

/// The value of a configuration key of a profile.
///
/// Shown as [`REDACTED`] by `Debug` and `Serialize`. Equality compares what is known: two plain
/// values by text, two sealed ones by their bytes.
#[derive(Clone)]
#[non_exhaustive]
pub enum SecretValue {
    /// The value itself, as it was written in a record. Zeroed when dropped.
    Plain(SecretString),
    /// Encrypted; only the owner of the key can open it.
    Sealed(Sealed),
    /// Stands for a value which the text did not show. Writing it back keeps the stored value.
    Redacted,
}

impl SecretValue {
    /// Reads a value from a record: [`REDACTED`] is the mark of a value that is not shown.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        if text == REDACTED {
            Self::Redacted
        } else {
            Self::Plain(SecretString::from(text))
        }
    }
}

impl PartialEq for SecretValue {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Plain(a), Self::Plain(b)) => a.expose_secret() == b.expose_secret(),
            (Self::Sealed(a), Self::Sealed(b)) => a == b,
            (Self::Redacted, Self::Redacted) => true,
            _ => false,
        }
    }
}

impl std::fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for SecretValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

/// A stored document holds the mark only; whoever loads it puts the sealed value in its place.
impl<'de> Deserialize<'de> for SecretValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self::from_text(&text))
    }
}

/// One encrypted value: nonce and ciphertext with its tag, in the order in which they are stored.
///
/// What it means is the concern of whoever sealed it; the domain carries it unopened.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Sealed(Arc<[u8]>);

impl Sealed {
    /// Takes the bytes as stored.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The bytes as stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed")
    }
}

/// The data key of an instance, encrypted with a key-encryption key that only its owner has.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WrappedKey(Arc<[u8]>);

impl WrappedKey {
    /// Takes the bytes as stored.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The bytes as stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WrappedKey")
    }
}

/// A sealed value with all that is needed to open it, and the place it belongs to.
///
/// The place is authenticated with the value: moved to another place, it does not open.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SealedSecret {
    /// The record.
    pub extension: Name,
    /// The record's instance.
    pub instance: Name,
    /// The instance's profile.
    pub profile: Name,
    /// The profile's configuration key.
    pub key: Arc<str>,
    /// The instance's encrypted data key.
    pub data_key: WrappedKey,
    /// The value.
    pub sealed: Sealed,
}
