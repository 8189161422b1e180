//! Access tokens: what they are good for, and what not.

use ldap3::{LdapConn, Scope, SearchEntry};
use serde_json::{Value, json};

use super::{ACCESS, TREE, ask, basic, names, serving};
use crate::https::{Client, Login};
use crate::server::{Folder, SUFFIX};
use crate::service;

fn token_of(client: &Client, user: &str) -> String {
    let body = json!({"name": "pipeline", "user_name": user}).to_string();
    let request = "POST /api/v1/users/access_token";
    let made = ask(client, &basic(user), request, Some(&body)).json();
    made["Response"]["AuthToken"].as_str().unwrap().to_owned()
}

#[test]
fn a_token_is_an_entry_whose_secret_nobody_reads_and_ends_with_it_and_with_its_user() {
    let (folder, server, client) = serving("");
    let one = Login::Bearer(token_of(&client, "ada"));
    let two = Login::Bearer(token_of(&client, "grace"));
    let status =
        |login: &Login, user: &str| client.get(login, &format!("/api/users/{user}")).status;
    assert_eq!((status(&one, "ada"), status(&two, "grace")), (200, 200));
    let mut ldap = server.administrator();
    let tokens = names(&mut ldap, "(objectClass=hedgerowToken)");
    assert_eq!(tokens.len(), 2);
    assert_eq!(names(&mut ldap, "(hedgerowTokenHash=*)"), [""; 0]);
    for token in &tokens {
        let found = ldap.search(token, Scope::Base, "(objectClass=*)", vec!["*", "+"]);
        let (mut found, _) = found.unwrap().success().unwrap();
        let entry = SearchEntry::construct(found.pop().unwrap());
        assert_eq!(entry.attrs.get("hedgerowTokenHash"), None);
        assert!(entry.attrs.contains_key("pwdLastSuccess"));
    }
    let own = client
        .get(&basic("ada"), "/api/v1/users/access_token?username=ada")
        .json();
    let id = own["Response"][0]["id"].as_str().unwrap().to_owned();
    ldap.delete(&format!("cn={id},ou=tokens,{SUFFIX}"))
        .unwrap()
        .success()
        .unwrap();
    assert_eq!((status(&one, "ada"), status(&two, "grace")), (401, 200));
    let user = format!("uid=grace,ou=people,{SUFFIX}");
    ldap.delete(&user).unwrap().success().unwrap();
    assert_eq!(status(&two, "grace"), 401);
    assert_eq!(names(&mut ldap, "(objectClass=hedgerowToken)"), [""; 0]);
    assert!(!folder.audited("hedgerowToken").contains("hgrt_"));
}

#[test]
fn a_token_is_good_for_this_dialect_alone_and_is_no_password_and_no_key() {
    let (_folder, server, client) = serving("");
    let token = token_of(&client, "boss");
    let bearer = Login::Bearer(token.clone());
    assert_eq!(client.get(&bearer, "/api/users").status, 200);
    let others = [
        "/api/v2/auth/me",
        "/ng/api/user/currentUser",
        "/gateway/ng/api/user/currentUser",
        "/api/rest/v1/users",
        "/v1/users",
    ];
    for path in others {
        assert_eq!(client.get(&bearer, path).status, 401, "{path}");
    }
    let by_key = ("x-api-key".to_owned(), token.clone());
    let as_password = Login::basic("boss", &token);
    for path in others.iter().chain(&["/api/users"]) {
        assert_eq!(client.get(&as_password, path).status, 401, "{path}");
        let answer = client.send(
            &Login::Nobody,
            &format!("GET {path}"),
            std::slice::from_ref(&by_key),
            None,
        );
        assert_eq!(answer.status, 401, "{path}");
    }
    let key = json!({ "grantType": "api_key", "apiKey": token }).to_string();
    let request = "POST /api/v1/auth/authorize";
    let answer = ask(&client, &Login::Nobody, request, Some(&key));
    assert_eq!(answer.status, 401, "{}", answer.text());
    let mut ldap = LdapConn::new(&server.url()).unwrap();
    let boss = format!("uid=boss,ou=people,{SUFFIX}");
    assert_eq!(ldap.simple_bind(&boss, &token).unwrap().rc, 49);
}

#[test]
fn a_token_changes_nobodys_password_and_nobodys_second_factor() {
    let own = "[[access]]\nwho = \"self\"\nattributes = [\"hedgerowSecondFactor\"]\nallow = [\"write\"]\n";
    let rules = ACCESS.replacen("[[access]]", &format!("{own}\n[[access]]"), 1);
    let (_folder, _server, client) = service::serving(Folder::rest("", &rules), &[TREE]);
    let boss = Login::Bearer(token_of(&client, "boss"));
    let chief = Login::Bearer(token_of(&client, "chief"));
    for (login, user) in [(&boss, "boss"), (&boss, "grace"), (&chief, "boss")] {
        let request = format!("PUT /api/users/{user}");
        let mut said = client.get(login, &format!("/api/users/{user}")).json();
        said["password"] = json!("demo-other");
        let answer = ask(&client, login, &request, Some(&said.to_string()));
        assert_eq!(answer.status, 403, "{user}: {}", answer.text());
        assert!(answer.text().contains("log in"), "{}", answer.text());
        said["password"] = json!("");
        let answer = ask(&client, login, &request, Some(&said.to_string()));
        assert_eq!(answer.status, 200, "{user}: {}", answer.text());
        assert_eq!(
            client
                .get(&basic(user), &format!("/api/users/{user}"))
                .status,
            200
        );
    }
    let proposed = client
        .get(&basic("grace"), "/ng/api/user/two-factor-auth/TOTP")
        .json();
    let secret = &proposed["data"]["totpSecretKey"];
    let body = json!({"mechanism": "TOTP", "totpSecretKey": secret}).to_string();
    let request = "PUT /ng/api/user/enable-two-factor-auth";
    let enabled = ask(&client, &basic("grace"), request, Some(&body));
    assert_eq!(enabled.status, 200, "{}", enabled.text());
    let mut grace = client.get(&boss, "/api/users/grace").json();
    assert_eq!(grace["is_mfa_enabled"], true, "{grace}");
    grace["is_mfa_enabled"] = json!(false);
    let body = grace.to_string();
    let answer = ask(&client, &boss, "PUT /api/users/grace", Some(&body));
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert!(answer.text().contains("log in"), "{}", answer.text());
    assert_eq!(
        client.get(&boss, "/api/users/grace").json()["is_mfa_enabled"],
        true
    );
    let answer = ask(&client, &basic("boss"), "PUT /api/users/grace", Some(&body));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn a_token_that_ended_long_ago_is_removed_by_the_server_itself() {
    let (owner, id) = (
        "7d3b1c9e-16a6-4027-98f4-d28b5365dc14",
        "00000000-0000-4000-8000-000000000000",
    );
    let folder = Folder::rest("", ACCESS);
    let tokens = format!(
        "dn: ou=tokens,{SUFFIX}\nobjectClass: organizationalUnit\nou: tokens\n\n\
         dn: cn={id},ou=tokens,{SUFFIX}\nobjectClass: hedgerowToken\ncn: {id}\nhedgerowOwner: {owner}\n\
         hedgerowTokenHash: x\nhedgerowTokenExpiry: 20260101000000Z\n"
    );
    let (folder, server, _client) = service::serving(folder, &[TREE, &tokens]);
    let line = folder.audited(&format!("cn={id},ou=tokens"));
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["operation"], "delete", "{line}");
    // Nobody has asked for it.
    assert_eq!(
        (&line["address"], &line["through"]),
        (&json!(null), &json!(null))
    );
    let mut ldap = server.administrator();
    assert_eq!(names(&mut ldap, "(objectClass=hedgerowToken)"), [""; 0]);
}
