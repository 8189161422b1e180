//! A session on a directory in memory, without a socket: what a connection does with bytes, and what must hold of the
//! answers whatever the bytes were.
//!
//! The fuzz targets use it as well.

#[path = "../in_memory/mod.rs"]
mod in_memory;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use hedgerow::directory::index::IndexedAttributes;
use hedgerow::ldap::budget::Budget;
use hedgerow::ldap::codec::{Frame, NOTICE_OF_DISCONNECTION, frame};
use hedgerow::ldap::message::{Operation, ResultCode};
use hedgerow::ldap::relay::{self, Relay};
use hedgerow::ldap::root_dse::RootDse;
use hedgerow::ldap::session::{Channel, Flow, HIGH_WATER, Session};
use hedgerow::ldap::timers::Timers;
use hedgerow::ldap::{Face, Limits, Observer};
use in_memory::Fixture;
pub use in_memory::{ADMINISTRATOR, PASSWORD};
use tokio::runtime::Runtime;

const TREE: &str = "dn: dc=example,dc=org\nobjectClass: domain\ndc: example\n";
/// The longest message here, in bytes.
const MESSAGE: usize = 1 << 20;
/// More than any one entry, root DSE and schema included, takes.
const ENTRY: usize = 1 << 20;
/// Long after every answer of another thread.
const PATIENCE: Duration = Duration::from_secs(60);

struct Unobserved;

impl Observer for Unobserved {
    fn operation(&self, _: Operation, _: ResultCode, _: Duration) {}
}

/// A directory in memory and what its sessions share.
pub struct Place {
    face: Arc<Face>,
    relay: Relay,
    runtime: Runtime,
}

/// How a connection ended, or did not.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// More messages are taken.
    Open,
    /// More bytes are needed before anything can be said.
    Waiting,
    /// The client unbound or asked for TLS, or it was told why it is disconnected.
    Ended,
}

impl Place {
    pub fn new() -> Place {
        let fixture = Fixture::new(|schema| {
            let ids = ["uid", "cn"].map(|name| schema.attribute_id(name).unwrap());
            IndexedAttributes {
                equality: ids.to_vec(),
                presence: ids.to_vec(),
                substring: ids.to_vec(),
                ordering: vec![schema.attribute_id("uidNumber").unwrap()],
            }
        });
        let directory = fixture.serve(fixture.store(TREE.as_bytes()));
        let root_dse = RootDse::new(&fixture.schema, directory.snapshot().suffixes(), 0);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let (relay, relayed) = relay::new();
        runtime.spawn(relayed.hand_over());
        Place {
            face: Arc::new(Face {
                directory,
                root_dse,
                limits: Limits {
                    message_before_bind: MESSAGE,
                    message: MESSAGE,
                    operations: 16,
                },
                budget: Budget::new(1 << 30),
                observer: Box::new(Unobserved),
                tls: None,
                timers: Timers::of(runtime.handle().clone()),
            }),
            relay,
            runtime,
        }
    }

    /// A connection without TLS on which passwords may be said.
    pub fn connect(&self) -> Connection<'_> {
        let channel = Channel {
            clear_passwords: true,
            can_start_tls: true,
            ..Channel::default()
        };
        Connection {
            place: self,
            session: Session::new(Arc::clone(&self.face), self.relay.clone(), channel, 1),
            input: Vec::new(),
            answers: Vec::new(),
        }
    }
}

/// One client's session.
pub struct Connection<'a> {
    place: &'a Place,
    session: Session,
    input: Vec<u8>,
    /// The messages that came back since the last look.
    pub answers: Vec<Vec<u8>>,
}

impl Connection<'_> {
    /// Takes bytes as a socket gives them, and goes on until nothing is left to do.
    pub fn take(&mut self, bytes: &[u8]) -> State {
        self.input.extend_from_slice(bytes);
        let mut out = BytesMut::new();
        loop {
            self.settle(&mut out);
            let length = match frame(&self.input, self.session.message_limit()) {
                Frame::Incomplete { needed } => {
                    assert!(needed > 0);
                    return if self.input.is_empty() {
                        State::Open
                    } else {
                        State::Waiting
                    };
                }
                // The connection itself says why; there is nothing of the session in it.
                Frame::TooLarge { .. } | Frame::Malformed(_) => return State::Ended,
                Frame::Message(length) => length,
            };
            let message: Vec<u8> = self.input.drain(..length).collect();
            let answered = self.answers.len();
            match self.session.receive(&message, Instant::now(), &mut out) {
                Flow::Continue => {}
                Flow::StartTls => return State::Ended,
                Flow::Close => {
                    self.collect(&mut out);
                    let said = self.answers.get(answered..).unwrap_or_default();
                    assert!(said.len() <= 1 && said.iter().all(|notice| is_notice(notice)));
                    return State::Ended;
                }
            }
        }
    }

    /// Works until the session waits for its client, looking at all it writes on the way.
    fn settle(&mut self, out: &mut BytesMut) {
        while !self.session.is_idle() {
            self.collect(out);
            if self.session.has_work() {
                let _ = self.session.step(out);
            } else {
                assert!(self.session.awaits_completion(), "it waits for nothing");
                let completion = self.place.runtime.block_on(async {
                    tokio::time::timeout(PATIENCE, self.session.completion()).await
                });
                let completion = completion.expect("another thread never answered");
                self.session.complete(completion, out);
            }
        }
        self.collect(out);
    }

    /// Takes what was written apart: whole messages, and no more of them than a connection may hold.
    fn collect(&mut self, out: &mut BytesMut) {
        assert!(out.len() <= HIGH_WATER + 2 * ENTRY, "{} bytes", out.len());
        while !out.is_empty() {
            match frame(out, usize::MAX) {
                Frame::Message(length) => self.answers.push(out.split_to(length).to_vec()),
                other => panic!("half an answer: {other:?}"),
            }
        }
    }
}

fn is_notice(message: &[u8]) -> bool {
    let name = NOTICE_OF_DISCONNECTION.as_bytes();
    message.windows(name.len()).any(|part| part == name)
}
