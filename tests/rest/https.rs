//! A client of HTTP/1.1 over TLS: one request a connection, read to its end.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

use crate::server::{PASSWORD, Server};

/// Who asks.
#[derive(Clone, Debug)]
pub enum Login {
    Nobody,
    Basic(String, String),
    Bearer(String),
    Key(String),
}

impl Login {
    /// A name and a password.
    pub fn basic(name: &str, password: &str) -> Login {
        Login::Basic(name.to_owned(), password.to_owned())
    }

    /// The administrator.
    pub fn admin() -> Login {
        Login::basic("admin", PASSWORD)
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null when there is none.
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// How a client speaks TLS that trusts one authority.
pub fn trusting(authority: &Path) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(authority).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// A client of one server, which it trusts.
pub struct Client {
    pub address: SocketAddr,
    pub config: Arc<ClientConfig>,
}

impl Client {
    pub fn of(server: &Server) -> Client {
        Client {
            address: server.rest.unwrap(),
            config: trusting(server.authority()),
        }
    }

    /// Sends bytes, of which more may come.
    pub fn begin(&self, bytes: &[u8]) -> StreamOwned<ClientConnection, TcpStream> {
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::clone(&self.config), name).unwrap();
        let socket = TcpStream::connect(self.address).unwrap();
        let mut stream = StreamOwned::new(connection, socket);
        // A server that refuses may not read to the end.
        let _ = stream.write_all(bytes);
        let _ = stream.flush();
        stream
    }

    /// Sends bytes and reads to the end.
    pub fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.begin(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    }

    /// Sends a request.
    pub fn send(
        &self,
        login: &Login,
        request: &str,
        headers: &[(String, String)],
        body: Option<&[u8]>,
    ) -> Answer {
        let (method, path) = request.split_once(' ').unwrap();
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        match login {
            Login::Nobody => {}
            Login::Basic(name, password) => {
                let proof = STANDARD.encode(format!("{name}:{password}"));
                head.push_str(&format!("authorization: Basic {proof}\r\n"));
            }
            Login::Bearer(token) => head.push_str(&format!("authorization: Bearer {token}\r\n")),
            Login::Key(key) => head.push_str(&format!("x-api-key: {key}\r\n")),
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = body {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
            if !headers.iter().any(|(name, _)| name == "content-type") {
                head.push_str("content-type: application/json\r\n");
            }
        }
        head.push_str("\r\n");
        let sent = [head.as_bytes(), body.unwrap_or_default()].concat();
        read(&self.raw(&sent))
    }

    /// Asks for a path.
    pub fn get(&self, login: &Login, path: &str) -> Answer {
        self.send(login, &format!("GET {path}"), &[], None)
    }

    /// Sends a request that may have a body of JSON.
    pub fn ask(&self, login: &Login, request: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string());
        self.send(login, request, &[], body.as_ref().map(String::as_bytes))
    }

    /// What the administrator is answered, who must not be refused.
    #[track_caller]
    pub fn done(&self, request: &str, body: Option<Value>) -> Value {
        let answer = self.ask(&Login::admin(), request, body);
        assert!(answer.status < 300, "{request}: {}", answer.text());
        answer.json()
    }
}

fn read(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_ascii_lowercase(), value.to_owned())
    });
    let headers: HashMap<_, _> = headers.collect();
    let body = &bytes[end + 4..];
    let chunked = headers.contains_key("transfer-encoding");
    Answer {
        status: status.parse().unwrap(),
        body: if chunked {
            unchunk(body)
        } else {
            body.to_vec()
        },
        headers,
    }
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").unwrap();
        let length = std::str::from_utf8(&rest[..end]).unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        if length == 0 {
            return whole;
        }
        whole.extend_from_slice(&rest[end + 2..end + 2 + length]);
        rest = &rest[end + 4 + length..];
    }
}
