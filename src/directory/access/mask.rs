//! Sets of attribute types: what may be done is always said of some of them.

use crate::directory::schema::{AttributeTypeId, Schema};

/// A set of attribute types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeMask(Vec<u64>);

impl AttributeMask {
    /// Types for which `allowed` holds.
    pub fn of(schema: &Schema, allowed: impl Fn(AttributeTypeId) -> bool) -> Self {
        let mut mask = Self::default();
        schema
            .attribute_types()
            .filter(|(id, _)| allowed(*id))
            .for_each(|(id, _)| mask.insert(id));
        mask
    }

    /// Whether a type is in the set.
    #[inline]
    pub fn contains(&self, id: AttributeTypeId) -> bool {
        self.0
            .get(usize::from(id.0 >> 6))
            .is_some_and(|word| word >> (id.0 & 63) & 1 == 1)
    }

    /// Puts a type in.
    pub fn insert(&mut self, id: AttributeTypeId) {
        let at = usize::from(id.0 >> 6);
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        if let Some(word) = self.0.get_mut(at) {
            *word |= 1 << (id.0 & 63);
        }
    }

    /// Whether no type is in it.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Adds those of `more` that are in `within`.
    pub(super) fn grant(&mut self, more: &Self, within: &Self) {
        self.0.resize(self.0.len().max(within.0.len()), 0);
        for ((own, more), within) in self.0.iter_mut().zip(&more.0).zip(&within.0) {
            *own |= more & within;
        }
    }

    pub(super) fn remove_all(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own &= !other;
        }
    }
}
