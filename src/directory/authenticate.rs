//! Proving who asks: names and passwords, and names that another proof stands for (RFC 4513 section 5).
//!
//! Owns that every failed proof costs the same, whatever was wrong with it, that too many of them lock, what the account
//! itself says to a right password, and the upgrade of old hashes after a success. It does not own hashing (`password`),
//! nor how a face carries the proof.

use std::net::IpAddr;

use super::Directory;
use super::account::Account;
use super::dn::Dn;
use super::entry::EntryId;
use super::error::Error;
use super::filter::resolve;
use super::identity::{Identity, Process};
use super::lane::{self, Job as Write};
use super::lockout::{Consequence, Pair};
use super::once;
use super::password::policy::{Denial, Escalation, Notice, Policy, State};
use super::password::{self, Cost, Job, Outcome, Secret};
use super::schema::{AttributeTypeId, well_known};
use super::snapshot::Snapshot;
use super::view::View;
use super::write::Step;

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
    /// Nothing: the account is gone, disabled, locked for good, or not to be used at this time.
    Closed,
}

/// What authentication comes to.
pub type Verdict = Result<Login, Error>;

/// Called with the verdict, once, possibly from another thread.
pub type Done = Box<dyn FnOnce(Verdict) + Send>;

/// Whose password is to be proved.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Claim {
    Administrator,
    Entry(EntryId),
    /// A name without an entry, or an entry without a password.
    Nobody,
}

/// A name that is being proved.
#[derive(Clone)]
struct Attempt {
    directory: Directory,
    claim: Claim,
    /// As it was given: the policy depends on where it would be.
    name: Dn,
    pair: Pair,
}

impl Directory {
    /// Proves a name and a password that came from an address, if from any. The verdict comes at once where that is
    /// cheap, else from a thread of the pool. An empty password proves nothing and is refused (RFC 4513 section 5.1.2);
    /// a pair of address and name that has failed too often is refused before anything is hashed, whether there is such
    /// an entry or not.
    pub fn authenticate(&self, name: &Dn, password: Secret, source: Option<IpAddr>, done: Done) {
        if password.is_empty() {
            return done(Err(Error::EmptyPassword));
        }
        let snapshot = self.snapshot();
        let (claim, stored) = self.claim(&snapshot, name);
        let attempt = Attempt {
            directory: self.clone(),
            claim,
            name: name.clone(),
            pair: (self.0.failures).pair(source, &name.normalize(snapshot.schema())),
        };
        drop(snapshot);
        if attempt.is_kept_away() {
            return done(Err(Error::LoginRefused(Denial::Locked)));
        }
        let cheap = stored.iter().find(|value| {
            password::cost(value) == Cost::Cheap && password::verify_cheap(value, &password)
        });
        if let Some(value) = cheap {
            self.upgrade(claim, value, password);
            return attempt.proved(done);
        }
        // A failure must cost what a failure costs, so the pool is asked even when no stored value is left to try.
        let expensive: Vec<Vec<u8>> = stored
            .into_iter()
            .filter(|value| password::cost(value) == Cost::Expensive)
            .collect();
        let proved = Secret::from(password.as_bytes());
        let directory = self.clone();
        let tried = expensive.clone();
        let (answer, fallback) = once::shared(done);
        let submitted = self.pool().submit(
            Job::Verify {
                stored: expensive,
                password,
            },
            Box::new(move |outcome| {
                let done: Done = Box::new(move |verdict| answer.call(verdict));
                match outcome {
                    Outcome::Match(at) => {
                        if let Some(value) = tried.get(at) {
                            directory.upgrade(claim, value, proved);
                        }
                        attempt.proved(done);
                    }
                    Outcome::NoMatch
                    | Outcome::Hashed(_)
                    | Outcome::Accepted
                    | Outcome::Refused(_) => attempt.failed(done),
                    Outcome::Failed(_) => {
                        done(Err(Error::Busy("a password could not be verified")));
                    }
                }
            }),
        );
        if submitted.is_err() {
            fallback.call(Err(Error::Busy("too many passwords are being verified")));
        }
    }

    /// Accepts a name that was proved in another way, such as by a client certificate; `None` when no entry has it, or its
    /// account is not to be used now.
    pub fn vouch(&self, name: &Dn) -> Option<Identity> {
        let snapshot = self.snapshot();
        if self.is_administrator(name) {
            return Some(Identity::administrator());
        }
        let id = snapshot.find_entry(name)?;
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
        if !account.state.is_open(self.accounts().clock.seconds()) {
            return Standing::Closed;
        }
        if !account.state.reset {
            return Standing::Open;
        }
        let name = Dn::parse(&snapshot.dn(id)).unwrap_or_default();
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
        name_of(&self.snapshot(), attribute, value)
    }

    fn claim(&self, snapshot: &Snapshot, name: &Dn) -> (Claim, Vec<Vec<u8>>) {
        if self.is_administrator(name) {
            return (Claim::Administrator, vec![self.administrator_hash()]);
        }
        let Some(view) = snapshot
            .find_entry(name)
            .and_then(|id| View::new(snapshot, id))
        else {
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

    /// Stores a better hash of a password that was just proved: in the background, one at a time, or not at all when
    /// there is other work.
    fn upgrade(&self, claim: Claim, value: &[u8], password: Secret) {
        let Claim::Entry(id) = claim else { return };
        if !self.upgrades_passwords() || !password::needs_upgrade(value, self.pool().params()) {
            return;
        }
        let (directory, old) = (self.clone(), value.to_vec());
        let job = Job::Hash {
            password,
            salt: lane::random_bytes(),
        };
        let _ = self.pool().try_submit_background(
            job,
            Box::new(move |outcome| {
                if let Outcome::Hashed(new) = outcome {
                    // Dropped when the lane is busy: the next success brings the chance again.
                    let _ = directory.0.lane.submit(Write::Upgrade { id, old, new });
                }
            }),
        );
    }
}

impl Attempt {
    /// The account as it is at this moment and the policy that holds for it; the default one where there is no account,
    /// so that a name without one is counted like others.
    fn account(&self) -> (State, Policy) {
        let snapshot = self.directory.snapshot();
        let settings = self.directory.accounts();
        let account = match self.claim {
            Claim::Entry(id) => {
                View::new(&snapshot, id).map(|view| Account::of(&view).with_activity(&snapshot, id))
            }
            Claim::Administrator | Claim::Nobody => None,
        };
        let account = account.unwrap_or_default();
        let policy = account.policy(&snapshot, settings, &self.name);
        (account.state, policy.unwrap_or_default())
    }

    fn growth(&self) -> &Escalation {
        &self.directory.accounts().escalation
    }

    /// Whether the source has failed with the name too often.
    fn is_kept_away(&self) -> bool {
        let (state, policy) = self.account();
        let now = self.directory.accounts().clock.seconds();
        let locked = policy.holds(self.growth(), &state, now);
        self.directory.0.failures.refuses(self.pair, locked, now)
    }

    /// The password was right. Guesses that were on their way when one too many failed are refused all the same.
    fn proved(self, done: Done) {
        if self.is_kept_away() {
            return done(Err(Error::LoginRefused(Denial::Locked)));
        }
        let Claim::Entry(id) = self.claim else {
            return self.succeed(Notice::default(), done);
        };
        let (state, policy) = self.account();
        let admitted = policy.admit(
            self.growth(),
            &state,
            self.directory.accounts().clock.seconds(),
        );
        let admission = match admitted {
            Ok(admission) => admission,
            Err(denial) => return done(Err(Error::LoginRefused(denial))),
        };
        if admission.uses_grace {
            let directory = self.directory.clone();
            return directory.enter_lane(Write::Account {
                of: Some(id),
                step: Step::UseGrace,
                done: Box::new(move |outcome| match outcome {
                    Ok(_) => self.succeed(admission.notice, done),
                    Err(error) => done(Err(error)),
                }),
            });
        }
        if state.lock.is_some() || state.lockouts > 0 {
            // Nobody waits for what is over anyway to be forgotten.
            self.directory.enter_lane(Write::Account {
                of: Some(id),
                step: Step::Succeed,
                done: Box::new(|_| {}),
            });
        }
        self.succeed(admission.notice, done);
    }

    fn succeed(&self, notice: Notice, done: Done) {
        self.directory.0.failures.succeed(self.pair);
        if let Claim::Entry(id) = self.claim {
            let now = self.directory.accounts().clock.now();
            self.directory.snapshot().activity().succeeded(id, now);
        }
        done(
            match self.claim {
                Claim::Administrator => Ok(Identity::administrator()),
                Claim::Entry(id) => Ok(Identity::entry(id)),
                Claim::Nobody => Err(Error::InvalidCredentials),
            }
            .map(|identity| Login { identity, notice }),
        );
    }

    /// The password was wrong, or there was none to compare it with. A lock is on the disk before the answer, and what is
    /// not locked waits for the disk as well.
    fn failed(self, done: Done) {
        let (_, policy) = self.account();
        let spared = self.claim == Claim::Administrator;
        let now = self.directory.accounts().clock.seconds();
        let failures = &self.directory.0.failures;
        if let Claim::Entry(id) = self.claim
            && policy.locks()
        {
            let now = self.directory.accounts().clock.now();
            let snapshot = self.directory.snapshot();
            snapshot.activity().failed(id, now, policy.max_failures);
        }
        let consequence = failures.fail(self.pair, &policy, self.growth(), spared, now);
        if consequence == Consequence::Counted {
            return done(Err(Error::InvalidCredentials));
        }
        let of = match self.claim {
            Claim::Entry(id) => Some(id),
            Claim::Administrator | Claim::Nobody => None,
        };
        tracing::warn!(name = %self.name, "locked after too many failed logins");
        let directory = self.directory.clone();
        directory.enter_lane(Write::Account {
            of,
            step: Step::Lock,
            done: Box::new(move |outcome| {
                if outcome.is_ok() && of.is_some() {
                    self.directory.0.failures.follow_account(self.pair);
                }
                done(Err(Error::LoginRefused(Denial::Locked)));
            }),
        });
    }
}

/// The one entry of a state that has a value in an attribute with an equality index.
pub(super) fn name_of(snapshot: &Snapshot, attribute: AttributeTypeId, value: &[u8]) -> Option<Dn> {
    let resolve::Test::Equality(rule, normalized) =
        resolve::equality(snapshot.schema(), attribute, value)?
    else {
        return None;
    };
    let test = resolve::Test::Equality(rule, normalized.clone());
    let mut evaluator = super::filter::evaluate::Evaluator::default();
    let mut found = None;
    for id in snapshot.index().equal(attribute, &normalized)?.iter() {
        let view = View::new(snapshot, id)?;
        let descriptions = snapshot.descriptions();
        let holds = view.entry.blocks().any(|block| {
            descriptions.attribute(block.description) == Some(attribute)
                && block
                    .values()
                    .any(|value| evaluator.value(&test, value, &view))
        });
        if holds && found.replace(id).is_some_and(|other| other != id) {
            return None;
        }
    }
    Dn::parse(&snapshot.dn(found?)).ok()
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
