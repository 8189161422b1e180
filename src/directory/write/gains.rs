//! Memberships that an entry gains without any group being written: groups that listed its name or its `uid` before, or
//! that were to search from its name.
//!
//! Owns who may bring that about: those alone who could have added the member themselves. Else whoever may make entries,
//! or choose a `uid`, would choose groups with it. And since no group shows the change, a line of the log under the target
//! `hedgerow::audit` does.

use super::{Draft, Origin};
use crate::directory::access::Right;
use crate::directory::attributes::Attributes;
use crate::directory::entry::{EntryId, ROOT};
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::schema::{AttributeTypeId, well_known};
use crate::directory::view::View;

/// That an entry has become a member of a group that listed it before.
#[derive(Debug)]
pub(super) struct Gain {
    who: String,
    member: EntryId,
    group: EntryId,
}

impl Draft<'_> {
    /// Keeps a gain, to be told when the change is made. Whoever imports knows what is in the file.
    pub(super) fn gain(&mut self, identity: &Identity, member: EntryId, group: EntryId) {
        if self.origin == Origin::Client {
            let who = self.actor_name(identity);
            self.gains.push(Gain { who, member, group });
        }
    }

    /// Logs what entries have gained, a line for each.
    pub(super) fn tell_gains(&self) {
        for gains in self.gains.chunk_by(|one, next| one.member == next.member) {
            let groups = gains.iter().map(|gain| self.snapshot.dn(gain.group));
            let groups: Vec<String> = groups.collect();
            if let Some(Gain { who, member, .. }) = gains.first() {
                let entry = self.snapshot.dn(*member);
                tracing::info!(target: "hedgerow::audit", who, entry, ?groups, "groups that listed it already have a new member");
            }
        }
    }

    /// Whether an entry may become a member of a group that lists it by an attribute.
    pub(super) fn may_gain(
        &self,
        identity: &Identity,
        group: EntryId,
        attribute: AttributeTypeId,
    ) -> Result<(), Error> {
        let access = self.rules.access(&self.snapshot, identity);
        let writable = View::new(&self.snapshot, group)
            .map(|view| access.mask(&view, Right::Write))
            .is_some_and(|mask| mask.contains(attribute));
        if writable {
            Ok(())
        } else {
            Err(Error::InsufficientAccess)
        }
    }

    /// Whether an entry, and those below that have come with it, may be what groups were to search from: then their members
    /// are those that are made there.
    pub(super) fn may_be_bases(&mut self, identity: &Identity, id: EntryId) -> Result<(), Error> {
        let groups = self.snapshot.dynamic_groups();
        let here = |base: &EntryId| *base != ROOT && self.snapshot.is_within(*base, id);
        let bases: Vec<EntryId> = groups.bases().filter(here).collect();
        for base in bases {
            let groups = self.snapshot.dynamic_groups().based(base).cloned();
            for group in groups.iter().flatten() {
                self.may_gain(identity, group, well_known::MEMBER_URL)?;
                if self.snapshot.membership().is_selected(group, base) {
                    self.gain(identity, base, group);
                }
            }
        }
        Ok(())
    }

    /// Whether an entry may get the values of `uid` that it is to get.
    pub(super) fn may_gain_by_uid(
        &mut self,
        identity: &Identity,
        id: EntryId,
        before: &Attributes,
        after: &Attributes,
    ) -> Result<(), Error> {
        if !self.snapshot.membership().lists_uids() {
            return Ok(());
        }
        let old = before.values(well_known::UID);
        let new = after.values(well_known::UID).iter();
        for value in new.filter(|value| !old.contains(value)) {
            for group in self.snapshot.groups_listing(value) {
                let groups = self.snapshot.membership().groups_of(id);
                if !groups.is_some_and(|groups| groups.contains(group)) {
                    self.may_gain(identity, group, well_known::MEMBER_UID)?;
                    self.gain(identity, id, group);
                }
            }
        }
        Ok(())
    }
}
