//! What logins leave behind: the last success of an account and its failures since (draft-behera-ldap-password-policy
//! sections 5.3.4 and 5.3.11).
//!
//! Owns what changes with every login, kept apart from the entries, which do not change with it, and written behind: the
//! newest of it may be lost when the server stops, of an account that logs in again and again the successes of up to a
//! minute. What must not be lost, such as a lock, is in the entry.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::entry::EntryId;
use super::password::policy::MOST_FAILURES;

/// How much older a success in the store may be than the newest, in microseconds: a service that logs in for each request
/// need not have each of them written.
const COARSE: u64 = 60_000_000;

/// What is known of the logins of one account, in microseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The last success.
    pub success: Option<u64>,
    /// The failures since, oldest first.
    pub failures: Vec<u64>,
}

/// What is known of the logins of all accounts; states of the directory share it.
#[derive(Default)]
pub struct Activity(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    successes: HashMap<EntryId, Success>,
    /// Of those few that have failed since they last succeeded.
    failures: HashMap<EntryId, Vec<u64>>,
    /// What the store does not have yet.
    unwritten: BTreeSet<EntryId>,
}

/// When an account has last succeeded, and which success was last left to be written.
#[derive(Copy, Clone)]
struct Success {
    last: u64,
    written: u64,
}

impl Inner {
    fn of(&self, id: EntryId) -> Option<Seen> {
        let (success, failures) = (self.successes.get(&id), self.failures.get(&id));
        (success.is_some() || failures.is_some()).then(|| Seen {
            success: success.map(|success| success.last),
            failures: failures.cloned().unwrap_or_default(),
        })
    }

    fn forget(&mut self, id: EntryId) {
        self.successes.remove(&id);
        self.failures.remove(&id);
    }
}

impl Activity {
    /// What is known of an account.
    pub fn of(&self, id: EntryId) -> Option<Seen> {
        self.inner().of(id)
    }

    /// An account has logged in.
    pub fn succeeded(&self, id: EntryId, now: u64) {
        let mut inner = self.inner();
        let failed = inner.failures.remove(&id).is_some();
        let known = inner.successes.get(&id).map(|success| success.written);
        let recent = known.filter(|written| !failed && now.saturating_sub(*written) < COARSE);
        if recent.is_none() {
            inner.unwritten.insert(id);
        }
        let (last, written) = (now, recent.unwrap_or(now));
        inner.successes.insert(id, Success { last, written });
    }

    /// A login has failed; `most` are remembered.
    pub fn failed(&self, id: EntryId, now: u64, most: usize) {
        let mut inner = self.inner();
        let failures = inner.failures.entry(id).or_default();
        failures.push(now);
        let excess = failures.len().saturating_sub(most.min(MOST_FAILURES));
        failures.drain(..excess);
        inner.unwritten.insert(id);
    }

    /// Takes over what the store has of an account.
    pub fn restore(&self, id: EntryId, seen: Seen) {
        let mut inner = self.inner();
        inner.forget(id);
        if let Some(last) = seen.success {
            let written = last;
            inner.successes.insert(id, Success { last, written });
        }
        if !seen.failures.is_empty() {
            inner.failures.insert(id, seen.failures);
        }
    }

    /// Up to `most` accounts that the store does not have as they are, with what is to be written; those for which `exists`
    /// says no are forgotten.
    pub fn take_unwritten(
        &self,
        most: usize,
        exists: impl Fn(EntryId) -> bool,
    ) -> Vec<(EntryId, Seen)> {
        let mut inner = self.inner();
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(id) = inner.unwritten.pop_first()
        {
            if !exists(id) {
                inner.forget(id);
            } else if let Some(seen) = inner.of(id) {
                taken.push((id, seen));
            }
        }
        taken
    }

    /// Gives back what could not be written.
    pub fn give_back(&self, ids: impl Iterator<Item = EntryId>) {
        self.inner().unwritten.extend(ids);
    }

    /// Each login is a small whole, so a panic elsewhere leaves nothing half done.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// As the store keeps it: the success, 0 for none, and the failures, eight bytes each.
    pub fn encode(&self) -> Vec<u8> {
        let times = [self.success.unwrap_or_default()];
        let times = times.iter().chain(&self.failures);
        times.flat_map(|time| time.to_be_bytes()).collect()
    }

    /// Reads what [`Seen::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Option<Seen> {
        let (times, rest) = bytes.as_chunks::<8>();
        let mut times = times.iter().map(|time| u64::from_be_bytes(*time));
        let success = times.next().filter(|_| rest.is_empty())?;
        Some(Seen {
            success: (success > 0).then_some(success),
            failures: times.take(MOST_FAILURES).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_back_and_anything_else_is_not() {
        for seen in [
            Seen::default(),
            Seen {
                success: Some(7),
                failures: vec![8, u64::MAX],
            },
        ] {
            assert_eq!(Seen::decode(&seen.encode()), Some(seen));
        }
        assert_eq!(Seen::decode(b""), None);
        assert_eq!(Seen::decode(&[0; 9]), None);
    }

    #[test]
    fn failures_are_bounded_and_end_with_a_success() {
        let activity = Activity::default();
        (0..9).for_each(|now| activity.failed(1, now, 3));
        assert_eq!(activity.of(1).unwrap().failures, [6, 7, 8]);
        (0..1_000).for_each(|now| activity.failed(1, now, usize::MAX));
        assert_eq!(activity.of(1).unwrap().failures.len(), MOST_FAILURES);
        activity.succeeded(1, 9);
        let expected = Seen {
            success: Some(9),
            failures: Vec::new(),
        };
        assert_eq!(activity.of(1), Some(expected));
    }

    #[test]
    fn successes_of_one_minute_are_written_once_unless_a_failure_lies_between() {
        let activity = Activity::default();
        let written = || {
            let taken = activity.take_unwritten(9, |_| true);
            let successes = taken.into_iter().map(|(_, seen)| seen.success);
            successes.collect::<Vec<_>>()
        };
        activity.restore(
            1,
            Seen {
                success: Some(COARSE),
                failures: Vec::new(),
            },
        );
        activity.succeeded(1, 2 * COARSE - 1);
        assert_eq!(written(), []);
        assert_eq!(activity.of(1).unwrap().success, Some(2 * COARSE - 1));
        activity.succeeded(1, 2 * COARSE);
        activity.succeeded(1, 2 * COARSE + 1);
        assert_eq!(written(), [Some(2 * COARSE + 1)]);
        activity.succeeded(1, 2 * COARSE + 2);
        assert_eq!(written(), []);
        activity.failed(1, 2 * COARSE + 3, 9);
        activity.succeeded(1, 2 * COARSE + 4);
        assert_eq!(written(), [Some(2 * COARSE + 4)]);
    }

    #[test]
    fn everything_is_written_once_in_parts_and_what_is_gone_is_forgotten() {
        let activity = Activity::default();
        (1..=5).for_each(|id| activity.succeeded(id, 1));
        let ids = |most| {
            let taken = activity.take_unwritten(most, |id| id != 2);
            taken.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
        };
        assert_eq!(ids(2), [1, 3]);
        activity.give_back([1].into_iter());
        assert_eq!(ids(9), [1, 4, 5]);
        assert_eq!(ids(9), [0; 0]);
        assert_eq!(activity.of(2), None);
    }
}
