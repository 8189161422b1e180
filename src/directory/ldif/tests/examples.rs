//! One file for each example of RFC 2849, with data of our own.

use super::*;

#[test]
fn one_two_entries() {
    let text = "\
version: 1
dn: cn=Ada Byron, ou=people, dc=example, dc=org
objectclass: top
objectclass: person
cn: Ada Byron
telephonenumber: +1 408 555 1212

dn: cn=Al Turing, dc=example, dc=org
sn: Turing
";
    let mut reader = Reader::new(text.as_bytes());
    let first = reader.next_record().expect("read").expect("a record");
    assert_eq!(
        (first.line, first.dn),
        (2, "cn=Ada Byron, ou=people, dc=example, dc=org")
    );
    assert!(first.controls.is_empty());
    let expected = vec![
        value(3, "objectclass", "top"),
        value(4, "objectclass", "person"),
        value(5, "cn", "Ada Byron"),
        value(6, "telephonenumber", "+1 408 555 1212"),
    ];
    assert_eq!(first.change, Change::Content(expected));
    let second = reader.next_record().expect("read").expect("a record");
    assert_eq!(
        (second.line, second.dn),
        (8, "cn=Al Turing, dc=example, dc=org")
    );
    assert_eq!(
        second.change,
        Change::Content(vec![value(9, "sn", "Turing")])
    );
    assert!(reader.next_record().expect("read").is_none());
    assert_eq!(reader.position(), text.len() as u64);
}

#[test]
fn two_a_folded_value_and_no_space_after_the_colon() {
    let text = "\
version: 1
dn:cn=Ada,dc=example
cn:Ada
description:an analytical eng
 ine
  and more
title:Countess
";
    let expected = [
        (3, "cn", "Ada"),
        (4, "description", "an analytical engine and more"),
        (7, "title", "Countess"),
    ];
    assert_eq!(
        content(text),
        expected.map(|(line, name, value)| (line, name.to_owned(), value.into()))
    );
}

#[test]
fn three_a_folded_base64_value() {
    let text = "\
version: 1
dn: cn=Ada,dc=example
description:: V2hhdCBhIGNhcmVmd
 Wwgcm
 VhZGVyDQo=
";
    assert_eq!(
        content(text),
        [(
            3,
            "description".to_owned(),
            b"What a careful reader\r\n".to_vec()
        )]
    );
}

#[test]
fn four_a_base64_dn_language_tags_and_comments() {
    let text = "\
version: 1
dn:: b3U95Za25qWt6YOoLG89RXhhbXBsZQ==
# dn:: ou=...,
#  o=Example
ou:: 5Za25qWt6YOo
# a comment that
  goes on
ou;lang-ja:: 5Za25qWt6YOo
ou;lang-en: Sales
";
    with_record(text, |record| {
        assert_eq!((record.line, record.dn), (2, "ou=営業部,o=Example"));
        let expected = vec![
            value(5, "ou", "営業部"),
            value(8, "ou;lang-ja", "営業部"),
            value(9, "ou;lang-en", "Sales"),
        ];
        assert_eq!(record.change, Change::Content(expected));
    });
}

#[test]
fn five_a_value_by_url_is_refused() {
    let text = "\
version: 1
dn: cn=Ada,dc=example
cn: Ada
jpegphoto:< file:///etc/passwd
";
    assert_fault!(text, 4, LdifFault::Url);
    let error = Reader::new(text.as_bytes())
        .next_record()
        .expect_err("refused")
        .to_string();
    assert!(
        error.contains("line 4") && !error.contains("passwd"),
        "{error}"
    );
}

#[test]
fn six_add_and_delete() {
    let text = "\
version: 1
# Add
dn: cn=Ada,dc=example
changetype: add
cn: Ada

# Delete
dn: cn=Al,dc=example
changetype: delete
";
    let mut reader = Reader::new(text.as_bytes());
    let add = reader.next_record().expect("read").expect("a record");
    assert_eq!(
        (add.line, add.change),
        (3, Change::Add(vec![value(5, "cn", "Ada")]))
    );
    let delete = reader.next_record().expect("read").expect("a record");
    assert_eq!(
        (delete.line, delete.dn, delete.change),
        (8, "cn=Al,dc=example", Change::Delete)
    );
}

#[test]
fn six_rename_and_move() {
    with_record(
        "\
dn: cn=Ada,dc=example
changetype: modrdn
newrdn: cn=Augusta
deleteoldrdn: 1
",
        |record| {
            let expected = Change::Rename {
                new_rdn: "cn=Augusta",
                delete_old_rdn: true,
                new_superior: None,
            };
            assert_eq!(record.change, expected);
        },
    );
    let text = "\
dn: ou=A,dc=example
changetype: moddn
newrdn:: b3U95Za25qWt6YOo
deleteoldrdn: 0
newsuperior: ou=B,dc=example
";
    with_record(text, |record| {
        let expected = Change::Rename {
            new_rdn: "ou=営業部",
            delete_old_rdn: false,
            new_superior: Some("ou=B,dc=example"),
        };
        assert_eq!(record.change, expected);
    });
}

#[test]
fn six_modify() {
    let text = "\
dn: cn=Ada,dc=example
changetype: modify
add: postaladdress
postaladdress: 1 Street $ Town
-
delete: description
-
replace: mail
mail: a@example.org
MAIL:: YkBleGFtcGxlLm9yZw==
-
delete: fax
fax: 1
-
replace: title
-
increment: uidNumber
uidNumber: 1
-
";
    let modification = |line, kind, attribute, values| Modification {
        line,
        kind,
        attribute,
        values,
    };
    let expected = vec![
        modification(
            3,
            ModificationKind::Add,
            "postaladdress",
            vec![value(4, "postaladdress", "1 Street $ Town")],
        ),
        modification(6, ModificationKind::Delete, "description", vec![]),
        modification(
            8,
            ModificationKind::Replace,
            "mail",
            vec![
                value(9, "mail", "a@example.org"),
                value(10, "MAIL", "b@example.org"),
            ],
        ),
        modification(
            12,
            ModificationKind::Delete,
            "fax",
            vec![value(13, "fax", "1")],
        ),
        modification(15, ModificationKind::Replace, "title", vec![]),
        modification(
            17,
            ModificationKind::Increment,
            "uidNumber",
            vec![value(18, "uidNumber", "1")],
        ),
    ];
    with_record(text, |record| {
        assert_eq!(record.change, Change::Modify(expected))
    });
}

#[test]
fn seven_controls() {
    let text = "\
version: 1
dn: ou=A,dc=example
control: 1.2.840.113556.1.4.805 true
control: 1.2.3: plain: text
control: 1.2.4 FALSE:: AAH/
control: 1.2.5 true:
changetype: delete
";
    let control = |line, oid, critical, value: Option<&[u8]>| Control {
        line,
        oid,
        critical,
        value: value.map(<[u8]>::to_vec),
    };
    with_record(text, |record| {
        let expected = [
            control(3, "1.2.840.113556.1.4.805", true, None),
            control(4, "1.2.3", false, Some(b"plain: text")),
            control(5, "1.2.4", false, Some(&[0, 1, 255])),
            control(6, "1.2.5", true, Some(b"")),
        ];
        assert_eq!(
            (record.controls.as_slice(), record.change),
            (&expected[..], Change::Delete)
        );
    });
}
