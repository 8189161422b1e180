//! Random trees of entries that are alike under some rule and differ under another.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization as _;

use crate::in_memory::SUFFIX;

/// Texts that are equal or alike under some rule and differ under another.
pub const TEXTS: [&str; 22] = [
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
pub const NUMBERS: [&str; 7] = ["-3", "0", "5", "7", "10", "100", "255"];
/// One entry of the second opinion: its name from the top down, normalised, and its attributes as given.
#[derive(Clone, Debug)]
pub struct Plain {
    pub path: Vec<String>,
    pub attributes: Vec<(&'static str, String)>,
}

impl Plain {
    pub fn dn(&self) -> String {
        let parts: Vec<&str> = self.path.iter().rev().map(String::as_str).collect();
        match parts.as_slice() {
            [] => SUFFIX.to_owned(),
            parts => format!("{},{SUFFIX}", parts.join(",")),
        }
    }
}

/// What a random tree is made from.
#[derive(Clone, Debug)]
pub struct Seed {
    units: Vec<(usize, Option<usize>)>,
    people: Vec<Person>,
    groups: Vec<(usize, BTreeSet<usize>, Option<usize>)>,
}

#[derive(Clone, Debug)]
pub struct Person {
    unit: usize,
    cn: BTreeSet<usize>,
    sn: usize,
    description: BTreeSet<usize>,
    english: Option<usize>,
    number: Option<usize>,
}

/// How many names a group may list: people, groups, and some that no entry has.
pub const NAMES: usize = 16;

pub fn seed() -> impl Strategy<Value = Seed> {
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
pub fn fold(text: &str) -> String {
    squeeze(&text.to_lowercase().replace('\u{df}', "ss"))
}

/// The same with regard to case: compatible forms are one, spaces at the ends removed and others collapsed.
pub fn squeeze(text: &str) -> String {
    let text: String = text.nfkc().collect();
    text.split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Values of one attribute, without those that are equal to earlier ones.
pub fn texts(
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

pub fn classes(attributes: &mut Vec<(&'static str, String)>, names: &[&str]) {
    attributes.extend(names.iter().map(|name| ("objectClass", (*name).to_owned())));
}

/// The tree, parents first.
pub fn tree(seed: &Seed) -> Vec<Plain> {
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
pub fn groups_of(all: &[Plain], dn: &str) -> Vec<String> {
    let lists = |group: &&Plain| {
        let mut attributes = group.attributes.iter();
        attributes.any(|(name, value)| *name == "member" && value == dn)
    };
    all.iter().filter(lists).map(Plain::dn).collect()
}

/// A name to list or to ask for: mostly of an entry, counted from the last.
pub fn name(all: &[Plain], at: usize) -> String {
    match at {
        0 => format!("cn=stranger,{SUFFIX}"),
        1 => "cn=far away,o=elsewhere".to_owned(),
        _ => all
            .len()
            .checked_sub(at - 1)
            .map_or_else(|| format!("cn=nobody {at},{SUFFIX}"), |at| all[at].dn()),
    }
}

pub fn ldif(all: &[Plain]) -> String {
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
