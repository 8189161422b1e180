//! One job of the pool: what is asked, what is computed, what is answered. Knows nothing of threads.

use std::fmt;

use thiserror::Error;

use crate::directory::password::hash::{self, Argon2Params, DeriveError, Memory, Verdict};
use crate::directory::password::policy::Refusal;
use crate::directory::password::{Secret, Standard};

/// What the pool can be asked.
pub enum Job {
    /// Whether the password matches one of an account's stored values, of which only the first
    /// [`MAX_STORED`](Job::MAX_STORED) are tried. Answered by `Match`, `NoMatch` or `Failed`.
    Verify {
        /// The values of `userPassword`.
        stored: Vec<Vec<u8>>,
        /// What the client sent; not empty.
        password: Secret,
    },
    /// A new Argon2id value of the password. Answered by `Hashed` or `Failed`.
    Hash {
        /// The new password.
        password: Secret,
        /// Fresh random bytes.
        salt: [u8; 16],
    },
    /// Whether a new password would be accepted. Answered by `Accepted`, `Refused` or `Failed`.
    Judge {
        /// The new password.
        password: Secret,
        /// What it is judged by.
        standard: Box<Standard>,
    },
}

/// The answer to a [`Job`].
#[derive(Clone, Eq, PartialEq)]
pub enum Outcome {
    /// The password matches the stored value at this position.
    Match(usize),
    /// The password matches none.
    NoMatch,
    /// The value to store.
    Hashed(Vec<u8>),
    /// The password is good enough.
    Accepted,
    /// The password is not good enough.
    Refused(Refusal),
    /// There is no answer, for a reason that is not the client's.
    Failed(Failure),
}

/// Why a job has no answer.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Error)]
pub enum Failure {
    /// The memory that Argon2 needs was refused.
    #[error(
        "there is no memory to hash the password; lower the Argon2 memory or the number of threads"
    )]
    OutOfMemory,
    /// The computation broke off. This is a defect of the server.
    #[error("hashing the password broke off unexpectedly")]
    Internal,
}

impl Job {
    /// How many stored values a verification tries, so that an account with many cannot occupy a thread.
    pub const MAX_STORED: usize = 8;

    pub(super) fn run(self, params: &Argon2Params, memory: &mut Memory) -> Outcome {
        let outcome = match self {
            Job::Verify { stored, password } => verify(&stored, &password, params, memory),
            Job::Hash { password, salt } => {
                hash::hash(&password, &salt, params, memory).map(Outcome::Hashed)
            }
            Job::Judge { password, standard } => {
                standard
                    .judge(&password, memory)
                    .map(|judged| match judged {
                        Ok(()) => Outcome::Accepted,
                        Err(refusal) => Outcome::Refused(refusal),
                    })
            }
        };
        outcome.unwrap_or_else(|error| Outcome::Failed(Failure::from(error)))
    }
}

fn verify(
    stored: &[Vec<u8>],
    password: &Secret,
    params: &Argon2Params,
    memory: &mut Memory,
) -> Result<Outcome, DeriveError> {
    let mut any_derived = false;
    for (position, value) in stored.iter().take(Job::MAX_STORED).enumerate() {
        match hash::verify(value, password, memory)? {
            Verdict::Match => return Ok(Outcome::Match(position)),
            Verdict::NoMatch { derived } => any_derived |= derived,
        }
    }
    if any_derived {
        return Ok(Outcome::NoMatch);
    }
    no_match(password, params, memory)
}

/// The one way to fail after nothing but cheap comparisons.
fn no_match(
    password: &Secret,
    params: &Argon2Params,
    memory: &mut Memory,
) -> Result<Outcome, DeriveError> {
    hash::spend(password, params, memory)?;
    Ok(Outcome::NoMatch)
}

impl From<DeriveError> for Failure {
    fn from(error: DeriveError) -> Failure {
        match error {
            DeriveError::OutOfMemory => Failure::OutOfMemory,
            DeriveError::Refused(_) => Failure::Internal,
        }
    }
}

impl fmt::Debug for Outcome {
    /// Leaves the hash out: it must not reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Match(position) => f.debug_tuple("Match").field(position).finish(),
            Outcome::NoMatch => f.write_str("NoMatch"),
            Outcome::Accepted => f.write_str("Accepted"),
            Outcome::Refused(refusal) => f.debug_tuple("Refused").field(refusal).finish(),
            Outcome::Hashed(_) => f.write_str("Hashed(..)"),
            Outcome::Failed(failure) => f.debug_tuple("Failed").field(failure).finish(),
        }
    }
}
