//! A sorted list of entries: their sort keys and ids, and nothing else of them.
//!
//! Owns the memory that sorting takes, bounded for one search and for all together. What a key says is the business of
//! `order`.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::order::SortFault;
use crate::directory::entry::EntryId;

/// The most that one search sorts, in octets of keys and items: some hundred thousand entries with keys of usual length.
pub const MOST_OCTETS: usize = 16 << 20;

/// The most that all searches sort at once, in octets.
const ALL_OCTETS: usize = 256 << 20;

/// Entries that are sorted in one go.
const RUN: usize = 1_024;

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
    /// How far sorting has come, once it has begun.
    merge: Option<Merge>,
    room: Room,
    taken: usize,
}

/// Merging runs that are in order, two and two, into runs of twice the width.
#[derive(Debug)]
struct Merge {
    /// Items of a run.
    width: usize,
    /// What takes the place of the items when all pairs are merged.
    merged: Vec<Item>,
    /// The next item of the left run of the pair under way, and of the right one.
    left: usize,
    right: usize,
}

impl Merge {
    fn of(width: usize, mut room: Vec<Item>) -> Self {
        room.clear();
        Self {
            width,
            merged: room,
            left: 0,
            right: width,
        }
    }

    /// Moves one item.
    fn step(&mut self, keys: &[u8], items: &mut Vec<Item>) {
        let pair = self.width.saturating_mul(2);
        let end = (self.merged.len() / pair)
            .saturating_add(1)
            .saturating_mul(pair);
        let left = items
            .get(self.left)
            .filter(|_| self.left < end - self.width);
        let right = items.get(self.right).filter(|_| self.right < end);
        let next = match (left, right) {
            (Some(left), Some(right)) if order(keys, left, right).is_le() => {
                self.left += 1;
                *left
            }
            (_, Some(right)) => {
                self.right += 1;
                *right
            }
            (Some(left), None) => {
                self.left += 1;
                *left
            }
            (None, None) => return,
        };
        self.merged.push(next);
        if self.merged.len() == end {
            (self.left, self.right) = (end, end.saturating_add(self.width));
        }
        if self.merged.len() == items.len() {
            std::mem::swap(items, &mut self.merged);
            *self = Self::of(pair, std::mem::take(&mut self.merged));
        }
    }
}

impl List {
    /// An empty list in the room of all.
    pub fn new(room: Room) -> Self {
        Self {
            keys: Vec::new(),
            items: Vec::new(),
            merge: None,
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
        if self.items.len().is_multiple_of(RUN) {
            self.sort_last_run();
        }
        self.take()
    }

    /// Takes room for what is there now.
    fn take(&mut self) -> Result<(), SortFault> {
        // Merging takes the room of the items again.
        let item = 2 * size_of::<Item>();
        let used = self
            .keys
            .len()
            .saturating_add(self.items.len().saturating_mul(item));
        if used > MOST_OCTETS {
            return Err(SortFault::TooMany);
        }
        while self.taken < used {
            let left = &self.room.0;
            let take = |left: usize| left.checked_sub(PIECE);
            left.fetch_update(Relaxed, Relaxed, take)
                .map_err(|_| SortFault::Busy)?;
            self.taken = self.taken.saturating_add(PIECE);
        }
        Ok(())
    }

    fn sort_last_run(&mut self) {
        let Self { keys, items, .. } = self;
        let last = items.len().saturating_sub(1) / RUN * RUN;
        let run = items.get_mut(last..).unwrap_or_default();
        run.sort_unstable_by(|one, other| order(keys, one, other));
    }

    /// Goes on with sorting by key, entries with equal ones by id, in up to so many steps of one item; true when it is
    /// done. A long list takes many slices of this, as others wait for the thread that sorts.
    pub fn sort(&mut self, steps: usize) -> bool {
        if self.merge.is_none() {
            self.sort_last_run();
        }
        let Self {
            keys, items, merge, ..
        } = self;
        let merge = merge.get_or_insert_with(|| Merge::of(RUN, Vec::new()));
        for _ in 0..steps {
            if merge.width >= items.len() {
                break;
            }
            merge.step(keys, items);
        }
        merge.width >= items.len()
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
        self.room.0.fetch_add(self.taken, Relaxed);
    }
}

fn order(keys: &[u8], one: &Item, other: &Item) -> Ordering {
    (key_of(keys, one), one.id).cmp(&(key_of(keys, other), other.id))
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
        while !list.sort(7) {}
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

    /// Of every length around those where runs and pairs of runs end.
    #[test]
    fn long_lists_are_sorted_in_slices() {
        for count in [
            0,
            1,
            RUN,
            RUN + 1,
            2 * RUN,
            3 * RUN - 1,
            4 * RUN,
            9 * RUN + 5,
        ] {
            let ids = 1..=u32::try_from(count).unwrap();
            let keys: Vec<u32> = ids
                .clone()
                .map(|id| id.wrapping_mul(2_654_435_761) % 997)
                .collect();
            let mut list = List::new(Room::default());
            for (id, key) in ids.clone().zip(&keys) {
                list.push(id, |out| out.extend_from_slice(&key.to_be_bytes()))
                    .unwrap();
            }
            let mut slices = 1;
            while !list.sort(RUN) {
                slices += 1;
            }
            let mut plain: Vec<(u32, u32)> = keys.into_iter().zip(ids).collect();
            plain.sort_unstable();
            let plain: Vec<Option<u32>> = plain.into_iter().map(|(_, id)| Some(id)).collect();
            let sorted: Vec<Option<u32>> = (0..count).map(|at| list.id(at)).collect();
            assert_eq!(sorted, plain, "{count}");
            assert!(slices >= count / RUN, "{count} in {slices}");
        }
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
        assert_eq!(room.0.load(Relaxed), 2 * PIECE);
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
