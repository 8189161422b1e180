//! A row of entries in the order of an index: found by counting, whatever is before them, and nothing sorted.
//!
//! Owns when an index has the order and the indexes alone have the entries, and where the row begins. Of entries that
//! the index does not have a few are sorted in; otherwise all are gathered and sorted (`list`).

mod open;

use super::Search;
use super::ahead::{Ahead, Root};
use super::arrangement::{Portion, Sorting};
use super::certain::Certain;
use super::order::Order;
use super::subentries::Shown;
use crate::directory::access::Access;
use crate::directory::entry::{EntryId, ROOT};
use crate::directory::filter::exact;
use crate::directory::filter::plan::Plan;
use crate::directory::filter::resolve::Resolved;
use crate::directory::index::Ordered;
use crate::directory::index::ordered::{KEY_MAX, beginning};
use crate::directory::page::Position;
use crate::directory::request::Scope;
use crate::directory::schema::AttributeTypeId;
use crate::directory::snapshot::{IdSet, Snapshot};
use crate::directory::view::{Computed, View};
use open::open;

/// Candidates of a filter that are gathered and sorted rather than taken from a list that an index has in order.
const SORTED_SOONER: usize = 64;
/// Entries of the index that are no entries of the list and are looked for one by one.
const EXCEPTIONS: usize = 256;
/// Entries whose keys begin alike that are put in order together.
const ALIKE: usize = 1_024;

/// Entries that are looked at one by one: those that the index does not have, and are sorted in among the others, and
/// those of which only that tells whether they are of the list.
const LOOKED_AT: usize = 1_024;

/// An entry under its sort key.
type Keyed = (Vec<u8>, EntryId);

/// A row of entries.
struct Row {
    /// In order.
    ids: Vec<EntryId>,
    /// How many there are in the whole list.
    total: usize,
    /// Where the next row begins, if more follow.
    next: Option<Keyed>,
}

/// Where a row begins.
enum Start {
    /// After so many entries.
    Offset(usize),
    /// At this sort key and this id, or what comes after them.
    At(Keyed),
}

/// Makes the sort keys of entries, as the asker may know them.
struct Keys<'a, 'b> {
    snapshot: &'a Snapshot,
    access: &'a mut Access<'b>,
    order: &'a mut Order,
}

impl Keys<'_, '_> {
    fn of(&mut self, id: EntryId) -> Vec<u8> {
        let mut key = Vec::new();
        if let Some(view) = View::new(self.snapshot, id) {
            let masks = self.access.masks(&view);
            self.order.write_key(&view, masks, &mut key);
        }
        key
    }
}

/// What a list is of.
struct Whole<'a> {
    snapshot: &'a Snapshot,
    attribute: AttributeTypeId,
    /// Whether the greatest value comes first.
    backwards: bool,
    ordered: &'a Ordered,
    /// The entries that have a value; `None` when every entry has.
    holders: Option<&'a IdSet>,
    /// The entries of the list that have one.
    members: IdSet,
    /// Those that have none, or not for the asker.
    lacking: IdSet,
    /// Whether other values decide where those of the attribute are equal.
    several: bool,
}

impl<'a> Whole<'a> {
    /// The list of what a filter finds below a root, by the values of an attribute; `None` when no index has it, or too
    /// many of its entries must be looked at.
    fn new(
        filter: &Resolved,
        root: Root,
        (attribute, backwards): (AttributeTypeId, bool),
        keys: &mut Keys<'a, '_>,
    ) -> Option<Self> {
        let snapshot = keys.snapshot;
        if root.scope != Scope::Subtree {
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
        let found = exact::matching(filter, snapshot)?;
        let found = found.difference(&super::subentries::all(snapshot));
        let found = match snapshot.children(ROOT) {
            Some(tops) if tops.len() == 1 && tops.contains(root.id) => found,
            _ => found.intersection(&snapshot.subtree(root.id)?),
        };
        let (open, others) = open(filter, (root.id, attribute), found, snapshot, keys.access)?;
        let (members, without) = match holders {
            Some(holders) => (open.intersection(holders), open.difference(holders)),
            None => (open, IdSet::new()),
        };
        let lacking = without.union(&others);
        (lacking.len() <= LOOKED_AT).then_some(Self {
            snapshot,
            attribute,
            backwards,
            ordered,
            holders,
            members,
            lacking,
            several: keys.order.has_several_keys(),
        })
    }

    /// So many entries from a place on.
    fn row(&self, start: &Start, size: usize, keys: &mut Keys<'_, '_>) -> Option<Row> {
        let lacking = self.lacking.iter().map(|id| (keys.of(id), id));
        let mut lacking: Vec<Keyed> = lacking.collect();
        lacking.sort_unstable();
        let wanted = size.saturating_add(1);
        let (mut found, passed, skipped) = match start {
            Start::Offset(offset) => {
                // No more of them can be before the row than there are.
                let first = offset.saturating_sub(lacking.len());
                let ahead = offset.saturating_sub(first);
                let most = ahead.saturating_add(wanted);
                let found = self.indexed(&Start::Offset(first), most, keys)?;
                let passed = match found.first() {
                    Some(item) if first > 0 => lacking.partition_point(|it| it < item),
                    _ => 0,
                };
                (found, passed, ahead.saturating_sub(passed))
            }
            Start::At(at) => {
                let found = self.indexed(start, wanted, keys)?;
                (found, lacking.partition_point(|it| it < at), 0)
            }
        };
        found.extend(lacking.into_iter().skip(passed));
        found.sort();
        let mut found = found.into_iter().skip(skipped);
        let mut row: Vec<Keyed> = found.by_ref().take(size).collect();
        let more = found.next().is_some();
        let ids = row.iter().map(|(_, id)| *id).collect();
        let last = row.pop().filter(|_| more);
        Some(Row {
            ids,
            total: self.members.len().saturating_add(self.lacking.len()),
            next: last.map(|(key, id)| (key, id.saturating_add(1))),
        })
    }

    /// Whether entries under a key of the index may be in another order than there.
    fn is_run(&self, key: &[u8]) -> bool {
        self.several || key.len() >= KEY_MAX
    }

    /// So many of those that the index has, from a place among them on.
    fn indexed(&self, start: &Start, size: usize, keys: &mut Keys<'_, '_>) -> Option<Vec<Keyed>> {
        let value = match start {
            Start::At((key, _)) => keys.order.value_of(key),
            Start::Offset(_) => None,
        };
        let from = match (start, &value) {
            (Start::Offset(offset), _) if *offset >= self.members.len() => self.ordered.len(),
            (Start::Offset(offset), _) => self.place(*offset)?,
            // Those that begin alike are not told apart by the index: they all are looked at.
            (Start::At(_), Some(value)) if self.is_run(value) => self.place_of(value, 0),
            (Start::At((_, id)), Some(value)) => self.place_of(value, *id),
            // Where there is no value, all that have one are on one side.
            (Start::At(_), None) if self.backwards => 0,
            (Start::At(_), None) => self.ordered.len(),
        };
        // What is there of a run of values that begin alike is there whole, so that it can be put in order.
        let (from, passed) = self.whole_run(from, start)?;
        let mut wanted = passed.saturating_add(size);
        let begun = value.as_deref().filter(|value| self.is_run(value));
        let begun = begun.map(beginning);
        let mut found: Vec<Keyed> = Vec::new();
        let mut run = 0;
        let mut overlong = false;
        self.for_each_from(from, &mut |key, id| {
            let alike =
                found.last().is_some_and(|(last, _)| last.as_slice() == key) && self.is_run(key);
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
            *key = match self.is_run(key) {
                true => keys.of(*id),
                false => keys.order.key_of(key),
            };
        }
        found.sort();
        let first = match start {
            Start::Offset(_) => passed,
            Start::At(at) => found.partition_point(|it| it < at),
        };
        Some(found.into_iter().skip(first).take(size).collect())
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
    fn whole_run(&self, from: usize, start: &Start) -> Option<(usize, usize)> {
        let mut first = None;
        self.for_each_from(from, &mut |key, _| {
            first = self.is_run(key).then(|| key.to_vec());
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
    /// Takes a slice of a list that the indexes have in order; false when they do not.
    pub(super) fn take_from_index(&mut self, snapshot: &Snapshot, access: &mut Access<'_>) -> bool {
        let elsewhere = self.follows || !self.manage_referrals && snapshot.has_referrals();
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
        let start = match self.conditions.resume.as_ref().map(|it| &it.position) {
            Some(Position::Key(key, id)) => Start::At((key.clone(), *id)),
            Some(_) => return false,
            None => Start::Offset(offset),
        };
        let mut keys = Keys {
            snapshot,
            access,
            order,
        };
        let Some(whole) = Whole::new(&self.filter, *root, by, &mut keys) else {
            return false;
        };
        let Some(row) = whole.row(&start, most as usize, &mut keys) else {
            return false;
        };
        self.portion = Portion::Slice {
            offset,
            most,
            next: row.next.map(|(key, id)| Position::Key(key, id)),
            total: u32::try_from(row.total).ok(),
        };
        let certain = Certain::exactly(&self.filter, snapshot);
        self.ahead = Ahead::candidates(row.ids, Some(certain));
        self.sorting = Sorting::Done;
        true
    }
}

#[cfg(test)]
mod tests;
