//! What the process counts, and the page it is read from (Prometheus text
//! format 0.0.4).
//!
//! Recording is a few relaxed atomic additions and takes no lock: it happens in
//! every operation, and each thread adds in a place of its own as long as there
//! are enough. Values that another part already holds are read by a closure when
//! the page is asked for.

mod exposition;
mod histogram;
mod listeners;
mod operations;
mod process;
mod result_code;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use exposition::{Exposition, Kind};
pub use listeners::{ListenerMetrics, OpenConnection};
use operations::Operations;

use crate::ldap::message::Operation;

/// Everything that is counted. Shared by all threads behind one `Arc`.
pub struct Metrics {
    started: SystemTime,
    operations: Operations,
    listeners: Mutex<Vec<Arc<ListenerMetrics>>>,
    observed: Mutex<Vec<Observed>>,
}

struct Observed {
    kind: Kind,
    name: &'static str,
    help: &'static str,
    read: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl Metrics {
    /// Nothing counted yet; `started` is when the process began.
    pub fn new(started: SystemTime) -> Metrics {
        Metrics {
            started,
            operations: Operations::default(),
            listeners: Mutex::default(),
            observed: Mutex::default(),
        }
    }

    /// Counts one finished operation: its LDAP result code (RFC 4511 4.1.9; 0
    /// for those without a response) and how long it took.
    pub fn record(&self, operation: Operation, result_code: u32, elapsed: Duration) {
        self.operations.count(operation, result_code, elapsed);
    }

    /// The counters of a new listener, named by its address.
    pub fn listener(&self, name: impl Into<String>) -> Arc<ListenerMetrics> {
        let listener = Arc::new(ListenerMetrics::new(name.into()));
        held(&self.listeners).push(Arc::clone(&listener));
        listener
    }

    /// Adds a value that can go up and down, read when the page is asked for.
    /// `read` must be quick and must not come back here.
    pub fn gauge(
        &self,
        name: &'static str,
        help: &'static str,
        read: impl Fn() -> u64 + Send + Sync + 'static,
    ) {
        self.observe(Kind::Gauge, name, help, Box::new(read));
    }

    /// As [`Metrics::gauge`] for a value that only goes up; its name ends in
    /// `_total`.
    pub fn counter(
        &self,
        name: &'static str,
        help: &'static str,
        read: impl Fn() -> u64 + Send + Sync + 'static,
    ) {
        self.observe(Kind::Counter, name, help, Box::new(read));
    }

    fn observe(
        &self,
        kind: Kind,
        name: &'static str,
        help: &'static str,
        read: Box<dyn Fn() -> u64 + Send + Sync>,
    ) {
        held(&self.observed).push(Observed {
            kind,
            name,
            help,
            read,
        });
    }

    /// The page: every value as it is now.
    pub fn render(&self) -> String {
        let mut page = Exposition::default();
        page.family(
            "hedgerow_build_info",
            Kind::Gauge,
            "Always 1; the version is in the label.",
        );
        page.sample("", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        self.operations.render(&mut page);
        listeners::render(&held(&self.listeners), &mut page);
        for observed in held(&self.observed).iter() {
            page.family(observed.name, observed.kind, observed.help);
            page.sample("", &[], (observed.read)());
        }
        process::render(self.started, &mut page);
        page.into_text()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// A closure that panicked while the page was written leaves the list as it was.
fn held<T>(list: &Mutex<Vec<T>>) -> MutexGuard<'_, Vec<T>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use super::*;

    fn metrics() -> Metrics {
        Metrics::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
    }

    #[test]
    fn a_connection_is_open_until_it_is_dropped() {
        let metrics = metrics();
        let listener = metrics.listener("127.0.0.1:389");
        metrics.listener("[::1]:636");
        let first = listener.accept();
        let _second = listener.accept();
        drop(first);
        listener.refuse();
        let page = metrics.render();
        for line in [
            "hedgerow_connections{listener=\"127.0.0.1:389\"} 1",
            "hedgerow_connections{listener=\"[::1]:636\"} 0",
            "hedgerow_connections_accepted_total{listener=\"127.0.0.1:389\"} 2",
            "hedgerow_connections_refused_total{listener=\"127.0.0.1:389\"} 1",
        ] {
            assert!(page.lines().any(|shown| shown == line), "{line} in\n{page}");
        }
    }

    #[test]
    fn observed_values_are_read_when_the_page_is_asked_for() {
        let metrics = metrics();
        let entries = Arc::new(AtomicU64::new(3));
        let read = Arc::clone(&entries);
        metrics.gauge("hedgerow_entries", "Entries.", move || read.load(Relaxed));
        metrics.counter("hedgerow_commits_total", "Commits.", || 7);
        assert!(metrics.render().contains("\nhedgerow_entries 3\n"));
        entries.store(9, Relaxed);
        let page = metrics.render();
        assert!(page.contains("\nhedgerow_entries 9\n"));
        assert!(page.contains("# TYPE hedgerow_commits_total counter\nhedgerow_commits_total 7\n"));
    }

    #[test]
    fn the_page_is_well_formed() {
        let metrics = metrics();
        metrics.record(Operation::Add, 68, Duration::from_secs(100));
        metrics.listener("0.0.0.0:389").refuse();
        let page = metrics.render();
        assert!(page.ends_with('\n'));
        let mut family = "";
        let mut families = Vec::new();
        for line in page.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                family = rest.split(' ').next().unwrap();
                assert!(!families.contains(&family), "{family} twice");
                families.push(family);
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                assert!(rest.starts_with(family));
            } else {
                assert!(line.starts_with(family), "{line}");
                let (_, value) = line.rsplit_once(' ').unwrap();
                assert!(value.parse::<f64>().is_ok(), "{line}");
            }
        }
        assert!(families.contains(&"process_start_time_seconds"));
    }
}
