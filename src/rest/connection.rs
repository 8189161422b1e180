//! One connection of the REST face: TLS, HTTP/1.1, and the graceful end.
//!
//! Owns the bounds on what comes before a request is one. Where connections come from is the app's.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::limits::Source;

/// The longest that a TLS handshake takes.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// The longest that the head of a request takes, and that a connection waits for one.
const HEAD: Duration = Duration::from_secs(60);
/// The most headers of a request.
const HEADERS: usize = 64;
/// The most bytes of a head, and of what is read ahead.
const BUFFER: usize = 64 * 1024;

/// The longest that a client is waited for to take what was sent last and to close its end.
const FAREWELL: Duration = Duration::from_secs(2);
/// Bytes that such a client may still send.
const UNREAD: u64 = 16 << 20;

/// Serves one client until it or the server ends.
pub async fn serve(
    router: Router,
    stream: std::net::TcpStream,
    peer: SocketAddr,
    tls: Arc<rustls::ServerConfig>,
    stop: CancellationToken,
) {
    let _ = stream.set_nodelay(true);
    let Ok(stream) = TcpStream::from_std(stream) else {
        return;
    };
    let accepted = timeout(HANDSHAKE, TlsAcceptor::from(tls).accept(stream));
    let stream = tokio::select! {
        accepted = accepted => match accepted {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return tracing::info!(%peer, %error, "TLS handshake failed"),
            Err(_) => return tracing::info!(%peer, "TLS handshake timed out"),
        },
        () = stop.cancelled() => return,
    };
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request<Incoming> = request;
        request.extensions_mut().insert(Source(peer.ip()));
        Box::pin(router.call(request))
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(HEADERS)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    let served = tokio::select! {
        served = poll_fn(|cx| connection.poll_without_shutdown(cx)) => Some(served),
        () = stop.cancelled() => None,
    };
    let served = match served {
        Some(served) => served,
        None => {
            // What is under way is answered, nothing more is taken.
            Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|cx| connection.poll_without_shutdown(cx)).await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "connection ended");
    }
    let mut stream = connection.into_parts().io.into_inner();
    // A socket that is closed with bytes unread resets its connection, and the client loses the last answer.
    let parting = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut (&mut stream).take(UNREAD), &mut tokio::io::sink()).await
    };
    let _ = timeout(FAREWELL, parting).await;
}
