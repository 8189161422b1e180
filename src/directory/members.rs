//! The members of one group as edges: ids of entries, and names that no entry has yet.
//!
//! Owns which attributes are kept as edges and the in-memory form of one group's. It does not own membership through
//! other groups.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entry::EntryId;
use super::schema::{AttributeTypeId, well_known};
use super::snapshot::{IdSet, Snapshot};

/// The attributes whose values are edges.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// `member` (RFC 4519 section 2.17).
    Member,
    /// `uniqueMember` (RFC 4519 section 2.40).
    UniqueMember,
}

impl EdgeKind {
    /// All of them.
    pub const ALL: [EdgeKind; 2] = [EdgeKind::Member, EdgeKind::UniqueMember];

    /// The kind that keeps the values of an attribute type, if they are kept as edges.
    pub fn of(attribute: AttributeTypeId) -> Option<EdgeKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.attribute() == attribute)
    }

    /// The attribute type.
    pub fn attribute(self) -> AttributeTypeId {
        match self {
            Self::Member => well_known::MEMBER,
            Self::UniqueMember => well_known::UNIQUE_MEMBER,
        }
    }

    /// How records name it.
    pub fn code(self) -> u8 {
        match self {
            Self::Member => 1,
            Self::UniqueMember => 2,
        }
    }

    /// The kind of a record.
    pub fn from_code(code: u8) -> Option<EdgeKind> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// One value of a membership attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The member exists; its name is looked up when it is shown, so that it follows renames.
    Entry {
        /// The attribute.
        kind: EdgeKind,
        /// The member.
        member: EntryId,
    },
    /// No entry has this name; the text is kept as it was given.
    Dangling {
        /// The attribute.
        kind: EdgeKind,
        /// The normal form of the name, or the value itself where it is no name; tells values apart.
        normalized: Arc<[u8]>,
        /// The value.
        text: Arc<str>,
    },
}

/// What tells the edges of one group apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKey {
    /// The member exists.
    Entry(EdgeKind, EntryId),
    /// It does not; the normal form of its name.
    Dangling(EdgeKind, Arc<[u8]>),
}

impl Edge {
    /// What tells it from the other edges of its group.
    pub fn key(&self) -> EdgeKey {
        match self {
            Self::Entry { kind, member } => EdgeKey::Entry(*kind, *member),
            Self::Dangling {
                kind, normalized, ..
            } => EdgeKey::Dangling(*kind, Arc::clone(normalized)),
        }
    }

    /// The attribute.
    pub fn kind(&self) -> EdgeKind {
        match self {
            Self::Entry { kind, .. } | Self::Dangling { kind, .. } => *kind,
        }
    }

    /// The value as clients see it.
    pub fn text(&self, snapshot: &Snapshot) -> String {
        match self {
            Self::Entry { member, .. } => snapshot.dn(*member),
            Self::Dangling { text, .. } => text.as_ref().to_owned(),
        }
    }
}

/// The edges of one group.
#[derive(Clone, Debug, Default)]
pub struct Members {
    member: IdSet,
    unique_member: IdSet,
    dangling: BTreeMap<(EdgeKind, Arc<[u8]>), Arc<str>>,
}

impl Members {
    /// The members of one attribute that exist.
    pub fn ids(&self, kind: EdgeKind) -> &IdSet {
        match kind {
            EdgeKind::Member => &self.member,
            EdgeKind::UniqueMember => &self.unique_member,
        }
    }

    fn ids_mut(&mut self, kind: EdgeKind) -> &mut IdSet {
        match kind {
            EdgeKind::Member => &mut self.member,
            EdgeKind::UniqueMember => &mut self.unique_member,
        }
    }

    /// The values of one attribute that name no entry: normal form and text.
    pub fn dangling(
        &self,
        kind: EdgeKind,
    ) -> impl Iterator<Item = (&Arc<[u8]>, &Arc<str>)> + Clone {
        self.dangling
            .iter()
            .filter(move |((of, _), _)| *of == kind)
            .map(|((_, normalized), text)| (normalized, text))
    }

    /// The text of the value of this normal form that names no entry, if there is one.
    pub fn dangling_text(&self, kind: EdgeKind, normalized: &[u8]) -> Option<&Arc<str>> {
        self.dangling.get(&(kind, Arc::from(normalized)))
    }

    /// Whether one attribute has a value of this normal form that names no entry.
    pub fn has_dangling(&self, kind: EdgeKind, normalized: &[u8]) -> bool {
        self.dangling_text(kind, normalized).is_some()
    }

    /// Whether an edge is there.
    pub fn holds(&self, edge: &Edge) -> bool {
        match edge {
            Edge::Entry { kind, member } => self.ids(*kind).contains(*member),
            Edge::Dangling {
                kind, normalized, ..
            } => self.has_dangling(*kind, normalized),
        }
    }

    /// Whether an entry is named, by any attribute.
    pub fn contains(&self, member: EntryId) -> bool {
        self.member.contains(member) || self.unique_member.contains(member)
    }

    /// Whether one attribute has a value.
    pub fn has(&self, kind: EdgeKind) -> bool {
        !self.ids(kind).is_empty() || self.dangling(kind).next().is_some()
    }

    /// The number of edges.
    pub fn count(&self) -> u64 {
        let count = self.member.len() + self.unique_member.len() + self.dangling.len();
        count as u64
    }

    /// Whether there are no edges at all.
    pub fn is_empty(&self) -> bool {
        self.member.is_empty() && self.unique_member.is_empty() && self.dangling.is_empty()
    }

    /// All edges.
    pub fn edges(&self) -> impl Iterator<Item = Edge> + '_ {
        let ids = EdgeKind::ALL.into_iter().flat_map(|kind| {
            self.ids(kind)
                .iter()
                .map(move |member| Edge::Entry { kind, member })
        });
        ids.chain(self.dangling_edges())
    }

    /// The edges of one attribute, one by one.
    pub fn edges_of(&self, kind: EdgeKind) -> impl Iterator<Item = Edge> + '_ {
        let ids = self.ids(kind).iter();
        let of_kind = move |edge: &Edge| edge.kind() == kind;
        ids.map(move |member| Edge::Entry { kind, member })
            .chain(self.dangling_edges().filter(of_kind))
    }

    /// The edges to names that no entry has.
    pub fn dangling_edges(&self) -> impl Iterator<Item = Edge> + '_ {
        self.dangling
            .iter()
            .map(|((kind, normalized), text)| Edge::Dangling {
                kind: *kind,
                normalized: Arc::clone(normalized),
                text: Arc::clone(text),
            })
    }

    /// Adds members that exist, and gives back those that were not there.
    pub(super) fn extend(&mut self, kind: EdgeKind, members: IdSet) -> Vec<EntryId> {
        let ids = self.ids_mut(kind);
        let new = members.iter().filter(|id| !ids.contains(*id)).collect();
        *ids = if ids.is_empty() {
            members
        } else {
            ids.union(&members)
        };
        new
    }

    pub(super) fn insert(&mut self, edge: &Edge) -> bool {
        match edge {
            Edge::Entry { kind, member } => self.ids_mut(*kind).insert(*member),
            Edge::Dangling {
                kind,
                normalized,
                text,
            } => {
                let key = (*kind, Arc::clone(normalized));
                let new = !self.dangling.contains_key(&key);
                if new {
                    self.dangling.insert(key, Arc::clone(text));
                }
                new
            }
        }
    }

    pub(super) fn remove(&mut self, edge: &Edge) -> bool {
        match edge {
            Edge::Entry { kind, member } => self.ids_mut(*kind).remove(*member),
            Edge::Dangling {
                kind, normalized, ..
            } => self
                .dangling
                .remove(&(*kind, Arc::clone(normalized)))
                .is_some(),
        }
    }
}
