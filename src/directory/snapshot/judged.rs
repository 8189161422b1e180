//! Which entries the schema in force is known to have judged, so that a change of one is judged by what it changes.
//!
//! Owns the number from which on that is known, and what tells one schema from another. What a schema says is its own
//! business (`schema`), when it is asked that of `write`.

use crate::directory::entry::EntryRef;
use crate::directory::schema::Schema;
use crate::directory::time::Csn;

/// Since when entries are judged by one schema.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// A digest of the schema.
    pub by: [u8; 16],
    /// Entries with a later number were judged when they got it; of the others nothing is known.
    pub after: Csn,
}

impl Judged {
    /// How many bytes it takes.
    const SIZE: usize = 16 + 8 + 4;

    /// Nothing is known of entries up to this number.
    pub fn new(schema: &Schema, after: Csn) -> Self {
        let by = schema.digest();
        Self { by, after }
    }

    /// Whether an entry has been judged as it is.
    pub fn covers(&self, entry: EntryRef<'_>) -> bool {
        entry.csn() > self.after
    }

    /// As it is stored.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let mut out = [0; Self::SIZE];
        let parts = [
            &self.by[..],
            &self.after.micros.to_be_bytes(),
            &self.after.count.to_be_bytes(),
        ];
        for (to, from) in out.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        out
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (by, rest) = bytes.split_first_chunk()?;
        let (micros, count) = rest.split_first_chunk()?;
        let (micros, count) = (u64::from_be_bytes(*micros), count.try_into().ok()?);
        let count = u32::from_be_bytes(count);
        Some(Self {
            by: *by,
            after: Csn { micros, count },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::schema::PosixGroup;

    #[test]
    fn it_is_read_as_it_was_stored() {
        let schema = Schema::built_in(PosixGroup::Auxiliary).unwrap();
        let (micros, count) = (1 << 40, 7);
        let judged = Judged::new(&schema, Csn { micros, count });
        let bytes = judged.encode();
        assert_eq!(Judged::decode(&bytes), Some(judged));
        assert_eq!(Judged::decode(&bytes[1..]), None);
        assert_eq!(Judged::decode(&[]), None);
    }

    #[test]
    fn schemas_that_differ_are_told_apart() {
        let digest = |group| Schema::built_in(group).unwrap().digest();
        let one = digest(PosixGroup::Auxiliary);
        assert_eq!(digest(PosixGroup::Auxiliary), one);
        assert_ne!(digest(PosixGroup::Structural), one);
    }
}
