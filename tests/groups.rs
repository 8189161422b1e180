//! Groups over LDAP: nested ones in `memberOf`, filters and Compare, the chain rule, groups by `memberUid`, parts of a
//! huge group's members.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::collections::HashSet;
use std::fmt::Write;
use std::process::Command;

use ldap3::{LdapConn, Mod, Scope, SearchEntry};
use server::{Folder, SUFFIX, Server};

const CHAIN: &str = "1.2.840.113556.1.4.1941";

const TREE: &str = "\
version: 1

dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: uid=ada,dc=example,dc=org
objectClass: inetOrgPerson
uid: ada
cn: Ada
sn: Byron
userPassword: secret-ada

dn: uid=bob,dc=example,dc=org
objectClass: inetOrgPerson
uid: bob
cn: Bob
sn: Bobson
manager: UID=Ada, DC=example, DC=org

dn: uid=eve,dc=example,dc=org
objectClass: inetOrgPerson
uid: eve
cn: Eve
sn: Eveson
manager: uid=bob,dc=example,dc=org

dn: cn=staff,dc=example,dc=org
objectClass: groupOfNames
cn: staff
member: uid=ada,dc=example,dc=org
member: cn=staff,dc=example,dc=org
member: uid=later,dc=example,dc=org

dn: cn=site,dc=example,dc=org
objectClass: groupOfUniqueNames
cn: site
uniqueMember: cn=staff,dc=example,dc=org
uniqueMember: cn=unix,dc=example,dc=org

dn: cn=vpn,dc=example,dc=org
objectClass: groupOfMembers
cn: vpn
member: cn=site,dc=example,dc=org

dn: cn=round,dc=example,dc=org
objectClass: groupOfMembers
cn: round
member: cn=vpn,dc=example,dc=org
member: cn=about,dc=example,dc=org

dn: cn=about,dc=example,dc=org
objectClass: groupOfMembers
cn: about
member: cn=round,dc=example,dc=org

dn: cn=unix,dc=example,dc=org
objectClass: groupOfMembers
objectClass: posixGroup
cn: unix
gidNumber: 7
memberUid: bob
memberUid: later
";

fn loaded(folder: Folder) -> (Folder, Server, LdapConn) {
    folder.load(TREE);
    let server = folder.serve();
    let client = server.administrator();
    (folder, server, client)
}

fn dn(rdn: &str) -> String {
    format!("{rdn},{SUFFIX}")
}

/// The relative names of what a filter finds, in order.
fn find(client: &mut LdapConn, filter: &str) -> Vec<String> {
    let found = client.search(SUFFIX, Scope::Subtree, filter, vec!["1.1"]);
    let (entries, _) = found.unwrap().success().unwrap();
    let names = entries.into_iter().map(SearchEntry::construct);
    let mut names: Vec<String> = names
        .map(|entry| entry.dn.split(',').next().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn read(client: &mut LdapConn, rdn: &str, attributes: &[&str]) -> SearchEntry {
    let found = client.search(&dn(rdn), Scope::Base, "(objectClass=*)", attributes);
    let (mut entries, _) = found.unwrap().success().unwrap();
    SearchEntry::construct(entries.remove(0))
}

/// The relative names among the values of an attribute, in order.
fn names(client: &mut LdapConn, rdn: &str, attribute: &str) -> Vec<String> {
    let mut entry = read(client, rdn, &[attribute]);
    let values = entry.attrs.remove(attribute).unwrap_or_default();
    let mut names: Vec<String> = values
        .iter()
        .map(|value| value.split(',').next().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn compare(client: &mut LdapConn, rdn: &str, attribute: &str, value: &str) -> u32 {
    client.compare(&dn(rdn), attribute, value).unwrap().0.rc
}

const ALL: [&str; 5] = ["cn=about", "cn=round", "cn=site", "cn=staff", "cn=vpn"];

#[test]
fn member_of_holds_all_groups_and_its_kin_tell_them_apart() {
    let (_folder, _server, mut client) = loaded(Folder::new());
    for attribute in ["memberOf", "isMemberOf"] {
        assert_eq!(names(&mut client, "uid=ada", attribute), ALL);
    }
    let indirect = ["cn=about", "cn=round", "cn=site", "cn=vpn"];
    assert_eq!(names(&mut client, "uid=ada", "memberOfIndirect"), indirect);
    // A group is never its own member, by its own list or round a cycle.
    assert_eq!(names(&mut client, "cn=staff", "memberOf"), indirect);
    assert_eq!(names(&mut client, "cn=round", "memberOf"), ["cn=about"]);
    let all = read(&mut client, "uid=ada", &["*"]);
    assert!(!all.attrs.contains_key("memberOf"), "{all:?}");
    let operational = read(&mut client, "uid=ada", &["+"]);
    assert_eq!(operational.attrs["memberOf"].len(), ALL.len());
    let refused = client.modify(
        &dn("uid=ada"),
        vec![Mod::Add("memberOf", HashSet::from([dn("cn=vpn").as_str()]))],
    );
    assert_eq!(refused.unwrap().rc, 19);
}

#[test]
fn filters_and_comparisons_of_member_of_go_through_groups_and_those_of_member_do_not() {
    let (_folder, _server, mut client) = loaded(Folder::new());
    let spelled = "(&(uid=ada)(memberOf= CN=VPN , DC=Example,DC=org ))";
    assert_eq!(find(&mut client, spelled), ["uid=ada"]);
    assert_eq!(
        find(
            &mut client,
            "(&(uid=eve)(memberOf=cn=vpn,dc=example,dc=org))"
        ),
        [""; 0]
    );
    let inside = ["cn=site", "cn=staff", "cn=unix", "uid=ada", "uid=bob"];
    assert_eq!(
        find(&mut client, "(memberOf=cn=vpn,dc=example,dc=org)"),
        inside
    );
    assert_eq!(
        find(&mut client, "(isMemberOf=cn=vpn,dc=example,dc=org)"),
        inside
    );
    assert_eq!(
        find(&mut client, "(memberOfIndirect=cn=vpn,dc=example,dc=org)"),
        ["cn=staff", "cn=unix", "uid=ada", "uid=bob"]
    );
    assert_eq!(
        find(
            &mut client,
            "(&(objectClass=inetOrgPerson)(!(memberOf=cn=vpn,dc=example,dc=org)))"
        ),
        ["uid=eve"]
    );
    let without = find(&mut client, "(&(objectClass=inetOrgPerson)(!(memberOf=*)))");
    assert_eq!(without, ["uid=eve"]);
    assert_eq!(
        find(&mut client, "(member=uid=ada,dc=example,dc=org)"),
        ["cn=staff"]
    );

    assert_eq!(
        compare(&mut client, "uid=ada", "memberOf", &dn("cn=vpn")),
        6
    );
    assert_eq!(
        compare(&mut client, "uid=ada", "memberOf", &dn("cn=unix")),
        5
    );
    assert_eq!(
        compare(&mut client, "cn=staff", "member", &dn("uid=ada")),
        6
    );
    assert_eq!(
        compare(&mut client, "cn=round", "member", &dn("uid=ada")),
        5
    );
    assert_eq!(
        compare(&mut client, "cn=round", "memberOf", &dn("cn=round")),
        5
    );
}

#[test]
fn the_chain_rule_leads_both_ways_and_combines_with_any_filter() {
    let (_folder, _server, mut client) = loaded(Folder::new());
    let mut chain = |attribute: &str, to: &str| {
        find(&mut client, &format!("({attribute}:{CHAIN}:={})", dn(to)))
    };
    // From a group on, by the attribute that leads to the member or to a group with it.
    assert_eq!(
        chain("member", "uid=ada"),
        ["cn=about", "cn=round", "cn=staff", "cn=vpn"]
    );
    assert_eq!(chain("uniqueMember", "uid=ada"), ["cn=site"]);
    assert_eq!(chain("member", "cn=round"), ["cn=about"]);
    let inside = ["cn=site", "cn=staff", "cn=unix", "uid=ada", "uid=bob"];
    assert_eq!(chain("memberOf", "cn=vpn"), inside);
    assert_eq!(chain("manager", "uid=ada"), ["uid=bob", "uid=eve"]);
    assert_eq!(chain("manager", "uid=bob"), ["uid=eve"]);
    assert_eq!(chain("member", "uid=nobody"), [""; 0]);
    // Along other attributes there is no chain, and nothing is not part of it.
    assert_eq!(chain("seeAlso", "uid=ada"), [""; 0]);
    assert_eq!(
        find(
            &mut client,
            &format!("(!(seeAlso:{CHAIN}:={}))", dn("uid=ada"))
        ),
        [""; 0]
    );
    let mixed = format!(
        "(&(objectClass=inetOrgPerson)(|(memberOf:inChainMatch:={})(uid=eve))(!(manager:{CHAIN}:={})))",
        dn("cn=vpn"),
        dn("uid=bob")
    );
    assert_eq!(find(&mut client, &mixed), ["uid=ada", "uid=bob"]);
    for malformed in [
        "(member:1.2.840.113556.1.4.1941:=ada)",
        "(:1.2.840.113556.1.4.1941:=cn=vpn)",
    ] {
        assert_eq!(find(&mut client, malformed), [""; 0]);
    }
}

#[test]
fn the_subschema_names_the_chain_rule_and_the_attributes_it_is_for() {
    let (_folder, _server, mut client) = loaded(Folder::new());
    let wanted = vec!["matchingRules", "matchingRuleUse"];
    let found = client.search("cn=Subschema", Scope::Base, "(objectClass=*)", wanted);
    let (mut entries, _) = found.unwrap().success().unwrap();
    let mut subschema = SearchEntry::construct(entries.remove(0)).attrs;
    let mut of = |attribute: &str| {
        let values = subschema.remove(attribute).unwrap();
        values
            .into_iter()
            .find(|value| value.contains(CHAIN))
            .unwrap()
    };
    assert!(of("matchingRules").contains("NAME 'inChainMatch'"));
    assert!(
        of("matchingRuleUse")
            .ends_with("APPLIES ( memberOf $ isMemberOf $ member $ uniqueMember $ manager ) )")
    );
}

#[test]
fn member_of_is_direct_where_the_configuration_says_so() {
    let folder = Folder::with_more("[membership]\nmemberof = \"direct\"\n");
    let (_folder, _server, mut client) = loaded(folder);
    assert_eq!(names(&mut client, "uid=ada", "memberOf"), ["cn=staff"]);
    let indirect = ["cn=about", "cn=round", "cn=site", "cn=vpn"];
    assert_eq!(names(&mut client, "uid=ada", "memberOfIndirect"), indirect);
    let vpn = "(memberOf=cn=vpn,dc=example,dc=org)";
    assert_eq!(find(&mut client, vpn), ["cn=site"]);
    assert_eq!(
        compare(&mut client, "uid=ada", "memberOf", &dn("cn=vpn")),
        5
    );
    let chain = format!("(&(uid=ada)(memberOf:{CHAIN}:=cn=vpn,dc=example,dc=org))");
    assert_eq!(find(&mut client, &chain), ["uid=ada"]);
}

#[test]
fn a_group_counts_whom_it_lists_by_uid_from_the_moment_there_is_one() {
    let (_folder, _server, mut client) = loaded(Folder::new());
    let unix = ["cn=about", "cn=round", "cn=site", "cn=unix", "cn=vpn"];
    assert_eq!(names(&mut client, "uid=bob", "memberOf"), unix);
    // What is stored stays as it is: nothing of it is a member by name.
    let stored = read(&mut client, "cn=unix", &["*"]);
    assert!(!stored.attrs.contains_key("member"), "{stored:?}");
    assert_eq!(
        find(&mut client, "(member=uid=bob,dc=example,dc=org)"),
        [""; 0]
    );
    let chain = format!("(member:{CHAIN}:={})", dn("uid=bob"));
    assert_eq!(
        find(&mut client, &chain),
        ["cn=about", "cn=round", "cn=unix", "cn=vpn"]
    );

    let later = vec![
        ("objectClass", HashSet::from(["inetOrgPerson"])),
        ("cn", HashSet::from(["Later"])),
        ("sn", HashSet::from(["Later"])),
    ];
    let added = client.add(&dn("uid=later"), later).unwrap();
    assert_eq!(added.rc, 0, "{added}");
    let both = [
        "cn=about", "cn=round", "cn=site", "cn=staff", "cn=unix", "cn=vpn",
    ];
    assert_eq!(names(&mut client, "uid=later", "memberOf"), both);
    let renamed = client.modifydn(&dn("uid=later"), "uid=sooner", true, None);
    assert_eq!(renamed.unwrap().rc, 0);
    assert_eq!(names(&mut client, "uid=sooner", "memberOf"), ALL);
    let bob = vec![Mod::Delete("memberUid", HashSet::from(["bob"]))];
    assert_eq!(client.modify(&dn("cn=unix"), bob).unwrap().rc, 0);
    assert_eq!(names(&mut client, "uid=bob", "memberOf"), [""; 0]);
}

/// The name of the attribute as it came, and the numbers of the members that came with it.
fn part(client: &mut LdapConn, selectors: &[&str]) -> Vec<(String, Vec<String>)> {
    let entry = read(client, "cn=huge", selectors);
    let attributes = entry.attrs.into_iter().map(|(name, values)| {
        let number = |value: &String| value.split(['=', ',']).nth(1).unwrap().to_owned();
        (name, values.iter().map(number).collect())
    });
    attributes.collect()
}

#[test]
fn a_part_of_the_members_comes_under_the_range_it_is() {
    let folder = Folder::new();
    let mut tree = TREE.to_owned();
    tree += "\ndn: cn=huge,dc=example,dc=org\nobjectClass: groupOfMembers\ncn: huge\n";
    for number in 0..1_000 {
        writeln!(tree, "member: cn={number},ou=nowhere,dc=example,dc=org").unwrap();
    }
    tree += "member: uid=ada,dc=example,dc=org\nmember: uid=bob,dc=example,dc=org\n";
    folder.load(&tree);
    let server = folder.serve();
    let mut client = server.administrator();

    let whole = part(&mut client, &["member"]).remove(0).1;
    assert_eq!(
        (whole.len(), &whole[..2]),
        (1_002, &["ada".to_owned(), "bob".to_owned()][..])
    );
    for (asked, came, from, to) in [
        ("member;range=0-0", "member;range=0-0", 0, 1),
        ("MEMBER;Range=1-3", "member;range=1-3", 1, 4),
        ("member;range=998-1000", "member;range=998-1000", 998, 1_001),
        ("member;range=998-1001", "member;range=998-*", 998, 1_002),
        (
            "member;range=1000-2499",
            "member;range=1000-*",
            1_000,
            1_002,
        ),
        ("member;range=0-*", "member;range=0-*", 0, 1_002),
    ] {
        let found = part(&mut client, &[asked]);
        assert_eq!(
            found,
            [(came.to_owned(), whole[from..to].to_vec())],
            "{asked}"
        );
    }
    // Beyond the last there is nothing, and no error that ends the loop of a client.
    for nothing in [
        "member;range=1002-*",
        "member;range=5-4",
        "member;range=x",
        "1.1",
    ] {
        assert_eq!(part(&mut client, &[nothing]), [], "{nothing}");
    }
    // The part goes before the whole, and of stored attributes there are parts as well.
    let entry = read(
        &mut client,
        "cn=huge",
        &["*", "member;range=0-1", "objectClass;range=1-1"],
    );
    let mut names: Vec<&String> = entry.attrs.keys().collect();
    names.sort();
    assert_eq!(names, ["cn", "member;range=0-1", "objectClass;range=1-*"]);
}

/// Who may write what is below ou=desk, and no group but one.
const DESK: &str = r#"
[[access]]
who = "dn:uid=ada,dc=example,dc=org"
to = "ou=desk,dc=example,dc=org"
allow = ["read", "search", "compare", "write", "add", "delete"]

[[access]]
who = "dn:uid=ada,dc=example,dc=org"
to = "cn=open,ou=groups,dc=example,dc=org"
attributes = ["memberUid", "member"]
allow = ["read", "search", "compare", "write"]

[[access]]
who = "users"
allow = ["read", "search", "compare"]
"#;

#[test]
fn groups_that_list_a_name_already_are_gained_by_those_alone_who_may_write_them() {
    let folder = Folder::with_access(DESK);
    let mut tree = TREE.to_owned();
    for unit in ["desk", "groups"] {
        tree += &format!("\ndn: ou={unit},{SUFFIX}\nobjectClass: organizationalUnit\nou: {unit}\n");
    }
    for (group, number) in [("open", 1), ("shut", 2)] {
        tree += &format!(
            "\ndn: cn={group},ou=groups,{SUFFIX}\nobjectClass: groupOfMembers\n\
             objectClass: posixGroup\ncn: {group}\ngidNumber: {number}\nmemberUid: {group}-uid\n\
             member: uid={group},ou=desk,{SUFFIX}\nmember: uid=a,ou={group},ou=desk,{SUFFIX}\n"
        );
    }
    folder.load(&tree);
    let server = folder.serve();
    let mut ada = server.bound(&dn("uid=ada"), "secret-ada");
    let person = || {
        vec![
            ("objectClass", HashSet::from(["inetOrgPerson"])),
            ("cn", HashSet::from(["x"])),
            ("sn", HashSet::from(["x"])),
        ]
    };
    let unit = || vec![("objectClass", HashSet::from(["organizationalUnit"]))];
    let mut admin = server.administrator();
    let groups = |client: &mut LdapConn, rdn: &str| names(client, rdn, "memberOf");

    assert_eq!(ada.add(&dn("uid=shut,ou=desk"), person()).unwrap().rc, 50);
    assert_eq!(ada.add(&dn("uid=open,ou=desk"), person()).unwrap().rc, 0);
    assert_eq!(groups(&mut admin, "uid=open,ou=desk"), ["cn=open"]);
    let gained = folder.audited(r#""gains":[{"member":"uid=open,ou=desk,"#);
    assert!(gained.contains(r#""who":"uid=ada,"#), "{gained}");
    assert!(gained.contains(r#""operation":"add""#), "{gained}");
    assert!(
        gained.contains(r#""group":"cn=open,ou=groups,"#),
        "{gained}"
    );

    let refused = ada.add(&dn("uid=shut-uid,ou=desk"), person()).unwrap();
    assert_eq!(refused.rc, 50);
    let renamed = ada.modifydn(&dn("uid=open,ou=desk"), "uid=shut", true, None);
    assert_eq!(renamed.unwrap().rc, 50);
    let renamed = ada.modifydn(&dn("uid=open,ou=desk"), "uid=SHUT-uid", true, None);
    assert_eq!(renamed.unwrap().rc, 50);
    let more = |uid| vec![Mod::Add("uid", HashSet::from([uid]))];
    let modified = ada.modify(&dn("uid=open,ou=desk"), more("Shut-UID"));
    assert_eq!(modified.unwrap().rc, 50);
    let modified = ada.modify(&dn("uid=open,ou=desk"), more("open-uid"));
    assert_eq!(modified.unwrap().rc, 0);

    // A name comes about below one that is moved as well; what was refused has left nothing behind.
    assert_eq!(ada.add(&dn("ou=free,ou=desk"), unit()).unwrap().rc, 0);
    assert_eq!(
        ada.add(&dn("uid=a,ou=free,ou=desk"), person()).unwrap().rc,
        0
    );
    let moved = ada.modifydn(&dn("ou=free,ou=desk"), "ou=shut", true, None);
    assert_eq!(moved.unwrap().rc, 50);
    assert_eq!(groups(&mut admin, "uid=a,ou=free,ou=desk"), [""; 0]);
    let moved = ada.modifydn(&dn("ou=free,ou=desk"), "ou=open", true, None);
    assert_eq!(moved.unwrap().rc, 0);
    assert_eq!(groups(&mut admin, "uid=a,ou=open,ou=desk"), ["cn=open"]);
    // What was refused in between is not among what is said to be gained.
    let gained = folder.audited(r#""new_name":"ou=open,ou=desk,"#);
    let gains = format!(
        r#""gains":[{{"member":"uid=a,ou=open,ou=desk,{SUFFIX}","group":"cn=open,ou=groups,{SUFFIX}"}}]"#
    );
    assert!(gained.contains(&gains), "{gained}");
    assert_eq!(admin.add(&dn("uid=shut,ou=desk"), person()).unwrap().rc, 0);
    assert_eq!(groups(&mut admin, "uid=shut,ou=desk"), ["cn=shut"]);
}

#[test]
fn rights_of_a_group_are_gained_and_lost_with_membership_while_bound() {
    let rules = "\
[[access]]
who = \"group:cn=vpn,dc=example,dc=org\"
allow = [\"read\", \"search\"]
";
    let (_folder, server, mut admin) = loaded(Folder::with_access(rules));
    let mut ada = server.bound(&dn("uid=ada"), "secret-ada");
    let mut sees = |expected: bool| {
        // Who sees nothing is told that there is nothing.
        let found = ada.search(SUFFIX, Scope::Subtree, "(uid=bob)", ["1.1"]);
        let ldap3::SearchResult(found, _) = found.unwrap();
        assert_eq!(!found.is_empty(), expected, "{found:?}");
    };
    sees(true);
    let member = HashSet::from([dn("uid=ada")]);
    let unix = dn("cn=unix");
    let steps: [(String, Mod<String>, bool); 4] = [
        (dn("cn=staff"), Mod::Delete("member".into(), member), false),
        (
            unix.clone(),
            Mod::Add("memberUid".into(), HashSet::from(["ada".into()])),
            true,
        ),
        (
            unix,
            Mod::Delete("memberUid".into(), HashSet::from(["ada".into()])),
            false,
        ),
        (
            dn("cn=vpn"),
            Mod::Add("member".into(), HashSet::from([dn("uid=ada")])),
            true,
        ),
    ];
    for (group, change, expected) in steps {
        admin
            .modify(&group, vec![change])
            .unwrap()
            .success()
            .unwrap();
        sees(expected);
    }
}

#[test]
fn a_membership_is_explained_by_the_store_and_by_a_running_server_alike() {
    let folder = Folder::new();
    folder.load(TREE);
    let explain = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hedgerow"));
        command.args(["explain", "membership", "--config"]);
        command.arg(folder.path("hedgerow.toml")).args(arguments);
        let output = command.output().unwrap();
        (output.status.success(), server::text(&output.stdout))
    };
    let (ada, vpn) = (dn("uid=ada"), dn("cn=vpn"));
    let stored = [explain(&[&ada, &vpn]), explain(&[&ada, &vpn, "--dot"])];
    let (found, text) = &stored[0];
    assert!(
        *found && text.starts_with(&format!("{ada} is in {vpn}\n")),
        "{text}"
    );
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(stored[1].1.starts_with("digraph membership {"));
    assert_eq!(explain(&["ada", "vpn"]), stored[0]);
    assert!(!explain(&["nobody", "vpn"]).0);
    let _server = folder.serve();
    let served = [explain(&[&ada, &vpn]), explain(&[&ada, &vpn, "--dot"])];
    assert_eq!(served, stored);
}
