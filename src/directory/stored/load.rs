//! Reading all records into a snapshot.
//!
//! Owns the two threads of it: one reads, checks and keeps, the other one indexes values, which takes as long.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::error::malformed;
use super::{LoadError, Record, description_key, parse, prefix};
use crate::directory::descriptions::{DescriptionTable, RestoreError};
use crate::directory::entry::{EntryId, EntryRef};
use crate::directory::index::{Context, Index};
use crate::directory::schema::Schema;
use crate::directory::snapshot::{Judged, Loading, Snapshot};
use crate::storage::Store;

/// Entries that are handed from thread to thread together, and how many such lots may wait.
const LOT: usize = 512;
const LOTS: usize = 16;

/// Entries to be indexed, and the descriptions of their attributes.
struct Lot {
    descriptions: Arc<DescriptionTable>,
    entries: Vec<(EntryId, Arc<[u8]>)>,
}

/// Reads all records into an empty snapshot; `progress` is told how many entries there are so far. One scan of
/// everything, because the store counts and sums what passes and tells when something is missing. The first bytes of
/// keys put descriptions before entries and entries before edges.
pub fn load(
    store: &dyn Store,
    snapshot: Snapshot,
    progress: &mut dyn FnMut(usize),
) -> Result<Snapshot, LoadError> {
    let schema = snapshot.shared_schema();
    let index = snapshot.index().clone();
    let (send, lots) = sync_channel(LOTS);
    std::thread::scope(|scope| {
        let indexer = std::thread::Builder::new()
            .name("load-index".to_owned())
            .spawn_scoped(scope, || index_all(index, &schema, lots))
            .map_err(LoadError::Thread)?;
        let reader = Reader {
            schema: &schema,
            loading: Loading::new(snapshot),
            lot: Vec::with_capacity(LOT),
            lots: send,
            judged: None,
        };
        let loading = reader.read(store, progress)?;
        let index = indexer
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok(loading.finish(index))
    })
}

fn index_all(mut index: Index, schema: &Schema, lots: Receiver<Lot>) -> Index {
    index.begin_bulk();
    for lot in lots {
        let context = Context {
            schema,
            descriptions: &lot.descriptions,
        };
        for (id, bytes) in &lot.entries {
            index.replace(context, *id, None, Some(EntryRef::new(bytes)));
        }
    }
    index.end_bulk();
    index
}

struct Reader<'a> {
    schema: &'a Schema,
    loading: Loading,
    /// Entries that are still to be handed on.
    lot: Vec<(EntryId, Arc<[u8]>)>,
    lots: SyncSender<Lot>,
    judged: Option<Judged>,
}

impl Reader<'_> {
    fn read(
        mut self,
        store: &dyn Store,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Loading, LoadError> {
        let mut failure = None;
        store.scan(&[], &mut |key, value| {
            let taken = parse(self.schema, key, value).and_then(|record| self.take(record, value));
            if let Err(error) = taken {
                failure = Some(error);
                return ControlFlow::Break(());
            }
            let entries = self.loading.snapshot().len();
            if key.first() == Some(&prefix::ENTRY) && entries.is_multiple_of(65_536) {
                progress(entries);
            }
            ControlFlow::Continue(())
        })?;
        self.hand_on();
        self.loading.snapshot_mut().recall_judged(self.judged);
        match failure {
            Some(error) => Err(error),
            None => Ok(self.loading),
        }
    }

    fn take(&mut self, record: Record<'_>, value: &[u8]) -> Result<(), LoadError> {
        let snapshot = self.loading.snapshot_mut();
        match record {
            Record::Description(id, text) => {
                let table = Arc::make_mut(snapshot.descriptions_mut());
                table
                    .restore(self.schema, id, text)
                    .map_err(|error| match error {
                        RestoreError::Schema(error) => LoadError::Description {
                            text: text.to_owned(),
                            reason: error.to_string(),
                        },
                        RestoreError::NotNext { .. } => {
                            let reason = format!("the attribute description \"{text}\" {error}");
                            malformed(&description_key(id), reason)
                        }
                    })?;
            }
            Record::Entry(id, _) => {
                let bytes: Arc<[u8]> = value.into();
                self.lot.push((id, Arc::clone(&bytes)));
                self.loading.add(id, bytes);
                if self.lot.len() >= LOT {
                    self.hand_on();
                }
            }
            Record::Members(group, kind, ids) => snapshot.add_members(group, kind, ids.collect()),
            Record::Dangling(group, edge) => {
                snapshot.add_edge(group, &edge);
            }
            Record::Activity(id, seen) => {
                snapshot.activity().restore(id, seen);
            }
            Record::State(next, csn, judged) => {
                snapshot.reserve_ids(next);
                snapshot.advance_csn(csn);
                self.judged = judged;
            }
            Record::Other => {}
        }
        Ok(())
    }

    fn hand_on(&mut self) {
        let lot = Lot {
            descriptions: Arc::clone(self.loading.snapshot_mut().descriptions_mut()),
            entries: std::mem::replace(&mut self.lot, Vec::with_capacity(LOT)),
        };
        // Refused only when the other thread has panicked, which is passed on where it is waited for.
        let _ = self.lots.send(lot);
    }
}
