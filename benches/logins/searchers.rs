//! Clients that search by equality at a steady rate, when they are told to.
//!
//! Owns how long they wait for their answers.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use super::Outcome;
use super::load::Connection;
use super::people::{bind_as, equality};
use super::tree::{Random, SERVICE, SERVICE_PASSWORD, Tree};

/// Connections that search.
pub const SEARCHERS: u64 = 10;
/// From one search of a connection to its next: 5,000 a second of all.
const PAUSE: Duration = Duration::from_millis(2);
/// How often one that is to rest looks whether it still is.
const LOOK: Duration = Duration::from_millis(20);

/// What searchers are told, and what they have done.
#[derive(Default)]
pub struct Signals {
    pub search: AtomicBool,
    pub stop: AtomicBool,
    pub done: AtomicU64,
}

/// Searches on one connection until told to stop; how long each answer took.
pub fn work(
    number: u64,
    server: SocketAddr,
    tree: Tree,
    signals: &Signals,
) -> Outcome<Vec<Duration>> {
    let mut connection = Connection::open(server)?;
    connection.ask(bind_as(SERVICE, SERVICE_PASSWORD))?;
    let mut random = Random(number);
    let mut took = Vec::new();
    let mut due = Instant::now();
    while !signals.stop.load(Relaxed) {
        if !signals.search.load(Relaxed) {
            thread::sleep(LOOK);
            due = Instant::now();
            continue;
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        due = (due + PAUSE).max(Instant::now());
        let request = equality(tree, &mut random)?;
        let begun = Instant::now();
        connection.ask(request)?;
        took.push(begun.elapsed());
        signals.done.fetch_add(1, Relaxed);
    }
    Ok(took)
}
