//! Sets of every form against a model, across the limits between the forms.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Step {
    Insert(u32),
    Remove(u32),
    /// Insert every n-th id of a range: crosses the limits between the forms.
    Fill(std::ops::Range<u32>, usize),
    Empty(std::ops::Range<u32>, usize),
    /// Keep a clone, to be compared with what it was at the very end.
    Keep,
}

fn id() -> impl Strategy<Value = u32> {
    prop_oneof![
        3 => 0u32..20,
        2 => 65_530u32..65_545,
        2 => 0u32..200_000,
        1 => u32::MAX - 3..=u32::MAX,
    ]
}

fn range() -> impl Strategy<Value = (std::ops::Range<u32>, usize)> {
    (0u32..150_000, 1u32..9_000, 1usize..5)
        .prop_map(|(start, len, step)| (start..start + len, step))
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => id().prop_map(Step::Insert),
        6 => id().prop_map(Step::Remove),
        1 => range().prop_map(|(range, step)| Step::Fill(range, step)),
        1 => range().prop_map(|(range, step)| Step::Empty(range, step)),
        1 => Just(Step::Keep),
    ];
    prop::collection::vec(step, 0..40)
}

/// Sets of every form: none, one, few, many scattered, and dense ones.
fn ids() -> impl Strategy<Value = BTreeSet<u32>> {
    prop_oneof![
        1 => prop::collection::btree_set(id(), 0..3),
        2 => prop::collection::btree_set(id(), 0..600),
        2 => prop::collection::btree_set(0u32..150_000, 500..1_500),
        3 => (range(), range()).prop_map(|(a, b)| {
            a.0.step_by(a.1).chain(b.0.step_by(b.1)).collect()
        }),
    ]
}

fn assert_same(set: &IdSet, model: &BTreeSet<u32>) {
    assert_eq!(set.len(), model.len());
    assert_eq!(set.is_empty(), model.is_empty());
    assert!(set.iter().eq(model.iter().copied()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_clone_stays_what_it_was(steps in steps(), probe in id()) {
        let (mut set, mut model) = (IdSet::new(), BTreeSet::new());
        let mut kept = Vec::new();
        for step in steps {
            match step {
                Step::Insert(id) => assert_eq!(set.insert(id), model.insert(id)),
                Step::Remove(id) => assert_eq!(set.remove(id), model.remove(&id)),
                Step::Fill(range, n) => for id in range.step_by(n) {
                    assert_eq!(set.insert(id), model.insert(id));
                },
                Step::Empty(range, n) => for id in range.step_by(n) {
                    assert_eq!(set.remove(id), model.remove(&id));
                },
                Step::Keep => kept.push((set.clone(), model.clone())),
            }
            assert_eq!(set.contains(probe), model.contains(&probe));
        }
        kept.push((set, model));
        for (set, model) in &kept {
            assert_same(set, model);
            assert!(set.iter_from(probe).eq(model.range(probe..).copied()));
            let skipped = probe as usize % (model.len() + 2);
            assert!(set.iter_after(skipped).eq(model.iter().copied().skip(skipped)));
        }
    }

    #[test]
    fn intersection_union_and_difference_agree_with_a_model(left in ids(), right in ids()) {
        let a: IdSet = left.iter().copied().collect();
        let b: IdSet = right.iter().rev().copied().collect();
        assert_same(&a.intersection(&b), &left.intersection(&right).copied().collect());
        assert_same(&b.intersection(&a), &left.intersection(&right).copied().collect());
        assert_same(&a.union(&b), &left.union(&right).copied().collect());
        assert_same(&b.union(&a), &left.union(&right).copied().collect());
        assert_same(&a.difference(&b), &left.difference(&right).copied().collect());
        assert_same(&b.difference(&a), &right.difference(&left).copied().collect());
        assert_same(&a.union(&a.clone()), &left);
        assert_same(&a.intersection(&a.clone()), &left);
    }
}

#[test]
fn emptying_a_large_set_one_by_one_leaves_the_empty_form() {
    let mut set: IdSet = (0..140_000).collect();
    let full = set.clone();
    for id in 0..140_000 {
        assert!(set.remove(id));
    }
    assert!(set.is_empty());
    assert_eq!(full.len(), 140_000);
    assert_eq!(set, IdSet::new());
}

#[test]
fn equality_is_of_ids_and_not_of_forms() {
    let few: IdSet = (0..300).collect();
    let mut shrunk: IdSet = (0..600).collect();
    for id in 300..600 {
        shrunk.remove(id);
    }
    assert!(matches!(few.0, Form::Few(_)) && matches!(shrunk.0, Form::Many(_)));
    assert_eq!(few, shrunk);
}

fn first_bits(set: &IdSet) -> Option<*const chunk::Bitmap> {
    match &set.0 {
        Form::Many(chunks) => chunks.first_bitmap(),
        _ => None,
    }
}

#[test]
fn a_union_shares_the_chunks_that_only_one_side_has() {
    let left: IdSet = (0..60_000).collect();
    let right: IdSet = (65_536..130_000).collect();
    let both = left.union(&right);
    assert!(first_bits(&both).is_some());
    assert_eq!(first_bits(&both), first_bits(&left));
}

#[test]
fn an_intersection_with_a_larger_set_shares_the_chunks_of_the_smaller() {
    let small: IdSet = (0..60_000).collect();
    let large: IdSet = (0..130_000).collect();
    assert!(first_bits(&small).is_some());
    for both in [small.intersection(&large), large.intersection(&small)] {
        assert_eq!(first_bits(&both), first_bits(&small));
        assert_eq!(both, small);
    }
    assert!(small.difference(&large).is_empty());
    assert_eq!(large.difference(&small).len(), 70_000);
}

#[test]
fn ids_are_collected_in_any_order_and_once() {
    let set: IdSet = [7, 3, u32::MAX, 3, 0].into_iter().collect();
    assert_eq!(set.iter().collect::<Vec<_>>(), [0, 3, 7, u32::MAX]);
}

#[test]
fn a_single_id_is_left_out_of_sets_of_all_forms() {
    for len in [1, 2, 3, 400, 512, 513, 70_000] {
        let all: IdSet = (0..len).map(|id| id * 3).collect();
        for id in [0, 3, 4, 3 * (len - 1)] {
            let rest: IdSet = all.iter().filter(|other| *other != id).collect();
            assert_eq!(
                all.difference(&IdSet::from_iter([id])),
                rest,
                "{id} of {len}"
            );
        }
    }
}
