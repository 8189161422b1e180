//! A persistent multimap from 64-bit keyed hashes to entry ids: the equality index of a snapshot.
//!
//! # Candidates, not answers
//!
//! Of a hash the index keeps 44 bits, its *address*. A lookup answers with every id that was put
//! under the same address, so it may name an entry that does not have the value. Callers compare
//! the value itself; the index never leaves out an entry that has it.
//!
//! # Two keys of one entry may share an address
//!
//! Then both put the same `(address, id)` here, and taking one of them out must not lose the other.
//! So the index is a *multiset* of such pairs: it counts how often a pair was put in, a pair is
//! found until it was taken out as often, and a lookup names each id once. Callers only have to
//! pair their calls: one [`HashIndex::remove`] for each earlier [`HashIndex::insert`] of the same
//! hash and id. Nothing depends on collisions being rare, but speed: the hash must be keyed with a
//! secret so that nobody can choose them.
//!
//! # Form
//!
//! Linear hashing (Litwin, 1980) over a [`Paged`] vector of buckets. The lower 32 bits of a hash
//! choose the bucket, of which there are 2^12 at first; the bits from the 12th on are the tag, kept
//! with each id. So the bits that split a bucket later are at hand. A bucket is one sorted slice of
//! pairs, exactly as long as it must be. Ids of an address that has many of them move to an
//! [`IdSet`](super::id_set::IdSet) of their own.
//!
//! What is hashed and with which key is the caller's business.

mod bucket;
mod postings;
#[cfg(test)]
mod tests;

pub use postings::{Iter, Postings};

use super::paged::Paged;
use bucket::{Bucket, Pair};
use std::fmt;

/// Buckets that exist from the start; empty ones take no memory.
const FIRST_BUCKET_BITS: u32 = 12;
/// Another bucket is made when the mean number of pairs in one exceeds this.
const PAIRS_PER_BUCKET: usize = 96;
/// Buckets stop being made here, long after memory has run out.
const BUCKETS_MAX: u32 = 1 << 31;
/// [`HashIndex::extend`] sorts so many pairs at a time (12 MiB).
const BLOCK: usize = 1 << 20;

/// A persistent multimap from hash to entry ids; see the [module](self).
///
/// Cloning costs one reference count. A change of a shared index copies one path of pointers and
/// one bucket (about 800 bytes), or one chunk of a large posting (8 KiB at most).
#[derive(Clone)]
pub struct HashIndex {
    buckets: Paged<Bucket>,
    /// Buckets in use, those without pairs included.
    count: u32,
    /// Pairs in all buckets, without those in large postings.
    pairs: usize,
}

impl HashIndex {
    /// An index without keys. Allocates nothing.
    pub fn new() -> Self {
        HashIndex {
            buckets: Paged::new(),
            count: 1 << FIRST_BUCKET_BITS,
            pairs: 0,
        }
    }

    /// The ids that may be under `hash`.
    pub fn get(&self, hash: u64) -> Postings<'_> {
        let bucket = self.buckets.get(self.bucket_of(hash));
        bucket.map_or_else(Postings::none, |bucket| bucket.get(tag_of(hash)))
    }

    /// Puts `id` under `hash`, once more when it is there already.
    pub fn insert(&mut self, hash: u64, id: u32) {
        let tag = tag_of(hash);
        self.change(self.bucket_of(hash), |bucket| {
            bucket.insert(Pair { tag, id });
        });
        if self.is_crowded() {
            self.split();
        }
    }

    /// Takes `id` out from under `hash` once; false, and nothing copied, when it is not there.
    pub fn remove(&mut self, hash: u64, id: u32) -> bool {
        let found = self.get(hash).contains(id);
        if found {
            let tag = tag_of(hash);
            self.change(self.bucket_of(hash), |bucket| {
                bucket.remove(Pair { tag, id });
            });
        }
        found
    }

    fn bucket_of(&self, hash: u64) -> u32 {
        let doubled = low_bits(hash, self.count.ilog2() + 1);
        if doubled < self.count {
            doubled
        } else {
            low_bits(hash, self.count.ilog2())
        }
    }

    fn is_crowded(&self) -> bool {
        self.pairs / PAIRS_PER_BUCKET > self.count as usize && self.count < BUCKETS_MAX
    }

    /// Changes the bucket `number`, which need not exist before and is dropped when it gets empty.
    fn change(&mut self, number: u32, change: impl FnOnce(&mut Bucket)) {
        let mut created = Bucket::default();
        let known = self.buckets.get_mut(number);
        let is_new = known.is_none();
        let bucket = known.unwrap_or(&mut created);
        let before = bucket.pair_count();
        change(bucket);
        self.pairs = self.pairs - before + bucket.pair_count();
        if bucket.is_empty() {
            self.buckets.remove(number);
        } else if is_new {
            self.buckets.set(number, created);
        }
    }

    /// Splits buckets before pairs come rather than after. Half of the pairs may go to large postings.
    fn make_room(&mut self, pairs: usize) {
        let buckets = (self.pairs + pairs / 2) / PAIRS_PER_BUCKET;
        while (self.count as usize) < buckets && self.count < BUCKETS_MAX {
            self.split();
        }
    }

    /// Puts a block of pairs in, sorted by bucket, so that each bucket is copied once.
    fn insert_block(&mut self, mut block: Vec<(u32, Pair)>) {
        block.sort_unstable();
        for group in block.chunk_by(|a, b| a.0 == b.0) {
            if let Some((number, _)) = group.first() {
                let pairs = group.iter().map(|(_, pair)| *pair);
                self.change(*number, |bucket| bucket.insert_all(pairs));
            }
        }
        while self.is_crowded() {
            self.split();
        }
    }

    /// Makes one more bucket out of the half of an existing one that has the next bit set.
    fn split(&mut self) {
        let bits = self.count.ilog2();
        let (old, new) = (self.count - (1 << bits), self.count);
        self.count += 1;
        let Some(bucket) = self.buckets.remove(old) else {
            return;
        };
        let (stay, go) = bucket.split(bits - FIRST_BUCKET_BITS);
        for (number, bucket) in [(old, stay), (new, go)] {
            if !bucket.is_empty() {
                self.buckets.set(number, bucket);
            }
        }
    }
}

/// Puts each id under its hash, as [`HashIndex::insert`] does, but several times faster for many of
/// them in one call, and within 12 MiB of working memory.
impl Extend<(u64, u32)> for HashIndex {
    fn extend<I: IntoIterator<Item = (u64, u32)>>(&mut self, keys: I) {
        let mut keys = keys.into_iter().peekable();
        while keys.peek().is_some() {
            self.make_room(keys.size_hint().0.min(BLOCK));
            let block = keys.by_ref().take(BLOCK).map(|(hash, id)| {
                let tag = tag_of(hash);
                (self.bucket_of(hash), Pair { tag, id })
            });
            let block = block.collect();
            self.insert_block(block);
        }
    }
}

impl Default for HashIndex {
    fn default() -> Self {
        Self::new()
    }
}

/// Counts only: hashes say nothing to a reader.
impl fmt::Debug for HashIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashIndex")
            .field("buckets", &self.count)
            .field("pairs", &self.pairs)
            .finish_non_exhaustive()
    }
}

fn low_bits(hash: u64, bits: u32) -> u32 {
    (hash & ((1 << bits) - 1)) as u32
}

fn tag_of(hash: u64) -> u32 {
    (hash >> FIRST_BUCKET_BITS) as u32
}
