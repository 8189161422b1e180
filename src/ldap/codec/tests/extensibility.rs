//! Trailing components (RFC 4511 section 4): unknown ones are ignored, known ones refused.

use super::*;

/// Every SEQUENCE of the protocol in a message, with a place at its end to put more into.
fn messages_with(more: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let flag = element(BOOLEAN, &[0xff]);
    let none = element(SEQUENCE, b"");
    let cn = item(EQUALITY, "cn", b"x");
    let values = constructed(SET, &[&string("x")]);
    let ava = constructed(SEQUENCE, &[&string("cn"), &string("x"), more]);
    let attribute = constructed(SEQUENCE, &[&string("cn"), &values, more]);
    let whole_attribute = constructed(SEQUENCE, &[&string("cn"), &values]);
    let replace = element(ENUMERATED, &[2]);
    let change = constructed(SEQUENCE, &[&replace, &whole_attribute, more]);
    let plain_change = constructed(SEQUENCE, &[&replace, &whole_attribute]);
    let pieces = constructed(SEQUENCE, &[&element(0x81, b"x")]);
    let simple = element(0x80, b"");
    let bind = [element(INTEGER, &[3]), string("")].concat();
    let control = constructed(SEQUENCE, &[&string("1.2.3"), &flag, &string("x"), more]);
    let rename = [
        string("cn=a"),
        string("cn=b"),
        flag.clone(),
        element(0x80, b""),
    ]
    .concat();
    let search_head = search_head(b"");
    vec![
        ("LDAPMessage", message(&[&[0x42, 0], more])),
        (
            "LDAPMessage",
            message(&[&[0x42, 0], &element(0xa0, b""), more]),
        ),
        (
            "control",
            message(&[&[0x42, 0], &constructed(0xa0, &[&control])]),
        ),
        ("bindRequest", with_operation(0x60, &[&bind, &simple, more])),
        (
            "sasl",
            with_operation(
                0x60,
                &[
                    &bind,
                    &constructed(0xa3, &[&string("A"), &string("b"), more]),
                ],
            ),
        ),
        (
            "searchRequest",
            with_operation(0x63, &[&search_head, &cn, &none, more]),
        ),
        (
            "AttributeValueAssertion",
            search(&constructed(EQUALITY, &[&string("cn"), &string("x"), more])),
        ),
        (
            "SubstringFilter",
            search(&constructed(0xa4, &[&string("cn"), &pieces, more])),
        ),
        (
            "modifyRequest",
            with_operation(
                0x66,
                &[&string(""), &constructed(SEQUENCE, &[&plain_change]), more],
            ),
        ),
        (
            "change",
            with_operation(0x66, &[&string(""), &constructed(SEQUENCE, &[&change])]),
        ),
        (
            "addRequest",
            with_operation(0x68, &[&string(""), &none, more]),
        ),
        (
            "attribute",
            with_operation(0x68, &[&string(""), &constructed(SEQUENCE, &[&attribute])]),
        ),
        ("modDNRequest", with_operation(0x6c, &[&rename, more])),
        (
            "compareRequest",
            with_operation(0x6e, &[&string(""), &item(SEQUENCE, "cn", b"x"), more]),
        ),
        (
            "AttributeValueAssertion",
            with_operation(0x6e, &[&string(""), &ava]),
        ),
        (
            "extendedReq",
            with_operation(0x77, &[&element(0x80, b"1.2"), &element(0x81, b""), more]),
        ),
        (
            "MatchingRuleAssertion",
            search(&constructed(
                0xa9,
                &[
                    &element(0x81, b"r"),
                    &element(0x82, b"t"),
                    &element(0x83, b"v"),
                    &element(0x84, b"\xff"),
                    more,
                ],
            )),
        ),
    ]
}

#[test]
fn trailing_components_of_unknown_tags_are_ignored_in_every_sequence() {
    for unknown in [
        &[0x9e, 1, b'x'][..],
        &[0xbd, 2, 0x04, 0],
        &[0x05, 0],
        &[0x9e, 0, 0xbd, 0],
    ] {
        for (sequence, bytes) in messages_with(unknown) {
            decode(&bytes).unwrap_or_else(|error| panic!("{sequence} and {unknown:x?}: {error}"));
        }
    }
}

#[test]
fn the_structure_of_unknown_components_is_checked() {
    for (sequence, bytes) in messages_with(&[0xbd, 2, 0x04, 9]) {
        assert_eq!(structure_fault(&bytes), BerFault::Overrun, "{sequence}");
    }
}

#[test]
fn a_component_that_the_sequence_defines_is_not_repeated() {
    for (sequence, tag) in [
        ("LDAPMessage", 0xa0),
        ("LDAPMessage", 0x42),
        ("LDAPMessage", INTEGER),
        ("control", 0x04),
        ("control", BOOLEAN),
        ("bindRequest", 0x80),
        ("bindRequest", 0xa3),
        ("bindRequest", INTEGER),
        ("sasl", 0x04),
        ("searchRequest", SEQUENCE),
        ("searchRequest", 0xa3),
        ("searchRequest", 0x87),
        ("searchRequest", 0xa9),
        ("AttributeValueAssertion", 0x04),
        ("SubstringFilter", SEQUENCE),
        ("modifyRequest", SEQUENCE),
        ("change", SEQUENCE),
        ("addRequest", SEQUENCE),
        ("attribute", SET),
        ("modDNRequest", 0x80),
        ("modDNRequest", 0xa0),
        ("compareRequest", SEQUENCE),
        ("extendedReq", 0x81),
        ("extendedReq", 0x80),
        ("MatchingRuleAssertion", 0x82),
        ("MatchingRuleAssertion", 0x84),
    ] {
        // An unknown component before it changes nothing.
        for more in [
            element(tag, b""),
            [vec![0x9e, 0], element(tag, b"")].concat(),
        ] {
            let messages = messages_with(&more);
            let found: Vec<_> = messages
                .iter()
                .filter(|(name, _)| *name == sequence)
                .collect();
            assert!(!found.is_empty());
            // After an LDAPMessage that has no controls yet, the first [0] is them.
            for (_, bytes) in found {
                if (sequence, &more[..]) == ("LDAPMessage", &[0xa0, 0]) && bytes.len() == 9 {
                    continue;
                }
                assert_eq!(field_error(bytes), Fault::Unexpected(tag).of(sequence));
            }
        }
    }
}

#[test]
fn lists_hold_nothing_unknown() {
    let unknown = element(0x9e, b"");
    let attribute = constructed(
        SEQUENCE,
        &[&string("cn"), &constructed(SET, &[&string("x"), &unknown])],
    );
    for bytes in [
        with_operation(
            0x63,
            &[
                &search_head(b""),
                &element(0x87, b"cn"),
                &constructed(SEQUENCE, &[&unknown]),
            ],
        ),
        with_operation(0x66, &[&string(""), &constructed(SEQUENCE, &[&unknown])]),
        with_operation(0x68, &[&string(""), &constructed(SEQUENCE, &[&attribute])]),
        message(&[&[0x42, 0], &constructed(0xa0, &[&unknown])]),
    ] {
        assert_eq!(field_error(&bytes).fault, Fault::Unexpected(0x9e));
    }
}
