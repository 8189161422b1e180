//! Invitations: entries that let somebody who holds a token make an account their own.
//!
//! Owns that a token proves its invitation, once and for as long as that holds, and what accepting it does. Who may invite
//! is decided by the access rules, like any other change; who brings the token has no other right.

use super::Directory;
use super::account;
use super::dn::{Ava, Dn, Rdn};
use super::entry::EntryId;
use super::error::Error;
use super::identity::Identity;
use super::password::{Secret, policy::Seconds};
use super::request::{Change, Modification, ModificationKind, Terms};
use super::schema::well_known as known;
use super::snapshot::Snapshot;
use super::time;
use super::view::View;
use super::write::decode;

/// What somebody says who accepts an invitation.
#[derive(Debug)]
pub struct Acceptance {
    /// The token that they were sent.
    pub token: String,
    /// The name to log in with.
    pub user_name: String,
    /// The name for people.
    pub display_name: String,
    /// The password.
    pub password: Secret,
}

/// The `cn` and the `hedgerowTokenHash` of the invitation of a token.
pub fn names(token: &str) -> (String, String) {
    let hash = blake3::hash(token.as_bytes()).to_hex().to_string();
    let cn = blake3::derive_key("hedgerow invitation name", token.as_bytes());
    let cn = blake3::Hash::from_bytes(cn).to_hex();
    (cn.get(..32).unwrap_or_default().to_owned(), hash)
}

/// An invitation that holds.
struct Invitation {
    entry: Dn,
    user: EntryId,
    user_dn: Dn,
}

impl Directory {
    /// Whether a token is that of an invitation, below `invitations`, that holds.
    pub fn is_invited(&self, invitations: &Dn, token: &str) -> bool {
        self.invitation(&self.snapshot(), invitations, token)
            .is_ok()
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
        let snapshot = self.snapshot();
        let invitation = self.invitation(&snapshot, invitations, token)?;
        let holders = snapshot.index().equal(known::UID, &{
            let mut normal = Vec::new();
            let rule = snapshot.schema().attribute(known::UID).equality;
            let rule = rule.ok_or_else(|| Error::InappropriateMatching("uid".to_owned()))?;
            rule.normalize_value(snapshot.schema(), user_name.as_bytes(), &mut normal)
                .map_err(|_| Error::InvalidAttributeSyntax("uid".to_owned()))?;
            normal
        });
        let mut others = holders.into_iter().flat_map(|holders| holders.iter());
        Ok(others.all(|other| other == invitation.user))
    }

    /// Makes the invited account that of whoever holds the token: sets its names and its password and ends the invitation,
    /// all or nothing. `done` is called once that is on the disk; [`Error::InvalidCredentials`] says that there is no such
    /// invitation.
    pub fn accept_invitation(
        &self,
        invitations: &Dn,
        acceptance: Acceptance,
        done: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) {
        let snapshot = self.snapshot();
        let invitation = match self.invitation(&snapshot, invitations, &acceptance.token) {
            Ok(invitation) => invitation,
            Err(error) => return done(Err(error)),
        };
        drop(snapshot);
        let directory = self.clone();
        // Nobody in particular is above no policy.
        let standard = self.standard_of(&Identity::anonymous(), Some(invitation.user));
        let password = Secret::from(acceptance.password.as_bytes());
        self.judge(standard, password, move |judged| match judged {
            Ok(()) => directory.take_over(&invitation, &acceptance, done),
            Err(error) => done(Err(error)),
        });
    }

    fn take_over(
        &self,
        invitation: &Invitation,
        acceptance: &Acceptance,
        done: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) {
        let replace = |attribute: &str, values: Vec<Vec<u8>>| Modification {
            kind: ModificationKind::Replace,
            attribute: attribute.to_owned(),
            values,
        };
        let ava = Ava {
            attribute: "uid".to_owned(),
            value: acceptance.user_name.as_bytes().to_vec(),
        };
        let new_rdn = match Rdn::parse(&ava.to_string()) {
            Ok(rdn) => rdn,
            Err(error) => return done(Err(Error::NamingViolation(error.to_string()))),
        };
        let shown = acceptance.display_name.as_bytes().to_vec();
        let modify = Change::Modify {
            dn: invitation.user_dn.clone(),
            modifications: vec![
                replace(
                    "userPassword",
                    vec![acceptance.password.as_bytes().to_vec()],
                ),
                replace("pwdReset", Vec::new()),
                replace("displayName", vec![shown.clone()]),
                replace("cn", vec![shown]),
                replace("hedgerowInvitationPending", Vec::new()),
                replace("hedgerowInvitationExpiry", Vec::new()),
            ],
        };
        let rename = Change::Rename {
            dn: invitation.user_dn.clone(),
            new_rdn,
            delete_old_rdn: true,
            new_superior: None,
        };
        let end = Change::Delete {
            dn: invitation.entry.clone(),
        };
        // What the invitation lets its holder do is more than they may do otherwise.
        let identity = Identity::administrator();
        let then = [rename, end].map(|change| (change, Terms::default()));
        let first = (modify, Terms::default());
        self.change_together(&identity, first, then.to_vec(), |outcome| {
            done(outcome.map(|_| ()));
        });
    }

    fn invitation(
        &self,
        snapshot: &Snapshot,
        invitations: &Dn,
        token: &str,
    ) -> Result<Invitation, Error> {
        let none = || Error::InvalidCredentials;
        let (cn, hash) = names(token);
        let rdn = Rdn::parse(&format!("cn={cn}")).map_err(|_| none())?;
        let dn = invitations.child(rdn);
        let id = snapshot.find_entry(&dn).ok_or_else(none)?;
        let attributes = decode(&View::new(snapshot, id).ok_or_else(none)?);
        let schema = snapshot.schema();
        let first = |name: &str| {
            let id = schema.attribute_id(name)?;
            attributes.values(id).first().map(Vec::as_slice)
        };
        let stored = first("hedgerowTokenHash").unwrap_or_default();
        let own: bool = subtle::ConstantTimeEq::ct_eq(stored, hash.as_bytes()).into();
        let ends = first("hedgerowInvitationExpiry").and_then(|time| time::seconds(schema, time));
        let now: Seconds = self.accounts().clock.seconds();
        if !own || ends.is_none_or(|ends| ends <= now) {
            return Err(none());
        }
        let user = first("hedgerowInvited").and_then(|name| std::str::from_utf8(name).ok());
        let user_dn = user
            .and_then(|name| Dn::parse(name).ok())
            .ok_or_else(none)?;
        let user = snapshot.find_entry(&user_dn).ok_or_else(none)?;
        let view = View::new(snapshot, user).ok_or_else(none)?;
        let waits = schema.attribute_id("hedgerowInvitationPending");
        let pending = waits.is_some_and(|id| {
            let values = decode(&view);
            let mut values = values.values(id).iter();
            values.any(|value| value.eq_ignore_ascii_case(b"TRUE"))
        });
        let open = account::Account::of(&view).state.is_open(now);
        (pending && open)
            .then_some(Invitation {
                entry: dn,
                user,
                user_dn,
            })
            .ok_or_else(none)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::directory::account::AccountSettings;
    use crate::directory::fixture;
    use crate::directory::time::Clock;

    fn change(directory: &Directory, change: Change) {
        let (send, receive) = mpsc::channel();
        let administrator = Identity::administrator();
        directory.change(&administrator, change, Terms::default(), move |outcome| {
            send.send(outcome).unwrap();
        });
        receive.recv().unwrap().unwrap();
    }

    fn attributes(of: &[(&str, &str)]) -> Vec<(String, Vec<Vec<u8>>)> {
        let one = |(name, value): &(&str, &str)| {
            (
                (*name).to_owned(),
                value
                    .split(' ')
                    .map(|value| value.as_bytes().to_vec())
                    .collect(),
            )
        };
        of.iter().map(one).collect()
    }

    #[test]
    fn an_invitation_is_accepted_by_its_token_and_once() {
        invite_and_accept(false);
    }

    #[test]
    fn an_invitation_ends_at_its_time() {
        invite_and_accept(true);
    }

    fn invite_and_accept(ends: bool) {
        // The first hour of 2026.
        let clock = Clock::standing(1_767_225_600_000_000);
        let (directory, _) = fixture::served(AccountSettings {
            clock: clock.clone(),
            ..AccountSettings::default()
        });
        let (cn, hash) = names("token");
        let user = "uid=new,dc=a";
        change(
            &directory,
            Change::Add {
                dn: Dn::parse(user).unwrap(),
                attributes: attributes(&[
                    ("objectClass", "inetOrgPerson hedgerowAccount hedgerowUser"),
                    ("uid", "new"),
                    ("cn", "new"),
                    ("sn", "new"),
                    ("hedgerowInvitationPending", "TRUE"),
                ]),
            },
        );
        change(
            &directory,
            Change::Add {
                dn: Dn::parse(&format!("cn={cn},dc=a")).unwrap(),
                attributes: attributes(&[
                    ("objectClass", "hedgerowInvitation"),
                    ("cn", &cn),
                    ("hedgerowTokenHash", &hash),
                    ("hedgerowInvited", user),
                    ("hedgerowInvitationExpiry", "20260101010000Z"),
                    ("mail", "new@example.org"),
                ]),
            },
        );
        let top = Dn::parse("dc=a").unwrap();
        assert!(directory.is_invited(&top, "token"));
        for other in ["", "Token", "token ", &cn, &hash] {
            assert!(!directory.is_invited(&top, other), "{other}");
        }
        assert!(!directory.is_invited(&Dn::parse("o=b").unwrap(), "token"));
        assert_eq!(
            directory.is_free_for_invited(&top, "token", "NEW"),
            Ok(true)
        );
        clock.advance(3_599);
        assert!(directory.is_invited(&top, "token"));
        let accept = || {
            let (send, receive) = mpsc::channel();
            let acceptance = Acceptance {
                token: "token".to_owned(),
                user_name: "ada".to_owned(),
                display_name: "Ada".to_owned(),
                password: Secret::from(b"a password".as_slice()),
            };
            let told = move |outcome| send.send(outcome).unwrap();
            directory.accept_invitation(&top, acceptance, told);
            receive.recv().unwrap()
        };
        if ends {
            clock.advance(1);
        }
        let expected = if ends {
            Err(Error::InvalidCredentials)
        } else {
            Ok(())
        };
        assert_eq!(accept(), expected);
        if ends {
            return;
        }
        assert_eq!(accept(), Err(Error::InvalidCredentials));
        let snapshot = directory.snapshot();
        let uid = Dn::parse("uid=ada,dc=a").unwrap();
        assert!(snapshot.find_entry(&uid).is_some());
        assert!(snapshot.find_entry(&Dn::parse(user).unwrap()).is_none());
    }
}
