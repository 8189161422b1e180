//! A server killed while it writes: what it acknowledged is there afterwards, whole.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use ldap3::{LdapConn, Scope, SearchEntry};
use server::{ADMIN, Folder, PASSWORD, PATIENCE, SUFFIX, text};

/// How often the server is killed.
const KILLS: usize = 50;

type Attributes = BTreeMap<String, BTreeSet<String>>;

fn name(number: usize) -> String {
    format!("uid=u{number},{SUFFIX}")
}

/// What the entry of a number holds; sizes differ, so that records end anywhere in a block.
fn attributes(number: usize) -> Attributes {
    let several = |values: Vec<String>| values.into_iter().collect::<BTreeSet<_>>();
    let one = |value: String| several(vec![value]);
    BTreeMap::from([
        (
            "objectClass".into(),
            // As they are read: with the classes above the one that matters.
            several(
                ["top", "person", "organizationalPerson", "inetOrgPerson"]
                    .map(String::from)
                    .to_vec(),
            ),
        ),
        ("uid".into(), one(format!("u{number}"))),
        ("cn".into(), one(format!("User {number}"))),
        ("sn".into(), one(format!("Number{number}"))),
        (
            "mail".into(),
            several(
                (0..number % 5 + 1)
                    .map(|mail| format!("u{number}.{mail}@example.org"))
                    .collect(),
            ),
        ),
        (
            "description".into(),
            one("d".repeat(number * 7919 % 9000 + 1)),
        ),
    ])
}

fn connect(url: &str) -> LdapConn {
    let mut client = LdapConn::new(url).unwrap();
    client
        .with_timeout(PATIENCE)
        .simple_bind(ADMIN, PASSWORD)
        .unwrap()
        .success()
        .unwrap();
    client
}

/// Adds entries from a number on until the server is gone; tells each that was acknowledged.
fn add_until_killed(url: &str, from: usize, acknowledged: &Sender<usize>) {
    let mut client = connect(url);
    for number in from.. {
        let attributes = attributes(number)
            .into_iter()
            .map(|(name, values)| (name, values.into_iter().collect::<HashSet<_>>()))
            .collect();
        match client.with_timeout(PATIENCE).add(&name(number), attributes) {
            Err(ldap3::LdapError::Timeout { .. }) => panic!("no answer and no end"),
            Err(_) => return,
            Ok(result) => result.success().unwrap(),
        };
        acknowledged.send(number).unwrap();
    }
}

fn everyone(url: &str) -> BTreeMap<String, Attributes> {
    let (entries, _) = connect(url)
        .with_timeout(PATIENCE)
        .search(SUFFIX, Scope::Subtree, "(uid=*)", vec!["*"])
        .unwrap()
        .success()
        .unwrap();
    let entries = entries.into_iter().map(SearchEntry::construct);
    entries
        .map(|entry| {
            let attributes = entry
                .attrs
                .into_iter()
                .map(|(name, values)| (name, values.into_iter().collect()));
            (entry.dn, attributes.collect())
        })
        .collect()
}

#[test]
fn what_was_acknowledged_outlives_fifty_kills() {
    let folder = Folder::new();
    folder.load(
        "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\n\
         dc: example\no: Example\n",
    );
    let mut expected: BTreeMap<String, Attributes> = BTreeMap::new();
    let mut next = 0;
    for round in 0..=KILLS {
        let server = folder.serve();
        let found = everyone(&server.url());
        for (dn, attributes) in &expected {
            assert_eq!(found.get(dn), Some(attributes), "{dn} before round {round}");
        }
        // The one that was under way at the kill is there whole or not at all, and nothing else is.
        for dn in found.keys().filter(|dn| !expected.contains_key(*dn)) {
            assert_eq!(*dn, name(next), "before round {round}");
            assert_eq!(found[dn], attributes(next), "before round {round}");
        }
        assert!(found.len() <= expected.len() + 1);
        if found.contains_key(&name(next)) {
            expected.insert(name(next), attributes(next));
            next += 1;
        }
        if round == KILLS {
            break;
        }

        let (acknowledge, acknowledged) = channel();
        let (url, from) = (server.url(), next);
        let client = thread::spawn(move || add_until_killed(&url, from, &acknowledge));
        // The kill meets the server at the next entry, each time elsewhere in its work.
        let enough = round % 11 + 1;
        let first: Vec<usize> = acknowledged.iter().take(enough).collect();
        for _ in 0..round * 40 {
            thread::yield_now();
        }
        server.kill();
        client.join().unwrap();
        for number in first.into_iter().chain(acknowledged) {
            assert_eq!(number, next);
            expected.insert(name(number), attributes(number));
            next += 1;
        }
    }
    assert!(next > KILLS, "{next} entries in {KILLS} rounds");
    let checked = folder.command("check").output().unwrap();
    assert!(checked.status.success(), "{}", text(&checked.stdout));
}
