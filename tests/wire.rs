//! Bytes over TCP, by section of RFC 4511: what well-behaved client libraries never send.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use server::{ADMIN, Folder, PASSWORD, SUFFIX, Server};

const TREE: &str = "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\n\
                    dc: example\no: Example\n";
/// Long after every answer of a server that is alive.
const PATIENCE: Duration = Duration::from_secs(30);

const BIND_RESPONSE: u8 = 0x61;
const SEARCH_ENTRY: u8 = 0x64;
const SEARCH_DONE: u8 = 0x65;
const EXTENDED_RESPONSE: u8 = 0x78;
const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";
const CANCEL: &str = "1.3.6.1.1.8";
const NOTICE_OF_DISCONNECTION: &[u8] = b"1.3.6.1.4.1.1466.20036";

fn loaded() -> (Folder, Server) {
    let folder = Folder::new();
    folder.load(TREE);
    let server = folder.serve();
    (folder, server)
}

/// A BER element of any size.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    let mut bytes = vec![tag];
    if length < 0x80 {
        bytes.push(content.len() as u8);
    } else {
        bytes.push(0x84);
        bytes.extend(length.to_be_bytes());
    }
    bytes.extend(content);
    bytes
}

fn sequence(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    element(tag, &parts.concat())
}

fn integer(value: i16) -> Vec<u8> {
    element(0x02, &value.to_be_bytes())
}

fn message(id: i16, operation: &[u8]) -> Vec<u8> {
    sequence(0x30, &[&integer(id), operation])
}

fn bind(version: u8, name: &str, password: &[u8]) -> Vec<u8> {
    sequence(
        0x60,
        &[
            &[0x02, 1, version],
            &element(0x04, name.as_bytes()),
            &element(0x80, password),
        ],
    )
}

/// A search for no attributes with the filter `(objectClass=*)`.
fn search(base: &str, scope: u8) -> Vec<u8> {
    search_for(base, scope, &element(0x87, b"objectClass"))
}

fn search_for(base: &str, scope: u8, filter: &[u8]) -> Vec<u8> {
    sequence(
        0x63,
        &[
            &element(0x04, base.as_bytes()),
            &[0x0a, 1, scope, 0x0a, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0],
            filter,
            &sequence(0x30, &[&element(0x04, b"1.1")]),
        ],
    )
}

fn extended(name: &str) -> Vec<u8> {
    sequence(0x77, &[&element(0x80, name.as_bytes())])
}

fn extended_with(name: &str, value: &[u8]) -> Vec<u8> {
    let parts: [&[u8]; 2] = [&element(0x80, name.as_bytes()), &element(0x81, value)];
    sequence(0x77, &parts)
}

fn cancel(id: i16) -> Vec<u8> {
    extended_with(CANCEL, &sequence(0x30, &[&integer(id)]))
}

/// A message from the server.
#[derive(Debug, PartialEq)]
struct Reply {
    id: i32,
    tag: u8,
    /// The result code, for a message that has one.
    code: Option<u8>,
    operation: Vec<u8>,
}

/// One connection in clear.
struct Client(TcpStream);

impl Client {
    fn new(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client(stream)
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    fn ask(&mut self, id: i16, operation: &[u8]) -> Reply {
        self.send(&message(id, operation));
        self.reply()
    }

    fn bound(server: &Server) -> Client {
        let mut client = Client::new(server.ldap);
        let reply = client.ask(1, &bind(3, ADMIN, PASSWORD.as_bytes()));
        assert_eq!(reply.code, Some(0));
        client
    }

    fn octets(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// The tag and content of the next element on the wire.
    fn element(&mut self) -> (u8, Vec<u8>) {
        let head = self.octets(2);
        let length = match head[1] {
            short @ 0..0x80 => usize::from(short),
            long => self
                .octets(usize::from(long & 0x7f))
                .iter()
                .fold(0, |length, octet| length << 8 | usize::from(*octet)),
        };
        (head[0], self.octets(length))
    }

    fn reply(&mut self) -> Reply {
        let (tag, content) = self.element();
        assert_eq!(tag, 0x30);
        let (id, rest) = split(&content);
        assert_eq!(id.0, 0x02);
        let ((tag, operation), _) = split(rest);
        let code = (tag != SEARCH_ENTRY).then(|| {
            assert_eq!(operation[..2], [0x0a, 1]);
            operation[2]
        });
        Reply {
            id: id.1.iter().fold(0, |id, octet| id << 8 | i32::from(*octet)),
            tag,
            code,
            operation: operation.to_vec(),
        }
    }

    /// The server says why, with this code, and closes.
    fn expect_disconnection(&mut self, code: u8, why: &str) {
        let reply = self.reply();
        assert_eq!(
            (reply.id, reply.tag, reply.code),
            (0, EXTENDED_RESPONSE, Some(code)),
            "{why}"
        );
        let name = NOTICE_OF_DISCONNECTION;
        assert!(
            reply.operation.windows(name.len()).any(|part| part == name),
            "{why}"
        );
        self.expect_end(why);
    }

    /// Nothing more comes: the connection is closed.
    fn expect_end(&mut self, why: &str) {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => {}
            // A socket closed with bytes unread is reset.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("{why}: {error}"),
        }
        assert!(rest.is_empty(), "{why}: {rest:x?}");
    }

    /// The connection works.
    fn expect_service(&mut self, id: i16) {
        let entry = self.ask(id, &search("", 0));
        assert_eq!((entry.id, entry.tag), (id.into(), SEARCH_ENTRY));
        let done = self.reply();
        assert_eq!(
            (done.id, done.tag, done.code),
            (id.into(), SEARCH_DONE, Some(0))
        );
    }
}

/// The first element of some bytes, and what follows it.
fn split(bytes: &[u8]) -> ((u8, &[u8]), &[u8]) {
    let (length, start) = match bytes[1] {
        short @ 0..0x80 => (usize::from(short), 2),
        long => {
            let start = 2 + usize::from(long & 0x7f);
            let octets = bytes[2..start].iter();
            (
                octets.fold(0, |length, octet| length << 8 | usize::from(*octet)),
                start,
            )
        }
    };
    let end = start + length;
    ((bytes[0], &bytes[start..end]), &bytes[end..])
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
