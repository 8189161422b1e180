//! Whether a password is one of those that are stored.
//!
//! Owns that every failed proof costs the same, whatever was wrong with it, and the upgrade of old hashes after a success.
//! Hashing is `password`'s.

use super::Done;
use super::attempt::{Attempt, Claim};
use crate::directory::error::Error;
use crate::directory::lane::{self, Job as Write};
use crate::directory::once;
use crate::directory::password::policy::Seconds;
use crate::directory::password::{self, Cost, Job, Outcome, Secret};
use crate::directory::recent::Mark;

impl Attempt {
    /// Holds a password against the stored values of the claim: at once where that is cheap, or was found a short while ago,
    /// else by a thread of the pool.
    pub(super) fn prove(self, stored: Vec<Vec<u8>>, password: Secret, done: Done) {
        let complete = !self.lacks_factor();
        let mut values = stored.iter();
        let cheap = values.find(|value| complete && password::verify_cheap(value, &password));
        if let Some(value) = cheap {
            self.upgrade(value, password);
            return self.proved(done);
        }
        let now = self.directory.accounts().clock.seconds();
        let mark = self.mark(&stored, &password);
        if complete && self.directory.0.proved.find(&mark, now).is_some() {
            return self.proved(done);
        }
        // A failure must cost what a failure costs, so the pool is asked even when no stored value is left to try.
        let expensive = stored
            .into_iter()
            .filter(|value| password::cost(value) == Cost::Expensive)
            .collect();
        self.verify(expensive, password, (mark, now), done);
    }

    /// The same by a thread of the pool; a success is remembered under the mark, as of now.
    fn verify(
        self,
        stored: Vec<Vec<u8>>,
        password: Secret,
        (mark, now): (Mark, Seconds),
        done: Done,
    ) {
        let complete = !self.lacks_factor();
        let proved = Secret::from(password.as_bytes());
        let tried = stored.clone();
        let directory = self.directory.clone();
        let (answer, fallback) = once::shared(done);
        let submitted = directory.pool().submit(
            Job::Verify { stored, password },
            Box::new(move |outcome| {
                let done: Done = Box::new(move |verdict| answer.call(verdict));
                match outcome {
                    Outcome::Match(at) if complete => {
                        if let Some(value) = tried.get(at) {
                            self.upgrade(value, proved);
                        }
                        self.directory.0.proved.insert(&mark, (), now);
                        self.proved(done);
                    }
                    Outcome::Match(_)
                    | Outcome::NoMatch
                    | Outcome::Hashed(_)
                    | Outcome::Accepted
                    | Outcome::Refused(_) => self.failed(done),
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

    /// What it means that a password of these stored values was proved: with any other value it is another mark.
    fn mark(&self, stored: &[Vec<u8>], password: &Secret) -> Mark {
        let id = match self.claim {
            Claim::Entry(id) => id.to_be_bytes().to_vec(),
            Claim::Administrator | Claim::Nobody => Vec::new(),
        };
        let stored = stored.iter().map(Vec::as_slice);
        let parts = [id.as_slice(), password.as_bytes()];
        self.directory
            .0
            .proved
            .mark(parts.into_iter().chain(stored))
    }

    /// Stores a better hash of a password that was just proved: in the background, one at a time, or not at all when
    /// there is other work.
    fn upgrade(&self, value: &[u8], password: Secret) {
        let Claim::Entry(id) = self.claim else { return };
        let (directory, old) = (self.directory.clone(), value.to_vec());
        let pool = self.directory.pool();
        if !directory.upgrades_passwords() || !password::needs_upgrade(value, pool.params()) {
            return;
        }
        let job = Job::Hash {
            password,
            salt: lane::random_bytes(),
        };
        let _ = pool.try_submit_background(
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
