//! Keys that are shown, in the place of a password or alone.
//!
//! Owns which key of which entry a text is, and that one is held to its limits. Their form is `keys`'s.

use super::Verdict;
use super::attempt::{Attempt, Claim, Proof};
use crate::directory::Directory;
use crate::directory::dn::Dn;
use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::keys::{self, Key, Tag, Wanted};
use crate::directory::password::Secret;
use crate::directory::password::policy::Denial;
use crate::directory::schema::well_known as known;
use crate::directory::second_factor;
use crate::directory::snapshot::Snapshot;
use crate::directory::source::Source;
use crate::directory::view::View;

impl Directory {
    /// Proves a key by itself, for a use: the key says whose it is. Costs no more than a hash, so
    /// that a request can be judged by it alone.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] whatever is wrong with it, [`Error::LoginRefused`] when the account is not to be used.
    pub fn authenticate_key(&self, key: &Secret, wanted: Wanted<'_>, source: &Source) -> Verdict {
        let snapshot = self.snapshot();
        let uuid = keys::entry_of(key.as_bytes()).ok_or(Error::InvalidCredentials)?;
        let found = snapshot.index().equal(known::ENTRY_UUID, &uuid);
        let shown = found.into_iter().flat_map(|ids| ids.iter()).find_map(|id| {
            let view = View::new(&snapshot, id)?;
            Some((id, self.fitting_key(&view, key, wanted, source)?))
        });
        let (id, tag) = shown.ok_or(Error::InvalidCredentials)?;
        let name = Dn::parse(&snapshot.dn(id)).unwrap_or_default();
        let normalized = name.normalize(snapshot.schema());
        let attempt = Attempt {
            directory: self.clone(),
            claim: Claim::Entry(id),
            pair: self.0.failures.pair(source, &normalized),
            address: source.address,
            name,
            normalized,
            proof: Proof::Key(tag),
        };
        if attempt.is_kept_away() {
            return Err(Error::LoginRefused(Denial::Locked));
        }
        let (admission, _) = attempt.admit().map_err(Error::LoginRefused)?;
        attempt.succeed(admission.notice)
    }

    /// The key of the entry of this name that was typed as its password.
    pub(super) fn key_of(
        &self,
        snapshot: &Snapshot,
        name: &Dn,
        typed: &Secret,
        source: &Source,
    ) -> Option<(EntryId, Tag)> {
        // Most passwords do not look like keys, and cost no look at the entry.
        keys::entry_of(typed.as_bytes())?;
        let view = View::new(snapshot, snapshot.find_entry(name)?)?;
        Some((
            view.id,
            self.fitting_key(&view, typed, Wanted::Whole(source.scope?), source)?,
        ))
    }

    /// What the key is good for with which an identity has logged in; `None` when it was none.
    pub fn scopes(&self, identity: &Identity) -> Option<Vec<String>> {
        let tag = identity.key()?;
        let snapshot = self.snapshot();
        let view = identity.id().and_then(|id| View::new(&snapshot, id));
        let key = view.and_then(|view| keys::of(&view).find(|key| key.tag() == tag));
        Some(key.map(|key| key.scopes).unwrap_or_default())
    }

    /// The key of an entry that this text is, if it is good for this use.
    fn fitting_key(
        &self,
        view: &View<'_>,
        text: &Secret,
        wanted: Wanted<'_>,
        source: &Source,
    ) -> Option<Tag> {
        let key = keys::of(view).find(|key| key.is(text))?;
        let good = self.is_good(view, &key, wanted, source);
        good.then(|| key.tag())
    }

    /// Whether a key of an entry is good for a use. Of an account that needs a second factor, one that is held to neither a
    /// network nor a certificate is good for nothing.
    pub(in crate::directory) fn is_good(
        &self,
        view: &View<'_>,
        key: &Key,
        wanted: Wanted<'_>,
        source: &Source,
    ) -> bool {
        let now = self.accounts().clock.seconds();
        let confined =
            key.is_confined() || !second_factor::is_needed(&self.accounts().second_factor, view);
        confined && key.fits(view.schema(), wanted, source, now)
    }
}
