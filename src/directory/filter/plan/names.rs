//! Candidates of tests whose assertion is the name of an entry: memberships, chains, `entryDN`.

use super::{Source, Step};
use crate::directory::entry::EntryId;
use crate::directory::filter::chain::Chain;
use crate::directory::filter::resolve::{Name, Target};
use crate::directory::membership::MemberOf;
use crate::directory::schema::well_known;
use crate::directory::snapshot::{IdSet, Snapshot};
use crate::directory::view::Computed;

/// Groups whose members are counted for a plan; counting more would take longer than a login that needs no such plan.
const COUNTED: usize = 16;
/// What is taken for the number of those that are not counted, as a part of all entries: to find all of them by their
/// edges takes about that part of the time that looking at all entries does.
const GUESSED: usize = 16;

/// How many are found where they are not counted.
fn guess(snapshot: &Snapshot) -> usize {
    snapshot.len() / GUESSED
}

/// Attributes whose values are names of entries, kept as edges.
pub(super) fn plan_edges<'a>(
    target: &Target,
    name: &'a Name,
    snapshot: &'a Snapshot,
) -> Option<Step<'a>> {
    if target.types().iter().any(|id| Computed::of(*id).is_none()) {
        return None;
    }
    let found = name.find(snapshot);
    let mut steps = Vec::new();
    for attribute in &target.computed {
        edge_steps(*attribute, name, found, snapshot, &mut steps)?;
    }
    Some(Step::any(steps))
}

fn edge_steps<'a>(
    attribute: Computed,
    name: &Name,
    found: Option<EntryId>,
    snapshot: &'a Snapshot,
    steps: &mut Vec<Step<'a>>,
) -> Option<()> {
    match (attribute, found) {
        (Computed::Edges(_), Some(member)) => {
            let groups = snapshot.membership().groups_of(member);
            steps.extend(groups.map(|set| Step::new(set.len(), Source::Set(set), false)));
        }
        (Computed::Edges(_), None) => {
            let postings = snapshot.naming(&name.normalized);
            let source = Source::Postings(postings);
            steps.push(Step::new(postings.len(), source, false));
        }
        (Computed::MemberOf | Computed::IsMemberOf, Some(group)) => {
            let nested = snapshot.membership().shown() == MemberOf::Nested;
            steps.push(members(snapshot, group, nested, true));
        }
        (Computed::MemberOfIndirect, Some(group)) => {
            steps.push(members(snapshot, group, true, false));
        }
        (Computed::EntryDn, Some(entry)) => {
            steps.push(Step::new(1, Source::One(entry), true));
        }
        (
            Computed::MemberOf
            | Computed::IsMemberOf
            | Computed::MemberOfIndirect
            | Computed::EntryDn,
            None,
        ) => {}
        _ => return None,
    }
    Some(())
}

/// Where a chain leads to a name.
pub(super) fn plan_chain<'a>(
    target: &Target,
    name: &'a Name,
    snapshot: &'a Snapshot,
) -> Option<Step<'a>> {
    let found = name.find(snapshot);
    let mut steps = Vec::new();
    for attribute in target.types() {
        match (Chain::of(*attribute), found) {
            (Some(Chain::Members(_)), Some(member)) => steps.push(groups(snapshot, member)),
            (Some(Chain::Groups), Some(group)) => {
                steps.push(members(snapshot, group, true, true));
            }
            (Some(Chain::Superiors), _) => {
                snapshot.index().equal(well_known::MANAGER, &[])?;
                let source = Source::Subordinates(name);
                steps.push(Step::new(guess(snapshot), source, false));
            }
            (Some(Chain::Members(_) | Chain::Groups), None) | (None, _) => {}
        }
    }
    Some(Step::any(steps))
}

/// The members of a group; `exact` when all of them match.
fn members<'a>(snapshot: &'a Snapshot, group: EntryId, nested: bool, exact: bool) -> Step<'a> {
    let membership = snapshot.membership();
    let below = if nested {
        membership.few_groups_in(group)
    } else {
        Some(const { &IdSet::new() })
    };
    let count = match below.filter(|below| below.len() <= COUNTED) {
        Some(below) => {
            let groups = below.iter().filter(|id| *id != group);
            let counts = std::iter::once(group).chain(groups);
            counts.map(|group| membership.member_count(group)).sum()
        }
        None => guess(snapshot),
    };
    Step {
        certain: exact,
        ..Step::new(count, Source::Members { group, nested }, exact)
    }
}

/// The groups of a member.
fn groups<'a>(snapshot: &'a Snapshot, member: EntryId) -> Step<'a> {
    let membership = snapshot.membership();
    let count = match membership.groups_of(member) {
        Some(direct) if direct.len() > COUNTED => guess(snapshot),
        Some(direct) => direct.iter().fold(direct.len(), |sum, group| {
            let above = membership.all_groups_of(group).len();
            sum.saturating_add(above)
        }),
        None => 0,
    };
    Step::new(count, Source::Groups { member }, false)
}
