//! Aliases over the wire (RFC 4511 section 4.5.1.3), and searches that are given up on the way.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod client;
mod server;

use std::fmt::Write as _;

use client::{
    Client, SEARCH_DONE, SEARCH_ENTRY, UNBIND, abandon, element, message, present, search_asking,
    search_for, sequence,
};
use server::{Folder, SUFFIX};

const NEVER: u8 = 0;
const SEARCHING: u8 = 1;
const FINDING: u8 = 2;
const ALWAYS: u8 = 3;

const BASE: u8 = 0;
const ONE: u8 = 1;
const SUBTREE: u8 = 2;
const CHILDREN: u8 = 3;

const NO_SUCH_OBJECT: u8 = 32;
const ALIAS_PROBLEM: u8 = 33;

/// People in one place, aliases to them in another; aliases that lead nowhere, in circles and to one another.
const TREE: &str = "\
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: uid=ada,ou=people,dc=example,dc=org
objectClass: account
uid: ada

dn: uid=bob,ou=people,dc=example,dc=org
objectClass: account
uid: bob

dn: ou=aliases,dc=example,dc=org
objectClass: organizationalUnit
ou: aliases

dn: uid=one,ou=aliases,dc=example,dc=org
objectClass: alias
objectClass: extensibleObject
uid: one
aliasedObjectName: uid=ada,ou=people,dc=example,dc=org

dn: uid=two,ou=aliases,dc=example,dc=org
objectClass: alias
objectClass: extensibleObject
uid: two
aliasedObjectName: uid=one,ou=aliases,dc=example,dc=org

dn: ou=folk,dc=example,dc=org
objectClass: alias
objectClass: extensibleObject
ou: folk
aliasedObjectName: ou=people,dc=example,dc=org

dn: ou=broken,dc=example,dc=org
objectClass: organizationalUnit
ou: broken

dn: uid=nowhere,ou=broken,dc=example,dc=org
objectClass: alias
objectClass: extensibleObject
uid: nowhere
aliasedObjectName: uid=nobody,ou=people,dc=example,dc=org

dn: uid=left,ou=broken,dc=example,dc=org
objectClass: alias
objectClass: extensibleObject
uid: left
aliasedObjectName: uid=right,ou=broken,dc=example,dc=org

dn: uid=right,ou=broken,dc=example,dc=org
objectClass: alias
objectClass: extensibleObject
uid: right
aliasedObjectName: uid=left,ou=broken,dc=example,dc=org

dn: uid=self,ou=broken,dc=example,dc=org
objectClass: alias
objectClass: extensibleObject
uid: self
aliasedObjectName: uid=self,ou=broken,dc=example,dc=org

dn: uid=up,ou=broken,dc=example,dc=org
objectClass: alias
objectClass: extensibleObject
uid: up
aliasedObjectName: dc=example,dc=org
";

fn search(base: &str, scope: u8, dereference: u8) -> Vec<u8> {
    sequence(
        0x63,
        &[
            &element(0x04, base.as_bytes()),
            &[0x0a, 1, scope, 0x0a, 1, dereference],
            &[2, 1, 0, 2, 1, 0, 1, 1, 0],
            &present("uid"),
            &sequence(0x30, &[&element(0x04, b"1.1")]),
        ],
    )
}

/// What comes before the suffix in the names found, and the code.
fn found(client: &mut Client, base: &str, scope: u8, dereference: u8) -> (Vec<String>, u8) {
    let (names, code) = client.names(2, &search(&within(base), scope, dereference));
    let below = format!(",{SUFFIX}");
    let names = names
        .into_iter()
        .map(|name| name.strip_suffix(&below).unwrap_or(&name).to_owned())
        .collect();
    (names, code)
}

fn within(name: &str) -> String {
    if name.is_empty() {
        SUFFIX.to_owned()
    } else {
        format!("{name},{SUFFIX}")
    }
}

const ADA: &str = "uid=ada,ou=people";
const BOB: &str = "uid=bob,ou=people";
const ONE_ALIAS: &str = "uid=one,ou=aliases";
const TWO_ALIAS: &str = "uid=two,ou=aliases";

#[test]
fn each_way_of_dereferencing_finds_what_it_should() {
    let folder = Folder::new();
    folder.load(TREE);
    let server = folder.serve();
    let mut client = Client::bound(&server);
    let cases: [(&str, u8, u8, &[&str]); 18] = [
        // The base is an alias, or is reached through one.
        (ONE_ALIAS, BASE, NEVER, &[ONE_ALIAS]),
        (ONE_ALIAS, BASE, SEARCHING, &[ONE_ALIAS]),
        (ONE_ALIAS, BASE, FINDING, &[ADA]),
        (ONE_ALIAS, BASE, ALWAYS, &[ADA]),
        (TWO_ALIAS, BASE, FINDING, &[ADA]),
        ("ou=folk", SUBTREE, NEVER, &[]),
        ("ou=folk", SUBTREE, FINDING, &[ADA, BOB]),
        ("ou=folk", ONE, ALWAYS, &[ADA, BOB]),
        ("uid=bob,ou=folk", BASE, FINDING, &[BOB]),
        // Aliases within the scope.
        ("ou=aliases", ONE, NEVER, &[ONE_ALIAS, TWO_ALIAS]),
        ("ou=aliases", ONE, FINDING, &[ONE_ALIAS, TWO_ALIAS]),
        ("ou=aliases", ONE, SEARCHING, &[ADA]),
        ("ou=aliases", SUBTREE, ALWAYS, &[ADA]),
        ("ou=aliases", CHILDREN, ALWAYS, &[ADA]),
        ("ou=aliases", BASE, ALWAYS, &[]),
        // An alias to what is in the scope anyway gives it once.
        ("", SUBTREE, SEARCHING, &[ADA, BOB]),
        ("", ONE, ALWAYS, &[]),
        // Circles and dead ends are passed over; the one that leads up covers the tree.
        ("ou=broken", SUBTREE, SEARCHING, &[ADA, BOB]),
    ];
    for (base, scope, dereference, expected) in cases {
        let found = found(&mut client, base, scope, dereference);
        let expected = expected.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(found, (expected, 0), "{base} {scope} {dereference}");
    }
}

#[test]
fn a_base_that_is_an_alias_to_nothing_or_in_a_circle_is_an_alias_problem() {
    let folder = Folder::new();
    folder.load(TREE);
    let server = folder.serve();
    let mut client = Client::bound(&server);
    for name in ["left", "right", "self", "nowhere"] {
        let base = format!("uid={name},ou=broken");
        for dereference in [FINDING, ALWAYS] {
            let (names, code) = found(&mut client, &base, SUBTREE, dereference);
            assert!(names.is_empty());
            assert_eq!(code, ALIAS_PROBLEM, "{name} {dereference}");
        }
        // Left alone it is an entry like any other.
        assert_eq!(found(&mut client, &base, BASE, NEVER), (vec![base], 0));
    }
    // Who may not see the alias is told of no problem with it.
    let mut stranger = Client::new(server.ldap);
    let (_, code) = found(&mut stranger, "uid=nowhere,ou=broken", BASE, FINDING);
    assert_eq!(code, NO_SUCH_OBJECT);
    // What is missing below an alias that works is merely missing.
    for base in ["uid=eve,ou=folk", "uid=eve,ou=people"] {
        let (_, code) = found(&mut client, base, BASE, ALWAYS);
        assert_eq!(code, NO_SUCH_OBJECT, "{base}");
    }
    // Without dereferencing there is nothing below an alias.
    let (_, code) = found(&mut client, "uid=bob,ou=folk", BASE, NEVER);
    assert_eq!(code, NO_SUCH_OBJECT);
}

/// RFC 4511 section 4.1.9: the last alias on the way, where it may be seen.
#[test]
fn an_alias_problem_names_the_alias() {
    let folder = Folder::new();
    folder.load(TREE);
    let server = folder.serve();
    let mut client = Client::bound(&server);
    let mut matched = |base: &str| {
        let reply = client.ask(2, &search(&within(base), BASE, ALWAYS));
        assert_eq!(reply.code, Some(ALIAS_PROBLEM));
        let (_, matched) = client::split(&reply.operation);
        String::from_utf8(client::split(matched).0.1.to_vec()).unwrap()
    };
    for (base, alias) in [
        ("uid=nowhere,ou=broken", "uid=nowhere,ou=broken"),
        ("uid=eve,uid=nowhere,ou=broken", "uid=nowhere,ou=broken"),
        ("uid=self,ou=broken", "uid=self,ou=broken"),
    ] {
        assert_eq!(matched(base), within(alias), "{base}");
    }
}

/// Circles of aliases to whole subtrees must not make a search go round.
#[test]
fn a_chain_of_many_aliases_ends() {
    let folder = Folder::new();
    let mut ldif = TREE.to_owned();
    for number in 0..200 {
        let next = (number + 1) % 200;
        let _ = write!(
            ldif,
            "\ndn: ou=c{number},{SUFFIX}\nobjectClass: alias\nobjectClass: extensibleObject\n\
             ou: c{number}\naliasedObjectName: ou=c{next},{SUFFIX}\n",
        );
    }
    folder.load(&ldif);
    let server = folder.serve();
    let mut client = Client::bound(&server);
    let (names, code) = found(&mut client, "", SUBTREE, ALWAYS);
    assert_eq!((names, code), (vec![ADA.to_owned(), BOB.to_owned()], 0));
    let (_, code) = found(&mut client, "ou=c0", BASE, ALWAYS);
    assert_eq!(code, ALIAS_PROBLEM);
}

fn crowd() -> Folder {
    let folder = Folder::new();
    let mut ldif = TREE.to_owned();
    let description = "d".repeat(1_000);
    for number in 0..20_000 {
        let _ = write!(
            ldif,
            "\ndn: uid=a{number},{SUFFIX}\nobjectClass: account\nuid: a{number}\n\
             description: {description}\n",
        );
    }
    folder.load(&ldif);
    folder
}

/// RFC 4511 section 4.11: of what was abandoned nothing comes but what was on its way.
#[test]
fn an_abandoned_search_ends_without_its_answer() {
    let folder = crowd();
    let server = folder.serve();
    let mut client = Client::bound(&server);
    let everything = search_asking(SUFFIX, SUBTREE, &present("uid"), &["*"]);
    for round in 0..10_i16 {
        let (first, next) = (round * 10 + 2, round * 10 + 4);
        client.send(&message(first, &everything));
        assert_eq!(client.reply().tag, SEARCH_ENTRY);
        client.send(&message(first + 1, &abandon(first)));
        client.send(&message(next, &client::search("", BASE)));
        let mut of_the_first = 0;
        loop {
            let reply = client.reply();
            if reply.id == i32::from(first) {
                assert_eq!(reply.tag, SEARCH_ENTRY, "no answer to what was abandoned");
                of_the_first += 1;
                continue;
            }
            assert_eq!(reply.id, i32::from(next));
            if reply.tag == SEARCH_DONE {
                assert_eq!(reply.code, Some(0));
                break;
            }
        }
        // What was on its way: a fraction of the twenty thousand.
        assert!(of_the_first < 15_000, "{of_the_first}");
        // Nothing of it comes later.
        client.expect_service(next + 1);
    }
}

/// RFC 4511 section 4.11: an abandon of what cannot be abandoned, or is not there, is passed over.
#[test]
fn an_abandon_of_others_changes_nothing() {
    let folder = Folder::new();
    folder.load(TREE);
    let server = folder.serve();
    let mut client = Client::bound(&server);
    let add = client::add(
        &within("uid=new"),
        &[("objectClass", "account"), ("uid", "new")],
    );
    client.send(
        &[
            message(2, &add),
            message(3, &abandon(2)),
            message(4, &abandon(77)),
            message(5, &abandon(5)),
            message(6, &abandon(0)),
            message(7, &abandon(-1)),
        ]
        .concat(),
    );
    let reply = client.reply();
    assert_eq!((reply.id, reply.code), (2, Some(0)));
    assert_eq!(
        found(&mut client, "uid=new", BASE, NEVER),
        (vec!["uid=new".to_owned()], 0)
    );
    client.expect_service(8);
}

/// RFC 4511 section 4.2.1: a bind waits for the searches before it, and what came with it is not forgotten.
#[test]
fn what_waits_behind_a_bind_behind_a_long_search_is_done() {
    let folder = crowd();
    let server = folder.serve();
    let mut client = Client::bound(&server);
    client.send(
        &[
            message(2, &search_for(SUFFIX, SUBTREE, &present("uid"))),
            message(3, &client::bind(3, "", b"")),
            message(4, &client::search("", BASE)),
        ]
        .concat(),
    );
    let mut replies = std::iter::repeat_with(|| client.reply());
    let long = replies.find(|reply| reply.tag != SEARCH_ENTRY).unwrap();
    assert_eq!((long.id, long.code), (2, Some(0)));
    let rest: Vec<_> = replies
        .take(3)
        .map(|reply| (reply.id, reply.code))
        .collect();
    assert_eq!(rest, [(3, Some(0)), (4, None), (4, Some(0))]);
}

/// RFC 4511 section 4.3: what is under way ends with the session.
#[test]
fn an_unbind_ends_the_searches_under_way() {
    let folder = crowd();
    let server = folder.serve();
    let mut client = Client::bound(&server);
    let everything = search_for(SUFFIX, SUBTREE, &present("uid"));
    for id in 2..10 {
        client.send(&message(id, &everything));
    }
    client.send(&message(10, &UNBIND));
    // Whatever was on its way comes, whole, and then the end.
    let mut rest = Vec::new();
    std::io::Read::read_to_end(&mut client.0, &mut rest).unwrap();
    let mut rest = &rest[..];
    while !rest.is_empty() {
        let ((tag, _), after) = client::split(rest);
        assert_eq!(tag, 0x30);
        rest = after;
    }
    server.said("closed");
    assert_eq!(server.stop().code(), Some(0));
}
