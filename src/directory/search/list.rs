//! A sorted list of entries: their sort keys and ids, and nothing else of them.
//!
//! Owns the memory that sorting takes, bounded for one search and for all together. What a key says is the business of
//! `order`.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::order::SortFault;
use crate::directory::entry::EntryId;

/// The most that one search sorts, in octets of keys and items: some hundred thousand entries with keys of usual length.
pub const MOST_OCTETS: usize = 16 << 20;

/// The most that all searches sort at once, in octets.
const ALL_OCTETS: usize = 256 << 20;

/// Memory is taken from the room of all in pieces of so many octets.
const PIECE: usize = 64 << 10;

/// The room that all searches share.
#[derive(Clone, Debug)]
pub struct Room(Arc<AtomicUsize>);

impl Default for Room {
    fn default() -> Self {
        Self::of(ALL_OCTETS)
    }
}

impl Room {
    /// Room for so many octets.
    pub(super) fn of(octets: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(octets)))
    }
}

/// One entry: where its key stands, and its id.
#[derive(Copy, Clone, Debug)]
struct Item {
    start: u32,
    end: u32,
    id: EntryId,
}

/// A list that is being gathered, or is sorted.
#[derive(Debug)]
pub struct List {
    keys: Vec<u8>,
    items: Vec<Item>,
    room: Room,
    taken: usize,
}

impl List {
    /// An empty list in the room of all.
    pub fn new(room: Room) -> Self {
        Self {
            keys: Vec::new(),
            items: Vec::new(),
            room,
            taken: 0,
        }
    }

    /// Adds an entry, whose key `write` appends to the keys.
    ///
    /// # Errors
    /// When there is no room for more.
    pub fn push(&mut self, id: EntryId, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), SortFault> {
        let start = self.keys.len();
        write(&mut self.keys);
        let octets = |length: usize| u32::try_from(length).map_err(|_| SortFault::TooMany);
        self.items.push(Item {
            start: octets(start)?,
            end: octets(self.keys.len())?,
            id,
        });
        self.take()
    }

    /// Takes room for what is there now.
    fn take(&mut self) -> Result<(), SortFault> {
        let used = self
            .keys
            .len()
            .saturating_add(self.items.len().saturating_mul(size_of::<Item>()));
        if used > MOST_OCTETS {
            return Err(SortFault::TooMany);
        }
        while self.taken < used {
            let left = &self.room.0;
            let take = |left: usize| left.checked_sub(PIECE);
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                .map_err(|_| SortFault::Busy)?;
            self.taken = self.taken.saturating_add(PIECE);
        }
        Ok(())
    }

    /// Sorts by key, entries with equal ones by id.
    pub fn sort(&mut self) {
        let Self { keys, items, .. } = self;
        items.sort_unstable_by(|one, other| {
            (key_of(keys, one), one.id).cmp(&(key_of(keys, other), other.id))
        });
    }

    /// How many entries there are.
    pub fn count(&self) -> usize {
        self.items.len()
    }

    /// The entry at a place, counted from 0.
    pub fn id(&self, at: usize) -> Option<EntryId> {
        self.items.get(at).map(|item| item.id)
    }

    /// The key at a place.
    pub fn key(&self, at: usize) -> &[u8] {
        self.items
            .get(at)
            .map(|item| key_of(&self.keys, item))
            .unwrap_or_default()
    }

    /// The place of the first entry of a sorted list that is not before this key and id.
    pub fn place(&self, key: &[u8], id: EntryId) -> usize {
        self.items
            .partition_point(|item| (key_of(&self.keys, item), item.id) < (key, id))
    }

    /// The places of so many entries before and after `target`, and of that itself, as far as there are any.
    pub fn around(&self, target: usize, before: u32, after: u32) -> Range<usize> {
        let end = target
            .saturating_add(after as usize)
            .saturating_add(1)
            .min(self.count());
        target.saturating_sub(before as usize).min(end)..end
    }
}

impl Drop for List {
    fn drop(&mut self) {
        self.room.0.fetch_add(self.taken, Ordering::Relaxed);
    }
}

fn key_of<'a>(keys: &'a [u8], item: &Item) -> &'a [u8] {
    keys.get(item.start as usize..item.end as usize)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(keys: &[Vec<u8>]) -> List {
        let mut list = List::new(Room::default());
        for (id, key) in (1..).zip(keys) {
            list.push(id, |out| out.extend_from_slice(key)).unwrap();
        }
        list.sort();
        list
    }

    #[test]
    fn a_list_beyond_its_bound_is_refused() {
        let mut list = List::new(Room::default());
        let key = vec![0; 1 << 20];
        let pushed = (1..=20).map(|id| list.push(id, |out| out.extend_from_slice(&key)));
        let pushed: Vec<_> = pushed.collect();
        assert_eq!(pushed[14], Ok(()));
        assert_eq!(pushed[16], Err(SortFault::TooMany));
    }

    #[test]
    fn what_one_list_takes_others_lack_until_it_is_gone() {
        let room = Room::of(2 * PIECE);
        let mut first = List::new(room.clone());
        assert_eq!(first.push(1, |out| out.resize(PIECE, 0)), Ok(()));
        let mut second = List::new(room.clone());
        assert_eq!(second.push(1, |_| {}), Err(SortFault::Busy));
        drop(first);
        let mut third = List::new(room.clone());
        assert_eq!(third.push(1, |_| {}), Ok(()));
        drop((second, third));
        assert_eq!(room.0.load(Ordering::Relaxed), 2 * PIECE);
    }

    #[test]
    fn a_window_ends_where_the_list_does() {
        let list = list(&[vec![1], vec![2], vec![3], vec![4], vec![5]]);
        for (target, before, after, expected) in [
            (0, 0, 2, 0..3),
            (0, 9, 9, 0..5),
            (2, 1, 1, 1..4),
            (4, 1, 7, 3..5),
            (5, 2, 2, 3..5),
            (5, 0, 2, 5..5),
            (2, u32::MAX, u32::MAX, 0..5),
        ] {
            assert_eq!(list.around(target, before, after), expected);
        }
    }

    proptest! {
        #[test]
        fn entries_come_by_key_and_then_by_id(keys in prop::collection::vec(prop::collection::vec(0..3_u8, 0..3), 0..40)) {
            let list = list(&keys);
            let mut plain: Vec<(Vec<u8>, u32)> = keys.into_iter().zip(1..).collect();
            plain.sort();
            for (at, (key, id)) in plain.iter().enumerate() {
                prop_assert_eq!((list.key(at), list.id(at)), (key.as_slice(), Some(*id)));
                prop_assert_eq!(list.place(key, *id), at);
                prop_assert_eq!(list.place(key, id + 1), at + 1);
            }
            prop_assert_eq!(list.count(), plain.len());
        }
    }
}
