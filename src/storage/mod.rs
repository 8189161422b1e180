//! What is kept.
pub mod memory;

mod batch;
#[cfg(test)]
mod crash_tests;
mod error;
mod folder;
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

/// Takes a record that cannot be trusted, or a run of them, and says whether the scan goes on.
pub type ReportCorrupt<'a> = &'a mut dyn FnMut(StoreError) -> ControlFlow<()>;

/// Records that survive the process: byte strings under byte strings.
pub trait Store: Send + Sync {
    /// s
    fn scan(&self, prefix: &[u8], visit: VisitRecord<'_>) -> Result<(), StoreError> {
        let mut first = Ok(());
        self.scan_reporting(prefix, visit, &mut |error| {
            first = Err(error);
            ControlFlow::Break(())
        })?;
        first
    }
    /// s
    fn scan_reporting(
        &self,
        prefix: &[u8],
        visit: VisitRecord<'_>,
        corrupt: ReportCorrupt<'_>,
    ) -> Result<(), StoreError>;
    /// s
    fn read(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// s
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError>;
    /// s
    fn close(self: Box<Self>) -> Result<(), StoreError>;
}
