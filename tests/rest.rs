//! The REST face of the real server over HTTPS: scenarios, and what it has in common with LDAP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

#[path = "rest/https.rs"]
mod https;
#[path = "rest/scenario.rs"]
mod scenario;

use std::fs;
use std::path::Path;

use https::{Client, Login};
use ldap3::{LdapConn, Mod, Scope, SearchEntry};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use server::{Folder, PASSWORD, SUFFIX, Server};

const TREE: &str = include_str!("rest/tree.ldif");
const BASE: &str = "/api/v2/auth";

fn serving(section: &str, more: &str) -> (Folder, Server, Client) {
    let own = "[[access]]\nwho = \"self\"\nattributes = [\"userPassword\"]\nallow = [\"write\"]\n";
    let folder = Folder::rest(section, &format!("{more}\n{own}"));
    folder.load(TREE);
    let server = folder.serve();
    let client = Client::new(server.rest.unwrap(), server.authority());
    (folder, server, client)
}

fn admin() -> Login {
    Login::Basic("admin".to_owned(), PASSWORD.to_owned())
}

/// The answer to a request of the administrator, which must succeed.
fn done(client: &Client, request: &str, body: Option<Value>) -> Value {
    let request = request.replacen(' ', &format!(" {BASE}"), 1);
    let body = body.map(|body| body.to_string());
    let answer = client.send(&admin(), &request, &[], body.as_ref().map(String::as_bytes));
    assert!(answer.status < 300, "{request}: {}", answer.text());
    answer.json()
}

fn log_in(client: &Client, user: &str, password: &str) -> https::Answer {
    let body = json!({ "username": user, "password": password }).to_string();
    let request = format!("POST {BASE}/login");
    client.send(&Login::Nobody, &request, &[], Some(body.as_bytes()))
}

fn token(client: &Client, user: &str, password: &str) -> Login {
    let answer = log_in(client, user, password);
    assert_eq!(answer.status, 200, "{}", answer.text());
    Login::Bearer(answer.json()["token"].as_str().unwrap().to_owned())
}

fn me(client: &Client, login: &Login) -> u16 {
    client.get(login, &format!("{BASE}/me")).status
}

#[test]
fn every_scenario_of_slc_hub_goes_as_it_says() {
    let spool = tempfile::tempdir().unwrap();
    let section = format!("mail_folder = {:?}\nbody_bytes = 65536", spool.path());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rest/slc_hub");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() > 10);
    for file in files {
        let (_folder, _server, client) = serving(&section, "");
        scenario::run(&client, BASE, &file, spool.path());
    }
}

#[test]
fn a_token_ends_with_the_password_the_account_and_the_entry() {
    let (_folder, server, client) = serving("", "");
    let ada = done(&client, "GET /users?filter[userName][EQ]=ada", None)["data"][0]["_id"].clone();
    let ada = format!("/users/{}", ada.as_str().unwrap());
    let login = token(&client, "ada", "demo-ada");
    assert_eq!(me(&client, &login), 200);
    done(
        &client,
        &format!("PATCH {ada}"),
        Some(json!([{"op":"replace","path":"/active","value":false}])),
    );
    assert_eq!(me(&client, &login), 401);
    assert_eq!(log_in(&client, "ada", "demo-ada").status, 401);
    done(
        &client,
        &format!("PATCH {ada}"),
        Some(json!([{"op":"replace","path":"/active","value":true}])),
    );
    assert_eq!(me(&client, &login), 401);
    let login = token(&client, "ada", "demo-ada");
    assert_eq!(me(&client, &login), 200);
    done(
        &client,
        &format!("PUT {ada}/password"),
        Some(json!({"password": "demo-ada"})),
    );
    assert_eq!(me(&client, &login), 401);
    let login = token(&client, "ada", "demo-ada");
    let mut ldap = server.administrator();
    ldap.modify(
        &format!("uid=ada,ou=people,{SUFFIX}"),
        vec![Mod::Replace("userPassword", ["again-ada"].into())],
    )
    .unwrap()
    .success()
    .unwrap();
    assert_eq!(me(&client, &login), 401);
    let login = token(&client, "ada", "again-ada");
    done(&client, &format!("DELETE {ada}"), None);
    assert_eq!(me(&client, &login), 401);
    assert_eq!(log_in(&client, "ada", "again-ada").status, 401);
}

#[test]
fn unknown_names_and_wrong_passwords_are_told_alike() {
    let (_folder, _server, client) = serving("", "");
    let answers = ["ada", "nobody", "admin", "a,b=c", "\u{0}"].map(|user| {
        let answer = log_in(&client, user, "wrong");
        (answer.status, answer.text())
    });
    assert_eq!(answers[0].0, 401);
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
}

#[test]
fn a_write_over_one_face_is_there_over_the_other() {
    let (_folder, server, client) = serving("", "");
    let mut ldap = server.administrator();
    let person =
        json!({"userName": "zo\u{eb} m\u{fc}ller", "password": "x1", "email": "zoe@example.org"});
    let made = done(&client, "POST /users", Some(person));
    let found = search(
        &mut ldap,
        "(mail=zoe@example.org)",
        &["uid", "sn", "entryUUID"],
    );
    assert_eq!(found[0].attrs["uid"], ["zo\u{eb} m\u{fc}ller"]);
    assert_eq!(
        found[0].attrs["entryUUID"][0],
        made["_id"].as_str().unwrap()
    );
    ldap.modify(
        &found[0].dn,
        vec![Mod::Replace("displayName", ["Zo\u{eb}"].into())],
    )
    .unwrap()
    .success()
    .unwrap();
    let path = format!("GET /users/{}", made["_id"].as_str().unwrap());
    assert_eq!(done(&client, &path, None)["displayName"], "Zo\u{eb}");
    ldap.delete(&found[0].dn).unwrap().success().unwrap();
    let request = format!("{BASE}/users/{}", made["_id"].as_str().unwrap());
    assert_eq!(client.get(&admin(), &request).status, 404);
}

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

#[test]
fn a_change_is_held_to_the_state_that_it_names() {
    let (_folder, _server, client) = serving("", "");
    let made = done(&client, "POST /groups", Some(json!({"name": "tagged"})));
    let path = format!("{BASE}/groups/{}", made["_id"].as_str().unwrap());
    let tag = client.get(&admin(), &path).headers["etag"].clone();
    let rename = |name: &str, tag: &str| {
        let body = json!({ "name": name }).to_string();
        let headers = [("if-match".to_owned(), tag.to_owned())];
        client.send(
            &admin(),
            &format!("PUT {path}"),
            &headers,
            Some(body.as_bytes()),
        )
    };
    assert_eq!(rename("first", &tag).status, 200);
    assert_eq!(rename("second", &tag).status, 412);
    assert_eq!(rename("second", &format!("W/{tag}")).status, 412);
    assert_eq!(rename("third", "*").status, 200);
}

#[test]
fn what_is_too_much_is_refused_and_the_next_request_is_answered() {
    let (_folder, _server, client) = serving("body_bytes = 4096", "");
    let request = format!("POST {BASE}/login");
    let long = format!("{{\"username\":\"{}\"}}", "a".repeat(8_192));
    let answer = client.send(&Login::Nobody, &request, &[], Some(long.as_bytes()));
    assert_eq!(answer.status, 413);
    for head in [
        "GET / HTTP/1.1\r\n".to_owned() + &"x: y\r\n".repeat(500) + "\r\n",
        format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(200_000)),
        "\u{16}\u{3}\u{1}".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
    ] {
        let answer = client.raw(head.as_bytes());
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{answer}"
        );
    }
    assert_eq!(me(&client, &admin()), 200);
}

#[test]
fn requests_without_a_login_are_counted() {
    let (_folder, _server, client) = serving("", "");
    drop(client);
    let folder = Folder::edited(|config| {
        config.replacen(
            "[passwords]",
            "[rest]\nlisten = [\"127.0.0.1:0\"]\nanonymous_per_minute = 2\n[passwords]",
            1,
        )
    });
    let server = folder.serve();
    let client = Client::new(server.rest.unwrap(), server.authority());
    let statuses = [1, 2, 3].map(|_| log_in(&client, "ada", "x").status);
    assert_eq!(statuses, [401, 401, 429]);
    assert_eq!(me(&client, &admin()), 200);
    let wrong = Login::Basic("ada".to_owned(), "x".to_owned());
    let statuses = [1, 2, 3].map(|_| me(&client, &wrong));
    assert_eq!(statuses, [401, 401, 429]);
}

#[test]
fn members_of_the_configured_group_administer_as_far_as_the_rules_let_them() {
    let section = format!("administrators = \"cn=everyone,ou=groups,{SUFFIX}\"");
    let (_folder, server, client) = serving(&section, "");
    let ada = token(&client, "ada", "demo-ada");
    let list = client.get(&ada, &format!("{BASE}/users"));
    assert_eq!(list.status, 200);
    let body = json!({"userName": "x", "password": "y"}).to_string();
    let request = format!("POST {BASE}/users");
    assert_eq!(
        client
            .send(&ada, &request, &[], Some(body.as_bytes()))
            .status,
        403
    );
    let mut ldap = server.administrator();
    let group = format!("cn=kernel,ou=groups,{SUFFIX}");
    let other = format!("uid=grace,ou=people,{SUFFIX}");
    ldap.modify(
        &group,
        vec![Mod::Replace("member", [other.as_str()].into())],
    )
    .unwrap()
    .success()
    .unwrap();
    assert_eq!(client.get(&ada, &format!("{BASE}/users")).status, 403);
}

#[test]
fn an_invitation_that_cannot_be_mailed_is_kept_and_mailed_later_with_a_token_of_its_own() {
    let spool = tempfile::tempdir().unwrap();
    let away = spool.path().join("away");
    fs::create_dir(&away).unwrap();
    let (folder, server, client) = serving(&format!("mail_folder = {away:?}"), "");
    let invite = |client: &Client, user: &str| {
        let body = json!({"userName": user, "email": "x@example.net", "invitationPending": true});
        let request = format!("POST {BASE}/users");
        let answer = client.send(&admin(), &request, &[], Some(body.to_string().as_bytes()));
        answer.status
    };
    let mails = || fs::read_dir(&away).unwrap().count();
    fs::remove_dir(&away).unwrap();
    assert_eq!(invite(&client, "early"), 201);
    server.said("could not be put into mail_folder");
    fs::create_dir(&away).unwrap();
    // A name in use: nothing goes.
    assert_eq!(invite(&client, "ada"), 409);
    assert_eq!(mails(), 0);
    server.stop();
    let server = folder.serve();
    let client = Client::new(server.rest.unwrap(), server.authority());
    server::until(|| mails() == 1);
    let token = scenario::token_of_last_mail(&away);
    let body = json!({"token": token, "userName": "come", "displayName": "C", "password": "pw-1"});
    done(&client, "POST /invitations/accept", Some(body));
    assert_eq!(log_in(&client, "come", "pw-1").status, 200);
    let users = "GET /users?filter[invitationPending][EQ]=true&page[limit]=0";
    assert_eq!(done(&client, users, None)["totalCount"], 0);
}

#[test]
fn pages_of_the_origins_that_are_named_may_ask_and_of_no_others() {
    const HUB: &str = "https://hub.example.org";
    let send = |client: &Client, request: &str, origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "PATCH"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        client.send(&Login::Nobody, request, &headers, None)
    };
    let allowed = |answer: &https::Answer| {
        let name = "access-control-allow-origin";
        answer.headers.get(name).cloned()
    };
    let (before, real) = (format!("OPTIONS {BASE}/users"), format!("GET {BASE}/users"));
    let (_folder, _server, client) = serving("", "");
    assert_eq!(send(&client, &before, HUB).status, 405);
    assert_eq!(allowed(&send(&client, &real, HUB)), None);
    let (_folder, _server, client) = serving(&format!("cors_origins = [\"{HUB}\"]"), "");
    let answer = send(&client, &before, HUB);
    assert_eq!(answer.status, 204);
    assert_eq!(allowed(&answer).as_deref(), Some(HUB));
    let methods = &answer.headers["access-control-allow-methods"];
    assert!(methods.contains("PATCH"), "{methods}");
    let headers = &answer.headers["access-control-allow-headers"];
    assert!(headers.contains("authorization"), "{headers}");
    assert!(
        !answer
            .headers
            .contains_key("access-control-allow-credentials")
    );
    let answer = send(&client, &real, HUB);
    assert_eq!(
        (answer.status, allowed(&answer).as_deref()),
        (401, Some(HUB))
    );
    for other in [
        "https://hub.example.org.evil.example",
        "null",
        "http://hub.example.org",
    ] {
        assert_eq!(send(&client, &before, other).status, 405, "{other}");
        assert_eq!(allowed(&send(&client, &before, other)), None, "{other}");
        assert_eq!(allowed(&send(&client, &real, other)), None, "{other}");
    }
}

/// In order by an index, and sorted where not every user has a value; more than are found together.
#[test]
fn a_whole_list_as_lines_is_all_its_pages() {
    let section = format!("administrators = \"cn=everyone,ou=groups,{SUFFIX}\"");
    let folder = Folder::rest(&section, "[limits]\nsearch_entries = 1000\n");
    folder.load(TREE);
    let users: String = (0..1_200)
        .map(|number| {
            let shown = match number % 2 {
                0 => format!("displayName: P{}\n", number % 100),
                _ => String::new(),
            };
            format!("dn: uid=u{number},ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nuid: u{number}\ncn: u\nsn: u\n{shown}\n")
        })
        .collect();
    folder.load(&users);
    let server = folder.serve();
    let client = Client::new(server.rest.unwrap(), server.authority());
    let lines = [("accept".to_owned(), "application/x-ndjson".to_owned())];
    for login in [admin(), token(&client, "ada", "demo-ada")] {
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

fn search(ldap: &mut LdapConn, filter: &str, attributes: &[&str]) -> Vec<SearchEntry> {
    let found = ldap.search(SUFFIX, Scope::Subtree, filter, attributes.to_vec());
    let (found, _) = found.unwrap().success().unwrap();
    found.into_iter().map(SearchEntry::construct).collect()
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
    let (_folder, server, client) = {
        let folder = Folder::rest("", "");
        folder.load(TREE);
        folder.load(&people());
        let server = folder.serve();
        let client = Client::new(server.rest.unwrap(), server.authority());
        (folder, server, client)
    };
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
        let mut expected: Vec<String> = search(&mut ldap.borrow_mut(), &filter, &["uid"])
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

#[test]
fn a_key_is_good_for_the_dialect_that_it_names_until_it_is_revoked() {
    let (folder, _server, client) = serving("", "");
    let key = |scope: &str| {
        let made = folder.told(&["key", "create", "ada", scope, "--scope", scope]);
        let mut words = made.split_whitespace();
        words
            .find(|word| word.starts_with("hgrw_"))
            .unwrap()
            .to_owned()
    };
    let (own, other) = (key("slc-hub"), key("ldap"));
    let who = |key: &str| {
        let headers = [("x-api-key".to_owned(), key.to_owned())];
        let request = format!("GET {BASE}/me");
        let answer = client.send(&Login::Nobody, &request, &headers, None);
        (answer.status, answer.json()["userName"].clone())
    };
    assert_eq!(who(&own), (200, json!("ada")));
    for wrong in [other.as_str(), "hgrw_", "", &own[..own.len() - 1]] {
        assert_eq!(who(wrong).0, 401, "{wrong}");
    }
    // One for LDAP is no password here, and none gives a token that would outlive it.
    assert_eq!(log_in(&client, "ada", &other).status, 401);
    assert_eq!(log_in(&client, "ada", &own).status, 401);
    folder.told(&["key", "revoke", "ada", "slc-hub"]);
    assert_eq!(who(&own).0, 401);
}

#[test]
fn a_part_of_a_path_that_is_too_long_is_refused_by_name() {
    let (_folder, _server, client) = serving("", "");
    let path = format!("{BASE}/users/{}", "a".repeat(4_097));
    let answer = client.get(&admin(), &path);
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("userId"), "{}", answer.text());
}

#[test]
fn what_is_documented_is_complete_and_leads_nowhere_else() {
    let (_folder, _server, client) = serving("", "");
    let document = |path: &str| client.get(&Login::Nobody, path).json();
    let whole = document("/openapi.json");
    assert_eq!(whole["openapi"], "3.1.0");
    let schemas = whole["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        assert!(schema["description"].is_string(), "{name}");
        for (member, described) in schema["properties"].as_object().into_iter().flatten() {
            assert!(described["description"].is_string(), "{name}.{member}");
        }
    }
    // The 29 of the product's document, delete of both, and the path of a membership.
    let dialects = [
        ("slc-hub", 32),
        ("netmaker", 47),
        ("harness", 15),
        ("harmony-sase", 9),
    ];
    let mut paths = 0;
    for (name, expected) in dialects {
        let own = document(&format!("/openapi/{name}.json"));
        let own_paths = own["paths"].as_object().unwrap();
        paths += own_paths.len();
        let mut count = 0;
        for (path, item) in own_paths {
            // No dialect's path or schema is another's.
            assert_eq!(whole["paths"][path], *item, "{path}");
            let described = item.as_object().unwrap().values();
            count += described.filter(|it| it["deprecated"] == false).count();
        }
        assert_eq!(count, expected, "{name}");
        let own_schemas = own["components"]["schemas"].as_object().unwrap();
        for (schema, described) in own_schemas {
            assert_eq!(schemas[schema], *described, "{name}: {schema}");
        }
    }
    assert_eq!(whole["paths"].as_object().unwrap().len(), paths);
    let page = client.get(&Login::Nobody, "/docs");
    for foreign in ["http:", "https:", "//", "<script"] {
        assert!(!page.text().contains(foreign), "{foreign}");
    }
    assert!(page.headers["content-security-policy"].contains("default-src 'none'"));
    assert!(page.headers["content-security-policy"].contains("frame-ancestors 'none'"));
}

#[test]
fn a_stop_answers_what_is_under_way() {
    let (_folder, server, client) = serving("", "");
    assert_eq!(me(&client, &admin()), 200);
    assert!(server.stop().success());
}

#[test]
fn who_asked_for_what_from_where_is_in_the_audit_log() {
    let (folder, server, client) = serving("", "");
    let ada = token(&client, "ada", "demo-ada");
    assert_eq!(log_in(&client, "ada", "a-wrong-password").status, 401);
    assert_eq!(log_in(&client, "nobody-here", "demo-ada").status, 401);
    let user = json!({"userName": "new", "password": "a-new-password", "email": "n@example.org"});
    let request = format!("POST {BASE}/users");
    let body = user.to_string();
    let refused = client.send(&ada, &request, &[], Some(body.as_bytes()));
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert_eq!(
        client.get(&Login::Nobody, &format!("{BASE}/users")).status,
        401
    );
    let made = done(&client, "POST /users", Some(user));
    let other = json!({ "userId": made["_id"] });
    done(&client, "POST /impersonate", Some(other));
    assert!(server.stop().success());

    let text = folder.told(&["audit", "--json"]);
    for secret in ["demo-ada", "a-wrong-password", "a-new-password", PASSWORD] {
        assert!(!text.contains(secret), "{secret}");
    }
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let name = |user: &str| format!("uid={user},ou=people,{SUFFIX}");
    let users = format!("{BASE}/users");
    for (kind, who, target, outcome) in [
        ("authentication", &*name("ada"), None, "success"),
        ("authentication", "ada", None, "invalidCredentials"),
        ("authentication", "nobody-here", None, "invalidCredentials"),
        ("authentication", server::ADMIN, None, "success"),
        (
            "refusal",
            &name("ada"),
            Some(users.as_str()),
            "insufficientAccessRights",
        ),
        (
            "refusal",
            "anonymous",
            Some(users.as_str()),
            "insufficientAccessRights",
        ),
        (
            "write",
            server::ADMIN,
            Some(name("new").as_str()),
            "success",
        ),
    ] {
        let is = |line: &&Value| {
            line["kind"] == kind
                && line["who"] == who
                && line["outcome"] == outcome
                && line.get("target").and_then(Value::as_str) == target
        };
        let line = lines.iter().find(is);
        let line = line.unwrap_or_else(|| panic!("no {kind} of {who} in {text}"));
        assert_eq!(line["address"], "127.0.0.1");
    }
    let other = lines.iter().find(|line| line["operation"] == "impersonate");
    let other = other.unwrap_or_else(|| panic!("{text}"));
    assert_eq!(other["who"], name("new"));
    assert_eq!(other["through"], server::ADMIN);
}

#[test]
fn an_answer_has_the_id_that_its_audit_line_has_and_a_plain_one_of_the_client_is_kept() {
    let (folder, server, client) = serving("", "");
    let ask = |id: &str, user: &str| {
        let user = json!({"userName": user, "password": "a-new-password", "email": format!("{user}@example.org")});
        let request = format!("POST {BASE}/users");
        let body = user.to_string();
        let headers = [("X-Request-Id".to_owned(), id.to_owned())];
        let answer = client.send(&admin(), &request, &headers, Some(body.as_bytes()));
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.headers["x-request-id"].clone()
    };
    let long = "x".repeat(65);
    let kept = ask("Gateway-7.a_b", "kept");
    assert_eq!(kept, "Gateway-7.a_b");
    let made = [("spaced", "not plain\"}"), ("long", &long)].map(|(user, given)| {
        let id = ask(given, user);
        assert_ne!(id, given);
        (user, id)
    });
    assert!(server.stop().success());
    let text = folder.told(&["audit", "--json"]);
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for (user, id) in made.into_iter().chain([("kept", kept)]) {
        let name = format!("uid={user},ou=people,{SUFFIX}");
        let of = |kind: &str| {
            let is = |line: &&Value| line["kind"] == kind && line["request"] == *id;
            lines
                .iter()
                .find(is)
                .unwrap_or_else(|| panic!("no {kind} with {id} in {text}"))
        };
        assert_eq!(of("write")["target"], name);
        // The login that came with the same request.
        assert_eq!(of("authentication")["who"], server::ADMIN);
    }
}
