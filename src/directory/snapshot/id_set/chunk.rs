//! The part of an id set that shares its upper sixteen bits: a set of `u16`, never over 8 KiB.
//!
//! Few numbers are a sorted slice, many a bitmap: the two container forms of Roaring bitmaps
//! (Chambi, Lemire, Kaser, Godin, 2016). Run containers are left out: a full chunk costs 8 KiB for
//! 65,536 ids. Which ids the numbers belong to is the business of `chunks`.

use super::super::slice;
use std::sync::Arc;

const WORDS: usize = 1024;
/// A slice of this length is as large as the bitmap.
const SPARSE_MAX: usize = 4096;
/// A bitmap becomes a slice only well below that, so that a set at the limit does not go back and
/// forth.
const DENSE_MIN: usize = 3072;

/// A set of `u16`. Cloning costs one reference count.
#[derive(Clone)]
pub(super) enum Chunk {
    /// Strictly ascending.
    Sparse(Arc<[u16]>),
    Dense(Arc<Bitmap>),
}

/// One bit a number, and how many are set.
#[derive(Clone)]
pub(super) struct Bitmap {
    words: [u64; WORDS],
    len: usize,
}

impl Chunk {
    /// The set of `numbers`, which ascend strictly.
    pub(super) fn from_ascending(numbers: &[u16]) -> Self {
        if numbers.len() <= SPARSE_MAX {
            return Chunk::Sparse(numbers.into());
        }
        Chunk::Dense(Arc::new(Bitmap::of(numbers)))
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Chunk::Sparse(numbers) => numbers.len(),
            Chunk::Dense(bitmap) => bitmap.len,
        }
    }

    pub(super) fn contains(&self, number: u16) -> bool {
        match self {
            Chunk::Sparse(numbers) => numbers.binary_search(&number).is_ok(),
            Chunk::Dense(bitmap) => bitmap.contains(number),
        }
    }

    /// Adds `number`; false when it is there already.
    pub(super) fn insert(&mut self, number: u16) -> bool {
        match self {
            Chunk::Sparse(numbers) => {
                let Err(position) = numbers.binary_search(&number) else {
                    return false;
                };
                if numbers.len() < SPARSE_MAX {
                    *numbers = slice::inserted(numbers, position, number);
                } else {
                    let mut bitmap = Bitmap::of(numbers);
                    bitmap.insert(number);
                    *self = Chunk::Dense(Arc::new(bitmap));
                }
                true
            }
            Chunk::Dense(bitmap) => {
                !bitmap.contains(number) && Arc::make_mut(bitmap).insert(number)
            }
        }
    }

    /// Takes `number` out; false when it is not there.
    pub(super) fn remove(&mut self, number: u16) -> bool {
        match self {
            Chunk::Sparse(numbers) => {
                let Ok(position) = numbers.binary_search(&number) else {
                    return false;
                };
                *numbers = slice::without(numbers, position);
                true
            }
            Chunk::Dense(bitmap) => {
                if !bitmap.contains(number) {
                    return false;
                }
                let bitmap = Arc::make_mut(bitmap);
                bitmap.remove(number);
                if bitmap.len < DENSE_MIN {
                    *self = Chunk::Sparse(bitmap.iter_from(0).collect());
                }
                true
            }
        }
    }

    /// What both hold.
    pub(super) fn intersection(&self, other: &Chunk) -> Chunk {
        match (self, other) {
            (Chunk::Sparse(left), Chunk::Sparse(right)) => {
                Chunk::Sparse(slice::intersection(left, right).into())
            }
            (Chunk::Sparse(numbers), Chunk::Dense(bitmap))
            | (Chunk::Dense(bitmap), Chunk::Sparse(numbers)) => {
                let common: Vec<u16> = numbers
                    .iter()
                    .copied()
                    .filter(|number| bitmap.contains(*number))
                    .collect();
                Chunk::Sparse(common.into())
            }
            (Chunk::Dense(left), Chunk::Dense(right)) => {
                if left.is_within(right) {
                    return self.clone();
                }
                if right.is_within(left) {
                    return other.clone();
                }
                left.combined(right, |a, b| a & b).into_chunk()
            }
        }
    }

    /// What either holds.
    pub(super) fn union(&self, other: &Chunk) -> Chunk {
        match (self, other) {
            (Chunk::Sparse(left), Chunk::Sparse(right)) => {
                Chunk::from_ascending(&slice::union(left, right))
            }
            (Chunk::Sparse(numbers), Chunk::Dense(bitmap))
            | (Chunk::Dense(bitmap), Chunk::Sparse(numbers)) => {
                let mut union = Bitmap::clone(bitmap);
                for number in numbers.iter() {
                    union.insert(*number);
                }
                Chunk::Dense(Arc::new(union))
            }
            (Chunk::Dense(left), Chunk::Dense(right)) => {
                if Arc::ptr_eq(left, right) {
                    return self.clone();
                }
                Chunk::Dense(Arc::new(left.combined(right, |a, b| a | b)))
            }
        }
    }

    /// What the other does not hold.
    pub(super) fn difference(&self, other: &Chunk) -> Chunk {
        match (self, other) {
            (Chunk::Sparse(left), Chunk::Sparse(right)) => {
                Chunk::Sparse(slice::difference(left, right).into())
            }
            (Chunk::Sparse(numbers), Chunk::Dense(bitmap)) => {
                let own = numbers.iter().copied();
                let left: Vec<u16> = own.filter(|number| !bitmap.contains(*number)).collect();
                Chunk::Sparse(left.into())
            }
            (Chunk::Dense(bitmap), Chunk::Sparse(numbers)) => {
                let mut left = Bitmap::clone(bitmap);
                numbers.iter().for_each(|number| left.remove(*number));
                left.into_chunk()
            }
            (Chunk::Dense(left), Chunk::Dense(right)) => {
                if left.is_within(right) {
                    return Chunk::Sparse([].into());
                }
                left.combined(right, |a, b| a & !b).into_chunk()
            }
        }
    }

    /// The numbers from `start` on, ascending.
    pub(super) fn iter_from(&self, start: u16) -> Iter<'_> {
        match self {
            Chunk::Sparse(numbers) => {
                let from = numbers.partition_point(|number| *number < start);
                Iter::Sparse(numbers.get(from..).unwrap_or_default().iter())
            }
            Chunk::Dense(bitmap) => Iter::Dense(bitmap.iter_from(start)),
        }
    }
}

impl Bitmap {
    fn of(numbers: &[u16]) -> Self {
        let mut bitmap = Bitmap {
            words: [0; WORDS],
            len: 0,
        };
        for number in numbers {
            bitmap.insert(*number);
        }
        bitmap
    }

    fn contains(&self, number: u16) -> bool {
        let word = self.words.get(word_of(number));
        word.is_some_and(|word| word & bit_of(number) != 0)
    }

    fn insert(&mut self, number: u16) -> bool {
        let added = !self.contains(number);
        if added && let Some(word) = self.words.get_mut(word_of(number)) {
            *word |= bit_of(number);
            self.len += 1;
        }
        added
    }

    fn remove(&mut self, number: u16) {
        if self.contains(number)
            && let Some(word) = self.words.get_mut(word_of(number))
        {
            *word &= !bit_of(number);
            self.len -= 1;
        }
    }

    /// Whether the other holds all of it. Far cheaper than a new bitmap, and most sets are asked for within a larger one.
    fn is_within(self: &Arc<Self>, other: &Arc<Self>) -> bool {
        let words = self.words.iter().zip(&other.words);
        Arc::ptr_eq(self, other)
            || self.len <= other.len && words.fold(0, |more, (own, other)| more | own & !other) == 0
    }

    fn combined(&self, other: &Bitmap, merge: impl Fn(u64, u64) -> u64) -> Bitmap {
        let mut result = self.clone();
        for (word, other) in result.words.iter_mut().zip(&other.words) {
            *word = merge(*word, *other);
        }
        result.len = result.words.iter().map(|w| w.count_ones() as usize).sum();
        result
    }

    fn into_chunk(self) -> Chunk {
        if self.len <= SPARSE_MAX {
            let mut numbers = Vec::with_capacity(self.len);
            numbers.extend(self.iter_from(0));
            Chunk::Sparse(numbers.into())
        } else {
            Chunk::Dense(Arc::new(self))
        }
    }

    fn iter_from(&self, start: u16) -> BitmapIter<'_> {
        let mut rest = self.words.get(word_of(start)..).unwrap_or_default().iter();
        let first = rest.next().copied().unwrap_or(0);
        BitmapIter {
            word: first & !(bit_of(start) - 1),
            base: start & !63,
            rest,
        }
    }
}

fn word_of(number: u16) -> usize {
    usize::from(number / 64)
}

fn bit_of(number: u16) -> u64 {
    1 << (number % 64)
}

/// Ascending numbers of a chunk.
#[derive(Clone)]
pub(super) enum Iter<'a> {
    Sparse(std::slice::Iter<'a, u16>),
    Dense(BitmapIter<'a>),
}

impl Iterator for Iter<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        match self {
            Iter::Sparse(numbers) => numbers.next().copied(),
            Iter::Dense(bits) => bits.next(),
        }
    }
}

/// Ascending numbers of a bitmap.
#[derive(Clone)]
pub(super) struct BitmapIter<'a> {
    /// What is left of the word that holds the numbers from `base` on.
    word: u64,
    base: u16,
    rest: std::slice::Iter<'a, u64>,
}

impl Iterator for BitmapIter<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        while self.word == 0 {
            self.word = *self.rest.next()?;
            self.base = self.base.wrapping_add(64);
        }
        let bit = self.word.trailing_zeros() as u16;
        self.word &= self.word - 1;
        Some(self.base | bit)
    }
}
