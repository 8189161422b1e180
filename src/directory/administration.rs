//! What may be asked of a directory that is being served, beside requests of its clients: the setup, another password for
//! the administrator, and whether the store holds what is served.
//!
//! Owns no right to ask for it: that is decided where the question comes in.

use std::sync::{Arc, mpsc};

use super::check::{self, Findings};
use super::error::Error;
use super::lane::{self, Job as Write};
use super::once;
use super::password::{Job, Outcome, Secret};
use super::setup::Setup;
use super::snapshot::Snapshot;
use super::{Administrator, Directory};
use crate::storage::{Store, StoreError};

impl Directory {
    /// The suffixes and the administrator of this moment.
    pub fn setup(&self) -> Setup {
        let suffixes = self.snapshot();
        let suffixes = suffixes.suffixes().iter();
        Setup {
            suffixes: suffixes.map(|suffix| suffix.dn.to_string()).collect(),
            administrator: Administrator::clone(&self.0.administrator.load()),
        }
    }

    /// Gives the administrator another password. `done` is called once it is on the disk and every later bind is held
    /// against it, or with the reason why not.
    pub fn replace_administrator_password(
        &self,
        password: Secret,
        done: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) {
        if password.is_empty() {
            return done(Err(Error::EmptyPassword));
        }
        let (answer, fallback) = once::shared(Box::new(done));
        let directory = self.clone();
        let job = Job::Hash {
            password,
            salt: lane::random_bytes(),
        };
        let submitted = self.pool().submit(
            job,
            Box::new(move |outcome| {
                let Outcome::Hashed(hash) = outcome else {
                    return answer.call(Err(Error::Busy("the password could not be hashed")));
                };
                let done = Box::new(move |outcome| answer.call(outcome));
                let job = Write::Administrator { hash, done };
                if let Err((error, Write::Administrator { done, .. })) =
                    directory.0.lane.submit(job)
                {
                    done(Err(error));
                }
            }),
        );
        if submitted.is_err() {
            fallback.call(Err(Error::Busy("too many passwords are being hashed")));
        }
    }

    /// Verifies every record of the store against what is served, and what is served in itself. Changes wait while the
    /// store is read, a few seconds for a million entries. Takes no memory that grows with the directory. Blocks.
    pub fn check(&self, progress: &mut dyn FnMut(u64)) -> Result<Findings, Error> {
        let (send, receive) = mpsc::channel();
        let look = move |store: &dyn Store, snapshot: Arc<Snapshot>| {
            let compared = check::compare(store, &snapshot);
            // The state goes along, so that what follows is about the same one.
            let _ = send.send((compared, snapshot));
        };
        if let Err((error, _)) = self.0.lane.submit(Write::Inspection(Box::new(look))) {
            return Err(error);
        }
        let unavailable = |error: StoreError| Error::Unavailable(error.to_string());
        let Ok((compared, snapshot)) = receive.recv() else {
            let cause = self.failure();
            let cause = cause.unwrap_or_else(|| "the server is stopping".to_owned());
            return Err(Error::Unavailable(cause));
        };
        let mut findings = compared.map_err(unavailable)?;
        check::verify(&snapshot, &mut findings, progress);
        Ok(findings)
    }
}
