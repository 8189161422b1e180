//! Each operation, read as RFC 4511 sections 4.2 to 4.12 define it.

use super::*;

#[test]
fn an_anonymous_bind() {
    let bytes = [0x30, 12, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0];
    let message = decode(&bytes).unwrap();
    assert_eq!((message.id, message.controls.len()), (1, 0));
    let Request::Bind(bind) = message.operation else {
        panic!()
    };
    assert_eq!((bind.version, &bind.name[..]), (3, ""));
    assert!(matches!(bind.authentication, Authentication::Simple(password) if password.is_empty()));
}

#[test]
fn a_password_may_be_any_octets() {
    let password = [0xff, 0x00, 0xc3, 0x28];
    let bytes = with_operation(
        0x60,
        &[
            &element(INTEGER, &[3]),
            &string("cn=admin"),
            &element(0x80, &password),
        ],
    );
    let Request::Bind(bind) = decode(&bytes).unwrap().operation else {
        panic!()
    };
    let Authentication::Simple(read) = bind.authentication else {
        panic!()
    };
    assert_eq!(*read, password);
}

fn bind_with(authentication: &[u8]) -> Vec<u8> {
    with_operation(
        0x60,
        &[&element(INTEGER, &[3]), &string(""), authentication],
    )
}

fn authentication_of(authentication: &[u8]) -> Authentication {
    let Request::Bind(bind) = decode(&bind_with(authentication)).unwrap().operation else {
        panic!()
    };
    bind.authentication
}

#[test]
fn sasl_credentials_are_optional() {
    let absent = authentication_of(&constructed(0xa3, &[&string("EXTERNAL")]));
    assert!(
        matches!(absent, Authentication::Sasl { mechanism, credentials: None } if mechanism == "EXTERNAL")
    );
    let present = constructed(0xa3, &[&string("PLAIN"), &string(b"\0user\0\xff")]);
    let Authentication::Sasl {
        mechanism,
        credentials,
    } = authentication_of(&present)
    else {
        panic!()
    };
    assert_eq!(
        (&mechanism[..], credentials.as_deref()),
        ("PLAIN", Some(&b"\0user\0\xff"[..]))
    );
}

#[test]
fn an_unknown_authentication_choice_is_told_apart_from_a_malformed_one() {
    for (tag, number) in [(0x81, 1), (0x82, 2), (0xa4, 4), (0x89, 9)] {
        let read = authentication_of(&element(tag, b""));
        assert!(
            matches!(read, Authentication::Unknown(found) if found == number),
            "{tag:#x}"
        );
    }
    for tag in [0xa0, 0x83, 0x04] {
        let error = field_error(&bind_with(&element(tag, b"")));
        assert_eq!(error, Fault::Unexpected(tag).of("authentication"));
    }
}

#[test]
fn a_bind_of_another_version_is_left_to_the_session() {
    let bytes = [0x30, 12, 2, 1, 1, 0x60, 7, 2, 1, 2, 4, 0, 0x80, 0];
    let Request::Bind(bind) = decode(&bytes).unwrap().operation else {
        panic!()
    };
    assert_eq!(bind.version, 2);
}

#[test]
fn an_unbind() {
    let unbind = decode(&[0x30, 5, 2, 1, 3, 0x42, 0]).unwrap();
    assert_eq!(unbind.id, 3);
    assert!(matches!(unbind.operation, Request::Unbind));
}

#[test]
fn an_abandon_names_a_message() {
    let abandon = decode(&[0x30, 7, 2, 1, 9, 0x50, 2, 0x01, 0x00]).unwrap();
    assert!(matches!(abandon.operation, Request::Abandon(256)));
}

#[test]
fn a_search_with_everything() {
    let bytes = message(&[&constructed(
        0x63,
        &[
            &string("dc=example,dc=org"),
            &element(ENUMERATED, &[1]),
            &element(ENUMERATED, &[3]),
            &element(INTEGER, &[0x7f, 0xff, 0xff, 0xff]),
            &element(INTEGER, &[10]),
            &element(BOOLEAN, &[0xff]),
            &element(0x87, b"objectClass"),
            &constructed(SEQUENCE, &[&string("cn"), &string("*"), &string("1.1")]),
        ],
    )]);
    let expected = SearchRequest {
        base: "dc=example,dc=org".to_owned(),
        scope: Scope::OneLevel,
        deref_aliases: DerefAliases::Always,
        size_limit: 0x7fff_ffff,
        time_limit: 10,
        types_only: true,
        filter: Filter::Present("objectClass".to_owned()),
        attributes: ["cn", "*", "1.1"].map(str::to_owned).to_vec(),
    };
    assert_eq!(search_of(&bytes), expected);
}

#[test]
fn every_scope_including_children() {
    for (value, scope) in [
        (0, Scope::Base),
        (1, Scope::OneLevel),
        (2, Scope::Subtree),
        (3, Scope::Children),
    ] {
        let mut bytes = search(&element(0x87, b"cn"));
        let at = bytes
            .windows(3)
            .position(|found| found == [ENUMERATED, 1, 2])
            .unwrap()
            + 2;
        bytes[at] = value;
        assert_eq!(search_of(&bytes).scope, scope);
    }
}

#[test]
fn a_compare_keeps_the_octets_of_its_value() {
    let value = [0x00, 0xff, 0x80];
    let ava = constructed(SEQUENCE, &[&string("objectGUID"), &string(value)]);
    let bytes = with_operation(0x6e, &[&string("cn=x"), &ava]);
    let Request::Compare(compare) = decode(&bytes).unwrap().operation else {
        panic!()
    };
    assert_eq!(
        (&compare.entry[..], &compare.attribute[..]),
        ("cn=x", "objectGUID")
    );
    assert_eq!(compare.value, value);
}

#[test]
fn a_delete_is_its_dn() {
    let bytes = message(&[&element(0x4a, "cn=Jürgen".as_bytes())]);
    assert!(matches!(decode(&bytes).unwrap().operation, Request::Delete(dn) if dn == "cn=Jürgen"));
}

#[test]
fn an_add_keeps_values_in_order_and_as_octets() {
    let photo = constructed(
        SEQUENCE,
        &[
            &string("jpegPhoto;binary"),
            &constructed(
                SET,
                &[&string(b"\xff\xd8"), &string(b""), &string(b"\xff\xd8")],
            ),
        ],
    );
    let bytes = with_operation(0x68, &[&string("cn=x"), &constructed(SEQUENCE, &[&photo])]);
    let Request::Add(add) = decode(&bytes).unwrap().operation else {
        panic!()
    };
    assert_eq!(add.entry, "cn=x");
    assert_eq!(add.attributes[0].description, "jpegPhoto;binary");
    assert_eq!(
        add.attributes[0].values,
        [&b"\xff\xd8"[..], b"", b"\xff\xd8"]
    );
}

fn change(operation: u8, values: &[u8]) -> Vec<u8> {
    let attribute = constructed(SEQUENCE, &[&string("sn"), &element(SET, values)]);
    constructed(SEQUENCE, &[&element(ENUMERATED, &[operation]), &attribute])
}

#[test]
fn a_modify_keeps_its_changes_in_order() {
    let changes: Vec<u8> = (0..4)
        .flat_map(|operation| change(operation, &string("7")))
        .collect();
    let bytes = with_operation(0x66, &[&string("cn=x"), &element(SEQUENCE, &changes)]);
    let Request::Modify(modify) = decode(&bytes).unwrap().operation else {
        panic!()
    };
    let operations: Vec<_> = modify
        .changes
        .iter()
        .map(|change| change.operation)
        .collect();
    use ChangeOperation::{Add, Delete, Increment, Replace};
    assert_eq!(operations, [Add, Delete, Replace, Increment]);
    assert!(
        modify
            .changes
            .iter()
            .all(|change| change.attribute.values == [b"7"])
    );
}

#[test]
fn a_rename_with_and_without_a_new_parent() {
    let parts = [
        &string("cn=a")[..],
        &string("cn=b"),
        &element(BOOLEAN, &[1]),
    ]
    .concat();
    for (superior, expected) in [
        (&b""[..], None),
        (b"\x80\x04ou=x", Some("ou=x")),
        (b"\x80\x00", Some("")),
    ] {
        let bytes = with_operation(0x6c, &[&parts, superior]);
        let Request::ModifyDn(rename) = decode(&bytes).unwrap().operation else {
            panic!()
        };
        assert_eq!((&rename.entry[..], &rename.new_rdn[..]), ("cn=a", "cn=b"));
        assert!(rename.delete_old_rdn);
        assert_eq!(rename.new_superior.as_deref(), expected);
    }
}

#[test]
fn an_extended_request_with_and_without_a_value() {
    let name = element(0x80, b"1.3.6.1.4.1.4203.1.11.1");
    for (value, expected) in [
        (&b""[..], None),
        (b"\x81\x00", Some(&b""[..])),
        (b"\x81\x01\xff", Some(b"\xff")),
    ] {
        let bytes = with_operation(0x77, &[&name, value]);
        let Request::Extended(extended) = decode(&bytes).unwrap().operation else {
            panic!()
        };
        assert_eq!(extended.name, "1.3.6.1.4.1.4203.1.11.1");
        assert_eq!(extended.value.as_deref(), expected);
    }
}
