//! Failures that come too many and too much alike to have a line each.
//!
//! Owns the counting: of failures of one operation, from one address, with one outcome, a second has a hundred lines at the
//! most and one more with the number of the others. It asks no clock.

use std::collections::HashMap;

use super::line::{Line, Text};

/// Lines alike within a second; what comes after them is counted.
const SHOWN: u64 = 100;
/// Kinds of failures that are told apart within a second.
const TOLD_APART: usize = 4_096;

/// What makes failures alike: operation, address, outcome.
type Likeness = (Text, Option<Text>, Text);

/// The failures of one second.
#[derive(Default)]
pub struct Summing {
    second: u64,
    seen: HashMap<Likeness, Seen>,
}

#[derive(Default)]
struct Seen {
    shown: u64,
    /// Those that were not shown, in one line.
    others: Option<Line>,
}

impl Summing {
    /// Takes a line of `now`, in microseconds since 1970, and gives it back if it is to be written.
    pub fn take(&mut self, line: Line) -> Option<Line> {
        if !line.is_failure() {
            return Some(line);
        }
        let likeness = (
            line.operation.clone(),
            line.address.clone(),
            line.outcome.clone(),
        );
        // A crowd of addresses is told as one.
        let likeness = match self.seen.len() >= TOLD_APART && !self.seen.contains_key(&likeness) {
            true => (likeness.0, None, likeness.2),
            false => likeness,
        };
        let seen = self.seen.entry(likeness).or_default();
        if seen.shown < SHOWN {
            seen.shown += 1;
            return Some(line);
        }
        match &mut seen.others {
            Some(others) => others.absorb(&line),
            none => {
                *none = Some(Line {
                    connection: None,
                    message: None,
                    request: None,
                    count: Some(1),
                    ..line
                });
            }
        }
        None
    }

    /// Begins another second if `now` is one, and hands out what was counted in the one before.
    pub fn turn(&mut self, now: u64) -> Vec<Line> {
        let second = now / 1_000_000;
        if second == self.second {
            return Vec::new();
        }
        self.second = second;
        let seen = std::mem::take(&mut self.seen);
        let mut sums: Vec<Line> = seen.into_values().filter_map(|seen| seen.others).collect();
        sums.sort_by(|one, other| one.time.cmp(&other.time));
        sums
    }
}

impl Line {
    /// Counts another: what differs is not told.
    fn absorb(&mut self, other: &Line) {
        self.count = self.count.map(|count| count.saturating_add(1));
        let members = [
            (&mut self.who, &other.who),
            (&mut self.through, &other.through),
            (&mut self.target, &other.target),
            (&mut self.method, &other.method),
            (&mut self.reason, &other.reason),
            (&mut self.address, &other.address),
        ];
        for (own, other) in members {
            if own != other {
                *own = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn failure(address: &str, who: &str, outcome: &str) -> Line {
        Line {
            operation: "bind".into(),
            address: Some(address.to_owned().into()),
            who: Some(who.to_owned().into()),
            outcome: outcome.to_owned().into(),
            connection: Some(1),
            ..Line::default()
        }
    }

    #[test]
    fn a_hundred_alike_in_a_second_are_shown_and_the_others_become_one_line() {
        let mut summing = Summing::default();
        assert!(summing.turn(5 * SECOND).is_empty());
        let shown = (0..1_000).filter_map(|_| summing.take(failure("192.0.2.1", "cn=a", "x")));
        assert_eq!(shown.count(), 100);
        assert!(summing.turn(5 * SECOND + 999_999).is_empty());
        let sums = summing.turn(6 * SECOND);
        assert_eq!(sums.len(), 1);
        assert_eq!((sums[0].count, sums[0].connection), (Some(900), None));
        assert_eq!(sums[0].who.as_deref(), Some("cn=a"));
        // The next second begins anew.
        assert!(summing.take(failure("192.0.2.1", "cn=a", "x")).is_some());
        assert!(summing.turn(7 * SECOND).is_empty());
    }

    #[test]
    fn what_is_not_alike_is_counted_apart_and_what_differs_in_a_sum_is_not_told() {
        let mut summing = Summing::default();
        for round in 0..101 {
            for (address, outcome) in [("192.0.2.1", "x"), ("192.0.2.2", "x"), ("192.0.2.1", "y")] {
                let taken = summing.take(failure(address, &format!("cn={round}"), outcome));
                assert_eq!(taken.is_some(), round < 100);
            }
        }
        summing.take(failure("192.0.2.1", "cn=other", "x"));
        let sums = summing.turn(SECOND);
        assert_eq!(sums.len(), 3);
        let both = sums.iter().find(|sum| sum.count == Some(2)).unwrap();
        assert_eq!((both.who.as_ref(), &*both.outcome), (None, "x"));
    }

    #[test]
    fn successes_are_never_summed() {
        let mut summing = Summing::default();
        let all = (0..500).filter_map(|_| summing.take(failure("192.0.2.1", "cn=a", "success")));
        assert_eq!(all.count(), 500);
        assert!(summing.turn(SECOND).is_empty());
    }

    #[test]
    fn a_crowd_of_addresses_takes_no_more_memory() {
        let mut summing = Summing::default();
        let mut shown = 0;
        for address in 0..10_000 {
            let line = failure(&format!("2001:db8::{address:x}"), "cn=a", "x");
            shown += usize::from(summing.take(line).is_some());
        }
        assert!(summing.seen.len() <= TOLD_APART + 1);
        assert_eq!(shown, TOLD_APART + 100);
        let sums = summing.turn(SECOND);
        assert_eq!(sums[0].count, Some(10_000 - TOLD_APART as u64 - 100));
        assert_eq!(sums[0].address, None);
    }
}
