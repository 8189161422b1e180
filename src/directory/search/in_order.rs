//! A row of entries in the order of an index: found by counting, whatever is before them, and nothing sorted.
//!
//! Owns when an index has the order and the indexes alone have the entries, and where the row begins. Otherwise the
//! entries are gathered and sorted (`list`).

use std::cmp::Ordering;

use super::Search;
use super::ahead::{Ahead, Root};
use super::arrangement::{Portion, Sorting};
use super::order::Order;
use super::subentries::Shown;
use crate::directory::access::Access;
use crate::directory::entry::EntryId;
use crate::directory::filter::exact;
use crate::directory::filter::plan::Plan;
use crate::directory::filter::resolve::Resolved;
use crate::directory::index::Ordered;
use crate::directory::index::ordered::{KEY_MAX, beginning};
use crate::directory::page::Position;
use crate::directory::referrals;
use crate::directory::request::Scope;
use crate::directory::schema::AttributeTypeId;
use crate::directory::snapshot::{IdSet, Snapshot};
use crate::directory::view::{Computed, View};

/// Candidates of a filter that are gathered and sorted rather than taken from a list that an index has in order.
const SORTED_SOONER: usize = 64;
/// Entries of the index that are no entries of the list and are looked for one by one.
const EXCEPTIONS: usize = 256;
/// Entries whose keys begin alike that are put in order together.
const ALIKE: usize = 1_024;

/// A row of entries.
pub struct Row {
    /// In order.
    pub ids: Vec<EntryId>,
    /// How many there are in the whole list.
    pub total: usize,
    /// Whether more follow.
    pub more: bool,
}

/// Where a row begins.
pub enum Start<'a> {
    /// After so many entries.
    Offset(usize),
    /// At this normal form of a value and this id, or what comes after them.
    At(&'a [u8], EntryId),
}

/// What a list is of.
pub struct Whole<'a> {
    snapshot: &'a Snapshot,
    attribute: AttributeTypeId,
    /// Whether the greatest value comes first.
    backwards: bool,
    ordered: &'a Ordered,
    /// The entries that have a value; `None` when every entry has.
    holders: Option<&'a IdSet>,
    /// The entries of the list.
    members: IdSet,
}

impl<'a> Whole<'a> {
    /// The list of what a filter finds below a root, by the values of an attribute, for those who may find everything
    /// there; `None` when no index has it.
    pub fn new(
        snapshot: &'a Snapshot,
        filter: &Resolved,
        root: Root,
        (attribute, backwards): (AttributeTypeId, bool),
    ) -> Option<Self> {
        let [suffix] = snapshot.suffixes().as_ref() else {
            return None;
        };
        if root.scope != Scope::Subtree || snapshot.suffix_entry(suffix) != Some(root.id) {
            return None;
        }
        let index = snapshot.index();
        let ordered = index
            .ordered(attribute)
            .or_else(|| index.beginnings(attribute))?;
        let holders = match Computed::of(attribute) {
            Some(_) => None,
            None => Some(index.present(attribute)?),
        };
        // An entry with two values would be in the index twice.
        if ordered.len() != holders.map_or(snapshot.len(), IdSet::len) {
            return None;
        }
        let members = exact::matching(filter, snapshot)?;
        let members = members.difference(&super::subentries::all(snapshot));
        // One without a value would be nowhere.
        let complete = holders.is_none_or(|holders| members.difference(holders).is_empty());
        complete.then_some(Self {
            snapshot,
            attribute,
            backwards,
            ordered,
            holders,
            members,
        })
    }

    /// So many entries from a place on. `full` gives the whole normal form of an entry's value, for those of which the
    /// index keeps the beginning alone.
    pub fn row(
        &self,
        start: &Start<'_>,
        size: usize,
        full: &mut dyn FnMut(EntryId) -> Vec<u8>,
    ) -> Option<Row> {
        let total = self.members.len();
        let from = match start {
            Start::Offset(offset) if *offset >= total => self.ordered.len(),
            Start::Offset(offset) => self.place(*offset)?,
            // Those that begin alike are not told apart by the index: they all are looked at.
            Start::At(key, id) if key.len() < KEY_MAX => self.place_of(key, *id),
            Start::At(key, _) => self.place_of(key, 0),
        };
        // What is there of a run of values that begin alike is there whole, so that it can be put in order.
        let (from, passed) = self.whole_run(from, start)?;
        let mut wanted = passed.saturating_add(size).saturating_add(1);
        let begun = match start {
            Start::At(key, _) if key.len() >= KEY_MAX => Some(beginning(key)),
            Start::At(..) | Start::Offset(_) => None,
        };
        let mut found: Vec<(Vec<u8>, EntryId)> = Vec::new();
        let mut run = 0;
        let mut overlong = false;
        self.for_each_from(from, &mut |key, id| {
            let alike = found.last().is_some_and(|(last, _)| last.as_slice() == key)
                && key.len() >= KEY_MAX;
            run = if alike { run + 1 } else { 0 };
            overlong |= run > ALIKE;
            if overlong || (found.len() >= wanted && !alike) {
                return false;
            }
            if self.members.contains(id) {
                // Which of the first run are before the row is known when they are in order.
                wanted = wanted.saturating_add(usize::from(begun == Some(key)));
                found.push((key.to_vec(), id));
            }
            true
        });
        if overlong {
            return None;
        }
        for (key, id) in &mut found {
            if key.len() >= KEY_MAX {
                *key = full(*id);
            }
        }
        found.sort_by(|one, other| self.compare((&one.0, one.1), (&other.0, other.1)));
        let first = match start {
            Start::Offset(_) => passed,
            Start::At(key, id) => {
                found.partition_point(|(is, of)| self.compare((is, *of), (key, *id)).is_lt())
            }
        };
        let mut ids: Vec<EntryId> = found.into_iter().skip(first).map(|(_, id)| id).collect();
        let more = ids.len() > size;
        ids.truncate(size);
        Some(Row { ids, total, more })
    }

    /// How a value and an id stand to others in the list.
    fn compare(&self, one: (&[u8], EntryId), other: (&[u8], EntryId)) -> Ordering {
        let keys = one.0.cmp(other.0);
        let keys = if self.backwards { keys.reverse() } else { keys };
        keys.then(one.1.cmp(&other.1))
    }

    /// How many items of the index are before a key and an id in this order.
    fn place_of(&self, key: &[u8], id: EntryId) -> usize {
        match self.backwards {
            true => self.ordered.place_backwards(key, id),
            false => self.ordered.place(key, id),
        }
    }

    fn for_each_from(&self, skipped: usize, each: &mut dyn FnMut(&[u8], EntryId) -> bool) {
        match self.backwards {
            true => self.ordered.for_each_backwards_from(skipped, each),
            false => self.ordered.for_each_from(skipped, each),
        }
    }

    /// The place in the index of the entry at a place in the list.
    fn place(&self, offset: usize) -> Option<usize> {
        let Some(holders) = self.holders else {
            return self.counted(offset);
        };
        let others = holders.difference(&self.members);
        if others.len() > EXCEPTIONS {
            return self.counted(offset);
        }
        let places = others.iter().map(|id| {
            let key = self.key_of(id)?;
            Some(self.place_of(&key, id))
        });
        let mut places: Vec<usize> = places.collect::<Option<_>>()?;
        places.sort_unstable();
        let mut place = offset;
        for other in places {
            if other > place {
                break;
            }
            place += 1;
        }
        Some(place)
    }

    /// The same, found by counting all before it.
    fn counted(&self, offset: usize) -> Option<usize> {
        let (mut left, mut place) = (offset, 0);
        let mut found = None;
        self.for_each_from(0, &mut |_, id| {
            if self.members.contains(id) {
                if left == 0 {
                    found = Some(place);
                    return false;
                }
                left -= 1;
            }
            place += 1;
            true
        });
        found
    }

    /// Where the run of keys begins that an entry of the index is in, and how many entries of the list are passed over
    /// between there and the start of the row.
    fn whole_run(&self, from: usize, start: &Start<'_>) -> Option<(usize, usize)> {
        let mut first = None;
        self.for_each_from(from, &mut |key, _| {
            first = (key.len() >= KEY_MAX).then(|| key.to_vec());
            false
        });
        let Some(key) = first.filter(|_| matches!(start, Start::Offset(_))) else {
            return Some((from, 0));
        };
        let begin = self.place_of(&key, 0);
        if from.saturating_sub(begin) > ALIKE {
            return None;
        }
        let (mut passed, mut at) = (0, begin);
        self.for_each_from(begin, &mut |_, id| {
            if at >= from {
                return false;
            }
            at += 1;
            passed += usize::from(self.members.contains(id));
            true
        });
        Some((begin, passed))
    }

    fn key_of(&self, id: EntryId) -> Option<Vec<u8>> {
        let schema = self.snapshot.schema();
        let of_type = schema.attribute(self.attribute);
        let rule = of_type.ordering.or(of_type.equality)?;
        let view = View::new(self.snapshot, id)?;
        let descriptions = self.snapshot.descriptions();
        let mut blocks = view.entry.blocks();
        let block = blocks
            .find(|block| descriptions.attribute(block.description) == Some(self.attribute))?;
        let mut key = Vec::new();
        rule.normalize_value(schema, block.values().next()?, &mut key)
            .ok()?;
        Some(key)
    }
}

impl Search {
    /// Takes a slice of a list that the indexes have in order; false when they do not. For those who may find everything
    /// there: what others may see, each entry must be asked.
    pub(super) fn take_from_index(&mut self, snapshot: &Snapshot, access: &mut Access<'_>) -> bool {
        let elsewhere = self.follows || !self.manage_referrals && referrals::any(snapshot);
        let (Portion::Slice { offset, most, .. }, Sorting::Gathering { order, .. }) =
            (&self.portion, &mut self.sorting)
        else {
            return false;
        };
        let (offset, most) = (*offset, *most);
        if elsewhere || self.shown == Shown::Subentries {
            return false;
        }
        // A few are sorted sooner than the whole list is found.
        if Plan::new(&self.filter, snapshot).is_some_and(|plan| plan.count() <= SORTED_SOONER) {
            return false;
        }
        let (Some(by), [root]) = (order.attribute(snapshot.schema()), self.roots.as_slice()) else {
            return false;
        };
        let mut asked = self.filter.types();
        asked.push(by.0);
        if !access.may_find_all_below(snapshot, root.id, &asked) {
            return false;
        }
        let Some(whole) = Whole::new(snapshot, &self.filter, *root, by) else {
            return false;
        };
        let mut key_of = |order: &mut Order, id: EntryId| {
            let mut key = Vec::new();
            if let Some(view) = View::new(snapshot, id) {
                let masks = access.masks(&view);
                order.write_key(&view, masks, &mut key);
            }
            key
        };
        let resumed = match self.conditions.resume.as_ref().map(|it| &it.position) {
            Some(Position::Key(key, id)) => match order.value_of(key) {
                Some(value) => Some((value, *id)),
                None => return false,
            },
            Some(_) => return false,
            None => None,
        };
        let start = match &resumed {
            Some((value, id)) => Start::At(value, *id),
            None => Start::Offset(offset),
        };
        let Some(row) = whole.row(&start, most as usize, &mut |id| {
            let key = key_of(order, id);
            order.value_of(&key).unwrap_or_default()
        }) else {
            return false;
        };
        let last = row.ids.last().copied().filter(|_| row.more);
        let next = last.map(|last| Position::Key(key_of(order, last), last.saturating_add(1)));
        self.portion = Portion::Slice {
            offset,
            most,
            next,
            total: u32::try_from(row.total).ok(),
        };
        self.ahead = Ahead::candidates(row.ids, None);
        self.sorting = Sorting::Done;
        true
    }
}

#[cfg(test)]
mod tests;
