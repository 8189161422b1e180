//! What is refused, with which reason and on which line.

use super::*;

#[test]
fn a_malformed_record_is_skipped_and_the_next_one_read() {
    let text = "dn: a=1\nno colon\nstill: it\n\ndn: a=2\na: 2\n\nno dn: x\n\ndn: a=3\na: 3\n";
    let outcomes = outcomes(text.as_bytes());
    assert_eq!(outcomes.len(), 4);
    assert!(
        outcomes[0].starts_with("LDIF, line 2: no colon"),
        "{}",
        outcomes[0]
    );
    assert!(outcomes[1].contains("a=2") && outcomes[3].contains("a=3"));
    assert!(
        outcomes[2].starts_with("LDIF, line 8: not an attribute name"),
        "{}",
        outcomes[2]
    );
}

#[test]
fn other_versions_end_the_file() {
    assert_fault!("version: 2\n\ndn: a=1\na: 1\n", 1, LdifFault::Version);
    assert_eq!(outcomes(&b"version: 2\n\ndn: a=1\na: 1\n"[..]).len(), 1);
    assert_fault!("dn: a=1\na: 1\n\nversion:\n", 4, LdifFault::Version);
}

#[test]
fn a_record_without_or_with_two_dns() {
    assert_fault!("# c\ncn: Ada\n", 2, LdifFault::MissingDn);
    assert_fault!("-\n", 1, LdifFault::MissingDn);
    assert_fault!("dn: a=1\ndn: a=2\na: 1\n", 2, LdifFault::SecondDn);
    assert_fault!("dn: a=1\na: 1\nDN: a=2\na: 2\n", 3, LdifFault::SecondDn);
    assert_fault!(
        "dn: a=1\nchangetype: modify\nadd: b\nb: 1\ndn: a=2\n",
        5,
        LdifFault::SecondDn
    );
}

#[test]
fn dns_that_are_not_text() {
    assert_fault!("dn:: /w==\na: 1\n", 1, LdifFault::NotUtf8);
    assert_fault!("dn:< file:///x\na: 1\n", 1, LdifFault::Url);
    assert_fault!(
        "dn: a=1\nchangetype: modrdn\nnewrdn:: /w==\ndeleteoldrdn: 1\n",
        3,
        LdifFault::NotUtf8
    );
}

#[test]
fn bytes_that_are_not_text() {
    assert_fault!(b"dn: a=1\na: 1\n b\0\n", 2, LdifFault::ControlByte);
    assert_fault!(b"dn: a=1\rb: 2\r", 1, LdifFault::ControlByte);
    assert_fault!(b"dn: a=1\na: 1\r\r\n", 2, LdifFault::ControlByte);
    assert_fault!(b"dn: a=1\na: 1\na: caf\xe9\n", 3, LdifFault::NotUtf8);
    assert_fault!(b"\xff\xfed\0n\0", 1, LdifFault::ControlByte);
    assert_fault!(b"\xef\xbbdn: a=1\n", 1, LdifFault::NotUtf8);
}

#[test]
fn lines_without_a_name() {
    for text in [
        "dn: a=1\n: x\n",
        "dn: a=1\n-x: y\n",
        "dn: a=1\nhello world: x\n",
        "dn: a=1\nä: x\n",
        "dn: a=1\n-: x\n",
    ] {
        assert_fault!(text, 2, LdifFault::Description);
    }
    assert_fault!("dn: a=1\nhello\n", 2, LdifFault::MissingColon);
    assert_fault!("dn: a=1\n--\n", 2, LdifFault::MissingColon);
}

#[test]
fn a_continuation_of_nothing() {
    assert_fault!(" dn: a=1\n", 1, LdifFault::NothingToContinue);
    assert_fault!("dn: a=1\na: 1\n\n b\n", 4, LdifFault::NothingToContinue);
}

#[test]
fn values_that_are_not_base64() {
    for value in [
        "A", "AA", "AA=", "AAA", "AAA =", "AA==AA==", "A===", "AAA*", "AAB=", "=", "AAAA====",
        "é===",
    ] {
        assert_fault!(
            format!("dn: a=1\na: 1\nb:: {value}\n"),
            3,
            LdifFault::Base64
        );
    }
}

#[test]
fn entries_without_attributes() {
    assert_fault!("\n\ndn: a=1\n\n", 3, LdifFault::NoAttributes);
    assert_fault!("dn: a=1\nchangetype: add\n", 2, LdifFault::NoAttributes);
}

#[test]
fn misplaced_keywords_and_dashes() {
    assert_fault!(
        "dn: a=1\na: 1\nchangetype: delete\n",
        3,
        LdifFault::MisplacedKeyword
    );
    assert_fault!(
        "dn: a=1\nchangetype: add\ncontrol: 1.2\n",
        3,
        LdifFault::MisplacedKeyword
    );
    assert_fault!("dn: a=1\na: 1\n-\n", 3, LdifFault::StrayDash);
    assert_fault!("dn: a=1\nchangetype: modify\n-\n", 3, LdifFault::StrayDash);
    assert_fault!(
        "dn: a=1\nchangetype: modify\ndelete: b\n-\n-\n",
        5,
        LdifFault::StrayDash
    );
}

#[test]
fn changes_that_do_not_fit_their_type() {
    assert_fault!("dn: a=1\nchangetype: rename\n", 2, LdifFault::ChangeType);
    assert_fault!(
        "dn: a=1\nchangetype: delete\na: 1\n",
        3,
        LdifFault::Unexpected
    );
    assert_fault!(
        "dn: a=1\nchangetype: modify\na: 1\n",
        3,
        LdifFault::ModificationKind
    );
    assert_fault!(
        "dn: a=1\nchangetype: modify\nadd: a b\n",
        3,
        LdifFault::Description
    );
    assert_fault!(
        "dn: a=1\nchangetype: modify\nadd:\n",
        3,
        LdifFault::Description
    );
    assert_fault!(
        "dn: a=1\nchangetype: modify\nadd: b\nb: 1\nc: 1\n",
        5,
        LdifFault::OtherAttribute
    );
}

#[test]
fn incomplete_renames() {
    let rename = |rest: &str| format!("dn: a=1\nchangetype: modrdn\n{rest}");
    assert_fault!(rename(""), 2, LdifFault::Expected("newrdn"));
    assert_fault!(
        rename("deleteoldrdn: 1\n"),
        3,
        LdifFault::Expected("newrdn")
    );
    assert_fault!(
        rename("newrdn: a=2\n"),
        3,
        LdifFault::Expected("deleteoldrdn")
    );
    assert_fault!(
        rename("newrdn: a=2\nnewsuperior: b=1\n"),
        4,
        LdifFault::Expected("deleteoldrdn")
    );
    assert_fault!(
        rename("newrdn: a=2\ndeleteoldrdn: yes\n"),
        4,
        LdifFault::DeleteOldRdn
    );
    assert_fault!(
        rename("newrdn: a=2\ndeleteoldrdn: 1\na: 2\n"),
        5,
        LdifFault::Unexpected
    );
}

#[test]
fn malformed_controls() {
    for control in [
        "",
        "true",
        "1.2 maybe",
        "1.2 true false",
        "1..2",
        "treeDelete true",
        ": x",
    ] {
        assert_fault!(
            format!("dn: a=1\ncontrol: {control}\nchangetype: delete\n"),
            2,
            LdifFault::Control
        );
    }
    assert_fault!(
        "dn: a=1\ncontrol: 1.2 true:< file:///x\nchangetype: delete\n",
        2,
        LdifFault::Url
    );
    assert_fault!(
        "dn: a=1\ncontrol: 1.2 true:: A\nchangetype: delete\n",
        2,
        LdifFault::Base64
    );
}

#[test]
fn ten_megabytes_of_garbage_on_one_line() {
    assert_fault!(vec![b'x'; 10 << 20], 1, LdifFault::MissingColon);
    assert_fault!(vec![0; 10 << 20], 1, LdifFault::ControlByte);
    assert_fault!(
        [b"dn: a=1\na:: ".to_vec(), vec![b'='; 10 << 20]].concat(),
        2,
        LdifFault::Base64
    );
}

#[test]
fn an_input_that_fails_ends_the_file() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("disk on fire"))
        }
    }
    let outcomes = outcomes(BufReader::new(
        b"dn: a=1\na: 1\n\ndn: a=2\na: 2\n".chain(Failing),
    ));
    assert_eq!(outcomes.len(), 2);
    assert_eq!(outcomes[1], "LDIF, line 5: cannot read: disk on fire");
}
