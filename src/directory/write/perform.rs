//! One change on its terms (RFC 4527, RFC 4528, draft-zeilenga-ldap-noop): held to what it asserts, read before and
//! after, and undone when it fails or is a trial.
//!
//! What each kind of change does is in the files beside this one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Draft, rename};
use crate::directory::dn::Dn;
use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::members::Edge;
use crate::directory::request::{Change, Terms};
use crate::directory::selection::{EntryCopy, Selection, VisibleEntry};
use crate::directory::snapshot::Snapshot;
use crate::directory::target;
use crate::directory::view::View;

/// What is told of a change that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// The entry before the change, if that was asked for and may be shown.
    pub before: Option<EntryCopy>,
    /// The entry after the change, if that was asked for and may be shown.
    pub after: Option<EntryCopy>,
}

/// A draft to go back to.
struct Mark {
    snapshot: Snapshot,
    entries: BTreeSet<EntryId>,
    edges: BTreeMap<Vec<u8>, (EntryId, Edge)>,
    changes: usize,
}

impl Draft<'_> {
    /// Does one change and then others, each on what the one before left; all of them or none.
    pub fn apply_all(
        &mut self,
        identity: &Identity,
        (change, terms): (&Change, &Terms),
        then: &[(Change, Terms)],
    ) -> Result<Changed, Error> {
        if then.is_empty() {
            return self.apply(identity, change, terms);
        }
        let before = self.mark();
        let mut outcome = self.apply(identity, change, terms);
        for (change, terms) in then {
            if outcome.is_ok() {
                outcome = self.apply(identity, change, terms);
            }
        }
        if outcome.is_err() {
            self.go_back(before);
        }
        outcome
    }

    /// Does one change. On an error, and after a trial, the draft is as it was before.
    pub fn apply(
        &mut self,
        identity: &Identity,
        change: &Change,
        terms: &Terms,
    ) -> Result<Changed, Error> {
        let nothing = || !self.rules.access(&self.snapshot, identity).may_change();
        if terms.relaxed && !identity.is_administrator() || identity.is_anonymous() && nothing() {
            return Err(Error::InsufficientAccess);
        }
        self.password_first(identity, change)?;
        // A new entry can be held to an assertion only once it is there, and so can a new name to the groups that it
        // brings. A network is one with the groups that come with it. A second factor goes with the change or not at all.
        let awaited = self.snapshot.membership().has_dangling()
            || self.snapshot.dynamic_groups().awaits_base();
        let claims = awaited && !identity.is_administrator();
        let judged_after = match change {
            Change::Add { dn, .. } => {
                claims || terms.assertion.is_some() || self.is_among_networks(dn)
            }
            Change::Rename { .. } => claims,
            Change::Modify { .. } => terms.without_second_factor,
            Change::Delete { .. } => false,
        };
        if !terms.trial && !judged_after {
            let outcome = self.perform(identity, change, terms);
            if outcome.is_err() {
                self.gains.clear();
            }
            return outcome;
        }
        let before = self.mark();
        let outcome = match self.perform(identity, change, terms) {
            Ok(_) if terms.trial => Err(Error::NoOperation),
            outcome => outcome,
        };
        if outcome.is_err() {
            self.go_back(before);
        }
        outcome
    }

    /// The draft as it is now.
    fn mark(&self) -> Mark {
        Mark {
            snapshot: self.snapshot.clone(),
            entries: self.entries.clone(),
            edges: self.edges.clone(),
            changes: self.changes.len(),
        }
    }

    fn go_back(&mut self, to: Mark) {
        self.snapshot = to.snapshot;
        (self.entries, self.edges) = (to.entries, to.edges);
        self.changes.truncate(to.changes);
        self.gains.clear();
    }

    fn perform(
        &mut self,
        identity: &Identity,
        change: &Change,
        terms: &Terms,
    ) -> Result<Changed, Error> {
        let before = match change {
            Change::Add { .. } => None,
            _ => self.accept(identity, change.dn(), terms)?,
        };
        let id = match change {
            Change::Add { dn, attributes } => self.add(identity, dn, attributes, terms)?,
            Change::Modify { dn, modifications } => {
                if terms.without_second_factor {
                    self.drop_second_factor(identity, dn, terms)?;
                }
                self.modify(identity, dn, modifications, terms)?
            }
            Change::Delete { dn } => self.remove(identity, dn, terms)?,
            Change::Rename {
                dn,
                new_rdn,
                delete_old_rdn,
                new_superior,
            } => {
                let to = rename::NewName {
                    rdn: new_rdn,
                    delete_old_rdn: *delete_old_rdn,
                    superior: new_superior.as_ref(),
                };
                self.rename(identity, dn, &to, terms)?
            }
        };
        let selectors = terms.read_after.as_ref();
        let after = selectors.and_then(|selectors| self.read(identity, id, selectors));
        Ok(Changed { before, after })
    }

    /// Holds the entry that a change is about to what the change asserts, and reads it where that is asked.
    fn accept(
        &self,
        identity: &Identity,
        dn: &Dn,
        terms: &Terms,
    ) -> Result<Option<EntryCopy>, Error> {
        if terms.assertion.is_none() && terms.read_before.is_none() {
            return Ok(None);
        }
        let mut access = self.rules.access(&self.snapshot, identity);
        let view = target::find(&self.snapshot, &mut access, dn, terms.manage_referrals)?;
        target::assert(&mut access, &view, terms.assertion.as_ref())?;
        let selectors = terms.read_before.as_ref();
        Ok(selectors.and_then(|selectors| self.read(identity, view.id, selectors)))
    }

    /// A copy of an entry as the asker may see it at this moment; `None` when it may not be seen (RFC 4527).
    fn read(&self, identity: &Identity, id: EntryId, selectors: &[String]) -> Option<EntryCopy> {
        let view = View::new(&self.snapshot, id)?;
        let mut access = self.rules.access(&self.snapshot, identity);
        let masks = access.masks(&view);
        let selection = Selection::new(self.snapshot.schema(), selectors);
        masks
            .is_visible()
            .then(|| VisibleEntry::new(view, &selection, &masks.read).copy())
    }
}
