//! From a name or an object identifier, in any case, to a position: how the schema finds its definitions.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The names of one kind of definition.
#[derive(Clone, Debug, Default)]
pub(super) struct NameIndex {
    positions: HashMap<Box<[u8]>, u16, BuildHasherDefault<Mixer>>,
    longest: usize,
}

/// Names up to this length are folded on the stack; identifiers below a UUID arc have about 50 characters.
const FOLDED_ON_STACK: usize = 64;

/// A hash that is quick for short names and nothing more. It needs no secret: clients look names up and add none.
#[derive(Clone, Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            if let Some(start) = word.get_mut(..chunk.len()) {
                start.copy_from_slice(chunk);
            }
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        /// Odd, its bits without a pattern: 2^64 divided by the golden ratio.
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        // The table goes by the lowest bits, which the product has mixed least.
        self.0 ^ self.0 >> 32
    }
}

impl NameIndex {
    /// The position of what has this name or object identifier. Time and space do not depend on the length of a name
    /// that is longer than all there are.
    pub(super) fn find(&self, name: &[u8]) -> Option<u16> {
        if name.len() > self.longest {
            return None;
        }
        let mut buffer = [0; FOLDED_ON_STACK];
        match buffer.get_mut(..name.len()) {
            Some(folded) => {
                folded.copy_from_slice(name);
                folded.make_ascii_lowercase();
                self.positions.get(&*folded).copied()
            }
            None => self
                .positions
                .get(name.to_ascii_lowercase().as_slice())
                .copied(),
        }
    }

    /// Adds a name, unless it is another position's: then that position is the error.
    pub(super) fn insert(&mut self, name: &str, position: u16) -> Result<(), u16> {
        match self.find(name.as_bytes()) {
            Some(taken) if taken != position => Err(taken),
            _ => {
                self.longest = self.longest.max(name.len());
                let folded = name.to_ascii_lowercase().into_bytes().into_boxed_slice();
                self.positions.insert(folded, position);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_at_any_length() {
        let long = "x".repeat(FOLDED_ON_STACK + 1);
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
    fn a_name_belongs_to_one_position() {
        let mut index = NameIndex::default();
        index.insert("cn", 1).unwrap();
        assert_eq!(index.insert("CN", 1), Ok(()));
        assert_eq!(index.insert("CN", 2), Err(1));
        assert_eq!(index.find(b"cn"), Some(1));
    }
}
