use hitchpost::{KeyId, OpenError};
use hitchpost_registry_core::WrappedKey;
use serde::Serialize;
use sqlx::{Row, query};

use crate::{
    change::{self, Action, Line},
    error::StoreError,
    rows::{self, Value},
    store::Store,
};

/// What a rotation of keys has done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rotated {
    /// The registry's revision after it.
    pub revision: u64,
    /// How many data keys were encrypted anew.
    pub data_keys: usize,
}

impl Store {
    /// Encrypts all data keys with the keyring's current key, in one transaction. The values stay
    /// as they are. When no data key has another key, nothing is changed.
    ///
    /// Programs that have both keys go on reading all the while. See [`hitchpost::Keyring`] for the
    /// whole way from one key to the next.
    ///
    /// # Errors
    /// [`StoreError::Key`] when a key is not at hand, and the others for reasons of the database.
    pub async fn rotate_keys(&self, who: &str) -> Result<Rotated, StoreError> {
        // While nobody waits for the lock.
        self.keyring.load().map_err(OpenError::from)?;
        let mut transaction = self.write().await?;
        let before = rows::registry_revision(&mut transaction).await?;
        let select = query("SELECT extension, instance, wrapped FROM data_key");
        let current = self.keyring.key_ids().first().copied();
        let mut rewrapped = Vec::new();
        for row in select.fetch_all(&mut *transaction).await? {
            let [extension, instance]: [String; 2] =
                [row.try_get("extension")?, row.try_get("instance")?];
            let wrapped = WrappedKey::from_bytes(&row.try_get::<Vec<u8>, _>("wrapped")?);
            if current.is_some() && KeyId::of(&wrapped) == current {
                continue;
            }
            let wrapped =
                self.keyring
                    .rewrap(&wrapped, &rows::name(&extension)?, &rows::name(&instance)?)?;
            rewrapped.push(vec![
                Value::Text(extension),
                Value::Text(instance),
                Value::Bytes(wrapped.as_bytes().to_vec()),
            ]);
        }
        let data_keys = rewrapped.len();
        if data_keys == 0 {
            let revision = before;
            return Ok(Rotated {
                revision,
                data_keys,
            });
        }
        let revision = before + 1;
        let into = "data_key (extension, instance, wrapped)";
        let replace = "ON CONFLICT (extension, instance) DO UPDATE SET wrapped = excluded.wrapped";
        rows::insert(&mut transaction, into, rewrapped, replace).await?;
        let line = Line {
            extension: "",
            action: Action::Rotated,
            from: None,
            to: None,
            differences: &[],
        };
        change::record(&mut transaction, self.backend, revision, who, vec![line]).await?;
        transaction.commit().await?;
        Ok(Rotated {
            revision,
            data_keys,
        })
    }
}
