//! Counting the operations of LDAP, by kind and result, and how long they took.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use super::exposition::{Exposition, Kind};
use super::histogram::Histogram;
use super::result_code::ResultCounters;
use crate::ldap::message::Operation;

/// The operations in the order of the page, each as it is labelled there.
const LABELS: [(Operation, &str); 10] = [
    (Operation::Bind, "bind"),
    (Operation::Unbind, "unbind"),
    (Operation::Search, "search"),
    (Operation::Modify, "modify"),
    (Operation::Add, "add"),
    (Operation::Delete, "delete"),
    (Operation::ModifyDn, "modify_dn"),
    (Operation::Compare, "compare"),
    (Operation::Abandon, "abandon"),
    (Operation::Extended, "extended"),
];

/// Threads up to this number do not wait for each other to count.
const STRIPES: usize = 8;

thread_local! {
    /// Where this thread counts.
    static STRIPE: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Relaxed) % STRIPES
    };
}

/// What all threads have counted.
#[derive(Default)]
pub(super) struct Operations([Stripe; STRIPES]);

/// What some of the threads have counted; in cache lines of its own, two of which a processor fetches together.
#[derive(Default)]
#[repr(align(128))]
struct Stripe([Counters; LABELS.len()]);

#[derive(Default)]
struct Counters {
    results: ResultCounters,
    durations: Histogram,
}

impl Operations {
    pub(super) fn count(&self, operation: Operation, result_code: u32, elapsed: Duration) {
        let stripe = STRIPE.with(|stripe| self.0.get(*stripe));
        let place = LABELS.iter().position(|(of, _)| *of == operation);
        if let Some(counters) = stripe.zip(place).and_then(|(stripe, at)| stripe.0.get(at)) {
            counters.results.count(result_code);
            counters.durations.observe(elapsed);
        }
    }

    pub(super) fn render(&self, page: &mut Exposition) {
        page.family(
            "hedgerow_ldap_operations_total",
            Kind::Counter,
            "LDAP operations answered, by result.",
        );
        let sums = self.sums();
        for ((_, label), counters) in LABELS.iter().zip(&sums.0) {
            counters.results.render(label, page);
        }
        page.family(
            "hedgerow_ldap_operation_duration_seconds",
            Kind::Histogram,
            "Time from a whole request to its last response.",
        );
        for ((_, label), counters) in LABELS.iter().zip(&sums.0) {
            counters.durations.render(label, page);
        }
    }

    fn sums(&self) -> Stripe {
        let sums = Stripe::default();
        for (sum, counters) in self.0.iter().flat_map(|one| sums.0.iter().zip(&one.0)) {
            sum.results.add(&counters.results);
            sum.durations.add(&counters.durations);
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(operations: &Operations) -> String {
        let mut page = Exposition::default();
        operations.render(&mut page);
        page.into_text()
    }

    #[test]
    fn operations_are_counted_by_kind_and_result() {
        let operations = Operations::default();
        operations.count(Operation::Search, 0, Duration::from_micros(5));
        operations.count(Operation::Search, 0, Duration::from_micros(30));
        operations.count(Operation::Search, 32, Duration::from_micros(5));
        operations.count(Operation::Bind, 49, Duration::from_millis(15));
        let page = page(&operations);
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
        let operations = Operations::default();
        std::thread::scope(|scope| {
            for _ in 0..2 * STRIPES {
                scope.spawn(|| operations.count(Operation::Search, 0, Duration::from_micros(5)));
            }
        });
        let page = page(&operations);
        for line in [
            "hedgerow_ldap_operations_total{operation=\"search\",result=\"success\"} 16",
            "hedgerow_ldap_operation_duration_seconds_bucket{operation=\"search\",le=\"0.000005\"} 16",
            "hedgerow_ldap_operation_duration_seconds_sum{operation=\"search\"} 0.000080000",
        ] {
            assert!(page.lines().any(|shown| shown == line), "{line} in\n{page}");
        }
    }

    #[test]
    fn threads_lose_no_count() {
        let operations = Operations::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        operations.count(Operation::Compare, 6, Duration::from_micros(3));
                    }
                });
            }
        });
        let page = page(&operations);
        assert!(page.contains("{operation=\"compare\",result=\"compareTrue\"} 4000\n"));
    }

    #[test]
    fn every_operation_is_counted_under_a_label_of_its_own() {
        let operations = Operations::default();
        let all = (0..=u8::MAX).filter_map(Operation::of_request);
        let all: Vec<Operation> = all.collect();
        for operation in &all {
            operations.count(*operation, 80, Duration::ZERO);
        }
        let page = page(&operations);
        let counted = page.matches(",result=\"other\"} 1\n").count();
        assert_eq!((counted, all.len()), (LABELS.len(), LABELS.len()), "{page}");
    }
}
