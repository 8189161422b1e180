//! Counting the connections of each listener.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::exposition::{Exposition, Kind};

/// The connections of one listener.
#[derive(Debug)]
pub struct ListenerMetrics {
    name: String,
    open: AtomicU64,
    accepted: AtomicU64,
    refused: AtomicU64,
}

impl ListenerMetrics {
    pub(super) fn new(name: String) -> ListenerMetrics {
        ListenerMetrics {
            name,
            open: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

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

pub(super) fn render(listeners: &[Arc<ListenerMetrics>], page: &mut Exposition) {
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
    for (name, kind, help, value) in families {
        page.family(name, kind, help);
        for listener in listeners {
            let labels = [("listener", listener.name.as_str())];
            page.sample("", &labels, value(listener).load(Relaxed));
        }
    }
}
