//! Deleting an entry (RFC 4511 section 4.8).

use super::Draft;
use crate::directory::access::Right;
use crate::directory::dn::Dn;
use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::history;
use crate::directory::identity::Identity;

impl Draft<'_> {
    pub(super) fn remove(&mut self, identity: &Identity, dn: &Dn) -> Result<EntryId, Error> {
        let mut access = self.rules.access(&self.snapshot, identity);
        let id = access.find(&self.snapshot, dn)?;
        self.may(&access, id, Right::Delete)?;
        drop(access);
        if self.snapshot.children(id).is_some() {
            return Err(Error::NotAllowedOnNonLeaf);
        }
        let csn = self.next_csn();
        self.record(csn, |draft| {
            history::Entry::new(
                draft.actor_name(identity),
                draft.snapshot.dn(id),
                history::Kind::Delete,
            )
        });
        self.drop_edges(id);
        self.snapshot.remove_entry(id);
        self.entries.insert(id);
        Ok(id)
    }
}
