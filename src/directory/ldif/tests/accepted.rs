//! What is read beyond the letter of RFC 2849, and what changes nothing.

use super::*;

const TEXT: &str = "\
version: 1

dn: cn=Ada,dc=example
cn: Ada
description: a long
 er value
photo:: AAH/

# end

dn: cn=Al
changetype: delete
";

#[test]
fn other_line_ends_and_a_byte_order_mark_change_nothing() {
    let plain = outcomes(TEXT.as_bytes());
    assert_eq!(plain.len(), 2);
    assert_eq!(outcomes(TEXT.replace('\n', "\r\n").as_bytes()), plain);
    assert_eq!(outcomes(format!("\u{feff}{TEXT}").as_bytes()), plain);
    assert_eq!(outcomes(TEXT.trim_end().as_bytes()), plain);
    assert_eq!(
        outcomes(format!("{TEXT}\r\n\n\n# the end").as_bytes()),
        plain
    );
}

#[test]
fn the_size_of_the_input_buffer_changes_nothing() {
    let text = format!("\u{feff}{}", TEXT.replace('\n', "\r\n"));
    let whole = outcomes(text.as_bytes());
    for size in 1..40 {
        assert_eq!(
            outcomes(BufReader::with_capacity(size, text.as_bytes())),
            whole,
            "{size}"
        );
    }
}

#[test]
fn nothing_but_comments_and_blank_lines_holds_no_record() {
    for text in [
        "",
        "\n",
        "# only this",
        "#\n folded\n\n#\n",
        "version: 1",
        "version: 1\n\n# end\n",
        "\u{feff}",
    ] {
        assert!(outcomes(text.as_bytes()).is_empty(), "{text:?}");
    }
}

#[test]
fn a_version_may_stand_before_any_record() {
    let text = "version: 1\n\ndn: a=1\na: 1\n\nversion: 1\n\ndn: a=2\na: 2\n";
    assert_eq!(outcomes(text.as_bytes()).len(), 2);
}

#[test]
fn an_entry_may_stand_among_changes() {
    let text = "dn: a=1\nchangetype: delete\n\ndn: a=2\na: 2\n\ndn: a=3\nchangetype: add\na: 3\n";
    assert_eq!(outcomes(text.as_bytes()).len(), 3);
}

#[test]
fn raw_utf8_stays_as_it_is_even_when_folded_inside_a_character() {
    assert_eq!(content("dn: cn=Zoë\ncn: Zoë\n")[0].2, "Zoë".as_bytes());
    let mut reader = Reader::new(&b"dn: cn=Zo\xc3\n \xab\ncn: x\n"[..]);
    assert_eq!(
        reader.next_record().expect("read").expect("a record").dn,
        "cn=Zoë"
    );
}

#[test]
fn keywords_match_in_any_case_and_with_trailing_spaces() {
    let text = "DN: a=1\nchangeType: Modify \nADD: b \nB: 1\n-  \nReplace: c\nC: 2";
    with_record(text, |record| {
        assert!(matches!(record.change, Change::Modify(steps) if steps.len() == 2))
    });
}

#[test]
fn the_last_dash_of_a_modify_may_be_missing_and_a_modify_may_be_empty() {
    with_record("dn: a=1\nchangetype: modify\ndelete: b\n", |record| {
        assert!(matches!(record.change, Change::Modify(steps) if steps.len() == 1));
    });
    with_record("dn: a=1\nchangetype: modify\n", |record| {
        assert_eq!(record.change, Change::Modify(vec![]))
    });
}

#[test]
fn values_may_be_empty_and_keep_their_inner_and_trailing_spaces() {
    let values = content("dn:\na:\nb:   \nc::\nd:  x  y \ne: : <\n");
    let values: Vec<_> = values
        .iter()
        .map(|(_, name, value)| (name.as_str(), value.as_slice()))
        .collect();
    assert_eq!(
        values,
        [
            ("a", &b""[..]),
            ("b", b""),
            ("c", b""),
            ("d", b"x  y "),
            ("e", b": <")
        ]
    );
}

#[test]
fn a_line_of_one_space_continues_the_line_before() {
    assert_eq!(
        content("dn: a=1\na: x\n \n y\n"),
        [(2, "a".to_owned(), b"xy".to_vec())]
    );
}
