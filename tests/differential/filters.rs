//! Filters of every kind and of any depth.

use hedgerow::directory::filter::{Assertion, Extensible, Filter, Substrings};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::values::{TEXTUAL, assertion, bytes, kept, one_of, owned, text};

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

/// Whether only our server compares by a rule (`takes` says which strings are alike enough): IA5 Strings by the rules of
/// Directory Strings, and Printable Strings by those of IA5 Strings.
fn is_wide(rule: &str, attribute: Option<&str>) -> bool {
    match rule {
        "caseIgnoreMatch" | "caseExactMatch" | "2.5.13.2" => {
            attribute.is_none_or(|name| ["mail", "homeDirectory", "loginShell"].contains(&name))
        }
        "caseIgnoreIA5Match" => {
            attribute.is_none_or(|name| ["telephoneNumber", "mobile", "c"].contains(&name))
        }
        _ => false,
    }
}

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
        .prop_filter("neither, or wide", |(rule, named, value, _)| {
            let attribute = named.as_ref().map(|(name, _)| name.as_str());
            // Spaces are a name on one server.
            let spaces = *rule == Some("distinguishedNameMatch") && value == b"  ";
            (rule.is_some() || named.is_some())
                && !rule.is_some_and(|rule| is_wide(rule, attribute))
                && !spaces
        })
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

/// Of attributes that sound like nothing: for others slapd compares by the sound of their words.
fn approx() -> impl Strategy<Value = Filter> {
    let silent = [
        "uidNumber",
        "gidNumber",
        "GIDNUMBER",
        "objectClass",
        "member",
        "seeAlso",
        "noSuchAttribute",
    ];
    assertion()
        .prop_filter("an attribute with a sound", move |(name, _)| {
            silent.contains(&name.as_str())
        })
        .prop_map(|(attribute, value)| Filter::Approx(Assertion { attribute, value }))
}

pub fn filter() -> impl Strategy<Value = Filter> {
    let item = || assertion().prop_map(|(attribute, value)| Assertion { attribute, value });
    let leaf = prop_oneof![
        6 => item().prop_map(Filter::Equality),
        1 => kept().prop_map(|(attribute, value)| Filter::Equality(Assertion { attribute, value })),
        3 => assertion().prop_map(|(name, _)| Filter::Present(name)),
        2 => item().prop_map(Filter::GreaterOrEqual),
        2 => item().prop_map(Filter::LessOrEqual),
        1 => approx(),
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
