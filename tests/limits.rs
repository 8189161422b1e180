//! What one client may take, and that it takes it from nobody else: time, entries, bytes, answers left unread.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod client;
mod server;

use std::fmt::Write as _;
use std::io::{ErrorKind, Write};
use std::net::Shutdown;

use client::{
    Client, SEARCH_DONE, SEARCH_ENTRY, UNBIND, add, bind, element, equal, message, present, search,
    search_asking, search_for, sequence,
};
use ldap3::controls::RawControl;
use server::{ADMIN, Folder, PASSWORD, SUFFIX, Server, until};

const TIME_LIMIT_EXCEEDED: u8 = 3;
const SIZE_LIMIT_EXCEEDED: u8 = 4;
const ADMIN_LIMIT_EXCEEDED: u32 = 11;
const ADA: &str = "uid=ada,dc=example,dc=org";
const SUBTREE: u8 = 2;

/// A tree of Ada and so many accounts, each with a description of so many bytes.
fn tree(accounts: usize, description: usize) -> String {
    let mut ldif = String::from(
        "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\ndc: example\n\
         o: Example\n\ndn: uid=ada,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: ada\n\
         cn: Ada\nsn: Byron\nuserPassword: secret\n",
    );
    let description = "d".repeat(description);
    for number in 0..accounts {
        let _ = write!(
            ldif,
            "\ndn: uid=a{number},{SUFFIX}\nobjectClass: account\nuid: a{number}\n\
             description: {description}\n",
        );
    }
    ldif
}

fn with_limits(limits: &str) -> Folder {
    Folder::edited(|config| format!("{config}\n[limits]\n{limits}\n"))
}

/// A search below the suffix with limits of its own.
fn limited(size: u8, seconds: u8, filter: &[u8]) -> Vec<u8> {
    sequence(
        0x63,
        &[
            &element(0x04, SUFFIX.as_bytes()),
            &[0x0a, 1, SUBTREE, 0x0a, 1, 0],
            &[2, 1, size, 2, 1, seconds, 1, 1, 0],
            filter,
            &sequence(0x30, &[&element(0x04, b"1.1")]),
        ],
    )
}

/// A filter that is slow to judge, as no index serves it and it holds for no entry.
fn slow_filter(terms: usize) -> Vec<u8> {
    let terms: Vec<u8> = (0..terms)
        .flat_map(|term| {
            let pieces = element(0x81, format!("x{term}").as_bytes());
            let parts = [element(0x04, b"description"), element(0x30, &pieces)];
            element(0xa4, &parts.concat())
        })
        .collect();
    element(0xa1, &terms)
}

#[test]
fn a_connection_that_is_silent_is_closed() {
    let folder = Folder::edited(|config| {
        config.replace(
            "tls = \"starttls\"\n",
            "tls = \"starttls\"\nidle_seconds = 10\n",
        )
    });
    folder.load(&tree(0, 0));
    let server = folder.serve();
    let mut silent = Client::new(server.ldap);
    let mut bound = Client::bound(&server);
    let mut within = Client::new(server.ldap);
    within.send(&message(1, &search("", 0))[..5]);
    silent.expect_end("never said anything");
    bound.expect_end("bound and silent");
    within.expect_end("silent within a message");
    for _ in 0..3 {
        let line = server.said("closed");
        assert!(line.contains("reason=\"idle\""), "{line}");
    }
    Client::new(server.ldap).expect_service(1);
}

#[test]
fn the_smaller_size_limit_of_client_and_server_counts() {
    let folder = with_limits("search_entries = 5");
    folder.load(&tree(20, 1));
    let server = folder.serve();
    let mut client = Client::bound(&server);
    let accounts = equal("objectClass", b"account");
    for (id, size, found, code) in [
        (2, 3, 3, SIZE_LIMIT_EXCEEDED),
        (3, 19, 19, SIZE_LIMIT_EXCEEDED),
        (4, 20, 20, 0),
        // The server's limit is not for the administrator.
        (5, 0, 20, 0),
    ] {
        let (names, answered) = client.names(id, &limited(size, 0, &accounts));
        assert_eq!((names.len(), answered), (found, code), "asked for {size}");
    }
    client.bind(6, ADA, "secret");
    for (id, size, found, code) in [
        (7, 3, 3, SIZE_LIMIT_EXCEEDED),
        (8, 0, 5, SIZE_LIMIT_EXCEEDED),
        (9, 100, 5, SIZE_LIMIT_EXCEEDED),
    ] {
        let (names, answered) = client.names(id, &limited(size, 0, &accounts));
        assert_eq!((names.len(), answered), (found, code), "asked for {size}");
    }
    let exact = element(
        0xa1,
        &(0..5)
            .flat_map(|number| equal("uid", format!("a{number}").as_bytes()))
            .collect::<Vec<_>>(),
    );
    let (names, code) = client.names(10, &limited(0, 0, &exact));
    assert_eq!((names.len(), code), (5, 0));
}

/// The search would take minutes; that the limit ends it is seen from its answer.
#[test]
fn a_time_limit_of_client_or_server_ends_a_search() {
    let folder = with_limits("search_seconds = 1");
    folder.load(&tree(20_000, 300));
    let server = folder.serve();
    let slow = slow_filter(5_000);
    let mut admin = Client::bound(&server);
    admin.send(&message(2, &limited(0, 1, &slow)));
    let mut ada = Client::new(server.ldap);
    ada.bind(1, ADA, "secret");
    ada.send(&message(2, &limited(0, 0, &slow)));
    // Others are served meanwhile.
    let mut other = Client::bound(&server);
    for id in 2..20 {
        other.expect_service(id);
    }
    for client in [&mut admin, &mut ada] {
        let reply = client.reply();
        assert_eq!(
            (reply.id, reply.tag, reply.code),
            (2, SEARCH_DONE, Some(TIME_LIMIT_EXCEEDED))
        );
        client.expect_service(3);
    }
}

/// FOG was seen to send 25,000 terms in 1.3 MB.
#[test]
fn a_filter_of_25_000_terms_finds_its_entries() {
    let folder = Folder::new();
    folder.load(&tree(1_000, 1));
    let server = folder.serve();
    let mut client = Client::bound(&server);
    let terms: Vec<u8> = (0..25_000)
        .flat_map(|number| {
            let name = format!("uid=a{number:025},dc=example,dc=org");
            match number {
                0..10 => equal("uid", format!("a{number}").as_bytes()),
                _ => equal("uid", name.as_bytes()),
            }
        })
        .collect();
    let wide = search_for(SUFFIX, SUBTREE, &element(0xa1, &terms));
    assert!(wide.len() > 1_300_000, "{}", wide.len());
    let (names, code) = client.names(2, &wide);
    assert_eq!((names.len(), code), (10, 0));

    // Who has not bound is ended by the length alone.
    let mut stranger = Client::new(server.ldap);
    let sent = message(1, &wide);
    // The server closes before it has read it all.
    let _ = stranger.0.write_all(&sent[..10_000]);
    stranger.expect_disconnection(2, "too large before a bind");
    client.expect_service(3);
}

/// A megabyte of a word that grows to eighteen characters when it is compared, and those who wait meanwhile.
#[test]
fn text_that_takes_too_long_to_compare_is_refused() {
    let folder = Folder::new();
    folder.load(&tree(0, 0));
    let server = folder.serve();
    let mut client = Client::bound(&server);
    let text = "\u{fdfa}".repeat(350_000);
    let assertion = equal("description", text.as_bytes());
    let negated = element(0xa2, &assertion);
    let compared = [
        element(0x04, b"description"),
        element(0x04, text.as_bytes()),
    ];
    let ada = element(0x04, ADA.as_bytes());
    let compare = sequence(0x6e, &[&ada, &element(0x30, &compared.concat())]);
    let name = format!("uid={text},{SUFFIX}");
    for (id, operation) in (2..).zip([
        search_for(SUFFIX, SUBTREE, &assertion),
        search_for(SUFFIX, SUBTREE, &negated),
        search(&name, SUBTREE),
        compare,
        element(0x4a, name.as_bytes()),
        add(&name, &[("objectClass", "account")]),
        bind(3, &name, b"x"),
    ]) {
        let reply = client.ask(id, &operation);
        let expected = (i32::from(id), Some(ADMIN_LIMIT_EXCEEDED as u8));
        assert_eq!((reply.id, reply.code), expected);
    }
    client.expect_service(20);
}

/// Whoever fills the buffers of all is told and ended; everybody else is served.
#[test]
fn a_client_for_which_there_is_no_room_is_told_and_others_are_served() {
    // All together 16 MiB, and any message may be that long.
    let folder = with_limits("buffered_bytes = 16777216\nmessage_bytes = 16777216");
    folder.load(&tree(10, 1));
    let server = folder.serve();
    let mut other = Client::bound(&server);
    let mut greedy: Vec<Client> = (0..4).map(|_| Client::bound(&server)).collect();
    let padding = equal("cn", &vec![b'x'; 5 << 20]);
    let long = message(2, &search_for(SUFFIX, SUBTREE, &padding));
    // Each leaves its message unfinished, so that the buffers stay full.
    for client in &mut greedy {
        // One that is refused is closed while it still sends.
        let _ = client.0.write_all(&long[..long.len() - 1]);
    }
    server.said("out of buffers");
    for id in 2..20 {
        other.expect_service(id);
    }
    let is_told = |client: &mut Client| {
        client.0.set_nonblocking(true).unwrap();
        let peeked = client.0.peek(&mut [0]);
        client.0.set_nonblocking(false).unwrap();
        !peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    };
    let mut told = Vec::new();
    until(|| {
        told.extend(greedy.extract_if(.., is_told));
        !told.is_empty()
    });
    for mut client in told {
        client.expect_disconnection(52, "out of buffers");
    }
    drop(greedy);
    // What they held is free again.
    let mut client = Client::bound(&server);
    client.send(&long);
    let reply = client.reply();
    assert_eq!((reply.tag, reply.code), (SEARCH_DONE, Some(0)));
}

fn half_closed(server: &Server) -> Client {
    let mut client = Client::new(server.ldap);
    client.send(&message(1, &bind(3, ADMIN, PASSWORD.as_bytes())));
    client.send(&message(
        2,
        &search_asking(SUFFIX, SUBTREE, &present("objectClass"), &["*"]),
    ));
    client.0.shutdown(Shutdown::Write).unwrap();
    client
}

/// Twenty clients ask for some 60 MB each and read none of it.
#[test]
fn clients_that_read_no_answers_stop_themselves_alone() {
    let folder = Folder::new();
    folder.load(&tree(20_000, 3_000));
    let server = folder.serve();
    let mut other = Client::bound(&server);
    let before = server.memory();
    let ask = search_asking(SUFFIX, SUBTREE, &present("objectClass"), &["*"]);
    let mut deaf: Vec<Client> = (0..20)
        .map(|_| {
            let mut client = Client::bound(&server);
            for id in 2..12 {
                client.send(&message(id, &ask));
            }
            client
        })
        .collect();
    // One that has also ended its half, and reads later.
    let mut late = half_closed(&server);
    // Everything they asked for has been begun when another has been served many times.
    for id in 2..500 {
        other.expect_service(id);
    }
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes for answers nobody reads");

    // They did not lose anything: what they read at last is whole.
    let first = &mut deaf[0];
    let (mut entries, mut done) = (0, 0);
    while done < 10 {
        let reply = first.reply();
        match reply.tag {
            SEARCH_ENTRY => entries += 1,
            _ => {
                assert_eq!((reply.tag, reply.code), (SEARCH_DONE, Some(0)));
                done += 1;
            }
        }
    }
    assert_eq!(entries, 10 * 20_002);
    late.reply();
    let (mut entries, mut last) = (0, late.reply());
    while last.tag == SEARCH_ENTRY {
        entries += 1;
        last = late.reply();
    }
    assert_eq!((entries, last.code), (20_002, Some(0)));
    late.expect_end("its half was ended long ago");
}

/// A client that goes away while its searches are under way leaves nothing behind.
#[test]
fn clients_that_vanish_with_searches_under_way_are_forgotten() {
    let folder = Folder::new();
    folder.load(&tree(5_000, 300));
    let server = folder.serve();
    let slow = slow_filter(5_000);
    for round in 0..6 {
        let mut client = Client::bound(&server);
        client.send(&message(2, &search("", 0)));
        client.0.peek(&mut [0]).unwrap();
        for id in 3..10 {
            client.send(&message(id, &limited(0, 0, &slow)));
        }
        if round % 2 == 0 {
            client.send(&message(10, &UNBIND));
        }
        // Closed with an answer unread, the socket sends a reset.
        drop(client);
    }
    for _ in 0..6 {
        server.said("closed");
    }
    Client::bound(&server).expect_service(2);
    assert_eq!(server.stop().code(), Some(0));
}

/// All other changes wait for it, so that it is refused before anything is deleted.
#[test]
fn a_tree_is_deleted_in_one_change_up_to_a_limit() {
    let folder = Folder::new();
    folder.load(&tree(20_000, 1));
    let server = folder.serve();
    let mut admin = server.administrator();
    let tree_delete = RawControl {
        ctype: "1.2.840.113556.1.4.805".to_owned(),
        crit: true,
        val: None,
    };
    let mut delete = |dn: &str| admin.with_controls(tree_delete.clone()).delete(dn).unwrap();
    let refused = delete(SUFFIX);
    assert_eq!(refused.rc, ADMIN_LIMIT_EXCEEDED, "{refused}");
    for number in 0..2 {
        assert_eq!(delete(&format!("uid=a{number},{SUFFIX}")).rc, 0);
    }
    let done = delete(SUFFIX);
    assert_eq!(done.rc, 0, "{done}");
}
