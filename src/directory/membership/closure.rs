//! Which group is in which, through any chain of groups.
//!
//! Owns the groups directly within each other, and two sets of every group: all above it and all below it. They are kept
//! right with every change, so that hardly any question walks. Members that are no groups are unknown here. Cycles are
//! legal: a group on one has itself in both of its sets.
//!
//! A set of more than [`KEPT`] groups is not kept but found by a walk when it is asked for. Kept for all, the sets of a
//! chain or cycle of ten thousand groups would take a hundred megabytes, and every change of it seconds. What is above a
//! group is also above all that are below it: below a group with too many above it, all have too many, so that no change
//! looks further.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::directory::entry::EntryId;
use crate::directory::snapshot::{IdSet, IdSets, Paged};

/// The largest set that is kept: a change of one edge of a chain touches so many groups. Tests go beyond it with few.
const KEPT: usize = if cfg!(test) { 5 } else { 256 };

/// All groups above and below each group; cloning costs a few reference counts.
#[derive(Clone, Default)]
pub(super) struct Closure {
    up: Direction,
    down: Direction,
}

/// What is known one way.
#[derive(Clone, Default)]
struct Direction {
    /// The groups one step away.
    next: IdSets,
    all: Paged<Reach>,
}

/// The groups that a group leads to; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reach {
    These(IdSet),
    /// More than are kept.
    TooMany,
}

impl Closure {
    /// All groups that are in a group.
    pub fn below(&self, group: EntryId) -> Cow<'_, IdSet> {
        match self.down.kept(group) {
            Some(set) => Cow::Borrowed(set),
            None => {
                let next = self.down.next.get(group);
                Cow::Owned(next.map_or_else(IdSet::new, |next| self.down.with_all(next)))
            }
        }
    }

    /// The same when they are known without a walk.
    pub fn below_if_kept(&self, group: EntryId) -> Option<&IdSet> {
        self.down.kept(group)
    }

    /// These groups and all that they are in.
    pub fn with_above(&self, groups: &IdSet) -> IdSet {
        self.up.with_all(groups)
    }

    /// Whether any of these groups is in another.
    pub fn any_within(&self, groups: &IdSet, within: EntryId) -> bool {
        let Some(below) = self.down.kept(within) else {
            return self.up.any_leads(groups, within);
        };
        if below.len() < groups.len() {
            below.iter().any(|group| groups.contains(group))
        } else {
            groups.iter().any(|group| below.contains(group))
        }
    }

    /// A group has become a member of another: all that are in it are in all that the other is in.
    pub fn add(&mut self, parent: EntryId, child: EntryId) {
        self.up.next.insert(child, parent);
        self.down.next.insert(parent, child);
        let above = self.up.reach_with(parent);
        let below = self.down.reach_with(child);
        self.up.spread(child, &above, &self.down.next);
        self.down.spread(parent, &below, &self.up.next);
    }

    /// A group is no longer a member of another directly.
    pub fn remove(&mut self, parent: EntryId, child: EntryId) {
        self.up.next.remove(child, parent);
        self.down.next.remove(parent, child);
        self.up.retract(child, &self.down.next);
        self.down.retract(parent, &self.up.next);
    }

    /// A group has ceased to be one: it has no members any more, so nothing is below it.
    pub fn dissolve(&mut self, group: EntryId) {
        let parents = self.up.next.get(group).cloned();
        for parent in parents.iter().flatten() {
            self.remove(parent, group);
        }
    }
}

impl Direction {
    /// All groups that one leads to, if they are kept; none count as kept.
    fn kept(&self, group: EntryId) -> Option<&IdSet> {
        match self.all.get(group) {
            Some(Reach::These(set)) => Some(set),
            Some(Reach::TooMany) => None,
            None => Some(const { &IdSet::new() }),
        }
    }

    /// These groups and all that they lead to.
    fn with_all(&self, groups: &IdSet) -> IdSet {
        let kept = groups.iter().filter_map(|group| self.kept(group));
        let mut all = kept.fold(groups.clone(), |all, more| all.union(more));
        let mut walked = HashSet::new();
        let mut open: Vec<EntryId> = groups
            .iter()
            .filter(|id| self.kept(*id).is_none())
            .collect();
        if open.is_empty() {
            return all;
        }
        while let Some(group) = open.pop() {
            if let Some(set) = self.kept(group) {
                all = all.union(set);
                continue;
            }
            let next = self.next.get(group).into_iter().flatten();
            open.extend(next.filter(|next| walked.insert(*next)));
        }
        all.union(&walked.into_iter().collect())
    }

    /// Whether any of these groups leads to another.
    fn any_leads(&self, groups: &IdSet, to: EntryId) -> bool {
        let mut walked = HashSet::new();
        let mut open: Vec<EntryId> = groups.iter().collect();
        while let Some(group) = open.pop() {
            if let Some(set) = self.kept(group) {
                if set.contains(to) {
                    return true;
                }
                continue;
            }
            let next = self.next.get(group).into_iter().flatten();
            open.extend(next.filter(|next| walked.insert(*next)));
            if walked.contains(&to) {
                return true;
            }
        }
        false
    }

    /// What a group leads to, and itself.
    fn reach_with(&self, group: EntryId) -> Reach {
        match self.kept(group) {
            Some(set) => {
                let mut set = set.clone();
                set.insert(group);
                Reach::of(set)
            }
            None => Reach::TooMany,
        }
    }

    /// A group leads to more than before, and so do all that lead to it. Those to which that is nothing new have already
    /// told it on.
    fn spread(&mut self, from: EntryId, more: &Reach, back: &IdSets) {
        let mut open = vec![from];
        while let Some(group) = open.pop() {
            let now = match (self.all.get(group), more) {
                (None, more) => more.clone(),
                (Some(Reach::TooMany), _) => continue,
                (Some(_), Reach::TooMany) => Reach::TooMany,
                (Some(Reach::These(set)), Reach::These(more)) => {
                    let all = set.union(more);
                    if all.len() == set.len() {
                        continue;
                    }
                    Reach::of(all)
                }
            };
            self.all.set(group, now);
            open.extend(back.get(group).into_iter().flatten());
        }
    }

    /// A group may lead to fewer than before, and so may all that lead to it. One that has lost none has none to take
    /// from others: they have lost what they lost on other ways.
    fn retract(&mut self, from: EntryId, back: &IdSets) {
        let mut open = vec![from];
        while let Some(group) = open.pop() {
            let now = self.walked(group);
            if now.as_ref() == self.all.get(group) {
                continue;
            }
            match now {
                Some(now) => self.all.set(group, now),
                None => self.all.remove(group),
            };
            open.extend(back.get(group).into_iter().flatten());
        }
    }

    /// What a group leads to, by single steps; `None` when that is nothing.
    fn walked(&self, group: EntryId) -> Option<Reach> {
        let mut seen = HashSet::new();
        let mut open = vec![group];
        while let Some(at) = open.pop() {
            for next in self.next.get(at).into_iter().flatten() {
                if seen.insert(next) {
                    if seen.len() > KEPT {
                        return Some(Reach::TooMany);
                    }
                    open.push(next);
                }
            }
        }
        (!seen.is_empty()).then(|| Reach::of(seen.into_iter().collect()))
    }
}

impl Reach {
    fn of(set: IdSet) -> Self {
        if set.len() > KEPT {
            Reach::TooMany
        } else {
            Reach::These(set)
        }
    }
}
