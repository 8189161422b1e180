//! What a face may know of an identity: the id of its entry, what stands in it, and whether it is in a group.

use super::Directory;
use super::dn::Dn;
use super::entry::EntryId;

use super::identity::{Identity, Who};
use super::schema::AttributeTypeId;
use super::snapshot::Snapshot;
use super::view::View;
use super::write::decode;

impl Directory {
    /// The `entryUUID` of an identity's entry; `None` when it has none.
    pub fn uuid(&self, identity: &Identity) -> Option<String> {
        let snapshot = self.snapshot();
        let entry = snapshot.entry(identity.id()?)?;
        Some(uuid::Uuid::from_bytes(entry.uuid()).to_string())
    }

    /// Whether an identity's entry is in a group, directly or through others.
    pub fn is_in_group(&self, identity: &Identity, group: &Dn) -> bool {
        self.is_member(identity.id(), group)
    }

    /// The same of an entry by its name.
    pub fn is_name_in_group(&self, name: &Dn, group: &Dn) -> bool {
        self.is_member(self.snapshot().find_entry(name), group)
    }

    fn is_member(&self, id: Option<EntryId>, group: &Dn) -> bool {
        let snapshot = self.snapshot();
        let found = id.zip(snapshot.find_entry(group));
        found.is_some_and(|(id, group)| snapshot.membership().is_member(id, group))
    }

    /// The first value of an attribute of an identity's own entry, whatever the access rules show of it. For what an account
    /// may do, not for showing it.
    pub fn own_text(&self, identity: &Identity, attribute: AttributeTypeId) -> Option<String> {
        first_text(&self.snapshot(), identity.id()?, attribute)
    }

    /// The same of an entry by its name. For what may be done to an account, not for showing it.
    pub fn text_of(&self, name: &Dn, attribute: AttributeTypeId) -> Option<String> {
        let snapshot = self.snapshot();
        first_text(&snapshot, snapshot.find_entry(name)?, attribute)
    }

    /// Whether an identity is that of a name: of its entry, or of the administrator.
    pub fn is_named(&self, identity: &Identity, name: &Dn) -> bool {
        let snapshot = self.snapshot();
        match identity.who() {
            Who::Administrator => self.is_administrator(&name.normalize(snapshot.schema())),
            Who::Entry(id) => snapshot.find_entry(name) == Some(id),
            Who::Anonymous | Who::Process { .. } => false,
        }
    }
}

fn first_text(snapshot: &Snapshot, id: EntryId, attribute: AttributeTypeId) -> Option<String> {
    let attributes = decode(&View::new(snapshot, id)?);
    let first = attributes.values(attribute).first()?;
    Some(String::from_utf8_lossy(first).into_owned())
}
