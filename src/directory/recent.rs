//! What was found true a short while ago, so that it need not be found out again.
//!
//! Owns a table of fixed size in memory: what was found stands under a mark, a hash under a key of this process over all
//! that it depends on. Nothing can be read back from a mark; whatever changes makes another mark, which is not there.

use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::{Zeroize, Zeroizing};

use super::password::policy::Seconds;

/// Places in the table, of about 50 bytes each.
const PLACES: usize = 32_768;
/// Places where one mark can stand.
const WAYS: usize = 4;

/// Stands for all that a finding depends on.
#[derive(Clone, PartialEq, Eq)]
pub struct Mark([u8; 32]);

impl Mark {
    /// A number that stands for the mark where there are few of them.
    pub fn number(&self) -> u64 {
        self.0
            .first_chunk()
            .map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }
}

impl std::fmt::Debug for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mark(..)")
    }
}

/// Findings of kind `T`, each for so long and no longer.
pub struct Recent<T> {
    key: Zeroizing<[u8; 32]>,
    lifetime: Seconds,
    /// None when nothing is to be remembered.
    places: Mutex<Vec<Place<T>>>,
}

#[derive(Clone, Default)]
struct Place<T> {
    mark: [u8; 32],
    until: Seconds,
    finding: T,
}

impl<T: Copy + Default> Recent<T> {
    /// An empty table whose findings hold for `lifetime` seconds; for zero it never holds any. `key` is secret and of this
    /// process.
    pub fn new(lifetime: Seconds, key: [u8; 32]) -> Recent<T> {
        let places = if lifetime > 0 { PLACES } else { 0 };
        Recent {
            key: Zeroizing::new(key),
            lifetime,
            places: Mutex::new(vec![Place::default(); places]),
        }
    }

    /// The mark of a finding that depends on these parts.
    pub fn mark<'p>(&self, parts: impl IntoIterator<Item = &'p [u8]>) -> Mark {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        for part in parts {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let mark = Mark(*hasher.finalize().as_bytes());
        hasher.zeroize();
        mark
    }

    /// What was found under a mark, if it still holds. What no longer holds is overwritten where it is come across.
    pub fn find(&self, mark: &Mark, now: Seconds) -> Option<T> {
        let mut places = self.places();
        let ways = ways(&mut places, mark)?;
        for place in ways.iter_mut() {
            if !place.holds(now, self.lifetime) {
                place.mark.zeroize();
            } else if place.mark == mark.0 {
                return Some(place.finding);
            }
        }
        None
    }

    /// Remembers a finding from now on, in the place of what would end first where there is no room.
    pub fn insert(&self, mark: &Mark, finding: T, now: Seconds) {
        let mut places = self.places();
        let lifetime = self.lifetime;
        let Some(ways) = ways(&mut places, mark) else {
            return;
        };
        let at = ways.iter().position(|place| place.mark == mark.0);
        let place = match at {
            Some(at) => ways.get_mut(at),
            None => ways.iter_mut().min_by_key(|place| {
                let holds = place.holds(now, lifetime);
                (holds, place.until)
            }),
        };
        if let Some(place) = place {
            *place = Place {
                mark: mark.0,
                until: now.saturating_add(lifetime),
                finding,
            };
        }
    }

    /// A place is written whole, so a panic elsewhere leaves nothing half done.
    fn places(&self) -> MutexGuard<'_, Vec<Place<T>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Place<T> {
    /// Not when the clock has stepped back behind its beginning either.
    fn holds(&self, now: Seconds, lifetime: Seconds) -> bool {
        now < self.until && self.until.saturating_sub(now) <= lifetime
    }
}

impl<T> Drop for Recent<T> {
    fn drop(&mut self) {
        let places = self.places.get_mut();
        for place in places.unwrap_or_else(PoisonError::into_inner) {
            place.mark.zeroize();
        }
    }
}

/// The places where a mark can stand. Marks are evenly spread whoever chooses what they are of.
fn ways<'p, T>(places: &'p mut [Place<T>], mark: &Mark) -> Option<&'p mut [Place<T>]> {
    let sets = u64::try_from(places.len() / WAYS).ok()?;
    let set = usize::try_from(mark.number().checked_rem(sets)?).ok()?;
    places.chunks_exact_mut(WAYS).nth(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recent(lifetime: Seconds) -> Recent<u8> {
        Recent::new(lifetime, [7; 32])
    }

    fn mark(of: &Recent<u8>, parts: &[&str]) -> Mark {
        of.mark(parts.iter().map(|part| part.as_bytes()))
    }

    #[test]
    fn a_finding_holds_for_its_time_and_not_before_it() {
        let table = recent(60);
        let one = mark(&table, &["a"]);
        assert_eq!(table.find(&one, 100), None);
        table.insert(&one, 3, 100);
        for (now, found) in [(100, Some(3)), (159, Some(3))] {
            assert_eq!(table.find(&one, now), found, "{now}");
        }
        for now in [99, 160] {
            let table = recent(60);
            table.insert(&one, 3, 100);
            assert_eq!(table.find(&one, now), None, "{now}");
        }
    }

    #[test]
    fn parts_are_told_apart_and_keys_as_well() {
        let table = recent(60);
        assert!(mark(&table, &["a", "b"]) != mark(&table, &["ab"]));
        assert!(mark(&table, &["a", ""]) != mark(&table, &["a"]));
        let other = Recent::<u8>::new(60, [8; 32]);
        assert!(mark(&table, &["a"]) != mark(&other, &["a"]));
    }

    #[test]
    fn a_table_without_a_lifetime_holds_nothing() {
        let table = recent(0);
        let one = mark(&table, &["a"]);
        table.insert(&one, 3, 100);
        assert_eq!(table.find(&one, 100), None);
        assert_eq!(table.places().capacity(), 0);
    }

    #[test]
    fn the_table_is_bounded_and_what_ends_first_goes_first() {
        let table = recent(60);
        // Marks that share their places.
        let marks: Vec<Mark> = (1..=5)
            .map(|n| Mark([&[0; 31][..], &[n]].concat().try_into().unwrap()))
            .collect();
        for (now, mark) in (100..).zip(&marks) {
            table.insert(mark, 1, now);
        }
        assert_eq!(table.places().len(), PLACES);
        let found: Vec<bool> = marks
            .iter()
            .map(|mark| table.find(mark, 105).is_some())
            .collect();
        assert_eq!(found, [false, true, true, true, true]);
        // What stands there already takes no other's place.
        table.insert(&marks[4], 2, 106);
        assert_eq!(table.find(&marks[1], 106), Some(1));
        assert_eq!(table.find(&marks[4], 106), Some(2));
    }

    #[test]
    fn what_no_longer_holds_is_overwritten_where_it_is_come_across() {
        let table = recent(60);
        let one = mark(&table, &["a"]);
        table.insert(&one, 3, 100);
        assert_eq!(table.find(&one, 200), None);
        assert!(table.places().iter().all(|place| place.mark == [0; 32]));
    }
}
