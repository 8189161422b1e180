//! Taking LDIF in: all of a file or nothing.
//!
//! Owns the two steps of it. First everything is read on one thread, judged and put into an unpublished state in memory on
//! another, where an error costs nothing. Then the store is told: new entries in steps behind a mark, which an interruption
//! leaves for the next start to roll back, and at last everything else together with the mark's removal, as one batch.

mod pending;

use std::collections::VecDeque;
use std::io::BufRead;
use std::ops::ControlFlow;
use std::sync::mpsc;

use super::access::AccessRules;
use super::account::AccountSettings;
use super::identity::Identity;
use super::lane::random_bytes;
use super::ldif::Reader;
use super::password::Pool;
use super::request::{Change, Terms};
use super::snapshot::Snapshot;
use super::stored::{self, Setting, prefix};
use super::time;
use super::unique::UniqueAttributes;
use super::write::{Draft, Origin};
use crate::storage::{Batch, Store, StoreError};

use pending::Pending;

/// Entries that go to the store together, at the most.
const STEP: u32 = 4_096;
/// Bytes of entries after which no more go together.
const STEP_BYTES: usize = 8 << 20;
/// Records that are handed from thread to thread together, and how many such lots may wait.
const LOT: usize = 64;
const LOTS: usize = 16;
/// Records that may wait for their passwords to be hashed.
const WAITING: usize = 1_024;
/// Records that are removed together: a store refuses a batch that takes more than a minute or the rest of the disk.
const REMOVED_TOGETHER: usize = 4_096;

/// Why an import did nothing.
#[derive(Debug)]
pub enum ImportError {
    /// A record is wrong.
    Record {
        /// Where it begins, or the line within it that is wrong.
        line: u64,
        /// Its name, as far as it was read.
        dn: String,
        /// What is wrong.
        reason: String,
    },
    /// The thread that reads could not be started.
    Thread(std::io::Error),
    /// The store could not take the records. What it had taken is removed at the next start.
    Store(StoreError),
}

impl std::fmt::Display for ImportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Record { line, dn, reason } if dn.is_empty() => {
                write!(f, "line {line}: {reason}")
            }
            Self::Record { line, dn, reason } => write!(f, "line {line}: {dn}: {reason}"),
            Self::Thread(error) => write!(f, "no thread to read the file on: {error}"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ImportError {}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What an import did, or would do.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Entries added.
    pub added: u64,
    /// Other changes made.
    pub changed: u64,
    /// Passwords in clear text that were hashed.
    pub hashed: u64,
}

/// How far an import is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes read so far.
    Reading(u64),
    /// Entries written so far, of all.
    Writing(u64, u64),
}

/// A file that was read and judged, and is not yet in the store.
pub struct Prepared {
    snapshot: Snapshot,
    outstanding: super::write::Outstanding,
    report: Report,
}

/// Reads and judges a whole file on top of a state. `keep` is false for a dry run, where passwords need not be hashed.
pub fn prepare(
    base: Snapshot,
    rules: &AccessRules,
    pool: &Pool,
    input: impl BufRead + Send,
    keep: bool,
    progress: &mut dyn FnMut(Step),
) -> Result<Prepared, ImportError> {
    let schema = base.shared_schema();
    let mut random = random_source();
    // Everything is taken as it is in the file; what is there twice is for its owner to put right afterwards.
    let unique = UniqueAttributes::default();
    let accounts = AccountSettings::default();
    let (origin, now) = (Origin::Import, time::now());
    let mut draft = Draft::new(&base, rules, (&unique, &accounts), origin, now, &mut random);
    // The draft shall be the only owner, so that it changes in place.
    drop(base);
    let mut report = Report::default();
    let mut waiting = VecDeque::new();
    let (send, lots) = mpsc::sync_channel(LOTS);
    std::thread::scope(|scope| {
        // In here, so that the reader ends with the first error: nobody takes its next lot.
        let lots = lots;
        std::thread::Builder::new()
            .name("import-reader".to_owned())
            .spawn_scoped(scope, move || read(input, &send))
            .map_err(ImportError::Thread)?;
        for lot in lots {
            for mut pending in lot.pending {
                pending.hash_passwords(&schema, pool, keep, &mut report)?;
                waiting.push_back(pending);
                while waiting.len() > WAITING || waiting.front().is_some_and(Pending::is_ready) {
                    apply(&mut draft, waiting.pop_front(), &mut report)?;
                }
            }
            progress(Step::Reading(lot.position));
            lot.end?;
        }
        while !waiting.is_empty() {
            apply(&mut draft, waiting.pop_front(), &mut report)?;
        }
        Ok::<(), ImportError>(())
    })?;
    draft
        .complete_networks()
        .map_err(|error| ImportError::Record {
            line: 0,
            dn: String::new(),
            reason: format!("the groups that come with networks: {error}"),
        })?;
    let (snapshot, outstanding) = draft.finish();
    Ok(Prepared {
        snapshot,
        outstanding,
        report,
    })
}

/// Records that were read.
struct Lot {
    pending: Vec<Pending>,
    /// Bytes of the file up to their end.
    position: u64,
    /// What is wrong with the record after them.
    end: Result<(), ImportError>,
}

/// Reads a file to its end, to its first mistake, or until nobody wants more of it.
fn read(input: impl BufRead, lots: &mpsc::SyncSender<Lot>) {
    let mut reader = Reader::new(input);
    loop {
        let mut pending = Vec::with_capacity(LOT);
        let mut end = Ok(());
        let mut more = true;
        while more && pending.len() < LOT {
            match next(&mut reader) {
                Ok(Some(record)) => pending.push(record),
                Ok(None) => more = false,
                Err(error) => (end, more) = (Err(error), false),
            }
        }
        let position = reader.position();
        let lot = Lot {
            pending,
            position,
            end,
        };
        if lots.send(lot).is_err() || !more {
            return;
        }
    }
}

/// A version 4 UUID needs only to be unlike all others: one secret from the system is stretched by a hash, because asking
/// the system for each of a million takes longer than anything else about them.
fn random_source() -> impl FnMut() -> [u8; 16] {
    let mut output = blake3::Hasher::new_keyed(&key()).finalize_xof();
    move || {
        let mut bytes = [0; 16];
        output.fill(&mut bytes);
        bytes
    }
}

fn key() -> [u8; 32] {
    let mut key = [0; 32];
    for (to, from) in key
        .iter_mut()
        .zip(random_bytes().into_iter().chain(random_bytes()))
    {
        *to = from;
    }
    key
}

impl Prepared {
    /// What the import comes to.
    pub fn report(&self) -> Report {
        self.report
    }

    /// The state with the import in it.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Writes everything; it is on the disk when this returns.
    pub fn write(
        self,
        store: &mut dyn Store,
        progress: &mut dyn FnMut(Step),
    ) -> Result<Report, ImportError> {
        let (first, end) = (self.outstanding.first_new, self.snapshot.next_id());
        let total = u64::from(end - first);
        let mut at = first;
        while at < end {
            let mut batch = Batch::default();
            if at == first {
                batch.put(Setting::Import.key(), first.to_be_bytes().to_vec());
            }
            let full = end.min(at.saturating_add(STEP));
            let mut bytes = 0;
            while at < full && bytes < STEP_BYTES {
                stored::put_new_entry(&mut batch, &self.snapshot, at);
                bytes += self.snapshot.entry_bytes(at).map_or(0, |entry| entry.len());
                at += 1;
            }
            store.commit(batch)?;
            progress(Step::Writing(u64::from(at - first), total));
        }
        let mut last = self.outstanding.batch;
        last.delete(Setting::Import.key());
        store.commit(last)?;
        Ok(self.report)
    }
}

/// Removes what an interrupted import had written so far; nothing of it was acknowledged. The number of records removed.
/// The mark goes last, so that the next start goes on where this one is interrupted.
pub fn roll_back_import(store: &mut dyn Store) -> Result<usize, StoreError> {
    let Some(first) = store.read(&Setting::Import.key())? else {
        return Ok(0);
    };
    let first = u32::from_be_bytes(first.first_chunk::<4>().copied().unwrap_or([0xff; 4]));
    let mut keys = Vec::new();
    for kind in [prefix::ENTRY, prefix::MEMBERS, prefix::DANGLING] {
        store.scan(&[kind], &mut |key, _| {
            let of = key
                .get(1..5)
                .and_then(|id| id.first_chunk::<4>())
                .map(|id| u32::from_be_bytes(*id));
            if of.is_some_and(|id| id >= first) {
                keys.push(key.to_vec());
            }
            ControlFlow::Continue(())
        })?;
    }
    for some in keys.chunks(REMOVED_TOGETHER) {
        let mut batch = Batch::default();
        some.iter().for_each(|key| batch.delete(key.as_slice()));
        store.commit(batch)?;
    }
    let mut last = Batch::default();
    last.delete(Setting::Import.key());
    store.commit(last)?;
    Ok(keys.len())
}

fn next<R: BufRead>(reader: &mut Reader<R>) -> Result<Option<Pending>, ImportError> {
    let record = reader.next_record().map_err(|error| ImportError::Record {
        line: error.line,
        dn: String::new(),
        reason: error.reason.to_string(),
    })?;
    record.map(Pending::new).transpose()
}

fn apply(
    draft: &mut Draft<'_>,
    pending: Option<Pending>,
    report: &mut Report,
) -> Result<(), ImportError> {
    let Some(mut pending) = pending else {
        return Ok(());
    };
    pending.take_hashes()?;
    let terms = Terms {
        manage_referrals: true,
        ..Terms::default()
    };
    draft
        .apply(&Identity::administrator(), &pending.change, &terms)
        .map_err(|error| pending.wrong(pending.line, error))?;
    match pending.change {
        Change::Add { .. } => report.added += 1,
        _ => report.changed += 1,
    }
    Ok(())
}

#[cfg(test)]
mod tests;
