//! Why a change is refused: each result code of add, modify, modify DN and delete (RFC 4511 sections 4.6 to 4.9 and
//! appendix A), and that none of them tells what the asker may not see.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::collections::HashSet;

use ldap3::{LdapConn, LdapResult, Mod, Scope};
use server::{Folder, SUFFIX, Server};

const PEOPLE: &str = "ou=people,dc=example,dc=org";
const ADA: &str = "uid=ada,ou=people,dc=example,dc=org";
const BOB: &str = "uid=bob,ou=people,dc=example,dc=org";
const ALIAS: &str = "cn=alias,dc=example,dc=org";

/// Nobody but the administrator sees `ou=secret`; ada may do all to what she sees, bob writes his own description.
const RULES: &str = r#"
[[access]]
who = "anyone"
to = "ou=secret,dc=example,dc=org"
allow = []

[[access]]
who = "dn:uid=ada,ou=people,dc=example,dc=org"
allow = ["read", "search", "compare", "write", "add", "delete"]

[[access]]
who = "self"
filter = "(uid=bob)"
attributes = ["description"]
allow = ["read", "search", "compare", "write"]

[[access]]
who = "users"
allow = ["read", "search", "compare"]
"#;

const TREE: &str = "\
version: 1

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
uid: ada
cn: Ada
sn: Byron
userPassword: secret-ada

dn: uid=bob,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: bob
cn: Bob
sn: Babbage
description: one
employeeNumber: 7
userPassword: secret-bob

dn: cn=alias,dc=example,dc=org
objectClass: alias
objectClass: extensibleObject
cn: alias
aliasedObjectName: ou=people,dc=example,dc=org

dn: ou=secret,dc=example,dc=org
objectClass: organizationalUnit
ou: secret

dn: uid=spy,ou=secret,dc=example,dc=org
objectClass: inetOrgPerson
uid: spy
cn: Spy
sn: Spy
";

fn loaded() -> (Folder, Server) {
    let folder = Folder::with_access(RULES);
    folder.load(TREE);
    let server = folder.serve();
    (folder, server)
}

type Attributes<'a> = Vec<(&'a str, HashSet<&'a str>)>;

fn one(value: &str) -> HashSet<&str> {
    HashSet::from([value])
}

fn person<'a>(more: &[(&'a str, &'a [&'a str])]) -> Attributes<'a> {
    let mut attributes = vec![
        ("objectClass", one("inetOrgPerson")),
        ("cn", one("X")),
        ("sn", one("X")),
    ];
    for (name, values) in more {
        attributes.push((name, values.iter().copied().collect()));
    }
    attributes
}

fn unit<'a>() -> Attributes<'a> {
    vec![("objectClass", one("organizationalUnit"))]
}

#[track_caller]
fn expect(result: &LdapResult, code: u32, matched: &str) {
    assert_eq!(
        (result.rc, &result.matched[..]),
        (code, matched),
        "{result}"
    );
}

/// Section 4.7.
#[test]
fn an_add_is_refused_with_the_code_of_its_reason() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    let new = "uid=new,ou=people,dc=example,dc=org";
    let cases: [(&str, Attributes<'_>, u32, &str); 15] = [
        (
            new,
            person(&[("nosuch", &["x"])]),
            17,
            "undefinedAttributeType",
        ),
        (
            new,
            person(&[("manager", &["no dn"])]),
            21,
            "invalidAttributeSyntax",
        ),
        (
            new,
            vec![("objectClass", one("person")), ("cn", one("x"))],
            65,
            "a required one missing",
        ),
        (
            new,
            person(&[("uidNumber", &["1"])]),
            65,
            "one that no class allows",
        ),
        (
            new,
            vec![("objectClass", one("posixAccount"))],
            65,
            "no structural class",
        ),
        (
            new,
            vec![("objectClass", one("nosuch"))],
            65,
            "an undefined class",
        ),
        (new, vec![("cn", one("x"))], 65, "no class"),
        (
            new,
            person(&[("employeeNumber", &["1", "2"])]),
            19,
            "two of a single value",
        ),
        (
            new,
            person(&[("entryUUID", &["x"])]),
            19,
            "one that the server keeps",
        ),
        (
            new,
            person(&[("title", &["Boss", "boss"])]),
            20,
            "equal values",
        ),
        (
            "createTimestamp=x,ou=people,dc=example,dc=org",
            unit(),
            64,
            "a name of what the server keeps",
        ),
        (
            "jpegPhoto=x,ou=people,dc=example,dc=org",
            person(&[]),
            64,
            "a name without equality",
        ),
        (
            "nosuch=x,ou=people,dc=example,dc=org",
            unit(),
            17,
            "a name of an undefined type",
        ),
        (
            "UID=Bob,ou=people,dc=example,dc=org",
            person(&[]),
            68,
            "entryAlreadyExists",
        ),
        ("nonsense", unit(), 34, "invalidDNSyntax"),
    ];
    for (dn, attributes, code, why) in cases {
        let result = ada.add(dn, attributes).unwrap();
        assert_eq!(
            (result.rc, &result.matched[..]),
            (code, ""),
            "{why}: {result}"
        );
    }
    let below = ada.add(&format!("ou=x,{ALIAS}"), unit()).unwrap();
    expect(&below, 33, ALIAS);
    let orphan = ada.add("uid=x,ou=nowhere,ou=people,dc=example,dc=org", person(&[]));
    expect(&orphan.unwrap(), 32, PEOPLE);
    expect(&ada.add("dc=other", unit()).unwrap(), 32, "");
    let mut bob = server.bound(BOB, "secret-bob");
    expect(&bob.add(new, person(&[])).unwrap(), 50, "");
}

/// Section 4.6.
#[test]
fn a_modify_is_refused_with_the_code_of_its_reason() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    let none = HashSet::new;
    let cases: [(Vec<Mod<&str>>, u32, &str); 17] = [
        (
            vec![Mod::Delete("mail", none())],
            16,
            "an attribute that is not there",
        ),
        (
            vec![Mod::Delete("description", one("two"))],
            16,
            "a value that is not there",
        ),
        (
            vec![Mod::Increment("gidNumber", "1")],
            16,
            "nothing to increment",
        ),
        (
            vec![Mod::Add("nosuch", one("x"))],
            17,
            "undefinedAttributeType",
        ),
        (
            vec![Mod::Add("employeeNumber", one("8"))],
            19,
            "a second single value",
        ),
        (
            vec![Mod::Replace("modifyTimestamp", one("20010101000000Z"))],
            19,
            "what the server keeps",
        ),
        (vec![Mod::Increment("sn", "1")], 19, "what is no number"),
        (
            vec![Mod::Add("description", one("ONE"))],
            20,
            "a value that is there",
        ),
        (
            vec![Mod::Add("manager", one("no dn"))],
            21,
            "invalidAttributeSyntax",
        ),
        (vec![Mod::Delete("sn", none())], 65, "a required attribute"),
        (
            vec![Mod::Add("uidNumber", one("1"))],
            65,
            "an attribute of no class",
        ),
        (vec![Mod::Delete("objectClass", none())], 65, "all classes"),
        (
            vec![Mod::Add("objectClass", one("device"))],
            65,
            "two structural classes",
        ),
        (vec![Mod::Delete("uid", none())], 67, "the name"),
        (vec![Mod::Replace("uid", one("x"))], 67, "another name"),
        (
            vec![Mod::Replace("objectClass", one("device"))],
            69,
            "another structural class",
        ),
        (
            vec![Mod::Replace("objectClass", one("person"))],
            69,
            "its superclass",
        ),
    ];
    for (change, code, why) in cases {
        let result = ada.modify(BOB, change).unwrap();
        assert_eq!(
            (result.rc, &result.matched[..]),
            (code, ""),
            "{why}: {result}"
        );
    }
    let change = || vec![Mod::Replace("title", one("x"))];
    let missing = ada.modify("cn=x,uid=none,ou=people,dc=example,dc=org", change());
    expect(&missing.unwrap(), 32, PEOPLE);
    expect(&ada.modify("nonsense", change()).unwrap(), 34, "");
    let mut bob = server.bound(BOB, "secret-bob");
    expect(&bob.modify(BOB, change()).unwrap(), 50, "");
    // One forbidden step forbids all.
    let two = vec![
        Mod::Replace("description", one("x")),
        Mod::Replace("title", one("x")),
    ];
    expect(&bob.modify(BOB, two).unwrap(), 50, "");
    assert!(
        bob.compare(BOB, "description", "one")
            .unwrap()
            .equal()
            .unwrap()
    );
}

/// Entry, new RDN, new superior; result code and matched name; why.
type Rename<'a> = (&'a str, &'a str, Option<&'a str>, u32, &'a str, &'a str);

/// Section 4.9.
#[test]
fn a_rename_is_refused_with_the_code_of_its_reason() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    let cases: [Rename<'_>; 14] = [
        (BOB, "uid=ada", None, 68, "", "entryAlreadyExists"),
        (BOB, "nosuch=x", None, 17, "", "undefinedAttributeType"),
        (BOB, "uidNumber=7", None, 65, "", "an attribute of no class"),
        (BOB, "manager=x", None, 21, "", "invalidAttributeSyntax"),
        (
            BOB,
            "createTimestamp=x",
            None,
            64,
            "",
            "what the server keeps",
        ),
        (BOB, "userPassword=x", None, 64, "", "a secret"),
        (BOB, "uid=x,ou=y", None, 34, "", "more than one RDN"),
        (
            BOB,
            "employeeNumber=8",
            None,
            19,
            "",
            "a second single value",
        ),
        (
            BOB,
            "uid=bob",
            Some("ou=nowhere,dc=example,dc=org"),
            32,
            SUFFIX,
            "a missing parent",
        ),
        (BOB, "uid=bob", Some("dc=other"), 71, "", "another suffix"),
        (BOB, "uid=bob", Some(ALIAS), 33, ALIAS, "aliasProblem"),
        (PEOPLE, "ou=people", Some(BOB), 53, "", "below itself"),
        (SUFFIX, "dc=other", None, 53, "", "a suffix"),
        (
            "uid=none,ou=people,dc=example,dc=org",
            "uid=x",
            None,
            32,
            PEOPLE,
            "no such entry",
        ),
    ];
    for (dn, rdn, superior, code, matched, why) in cases {
        let result = ada.modifydn(dn, rdn, false, superior).unwrap();
        assert_eq!(
            (result.rc, &result.matched[..]),
            (code, matched),
            "{why}: {result}"
        );
    }
    let keeps = ada.modifydn(BOB, "cn=Bob", true, None).unwrap();
    expect(&keeps, 0, "");
}

/// Section 4.8.
#[test]
fn a_delete_is_refused_with_the_code_of_its_reason() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    expect(&ada.delete(PEOPLE).unwrap(), 66, "");
    expect(&ada.delete("nonsense").unwrap(), 34, "");
    let missing = ada.delete("uid=none,ou=people,dc=example,dc=org");
    expect(&missing.unwrap(), 32, PEOPLE);
    let mut bob = server.bound(BOB, "secret-bob");
    expect(&bob.delete(BOB).unwrap(), 50, "");
}

#[test]
fn the_entries_that_describe_the_server_are_not_changed() {
    let (_folder, server) = loaded();
    let mut administrator = server.administrator();
    for dn in ["", "cn=Subschema"] {
        expect(&administrator.delete(dn).unwrap(), 53, "");
        let change = vec![Mod::Add("description", one("x"))];
        expect(&administrator.modify(dn, change).unwrap(), 53, "");
    }
}

/// What may not be done is refused before anything else is looked at.
#[test]
fn a_refusal_tells_nothing_of_what_the_change_would_have_met() {
    let (_folder, server) = loaded();
    let mut bob = server.bound(BOB, "secret-bob");
    let none = "uid=none,ou=people,dc=example,dc=org";
    for dn in [ADA, none] {
        expect(&bob.add(dn, person(&[("nosuch", &["x"])])).unwrap(), 50, "");
    }
    expect(&bob.delete(PEOPLE).unwrap(), 50, "");
    for (rdn, superior) in [("uid=ada", None), ("uid=x", None), ("uid=x", Some(ALIAS))] {
        let result = bob.modifydn(BOB, rdn, true, superior).unwrap();
        expect(&result, 50, "");
    }
    for change in [
        Mod::Delete("employeeNumber", one("7")),
        Mod::Delete("employeeNumber", one("8")),
        Mod::Delete("title", HashSet::new()),
    ] {
        expect(&bob.modify(BOB, vec![change]).unwrap(), 50, "");
    }
}

/// Everything that can be asked about a name, with all that is said in answer.
fn ask(client: &mut LdapConn, name: &str, below: &str) -> Vec<(u32, String, String)> {
    let move_to = |client: &mut LdapConn, superior: &str| {
        client
            .modifydn(BOB, "uid=bob", true, Some(superior))
            .unwrap()
    };
    let mut answers = Vec::new();
    for dn in [name, below] {
        let deeper = format!("cn=x,{dn}");
        answers.extend([
            client.delete(dn).unwrap(),
            client
                .modify(dn, vec![Mod::Add("nosuch", one("x"))])
                .unwrap(),
            client
                .modify(dn, vec![Mod::Replace("description", one("x"))])
                .unwrap(),
            client.modifydn(dn, "uid=x", true, None).unwrap(),
            client.modifydn(dn, "nosuch=x", true, Some(PEOPLE)).unwrap(),
            client.add(&deeper, person(&[])).unwrap(),
            client.compare(dn, "cn", "Spy").unwrap().0,
            client.compare(dn, "nosuch", "x").unwrap().0,
            move_to(client, dn),
        ]);
        for scope in [Scope::Base, Scope::Subtree] {
            let found = client
                .search(dn, scope, "(objectClass=*)", vec!["1.1"])
                .unwrap();
            answers.push(found.1);
        }
    }
    answers
        .into_iter()
        .map(|answer| (answer.rc, answer.matched, answer.text))
        .collect()
}

#[test]
fn what_may_not_be_seen_and_what_does_not_exist_are_answered_alike() {
    let (_folder, server) = loaded();
    for (dn, password) in [(ADA, "secret-ada"), (BOB, "secret-bob"), ("", "")] {
        let mut client = server.bound(dn, password);
        let hidden = ask(
            &mut client,
            "ou=secret,dc=example,dc=org",
            "uid=spy,ou=secret,dc=example,dc=org",
        );
        let missing = ask(
            &mut client,
            "ou=nobody,dc=example,dc=org",
            "uid=spy,ou=nobody,dc=example,dc=org",
        );
        assert_eq!(hidden, missing, "for {dn:?}");
    }
}

#[test]
fn nobody_changes_nothing_wherever_it_is() {
    let (_folder, server) = loaded();
    let mut nobody = server.bound("", "");
    for dn in [BOB, "uid=none,ou=people,dc=example,dc=org", "dc=other"] {
        expect(&nobody.delete(dn).unwrap(), 50, "");
        expect(&nobody.add(dn, person(&[])).unwrap(), 50, "");
    }
}

/// The bug: whoever could write any attribute of an entry could rename it.
#[test]
fn a_name_is_changed_only_by_who_may_write_what_it_is_made_of() {
    let (_folder, server) = loaded();
    let mut bob = server.bound(BOB, "secret-bob");
    let change = vec![Mod::Replace("description", one("mine"))];
    assert_eq!(bob.modify(BOB, change).unwrap().rc, 0);
    for rdn in ["uid=root", "description=mine", "uid=bob+description=mine"] {
        let result = bob.modifydn(BOB, rdn, false, None).unwrap();
        expect(&result, 50, "");
    }
}
