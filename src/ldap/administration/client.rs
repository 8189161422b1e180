//! The asking side of administration: a connection to the socket of a running server.
//!
//! Owns the order of requests and answers, and how much of an answer is buffered; their form is `ldap3_proto`'s.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use bytes::BytesMut;
use ldap3_proto::LdapCodec;
use ldap3_proto::proto::{
    LdapBindCred, LdapBindRequest, LdapExtendedRequest, LdapIntermediateResponse, LdapMsg, LdapOp,
    LdapResult, LdapResultCode, SaslCredentials,
};
use tokio_util::codec::{Decoder, Encoder};
use zeroize::Zeroize;

use super::Task;

/// The longest message that a server sends here: a part and its header, or a result with a text.
const LONGEST: usize = 1 << 20;
/// Elements within elements of such a message: an operation of the message, a field of it, a URI of a referral.
const DEPTH: usize = 8;
/// Bytes read at once.
const READ: usize = 64 * 1024;

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
        code: LdapResultCode,
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
                let code = code.clone() as i64;
                write!(f, "the running server refuses (code {code}): {text}")
            }
        }
    }
}

impl std::error::Error for ClientError {}

/// A connection on which this process is known by who runs it.
pub struct Client {
    stream: UnixStream,
    codec: LdapCodec,
    received: BytesMut,
    id: i32,
}

/// A response to one request.
enum Response {
    Part(Vec<u8>),
    End(Option<Vec<u8>>),
}

impl Client {
    /// Connects and binds with SASL EXTERNAL (RFC 4422 appendix A).
    pub fn connect(socket: &Path) -> Result<Client, ClientError> {
        let mut client = Client::new(UnixStream::connect(socket).map_err(ClientError::Socket)?);
        client.send(LdapOp::BindRequest(LdapBindRequest {
            version: 3,
            dn: String::new(),
            cred: LdapBindCred::SASL(SaslCredentials {
                mechanism: "EXTERNAL".to_owned(),
                // As whom one is known already.
                credentials: Vec::new(),
            }),
        }))?;
        client.response()?;
        Ok(client)
    }

    fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            codec: LdapCodec::new(Some(LONGEST), Some(DEPTH)),
            received: BytesMut::new(),
            id: 0,
        }
    }

    /// Asks for a task, writes what it yields, and returns what it counts.
    pub fn ask(&mut self, task: &Task, out: &mut dyn Write) -> Result<u64, ClientError> {
        self.send(LdapOp::ExtendedRequest(LdapExtendedRequest {
            name: task.name().to_owned(),
            value: task.value().map(|value| value.to_vec()),
        }))?;
        loop {
            match self.response()? {
                Response::Part(bytes) => out.write_all(&bytes).map_err(ClientError::Output)?,
                Response::End(value) => {
                    let count = value.and_then(|value| String::from_utf8(value).ok());
                    return count
                        .and_then(|text| text.parse().ok())
                        .ok_or_else(|| malformed("no count"));
                }
            }
        }
    }

    fn send(&mut self, op: LdapOp) -> Result<(), ClientError> {
        self.id = self.id.saturating_add(1);
        let message = LdapMsg {
            msgid: self.id,
            op,
            ctrl: Vec::new(),
        };
        let mut bytes = BytesMut::new();
        let encoded = self.codec.encode(message, &mut bytes);
        let sent = encoded.and_then(|()| self.stream.write_all(&bytes));
        // A new password may be among them.
        bytes.as_mut().zeroize();
        sent.map_err(ClientError::Socket)
    }

    fn response(&mut self) -> Result<Response, ClientError> {
        loop {
            let decoded = self.codec.decode(&mut self.received);
            match decoded.map_err(|error| malformed(&error.to_string()))? {
                Some(message) => return response(message, self.id),
                None => self.receive()?,
            }
        }
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

fn malformed(what: &str) -> ClientError {
    ClientError::Malformed(what.to_owned())
}

/// What a message says that is to answer the request of this id, or to end the connection (id 0, RFC 4511 section 4.4).
fn response(message: LdapMsg, expected: i32) -> Result<Response, ClientError> {
    let id = message.msgid;
    if id != expected && id != 0 {
        return Err(malformed(&format!("an answer to request {id}")));
    }
    let (result, value) = match message.op {
        LdapOp::IntermediateResponse(LdapIntermediateResponse::Raw {
            value: Some(value), ..
        }) => return Ok(Response::Part(value)),
        LdapOp::BindResponse(response) => (response.res, None),
        LdapOp::ExtendedResponse(response) => (response.res, response.value),
        // A part without its bytes among them: the decoder passes over what is cut short.
        _ => return Err(malformed("no response to what was asked")),
    };
    match result {
        LdapResult {
            code: LdapResultCode::Success,
            ..
        } if id != 0 => Ok(Response::End(value)),
        LdapResult { code, message, .. } => Err(ClientError::Refused {
            code,
            text: message,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a client that has asked once makes of these bytes, after which the server is gone.
    fn heard(bytes: &[u8]) -> Result<Response, ClientError> {
        let (mut server, stream) = UnixStream::pair().unwrap();
        let mut client = Client::new(stream);
        client.send(LdapOp::UnbindRequest).unwrap();
        server.write_all(bytes).unwrap();
        drop(server);
        client.response()
    }

    #[test]
    fn an_answer_cut_short_or_for_another_request_is_no_answer() {
        let message = *b"\x30\x0f\x02\x01\x01\x78\x0a\x0a\x01\x00\x04\x00\x04\x00\x8b\x01\x37";
        assert!(matches!(heard(&message), Ok(Response::End(Some(value))) if value == b"7"));
        let mut other = message;
        other[4] = 2;
        assert!(matches!(heard(&other), Err(ClientError::Malformed(_))));
        for length in 0..message.len() {
            let cut = heard(&message[..length]);
            assert!(matches!(cut, Err(ClientError::Socket(_))), "{length}");
        }
    }

    #[test]
    fn a_part_that_lost_its_bytes_is_not_passed_over() {
        let whole = *b"\x30\x0a\x02\x01\x01\x79\x05\x81\x03abc";
        assert!(matches!(heard(&whole), Ok(Response::Part(bytes)) if bytes == b"abc"));
        let mut longer_within = whole;
        longer_within[8] = 4;
        assert!(matches!(
            heard(&longer_within),
            Err(ClientError::Malformed(_))
        ));
    }

    #[test]
    fn a_message_that_is_too_long_or_too_deep_is_refused() {
        let mut long = b"\x30\x83\x20\x00\x00".to_vec();
        long.resize(2 * LONGEST + READ, 0);
        let (mut server, stream) = UnixStream::pair().unwrap();
        let sender = std::thread::spawn(move || server.write_all(&long));
        let refused = Client::new(stream).response();
        assert!(matches!(refused, Err(ClientError::Malformed(_))));
        let _ = sender.join().unwrap();
        let deep: Vec<u8> = (0..20).rev().flat_map(|level| [0x30, 2 * level]).collect();
        assert!(matches!(heard(&deep), Err(ClientError::Malformed(_))));
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
            match heard(&message) {
                Err(ClientError::Refused { code: told, text }) => {
                    assert_eq!((told as i64, text.as_str()), (i64::from(code), "no"));
                }
                _ => panic!(),
            }
        }
    }
}
