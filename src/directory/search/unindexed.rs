//! Searches that looked at many entries in vain because there is no index for their filter.
//!
//! Owns when one counts as such, and what is said of it: attributes and kinds of indexes, never a value that was asked for.

use std::fmt;

use super::Search;
use crate::directory::filter::plan::{Missing, Plan, missing};
use crate::directory::schema::Schema;
use crate::directory::snapshot::Snapshot;

/// So many entries looked at in vain are not worth a word.
const MANY: usize = 1_000;

/// What is said of a search that no index helped.
#[derive(Debug, PartialEq, Eq)]
pub struct Unindexed {
    /// Entries that were looked at and did not match.
    pub in_vain: usize,
    /// The indexes that would have helped, by kind and attribute; `none` when none would.
    pub would_help: String,
}

impl Search {
    /// Whether this search looked at many entries in vain.
    pub(in crate::directory) fn looked_at_many(&self) -> bool {
        self.in_vain > MANY
    }

    /// Whether this search looked at many entries in vain because no index helped.
    pub(in crate::directory) fn unindexed(&self, snapshot: &Snapshot) -> Option<Unindexed> {
        if !self.looked_at_many() || Plan::new(&self.filter, snapshot).is_some() {
            return None;
        }
        let missing = missing(&self.filter, snapshot);
        Some(Unindexed {
            in_vain: self.in_vain,
            would_help: would_help(&missing, snapshot.schema()).to_string(),
        })
    }
}

/// Indexes in words: the kind and the attribute of each, as `equality of description, substring of cn`.
pub(super) fn would_help(missing: &[Missing], schema: &Schema) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        if missing.is_empty() {
            return f.write_str("none");
        }
        for (position, Missing { attribute, kind }) in missing.iter().enumerate() {
            let comma = if position > 0 { ", " } else { "" };
            let name = schema.attribute(*attribute).name();
            write!(f, "{comma}{} of {name}", kind.name())?;
        }
        Ok(())
    })
}
