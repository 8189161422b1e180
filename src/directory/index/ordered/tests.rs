//! The tree against a sorted set.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn ids(ordered: &Ordered, range: Range<'_>) -> Vec<EntryId> {
    let mut ids = Vec::new();
    ordered.for_each(range, &mut |id| ids.push(id));
    ids
}

fn expected(model: &BTreeSet<(Vec<u8>, u32)>, range: Range<'_>) -> Vec<EntryId> {
    let within = |key: &[u8]| match range {
        Range::From(bound) => key >= bound,
        Range::UpTo(bound) => key <= bound,
        Range::Beginning(bound) => key.starts_with(bound),
    };
    let items = model.iter().filter(|(key, _)| within(key));
    items.map(|(_, id)| *id).collect()
}

fn assert_same(ordered: &Ordered, model: &BTreeSet<(Vec<u8>, u32)>, bound: &[u8]) {
    assert_eq!(ordered.len(), model.len());
    for range in [
        Range::From(bound),
        Range::UpTo(bound),
        Range::Beginning(bound),
    ] {
        let expected = expected(model, range);
        assert_eq!(ids(ordered, range), expected, "{range:?}");
        assert_eq!(ordered.count(range), expected.len(), "{range:?}");
    }
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
        for bound in [0, 5, 2_000, 7_000, 7_919, u32::MAX] {
            let bound = u32::to_be_bytes(bound);
            (0..=4).for_each(|length| assert_same(ordered, &model, &bound[..length]));
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
    assert_eq!(ids(&before, Range::From(b"")).len(), 5_000);
}

#[test]
fn long_keys_are_found_by_their_beginning() {
    let mut ordered = Ordered::default();
    let long = vec![b'x'; 1_000];
    ordered.insert(&long, 1);
    for range in [
        Range::From(&long),
        Range::UpTo(&long),
        Range::Beginning(&long),
    ] {
        assert_eq!(ids(&ordered, range), [1], "{range:?}");
    }
    ordered.remove(&long, 1);
    assert!(ordered.is_empty());
}

/// Keys of one item and of more than are read together.
#[test]
fn the_greatest_key_comes_first_when_it_is_read_backwards() {
    let key = |n: u32| if n % 7 < 3 { n % 3 * 400 } else { n };
    let items: Vec<_> = (0..2_000).map(|n| (key(n).to_be_bytes(), n)).collect();
    let ordered: Ordered = items.iter().copied().collect();
    let mut sorted = items;
    sorted.sort_by_key(|(key, id)| (std::cmp::Reverse(*key), *id));
    for skipped in (0..2_010).step_by(3) {
        let mut found = Vec::new();
        ordered.for_each_backwards_from(skipped, &mut |key, id| {
            found.push((key.try_into().unwrap(), id));
            found.len() < 300
        });
        let to = sorted.len().min(skipped + 300);
        assert_eq!(found, sorted[skipped.min(to)..to], "{skipped}");
    }
    for (place, (key, id)) in sorted.iter().enumerate() {
        assert_eq!(ordered.place_backwards(key, *id), place);
    }
}

proptest! {
    #[test]
    fn it_is_a_sorted_set_whatever_happens(
        start in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..12), 0_u32..50), 0..600),
        steps in prop::collection::vec((any::<bool>(), prop::collection::vec(0_u8..4, 0..40), 0_u32..50), 0..600),
        bound in prop::collection::vec(prop_oneof![0_u8..4, any::<u8>(), Just(u8::MAX)], 0..4),
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
        assert_same(&ordered, &model, &bound);
    }
}
