//! The threads that serve connections: one for each core, each with a runtime of its own.
//!
//! Owns which connection is served by which thread. A connection stays where it began: no thread wakes another to share
//! work with it, and what one connection uses stays in one core's cache. No connection keeps its thread for longer than
//! one slice of work. What other threads do for its connections comes to each thread by one [`relay`].

use std::io;
use std::mem;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::relay::{self, Relay};

/// The threads; they end when this is dropped or before, with what they serve.
#[derive(Debug)]
pub struct Workers {
    workers: Vec<Worker>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    end: CancellationToken,
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
        let mut threads = Vec::with_capacity(count.get());
        let workers = (0..count.get()).map(|number| {
            let runtime = enable(&mut Builder::new_current_thread()).build()?;
            let handle = runtime.handle().clone();
            let end = end.clone();
            let (relay, relayed) = relay::new();
            let thread = thread::Builder::new()
                .name(format!("{serving}-{number}"))
                .spawn(move || {
                    let relaying = end.run_until_cancelled(relayed.hand_over());
                    runtime.block_on(relaying);
                })?;
            threads.push(thread);
            Ok(Worker {
                handle,
                relay,
                load: Arc::default(),
            })
        });
        Ok(Self {
            workers: workers.collect::<io::Result<_>>()?,
            threads: Mutex::new(threads),
            end: end.clone(),
            _end: end.drop_guard(),
        })
    }

    /// Ends the threads and waits for that: what they have served until now has gone then. None of them may call this.
    pub fn end(&self) {
        self.end.cancel();
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for thread in mem::take(&mut *threads) {
            let _ = thread.join();
        }
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
    fn what_is_served_has_gone_when_the_threads_have_ended() {
        let workers = start(2);
        let served = Arc::new(());
        for _ in 0..4 {
            let (place, served) = (workers.place().unwrap(), Arc::clone(&served));
            place.handle().spawn(async move {
                std::future::pending::<()>().await;
                drop(served);
            });
        }
        workers.end();
        assert_eq!(Arc::strong_count(&served), 1);
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
