//! Owns reading records back out of sled: putting pieces together, verifying, and getting past what is damaged.

use std::ops::Bound;

use super::error::StoreError;
use super::ledger::Tally;
use super::log::Log;
use super::record::{self, Head};
use super::sled_error::{describe, guard, translate};
use super::{ReportCorrupt, VisitRecord};

/// In a scan one record in so many is looked up as well. sled asks what of its cache may go only after 64 visits of pages
/// in one of 256 groups, and a scan visits a page once: without this a store of 50 MB stays in memory as a whole, whatever
/// the size of the cache.
const LOOKED_UP: u64 = 2;

/// Reads records from an open log.
#[derive(Copy, Clone)]
pub(super) struct Reader<'a> {
    log: &'a Log,
}

/// How one pass over a range of heads ended.
enum Pass {
    Complete,
    /// The visitor had enough.
    Stopped,
    /// The records after this head cannot be read.
    Unreadable {
        after: Vec<u8>,
        what: String,
    },
}

impl<'a> Reader<'a> {
    pub(super) fn new(log: &'a Log) -> Self {
        Self { log }
    }

    /// The value of one record.
    pub(super) fn read(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(head) = self.head(key)? else {
            return Ok(None);
        };
        self.value(key, &head, |value| value.to_vec()).map(Some)
    }

    /// The stored head of one record, not verified.
    pub(super) fn head(&self, key: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
        self.stored(&record::head_key(key))
    }

    /// What is stored under one of sled's keys.
    pub(super) fn stored(&self, stored_key: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
        self.guard(|| self.db().get(stored_key))?
            .map_err(|error| self.translate(error))
    }

    /// The keys of all pieces that are stored for a record, whatever its head says.
    pub(super) fn piece_keys(&self, key: &[u8]) -> Result<Vec<sled::IVec>, StoreError> {
        let pieces = self.db().scan_prefix(record::piece_prefix(key)).keys();
        self.guard(|| pieces.collect::<Result<_, _>>())?
            .map_err(|error| self.translate(error))
    }

    /// Visits the records whose keys start with `prefix`, in key order, and reports those that are damaged. With an
    /// `expected` tally, which holds for all records, reports as well when the records found are not those.
    pub(super) fn scan(
        &self,
        prefix: &[u8],
        expected: Option<Tally>,
        visit: VisitRecord<'_>,
        corrupt: ReportCorrupt<'_>,
    ) -> Result<(), StoreError> {
        let first = record::head_key(prefix);
        let end = end_of_prefix(&first);
        let mut from = Bound::Included(first);
        let mut found = Tally::default();
        loop {
            match self.pass(from, &end, &mut found, visit, corrupt)? {
                Pass::Complete => break,
                Pass::Stopped => return Ok(()),
                Pass::Unreadable { after, what } => {
                    let resume = self.lowest_readable(&after, &end)?;
                    if corrupt(unreadable(&after, resume.as_deref(), &what)).is_break() {
                        return Ok(());
                    }
                    match resume {
                        Some(head_key) => from = Bound::Included(head_key),
                        None => break,
                    }
                }
            }
        }
        if let Some(expected) = expected
            && expected != found
        {
            // The scan is over, so it does not matter whether the caller wants more.
            let _ = corrupt(StoreError::Incomplete {
                expected: expected.records,
                found: found.records,
            });
        }
        Ok(())
    }

    fn pass(
        &self,
        from: Bound<Vec<u8>>,
        end: &[u8],
        found: &mut Tally,
        visit: VisitRecord<'_>,
        corrupt: ReportCorrupt<'_>,
    ) -> Result<Pass, StoreError> {
        let mut last = match &from {
            Bound::Included(key) | Bound::Excluded(key) => key.clone(),
            Bound::Unbounded => Vec::new(),
        };
        let mut heads = self
            .db()
            .range::<Vec<u8>, _>((from, Bound::Excluded(end.to_vec())));
        while let Some(item) = self.guard(|| heads.next())? {
            let (head_key, head) = match item {
                Ok(pair) => pair,
                Err(error) => {
                    let what = describe(&error);
                    return match self.translate(error) {
                        // Reading may write, and then nothing is damaged.
                        full @ StoreError::DiskFull { .. } => Err(full),
                        _ => Ok(Pass::Unreadable { after: last, what }),
                    };
                }
            };
            found.add(record::stored_checksum(&head).unwrap_or_default());
            if found.records.is_multiple_of(LOOKED_UP) {
                // An error of this page is met again by whoever needs it.
                let _ = self.guard(|| self.db().contains_key(&head_key))?;
            }
            let key = record::key_of_head(&head_key);
            let wish = match self.value(key, &head, |value| visit(key, value)) {
                Ok(wish) => wish,
                Err(error) => corrupt(error),
            };
            if wish.is_break() {
                return Ok(Pass::Stopped);
            }
            last.clear();
            last.extend_from_slice(&head_key);
        }
        Ok(Pass::Complete)
    }

    /// The lowest head above `after` from which all others up to `end` can be read: what a walk down from the end meets
    /// last. Between two damaged pages nothing is found.
    fn lowest_readable(&self, after: &[u8], end: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let range = (
            Bound::Excluded(after.to_vec()),
            Bound::Excluded(end.to_vec()),
        );
        let heads = self.db().range::<Vec<u8>, _>(range).keys().rev();
        self.guard(|| heads.map_while(Result::ok).last().map(|key| key.to_vec()))
    }

    /// Verifies the record with this head and hands its value to `take`.
    fn value<T>(
        &self,
        key: &[u8],
        head: &[u8],
        take: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, StoreError> {
        let verified = |value: &[u8], checksum: u32| {
            if record::checksum(key, value) == checksum {
                Ok(())
            } else {
                Err(corrupt_record(key, "its checksum does not match"))
            }
        };
        match Head::parse(head).map_err(|what| corrupt_record(key, what))? {
            Head::Whole { checksum, value } => {
                verified(value, checksum)?;
                Ok(take(value))
            }
            Head::Split { checksum, length } => {
                let value = self.pieces(key, length)?;
                verified(&value, checksum)?;
                Ok(take(&value))
            }
        }
    }

    /// Puts the pieces of a value of `length` bytes together.
    fn pieces(&self, key: &[u8], length: usize) -> Result<Vec<u8>, StoreError> {
        let count = length.div_ceil(record::MAX_STORED);
        let mut value = Vec::new();
        let mut pieces = self.db().scan_prefix(record::piece_prefix(key));
        for number in 0..count {
            let missing = |what: &str| {
                corrupt_record(key, &format!("piece {} of {count} {what}", number + 1))
            };
            let (piece_key, piece) = self
                .guard(|| pieces.next())?
                .ok_or_else(|| missing("is missing"))?
                .map_err(|error| missing(&format!("cannot be read: {}", describe(&error))))?;
            if u32::try_from(number).map(|number| record::piece_key(key, number))
                != Ok(piece_key.to_vec())
            {
                return Err(missing("is missing"));
            }
            value.extend_from_slice(&piece);
        }
        if value.len() != length {
            return Err(corrupt_record(key, "its pieces do not have its length"));
        }
        Ok(value)
    }

    fn db(&self) -> &'a sled::Db {
        self.log.db()
    }

    /// Runs a call that reads from sled.
    fn guard<T>(&self, call: impl FnOnce() -> T) -> Result<T, StoreError> {
        let (read, settled) = guard(self.log.folder(), || (call(), self.log.settle()))?;
        settled?;
        Ok(read)
    }

    fn translate(&self, error: sled::Error) -> StoreError {
        translate(self.log.folder(), "reading from", error)
    }
}

fn corrupt_record(key: &[u8], what: &str) -> StoreError {
    StoreError::Corrupt {
        key: record::hex(key),
        what: what.to_owned(),
    }
}

fn unreadable(after: &[u8], resume: Option<&[u8]>, what: &str) -> StoreError {
    let until = resume.map_or_else(
        || "to the end of the scan".to_owned(),
        |head_key| {
            format!(
                "up to record {}",
                record::hex(record::key_of_head(head_key))
            )
        },
    );
    corrupt_record(
        record::key_of_head(after),
        &format!("the records after it, {until}, cannot be read: {what}"),
    )
}

/// The first key after all keys that start with `prefix`, which does not consist of 0xFF alone.
fn end_of_prefix(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            break;
        }
    }
    end
}
