use std::{
    collections::HashMap,
    env, fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use aes_gcm_siv::{Aes256GcmSiv, KeyInit};
use hitchpost_registry_core::{Name, SealedSecret, WrappedKey};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{
    envelope,
    error::{KeyError, KeyOrigin, OpenError, SecretPlace},
    key::{self, KeyBytes, KeyEncryptionKey, KeyId},
    key_file,
};

/// The key-encryption keys at hand: the current one, which encrypts, and older ones, which still
/// decrypt.
///
/// Keys are zeroed when they are dropped, and shown by no `Debug`. Decrypted data keys are kept
/// for the next use. A keyring may be shared between threads.
///
/// # Rotation
/// A new key is added before the current one ([`Keyring::add_key`], or by hand), the store
/// encrypts all data keys with it, then the older one is removed ([`Keyring::remove_old_keys`]).
/// A keyring on a key file reads the file again when it meets a key that it does not have, so
/// programs that run go on running.
pub struct Keyring {
    /// The current one first.
    keys: RwLock<Arc<[KeyEncryptionKey]>>,
    /// Where keys are looked for again.
    file: Option<PathBuf>,
    data_keys: RwLock<HashMap<WrappedKey, Arc<DataKey>>>,
}

/// A decrypted data key and the instance for which it was decrypted.
pub(super) struct DataKey {
    extension: Name,
    instance: Name,
    pub(super) cipher: Aes256GcmSiv,
}

impl Keyring {
    /// How many decrypted data keys are kept.
    const KEPT: usize = 4_096;

    /// The keys of `HITCHPOST_KEY`, else of the key file: `HITCHPOST_KEY_FILE`, else
    /// `$XDG_CONFIG_HOME/hitchpost/key`, else `~/.config/hitchpost/key`.
    ///
    /// `HITCHPOST_KEY` may hold several keys, parted by commas or white space, the current one
    /// first.
    ///
    /// # Errors
    /// [`KeyError`] when a key is malformed, or as for [`Keyring::from_file`].
    pub fn from_environment() -> Result<Self, KeyError> {
        const VARIABLE: &str = "HITCHPOST_KEY";
        match env::var_os(VARIABLE) {
            Some(text) => {
                let text = Zeroizing::new(text.into_encoded_bytes());
                let text = str::from_utf8(&text).map_err(|_| KeyError::Malformed {
                    origin: KeyOrigin::Variable(VARIABLE),
                    line: 1,
                })?;
                let keys = key::parse(text, &KeyOrigin::Variable(VARIABLE))?;
                Ok(Self::new(keys, None))
            }
            None => Self::from_file(key_file::path()?),
        }
    }

    /// The keys of a file, one a line, the current one first.
    ///
    /// When there is no such file, it is made with a random key the first time that something is
    /// encrypted: mode 0600, in a folder of mode 0700. Keep it apart from the database.
    ///
    /// # Errors
    /// [`KeyError`] when the file is there and cannot be read, is open to other users, or has
    /// something else than keys.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, KeyError> {
        let path = path.into();
        let keys = key_file::read(&path)?;
        Ok(Self::new(keys, Some(path)))
    }

    /// The keys of a text, parted by commas or white space, the current one first.
    ///
    /// # Errors
    /// [`KeyError`] when there is none, or one is not 32 bytes as base64 or 64 hexadecimal digits.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        Ok(Self::new(key::parse(text, &KeyOrigin::Given)?, None))
    }

    /// A random key, gone with the keyring: for registries that live in memory only.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn ephemeral() -> Result<Self, KeyError> {
        let key = KeyEncryptionKey::new(&key::generate()?);
        Ok(Self::new(vec![key], None))
    }

    fn new(keys: Vec<KeyEncryptionKey>, file: Option<PathBuf>) -> Self {
        Self {
            keys: RwLock::new(keys.into()),
            file,
            data_keys: RwLock::default(),
        }
    }

    /// The keys at hand, the current one first; empty when the key file is not there yet.
    #[must_use]
    pub fn key_ids(&self) -> Vec<KeyId> {
        read(&self.keys).iter().map(|key| key.id).collect()
    }

    /// The file in which the keys are; `None` when they come from elsewhere.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Makes sure that a key is at hand, reading the key file again if need be.
    ///
    /// # Errors
    /// [`OpenError::MissingKey`], [`OpenError::WrongKey`], or [`OpenError::Key`] when the file
    /// cannot be read.
    pub fn require(&self, wanted: KeyId) -> Result<(), OpenError> {
        self.key(wanted).map(|_| ())
    }

    /// Puts a new random key before the others of the key file. From now on it is the one that
    /// encrypts.
    ///
    /// # Errors
    /// [`KeyError::NotInFile`] when the keys come from elsewhere, [`KeyError`] when the file cannot
    /// be read or written.
    pub fn add_key(&self) -> Result<(), KeyError> {
        key_file::add(self.file.as_deref().ok_or(KeyError::NotInFile)?)?;
        self.read_file().map(|_| ())
    }

    /// Removes every key but the current one from the key file. What is encrypted with another
    /// one can then no longer be read: the store says which keys are in use.
    ///
    /// # Errors
    /// As for [`Keyring::add_key`].
    pub fn remove_old_keys(&self) -> Result<(), KeyError> {
        key_file::keep_first(self.file.as_deref().ok_or(KeyError::NotInFile)?)?;
        self.read_file()?;
        write(&self.data_keys).clear();
        Ok(())
    }

    /// Opens a sealed value.
    ///
    /// # Errors
    /// [`OpenError`]: the key is not at hand, or the stored bytes are not what was stored at this
    /// place.
    pub fn open(&self, secret: &SealedSecret) -> Result<SecretString, OpenError> {
        let data_key = self.data_key(&secret.data_key, &secret.extension, &secret.instance)?;
        envelope::open(&data_key.cipher, secret)
    }

    /// Encrypts a data key with the current key instead of an older one; the sealed values stay as
    /// they are.
    ///
    /// # Errors
    /// As for [`Keyring::open`].
    pub fn rewrap(
        &self,
        wrapped: &WrappedKey,
        extension: &Name,
        instance: &Name,
    ) -> Result<WrappedKey, OpenError> {
        let bytes = self.unwrap(wrapped, extension, instance)?;
        let current = self.current()?;
        Ok(match current.first() {
            Some(key) => envelope::wrap(key, &bytes, extension, instance)?,
            None => wrapped.clone(),
        })
    }

    /// A new data key for an instance.
    pub(super) fn new_data_key(
        &self,
        extension: &Name,
        instance: &Name,
    ) -> Result<(WrappedKey, Arc<DataKey>), KeyError> {
        let bytes = key::generate()?;
        let current = self.current()?;
        let key = current.first().ok_or(KeyError::NotInFile)?;
        let wrapped = envelope::wrap(key, &bytes, extension, instance)?;
        let data_key = self.keep(&wrapped, &bytes, extension, instance);
        Ok((wrapped, data_key))
    }

    /// The decrypted data key of an instance.
    pub(super) fn data_key(
        &self,
        wrapped: &WrappedKey,
        extension: &Name,
        instance: &Name,
    ) -> Result<Arc<DataKey>, OpenError> {
        let kept = read(&self.data_keys).get(wrapped).cloned();
        // A data key of another instance must not pass because it was decrypted there before.
        match kept.filter(|kept| kept.extension == *extension && kept.instance == *instance) {
            Some(kept) => Ok(kept),
            None => {
                let bytes = self.unwrap(wrapped, extension, instance)?;
                Ok(self.keep(wrapped, &bytes, extension, instance))
            }
        }
    }

    fn keep(
        &self,
        wrapped: &WrappedKey,
        bytes: &KeyBytes,
        extension: &Name,
        instance: &Name,
    ) -> Arc<DataKey> {
        let data_key = Arc::new(DataKey {
            extension: extension.clone(),
            instance: instance.clone(),
            cipher: Aes256GcmSiv::new((&**bytes).into()),
        });
        let mut kept = write(&self.data_keys);
        if kept.len() >= Self::KEPT {
            kept.clear();
        }
        kept.insert(wrapped.clone(), Arc::clone(&data_key));
        data_key
    }

    fn unwrap(
        &self,
        wrapped: &WrappedKey,
        extension: &Name,
        instance: &Name,
    ) -> Result<KeyBytes, OpenError> {
        let tampered = || OpenError::Tampered {
            place: SecretPlace {
                extension: extension.clone(),
                instance: instance.clone(),
                entry: None,
            },
        };
        let id = KeyId::of(wrapped).ok_or_else(tampered)?;
        let keys = self.key(id)?;
        keys.iter()
            .find(|key| key.id == id)
            .and_then(|key| envelope::unwrap(key, wrapped, extension, instance))
            .ok_or_else(tampered)
    }

    /// Keys among which `wanted` is.
    fn key(&self, wanted: KeyId) -> Result<Arc<[KeyEncryptionKey]>, OpenError> {
        let has = |keys: &[KeyEncryptionKey]| keys.iter().any(|key| key.id == wanted);
        let mut keys = Arc::clone(&read(&self.keys));
        if !has(&keys) && self.file.is_some() {
            keys = self.read_file()?;
        }
        if has(&keys) {
            return Ok(keys);
        }
        Err(if keys.is_empty() {
            OpenError::MissingKey { wanted }
        } else {
            let present = keys.iter().map(|key| key.id).collect();
            OpenError::WrongKey { wanted, present }
        })
    }

    /// Keys of which the first is the one to encrypt with; makes the key file when there is none.
    fn current(&self) -> Result<Arc<[KeyEncryptionKey]>, KeyError> {
        let keys = Arc::clone(&read(&self.keys));
        match &self.file {
            Some(path) if keys.is_empty() => {
                key_file::create(path)?;
                self.read_file()
            }
            _ => Ok(keys),
        }
    }

    fn read_file(&self) -> Result<Arc<[KeyEncryptionKey]>, KeyError> {
        let path = self.file.as_deref().ok_or(KeyError::NotInFile)?;
        let read_now: Arc<[KeyEncryptionKey]> = key_file::read(path)?.into();
        let mut keys = write(&self.keys);
        // A file that is gone does not take the keys from a program that runs.
        if !read_now.is_empty() {
            *keys = read_now;
        }
        Ok(Arc::clone(&keys))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("keys", &self.key_ids())
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

// What a panicking thread leaves behind is whole: each guarded value is replaced in one step.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
