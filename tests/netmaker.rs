//! The dialect of Netmaker of the real server over HTTPS: scenarios, and who may ask for what.

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
use serde_json::json;
use server::{Folder, SUFFIX, Server};

const TREE: &str = include_str!("rest/netmaker/tree.ldif");
const BASE: &str = "/api";
/// Administrators are those who have that role; platform users write the groups that come with networks.
const ACCESS: &str = r#"
[[access]]
who = "group:cn=administrators,ou=groups,dc=example,dc=org"
attributes = ["*", "+"]
allow = ["read", "search", "compare", "write", "add", "delete"]

[[access]]
who = "group:cn=platform,ou=groups,dc=example,dc=org"
to = "ou=groups,dc=example,dc=org"
filter = "(hedgerowDefault=TRUE)"
attributes = ["member"]
allow = ["read", "search", "compare", "write"]

[[access]]
who = "self"
attributes = ["userPassword", "displayName", "hedgerowTheme", "hedgerowTextSize", "hedgerowReducedMotion"]
allow = ["read", "search", "compare", "write"]
"#;

fn serving(section: &str) -> (Folder, Server, Client) {
    let administrators = format!("administrators = \"cn=administrators,ou=groups,{SUFFIX}\"");
    let folder = Folder::rest(&format!("{administrators}\n{section}"), ACCESS);
    folder.load(TREE);
    let server = folder.serve();
    let client = Client::new(server.rest.unwrap(), server.authority());
    (folder, server, client)
}

#[test]
fn every_scenario_of_netmaker_goes_as_it_says() {
    let spool = tempfile::tempdir().unwrap();
    let section = format!("mail_folder = {:?}", spool.path());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rest/netmaker");
    let files = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|it| it == "json"));
    files.sort();
    for file in files {
        let (_folder, _server, client) = serving(&section);
        scenario::run(&client, BASE, &file, spool.path());
    }
}

#[test]
fn a_refusal_at_a_path_that_leads_nowhere_speaks_the_words_of_the_dialect() {
    let (_folder, _server, client) = serving("");
    for path in ["/api/users/adm/nothing/at/all", "/api/v1/users/nothing"] {
        let answer = client.get(&Login::Nobody, path);
        assert_eq!(answer.status, 404, "{path}");
        let body = answer.json();
        assert_eq!(body["Code"], json!(404), "{path}");
        assert_eq!(body["Response"], json!(null), "{path}");
    }
}
