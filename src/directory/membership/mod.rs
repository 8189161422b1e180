//! Who is in which group: the edges of all groups, both ways, and membership through any chain of groups.
//!
//! Owns the edges in memory and what follows from them: the groups of a member, the closure over groups, the names that
//! no entry has. It does not own how edges are judged (`write`) nor how they are kept (`stored`).
//!
//! An entry is a group as long as it has a member or names one. A group is never its own member: what is kept may say so,
//! and what is asked never does.

pub mod explain;

mod closure;
mod joined;

use std::borrow::Cow;
use std::sync::Arc;

use super::entry::EntryId;
use super::members::{Edge, EdgeKind, Members};
use super::snapshot::{HashIndex, IdSet, IdSets, Paged, Postings};
use closure::Closure;
use joined::Joined;
pub(super) use joined::Unnamed;

/// Which groups `memberOf` holds.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum MemberOf {
    /// Those that name the entry and all that these are in.
    #[default]
    Nested,
    /// Those that name the entry.
    Direct,
}

/// The memberships of one state of the directory; cloning costs a few reference counts.
#[derive(Clone, Default)]
pub struct Membership {
    groups: Paged<Arc<Members>>,
    groups_of: IdSets,
    closure: Closure,
    /// Groups by the names they list that no entry has.
    dangling: HashIndex,
    dangling_count: usize,
    joined: Joined,
    /// Groups by the values they list.
    listing: HashIndex,
    values_listed: usize,
    shown: MemberOf,
}

impl Membership {
    /// The members that a group names; `None` when it names none.
    pub fn members(&self, group: EntryId) -> Option<&Arc<Members>> {
        self.groups.get(group)
    }

    /// The groups that name any members, ascending, with these.
    pub fn groups(&self) -> impl Iterator<Item = (EntryId, &Arc<Members>)> + '_ {
        self.groups.iter()
    }

    /// The groups that have an entry directly as a member; the entry itself among them, if it names itself.
    pub fn groups_of(&self, member: EntryId) -> Option<&IdSet> {
        self.groups_of.get(member)
    }

    /// All groups that have an entry as a member, directly or through others.
    pub fn all_groups_of(&self, member: EntryId) -> IdSet {
        let direct = self.groups_of(member);
        let mut all = direct.map_or_else(IdSet::new, |direct| self.closure.with_above(direct));
        all.remove(member);
        all
    }

    /// Whether an entry is in a group, directly or through others.
    pub fn is_member(&self, member: EntryId, group: EntryId) -> bool {
        let direct = self.groups_of(member);
        member != group
            && direct.is_some_and(|direct| {
                direct.contains(group) || self.closure.any_within(direct, group)
            })
    }

    /// The groups that `memberOf` of an entry holds.
    pub fn shown_groups_of(&self, member: EntryId) -> IdSet {
        match self.shown {
            MemberOf::Nested => self.all_groups_of(member),
            MemberOf::Direct => {
                let mut direct = self.groups_of(member).cloned().unwrap_or_default();
                direct.remove(member);
                direct
            }
        }
    }

    /// Whether `memberOf` of an entry holds a group.
    pub fn shows(&self, member: EntryId, group: EntryId) -> bool {
        match self.shown {
            MemberOf::Nested => self.is_member(member, group),
            MemberOf::Direct => {
                let mut direct = self.groups_of(member).into_iter();
                member != group && direct.any(|groups| groups.contains(group))
            }
        }
    }

    /// The groups that an entry is in through others alone.
    pub fn indirect_groups_of(&self, member: EntryId) -> IdSet {
        let all = self.all_groups_of(member);
        match self.groups_of(member) {
            Some(direct) => all.difference(direct),
            None => all,
        }
    }

    /// Whether an entry is in any group but itself.
    pub fn has_groups(&self, member: EntryId) -> bool {
        let itself = |groups: &IdSet| groups.len() == 1 && groups.contains(member);
        self.groups_of(member).is_some_and(|groups| !itself(groups))
    }

    /// Which groups `memberOf` holds.
    pub fn shown(&self) -> MemberOf {
        self.shown
    }

    /// Whether one attribute of a group leads to an entry, directly or through other groups. Members that the group does
    /// not name count as those of `member`.
    pub fn leads(&self, group: EntryId, kind: EdgeKind, member: EntryId) -> bool {
        if !self.is_member(member, group) {
            return false;
        }
        let members = self.members(group);
        let other =
            |of: &EdgeKind| *of != kind && members.is_some_and(|it| !it.ids(*of).is_empty());
        if kind == EdgeKind::Member && !EdgeKind::ALL.iter().any(other) {
            return true;
        }
        let through = |ids: &IdSet| {
            ids.contains(member) || !ids.intersection(&self.all_groups_of(member)).is_empty()
        };
        let members = members.map(|members| members.ids(kind));
        let joined = self.joined.sets(group).filter(|_| kind == EdgeKind::Member);
        members.into_iter().chain(joined).any(through)
    }

    /// Hands the direct members of a group to `each`, some perhaps twice.
    pub fn for_each_member(&self, group: EntryId, mut each: impl FnMut(EntryId)) {
        if let Some(members) = self.members(group) {
            for kind in EdgeKind::ALL {
                members.ids(kind).iter().for_each(&mut each);
            }
        }
        self.joined.sets(group).flatten().for_each(each);
    }

    /// At most how many direct members a group has.
    pub fn member_count(&self, group: EntryId) -> usize {
        let count = |members: &Arc<Members>| {
            let counts = EdgeKind::ALL.map(|kind| members.ids(kind).len());
            counts.into_iter().sum()
        };
        let joined = self.joined.sets(group).map(IdSet::len);
        self.members(group).map_or(0, count) + joined.sum::<usize>()
    }

    /// All groups that are in a group, directly or through others; itself among them on a cycle.
    pub fn groups_in(&self, group: EntryId) -> Cow<'_, IdSet> {
        self.closure.below(group)
    }

    /// The same when there are not too many to be known without a walk.
    pub fn few_groups_in(&self, group: EntryId) -> Option<&IdSet> {
        self.closure.below_if_kept(group)
    }

    /// Whether any group names an entry that does not exist.
    pub fn has_dangling(&self) -> bool {
        self.dangling_count > 0
    }

    /// Groups that may name an entry that does not exist, by the key of its name. Each must be checked.
    pub(super) fn naming(&self, key: u64) -> Postings<'_> {
        self.dangling.get(key)
    }

    fn is_group(&self, id: EntryId) -> bool {
        self.groups.get(id).is_some() || self.joined.sets(id).next().is_some()
    }
}

impl Membership {
    pub(super) fn show(&mut self, shown: MemberOf) {
        self.shown = shown;
    }
}

/// Changes. `key` makes the key of a name that no entry has from its normal form.
impl Membership {
    /// Adds members that exist to a group, all at once.
    pub(super) fn add_members(&mut self, group: EntryId, kind: EdgeKind, ids: IdSet) {
        if ids.is_empty() {
            return;
        }
        self.begin_edges(group);
        let new = self
            .groups
            .get_mut(group)
            .map(|members| Arc::make_mut(members).extend(kind, ids));
        for member in new.into_iter().flatten() {
            self.link(group, member);
        }
    }

    /// Adds one edge; false when it was there.
    pub(super) fn add_edge(
        &mut self,
        group: EntryId,
        edge: &Edge,
        key: impl FnOnce(&[u8]) -> u64,
    ) -> bool {
        self.begin_edges(group);
        if !self
            .groups
            .get_mut(group)
            .is_some_and(|members| Arc::make_mut(members).insert(edge))
        {
            return false;
        }
        match edge {
            Edge::Entry { member, .. } => self.link(group, *member),
            Edge::Dangling { normalized, .. } => {
                self.dangling.insert(key(normalized), group);
                self.dangling_count += 1;
            }
        }
        true
    }

    /// Removes one edge; false when it was not there.
    pub(super) fn remove_edge(
        &mut self,
        group: EntryId,
        edge: &Edge,
        key: impl FnOnce(&[u8]) -> u64,
    ) -> bool {
        let Some(members) = self.groups.get_mut(group).map(Arc::make_mut) else {
            return false;
        };
        if !members.remove(edge) {
            return false;
        }
        if members.is_empty() {
            self.groups.remove(group);
        }
        match edge {
            Edge::Entry { member, .. } => self.end_member(group, *member),
            Edge::Dangling { normalized, .. } => {
                self.dangling.remove(key(normalized), group);
                self.dangling_count -= 1;
            }
        }
        self.end_group(group);
        true
    }

    fn begin_edges(&mut self, group: EntryId) {
        self.begin_group(group);
        if self.groups.get(group).is_none() {
            self.groups.set(group, Arc::default());
        }
    }

    /// An entry is about to get a member: where it has none so far, it becomes a group within those it is in.
    fn begin_group(&mut self, group: EntryId) {
        if self.is_group(group) {
            return;
        }
        let parents = self.groups_of.get(group).cloned().unwrap_or_default();
        for parent in &parents {
            self.closure.add(parent, group);
        }
    }

    /// An entry has lost a member: without any it is no group.
    fn end_group(&mut self, group: EntryId) {
        if !self.is_group(group) {
            self.closure.dissolve(group);
        }
    }

    fn link(&mut self, group: EntryId, member: EntryId) {
        self.groups_of.insert(member, group);
        if self.is_group(member) {
            self.closure.add(group, member);
        }
    }

    /// A group has an entry in one way less: without any other way it is no member.
    fn end_member(&mut self, group: EntryId, member: EntryId) {
        let named = self.members(group).is_some_and(|of| of.contains(member));
        if !named && !self.joined.holds(group, member) {
            self.unlink(group, member);
        }
    }

    fn unlink(&mut self, group: EntryId, member: EntryId) {
        self.groups_of.remove(member, group);
        if self.is_group(member) {
            self.closure.remove(group, member);
        }
    }
}

#[cfg(test)]
mod tests;
