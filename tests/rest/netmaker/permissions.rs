//! Who may ask for what: the table beside this file, cell by cell.

use serde_json::Value;

use super::{basic, master_key, serving};
use crate::https::{Client, Login};
use crate::table::{cells, request};

/// Asks for one operation, about a user, without saying more than that.
fn ask(client: &Client, document: &Value, id: &str, login: &Login, about: &str) -> u16 {
    let parts = [
        ("username", about),
        ("remote_access_gateway_id", "moon"),
        ("ingress_id", "moon"),
    ];
    let (mut request, operation) = request(document, id, &parts);
    let mut parameters = operation["parameters"].as_array().unwrap().iter();
    if parameters.any(|it| it["name"] == "username" && it["in"] == "query") {
        request.push_str(&format!("?username={about}"));
    }
    let body = (!operation["requestBody"].is_null()).then_some(b"{".as_slice());
    client.send(login, &request, &[], body).status
}

#[test]
fn each_role_may_ask_for_what_the_table_says() {
    let place = tempfile::tempdir().unwrap();
    let (key, section) = master_key(place.path(), 0o600);
    let (_folder, _server, client) = serving(&section);
    let document = client.get(&Login::Nobody, "/openapi/netmaker.json").json();
    let callers = [
        ("master", Login::Bearer(key), "masteradministrator"),
        ("super-admin", basic("chief"), "chief"),
        ("admin", basic("boss"), "boss"),
        ("auditor", basic("olga"), "olga"),
        ("platform-user", basic("pat"), "pat"),
        ("service-user", basic("ada"), "ada"),
        ("any", Login::Nobody, "nobody-here"),
    ];
    let roles: Vec<_> = callers.iter().map(|(role, ..)| *role).collect();
    for cell in cells(include_str!("permissions.txt"), &document, &roles) {
        let (role, login, name) = &callers[cell.caller];
        let id = cell.id;
        // What is refused otherwise is that there is no such thing, or that the body is no JSON.
        let is_let_in = |about: &str| match ask(&client, &document, id, login, about) {
            401 if *role == "any" => false,
            // The master key is no user who could have tokens.
            401 if *role == "master" => true,
            403 => false,
            200 | 400 | 404 => true,
            other => panic!("{id} as {role}: {other}"),
        };
        let (about_another, about_oneself) = (is_let_in("nobody-there"), is_let_in(name));
        match cell.expected {
            "yes" => assert!(about_another, "{id} as {role}"),
            "own" => assert!(!about_another && about_oneself, "{id} as {role}"),
            "no" => assert!(!about_another && !about_oneself, "{id} as {role}"),
            other => panic!("{id}: {other}"),
        }
    }
}
