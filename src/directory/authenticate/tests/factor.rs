//! Second factors: what is needed beside the password, and that it is good once.

use std::sync::Arc;

use data_encoding::BASE32_NOPAD;

use super::*;
use crate::directory::filter::Filter;
use crate::directory::password_change::Whose;
use crate::directory::schema::well_known as known;
use crate::directory::second_factor::{Purpose, SealingKey, code};

const START: u64 = 1_800_000_000;

/// A directory in which ada is enrolled.
struct Enrolled {
    place: Place,
    secret: Vec<u8>,
    recovery: Vec<String>,
}

fn sealing_key(byte: u8) -> Option<Arc<SealingKey>> {
    SealingKey::new(&[byte; 32]).map(Arc::new)
}

fn whose(name: &str) -> Whose {
    Whose::Named(Dn::parse(name).unwrap())
}

fn text(secret: &Secret) -> String {
    String::from_utf8(secret.as_bytes().to_vec()).unwrap()
}

/// What the directory tells once it is done.
pub(super) fn told<T: Send + 'static>(
    ask: impl FnOnce(Box<dyn FnOnce(Result<T, Error>) + Send>),
) -> Result<T, Error> {
    let (send, receive) = mpsc::channel();
    ask(Box::new(move |told| send.send(told).unwrap()));
    receive.recv().unwrap()
}

/// Begins an enrolment: the secret.
fn enrol(place: &Place) -> Vec<u8> {
    let administrator = Identity::administrator();
    let enrolment = told(|done| {
        place
            .directory
            .enrol_second_factor(&administrator, &whose(ADA), done)
    });
    let url = text(&enrolment.unwrap().url);
    let (_, secret) = url.split_once("secret=").unwrap();
    let (secret, _) = secret.split_once('&').unwrap();
    BASE32_NOPAD.decode(secret.as_bytes()).unwrap()
}

fn confirm(place: &Place, code: &str) -> Result<Vec<Secret>, Error> {
    let (administrator, code) = (Identity::administrator(), Secret::from(code.as_bytes()));
    told(|done| {
        place
            .directory
            .confirm_second_factor(&administrator, &whose(ADA), &code, done)
    })
}

impl Enrolled {
    fn new() -> Enrolled {
        Enrolled::with(|_| {})
    }

    fn with(edit: impl FnOnce(&mut AccountSettings)) -> Enrolled {
        Enrolled::in_place(Place::with(|accounts| {
            accounts.second_factor.key = sealing_key(1);
            edit(accounts);
        }))
    }

    fn in_place(place: Place) -> Enrolled {
        let secret = enrol(&place);
        let recovery = confirm(&place, &code::shown(&secret, START)).unwrap();
        let recovery = recovery.iter().map(text).collect();
        place.clock.advance(60);
        Enrolled {
            place,
            secret,
            recovery,
        }
    }

    /// What the device shows, that many seconds from now.
    fn code(&self, ahead: i64) -> String {
        let now = self.place.clock.seconds() + ahead;
        code::shown(&self.secret, now.try_into().unwrap())
    }

    fn with_code(&self, ahead: i64) -> String {
        format!("secret-ada{}", self.code(ahead))
    }

    fn login(&self, password: &str) -> Verdict {
        self.place.login(HERE, ADA, password)
    }
}

#[track_caller]
fn refused(verdict: Verdict) {
    assert_eq!(verdict.unwrap_err(), Error::InvalidCredentials);
}

#[test]
fn whoever_is_enrolled_needs_the_code_of_this_moment_and_each_code_once() {
    let enrolled = Enrolled::new();
    refused(enrolled.login("secret-ada"));
    refused(enrolled.login(&enrolled.with_code(90)));
    assert!(enrolled.login(&enrolled.with_code(0)).is_ok());
    refused(enrolled.login(&enrolled.with_code(0)));
    // Nor one from before it.
    refused(enrolled.place.login(THERE, ADA, &enrolled.with_code(-30)));
    assert!(
        enrolled
            .place
            .login(THERE, ADA, &enrolled.with_code(30))
            .is_ok()
    );
    // Others are not asked.
    assert!(enrolled.place.login(THERE, KEN, "secret-ken").is_ok());
}

#[test]
fn a_code_that_was_used_is_on_the_disk_before_the_answer() {
    let enrolled = Enrolled::new();
    let typed = enrolled.with_code(0);
    assert!(enrolled.login(&typed).is_ok());
    let snapshot = enrolled.place.stored();
    let view = View::new(
        &snapshot,
        snapshot.find_entry(&Dn::parse(ADA).unwrap()).unwrap(),
    );
    let held = crate::directory::second_factor::Held::of(&view.unwrap());
    assert_eq!(held.used, (START + 60) / 30);
    // What cannot be written down does not count.
    let next = enrolled.with_code(30);
    enrolled.place.store.fail_next_commit();
    let error = enrolled.place.login(THERE, ADA, &next).unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
}

#[test]
fn of_two_logins_with_one_code_at_once_one_succeeds() {
    let enrolled = Enrolled::new();
    let typed = enrolled.with_code(0);
    let (send, receive) = mpsc::channel();
    for _ in 0..2 {
        let send = send.clone();
        let done = Box::new(move |verdict: Verdict| send.send(verdict.is_ok()).unwrap());
        let password = Secret::from(typed.as_bytes());
        let source = Some(THERE.parse().unwrap()).into();
        enrolled
            .place
            .directory
            .authenticate(&Dn::parse(ADA).unwrap(), password, &source, done);
    }
    let succeeded = [receive.recv().unwrap(), receive.recv().unwrap()];
    assert_ne!(succeeded[0], succeeded[1]);
}

#[test]
fn a_wrong_code_and_a_wrong_password_cost_the_same_say_the_same_and_count_alike() {
    let enrolled = Enrolled::with(|accounts| accounts.proved_for = 60);
    let place = &enrolled.place;
    assert_eq!(place.cost(HERE, ADA, &enrolled.with_code(0)), (None, 1));
    // The password is remembered now; without a code that is of no use, and tells nothing.
    let code = enrolled.code(30);
    let wrong = [
        "secret-ada".to_owned(),
        "secret-ada000000".to_owned(),
        format!("wrong-ada{code}"),
        "wrong".to_owned(),
        code,
        enrolled.with_code(0),
    ];
    for (number, typed) in (1..).zip(&wrong) {
        // From another source each, so that none is kept away.
        let source = format!("203.0.113.{number}");
        let told = place.cost(&source, ADA, typed);
        assert_eq!(told, (Some(Error::InvalidCredentials), 1), "{typed}");
    }
    for _ in 0..2 {
        refused(enrolled.login("secret-ada000000"));
    }
    assert_eq!(enrolled.login("secret-ada000000").err(), locked());
    assert_eq!(enrolled.login(&enrolled.with_code(30)).err(), locked());
}

#[test]
fn codes_cannot_be_tried_without_end_where_no_policy_locks() {
    let enrolled = Enrolled::new();
    let place = &enrolled.place;
    place.set("cn=default,ou=policies,dc=a", "pwdLockout", Some("FALSE"));
    for _ in 0..10 {
        refused(enrolled.login("secret-ada000000"));
    }
    assert_eq!(place.cost(HERE, ADA, &enrolled.with_code(0)), (locked(), 0));
    // Only the one who tried is kept away, and only for a while.
    assert!(place.login(THERE, ADA, &enrolled.with_code(0)).is_ok());
    place.clock.advance(60);
    assert!(enrolled.login(&enrolled.with_code(0)).is_ok());
    // Nothing is counted of those who need no code.
    for _ in 0..12 {
        refused(place.login(HERE, KEN, "wrong"));
    }
}

#[test]
fn a_code_is_never_remembered_with_the_password() {
    let enrolled = Enrolled::with(|accounts| accounts.proved_for = 60);
    let place = &enrolled.place;
    let typed = enrolled.with_code(0);
    assert_eq!(place.cost(HERE, ADA, &typed), (None, 1));
    assert_eq!(
        place.cost(HERE, ADA, &typed),
        (Some(Error::InvalidCredentials), 1)
    );
    // The password alone is, which saves the next login its hash.
    assert_eq!(place.cost(HERE, ADA, &enrolled.with_code(30)), (None, 0));
}

#[test]
fn members_of_a_group_need_one_through_any_chain_of_groups() {
    let place = Place::with(|accounts| {
        accounts.second_factor.groups = vec![Dn::parse("cn=vpn,dc=a").unwrap()];
    });
    let (error, hashes) = place.cost(HERE, KEN, "secret-ken");
    assert_eq!((error, hashes), (Some(Error::InvalidCredentials), 1));
    assert!(place.login(HERE, ADA, "secret-ada").is_ok());
    assert!(place.login(HERE, ADMIN, "secret-admin").is_ok());
}

#[test]
fn within_the_window_the_password_alone_or_the_same_code_counts_for_that_source() {
    let enrolled = Enrolled::with(|accounts| accounts.second_factor.window = 300);
    let typed = enrolled.with_code(0);
    assert!(enrolled.login(&typed).is_ok());
    enrolled.place.clock.advance(200);
    assert!(enrolled.login(&typed).is_ok());
    assert!(enrolled.login("secret-ada").is_ok());
    refused(enrolled.login("secret-ada000000"));
    refused(enrolled.place.login(THERE, ADA, &typed));
    refused(enrolled.place.login(THERE, ADA, "secret-ada"));
    // What follows from an old code does not make the window longer.
    enrolled.place.clock.advance(100);
    refused(enrolled.login(&typed));
    refused(enrolled.login("secret-ada"));
}

#[test]
fn a_recovery_code_is_good_once_in_the_place_of_a_code() {
    let enrolled = Enrolled::new();
    assert_eq!(enrolled.recovery.len(), code::RECOVERY_CODES);
    let typed = format!("secret-ada{}", enrolled.recovery[3]);
    refused(enrolled.login(&format!("wrong-ada{}", enrolled.recovery[3])));
    assert!(enrolled.login(&typed).is_ok());
    refused(enrolled.login(&typed));
    let administrator = Identity::administrator();
    let directory = &enrolled.place.directory;
    let other =
        told(|done| directory.replace_recovery_codes(&administrator, &whose(ADA), done)).unwrap();
    let source = THERE;
    refused(
        enrolled
            .place
            .login(source, ADA, &format!("secret-ada{}", enrolled.recovery[0])),
    );
    let typed = format!("secret-ada{}", text(&other[0]));
    assert!(enrolled.place.login(source, ADA, &typed).is_ok());
}

#[test]
fn an_enrolment_counts_when_it_is_confirmed_and_the_last_one_only() {
    let place = Place::with(|accounts| accounts.second_factor.key = sealing_key(1));
    let refused = confirm(&place, "123456").unwrap_err();
    assert!(refused.to_string().contains("enrol first"), "{refused}");
    let first = enrol(&place);
    assert!(place.login(HERE, ADA, "secret-ada").is_ok());
    let second = enrol(&place);
    assert!(confirm(&place, &code::shown(&first, START)).is_err());
    confirm(&place, &code::shown(&second, START)).unwrap();
    assert!(place.login(HERE, ADA, "secret-ada").is_err());
    // The code that confirmed is used up.
    let typed = format!("secret-ada{}", code::shown(&second, START));
    assert!(place.login(HERE, ADA, &typed).is_err());
    let administrator = Identity::administrator();
    told(|done| {
        place
            .directory
            .remove_second_factor(&administrator, &whose(ADA), done)
    })
    .unwrap();
    assert!(place.login(HERE, ADA, "secret-ada").is_ok());
}

/// What comes of changes, of which the first is one of ada's name for people that takes the second factor away as well.
fn without_factor(
    place: &Place,
    identity: &Identity,
    assertion: Option<Filter>,
    then: Vec<(Change, Terms)>,
) -> Option<Error> {
    let steps = vec![Modification {
        kind: ModificationKind::Replace,
        attribute: "displayName".to_owned(),
        values: vec![b"Ada L.".to_vec()],
    }];
    let terms = Terms {
        assertion,
        without_second_factor: true,
        ..Terms::default()
    };
    let (dn, directory) = (Dn::parse(ADA).unwrap(), &place.directory);
    let change = Change::Modify {
        dn,
        modifications: steps,
    };
    told(|done| directory.change_together(identity, (change, terms), then, done)).err()
}

/// Whether ada has a second factor, and the name that a change gives her.
fn has(place: &Place) -> (bool, bool) {
    let ada = Dn::parse(ADA).unwrap();
    let snapshot = place.directory.snapshot();
    let view = View::new(&snapshot, snapshot.find_entry(&ada).unwrap()).unwrap();
    let attributes = crate::directory::write::decode(&view);
    let name = attributes.values(known::DISPLAY_NAME);
    (place.directory.has_second_factor(&ada), !name.is_empty())
}

#[test]
fn a_change_that_takes_the_second_factor_does_all_of_it_or_nothing() {
    let enrolled = Enrolled::new();
    let place = &enrolled.place;
    let administrator = Identity::administrator();
    let other = Filter::Present("mail".to_owned());
    let overtaken = without_factor(place, &administrator, Some(other), Vec::new());
    assert_eq!(
        (overtaken, has(place)),
        (Some(Error::AssertionFailed), (true, false))
    );
    let gone = Change::Delete {
        dn: Dn::parse(NOBODY).unwrap(),
    };
    let refused = without_factor(place, &administrator, None, vec![(gone, Terms::default())]);
    assert!(
        matches!(refused, Some(Error::NoSuchObject { .. })),
        "{refused:?}"
    );
    assert_eq!(has(place), (true, false));
    assert_eq!(
        without_factor(place, &administrator, None, Vec::new()),
        None
    );
    assert_eq!(has(place), (false, true));
    assert!(place.login(HERE, ADA, "secret-ada").is_ok());
    // There is nothing left to take.
    assert_eq!(
        without_factor(place, &administrator, None, Vec::new()),
        None
    );
}

#[test]
fn a_change_takes_the_second_factor_by_the_right_to_write_it_and_not_ones_own_that_a_group_needs() {
    let rule = |attributes: &[&str]| RuleText {
        who: "self".to_owned(),
        attributes: attributes.iter().map(|it| (*it).to_owned()).collect(),
        allow: vec![Right::Read, Right::Search, Right::Write],
        ..RuleText::default()
    };
    for (attributes, group, allowed) in [
        (&["displayName"][..], "cn=staff,dc=a", false),
        (
            &["displayName", "hedgerowSecondFactor"],
            "cn=few,dc=a",
            false,
        ),
        (
            &["displayName", "hedgerowSecondFactor"],
            "cn=staff,dc=a",
            true,
        ),
        (&["hedgerowSecondFactor"], "cn=staff,dc=a", false),
    ] {
        let edit = |accounts: &mut AccountSettings| {
            accounts.second_factor.key = sealing_key(1);
            accounts.second_factor.groups = vec![Dn::parse(group).unwrap()];
        };
        let enrolled = Enrolled::in_place(Place::with_rules(edit, &[rule(attributes)]));
        let place = &enrolled.place;
        let administrator = Identity::administrator();
        let few = Change::Add {
            dn: Dn::parse("cn=few,dc=a").unwrap(),
            attributes: [
                ("objectClass", "groupOfNames"),
                ("cn", "few"),
                ("member", ADA),
            ]
            .map(|(name, value)| (name.to_owned(), vec![value.as_bytes().to_vec()]))
            .to_vec(),
        };
        let directory = &place.directory;
        told(|done| directory.change(&administrator, few, Terms::default(), done)).unwrap();
        let ada = enrolled.login(&enrolled.with_code(0)).unwrap().identity;
        let done = without_factor(place, &ada, None, Vec::new());
        assert_eq!(done.is_none(), allowed, "{attributes:?} {group}: {done:?}");
        assert_eq!(has(place), (!allowed, allowed), "{attributes:?} {group}");
    }
}

#[test]
fn without_its_key_a_second_factor_cannot_be_shown_and_nobody_enrols() {
    let enrolled = Enrolled::new();
    let sealed = {
        let snapshot = enrolled.place.directory.snapshot();
        let id = snapshot.find_entry(&Dn::parse(ADA).unwrap()).unwrap();
        let view = View::new(&snapshot, id).unwrap();
        let held = crate::directory::second_factor::Held::of(&view);
        assert!(
            sealing_key(2)
                .unwrap()
                .open(
                    Purpose::SecondFactor,
                    &view.entry.uuid(),
                    held.sealed.as_ref().unwrap()
                )
                .is_none()
        );
        held.sealed.unwrap()
    };
    assert!(!sealed.windows(20).any(|part| part == enrolled.secret));
    let place = Place::new();
    let administrator = Identity::administrator();
    let refused = told(|done| {
        place
            .directory
            .enrol_second_factor(&administrator, &whose(ADA), done)
    });
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("second_factor.key_file")
    );
}

#[test]
fn nobody_enrols_for_others_and_the_administrator_has_no_entry_to_enrol() {
    let place = Place::with(|accounts| accounts.second_factor.key = sealing_key(1));
    let login = place.login(HERE, ADA, "secret-ada").unwrap();
    for (identity, name) in [
        (&login.identity, KEN),
        (&login.identity, ADA),
        (&Identity::anonymous(), ADA),
    ] {
        let refused = told(|done| {
            place
                .directory
                .enrol_second_factor(identity, &whose(name), done)
        });
        assert!(refused.is_err(), "{name}");
    }
    let administrator = Identity::administrator();
    let refused = told(|done| {
        place
            .directory
            .enrol_second_factor(&administrator, &whose(ADMIN), done)
    });
    assert!(
        matches!(refused, Err(Error::UnwillingToPerform(_))),
        "{refused:?}"
    );
}

#[test]
fn no_secret_is_in_the_debug_output_of_what_holds_them_or_in_change_records() {
    let enrolled = Enrolled::new();
    let typed = enrolled.with_code(0);
    let verdict = enrolled.login(&typed);
    let administrator = Identity::administrator();
    let directory = &enrolled.place.directory;
    let enrolment = told(|done| directory.enrol_second_factor(&administrator, &whose(ADA), done));
    let settings = enrolled.place.directory.accounts();
    let shown = format!("{verdict:?}{enrolment:?}{settings:?}");
    let mut records = Vec::new();
    let prefix = [crate::directory::stored::prefix::CHANGE];
    let collect = &mut |_: &[u8], value: &[u8]| {
        records.extend_from_slice(value);
        std::ops::ControlFlow::Continue(())
    };
    crate::storage::Store::scan(&enrolled.place.store, &prefix, collect).unwrap();
    let records = String::from_utf8_lossy(&records).into_owned();
    assert!(
        records.contains("added-hedgerowRecoveryCode: (hidden)"),
        "{records}"
    );
    let secrets = [
        &typed,
        &BASE32_NOPAD.encode(&enrolled.secret),
        &enrolled.recovery[0],
    ];
    for secret in secrets {
        assert!(!shown.contains(secret.as_str()), "{shown}");
        assert!(!records.contains(secret.as_str()), "{records}");
    }
}
