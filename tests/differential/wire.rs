//! A client that speaks bare BER (RFC 4511) to either server and takes back what was answered.
//!
//! Owns how operations become octets. Says nothing of which are sent, nor of what is right.

#![allow(dead_code)]

mod show;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use hedgerow::directory::filter::{Assertion, Extensible, Filter, Substrings};

/// Long after every answer of a server that is alive.
const PATIENCE: Duration = Duration::from_secs(60);

const SEARCH_ENTRY: u8 = 0x64;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const CONTROLS: u8 = 0xa0;
const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";

/// A description with its values.
pub type Attribute = (String, Vec<Vec<u8>>);
pub type Attributes = Vec<Attribute>;

/// A request whose answer is compared.
#[derive(Clone)]
pub enum Operation {
    Add {
        dn: String,
        attributes: Attributes,
    },
    /// Kinds are 0 add, 1 delete, 2 replace, 3 increment.
    Modify {
        dn: String,
        changes: Vec<(u8, String, Vec<Vec<u8>>)>,
    },
    Delete {
        dn: String,
    },
    Rename {
        dn: String,
        rdn: String,
        delete_old: bool,
        superior: Option<String>,
    },
    Compare {
        dn: String,
        attribute: String,
        value: Vec<u8>,
    },
    Search {
        base: String,
        scope: u8,
        dereference: u8,
        size_limit: u8,
        /// Entries of a page (RFC 2696), all of which are asked for; 0 asks for the whole.
        page: u8,
        types_only: bool,
        filter: Filter,
        selection: Vec<String>,
    },
}

/// An entry that a search returned.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub dn: String,
    pub attributes: Attributes,
}

/// All that was answered to one request.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    pub code: u8,
    pub matched: String,
    pub text: String,
    pub entries: Vec<Entry>,
}

impl Operation {
    pub fn is_update(&self) -> bool {
        !matches!(self, Self::Search { .. } | Self::Compare { .. })
    }

    /// Everything there is under a name.
    pub fn dump(base: &str, selection: &[&str]) -> Operation {
        Operation::Search {
            base: base.to_owned(),
            scope: 2,
            dereference: 0,
            size_limit: 0,
            page: 0,
            types_only: false,
            filter: Filter::Present("objectClass".to_owned()),
            selection: selection.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// The protocolOp as BER.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Add { dn, attributes } => {
                let list = attributes
                    .iter()
                    .map(|(name, values)| attribute(name, values));
                sequence(0x68, [text(dn), sequence(SEQUENCE, list)])
            }
            Self::Modify { dn, changes } => {
                let list = changes.iter().map(|(kind, name, values)| {
                    let kind = element(ENUMERATED, &[*kind]);
                    sequence(SEQUENCE, [kind, attribute(name, values)])
                });
                sequence(0x66, [text(dn), sequence(SEQUENCE, list)])
            }
            Self::Delete { dn } => element(0x4a, dn.as_bytes()),
            Self::Rename {
                dn,
                rdn,
                delete_old,
                superior,
            } => {
                let superior = superior.as_ref().map(|name| element(0x80, name.as_bytes()));
                let parts = [text(dn), text(rdn), boolean(0x01, *delete_old)];
                sequence(0x6c, parts.into_iter().chain(superior))
            }
            Self::Compare {
                dn,
                attribute,
                value,
            } => {
                let assertion = [text(attribute), element(OCTET_STRING, value)];
                sequence(0x6e, [text(dn), sequence(SEQUENCE, assertion)])
            }
            Self::Search {
                base,
                scope,
                dereference,
                size_limit,
                page: _,
                types_only,
                filter: wanted,
                selection,
            } => sequence(
                0x63,
                [
                    text(base),
                    element(ENUMERATED, &[*scope]),
                    element(ENUMERATED, &[*dereference]),
                    element(INTEGER, &[*size_limit]),
                    element(INTEGER, &[0]),
                    boolean(0x01, *types_only),
                    filter(wanted),
                    sequence(SEQUENCE, selection.iter().map(|name| text(name))),
                ],
            ),
        }
    }
}

pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short @ 0..0x80) => bytes.push(short),
        _ => {
            bytes.push(0x84);
            bytes.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
        }
    }
    bytes.extend(content);
    bytes
}

pub fn sequence(tag: u8, parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    element(tag, &parts.into_iter().collect::<Vec<_>>().concat())
}

pub fn text(text: &str) -> Vec<u8> {
    element(OCTET_STRING, text.as_bytes())
}

/// A message without controls.
pub fn message(id: u16, operation: &[u8]) -> Vec<u8> {
    controlled(id, operation, &[])
}

fn controlled(id: u16, operation: &[u8], controls: &[u8]) -> Vec<u8> {
    let id = element(INTEGER, &id.to_be_bytes());
    let controls = (!controls.is_empty()).then(|| element(CONTROLS, controls));
    let parts = [id, operation.to_vec()];
    sequence(SEQUENCE, parts.into_iter().chain(controls))
}

/// A request for the next page, critical.
fn next_page(size: u8, cookie: &[u8]) -> Vec<u8> {
    let value = [element(INTEGER, &[size]), element(OCTET_STRING, cookie)];
    let value = element(OCTET_STRING, &sequence(SEQUENCE, value));
    sequence(SEQUENCE, [text(PAGED_RESULTS), boolean(0x01, true), value])
}

/// A simple bind.
pub fn bind(name: &str, password: &str) -> Vec<u8> {
    let version = element(INTEGER, &[3]);
    let password = element(0x80, password.as_bytes());
    sequence(0x60, [version, text(name), password])
}

fn boolean(tag: u8, value: bool) -> Vec<u8> {
    element(tag, &[if value { 0xff } else { 0 }])
}

fn attribute(name: &str, values: &[Vec<u8>]) -> Vec<u8> {
    let values = values.iter().map(|value| element(OCTET_STRING, value));
    sequence(SEQUENCE, [text(name), sequence(SET, values)])
}

fn assertion(tag: u8, Assertion { attribute, value }: &Assertion) -> Vec<u8> {
    sequence(tag, [text(attribute), element(OCTET_STRING, value)])
}

fn filter(wanted: &Filter) -> Vec<u8> {
    match wanted {
        Filter::And(list) => sequence(0xa0, list.iter().map(filter)),
        Filter::Or(list) => sequence(0xa1, list.iter().map(filter)),
        Filter::Not(inner) => element(0xa2, &filter(inner)),
        Filter::Equality(item) => assertion(0xa3, item),
        Filter::Substrings(Substrings {
            attribute,
            initial,
            any,
            last,
        }) => {
            let initial = initial.iter().map(|piece| element(0x80, piece));
            let any = any.iter().map(|piece| element(0x81, piece));
            let last = last.iter().map(|piece| element(0x82, piece));
            let pieces = sequence(SEQUENCE, initial.chain(any).chain(last));
            sequence(0xa4, [text(attribute), pieces])
        }
        Filter::GreaterOrEqual(item) => assertion(0xa5, item),
        Filter::LessOrEqual(item) => assertion(0xa6, item),
        Filter::Present(name) => element(0x87, name.as_bytes()),
        Filter::Approx(item) => assertion(0xa8, item),
        Filter::Extensible(Extensible {
            rule,
            attribute,
            value,
            dn_attributes,
        }) => {
            let rule = rule.iter().map(|name| element(0x81, name.as_bytes()));
            let name = attribute.iter().map(|name| element(0x82, name.as_bytes()));
            let flag = dn_attributes.then(|| boolean(0x84, true));
            let value = [element(0x83, value)];
            sequence(0xa9, rule.chain(name).chain(value).chain(flag))
        }
    }
}

/// What both a socket of TCP and one of the file system are.
trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// One connection in clear.
pub struct Client {
    stream: Box<dyn Stream>,
    last_id: u16,
}

impl Client {
    pub fn over_tcp(address: SocketAddr) -> std::io::Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Client {
            stream: Box::new(stream),
            last_id: 0,
        })
    }

    pub fn over_unix(path: &Path) -> std::io::Result<Client> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Client {
            stream: Box::new(stream),
            last_id: 0,
        })
    }

    /// Binds with a name and a password, which must work.
    pub fn bind(&mut self, name: &str, password: &str) {
        let (answer, _) = self.exchange(&bind(name, password), &[]);
        assert_eq!(answer.code, 0, "{answer:?}");
    }

    /// Sends one request, or one for each page, and waits for all of its answer.
    pub fn ask(&mut self, operation: &Operation) -> Answer {
        let encoded = operation.encode();
        let Operation::Search {
            page: size @ 1.., ..
        } = operation
        else {
            return self.exchange(&encoded, &[]).0;
        };
        let (mut entries, mut cookie) = (Vec::new(), Vec::new());
        loop {
            let (mut answer, next) = self.exchange(&encoded, &next_page(*size, &cookie));
            assert!(answer.entries.len() <= usize::from(*size), "{answer:?}");
            entries.append(&mut answer.entries);
            cookie = next;
            if cookie.is_empty() {
                return Answer { entries, ..answer };
            }
        }
    }

    /// The answer, and the cookie of the page after it.
    fn exchange(&mut self, operation: &[u8], controls: &[u8]) -> (Answer, Vec<u8>) {
        self.last_id = self.last_id % 0x7fff + 1;
        let message = controlled(self.last_id, operation, controls);
        self.stream.write_all(&message).unwrap();
        let mut entries = Vec::new();
        loop {
            let message = self.message();
            let mut parts = Elements(&message);
            let (_, id) = parts.element();
            let id = id.iter().fold(0, |id, octet| id << 8 | u32::from(*octet));
            assert_eq!(id, u32::from(self.last_id), "an answer to something else");
            let (tag, content) = parts.element();
            let controls = parts.next().map(|(_, controls)| controls);
            let mut parts = Elements(content);
            if tag == SEARCH_ENTRY {
                entries.push(entry(parts));
                continue;
            }
            let answer = Answer {
                code: parts.element().1[0],
                matched: parts.text(),
                text: parts.text(),
                entries,
            };
            return (answer, cookie(controls.unwrap_or_default()));
        }
    }

    fn octets(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    fn message(&mut self) -> Vec<u8> {
        let head = self.octets(2);
        assert_eq!(head[0], SEQUENCE);
        let length = match head[1] {
            short @ 0..0x80 => usize::from(short),
            long => number(&self.octets(usize::from(long & 0x7f))),
        };
        self.octets(length)
    }
}

/// The cookie in the controls of an answer; empty when there is none.
fn cookie(controls: &[u8]) -> Vec<u8> {
    for (_, control) in Elements(controls) {
        let mut parts = Elements(control);
        if parts.text() == PAGED_RESULTS {
            let (_, value) = parts.last().unwrap();
            let (_, page) = Elements(value).element();
            return Elements(page).last().unwrap().1.to_vec();
        }
    }
    Vec::new()
}

fn number(octets: &[u8]) -> usize {
    let digits = octets.iter().map(|octet| usize::from(*octet));
    digits.fold(0, |number, octet| number << 8 | octet)
}

fn entry(mut parts: Elements<'_>) -> Entry {
    let dn = parts.text();
    let list = Elements(parts.element().1);
    let attributes = list.map(|(_, attribute)| {
        let mut parts = Elements(attribute);
        let name = parts.text();
        let values = Elements(parts.element().1);
        (name, values.map(|(_, value)| value.to_vec()).collect())
    });
    Entry {
        dn,
        attributes: attributes.collect(),
    }
}

/// BER elements one after the other.
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    fn element(&mut self) -> (u8, &'a [u8]) {
        let bytes = self.0;
        let (length, start) = match bytes[1] {
            short @ 0..0x80 => (usize::from(short), 2),
            long => {
                let start = 2 + usize::from(long & 0x7f);
                (number(&bytes[2..start]), start)
            }
        };
        self.0 = &bytes[start + length..];
        (bytes[0], &bytes[start..start + length])
    }

    fn text(&mut self) -> String {
        String::from_utf8(self.element().1.to_vec()).unwrap()
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        (!self.0.is_empty()).then(|| self.element())
    }
}
