//! Proving who asks: names and passwords, and names that another proof stands for (RFC 4513 section 5).
//!
//! Owns that every failed proof costs the same, whatever was wrong with it, and the upgrade of old hashes after a
//! success. It does not own hashing (`password`), nor how a face carries the proof.

use super::Directory;
use super::dn::Dn;
use super::entry::EntryId;
use super::error::Error;
use super::filter::resolve;
use super::identity::{Identity, Process};
use super::lane::{self, Job as Write};
use super::once;
use super::password::{self, Cost, Job, Outcome, Secret};
use super::schema::{AttributeTypeId, well_known};
use super::snapshot::Snapshot;
use super::view::View;

/// What authentication comes to.
pub type Verdict = Result<Identity, Error>;

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

impl Directory {
    /// Proves a name and a password. The verdict comes at once where that is cheap, else from a thread of the pool.
    /// An empty password proves nothing and is refused (RFC 4513 section 5.1.2).
    pub fn authenticate(&self, name: &Dn, password: Secret, done: Done) {
        if password.is_empty() {
            return done(Err(Error::EmptyPassword));
        }
        let snapshot = self.snapshot();
        let (claim, stored) = self.claim(&snapshot, name);
        let cheap = stored.iter().find(|value| {
            password::cost(value) == Cost::Cheap && password::verify_cheap(value, &password)
        });
        if let Some(value) = cheap {
            self.upgrade(claim, value, password);
            return done(claim.identity());
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
                let verdict = match outcome {
                    Outcome::Match(at) => {
                        if let Some(value) = tried.get(at) {
                            directory.upgrade(claim, value, proved);
                        }
                        claim.identity()
                    }
                    Outcome::NoMatch
                    | Outcome::Hashed(_)
                    | Outcome::Accepted
                    | Outcome::Refused(_) => Err(Error::InvalidCredentials),
                    Outcome::Failed(_) => Err(Error::Busy("a password could not be verified")),
                };
                answer.call(verdict);
            }),
        );
        if submitted.is_err() {
            fallback.call(Err(Error::Busy("too many passwords are being verified")));
        }
    }

    /// Accepts a name that was proved in another way, such as by a client certificate; `None` when no entry has it.
    pub fn vouch(&self, name: &Dn) -> Option<Identity> {
        let snapshot = self.snapshot();
        if self.is_administrator(name) {
            return Some(Identity::administrator());
        }
        snapshot.find_entry(name).map(Identity::entry)
    }

    /// Accepts a process that the operating system vouches for; `administers` when it may do what the administrator may.
    pub fn vouch_for_process(&self, process: Process, administers: bool) -> Identity {
        Identity::process(process, administers)
    }

    /// The one entry below any suffix that has a value in an attribute, such as the `uid` that SASL PLAIN names.
    pub fn name_of(&self, attribute: AttributeTypeId, value: &[u8]) -> Option<Dn> {
        let snapshot = self.snapshot();
        let resolve::Test::Equality(rule, normalized) =
            resolve::equality(snapshot.schema(), attribute, value)?
        else {
            return None;
        };
        let test = resolve::Test::Equality(rule, normalized.clone());
        let mut evaluator = super::filter::evaluate::Evaluator::default();
        let mut found = None;
        for id in snapshot.index().equal(attribute, &normalized)?.iter() {
            let view = View::new(&snapshot, id)?;
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

impl Claim {
    fn identity(self) -> Verdict {
        match self {
            Claim::Administrator => Ok(Identity::administrator()),
            Claim::Entry(id) => Ok(Identity::entry(id)),
            Claim::Nobody => Err(Error::InvalidCredentials),
        }
    }
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
