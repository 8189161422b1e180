//! Logins in a directory with policies, on a clock that moves when it is told to.

mod cache;
mod factor;
mod key;
mod lock;

use std::net::IpAddr;
use std::sync::mpsc;

use super::*;
use crate::directory::Settings;
use crate::directory::access::{Right, RuleText};
use crate::directory::account::AccountSettings;
use crate::directory::fixture::{self, Beginning, cheap};
use crate::directory::identity::Provenance;
use crate::directory::password::{Job, Outcome, Pool, PoolSettings};
use crate::directory::request::{Change, Modification, ModificationKind, Terms};
use crate::directory::time::Clock;
use crate::directory::view::Computed;
use crate::storage::memory::MemoryStore;

/// Argon2id of "secret-ada", which costs a hash; "secret-ken" is a salted SHA-1.
const TREE: &str = "dn: dc=a\nobjectClass: domain\ndc: a\n\n\
    dn: ou=policies,dc=a\nobjectClass: organizationalUnit\nou: policies\n\n\
    dn: cn=default,ou=policies,dc=a\nobjectClass: applicationProcess\nobjectClass: pwdPolicy\ncn: default\n\
    pwdAttribute: userPassword\npwdLockout: TRUE\npwdMaxFailure: 3\npwdFailureCountInterval: 60\n\
    pwdLockoutDuration: 60\n\n\
    dn: cn=ageing,ou=policies,dc=a\nobjectClass: applicationProcess\nobjectClass: pwdPolicy\ncn: ageing\n\
    pwdAttribute: 2.5.4.35\npwdMaxAge: 100\npwdGraceAuthNLimit: 2\npwdExpireWarning: 10\n\n\
    dn: cn=ada,dc=a\nobjectClass: inetOrgPerson\nobjectClass: hedgerowAccount\ncn: ada\nsn: Ada\n\
    userPassword: secret-ada\n\n\
    dn: cn=ken,dc=a\nobjectClass: inetOrgPerson\ncn: ken\nsn: Ken\npwdPolicySubentry: cn=ageing,ou=policies,dc=a\n\
    userPassword: secret-ken\n\n\
    dn: cn=staff,dc=a\nobjectClass: groupOfNames\ncn: staff\nmember: cn=ken,dc=a\n\n\
    dn: cn=vpn,dc=a\nobjectClass: groupOfNames\ncn: vpn\nmember: cn=staff,dc=a\n";

const ADA: &str = "cn=ada,dc=a";
const KEN: &str = "cn=ken,dc=a";
const NOBODY: &str = "cn=nobody,dc=a";
const ADMIN: &str = "cn=admin,dc=a";
const HERE: &str = "192.0.2.1";
const THERE: &str = "192.0.2.2";

struct Place {
    directory: Directory,
    store: MemoryStore,
    clock: Clock,
}

impl Place {
    fn new() -> Place {
        Place::with(|_| {})
    }

    fn with(edit: impl FnOnce(&mut AccountSettings)) -> Place {
        Place::with_rules(edit, &[])
    }

    fn with_rules(edit: impl FnOnce(&mut AccountSettings), rules: &[RuleText]) -> Place {
        let mut accounts = AccountSettings {
            clock: Clock::standing(1_800_000_000_000_000),
            ..AccountSettings::default()
        };
        edit(&mut accounts);
        let clock = accounts.clock.clone();
        let settings = Settings {
            accounts,
            ..Settings::default()
        };
        let beginning = Beginning {
            tree: TREE,
            rules,
            hash: hash(&Pool::start(cheap()).unwrap(), "secret-admin"),
            ..Beginning::default()
        };
        let (directory, store) = beginning.serve(settings);
        Place {
            directory,
            store,
            clock,
        }
    }

    /// What is on the disk.
    fn stored(&self) -> Snapshot {
        fixture::stored(&self.store)
    }

    fn login(&self, source: &str, name: &str, password: &str) -> Verdict {
        let source = Source {
            scope: Some(keys::LDAP),
            ..Some(source.parse::<IpAddr>().unwrap()).into()
        };
        self.login_from(&source, name, password)
    }

    fn login_from(&self, source: &Source, name: &str, password: &str) -> Verdict {
        let (send, receive) = mpsc::channel();
        let done = Box::new(move |verdict| send.send(verdict).unwrap());
        let (name, password) = (Dn::parse(name).unwrap(), password.as_bytes());
        self.directory
            .authenticate(&name, Secret::from(password), source, done);
        receive.recv().unwrap()
    }

    /// The error of a login, and how many hashes it cost.
    fn cost(&self, source: &str, name: &str, password: &str) -> (Option<Error>, u64) {
        let before = self.directory.pool().gauges().taken;
        let error = self.login(source, name, password).err();
        (error, self.directory.pool().gauges().taken - before)
    }

    fn fail(&self, source: &str, name: &str, times: usize) {
        for _ in 0..times {
            self.login(source, name, "wrong").unwrap_err();
        }
    }

    /// Somebody puts a password in the place of another.
    fn exchange(
        &self,
        identity: &Identity,
        (name, attribute): (&str, &str),
        old: &[u8],
        new: &[u8],
    ) -> Option<Error> {
        let (send, receive) = mpsc::channel();
        let step = |kind, value: &[u8]| Modification {
            kind,
            attribute: attribute.to_owned(),
            values: vec![value.to_vec()],
        };
        let change = Change::Modify {
            dn: Dn::parse(name).unwrap(),
            modifications: vec![
                step(ModificationKind::Delete, old),
                step(ModificationKind::Add, new),
            ],
        };
        let done = move |outcome: Result<_, _>| send.send(outcome.err()).unwrap();
        self.directory
            .change(identity, change, Terms::default(), done);
        receive.recv().unwrap()
    }

    /// The administrator sets an attribute, or removes it.
    fn set(&self, name: &str, attribute: &str, value: Option<&str>) {
        let (send, receive) = mpsc::channel();
        let step = Modification {
            kind: ModificationKind::Replace,
            attribute: attribute.to_owned(),
            values: value
                .iter()
                .map(|value| value.as_bytes().to_vec())
                .collect(),
        };
        let change = Change::Modify {
            dn: Dn::parse(name).unwrap(),
            modifications: vec![step],
        };
        let administrator = Identity::administrator();
        let done = move |outcome| send.send(outcome).unwrap();
        self.directory
            .change(&administrator, change, Terms::default(), done);
        receive.recv().unwrap().unwrap();
    }

    fn values(&self, name: &str, attribute: AttributeTypeId) -> Vec<String> {
        let snapshot = self.directory.snapshot();
        let id = snapshot.find_entry(&Dn::parse(name).unwrap()).unwrap();
        let attributes = super::super::write::decode(&View::new(&snapshot, id).unwrap());
        let values = attributes.values(attribute).iter();
        values
            .map(|value| String::from_utf8(value.clone()).unwrap())
            .collect()
    }
}

fn hash(pool: &Pool, password: &str) -> Vec<u8> {
    let (send, receive) = mpsc::channel();
    let job = Job::Hash {
        password: Secret::from(password.as_bytes()),
        salt: [1; 16],
    };
    pool.submit(job, Box::new(move |outcome| send.send(outcome).unwrap()))
        .unwrap();
    match receive.recv().unwrap() {
        Outcome::Hashed(hash) => hash,
        other => panic!("{other:?}"),
    }
}

fn locked() -> Option<Error> {
    Some(Error::LoginRefused(Denial::Locked))
}

#[test]
fn a_wrong_password_an_unknown_name_and_a_closed_account_cost_the_same_and_say_the_same() {
    let place = Place::new();
    place.set(KEN, "pwdAccountLockedTime", Some("000001010000Z"));
    let told: Vec<_> = [
        (ADA, "wrong"),
        (NOBODY, "wrong"),
        ("dc=a", "wrong"),
        (KEN, "wrong"),
        (KEN, "secret-ken"),
    ]
    .map(|(name, password)| place.cost(HERE, name, password))
    .into();
    for (error, hashes) in &told {
        assert_eq!(*hashes, 1, "{told:?}");
        assert_eq!(error.as_ref().unwrap().to_string(), "invalid credentials");
    }
    // Only who knows the password of the closed account could be told that it is closed.
    assert_eq!(told[3].0, Some(Error::InvalidCredentials));
    assert_eq!(told[4].0, locked());
}

#[test]
fn a_password_warns_expires_and_has_its_grace_which_is_counted_on_the_disk() {
    let place = Place::new();
    place.set(KEN, "userPassword", Some("secret-ken"));
    let warning = |place: &Place| {
        let login = place.login(HERE, KEN, "secret-ken");
        login.map(|login| login.notice.warning)
    };
    use crate::directory::password::policy::Warning;
    assert_eq!(warning(&place), Ok(None));
    place.clock.advance(95);
    assert_eq!(warning(&place), Ok(Some(Warning::Expires(5))));
    place.clock.advance(10);
    assert_eq!(warning(&place), Ok(Some(Warning::Grace(1))));
    assert_eq!(warning(&place), Ok(Some(Warning::Grace(0))));
    assert_eq!(warning(&place), Err(Error::LoginRefused(Denial::Expired)));
    assert_eq!(place.values(KEN, well_known::PWD_GRACE_USE_TIME).len(), 2);
    place.set(KEN, "userPassword", Some("secret-ken"));
    assert!(place.values(KEN, well_known::PWD_GRACE_USE_TIME).is_empty());
    assert_eq!(warning(&place), Ok(None));
}

#[test]
fn what_an_administrator_closes_ends_what_is_bound() {
    let place = Place::new();
    let ada = place.login(HERE, ADA, "secret-ada").unwrap().identity;
    let ada_stands = |place: &Place| {
        let cannot_bind = place.login(HERE, ADA, "secret-ada").is_err();
        let standing = place.directory.standing(&ada);
        assert_eq!(cannot_bind, standing == Standing::Closed);
        let vouched = place.directory.vouch(&Dn::parse(ADA).unwrap()).is_some();
        assert_eq!(vouched, standing != Standing::Closed);
        standing
    };
    assert_eq!(ada_stands(&place), Standing::Open);
    for (attribute, value) in [
        ("hedgerowDisabled", "TRUE"),
        ("hedgerowDeletedTime", "20200101000000Z"),
        ("pwdAccountLockedTime", "000001010000Z"),
        ("pwdStartTime", "29990101000000Z"),
        ("pwdEndTime", "202001010000Z"),
    ] {
        place.set(ADA, attribute, Some(value));
        assert_eq!(ada_stands(&place), Standing::Closed, "{attribute}");
        place.set(ADA, attribute, None);
        assert_eq!(ada_stands(&place), Standing::Open, "{attribute}");
    }
    place.set(ADA, "hedgerowDisabled", Some("FALSE"));
    assert_eq!(ada_stands(&place), Standing::Open);
}

#[test]
fn the_times_of_logins_are_shown_kept_and_change_no_entry() {
    let place = Place::new();
    let shown = |snapshot: &Snapshot, computed: Computed| {
        let id = snapshot.find_entry(&Dn::parse(ADA).unwrap()).unwrap();
        let mut values = Vec::new();
        computed.for_each(&View::new(snapshot, id).unwrap(), &mut |value| {
            values.push(String::from_utf8(value.to_vec()).unwrap());
            true
        });
        values
    };
    let csn = place.directory.snapshot().csn();
    assert!(place.login(HERE, ADA, "secret-ada").is_ok());
    place.clock.advance(5);
    place.fail(HERE, ADA, 1);
    assert_eq!(place.directory.snapshot().csn(), csn);
    place.directory.close();
    let loaded = place.stored();
    for snapshot in [&place.directory.snapshot(), &loaded] {
        assert_eq!(
            shown(snapshot, Computed::LastSuccess),
            ["20270115080000.000000Z"]
        );
        assert_eq!(
            shown(snapshot, Computed::FailureTime),
            ["20270115080005.000000Z"]
        );
    }
}

#[test]
fn an_account_that_nobody_uses_is_closed_after_a_while() {
    let place = Place::new();
    assert!(place.login(HERE, ADA, "secret-ada").is_ok());
    place.set("cn=default,ou=policies,dc=a", "pwdMaxIdle", Some("100"));
    place.clock.advance(99);
    assert!(place.login(HERE, ADA, "secret-ada").is_ok());
    place.clock.advance(100);
    assert_eq!(place.login(HERE, ADA, "secret-ada").err(), locked());
}

#[test]
fn a_wrong_old_password_in_a_change_counts_as_one_of_a_login_does_and_says_nothing_of_a_lock() {
    for (attribute, encode) in [
        (
            "userPassword",
            (|text| text.as_bytes().to_vec()) as fn(&str) -> Vec<u8>,
        ),
        ("unicodePwd", |text| {
            let quoted = format!("\"{text}\"");
            quoted.encode_utf16().flat_map(u16::to_le_bytes).collect()
        }),
    ] {
        let own = RuleText {
            who: "self".to_owned(),
            allow: vec![Right::Read, Right::Write],
            ..RuleText::default()
        };
        let place = Place::with_rules(|_| {}, &[own]);
        let ada = place.login(HERE, ADA, "secret-ada").unwrap().identity;
        let ada = ada.asking_by(Provenance {
            address: Some(HERE.parse().unwrap()),
            ..Provenance::default()
        });
        let exchange = |old: &str| {
            let (old, new) = (encode(old), encode("other-Walrus-83"));
            place.exchange(&ada, (ADA, attribute), &old, &new)
        };
        let wrong = exchange("wrong");
        assert!(
            matches!(wrong, Some(Error::NoSuchAttribute(_))),
            "{wrong:?}"
        );
        assert_eq!(exchange("wrong"), wrong);
        assert!(
            place
                .values(ADA, well_known::PWD_ACCOUNT_LOCKED_TIME)
                .is_empty()
        );
        assert_eq!(exchange("wrong"), wrong);
        assert_eq!(
            place.values(ADA, well_known::PWD_ACCOUNT_LOCKED_TIME).len(),
            1
        );
        // From here on the right one is not even tried.
        let before = place.directory.pool().gauges().taken;
        assert_eq!(exchange("secret-ada"), wrong);
        // The new one is hashed all the same.
        assert_eq!(place.directory.pool().gauges().taken - before, 1);
        assert_eq!(place.cost(HERE, ADA, "secret-ada"), (locked(), 0));
        place.clock.advance(61);
        assert_eq!(exchange("secret-ada"), None);
        assert!(place.login(HERE, ADA, "other-Walrus-83").is_ok());
    }
}
