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
    use std::ops::ControlFlow;

    use crate::directory::account::AccountSettings;
    use crate::directory::change_log::Bounds;
    use crate::directory::fixture::{self, setup};
    use crate::directory::identity::Process;
    use crate::directory::request::{Change, Modification, ModificationKind, Terms};
    use crate::directory::source::Source;
    use crate::directory::stored::Setting;
    use crate::directory::time::Clock;
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

    /// Changes an entry, and looks how many records of changes the store holds then.
    fn change(directory: &Directory, store: &MemoryStore) -> usize {
        let (send, receive) = mpsc::channel();
        let change = Change::Modify {
            dn: Dn::parse(&directory.snapshot().dn(2)).unwrap(),
            modifications: vec![Modification {
                kind: ModificationKind::Replace,
                attribute: "description".to_owned(),
                values: vec![b"another".to_vec()],
            }],
        };
        let done = move |outcome| send.send(outcome).unwrap();
        directory.change(&Identity::administrator(), change, Terms::default(), done);
        receive.recv().unwrap().unwrap();
        let mut kept = 0;
        let count = &mut |_: &[u8], _: &[u8]| {
            kept += 1;
            ControlFlow::Continue(())
        };
        store.scan(&[stored::prefix::CHANGE], count).unwrap();
        kept
    }

    /// All changes so far are taken by the one who follows them.
    fn take_changes(directory: &Directory) {
        let changes = directory.changes_after(Csn::default(), 100).unwrap();
        let (newest, _) = changes.last().unwrap();
        assert!(directory.changes_after(*newest, 100).unwrap().is_empty());
    }

    #[test]
    fn changes_are_forgotten_by_age_once_they_were_taken() {
        let clock = Clock::standing(1_800_000_000_000_000);
        let accounts = AccountSettings {
            clock: clock.clone(),
            ..AccountSettings::default()
        };
        let (directory, store) = fixture::served(accounts);
        let day = 86_400;
        directory.changes_after(Csn::default(), 1).unwrap();
        change(&directory, &store);
        clock.advance(31 * day);
        assert_eq!(change(&directory, &store), 2);
        take_changes(&directory);
        assert_eq!(change(&directory, &store), 2);
        clock.advance(29 * day);
        assert_eq!(change(&directory, &store), 3);
        clock.advance(2 * day);
        take_changes(&directory);
        assert_eq!(change(&directory, &store), 2);
    }

    #[test]
    fn changes_are_forgotten_by_size_once_they_were_taken() {
        let bounds = Bounds {
            bytes: 1_000,
            ..Bounds::default()
        };
        let (directory, store) = fixture::served_keeping(AccountSettings::default(), bounds);
        directory.changes_after(Csn::default(), 1).unwrap();
        let kept: Vec<usize> = (0..50).map(|_| change(&directory, &store)).collect();
        assert_eq!(kept.last(), Some(&50));
        take_changes(&directory);
        let left = change(&directory, &store);
        assert!((5..40).contains(&left), "{left}");
        take_changes(&directory);
        assert_eq!(change(&directory, &store), left);
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
        store.commit(batch).unwrap();
        let found = directory.check(&mut |_| {}).unwrap();
        assert_eq!(found.faults, ["3 entries are served, but 2 are stored"]);
    }
}
