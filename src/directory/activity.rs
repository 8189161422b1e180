//! What logins leave behind: the last success of an account and its failures since (draft-behera-ldap-password-policy
//! sections 5.3.4 and 5.3.11).
//!
//! Owns what changes with every login, kept apart from the entries, which do not change with it, and written behind: the
//! newest of it may be lost when the machine stops. What must not be lost, such as a lock, is in the entry.

use std::collections::{BTreeSet, HashMap};
use std::iter;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::entry::EntryId;
use super::keys::Tag;
use super::password::policy::MOST_FAILURES;

/// What is known of the logins of one account, in microseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The last success.
    pub success: Option<u64>,
    /// The failures since, oldest first.
    pub failures: Vec<u64>,
    /// Keys of the account and when each was last used.
    pub keys: Vec<(Tag, u64)>,
}

/// What is known of the logins of all accounts; states of the directory share it.
#[derive(Default)]
pub struct Activity(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    seen: HashMap<EntryId, Seen>,
    /// What the store does not have yet.
    unwritten: BTreeSet<EntryId>,
}

impl Activity {
    /// What is known of an account.
    pub fn of(&self, id: EntryId) -> Option<Seen> {
        self.inner().seen.get(&id).cloned()
    }

    /// An account has logged in.
    pub fn succeeded(&self, id: EntryId, now: u64) {
        let mut inner = self.inner();
        let seen = inner.seen.entry(id).or_default();
        seen.success = Some(now);
        seen.failures = Vec::new();
        inner.unwritten.insert(id);
    }

    /// A program has logged in with one of the keys that the account has. Failures with its password go on counting.
    pub fn used_key(&self, id: EntryId, key: Tag, keys: &[Tag], now: u64) {
        let mut inner = self.inner();
        let seen = inner.seen.entry(id).or_default();
        seen.success = Some(now);
        seen.keys
            .retain(|(tag, _)| *tag != key && keys.contains(tag));
        seen.keys.push((key, now));
        inner.unwritten.insert(id);
    }

    /// A login has failed; `most` are remembered.
    pub fn failed(&self, id: EntryId, now: u64, most: usize) {
        let mut inner = self.inner();
        let failures = &mut inner.seen.entry(id).or_default().failures;
        failures.push(now);
        let excess = failures.len().saturating_sub(most.min(MOST_FAILURES));
        failures.drain(..excess);
        inner.unwritten.insert(id);
    }

    /// The failures of an account are forgiven.
    pub fn forgive(&self, id: EntryId) {
        let mut inner = self.inner();
        if let Some(seen) = inner.seen.get_mut(&id) {
            seen.failures = Vec::new();
            inner.unwritten.insert(id);
        }
    }

    /// Takes over what the store has of an account.
    pub fn restore(&self, id: EntryId, seen: Seen) {
        self.inner().seen.insert(id, seen);
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
                inner.seen.remove(&id);
            } else if let Some(seen) = inner.seen.get(&id) {
                taken.push((id, seen.clone()));
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
    /// As the store keeps it, eight bytes each: the success, 0 for none, and the failures; where there are keys, 0 and then
    /// each with its time.
    pub fn encode(&self) -> Vec<u8> {
        let success = self.success.unwrap_or_default().to_be_bytes();
        let failures = self.failures.iter().map(|time| time.to_be_bytes());
        let end = (!self.keys.is_empty()).then_some([0; 8]);
        let keys = self.keys.iter();
        let keys = keys.flat_map(|(tag, time)| [*tag, time.to_be_bytes()]);
        let parts = iter::once(success).chain(failures).chain(end).chain(keys);
        parts.flatten().collect()
    }

    /// Reads what [`Seen::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Option<Seen> {
        let (parts, rest) = bytes.as_chunks::<8>();
        let (success, parts) = parts.split_first().filter(|_| rest.is_empty())?;
        let time = |part: &[u8; 8]| u64::from_be_bytes(*part);
        let end = parts.iter().position(|part| *part == [0; 8]);
        let (failures, keys) = parts.split_at_checked(end.unwrap_or(parts.len()))?;
        let (keys, _) = keys.get(1..).unwrap_or_default().as_chunks::<2>();
        Some(Seen {
            success: Some(time(success)).filter(|time| *time > 0),
            failures: failures.iter().take(MOST_FAILURES).map(time).collect(),
            keys: keys.iter().map(|[tag, at]| (*tag, time(at))).collect(),
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
                ..Seen::default()
            },
            Seen {
                success: None,
                failures: vec![8],
                keys: vec![([1; 8], 9), ([2; 8], 10)],
            },
            Seen {
                keys: vec![([0; 8], 9)],
                ..Seen::default()
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
            ..Seen::default()
        };
        assert_eq!(activity.of(1), Some(expected));
    }

    #[test]
    fn the_last_use_of_each_key_is_known_until_the_key_is_gone() {
        let activity = Activity::default();
        let (one, two) = ([1; 8], [2; 8]);
        activity.failed(1, 4, 9);
        activity.used_key(1, one, &[one, two], 5);
        activity.used_key(1, two, &[one, two], 6);
        activity.used_key(1, one, &[one, two], 7);
        let seen = activity.of(1).unwrap();
        assert_eq!(seen.keys, [(two, 6), (one, 7)]);
        assert_eq!((seen.success, seen.failures), (Some(7), vec![4]));
        activity.used_key(1, one, &[one], 8);
        assert_eq!(activity.of(1).unwrap().keys, [(one, 8)]);
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
