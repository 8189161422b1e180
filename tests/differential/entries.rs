//! Entries to be added: valid ones, and valid ones with flaws.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::ROOT;
use super::names::{dn, place};
use super::values::{SINGLE, assertion, bytes, owned, values_of};
use super::wire::{Attribute, Attributes, Operation};

/// The kinds of entry; each with its classes, what it requires and what it may have.
const KINDS: [(&[&str], &[&str], &[&str]); 8] = [
    (
        &["inetOrgPerson"],
        &["cn", "sn"],
        &[
            "description",
            "description;lang-en",
            "cn;lang-en",
            "givenName",
            "uid",
            "employeeNumber",
            "telephoneNumber",
            "mail",
            "seeAlso",
            "postalAddress",
            "manager",
            "title",
            "displayName",
        ],
    ),
    (
        &["top", "person", "posixAccount"],
        &["cn", "sn", "uid", "uidNumber", "gidNumber", "homeDirectory"],
        &["description", "telephoneNumber", "gecos", "loginShell"],
    ),
    (
        &["organizationalUnit"],
        &["ou"],
        &["description", "seeAlso"],
    ),
    (&["groupOfNames"], &["cn", "member"], &["description", "ou"]),
    (
        &["posixGroup"],
        &["cn", "gidNumber"],
        &["memberUid", "description"],
    ),
    (&["account", "top"], &["uid"], &["description", "seeAlso"]),
    (
        &["device", "extensibleObject"],
        &["cn"],
        &["uidNumber", "sn", "uid", "mail", "c"],
    ),
    (
        &["alias", "extensibleObject"],
        &["aliasedObjectName"],
        &["cn", "uid"],
    ),
];

/// A valid set of attributes for a kind of entry, its naming values apart.
fn valid(kind: usize) -> impl Strategy<Value = Attributes> {
    let (classes, must, may) = KINDS[kind];
    let mut parts: Vec<BoxedStrategy<Option<Attribute>>> = vec![
        Just(Some((
            owned("objectClass"),
            classes.iter().map(|class| bytes(class)).collect(),
        )))
        .boxed(),
    ];
    for (at, name) in must.iter().chain(may).enumerate() {
        let most = if SINGLE.contains(name) { 2 } else { 3 };
        let values = subsequence(values_of(name), 1..most)
            .prop_map(|values| (owned(name), values.into_iter().map(bytes).collect()));
        parts.push(if at < must.len() {
            values.prop_map(Some).boxed()
        } else {
            option::weighted(0.2, values).boxed()
        });
    }
    parts.prop_map(|list| list.into_iter().flatten().collect())
}

/// What is done to valid attributes.
#[derive(Clone, Debug)]
enum Flaw {
    Drop(usize),
    Repeat(usize),
    Insert(String, Vec<u8>),
    Class(&'static str),
    NoValues(&'static str),
}

fn flaw() -> impl Strategy<Value = Flaw> {
    let classes = [
        "noSuchClass",
        "person",
        "device",
        "top",
        "organizationalPerson",
        "posixAccount",
        "extensibleObject",
        "dcObject",
        "alias",
        "PERSON",
        "2.5.6.6",
    ];
    prop_oneof![
        2 => (0..8_usize).prop_map(Flaw::Drop),
        1 => (0..8_usize).prop_map(Flaw::Repeat),
        4 => assertion().prop_map(|(name, value)| Flaw::Insert(name, value)),
        3 => select(classes.to_vec()).prop_map(Flaw::Class),
        1 => select(vec!["description", "cn", "noSuchAttribute"]).prop_map(Flaw::NoValues),
    ]
}

pub fn add() -> impl Strategy<Value = Operation> {
    let flaws = prop_oneof![
        3 => Just(Vec::new()),
        2 => vec(flaw(), 1..2),
        1 => vec(flaw(), 1..4),
    ];
    let named = prop_oneof![8 => Just(true), 1 => Just(false)];
    (place(), option::weighted(0.04, dn()), 0..KINDS.len(), named)
        .prop_flat_map(move |((path, dn), odd, kind, named)| {
            // Mostly a kind that the name is fit for.
            let leaf = path.last().map_or("ou", |parts| parts[0].0);
            let kind = match leaf {
                "ou" if kind < 7 => 2,
                "uid" if matches!(kind, 2..=4) => 0,
                "uidNumber" => 1,
                "cn" if matches!(kind, 2 | 5) => 0,
                _ => kind,
            };
            (
                Just((path, odd.unwrap_or(dn), named)),
                valid(kind),
                flaws.clone(),
            )
        })
        .prop_map(|((path, dn, named), mut attributes, flaws)| {
            for (name, value) in path.last().into_iter().copied().flatten().filter(|_| named) {
                let value = bytes(value);
                match attributes.iter_mut().find(|(has, _)| has == name) {
                    Some((_, values)) => {
                        if SINGLE.contains(name) {
                            values.clear();
                        }
                        if !values.iter().any(|has| has.eq_ignore_ascii_case(&value)) {
                            values.push(value);
                        }
                    }
                    None => attributes.push((owned(name), vec![value])),
                }
            }
            for flaw in flaws {
                spoil(&mut attributes, flaw);
            }
            Operation::Add { dn, attributes }
        })
}

/// Other names of attributes, which slapd takes for the same attribute sent twice.
const SYNONYMS: [&str; 5] = ["CN", "commonName", "2.5.4.3", "surname", "GIDNUMBER"];

fn spoil(attributes: &mut Attributes, flaw: Flaw) {
    match flaw {
        Flaw::Drop(at) => {
            let at = at % attributes.len().max(1);
            if at < attributes.len() {
                attributes.remove(at);
            }
        }
        Flaw::Repeat(at) => {
            let at = at % attributes.len().max(1);
            if let Some((_, values)) = attributes.get_mut(at) {
                values.extend(values.first().map(|value| value.to_ascii_uppercase()));
            }
        }
        Flaw::Insert(name, _) if SYNONYMS.contains(&name.as_str()) => {}
        Flaw::Insert(name, value) => match attributes.iter_mut().find(|(has, _)| *has == name) {
            Some((_, values)) => values.push(value),
            None => attributes.push((name, vec![value])),
        },
        Flaw::Class(class) => {
            if let Some((_, values)) = attributes.iter_mut().find(|(has, _)| has == "objectClass") {
                values.push(bytes(class));
            }
        }
        Flaw::NoValues(name) => attributes.push((owned(name), Vec::new())),
    }
}

/// The entries that every round begins with, below one that is always there.
pub fn seedlings() -> Vec<Operation> {
    let entry = |name: &str, attributes: &[(&str, &str)]| {
        let mut all: Attributes = Vec::new();
        for (name, value) in attributes {
            match all.iter_mut().find(|(has, _)| has == name) {
                Some((_, values)) => values.push(bytes(value)),
                None => all.push((owned(name), vec![bytes(value)])),
            }
        }
        Operation::Add {
            dn: format!("{name}{ROOT}"),
            attributes: all,
        }
    };
    vec![
        entry("", &[("objectClass", "organizationalUnit"), ("ou", "t")]),
        entry(
            "ou=a,",
            &[("objectClass", "organizationalUnit"), ("ou", "a")],
        ),
        entry(
            "uid=p0,",
            &[
                ("objectClass", "inetOrgPerson"),
                ("objectClass", "posixAccount"),
                ("uid", "p0"),
                ("cn", "Ann Lee"),
                ("cn", "Anna"),
                ("sn", "Lee"),
                ("description", "abab"),
                ("description;lang-en", "Bob"),
                ("uidNumber", "7"),
                ("gidNumber", "100"),
                ("homeDirectory", "/home/x"),
                ("telephoneNumber", "+1 234-5"),
                ("seeAlso", "cn=Nobody,dc=example,dc=org"),
            ],
        ),
        entry(
            "cn=Ann Lee+uid=p0,ou=a,",
            &[
                ("objectClass", "inetOrgPerson"),
                ("cn", "Ann Lee"),
                ("uid", "p0"),
                ("sn", "Zoë"),
                ("mail", "A@b.org"),
                ("employeeNumber", "x"),
            ],
        ),
        entry(
            "cn=g0,ou=a,",
            &[
                ("objectClass", "groupOfNames"),
                ("cn", "g0"),
                ("member", "cn=nobody,dc=example,dc=org"),
                ("member", "cn=x+sn=y,dc=example,dc=org"),
            ],
        ),
    ]
}
