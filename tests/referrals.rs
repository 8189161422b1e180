//! Referral objects (RFC 3296) over LDAP: where the client is sent, by section, and the control that looks at them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::collections::HashSet;

use ldap3::controls::RawControl;
use ldap3::{DerefAliases, LdapConn, LdapResult, Mod, Scope, SearchEntry, SearchOptions};
use server::{Folder, SUFFIX, Server, text};

const AWAY: &str = "ou=away,dc=example,dc=org";
const BELOW: &str = "cn=x,ou=y,ou=away,dc=example,dc=org";
const ADA: &str = "uid=ada,ou=people,dc=example,dc=org";
const EVE: &str = "uid=eve,ou=people,dc=example,dc=org";

/// Ada sees all, eve no referral; both may write what they see.
const RULES: &str = r#"
[[access]]
who = "dn:uid=eve,ou=people,dc=example,dc=org"
to = "ou=away,dc=example,dc=org"
allow = []

[[access]]
who = "users"
allow = ["read", "search", "compare", "write", "add", "delete"]
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

dn: uid=eve,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: eve
cn: Eve
sn: Eve
userPassword: secret-eve

dn: ou=away,dc=example,dc=org
objectClass: referral
objectClass: extensibleObject
ou: away
ref: ldap://hostb/OU=People,O=MNN,C=US The other one
ref: ldap://hostc

dn: ou=hidden,ou=away,dc=example,dc=org
objectClass: organizationalUnit
ou: hidden
";

fn loaded() -> (Folder, Server) {
    let folder = Folder::with_access(RULES);
    folder.load(TREE);
    let server = folder.serve();
    (folder, server)
}

fn managing() -> RawControl {
    RawControl {
        ctype: "2.16.840.1.113730.3.4.2".to_owned(),
        crit: false,
        val: None,
    }
}

fn one(value: &str) -> HashSet<&str> {
    HashSet::from([value])
}

fn unit() -> Vec<(&'static str, HashSet<&'static str>)> {
    vec![("objectClass", one("organizationalUnit"))]
}

fn describe() -> Vec<Mod<&'static str>> {
    vec![Mod::Replace("description", one("x"))]
}

/// Entries and the result of a search, with which the client puts the references that came.
fn search(
    client: &mut LdapConn,
    base: &str,
    scope: Scope,
    filter: &str,
) -> (Vec<String>, LdapResult) {
    let found = client.search(base, scope, filter, vec!["1.1"]).unwrap();
    let entries = found.0.into_iter();
    let mut names: Vec<_> = entries
        .map(|entry| SearchEntry::construct(entry).dn)
        .collect();
    names.sort();
    (names, found.1)
}

#[track_caller]
fn expect_referral(result: &LdapResult, uris: [&str; 2]) {
    assert_eq!((result.rc, &result.matched[..]), (10, AWAY), "{result}");
    assert_eq!(result.refs, uris);
}

/// Section 5.2, cases 2 and 4.
#[test]
fn an_operation_at_or_below_a_referral_object_is_sent_on() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    let at = [
        "ldap://hostb/OU=People,O=MNN,C=US",
        "ldap://hostc/ou=away,dc=example,dc=org",
    ];
    let below = [
        "ldap://hostb/cn=x,ou=y,OU=People,O=MNN,C=US",
        "ldap://hostc/cn=x,ou=y,ou=away,dc=example,dc=org",
    ];
    for (dn, uris) in [(AWAY, at), (BELOW, below)] {
        expect_referral(&ada.add(dn, unit()).unwrap(), uris);
        expect_referral(&ada.modify(dn, describe()).unwrap(), uris);
        expect_referral(&ada.delete(dn).unwrap(), uris);
        expect_referral(&ada.modifydn(dn, "cn=z", true, None).unwrap(), uris);
        expect_referral(&ada.compare(dn, "cn", "x").unwrap().0, uris);
    }
    // An entry that is there, below the object, is another server's all the same.
    let hidden = ada.compare("ou=hidden,ou=away,dc=example,dc=org", "ou", "x");
    assert_eq!(hidden.unwrap().0.rc, 10);
}

/// Section 5.3.
#[test]
fn a_search_based_at_or_below_a_referral_object_is_sent_on_with_its_scope() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    for (scope, name) in [
        (Scope::Base, "base"),
        (Scope::OneLevel, "one"),
        (Scope::Subtree, "sub"),
    ] {
        let (entries, result) = search(&mut ada, BELOW, scope, "(objectClass=*)");
        assert!(entries.is_empty());
        let uris = [
            format!("ldap://hostb/cn=x,ou=y,OU=People,O=MNN,C=US??{name}"),
            format!("ldap://hostc/cn=x,ou=y,ou=away,dc=example,dc=org??{name}"),
        ];
        expect_referral(&result, [&uris[0], &uris[1]]);
    }
}

/// Section 5.3: an alias on the way leaves no trace in the name.
#[test]
fn a_search_that_an_alias_leads_to_a_referral_is_sent_on_under_the_new_name() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    let alias = vec![
        ("objectClass", HashSet::from(["alias", "extensibleObject"])),
        ("aliasedObjectName", one(AWAY)),
    ];
    let added = ada.add("cn=short,dc=example,dc=org", alias).unwrap();
    assert_eq!(added.rc, 0, "{added}");
    ada.with_search_options(SearchOptions::new().deref(DerefAliases::Always));
    let base = "cn=x,ou=y,cn=short,dc=example,dc=org";
    let (_, result) = search(&mut ada, base, Scope::Base, "(objectClass=*)");
    let uris = [
        "ldap://hostb/cn=x,ou=y,OU=People,O=MNN,C=US??base",
        "ldap://hostc/cn=x,ou=y,ou=away,dc=example,dc=org??base",
    ];
    expect_referral(&result, uris);
}

/// Section 5.4: whatever the filter.
#[test]
fn a_search_that_comes_by_a_referral_object_continues_elsewhere() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    let uris = |scope: &str| {
        [
            format!("ldap://hostb/OU=People,O=MNN,C=US??{scope}"),
            format!("ldap://hostc/ou=away,dc=example,dc=org??{scope}"),
        ]
    };
    for filter in [
        "(objectClass=*)",
        "(ou=hidden)",
        "(|(ou=people)(ou=hidden))",
    ] {
        let (entries, result) = search(&mut ada, SUFFIX, Scope::Subtree, filter);
        assert_eq!(result.rc, 0);
        assert_eq!(result.refs, uris("sub"), "{filter}");
        assert!(!entries.iter().any(|dn| dn.ends_with(AWAY)), "{entries:?}");
    }
    let (entries, result) = search(&mut ada, SUFFIX, Scope::OneLevel, "(objectClass=*)");
    assert_eq!(entries, ["ou=people,dc=example,dc=org"]);
    assert_eq!(result.refs, uris("base"));
    for (base, scope) in [
        (SUFFIX, Scope::Base),
        ("ou=people,dc=example,dc=org", Scope::Subtree),
    ] {
        let (_, result) = search(&mut ada, base, scope, "(objectClass=*)");
        assert!(result.refs.is_empty());
    }
}

/// Section 3.
#[test]
fn referral_objects_are_entries_for_who_manages_them() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    ada.with_controls(managing());
    let (entries, result) = search(&mut ada, SUFFIX, Scope::Subtree, "(ou=*)");
    assert_eq!(entries.len(), 3, "{entries:?}");
    assert!(result.refs.is_empty());
    ada.with_controls(managing());
    let (entries, _) = search(&mut ada, AWAY, Scope::Base, "(ref=*)");
    assert_eq!(entries, [AWAY]);
    let change = vec![Mod::Replace("ref", one("ldap://hostd/dc=d"))];
    let changed = ada.with_controls(managing()).modify(AWAY, change).unwrap();
    assert_eq!(changed.rc, 0, "{changed}");
    assert_eq!(ada.delete(AWAY).unwrap().refs, ["ldap://hostd/dc=d"]);
    let hidden = "ou=hidden,ou=away,dc=example,dc=org";
    for dn in [hidden, AWAY] {
        let gone = ada.with_controls(managing()).delete(dn).unwrap();
        assert_eq!(gone.rc, 0, "{gone}");
    }
    let (_, result) = search(&mut ada, SUFFIX, Scope::Subtree, "(ou=*)");
    assert!(result.refs.is_empty());
    assert_eq!(ada.add(AWAY, unit()).unwrap().rc, 0);
}

/// What an asker may not see does not exist, and what would be below it does not either.
#[test]
fn a_referral_object_that_may_not_be_seen_refers_nobody() {
    let (_folder, server) = loaded();
    let mut eve = server.bound(EVE, "secret-eve");
    let nothing = "ou=nothing,dc=example,dc=org";
    let ask = |client: &mut LdapConn, dn: &str| {
        let below = format!("cn=x,{dn}");
        let mut answers = vec![
            client.modify(dn, describe()).unwrap(),
            client.delete(dn).unwrap(),
            client.compare(dn, "cn", "x").unwrap().0,
            client.modifydn(dn, "ou=z", true, None).unwrap(),
            client.add(&below, unit()).unwrap(),
            client.delete(&below).unwrap(),
        ];
        for base in [dn, &below] {
            answers.push(search(client, base, Scope::Subtree, "(objectClass=*)").1);
        }
        let parts = answers
            .into_iter()
            .map(|answer| (answer.rc, answer.matched, answer.text, answer.refs));
        parts.collect::<Vec<_>>()
    };
    let answers = ask(&mut eve, AWAY);
    assert!(
        answers
            .iter()
            .all(|answer| answer.0 == 32 && answer.1 == SUFFIX)
    );
    assert_eq!(answers, ask(&mut eve, nothing));
    let (entries, result) = search(&mut eve, SUFFIX, Scope::Subtree, "(objectClass=*)");
    assert_eq!((entries.len(), result.refs.len(), result.rc), (4, 0, 0));
}

/// Section 5.6.2.
#[test]
fn an_entry_does_not_move_to_another_server() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    for superior in [AWAY, BELOW] {
        let moved = ada.modifydn(EVE, "uid=eve", true, Some(superior)).unwrap();
        assert_eq!((moved.rc, moved.refs.len()), (71, 0), "{moved}");
    }
}

#[test]
fn a_subtree_with_a_referral_is_deleted_by_who_manages_referrals() {
    let (_folder, server) = loaded();
    let mut administrator = server.administrator();
    let tree = || RawControl {
        ctype: "1.2.840.113556.1.4.805".to_owned(),
        crit: true,
        val: None,
    };
    let refused = administrator.with_controls(tree()).delete(SUFFIX).unwrap();
    assert_eq!(refused.rc, 71, "{refused}");
    let done = administrator
        .with_controls(vec![tree(), managing()])
        .delete(AWAY)
        .unwrap();
    assert_eq!(done.rc, 0, "{done}");
}

/// Section 5.6.1.
#[test]
fn a_bind_is_never_sent_on() {
    let (_folder, server) = loaded();
    let mut nobody = server.bound("", "");
    for dn in [AWAY, BELOW] {
        assert_eq!(nobody.simple_bind(dn, "x").unwrap().rc, 49);
    }
}

#[test]
fn a_reference_that_nobody_could_follow_is_refused() {
    let (_folder, server) = loaded();
    let mut ada = server.bound(ADA, "secret-ada");
    for (at, uri) in [
        "nowhere",
        "ldap://h/no dn",
        "ldap://h/no-dn",
        "ldap://h/dc=%zz",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("ou=r{at},dc=example,dc=org");
        let entry = vec![
            (
                "objectClass",
                HashSet::from(["referral", "extensibleObject"]),
            ),
            ("ref", one(uri)),
        ];
        let refused = ada.with_controls(managing()).add(&name, entry).unwrap();
        assert_eq!(refused.rc, 21, "{uri}: {refused}");
    }
    let change = vec![Mod::Replace("ref", one("nowhere"))];
    let refused = ada.with_controls(managing()).modify(AWAY, change).unwrap();
    assert_eq!(refused.rc, 21, "{refused}");
}

#[test]
fn the_openldap_tools_show_the_references() {
    let (_folder, server) = loaded();
    let run = |extra: &[&str]| {
        let mut command = server.tool("ldapsearch", &server.url());
        command.args(["-D", ADA, "-w", "secret-ada", "-LLL", "-b", SUFFIX]);
        let done = command.args(extra).output();
        text(
            &done
                .expect("the OpenLDAP client tools are installed (ldap-utils)")
                .stdout,
        )
    };
    let said = run(&["(ou=*)", "1.1"]);
    assert!(
        said.contains("# refldap://hostb/OU=People,O=MNN,C=US??sub"),
        "{said}"
    );
    assert!(!said.contains("dn: ou=away"), "{said}");
    let said = run(&["-MM", "(ou=*)", "1.1"]);
    assert!(
        !said.contains("# ref") && said.contains("dn: ou=away"),
        "{said}"
    );
}
