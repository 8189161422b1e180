//! Who is in which group after any sequence of changes, dynamic groups among them, against a plain look at every entry.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::directory::access::AccessRules;
use crate::directory::account::AccountSettings;
use crate::directory::dn::{Dn, Rdn};
use crate::directory::fixture;
use crate::directory::identity::Identity;
use crate::directory::index::IndexedAttributes;
use crate::directory::members::EdgeKind;
use crate::directory::request::{Change, Modification, ModificationKind, Terms};
use crate::directory::unique::UniqueAttributes;
use crate::directory::write::{Draft, Origin};

const URLS: [&str; 9] = [
    "ldap:///ou=a,dc=a??sub?(departmentNumber=1)",
    "ldap:///ou=b,dc=a??one?(departmentNumber=2)",
    "ldap:///dc=a??sub?(!(departmentNumber=1))",
    "ldap:///dc=a??sub?(&(objectClass=person)(|(departmentNumber=2)(sn=2)))",
    "ldap:///cn=1,ou=a,dc=a",
    "ldap:///dc=a??sub?(objectClass=groupOfURLs)",
    "ldap:///ou=c,dc=a??sub?(&)",
    "ldap:///ou=b,ou=a,dc=a??sub?(departmentNumber=*)",
    "ldap:///dc=a??one?(cn=g*)",
];
const UNITS: [&str; 5] = [
    "dc=a",
    "ou=a,dc=a",
    "ou=b,dc=a",
    "ou=c,dc=a",
    "ou=b,ou=a,dc=a",
];
const GROUPS: [&str; 4] = ["cn=g1,dc=a", "cn=g2,dc=a", "cn=d1,dc=a", "cn=d2,ou=a,dc=a"];

fn person(number: u8, unit: &str) -> String {
    format!("cn={number},{unit}")
}

fn people() -> impl Strategy<Value = String> {
    (0..3_u8, select(&UNITS[..])).prop_map(|(number, unit)| person(number, unit))
}

fn urls() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(&URLS[..], 1..3)
}

fn add(dn: &str, attributes: &[(&str, &[&str])]) -> Change {
    let values = |values: &[&str]| {
        values
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect()
    };
    let attributes = attributes.iter();
    Change::Add {
        dn: Dn::parse(dn).unwrap(),
        attributes: attributes
            .map(|(name, of)| ((*name).to_owned(), values(of)))
            .collect(),
    }
}

fn modify(dn: &str, kind: ModificationKind, attribute: &str, values: &[&str]) -> Change {
    Change::Modify {
        dn: Dn::parse(dn).unwrap(),
        modifications: vec![Modification {
            kind,
            attribute: attribute.to_owned(),
            values: values
                .iter()
                .map(|value| value.as_bytes().to_vec())
                .collect(),
        }],
    }
}

fn rename(dn: &str, rdn: &str, superior: Option<&str>) -> Change {
    Change::Rename {
        dn: Dn::parse(dn).unwrap(),
        new_rdn: Rdn::parse(rdn).unwrap(),
        delete_old_rdn: true,
        new_superior: superior.map(|dn| Dn::parse(dn).unwrap()),
    }
}

fn change() -> impl Strategy<Value = Change> {
    let number = || select(&["1", "2"][..]);
    let kind = select(&[ModificationKind::Add, ModificationKind::Delete][..]);
    let member = prop_oneof![people(), select(&GROUPS[..]).prop_map(str::to_owned)];
    let unit = |at: &str| add(at, &[("objectClass", &["organizationalUnit"])]);
    prop_oneof![
        4 => (people(), number(), number()).prop_map(|(dn, sn, department)| add(&dn, &[
            ("objectClass", &["inetOrgPerson"]),
            ("sn", &[sn]),
            ("departmentNumber", &[department]),
        ])),
        2 => people().prop_map(|dn| Change::Delete { dn: Dn::parse(&dn).unwrap() }),
        4 => (people(), prop::sample::subsequence(vec!["1", "2"], 0..=2)).prop_map(|(dn, values)| {
            modify(&dn, ModificationKind::Replace, "departmentNumber", &values)
        }),
        2 => (people(), number()).prop_map(|(dn, sn)| modify(&dn, ModificationKind::Replace, "sn", &[sn])),
        3 => (people(), 0..3_u8, select(&UNITS[..])).prop_map(|(dn, number, unit)| {
            rename(&dn, &format!("cn={number}"), Some(unit))
        }),
        2 => (select(&UNITS[1..]), select(&["ou=a", "ou=b", "ou=c"][..]), select(&UNITS[..2]))
            .prop_map(|(dn, rdn, superior)| rename(dn, rdn, Some(superior))),
        1 => select(&UNITS[1..]).prop_map(unit),
        1 => select(&UNITS[1..]).prop_map(|dn| Change::Delete { dn: Dn::parse(dn).unwrap() }),
        4 => (select(&GROUPS[..2]), kind, member).prop_map(|(dn, kind, member)| {
            modify(dn, kind, "member", &[&member])
        }),
        3 => (select(&GROUPS[2..]), urls()).prop_map(|(dn, urls)| {
            modify(dn, ModificationKind::Replace, "memberURL", &urls)
        }),
        1 => select(&GROUPS[..]).prop_map(|dn| Change::Delete { dn: Dn::parse(dn).unwrap() }),
        2 => (select(&GROUPS[2..]), urls()).prop_map(|(dn, urls)| {
            add(dn, &[("objectClass", &["groupOfURLs"]), ("memberURL", &urls)])
        }),
        1 => select(&GROUPS[..2]).prop_map(|dn| add(dn, &[("objectClass", &["groupOfMembers"])])),
    ]
}

fn beginning() -> Vec<Change> {
    let mut all = vec![add("dc=a", &[("objectClass", &["domain"])])];
    for unit in ["ou=a,dc=a", "ou=b,dc=a"] {
        all.push(add(unit, &[("objectClass", &["organizationalUnit"])]));
    }
    for (group, url) in GROUPS[2..].iter().zip(URLS) {
        all.push(add(
            group,
            &[("objectClass", &["groupOfURLs"]), ("memberURL", &[url])],
        ));
    }
    for group in &GROUPS[..2] {
        all.push(add(
            group,
            &[
                ("objectClass", &["groupOfMembers"]),
                ("member", &["cn=1,ou=a,dc=a"]),
            ],
        ));
    }
    all
}

/// The direct members of every group: those it names, and those that any of its URLs finds.
fn direct(snapshot: &Snapshot) -> BTreeMap<EntryId, BTreeSet<EntryId>> {
    let mut groups: BTreeMap<EntryId, BTreeSet<EntryId>> = BTreeMap::new();
    let open = AttributeMask::of(snapshot.schema(), |_| true);
    for (group, members) in snapshot.groups() {
        let named = members.ids(EdgeKind::Member).iter();
        groups.entry(group).or_default().extend(named);
    }
    for group in snapshot.ids() {
        let of = DynamicGroup::read(snapshot, snapshot.entry(group).unwrap());
        for (selector, _) in of.iter().flat_map(DynamicGroup::selectors) {
            let Some(base) = selector.base.find(snapshot) else {
                continue;
            };
            let selected = snapshot.ids().filter(|id| {
                let view = View::new(snapshot, *id).unwrap();
                selector.selects(base, &view, &open, &mut Evaluator::default())
            });
            groups.entry(group).or_default().extend(selected);
        }
    }
    groups
}

/// Looks whether every membership is there that should be, and no other.
fn compare(snapshot: &Snapshot) {
    let direct = direct(snapshot);
    let membership = snapshot.membership();
    for (group, members) in &direct {
        let shown = membership.shown_members(*group, EdgeKind::Member);
        assert!(
            shown.iter().eq(members.iter().copied()),
            "members of {}",
            snapshot.dn(*group)
        );
    }
    for id in snapshot.ids() {
        let mut all = BTreeSet::new();
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            let groups = direct.iter().filter(|(_, members)| members.contains(&next));
            open.extend(
                groups
                    .map(|(group, _)| *group)
                    .filter(|group| all.insert(*group)),
            );
        }
        all.remove(&id);
        let found: BTreeSet<EntryId> = membership.all_groups_of(id).iter().collect();
        assert_eq!(found, all, "groups of {}", snapshot.dn(id));
        for group in snapshot.ids() {
            assert_eq!(membership.is_member(id, group), all.contains(&group));
        }
    }
}

/// Does the changes one after the other, hands each state to `look`, and gives back the last one.
fn perform(indexed: bool, origin: Origin, changes: &[Change], look: fn(&Snapshot)) -> Snapshot {
    static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(fixture::schema);
    let schema = Arc::clone(&SCHEMA);
    let mut indexes = IndexedAttributes::default();
    if indexed {
        indexes.equality = ["departmentNumber", "sn", "cn"]
            .map(|name| schema.attribute_id(name).unwrap())
            .to_vec();
    }
    let mut snapshot = fixture::setup().empty(&schema, &indexes).unwrap();
    let rules = AccessRules::compile(&schema, &[]).unwrap();
    let (unique, accounts) = (UniqueAttributes::default(), AccountSettings::default());
    let mut random = || [7; 16];
    for steps in beginning().chunks(2).chain(changes.chunks(3)) {
        let kept = (&unique, &accounts);
        let mut draft = Draft::new(&snapshot, &rules, kept, origin, 1, &mut random);
        for change in steps {
            // Many are about what is not there.
            let _ = draft.apply(&Identity::administrator(), change, &Terms::default());
        }
        (snapshot, _) = draft.finish();
        look(&snapshot);
    }
    snapshot
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn memberships_are_what_a_look_at_every_entry_finds(
        indexed in any::<bool>(),
        import in any::<bool>(),
        changes in vec(change(), 1..40),
    ) {
        let origin = if import { Origin::Import } else { Origin::Client };
        perform(indexed, origin, &changes, compare);
    }
}

#[test]
fn a_subtree_that_moves_between_two_bases_of_one_group_is_judged_by_the_other() {
    let ou = &[("objectClass", &["organizationalUnit"][..])];
    let both = [
        "ldap:///ou=a,dc=a??sub?(ou=x)",
        "ldap:///ou=b,dc=a??sub?(ou=y)",
    ];
    let steps = [
        modify("cn=d1,dc=a", ModificationKind::Replace, "memberURL", &both),
        add("ou=t,ou=a,dc=a", ou),
        add("ou=x,ou=t,ou=a,dc=a", ou),
        add("ou=y,ou=t,ou=a,dc=a", ou),
        rename("ou=t,ou=a,dc=a", "ou=t", Some("ou=b,dc=a")),
    ];
    let snapshot = perform(true, Origin::Client, &steps, compare);
    let group = snapshot
        .find_entry(&Dn::parse("cn=d1,dc=a").unwrap())
        .unwrap();
    let shown = snapshot.membership().shown_members(group, EdgeKind::Member);
    let names: Vec<String> = shown.iter().map(|id| snapshot.dn(id)).collect();
    assert_eq!(names, ["ou=y,ou=t,ou=b,dc=a"]);
}

#[test]
fn changes_that_no_filter_asks_for_concern_no_group() {
    let sees = [add(
        "cn=1,ou=a,dc=a",
        &[
            ("objectClass", &["inetOrgPerson"]),
            ("sn", &["x"]),
            ("departmentNumber", &["1"]),
        ],
    )];
    let snapshot = perform(true, Origin::Client, &sees, compare);
    let groups = snapshot.dynamic_groups();
    assert_eq!(groups.len(), 2);
    assert!(groups.asking(well_known::DESCRIPTION).is_none());
    let entry = snapshot
        .find_entry(&Dn::parse("cn=1,ou=a,dc=a").unwrap())
        .unwrap();
    let fitting = groups.fitting(&snapshot, snapshot.entry(entry).unwrap());
    let group = snapshot
        .find_entry(&Dn::parse("cn=d1,dc=a").unwrap())
        .unwrap();
    assert_eq!(fitting, BTreeSet::from([group]));
}

/// The schema that a URL was good under may be another one now.
#[test]
fn a_stored_url_that_has_become_bad_selects_nothing_and_is_reported() {
    let snapshot = perform(true, Origin::Client, &[], compare);
    let group = snapshot
        .find_entry(&Dn::parse("cn=d1,dc=a").unwrap())
        .unwrap();
    let mut stored = snapshot.entry_bytes(group).unwrap().to_vec();
    let at = memchr::memmem::find(&stored, b"departmentNumber").unwrap();
    stored[at..at + 3].copy_from_slice(b"xxx");
    let mut snapshot = snapshot;
    snapshot.put_entry(group, Arc::from(stored));
    compare(&snapshot);
    let rules = AccessRules::compile(snapshot.schema(), &[]).unwrap();
    let said: Vec<String> = report::all(&snapshot, &rules).collect();
    let [fault] = said.as_slice() else {
        panic!("{said:?}");
    };
    assert!(
        fault.contains("cn=d1,dc=a") && fault.contains("\"xxxartmentNumber\""),
        "{fault}"
    );
}
