//! Tokens: what stands for a login in later requests, for clients that have no connection to be bound on.
//!
//! Owns their form, the keys that seal them, and what makes one void. A token says who, by which key if by one, for which
//! audience, since which password, and until when; nothing else is taken from it. Whether the account may be used, and the
//! key from there, is asked at each use, so that a token is void the moment that its account is closed, has another
//! password or is gone, and one of a key the moment that the key is. How a face carries it is the face's.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::account;
use super::authenticate::Standing;
use super::entry::EntryId;
use super::error::Error;
use super::identity::{Identity, Who};
use super::keys::{self, Tag, Wanted};
use super::password::policy::Seconds;
use super::schema::well_known as known;
use super::snapshot::Snapshot;
use super::source::Source;
use super::view::View;
use super::{Directory, random_key};

/// The longest that a token lasts.
pub const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);
/// How long a key seals new tokens.
const RENEWED: Seconds = 60 * 60;

/// The number of the key, the subject, whether a key has logged in and which, the epoch, and the end.
const BODY: usize = 4 + 16 + 1 + 8 + 8 + 8;
const SEAL: usize = 32;

/// The subject of tokens of the administrator, who is no entry.
const ADMINISTRATOR: [u8; 16] = [0; 16];

/// The keys of this process.
#[derive(Default)]
pub(super) struct Tokens(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// The oldest first.
    keys: VecDeque<Key>,
}

#[derive(Clone, Copy)]
struct Key {
    number: u32,
    made: Seconds,
    secret: [u8; 32],
}

/// What a token says.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Body {
    key: u32,
    subject: [u8; 16],
    /// The key that the subject has logged in with, if it was one.
    login: Option<Tag>,
    epoch: u64,
    end: Seconds,
}

impl Tokens {
    /// The key for new tokens; the one before still opens those it has sealed.
    fn newest(&self, now: Seconds) -> std::io::Result<Key> {
        let mut inner = self.inner();
        let longest = i64::try_from(LONGEST.as_secs()).unwrap_or(Seconds::MAX);
        let kept = RENEWED.saturating_add(longest);
        inner
            .keys
            .retain(|key| now.saturating_sub(key.made) <= kept);
        match inner.keys.back() {
            Some(key) if now.saturating_sub(key.made) < RENEWED => Ok(*key),
            last => {
                let key = Key {
                    number: last.map_or(0, |key| key.number.wrapping_add(1)),
                    made: now,
                    secret: random_key()?,
                };
                inner.keys.push_back(key);
                Ok(key)
            }
        }
    }

    fn key(&self, number: u32) -> Option<Key> {
        let inner = self.inner();
        inner.keys.iter().find(|key| key.number == number).copied()
    }

    /// Each change under the lock is whole before anything in it could panic.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Body {
    fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(BODY + SEAL);
        out.extend_from_slice(&self.key.to_be_bytes());
        out.extend_from_slice(&self.subject);
        out.push(u8::from(self.login.is_some()));
        out.extend_from_slice(&self.login.unwrap_or_default());
        out.extend_from_slice(&self.epoch.to_be_bytes());
        out.extend_from_slice(&self.end.to_be_bytes());
        out
    }

    fn read(bytes: &[u8]) -> Option<Body> {
        let (key, rest) = bytes.split_first_chunk()?;
        let (subject, rest) = rest.split_first_chunk()?;
        let ([has_login], rest) = rest.split_first_chunk()?;
        let (login, rest) = rest.split_first_chunk()?;
        let (epoch, rest) = rest.split_first_chunk()?;
        let (end, rest) = rest.split_first_chunk()?;
        rest.is_empty().then_some(Body {
            key: u32::from_be_bytes(*key),
            subject: *subject,
            login: (*has_login == 1).then_some(*login),
            epoch: u64::from_be_bytes(*epoch),
            end: Seconds::from_be_bytes(*end),
        })
    }
}

/// Seals for one audience: a token of one is none of another.
fn seal(key: &Key, body: &[u8], audience: &str) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_keyed(&key.secret);
    hasher.update(body);
    hasher.update(audience.as_bytes());
    hasher.finalize()
}

impl Directory {
    /// A token for an identity that has authenticated, for one audience, for so long but not longer than [`LONGEST`].
    ///
    /// # Errors
    /// When it is nobody's, a process's, that of an entry that is gone, that of an access token, or that of a key which is good
    /// for nothing of what the audience does.
    pub fn issue_token(
        &self,
        identity: &Identity,
        audience: &str,
        lifetime: Duration,
    ) -> Result<String, Error> {
        identity.must_be_logged_in()?;
        let now = self.accounts().clock.seconds();
        let (subject, epoch) = self.subject(identity).ok_or_else(|| {
            Error::UnwillingToPerform("there is no token for this identity".to_owned())
        })?;
        let scopes = self.scopes(identity);
        if scopes.is_some_and(|scopes| !scopes.iter().any(|of| Wanted::Part(audience).is_in(of))) {
            return Err(Error::InsufficientAccess);
        }
        let key = self.0.tokens.newest(now).map_err(|_| {
            Error::Unavailable("the system has no random numbers to give".to_owned())
        })?;
        let seconds = i64::try_from(lifetime.min(LONGEST).as_secs()).unwrap_or(0);
        let body = Body {
            key: key.number,
            subject,
            login: identity.key(),
            epoch,
            end: now.saturating_add(seconds),
        };
        let mut bytes = body.write();
        let seal = seal(&key, &bytes, audience);
        bytes.extend_from_slice(seal.as_bytes());
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Whom a token stands for at this moment, if it comes from there.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] when it was not issued for this audience since the server started or has ended, or
    /// its account is gone, closed, or has another password; of a key also when that is revoked, has expired or
    /// does not fit the source.
    pub fn redeem_token(
        &self,
        token: &str,
        audience: &str,
        source: &Source,
    ) -> Result<Identity, Error> {
        let body = self.open_token(token, audience)?;
        let identity = match (body.subject, body.login) {
            (ADMINISTRATOR, _) => Some(Identity::administrator()),
            (uuid, None) => entry_of(&self.snapshot(), &uuid).map(Identity::entry),
            (uuid, Some(tag)) => self.identity_of_key(&uuid, tag, audience, source),
        };
        let identity = identity.ok_or(Error::InvalidCredentials)?;
        let same = self.subject(&identity) == Some((body.subject, body.epoch));
        if same && self.standing(&identity) == Standing::Open {
            Ok(identity)
        } else {
            Err(Error::InvalidCredentials)
        }
    }

    /// Whom a key stands for that has logged in before, if it still is good.
    fn identity_of_key(
        &self,
        uuid: &[u8; 16],
        tag: Tag,
        audience: &str,
        source: &Source,
    ) -> Option<Identity> {
        let snapshot = self.snapshot();
        let id = entry_of(&snapshot, uuid)?;
        let view = View::new(&snapshot, id)?;
        let key = keys::of(&view).find(|key| key.tag() == tag)?;
        let good = self.is_good(&view, &key, Wanted::Part(audience), source);
        good.then(|| Identity::by_key(id, tag))
    }

    fn open_token(&self, token: &str, audience: &str) -> Result<Body, Error> {
        let now = self.accounts().clock.seconds();
        let opened = || {
            let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
            let (text, sealed) = bytes.split_last_chunk::<SEAL>()?;
            let body = Body::read(text)?;
            let key = self.0.tokens.key(body.key)?;
            let valid = seal(&key, text, audience) == blake3::Hash::from_bytes(*sealed);
            let valid = valid && now < body.end;
            valid.then_some(body)
        };
        opened().ok_or(Error::InvalidCredentials)
    }

    /// What a token says of an identity.
    fn subject(&self, identity: &Identity) -> Option<([u8; 16], u64)> {
        match identity.who() {
            Who::Administrator => {
                let hash = blake3::hash(&self.administrator_hash());
                let epoch = hash.as_bytes().first_chunk().copied().unwrap_or_default();
                Some((ADMINISTRATOR, u64::from_be_bytes(epoch)))
            }
            Who::Entry(id) => {
                let snapshot = self.snapshot();
                let view = View::new(&snapshot, id)?;
                Some((view.entry.uuid(), account::epoch_of(&view)))
            }
            Who::Anonymous | Who::Process { .. } => None,
        }
    }
}

/// The entry with this UUID.
pub(super) fn entry_of(snapshot: &Snapshot, uuid: &[u8; 16]) -> Option<EntryId> {
    let postings = snapshot.index().equal(known::ENTRY_UUID, uuid)?;
    let has = |id: &EntryId| snapshot.entry(*id).is_some_and(|it| it.uuid() == *uuid);
    postings.iter().find(has)
}

#[cfg(test)]
mod tests;
