//! The roles of users towards the directory itself, as REST dialects know them, as far as the directory keeps to them.
//!
//! Owns that one entry at the most is the super-admin, and who that is. What the roles allow is the dialects'.

use super::Directory;
use super::authenticate::holders;
use super::dn::Dn;
use super::entry::EntryId;
use super::schema::{AttributeTypeId, well_known};
use super::snapshot::Snapshot;
use super::view::View;
use super::write::decode;

/// The role that one entry may have.
pub const SUPER_ADMIN: &str = "super-admin";

/// Whether a value of an attribute is that of one entry at the most.
pub(super) fn is_only_one(attribute: AttributeTypeId, value: &[u8]) -> bool {
    attribute == well_known::HEDGEROW_PLATFORM_ROLE
        && value
            .trim_ascii()
            .eq_ignore_ascii_case(SUPER_ADMIN.as_bytes())
}

/// Whether an entry is the super-admin, who alone may change a role of their own: to give it away.
pub(super) fn is_super_admin(snapshot: &Snapshot, id: EntryId) -> bool {
    let role = well_known::HEDGEROW_PLATFORM_ROLE;
    let attributes = View::new(snapshot, id).map(|view| decode(&view));
    attributes.is_some_and(|it| it.values(role).iter().any(|value| is_only_one(role, value)))
}

impl Directory {
    /// The entry that is the super-admin; without one the administrator of the directory is.
    pub fn super_admin(&self) -> Option<Dn> {
        let snapshot = self.snapshot();
        let holders = holders(
            &snapshot,
            well_known::HEDGEROW_PLATFORM_ROLE,
            SUPER_ADMIN.as_bytes(),
        )?;
        Dn::parse(&snapshot.dn(*holders.first()?)).ok()
    }
}
