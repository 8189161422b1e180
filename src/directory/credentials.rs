//! What an account can be logged in to with beside its password: enrolling a second factor, making and revoking keys.
//!
//! Owns who may: whoever the access rules let write `hedgerowSecondFactor` or `hedgerowKey` of the entry. What is made is
//! told once, in the answer, and kept sealed or as a hash only. How a face asks for it is the face's.

mod device;

use std::fmt;

use super::Directory;
use super::dn::Dn;
use super::entry::EntryId;
use super::error::Error;
use super::identity::Identity;
use super::keys::{self, Key, Limits};
use super::lane::Job;
use super::password::Secret;
use super::password::policy::Seconds;
use super::password_change::Whose;
use super::schema::{AttributeTypeId, well_known as known};
use super::second_factor::{self, Held, Purpose, SealingKey, code};
use super::snapshot::Snapshot;
use super::source::Network;
use super::time;
use super::view::View;
use super::write::Credentials;
pub use device::Proposal;
use zeroize::Zeroizing;

/// A second factor that is to be confirmed.
#[derive(Debug)]
pub struct Enrolment {
    /// What the device that is to make the codes is told, as an `otpauth:` URL. It holds the secret.
    pub url: Secret,
}

/// A key that is to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What it is called among those of the account.
    pub name: String,
    /// What it is good for; [`keys::LDAP`] for binds.
    pub scopes: Vec<String>,
    /// Seconds for which it is good; for ever without it.
    pub lasts: Option<u32>,
    /// The networks it may come from; any without one.
    pub networks: Vec<Network>,
    /// The name that the client's certificate must stand for, if it must.
    pub certificate: Option<Dn>,
}

/// A key of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownKey {
    /// What is kept of it.
    pub key: Key,
    /// When it was last used, known to the second that the server was last running.
    pub used: Option<Seconds>,
}

impl ShownKey {
    /// Those of an entry.
    pub(super) fn of(view: &View<'_>) -> Vec<ShownKey> {
        let seen = view.snapshot.activity().of(view.id).unwrap_or_default();
        let shown = keys::of(view).map(|key| {
            let used = seen.keys.iter().find(|(tag, _)| *tag == key.tag());
            let used = used.map(|(_, at)| time::whole_seconds(*at));
            ShownKey { key, used }
        });
        shown.collect()
    }
}

impl fmt::Display for ShownKey {
    /// In one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Key {
            name,
            scopes,
            limits,
            created,
            ..
        } = &self.key;
        let at = |time: Option<Seconds>| time.map_or_else(|| "never".to_owned(), time::generalized);
        write!(f, "{name}  for {}", scopes.join(","))?;
        write!(f, "  made {}", time::generalized(*created))?;
        write!(f, "  expires {}", at(limits.expires))?;
        write!(f, "  last used {}", at(self.used))?;
        for network in &limits.networks {
            write!(f, "  from {network}")?;
        }
        match &limits.certificate {
            Some(certificate) => write!(f, "  with a certificate of {certificate}"),
            None => Ok(()),
        }
    }
}

/// Called once, when what was asked for is on the disk, or with the reason why not.
type Told<T> = Box<dyn FnOnce(Result<T, Error>) + Send>;

impl Directory {
    /// Begins the enrolment of a second factor. It counts from when it is confirmed; until then one that was enrolled before
    /// does.
    pub fn enrol_second_factor(&self, identity: &Identity, whose: &Whose, done: Told<Enrolment>) {
        let offer = self.view_of(identity, whose, known::HEDGEROW_SECOND_FACTOR, |view| {
            let mut secret = Zeroizing::new([0; code::SECRET_LENGTH]);
            fill(secret.as_mut())?;
            let mut nonce = [0; 12];
            fill(&mut nonce)?;
            let sealed = self.sealing_key()?.seal(
                Purpose::SecondFactor,
                &view.entry.uuid(),
                nonce,
                secret.as_ref(),
            );
            let sealed = sealed.ok_or_else(|| unwilling("the secret cannot be sealed"))?;
            let url = code::url(&issuer(view.snapshot), &label(view), secret.as_ref());
            let url = Secret::from(url.into_bytes());
            Ok((Credentials::Offer(sealed), Enrolment { url }))
        });
        self.change_credentials(identity, offer, done);
    }

    /// Ends an enrolment with a code that the device shows. Tells the recovery codes.
    pub fn confirm_second_factor(
        &self,
        identity: &Identity,
        whose: &Whose,
        shown: &Secret,
        done: Told<Vec<Secret>>,
    ) {
        let confirmed = self.view_of(identity, whose, known::HEDGEROW_SECOND_FACTOR, |view| {
            self.sealing_key()?;
            let offered = Held::of(view).offered;
            let sealed = offered.ok_or_else(|| unwilling("nothing is to be confirmed: enrol first"))?;
            let settings = &self.accounts().second_factor;
            let secret = second_factor::open(settings, &view.entry.uuid(), &sealed);
            let secret = secret.ok_or_else(|| {
                unwilling("the enrolment was sealed under another key than second_factor.key_file: enrol again")
            })?;
            let now = self.accounts().clock.seconds().try_into().unwrap_or_default();
            let step = code::step_of(&secret, shown.as_bytes(), now).ok_or_else(|| {
                unwilling("that is not the code of this moment: look at the clocks of the device and of the server, and try the next one")
            })?;
            let (recovery, codes) = recovery(view)?;
            let change = Credentials::Confirm { sealed, step, recovery };
            Ok((change, codes))
        });
        self.change_credentials(identity, confirmed, done);
    }

    /// Takes the second factor of an account away, with its recovery codes.
    pub fn remove_second_factor(&self, identity: &Identity, whose: &Whose, done: Told<()>) {
        let removed = self.view_of(identity, whose, known::HEDGEROW_SECOND_FACTOR, |view| {
            let held = Held::of(view);
            if held.sealed.or(held.offered).is_none() {
                return Err(unwilling("the account has no second factor"));
            }
            Ok((Credentials::RemoveFactor, ()))
        });
        self.change_credentials(identity, removed, done);
    }

    /// Puts new recovery codes in the place of those that are left, and tells them.
    pub fn replace_recovery_codes(
        &self,
        identity: &Identity,
        whose: &Whose,
        done: Told<Vec<Secret>>,
    ) {
        let replaced = self.view_of(identity, whose, known::HEDGEROW_SECOND_FACTOR, |view| {
            let (recovery, codes) = recovery(view)?;
            Ok((Credentials::ReplaceRecovery(recovery), codes))
        });
        self.change_credentials(identity, replaced, done);
    }

    /// Whether an account has a second factor.
    pub fn has_second_factor(&self, name: &Dn) -> bool {
        let snapshot = self.snapshot();
        let view = snapshot
            .find_entry(name)
            .and_then(|id| View::new(&snapshot, id));
        view.is_some_and(|view| Held::of(&view).sealed.is_some())
    }

    /// Makes a key for an account and tells it.
    pub fn create_key(&self, identity: &Identity, whose: &Whose, new: NewKey, done: Told<Secret>) {
        let created = self.view_of(identity, whose, known::HEDGEROW_KEY, |view| {
            let mut random = Zeroizing::new([0; 16]);
            fill(random.as_mut())?;
            let text = keys::text(&view.entry.uuid(), &random);
            let now = self.accounts().clock.seconds();
            let limits = Limits {
                expires: new.lasts.map(|lasts| now.saturating_add(lasts.into())),
                networks: new.networks,
                certificate: new.certificate,
            };
            let key = Key::new(&text, new.name, new.scopes, limits, now)
                .map_err(|error| Error::ConstraintViolation(error.0))?;
            let needed = second_factor::is_needed(&self.accounts().second_factor, view);
            if needed && !key.is_confined() {
                return Err(unwilling(
                    "the account needs a second factor, so that a key in its place must be held to a network or a certificate",
                ));
            }
            Ok((Credentials::AddKey(key), text))
        });
        self.change_credentials(identity, created, done);
    }

    /// Takes a key away from an account; who has logged in with it can do nothing more.
    pub fn revoke_key(&self, identity: &Identity, whose: &Whose, name: &str, done: Told<()>) {
        let revoked = self.view_of(identity, whose, known::HEDGEROW_KEY, |_| {
            Ok((Credentials::RevokeKey(name.to_owned()), ()))
        });
        self.change_credentials(identity, revoked, done);
    }

    /// The keys of an account, without what they are.
    pub fn keys(&self, identity: &Identity, whose: &Whose) -> Result<Vec<ShownKey>, Error> {
        let (_, keys) = self.view_of(identity, whose, known::HEDGEROW_KEY, |view| {
            Ok(ShownKey::of(view))
        })?;
        Ok(keys)
    }

    /// Looks at the entry of an account with which the asker may do this.
    fn view_of<T>(
        &self,
        identity: &Identity,
        whose: &Whose,
        attribute: AttributeTypeId,
        look: impl FnOnce(&View<'_>) -> Result<T, Error>,
    ) -> Result<(EntryId, T), Error> {
        identity.must_be_logged_in()?;
        let id = self.account(identity, whose, attribute)?.ok_or_else(|| {
            unwilling("the administrator has no entry that could hold a second factor or keys")
        })?;
        if identity.key().is_some() && identity.id() == Some(id) {
            // A key is less than the account.
            return Err(Error::InsufficientAccess);
        }
        let snapshot = self.snapshot();
        let view = View::new(&snapshot, id);
        let view = view.ok_or_else(|| Error::NoSuchAttribute("the entry is gone".to_owned()))?;
        Ok((id, look(&view)?))
    }

    /// Has the lane do what was prepared, and tells what came of it.
    fn change_credentials<T: Send + 'static>(
        &self,
        identity: &Identity,
        prepared: Result<(EntryId, (Credentials, T)), Error>,
        done: Told<T>,
    ) {
        let (of, (change, told)) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return done(Err(error)),
        };
        self.enter_lane(Job::Credentials {
            identity: identity.clone(),
            of,
            change,
            done: Box::new(move |outcome| done(outcome.map(|_| told))),
        });
    }

    fn sealing_key(&self) -> Result<&SealingKey, Error> {
        let key = self.accounts().second_factor.key.as_deref();
        key.ok_or_else(|| {
            unwilling("there is no key to seal second factors under: set second_factor.key_file and restart the server")
        })
    }
}

/// New recovery codes for an entry, as they are kept and as they are told.
fn recovery(view: &View<'_>) -> Result<(Vec<code::RecoveryHash>, Vec<Secret>), Error> {
    let codes = code::recovery_codes().map_err(no_random)?;
    let uuid = view.entry.uuid();
    let hashes = codes
        .iter()
        .map(|code| code::recovery_hash(&uuid, code.as_bytes()));
    Ok((hashes.collect(), codes))
}

/// What devices call the directory: the parts of its first suffix, `example.org` of `dc=example,dc=org`.
fn issuer(snapshot: &Snapshot) -> String {
    let suffix = snapshot.suffixes().first();
    let rdns = suffix.iter().flat_map(|suffix| suffix.dn.rdns());
    let values = rdns.flat_map(|rdn| rdn.assertions());
    let texts = values.map(|ava| String::from_utf8_lossy(&ava.value).into_owned());
    texts.collect::<Vec<_>>().join(".")
}

/// What devices call the account: its user name, or its relative name.
fn label(view: &View<'_>) -> String {
    let attributes = super::write::decode(view);
    let uid = attributes.values(known::UID).first();
    uid.map_or_else(
        || view.entry.rdn().to_owned(),
        |uid| String::from_utf8_lossy(uid).into_owned(),
    )
}

pub(super) fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes).map_err(no_random)
}

fn no_random(_: getrandom::Error) -> Error {
    Error::Unavailable("the system has no random numbers to give".to_owned())
}

fn unwilling(text: &str) -> Error {
    Error::UnwillingToPerform(text.to_owned())
}
