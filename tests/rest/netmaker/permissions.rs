//! Who may ask for what: the table beside this file, cell by cell.

use serde_json::Value;

use super::{basic, master_key, serving};
use crate::https::{Client, Login};

/// Asks for one operation, about a user, without saying more than that.
fn ask(client: &Client, document: &Value, id: &str, login: &Login, about: &str) -> u16 {
    let paths = document["paths"].as_object().unwrap().iter();
    let mut operations =
        paths.flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |it| (path, it)));
    let (path, (verb, operation)) = operations
        .find(|(_, (_, operation))| operation["operationId"] == id)
        .unwrap_or_else(|| panic!("{id} is no operation"));
    let path = path
        .replace("{username}", about)
        .replace("{remote_access_gateway_id}", "moon")
        .replace("{ingress_id}", "moon");
    let mut parameters = operation["parameters"].as_array().unwrap().iter();
    let by_query = parameters.any(|it| it["name"] == "username" && it["in"] == "query");
    let query = if by_query {
        format!("?username={about}")
    } else {
        String::new()
    };
    let request = format!("{} {path}{query}", verb.to_uppercase());
    let body = (!operation["requestBody"].is_null()).then_some(b"{".as_slice());
    client.send(login, &request, &[], body).status
}

#[test]
fn each_role_may_ask_for_what_the_table_says() {
    let place = tempfile::tempdir().unwrap();
    let (key, section) = master_key(place.path(), 0o600);
    let (_folder, _server, client) = serving(&section);
    let document = client.get(&Login::Nobody, "/openapi/netmaker.json").json();
    let table = include_str!("permissions.txt").lines();
    let mut table = table.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let roles: Vec<_> = table.next().unwrap().split_whitespace().skip(1).collect();
    let callers = [
        (Login::Bearer(key), "masteradministrator"),
        (basic("chief"), "chief"),
        (basic("boss"), "boss"),
        (basic("olga"), "olga"),
        (basic("pat"), "pat"),
        (basic("ada"), "ada"),
        (Login::Nobody, "nobody-here"),
    ];
    let mut seen = 0;
    for line in table {
        let mut cells = line.split_whitespace();
        let id = cells.next().unwrap();
        let cells: Vec<_> = cells.collect();
        assert_eq!(cells.len(), roles.len(), "{id}");
        for ((role, cell), (login, name)) in roles.iter().zip(cells).zip(&callers) {
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
            match cell {
                "yes" => assert!(about_another, "{id} as {role}"),
                "own" => assert!(!about_another && about_oneself, "{id} as {role}"),
                "no" => assert!(!about_another && !about_oneself, "{id} as {role}"),
                other => panic!("{id}: {other}"),
            }
        }
        seen += 1;
    }
    let paths = document["paths"].as_object().unwrap().values();
    let operations: usize = paths.map(|item| item.as_object().unwrap().len()).sum();
    assert_eq!(seen, operations, "each operation has its line");
}
