//! Substring postings: which entries have three letters in a row in a value.
//!
//! A value of five letters has the trigrams `abc bcd cde`, so that a piece is found from three letters on. Whatever is
//! found here must be checked: the letters may be in another order, and letters beyond ASCII share places.

use crate::directory::entry::EntryId;
use crate::directory::snapshot::{IdSet, IdSets};

/// Bits of one letter in an address; three of them make room for 2^11 attributes in front.
const LETTER_BITS: u32 = 7;

/// Entries by the trigrams of their normalised values, for several attributes, each with a number of its own below 2048.
///
/// A change copies as much of each posting as an [`IdSet`] does, 8 KiB at most.
#[derive(Clone, Default)]
pub struct Trigrams(IdSets);

impl Trigrams {
    /// Puts an entry under an address.
    pub fn insert(&mut self, address: u32, id: EntryId) {
        self.0.insert(address, id);
    }

    /// Takes an entry from under an address.
    pub fn remove(&mut self, address: u32, id: EntryId) {
        self.0.remove(address, id);
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
        let sets: Option<Vec<&IdSet>> = addresses.iter().map(|at| self.0.get(*at)).collect();
        let mut sets = sets.unwrap_or_default();
        sets.sort_by_key(|set| set.len());
        Some(sets)
    }
}

/// Appends the addresses of a normalised value or piece of one.
pub fn of_piece(attribute: usize, letters: &[u8], out: &mut Vec<u32>) {
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
            trigrams.0.add_all(*address, &list.drain(..).collect());
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
}
