//! Filters (RFC 4511 section 4.5.1.7), after the examples of RFC 4515, and their bounds.

use super::*;
use crate::directory::schema::rule::MAX_EFFORT;

fn substring_filter(pieces: &[(u8, &str)]) -> Vec<u8> {
    let pieces: Vec<u8> = pieces
        .iter()
        .flat_map(|(tag, piece)| element(*tag, piece.as_bytes()))
        .collect();
    constructed(0xa4, &[&string("o"), &element(SEQUENCE, &pieces)])
}

#[test]
fn the_examples_of_rfc_4515() {
    let present = |name: &str| Filter::Present(name.to_owned());
    // (&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))
    let babs = constructed(
        0xa4,
        &[
            &string("cn"),
            &constructed(SEQUENCE, &[&element(0x80, b"Babs J")]),
        ],
    );
    let either = constructed(0xa1, &[&item(EQUALITY, "sn", b"Jensen"), &babs]);
    let both = constructed(0xa0, &[&item(EQUALITY, "objectClass", b"Person"), &either]);
    assert_eq!(
        filter_of(&both),
        Filter::And(vec![
            equality("objectClass", b"Person"),
            Filter::Or(vec![
                equality("sn", b"Jensen"),
                Filter::Substrings(Substrings {
                    attribute: "cn".to_owned(),
                    initial: Some(b"Babs J".to_vec()),
                    any: vec![],
                    last: None,
                }),
            ]),
        ])
    );
    // (!(cn=Tim Howes))
    assert_eq!(
        filter_of(&constructed(0xa2, &[&item(EQUALITY, "cn", b"Tim Howes")])),
        Filter::Not(Box::new(equality("cn", b"Tim Howes")))
    );
    // (seeAlso=)
    assert_eq!(
        filter_of(&item(EQUALITY, "seeAlso", b"")),
        equality("seeAlso", b"")
    );
    // (bin=\00\00\00\04)
    assert_eq!(
        filter_of(&item(EQUALITY, "bin", &[0, 0, 0, 4])),
        equality("bin", &[0, 0, 0, 4])
    );
    // (objectClass=*)
    assert_eq!(
        filter_of(&element(0x87, b"objectClass")),
        present("objectClass")
    );
}

#[test]
fn the_pieces_of_a_substring_filter_keep_their_places() {
    // (o=univ*of*mich*), and one with a last piece and no first
    let filter = filter_of(&substring_filter(&[
        (0x80, "univ"),
        (0x81, "of"),
        (0x81, "mich"),
    ]));
    let substrings = |initial: Option<&str>, any: &[&str], last: Option<&str>| {
        Filter::Substrings(Substrings {
            attribute: "o".to_owned(),
            initial: initial.map(|piece| piece.into()),
            any: any.iter().map(|piece| piece.as_bytes().to_vec()).collect(),
            last: last.map(|piece| piece.into()),
        })
    };
    assert_eq!(filter, substrings(Some("univ"), &["of", "mich"], None));
    let filter = filter_of(&substring_filter(&[(0x81, "of"), (0x82, "mich")]));
    assert_eq!(filter, substrings(None, &["of"], Some("mich")));
}

#[test]
fn pieces_out_of_place_are_refused() {
    let (initial, any, last) = ((0x80, "a"), (0x81, "b"), (0x82, "c"));
    for pieces in [
        &[any, initial][..],
        &[initial, initial],
        &[last, any],
        &[last, last],
        &[last, initial],
        &[],
    ] {
        let error = field_error(&search(&substring_filter(pieces)));
        assert!(matches!(error.fault, Fault::Rule(_)), "{pieces:?}: {error}");
        assert_eq!(error.field, "substrings");
    }
    let unknown = substring_filter(&[(0x83, "a")]);
    assert_eq!(
        field_error(&search(&unknown)),
        Fault::Unexpected(0x83).of("substrings")
    );
}

#[test]
fn each_kind_of_assertion_has_its_own_tag() {
    for (tag, expected) in [
        (0xa3, Filter::Equality as fn(_) -> _),
        (0xa5, Filter::GreaterOrEqual),
        (0xa6, Filter::LessOrEqual),
        (0xa8, Filter::Approx),
    ] {
        assert_eq!(
            filter_of(&item(tag, "cn;lang-de", b"x")),
            expected(assertion("cn;lang-de", b"x"))
        );
    }
}

#[test]
fn a_binary_assertion_keeps_its_octets() {
    let guid: Vec<u8> = (0..=255).collect();
    assert_eq!(
        filter_of(&item(EQUALITY, "objectGUID", &guid)),
        equality("objectGUID", &guid)
    );
}

fn extensible(parts: &[(u8, &[u8])]) -> Vec<u8> {
    let parts: Vec<u8> = parts
        .iter()
        .flat_map(|(tag, part)| element(*tag, part))
        .collect();
    element(0xa9, &parts)
}

#[test]
fn the_extensible_examples_of_rfc_4515() {
    let expected = |rule: Option<&str>, attribute: Option<&str>, value: &str, dn_attributes| {
        Filter::Extensible(Extensible {
            rule: rule.map(str::to_owned),
            attribute: attribute.map(str::to_owned),
            value: value.as_bytes().to_vec(),
            dn_attributes,
        })
    };
    let rule = (0x81, &b"2.4.6.8.10"[..]);
    // (cn:caseExactMatch:=Fred Flintstone), (cn:=Betty Rubble)
    assert_eq!(
        filter_of(&extensible(&[
            (0x81, b"caseExactMatch"),
            (0x82, b"cn"),
            (0x83, b"Fred")
        ])),
        expected(Some("caseExactMatch"), Some("cn"), "Fred", false)
    );
    assert_eq!(
        filter_of(&extensible(&[(0x82, b"cn"), (0x83, b"Betty")])),
        expected(None, Some("cn"), "Betty", false)
    );
    // (sn:dn:2.4.6.8.10:=Barney Rubble), (:DN:2.4.6.8.10:=Dino)
    assert_eq!(
        filter_of(&extensible(&[
            rule,
            (0x82, b"sn"),
            (0x83, b"Barney"),
            (0x84, &[0xff])
        ])),
        expected(Some("2.4.6.8.10"), Some("sn"), "Barney", true)
    );
    assert_eq!(
        filter_of(&extensible(&[rule, (0x83, b"Dino"), (0x84, &[0])])),
        expected(Some("2.4.6.8.10"), None, "Dino", false)
    );
}

#[test]
fn an_extensible_match_names_a_rule_or_an_attribute() {
    let error = field_error(&search(&extensible(&[(0x83, b"x")])));
    assert_eq!(error.field, "extensibleMatch");
}

#[test]
fn absolute_filters_have_no_parts() {
    assert_eq!(filter_of(&element(0xa0, b"")), Filter::And(vec![]));
    assert_eq!(filter_of(&element(0xa1, b"")), Filter::Or(vec![]));
}

#[test]
fn a_not_holds_exactly_one_filter() {
    let one = item(EQUALITY, "a", b"b");
    let two = constructed(0xa2, &[&one, &item(EQUALITY, "c", b"d")]);
    assert!(matches!(field_error(&search(&two)).fault, Fault::Rule(_)));
    let unknown = constructed(0xa2, &[&one, &element(0x9e, b"")]);
    assert!(matches!(
        field_error(&search(&unknown)).fault,
        Fault::Rule(_)
    ));
    assert_eq!(
        field_error(&search(&element(0xa2, b""))),
        Fault::Missing.of("filter")
    );
}

#[test]
fn an_unknown_choice_and_one_of_the_wrong_form_are_refused() {
    for tag in [0xaa, 0x83, 0xa7, 0x80, 0x30] {
        let error = field_error(&search(&element(tag, b"")));
        assert_eq!(error, Fault::Unexpected(tag).of("filter"));
    }
}

#[test]
fn an_attribute_description_is_text_and_not_empty() {
    for filter in [
        item(EQUALITY, "", b"x"),
        element(0x87, b""),
        extensible(&[(0x82, b""), (0x83, b"")]),
    ] {
        assert_eq!(
            field_error(&search(&filter)).fault,
            Fault::Rule("must not be empty")
        );
    }
    let filter = constructed(EQUALITY, &[&string(b"\xff"), &string(b"x")]);
    assert_eq!(
        field_error(&search(&filter)),
        Fault::Utf8.of("attributeDesc")
    );
}

fn nested(depth: usize) -> Vec<u8> {
    (1..depth).fold(item(EQUALITY, "a", b"b"), |inner, level| {
        constructed(if level % 2 == 0 { 0xa0 } else { 0xa2 }, &[&inner])
    })
}

#[test]
fn nesting_is_bounded_and_the_request_can_be_answered() {
    decode(&search(&nested(Filter::MAX_DEPTH))).unwrap();
    for depth in [Filter::MAX_DEPTH + 1, Filter::MAX_DEPTH + 6, 20_000] {
        let error = decode(&search(&nested(depth))).unwrap_err();
        let reason = RequestError::FilterTooDeep;
        assert_eq!(
            error,
            DecodeError::Request {
                id: 7,
                operation: Operation::Search,
                reason
            }
        );
    }
}

/// A word that grows to eighteen characters when it is compared.
const LONG: &str = "\u{fdfa}";

#[test]
fn text_that_takes_too_long_to_compare_is_refused_and_the_request_can_be_answered() {
    let most = MAX_EFFORT / 18;
    let asking = |words: usize| {
        let half = LONG.repeat(words / 2);
        let or = [
            item(EQUALITY, "cn", half.as_bytes()),
            item(EQUALITY, "sn", LONG.repeat(words - words / 2).as_bytes()),
        ];
        search(&element(0xa1, &or.concat()))
    };
    decode(&asking(most)).unwrap();
    let reason = RequestError::TooMuchText;
    let refused = |operation| DecodeError::Request {
        id: 7,
        operation,
        reason,
    };
    let error = decode(&asking(most + 1)).unwrap_err();
    assert_eq!(error, refused(Operation::Search));
    let name = format!("cn={}", LONG.repeat(most + 1));
    let error = decode(&message(&[&element(0x4a, name.as_bytes())])).unwrap_err();
    assert_eq!(error, refused(Operation::Delete));
    let longest = "\u{416}".repeat(MAX_EFFORT);
    decode(&search(&item(EQUALITY, "cn", longest.as_bytes()))).unwrap();
    let octets = vec![0xe9; 4 * MAX_EFFORT];
    decode(&search(&item(EQUALITY, "jpegPhoto", &octets))).unwrap();
}

#[test]
fn the_deepest_filter_is_checked_to_its_last_octet() {
    let pieces = constructed(SEQUENCE, &[&element(0x80, b"x")]);
    let substrings = constructed(0xa4, &[&string("cn"), &pieces]);
    let deepest = (1..Filter::MAX_DEPTH).fold(substrings, |inner, _| element(0xa2, &inner));
    let mut bytes = search(&deepest);
    decode(&bytes).unwrap();
    // The length of the one piece, which is followed by its octet and the empty attribute list.
    let at = bytes.len() - 4;
    assert_eq!(bytes[at..], [1, b'x', 0x30, 0]);
    bytes[at] = 2;
    assert_eq!(structure_fault(&bytes), BerFault::Overrun);
}

#[test]
fn a_filter_of_25000_terms_is_read() {
    let terms: Vec<u8> = (0..25_000)
        .flat_map(|n| {
            item(
                EQUALITY,
                "distinguishedName",
                format!("uid=user.{n},ou=people,dc=example,dc=org").as_bytes(),
            )
        })
        .collect();
    let bytes = search(&element(0xa1, &terms));
    assert!(bytes.len() > 1_300_000);
    let Filter::Or(parts) = search_of(&bytes).filter else {
        panic!()
    };
    assert_eq!(parts.len(), 25_000);
    assert_eq!(
        parts[24_999],
        equality(
            "distinguishedName",
            b"uid=user.24999,ou=people,dc=example,dc=org"
        )
    );
}
