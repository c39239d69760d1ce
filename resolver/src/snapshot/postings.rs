//! For each service type, category and product: its services, best first.
//!
//! A key's services are split by who may be admitted and by where they can be reached, so that a
//! look-up reads only what can be eligible, and stops at the first that is. The lists are a
//! superset: every rule is checked again on each service they give.

use super::{
    column::{read_vec, write_slice},
    layer::{Principal, ServiceId},
    strings::Symbol,
};

/// What a posting list is looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    /// A service type.
    Type = 0,
    /// A category.
    Category = 1,
    /// A product.
    Product = 2,
}

/// Who, and from where: one list of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Segment {
    /// The kind and symbol of the key, in one number.
    pub(crate) key: u64,
    /// Who may be admitted.
    pub(crate) principal: Principal,
    /// The zone whose callers can reach the services, or [`ANYWHERE`].
    pub(crate) zone: u32,
}

/// The zone of services that can be reached from everywhere.
pub(crate) const ANYWHERE: u32 = 0;

impl Segment {
    pub(crate) fn new(kind: Key, symbol: Symbol, principal: Principal, zone: u32) -> Self {
        Self { key: u64::from(symbol.0) << 2 | kind as u64, principal, zone }
    }

    fn hash(self) -> u64 {
        let mixed = (self.key ^ (u64::from(self.principal.0) << 32 | u64::from(self.zone)).rotate_left(17))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ mixed >> 29
    }
}

/// All posting lists of a layer.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    /// The lists one after the other, in the order of their segments.
    services: Vec<u32>,
    keys: Vec<u64>,
    principals: Vec<u32>,
    zones: Vec<u32>,
    /// Where each list ends.
    ends: Vec<u32>,
    /// Open addressing: number of a segment + 1, or 0.
    table: Vec<u32>,
}

impl Postings {
    /// Takes lists in the order of their segments.
    pub(crate) fn new(lists: impl IntoIterator<Item = (Segment, Vec<ServiceId>)>) -> Self {
        let mut postings = Self::default();
        for (segment, list) in lists {
            postings.services.extend(list.into_iter().map(|service| service.0));
            postings.keys.push(segment.key);
            postings.principals.push(segment.principal.0);
            postings.zones.push(segment.zone);
            postings.ends.push(u32::try_from(postings.services.len()).unwrap_or(u32::MAX));
        }
        let size = (postings.keys.len() * 2 + 1).next_power_of_two();
        postings.table = vec![0; size];
        for number in 0..postings.keys.len() {
            let Some(segment) = postings.segment(number) else { continue };
            let mut slot = segment.hash() as usize & (size - 1);
            while postings.table.get(slot).is_some_and(|taken| *taken > 0) {
                slot = (slot + 1) & (size - 1);
            }
            if let Some(place) = postings.table.get_mut(slot) {
                *place = u32::try_from(number + 1).unwrap_or_default();
            }
        }
        postings
    }

    fn segment(&self, number: usize) -> Option<Segment> {
        Some(Segment {
            key: *self.keys.get(number)?,
            principal: Principal(*self.principals.get(number)?),
            zone: *self.zones.get(number)?,
        })
    }

    fn list(&self, number: usize) -> &[u32] {
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(number).copied().unwrap_or(start);
        self.services.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The services of a segment, best first.
    pub(crate) fn get(&self, segment: Segment) -> &[u32] {
        let mask = self.table.len().wrapping_sub(1);
        let mut slot = segment.hash() as usize & mask;
        // INVARIANT: half the table is free, so that this ends at a free slot.
        for _ in 0..self.table.len() {
            match self.table.get(slot) {
                Some(0) | None => return &[],
                Some(number) if self.segment(*number as usize - 1) == Some(segment) => {
                    return self.list(*number as usize - 1);
                }
                Some(_) => slot = (slot + 1) & mask,
            }
        }
        &[]
    }

    /// Every service of a key, each once, in order of numbers.
    pub(crate) fn all(&self, kind: Key, symbol: Symbol) -> Vec<ServiceId> {
        let key = Segment::new(kind, symbol, Principal::EVERYBODY, ANYWHERE).key;
        let from = self.keys.partition_point(|k| *k < key);
        let to = self.keys.partition_point(|k| *k <= key);
        let mut services: Vec<ServiceId> =
            (from..to).flat_map(|number| self.list(number)).map(|service| ServiceId(*service)).collect();
        services.sort_unstable();
        services.dedup();
        services
    }

    pub(crate) fn size(&self) -> usize {
        (self.services.len() + self.principals.len() + self.zones.len() + self.ends.len() + self.table.len()) * 4
            + self.keys.len() * 8
    }

    pub(crate) fn write(&self, image: &mut Vec<u8>) {
        write_slice(&self.services, image);
        write_slice(&self.keys, image);
        write_slice(&self.principals, image);
        write_slice(&self.zones, image);
        write_slice(&self.ends, image);
        write_slice(&self.table, image);
    }

    pub(crate) fn read(image: &mut &[u8]) -> Option<Self> {
        Some(Self {
            services: read_vec(image)?,
            keys: read_vec(image)?,
            principals: read_vec(image)?,
            zones: read_vec(image)?,
            ends: read_vec(image)?,
            table: read_vec(image)?,
        })
    }
}
