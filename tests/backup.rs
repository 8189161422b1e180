//! Backup, restore, export, check and a new password for the administrator, of a store and of a running server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use ldap3::LdapConn;
use server::{ADMIN, Folder, PASSWORD, SUFFIX, Server, text};

const TREE: &str = "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\ndc: example\n\
    o: Example\n\ndn: uid=ada,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: ada\ncn: Ada\n\
    sn: Lovelace\nuserPassword: secret-ada\n\ndn: cn=all,dc=example,dc=org\n\
    objectClass: groupOfNames\ncn: all\nmember: uid=ada,dc=example,dc=org\n\
    member: uid=unborn,dc=example,dc=org\n";
const NEW_PASSWORD: &str = "battery staple";

fn run(folder: &Folder, name: &str, arguments: &[&Path]) -> Output {
    folder
        .command(name)
        .args(arguments)
        .env("HEDGEROW_ADMIN_PASSWORD", NEW_PASSWORD)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn succeed(folder: &Folder, name: &str, arguments: &[&Path]) -> String {
    let done = run(folder, name, arguments);
    assert!(done.status.success(), "{name}: {}", text(&done.stderr));
    text(&done.stdout)
}

fn refusal(folder: &Folder, name: &str, arguments: &[&Path]) -> String {
    let done = run(folder, name, arguments);
    assert_eq!(done.status.code(), Some(1), "{name}");
    text(&done.stderr)
}

fn loaded() -> Folder {
    let folder = Folder::new();
    folder.load(TREE);
    folder
}

/// Moves the data away, as if the disk had been lost.
fn lose(folder: &Folder) {
    fs::rename(folder.path("data"), folder.path("lost")).unwrap();
}

fn binds(server: &Server, name: &str, password: &str) -> bool {
    let mut client = LdapConn::new(&server.url()).unwrap();
    let bound = client.simple_bind(name, password).unwrap();
    assert!([0, 49].contains(&bound.rc), "{bound}");
    bound.rc == 0
}

fn administrator(url: &str) -> LdapConn {
    let mut client = LdapConn::new(url).unwrap();
    client
        .simple_bind(ADMIN, PASSWORD)
        .unwrap()
        .success()
        .unwrap();
    client
}

/// Adds a person; the caller knows then that it is acknowledged.
fn add(client: &mut LdapConn, number: usize) {
    let one = |value: String| HashSet::from([value]);
    let entry = vec![
        ("objectClass".to_owned(), one("inetOrgPerson".to_owned())),
        ("cn".to_owned(), one(format!("Number {number}"))),
        ("sn".to_owned(), one("d".repeat(number * 7919 % 3000 + 1))),
    ];
    client
        .add(&format!("uid=u{number},{SUFFIX}"), entry)
        .unwrap()
        .success()
        .unwrap();
}

#[test]
fn a_backup_of_a_store_is_restored_to_the_same_directory() {
    let folder = loaded();
    let (first, second) = (folder.path("first"), folder.path("second"));
    succeed(&folder, "backup", &[&first]);
    let mode = fs::metadata(&first).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = folder.export();
    lose(&folder);
    succeed(&folder, "restore", &[&first]);
    assert_eq!(folder.export(), before);
    succeed(&folder, "check", &[]);
    succeed(&folder, "backup", &[&second]);
    assert!(fs::read(&first).unwrap() == fs::read(&second).unwrap());
    let server = folder.serve();
    assert!(binds(&server, ADMIN, PASSWORD));
    assert!(binds(&server, &format!("uid=ada,{SUFFIX}"), "secret-ada"));
}

#[test]
fn a_backup_of_a_running_server_holds_all_that_was_acknowledged_before_it_began() {
    let folder = loaded();
    let server = folder.serve();
    let url = server.url();
    let (stop, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut taken = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = administrator(&url);
            let mut number = 0;
            while !stop.load(Ordering::SeqCst) {
                add(&mut client, number);
                number += 1;
                acknowledged.store(number, Ordering::SeqCst);
            }
        });
        for round in 0..5 {
            // The writes go on: each round waits for some of its own.
            let enough = acknowledged.load(Ordering::SeqCst) + 20;
            while acknowledged.load(Ordering::SeqCst) < enough {
                thread::yield_now();
            }
            let path = folder.path(&format!("backup{round}"));
            let before = acknowledged.load(Ordering::SeqCst);
            succeed(&folder, "backup", &[&path]);
            taken.push((path, before));
            let checked = succeed(&folder, "check", &[]);
            assert!(checked.ends_with("; 0 faults\n"), "{checked}");
            let exported = succeed(&folder, "export", &[]);
            assert!(exported.contains("dn: uid=ada,dc=example,dc=org\n"));
            assert!(!exported.contains("userPassword"));
        }
        stop.store(true, Ordering::SeqCst);
    });
    assert!(server.stop().success());
    lose(&folder);
    for (path, before) in taken {
        succeed(&folder, "restore", &[&path]);
        let exported = folder.export();
        for number in 0..before {
            assert!(exported.contains(&format!("dn: uid=u{number},{SUFFIX}\n")));
        }
        // And of what came later the first so many, without a gap.
        let people = exported.matches("\ndn: uid=u").count();
        for number in 0..people {
            assert!(exported.contains(&format!("dn: uid=u{number},{SUFFIX}\n")));
        }
        fs::remove_dir_all(folder.path("data")).unwrap();
    }
}

#[test]
fn an_export_of_a_running_server_is_that_of_its_store() {
    let folder = loaded();
    let stopped = folder.export();
    let server = folder.serve();
    assert_eq!(folder.export(), stopped);
    let part = |arguments: &[&str]| {
        let done = folder.command("export").args(arguments).output().unwrap();
        (done.status.code(), text(&done.stdout), text(&done.stderr))
    };
    let (code, found, _) = part(&["--filter", "(uid=ada)"]);
    assert_eq!(code, Some(0));
    assert_eq!(found.matches("dn: ").count(), 1);
    let missing = ["--base", "uid=eve,dc=example,dc=org"];
    let (code, _, running) = part(&missing);
    assert_eq!(code, Some(1));
    assert!(running.contains("there is no entry uid=eve"), "{running}");
    assert!(server.stop().success());
    assert!(part(&missing).2.contains("there is no entry uid=eve"));
}

#[test]
fn a_damaged_backup_is_refused_and_nothing_is_made() {
    let folder = loaded();
    let good = folder.path("good");
    succeed(&folder, "backup", &[&good]);
    lose(&folder);
    let bytes = fs::read(&good).unwrap();
    let mut changed = bytes.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    for (bytes, reason) in [
        (&bytes[..middle], "cut short"),
        (&changed[..], "damaged"),
        (&b"dn: dc=example,dc=org\n"[..], "not a backup"),
    ] {
        let bad = folder.path("bad");
        fs::write(&bad, bytes).unwrap();
        let told = refusal(&folder, "restore", &[&bad]);
        assert!(told.contains(reason), "{told}");
        assert!(!folder.path("data").exists());
    }
    // An empty folder is as good as none.
    fs::create_dir(folder.path("data")).unwrap();
    succeed(&folder, "restore", &[&good]);
}

#[test]
fn a_restore_overwrites_nothing() {
    let folder = loaded();
    let file = folder.path("backup");
    succeed(&folder, "backup", &[&file]);
    let before = folder.export();
    let told = refusal(&folder, "restore", &[&file]);
    assert!(told.contains("is not empty: nothing was changed"), "{told}");
    assert_eq!(folder.export(), before);
    let _server = folder.serve();
    let told = refusal(&folder, "restore", &[&file]);
    assert!(told.contains("is not empty: nothing was changed"), "{told}");
}

#[test]
fn a_restored_directory_gives_no_number_of_a_change_or_an_entry_twice() {
    let folder = loaded();
    let server = folder.serve();
    let mut client = administrator(&server.url());
    add(&mut client, 1);
    client
        .delete(&format!("uid=u1,{SUFFIX}"))
        .unwrap()
        .success()
        .unwrap();
    let (first, second) = (folder.path("first"), folder.path("second"));
    succeed(&folder, "backup", &[&first]);
    drop(server);
    lose(&folder);
    succeed(&folder, "restore", &[&first]);
    succeed(&folder, "backup", &[&second]);
    // The state of the counters is a record as any other.
    assert!(fs::read(&first).unwrap() == fs::read(&second).unwrap());
}

#[test]
fn a_new_password_of_the_administrator_holds_at_once_and_after_a_kill() {
    let folder = loaded();
    let server = folder.serve();
    assert!(binds(&server, ADMIN, PASSWORD));
    succeed(&folder, "reset-admin-password", &[]);
    assert!(binds(&server, ADMIN, NEW_PASSWORD));
    assert!(!binds(&server, ADMIN, PASSWORD));
    server.kill();
    let server = folder.serve();
    assert!(binds(&server, ADMIN, NEW_PASSWORD));
    assert!(!binds(&server, ADMIN, PASSWORD));
}

#[test]
fn a_new_password_of_the_administrator_is_set_in_a_store_as_well() {
    let folder = loaded();
    let short = folder
        .command("reset-admin-password")
        .env("HEDGEROW_ADMIN_PASSWORD", "short")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(text(&short.stderr).contains("at least 8"), "{short:?}");
    succeed(&folder, "reset-admin-password", &[]);
    let server = folder.serve();
    assert!(binds(&server, ADMIN, NEW_PASSWORD));
    assert!(!binds(&server, ADMIN, PASSWORD));
}
