//! Sorted and unsorted slices that are shared: edited copies exactly as long as what they hold,
//! and the intersection, union and difference of two ascending ones.
//!
//! Where an item belongs is for the caller to find.

use std::cmp::Ordering;
use std::iter::repeat_n;
use std::sync::Arc;

/// From this ratio of lengths on, looking the shorter slice's items up in the longer one is
/// cheaper than walking both.
const SEARCH_RATIO: usize = 16;

/// A copy of `slice` with `item` before the element at `position`, or at the end when there is none.
pub(super) fn inserted<T: Copy>(slice: &[T], position: usize, item: T) -> Arc<[T]> {
    let (before, after) = slice.split_at(position.min(slice.len()));
    // Filled first: that is no slower than the copy, and needs no room beside it.
    let mut copy: Arc<[T]> = repeat_n(item, slice.len().saturating_add(1)).collect();
    if let Some(copy) = Arc::get_mut(&mut copy)
        && let Some((left, [_, right @ ..])) = copy.split_at_mut_checked(before.len())
    {
        left.copy_from_slice(before);
        right.copy_from_slice(after);
    }
    copy
}

/// A copy of `slice` without the element at `position`; the same elements when there is none.
pub(super) fn without<T: Copy>(slice: &[T], position: usize) -> Arc<[T]> {
    let (before, rest) = slice.split_at(position.min(slice.len()));
    let Some((item, after)) = rest.split_first() else {
        return slice.into();
    };
    let mut copy: Arc<[T]> = repeat_n(*item, before.len().saturating_add(after.len())).collect();
    if let Some((left, right)) =
        Arc::get_mut(&mut copy).and_then(|copy| copy.split_at_mut_checked(before.len()))
    {
        left.copy_from_slice(before);
        right.copy_from_slice(after);
    }
    copy
}

/// What two strictly ascending slices have in common, ascending.
pub(super) fn intersection<T: Copy + Ord>(left: &[T], right: &[T]) -> Vec<T> {
    let (short, long) = if left.len() <= right.len() {
        (left, right)
    } else {
        (right, left)
    };
    let mut common = Vec::new();
    if short.len().saturating_mul(SEARCH_RATIO) < long.len() {
        common.extend(short.iter().filter(|item| long.binary_search(item).is_ok()));
        return common;
    }
    // Two conditional moves a step: which side is behind cannot be predicted.
    let (mut left, mut right) = (short, long);
    while let (Some((a, after_a)), Some((b, after_b))) = (left.split_first(), right.split_first()) {
        let order = a.cmp(b);
        if order.is_eq() {
            common.push(*a);
        }
        left = if order.is_le() { after_a } else { left };
        right = if order.is_ge() { after_b } else { right };
    }
    common
}

/// What the first of two strictly ascending slices holds and the second does not, ascending.
pub(super) fn difference<T: Copy + Ord>(left: &[T], right: &[T]) -> Vec<T> {
    let mut kept = Vec::with_capacity(left.len());
    if right.len().saturating_mul(SEARCH_RATIO) > left.len() {
        kept.extend(
            left.iter()
                .filter(|item| right.binary_search(item).is_err()),
        );
        return kept;
    }
    let mut rest = left;
    for item in right {
        let (stay, after) = rest.split_at(rest.partition_point(|own| own < item));
        kept.extend_from_slice(stay);
        rest = match after.split_first() {
            Some((first, behind)) if first == item => behind,
            _ => after,
        };
    }
    kept.extend_from_slice(rest);
    kept
}

/// What either of two strictly ascending slices holds, strictly ascending.
pub(super) fn union<T: Copy + Ord>(left: &[T], right: &[T]) -> Vec<T> {
    let mut all = Vec::with_capacity(left.len().saturating_add(right.len()));
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let order = a.cmp(b);
        let item = if order.is_gt() {
            right.next()
        } else {
            left.next()
        };
        if order == Ordering::Equal {
            right.next();
        }
        all.extend(item);
    }
    all.extend(left);
    all.extend(right);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn an_item_is_inserted_at_every_position() {
        assert_eq!(*inserted(&[], 0, 1), [1]);
        assert_eq!(*inserted(&[1, 2], 0, 9), [9, 1, 2]);
        assert_eq!(*inserted(&[1, 2], 1, 9), [1, 9, 2]);
        assert_eq!(*inserted(&[1, 2], 2, 9), [1, 2, 9]);
        assert_eq!(*inserted(&[1, 2], 7, 9), [1, 2, 9]);
    }

    #[test]
    fn an_item_is_left_out_at_every_position() {
        assert_eq!(*without(&[1], 0), [] as [i32; 0]);
        assert_eq!(*without(&[1, 2, 3], 0), [2, 3]);
        assert_eq!(*without(&[1, 2, 3], 2), [1, 2]);
        assert_eq!(*without(&[1, 2, 3], 3), [1, 2, 3]);
    }

    proptest! {
        #[test]
        fn intersection_union_and_difference_agree_with_a_set(
            left in prop::collection::btree_set(0u16..300, 0..150),
            right in prop::collection::btree_set(0u16..300, 0..150),
            few in prop::collection::btree_set(0u16..300, 0..5),
        ) {
            for (a, b) in [(&left, &right), (&left, &few), (&few, &right)] {
                let (x, y): (Vec<u16>, Vec<u16>) = (a.iter().copied().collect(), b.iter().copied().collect());
                prop_assert_eq!(intersection(&x, &y), a.intersection(b).copied().collect::<Vec<_>>());
                prop_assert_eq!(union(&x, &y), a.union(b).copied().collect::<Vec<_>>());
                prop_assert_eq!(difference(&x, &y), a.difference(b).copied().collect::<Vec<_>>());
            }
            prop_assert_eq!(union(&[1u16], &[]), BTreeSet::from([1u16]).into_iter().collect::<Vec<_>>());
        }
    }
}
