//! An index whose keys nearly all share addresses, against a model.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
enum Step {
    Insert(u64, u32),
    Remove(u64, u32),
    Extend(Vec<(u64, u32)>),
    /// Make so many more buckets.
    Split(u32),
    /// Keep a clone, to be compared with what it was at the very end.
    Keep,
}

/// Hashes of few addresses: the top twenty bits, which the index does not keep, make four keys of
/// each address. So almost every key shares its address with others of the same entry.
fn hash() -> impl Strategy<Value = u64> {
    (0u64..4, 0u64..8, 0u64..2)
        .prop_map(|(unseen, tag, bucket)| (unseen << 44) | (tag << 12) | bucket)
}

fn address(hash: u64) -> u64 {
    hash & ((1 << 44) - 1)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = || (hash(), 0u32..24);
    let step = prop_oneof![
        30 => key().prop_map(|(hash, id)| Step::Insert(hash, id)),
        30 => key().prop_map(|(hash, id)| Step::Remove(hash, id)),
        3 => prop::collection::vec(key(), 0..200).prop_map(Step::Extend),
        1 => (1u32..6_000).prop_map(Step::Split),
        2 => Just(Step::Keep),
    ];
    prop::collection::vec(step, 0..250)
}

type Model = BTreeSet<(u64, u32)>;

/// Each lookup names the ids of all keys that share the address, and each id once.
fn assert_same(index: &HashIndex, model: &Model) {
    let mut by_address: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
    for (hash, id) in model {
        by_address.entry(address(*hash)).or_default().insert(*id);
    }
    for (tag, bucket) in (0..9).flat_map(|tag| [(tag, 0), (tag, 1)]) {
        let hash = (tag << 12) | bucket;
        let ids = by_address.remove(&hash).unwrap_or_default();
        let found = index.get(hash);
        assert_eq!(
            found.iter().collect::<Vec<_>>(),
            ids.iter().copied().collect::<Vec<_>>()
        );
        assert_eq!(found.len(), ids.len());
        assert_eq!(found.is_empty(), ids.is_empty());
        assert!((0..25).all(|id| found.contains(id) == ids.contains(&id)));
        assert!(found.iter_from(11).eq(ids.range(11..).copied()));
        assert!(found.to_id_set().iter().eq(ids));
    }
    assert!(by_address.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_key_is_lost_to_another_one_of_its_address(steps in steps()) {
        let (mut index, mut model) = (HashIndex::new(), Model::new());
        let mut kept = Vec::new();
        for step in steps {
            match step {
                Step::Insert(hash, id) => if model.insert((hash, id)) {
                    index.insert(hash, id);
                },
                Step::Remove(hash, id) => if model.remove(&(hash, id)) {
                    assert!(index.remove(hash, id));
                },
                Step::Extend(mut keys) => {
                    keys.retain(|key| model.insert(*key));
                    index.extend(keys);
                }
                Step::Split(n) => for _ in 0..n { index.split() },
                Step::Keep => kept.push((index.clone(), model.clone())),
            }
        }
        for (hash, id) in &model {
            assert!(index.get(*hash).contains(*id));
        }
        kept.push((index, model));
        for (index, model) in &kept {
            assert_same(index, model);
        }
    }

    #[test]
    fn taking_all_keys_out_leaves_nothing(keys in prop::collection::btree_set((hash(), 0u32..24), 0..400)) {
        let mut index = HashIndex::new();
        index.extend(keys.iter().copied());
        for (hash, id) in keys {
            assert!(index.remove(hash, id));
        }
        assert!(index.buckets.is_empty());
        assert_eq!(index.pairs, 0);
    }
}

#[test]
fn two_keys_of_one_entry_with_one_address_are_taken_out_one_by_one() {
    let (one, other) = (0x12345, 0x12345 | (1 << 63));
    let mut index = HashIndex::new();
    index.insert(one, 7);
    index.insert(other, 7);
    assert_eq!(index.get(one).iter().collect::<Vec<_>>(), [7]);
    assert!(index.remove(one, 7));
    assert!(index.get(other).contains(7));
    assert!(index.remove(other, 7));
    assert!(index.get(other).is_empty());
    assert!(!index.remove(other, 7));
}

#[test]
fn the_same_holds_in_a_large_posting() {
    let (one, other) = (0x12345, 0x12345 | (1 << 63));
    let mut index = HashIndex::new();
    index.extend((0..10_000).map(|id| (one, id)));
    index.insert(other, 77);
    assert_eq!(index.get(one).len(), 10_000);
    assert!(index.remove(one, 77));
    assert!(index.get(other).contains(77));
    assert!(index.remove(other, 77));
    assert!(!index.get(other).contains(77));
    assert_eq!(index.get(one).len(), 9_999);
}

#[test]
fn an_absent_key_is_not_taken_out() {
    let mut index = HashIndex::new();
    index.insert(1, 1);
    assert!(!index.remove(1, 2));
    assert!(!index.remove(2, 1));
    assert!(index.get(1).contains(1));
}

#[test]
fn a_growing_index_splits_its_buckets_and_finds_every_key() {
    // An odd multiplier spreads the numbers over all 64 bits.
    let hash = |id: u32| u64::from(id + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut index = HashIndex::new();
    index.extend((0..450_000).map(|id| (hash(id), id)));
    let extended = index.clone();
    for id in 450_000..480_000 {
        index.insert(hash(id), id);
    }
    assert!(extended.count > 1 << FIRST_BUCKET_BITS && index.count > extended.count);
    assert_eq!(index.pairs, 480_000);
    assert!((0..480_000).all(|id| index.get(hash(id)).contains(id)));
    assert!((450_000..480_000).all(|id| !extended.get(hash(id)).contains(id)));
}
