//! The configuration entries of one kind of part.

use super::{
    column::{Column, Id, Runs, ids},
    strings::Symbol,
};

ids! {
    /// A configuration entry.
    pub(crate) struct EntryId;
}

/// How a configuration value is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// As text, for everybody to see.
    Public,
    /// As text, not to be shown: a `ref+` reference, or a value never sealed.
    Secret,
    /// Encrypted.
    Sealed,
}

/// One configuration entry: its key, and its value as it is held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) name: Symbol,
    pub(crate) value: Symbol,
    pub(crate) held: Held,
}

/// For each row of `K`, its entries.
///
/// INVARIANT: every kind of part has columns of its own. A run starts where the one before ends,
/// so that entries of another kind in between would become those of the next row.
#[derive(Debug)]
pub(crate) struct Entries<K> {
    runs: Runs<K, EntryId>,
    name: Column<EntryId, Symbol>,
    value: Column<EntryId, Symbol>,
    held: Column<EntryId, u8>,
}

impl<K> Default for Entries<K> {
    fn default() -> Self {
        Self {
            runs: Runs::default(),
            name: Column::default(),
            value: Column::default(),
            held: Column::default(),
        }
    }
}

impl<K: Id> Entries<K> {
    /// Adds the entries of the next row.
    pub(crate) fn push(&mut self, entries: impl IntoIterator<Item = Entry>) {
        for entry in entries {
            self.name.push(entry.name);
            self.value.push(entry.value);
            self.held.push(entry.held as u8);
        }
        self.runs.close(self.name.len());
    }

    pub(crate) fn of(&self, id: K) -> impl Iterator<Item = Entry> + '_ {
        self.runs.of(id).map(|entry| Entry {
            name: self.name.at(entry),
            value: self.value.at(entry),
            held: match self.held.at(entry) {
                0 => Held::Public,
                1 => Held::Secret,
                _ => Held::Sealed,
            },
        })
    }

    pub(crate) fn size(&self) -> usize {
        self.runs.size() + self.name.size() + self.value.size() + self.held.size()
    }

    pub(crate) fn write(&self, image: &mut Vec<u8>) {
        self.runs.write(image);
        self.name.write(image);
        self.value.write(image);
        self.held.write(image);
    }

    pub(crate) fn read(image: &mut &[u8]) -> Option<Self> {
        Some(Self {
            runs: Runs::read(image)?,
            name: Column::read(image)?,
            value: Column::read(image)?,
            held: Column::read(image)?,
        })
    }
}
