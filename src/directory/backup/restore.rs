//! From a backup to a store.
//!
//! Owns the order in which it is written: what makes the store a directory comes last, so that a restore that was
//! interrupted is not taken for one that was done.

use std::io::Read;

use super::read::{BackupError, Reader};
use crate::directory::stored::prefix;
use crate::storage::{Batch, Store, StoreError};

/// Records that are committed together.
const BATCH: usize = 1_000;
/// Bytes after which a batch is committed although it has fewer records.
const BATCH_BYTES: usize = 4 << 20;

/// Why a restore failed.
#[derive(Debug)]
pub enum RestoreError {
    /// The backup is not usable.
    Backup(BackupError),
    /// The store failed.
    Store(StoreError),
}

impl std::fmt::Display for RestoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Backup(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RestoreError {}

impl From<BackupError> for RestoreError {
    fn from(error: BackupError) -> Self {
        Self::Backup(error)
    }
}

impl From<StoreError> for RestoreError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Writes a backup that [`verify`](super::verify) found right into a new store; `progress` is told how many records were
/// written so far.
pub fn restore(
    store: &mut dyn Store,
    input: impl Read,
    progress: &mut dyn FnMut(u64),
) -> Result<(), RestoreError> {
    let mut reader = Reader::new(input)?;
    let mut settings = Batch::default();
    let (mut batch, mut records, mut bytes) = (Batch::default(), 0, 0);
    while let Some((key, value)) = reader.next_record()? {
        if key.first() == Some(&prefix::SETTING) {
            settings.put(key, value);
            continue;
        }
        batch.put(key, value);
        records += 1;
        bytes += key.len() + value.len();
        if records >= BATCH || bytes >= BATCH_BYTES {
            store.commit(std::mem::take(&mut batch))?;
            (records, bytes) = (0, 0);
            progress(reader.summary().records);
        }
    }
    store.commit(batch)?;
    store.commit(settings)?;
    Ok(())
}
