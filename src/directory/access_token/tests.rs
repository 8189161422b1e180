//! A token is good for as long as its entry, its user and its time last.

use std::sync::mpsc;
use std::time::Duration;

use super::*;
use crate::directory::NewKey;
use crate::directory::account::AccountSettings;
use crate::directory::fixture;
use crate::directory::identity::Provenance;
use crate::directory::password_change::{PasswordChange, Whose};
use crate::directory::request::{Modification, ModificationKind};
use crate::directory::second_factor::SecondFactorSettings;
use crate::directory::time::Clock;

const USER: &str = "cn=one,dc=a";

fn dn(text: &str) -> Dn {
    Dn::parse(text).unwrap()
}

fn tokens() -> Dn {
    dn("ou=tokens,dc=a")
}

fn served(clock: &Clock) -> Directory {
    let (directory, _) = fixture::served(AccountSettings {
        clock: clock.clone(),
        ..AccountSettings::default()
    });
    directory
}

fn wait<T: Send + 'static>(
    begin: impl FnOnce(Box<dyn FnOnce(Result<T, Error>) + Send>),
) -> Result<T, Error> {
    let (send, receive) = mpsc::channel();
    begin(Box::new(move |outcome| send.send(outcome).unwrap()));
    receive.recv().unwrap()
}

fn ask(directory: &Directory, change: Change) {
    let identity = Identity::administrator();
    let terms = Terms::default();
    wait(|done| directory.change(&identity, change, terms, done)).unwrap();
}

fn make(
    directory: &Directory,
    identity: &Identity,
    expires: Option<Seconds>,
) -> Result<Secret, Error> {
    let new = NewToken {
        name: "pipeline".to_owned(),
        expires,
    };
    let places = (&tokens(), &dn(USER));
    wait(|done| directory.create_access_token(identity, places, new, done))
}

fn redeem(directory: &Directory, token: &Secret) -> Result<Identity, Error> {
    directory.redeem_access_token(&tokens(), token)
}

/// What names a token, which its text begins with.
fn id(token: &Secret) -> String {
    let bytes = BASE32_NOPAD
        .decode(&token.as_bytes()[PREFIX.len()..])
        .unwrap();
    id_text(bytes.first_chunk().unwrap())
}

fn own() -> Identity {
    Identity::entry(2)
}

#[test]
fn a_token_stands_for_its_user_until_it_is_taken_back_and_its_use_is_seen() {
    let clock = Clock::standing(1_000_000_000_000_000);
    let directory = served(&clock);
    let made = make(&directory, &own(), None).unwrap();
    let other = make(&directory, &own(), None).unwrap();
    let [shown, _] = &directory.access_tokens(&dn(USER))[..] else {
        panic!("two tokens")
    };
    assert_eq!((&shown.id, shown.used), (&id(&made), None));
    assert_eq!(
        directory.access_token(&tokens(), &id(&made)).as_ref(),
        Some(shown)
    );
    assert_eq!(redeem(&directory, &made), Ok(own()));
    let used = directory.access_token(&tokens(), &id(&made)).unwrap().used;
    assert_eq!(used, Some(1_000_000_000));
    wait(|done| directory.revoke_access_token(&own(), shown, done)).unwrap();
    assert_eq!(redeem(&directory, &made), Err(Error::InvalidCredentials));
    assert_eq!(redeem(&directory, &other), Ok(own()));
    assert_eq!(directory.count_access_tokens(&dn(USER)), 1);
}

#[test]
fn a_token_ends_at_its_end() {
    let clock = Clock::standing(1_000_000_000_000_000);
    let directory = served(&clock);
    let made = make(&directory, &own(), Some(1_000_000_060)).unwrap();
    clock.advance(59);
    assert!(redeem(&directory, &made).is_ok());
    clock.advance(1);
    assert_eq!(redeem(&directory, &made), Err(Error::InvalidCredentials));
}

#[test]
fn what_is_no_token_or_that_of_another_id_stands_for_nobody() {
    let directory = served(&Clock::standing(1_000_000_000_000_000));
    let made = make(&directory, &own(), None).unwrap();
    let other = make(&directory, &own(), None).unwrap();
    let text = |token: &Secret| String::from_utf8(token.as_bytes().to_vec()).unwrap();
    let (one, two) = (text(&made), text(&other));
    assert!(one.starts_with(PREFIX));
    let crossed = format!("{}{}", &one[..40], &two[40..]);
    for wrong in [
        "",
        PREFIX,
        &one[1..],
        &one[..one.len() - 1],
        &format!("{one}A"),
        &crossed,
    ] {
        let redeemed = directory.redeem_access_token(&tokens(), &Secret::from(wrong.as_bytes()));
        assert_eq!(redeemed, Err(Error::InvalidCredentials), "{wrong}");
    }
    let elsewhere = directory.redeem_access_token(&dn("dc=a"), &made);
    assert_eq!(elsewhere, Err(Error::InvalidCredentials));
}

#[test]
fn tokens_of_an_account_that_is_turned_off_are_void_until_it_is_turned_on() {
    let directory = served(&Clock::standing(1_000_000_000_000_000));
    let made = make(&directory, &own(), None).unwrap();
    let lock = |value: &[&str]| {
        let steps = [(
            "objectClass",
            ModificationKind::Add,
            vec!["hedgerowAccount"],
        )];
        let locked = (
            "hedgerowDisabled",
            ModificationKind::Replace,
            value.to_vec(),
        );
        let steps = steps
            .into_iter()
            .filter(|_| !value.is_empty())
            .chain([locked]);
        let modifications = steps.map(|(attribute, kind, values)| Modification {
            kind,
            attribute: attribute.to_owned(),
            values: values
                .into_iter()
                .map(|it| it.as_bytes().to_vec())
                .collect(),
        });
        ask(
            &directory,
            Change::Modify {
                dn: dn(USER),
                modifications: modifications.collect(),
            },
        );
    };
    lock(&["TRUE"]);
    assert_eq!(redeem(&directory, &made), Err(Error::InvalidCredentials));
    lock(&[]);
    assert_eq!(redeem(&directory, &made), Ok(own()));
}

#[test]
fn the_tokens_that_stand_for_a_user_or_were_made_by_it_go_with_it() {
    let directory = served(&Clock::standing(1_000_000_000_000_000));
    ask(
        &directory,
        Change::Add {
            dn: dn("cn=three,dc=a"),
            attributes: vec![
                ("objectClass".to_owned(), vec![b"inetOrgPerson".to_vec()]),
                ("sn".to_owned(), vec![b"Three".to_vec()]),
            ],
        },
    );
    let made = make(&directory, &Identity::administrator(), None).unwrap();
    let third = directory
        .snapshot()
        .find_entry(&dn("cn=three,dc=a"))
        .unwrap();
    let new = NewToken {
        name: String::from("other"),
        expires: None,
    };
    let places = (&tokens(), &dn("cn=three,dc=a"));
    let identity = Identity::administrator();
    wait(|done| directory.create_access_token(&identity, places, new, done)).unwrap();
    let before = directory.snapshot().len();
    // As if the third had made the first one's token.
    let creator = uuid::Uuid::from_bytes(directory.snapshot().entry(third).unwrap().uuid());
    ask(
        &directory,
        Change::Modify {
            dn: name(&tokens(), &id(&made)).unwrap(),
            modifications: vec![Modification {
                kind: ModificationKind::Replace,
                attribute: "hedgerowTokenCreator".to_owned(),
                values: vec![creator.to_string().into_bytes()],
            }],
        },
    );
    ask(
        &directory,
        Change::Delete {
            dn: dn("cn=three,dc=a"),
        },
    );
    assert_eq!(directory.snapshot().len(), before - 3);
    assert_eq!(redeem(&directory, &made), Err(Error::InvalidCredentials));
}

#[test]
fn tokens_are_made_by_the_user_itself_and_the_administrator_and_there_are_not_too_many() {
    let directory = served(&Clock::standing(1_000_000_000_000_000));
    // No rule lets the user write anything, and none the group.
    let refused = make(&directory, &Identity::entry(3), None).unwrap_err();
    assert_eq!(refused, Error::InsufficientAccess);
    let by_key = Identity::by_key(2, [0; 8]);
    assert_eq!(
        make(&directory, &by_key, None).unwrap_err(),
        Error::InsufficientAccess
    );
    for at in 0..MOST {
        let identity = if at % 2 == 0 {
            own()
        } else {
            Identity::administrator()
        };
        make(&directory, &identity, None).unwrap();
    }
    let refused = make(&directory, &own(), None);
    assert!(matches!(refused, Err(Error::UnwillingToPerform(_))));
    let made = directory.access_tokens(&dn(USER));
    let [first, ..] = &made[..] else {
        panic!("no tokens")
    };
    let revoked = wait(|done| directory.revoke_access_token(&Identity::entry(3), first, done));
    assert_eq!(revoked, Err(Error::InsufficientAccess));
}

#[test]
fn a_token_stands_for_nobody_who_needs_a_second_factor() {
    let (directory, _) = fixture::served(AccountSettings {
        second_factor: SecondFactorSettings {
            groups: vec![dn("cn=careful,dc=a")],
            ..SecondFactorSettings::default()
        },
        ..AccountSettings::default()
    });
    let made = make(&directory, &own(), None).unwrap();
    assert_eq!(redeem(&directory, &made), Ok(own()));
    let text = |name: &str, value: &str| (name.to_owned(), vec![value.as_bytes().to_vec()]);
    let attributes = vec![text("objectClass", "groupOfMembers"), text("member", USER)];
    let dn = dn("cn=careful,dc=a");
    ask(&directory, Change::Add { dn, attributes });
    assert_eq!(redeem(&directory, &made), Err(Error::InvalidCredentials));
    let refused = make(&directory, &own(), None);
    assert!(matches!(refused, Err(Error::UnwillingToPerform(_))));
}

/// What it left behind would outlast it.
#[test]
fn a_token_neither_makes_nor_changes_what_accounts_are_proved_by() {
    let directory = served(&Clock::standing(1_000_000_000_000_000));
    let made = make(&directory, &own(), None).unwrap();
    let by_token = redeem(&directory, &made).unwrap();
    let whose = [Whose::Own, Whose::Named(dn(USER))];
    let of_request = by_token.clone().asking_by(Provenance::default());
    for identity in [&by_token, &of_request] {
        assert_eq!(
            make(&directory, identity, None).unwrap_err(),
            Error::LoginNeeded
        );
        for whose in &whose {
            let new = Some(Secret::from(b"a new password".as_slice()));
            let change = PasswordChange {
                whose: whose.clone(),
                old: None,
                new,
            };
            let changed = wait(|done| directory.change_password(identity, change, done));
            assert_eq!(changed.unwrap_err(), Error::LoginNeeded);
            let offered = wait(|done| directory.enrol_second_factor(identity, whose, done));
            assert_eq!(offered.unwrap_err(), Error::LoginNeeded);
            let removed = wait(|done| directory.remove_second_factor(identity, whose, done));
            assert_eq!(removed.unwrap_err(), Error::LoginNeeded);
            let key = NewKey {
                name: "key".to_owned(),
                scopes: vec!["ldap".to_owned()],
                lasts: None,
                networks: Vec::new(),
                certificate: None,
            };
            let made = wait(|done| directory.create_key(identity, whose, key, done));
            assert_eq!(made.unwrap_err(), Error::LoginNeeded);
        }
        let issued = directory.issue_token(identity, "slc-hub", Duration::from_secs(60));
        assert_eq!(issued.unwrap_err(), Error::LoginNeeded);
    }
    let [shown] = &directory.access_tokens(&dn(USER))[..] else {
        panic!("one token")
    };
    wait(|done| directory.revoke_access_token(&by_token, shown, done)).unwrap();
    assert_eq!(redeem(&directory, &made), Err(Error::InvalidCredentials));
}
