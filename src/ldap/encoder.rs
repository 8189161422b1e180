//! From a visible entry to a search result entry: stored values as blocks, computed ones made on the way.
//!
//! Owns the buffers that one connection uses for it again and again.

use bytes::BytesMut;

use super::codec::{AttributeList, write_entry};
use crate::directory::VisibleEntry;
use crate::directory::selection::MadeAttribute;
use crate::directory::value_set::{self, ValueSet};

/// Writes search result entries.
#[derive(Default)]
pub struct Encoder {
    dn: Vec<u8>,
    attributes: AttributeList,
    /// The values of a computed attribute, one after the other, and where each ends.
    values: Vec<u8>,
    ends: Vec<usize>,
    /// The same in their stored form.
    set: Vec<u8>,
}

/// Buffers above this are given back after use, so that one huge group does not stay in memory.
const KEPT: usize = 64 * 1024;

impl Encoder {
    /// Writes an entry under a message id.
    pub fn write(
        &mut self,
        out: &mut BytesMut,
        id: i32,
        entry: &VisibleEntry<'_>,
        types_only: bool,
    ) {
        self.dn.clear();
        entry.write_dn(&mut self.dn);
        entry.stored().for_each(|(name, block)| {
            let shown = (!types_only).then_some(block.value_set);
            self.attributes.push(name, shown);
        });
        for attribute in entry.computed() {
            if types_only {
                self.attributes.push(&attribute.name(), None);
            } else if self.compute(&attribute) {
                let made = ValueSet::split_first(&self.set).ok();
                let made = made.map(|(set, _)| set);
                self.attributes.push(&attribute.name(), made);
            }
        }
        write_entry(out, id, &self.dn, &self.attributes, &[]);
        self.clear();
    }

    /// Makes the values of an attribute; false when there are none to be shown.
    fn compute(&mut self, attribute: &MadeAttribute<'_>) -> bool {
        self.values.clear();
        self.ends.clear();
        self.set.clear();
        attribute.for_each(|value| {
            self.values.extend_from_slice(value);
            self.ends.push(self.values.len());
        });
        let values = &self.values;
        let starts = std::iter::once(&0).chain(&self.ends);
        let slices = starts
            .zip(&self.ends)
            .map(|(from, to)| values.get(*from..*to).unwrap_or_default());
        value_set::encode(slices, &mut self.set);
        !self.ends.is_empty() || attribute.may_be_empty()
    }

    fn clear(&mut self) {
        self.attributes.clear(KEPT);
        for buffer in [&mut self.values, &mut self.set] {
            if buffer.capacity() > KEPT {
                *buffer = Vec::new();
            }
        }
        if self.ends.capacity() > KEPT {
            self.ends = Vec::new();
        }
    }
}
