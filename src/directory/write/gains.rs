//! Memberships that an entry gains without any group being written: groups that listed its name or its `uid` before.
//!
//! Owns who may bring that about: those alone who could have added the member themselves. Else whoever may make entries,
//! or choose a `uid`, would choose groups with it.

use super::Draft;
use crate::directory::access::Right;
use crate::directory::attributes::Attributes;
use crate::directory::entry::EntryId;
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

    /// Whether an entry may get the values of `uid` that it is to get.
    pub(super) fn may_gain_by_uid(
        &self,
        identity: &Identity,
        id: EntryId,
        before: &Attributes,
        after: &Attributes,
    ) -> Result<(), Error> {
        let membership = self.snapshot.membership();
        if !membership.lists_uids() {
            return Ok(());
        }
        let old = before.values(well_known::UID);
        let new = after.values(well_known::UID).iter();
        for value in new.filter(|value| !old.contains(value)) {
            for group in self.snapshot.groups_listing(value) {
                let is_in = membership
                    .groups_of(id)
                    .is_some_and(|groups| groups.contains(group));
                if !is_in {
                    self.may_gain(identity, group, well_known::MEMBER_UID)?;
                }
            }
        }
        Ok(())
    }
}
