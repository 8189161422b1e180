//! Which entries a search must look at: candidates from the indexes where they help.
//!
//! Owns the choice. Candidates may be too many, since each is evaluated afterwards, but never too few.

use super::resolve::{Resolved, Target, Test};
use crate::directory::entry::EntryId;
use crate::directory::members::EdgeKind;
use crate::directory::snapshot::{IdSet, Snapshot};
use crate::directory::view::Computed;

/// The candidates of a filter, ascending and each once; `None` when no index narrows it to fewer than `enough`.
pub fn candidates(filter: &Resolved, snapshot: &Snapshot, enough: usize) -> Option<Vec<EntryId>> {
    if estimate(filter, snapshot)? >= enough {
        return None;
    }
    let mut ids = Vec::new();
    collect(filter, snapshot, &mut ids);
    ids.sort_unstable();
    ids.dedup();
    Some(ids)
}

/// At most how many candidates the indexes yield; `None` when they say nothing.
fn estimate(filter: &Resolved, snapshot: &Snapshot) -> Option<usize> {
    match filter {
        Resolved::And(list) => list
            .iter()
            .filter_map(|item| estimate(item, snapshot))
            .min(),
        Resolved::Or(list) => list.iter().try_fold(0_usize, |sum, item| {
            Some(sum.saturating_add(estimate(item, snapshot)?))
        }),
        Resolved::Undefined => Some(0),
        Resolved::Match(target, test) => estimate_match(target, test, snapshot),
        Resolved::Not(_)
        | Resolved::Present(_)
        | Resolved::AnyAttribute(..)
        | Resolved::WithName(..) => None,
    }
}

fn estimate_match(target: &Target, test: &Test, snapshot: &Snapshot) -> Option<usize> {
    let mut sum = 0_usize;
    for_each_source(target, test, snapshot, &mut |source| {
        sum = sum.saturating_add(source.len())
    })?;
    Some(sum)
}

/// Appends the candidates of a filter that [`estimate`] had a number for.
fn collect(filter: &Resolved, snapshot: &Snapshot, out: &mut Vec<EntryId>) {
    match filter {
        Resolved::And(list) => {
            let cheapest = list
                .iter()
                .filter_map(|item| Some((estimate(item, snapshot)?, item)))
                .min_by_key(|(count, _)| *count);
            if let Some((_, item)) = cheapest {
                collect(item, snapshot, out);
            }
        }
        Resolved::Or(list) => list.iter().for_each(|item| collect(item, snapshot, out)),
        Resolved::Match(target, test) => {
            let _ = for_each_source(target, test, snapshot, &mut |source| source.append_to(out));
        }
        _ => {}
    }
}

/// Where the candidates of one item lie.
enum Source<'a> {
    Postings(crate::directory::snapshot::Postings<'a>),
    Set(&'a IdSet),
    One(EntryId),
}

impl Source<'_> {
    fn len(&self) -> usize {
        match self {
            Source::Postings(postings) => postings.len(),
            Source::Set(set) => set.len(),
            Source::One(_) => 1,
        }
    }

    fn append_to(&self, out: &mut Vec<EntryId>) {
        match self {
            Source::Postings(postings) => out.extend(postings.iter()),
            Source::Set(set) => out.extend(set.iter()),
            Source::One(id) => out.push(*id),
        }
    }
}

/// Hands over every source of an item; `None` when some attribute of it has no index.
fn for_each_source(
    target: &Target,
    test: &Test,
    snapshot: &Snapshot,
    each: &mut dyn FnMut(Source<'_>),
) -> Option<()> {
    match test {
        Test::Edge(_, dn, _) => {
            for attribute in &target.computed {
                edge_sources(*attribute, dn, snapshot, each)?;
            }
            let stored = target.types().iter().any(|id| Computed::of(*id).is_none());
            (!stored).then_some(())
        }
        Test::Equality(rule, value) => {
            for attribute in target.types() {
                let own_rule = snapshot.schema().attribute(*attribute).equality;
                if own_rule != Some(*rule) {
                    return None;
                }
                each(Source::Postings(snapshot.holders(*attribute, value)?));
            }
            Some(())
        }
        _ => None,
    }
}

fn edge_sources(
    attribute: Computed,
    dn: &crate::directory::dn::Dn,
    snapshot: &Snapshot,
    each: &mut dyn FnMut(Source<'_>),
) -> Option<()> {
    let found = snapshot.find_entry(dn);
    match (attribute, found) {
        (Computed::Edges(_), Some(member)) => {
            snapshot
                .groups_of(member)
                .into_iter()
                .for_each(|groups| each(Source::Set(groups)));
        }
        (Computed::Edges(_), None) => {
            each(Source::Postings(
                snapshot.naming(&dn.normalize(snapshot.schema())),
            ));
        }
        (Computed::MemberOf, Some(group)) => {
            if let Some(members) = snapshot.members(group) {
                EdgeKind::ALL
                    .into_iter()
                    .for_each(|kind| each(Source::Set(members.ids(kind))));
            }
        }
        (Computed::EntryDn, Some(entry)) => each(Source::One(entry)),
        (Computed::MemberOf | Computed::EntryDn, None) => {}
        _ => return None,
    }
    Some(())
}
