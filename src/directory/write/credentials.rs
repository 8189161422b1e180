//! Second factors and keys of an entry: enrolled, used up, made and revoked.
//!
//! Owns what each does to the values that the entry keeps. What they mean is `second_factor`'s and `keys`'.

use super::account::set;
use super::{Draft, decode};
use crate::directory::access::Right;
use crate::directory::attributes::Attributes;
use crate::directory::dn::Dn;
use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::keys::{self, Key};
use crate::directory::request::Terms;
use crate::directory::schema::well_known as known;
use crate::directory::second_factor::code::RecoveryHash;
use crate::directory::second_factor::{Held, Spends};
use crate::directory::target;
use crate::directory::view::View;

/// A change of what an entry can be logged in to with, beside its password.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A second factor that is to be confirmed, sealed.
    Offer(Vec<u8>),
    /// The one that was offered, if it still is: of this step a code was shown.
    Confirm {
        /// As it was offered.
        sealed: Vec<u8>,
        /// The step, used up by this.
        step: u64,
        /// The recovery codes that come with it.
        recovery: Vec<RecoveryHash>,
    },
    /// A second factor that needs no confirmation, sealed; without recovery codes.
    Give(Vec<u8>),
    /// No second factor any more.
    RemoveFactor,
    /// Other recovery codes.
    ReplaceRecovery(Vec<RecoveryHash>),
    /// A key more.
    AddKey(Key),
    /// The key of this name no more.
    RevokeKey(String),
}

impl Credentials {
    /// What becomes of the values of an entry.
    fn apply(&self, view: &View<'_>, after: &mut Attributes) -> Result<(), Error> {
        let held = Held::of(view);
        let values = |hashes: &[RecoveryHash]| hashes.iter().map(|hash| hash.to_vec()).collect();
        match self {
            Credentials::Offer(sealed) => {
                set(
                    after,
                    known::HEDGEROW_OFFERED_SECOND_FACTOR,
                    vec![sealed.clone()],
                );
            }
            Credentials::Confirm {
                sealed,
                step,
                recovery,
            } => {
                if held.offered.as_ref() != Some(sealed) {
                    return refuse(
                        "the enrolment that this code is for is not the last one: enrol again",
                    );
                }
                replace_factor(after, sealed);
                let step = step.to_string().into_bytes();
                set(after, known::HEDGEROW_USED_STEP, vec![step]);
                set(after, known::HEDGEROW_RECOVERY_CODE, values(recovery));
            }
            Credentials::Give(sealed) => replace_factor(after, sealed),
            Credentials::RemoveFactor => remove_factor(after),
            Credentials::ReplaceRecovery(recovery) => {
                if held.sealed.is_none() {
                    return refuse("the account has no second factor: enrol it first");
                }
                set(after, known::HEDGEROW_RECOVERY_CODE, values(recovery));
            }
            Credentials::AddKey(key) => return add_key(view, key, after),
            Credentials::RevokeKey(name) => return revoke_key(view, name, after),
        }
        Ok(())
    }
}

impl Draft<'_> {
    /// Changes what an entry can be logged in to with, with the traces of a modify. Whether the asker may was decided
    /// before.
    pub fn change_credentials(
        &mut self,
        identity: &Identity,
        id: EntryId,
        change: &Credentials,
    ) -> Result<(), Error> {
        let view = View::new(&self.snapshot, id).ok_or_else(gone)?;
        let head = view.entry.head();
        let before = decode(&view);
        let mut after = before.clone();
        change.apply(&view, &mut after)?;
        self.store_changed(identity, id, head, (&before, &after))
    }

    /// Takes the second factor of an entry away, if it has one.
    ///
    /// # Errors
    /// When the asker may not, or a group needs the second factor that is the asker's own.
    pub(super) fn drop_second_factor(
        &mut self,
        identity: &Identity,
        dn: &Dn,
        terms: &Terms,
    ) -> Result<(), Error> {
        let mut access = self.rules.access(&self.snapshot, identity);
        let view = target::find(&self.snapshot, &mut access, dn, terms.manage_referrals)?;
        let (id, held) = (view.id, Held::of(&view));
        let writable = access.mask(&view, Right::Write);
        if !writable.contains(known::HEDGEROW_SECOND_FACTOR) {
            return Err(Error::InsufficientAccess);
        }
        drop(access);
        self.keep_from_owner(identity, id, known::HEDGEROW_SECOND_FACTOR)?;
        let settings = &self.accounts.second_factor;
        if identity.id() == Some(id) && settings.asking(&self.snapshot, id).is_some() {
            return refuse("a group that the account is in needs its second factor");
        }
        if held.sealed.or(held.offered).is_none() {
            return Ok(());
        }
        self.change_credentials(identity, id, &Credentials::RemoveFactor)
    }

    /// Uses up a second factor. No trace of it but the values: nobody has changed the entry.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] when it was used before, or is no longer that of the entry.
    pub fn spend(&mut self, id: EntryId, spends: Spends) -> Result<(), Error> {
        let view = View::new(&self.snapshot, id).ok_or_else(gone)?;
        let held = Held::of(&view);
        let mut attributes = decode(&view);
        match spends {
            Spends::Step(step) if held.sealed.is_some() && step > held.used => {
                set(
                    &mut attributes,
                    known::HEDGEROW_USED_STEP,
                    vec![step.to_string().into_bytes()],
                );
            }
            Spends::Recovery(hash) if held.recovery.contains(&hash) => {
                let left = held.recovery.iter().filter(|left| **left != hash);
                let left = left.map(|hash| hash.to_vec()).collect();
                set(&mut attributes, known::HEDGEROW_RECOVERY_CODE, left);
            }
            Spends::Step(_) | Spends::Recovery(_) => return Err(Error::InvalidCredentials),
        }
        let head = view.entry.head();
        self.store(id, &head, &attributes)
    }
}

fn add_key(view: &View<'_>, key: &Key, after: &mut Attributes) -> Result<(), Error> {
    let keys: Vec<Key> = keys::of(view).collect();
    if keys.iter().any(|other| other.name == key.name) {
        let text = format!(
            "there is a key \"{}\" already: revoke it or choose another name",
            key.name
        );
        return Err(Error::AttributeOrValueExists(text));
    }
    if keys.len() >= keys::MOST {
        let text = format!("an account has at most {} keys: revoke one", keys::MOST);
        return Err(Error::AdminLimitExceeded(text));
    }
    let all = keys.iter().chain([key]).map(Key::encode);
    set(after, known::HEDGEROW_KEY, all.collect());
    Ok(())
}

fn revoke_key(view: &View<'_>, name: &str, after: &mut Attributes) -> Result<(), Error> {
    let keys: Vec<Key> = keys::of(view).collect();
    let left = keys.iter().filter(|key| key.name != name);
    let left: Vec<Vec<u8>> = left.map(Key::encode).collect();
    if left.len() == keys.len() {
        return Err(Error::NoSuchAttribute(format!(
            "there is no key \"{name}\""
        )));
    }
    set(after, known::HEDGEROW_KEY, left);
    Ok(())
}

/// Puts a second factor in the place of all that an entry keeps of one.
fn replace_factor(attributes: &mut Attributes, sealed: &[u8]) {
    remove_factor(attributes);
    set(
        attributes,
        known::HEDGEROW_SECOND_FACTOR,
        vec![sealed.to_vec()],
    );
}

/// Takes away all that an entry keeps of a second factor.
fn remove_factor(attributes: &mut Attributes) {
    for attribute in [
        known::HEDGEROW_SECOND_FACTOR,
        known::HEDGEROW_OFFERED_SECOND_FACTOR,
        known::HEDGEROW_USED_STEP,
        known::HEDGEROW_RECOVERY_CODE,
    ] {
        set(attributes, attribute, Vec::new());
    }
}

fn gone() -> Error {
    Error::NoSuchAttribute("the entry is gone".to_owned())
}

fn refuse(text: &str) -> Result<(), Error> {
    Err(Error::UnwillingToPerform(text.to_owned()))
}
