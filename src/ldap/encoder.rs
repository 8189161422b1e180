//! From a visible entry to a search result entry: stored values as blocks, computed ones made on the way.
//!
//! Owns the buffers that one connection uses for it again and again.

use std::borrow::Cow;
use std::ops::Range;

use bytes::BytesMut;
use smallvec::SmallVec;

use super::codec::{AttributeSource, Values, write_entry};
use crate::directory::VisibleEntry;
use crate::directory::value_set::{self, ValueSet};

/// Writes search result entries.
#[derive(Default)]
pub struct Encoder {
    dn: String,
    values: Vec<u8>,
    ends: Vec<usize>,
    sets: Vec<u8>,
    message: Vec<u8>,
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
        self.sets.clear();
        let mut computed: SmallVec<[(Cow<'_, str>, Range<usize>); 16]> = SmallVec::new();
        for attribute in entry.computed() {
            let begin = self.sets.len();
            self.values.clear();
            self.ends.clear();
            if !types_only {
                attribute.for_each(|value| {
                    self.values.extend_from_slice(value);
                    self.ends.push(self.values.len());
                });
                if self.ends.is_empty() && !attribute.may_be_empty() {
                    continue;
                }
            }
            let values = &self.values;
            let starts = std::iter::once(&0).chain(&self.ends);
            let slices = starts
                .zip(&self.ends)
                .map(|(from, to)| values.get(*from..*to).unwrap_or_default());
            value_set::encode(slices, &mut self.sets);
            computed.push((attribute.name(), begin..self.sets.len()));
        }
        let shown = |values| if types_only { Values::Omitted } else { values };
        let stored = entry.stored().map(|(name, block)| AttributeSource {
            name,
            values: shown(Values::Stored(block.value_set)),
        });
        let sets = &self.sets;
        let computed = computed.iter().filter_map(|(name, range)| {
            let (set, _) = ValueSet::split_first(sets.get(range.clone())?).ok()?;
            Some(AttributeSource {
                name,
                values: shown(Values::Stored(set)),
            })
        });
        let mut attributes: SmallVec<[AttributeSource<'_>; 24]> = SmallVec::new();
        attributes.extend(stored);
        attributes.extend(computed);
        // Here and not in `out`, which is asked for room anew at every piece.
        self.message.clear();
        write_entry(&mut self.message, id, &[&self.dn], &attributes, &[]);
        out.extend_from_slice(&self.message);
        drop(attributes);
        self.shrink();
    }

    fn shrink(&mut self) {
        for buffer in [&mut self.values, &mut self.sets, &mut self.message] {
            if buffer.capacity() > KEPT {
                *buffer = Vec::new();
            }
        }
        if self.ends.capacity() > KEPT {
            self.ends = Vec::new();
        }
    }
}
