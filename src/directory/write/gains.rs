//! Memberships that an entry gains without any group being written: groups that listed its name or its `uid` before, or
//! that were to search from its name.
//!
//! Owns who may bring that about: those alone who could have added the member themselves. Else whoever may make entries,
//! or choose a `uid`, would choose groups with it. And since no group shows the change, the record of the change that
//! brings it about does.

use super::Draft;
use crate::directory::access::Right;
use crate::directory::attributes::Attributes;
use crate::directory::entry::{EntryId, ROOT};
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::schema::{AttributeTypeId, well_known};
use crate::directory::view::View;

impl Draft<'_> {
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
                    self.gains.push((base, group));
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
                    self.gains.push((id, group));
                }
            }
        }
        Ok(())
    }
}
