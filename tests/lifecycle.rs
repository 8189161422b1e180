//! The server as its operator runs it: signals, certificates exchanged, files kept private.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod authority;
mod client;
mod server;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use authority::{Authority, secured, trusting};
use client::{
    ADD_RESPONSE, BIND_RESPONSE, Client, EXTENDED_RESPONSE, START_TLS, UNBIND, add, bind, extended,
    message,
};
use server::{ADMIN, Folder, PASSWORD, SUFFIX, text};

const TREE: &str = "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\n\
                    dc: example\no: Example\n";

/// Whether a handshake of a client that trusts this authority alone succeeds.
fn is_trusted(server: &server::Server, authority: &str) -> bool {
    let mut client = secured(Client::new(server.ldaps), &trusting(authority, None));
    client.0.conn.complete_io(&mut client.0.sock).is_ok()
}

#[test]
fn a_hang_up_changes_the_certificate_for_new_connections_alone() {
    let folder = Folder::new();
    folder.load(TREE);
    let first = fs::read_to_string(folder.authority()).unwrap();
    let second = Authority::new("second");
    let server = folder.serve();
    let mut old = secured(Client::new(server.ldaps), &trusting(&first, None));
    old.expect_service(1);

    let (certificate, key) = (
        folder.path("certs/server.pem"),
        folder.path("certs/server.key"),
    );
    second.server().write(&certificate, &key);
    assert!(is_trusted(&server, &first), "before it is told");
    server.hang_up();
    server.said("certificates reloaded");
    assert!(is_trusted(&server, &second.pem()));
    assert!(!is_trusted(&server, &first));
    old.expect_service(2);

    // StartTLS shows the new one too.
    let mut client = Client::new(server.ldap);
    assert_eq!(client.ask(1, &extended(START_TLS)).code, Some(0));
    secured(client, &trusting(&second.pem(), None)).expect_service(2);

    let mut bad: Vec<(&str, &str)> = vec![("certs/server.pem", "not PEM")];
    let others = Authority::new("third").server();
    bad.push(("certs/server.key", &others.key));
    for (file, content) in bad {
        let path = folder.path(file);
        let good = fs::read_to_string(&path).unwrap();
        fs::write(&path, content).unwrap();
        server.hang_up();
        let line = server.said("the certificates were not reloaded");
        assert!(line.contains(file), "{line}");
        assert!(is_trusted(&server, &second.pem()), "{file}");
        old.expect_service(3);
        fs::write(&path, good).unwrap();
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    server.hang_up();
    server.said("the certificates were not reloaded");
    assert!(is_trusted(&server, &second.pem()));
    assert_eq!(server.stop().code(), Some(0));
}

/// RFC 4511 section 4.4.1: a notice, but first the answers that are owed.
#[test]
fn a_certificate_for_trying_is_made_anew_beside_a_store_that_stays() {
    let folder = Folder::new();
    folder.load(TREE);
    let before = folder.export();
    for file in ["server.pem", "server.key", "ca.pem"] {
        fs::remove_file(folder.path("certs").join(file)).unwrap();
    }
    let again = folder.run(&["init", "--suffix", "dc=other"]);
    assert!(!again.status.success());
    assert!(server::text(&again.stdout).starts_with("made a certificate for localhost"));
    assert!(server::text(&again.stderr).contains("nothing in it was changed"));
    assert_eq!(folder.export(), before);
    let authority = fs::read_to_string(folder.authority()).unwrap();
    assert!(is_trusted(&folder.serve(), &authority));
}

#[test]
fn what_is_under_way_at_the_end_is_answered_before_the_notice() {
    let folder = Folder::edited(|config| {
        // A password takes long enough to be still under way when the signal comes.
        config
            .replace("memory_kib = 8192", "memory_kib = 65536")
            .replace("iterations = 1", "iterations = 5")
    });
    folder.load(TREE);
    let server = folder.serve();
    let mut binding = Client::new(server.ldap);
    binding.expect_service(1);
    let mut idle = Client::new(server.ldap);
    idle.expect_service(1);
    let trusting = trusting(&fs::read_to_string(folder.authority()).unwrap(), None);
    let mut secure = secured(Client::new(server.ldaps), &trusting);
    secure.expect_service(1);

    binding.send(&message(2, &bind(3, ADMIN, PASSWORD.as_bytes())));
    secure.send(&message(2, &bind(3, ADMIN, b"wrong")));
    server.terminate();
    idle.expect_disconnection(52, "nothing under way");
    let reply = binding.reply();
    assert_eq!(
        (reply.id, reply.tag, reply.code),
        (2, BIND_RESPONSE, Some(0))
    );
    binding.expect_disconnection(52, "after the answer");
    let reply = secure.reply();
    assert_eq!(
        (reply.id, reply.tag, reply.code),
        (2, BIND_RESPONSE, Some(49))
    );
    secure.expect_disconnection(52, "after the answer under TLS");
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn every_change_that_was_taken_before_the_end_is_answered_and_kept() {
    let folder = Folder::new();
    folder.load(TREE);
    let server = folder.serve();
    let mut client = Client::bound(&server);
    let bytes: Vec<u8> = (2..202)
        .flat_map(|id| {
            let name = format!("uid=u{id}");
            let attributes = [("objectClass", "account"), ("uid", &name[4..])];
            message(id, &add(&format!("{name},{SUFFIX}"), &attributes))
        })
        .collect();
    client.send(&bytes);
    let first = client.reply();
    assert_eq!((first.tag, first.code), (ADD_RESPONSE, Some(0)));
    server.terminate();
    let mut acknowledged = vec![first.id];
    let notice = loop {
        let reply = client.reply();
        if reply.id == 0 {
            break reply;
        }
        assert_eq!((reply.tag, reply.code), (ADD_RESPONSE, Some(0)));
        acknowledged.push(reply.id);
    };
    assert_eq!((notice.tag, notice.code), (EXTENDED_RESPONSE, Some(52)));
    assert_eq!(server.stop().code(), Some(0));
    let exported = folder.export();
    let kept = exported.matches("\ndn: uid=u").count();
    assert_eq!(kept, acknowledged.len(), "answered, and only those");
}

/// A client that has connected and says nothing does not hold up the end, even where TLS comes first.
#[test]
fn silent_connections_do_not_hold_up_the_end() {
    let folder = Folder::new();
    folder.load(TREE);
    let server = folder.serve();
    let mut silent = [Client::new(server.ldaps), Client::new(server.ldap)];
    server.said("connected");
    server.said("connected");
    silent[1].expect_service(1);
    server.terminate();
    let lines = server.said_until("stopped");
    let waited_in_vain = |line: &String| line.contains("connections dropped");
    assert!(!lines.iter().any(waited_in_vain), "{lines:#?}");
    silent[0].expect_end("TLS never began");
}

/// RFC 4511 section 4.14.3 and RFC 8446 section 6.1: the end of TLS is said, so that nobody takes it for a cut.
#[test]
fn tls_ends_with_its_own_notice() {
    let folder = Folder::new();
    folder.load(TREE);
    let server = folder.serve();
    let trusting = trusting(&fs::read_to_string(folder.authority()).unwrap(), None);
    let mut client = secured(Client::new(server.ldaps), &trusting);
    client.expect_service(1);
    client.send(&message(2, &UNBIND));
    client.expect_end("unbind");
    let mut client = secured(Client::new(server.ldaps), &trusting);
    client.expect_service(1);
    client.send(&message(0, &UNBIND));
    client.expect_disconnection(2, "malformed");
    let mut client = secured(Client::new(server.ldaps), &trusting);
    client.expect_service(1);
    assert_eq!(server.stop().code(), Some(0));
    client.expect_disconnection(52, "stopping");
}

fn expect_private(path: &Path) {
    let status = fs::symlink_metadata(path).unwrap();
    let (mode, right) = (
        status.permissions().mode() & 0o777,
        if status.is_dir() { 0o700 } else { 0o600 },
    );
    assert_eq!(mode, right, "{}: {mode:o}", path.display());
    if status.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            expect_private(&entry.unwrap().path());
        }
    }
}

#[test]
fn the_data_are_their_owners_alone_whatever_the_umask() {
    let folder = Folder::new();
    folder.load(TREE);
    expect_private(&folder.path("data"));
    let mut command = std::process::Command::new("sh");
    let own = folder.command("serve");
    command
        .args(["-c", "umask 0; exec \"$0\" \"$@\""])
        .arg(own.get_program())
        .args(own.get_args());
    let server = folder.serve_by(command);
    let mut client = Client::bound(&server);
    for id in 2..50 {
        let name = format!("uid=u{id},{SUFFIX}");
        let description = "d".repeat(30_000);
        let attributes = [
            ("objectClass", "account"),
            ("uid", &name[4..name.find(',').unwrap()]),
            ("description", &description),
        ];
        assert_eq!(client.ask(id, &add(&name, &attributes)).code, Some(0));
    }
    expect_private(&folder.path("data"));
    client.0.flush().unwrap();
    assert_eq!(server.stop().code(), Some(0));
    expect_private(&folder.path("data"));
    folder.export();
    let exported = fs::metadata(folder.path("export.ldif")).unwrap();
    assert_eq!(exported.permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_address_that_another_program_has_is_named_with_its_line_and_what_to_do() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    for (section, key) in [
        ("[rest]\nlisten = [\"ADDRESS\"]", "rest.listen[0]"),
        ("[operations]\naddress = \"ADDRESS\"", "operations.address"),
    ] {
        let folder = Folder::with_more(&section.replace("ADDRESS", &taken));
        let done = folder.run(&["serve"]);
        assert!(!done.status.success());
        let said = text(&done.stderr);
        let expected = format!(": {key}: cannot listen on {taken}: ");
        assert!(said.contains(&expected), "{said}");
        assert!(
            said.contains("; end the program that does, or choose another port"),
            "{said}"
        );
    }
}
