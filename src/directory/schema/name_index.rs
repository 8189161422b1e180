//! From a name or an object identifier, in any case, to a position: how the schema finds its definitions.

/// The names of one kind of definition, as they are spelled there.
#[derive(Clone, Debug, Default)]
pub(super) struct NameIndex {
    /// A power of two of places, at least half of them free: a name is in the first place from that of its hash on that
    /// was free when it came.
    places: Vec<Option<(Box<[u8]>, u16)>>,
    count: usize,
    longest: usize,
}

/// A hash that is quick for short names and nothing more, the same in any case. It needs no secret: clients look names up
/// and add none.
fn hash(name: &[u8]) -> u64 {
    /// Odd, its bits without a pattern: 2^64 divided by the golden ratio.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    /// The bit that tells the cases of a letter apart, in each octet.
    const CASE: u64 = 0x2020_2020_2020_2020;
    let mix = |hash: u64, word: u64| (hash.rotate_left(5) ^ (word | CASE)).wrapping_mul(FACTOR);
    let (words, rest) = name.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let rest = match name.last_chunk::<8>() {
        Some(end) => u64::from_le_bytes(*end),
        None => rest
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    let hash = mix(words.fold(0, mix), rest);
    // The place goes by the lowest bits, which the product has mixed least.
    hash ^ hash >> 32
}

impl NameIndex {
    /// The position of what has this name or object identifier. Time and space do not depend on the length of a name
    /// that is longer than all there are.
    pub(super) fn find(&self, name: &[u8]) -> Option<u16> {
        if name.len() > self.longest {
            return None;
        }
        let (_, position) = self.places.get(self.place(name)?)?.as_ref()?;
        Some(*position)
    }

    /// Where a name is, or else would be; `None` when there is no place at all.
    fn place(&self, name: &[u8]) -> Option<usize> {
        let last = self.places.len().checked_sub(1)?;
        let mut at = hash(name) as usize & last;
        while let Some(Some((known, _))) = self.places.get(at)
            && **known != *name
            && !known.eq_ignore_ascii_case(name)
        {
            at = (at + 1) & last;
        }
        Some(at)
    }

    /// Adds a name, unless it is another position's: then that position is the error.
    pub(super) fn insert(&mut self, name: &str, position: u16) -> Result<(), u16> {
        let name = name.as_bytes();
        match self.find(name) {
            Some(taken) if taken == position => Ok(()),
            Some(taken) => Err(taken),
            None => {
                self.grow();
                self.put(name.into(), position);
                Ok(())
            }
        }
    }

    /// Makes sure that half of the places are free after another name.
    fn grow(&mut self) {
        if self.places.len() <= self.count * 2 + 1 {
            let more = (self.places.len() * 2).max(64);
            let before = std::mem::replace(&mut self.places, vec![None; more]);
            self.count = 0;
            for (name, position) in before.into_iter().flatten() {
                self.put(name, position);
            }
        }
    }

    fn put(&mut self, name: Box<[u8]>, position: u16) {
        self.longest = self.longest.max(name.len());
        self.count += 1;
        let at = self.place(&name);
        if let Some(place) = at.and_then(|at| self.places.get_mut(at)) {
            *place = Some((name, position));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_at_any_length() {
        let long = "x".repeat(65);
        let mut index = NameIndex::default();
        index.insert("objectClass", 7).unwrap();
        assert_eq!(index.find(b"OBJECTclass"), Some(7));
        assert_eq!(index.find(long.to_ascii_uppercase().as_bytes()), None);
        index.insert(&long, 8).unwrap();
        assert_eq!(index.find(long.to_ascii_uppercase().as_bytes()), Some(8));
        assert_eq!(index.find(b""), None);
        assert_eq!(index.find(b"object"), None);
    }

    #[test]
    fn every_one_of_many_names_is_found_and_no_other() {
        let name = |number: u16| format!("{}{number}", "Name-".repeat(usize::from(number % 4)));
        let mut index = NameIndex::default();
        for number in 0..1_000 {
            assert_eq!(index.find(name(number).as_bytes()), None);
            index.insert(&name(number), number).unwrap();
        }
        for number in 0..1_000 {
            let found = index.find(name(number).to_ascii_uppercase().as_bytes());
            assert_eq!(found, Some(number));
        }
        assert_eq!(index.find(b"1000"), None);
        // Differs from a known name by the bit that tells cases apart, and is none.
        assert_eq!(index.find(b"NAME\r1"), None);
    }

    #[test]
    fn a_name_belongs_to_one_position() {
        let mut index = NameIndex::default();
        index.insert("cn", 1).unwrap();
        assert_eq!(index.insert("CN", 1), Ok(()));
        assert_eq!(index.insert("CN", 2), Err(1));
        assert_eq!(index.find(b"cn"), Some(1));
    }
}
