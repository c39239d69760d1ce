//! Columns: the fields of many records, each field in one allocation.
//!
//! INVARIANT: reading never panics. An id outside a column reads as the default, so that a
//! damaged image gives wrong answers at worst in tests, never a crash; images are checked by a
//! digest before they are used.

use std::{cmp::Ordering, fmt, marker::PhantomData, ops::Range};

/// A number of a row.
pub(crate) trait Id: Copy + fmt::Debug {
    fn new(index: u32) -> Self;
    fn index(self) -> usize;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $vis:vis struct $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name(pub(crate) u32);

        impl $crate::snapshot::column::Id for $name {
            fn new(index: u32) -> Self {
                Self(index)
            }

            fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl $crate::snapshot::column::Raw for $name {
            const SIZE: usize = 4;

            fn put(self, image: &mut Vec<u8>) {
                self.0.put(image);
            }

            fn from_bytes(bytes: &[u8]) -> Self {
                Self(u32::from_bytes(bytes))
            }
        }
    )+};
}
pub(crate) use ids;

/// A value of fixed size, little-endian in an image.
pub(crate) trait Raw: Copy + Default {
    const SIZE: usize;

    fn put(self, image: &mut Vec<u8>);

    /// Reads from exactly [`Raw::SIZE`] bytes.
    fn from_bytes(bytes: &[u8]) -> Self;

    /// Takes one value off the front.
    fn take(image: &mut &[u8]) -> Option<Self> {
        let (head, rest) = image.split_at_checked(Self::SIZE)?;
        *image = rest;
        Some(Self::from_bytes(head))
    }
}

macro_rules! raw {
    ($($type:ty),+) => {$(
        impl Raw for $type {
            const SIZE: usize = size_of::<$type>();

            fn put(self, image: &mut Vec<u8>) {
                image.extend_from_slice(&self.to_le_bytes());
            }

            fn from_bytes(bytes: &[u8]) -> Self {
                bytes.try_into().map(Self::from_le_bytes).unwrap_or_default()
            }
        }
    )+};
}
raw!(u8, u32, u64, i64);

impl Raw for [u32; 4] {
    const SIZE: usize = 16;

    fn put(self, image: &mut Vec<u8>) {
        self.into_iter().for_each(|value| value.put(image));
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let mut values = Self::default();
        for (value, bytes) in values.iter_mut().zip(bytes.chunks_exact(4)) {
            *value = u32::from_bytes(bytes);
        }
        values
    }
}

pub(crate) fn write_slice<T: Raw>(values: &[T], image: &mut Vec<u8>) {
    (values.len() as u64).put(image);
    image.reserve(values.len() * T::SIZE);
    for value in values {
        value.put(image);
    }
}

pub(crate) fn read_vec<T: Raw>(image: &mut &[u8]) -> Option<Vec<T>> {
    let length = usize::try_from(u64::take(image)?).ok()?;
    let (head, rest) = image.split_at_checked(length.checked_mul(T::SIZE)?)?;
    *image = rest;
    Some(head.chunks_exact(T::SIZE).map(T::from_bytes).collect())
}

/// One field of every row.
pub(crate) struct Column<K, T> {
    values: Vec<T>,
    key: PhantomData<fn(K)>,
}

impl<K, T> Default for Column<K, T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            key: PhantomData,
        }
    }
}

impl<K, T> fmt::Debug for Column<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({})", self.values.len())
    }
}

impl<K: Id, T: Raw> Column<K, T> {
    pub(crate) fn at(&self, id: K) -> T {
        self.values.get(id.index()).copied().unwrap_or_default()
    }

    pub(crate) fn push(&mut self, value: T) -> K {
        let id = K::new(u32::try_from(self.values.len()).unwrap_or(u32::MAX));
        self.values.push(value);
        id
    }

    pub(crate) fn set(&mut self, id: K, value: T) {
        if let Some(place) = self.values.get_mut(id.index()) {
            *place = value;
        }
    }

    pub(crate) fn resize(&mut self, length: usize) {
        self.values.resize(length, T::default());
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn size(&self) -> usize {
        self.values.len() * T::SIZE
    }

    pub(crate) fn write(&self, image: &mut Vec<u8>) {
        write_slice(&self.values, image);
    }

    pub(crate) fn read(image: &mut &[u8]) -> Option<Self> {
        Some(Self {
            values: read_vec(image)?,
            key: PhantomData,
        })
    }
}

impl<K: Id, T: Raw> Column<K, T> {
    /// The rows `from..to`.
    pub(crate) fn slice(&self, range: Range<u32>) -> &[T] {
        self.values
            .get(range.start as usize..range.end as usize)
            .unwrap_or_default()
    }

    /// Of a sorted column, the rows that compare as equal.
    pub(crate) fn equal(&self, compare: impl Fn(&T) -> Ordering) -> &[T] {
        let from = self.values.partition_point(|value| compare(value).is_lt());
        let rest = self.values.get(from..).unwrap_or_default();
        let length = rest.partition_point(|value| compare(value).is_eq());
        rest.get(..length).unwrap_or_default()
    }
}

/// For each row of `K`, a run of rows of `V`.
pub(crate) struct Runs<K, V> {
    /// Where each run ends; it starts where the one before ends.
    ends: Column<K, u32>,
    value: PhantomData<fn(V)>,
}

impl<K, V> Default for Runs<K, V> {
    fn default() -> Self {
        Self {
            ends: Column::default(),
            value: PhantomData,
        }
    }
}

impl<K, V> fmt::Debug for Runs<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.ends, f)
    }
}

impl<K: Id, V: Id> Runs<K, V> {
    /// Ends the run of the next row at the present length of the values.
    pub(crate) fn close(&mut self, end: usize) {
        self.ends.push(u32::try_from(end).unwrap_or(u32::MAX));
    }

    pub(crate) fn range(&self, id: K) -> Range<u32> {
        let start = id
            .index()
            .checked_sub(1)
            .and_then(|before| u32::try_from(before).ok());
        let start = start.map_or(0, |before| self.ends.at(K::new(before)));
        start..self.ends.at(id).max(start)
    }

    pub(crate) fn of(
        &self,
        id: K,
    ) -> impl DoubleEndedIterator<Item = V> + ExactSizeIterator + use<K, V> {
        self.range(id).map_into()
    }

    pub(crate) fn size(&self) -> usize {
        self.ends.size()
    }

    pub(crate) fn write(&self, image: &mut Vec<u8>) {
        self.ends.write(image);
    }

    pub(crate) fn read(image: &mut &[u8]) -> Option<Self> {
        Some(Self {
            ends: Column::read(image)?,
            value: PhantomData,
        })
    }
}

/// A range of row numbers as ids.
trait MapInto {
    fn map_into<V: Id>(self) -> std::iter::Map<Range<usize>, fn(usize) -> V>;
}

impl MapInto for Range<u32> {
    fn map_into<V: Id>(self) -> std::iter::Map<Range<usize>, fn(usize) -> V> {
        (self.start as usize..self.end as usize)
            .map(|index| V::new(u32::try_from(index).unwrap_or(u32::MAX)))
    }
}
