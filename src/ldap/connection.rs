//! One socket from its first byte to its last: in clear, under TLS, and how it is parted with.
//!
//! Owns the stream. What is read from it and written to it is moved by `pipe`.

mod pipe;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::Face;
use super::relay::Relay;
use super::session::{Channel, Peer, Session};
use super::timers::Timers;
use pipe::{End, Pipe};

/// The longest that a TLS handshake takes.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// The longest that a client is waited for to take what was sent last and to close its end.
const FAREWELL: Duration = Duration::from_secs(2);
/// Bytes that such a client may still send: a message of the usual limit.
const UNREAD: u64 = 16 << 20;

/// How a listener protects its connections.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Implicit,
    /// TLS when the client asks for it.
    StartTls,
    /// Never TLS.
    None,
}

/// What a listener says of its connections.
#[derive(Copy, Clone, Debug)]
pub struct Terms {
    /// TLS or not.
    pub security: Security,
    /// Whether passwords may come without TLS.
    pub clear_passwords: bool,
    /// How long a client may do nothing.
    pub idle: Duration,
}

/// Serves one client until it or the server ends.
pub async fn serve(
    face: Arc<Face>,
    relay: Relay,
    stream: std::net::TcpStream,
    peer: SocketAddr,
    terms: Terms,
    number: u64,
    stop: CancellationToken,
) {
    tracing::info!(conn = number, %peer, tls = ?terms.security, "connected");
    let _ = stream.set_nodelay(true);
    let served = async {
        let stream = TcpStream::from_std(stream)?;
        run(&face, relay, stream, peer, terms, number, &stop).await
    };
    let reason = served.await.unwrap_or_else(|error| {
        tracing::debug!(conn = number, %error, "connection failed");
        "connection lost"
    });
    tracing::info!(conn = number, reason, "closed");
}

/// Serves one process of this machine, as [`serve`] does others. What is said stays within the machine, so that passwords
/// need no TLS.
pub async fn serve_local(
    face: Arc<Face>,
    relay: Relay,
    stream: std::os::unix::net::UnixStream,
    peer: Peer,
    idle: Duration,
    number: u64,
    stop: CancellationToken,
) {
    tracing::info!(
        conn = number,
        uid = peer.process.uid,
        gid = peer.process.gid,
        "connected"
    );
    let channel = Channel {
        clear_passwords: true,
        peer: Some(peer),
        ..Channel::default()
    };
    let mut session = Session::new(Arc::clone(&face), relay, channel, number);
    let mut pipe = Pipe::new(&face, idle);
    let served = async {
        let mut stream = UnixStream::from_std(stream)?;
        let end = pipe.serve(&mut stream, &mut session, &stop).await?;
        part(&mut stream, &face.timers).await;
        Ok::<End, io::Error>(end)
    };
    let reason = match served.await {
        Ok(End::Closed(reason)) => reason,
        Ok(End::StartTls) => "no TLS here",
        Err(error) => {
            tracing::debug!(conn = number, %error, "connection failed");
            "connection lost"
        }
    };
    tracing::info!(conn = number, reason, "closed");
}

async fn run(
    face: &Arc<Face>,
    relay: Relay,
    mut stream: TcpStream,
    peer: SocketAddr,
    terms: Terms,
    number: u64,
    stop: &CancellationToken,
) -> io::Result<&'static str> {
    let clear = Channel {
        can_start_tls: terms.security == Security::StartTls,
        clear_passwords: terms.clear_passwords,
        address: Some(peer.ip()),
        ..Channel::default()
    };
    let mut session = Session::new(Arc::clone(face), relay, clear, number);
    if terms.security != Security::Implicit {
        let mut pipe = Pipe::new(face, terms.idle);
        let reason = match pipe.serve(&mut stream, &mut session, stop).await? {
            End::Closed(reason) => Some(reason),
            // What came in clear behind the request was not protected and is not looked at (RFC 4511 section 4.14.1).
            End::StartTls if !pipe.input.is_empty() => Some("bytes in clear after StartTLS"),
            End::StartTls => None,
        };
        if let Some(reason) = reason {
            // Searches under way would be for nobody.
            drop((pipe, session));
            part(&mut stream, &face.timers).await;
            return Ok(reason);
        }
    }
    let Some(source) = &face.tls else {
        return Ok("no TLS configured");
    };
    let accepting = TlsAcceptor::from(source.config()).accept(stream);
    let accepting = face.timers.timeout(HANDSHAKE, accepting);
    let accepted = tokio::select! {
        accepted = accepting => accepted,
        () = stop.cancelled() => return Ok("server stopping"),
    };
    let mut stream = match accepted {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::info!(conn = number, %error, "TLS handshake failed");
            return Ok("TLS handshake failed");
        }
        Err(_) => return Ok("TLS handshake timed out"),
    };
    let certificate = stream
        .get_ref()
        .1
        .peer_certificates()
        .and_then(|chain| chain.first());
    session.set_channel(Channel {
        tls: true,
        address: Some(peer.ip()),
        certificate_name: certificate.and_then(|certificate| source.name_of(certificate)),
        ..Channel::default()
    });
    let end = Pipe::new(face, terms.idle)
        .serve(&mut stream, &mut session, stop)
        .await?;
    // Without this the client could not tell the end from a cut (RFC 8446 section 6.1).
    let _ = face.timers.timeout(FAREWELL, stream.shutdown()).await;
    drop(session);
    part(stream.get_mut().0, &face.timers).await;
    match end {
        End::Closed(reason) => Ok(reason),
        End::StartTls => Ok("TLS within TLS"),
    }
}

/// Ends a stream in a way that lets what was sent last arrive: a socket that is closed with bytes unread resets its
/// connection, and the other end loses what it has not read by then.
async fn part<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, timers: &Timers) {
    let parting = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(UNREAD), &mut tokio::io::sink()).await
    };
    let _ = timers.timeout(FAREWELL, parting).await;
}
