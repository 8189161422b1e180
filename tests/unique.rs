//! Attributes that the configuration keeps unique, with the OpenLDAP client tools.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::fs;

use server::{ADMIN, Folder, PASSWORD, Server, text};

const TREE: &str = "\
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: cn=Ada,dc=example,dc=org
objectClass: inetOrgPerson
cn: Ada
sn: Byron
uid: ada

dn: cn=Grace,dc=example,dc=org
objectClass: inetOrgPerson
cn: Grace
sn: Hopper
uid: grace
";

/// Runs ldapmodify on one record as the administrator: its result code and what it said.
fn modify(folder: &Folder, server: &Server, record: &str) -> (Option<i32>, String) {
    let file = folder.path("changes.ldif");
    fs::write(&file, record).unwrap();
    let done = server
        .tool("ldapmodify", &server.secure_url())
        .args(["-D", ADMIN, "-w", PASSWORD, "-f"])
        .arg(&file)
        .output()
        .unwrap();
    (done.status.code(), text(&done.stderr))
}

#[test]
fn a_user_name_is_given_once() {
    let folder = Folder::self_service("[unique]\nattributes = [\"uid\"]\n");
    folder.load(TREE);
    let server = folder.serve();
    let (code, said) = modify(
        &folder,
        &server,
        "dn: cn=Other,dc=example,dc=org\nchangetype: add\nobjectClass: inetOrgPerson\n\
         cn: Other\nsn: Other\nuid: ADA\n",
    );
    assert_eq!(code, Some(19), "{said}");
    assert!(said.contains("\"uid\" is unique"), "{said}");
    assert!(said.contains("cn=Ada,dc=example,dc=org"), "{said}");
    let change = "dn: cn=Grace,dc=example,dc=org\nchangetype: modify\nreplace: uid\nuid: Ada\n";
    assert_eq!(modify(&folder, &server, change).0, Some(19));
    let rename = "dn: cn=Grace,dc=example,dc=org\nchangetype: modrdn\nnewrdn: uid=ada\n\
                  deleteoldrdn: 0\n";
    assert_eq!(modify(&folder, &server, rename).0, Some(19));
    let own = rename.replace("uid=ada", "uid=Grace");
    assert_eq!(modify(&folder, &server, &own).0, Some(0));
}

#[test]
fn an_import_is_not_held_to_it() {
    let folder = Folder::self_service("[unique]\nattributes = [\"uid\"]\n");
    folder.load(TREE);
    folder.load(
        "dn: cn=Twin,dc=example,dc=org\nobjectClass: inetOrgPerson\ncn: Twin\nsn: Twin\nuid: ada\n",
    );
    let server = folder.serve();
    let title = "dn: cn=Twin,dc=example,dc=org\nchangetype: modify\nadd: title\ntitle: Twin\n";
    assert_eq!(modify(&folder, &server, title).0, Some(0));
}

#[test]
fn an_attribute_that_cannot_be_unique_is_a_mistake_in_the_configuration() {
    let folder = Folder::self_service("[unique]\nattributes = [\"uid\"]\n");
    let path = folder.path("hedgerow.toml");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, config.replace("[\"uid\"]", "[\"jpegPhoto\"]")).unwrap();
    let checked = folder.command("check-config").output().unwrap();
    assert_eq!(checked.status.code(), Some(1), "{checked:?}");
    let said = text(&checked.stderr) + &text(&checked.stdout);
    assert!(said.contains("unique.attributes"), "{said}");
    assert!(said.contains("jpegPhoto"), "{said}");
}
