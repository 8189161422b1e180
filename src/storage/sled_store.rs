//! Owns the store on disk: creating, opening, committing, reading and closing it. How a commit is made durable is
//! `journal.rs`, how it gets into sled `checkpoint.rs`, the order of sled's writes on disk `log.rs`, the form of a record
//! `record.rs`.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::mem;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::checkpoint::{Checkpoint, PART};
use super::error::StoreError;
use super::folder::{self, BLOBS_FOLDER, LOG_FILE, MARK_FILE, SETTINGS_FILE, io_error};
use super::journal::{self, Journal};
use super::ledger::Mark;
use super::lock::{self, FolderLock};
use super::log::Log;
use super::reader::Reader;
use super::sled_error::damaged;
use super::{Batch, ReportCorrupt, Store, VisitRecord, leftovers};

/// What is written to disk for a batch, generously: so many times its bytes, and so much for each change.
const SPACE_FACTOR: u64 = 4;
const SPACE_PER_CHANGE: u64 = 4 << 10;

/// What is written while a store is opened, beside a new snapshot: the journal, the rest of one segment of sled's, and the
/// pages it starts with.
const OPENING_SPACE: u64 = 6 << 20;

/// How much of the machine a store may use.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes of sled's page cache. Records are read from it at start and before they are overwritten only, so it is
    /// small.
    pub cache: u64,
    /// Bytes of the disk that stay free: a commit that could go below is refused before anything is written.
    pub reserve: u64,
    /// Bytes to which each segment of the journal may grow, and so, nearly, of the commits that are brought into sled
    /// together. The more they are, the more of them meet in one of its pages, which is read and written once for all;
    /// the longer do a stop and the opening after an abrupt one take.
    pub journal: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache: 8 << 20,
            reserve: 32 << 20,
            journal: 16 << 20,
        }
    }
}

/// A [`Store`] in a folder on disk.
pub struct SledStore {
    folder: PathBuf,
    reserve: u64,
    state: Mutex<State>,
    lock: Option<FolderLock>,
}

/// What is where: first in the journal, then in sled.
struct State {
    journal: Journal,
    /// What the segment of the journal that is being filled holds, together.
    pending: Batch,
    /// What sled may write for that and for what was given to it last, in bytes.
    space: u64,
    /// The number of the last commit.
    commit: u64,
    mark: Mark,
    checkpoint: Checkpoint,
}

impl SledStore {
    /// Makes a new, empty store. The folder must not exist, or be empty; its parent must exist.
    pub fn create(folder: &Path, options: &Options) -> Result<Self, StoreError> {
        let folder = &folder::absolute(folder)?;
        folder::create(folder)?;
        folder::require_space(folder, options.reserve.saturating_add(OPENING_SPACE))?;
        let lock = FolderLock::acquire(folder)?;
        let store = Self::launch(folder, options, lock, true)?;
        {
            let mut state = store.state();
            state.checkpoint.write_alone(Batch::default(), 0)?;
            state.set_mark();
        }
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
        let store = Self::launch(folder, options, lock, false)?;
        store.state().recover(folder)?;
        folder::restrict(folder)?;
        folder::sync_folder(folder)?;
        Ok(store)
    }

    /// Starts sled, the writer and the journal.
    fn launch(
        folder: &Path,
        options: &Options,
        lock: FolderLock,
        create: bool,
    ) -> Result<Self, StoreError> {
        let file = open_log(folder, create)?;
        lock::wait_for_release(folder, &file)?;
        let log = Log::open(folder, file, options.cache)?;
        Ok(Self {
            folder: folder.to_owned(),
            reserve: options.reserve,
            state: Mutex::new(State {
                checkpoint: Checkpoint::start(folder, log)?,
                journal: Journal::open(folder, options.journal)?,
                pending: Batch::default(),
                space: 0,
                commit: 0,
                mark: Mark::open(folder)?,
            }),
            lock: Some(lock),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shut_down(&mut self) -> Result<(), StoreError> {
        let (settled, closed, abandoned) = {
            let mut state = self.state();
            let settled = match state.checkpoint.log() {
                Ok(_) => state.settle(),
                Err(_) => Ok(()),
            };
            let closed = state.checkpoint.close();
            (settled, closed, state.checkpoint.is_abandoned())
        };
        if abandoned {
            // sled may still be writing, so nobody else may have the folder while this process lives.
            mem::forget(self.lock.take());
        }
        settled.and(closed)
    }
}

impl State {
    /// Brings sled up to the last commit in the journal, and compares that with the mark.
    fn recover(&mut self, folder: &Path) -> Result<(), StoreError> {
        if !self.checkpoint.read_ledger()? {
            return Err(damaged(folder, "its log holds nothing"));
        }
        let (changes, last) = self.journal.after(self.checkpoint.ledger().commit)?;
        match self.mark.read() {
            Some(acknowledged) if acknowledged > last => {
                return Err(damaged(
                    folder,
                    format!(
                        "commit {acknowledged} was acknowledged, but the log ends with commit {last}; \
                         to go on without what is lost, remove the file `{MARK_FILE}`"
                    ),
                ));
            }
            Some(_) => {}
            None => tracing::warn!(
                folder = %folder.display(),
                "the file `{MARK_FILE}` is missing or damaged; lost commits at the end of the log would not show"
            ),
        }
        if last > self.checkpoint.ledger().commit {
            folder::require_space(folder, space_to_recover(&changes))?;
            // What is in sled in part must be in the journal whole.
            self.journal.sync()?;
            self.checkpoint.begin(changes, last)?;
            self.checkpoint.finish()?;
        }
        self.commit = last;
        self.set_mark();
        Ok(())
    }

    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        self.checkpoint.poll()?;
        let number = self.commit.saturating_add(1);
        if journal::is_large(&batch) {
            self.settle()?;
            self.checkpoint.write_alone(batch, number)?;
        } else {
            let room = self.journal.has_room_for(&batch);
            if !room.inspect_err(|error| self.checkpoint.latch(error))? {
                self.turn()?;
            }
            let appended = self.journal.append(number, &batch);
            appended.inspect_err(|error| self.checkpoint.latch(error))?;
            self.space = self.space.saturating_add(space_for(&batch));
            self.pending.merge(batch);
        }
        self.commit = number;
        self.set_mark();
        Ok(())
    }

    /// Begins to bring into sled what is not there, and goes on in the other segment of the journal.
    fn turn(&mut self) -> Result<(), StoreError> {
        // Until then the other segment is needed.
        self.checkpoint.finish()?;
        let pending = mem::take(&mut self.pending);
        self.space = space_for(&pending);
        self.checkpoint.begin(pending, self.commit)?;
        self.journal.turn();
        Ok(())
    }

    /// Waits until everything is in sled.
    fn settle(&mut self) -> Result<(), StoreError> {
        if !self.pending.is_empty() {
            self.turn()?;
        }
        self.checkpoint.finish()?;
        self.space = 0;
        Ok(())
    }

    /// Notes the last commit. A failure is no reason to call a durable commit failed.
    fn set_mark(&self) {
        if let Err(error) = self.mark.set(self.commit) {
            tracing::warn!(%error, "the number of the last commit could not be noted");
        }
    }
}

impl Store for SledStore {
    fn scan_reporting(
        &self,
        prefix: &[u8],
        visit: VisitRecord<'_>,
        corrupt: ReportCorrupt<'_>,
    ) -> Result<(), StoreError> {
        let (log, tally) = {
            let mut state = self.state();
            let log = state.checkpoint.log()?;
            state.settle()?;
            (log, state.checkpoint.ledger().tally)
        };
        let expected = prefix.is_empty().then_some(tally);
        Reader::new(&log).scan(prefix, expected, visit, corrupt)
    }

    fn read(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let mut state = self.state();
        let log = state.checkpoint.log()?;
        let change = state.pending.change(key);
        if let Some(change) = change.or_else(|| state.checkpoint.change(key)) {
            return Ok(change.map(<[u8]>::to_vec));
        }
        state.checkpoint.finish()?;
        Reader::new(&log).read(key)
    }

    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        batch.check_limits()?;
        let mut state = self.state();
        state.checkpoint.log()?;
        if batch.is_empty() {
            return Ok(());
        }
        let needed = self.reserve.saturating_add(space_for(&batch));
        let wanted = needed.saturating_add(state.space);
        if folder::require_space(&self.folder, wanted).is_err() {
            // What sled has been given takes what it takes, and no more is kept free for it.
            state.settle()?;
            folder::require_space(&self.folder, needed)?;
        }
        state.commit(batch)
    }

    fn close(mut self: Box<Self>) -> Result<(), StoreError> {
        let usable = self.state().checkpoint.log().map(|_| ());
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

/// As [`space_for`], of what is written in parts: sled uses again what one has freed, and a disk that runs full before the
/// last costs nothing, because the journal has it all.
fn space_to_recover(changes: &Batch) -> u64 {
    let size = changes.size().saturating_mul(SPACE_FACTOR);
    size.saturating_add(SPACE_PER_CHANGE.saturating_mul(PART as u64))
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
