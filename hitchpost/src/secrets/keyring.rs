use std::{
    collections::HashMap,
    env, fmt,
    path::PathBuf,
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
    key_file, os_keyring,
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
/// A keyring on a key file or on the OS keyring reads it again when it meets a key that it does not
/// have, so programs that run go on running.
pub struct Keyring {
    /// The current one first.
    keys: RwLock<Arc<[KeyEncryptionKey]>>,
    /// Where keys are looked for again, if it is writable.
    origin: KeyOrigin,
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

    /// The keys from the first of these that there is:
    /// 1. `HITCHPOST_KEY`: one key or several, parted by commas or white space, the current one
    ///    first;
    /// 2. the key file that `HITCHPOST_KEY_FILE` names;
    /// 3. the OS keyring, when `HITCHPOST_KEYRING` is `os`: see [`Keyring::from_os_keyring`];
    /// 4. the key file `$XDG_CONFIG_HOME/hitchpost/key`, else `~/.config/hitchpost/key`.
    ///
    /// # Errors
    /// [`KeyError`] when a key is malformed or `HITCHPOST_KEYRING` is something else, or as for
    /// [`Keyring::from_file`].
    pub fn from_environment() -> Result<Self, KeyError> {
        const VARIABLE: &str = "HITCHPOST_KEY";
        if let Some(text) = env::var_os(VARIABLE) {
            let origin = KeyOrigin::Variable(VARIABLE);
            let text = Zeroizing::new(text.into_encoded_bytes());
            let keys = match str::from_utf8(&text) {
                Ok(text) => key::parse(text, &origin)?,
                Err(_) => return Err(KeyError::Malformed { origin, line: 1 }),
            };
            return Ok(Self::new(keys, origin));
        }
        let named = |name| env::var_os(name).filter(|value| !value.is_empty());
        if let Some(path) = named("HITCHPOST_KEY_FILE") {
            return Self::from_file(path);
        }
        match named("HITCHPOST_KEYRING") {
            None => Self::from_file(key_file::default_path()?),
            Some(value) if value == "os" => Ok(Self::from_os_keyring()),
            Some(value) => Err(KeyError::UnknownKeyring {
                value: value.to_string_lossy().into_owned(),
            }),
        }
    }

    /// The keys of the operating system's keyring, in its item of service `hitchpost` and account
    /// `registry-key`: one or several, parted by commas, the current one first.
    ///
    /// The keyring is reached by a program: `secret-tool` (libsecret) on Linux, `security` on
    /// macOS. It runs when a key is first needed, not before, and has 60 s: it may ask the user to
    /// unlock the keyring. When there is no such item, it is made with a random key the first time
    /// that something is encrypted. No test runs `security`: macOS is supported as far
    /// as its manual goes.
    #[must_use]
    pub fn from_os_keyring() -> Self {
        Self::new(Vec::new(), KeyOrigin::OsKeyring)
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
        Ok(Self::new(keys, KeyOrigin::File(path)))
    }

    /// The keys of a text, parted by commas or white space, the current one first.
    ///
    /// # Errors
    /// [`KeyError`] when there is none, or one is not 32 bytes as base64 or 64 hexadecimal digits.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let keys = key::parse(text, &KeyOrigin::Given)?;
        Ok(Self::new(keys, KeyOrigin::Given))
    }

    /// A random key, gone with the keyring: for registries that live in memory only.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn ephemeral() -> Result<Self, KeyError> {
        let key = KeyEncryptionKey::new(&key::generate()?);
        Ok(Self::new(vec![key], KeyOrigin::Given))
    }

    fn new(keys: Vec<KeyEncryptionKey>, origin: KeyOrigin) -> Self {
        Self {
            keys: RwLock::new(keys.into()),
            origin,
            data_keys: RwLock::default(),
        }
    }

    /// The keys at hand, the current one first; empty when the key file is not there yet, or the
    /// OS keyring was not needed yet: see [`Keyring::load`].
    #[must_use]
    pub fn key_ids(&self) -> Vec<KeyId> {
        read(&self.keys).iter().map(|key| key.id).collect()
    }

    /// Where the keys come from.
    #[must_use]
    pub const fn origin(&self) -> &KeyOrigin {
        &self.origin
    }

    /// Reads the keys if none is at hand, and makes none. Who is about to hold a lock does this
    /// first: the OS keyring may wait for its user.
    ///
    /// # Errors
    /// [`KeyError`] when the key file or the OS keyring cannot be read.
    pub fn load(&self) -> Result<(), KeyError> {
        if read(&self.keys).is_empty() {
            self.read_again()?;
        }
        Ok(())
    }

    /// Makes sure that a key is at hand, reading the key file or the OS keyring again if need be.
    ///
    /// # Errors
    /// [`OpenError::MissingKey`], [`OpenError::WrongKey`], or [`OpenError::Key`] when it cannot be
    /// read.
    pub fn require(&self, wanted: KeyId) -> Result<(), OpenError> {
        self.key(wanted).map(|_| ())
    }

    /// Puts a new random key before the others of the key file or the OS keyring. From now on it is
    /// the one that encrypts.
    ///
    /// # Errors
    /// [`KeyError::NotInFile`] when the keys come from elsewhere, [`KeyError`] when the place cannot
    /// be read or written.
    pub fn add_key(&self) -> Result<(), KeyError> {
        match &self.origin {
            KeyOrigin::File(path) => key_file::add(path)?,
            KeyOrigin::OsKeyring => os_keyring::add()?,
            KeyOrigin::Variable(_) | KeyOrigin::Given => return Err(KeyError::NotInFile),
        }
        self.read_again().map(|_| ())
    }

    /// Removes every key but the current one from the key file or the OS keyring. What is encrypted with another
    /// one can then no longer be read: the store says which keys are in use.
    ///
    /// # Errors
    /// As for [`Keyring::add_key`].
    pub fn remove_old_keys(&self) -> Result<(), KeyError> {
        match &self.origin {
            KeyOrigin::File(path) => key_file::keep_first(path)?,
            KeyOrigin::OsKeyring => os_keyring::keep_first()?,
            KeyOrigin::Variable(_) | KeyOrigin::Given => return Err(KeyError::NotInFile),
        }
        self.read_again()?;
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
        if !has(&keys) {
            keys = self.read_again()?;
        }
        if has(&keys) {
            return Ok(keys);
        }
        Err(if keys.is_empty() {
            OpenError::MissingKey {
                wanted,
                origin: self.origin.clone(),
            }
        } else {
            let present = keys.iter().map(|key| key.id).collect();
            OpenError::WrongKey { wanted, present }
        })
    }

    /// Keys of which the first is the one to encrypt with; makes it when there is none.
    fn current(&self) -> Result<Arc<[KeyEncryptionKey]>, KeyError> {
        self.load()?;
        let keys = Arc::clone(&read(&self.keys));
        if !keys.is_empty() {
            return Ok(keys);
        }
        match &self.origin {
            KeyOrigin::File(path) => key_file::create(path)?,
            KeyOrigin::OsKeyring => os_keyring::create()?,
            KeyOrigin::Variable(_) | KeyOrigin::Given => {}
        }
        self.read_again()
    }

    fn read_again(&self) -> Result<Arc<[KeyEncryptionKey]>, KeyError> {
        let read_now = match &self.origin {
            KeyOrigin::File(path) => key_file::read(path)?,
            KeyOrigin::OsKeyring => os_keyring::read()?,
            KeyOrigin::Variable(_) | KeyOrigin::Given => Vec::new(),
        };
        let mut keys = write(&self.keys);
        // A place that is empty now does not take the keys from a program that runs.
        if !read_now.is_empty() {
            *keys = read_now.into();
        }
        Ok(Arc::clone(&keys))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("keys", &self.key_ids())
            .field("origin", &self.origin)
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
