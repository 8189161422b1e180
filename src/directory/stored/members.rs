//! The stored form of the members that exist: ids in records of their own, many to a record.
//!
//! Owns how the ids are cut into records and written in one. A record holds those members of one group and attribute
//! whose ids differ in the lowest [`SPAN_BITS`] bits only, so it is never longer than 512 bytes: adding one member to a
//! group of everybody writes no more than that, and the members of a team that was imported together are one record and
//! not one each. What a record says follows from the members in memory alone, so nothing is read before it is written.

use super::{entry_key, prefix};
use crate::directory::entry::EntryId;
use crate::directory::members::{EdgeKind, Members};
use crate::directory::snapshot::{IdSet, Snapshot};
use crate::storage::Batch;

/// How many low bits of an id are written in the value; the others are in the key.
const SPAN_BITS: u32 = 12;
/// The length of a value that has a bit for each id; a shorter one has two bytes for each.
const BITMAP: usize = 1 << (SPAN_BITS - 3);

/// The ids of one record.
#[derive(Clone, Debug)]
pub struct MemberIds<'a> {
    base: EntryId,
    form: Form<'a>,
}

#[derive(Clone, Debug)]
enum Form<'a> {
    /// Two bytes an id, ascending.
    List(&'a [u8]),
    /// A bit an id, the lowest first; and how many bits were looked at.
    Bitmap(&'a [u8], u16),
}

impl<'a> MemberIds<'a> {
    /// Reads a record: `span` as the key has it, and the value. `None` when it was not written here.
    pub(super) fn parse(span: u32, value: &'a [u8]) -> Option<Self> {
        let base = span.checked_mul(1 << SPAN_BITS)?;
        let form = match value.len() {
            BITMAP => Form::Bitmap(value, 0),
            0 => return None,
            length if length > BITMAP || !length.is_multiple_of(2) => return None,
            _ => Form::List(value),
        };
        let ids = Self { base, form };
        let ascends = ids.clone().is_sorted_by(|left, right| left < right);
        let within = ids.clone().all(|id| span_of(id) == span);
        (ascends && within).then_some(ids)
    }
}

impl Iterator for MemberIds<'_> {
    type Item = EntryId;

    fn next(&mut self) -> Option<EntryId> {
        let low = match &mut self.form {
            Form::List(rest) => {
                let (low, after) = rest.split_first_chunk::<2>()?;
                *rest = after;
                u16::from_be_bytes(*low)
            }
            Form::Bitmap(bits, at) => loop {
                let byte = bits.get(usize::from(*at / 8))?;
                let left = byte >> (*at % 8);
                if left != 0 {
                    let low = *at + left.trailing_zeros() as u16;
                    *at = low + 1;
                    break low;
                }
                *at = (*at / 8 + 1) * 8;
            },
        };
        Some(self.base.wrapping_add(u32::from(low)))
    }
}

fn span_of(id: EntryId) -> u32 {
    id >> SPAN_BITS
}

fn encode(ids: &[EntryId]) -> Vec<u8> {
    let low = |id: &EntryId| (id & ((1 << SPAN_BITS) - 1)) as u16;
    if ids.len() * 2 < BITMAP {
        return ids.iter().flat_map(|id| low(id).to_be_bytes()).collect();
    }
    let mut bits = vec![0; BITMAP];
    for low in ids.iter().map(low) {
        if let Some(byte) = bits.get_mut(usize::from(low / 8)) {
            *byte |= 1 << (low % 8);
        }
    }
    bits
}

/// The key of the record that names a member.
pub(super) fn key(group: EntryId, kind: EdgeKind, member: EntryId) -> Vec<u8> {
    key_of_span(group, kind, span_of(member))
}

fn key_of_span(group: EntryId, kind: EdgeKind, span: u32) -> Vec<u8> {
    let mut key = entry_key(group);
    if let Some(first) = key.first_mut() {
        *first = prefix::MEMBERS;
    }
    key.push(kind.code());
    key.extend_from_slice(&span.to_be_bytes());
    key
}

/// Puts all records of a group into a batch.
pub(super) fn put_all(batch: &mut Batch, group: EntryId, members: &Members) {
    for kind in EdgeKind::ALL {
        let mut ids = members.ids(kind).iter().peekable();
        let mut record = Vec::new();
        while let Some(id) = ids.next() {
            record.push(id);
            if ids.peek().is_none_or(|next| span_of(*next) != span_of(id)) {
                batch.put(key(group, kind, id), encode(&record));
                record.clear();
            }
        }
    }
}

/// Puts the record that names a member, or would name it, into a batch as it is in a state.
pub(super) fn put_around(
    batch: &mut Batch,
    snapshot: &Snapshot,
    group: EntryId,
    kind: EdgeKind,
    member: EntryId,
) {
    let none = IdSet::new();
    let ids = snapshot
        .members(group)
        .map_or(&none, |members| members.ids(kind));
    let span = span_of(member);
    let ids: Vec<EntryId> = ids
        .iter_from(span << SPAN_BITS)
        .take_while(|id| span_of(*id) == span)
        .collect();
    let key = key_of_span(group, kind, span);
    if ids.is_empty() {
        batch.delete(key);
    } else {
        batch.put(key, encode(&ids));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(ids: &[EntryId]) -> Vec<EntryId> {
        let value = encode(ids);
        assert!(!value.is_empty() && value.len() <= BITMAP);
        MemberIds::parse(span_of(ids[0]), &value).unwrap().collect()
    }

    #[test]
    fn ids_come_back_from_lists_and_bitmaps() {
        let last = u32::MAX;
        for ids in [vec![0], vec![last], vec![4096, 4097, 8191]] {
            assert_eq!(read(&ids), ids);
        }
        for count in [255, 256, 257, 4095, 4096] {
            let ids: Vec<u32> = (8192..8192 + count).collect();
            assert_eq!(read(&ids), ids, "{count}");
        }
    }

    #[test]
    fn a_record_is_never_longer_than_a_bitmap() {
        let ids: Vec<u32> = (0..4096).collect();
        assert_eq!(encode(&ids[..255]).len(), 510);
        assert_eq!(encode(&ids[..256]).len(), 512);
        assert_eq!(encode(&ids).len(), 512);
    }

    #[test]
    fn what_was_not_written_here_is_refused() {
        for value in [
            &[][..],
            &[0],
            &[0, 1, 2],
            &[0, 2, 0, 1],
            &[0, 1, 0, 1],
            &[0x10, 0],
            &[0; 514],
        ] {
            assert!(MemberIds::parse(1, value).is_none(), "{value:?}");
        }
        assert!(MemberIds::parse(1 << 20, &[0, 1]).is_none());
    }

    proptest! {
        #[test]
        fn any_ids_of_one_span_come_back(
            span in 0u32..(1 << 20),
            low in proptest::collection::btree_set(0u32..4096, 1..600),
        ) {
            let ids: Vec<u32> = low.into_iter().map(|low| span << SPAN_BITS | low).collect();
            prop_assert_eq!(read(&ids), ids);
        }
    }
}
