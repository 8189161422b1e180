//! Searches against a second opinion: whatever the planner does, a search finds what a full scan by a plain evaluator finds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::Arc;

use base64::Engine as _;
use hedgerow::directory::access::AccessRules;
use hedgerow::directory::dn::Dn;
use hedgerow::directory::filter::{Assertion, Extensible, Filter, Substrings};
use hedgerow::directory::index::{self, IndexedAttributes};
use hedgerow::directory::password::{Argon2Params, Pool, PoolSettings};
use hedgerow::directory::request::{Dereference, Part, Scope, SearchRequest, Subentries};
use hedgerow::directory::schema::{PosixGroup, Schema};
use hedgerow::directory::search::Progress;
use hedgerow::directory::setup::Setup;
use hedgerow::directory::unique::UniqueAttributes;
use hedgerow::directory::{Administrator, Directory, Error, Settings, import, setup};
use hedgerow::storage::memory::MemoryStore;
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use unicode_normalization::UnicodeNormalization as _;

const SUFFIX: &str = "dc=example,dc=org";
const ADMINISTRATOR: &str = "cn=admin,dc=example,dc=org";
/// Texts that are equal or alike under some rule and differ under another.
const TEXTS: [&str; 22] = [
    "Ann Lee",
    "ann  LEE",
    " ANN lee ",
    "Anna",
    "lee",
    "Bob",
    "bob b",
    "abab",
    "aba",
    "x",
    // One letter, a letter with a mark, and neither.
    "Zo\u{eb}",
    "ZOE\u{308}",
    "zoe",
    "Stra\u{df}e",
    "STRASSE",
    "\u{130}lee",
    // Full width.
    "\u{ff21}nna",
    "a\u{ff4e}n\u{a0}lee",
    // The last character that a value may have, which nothing comes after.
    "\u{efffd}",
    "a\u{efffd}\u{efffd}",
    // Longer than what an index keeps, and the same up to there.
    "Lee and Lee and Lee and Lee and Lee and Lee and Lee and Ann",
    "lee  AND lee and lee and lee and lee and lee and lee and Bob",
];
const NUMBERS: [&str; 7] = ["-3", "0", "5", "7", "10", "100", "255"];
const INDEXABLE: [&str; 8] = [
    "objectClass",
    "cn",
    "sn",
    "uid",
    "ou",
    "description",
    "uidNumber",
    "name",
];

/// One entry of the second opinion: its name from the top down, normalised, and its attributes as given.
#[derive(Clone, Debug)]
struct Plain {
    path: Vec<String>,
    attributes: Vec<(&'static str, String)>,
}

impl Plain {
    fn dn(&self) -> String {
        let parts: Vec<&str> = self.path.iter().rev().map(String::as_str).collect();
        match parts.as_slice() {
            [] => SUFFIX.to_owned(),
            parts => format!("{},{SUFFIX}", parts.join(",")),
        }
    }
}

/// What a random tree is made from.
#[derive(Clone, Debug)]
struct Seed {
    units: Vec<(usize, Option<usize>)>,
    people: Vec<Person>,
    groups: Vec<(usize, BTreeSet<usize>, Option<usize>)>,
}

#[derive(Clone, Debug)]
struct Person {
    unit: usize,
    cn: BTreeSet<usize>,
    sn: usize,
    description: BTreeSet<usize>,
    english: Option<usize>,
    number: Option<usize>,
}

/// How many names a group may list: people, groups, and some that no entry has.
const NAMES: usize = 16;

fn seed() -> impl Strategy<Value = Seed> {
    let text = || 0..TEXTS.len();
    let person = (
        0..5_usize,
        btree_set(text(), 1..3),
        text(),
        btree_set(text(), 0..3),
        option::of(text()),
        option::of(0..NUMBERS.len()),
    )
        .prop_map(|(unit, cn, sn, description, english, number)| Person {
            unit,
            cn,
            sn,
            description,
            english,
            number,
        });
    (
        vec((0..5_usize, option::of(text())), 1..5),
        vec(person, 0..12),
        vec(
            (0..5_usize, btree_set(0..NAMES, 1..6), option::of(text())),
            0..4,
        ),
    )
        .prop_map(|(units, people, groups)| Seed {
            units,
            people,
            groups,
        })
}

/// Prepared as RFC 4518 says, as far as the texts here need it: without regard to case.
fn fold(text: &str) -> String {
    squeeze(&text.to_lowercase().replace('\u{df}', "ss"))
}

/// The same with regard to case: compatible forms are one, spaces at the ends removed and others collapsed.
fn squeeze(text: &str) -> String {
    let text: String = text.nfkc().collect();
    text.split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Values of one attribute, without those that are equal to earlier ones.
fn texts(
    attributes: &mut Vec<(&'static str, String)>,
    name: &'static str,
    which: &BTreeSet<usize>,
) {
    let mut seen = BTreeSet::new();
    for at in which {
        if seen.insert(fold(TEXTS[*at])) {
            attributes.push((name, TEXTS[*at].to_owned()));
        }
    }
}

fn classes(attributes: &mut Vec<(&'static str, String)>, names: &[&str]) {
    attributes.extend(names.iter().map(|name| ("objectClass", (*name).to_owned())));
}

/// The tree, parents first.
fn tree(seed: &Seed) -> Vec<Plain> {
    let mut top = vec![("dc", "example".to_owned()), ("o", "Ann Lee".to_owned())];
    classes(&mut top, &["top", "organization", "dcObject"]);
    let mut all = vec![Plain {
        path: Vec::new(),
        attributes: top,
    }];
    let mut units: Vec<Vec<String>> = vec![Vec::new()];
    for (at, (parent, description)) in seed.units.iter().enumerate() {
        let mut path = units[parent % units.len()].clone();
        // A name that occurs in values as well, so that `:dn` and `name` have something to find.
        let ou = match at {
            0 => "lee".to_owned(),
            1 => "Zo\u{eb}".to_owned(),
            _ => format!("unit {at}"),
        };
        path.push(format!("ou={ou}"));
        let mut attributes = vec![("ou", ou)];
        classes(&mut attributes, &["top", "organizationalUnit"]);
        texts(
            &mut attributes,
            "description",
            &description.iter().copied().collect(),
        );
        units.push(path.clone());
        all.push(Plain { path, attributes });
    }
    for (at, person) in seed.people.iter().enumerate() {
        let mut path = units[person.unit % units.len()].clone();
        path.push(format!("uid=p{at}"));
        let mut attributes = vec![
            ("uid", format!("p{at}")),
            ("sn", TEXTS[person.sn].to_owned()),
        ];
        classes(
            &mut attributes,
            &["top", "person", "organizationalPerson", "inetOrgPerson"],
        );
        texts(&mut attributes, "cn", &person.cn);
        texts(&mut attributes, "description", &person.description);
        texts(
            &mut attributes,
            "description;lang-en",
            &person.english.iter().copied().collect(),
        );
        if let Some(number) = person.number {
            classes(&mut attributes, &["posixAccount"]);
            attributes.push(("uidNumber", NUMBERS[number].to_owned()));
            attributes.push(("gidNumber", "1".to_owned()));
            attributes.push(("homeDirectory", "/home/x".to_owned()));
        }
        all.push(Plain { path, attributes });
    }
    let first_group = all.len();
    for (at, (unit, _, description)) in seed.groups.iter().enumerate() {
        let mut path = units[unit % units.len()].clone();
        path.push(format!("cn=group {at}"));
        let mut attributes = vec![("cn", format!("group {at}"))];
        classes(&mut attributes, &["top", "groupOfNames"]);
        texts(
            &mut attributes,
            "description",
            &description.iter().copied().collect(),
        );
        all.push(Plain { path, attributes });
    }
    let names: Vec<String> = (0..NAMES).map(|at| name(&all, at)).collect();
    for (at, (_, members, _)) in seed.groups.iter().enumerate() {
        let own = all[first_group + at].dn();
        let mut listed: BTreeSet<&String> = members.iter().map(|at| &names[*at]).collect();
        listed.remove(&own);
        let stranger = format!("cn=stranger,{SUFFIX}");
        if listed.is_empty() {
            listed.insert(&stranger);
        }
        let members = listed.into_iter().map(|dn| ("member", dn.clone()));
        all[first_group + at].attributes.extend(members);
    }
    // What the server computes is plain data here.
    for at in 0..all.len() {
        let mut groups = groups_of(&all, &all[at].dn());
        let mut next = 0;
        while let Some(group) = groups.get(next).cloned() {
            for above in groups_of(&all, &group) {
                if !groups.contains(&above) {
                    groups.push(above);
                }
            }
            next += 1;
        }
        groups.retain(|group| *group != all[at].dn());
        all[at]
            .attributes
            .extend(groups.into_iter().map(|dn| ("memberOf", dn)));
    }
    all
}

/// The groups that list a name.
fn groups_of(all: &[Plain], dn: &str) -> Vec<String> {
    let lists = |group: &&Plain| {
        let mut attributes = group.attributes.iter();
        attributes.any(|(name, value)| *name == "member" && value == dn)
    };
    all.iter().filter(lists).map(Plain::dn).collect()
}

/// A name to list or to ask for: mostly of an entry, counted from the last.
fn name(all: &[Plain], at: usize) -> String {
    match at {
        0 => format!("cn=stranger,{SUFFIX}"),
        1 => "cn=far away,o=elsewhere".to_owned(),
        _ => all
            .len()
            .checked_sub(at - 1)
            .map_or_else(|| format!("cn=nobody {at},{SUFFIX}"), |at| all[at].dn()),
    }
}

fn ldif(all: &[Plain]) -> String {
    let encoded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let mut out = String::from("version: 1\n");
    for entry in all {
        let _ = write!(out, "\ndn: {}\n", entry.dn());
        for (name, value) in entry
            .attributes
            .iter()
            .filter(|(name, _)| *name != "memberOf")
        {
            let _ = writeln!(out, "{name}:: {}", encoded(value));
        }
    }
    out
}

/// Every kind of index that these attributes can have.
fn index_for_everything(schema: &Schema, names: &[&str]) -> IndexedAttributes {
    let ids = |kind| {
        let ids = names.iter().map(|name| schema.attribute_id(name).unwrap());
        ids.filter(|id| {
            let of_type = schema.attribute(*id);
            match kind {
                index::Kind::Equality => of_type.equality.is_some(),
                index::Kind::Presence => true,
                index::Kind::Substring => of_type.substrings.is_some(),
                index::Kind::Ordering => of_type.ordering.is_some(),
            }
        })
        .collect()
    };
    IndexedAttributes {
        equality: ids(index::Kind::Equality),
        presence: ids(index::Kind::Presence),
        substring: ids(index::Kind::Substring),
        ordering: ids(index::Kind::Ordering),
    }
}

fn serve(all: &[Plain], indexed: &[&str]) -> Directory {
    let schema = Arc::new(Schema::built_in(PosixGroup::Auxiliary).unwrap());
    let indexed = index_for_everything(&schema, indexed);
    let of = Setup {
        suffixes: vec![SUFFIX.to_owned()],
        administrator: Administrator {
            name: ADMINISTRATOR.into(),
            hash: b"{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
                .as_slice()
                .into(),
        },
    };
    let rules = AccessRules::compile(&schema, &AccessRules::default_texts(&of.suffixes)).unwrap();
    let pool = Pool::start(PoolSettings {
        threads: NonZeroUsize::MIN,
        queue_per_thread: NonZeroUsize::MIN,
        params: Argon2Params::new(8, 1, 1).unwrap(),
    })
    .unwrap();
    let mut store = MemoryStore::default();
    of.write(&mut store).unwrap();
    let empty = || of.empty(&schema, &indexed).unwrap();
    let text = ldif(all);
    let prepared = import::prepare(empty(), &rules, &pool, text.as_bytes(), true, &mut |_| {})
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    prepared.write(&mut store, &mut |_| {}).unwrap();
    let (snapshot, _) = setup::load(&mut store, empty(), &mut |_| {}).unwrap();
    let settings = Settings {
        size_limit: None,
        time_limit: None,
        upgrade_passwords: false,
        unique: UniqueAttributes::default(),
        accounts: hedgerow::directory::account::AccountSettings::default(),
        changes: hedgerow::directory::change_log::Bounds::default(),
    };
    Directory::serve(
        Box::new(store),
        snapshot,
        rules,
        of.administrator,
        pool,
        settings,
    )
    .unwrap()
}

/// The attributes that a description stands for.
fn covered(description: &str) -> Option<&'static [&'static str]> {
    Some(match description.to_ascii_lowercase().as_str() {
        "cn" | "commonname" | "2.5.4.3" => &["cn"],
        "sn" => &["sn"],
        "o" => &["o"],
        "ou" => &["ou"],
        "uid" => &["uid"],
        "name" => &["cn", "sn", "ou", "o"],
        "description" => &["description", "description;lang-en"],
        "description;lang-en" => &["description;lang-en"],
        "uidnumber" => &["uidNumber"],
        "objectclass" => &["objectClass"],
        "member" => &["member"],
        "memberof" => &["memberOf"],
        "mail" => &[],
        _ => return None,
    })
}

/// What is compared, by description.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Name,
    Class,
    /// Text of ASCII alone (IA5 String).
    Ascii,
}

fn kind(description: &str) -> Kind {
    match description.to_ascii_lowercase().as_str() {
        "uidnumber" => Kind::Number,
        "member" | "memberof" => Kind::Name,
        "objectclass" => Kind::Class,
        "mail" => Kind::Ascii,
        _ => Kind::Text,
    }
}

/// A name in one form: no spaces around separators, folded.
fn fold_name(text: &str) -> Option<String> {
    let parts = text.split(',').map(|rdn| {
        let (name, value) = rdn.split_once('=')?;
        Some(format!("{}={}", fold(name), fold(value)))
    });
    Some(parts.collect::<Option<Vec<_>>>()?.join(","))
}

/// A comparable form of a value; `None` when it is not of the syntax.
fn form(kind: Kind, value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    match kind {
        Kind::Text => Some(fold(text)),
        Kind::Ascii => text.is_ascii().then(|| fold(text)),
        Kind::Number => text.parse::<i64>().ok().map(|number| number.to_string()),
        Kind::Name => fold_name(text),
        Kind::Class => Some(text.to_ascii_lowercase()),
    }
}

/// The values of an entry that a description stands for.
fn values<'a>(entry: &'a Plain, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
    entry
        .attributes
        .iter()
        .filter(|(name, _)| names.contains(name))
        .map(|(_, value)| value.as_str())
}

/// True, false, or neither.
type Three = Option<bool>;

fn judge(filter: &Filter, entry: &Plain) -> Three {
    match filter {
        Filter::And(list) => {
            let judged: Vec<Three> = list.iter().map(|item| judge(item, entry)).collect();
            if judged.contains(&Some(false)) {
                Some(false)
            } else {
                (!judged.contains(&None)).then_some(true)
            }
        }
        Filter::Or(list) => {
            let judged: Vec<Three> = list.iter().map(|item| judge(item, entry)).collect();
            if judged.contains(&Some(true)) {
                Some(true)
            } else {
                (!judged.contains(&None)).then_some(false)
            }
        }
        Filter::Not(inner) => judge(inner, entry).map(|truth| !truth),
        Filter::Present(name) => covered(name).map(|names| values(entry, names).next().is_some()),
        Filter::Equality(assertion) | Filter::Approx(assertion) => {
            equal(&assertion.attribute, &assertion.value, entry)
        }
        Filter::GreaterOrEqual(assertion) => ordered(assertion, entry, |has, bound| has >= bound),
        Filter::LessOrEqual(assertion) => ordered(assertion, entry, |has, bound| has <= bound),
        Filter::Substrings(substrings) => pieces(substrings, entry),
        Filter::Extensible(extensible) => extensibly(extensible, entry),
    }
}

fn equal(description: &str, value: &[u8], entry: &Plain) -> Three {
    let names = covered(description)?;
    let kind = kind(description);
    let wanted = form(kind, value)?;
    Some(values(entry, names).any(|has| form(kind, has.as_bytes()).as_ref() == Some(&wanted)))
}

fn ordered(assertion: &Assertion, entry: &Plain, test: fn(i64, i64) -> bool) -> Three {
    let names = covered(&assertion.attribute)?;
    if kind(&assertion.attribute) != Kind::Number {
        return None;
    }
    let bound = std::str::from_utf8(&assertion.value).ok()?.parse().ok()?;
    Some(values(entry, names).any(|has| test(has.parse().unwrap(), bound)))
}

fn pieces(substrings: &Substrings, entry: &Plain) -> Three {
    let names = covered(&substrings.attribute)?;
    let kind = kind(&substrings.attribute);
    if !matches!(kind, Kind::Text | Kind::Ascii) {
        return None;
    }
    let text = |piece: &Vec<u8>| form(kind, piece);
    let initial = substrings
        .initial
        .as_ref()
        .map_or(Some(String::new()), text)?;
    let last = substrings.last.as_ref().map_or(Some(String::new()), text)?;
    let any = substrings
        .any
        .iter()
        .map(text)
        .collect::<Option<Vec<_>>>()?;
    Some(values(entry, names).any(|has| {
        let has = fold(has);
        let inner = has
            .strip_prefix(&initial)
            .and_then(|rest| rest.strip_suffix(&last));
        inner.is_some_and(|inner| in_order(inner, &any))
    }))
}

/// Whether the pieces can be laid on the text in order without overlap, by trying every place.
fn in_order(text: &str, pieces: &[String]) -> bool {
    let Some((first, rest)) = pieces.split_first() else {
        return true;
    };
    (0..=text.len()).any(|at| {
        text.get(at..)
            .and_then(|text| text.strip_prefix(first.as_str()))
            .is_some_and(|after| in_order(after, rest))
    })
}

fn extensibly(extensible: &Extensible, entry: &Plain) -> Three {
    let value = std::str::from_utf8(&extensible.value).ok();
    let same: Box<dyn Fn(&str) -> bool> = match extensible.rule.as_deref() {
        None => {
            let description = extensible.attribute.as_deref()?;
            let kind = kind(description);
            let wanted = form(kind, &extensible.value)?;
            Box::new(move |has| form(kind, has.as_bytes()).as_ref() == Some(&wanted))
        }
        Some("caseIgnoreMatch") => {
            let wanted = fold(value?);
            Box::new(move |has| fold(has) == wanted)
        }
        Some("caseExactMatch") => {
            let wanted = squeeze(value?);
            Box::new(move |has| squeeze(has) == wanted)
        }
        Some("1.2.840.113556.1.4.803") => {
            let bits: i64 = value?.parse().ok()?;
            Box::new(move |has| has.parse::<i64>().unwrap() & bits == bits)
        }
        Some("1.2.840.113556.1.4.804") => {
            let bits: i64 = value?.parse().ok()?;
            Box::new(move |has| has.parse::<i64>().unwrap() & bits != 0)
        }
        Some(_) => return None,
    };
    let Some(description) = extensible.attribute.as_deref() else {
        // Only the two rules for text are asked for without an attribute.
        let names = [
            "cn",
            "sn",
            "ou",
            "o",
            "uid",
            "description",
            "description;lang-en",
        ];
        return Some(values(entry, &names).any(&same));
    };
    let names = covered(description)?;
    let is_number = extensible
        .rule
        .as_deref()
        .is_some_and(|rule| rule.starts_with('1'));
    if extensible.rule.is_some() && is_number != (kind(description) == Kind::Number) {
        return None;
    }
    let suffix = ["dc=example".to_owned(), "dc=org".to_owned()];
    let in_name = extensible.dn_attributes
        && entry.path.iter().chain(&suffix).any(|rdn| {
            let (name, value) = rdn.split_once('=').unwrap();
            names.contains(&name) && same(value)
        });
    Some(in_name || values(entry, names).any(&same))
}

/// A filter whose names are still places in the tree.
fn filter() -> impl Strategy<Value = Filter> {
    let text_attribute = || {
        select(vec![
            "cn",
            "CN",
            "commonName",
            "2.5.4.3",
            "sn",
            "ou",
            "o",
            "uid",
            "name",
            "description",
            "description;lang-en",
            "mail",
            "noSuchAttribute",
        ])
    };
    let text = || {
        prop_oneof![
            12 => select(TEXTS.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
            3 => select(vec!["p0", "P1", "p2", "UNIT 2", "unit  3", "group 0", "nothing"])
                .prop_map(|text| text.as_bytes().to_vec()),
            1 => Just(vec![0xff, b'a']),
        ]
    };
    let number = || {
        prop_oneof![
            6 => select(NUMBERS.to_vec()),
            1 => select(vec!["abc", "1.5", "6", "99999999"]),
        ]
        .prop_map(|text| text.as_bytes().to_vec())
    };
    let assertion = |attribute: &str, value: Vec<u8>| Assertion {
        attribute: attribute.to_owned(),
        value,
    };
    let piece = || {
        select(vec![
            "a",
            "b",
            "AB",
            "ann",
            "n l",
            "LEE",
            "e",
            "p",
            "ba",
            "E\u{308}",
            "\u{eb}",
            "\u{df}",
            "sS",
            "\u{130}",
            "\u{ff41}n",
            "\u{efffd}",
            "A\u{efffd}",
            "LEE AND lee and lee and lee and lee and lee",
            "lee and lee and lee and lee and lee and lee and lee and",
            "lee and lee and lee and lee and lee and lee and lee and b",
        ])
        .prop_map(|text| text.as_bytes().to_vec())
    };
    let substrings = (
        prop_oneof![8 => text_attribute(), 1 => Just("uidNumber")],
        option::of(piece()),
        vec(piece(), 0..3),
        option::of(piece()),
    )
        .prop_filter("no piece", |(_, initial, any, last)| {
            initial.is_some() || last.is_some() || !any.is_empty()
        })
        .prop_map(|(attribute, initial, any, last)| {
            Filter::Substrings(Substrings {
                attribute: attribute.to_owned(),
                initial,
                any,
                last,
            })
        });
    let extensible = prop_oneof![
        (
            option::of(select(vec![
                "caseIgnoreMatch",
                "caseExactMatch",
                "noSuchMatch"
            ])),
            text_attribute(),
            text(),
            any::<bool>()
        )
            .prop_map(|(rule, attribute, value, dn)| (rule, Some(attribute), value, dn)),
        (select(vec!["caseIgnoreMatch", "caseExactMatch"]), text()).prop_map(|(rule, value)| (
            Some(rule),
            None,
            value,
            false
        )),
        (
            option::of(select(vec![
                "1.2.840.113556.1.4.803",
                "1.2.840.113556.1.4.804",
                "caseIgnoreMatch"
            ])),
            select(vec!["1", "2", "5", "abc"])
        )
            .prop_map(|(rule, bits)| (
                rule,
                Some("uidNumber"),
                bits.as_bytes().to_vec(),
                false
            )),
    ]
    .prop_map(|(rule, attribute, value, dn_attributes)| {
        Filter::Extensible(Extensible {
            rule: rule.map(str::to_owned),
            attribute: attribute.map(str::to_owned),
            value,
            dn_attributes,
        })
    });
    let leaf = prop_oneof![
        6 => (text_attribute(), text()).prop_map(move |(a, v)| Filter::Equality(assertion(a, v))),
        1 => (text_attribute(), text()).prop_map(move |(a, v)| Filter::LessOrEqual(assertion(a, v))),
        2 => number().prop_map(move |v| Filter::Equality(assertion("uidNumber", v))),
        1 => number().prop_map(move |v| Filter::GreaterOrEqual(assertion("uidNumber", v))),
        1 => number().prop_map(move |v| Filter::LessOrEqual(assertion("UIDNUMBER", v))),
        2 => select(vec!["person", "inetOrgPerson", "GROUPOFNAMES", "top", "posixAccount"])
            .prop_map(move |v| Filter::Equality(assertion("objectClass", v.as_bytes().to_vec()))),
        2 => prop_oneof![
            text_attribute(),
            select(vec!["uidNumber", "member", "memberOf", "objectClass"])
        ]
        .prop_map(|name| Filter::Present(name.to_owned())),
        3 => (select(vec!["member", "memberOf"]), 0..NAMES + 1, any::<bool>())
            .prop_map(|(attribute, at, loud)| placed(attribute, at, loud)),
        4 => substrings,
        4 => extensible,
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Filter::And),
            vec(inner.clone(), 0..4).prop_map(Filter::Or),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

/// Stands for a name that is known once there is a tree.
fn placed(attribute: &str, at: usize, loud: bool) -> Filter {
    Filter::Equality(Assertion {
        attribute: attribute.to_owned(),
        value: vec![u8::try_from(at).unwrap(), u8::from(loud)],
    })
}

fn put_names(filter: &mut Filter, all: &[Plain]) {
    match filter {
        Filter::And(list) | Filter::Or(list) => {
            list.iter_mut().for_each(|filter| put_names(filter, all));
        }
        Filter::Not(inner) => put_names(inner, all),
        Filter::Equality(assertion) if kind(&assertion.attribute) == Kind::Name => {
            let (at, loud) = (usize::from(assertion.value[0]), assertion.value[1] == 1);
            assertion.value = if at == NAMES {
                b"no name".to_vec()
            } else {
                spelled(&name(all, at), loud).into_bytes()
            };
        }
        _ => {}
    }
}

/// Another spelling of the same name.
fn spelled(dn: &str, loud: bool) -> String {
    if loud {
        dn.to_uppercase().replace(',', ", ").nfd().collect()
    } else {
        dn.to_owned()
    }
}

fn found(
    directory: &Directory,
    request: &SearchRequest,
    budget: usize,
) -> Result<Vec<String>, Error> {
    let identity = directory.vouch(&Dn::parse(ADMINISTRATOR).unwrap()).unwrap();
    let mut search = directory.search(&identity, request)?;
    let mut names = Vec::new();
    loop {
        let progress = directory.advance(&mut search, &identity, budget, &mut |entry| {
            let mut dn = String::new();
            entry.write_dn(&mut dn);
            names.push(fold_name(&dn).unwrap());
            ControlFlow::Continue(())
        })?;
        if progress == Progress::Done {
            names.sort();
            return Ok(names);
        }
    }
}

fn in_scope(scope: Scope, base: &[String], path: &[String]) -> bool {
    let below = path.starts_with(base).then(|| path.len() - base.len());
    match scope {
        Scope::Base => below == Some(0),
        Scope::One => below == Some(1),
        Scope::Subtree => below.is_some(),
        Scope::Children => below.is_some_and(|levels| levels > 0),
    }
}

type Question = (Filter, Scope, usize, bool, usize);

fn question() -> impl Strategy<Value = Question> {
    let scope = prop_oneof![
        1 => Just(Scope::Base),
        2 => Just(Scope::One),
        5 => Just(Scope::Subtree),
        2 => Just(Scope::Children),
    ];
    let base = prop_oneof![2 => Just(0_usize), 1 => 0..20_usize];
    (filter(), scope, base, any::<bool>(), 1..9_usize)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_search_finds_what_a_full_scan_finds(
        seed in seed(),
        indexed in proptest::sample::subsequence(INDEXABLE.to_vec(), 0..=INDEXABLE.len()),
        questions in vec(question(), 24),
    ) {
        let all = tree(&seed);
        let directory = serve(&all, &indexed);
        for (mut filter, scope, base, loud, budget) in questions {
            put_names(&mut filter, &all);
            let base = &all[base % all.len()];
            let request = SearchRequest {
                base: Dn::parse(&spelled(&base.dn(), loud)).unwrap(),
                scope,
                dereference: Dereference::Never,
                filter: filter.clone(),
                attributes: vec!["1.1".to_owned()],
                types_only: false,
                size_limit: 0,
                time_limit: None,
                assertion: None,
                manage_referrals: false,
                omit_references: false,
                subentries: Subentries::ByScope,
                values: None,
                sort: None,
                part: Part::Whole,
            };
            let mut expected: Vec<String> = all
                .iter()
                .filter(|entry| in_scope(scope, &base.path, &entry.path))
                .filter(|entry| judge(&filter, entry) == Some(true))
                .map(|entry| fold_name(&entry.dn()).unwrap())
                .collect();
            expected.sort();
            let found = found(&directory, &request, budget);
            prop_assert_eq!(
                found, Ok(expected),
                "filter {} under {} ({:?}), indexed {:?}, in\n{}",
                filter, base.dn(), scope, &indexed, ldif(&all)
            );
        }
        directory.close();
    }
}
