//! What a change is judged by: what it changes, where the schema is known to have judged the rest.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use crate::directory::access::AccessRules;
use crate::directory::account::AccountSettings;
use crate::directory::dn::Dn;
use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::fixture;
use crate::directory::identity::Identity;
use crate::directory::index::IndexedAttributes;
use crate::directory::request::{Change, Modification, ModificationKind, Terms};
use crate::directory::schema::{PosixGroup, Schema};
use crate::directory::setup::load;
use crate::directory::snapshot::Snapshot;
use crate::directory::unique::UniqueAttributes;
use crate::directory::write::{Credentials, Draft, Origin};
use crate::storage::memory::MemoryStore;
use crate::storage::{Batch, Store};

const TREE: &str = "dn: dc=a\nobjectClass: domain\ndc: a\n\n\
    dn: cn=one,dc=a\nobjectClass: person\nobjectClass: coded\ncn: one\nsn: One\ncode: no number\n\n\
    dn: cn=two,dc=a\nobjectClass: groupOfNames\ncn: two\nmember: cn=one,dc=a\n";
const PERSON: EntryId = 2;

/// The built-in schema and a class `coded`.
fn schema(attribute: &str, class: &str) -> Arc<Schema> {
    let mut schema = Schema::built_in(PosixGroup::Auxiliary).unwrap();
    let text = format!(
        "attributeTypes: ( 1.2.3.1 NAME 'code' {attribute} )\n\
         objectClasses: ( 1.2.3.2 NAME 'coded' AUXILIARY {class} )\n"
    );
    schema.load("test", &text).unwrap();
    Arc::new(schema)
}

const TEXT: &str = "SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 EQUALITY caseIgnoreMatch";
const NUMBER: &str = "SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 EQUALITY integerMatch";

fn stored() -> MemoryStore {
    let indexed = IndexedAttributes::default();
    fixture::directory_of(&schema(TEXT, "MAY code"), TREE, &indexed).0
}

fn reopened(store: &mut MemoryStore, schema: &Arc<Schema>) -> Snapshot {
    let empty = fixture::setup().empty(schema, &IndexedAttributes::default());
    load(store, empty.unwrap(), &mut |_| {}).unwrap().0
}

/// Has a draft do something, and gives back the state and the store with it.
fn drawn_up<T>(
    snapshot: &Snapshot,
    store: &mut MemoryStore,
    act: impl FnOnce(&mut Draft<'_>) -> T,
) -> (T, Snapshot) {
    let rules = AccessRules::compile(snapshot.schema(), &[]).unwrap();
    let (unique, accounts) = (UniqueAttributes::default(), AccountSettings::default());
    let (settings, mut random) = ((&unique, &accounts), || [7; 16]);
    let mut draft = Draft::new(snapshot, &rules, settings, Origin::Client, 1, &mut random);
    let outcome = act(&mut draft);
    let (after, outstanding) = draft.finish();
    store.commit(outstanding.batch).unwrap();
    (outcome, after)
}

fn changed(
    snapshot: &Snapshot,
    store: &mut MemoryStore,
    rdn: &str,
    steps: &[(ModificationKind, &str, &str)],
) -> (Result<(), Error>, Snapshot) {
    let step = |(kind, attribute, value): &(ModificationKind, &str, &str)| Modification {
        kind: *kind,
        attribute: (*attribute).to_owned(),
        values: value.lines().map(|value| value.into()).collect(),
    };
    let change = Change::Modify {
        dn: Dn::parse(&format!("{rdn},dc=a")).unwrap(),
        modifications: steps.iter().map(step).collect(),
    };
    drawn_up(snapshot, store, |draft| {
        let outcome = draft.apply(&Identity::administrator(), &change, &Terms::default());
        outcome.map(|_| ())
    })
}

use ModificationKind::{Add, Delete, Replace};

const HARMLESS: [(ModificationKind, &str, &str); 1] = [(Replace, "description", "x")];

fn is_judged(snapshot: &Snapshot, id: EntryId) -> bool {
    snapshot.judged().covers(snapshot.entry(id).unwrap())
}

#[test]
fn what_was_written_under_a_schema_is_judged_by_it_for_good() {
    let mut store = stored();
    let schema = schema(TEXT, "MAY code");
    let snapshot = reopened(&mut store, &schema);
    assert!(is_judged(&snapshot, PERSON));
    let (outcome, snapshot) = changed(&snapshot, &mut store, "cn=one", &HARMLESS);
    outcome.unwrap();
    assert!(is_judged(&snapshot, PERSON));
    assert!(is_judged(&reopened(&mut store, &schema), PERSON));
}

#[test]
fn after_another_schema_an_entry_is_judged_whole_until_it_has_passed() {
    for other in [
        schema(NUMBER, "MAY code"),
        schema(TEXT, "MAY title"),
        schema(TEXT, "MUST ( code $ title )"),
    ] {
        let mut store = stored();
        let snapshot = reopened(&mut store, &other);
        assert!(!is_judged(&snapshot, PERSON));
        let (outcome, _) = changed(&snapshot, &mut store, "cn=one", &HARMLESS);
        assert!(
            outcome.is_err(),
            "the entry is not what the schema asks for"
        );
        let (outcome, snapshot) = changed(&snapshot, &mut store, "cn=one", &FITTING);
        outcome.unwrap();
        assert!(is_judged(&snapshot, PERSON));
        let (outcome, _) = changed(&snapshot, &mut store, "cn=one", &HARMLESS);
        outcome.unwrap();
    }
}

/// Makes the person what every schema above asks for.
const FITTING: [(ModificationKind, &str, &str); 2] =
    [(Delete, "objectClass", "coded"), (Delete, "code", "")];

#[test]
fn a_change_that_the_schema_is_not_asked_about_proves_nothing() {
    let mut store = stored();
    let snapshot = reopened(&mut store, &schema(NUMBER, "MAY code"));
    let sealed = Credentials::Offer(b"sealed".to_vec());
    let (outcome, snapshot) = drawn_up(&snapshot, &mut store, |draft| {
        draft.change_credentials(&Identity::administrator(), PERSON, &sealed)
    });
    outcome.unwrap();
    assert!(!is_judged(&snapshot, PERSON));
    let (outcome, _) = changed(&snapshot, &mut store, "cn=one", &HARMLESS);
    assert!(matches!(outcome, Err(Error::InvalidAttributeSyntax(_))));
}

#[test]
fn a_store_that_does_not_say_is_judged_anew() {
    let mut store = stored();
    let key = crate::directory::stored::Setting::State.key();
    let mut state = store.read(&key).unwrap().unwrap();
    state.truncate(16);
    let mut batch = Batch::default();
    batch.put(key, state);
    store.commit(batch).unwrap();
    let snapshot = reopened(&mut store, &schema(TEXT, "MAY code"));
    assert!(!is_judged(&snapshot, PERSON));
}

#[test]
fn of_an_entry_that_was_judged_a_change_is_still_refused_what_it_may_not_do() {
    let mut store = stored();
    let snapshot = reopened(&mut store, &schema(TEXT, "MAY code"));
    let refused = |steps: &[(ModificationKind, &str, &str)]| {
        let (outcome, _) = changed(&snapshot, &mut store.clone(), "cn=one", steps);
        outcome.unwrap_err()
    };
    for (steps, reason) in [
        (&[(Delete, "sn", "")][..], "a demanded attribute"),
        (&[(Add, "memberUid", "x")], "one that no class allows"),
        (
            &[(Delete, "objectClass", "coded")],
            "a class that allows one",
        ),
        (&[(Delete, "objectClass", "person")], "the structural class"),
        (
            &[(Add, "objectClass", "account")],
            "a second structural class",
        ),
    ] {
        let error = refused(steps);
        let of_class = matches!(error, Error::ObjectClassViolation(_));
        let of_change = matches!(error, Error::ObjectClassModsProhibited(_));
        assert!(of_class || of_change, "{reason}: {error:?}");
    }
    let error = refused(&[(Replace, "cn", "other")]);
    assert!(matches!(error, Error::NotAllowedOnRdn(_)), "{error:?}");
    let error = refused(&[(Replace, "seeAlso", "no name")]);
    assert!(
        matches!(error, Error::InvalidAttributeSyntax(_)),
        "{error:?}"
    );
    let error = refused(&[(Add, "sn", "ONE")]);
    assert!(
        matches!(error, Error::AttributeOrValueExists(_)),
        "{error:?}"
    );
    let error = refused(&[(Replace, "entryUUID", "x")]);
    assert!(matches!(error, Error::ConstraintViolation(_)), "{error:?}");
    let error = refused(&[(Replace, "pwdReset", "TRUE\nFALSE")]);
    assert!(matches!(error, Error::ConstraintViolation(_)), "{error:?}");
    let last = [(Delete, "member", "")];
    let (outcome, _) = changed(&snapshot, &mut store, "cn=two", &last);
    let error = outcome.unwrap_err();
    assert!(matches!(error, Error::ObjectClassViolation(_)), "{error:?}");
}

/// A person of several classes, and groups of which one has lost its only member.
const CHANGED: &str = "dn: dc=a\nobjectClass: domain\ndc: a\n\n\
    dn: cn=one+sn=One,dc=a\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\nobjectClass: coded\n\
    cn: one\ncn: uno\ncn;lang-de: eins\nsn: One\nuid: one\nuidNumber: 1\ngidNumber: 1\n\
    homeDirectory: /\ncode: x\nseeAlso: cn=a\n\n\
    dn: cn=two,dc=a\nobjectClass: groupOfNames\ncn: two\nmember: cn=one+sn=One,dc=a\n\n\
    dn: cn=three,dc=a\nobjectClass: groupOfNames\nobjectClass: extensibleObject\ncn: three\n";

static CHANGED_TREE: LazyLock<(MemoryStore, Snapshot)> = LazyLock::new(|| {
    let schema = schema(TEXT, "MUST code MAY title");
    let mut beginning = fixture::directory_of(&schema, CHANGED, &IndexedAttributes::default());
    beginning.1 = reopened(&mut beginning.0, &schema);
    beginning
});

/// One step of a change, that fits an entry or not.
fn step() -> impl Strategy<Value = (ModificationKind, &'static str, &'static str)> {
    let kinds = vec![Add, Delete, Replace, ModificationKind::Increment];
    let attributes = vec![
        "objectClass",
        "objectClass;lang-de",
        "cn",
        "cn;lang-de",
        "CN;lang-de;lang-fr",
        "sn",
        "2.5.4.4",
        "name",
        "uid",
        "uidNumber",
        "code",
        "title",
        "seeAlso",
        "member",
        "owner",
        "memberUid",
        "jpegPhoto",
        "userCertificate",
        "userCertificate;binary",
        "pwdReset",
        "pwdPolicySubentry",
        "entryUUID",
        "nothing",
    ];
    let values = vec![
        "",
        "",
        "one",
        "ONE",
        "uno",
        "One",
        "eins",
        "1",
        "01",
        "x",
        "x\ny",
        "X\nx",
        "cn=a",
        "CN=A",
        "cn=one+sn=One,dc=a",
        "cn=nobody,dc=a",
        "TRUE",
        "coded",
        "posixAccount",
        "person",
        "inetOrgPerson",
        "account",
        "top",
        "extensibleObject",
        "groupOfNames",
        "person\ninetOrgPerson\norganizationalPerson\ntop",
    ];
    (
        prop::sample::select(kinds),
        prop::sample::select(attributes),
        prop::sample::select(values),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_change_comes_to_the_same_whether_its_entry_was_judged_before_or_not(
        rdn in prop::sample::select(vec!["cn=one+sn=One", "cn=two", "cn=three"]),
        steps in prop::collection::vec(step(), 1..5),
    ) {
        let (store, judged) = &*CHANGED_TREE;
        let mut doubted = judged.clone();
        doubted.doubt(judged.csn());
        let id = judged.find_entry(&Dn::parse(&format!("{rdn},dc=a")).unwrap()).unwrap();
        prop_assert_eq!([is_judged(judged, id), is_judged(&doubted, id)], [true, false]);
        let [by_change, whole] = [judged, &doubted].map(|snapshot| {
            let (outcome, after) = changed(snapshot, &mut store.clone(), rdn, &steps);
            (outcome, after.entry_bytes(id).cloned())
        });
        prop_assert_eq!(by_change, whole);
    }
}
