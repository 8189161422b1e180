//! The envelope (RFC 4511 section 4.1.1) and the BER of section 5.1.

use super::*;

const UNBIND: [u8; 2] = [0x42, 0];

fn with_id(id: &[u8]) -> Result<Message, DecodeError> {
    decode(&constructed(SEQUENCE, &[&element(INTEGER, id), &UNBIND]))
}

#[test]
fn message_ids_from_1_to_2_31() {
    for (id, value) in [
        (&[1][..], 1),
        (&[0x7f, 0xff, 0xff, 0xff], i32::MAX),
        (&[0, 0, 0, 0, 0, 0, 0, 5], 5),
        (&[0, 0x80], 128),
    ] {
        assert_eq!(with_id(id).unwrap().id, value);
    }
}

#[test]
fn other_message_ids_end_the_session() {
    for id in [
        &[0][..],
        &[0xff],
        &[0x80, 0, 0, 0],
        &[0, 0x80, 0, 0, 0],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0, 0, 0, 0, 0, 0, 0, 0, 5],
    ] {
        let error = EnvelopeError::Field(Fault::Range.of("messageID"));
        assert_eq!(
            with_id(id).unwrap_err(),
            DecodeError::Envelope(error),
            "{id:x?}"
        );
    }
    let error = EnvelopeError::Field(Fault::Size.of("messageID"));
    assert_eq!(with_id(&[]).unwrap_err(), DecodeError::Envelope(error));
}

#[test]
fn what_is_no_request_ends_the_session() {
    for tag in [
        0x61, 0x65, 0x64, 0x73, 0x78, 0x79, 0x7e, 0x40, 0x62, 0x43, 0x30, 0xa0,
    ] {
        let error = decode(&message(&[&element(tag, b"")])).unwrap_err();
        assert_eq!(
            error,
            DecodeError::Envelope(EnvelopeError::NotARequest(tag))
        );
    }
    let error = EnvelopeError::Field(Fault::Missing.of("protocolOp"));
    assert_eq!(
        decode(&message(&[])).unwrap_err(),
        DecodeError::Envelope(error)
    );
}

#[test]
fn lengths_that_contradict_each_other_end_the_session() {
    let whole = search(&constructed(
        0xa0,
        &[&item(EQUALITY, "a", b"*"), &item(EQUALITY, "b", b"c")],
    ));
    for (bytes, fault) in [
        (&[][..], BerFault::Overrun),
        (&whole[..whole.len() - 1], BerFault::Overrun),
        (&[&whole[..], &[0]].concat(), BerFault::TrailingBytes),
        (&[0x31, 0], BerFault::NotASequence(0x31)),
        (&[0x30, 0x80, 0, 0], BerFault::IndefiniteLength),
        (&[0x30, 4, 0x22, 0x80, 0, 0], BerFault::IndefiniteLength),
        (
            &[0x30, 11, 2, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            BerFault::LengthOctets(9),
        ),
        (&[0x30, 3, 2, 1, 1, 0x42], BerFault::TrailingBytes),
        (&[0x30, 4, 2, 1, 1, 0x42], BerFault::Overrun),
        (&[0x30, 6, 2, 1, 1, 0x5f, 0x21, 0], BerFault::HighTagNumber),
        (
            &[0x30, 6, 2, 0x84, 0xff, 0xff, 0xff, 0xff],
            BerFault::Overrun,
        ),
    ] {
        assert_eq!(structure_fault(bytes), fault, "{bytes:x?}");
    }
}

#[test]
fn a_child_that_overruns_its_parent_ends_the_session() {
    // (&(a=*)(b... cut short: the AND claims more than its second part has, and the parts more than
    // the AND
    let mut filter = constructed(0xa0, &[&element(0x87, b"a"), &item(EQUALITY, "b", b"cccc")]);
    let last_len = filter.len() - 5;
    assert_eq!(filter[last_len], 4);
    filter[last_len] = 9;
    assert_eq!(structure_fault(&search(&filter)), BerFault::Overrun);
}

#[test]
fn the_place_of_a_structural_fault_is_told() {
    let error = decode(&[0x30, 7, 2, 1, 1, 0x77, 2, 0x80, 5]).unwrap_err();
    let place = StructureError {
        at: 7,
        fault: BerFault::Overrun,
    };
    assert_eq!(
        error,
        DecodeError::Envelope(EnvelopeError::Structure(place))
    );
    assert_eq!(
        error.to_string(),
        "not an LDAP request: element runs past the end of what holds it, at offset 7 of the message"
    );
}

#[test]
fn universal_types_have_the_form_that_ldap_demands() {
    let constructed_string = constructed(0x24, &[&string("cn=x")]);
    let bytes = with_operation(0x68, &[&constructed_string, &element(SEQUENCE, b"")]);
    assert_eq!(structure_fault(&bytes), BerFault::WrongForm(0x24));
    let bytes = with_operation(0x68, &[&string("cn=x"), &element(0x10, b"")]);
    assert_eq!(structure_fault(&bytes), BerFault::WrongForm(0x10));
    assert_eq!(
        structure_fault(&[0x30, 7, 2, 1, 1, 0x42, 0, 0, 0]),
        BerFault::WrongForm(0)
    );
}

#[test]
fn lengths_may_be_longer_than_they_need_to_be() {
    let bytes = [0x30, 0x84, 0, 0, 0, 9, 2, 0x81, 1, 3, 0x42, 0x83, 0, 0, 0];
    assert_eq!(decode(&bytes).unwrap().id, 3);
}

#[test]
fn any_octet_but_zero_is_true() {
    for (octet, expected) in [(0, false), (1, true), (0xff, true)] {
        let parts = [string("cn=a"), string("cn=b"), element(BOOLEAN, &[octet])].concat();
        let Request::ModifyDn(rename) = decode(&with_operation(0x6c, &[&parts])).unwrap().operation
        else {
            panic!()
        };
        assert_eq!(rename.delete_old_rdn, expected);
    }
}

#[test]
fn the_number_of_elements_is_bounded() {
    // A search is its id, itself, its seven other components, and its filter with what is in it.
    let terms = |count| search(&element(0xa1, &[0xa0, 0].repeat(count)));
    decode(&terms(MAX_ELEMENTS - 10)).unwrap();
    assert_eq!(
        structure_fault(&terms(MAX_ELEMENTS - 9)),
        BerFault::TooManyElements
    );
}
