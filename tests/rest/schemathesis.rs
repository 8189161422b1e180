//! schemathesis asks the server everything that its OpenAPI document allows, and much that it does not.
//!
//! tests/run installs the program; without it this fails.

use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::server::{Folder, PASSWORD, text};
use crate::service::TREE;

#[test]
fn no_answer_is_other_than_the_document_says() {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python/bin/schemathesis");
    assert!(
        program.exists(),
        "no {}: tests/run installs it",
        program.display()
    );
    let spool = tempfile::tempdir().unwrap();
    let section = format!("body_bytes = 262144\nmail_folder = {:?}", spool.path());
    let folder = Folder::rest(&section, "");
    folder.load(TREE);
    let server = folder.serve();
    let url = format!("https://{}", server.rest.unwrap());
    let login = STANDARD.encode(format!("admin:{PASSWORD}"));
    let ran = Command::new(program)
        .arg("--config-file")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rest/schemathesis.toml"))
        .args(["run", &format!("{url}/openapi.json"), "--url", &url])
        .arg("--tls-verify")
        .arg(folder.authority())
        .args(["--header", &format!("Authorization: Basic {login}")])
        .args(["--checks", "all", "--max-examples", "10", "--seed", "1"])
        .args(["--phases", "examples,coverage,fuzzing", "--workers", "1"])
        .args(["--suppress-health-check", "all", "--no-color"])
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}\n{}",
        text(&ran.stdout),
        text(&ran.stderr)
    );
    assert!(server.stop().success());
}
