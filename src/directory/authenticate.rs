//! Proving who asks: names and passwords, and names that another proof stands for (RFC 4513 section 5).
//!
//! Owns whose name it is and what it may be proved by. Whether a password is right is found out in `proof`; what the account
//! itself says to a right one, and that too many wrong ones lock, is `attempt`'s. How a face carries the proof is its own.

mod attempt;
mod key;
mod proof;

use super::Directory;
use super::account::Account;
use super::dn::{Dn, NormalizedDn};
use super::entry::EntryId;
use super::error::Error;
use super::filter::resolve;
use super::identity::{Identity, Process, Who};
use super::keys;
use super::password::Secret;
use super::password::policy::{Denial, Notice};
use super::schema::{AttributeTypeId, well_known};
use super::second_factor::{self, Factor};
use super::snapshot::{Found, Snapshot};
use super::source::Source;
use super::view::View;
use attempt::{Attempt, Claim, Proof};

/// A login that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Who has logged in.
    pub identity: Identity,
    /// What they should know of their password.
    pub notice: Notice,
}

/// What somebody who has logged in may do now.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// What the access rules say.
    Open,
    /// Nothing but to change the own password.
    MustChange,
    /// Nothing: the account is gone, disabled, locked for good, or not to be used at this time, or the key is revoked.
    Closed,
}

/// What authentication comes to.
pub type Verdict = Result<Login, Error>;

/// Called with the verdict, once, possibly from another thread.
pub type Done = Box<dyn FnOnce(Verdict) + Send>;

impl Directory {
    /// Proves a name and a password that came from a source; a key of the source's scope is as good as a password. The
    /// verdict comes at once where that is cheap, or was found a short while ago, else from a thread of the pool. An empty
    /// password proves nothing and is refused (RFC 4513 section 5.1.2); a pair of source and name that has failed too
    /// often is refused before anything is hashed, whether there is such an entry or not.
    pub fn authenticate(&self, name: &Dn, password: Secret, source: &Source, done: Done) {
        if password.is_empty() {
            return done(Err(Error::EmptyPassword));
        }
        let snapshot = self.snapshot();
        let normalized = name.normalize(snapshot.schema());
        let who = self.named(&snapshot, name, &normalized);
        // Whom the rules keep out fails like a name that has no password.
        let admitted = self.admits_who(who, source.address);
        let (claim, stored) = match admitted {
            true => self.claim(&snapshot, who),
            false => (Claim::Nobody, Vec::new()),
        };
        let mut attempt = Attempt {
            directory: self.clone(),
            claim,
            name: name.clone(),
            pair: self.0.failures.pair(source, &normalized),
            address: source.address,
            normalized,
            proof: Proof::Password(Factor::Unneeded),
        };
        if attempt.is_kept_away() {
            return done(Err(Error::LoginRefused(Denial::Locked)));
        }
        if admitted && let Some((id, key)) = self.key_of(&snapshot, name, &password, source) {
            attempt.claim = Claim::Entry(id);
            attempt.proof = Proof::Key(key);
            return attempt.proved(done);
        }
        let (password, factor) = self.split(&snapshot, claim, password, source);
        drop(snapshot);
        attempt.proof = Proof::Password(factor);
        attempt.prove(stored, password, done);
    }

    /// The login that an old password stands for when somebody changes a password: it counts like one.
    pub(super) fn attempt_of(&self, identity: &Identity, of: Option<EntryId>) -> Attempt {
        let snapshot = self.snapshot();
        let (claim, name) = match of {
            Some(id) => (Claim::Entry(id), snapshot.dn(id)),
            None => (Claim::Administrator, snapshot.administrator().to_owned()),
        };
        let name = Dn::parse(&name).unwrap_or_default();
        let address = identity.provenance().and_then(|asked| asked.address);
        let normalized = name.normalize(snapshot.schema());
        Attempt {
            directory: self.clone(),
            claim,
            pair: self.0.failures.pair(&Source::from(address), &normalized),
            address,
            name,
            normalized,
            proof: Proof::Password(Factor::Unneeded),
        }
    }

    /// Accepts a name that was proved in another way, such as by a client certificate; `None` when no entry has it, or its
    /// account is not to be used now.
    pub fn vouch(&self, name: &Dn) -> Option<Identity> {
        let snapshot = self.snapshot();
        let normalized = name.normalize(snapshot.schema());
        let id = match self.named(&snapshot, name, &normalized) {
            Who::Entry(id) => id,
            Who::Administrator => return Some(Identity::administrator()),
            Who::Anonymous | Who::Process { .. } => return None,
        };
        let account = Account::of(&View::new(&snapshot, id)?);
        let open = account.state.is_open(self.accounts().clock.seconds());
        open.then(|| Identity::entry(id))
    }

    /// What an identity that was proved before may do now: asked before each operation, so that a change of an account takes
    /// effect on those who are bound.
    pub fn standing(&self, identity: &Identity) -> Standing {
        let Some(id) = identity.id() else {
            return Standing::Open;
        };
        let snapshot = self.snapshot();
        let Some(view) = View::new(&snapshot, id) else {
            return Standing::Closed;
        };
        let account = Account::of(&view);
        if !account.state.is_open_at(|| self.accounts().clock.seconds()) {
            return Standing::Closed;
        }
        if let Some(tag) = identity.key() {
            let now = self.accounts().clock.seconds();
            let held = keys::of(&view).any(|key| key.tag() == tag && key.is_current(now));
            return if held {
                Standing::Open
            } else {
                Standing::Closed
            };
        }
        if !account.state.reset {
            return Standing::Open;
        }
        let name = snapshot.normalized_dn(id);
        let policy = account.policy(&snapshot, self.accounts(), &name);
        match policy {
            Some(policy) if policy.must_change(&account.state) => Standing::MustChange,
            _ => Standing::Open,
        }
    }

    /// Accepts a process that the operating system vouches for; `administers` when it may do what the administrator may.
    pub fn vouch_for_process(&self, process: Process, administers: bool) -> Identity {
        Identity::process(process, administers)
    }

    /// The one entry below any suffix that has a value in an attribute, such as the `uid` that SASL PLAIN names.
    pub fn name_of(&self, attribute: AttributeTypeId, value: &[u8]) -> Option<Dn> {
        let snapshot = self.snapshot();
        match holders(&snapshot, attribute, value)?.as_slice() {
            [one] => Dn::parse(&snapshot.dn(*one)).ok(),
            _ => None,
        }
    }

    /// Whose name it is; nobody's when no entry has it.
    fn named(&self, snapshot: &Snapshot, name: &Dn, normalized: &NormalizedDn) -> Who {
        if self.is_administrator(normalized) {
            return Who::Administrator;
        }
        match snapshot.find_normalized(name, normalized) {
            Found::Entry(id) => Who::Entry(id),
            Found::Nothing { .. } | Found::Outside => Who::Anonymous,
        }
    }

    fn claim(&self, snapshot: &Snapshot, who: Who) -> (Claim, Vec<Vec<u8>>) {
        let view = match who {
            Who::Administrator => {
                return (Claim::Administrator, vec![self.administrator_hash()]);
            }
            Who::Entry(id) => View::new(snapshot, id),
            Who::Anonymous | Who::Process { .. } => None,
        };
        let Some(view) = view else {
            return (Claim::Nobody, Vec::new());
        };
        let stored = passwords(&view);
        (
            if stored.is_empty() {
                Claim::Nobody
            } else {
                Claim::Entry(view.id)
            },
            stored,
        )
    }

    /// Splits what was typed for a name into password and second factor.
    fn split(
        &self,
        snapshot: &Snapshot,
        claim: Claim,
        typed: Secret,
        source: &Source,
    ) -> (Secret, Factor) {
        let view = match claim {
            Claim::Entry(id) => View::new(snapshot, id),
            Claim::Administrator | Claim::Nobody => None,
        };
        let Some(view) = view else {
            return (typed, Factor::Unneeded);
        };
        let settings = (&self.accounts().second_factor, &self.0.windows);
        let now = self.accounts().clock.seconds();
        second_factor::split(settings, &view, typed, &source.key(), now)
    }
}

/// The entries that have a value in an indexed attribute.
pub(super) fn holders(
    snapshot: &Snapshot,
    attribute: AttributeTypeId,
    value: &[u8],
) -> Option<Vec<EntryId>> {
    let resolve::Test::Equality(rule, normalized) =
        resolve::equality(snapshot.schema(), attribute, value)?
    else {
        return None;
    };
    let test = resolve::Test::Equality(rule, normalized.clone());
    let mut evaluator = super::filter::evaluate::Evaluator::default();
    let descriptions = snapshot.descriptions();
    let mut holds = |id: &EntryId| {
        let view = View::new(snapshot, *id)?;
        let held = view.entry.blocks().any(|block| {
            descriptions.attribute(block.description) == Some(attribute)
                && block
                    .values()
                    .any(|value| evaluator.value(&test, value, &view))
        });
        held.then_some(())
    };
    let found = snapshot.index().equal(attribute, &normalized)?;
    Some(found.iter().filter(|id| holds(id).is_some()).collect())
}

/// The stored passwords of an entry.
pub(super) fn passwords(view: &View<'_>) -> Vec<Vec<u8>> {
    let descriptions = view.snapshot.descriptions();
    view.entry
        .blocks()
        .filter(|block| {
            descriptions.attribute(block.description) == Some(well_known::USER_PASSWORD)
        })
        .flat_map(|block| block.values().map(<[u8]>::to_vec).collect::<Vec<_>>())
        .collect()
}

#[cfg(test)]
mod tests;
