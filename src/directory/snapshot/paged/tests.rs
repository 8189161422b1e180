//! Every clone stays what it was, whatever happens to the others; changes copy only what is shared.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Step {
    Set(u32, u16),
    Change(u32, u16),
    Remove(u32),
    /// Keep a clone, to be compared with what it was at the very end.
    Keep,
}

/// Indices close together, on both sides of every kind of node boundary, and far apart.
fn index() -> impl Strategy<Value = u32> {
    prop_oneof![
        4 => 0u32..40,
        4 => (prop::sample::select(vec![3u32, 6, 10, 14, 19]), 0u32..4).prop_map(|(bit, n)| (1 << bit) + n - 2),
        1 => u32::MAX - 3..=u32::MAX,
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (index(), any::<u16>()).prop_map(|(i, v)| Step::Set(i, v)),
        2 => (index(), any::<u16>()).prop_map(|(i, v)| Step::Change(i, v)),
        4 => index().prop_map(Step::Remove),
        1 => Just(Step::Keep),
    ];
    prop::collection::vec(step, 0..120)
}

fn assert_same(paged: &Paged<u16>, model: &BTreeMap<u32, u16>) {
    assert_eq!(paged.len(), model.len());
    assert_eq!(paged.is_empty(), model.is_empty());
    assert!(paged.iter().eq(model.iter().map(|(i, v)| (*i, v))));
}

proptest! {
    #[test]
    fn every_clone_stays_what_it_was(steps in steps(), probe in index()) {
        let (mut paged, mut model) = (Paged::new(), BTreeMap::new());
        let mut kept = Vec::new();
        for step in steps {
            match step {
                Step::Set(i, v) => assert_eq!(paged.set(i, v), model.insert(i, v)),
                Step::Change(i, v) => {
                    let (ours, theirs) = (paged.get_mut(i), model.get_mut(&i));
                    assert_eq!(ours, theirs);
                    if let (Some(ours), Some(theirs)) = (ours, theirs) {
                        (*ours, *theirs) = (v, v);
                    }
                }
                Step::Remove(i) => assert_eq!(paged.remove(i), model.remove(&i)),
                Step::Keep => kept.push((paged.clone(), model.clone())),
            }
            assert_eq!(paged.get(probe), model.get(&probe));
        }
        kept.push((paged, model));
        for (paged, model) in &kept {
            assert_same(paged, model);
            assert!(paged.iter_from(probe).eq(model.range(probe..).map(|(i, v)| (*i, v))));
        }
    }
}

fn address(paged: &Paged<u64>, index: u32) -> *const u64 {
    std::ptr::from_ref(paged.get(index).unwrap())
}

#[test]
fn an_unshared_item_is_changed_in_place() {
    let mut paged: Paged<u64> = Paged::new();
    paged.set(5, 1);
    let before = address(&paged, 5);
    *paged.get_mut(5).unwrap() = 2;
    paged.set(6, 3);
    assert_eq!(address(&paged, 5), before);
}

#[test]
fn a_change_copies_its_own_page_and_shares_the_others() {
    let mut paged: Paged<u64> = Paged::new();
    paged.set(5, 1);
    paged.set(100, 1);
    let snapshot = paged.clone();
    *paged.get_mut(5).unwrap() = 2;
    assert_eq!(snapshot.get(5), Some(&1));
    assert_ne!(address(&paged, 5), address(&snapshot, 5));
    assert_eq!(address(&paged, 100), address(&snapshot, 100));
}

#[test]
fn looking_for_an_absent_item_copies_nothing() {
    let mut paged: Paged<u64> = Paged::new();
    paged.set(5, 1);
    let snapshot = paged.clone();
    assert_eq!(paged.get_mut(6), None);
    assert_eq!(paged.remove(6), None);
    assert_eq!(address(&paged, 5), address(&snapshot, 5));
}

#[test]
fn removing_the_last_item_of_a_node_drops_the_node() {
    let mut paged: Paged<u64> = Paged::new();
    for index in (0..5000).chain([1 << 20]) {
        paged.set(index, 7);
    }
    for index in (0..5000).chain([1 << 20]) {
        assert_eq!(paged.remove(index), Some(7));
    }
    assert!(paged.roots.iter().all(Option::is_none));
}
