//! Which entries a search passes over because they are subentries, or because they are not (RFC 3672 section 3).
//!
//! Owns how subentries are known. The ordinary search pays nothing for them while the directory holds none.

use crate::directory::entry::EntryId;
use crate::directory::request::{Scope, SearchRequest, Subentries};
use crate::directory::schema::well_known;
use crate::directory::snapshot::{IdSet, Snapshot};
use crate::directory::view::View;

/// What a search shows of entries and subentries.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// All.
    Both,
    /// Entries that are no subentries.
    Entries,
    /// Subentries.
    Subentries,
}

impl Shown {
    /// What a request asks for.
    pub fn of(request: &SearchRequest) -> Self {
        match (request.subentries, request.scope) {
            (Subentries::ByScope, Scope::Base) => Self::Both,
            (Subentries::ByScope | Subentries::Without, _) => Self::Entries,
            (Subentries::Alone, _) => Self::Subentries,
        }
    }

    /// The same, ready to be asked for the entries of a snapshot.
    pub fn within(self, snapshot: &Snapshot) -> Filter {
        let ids = match self {
            Self::Both => IdSet::new(),
            // Nearly always.
            Self::Entries | Self::Subentries if !snapshot.has_subentries() => IdSet::new(),
            Self::Entries | Self::Subentries => all(snapshot),
        };
        Filter {
            ids,
            alone: self == Self::Subentries,
        }
    }
}

/// The subentries of one snapshot, and whether they alone are shown.
pub struct Filter {
    ids: IdSet,
    alone: bool,
}

impl Filter {
    /// Whether an entry is shown.
    pub fn shows(&self, id: EntryId) -> bool {
        self.ids.contains(id) == self.alone
    }
}

/// All subentries.
pub fn all(snapshot: &Snapshot) -> IdSet {
    let holders = snapshot.index().subentries();
    holders
        .iter()
        .filter(|id| {
            View::new(snapshot, *id).is_some_and(|view| view.has_class(well_known::class::SUBENTRY))
        })
        .collect()
}
