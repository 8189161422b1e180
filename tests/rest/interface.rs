//! What does not depend on the dialect: limits, origins, the document, the audit log, a stop.

use std::io::{Read, Write};
use std::net::TcpStream;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::https::{Answer, Client, Login};
use crate::server::{ADMIN, Folder, PASSWORD, SUFFIX, until};
use crate::slc_hub::{BASE, done, log_in, me, serving, token};

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
    assert_eq!(me(&client, &Login::admin()), 200);
}

#[test]
fn a_refused_request_whose_body_never_ends_keeps_nobody_else_away() {
    let (folder, _server, client) = serving("requests = 1\nrequest_seconds = 3600", "");
    let head = format!("POST {BASE}/users HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n");
    let _open = client.begin(head.as_bytes());
    until(|| folder.told(&["audit", "--kind", "refusal"]).contains(BASE));
    until(|| me(&client, &Login::admin()) == 200);
}

#[test]
fn a_body_that_is_long_in_coming_keeps_nobody_else_away() {
    let (_folder, _server, client) = serving("requests = 1\nrequest_seconds = 3600", "");
    let proof = STANDARD.encode(format!("admin:{PASSWORD}"));
    let head = format!(
        "POST {BASE}/users HTTP/1.1\r\nhost: x\r\nauthorization: Basic {proof}\r\n\
         expect: 100-continue\r\nconnection: close\r\ncontent-length: 2\r\n\r\n"
    );
    let mut open = client.begin(head.as_bytes());
    let mut told = [0; 25];
    open.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(me(&client, &Login::admin()), 200);
    open.write_all(b"{}").unwrap();
    let mut answer = Vec::new();
    let _ = open.read_to_end(&mut answer);
    assert!(answer.starts_with(b"HTTP/1.1 400 "), "{answer:?}");
}

#[test]
fn an_address_has_no_more_than_its_share_of_the_connections() {
    let (_folder, server, client) = serving("connections_per_address = 2", "");
    let first = TcpStream::connect(client.address).unwrap();
    let _second = TcpStream::connect(client.address).unwrap();
    let mut third = TcpStream::connect(client.address).unwrap();
    assert!(matches!(third.read(&mut [0]), Ok(0) | Err(_)));
    let told = server.said("turned away");
    assert!(
        told.contains("too many REST connections of one address"),
        "{told}"
    );
    drop(first);
    until(|| {
        !client
            .raw(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .is_empty()
    });
}

#[test]
fn requests_without_a_login_are_counted() {
    let folder = Folder::edited(|config| {
        config.replacen(
            "[passwords]",
            "[rest]\nlisten = [\"127.0.0.1:0\"]\nanonymous_per_minute = 2\n[passwords]",
            1,
        )
    });
    let server = folder.serve();
    let client = Client::of(&server);
    let statuses = [1, 2, 3].map(|_| log_in(&client, "ada", "x").status);
    assert_eq!(statuses, [401, 401, 429]);
    assert_eq!(me(&client, &Login::admin()), 200);
    let wrong = Login::basic("ada", "x");
    let statuses = [1, 2, 3].map(|_| me(&client, &wrong));
    assert_eq!(statuses, [401, 401, 429]);
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
    let allowed = |answer: &Answer| {
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

#[test]
fn a_part_of_a_path_that_is_too_long_is_refused_by_name() {
    let (_folder, _server, client) = serving("", "");
    let path = format!("{BASE}/users/{}", "a".repeat(4_097));
    let answer = client.get(&Login::admin(), &path);
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
    for foreign in ["href=h", "href=\"", "href=//", "src=", "url(", "<script"] {
        assert!(!page.text().contains(foreign), "{foreign}");
    }
    assert!(page.headers["content-security-policy"].contains("default-src 'none'"));
    assert!(page.headers["content-security-policy"].contains("frame-ancestors 'none'"));
}

#[test]
fn a_stop_answers_what_is_under_way() {
    let (_folder, server, client) = serving("", "");
    assert_eq!(me(&client, &Login::admin()), 200);
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
    let refused = client.ask(&ada, &request, Some(user.clone()));
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
        ("authentication", ADMIN, None, "success"),
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
        ("write", ADMIN, Some(name("new").as_str()), "success"),
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
    assert_eq!(other["through"], ADMIN);
}

#[test]
fn an_answer_has_the_id_that_its_audit_line_has_and_a_plain_one_of_the_client_is_kept() {
    let (folder, server, client) = serving("", "");
    let ask = |id: &str, user: &str| {
        let user = json!({"userName": user, "password": "a-new-password", "email": format!("{user}@example.org")});
        let request = format!("POST {BASE}/users");
        let body = user.to_string();
        let headers = [("X-Request-Id".to_owned(), id.to_owned())];
        let answer = client.send(&Login::admin(), &request, &headers, Some(body.as_bytes()));
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
        assert_eq!(of("authentication")["who"], ADMIN);
    }
}

#[test]
fn whoever_removes_or_renames_the_group_of_administrators_reads_in_the_log_what_that_means() {
    let group = |name: &str| format!("cn={name},ou=groups,{SUFFIX}");
    let section = format!("administrators = \"{}\"", group("staff"));
    let more = format!(
        "[second_factor]\nkey_file = \"second-factor.key\"\ngroups = [\"{}\"]\n",
        group("vpn")
    );
    let (_folder, server, client) = serving(&section, &more);
    let mut ldap = server.administrator();
    let grace = format!("uid=grace,ou=people,{SUFFIX}");
    let list = || {
        client
            .get(
                &Login::basic("grace", "demo-grace"),
                &format!("{BASE}/users"),
            )
            .status
    };
    let (missing, lost) = ("there is no such group", "is gone or has another name");
    let warned = |why: &str, key: &str| {
        let line = server.said(key);
        assert!(line.contains("WARN") && line.contains(why), "{line}");
    };
    // As at the start, whose lines are read by nobody here.
    server.hang_up();
    warned(missing, "second_factor.groups");
    warned(missing, "rest.administrators");
    let listed = vec![
        ("objectClass", ["groupOfNames"].into()),
        ("member", [grace.as_str()].into()),
    ];
    let staff = ldap.add(&group("staff"), listed);
    staff.unwrap().success().unwrap();
    assert_eq!(list(), 200);
    let mut rename = |from: &str, to: &str| {
        let renamed = ldap.modifydn(&group(from), &format!("cn={to}"), true, None);
        renamed.unwrap().success().unwrap();
    };
    rename("staff", "crew");
    warned(lost, "rest.administrators");
    assert_eq!(list(), 403);
    server.hang_up();
    warned(missing, "rest.administrators");
    rename("crew", "staff");
    assert_eq!(list(), 200);
    // With what it lies in.
    let above = format!("ou=groups,{SUFFIX}");
    ldap.modifydn(&above, "ou=teams", true, None)
        .unwrap()
        .success()
        .unwrap();
    warned(lost, "rest.administrators");
    ldap.modifydn(&format!("ou=teams,{SUFFIX}"), "ou=groups", true, None)
        .unwrap()
        .success()
        .unwrap();
    ldap.delete(&group("staff")).unwrap().success().unwrap();
    warned(lost, "rest.administrators");
    assert_eq!(list(), 403);
}
