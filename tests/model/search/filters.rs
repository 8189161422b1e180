//! Random filters, whose names are put in once there is a tree.

use hedgerow::directory::filter::{Assertion, Extensible, Filter, Substrings};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use unicode_normalization::UnicodeNormalization as _;

use super::judge::{Kind, kind};
use super::tree::{NAMES, NUMBERS, Plain, TEXTS, name};

/// A filter whose names are still places in the tree.
pub fn filter() -> impl Strategy<Value = Filter> {
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
        2 => select(vec![
            "person",
            "inetOrgPerson",
            "GROUPOFNAMES",
            "top",
            "posixAccount",
            "2.5.6.6",
            "2.5.6.99",
            "cn",
            "noSuchClass",
            "person ",
        ])
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
pub fn placed(attribute: &str, at: usize, loud: bool) -> Filter {
    Filter::Equality(Assertion {
        attribute: attribute.to_owned(),
        value: vec![u8::try_from(at).unwrap(), u8::from(loud)],
    })
}

pub fn put_names(filter: &mut Filter, all: &[Plain]) {
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
pub fn spelled(dn: &str, loud: bool) -> String {
    if loud {
        dn.to_uppercase().replace(',', ", ").nfd().collect()
    } else {
        dn.to_owned()
    }
}
