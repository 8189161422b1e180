//! The normal forms of one entry's values, each made once however many items of a filter ask for it.
//!
//! Owns their keeping. How a normal form is made is the matching rule's business.

use smallvec::SmallVec;

use crate::directory::entry::{Block, DescriptionId};
use crate::directory::schema::Rule;

/// Attributes kept at a time, each under one rule. With more in one filter the oldest is made anew.
const KEPT: usize = 16;

/// Normal forms of the values of one entry.
#[derive(Default)]
pub(super) struct Normalized {
    lists: Vec<List>,
    /// How many of the lists are of this entry; the others are room.
    used: usize,
    /// The list that is given up next.
    oldest: usize,
}

/// The first values of one attribute under one rule, as many as were asked for.
struct List {
    description: DescriptionId,
    rule: Rule,
    bytes: Vec<u8>,
    /// Where each ends; `None` for a value that has no normal form.
    ends: SmallVec<[Option<usize>; 4]>,
}

impl Normalized {
    /// Forgets the entry.
    pub fn clear(&mut self) {
        (self.used, self.oldest) = (0, 0);
    }

    /// Whether the normal form of a value of `block` passes `test`. `make` appends it, and says whether there is one.
    pub fn any(
        &mut self,
        block: &Block<'_>,
        rule: Rule,
        mut make: impl FnMut(&[u8], &mut Vec<u8>) -> bool,
        mut test: impl FnMut(&[u8]) -> bool,
    ) -> bool {
        let Some(list) = self.list(block.description, rule) else {
            return false;
        };
        let mut start = 0;
        for (at, value) in block.values().enumerate() {
            if at == list.ends.len() {
                list.bytes.truncate(start);
                let end = make(value, &mut list.bytes).then_some(list.bytes.len());
                list.ends.push(end);
            }
            if let Some(end) = list.ends.get(at).copied().flatten() {
                if list.bytes.get(start..end).is_some_and(&mut test) {
                    return true;
                }
                start = end;
            }
        }
        false
    }

    fn list(&mut self, description: DescriptionId, rule: Rule) -> Option<&mut List> {
        let mut lists = self.lists.iter().take(self.used);
        let known = lists.position(|list| list.description == description && list.rule == rule);
        let at = known.unwrap_or_else(|| self.claim(description, rule));
        self.lists.get_mut(at)
    }

    /// An empty list, in the place of an older one where there is no room.
    fn claim(&mut self, description: DescriptionId, rule: Rule) -> usize {
        let at = if self.used < KEPT {
            self.used += 1;
            self.used - 1
        } else {
            let next = (self.oldest + 1) % KEPT;
            std::mem::replace(&mut self.oldest, next)
        };
        match self.lists.get_mut(at) {
            Some(list) => {
                (list.description, list.rule) = (description, rule);
                list.bytes.clear();
                list.ends.clear();
            }
            None => self.lists.push(List {
                description,
                rule,
                bytes: Vec::with_capacity(64),
                ends: SmallVec::new(),
            }),
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::directory::value_set::{self, ValueSet};

    const VALUES: [&[u8]; 4] = [b"One", b"?", b"Two", b"Three"];

    /// Asks for each of `descriptions` in turn whether it has each of `wanted`; with how many normal forms were made.
    fn asked(descriptions: &[u16], wanted: &[&str]) -> (Vec<bool>, usize) {
        let mut encoded = Vec::new();
        value_set::encode(VALUES, &mut encoded);
        let mut normalized = Normalized::default();
        let (mut found, made) = (Vec::new(), Cell::new(0));
        for text in wanted {
            for description in descriptions {
                let block = Block {
                    description: DescriptionId(*description),
                    value_set: ValueSet::parse(&encoded).unwrap(),
                };
                let make = |value: &[u8], out: &mut Vec<u8>| {
                    made.set(made.get() + 1);
                    out.extend(value.to_ascii_lowercase());
                    value != b"?"
                };
                let is = |form: &[u8]| form == text.as_bytes();
                found.push(normalized.any(&block, Rule::CaseIgnore, make, is));
            }
        }
        (found, made.get())
    }

    #[test]
    fn a_value_is_normalised_once_for_any_number_of_items() {
        let (found, made) = asked(&[1], &["four", "two", "?", "three", "one", "five"]);
        assert_eq!(found, [false, true, false, true, true, false]);
        assert_eq!(made, VALUES.len());
    }

    #[test]
    fn values_behind_the_one_that_passes_are_left_alone() {
        assert_eq!(asked(&[1], &["one", "two", "one"]), (vec![true; 3], 3));
    }

    #[test]
    fn attributes_are_kept_apart() {
        let most: Vec<u16> = (0..KEPT as u16).collect();
        let (found, made) = asked(&most, &["two", "six", "two"]);
        let expected = [vec![true; KEPT], vec![false; KEPT], vec![true; KEPT]];
        assert_eq!((found, made), (expected.concat(), VALUES.len() * KEPT));
    }

    #[test]
    fn more_attributes_than_are_kept_are_right_as_well() {
        let many: Vec<u16> = (0..2 * KEPT as u16).collect();
        let (found, _) = asked(&many, &["two", "six"]);
        let expected = [vec![true; 2 * KEPT], vec![false; 2 * KEPT]];
        assert_eq!(found, expected.concat());
    }
}
