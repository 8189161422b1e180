//! Many sets of entry ids under numbers: the children of each entry, the groups of each member, the holders of a term.

use super::id_set::IdSet;
use super::paged::Paged;

/// Sets of ids by number; an empty set takes no room. Cloning costs one reference count.
#[derive(Clone, Default)]
pub struct IdSets(Paged<IdSet>);

impl IdSets {
    /// The set of a number; `None` when it is empty.
    pub fn get(&self, at: u32) -> Option<&IdSet> {
        self.0.get(at)
    }

    /// The numbers whose sets are not empty, ascending.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().map(|(at, _)| at)
    }

    /// Puts an id into the set of a number; false when it is there already.
    pub fn insert(&mut self, at: u32, id: u32) -> bool {
        match self.0.get_mut(at) {
            Some(set) => set.insert(id),
            None => {
                self.0.set(at, std::iter::once(id).collect());
                true
            }
        }
    }

    /// Takes an id out of the set of a number.
    pub fn remove(&mut self, at: u32, id: u32) {
        if let Some(set) = self.0.get_mut(at) {
            set.remove(id);
            if set.is_empty() {
                self.0.remove(at);
            }
        }
    }

    /// Adds a whole set to that of a number.
    pub fn add_all(&mut self, at: u32, ids: &IdSet) {
        let all = self.0.get(at).map(|set| set.union(ids));
        self.set(at, all.unwrap_or_else(|| ids.clone()));
    }

    /// Takes a whole set out of that of a number.
    pub fn remove_all(&mut self, at: u32, ids: &IdSet) {
        if let Some(set) = self.0.get(at) {
            let left = set.difference(ids);
            self.set(at, left);
        }
    }

    /// Puts a set in the place of that of a number.
    pub fn set(&mut self, at: u32, ids: IdSet) {
        if ids.is_empty() {
            self.0.remove(at);
        } else {
            self.0.set(at, ids);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_lasts_as_long_as_it_has_ids() {
        let mut sets = IdSets::default();
        sets.insert(7, 1);
        sets.insert(7, 2);
        let before = sets.clone();
        sets.remove(7, 1);
        sets.remove(7, 3);
        assert_eq!(sets.get(7), Some(&[2].into_iter().collect()));
        sets.remove(7, 2);
        assert_eq!(sets.get(7), None);
        assert_eq!(before.get(7).map(IdSet::len), Some(2));
        sets.add_all(7, &[4, 5].into_iter().collect());
        sets.add_all(7, &[5, 6].into_iter().collect());
        assert_eq!(sets.get(7), Some(&[4, 5, 6].into_iter().collect()));
        sets.remove_all(7, &[1, 5].into_iter().collect());
        assert_eq!(sets.get(7), Some(&[4, 6].into_iter().collect()));
        sets.remove_all(7, &[4, 6].into_iter().collect());
        assert_eq!(sets.get(7), None);
        assert!(sets.insert(7, 4));
        assert!(!sets.insert(7, 4));
        sets.set(7, IdSet::new());
        assert_eq!(sets.get(7), None);
    }
}
