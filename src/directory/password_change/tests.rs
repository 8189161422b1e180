//! Passwords changed while the directory is busy with the same ones.

use std::num::NonZeroUsize;
use std::sync::mpsc;

use super::*;
use crate::directory::access::{Right, RuleText};
use crate::directory::fixture::Beginning;
use crate::directory::password::{Argon2Params, PoolSettings};
use crate::directory::request::{Change, Modification, ModificationKind, Terms};
use crate::directory::source::Source;
use crate::directory::{Login, Settings};

const KEN: &str = "uid=ken,dc=a";
const ADMINISTRATOR: &str = "cn=admin,dc=a";
/// What an older server kept of "secret-ken".
const SSHA: &str = "{SSHA}HkNY0VkO095K2fXKABvtBmodFEVzYWx0c2FsdA==";

/// A directory with one thread for passwords, for which each hash is much work.
fn directory() -> Directory {
    let own = RuleText {
        who: "self".to_owned(),
        allow: vec![Right::Read, Right::Write],
        ..RuleText::default()
    };
    let pool = PoolSettings {
        threads: NonZeroUsize::MIN,
        queue_per_thread: NonZeroUsize::MIN,
        params: Argon2Params::new(32 * 1024, 4, 1).unwrap(),
    };
    let tree = format!(
        "dn: dc=a\nobjectClass: domain\ndc: a\n\n\
         dn: {KEN}\nobjectClass: inetOrgPerson\ncn: k\nsn: k\nuserPassword: {SSHA}\n"
    );
    let beginning = Beginning {
        tree: &tree,
        rules: &[own],
        hash: SSHA.into(),
        pool,
        ..Beginning::default()
    };
    let settings = Settings {
        upgrade_passwords: true,
        ..Settings::default()
    };
    beginning.serve(settings).0
}

fn secret(text: &str) -> Secret {
    Secret::from(text.as_bytes())
}

fn bind(directory: &Directory, name: &str, password: &str) -> Result<Identity, Error> {
    let (send, receive) = mpsc::channel();
    let done = Box::new(move |verdict| send.send(verdict).unwrap());
    directory.authenticate(
        &Dn::parse(name).unwrap(),
        secret(password),
        &Source::default(),
        done,
    );
    receive.recv().unwrap().map(|login: Login| login.identity)
}

/// Binds by a weak hash and comes back while the better one is being made.
fn bind_with_upgrade(directory: &Directory) -> Identity {
    let ken = bind(directory, KEN, "secret-ken").unwrap();
    let is_weak = || directory.stored_passwords(2) == [SSHA.as_bytes()];
    while directory.pool().gauges().running == 0 && is_weak() {
        std::thread::yield_now();
    }
    ken
}

fn change(directory: &Directory, who: &Identity, old: Option<&str>, new: &str) -> Changed {
    let (send, receive) = mpsc::channel();
    let change = PasswordChange {
        whose: Whose::Own,
        old: old.map(secret),
        new: Some(secret(new)),
    };
    directory.change_password(who, change, move |changed| send.send(changed).unwrap());
    receive.recv().unwrap()
}

#[test]
fn an_old_password_is_proved_though_a_better_hash_of_it_is_being_made() {
    let directory = directory();
    let ken = bind_with_upgrade(&directory);
    assert!(change(&directory, &ken, Some("secret-ken"), "second-ken").is_ok());
    assert!(bind(&directory, KEN, "second-ken").is_ok());
    assert_eq!(
        bind(&directory, KEN, "secret-ken"),
        Err(Error::InvalidCredentials)
    );
}

#[test]
fn an_old_password_is_removed_though_a_better_hash_of_it_is_being_made() {
    let directory = directory();
    let ken = bind_with_upgrade(&directory);
    let removal = Change::Modify {
        dn: Dn::parse(KEN).unwrap(),
        modifications: vec![Modification {
            kind: ModificationKind::Delete,
            attribute: "userPassword".to_owned(),
            values: vec!["secret-ken".into()],
        }],
    };
    let (send, receive) = mpsc::channel();
    directory.change(&ken, removal, Terms::default(), move |outcome| {
        send.send(outcome).unwrap();
    });
    assert!(receive.recv().unwrap().is_ok());
    assert!(directory.stored_passwords(2).is_empty());
}

#[test]
fn what_the_pool_has_no_room_for_is_answered_busy_and_changes_nothing() {
    let directory = directory();
    let ken = bind_with_upgrade(&directory);
    let (send, receive) = mpsc::channel();
    // One is being hashed and one waits at the most: of these many, some must be refused.
    for at in 0..8 {
        let send = send.clone();
        let change = PasswordChange {
            whose: Whose::Own,
            old: None,
            new: Some(secret(&format!("password-{at}"))),
        };
        directory.change_password(&ken, change, move |changed| {
            send.send((at, changed.map(drop))).unwrap();
        });
    }
    let outcomes: Vec<_> = receive.iter().take(8).collect();
    let busy = outcomes
        .iter()
        .filter(|(_, outcome)| matches!(outcome, Err(Error::Busy(_))));
    assert!((1..8).contains(&busy.count()), "{outcomes:?}");
    for (at, outcome) in outcomes {
        if outcome.is_err() {
            let refused = bind(&directory, KEN, &format!("password-{at}"));
            assert_eq!(refused, Err(Error::InvalidCredentials));
        }
    }
}

#[test]
fn nobody_in_particular_has_no_password_to_change() {
    let directory = directory();
    let outcome = change(&directory, &Identity::anonymous(), None, "a password");
    assert_eq!(outcome.map(drop), Err(Error::InsufficientAccess));
}

#[test]
fn the_administrators_password_is_of_some_length_and_the_old_one_ends() {
    let directory = directory();
    let administrator = bind(&directory, ADMINISTRATOR, "secret-ken").unwrap();
    for (old, new) in [
        (None, "seven77"),
        (None, ""),
        (Some(""), "long enough"),
        (Some("wrong"), "long enough"),
        (None, "{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ] {
        assert!(change(&directory, &administrator, old, new).is_err());
        assert!(bind(&directory, ADMINISTRATOR, "secret-ken").is_ok());
    }
    let changed = change(
        &directory,
        &administrator,
        Some("secret-ken"),
        "long enough",
    );
    assert!(changed.is_ok_and(|made| made.is_none()));
    assert!(bind(&directory, ADMINISTRATOR, "long enough").is_ok());
    assert_eq!(
        bind(&directory, ADMINISTRATOR, "secret-ken"),
        Err(Error::InvalidCredentials)
    );
}
