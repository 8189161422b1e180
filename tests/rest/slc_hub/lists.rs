//! Lists of users: pages, whole lists as lines, and filters, which find what LDAP finds.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::{BASE, done, serving, token};
use crate::https::Login;
use crate::server::{Folder, SUFFIX};
use crate::service::{self, TREE, search};

#[test]
fn pages_by_cursor_are_stable_while_users_come_and_go() {
    let (_folder, _server, client) = serving("", "");
    for number in 0..20 {
        let name = format!("u{number:02}");
        done(
            &client,
            "POST /users",
            Some(json!({"userName": name, "password": "x1"})),
        );
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let path =
            format!("GET /users?filter[userName][CO]=u&page[limit]=3&fields=userName{after}");
        let page = done(&client, &path, None);
        for user in page["data"].as_array().unwrap() {
            seen.push(user["userName"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&page[after]={next}");
        if seen.len() == 6 {
            // Before the place, and after it.
            for name in ["u00a", "u19a"] {
                done(
                    &client,
                    "POST /users",
                    Some(json!({"userName": name, "password": "x1"})),
                );
            }
        }
    }
    let mut expected: Vec<String> = (0..20).map(|number| format!("u{number:02}")).collect();
    expected.push("u19a".to_owned());
    assert_eq!(seen, expected);
}

/// In order by an index, and sorted where not every user has a value; more than are found together.
#[test]
fn a_whole_list_as_lines_is_all_its_pages() {
    let section = format!("administrators = \"cn=everyone,ou=groups,{SUFFIX}\"");
    let folder = Folder::rest(&section, "[limits]\nsearch_entries = 1000\n");
    let users: String = (0..1_200)
        .map(|number| {
            let shown = match number % 2 {
                0 => format!("displayName: P{}\n", number % 100),
                _ => String::new(),
            };
            format!("dn: uid=u{number},ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nuid: u{number}\ncn: u\nsn: u\n{shown}\n")
        })
        .collect();
    let (_folder, _server, client) = service::serving(folder, &[TREE, &users]);
    let lines = [("accept".to_owned(), "application/x-ndjson".to_owned())];
    for login in [Login::admin(), token(&client, "ada", "demo-ada")] {
        for sort in [
            "userName",
            "-userName",
            "displayName",
            "-displayName",
            "-_created",
        ] {
            let list = format!("{BASE}/users?sort={sort}");
            let whole = client.send(&login, &format!("GET {list}"), &lines, None);
            let whole: Vec<Value> = whole
                .text()
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            let mut pages = Vec::new();
            for offset in [0, 1_000] {
                let page = client.get(
                    &login,
                    &format!("{list}&page[limit]=1000&page[offset]={offset}"),
                );
                pages.extend(page.json()["data"].as_array().unwrap().clone());
            }
            assert!(whole.len() > 1_200);
            assert!(whole == pages, "{sort}: {} {}", whole.len(), pages.len());
        }
    }
}

/// Filters of users, and the same over LDAP.
const FILTERS: [(&str, &str); 22] = [
    ("filter[userName][EQ]=U3", "(uid=u3)"),
    ("filter[userName][CO]=1", "(uid=*1*)"),
    ("filter[userName][CO]=", "(uid=*)"),
    (
        "filter[displayName][EQ]=%C3%84%20person%207",
        "(|(displayName=\u{e4} person 7)(&(!(displayName=*))(cn=\u{e4} person 7)))",
    ),
    (
        "filter[displayName][CO]=person+1",
        "(|(displayName=*person 1*)(&(!(displayName=*))(cn=*person 1*)))",
    ),
    ("filter[email][EQ]=U5@example.org", "(mail=u5@example.org)"),
    ("filter[email][CO]=example", "(mail=*example*)"),
    (
        "filter[active][EQ]=true",
        "(&(!(pwdAccountLockedTime=000001010000Z))(!(hedgerowDisabled=TRUE)))",
    ),
    (
        "filter[active][EQ]=false",
        "(|(pwdAccountLockedTime=000001010000Z)(hedgerowDisabled=TRUE))",
    ),
    ("filter[externalId][PR]=true", "(hedgerowExternalId=*)"),
    ("filter[externalId][PR]=false", "(!(hedgerowExternalId=*))"),
    ("filter[system][EQ]=true", "(hedgerowSystem=TRUE)"),
    ("filter[system][EQ]=false", "(!(hedgerowSystem=TRUE))"),
    (
        "filter[invitationPending][EQ]=false",
        "(!(hedgerowInvitationPending=TRUE))",
    ),
    (
        "filter[temporarilyLocked][EQ]=true",
        "(hedgerowTemporarilyLocked=TRUE)",
    ),
    (
        "filter[temporarilyLocked][EQ]=false",
        "(!(hedgerowTemporarilyLocked=TRUE))",
    ),
    ("filter[deleted][EQ]=all", "(objectClass=*)"),
    ("filter[deleted][EQ]=deletedOnly", "(hedgerowDeletedTime=*)"),
    (
        "filter[deleted][GT]=2020-01-01T00:00:00Z",
        "(hedgerowDeletedTime>=20200101000001Z)",
    ),
    (
        "filter[deleted][LT]=2020-01-01T00:00:00Z",
        "(&(hedgerowDeletedTime<=20191231235959Z)(hedgerowDeletedTime=*))",
    ),
    (
        "filter[_created][GT]=1999-12-31T23:59:59-01:00",
        "(createTimestamp>=20000101010000Z)",
    ),
    (
        "filter[_modified][LT]=2001-01-01T00:00:00Z",
        "(modifyTimestamp<=20001231235959Z)",
    ),
];

/// Users of every kind.
fn people() -> String {
    let mut ldif = String::new();
    for number in 0..24 {
        ldif.push_str(&format!(
            "dn: uid=u{number},ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nobjectClass: hedgerowUser\nobjectClass: hedgerowAccount\nuid: u{number}\ncn: \u{c4} Person {number}\nsn: u\n"
        ));
        let mut add = |every: u32, line: &str| {
            if number % every == 0 {
                ldif.push_str(&format!("{line}\n"));
            }
        };
        add(2, &format!("displayName: \u{c4} Person {number}"));
        add(3, &format!("mail: u{number}@Example.org"));
        add(4, "hedgerowExternalId: x");
        add(5, "hedgerowSystem: TRUE");
        add(6, "hedgerowDeletedTime: 20190101000000Z");
        add(7, "pwdAccountLockedTime: 000001010000Z");
        add(8, "hedgerowDisabled: TRUE");
        add(9, "pwdAccountLockedTime: 20190101000000Z");
        ldif.push('\n');
    }
    // Two times of one account: the first is enough.
    ldif.replace("pwdAccountLockedTime: 000001010000Z\nhedgerowDisabled: TRUE\npwdAccountLockedTime: 20190101000000Z", "pwdAccountLockedTime: 000001010000Z")
        .replace("pwdAccountLockedTime: 000001010000Z\npwdAccountLockedTime: 20190101000000Z", "pwdAccountLockedTime: 000001010000Z")
}

#[test]
fn any_filters_find_what_the_same_filter_finds_over_ldap() {
    let (_folder, server, client) = service::serving(Folder::rest("", ""), &[TREE, &people()]);
    let ldap = std::cell::RefCell::new(server.administrator());
    let mut runner = TestRunner::new(Config {
        cases: 150,
        failure_persistence: None,
        ..Config::default()
    });
    let chosen = prop::collection::btree_set(0..FILTERS.len(), 0..4);
    let ran = runner.run(&chosen, |chosen| {
        let names: Vec<&str> = chosen
            .iter()
            .map(|at| FILTERS[*at].0.split('=').next().unwrap())
            .collect();
        let mut once = names.clone();
        once.dedup();
        prop_assume!(once.len() == names.len());
        let asked: Vec<&str> = chosen.iter().map(|at| FILTERS[*at].0).collect();
        let mut filter: String = chosen.iter().map(|at| FILTERS[*at].1).collect();
        if !asked.iter().any(|it| it.starts_with("filter[deleted]")) {
            filter.push_str("(!(hedgerowDeletedTime=*))");
        }
        let filter = format!("(&(objectClass=inetOrgPerson)(uid=*){filter})");
        let mut expected: Vec<String> = search(&mut ldap.borrow_mut(), SUFFIX, &filter, &["uid"])
            .into_iter()
            .map(|entry| entry.attrs["uid"][0].clone())
            .collect();
        expected.sort();
        let page = done(
            &client,
            &format!("GET /users?fields=userName&{}", asked.join("&")),
            None,
        );
        let users = page["data"].as_array().unwrap().iter();
        let mut found: Vec<String> = users
            .map(|user| user["userName"].as_str().unwrap().to_owned())
            .collect();
        found.sort();
        prop_assert_eq!(page["totalCount"].as_u64().unwrap(), expected.len() as u64);
        prop_assert_eq!(found, expected, "{}", filter);
        Ok(())
    });
    ran.unwrap();
}
