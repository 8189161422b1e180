//! What the entries below one parent have in common: whether a search covers them, and the name above theirs.
//!
//! Owns remembering it from one entry to the next, of which nearly all have the same parent, for as long as names stay as
//! they are.

use super::ahead::Root;
use crate::directory::entry::EntryId;
use crate::directory::snapshot::Snapshot;

/// What is known of the children of one entry.
#[derive(Default)]
pub(super) struct Siblings {
    parent: EntryId,
    /// The state of all names for which this holds; `None` before the first entry.
    structure: Option<u64>,
    covered: bool,
    /// Whether the name of the parent was asked for: nobody is served by keeping it for one child.
    asked: bool,
    superior: Option<Vec<u8>>,
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
                asked: false,
                superior: None,
            };
        }
    }

    /// Whether they lie below a root; one may be a root itself.
    pub fn are_covered(&self) -> bool {
        self.covered
    }

    /// The name of their parent, empty when there is none; `None` when it is asked for the first time.
    pub fn superior(&mut self, snapshot: &Snapshot) -> Option<&[u8]> {
        let parent = self.parent;
        let again = std::mem::replace(&mut self.asked, true);
        again.then(|| {
            let superior = self.superior.get_or_insert_with(|| {
                let mut name = Vec::with_capacity(64);
                snapshot.write_dn(parent, &mut name);
                name
            });
            superior.as_slice()
        })
    }
}
