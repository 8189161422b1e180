//! Valid requests and texts, damaged at random: nothing panics, what is answered is whole and bounded, and a session
//! afterwards either answers or has ended as RFC 4511 says.
//!
//! The same damage is done every time. `HEDGEROW_MUTATION_SEED` (a number, 1 by default) does another, and
//! `HEDGEROW_MUTATION_FACTOR` (1 by default) that many times as much of it. `fuzz/` goes on where this ends.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "mutation/corpus.rs"]
mod corpus;
#[path = "mutation/in_process.rs"]
mod in_process;
#[path = "mutation/mutate.rs"]
mod mutate;
mod server;
#[path = "mutation/texts.rs"]
mod texts;
#[path = "differential/wire.rs"]
mod wire;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use hedgerow::ldap::codec::{Frame, decode, frame};
use in_process::{Place, State};
use mutate::{Random, mutated};
use server::PATIENCE;

const SEARCH_DONE: u8 = 0x65;

fn number(variable: &str) -> u64 {
    std::env::var(variable).map_or(1, |text| text.parse().expect(variable))
}

fn random() -> Random {
    Random::new(number("HEDGEROW_MUTATION_SEED"))
}

fn times(count: u64) -> u64 {
    count * number("HEDGEROW_MUTATION_FACTOR")
}

/// A few requests one after the other, of which some are damaged.
fn conversation(requests: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..=random.below(3) {
        let request = random.one_of(requests);
        if random.below(4) == 0 {
            bytes.extend(request);
        } else {
            let other = random.one_of(requests);
            bytes.extend(mutated(&request, &other, random));
        }
    }
    bytes
}

/// The identifier octet of a message's operation.
fn operation(message: &[u8]) -> u8 {
    // The server writes lengths of any size; the message id comes first, and is of one octet here.
    let long = if message[1] < 0x80 {
        0
    } else {
        usize::from(message[1] & 0x7f)
    };
    message[2 + long + 3]
}

#[test]
fn a_session_survives_damaged_requests() {
    let place = Place::new();
    let requests = corpus::requests();
    for request in &requests {
        decode(request).unwrap_or_else(|error| panic!("{error}: {request:x?}"));
    }
    let mut random = random();
    let (mut open, mut ended) = (0, 0);
    for _ in 0..times(6000) {
        let mut connection = place.connect();
        if random.below(4) != 0 {
            assert_eq!(connection.take(&corpus::bind()), State::Open);
        }
        match connection.take(&conversation(&requests, &mut random)) {
            State::Ended => ended += 1,
            State::Waiting => {}
            State::Open => {
                open += 1;
                connection.answers.clear();
                assert_eq!(connection.take(&corpus::probe()), State::Open);
                let seen: Vec<_> = connection
                    .answers
                    .iter()
                    .map(|one| operation(one))
                    .collect();
                assert_eq!(seen, [0x64, SEARCH_DONE]);
            }
        }
    }
    // Otherwise the damage is too little or too much to show anything.
    assert!(
        open > times(500) && ended > times(500),
        "{open} went on, {ended} ended"
    );
}

/// Sends bytes, and takes what comes until the server has said all it will.
fn answers(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    // The server may close before it has read everything.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answers = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answers) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    answers
}

#[test]
fn the_server_serves_others_after_damaged_requests() {
    let folder = server::Folder::new();
    folder.load("dn: dc=example,dc=org\nobjectClass: domain\ndc: example\n");
    let server = folder.serve();
    let requests = corpus::requests();
    let mut random = random();
    let bind = wire::message(1, &wire::bind(server::ADMIN, server::PASSWORD));
    for _ in 0..times(300) {
        let mut bytes = bind.clone();
        bytes.extend(conversation(&requests, &mut random));
        let answered = answers(server.ldap, &bytes);
        assert!(!answered.is_empty(), "{bytes:x?}");
        let other = answers(server.ldap, &corpus::probe());
        let Frame::Message(first) = frame(&other, usize::MAX) else {
            panic!("after {bytes:x?}: {other:x?}");
        };
        let second = &other[first..];
        assert_eq!(frame(second, usize::MAX), Frame::Message(second.len()));
        assert_eq!(operation(second), SEARCH_DONE);
    }
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn texts_that_are_damaged_are_read_or_refused() {
    let mut random = random();
    for _ in 0..times(15_000) {
        for (text, read) in texts::TEXTS {
            let other = random.one_of(&texts::TEXTS).0.as_bytes();
            let mut bytes = text.as_bytes().to_vec();
            for _ in 0..=random.below(3) {
                bytes = match random.below(3) {
                    0 => mutate::with_piece_of(bytes, other, &mut random),
                    _ => mutate::with_octet_changed(bytes, &mut random),
                };
            }
            read(&bytes);
        }
    }
}
