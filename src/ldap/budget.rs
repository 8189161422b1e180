//! The bytes that all connections together may keep in buffers.
//!
//! Owns the count. Each connection holds a lease that follows the size of its buffers; a connection whose lease cannot
//! grow is ended, and all others are served on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A number of bytes to be shared.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    used: AtomicUsize,
    limit: usize,
}

/// A connection's part of the budget, given back when dropped.
#[derive(Debug)]
pub struct Lease {
    budget: Budget,
    held: usize,
}

impl Budget {
    /// A budget of `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Shared {
            used: AtomicUsize::new(0),
            limit,
        }))
    }

    /// Bytes that are leased at this moment.
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    /// A lease of nothing yet.
    pub fn lease(&self) -> Lease {
        Lease {
            budget: self.clone(),
            held: 0,
        }
    }
}

impl Lease {
    /// Makes the lease `bytes` large; false, and no change, when the budget has not that much left. Shrinking always works.
    pub fn resize(&mut self, bytes: usize) -> bool {
        let shared = &self.budget.0;
        if bytes > self.held {
            let more = bytes - self.held;
            let before = shared.used.fetch_add(more, Ordering::Relaxed);
            if before.saturating_add(more) > shared.limit {
                shared.used.fetch_sub(more, Ordering::Relaxed);
                return false;
            }
        } else if bytes < self.held {
            shared.used.fetch_sub(self.held - bytes, Ordering::Relaxed);
        }
        self.held = bytes;
        true
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.budget.0.used.fetch_sub(self.held, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_share_a_budget_and_give_it_back() {
        let budget = Budget::new(100);
        let (mut one, mut two) = (budget.lease(), budget.lease());
        assert!(one.resize(60) && two.resize(40));
        assert!(!two.resize(41) && !one.resize(usize::MAX));
        assert_eq!(budget.used(), 100);
        assert!(one.resize(10) && two.resize(90));
        drop(two);
        assert_eq!(budget.used(), 10);
        drop(one);
        assert_eq!(budget.used(), 0);
    }
}
