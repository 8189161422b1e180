//! What is kept: records, byte strings under byte strings, that survive the process. Owns their form on disk, their
//! durability, and telling when they are harmed. Knows nothing of what they mean, and is the only place that names sled.
//!
//! The world outside sees [`Store`], [`Batch`] and [`StoreError`]; [`SledStore`] is the store on disk and
//! [`memory::MemoryStore`] the one for tests. All records are read in one scan at start and served from memory after
//! that, so reading need not be fast; one thread commits, so writing need not be shared.
//!
//! # What is on disk
//!
//! | in the folder | what it is | made durable |
//! |---|---|---|
//! | `format` | makes the folder a store and says its version; written last | once, at creation |
//! | `lock` | names the process that has the store | needs not be |
//! | `acknowledged` | the number of the last commit | by the kernel, within seconds |
//! | `journal.0`, `journal.1` | the last commits, up to 16 MiB in each | with every commit but large ones |
//! | `db` | sled's log: every record, every page, written in segments of 512 KiB that are used again | at the latest when a journal is full; with every large commit; at the end |
//! | `conf` | sled's settings, the same in every store; sled never syncs it | once, at creation |
//! | `snap.<position>` | sled's page table as of the last opening; holds nothing that is not in `db` | by sled, at opening; its name by us |
//! | `blobs/` | pages that are too large for the log and that sled never syncs; stays empty, because records are split | once, at creation |
//! | `set-aside/` | what an abrupt stop left unusable and opening moved away | when moved |
//!
//! A commit is appended to the journal (`journal.rs`); many together are brought into sled while others are appended
//! (`checkpoint.rs`), and what an abrupt stop leaves in the journal is brought there at the next opening.
//!
//! A record is stored in at most 4,096 bytes at a time and carries a checksum over key and value (`record.rs`). With the
//! records the count and the sum of all checksums is written and the number of the last commit (`ledger.rs`), because sled
//! passes over what it cannot read in its log: of 900 flipped bits 424 kept the store from opening, 92 were told by the
//! scan, 384 did no harm, and none passed in silence. `log.rs` says what is synced when, and why less would not do.
//!
//! # Measured
//!
//! On two shared cores (ext4 on a virtual disk), `cargo bench --bench storage`: one million records of 700 bytes, then
//! overwrites at random places.
//!
//! | | 100,000 records | 1,000,000 records |
//! |---|---|---|
//! | import, 1,000 records a commit | 170,000 records/s | 167,000 records/s |
//! | commits of one record, one after the other | 9,400/s | 8,900/s |
//! | one such commit, half within; 99 % within | 0.10 ms; 0.17 ms | 0.11 ms; 0.20 ms |
//! | commits of 64 records | 1,550/s (99,000 records/s) | 670/s (43,000 records/s) |
//! | one such commit, half within; 99 % within | 0.17 ms; 0.71 ms | 0.18 ms; 2 ms |
//! | scan with all checks, pages not in sled's cache | 490,000-570,000 records/s | 580,000-600,000 records/s (1.7 s) |
//! | opening after a clean stop; after all of the above | 0.04 s; 0.11 s | 0.13 s; 0.45 s |
//! | `db`, after the import; after the overwrites | 1.6; 3.4 times the data | 1.6; 1.9 times the data |
//! | resident memory at the end | 83 MB | 150 MB |
//!
//! Who writes faster than sled takes it waits whenever a journal is full, until sled has what the other one holds, and for
//! nothing in between.
//!
//! After 40 overwrites of everything `db` is 3.6 times the data. sled's cache of 64 MiB is as good as one of 256 MiB;
//! with 1 GiB commits of 64 records and a second scan are two and three times as fast. sled's two modes, small and fast,
//! do not differ: 0.34.7 never looks at that setting.
pub mod memory;

mod batch;
mod checkpoint;
mod error;
mod folder;
mod journal;
mod ledger;
mod leftovers;
mod lock;
mod log;
mod reader;
mod record;
mod sled_error;
mod sled_store;
mod writer;

use std::ops::ControlFlow;

pub use batch::Batch;
pub use error::StoreError;
pub use record::{MAX_KEY_LEN, MAX_VALUE_LEN};
pub use sled_store::{Options, SledStore};

/// Takes the key and the value of a record, and says whether the scan goes on.
pub type VisitRecord<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>;

/// Takes what is wrong with a record, or with several, and says whether the scan goes on.
pub type ReportCorrupt<'a> = &'a mut dyn FnMut(StoreError) -> ControlFlow<()>;

/// Keeps records.
///
/// After a commit that failed for any other reason than its size or too little free space, every later call answers
/// [`StoreError::Latched`]: whether that commit is there is unknown until the store is reopened.
pub trait Store: Send + Sync {
    /// Visits the records whose keys start with `prefix`, in the order of their keys, until the visitor has enough.
    ///
    /// Fails at the first record that is damaged. A scan of all records (an empty `prefix`) that comes to its end fails
    /// as well when records are missing or outdated.
    fn scan(&self, prefix: &[u8], visit: VisitRecord<'_>) -> Result<(), StoreError> {
        let mut damage = Ok(());
        self.scan_reporting(prefix, visit, &mut |error| {
            damage = Err(error);
            ControlFlow::Break(())
        })?;
        damage
    }

    /// Like [`scan`](Self::scan), but hands [`StoreError::Corrupt`] and [`StoreError::Incomplete`] to `corrupt` and goes
    /// on with what can still be read.
    fn scan_reporting(
        &self,
        prefix: &[u8],
        visit: VisitRecord<'_>,
        corrupt: ReportCorrupt<'_>,
    ) -> Result<(), StoreError>;

    /// The value of one record.
    fn read(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Applies all changes of the batch or none, and returns when they are durable.
    ///
    /// [`StoreError::KeyTooLong`], [`StoreError::ValueTooLong`] and [`StoreError::DiskFull`] with a number of bytes
    /// needed refuse the batch before anything is written. A batch of a thousand changes costs far less than a thousand
    /// batches; one of more than a few megabytes gains nothing more.
    fn commit(&mut self, batch: Batch) -> Result<(), StoreError>;

    /// Lets go of the store. Everything committed is durable without it; it tells what dropping could only log.
    fn close(self: Box<Self>) -> Result<(), StoreError>;
}
