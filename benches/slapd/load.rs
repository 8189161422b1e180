//! A connection that asks and holds every answer against what is right.
//!
//! Owns sending, receiving and checking. Says nothing of what is asked.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hedgerow::ldap::ber::{ENUMERATED, INTEGER, OCTET_STRING, Reader, SEQUENCE, SET, header};
use rustls::client::Resumption;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::Outcome;
use super::wire;

/// Long after every answer of a server that is alive.
const PATIENCE: Duration = Duration::from_secs(30);
const SEARCH_ENTRY: u8 = 0x64;
const BUSY: i32 = 51;
/// An unbind request (RFC 4511 section 4.3).
const UNBIND: [u8; 2] = [0x42, 0];

/// A protocolOp and the right answer to it.
pub struct Request {
    pub operation: Vec<u8>,
    pub expected: Expected,
}

/// What an answer must be.
#[derive(Debug, Default)]
pub struct Expected {
    /// The result code.
    pub code: i32,
    /// Whether the server may say instead that it is busy.
    pub or_busy: bool,
    /// How many entries come.
    pub entries: u32,
    /// The name of each of them, where it is known.
    pub dn: Option<String>,
    /// How many values each of them has, where it is known.
    pub values: Option<u32>,
}

struct Waiting {
    id: i32,
    expected: Expected,
    entries: u32,
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

pub struct Connection {
    stream: Box<dyn Stream>,
    chunk: Vec<u8>,
    received: Vec<u8>,
    /// How many octets of `received` are done with.
    taken: usize,
    to_send: Vec<u8>,
    last_id: u16,
    waiting: VecDeque<Waiting>,
    /// Requests to which the server has said that it is busy.
    pub busy: u64,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Outcome<Connection> {
        Ok(Connection::over(tcp(address)?))
    }

    /// A connection under TLS; the first request does the handshake.
    pub fn secure(address: SocketAddr, config: &Arc<ClientConfig>) -> Outcome<Connection> {
        let name = ServerName::IpAddress(Ipv4Addr::LOCALHOST.into());
        let tls = ClientConnection::new(Arc::clone(config), name)?;
        Ok(Connection::over(StreamOwned::new(tls, tcp(address)?)))
    }

    fn over(stream: impl Stream + 'static) -> Connection {
        Connection {
            stream: Box::new(stream),
            chunk: vec![0; 1 << 16],
            received: Vec::new(),
            taken: 0,
            to_send: Vec::new(),
            last_id: 0,
            waiting: VecDeque::new(),
            busy: 0,
        }
    }

    /// Requests that wait for their answer.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub fn queue(&mut self, request: Request) {
        self.last_id = self.last_id % 0x7fff + 1;
        self.to_send
            .extend(wire::message(self.last_id, &request.operation));
        self.waiting.push_back(Waiting {
            id: i32::from(self.last_id),
            expected: request.expected,
            entries: 0,
        });
    }

    /// Sends one request and waits for its answer.
    pub fn ask(&mut self, request: Request) -> Outcome<()> {
        self.queue(request);
        self.answered().map(drop)
    }

    /// Says goodbye and closes.
    pub fn unbind(mut self) -> Outcome<()> {
        let message = wire::message(self.last_id % 0x7fff + 1, &UNBIND);
        Ok(self.stream.write_all(&message)?)
    }

    /// Sends what is queued and waits until a request has its answer; gives how many have it with what was received.
    pub fn answered(&mut self) -> Outcome<u64> {
        if !self.to_send.is_empty() {
            self.stream.write_all(&self.to_send)?;
            self.to_send.clear();
        }
        let mut answered = 0;
        loop {
            while let Some(is_last) = self.take_message()? {
                answered += u64::from(is_last);
            }
            if answered > 0 {
                return Ok(answered);
            }
            self.receive()?;
        }
    }

    /// Takes a message out of what was received, if there is a whole one; says whether it was the last of an answer.
    fn take_message(&mut self) -> Outcome<Option<bool>> {
        let rest = self.received.get(self.taken..).unwrap_or_default();
        let whole = header(rest)?.and_then(|header| rest.get(..header.len + header.content));
        let Some(message) = whole else {
            return Ok(None);
        };
        self.taken += message.len();
        let mut message = Reader::new(message).constructed(SEQUENCE, "LDAPMessage")?;
        let id = message.integer(INTEGER, "messageID", 0..=i32::MAX)?;
        let place = self.waiting.iter().position(|waiting| waiting.id == id);
        let operation = message.element("protocolOp")?;
        let content = Reader::new(operation.content);
        let place = place.ok_or_else(|| format!("an answer to {id}, which was not asked"))?;
        if operation.tag == SEARCH_ENTRY {
            let waiting = self.waiting.get_mut(place).ok_or("nothing waits")?;
            waiting.entry(content)?;
            return Ok(Some(false));
        }
        let waiting = self.waiting.remove(place).ok_or("nothing waits")?;
        self.busy += u64::from(waiting.result(content)?);
        Ok(Some(true))
    }

    fn receive(&mut self) -> Outcome<()> {
        self.received.drain(..self.taken);
        self.taken = 0;
        let read = self.stream.read(&mut self.chunk)?;
        if read == 0 {
            return Err("the server closed the connection".into());
        }
        self.received
            .extend_from_slice(self.chunk.get(..read).unwrap_or_default());
        Ok(())
    }
}

impl Waiting {
    fn entry(&mut self, mut entry: Reader<'_>) -> Outcome<()> {
        self.entries += 1;
        let dn = entry.text(OCTET_STRING, "objectName")?;
        if self.expected.dn.as_deref().is_some_and(|right| right != dn) {
            return Err(format!("the entry {dn} where {:?} is right", self.expected).into());
        }
        let Some(right) = self.expected.values else {
            return Ok(());
        };
        let mut values = 0;
        let mut attributes = entry.constructed(SEQUENCE, "attributes")?;
        while !attributes.is_empty() {
            let mut attribute = attributes.constructed(SEQUENCE, "PartialAttribute")?;
            attribute.text(OCTET_STRING, "type")?;
            let mut set = attribute.constructed(SET, "vals")?;
            while !set.is_empty() {
                set.content(OCTET_STRING, "value")?;
                values += 1;
            }
        }
        if values != right {
            return Err(format!("{values} values of {dn} where {right} are right").into());
        }
        Ok(())
    }

    /// Holds the result against what is right; whether it says that the server is busy.
    fn result(&self, mut result: Reader<'_>) -> Outcome<bool> {
        let code = result.integer(ENUMERATED, "resultCode", 0..=i32::MAX)?;
        result.text(OCTET_STRING, "matchedDN")?;
        let text = result.text(OCTET_STRING, "diagnosticMessage")?;
        if (code, self.entries) == (self.expected.code, self.expected.entries) {
            return Ok(false);
        }
        if self.expected.or_busy && code == BUSY {
            return Ok(true);
        }
        let entries = self.entries;
        Err(format!(
            "the answer {code} {text:?} with {entries} entries where {:?} is right",
            self.expected
        )
        .into())
    }
}

fn tcp(address: SocketAddr) -> Outcome<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A client that trusts one authority and greets a server as a stranger each time.
pub fn trusting(authority: &Path) -> Outcome<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority)?)?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}
