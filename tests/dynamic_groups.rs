//! Dynamic groups over LDAP: members found by `memberURL`, whatever is done to them, to the tree or to the group; which
//! URLs are taken, and from whom.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::collections::HashSet;
use std::process::Command;

use ldap3::{LdapConn, Mod, Scope, SearchEntry};
use server::{Folder, SUFFIX, Server};

const CHAIN: &str = "1.2.840.113556.1.4.1941";

const TREE: &str = "\
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: ou=alumni,dc=example,dc=org
objectClass: organizationalUnit
ou: alumni

dn: ou=groups,dc=example,dc=org
objectClass: organizationalUnit
ou: groups

dn: uid=ada,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: ada
cn: Ada
sn: Byron
departmentNumber: 7
userPassword: secret-ada

dn: uid=bob,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: bob
cn: Bob
sn: Bobson
departmentNumber: 8

dn: cn=seven,ou=groups,dc=example,dc=org
objectClass: groupOfURLs
cn: seven
memberURL: ldap:///ou=people,dc=example,dc=org??sub?(departmentNumber=7)

dn: cn=vpn,ou=groups,dc=example,dc=org
objectClass: groupOfMembers
cn: vpn
member: cn=seven,ou=groups,dc=example,dc=org

dn: cn=found,ou=groups,dc=example,dc=org
objectClass: groupOfURLs
cn: found
memberURL: ldap:///ou=groups,dc=example,dc=org??one?(objectClass=groupOfURLs)
";

const SEVEN: &str = "ldap:///ou=people,dc=example,dc=org??sub?(departmentNumber=7)";

fn loaded(folder: Folder) -> (Folder, Server, LdapConn) {
    folder.load(TREE);
    let server = folder.serve();
    let client = server.administrator();
    (folder, server, client)
}

fn person(rdn: &str) -> String {
    format!("{rdn},ou=people,{SUFFIX}")
}

fn group(rdn: &str) -> String {
    format!("{rdn},ou=groups,{SUFFIX}")
}

fn rdns<'a>(names: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let rdn = |name: &String| name.split(',').next().unwrap().to_owned();
    let mut rdns: Vec<String> = names.into_iter().map(rdn).collect();
    rdns.sort();
    rdns
}

fn find(client: &mut LdapConn, filter: &str) -> Vec<String> {
    let found = client.search(SUFFIX, Scope::Subtree, filter, ["1.1"]);
    let (entries, _) = found.unwrap().success().unwrap();
    let names = entries
        .into_iter()
        .map(|entry| SearchEntry::construct(entry).dn);
    rdns(&names.collect::<Vec<_>>())
}

fn values(client: &mut LdapConn, dn: &str, selector: &str, name: &str) -> Vec<String> {
    let found = client.search(dn, Scope::Base, "(objectClass=*)", [selector]);
    let (mut entries, _) = found.unwrap().success().unwrap();
    let mut entry = SearchEntry::construct(entries.remove(0));
    rdns(&entry.attrs.remove(name).unwrap_or_default())
}

fn members(client: &mut LdapConn, rdn: &str) -> Vec<String> {
    values(client, &group(rdn), "member", "member")
}

fn set(client: &mut LdapConn, dn: &str, attribute: &str, value: &[&str]) -> (u32, String) {
    let change = Mod::Replace(attribute, value.iter().copied().collect());
    let result = client.modify(dn, vec![change]).unwrap();
    (result.rc, result.text)
}

fn add(client: &mut LdapConn, dn: &str, attributes: &[(&str, &str)]) -> (u32, String) {
    let attributes = attributes
        .iter()
        .map(|(name, value)| (*name, HashSet::from([*value])));
    let result = client.add(dn, attributes.collect()).unwrap();
    (result.rc, result.text)
}

#[test]
fn members_found_by_a_search_count_like_any_others() {
    let (_folder, _server, mut client) = loaded(Folder::new());
    let ada = person("uid=ada");
    for selector in ["member", "*"] {
        let shown = values(&mut client, &group("cn=seven"), selector, "member");
        assert_eq!(shown, ["uid=ada"], "{selector}");
    }
    let part = values(
        &mut client,
        &group("cn=seven"),
        "member;range=0-9",
        "member;range=0-*",
    );
    assert_eq!(part, ["uid=ada"]);
    // A URL that finds its own group makes no member of it, however it is shown.
    assert_eq!(members(&mut client, "cn=found"), ["cn=found", "cn=seven"]);
    let all = ["cn=found", "cn=seven", "cn=vpn"];
    assert_eq!(values(&mut client, &ada, "memberOf", "memberOf"), all);
    assert_eq!(
        values(&mut client, &ada, "memberOfIndirect", "memberOfIndirect"),
        ["cn=found", "cn=vpn"]
    );
    assert_eq!(
        values(&mut client, &group("cn=found"), "memberOf", "memberOf"),
        [""; 0]
    );

    assert_eq!(find(&mut client, &format!("(member={ada})")), ["cn=seven"]);
    assert_eq!(
        find(&mut client, "(&(objectClass=groupOfURLs)(member=*))"),
        ["cn=found", "cn=seven"]
    );
    assert_eq!(find(&mut client, &format!("(member:{CHAIN}:={ada})")), all);
    let vpn = group("CN=VPN");
    assert_eq!(
        find(&mut client, &format!("(&(uid=*)(memberOf={vpn}))")),
        ["uid=ada"]
    );
    assert_eq!(
        find(&mut client, &format!("(memberOf:{CHAIN}:={vpn})")),
        ["cn=seven", "uid=ada"]
    );
    for (member, expected) in [(&ada, 6), (&person("uid=bob"), 5)] {
        assert_eq!(
            client
                .compare(&group("cn=seven"), "member", member)
                .unwrap()
                .0
                .rc,
            expected
        );
    }
    assert_eq!(client.compare(&ada, "memberOf", &vpn).unwrap().0.rc, 6);
}

#[test]
fn members_come_and_go_with_every_change_that_concerns_them() {
    let (folder, server, mut client) = loaded(Folder::new());
    let bob = person("uid=bob");
    assert_eq!(set(&mut client, &bob, "departmentNumber", &["7", "8"]).0, 0);
    assert_eq!(members(&mut client, "cn=seven"), ["uid=ada", "uid=bob"]);
    assert_eq!(
        set(&mut client, &person("uid=ada"), "departmentNumber", &[]).0,
        0
    );
    assert_eq!(members(&mut client, "cn=seven"), ["uid=bob"]);

    // Moved out and, under another name, in again; the unit is renamed, and so is no base any more, and back.
    let away = format!("ou=alumni,{SUFFIX}");
    client
        .modifydn(&bob, "uid=bob", false, Some(&away))
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(members(&mut client, "cn=seven"), [""; 0]);
    let home = format!("ou=people,{SUFFIX}");
    let bob = format!("uid=bob,{away}");
    client
        .modifydn(&bob, "uid=rob", true, Some(&home))
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(members(&mut client, "cn=seven"), ["uid=rob"]);
    client
        .modifydn(&home, "ou=folk", true, None)
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(members(&mut client, "cn=seven"), [""; 0]);
    assert_eq!(
        find(&mut client, &format!("(memberOf={})", group("cn=vpn"))),
        ["cn=seven"]
    );
    client
        .modifydn(&format!("ou=folk,{SUFFIX}"), "ou=people", true, None)
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(members(&mut client, "cn=seven"), ["uid=rob"]);

    let eve = [
        ("objectClass", "inetOrgPerson"),
        ("cn", "E"),
        ("sn", "E"),
        ("departmentNumber", "7"),
    ];
    assert_eq!(add(&mut client, &person("uid=eve"), &eve).0, 0);
    client
        .delete(&person("uid=rob"))
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(members(&mut client, "cn=seven"), ["uid=eve"]);

    // The group asks for something else, and a base comes about.
    let later = format!("ldap:///ou=later,ou=people,{SUFFIX}??one");
    let eights = SEVEN.replace("=7", "=8");
    assert_eq!(
        set(
            &mut client,
            &group("cn=seven"),
            "memberURL",
            &[&later, &eights]
        )
        .0,
        0
    );
    assert_eq!(members(&mut client, "cn=seven"), [""; 0]);
    let unit = [("objectClass", "organizationalUnit")];
    assert_eq!(add(&mut client, &person("ou=later"), &unit).0, 0);
    assert_eq!(
        add(&mut client, &format!("ou=x,{}", person("ou=later")), &unit).0,
        0
    );
    assert_eq!(members(&mut client, "cn=seven"), ["ou=x"]);
    // All of it is found again when the server starts.
    drop(client);
    server.stop();
    let server = folder.serve();
    let mut client = server.administrator();
    assert_eq!(members(&mut client, "cn=seven"), ["ou=x"]);
    assert_eq!(members(&mut client, "cn=found"), ["cn=found", "cn=seven"]);
    client
        .delete(&group("cn=seven"))
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(
        values(&mut client, &person("ou=later"), "memberOf", "memberOf"),
        [""; 0]
    );
}

#[test]
fn a_url_that_cannot_be_kept_is_refused_with_what_is_wrong() {
    let (folder, _server, mut client) = loaded(Folder::new());
    let base = format!("ldap:///ou=people,{SUFFIX}");
    for (url, expected) in [
        (
            format!("ldap://other.example/ou=people,{SUFFIX}??sub?(cn=a)"),
            "names the server other.example",
        ),
        (
            "ldap:///dc=elsewhere??sub?(cn=a)".to_owned(),
            "lies in no suffix",
        ),
        (format!("{base}?mail?sub?(cn=a)"), "asks for \"mail\""),
        (format!("{base}??all?(cn=a)"), "\"all\" is no scope"),
        (format!("{base}??sub?(cn=a"), "expected `)`"),
        (
            format!("{base}??sub?(shoeSize=9)"),
            "\"shoeSize\", which is no attribute",
        ),
        (
            format!("{base}??sub?(memberOf=cn=x)"),
            "\"memberOf\", which is computed",
        ),
        (
            format!("{base}??sub?(userPassword=a*)"),
            "\"userPassword\", which is secret",
        ),
        (
            format!("{base}??sub?(cn=a)?!x-new"),
            "\"x-new\" is not known",
        ),
    ] {
        let (rc, text) = set(&mut client, &group("cn=seven"), "memberURL", &[&url]);
        assert_eq!(rc, 21, "{url}: {text}");
        assert!(
            text.starts_with("value 1 of \"memberURL\": ") && text.contains(expected),
            "{url}: {text}"
        );
        let class = ("objectClass", "groupOfURLs");
        let (rc, text) = add(&mut client, &group("cn=new"), &[class, ("memberURL", &url)]);
        assert!(rc == 21 && text.contains(expected), "{url}: {text}");
    }
    let many: Vec<String> = (0..17).map(|n| format!("{base}??sub?(cn={n})")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(
        set(&mut client, &group("cn=seven"), "memberURL", &many).0,
        11
    );
    assert_eq!(members(&mut client, "cn=seven"), ["uid=ada"]);

    let bad = format!(
        "dn: {}\nobjectClass: groupOfURLs\ncn: bad\nmemberURL: ldap://a/\n",
        group("cn=bad")
    );
    drop((client, _server));
    let refused = folder.import(&bad);
    assert!(
        server::text(&refused.stderr).contains("names the server a"),
        "{refused:?}"
    );
}

#[test]
fn a_member_that_was_found_is_no_value_to_take_away_or_to_carry_off() {
    let (folder, server, mut client) = loaded(Folder::new());
    let ada = person("uid=ada");
    let change = |kind: fn(String, HashSet<String>) -> Mod<String>, member: &str| {
        vec![kind(
            "member".to_owned(),
            HashSet::from([member.to_owned()]),
        )]
    };
    let removed = client
        .modify(&group("cn=seven"), change(Mod::Delete, &ada))
        .unwrap();
    assert_eq!(removed.rc, 53);
    assert!(removed.text.contains("memberURL"), "{}", removed.text);
    let bob = change(Mod::Add, &person("uid=bob"));
    assert_eq!(client.modify(&group("cn=seven"), bob).unwrap().rc, 65);

    drop(client);
    server.stop();
    let exported = folder.export();
    assert_eq!(exported.matches("\nmember: ").count(), 1, "{exported}");
    let copy = Folder::new();
    copy.load(&exported);
    let server = copy.serve();
    assert_eq!(
        members(&mut server.administrator(), "cn=seven"),
        ["uid=ada"]
    );
}

/// Ada writes groups, and may search departments but not mail, nor anything of the alumni.
const RULES: &str = r#"
[[access]]
who = "users"
to = "ou=alumni,dc=example,dc=org"
allow = []

[[access]]
who = "self"
attributes = ["departmentNumber"]
allow = ["read", "search", "write"]

[[access]]
who = "dn:uid=ada,ou=people,dc=example,dc=org"
to = "ou=groups,dc=example,dc=org"
allow = ["read", "search", "compare", "write", "add"]

[[access]]
who = "users"
attributes = ["mail", "member"]
allow = []

[[access]]
who = "users"
allow = ["read", "search", "compare"]
"#;

#[test]
fn a_url_is_written_by_those_alone_who_may_search_all_that_it_finds() {
    let (_folder, server, mut admin) = loaded(Folder::with_access(RULES));
    let mut ada = server.bound(&person("uid=ada"), "secret-ada");
    let url = |base: &str, filter: &str| format!("ldap:///{base}{SUFFIX}??sub?{filter}");
    let mut write = |base: &str, filter: &str| {
        set(
            &mut ada,
            &group("cn=seven"),
            "memberURL",
            &[&url(base, filter)],
        )
        .0
    };
    assert_eq!(write("ou=people,", "(sn=a*)"), 0);
    assert_eq!(write("ou=people,", "(&)"), 0);
    // Not mail, whatever stands beside it; not where some entries are closed to her; not where nothing is yet.
    assert_eq!(write("ou=people,", "(mail=a*)"), 50);
    assert_eq!(write("ou=people,", "(&(sn=a*)(!(mail=a*)))"), 50);
    assert_eq!(write("", "(sn=a*)"), 50);
    assert_eq!(write("ou=alumni,", "(sn=a*)"), 50);
    assert_eq!(write("ou=later,", "(sn=a*)"), 50);
    // What others may write of themselves is for no one but the administrator to build on.
    assert_eq!(write("ou=people,", "(departmentNumber=7)"), 0);
    let said = server.said("decide themselves");
    assert!(
        said.contains("departmentNumber") && said.contains("access[1]"),
        "{said}"
    );
    let mails = url("ou=later,", "(mail=a*)");
    assert_eq!(
        set(&mut admin, &group("cn=seven"), "memberURL", &[&mails]).0,
        0
    );
    // She may not add one to those that she may not write, and may take away what is there.
    assert_eq!(
        set(&mut ada, &group("cn=seven"), "description", &["x"]).0,
        0
    );
    assert_eq!(
        set(&mut ada, &group("cn=seven"), "memberURL", &[&mails, SEVEN]).0,
        0
    );
}

/// Ada makes entries where people are, and writes no group.
const MAKER: &str = r#"
[[access]]
who = "dn:uid=ada,ou=people,dc=example,dc=org"
to = "ou=people,dc=example,dc=org"
allow = ["read", "search", "write", "add", "delete"]

[[access]]
who = "users"
allow = ["read", "search", "compare"]
"#;

#[test]
fn a_base_that_groups_wait_for_is_made_by_those_alone_who_may_write_them() {
    let (folder, server, mut admin) = loaded(Folder::with_access(MAKER));
    let mut ada = server.bound(&person("uid=ada"), "secret-ada");
    let urls = [
        format!("ldap:///ou=later,ou=people,{SUFFIX}??sub?(objectClass=*)"),
        format!("ldap:///ou=within,ou=new,ou=people,{SUFFIX}"),
    ];
    let urls = urls.each_ref().map(String::as_str);
    assert_eq!(set(&mut admin, &group("cn=seven"), "memberURL", &urls).0, 0);
    let unit = [("objectClass", "organizationalUnit")];
    assert_eq!(add(&mut ada, &person("ou=later"), &unit).0, 50);
    assert_eq!(add(&mut ada, &person("ou=old"), &unit).0, 0);
    let within = person("ou=within,ou=old");
    assert_eq!(add(&mut ada, &within, &unit).0, 0);
    for rdn in ["ou=later", "ou=new"] {
        let renamed = ada.modifydn(&person("ou=old"), rdn, true, None).unwrap();
        assert_eq!(renamed.rc, 50, "{rdn}");
    }
    assert_eq!(members(&mut admin, "cn=seven"), [""; 0]);
    let renamed = admin.modifydn(&person("ou=old"), "ou=new", true, None);
    assert_eq!(renamed.unwrap().rc, 0);
    assert_eq!(members(&mut admin, "cn=seven"), ["ou=within"]);
    folder.audited(r#""gains":[{"member":"ou=within,ou=new,"#);
    // Another spelling is no other name, and what is there already is for its owners.
    let renamed = ada.modifydn(&person("ou=new"), "ou=NEW", true, None);
    assert_eq!(renamed.unwrap().rc, 0);
    assert_eq!(add(&mut ada, &person("ou=x,ou=NEW"), &unit).0, 0);
}

#[test]
fn found_members_are_hidden_where_member_is() {
    let rules = "[[access]]\nwho = \"users\"\nattributes = [\"member\"]\nallow = []\n\n\
                 [[access]]\nwho = \"users\"\nallow = [\"read\", \"search\", \"compare\"]\n";
    let (_folder, server, _admin) = loaded(Folder::with_access(rules));
    let mut ada = server.bound(&person("uid=ada"), "secret-ada");
    assert_eq!(values(&mut ada, &group("cn=seven"), "*", "member"), [""; 0]);
    assert_eq!(
        find(&mut ada, &format!("(member={})", person("uid=ada"))),
        [""; 0]
    );
    assert_eq!(find(&mut ada, "(cn=seven)"), ["cn=seven"]);
}

#[test]
fn rights_follow_a_dynamic_group_and_its_members_are_explained() {
    let rules = "[[access]]\nwho = \"group:cn=vpn,ou=groups,dc=example,dc=org\"\nallow = [\"read\", \"search\"]\n";
    let (folder, server, mut admin) = loaded(Folder::with_access(rules));
    let mut ada = server.bound(&person("uid=ada"), "secret-ada");
    let mut sees = || {
        let found = ada.search(SUFFIX, Scope::Subtree, "(uid=bob)", ["1.1"]);
        !found.unwrap().0.is_empty()
    };
    assert!(sees());
    let mut command = Command::new(env!("CARGO_BIN_EXE_hedgerow"));
    command.args(["explain", "membership", "--config"]);
    command.arg(folder.path("hedgerow.toml"));
    let explained = command
        .args([person("uid=ada"), group("cn=vpn")])
        .output()
        .unwrap();
    let text = server::text(&explained.stdout);
    assert!(
        text.contains("has uid=ada,ou=people,dc=example,dc=org (memberURL)"),
        "{text}"
    );
    assert_eq!(
        set(&mut admin, &person("uid=ada"), "departmentNumber", &["8"]).0,
        0
    );
    assert!(!sees());
}
