//! Dynamic groups: those whose members are found by the searches of their `memberURL` values.
//!
//! Owns the groups with what they search for, and finds those which a change of an entry can concern. Who is a member is
//! kept with all other memberships; that it is kept right is the business of the snapshot. Who may write a `memberURL` is
//! decided in `write`, which URLs are good in [`Selector`].
//!
//! A base that no entry has selects nothing until one has. A stored URL that has become bad, since the schema or the
//! suffixes have changed, selects nothing and is reported.

pub mod report;

mod selector;
mod terms;

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

pub use selector::{Selector, SelectorFault};
use terms::Term;

use super::access::AttributeMask;
use super::entry::{EntryId, EntryRef, ROOT};
use super::filter::evaluate::Evaluator;
use super::schema::{AttributeTypeId, Schema, well_known};
use super::snapshot::{HashIndex, IdSet, IdSets, Paged, Snapshot};
use super::view::View;

/// The most dynamic groups of a directory: an entry is held to all whose filters may fit it, within the one lane of
/// changes.
pub const MOST_GROUPS: usize = 10_000;
/// The most URLs of one group.
pub const MOST_URLS: usize = 16;

/// The URLs of one group.
#[derive(Clone, Default)]
pub struct DynamicGroup {
    /// Each with the entry that its base names.
    selectors: Vec<(Selector, Option<EntryId>)>,
    faults: Vec<SelectorFault>,
}

/// The dynamic groups of one state of the directory; cloning costs a few reference counts.
#[derive(Clone, Default)]
pub struct DynamicGroups {
    groups: Paged<Arc<DynamicGroup>>,
    /// By the number of an attribute type: the groups whose filters ask for it.
    asking: IdSets,
    /// Groups by the terms of which an entry must have one to be selected.
    terms: HashIndex,
    /// By the entry that is a base: the groups. Under the root those of bases that do not exist.
    based: IdSets,
    keys: Arc<RandomState>,
    /// All attributes, made when there is a first group.
    open: Arc<AttributeMask>,
}

impl DynamicGroup {
    /// Reads the URLs of an entry; `None` when it has none.
    pub(super) fn read(snapshot: &Snapshot, entry: EntryRef<'_>) -> Option<DynamicGroup> {
        let descriptions = snapshot.descriptions();
        let of = |block: &super::entry::Block<'_>| {
            descriptions.attribute(block.description) == Some(well_known::MEMBER_URL)
        };
        let mut group: Option<DynamicGroup> = None;
        for block in entry.blocks().filter(of) {
            for value in block.values() {
                let group = group.get_or_insert_default();
                match Selector::parse(snapshot, value) {
                    Ok(selector) => group.selectors.push((selector, None)),
                    Err(fault) => group.faults.push(fault),
                }
            }
        }
        group
    }

    /// What the URLs select.
    pub fn selectors(&self) -> impl Iterator<Item = (&Selector, Option<EntryId>)> {
        self.selectors
            .iter()
            .map(|(selector, base)| (selector, *base))
    }

    /// What is wrong with those that select nothing.
    pub fn faults(&self) -> &[SelectorFault] {
        &self.faults
    }

    /// The attribute types by which members are selected, each once.
    pub fn attributes(&self) -> BTreeSet<AttributeTypeId> {
        let all = self
            .selectors
            .iter()
            .flat_map(|(selector, _)| &selector.attributes);
        all.copied().collect()
    }

    fn terms(&self, schema: &Schema) -> Vec<Term> {
        let terms = self.selectors.iter();
        terms
            .flat_map(|(selector, _)| terms::of_filter(schema, &selector.filter))
            .collect()
    }

    fn bases(&self) -> impl Iterator<Item = EntryId> {
        self.selectors.iter().map(|(_, base)| base.unwrap_or(ROOT))
    }
}

impl DynamicGroups {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// The dynamic group that an entry is.
    pub fn get(&self, group: EntryId) -> Option<&Arc<DynamicGroup>> {
        self.groups.get(group)
    }

    /// All of them, by their entries.
    pub fn iter(&self) -> impl Iterator<Item = (EntryId, &Arc<DynamicGroup>)> {
        self.groups.iter()
    }

    /// The groups whose filters ask for an attribute type.
    pub(super) fn asking(&self, attribute: AttributeTypeId) -> Option<&IdSet> {
        self.asking.get(u32::from(attribute.0))
    }

    /// The groups that search from an entry; under the root those with a base that does not exist.
    pub(super) fn based(&self, base: EntryId) -> Option<&IdSet> {
        self.based.get(base)
    }

    /// Whether the base of any group does not exist.
    pub(super) fn awaits_base(&self) -> bool {
        self.based(ROOT).is_some()
    }

    /// The entries that are the base of any group, and the root when some base does not exist.
    pub(super) fn bases(&self) -> impl Iterator<Item = EntryId> {
        self.based.numbers()
    }

    /// The groups whose URLs may select an entry: perhaps too many, never too few.
    pub(super) fn fitting(&self, snapshot: &Snapshot, entry: EntryRef<'_>) -> BTreeSet<EntryId> {
        let mut groups: BTreeSet<EntryId> =
            self.terms.get(self.key(&Term::Always)).iter().collect();
        let (schema, descriptions) = (snapshot.schema(), snapshot.descriptions());
        for block in entry.blocks() {
            let attribute = descriptions.attribute(block.description);
            let Some(attribute) = attribute.filter(|id| self.asking(*id).is_some()) else {
                continue;
            };
            groups.extend(self.terms.get(self.key(&Term::Has(attribute))).iter());
            let Some(rule) = schema.attribute(attribute).equality else {
                continue;
            };
            for value in block.values() {
                let mut normal = Vec::new();
                if rule.normalize_value(schema, value, &mut normal).is_ok() {
                    let term = Term::Value(attribute, normal.into());
                    groups.extend(self.terms.get(self.key(&term)).iter());
                }
            }
        }
        groups
    }

    /// Whether a URL of a group selects an entry.
    pub(super) fn selects(
        &self,
        group: EntryId,
        view: &View<'_>,
        evaluator: &mut Evaluator,
    ) -> bool {
        self.get(group).is_some_and(|of| {
            of.selectors().any(|(selector, base)| {
                base.is_some_and(|base| selector.selects(base, view, &self.open, evaluator))
            })
        })
    }

    fn key(&self, term: &Term) -> u64 {
        self.keys.hash_one(term)
    }
}

/// Changes.
impl DynamicGroups {
    /// An entry has other URLs than before, or none; no base is looked up yet.
    pub(super) fn set(&mut self, schema: &Schema, group: EntryId, new: Option<DynamicGroup>) {
        if self.is_empty() {
            self.open = Arc::new(AttributeMask::of(schema, |_| true));
        }
        if let Some(old) = self.groups.remove(group) {
            for attribute in old.attributes() {
                self.asking.remove(u32::from(attribute.0), group);
            }
            for key in self.term_keys(schema, &old) {
                self.terms.remove(key, group);
            }
            old.bases().for_each(|base| self.based.remove(base, group));
        }
        if let Some(new) = new {
            for attribute in new.attributes() {
                self.asking.insert(u32::from(attribute.0), group);
            }
            for key in self.term_keys(schema, &new) {
                self.terms.insert(key, group);
            }
            for base in new.bases() {
                self.based.insert(base, group);
            }
            self.groups.set(group, Arc::new(new));
        }
    }

    /// Says which entries the bases of a group are; false when they were the same.
    pub(super) fn set_bases(&mut self, group: EntryId, found: Vec<Option<EntryId>>) -> bool {
        let Some(of) = self.groups.get_mut(group) else {
            return false;
        };
        if of
            .selectors()
            .map(|(_, base)| base)
            .eq(found.iter().copied())
        {
            return false;
        }
        of.bases().for_each(|base| self.based.remove(base, group));
        let of = Arc::make_mut(of);
        for ((_, base), found) in of.selectors.iter_mut().zip(found) {
            *base = found;
        }
        for base in of.bases() {
            self.based.insert(base, group);
        }
        true
    }

    fn term_keys(&self, schema: &Schema, group: &DynamicGroup) -> BTreeSet<u64> {
        let terms = group.terms(schema);
        terms.iter().map(|term| self.key(term)).collect()
    }
}

#[cfg(test)]
mod tests;
