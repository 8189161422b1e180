//! What the process counts, and the page it is read from (Prometheus text
//! format 0.0.4).
//!
//! Recording is a few relaxed atomic additions and takes no lock: it happens in
//! every operation, and each thread adds in a place of its own as long as there
//! are enough. Values that another part already holds are read by a closure when
//! the page is asked for.

mod exposition;
mod histogram;
mod process;
mod result_code;

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use exposition::{Exposition, Kind};
use histogram::Histogram;
use result_code::ResultCounters;

/// The operations of RFC 4511 4.2 to 4.12, as they are counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    /// Bind (4.2).
    Bind,
    /// Unbind (4.3).
    Unbind,
    /// Search (4.5).
    Search,
    /// Modify (4.6).
    Modify,
    /// Add (4.7).
    Add,
    /// Delete (4.8).
    Delete,
    /// Modify DN (4.9).
    ModifyDn,
    /// Compare (4.10).
    Compare,
    /// Abandon (4.11).
    Abandon,
    /// Extended, StartTLS included (4.12, 4.14).
    Extended,
}

impl Operation {
    const ALL: [Operation; 10] = [
        Operation::Bind,
        Operation::Unbind,
        Operation::Search,
        Operation::Modify,
        Operation::Add,
        Operation::Delete,
        Operation::ModifyDn,
        Operation::Compare,
        Operation::Abandon,
        Operation::Extended,
    ];

    fn label(self) -> &'static str {
        match self {
            Operation::Bind => "bind",
            Operation::Unbind => "unbind",
            Operation::Search => "search",
            Operation::Modify => "modify",
            Operation::Add => "add",
            Operation::Delete => "delete",
            Operation::ModifyDn => "modify_dn",
            Operation::Compare => "compare",
            Operation::Abandon => "abandon",
            Operation::Extended => "extended",
        }
    }
}

/// Everything that is counted. Shared by all threads behind one `Arc`.
pub struct Metrics {
    started: SystemTime,
    stripes: [Stripe; STRIPES],
    listeners: Mutex<Vec<Arc<ListenerMetrics>>>,
    observed: Mutex<Vec<Observed>>,
}

/// Threads up to this number do not wait for each other to count.
const STRIPES: usize = 8;

thread_local! {
    /// Where this thread counts.
    static STRIPE: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Relaxed) % STRIPES
    };
}

/// What some of the threads have counted; in cache lines of its own, two of which a processor fetches together.
#[derive(Default)]
#[repr(align(128))]
struct Stripe([OperationMetrics; Operation::ALL.len()]);

#[derive(Default)]
struct OperationMetrics {
    results: ResultCounters,
    durations: Histogram,
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
            stripes: Default::default(),
            listeners: Mutex::default(),
            observed: Mutex::default(),
        }
    }

    /// Counts one finished operation: its LDAP result code (RFC 4511 4.1.9; 0
    /// for those without a response) and how long it took.
    pub fn record(&self, operation: Operation, result_code: u32, elapsed: Duration) {
        let stripe = STRIPE.with(|stripe| self.stripes.get(*stripe));
        if let Some(metrics) = stripe.and_then(|stripe| stripe.0.get(operation as usize)) {
            metrics.results.count(result_code);
            metrics.durations.observe(elapsed);
        }
    }

    /// The counters of a new listener, named by its address.
    pub fn listener(&self, name: impl Into<String>) -> Arc<ListenerMetrics> {
        let listener = Arc::new(ListenerMetrics {
            name: name.into(),
            open: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        });
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
        self.render_operations(&mut page);
        self.render_listeners(&mut page);
        for observed in held(&self.observed).iter() {
            page.family(observed.name, observed.kind, observed.help);
            page.sample("", &[], (observed.read)());
        }
        process::render(self.started, &mut page);
        page.into_text()
    }

    fn render_operations(&self, page: &mut Exposition) {
        page.family(
            "hedgerow_ldap_operations_total",
            Kind::Counter,
            "LDAP operations answered, by result.",
        );
        let sums = self.sums();
        for (operation, metrics) in Operation::ALL.into_iter().zip(&sums.0) {
            metrics.results.render(operation.label(), page);
        }
        page.family(
            "hedgerow_ldap_operation_duration_seconds",
            Kind::Histogram,
            "Time from a whole request to its last response.",
        );
        for (operation, metrics) in Operation::ALL.into_iter().zip(&sums.0) {
            metrics.durations.render(operation.label(), page);
        }
    }

    /// What all threads have counted.
    fn sums(&self) -> Stripe {
        let sums = Stripe::default();
        for (sum, metrics) in self
            .stripes
            .iter()
            .flat_map(|one| sums.0.iter().zip(&one.0))
        {
            sum.results.add(&metrics.results);
            sum.durations.add(&metrics.durations);
        }
        sums
    }

    fn render_listeners(&self, page: &mut Exposition) {
        type Read = fn(&ListenerMetrics) -> &AtomicU64;
        let families: [(&'static str, Kind, &'static str, Read); 3] = [
            (
                "hedgerow_connections",
                Kind::Gauge,
                "Open connections.",
                |listener| &listener.open,
            ),
            (
                "hedgerow_connections_accepted_total",
                Kind::Counter,
                "Connections accepted.",
                |listener| &listener.accepted,
            ),
            (
                "hedgerow_connections_refused_total",
                Kind::Counter,
                "Connections closed at once because there were too many.",
                |listener| &listener.refused,
            ),
        ];
        let listeners = held(&self.listeners);
        for (name, kind, help, value) in families {
            page.family(name, kind, help);
            for listener in listeners.iter() {
                let labels = [("listener", listener.name.as_str())];
                page.sample("", &labels, value(listener).load(Relaxed));
            }
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// The connections of one listener.
#[derive(Debug)]
pub struct ListenerMetrics {
    name: String,
    open: AtomicU64,
    accepted: AtomicU64,
    refused: AtomicU64,
}

impl ListenerMetrics {
    /// Counts a connection as open until what is returned is dropped.
    pub fn accept(self: &Arc<Self>) -> OpenConnection {
        self.accepted.fetch_add(1, Relaxed);
        self.open.fetch_add(1, Relaxed);
        OpenConnection(Arc::clone(self))
    }

    /// Connections that are open at this moment.
    pub fn open(&self) -> u64 {
        self.open.load(Relaxed)
    }

    /// Counts a connection that was closed at once because there were too many.
    pub fn refuse(&self) {
        self.refused.fetch_add(1, Relaxed);
    }
}

/// One open connection, counted while it lives.
#[derive(Debug)]
pub struct OpenConnection(Arc<ListenerMetrics>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

/// A closure that panicked while the page was written leaves the list as it was.
fn held<T>(list: &Mutex<Vec<T>>) -> MutexGuard<'_, Vec<T>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics() -> Metrics {
        Metrics::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
    }

    #[test]
    fn operations_are_counted_by_kind_and_result() {
        let metrics = metrics();
        metrics.record(Operation::Search, 0, Duration::from_micros(5));
        metrics.record(Operation::Search, 0, Duration::from_micros(30));
        metrics.record(Operation::Search, 32, Duration::from_micros(5));
        metrics.record(Operation::Bind, 49, Duration::from_millis(15));
        let page = metrics.render();
        for line in [
            "hedgerow_ldap_operations_total{operation=\"search\",result=\"success\"} 2",
            "hedgerow_ldap_operations_total{operation=\"search\",result=\"noSuchObject\"} 1",
            "hedgerow_ldap_operations_total{operation=\"bind\",result=\"invalidCredentials\"} 1",
            "hedgerow_ldap_operations_total{operation=\"compare\",result=\"success\"} 0",
            "hedgerow_ldap_operation_duration_seconds_count{operation=\"search\"} 3",
            "hedgerow_ldap_operation_duration_seconds_sum{operation=\"search\"} 0.000040000",
        ] {
            assert!(page.lines().any(|shown| shown == line), "{line} in\n{page}");
        }
    }

    #[test]
    fn what_threads_count_apart_is_shown_together() {
        let metrics = metrics();
        std::thread::scope(|scope| {
            for _ in 0..2 * STRIPES {
                scope.spawn(|| metrics.record(Operation::Search, 0, Duration::from_micros(5)));
            }
        });
        let page = metrics.render();
        for line in [
            "hedgerow_ldap_operations_total{operation=\"search\",result=\"success\"} 16",
            "hedgerow_ldap_operation_duration_seconds_bucket{operation=\"search\",le=\"0.000005\"} 16",
            "hedgerow_ldap_operation_duration_seconds_sum{operation=\"search\"} 0.000080000",
        ] {
            assert!(page.lines().any(|shown| shown == line), "{line} in\n{page}");
        }
    }

    #[test]
    fn every_operation_has_a_place_and_a_label_of_its_own() {
        let mut labels = Operation::ALL.map(Operation::label).to_vec();
        for (position, operation) in Operation::ALL.into_iter().enumerate() {
            assert_eq!(operation as usize, position);
        }
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), Operation::ALL.len());
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

    #[test]
    fn threads_lose_no_count() {
        let metrics = metrics();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        metrics.record(Operation::Compare, 6, Duration::from_micros(3));
                    }
                });
            }
        });
        let page = metrics.render();
        assert!(page.contains("{operation=\"compare\",result=\"compareTrue\"} 4000\n"));
    }
}
