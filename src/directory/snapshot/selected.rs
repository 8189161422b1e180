//! Dynamic groups follow every change: of an entry, of its place in the tree, of the URLs themselves.
//!
//! Owns which entries and groups are looked at again. When the values of an entry change, those are the groups whose
//! filters ask for a changed attribute, and of these the ones it was in and the ones that its values may fit.

use std::collections::{BTreeMap, BTreeSet};

use super::{IdSet, Snapshot, new_structure};
use crate::directory::dynamic::DynamicGroup;
use crate::directory::entry::{EntryId, EntryRef, ROOT};
use crate::directory::filter::evaluate::Evaluator;
use crate::directory::filter::plan::Plan;
use crate::directory::index::Changed;
use crate::directory::membership::Unnamed;
use crate::directory::request::Scope;
use crate::directory::schema::well_known;
use crate::directory::view::View;

impl Snapshot {
    /// Follows an entry, which is in its place already, from what it was to what it is.
    pub(super) fn follow_selection(
        &mut self,
        id: EntryId,
        old: Option<EntryRef<'_>>,
        new: Option<EntryRef<'_>>,
        changed: &Changed,
    ) {
        if changed.includes(well_known::MEMBER_URL) {
            self.follow_urls(id, new);
        }
        if self.dynamic.is_empty() || self.pending_joins.is_some() {
            return;
        }
        let mut concerned = self.asking_for(changed);
        let (before, now) = (old.map(|old| old.parent()), new.map(|new| new.parent()));
        if old.map(|old| (old.parent(), old.rdn())) != new.map(|new| (new.parent(), new.rdn())) {
            self.follow_bases(id);
        }
        if before != now {
            let (before, now) = (self.self_and_above(before), self.self_and_above(now));
            self.move_below(id, &self.searching(before.symmetric_difference(&now)));
            concerned = concerned.union(&self.searching(before.union(&now)));
        }
        self.judge(id, &concerned);
    }

    /// The groups whose filters ask for what has changed.
    fn asking_for(&self, changed: &Changed) -> IdSet {
        match changed {
            // An entry that came or went, which concerns the groups that search where it is.
            Changed::Everything => IdSet::new(),
            Changed::Only(types) => {
                let asking = types.iter().filter_map(|of| self.dynamic.asking(*of));
                asking.fold(IdSet::new(), |all, more| all.union(more))
            }
        }
    }

    /// An entry and those above it.
    fn self_and_above(&self, from: Option<EntryId>) -> BTreeSet<EntryId> {
        let from = from.filter(|id| *id != ROOT);
        let parent = |id: &EntryId| self.entry(*id).map(|entry| entry.parent());
        std::iter::successors(from, |id| parent(id).filter(|id| *id != ROOT)).collect()
    }

    /// The groups that search from some entries.
    fn searching<'a>(&self, bases: impl Iterator<Item = &'a EntryId>) -> IdSet {
        let groups = bases.filter_map(|base| self.dynamic.based(*base));
        groups.fold(IdSet::new(), |all, more| all.union(more))
    }

    /// All below an entry has come with it from below the bases of some groups to below others.
    fn move_below(&mut self, top: EntryId, concerned: &IdSet) {
        let children = self.children(top).filter(|_| !concerned.is_empty());
        let mut open: Vec<EntryId> = children.into_iter().flatten().collect();
        while let Some(id) = open.pop() {
            self.judge(id, concerned);
            open.extend(self.children(id).into_iter().flatten());
        }
    }

    /// Has an entry join or leave those of some groups that have come to select it or not to.
    fn judge(&mut self, id: EntryId, concerned: &IdSet) {
        if concerned.is_empty() {
            return;
        }
        let mut groups: BTreeSet<EntryId> = BTreeSet::new();
        if let Some(entry) = self.entry(id) {
            groups = self.dynamic.fitting(self, entry);
        }
        let of = self.membership.groups_of(id).into_iter().flatten();
        groups.extend(of.filter(|group| self.membership.is_selected(*group, id)));
        let mut evaluator = Evaluator::default();
        for group in groups
            .into_iter()
            .filter(|group| concerned.contains(*group))
        {
            let view = View::new(self, id);
            let selected =
                view.is_some_and(|view| self.dynamic.selects(group, &view, &mut evaluator));
            if selected != self.membership.is_selected(group, id) {
                self.structure = new_structure();
                if selected {
                    self.membership.join(group, id, Unnamed::Selected);
                } else {
                    self.membership.part(group, id, Unnamed::Selected);
                }
            }
        }
    }

    /// The URLs of an entry are other ones than before.
    fn follow_urls(&mut self, id: EntryId, entry: Option<EntryRef<'_>>) {
        let new = entry.and_then(|entry| DynamicGroup::read(self, entry));
        if new.is_none() && self.dynamic.get(id).is_none() {
            return;
        }
        let ends = new.is_none();
        self.dynamic.set(&self.schema, id, new);
        if ends {
            self.select(id, IdSet::new());
        } else if self.pending_joins.is_none() {
            self.find_bases(std::iter::once(id).collect());
            self.select_anew(&std::iter::once(id).collect());
        }
    }

    /// A name has gone, come or changed, and with it those of all below.
    fn follow_bases(&mut self, id: EntryId) {
        let bases: Vec<EntryId> = match self.children(id) {
            None => vec![ROOT, id],
            Some(_) => {
                let all = self.dynamic.bases();
                all.filter(|base| *base == ROOT || self.is_within(*base, id))
                    .collect()
            }
        };
        let moved = self.find_bases(self.searching(bases.iter()));
        self.select_anew(&moved);
    }

    /// Looks the bases of groups up; gives back the groups that have others than before.
    fn find_bases(&mut self, groups: IdSet) -> IdSet {
        let mut moved = IdSet::new();
        for group in &groups {
            let Some(of) = self.dynamic.get(group) else {
                continue;
            };
            let found = of.selectors().map(|(selector, _)| selector.base.find(self));
            let found = found.collect();
            if self.dynamic.set_bases(group, found) {
                moved.insert(group);
            }
        }
        moved
    }

    /// All entries are there and indexed: finds the members of all groups.
    pub(super) fn select_all(&mut self) {
        let all: IdSet = self.dynamic.iter().map(|(group, _)| group).collect();
        self.find_bases(all.clone());
        self.select_anew(&all);
    }

    /// Finds the members of groups from nothing.
    fn select_anew(&mut self, groups: &IdSet) {
        let mut found: BTreeMap<EntryId, Vec<EntryId>> = BTreeMap::new();
        let mut walked = IdSet::new();
        let mut evaluator = Evaluator::default();
        for group in groups {
            match self.candidates(group) {
                Some(mut members) => {
                    members.retain(|id| {
                        View::new(self, *id)
                            .is_some_and(|view| self.dynamic.selects(group, &view, &mut evaluator))
                    });
                    found.insert(group, members);
                }
                None => {
                    walked.insert(group);
                }
            }
        }
        self.walk(&walked, &mut found);
        for group in groups {
            let members = found.remove(&group).unwrap_or_default();
            self.select(group, members.into_iter().collect());
        }
    }

    /// The entries that indexes find for a group; `None` when they help with some of its URLs only, or none.
    fn candidates(&self, group: EntryId) -> Option<Vec<EntryId>> {
        let mut ids = Vec::new();
        for (selector, base) in self.dynamic.get(group)?.selectors() {
            match (base, selector.scope) {
                (None, _) => {}
                (Some(base), Scope::Base) => ids.push(base),
                (Some(_), _) => ids.extend(Plan::new(&selector.filter, self)?.candidates()),
            }
        }
        Some(ids)
    }

    /// Finds the members of some groups by a walk below all their bases.
    fn walk(&self, groups: &IdSet, found: &mut BTreeMap<EntryId, Vec<EntryId>>) {
        let of = groups.iter().filter_map(|group| self.dynamic.get(group));
        let bases: BTreeSet<EntryId> = of
            .flat_map(|of| of.selectors().filter_map(|(_, base)| base))
            .collect();
        let parent = |id: &EntryId| self.entry(*id).map(|entry| entry.parent());
        let below_another = |base: &EntryId| {
            let mut above = std::iter::successors(parent(base), parent);
            above.any(|id| bases.contains(&id))
        };
        let mut open: Vec<EntryId> = bases
            .iter()
            .copied()
            .filter(|base| !below_another(base))
            .collect();
        let mut evaluator = Evaluator::default();
        while let Some(id) = open.pop() {
            open.extend(self.children(id).into_iter().flatten());
            let Some(view) = View::new(self, id) else {
                continue;
            };
            let fitting = self.dynamic.fitting(self, view.entry).into_iter();
            for group in fitting.filter(|group| groups.contains(*group)) {
                if self.dynamic.selects(group, &view, &mut evaluator) {
                    found.entry(group).or_default().push(id);
                }
            }
        }
    }

    fn select(&mut self, group: EntryId, members: IdSet) {
        self.structure = new_structure();
        self.membership.select(group, members);
    }
}
