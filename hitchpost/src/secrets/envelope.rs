//! The bytes of sealed values and wrapped data keys.
//!
//! | what | bytes |
//! |---|---|
//! | wrapped data key | form (1), id of the key-encryption key (8), nonce (12), ciphertext (32), tag (16) |
//! | sealed value | form (1), nonce (12), ciphertext, tag (16) |

use aes_gcm_siv::{AeadInOut, Aes256GcmSiv, Nonce, Tag};
use hitchpost_registry_core::{Name, Sealed, SealedSecret, WrappedKey};
use secrecy::SecretString;
use zeroize::{Zeroize, Zeroizing};

use super::{
    error::{KeyError, OpenError, SecretPlace},
    key::{KeyBytes, KeyEncryptionKey, KeyId},
};

/// The one form of both; a later one gets the next number.
const FORM: u8 = 1;
const NONCE: usize = 12;
const TAG: usize = 16;

/// Encrypts a data key for an instance.
pub(super) fn wrap(
    key: &KeyEncryptionKey,
    data_key: &KeyBytes,
    extension: &Name,
    instance: &Name,
) -> Result<WrappedKey, KeyError> {
    let mut bytes = vec![FORM];
    bytes.extend(key.id.as_bytes());
    let label = data_key_label(extension, instance);
    encrypt(&key.cipher, &label, data_key.as_slice(), &mut bytes)?;
    Ok(WrappedKey::from_bytes(&bytes))
}

/// Decrypts a data key; `None` when it was changed or is another instance's.
pub(super) fn unwrap(
    key: &KeyEncryptionKey,
    wrapped: &WrappedKey,
    extension: &Name,
    instance: &Name,
) -> Option<KeyBytes> {
    let (_, rest) = wrapped.as_bytes().split_at_checked(1 + 8)?;
    let plain = decrypt(&key.cipher, &data_key_label(extension, instance), rest)?;
    let mut bytes = KeyBytes::default();
    (plain.len() == bytes.len()).then(|| bytes.copy_from_slice(&plain))?;
    Some(bytes)
}

/// The key with which a data key is encrypted.
pub(super) fn key_id(wrapped: &WrappedKey) -> Option<KeyId> {
    let (form, rest) = wrapped.as_bytes().split_first()?;
    (*form == FORM).then(|| rest.first_chunk().copied().map(KeyId::from_bytes))?
}

/// Encrypts a value for its place.
pub(super) fn seal(
    cipher: &Aes256GcmSiv,
    place: [&str; 4],
    value: &str,
) -> Result<Sealed, KeyError> {
    let mut bytes = vec![FORM];
    encrypt(cipher, &value_label(place), value.as_bytes(), &mut bytes)?;
    Ok(Sealed::from_bytes(&bytes))
}

/// Decrypts a value at its place.
pub(super) fn open(
    cipher: &Aes256GcmSiv,
    secret: &SealedSecret,
) -> Result<SecretString, OpenError> {
    let SealedSecret {
        extension,
        instance,
        profile,
        key,
        ..
    } = secret;
    let label = value_label([extension.as_str(), instance.as_str(), profile.as_str(), key]);
    let plain = match secret.sealed.as_bytes().split_first() {
        Some((&FORM, rest)) => decrypt(cipher, &label, rest),
        Some((&version, _)) => {
            return Err(OpenError::UnknownForm {
                place: place(secret),
                version,
            });
        }
        None => None,
    };
    let tampered = || OpenError::Tampered {
        place: place(secret),
    };
    let mut plain = plain.ok_or_else(tampered)?;
    match String::from_utf8(std::mem::take(&mut *plain)) {
        Ok(text) => Ok(SecretString::from(text)),
        Err(error) => {
            error.into_bytes().zeroize();
            Err(tampered())
        }
    }
}

pub(super) fn place(secret: &SealedSecret) -> SecretPlace {
    SecretPlace {
        extension: secret.extension.clone(),
        instance: secret.instance.clone(),
        entry: Some((secret.profile.clone(), secret.key.clone())),
    }
}

fn data_key_label(extension: &Name, instance: &Name) -> Vec<u8> {
    // INVARIANT: no name has a `/`, so two places never have the same label.
    format!("hitchpost/data-key/v1/{extension}/{instance}").into_bytes()
}

/// Each part after its length, since a configuration key may have any character.
fn value_label(place: [&str; 4]) -> Vec<u8> {
    let mut label = Vec::with_capacity(128);
    label.extend(b"hitchpost/value/v1");
    for part in place {
        label.extend((part.len() as u64).to_le_bytes());
        label.extend(part.as_bytes());
    }
    label
}

/// Appends nonce, ciphertext and tag to `bytes`.
fn encrypt(
    cipher: &Aes256GcmSiv,
    label: &[u8],
    plain: &[u8],
    bytes: &mut Vec<u8>,
) -> Result<(), KeyError> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|_| KeyError::NoRandomness)?;
    bytes.reserve_exact(NONCE + plain.len() + TAG);
    bytes.extend(nonce);
    let start = bytes.len();
    bytes.extend(plain);
    let buffer = bytes.get_mut(start..).unwrap_or_default();
    let tag = cipher
        .encrypt_inout_detached(&Nonce::from(nonce), label, buffer.into())
        .map_err(|_| KeyError::TooLong)?;
    bytes.extend(tag);
    Ok(())
}

/// Decrypts nonce, ciphertext and tag.
fn decrypt(cipher: &Aes256GcmSiv, label: &[u8], bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, rest) = bytes.split_first_chunk::<NONCE>()?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG>()?;
    // Exactly as long as the plain text: turning it into a string copies nothing.
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    cipher
        .decrypt_inout_detached(
            &Nonce::from(*nonce),
            label,
            buffer.as_mut_slice().into(),
            &Tag::from(*tag),
        )
        .ok()?;
    Some(buffer)
}
