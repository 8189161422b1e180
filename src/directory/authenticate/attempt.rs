//! One name that is being proved: what its account says to a right password or key, and what a wrong one brings about.
//!
//! Owns failures and locks, grace logins, second factors that are used up, and what a login leaves behind. Whether what was
//! shown is right is found out before (`authenticate`).

use std::net::IpAddr;

use super::{Done, Login, Verdict};
use crate::directory::Directory;
use crate::directory::account::Account;
use crate::directory::audit::{self, Event};
use crate::directory::dn::{Dn, NormalizedDn};
use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::identity::{Identity, Provenance};
use crate::directory::keys::{self, Tag};
use crate::directory::lane::Job as Write;
use crate::directory::lockout::{Consequence, Pair};
use crate::directory::password::policy::{
    Admission, Denial, Escalation, Lock, Notice, Policy, Seconds, State,
};
use crate::directory::second_factor::{self, Factor};
use crate::directory::view::View;
use crate::directory::write::Step;

/// Whose password is to be proved.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Administrator,
    Entry(EntryId),
    /// A name without an entry, or an entry without a password.
    Nobody,
}

/// A name that is being proved.
#[derive(Clone)]
pub(in crate::directory) struct Attempt {
    pub(super) directory: Directory,
    pub(super) claim: Claim,
    /// As it was given.
    pub(super) name: Dn,
    /// The policy depends on where it would be.
    pub(super) normalized: NormalizedDn,
    pub(super) pair: Pair,
    /// Where it comes from, if over a network.
    pub(super) address: Option<IpAddr>,
    pub(super) proof: Proof,
}

/// What was shown to prove it.
#[derive(Clone)]
pub(super) enum Proof {
    /// A password, with or without a second factor.
    Password(Factor),
    /// A key of the entry.
    Key(Tag),
}

impl Attempt {
    /// The account as it is at this moment and the policy that holds for it; the default one where there is no account,
    /// so that a name without one is counted like others.
    fn account(&self) -> (State, Policy) {
        let snapshot = self.directory.snapshot();
        let settings = self.directory.accounts();
        let account = match self.claim {
            Claim::Entry(id) => View::new(&snapshot, id).map(|view| Account::of(&view)),
            Claim::Administrator | Claim::Nobody => None,
        };
        let mut account = account.unwrap_or_default();
        let policy = account.policy(&snapshot, settings, &self.normalized);
        let policy = policy.unwrap_or_default();
        if let Claim::Entry(id) = self.claim
            && policy.max_idle > 0
        {
            account = account.with_activity(&snapshot, id);
        }
        (account.state, policy)
    }

    fn growth(&self) -> &Escalation {
        &self.directory.accounts().escalation
    }

    /// Whether the source has failed with the name too often.
    pub(in crate::directory) fn is_kept_away(&self) -> bool {
        let now = self.directory.accounts().clock.seconds();
        let locked = || {
            let (state, policy) = self.account();
            policy.holds(self.growth(), &state, now)
        };
        self.directory.0.failures.refuses(self.pair, locked, now)
    }

    /// Whether a second factor is needed that was not shown.
    pub(super) fn lacks_factor(&self) -> bool {
        matches!(self.proof, Proof::Password(Factor::Missing))
    }

    /// What the account itself says to a login. A key has no age, and no password is to be changed for it.
    pub(super) fn admit(&self) -> Result<(Admission, State), Denial> {
        let (state, policy) = self.account();
        let now = self.directory.accounts().clock.seconds();
        let admission = match self.proof {
            Proof::Password(_) => policy.admit(self.growth(), &state, now)?,
            Proof::Key(_) if policy.is_locked(self.growth(), &state, now) => {
                return Err(Denial::Locked);
            }
            Proof::Key(_) => Admission::default(),
        };
        Ok((admission, state))
    }

    /// What was shown is right. Guesses that were on their way when one too many failed are refused all the same.
    pub(super) fn proved(self, done: Done) {
        if self.is_kept_away() {
            return done(Err(Error::LoginRefused(Denial::Locked)));
        }
        let Claim::Entry(id) = self.claim else {
            return done(self.succeed(Notice::default()));
        };
        let admitted = match self.admit() {
            Ok(admitted) => admitted,
            Err(denial) => return done(Err(Error::LoginRefused(denial))),
        };
        let Proof::Password(Factor::Shown(shown)) = &self.proof else {
            return self.enter(id, admitted, done);
        };
        let (directory, shown) = (self.directory.clone(), shown.clone());
        directory.enter_lane(Write::Spend {
            of: id,
            spends: shown.spends,
            done: Box::new(move |outcome| match outcome {
                Ok(_) => {
                    let now = self.directory.accounts().clock.seconds();
                    self.directory.0.windows.open(&shown, now);
                    self.enter(id, admitted, done);
                }
                Err(Error::InvalidCredentials) => self.failed(done),
                Err(error) => done(Err(error)),
            }),
        });
    }

    /// Nothing is left to be proved.
    fn enter(self, id: EntryId, (admission, state): (Admission, State), done: Done) {
        if admission.uses_grace {
            let directory = self.directory.clone();
            return directory.enter_lane(Write::Account {
                of: Some(id),
                step: Step::UseGrace,
                done: Box::new(move |outcome| {
                    done(outcome.and_then(|_| self.succeed(admission.notice)));
                }),
            });
        }
        let by_password = matches!(self.proof, Proof::Password(_));
        if by_password && (state.lock.is_some() || state.lockouts > 0) {
            // Nobody waits for what is over anyway to be forgotten.
            self.directory.enter_lane(Write::Account {
                of: Some(id),
                step: Step::Succeed,
                done: Box::new(|_| {}),
            });
        }
        done(self.succeed(admission.notice));
    }

    /// Notes the login. One with a key says nothing of the failures with the password, which go on counting.
    pub(super) fn succeed(&self, notice: Notice) -> Verdict {
        let directory = &self.directory;
        let now = directory.accounts().clock.now();
        let snapshot = directory.snapshot();
        if let Proof::Password(_) = self.proof {
            directory.0.failures.succeed(self.pair);
        }
        let identity = match (self.claim, &self.proof) {
            (Claim::Nobody, _) => return Err(Error::InvalidCredentials),
            (Claim::Administrator, _) => Identity::administrator(),
            (Claim::Entry(id), Proof::Password(_)) => {
                snapshot.activity().succeeded(id, now);
                Identity::entry(id)
            }
            (Claim::Entry(id), Proof::Key(key)) => {
                let view = View::new(&snapshot, id);
                let tags = view.iter().flat_map(keys::of).map(|key| key.tag());
                let tags: Vec<Tag> = tags.collect();
                snapshot.activity().used_key(id, *key, &tags, now);
                Identity::by_key(id, *key)
            }
        };
        Ok(Login { identity, notice })
    }

    /// The password was wrong, or there was none to compare it with. A lock is on the disk before the answer, and what is
    /// not locked waits for the disk as well.
    pub(in crate::directory) fn failed(self, done: Done) {
        let (_, policy) = self.account();
        let spared = self.claim == Claim::Administrator;
        let now = self.directory.accounts().clock.seconds();
        let failures = &self.directory.0.failures;
        if self.lacks_factor() && !policy.locks() {
            // A million codes are soon tried where no policy keeps guesses away; the account itself stays open.
            let throttle = second_factor::throttle();
            let consequence = failures.fail(self.pair, &throttle, self.growth(), spared, now);
            if let Consequence::Locked(until) = consequence {
                self.tell_lock(until);
            }
            return done(Err(Error::InvalidCredentials));
        }
        if let Claim::Entry(id) = self.claim
            && policy.locks()
        {
            let now = self.directory.accounts().clock.now();
            let snapshot = self.directory.snapshot();
            snapshot.activity().failed(id, now, policy.max_failures);
        }
        let consequence = failures.fail(self.pair, &policy, self.growth(), spared, now);
        let Consequence::Locked(until) = consequence else {
            return done(Err(Error::InvalidCredentials));
        };
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
                match (&outcome, of) {
                    (Ok(_), Some(_)) => {
                        self.directory.0.failures.follow_account(self.pair);
                        self.tell_lock(self.account_locked_until());
                    }
                    _ => self.tell_lock(until),
                }
                done(Err(Error::LoginRefused(Denial::Locked)));
            }),
        });
    }

    /// When the lock of the account ends; until it is lifted when `None`.
    fn account_locked_until(&self) -> Option<Seconds> {
        let (state, policy) = self.account();
        let Some(Lock::Since(since)) = state.lock else {
            return None;
        };
        let length = policy.lock_length(self.growth(), state.lockouts);
        length.map(|length| since.saturating_add(length))
    }

    fn tell_lock(&self, until: Option<Seconds>) {
        self.directory.tell(Event {
            kind: audit::Kind::Lock,
            operation: "lock",
            who: self.name.to_string(),
            provenance: Provenance {
                address: self.address,
                ..Provenance::default()
            },
            reason: Some("tooManyFailures"),
            until,
            ..Event::default()
        });
    }
}
