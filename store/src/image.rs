use sqlx::{Row, query, query_scalar};

use crate::{
    error::StoreError,
    rows::{self, number, unsigned},
    store::Store,
};

/// The registry at a revision, in whatever form opens fast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The registry's revision of which it is an image.
    pub revision: u64,
    /// Its bytes, as they were given.
    pub bytes: Vec<u8>,
}

impl Store {
    /// The largest part of an image that is one row.
    const PART: usize = 8 << 20;

    /// The newest image; [`Store::changes_since`] tells what to add to it.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn read_image(&self) -> Result<Option<Image>, StoreError> {
        let newest = "SELECT revision, bytes FROM image \
                      WHERE revision = (SELECT max(revision) FROM image) ORDER BY part";
        let mut image = None;
        for row in query(newest).fetch_all(&self.pool).await? {
            let revision = rows::revision(&row, "revision")?;
            let image = image.get_or_insert(Image {
                revision,
                bytes: Vec::new(),
            });
            image.bytes.append(&mut row.try_get("bytes")?);
        }
        Ok(image)
    }

    /// Keeps an image, unless there is one of a later revision; older ones are removed.
    ///
    /// An image is derived: it raises no revision and stands in no log.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn write_image(&self, image: &Image) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let newest = query_scalar("SELECT max(revision) FROM image");
        let newest: Option<i64> = newest.fetch_one(&mut *transaction).await?;
        if newest.map(unsigned).transpose()? >= Some(image.revision) {
            return Ok(());
        }
        query("DELETE FROM image")
            .execute(&mut *transaction)
            .await?;
        for (part, bytes) in (0_i64..).zip(image.bytes.chunks(Self::PART)) {
            query("INSERT INTO image (revision, part, bytes) VALUES ($1, $2, $3)")
                .bind(number(image.revision))
                .bind(part)
                .bind(bytes.to_vec())
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }
}
