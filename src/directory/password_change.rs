//! A new password for one account, be it an entry or the administrator (RFC 3062 section 3).
//!
//! Owns whose password it is, who may change it, and the order of things: the old password is proved and the new one
//! judged and hashed by the pool, then the lane sets it. How a face carries the request is the face's.

use super::access::Right;
use super::dn::Dn;
use super::entry::EntryId;
use super::error::Error;
use super::identity::{Identity, Who};
use super::lane;
use super::password::policy::Denial;
use super::password::{self, Job, Outcome, Secret, Stored};
use super::schema::{AttributeTypeId, well_known};
use super::target;
use super::view::View;
use super::{Administrator, Directory};

/// Whose password is to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// That of whoever asks.
    Own,
    /// That of the entry, or the administrator, of this name.
    Named(Dn),
    /// That of the one entry with this `uid`.
    User(String),
}

/// A change of a password.
#[derive(Debug)]
pub struct PasswordChange {
    /// The account.
    pub whose: Whose,
    /// The password that must be right for anything to happen; without it the right to write is enough.
    pub old: Option<Secret>,
    /// The new password; without it one is made.
    pub new: Option<Secret>,
}

/// What a change of a password comes to: the password that was made, if one was.
pub type Changed = Result<Option<Secret>, Error>;

/// A change of a password under way.
struct Underway {
    directory: Directory,
    identity: Identity,
    /// The entry; none for the administrator.
    of: Option<EntryId>,
    old: Option<Secret>,
    new: Secret,
    made: bool,
    last_try: bool,
    done: Box<dyn FnOnce(Changed) + Send>,
}

impl Directory {
    /// Changes a password in the place of all that the account has. `done` is called once that is on the disk, or with
    /// the reason why not; a wrong old password is [`Error::InvalidCredentials`], an access token that asks
    /// [`Error::LoginNeeded`].
    pub fn change_password(
        &self,
        identity: &Identity,
        change: PasswordChange,
        done: impl FnOnce(Changed) + Send + 'static,
    ) {
        let attribute = well_known::USER_PASSWORD;
        let begun = identity
            .must_be_logged_in()
            .and_then(|()| self.account(identity, &change.whose, attribute))
            .and_then(|of| {
                let (new, made) = match change.new {
                    Some(new) => (new, false),
                    None => (generate()?, true),
                };
                check_new(&new, of)?;
                if change.old.as_ref().is_some_and(Secret::is_empty) {
                    return refuse("the old password is empty: leave it out or send it");
                }
                Ok((of, new, made))
            });
        let (of, new, made) = match begun {
            Ok(begun) => begun,
            Err(error) => return done(Err(error)),
        };
        let underway = Underway {
            directory: self.clone(),
            identity: identity.clone(),
            of,
            old: change.old,
            new,
            made,
            last_try: false,
            done: Box::new(done),
        };
        underway.prove();
    }

    /// The account meant, if the asker sees it and may write this attribute of it; nobody tries old passwords of others.
    pub(super) fn account(
        &self,
        identity: &Identity,
        whose: &Whose,
        attribute: AttributeTypeId,
    ) -> Result<Option<EntryId>, Error> {
        let snapshot = self.snapshot();
        let mut access = self.rules().access(&snapshot, identity);
        let nobody = || Error::NoSuchObject {
            matched: String::new(),
        };
        let id = match (whose, identity.who()) {
            (Whose::Own, Who::Administrator) => return Ok(None),
            (Whose::Own, Who::Entry(id)) => id,
            (Whose::Own, Who::Anonymous) => return Err(Error::InsufficientAccess),
            (Whose::Own, Who::Process { .. }) => {
                return refuse("a process has no password of its own: name the account");
            }
            (Whose::Named(dn), _)
                if identity.is_administrator()
                    && self.is_administrator(&dn.normalize(snapshot.schema())) =>
            {
                return Ok(None);
            }
            (Whose::Named(dn), _) => target::find(&snapshot, &mut access, dn, false)?.id,
            (Whose::User(uid), _) => {
                let dn = self.name_of(well_known::UID, uid.as_bytes());
                let dn = dn.ok_or_else(nobody)?;
                let found = target::find(&snapshot, &mut access, &dn, true);
                found.map_err(|_| nobody())?.id
            }
        };
        let view = View::new(&snapshot, id).ok_or_else(nobody)?;
        if access.mask(&view, Right::Write).contains(attribute) {
            Ok(Some(id))
        } else {
            Err(Error::InsufficientAccess)
        }
    }
}

fn refuse<T>(text: &str) -> Result<T, Error> {
    Err(Error::UnwillingToPerform(text.to_owned()))
}

fn generate() -> Result<Secret, Error> {
    password::generate()
        .map_err(|_| Error::Unavailable("the system has no random numbers to give".to_owned()))
}

/// What is no password, or one that only looks like a hash that was meant to be stored, is refused.
fn check_new(new: &Secret, of: Option<EntryId>) -> Result<(), Error> {
    if new.is_empty() {
        return refuse("the new password is empty");
    }
    if password::classify(new.as_bytes()) != Stored::ClearText {
        let text = "a new password cannot begin with a scheme in braces; send the password itself";
        return Err(Error::ConstraintViolation(text.to_owned()));
    }
    let least = Administrator::SHORTEST_PASSWORD;
    if of.is_none() && String::from_utf8_lossy(new.as_bytes()).chars().count() < least {
        let text = format!("the administrator's password needs at least {least} characters");
        return Err(Error::ConstraintViolation(text));
    }
    Ok(())
}

impl Underway {
    fn prove(self) {
        let Some(old) = &self.old else {
            return self.judge(None);
        };
        let attempt = self.directory.attempt_of(&self.identity, self.of);
        if attempt.is_kept_away() {
            return (self.done)(Err(Error::LoginRefused(Denial::Locked)));
        }
        let stored = match self.of {
            Some(id) => self.directory.stored_passwords(id),
            None => vec![self.directory.administrator_hash()],
        };
        let job = Job::Verify {
            stored: stored.clone(),
            password: Secret::from(old.as_bytes()),
        };
        let directory = self.directory.clone();
        directory.ask_pool(job, move |outcome| match outcome {
            Ok(Outcome::Match(at)) if !attempt.is_kept_away() => {
                self.judge(stored.into_iter().nth(at));
            }
            // Guesses at it lock as those of logins do, and those that were on their way then are refused all the same.
            Ok(_) => attempt.failed(Box::new(|verdict| {
                (self.done)(Err(verdict.err().unwrap_or(Error::InvalidCredentials)));
            })),
            Err(error) => (self.done)(Err(error)),
        });
    }

    fn judge(self, proved: Option<Vec<u8>>) {
        let directory = self.directory.clone();
        let standard = directory.standard_of(&self.identity, self.of);
        let new = Secret::from(self.new.as_bytes());
        directory.judge(standard, new, move |judged| match judged {
            Ok(()) => self.hash(proved),
            Err(error) => (self.done)(Err(error)),
        });
    }

    fn hash(self, proved: Option<Vec<u8>>) {
        let job = Job::Hash {
            password: Secret::from(self.new.as_bytes()),
            salt: lane::random_bytes(),
        };
        let directory = self.directory.clone();
        directory.ask_pool(job, move |outcome| match outcome {
            Ok(Outcome::Hashed(hash)) => self.set(proved, hash),
            Ok(_) => (self.done)(Err(Error::Busy("a password could not be hashed"))),
            Err(error) => (self.done)(Err(error)),
        });
    }

    fn set(self, proved: Option<Vec<u8>>, hash: Vec<u8>) {
        let directory = self.directory.clone();
        directory.enter_lane(lane::Job::Password {
            identity: self.identity.clone(),
            of: self.of,
            proved,
            hash: hash.clone(),
            done: Box::new(move |outcome| self.settle(outcome, hash)),
        });
    }

    fn settle(mut self, outcome: Result<super::write::Changed, Error>, hash: Vec<u8>) {
        match outcome {
            Ok(_) => {
                if self.of.is_none() {
                    self.directory.set_administrator_hash(hash);
                }
                (self.done)(Ok(self.made.then_some(self.new)));
            }
            // The value that proved the old password is gone: a better hash of it, made after a bind, has replaced it,
            // or another password has.
            Err(Error::NoSuchAttribute(_)) if self.last_try => {
                (self.done)(Err(Error::InvalidCredentials));
            }
            Err(Error::NoSuchAttribute(_)) => {
                self.last_try = true;
                self.prove();
            }
            Err(error) => (self.done)(Err(error)),
        }
    }
}

#[cfg(test)]
mod tests;
