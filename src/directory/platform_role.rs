//! The roles of users towards the directory itself, as REST dialects know them, as far as the directory keeps to them.
//!
//! Owns that one entry at the most is the super-admin. What the roles allow is the dialects'.

use super::Directory;
use super::authenticate::holders;
use super::dn::Dn;
use super::schema::{AttributeTypeId, well_known};

/// The role that one entry may have.
pub const SUPER_ADMIN: &str = "super-admin";

/// Whether a value of an attribute is that of one entry at the most.
pub(super) fn is_only_one(attribute: AttributeTypeId, value: &[u8]) -> bool {
    attribute == well_known::HEDGEROW_PLATFORM_ROLE
        && value
            .trim_ascii()
            .eq_ignore_ascii_case(SUPER_ADMIN.as_bytes())
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
