//! Operations made at random around one small tree: mostly right, often slightly wrong, in every spelling.
//!
//! Owns what is asked. Says nothing of what the answers should be.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::ROOT;
use super::entries::add;
use super::filters::filter;
use super::names::{LEAVES, UNITS, dn, relative, spelling};
use super::values::{ODD, OPERATIONAL, TEXTUAL, assertion, bytes, one_of, owned, text};
use super::wire::Operation;

/// Attributes whose values are names; spaces alone are one on one server.
const NAMES_ONLY: [&str; 4] = ["member", "seeAlso", "manager", "secretary"];
/// Classes that other classes of the kinds derive from.
const IMPLIED: [&str; 3] = ["top", "person", "2.5.6.6"];

fn modify() -> impl Strategy<Value = Operation> {
    let numbers = ["1", "-1", "7", "x", "", "9223372036854775807", "0"];
    let change = prop_oneof![
        9 => (0..3_u8, assertion()).prop_map(|(kind, (name, value))| (kind, name, vec![value])),
        2 => (0..3_u8, assertion()).prop_map(|(kind, (name, _))| (kind, name, Vec::new())),
        3 => (0..3_u8, assertion(), vec(text(), 1..3)).prop_map(|(kind, (name, value), mut more)| {
            more.push(value);
            (kind, name, more)
        }),
        3 => (
            select(vec!["uidNumber", "gidNumber", "cn", "noSuchAttribute", "employeeNumber"]),
            vec(select(numbers.to_vec()).prop_map(bytes), 0..3)
        ).prop_map(|(name, values)| (3, owned(name), values)),
    ];
    (
        dn(),
        prop_oneof![4 => vec(change.clone(), 1..2), 2 => vec(change, 2..4)],
    )
        .prop_map(|(dn, mut changes)| {
            // Superclasses are there on one server and not on the other.
            for (_, name, values) in &mut changes {
                if NAMES_ONLY.contains(&name.as_str()) {
                    values.retain(|value| value != b"  ");
                }
                if name == "jpegPhoto" {
                    values.clear();
                }
                if name == "objectClass" {
                    let explicit =
                        |value: &Vec<u8>| !IMPLIED.iter().any(|class| value == class.as_bytes());
                    values.retain(explicit);
                }
            }
            Operation::Modify { dn, changes }
        })
}

fn rename() -> impl Strategy<Value = Operation> {
    let rdn = (
        prop_oneof![1 => select(UNITS.to_vec()), 3 => select(LEAVES.to_vec())],
        spelling(),
    )
        .prop_map(|(parts, spelling)| relative(parts, spelling));
    let odd = one_of(&[
        "x",
        "",
        "cn=a,cn=b",
        "cn=",
        "cn=x+cn=X",
        "objectClass=person",
        "c=DE",
    ]);
    let superior = prop_oneof![2 => Just(ROOT.to_owned()), 6 => dn()];
    (
        dn(),
        prop_oneof![12 => rdn, 1 => odd],
        any::<bool>(),
        option::of(superior),
    )
        .prop_map(|(dn, rdn, delete_old, superior)| Operation::Rename {
            dn,
            rdn,
            delete_old,
            superior,
        })
}

fn search() -> impl Strategy<Value = Operation> {
    let base = prop_oneof![
        6 => Just(ROOT.to_owned()),
        2 => dn(),
        1 => one_of(&["DC=Example, dc=org", "ou=T,dc=example,dc=org"]),
    ];
    let selector = prop_oneof![
        4 => one_of(&TEXTUAL),
        2 => one_of(&["*", "1.1", "objectClass", "member", "uidNumber"]),
        1 => one_of(&["@person", "@posixAccount", "@noSuchClass", "@2.5.6.6", "structuralObjectClass", "hasSubordinates"]),
        1 => one_of(&OPERATIONAL),
        1 => one_of(&ODD),
    ];
    (
        base,
        prop_oneof![1 => 0..4_u8, 4 => Just(2)],
        prop_oneof![6 => Just(0), 1 => 0..4_u8],
        prop_oneof![6 => Just((0, 0)), 1 => (1..4_u8, Just(0)), 1 => (Just(0), 1..4_u8)],
        prop_oneof![4 => Just(false), 1 => Just(true)],
        filter(),
        vec(selector, 0..3),
    )
        .prop_map(
            |(base, scope, dereference, (size_limit, page), types_only, filter, selection)| {
                // Entries that come twice count twice for one server.
                let size_limit = if dereference % 2 == 0 { size_limit } else { 0 };
                Operation::Search {
                    base,
                    scope,
                    dereference,
                    size_limit,
                    page,
                    types_only,
                    filter,
                    selection,
                }
            },
        )
}

fn compare() -> impl Strategy<Value = Operation> {
    (dn(), assertion()).prop_map(|(dn, (attribute, value))| Operation::Compare {
        dn,
        attribute,
        value,
    })
}

/// Any operation; additions often enough that there is something to ask about.
pub fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => add(),
        4 => modify(),
        3 => rename(),
        1 => dn().prop_map(|dn| Operation::Delete { dn }),
        2 => compare(),
        10 => search(),
    ]
}
