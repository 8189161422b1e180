//! Entries that are in no store, such as the root DSE and the subschema, searched and shown like any other.
//!
//! Owns how such an entry is made: a tree of one entry in memory. What stands in it is the faces' business.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::access::AttributeMask;
use super::attributes::Attributes;
use super::descriptions::DescriptionTable;
use super::entry::{self, Actor, Head, ROOT};
use super::filter::Filter;
use super::filter::evaluate::{Evaluator, Truth};
use super::index::IndexedAttributes;
use super::schema::Schema;
use super::search::values::MatchedValues;
use super::selection::{Selection, VisibleEntry};
use super::snapshot::Snapshot;
use super::time::Csn;
use super::view::View;

/// The id of the one entry.
const ID: u32 = ROOT + 1;

/// An entry that anyone may read.
pub struct VirtualEntry {
    snapshot: Snapshot,
    everything: AttributeMask,
}

impl VirtualEntry {
    /// An entry of this name and these attributes, as of `seconds` since 1970.
    pub fn new(
        schema: Arc<Schema>,
        dn: &str,
        attributes: &Attributes,
        seconds: i64,
    ) -> VirtualEntry {
        let mut snapshot = Snapshot::empty(
            Arc::clone(&schema),
            Arc::from([]),
            "".into(),
            &IndexedAttributes::default(),
        );
        let mut blocks = Vec::new();
        for attribute in attributes.iter() {
            let table = snapshot.descriptions_mut();
            if let Ok(id) = DescriptionTable::intern(table, &schema, &attribute.description) {
                blocks.push((id, attribute.values.iter().map(Vec::as_slice)));
            }
        }
        let uuid = blake3::hash(dn.as_bytes())
            .as_bytes()
            .first_chunk()
            .copied()
            .unwrap_or_default();
        let head = Head {
            parent: ROOT,
            uuid: *uuid::Builder::from_random_bytes(uuid).as_uuid().as_bytes(),
            created: seconds,
            modified: seconds,
            csn: Csn::default(),
            rdn: dn.to_owned(),
            creator: Actor::Administrator,
            modifier: Actor::Administrator,
        };
        if let Ok(bytes) = entry::encode(&head, blocks.into_iter()) {
            snapshot.put_entry(ID, bytes.into());
        }
        let everything = AttributeMask::of(&schema, |_| true);
        VirtualEntry {
            snapshot,
            everything,
        }
    }

    /// Whether a filter is true of the entry.
    pub fn matches(&self, filter: &Filter) -> bool {
        let filter = filter.resolve(self.snapshot.schema());
        View::new(&self.snapshot, ID).is_some_and(|view| {
            Evaluator::default().evaluate(&filter, &view, &self.everything) == Truth::True
        })
    }

    /// Hands the entry to `sink` if it matches; of its values those that match an item of `values`, if that is given.
    pub fn search(
        &self,
        filter: &Filter,
        selectors: &[String],
        values: Option<&[Filter]>,
        sink: &mut dyn FnMut(&VisibleEntry<'_>) -> ControlFlow<()>,
    ) {
        let schema = self.snapshot.schema();
        let selection = Selection::new(schema, selectors);
        let values = values.map(|items| MatchedValues::new(schema, items));
        let Some(view) = View::new(&self.snapshot, ID) else {
            return;
        };
        if self.matches(filter) {
            let entry = VisibleEntry::new(view, &selection, &self.everything);
            let _ = sink(&entry.matching(values.as_ref()));
        }
    }
}
