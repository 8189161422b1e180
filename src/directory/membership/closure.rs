//! Which group is in which, through any chain of groups.
//!
//! Owns the two sets of every group that is in another or has another in it: all above it and all below it. They are
//! kept right with every change, so that no question ever walks. Members that are no groups are unknown here. Cycles are
//! legal: a group on one has itself in both of its sets.

use std::collections::BTreeMap;

use crate::directory::entry::EntryId;
use crate::directory::snapshot::{IdSet, IdSets};

/// All groups above and below each group; cloning costs two reference counts.
#[derive(Clone, Default)]
pub(super) struct Closure {
    above: IdSets,
    below: IdSets,
}

impl Closure {
    /// All groups that a group is in; `None` when it is in none.
    pub fn above(&self, group: EntryId) -> Option<&IdSet> {
        self.above.get(group)
    }

    /// All groups that are in a group; `None` when there are none.
    pub fn below(&self, group: EntryId) -> Option<&IdSet> {
        self.below.get(group)
    }

    /// A group has become a member of another: all that are in it are in all that the other is in.
    pub fn add(&mut self, parent: EntryId, child: EntryId) {
        if self.below(parent).is_some_and(|set| set.contains(child)) {
            return;
        }
        let down = with(self.below(child), child);
        let up = with(self.above(parent), parent);
        for group in &down {
            self.above.add_all(group, &up);
        }
        for group in &up {
            self.below.add_all(group, &down);
        }
    }

    /// A group is no longer a member of another directly. `parents` tells the groups that a group is directly in now.
    ///
    /// Only groups below the former member can lose any above them. For those the groups above are found again from
    /// their parents; a parent that is not among them itself has lost nothing.
    pub fn remove<'a>(
        &mut self,
        parent: EntryId,
        child: EntryId,
        parents: impl Fn(EntryId) -> Option<&'a IdSet>,
    ) {
        if parents(child).is_some_and(|of| of.iter().any(|other| self.stays(parent, other, child)))
        {
            return;
        }
        let affected = Affected::new(with(self.below(child), child), child, &parents);
        let above = affected.above(self, &parents);
        let mut lost: BTreeMap<EntryId, Vec<EntryId>> = BTreeMap::new();
        for (group, now) in affected.ids.iter().zip(above) {
            for gone in self
                .above(group)
                .map(|before| before.difference(&now))
                .iter()
                .flatten()
            {
                lost.entry(gone).or_default().push(group);
            }
            self.above.set(group, now);
        }
        for (group, gone) in lost {
            let gone: IdSet = gone.into_iter().collect();
            let rest = self.below(group).map(|below| below.difference(&gone));
            self.below.set(group, rest.unwrap_or_default());
        }
    }

    /// Whether a parent certainly holds up what the loss of another could take away: it is below that one and not below
    /// the child.
    fn stays(&self, lost: EntryId, parent: EntryId, child: EntryId) -> bool {
        parent != child
            && self.below(lost).is_some_and(|set| set.contains(parent))
            && !self.below(child).is_some_and(|set| set.contains(parent))
    }

    /// A group has ceased to be one: it has no members any more, so nothing is below it.
    pub fn dissolve(&mut self, group: EntryId) {
        for above in with(self.above(group), group).iter() {
            self.below.remove(above, group);
        }
        self.above.set(group, IdSet::new());
    }
}

fn with(set: Option<&IdSet>, id: EntryId) -> IdSet {
    let mut set = set.cloned().unwrap_or_default();
    set.insert(id);
    set
}

/// The groups whose sets above may have become smaller.
struct Affected {
    ids: IdSet,
    /// The places of the groups within `ids`, each after its parents as far as cycles allow.
    order: Vec<usize>,
    /// Of each group: the places of those of its parents that are affected themselves.
    inner: Vec<Vec<usize>>,
}

impl Affected {
    fn new<'a>(
        ids: IdSet,
        first: EntryId,
        parents: &impl Fn(EntryId) -> Option<&'a IdSet>,
    ) -> Self {
        let list: Vec<EntryId> = ids.iter().collect();
        let place = |id: EntryId| list.binary_search(&id).ok();
        let mut inner = vec![Vec::new(); list.len()];
        let mut children = vec![Vec::new(); list.len()];
        for (at, id) in list.iter().enumerate() {
            let known = parents(*id).map(|of| of.intersection(&ids));
            for parent in known.iter().flatten().filter_map(place) {
                if let Some(of) = inner.get_mut(at) {
                    of.push(parent);
                }
                if let Some(of) = children.get_mut(parent) {
                    of.push(at);
                }
            }
        }
        let order = top_down(&children, place(first).unwrap_or_default());
        Self { ids, order, inner }
    }

    /// The groups above each now, in the order of the ids. Where there is no cycle one round finds them; the second sees
    /// that nothing changes.
    fn above<'a>(
        &self,
        closure: &Closure,
        parents: &impl Fn(EntryId) -> Option<&'a IdSet>,
    ) -> Vec<IdSet> {
        let outer = |id: EntryId| {
            let mut above = parents(id).cloned().unwrap_or_default();
            for parent in parents(id).into_iter().flatten() {
                if let Some(more) = closure.above(parent).filter(|_| !self.ids.contains(parent)) {
                    above = above.union(more);
                }
            }
            above
        };
        let mut above: Vec<IdSet> = self.ids.iter().map(outer).collect();
        let mut changed = true;
        while changed {
            changed = false;
            for at in self.order.iter().copied() {
                let Some(before) = above.get(at) else {
                    continue;
                };
                let inner = self.inner.get(at).into_iter().flatten();
                let now = inner
                    .filter_map(|parent| above.get(*parent))
                    .fold(before.clone(), |all, more| all.union(more));
                if now.len() > before.len()
                    && let Some(place) = above.get_mut(at)
                {
                    *place = now;
                    changed = true;
                }
            }
        }
        above
    }
}

/// All places in an order in which each comes after those that lead to it, as far as cycles allow.
fn top_down(children: &[Vec<usize>], first: usize) -> Vec<usize> {
    let mut order = Vec::with_capacity(children.len());
    let mut seen = vec![false; children.len()];
    let mut open: Vec<(usize, usize)> = Vec::new();
    for start in std::iter::once(first).chain(0..children.len()) {
        if let Some(seen) = seen.get_mut(start).filter(|seen| !**seen) {
            *seen = true;
            open.push((start, 0));
        }
        while let Some((at, next)) = open.last_mut() {
            let child = children.get(*at).and_then(|of| of.get(*next)).copied();
            *next += 1;
            match child {
                None => {
                    order.push(*at);
                    open.pop();
                }
                Some(child) => {
                    if let Some(seen) = seen.get_mut(child).filter(|seen| !**seen) {
                        *seen = true;
                        open.push((child, 0));
                    }
                }
            }
        }
    }
    order.reverse();
    order
}
