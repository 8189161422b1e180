//! How connections end: what was sent last arrives, and what is under way for a client that is gone ends with it.

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

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;

use authority::{secured, trusting};
use client::{
    ADD_RESPONSE, Client, EXTENDED_RESPONSE, SEARCH_DONE, UNBIND, add, bind, element, extended,
    message, present, search, search_for, sequence,
};
use rustls::{ClientConnection, StreamOwned};
use server::{ADMIN, Folder, PASSWORD, PATIENCE, SUFFIX, Server};

const SUBTREE: u8 = 2;

fn tree(accounts: usize) -> String {
    let mut ldif = String::from(
        "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\ndc: example\n\
         o: Example\n",
    );
    for number in 0..accounts {
        let _ = write!(
            ldif,
            "\ndn: uid=a{number},{SUFFIX}\nobjectClass: account\nuid: a{number}\n\
             description: {}\n",
            "d".repeat(300)
        );
    }
    ldif
}

/// A search that finds nothing, and takes minutes for that among many accounts.
fn endless() -> Vec<u8> {
    let terms: Vec<u8> = (0..5_000)
        .flat_map(|term| {
            let pieces = element(0x81, format!("x{term}").as_bytes());
            let parts = [element(0x04, b"description"), element(0x30, &pieces)];
            element(0xa4, &parts.concat())
        })
        .collect();
    search_for(SUFFIX, SUBTREE, &element(0xa1, &terms))
}

/// Closed with bytes unread, a socket would be reset, and the notice lost with what is not read by then.
#[test]
fn the_last_notice_reaches_a_client_that_is_still_sending() {
    let folder = Folder::new();
    folder.load(&tree(0));
    let server = folder.serve();
    let unasked = vec![0; 100_000];
    for first in [
        &b"\x30\x84\x7f\xff\xff\xff"[..],
        b"\x30\x80\x02\x01\x01",
        b"\x00",
        // No message.
        &sequence(0x30, &[&element(0x04, b"x")]),
    ] {
        let mut client = Client::new(server.ldap);
        client.send(&[first, &unasked].concat());
        client.expect_disconnection(2, &format!("{first:x?}"));
        let stream = UnixStream::connect(folder.path("data/ldapi")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut local = Client(stream);
        local.send(&[first, &unasked].concat());
        local.expect_disconnection(2, &format!("{first:x?}, local"));
    }
    let mut client = Client::new(server.ldap);
    let start = message(1, &extended(client::START_TLS));
    client.send(&[&start[..], &unasked].concat());
    assert_eq!(client.reply().code, Some(0));
    client.expect_end("bytes in clear behind StartTLS");
}

/// Section 4.4.1: what the server has taken before it stops it does and answers, and says then that it stops.
#[test]
fn changes_that_are_under_way_when_the_server_stops_are_answered() {
    let folder = Folder::new();
    folder.load(&tree(0));
    let server = folder.serve();
    let mut client = Client::bound(&server);
    let person = |id: i16| {
        let name = format!("cn=p{id},{SUFFIX}");
        message(id, &add(&name, &[("objectClass", "person"), ("sn", "x")]))
    };
    client.send(&(2..2_000).flat_map(person).collect::<Vec<u8>>());
    let mut answered = 0;
    let last = loop {
        let reply = client.reply();
        if reply.tag != ADD_RESPONSE {
            break reply;
        }
        assert_eq!(reply.code, Some(0));
        answered += 1;
        if answered == 1 {
            server.terminate();
        }
    };
    assert_eq!((last.tag, last.code), (EXTENDED_RESPONSE, Some(52)));
    client.expect_end("the server has stopped");
    assert_eq!(server.stop().code(), Some(0));
    assert_eq!(folder.export().matches("dn: cn=p").count(), answered);
}

#[test]
fn a_client_that_goes_on_sending_is_not_listened_to_for_ever() {
    let folder = Folder::new();
    folder.load(&tree(0));
    let server = folder.serve();
    let mut client = Client::new(server.ldap);
    client.send(b"\x00");
    let refused = (0..1_000).find_map(|_| client.0.write_all(&[0; 65_536]).err());
    assert!(refused.is_some(), "64 MB were taken after the end");
    Client::new(server.ldap).expect_service(1);
}

/// One that is gone without a word looks like one that waits: what it gets is bounded by the time that it may do nothing.
#[test]
fn a_search_that_finds_nothing_ends_some_time_after_its_client_is_gone() {
    let folder = Folder::edited(|config| {
        config.replace(
            "tls = \"starttls\"\n",
            "tls = \"starttls\"\nidle_seconds = 10\n",
        )
    });
    folder.load(&tree(20_000));
    let server = folder.serve();
    let mut gone = Client::bound(&server);
    gone.send(&message(2, &endless()));
    drop(gone);
    let line = server.said("closed");
    assert!(line.contains("operations under way"), "{line}");
    assert_eq!(server.stop().code(), Some(0));
}

type Tls = Client<StreamOwned<ClientConnection, TcpStream>>;

/// A client under TLS.
fn tls(folder: &Folder, address: SocketAddr) -> Tls {
    let authority = fs::read_to_string(folder.authority()).unwrap();
    secured(Client::new(address), &trusting(&authority, None))
}

fn end_tls(stream: &mut StreamOwned<ClientConnection, TcpStream>) {
    stream.conn.send_close_notify();
    stream.flush().unwrap();
}

/// Asks for more than fits into any buffer, ends its half by `close`, and gets all of it, and then the end.
fn asks_and_reads_on<S: Read + Write>(client: &mut Client<S>, close: impl FnOnce(&mut S)) {
    client.send(&message(1, &bind(3, ADMIN, PASSWORD.as_bytes())));
    for id in 2..6 {
        client.send(&message(
            id,
            &search_for(SUFFIX, SUBTREE, &present("description")),
        ));
    }
    client.send(&message(6, &search("", 0)));
    close(&mut client.0);
    let mut done = Vec::new();
    while done.len() < 5 {
        let reply = client.reply();
        if reply.tag == SEARCH_DONE {
            done.push((reply.id, reply.code));
        }
    }
    done.sort_unstable();
    let expected: Vec<_> = (2..7).map(|id| (id, Some(0))).collect();
    assert_eq!(done, expected);
    client.expect_end("all is answered");
}

#[test]
fn a_client_that_has_closed_its_half_gets_its_answers() {
    let folder = Folder::new();
    folder.load(&tree(2_000));
    let server = folder.serve();
    asks_and_reads_on(&mut Client::new(server.ldap), |stream| {
        stream.shutdown(Shutdown::Write).unwrap();
    });
}

/// A half of TLS ends by itself (RFC 8446 section 6.1), and the server says the end of its own.
#[test]
fn a_client_that_has_ended_its_half_of_tls_gets_its_answers() {
    let folder = Folder::new();
    folder.load(&tree(2_000));
    let server = folder.serve();
    asks_and_reads_on(&mut tls(&folder, server.ldaps), end_tls);
    asks_and_reads_on(&mut tls(&folder, server.ldaps), |stream| {
        end_tls(stream);
        stream.sock.shutdown(Shutdown::Write).unwrap();
    });
    let mut client = Client::new(server.ldap);
    assert_eq!(client.ask(1, &extended(client::START_TLS)).code, Some(0));
    let authority = fs::read_to_string(folder.authority()).unwrap();
    asks_and_reads_on(&mut secured(client, &trusting(&authority, None)), end_tls);
}

#[test]
fn the_last_notice_reaches_a_client_under_tls_that_is_still_sending() {
    let folder = Folder::new();
    folder.load(&tree(0));
    let server = folder.serve();
    let mut client = tls(&folder, server.ldaps);
    client.send(&[&b"\x00"[..], &vec![0; 100_000]].concat());
    client.expect_disconnection(2, "no message");
    let mut client = tls(&folder, server.ldaps);
    let late = message(2, &search("", 0)).repeat(5_000);
    client.send(&[message(1, &UNBIND), late].concat());
    client.expect_end("nothing is answered after an unbind");
}

fn expect_closed(server: &Server, reason: &str) {
    let line = server.said("closed");
    assert!(line.contains(reason), "{line}");
    Client::bound(server).expect_service(2);
    server.said("closed");
}

/// What is under way is for nobody then, and what came last may lack its end (RFC 8446 section 6.1).
#[test]
fn a_cut_is_not_taken_for_the_end_of_tls() {
    let folder = Folder::new();
    folder.load(&tree(0));
    let server = folder.serve();
    let mut client = tls(&folder, server.ldaps);
    client.expect_service(1);
    client.0.sock.shutdown(Shutdown::Write).unwrap();
    expect_closed(&server, "connection lost");
    drop(client);
    let mut client = tls(&folder, server.ldaps);
    client.expect_service(1);
    end_tls(&mut client.0);
    expect_closed(&server, "client closed");
}

#[test]
fn bytes_that_are_no_tls_where_tls_must_come_end_their_connection_alone() {
    let folder = Folder::new();
    folder.load(&tree(0));
    let server = folder.serve();
    let mut started = Client::new(server.ldap);
    assert_eq!(started.ask(1, &extended(client::START_TLS)).code, Some(0));
    for mut client in [Client::new(server.ldaps), started] {
        client.send(&message(2, &search("", 0)));
        let mut said = Vec::new();
        let _ = client.0.read_to_end(&mut said);
        // An alert at the most, and nothing of what was asked for.
        assert!(said.len() < 16, "{said:x?}");
        expect_closed(&server, "TLS handshake failed");
    }
}
