//! Which entries a search must look at: candidates from the indexes where they help.
//!
//! Owns the choice. Candidates may be too many, since each is evaluated afterwards, but never too few.

mod explain;
mod names;

use super::chain;
use super::resolve::{Name, Pieces, Resolved, Target, Test};
use crate::directory::entry::EntryId;
use crate::directory::index::ordered::{self, Range};
use crate::directory::index::{Kind, Ordered};
use crate::directory::schema::{AttributeTypeId, well_known};
use crate::directory::snapshot::{IdSet, Postings, Snapshot};
pub use explain::{Missing, missing};
use names::{plan_chain, plan_edges};

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
    /// Whether [`Step::may_hold`] is true of exactly the entries that match.
    exact: bool,
    /// Whether every candidate matches, for an asker to whom all that is asked about is open.
    certain: bool,
}

enum Source<'a> {
    /// There are none.
    Nothing,
    One(EntryId),
    Postings(Postings<'a>),
    Set(&'a IdSet),
    Range {
        ordered: &'a Ordered,
        range: Range<'a>,
    },
    /// The members of a group, and those of the groups in it.
    Members {
        group: EntryId,
        nested: bool,
    },
    /// All groups that have a member, directly or through others.
    Groups {
        member: EntryId,
    },
    /// Entries that the chain of superiors leads to a name.
    Subordinates(&'a Name),
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

    /// At most how many candidates there are, or about how many where counting memberships would take too long.
    pub fn count(&self) -> usize {
        self.step.count
    }

    /// Whether every candidate matches, for an asker who may search all attributes that the filter is about.
    pub fn is_certain(&self) -> bool {
        self.step.certain
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
        Resolved::And(list) => plan_all(list, snapshot),
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

/// Entries that all parts are true of. Classes are asked about last: very many entries share each.
fn plan_all<'a>(list: &'a [Resolved], snapshot: &'a Snapshot) -> Option<Step<'a>> {
    let names_class = |item: &&Resolved| match item {
        Resolved::Match(target, _) => target.attribute() == well_known::OBJECT_CLASS,
        _ => false,
    };
    let others = list.iter().filter(|item| !names_class(item));
    let mut steps = Vec::new();
    for item in others.chain(list.iter().filter(names_class)) {
        let Some(step) = plan(item, snapshot) else {
            continue;
        };
        // Nothing is gained by asking for fewer; postings are neither exact nor certain anyway.
        if step.count <= FEW && matches!(step.source, Source::Postings(_)) {
            return Some(step);
        }
        steps.push(step);
    }
    if steps.len() == 1 && list.len() > 1 {
        return steps.pop().map(|step| Step {
            exact: false,
            certain: false,
            ..step
        });
    }
    let complete = steps.len() == list.len();
    let step = (!steps.is_empty()).then(|| Step::all(steps))?;
    Some(Step {
        exact: step.exact && complete,
        ..step
    })
}

fn plan_presence<'a>(target: &Target, snapshot: &'a Snapshot) -> Option<Step<'a>> {
    let steps = target.types().iter().map(|attribute| {
        let set = snapshot.index().present(*attribute)?;
        let step = Step {
            certain: target.is_plain(),
            ..Step::new(set.len(), Source::Set(set), target.is_plain())
        };
        Some(step.by(*attribute, Kind::Presence))
    });
    Some(Step::any(steps.collect::<Option<_>>()?))
}

fn plan_match<'a>(target: &Target, test: &'a Test, snapshot: &'a Snapshot) -> Option<Step<'a>> {
    let step = match test {
        Test::Edge(_, name, _) => plan_edges(target, name, snapshot)?,
        Test::Chain(name) => plan_chain(target, name, snapshot)?,
        _ if let [attribute] = target.types() => plan_type(*attribute, test, snapshot)?,
        _ => {
            let types = target.types().iter();
            let steps = types.map(|attribute| plan_type(*attribute, test, snapshot));
            Step::any(steps.collect::<Option<_>>()?)
        }
    };
    Some(Step {
        certain: step.certain && target.is_plain(),
        ..step
    })
}

/// One attribute type under a test.
fn plan_type<'a>(
    attribute: AttributeTypeId,
    test: &'a Test,
    snapshot: &'a Snapshot,
) -> Option<Step<'a>> {
    let index = snapshot.index();
    let of_type = snapshot.schema().attribute(attribute);
    let range = |rule, range: Range<'a>| {
        let ordered = index
            .ordered(attribute)
            .filter(|_| of_type.ordering == Some(rule))?;
        Some(Step::range(ordered, range))
    };
    let step = match test {
        Test::Equality(rule, value) if of_type.equality == Some(*rule) => {
            let postings = index.equal(attribute, value)?;
            Step::new(postings.len(), Source::Postings(postings), false)
        }
        Test::AnyOf(rule, values) if of_type.equality == Some(*rule) => {
            let steps = values.iter().map(|value| {
                let postings = index.equal(attribute, value)?;
                Some(Step::new(postings.len(), Source::Postings(postings), false))
            });
            Step::any(steps.collect::<Option<_>>()?)
        }
        Test::Pieces(rule, pieces) if of_type.substrings == Some(*rule) => {
            plan_pieces(attribute, pieces, snapshot)?
        }
        Test::AtLeast(rule, bound) => range(*rule, Range::From(bound))?,
        Test::AtMost(rule, bound) | Test::Less(rule, bound) => range(*rule, Range::UpTo(bound))?,
        _ => return None,
    };
    Some(step.by(attribute, test_kind(test)?))
}

/// One attribute type under a test for pieces of its values.
fn plan_pieces<'a>(
    attribute: AttributeTypeId,
    pieces: &'a Pieces,
    snapshot: &'a Snapshot,
) -> Option<Step<'a>> {
    let index = snapshot.index();
    // Of a longer one the tree knows the beginning alone.
    let long = pieces.initial.iter();
    let long = long.filter(|initial| initial.len() > ordered::KEY_MAX);
    let others = pieces.any.iter().chain(&pieces.last).chain(long);
    let others = others.map(|piece| &**piece);
    let is_all = others.clone().next().is_none();
    let beginning = pieces.initial.as_deref().and_then(|initial| {
        let ordered = index.beginnings(attribute)?;
        Some(Step {
            certain: is_all,
            ..Step::range(ordered, Range::Beginning(initial))
        })
    });
    let containing = index.containing(attribute, others).map(|sets| {
        let count = sets.first().map_or(0, |set| set.len());
        Step::new(count, Source::Pieces(sets), false)
    });
    match (beginning, containing) {
        (Some(one), Some(other)) => Some(Step::all(vec![
            one.by(attribute, Kind::Substring),
            other.by(attribute, Kind::Substring),
        ])),
        (one, other) => one.or(other),
    }
}

/// The kind of index that serves a test.
fn test_kind(test: &Test) -> Option<Kind> {
    match test {
        Test::Equality(..) | Test::AnyOf(..) => Some(Kind::Equality),
        Test::Pieces(..) => Some(Kind::Substring),
        Test::AtLeast(..) | Test::AtMost(..) | Test::Less(..) => Some(Kind::Ordering),
        Test::Edge(..) | Test::Chain(_) | Test::Word(..) | Test::AllBits(..) | Test::AnyBit(..) => {
            None
        }
    }
}

impl<'a> Step<'a> {
    fn new(count: usize, source: Source<'a>, exact: bool) -> Self {
        Self {
            count,
            source,
            of: None,
            exact,
            certain: false,
        }
    }

    fn range(ordered: &'a Ordered, range: Range<'a>) -> Self {
        let count = ordered.count(range);
        Self::new(count, Source::Range { ordered, range }, false)
    }

    /// Those in every one of some steps, of which there is one at least.
    fn all(mut steps: Vec<Step<'a>>) -> Self {
        steps.sort_by_key(|step| step.count);
        let count = steps.first().map_or(0, |step| step.count);
        let exact = steps.iter().all(|step| step.exact);
        Step::new(count, Source::All(steps), exact)
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
        let certain = steps.iter().all(|step| step.certain);
        Step {
            certain,
            ..Step::new(count, Source::Any(steps), exact)
        }
    }

    /// Appends the candidates, in any order and perhaps some twice.
    fn collect(&self, snapshot: &Snapshot, out: &mut Vec<EntryId>) {
        match &self.source {
            Source::Nothing => {}
            Source::One(id) => out.push(*id),
            Source::Postings(postings) => out.extend(postings.iter()),
            Source::Set(set) => out.extend(set.iter()),
            Source::Range { ordered, range } => {
                ordered.for_each(*range, &mut |id| out.push(id));
            }
            Source::Members { group, nested } => {
                let membership = snapshot.membership();
                let below = nested.then(|| membership.groups_in(*group));
                let below = below.iter().flat_map(|below| below.iter());
                let groups = below.filter(|id| id != group);
                for member_of in std::iter::once(*group).chain(groups) {
                    membership.for_each_member(member_of, |id| {
                        // No group is its own member, not even on a cycle.
                        if id != *group {
                            out.push(id);
                        }
                    });
                }
            }
            Source::Groups { member } => {
                out.extend(snapshot.membership().all_groups_of(*member).iter());
            }
            Source::Subordinates(name) => {
                out.extend(chain::subordinates(snapshot, name).into_iter().flatten());
            }
            Source::Pieces(sets) => {
                if let Some((first, rest)) = sets.split_first() {
                    out.extend(in_all(first, rest).iter());
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
                    narrow(out, from, |id| step.may_hold(snapshot, id));
                }
            }
            Source::Any(steps) => steps.iter().for_each(|step| step.collect(snapshot, out)),
            Source::Without(inner) => {
                out.extend(snapshot.ids().filter(|id| !inner.may_hold(snapshot, *id)));
            }
        }
    }

    /// Whether an entry can be among the candidates; true where finding out takes long.
    fn may_hold(&self, snapshot: &Snapshot, id: EntryId) -> bool {
        let held = |step: &Step<'_>| step.may_hold(snapshot, id);
        match &self.source {
            Source::Nothing => false,
            Source::One(only) => *only == id,
            Source::Postings(postings) => postings.contains(id),
            Source::Set(set) => set.contains(id),
            Source::Range { .. } | Source::Subordinates(_) => true,
            Source::Members { group, nested } => {
                let membership = snapshot.membership();
                if *nested {
                    membership.is_member(id, *group)
                } else {
                    let groups = membership.groups_of(id);
                    groups.is_some_and(|groups| groups.contains(*group))
                }
            }
            Source::Groups { member } => snapshot.membership().is_member(*member, id),
            Source::Pieces(sets) => sets.iter().all(|set| set.contains(id)) && !sets.is_empty(),
            Source::All(steps) => steps.iter().all(held),
            Source::Any(steps) => (steps.len() > FEW && !self.exact) || steps.iter().any(held),
            Source::Without(inner) => !held(inner),
        }
    }
}

/// The ids that are in one set and in those of the others that leave enough of them out to be worth the look.
fn in_all(first: &IdSet, others: &[&IdSet]) -> IdSet {
    let mut found = first.clone();
    for set in others {
        let before = found.len();
        if before <= FEW {
            break;
        }
        found = found.intersection(set);
        if found.len() > before - before / 8 {
            break;
        }
    }
    found
}

/// Takes out those from `from` on that cannot match, unless there are few.
fn narrow(ids: &mut Vec<EntryId>, from: usize, may_hold: impl Fn(EntryId) -> bool) {
    let candidates = ids.get(from..).unwrap_or_default();
    let mut sample = candidates.iter().step_by((candidates.len() / FEW).max(1));
    // A set that leaves none out of a few is not worth asking for all.
    if candidates.len() <= FEW || sample.all(|id| may_hold(*id)) {
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
