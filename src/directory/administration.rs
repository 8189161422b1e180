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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::access::AccessRules;
    use crate::directory::dn::Dn;
    use crate::directory::fixture::{directory, schema, setup};
    use crate::directory::password::{Argon2Params, Pool, PoolSettings};
    use crate::directory::stored::Setting;
    use crate::directory::{Settings, stored};
    use crate::storage::Batch;
    use crate::storage::memory::MemoryStore;

    /// A directory that is served, and another handle on its store. Nobody knows its administrator's password.
    fn served() -> (Directory, MemoryStore) {
        let schema = schema();
        let (store, snapshot) = directory(&schema);
        let pool = Pool::start(PoolSettings {
            params: Argon2Params::new(8, 1, 1).unwrap(),
            ..PoolSettings::default()
        });
        let settings = Settings {
            size_limit: None,
            time_limit: None,
            upgrade_passwords: false,
        };
        let directory = Directory::serve(
            Box::new(store.clone()),
            snapshot,
            AccessRules::compile(&schema, &[]).unwrap(),
            setup().administrator,
            pool.unwrap(),
            settings,
        );
        (directory.unwrap(), store)
    }

    fn replace(directory: &Directory, password: &str) -> Result<(), Error> {
        let (send, receive) = mpsc::channel();
        let password = Secret::from(password.as_bytes());
        directory.replace_administrator_password(password, move |outcome| {
            send.send(outcome).unwrap();
        });
        receive.recv().unwrap()
    }

    fn proves(directory: &Directory, password: &str) -> bool {
        let (send, receive) = mpsc::channel();
        let name = Dn::parse(&setup().administrator.name).unwrap();
        let password = Secret::from(password.as_bytes());
        let done = Box::new(move |verdict| send.send(verdict).unwrap());
        directory.authenticate(&name, password, done);
        receive
            .recv()
            .unwrap()
            .is_ok_and(|who| who.is_administrator())
    }

    #[test]
    fn a_new_password_holds_and_is_kept_when_it_is_acknowledged() {
        let (directory, store) = served();
        replace(&directory, "first").unwrap();
        assert!(proves(&directory, "first"));
        replace(&directory, "second").unwrap();
        assert!(proves(&directory, "second"));
        assert!(!proves(&directory, "first"));
        let kept = Setup::read(&store).unwrap().administrator;
        assert_eq!(kept.hash, directory.setup().administrator.hash);
        assert_eq!(kept.name, setup().administrator.name);
        assert_eq!(directory.setup().suffixes, setup().suffixes);
    }

    #[test]
    fn a_password_that_could_not_be_kept_does_not_hold_and_an_empty_one_is_none() {
        let (directory, store) = served();
        replace(&directory, "first").unwrap();
        assert_eq!(replace(&directory, ""), Err(Error::EmptyPassword));
        store.fail_next_commit();
        let refused = replace(&directory, "second");
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
        assert!(proves(&directory, "first"));
        assert!(!proves(&directory, "second"));
        // What the disk holds is not known any more, so that there is nothing to hold it against.
        let check = directory.check(&mut |_| {});
        assert!(matches!(check, Err(Error::Unavailable(_))), "{check:?}");
    }

    #[test]
    fn what_is_stored_otherwise_than_served_is_found_while_it_is_served() {
        let (directory, mut store) = served();
        replace(&directory, "first").unwrap();
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
