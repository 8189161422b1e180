//! Requests that are answered with protocolError under their own id.

use super::*;

#[test]
fn text_that_is_not_utf8_is_answered_under_its_id() {
    let bad = string(b"\xff\xfe");
    let good = string("cn=x");
    let flag = element(BOOLEAN, &[0xff]);
    let empty_list = element(SEQUENCE, b"");
    let ava = item(SEQUENCE, "cn", b"x");
    for (bytes, field) in [
        (
            with_operation(0x60, &[&element(INTEGER, &[3]), &bad, &element(0x80, b"")]),
            "name",
        ),
        (
            with_operation(
                0x63,
                &[&search_head(b"\xff"), &element(0x87, b"cn"), &empty_list],
            ),
            "baseObject",
        ),
        (
            with_operation(
                0x63,
                &[
                    &search_head(b""),
                    &element(0x87, b"cn"),
                    &constructed(SEQUENCE, &[&bad]),
                ],
            ),
            "selector",
        ),
        (with_operation(0x66, &[&bad, &empty_list]), "object"),
        (with_operation(0x68, &[&bad, &empty_list]), "entry"),
        (message(&[&element(0x4a, b"\xff")]), "delRequest"),
        (with_operation(0x6c, &[&bad, &good, &flag]), "entry"),
        (with_operation(0x6c, &[&good, &bad, &flag]), "newrdn"),
        (
            with_operation(0x6c, &[&good, &good, &flag, &element(0x80, b"\xff")]),
            "newSuperior",
        ),
        (with_operation(0x6e, &[&bad, &ava]), "entry"),
        (
            with_operation(0x77, &[&element(0x80, b"\xff")]),
            "requestName",
        ),
        (
            message(&[
                &element(0x42, b""),
                &constructed(0xa0, &[&constructed(SEQUENCE, &[&bad])]),
            ]),
            "controlType",
        ),
    ] {
        assert_eq!(field_error(&bytes), Fault::Utf8.of(field));
    }
}

#[test]
fn the_operation_knows_the_response_that_refuses_it() {
    let error = decode(&with_operation(0x68, &[&string(b"\xff")])).unwrap_err();
    let DecodeError::Request { id, operation, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!((*id, operation.response()), (7, Some(ResponseTag::Add)));
    assert_eq!(error.to_string(), "addRequest 7: entry: not valid UTF-8");
}

fn search_head_with(at: usize, part: &[u8]) -> Vec<u8> {
    let mut parts = [
        string(""),
        element(ENUMERATED, &[2]),
        element(ENUMERATED, &[0]),
        element(INTEGER, &[0]),
        element(INTEGER, &[0]),
        element(BOOLEAN, &[0]),
        element(0x87, b"cn"),
        element(SEQUENCE, b""),
    ];
    parts[at] = part.to_vec();
    with_operation(0x63, &[&parts.concat()])
}

#[test]
fn numbers_out_of_range_are_answered_under_their_id() {
    for (at, part, field) in [
        (1, element(ENUMERATED, &[4]), "scope"),
        (1, element(ENUMERATED, &[0xff]), "scope"),
        (2, element(ENUMERATED, &[4]), "derefAliases"),
        (3, element(INTEGER, &[0xff]), "sizeLimit"),
        (3, element(INTEGER, &[0, 0x80, 0, 0, 0]), "sizeLimit"),
        (4, element(INTEGER, &[0x80]), "timeLimit"),
    ] {
        assert_eq!(
            field_error(&search_head_with(at, &part)),
            Fault::Range.of(field)
        );
    }
    for version in [0, 128, 0xff] {
        let version = element(INTEGER, &[0, version]);
        let bytes = with_operation(0x60, &[&version, &string(""), &element(0x80, b"")]);
        assert_eq!(field_error(&bytes), Fault::Range.of("version"));
    }
    let change = constructed(
        SEQUENCE,
        &[&element(ENUMERATED, &[4]), &item(SEQUENCE, "cn", b"")],
    );
    let bytes = with_operation(0x66, &[&string(""), &constructed(SEQUENCE, &[&change])]);
    assert_eq!(field_error(&bytes), Fault::Range.of("operation"));
    assert_eq!(
        field_error(&message(&[&element(0x50, &[0xff])])),
        Fault::Range.of("abandonRequest")
    );
}

#[test]
fn elements_of_another_type_or_size_are_answered_under_their_id() {
    for (at, part, error) in [
        (
            0,
            element(INTEGER, &[1]),
            Fault::Unexpected(INTEGER).of("baseObject"),
        ),
        (
            1,
            element(INTEGER, &[2]),
            Fault::Unexpected(INTEGER).of("scope"),
        ),
        (3, element(INTEGER, &[]), Fault::Size.of("sizeLimit")),
        (5, element(BOOLEAN, &[]), Fault::Size.of("typesOnly")),
        (5, element(BOOLEAN, &[0, 0]), Fault::Size.of("typesOnly")),
        (
            7,
            element(SET, b""),
            Fault::Unexpected(SET).of("attributes"),
        ),
        (7, vec![], Fault::Missing.of("attributes")),
        (
            7,
            constructed(SEQUENCE, &[&element(INTEGER, &[1])]),
            Fault::Unexpected(INTEGER).of("selector"),
        ),
    ] {
        assert_eq!(field_error(&search_head_with(at, &part)), error);
    }
    assert_eq!(
        field_error(&message(&[&element(0x42, b"x")])),
        Fault::Size.of("unbindRequest")
    );
}

#[test]
fn an_attribute_to_be_added_has_a_value() {
    let attribute = constructed(SEQUENCE, &[&string("cn"), &element(SET, b"")]);
    let bytes = with_operation(
        0x68,
        &[&string("cn=x"), &constructed(SEQUENCE, &[&attribute])],
    );
    assert_eq!(
        field_error(&bytes),
        Fault::Rule("must have a value").of("vals")
    );
}

/// RFC 4511 section 4.6 has values to add; RFC 4525 section 2 has one to increment by, and protocolError for more.
#[test]
fn a_change_has_the_number_of_values_that_its_kind_takes() {
    let decoded = |kind: u8, values: &[&str]| {
        let values: Vec<_> = values.iter().copied().map(string).collect();
        let set = element(SET, &values.concat());
        let attribute = constructed(SEQUENCE, &[&string("uidNumber"), &set]);
        let change = constructed(SEQUENCE, &[&element(ENUMERATED, &[kind]), &attribute]);
        with_operation(0x66, &[&string("cn=x"), &constructed(SEQUENCE, &[&change])])
    };
    let (add, delete, replace, increment) = (0, 1, 2, 3);
    for (kind, values) in [
        (add, &["1", "2"][..]),
        (delete, &[]),
        (replace, &[]),
        (increment, &["1"]),
    ] {
        decode(&decoded(kind, values)).unwrap();
    }
    for (kind, values, rule) in [
        (add, &[][..], "must have a value"),
        (increment, &[], "must have exactly one value"),
        (increment, &["1", "2"], "must have exactly one value"),
    ] {
        assert_eq!(
            field_error(&decoded(kind, values)),
            Fault::Rule(rule).of("vals")
        );
    }
}
