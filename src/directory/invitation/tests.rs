//! Invitations as they are made, mailed and accepted, by hand and one after the other.

use std::sync::{Arc, mpsc};

use super::*;
use crate::directory::account::AccountSettings;
use crate::directory::fixture;
use crate::directory::schema::well_known as known;
use crate::directory::second_factor::{SealingKey, SecondFactorSettings};
use crate::directory::time::Clock;

const USER: &str = "uid=new,dc=a";
const INVITATION: &str = "cn=invitation,dc=a";

fn dn(text: &str) -> Dn {
    Dn::parse(text).unwrap()
}

fn result<T: Send + 'static>(
    ask: impl FnOnce(Box<dyn FnOnce(Result<T, Error>) + Send>),
) -> Result<T, Error> {
    let (send, receive) = mpsc::channel();
    ask(Box::new(move |outcome| send.send(outcome).unwrap()));
    receive.recv().unwrap()
}

fn add(directory: &Directory, name: &str, attributes: &[(&str, &str)]) {
    let attributes = attributes.iter().map(|(name, values)| {
        let values = values.split('|').map(|value| value.as_bytes().to_vec());
        ((*name).to_owned(), values.collect())
    });
    let change = Change::Add {
        dn: dn(name),
        attributes: attributes.collect(),
    };
    let administrator = Identity::administrator();
    result(|done| directory.change(&administrator, change, Terms::default(), done)).unwrap();
}

/// A directory in the first minute of 2026, in which an invitation ends an hour later.
fn inviting(key: bool, attributes: &[(&str, &str)]) -> (Directory, Clock) {
    let clock = Clock::standing(1_767_225_600_000_000);
    let key = key.then(|| Arc::new(SealingKey::new(&[7; 32]).unwrap()));
    let (directory, _) = fixture::served(AccountSettings {
        clock: clock.clone(),
        second_factor: SecondFactorSettings {
            key,
            ..SecondFactorSettings::default()
        },
        ..AccountSettings::default()
    });
    let own = [
        ("cn", "invitation"),
        ("hedgerowInvitationExpiry", "20260101010000Z"),
        ("hedgerowMailPending", "TRUE"),
        ("mail", "new@example.org"),
    ];
    let mut all = own.to_vec();
    all.extend(attributes);
    add(&directory, INVITATION, &all);
    (directory, clock)
}

const WAITING: &[(&str, &str)] = &[
    ("objectClass", "hedgerowInvitation"),
    ("hedgerowInvited", USER),
];

fn add_waiting_user(directory: &Directory) {
    let attributes = [
        ("objectClass", "inetOrgPerson|hedgerowAccount|hedgerowUser"),
        ("uid", "new"),
        ("cn", "new"),
        ("sn", "new"),
        ("hedgerowInvitationPending", "TRUE"),
    ];
    add(directory, USER, &attributes);
}

fn renew(directory: &Directory) -> Option<String> {
    let letter = result(|done| directory.renew_invitation(&dn(INVITATION), done)).unwrap()?;
    assert_eq!(letter.mail, "new@example.org");
    assert_eq!(letter.expiry, "20260101010000Z");
    Some(String::from_utf8(letter.token.as_bytes().to_vec()).unwrap())
}

fn accept(directory: &Directory, token: &str) -> Result<(), Error> {
    let attributes = [
        ("objectClass", "inetOrgPerson"),
        ("uid", "ada"),
        ("cn", "Ada"),
        ("sn", "Ada"),
    ];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), vec![value.into()]));
    let acceptance = Acceptance {
        token: token.to_owned(),
        user_name: "ada".to_owned(),
        display_name: "Ada".to_owned(),
        password: Secret::from(b"a password".as_slice()),
        newcomer: Newcomer {
            dn: dn("uid=ada,dc=a"),
            attributes: attributes.to_vec(),
        },
    };
    result(|done| directory.accept_invitation(&dn("dc=a"), acceptance, done))
}

#[test]
fn an_entry_that_waits_goes_to_who_holds_the_token_and_once() {
    let (directory, clock) = inviting(true, WAITING);
    add_waiting_user(&directory);
    let token = renew(&directory).unwrap();
    let top = dn("dc=a");
    let invited = |token: &str| directory.invited(&top, token);
    assert_eq!(invited(&token).as_deref(), Some("new@example.org"));
    let (upper, longer) = (token.to_ascii_uppercase(), format!("{token} "));
    for other in ["", &upper, &longer, &token[1..], &hash(&token)] {
        assert_eq!(invited(other), None, "{other}");
    }
    assert_eq!(directory.invited(&dn("o=b"), &token), None);
    assert_eq!(directory.is_free_for_invited(&top, &token, "NEW"), Ok(true));
    clock.advance(3_599);
    assert_eq!(accept(&directory, &token), Ok(()));
    assert_eq!(accept(&directory, &token), Err(Error::InvalidCredentials));
    let snapshot = directory.snapshot();
    assert!(snapshot.find_entry(&dn("uid=ada,dc=a")).is_some());
    assert!(snapshot.find_entry(&dn(USER)).is_none());
    assert!(snapshot.find_entry(&dn(INVITATION)).is_none());
}

#[test]
fn an_invitation_ends_at_its_time() {
    let (directory, clock) = inviting(true, WAITING);
    add_waiting_user(&directory);
    let token = renew(&directory).unwrap();
    assert_eq!(directory.unsent_invitations(&dn("dc=a")), [dn(INVITATION)]);
    clock.advance(3_600);
    assert_eq!(accept(&directory, &token), Err(Error::InvalidCredentials));
    assert!(directory.unsent_invitations(&dn("dc=a")).is_empty());
    assert!(renew(&directory).is_none());
}

#[test]
fn an_invitation_does_not_reopen_an_account_that_does_not_wait() {
    let (directory, _) = inviting(true, WAITING);
    let token = renew(&directory).unwrap();
    assert_eq!(accept(&directory, &token), Err(Error::InvalidCredentials));
    let settled = [
        ("objectClass", "inetOrgPerson"),
        ("uid", "new"),
        ("cn", "new"),
        ("sn", "new"),
    ];
    add(&directory, USER, &settled);
    assert_eq!(accept(&directory, &token), Err(Error::InvalidCredentials));
}

#[test]
fn a_mail_that_is_made_anew_has_a_token_of_its_own_and_none_once_it_is_sent() {
    let (directory, _) = inviting(true, &[("objectClass", "hedgerowInvitation")]);
    let top = dn("dc=a");
    let first = renew(&directory).unwrap();
    let second = renew(&directory).unwrap();
    assert_eq!(directory.invited(&top, &first), None);
    assert!(directory.invited(&top, &second).is_some());
    result(|done| directory.note_sent_invitation(&dn(INVITATION), done)).unwrap();
    assert!(directory.unsent_invitations(&top).is_empty());
    assert!(renew(&directory).is_none());
    assert!(directory.invited(&top, &second).is_some());
}

#[test]
fn a_newcomer_gets_what_the_invitation_gives_and_no_more() {
    let gives = [
        (
            "objectClass",
            "hedgerowInvitation|hedgerowUser|hedgerowAccount",
        ),
        ("hedgerowExternalId", "x-1"),
        ("hedgerowInvitedTo", "cn=two,dc=a|cn=gone,dc=a"),
    ];
    let (directory, _) = inviting(true, &gives);
    let token = renew(&directory).unwrap();
    assert_eq!(accept(&directory, &token), Ok(()));
    let snapshot = directory.snapshot();
    let id = snapshot.find_entry(&dn("uid=ada,dc=a")).unwrap();
    let group = snapshot.find_entry(&dn("cn=two,dc=a")).unwrap();
    assert!(snapshot.membership().is_member(id, group));
    let attributes = decode(&View::new(&snapshot, id).unwrap());
    let values = |name: &str| {
        let id = snapshot.schema().attribute_id(name).unwrap();
        attributes.values(id).to_vec()
    };
    let classes = attributes.values(known::OBJECT_CLASS);
    let has = |class: &str| classes.iter().any(|is| is == class.as_bytes());
    assert!(has("hedgerowUser") && has("hedgerowAccount") && !has("hedgerowInvitation"));
    assert_eq!(values("mail"), [b"new@example.org"]);
    assert_eq!(values("hedgerowExternalId"), [b"x-1"]);
    for name in [
        HASH,
        SEALED,
        MAIL_PENDING,
        "hedgerowInvitedTo",
        "hedgerowInvitationExpiry",
    ] {
        assert!(values(name).is_empty(), "{name}");
    }
    assert!(!values("userPassword").is_empty());
    assert!(snapshot.find_entry(&dn(INVITATION)).is_none());
}

#[test]
fn a_token_is_told_to_who_may_give_another_and_where_it_was_sealed() {
    for key in [true, false] {
        let (directory, _) = inviting(key, &[("objectClass", "hedgerowInvitation")]);
        let invitation = dn(INVITATION);
        let told = |who: &Identity| directory.token_of_invitation(who, &invitation);
        let administrator = Identity::administrator();
        assert!(told(&administrator).is_none());
        let token = renew(&directory).unwrap();
        let text = told(&administrator).map(|token| token.as_bytes().to_vec());
        assert_eq!(text, key.then(|| token.into_bytes()));
        assert!(told(&Identity::anonymous()).is_none());
        assert!(told(&Identity::entry(2)).is_none());
    }
}
