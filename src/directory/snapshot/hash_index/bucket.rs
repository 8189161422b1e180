//! One bucket of a hash index: a sorted multiset of (tag, id) pairs.
//!
//! Which hashes come here, and what their tags are, is the business of `hash_index`.

use super::super::id_set::IdSet;
use super::super::slice;
use super::postings::Postings;
use std::sync::Arc;

/// An address with more pairs than this gets an [`IdSet`].
const PAIRS_PER_ADDRESS: usize = 16;
/// An [`IdSet`] is given up only well below that, so that an address at the limit does not go back
/// and forth.
const LARGE_MIN: usize = 8;

/// The pairs whose hashes share a bucket number.
#[derive(Clone, Default)]
pub(super) struct Bucket {
    /// Ascending; a pair is repeated when several keys of its entry share the address.
    pairs: Arc<[Pair]>,
    /// By tag, ascending. Tags in here have no pairs above.
    large: Option<Arc<Vec<Large>>>,
}

/// An id under the tag of one of its keys.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair {
    pub(super) tag: u32,
    pub(super) id: u32,
}

/// The ids of one address that has many.
#[derive(Clone)]
pub(super) struct Large {
    tag: u32,
    ids: IdSet,
    /// Ids once more for each further key that shares the address; in no order, nearly always empty.
    repeated: Vec<u32>,
}

impl Bucket {
    /// The number of pairs, without those of tags that have many.
    pub(super) fn pair_count(&self) -> usize {
        self.pairs.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty() && self.large.is_none()
    }

    /// The ids of all pairs with `tag`.
    pub(super) fn get(&self, tag: u32) -> Postings<'_> {
        match self.pairs_of(tag) {
            [] => self
                .large(tag)
                .map_or_else(Postings::none, |large| Postings::of_set(&large.ids)),
            pairs => Postings::of_pairs(pairs),
        }
    }

    /// Adds `pair`, once more when it is there already.
    pub(super) fn insert(&mut self, pair: Pair) {
        if let Some(large) = self.large_mut(pair.tag) {
            large.insert(pair.id);
            return;
        }
        let position = self.pairs.partition_point(|other| *other < pair);
        self.pairs = slice::inserted(&self.pairs, position, pair);
        if self.pairs_of(pair.tag).len() > PAIRS_PER_ADDRESS {
            self.enlarge(pair.tag);
        }
    }

    /// Adds many pairs with one copy.
    pub(super) fn insert_all(&mut self, added: impl Iterator<Item = Pair>) {
        let mut pairs = self.pairs.to_vec();
        for pair in added {
            match self.large_mut(pair.tag) {
                Some(large) => large.insert(pair.id),
                None => pairs.push(pair),
            }
        }
        pairs.sort();
        let crowded: Vec<u32> = pairs
            .chunk_by(|a, b| a.tag == b.tag)
            .filter(|group| group.len() > PAIRS_PER_ADDRESS)
            .filter_map(|group| group.first().map(|pair| pair.tag))
            .collect();
        self.pairs = pairs.into();
        for tag in crowded {
            self.enlarge(tag);
        }
    }

    /// Takes `pair` out once, if it is there.
    pub(super) fn remove(&mut self, pair: Pair) {
        if let Some(large) = self.large_mut(pair.tag) {
            large.remove(pair.id);
            if large.ids.len() + large.repeated.len() < LARGE_MIN {
                self.reduce(pair.tag);
            }
        } else if let Ok(position) = self.pairs.binary_search(&pair) {
            self.pairs = slice::without(&self.pairs, position);
        }
    }

    /// The part whose tags have `bit` clear, and the one whose tags have it set.
    pub(super) fn split(&self, bit: u32) -> (Bucket, Bucket) {
        let moves = |tag: u32| (tag >> bit) & 1 == 1;
        let (go, stay): (Vec<Pair>, Vec<Pair>) =
            self.pairs.iter().partition(|pair| moves(pair.tag));
        let large = self.large.iter().flat_map(|list| list.iter()).cloned();
        let (large_go, large_stay): (Vec<Large>, Vec<Large>) =
            large.partition(|large| moves(large.tag));
        (Bucket::of(stay, large_stay), Bucket::of(go, large_go))
    }

    fn of(pairs: Vec<Pair>, large: Vec<Large>) -> Bucket {
        Bucket {
            pairs: pairs.into(),
            large: (!large.is_empty()).then(|| Arc::new(large)),
        }
    }

    fn pairs_of(&self, tag: u32) -> &[Pair] {
        // Tags are spread evenly, so the place is known but for a cache line; a binary search would
        // wait for four.
        let guess = (self.pairs.len() as u64 * u64::from(tag)) >> 32;
        let (before, after) = self.pairs.split_at(guess as usize);
        let too_far = before.iter().rev().take_while(|pair| pair.tag >= tag);
        let too_near = after.iter().take_while(|pair| pair.tag < tag);
        let from = before.len() - too_far.count() + too_near.count();
        let rest = self.pairs.get(from..).unwrap_or_default();
        let len = rest.iter().take_while(|pair| pair.tag == tag).count();
        rest.get(..len).unwrap_or_default()
    }

    fn large(&self, tag: u32) -> Option<&Large> {
        let list = self.large.as_ref()?;
        let position = list.binary_search_by_key(&tag, |large| large.tag).ok()?;
        list.get(position)
    }

    fn large_mut(&mut self, tag: u32) -> Option<&mut Large> {
        let list = self.large.as_mut()?;
        let position = list.binary_search_by_key(&tag, |large| large.tag).ok()?;
        Arc::make_mut(list).get_mut(position)
    }

    /// Moves the pairs of `tag` to a set of their own.
    fn enlarge(&mut self, tag: u32) {
        let (mine, others): (Vec<Pair>, Vec<Pair>) =
            self.pairs.iter().partition(|pair| pair.tag == tag);
        let mut large = Large {
            tag,
            ids: IdSet::new(),
            repeated: Vec::new(),
        };
        for pair in &mine {
            large.insert(pair.id);
        }
        let list = Arc::make_mut(self.large.get_or_insert_default());
        let position = list.partition_point(|other| other.tag < tag);
        list.insert(position, large);
        self.pairs = others.into();
    }

    /// Turns the set of `tag` back into pairs.
    fn reduce(&mut self, tag: u32) {
        let Some(list) = &mut self.large else { return };
        let Ok(position) = list.binary_search_by_key(&tag, |large| large.tag) else {
            return;
        };
        let large = Arc::make_mut(list).remove(position);
        if list.is_empty() {
            self.large = None;
        }
        let ids = large.ids.iter().chain(large.repeated);
        let mut pairs: Vec<Pair> = ids.map(|id| Pair { tag, id }).collect();
        pairs.extend_from_slice(&self.pairs);
        pairs.sort_unstable();
        self.pairs = pairs.into();
    }
}

impl Large {
    fn insert(&mut self, id: u32) {
        if !self.ids.insert(id) {
            self.repeated.push(id);
        }
    }

    fn remove(&mut self, id: u32) {
        match self.repeated.iter().position(|other| *other == id) {
            Some(position) => {
                self.repeated.swap_remove(position);
            }
            None => {
                self.ids.remove(id);
            }
        }
    }
}
