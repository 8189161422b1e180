//! Deleting an entry (RFC 4511 section 4.8), alone or with all below it (draft-armijo-ldap-treedelete).

use super::Draft;
use crate::directory::access::{Access, Right};
use crate::directory::access_token;
use crate::directory::dn::Dn;
use crate::directory::entry::{EntryId, ROOT};
use crate::directory::error::Error;
use crate::directory::history;
use crate::directory::identity::Identity;
use crate::directory::request::Terms;
use crate::directory::schema::well_known::class;
use crate::directory::snapshot::IdSet;
use crate::directory::view::View;

/// The most entries that one change deletes: all other changes wait for it, some 50 us an entry.
const MOST: usize = 20_000;

impl Draft<'_> {
    pub(super) fn remove(
        &mut self,
        identity: &Identity,
        dn: &Dn,
        terms: &Terms,
    ) -> Result<EntryId, Error> {
        let mut access = self.rules.access(&self.snapshot, identity);
        let id = self.target(&mut access, dn, terms)?;
        self.may(&access, id, Right::Delete)?;
        let doomed = match self.snapshot.children(id) {
            None => vec![id],
            Some(_) if terms.subtree => self.subtree(&access, id, terms)?,
            Some(_) => return Err(Error::NotAllowedOnNonLeaf),
        };
        drop(access);
        let networks = self.networks_among(&doomed);
        let holders = networks.as_ref().map(|it| self.holders_of_roles(it));
        let holders = holders.transpose()?;
        for id in doomed.into_iter().rev() {
            self.remove_leaf(identity, id);
        }
        if let Some((networks, holders)) = networks.zip(holders) {
            for holder in holders {
                self.take_roles(identity, holder, &networks)?;
            }
        }
        Ok(id)
    }

    /// An entry and all below it, parents before children, when the asker may delete every one.
    fn subtree(
        &self,
        access: &Access<'_>,
        top: EntryId,
        terms: &Terms,
    ) -> Result<Vec<EntryId>, Error> {
        let is_suffix = self.snapshot.entry(top).map(|entry| entry.parent()) == Some(ROOT);
        if is_suffix && !access.is_administrator() {
            let text = "a whole suffix is deleted by the administrator only";
            return Err(Error::UnwillingToPerform(text.to_owned()));
        }
        let refers = !terms.manage_referrals && self.snapshot.has_referrals();
        let mut all = vec![top];
        let mut at = 0;
        while let Some(view) = all.get(at).and_then(|id| View::new(&self.snapshot, *id)) {
            self.may(access, view.id, Right::Delete)?;
            if refers && view.has_class(class::REFERRAL) {
                let text = "another server holds a part of the subtree; use ManageDsaIT to delete the referral with it";
                return Err(Error::AffectsMultipleServers(text.to_owned()));
            }
            let children = self.snapshot.children(view.id);
            if all.len().saturating_add(children.map_or(0, IdSet::len)) > MOST {
                let text = format!(
                    "one request deletes {MOST} entries at the most: delete parts of the subtree first"
                );
                return Err(Error::AdminLimitExceeded(text));
            }
            all.extend(children.into_iter().flat_map(IdSet::iter));
            at += 1;
        }
        Ok(all)
    }

    /// Removes an entry that has none below it, and what stands for it.
    fn remove_leaf(&mut self, identity: &Identity, id: EntryId) {
        let mut with = access_token::depending_on(&self.snapshot, id);
        with.extend(self.groups_of_network(id));
        with.retain(|id| self.snapshot.children(*id).is_none());
        for id in with {
            self.remove_one(identity, id);
        }
        // A subtree may hold a network and its groups, or a user and its tokens.
        if self.snapshot.entry(id).is_some() {
            self.remove_one(identity, id);
        }
    }

    fn remove_one(&mut self, identity: &Identity, id: EntryId) {
        let csn = self.next_csn();
        self.record(csn, |draft| {
            draft.entry(identity, draft.snapshot.dn(id), history::Kind::Delete)
        });
        self.drop_edges(id);
        self.snapshot.remove_entry(id);
        self.entries.insert(id);
    }
}
