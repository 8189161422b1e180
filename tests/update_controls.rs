//! The controls of updates and proxied authorization, asked for by their OIDs over LDAP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "update_controls/proxied_authorization.rs"]
mod proxied_authorization;
mod server;

use std::collections::HashSet;

use ldap3::controls::{ControlParser, RawControl, ReadEntryResp};
use ldap3::{LdapConn, LdapResult, Mod, Scope, SearchEntry};
use server::{ADMIN, Folder, PASSWORD, SUFFIX, Server, text};

const ASSERTION: &str = "1.3.6.1.1.12";
const PRE_READ: &str = "1.3.6.1.1.13.1";
const POST_READ: &str = "1.3.6.1.1.13.2";
const NO_OP: &str = "1.3.6.1.4.1.4203.1.10.2";
const RELAX: &str = "1.3.6.1.4.1.4203.666.5.12";
const TREE_DELETE: &str = "1.2.840.113556.1.4.805";
const PROXY: &str = "2.16.840.1.113730.3.4.18";

const ADA: &str = "uid=ada,ou=people,dc=example,dc=org";
const BOB: &str = "uid=bob,ou=people,dc=example,dc=org";
const AGENT: &str = "uid=agent,ou=services,dc=example,dc=org";
const STAFF: &str = "cn=staff,ou=groups,dc=example,dc=org";

/// Agent may act for people; ada writes what she sees of people; employeeNumber is closed to all.
const RULES: &str = r#"
[[access]]
who = "anyone"
attributes = ["userPassword", "employeeNumber"]
allow = []

[[access]]
who = "anyone"
to = "ou=secret,dc=example,dc=org"
allow = []

[[access]]
who = "dn:uid=agent,ou=services,dc=example,dc=org"
to = "ou=people,dc=example,dc=org"
allow = ["proxy"]

[[access]]
who = "dn:uid=ada,ou=people,dc=example,dc=org"
to = "ou=people,dc=example,dc=org"
allow = ["read", "search", "compare", "write", "add", "delete"]

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
employeeNumber: 1
userPassword: secret-ada

dn: uid=bob,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: bob
cn: Bob
sn: Babbage
description: before
userPassword: secret-bob

dn: ou=team,ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: team

dn: uid=cleo,ou=team,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: cleo
cn: Cleo
sn: Cleo

dn: ou=services,dc=example,dc=org
objectClass: organizationalUnit
ou: services

dn: uid=agent,ou=services,dc=example,dc=org
objectClass: account
objectClass: simpleSecurityObject
uid: agent
userPassword: secret-agent

dn: ou=secret,dc=example,dc=org
objectClass: organizationalUnit
ou: secret

dn: ou=groups,dc=example,dc=org
objectClass: organizationalUnit
ou: groups

dn: cn=staff,ou=groups,dc=example,dc=org
objectClass: groupOfNames
cn: staff
member: uid=bob,ou=people,dc=example,dc=org
member: uid=cleo,ou=team,ou=people,dc=example,dc=org
";

fn loaded() -> (Folder, Server) {
    let folder = Folder::with_access(RULES);
    folder.load(TREE);
    let server = folder.serve();
    (folder, server)
}

fn control(oid: &str, value: Option<&[u8]>) -> RawControl {
    RawControl {
        ctype: oid.to_owned(),
        crit: true,
        val: value.map(<[u8]>::to_vec),
    }
}

/// `(attribute=value)` in BER.
fn equality(attribute: &str, value: &str) -> Vec<u8> {
    let (a, v) = (attribute.len() as u8, value.len() as u8);
    let mut filter = vec![0xa3, a + v + 4, 0x04, a];
    filter.extend(attribute.as_bytes());
    filter.extend([0x04, v]);
    filter.extend(value.as_bytes());
    filter
}

fn asserting(attribute: &str, value: &str) -> RawControl {
    control(ASSERTION, Some(&equality(attribute, value)))
}

fn selecting(oid: &str, selectors: &[&str]) -> RawControl {
    let mut list = Vec::new();
    for selector in selectors {
        list.extend([0x04, selector.len() as u8]);
        list.extend(selector.as_bytes());
    }
    let value = [&[0x30, list.len() as u8], &list[..]].concat();
    control(oid, Some(&value))
}

fn one(value: &str) -> HashSet<&str> {
    HashSet::from([value])
}

fn describe(client: &mut LdapConn, dn: &str, value: &str, controls: Vec<RawControl>) -> LdapResult {
    let change = vec![Mod::Replace("description", one(value))];
    client.with_controls(controls).modify(dn, change).unwrap()
}

fn read(client: &mut LdapConn, dn: &str, attributes: &[&str]) -> Option<SearchEntry> {
    let attributes = attributes.to_vec();
    let found = client
        .search(dn, Scope::Base, "(objectClass=*)", attributes)
        .unwrap();
    found.0.into_iter().next().map(SearchEntry::construct)
}

fn value(client: &mut LdapConn, dn: &str, attribute: &str) -> Option<String> {
    let entry = read(client, dn, &[attribute])?;
    entry.attrs.get(attribute).map(|values| values[0].clone())
}

/// The entry that a response control holds.
fn read_entry(result: &LdapResult, oid: &str) -> ReadEntryResp {
    let control = result.ctrls.iter().find(|control| control.1.ctype == oid);
    ReadEntryResp::parse(control.unwrap().1.val.as_ref().unwrap())
}

#[test]
fn a_change_is_made_only_when_its_assertion_is_true() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    let done = describe(
        &mut ada,
        BOB,
        "after",
        vec![asserting("description", "before")],
    );
    assert_eq!(done.rc, 0, "{done}");
    let refused = describe(
        &mut ada,
        BOB,
        "later",
        vec![asserting("description", "before")],
    );
    assert_eq!(refused.rc, 122);
    assert_eq!(value(&mut ada, BOB, "description").unwrap(), "after");

    let wrong = || asserting("sn", "Somebody");
    assert_eq!(ada.with_controls(wrong()).delete(BOB).unwrap().rc, 122);
    let renamed = ada
        .with_controls(wrong())
        .modifydn(BOB, "uid=robert", true, None);
    assert_eq!(renamed.unwrap().rc, 122);
    let compared = ada.with_controls(wrong()).compare(BOB, "sn", "Babbage");
    assert_eq!(compared.unwrap().0.rc, 122);
    let compared = ada
        .with_controls(asserting("uid", "bob"))
        .compare(BOB, "sn", "Babbage");
    assert_eq!(compared.unwrap().0.rc, 6);
    assert!(read(&mut ada, BOB, &["1.1"]).is_some());
}

#[test]
fn an_assertion_on_a_new_entry_is_about_the_entry_to_be() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    let dn = "ou=new,ou=people,dc=example,dc=org";
    let mut add = |assertion| {
        let entry = vec![("objectClass", one("organizationalUnit"))];
        ada.with_controls(assertion).add(dn, entry).unwrap().rc
    };
    assert_eq!(add(asserting("ou", "old")), 122);
    assert_eq!(add(asserting("ou", "new")), 0);
}

#[test]
fn what_an_asker_may_not_search_can_be_asserted_neither_way() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    let is = equality("employeeNumber", "1");
    let not = [&[0xa2, is.len() as u8], &is[..]].concat();
    for filter in [is, not] {
        let refused = describe(&mut ada, ADA, "x", vec![control(ASSERTION, Some(&filter))]);
        assert_eq!(refused.rc, 122);
    }
    let mut administrator = server.administrator();
    let done = describe(
        &mut administrator,
        ADA,
        "x",
        vec![asserting("employeeNumber", "1")],
    );
    assert_eq!(done.rc, 0);
}

#[test]
fn a_search_begins_only_when_the_assertion_is_true_of_its_base() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    for (base, ou, code) in [
        (SUFFIX, "x", 122),
        ("ou=people,dc=example,dc=org", "people", 0),
    ] {
        let found = ada
            .with_controls(asserting("ou", ou))
            .search(base, Scope::Subtree, "(objectClass=*)", vec!["1.1"])
            .unwrap();
        assert_eq!(found.1.rc, code);
        assert_eq!(found.0.is_empty(), code != 0);
    }
    for (value, code) in [("top", 0), ("person", 122)] {
        let found = ada
            .with_controls(asserting("objectClass", value))
            .search("", Scope::Base, "(objectClass=*)", vec!["1.1"])
            .unwrap();
        assert_eq!((found.1.rc, found.0.len()), (code, usize::from(code == 0)));
    }
}

#[test]
fn a_malformed_control_value_is_a_protocol_error() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    let junk: [(&str, Option<&[u8]>); 8] = [
        (ASSERTION, None),
        (ASSERTION, Some(&[0xa3, 5, 4, 1])),
        (ASSERTION, Some(&[0x87, 1, b'a', 0x87, 1, b'a'])),
        (PRE_READ, Some(&[])),
        (POST_READ, Some(&[0x04, 0])),
        (NO_OP, Some(&[1])),
        (PROXY, None),
        (PROXY, Some(&[0xff])),
    ];
    for (oid, value) in junk {
        let result = describe(&mut ada, BOB, "x", vec![control(oid, value)]);
        assert_eq!(result.rc, 2, "{oid} {value:x?}: {result}");
    }
    let twice = vec![control(NO_OP, None), control(NO_OP, None)];
    assert_eq!(describe(&mut ada, BOB, "x", twice).rc, 2);
    assert_eq!(value(&mut ada, BOB, "description").unwrap(), "before");
}

#[test]
fn an_entry_is_read_before_and_after_its_change() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    let controls = vec![
        selecting(PRE_READ, &["description", "memberOf"]),
        selecting(POST_READ, &["*", "+"]),
    ];
    let done = describe(&mut ada, BOB, "after", controls);
    assert_eq!(done.rc, 0, "{done}");
    let before = read_entry(&done, PRE_READ);
    assert_eq!(before.attrs["description"], ["before"]);
    assert_eq!(before.attrs["memberOf"], [STAFF]);
    assert_eq!(before.attrs.len(), 2);
    let after = read_entry(&done, POST_READ);
    assert_eq!(after.attrs["description"], ["after"]);
    assert_eq!(after.attrs["modifiersName"], [ADA]);
    assert!(after.attrs.contains_key("entryUUID"));
    assert!(!after.attrs.contains_key("userPassword"));

    let moved = ada
        .with_controls(selecting(POST_READ, &["entryDN"]))
        .modifydn(BOB, "uid=robert", true, None)
        .unwrap();
    let robert = "uid=robert,ou=people,dc=example,dc=org";
    assert_eq!(read_entry(&moved, POST_READ).attrs["entryDN"], [robert]);
    let gone = ada
        .with_controls(selecting(PRE_READ, &["sn"]))
        .delete(robert)
        .unwrap();
    assert_eq!(read_entry(&gone, PRE_READ).attrs["sn"], ["Babbage"]);
}

#[test]
fn a_read_entry_shows_no_more_than_a_search_does() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    let all = ["*", "userPassword", "employeeNumber"];
    let controls = vec![selecting(PRE_READ, &all), selecting(POST_READ, &all)];
    let done = describe(&mut ada, ADA, "x", controls);
    for oid in [PRE_READ, POST_READ] {
        let shown = read_entry(&done, oid).attrs;
        assert_eq!(shown["cn"], ["Ada"]);
        assert!(!shown.contains_key("employeeNumber") && !shown.contains_key("userPassword"));
    }
}

#[test]
fn a_change_that_fails_reads_no_entry() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    let failed = ada
        .with_controls(vec![
            selecting(PRE_READ, &["*"]),
            selecting(POST_READ, &["*"]),
        ])
        .modify(BOB, vec![Mod::Delete("mail", HashSet::<&str>::new())])
        .unwrap();
    assert_eq!((failed.rc, failed.ctrls.len()), (16, 0));
}

#[test]
fn a_trial_changes_nothing_and_fails_as_the_change_would() {
    let (folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    let trial = || control(NO_OP, None);
    let unit = || vec![("objectClass", one("organizationalUnit"))];
    let new = "ou=new,ou=people,dc=example,dc=org";
    let done = describe(
        &mut ada,
        BOB,
        "after",
        vec![trial(), selecting(POST_READ, &["*"])],
    );
    assert_eq!((done.rc, done.ctrls.len()), (16654, 0), "{done}");
    assert_eq!(
        ada.with_controls(trial()).add(new, unit()).unwrap().rc,
        16654
    );
    assert_eq!(ada.with_controls(trial()).delete(BOB).unwrap().rc, 16654);
    let renamed = ada
        .with_controls(trial())
        .modifydn(BOB, "uid=robert", true, None);
    assert_eq!(renamed.unwrap().rc, 16654);

    let missing = "uid=x,ou=people,dc=example,dc=org";
    assert_eq!(describe(&mut ada, missing, "x", vec![trial()]).rc, 32);
    assert_eq!(describe(&mut ada, STAFF, "x", vec![trial()]).rc, 50);
    assert_eq!(ada.with_controls(trial()).add(BOB, unit()).unwrap().rc, 68);
    // What comes after a trial is not built on it.
    assert_eq!(ada.add(new, unit()).unwrap().rc, 0);
    assert!(server.stop().success());
    let kept = folder.export();
    assert!(kept.contains("description: before") && kept.contains(&format!("dn: {new}")));
    assert!(!kept.contains("robert"));
}

#[test]
fn the_administrator_relaxes_the_rules_and_nobody_else() {
    let (_folder, server) = loaded();
    let mut administrator = server.administrator();
    let relaxed = || control(RELAX, None);
    let uuid = "597ae2f6-16a6-1027-98f4-d28b5365dc14";
    let dn = "ou=old,dc=example,dc=org";
    let entry = || {
        vec![
            ("objectClass", one("organizationalUnit")),
            ("entryUUID", one(uuid)),
            ("createTimestamp", one("20060101000000Z")),
            ("modifyTimestamp", one("20070101000000Z")),
            ("creatorsName", one("cn=Jane,dc=example,dc=net")),
        ]
    };
    assert_eq!(administrator.add(dn, entry()).unwrap().rc, 19);
    let done = administrator
        .with_controls(relaxed())
        .add(dn, entry())
        .unwrap();
    assert_eq!(done.rc, 0, "{done}");
    let shown = read(&mut administrator, dn, &["+"]).unwrap().attrs;
    assert_eq!(shown["entryUUID"], [uuid]);
    assert_eq!(shown["createTimestamp"], ["20060101000000Z"]);
    assert_eq!(shown["modifyTimestamp"], ["20070101000000Z"]);
    assert_eq!(shown["creatorsName"], ["cn=Jane,dc=example,dc=net"]);

    let mut set = |attribute, value| {
        let change = vec![Mod::Replace(attribute, one(value))];
        administrator
            .with_controls(relaxed())
            .modify(BOB, change)
            .unwrap()
            .rc
    };
    assert_eq!(set("createTimestamp", "20010101000000Z"), 0);
    assert_eq!(set("createTimestamp", "yesterday"), 21);
    assert_eq!(set("createTimestamp", "99990101000000Z"), 19);
    assert_eq!(set("entryUUID", uuid), 19, "another entry has it");
    assert_eq!(set("modifiersName", "nobody"), 21);
    assert_eq!(set("structuralObjectClass", "person"), 19);
    assert_eq!(set("memberOf", STAFF), 19);
    let other = "597ae2f6-16a6-1027-98f4-d28b5365dc15";
    assert_eq!(set("entryUUID", other), 0);
    assert_eq!(
        value(&mut administrator, BOB, "createTimestamp").unwrap(),
        "20010101000000Z"
    );
    for filter in [
        format!("(entryUUID={other})"),
        "(createTimestamp<=20010101000000Z)".to_owned(),
    ] {
        let base = "ou=people,dc=example,dc=org";
        let found = administrator.search(base, Scope::Subtree, &filter, vec!["1.1"]);
        assert_eq!(found.unwrap().0.len(), 1, "{filter}");
    }

    let person = || vec![Mod::Replace("objectClass", one("person"))];
    let without = vec![
        Mod::Delete("uid", HashSet::new()),
        Mod::Delete("userPassword", HashSet::new()),
    ];
    let named = administrator.modifydn(BOB, "cn=Bob", false, None).unwrap();
    assert_eq!(named.rc, 0, "{named}");
    let bob = "cn=Bob,ou=people,dc=example,dc=org";
    assert_eq!(administrator.modify(bob, without).unwrap().rc, 0);
    assert_eq!(administrator.modify(bob, person()).unwrap().rc, 69);
    let changed = administrator
        .with_controls(relaxed())
        .modify(bob, person())
        .unwrap();
    assert_eq!(changed.rc, 0, "{changed}");

    let mut ada = server.bound(ADA, "secret-ada");
    assert_eq!(describe(&mut ada, bob, "x", vec![relaxed()]).rc, 50);
}

#[test]
fn a_subtree_is_deleted_whole_with_every_mention_of_its_entries() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    let team = "ou=team,ou=people,dc=example,dc=org";
    let tree = || control(TREE_DELETE, None);
    assert_eq!(ada.delete(team).unwrap().rc, 66);
    assert_eq!(ada.with_controls(tree()).delete(team).unwrap().rc, 0);
    assert!(read(&mut ada, team, &["1.1"]).is_none());
    let staff = read(&mut ada, STAFF, &["member"]).unwrap();
    assert_eq!(staff.attrs["member"], [BOB]);
    assert_eq!(ada.with_controls(tree()).delete(SUFFIX).unwrap().rc, 50);
    let mut administrator = server.administrator();
    let done = administrator.with_controls(tree()).delete(SUFFIX).unwrap();
    assert_eq!(done.rc, 0, "{done}");
    assert!(read(&mut administrator, SUFFIX, &["1.1"]).is_none());
}

#[test]
fn a_subtree_is_deleted_only_by_who_may_delete_all_of_it() {
    let rules = format!(
        "[[access]]\nwho = 'anyone'\nto = 'uid=cleo,ou=team,ou=people,dc=example,dc=org'\nallow = ['read']\n{}",
        RULES.replace(
            "allow = [\"read\", \"search\", \"compare\"]\n",
            "allow = [\"read\", \"search\", \"compare\", \"delete\"]\n"
        )
    );
    let folder = Folder::with_access(&rules);
    folder.load(TREE);
    let server = folder.serve();
    let mut ada = server.bound(ADA, "secret-ada");
    let tree = || control(TREE_DELETE, None);
    let people = "ou=people,dc=example,dc=org";
    assert_eq!(ada.with_controls(tree()).delete(people).unwrap().rc, 50);
    assert!(read(&mut ada, BOB, &["1.1"]).is_some());
    let mut bob = server.bound(BOB, "secret-bob");
    assert_eq!(bob.with_controls(tree()).delete(SUFFIX).unwrap().rc, 53);
}

#[test]
fn the_openldap_tools_send_the_controls_and_show_the_answers() {
    let (_folder, server) = loaded();
    let modify = |extra: &[&str], ldif: &str| {
        let mut command = server.tool("ldapmodify", &server.secure_url());
        command.args(["-D", ADMIN, "-w", PASSWORD]).args(extra);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), ldif).unwrap();
        let done = command.arg("-f").arg(file.path()).output();
        let done = done.expect("the OpenLDAP client tools are installed (ldap-utils)");
        (
            done.status.code().unwrap(),
            text(&done.stdout) + &text(&done.stderr),
        )
    };
    let ldif = format!("dn: {BOB}\nchangetype: modify\nreplace: description\ndescription: after\n");
    let (code, said) = modify(&["-e", "preread=description", "-e", "postread=*,+"], &ldif);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("description: before") && said.contains("description: after"),
        "{said}"
    );
    assert_eq!(
        modify(&["-e", "!assert=(description=before)"], &ldif).0,
        122
    );
    assert_eq!(modify(&["-e", "!assert=(description=after)"], &ldif).0, 0);
    let (_, said) = modify(&["-e", "!noop"], &ldif);
    assert!(said.contains("16654"), "{said}");
    assert_eq!(modify(&["-e", "!authzid=u:ada"], &ldif).0, 0);
    assert_eq!(modify(&["-e", "!authzid=u:agent"], &ldif).0, 32);
    assert_eq!(modify(&["-e", "!authzid=u:none"], &ldif).0, 123);
    let relaxed = format!(
        "dn: {BOB}\nchangetype: modify\nreplace: createTimestamp\ncreateTimestamp: 20010101000000Z\n"
    );
    assert_eq!(modify(&[], &relaxed).0, 19);
    assert_eq!(modify(&["-e", "!relax"], &relaxed).0, 0);
    assert_eq!(modify(&["-MM"], &ldif).0, 0);
}
