//! LDAP libraries of other languages that hold the server to its own schema: python's ldap3, Java's JNDI and that of Apache Directory Studio.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::process::Command;

use server::{ADMIN, Folder, PASSWORD, SUFFIX, text};

/// Runs a program of these tests against an empty tree; it says "done" when all was as it should be.
fn run(mut program: Command, script: &str) {
    let folder = Folder::new();
    folder.load(
        "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\n\
         dc: example\no: Example\n",
    );
    let server = folder.serve();
    let done = program
        .arg(format!("{}/tests/{script}", env!("CARGO_MANIFEST_DIR")))
        .args([&server.url(), SUFFIX, ADMIN, PASSWORD])
        .arg(folder.authority())
        .output()
        .expect("the interpreter is installed");
    assert_eq!(text(&done.stdout), "done\n", "{}", text(&done.stderr));
}

/// With everything that it asks of a server's schema, and names checked before they are sent.
#[test]
fn pythons_ldap3_reads_the_schema_and_writes_by_it() {
    // Debian's own interpreter, which knows the packages that tests/run installs.
    run(Command::new("/usr/bin/python3"), "python_ldap3.py");
}

#[test]
fn javas_jndi_parses_the_schema_lists_and_writes() {
    run(Command::new("java"), "Jndi.java");
}

/// What Debian installs of Apache's library and what that needs here.
const DIRECTORY_API: [&str; 8] = [
    "apache-directory-api-all",
    "commons-codec",
    "commons-collections4",
    "commons-lang3",
    "commons-pool2",
    "mina2-core",
    "slf4j-api",
    "slf4j-nop",
];

#[test]
fn apache_directory_studio_parses_every_definition_of_the_schema() {
    let jars = DIRECTORY_API.map(|name| format!("/usr/share/java/{name}.jar"));
    let mut java = Command::new("java");
    java.args(["-classpath", &jars.join(":")]);
    run(java, "Studio.java");
}
