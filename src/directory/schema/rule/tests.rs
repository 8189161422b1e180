//! The rules as a filter sees them: which values and assertions match.

use std::sync::LazyLock;

use super::*;
use crate::directory::schema::PosixGroup;
use proptest::prelude::*;

static SCHEMA: LazyLock<Schema> =
    LazyLock::new(|| Schema::built_in(PosixGroup::default()).unwrap());

/// Text of all kinds, alike rather often.
const VALUE: &str = "[aA1 .é]{0,3}|(?i:person)|2\\.5\\.6\\.6|cn|2\\.5\\.4\\.3|unknown";

/// The same, and what is hardly text or nearly a name.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let nearly: [&[u8]; 24] = [
        b"",
        b" ",
        b"  ",
        b"\0",
        b"person ",
        b" person",
        b"person;x",
        b"2.5.6.06",
        b"2.5.6.6.",
        b"2.5.6",
        b"commonName",
        b"country",
        b"c",
        b"caseIgnoreMatch",
        b"2.5.13.2",
        b"UNKNOWN",
        b"\xff",
        b"a\xff",
        b"\xe2\x84\xaa",
        b"k",
        b"K",
        b"\xc2\xada",
        b"\xef\xbc\xa1",
        b"\xc5\xbf",
    ];
    let text = VALUE.prop_map(String::into_bytes);
    prop_oneof![
        text,
        prop::sample::select(nearly.map(<[u8]>::to_vec).to_vec())
    ]
}

fn value(rule: Rule, value: &str) -> Result<Vec<u8>, InvalidValue> {
    let mut out = Vec::new();
    rule.normalize_value(&SCHEMA, value.as_bytes(), &mut out)
        .map(|()| out)
}

fn assertion(rule: Rule, value: &str) -> Result<Vec<u8>, InvalidValue> {
    let mut out = Vec::new();
    rule.normalize_assertion(&SCHEMA, value.as_bytes(), &mut out)
        .map(|()| out)
}

fn equal(rule: Rule, left: &str, right: &str) -> bool {
    value(rule, left).unwrap() == assertion(rule, right).unwrap()
}

fn matches(rule: Rule, text: &str, initial: &str, any: &[&str], last: &str) -> bool {
    let normal = value(rule, text).unwrap();
    let piece = |kind, piece: &str| {
        let mut out = Vec::new();
        if !piece.is_empty() {
            rule.normalize_substring(kind, piece.as_bytes(), &mut out)
                .unwrap();
        }
        out
    };
    let Some(mut rest) = normal.strip_prefix(piece(SubstringPiece::Initial, initial).as_slice())
    else {
        return false;
    };
    for wanted in any.iter().map(|any| piece(SubstringPiece::Any, any)) {
        match rest
            .windows(wanted.len())
            .position(|window| window == wanted)
        {
            Some(at) => rest = &rest[at + wanted.len()..],
            None => return false,
        }
    }
    rest.ends_with(&piece(SubstringPiece::Final, last))
}

fn contains_word(rule: Rule, text: &str, word: &str) -> bool {
    let (text, word) = (value(rule, text).unwrap(), assertion(rule, word).unwrap());
    text.windows(word.len()).any(|window| window == word)
}

#[test]
fn rules_are_found_by_name_in_any_case_and_by_identifier() {
    for rule in Rule::ALL {
        assert_eq!(Rule::by_name(rule.oid()), Some(*rule));
        assert_eq!(Rule::by_name(rule.name()), Some(*rule));
        assert_eq!(
            Rule::by_name(&rule.name().to_ascii_uppercase()),
            Some(*rule)
        );
    }
    assert_eq!(Rule::by_name("caseIgnoreMatch "), None);
    assert_eq!(Rule::by_name(""), None);
}

#[test]
fn every_rule_applies_to_its_assertion_syntax_unless_it_takes_parts() {
    let takes_parts = |rule: &&Rule| {
        !rule.name().contains("FirstComponent")
            && rule.assertion_syntax() != Syntax::SubstringAssertion
    };
    for rule in Rule::ALL.iter().filter(takes_parts) {
        assert!(rule.compares_with(rule.assertion_syntax()), "{rule:?}");
    }
}

#[test]
fn rules_are_kept_from_syntaxes_they_cannot_read() {
    assert!(Rule::CaseIgnoreOrdering.compares_with(Syntax::Ia5String));
    assert!(Rule::CaseExact.compares_with(Syntax::TelephoneNumber));
    assert!(Rule::OctetString.compares_with(Syntax::Certificate));
    assert!(!Rule::CaseIgnore.compares_with(Syntax::OctetString));
    assert!(!Rule::CaseIgnoreIa5.compares_with(Syntax::DirectoryString));
    assert!(!Rule::Integer.compares_with(Syntax::DirectoryString));
    assert!(!Rule::BitAnd.compares_with(Syntax::NumericString));
    assert!(!Rule::DistinguishedName.compares_with(Syntax::NameAndOptionalUid));
}

#[test]
fn case_ignore_equals_over_case_composition_and_spaces() {
    assert!(equal(Rule::CaseIgnore, "alice adams", "  alice    adams "));
    assert!(equal(Rule::CaseIgnore, "Zoë Müller", "ZOE\u{308} MÜLLER"));
    assert!(!equal(Rule::CaseIgnore, "alice adams", "aliceadams"));
    assert!(!equal(Rule::CaseExact, "Alice", "alice"));
    assert!(equal(Rule::CaseExact, " Alice", "Alice"));
    assert!(equal(Rule::CaseIgnoreIa5, "A@Example.ORG", "a@example.org"));
    assert!(!equal(Rule::CaseExactIa5, "A", "a"));
}

#[test]
fn rules_of_one_family_share_one_normal_form() {
    for (text, family) in [
        (
            "Alice  Adams",
            [
                Rule::CaseIgnore,
                Rule::CaseIgnoreOrdering,
                Rule::CaseIgnoreSubstrings,
            ],
        ),
        (
            "Alice  Adams",
            [
                Rule::CaseExact,
                Rule::CaseExactOrdering,
                Rule::CaseExactSubstrings,
            ],
        ),
        (
            "a@B",
            [
                Rule::CaseIgnoreIa5,
                Rule::CaseIgnoreIa5Substrings,
                Rule::CaseIgnore,
            ],
        ),
        (
            "1 2",
            [
                Rule::NumericString,
                Rule::NumericStringOrdering,
                Rule::NumericStringSubstrings,
            ],
        ),
        (
            "a$b",
            [
                Rule::CaseIgnoreList,
                Rule::CaseIgnoreListSubstrings,
                Rule::CaseIgnoreList,
            ],
        ),
        ("-7", [Rule::Integer, Rule::IntegerOrdering, Rule::BitAnd]),
    ] {
        let forms = family.map(|rule| value(rule, text).unwrap());
        assert!(forms.iter().all(|form| *form == forms[0]), "{family:?}");
    }
}

#[test]
fn strings_outside_their_repertoire_have_no_normal_form() {
    assert!(value(Rule::CaseIgnore, "").is_err());
    assert!(value(Rule::CaseIgnoreIa5, "").is_ok());
    assert!(value(Rule::CaseIgnoreIa5, "é").is_err());
    let mut out = Vec::new();
    assert!(
        Rule::CaseIgnore
            .normalize_value(&SCHEMA, b"\xff\xfe", &mut out)
            .is_err()
    );
    assert!(
        Rule::CaseIgnoreSubstrings
            .normalize_substring(SubstringPiece::Any, b"\xff", &mut out)
            .is_err()
    );
    assert!(
        Rule::CaseIgnoreSubstrings
            .normalize_substring(SubstringPiece::Any, b"", &mut out)
            .is_err()
    );
    assert!(
        Rule::CaseIgnore
            .normalize_substring(SubstringPiece::Any, b"a", &mut out)
            .is_err()
    );
    assert!(assertion(Rule::CaseIgnoreSubstrings, "a*").is_err());
}

#[test]
fn substrings_match_with_spaces_at_their_edges() {
    let rule = Rule::CaseIgnoreSubstrings;
    assert!(matches(rule, "alice adams", "alice ", &[], ""));
    assert!(matches(rule, "alice adams", "", &["ice ad"], ""));
    assert!(matches(rule, "alice adams", "", &[], "DAMS"));
    assert!(matches(rule, "alice adams", "al", &["ce", " ad"], "ms"));
    assert!(matches(rule, "foo   bar", "foo ", &[], " bar"));
    assert!(!matches(rule, "foobar", "foo ", &[], " bar"));
    assert!(!matches(rule, "alice adams", "lice", &[], ""));
    assert!(!matches(rule, "alice adams", "alice", &["alice"], ""));
    assert!(matches(
        Rule::CaseIgnoreIa5Substrings,
        "a@example.org",
        "",
        &["@EXAMPLE"],
        ""
    ));
    assert!(matches(
        Rule::NumericStringSubstrings,
        "15 079",
        "150",
        &[],
        "7 9"
    ));
    assert!(matches(
        Rule::TelephoneNumberSubstrings,
        "+1 512 315-0280",
        "",
        &["12-3"],
        "0280"
    ));
}

#[test]
fn byte_order_is_the_order_of_the_rule() {
    let ordered = |rule, values: &[&str]| {
        values
            .windows(2)
            .all(|pair| value(rule, pair[0]).unwrap() < value(rule, pair[1]).unwrap())
    };
    assert!(ordered(
        Rule::CaseIgnoreOrdering,
        &["Ab", "ab c", "ABC", "b", "é"]
    ));
    assert!(ordered(Rule::CaseExactOrdering, &["B", "a"]));
    assert!(ordered(
        Rule::IntegerOrdering,
        &["-100", "-99", "-1", "0", "2", "10", "99", "100"]
    ));
    assert!(ordered(
        Rule::NumericStringOrdering,
        &["1 0", "100", "11", "2"]
    ));
    assert!(ordered(Rule::OctetStringOrdering, &["", "a", "aa", "b"]));
    assert!(ordered(
        Rule::GeneralizedTimeOrdering,
        &["202401010000Z", "202401010100+0030", "20240101003000.1Z"]
    ));
    let csn = |time: &str| format!("{time}Z#000000#000#000000");
    assert!(ordered(
        Rule::CsnOrdering,
        &[&csn("20240101000000.000001"), &csn("20240101000000.000002")]
    ));
}

#[test]
fn lists_match_line_by_line_and_no_piece_spans_two() {
    let address = "1234 Main St.$Anytown, CA 12345$USA";
    assert!(equal(
        Rule::CaseIgnoreList,
        address,
        "1234  MAIN st. $anytown, ca 12345$usa"
    ));
    assert!(!equal(
        Rule::CaseIgnoreList,
        address,
        "1234 Main St.$Anytown, CA 12345 USA"
    ));
    assert!(!equal(Rule::CaseIgnoreList, "a$b", "a b"));
    assert!(equal(Rule::CaseIgnoreList, r"\241 m$x", r"\241 M$X"));
    assert!(matches(
        Rule::CaseIgnoreListSubstrings,
        address,
        "1234",
        &["anytown"],
        "usa"
    ));
    assert!(matches(
        Rule::CaseIgnoreListSubstrings,
        r"a\24b$c",
        "",
        &[r"\24B"],
        ""
    ));
    assert!(!matches(
        Rule::CaseIgnoreListSubstrings,
        address,
        "",
        &["St. Anytown"],
        ""
    ));
    assert!(!matches(
        Rule::CaseIgnoreListSubstrings,
        address,
        "",
        &["St.Anytown"],
        ""
    ));
}

#[test]
fn words_match_whole_and_in_sequence() {
    let text = "The Quick-Brown fox, jumped.";
    for word in ["quick", "BROWN", "fox", "quick brown", "the"] {
        assert!(contains_word(Rule::Word, text, word), "{word}");
    }
    for word in ["row", "jump", "fox quick"] {
        assert!(!contains_word(Rule::Word, text, word), "{word}");
    }
    assert!(
        contains_word(Rule::Keyword, text, "quick-brown")
            && contains_word(Rule::Keyword, text, "fox,")
    );
    assert!(
        !contains_word(Rule::Keyword, text, "quick") && !contains_word(Rule::Keyword, text, "fox")
    );
    assert!(contains_word(Rule::Word, "Zoë, née Müller", "NE\u{301}E"));
    for (rule, blank) in [
        (Rule::Word, "-.-"),
        (Rule::Keyword, "  "),
        (Rule::Keyword, "\u{ad}"),
    ] {
        assert!(assertion(rule, blank).is_err(), "{blank:?}");
    }
    assert!(value(Rule::Word, "-.-").is_ok());
}

#[test]
fn booleans_are_asserted_in_any_case_but_stored_in_capitals() {
    assert!(equal(Rule::Boolean, "TRUE", "true"));
    assert!(!equal(Rule::Boolean, "TRUE", "FALSE"));
    assert!(value(Rule::Boolean, "true").is_err() && assertion(Rule::Boolean, "yes").is_err());
}

#[test]
fn numbers_times_and_identifiers_equal_over_their_spellings() {
    assert!(equal(Rule::Integer, "100", "100") && !equal(Rule::Integer, "100", "-100"));
    assert!(assertion(Rule::Integer, "ursula").is_err());
    assert!(equal(
        Rule::GeneralizedTime,
        "199412161032Z",
        "199412160532-0500"
    ));
    assert!(equal(
        Rule::Uuid,
        "597ae2f6-16a6-1027-98f4-d28b5365dc14",
        "597AE2F6-16A6-1027-98F4-D28B5365DC14"
    ));
    assert!(equal(
        Rule::Csn,
        "20240101000000.000001Z#00000a#000#000000",
        "20240101000000.000001Z#00000A#000#000000"
    ));
    assert!(equal(Rule::NumericString, "15 079 672 281", "15079672281"));
    assert!(equal(
        Rule::TelephoneNumber,
        "+1 512 315 0280",
        "+1-512-315-0280"
    ));
    assert!(assertion(Rule::TelephoneNumber, "_").is_err());
    assert!(equal(Rule::BitString, "'01'B", "'01'B") && !equal(Rule::BitString, "'01'B", "'010'B"));
    assert!(equal(Rule::OctetString, "a ", "a ") && !equal(Rule::OctetString, "a", "A"));
}

#[test]
fn object_identifiers_equal_their_descriptors() {
    let rule = Rule::ObjectIdentifier;
    assert!(equal(rule, "person", "2.5.6.6") && equal(rule, "2.5.6.6", "PERSON"));
    assert!(equal(rule, "commonName", "CN") && equal(rule, "caseIgnoreMatch", "2.5.13.2"));
    assert_eq!(value(rule, "sudoRole").unwrap(), b"sudorole");
    assert!(
        assertion(rule, "sudoRole").is_err(),
        "an unknown descriptor makes the assertion Undefined"
    );
    assert_eq!(assertion(rule, "1.2.3").unwrap(), b"1.2.3");
    for bad in ["", "1.", "cn;lang-en", "two words", "1"] {
        assert!(value(rule, bad).is_err(), "{bad}");
    }
}

#[test]
fn first_components_are_asserted_alone() {
    let definition = "( 2.5.4.3 NAME ( 'cn' 'commonName' ) SUP name )";
    assert!(equal(
        Rule::ObjectIdentifierFirstComponent,
        definition,
        "commonName"
    ));
    assert!(equal(
        Rule::ObjectIdentifierFirstComponent,
        definition,
        "2.5.4.3"
    ));
    assert!(!equal(
        Rule::ObjectIdentifierFirstComponent,
        definition,
        "sn"
    ));
    assert!(equal(
        Rule::IntegerFirstComponent,
        "( 2 FORM 2.5.15.3 )",
        "2"
    ));
    assert!(equal(
        Rule::DirectoryStringFirstComponent,
        "( 'Some Name' x )",
        "some  name"
    ));
    assert!(value(Rule::ObjectIdentifierFirstComponent, "2.5.4.3").is_err());
    assert!(assertion(Rule::IntegerFirstComponent, "( 2 FORM 2.5.15.3 )").is_err());
}

#[test]
fn names_equal_in_any_spelling() {
    let rule = Rule::DistinguishedName;
    assert!(!equal(
        rule,
        "CN=Lu\\C4\\8Di\\C4\\87+uid=x, DC=Example",
        "2.5.4.3=LUČIĆ, dc=example"
    ));
    assert!(equal(
        rule,
        "CN=Lu\\C4\\8Di\\C4\\87+uid=x, DC=Example",
        "USERID=X + commonName=\"LUČIĆ\",dc=example"
    ));
    assert!(value(rule, "not a name").is_err());
    let unique = Rule::UniqueMember;
    assert!(equal(unique, "cn=a,dc=b#'01'B", "CN=A , DC=B#'01'B"));
    assert!(!equal(unique, "cn=a,dc=b#'01'B", "cn=a,dc=b"));
    assert_eq!(value(unique, "cn=a,dc=b"), value(rule, "cn=a,dc=b"));
}

#[test]
fn bits_are_tested_in_two_s_complement() {
    let and = |value: &str, mask: &str| Rule::bit_and(value.as_bytes(), mask.as_bytes()).unwrap();
    let or = |value: &str, mask: &str| Rule::bit_or(value.as_bytes(), mask.as_bytes()).unwrap();
    assert!(
        and("514", "2")
            && and("514", "514")
            && and("514", "0")
            && !and("512", "2")
            && !and("2", "3")
    );
    assert!(or("2", "3") && !or("4", "3") && !or("4", "0"));
    assert!(
        and("-2147483646", "2147483648"),
        "a group type with its sign bit set"
    );
    assert!(and("18446744073709551615", "9223372036854775808"));
    assert!(Rule::bit_and(b"x", b"1").is_err() && Rule::bit_or(b"1", b"").is_err());
    assert!(Rule::bit_and(b"999999999999999999999999999999999999999999", b"1").is_err());
}

#[test]
fn most_values_tell_without_their_normal_forms_whether_one_is_equal() {
    let values = ["top", "inetOrgPerson", "2.5.6.2", "Anna"].map(str::as_bytes);
    for (rule, wanted, expected) in [
        (Rule::ObjectIdentifier, "inetOrgPerson", Some(true)),
        (Rule::ObjectIdentifier, "INETORGPERSON", Some(true)),
        (
            Rule::ObjectIdentifier,
            "2.16.840.1.113730.3.2.2",
            Some(true),
        ),
        (Rule::ObjectIdentifier, "country", Some(true)),
        // No class: it takes a normal form.
        (Rule::ObjectIdentifier, "person", None),
        (Rule::CaseIgnore, "ANNA", Some(true)),
        (Rule::CaseExact, "ANNA", Some(false)),
        (Rule::CaseIgnore, "Ann", Some(false)),
        (Rule::TelephoneNumber, "1", None),
    ] {
        let form = assertion(rule, wanted).unwrap();
        let told = rule.is_among(&SCHEMA, values.into_iter(), &form);
        assert_eq!(told, expected, "{rule:?} {wanted}");
    }
}

proptest! {
    #[test]
    fn what_values_tell_without_their_normal_forms_is_what_these_would(
        values in prop::collection::vec(hostile(), 0..4),
        wanted in hostile(),
    ) {
        for rule in Rule::ALL {
            let normal = |one: &[u8]| {
                let mut out = Vec::new();
                rule.normalize_value(&SCHEMA, one, &mut out).map(|()| out)
            };
            let Ok(form) = normal(&wanted) else {
                continue;
            };
            let is_equal = |one: &Vec<u8>| normal(one).is_ok_and(|own| own == form);
            let told = rule.is_among(&SCHEMA, values.iter().map(Vec::as_slice), &form);
            let expected = told.map(|_| values.iter().any(is_equal));
            prop_assert_eq!(told, expected, "{:?}", rule);
        }
    }

    #[test]
    fn no_rule_fails_on_hostile_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut out = Vec::new();
        for rule in Rule::ALL {
            let _ = rule.normalize_value(&SCHEMA, &bytes, &mut out);
            let _ = rule.normalize_assertion(&SCHEMA, &bytes, &mut out);
            let _ = rule.normalize_substring(SubstringPiece::Any, &bytes, &mut out);
        }
        for syntax in Syntax::ALL {
            let _ = syntax.validate(&bytes);
        }
    }

    #[test]
    fn a_normal_form_is_appended_and_never_touches_what_was_there(text in "[a-zA-Z0-9 é=,]{1,16}") {
        for rule in Rule::ALL {
            let (mut alone, mut behind) = (Vec::new(), b"BEFORE\x00".to_vec());
            let first = rule.normalize_value(&SCHEMA, text.as_bytes(), &mut alone);
            let second = rule.normalize_value(&SCHEMA, text.as_bytes(), &mut behind);
            prop_assert_eq!(first, second);
            prop_assert!(behind.starts_with(b"BEFORE\x00"));
            if first.is_ok() {
                prop_assert_eq!(&behind[7..], alone.as_slice());
            }
        }
    }
}
