//! Who may ask for what: the table beside this file, cell by cell.

use serde_json::{Value, json};

use super::{id_of, serving_more};
use crate::https::{Client, Login};
use crate::server::SUFFIX;
use crate::service;
use crate::table::{hold, request};

/// The statuses of requests that change nothing: what they are about is nobody, or is not sound, or is so already.
fn ask(
    client: &Client,
    document: &Value,
    (id, about): (&str, &str),
    who: &Login,
    other: &str,
) -> u16 {
    let parts = [
        ("userId", "00000000-0000-4000-8000-000000000000"),
        ("authMechanism", "TOTP"),
    ];
    let (request, _) = request(document, id, &parts);
    let (level, parents) = about
        .strip_suffix('+')
        .map_or((about, false), |it| (it, true));
    let scope = match level {
        "organization" => "&orgIdentifier=payments".to_owned(),
        "project" => "&orgIdentifier=payments&projectIdentifier=ledger".to_owned(),
        "nowhere" => "&orgIdentifier=payments&projectIdentifier=nowhere".to_owned(),
        "another" => format!("&userId={other}"),
        _ => String::new(),
    };
    let body = match id {
        "getUsers" if parents => Some(json!({ "parentFilter": "INCLUDE_PARENT_SCOPES" })),
        "addUsers" => Some(json!({})),
        "enableTwoFactorAuth" => Some(json!({ "mechanism": "TOTP", "totpSecretKey": "short" })),
        "changeUserPassword" => Some(json!({ "currentPassword": "x", "newPassword": "y" })),
        "updateUserInfo" => Some(json!({ "name": "The same" })),
        _ => None,
    };
    let request = format!("{request}?accountIdentifier=default{scope}");
    client.ask(who, &request, body).status
}

#[test]
fn each_role_may_ask_for_what_the_table_says() {
    let section = format!("administrators = \"cn=staff,ou=groups,{SUFFIX}\"");
    let (folder, _server, client) = serving_more(&section, &[include_str!("roles.ldif")]);
    let document = client.get(&Login::Nobody, "/openapi/harness.json").json();
    let own = |name: &str| Login::basic(name, &format!("demo-{name}"));
    let key = |user: &str, name: &str, scope: &str| {
        Login::Key(service::key(&folder, &[user, name, "--scope", scope]))
    };
    let body = json!({ "username": "account-admin", "password": "demo-account-admin" });
    let token = client.ask(&Login::Nobody, "POST /api/v2/auth/login", Some(body));
    let token = token.json()["token"].as_str().unwrap().to_owned();
    let callers = [
        ("nobody", Login::Nobody),
        ("wrong", Login::basic("account-admin", "demo-user")),
        ("user", own("user")),
        ("part", own("part")),
        ("elsewhere", own("elsewhere")),
        ("p-viewer", own("project-viewer")),
        ("p-admin", own("project-admin")),
        ("o-viewer", own("org-viewer")),
        ("o-admin", own("org-admin")),
        ("a-viewer", own("account-viewer")),
        ("a-admin", own("account-admin")),
        ("staff", own("staff")),
        ("admin", Login::admin()),
        ("key-user", key("user", "a", "harness")),
        ("key-admin", key("account-admin", "b", "harness")),
        ("key-part", key("account-admin", "c", "harness:x")),
        ("key-slc", key("account-admin", "d", "slc-hub")),
        ("token-slc", Login::Bearer(token)),
    ];
    let other = id_of(&client, "Grace");
    hold(
        include_str!("permissions.txt"),
        &document,
        &callers,
        |cell, who| vec![ask(&client, &document, (cell.id, cell.about), who, &other)],
    );
}
