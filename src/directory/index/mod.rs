//! What finds entries by their values without reading them all: postings for equality, presence, substrings and order.
//!
//! Owns what is derived from the stored attributes of entries, and keeps it in step with them by the difference of old
//! and new. What it finds may be too much, never too little: callers check each entry. It does not own which of it a
//! search uses (`filter::plan`), nor names, children and memberships (`snapshot`).

pub mod ordered;
pub mod trigrams;

mod terms;

use std::sync::Arc;

use crate::directory::descriptions::DescriptionTable;
use crate::directory::entry::{EntryId, EntryRef};
use crate::directory::schema::{AttributeTypeId, Schema, well_known};
use crate::directory::snapshot::{HashIndex, IdSet, Postings};
use crate::directory::view::Computed;
pub use ordered::Ordered;
pub use terms::Changed;
use terms::{Terms, Vocabulary};
use trigrams::Trigrams;

/// Terms that are put into the equality index together.
const BACKLOG: usize = 1 << 20;
/// Entries whose trigrams are put in together.
const TRIGRAM_BACKLOG: usize = 1 << 14;

/// Which attribute types are indexed, and for what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexedAttributes {
    /// For equality.
    pub equality: Vec<AttributeTypeId>,
    /// For presence.
    pub presence: Vec<AttributeTypeId>,
    /// For substrings; at most 2048.
    pub substring: Vec<AttributeTypeId>,
    /// For order: `>=`, `<=`.
    pub ordering: Vec<AttributeTypeId>,
}

/// The types that are indexed for equality in every directory: it asks by these itself.
const ALWAYS: [AttributeTypeId; 8] = [
    well_known::ENTRY_UUID,
    well_known::HEDGEROW_ID,
    well_known::OBJECT_CLASS,
    well_known::UID,
    well_known::HEDGEROW_PLATFORM_ROLE,
    well_known::HEDGEROW_NETWORK_ROLE,
    well_known::HEDGEROW_OWNER,
    well_known::HEDGEROW_TOKEN_CREATOR,
];
/// Those for order.
const ALWAYS_ORDERED: [AttributeTypeId; 2] = [
    well_known::HEDGEROW_TOKEN_EXPIRY,
    well_known::HEDGEROW_INVITATION_EXPIRY,
];

impl IndexedAttributes {
    /// These, and those that every directory has.
    fn with_own(&self) -> Self {
        let mut all = self.clone();
        all.equality.extend(ALWAYS);
        for own in ALWAYS_ORDERED {
            if !all.ordering.contains(&own) {
                all.ordering.push(own);
            }
        }
        all
    }
}

/// What an index is for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `(attribute=value)`.
    Equality,
    /// `(attribute=*)`.
    Presence,
    /// `(attribute=*value*)`.
    Substring,
    /// `(attribute>=value)`, `(attribute<=value)`.
    Ordering,
}

impl Kind {
    /// As the configuration calls it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Equality => "equality",
            Kind::Presence => "presence",
            Kind::Substring => "substring",
            Kind::Ordering => "ordering",
        }
    }
}

/// What the indexes need to know of a directory to read an entry.
#[derive(Copy, Clone)]
pub struct Context<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// The attribute descriptions of stored entries.
    pub descriptions: &'a DescriptionTable,
}

/// All value indexes of a directory; cloning costs a few reference counts.
#[derive(Clone)]
pub struct Index {
    vocabulary: Arc<Vocabulary>,
    equality: HashIndex,
    presence: Arc<[IdSet]>,
    trigrams: Trigrams,
    /// Those for order, then those for the beginnings of values.
    ordered: Arc<[Ordered]>,
    /// What is still to be put in, while very many entries are being added.
    backlog: Option<Box<Backlog>>,
}

#[derive(Clone, Default)]
struct Backlog {
    equality: Vec<(u64, EntryId)>,
    presence: Vec<Vec<EntryId>>,
    trigrams: trigrams::Collector,
    ordered: Vec<ordered::Collector>,
    /// Those of one entry, kept for their room.
    terms: Terms,
    /// Entries since trigrams were put in last.
    entries: usize,
}

impl Index {
    /// Empty indexes for these attributes.
    pub fn new(schema: &Schema, attributes: &IndexedAttributes) -> Self {
        let attributes = &attributes.with_own();
        let vocabulary = Vocabulary::new(schema, attributes);
        Self {
            equality: HashIndex::default(),
            presence: attributes.presence.iter().map(|_| IdSet::new()).collect(),
            trigrams: Trigrams::default(),
            ordered: attributes
                .ordering
                .iter()
                .chain(&attributes.substring)
                .map(|_| Ordered::default())
                .collect(),
            vocabulary: Arc::new(vocabulary),
            backlog: None,
        }
    }

    /// Whether there can be an index of a kind on a type: its values are stored, or in the head of every entry.
    pub fn can_hold(kind: Kind, attribute: AttributeTypeId) -> bool {
        let in_head = [
            well_known::ENTRY_UUID,
            well_known::CREATE_TIMESTAMP,
            well_known::MODIFY_TIMESTAMP,
        ];
        match kind {
            Kind::Equality if attribute == well_known::ENTRY_UUID => true,
            Kind::Equality if attribute == well_known::HEDGEROW_ID => true,
            Kind::Ordering if in_head.contains(&attribute) => true,
            _ => Computed::of(attribute).is_none(),
        }
    }

    /// Entries that may hold a value equal to `value`, normalised, in an attribute of exactly this type; `None` when it
    /// is not indexed.
    pub fn equal(&self, attribute: AttributeTypeId, value: &[u8]) -> Option<Postings<'_>> {
        let vocabulary = &*self.vocabulary;
        vocabulary
            .is_indexed(Kind::Equality, attribute)
            .then(|| self.equality.get(vocabulary.asked(attribute, value)))
    }

    /// Entries that may be of the class `referral`, which every request asks for.
    pub fn referrals(&self) -> Postings<'_> {
        self.equality.get(self.vocabulary.referral())
    }

    /// Entries that may be of the class `subentry`, which every search asks for.
    pub fn subentries(&self) -> Postings<'_> {
        self.equality.get(self.vocabulary.subentry())
    }

    /// Exactly the entries that have an attribute of exactly this type; `None` when it is not indexed.
    pub fn present(&self, attribute: AttributeTypeId) -> Option<&IdSet> {
        self.presence
            .get(self.vocabulary.slot(Kind::Presence, attribute)?)
    }

    /// Sets, the smallest first, in each of which every entry is that has these normalised pieces in a value of exactly
    /// this type; none when there is no such entry. `None` when it is not indexed or the pieces are too short.
    pub fn containing<'a>(
        &self,
        attribute: AttributeTypeId,
        pieces: impl Iterator<Item = &'a [u8]>,
    ) -> Option<Vec<&IdSet>> {
        let slot = self.vocabulary.slot(Kind::Substring, attribute)?;
        self.trigrams.containing(slot, pieces)
    }

    /// Entries in the order of their values of exactly this type, normalised for substrings; `None` when it is not indexed
    /// for these.
    pub fn beginnings(&self, attribute: AttributeTypeId) -> Option<&Ordered> {
        self.ordered.get(self.vocabulary.beginnings(attribute)?)
    }

    /// Entries in the order of their normalised values of exactly this type; `None` when it is not indexed.
    pub fn ordered(&self, attribute: AttributeTypeId) -> Option<&Ordered> {
        self.ordered
            .get(self.vocabulary.slot(Kind::Ordering, attribute)?)
    }

    /// From here on terms of new entries are put in many at a time, which is several times faster; until
    /// [`Index::end_bulk`] searches by value may miss them.
    pub fn begin_bulk(&mut self) {
        let mut backlog = Backlog::default();
        backlog.presence.resize(self.presence.len(), Vec::new());
        let collectors = self.ordered.iter().map(|_| ordered::Collector::default());
        backlog.ordered.extend(collectors);
        // At once, because what is left behind by growing stays in the process for good.
        backlog.equality.reserve(BACKLOG);
        self.backlog = Some(Box::new(backlog));
    }

    /// Puts in what is left, and each entry at once from here on.
    pub fn end_bulk(&mut self) {
        self.clear_backlog();
        self.backlog = None;
    }

    /// Follows an entry from what it was to what it is; either may not exist. Says which attributes differ.
    pub fn replace(
        &mut self,
        context: Context<'_>,
        id: EntryId,
        old: Option<EntryRef<'_>>,
        new: Option<EntryRef<'_>>,
    ) -> Changed {
        if let (Some(backlog), None, Some(new)) = (&mut self.backlog, old, new) {
            backlog.push(&self.vocabulary, context, id, new);
            if backlog.equality.len() >= BACKLOG {
                self.clear_equality_backlog();
            }
            self.clear_trigram_backlog(TRIGRAM_BACKLOG);
            return Changed::Everything;
        }
        self.clear_backlog();
        let changed = terms::changed_types(context.descriptions, old, new);
        let terms = |entry: Option<EntryRef<'_>>| {
            let mut terms = Terms::default();
            if let Some(entry) = entry {
                self.vocabulary
                    .write_terms(context, entry, &changed, &mut terms);
                terms.sort();
            }
            terms
        };
        let (removed, added) = (terms(old), terms(new));
        self.exchange(id, &removed, &added, new.is_some());
        changed
    }

    /// Moves an entry, which `stays` or goes, from its old terms to its new ones. Terms it keeps are not touched.
    fn exchange(&mut self, id: EntryId, old: &Terms, new: &Terms, stays: bool) {
        for hash in only_in(&old.equality, &new.equality) {
            self.equality.remove(*hash, id);
        }
        for hash in only_in(&new.equality, &old.equality) {
            self.equality.insert(*hash, id);
        }
        for slot in only_in(&old.presence, &new.presence) {
            if let Some(set) = Arc::make_mut(&mut self.presence).get_mut(*slot) {
                set.remove(id);
            }
        }
        for slot in only_in(&new.presence, &old.presence) {
            if let Some(set) = Arc::make_mut(&mut self.presence).get_mut(*slot) {
                set.insert(id);
            }
        }
        for address in only_in(&old.trigrams, &new.trigrams) {
            if stays {
                self.trigrams.remove(*address, id);
            } else {
                self.trigrams.forget(*address, id);
            }
        }
        for address in only_in(&new.trigrams, &old.trigrams) {
            self.trigrams.insert(*address, id);
        }
        for (slot, key) in only_in(&old.ordered, &new.ordered) {
            if let Some(ordered) = Arc::make_mut(&mut self.ordered).get_mut(*slot) {
                ordered.remove(key, id);
            }
        }
        for (slot, key) in only_in(&new.ordered, &old.ordered) {
            if let Some(ordered) = Arc::make_mut(&mut self.ordered).get_mut(*slot) {
                ordered.insert(key, id);
            }
        }
    }

    fn clear_equality_backlog(&mut self) {
        if let Some(backlog) = &mut self.backlog {
            self.equality.extend(backlog.equality.drain(..));
        }
    }

    /// Puts the trigrams of so many entries or more in.
    fn clear_trigram_backlog(&mut self, entries: usize) {
        if let Some(backlog) = &mut self.backlog
            && backlog.entries >= entries
        {
            backlog.trigrams.drain_into(&mut self.trigrams);
            backlog.entries = 0;
        }
    }

    fn clear_backlog(&mut self) {
        self.clear_equality_backlog();
        self.clear_trigram_backlog(1);
        let Some(backlog) = &mut self.backlog else {
            return;
        };
        let presence = Arc::make_mut(&mut self.presence).iter_mut();
        for (set, more) in presence.zip(&mut backlog.presence) {
            *set = set.union(&more.drain(..).collect());
        }
        let ordered = Arc::make_mut(&mut self.ordered).iter_mut();
        for (ordered, more) in ordered.zip(&mut backlog.ordered) {
            more.drain_into(ordered);
        }
    }
}

impl Backlog {
    fn push(
        &mut self,
        vocabulary: &Vocabulary,
        context: Context<'_>,
        id: EntryId,
        entry: EntryRef<'_>,
    ) {
        let terms = &mut self.terms;
        vocabulary.write_terms(context, entry, &Changed::Everything, terms);
        // The others are sorted where they are put in.
        terms.equality.sort_unstable();
        terms.equality.dedup();
        let equality = terms.equality.iter().map(|hash| (*hash, id));
        self.equality.extend(equality);
        for slot in &terms.presence {
            if let Some(list) = self.presence.get_mut(*slot) {
                list.push(id);
            }
        }
        for address in &terms.trigrams {
            self.trigrams.insert(*address, id);
        }
        for (slot, key) in &terms.ordered {
            if let Some(collector) = self.ordered.get_mut(*slot) {
                collector.insert(key, id);
            }
        }
        self.entries += 1;
    }
}

/// Items of one sorted list that are not in another.
fn only_in<'a, T: Ord>(of: &'a [T], other: &'a [T]) -> impl Iterator<Item = &'a T> {
    of.iter().filter(|item| other.binary_search(item).is_err())
}
