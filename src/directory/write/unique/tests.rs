//! Unique values within one draft, as the lane makes it of a group of changes.

use std::sync::Arc;

use crate::directory::access::{AccessRules, Right, RuleText};
use crate::directory::account::AccountSettings;
use crate::directory::dn::{Dn, Rdn};
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::index::IndexedAttributes;
use crate::directory::request::{Change, Modification, ModificationKind, Terms};
use crate::directory::schema::{PosixGroup, Schema};
use crate::directory::snapshot::{Snapshot, Suffix};
use crate::directory::unique::UniqueAttributes;
use crate::directory::write::{Draft, Origin};

const SUFFIX: &str = "dc=example,dc=org";
/// The id that the entry of [`ADA`] gets.
const ADAS_ID: u32 = 2;
const ADA: &str = "cn=ada";

struct Fixture {
    schema: Arc<Schema>,
    rules: AccessRules,
    unique: UniqueAttributes,
    accounts: AccountSettings,
    random: fn() -> [u8; 16],
}

impl Fixture {
    fn new() -> Fixture {
        let schema = Arc::new(Schema::built_in(PosixGroup::Auxiliary).unwrap());
        // Everyone writes their own mail, and reads nothing but their own entry.
        let own = RuleText {
            who: "self".to_owned(),
            allow: vec![Right::Read, Right::Write],
            ..RuleText::default()
        };
        let names = ["uid", "mail"].map(str::to_owned);
        Fixture {
            rules: AccessRules::compile(&schema, &[own]).unwrap(),
            unique: UniqueAttributes::compile(&schema, &names).unwrap(),
            schema,
            accounts: AccountSettings::default(),
            random: || [7; 16],
        }
    }

    /// A draft with the suffix and two people in it.
    fn draft(&mut self, origin: Origin) -> Draft<'_> {
        let suffix = Suffix::new(&self.schema, Dn::parse(SUFFIX).unwrap());
        let base = Snapshot::empty(
            Arc::clone(&self.schema),
            Arc::from([suffix]),
            "cn=admin".into(),
            &IndexedAttributes {
                equality: self.unique.ids().to_vec(),
                ..IndexedAttributes::default()
            },
        );
        let random = &mut self.random;
        let mut draft = Draft::new(
            &base,
            &self.rules,
            (&self.unique, &self.accounts),
            origin,
            1,
            random,
        );
        let top = Change::Add {
            dn: Dn::parse(SUFFIX).unwrap(),
            attributes: vec![
                attribute("objectClass", &["organization", "dcObject"]),
                attribute("o", &["example"]),
            ],
        };
        admin(&mut draft, &top).unwrap();
        admin(&mut draft, &person(ADA, "ada", "ada@example.org")).unwrap();
        admin(&mut draft, &person("cn=ken", "ken", "ken@example.org")).unwrap();
        draft
    }
}

fn admin(draft: &mut Draft<'_>, change: &Change) -> Result<(), Error> {
    draft
        .apply(&Identity::administrator(), change, &Terms::default())
        .map(|_| ())
}

fn name(rdn: &str) -> Dn {
    Dn::parse(&format!("{rdn},{SUFFIX}")).unwrap()
}

fn attribute(name: &str, values: &[&str]) -> (String, Vec<Vec<u8>>) {
    let values = values.iter().map(|value| value.as_bytes().to_vec());
    (name.to_owned(), values.collect())
}

fn person(rdn: &str, uid: &str, mail: &str) -> Change {
    Change::Add {
        dn: name(rdn),
        attributes: vec![
            attribute("objectClass", &["inetOrgPerson"]),
            attribute("sn", &["same"]),
            attribute("uid", &[uid]),
            attribute("mail", &[mail]),
        ],
    }
}

fn modify(rdn: &str, kind: ModificationKind, what: &str, value: &str) -> Change {
    Change::Modify {
        dn: name(rdn),
        modifications: vec![Modification {
            kind,
            attribute: what.to_owned(),
            values: vec![value.into()],
        }],
    }
}

fn rename(rdn: &str, to: &str) -> Change {
    Change::Rename {
        dn: name(rdn),
        new_rdn: Rdn::parse(to).unwrap(),
        delete_old_rdn: false,
        new_superior: None,
    }
}

/// The text of a refusal, which must be that of a value that is not unique.
#[track_caller]
fn refused(outcome: Result<(), Error>) -> String {
    match outcome {
        Err(Error::NotUnique(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_second_equal_value_is_refused_in_every_kind_of_change() {
    let mut fixture = Fixture::new();
    let mut draft = fixture.draft(Origin::Client);
    let add = ModificationKind::Add;
    for change in [
        person("cn=other", "  ADA ", "other@example.org"),
        modify("cn=ken", add, "uid", "Ada"),
        modify("cn=ken", add, "mail;lang-en", "ADA@EXAMPLE.ORG"),
        modify(
            "cn=ken",
            ModificationKind::Replace,
            "mail",
            "ada@example.org",
        ),
        rename("cn=ken", "uid=ada"),
        rename("cn=ken", "cn=new+uid=ADA"),
    ] {
        let text = refused(admin(&mut draft, &change));
        assert!(text.contains("unique"), "{text}");
        assert!(text.ends_with("cn=ada,dc=example,dc=org"), "{text}");
    }
    // Other attributes are nobody's alone.
    assert_eq!(
        admin(&mut draft, &modify("cn=ken", add, "sn", "ada")),
        Ok(())
    );
}

#[test]
fn of_two_equal_values_in_one_group_the_first_is_taken() {
    let mut fixture = Fixture::new();
    let mut draft = fixture.draft(Origin::Client);
    let first = person("cn=a", "new", "a@example.org");
    assert_eq!(admin(&mut draft, &first), Ok(()));
    refused(admin(&mut draft, &person("cn=b", "new", "b@example.org")));
    let gone = Change::Delete { dn: name("cn=a") };
    assert_eq!(admin(&mut draft, &gone), Ok(()));
    let second = person("cn=b", "new", "b@example.org");
    assert_eq!(admin(&mut draft, &second), Ok(()));
}

#[test]
fn an_entry_keeps_and_respells_its_own_values() {
    let mut fixture = Fixture::new();
    let mut draft = fixture.draft(Origin::Client);
    for change in [
        modify(ADA, ModificationKind::Replace, "uid", "ADA"),
        modify(ADA, ModificationKind::Replace, "uid", "ada"),
        rename(ADA, "uid=ada"),
        rename("uid=ada", "cn=again"),
        modify("cn=again", ModificationKind::Add, "title", "Countess"),
    ] {
        assert_eq!(admin(&mut draft, &change), Ok(()), "{change:?}");
    }
}

#[test]
fn an_import_takes_equal_values_and_their_entries_can_be_changed() {
    let mut fixture = Fixture::new();
    let mut import = fixture.draft(Origin::Import);
    let twin = person("cn=twin", "ada", "twin@example.org");
    assert_eq!(admin(&mut import, &twin), Ok(()));
    let (imported, _) = import.finish();
    let random = &mut fixture.random;
    let (rules, unique) = (&fixture.rules, &fixture.unique);
    let accounts = AccountSettings::default();
    let mut draft = Draft::new(
        &imported,
        rules,
        (unique, &accounts),
        Origin::Client,
        2,
        random,
    );
    let add = ModificationKind::Add;
    assert_eq!(
        admin(&mut draft, &modify("cn=twin", add, "title", "Twin")),
        Ok(())
    );
    assert_eq!(
        admin(&mut draft, &modify("cn=twin", add, "uid", "twin")),
        Ok(())
    );
    refused(admin(&mut draft, &modify("cn=ken", add, "uid", "ada")));
}

#[test]
fn an_address_that_somebody_is_invited_at_is_free_for_the_user_that_they_become() {
    let mut fixture = Fixture::new();
    let mut draft = fixture.draft(Origin::Client);
    let yet_to_come = |rdn: &str, class: &str, mail: &str| {
        let mut attributes = vec![
            attribute("objectClass", &[class]),
            attribute("mail", &[mail]),
        ];
        if class == "hedgerowInvitation" {
            attributes.push(attribute("hedgerowInvitationExpiry", &["20260101000000Z"]));
        }
        Change::Add {
            dn: name(rdn),
            attributes,
        }
    };
    for (rdn, class, mail) in [
        ("cn=invited", "hedgerowInvitation", "new@example.org"),
        ("cn=pending", "hedgerowPendingUser", "new@example.org"),
        ("cn=again", "hedgerowInvitation", "ada@example.org"),
    ] {
        assert_eq!(admin(&mut draft, &yet_to_come(rdn, class, mail)), Ok(()));
    }
    let comes = person("cn=comes", "new", "new@example.org");
    assert_eq!(admin(&mut draft, &comes), Ok(()));
    refused(admin(&mut draft, &person("cn=b", "b", "new@example.org")));
}

#[test]
fn who_has_the_value_is_not_told_to_those_who_may_not_read_it() {
    let mut fixture = Fixture::new();
    let mut draft = fixture.draft(Origin::Client);
    let ada = Identity::entry(ADAS_ID);
    let taken = modify(ADA, ModificationKind::Add, "mail", "ken@example.org");
    let text = refused(draft.apply(&ada, &taken, &Terms::default()).map(|_| ()));
    assert_eq!(
        text,
        "\"mail\" is unique, and value 2 is that of another entry"
    );
}
