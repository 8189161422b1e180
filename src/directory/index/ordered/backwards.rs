//! The same items with the greatest key first; those of one key come by ascending id here as well.
//!
//! Owns the way from there to the places of the tree: all items of a key stand together either way.

use super::{Ordered, Range};
use crate::directory::entry::EntryId;

/// Items that are read together.
const PIECE: usize = 128;

impl Ordered {
    /// How many items are before this key and id, when the greatest key is first.
    pub fn place_backwards(&self, key: &[u8], id: EntryId) -> usize {
        let of_key = self.place(key, id).saturating_sub(self.place(key, 0));
        let greater = self.len().saturating_sub(self.count(Range::UpTo(key)));
        greater.saturating_add(of_key)
    }

    /// Hands over the keys and ids after so many, the greatest key first, until `each` says to stop.
    pub fn for_each_backwards_from(
        &self,
        skipped: usize,
        each: &mut dyn FnMut(&[u8], EntryId) -> bool,
    ) {
        let mut left = self.len().saturating_sub(skipped);
        // It may begin among the items of one key.
        let mut whole = left == self.len();
        while left > 0 {
            let next = match whole {
                true => self.piece_before(left, each),
                false => self.key_before(left, each),
            };
            match next {
                Some(next) => {
                    // A key with very many items fills more than a piece.
                    whole = next < left;
                    left = next;
                }
                None => return,
            }
        }
    }

    /// Hands over the items of the keys that end before a place, as far as they all are in one piece; where what is left
    /// ends, and `None` once it was stopped.
    fn piece_before(
        &self,
        end: usize,
        each: &mut dyn FnMut(&[u8], EntryId) -> bool,
    ) -> Option<usize> {
        let from = end.saturating_sub(PIECE);
        let mut piece = Vec::with_capacity(end - from);
        self.for_each_from(from, &mut |key, id| {
            piece.push((key.to_vec(), id));
            piece.len() < end - from
        });
        let mut keys = piece.chunk_by(|(one, _), (other, _)| one == other);
        // What there is of the first may begin before the piece.
        let cut = if from > 0 { keys.next() } else { None };
        let mut items = keys.rev().flatten();
        let left = from.saturating_add(cut.map_or(0, <[_]>::len));
        items.all(|(key, id)| each(key, *id)).then_some(left)
    }

    /// Hands over the items of the key before a place, without as many as come behind that place.
    fn key_before(
        &self,
        end: usize,
        each: &mut dyn FnMut(&[u8], EntryId) -> bool,
    ) -> Option<usize> {
        let mut last = None;
        self.for_each_from(end.saturating_sub(1), &mut |key, _| {
            last = Some(key.to_vec());
            false
        });
        let key = last?;
        let begin = self.place(&key, 0);
        let passed = self.count(Range::UpTo(&key)).saturating_sub(end);
        let mut going = true;
        self.for_each_from(begin.saturating_add(passed), &mut |own, id| {
            going = own != key || each(own, id);
            going && own == key
        });
        going.then_some(begin)
    }
}
