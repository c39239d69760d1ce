//! All texts of a layer in one allocation.

use super::column::{Column, Raw, ids};

ids! {
    /// A text of the layer. Interned texts are equal when their symbols are.
    pub(crate) struct Symbol;
}

/// Texts by number, and numbers by text for those that were interned.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    bytes: Vec<u8>,
    /// Where each text ends.
    ends: Column<Symbol, u32>,
    /// Open addressing: symbol + 1, or 0. The length is a power of two.
    table: Vec<u32>,
    interned: u32,
}

impl Strings {
    pub(crate) fn bytes_of(&self, symbol: Symbol) -> &[u8] {
        let end = self.ends.at(symbol) as usize;
        let start = symbol
            .0
            .checked_sub(1)
            .map_or(0, |before| self.ends.at(Symbol(before)) as usize);
        self.bytes.get(start..end).unwrap_or_default()
    }

    pub(crate) fn get(&self, symbol: Symbol) -> &str {
        std::str::from_utf8(self.bytes_of(symbol)).unwrap_or_default()
    }

    /// Adds a text without making it findable.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Symbol {
        self.bytes.extend_from_slice(bytes);
        let end = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.ends.push(end)
    }

    /// The one symbol of a text.
    pub(crate) fn intern(&mut self, text: &str) -> Symbol {
        if (self.interned as usize + 1) * 2 > self.table.len() {
            self.grow();
        }
        let slot = match self.probe(text) {
            Ok(symbol) => return symbol,
            Err(slot) => slot,
        };
        let symbol = self.push(text.as_bytes());
        if let Some(entry) = self.table.get_mut(slot) {
            *entry = symbol.0 + 1;
        }
        self.interned += 1;
        symbol
    }

    /// The symbol of a text that was interned.
    pub(crate) fn find(&self, text: &str) -> Option<Symbol> {
        if self.table.is_empty() {
            None
        } else {
            self.probe(text).ok()
        }
    }

    /// The text's symbol, or the free slot where it would stand.
    /// INVARIANT: the table is never full, so that probing ends.
    fn probe(&self, text: &str) -> Result<Symbol, usize> {
        let mask = self.table.len().wrapping_sub(1);
        let mut slot = hash(text.as_bytes()) as usize & mask;
        for _ in 0..self.table.len() {
            match self.table.get(slot) {
                Some(0) | None => return Err(slot),
                Some(entry) if self.bytes_of(Symbol(entry - 1)) == text.as_bytes() => {
                    return Ok(Symbol(entry - 1));
                }
                Some(_) => slot = (slot + 1) & mask,
            }
        }
        Err(slot)
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.table);
        let size = (old.len() * 2).max(64);
        self.table = vec![0; size];
        for entry in old.into_iter().filter(|entry| *entry > 0) {
            let mut slot = hash(self.bytes_of(Symbol(entry - 1))) as usize & (size - 1);
            while self.table.get(slot).is_some_and(|taken| *taken > 0) {
                slot = (slot + 1) & (size - 1);
            }
            if let Some(place) = self.table.get_mut(slot) {
                *place = entry;
            }
        }
    }

    /// How many bytes the texts themselves take.
    pub(crate) fn text_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// How many bytes everything but the texts takes.
    pub(crate) fn overhead(&self) -> usize {
        self.ends.size() + self.table.len() * 4
    }

    pub(crate) fn write(&self, image: &mut Vec<u8>) {
        super::column::write_slice(&self.bytes, image);
        self.ends.write(image);
        super::column::write_slice(&self.table, image);
        self.interned.put(image);
    }

    pub(crate) fn read(image: &mut &[u8]) -> Option<Self> {
        let bytes: Vec<u8> = super::column::read_vec(image)?;
        let ends = Column::read(image)?;
        let table: Vec<u32> = super::column::read_vec(image)?;
        let interned = u32::take(image)?;
        // A table that is full or of an odd size would make probing wrong, not endless; refuse it.
        let sound =
            table.is_empty() || table.len().is_power_of_two() && (interned as usize) < table.len();
        sound.then_some(Self {
            bytes,
            ends,
            table,
            interned,
        })
    }
}

/// Folds eight bytes at a time; the same on every machine, since the table is stored.
fn hash(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = bytes.as_chunks::<8>();
    // The rest, or where the text is long enough its last eight bytes.
    let tail = bytes.last_chunk().copied().unwrap_or_else(|| {
        let mut tail = [0; 8];
        for (place, byte) in tail.iter_mut().zip(rest) {
            *place = *byte;
        }
        tail
    });
    let fold = |hash: u64, word: [u8; 8]| {
        let mixed = u128::from(hash ^ u64::from_le_bytes(word)) * u128::from(FACTOR);
        (mixed ^ mixed >> 64) as u64
    };
    let folded = words.iter().copied().fold(bytes.len() as u64, fold);
    fold(folded, tail)
}
