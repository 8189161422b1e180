//! What may be asked of a directory that is being served, beside requests of its clients: the setup, another password for
//! the administrator, and whether the store holds what is served.
//!
//! Owns no right to ask for it: that is decided where the question comes in.

use std::sync::{Arc, mpsc};

use super::account::{self, explain::Explanation};
use super::check::{self, Findings};
use super::dn::Dn;
use super::error::Error;
use super::history::Summary;
use super::identity::Identity;
use super::lane::Job;
use super::password::Secret;
use super::password_change::{PasswordChange, Whose};
use super::setup::Setup;
use super::snapshot::Snapshot;
use super::time::Csn;
use super::{Administrator, Directory};
use crate::storage::{Store, StoreError};

impl Directory {
    /// The suffixes and the administrator of this moment.
    pub fn setup(&self) -> Setup {
        let suffixes = self.snapshot();
        let suffixes = suffixes.suffixes().iter();
        Setup {
            suffixes: suffixes.map(|suffix| suffix.dn.to_string()).collect(),
            administrator: Administrator {
                name: Arc::clone(&self.0.administrator),
                hash: self.administrator_hash().into(),
            },
        }
    }

    /// Whether a name can log in now, and why.
    pub fn explain_bind(&self, name: &str) -> Explanation {
        account::explain::explain(&self.snapshot(), self.accounts(), &self.admission(), name)
    }

    /// Gives the administrator another password, on the word of `identity`. `done` is called once it is on the disk and
    /// every later bind is held against it, or with the reason why not.
    pub fn replace_administrator_password(
        &self,
        identity: &Identity,
        password: Secret,
        done: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) {
        let change = PasswordChange {
            whose: Whose::Named(Dn::parse(&self.0.administrator).unwrap_or_default()),
            old: None,
            new: Some(password),
        };
        self.change_password(identity, change, move |outcome| done(outcome.map(|_| ())));
    }

    /// What the records of the changes after a number say, oldest first, so many at the most; those up to the number are taken,
    /// and kept no longer than others. Blocks.
    pub fn changes_after(&self, number: Csn, most: usize) -> Result<Vec<(Csn, Summary)>, Error> {
        let (send, receive) = mpsc::channel();
        let done = move |records| {
            let _ = send.send(records);
        };
        let job = Job::Changes {
            after: number,
            most,
            done: Box::new(done),
        };
        self.0.lane.submit(job).map_err(|refused| refused.0)?;
        let records = receive.recv().map_err(|_| self.no_answer())?;
        let records = records.map_err(|error| Error::Unavailable(error.to_string()))?;
        let summaries = records.into_iter().map(|(number, record)| {
            let unreadable = || Summary {
                kind: "unreadable".to_owned(),
                ..Summary::default()
            };
            (number, Summary::read(&record).unwrap_or_else(unreadable))
        });
        Ok(summaries.collect())
    }

    /// Why the lane has dropped a question.
    fn no_answer(&self) -> Error {
        let cause = self.failure();
        Error::Unavailable(cause.unwrap_or_else(|| "the server is stopping".to_owned()))
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
        self.0
            .lane
            .submit(Job::Inspection(Box::new(look)))
            .map_err(|refused| refused.0)?;
        let unavailable = |error: StoreError| Error::Unavailable(error.to_string());
        let (compared, snapshot) = receive.recv().map_err(|_| self.no_answer())?;
        let mut findings = compared.map_err(unavailable)?;
        check::verify(&snapshot, &mut findings, progress);
        Ok(findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::account::AccountSettings;
    use crate::directory::fixture::{self, setup};
    use crate::directory::identity::Process;
    use crate::directory::source::Source;
    use crate::directory::stored::Setting;
    use crate::directory::{Login, stored};
    use crate::storage::Batch;
    use crate::storage::memory::MemoryStore;

    /// A directory that is served, and another handle on its store. Nobody knows its administrator's password.
    fn served() -> (Directory, MemoryStore) {
        fixture::served(AccountSettings::default())
    }

    fn replace(directory: &Directory, password: &str) -> Result<(), Error> {
        let (send, receive) = mpsc::channel();
        let password = Secret::from(password.as_bytes());
        let process = Process { uid: 7, gid: 8 };
        let identity = directory.vouch_for_process(process, true);
        directory.replace_administrator_password(&identity, password, move |outcome| {
            send.send(outcome).unwrap();
        });
        receive.recv().unwrap()
    }

    fn proves(directory: &Directory, password: &str) -> bool {
        let (send, receive) = mpsc::channel();
        let name = Dn::parse(&setup().administrator.name).unwrap();
        let password = Secret::from(password.as_bytes());
        let done = Box::new(move |verdict| send.send(verdict).unwrap());
        directory.authenticate(&name, password, &Source::default(), done);
        receive
            .recv()
            .unwrap()
            .is_ok_and(|login: Login| login.identity.is_administrator())
    }

    #[test]
    fn a_new_password_holds_and_is_kept_when_it_is_acknowledged() {
        let (directory, store) = served();
        replace(&directory, "first one").unwrap();
        assert!(proves(&directory, "first one"));
        replace(&directory, "second one").unwrap();
        assert!(proves(&directory, "second one"));
        assert!(!proves(&directory, "first one"));
        let kept = Setup::read(&store).unwrap().administrator;
        assert_eq!(kept.hash, directory.setup().administrator.hash);
        assert_eq!(kept.name, setup().administrator.name);
        assert_eq!(directory.setup().suffixes, setup().suffixes);
    }

    #[test]
    fn a_password_that_could_not_be_kept_does_not_hold_and_a_short_one_is_none() {
        let (directory, store) = served();
        replace(&directory, "first one").unwrap();
        for none in ["", "short"] {
            assert!(replace(&directory, none).is_err());
        }
        store.fail_next_commit();
        let refused = replace(&directory, "second one");
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
        assert!(proves(&directory, "first one"));
        assert!(!proves(&directory, "second one"));
        // What the disk holds is not known any more, so that there is nothing to hold it against.
        let check = directory.check(&mut |_| {});
        assert!(matches!(check, Err(Error::Unavailable(_))), "{check:?}");
    }

    #[test]
    fn what_is_stored_otherwise_than_served_is_found_while_it_is_served() {
        let (directory, mut store) = served();
        replace(&directory, "first one").unwrap();
        let sound = directory.check(&mut |_| {}).unwrap();
        assert!(sound.faults.is_empty(), "{sound}");
        let mut batch = Batch::default();
        batch.delete(stored::entry_key(2));
        batch.delete(Setting::State.key());
        store.commit(&batch).unwrap();
        let found = directory.check(&mut |_| {}).unwrap();
        assert_eq!(found.faults, ["3 entries are served, but 2 are stored"]);
    }
}
