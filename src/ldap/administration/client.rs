//! The asking side of administration: a connection to the socket of a running server.
//!
//! Speaks as much LDAP as that takes, and believes the server no length that it did not send.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::Task;
use crate::ldap::ber::{
    ENUMERATED, Fault, INTEGER, OCTET_STRING, ReadError, Reader, SEQUENCE, context,
    context_constructed, element_len, integer_element_len, put_element, put_header, put_integer,
};
use crate::ldap::codec::{Frame, frame};

/// The longest message that a server sends here: a part and its header, or a result with a text.
const LONGEST: usize = 1 << 20;
/// Bytes read at once.
const READ: usize = 64 * 1024;

const BIND_REQUEST: u8 = 0x60;
const BIND_RESPONSE: u8 = 0x61;
const EXTENDED_REQUEST: u8 = 0x77;
const EXTENDED_RESPONSE: u8 = 0x78;
const INTERMEDIATE_RESPONSE: u8 = 0x79;
const REFERRAL: u8 = context_constructed(3);
const SASL: u8 = context_constructed(3);
const REQUEST_NAME: u8 = context(0);
const REQUEST_VALUE: u8 = context(1);
const RESPONSE_NAME: u8 = context(10);
const RESPONSE_VALUE: u8 = context(11);
const PART: u8 = context(1);

/// Why a running server did not do what was asked.
#[derive(Debug)]
pub enum ClientError {
    /// The socket failed.
    Socket(io::Error),
    /// What the server yields could not be written.
    Output(io::Error),
    /// What came is no answer.
    Malformed(String),
    /// The server says no.
    Refused {
        /// The result code.
        code: i32,
        /// The server's words.
        text: String,
    },
}

impl std::fmt::Display for ClientError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Socket(error) => write!(f, "the running server does not answer: {error}"),
            Self::Output(error) => error.fmt(f),
            Self::Malformed(what) => write!(
                f,
                "the running server answers what this program does not understand ({what}): is it of another version?"
            ),
            Self::Refused { code, text } => {
                write!(f, "the running server refuses (code {code}): {text}")
            }
        }
    }
}

impl std::error::Error for ClientError {}

impl From<ReadError> for ClientError {
    fn from(error: ReadError) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// A connection on which this process is known by who runs it.
#[derive(Debug)]
pub struct Client {
    stream: UnixStream,
    received: Vec<u8>,
    id: i32,
}

/// A response to one request.
enum Response {
    Part(Vec<u8>),
    End { value: Vec<u8> },
}

impl Client {
    /// Connects and binds with SASL EXTERNAL (RFC 4422 appendix A).
    pub fn connect(socket: &Path) -> Result<Client, ClientError> {
        let stream = UnixStream::connect(socket).map_err(ClientError::Socket)?;
        let mut client = Client {
            stream,
            received: Vec::new(),
            id: 0,
        };
        let mechanism = b"EXTERNAL";
        let mut bind = Vec::new();
        put_integer(&mut bind, 3);
        put_element(&mut bind, OCTET_STRING, b"");
        put_header(&mut bind, SASL, element_len(mechanism.len()));
        put_element(&mut bind, OCTET_STRING, mechanism);
        client.send(BIND_REQUEST, &bind)?;
        client.response()?;
        Ok(client)
    }

    /// Asks for a task, writes what it yields, and returns what it counts.
    pub fn ask(&mut self, task: &Task, out: &mut dyn Write) -> Result<u64, ClientError> {
        let mut request = Vec::new();
        put_element(&mut request, REQUEST_NAME, task.name().as_bytes());
        if let Some(value) = task.value() {
            put_element(&mut request, REQUEST_VALUE, &value);
        }
        let sent = self.send(EXTENDED_REQUEST, &request);
        zeroize::Zeroize::zeroize(&mut request);
        sent?;
        loop {
            match self.response()? {
                Response::Part(bytes) => out.write_all(&bytes).map_err(ClientError::Output)?,
                Response::End { value } => {
                    let count = std::str::from_utf8(&value).ok();
                    return count
                        .and_then(|text| text.parse().ok())
                        .ok_or_else(|| ClientError::Malformed("no count".to_owned()));
                }
            }
        }
    }

    fn send(&mut self, tag: u8, content: &[u8]) -> Result<(), ClientError> {
        self.id = self.id.saturating_add(1);
        let mut message = zeroize::Zeroizing::new(Vec::new());
        let length = integer_element_len(self.id) + element_len(content.len());
        put_header(&mut *message, SEQUENCE, length);
        put_integer(&mut *message, self.id);
        put_element(&mut *message, tag, content);
        let sent = self.stream.write_all(&message);
        sent.map_err(ClientError::Socket)
    }

    fn response(&mut self) -> Result<Response, ClientError> {
        let length = loop {
            match frame(&self.received, LONGEST) {
                Frame::Message(length) => break length,
                Frame::Incomplete { .. } => self.receive()?,
                Frame::TooLarge { claimed } => {
                    let what = format!("a message of {claimed} bytes");
                    return Err(ClientError::Malformed(what));
                }
                Frame::Malformed(fault) => return Err(ClientError::Malformed(fault.to_string())),
            }
        };
        let message: Vec<u8> = self.received.drain(..length).collect();
        parse(&message, self.id)
    }

    fn receive(&mut self) -> Result<(), ClientError> {
        let filled = self.received.len();
        self.received.resize(filled + READ, 0);
        let room = self.received.get_mut(filled..).unwrap_or_default();
        let read = match self.stream.read(room) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            other => other,
        };
        self.received
            .truncate(filled + read.as_ref().map_or(0, |read| *read));
        match read {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                Err(ClientError::Socket(error))
            }
            _ => Ok(()),
        }
    }
}

/// Reads a message that is to answer the request of this id, or to end the connection (id 0, RFC 4511 section 4.4).
fn parse(message: &[u8], expected: i32) -> Result<Response, ClientError> {
    let mut fields = Reader::new(message).constructed(SEQUENCE, "message")?;
    let id = fields.integer(INTEGER, "messageID", 0..=i32::MAX)?;
    if id != expected && id != 0 {
        return Err(ClientError::Malformed(format!("an answer to request {id}")));
    }
    let operation = fields.element("protocolOp")?;
    let mut content = Reader::new(operation.content);
    match operation.tag {
        INTERMEDIATE_RESPONSE => {
            content.optional(context(0), "responseName")?;
            let value = content.optional(PART, "responseValue")?;
            Ok(Response::Part(value.unwrap_or_default().to_vec()))
        }
        BIND_RESPONSE | EXTENDED_RESPONSE => {
            let code = content.integer(ENUMERATED, "resultCode", 0..=i32::MAX)?;
            content.content(OCTET_STRING, "matchedDN")?;
            let text = content.text(OCTET_STRING, "diagnosticMessage")?;
            if code != 0 || id == 0 {
                let text = text.to_owned();
                return Err(ClientError::Refused { code, text });
            }
            content.optional(REFERRAL, "referral")?;
            content.optional(RESPONSE_NAME, "responseName")?;
            let value = content.optional(RESPONSE_VALUE, "responseValue")?;
            let value = value.unwrap_or_default().to_vec();
            Ok(Response::End { value })
        }
        other => Err(Fault::Unexpected(other).of("protocolOp").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_cut_short_or_for_another_request_is_no_answer() {
        let message = b"\x30\x0f\x02\x01\x02\x78\x0a\x0a\x01\x00\x04\x00\x04\x00\x8b\x01\x37";
        match parse(message, 2) {
            Ok(Response::End { value }) => assert_eq!(value, b"7"),
            _ => panic!(),
        }
        assert!(matches!(parse(message, 3), Err(ClientError::Malformed(_))));
        for length in 0..message.len() {
            assert!(parse(&message[..length], 2).is_err(), "{length}");
        }
    }

    #[test]
    fn a_refusal_and_a_notice_of_disconnection_carry_the_words_of_the_server() {
        for (id, code) in [(1, 50), (0, 52), (0, 0)] {
            let message = [
                &b"\x30\x0e\x02\x01"[..],
                &[id],
                b"\x78\x09\x0a\x01",
                &[code],
                b"\x04\x00\x04\x02no",
            ]
            .concat();
            match parse(&message, 1) {
                Err(ClientError::Refused { code: told, text }) => {
                    assert_eq!((told, text.as_str()), (i32::from(code), "no"));
                }
                _ => panic!(),
            }
        }
    }
}
