//! Accepting connections and ending them together.
//!
//! Owns the number of connections, each with a number of its own for the log, and the graceful end: no more are taken,
//! those that are there are told and closed.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Face;
use super::connection::{self, Terms};
use super::relay::Relay;
use super::session::Peer;
use super::workers::Workers;
use crate::directory::identity::Process;

/// How long a failing `accept` is left alone, as when no file descriptor is left.
const PAUSE: Duration = Duration::from_millis(50);

/// What all listeners share.
pub struct Listeners {
    face: Arc<Face>,
    tasks: TaskTracker,
    stop: CancellationToken,
    numbers: AtomicU64,
    open: AtomicUsize,
    limit: usize,
    workers: Workers,
}

/// Counts connections of one listener; dropped guards count down again.
pub trait Doorkeeper: Send + Sync {
    /// A connection comes in; `None` turns it away. The guard is dropped when it ends.
    fn enter(&self) -> Option<Box<dyn Send>>;
}

impl Listeners {
    /// Listeners of a face that hold `limit` connections together, served by `workers`.
    pub fn new(face: Arc<Face>, limit: usize, workers: Workers) -> Arc<Self> {
        Arc::new(Self {
            face,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            numbers: AtomicU64::new(1),
            open: AtomicUsize::new(0),
            limit,
            workers,
        })
    }

    /// Accepts connections of one socket until the end.
    pub async fn accept(
        self: Arc<Self>,
        socket: TcpListener,
        terms: Terms,
        door: Arc<dyn Doorkeeper>,
    ) {
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                () = self.stop.cancelled() => return,
            };
            // It leaves the runtime of the listeners for that of a worker.
            match accepted.and_then(|(stream, peer)| Ok((stream.into_std()?, peer))) {
                Ok((stream, peer)) => self.enter(&peer, &*door, |face, relay, number, stop| {
                    connection::serve(face, relay, stream, peer, terms, number, stop)
                }),
                Err(error) => {
                    report(&error);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Accepts connections of the local socket until the end. Processes of the users `administrators` may act as the
    /// administrator.
    pub async fn accept_local(
        self: Arc<Self>,
        socket: UnixListener,
        administrators: Arc<[u32]>,
        idle: Duration,
        door: Arc<dyn Doorkeeper>,
    ) {
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                () = self.stop.cancelled() => return,
            };
            let known =
                accepted.and_then(|(stream, _)| Ok((stream.peer_cred()?, stream.into_std()?)));
            match known {
                Ok((credentials, stream)) => {
                    let process = Process {
                        uid: credentials.uid(),
                        gid: credentials.gid(),
                    };
                    let peer = Peer {
                        process,
                        administers: administrators.contains(&process.uid),
                    };
                    self.enter(&process, &*door, |face, relay, number, stop| {
                        connection::serve_local(face, relay, stream, peer, idle, number, stop)
                    });
                }
                Err(error) => {
                    report(&error);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn enter<W>(
        self: &Arc<Self>,
        peer: &dyn fmt::Display,
        door: &dyn Doorkeeper,
        serve: impl FnOnce(Arc<Face>, Relay, u64, CancellationToken) -> W,
    ) where
        W: Future<Output = ()> + Send + 'static,
    {
        let guard = Open::new(self);
        if guard.number_open > self.limit {
            return tracing::warn!(%peer, limit = self.limit, "turned away: too many connections");
        }
        let Some(place) = self.workers.place() else {
            return tracing::warn!(%peer, "turned away: no thread serves connections");
        };
        let Some(counted) = door.enter() else {
            return tracing::warn!(%peer, "turned away: too many connections of this listener");
        };
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        // A token of its own: asking one that is all connections' would have their threads wait for each other.
        let (face, stop) = (Arc::clone(&self.face), self.stop.child_token());
        let served = serve(face, place.relay(), number, stop);
        let handle = place.handle().clone();
        self.tasks.spawn_on(
            async move {
                served.await;
                drop((guard, counted, place));
            },
            &handle,
        );
    }

    /// Ends everything: no new connections, the open ones are told, and what is left after `patience` is dropped.
    pub async fn stop(&self, patience: Duration) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(patience, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(open = self.tasks.len(), "connections dropped");
        }
        // Before the runtime of their timers ends, which they may be waiting for.
        self.workers.end();
    }
}

fn report(error: &io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
}

/// A connection that counts as long as it lives.
struct Open {
    listeners: Arc<Listeners>,
    number_open: usize,
}

impl Open {
    fn new(listeners: &Arc<Listeners>) -> Self {
        let number_open = listeners.open.fetch_add(1, Ordering::Relaxed) + 1;
        Self {
            listeners: Arc::clone(listeners),
            number_open,
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.listeners.open.fetch_sub(1, Ordering::Relaxed);
    }
}
