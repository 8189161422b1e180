//! The read pipeline: resolve, find the base, plan, walk the candidates, evaluate, mask.
//!
//! Owns one search from its request to its last entry, as a cursor that is advanced in slices: between slices it holds
//! no snapshot, so that a slow client pins no memory, and each entry is judged on the snapshot of its own slice.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::time::Instant;

use super::access::{Access, AccessRules};
use super::aliases;
use super::entry::EntryId;
use super::error::Error;
use super::filter::evaluate::{Evaluator, Truth};
use super::filter::plan;
use super::filter::resolve::Resolved;
use super::identity::Identity;
use super::request::{Dereference, Scope, SearchRequest};
use super::selection::{Selection, VisibleEntry};
use super::snapshot::{Found, IdSet, Snapshot};
use super::view::View;

/// How much an asker may take.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct SearchLimits {
    /// The most entries; `None` for any number.
    pub size: Option<u32>,
    /// When the search ends, whatever it has found.
    pub deadline: Option<Instant>,
}

/// A part of the tree that a search covers.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Root {
    pub id: EntryId,
    pub scope: Scope,
}

/// A search under way.
pub struct Search {
    filter: Resolved,
    selection: Selection,
    types_only: bool,
    roots: Vec<Root>,
    /// Whether aliases below the roots are followed, and thus not returned.
    follows: bool,
    ahead: Ahead,
    limits: SearchLimits,
    returned: u32,
    evaluator: Evaluator,
}

/// What is still to be looked at.
enum Ahead {
    /// Candidates from an index, the next one last.
    Candidates(Vec<EntryId>),
    /// A walk down the tree: the parents on the way with the last child that was visited.
    Walk {
        roots: Vec<Root>,
        path: Vec<Level>,
        seen: Option<HashSet<EntryId>>,
    },
}

/// A parent whose children are being visited.
struct Level {
    parent: EntryId,
    last: Option<EntryId>,
    /// Whether the children's children are visited too.
    deep: bool,
}

/// How a slice ended.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There may be more.
    More,
    /// That was all.
    Done,
}

impl Search {
    /// Begins a search: finds its base and plans it.
    pub fn begin(
        snapshot: &Snapshot,
        rules: &AccessRules,
        identity: &Identity,
        request: &SearchRequest,
        limits: SearchLimits,
    ) -> Result<Search, Error> {
        let mut access = rules.access(snapshot, identity);
        let base = find_base(snapshot, &mut access, request)?;
        let filter = request.filter.resolve(snapshot.schema());
        let follows = matches!(
            request.dereference,
            Dereference::Searching | Dereference::Always
        ) && request.scope != Scope::Base
            && aliases::any(snapshot);
        let base = Root {
            id: base,
            scope: request.scope,
        };
        let roots = if follows {
            aliases::roots(snapshot, &mut access, base)
        } else {
            vec![base]
        };
        let ahead = plan_walk(snapshot, &filter, &roots);
        Ok(Search {
            filter,
            selection: Selection::new(snapshot.schema(), &request.attributes),
            types_only: request.types_only,
            roots,
            follows,
            ahead,
            limits,
            returned: 0,
            evaluator: Evaluator::default(),
        })
    }

    /// Whether the client asked for descriptions only.
    pub fn types_only(&self) -> bool {
        self.types_only
    }

    /// Looks at up to `budget` entries and hands those that match to `sink`, which ends the slice by breaking off: an
    /// entry it got counts as returned.
    pub fn advance(
        &mut self,
        snapshot: &Snapshot,
        rules: &AccessRules,
        identity: &Identity,
        budget: usize,
        sink: &mut dyn FnMut(&VisibleEntry<'_>) -> ControlFlow<()>,
    ) -> Result<Progress, Error> {
        if self
            .limits
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
        {
            return Err(Error::TimeLimitExceeded);
        }
        let mut access = rules.access(snapshot, identity);
        for _ in 0..budget {
            let Some(id) = self.next(snapshot) else {
                return Ok(Progress::Done);
            };
            let Some(view) = View::new(snapshot, id).filter(|_| self.covers(snapshot, id)) else {
                continue;
            };
            if self.follows && aliases::is_alias(&view) {
                continue;
            }
            let masks = access.masks(&view);
            if !masks.is_visible()
                || self.evaluator.evaluate(&self.filter, &view, &masks.search) != Truth::True
            {
                continue;
            }
            if self.limits.size.is_some_and(|most| self.returned >= most) {
                return Err(Error::SizeLimitExceeded);
            }
            self.returned += 1;
            if sink(&VisibleEntry::new(view, &self.selection, &masks.read)).is_break() {
                break;
            }
        }
        Ok(Progress::More)
    }

    /// Whether an entry lies in the scope; a walk only comes by those that do.
    fn covers(&self, snapshot: &Snapshot, id: EntryId) -> bool {
        matches!(self.ahead, Ahead::Walk { .. })
            || self.roots.iter().any(|root| root.covers(snapshot, id))
    }

    fn next(&mut self, snapshot: &Snapshot) -> Option<EntryId> {
        match &mut self.ahead {
            Ahead::Candidates(ids) => ids.pop(),
            Ahead::Walk { roots, path, seen } => loop {
                let id = walk(snapshot, roots, path)?;
                if seen.as_mut().is_none_or(|seen| seen.insert(id)) {
                    return Some(id);
                }
            },
        }
    }
}

impl Root {
    pub(super) fn covers(&self, snapshot: &Snapshot, id: EntryId) -> bool {
        match self.scope {
            Scope::Base => id == self.id,
            Scope::One => snapshot
                .entry(id)
                .is_some_and(|entry| entry.parent() == self.id),
            Scope::Subtree => snapshot.is_within(id, self.id),
            Scope::Children => id != self.id && snapshot.is_within(id, self.id),
        }
    }
}

/// The entry that a search starts from.
fn find_base(
    snapshot: &Snapshot,
    access: &mut Access<'_>,
    request: &SearchRequest,
) -> Result<EntryId, Error> {
    let follow = matches!(
        request.dereference,
        Dereference::FindingBase | Dereference::Always
    );
    let found = if follow {
        aliases::find(snapshot, access, &request.base)?
    } else {
        snapshot.find(&request.base)
    };
    match found {
        Found::Entry(id)
            if View::new(snapshot, id)
                .is_some_and(|view| reaches(snapshot, access, &view, request)) =>
        {
            Ok(id)
        }
        Found::Entry(id) => Err(Error::NoSuchObject {
            matched: access.nearest_visible(snapshot, Some(id)),
        }),
        Found::Nothing { nearest, .. } => Err(Error::NoSuchObject {
            matched: access.nearest_visible(snapshot, nearest),
        }),
        Found::Outside => Err(Error::NoSuchObject {
            matched: String::new(),
        }),
    }
}

/// A base that may not be seen does not exist, unless it leads to something that may be.
fn reaches(
    snapshot: &Snapshot,
    access: &mut Access<'_>,
    base: &View<'_>,
    request: &SearchRequest,
) -> bool {
    access.sees(base) || (request.scope != Scope::Base && access.may_see_below(snapshot, base.id))
}

fn plan_walk(snapshot: &Snapshot, filter: &Resolved, roots: &[Root]) -> Ahead {
    let reach = roots
        .iter()
        .map(|root| reach(snapshot, root))
        .fold(0_usize, usize::saturating_add);
    // Looking at three or four entries costs less than asking the indexes.
    if reach > 4
        && let Some(mut ids) = plan::candidates(filter, snapshot, reach)
    {
        ids.reverse();
        return Ahead::Candidates(ids);
    }
    let seen = (roots.len() > 1).then(HashSet::new);
    Ahead::Walk {
        roots: roots.iter().rev().copied().collect(),
        path: Vec::new(),
        seen,
    }
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
