//! A persistent sorted set of entry ids, from empty to millions.
//!
//! A clone shares everything with its original, and a change copies 8 KiB at most and a list of
//! chunks: what the other holders see stays as it is. What the ids stand for, and which key a set
//! belongs to, is kept elsewhere.

mod chunk;
mod chunks;
#[cfg(test)]
mod tests;

use super::slice;
use chunks::Chunks;
use std::fmt;
use std::sync::Arc;

/// Sets up to this size are one slice: scattered ids are smaller so than in chunks.
const FEW_MAX: usize = 512;
/// A chunked set becomes a slice only well below that, so that a set at the limit does not go
/// back and forth.
const MANY_MIN: usize = 256;

/// A sorted set of `u32` entry ids.
///
/// None and one id cost no allocation, up to 512 ids are one slice, more are chunks of 2^16 ids,
/// each a slice of `u16` or a bitmap. A set of `n` ids never takes more than about
/// `4n` bytes plus 8 KiB for each 2^16 ids of its range.
#[derive(Clone, Default)]
pub struct IdSet(Form);

#[derive(Clone, Default)]
enum Form {
    #[default]
    Empty,
    One(u32),
    /// Strictly ascending.
    Few(Arc<[u32]>),
    Many(Arc<Chunks>),
}

impl IdSet {
    /// The empty set.
    pub const fn new() -> Self {
        IdSet(Form::Empty)
    }

    /// The number of ids, counted as they come and go.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Empty => 0,
            Form::One(_) => 1,
            Form::Few(ids) => ids.len(),
            Form::Many(chunks) => chunks.len(),
        }
    }

    /// Whether there is no id.
    pub fn is_empty(&self) -> bool {
        matches!(self.0, Form::Empty)
    }

    /// Whether `id` is in the set.
    pub fn contains(&self, id: u32) -> bool {
        match &self.0 {
            Form::Empty => false,
            Form::One(only) => *only == id,
            Form::Few(ids) => ids.binary_search(&id).is_ok(),
            Form::Many(chunks) => chunks.contains(id),
        }
    }

    /// Adds `id`; false when it is there already.
    pub fn insert(&mut self, id: u32) -> bool {
        match &mut self.0 {
            Form::Empty => self.0 = Form::One(id),
            Form::One(only) if *only == id => return false,
            Form::One(only) => {
                self.0 = Form::Few([id.min(*only), id.max(*only)].into());
            }
            Form::Few(ids) => {
                let Err(position) = ids.binary_search(&id) else {
                    return false;
                };
                let ids = slice::inserted(ids, position, id);
                self.0 = Form::from_shared(ids);
            }
            Form::Many(chunks) => {
                return !chunks.contains(id) && Arc::make_mut(chunks).insert(id);
            }
        }
        true
    }

    /// Takes `id` out; false when it is not there.
    pub fn remove(&mut self, id: u32) -> bool {
        match &mut self.0 {
            Form::Empty => return false,
            Form::One(only) if *only != id => return false,
            Form::One(_) => self.0 = Form::Empty,
            Form::Few(ids) => {
                let Ok(position) = ids.binary_search(&id) else {
                    return false;
                };
                let ids = slice::without(ids, position);
                self.0 = Form::from_shared(ids);
            }
            Form::Many(chunks) => {
                if !chunks.contains(id) {
                    return false;
                }
                Arc::make_mut(chunks).remove(id);
                if chunks.len() < MANY_MIN {
                    *self = self.iter().collect();
                }
            }
        }
        true
    }

    /// The ids in ascending order.
    pub fn iter(&self) -> Iter<'_> {
        self.iter_from(0)
    }

    /// The ids from `start` on, in ascending order. Finding the first one takes a binary search.
    pub fn iter_from(&self, start: u32) -> Iter<'_> {
        let ids = match &self.0 {
            Form::Empty => &[],
            Form::One(id) => std::slice::from_ref(id),
            Form::Few(ids) => &**ids,
            Form::Many(chunks) => return Iter(Walk::Chunks(chunks.iter_from(start))),
        };
        let from = ids.partition_point(|id| *id < start);
        Iter(Walk::Ids(ids.get(from..).unwrap_or_default().iter()))
    }

    /// The ids but the first ones, in ascending order. Takes no time that grows with how many are left out, but by
    /// chunks.
    pub fn iter_after(&self, skipped: usize) -> Iter<'_> {
        let first = match &self.0 {
            Form::Empty => None,
            Form::One(id) => Some(*id).filter(|_| skipped == 0),
            Form::Few(ids) => ids.get(skipped).copied(),
            Form::Many(chunks) => chunks.at(skipped),
        };
        match first {
            Some(first) => self.iter_from(first),
            None => Iter(Walk::Ids([].iter())),
        }
    }

    /// The ids in both sets. Chunks that one of them lacks are not looked at.
    pub fn intersection(&self, other: &IdSet) -> IdSet {
        match (&self.0, &other.0) {
            (Form::Few(left), Form::Few(right)) => {
                IdSet::from_ascending(&slice::intersection(left, right))
            }
            (Form::Many(left), Form::Many(right)) => IdSet::from_chunks(left.intersection(right)),
            (Form::Many(_), _) => other.retained(|id| self.contains(id)),
            _ => self.retained(|id| other.contains(id)),
        }
    }

    /// The ids in either set. Chunks that one of them lacks are shared with the other.
    pub fn union(&self, other: &IdSet) -> IdSet {
        match (&self.0, &other.0) {
            (Form::Empty, _) => other.clone(),
            (_, Form::Empty) => self.clone(),
            (Form::Many(left), Form::Many(right)) => IdSet::from_chunks(left.union(right)),
            (Form::Many(many), _) => IdSet::from_chunks(many.union(&other.iter().collect())),
            (_, Form::Many(many)) => IdSet::from_chunks(many.union(&self.iter().collect())),
            (_, Form::One(id)) => self.with(*id),
            (Form::One(id), _) => other.with(*id),
            (Form::Few(left), Form::Few(right)) => {
                IdSet::from_ascending(&slice::union(left, right))
            }
        }
    }

    /// The ids that are not in the other set. Chunks that the other lacks are shared.
    pub fn difference(&self, other: &IdSet) -> IdSet {
        match (&self.0, &other.0) {
            (Form::Empty, _) | (_, Form::Empty) => self.clone(),
            (_, Form::One(id)) => self.without(*id),
            (Form::Many(left), Form::Many(right)) => IdSet::from_chunks(left.difference(right)),
            (Form::Many(left), _) => IdSet::from_chunks(left.difference(&other.iter().collect())),
            (Form::Few(left), Form::Few(right)) => {
                IdSet::from_ascending(&slice::difference(left, right))
            }
            _ => self.retained(|id| !other.contains(id)),
        }
    }

    fn with(&self, id: u32) -> IdSet {
        let mut set = self.clone();
        set.insert(id);
        set
    }

    fn without(&self, id: u32) -> IdSet {
        let mut set = self.clone();
        set.remove(id);
        set
    }

    /// The ids that `keep` says yes to; for sets of one slice at most.
    fn retained(&self, keep: impl Fn(u32) -> bool) -> IdSet {
        let kept: Vec<u32> = self.iter().filter(|id| keep(*id)).collect();
        IdSet::from_ascending(&kept)
    }

    fn from_chunks(chunks: Chunks) -> IdSet {
        if chunks.len() <= FEW_MAX {
            chunks.iter_from(0).collect()
        } else {
            IdSet(Form::Many(Arc::new(chunks)))
        }
    }

    fn from_ascending(ids: &[u32]) -> IdSet {
        IdSet(match ids {
            [] => Form::Empty,
            [id] => Form::One(*id),
            _ if ids.len() <= FEW_MAX => Form::Few(ids.into()),
            _ => Form::Many(Arc::new(ids.iter().copied().collect())),
        })
    }
}

impl Form {
    /// As [`IdSet::from_ascending`], without a copy where the slice stays one.
    fn from_shared(ids: Arc<[u32]>) -> Form {
        if (2..=FEW_MAX).contains(&ids.len()) {
            Form::Few(ids)
        } else {
            IdSet::from_ascending(&ids).0
        }
    }
}

/// Collects ids in any order, repeated ones once. By far the cheapest way to a large set.
impl FromIterator<u32> for IdSet {
    fn from_iter<I: IntoIterator<Item = u32>>(ids: I) -> Self {
        let mut ids: Vec<u32> = ids.into_iter().collect();
        if !ids.is_sorted() {
            ids.sort_unstable();
        }
        ids.dedup();
        IdSet::from_ascending(&ids)
    }
}

impl<'a> IntoIterator for &'a IdSet {
    type Item = u32;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl PartialEq for IdSet {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for IdSet {}

impl fmt::Debug for IdSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Ids in ascending order; see [`IdSet::iter`].
#[derive(Clone)]
pub struct Iter<'a>(Walk<'a>);

#[derive(Clone)]
enum Walk<'a> {
    Ids(std::slice::Iter<'a, u32>),
    Chunks(chunks::Iter<'a>),
}

impl Iterator for Iter<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        match &mut self.0 {
            Walk::Ids(ids) => ids.next().copied(),
            Walk::Chunks(ids) => ids.next(),
        }
    }
}
