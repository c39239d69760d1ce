//! A snapshot as bytes, so that opening a stored registry is a copy and not a build.

use std::sync::Arc;

use hitchpost_registry_core::{Catalogue, Scheme, Version};

use super::{Snapshot, column::Raw, layer::Layer, postings::Postings, strings::Strings};

/// Names the format and its version; any other is refused and the snapshot built anew.
const MAGIC: &[u8; 8] = b"HPSNAP03";

/// Why bytes are no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// Another format, or one of another version.
    #[error("the snapshot image has another format; it has to be built anew")]
    Format,
    /// Cut short or changed.
    #[error("the snapshot image is damaged; it has to be built anew")]
    Damaged,
}

impl Snapshot {
    /// The snapshot as bytes; `None` when records changed since its base, which an image does not
    /// hold.
    ///
    /// Secrets are in it as they are in the records: sealed, where they were sealed.
    #[must_use]
    pub fn to_image(&self) -> Option<Vec<u8>> {
        if self.changes.is_some() {
            return None;
        }
        let mut image = MAGIC.to_vec();
        self.revision.put(&mut image);
        self.base.strings.write(&mut image);
        self.base.postings.write(&mut image);
        (self.base.versions.len() as u64).put(&mut image);
        for version in &self.base.versions {
            let scheme = Scheme::ALL
                .iter()
                .position(|scheme| *scheme == version.scheme());
            scheme
                .and_then(|scheme| u8::try_from(scheme).ok())
                .unwrap_or(0)
                .put(&mut image);
            super::column::write_slice(version.as_str().as_bytes(), &mut image);
        }
        self.base.write_columns(&mut image);
        digest(&image).put(&mut image);
        Some(image)
    }

    /// Reads what [`Snapshot::to_image`] wrote.
    ///
    /// # Errors
    /// When the bytes are of another format, or are not what was written.
    pub fn from_image(image: &[u8], catalogue: Arc<Catalogue>) -> Result<Self, ImageError> {
        let (body, sum) = image
            .split_at_checked(image.len().saturating_sub(8))
            .ok_or(ImageError::Damaged)?;
        let mut rest = body.strip_prefix(MAGIC).ok_or(ImageError::Format)?;
        if u64::from_bytes(sum) != digest(body) {
            return Err(ImageError::Damaged);
        }
        Self::read(&mut rest, catalogue).ok_or(ImageError::Damaged)
    }

    fn read(image: &mut &[u8], catalogue: Arc<Catalogue>) -> Option<Self> {
        let revision = u64::take(image)?;
        let strings = Strings::read(image)?;
        let postings = Postings::read(image)?;
        let count = u64::take(image)?;
        let mut versions = Vec::new();
        for _ in 0..count {
            let scheme = *Scheme::ALL.get(usize::from(u8::take(image)?))?;
            let text: Vec<u8> = super::column::read_vec(image)?;
            versions.push(Version::parse(std::str::from_utf8(&text).ok()?, Some(scheme)).ok()?);
        }
        let base = Layer::read_columns(strings, postings, versions, image)?;
        Some(Self {
            revision,
            catalogue,
            base: Arc::new(base),
            changes: None,
        })
    }
}

/// A fast digest against accidents, in four lanes of eight bytes; not against malice, which the
/// database's own access rights are for.
fn digest(bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x9e37_79b1_85eb_ca87;
    let mut lanes = [1_u64, 2, 3, 4];
    let mut chunks = bytes.chunks_exact(32);
    for chunk in &mut chunks {
        for (lane, word) in lanes.iter_mut().zip(chunk.chunks_exact(8)) {
            *lane = (*lane ^ u64::from_bytes(word))
                .wrapping_mul(PRIME)
                .rotate_left(31);
        }
    }
    let tail = chunks
        .remainder()
        .iter()
        .fold(bytes.len() as u64, |sum, byte| {
            (sum ^ u64::from(*byte)).wrapping_mul(PRIME).rotate_left(13)
        });
    lanes.iter().fold(tail, |sum, lane| {
        (sum ^ lane).wrapping_mul(PRIME).rotate_left(29)
    })
}
