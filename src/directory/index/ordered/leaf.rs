//! One leaf of the tree: its items in one allocation, in their order.

use std::sync::Arc;

use super::{Child, KEY_MAX, Key, Node};
use crate::directory::entry::EntryId;

/// Bytes of one item at the most.
const ITEM_MAX: usize = 1 + KEY_MAX + size_of::<EntryId>();

/// One key and id.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item<'a> {
    pub key: &'a [u8],
    pub id: EntryId,
}

/// Items one after the other: length of the key, key, id.
#[derive(Default)]
pub(super) struct Leaf {
    pub bytes: Vec<u8>,
    pub len: usize,
}

/// A copy is made for a change: it has room for one item more.
impl Clone for Leaf {
    fn clone(&self) -> Self {
        let mut bytes = Vec::with_capacity(self.bytes.len().saturating_add(ITEM_MAX));
        bytes.extend_from_slice(&self.bytes);
        let len = self.len;
        Self { bytes, len }
    }
}

impl Leaf {
    /// The items in their order.
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || {
            let (item, behind) = split_item(rest)?;
            rest = behind;
            Some(item)
        })
    }

    /// Puts an item behind all others, where it belongs.
    pub fn push(&mut self, item: Item<'_>) {
        write_item(item, &mut self.bytes);
        self.len += 1;
    }

    /// Where an item is, or belongs, and how many bytes of it are there.
    fn place(&self, item: Item<'_>) -> (usize, usize) {
        let mut rest = self.bytes.as_slice();
        while let Some((own, behind)) = split_item(rest) {
            if own >= item {
                let length = if own == item {
                    rest.len() - behind.len()
                } else {
                    0
                };
                return (self.bytes.len() - rest.len(), length);
            }
            rest = behind;
        }
        (self.bytes.len(), 0)
    }

    /// Puts an item in its place, if it is not there.
    pub fn insert(&mut self, item: Item<'_>) {
        let (at, there) = self.place(item);
        if there == 0 {
            let mut bytes = Vec::with_capacity(item.key.len() + 5);
            write_item(item, &mut bytes);
            // Else it would double, for good: the next change is made to a copy.
            self.bytes.reserve_exact(bytes.len());
            self.bytes.splice(at..at, bytes);
            self.len += 1;
        }
    }

    /// Takes an item out, if it is there.
    pub fn remove(&mut self, item: Item<'_>) {
        let (at, there) = self.place(item);
        if there > 0 {
            self.bytes.drain(at..at + there);
            self.len -= 1;
        }
    }

    /// Takes the right half out.
    pub fn divide(&mut self) -> Child {
        let mut rest = self.bytes.as_slice();
        let mut kept = 0;
        while rest.len() > self.bytes.len() / 2
            && let Some((_, behind)) = split_item(rest)
        {
            kept += 1;
            rest = behind;
        }
        let right = Leaf {
            bytes: rest.to_vec(),
            len: self.len - kept,
        };
        self.bytes.truncate(self.bytes.len() - right.bytes.len());
        self.len = kept;
        let first = split_item(&right.bytes).map(|(item, _)| (Key::new(item.key), item.id));
        let (first, first_id) = first.unwrap_or_default();
        Child {
            first,
            first_id,
            len: right.len,
            node: Arc::new(Node::Leaf(right)),
        }
    }

    /// The leaf as a child of a branch, with its first item.
    pub fn into_child(mut self, first: Item<'_>) -> Child {
        self.bytes.shrink_to_fit();
        Child {
            first: Key::new(first.key),
            first_id: first.id,
            len: self.len,
            node: Arc::new(Node::Leaf(self)),
        }
    }
}

fn write_item(item: Item<'_>, out: &mut Vec<u8>) {
    out.push(u8::try_from(item.key.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(item.key);
    out.extend_from_slice(&item.id.to_le_bytes());
}

fn split_item(bytes: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (key, rest) = rest.split_at_checked(usize::from(*length))?;
    let (id, rest) = rest.split_first_chunk()?;
    let id = EntryId::from_le_bytes(*id);
    Some((Item { key, id }, rest))
}
