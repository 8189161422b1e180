//! Forgiving failed logins before their time is over.
//!
//! Owns who may do it and what goes: the lock in the entry and the failures that are remembered of the account.

use super::Directory;
use super::access::Right;
use super::dn::Dn;
use super::entry::EntryId;
use super::error::Error;
use super::identity::Identity;
use super::lane::Job;
use super::schema::well_known;
use super::target;
use super::write::Step;

impl Directory {
    /// Forgives the failed logins of an account: the lock they brought about is lifted, unless it is for good. `done` is
    /// called once that is on the disk. Who may write the lock may do this.
    pub fn forgive_failures(
        &self,
        identity: &Identity,
        dn: &Dn,
        done: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) {
        let id = match self.may_unlock(identity, dn) {
            Ok(id) => id,
            Err(error) => return done(Err(error)),
        };
        let directory = self.clone();
        self.enter_lane(Job::Account {
            of: Some(id),
            step: Step::Forgive,
            done: Box::new(move |outcome| {
                if outcome.is_ok() {
                    directory.snapshot().activity().forgive(id);
                }
                done(outcome.map(|_| ()));
            }),
        });
    }

    fn may_unlock(&self, identity: &Identity, dn: &Dn) -> Result<EntryId, Error> {
        let snapshot = self.snapshot();
        let mut access = self.rules().access(&snapshot, identity);
        let view = target::find(&snapshot, &mut access, dn, false)?;
        let writable = access.mask(&view, Right::Write);
        if writable.contains(well_known::PWD_ACCOUNT_LOCKED_TIME) && identity.id() != Some(view.id)
        {
            Ok(view.id)
        } else {
            Err(Error::InsufficientAccess)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::directory::account::{Account, AccountSettings};
    use crate::directory::fixture;
    use crate::directory::password::policy::Lock;
    use crate::directory::request::{Change, Modification, ModificationKind, Terms};
    use crate::directory::view::View;

    fn result<T: Send + 'static>(
        ask: impl FnOnce(Box<dyn FnOnce(Result<T, Error>) + Send>),
    ) -> Result<T, Error> {
        let (send, receive) = mpsc::channel();
        ask(Box::new(move |outcome| send.send(outcome).unwrap()));
        receive.recv().unwrap()
    }

    #[test]
    fn a_lock_of_failures_is_lifted_by_others_than_its_owner_and_one_for_good_by_nobody() {
        let (directory, _) = fixture::served(AccountSettings::default());
        let one = Dn::parse("cn=one,dc=a").unwrap();
        let forgive = |who: &Identity| result(|done| directory.forgive_failures(who, &one, done));
        for (time, left) in [
            ("20260101000000Z", None),
            ("000001010000Z", Some(Lock::Permanent)),
        ] {
            let lock = Change::Modify {
                dn: one.clone(),
                modifications: vec![Modification {
                    kind: ModificationKind::Replace,
                    attribute: "pwdAccountLockedTime".to_owned(),
                    values: vec![time.as_bytes().to_vec()],
                }],
            };
            let administrator = Identity::administrator();
            let locked = |done| directory.change(&administrator, lock, Terms::default(), done);
            result(locked).unwrap();
            let state = || {
                Account::of(&View::new(&directory.snapshot(), 2).unwrap())
                    .state
                    .lock
            };
            let before = state();
            assert!(before.is_some());
            assert!(forgive(&Identity::entry(2)).is_err());
            assert!(forgive(&Identity::anonymous()).is_err());
            assert_eq!(state(), before);
            assert_eq!(forgive(&administrator), Ok(()));
            assert_eq!(state(), left, "{time}");
        }
    }
}
