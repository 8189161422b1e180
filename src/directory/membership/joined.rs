//! Members that a group has without naming them: those that share a value with it, and those that its URLs select.
//!
//! Owns that they count like any other member, and that one who is a member in several ways stays one until all are gone.
//! It does not own who they are (`snapshot`), and nothing of it is stored. The selected ones are shown as `member`.

use std::borrow::Cow;

use super::Membership;
use crate::directory::entry::EntryId;
use crate::directory::members::EdgeKind;
use crate::directory::snapshot::{IdSet, IdSets, Postings};

/// How a group has a member without naming it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(in crate::directory) enum Unnamed {
    /// It lists a value that the member has: `memberUid` and `uid`.
    Listed,
    /// One of its URLs finds it: `memberURL`.
    Selected,
}

/// The members of each group that it does not name.
#[derive(Clone, Default)]
pub(super) struct Joined {
    listed: IdSets,
    selected: IdSets,
}

impl Joined {
    fn of(&mut self, way: Unnamed) -> &mut IdSets {
        match way {
            Unnamed::Listed => &mut self.listed,
            Unnamed::Selected => &mut self.selected,
        }
    }

    /// Those of a group, in each of the ways.
    pub fn sets(&self, group: EntryId) -> impl Iterator<Item = &IdSet> {
        let ways = [&self.listed, &self.selected];
        ways.into_iter().filter_map(move |way| way.get(group))
    }

    /// Whether a group has a member in any of the ways.
    pub fn holds(&self, group: EntryId, member: EntryId) -> bool {
        self.sets(group).any(|set| set.contains(member))
    }
}

impl Membership {
    /// The entries that a group shows as its members by an attribute: those it names, and by `member` those its URLs select.
    pub fn shown_members(&self, group: EntryId, kind: EdgeKind) -> Cow<'_, IdSet> {
        let named = self.members(group).map(|members| members.ids(kind));
        let selected = self.joined.selected.get(group);
        match (named, selected.filter(|_| kind == EdgeKind::Member)) {
            (None, None) => Cow::Borrowed(const { &IdSet::new() }),
            (Some(only), None) | (None, Some(only)) => Cow::Borrowed(only),
            (Some(named), Some(selected)) => Cow::Owned(named.union(selected)),
        }
    }

    /// Whether a URL of a group selects any entry.
    pub fn selects_any(&self, group: EntryId) -> bool {
        let selected = self.joined.selected.get(group);
        selected.is_some_and(|selected| !selected.is_empty())
    }

    /// Whether a URL of a group selects an entry.
    pub fn is_selected(&self, group: EntryId, member: EntryId) -> bool {
        let selected = self.joined.selected.get(group);
        selected.is_some_and(|selected| selected.contains(member))
    }

    /// The members of a group that it has by a shared value.
    pub(in crate::directory) fn listed(&self, group: EntryId) -> Option<&IdSet> {
        self.joined.listed.get(group)
    }

    /// Whether any group lists values.
    pub(in crate::directory) fn lists_uids(&self) -> bool {
        self.values_listed > 0
    }

    /// Groups that may list the value of a key.
    pub(in crate::directory) fn listing(&self, key: u64) -> Postings<'_> {
        self.listing.get(key)
    }

    /// A group lists other values, given by their keys.
    pub(in crate::directory) fn list_uids(&mut self, group: EntryId, gone: &[u64], new: &[u64]) {
        for key in gone {
            self.listing.remove(*key, group);
        }
        for key in new {
            self.listing.insert(*key, group);
        }
        self.values_listed = (self.values_listed + new.len()).saturating_sub(gone.len());
    }

    /// A group has come to have a member.
    pub(in crate::directory) fn join(&mut self, group: EntryId, member: EntryId, way: Unnamed) {
        self.begin_group(group);
        self.joined.of(way).insert(group, member);
        self.link(group, member);
    }

    /// A group has ceased to have a member in a way.
    pub(in crate::directory) fn part(&mut self, group: EntryId, member: EntryId, way: Unnamed) {
        let set = self.joined.of(way);
        if !set.get(group).is_some_and(|set| set.contains(member)) {
            return;
        }
        set.remove(group, member);
        self.end_member(group, member);
        self.end_group(group);
    }

    /// The URLs of a group select these entries and no others.
    pub(in crate::directory) fn select(&mut self, group: EntryId, members: IdSet) {
        let before = self.joined.selected.get(group).cloned().unwrap_or_default();
        let new = members.difference(&before);
        if !new.is_empty() {
            self.begin_group(group);
            let all = before.union(&new);
            self.joined.selected.set(group, all);
            for member in &new {
                self.link(group, member);
            }
        }
        for gone in &before.difference(&members) {
            self.part(group, gone, Unnamed::Selected);
        }
    }
}
