//! Which change records the store holds, how far back they go, and who still needs them.
//!
//! Owns the bounds by age and size. What a record says is `history`'s; the lane writes and removes them with its changes.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::Duration;

use super::stored;
use super::time::Csn;
use crate::storage::{Batch, Store, StoreError};

/// How far back changes are kept; what is beyond either bound goes.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The age of the oldest record.
    pub age: Duration,
    /// Bytes of all records together.
    pub bytes: u64,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            age: Duration::from_secs(30 * 86_400),
            bytes: 64 << 20,
        }
    }
}

/// Records that are removed with one batch at the most, beside one for each that it adds: nobody waits for more.
const REMOVED_TOGETHER: usize = 64;

/// The change records in the store, oldest first.
pub(super) struct ChangeLog {
    kept: VecDeque<(Csn, usize)>,
    bytes: u64,
    bounds: Bounds,
    /// The newest record that the one who follows the changes has taken; later ones stay whatever the bounds say.
    taken: Option<Csn>,
}

impl ChangeLog {
    /// Looks which records a store holds.
    pub fn of(store: &dyn Store, bounds: Bounds) -> ChangeLog {
        let mut log = ChangeLog {
            kept: VecDeque::new(),
            bytes: 0,
            bounds,
            taken: None,
        };
        let scanned = store.scan(&[stored::prefix::CHANGE], &mut |key, value| {
            let number = stored::change_of_key(key);
            log.extend(number.map(|number| (number, value.len())));
            ControlFlow::Continue(())
        });
        if let Err(error) = scanned {
            tracing::warn!(%error, "old change records cannot be read; they will not be removed");
        }
        log
    }

    /// Takes note of records that the store holds from now on.
    pub fn extend(&mut self, records: impl IntoIterator<Item = (Csn, usize)>) {
        for (number, bytes) in records {
            self.bytes = self.bytes.saturating_add(bytes as u64);
            self.kept.push_back((number, bytes));
        }
    }

    /// How many of the oldest records are to go when `added` more come at `now`, in microseconds since 1970.
    pub fn surplus(&self, added: usize, now: u64) -> usize {
        let age = u64::try_from(self.bounds.age.as_micros()).unwrap_or(u64::MAX);
        let mut bytes = self.bytes;
        let old = |number: Csn| now.saturating_sub(number.micros) > age;
        let free = |number| self.taken.is_none_or(|taken| number <= taken);
        let oldest = self
            .kept
            .iter()
            .take(REMOVED_TOGETHER.saturating_add(added));
        let surplus = oldest.take_while(|(number, length)| {
            let goes = free(*number) && (bytes > self.bounds.bytes || old(*number));
            bytes = bytes.saturating_sub(*length as u64);
            goes
        });
        surplus.count()
    }

    /// Has a batch remove so many of the oldest records; [`ChangeLog::forget`] them once it is committed.
    pub fn put_removal(&self, surplus: usize, batch: &mut Batch) {
        for (number, _) in self.kept.iter().take(surplus) {
            batch.delete(stored::change_key(*number));
        }
    }

    /// Forgets so many of the oldest records.
    pub fn forget(&mut self, surplus: usize) {
        for (_, length) in self.kept.drain(..surplus.min(self.kept.len())) {
            self.bytes = self.bytes.saturating_sub(length as u64);
        }
    }

    /// The first records after a number, so many at the most, for the one who follows the changes and has taken those up to
    /// that number.
    pub fn after(
        &mut self,
        store: &dyn Store,
        number: Csn,
        most: usize,
    ) -> Result<Vec<(Csn, Vec<u8>)>, StoreError> {
        self.taken = Some(number);
        let first = self.kept.partition_point(|(kept, _)| *kept <= number);
        let mut records = Vec::new();
        for (kept, _) in self.kept.iter().skip(first).take(most) {
            if let Some(record) = store.read(&stored::change_key(*kept))? {
                records.push((*kept, record));
            }
        }
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::memory::MemoryStore;

    const HOUR: u64 = 3_600_000_000;

    fn number(micros: u64) -> Csn {
        Csn { micros, count: 0 }
    }

    /// A store with a record of ten bytes at each of these times.
    fn store(times: &[u64]) -> MemoryStore {
        let mut store = MemoryStore::default();
        let mut batch = Batch::default();
        for time in times {
            batch.put(stored::change_key(number(*time)), vec![7; 10]);
        }
        store.commit(batch).unwrap();
        store
    }

    fn log(store: &MemoryStore, hours: u64, bytes: u64) -> ChangeLog {
        let age = Duration::from_secs(hours * 3_600);
        ChangeLog::of(store, Bounds { age, bytes })
    }

    #[test]
    fn what_is_too_old_or_too_much_goes_and_the_newest_stay() {
        let store = store(&[HOUR, 2 * HOUR, 3 * HOUR]);
        assert_eq!(log(&store, 9, 30).surplus(0, 4 * HOUR), 0);
        assert_eq!(log(&store, 9, 15).surplus(0, 4 * HOUR), 2);
        assert_eq!(log(&store, 1, 30).surplus(0, 4 * HOUR), 2);
        assert_eq!(log(&store, 9, 0).surplus(0, 4 * HOUR), 3);
    }

    #[test]
    fn a_batch_removes_a_bounded_number_and_what_is_forgotten_is_gone() {
        let times: Vec<u64> = (1..=200).collect();
        let mut store = store(&times);
        let mut log = log(&store, 9, 100);
        for left in [136, 72, 10, 10] {
            let surplus = log.surplus(0, HOUR);
            let mut batch = Batch::default();
            log.put_removal(surplus, &mut batch);
            store.commit(batch).unwrap();
            log.forget(surplus);
            assert_eq!(ChangeLog::of(&store, log.bounds).kept.len(), left);
        }
        assert_eq!(log.kept.front(), Some(&(number(191), 10)));
        assert_eq!(log.bytes, 100);
    }

    #[test]
    fn what_was_not_taken_stays_whatever_its_age() {
        let store = store(&[1, 2, 3]);
        let mut log = log(&store, 0, 0);
        let taken = log.after(&store, number(1), 9).unwrap();
        assert_eq!(taken.len(), 2);
        assert_eq!(log.surplus(0, HOUR), 1);
        assert!(log.after(&store, number(3), 9).unwrap().is_empty());
        assert_eq!(log.surplus(0, HOUR), 3);
    }

    #[test]
    fn records_come_in_their_order_and_so_many_at_once() {
        let store = store(&[1, 2, 3, 4]);
        let mut log = log(&store, 9, 100);
        let numbers = |records: Vec<(Csn, Vec<u8>)>| -> Vec<u64> {
            records.iter().map(|(number, _)| number.micros).collect()
        };
        assert_eq!(numbers(log.after(&store, number(0), 2).unwrap()), [1, 2]);
        assert_eq!(numbers(log.after(&store, number(2), 9).unwrap()), [3, 4]);
    }
}
