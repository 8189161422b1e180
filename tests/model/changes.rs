//! Changes in any order against a model of the tree, and that what the store then holds is the same tree.

mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::mpsc;
use std::time::Instant;

use hedgerow::directory::access::AttributeMask;
use hedgerow::directory::dn::{Dn, Rdn};
use hedgerow::directory::entry::EntryId;
use hedgerow::directory::filter::Filter;
use hedgerow::directory::filter::evaluate::{Evaluator, Truth};
use hedgerow::directory::filter::plan::Plan;
use hedgerow::directory::index::IndexedAttributes;
use hedgerow::directory::request::{Change, Modification, ModificationKind, Scope, Terms};
use hedgerow::directory::search::Progress;
use hedgerow::directory::snapshot::Snapshot;
use hedgerow::directory::view::View;
use hedgerow::directory::{Directory, Error, export};
use proptest::collection::vec;
use proptest::prelude::*;
use tree::{Class, Model, Place, Step, Values, listed, rdn, step};

use crate::in_memory::{Fixture, SUFFIX, administrator, request};

fn attribute(name: &str, values: &[&str]) -> (String, Vec<Vec<u8>>) {
    let values = values.iter().map(|value| value.as_bytes().to_vec());
    (name.to_owned(), values.collect())
}

/// The change that a step asks for.
fn change(step: &Step) -> Change {
    let dn = |place: &Place| Dn::parse(&place.dn()).unwrap();
    let modify = |at: &Place, kind: ModificationKind, name: &str, values: &[&str]| Change::Modify {
        dn: dn(at),
        modifications: vec![Modification {
            kind,
            attribute: name.to_owned(),
            values: attribute(name, values).1,
        }],
    };
    match step {
        Step::Add(at, members) => {
            let listed = listed(members);
            let members: Vec<&str> = listed.iter().map(String::as_str).collect();
            let attributes = match at.class() {
                Class::Unit => vec![attribute("objectClass", &["organizationalUnit"])],
                Class::Person => vec![
                    attribute("objectClass", &["inetOrgPerson"]),
                    attribute("cn", &["someone"]),
                    attribute("sn", &["someone"]),
                ],
                Class::Group => vec![
                    attribute("objectClass", &["groupOfNames", "posixGroup"]),
                    attribute("gidNumber", &["1"]),
                    attribute("member", &members),
                ],
            };
            Change::Add {
                dn: dn(at),
                attributes,
            }
        }
        Step::Describe(at, kind, values) => modify(at, *kind, "description", values),
        Step::Enroll(at, kind, member) => modify(at, *kind, "member", &[&member.dn()]),
        Step::List(at, kind, number) => modify(at, *kind, "memberUid", &[&format!("p{number}")]),
        Step::Delete(at) | Step::Prune(at) => Change::Delete { dn: dn(at) },
        Step::Rename(at, number, forget, to) => Change::Rename {
            dn: dn(at),
            new_rdn: Rdn::parse(&rdn(at.class(), *number)).unwrap(),
            delete_old_rdn: *forget,
            new_superior: to.as_ref().map(dn),
        },
    }
}

fn fixture() -> Fixture {
    Fixture::new(|schema| {
        let ids = ["uid", "description"].map(|name| schema.attribute_id(name).unwrap());
        IndexedAttributes {
            equality: ids.to_vec(),
            presence: ids.to_vec(),
            substring: ids.to_vec(),
            ordering: vec![schema.attribute_id("modifyTimestamp").unwrap()],
        }
    })
}

fn exported(snapshot: &Snapshot) -> Vec<u8> {
    let mut out = Vec::new();
    let export = export::Export {
        base: None,
        filter: None,
        with_secrets: true,
        progress: &mut |_| {},
    };
    export::write(snapshot, export, &mut out).unwrap();
    out
}

/// The paragraphs of LDIF and the lines of each, without order.
fn unordered(ldif: &[u8]) -> BTreeSet<BTreeSet<String>> {
    let text = String::from_utf8(ldif.to_vec()).unwrap();
    let paragraphs = text.split("\n\n");
    paragraphs
        .map(|entry| entry.lines().map(str::to_owned).collect())
        .collect()
}

/// What the indexes find: after any changes it must be what they find when they are made anew. By a piece within a value
/// they may find for a while what is there no more.
fn candidates(snapshot: &Snapshot) -> Vec<Vec<String>> {
    let exactly = [
        "(description=*)",
        "(!(description=*))",
        "(description=one)",
        "(description=t*)",
        "(modifyTimestamp>=20000101000000Z)",
        "(memberOf=cn=g0,dc=example,dc=org)",
        "(!(memberOf=cn=g1,dc=example,dc=org))",
        "(member:1.2.840.113556.1.4.1941:=uid=p0,dc=example,dc=org)",
    ];
    let with_more = ["(description=*ree*)", "(|(uid=*)(description=*two))"];
    let everything = AttributeMask::of(snapshot.schema(), |_| true);
    let found = |text: &str| {
        let filter = Filter::parse(text).unwrap().resolve(snapshot.schema());
        let matches = |id: &EntryId| {
            let truth = |view| Evaluator::default().evaluate(&filter, &view, &everything);
            exactly.contains(&text) || View::new(snapshot, *id).map(truth) == Some(Truth::True)
        };
        let ids = Plan::new(&filter, snapshot).unwrap().candidates();
        let ids = ids.into_iter().filter(matches);
        ids.map(|id| snapshot.dn(id)).collect()
    };
    exactly.into_iter().chain(with_more).map(found).collect()
}

/// Every entry as the administrator finds it, object classes left out.
fn dump(directory: &Directory) -> BTreeMap<String, Values> {
    let identity = administrator(directory);
    let filter = Filter::Present("objectClass".to_owned());
    let attributes = ["*", "memberOf", "memberOfIndirect"];
    let request = request(SUFFIX, Scope::Subtree, filter, &attributes);
    let mut search = directory
        .search(&identity, &request, Instant::now())
        .unwrap();
    let mut entries = BTreeMap::new();
    while directory
        .advance(&mut search, &identity, 7, &mut |entry| {
            let dn = entry.copy().dn;
            let mut values = Values::new();
            let mut put = |name: &str, value: &[u8]| {
                let value = String::from_utf8(value.to_vec()).unwrap();
                let of = values.entry(name.to_owned()).or_default();
                assert!(
                    of.insert(value.to_lowercase()),
                    "{dn} has {name}: {value} twice"
                );
            };
            for (name, block) in entry.stored().filter(|(name, _)| *name != "objectClass") {
                block.values().for_each(|value| put(name, value));
            }
            for computed in entry.computed() {
                computed.for_each(|value| put(&computed.name(), value));
            }
            assert!(entries.insert(dn, values).is_none(), "an entry came twice");
            ControlFlow::Continue(())
        })
        .unwrap()
        == Progress::More
    {}
    entries
}

fn perform(directory: &Directory, step: &Step, trial: bool) -> Result<(), Error> {
    let terms = Terms {
        trial,
        subtree: matches!(step, Step::Prune(_)),
        ..Terms::default()
    };
    make(directory, change(step), terms)
}

fn make(directory: &Directory, change: Change, terms: Terms) -> Result<(), Error> {
    let identity = administrator(directory);
    let (send, receive) = mpsc::channel();
    directory.change(&identity, change, terms, move |result| {
        send.send(result).unwrap();
    });
    receive.recv().unwrap().map(|_| ())
}

/// Does the steps in a directory and in the model, and compares the two and what is kept.
fn follow(steps: &[Step]) -> Result<(), TestCaseError> {
    let fixture = fixture();
    let top = format!(
        "dn: {SUFFIX}\nobjectClass: organization\nobjectClass: dcObject\ndc: example\no: example\n"
    );
    let store = fixture.store(top.as_bytes());
    let directory = fixture.serve(store.clone());
    let mut model = Model::new();
    for step in steps {
        let trial = perform(&directory, step, true);
        prop_assert_eq!(
            dump(&directory),
            model.dump(),
            "tried {:?} of {:?}",
            step,
            steps
        );
        let expected = model.apply(step);
        prop_assert_eq!(trial == Err(Error::NoOperation), expected);
        let result = perform(&directory, step, false);
        prop_assert!(result.is_ok() || result == trial);
        prop_assert_eq!(
            result.is_ok(),
            expected,
            "{:?} of {:?}: {:?}",
            step,
            steps,
            result
        );
        prop_assert_eq!(
            dump(&directory),
            model.dump(),
            "after {:?} of {:?}",
            step,
            steps
        );
    }
    let before = exported(&directory.snapshot());
    let found = candidates(&directory.snapshot());
    directory.close();

    let reloaded = fixture.load(&store);
    prop_assert_eq!(unordered(&exported(&reloaded)), unordered(&before));
    prop_assert_eq!(candidates(&reloaded), found, "after {:?}", steps);
    let again = fixture.serve(store);
    prop_assert_eq!(dump(&again), model.dump());
    again.close();

    let imported = fixture.load(&fixture.store(&before));
    prop_assert_eq!(unordered(&exported(&imported)), unordered(&before));
    Ok(())
}

#[test]
fn a_listed_name_becomes_the_entry_that_is_renamed_to_it() {
    let person = |number| Place(vec![(Class::Person, number)]);
    let group = Place(vec![(Class::Group, 0)]);
    let steps = [
        Step::Add(group, vec![person(1)]),
        Step::Add(person(0), Vec::new()),
        Step::Rename(person(0), 1, true, None),
        Step::Rename(person(1), 2, true, None),
    ];
    follow(&steps).unwrap();
}

#[test]
fn a_value_that_was_replaced_is_not_found_by_its_parts() {
    let person = Place(vec![(Class::Person, 0)]);
    let describe = |value| Step::Describe(person.clone(), ModificationKind::Replace, vec![value]);
    let steps = [
        Step::Add(person.clone(), Vec::new()),
        describe("three"),
        describe("one"),
    ];
    follow(&steps).unwrap();
}

/// A directory with one unit in it, and what a change of it comes to.
fn with_unit() -> Directory {
    let fixture = fixture();
    let tree = format!(
        "dn: {SUFFIX}\nobjectClass: organization\nobjectClass: dcObject\ndc: example\no: example\n\n\
         dn: ou=u0,{SUFFIX}\nobjectClass: organizationalUnit\nou: u0\n"
    );
    fixture.serve(fixture.store(tree.as_bytes()))
}

fn add(rdn: &str, attributes: Vec<(String, Vec<Vec<u8>>)>) -> Change {
    Change::Add {
        dn: Dn::parse(&format!("{rdn},{SUFFIX}")).unwrap(),
        attributes,
    }
}

fn rename(rdn: &str, to: &str, delete_old_rdn: bool, below: Option<&str>) -> Change {
    let dn = |rdn: &str| Dn::parse(&format!("{rdn},{SUFFIX}")).unwrap();
    Change::Rename {
        dn: dn(rdn),
        new_rdn: Rdn::parse(to).unwrap(),
        delete_old_rdn,
        new_superior: below.map(dn),
    }
}

#[test]
fn an_alias_has_nothing_below_it() {
    let directory = with_unit();
    for class in ["alias", "ALIAS", "2.5.6.1"] {
        let alias = vec![
            attribute("objectClass", &[class, "extensibleObject"]),
            attribute("aliasedObjectName", &[SUFFIX]),
        ];
        let rdn = format!("cn={class}");
        make(&directory, add(&rdn, alias), Terms::default()).unwrap();
        let unit = vec![attribute("objectClass", &["organizationalUnit"])];
        for change in [
            add(&format!("ou=u1,{rdn}"), unit),
            rename("ou=u0", "ou=u0", true, Some(&rdn)),
        ] {
            let refused = make(&directory, change, Terms::default());
            assert!(
                matches!(&refused, Err(Error::AliasProblem { matched, .. }) if *matched == format!("{rdn},{SUFFIX}")),
                "{class}: {refused:?}"
            );
        }
        let removed = Change::Delete {
            dn: Dn::parse(&format!("{rdn},{SUFFIX}")).unwrap(),
        };
        make(&directory, removed, Terms::default()).unwrap();
    }
}

#[test]
fn a_rename_that_drops_the_old_name_spells_its_value_anew() {
    let directory = with_unit();
    let spelled = || {
        let snapshot = directory.snapshot();
        let text = String::from_utf8(exported(&snapshot)).unwrap();
        let lines = text.lines().filter(|line| line.starts_with("ou:"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    make(
        &directory,
        rename("ou=u0", "ou=U0", false, None),
        Terms::default(),
    )
    .unwrap();
    assert_eq!(spelled(), ["ou: u0"]);
    make(
        &directory,
        rename("ou=u0", "ou=U0", true, None),
        Terms::default(),
    )
    .unwrap();
    assert_eq!(spelled(), ["ou: U0"]);
}

#[test]
fn a_name_does_not_say_the_same_twice() {
    let directory = with_unit();
    let unit = vec![attribute("objectClass", &["organizationalUnit"])];
    for change in [
        add("ou=x+ou=X", unit),
        rename("ou=u0", "ou=x+2.5.4.11=X", true, None),
    ] {
        let refused = make(&directory, change, Terms::default());
        assert!(
            matches!(refused, Err(Error::NamingViolation(_))),
            "{refused:?}"
        );
    }
}

#[test]
fn what_is_no_attribute_description_is_undefined() {
    let directory = with_unit();
    let names = ["1bad", "ou;", "noSuchAttribute", "ou;noSuchOption"];
    for name in names {
        let unit = vec![
            attribute("objectClass", &["organizationalUnit"]),
            attribute(name, &["x"]),
        ];
        let refused = make(&directory, add("ou=u1", unit), Terms::default());
        assert!(
            matches!(refused, Err(Error::UndefinedAttributeType(_))),
            "{name}: {refused:?}"
        );
    }
}

#[test]
fn a_group_whose_last_member_was_deleted_takes_changes_and_is_imported_again() {
    let person = |number| Place(vec![(Class::Person, number)]);
    let group = |number| Place(vec![(Class::Group, number)]);
    let (add, delete) = (ModificationKind::Add, ModificationKind::Delete);
    let steps = [
        Step::Add(person(0), Vec::new()),
        Step::Add(person(1), Vec::new()),
        Step::Add(group(0), vec![person(0)]),
        // As long as there is a member, a client cannot remove the last.
        Step::Enroll(group(0), delete, person(0)),
        Step::Delete(person(0)),
        Step::Describe(group(0), add, vec!["one"]),
        Step::Rename(group(0), 1, true, None),
        Step::Enroll(group(1), add, person(1)),
        Step::Enroll(group(1), delete, person(1)),
        Step::Delete(person(1)),
        // What is compared at the end is an export with a group that has none.
        Step::Add(group(2), Vec::new()),
    ];
    follow(&steps).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changes_do_what_they_say_and_the_store_holds_them(steps in vec(step(), 1..60)) {
        follow(&steps)?;
    }
}
