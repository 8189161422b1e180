//! LDAP octet by octet over any stream: requests as a test wants them, replies as they came.
//!
//! Owns the encoding, written apart from the server's own. Says nothing of what the server should answer.

#![allow(dead_code)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::server::{ADMIN, PASSWORD, PATIENCE, Server};

pub const BIND_RESPONSE: u8 = 0x61;
pub const SEARCH_ENTRY: u8 = 0x64;
pub const SEARCH_DONE: u8 = 0x65;
pub const MODIFY_RESPONSE: u8 = 0x67;
pub const ADD_RESPONSE: u8 = 0x69;
pub const EXTENDED_RESPONSE: u8 = 0x78;
pub const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
pub const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
pub const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";
pub const CANCEL: &str = "1.3.6.1.1.8";
const NOTICE_OF_DISCONNECTION: &[u8] = b"1.3.6.1.4.1.1466.20036";

/// A BER element of any size.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
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

pub fn sequence(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    element(tag, &parts.concat())
}

pub fn integer(value: i16) -> Vec<u8> {
    element(0x02, &value.to_be_bytes())
}

pub fn message(id: i16, operation: &[u8]) -> Vec<u8> {
    sequence(0x30, &[&integer(id), operation])
}

pub fn bind(version: u8, name: &str, password: &[u8]) -> Vec<u8> {
    sequence(
        0x60,
        &[
            &[0x02, 1, version],
            &element(0x04, name.as_bytes()),
            &element(0x80, password),
        ],
    )
}

/// A bind by a SASL mechanism.
pub fn sasl(mechanism: &str, credentials: Option<&[u8]>) -> Vec<u8> {
    let credentials = credentials.map(|bytes| element(0x04, bytes));
    let choice = sequence(
        0xa3,
        &[
            &element(0x04, mechanism.as_bytes()),
            &credentials.unwrap_or_default(),
        ],
    );
    sequence(0x60, &[&[0x02, 1, 3], &element(0x04, b""), &choice])
}

/// A filter for entries that have an attribute.
pub fn present(attribute: &str) -> Vec<u8> {
    element(0x87, attribute.as_bytes())
}

/// A filter for entries that have a value.
pub fn equal(attribute: &str, value: &[u8]) -> Vec<u8> {
    let parts = [element(0x04, attribute.as_bytes()), element(0x04, value)];
    element(0xa3, &parts.concat())
}

/// A search for no attributes with the filter `(objectClass=*)`.
pub fn search(base: &str, scope: u8) -> Vec<u8> {
    search_for(base, scope, &present("objectClass"))
}

pub fn search_for(base: &str, scope: u8, filter: &[u8]) -> Vec<u8> {
    search_asking(base, scope, filter, &["1.1"])
}

pub fn search_asking(base: &str, scope: u8, filter: &[u8], attributes: &[&str]) -> Vec<u8> {
    let attributes: Vec<u8> = attributes
        .iter()
        .flat_map(|name| element(0x04, name.as_bytes()))
        .collect();
    sequence(
        0x63,
        &[
            &element(0x04, base.as_bytes()),
            &[0x0a, 1, scope, 0x0a, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0],
            filter,
            &element(0x30, &attributes),
        ],
    )
}

/// An add of an entry with these attributes, one value each.
pub fn add(entry: &str, attributes: &[(&str, &str)]) -> Vec<u8> {
    let attributes: Vec<u8> = attributes
        .iter()
        .flat_map(|(name, value)| {
            let values = element(0x31, &element(0x04, value.as_bytes()));
            sequence(0x30, &[&element(0x04, name.as_bytes()), &values])
        })
        .collect();
    sequence(
        0x68,
        &[
            &element(0x04, entry.as_bytes()),
            &element(0x30, &attributes),
        ],
    )
}

pub fn extended(name: &str) -> Vec<u8> {
    sequence(0x77, &[&element(0x80, name.as_bytes())])
}

pub fn extended_with(name: &str, value: &[u8]) -> Vec<u8> {
    let parts: [&[u8]; 2] = [&element(0x80, name.as_bytes()), &element(0x81, value)];
    sequence(0x77, &parts)
}

/// A cancel of the operation of this message (RFC 3909).
pub fn cancel(id: i16) -> Vec<u8> {
    extended_with(CANCEL, &sequence(0x30, &[&integer(id)]))
}

/// An abandon of the operation of this message.
pub fn abandon(id: i16) -> Vec<u8> {
    element(0x50, &id.to_be_bytes())
}

/// The end of a session.
pub const UNBIND: [u8; 2] = [0x42, 0];

/// A message from the server.
#[derive(Debug, PartialEq)]
pub struct Reply {
    pub id: i32,
    pub tag: u8,
    /// The result code, for a message that has one.
    pub code: Option<u8>,
    pub operation: Vec<u8>,
}

impl Reply {
    /// The name of the entry.
    pub fn name(&self) -> String {
        assert_eq!(self.tag, SEARCH_ENTRY);
        let ((_, name), _) = split(&self.operation);
        String::from_utf8(name.to_vec()).unwrap()
    }
}

/// One connection.
pub struct Client<S = TcpStream>(pub S);

impl Client {
    /// A connection in clear.
    pub fn new(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client(stream)
    }

    /// A connection in clear on which the administrator is bound.
    pub fn bound(server: &Server) -> Client {
        let mut client = Client::new(server.ldap);
        client.bind(1, ADMIN, PASSWORD);
        client
    }
}

impl<S: Read + Write> Client<S> {
    pub fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
        self.0.flush().unwrap();
    }

    pub fn ask(&mut self, id: i16, operation: &[u8]) -> Reply {
        self.send(&message(id, operation));
        self.reply()
    }

    /// Binds with a password, which must be right.
    pub fn bind(&mut self, id: i16, name: &str, password: &str) {
        let reply = self.ask(id, &bind(3, name, password.as_bytes()));
        assert_eq!((reply.tag, reply.code), (BIND_RESPONSE, Some(0)), "{name}");
    }

    /// The names found by a search, in order of the alphabet, and its result code.
    pub fn names(&mut self, id: i16, search: &[u8]) -> (Vec<String>, u8) {
        self.send(&message(id, search));
        let mut names = Vec::new();
        loop {
            let reply = self.reply();
            assert_eq!(reply.id, i32::from(id));
            match reply.code {
                None => names.push(reply.name()),
                Some(code) => {
                    names.sort();
                    return (names, code);
                }
            }
        }
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

    pub fn reply(&mut self) -> Reply {
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
    pub fn expect_disconnection(&mut self, code: u8, why: &str) {
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
    pub fn expect_end(&mut self, why: &str) {
        let mut rest = Vec::new();
        // A reset would be an error: what was sent before it may be lost.
        if let Err(error) = self.0.read_to_end(&mut rest) {
            panic!("{why}: {error}");
        }
        assert!(rest.is_empty(), "{why}: {rest:x?}");
    }

    /// The connection works.
    pub fn expect_service(&mut self, id: i16) {
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
pub fn split(bytes: &[u8]) -> ((u8, &[u8]), &[u8]) {
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
