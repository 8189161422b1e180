//! What the closure holds after any sequence of changes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Edges as they should be: members by group and attribute.
type Model = BTreeMap<(EntryId, EdgeKind), BTreeSet<EntryId>>;

fn edge(kind: EdgeKind, member: EntryId) -> Edge {
    Edge::Entry { kind, member }
}

fn no_key(_: &[u8]) -> u64 {
    0
}

fn of(edges: &[(EntryId, EntryId)]) -> Membership {
    let mut membership = Membership::default();
    for (group, member) in edges {
        membership.add_edge(*group, &edge(EdgeKind::Member, *member), no_key);
    }
    membership
}

/// All groups of an entry, by a walk.
fn walk(model: &Model, member: EntryId) -> BTreeSet<EntryId> {
    let mut all = BTreeSet::new();
    let mut open = vec![member];
    while let Some(next) = open.pop() {
        for ((group, _), members) in model {
            if members.contains(&next) && all.insert(*group) {
                open.push(*group);
            }
        }
    }
    all
}

fn compare(membership: &Membership, model: &Model, ids: EntryId) {
    let groups: BTreeSet<EntryId> = model
        .iter()
        .filter(|(_, members)| !members.is_empty())
        .map(|((group, _), _)| *group)
        .collect();
    let above: BTreeMap<EntryId, BTreeSet<EntryId>> =
        (0..ids).map(|id| (id, walk(model, id))).collect();
    for id in 0..ids {
        let mut others = above[&id].clone();
        others.remove(&id);
        let found: BTreeSet<EntryId> = membership.all_groups_of(id).iter().collect();
        assert_eq!(found, others, "groups of {id} in {model:?}");
        for group in 0..ids {
            assert_eq!(
                membership.is_member(id, group),
                others.contains(&group),
                "{id} in {group} in {model:?}"
            );
        }
        let below = membership.groups_in(id);
        let inside = groups.iter().filter(|group| above[group].contains(&id));
        assert!(
            below.iter().eq(inside.copied()),
            "groups in {id} in {model:?}"
        );
    }
}

#[derive(Clone, Debug)]
enum Step {
    Add(EntryId, EdgeKind, EntryId),
    AddMany(EntryId, EdgeKind, BTreeSet<EntryId>),
    Remove(EntryId, EdgeKind, EntryId),
    /// One of the edges that are there.
    RemoveSome(prop::sample::Index),
    /// All edges of a group, as when it is deleted.
    Clear(EntryId),
}

fn step(ids: EntryId) -> impl Strategy<Value = Step> {
    let kind = || prop::sample::select(EdgeKind::ALL.to_vec());
    prop_oneof![
        6 => (0..ids, kind(), 0..ids).prop_map(|(group, kind, id)| Step::Add(group, kind, id)),
        2 => (0..ids, kind(), prop::collection::btree_set(0..ids, 0..4))
            .prop_map(|(group, kind, ids)| Step::AddMany(group, kind, ids)),
        1 => (0..ids, kind(), 0..ids).prop_map(|(group, kind, id)| Step::Remove(group, kind, id)),
        4 => any::<prop::sample::Index>().prop_map(Step::RemoveSome),
        1 => (0..ids).prop_map(Step::Clear),
    ]
}

fn apply(membership: &mut Membership, model: &mut Model, step: Step) {
    let remove = |membership: &mut Membership, model: &mut Model, group, kind, id| {
        let was = model.entry((group, kind)).or_default().remove(&id);
        assert_eq!(membership.remove_edge(group, &edge(kind, id), no_key), was);
    };
    match step {
        Step::Add(group, kind, id) => {
            let is_new = model.entry((group, kind)).or_default().insert(id);
            assert_eq!(membership.add_edge(group, &edge(kind, id), no_key), is_new);
        }
        Step::AddMany(group, kind, ids) => {
            membership.add_members(group, kind, ids.iter().copied().collect());
            model.entry((group, kind)).or_default().extend(ids);
        }
        Step::Remove(group, kind, id) => remove(membership, model, group, kind, id),
        Step::RemoveSome(index) => {
            let there = model
                .iter()
                .flat_map(|((group, kind), ids)| ids.iter().map(|id| (*group, *kind, *id)));
            let there: Vec<_> = there.collect();
            if !there.is_empty() {
                let (group, kind, id) = *index.get(&there);
                remove(membership, model, group, kind, id);
            }
        }
        Step::Clear(group) => {
            for kind in EdgeKind::ALL {
                for id in model.remove(&(group, kind)).into_iter().flatten() {
                    assert!(membership.remove_edge(group, &edge(kind, id), no_key));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_closure_is_what_a_walk_finds_after_any_changes(steps in vec(step(7), 1..60)) {
        let (mut membership, mut model) = (Membership::default(), Model::new());
        for step in steps {
            let (before, old) = (membership.clone(), model.clone());
            apply(&mut membership, &mut model, step);
            compare(&membership, &model, 7);
            compare(&before, &old, 7);
        }
    }

    #[test]
    fn the_closure_of_many_groups_is_what_a_walk_finds(steps in vec(step(40), 100..200)) {
        let (mut membership, mut model) = (Membership::default(), Model::new());
        for step in steps {
            apply(&mut membership, &mut model, step);
        }
        compare(&membership, &model, 40);
    }
}

#[test]
fn a_group_is_never_its_own_member_even_on_a_cycle() {
    let cycle = of(&[(1, 2), (2, 3), (3, 1), (3, 9), (4, 4)]);
    for (member, group) in [(1, 1), (2, 2), (3, 3), (4, 4)] {
        assert!(!cycle.is_member(member, group));
        assert!(!cycle.all_groups_of(member).contains(group));
    }
    assert!(cycle.is_member(1, 2) && cycle.is_member(2, 1) && cycle.is_member(9, 1));
}

#[test]
fn an_empty_entry_that_is_a_member_becomes_a_group_with_its_first_member() {
    let mut groups = of(&[(1, 2)]);
    assert!(groups.groups_in(1).is_empty());
    groups.add_edge(2, &edge(EdgeKind::UniqueMember, 3), no_key);
    assert!(groups.is_member(3, 1));
    assert!(groups.groups_in(1).contains(2));
    groups.remove_edge(2, &edge(EdgeKind::UniqueMember, 3), no_key);
    assert!(groups.groups_in(1).is_empty());
    assert!(groups.is_member(2, 1));
}

#[test]
fn a_member_stays_one_through_another_way() {
    let mut groups = of(&[(1, 2), (1, 3), (2, 4), (3, 4), (4, 9)]);
    groups.remove_edge(2, &edge(EdgeKind::Member, 4), no_key);
    assert!(groups.is_member(9, 1) && !groups.is_member(9, 2));
    groups.remove_edge(3, &edge(EdgeKind::Member, 4), no_key);
    assert!(!groups.is_member(9, 1) && groups.is_member(9, 4));
}

/// Members that are no groups never touch the closure, however many there are.
#[test]
fn members_that_are_no_groups_leave_the_closure_alone() {
    let mut groups = of(&[(1, 2), (2, 10)]);
    let members = (100..100_000).collect();
    groups.add_members(2, EdgeKind::Member, members);
    assert_eq!(*groups.groups_in(1), [2].into_iter().collect());
    assert!(groups.is_member(99_999, 1));
}

/// Far more than are kept: on a chain each group has all the others above or below it, on a cycle both.
#[test]
fn chains_and_cycles_of_any_length_hold_together() {
    const LENGTH: EntryId = 10_000;
    let steps = |order: &mut dyn Iterator<Item = EntryId>| -> Vec<_> {
        order.map(|group| (group, group + 1)).collect()
    };
    let scattered = |at: EntryId| at * 3_571 % (LENGTH - 1) + 1;
    for edges in [
        steps(&mut (1..LENGTH)),
        steps(&mut (1..LENGTH).rev()),
        steps(&mut (0..LENGTH - 1).map(scattered)),
    ] {
        let mut chain = of(&edges);
        let person = LENGTH + 1;
        chain.add_edge(LENGTH, &edge(EdgeKind::Member, person), no_key);
        assert!(chain.is_member(person, 1) && chain.is_member(LENGTH, 1));
        assert!(!chain.is_member(1, LENGTH));
        assert_eq!(chain.all_groups_of(person).len(), LENGTH as usize);
        assert_eq!(chain.groups_in(1).len(), LENGTH as usize - 1);
        chain.add_edge(LENGTH, &edge(EdgeKind::Member, 1), no_key);
        assert!(chain.is_member(1, LENGTH) && !chain.is_member(1, 1));
        assert_eq!(chain.all_groups_of(7).len(), LENGTH as usize - 1);
        chain.remove_edge(5_000, &edge(EdgeKind::Member, 5_001), no_key);
        assert!(chain.is_member(4_999, 5_001) && !chain.is_member(5_001, 5_000));
        assert_eq!(chain.groups_in(5_000).len(), 0);
    }
}
