use std::sync::Arc;

use hitchpost_registry_core::{
    Extension, Instance, Name, Sealed, SealedSecret, SecretValue, WrappedKey,
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    envelope,
    error::{OpenError, SealError, SecretPlace},
    keyring::{DataKey, Keyring},
};

impl Keyring {
    /// Seals every secret of a record that is about to be stored.
    ///
    /// `previous` is the record as it is stored now. A value that it has at the same place is kept
    /// as it is, bytes and all, when the new record has the same or does not show it
    /// ([`SecretValue::Redacted`]): applying a record twice changes nothing. An instance keeps its
    /// data key as long as it has a secret.
    ///
    /// # Errors
    /// [`SealError`]: there is no stored value to keep, no key, or a stored value does not open.
    /// The record is then sealed in part; do not store it.
    pub fn seal(&self, new: &mut Extension, previous: Option<&Extension>) -> Result<(), SealError> {
        let Extension {
            name, instances, ..
        } = new;
        let stored: &[Instance] = previous.map_or(&[], |previous| &previous.instances);
        for instance in instances {
            let previous = stored
                .iter()
                .find(|previous| previous.name == instance.name);
            Sealing {
                keyring: self,
                extension: name,
                previous,
                data_key: None,
            }
            .seal(instance)?;
        }
        Ok(())
    }
}

/// The sealing of one instance.
struct Sealing<'a> {
    keyring: &'a Keyring,
    extension: &'a Name,
    previous: Option<&'a Instance>,
    /// Decrypted when the first value needs it.
    data_key: Option<(WrappedKey, Arc<DataKey>)>,
}

impl Sealing<'_> {
    fn seal(mut self, instance: &mut Instance) -> Result<(), SealError> {
        let own_key = instance.data_key.take();
        let mut any = false;
        for profile in &mut instance.profiles {
            for entry in &mut profile.configuration {
                let place = Place {
                    instance: &instance.name,
                    profile: &profile.name,
                    key: &entry.name,
                };
                let value = std::mem::replace(&mut entry.value, SecretValue::Redacted);
                entry.value = SecretValue::Sealed(self.value(value, place, own_key.as_ref())?);
                any = true;
            }
        }
        if any {
            let previous = self.previous.and_then(|previous| previous.data_key.clone());
            instance.data_key = self.data_key.map(|(wrapped, _)| wrapped).or(previous);
        }
        Ok(())
    }

    fn value(
        &mut self,
        value: SecretValue,
        place: Place<'_>,
        own_key: Option<&WrappedKey>,
    ) -> Result<Sealed, SealError> {
        let stored = self.stored(place);
        let plain = match value {
            SecretValue::Plain(plain) => plain,
            SecretValue::Sealed(sealed) => match &stored {
                Some((_, stored)) if sealed == *stored => return Ok(sealed),
                // Read elsewhere, or before the stored one was changed.
                _ => match own_key {
                    Some(key) => self.open(place, key.clone(), sealed)?,
                    None => {
                        let place = self.place(place);
                        return Err(OpenError::Tampered { place }.into());
                    }
                },
            },
            _ => {
                let place = self.place(place);
                return match stored {
                    Some((_, sealed)) => Ok(sealed),
                    None => Err(SealError::NothingToKeep { place }),
                };
            }
        };
        if let Some((key, sealed)) = stored
            && self.open(place, key, sealed.clone())?.expose_secret() == plain.expose_secret()
        {
            return Ok(sealed);
        }
        let names = [
            self.extension.as_str(),
            place.instance.as_str(),
            place.profile.as_str(),
            place.key,
        ];
        let data_key = self.data_key(place.instance)?;
        Ok(envelope::seal(
            &data_key.cipher,
            names,
            plain.expose_secret(),
        )?)
    }

    /// The stored value of the same place, and its data key.
    fn stored(&self, place: Place<'_>) -> Option<(WrappedKey, Sealed)> {
        let previous = self.previous?;
        let profile = previous
            .profiles
            .iter()
            .find(|profile| profile.name == *place.profile)?;
        let entry = profile
            .configuration
            .iter()
            .find(|entry| entry.name == place.key)?;
        match &entry.value {
            SecretValue::Sealed(sealed) => Some((previous.data_key.clone()?, sealed.clone())),
            _ => None,
        }
    }

    fn open(
        &self,
        place: Place<'_>,
        data_key: WrappedKey,
        sealed: Sealed,
    ) -> Result<SecretString, OpenError> {
        self.keyring.open(&SealedSecret {
            extension: self.extension.clone(),
            instance: place.instance.clone(),
            profile: place.profile.clone(),
            key: place.key.into(),
            data_key,
            sealed,
        })
    }

    /// The data key of the instance: the stored one, else a new one.
    fn data_key(&mut self, instance: &Name) -> Result<Arc<DataKey>, SealError> {
        if let Some((_, key)) = &self.data_key {
            return Ok(Arc::clone(key));
        }
        let stored = self.previous.and_then(|previous| previous.data_key.clone());
        let (wrapped, key) = match stored {
            Some(wrapped) => {
                let key = self.keyring.data_key(&wrapped, self.extension, instance)?;
                (wrapped, key)
            }
            None => self.keyring.new_data_key(self.extension, instance)?,
        };
        self.data_key = Some((wrapped, Arc::clone(&key)));
        Ok(key)
    }

    fn place(&self, place: Place<'_>) -> SecretPlace {
        SecretPlace {
            extension: self.extension.clone(),
            instance: place.instance.clone(),
            entry: Some((place.profile.clone(), place.key.into())),
        }
    }
}

/// The place of a value in the record.
#[derive(Clone, Copy)]
struct Place<'a> {
    instance: &'a Name,
    profile: &'a Name,
    key: &'a str,
}
