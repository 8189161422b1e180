//! What a running server counts: operations, connections, and what its parts say of themselves.
//!
//! Owns which figures those are, and that a listener lets no more connections in than it may. How they are shown is
//! `metrics`'s.

use std::sync::Arc;
use std::time::Duration;

use crate::app::metrics::{ListenerMetrics, Metrics};
use crate::directory::Directory;
use crate::ldap::Observer;
use crate::ldap::budget::Budget;
use crate::ldap::listener::Doorkeeper;
use crate::ldap::message::{Operation, ResultCode};

/// Has the figures of a directory and of the buffers shown.
pub(super) fn register(metrics: &Metrics, directory: &Directory, budget: &Budget) {
    let of = directory.clone();
    metrics.gauge("hedgerow_entries", "Entries in the directory.", move || {
        of.snapshot().len() as u64
    });
    let of = directory.clone();
    metrics.gauge(
        "hedgerow_password_queue",
        "Passwords that wait to be hashed.",
        move || of.pool().gauges().queued as u64,
    );
    let of = directory.clone();
    metrics.counter(
        "hedgerow_passwords_refused_total",
        "Passwords refused because the queue was full.",
        move || of.pool().gauges().refused,
    );
    let of = directory.clone();
    metrics.counter(
        "hedgerow_searches_unindexed_total",
        "Searches that looked at many entries in vain because no index helped.",
        move || of.unindexed_searches(),
    );
    let of = budget.clone();
    metrics.gauge(
        "hedgerow_buffered_bytes",
        "Bytes in the buffers of all connections.",
        move || of.used() as u64,
    );
}

/// Counts operations.
pub(super) struct Counting(pub Arc<Metrics>);

impl Observer for Counting {
    fn operation(&self, operation: Operation, code: ResultCode, elapsed: Duration) {
        let code = u32::from(code.code());
        self.0.record(operation, code, elapsed);
    }
}

/// Lets connections in, counted.
pub(super) struct Door {
    pub metrics: Arc<ListenerMetrics>,
    pub limit: Option<usize>,
}

impl Doorkeeper for Door {
    fn enter(&self) -> Option<Box<dyn Send>> {
        if self
            .limit
            .is_some_and(|limit| self.metrics.open() >= limit as u64)
        {
            self.metrics.refuse();
            return None;
        }
        Some(Box::new(self.metrics.accept()))
    }
}
