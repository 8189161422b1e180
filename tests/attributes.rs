//! Attributes as clients name, choose and spell them: options, selectors, filters of every truth, letters beyond ASCII.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use ldap3::{LdapConn, Mod, Scope, SearchEntry};
use server::{ADMIN, Folder, PASSWORD, SUFFIX, Server};

const ADA: &str = "uid=ada,dc=example,dc=org";
const ZOE: &str = "uid=zo\u{eb},dc=example,dc=org";

const TREE: &str = "\
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: uid=ada,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: posixAccount
uid: ada
cn: Ada
cn;lang-de: Ada von Byron
cn;lang-de;lang-en: Ada of Byron
sn: Byron
uidNumber: 2001
gidNumber: 3000
homeDirectory: /home/ada

dn:: dWlkPXpvw6ssZGM9ZXhhbXBsZSxkYz1vcmc=
objectClass: inetOrgPerson
uid:: em/Dqw==
cn:: U3RyYcOfZSDEsHN0YW5idWwg77yh77yi77yj
sn:: Wm/DqyBGYXViZXJ0
";

fn start() -> (Folder, Server, LdapConn) {
    let folder = Folder::new();
    folder.load(TREE);
    let server = folder.serve();
    let mut client = LdapConn::new(&server.url()).unwrap();
    let bound = client.simple_bind(ADMIN, PASSWORD).unwrap();
    bound.success().unwrap();
    (folder, server, client)
}

type Attributes = BTreeMap<String, Vec<String>>;

/// The attributes of one entry that a selection gives; binary ones as base64.
fn read(client: &mut LdapConn, dn: &str, selection: &[&str]) -> Attributes {
    let (mut entries, _) = client
        .search(dn, Scope::Base, "(objectClass=*)", selection)
        .unwrap()
        .success()
        .unwrap();
    let entry = SearchEntry::construct(entries.pop().unwrap());
    let binary = entry.bin_attrs.into_iter().map(|(name, values)| {
        let engine = base64::engine::general_purpose::STANDARD;
        (name, values.iter().map(|v| engine.encode(v)).collect())
    });
    let text = entry.attrs.into_iter();
    text.chain(binary)
        .map(|(name, mut values): (_, Vec<String>)| {
            values.sort();
            (name, values)
        })
        .collect()
}

fn kinds(client: &mut LdapConn, selection: &[&str]) -> Vec<String> {
    read(client, ADA, selection).into_keys().collect()
}

/// The first parts of the names that a filter finds.
fn found(client: &mut LdapConn, filter: &str) -> Vec<String> {
    let (entries, _) = client
        .search(SUFFIX, Scope::Subtree, filter, ["1.1"])
        .unwrap()
        .success()
        .unwrap_or_else(|error| panic!("{filter}: {error}"));
    let mut names: Vec<String> = entries
        .into_iter()
        .map(|entry| SearchEntry::construct(entry).dn)
        .map(|dn| dn.split(',').next().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn set(value: &str) -> HashSet<&str> {
    HashSet::from([value])
}

/// RFC 4512 section 2.5: a description without options stands for those with options, and not the other way round.
#[test]
fn options_narrow_what_a_description_stands_for() {
    let (_folder, _server, mut client) = start();
    for (selection, expected) in [
        ("cn", &["cn", "cn;lang-de", "cn;lang-de;lang-en"][..]),
        ("cn;lang-de", &["cn;lang-de", "cn;lang-de;lang-en"]),
        ("CN;LANG-DE", &["cn;lang-de", "cn;lang-de;lang-en"]),
        ("cn;lang-en;lang-de", &["cn;lang-de;lang-en"]),
        ("name;lang-de", &["cn;lang-de", "cn;lang-de;lang-en"]),
        ("cn;lang-fr", &[]),
    ] {
        assert_eq!(kinds(&mut client, &[selection]), expected, "{selection}");
    }
    for (filter, finds) in [
        ("(cn=ada von byron)", true),
        ("(cn;lang-de=ada von byron)", true),
        ("(cn;lang-de=ada)", false),
        ("(cn;lang-de;lang-en=*)", true),
        ("(cn;lang-fr=*)", false),
        ("(!(cn;lang-fr=*))", true),
        ("(name;lang-de=*of*)", true),
    ] {
        let is_found = found(&mut client, filter).contains(&"uid=ada".to_owned());
        assert_eq!(is_found, finds, "{filter}");
    }
    let changes = vec![
        Mod::Add("cn;lang-de", set("Ada die Erste")),
        Mod::Delete("cn;lang-de;lang-en", HashSet::new()),
        Mod::Replace("description;lang-fr", set("premi\u{e8}re")),
    ];
    client.modify(ADA, changes).unwrap().success().unwrap();
    let read = read(&mut client, ADA, &["cn", "description"]);
    assert_eq!(read["cn"], ["Ada"]);
    assert_eq!(read["cn;lang-de"], ["Ada die Erste", "Ada von Byron"]);
    assert_eq!(read["description;lang-fr"], ["premi\u{e8}re"]);
    assert_eq!(read.len(), 3);
    let compared = client.compare(ADA, "cn;lang-de", "ada DIE erste").unwrap();
    assert!(compared.equal().unwrap());
    let compared = client.compare(ADA, "cn;lang-de", "Ada").unwrap();
    assert!(!compared.equal().unwrap());
}

/// RFC 4522: a certificate goes by `;binary`, asked for and given.
#[test]
fn certificates_go_by_the_binary_option() {
    let (folder, _server, mut client) = start();
    let pem = std::fs::read_to_string(folder.authority()).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD
        .decode(base64)
        .unwrap();
    let values = || HashSet::from([der.clone()]);
    let changes = vec![Mod::Add(b"userCertificate;binary".to_vec(), values())];
    client.modify(ADA, changes).unwrap().success().unwrap();
    for selection in ["userCertificate;binary", "userCertificate", "*"] {
        let read = read(&mut client, ADA, &[selection]);
        assert_eq!(read["userCertificate;binary"].len(), 1, "{selection}");
    }
    assert_eq!(
        found(&mut client, "(userCertificate;binary=*)"),
        ["uid=ada"]
    );
    assert_eq!(found(&mut client, "(userCertificate=*)"), ["uid=ada"]);
    let changes = vec![Mod::Delete(b"userCertificate;binary".to_vec(), values())];
    client.modify(ADA, changes).unwrap().success().unwrap();
    assert!(found(&mut client, "(userCertificate=*)").is_empty());
}

#[test]
fn a_selection_takes_what_it_knows_once() {
    let (_folder, _server, mut client) = start();
    for (selection, expected) in [
        (&["sn", "SN", "surname", "2.5.4.4", "sn"][..], &["sn"][..]),
        (&["1.1"], &[]),
        (&["1.1", "sn"], &["sn"]),
        (&["noSuchAttribute", "sn", ""], &["sn"]),
        (&["noSuchAttribute"], &[]),
        (&["dn", "sn"], &["sn"]),
        (&["dn"], &[]),
        (
            &["@person"],
            &[
                "cn",
                "cn;lang-de",
                "cn;lang-de;lang-en",
                "objectClass",
                "sn",
            ],
        ),
        (&["@noSuchClass", "uid"], &["uid"]),
        (&["@"], &[]),
        (&["sn;", "sn;;x", "*sn", "s n"], &[]),
    ] {
        assert_eq!(kinds(&mut client, selection), expected, "{selection:?}");
    }
    let user = kinds(&mut client, &["*"]);
    assert_eq!(kinds(&mut client, &[]), user);
    assert_eq!(kinds(&mut client, &["*", "sn", "*", "noSuch"]), user);
    let person = kinds(&mut client, &["@inetOrgPerson"]);
    assert!(person.contains(&"uid".to_owned()), "{person:?}");
    assert!(!person.contains(&"uidNumber".to_owned()), "{person:?}");
    let operational = kinds(&mut client, &["+"]);
    assert!(operational.contains(&"entryUUID".to_owned()));
    assert!(operational.iter().all(|name| !user.contains(name)));
    let both = kinds(&mut client, &["+", "*", "entryUUID"]);
    assert_eq!(both.len(), user.len() + operational.len());
}

/// RFC 4511 section 4.5.1.7 and RFC 4526: what is Undefined stays so under `not`, and does no harm beside others.
#[test]
fn filters_are_true_false_or_neither() {
    let (_folder, _server, mut client) = start();
    let everyone = ["dc=example", "uid=ada", "uid=zo\u{eb}"];
    for (filter, expected) in [
        ("(&)", &everyone[..]),
        ("(|)", &[]),
        ("(!(&))", &[]),
        ("(!(|))", &everyone),
        ("(&(uid=ada)(&))", &["uid=ada"]),
        ("(|(uid=ada)(|))", &["uid=ada"]),
        // Values that are not of the syntax.
        ("(uidNumber=ada)", &[]),
        ("(!(uidNumber=ada))", &[]),
        ("(|(uid=ada)(uidNumber=ada))", &["uid=ada"]),
        ("(&(uid=ada)(uidNumber=ada))", &[]),
        ("(&(uid=ada)(!(uidNumber=ada)))", &[]),
        ("(|(uidNumber>=x)(uid=ada))", &["uid=ada"]),
        ("(member=not a name)", &[]),
        ("(!(member=not a name))", &[]),
        ("(|(member=not a name)(uid=ada))", &["uid=ada"]),
        ("(createTimestamp>=yesterday)", &[]),
        ("(!(createTimestamp>=yesterday))", &[]),
        ("(|(entryUUID=x)(uid=ada))", &["uid=ada"]),
        ("(cn=\\ff\\fe)", &[]),
        ("(|(cn=\\ff)(uid=ada))", &["uid=ada"]),
        // Attributes that nobody knows, and `dn`, which is none.
        ("(noSuch=x)", &[]),
        ("(!(noSuch=x))", &[]),
        ("(!(noSuch=*))", &[]),
        ("(&(uid=ada)(!(noSuch=*)))", &[]),
        ("(|(noSuch=a*b)(noSuch>=1)(uid=ada))", &["uid=ada"]),
        ("(dn=uid=ada,dc=example,dc=org)", &[]),
        ("(|(dn=uid=ada,dc=example,dc=org)(uid=ada))", &["uid=ada"]),
        ("(entryDN=UID=ada, dc=example,dc=org)", &["uid=ada"]),
        // Rules that do not exist or do not fit.
        ("(cn:noSuchMatch:=ada)", &[]),
        ("(!(cn:noSuchMatch:=ada))", &[]),
        ("(cn:integerMatch:=1)", &[]),
        // Known, and absent.
        ("(!(mail=*))", &everyone),
        ("(!(mail=ada@example.org))", &everyone),
    ] {
        assert_eq!(found(&mut client, filter), expected, "{filter}");
    }
}

/// RFC 4518: what looks the same is the same, whoever typed it.
#[test]
fn letters_beyond_ascii_are_found_in_every_form() {
    let (_folder, _server, mut client) = start();
    for filter in [
        "(uid=zo\u{eb})",
        "(uid=ZO\u{cb})",
        // A letter and a combining mark.
        "(uid=zoe\u{308})",
        "(uid=ZOE\u{308})",
        "(sn=zo\u{eb}  faubert)",
        "(sn=ZOE\u{308}*)",
        "(sn=*\u{eb} fau*)",
        // Sharp s folds to two letters, in either case of them.
        "(cn=strasse *)",
        "(cn=STRA\u{df}E*)",
        "(cn=STRASSE*)",
        "(cn=*\u{130}stanbul*)",
        // Full width letters are letters.
        "(cn=*abc)",
        "(cn=*\u{ff21}\u{ff42}\u{ff23})",
        // A soft hyphen and a zero width space are nothing.
        "(sn=Zo\u{ad}\u{eb} Fau\u{200b}bert)",
        // A no-break space is a space.
        "(sn=Zo\u{eb}\u{a0}Faubert)",
    ] {
        assert_eq!(found(&mut client, filter), ["uid=zo\u{eb}"], "{filter}");
    }
    for filter in ["(uid=zoe)", "(sn=zoe faubert)", "(cn=*stra\u{17f} *)"] {
        assert!(found(&mut client, filter).is_empty(), "{filter}");
    }
    for dn in [
        ZOE,
        "UID=ZO\u{cb}, DC=Example,DC=ORG",
        "uid=zoe\u{308},dc=example,dc=org",
        "uid=zo\\c3\\ab,dc=example,dc=org",
        "uid=#04047a6fc3ab,dc=example,dc=org",
    ] {
        let read = read(&mut client, dn, &["sn"]);
        assert_eq!(read["sn"], ["Zo\u{eb} Faubert"], "{dn}");
    }
    // Such a name is taken once, whatever its form.
    let attributes = || vec![("objectClass", set("account")), ("uid", set("zoe\u{308}"))];
    let again = client.add("uid=zoe\u{308},dc=example,dc=org", attributes());
    assert_eq!(again.unwrap().rc, 68);
    let changes = vec![Mod::Add("sn", set("ZOE\u{308} faubert"))];
    assert_eq!(client.modify(ZOE, changes).unwrap().rc, 20);
}
