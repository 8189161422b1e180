//! The threads that serve connections: one for each core, each with a runtime of its own.
//!
//! Owns which connection is served by which thread. A connection stays where it began: no thread wakes another to share
//! work with it, and what one connection uses stays in one core's cache. No connection keeps its thread for longer than
//! one slice of work. What other threads do for its connections comes to each thread by one [`relay`].

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::relay::{self, Relay};

/// The threads; they end when this is dropped, with what they serve.
#[derive(Debug)]
pub struct Workers {
    workers: Vec<Worker>,
    _end: DropGuard,
}

#[derive(Debug)]
struct Worker {
    handle: Handle,
    relay: Relay,
    /// Connections that it serves.
    load: Arc<AtomicUsize>,
}

/// A place at one of the threads, taken for as long as this lives.
#[derive(Debug)]
pub struct Place {
    handle: Handle,
    relay: Relay,
    load: Arc<AtomicUsize>,
}

impl Workers {
    /// Starts `count` threads, named by what they serve, whose runtimes have what `enable` gives them.
    ///
    /// # Errors
    /// When the system refuses a thread or what a runtime needs.
    pub fn start(
        serving: &str,
        count: NonZeroUsize,
        enable: fn(&mut Builder) -> &mut Builder,
    ) -> io::Result<Self> {
        let end = CancellationToken::new();
        let workers = (0..count.get()).map(|number| {
            let runtime = enable(&mut Builder::new_current_thread()).build()?;
            let handle = runtime.handle().clone();
            let end = end.clone();
            let (relay, relayed) = relay::new();
            thread::Builder::new()
                .name(format!("{serving}-{number}"))
                .spawn(move || {
                    let relaying = end.run_until_cancelled(relayed.hand_over());
                    runtime.block_on(relaying);
                })?;
            Ok(Worker {
                handle,
                relay,
                load: Arc::default(),
            })
        });
        Ok(Self {
            workers: workers.collect::<io::Result<_>>()?,
            _end: end.drop_guard(),
        })
    }

    /// A place at the thread that serves the fewest connections.
    pub fn place(&self) -> Option<Place> {
        let least = self
            .workers
            .iter()
            .min_by_key(|worker| worker.load.load(Ordering::Relaxed))?;
        least.load.fetch_add(1, Ordering::Relaxed);
        Some(Place {
            handle: least.handle.clone(),
            relay: least.relay.clone(),
            load: Arc::clone(&least.load),
        })
    }
}

impl Place {
    /// Where to run what is served here.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// By which other threads tell what is served here what they have done.
    pub fn relay(&self) -> Relay {
        self.relay.clone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.load.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(count: usize) -> Workers {
        let count = NonZeroUsize::new(count).unwrap();
        Workers::start("connections", count, Builder::enable_io).unwrap()
    }

    #[test]
    fn connections_are_spread_and_leave_their_places() {
        let workers = start(2);
        let loads = || {
            let loads = workers.workers.iter();
            loads
                .map(|worker| worker.load.load(Ordering::Relaxed))
                .collect::<Vec<_>>()
        };
        let places: Vec<Place> = (0..5).map(|_| workers.place().unwrap()).collect();
        assert_eq!(loads(), [3, 2]);
        drop(places);
        assert_eq!(loads(), [0, 0]);
    }

    #[test]
    fn what_is_spawned_runs_on_a_thread_of_connections() {
        let workers = start(1);
        let place = workers.place().unwrap();
        let (send, receive) = std::sync::mpsc::channel();
        place.handle().spawn(async move {
            let name = thread::current().name().map(str::to_owned);
            send.send(name).unwrap();
        });
        let name = receive.recv().unwrap();
        assert_eq!(name.as_deref(), Some("connections-0"));
    }
}
