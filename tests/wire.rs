//! Bytes over TCP, by section of RFC 4511: what well-behaved client libraries never send.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod client;
mod server;

use std::io::{Read, Write};
use std::net::Shutdown;

use client::{
    BIND_RESPONSE, CANCEL, Client, EXTENDED_RESPONSE, PASSWORD_MODIFY, SEARCH_DONE, SEARCH_ENTRY,
    START_TLS, WHO_AM_I, bind, cancel, element, extended, extended_with, integer, message, search,
    search_for, sequence,
};
use server::{ADMIN, Folder, PASSWORD, SUFFIX, Server};

const TREE: &str = "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\n\
                    dc: example\no: Example\n";
fn loaded() -> (Folder, Server) {
    let folder = Folder::new();
    folder.load(TREE);
    let server = folder.serve();
    (folder, server)
}

/// Section 4.1.1: an envelope that cannot be understood ends the connection, and no other.
#[test]
fn a_malformed_message_ends_its_connection_with_a_notice() {
    let (_folder, server) = loaded();
    let mut other = Client::bound(&server);
    let unbind = [0x42, 0];
    let malformed: [(&str, Vec<u8>); 11] = [
        ("another protocol", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("a TLS greeting", vec![0x16, 3, 1, 2, 0, 1]),
        ("an indefinite length", vec![0x30, 0x80, 2, 1, 1, 0x42, 0]),
        ("a length of five octets", vec![0x30, 0x85, 0, 0, 0, 0, 5]),
        ("a reserved length", vec![0x30, 0xff]),
        ("an empty message", vec![0x30, 0]),
        ("no operation", element(0x30, &integer(1))),
        (
            "an id that is no integer",
            sequence(0x30, &[&[0x04, 1, 1], &unbind]),
        ),
        (
            "a negative id",
            sequence(0x30, &[&[0x02, 1, 0xff], &unbind]),
        ),
        (
            "an id of five octets",
            sequence(0x30, &[&[0x02, 5, 1, 0, 0, 0, 0], &unbind]),
        ),
        (
            "an operation longer than its message",
            vec![0x30, 5, 2, 1, 1, 0x63, 0x20],
        ),
    ];
    for (id, (why, bytes)) in (2..).zip(malformed) {
        let mut client = Client::new(server.ldap);
        client.send(&bytes);
        client.expect_disconnection(2, why);
        other.expect_service(id);
    }
}

/// Section 4.1.1.1: 0 is the server's own.
#[test]
fn message_id_0_is_malformed() {
    let (_folder, server) = loaded();
    let mut client = Client::new(server.ldap);
    client.send(&message(0, &search("", 0)));
    client.expect_disconnection(2, "message id 0");
}

/// Section 4.1.1: a protocolOp that is not known, and one that only a server sends.
#[test]
fn an_operation_no_client_has_is_malformed() {
    let (_folder, server) = loaded();
    for tag in [0x7e, 0x65, 0x04] {
        let mut client = Client::new(server.ldap);
        client.send(&message(1, &[tag, 0]));
        client.expect_disconnection(2, &format!("operation {tag:#x}"));
    }
}

/// Section 4.1.1: the operation is known, so it is answered, and the connection goes on.
#[test]
fn a_request_that_cannot_be_decoded_is_answered() {
    let (_folder, server) = loaded();
    let mut client = Client::new(server.ldap);
    let reply = client.ask(5, &[0x63, 2, 4, 0]);
    assert_eq!((reply.id, reply.tag, reply.code), (5, SEARCH_DONE, Some(2)));
    client.expect_service(6);
}

/// Section 4.1.1: messages may come in pieces of any size.
#[test]
fn messages_come_one_octet_at_a_time() {
    let (_folder, server) = loaded();
    let mut client = Client::new(server.ldap);
    let bytes = [
        message(1, &bind(3, ADMIN, PASSWORD.as_bytes())),
        message(2, &search(SUFFIX, 0)),
    ]
    .concat();
    for octet in bytes {
        client.send(&[octet]);
    }
    let replies: Vec<_> = (0..3).map(|_| client.reply()).collect();
    let seen: Vec<_> = replies
        .iter()
        .map(|reply| (reply.id, reply.tag, reply.code))
        .collect();
    assert_eq!(
        seen,
        [
            (1, BIND_RESPONSE, Some(0)),
            (2, SEARCH_ENTRY, None),
            (2, SEARCH_DONE, Some(0))
        ]
    );
}

/// Section 3.1: a client need not wait for an answer before it asks again.
#[test]
fn two_thousand_searches_at_once_are_all_answered() {
    let (_folder, server) = loaded();
    let mut client = Client::bound(&server);
    let mut writer = client.0.try_clone().unwrap();
    let asked = 2..2_002_i16;
    let bytes: Vec<u8> = asked
        .clone()
        .flat_map(|id| message(id, &search(SUFFIX, 0)))
        .collect();
    let sending = std::thread::spawn(move || writer.write_all(&bytes).unwrap());
    let (mut entries, mut done) = (Vec::new(), Vec::new());
    while done.len() < asked.len() {
        let reply = client.reply();
        match reply.tag {
            SEARCH_ENTRY => entries.push(reply.id),
            SEARCH_DONE => {
                assert_eq!(reply.code, Some(0));
                assert!(entries.contains(&reply.id), "{} has its entry", reply.id);
                done.push(reply.id);
            }
            other => panic!("{other:#x}"),
        }
    }
    sending.join().unwrap();
    done.sort_unstable();
    assert!(done.into_iter().eq(asked.map(i32::from)));
    assert_eq!(entries.len(), 2_000);
}

/// What a stranger may send is bounded by the claim, before a byte of it is kept.
#[test]
fn a_message_too_large_before_a_bind_is_refused_by_its_length() {
    let (_folder, server) = loaded();
    let mut client = Client::new(server.ldap);
    client.send(&[0x30, 0x84, 0x00, 0x04, 0x00, 0x00]);
    client.expect_disconnection(2, "262150 bytes");

    let mut client = Client::bound(&server);
    let filter = sequence(
        0xa3,
        &[&element(0x04, b"cn"), &element(0x04, &[b'x'; 300_000])],
    );
    let reply = client.ask(2, &search_for(SUFFIX, 2, &filter));
    assert_eq!((reply.id, reply.tag, reply.code), (2, SEARCH_DONE, Some(0)));
}

/// Section 4.2: another version is refused, and the client may try again.
#[test]
fn a_bind_of_version_2_is_a_protocol_error() {
    let (_folder, server) = loaded();
    let mut client = Client::new(server.ldap);
    let reply = client.ask(1, &bind(2, ADMIN, PASSWORD.as_bytes()));
    assert_eq!(
        (reply.id, reply.tag, reply.code),
        (1, BIND_RESPONSE, Some(2))
    );
    let reply = client.ask(2, &bind(3, ADMIN, PASSWORD.as_bytes()));
    assert_eq!(
        (reply.id, reply.tag, reply.code),
        (2, BIND_RESPONSE, Some(0))
    );
}

/// Section 4.2: a password is octets.
#[test]
fn a_password_that_is_not_utf_8_is_merely_wrong() {
    let (_folder, server) = loaded();
    let mut client = Client::new(server.ldap);
    for (id, password) in [(1, &[0xff, 0xfe, 0x80][..]), (2, b"a\0b")] {
        let reply = client.ask(id, &bind(3, ADMIN, password));
        assert_eq!((reply.tag, reply.code), (BIND_RESPONSE, Some(49)));
    }
    client.expect_service(3);
}

/// Section 4.2.1: a bind that fails leaves nobody.
#[test]
fn a_bind_that_fails_takes_away_what_the_client_was() {
    let (_folder, server) = loaded();
    let mut client = Client::bound(&server);
    assert_eq!(client.ask(2, &search(SUFFIX, 0)).tag, SEARCH_ENTRY);
    client.reply();
    assert_eq!(client.ask(3, &bind(3, ADMIN, b"wrong")).code, Some(49));
    assert_eq!(client.ask(4, &search(SUFFIX, 0)).tag, SEARCH_DONE);
}

/// Section 4.1.11: a critical control that is not known refuses the operation, another is ignored.
#[test]
fn only_a_critical_control_that_is_unknown_refuses() {
    let (_folder, server) = loaded();
    let mut client = Client::new(server.ldap);
    let with_control = |id, criticality: &[u8]| {
        let control = sequence(0x30, &[&element(0x04, b"1.2.3.4"), criticality]);
        let controls = element(0xa0, &control);
        sequence(0x30, &[&integer(id), &search("", 0), &controls])
    };
    client.send(&with_control(1, &[0x01, 1, 0xff]));
    let reply = client.reply();
    assert_eq!(
        (reply.id, reply.tag, reply.code),
        (1, SEARCH_DONE, Some(12))
    );
    client.send(&with_control(2, &[]));
    assert_eq!(client.reply().tag, SEARCH_ENTRY);
    assert_eq!(client.reply().code, Some(0));
}

/// Section 4.12: an extended operation that is not known.
#[test]
fn an_unknown_extended_operation_is_a_protocol_error() {
    let (_folder, server) = loaded();
    let mut client = Client::new(server.ldap);
    let reply = client.ask(1, &extended("1.2.3.4"));
    assert_eq!(
        (reply.id, reply.tag, reply.code),
        (1, EXTENDED_RESPONSE, Some(2))
    );
    let reply = client.ask(2, &extended(WHO_AM_I));
    assert_eq!(
        (reply.id, reply.tag, reply.code),
        (2, EXTENDED_RESPONSE, Some(0))
    );
}

/// Section 4.11: an abandon has no answer, whatever it names, and harms nothing.
#[test]
fn an_abandon_is_not_answered() {
    let (_folder, server) = loaded();
    let mut client = Client::bound(&server);
    client.send(&message(2, &[0x50, 1, 99]));
    client.send(&message(3, &[0x50, 1, 3]));
    client.expect_service(4);
}

/// RFC 3909 section 3: the search fails as canceled, the Cancel succeeds.
#[test]
fn a_search_under_way_is_cancelled() {
    let folder = Folder::new();
    let units = (0..3_000)
        .map(|at| format!("dn: ou=u{at},{SUFFIX}\nobjectClass: organizationalUnit\nou: u{at}\n"));
    let units: Vec<String> = std::iter::once(TREE.to_owned()).chain(units).collect();
    folder.load(&units.join("\n"));
    let server = folder.serve();
    let mut client = Client::bound(&server);
    // In one piece, so that the Cancel is there when the first slice of the search has been answered.
    client.send(&[message(2, &search(SUFFIX, 2)), message(3, &cancel(2))].concat());
    let mut entries = 0;
    let done = loop {
        let reply = client.reply();
        if reply.tag != SEARCH_ENTRY {
            break reply;
        }
        entries += 1;
    };
    assert_eq!((done.id, done.tag, done.code), (2, SEARCH_DONE, Some(118)));
    assert!(entries < 3_001, "{entries}");
    let reply = client.reply();
    assert_eq!((reply.id, reply.code), (3, Some(0)));
    // It is gone now.
    assert_eq!(client.ask(4, &cancel(2)).code, Some(119));
    client.expect_service(5);
}

/// RFC 3909 section 3: what cannot be cancelled goes on, and each Cancel is told why.
#[test]
fn a_cancel_that_does_nothing_says_why() {
    let (_folder, server) = loaded();
    let mut client = Client::bound(&server);
    assert_eq!(client.ask(2, &cancel(99)).code, Some(119));
    assert_eq!(client.ask(3, &cancel(3)).code, Some(121));
    for (id, malformed) in [
        (4, extended(CANCEL)),
        (5, extended_with(CANCEL, b"")),
        (6, extended_with(CANCEL, &[0x30, 3, 4, 1, 2])),
    ] {
        let reply = client.ask(id, &malformed);
        assert_eq!((reply.tag, reply.code), (EXTENDED_RESPONSE, Some(2)));
    }
    let unit = sequence(
        0x30,
        &[
            &element(0x04, b"objectClass"),
            &sequence(0x31, &[&element(0x04, b"organizationalUnit")]),
        ],
    );
    let name = element(0x04, format!("ou=late,{SUFFIX}").as_bytes());
    let add = sequence(0x68, &[&name, &sequence(0x30, &[&unit])]);
    client.send(&[message(7, &add), message(8, &cancel(7))].concat());
    let mut replies = [client.reply(), client.reply()];
    replies.sort_by_key(|reply| reply.id);
    assert_eq!((replies[0].tag, replies[0].code), (0x69, Some(0)));
    assert_eq!((replies[1].id, replies[1].code), (8, Some(120)));
    // Who is nobody may cancel its own searches as well.
    let mut anonymous = Client::new(server.ldap);
    assert_eq!(anonymous.ask(1, &cancel(9)).code, Some(119));
}

/// RFC 3062 section 3: what is not understood changes no password.
#[test]
fn a_malformed_password_modify_is_a_protocol_error() {
    let (_folder, server) = loaded();
    let mut client = Client::bound(&server);
    for (id, value) in [
        (2, &b""[..]),
        (3, b"\x30\x05\x82\x09new"),
        (4, b"\x30\x0c\x82\x07new-one\x83\x01x"),
        (5, b"\x30\x03\x80\x01\xff"),
    ] {
        let reply = client.ask(id, &extended_with(PASSWORD_MODIFY, value));
        assert_eq!((reply.tag, reply.code), (EXTENDED_RESPONSE, Some(2)));
    }
    // Empty passwords are none.
    for (id, value) in [(6, b"\x30\x02\x82\x00"), (7, b"\x30\x02\x81\x00")] {
        let reply = client.ask(id, &extended_with(PASSWORD_MODIFY, value));
        assert_eq!((reply.tag, reply.code), (EXTENDED_RESPONSE, Some(53)));
    }
    let reply = client.ask(8, &bind(3, ADMIN, PASSWORD.as_bytes()));
    assert_eq!(reply.code, Some(0));
}

/// Section 4.3: an unbind has no answer either; the server closes.
#[test]
fn an_unbind_closes() {
    let (_folder, server) = loaded();
    let mut client = Client::bound(&server);
    client.send(&message(2, &[0x42, 0]));
    client.expect_end("unbind");
}

/// Section 4.14.1: what came in clear behind the request for TLS was protected by nothing.
#[test]
fn bytes_in_clear_behind_starttls_close_the_connection() {
    let (_folder, server) = loaded();
    let mut client = Client::new(server.ldap);
    let start = message(1, &extended(START_TLS));
    client.send(&[start, message(2, &search("", 0))].concat());
    let reply = client.reply();
    assert_eq!(
        (reply.id, reply.tag, reply.code),
        (1, EXTENDED_RESPONSE, Some(0))
    );
    client.expect_end("bytes in clear");
}

/// Section 4.14.1: after the answer TLS comes, and nothing else.
#[test]
fn requests_in_clear_instead_of_tls_are_not_answered() {
    let (_folder, server) = loaded();
    let mut client = Client::new(server.ldap);
    // What was asked before is answered before, in clear.
    client.send(&message(1, &search("", 0)));
    client.send(&message(2, &extended(START_TLS)));
    let ids: Vec<_> = (0..3).map(|_| client.reply().id).collect();
    assert_eq!(ids, [1, 1, 2]);
    client.send(&message(3, &bind(3, ADMIN, PASSWORD.as_bytes())));
    let mut rest = Vec::new();
    // An alert of TLS at the most, which is no message.
    let _ = client.0.read_to_end(&mut rest);
    assert!(matches!(rest.first(), None | Some(0x15)), "{rest:x?}");
    Client::new(server.ldap).expect_service(1);
}

/// A client that goes away in the middle of a message costs nobody anything.
#[test]
fn a_client_that_leaves_within_a_message_is_forgotten() {
    let (_folder, server) = loaded();
    for cut in 1..10 {
        let mut client = Client::new(server.ldap);
        client.send(&message(1, &search("", 0))[..cut]);
    }
    Client::new(server.ldap).expect_service(1);
    assert_eq!(server.stop().code(), Some(0));
}

/// A client may end its half of the connection and still wants its answers.
#[test]
fn what_was_asked_before_the_client_ended_is_answered() {
    let (_folder, server) = loaded();
    let mut client = Client::new(server.ldap);
    client.send(&message(1, &bind(3, ADMIN, PASSWORD.as_bytes())));
    client.send(&message(2, &search(SUFFIX, 0)));
    client.0.shutdown(Shutdown::Write).unwrap();
    let tags: Vec<_> = (0..3).map(|_| client.reply().tag).collect();
    assert_eq!(tags, [BIND_RESPONSE, SEARCH_ENTRY, SEARCH_DONE]);
    client.expect_end("the client has ended");
}

/// Section 4.2.1: what follows a bind waits for it, and sees who it made of the client.
#[test]
fn requests_behind_a_bind_are_done_as_its_identity() {
    let (_folder, server) = loaded();
    let mut client = Client::new(server.ldap);
    let mut bytes = Vec::new();
    for round in 0..10 {
        bytes.extend(message(round * 4 + 1, &bind(3, ADMIN, PASSWORD.as_bytes())));
        bytes.extend(message(round * 4 + 2, &search(SUFFIX, 0)));
        bytes.extend(message(round * 4 + 3, &bind(3, "", b"")));
        bytes.extend(message(round * 4 + 4, &search(SUFFIX, 0)));
    }
    client.send(&bytes);
    for _ in 0..10 {
        let tags: Vec<_> = (0..5).map(|_| client.reply().tag).collect();
        assert_eq!(
            tags,
            [
                BIND_RESPONSE,
                SEARCH_ENTRY,
                SEARCH_DONE,
                BIND_RESPONSE,
                SEARCH_DONE
            ]
        );
    }
}

/// Section 4.4.1: a server that stops tells its clients (unavailable, 52).
#[test]
fn a_stop_tells_the_clients() {
    let (_folder, server) = loaded();
    let mut clients = [Client::new(server.ldap), Client::bound(&server)];
    clients[0].expect_service(1);
    assert_eq!(server.stop().code(), Some(0));
    for client in &mut clients {
        client.expect_disconnection(52, "stopping");
    }
}

/// Section 4.5.1.7: filters may nest, but not so deep that it costs the server its stack.
#[test]
fn a_filter_nested_without_end_is_refused_and_harms_nothing() {
    let (_folder, server) = loaded();
    let mut client = Client::new(server.ldap);
    let mut filter = element(0x87, b"cn");
    for _ in 0..10_000 {
        filter = element(0xa2, &filter);
    }
    let reply = client.ask(1, &search_for("", 2, &filter));
    assert_eq!(
        (reply.id, reply.tag, reply.code),
        (1, SEARCH_DONE, Some(11))
    );
    client.expect_service(2);
}
