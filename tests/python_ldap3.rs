//! python's ldap3, which refuses to send or to take what the server's own schema does not define.

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

#[test]
fn ldap3_with_all_information_reads_and_writes() {
    let folder = Folder::new();
    folder.load(
        "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\n\
         dc: example\no: Example\n",
    );
    let server = folder.serve();
    // Debian's own interpreter, which knows the packages that tests/run installs.
    let done = Command::new("/usr/bin/python3")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/python_ldap3.py"
        ))
        .args([&server.url(), SUFFIX, ADMIN, PASSWORD])
        .arg(folder.authority())
        .output()
        .expect("python3 is installed");
    assert_eq!(text(&done.stdout), "done\n", "{}", text(&done.stderr));
}
