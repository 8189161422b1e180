//! The dialect of Harmony SASE: scenarios, and what keys and tokens may do.

mod permissions;

use std::fs;

use ldap3::Mod;
use serde_json::{Value, json};

use crate::https::{Answer, Client, Login};
use crate::scenario;
use crate::server::{Folder, SUFFIX, Server};
use crate::service::{self, TREE, search};

const BASE: &str = "/api/rest/v1";

/// Ada is who keys are of: she may read and write people and groups.
const RULES: &str = r#"
[[access]]
who = "dn:uid=ada,ou=people,dc=example,dc=org"
allow = ["read", "search", "compare", "write"]
"#;

fn serving(section: &str, more: &str) -> (Folder, Server, Client) {
    let folder = Folder::rest(section, more);
    service::serving(folder, &[TREE])
}

#[track_caller]
fn done(client: &Client, request: &str, body: Option<Value>) -> Value {
    client.done(&request.replacen(' ', &format!(" {BASE}"), 1), body)
}

/// A key of ada's with these scopes.
fn key(folder: &Folder, name: &str, scopes: &[&str], more: &[&str]) -> String {
    let mut words = vec!["ada", name];
    scopes.iter().for_each(|it| words.extend(["--scope", it]));
    words.extend(more);
    service::key(folder, &words)
}

fn authorize(client: &Client, key: &str) -> Answer {
    let body = json!({ "grantType": "api_key", "apiKey": key });
    let request = "POST /api/v1/auth/authorize";
    client.ask(&Login::Nobody, request, Some(body))
}

fn token(client: &Client, key: &str) -> Login {
    let answer = authorize(client, key);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let data = &answer.json()["data"];
    assert_eq!(data["tokenType"], "bearer");
    assert!(data["accessTokenExpire"].as_str().unwrap().ends_with('Z'));
    Login::Bearer(data["accessToken"].as_str().unwrap().to_owned())
}

fn users(client: &Client, login: &Login) -> u16 {
    client.get(login, &format!("{BASE}/users")).status
}

#[test]
fn every_scenario_of_harmony_sase_goes_as_it_says() {
    scenario::run_all("harmony", "", |section| serving(section, ""));
}

#[test]
fn a_token_ends_with_its_key_its_account_and_its_password() {
    let (folder, server, client) = serving("", RULES);
    let scopes = ["harmony-sase:user:read"];
    let revoked = token(&client, &key(&folder, "revoked", &scopes, &[]));
    let kept = token(&client, &key(&folder, "kept", &scopes, &[]));
    assert_eq!(users(&client, &revoked), 200);
    folder.told(&["key", "revoke", "ada", "revoked"]);
    assert_eq!(users(&client, &revoked), 401);
    assert_eq!(users(&client, &kept), 200);
    let mut ldap = server.administrator();
    let mut set = |attribute: &str, value: &str| {
        let value = [value].into();
        let done = ldap.modify(
            &format!("uid=ada,ou=people,{SUFFIX}"),
            vec![Mod::Replace(attribute, value)],
        );
        done.unwrap().success().unwrap();
    };
    set("userPassword", "another-one");
    assert_eq!(users(&client, &kept), 401);
    let key = key(&folder, "closed", &scopes, &[]);
    let closed = token(&client, &key);
    set("pwdAccountLockedTime", "000001010000Z");
    assert_eq!(users(&client, &closed), 401);
    assert_eq!(authorize(&client, &key).status, 401);
}

#[test]
fn a_key_for_elsewhere_gets_no_token() {
    let (folder, _server, client) = serving("", RULES);
    for (name, scope) in [("a", "ldap"), ("b", "slc-hub"), ("c", "harmony-sas")] {
        let key = key(&folder, name, &[scope], &[]);
        assert_eq!(authorize(&client, &key).status, 401, "{scope}");
    }
    let away = key(
        &folder,
        "d",
        &["harmony-sase"],
        &["--network", "192.0.2.0/24"],
    );
    assert_eq!(authorize(&client, &away).status, 401);
    let here = key(
        &folder,
        "e",
        &["harmony-sase"],
        &["--network", "127.0.0.0/8"],
    );
    assert_eq!(users(&client, &token(&client, &here)), 200);
    let part = key(&folder, "f", &["harmony-sase:user:read"], &[]);
    let Login::Bearer(token) = token(&client, &part) else {
        panic!();
    };
    // Nor is it a token of another dialect.
    assert_eq!(
        client.get(&Login::Bearer(token), "/api/v2/auth/me").status,
        401
    );
}

/// What the key may, its account may not: the access rules have the last word.
#[test]
fn a_key_gives_nothing_that_its_account_has_not() {
    let (folder, _server, client) = serving("", "");
    let all = token(&client, &key(&folder, "all", &["harmony-sase"], &[]));
    assert_eq!(users(&client, &all), 200);
    let body = json!({ "name": "mine" });
    let made = client.ask(&all, "POST /v1/groups", Some(body));
    assert_eq!(made.status, 403, "{}", made.text());
}

#[test]
fn who_is_made_over_ldap_has_an_id_at_once_that_never_changes() {
    let (folder, server, client) = serving("", "");
    let mut ldap = server.administrator();
    let dn = format!("uid=tim,ou=people,{SUFFIX}");
    let attributes = [
        ("objectClass", "inetOrgPerson"),
        ("uid", "tim"),
        ("cn", "Tim Berners-Lee"),
        ("givenName", "Tim"),
        ("sn", "Berners-Lee"),
        ("initials", "TBL"),
        ("title", "Inventor"),
    ];
    let attributes = attributes
        .map(|(name, value)| (name, [value].into()))
        .to_vec();
    ldap.add(&dn, attributes).unwrap().success().unwrap();
    let shown = |q: &str| done(&client, &format!("GET /users?q={q}"), None)["data"][0].clone();
    let tim = shown("tim");
    let id = tim["id"].as_str().unwrap();
    assert_eq!(id.len(), 10);
    assert!(id.bytes().all(|letter| letter.is_ascii_alphanumeric()));
    for (member, expected) in [
        ("email", "tim"),
        ("initials", "TBL"),
        ("roleName", "Inventor"),
        ("firstname", "Tim"),
    ] {
        assert_eq!(tim[member], expected, "{member}");
    }
    let found = search(
        &mut ldap,
        SUFFIX,
        &format!("(hedgerowId={id})"),
        &["hedgerowId"],
    );
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].dn, dn);
    assert_eq!(found[0].attrs["hedgerowId"], [id]);
    let other_case: String = id
        .chars()
        .map(|letter| match letter.is_ascii_lowercase() {
            true => letter.to_ascii_uppercase(),
            false => letter.to_ascii_lowercase(),
        })
        .collect();
    for none in [other_case.as_str(), "tim", "*", ""] {
        let filter = format!("(hedgerowId={})", none.replace('*', "\\2a"));
        assert!(
            search(&mut ldap, SUFFIX, &filter, &["1.1"]).is_empty(),
            "{none}"
        );
    }
    ldap.modifydn(&dn, "uid=sir-tim", true, None)
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(shown("sir-tim")["id"], id);
    let plan = folder.told(&["explain", "search", SUFFIX, &format!("(hedgerowId={id})")]);
    assert!(plan.contains("entries looked at: 1\n"), "{plan}");
}

#[test]
fn groups_show_what_was_said_of_them_over_ldap() {
    let (_folder, server, client) = serving("", "");
    let mut ldap = server.administrator();
    let dn = format!("cn=office,ou=groups,{SUFFIX}");
    let kernel = format!("cn=kernel,ou=groups,{SUFFIX}");
    let attributes = vec![
        (
            "objectClass",
            ["groupOfMembers", "hedgerowAccessGroup"].into(),
        ),
        ("cn", ["office"].into()),
        ("description", ["Who works there"].into()),
        ("hedgerowDefaultGroup", ["TRUE"].into()),
        ("hedgerowAccessNetwork", ["lan", "wifi"].into()),
        ("hedgerowAccessApplication", ["wiki"].into()),
        ("hedgerowVpnLocation", ["london"].into()),
        ("member", [kernel.as_str()].into()),
    ];
    ldap.add(&dn, attributes).unwrap().success().unwrap();
    let list = done(&client, "GET /groups?sort[createdAt]=asc&limit=100", None);
    let groups = list["data"].as_array().unwrap();
    let office = groups
        .iter()
        .find(|group| group["name"] == "office")
        .unwrap();
    assert_eq!(office["isDefault"], true);
    assert_eq!(office["networks"].as_array().unwrap().len(), 2);
    assert_eq!(office["applications"], json!(["wiki"]));
    assert_eq!(office["vpnLocations"], json!(["london"]));
    assert_eq!(office["users"].as_array().unwrap().len(), 1);
}

#[test]
fn a_key_that_makes_users_makes_no_administrators() {
    let spool = tempfile::tempdir().unwrap();
    let group = format!("cn=engineering,ou=groups,{SUFFIX}");
    let section = format!(
        "mail_folder = {:?}\nadministrators = \"{group}\"",
        spool.path()
    );
    let rules = RULES.replace("\"write\"", "\"write\", \"add\"");
    let (folder, _server, client) = serving(&section, &rules);
    let one = token(
        &client,
        &key(&folder, "one", &["harmony-sase:user:create"], &[]),
    );
    let both = [
        "harmony-sase:user:create",
        "harmony-sase:group.member:create",
    ];
    let both = token(&client, &key(&folder, "both", &both, &[]));
    let create = |login: &Login, group: &str| {
        let body =
            json!({"email": "mary@example.org", "inviteMessage": "x", "accessGroups": [group]});
        client
            .ask(login, &format!("POST {BASE}/users"), Some(body))
            .status
    };
    for group in ["engineering", "Kernel"] {
        assert_eq!(create(&one, group), 403, "{group}");
    }
    assert_eq!(create(&both, "kernel"), 201);
}

#[test]
fn a_new_user_is_invited_and_comes() {
    use base64::Engine;
    let spool = tempfile::tempdir().unwrap();
    let section = format!("mail_folder = {:?}", spool.path());
    let (_folder, _server, client) = serving(&section, "");
    let message = "Gr\u{fc}\u{df} dich\r\nBcc: eve@example.org";
    let body = json!({"email": "Mary@example.org", "inviteMessage": message});
    done(&client, "POST /users", Some(body));
    let mails: Vec<_> = fs::read_dir(spool.path()).unwrap().collect();
    assert_eq!(mails.len(), 1);
    let mail = fs::read_to_string(mails[0].as_ref().unwrap().path()).unwrap();
    let (head, text) = mail.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("\r\nTo: Mary@example.org\r\n"), "{head}");
    assert!(!head.contains("Bcc"), "{head}");
    let standard = base64::engine::general_purpose::STANDARD;
    let text = standard.decode(text.replace("\r\n", "")).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains(message), "{text}");

    let acceptance = json!({
        "token": scenario::token_of_last_mail(spool.path()),
        "userName": "mary@example.org",
        "displayName": "Mary Somerville",
        "password": "a-word-of-hers",
    });
    let request = "POST /api/v2/auth/invitations/accept";
    let accepted = client.ask(&Login::Nobody, request, Some(acceptance));
    assert_eq!(accepted.status, 204, "{}", accepted.text());
    let own = Login::basic("mary@example.org", "a-word-of-hers");
    assert_eq!(client.get(&own, "/api/v2/auth/me").status, 200);
}

#[test]
fn nobody_is_made_whom_nobody_can_invite() {
    let (_folder, _server, client) = serving("", "");
    let body = json!({"email": "mary@example.org", "inviteMessage": "Come in"});
    let answer = client.ask(&Login::admin(), "POST /v1/users", Some(body));
    assert_eq!(answer.status, 400);
    assert!(
        answer.text().contains("rest.mail_folder"),
        "{}",
        answer.text()
    );
    assert_eq!(done(&client, "GET /users", None)["itemsTotal"], 2);
}
