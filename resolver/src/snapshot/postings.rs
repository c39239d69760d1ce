//! For each service type, name, category, product and label: its services, best first.
//!
//! A key's services are split by who may be admitted and by where they can be reached, so that a
//! look-up reads only what can be eligible, and stops at the first that is. The lists are a
//! superset: every rule is checked again on each service they give. A service that is named as its
//! type is in the lists of the type only.

use std::{collections::HashMap, ops::Range};

use super::{
    column::{read_vec, write_slice},
    layer::{Principal, Rank},
    strings::Symbol,
};

/// What a posting list is looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    /// Nothing: all services.
    Any = 0,
    /// A service type.
    Type = 1,
    /// A service's name, where it is not its type.
    Name = 2,
    /// A category.
    Category = 3,
    /// A product.
    Product = 4,
    /// A label of the record.
    Label = 5,
}

/// Who, and from where: one list of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Segment {
    /// The kind and symbol of the key, in one number.
    pub(crate) key: u32,
    /// Who may be admitted.
    pub(crate) principal: Principal,
    /// The zone whose callers can reach the services, or [`ANYWHERE`].
    pub(crate) zone: u32,
}

/// The zone of services that can be reached from everywhere.
pub(crate) const ANYWHERE: u32 = 0;

impl Segment {
    pub(crate) fn new(kind: Key, symbol: Symbol, principal: Principal, zone: u32) -> Self {
        Self {
            key: symbol.0 << 3 | kind as u32,
            principal,
            zone,
        }
    }

    /// Where to look for it first in a table of this size.
    fn slot(self, size: usize) -> usize {
        let who_and_where = u64::from(self.principal.0) << 32 | u64::from(self.zone);
        let mixed = (u64::from(self.key) ^ who_and_where.rotate_left(17))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The upper half as a fraction of the size, which need not be a power of two.
        (((mixed >> 32) * size as u64) >> 32) as usize
    }
}

/// All posting lists of a layer.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    /// The lists one after the other, in the order of their segments.
    ranks: Vec<u32>,
    /// Key, principal and zone of each segment, and where its list ends.
    segments: Vec<[u32; 4]>,
    /// Open addressing: number of a segment + 1, or 0.
    table: Vec<u32>,
}

/// Takes services in order of their ranks, and makes the list of each segment.
#[derive(Debug, Default)]
pub(crate) struct PostingsBuilder {
    numbers: HashMap<Segment, u32>,
    segments: Vec<Segment>,
    /// In the order in which they came: the segment's number and the rank.
    pushed: Vec<(u32, Rank)>,
}

impl PostingsBuilder {
    pub(crate) fn push(&mut self, segment: Segment, rank: Rank) {
        let number = *self.numbers.entry(segment).or_insert_with(|| {
            self.segments.push(segment);
            u32::try_from(self.segments.len() - 1).unwrap_or(u32::MAX)
        });
        self.pushed.push((number, rank));
    }

    pub(crate) fn finish(self) -> Postings {
        let mut order: Vec<usize> = (0..self.segments.len()).collect();
        order.sort_unstable_by_key(|number| self.segments.get(*number));
        // Where the next service of each segment goes, by the number that the segment had here.
        let mut lengths = vec![0_u32; self.segments.len()];
        for (number, _) in &self.pushed {
            if let Some(length) = lengths.get_mut(*number as usize) {
                *length += 1;
            }
        }
        let mut postings = Postings {
            ranks: vec![0; self.pushed.len()],
            ..Postings::default()
        };
        let mut next = vec![0_u32; self.segments.len()];
        let mut end = 0;
        for number in order {
            let (Some(segment), Some(length), Some(next)) = (
                self.segments.get(number),
                lengths.get(number),
                next.get_mut(number),
            ) else {
                continue;
            };
            *next = end;
            end += length;
            postings
                .segments
                .push([segment.key, segment.principal.0, segment.zone, end]);
        }
        for (number, rank) in self.pushed {
            let Some(next) = next.get_mut(number as usize) else {
                continue;
            };
            if let Some(place) = postings.ranks.get_mut(*next as usize) {
                *place = rank.0;
            }
            *next += 1;
        }
        postings.index();
        postings
    }
}

/// How many values at the front there are for which something holds; it does for none behind the
/// first for which it does not. Fast where there are few.
pub(crate) fn leading<T>(values: &[T], holds: impl Fn(&T) -> bool) -> usize {
    let mut step = 0;
    while values.get(step).is_some_and(&holds) {
        step = step * 2 + 1;
    }
    // It holds for all before `from`.
    let from = step.div_ceil(2);
    let rest = values.get(from..step.min(values.len())).unwrap_or_default();
    from + rest.partition_point(holds)
}

/// The lists of a key with their segments, one after the other.
pub(crate) struct KeyLists<'p> {
    postings: &'p Postings,
    numbers: Range<usize>,
}

impl<'p> KeyLists<'p> {
    /// The list for the principal and zone of another key's segment. Those before it are passed
    /// over for good, so that others have to be sought in their order.
    pub(crate) fn seek(&mut self, wanted: Segment) -> Option<&'p [u32]> {
        let segments = self.postings.segments.get(self.numbers.clone())?;
        let wanted = (wanted.principal.0, wanted.zone);
        self.numbers.start += leading(segments, |[_, principal, zone, _]| {
            (*principal, *zone) < wanted
        });
        let number = self.numbers.clone().next()?;
        let found = self.postings.segment(number)?;
        ((found.principal.0, found.zone) == wanted).then(|| self.postings.list(number))
    }

    /// How many services the lists have together, counting those of several lists several times.
    pub(crate) fn services(&self) -> usize {
        self.postings
            .start(self.numbers.end)
            .saturating_sub(self.postings.start(self.numbers.start))
    }
}

impl<'p> Iterator for KeyLists<'p> {
    type Item = (Segment, &'p [u32]);

    fn next(&mut self) -> Option<Self::Item> {
        let number = self.numbers.next()?;
        Some((self.postings.segment(number)?, self.postings.list(number)))
    }
}

impl Postings {
    fn index(&mut self) {
        let size = self.segments.len() * 7 / 4 + 1;
        self.table = vec![0; size];
        for number in 0..self.segments.len() {
            let Some(segment) = self.segment(number) else {
                continue;
            };
            let mut slot = segment.slot(size);
            while self.table.get(slot).is_some_and(|taken| *taken > 0) {
                slot = if slot + 1 < size { slot + 1 } else { 0 };
            }
            if let Some(place) = self.table.get_mut(slot) {
                *place = u32::try_from(number + 1).unwrap_or_default();
            }
        }
    }

    fn segment(&self, number: usize) -> Option<Segment> {
        let [key, principal, zone, _] = *self.segments.get(number)?;
        Some(Segment {
            key,
            principal: Principal(principal),
            zone,
        })
    }

    fn list(&self, number: usize) -> &[u32] {
        let range = self.start(number)..self.start(number + 1);
        self.ranks.get(range).unwrap_or_default()
    }

    /// Where the list of a segment starts: at the end of the one before.
    fn start(&self, number: usize) -> usize {
        let before = number
            .checked_sub(1)
            .and_then(|before| self.segments.get(before));
        before.map_or(0, |[_, _, _, end]| *end as usize)
    }

    /// The services of a segment, best first: their ranks.
    pub(crate) fn get(&self, segment: Segment) -> &[u32] {
        let size = self.table.len();
        let mut slot = segment.slot(size);
        // INVARIANT: the table is never full, so that this ends at a free slot.
        for _ in 0..size {
            match self.table.get(slot) {
                Some(0) | None => return &[],
                Some(number) if self.segment(*number as usize - 1) == Some(segment) => {
                    return self.list(*number as usize - 1);
                }
                Some(_) => slot = if slot + 1 < size { slot + 1 } else { 0 },
            }
        }
        &[]
    }

    /// All lists of a key.
    pub(crate) fn lists(&self, kind: Key, symbol: Symbol) -> KeyLists<'_> {
        let key = Segment::new(kind, symbol, Principal::EVERYBODY, ANYWHERE).key;
        let from = self.segments.partition_point(|[other, ..]| *other < key);
        let to = self.segments.partition_point(|[other, ..]| *other <= key);
        KeyLists {
            postings: self,
            numbers: from..to,
        }
    }

    /// The symbols of a kind of key, each perhaps several times, with services of theirs.
    pub(crate) fn symbols(
        &self,
        kind: Key,
    ) -> impl Iterator<Item = (Symbol, impl Iterator<Item = Rank>)> {
        let numbered = self
            .segments
            .iter()
            .enumerate()
            .filter(move |(_, [key, ..])| key & 7 == kind as u32);
        numbered.map(|(number, [key, ..])| {
            (
                Symbol(key >> 3),
                self.list(number).iter().map(|rank| Rank(*rank)),
            )
        })
    }

    pub(crate) fn size(&self) -> usize {
        (self.ranks.len() + self.segments.len() * 4 + self.table.len()) * 4
    }

    pub(crate) fn write(&self, image: &mut Vec<u8>) {
        write_slice(&self.ranks, image);
        write_slice(&self.segments, image);
        write_slice(&self.table, image);
    }

    pub(crate) fn read(image: &mut &[u8]) -> Option<Self> {
        Some(Self {
            ranks: read_vec(image)?,
            segments: read_vec(image)?,
            table: read_vec(image)?,
        })
    }
}
