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
