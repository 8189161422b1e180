//! What a face may know of an identity: the id of its entry, and whether it is in a group.

use super::Directory;
use super::dn::Dn;
use super::identity::Identity;

impl Directory {
    /// The `entryUUID` of an identity's entry; `None` when it has none.
    pub fn uuid(&self, identity: &Identity) -> Option<String> {
        let snapshot = self.snapshot();
        let entry = snapshot.entry(identity.id()?)?;
        Some(uuid::Uuid::from_bytes(entry.uuid()).to_string())
    }

    /// Whether an identity's entry is in a group, directly or through others.
    pub fn is_in_group(&self, identity: &Identity, group: &Dn) -> bool {
        let snapshot = self.snapshot();
        let found = identity.id().zip(snapshot.find_entry(group));
        found.is_some_and(|(id, group)| snapshot.membership().is_member(id, group))
    }
}
