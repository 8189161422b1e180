//! Members that a group has without an edge of its own: those that share a value with it.
//!
//! Owns that they count like any other member, and that one who is a member in both ways stays one until both are gone.
//! It does not own which values come together (`snapshot`), and nothing of it is stored or shown as `member`.

use super::Membership;
use crate::directory::entry::EntryId;
use crate::directory::snapshot::{IdSet, Postings};

impl Membership {
    /// The members of a group that it has by a shared value.
    pub(in crate::directory) fn joined(&self, group: EntryId) -> Option<&IdSet> {
        self.joined.get(group)
    }

    /// Whether any group lists values.
    pub(in crate::directory) fn lists_uids(&self) -> bool {
        self.listed > 0
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
        self.listed = (self.listed + new.len()).saturating_sub(gone.len());
    }

    /// An entry has a value that a group lists.
    pub(in crate::directory) fn join(&mut self, group: EntryId, member: EntryId) {
        self.begin_group(group);
        self.joined.insert(group, member);
        self.link(group, member);
    }

    /// An entry has no value any more that a group lists.
    pub(in crate::directory) fn part(&mut self, group: EntryId, member: EntryId) {
        if !self
            .joined
            .get(group)
            .is_some_and(|set| set.contains(member))
        {
            return;
        }
        self.joined.remove(group, member);
        let named = self.members(group).is_some_and(|of| of.contains(member));
        if !named {
            self.unlink(group, member);
        }
        self.end_group(group);
    }
}
