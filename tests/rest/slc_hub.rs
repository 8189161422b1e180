//! The dialect of SLC Hub: scenarios, logins, and what it has in common with LDAP.

mod lists;

use std::fs;

use ldap3::Mod;
use serde_json::{Value, json};

use crate::https::{Answer, Client, Login};
use crate::server::{Folder, SUFFIX, Server, until};
use crate::service::{TREE, key, search};
use crate::{scenario, service};

pub const BASE: &str = "/api/v2/auth";

pub fn serving(section: &str, more: &str) -> (Folder, Server, Client) {
    let own = "[[access]]\nwho = \"self\"\nattributes = [\"userPassword\"]\nallow = [\"write\"]\n";
    let folder = Folder::rest(section, &format!("{more}\n{own}"));
    service::serving(folder, &[TREE])
}

/// The answer to a request of the administrator, which must succeed.
#[track_caller]
pub fn done(client: &Client, request: &str, body: Option<Value>) -> Value {
    client.done(&request.replacen(' ', &format!(" {BASE}"), 1), body)
}

pub fn log_in(client: &Client, user: &str, password: &str) -> Answer {
    let body = json!({ "username": user, "password": password });
    client.ask(&Login::Nobody, &format!("POST {BASE}/login"), Some(body))
}

pub fn token(client: &Client, user: &str, password: &str) -> Login {
    let answer = log_in(client, user, password);
    assert_eq!(answer.status, 200, "{}", answer.text());
    Login::Bearer(answer.json()["token"].as_str().unwrap().to_owned())
}

pub fn me(client: &Client, login: &Login) -> u16 {
    client.get(login, &format!("{BASE}/me")).status
}

#[test]
fn every_scenario_of_slc_hub_goes_as_it_says() {
    scenario::run_all("slc_hub", BASE, |section| serving(section, ""));
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
        SUFFIX,
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
    assert_eq!(client.get(&Login::admin(), &request).status, 404);
}

#[test]
fn a_change_is_held_to_the_state_that_it_names() {
    let (_folder, _server, client) = serving("", "");
    let made = done(&client, "POST /groups", Some(json!({"name": "tagged"})));
    let path = format!("{BASE}/groups/{}", made["_id"].as_str().unwrap());
    let tag = client.get(&Login::admin(), &path).headers["etag"].clone();
    let rename_in = |name: &str, tags: &[&str]| {
        let body = json!({ "name": name }).to_string();
        let header = |tag: &&str| ("if-match".to_owned(), (*tag).to_owned());
        let headers: Vec<_> = tags.iter().map(header).collect();
        client.send(
            &Login::admin(),
            &format!("PUT {path}"),
            &headers,
            Some(body.as_bytes()),
        )
    };
    let rename = |name: &str, tag: &str| rename_in(name, &[tag]);
    assert_eq!(rename_in("first", &["\"another\"", &tag]).status, 200);
    assert_eq!(rename("second", &tag).status, 412);
    assert_eq!(rename("second", &format!("W/{tag}")).status, 412);
    assert_eq!(rename("third", "*").status, 200);
}

#[test]
fn members_of_the_configured_group_administer_as_far_as_the_rules_let_them() {
    let section = format!("administrators = \"cn=everyone,ou=groups,{SUFFIX}\"");
    let (_folder, server, client) = serving(&section, "");
    let ada = token(&client, "ada", "demo-ada");
    let list = client.get(&ada, &format!("{BASE}/users"));
    assert_eq!(list.status, 200);
    let body = json!({"userName": "x", "password": "y"});
    let made = client.ask(&ada, &format!("POST {BASE}/users"), Some(body));
    assert_eq!(made.status, 403);
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
        let answer = client.send(
            &Login::admin(),
            &request,
            &[],
            Some(body.to_string().as_bytes()),
        );
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
    let client = Client::of(&server);
    until(|| mails() == 1);
    let token = scenario::token_of_last_mail(&away);
    let body = json!({"token": token, "userName": "come", "displayName": "C", "password": "pw-1"});
    done(&client, "POST /invitations/accept", Some(body));
    assert_eq!(log_in(&client, "come", "pw-1").status, 200);
    let users = "GET /users?filter[invitationPending][EQ]=true&page[limit]=0";
    assert_eq!(done(&client, users, None)["totalCount"], 0);
}

#[test]
fn a_key_is_good_for_the_dialect_that_it_names_until_it_is_revoked() {
    let (folder, _server, client) = serving("", "");
    let key = |scope: &str| key(&folder, &["ada", scope, "--scope", scope]);
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
