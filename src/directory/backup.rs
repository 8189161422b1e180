//! A whole directory in one file: entries with all that is operational about them, members, hashes of passwords, suffixes
//! and administrator, as of one moment. Only the history of changes is left behind.
//!
//! Owns the form of the file, which is the records of the store (`stored`) in the order of their keys:
//!
//! | part | bytes |
//! |---|---|
//! | title | `hedgerow backup 1` and a line feed; the number is the version of the form |
//! | each record | the length of its key (2), the length of its value (4), key, value |
//! | end | a length of 0 (2), how many records there were (8), the BLAKE3 hash of everything before it (32) |
//!
//! Numbers are big-endian. A store and a file hold the same exactly when the hashes are the same, because the order leaves
//! one form for each content; that is how both a new backup and a restored store are verified.

mod read;
mod restore;

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::ops::ControlFlow;

use super::entry::EntryId;
use super::members::Members;
use super::setup::Setup;
use super::snapshot::Snapshot;
use super::stored::{self, prefix};
use crate::storage::{Batch, Store, StoreError};

pub use read::{BackupError, verify};
pub use restore::{RestoreError, restore};

/// What the title starts with, whatever the version.
const TITLE: &[u8] = b"hedgerow backup ";
/// The version of the form.
const VERSION: u32 = 1;

/// What a backup holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records of all kinds.
    pub records: u64,
    /// Entries among them.
    pub entries: u64,
    /// Members among them.
    pub members: u64,
    /// The BLAKE3 hash of everything before the hash.
    pub digest: [u8; 32],
}

impl Summary {
    fn count(&mut self, key: &[u8], value: &[u8]) {
        self.records += 1;
        self.entries += u64::from(key.first() == Some(&prefix::ENTRY));
        self.members += stored::members_in(key, value);
    }
}

/// Writes a backup of one state; what it holds. `progress` is told how many entries were written so far.
pub fn write(
    snapshot: &Snapshot,
    setup: &Setup,
    out: impl Write,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Summary> {
    let mut writer = Writer::new(out);
    writer.title()?;
    let mut batch = Batch::default();
    stored::put_descriptions(&mut batch, snapshot.descriptions(), 0);
    writer.batch(&batch)?;
    for id in snapshot.ids() {
        if let Some(bytes) = snapshot.entry_bytes(id) {
            writer.record(&stored::entry_key(id), bytes)?;
        }
        if writer.summary.entries.is_multiple_of(4_096) {
            progress(writer.summary.entries);
        }
    }
    writer.groups(snapshot, stored::put_members)?;
    let mut batch = Batch::default();
    setup.put(&mut batch);
    stored::put_state(&mut batch, snapshot);
    writer.batch(&batch)?;
    writer.groups(snapshot, stored::put_dangling)?;
    writer.finish()
}

/// What a backup of the records of a store would hold, the history of changes left out.
pub fn summarize(store: &dyn Store) -> Result<Summary, StoreError> {
    // Writing to nowhere does not fail.
    let mut writer = Writer::new(io::sink());
    let _ = writer.title();
    store.scan(&[], &mut |key, value| {
        if key.first() != Some(&prefix::CHANGE) {
            let _ = writer.record(key, value);
        }
        ControlFlow::Continue(())
    })?;
    Ok(writer.finish().unwrap_or_default())
}

struct Writer<W> {
    out: W,
    hasher: blake3::Hasher,
    summary: Summary,
}

impl<W: Write> Writer<W> {
    fn new(out: W) -> Self {
        Self {
            out,
            hasher: blake3::Hasher::new(),
            summary: Summary::default(),
        }
    }

    fn title(&mut self) -> io::Result<()> {
        self.put(TITLE)?;
        self.put(format!("{VERSION}\n").as_bytes())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.out.write_all(bytes)
    }

    fn record(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        let too_long = |_| io::Error::other("a record is too long for a backup");
        let key_length = u16::try_from(key.len()).map_err(too_long)?;
        let value_length = u32::try_from(value.len()).map_err(too_long)?;
        self.put(&key_length.to_be_bytes())?;
        self.put(&value_length.to_be_bytes())?;
        self.put(key)?;
        self.put(value)?;
        self.summary.count(key, value);
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> io::Result<()> {
        let mut records = batch.changes();
        records.try_for_each(|(key, value)| self.record(key, value.unwrap_or_default()))
    }

    /// Writes the records of one kind of all groups.
    fn groups(
        &mut self,
        snapshot: &Snapshot,
        put: fn(&mut Batch, EntryId, &Members),
    ) -> io::Result<()> {
        for (group, members) in snapshot.groups() {
            let mut batch = Batch::default();
            put(&mut batch, group, members);
            self.batch(&batch)?;
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<Summary> {
        let records = self.summary.records;
        self.put(&0_u16.to_be_bytes())?;
        self.put(&records.to_be_bytes())?;
        self.summary.digest = *self.hasher.finalize().as_bytes();
        self.out.write_all(&self.summary.digest)?;
        self.out.flush()?;
        Ok(self.summary)
    }
}
