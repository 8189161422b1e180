//! Renaming and moving entries (RFC 4511 section 4.9). All below an entry goes with it, and its record alone changes.

use super::{
    Draft, complete_naming, decode, equal, may_have_children, naming, new_naming, violation,
};
use crate::directory::access::Right;
use crate::directory::attributes::Attributes;
use crate::directory::dn::{Dn, Rdn};
use crate::directory::entry::{EntryId, ROOT};
use crate::directory::error::Error;
use crate::directory::history;
use crate::directory::identity::Identity;
use crate::directory::schema::{AttributeDescription, AttributeTypeId, Schema};
use crate::directory::view::View;

impl Draft<'_> {
    pub(super) fn rename(
        &mut self,
        identity: &Identity,
        dn: &Dn,
        new_rdn: &Rdn,
        delete_old_rdn: bool,
        new_superior: Option<&Dn>,
    ) -> Result<EntryId, Error> {
        let mut access = self.rules.access(&self.snapshot, identity);
        let id = access.find(&self.snapshot, dn)?;
        self.may(&access, id, Right::Write)?;
        let view = View::new(&self.snapshot, id).ok_or(Error::InsufficientAccess)?;
        let parent = match new_superior {
            None => view.entry.parent(),
            Some(superior) => {
                let parent = access.find(&self.snapshot, superior)?;
                self.may(&access, parent, Right::Add)?;
                self.may(&access, id, Right::Delete)?;
                View::new(&self.snapshot, parent)
                    .as_ref()
                    .map_or(Ok(()), may_have_children)?;
                parent
            }
        };
        drop(access);
        if view.entry.parent() == ROOT {
            return Err(Error::UnwillingToPerform(
                "a suffix cannot be renamed or moved".to_owned(),
            ));
        }
        if self.snapshot.is_within(parent, id) {
            return Err(Error::UnwillingToPerform(
                "an entry cannot be moved below itself".to_owned(),
            ));
        }
        let schema = self.snapshot.shared_schema();
        let mut normalized = Vec::new();
        new_rdn.normalize(&schema, &mut normalized);
        if self
            .snapshot
            .child(parent, new_rdn, &normalized)
            .is_some_and(|other| other != id)
        {
            return Err(Error::EntryAlreadyExists);
        }
        let mut head = view.entry.head();
        let before = decode(&view);
        let mut attributes = before.clone();
        let new_naming = new_naming(&schema, new_rdn)?;
        if delete_old_rdn && let Ok(old) = Rdn::parse(&head.rdn) {
            forget(&schema, &mut attributes, &naming(&schema, &old)?);
        }
        complete_naming(&schema, &mut attributes, &new_naming);
        self.admit_with_members(&schema, id, &mut attributes, &new_naming)
            .map_err(|error| match error {
                super::Refusal::Schema(error) => violation(error),
                super::Refusal::Other(error) => error,
            })?;
        self.keep_unique(identity, id, &before, &attributes)?;
        let old_name = self.snapshot.dn(id);
        head.parent = parent;
        head.rdn = new_rdn.to_string();
        head.modified = self.seconds();
        head.modifier = self.actor(identity, id);
        head.csn = self.snapshot.csn().next(self.now);
        self.store(id, &head, &attributes)?;
        self.claim_names(id);
        self.record(head.csn, |draft| {
            history::Entry::new(draft.actor_name(identity), old_name, history::Kind::Rename)
                .with_new_name(draft.snapshot.dn(id))
        });
        Ok(id)
    }
}

/// Removes the values of the old name. Those that are part of the new one as well come back in its spelling.
fn forget(schema: &Schema, attributes: &mut Attributes, old: &[(AttributeTypeId, Vec<u8>)]) {
    for (id, value) in old {
        let plain = AttributeDescription::from(*id);
        let emptied = attributes.find_mut(&plain).is_some_and(|values| {
            values.retain(|has| !equal(schema, *id, has, value));
            values.is_empty()
        });
        if emptied {
            attributes.remove(&plain);
        }
    }
}
