//! The terms under which an entry is found: what each index holds of it.
//!
//! Owns which attributes have which index, and the secret of the hashes, drawn anew for each process so that nobody can
//! choose values that meet in one bucket. Hashes are never stored.

use std::hash::{BuildHasher, Hasher, RandomState};

use super::ordered::beginning;
use super::{Context, IndexedAttributes, Kind, trigrams};
use crate::directory::descriptions::DescriptionTable;
use crate::directory::entry::{Block, EntryRef};
use crate::directory::schema::{AttributeTypeId, Rule, Schema, well_known};
use crate::directory::short_id;
use crate::directory::time;

/// Not indexed.
const NONE: u16 = u16::MAX;

/// What the indexes hold of an entry.
#[derive(Clone, Default)]
pub(super) struct Terms {
    pub equality: Vec<u64>,
    pub presence: Vec<usize>,
    pub trigrams: Vec<u32>,
    /// The tree, and as much of the key as that keeps: values that begin alike are one there.
    pub ordered: Vec<(usize, Box<[u8]>)>,
    /// Room for the normal form of a value.
    normalized: Vec<u8>,
}

impl Terms {
    /// Has each list sorted, each term once.
    pub fn sort(&mut self) {
        self.equality.sort_unstable();
        self.equality.dedup();
        self.presence.sort_unstable();
        self.presence.dedup();
        self.trigrams.sort_unstable();
        self.trigrams.dedup();
        self.ordered.sort_unstable();
        self.ordered.dedup();
    }

    fn clear(&mut self) {
        self.equality.clear();
        self.presence.clear();
        self.trigrams.clear();
        self.ordered.clear();
    }
}

/// Which attributes are indexed, and under which terms.
pub(super) struct Vocabulary {
    random: RandomState,
    /// By attribute type and kind: its place among those of the kind.
    slots: Vec<[u16; 4]>,
    /// How many trees are for order. Those for the beginnings of values, one for each substring index, come after them.
    for_order: usize,
    /// Computed attributes that are ordered: they are in the head of every entry.
    uuid: Option<usize>,
    created: Option<usize>,
    modified: Option<usize>,
    /// The equality term of the object class `referral`.
    referral: u64,
    /// That of the object class `subentry`.
    subentry: u64,
}

impl Vocabulary {
    pub fn new(schema: &Schema, attributes: &IndexedAttributes) -> Self {
        let mut vocabulary = Self {
            random: RandomState::new(),
            slots: Vec::new(),
            for_order: attributes.ordering.len(),
            uuid: None,
            created: None,
            modified: None,
            referral: 0,
            subentry: 0,
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
        let class = |id| {
            let (mut class, name) = (Vec::new(), schema.class(id).name());
            // The name of a class always is of the syntax of class names.
            let _ = Rule::ObjectIdentifier.normalize_value(schema, name.as_bytes(), &mut class);
            vocabulary.value(well_known::OBJECT_CLASS, &class)
        };
        let terms = (
            class(well_known::class::REFERRAL),
            class(well_known::class::SUBENTRY),
        );
        (vocabulary.referral, vocabulary.subentry) = terms;
        vocabulary.uuid = vocabulary.slot(Kind::Ordering, well_known::ENTRY_UUID);
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

    /// The tree that has the values of an attribute from their beginnings.
    pub fn beginnings(&self, attribute: AttributeTypeId) -> Option<usize> {
        let slot = self.slot(Kind::Substring, attribute)?;
        Some(self.for_order + slot)
    }

    pub fn is_indexed(&self, kind: Kind, attribute: AttributeTypeId) -> bool {
        self.slot(kind, attribute).is_some()
    }

    /// The equality term of the object class `referral`.
    pub fn referral(&self) -> u64 {
        self.referral
    }

    /// The equality term of the object class `subentry`.
    pub fn subentry(&self) -> u64 {
        self.subentry
    }

    /// The equality term of a normalised value.
    pub fn value(&self, attribute: AttributeTypeId, normalized: &[u8]) -> u64 {
        let mut hasher = self.random.build_hasher();
        hasher.write_u16(attribute.0);
        hasher.write(normalized);
        hasher.finish()
    }

    /// The equality term under which a normalised value is looked for.
    pub fn asked(&self, attribute: AttributeTypeId, normalized: &[u8]) -> u64 {
        let number = match attribute {
            well_known::ENTRY_UUID => normalized.try_into().ok().map(short_id::number),
            well_known::HEDGEROW_ID => short_id::parse(normalized.trim_ascii()),
            _ => None,
        };
        match number {
            Some(number) => self.short_id(number),
            None => self.value(attribute, normalized),
        }
    }

    /// The one term that an entry has for its `entryUUID` and for the `hedgerowId` that follows from it.
    fn short_id(&self, number: u64) -> u64 {
        self.value(well_known::HEDGEROW_ID, &number.to_be_bytes())
    }

    /// Puts the terms of an entry, as far as they come from these attributes, in the place of others; in any order, and
    /// perhaps some twice.
    pub fn write_terms(
        &self,
        context: Context<'_>,
        entry: EntryRef<'_>,
        of: &Changed,
        terms: &mut Terms,
    ) {
        terms.clear();
        // Else they are the same as before.
        if *of == Changed::Everything {
            terms
                .equality
                .push(self.short_id(short_id::number(&entry.uuid())));
            if let Some(slot) = self.uuid {
                terms.ordered.push((slot, entry.uuid().into()));
            }
            add_time(self.created, entry.created(), terms);
        }
        add_time(self.modified, entry.modified(), terms);
        for block in entry.blocks() {
            if let Some(attribute) = context.descriptions.attribute(block.description)
                && of.includes(attribute)
            {
                self.add_block(context, attribute, &block, terms);
            }
        }
    }

    fn add_block(
        &self,
        context: Context<'_>,
        attribute: AttributeTypeId,
        block: &Block<'_>,
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
            .zip(of_type.substrings);
        let ordering = self.slot(Kind::Ordering, attribute).zip(of_type.ordering);
        if equality.is_none() && substring.is_none() && ordering.is_none() {
            return;
        }
        for value in block.values() {
            let mut normal = Normal {
                schema,
                value,
                rule: None,
                bytes: &mut terms.normalized,
            };
            if let Some(bytes) = equality.and_then(|rule| normal.by(rule)) {
                terms.equality.push(self.value(attribute, bytes));
            }
            if let Some((slot, rule)) = substring
                && let Some(bytes) = normal.by(rule)
            {
                trigrams::of_piece(slot, bytes, &mut terms.trigrams);
                let tree = self.for_order + slot;
                terms.ordered.push((tree, beginning(bytes).into()));
            }
            if let Some((slot, rule)) = ordering
                && let Some(bytes) = normal.by(rule)
            {
                terms.ordered.push((slot, beginning(bytes).into()));
            }
        }
    }
}

/// Puts a time of whole seconds under its normal form, which is its text without the zone.
fn add_time(slot: Option<usize>, seconds: i64, terms: &mut Terms) {
    if let Some(slot) = slot {
        let text = time::generalized(seconds).into_bytes();
        let key = text.strip_suffix(b"Z").unwrap_or(&text);
        terms.ordered.push((slot, key.into()));
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// There was none before, or there is none now, or its id or its beginning were set anew.
    Everything,
    /// Those of which the values are not the same octets; perhaps some twice.
    Only(Vec<AttributeTypeId>),
}

impl Changed {
    /// Whether a type is among them.
    pub fn includes(&self, attribute: AttributeTypeId) -> bool {
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
    if (old.uuid(), old.created()) != (new.uuid(), new.created()) {
        return Changed::Everything;
    }
    let mut changed = Vec::new();
    let mut add = |block: &Block<'_>| changed.extend(descriptions.attribute(block.description));
    let (mut before, mut after) = (old.blocks(), new.blocks());
    // Blocks of one attribute are in one place as long as none has come or gone.
    let (before, after) = loop {
        match (before.next(), after.next()) {
            (Some(one), Some(other)) if one.description == other.description => {
                if one.value_set.as_bytes() != other.value_set.as_bytes() {
                    add(&one);
                }
            }
            (one, other) => {
                break (
                    one.into_iter().chain(before),
                    other.into_iter().chain(after),
                );
            }
        }
    };
    let (before, after): (Vec<_>, Vec<_>) = (before.collect(), after.collect());
    for (one, other) in [(&before, &after), (&after, &before)] {
        for block in one {
            let same = other.iter().any(|counterpart| {
                counterpart.description == block.description
                    && counterpart.value_set.as_bytes() == block.value_set.as_bytes()
            });
            if !same {
                add(block);
            }
        }
    }
    Changed::Only(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::schema::PosixGroup;

    #[test]
    fn times_of_entries_are_in_the_form_of_their_rule() {
        let schema = Schema::built_in(PosixGroup::Auxiliary).unwrap();
        for attribute in [well_known::CREATE_TIMESTAMP, well_known::MODIFY_TIMESTAMP] {
            let rule = schema.attribute(attribute).ordering.unwrap();
            for seconds in [i64::MIN, -1, 0, 951_782_399, 1_793_000_000, i64::MAX] {
                let (mut terms, mut normal) = (Terms::default(), Vec::new());
                add_time(Some(3), seconds, &mut terms);
                let text = time::generalized(seconds);
                rule.normalize_value(&schema, text.as_bytes(), &mut normal)
                    .unwrap();
                assert_eq!(terms.ordered, [(3, normal.into())], "{text}");
            }
        }
    }
}
