//! Secrets at rest: envelope encryption of the values in profiles.
//!
//! Each instance that has secrets has a *data key*, 32 random bytes. Each value is encrypted with
//! it (AES-256-GCM-SIV, [RFC 8452], random nonce) and bound to its place: a value that is moved to
//! another extension, instance, profile or key does not open. The data key itself is stored
//! encrypted with a *key-encryption key*, which the database never sees and which a [`Keyring`]
//! holds.
//!
//! ```
//! use hitchpost::Keyring;
//! use hitchpost_registry_core::{Catalogue, SecretValue, parse_records};
//!
//! let text = b"name: store\nversion: 1.0\nconfiguration: {TOKEN: abc}\n";
//! let (mut records, _) = parse_records("store.yaml", text, Catalogue::builtin());
//! let keyring = Keyring::ephemeral()?;
//! keyring.seal(&mut records[0], None)?;
//! let value = &records[0].instances[0].profiles[0].configuration[0].value;
//! assert!(matches!(value, SecretValue::Sealed(_)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [RFC 8452]: https://www.rfc-editor.org/rfc/rfc8452

mod envelope;
mod error;
mod key;
mod key_file;
mod keyring;
mod os_keyring;
mod seal;
#[cfg(test)]
mod tests;

pub use error::{KeyError, KeyOrigin, OpenError, SealError, SecretPlace};
pub use key::KeyId;
pub use keyring::Keyring;
