//! Filling an empty snapshot with the entries of a store.
//!
//! Owns what is put off until the last entry is there, because it costs a fraction for all at once: names and children.
//! Values are indexed by whoever loads, on a thread of its own.

use std::sync::Arc;

use super::{IdSet, Snapshot, new_structure};
use crate::directory::entry::{EntryId, EntryRef};
use crate::directory::index::{Changed, Index};

/// A snapshot that is being filled; entries are not found in it before it is finished.
pub struct Loading {
    snapshot: Snapshot,
    names: Vec<(u64, EntryId)>,
    /// Parents with their children.
    children: Vec<(EntryId, EntryId)>,
}

impl Loading {
    /// Begins with a snapshot that has no entries.
    pub(in crate::directory) fn new(mut empty: Snapshot) -> Self {
        empty.begin_bulk_joins();
        Self {
            snapshot: empty,
            names: Vec::new(),
            children: Vec::new(),
        }
    }

    /// What has been filled in so far.
    pub(in crate::directory) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The same, for all that is not put off.
    pub(in crate::directory) fn snapshot_mut(&mut self) -> &mut Snapshot {
        &mut self.snapshot
    }

    /// Adds an entry of an id that there is none of yet.
    pub(in crate::directory) fn add(&mut self, id: EntryId, bytes: Arc<[u8]>) {
        let snapshot = &mut self.snapshot;
        let entry = EntryRef::new(&bytes);
        let hash = snapshot.keys.of_name(&snapshot.schema, entry);
        self.names.push((hash, id));
        self.children.push((entry.parent(), id));
        snapshot.advance_csn(entry.csn());
        snapshot.reserve_ids(id.saturating_add(1));
        if snapshot.entries.set(id, Arc::clone(&bytes)).is_none() {
            snapshot.count += 1;
        }
        let entry = Some(EntryRef::new(&bytes));
        snapshot.follow_uids(id, None, entry, &Changed::Everything);
        snapshot.follow_selection(id, None, entry, &Changed::Everything);
    }

    /// The whole snapshot, with the index of its values.
    pub(in crate::directory) fn finish(mut self, index: Index) -> Snapshot {
        self.snapshot.names.extend(self.names);
        self.children.sort_unstable();
        for family in self.children.chunk_by(|one, next| one.0 == next.0) {
            if let Some((parent, _)) = family.first() {
                let children: IdSet = family.iter().map(|(_, child)| *child).collect();
                self.snapshot.children.add_all(*parent, &children);
            }
        }
        self.snapshot.index = index;
        self.snapshot.structure = new_structure();
        self.snapshot.end_bulk_joins();
        self.snapshot
    }
}
