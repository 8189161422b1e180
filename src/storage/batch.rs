//! Owns the unit of change: puts and deletes that take effect together. Knows nothing of how they are stored.

use std::collections::BTreeMap;

use super::error::StoreError;
use super::record::{MAX_KEY_LEN, MAX_VALUE_LEN};

/// Puts and deletes that a store applies wholly or not at all.
///
/// The last change of a key wins; the order in which different keys were changed has no meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Batch {
    /// Sets `key` to `value`.
    ///
    /// The limits [`MAX_KEY_LEN`] and [`MAX_VALUE_LEN`] are checked by the commit.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.changes.insert(key.into(), Some(value.into()));
    }

    /// Removes `key`; a key that is not there is no error.
    pub fn delete(&mut self, key: impl Into<Vec<u8>>) {
        self.changes.insert(key.into(), None);
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Adds the changes of a later batch.
    pub(super) fn merge(&mut self, later: Batch) {
        self.changes.extend(later.changes);
    }

    /// The change of a key, if it is changed: a value for a put, none for a delete.
    pub(super) fn change(&self, key: &[u8]) -> Option<Option<&[u8]>> {
        self.changes.get(key).map(Option::as_deref)
    }

    /// The changes in key order: a value for a put, none for a delete.
    pub fn changes(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.changes
            .iter()
            .map(|(key, value)| (key.as_slice(), value.as_deref()))
    }

    /// The bytes of all keys and values.
    pub(super) fn size(&self) -> u64 {
        self.changes()
            .map(|(key, value)| key.len() as u64 + value.map_or(0, |value| value.len() as u64))
            .sum()
    }

    /// Refuses keys and values that no store takes, so that every store refuses the same.
    pub(super) fn check_limits(&self) -> Result<(), StoreError> {
        for (key, value) in self.changes() {
            if key.len() > MAX_KEY_LEN {
                return Err(StoreError::KeyTooLong { length: key.len() });
            }
            if let Some(value) = value
                && value.len() > MAX_VALUE_LEN
            {
                return Err(StoreError::ValueTooLong {
                    length: value.len(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_change_of_a_key_wins() {
        let mut batch = Batch::default();
        batch.put(*b"b", *b"1");
        batch.delete(*b"b");
        batch.delete(*b"a");
        batch.put(*b"a", *b"2");
        let changes: Vec<_> = batch.changes().collect();
        assert_eq!(changes, [(&b"a"[..], Some(&b"2"[..])), (&b"b"[..], None)]);
        assert_eq!(batch.size(), 3);
    }

    #[test]
    fn a_later_batch_wins_over_an_earlier() {
        let (mut earlier, mut later) = (Batch::default(), Batch::default());
        earlier.put(*b"a", *b"1");
        earlier.put(*b"b", *b"1");
        later.delete(*b"a");
        earlier.merge(later);
        let changes: Vec<_> = earlier.changes().collect();
        assert_eq!(changes, [(&b"a"[..], None), (&b"b"[..], Some(&b"1"[..]))]);
        assert_eq!(earlier.change(b"a"), Some(None));
        assert_eq!(earlier.change(b"b"), Some(Some(&b"1"[..])));
        assert_eq!(earlier.change(b"c"), None);
    }

    #[test]
    fn keys_and_values_are_taken_up_to_their_limits() {
        let mut batch = Batch::default();
        batch.put(vec![0; MAX_KEY_LEN], vec![0; MAX_VALUE_LEN]);
        assert!(batch.check_limits().is_ok());

        let mut long_value = batch.clone();
        long_value.put(*b"k", vec![0; MAX_VALUE_LEN + 1]);
        assert!(matches!(
            long_value.check_limits(),
            Err(StoreError::ValueTooLong { .. })
        ));

        batch.delete(vec![0; MAX_KEY_LEN + 1]);
        assert!(matches!(
            batch.check_limits(),
            Err(StoreError::KeyTooLong { .. })
        ));
    }
}
