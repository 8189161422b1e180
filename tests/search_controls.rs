//! The search controls as the OpenLDAP client tools ask for them, against the real server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::fmt::Write as _;
use std::fs;
use std::process::Output;

use server::{ADMIN, Folder, PASSWORD, Server, text};

const PEOPLE: &str = "ou=people,dc=example,dc=org";
const ADA: &str = "uid=ada,ou=people,dc=example,dc=org";

/// How many entries there are below ou=numbers.
const NUMBERS: usize = 25;

fn tree() -> String {
    let mut ldif = String::from(
        "version: 1

dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: uid=ada,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: posixAccount
uid: ada
cn: Ada Byron
cn: Countess of Lovelace
sn: Byron
mail: ada@example.org
mail: ada@example.net
uidNumber: 9
gidNumber: 3000
homeDirectory: /home/ada
userPassword: secret-ada

dn: uid=grace,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: posixAccount
uid: grace
cn: Grace Murray
sn: Murray
uidNumber: 10
gidNumber: 3000
homeDirectory: /home/grace

dn: uid=zoe,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: zoe
cn: zoe faubert
sn: Faubert

dn: cn=rules,ou=people,dc=example,dc=org
objectClass: subentry
objectClass: extensibleObject
cn: rules
subtreeSpecification: {}
description: how people are kept

dn: cn=staff,dc=example,dc=org
objectClass: groupOfNames
cn: staff
member: uid=ada,ou=people,dc=example,dc=org
member: uid=grace,ou=people,dc=example,dc=org

dn: ou=numbers,dc=example,dc=org
objectClass: organizationalUnit
ou: numbers
",
    );
    for number in 0..NUMBERS {
        let _ = write!(
            ldif,
            "\ndn: cn=n{number:02},ou=numbers,dc=example,dc=org\nobjectClass: device\ncn: n{number:02}\n\
             serialNumber: {}\n",
            number % 5
        );
    }
    ldif
}

const IN_NUMBERS: [&str; 4] = ["-b", "ou=numbers,dc=example,dc=org", "-s", "one"];

fn served() -> (Folder, Server) {
    let folder = Folder::new();
    folder.load(&tree());
    let server = folder.serve();
    (folder, server)
}

/// Searches as somebody. All that is said comes as one text.
fn search_as(server: &Server, dn: &str, password: &str, arguments: &[&str]) -> (Output, String) {
    let output = server
        .tool("ldapsearch", &server.url())
        .args(["-D", dn, "-w", password, "-o", "ldif-wrap=no"])
        .args(arguments)
        .output()
        .expect("the OpenLDAP client tools are installed (ldap-utils)");
    let said = text(&output.stdout) + &text(&output.stderr);
    (output, said)
}

fn search(server: &Server, arguments: &[&str]) -> (Option<i32>, String) {
    let (output, said) = search_as(server, ADA, "secret-ada", arguments);
    (output.status.code(), said)
}

/// The values of an attribute in the order in which they came.
fn values(said: &str, attribute: &str) -> Vec<String> {
    let prefix = format!("{attribute}: ");
    let values = said.lines().filter_map(|line| line.strip_prefix(&prefix));
    values.map(str::to_owned).collect()
}

/// The first parts of the names found, in the order in which they came.
fn names(said: &str) -> Vec<String> {
    let dns = values(said, "dn");
    dns.iter()
        .map(|dn| dn.split(',').next().unwrap().to_owned())
        .collect()
}

fn numbers(range: impl Iterator<Item = usize>) -> Vec<String> {
    range.map(|number| format!("cn=n{number:02}")).collect()
}

/// Answers to `ldapsearch` when it asks for the next window: there is none to be asked.
fn first_window(said: &str) -> &str {
    said.split("Press ").next().unwrap()
}

#[test]
fn the_rules_for_bits_are_published() {
    let (_folder, server) = served();
    for rule in ["1.2.840.113556.1.4.803", "1.2.840.113556.1.4.804"] {
        let arguments = ["-b", "cn=Subschema", "-s", "base"];
        let all = [&arguments[..], &["matchingRules", "matchingRuleUse"]].concat();
        let (_, schema) = search(&server, &all);
        for attribute in ["matchingRules", "matchingRuleUse"] {
            let found = values(&schema, attribute);
            assert!(
                found.iter().any(|it| it.contains(rule)),
                "{attribute} {rule}"
            );
        }
    }
}

#[test]
fn pages_hold_every_entry_once() {
    let (_folder, server) = served();
    for size in [1, 4, 5, 24, 25, 26, 1_000] {
        for critical in ["", "!"] {
            let page = format!("{critical}pr={size}/noprompt");
            let all = [&IN_NUMBERS[..], &["-E", &page, "1.1"]].concat();
            let (code, said) = search(&server, &all);
            assert_eq!(code, Some(0), "{said}");
            assert_eq!(names(&said), numbers(0..NUMBERS), "{page}");
            let pages = said.matches("pagedresults: ").count();
            assert_eq!(pages, NUMBERS.div_ceil(size), "{page}: {said}");
        }
    }
}

#[test]
fn an_answer_to_a_search_for_a_page_always_has_the_control() {
    let (_folder, server) = served();
    for (arguments, expected) in [
        (&["-b", "", "-s", "base"][..], 0),
        (&["-b", "cn=Subschema", "-s", "base"], 0),
        (&["-b", ADA, "-s", "base"], 0),
        (&["-b", PEOPLE, "(uid=nobody)"], 0),
        (&["-b", "ou=nowhere,dc=example,dc=org"], 32),
        (&["-b", "this is no name"], 34),
        (&["-b", PEOPLE, "-z", "1", "(uid=*)"], 4),
        (&["-b", PEOPLE, "-E", "!sss=shoeSize", "(uid=*)"], 12),
    ] {
        let all = [&["-E", "pr=100/noprompt"], arguments].concat();
        let (code, said) = search(&server, &all);
        assert_eq!(code, Some(expected), "{said}");
        assert!(
            said.contains("control: 1.2.840.113556.1.4.319 false "),
            "{said}"
        );
        assert!(
            !said.contains("pagedresults: estimate=0 cookie=M"),
            "{said}"
        );
    }
}

#[test]
fn a_clients_size_limit_counts_over_all_pages() {
    let (_folder, server) = served();
    let limited = ["-z", "7", "-E", "pr=3/noprompt", "1.1"];
    let (code, said) = search(&server, &[&IN_NUMBERS[..], &limited].concat());
    assert_eq!(code, Some(4), "{said}");
    assert_eq!(names(&said), numbers(0..7));
}

#[test]
fn the_servers_size_limit_counts_for_each_page() {
    let folder = Folder::new();
    folder.load(&tree());
    let config = fs::read_to_string(folder.path("hedgerow.toml")).unwrap();
    let config = config.replace("[passwords]", "[limits]\nsearch_entries = 4\n\n[passwords]");
    fs::write(folder.path("hedgerow.toml"), config).unwrap();
    let server = folder.serve();
    let (code, said) = search(&server, &[&IN_NUMBERS[..], &["1.1"]].concat());
    assert_eq!((code, names(&said).len()), (Some(4), 4));
    for size in ["3", "100"] {
        let page = format!("pr={size}/noprompt");
        let all = [&IN_NUMBERS[..], &["-E", &page, "1.1"]].concat();
        let (code, said) = search(&server, &all);
        assert_eq!((code, names(&said)), (Some(0), numbers(0..NUMBERS)));
    }
}

#[test]
fn entries_come_sorted() {
    let (_folder, server) = served();
    let sorted = |base: &str, control: &str, filter: &str| {
        let (code, said) = search(&server, &["-b", base, "-E", control, filter, "1.1"]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("sortResult: (0) Success"), "{said}");
        names(&said)
    };
    let people = |control: &str| sorted(PEOPLE, control, "(uid=*)");
    assert_eq!(people("sss=cn"), ["uid=ada", "uid=grace", "uid=zoe"]);
    assert_eq!(people("!sss=-sn"), ["uid=grace", "uid=zoe", "uid=ada"]);
    assert_eq!(
        people("sss=cn:caseExactOrderingMatch"),
        ["uid=ada", "uid=grace", "uid=zoe"]
    );
    // Numbers as numbers; what has none comes last, and first when the order is turned around.
    assert_eq!(people("sss=uidNumber"), ["uid=ada", "uid=grace", "uid=zoe"]);
    assert_eq!(
        people("sss=-uidNumber"),
        ["uid=zoe", "uid=grace", "uid=ada"]
    );
    let mut expected: Vec<usize> = (0..NUMBERS).collect();
    expected.sort_by_key(|number| (number % 5, NUMBERS - number));
    assert_eq!(
        sorted(
            "ou=numbers,dc=example,dc=org",
            "sss=serialNumber:2.5.13.3/-cn:2.5.13.3",
            "(cn=*)"
        )[1..],
        numbers(expected.into_iter())[1..]
    );
}

#[test]
fn an_order_that_there_is_not_is_told_and_fails_a_critical_search() {
    let (_folder, server) = served();
    for (keys, result) in [
        ("shoeSize", "(16) No such attribute"),
        ("jpegPhoto", "(18) Inappropriate matching"),
        ("cn:integerOrderingMatch", "(18) Inappropriate matching"),
        ("cn/cn", "(53) Server is unwilling to perform"),
    ] {
        let (code, said) = search(
            &server,
            &["-b", PEOPLE, "-E", &format!("sss={keys}"), "(uid=*)"],
        );
        assert_eq!((code, names(&said).len()), (Some(0), 3), "{keys}");
        assert!(said.contains(&format!("sortResult: {result}")), "{said}");
        let critical = format!("!sss={keys}");
        let (code, said) = search(&server, &["-b", PEOPLE, "-E", &critical, "(uid=*)"]);
        assert_eq!((code, names(&said).len()), (Some(12), 0), "{keys}");
        assert!(said.contains(&format!("sortResult: {result}")), "{said}");
    }
    let (code, said) = search(&server, &["-b", PEOPLE, "-E", "sss=cn", "(uid=nobody)"]);
    assert_eq!(code, Some(0));
    assert!(!said.contains("sortResult"), "nothing was sorted: {said}");
}

#[test]
fn pages_of_a_sorted_search_are_one_sorted_search() {
    let (_folder, server) = served();
    let mut expected: Vec<usize> = (0..NUMBERS).collect();
    expected.sort_by_key(|number| (number % 5, *number));
    for size in [1, 3, 25, 100] {
        let page = format!("pr={size}/noprompt");
        let controls = ["-E", "!sss=serialNumber/cn", "-E", &page, "1.1"];
        let (code, said) = search(&server, &[&IN_NUMBERS[..], &controls].concat());
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(names(&said), numbers(expected.iter().copied()), "{size}");
    }
}

#[test]
fn a_list_is_seen_through_windows() {
    let (_folder, server) = served();
    for (window, range, told) in [
        ("0/9/1/0", 0..10, "pos=1 count=25"),
        ("2/2/11/25", 8..13, "pos=11 count=25"),
        ("2/2/50/100", 10..15, "pos=13 count=25"),
        ("3/3/7/7", 21..25, "pos=25 count=25"),
        ("1/1:n10", 9..12, "pos=11 count=25"),
        ("1/1:n095", 9..12, "pos=11 count=25"),
        ("2/0:zzz", 23..25, "pos=26 count=25"),
    ] {
        let vlv = format!("!vlv={window}");
        let controls = ["-E", "!sss=cn", "-E", &vlv, "1.1"];
        let (_, said) = search(&server, &[&IN_NUMBERS[..], &controls].concat());
        let said = first_window(&said);
        assert_eq!(names(said), numbers(range), "{window}: {said}");
        assert!(said.contains(told), "{window}: {said}");
        assert!(said.contains("sortResult: (0) Success"), "{said}");
    }
}

/// `vlv=0/9/1/0` in a form that ldapsearch lets pass where it knows better.
const FIRST_TEN: &str = "2.16.840.1.113730.3.4.9=::MA4CAQACAQmgBgIBAQIBAA==";

#[test]
fn a_window_that_there_is_not_is_told() {
    let (_folder, server) = served();
    for (controls, code, told) in [
        (&["-E", FIRST_TEN][..], 76, "MAkCAQACAQAKATw="),
        (&["-E", "sss=cn", "-E", "vlv=0/9/26/0"], 76, "(61)"),
        (&["-E", "sss=cn", "-E", "vlv=0/9/9/8"], 76, "(61)"),
        (&["-E", "sss=shoeSize", "-E", "vlv=0/9/1/0"], 76, "(18)"),
        (&["-E", "sss=uidNumber", "-E", "vlv=0/9:ada"], 76, "(18)"),
        (
            &["-E", "sss=cn", "-E", FIRST_TEN, "-E", "pr=5/noprompt"],
            53,
            "",
        ),
    ] {
        let (found, said) = search(&server, &[&IN_NUMBERS[..], controls].concat());
        assert_eq!(found, Some(code), "{controls:?}: {said}");
        assert!(said.contains(told), "{controls:?}: {said}");
        assert!(names(&said).is_empty(), "{said}");
    }
}

#[test]
fn only_values_that_match_are_shown() {
    let (_folder, server) = served();
    let lines = |base: &str, control: &str, attributes: &[&str]| {
        let arguments = [
            "-LLL",
            "-b",
            base,
            "-s",
            "base",
            "-E",
            control,
            "(objectClass=*)",
        ];
        let (code, said) = search(&server, &[&arguments[..], attributes].concat());
        assert_eq!(code, Some(0), "{said}");
        let lines = said.lines().filter(|line| !line.starts_with("dn:"));
        let lines = lines.filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let asked = ["mail", "cn", "uidNumber"];
    assert_eq!(
        lines(ADA, "!mv=((mail=*.net)(uidNumber>=5))", &asked),
        ["mail: ada@example.net", "uidNumber: 9"]
    );
    assert_eq!(
        lines(
            ADA,
            "mv=((cn=*)(:caseExactMatch:=Byron))",
            &["cn", "sn", "uid"]
        ),
        ["cn: Ada Byron", "cn: Countess of Lovelace", "sn: Byron"]
    );
    assert_eq!(
        lines(
            ADA,
            "mv=((memberOf=cn=staff,dc=example,dc=org))",
            &["memberOf", "entryUUID"]
        ),
        ["memberOf: cn=staff,dc=example,dc=org"]
    );
    assert_eq!(
        lines(
            "cn=staff,dc=example,dc=org",
            "mv=((member=UID=Ada, ou=people,dc=example,dc=org))",
            &["member"]
        ),
        ["member: uid=ada,ou=people,dc=example,dc=org"]
    );
    assert_eq!(
        lines(ADA, "mv=((userPassword=*))", &["userPassword"]),
        [""; 0]
    );
    assert_eq!(
        lines(ADA, "mv=((mail=*.net))", &["mail"]),
        ["mail: ada@example.net"]
    );
    // RFC 3876 section 5, the second example.
    let one = lines(
        "cn=Subschema",
        "mv=((attributeTypes=2.5.4.3))",
        &["attributeTypes"],
    );
    assert_eq!(one.len(), 1);
    assert!(one[0].contains("NAME ( 'cn'"), "{one:?}");
}

#[test]
fn subentries_are_found_by_those_who_ask_for_them() {
    let (_folder, server) = served();
    let everything = "(objectClass=*)";
    let found = |arguments: &[&str]| {
        let (code, said) = search(&server, &[arguments, &["1.1"]].concat());
        assert_eq!(code, Some(0), "{said}");
        names(&said)
    };
    let people = ["ou=people", "uid=ada", "uid=grace", "uid=zoe"];
    let rules = "cn=rules,ou=people,dc=example,dc=org";
    let below = ["-b", PEOPLE, everything];
    assert_eq!(found(&below), people);
    assert_eq!(found(&["-b", PEOPLE, "(objectClass=subentry)"]), [""; 0]);
    assert_eq!(found(&["-b", PEOPLE, "-s", "one", everything]), people[1..]);
    assert_eq!(
        found(&["-b", rules, "-s", "base", everything]),
        ["cn=rules"]
    );
    let alone = ["-E", "!subentries=true"];
    assert_eq!(found(&[&alone[..], &below].concat()), ["cn=rules"]);
    let paged = ["-E", "pr=1/noprompt"];
    assert_eq!(found(&[&alone[..], &paged, &below].concat()), ["cn=rules"]);
    assert_eq!(
        found(&[&alone[..], &["-b", ADA, "-s", "base", everything]].concat()),
        [""; 0]
    );
    let without = ["-E", "subentries=false"];
    assert_eq!(found(&[&without[..], &below].concat()), people);
    assert_eq!(
        found(&[&without[..], &["-b", rules, "-s", "base", everything]].concat()),
        [""; 0]
    );
}

#[test]
fn controls_that_change_nothing_here_are_taken() {
    let (_folder, server) = served();
    for control in ["!dontUseCopy", "domainScope", "!domainScope"] {
        let (code, said) = search(&server, &["-E", control, "-b", ADA, "-s", "base", "1.1"]);
        assert_eq!(
            (code, names(&said)),
            (Some(0), vec!["uid=ada".to_owned()]),
            "{control} {said}"
        );
    }
}

#[test]
fn bits_of_a_number_are_asked_for() {
    let (_folder, server) = served();
    for (filter, expected) in [
        (
            "(uidNumber:1.2.840.113556.1.4.803:=8)",
            &["uid=ada", "uid=grace"][..],
        ),
        ("(uidNumber:1.2.840.113556.1.4.803:=9)", &["uid=ada"]),
        ("(uidNumber:1.2.840.113556.1.4.803:=11)", &[]),
        (
            "(uidNumber:1.2.840.113556.1.4.804:=3)",
            &["uid=ada", "uid=grace"],
        ),
        ("(uidNumber:1.2.840.113556.1.4.804:=4)", &[]),
        (
            "(&(uid=*)(!(uidNumber:1.2.840.113556.1.4.803:=2)))",
            &["uid=ada", "uid=zoe"],
        ),
        ("(:1.2.840.113556.1.4.803:=10)", &["uid=grace"]),
        ("(cn:1.2.840.113556.1.4.803:=2)", &[]),
        ("(uidNumber:1.2.840.113556.1.4.803:=two)", &[]),
    ] {
        let (code, said) = search(&server, &["-b", PEOPLE, filter, "1.1"]);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(names(&said), expected, "{filter}");
    }
}

#[test]
fn the_administrator_sorts_and_pages_as_well() {
    let (_folder, server) = served();
    let all = [
        &IN_NUMBERS[..],
        &["-E", "sss=-cn", "-E", "pr=10/noprompt", "1.1"],
    ]
    .concat();
    let (output, said) = search_as(&server, ADMIN, PASSWORD, &all);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(names(&said), numbers((0..NUMBERS).rev()));
}
