//! The tree against a sorted set.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn ids(ordered: &Ordered, from: &[u8], to: Bound<'_>) -> Vec<EntryId> {
    let mut ids = Vec::new();
    ordered.for_each(from, to, &mut |id| ids.push(id));
    ids
}

fn expected(model: &BTreeSet<(Vec<u8>, u32)>, from: &[u8], to: Bound<'_>) -> Vec<EntryId> {
    let within = |key: &[u8]| match to {
        Bound::Unbounded => true,
        Bound::Included(to) => key <= to,
    };
    let items = model
        .iter()
        .filter(|(key, _)| key.as_slice() >= from && within(key));
    items.map(|(_, id)| *id).collect()
}

#[test]
fn ten_thousand_keys_come_in_order() {
    let keys = (0..10_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) % 7_919).to_be_bytes());
    let model: BTreeSet<(Vec<u8>, u32)> =
        keys.zip(0..).map(|(key, id)| (key.to_vec(), id)).collect();
    let built: Ordered = model.iter().cloned().collect();
    let mut grown = Ordered::default();
    model
        .iter()
        .rev()
        .for_each(|(key, id)| grown.insert(key, *id));
    for ordered in [&built, &grown] {
        assert_eq!(ordered.len(), model.len());
        for (from, to) in [(0, 7_919), (5, 5), (100, 2_000), (7_000, 100)] {
            let (from, to) = (u32::to_be_bytes(from), u32::to_be_bytes(to));
            let to = Bound::Included(&to);
            assert_eq!(ids(ordered, &from, to), expected(&model, &from, to));
            assert_eq!(ordered.count(&from, to), expected(&model, &from, to).len());
        }
    }
}

#[test]
fn a_published_tree_stays_as_it_was() {
    let before: Ordered = (0..5_000_u32).map(|n| (n.to_be_bytes(), n)).collect();
    let mut after = before.clone();
    (0..5_000).for_each(|n| after.remove(&u32::to_be_bytes(n), n));
    assert!(after.is_empty());
    assert_eq!(before.len(), 5_000);
    assert_eq!(ids(&before, b"", Bound::Unbounded).len(), 5_000);
}

#[test]
fn long_keys_are_found_by_their_beginning() {
    let mut ordered = Ordered::default();
    let long = vec![b'x'; 1_000];
    ordered.insert(&long, 1);
    assert_eq!(ids(&ordered, &long, Bound::Included(&long)), [1]);
    ordered.remove(&long, 1);
    assert!(ordered.is_empty());
}

proptest! {
    #[test]
    fn it_is_a_sorted_set_whatever_happens(
        start in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..12), 0_u32..50), 0..600),
        steps in prop::collection::vec((any::<bool>(), prop::collection::vec(0_u8..4, 0..40), 0_u32..50), 0..600),
        from in prop::collection::vec(any::<u8>(), 0..3),
        to in prop::option::of(prop::collection::vec(any::<u8>(), 0..3)),
    ) {
        let mut model: BTreeSet<(Vec<u8>, u32)> = start.iter().cloned().collect();
        let mut ordered: Ordered = start.into_iter().collect();
        for (add, key, id) in steps {
            if add {
                ordered.insert(&key, id);
                model.insert((key, id));
            } else {
                ordered.remove(&key, id);
                model.remove(&(key, id));
            }
        }
        let to = to.as_deref().map_or(Bound::Unbounded, Bound::Included);
        prop_assert_eq!(ordered.len(), model.len());
        prop_assert_eq!(ids(&ordered, &from, to), expected(&model, &from, to));
        prop_assert_eq!(ordered.count(&from, to), expected(&model, &from, to).len());
    }
}
