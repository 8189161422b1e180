//! The terms under which an entry is found: what each index holds of it.
//!
//! Owns which attributes have which index, and the secret of the hashes, drawn anew for each process so that nobody can
//! choose values that meet in one bucket. Hashes are never stored.

use std::hash::{BuildHasher, Hasher, RandomState};

use super::{ALWAYS, Context, IndexedAttributes, Kind, trigrams};
use crate::directory::descriptions::DescriptionTable;
use crate::directory::entry::{Block, EntryRef};
use crate::directory::schema::{AttributeTypeId, Rule, Schema, well_known};
use crate::directory::time;

/// Not indexed.
const NONE: u16 = u16::MAX;

/// What the indexes hold of an entry; each list sorted, each term once.
#[derive(Default)]
pub(super) struct Terms {
    pub equality: Vec<u64>,
    pub presence: Vec<usize>,
    pub trigrams: Vec<u32>,
    pub ordered: Vec<(usize, Box<[u8]>)>,
}

/// Which attributes are indexed, and under which terms.
pub(super) struct Vocabulary {
    random: RandomState,
    /// By attribute type and kind: its place among those of the kind.
    slots: Vec<[u16; 4]>,
    /// Computed attributes that are ordered: they are in the head of every entry.
    created: Option<usize>,
    modified: Option<usize>,
}

impl Vocabulary {
    pub fn new(attributes: &IndexedAttributes) -> Self {
        let mut vocabulary = Self {
            random: RandomState::new(),
            slots: Vec::new(),
            created: None,
            modified: None,
        };
        let kinds = [
            (Kind::Equality, &attributes.equality),
            (Kind::Presence, &attributes.presence),
            (Kind::Substring, &attributes.substring),
            (Kind::Ordering, &attributes.ordering),
        ];
        for (kind, attributes) in kinds {
            for (slot, attribute) in attributes.iter().enumerate() {
                vocabulary.set(kind, *attribute, slot);
            }
        }
        for attribute in ALWAYS {
            vocabulary.set(Kind::Equality, attribute, 0);
        }
        vocabulary.created = vocabulary.slot(Kind::Ordering, well_known::CREATE_TIMESTAMP);
        vocabulary.modified = vocabulary.slot(Kind::Ordering, well_known::MODIFY_TIMESTAMP);
        vocabulary
    }

    fn set(&mut self, kind: Kind, attribute: AttributeTypeId, slot: usize) {
        let at = usize::from(attribute.0);
        if self.slots.len() <= at {
            self.slots.resize(at + 1, [NONE; 4]);
        }
        let place = self
            .slots
            .get_mut(at)
            .and_then(|of| of.get_mut(kind as usize));
        if let Some(place) = place {
            *place = u16::try_from(slot).unwrap_or(NONE);
        }
    }

    /// The place of an attribute among those that have an index of a kind.
    pub fn slot(&self, kind: Kind, attribute: AttributeTypeId) -> Option<usize> {
        let slot = *self
            .slots
            .get(usize::from(attribute.0))?
            .get(kind as usize)?;
        (slot != NONE).then_some(usize::from(slot))
    }

    pub fn is_indexed(&self, kind: Kind, attribute: AttributeTypeId) -> bool {
        self.slot(kind, attribute).is_some()
    }

    /// The equality term of a normalised value.
    pub fn value(&self, attribute: AttributeTypeId, normalized: &[u8]) -> u64 {
        let mut hasher = self.random.build_hasher();
        hasher.write_u16(attribute.0);
        hasher.write(normalized);
        hasher.finish()
    }

    /// The terms of an entry, as far as they come from these attributes.
    pub fn terms(&self, context: Context<'_>, entry: EntryRef<'_>, of: &Changed) -> Terms {
        let mut terms = Terms::default();
        terms.equality.reserve(16);
        terms
            .equality
            .push(self.value(well_known::ENTRY_UUID, &entry.uuid()));
        self.add_times(context, entry, &mut terms);
        let mut normalized = Vec::with_capacity(64);
        for block in entry.blocks() {
            if let Some(attribute) = context.descriptions.attribute(block.description)
                && of.includes(attribute)
            {
                self.add_block(context, attribute, &block, &mut normalized, &mut terms);
            }
        }
        terms.equality.sort_unstable();
        terms.equality.dedup();
        terms.presence.sort_unstable();
        terms.presence.dedup();
        terms.trigrams.sort_unstable();
        terms.trigrams.dedup();
        terms.ordered.sort_unstable();
        terms.ordered.dedup();
        terms
    }

    fn add_times(&self, context: Context<'_>, entry: EntryRef<'_>, terms: &mut Terms) {
        let times = [
            (self.created, well_known::CREATE_TIMESTAMP, entry.created()),
            (
                self.modified,
                well_known::MODIFY_TIMESTAMP,
                entry.modified(),
            ),
        ];
        for (slot, attribute, seconds) in times {
            let rule = context.schema.attribute(attribute).ordering;
            if let (Some(slot), Some(rule)) = (slot, rule) {
                let mut normalized = Vec::new();
                let text = time::generalized(seconds);
                if rule
                    .normalize_value(context.schema, text.as_bytes(), &mut normalized)
                    .is_ok()
                {
                    terms.ordered.push((slot, normalized.into()));
                }
            }
        }
    }

    fn add_block(
        &self,
        context: Context<'_>,
        attribute: AttributeTypeId,
        block: &Block<'_>,
        normalized: &mut Vec<u8>,
        terms: &mut Terms,
    ) {
        let schema = context.schema;
        let of_type = schema.attribute(attribute);
        if let Some(slot) = self.slot(Kind::Presence, attribute) {
            terms.presence.push(slot);
        }
        let equality = of_type
            .equality
            .filter(|_| self.is_indexed(Kind::Equality, attribute));
        let substring = self
            .slot(Kind::Substring, attribute)
            .and_then(|slot| Some((u32::try_from(slot).ok()?, of_type.substrings?)));
        let ordering = self.slot(Kind::Ordering, attribute).zip(of_type.ordering);
        if equality.is_none() && substring.is_none() && ordering.is_none() {
            return;
        }
        for value in block.values() {
            let mut normal = Normal {
                schema,
                value,
                rule: None,
                bytes: normalized,
            };
            if let Some(bytes) = equality.and_then(|rule| normal.by(rule)) {
                terms.equality.push(self.value(attribute, bytes));
            }
            if let Some((slot, rule)) = substring
                && let Some(bytes) = normal.by(rule)
            {
                trigrams::of_value(slot, bytes, &mut terms.trigrams);
            }
            if let Some((slot, rule)) = ordering
                && let Some(bytes) = normal.by(rule)
            {
                terms.ordered.push((slot, bytes.into()));
            }
        }
    }
}

/// A value in the normal form of one rule after the other; rules of one family share theirs.
struct Normal<'a> {
    schema: &'a Schema,
    value: &'a [u8],
    /// Whose form is in `bytes`.
    rule: Option<Rule>,
    bytes: &'a mut Vec<u8>,
}

impl Normal<'_> {
    fn by(&mut self, rule: Rule) -> Option<&[u8]> {
        if self.rule.is_none_or(|known| !rule.shares_form(known)) {
            self.bytes.clear();
            self.rule = None;
            rule.normalize_value(self.schema, self.value, self.bytes)
                .ok()?;
            self.rule = Some(rule);
        }
        Some(self.bytes)
    }
}

/// The attribute types in which an entry differs from what it was.
pub(super) enum Changed {
    Everything,
    Only(Vec<AttributeTypeId>),
}

impl Changed {
    fn includes(&self, attribute: AttributeTypeId) -> bool {
        match self {
            Changed::Everything => true,
            Changed::Only(list) => list.contains(&attribute),
        }
    }
}

/// Which types to look at when an entry changes: only those whose values are not the same octets.
pub(super) fn changed_types(
    descriptions: &DescriptionTable,
    old: Option<EntryRef<'_>>,
    new: Option<EntryRef<'_>>,
) -> Changed {
    let (Some(old), Some(new)) = (old, new) else {
        return Changed::Everything;
    };
    let mut changed = Vec::new();
    for (one, other) in [(old, new), (new, old)] {
        for block in one.blocks() {
            let same = other.blocks().any(|counterpart| {
                counterpart.description == block.description
                    && counterpart.value_set.as_bytes() == block.value_set.as_bytes()
            });
            if !same && let Some(attribute) = descriptions.attribute(block.description) {
                changed.push(attribute);
            }
        }
    }
    Changed::Only(changed)
}
