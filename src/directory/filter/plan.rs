//! Which entries a search must look at: candidates from the indexes where they help.
//!
//! Owns the choice. Candidates may be too many, since each is evaluated afterwards, but never too few.

mod explain;

use super::resolve::{Resolved, Target, Test};
use crate::directory::dn::Dn;
use crate::directory::entry::EntryId;
use crate::directory::index::ordered::Bound;
use crate::directory::index::{Kind, Ordered};
use crate::directory::members::EdgeKind;
use crate::directory::schema::AttributeTypeId;
use crate::directory::snapshot::{IdSet, Postings, Snapshot};
use crate::directory::view::Computed;
pub use explain::{Missing, missing};

/// So few candidates are evaluated rather than looked up in further indexes.
const FEW: usize = 16;

/// How the candidates of a filter are found.
pub struct Plan<'a> {
    snapshot: &'a Snapshot,
    step: Step<'a>,
}

/// How those of one part of it are.
struct Step<'a> {
    /// At most how many there are.
    count: usize,
    source: Source<'a>,
    /// Which index it is, for people.
    of: Option<(AttributeTypeId, Kind)>,
    /// Whether exactly the entries that match are found.
    exact: bool,
}

enum Source<'a> {
    /// There are none.
    Nothing,
    One(EntryId),
    Postings(Postings<'a>),
    Set(&'a IdSet),
    Range {
        ordered: &'a Ordered,
        from: &'a [u8],
        to: Bound<'a>,
    },
    /// Those in every one of the sets, the smallest first.
    Pieces(Vec<&'a IdSet>),
    /// Those of the first step that are in the others, fewest first.
    All(Vec<Step<'a>>),
    Any(Vec<Step<'a>>),
    /// All entries but these, which are found exactly.
    Without(Box<Step<'a>>),
}

impl<'a> Plan<'a> {
    /// The plan for a filter; `None` when no index helps.
    pub fn new(filter: &'a Resolved, snapshot: &'a Snapshot) -> Option<Self> {
        let step = plan(filter, snapshot)?;
        Some(Self { snapshot, step })
    }

    /// At most how many candidates there are.
    pub fn count(&self) -> usize {
        self.step.count
    }

    /// The candidates, ascending, each once.
    pub fn candidates(&self) -> Vec<EntryId> {
        let mut ids = Vec::with_capacity(self.step.count.min(1024));
        self.step.collect(self.snapshot, &mut ids);
        if !ids.is_sorted_by(|one, next| one < next) {
            ids.sort_unstable();
            ids.dedup();
        }
        ids
    }
}

fn plan<'a>(filter: &'a Resolved, snapshot: &'a Snapshot) -> Option<Step<'a>> {
    match filter {
        Resolved::And(list) => {
            let steps = list.iter().filter_map(|item| plan(item, snapshot));
            let mut steps: Vec<Step<'_>> = steps.collect();
            steps.sort_by_key(|step| step.count);
            if steps.len() == 1 && list.len() > 1 {
                return steps.pop().map(|step| Step {
                    exact: false,
                    ..step
                });
            }
            let exact = steps.len() == list.len() && steps.iter().all(|step| step.exact);
            let count = steps.first()?.count;
            Some(Step::new(count, Source::All(steps), exact))
        }
        Resolved::Or(list) => {
            let steps = list.iter().map(|item| plan(item, snapshot));
            Some(Step::any(steps.collect::<Option<_>>()?))
        }
        Resolved::Not(inner) => {
            let inner = plan(inner, snapshot).filter(|inner| inner.exact)?;
            let count = snapshot.len().saturating_sub(inner.count);
            Some(Step::new(count, Source::Without(Box::new(inner)), false))
        }
        Resolved::Undefined => Some(Step::new(0, Source::Nothing, false)),
        Resolved::Present(target) => plan_presence(target, snapshot),
        Resolved::Match(target, test) => plan_match(target, test, snapshot),
        Resolved::AnyAttribute(..) | Resolved::WithName(..) => None,
    }
}

fn plan_presence<'a>(target: &Target, snapshot: &'a Snapshot) -> Option<Step<'a>> {
    let steps = target.types().iter().map(|attribute| {
        let set = snapshot.index().present(*attribute)?;
        let step = Step::new(set.len(), Source::Set(set), target.is_plain());
        Some(step.by(*attribute, Kind::Presence))
    });
    Some(Step::any(steps.collect::<Option<_>>()?))
}

fn plan_match<'a>(target: &Target, test: &'a Test, snapshot: &'a Snapshot) -> Option<Step<'a>> {
    if let Test::Edge(_, dn, _) = test {
        return plan_edges(target, dn, snapshot);
    }
    let steps = target
        .types()
        .iter()
        .map(|attribute| plan_type(*attribute, test, snapshot));
    Some(Step::any(steps.collect::<Option<_>>()?))
}

/// One attribute type under a test.
fn plan_type<'a>(
    attribute: AttributeTypeId,
    test: &'a Test,
    snapshot: &'a Snapshot,
) -> Option<Step<'a>> {
    let index = snapshot.index();
    let of_type = snapshot.schema().attribute(attribute);
    let range = |rule, from: &'a [u8], to: Bound<'a>| {
        let ordered = index
            .ordered(attribute)
            .filter(|_| of_type.ordering == Some(rule))?;
        let source = Source::Range { ordered, from, to };
        Some(Step::new(ordered.count(from, to), source, false))
    };
    let step = match test {
        Test::Equality(rule, value) if of_type.equality == Some(*rule) => {
            let postings = index.equal(attribute, value)?;
            Step::new(postings.len(), Source::Postings(postings), false)
        }
        Test::Pieces(rule, pieces) if of_type.substrings == Some(*rule) => {
            let sets = index.containing(attribute, pieces)?;
            let count = sets.first().map_or(0, |set| set.len());
            Step::new(count, Source::Pieces(sets), false)
        }
        Test::AtLeast(rule, bound) => range(*rule, bound, Bound::Unbounded)?,
        Test::AtMost(rule, bound) | Test::Less(rule, bound) => {
            range(*rule, &[], Bound::Included(bound))?
        }
        _ => return None,
    };
    Some(step.by(attribute, test_kind(test)?))
}

/// The kind of index that serves a test.
fn test_kind(test: &Test) -> Option<Kind> {
    match test {
        Test::Equality(..) => Some(Kind::Equality),
        Test::Pieces(..) => Some(Kind::Substring),
        Test::AtLeast(..) | Test::AtMost(..) | Test::Less(..) => Some(Kind::Ordering),
        Test::Edge(..) | Test::Word(..) | Test::AllBits(..) | Test::AnyBit(..) => None,
    }
}

/// Attributes whose values are names of entries, kept as edges.
fn plan_edges<'a>(target: &Target, dn: &Dn, snapshot: &'a Snapshot) -> Option<Step<'a>> {
    if target.types().iter().any(|id| Computed::of(*id).is_none()) {
        return None;
    }
    let found = snapshot.find_entry(dn);
    let mut steps = Vec::new();
    for attribute in &target.computed {
        edge_steps(*attribute, dn, found, snapshot, &mut steps)?;
    }
    Some(Step::any(steps))
}

fn edge_steps<'a>(
    attribute: Computed,
    dn: &Dn,
    found: Option<EntryId>,
    snapshot: &'a Snapshot,
    steps: &mut Vec<Step<'a>>,
) -> Option<()> {
    let set = |set: &'a IdSet| Step::new(set.len(), Source::Set(set), false);
    match (attribute, found) {
        (Computed::Edges(_), Some(member)) => {
            steps.extend(snapshot.membership().groups_of(member).map(set));
        }
        (Computed::Edges(_), None) => {
            let postings = snapshot.naming(&dn.normalize(snapshot.schema()));
            let source = Source::Postings(postings);
            steps.push(Step::new(postings.len(), source, false));
        }
        (Computed::MemberOf, Some(group)) => {
            if let Some(members) = snapshot.members(group) {
                let kinds = EdgeKind::ALL.into_iter();
                steps.extend(kinds.map(|kind| set(members.ids(kind))));
            }
        }
        (Computed::EntryDn, Some(entry)) => {
            steps.push(Step::new(1, Source::One(entry), true));
        }
        (Computed::MemberOf | Computed::EntryDn, None) => {}
        _ => return None,
    }
    Some(())
}

impl<'a> Step<'a> {
    fn new(count: usize, source: Source<'a>, exact: bool) -> Self {
        Self {
            count,
            source,
            of: None,
            exact,
        }
    }

    fn by(self, attribute: AttributeTypeId, kind: Kind) -> Self {
        Self {
            of: Some((attribute, kind)),
            ..self
        }
    }

    fn any(mut steps: Vec<Step<'a>>) -> Self {
        if steps.len() == 1
            && let Some(only) = steps.pop()
        {
            return only;
        }
        let count = steps
            .iter()
            .fold(0_usize, |sum, step| sum.saturating_add(step.count));
        let exact = steps.iter().all(|step| step.exact);
        Step::new(count, Source::Any(steps), exact)
    }

    /// Appends the candidates, in any order and perhaps some twice.
    fn collect(&self, snapshot: &Snapshot, out: &mut Vec<EntryId>) {
        match &self.source {
            Source::Nothing => {}
            Source::One(id) => out.push(*id),
            Source::Postings(postings) => out.extend(postings.iter()),
            Source::Set(set) => out.extend(set.iter()),
            Source::Range { ordered, from, to } => {
                ordered.for_each(from, *to, &mut |id| out.push(id));
            }
            Source::Pieces(sets) => {
                let Some((first, rest)) = sets.split_first() else {
                    return;
                };
                let from = out.len();
                out.extend(first.iter());
                for set in rest {
                    narrow(out, from, |id| set.contains(id));
                }
            }
            Source::All(steps) => {
                let Some((first, rest)) = steps.split_first() else {
                    return;
                };
                let from = out.len();
                first.collect(snapshot, out);
                // A step that leaves out less than half is not worth asking.
                let telling = |step: &&Step<'_>| step.count <= snapshot.len() / 2;
                for step in rest.iter().filter(telling) {
                    narrow(out, from, |id| step.may_hold(id));
                }
            }
            Source::Any(steps) => steps.iter().for_each(|step| step.collect(snapshot, out)),
            Source::Without(inner) => {
                out.extend(snapshot.ids().filter(|id| !inner.may_hold(*id)));
            }
        }
    }

    /// Whether an entry can be among the candidates; true where finding out takes long.
    fn may_hold(&self, id: EntryId) -> bool {
        match &self.source {
            Source::Nothing => false,
            Source::One(only) => *only == id,
            Source::Postings(postings) => postings.contains(id),
            Source::Set(set) => set.contains(id),
            Source::Range { .. } => true,
            Source::Pieces(sets) => sets.iter().all(|set| set.contains(id)) && !sets.is_empty(),
            Source::All(steps) => steps.iter().all(|step| step.may_hold(id)),
            Source::Any(steps) => {
                (steps.len() > FEW && !self.exact) || steps.iter().any(|step| step.may_hold(id))
            }
            Source::Without(inner) => !inner.may_hold(id),
        }
    }
}

/// Takes out those from `from` on that cannot match, unless there are few.
fn narrow(ids: &mut Vec<EntryId>, from: usize, may_hold: impl Fn(EntryId) -> bool) {
    let count = ids.len().saturating_sub(from);
    if count <= FEW {
        return;
    }
    let mut kept = from;
    for at in from..ids.len() {
        if let Some(id) = ids.get(at).copied()
            && may_hold(id)
        {
            if let Some(place) = ids.get_mut(kept) {
                *place = id;
            }
            kept += 1;
        }
    }
    ids.truncate(kept);
}

#[cfg(test)]
mod tests;
