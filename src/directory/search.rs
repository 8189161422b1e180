//! The read pipeline: resolve, find the base, plan, walk the candidates, evaluate, mask; and where it is asked for, sort
//! and cut.
//!
//! Owns one search from its request to its last entry, as a cursor that is advanced in slices: between slices it holds
//! no snapshot, so that a slow client pins no memory, and each entry is judged on the snapshot of its own slice. A sorted
//! search first gathers the sort keys of all it finds, and judges each entry again when its turn comes.

pub mod explain;
pub mod list;
pub mod order;
pub mod values;
pub mod window;

mod ahead;
mod arrangement;
mod base;
mod certain;
mod in_order;
mod outcome;
mod siblings;
mod sorted;
mod subentries;
mod unindexed;

use std::ops::ControlFlow;
use std::time::Instant;

use smallvec::SmallVec;

use super::access::AccessRules;
use super::aliases;
use super::entry::EntryId;
use super::error::Error;
use super::filter::evaluate::{Evaluator, Truth};
use super::filter::resolve::Resolved;
use super::identity::Identity;
use super::page::{Binding, Cursor, Position};
use super::referrals;
use super::request::{Dereference, Scope, SearchRequest};
use super::selection::{Selection, VisibleEntry};
use super::snapshot::{FETCHED, Snapshot};
use super::target;
use super::view::View;
use ahead::Ahead;
pub(super) use ahead::Root;
use arrangement::{Portion, Sorting};
use list::Room;
use siblings::Siblings;
use subentries::Shown;
pub use unindexed::Unindexed;
use values::MatchedValues;

/// On what conditions a search is done.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    /// The most entries that one request returns; `None` for any number.
    pub size: Option<u32>,
    /// When the search ends, whatever it has found.
    pub deadline: Option<Instant>,
    /// Where it goes on.
    pub resume: Option<Cursor>,
    /// What its cursors are bound to.
    pub binding: Option<Binding>,
}

/// A search under way.
pub struct Search {
    filter: Resolved,
    selection: Selection,
    values: Option<MatchedValues>,
    types_only: bool,
    shown: Shown,
    roots: SmallVec<[Root; 1]>,
    /// Whether aliases below the roots are followed, and thus not returned.
    follows: bool,
    ahead: Ahead,
    /// Continuation references, until they are taken.
    continuations: Vec<Vec<String>>,
    manage_referrals: bool,
    sorting: Sorting,
    portion: Portion,
    conditions: Conditions,
    /// The most entries that the client wants, pages before included.
    wanted: Option<u32>,
    /// Entries that pages before have returned.
    before: u32,
    returned: u32,
    has_advanced: bool,
    /// Whether there was nothing more to look at.
    exhausted: bool,
    /// How much of a budget one entry uses up.
    cost: usize,
    /// Entries that were looked at and did not match.
    in_vain: usize,
}

/// Tests that are counted as one entry of a budget.
const TESTS: usize = 16;
/// Bytes of an entry for which it is counted once more.
const PAGE: usize = 4_096;

/// How a slice ended.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There may be more.
    More,
    /// That was all.
    Done,
}

/// Whether an entry that matches is returned.
enum Turn {
    Now,
    Never,
    /// Not on this page, and nothing after it.
    NextPage,
}

impl Search {
    /// Begins a search: finds its base and plans it. It may sort in `room`.
    pub(super) fn begin(
        snapshot: &Snapshot,
        rules: &AccessRules,
        identity: &Identity,
        request: &SearchRequest,
        conditions: Conditions,
        room: &Room,
    ) -> Result<Search, Error> {
        let mut access = rules.access(snapshot, identity);
        let base = base::find(snapshot, &mut access, request)?;
        if let Some(view) = View::new(snapshot, base) {
            target::assert(&mut access, &view, request.assertion.as_ref())?;
        }
        let schema = snapshot.schema();
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
            aliases::roots(snapshot, &mut access, base).into()
        } else {
            SmallVec::from([base])
        };
        // They come with the first entries, and not again with later pages.
        let refers = !request.manage_referrals
            && !request.omit_references
            && conditions.resume.is_none()
            && snapshot.has_referrals();
        let continuations = if refers {
            referrals::continuations(snapshot, &mut access, &roots)
        } else {
            Vec::new()
        };
        let filter = request.filter.resolve(schema);
        let selection = Selection::new(schema, &request.attributes);
        let tests = filter.tests().saturating_add(selection.tests());
        let mut search = Search {
            cost: tests.div_ceil(TESTS),
            filter,
            selection,
            values: request
                .values
                .as_ref()
                .map(|items| MatchedValues::new(schema, items)),
            types_only: request.types_only,
            shown: Shown::of(request),
            roots,
            follows,
            ahead: Ahead::nothing(),
            continuations,
            manage_referrals: request.manage_referrals,
            sorting: Sorting::of(schema, request, &conditions, room)?,
            portion: Portion::of(request, &conditions),
            before: conditions
                .resume
                .as_ref()
                .map_or(0, |cursor| cursor.returned),
            wanted: (request.size_limit > 0).then_some(request.size_limit),
            conditions,
            returned: 0,
            has_advanced: false,
            exhausted: false,
            in_vain: 0,
        };
        if !search.take_from_index(snapshot, &mut access) {
            search.plan(snapshot);
        }
        Ok(search)
    }

    /// Decides what is to be looked at.
    fn plan(&mut self, snapshot: &Snapshot) {
        let from = match self
            .conditions
            .resume
            .as_ref()
            .map(|cursor| &cursor.position)
        {
            Some(Position::Id(id)) => *id,
            _ => 0,
        };
        let by_id = matches!(self.portion, Portion::Page { .. })
            && !matches!(self.sorting, Sorting::Gathering { .. });
        self.ahead = match self.portion {
            Portion::Nothing => Ahead::nothing(),
            _ if self.shown == Shown::Subentries => Ahead::of_set(&subentries::all(snapshot), from),
            _ if by_id => Ahead::by_id(snapshot, &self.filter, &self.roots, from),
            _ => Ahead::new(snapshot, &self.filter, &self.roots),
        };
    }

    /// Holds what is left to the limits anew.
    pub(super) fn renew_limits(&mut self, deadline: Option<Instant>) {
        self.conditions.deadline = deadline;
        self.before = self.before.saturating_add(self.returned);
        self.returned = 0;
    }

    /// Whether the client asked for descriptions only.
    pub fn types_only(&self) -> bool {
        self.types_only
    }

    /// Takes the continuation references: for each, the URIs that lead to the same part of the tree.
    pub fn take_continuations(&mut self) -> Vec<Vec<String>> {
        std::mem::take(&mut self.continuations)
    }

    /// Looks at up to `budget` entries, fewer the more is asked of each and the larger they are but one at least, and
    /// hands those that match to `sink`, which ends the slice by breaking off: an entry it got counts as returned.
    pub(super) fn advance(
        &mut self,
        snapshot: &Snapshot,
        rules: &AccessRules,
        identity: &Identity,
        budget: usize,
        sink: &mut dyn FnMut(&VisibleEntry<'_>) -> ControlFlow<()>,
    ) -> Result<Progress, Error> {
        // One slice is always done: most searches take no more, and then nobody need look at the clock.
        let deadline = self.conditions.deadline.filter(|_| self.has_advanced);
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(Error::TimeLimitExceeded);
        }
        self.has_advanced = true;
        let mut access = rules.access(snapshot, identity);
        let (mut evaluator, mut siblings) = (Evaluator::default(), Siblings::default());
        let shown = self.shown.within(snapshot);
        let refers = !self.manage_referrals && snapshot.has_referrals();
        let elsewhere = |id| refers && referrals::above(snapshot, id).is_some();
        let mut left = budget;
        for turn in 0..budget {
            if left == 0 {
                break;
            }
            if turn % FETCHED == 0 {
                self.ahead.fetch(snapshot);
            }
            left = left.saturating_sub(self.cost);
            let Some(id) = self.ahead.next(snapshot) else {
                return self.end_of_entries(snapshot);
            };
            let Some(view) = View::new(snapshot, id) else {
                continue;
            };
            if !shown.shows(id) || !self.covers(&view, &mut siblings) {
                continue;
            }
            if self.follows && aliases::is_alias(&view) || elsewhere(id) {
                continue;
            }
            let pages = view.entry.size() / PAGE;
            left = left.saturating_sub(self.cost.saturating_mul(pages));
            let masks = access.masks(&view);
            let matches = masks.is_visible()
                && (self.ahead.is_certain(snapshot, &masks.search)
                    || evaluator.evaluate(&self.filter, &view, &masks.search) == Truth::True);
            if !matches {
                self.in_vain += 1;
                continue;
            }
            if let Sorting::Gathering { order, list, .. } = &mut self.sorting {
                if let Err(fault) = list.push(id, |out| order.write_key(&view, masks, out)) {
                    self.give_up_sorting(snapshot, fault)?;
                }
                continue;
            }
            match self.turn(id)? {
                Turn::Now => {}
                Turn::Never => continue,
                Turn::NextPage => return Ok(Progress::Done),
            }
            let entry = VisibleEntry::new(view, &self.selection, &masks.read)
                .below(siblings.superior(snapshot));
            if sink(&entry.matching(self.values.as_ref())).is_break() {
                break;
            }
        }
        Ok(Progress::More)
    }

    /// Whether an entry lies in the scope.
    fn covers(&self, view: &View<'_>, siblings: &mut Siblings) -> bool {
        siblings.turn_to(view.entry.parent(), view.snapshot, &self.roots);
        self.ahead.is_within_roots()
            || siblings.are_covered()
            || self.roots.iter().any(|root| root.begins_with(view.id))
    }

    /// Counts an entry that matches, against the page and the limits.
    fn turn(&mut self, id: EntryId) -> Result<Turn, Error> {
        let so_far = self.before.saturating_add(self.returned);
        match &mut self.portion {
            Portion::Count(count) => {
                *count = count.saturating_add(1);
                return Ok(Turn::Never);
            }
            _ if self.wanted.is_some_and(|most| so_far >= most) => {
                return Err(Error::SizeLimitExceeded);
            }
            Portion::Page { most, next } if self.returned >= *most => {
                *next = Some(self.ahead.position(id));
                return Ok(Turn::NextPage);
            }
            Portion::Page { .. } | Portion::Nothing => {}
            Portion::Whole | Portion::Window { .. } | Portion::Slice { .. } => {
                if self
                    .conditions
                    .size
                    .is_some_and(|most| self.returned >= most)
                {
                    return Err(Error::SizeLimitExceeded);
                }
            }
        }
        self.returned = self.returned.saturating_add(1);
        Ok(Turn::Now)
    }
}

#[cfg(test)]
mod tests;
