//! The keyed hashes under which the snapshot's indexes find entries.
//!
//! Owns what is hashed and the secret of the hash, drawn anew for each process, so that nobody can choose values that
//! meet in one bucket. Hashes are never stored.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::directory::descriptions::DescriptionTable;
use crate::directory::dn::{Dn, Rdn};
use crate::directory::entry::{EntryId, EntryRef, ROOT};
use crate::directory::schema::{AttributeTypeId, Rule, Schema, well_known};

/// Which attributes are indexed for equality, and the hashes of names and values.
pub struct Keys {
    random: RandomState,
    indexed: Vec<bool>,
    referral: u64,
}

/// Keeps keys of different kinds apart.
#[derive(Copy, Clone)]
enum Kind {
    WholeName,
    Name(EntryId),
    Value(AttributeTypeId),
}

impl Keys {
    /// Keys for a directory that indexes these types.
    pub fn new(schema: &Schema, indexed: &[AttributeTypeId]) -> Self {
        let mut flags = Vec::new();
        for id in indexed
            .iter()
            .chain([&well_known::ENTRY_UUID, &well_known::OBJECT_CLASS])
        {
            let at = usize::from(id.0);
            if flags.len() <= at {
                flags.resize(at + 1, false);
            }
            if let Some(flag) = flags.get_mut(at) {
                *flag = true;
            }
        }
        let mut keys = Self {
            random: RandomState::new(),
            indexed: flags,
            referral: 0,
        };
        let mut class = Vec::new();
        let name = schema.class(well_known::class::REFERRAL).name();
        // The name of a class always is of the syntax of class names.
        let _ = Rule::ObjectIdentifier.normalize_value(schema, name.as_bytes(), &mut class);
        keys.referral = keys.value(well_known::OBJECT_CLASS, &class);
        keys
    }

    /// The key of the object class `referral`, which every request asks for.
    pub(super) fn referral(&self) -> u64 {
        self.referral
    }

    fn hash(&self, kind: Kind, bytes: &[u8]) -> u64 {
        let mut hasher = self.random.build_hasher();
        match kind {
            Kind::WholeName => hasher.write_u64(1),
            Kind::Name(parent) => hasher.write_u64(2 << 32 | u64::from(parent)),
            Kind::Value(attribute) => hasher.write_u64(3 << 32 | u64::from(attribute.0)),
        }
        hasher.write(bytes);
        hasher.finish()
    }

    pub(super) fn is_indexed(&self, attribute: AttributeTypeId) -> bool {
        self.indexed
            .get(usize::from(attribute.0))
            .copied()
            .unwrap_or(false)
    }

    /// The key of a whole name.
    pub(super) fn whole_name(&self, normalized: &[u8]) -> u64 {
        self.hash(Kind::WholeName, normalized)
    }

    /// The key of a relative name below a parent.
    pub(super) fn name(&self, parent: EntryId, normalized: &[u8]) -> u64 {
        self.hash(Kind::Name(parent), normalized)
    }

    /// The key of a normalised value.
    pub(super) fn value(&self, attribute: AttributeTypeId, normalized: &[u8]) -> u64 {
        self.hash(Kind::Value(attribute), normalized)
    }

    /// The key of an entry's own name.
    pub(super) fn of_name(&self, schema: &Schema, entry: EntryRef<'_>) -> u64 {
        if entry.parent() == ROOT {
            let dn = Dn::parse(entry.rdn()).unwrap_or_default();
            return self.whole_name(dn.normalize(schema).as_bytes());
        }
        let mut normalized = Vec::with_capacity(64);
        if let Ok(rdn) = Rdn::parse(entry.rdn()) {
            rdn.normalize(schema, &mut normalized);
        }
        self.name(entry.parent(), &normalized)
    }

    /// The keys of all indexed values of an entry, sorted, each once.
    pub(super) fn of_entry(
        &self,
        schema: &Schema,
        descriptions: &DescriptionTable,
        entry: EntryRef<'_>,
    ) -> Vec<u64> {
        let mut keys = Vec::with_capacity(16);
        keys.push(self.value(well_known::ENTRY_UUID, &entry.uuid()));
        let mut normalized = Vec::with_capacity(64);
        for block in entry.blocks() {
            let Some(attribute) = descriptions.attribute(block.description) else {
                continue;
            };
            let Some(rule) = schema
                .attribute(attribute)
                .equality
                .filter(|_| self.is_indexed(attribute))
            else {
                continue;
            };
            for value in block.values() {
                normalized.clear();
                if rule.normalize_value(schema, value, &mut normalized).is_ok() {
                    keys.push(self.value(attribute, &normalized));
                }
            }
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}
