//! Who may ask for what: the table beside this file, cell by cell.

use serde_json::json;

use super::{RULES, key, serving, token};
use crate::https::{Client, Login};
use crate::server::SUFFIX;
use crate::table::{hold, request};

/// What keys may be limited to, as the table calls it.
const PERMISSIONS: [&str; 9] = [
    "user:read",
    "user:create",
    "user:delete",
    "group:read",
    "group:create",
    "group:delete",
    "member:create",
    "member:delete",
    "nothing",
];

/// A token of another dialect.
fn of_slc_hub(client: &Client) -> Login {
    let body = json!({ "username": "grace", "password": "demo-grace" });
    let answer = client.ask(&Login::Nobody, "POST /api/v2/auth/login", Some(body));
    Login::Bearer(answer.json()["token"].as_str().unwrap().to_owned())
}

#[test]
fn each_caller_may_ask_for_what_the_table_says() {
    let staff = format!("cn=staff,ou=groups,{SUFFIX}");
    let (folder, server, client) = serving(&format!("administrators = \"{staff}\""), RULES);
    let grace = format!("uid=grace,ou=people,{SUFFIX}");
    let group = vec![
        ("objectClass", ["groupOfNames"].into()),
        ("member", [grace.as_str()].into()),
    ];
    let mut ldap = server.administrator();
    ldap.add(&staff, group).unwrap().success().unwrap();
    let document = client
        .get(&Login::Nobody, "/openapi/harmony-sase.json")
        .json();
    let key = |name: &str, scope: &str| key(&folder, name, &[scope], &[]);
    let (whole, part) = (
        key("whole", "harmony-sase"),
        key("part", "harmony-sase:user:read"),
    );
    let mut callers = vec![
        ("nobody", Login::Nobody),
        ("wrong", Login::basic("grace", "demo-ada")),
        ("user", Login::basic("ada", "demo-ada")),
        ("staff", Login::basic("grace", "demo-grace")),
        ("admin", Login::admin()),
        ("token", token(&client, &whole)),
    ];
    callers.extend(PERMISSIONS.map(|permission| {
        let scope = permission.replace("member:", "group.member:");
        let key = key(
            &permission.replace(':', "-"),
            &format!("harmony-sase:{scope}"),
        );
        (permission, token(&client, &key))
    }));
    callers.push(("key", Login::Key(whole)));
    callers.push(("key-part", Login::Key(part)));
    callers.push(("token-slc", of_slc_hub(&client)));
    let parts = ["id", "groupId", "userId"].map(|name| (name, "0000000000"));
    hold(
        include_str!("permissions.txt"),
        &document,
        &callers,
        |cell, who| {
            let aliases = match cell.id {
                "harmonyAuthorize" => &[""][..],
                _ => &["", "Alias1", "Alias2"],
            };
            let statuses = aliases.iter().map(|alias| {
                let (request, operation) =
                    request(&document, &format!("{}{alias}", cell.id), &parts);
                let body = (!operation["requestBody"].is_null()).then(|| json!({}));
                client.ask(who, &request, body).status
            });
            statuses.collect()
        },
    );
}
