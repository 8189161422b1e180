//! Passwords: the clear text a client sends, the hashes that are stored, and the threads that compare the two.
//!
//! [`Secret`] carries clear text, [`Scheme`] and its functions read stored `userPassword` values, [`Pool`] is the
//! only place where Argon2 runs. This module knows no entries: which values an account has, and which policy holds for it,
//! comes with the question. [`policy`] says what follows from them, [`Standard`] whether a new password is good enough.
//!
//! A login that never tells, by the time it takes, an unknown name from a wrong password:
//!
//! 1. Values of [`Cost::Cheap`] are tried at once with [`verify_cheap`]; a match ends the login.
//! 2. Anything else goes to the [`Pool`]: [`Job::Verify`] with those stored values that are
//!    [`Cost::Expensive`]; with none, also when there is no such account, it fails after the time that one takes.
//! 3. After a match that [`needs_upgrade`], [`Pool::try_submit_background`] makes the better hash when nobody waits.

mod generate;
mod hash;
pub mod policy;
mod pool;
mod quality;
mod secret;

pub use generate::{GENERATED_LENGTH, generate};
pub use hash::{
    Argon2Params, Cost, HashError, Scheme, Stored, check_stored, classify, cost, needs_upgrade,
    verify_cheap,
};
pub use pool::{Busy, Done, Failure, Gauges, Job, Outcome, Pool, PoolSettings};
pub use quality::Standard;
pub use secret::Secret;
