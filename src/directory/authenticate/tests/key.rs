//! Keys in the place of passwords, and by themselves.

use super::factor::told;
use super::*;
use crate::directory::NewKey;
use crate::directory::access::Right;
use crate::directory::keys::{self, Wanted};
use crate::directory::password_change::{PasswordChange, Whose};
use crate::directory::source::Network;

fn new(name: &str) -> NewKey {
    NewKey {
        name: name.to_owned(),
        scopes: vec![keys::LDAP.to_owned()],
        lasts: None,
        networks: Vec::new(),
        certificate: None,
    }
}

fn within(name: &str, network: &str) -> NewKey {
    NewKey {
        networks: vec![Network::parse(network).unwrap()],
        ..new(name)
    }
}

fn whose(name: &str) -> Whose {
    Whose::Named(Dn::parse(name).unwrap())
}

impl Place {
    fn create(&self, of: &str, new: NewKey) -> Result<String, Error> {
        let administrator = Identity::administrator();
        let key = told(|done| {
            self.directory
                .create_key(&administrator, &whose(of), new, done)
        })?;
        Ok(String::from_utf8(key.as_bytes().to_vec()).unwrap())
    }

    fn revoke(&self, of: &str, name: &str) -> Result<(), Error> {
        let administrator = Identity::administrator();
        told(|done| {
            self.directory
                .revoke_key(&administrator, &whose(of), name, done)
        })
    }

    /// Proves a key by itself.
    fn by_key(&self, key: &str, scope: &str, source: &str) -> Verdict {
        let source = Some(source.parse().unwrap()).into();
        self.directory.authenticate_key(
            &Secret::from(key.as_bytes()),
            Wanted::Whole(scope),
            &source,
        )
    }
}

#[test]
fn a_key_is_as_good_as_the_password_of_its_entry_and_costs_no_hash() {
    let place = Place::new();
    let key = place.create(ADA, new("mail")).unwrap();
    assert_eq!(place.cost(HERE, ADA, &key), (None, 0));
    assert!(place.login(HERE, ADA, "secret-ada").is_ok());
    // Not of another entry, nor when it is mistyped: then it costs what any wrong password does.
    let (error, hashes) = place.cost(HERE, KEN, &key);
    assert_eq!((error, hashes), (Some(Error::InvalidCredentials), 1));
    let (error, hashes) = place.cost(HERE, ADA, &key.replace("hgrw_", "hgrw-"));
    assert_eq!((error, hashes), (Some(Error::InvalidCredentials), 1));
    // An entry without a password can have one.
    let group = place.create("cn=staff,dc=a", new("service")).unwrap();
    assert_eq!(place.cost(HERE, "cn=staff,dc=a", &group), (None, 0));
}

#[test]
fn a_key_is_held_to_its_network_its_time_and_its_scope() {
    let place = Place::new();
    let network = place.create(ADA, within("office", "192.0.2.1")).unwrap();
    assert!(place.login(HERE, ADA, &network).is_ok());
    assert!(place.login(THERE, ADA, &network).is_err());
    let short = NewKey {
        lasts: Some(60),
        ..new("short")
    };
    let short = place.create(ADA, short).unwrap();
    let identity = place.login(HERE, ADA, &short).unwrap().identity;
    let other = NewKey {
        scopes: vec!["scim".to_owned()],
        ..new("scim")
    };
    let other = place.create(ADA, other).unwrap();
    assert!(place.login(HERE, ADA, &other).is_err());
    assert!(place.by_key(&other, "scim", HERE).is_ok());
    assert!(place.by_key(&other, "ldap", HERE).is_err());
    place.clock.advance(60);
    assert_eq!(place.directory.standing(&identity), Standing::Closed);
    assert!(place.login(HERE, ADA, &short).is_err());
}

#[test]
fn where_no_scope_is_said_no_key_is_taken_for_a_password() {
    let place = Place::new();
    let key = place.create(ADA, new("mail")).unwrap();
    let source = Source::from(Some(HERE.parse().unwrap()));
    assert!(place.login_from(&source, ADA, "secret-ada").is_ok());
    let refused = place.login_from(&source, ADA, &key);
    assert_eq!(refused, Err(Error::InvalidCredentials));
}

#[test]
fn a_key_proves_whose_it_is_by_itself() {
    let place = Place::new();
    let key = place.create(ADA, within("office", "192.0.2.1")).unwrap();
    let identity = place.by_key(&key, keys::LDAP, HERE).unwrap().identity;
    assert_eq!(place.directory.name(&identity), ADA);
    assert!(place.by_key(&key, keys::LDAP, THERE).is_err());
    for wrong in ["", "hgrw_", "secret-ada"] {
        assert_eq!(
            place.by_key(wrong, keys::LDAP, HERE),
            Err(Error::InvalidCredentials)
        );
    }
    place.set(ADA, "hedgerowDisabled", Some("TRUE"));
    assert_eq!(place.by_key(&key, keys::LDAP, HERE).err(), locked());
    assert_eq!(place.login(HERE, ADA, &key).err(), locked());
}

#[test]
fn a_key_that_is_revoked_closes_what_it_has_opened() {
    let place = Place::new();
    let key = place.create(ADA, new("mail")).unwrap();
    let other = place.create(ADA, new("web")).unwrap();
    let by_key = place.login(HERE, ADA, &key).unwrap().identity;
    let by_other = place.login(HERE, ADA, &other).unwrap().identity;
    let by_password = place.login(HERE, ADA, "secret-ada").unwrap().identity;
    // To act for oneself leads away from the key no more than anything else.
    let as_self = place
        .directory
        .act_as(&by_key, &Dn::parse(ADA).unwrap())
        .unwrap();
    assert_eq!(place.directory.standing(&by_key), Standing::Open);
    place.revoke(ADA, "mail").unwrap();
    for (identity, standing) in [
        (&by_key, Standing::Closed),
        (&as_self, Standing::Closed),
        (&by_other, Standing::Open),
        (&by_password, Standing::Open),
    ] {
        assert_eq!(place.directory.standing(identity), standing);
    }
    assert!(place.login(HERE, ADA, &key).is_err());
    let again = place.revoke(ADA, "mail");
    assert!(matches!(again, Err(Error::NoSuchAttribute(_))), "{again:?}");
}

#[test]
fn an_account_that_needs_a_second_factor_has_keys_for_a_network_only() {
    let place = Place::with(|accounts| {
        accounts.second_factor.groups = vec![Dn::parse("cn=vpn,dc=a").unwrap()];
    });
    let refused = place.create(KEN, new("mail")).unwrap_err();
    assert!(
        refused.to_string().contains("held to a network"),
        "{refused}"
    );
    let key = place.create(KEN, within("mail", "192.0.2.1")).unwrap();
    assert!(place.login(HERE, KEN, &key).is_ok());
    assert!(place.login(THERE, KEN, &key).is_err());
}

#[test]
fn a_key_made_before_a_second_factor_was_needed_counts_no_more() {
    let place = Place::with(|accounts| {
        accounts.second_factor.groups = vec![Dn::parse("cn=vpn,dc=a").unwrap()];
    });
    let key = place.create(ADA, new("mail")).unwrap();
    assert!(place.login(HERE, ADA, &key).is_ok());
    place.set("cn=vpn,dc=a", "member", Some(ADA));
    assert!(place.login(HERE, ADA, &key).is_err());
}

#[test]
fn the_keys_of_an_account_are_listed_with_their_last_use() {
    let place = Place::new();
    let key = place.create(ADA, within("mail", "192.0.2.0/24")).unwrap();
    let administrator = Identity::administrator();
    let list = || place.directory.keys(&administrator, &whose(ADA)).unwrap();
    let now = place.clock.seconds();
    assert_eq!((list()[0].key.created, list()[0].used), (now, None));
    place.clock.advance(5);
    place.login(HERE, ADA, &key).unwrap();
    assert_eq!(list()[0].used, Some(now + 5));
    assert_eq!(list()[0].key.name, "mail");
    assert!(!format!("{:?}", list()).contains(&key));
    let twice = place.create(ADA, new("mail"));
    assert!(
        matches!(twice, Err(Error::AttributeOrValueExists(_))),
        "{twice:?}"
    );
}

#[test]
fn an_account_has_so_many_keys_and_no_more() {
    let place = Place::new();
    for number in 0..keys::MOST {
        place.create(ADA, new(&number.to_string())).unwrap();
    }
    let more = place.create(ADA, new("more"));
    assert!(
        matches!(more, Err(Error::AdminLimitExceeded(_))),
        "{more:?}"
    );
}

#[test]
fn a_key_does_not_forgive_failures_with_the_password() {
    let place = Place::new();
    let key = place.create(ADA, new("mail")).unwrap();
    place.fail(HERE, ADA, 2);
    assert!(place.login(HERE, ADA, &key).is_ok());
    assert_eq!(place.login(HERE, ADA, "wrong").err(), locked());
    // While the account is locked its keys are of no use either.
    assert_eq!(place.login(THERE, ADA, &key).err(), locked());
}

#[test]
fn a_password_that_must_be_changed_or_has_expired_does_not_concern_a_key() {
    let place = Place::new();
    let key = place.create(KEN, new("mail")).unwrap();
    place.set(KEN, "userPassword", Some("secret-ken"));
    place.set(KEN, "pwdReset", Some("TRUE"));
    place.clock.advance(1_000);
    let login = place.login(HERE, KEN, &key).unwrap();
    assert_eq!(login.notice, Notice::default());
    assert_eq!(place.directory.standing(&login.identity), Standing::Open);
}

#[test]
fn a_key_does_not_change_what_its_account_is_proved_by() {
    let own = RuleText {
        who: "self".to_owned(),
        allow: vec![Right::Read, Right::Write],
        ..RuleText::default()
    };
    let place = Place::with_rules(|_| {}, &[own]);
    let key = place.create(ADA, new("mail")).unwrap();
    let by_key = place.login(HERE, ADA, &key).unwrap().identity;
    let change = |identity: &Identity| {
        let change = PasswordChange {
            whose: Whose::Own,
            old: None,
            new: Some(Secret::from(b"another one".as_slice())),
        };
        told(|done| place.directory.change_password(identity, change, done))
    };
    assert!(matches!(change(&by_key), Err(Error::InsufficientAccess)));
    let more = told(|done| {
        place
            .directory
            .create_key(&by_key, &Whose::Own, new("more"), done)
    });
    assert!(matches!(more, Err(Error::InsufficientAccess)));
    let by_password = place.login(HERE, ADA, "secret-ada").unwrap().identity;
    assert!(
        told(|done| place
            .directory
            .create_key(&by_password, &Whose::Own, new("more"), done))
        .is_ok()
    );
    assert!(change(&by_password).is_ok());
}

/// A token for a key of ada's, and what redeems it from an address.
fn token_of(place: &Place, key: NewKey) -> String {
    let key = place.create(ADA, key).unwrap();
    let source = Some(HERE.parse().unwrap()).into();
    let (key, wanted) = (Secret::from(key.as_bytes()), Wanted::Part("sase"));
    let login = place.directory.authenticate_key(&key, wanted, &source);
    let hour = std::time::Duration::from_secs(3_600);
    let identity = login.unwrap().identity;
    place
        .directory
        .issue_token(&identity, "sase", hour)
        .unwrap()
}

fn redeem(place: &Place, token: &str, source: &str) -> Option<Vec<String>> {
    let source = Some(source.parse().unwrap()).into();
    let redeemed = place.directory.redeem_token(token, "sase", &source);
    place.directory.scopes(&redeemed.ok()?)
}

fn for_sase(name: &str) -> NewKey {
    NewKey {
        scopes: vec!["sase:user:read".to_owned()],
        ..new(name)
    }
}

#[test]
fn a_token_of_a_key_is_good_for_no_more_than_the_key_and_no_longer() {
    let place = Place::new();
    let scopes = Some(vec!["sase:user:read".to_owned()]);
    let token = token_of(&place, for_sase("one"));
    assert_eq!(redeem(&place, &token, HERE), scopes);
    place.revoke(ADA, "one").unwrap();
    assert_eq!(redeem(&place, &token, HERE), None);

    let held = NewKey {
        networks: vec![Network::parse(HERE).unwrap()],
        lasts: Some(60),
        ..for_sase("held")
    };
    let token = token_of(&place, held);
    assert_eq!(redeem(&place, &token, HERE), scopes);
    assert_eq!(redeem(&place, &token, THERE), None);
    place.clock.advance(60);
    assert_eq!(redeem(&place, &token, HERE), None);

    let token = token_of(&place, for_sase("closed"));
    place.set(ADA, "hedgerowDisabled", Some("TRUE"));
    assert_eq!(redeem(&place, &token, HERE), None);
    place.set(ADA, "hedgerowDisabled", None);

    let token = token_of(&place, for_sase("changed"));
    assert_eq!(redeem(&place, &token, HERE), scopes);
    place.set(ADA, "userPassword", Some("another one"));
    assert_eq!(redeem(&place, &token, HERE), None);
}

#[test]
fn a_key_gets_no_token_for_what_it_is_not_good_for() {
    let place = Place::new();
    let key = place.create(ADA, new("mail")).unwrap();
    let identity = place.by_key(&key, keys::LDAP, HERE).unwrap().identity;
    let hour = std::time::Duration::from_secs(3_600);
    let token = place.directory.issue_token(&identity, "sase", hour);
    assert_eq!(token, Err(Error::InsufficientAccess));
}
