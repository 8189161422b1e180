//! Owns how changes get into sled: many commits at once, translated to its form, with the ledger that holds after them, by
//! the thread that writes while more commits are taken. What makes a commit durable before is the journal.

use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Batch;
use super::error::StoreError;
use super::folder::io_error;
use super::ledger::Ledger;
use super::log::{Log, WriteFailure};
use super::reader::Reader;
use super::record::{self, Head};
use super::sled_error::damaged;
use super::writer::{Pulse, Stop, Writer};

/// How long one batch of sled's may take before the store is given up.
pub(super) const STALL_LIMIT: Duration = Duration::from_secs(60);

/// How many changes of commits that are in the journal are given to sled at once: few enough that most pages that were
/// looked up for them are in its cache still when they are written, and many enough that syncs cost little.
pub(super) const PART: usize = 1024;

/// What is in sled, and what is being put there.
pub(super) struct Checkpoint {
    folder: PathBuf,
    /// None when the store is closed.
    log: Option<Arc<Log>>,
    pub(super) writer: Writer<Job, Ledger, WriteFailure>,
    /// What sled holds, without what is being written.
    ledger: Ledger,
    writing: Option<Arc<Batch>>,
    /// Set when sled must not even be closed, because that would do harm or never end.
    abandoned: bool,
}

/// What the writing thread does.
pub(super) enum Job {
    /// Writes changes after which `commit` is the last commit and `before` was the ledger.
    Write {
        changes: Arc<Batch>,
        before: Ledger,
        commit: u64,
        /// How many changes are given to sled at once.
        part: usize,
    },
    /// Lets go of the log.
    Close(Arc<Log>),
}

impl Checkpoint {
    /// Starts the writer for a log that holds what the ledger says.
    pub(super) fn start(folder: &Path, log: Log) -> Result<Self, StoreError> {
        let log = Arc::new(log);
        let mut own = Some(Arc::clone(&log));
        let writer = Writer::start(STALL_LIMIT, move |job, pulse| match (job, &own) {
            (
                Job::Write {
                    changes,
                    before,
                    commit,
                    part,
                },
                Some(log),
            ) => write(log, &changes, part, before, commit, pulse),
            (Job::Write { before, .. }, None) => Ok(before),
            (Job::Close(last), _) => {
                own = None;
                drop(last);
                Ok(Ledger::default())
            }
        })
        .map_err(|source| io_error("starting the writer for", folder, source))?;
        Ok(Self {
            folder: folder.to_owned(),
            log: Some(log),
            writer,
            ledger: Ledger::default(),
            writing: None,
            abandoned: false,
        })
    }

    /// The log, while nothing has failed.
    pub(super) fn log(&self) -> Result<Arc<Log>, StoreError> {
        let Some(log) = &self.log else {
            return Err(StoreError::Latched {
                cause: "it was closed".to_owned(),
            });
        };
        log.check()?;
        Ok(Arc::clone(log))
    }

    /// What sled holds, without what is being written.
    pub(super) fn ledger(&self) -> Ledger {
        self.ledger
    }

    /// Reads what sled holds from sled itself. `false` where there is nothing to read.
    pub(super) fn read_ledger(&mut self) -> Result<bool, StoreError> {
        let log = self.log()?;
        let Some(stored) = Reader::new(&log).stored(record::LEDGER_KEY)? else {
            return Ok(false);
        };
        let corrupt = "the record about all records is corrupt";
        self.ledger = Ledger::decode(&stored).ok_or_else(|| damaged(&self.folder, corrupt))?;
        Ok(true)
    }

    /// The change of a key that is being written.
    pub(super) fn change(&self, key: &[u8]) -> Option<Option<&[u8]>> {
        self.writing.as_ref()?.change(key)
    }

    /// Begins to write changes that the journal holds, of which those of `commit` are the last. What was begun before is
    /// waited for.
    pub(super) fn begin(&mut self, changes: Batch, commit: u64) -> Result<(), StoreError> {
        self.write(changes, commit, PART)
    }

    /// Writes changes that the journal does not hold, wholly or not at all, and waits until they are durable.
    pub(super) fn write_alone(&mut self, changes: Batch, commit: u64) -> Result<(), StoreError> {
        self.write(changes, commit, usize::MAX)?;
        self.finish()
    }

    fn write(&mut self, changes: Batch, commit: u64, part: usize) -> Result<(), StoreError> {
        self.finish()?;
        let changes = Arc::new(changes);
        self.writing = Some(Arc::clone(&changes));
        let job = Job::Write {
            changes,
            before: self.ledger,
            commit,
            part,
        };
        let begun = self.writer.begin(job);
        begun.map_err(|stop| self.give_up(stop))
    }

    /// Takes note of what was begun, if it has ended.
    pub(super) fn poll(&mut self) -> Result<(), StoreError> {
        let outcome = self.writer.poll();
        outcome.map_or(Ok(()), |outcome| self.conclude(outcome))
    }

    /// Waits until all that was begun is durable.
    pub(super) fn finish(&mut self) -> Result<(), StoreError> {
        let outcome = self.writer.finish();
        outcome.map_or(Ok(()), |outcome| self.conclude(outcome))
    }

    fn conclude(&mut self, outcome: Result<Ledger, Stop<WriteFailure>>) -> Result<(), StoreError> {
        self.ledger = outcome.map_err(|stop| self.give_up(stop))?;
        self.writing = None;
        Ok(())
    }

    fn give_up(&mut self, stop: Stop<WriteFailure>) -> StoreError {
        let (error, abandoned) = match stop {
            Stop::Failed(WriteFailure { error, keep_open }) => (error, keep_open),
            Stop::Panicked(what) => (damaged(&self.folder, what), true),
            Stop::Stalled(limit) => {
                let text = format!("no answer for {} s", limit.as_secs());
                let source = std::io::Error::new(std::io::ErrorKind::TimedOut, text);
                (io_error("writing to", &self.folder, source), true)
            }
        };
        self.latch(&error);
        self.abandoned |= abandoned;
        error
    }

    /// Stops everything from here on.
    pub(super) fn latch(&self, error: &StoreError) {
        if let Some(log) = &self.log {
            log.latch(error);
        }
    }

    /// Closes sled, or leaves it as it is when it must not be closed.
    pub(super) fn close(&mut self) -> Result<(), StoreError> {
        // What is being written may end so that sled must not be closed.
        let finished = self.finish();
        let Some(log) = self.log.take() else {
            return finished;
        };
        if self.abandoned {
            mem::forget(log);
            return finished;
        }
        let begun = self.writer.begin(Job::Close(log));
        let ended = begun.and_then(|()| self.writer.finish().transpose());
        finished.and(ended.map(drop).map_err(|stop| self.give_up(stop)))
    }

    /// Whether sled was left as it is, so that nobody else may have the folder while this process lives.
    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned
    }
}

/// Writes changes into sled, a part at a time, and tells the ledger that holds then. Each part comes with the ledger that
/// holds after it, so that one that is written again when the store is opened is counted once.
fn write(
    log: &Log,
    changes: &Batch,
    part: usize,
    before: Ledger,
    commit: u64,
    pulse: &Pulse,
) -> Result<Ledger, WriteFailure> {
    let (mut ledger, mut changes) = (before, changes.changes().peekable());
    loop {
        // A store that cannot be read before it is overwritten must not be written to.
        let prepared = log
            .check()
            .and_then(|()| prepare(log, changes.by_ref().take(part), &mut ledger));
        let mut batch = prepared.map_err(|error| WriteFailure {
            error,
            keep_open: false,
        })?;
        let done = changes.peek().is_none();
        if done {
            ledger.commit = commit;
        }
        batch.insert(record::LEDGER_KEY, ledger.encode());
        log.write(batch)?;
        pulse.beat();
        if done {
            return Ok(ledger);
        }
    }
}

/// Translates changes to sled's, and has the ledger count what they do.
fn prepare<'a>(
    log: &Log,
    changes: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
    ledger: &mut Ledger,
) -> Result<sled::Batch, StoreError> {
    let reader = Reader::new(log);
    let mut translated = sled::Batch::default();
    for (key, value) in changes {
        let old = reader.head(key)?;
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
    Ok(translated)
}
