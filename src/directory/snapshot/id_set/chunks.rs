//! The chunked form of an id set: ids by their upper sixteen bits.
//!
//! Cloning copies the list of chunks and shares the chunks themselves. When a set takes this form is
//! the business of `id_set`.

use super::chunk::{self, Chunk};

/// A sorted set of ids, of any size.
#[derive(Clone, Default)]
pub(super) struct Chunks {
    /// By `high`, strictly ascending; none is empty.
    chunks: Vec<Keyed>,
    len: usize,
}

#[derive(Clone)]
struct Keyed {
    /// The upper half of the ids in `chunk`.
    high: u16,
    chunk: Chunk,
}

impl Chunks {
    /// The number of ids.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    fn find(&self, id: u32) -> Result<usize, usize> {
        let high = high_of(id);
        self.chunks.binary_search_by_key(&high, |keyed| keyed.high)
    }

    /// Whether `id` is in the set.
    pub(super) fn contains(&self, id: u32) -> bool {
        let keyed = self.find(id).ok().and_then(|at| self.chunks.get(at));
        keyed.is_some_and(|keyed| keyed.chunk.contains(low_of(id)))
    }

    /// Adds `id`; false when it is there already.
    pub(super) fn insert(&mut self, id: u32) -> bool {
        let added = match self.find(id) {
            Ok(at) => self
                .chunks
                .get_mut(at)
                .is_some_and(|keyed| keyed.chunk.insert(low_of(id))),
            Err(at) => {
                let keyed = Keyed {
                    high: high_of(id),
                    chunk: Chunk::from_ascending(&[low_of(id)]),
                };
                self.chunks.insert(at, keyed);
                true
            }
        };
        self.len += usize::from(added);
        added
    }

    /// Takes `id` out, if it is there.
    pub(super) fn remove(&mut self, id: u32) {
        let Ok(at) = self.find(id) else { return };
        let Some(keyed) = self.chunks.get_mut(at) else {
            return;
        };
        if keyed.chunk.remove(low_of(id)) {
            self.len -= 1;
        }
        if keyed.chunk.len() == 0 {
            self.chunks.remove(at);
        }
    }

    /// Appends a chunk above all others, unless it is empty.
    fn push(&mut self, high: u16, chunk: Chunk) {
        self.len += chunk.len();
        if chunk.len() > 0 {
            self.chunks.push(Keyed { high, chunk });
        }
    }

    /// The ids in both sets.
    pub(super) fn intersection(&self, other: &Chunks) -> Chunks {
        let mut result = Chunks::default();
        let mut others = other.chunks.iter().peekable();
        for keyed in &self.chunks {
            while others.next_if(|other| other.high < keyed.high).is_some() {}
            if let Some(other) = others.next_if(|other| other.high == keyed.high) {
                result.push(keyed.high, keyed.chunk.intersection(&other.chunk));
            }
        }
        result
    }

    /// The ids in either set.
    pub(super) fn union(&self, other: &Chunks) -> Chunks {
        let mut result = Chunks::default();
        let mut others = other.chunks.iter().peekable();
        for keyed in &self.chunks {
            while let Some(other) = others.next_if(|other| other.high < keyed.high) {
                result.push(other.high, other.chunk.clone());
            }
            let chunk = match others.next_if(|other| other.high == keyed.high) {
                Some(other) => keyed.chunk.union(&other.chunk),
                None => keyed.chunk.clone(),
            };
            result.push(keyed.high, chunk);
        }
        for other in others {
            result.push(other.high, other.chunk.clone());
        }
        result
    }

    /// The ids that are not in the other. Chunks that the other lacks are shared.
    pub(super) fn difference(&self, other: &Chunks) -> Chunks {
        let mut result = Chunks::default();
        let mut others = other.chunks.iter().peekable();
        for keyed in &self.chunks {
            while others.next_if(|other| other.high < keyed.high).is_some() {}
            let chunk = match others.next_if(|other| other.high == keyed.high) {
                Some(other) => keyed.chunk.difference(&other.chunk),
                None => keyed.chunk.clone(),
            };
            result.push(keyed.high, chunk);
        }
        result
    }

    /// The id at a place in ascending order.
    pub(super) fn at(&self, mut place: usize) -> Option<u32> {
        for keyed in &self.chunks {
            match place.checked_sub(keyed.chunk.len()) {
                Some(rest) => place = rest,
                None => {
                    let low = keyed.chunk.iter_from(0).nth(place)?;
                    return Some((u32::from(keyed.high) << 16) | u32::from(low));
                }
            }
        }
        None
    }

    /// The ids from `start` on, ascending.
    pub(super) fn iter_from(&self, start: u32) -> Iter<'_> {
        let high = high_of(start);
        let first = self.chunks.partition_point(|keyed| keyed.high < high);
        let mut rest = self.chunks.get(first..).unwrap_or_default().iter();
        let current = rest.next().map(|keyed| {
            let from = if keyed.high == high { low_of(start) } else { 0 };
            (keyed.high, keyed.chunk.iter_from(from))
        });
        Iter { current, rest }
    }
}

/// Collects ids that ascend strictly.
impl FromIterator<u32> for Chunks {
    fn from_iter<I: IntoIterator<Item = u32>>(ids: I) -> Self {
        let mut result = Chunks::default();
        let mut high = 0;
        let mut lows = Vec::new();
        for id in ids {
            if high_of(id) != high {
                result.push(high, Chunk::from_ascending(&lows));
                lows.clear();
                high = high_of(id);
            }
            lows.push(low_of(id));
        }
        result.push(high, Chunk::from_ascending(&lows));
        result.chunks.shrink_to_fit();
        result
    }
}

fn high_of(id: u32) -> u16 {
    (id >> 16) as u16
}

fn low_of(id: u32) -> u16 {
    id as u16
}

/// Ids in ascending order.
#[derive(Clone)]
pub(super) struct Iter<'a> {
    current: Option<(u16, chunk::Iter<'a>)>,
    rest: std::slice::Iter<'a, Keyed>,
}

impl Iterator for Iter<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            let (high, lows) = self.current.as_mut()?;
            if let Some(low) = lows.next() {
                return Some((u32::from(*high) << 16) | u32::from(low));
            }
            let keyed = self.rest.next();
            self.current = keyed.map(|keyed| (keyed.high, keyed.chunk.iter_from(0)));
        }
    }
}

#[cfg(test)]
impl Chunks {
    /// Where the bitmap of the first chunk lies, if that is one.
    pub(super) fn first_bitmap(&self) -> Option<*const chunk::Bitmap> {
        match &self.chunks.first()?.chunk {
            Chunk::Dense(bitmap) => Some(std::sync::Arc::as_ptr(bitmap)),
            Chunk::Sparse(_) => None,
        }
    }
}
