//! Passwords set in clear text over LDAP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::fs;

use server::{ADMIN, Folder, PASSWORD};

#[test]
fn a_clear_password_added_or_replaced_over_tls_is_hashed_and_binds() {
    let folder = Folder::new();
    folder.load(
        "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\n\
         dc: example\no: Example\n",
    );
    let server = folder.serve();
    let file = folder.path("changes.ldif");
    let ken = "uid=ken,dc=example,dc=org";
    for (password, ldif) in [
        (
            "secret-ken",
            "changetype: add\nobjectClass: inetOrgPerson\nuid: ken\ncn: Ken\nsn: Thompson\n\
             userPassword: secret-ken\n",
        ),
        (
            "other-ken",
            "changetype: modify\nreplace: userPassword\nuserPassword: other-ken\n",
        ),
    ] {
        fs::write(&file, format!("dn: {ken}\n{ldif}")).unwrap();
        let done = server
            .tool("ldapmodify", &server.secure_url())
            .args(["-D", ADMIN, "-w", PASSWORD, "-f"])
            .arg(&file)
            .output()
            .unwrap();
        assert_eq!(done.status.code(), Some(0), "{done:?}");
        let who = server
            .tool("ldapwhoami", &server.secure_url())
            .args(["-D", ken, "-w", password])
            .output()
            .unwrap();
        assert_eq!(who.status.code(), Some(0), "{who:?}");
    }
}
