//! Durations counted in fixed buckets, from a search of microseconds to a bind
//! of seconds.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::exposition::Exposition;

/// Upper bounds in nanoseconds, and as they are printed in seconds.
const BOUNDS: [(u64, &str); 19] = [
    (5_000, "0.000005"),
    (10_000, "0.00001"),
    (25_000, "0.000025"),
    (50_000, "0.00005"),
    (100_000, "0.0001"),
    (250_000, "0.00025"),
    (500_000, "0.0005"),
    (1_000_000, "0.001"),
    (2_500_000, "0.0025"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (25_000_000, "0.025"),
    (50_000_000, "0.05"),
    (100_000_000, "0.1"),
    (250_000_000, "0.25"),
    (500_000_000, "0.5"),
    (1_000_000_000, "1"),
    (2_500_000_000, "2.5"),
    (10_000_000_000, "10"),
];

const NANOS_PER_SECOND: u64 = 1_000_000_000;

#[derive(Default)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BOUNDS.len()],
    beyond: AtomicU64,
    nanos: AtomicU64,
}

impl Histogram {
    pub(super) fn observe(&self, elapsed: Duration) {
        let nanos = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|(bound, _)| *bound < nanos);
        self.buckets
            .get(bucket)
            .unwrap_or(&self.beyond)
            .fetch_add(1, Relaxed);
        self.nanos.fetch_add(nanos, Relaxed);
    }

    /// Counts what another has counted as well.
    pub(super) fn add(&self, other: &Histogram) {
        let counters = self.buckets.iter().chain([&self.beyond, &self.nanos]);
        let others = other.buckets.iter().chain([&other.beyond, &other.nanos]);
        for (sum, counter) in counters.zip(others) {
            sum.fetch_add(counter.load(Relaxed), Relaxed);
        }
    }

    /// Nothing for an operation that never happened: a page of zeros helps
    /// nobody.
    pub(super) fn render(&self, operation: &str, page: &mut Exposition) {
        let counts = self.buckets.each_ref().map(|bucket| bucket.load(Relaxed));
        let total = counts.iter().sum::<u64>() + self.beyond.load(Relaxed);
        if total == 0 {
            return;
        }
        let mut below = 0;
        for (count, (_, bound)) in counts.iter().zip(BOUNDS) {
            below += count;
            page.sample("_bucket", &[("operation", operation), ("le", bound)], below);
        }
        page.sample(
            "_bucket",
            &[("operation", operation), ("le", "+Inf")],
            total,
        );
        let nanos = self.nanos.load(Relaxed);
        let seconds = nanos / NANOS_PER_SECOND;
        let rest = nanos % NANOS_PER_SECOND;
        let labels = [("operation", operation)];
        page.sample("_sum", &labels, format_args!("{seconds}.{rest:09}"));
        page.sample("_count", &labels, total);
    }
}

#[cfg(test)]
mod tests {
    use super::super::exposition::Kind;
    use super::*;

    fn page(histogram: &Histogram) -> String {
        let mut page = Exposition::default();
        page.family("h", Kind::Histogram, "H.");
        histogram.render("x", &mut page);
        page.into_text()
    }

    #[test]
    fn the_bounds_rise_and_are_printed_as_they_are() {
        assert!(BOUNDS.is_sorted_by(|a, b| a.0 < b.0));
        for (nanos, shown) in BOUNDS {
            let seconds: f64 = shown.parse().unwrap();
            assert_eq!((seconds * 1e9).round() as u64, nanos);
        }
    }

    #[test]
    fn a_bound_belongs_to_its_own_bucket() {
        let histogram = Histogram::default();
        histogram.observe(Duration::from_micros(10));
        histogram.observe(Duration::from_nanos(10_001));
        let page = page(&histogram);
        assert!(page.contains("le=\"0.000005\"} 0\n"));
        assert!(page.contains("le=\"0.00001\"} 1\n"));
        assert!(page.contains("le=\"0.000025\"} 2\n"));
        assert!(page.contains("le=\"10\"} 2\n"));
    }

    #[test]
    fn what_is_beyond_every_bound_is_counted_and_summed() {
        let histogram = Histogram::default();
        histogram.observe(Duration::from_millis(61_500));
        let page = page(&histogram);
        assert!(page.contains("le=\"10\"} 0\n"));
        assert!(page.contains("le=\"+Inf\"} 1\n"));
        assert!(page.contains("h_sum{operation=\"x\"} 61.500000000\n"));
        assert!(page.contains("h_count{operation=\"x\"} 1\n"));
    }

    #[test]
    fn what_never_happened_is_not_printed() {
        assert_eq!(page(&Histogram::default()).lines().count(), 2);
    }
}
