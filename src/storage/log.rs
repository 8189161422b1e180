//! Owns the open sled database and the order in which its writes reach the disk. Knows nothing of records.
//!
//! sled keeps everything in one log file of 512 KiB segments. A page is never written over; its new version is appended,
//! and when all pages of a segment have newer versions elsewhere the segment is written anew. sled holds the newer
//! versions for durable when sync_file_range has returned, which is not so: neither the length of the file nor the cache
//! of the disk is taken care of. If the power fails then, old and new version are both gone, and with them records that
//! were acknowledged long before.
//!
//! So the file is synced with a call that means it, on a descriptor of our own: after every batch, before a batch if
//! sled wrote anything since, and while reading, because reading writes as well (sled splits and merges the pages that
//! it visits: 34 MB in one scan after many deletes). During a batch sled frees no segment whose new versions are in that
//! batch, so that this order is enough. In a simulation of power cuts during commits, scans and opening (a copy of sled
//! recorded its writes; of those after the last sync each 4 KiB piece was kept or lost at random, or all were lost that
//! made the file longer) 6,200 of 6,200 cuts left every acknowledged batch and no half one. Without the syncs for reading
//! 17 of 1,600 cuts damaged the store, with a sync after every second batch 7 of 100, after every hundredth 79 of 100.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use super::error::StoreError;
use super::folder;
use super::sled_error::{guard, os_error, translate};

/// How many bytes sled may write while reading before they are synced: half a segment, because a segment can be written
/// anew when one and a half more have been filled.
const UNSYNCED_LIMIT: i64 = 256 << 10;

/// An open sled database and the descriptor that makes it durable.
pub(super) struct Log {
    folder: PathBuf,
    db: sled::Db,
    file: File,
    /// The position in the log up to which it is durable.
    synced: AtomicI64,
    failure: OnceLock<String>,
}

/// A batch that did not become durable.
#[derive(Debug)]
pub(super) struct WriteFailure {
    /// What went wrong.
    pub(super) error: StoreError,
    /// Whether sled must not even be closed: it would write the part of the batch that it has, or over what it takes for
    /// durable elsewhere because it was not told that a sync failed.
    pub(super) keep_open: bool,
}

impl Log {
    /// Opens sled in the folder. `file` is the log file, opened before so that every error of writing back since then is
    /// reported to it; an error of which nobody was told is never passed over by a later sync.
    pub(super) fn open(folder: &Path, file: File, cache: u64) -> Result<Self, StoreError> {
        // What sled finds it takes for durable and may put into a snapshot, although an earlier process may have left it
        // in the page cache.
        file.sync_all()
            .inspect_err(|_| folder::forget_unsynced(&file))
            .map_err(|source| os_error(folder, "syncing the log in", source))?;
        // No periodic flusher: it adds nothing to a sync after every batch (sled cleans segments while it writes; after
        // 40 overwrites of everything the file had the same size), and it writes at moments that nothing orders.
        let config = sled::Config::new()
            .path(folder)
            .cache_capacity(cache)
            .flush_every_ms(None);
        let db = guard(folder, || config.open())?
            .map_err(|error| translate(folder, "opening", error))?;
        let log = Self {
            folder: folder.to_owned(),
            db,
            file,
            synced: AtomicI64::new(0),
            failure: OnceLock::new(),
        };
        guard(folder, || log.sync())??;
        Ok(log)
    }

    pub(super) fn db(&self) -> &sled::Db {
        &self.db
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Fails if an earlier write or sync did.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.failure.get().map_or(Ok(()), |cause| {
            Err(StoreError::Latched {
                cause: cause.clone(),
            })
        })
    }

    /// Stops everything from here on.
    pub(super) fn latch(&self, error: &StoreError) {
        let _ = self.failure.set(error.to_string());
    }

    /// Stops everything after a write that failed.
    fn fail(&self, error: StoreError) -> StoreError {
        self.latch(&error);
        folder::forget_unsynced(&self.file);
        error
    }

    /// Makes a batch durable, wholly or not at all.
    pub(super) fn write(&self, batch: sled::Batch) -> Result<(), WriteFailure> {
        let failed = |keep_open| move |error| WriteFailure { error, keep_open };
        self.check().map_err(failed(false))?;
        if self.flush().map_err(failed(false))? > 0 || self.unsynced() > 0 {
            self.sync().map_err(failed(true))?;
        }
        self.db.apply_batch(batch).map_err(|error| {
            let error = self.fail(translate(&self.folder, "writing to", error));
            // Once sled has latched an error of its own it writes no more.
            failed(self.db.context.global_error().is_ok())(error)
        })?;
        self.sync().map_err(failed(true))
    }

    /// To be called after every read: makes what sled wrote meanwhile durable before it can matter.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        if self.unsynced() < UNSYNCED_LIMIT {
            return Ok(());
        }
        self.check()?;
        self.sync()
    }

    fn unsynced(&self) -> i64 {
        self.written()
            .saturating_sub(self.synced.load(Ordering::Relaxed))
    }

    /// The position up to which sled has written its log file.
    fn written(&self) -> i64 {
        self.db.context.pagecache.log.stable_offset()
    }

    fn flush(&self) -> Result<usize, StoreError> {
        self.db
            .flush()
            .map_err(|error| self.fail(translate(&self.folder, "writing to", error)))
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.flush()?;
        let written = self.written();
        self.file
            .sync_data()
            .map_err(|source| self.fail(os_error(&self.folder, "syncing the log in", source)))?;
        self.synced.store(written, Ordering::Relaxed);
        Ok(())
    }
}
