//! Operations made at random around one small tree: mostly right, often slightly wrong, in every spelling.
//!
//! Owns what is asked. Says nothing of what the answers should be.

use hedgerow::directory::filter::{Assertion, Extensible, Filter, Substrings};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::ROOT;
use super::wire::{Attribute, Attributes, Operation};

/// Texts that are equal or alike under some rule and differ under another.
const TEXTS: [&str; 16] = [
    "Ann Lee",
    "ann  LEE",
    " Ann Lee ",
    "Anna",
    "annalee",
    "lee",
    "Bob",
    "abab",
    "aba",
    "x",
    "Zoë",
    "Zoe\u{308}",
    "ZOË",
    "a, b",
    "a*(b)\\",
    "  ",
];
const NUMBERS: [&str; 9] = ["-3", "0", "5", "7", "10", "100", "255", "-0", "007"];
/// Names as values. None is of an entry that comes and goes: our `member` follows its entry to a new name.
const NAMES: [&str; 8] = [
    "dc=example,dc=org",
    "ou=x,dc=example,dc=org",
    "cn=nobody, DC=example,dc=ORG",
    "CN=Nobody,dc=example,dc=org",
    "2.5.4.3=no\\62ody,dc=example,dc=org",
    "cn=x+sn=y,dc=example,dc=org",
    "sn=Y + cn=X,dc=example,dc=org",
    "",
];
const TIMES: [&str; 6] = [
    "20200101000000Z",
    "21000101000000Z",
    "202001010000Z",
    "20200101000000.5+0130",
    "2020010100Z",
    "yesterday",
];

/// Attributes whose values are text of any kind, in several spellings.
const TEXTUAL: [&str; 20] = [
    "cn",
    "CN",
    "commonName",
    "2.5.4.3",
    "sn",
    "surname",
    "name",
    "givenName",
    "ou",
    "uid",
    "description",
    "description;lang-en",
    "cn;lang-en",
    "cn;LANG-en;lang-fr",
    "employeeNumber",
    "mail",
    "homeDirectory",
    "memberUid",
    "title",
    "displayName",
];
/// Attributes that no entry here has, or nobody knows, or that cannot be attributes.
const ODD: [&str; 8] = [
    "noSuchAttribute",
    "cn;binary",
    "cn;x-unknown",
    "9.9.9",
    "jpegPhoto",
    "c",
    "cn;",
    "1bad",
];

fn owned(text: &str) -> String {
    text.to_owned()
}

fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    select(texts).prop_map(owned)
}

/// A relative name: types and values before any escaping.
type Relative = &'static [(&'static str, &'static str)];

const UNITS: [Relative; 3] = [&[("ou", "a")], &[("ou", "b")], &[("ou", "Ann Lee")]];
const LEAVES: [Relative; 10] = [
    &[("uid", "p0")],
    &[("uid", "p1")],
    &[("cn", "Ann Lee")],
    &[("cn", "Ann Lee"), ("uid", "p0")],
    &[("cn", "Zoë")],
    &[("cn", "a, b")],
    &[("cn", "#x ")],
    &[("cn", "g0")],
    &[("cn", "x+y=\"z\"")],
    &[("uidNumber", "7")],
];

/// How a name is written.
#[derive(Copy, Clone, Debug)]
enum Spelling {
    Plain,
    Upper,
    Spaced,
    Numeric,
    EscapedOctets,
    OtherOrder,
}

fn spelling() -> impl Strategy<Value = Spelling> {
    prop_oneof![
        8 => Just(Spelling::Plain),
        1 => Just(Spelling::Upper),
        1 => Just(Spelling::Spaced),
        1 => Just(Spelling::Numeric),
        1 => Just(Spelling::EscapedOctets),
        1 => Just(Spelling::OtherOrder),
    ]
}

fn escaped(value: &str) -> String {
    let mut out = String::new();
    let last = value.chars().count() - 1;
    for (at, character) in value.chars().enumerate() {
        let edge = (at == 0 && " #".contains(character)) || (at == last && character == ' ');
        if edge || ",+\"\\<>;=".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

fn relative(parts: Relative, spelling: Spelling) -> String {
    let numeric = |name: &'static str| match name {
        "ou" => "2.5.4.11",
        "cn" => "2.5.4.3",
        "uid" => "0.9.2342.19200300.100.1.1",
        "uidNumber" => "1.3.6.1.1.1.1.0",
        other => other,
    };
    let part = |(name, value): &(&'static str, &'static str)| match spelling {
        Spelling::Plain | Spelling::OtherOrder => format!("{name}={}", escaped(value)),
        Spelling::Upper => {
            format!("{}={}", name.to_uppercase(), escaped(&value.to_uppercase()))
        }
        Spelling::Spaced => format!(" {name} = {} ", escaped(value)),
        Spelling::Numeric => format!("{}={}", numeric(name), escaped(value)),
        Spelling::EscapedOctets => {
            let octets = value.bytes().map(|octet| format!("\\{octet:02x}"));
            format!("{name}={}", octets.collect::<String>())
        }
    };
    let mut parts: Vec<_> = parts.iter().map(part).collect();
    if matches!(spelling, Spelling::OtherOrder) {
        parts.reverse();
    }
    parts.join("+")
}

/// A name below the root of the tree, of an entry that may or may not exist.
fn place() -> impl Strategy<Value = (Vec<Relative>, String)> {
    (
        vec(select(UNITS.to_vec()), 0..3),
        option::weighted(0.7, select(LEAVES.to_vec())),
        spelling(),
    )
        .prop_map(|(units, leaf, spelling)| {
            let mut path = units;
            path.extend(leaf);
            let names = path.iter().rev().map(|part| relative(part, spelling));
            let dn = names.chain([owned(ROOT)]).collect::<Vec<_>>().join(",");
            (path, dn)
        })
}

/// A name to ask about; seldom one that is none.
fn dn() -> impl Strategy<Value = String> {
    let odd = [
        "cn=x,ou=t,dc=example,dc=org,",
        "nonsense",
        "cn=x,,dc=example,dc=org",
        "cn=\\zz,ou=t,dc=example,dc=org",
        "cn=x,dc=elsewhere",
        "cn=x,dc=org",
        "dc=org",
        "cn=x\0y,ou=t,dc=example,dc=org",
        "cn=\"x\",ou=t,dc=example,dc=org",
    ];
    prop_oneof![
        40 => place().prop_map(|(_, dn)| dn),
        1 => select(odd.to_vec()).prop_map(owned),
    ]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        30 => select(TEXTS.to_vec()).prop_map(bytes),
        4 => select(vec!["p0", "P0", "a", "A", "g0", "lang", "/home/x", "en"]).prop_map(bytes),
        1 => Just(vec![0xff, b'a']),
        1 => Just(Vec::new()),
    ]
}

/// An attribute with a value that mostly fits it.
fn assertion() -> impl Strategy<Value = (String, Vec<u8>)> {
    let classes = [
        "person",
        "inetOrgPerson",
        "GROUPOFNAMES",
        "top",
        "posixAccount",
        "2.5.6.6",
        "noSuchClass",
        "organizationalUnit",
    ];
    let telephones = ["+1 234-5", "+12345", "12 34", "_", "1", "-"];
    prop_oneof![
        14 => (select(TEXTUAL.to_vec()), text()).prop_map(|(name, value)| (owned(name), value)),
        3 => (select(vec!["uidNumber", "gidNumber", "GIDNUMBER"]), select(NUMBERS.to_vec()))
            .prop_map(|(name, value)| (owned(name), bytes(value))),
        2 => (select(vec!["uidNumber", "gidNumber"]), select(vec!["x", "", "1.5", " 7"]))
            .prop_map(|(name, value)| (owned(name), bytes(value))),
        3 => select(classes.to_vec()).prop_map(|class| (owned("objectClass"), bytes(class))),
        3 => (select(vec!["member", "seeAlso", "manager", "secretary"]), select(NAMES.to_vec()))
            .prop_map(|(name, value)| (owned(name), bytes(value))),
        1 => (select(vec!["member", "seeAlso", "uidNumber"]), text())
            .prop_filter("spaces are a name on one server", |(_, value)| value != b"  ")
            .prop_map(|(name, value)| (owned(name), value)),
        2 => (select(vec!["telephoneNumber", "mobile"]), select(telephones.to_vec()))
            .prop_map(|(name, value)| (owned(name), bytes(value))),
        1 => select(vec!["a$b", "A$B", "a $ b", "a\\24b"])
            .prop_map(|value| (owned("postalAddress"), bytes(value))),
        2 => (select(ODD.to_vec()), text()).prop_map(|(name, value)| (owned(name), value)),
        1 => (select(vec!["createTimestamp", "modifyTimestamp"]), select(TIMES.to_vec()))
            .prop_map(|(name, value)| (owned(name), bytes(value))),
        1 => select(vec!["groupOfNames", "noSuchClass"])
            .prop_map(|value| (owned("structuralObjectClass"), bytes(value))),
    ]
}

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

/// Attributes that have one value at most.
const SINGLE: [&str; 8] = [
    "uidNumber",
    "gidNumber",
    "homeDirectory",
    "gecos",
    "loginShell",
    "displayName",
    "employeeNumber",
    "aliasedObjectName",
];

/// Values that fit an attribute, no two of them equal.
fn values_of(name: &str) -> Vec<&'static str> {
    match name {
        "uidNumber" | "gidNumber" => vec!["-3", "0", "5", "7", "10", "100", "255"],
        "member" | "seeAlso" | "manager" => {
            vec![
                NAMES[0],
                NAMES[1],
                NAMES[2],
                NAMES[5],
                "uid=p0,ou=a,ou=t,dc=example,dc=org",
            ]
        }
        "aliasedObjectName" => vec![
            "ou=a,ou=t,dc=example,dc=org",
            "uid=p0,ou=t,dc=example,dc=org",
            "ou=nowhere,ou=t,dc=example,dc=org",
        ],
        "telephoneNumber" => vec!["+1 234-5", "12 35", "1"],
        "postalAddress" => vec!["a$b", "A $ C", "x\\24y"],
        "c" => vec!["DE", "fr"],
        "mail" | "homeDirectory" | "gecos" | "loginShell" | "memberUid" => {
            vec!["a@b.org", "A@C.org", "/home/x", "x"]
        }
        _ => vec![
            "Ann Lee",
            "Anna",
            " annalee ",
            "lee",
            "BOB",
            "abab",
            "aba",
            "x",
            "Zoe\u{308}",
            "a, b",
            "a*(b)\\",
            "/home/x",
        ],
    }
}

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

fn add() -> impl Strategy<Value = Operation> {
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

fn substrings() -> impl Strategy<Value = Filter> {
    let piece = || {
        select(vec![
            "a", "b", "AB", "ann", "n l", "n  l", "LEE", "e", "p", "ba", "1", "/", "@",
        ])
        .prop_map(bytes)
    };
    let attribute = prop_oneof![
        6 => one_of(&TEXTUAL),
        1 => one_of(&["uidNumber", "member", "telephoneNumber", "objectClass", "postalAddress", "noSuchAttribute"]),
    ];
    (
        attribute,
        option::of(piece()),
        vec(piece(), 0..3),
        option::of(piece()),
    )
        .prop_filter("no piece", |(_, initial, any, last)| {
            initial.is_some() || last.is_some() || !any.is_empty()
        })
        .prop_map(|(attribute, initial, any, last)| {
            Filter::Substrings(Substrings {
                attribute,
                initial,
                any,
                last,
            })
        })
}

/// Rules for Directory Strings, and attributes that are IA5 Strings.
const WIDE_RULES: [&str; 3] = ["caseIgnoreMatch", "caseExactMatch", "2.5.13.2"];
const IA5: [&str; 3] = ["mail", "homeDirectory", "loginShell"];

fn extensible() -> impl Strategy<Value = Filter> {
    let rule = select(vec![
        "caseIgnoreMatch",
        "caseExactMatch",
        "2.5.13.2",
        "caseIgnoreIA5Match",
        "integerMatch",
        "distinguishedNameMatch",
        "integerBitAndMatch",
        "1.2.840.113556.1.4.804",
        "noSuchMatch",
        "octetStringMatch",
    ]);
    (
        option::of(rule),
        option::weighted(0.85, assertion()),
        text(),
        any::<bool>(),
    )
        .prop_filter(
            "neither, or of strings that only one server compares",
            |(rule, named, _, _)| {
                let wide = rule.is_some_and(|rule| WIDE_RULES.contains(&rule));
                match named {
                    Some((name, _)) => !(wide && IA5.contains(&name.as_str())),
                    None => rule.is_some() && !wide,
                }
            },
        )
        .prop_map(|(rule, named, value, dn_attributes)| {
            let (attribute, value) = match named {
                Some((attribute, value)) => (Some(attribute), value),
                None => (None, value),
            };
            Filter::Extensible(Extensible {
                rule: rule.map(owned),
                attribute,
                value,
                dn_attributes,
            })
        })
}

fn filter() -> impl Strategy<Value = Filter> {
    let item = || assertion().prop_map(|(attribute, value)| Assertion { attribute, value });
    let leaf = prop_oneof![
        6 => item().prop_map(Filter::Equality),
        3 => assertion().prop_map(|(name, _)| Filter::Present(name)),
        2 => item().prop_map(Filter::GreaterOrEqual),
        2 => item().prop_map(Filter::LessOrEqual),
        3 => substrings(),
        3 => extensible(),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Filter::And),
            vec(inner.clone(), 0..4).prop_map(Filter::Or),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
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
        1 => one_of(&ODD),
    ];
    (
        base,
        prop_oneof![1 => 0..4_u8, 4 => Just(2)],
        prop_oneof![6 => Just(0), 1 => 0..4_u8],
        prop_oneof![6 => Just(0), 1 => 1..4_u8],
        prop_oneof![4 => Just(false), 1 => Just(true)],
        filter(),
        vec(selector, 0..3),
    )
        .prop_map(
            |(base, scope, dereference, size_limit, types_only, filter, selection)| {
                Operation::Search {
                    base,
                    scope,
                    dereference,
                    size_limit,
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
