//! Groups that list their members by `memberUid` (RFC 2307): each lists the entries that have the value as `uid`.
//!
//! Owns how the two come together, whichever comes first, and that they part again. Values are compared by the rule of
//! `uid`. What an index finds is checked, since other values may share a key.

use std::collections::BTreeSet;

use super::{Snapshot, new_structure};
use crate::directory::entry::{EntryId, EntryRef};
use crate::directory::index::Changed;
use crate::directory::membership::Unnamed;
use crate::directory::schema::{AttributeTypeId, well_known};

/// Normalised values.
type Values = BTreeSet<Vec<u8>>;

impl Snapshot {
    /// Follows an entry, which is in its place already, from what it was to what it is.
    pub(super) fn follow_uids(
        &mut self,
        id: EntryId,
        old: Option<EntryRef<'_>>,
        new: Option<EntryRef<'_>>,
        changed: &Changed,
    ) {
        if changed.includes(MEMBER_UID) {
            let (before, now) = (self.uids(old, MEMBER_UID), self.uids(new, MEMBER_UID));
            if before != now {
                self.follow_list(id, &before, &now);
            }
        }
        if changed.includes(UID) && self.membership.lists_uids() {
            let (before, now) = (self.uids(old, UID), self.uids(new, UID));
            if before != now {
                self.follow_uid(id, &before, &now);
            }
        }
    }

    /// A group lists other values than before.
    fn follow_list(&mut self, group: EntryId, before: &Values, now: &Values) {
        self.structure = new_structure();
        let keys = &self.keys;
        let key = |value: &Vec<u8>| keys.uid(value);
        let gone: Vec<u64> = before.difference(now).map(key).collect();
        let new: Vec<u64> = now.difference(before).map(key).collect();
        self.membership.list_uids(group, &gone, &new);
        let joined = self.membership.listed(group).cloned();
        for member in joined.iter().flatten() {
            if self.uids(self.entry(member), UID).is_disjoint(now) {
                self.membership.part(group, member, Unnamed::Listed);
            }
        }
        if self.pending_joins.is_some() {
            // The index of uid is not whole yet.
            self.pending_joins.get_or_insert_default().push(group);
        } else {
            self.join_all(group, now);
        }
    }

    fn join_all(&mut self, group: EntryId, values: &Values) {
        self.structure = new_structure();
        let mut members = Vec::new();
        for value in values {
            let found = self.index.equal(UID, value).into_iter();
            let found = found.flat_map(|postings| postings.iter());
            members.extend(found.filter(|id| self.uids(self.entry(*id), UID).contains(value)));
        }
        for member in members {
            self.membership.join(group, member, Unnamed::Listed);
        }
    }

    /// An entry has other values of `uid` than before.
    fn follow_uid(&mut self, member: EntryId, before: &Values, now: &Values) {
        self.structure = new_structure();
        let listing = |value: &Vec<u8>| -> Vec<EntryId> {
            let listing = self.membership.listing(self.keys.uid(value));
            listing.iter().collect()
        };
        let groups: BTreeSet<EntryId> =
            before.symmetric_difference(now).flat_map(listing).collect();
        for group in groups {
            if self.uids(self.entry(group), MEMBER_UID).is_disjoint(now) {
                self.membership.part(group, member, Unnamed::Listed);
            } else {
                self.membership.join(group, member, Unnamed::Listed);
            }
        }
    }

    /// The groups that list a value of `uid`.
    pub(in crate::directory) fn groups_listing(&self, uid: &[u8]) -> Vec<EntryId> {
        let mut normalized = Vec::new();
        let rule = self.schema.attribute(UID).equality;
        if rule.is_none_or(|rule| {
            rule.normalize_value(&self.schema, uid, &mut normalized)
                .is_err()
        }) {
            return Vec::new();
        }
        let found = self.membership.listing(self.keys.uid(&normalized)).iter();
        let lists = |id: &EntryId| self.uids(self.entry(*id), MEMBER_UID).contains(&normalized);
        found.filter(lists).collect()
    }

    /// From here on groups join their members, and find those they select, when all are there.
    pub(super) fn begin_bulk_joins(&mut self) {
        self.pending_joins = Some(Vec::new());
    }

    /// All are there, and indexed.
    pub(super) fn end_bulk_joins(&mut self) {
        let Some(pending) = self.pending_joins.take() else {
            return;
        };
        for group in pending {
            let values = self.uids(self.entry(group), MEMBER_UID);
            self.join_all(group, &values);
        }
        self.select_all();
    }

    /// The values of an attribute by the rule of `uid`.
    fn uids(&self, entry: Option<EntryRef<'_>>, attribute: AttributeTypeId) -> Values {
        let mut values = Values::new();
        let Some(rule) = self.schema.attribute(UID).equality else {
            return values;
        };
        let blocks = entry.into_iter().flat_map(|entry| entry.blocks());
        for block in
            blocks.filter(|block| self.descriptions.attribute(block.description) == Some(attribute))
        {
            for value in block.values() {
                let mut normalized = Vec::new();
                if rule
                    .normalize_value(&self.schema, value, &mut normalized)
                    .is_ok()
                {
                    values.insert(normalized);
                }
            }
        }
        values
    }
}

const UID: AttributeTypeId = well_known::UID;
const MEMBER_UID: AttributeTypeId = well_known::MEMBER_UID;
