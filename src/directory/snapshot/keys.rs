//! The keyed hashes under which the snapshot finds names.
//!
//! Owns what is hashed and the secret of the hash, drawn anew for each process, so that nobody can choose names that
//! meet in one bucket. Hashes are never stored.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::directory::dn::Rdn;
use crate::directory::entry::{EntryId, EntryRef};
use crate::directory::schema::Schema;

/// The hashes of names.
#[derive(Default)]
pub struct Keys {
    random: RandomState,
}

/// Keeps keys of different kinds apart.
#[derive(Copy, Clone)]
enum Kind {
    WholeName,
    Name(EntryId),
    Uid,
}

impl Keys {
    fn hash(&self, kind: Kind, bytes: &[u8]) -> u64 {
        let mut hasher = self.random.build_hasher();
        match kind {
            Kind::WholeName => hasher.write_u64(1),
            Kind::Uid => hasher.write_u64(3),
            Kind::Name(parent) => hasher.write_u64(2 << 32 | u64::from(parent)),
        }
        hasher.write(bytes);
        hasher.finish()
    }

    /// The key of a whole name.
    pub(super) fn whole_name(&self, normalized: &[u8]) -> u64 {
        self.hash(Kind::WholeName, normalized)
    }

    /// The key of a value of `uid`.
    pub(super) fn uid(&self, normalized: &[u8]) -> u64 {
        self.hash(Kind::Uid, normalized)
    }

    /// The key of a relative name below a parent.
    pub(super) fn name(&self, parent: EntryId, normalized: &[u8]) -> u64 {
        self.hash(Kind::Name(parent), normalized)
    }

    /// The key of an entry's own name.
    pub(super) fn of_name(&self, schema: &Schema, entry: EntryRef<'_>) -> u64 {
        let mut normalized = Vec::with_capacity(64);
        // That of a suffix entry may be no relative name; nobody looks it up here.
        if let Ok(rdn) = Rdn::parse(entry.rdn()) {
            rdn.normalize(schema, &mut normalized);
        }
        self.name(entry.parent(), &normalized)
    }
}
