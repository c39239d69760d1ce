//! Key-encryption keys.

use std::fmt;

use aes_gcm_siv::{Aes256GcmSiv, KeyInit};
use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use hitchpost_registry_core::WrappedKey;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    envelope,
    error::{KeyError, KeyOrigin},
};

/// The bytes of a key.
pub(super) type KeyBytes = Zeroizing<[u8; 32]>;

/// The public name of a key-encryption key: the first 8 bytes of a SHA-256 of it, as 16 hexadecimal
/// digits. It tells keys apart and nothing about them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    pub(super) const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    /// The key with which a data key is encrypted; `None` when the bytes are of an unknown form.
    #[must_use]
    pub fn of(wrapped: &WrappedKey) -> Option<Self> {
        envelope::key_id(wrapped)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A key-encryption key, ready for use.
pub(super) struct KeyEncryptionKey {
    pub(super) id: KeyId,
    pub(super) cipher: Aes256GcmSiv,
}

impl KeyEncryptionKey {
    pub(super) fn new(bytes: &KeyBytes) -> Self {
        let digest = Sha256::new()
            .chain_update(b"hitchpost/key-id/v1")
            .chain_update(bytes.as_slice())
            .finalize();
        let mut id = [0; 8];
        id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self {
            id: KeyId(id),
            cipher: Aes256GcmSiv::new((&**bytes).into()),
        }
    }
}

/// 32 random bytes.
pub(super) fn generate() -> Result<KeyBytes, KeyError> {
    let mut bytes = KeyBytes::default();
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| KeyError::NoRandomness)?;
    Ok(bytes)
}

/// The keys of a text, current one first: each 32 bytes in base64 or hexadecimal, parted by white
/// space or commas. A line that begins with `#` is a comment.
pub(super) fn parse(text: &str, origin: &KeyOrigin) -> Result<Vec<KeyEncryptionKey>, KeyError> {
    let mut keys: Vec<KeyEncryptionKey> = Vec::new();
    for (line, word) in words(text) {
        let bytes = decode(word).ok_or_else(|| KeyError::Malformed {
            origin: origin.clone(),
            line,
        })?;
        let key = KeyEncryptionKey::new(&bytes);
        if keys.iter().all(|known| known.id != key.id) {
            keys.push(key);
        }
    }
    if keys.is_empty() {
        return Err(KeyError::Empty {
            origin: origin.clone(),
        });
    }
    Ok(keys)
}

/// The words of a text that are not comments, each with its line from 1.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..)
        .zip(text.lines())
        .filter(|(_, text)| !text.trim_start().starts_with('#'))
        .flat_map(|(line, text)| {
            text.split(|c: char| c.is_whitespace() || c == ',')
                .filter(|word| !word.is_empty())
                .map(move |word| (line, word))
        })
}

/// The text of a key, as it stands in a key file.
pub(super) fn encode(bytes: &KeyBytes) -> Zeroizing<String> {
    Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(bytes.as_slice()))
}

fn decode(word: &str) -> Option<KeyBytes> {
    let decoded = Zeroizing::new(decode_hexadecimal(word).or_else(|| decode_base64(word))?);
    let mut bytes = KeyBytes::default();
    (decoded.len() == bytes.len()).then(|| bytes.copy_from_slice(&decoded))?;
    Some(bytes)
}

fn decode_hexadecimal(word: &str) -> Option<Vec<u8>> {
    if word.len() != 64 {
        return None;
    }
    let digits: Option<Zeroizing<Vec<u8>>> = word
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<Vec<_>>>()
        .map(Zeroizing::new);
    let pair = |pair: &[u8]| pair.iter().fold(0, |byte, digit| byte << 4 | digit);
    Some(digits?.chunks(2).map(pair).collect())
}

fn decode_base64(word: &str) -> Option<Vec<u8>> {
    let alphabet = if word.contains(['-', '_']) {
        &URL_SAFE
    } else {
        &STANDARD
    };
    let padding =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, padding).decode(word).ok()
}
