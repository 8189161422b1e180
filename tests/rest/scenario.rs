//! Scenarios: files of requests and the answers expected to them.
//!
//! A file is a list of steps. `request` is the method and the path, `as` who asks (a name and a password with a colon, or
//! a saved token), `body` JSON, `status` and `expect` the answer: of an object the members that are named, of an array
//! every item, `"*"` is anything and null is absent. `save` keeps parts of an answer for later steps, which name them in
//! double braces.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::https::{Answer, Client, Login};
use crate::server::{Folder, Server};

/// Runs every file of a folder beside this one, each with a server of its own that has these lines in its section.
pub fn run_all(folder: &str, base: &str, serving: impl Fn(&str) -> (Folder, Server, Client)) {
    let spool = tempfile::tempdir().unwrap();
    let section = format!("mail_folder = {:?}\nbody_bytes = 65536", spool.path());
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rest");
    let files = fs::read_dir(beside.join(folder)).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|it| it == "json"));
    files.sort();
    assert!(!files.is_empty(), "{folder}");
    for file in files {
        let (_folder, _server, client) = serving(&section);
        run(&client, base, &file, spool.path());
    }
}

/// Runs one file.
fn run(client: &Client, base: &str, file: &Path, spool: &Path) {
    let text = fs::read_to_string(file).unwrap();
    let steps: Vec<Value> =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut saved: HashMap<String, String> = HashMap::new();
    for (number, step) in steps.iter().enumerate() {
        let place = format!(
            "{}, step {} ({})",
            file.display(),
            number + 1,
            step["name"].as_str().unwrap_or("")
        );
        let known = [
            "name", "as", "request", "headers", "body", "raw", "status", "expect", "has", "save",
            "mail",
        ];
        let keys = step.as_object().unwrap().keys();
        keys.for_each(|key| assert!(known.contains(&key.as_str()), "{place}: {key}"));
        let fill = |text: &str| fill(text, &saved, &place);
        let login = match step["as"].as_str() {
            None => Login::Nobody,
            Some(who) => match fill(who).split_once(':') {
                Some(("token", token)) => Login::Bearer(token.to_owned()),
                Some((name, password)) => Login::basic(name, password),
                None => panic!("{place}: as"),
            },
        };
        let (method, path) = step["request"].as_str().unwrap().split_once(' ').unwrap();
        let path = if path.starts_with("//") {
            path[1..].to_owned()
        } else {
            format!("{base}{path}")
        };
        let request = format!("{method} {}", fill(&path));
        let headers = step["headers"].as_object().into_iter().flatten();
        let headers: Vec<_> = headers
            .map(|(name, value)| (name.clone(), fill(value.as_str().unwrap())))
            .collect();
        let body = match (&step["body"], &step["raw"]) {
            (Value::Null, Value::Null) => None,
            (Value::Null, raw) => Some(raw.as_str().unwrap().to_owned()),
            (body, _) => Some(fill(&body.to_string())),
        };
        let answer = client.send(
            &login,
            &request,
            &headers,
            body.as_ref().map(String::as_bytes),
        );
        check(step, &answer, &place, &saved);
        for (name, pointer) in step["save"].as_object().into_iter().flatten() {
            let pointer = pointer.as_str().unwrap();
            let value = match pointer.strip_prefix("header:") {
                Some(header) => answer.headers[header].replace('"', "\\\""),
                None => {
                    let found = answer.json().pointer(pointer).cloned();
                    let found = found.unwrap_or_else(|| panic!("{place}: nothing at {pointer}"));
                    found
                        .as_str()
                        .map_or_else(|| found.to_string(), str::to_owned)
                }
            };
            saved.insert(name.clone(), value);
        }
        if let Some(name) = step["mail"].as_str() {
            saved.insert(name.to_owned(), token_of_last_mail(spool));
        }
    }
}

fn fill(text: &str, saved: &HashMap<String, String>, place: &str) -> String {
    let mut out = text.to_owned();
    for (name, value) in saved {
        out = out.replace(&format!("{{{{{name}}}}}"), value);
    }
    assert!(
        !out.contains("{{"),
        "{place}: {out} names what was not saved"
    );
    out
}

fn check(step: &Value, answer: &Answer, place: &str, saved: &HashMap<String, String>) {
    let status = step["status"].as_u64().unwrap();
    assert_eq!(
        u64::from(answer.status),
        status,
        "{place}: {}",
        answer.text()
    );
    if answer.status >= 400 && !answer.body.is_empty() {
        // As each dialect calls it.
        let words = ["msg", "message", "Message"].map(|name| answer.json()[name].clone());
        let said = |word: &Value| word.as_str().is_some_and(|word| !word.is_empty());
        assert!(words.iter().any(said), "{place}: {}", answer.text());
    }
    if !step["expect"].is_null() {
        let expected = fill(&step["expect"].to_string(), saved, place);
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let got = answer.json();
        assert!(
            agrees(&expected, &got),
            "{place}: expected {expected:#} and got {got:#}"
        );
    }
    for text in step["has"].as_array().into_iter().flatten() {
        let text = fill(text.as_str().unwrap(), saved, place);
        assert!(
            answer.text().contains(&text),
            "{place}: no {text:?} in {}",
            answer.text()
        );
    }
}

fn agrees(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::String(any), got) if any == "*" => !got.is_null(),
        (Value::Object(members), Value::Object(has)) => members
            .iter()
            .all(|(name, expected)| agrees(expected, has.get(name).unwrap_or(&Value::Null))),
        (Value::Array(items), Value::Array(has)) => {
            items.len() == has.len() && items.iter().zip(has).all(|(one, other)| agrees(one, other))
        }
        (expected, got) => expected == got,
    }
}

/// The token in the mail that was put into a folder last.
pub fn token_of_last_mail(spool: &Path) -> String {
    use base64::Engine;
    let files = fs::read_dir(spool)
        .unwrap()
        .map(|file| file.unwrap().path());
    let last = files.max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
    let text = fs::read_to_string(last.unwrap()).unwrap();
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    let body = base64::engine::general_purpose::STANDARD
        .decode(body.replace("\r\n", ""))
        .unwrap();
    let body = String::from_utf8(body).unwrap();
    let (_, rest) = body.split_once("token=").unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}
