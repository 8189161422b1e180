//! A change on its way to the lane: what the password pool must do for it first.
//!
//! Owns the detour. Passwords in clear text that are to be stored are judged and hashed; those that are to be removed are proved
//! against what is stored, and the stored value takes their place, because the lane compares bytes and waits for no
//! hash. Where they stand in a change is the business of `clear_passwords`.

use super::Directory;
use super::access::Right;
use super::authenticate::passwords;
use super::clear_passwords::{self, Place};
use super::entry::EntryId;
use super::error::Error;
use super::identity::Identity;
use super::lane::{self, Done, Order};
use super::once;
use super::password::{Job, Outcome, Secret, Standard};
use super::request::{Change, Terms};
use super::schema::well_known;
use super::snapshot::Found;
use super::unicode_password;
use super::view::View;
use super::write::Changed;

/// A change whose passwords are being worked on.
struct Underway {
    directory: Directory,
    order: Order,
    /// What new passwords are judged by.
    standard: Option<Standard>,
    /// Passwords that are still to be judged and hashed.
    clear: Vec<(Place, Secret)>,
    /// Passwords that are still to be proved.
    claimed: Vec<(Place, Secret)>,
    /// Passwords in whose places stored values stand now.
    proved: Vec<(Place, Secret)>,
    last_try: bool,
    done: Done,
}

impl Directory {
    /// Asks for a change. `done` is called once it is on the disk and every later read sees it, or with the reason why not;
    /// a trial ends in [`Error::NoOperation`].
    pub fn change(
        &self,
        identity: &Identity,
        change: Change,
        terms: Terms,
        done: impl FnOnce(Result<Changed, Error>) + Send + 'static,
    ) {
        self.change_together(identity, (change, terms), Vec::new(), done);
    }

    /// Asks for several changes, of which all are made or none; passwords come with the first alone. What is told is
    /// told of the last. `done` is called as by [`Directory::change`].
    pub fn change_together(
        &self,
        identity: &Identity,
        (mut change, terms): (Change, Terms),
        then: Vec<(Change, Terms)>,
        done: impl FnOnce(Result<Changed, Error>) + Send + 'static,
    ) {
        if let Err(error) = unicode_password::translate(&mut change) {
            return done(Err(error));
        }
        let snapshot = self.snapshot();
        let schema = snapshot.schema();
        let hashed = identity.is_administrator() && self.takes_hashes(identity, &change);
        let any = match clear_passwords::judge(schema, &mut change, hashed) {
            Ok(any) => any,
            Err(error) => return done(Err(error)),
        };
        let (mut clear, mut claimed, mut standard) = (Vec::new(), Vec::new(), None);
        // What is left in clear text is refused by the lane, should it get past the rights there.
        if any && self.may_bring_passwords(identity, &change) {
            standard = self.standard_for(identity, &change);
            clear = clear_passwords::take(schema, &mut change);
            claimed = clear_passwords::to_remove(schema, &mut change);
        }
        drop(snapshot);
        let underway = Underway {
            directory: self.clone(),
            order: Order {
                identity: identity.clone(),
                change,
                terms,
                then,
            },
            standard,
            clear,
            claimed,
            proved: Vec::new(),
            last_try: false,
            done: Box::new(done),
        };
        underway.proceed();
    }

    /// Whether passwords of a change are worth the pool's work; and nobody finds out by removing a password whether it
    /// is that of an entry which is not theirs to write.
    fn may_bring_passwords(&self, identity: &Identity, change: &Change) -> bool {
        if matches!(change, Change::Modify { .. }) && identity.must_be_logged_in().is_err() {
            return false;
        }
        let snapshot = self.snapshot();
        let mut access = self.rules().access(&snapshot, identity);
        let (id, right) = match (change, snapshot.find(change.dn())) {
            (Change::Modify { .. }, Found::Entry(id)) => (id, Right::Write),
            (
                Change::Add { .. },
                Found::Nothing {
                    nearest: Some(parent),
                    missing: 1,
                },
            ) => (parent, Right::Add),
            // What is there when the change's turn comes is judged then: the client may have sent several at once.
            _ => return !identity.is_anonymous(),
        };
        let Some(view) = View::new(&snapshot, id).filter(|view| access.sees(view)) else {
            return false;
        };
        let mask = access.mask(&view, right);
        match right {
            Right::Write => mask.contains(well_known::USER_PASSWORD),
            _ => !mask.is_empty(),
        }
    }

    /// Has the pool do a job. `then` is called once, with what came of it or with why nothing did.
    pub(super) fn ask_pool(
        &self,
        job: Job,
        then: impl FnOnce(Result<Outcome, Error>) + Send + 'static,
    ) {
        let (answer, fallback) = once::shared(Box::new(then));
        let submitted = self.pool().submit(
            job,
            Box::new(move |outcome| {
                answer.call(match outcome {
                    Outcome::Failed(_) => Err(Error::Busy("a password could not be hashed")),
                    outcome => Ok(outcome),
                });
            }),
        );
        if submitted.is_err() {
            fallback.call(Err(Error::Busy("too many passwords are being hashed")));
        }
    }

    /// Puts a job into the lane, or answers it with the reason why not.
    pub(super) fn enter_lane(&self, job: lane::Job) {
        if let Err(refused) = self.0.lane.submit(job) {
            let (error, job) = *refused;
            job.answer(Err(error));
        }
    }

    /// The stored passwords of an entry, none when it is gone.
    pub(super) fn stored_passwords(&self, id: EntryId) -> Vec<Vec<u8>> {
        let snapshot = self.snapshot();
        View::new(&snapshot, id).map_or_else(Vec::new, |view| passwords(&view))
    }
}

impl Underway {
    /// Does what is next: one password after the other, then the change.
    fn proceed(mut self) {
        if let Some((place, password)) = self.claimed.pop() {
            self.prove(place, password);
        } else if let Some((place, password)) = self.clear.pop() {
            self.judge(place, password);
        } else {
            self.submit();
        }
    }

    fn judge(self, place: Place, password: Secret) {
        let directory = self.directory.clone();
        let copy = Secret::from(password.as_bytes());
        directory.judge(self.standard.clone(), copy, move |judged| match judged {
            Ok(()) => self.hash(place, password),
            Err(error) => (self.done)(Err(error)),
        });
    }

    fn hash(mut self, place: Place, password: Secret) {
        let job = Job::Hash {
            password,
            salt: lane::random_bytes(),
        };
        let directory = self.directory.clone();
        directory.ask_pool(job, move |outcome| match outcome {
            Ok(Outcome::Hashed(hash)) => {
                clear_passwords::put(&mut self.order.change, place, hash);
                self.proceed();
            }
            Ok(_) => (self.done)(Err(Error::Busy("a password could not be hashed"))),
            Err(error) => (self.done)(Err(error)),
        });
    }

    /// A password that is not proved stays as it is: no stored value equals it, and the lane says so, be it wrong or not
    /// to be tried any more. Guesses at it lock as those of logins do.
    fn prove(mut self, place: Place, password: Secret) {
        let entry = self.directory.snapshot().find_entry(self.order.change.dn());
        let Some(id) = entry else {
            return self.proceed();
        };
        let attempt = self.directory.attempt_of(&self.order.identity, Some(id));
        if attempt.is_kept_away() {
            return self.proceed();
        }
        let stored = self.directory.stored_passwords(id);
        let job = Job::Verify {
            stored: stored.clone(),
            password: Secret::from(password.as_bytes()),
        };
        let directory = self.directory.clone();
        directory.ask_pool(job, move |outcome| match outcome {
            Ok(Outcome::Match(at)) if !attempt.is_kept_away() => {
                if let Some(value) = stored.get(at) {
                    clear_passwords::put(&mut self.order.change, place, value.clone());
                    self.proved.push((place, password));
                }
                self.proceed();
            }
            Ok(_) => attempt.failed(Box::new(|_| self.proceed())),
            Err(error) => (self.done)(Err(error)),
        });
    }

    fn submit(self) {
        let directory = self.directory.clone();
        let (order, done): (_, Done) = if self.proved.is_empty() || self.last_try {
            (self.order, self.done)
        } else {
            let order = self.order.clone();
            (order, Box::new(move |outcome| self.settle(outcome)))
        };
        directory.enter_lane(lane::Job::Change {
            order: Box::new(order),
            done,
        });
    }

    /// The stored value of a proved password may have been replaced meanwhile by a better hash of the same, which a bind
    /// just before brings about: then it is proved once more.
    fn settle(mut self, outcome: Result<Changed, Error>) {
        if !matches!(outcome, Err(Error::NoSuchAttribute(_))) {
            return (self.done)(outcome);
        }
        self.claimed = std::mem::take(&mut self.proved);
        self.last_try = true;
        self.proceed();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::directory::account::AccountSettings;
    use crate::directory::dn::{Dn, Rdn};
    use crate::directory::filter::Filter;
    use crate::directory::fixture;
    use crate::directory::request::{Modification, ModificationKind};

    fn describe(dn: &str) -> Change {
        Change::Modify {
            dn: Dn::parse(dn).unwrap(),
            modifications: vec![Modification {
                kind: ModificationKind::Replace,
                attribute: "description".to_owned(),
                values: vec![b"changed".to_vec()],
            }],
        }
    }

    fn rename(to: &str) -> Change {
        Change::Rename {
            dn: Dn::parse("cn=one,dc=a").unwrap(),
            new_rdn: Rdn::parse(to).unwrap(),
            delete_old_rdn: true,
            new_superior: None,
        }
    }

    /// That is what changes of nothing are for: the entry that they are about stays as it is.
    #[test]
    fn changes_are_held_to_what_is_asserted_of_an_entry_that_none_of_them_changes() {
        let (directory, _) = fixture::served(AccountSettings::default());
        let csn = |id| View::new(&directory.snapshot(), id).unwrap().entry.csn();
        let before = csn(2);
        let describe_the_group = |asserted: &str| {
            let nothing = Change::Modify {
                dn: Dn::parse("cn=one,dc=a").unwrap(),
                modifications: Vec::new(),
            };
            let terms = Terms {
                assertion: Some(Filter::parse(asserted).unwrap()),
                ..Terms::default()
            };
            let (send, receive) = mpsc::channel();
            directory.change_together(
                &Identity::administrator(),
                (nothing, terms),
                vec![(describe("cn=two,dc=a"), Terms::default())],
                move |outcome| send.send(outcome).unwrap(),
            );
            receive.recv().unwrap()
        };
        let group = csn(3);
        assert_eq!(describe_the_group("(cn=two)"), Err(Error::AssertionFailed));
        assert_eq!(csn(3), group);
        assert!(describe_the_group("(cn=one)").is_ok());
        assert!(csn(3) != group);
        assert_eq!(csn(2), before);
    }

    /// Each change sees those before it, and what is told is told of the last.
    #[test]
    fn changes_that_are_asked_for_together_are_all_made_or_none() {
        let (directory, _) = fixture::served(AccountSettings::default());
        let together = |second: Change, third: Change| {
            let (send, receive) = mpsc::channel();
            let reading = Terms {
                read_after: Some(vec!["description".to_owned()]),
                ..Terms::default()
            };
            directory.change_together(
                &Identity::administrator(),
                (describe("cn=one,dc=a"), Terms::default()),
                vec![(second, Terms::default()), (third, reading)],
                move |outcome| send.send(outcome).unwrap(),
            );
            receive.recv().unwrap()
        };
        let before = directory.snapshot().csn();
        let refused = together(rename("cn=three"), describe("cn=one,dc=a"));
        assert!(matches!(refused, Err(Error::NoSuchObject { .. })));
        let refused = together(rename("cn=two"), describe("cn=two,dc=a"));
        assert!(matches!(refused, Err(Error::EntryAlreadyExists)));
        let snapshot = directory.snapshot();
        let view = View::new(&snapshot, 2).unwrap();
        let description = snapshot.schema().attribute_id("description").unwrap();
        assert!(
            crate::directory::write::decode(&view)
                .values(description)
                .is_empty()
        );
        assert_eq!(
            (snapshot.dn(2).as_str(), snapshot.csn()),
            ("cn=one,dc=a", before)
        );
        let made = together(rename("cn=three"), describe("cn=three,dc=a")).unwrap();
        let after = made.after.unwrap();
        assert_eq!(
            (after.dn.as_str(), after.attributes.len()),
            ("cn=three,dc=a", 1)
        );
    }
}
