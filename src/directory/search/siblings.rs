//! What the entries below one parent have in common: whether a search covers them, and the name above theirs.
//!
//! Owns remembering it from one entry to the next, of which nearly all have the same parent, for as long as names stay as
//! they are.

use super::ahead::Root;
use crate::directory::entry::{EntryId, ROOT};
use crate::directory::snapshot::Snapshot;

/// What is known of the children of one entry.
#[derive(Default)]
pub(super) struct Siblings {
    parent: EntryId,
    /// The state of all names for which this holds; `None` before the first entry.
    structure: Option<u64>,
    covered: bool,
    /// The name of the parent, once it was asked for.
    superior: Option<String>,
}

impl Siblings {
    /// Turns to the children of an entry.
    pub fn turn_to(&mut self, parent: EntryId, snapshot: &Snapshot, roots: &[Root]) {
        let structure = Some(snapshot.structure());
        if self.parent != parent || self.structure != structure {
            *self = Self {
                parent,
                structure,
                covered: roots.iter().any(|root| root.covers_below(snapshot, parent)),
                superior: None,
            };
        }
    }

    /// Whether they lie below a root; one may be a root itself.
    pub fn are_covered(&self) -> bool {
        self.covered
    }

    /// The name of their parent; empty when there is none.
    pub fn superior(&mut self, snapshot: &Snapshot) -> &str {
        let parent = self.parent;
        self.superior.get_or_insert_with(|| match parent {
            ROOT => String::new(),
            _ => snapshot.dn(parent),
        })
    }
}
