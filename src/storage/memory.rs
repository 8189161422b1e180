//! Owns a store that forgets everything with the process: for tests of the layers above, which also need one that fails.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Batch, ReportCorrupt, Store, StoreError, VisitRecord};

/// A [`Store`] in memory, with the limits and the latching of the one on disk.
///
/// A clone is a second handle on the same records: keep one while another is in use, to make a commit fail or to
/// "reopen" what a closed or latched handle left.
#[derive(Debug, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
    latched: bool,
}

type Records = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Debug, Default)]
struct Shared {
    records: Mutex<Records>,
    fail_next_commit: AtomicBool,
}

impl MemoryStore {
    /// Makes the next commit through any handle fail, change nothing, and latch the handle that it came through.
    pub fn fail_next_commit(&self) {
        self.shared.fail_next_commit.store(true, Ordering::SeqCst);
    }

    fn records(&self) -> Result<MutexGuard<'_, Records>, StoreError> {
        if self.latched {
            return Err(StoreError::Latched {
                cause: "a commit was made to fail".to_owned(),
            });
        }
        let records = self.shared.records.lock();
        Ok(records.unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            latched: false,
        }
    }
}

impl Store for MemoryStore {
    fn scan_reporting(
        &self,
        prefix: &[u8],
        visit: VisitRecord<'_>,
        _corrupt: ReportCorrupt<'_>,
    ) -> Result<(), StoreError> {
        // A copy, so that the visitor may use the store.
        let records = self.records()?.clone();
        for (key, value) in records.range::<[u8], _>((Bound::Included(prefix), Bound::Unbounded)) {
            if !key.starts_with(prefix) || visit(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn read(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.records()?.get(key).cloned())
    }

    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        let mut records = self.records()?;
        batch.check_limits()?;
        if self.shared.fail_next_commit.swap(false, Ordering::SeqCst) {
            drop(records);
            self.latched = true;
            return Err(StoreError::Io {
                doing: "committing".to_owned(),
                source: std::io::Error::other("made to fail"),
            });
        }
        for (key, value) in batch.changes() {
            match value {
                Some(value) => records.insert(key.to_vec(), value.to_vec()),
                None => records.remove(key),
            };
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        self.records().map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_commit_changes_nothing_and_latches_its_handle_only() {
        let outside = MemoryStore::default();
        let mut store = outside.clone();
        let mut batch = Batch::default();
        batch.put(*b"k", *b"1");
        store.commit(batch.clone()).unwrap();

        outside.fail_next_commit();
        batch.put(*b"k", *b"2");
        assert!(matches!(
            store.commit(batch.clone()),
            Err(StoreError::Io { .. })
        ));
        assert!(matches!(store.read(b"k"), Err(StoreError::Latched { .. })));
        assert!(matches!(
            store.commit(batch.clone()),
            Err(StoreError::Latched { .. })
        ));
        assert_eq!(outside.read(b"k").unwrap().unwrap(), b"1");

        let mut reopened = outside.clone();
        reopened.commit(batch).unwrap();
        assert_eq!(outside.read(b"k").unwrap().unwrap(), b"2");
    }

    #[test]
    fn a_closed_store_leaves_its_records_to_its_clones() {
        let outside = MemoryStore::default();
        let mut store = Box::new(outside.clone());
        let mut batch = Batch::default();
        batch.put(*b"k", *b"1");
        store.commit(batch).unwrap();
        store.close().unwrap();
        assert_eq!(outside.read(b"k").unwrap().unwrap(), b"1");
    }
}
