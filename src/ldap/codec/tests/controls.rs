//! Controls (RFC 4511 section 4.1.11).

use super::*;
use crate::ldap::message::Control;

fn controls_of(controls: &[&[u8]]) -> Vec<Control> {
    let parts: Vec<Vec<u8>> = controls
        .iter()
        .map(|parts| element(SEQUENCE, parts))
        .collect();
    let list = element(0xa0, &parts.concat());
    decode(&message(&[&[0x42, 0], &list])).unwrap().controls
}

fn control(oid: &str, critical: bool, value: Option<&[u8]>) -> Control {
    Control {
        oid: oid.to_owned(),
        critical,
        value: value.map(<[u8]>::to_vec),
    }
}

#[test]
fn every_control_keeps_its_criticality_and_its_octets() {
    for oid in [
        "1.2.840.113556.1.4.319",
        "1.2.840.113556.1.4.473",
        "1.2.840.113556.1.4.841",
        "1.2.840.113556.1.4.1338",
        "1.3.6.1.4.1.42.2.27.8.5.1",
        "2.16.840.1.113730.3.4.2",
        "1.2.3.4",
    ] {
        let name = string(oid);
        let (yes, no) = (element(BOOLEAN, &[0xff]), element(BOOLEAN, &[0]));
        let value = string([0xff, 0, 0x30]);
        assert_eq!(
            controls_of(&[
                &name,
                &[&name[..], &yes].concat(),
                &[&name[..], &no, &value].concat(),
                &[&name[..], &yes, &value].concat(),
                &[&name[..], &value].concat(),
                &[&name[..], &string("")].concat(),
            ]),
            [
                control(oid, false, None),
                control(oid, true, None),
                control(oid, false, Some(&[0xff, 0, 0x30])),
                control(oid, true, Some(&[0xff, 0, 0x30])),
                control(oid, false, Some(&[0xff, 0, 0x30])),
                control(oid, false, Some(b"")),
            ]
        );
    }
}

#[test]
fn an_empty_list_of_controls_is_none() {
    assert_eq!(controls_of(&[]), []);
}

#[test]
fn malformed_controls_are_answered_under_the_id_of_the_request() {
    for (parts, error) in [
        (
            element(INTEGER, &[1]),
            Fault::Unexpected(INTEGER).of("controlType"),
        ),
        (vec![], Fault::Missing.of("controlType")),
        (
            [string("1.2"), element(BOOLEAN, &[])].concat(),
            Fault::Size.of("criticality"),
        ),
    ] {
        let bytes = message(&[&[0x42, 0], &element(0xa0, &element(SEQUENCE, &parts))]);
        assert_eq!(field_error(&bytes), error);
    }
}
