//! Names as clients spell them, read, printed and compared.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::*;
use crate::directory::schema::rule::Rule;
use crate::directory::schema::{PosixGroup, Schema};
use proptest::prelude::*;

static SCHEMA: LazyLock<Schema> =
    LazyLock::new(|| Schema::built_in(PosixGroup::default()).unwrap());

fn parsed(text: &str) -> Dn {
    Dn::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn spelled(text: &str) -> Vec<Vec<(String, Vec<u8>)>> {
    let pairs = |rdn: &Rdn| {
        rdn.assertions()
            .iter()
            .map(|ava| (ava.attribute.clone(), ava.value.clone()))
            .collect()
    };
    parsed(text).rdns().iter().map(pairs).collect()
}

fn only_value(text: &str) -> Vec<u8> {
    let rdns = spelled(text);
    assert_eq!((rdns.len(), rdns[0].len()), (1, 1), "{text}");
    rdns[0][0].1.clone()
}

fn normal(text: &str) -> NormalizedDn {
    let normal = NormalizedDn::parse(text, &SCHEMA).unwrap();
    assert_eq!(
        normal,
        parsed(text).normalize(&SCHEMA),
        "both ways to the normal form of {text}"
    );
    normal
}

fn error(text: &str) -> (usize, DnErrorReason) {
    let error = Dn::parse(text).unwrap_err();
    assert_eq!(check(text), Err(error));
    (error.position, error.reason)
}

#[test]
fn the_examples_of_rfc_4514_are_read() {
    assert_eq!(parsed("UID=jsmith,DC=example,DC=net").rdns().len(), 3);
    let multivalued = spelled("OU=Sales+CN=J.  Smith,DC=example,DC=net");
    assert_eq!(
        multivalued[0],
        [
            ("OU".into(), b"Sales".to_vec()),
            ("CN".into(), b"J.  Smith".to_vec())
        ]
    );
    assert_eq!(
        spelled(r#"CN=James \"Jim\" Smith\, III,DC=example,DC=net"#)[0][0].1,
        br#"James "Jim" Smith, III"#
    );
    assert_eq!(
        spelled(r"CN=Before\0dAfter,DC=example,DC=net")[0][0].1,
        b"Before\rAfter"
    );
    assert_eq!(only_value("1.3.6.1.4.1.1466.0=#04024869"), b"Hi");
    assert_eq!(only_value(r"CN=Lu\C4\8Di\C4\87"), "Lučić".as_bytes());
}

#[test]
fn what_older_clients_send_is_read() {
    assert_eq!(parsed("cn = a , dc=b"), parsed("cn=a,dc=b"));
    assert_eq!(parsed("  cn=a + sn=b  ,dc=c "), parsed("cn=a+sn=b,dc=c"));
    assert_eq!(
        only_value(r#"o="Sue, Grabbit + Runn; \"x\" ""#),
        br#"Sue, Grabbit + Runn; "x" "#
    );
    assert_eq!(parsed(r#"o="a" , c=AU"#), parsed("o=a,c=AU"));
    assert_eq!(
        parsed("OID.2.5.4.3=a,oid.2.5.4.4=b"),
        parsed("2.5.4.3=a,2.5.4.4=b")
    );
    assert_eq!(only_value(r#"o="""#), b"");
}

#[test]
fn spaces_inside_values_stay_and_around_them_go_unless_escaped() {
    assert_eq!(only_value("cn=  a  b  "), b"a  b");
    assert_eq!(only_value(r"cn=\ a\ "), b" a ");
    assert_eq!(only_value(r"cn=\20a\20\20 "), b" a  ");
    assert_eq!(only_value(r"cn=a \,  "), b"a ,");
    assert_eq!(only_value("cn="), b"");
    assert_eq!(only_value("cn=   "), b"");
    assert_eq!(spelled("cn=,dc=b")[0][0].1, b"");
}

#[test]
fn hexadecimal_values_are_decoded_when_they_are_strings() {
    assert_eq!(only_value("cn=#0C024869"), b"Hi");
    assert_eq!(only_value("cn=#13024869 "), b"Hi");
    assert_eq!(only_value("cn=#1681024869"), b"Hi");
    assert_eq!(only_value("cn=#0400"), b"");
    assert_eq!(only_value("cn=#020105"), [2, 1, 5]);
    assert_eq!(
        only_value("cn=#0403486"[..10].trim()),
        [4, 3, 0x48],
        "a length that lies"
    );
    assert_eq!(
        only_value("cn=#0480ff"),
        [4, 0x80, 0xff],
        "an indefinite length"
    );
    assert_eq!(
        only_value("cn=#0489000000000000000000"),
        [4, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    );
    assert_eq!(only_value("cn=#ff"), [0xff]);
    assert_eq!(only_value("cn=a#b"), b"a#b");
    assert_eq!(only_value(r"cn=\#04"), b"#04");
}

#[test]
fn the_root_is_the_empty_name() {
    for root in ["", " ", "   "] {
        assert!(parsed(root).is_root());
        assert!(normal(root).is_root());
    }
    assert_eq!(parsed("").parent(), None);
    assert_eq!(parsed("").rdn(), None);
    assert_eq!(parsed("").to_string(), "");
}

#[test]
fn errors_say_where_and_why() {
    use DnErrorReason as R;
    assert_eq!(error("x"), (1, R::MissingEquals));
    assert_eq!(error("cn=a,"), (5, R::AttributeType));
    assert_eq!(error(",cn=a"), (0, R::AttributeType));
    assert_eq!(error("cn=a,,dc=b"), (5, R::AttributeType));
    assert_eq!(error("cn=a+,dc=b"), (5, R::AttributeType));
    assert_eq!(error("=a"), (0, R::AttributeType));
    assert_eq!(error("1.=a"), (0, R::AttributeType));
    assert_eq!(error("1cn=a"), (0, R::AttributeType));
    assert_eq!(error("oid.cn=a"), (0, R::AttributeType));
    assert_eq!(error("cn;lang-en=a"), (2, R::MissingEquals));
    assert_eq!(error("c n=a"), (2, R::MissingEquals));
    assert_eq!(error("é=a"), (0, R::AttributeType));
    assert_eq!(error("cn=a;dc=b"), (4, R::Unescaped));
    assert_eq!(error("cn=a<b"), (4, R::Unescaped));
    assert_eq!(error("cn=a\0b"), (4, R::Unescaped));
    assert_eq!(error("cn=\"a\0\""), (5, R::Unescaped));
    assert_eq!(error("cn=a\"b\""), (4, R::Unescaped));
    assert_eq!(error("cn=a\\"), (4, R::Escape));
    assert_eq!(error("cn=a\\4"), (4, R::Escape));
    assert_eq!(error("cn=a\\zz"), (4, R::Escape));
    assert_eq!(error("cn=\\é"), (3, R::Escape));
    assert_eq!(error("cn=#"), (4, R::Hex));
    assert_eq!(error("cn=#abc"), (6, R::Hex));
    assert_eq!(error("cn=#0g"), (4, R::Hex));
    assert_eq!(error("cn=#zz"), (4, R::Hex));
    assert_eq!(error("cn=#04 00"), (7, R::Separator));
    assert_eq!(error("cn=\"a"), (3, R::Unclosed));
    assert_eq!(error("cn=\"a\"b"), (6, R::Separator));
    let text = Dn::parse("cn=a;dc=b").unwrap_err().to_string();
    assert!(
        text.starts_with("invalid distinguished name at byte 4: "),
        "{text}"
    );
}

#[test]
fn names_beyond_the_bounds_are_refused_and_those_at_them_read() {
    let rdns = |count: usize| vec!["cn=a"; count].join(",");
    assert_eq!(parsed(&rdns(256)).rdns().len(), 256);
    assert_eq!(error(&rdns(257)).1, DnErrorReason::TooManyRdns);
    let assertions = |count: usize| vec!["cn=a"; count].join("+");
    assert_eq!(parsed(&assertions(64)).rdns()[0].assertions().len(), 64);
    assert_eq!(parsed(&format!("{0},{0}", assertions(64))).rdns().len(), 2);
    assert_eq!(error(&assertions(65)).1, DnErrorReason::TooManyAssertions);
    let long = |length: usize| format!("cn={}", "a".repeat(length - 3));
    assert_eq!(only_value(&long(65536)).len(), 65533);
    assert_eq!(error(&long(65537)), (65536, DnErrorReason::TooLong));
}

#[test]
fn an_rdn_is_exactly_one_part() {
    assert_eq!(Rdn::parse("cn=a+sn=b").unwrap().to_string(), "cn=a+sn=b");
    for bad in ["", " ", "cn=a,dc=b"] {
        assert_eq!(
            Rdn::parse(bad).unwrap_err().reason,
            DnErrorReason::NotOneRdn,
            "{bad}"
        );
    }
}

#[test]
fn parents_and_children_undo_each_other() {
    let name = parsed("cn=a,ou=b,dc=c");
    let parent = name.parent().unwrap();
    assert_eq!(parent.to_string(), "ou=b,dc=c");
    assert_eq!(parent.child(name.rdn().unwrap().clone()), name);
}

#[test]
fn printing_keeps_the_spelling_and_escapes_little() {
    for text in [
        "CN=J.  Smith+2.5.4.4=x,Dc=Example",
        "cn=Zoë,dc=c",
        "cn=a=b#c",
        r"cn=\ a\ ,dc=x",
        r"cn=\#a",
        r"cn=\ ",
    ] {
        assert_eq!(parsed(text).to_string(), text);
    }
    for (text, printed) in [
        ("OID.2.5.4.3 = a , dc=b", "2.5.4.3=a,dc=b"),
        (
            r#"o="Sue, + \"R\" \\ <;>""#,
            r#"o=Sue\, \+ \"R\" \\ \<\;\>"#,
        ),
        (r"cn=a\00\0a\7fb", r"cn=a\00\0A\7Fb"),
        (r"cn=a\20", r"cn=a\ "),
        (r"cn=\FF\FE", "cn=#0402FFFE"),
        (r"cn=a\3db", "cn=a=b"),
    ] {
        assert_eq!(parsed(text).to_string(), printed);
    }
    let long = Rdn::from(Ava {
        attribute: "cn".into(),
        value: vec![0xff; 300],
    });
    assert_eq!(Rdn::parse(&long.to_string()).unwrap(), long);
}

#[test]
fn spellings_of_one_name_have_one_normal_form() {
    let expected = normal("uid=user.5,ou=people,dc=example,dc=org");
    for spelling in [
        "UID=User.5, OU=People, DC=Example, DC=Org",
        "0.9.2342.19200300.100.1.1=user.5,2.5.4.11=people,domainComponent=example,dc=org",
        r"userid=\75ser.5,ou= people ,dc=#04076578616D706C65,dc=org",
        r#"uid="user.5",ou=people,dc=example,oid.0.9.2342.19200300.100.1.25=org"#,
    ] {
        assert_eq!(normal(spelling), expected, "{spelling}");
    }
    assert_eq!(
        normal("cn=a+sn=b,dc=c"),
        normal("surname=B+commonName=A,dc=C")
    );
    assert_eq!(normal("cn=Zoë  Müller"), normal("cn=ZOE\u{308} MÜLLER"));
    assert_eq!(normal("uidNumber=7"), normal("1.3.6.1.1.1.1.0=7"));
    assert_eq!(normal("fooBar=x"), normal("FOOBAR=x"));
}

#[test]
fn different_names_have_different_normal_forms() {
    let names = [
        "",
        "cn=a",
        "cn=b",
        "sn=a",
        "cn=a,cn=a",
        "cn=a+cn=a",
        "cn=a+sn=b",
        "cn=a,sn=b",
        "sn=b,cn=a",
        r"cn=a\+sn=b",
        r"cn=a\,sn=b",
        r"cn=a\00",
        r"cn=a\01",
        r"cn=a\02",
        r"cn=\FF",
        "foo=a",
        "foo=A",
        r"foo=a\00",
        r"foo=a\01\01",
        r"foo=a\02b",
        "foo=a+foo=b",
        r"foo=a\+foo\=b",
        "foo=",
        "foo=,foo=",
        "foo=+foo=",
        "uidNumber=7",
        "uidNumber=07",
        "uidNumber=x",
        "jpegPhoto=a",
        "jpegPhoto=A",
        r"cn=\20",
        "cn=",
        r"foo=\00,foo=",
        r"foo=\01\01",
        r"foo=\00\00",
        r"foo=,foo=\00",
        "cn=a b",
        "cn=ab",
    ];
    // Control characters map to nothing in cn, so that these are one name; in foo they are three.
    let same = [r"cn=a\00", r"cn=a\01", r"cn=a\02"].map(normal);
    assert!(same.iter().all(|name| *name == normal("cn=a")));
    let distinct: HashSet<NormalizedDn> = names.iter().map(|name| normal(name)).collect();
    assert_eq!(distinct.len(), names.len() - same.len());
}

#[test]
fn a_value_its_rule_refuses_counts_by_its_bytes() {
    assert_ne!(normal(r"cn=\FF"), normal(r"cn=\FE"));
    assert_eq!(normal("uidNumber=x"), normal("uidnumber=x"));
    assert_ne!(normal("uidNumber=x"), normal("uidNumber=X"));
    // The mark keeps exact bytes apart from a normal form that happens to be the same bytes.
    let imitation = Rdn::from(Ava {
        attribute: "uidNumber".into(),
        value: b"\x817".to_vec(),
    });
    assert_ne!(
        Dn::default().child(imitation).normalize(&SCHEMA),
        normal("uidNumber=7")
    );
}

#[test]
fn parts_of_normal_names_are_reached() {
    let name = normal("uid=a,ou=b,dc=c");
    assert_eq!(name.rdns().count(), 3);
    let mut rdn = Vec::new();
    Rdn::parse("UID=A").unwrap().normalize(&SCHEMA, &mut rdn);
    assert_eq!(name.rdns().last(), Some(rdn.as_slice()));
    assert!(
        HashSet::from([name.clone()]).contains(name.as_bytes()),
        "found by its bytes alone"
    );
    assert_eq!(normal("").rdns().count(), 0);
}

#[test]
fn ancestry_is_by_whole_rdns() {
    assert!(normal("uid=a,dc=c").is_within(&normal("dc=C")));
    assert!(normal("dc=c").is_within(&normal("dc=c")));
    assert!(normal("dc=c").is_within(&normal("")));
    assert!(!normal("dc=cc").is_within(&normal("dc=c")));
    assert!(!normal("dc=c").is_within(&normal("uid=a,dc=c")));
    assert!(!normal("dc=c+ou=x").is_within(&normal("dc=c")));
}

#[test]
fn names_order_as_a_walk_over_the_tree() {
    let walk = [
        "",
        "foo=a",
        "cn=x,foo=a",
        "cn=x,cn=x,foo=a",
        "cn=y,foo=a",
        r"foo=a\00",
        r"foo=a\00\00",
        r"foo=a\01",
        r"foo=a\02",
        "cn=x,foo=a b",
        "foo=aa",
        "cn=x,foo=aa",
        "foo=b",
    ];
    let mut sorted = walk.map(normal);
    sorted.reverse();
    sorted.sort();
    assert_eq!(sorted.to_vec(), walk.map(normal).to_vec());
}

#[test]
fn names_inside_names_equal_in_any_spelling_to_a_bounded_depth() {
    assert_eq!(
        normal(r"member=cn\=a\,dc\=b,dc=c"),
        normal(r#"member="CN=A, DC=B",dc=c"#)
    );
    assert_eq!(
        normal("member=member=member=CN=a"),
        normal("member=member=member=cn=A")
    );
    let deep = |levels: usize, leaf: &str| normal(&format!("{}{leaf}", "member=".repeat(levels)));
    assert_eq!(deep(4, "cn=a"), deep(4, "CN=A"));
    assert_ne!(deep(9, "cn=a"), deep(9, "CN=A"));
    assert_eq!(deep(9_000, "cn=a").rdns().count(), 1);
}

#[test]
fn a_value_of_name_syntax_normalizes_as_the_name_does() {
    for text in [
        "",
        "uid=a,ou=b,dc=c",
        "CN=x+SN=y,foo=\\00",
        "member=member=member=member=member=member=CN=a",
    ] {
        let mut out = b"before".to_vec();
        Rule::DistinguishedName
            .normalize_value(&SCHEMA, text.as_bytes(), &mut out)
            .unwrap();
        assert_eq!(
            out.strip_prefix(b"before").unwrap(),
            normal(text).as_bytes()
        );
    }
}

fn any_attribute() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z][a-zA-Z0-9-]{0,8}",
        Just("cn".to_owned()),
        Just("2.5.4.3".to_owned()),
        Just("1.2.3".to_owned())
    ]
}

fn any_value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[ #\"+,;<=>\\\\a\\x00\\x7f\n]{0,8}".prop_map(String::into_bytes),
        ".{0,12}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..12),
        prop::collection::vec(0_u8..4, 0..6),
        prop::collection::vec(any::<u8>(), 120..140),
    ]
}

fn any_name() -> impl Strategy<Value = Dn> {
    let assertion =
        (any_attribute(), any_value()).prop_map(|(attribute, value)| Ava { attribute, value });
    let rdn = prop::collection::vec(assertion, 1..4).prop_map(|assertions| Rdn {
        assertions: assertions.into(),
    });
    prop::collection::vec(rdn, 0..4).prop_map(|rdns| Dn { rdns })
}

proptest! {
    #[test]
    fn a_printed_name_is_read_back_as_itself(name in any_name()) {
        prop_assert_eq!(Dn::parse(&name.to_string()).unwrap(), name);
    }

    #[test]
    fn both_ways_to_the_normal_form_agree(name in any_name()) {
        let normal = name.normalize(&SCHEMA);
        prop_assert_eq!(&NormalizedDn::parse(&name.to_string(), &SCHEMA).unwrap(), &normal);
        prop_assert_eq!(normal.rdns().count(), name.rdns().len());
    }

    #[test]
    fn names_of_exact_values_are_equal_only_when_they_are_the_same(left in any_name(), right in any_name()) {
        // Types the schema lacks compare by bytes, so that spelling decides alone.
        let exact = |name: &Dn| {
            let rename = |ava: &Ava| Ava { attribute: format!("x-{}", ava.value.len() % 3), value: ava.value.clone() };
            let rdns = name.rdns.iter().map(|rdn| {
                let mut assertions: Vec<Ava> = rdn.assertions.iter().map(rename).collect();
                assertions.sort_by(|a, b| (&a.attribute, &a.value).cmp(&(&b.attribute, &b.value)));
                Rdn {
                    assertions: assertions.into(),
                }
            });
            Dn { rdns: rdns.collect() }
        };
        let (left, right) = (exact(&left), exact(&right));
        prop_assert_eq!(left == right, left.normalize(&SCHEMA) == right.normalize(&SCHEMA));
    }

    #[test]
    fn any_text_is_read_or_refused_inside_itself(text in ".{0,64}") {
        if let Err(error) = Dn::parse(&text) {
            prop_assert!(error.position <= text.len());
        }
    }

    #[test]
    fn any_text_of_special_characters_is_read_or_refused(text in "[a=,+\"\\\\# ;<>0-9]{0,48}") {
        if let Ok(name) = Dn::parse(&text) {
            prop_assert_eq!(Dn::parse(&name.to_string()).unwrap(), name);
        }
    }

    #[test]
    fn byte_order_is_order_by_rdn_from_the_root(left in any_name(), right in any_name()) {
        let (left, right) = (left.normalize(&SCHEMA), right.normalize(&SCHEMA));
        prop_assert_eq!(left.cmp(&right), left.rdns().cmp(right.rdns()));
    }
}
