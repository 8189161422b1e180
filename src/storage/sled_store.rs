//! Owns the store on disk: creating, opening, writing and closing it, and giving up on it. The order of writes on disk is
//! `log.rs`, the form of a record `record.rs`.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::mem;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::error::StoreError;
use super::folder::{self, BLOBS_FOLDER, LOG_FILE, MARK_FILE, SETTINGS_FILE, io_error};
use super::ledger::{Ledger, Mark};
use super::lock::{self, FolderLock};
use super::log::{Log, WriteFailure};
use super::reader::Reader;
use super::record::{self, Head};
use super::sled_error::damaged;
use super::writer::{Stop, Writer};
use super::{Batch, ReportCorrupt, Store, VisitRecord, leftovers};

/// How long one commit may take before the store is given up.
const STALL_LIMIT: Duration = Duration::from_secs(60);

/// What sled writes to disk for a batch, generously: so many times its bytes, and so much for each change.
const SPACE_FACTOR: u64 = 4;
const SPACE_PER_CHANGE: u64 = 4 << 10;

/// What sled writes while it opens, beside a new snapshot: the rest of one segment, and the pages it starts with.
const OPENING_SPACE: u64 = 4 << 20;

/// How much of the machine a store may use.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes of sled's page cache. Records are read from it at start and before they are overwritten only, so it is
    /// small.
    pub cache: u64,
    /// Bytes of the disk that stay free: a commit that could go below is refused before anything is written.
    pub reserve: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache: 8 << 20,
            reserve: 32 << 20,
        }
    }
}

/// A [`Store`] in a folder on disk.
pub struct SledStore {
    folder: PathBuf,
    reserve: u64,
    writer: Writer<Job, WriteFailure>,
    mark: Mark,
    ledger: Ledger,
    /// Set when sled must not even be closed, because that would make half a batch durable or never end.
    abandoned: bool,
    /// None when the store is closed.
    log: Option<Arc<Log>>,
    lock: Option<FolderLock>,
}

enum Job {
    Write(sled::Batch),
    Close(Arc<Log>),
}

impl SledStore {
    /// Makes a new, empty store. The folder must not exist, or be empty; its parent must exist.
    pub fn create(folder: &Path, options: &Options) -> Result<Self, StoreError> {
        let folder = &folder::absolute(folder)?;
        folder::create(folder)?;
        folder::require_space(folder, options.reserve.saturating_add(OPENING_SPACE))?;
        let lock = FolderLock::acquire(folder)?;
        let mut store = Self::launch(folder, options, lock, true)?;
        let mut first = sled::Batch::default();
        first.insert(record::LEDGER_KEY, store.ledger.encode());
        store.write(first)?;
        store.set_mark();
        folder::restrict(folder)?;
        folder::sync_file(&folder.join(SETTINGS_FILE))?;
        folder::sync_folder(&folder.join(BLOBS_FOLDER))?;
        folder::declare(folder)?;
        folder::sync_parent(folder)?;
        Ok(store)
    }

    /// Opens the store in the folder.
    ///
    /// Files that an abrupt stop left unusable are moved to `set-aside` in the folder. The records are verified as they
    /// are scanned, not here.
    pub fn open(folder: &Path, options: &Options) -> Result<Self, StoreError> {
        let folder = &folder::absolute(folder)?;
        folder::recognize(folder)?;
        folder::set_mode(folder, 0o700)?;
        let lock = FolderLock::acquire(folder)?;
        leftovers::set_aside(folder)?;
        folder::require_space(folder, space_to_open(folder)?)?;
        let mut store = Self::launch(folder, options, lock, false)?;
        store.ledger = store.read_ledger()?;
        store.set_mark();
        folder::restrict(folder)?;
        folder::sync_folder(folder)?;
        Ok(store)
    }

    /// Starts sled and the writer.
    fn launch(
        folder: &Path,
        options: &Options,
        lock: FolderLock,
        create: bool,
    ) -> Result<Self, StoreError> {
        let file = open_log(folder, create)?;
        lock::wait_for_release(folder, &file)?;
        let log = Arc::new(Log::open(folder, file, options.cache)?);
        let mut own = Some(Arc::clone(&log));
        let writer = Writer::start(STALL_LIMIT, move |job| match job {
            Job::Write(batch) => own.as_ref().map_or(Ok(()), |log| log.write(batch)),
            Job::Close(last) => {
                own = None;
                drop(last);
                Ok(())
            }
        })
        .map_err(|source| io_error("starting the writer for", folder, source))?;
        Ok(Self {
            folder: folder.to_owned(),
            reserve: options.reserve,
            writer,
            mark: Mark::open(folder)?,
            ledger: Ledger::default(),
            abandoned: false,
            log: Some(log),
            lock: Some(lock),
        })
    }

    /// Reads the record about all others and compares it with the mark beside the log.
    fn read_ledger(&self) -> Result<Ledger, StoreError> {
        let damaged = |what: &str| damaged(&self.folder, what);
        let stored = self.reader()?.stored(record::LEDGER_KEY)?;
        let stored = stored.ok_or_else(|| damaged("its log holds nothing"))?;
        let ledger = Ledger::decode(&stored)
            .ok_or_else(|| damaged("the record about all records is corrupt"))?;
        match self.mark.read() {
            Some(acknowledged) if acknowledged > ledger.commit => Err(damaged(&format!(
                "commit {acknowledged} was acknowledged, but the log ends with commit {}; \
                 to go on without what is lost, remove the file `{MARK_FILE}`",
                ledger.commit
            ))),
            Some(_) => Ok(ledger),
            None => {
                tracing::warn!(
                    folder = %self.folder.display(),
                    "the file `{MARK_FILE}` is missing or damaged; lost commits at the end of the log would not show"
                );
                Ok(ledger)
            }
        }
    }

    fn reader(&self) -> Result<Reader<'_>, StoreError> {
        let Some(log) = &self.log else {
            return Err(StoreError::Latched {
                cause: "it was closed".to_owned(),
            });
        };
        log.check()?;
        Ok(Reader::new(log))
    }

    /// Translates a batch to sled's, with the ledger that holds after it; none if it changes nothing.
    fn prepare(&self, batch: &Batch) -> Result<Option<(sled::Batch, Ledger)>, StoreError> {
        let reader = self.reader()?;
        let mut ledger = self.ledger;
        ledger.commit = ledger.commit.saturating_add(1);
        let mut translated = sled::Batch::default();
        let mut changed = false;
        for (key, value) in batch.changes() {
            let old = reader.head(key)?;
            changed |= old.is_some() || value.is_some();
            let mut pieces = 0;
            if let Some(value) = value {
                let (checksum, head, parts) = record::encode(key, value);
                for part in parts {
                    translated.insert(record::piece_key(key, pieces), part);
                    pieces += 1;
                }
                translated.insert(record::head_key(key), head);
                ledger.tally.add(checksum);
            }
            if let Some(old) = old {
                let checksum = record::stored_checksum(&old).unwrap_or_default();
                ledger.tally.remove(checksum);
                if value.is_none() {
                    translated.remove(record::head_key(key));
                }
                if !matches!(Head::parse(&old), Ok(Head::Whole { .. })) {
                    let first_left_over = record::piece_key(key, pieces);
                    for piece in reader.piece_keys(key)? {
                        if *piece >= *first_left_over {
                            translated.remove(piece);
                        }
                    }
                }
            }
        }
        translated.insert(record::LEDGER_KEY, ledger.encode());
        Ok(changed.then_some((translated, ledger)))
    }

    /// Commits without asking for limits and free space.
    pub(super) fn write_unchecked(&mut self, batch: &Batch) -> Result<(), StoreError> {
        // A store that cannot be read before it is overwritten must not be written to.
        let prepared = self.prepare(batch).inspect_err(|error| self.latch(error));
        if let Some((translated, ledger)) = prepared? {
            self.write(translated)?;
            self.ledger = ledger;
            self.set_mark();
        }
        Ok(())
    }

    fn write(&mut self, batch: sled::Batch) -> Result<(), StoreError> {
        let outcome = self.writer.run(Job::Write(batch));
        outcome.map_err(|stop| self.give_up(stop))
    }

    fn give_up(&mut self, stop: Stop<WriteFailure>) -> StoreError {
        let (error, abandoned) = match stop {
            Stop::Failed(WriteFailure { error, half }) => (error, half),
            Stop::Panicked(what) => (damaged(&self.folder, what), true),
            Stop::Stalled(limit) => {
                let text = format!("no answer for {} s", limit.as_secs());
                let source = io::Error::new(ErrorKind::TimedOut, text);
                (io_error("writing to", &self.folder, source), true)
            }
        };
        self.latch(&error);
        self.abandoned |= abandoned;
        error
    }

    fn latch(&self, error: &StoreError) {
        if let Some(log) = &self.log {
            log.latch(error);
        }
    }

    /// Notes the last commit outside of sled. A failure is no reason to call a durable commit failed.
    fn set_mark(&self) {
        if let Err(error) = self.mark.set(self.ledger.commit) {
            tracing::warn!(%error, "the number of the last commit could not be noted");
        }
    }

    fn shut_down(&mut self) -> Result<(), StoreError> {
        let Some(log) = self.log.take() else {
            return Ok(());
        };
        let outcome = if self.abandoned {
            mem::forget(log);
            Ok(())
        } else {
            let outcome = self.writer.run(Job::Close(log));
            outcome.map_err(|stop| self.give_up(stop))
        };
        if self.abandoned {
            // sled may still be writing, so nobody else may have the folder while this process lives.
            mem::forget(self.lock.take());
        }
        outcome
    }
}

impl Store for SledStore {
    fn scan_reporting(
        &self,
        prefix: &[u8],
        visit: VisitRecord<'_>,
        corrupt: ReportCorrupt<'_>,
    ) -> Result<(), StoreError> {
        let expected = prefix.is_empty().then_some(self.ledger.tally);
        self.reader()?.scan(prefix, expected, visit, corrupt)
    }

    fn read(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.reader()?.read(key)
    }

    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.reader()?;
        batch.check_limits()?;
        folder::require_space(&self.folder, self.reserve.saturating_add(space_for(batch)))?;
        self.write_unchecked(batch)
    }

    fn close(mut self: Box<Self>) -> Result<(), StoreError> {
        let usable = self.reader().map(|_| ());
        self.shut_down()?;
        usable
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            tracing::error!(%error, "closing the store failed");
        }
    }
}

fn open_log(folder: &Path, create: bool) -> Result<File, StoreError> {
    let path = folder.join(LOG_FILE);
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(create)
        .truncate(false)
        .mode(0o600)
        .open(&path);
    opened.map_err(|source| match source.kind() {
        ErrorKind::NotFound => damaged(folder, format!("the file `{LOG_FILE}` is missing")),
        _ => io_error("opening", &path, source),
    })
}

fn space_for(batch: &Batch) -> u64 {
    let changes = batch.changes().count() as u64;
    let size = batch.size().saturating_mul(SPACE_FACTOR);
    size.saturating_add(changes.saturating_mul(SPACE_PER_CHANGE))
}

fn space_to_open(folder: &Path) -> Result<u64, StoreError> {
    let snapshot = match folder::snapshots(folder)?.pop() {
        Some(path) => std::fs::metadata(&path)
            .map_err(|source| io_error("measuring", &path, source))?
            .len(),
        None => 0,
    };
    Ok(snapshot.saturating_mul(2).saturating_add(OPENING_SPACE))
}

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
