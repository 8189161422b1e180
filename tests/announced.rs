//! What the root DSE announces: each identifier is asked for and does what it stands for, and none is announced that is
//! not asked for here.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod authority;
mod client;
mod server;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use authority::{secured, trusting};
use client::{
    BIND_RESPONSE, CANCEL, Client, EXTENDED_RESPONSE, PASSWORD_MODIFY, SEARCH_DONE, START_TLS,
    WHO_AM_I, cancel, element, equal, extended, extended_with, message, present, sasl,
    search_asking, sequence,
};
use ldap3::controls::RawControl;
use ldap3::{LdapConn, LdapResult, Mod, Scope, SearchEntry};
use server::{ADMIN, Folder, PASSWORD, PATIENCE, SUFFIX, Server};

const ADA: &str = "uid=ada,dc=example,dc=org";
const ELSEWHERE: &str = "ou=elsewhere,dc=example,dc=org";
const TEAM: &str = "ou=team,dc=example,dc=org";
const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
const SORT: &str = "1.2.840.113556.1.4.473";
const MANAGE_DSA_IT: &str = "2.16.840.1.113730.3.4.2";

const TREE: &str = "\
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: uid=ada,dc=example,dc=org
objectClass: inetOrgPerson
uid: ada
cn: Ada
cn;lang-en: Countess
sn: Byron
mail: ada@example.org
mail: ada@example.net
employeeNumber: 9
userPassword: secret-ada

dn: uid=bob,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: posixAccount
uid: bob
cn: Bob
sn: Babbage
uidNumber: 5
gidNumber: 5
homeDirectory: /home/bob

dn: ou=policies,dc=example,dc=org
objectClass: organizationalUnit
ou: policies

dn: cn=default,ou=policies,dc=example,dc=org
objectClass: applicationProcess
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdMustChange: TRUE

dn: cn=rules,dc=example,dc=org
objectClass: subentry
objectClass: extensibleObject
cn: rules
subtreeSpecification: {}

dn: ou=elsewhere,dc=example,dc=org
objectClass: referral
objectClass: extensibleObject
ou: elsewhere
ref: ldap://other.example.org/ou=elsewhere,dc=example,dc=org

dn: ou=team,dc=example,dc=org
objectClass: organizationalUnit
ou: team

dn: ou=part,ou=team,dc=example,dc=org
objectClass: organizationalUnit
ou: part
";

/// Makes use of one identifier, of a server of its own.
type Exercise = fn(&Folder, &Server);

/// Under each attribute of the root DSE, what is announced there and how it is used.
const ANNOUNCED: [(&str, &[(&str, Exercise)]); 5] = [
    ("supportedControl", CONTROLS),
    (
        "supportedExtension",
        &[
            (START_TLS, start_tls),
            (WHO_AM_I, who_am_i),
            (PASSWORD_MODIFY, password_modify),
            (CANCEL, cancel_of_nothing),
        ],
    ),
    ("supportedFeatures", FEATURES),
    (
        "supportedSASLMechanisms",
        &[("PLAIN", plain), ("EXTERNAL", external)],
    ),
    ("supportedLDAPVersion", &[("3", version_3_alone)]),
];

const CONTROLS: &[(&str, Exercise)] = &[
    (PAGED_RESULTS, paged_results),
    ("1.2.840.113556.1.4.1339", domain_scope),
    (SORT, sort),
    ("1.2.826.0.1.3344810.2.3", matched_values),
    ("1.3.6.1.1.22", dont_use_copy),
    ("1.3.6.1.4.1.4203.1.10.1", subentries),
    ("1.3.6.1.4.1.42.2.27.8.5.1", password_policy),
    ("2.16.840.1.113730.3.4.9", list_view),
    (MANAGE_DSA_IT, manage_dsa_it),
    ("2.16.840.1.113730.3.4.18", proxied_authorization),
    ("1.3.6.1.1.12", assertion),
    ("1.3.6.1.1.13.1", |_, server| {
        read_entry(server, "1.3.6.1.1.13.1", b"before")
    }),
    ("1.3.6.1.1.13.2", |_, server| {
        read_entry(server, "1.3.6.1.1.13.2", b"after")
    }),
    ("1.2.840.113556.1.4.805", tree_delete),
    ("1.3.6.1.4.1.4203.1.10.2", |_, server| {
        no_op(server, "1.3.6.1.4.1.4203.1.10.2")
    }),
    ("1.3.6.1.4.1.4203.666.5.2", |_, server| {
        no_op(server, "1.3.6.1.4.1.4203.666.5.2")
    }),
    ("1.3.6.1.4.1.4203.666.5.12", relax_rules),
];

const FEATURES: &[(&str, Exercise)] = &[
    ("1.3.6.1.4.1.4203.1.5.1", all_operational_attributes),
    ("1.3.6.1.4.1.4203.1.5.2", attributes_of_a_class),
    ("1.3.6.1.4.1.4203.1.5.3", true_and_false_filters),
    ("1.3.6.1.4.1.4203.1.5.4", language_tags),
    ("1.3.6.1.1.14", modify_increment),
];

fn start() -> (Folder, Server) {
    let folder = Folder::new();
    folder.load(TREE);
    let server = folder.serve();
    (folder, server)
}

/// A client of the local socket, where all mechanisms are offered.
fn local(folder: &Folder) -> Client<UnixStream> {
    let stream = UnixStream::connect(folder.path("data/ldapi")).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    Client(stream)
}

/// The values of the root DSE's attributes that say what is supported.
fn announced<S: Read + Write>(client: &mut Client<S>) -> BTreeMap<String, BTreeSet<String>> {
    let asking = search_asking("", 0, &present("objectClass"), &["*", "+"]);
    client.send(&message(9, &asking));
    let entry = client.reply().operation;
    assert_eq!(client.reply().tag, SEARCH_DONE);
    let (_, attributes) = client::split(&entry);
    let ((_, mut attributes), _) = client::split(attributes);
    let mut found = BTreeMap::new();
    while !attributes.is_empty() {
        let ((_, attribute), rest) = client::split(attributes);
        let ((_, name), set) = client::split(attribute);
        let ((_, mut set), _) = client::split(set);
        let mut values = BTreeSet::new();
        while !set.is_empty() {
            let ((_, value), others) = client::split(set);
            values.insert(String::from_utf8(value.to_vec()).unwrap());
            set = others;
        }
        let name = String::from_utf8(name.to_vec()).unwrap();
        if name.starts_with("supported") {
            found.insert(name, values);
        }
        attributes = rest;
    }
    found
}

#[test]
fn what_is_announced_is_what_is_asked_for_here() {
    let (folder, _server) = start();
    let expected = ANNOUNCED.map(|(attribute, list)| {
        let values = list.iter().map(|(identifier, _)| (*identifier).to_owned());
        (attribute.to_owned(), values.collect())
    });
    assert_eq!(announced(&mut local(&folder)), BTreeMap::from(expected));
}

#[test]
fn every_control_does_what_it_stands_for() {
    use_all("supportedControl");
}

#[test]
fn every_extension_feature_and_mechanism_does_what_it_stands_for() {
    for (attribute, _) in &ANNOUNCED[1..] {
        use_all(attribute);
    }
}

#[test]
fn a_mechanism_that_would_be_refused_is_not_announced() {
    let folder = Folder::strict();
    folder.load(TREE);
    let server = folder.serve();
    let root = announced(&mut Client::new(server.ldap));
    assert!(!root.contains_key("supportedSASLMechanisms"), "{root:?}");
}

/// Each changes the tree as it likes: the next one finds what it left.
fn use_all(attribute: &str) {
    let (folder, server) = start();
    let (_, list) = ANNOUNCED
        .iter()
        .find(|(name, _)| *name == attribute)
        .unwrap();
    for (identifier, exercise) in *list {
        println!("{attribute} {identifier}");
        exercise(&folder, &server);
    }
}

fn control(oid: &str, value: Option<Vec<u8>>) -> RawControl {
    RawControl {
        ctype: oid.to_owned(),
        crit: true,
        val: value,
    }
}

fn one(value: &str) -> HashSet<&str> {
    HashSet::from([value])
}

/// The administrator's connection, its next request with a control.
fn with(server: &Server, controls: Vec<RawControl>) -> LdapConn {
    let mut client = server.administrator();
    client.with_controls(controls);
    client
}

fn found(client: &mut LdapConn, filter: &str, asked: &[&str]) -> (Vec<SearchEntry>, LdapResult) {
    let found = client
        .search(SUFFIX, Scope::Subtree, filter, asked)
        .unwrap();
    assert_eq!(found.1.rc, 0, "{filter}: {}", found.1);
    let entries = found.0.into_iter().map(SearchEntry::construct);
    (entries.collect(), found.1)
}

/// The names that a filter finds, and the response control of an identifier.
fn names(client: &mut LdapConn, filter: &str, response: &str) -> (Vec<String>, Option<Vec<u8>>) {
    let (entries, result) = found(client, filter, &["1.1"]);
    let value = response_of(&result, response);
    (entries.into_iter().map(|entry| entry.dn).collect(), value)
}

fn response_of(result: &LdapResult, oid: &str) -> Option<Vec<u8>> {
    let control = result.ctrls.iter().find(|control| control.1.ctype == oid)?;
    Some(control.1.val.clone().unwrap_or_default())
}

fn read(server: &Server, dn: &str, attribute: &str) -> Option<Vec<String>> {
    let mut client = server.administrator();
    let found = client.search(dn, Scope::Base, "(objectClass=*)", [attribute]);
    let entry = found.unwrap().0.into_iter().next()?;
    SearchEntry::construct(entry).attrs.remove(attribute)
}

fn paged_results(_: &Folder, server: &Server) {
    let size = sequence(0x30, &[&[2, 1, 1], &[4, 0]]);
    let mut client = with(server, vec![control(PAGED_RESULTS, Some(size))]);
    let (names, response) = names(&mut client, "(uid=*)", PAGED_RESULTS);
    assert_eq!(names.len(), 1);
    assert!(response.unwrap().len() > 10, "a cookie");
}

fn domain_scope(_: &Folder, server: &Server) {
    let (_, result) = found(&mut server.administrator(), "(uid=ada)", &["1.1"]);
    assert_eq!(result.refs.len(), 1, "{result}");
    let mut client = with(server, vec![control("1.2.840.113556.1.4.1339", None)]);
    assert!(found(&mut client, "(uid=ada)", &["1.1"]).1.refs.is_empty());
}

/// By descending uid.
fn sorting() -> RawControl {
    let key = sequence(0x30, &[&element(0x04, b"uid"), &element(0x81, &[0xff])]);
    control(SORT, Some(element(0x30, &key)))
}

fn sort(_: &Folder, server: &Server) {
    let mut client = with(server, vec![sorting()]);
    let (names, response) = names(&mut client, "(uid=*)", "1.2.840.113556.1.4.474");
    assert_eq!(names, ["uid=bob,dc=example,dc=org", ADA]);
    assert_eq!(response.unwrap(), [0x30, 3, 0x0a, 1, 0]);
}

fn matched_values(_: &Folder, server: &Server) {
    let items = element(0x30, &equal("mail", b"ADA@example.net"));
    let mut client = with(
        server,
        vec![control("1.2.826.0.1.3344810.2.3", Some(items))],
    );
    let (entries, _) = found(&mut client, "(uid=ada)", &["mail"]);
    assert_eq!(entries[0].attrs["mail"], ["ada@example.net"]);
}

fn dont_use_copy(_: &Folder, server: &Server) {
    let mut client = with(server, vec![control("1.3.6.1.1.22", None)]);
    assert_eq!(names(&mut client, "(uid=ada)", "").0, [ADA]);
}

fn subentries(_: &Folder, server: &Server) {
    let visible = control("1.3.6.1.4.1.4203.1.10.1", Some(vec![1, 1, 0xff]));
    let (names, _) = names(&mut with(server, vec![visible]), "(objectClass=*)", "");
    assert_eq!(names, ["cn=rules,dc=example,dc=org"]);
}

fn password_policy(_: &Folder, server: &Server) {
    let given = vec![Mod::Replace("userPassword", one("given by another"))];
    assert_eq!(server.administrator().modify(ADA, given).unwrap().rc, 0);
    let oid = "1.3.6.1.4.1.42.2.27.8.5.1";
    let mut client = server.bound("", "");
    client.with_controls(vec![control(oid, None)]);
    let result = client.simple_bind(ADA, "given by another").unwrap();
    // changeAfterReset
    assert_eq!(response_of(&result, oid).unwrap(), [0x30, 3, 0x81, 1, 2]);
}

fn list_view(_: &Folder, server: &Server) {
    let second = element(0xa0, &[2, 1, 2, 2, 1, 0]);
    let window = sequence(0x30, &[&[2, 1, 0, 2, 1, 0], &second]);
    let window = control("2.16.840.1.113730.3.4.9", Some(window));
    let mut client = with(server, vec![sorting(), window]);
    let (names, response) = names(&mut client, "(uid=*)", "2.16.840.1.113730.3.4.10");
    assert_eq!(names, [ADA]);
    assert_eq!(response.unwrap()[2..8], [2, 1, 2, 2, 1, 2]);
}

fn manage_dsa_it(_: &Folder, server: &Server) {
    assert_eq!(server.administrator().delete(ELSEWHERE).unwrap().rc, 10);
    let mut client = with(server, vec![control(MANAGE_DSA_IT, None)]);
    assert_eq!(client.delete(ELSEWHERE).unwrap().rc, 0);
}

fn proxied_authorization(_: &Folder, server: &Server) {
    let identity = format!("dn:{ADA}").into_bytes();
    let proxy = control("2.16.840.1.113730.3.4.18", Some(identity.clone()));
    let mut client = with(server, vec![proxy]);
    let (answer, _) = client
        .extended(ldap3::exop::WhoAmI)
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(answer.val.unwrap(), identity);
}

fn assertion(_: &Folder, server: &Server) {
    for (value, code) in [("bob", 122), ("ada", 6)] {
        let filter = equal("uid", value.as_bytes());
        let mut client = with(server, vec![control("1.3.6.1.1.12", Some(filter))]);
        assert_eq!(client.compare(ADA, "sn", "byron").unwrap().0.rc, code);
    }
}

fn read_entry(server: &Server, oid: &str, expected: &[u8]) {
    let mut client = server.administrator();
    let mut describe = |text, controls| {
        let change = vec![Mod::Replace("description", one(text))];
        client.with_controls(controls).modify(ADA, change).unwrap()
    };
    assert_eq!(describe("before", vec![]).rc, 0);
    let selection = element(0x30, &element(0x04, b"description"));
    let result = describe("after", vec![control(oid, Some(selection))]);
    let entry = response_of(&result, oid).unwrap();
    assert!(entry.ends_with(expected), "{entry:x?}");
}

fn tree_delete(_: &Folder, server: &Server) {
    assert_eq!(server.administrator().delete(TEAM).unwrap().rc, 66);
    let mut client = with(server, vec![control("1.2.840.113556.1.4.805", None)]);
    assert_eq!(client.delete(TEAM).unwrap().rc, 0);
    assert_eq!(read(server, TEAM, "ou"), None);
}

fn no_op(server: &Server, oid: &str) {
    let result = with(server, vec![control(oid, None)]).delete(ADA).unwrap();
    assert_eq!(result.rc, 16_654, "{result}");
    assert_eq!(read(server, ADA, "uid").unwrap(), ["ada"]);
}

fn relax_rules(_: &Folder, server: &Server) {
    let dn = "ou=old,dc=example,dc=org";
    let entry = || {
        vec![
            ("objectClass", one("organizationalUnit")),
            ("createTimestamp", one("20000101000000Z")),
        ]
    };
    assert_eq!(server.administrator().add(dn, entry()).unwrap().rc, 19);
    let mut client = with(server, vec![control("1.3.6.1.4.1.4203.666.5.12", None)]);
    assert_eq!(client.add(dn, entry()).unwrap().rc, 0);
    let created = read(server, dn, "createTimestamp").unwrap();
    assert_eq!(created, ["20000101000000Z"]);
}

fn start_tls(folder: &Folder, server: &Server) {
    let authority = fs::read_to_string(folder.authority()).unwrap();
    let mut client = Client::new(server.ldap);
    assert_eq!(client.ask(1, &extended(START_TLS)).code, Some(0));
    secured(client, &trusting(&authority, None)).expect_service(2);
}

fn who_am_i(_: &Folder, server: &Server) {
    let reply = Client::bound(server).ask(2, &extended(WHO_AM_I));
    assert_eq!((reply.tag, reply.code), (EXTENDED_RESPONSE, Some(0)));
    assert!(reply.operation.ends_with(format!("dn:{ADMIN}").as_bytes()));
}

fn password_modify(_: &Folder, server: &Server) {
    let user = element(0x80, ADA.as_bytes());
    let password = element(0x82, b"another secret of hers");
    let value = sequence(0x30, &[&user, &password]);
    let reply = Client::bound(server).ask(2, &extended_with(PASSWORD_MODIFY, &value));
    assert_eq!(reply.code, Some(0));
    Client::new(server.ldap).bind(1, ADA, "another secret of hers");
}

fn cancel_of_nothing(_: &Folder, server: &Server) {
    // noSuchOperation (RFC 3909 section 3)
    assert_eq!(Client::bound(server).ask(3, &cancel(2)).code, Some(119));
}

fn all_operational_attributes(_: &Folder, server: &Server) {
    let (entries, _) = found(&mut server.administrator(), "(uid=ada)", &["+"]);
    let attributes = &entries[0].attrs;
    assert!(attributes.contains_key("entryUUID") && !attributes.contains_key("uid"));
}

fn attributes_of_a_class(_: &Folder, server: &Server) {
    let asked = ["@posixAccount"];
    let (entries, _) = found(&mut server.administrator(), "(uid=bob)", &asked);
    let attributes = &entries[0].attrs;
    assert!(attributes.contains_key("uidNumber") && !attributes.contains_key("sn"));
}

fn true_and_false_filters(_: &Folder, server: &Server) {
    let mut client = server.administrator();
    assert!(names(&mut client, "(|)", "").0.is_empty());
    assert!(names(&mut client, "(&)", "").0.len() > 2);
}

fn language_tags(_: &Folder, server: &Server) {
    let mut client = server.administrator();
    assert_eq!(names(&mut client, "(cn;lang-en=countess)", "").0, [ADA]);
    assert!(names(&mut client, "(cn;lang-de=countess)", "").0.is_empty());
}

fn modify_increment(_: &Folder, server: &Server) {
    let change = vec![Mod::Increment("uidNumber", "7")];
    let bob = "uid=bob,dc=example,dc=org";
    assert_eq!(server.administrator().modify(bob, change).unwrap().rc, 0);
    assert_eq!(read(server, bob, "uidNumber").unwrap(), ["12"]);
}

fn plain(_: &Folder, server: &Server) {
    let credentials = format!("\0{ADMIN}\0{PASSWORD}");
    let reply = Client::new(server.ldap).ask(1, &sasl("PLAIN", Some(credentials.as_bytes())));
    assert_eq!((reply.tag, reply.code), (BIND_RESPONSE, Some(0)));
}

fn external(folder: &Folder, _: &Server) {
    let reply = local(folder).ask(1, &sasl("EXTERNAL", None));
    assert_eq!((reply.tag, reply.code), (BIND_RESPONSE, Some(0)));
}

fn version_3_alone(_: &Folder, server: &Server) {
    let mut client = Client::new(server.ldap);
    for version in [2, 4] {
        let reply = client.ask(1, &client::bind(version, ADMIN, PASSWORD.as_bytes()));
        assert_eq!((reply.tag, reply.code), (BIND_RESPONSE, Some(2)));
    }
    client.bind(2, ADMIN, PASSWORD);
}
