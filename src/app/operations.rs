//! The HTTP listener for operators: `/healthz`, `/readyz` and `/metrics`. Shows
//! no entry and changes nothing.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::metrics::Metrics;

/// Connections at once. Whoever floods this listener must not use up the
/// descriptors that LDAP clients need.
const MAX_CONNECTIONS: usize = 64;

/// A connection carries one request and is closed after this long at the latest.
const CONNECTION_LIFETIME: Duration = Duration::from_secs(10);

/// Wait before accepting again after the system refused: it is usually short of
/// descriptors, and would refuse at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

const TEXT: &str = "text/plain; charset=utf-8";
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether the server can do its work: not before the store is loaded, and from
/// then on as a check says.
#[derive(Default)]
pub struct Readiness {
    check: OnceLock<Box<Check>>,
}

type Check = dyn Fn() -> Result<(), String> + Send + Sync;

impl Readiness {
    /// Says that the store is loaded. `check` is asked at every request: an
    /// error is the reason, for the operator, why the server is not ready. It
    /// must be quick. Only the first call counts.
    pub fn loaded(&self, check: impl Fn() -> Result<(), String> + Send + Sync + 'static) {
        let _ = self.check.set(Box::new(check));
    }

    fn state(&self) -> Result<(), String> {
        match self.check.get() {
            Some(check) => check(),
            None => Err("the store is being loaded".to_owned()),
        }
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Readiness").field(&self.state()).finish()
    }
}

/// The three pages.
pub fn router(metrics: Arc<Metrics>, readiness: Arc<Readiness>) -> Router {
    Router::new()
        .route("/metrics", get(page_of_metrics).with_state(metrics))
        .route("/readyz", get(ready).with_state(readiness))
        .route("/healthz", get(healthy))
}

/// Answers on `listener` until `stop` is done; connections still open then are
/// closed.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(answer(stream, router.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "operations listener cannot accept");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

async fn answer(stream: TcpStream, router: Router) {
    let connection = http1::Builder::new()
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // A client that vanishes or dawdles concerns nobody.
    let _ = timeout(CONNECTION_LIFETIME, connection).await;
}

async fn healthy() -> Result<impl IntoResponse, Infallible> {
    Ok(([(header::CONTENT_TYPE, TEXT)], "alive\n"))
}

async fn ready(State(readiness): State<Arc<Readiness>>) -> impl IntoResponse {
    let (status, text) = match readiness.state() {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
    };
    (status, [(header::CONTENT_TYPE, TEXT)], text)
}

async fn page_of_metrics(State(metrics): State<Arc<Metrics>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, EXPOSITION)], metrics.render())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::SystemTime;

    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;
    use tower::ServiceExt;

    use super::*;

    fn parts() -> (Router, Arc<Metrics>, Arc<Readiness>) {
        let metrics = Arc::new(Metrics::new(SystemTime::UNIX_EPOCH));
        let readiness = Arc::new(Readiness::default());
        let router = router(Arc::clone(&metrics), Arc::clone(&readiness));
        (router, metrics, readiness)
    }

    async fn request(router: &Router, method: &str, path: &str) -> (u16, String, String) {
        let request = Request::builder().method(method).uri(path);
        let request = request.body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let kind = response
            .headers()
            .get(header::CONTENT_TYPE)
            .map(|kind| kind.to_str().unwrap().to_owned())
            .unwrap_or_default();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, kind, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn the_process_is_alive_before_it_is_ready() {
        let (router, _, readiness) = parts();
        assert_eq!(request(&router, "GET", "/healthz").await.0, 200);
        let (status, _, text) = request(&router, "GET", "/readyz").await;
        assert_eq!(
            (status, text.as_str()),
            (503, "the store is being loaded\n")
        );
        readiness.loaded(|| Ok(()));
        assert_eq!(request(&router, "GET", "/readyz").await.0, 200);
    }

    #[tokio::test]
    async fn a_store_that_turned_read_only_is_not_ready_and_says_why() {
        let (router, _, readiness) = parts();
        let broken = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&broken);
        readiness.loaded(move || match seen.load(Ordering::Relaxed) {
            true => Err("the store is read-only: disk full".to_owned()),
            false => Ok(()),
        });
        assert_eq!(request(&router, "GET", "/readyz").await.0, 200);
        broken.store(true, Ordering::Relaxed);
        let (status, kind, text) = request(&router, "GET", "/readyz").await;
        assert_eq!(status, 503);
        assert_eq!(kind, TEXT);
        assert_eq!(text, "the store is read-only: disk full\n");
        assert_eq!(request(&router, "GET", "/healthz").await.0, 200);
    }

    #[tokio::test]
    async fn the_metrics_have_the_type_that_scrapers_expect() {
        let (router, metrics, _) = parts();
        metrics.gauge("hedgerow_entries", "Entries.", || 5);
        let (status, kind, text) = request(&router, "GET", "/metrics").await;
        assert_eq!((status, kind.as_str()), (200, EXPOSITION));
        assert!(text.contains("\nhedgerow_entries 5\n"));
    }

    #[tokio::test]
    async fn nothing_else_is_there() {
        let (router, ..) = parts();
        assert_eq!(request(&router, "GET", "/").await.0, 404);
        assert_eq!(request(&router, "POST", "/metrics").await.0, 405);
    }

    #[tokio::test]
    async fn a_served_connection_carries_one_request_and_stop_ends_the_rest() {
        let (router, ..) = parts();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(serve(listener, router, async {
            let _ = stopped.await;
        }));

        let mut client = TcpStream::connect(address).await.unwrap();
        let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
        client.write_all(request).await.unwrap();
        let mut reply = String::new();
        client.read_to_string(&mut reply).await.unwrap();
        assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");

        let mut idle = TcpStream::connect(address).await.unwrap();
        stop.send(()).unwrap();
        served.await.unwrap();
        // Closed or reset, but not left waiting.
        assert_eq!(idle.read(&mut [0; 1]).await.unwrap_or(0), 0);
    }
}
