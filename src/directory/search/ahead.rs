//! What a search is still to look at: candidates from an index, a walk down the tree, ids in their order, or a sorted
//! list.
//!
//! Owns which of them a search takes, and how each goes on after a pause: they hold ids and no part of a snapshot.

use std::collections::HashSet;

use super::certain::Certain;
use super::list::List;
use crate::directory::access::AttributeMask;
use crate::directory::entry::EntryId;
use crate::directory::filter::plan::Plan;
use crate::directory::filter::resolve::Resolved;
use crate::directory::page::Position;
use crate::directory::request::Scope;
use crate::directory::snapshot::{FETCHED, IdSet, Snapshot};

/// Up to so many entries a search in the order of ids walks the tree first and then sorts; a larger part of the tree is
/// found by looking at all ids.
const WALKED: usize = 1_024;

/// A part of the tree that a search covers.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The entry at its top.
    pub id: EntryId,
    /// How far below it goes.
    pub scope: Scope,
}

impl Root {
    /// Whether an entry lies in it.
    pub fn covers(&self, snapshot: &Snapshot, id: EntryId) -> bool {
        self.begins_with(id)
            || snapshot
                .entry(id)
                .is_some_and(|entry| self.covers_below(snapshot, entry.parent()))
    }

    /// Whether the entry at its top is this one, and part of it.
    pub fn begins_with(&self, id: EntryId) -> bool {
        id == self.id && matches!(self.scope, Scope::Base | Scope::Subtree)
    }

    /// Whether the children of an entry lie in it.
    pub fn covers_below(&self, snapshot: &Snapshot, parent: EntryId) -> bool {
        match self.scope {
            Scope::Base => false,
            Scope::One => parent == self.id,
            Scope::Subtree | Scope::Children => snapshot.is_within(parent, self.id),
        }
    }
}

/// What is still to be looked at.
pub enum Ahead {
    /// Candidates, the next one last.
    Candidates {
        /// These.
        ids: Vec<EntryId>,
        /// On what conditions they match.
        certain: Option<Certain>,
    },
    /// A walk down the tree: the parents on the way with the last child that was visited.
    Walk {
        /// Where to begin next, the next one last.
        roots: Vec<Root>,
        /// The way to here.
        path: Vec<Level>,
        /// What was visited, where two ways may lead to it.
        seen: Option<HashSet<EntryId>>,
    },
    /// All ids from this one on, or those directly below an entry.
    Ids {
        /// The lowest that was not looked at.
        from: EntryId,
        /// The entry that they are below.
        below: Option<EntryId>,
    },
    /// A sorted list, between two places.
    Listed {
        /// The list.
        list: Box<List>,
        /// The next place.
        at: usize,
        /// The place after the last.
        end: usize,
    },
}

/// A parent whose children are being visited.
pub struct Level {
    parent: EntryId,
    last: Option<EntryId>,
    /// Whether the children's children are visited too.
    deep: bool,
}

impl Ahead {
    /// Nothing.
    pub fn nothing() -> Self {
        Self::candidates(Vec::new(), None)
    }

    /// Candidates, in this order.
    pub fn candidates(mut ids: Vec<EntryId>, certain: Option<Certain>) -> Self {
        ids.reverse();
        Self::Candidates { ids, certain }
    }

    /// All that a filter may match below these roots, in any order.
    pub fn new(snapshot: &Snapshot, filter: &Resolved, roots: &[Root]) -> Self {
        match candidates(snapshot, filter, roots) {
            Some((ids, certain)) => Self::candidates(ids, certain),
            None => Self::walk(roots),
        }
    }

    fn walk(roots: &[Root]) -> Self {
        Self::Walk {
            roots: roots.iter().rev().copied().collect(),
            path: Vec::new(),
            seen: (roots.len() > 1).then(HashSet::new),
        }
    }

    /// The same in the order of ids, from one on. An entry keeps its place in that order whatever is done to it, so that
    /// a search that goes on later neither misses an entry nor comes by it twice.
    pub fn by_id(snapshot: &Snapshot, filter: &Resolved, roots: &[Root], from: EntryId) -> Self {
        let found = candidates(snapshot, filter, roots).or_else(|| {
            let mut walk = Self::walk(roots);
            let mut ids: Vec<EntryId> = std::iter::from_fn(|| walk.next(snapshot))
                .take(WALKED)
                .collect();
            ids.sort_unstable();
            (ids.len() < WALKED).then_some((ids, None))
        });
        match (found, roots) {
            (Some((mut ids, certain)), _) => {
                ids.retain(|id| *id >= from);
                Self::candidates(ids, certain)
            }
            (None, [root]) if root.scope == Scope::One => Self::Ids {
                from,
                below: Some(root.id),
            },
            (None, _) => Self::Ids { from, below: None },
        }
    }

    /// The entries of a set, from one on.
    pub fn of_set(set: &IdSet, from: EntryId) -> Self {
        Self::candidates(set.iter_from(from).collect(), None)
    }

    /// The position of the entry that came last.
    pub fn position(&self, id: EntryId) -> Position {
        match self {
            Self::Listed { list, at, .. } => {
                Position::Key(list.key(at.saturating_sub(1)).to_vec(), id)
            }
            _ => Position::Id(id),
        }
    }

    /// The next entry.
    pub fn next(&mut self, snapshot: &Snapshot) -> Option<EntryId> {
        match self {
            Self::Candidates { ids, .. } => ids.pop(),
            Self::Walk { roots, path, seen } => loop {
                let id = walk(snapshot, roots, path)?;
                if seen.as_mut().is_none_or(|seen| seen.insert(id)) {
                    return Some(id);
                }
            },
            Self::Ids { from, below } => {
                let id = match below {
                    Some(parent) => snapshot.children(*parent)?.iter_from(*from).next()?,
                    None => snapshot.ids_from(*from).next()?,
                };
                *from = id.saturating_add(1);
                Some(id)
            }
            Self::Listed { list, at, end } => {
                let id = list.id(*at).filter(|_| at < end)?;
                *at = at.saturating_add(1);
                Some(id)
            }
        }
    }

    /// Whether there is nothing more, as far as that is known without looking.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Candidates { ids, .. } if ids.is_empty())
    }

    /// Fetches the entries that come next into the processor's cache, all at once.
    pub fn fetch(&self, snapshot: &Snapshot) {
        if let Self::Candidates { ids, .. } = self {
            let from = ids.len().saturating_sub(FETCHED);
            snapshot.fetch(ids.get(from..).unwrap_or_default());
        }
    }

    /// Whether the entry that came last matches, as far as can be said without looking at it, for an asker who may search
    /// the attributes of `open`.
    pub fn is_certain(&self, snapshot: &Snapshot, open: &AttributeMask) -> bool {
        match self {
            Self::Candidates { certain, .. } => certain
                .as_ref()
                .is_some_and(|certain| certain.holds(snapshot, open)),
            Self::Walk { .. } | Self::Ids { .. } | Self::Listed { .. } => false,
        }
    }

    /// Whether only entries within the roots come.
    pub fn is_within_roots(&self) -> bool {
        matches!(self, Self::Walk { .. })
    }
}

/// The candidates of a filter, ascending, where asking the indexes is worth it; and on what conditions they match.
fn candidates(
    snapshot: &Snapshot,
    filter: &Resolved,
    roots: &[Root],
) -> Option<(Vec<EntryId>, Option<Certain>)> {
    let reach = roots
        .iter()
        .map(|root| reach(snapshot, root))
        .fold(0_usize, usize::saturating_add);
    // Looking at three or four entries costs less than asking the indexes.
    let plan = (reach > 4).then(|| Plan::new(filter, snapshot)).flatten();
    let plan = plan.filter(|plan| plan.count() < reach)?;
    let certain = Certain::of(&plan, filter, snapshot);
    Some((plan.candidates(), certain))
}

/// At most how many entries a root covers, as far as that is known without looking.
fn reach(snapshot: &Snapshot, root: &Root) -> usize {
    match root.scope {
        Scope::Base => 1,
        Scope::One => snapshot.children(root.id).map_or(0, IdSet::len),
        Scope::Subtree | Scope::Children => match snapshot.children(root.id) {
            None => 1,
            Some(_) => snapshot.len(),
        },
    }
}

/// The next entry of a walk, parents before children.
fn walk(snapshot: &Snapshot, roots: &mut Vec<Root>, path: &mut Vec<Level>) -> Option<EntryId> {
    loop {
        let Some(level) = path.last_mut() else {
            let root = roots.pop()?;
            if root.scope != Scope::Base {
                path.push(Level {
                    parent: root.id,
                    last: None,
                    deep: root.scope != Scope::One,
                });
            }
            if matches!(root.scope, Scope::Base | Scope::Subtree) {
                return Some(root.id);
            }
            continue;
        };
        let from = level.last.map_or(0, |last| last.saturating_add(1));
        let next = snapshot
            .children(level.parent)
            .and_then(|children| children.iter_from(from).next());
        let Some(child) = next else {
            path.pop();
            continue;
        };
        level.last = Some(child);
        if level.deep && snapshot.children(child).is_some() {
            path.push(Level {
                parent: child,
                last: None,
                deep: true,
            });
        }
        return Some(child);
    }
}
