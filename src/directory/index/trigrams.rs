//! Substring postings: which entries have three letters in a row in a value.
//!
//! A value of five letters has the trigrams `abc bcd cde`, so that a piece is found from three letters on. Whatever is
//! found here must be checked: the letters may be in another order, and letters beyond ASCII share places.

use crate::directory::entry::EntryId;
use crate::directory::snapshot::{IdSet, IdSets, Paged};

/// Bits of one letter in an address; three of them make room for 2^11 attributes in front.
const LETTER_BITS: u32 = 7;

/// Entries that are taken from under their addresses together.
const TAKEN_TOGETHER: usize = 1 << 14;

/// Entries by the trigrams of their normalised values, for several attributes, each with a number of its own below 2048.
///
/// A change copies as much of each posting as an [`IdSet`] does, 8 KiB at most. What is taken out of one is still found
/// there until many are taken out together, so that each is copied once for all of them.
#[derive(Clone, Default)]
pub struct Trigrams {
    sets: IdSets,
    /// What is still to be taken out, and what of that has come back, in the order of the changes.
    outdated: Paged<Outdated>,
}

/// An entry under an address where it is found and was taken out.
#[derive(Copy, Clone)]
struct Outdated {
    address: u32,
    id: EntryId,
    /// Whether it was put in again after that.
    is_back: bool,
}

impl Trigrams {
    /// Puts an entry under an address.
    pub fn insert(&mut self, address: u32, id: EntryId) {
        if !self.sets.insert(address, id) && !self.outdated.is_empty() {
            self.note(address, id, true);
        }
    }

    /// Takes an entry from under an address, where it may be found for some time to come.
    pub fn remove(&mut self, address: u32, id: EntryId) {
        self.note(address, id, false);
    }

    /// Takes an entry that is no more from under an address at once: the newest ones are in few postings of their own,
    /// which grow by those that stay.
    pub fn forget(&mut self, address: u32, id: EntryId) {
        self.sets.remove(address, id);
    }

    fn note(&mut self, address: u32, id: EntryId, is_back: bool) {
        let last = Outdated {
            address,
            id,
            is_back,
        };
        let at = u32::try_from(self.outdated.len()).unwrap_or(u32::MAX);
        self.outdated.set(at, last);
        if self.outdated.len() >= TAKEN_TOGETHER {
            self.take_out();
        }
    }

    /// Takes out what is to be taken out.
    fn take_out(&mut self) {
        let outdated = std::mem::take(&mut self.outdated);
        let mut outdated: Vec<Outdated> = outdated.iter().map(|(_, one)| *one).collect();
        // Changes of one pair stay in their order. Both parts in one number are compared in one step.
        outdated.sort_by_key(|one| u64::from(one.address) << 32 | u64::from(one.id));
        for posting in outdated.chunk_by(|one, next| one.address == next.address) {
            let pairs = posting.chunk_by(|one, next| one.id == next.id);
            let last = pairs.filter_map(<[Outdated]>::last);
            let gone = last.filter(|one| !one.is_back).map(|one| one.id);
            if let Some(first) = posting.first() {
                self.sets.remove_all(first.address, &gone.collect());
            }
        }
    }

    /// The sets that a value containing these pieces is in every one of, the smallest first; `None` when the pieces are
    /// too short to say anything. An empty list of sets means that there is no such value.
    pub fn containing<'a>(
        &self,
        attribute: usize,
        pieces: impl Iterator<Item = &'a [u8]>,
    ) -> Option<Vec<&IdSet>> {
        let mut addresses = Vec::new();
        pieces.for_each(|piece| of_piece(attribute, piece, &mut addresses));
        if addresses.is_empty() {
            return None;
        }
        addresses.sort_unstable();
        addresses.dedup();
        let sets: Option<Vec<&IdSet>> = addresses.iter().map(|at| self.sets.get(*at)).collect();
        let mut sets = sets.unwrap_or_default();
        sets.sort_by_key(|set| set.len());
        Some(sets)
    }
}

/// Appends the addresses of a normalised value or piece of one.
pub fn of_piece(attribute: usize, letters: &[u8], out: &mut Vec<u32>) {
    out.reserve(letters.len().saturating_sub(2));
    out.extend(letters.windows(3).filter_map(|window| match window {
        [a, b, c] => Some(address(attribute, *a, *b, *c)),
        _ => None,
    }));
}

fn address(attribute: usize, a: u8, b: u8, c: u8) -> u32 {
    let trigram = place(a) << (2 * LETTER_BITS) | place(b) << LETTER_BITS | place(c);
    // Places among the substring indexes are 16 bits wide, and the configuration has fewer.
    (attribute as u32) << (3 * LETTER_BITS) | trigram
}

/// ASCII as it is; what is beyond shares the places of control characters, which hardly occur.
fn place(letter: u8) -> u32 {
    u32::from(if letter.is_ascii() {
        letter
    } else {
        letter & 0x1f
    })
}

/// Collects the postings of very many new entries, several times faster than one by one.
#[derive(Clone, Default)]
pub struct Collector {
    /// By address: where its list is, plus one.
    places: Vec<u32>,
    lists: Vec<(u32, Vec<EntryId>)>,
}

impl Collector {
    /// Puts an entry under an address, once if that is asked for several times in a row.
    pub fn insert(&mut self, address: u32, id: EntryId) {
        let at = address as usize;
        if at >= self.places.len() {
            self.places
                .resize((at + 1).next_multiple_of(1 << (3 * LETTER_BITS)), 0);
        }
        let Some(place) = self.places.get_mut(at) else {
            return;
        };
        if *place == 0 {
            self.lists.push((address, Vec::new()));
            *place = u32::try_from(self.lists.len()).unwrap_or(u32::MAX);
        }
        if let Some((_, list)) = self.lists.get_mut(*place as usize - 1)
            && list.last() != Some(&id)
        {
            list.push(id);
        }
    }

    /// Moves everything collected to where it is found.
    pub fn drain_into(&mut self, trigrams: &mut Trigrams) {
        for (address, list) in self.lists.iter_mut().filter(|(_, list)| !list.is_empty()) {
            trigrams.sets.add_all(*address, &list.drain(..).collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trigrams(values: &[&str]) -> Trigrams {
        let mut trigrams = Trigrams::default();
        for (id, value) in (0..).zip(values) {
            let mut addresses = Vec::new();
            of_piece(3, value.as_bytes(), &mut addresses);
            addresses.iter().for_each(|at| trigrams.insert(*at, id));
        }
        trigrams
    }

    fn found(trigrams: &Trigrams, pieces: &[&str]) -> Option<Vec<u32>> {
        let pieces = pieces.iter().map(|piece| piece.as_bytes());
        let sets = trigrams.containing(3, pieces)?;
        let all = sets.split_first().map(|(first, rest)| {
            let rest = rest.iter();
            rest.fold((*first).clone(), |all, set| all.intersection(set))
        });
        Some(all.unwrap_or_default().iter().collect())
    }

    #[test]
    fn pieces_find_the_values_that_have_them() {
        let trigrams = trigrams(&["anna", "hanna", "an", "a", "johanna", "élan"]);
        assert_eq!(found(&trigrams, &["anna"]), Some(vec![0, 1, 4]));
        assert_eq!(found(&trigrams, &["joh", "a", "ann"]), Some(vec![4]));
        assert_eq!(found(&trigrams, &["él"]), Some(vec![5]));
        assert_eq!(found(&trigrams, &["xyz"]), Some(vec![]));
    }

    #[test]
    fn short_pieces_say_nothing() {
        assert_eq!(found(&trigrams(&["anna"]), &["an", "a"]), None);
    }

    #[test]
    fn attributes_are_kept_apart() {
        let trigrams = trigrams(&["anna"]);
        let sets = trigrams.containing(4, std::iter::once(b"anna".as_slice()));
        assert_eq!(sets.map(|sets| sets.len()), Some(0));
    }

    #[test]
    fn collecting_gives_the_same_as_inserting() {
        let values = ["anna", "hanna", "an", "a", "johanna", "élan", "anna"];
        let one_by_one = trigrams(&values);
        let (mut collector, mut collected) = (Collector::default(), Trigrams::default());
        for (id, value) in (0..).zip(values) {
            let mut addresses = Vec::new();
            of_piece(3, value.as_bytes(), &mut addresses);
            addresses.iter().for_each(|at| collector.insert(*at, id));
            if id == 3 {
                collector.drain_into(&mut collected);
            }
        }
        collector.drain_into(&mut collected);
        for piece in ["ann", "han", "él", "joh"] {
            let of = |trigrams| found(trigrams, &[piece]);
            assert_eq!(of(&collected), of(&one_by_one), "{piece}");
        }
    }

    #[test]
    fn whatever_is_there_is_found_and_in_the_end_nothing_else() {
        let mut trigrams = Trigrams::default();
        let mut model = std::collections::BTreeSet::new();
        let mut random = 1_u32;
        let mut next = |below: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 16) % below
        };
        let (addresses, ids) = (9, 1_500);
        // Of an id that is no more everything is forgotten.
        let gone = 7;
        for _ in 0..5 * TAKEN_TOGETHER {
            let pair = (next(addresses), next(ids));
            if model.remove(&pair) {
                trigrams.remove(pair.0, pair.1);
            } else {
                model.insert(pair);
                trigrams.insert(pair.0, pair.1);
            }
        }
        let found = |trigrams: &Trigrams, (address, id): &(u32, u32)| {
            let set = trigrams.sets.get(*address);
            set.is_some_and(|set| set.contains(*id))
        };
        assert!(model.iter().all(|pair| found(&trigrams, pair)));
        assert!(trigrams.outdated.len() < TAKEN_TOGETHER);
        for address in 0..addresses {
            trigrams.forget(address, gone);
            model.remove(&(address, gone));
            assert!(!found(&trigrams, &(address, gone)));
        }
        let published = trigrams.clone();
        trigrams.take_out();
        for pair in (0..addresses).flat_map(|address| (0..ids).map(move |id| (address, id))) {
            assert_eq!(found(&trigrams, &pair), model.contains(&pair), "{pair:?}");
            assert!(found(&published, &pair) || !model.contains(&pair));
        }
    }
}
