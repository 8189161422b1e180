//! Reading filter strings: the examples of RFC 4515, what people type, and what is refused where.

use super::*;

fn parse(text: &str) -> Filter {
    Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn fault(text: &str) -> (usize, FilterFault) {
    let error = Filter::parse(text).expect_err(text);
    (error.position, error.reason)
}

fn assertion(attribute: &str, value: impl AsRef<[u8]>) -> Assertion {
    Assertion {
        attribute: attribute.to_owned(),
        value: value.as_ref().to_vec(),
    }
}

fn equality(attribute: &str, value: impl AsRef<[u8]>) -> Filter {
    Filter::Equality(assertion(attribute, value))
}

fn substrings(attribute: &str, initial: Option<&str>, any: &[&str], last: Option<&str>) -> Filter {
    let bytes = |text: &str| text.as_bytes().to_vec();
    Filter::Substrings(Substrings {
        attribute: attribute.to_owned(),
        initial: initial.map(bytes),
        any: any.iter().map(|piece| bytes(piece)).collect(),
        last: last.map(bytes),
    })
}

fn extensible(
    attribute: Option<&str>,
    dn_attributes: bool,
    rule: Option<&str>,
    value: &str,
) -> Filter {
    Filter::Extensible(Extensible {
        rule: rule.map(str::to_owned),
        attribute: attribute.map(str::to_owned),
        value: value.as_bytes().to_vec(),
        dn_attributes,
    })
}

#[test]
fn reads_every_kind_of_simple_item() {
    assert_eq!(parse("(cn=Babs Jensen)"), equality("cn", "Babs Jensen"));
    assert_eq!(
        parse("(sn~=jensen)"),
        Filter::Approx(assertion("sn", "jensen"))
    );
    assert_eq!(
        parse("(uidNumber>=1000)"),
        Filter::GreaterOrEqual(assertion("uidNumber", "1000"))
    );
    assert_eq!(
        parse("(uidNumber<=1000)"),
        Filter::LessOrEqual(assertion("uidNumber", "1000"))
    );
    assert_eq!(parse("(mail=*)"), Filter::Present("mail".to_owned()));
    assert_eq!(parse("(seeAlso=)"), equality("seeAlso", ""));
}

#[test]
fn reads_nested_filters() {
    let expected = Filter::And(vec![
        equality("objectClass", "Person"),
        Filter::Or(vec![
            equality("sn", "Jensen"),
            substrings("cn", Some("Babs J"), &[], None),
        ]),
    ]);
    assert_eq!(
        parse("(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))"),
        expected
    );
    assert_eq!(
        parse("(!(cn=Tim Howes))"),
        Filter::Not(Box::new(equality("cn", "Tim Howes")))
    );
}

#[test]
fn reads_the_absolute_filters_of_rfc_4526() {
    assert_eq!(parse("(&)"), Filter::And(vec![]));
    assert_eq!(parse("(|)"), Filter::Or(vec![]));
    assert_eq!(parse(" ( & ) "), Filter::And(vec![]));
}

#[test]
fn reads_substrings_and_drops_empty_pieces() {
    assert_eq!(
        parse("(o=univ*of*mich*)"),
        substrings("o", Some("univ"), &["of", "mich"], None)
    );
    assert_eq!(parse("(o=*of*)"), substrings("o", None, &["of"], None));
    assert_eq!(parse("(o=*mich)"), substrings("o", None, &[], Some("mich")));
    assert_eq!(
        parse("(o=a**b)"),
        substrings("o", Some("a"), &[], Some("b"))
    );
    assert_eq!(parse("(cn=*\\2A*)"), substrings("cn", None, &["*"], None));
    assert_eq!(fault("(o=**)"), (3, FilterFault::NoPieces));
}

#[test]
fn reads_the_extensible_examples_of_rfc_4515() {
    let cases = [
        (
            "(cn:caseExactMatch:=Fred)",
            extensible(Some("cn"), false, Some("caseExactMatch"), "Fred"),
        ),
        (
            "(cn:=Betty Rubble)",
            extensible(Some("cn"), false, None, "Betty Rubble"),
        ),
        (
            "(sn:dn:2.4.6.8.10:=Barney)",
            extensible(Some("sn"), true, Some("2.4.6.8.10"), "Barney"),
        ),
        (
            "(o:dn:=Ace Industry)",
            extensible(Some("o"), true, None, "Ace Industry"),
        ),
        (
            "(:1.2.3:=Wilma)",
            extensible(None, false, Some("1.2.3"), "Wilma"),
        ),
        (
            "(:DN:2.4.6.8.10:=Dino)",
            extensible(None, true, Some("2.4.6.8.10"), "Dino"),
        ),
        (
            "(:caseIgnoreMatch:=x)",
            extensible(None, false, Some("caseIgnoreMatch"), "x"),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text), expected, "{text}");
    }
}

#[test]
fn decodes_the_escapes_of_rfc_4515() {
    assert_eq!(
        parse("(o=Parens R Us \\28all\\29)"),
        equality("o", "Parens R Us (all)")
    );
    assert_eq!(
        parse("(filename=C:\\5cMyFile)"),
        equality("filename", "C:\\MyFile")
    );
    assert_eq!(
        parse("(bin=\\00\\00\\00\\04)"),
        equality("bin", [0, 0, 0, 4])
    );
    assert_eq!(parse("(sn=Lu\\c4\\8di\\c4\\87)"), equality("sn", "Lučić"));
    assert_eq!(parse("(sn=Lučić)"), equality("sn", "Lučić"));
    assert_eq!(
        parse("(1.3.6.1.4.1.1466.0=\\04\\02Hi)"),
        equality("1.3.6.1.4.1.1466.0", b"\x04\x02Hi")
    );
    assert_eq!(parse("(bin=\\fF)"), equality("bin", [0xff]));
}

#[test]
fn keeps_options_and_spelling_of_attribute_descriptions() {
    assert_eq!(parse("(CN;lang-EN;x-1=a)"), equality("CN;lang-EN;x-1", "a"));
    assert_eq!(
        parse("(2.5.4.3;binary=*)"),
        Filter::Present("2.5.4.3;binary".to_owned())
    );
    assert_eq!(parse("(site_code=a)"), equality("site_code", "a"));
}

#[test]
fn accepts_a_single_item_without_parentheses() {
    assert_eq!(parse("uid=alice"), equality("uid", "alice"));
    assert_eq!(parse("  cn=John Smith"), equality("cn", "John Smith"));
    assert_eq!(parse("cn=J*"), substrings("cn", Some("J"), &[], None));
    assert_eq!(fault("&(a=1)(b=2)"), (0, FilterFault::ExpectedFilter));
    assert_eq!(fault("uid=alice)"), (9, FilterFault::TrailingText));
    assert_eq!(fault("uid=a(b"), (5, FilterFault::Unescaped));
}

#[test]
fn accepts_space_around_operators_and_items_but_keeps_it_in_values() {
    let expected = Filter::And(vec![
        equality("a", " 1 "),
        Filter::Not(Box::new(equality("b", "2"))),
        Filter::Or(vec![equality("c", "3")]),
    ]);
    assert_eq!(
        parse("\n( & ( a= 1 )\t( ! (b=2) )\r\n ( | (c=3) ) ) "),
        expected
    );
    assert_eq!(fault("(a =1)"), (2, FilterFault::Operator));
}

#[test]
fn refuses_invalid_escapes_at_the_backslash() {
    for text in [
        "(a=x\\)",
        "(a=x\\2)",
        "(a=x\\zz)",
        "(a=x\\2",
        "(a=x\\",
        "(a=x\\+1)",
        "(a=x\\é)",
    ] {
        assert_eq!(fault(text), (4, FilterFault::Escape), "{text}");
    }
}

#[test]
fn refuses_unescaped_characters_in_values() {
    assert_eq!(fault("(a=b(c)"), (4, FilterFault::Unescaped));
    assert_eq!(fault("(a=b\0)"), (4, FilterFault::Unescaped));
    assert_eq!(fault("(a>=b*)"), (5, FilterFault::Unescaped));
    assert_eq!(fault("(a:=*)"), (4, FilterFault::Unescaped));
}

#[test]
fn refuses_malformed_names() {
    for text in [
        "(=a)", "(;x=a)", "(a;=a)", "(1=a)", "(1..2=a)", "(01.2=a)", "(-a=b)", "(é=b)", "()",
        "(1a=*)",
    ] {
        assert_eq!(fault(text), (1, FilterFault::Attribute), "{text}");
    }
    assert_eq!(fault("(cn::=a)"), (4, FilterFault::Rule));
    assert_eq!(fault("(cn:dn:a:b:=a)"), (9, FilterFault::Rule));
    assert_eq!(fault("(cn:1:=a)"), (4, FilterFault::Rule));
    assert_eq!(fault("(:=a)"), (1, FilterFault::NoSubject));
    assert_eq!(fault("(:dn:=a)"), (1, FilterFault::NoSubject));
}

#[test]
fn refuses_missing_operators() {
    for (text, position) in [
        ("(cn)", 3),
        ("cn", 2),
        ("(cn>5)", 3),
        ("(cn~", 3),
        ("(cn:dn)", 6),
        ("(cn:x y:=a)", 5),
    ] {
        assert_eq!(fault(text), (position, FilterFault::Operator), "{text}");
    }
}

#[test]
fn refuses_unbalanced_text() {
    assert_eq!(fault(""), (0, FilterFault::ExpectedFilter));
    assert_eq!(fault("   "), (3, FilterFault::ExpectedFilter));
    assert_eq!(fault("(a=b"), (4, FilterFault::ExpectedClose));
    assert_eq!(fault("(&(a=b)"), (7, FilterFault::ExpectedClose));
    assert_eq!(fault("(&(a=b)(b"), (9, FilterFault::Operator));
    assert_eq!(fault("(a=b))"), (5, FilterFault::TrailingText));
    assert_eq!(fault("(a=b)(c=d)"), (5, FilterFault::TrailingText));
    assert_eq!(fault("(&a=b)"), (2, FilterFault::ExpectedFilter));
    assert_eq!(fault("(!)"), (2, FilterFault::ExpectedFilter));
    assert_eq!(fault("(!(a=b)(c=d))"), (7, FilterFault::ExpectedClose));
}

#[test]
fn bounds_the_depth() {
    let nested = |depth: usize| format!("{}(a=b){}", "(!".repeat(depth - 1), ")".repeat(depth - 1));
    assert!(Filter::parse(&nested(Filter::MAX_DEPTH)).is_ok());
    assert_eq!(
        fault(&nested(Filter::MAX_DEPTH + 1)),
        (2 * Filter::MAX_DEPTH, FilterFault::TooDeep)
    );
    assert_eq!(
        fault(&"(&".repeat(MAX_LENGTH / 2)),
        (2 * Filter::MAX_DEPTH, FilterFault::TooDeep)
    );
}

#[test]
fn bounds_the_length() {
    let longest = format!("(a={})", "x".repeat(MAX_LENGTH - 4));
    assert!(Filter::parse(&longest).is_ok());
    assert_eq!(
        fault(&format!("{longest} ")),
        (MAX_LENGTH, FilterFault::TooLong)
    );
}

#[test]
fn names_the_position_and_the_reason() {
    let error = Filter::parse("(cn=\\zz)").expect_err("invalid escape");
    assert_eq!(
        error.to_string(),
        "filter, at byte 4: a backslash must be followed by two hexadecimal digits"
    );
}
