//! Invitations: entries that let somebody who holds a token become a user.
//!
//! Owns that a token proves its invitation, once and for as long as that holds, and what is still to be mailed. What
//! accepting one does is in `accept`. Who may invite is decided by the access rules, like any other change: whoever may
//! write invitations may give away all that an invitation gives. Who brings the token has no other right.
//!
//! A token is made when its mail is, so that only its hash need be kept: a mail that could not be sent is made anew with a
//! token of its own. Where there is a key to seal under, what is sealed is kept as well, for administrators who hand over
//! what the mail did not bring.

mod accept;
#[cfg(test)]
mod tests;

pub use accept::{Acceptance, Newcomer, joining, joins};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use super::Directory;
use super::access::Right;
use super::account;
use super::attributes::Attributes;
use super::credentials::fill;
use super::dn::Dn;
use super::entry::EntryId;
use super::error::Error;
use super::identity::Identity;
use super::password::{Secret, policy::Seconds};
use super::request::{Change, Modification, ModificationKind, Terms};
use super::second_factor::Purpose;
use super::snapshot::Snapshot;
use super::target;
use super::time;
use super::token::entry_of;
use super::view::View;
use super::write::decode;

/// The class of invitations.
pub const CLASS: &str = "hedgerowInvitation";
/// The attribute that says until when one holds.
pub const EXPIRY: &str = "hedgerowInvitationExpiry";
/// The attribute that names the user entry that waits, if there is one.
pub const INVITED: &str = "hedgerowInvited";
/// The attribute that names the groups that who accepts becomes a member of.
pub const INVITED_TO: &str = "hedgerowInvitedTo";
/// The attribute that says that a mail is to be sent.
pub const MAIL_PENDING: &str = "hedgerowMailPending";
/// The attribute that says of a user entry that it waits.
pub const PENDING: &str = "hedgerowInvitationPending";
const HASH: &str = "hedgerowTokenHash";
const SEALED: &str = "hedgerowSealedToken";

/// What is to be mailed.
pub struct Letter {
    /// To whom.
    pub mail: String,
    /// The token that the invitation has from now on.
    pub token: Secret,
    /// When the invitation ends.
    pub expiry: String,
    /// What whoever invites wants to be said.
    pub note: Option<String>,
}

/// An invitation that holds.
struct Invitation {
    dn: Dn,
    attributes: Attributes,
    /// The user that waits for it, if one does.
    user: Option<(EntryId, Dn)>,
}

impl Directory {
    /// The address that the invitation of a token, below `invitations`, was sent to; `None` when no such invitation holds.
    pub fn invited(&self, invitations: &Dn, token: &str) -> Option<String> {
        let snapshot = self.snapshot();
        let invitation = self.invitation(&snapshot, invitations, token).ok()?;
        first(&snapshot, &invitation.attributes, "mail")
    }

    /// Whether somebody who holds an invitation can have a user name.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] when there is no such invitation, or it has ended.
    pub fn is_free_for_invited(
        &self,
        invitations: &Dn,
        token: &str,
        user_name: &str,
    ) -> Result<bool, Error> {
        use super::schema::well_known::UID;
        let snapshot = self.snapshot();
        let invitation = self.invitation(&snapshot, invitations, token)?;
        let holders = snapshot.index().equal(UID, &{
            let mut normal = Vec::new();
            let rule = snapshot.schema().attribute(UID).equality;
            let rule = rule.ok_or_else(|| Error::InappropriateMatching("uid".to_owned()))?;
            rule.normalize_value(snapshot.schema(), user_name.as_bytes(), &mut normal)
                .map_err(|_| Error::InvalidAttributeSyntax("uid".to_owned()))?;
            normal
        });
        let own = invitation.user.map(|(id, _)| id);
        let mut others = holders.into_iter().flat_map(|holders| holders.iter());
        Ok(others.all(|other| Some(other) == own))
    }

    /// The invitations below `invitations` that hold and whose mail is still to be sent. Looks at all of them.
    pub fn unsent_invitations(&self, invitations: &Dn) -> Vec<Dn> {
        let snapshot = self.snapshot();
        let now = self.accounts().clock.seconds();
        let unit = snapshot.find_entry(invitations);
        let children = unit.and_then(|id| snapshot.children(id));
        let unsent = children.into_iter().flat_map(|children| children.iter());
        let unsent = unsent.filter(|id| {
            let attributes = View::new(&snapshot, *id).map(|view| decode(&view));
            attributes.is_some_and(|it| {
                is_true(&snapshot, &it, MAIL_PENDING) && holds(&snapshot, &it, now)
            })
        });
        let names = unsent.map(|id| Dn::parse(&snapshot.dn(id)));
        names.filter_map(Result::ok).collect()
    }

    /// Gives an invitation whose mail is to be sent a new token, the only one from then on. `done` is called once that is
    /// on the disk; with `None` when the mail was sent already, or is of no use any more.
    pub fn renew_invitation(
        &self,
        invitation: &Dn,
        done: impl FnOnce(Result<Option<Letter>, Error>) + Send + 'static,
    ) {
        let (letter, steps) = match self.letter(invitation) {
            Ok(Some(made)) => made,
            Ok(None) => return done(Ok(None)),
            Err(error) => return done(Err(error)),
        };
        let change = Change::Modify {
            dn: invitation.clone(),
            modifications: steps,
        };
        // Whoever invited need not be there when the mail goes.
        let identity = Identity::administrator();
        self.change(&identity, change, Terms::default(), |outcome| {
            done(outcome.map(|_| Some(letter)));
        });
    }

    fn letter(&self, invitation: &Dn) -> Result<Option<(Letter, Vec<Modification>)>, Error> {
        let snapshot = self.snapshot();
        let id = snapshot.find_entry(invitation);
        let Some(view) = id.and_then(|id| View::new(&snapshot, id)) else {
            return Ok(None);
        };
        let attributes = decode(&view);
        let now = self.accounts().clock.seconds();
        if !is_true(&snapshot, &attributes, MAIL_PENDING) || !holds(&snapshot, &attributes, now) {
            return Ok(None);
        }
        let text = |name| first(&snapshot, &attributes, name).unwrap_or_default();
        let uuid = view.entry.uuid();
        let mut random = [0; 32];
        fill(&mut random)?;
        let token = URL_SAFE_NO_PAD.encode([uuid.as_slice(), &random].concat());
        let mut nonce = [0; 12];
        fill(&mut nonce)?;
        let key = self.accounts().second_factor.key.as_ref();
        let sealed =
            key.and_then(|key| key.seal(Purpose::Invitation, &uuid, nonce, token.as_bytes()));
        let steps = vec![
            replace(HASH, vec![hash(&token).into_bytes()]),
            replace(SEALED, sealed.into_iter().collect()),
        ];
        let letter = Letter {
            mail: text("mail"),
            token: Secret::from(token.into_bytes()),
            expiry: text(EXPIRY),
            note: first(&snapshot, &attributes, "description"),
        };
        Ok(Some((letter, steps)))
    }

    /// Notes that the mail of an invitation was sent. `done` is called once that is on the disk.
    pub fn note_sent_invitation(
        &self,
        invitation: &Dn,
        done: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) {
        let change = Change::Modify {
            dn: invitation.clone(),
            modifications: vec![replace(MAIL_PENDING, Vec::new())],
        };
        let identity = Identity::administrator();
        self.change(&identity, change, Terms::default(), |outcome| {
            done(outcome.map(|_| ()));
        });
    }

    /// The token of an invitation, for who may give it another; `None` when it has none yet, or none was sealed.
    pub fn token_of_invitation(&self, identity: &Identity, invitation: &Dn) -> Option<Secret> {
        let snapshot = self.snapshot();
        let mut access = self.rules().access(&snapshot, identity);
        let view = target::find(&snapshot, &mut access, invitation, true).ok()?;
        let writable = access.mask(&view, Right::Write);
        let attribute = snapshot.schema().attribute_id(HASH)?;
        if !writable.contains(attribute) {
            return None;
        }
        let attributes = decode(&view);
        let sealed = snapshot.schema().attribute_id(SEALED)?;
        let sealed = attributes.values(sealed).first()?;
        let key = self.accounts().second_factor.key.as_ref()?;
        let token = key.open(Purpose::Invitation, &view.entry.uuid(), sealed)?;
        // What was sealed counts for as long as it is the token.
        let current = first(&snapshot, &attributes, HASH)?;
        let text = std::str::from_utf8(&token).ok()?;
        (hash(text) == current).then(|| Secret::from(token.as_slice()))
    }

    fn invitation(
        &self,
        snapshot: &Snapshot,
        invitations: &Dn,
        token: &str,
    ) -> Result<Invitation, Error> {
        let found = self.find_invitation(snapshot, invitations, token);
        found.ok_or(Error::InvalidCredentials)
    }

    fn find_invitation(
        &self,
        snapshot: &Snapshot,
        invitations: &Dn,
        token: &str,
    ) -> Option<Invitation> {
        let decoded = URL_SAFE_NO_PAD.decode(token).ok()?;
        let id = entry_of(snapshot, decoded.first_chunk()?)?;
        let view = View::new(snapshot, id)?;
        if Some(view.entry.parent()) != snapshot.find_entry(invitations) {
            return None;
        }
        let attributes = decode(&view);
        let stored = first(snapshot, &attributes, HASH)?;
        let own: bool = stored.as_bytes().ct_eq(hash(token).as_bytes()).into();
        let now = self.accounts().clock.seconds();
        if !own || !holds(snapshot, &attributes, now) {
            return None;
        }
        let user = match first(snapshot, &attributes, INVITED) {
            Some(name) => Some(waiting(snapshot, Dn::parse(&name).ok()?, now)?),
            None => None,
        };
        let dn = Dn::parse(&snapshot.dn(id)).ok()?;
        Some(Invitation {
            dn,
            attributes,
            user,
        })
    }
}

/// A user that waits for its invitation to be accepted, and is not closed.
fn waiting(snapshot: &Snapshot, dn: Dn, now: Seconds) -> Option<(EntryId, Dn)> {
    let id = snapshot.find_entry(&dn)?;
    let view = View::new(snapshot, id)?;
    let open = account::Account::of(&view).state.is_open(now);
    (open && is_true(snapshot, &decode(&view), PENDING)).then_some((id, dn))
}

/// What stands for a token where it is kept. It is too long to be guessed, whatever one try costs.
fn hash(token: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("hedgerow invitation");
    let hash = hasher.update(token.as_bytes()).finalize();
    hash.to_hex().to_string()
}

/// Whether an invitation has not ended.
fn holds(snapshot: &Snapshot, attributes: &Attributes, now: Seconds) -> bool {
    let ends = first(snapshot, attributes, EXPIRY);
    let ends = ends.and_then(|time| time::seconds(snapshot.schema(), time.as_bytes()));
    ends.is_some_and(|ends| now < ends)
}

fn is_true(snapshot: &Snapshot, attributes: &Attributes, name: &str) -> bool {
    first(snapshot, attributes, name).is_some_and(|value| value.eq_ignore_ascii_case("TRUE"))
}

fn first(snapshot: &Snapshot, attributes: &Attributes, name: &str) -> Option<String> {
    let id = snapshot.schema().attribute_id(name)?;
    let value = attributes.values(id).first()?;
    std::str::from_utf8(value).ok().map(str::to_owned)
}

fn replace(attribute: &str, values: Vec<Vec<u8>>) -> Modification {
    Modification {
        kind: ModificationKind::Replace,
        attribute: attribute.to_owned(),
        values,
    }
}
