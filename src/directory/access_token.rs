//! Access tokens: entries that let whoever holds their text ask as the user they stand for, until they end or are taken
//! back.
//!
//! Owns their text, that the entry is asked at each use, that a token goes with its user and with who made it, and that
//! making and taking back one is open to the user itself and to whoever may write the user's keys. The text is told once; the
//! entry has a hash of it. A token outlasts the password, as keys do: it goes when it is taken back or the account closed. It
//! is less than its user: nothing that accounts are proved by, itself included, is made or changed by it.

use std::collections::BTreeSet;

use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use super::Directory;
use super::access::Right;
use super::attributes::Attributes;
use super::authenticate::{Standing, holders};
use super::dn::{Dn, Rdn};
use super::entry::EntryId;
use super::error::Error;
use super::identity::Identity;
use super::password::Secret;
use super::password::policy::Seconds;
use super::request::{Change, Terms};
use super::schema::AttributeTypeId;
use super::schema::well_known::{self as known, class};
use super::second_factor;
use super::snapshot::Snapshot;
use super::time;
use super::view::View;
use super::write::decode;

/// What every access token begins with, so that one that has leaked can be found by searching for it.
pub const PREFIX: &str = "hgrt_";
/// Access tokens that one user may have.
pub const MOST: usize = 64;
/// Bytes that nobody guesses, so that a hash which costs nothing is as good as a slow one.
const RANDOM: usize = 20;
/// Bytes of the id, which is the name of the entry.
const ID: usize = 16;

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it is called.
    pub name: String,
    /// When it ends, if ever.
    pub expires: Option<Seconds>,
}

/// A token as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownToken {
    /// What names it.
    pub id: String,
    /// Its entry.
    pub dn: Dn,
    /// The user that it stands for.
    pub owner: Dn,
    /// What it is called.
    pub name: String,
    /// When it ends, if ever.
    pub expires: Option<Seconds>,
    /// When it was last used, if ever.
    pub used: Option<Seconds>,
    /// When it was made.
    pub created: Seconds,
    /// The `uid` of who made it; `None` for the administrator, who has no entry.
    pub creator: Option<String>,
}

impl Directory {
    /// Makes a token, below `tokens`, for a user: the text that stands for them, told here and never again. Its entry
    /// is made as the administrator: whoever may prove an account may also make what stands for it, and needs no right
    /// to add entries for that.
    ///
    /// # Errors
    /// [`Error::LoginNeeded`] when a token asks, [`Error::InsufficientAccess`] when it is neither the asker's own account nor
    /// one that they may write the keys of, [`Error::UnwillingToPerform`] when the user needs a second factor or has [`MOST`],
    /// and those of the change. Of two that make `tokens` at the same time one gets [`Error::EntryAlreadyExists`], and can ask
    /// again.
    pub fn create_access_token(
        &self,
        identity: &Identity,
        (tokens, owner): (&Dn, &Dn),
        new: NewToken,
        done: impl FnOnce(Result<Secret, Error>) + Send + 'static,
    ) {
        let drawn = self.draw(identity, (tokens, owner), new);
        let (made, changes) = match drawn {
            Ok(drawn) => drawn,
            Err(error) => return done(Err(error)),
        };
        let mut changes = changes.into_iter();
        let Some(first) = changes.next() else {
            return done(Ok(made));
        };
        let acting = identity.as_administrator(self.name(identity));
        self.change_together(&acting, first, changes.collect(), |outcome| {
            done(outcome.map(|_| made));
        });
    }

    /// Takes a token back.
    ///
    /// # Errors
    /// [`Error::InsufficientAccess`] as for making one, and those of the change.
    pub fn revoke_access_token(
        &self,
        identity: &Identity,
        token: &ShownToken,
        done: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) {
        if let Err(error) = self.may_manage(identity, &token.owner) {
            return done(Err(error));
        }
        let change = Change::Delete {
            dn: token.dn.clone(),
        };
        let acting = identity.as_administrator(self.name(identity));
        self.change(&acting, change, Terms::default(), |it| {
            done(it.map(|_| ()));
        });
    }

    /// The tokens of a user, without what they are, the oldest first.
    pub fn access_tokens(&self, owner: &Dn) -> Vec<ShownToken> {
        let snapshot = self.snapshot();
        let owner = snapshot.find_entry(owner);
        let tokens = owner.map(|id| naming(&snapshot, known::HEDGEROW_OWNER, id));
        let shown = tokens
            .into_iter()
            .flatten()
            .filter_map(|id| shown(&snapshot, id));
        shown.collect()
    }

    /// How many tokens a user has.
    pub fn count_access_tokens(&self, owner: &Dn) -> usize {
        let snapshot = self.snapshot();
        let owner = snapshot.find_entry(owner);
        owner.map_or(0, |id| naming(&snapshot, known::HEDGEROW_OWNER, id).len())
    }

    /// The token of an id, below `tokens`.
    pub fn access_token(&self, tokens: &Dn, id: &str) -> Option<ShownToken> {
        let snapshot = self.snapshot();
        shown(&snapshot, snapshot.find_entry(&name(tokens, id)?)?)
    }

    /// Whom an access token, whose entry is below `tokens`, stands for at this moment.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] when it is none, has ended or was taken back, or its user is gone, closed or needs a
    /// second factor.
    pub fn redeem_access_token(&self, tokens: &Dn, text: &Secret) -> Result<Identity, Error> {
        self.redeemed(tokens, text).ok_or(Error::InvalidCredentials)
    }

    fn redeemed(&self, tokens: &Dn, text: &Secret) -> Option<Identity> {
        let text = text.as_bytes().strip_prefix(PREFIX.as_bytes())?;
        let bytes = Zeroizing::new(BASE32_NOPAD.decode(text).ok()?);
        let (id, random) = bytes.split_first_chunk::<ID>()?;
        let snapshot = self.snapshot();
        let entry = snapshot.find_entry(&name(tokens, &id_text(id))?)?;
        let view = View::new(&snapshot, entry)?;
        let attributes = decode(&view);
        let stored = attributes.values(known::HEDGEROW_TOKEN_HASH).first()?;
        let own: bool =
            subtle::ConstantTimeEq::ct_eq(stored.as_slice(), hash(random).as_bytes()).into();
        let clock = &self.accounts().clock;
        let shown = shown(&snapshot, entry)?;
        let over = shown.expires.is_some_and(|it| it <= clock.seconds());
        if !own || over || !view.has_class(class::HEDGEROW_TOKEN) {
            return None;
        }
        let owner = View::new(&snapshot, snapshot.find_entry(&shown.owner)?)?;
        let identity = Identity::by_access_token(owner.id);
        let good = self.standing(&identity) == Standing::Open && !self.needs_more(&owner);
        good.then(|| {
            snapshot.activity().succeeded(entry, clock.now());
            identity
        })
    }

    /// What is to be done for a new token, and what is told of it.
    fn draw(
        &self,
        identity: &Identity,
        (tokens, owner): (&Dn, &Dn),
        new: NewToken,
    ) -> Result<(Secret, Vec<(Change, Terms)>), Error> {
        identity.must_be_logged_in()?;
        self.may_manage(identity, owner)?;
        let snapshot = self.snapshot();
        let gone = || Error::NoSuchObject {
            matched: String::new(),
        };
        let id = snapshot.find_entry(owner).ok_or_else(gone)?;
        let view = View::new(&snapshot, id).ok_or_else(gone)?;
        let uuid = view.entry.uuid();
        self.may_have_another(&view)?;
        let mut random = Zeroizing::new([0; ID + RANDOM]);
        getrandom::fill(random.as_mut()).map_err(|_| {
            Error::Unavailable("the system has no random numbers to give".to_owned())
        })?;
        let (first, rest) = random.split_first_chunk::<ID>().ok_or_else(gone)?;
        let text = |name: &str, value: &str| (name.to_owned(), vec![value.as_bytes().to_vec()]);
        let mut attributes = vec![
            text("objectClass", "hedgerowToken"),
            text("hedgerowOwner", &uuid::Uuid::from_bytes(uuid).to_string()),
            text("hedgerowTokenHash", &hash(rest)),
            text("displayName", &new.name),
        ];
        attributes.extend(
            self.uuid(identity)
                .map(|it| text("hedgerowTokenCreator", &it)),
        );
        attributes.extend(
            new.expires
                .map(|it| text("hedgerowTokenExpiry", &time::generalized(it))),
        );
        let mut changes = Vec::new();
        if snapshot.find_entry(tokens).is_none() {
            let attributes = vec![
                text("objectClass", "organizationalUnit"),
                text("ou", "tokens"),
            ];
            let dn = tokens.clone();
            changes.push((Change::Add { dn, attributes }, Terms::default()));
        }
        let dn = name(tokens, &id_text(first)).ok_or_else(gone)?;
        changes.push((Change::Add { dn, attributes }, Terms::default()));
        let shown = format!("{PREFIX}{}", BASE32_NOPAD.encode(random.as_ref()));
        Ok((Secret::from(shown.into_bytes()), changes))
    }

    /// Whether an account is one that a token stands for, and has not had its share of them.
    fn may_have_another(&self, view: &View<'_>) -> Result<(), Error> {
        if self.needs_more(view) {
            let text = "the account needs a second factor, in whose place no access token stands: use a key that is held to a network";
            return Err(Error::UnwillingToPerform(text.to_owned()));
        }
        if naming(view.snapshot, known::HEDGEROW_OWNER, view.id).len() >= MOST {
            let text =
                format!("an account has {MOST} access tokens at the most: take one back first");
            return Err(Error::UnwillingToPerform(text));
        }
        Ok(())
    }

    /// Whether an account is proved by more than one thing alone. As with keys, one that is held to no network is good for
    /// nothing then.
    fn needs_more(&self, view: &View<'_>) -> bool {
        second_factor::is_needed(&self.accounts().second_factor, view)
    }

    /// Tokens of a user are made and taken back by the user itself and by whoever may write all that a token stands for.
    fn may_manage(&self, identity: &Identity, owner: &Dn) -> Result<(), Error> {
        let snapshot = self.snapshot();
        let view = snapshot
            .find_entry(owner)
            .and_then(|id| View::new(&snapshot, id));
        let view = view.ok_or(Error::NoSuchObject {
            matched: String::new(),
        })?;
        let access = self.rules().access(&snapshot, identity);
        let own = identity.key().is_none() && identity.id() == Some(view.id);
        if own
            || access
                .mask(&view, Right::Write)
                .contains(known::HEDGEROW_KEY)
        {
            Ok(())
        } else {
            Err(Error::InsufficientAccess)
        }
    }
}

/// The tokens that stand for an entry or were made by it: they go with it.
pub(super) fn depending_on(snapshot: &Snapshot, id: EntryId) -> BTreeSet<EntryId> {
    let mut found = naming(snapshot, known::HEDGEROW_OWNER, id);
    found.extend(naming(snapshot, known::HEDGEROW_TOKEN_CREATOR, id));
    found
}

/// The tokens that name an entry by its UUID, the oldest first.
fn naming(snapshot: &Snapshot, attribute: AttributeTypeId, id: EntryId) -> BTreeSet<EntryId> {
    let uuid = snapshot.entry(id).map(|entry| entry.uuid());
    let uuid = uuid.map(|uuid| uuid::Uuid::from_bytes(uuid).to_string());
    let found = uuid.and_then(|uuid| holders(snapshot, attribute, uuid.as_bytes()));
    let is_token = |id: &EntryId| {
        View::new(snapshot, *id).is_some_and(|it| it.has_class(class::HEDGEROW_TOKEN))
    };
    found.into_iter().flatten().filter(is_token).collect()
}

fn shown(snapshot: &Snapshot, id: EntryId) -> Option<ShownToken> {
    let view = View::new(snapshot, id)?;
    let attributes = decode(&view);
    let text = |attribute| first(&attributes, attribute);
    let owner = entry_of(snapshot, &text(known::HEDGEROW_OWNER)?)?;
    let creator = text(known::HEDGEROW_TOKEN_CREATOR);
    let creator = creator.and_then(|uuid| View::new(snapshot, entry_of(snapshot, &uuid)?));
    let creator = creator.and_then(|view| first(&decode(&view), known::UID));
    let ends = attributes.values(known::HEDGEROW_TOKEN_EXPIRY).first();
    let seen = snapshot.activity().of(id).and_then(|seen| seen.success);
    let schema = snapshot.schema();
    Some(ShownToken {
        id: text(known::CN)?,
        dn: Dn::parse(&snapshot.dn(id)).ok()?,
        owner: Dn::parse(&snapshot.dn(owner)).ok()?,
        name: text(known::DISPLAY_NAME).unwrap_or_default(),
        // An end that cannot be read is over.
        expires: ends.map(|it| time::seconds(schema, it).unwrap_or_default()),
        used: seen.map(time::whole_seconds),
        created: view.entry.created(),
        creator,
    })
}

fn first(attributes: &Attributes, attribute: AttributeTypeId) -> Option<String> {
    let first = attributes.values(attribute).first();
    first.map(|value| String::from_utf8_lossy(value).into_owned())
}

/// The entry of a UUID as it is written.
fn entry_of(snapshot: &Snapshot, uuid: &str) -> Option<EntryId> {
    let uuid = uuid::Uuid::try_parse(uuid).ok()?;
    super::token::entry_of(snapshot, uuid.as_bytes())
}

fn id_text(id: &[u8; ID]) -> String {
    uuid::Builder::from_random_bytes(*id)
        .into_uuid()
        .to_string()
}

fn name(tokens: &Dn, id: &str) -> Option<Dn> {
    let id = uuid::Uuid::try_parse(id).ok()?;
    Some(tokens.child(Rdn::parse(&format!("cn={id}")).ok()?))
}

/// What is kept of the part that nobody guesses.
fn hash(random: &[u8]) -> String {
    blake3::hash(random).to_hex().to_string()
}

#[cfg(test)]
mod tests;
