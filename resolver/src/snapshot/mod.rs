//! The frozen, indexed registry that resolutions read.

mod build;
pub(crate) mod column;
pub(crate) mod entries;
mod image;
pub(crate) mod layer;
pub(crate) mod postings;
pub(crate) mod strings;

use std::{collections::BTreeMap, sync::Arc};

use hitchpost_registry_core::{Catalogue, Extension, Name};

pub use image::ImageError;
use layer::{ExtensionId, Layer};

/// The registry at one revision: immutable and indexed, built once, read by many.
///
/// It is a base and, after edits, a small overlay of the records that changed since; a
/// resolution reads both as one.
///
/// ```
/// use std::sync::Arc;
/// use hitchpost_registry_core::{Catalogue, parse_records};
/// use hitchpost_resolver::Snapshot;
///
/// let catalogue = Arc::new(Catalogue::builtin().clone());
/// let text = b"{name: minio, instances: [{name: one, services: [{name: s3}]}]}";
/// let (records, _) = parse_records("tools.yaml", text, &catalogue);
/// let snapshot = Snapshot::build(7, records.iter().map(|record| (record, 7)), catalogue);
/// assert_eq!((snapshot.revision(), snapshot.services()), (7, 1));
/// ```
#[derive(Debug, Clone)]
pub struct Snapshot {
    revision: u64,
    catalogue: Arc<Catalogue>,
    base: Arc<Layer>,
    changes: Option<Arc<Changes>>,
}

/// What changed since the base.
#[derive(Debug)]
struct Changes {
    /// Every record changed since, with its revision; `None` where it was deleted.
    records: BTreeMap<Name, Option<(Arc<Extension>, u64)>>,
    /// Those that are in the base too, which they replace: a bit for each of its extensions.
    hidden: Vec<u64>,
    /// The changed records, indexed.
    layer: Layer,
}

/// A layer and what of it does not count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'s> {
    pub(crate) layer: &'s Layer,
    hidden: &'s [u64],
}

impl View<'_> {
    pub(crate) fn is_hidden(&self, extension: ExtensionId) -> bool {
        let word = self
            .hidden
            .get(extension.0 as usize / 64)
            .copied()
            .unwrap_or(0);
        word >> (extension.0 % 64) & 1 == 1
    }
}

impl Snapshot {
    /// Indexes records, each with the revision in which it was last changed.
    #[must_use]
    pub fn build<'r>(
        revision: u64,
        records: impl IntoIterator<Item = (&'r Extension, u64)>,
        catalogue: Arc<Catalogue>,
    ) -> Self {
        Self {
            revision,
            catalogue,
            base: Arc::new(build::build(records)),
            changes: None,
        }
    }

    /// The snapshot after some records were changed (`Some`) or deleted (`None`).
    ///
    /// The cost grows with the records changed since the base, not with the registry: build anew
    /// when [`Snapshot::changed`] is no longer small.
    #[must_use]
    pub fn with_changes(
        &self,
        revision: u64,
        changes: impl IntoIterator<Item = (Name, Option<(Arc<Extension>, u64)>)>,
    ) -> Self {
        let mut records = self
            .changes
            .as_ref()
            .map(|changes| changes.records.clone())
            .unwrap_or_default();
        records.extend(changes);
        let mut hidden = vec![0_u64; self.base.extension_product.len().div_ceil(64)];
        for extension in records
            .keys()
            .filter_map(|name| self.base.extension(name.as_str()))
        {
            if let Some(word) = hidden.get_mut(extension.0 as usize / 64) {
                *word |= 1 << (extension.0 % 64);
            }
        }
        let current = records
            .values()
            .flatten()
            .map(|(record, revision)| (&**record, *revision));
        let layer = build::build(current);
        Self {
            revision,
            catalogue: Arc::clone(&self.catalogue),
            base: Arc::clone(&self.base),
            changes: Some(Arc::new(Changes {
                records,
                hidden,
                layer,
            })),
        }
    }

    /// The registry's revision that this is.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// How many records changed since the base.
    #[must_use]
    pub fn changed(&self) -> usize {
        self.changes
            .as_ref()
            .map_or(0, |changes| changes.records.len())
    }

    /// How many services there are, counting those of the base that were changed since.
    #[must_use]
    pub fn services(&self) -> usize {
        self.views().map(|view| view.layer.service_name.len()).sum()
    }

    /// What the snapshot takes in memory, in bytes: its texts, and everything else.
    #[must_use]
    pub fn memory(&self) -> (usize, usize) {
        self.views()
            .map(|view| view.layer.memory())
            .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    /// The catalogue by which environments are projected.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    pub(crate) fn views(&self) -> impl Iterator<Item = View<'_>> {
        let changes = self.changes.as_deref();
        let base = View {
            layer: &self.base,
            hidden: changes.map_or(&[], |changes| &changes.hidden),
        };
        let over = changes.map(|changes| View {
            layer: &changes.layer,
            hidden: &[],
        });
        std::iter::once(base).chain(over)
    }
}
