//! What a lookup in a hash index finds: ids, borrowed.

use super::super::id_set::{self, IdSet};
use super::bucket::Pair;

/// The ids found under a hash, borrowed from the index. A superset of the entries that have the
/// value; see the [module](super).
#[derive(Clone, Copy)]
pub struct Postings<'a>(Found<'a>);

#[derive(Clone, Copy)]
enum Found<'a> {
    /// All of one tag, ascending.
    Pairs(&'a [Pair]),
    Large(&'a IdSet),
}

impl<'a> Postings<'a> {
    pub(super) fn none() -> Self {
        Postings(Found::Pairs(&[]))
    }

    /// The ids of `pairs`, which are all of one tag and ascend; they may repeat.
    pub(super) fn of_pairs(pairs: &'a [Pair]) -> Self {
        Postings(Found::Pairs(pairs))
    }

    pub(super) fn of_set(ids: &'a IdSet) -> Self {
        Postings(Found::Large(ids))
    }

    /// The number of ids. Takes no time that grows with it.
    pub fn len(&self) -> usize {
        match self.0 {
            Found::Pairs(_) => self.iter().count(),
            Found::Large(ids) => ids.len(),
        }
    }

    /// Whether no entry can have the value.
    pub fn is_empty(&self) -> bool {
        match self.0 {
            Found::Pairs(pairs) => pairs.is_empty(),
            Found::Large(ids) => ids.is_empty(),
        }
    }

    /// Whether `id` is among them.
    pub fn contains(&self, id: u32) -> bool {
        match self.0 {
            Found::Pairs(pairs) => pairs.binary_search_by_key(&id, |pair| pair.id).is_ok(),
            Found::Large(ids) => ids.contains(id),
        }
    }

    /// The ids in ascending order, each once.
    pub fn iter(&self) -> Iter<'a> {
        self.iter_from(0)
    }

    /// The ids from `start` on in ascending order, each once.
    pub fn iter_from(&self, start: u32) -> Iter<'a> {
        Iter(match self.0 {
            Found::Pairs(pairs) => {
                let from = pairs.partition_point(|pair| pair.id < start);
                Walk::Pairs(pairs.get(from..).unwrap_or_default().iter())
            }
            Found::Large(ids) => Walk::Large(ids.iter_from(start)),
        })
    }

    /// The ids as a set of their own, which shares large postings with the index.
    pub fn to_id_set(&self) -> IdSet {
        match self.0 {
            Found::Pairs(_) => self.iter().collect(),
            Found::Large(ids) => ids.clone(),
        }
    }
}

impl<'a> IntoIterator for Postings<'a> {
    type Item = u32;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Ids in ascending order; see [`Postings::iter`].
#[derive(Clone)]
pub struct Iter<'a>(Walk<'a>);

#[derive(Clone)]
enum Walk<'a> {
    Pairs(std::slice::Iter<'a, Pair>),
    Large(id_set::Iter<'a>),
}

impl Iterator for Iter<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        match &mut self.0 {
            Walk::Pairs(pairs) => {
                let id = pairs.next()?.id;
                // A repeated pair counts the keys that share the address; it is one id.
                while pairs.as_slice().first().is_some_and(|pair| pair.id == id) {
                    pairs.next();
                }
                Some(id)
            }
            Walk::Large(ids) => ids.next(),
        }
    }
}
