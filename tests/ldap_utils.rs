//! The OpenLDAP client tools against the real server: what an administrator types and sees.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::fs;
use std::process::{Command, Output};

use server::{ADMIN, Folder, PASSWORD, SUFFIX, Server, text};

const ADA: &str = "uid=ada,ou=people,dc=example,dc=org";

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
objectClass: posixAccount
uid: ada
cn: Ada Byron
sn: Byron
mail: ada@example.org
uidNumber: 2001
gidNumber: 3000
homeDirectory: /home/ada
userPassword: secret-ada

dn: uid=grace,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: grace
cn: Grace Murray
cn: Amazing (Grace)
sn: Murray
mail: grace@example.org
employeeNumber: 7

dn: uid=zoe,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: zoe
cn:: Wm/DqyBGYXViZXJ0
sn: Faubert

dn: ou=groups,dc=example,dc=org
objectClass: organizationalUnit
ou: groups

dn: cn=staff,ou=groups,dc=example,dc=org
objectClass: groupOfNames
cn: staff
member: uid=ada,ou=people,dc=example,dc=org
member: uid=grace,ou=people,dc=example,dc=org
";

fn loaded() -> Folder {
    let folder = Folder::new();
    folder.load(TREE);
    folder
}

fn run(command: &mut Command) -> Output {
    command
        .output()
        .expect("the OpenLDAP client tools are installed (ldap-utils)")
}

/// The result code that a tool ends with.
fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn as_admin(server: &Server, tool: &str) -> Command {
    let mut command = server.tool(tool, &server.secure_url());
    command.args(["-D", ADMIN, "-w", PASSWORD]);
    command
}

fn as_ada(server: &Server, tool: &str) -> Command {
    let mut command = server.tool(tool, &server.secure_url());
    command.args(["-D", ADA, "-w", "secret-ada"]);
    command
}

fn search(mut client: Command, arguments: &[&str]) -> Output {
    run(client.args(["-LLL", "-o", "ldif-wrap=no"]).args(arguments))
}

/// The first parts of the names found, in order of the alphabet.
fn found(output: &Output) -> Vec<String> {
    let out = text(&output.stdout);
    let names = out.lines().filter_map(|line| line.strip_prefix("dn: "));
    let mut names: Vec<_> = names
        .map(|name| name.split(',').next().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_password_is_proved_over_ldaps_and_starttls() {
    let folder = loaded();
    let server = folder.serve();
    for (dn, password) in [(ADA, "secret-ada"), (ADMIN, PASSWORD)] {
        for (url, flags) in [
            (server.secure_url(), &[][..]),
            (server.url(), &["-ZZ"][..]),
            (server.url(), &[][..]),
        ] {
            let who = run(server
                .tool("ldapwhoami", &url)
                .args(flags)
                .args(["-D", dn, "-w", password]));
            assert_eq!(text(&who.stdout), format!("dn:{dn}\n"), "{who:?}");
            assert_eq!(code(&who), Some(0));
        }
    }
    let nobody = run(&mut server.tool("ldapwhoami", &server.secure_url()));
    assert_eq!(text(&nobody.stdout), "anonymous\n");
}

#[test]
fn a_wrong_password_and_an_unknown_name_are_told_alike() {
    let folder = loaded();
    let server = folder.serve();
    let bind = |dn: &str, password: &str| {
        run(server
            .tool("ldapwhoami", &server.secure_url())
            .args(["-D", dn, "-w", password]))
    };
    let wrong = bind(ADA, "secret-eve");
    let nobody = bind("uid=eve,ou=people,dc=example,dc=org", "secret-eve");
    let without = bind("uid=grace,ou=people,dc=example,dc=org", "secret-eve");
    let admin = bind(ADMIN, "secret-eve");
    for refused in [&wrong, &nobody, &without, &admin] {
        assert_eq!(code(refused), Some(49), "{refused:?}");
        assert_eq!(refused.stderr, wrong.stderr);
    }
}

#[test]
fn a_name_with_an_empty_password_is_refused() {
    let folder = loaded();
    let server = folder.serve();
    let who = run(server
        .tool("ldapwhoami", &server.secure_url())
        .args(["-D", ADA, "-w", ""]));
    assert_eq!(code(&who), Some(53), "{who:?}");
}

#[test]
fn a_password_without_tls_is_refused_unless_allowed() {
    let folder = Folder::strict();
    folder.load(TREE);
    let server = folder.serve();
    let whoami = |flags: &[&str], password: &str| {
        run(server
            .tool("ldapwhoami", &server.url())
            .args(flags)
            .args(["-D", ADA, "-w", password]))
    };
    assert_eq!(code(&whoami(&[], "secret-ada")), Some(13));
    assert_eq!(code(&whoami(&[], "wrong")), Some(13));
    assert_eq!(code(&whoami(&["-ZZ"], "secret-ada")), Some(0));
}

#[test]
fn nobody_reads_the_root_dse_and_the_schema_and_no_people() {
    let folder = loaded();
    let server = folder.serve();
    let anonymous = || server.tool("ldapsearch", &server.url());
    let root = search(anonymous(), &["-s", "base", "-b", "", "*", "+"]);
    let out = text(&root.stdout);
    for line in [
        "namingContexts: dc=example,dc=org",
        "supportedLDAPVersion: 3",
        "supportedExtension: 1.3.6.1.4.1.1466.20037",
        "supportedExtension: 1.3.6.1.4.1.4203.1.11.3",
    ] {
        assert!(out.lines().any(|found| found == line), "{line}\n{out}");
    }
    let at = out
        .lines()
        .find_map(|line| line.strip_prefix("subschemaSubentry: "))
        .unwrap();
    let schema = search(anonymous(), &["-s", "base", "-b", at, "attributeTypes"]);
    assert!(text(&schema.stdout).contains("NAME 'member'"), "{schema:?}");

    let people = search(anonymous(), &["-b", SUFFIX, "(objectClass=*)"]);
    assert!(found(&people).is_empty(), "{people:?}");
    let guess = search(anonymous(), &["-b", ADA, "(userPassword=*)"]);
    assert!(found(&guess).is_empty(), "{guess:?}");
}

#[test]
fn a_user_sees_people_and_no_passwords() {
    let folder = loaded();
    let server = folder.serve();
    let own = search(as_ada(&server, "ldapsearch"), &["-b", ADA, "*", "+"]);
    let out = text(&own.stdout);
    assert!(out.contains("mail: ada@example.org\n"), "{own:?}");
    assert!(out.contains("\nentryUUID: "), "{own:?}");
    assert!(!out.to_lowercase().contains("userpassword"), "{own:?}");
    let guess = search(
        as_ada(&server, "ldapsearch"),
        &["-b", SUFFIX, "(userPassword=*)"],
    );
    assert!(found(&guess).is_empty(), "{guess:?}");
}

#[test]
fn a_scope_bounds_a_search() {
    let folder = loaded();
    let server = folder.serve();
    let people = "ou=people,dc=example,dc=org";
    for (scope, expected) in [
        ("base", &["ou=people"][..]),
        ("one", &["uid=ada", "uid=grace", "uid=zoe"]),
        ("sub", &["ou=people", "uid=ada", "uid=grace", "uid=zoe"]),
        ("children", &["uid=ada", "uid=grace", "uid=zoe"]),
    ] {
        let arguments = ["-b", people, "-s", scope, "(objectClass=*)", "1.1"];
        let output = search(as_ada(&server, "ldapsearch"), &arguments);
        assert_eq!(code(&output), Some(0));
        assert_eq!(found(&output), expected, "{scope}");
    }
    let missing = search(
        as_ada(&server, "ldapsearch"),
        &["-b", "uid=eve,ou=people,dc=example,dc=org"],
    );
    assert_eq!(code(&missing), Some(32));
    assert!(text(&missing.stdout).is_empty());
    assert!(
        format!("{}{}", text(&missing.stderr), text(&missing.stdout)).contains(people),
        "the nearest entry is named: {missing:?}"
    );
}

#[test]
fn filters_find_what_they_say() {
    let folder = loaded();
    let server = folder.serve();
    for (filter, expected) in [
        ("(uid=ada)", &["uid=ada"][..]),
        ("(UID=ADA)", &["uid=ada"]),
        ("(userid=ada)", &["uid=ada"]),
        ("(cn=ada  byron)", &["uid=ada"]),
        ("(cn=Zo\u{eb} Faubert)", &["uid=zoe"]),
        ("(cn=Zo\\c3\\ab*)", &["uid=zoe"]),
        ("(cn=amazing \\28grace\\29)", &["uid=grace"]),
        ("(name=staff)", &["cn=staff"]),
        ("(mail=*@example.org)", &["uid=ada", "uid=grace"]),
        ("(cn=*a*y*)", &["uid=ada", "uid=grace"]),
        ("(uidNumber>=2001)", &["uid=ada"]),
        ("(uidNumber>=2002)", &[]),
        ("(uidNumber<=2001)", &["uid=ada"]),
        ("(&(objectClass=person)(!(mail=*)))", &["uid=zoe"]),
        ("(|(uid=zoe)(employeeNumber=7))", &["uid=grace", "uid=zoe"]),
        (
            "(memberOf=cn=staff,ou=groups,dc=example,dc=org)",
            &["uid=ada", "uid=grace"],
        ),
        (
            "(member=UID=ada, OU=people,dc=example,dc=org)",
            &["cn=staff"],
        ),
        ("(cn:caseExactMatch:=Ada Byron)", &["uid=ada"]),
        ("(cn:caseExactMatch:=ada byron)", &[]),
        (
            "(ou:dn:=people)",
            &["ou=people", "uid=ada", "uid=grace", "uid=zoe"],
        ),
        ("(noSuchAttribute=x)", &[]),
        ("(!(noSuchAttribute=x))", &[]),
        ("(uidNumber=ada)", &[]),
        (
            "(&)",
            &[
                "cn=staff",
                "dc=example",
                "ou=groups",
                "ou=people",
                "uid=ada",
                "uid=grace",
                "uid=zoe",
            ],
        ),
        ("(|)", &[]),
    ] {
        let arguments = ["-b", SUFFIX, filter, "1.1"];
        let output = search(as_ada(&server, "ldapsearch"), &arguments);
        assert_eq!(code(&output), Some(0), "{filter} {output:?}");
        assert_eq!(found(&output), expected, "{filter}");
    }
}

#[test]
fn a_size_limit_gives_so_many_and_says_so() {
    let folder = loaded();
    let server = folder.serve();
    let two = search(
        as_ada(&server, "ldapsearch"),
        &["-b", SUFFIX, "-z", "2", "(objectClass=*)", "1.1"],
    );
    assert_eq!(code(&two), Some(4), "{two:?}");
    assert_eq!(found(&two).len(), 2);
    let exact = search(
        as_ada(&server, "ldapsearch"),
        &["-b", SUFFIX, "-z", "3", "(objectClass=person)", "1.1"],
    );
    assert_eq!(code(&exact), Some(0), "{exact:?}");
    assert_eq!(found(&exact).len(), 3);
}

#[test]
fn a_selection_says_which_attributes_come() {
    let folder = loaded();
    let server = folder.serve();
    let grace = "uid=grace,ou=people,dc=example,dc=org";
    let lines = |arguments: &[&str]| {
        let base = [&["-b", grace, "-s", "base"][..], arguments].concat();
        let output = search(as_ada(&server, "ldapsearch"), &base);
        assert_eq!(code(&output), Some(0), "{output:?}");
        let out = text(&output.stdout);
        let mut lines: Vec<_> = out
            .lines()
            .skip(1)
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&["1.1"]), [""; 0]);
    assert_eq!(lines(&["mail"]), ["mail: grace@example.org"]);
    assert_eq!(
        lines(&["-A", "mail", "employeeNumber"]),
        ["employeeNumber:", "mail:"]
    );
    assert_eq!(
        lines(&["memberOf"]),
        ["memberOf: cn=staff,ou=groups,dc=example,dc=org"]
    );
    assert_eq!(lines(&["noSuchAttribute"]), [""; 0]);
    let kinds = |arguments: &[&str]| {
        let mut kinds: Vec<_> = lines(arguments)
            .iter()
            .map(|line| line.split(':').next().unwrap().to_owned())
            .collect();
        kinds.dedup();
        kinds
    };
    let user = ["cn", "employeeNumber", "mail", "objectClass", "sn", "uid"];
    assert_eq!(kinds(&["*"]), user);
    assert_eq!(kinds(&[]), user);
    let operational = kinds(&["+"]);
    assert!(operational.contains(&"entryUUID".to_owned()));
    assert!(operational.contains(&"modifyTimestamp".to_owned()));
    assert!(
        user.iter()
            .all(|kind| !operational.contains(&(*kind).to_owned()))
    );
}

#[test]
fn an_alias_that_names_nothing_is_a_problem_for_those_who_see_it() {
    let folder = Folder::new();
    let alias = |cn: &str, target: &str| {
        format!(
            "\ndn: cn={cn},{SUFFIX}\nobjectClass: alias\nobjectClass: extensibleObject\ncn: {cn}\n\
             aliasedObjectName: {target},{SUFFIX}\n"
        )
    };
    let aliases = [
        alias("people", "ou=people"),
        alias("gone", "cn=nothing"),
        alias("circle", "cn=circle"),
    ];
    folder.load(&(TREE.to_owned() + &aliases.concat()));
    let server = folder.serve();
    let below = |client: Command, base: &str| {
        let base = format!("{base},{SUFFIX}");
        search(client, &["-a", "find", "-s", "base", "-b", &base, "1.1"])
    };
    for (base, expected) in [
        ("cn=people", 0),
        ("uid=ada,cn=people", 0),
        ("uid=eve,cn=people", 32),
        ("cn=gone", 33),
        ("uid=ada,cn=gone", 33),
        ("cn=circle", 33),
    ] {
        let output = below(as_ada(&server, "ldapsearch"), base);
        assert_eq!(code(&output), Some(expected), "{base}: {output:?}");
        let output = below(server.tool("ldapsearch", &server.url()), base);
        assert_eq!(code(&output), Some(32), "{base}: {output:?}");
    }
}

#[test]
fn changes_last_over_a_stop_that_ends_with_0() {
    let folder = loaded();
    let server = folder.serve();
    let file = folder.path("changes.ldif");
    let change = |tool: &str, ldif: &str| {
        fs::write(&file, ldif).unwrap();
        run(as_admin(&server, tool).arg("-f").arg(&file))
    };
    let added = change(
        "ldapadd",
        "dn: uid=ken,ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: ken\n\
         cn: Ken\nsn: Thompson\n",
    );
    assert_eq!(code(&added), Some(0), "{added:?}");
    let modified = change(
        "ldapmodify",
        "dn: uid=ken,ou=people,dc=example,dc=org\nchangetype: modify\nreplace: cn\ncn: Ken T\n-\n\
         add: mail\nmail: ken@example.org\n-\n\n\
         dn: uid=zoe,ou=people,dc=example,dc=org\nchangetype: delete\n\n\
         dn: uid=grace,ou=people,dc=example,dc=org\nchangetype: modrdn\nnewrdn: uid=hopper\n\
         deleteoldrdn: 1\n",
    );
    assert_eq!(code(&modified), Some(0), "{modified:?}");
    let again = change(
        "ldapadd",
        "dn: uid=ken,ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: ken\ncn: K\nsn: T\n",
    );
    assert_eq!(code(&again), Some(68), "{again:?}");
    fs::write(
        &file,
        "dn: uid=ken,ou=people,dc=example,dc=org\nchangetype: delete\n",
    )
    .unwrap();
    let forbidden = run(as_ada(&server, "ldapmodify").arg("-f").arg(&file));
    assert_eq!(code(&forbidden), Some(50), "{forbidden:?}");
    assert_eq!(server.stop().code(), Some(0));

    let server = folder.serve();
    let people = search(
        as_ada(&server, "ldapsearch"),
        &["-b", SUFFIX, "(objectClass=person)", "cn", "mail"],
    );
    assert_eq!(found(&people), ["uid=ada", "uid=hopper", "uid=ken"]);
    let out = text(&people.stdout);
    assert!(out.contains("cn: Ken T\n") && out.contains("mail: ken@example.org\n"));
    let staff = search(
        as_ada(&server, "ldapsearch"),
        &["-b", SUFFIX, "(cn=staff)", "member"],
    );
    assert!(text(&staff.stdout).contains("member: uid=hopper,ou=people,dc=example,dc=org\n"));
}

#[test]
fn an_import_with_a_mistake_names_its_line_and_changes_nothing() {
    let folder = loaded();
    let before = folder.export();
    let wrong = folder.import(
        "dn: uid=ken,ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: ken\ncn: Ken\n\
         sn: Thompson\n\n\
         dn: uid=eve,ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: eve\ncn: Eve\n",
    );
    assert_eq!(code(&wrong), Some(1));
    let said = text(&wrong.stderr);
    assert!(
        said.contains("line 7") && said.contains("uid=eve"),
        "{said}"
    );
    let broken = folder.import("dn: uid=ken,ou=people,dc=example,dc=org\nthis is no attribute\n");
    assert_eq!(code(&broken), Some(1));
    assert!(text(&broken.stderr).contains("line 2"), "{broken:?}");
    assert_eq!(folder.export(), before);
}

#[test]
fn an_export_makes_the_same_directory_elsewhere() {
    let first = loaded();
    let exported = first.export();
    assert!(exported.contains("dn: uid=grace,ou=people,dc=example,dc=org\n"));
    let second = Folder::new();
    second.load(&exported);
    assert_eq!(second.export(), exported);
    let server = second.serve();
    let who = run(&mut as_ada(&server, "ldapwhoami"));
    assert_eq!(code(&who), Some(0), "{who:?}");
}
